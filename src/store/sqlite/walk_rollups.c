#include "store/sqlite/walk_rollups.h"

#include <stdlib.h>
#include "base/civil.h"
#include "store/rollup.h"
#include "store/sqlite/rollup_group.h"
#include "base/banned.h"

struct walk_rollups {
	struct store *st;
	const struct db_list *accounts; /* NULL: all */
	struct rollup_calls calls;
	struct stmt *months; /* that are stored, at the next one; NULL: there are no more */
	struct rollup_rows next;
	/* a set of struct rollup_rows: months that are not stored, but have other rows */
	GHashTable *missing;

	int64_t account, month; /* whose events are being added up; account 0: none yet */
	bool large;             /* as it is stored */
	bool damaged;           /* its rows at PLACE_MONTH */
	GArray *stored;         /* its entries at PLACE_MONTH */
	bool others;            /* it has rows of periods that have no event */
	uint32_t days;          /* of the month that have been compared, a bit each */
	int64_t day;            /* of the month, from 0: that is being added up */
	GArray *detail;         /* of the day; slots are the month's */
	GArray *sums[PLACES];   /* of the days before it, at places of months */
	GArray *merged;         /* room for another */
};

static guint rows_hash(gconstpointer p)
{
	const struct rollup_rows *r = p;

	return (guint)((uint64_t)(r->account * 4096 + r->period) * 0x9e3779b97f4a7c15u >> 32);
}

static gboolean rows_equal(gconstpointer a, gconstpointer b)
{
	const struct rollup_rows *x = a, *y = b;

	return x->account == y->account && x->period == y->period;
}

static GArray *entries_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(struct rollup_entry));
}

static const struct rollup_entry *entries_of(const GArray *list)
{
	return (const struct rollup_entry *)list->data;
}

/* ---- comparing ---- */

struct lists {
	const struct rollup_rows *rows;
	bool detail, damaged;
	const struct rollup_entry *want, *have;
	size_t n_want, n_have;
};

static bool equal(const struct amounts_wide *a, const struct amounts_wide *b)
{
	struct amounts_wide difference = *a;

	amounts_wide_add(&difference, b, -1);
	return amounts_wide_zero(&difference);
}

static int compare_entries(struct walk_rollups *w, const struct lists *l, int order,
			   struct error *err)
{
	struct rollup_entry want = order <= 0 ? *l->want : *l->have;
	struct rollup_entry have = order >= 0 ? *l->have : *l->want;

	if (order > 0)
		want.amounts = (struct amounts_wide) { 0 };
	if (order < 0)
		have.amounts = (struct amounts_wide) { 0 };
	return equal(&want.amounts, &have.amounts)
		       ? 0
		       : w->calls.entry(w->calls.arg, l->rows, l->detail, &want, &have, err);
}

static int compare_lists(struct walk_rollups *w, struct lists l, struct error *err)
{
	while (l.n_want || l.n_have) {
		int order = !l.n_want ? 1 : !l.n_have ? -1 : rollup_entry_compare(l.want, l.have);

		if (compare_entries(w, &l, order, err) < 0)
			return -1;
		if (order <= 0)
			l.want++, l.n_want--;
		if (order >= 0)
			l.have++, l.n_have--;
	}
	return w->calls.rows(w->calls.arg, l.rows, l.detail, l.damaged, err);
}

/* Holds the stored rows against WANT. */
static int compare_rows(struct walk_rollups *w, const struct rollup_rows *rows,
			const struct rollup_entry *want, size_t n, struct error *err)
{
	struct lists l = { .rows = rows, .want = want, .n_want = n };
	GArray *have = entries_new();
	enum leaf_form form;
	int rc = rollup_rows_read(w->st, rows, have, &form, &l.damaged, err);

	l.have = entries_of(have);
	l.n_have = have->len;
	if (rc >= 0)
		rc = compare_lists(w, l, err);
	g_array_free(have, TRUE);
	return rc < 0 ? -1 : 0;
}

