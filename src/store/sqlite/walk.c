/*
 * walk.c - computes rollups and postings from the events and compares them with
 * the stored ones. Events are read in the order of their accounts and quarter
 * hours.
 */
#include "store/sqlite/walk.h"

#include "base/civil.h"
#include "store/source.h"
#include "store/sqlite/family_sums.h"
#include "store/verify_checks.h"
#include "base/banned.h"

/* SLOT_SEC in microseconds, as SQL */
#define SQL_OF(n)   #n
#define SQL_TEXT(n) SQL_OF(n)
#define SLOT_US     "(" SQL_TEXT(SLOT_SEC) " * 1000000)"

#define EVENT_ROW                                                                                \
	"SELECT s.account, COALESCE(e.booked_us, e.time_us) / " SLOT_US                          \
	", s.category, e.series, " DIMENSION_S_SUMS " + length(s.declared), " AMOUNT_COLUMNS_OF( \
		"e") ", COALESCE(e.booked_us, e.time_us), e.time_us, e.source, e.id, e.correction"
#define IN_ORDER " ORDER BY 1, 2, 3, 4"
#define EVENTS   EVENT_ROW " FROM event e CROSS JOIN series s WHERE s.id = e.series" IN_ORDER

/* The events of the sources of families; ?2 is the list of their accounts. */
#define OF_FAMILIES                                                     \
	" FROM list(?1) f CROSS JOIN source o CROSS JOIN event e"       \
	" CROSS JOIN series s WHERE o.family = f.a AND e.source = o.id" \
	" AND s.id = e.series AND s.account IN (SELECT a FROM list(?2))"
#define FAMILY_EVENTS EVENT_ROW OF_FAMILIES IN_ORDER

/* ---- postings ---- */

/*
 * Compares the postings of the hour in W with the stored ones, and reports
 * stored hours before it, which have no events. END: there are no more events,
 * so all stored hours left have none.
 */
static int close_hour(struct walk *w, bool end, struct error *err)
{
	const struct walk_hour *h = &w->hour;
	const struct posting_sum *have;

	for (;;) {
		int order;

		if (posting_reader_peek(w->postings, &have, err) < 0)
			return -1;
		order = !have ? 1
			: end ? -1
			: have->account != h->want.account
				? (have->account < h->want.account ? -1 : 1)
			: have->hour != h->want.hour ? (have->hour < h->want.hour ? -1 : 1)
						     : 0;
		if (order > 0)
			have = NULL;
		if (order >= 0)
			break;
		if (w->calls->hour(w, NULL, have, err) < 0)
			return -1;
		posting_reader_pass(w->postings);
	}
	if (end || !h->want.account)
		return 0;
	if (!have || have->damaged || have->n != h->want.n || have->hash != h->want.hash) {
		if (w->calls->hour(w, &h->want, have, err) < 0)
			return -1;
	}
	if (have)
		posting_reader_pass(w->postings);
	return 0;
}

static int add_posting(struct walk *w, int64_t account, const struct posting *p, struct error *err)
{
	int64_t hour = floor_div(p->effective_us, HOUR_US);
	struct walk_hour *h = &w->hour;
	struct posting kept = *p;

	if (account != h->want.account || hour != h->want.hour) {
		if (h->want.account && close_hour(w, false, err) < 0)
			return -1;
		h->want = (struct posting_sum) { .account = account, .hour = hour };
		g_array_set_size(h->refs, 0);
		arena_reset(&h->arena);
	}
	posting_sum_add(&h->want, p);
	if (!w->calls->keep_postings)
		return 0;
	kept.id = arena_strn(&h->arena, p->id, p->id_len);
	g_array_append_val(h->refs, kept);
	return 0;
}

/* ---- events ---- */

static int check_late(struct walk *w, int64_t account, const struct posting *p, struct error *err)
{
	int rc = store_late_listed(w->st, account, p, err);

	w->late++;
	return rc ? (rc < 0 ? -1 : 0) : w->calls->unlisted(w, account, p, err);
}

