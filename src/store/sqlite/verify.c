/*
 * verify.c - compares rollups, postings and corrections with the events.
 * Reports and counts each problem.
 */
#include "store/sqlite/walk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/civil.h"
#include "store/declared.h"
#include "store/event.h"
#include "store/lists.h"
#include "store/series.h"
#include "store/source.h"
#include "store/verify.h"
#include "store/sqlite/layout.h"
#include "base/banned.h"

#define FAULT_WORDS 640

struct verification {
	struct walk walk;
	struct arena arena; /* cleared after each row */
};

__attribute__((format(printf, 2, 3))) static void report_problem(struct verification *v,
								 const char *fmt, ...)
{
	char words[FAULT_WORDS];
	va_list ap;

	if (v->walk.n++ >= v->walk.observer->limit)
		return;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	v->walk.observer->fault(v->walk.observer->arg, words);
}

static struct rollup rollup_of(const struct rollup_rows *rows, bool detail,
			       const struct rollup_entry *e)
{
	static const enum level levels[PLACES] = {
		[PLACE_MONTH] = LEVEL_MONTH,        [PLACE_DAYS] = LEVEL_DAY,
		[PLACE_MONTH_SERIES] = LEVEL_MONTH, [PLACE_QUARTERS] = LEVEL_QUARTER,
		[PLACE_DAY_SERIES] = LEVEL_QUARTER,
	};
	struct rollup ret = { .level = detail ? LEVEL_QUARTER : levels[rows->place],
			      .account = rows->account,
			      .category = e->category,
			      .series = e->series,
			      .slot = rows->period };

	if (ret.level == LEVEL_DAY)
		ret.slot = slot_month_day(rows->period) + e->slot;
	else if (detail)
		ret.slot = slot_month_day(rows->period) * SLOTS_PER_DAY + e->slot;
	else if (ret.level == LEVEL_QUARTER)
		ret.slot = slot_of_day(rows->period) + e->slot;
	amounts_narrow(&e->amounts, &ret.amounts);
	return ret;
}

static int report_entry(void *arg, const struct rollup_rows *rows, bool detail,
			const struct rollup_entry *want, const struct rollup_entry *have,
			struct error *err)
{
	struct rollup computed = rollup_of(rows, detail, want);
	struct rollup stored = rollup_of(rows, detail, have);
	struct walk *w = arg;

	(void)err;
	if (w->n++ < w->observer->limit)
		w->observer->difference(w->observer->arg,
					amounts_wide_zero(&want->amounts) ? NULL : &computed,
					amounts_wide_zero(&have->amounts) ? NULL : &stored);
	return 0;
}

static int report_rows(void *arg, const struct rollup_rows *rows, bool detail, bool damaged,
		       struct error *err)
{
	struct walk *w = arg;
	bool day = rows->place == PLACE_QUARTERS || rows->place == PLACE_DAY_SERIES;

	(void)detail;
	(void)err;
	if (damaged)
		report_problem(w->arg,
			       "account %" PRId64 ", %s number %" PRId64
			       ": the rollups are damaged",
			       rows->account, day ? "day" : "month", rows->period);
	return 0;
}

static void hour_text(char ret[static INSTANT_TEXT], int64_t hour)
{
	if (hour < -HOUR_MAX || hour > HOUR_MAX)
		snprintf(ret, INSTANT_TEXT, "%" PRId64, hour);
	else
		instant_format(ret, hour * HOUR_US);
}

static int report_hour(struct walk *w, const struct posting_sum *want,
		       const struct posting_sum *have, struct error *err)
{
	static const struct posting_sum none;
	const struct posting_sum *listed = have ? have : &none, *which = want ? want : listed;
	char text[INSTANT_TEXT];

	(void)err;
	hour_text(text, which->hour);
	report_problem(w->arg,
		       "account %" PRId64 ", hour of %s: %s (%" PRId64 " references, %" PRId64
		       " events)",
		       which->account, text,
		       listed->damaged ? "the references to events are damaged"
				       : "the references are not those of the events",
		       listed->n, want ? want->n : 0);
	return 0;
}