/* ---- a day ---- */

/* Those of the small month's stored entries that are of the day. */
static void take_stored_day(struct walk_rollups *w, int64_t day)
{
	g_array_set_size(w->merged, 0);
	for (guint i = 0; i < w->stored->len; i++) {
		const struct rollup_entry *e = &entries_of(w->stored)[i];

		if (e->slot / SLOTS_PER_DAY == day)
			g_array_append_vals(w->merged, e, 1);
	}
}

static int close_small_day(struct walk_rollups *w, struct error *err)
{
	struct rollup_rows rows = { PLACE_MONTH, w->account, w->month };

	take_stored_day(w, w->day);
	return compare_lists(w,
			     (struct lists) { .rows = &rows,
					      .detail = true,
					      .want = entries_of(w->detail),
					      .n_want = w->detail->len,
					      .have = entries_of(w->merged),
					      .n_have = w->merged->len },
			     err);
}

/* Holds the day's rows against the detail, or adds it to those of the month. */
static int close_large_place(struct walk_rollups *w, enum rollup_place place, struct error *err)
{
	GArray *list = rollup_group(place, entries_of(w->detail), w->detail->len);
	struct rollup_rows rows = { place, w->account, slot_month_day(w->month) + w->day };
	int64_t day;
	int rc = 0;

	if (rollup_place_of_days(place)) {
		guint n = list->len ? rollup_take_day(list, 0, &day) : 0;

		rc = compare_rows(w, &rows, entries_of(list), n, err);
	} else {
		GArray *before = w->sums[place];

		g_array_set_size(w->merged, 0);
		rollup_entries_merge(entries_of(before), before->len, entries_of(list), list->len,
				     w->merged);
		w->sums[place] = w->merged;
		w->merged = before;
	}
	g_array_free(list, TRUE);
	return rc;
}

static int close_day(struct walk_rollups *w, struct error *err)
{
	int rc = 0;

	if (w->detail->len == 0)
		return 0;
	rollup_add_up(w->detail);
	w->days |= 1U << w->day;
	if (!w->large)
		rc = close_small_day(w, err);
	for (int place = 0; w->large && place < PLACES && rc == 0; place++)
		rc = close_large_place(w, (enum rollup_place)place, err);
	g_array_set_size(w->detail, 0);
	return rc;
}

/* ---- a month ---- */

/* Compares rows of periods that have no event. */
static int close_others(struct walk_rollups *w, enum rollup_place place, struct error *err)
{
	bool by_day = rollup_place_of_days(place);
	int64_t first = by_day ? slot_month_day(w->month) : w->month;
	int64_t end = by_day ? slot_month_day(w->month + 1) : w->month + 1;
	struct rollup_rows rows = { place, w->account, first - 1 };
	int rc;

	for (;;) {
		struct stmt *s =
			prepare(w->st,
				"SELECT period FROM rollup WHERE place = ?1 AND account = ?2"
				" AND period > ?3 AND period < ?4 ORDER BY period LIMIT 1",
				err);

		db_bind_int(s, 1, place);
		db_bind_int(s, 2, w->account);
		db_bind_int(s, 3, rows.period);
		db_bind_int(s, 4, end);
		rc = store_one(s, &rows.period, err);
		if (rc <= 0)
			return rc;
		if (w->large && (!by_day || w->days & 1U << (rows.period - first)))
			continue;
		w->others = true;
		if (compare_rows(w, &rows, NULL, 0, err) < 0)
			return -1;
	}
}

static int close_small_month(struct walk_rollups *w, struct error *err)
{
	struct rollup_rows rows = { PLACE_MONTH, w->account, w->month };
	GArray *left = entries_new();
	int rc;

	for (guint i = 0; i < w->stored->len; i++) {
		const struct rollup_entry *e = &entries_of(w->stored)[i];
		int64_t day = e->slot / SLOTS_PER_DAY;

		if (day > 31 || !(w->days & 1U << day))
			g_array_append_vals(left, e, 1);
	}
	rc = compare_lists(w,
			   (struct lists) { .rows = &rows,
					    .detail = true,
					    .have = entries_of(left),
					    .n_have = left->len },
			   err);
	g_array_free(left, TRUE);
	return rc;
}

