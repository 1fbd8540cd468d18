/*
 * verify.c - compares sums with the events, and repairs them.
 */
#include "store/pgsql/differ.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include "store/closing.h"
#include "store/pgsql/layout.h"
#include "store/places.h"
#include "store/repair.h"
#include "store/rollup.h"
#include "base/banned.h"

/* ---- long statements ---- */

static int ask_stopped(void *arg, struct error *err)
{
	return verify_stopped(arg, err);
}

/* Statements may take any time; meanwhile the caller may stop them. */
static void be_patient(struct store *st, const struct verify_calls *calls)
{
	db_cache(st->db, calls != NULL);
	db_watch(st->db, calls && calls->stopped ? ask_stopped : NULL, (void *)calls);
}

/* ---- events ---- */

#define LATE                                                                      \
	CURSOR "SELECT e.source, e.id, e.account, e.booked_us FROM event e WHERE" \
	       " at(e.root, ?3) AND e.booked_us > e.time_us"
/* the table closing_change is where the events are, unless the ledger is distributed */
#define UNLISTED                                                                            \
	LATE " AND NOT EXISTS (SELECT 1 FROM closing_change c"                              \
	     " WHERE c.kind = 1 AND c.account = e.account AND c.effective_us = e.booked_us" \
	     " AND c.source = e.source AND c.event = e.id)"
#define BAD                                                                                     \
	CURSOR "SELECT e.source, e.id, e.booked_us < e.time_us,"                                \
	       " (e.correction IS NOT NULL) <> (e.source = ?1) FROM event e WHERE"              \
	       " at(e.root, ?3) AND (e.booked_us < e.time_us OR (e.correction IS NOT NULL) <> " \
	       "(e.source = ?1))"
#define ELSEWHERE                                                                       \
	CURSOR "SELECT e.source, e.id, s.id IS NULL FROM event e LEFT JOIN series s ON" \
	       " s.id = e.series AND at(s.root, ?3)"                                    \
	       " WHERE at(e.root, ?3) AND s.account IS DISTINCT FROM e.account"
#define OF_LIST  " AND e.account IN (SELECT l.a FROM list(?2) l)"
#define IN_ORDER " ORDER BY e.source, e.id"
#define BOTH(sql)                                  \
	{                                          \
		sql IN_ORDER, sql OF_LIST IN_ORDER \
	}

static const char *const late[] = BOTH(LATE), *const unlisted[] = BOTH(UNLISTED),
			 *const bad[] = BOTH(BAD), *const elsewhere[] = BOTH(ELSEWHERE);

struct events_check {
	const struct verify_checks *v;
	const struct places *places;
	cursor_row_fn *row;
	void *arg;
};

static int each_event(const struct events_check *c, const char *const sql[2], struct error *err)
{
	const struct verify_checks *v = c->v;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->places->n; i++) {
		struct stmt *s = prepare(v->st, sql[v->accounts != NULL], err);

		db_bind_int(s, 1, v->own);
		db_bind_list(s, 2, v->accounts ? v->accounts : place_of_all.families);
		db_bind_list(s, 3, c->places->list[i].families);
		rc = pgsql_each_row(v->st, s, c->row, c->arg, err);
	}
	return rc;
}

static struct event_key key_of(struct stmt *s)
{
	struct event_key ret = { .source = db_get_int(s, 0) };

	ret.id = db_get_text(s, 1, &ret.len);
	return ret;
}

/* Passes a late event on unless it is in the table closing_change. */
static int check_listed(void *arg, struct stmt *s, struct error *err)
{
	const struct events_check *c = arg;
	struct event_key key = key_of(s);
	struct posting p = { .effective_us = db_get_int(s, 3),
			     .source = key.source,
			     .id = key.id,
			     .id_len = key.len };
	int rc = store_late_listed(c->v->st, db_get_int(s, 2), &p, err);

	return rc ? (rc < 0 ? -1 : 0) : c->row(c->arg, s, err);
}

static int each_unlisted(struct events_check *c, struct error *err)
{
	struct events_check all = { c->v, c->places, check_listed, c };

	return db_distributed(c->v->st->db) ? each_event(&all, late, err)
					    : each_event(c, unlisted, err);
}

static int report_late(void *arg, struct stmt *s, struct error *err)
{
	struct event_key key = key_of(s);

	(void)err;
	verify_bad_event(arg, &key, VERIFY_UNLISTED);
	return 0;
}

static int report_bad(void *arg, struct stmt *s, struct error *err)
{
	struct verify_checks *v = arg;
	struct event_key key = key_of(s);

	(void)err;
	if (db_get_int(s, 2))
		verify_bad_event(v, &key, VERIFY_EARLY);
	if (db_get_int(s, 3))
		verify_bad_event(v, &key,
				 key.source == v->own ? VERIFY_NO_ENTRY : VERIFY_OTHER_ENTRY);
	return 0;
}

