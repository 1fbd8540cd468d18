/*
 * walk.c - computes rollups and postings from the events and compares them with
 * the stored ones.
 *
 * Events are read in the order of the rollups by quarter hour. For each level,
 * a tally adds up the events of one account and slot. When the next slot
 * begins, the tally is compared with the stored rollups, which are read in the
 * same order. So memory holds the usage of one account in one month, by series.
 */
#include "store/walk.h"

#include "base/civil.h"
#include "store/source.h"
#include "store/verify.h"
#include "base/banned.h"

/* SLOT_SEC in microseconds, as SQL */
#define SQL_OF(n)   #n
#define SQL_TEXT(n) SQL_OF(n)
#define SLOT_US     "(" SQL_TEXT(SLOT_SEC) " * 1000000)"

#define EVENTS                                                                                     \
	"SELECT s.account, COALESCE(e.booked_us, e.time_us) / " SLOT_US                            \
	", s.category, e.series, " DIMENSION_S_SUMS ", " AMOUNT_COLUMNS_OF(                        \
		"e") ", COALESCE(e.booked_us, e.time_us), e.time_us, e.source, e.id, e.correction" \
		     " FROM event e CROSS JOIN series s WHERE s.id = e.series ORDER BY 1, 2, 3, 4"
#define SELECT_BY_CATEGORY(table)                                           \
	"SELECT account, slot, category, 0, " AMOUNT_COLUMNS " FROM " table \
	" ORDER BY account, slot, category"
#define SELECT_BY_SERIES(table)                                                  \
	"SELECT account, slot, category, series, " AMOUNT_COLUMNS " FROM " table \
	" ORDER BY account, slot, category, series"

static const char *const stored_sql[LEVELS][ROLLUP_KINDS] = {
	[LEVEL_QUARTER] = { SELECT_BY_CATEGORY("total_quarter"), SELECT_BY_SERIES("part_quarter") },
	[LEVEL_DAY] = { SELECT_BY_CATEGORY("total_day"), SELECT_BY_SERIES("part_day") },
	[LEVEL_MONTH] = { SELECT_BY_CATEGORY("total_month"), SELECT_BY_SERIES("part_month") },
};

struct group {
	int64_t category, series;
	bool has_dimensions;
	struct amounts_wide amounts;
};

static guint group_hash(gconstpointer key)
{
	const struct group *g = key;

	return (guint)((uint64_t)(g->series * 31 + g->category) * 0x9e3779b97f4a7c15u >> 32);
}

static gboolean group_equal(gconstpointer a, gconstpointer b)
{
	const struct group *x = a;
	const struct group *y = b;

	return x->category == y->category && x->series == y->series;
}

static gint group_compare(gconstpointer a, gconstpointer b)
{
	const struct group *x = *(const struct group *const *)a;
	const struct group *y = *(const struct group *const *)b;

	if (x->category != y->category)
		return x->category < y->category ? -1 : 1;
	return x->series < y->series ? -1 : x->series > y->series;
}

static int narrow(const struct walk *w, const struct amounts_wide *a, struct amounts *ret,
		  struct error *err)
{
	if (!amounts_narrow(a, ret) && w->calls->must_fit)
		return error_set(err, ERR_OVERFLOW, NULL,
				 "a sum of the events does not fit 64 bits: an event can't be what "
				 "was sent");
	return 0;
}

static int stored_next(struct walk_stored *t, struct error *err)
{
	struct stmt *s = t->s;
	int rc = db_step(s, err);

	if (rc <= 0) {
		t->s = NULL;
		return rc;
	}
	t->row.account = db_get_int(s, 0);
	t->row.slot = db_get_int(s, 1);
	t->row.category = db_get_int(s, 2);
	t->row.series = db_get_int(s, 3);
	store_get_amounts(s, 4, &t->row.amounts);
	return 0;
}

static int rollup_compare(const struct rollup *a, const struct rollup *b)
{
	if (a->account != b->account)
		return a->account < b->account ? -1 : 1;
	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	if (a->category != b->category)
		return a->category < b->category ? -1 : 1;
	return a->series < b->series ? -1 : a->series > b->series;
}