static int close_month(struct walk_rollups *w, struct error *err)
{
	int rc = close_day(w, err);

	if (rc == 0 && !w->large)
		rc = close_small_month(w, err);
	for (int place = 0; w->large && place < PLACES && rc == 0; place++) {
		struct rollup_rows rows = { (enum rollup_place)place, w->account, w->month };

		rc = rollup_place_of_days(rows.place)
			     ? close_others(w, rows.place, err)
			     : compare_rows(w, &rows, entries_of(w->sums[place]),
					    w->sums[place]->len, err);
		g_array_set_size(w->sums[place], 0);
	}
	return rc;
}

/* A small month has no other rows; before anything is added to it, they go. */
static int open_small_month(struct walk_rollups *w, struct error *err)
{
	struct rollup_rows rows = { PLACE_MONTH, w->account, w->month };

	for (int place = PLACE_MONTH + 1; place < PLACES; place++)
		if (close_others(w, (enum rollup_place)place, err) < 0)
			return -1;
	return w->calls.rows(w->calls.arg, &rows, true, w->damaged, err);
}

static int open_month(struct walk_rollups *w, int64_t account, int64_t month, struct error *err)
{
	struct rollup_rows rows = { PLACE_MONTH, account, month };
	enum leaf_form form = LEAF_DETAIL;
	bool stored;
	int rc;

	w->account = account;
	w->month = month;
	w->days = 0;
	w->damaged = w->others = false;
	g_array_set_size(w->stored, 0);
	rc = rollup_rows_read(w->st, &rows, w->stored, &form, &w->damaged, err);
	w->large = form == LEAF_SUMS;
	stored = rc > 0;
	if (rc > 0 && w->damaged && !w->stored->len) {
		/* nothing says what it was, but a large month has days */
		rows.place = PLACE_DAYS;
		rc = rollup_rows_exist(w->st, &rows, err);
		w->large = rc > 0;
	}
	if (rc >= 0 && !w->large)
		rc = open_small_month(w, err);
	if (!stored && w->others)
		g_hash_table_add(w->missing, g_memdup2(&rows, sizeof(rows)));
	return rc < 0 ? -1 : 0;
}

/* ---- all months ---- */

static int next_month(struct walk_rollups *w, struct error *err)
{
	int rc = db_step(w->months, err);

	if (rc <= 0)
		w->months = NULL;
	else
		w->next = (struct rollup_rows) { PLACE_MONTH, db_get_int(w->months, 0),
						 db_get_int(w->months, 1) };
	return rc < 0 ? -1 : 0;
}

/* Goes on to the month: those before it have no events. */
static int go_to(struct walk_rollups *w, int64_t account, int64_t month, struct error *err)
{
	if (w->account && close_month(w, err) < 0)
		return -1;
	while (w->months && (w->next.account < account ||
			     (w->next.account == account && w->next.period < month))) {
		if (open_month(w, w->next.account, w->next.period, err) < 0 ||
		    close_month(w, err) < 0 || next_month(w, err) < 0)
			return -1;
	}
	if (w->months && w->next.account == account && w->next.period == month)
		return next_month(w, err);
	return 0;
}