static int report_elsewhere(void *arg, struct stmt *s, struct error *err)
{
	struct event_key key = key_of(s);

	if (db_get_int(s, 2))
		return verify_without_series(err);
	verify_bad_event(arg, &key, " is of another account than its series");
	return 0;
}

static int check_events(struct verify_checks *v, const struct account_checks *checks,
			struct error *err)
{
	struct events_check c = { v, &checks->places, report_late, v };

	v->late = checks->late;
	if (checks->late && each_unlisted(&c, err) < 0)
		return -1;
	c.row = report_bad;
	if (checks->bad && each_event(&c, bad, err) < 0)
		return -1;
	c.row = report_elsewhere;
	return checks->bad ? each_event(&c, elsewhere, err) : 0;
}

/* ---- series and values ---- */

#define MISPLACED(table)                                                            \
	"SELECT count(*) FROM " table " t JOIN account a ON a.id = t.account WHERE" \
	" t.root <> COALESCE(a.parent, a.id)"
#define MISPLACED_OF_LIST(table) MISPLACED(table) " AND t.account IN (SELECT l.a FROM list(?1) l)"

/* Reports rows that are not kept with the family of their account. */
static int check_misplaced(struct verify_checks *v, const char *what, const char *sql,
			   struct error *err)
{
	struct stmt *s = prepare(v->st, sql, err);
	int64_t n = 0;

	if (v->accounts)
		db_bind_list(s, 1, v->accounts);
	if (store_one(s, &n, err) < 0)
		return -1;
	if (n)
		verify_problem(v, "%" PRId64 " %s are not kept with the family of their account", n,
			       what);
	return 0;
}

static int check_series(struct verify_checks *v, struct error *err)
{
	return check_misplaced(v, "series",
			       v->accounts ? MISPLACED_OF_LIST("series") : MISPLACED("series"),
			       err) < 0 ||
			       check_misplaced(v, "values",
					       v->accounts ? MISPLACED_OF_LIST("dimension_value")
							   : MISPLACED("dimension_value"),
					       err) < 0
		       ? -1
		       : 0;
}

/* ---- sums ---- */

static int report_sum(void *arg, const struct sum_difference *d, struct error *err)
{
	struct rollup want = d->key, have = d->key;

	(void)err;
	amounts_narrow(&d->want, &want.amounts);
	amounts_narrow(&d->have, &have.amounts);
	verify_difference(arg, amounts_wide_zero(&d->want) ? NULL : &want,
			  amounts_wide_zero(&d->have) ? NULL : &have);
	return 0;
}

static int check_account(struct verify_checks *v, const struct account_check *c, struct error *err)
{
	if (!c->known && c->events)
		verify_problem(v,
			       "account %" PRId64 ": %" PRId64 " events are kept with those of the "
			       "main account %" PRId64 ", which isn't its own",
			       c->account, c->events, c->root);
	return c->right ? 0 : pgsql_compare_sums(v->st, c, report_sum, v, err);
}

/* ---- verifying ---- */

static int verify(struct verify_checks *v, struct arena *arena, int64_t *ret_events,
		  struct error *err)
{
	struct account_checks checks;

	if ((!v->accounts && verify_sources(v, err) < 0) || check_series(v, err) < 0 ||
	    pgsql_check_accounts(v, arena, &checks, err) < 0)
		return -1;
	*ret_events = checks.events;
	for (size_t i = 0; i < checks.n; i++)
		if (check_account(v, checks.list[i], err) < 0)
			return -1;
	if (check_events(v, &checks, err) < 0 || verify_checks_run(v, err) < 0)
		return -1;
	if (v->calls->progress)
		v->calls->progress(v->calls->arg, *ret_events, *ret_events);
	return 0;
}

int pgsql_verify(struct store *st, const struct verify_families *only,
		 const struct verify_calls *calls, size_t *ret_n, int64_t *ret_events,
		 struct error *err)
{
	struct verify_checks v = { .calls = calls };
	struct arena arena;
	int rc;

	*ret_events = 0;
	if (store_begin_read(st, err) < 0)
		return -1;
	arena_init(&arena);
	be_patient(st, calls);
	rc = verify_checks_init(&v, st, only, err);
	if (rc == 0)
		rc = verify(&v, &arena, ret_events, err);
	be_patient(st, NULL);
	verify_checks_release(&v);
	arena_release(&arena);
	store_end(st);
	*ret_n = v.n;
	return rc;
}