/* A stored rollup without events. It may stay if its amounts are zero. */
static int unexpected(struct walk *w, struct walk_stored *t, struct error *err)
{
	if (!amounts_zero(&t->row.amounts) && w->calls->rollup(w, NULL, &t->row, err) < 0)
		return -1;
	return stored_next(t, err);
}

/* Compares the computed rollup WANT with the stored ones up to it. */
static int expect(struct walk *w, struct walk_stored *t, const struct rollup *want,
		  struct error *err)
{
	while (t->s && rollup_compare(&t->row, want) < 0) {
		if (unexpected(w, t, err) < 0)
			return -1;
	}
	if (!t->s || rollup_compare(&t->row, want) > 0)
		return amounts_zero(&want->amounts) ? 0 : w->calls->rollup(w, want, NULL, err);
	if (!amounts_equal(&t->row.amounts, &want->amounts) &&
	    w->calls->rollup(w, want, &t->row, err) < 0)
		return -1;
	return stored_next(t, err);
}

static int expect_by_series(struct walk *w, enum level level, GPtrArray *groups, struct error *err)
{
	const struct walk_tally *t = &w->tally[level];

	for (guint i = 0; i < groups->len; i++) {
		const struct group *g = g_ptr_array_index(groups, i);
		struct rollup want = { .level = level,
				       .account = t->account,
				       .slot = t->slot,
				       .category = g->category,
				       .series = g->series };

		if (!g->has_dimensions)
			continue;
		if (narrow(w, &g->amounts, &want.amounts, err) < 0 ||
		    expect(w, &w->stored[level][BY_SERIES], &want, err) < 0)
			return -1;
	}
	return 0;
}

static int expect_by_category(struct walk *w, enum level level, GPtrArray *groups,
			      struct error *err)
{
	const struct walk_tally *t = &w->tally[level];
	guint i = 0;

	while (i < groups->len) {
		const struct group *g = g_ptr_array_index(groups, i);
		struct rollup want = { .level = level,
				       .account = t->account,
				       .slot = t->slot,
				       .category = g->category };
		struct amounts_wide sum = { 0 };

		for (; i < groups->len; i++) {
			g = g_ptr_array_index(groups, i);
			if (g->category != want.category)
				break;
			amounts_wide_add(&sum, &g->amounts, 1);
		}
		if (narrow(w, &sum, &want.amounts, err) < 0 ||
		    expect(w, &w->stored[level][BY_CATEGORY], &want, err) < 0)
			return -1;
	}
	return 0;
}

/* Compares the complete slot of this level and begins a new one. */
static int tally_close(struct walk *w, enum level level, struct error *err)
{
	GPtrArray *groups = g_ptr_array_new();
	GHashTableIter it;
	gpointer g;
	int rc;

	g_hash_table_iter_init(&it, w->tally[level].groups);
	while (g_hash_table_iter_next(&it, &g, NULL))
		g_ptr_array_add(groups, g);
	g_ptr_array_sort(groups, group_compare);
	rc = expect_by_category(w, level, groups, err);
	if (rc == 0)
		rc = expect_by_series(w, level, groups, err);
	g_ptr_array_free(groups, TRUE);
	g_hash_table_remove_all(w->tally[level].groups);
	return rc;
}