/* Rows of months that are not stored and have no events. */
static int check_strays(struct walk_rollups *w, struct error *err)
{
	struct stmt *s = prepare(w->st,
				 w->accounts ? "SELECT DISTINCT place, account, period FROM rollup"
					       " WHERE place > ?1 AND place < ?2"
					       " AND account IN (SELECT a FROM list(?3))"
					     : "SELECT DISTINCT place, account, period FROM rollup"
					       " WHERE place > ?1 AND place < ?2 AND account > 0",
				 err);
	int64_t account = 0, month = 0;
	int rc, exists = 0;

	db_bind_int(s, 1, PLACE_MONTH);
	db_bind_int(s, 2, PLACES);
	if (w->accounts)
		db_bind_list(s, 3, w->accounts);
	while ((rc = db_step(s, err)) > 0) {
		struct rollup_rows rows = { (enum rollup_place)db_get_int(s, 0), db_get_int(s, 1),
					    db_get_int(s, 2) };
		int64_t of = rollup_place_of_days(rows.place)
				     ? slot_of(LEVEL_MONTH, slot_of_day(rows.period))
				     : rows.period;
		struct rollup_rows whole = { PLACE_MONTH, rows.account, of };

		if (rows.account != account || of != month)
			exists = g_hash_table_contains(w->missing, &whole)
					 ? 1
					 : rollup_rows_exist(w->st, &whole, err);
		account = rows.account;
		month = of;
		if (exists < 0 || (exists == 0 && compare_rows(w, &rows, NULL, 0, err) < 0)) {
			db_reset(s);
			return -1;
		}
	}
	return rc;
}

struct walk_rollups *walk_rollups_new(struct store *st, const struct db_list *accounts,
				      const struct rollup_calls *calls)
{
	struct walk_rollups *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->st = st;
	w->accounts = accounts;
	w->calls = *calls;
	w->missing = g_hash_table_new_full(rows_hash, rows_equal, g_free, NULL);
	w->stored = entries_new();
	w->detail = entries_new();
	w->merged = entries_new();
	for (int place = 0; place < PLACES; place++)
		w->sums[place] = entries_new();
	return w;
}

void walk_rollups_free(struct walk_rollups **w)
{
	if (!*w)
		return;
	db_reset((*w)->months);
	g_hash_table_destroy((*w)->missing);
	g_array_free((*w)->stored, TRUE);
	g_array_free((*w)->detail, TRUE);
	g_array_free((*w)->merged, TRUE);
	for (int place = 0; place < PLACES; place++)
		g_array_free((*w)->sums[place], TRUE);
	free(*w);
	*w = NULL;
}

/* The months that are stored; before anything else is asked. */
static int start(struct walk_rollups *w, struct error *err)
{
	w->months = prepare(
		w->st,
		w->accounts ? "SELECT DISTINCT account, period FROM rollup WHERE place = ?1"
			      " AND account IN (SELECT a FROM list(?2)) ORDER BY account, period"
			    : "SELECT DISTINCT account, period FROM rollup WHERE place = ?1"
			      " AND account > 0 ORDER BY account, period",
		err);
	db_bind_int(w->months, 1, PLACE_MONTH);
	if (w->accounts)
		db_bind_list(w->months, 2, w->accounts);
	return next_month(w, err);
}

int walk_rollups_add_entry(struct walk_rollups *w, int64_t account, int64_t month,
			   const struct rollup_entry *e, struct error *err)
{
	int64_t day = e->slot / SLOTS_PER_DAY;

	if (!w->account && start(w, err) < 0)
		return -1;
	if (w->account != account || w->month != month) {
		if (go_to(w, account, month, err) < 0 || open_month(w, account, month, err) < 0)
			return -1;
	} else if (w->day != day && close_day(w, err) < 0) {
		return -1;
	}
	w->day = day;
	rollup_append(w->detail, e);
	return 0;
}

int walk_rollups_add(struct walk_rollups *w, const struct rollup *r, struct error *err)
{
	int64_t month = slot_of(LEVEL_MONTH, r->slot);
	struct rollup_entry e = { r->category, r->series,
				  r->slot - slot_month_day(month) * SLOTS_PER_DAY,
				  amounts_widen(&r->amounts) };

	return walk_rollups_add_entry(w, r->account, month, &e, err);
}

int walk_rollups_end(struct walk_rollups *w, struct error *err)
{
	if (!w->account && start(w, err) < 0)
		return -1;
	return go_to(w, INT64_MAX, 0, err) < 0 ? -1 : check_strays(w, err);
}
