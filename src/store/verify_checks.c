/*
 * verify_checks.c - the checks of a verification that ask every kind of database
 * the same.
 */
#include "store/verify_checks.h"

#include <glib.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "store/declared.h"
#include "store/event.h"
#include "store/lists.h"
#include "store/series.h"
#include "store/source.h"
#include "base/banned.h"

#define FAULT_WORDS 640
#define PAGE        "4096" /* rows, read at once */

void verify_problem(struct verify_checks *v, const char *fmt, ...)
{
	char words[FAULT_WORDS];
	va_list ap;

	if (v->n++ >= v->calls->limit)
		return;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	v->calls->fault(v->calls->arg, words);
}

void verify_bad_event(struct verify_checks *v, const struct event_key *e, const char *words)
{
	verify_problem(v, "event %.*s of source %" PRId64 "%s", (int)e->len, e->id, e->source,
		       words);
}

void verify_difference(struct verify_checks *v, const struct rollup *want,
		       const struct rollup *have)
{
	if (v->n++ < v->calls->limit)
		v->calls->difference(v->calls->arg, want, have);
}

int verify_stopped(const struct verify_calls *calls, struct error *err)
{
	if (calls->stopped && calls->stopped(calls->arg))
		return error_set(err, ERR_BUSY, NULL, "the verification was stopped");
	return 0;
}

int verify_without_series(struct error *err)
{
	return error_set(err, ERR_INTERNAL, NULL,
			 "the ledger is damaged: some of its events belong to no series");
}

/*
 * The walk has checked that each late event is listed in closing_change. Checks
 * that nothing else is listed as late.
 */
static int check_late_count(struct verify_checks *v, struct error *err)
{
	int64_t n;

	if (store_late_count(v->st, v->accounts, &n, err) < 0)
		return -1;
	if (n > v->late)
		verify_problem(v, "%" PRId64 " more late events are listed than there are",
			       n - v->late);
	return 0;
}

/* ---- series, sources and corrections ---- */

static void report_series(void *arg, int64_t series, const char *words)
{
	if (series)
		verify_problem(arg, "series %" PRId64 " %s", series, words);
	else
		verify_problem(arg, "series %s", words);
}