static int report_unlisted(struct walk *w, int64_t account, const struct posting *p,
			   struct error *err)
{
	(void)account;
	(void)err;
	report_problem(w->arg, "event %.*s of source %" PRId64 " is late, and not listed as such",
		       (int)p->id_len, p->id, p->source);
	return 0;
}

static void report_bad_event(struct walk *w, const struct posting *p, const char *words)
{
	report_problem(w->arg, "event %.*s of source %" PRId64 "%s", (int)p->id_len, p->id,
		       p->source, words);
}

static const struct walk_calls reporting = { .entry = report_entry,
					     .rows = report_rows,
					     .hour = report_hour,
					     .unlisted = report_unlisted,
					     .bad_event = report_bad_event };

/*
 * The walk has checked that each late event is listed in closing_change. Checks
 * that nothing else is listed as late.
 */
static int check_late_count(struct verification *v, struct error *err)
{
	int64_t n;

	if (store_late_count(v->walk.st, v->walk.accounts, &n, err) < 0)
		return -1;
	if (n > v->walk.late)
		report_problem(v, "%" PRId64 " more late events are listed than there are",
			       n - v->walk.late);
	return 0;
}

/* ---- series, sources and corrections ---- */

static void report_series(void *arg, int64_t series, const char *words)
{
	if (series)
		report_problem(arg, "series %" PRId64 " %s", series, words);
	else
		report_problem(arg, "series %s", words);
}