static int add_event(struct walk *w, struct stmt *s, struct error *err)
{
	enum { EFFECTIVE = 5 + AMOUNTS, TIME, SOURCE, ID, CORRECTION };
	int64_t account = db_get_int(s, 0);
	struct rollup r = { .level = LEVEL_QUARTER,
			    .account = account,
			    .slot = db_get_int(s, 1),
			    .category = db_get_int(s, 2),
			    .series = db_get_int(s, 4) ? db_get_int(s, 3) : 0 };
	struct posting p = { .effective_us = db_get_int(s, EFFECTIVE),
			     .series = db_get_int(s, 3),
			     .source = db_get_int(s, SOURCE) };
	int64_t time_us = db_get_int(s, TIME);

	store_get_amounts(s, 5, &r.amounts);
	p.id = db_get_text(s, ID, &p.id_len);
	if (p.effective_us < time_us)
		w->calls->bad_event(w, &p, VERIFY_EARLY);
	if ((db_get_int(s, CORRECTION) != 0) != (p.source == w->own))
		w->calls->bad_event(w, &p,
				    p.source == w->own ? VERIFY_NO_ENTRY : VERIFY_OTHER_ENTRY);
	if (walk_rollups_add(w->rollups, &r, err) < 0)
		return -1;
	if (p.effective_us > time_us && check_late(w, account, &p, err) < 0)
		return -1;
	return add_posting(w, account, &p, err);
}

/* Called now and then, when DONE of ALL events are added. */
static int pause_walk(struct walk *w, int64_t done, int64_t all, struct error *err)
{
	const struct verify_calls *calls = w->observer;

	if (calls->progress && done % 65536 == 0)
		calls->progress(calls->arg, done, all);
	if (verify_stopped(calls, err) < 0)
		return -1;
	return w->calls->pause ? w->calls->pause(w, err) : 0;
}

/* Binds the parameters of OF_FAMILIES. */
static void bind_families(const struct walk *w, struct stmt *s)
{
	if (!w->accounts)
		return;
	db_bind_list(s, 1, w->families);
	db_bind_list(s, 2, w->accounts);
}

/* *RET_DONE: the number of events. ALL: as counted. */
static int add_events(struct walk *w, int64_t all, int64_t *ret_done, struct error *err)
{
	struct stmt *s = prepare(w->st, w->accounts ? FAMILY_EVENTS : EVENTS, err);
	int rc;

	bind_families(w, s);
	while ((rc = db_step(s, err)) > 0) {
		if (add_event(w, s, err) < 0 ||
		    (++*ret_done % 4096 == 0 && pause_walk(w, *ret_done, all, err) < 0)) {
			db_reset(s);
			return -1;
		}
	}
	if (rc == 0 && !w->accounts && *ret_done != all)
		return verify_without_series(err);
	return rc;
}

/*
 * After the last event: compares the open slots and the open hour, then reports
 * stored rows that are left.
 */
static int finish(struct walk *w, struct error *err)
{
	if (walk_rollups_end(w->rollups, err) < 0 ||
	    (w->hour.want.account && close_hour(w, false, err) < 0))
		return -1;
	return close_hour(w, true, err);
}

static int count_events(struct walk *w, int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(w->st,
				 w->accounts ? "SELECT count(*)" OF_FAMILIES
					     : "SELECT count(*) FROM event",
				 err);

	bind_families(w, s);
	return store_one(s, ret, err) > 0 ? 0 : -1;
}

int walk_events(struct walk *w, int64_t *ret_events, struct error *err)
{
	int64_t all;

	*ret_events = 0;
	if (store_source_find(w->st, 0, EVENT_SOURCE_OWN, strlen(EVENT_SOURCE_OWN), &w->own, err) <
		    0 ||
	    count_events(w, &all, err) < 0 ||
	    posting_reader_new(w->st, w->accounts, &w->postings, err) < 0 ||
	    add_events(w, all, ret_events, err) < 0 || finish(w, err) < 0)
		return -1;
	return 0;
}

static struct rollup_calls rollup_calls_of(struct walk *w)
{
	return (struct rollup_calls) { w->calls->entry, w->calls->rows, w };
}

int walk_families(struct walk *w, struct error *err)
{
	struct rollup_calls calls = rollup_calls_of(w);

	return family_sums_walk(w->st, w->accounts, &calls, err);
}

void walk_init(struct walk *w)
{
	struct rollup_calls calls = rollup_calls_of(w);

	w->rollups = walk_rollups_new(w->st, w->accounts, &calls);
	w->hour.refs = g_array_new(FALSE, FALSE, sizeof(struct posting));
	arena_init(&w->hour.arena);
}

void walk_release(struct walk *w)
{
	walk_rollups_free(&w->rollups);
	posting_reader_free(&w->postings);
	g_array_free(w->hour.refs, TRUE);
	arena_release(&w->hour.arena);
}