int verify_sources(struct verify_checks *v, struct error *err)
{
	int64_t source = INT64_MIN;
	const char *text;
	int rc;

	for (;;) {
		struct stmt *s = prepare(
			v->st, "SELECT source FROM event WHERE source > ?1 ORDER BY source LIMIT 1",
			err);

		db_bind_int(s, 1, source);
		rc = store_one(s, &source, err);
		if (rc <= 0)
			return rc;
		rc = store_source_text(v->st, source, &v->arena, &text, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			verify_problem(v,
				       "events are of the source %" PRId64 ", which doesn't exist",
				       source);
		arena_reset(&v->arena);
	}
}

#define ENTRIES                                                           \
	"SELECT e.id, c.sid, c.kind FROM event e LEFT JOIN correction c " \
	"ON c.id = e.correction WHERE e.source = ?1 AND e.id > ?2"
#define BY_ID " ORDER BY e.id LIMIT " PAGE
#define FAMILY_ENTRIES                                 \
	ENTRIES " AND (SELECT s.account FROM series s" \
		" WHERE s.id = e.series{ AND s.root = e.root}) IN (SELECT f.a FROM list(?3) f)"

static void check_entry(struct verify_checks *v, struct stmt *s)
{
	const char *id = db_get_str(s, 0, &v->arena), *sid = db_get_str(s, 1, &v->arena);

	if (!sid)
		verify_problem(v, "%s is an entry of a correction that doesn't exist", id);
	else if (strncmp(id, sid, strlen(sid)) != 0 ||
		 (strcmp(id + strlen(sid), CORRECTION_REVERSAL) != 0 &&
		  (db_get_int(s, 2) != CORRECTION_AMEND ||
		   strcmp(id + strlen(sid), CORRECTION_REPLACEMENT) != 0)))
		verify_problem(v, "%s is no entry that the correction %s has", id, sid);
	arena_reset(&v->arena);
}

/*
 * Checks a page of entries, behind the one with the id *LAST. 1 there may be
 * more, 0 no more, -1 failed.
 */
static int check_entries_page(struct verify_checks *v, GString *last, struct error *err)
{
	struct stmt *s = prepare(v->st, v->accounts ? FAMILY_ENTRIES BY_ID : ENTRIES BY_ID, err);
	int rc, any = 0;

	db_bind_int(s, 1, v->own);
	db_bind_str(s, 2, arena_str(&v->lists, last->str));
	if (v->accounts)
		db_bind_list(s, 3, v->accounts);
	while ((rc = db_step(s, err)) > 0) {
		size_t len;

		g_string_assign(last, db_get_text(s, 0, &len));
		check_entry(v, s);
		any = 1;
	}
	return rc < 0 ? -1 : any;
}

/* The id of each entry must begin with the SID of its correction. */
static int check_entries(struct verify_checks *v, struct error *err)
{
	GString *last = g_string_new("");
	int rc;

	do
		rc = check_entries_page(v, last, err);
	while (rc > 0);
	g_string_free(last, TRUE);
	return rc;
}

/* The corrections of one event, checked from the first to the last. */
struct chain {
	int64_t source;
	char *event;  /* NULL: none yet */
	int64_t last; /* the last correction that was checked */
	bool counts;  /* `now` counts; false: the event is void */
	struct stored_event now;
};

/*
 * Finds the entry SUFFIX of the correction. 1 found, 0 missing (and reported),
 * -1 failed.
 */
static int find_entry(struct verify_checks *v, const char *sid, int64_t correction,
		      const char *suffix, struct stored_event *ret, struct error *err)
{
	const char *id = arena_join(&v->arena, sid, suffix, NULL);
	int rc = store_event_find(v->st, &(struct event_key) { v->own, id, strlen(id) }, &v->arena,
				  ret, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		verify_problem(v, "the correction %s lacks its entry %s", sid, id);
	else if (ret->correction != correction)
		verify_problem(v, "%s is an entry of another correction than %s", id, sid);
	return rc;
}

/*
 * Are two series equal but for dimensions that are just being filled in? 1 yes,
 * 0 no, -1 failed.
 */
static int same_series(struct verify_checks *v, int64_t a, int64_t b, struct error *err)
{
	struct series x, y;
	struct declared *list;
	size_t n;
	int rc;

	if (a == b)
		return 1;
	rc = store_series_by_id(v->st, 0, a, &x, err);
	if (rc > 0)
		rc = store_series_by_id(v->st, 0, b, &y, err);
	if (rc <= 0)
		return rc;
	if (store_declared(v->st, &v->arena, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (list[i].fill.state == FILL_BEGUN)
			x.dim[list[i].dimension] = y.dim[list[i].dimension];
	return memcmp(&x, &y, sizeof(x)) == 0;
}

/* Does the reversal take away E? 1 yes, 0 no, -1 failed. */
static int reverses(struct verify_checks *v, const struct stored_event *reversal,
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
static int check_correction(struct verify_checks *v, struct chain *c, int64_t id, const char *sid,
			    bool amends, struct error *err)
{
	struct stored_event reversal;
	int rc = find_entry(v, sid, id, CORRECTION_REVERSAL, &reversal, err), taken = 1;

	if (rc > 0 && c->counts)
		taken = reverses(v, &reversal, &c->now, err);
	if (rc < 0 || taken < 0)
		return -1;
	if (!c->counts)
		verify_problem(v, "the correction %s is of an event that was void or isn't there",
			       sid);
	else if (!taken)
		verify_problem(v, "the correction %s doesn't take away what the event counted",
			       sid);
	rc = amends ? find_entry(v, sid, id, CORRECTION_REPLACEMENT, &c->now, err) : 0;
	c->counts = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int start_chain(struct verify_checks *v, struct chain *c, int64_t source, const char *event,
		       struct error *err)
{
	int rc;

	arena_reset(&v->arena);
	c->source = source;
	g_free(c->event);
	c->event = g_strdup(event);
	rc = store_event_find(v->st, &(struct event_key) { source, event, strlen(event) },
			      &v->arena, &c->now, err);
	c->counts = rc > 0 && !c->now.correction;
	return rc < 0 ? -1 : 0;
}

static int check_next_correction(struct verify_checks *v, struct stmt *s, struct chain *c,
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
	c->last = db_get_int(s, 0);
	return check_correction(v, c, c->last, sid, db_get_int(s, 2) == CORRECTION_AMEND, err);
}

#define CORRECTION_ROW "SELECT c.id, c.sid, c.kind, c.source, c.event FROM "
#define NEXT_PAGE                                  \
	"(c.source, c.event, c.id) > (?1, ?2, ?3)" \
	" ORDER BY c.source, c.event, c.id LIMIT " PAGE
#define CORRECTIONS CORRECTION_ROW "correction c WHERE " NEXT_PAGE
#define FAMILY_CORRECTIONS                                                      \
	CORRECTION_ROW "list(?4) f CROSS JOIN source o CROSS JOIN correction c" \
		       " WHERE o.family = f.a AND c.source = o.id AND " NEXT_PAGE

/* Checks a page of corrections. 1 there may be more, 0 no more, -1 failed. */
static int check_corrections_page(struct verify_checks *v, struct chain *c, struct error *err)
{
	struct stmt *s = prepare(v->st, v->families ? FAMILY_CORRECTIONS : CORRECTIONS, err);
	int rc, any = 0;

	db_bind_int(s, 1, c->source);
	db_bind_str(s, 2, arena_str(&v->lists, c->event ? c->event : ""));
	db_bind_int(s, 3, c->last);
	if (v->families)
		db_bind_list(s, 4, v->families);
	while ((rc = db_step(s, err)) > 0) {
		if (check_next_correction(v, s, c, err) < 0) {
			db_reset(s);
			return -1;
		}
		any = 1;
	}
	return rc < 0 ? -1 : any;
}

/* Checks the corrections of each event, oldest first. */
static int check_corrections(struct verify_checks *v, struct error *err)
{
	struct chain c = { .source = INT64_MIN };
	int rc;

	do
		rc = check_corrections_page(v, &c, err);
	while (rc > 0);
	g_free(c.event);
	return rc;
}

int verify_checks_run(struct verify_checks *v, struct error *err)
{
	if (check_late_count(v, err) < 0 ||
	    store_series_check(v->st, v->accounts, report_series, v, err) < 0 ||
	    check_entries(v, err) < 0)
		return -1;
	return check_corrections(v, err);
}

/* ---- begin and end ---- */

/* Sets the lists of V to the families and their accounts. */
static int choose(struct verify_checks *v, const struct verify_families *only, struct error *err)
{
	struct arena *arena = &v->lists;
	int64_t *families = arena_array(arena, int64_t, only->n + 1);
	const struct db_list *asked;
	const int64_t *accounts;
	struct stmt *s;
	size_t n;

	/* entries of corrections have the ledger's own source, of family 0 */
	for (size_t i = 0; i < only->n; i++)
		families[i] = only->ids[i];
	v->families = ids_list(arena, families, only->n + 1);
	asked = ids_list(arena, only->ids, only->n);
	s = prepare(v->st,
		    "SELECT id FROM account WHERE COALESCE(parent, id) IN"
		    " (SELECT f.a FROM list(?1) f) ORDER BY id",
		    err);
	db_bind_list(s, 1, asked);
	if (store_ids(s, arena, &accounts, &n, err) < 0)
		return -1;
	v->accounts = ids_list(arena, accounts, n);
	return 0;
}

int verify_checks_init(struct verify_checks *v, struct store *st,
		       const struct verify_families *only, struct error *err)
{
	v->st = st;
	v->own = 0;
	arena_init(&v->arena);
	arena_init(&v->lists);
	if (store_source_find(st, 0, EVENT_SOURCE_OWN, strlen(EVENT_SOURCE_OWN), &v->own, err) < 0)
		return -1;
	return only ? choose(v, only, err) : 0;
}

void verify_checks_release(struct verify_checks *v)
{
	arena_release(&v->arena);
	arena_release(&v->lists);
}