static int tally_add(struct walk *w, enum level level, int64_t account, int64_t quarter,
		     const struct group *add_group, struct error *err)
{
	struct walk_tally *t = &w->tally[level];
	int64_t slot = slot_of(level, quarter);
	struct group *g;

	if ((account != t->account || slot != t->slot) && tally_close(w, level, err) < 0)
		return -1;
	t->account = account;
	t->slot = slot;
	g = g_hash_table_lookup(t->groups, add_group);
	if (g) {
		amounts_wide_add(&g->amounts, &add_group->amounts, 1);
	} else {
		g = g_memdup2(add_group, sizeof(*add_group));
		g_hash_table_add(t->groups, g);
	}
	return 0;
}

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
	struct group g = {
		.category = db_get_int(s, 2),
		.series = db_get_int(s, 3),
		.has_dimensions = db_get_int(s, 4) != 0,
	};
	struct posting p = { .effective_us = db_get_int(s, EFFECTIVE),
			     .series = g.series,
			     .source = db_get_int(s, SOURCE) };
	int64_t time_us = db_get_int(s, TIME);
	struct amounts amounts;

	store_get_amounts(s, 5, &amounts);
	g.amounts = amounts_widen(&amounts);
	p.id = db_get_text(s, ID, &p.id_len);
	if (p.effective_us < time_us)
		w->calls->bad_event(w, &p, " takes effect before its own time");
	if ((db_get_int(s, CORRECTION) != 0) != (p.source == w->own))
		w->calls->bad_event(
			w, &p,
			p.source == w->own
				? ": is no entry of any correction"
				: ": is an entry of a correction, but of another source");
	for (int level = 0; level < LEVELS; level++) {
		if (tally_add(w, level, account, db_get_int(s, 1), &g, err) < 0)
			return -1;
	}
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
	if (calls->stopped && calls->stopped(calls->arg))
		return error_set(err, ERR_BUSY, NULL, "the verification was stopped");
	return w->calls->pause ? w->calls->pause(w, err) : 0;
}

static int add_events(struct walk *w, int64_t all, struct error *err)
{
	struct stmt *s = prepare(w->st, EVENTS, err);
	int64_t done = 0;
	int rc;

	while ((rc = db_step(s, err)) > 0) {
		if (add_event(w, s, err) < 0 ||
		    (++done % 4096 == 0 && pause_walk(w, done, all, err) < 0)) {
			db_reset(s);
			return -1;
		}
	}
	if (rc == 0 && done != all)
		return error_set(err, ERR_INTERNAL, NULL,
				 "the ledger is damaged: some of its events belong to no series");
	return rc;
}

/*
 * After the last event: compares the open slots and the open hour, then reports
 * stored rows that are left.
 */
static int finish(struct walk *w, struct error *err)
{
	for (int level = 0; level < LEVELS; level++) {
		if (tally_close(w, level, err) < 0)
			return -1;
		for (int kind = 0; kind < ROLLUP_KINDS; kind++) {
			struct walk_stored *t = &w->stored[level][kind];

			while (t->s) {
				if (unexpected(w, t, err) < 0)
					return -1;
			}
		}
	}
	if (w->hour.want.account && close_hour(w, false, err) < 0)
		return -1;
	return close_hour(w, true, err);
}

static int start(struct walk *w, struct error *err)
{
	for (int level = 0; level < LEVELS; level++) {
		for (int kind = 0; kind < ROLLUP_KINDS; kind++) {
			struct walk_stored *t = &w->stored[level][kind];

			t->row.level = level;
			t->s = prepare(w->st, stored_sql[level][kind], err);
			if (!t->s || stored_next(t, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int count_events(struct store *st, int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT count(*) FROM event", err);

	return store_one(s, ret, err) > 0 ? 0 : -1;
}

int walk_events(struct walk *w, int64_t *ret_events, struct error *err)
{
	if (store_source_find(w->st, 0, EVENT_SOURCE_OWN, strlen(EVENT_SOURCE_OWN), &w->own, err) <
		    0 ||
	    count_events(w->st, ret_events, err) < 0 || start(w, err) < 0 ||
	    posting_reader_new(w->st, &w->postings, err) < 0 ||
	    add_events(w, *ret_events, err) < 0 || finish(w, err) < 0)
		return -1;
	return 0;
}

void walk_init(struct walk *w)
{
	for (int level = 0; level < LEVELS; level++)
		w->tally[level].groups = g_hash_table_new_full(group_hash, group_equal, g_free,
							       NULL);
	w->hour.refs = g_array_new(FALSE, FALSE, sizeof(struct posting));
	arena_init(&w->hour.arena);
}

void walk_release(struct walk *w)
{
	for (int level = 0; level < LEVELS; level++) {
		g_hash_table_destroy(w->tally[level].groups);
		for (int kind = 0; kind < ROLLUP_KINDS; kind++) {
			db_reset(w->stored[level][kind].s);
		}
	}
	posting_reader_free(&w->postings);
	g_array_free(w->hour.refs, TRUE);
	arena_release(&w->hour.arena);
}