/* ---- rebuilding ---- */

enum { CHANGES = 4096 /* in a write */ };

struct rebuilding {
	struct repair repair;
	/* struct rollup: differences of a level, of parts or not */
	GArray *changes[LEVELS][2];
	size_t n; /* what was repaired */
};

static int write_level(struct rebuilding *r, enum level level, bool part, struct error *err)
{
	GArray *list = r->changes[level][part];
	int rc = 0;

	if (list->len)
		rc = repair_open(&r->repair, err);
	if (rc == 0 && list->len)
		rc = pgsql_level_add(r->repair.to, (struct rollup *)list->data, list->len, part,
				     err);
	g_array_set_size(list, 0);
	return rc < 0 ? -1 : repair_pause(&r->repair, false, err);
}

static int write_all(struct rebuilding *r, struct error *err)
{
	for (int level = 0; level < LEVELS; level++)
		for (int part = 0; part < 2; part++)
			if (write_level(r, (enum level)level, part, err) < 0)
				return -1;
	return 0;
}

static int repair_sum(void *arg, const struct sum_difference *d, struct error *err)
{
	struct rebuilding *r = arg;
	GArray *list = r->changes[d->key.level][d->part];
	struct amounts_wide change = d->want;
	struct rollup row = d->key;

	r->n++;
	amounts_wide_add(&change, &d->have, -1);
	if (store_rollup_check(&d->want, err) < 0 || store_rollup_check(&change, err) < 0)
		return -1;
	amounts_narrow(&change, &row.amounts);
	g_array_append_val(list, row);
	return list->len < CHANGES ? 0 : write_level(r, d->key.level, d->part, err);
}

static int repair_late(void *arg, struct stmt *s, struct error *err)
{
	struct rebuilding *r = arg;
	struct event_key key = key_of(s);
	struct closing_change c = {
		.account = db_get_int(s, 2),
		.kind = CLOSING_LATE,
		.effective_us = db_get_int(s, 3),
		.source = key.source,
		.event = key.id,
		.event_len = key.len,
	};

	r->n++;
	if (repair_open(&r->repair, err) < 0 || store_closing_change_add(r->repair.to, &c, err) < 0)
		return -1;
	return repair_pause(&r->repair, false, err);
}

static int repair_all(struct rebuilding *r, struct verify_checks *v, struct arena *arena,
		      int64_t *ret_events, struct error *err)
{
	struct account_checks checks;

	if (pgsql_check_accounts(v, arena, &checks, err) < 0)
		return -1;
	*ret_events = checks.events;
	for (size_t i = 0; i < checks.n; i++)
		if (!checks.list[i]->right &&
		    pgsql_compare_sums(v->st, checks.list[i], repair_sum, r, err) < 0)
			return -1;
	if (write_all(r, err) < 0 ||
	    (checks.late &&
	     each_unlisted(&(struct events_check) { v, &checks.places, repair_late, r }, err) <
		     0) ||
	    repair_series(&r->repair, &r->n, err) < 0)
		return -1;
	if (v->calls->progress)
		v->calls->progress(v->calls->arg, *ret_events, *ret_events);
	return 0;
}

static int rebuild(struct rebuilding *r, const struct verify_calls *calls, int64_t *ret_events,
		   struct error *err)
{
	struct verify_checks v = { .calls = calls };
	struct arena arena;
	int rc;

	if (store_begin_read(r->repair.from, err) < 0)
		return -1;
	arena_init(&arena);
	be_patient(r->repair.from, calls);
	rc = verify_checks_init(&v, r->repair.from, NULL, err);
	if (rc == 0)
		rc = repair_all(r, &v, &arena, ret_events, err);
	be_patient(r->repair.from, NULL);
	verify_checks_release(&v);
	arena_release(&arena);
	store_end(r->repair.from);
	return rc;
}

int pgsql_rebuild(struct store *st, struct store *writer, const struct verify_calls *calls,
		  size_t *ret_n, int64_t *ret_events, struct error *err)
{
	struct verify_calls own = { .progress = calls->progress, .arg = calls->arg };
	struct rebuilding r = { .repair = { .from = st, .to = writer } };
	int rc;

	for (int i = 0; i < 2 * LEVELS; i++)
		r.changes[i / 2][i % 2] = g_array_new(FALSE, FALSE, sizeof(struct rollup));
	rc = repair_begin(&r.repair, err);
	if (rc == 0)
		rc = repair_end(&r.repair, rebuild(&r, &own, ret_events, err), err);
	for (int i = 0; i < 2 * LEVELS; i++)
		g_array_free(r.changes[i / 2][i % 2], TRUE);
	*ret_n = r.n;
	return rc;
}