static int check_sources(struct verification *v, struct error *err)
{
	int64_t source = INT64_MIN;
	const char *text;
	int rc;

	for (;;) {
		struct stmt *s = prepare(
			v->walk.st,
			"SELECT source FROM event WHERE source > ?1 ORDER BY source LIMIT 1", err);

		db_bind_int(s, 1, source);
		rc = store_one(s, &source, err);
		if (rc <= 0)
			return rc;
		rc = store_source_text(v->walk.st, source, &v->arena, &text, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			report_problem(v,
				       "events are of the source %" PRId64 ", which doesn't exist",
				       source);
		arena_reset(&v->arena);
	}
}

#define ENTRIES                                                           \
	"SELECT e.id, c.sid, c.kind FROM event e LEFT JOIN correction c " \
	"ON c.id = e.correction WHERE e.source = ?1"
#define FAMILY_ENTRIES                                 \
	ENTRIES " AND (SELECT s.account FROM series s" \
		" WHERE s.id = e.series) IN (SELECT a FROM list(?2))"

/* The id of each entry must begin with the SID of its correction. */
static int check_entries(struct verification *v, struct error *err)
{
	struct stmt *s = prepare(v->walk.st, v->walk.accounts ? FAMILY_ENTRIES : ENTRIES, err);
	int rc;

	db_bind_int(s, 1, v->walk.own);
	if (v->walk.accounts)
		db_bind_list(s, 2, v->walk.accounts);
	while ((rc = db_step(s, err)) > 0) {
		const char *id = db_get_str(s, 0, &v->arena), *sid = db_get_str(s, 1, &v->arena);

		if (!sid)
			report_problem(v, "%s is an entry of a correction that doesn't exist", id);
		else if (strncmp(id, sid, strlen(sid)) != 0 ||
			 (strcmp(id + strlen(sid), CORRECTION_REVERSAL) != 0 &&
			  (db_get_int(s, 2) != CORRECTION_AMEND ||
			   strcmp(id + strlen(sid), CORRECTION_REPLACEMENT) != 0)))
			report_problem(v, "%s is no entry that the correction %s has", id, sid);
		arena_reset(&v->arena);
	}
	return rc;
}

/* The corrections of one event, checked from the first to the last. */
struct chain {
	int64_t source;
	char *event; /* NULL: none yet */
	bool counts; /* `now` counts; false: the event is void */
	struct stored_event now;
};

/*
 * Finds the entry SUFFIX of the correction. 1 found, 0 missing (and reported),
 * -1 failed.
 */
static int find_entry(struct verification *v, const char *sid, int64_t correction,
		      const char *suffix, struct stored_event *ret, struct error *err)
{
	const char *id = arena_join(&v->arena, sid, suffix, NULL);
	int rc = store_event_find(v->walk.st, &(struct event_key) { v->walk.own, id, strlen(id) },
				  &v->arena, ret, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		report_problem(v, "the correction %s lacks its entry %s", sid, id);
	else if (ret->correction != correction)
		report_problem(v, "%s is an entry of another correction than %s", id, sid);
	return rc;
}

/*
 * Are two series equal but for dimensions that are just being filled in? 1 yes,
 * 0 no, -1 failed.
 */
static int same_series(struct verification *v, int64_t a, int64_t b, struct error *err)
{
	struct series x, y;
	struct declared *list;
	size_t n;
	int rc;

	if (a == b)
		return 1;
	rc = store_series_by_id(v->walk.st, a, &x, err);
	if (rc > 0)
		rc = store_series_by_id(v->walk.st, b, &y, err);
	if (rc <= 0)
		return rc;
	if (store_declared(v->walk.st, &v->arena, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (list[i].fill.state == FILL_BEGUN)
			x.dim[list[i].dimension] = y.dim[list[i].dimension];
	return memcmp(&x, &y, sizeof(x)) == 0;
}

/* Does the reversal take away E? 1 yes, 0 no, -1 failed. */
static int reverses(struct verification *v, const struct stored_event *reversal,
		    const struct stored_event *e, struct error *err)
{
	struct amounts taken = amounts_negated(&e->amounts);

	if (reversal->time_us != e->time_us || !amounts_equal(&reversal->amounts, &taken))
		return 0;
	return same_series(v, reversal->series, e->series, err);
}

/*
 * Checks that the next correction of the event reverses the amounts that count.
 * Afterwards its replacement counts, if it has one.
 */
static int check_correction(struct verification *v, struct chain *c, int64_t id, const char *sid,
			    bool amends, struct error *err)
{
	struct stored_event reversal;
	int rc = find_entry(v, sid, id, CORRECTION_REVERSAL, &reversal, err), taken = 1;

	if (rc > 0 && c->counts)
		taken = reverses(v, &reversal, &c->now, err);
	if (rc < 0 || taken < 0)
		return -1;
	if (!c->counts)
		report_problem(v, "the correction %s is of an event that was void or isn't there",
			       sid);
	else if (!taken)
		report_problem(v, "the correction %s doesn't take away what the event counted",
			       sid);
	rc = amends ? find_entry(v, sid, id, CORRECTION_REPLACEMENT, &c->now, err) : 0;
	c->counts = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int start_chain(struct verification *v, struct chain *c, int64_t source, const char *event,
		       struct error *err)
{
	int rc;

	arena_reset(&v->arena);
	c->source = source;
	g_free(c->event);
	c->event = g_strdup(event);
	rc = store_event_find(v->walk.st, &(struct event_key) { source, event, strlen(event) },
			      &v->arena, &c->now, err);
	c->counts = rc > 0 && !c->now.correction;
	return rc < 0 ? -1 : 0;
}

static int check_next_correction(struct verification *v, struct stmt *s, struct chain *c,
				 struct error *err)
{
	int64_t source = db_get_int(s, 3);
	size_t len;
	const char *event = db_get_text(s, 4, &len);
	char sid[SID_TEXT];

	if ((!c->event || source != c->source || strcmp(event, c->event) != 0) &&
	    start_chain(v, c, source, event, err) < 0)
		return -1;
	snprintf(sid, sizeof(sid), "%s", db_get_text(s, 1, &len));
	return check_correction(v, c, db_get_int(s, 0), sid, db_get_int(s, 2) == CORRECTION_AMEND,
				err);
}

#define CORRECTION_ROW "SELECT c.id, c.sid, c.kind, c.source, c.event FROM "
#define CORRECTIONS    CORRECTION_ROW "correction c ORDER BY c.source, c.event, c.id"
#define FAMILY_CORRECTIONS                                                      \
	CORRECTION_ROW "list(?1) f CROSS JOIN source o CROSS JOIN correction c" \
		       " WHERE o.family = f.a AND c.source = o.id"              \
		       " ORDER BY c.source, c.event, c.id"

/* Checks the corrections of each event, oldest first. */
static int check_corrections(struct verification *v, struct error *err)
{
	struct stmt *s = prepare(v->walk.st, v->walk.families ? FAMILY_CORRECTIONS : CORRECTIONS,
				 err);
	struct chain c = { 0 };
	int rc = -1;

	if (v->walk.families)
		db_bind_list(s, 1, v->walk.families);
	while ((rc = db_step(s, err)) > 0) {
		if (check_next_correction(v, s, &c, err) < 0) {
			db_reset(s);
			rc = -1;
			break;
		}
	}
	g_free(c.event);
	return rc;
}

static void report_damage(void *arg, const char *words)
{
	report_problem(arg, "the ledger's file is damaged, restore it from a backup: %s", words);
}

/* Sets the lists of V to the families and their accounts, in ARENA. */
static int choose(struct verification *v, const struct verify_families *only, struct arena *arena,
		  struct error *err)
{
	int64_t *families = arena_array(arena, int64_t, only->n + 1);
	const struct db_list *asked;
	const int64_t *accounts;
	struct stmt *s;
	size_t n;

	/* entries of corrections have the ledger's own source, of family 0 */
	for (size_t i = 0; i < only->n; i++)
		families[i] = only->ids[i];
	v->walk.families = ids_list(arena, families, only->n + 1);
	asked = ids_list(arena, only->ids, only->n);
	s = prepare(v->walk.st,
		    "SELECT id FROM account WHERE COALESCE(parent, id) IN"
		    " (SELECT a FROM list(?1)) ORDER BY id",
		    err);
	db_bind_list(s, 1, asked);
	if (store_ids(s, arena, &accounts, &n, err) < 0)
		return -1;
	v->walk.accounts = ids_list(arena, accounts, n);
	return 0;
}

/*
 * Checks the file's pages and all sources, which only a verification of the
 * whole ledger does. Returns the number of damages, or -1.
 */
static int check_file(struct verification *v, struct error *err)
{
	int damage = db_damage(v->walk.st->db, report_damage, v, err);

	/* rows of a damaged file cannot be compared */
	return damage ? damage : check_sources(v, err);
}

static int verify(struct verification *v, int64_t *ret_events, struct error *err)
{
	const struct verify_calls *calls = v->walk.observer;
	int rc = v->walk.accounts ? 0 : check_file(v, err);

	*ret_events = 0;
	if (rc)
		return rc < 0 ? -1 : 0;
	if (walk_events(&v->walk, ret_events, err) < 0 || check_late_count(v, err) < 0 ||
	    store_series_check(v->walk.st, v->walk.accounts, report_series, v, err) < 0 ||
	    check_entries(v, err) < 0 || check_corrections(v, err) < 0)
		return -1;
	if (calls->progress)
		calls->progress(calls->arg, *ret_events, *ret_events);
	return 0;
}

int sqlite_verify(struct store *st, const struct verify_families *only,
		  const struct verify_calls *calls, size_t *ret_n, int64_t *ret_events,
		  struct error *err)
{
	struct verification v = {
		.walk = { .st = st, .calls = &reporting, .observer = calls, .arg = &v }
	};
	struct arena lists;
	int rc;

	if (store_begin_read(st, err) < 0)
		return -1;
	arena_init(&lists);
	arena_init(&v.arena);
	rc = only ? choose(&v, only, &lists, err) : 0;
	if (rc == 0) {
		walk_init(&v.walk);
		rc = verify(&v, ret_events, err);
		walk_release(&v.walk);
	}
	arena_release(&v.arena);
	arena_release(&lists);
	store_end(st);
	*ret_n = v.walk.n;
	return rc;
}
