#include "store/sqlite/layout.h"

#include <stdlib.h>
#include "base/civil.h"
#include "base/int_order.h"
#include "store/lists.h"
#include "store/sqlite/family_sums.h"
#include "store/sqlite/rollup_group.h"
#include "base/banned.h"

/* ---- what fits ---- */

static bool fits(wide n)
{
	return n >= INT64_MIN && n <= INT64_MAX;
}

/* Sets ERR_OVERFLOW if SUM leaves 64 bits and HAVE, the total before, doesn't. */
static int check_total(const struct amounts_wide *have, const struct amounts_wide *sum,
		       struct error *err)
{
	for (int i = 0; i < AMOUNTS; i++)
		if (!fits(sum->n[i]) && fits(have->n[i]))
			return error_set(err, ERR_OVERFLOW, amount_infos[i].field,
					 "the account's total %s of this category and month would"
					 " no longer fit 64 bits",
					 amount_infos[i].field);
	return 0;
}

int store_rollup_check(const struct amounts_wide *a, struct error *err)
{
	return check_total(&(struct amounts_wide) { 0 }, a, err);
}

/*
 * SUMS are the totals of a month by category. HAVE, if not NULL, are those
 * before: one that left 64 bits already, which is damage, may do so still.
 */
static int check_totals(const GArray *have, const GArray *sums, struct error *err)
{
	static const struct amounts_wide none;
	guint at = 0;

	for (guint i = 0; i < sums->len; i++) {
		const struct rollup_entry *sum = &g_array_index(sums, struct rollup_entry, i);
		const struct amounts_wide *before = &none;

		for (; have && at < have->len; at++) {
			const struct rollup_entry *h = &g_array_index(have, struct rollup_entry,
								      at);

			if (h->category == sum->category)
				before = &h->amounts;
			if (h->category >= sum->category)
				break;
		}
		if (check_total(before, &sum->amounts, err) < 0)
			return -1;
	}
	return 0;
}

static GArray *group_totals(const GArray *detail)
{
	return rollup_group(PLACE_MONTH, (const struct rollup_entry *)detail->data, detail->len);
}

/* The totals by category of a month's detail. HAVE: before, or NULL. */
static int check_detail(const GArray *have, const GArray *detail, struct error *err)
{
	GArray *before = have ? group_totals(have) : NULL, *totals = group_totals(detail);
	int rc = check_totals(before, totals, err);

	if (before)
		g_array_free(before, TRUE);
	g_array_free(totals, TRUE);
	return rc;
}

/* ---- large months ---- */

/* What is added to a month: entries of quarter hours, ascending. */
struct month {
	const struct rollup_entry *detail;
	size_t n;
	bool repair; /* see rollup_add_detail */
};

/*
 * Adds what DETAIL is at PLACE_MONTH, and checks the totals, unless the month was
 * small (FIRST is NULL): then they have been checked.
 */
static int add_totals(struct store *st, const struct rollup_rows *rows, const struct month *m,
		      const struct rollup_first *first, struct error *err)
{
	GArray *list = rollup_group(PLACE_MONTH, m->detail, m->n);
	const struct rollup_entry *e = (const struct rollup_entry *)list->data;
	struct amounts_wide *sums = g_new(struct amounts_wide, list->len);
	struct rollup_addition added = { e, list->len, first, sums };
	int rc = rollup_rows_add(st, rows, &added, err);

	for (guint i = 0; first && rc == 0 && i < list->len && !is_family_number(rows->account);
	     i++) {
		struct amounts_wide before = { 0 };

		if (m->repair) {
			before = sums[i];
			amounts_wide_add(&before, &e[i].amounts, -1);
		}
		rc = check_total(&before, &sums[i], err);
	}
	g_free(sums);
	g_array_free(list, TRUE);
	return rc;
}

/* Adds what DETAIL is at another place of months. */
static int add_to_month(struct store *st, const struct rollup_rows *rows, const struct month *m,
			struct error *err)
{
	GArray *list = rollup_group(rows->place, m->detail, m->n);
	struct rollup_addition added = { .entries = (const struct rollup_entry *)list->data,
					 .n = list->len };
	int rc = rollup_rows_add(st, rows, &added, err);

	g_array_free(list, TRUE);
	return rc;
}

/* ... of days. */
static int add_to_days(struct store *st, struct rollup_rows rows, const struct month *m,
		       struct error *err)
{
	GArray *list = rollup_group(rows.place, m->detail, m->n);
	int64_t first = slot_month_day(rows.period), day;
	int rc = 0;

	for (guint i = 0, taken = 0; i < list->len && rc == 0; i += taken) {
		struct rollup_addition added = { 0 };

		taken = rollup_take_day(list, i, &day);
		rows.period = first + day;
		added.entries = (const struct rollup_entry *)list->data + i;
		added.n = taken;
		rc = rollup_rows_add(st, &rows, &added, err);
	}
	g_array_free(list, TRUE);
	return rc;
}

static bool has_series(const struct month *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->detail[i].series)
			return true;
	return false;
}

/* FIRST is the first leaf of the month; NULL: it was small. */
static int add_to_large(struct store *st, const struct rollup_rows *month, const struct month *m,
			const struct rollup_first *first, struct error *err)
{
	int rc = add_totals(st, month, m, first, err);
	bool series = has_series(m);

	for (int place = PLACE_MONTH + 1; place < PLACES && rc == 0; place++) {
		struct rollup_rows rows = { (enum rollup_place)place, month->account,
					    month->period };

		if (rollup_place_of_series(rows.place) && !series)
			continue;

		rc = rollup_place_of_days(rows.place) ? add_to_days(st, rows, m, err)
						      : add_to_month(st, &rows, m, err);
	}
	return rc;
}

/* ---- small months ---- */

/*
 * ALL is all of the month, which was small or empty. SEVERAL: it has rows beyond
 * the first leaf.
 */
static int put_month(struct store *st, const struct rollup_rows *rows, bool several,
		     const struct month *all, struct error *err)
{
	int rc = rollup_rows_put_small(st, rows, several, all->detail, all->n, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	return rollup_rows_drop(st, rows, err) < 0 ? -1 : add_to_large(st, rows, all, NULL, err);
}

/* HAVE is all of the month before. */
static int add_to_small(struct store *st, const struct rollup_rows *rows, bool several,
			const GArray *have, const struct month *m, struct error *err)
{
	GArray *sums = g_array_new(FALSE, FALSE, sizeof(struct rollup_entry));
	struct month all = { .repair = m->repair };
	int rc = 0;

	rollup_entries_merge((const struct rollup_entry *)have->data, have->len, m->detail, m->n,
			     sums);
	all.detail = (const struct rollup_entry *)sums->data;
	all.n = sums->len;
	if (!is_family_number(rows->account))
		rc = check_detail(m->repair ? have : NULL, sums, err);
	if (rc == 0)
		rc = put_month(st, rows, several, &all, err);
	g_array_free(sums, TRUE);
	return rc;
}

/* FIRST is the first leaf of a month that is not empty. */
static int add_to_leaves(struct store *st, const struct rollup_rows *rows,
			 const struct rollup_first *first, const struct month *m, struct error *err)
{
	GArray *have;
	enum leaf_form form = LEAF_DETAIL;
	int rc = 0;

	if (first->leaf.bytes[0] == LEAF_SUMS)
		return add_to_large(st, rows, m, first, err);
	have = g_array_new(FALSE, FALSE, sizeof(struct rollup_entry));
	if (first->several)
		rc = rollup_rows_read(st, rows, have, &form, NULL, err);
	else if (!rollup_first_entries(first, have, &form))
		rc = rollup_damaged(err);
	if (rc >= 0)
		rc = add_to_small(st, rows, first->several, have, m, err);
	g_array_free(have, TRUE);
	return rc;
}

int rollup_add_detail(struct store *st, const struct rollup_rows *rows,
		      const struct rollup_entry *detail, size_t n, bool repair, struct error *err)
{
	static const GArray none;
	struct month m = { detail, n, repair };
	struct rollup_first first;
	int rc = rollup_rows_first(st, rows, &first, err);

	if (rc <= 0)
		return rc < 0 ? -1 : add_to_small(st, rows, false, &none, &m, err);
	return add_to_leaves(st, rows, &first, &m, err);
}

/* ---- a list of any months ---- */

/* A rollup and where it is added: small, because a batch has very many. */
struct placed {
	int64_t account; /* or family_number */
	int64_t month;
	const struct rollup *of;
};

/* A family has no series. */
static int64_t series_of(const struct placed *p)
{
	return is_family_number(p->account) ? 0 : p->of->series;
}

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	int order = compare(x->account, y->account);

	if (!order)
		order = compare(x->month, y->month);
	if (!order)
		order = compare(x->of->category, y->of->category);
	if (!order)
		order = compare(series_of(x), series_of(y));
	return order ? order : compare(x->of->slot, y->of->slot);
}

/* Those to add; sorted by add_placed. */
static struct placed *place_all(const struct rollup *list, size_t n)
{
	struct placed *ret = g_new(struct placed, n);
	int64_t last = INT64_MIN, month = 0; /* the day that was looked up last, and its month */

	for (size_t i = 0; i < n; i++) {
		int64_t day = floor_div(list[i].slot, SLOTS_PER_DAY);

		if (day != last)
			month = slot_of(LEVEL_MONTH, list[i].slot);
		last = day;
		ret[i] = (struct placed) { list[i].account, month, &list[i] };
	}
	return ret;
}

/*
 * Makes those of PLACED that are of subaccounts of the families ROOTS, ascending,
 * into additions to the families. Returns their number.
 */
static size_t place_families(struct placed *placed, size_t n, const int64_t *roots, size_t n_roots)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct rollup *of = placed[i].of;

		if (of->account == of->family ||
		    !bsearch(&of->family, roots, n_roots, sizeof(*roots), int_order))
			continue;
		placed[kept] = placed[i];
		placed[kept++].account = family_number(of->family);
	}
	return kept;
}

/* Adds those of the month that PLACED begins with; returns how many, or -1. */
static int64_t add_first_month(struct store *st, const struct placed *placed, size_t n,
			       GArray *detail, struct error *err)
{
	struct rollup_rows rows = { PLACE_MONTH, placed->account, placed->month };
	int64_t start = slot_month_day(placed->month) * SLOTS_PER_DAY;
	size_t taken = 0;

	g_array_set_size(detail, 0);
	for (; taken < n && placed[taken].account == placed->account &&
	       placed[taken].month == placed->month;
	     taken++) {
		const struct rollup *of = placed[taken].of;
		struct rollup_entry e = { of->category, series_of(&placed[taken]), of->slot - start,
					  amounts_widen(&of->amounts) };

		rollup_append(detail, &e);
	}
	if (rollup_add_detail(st, &rows, (const struct rollup_entry *)detail->data, detail->len,
			      false, err) < 0)
		return -1;
	return (int64_t)taken;
}

/* Sorts PLACED, and adds it month by month. */
static int add_placed(struct store *st, struct placed *placed, size_t n, struct error *err)
{
	GArray *detail = g_array_new(FALSE, FALSE, sizeof(struct rollup_entry));
	int64_t taken = 0;

	if (n)
		qsort(placed, n, sizeof(*placed), compare_placed);
	for (size_t i = 0; i < n && taken >= 0; i += (size_t)taken)
		taken = add_first_month(st, placed + i, n - i, detail, err);
	g_array_free(detail, TRUE);
	return taken < 0 ? -1 : 0;
}

int sqlite_rollups_add(struct store *st, const struct rollup *list, size_t n, struct error *err)
{
	struct placed *placed;
	struct arena arena;
	const int64_t *roots;
	size_t n_roots;
	int rc;

	arena_init(&arena);
	rc = family_sums_of(st, list, n, &arena, &roots, &n_roots, err);
	placed = place_all(list, n);
	if (rc == 0 && n_roots) {
		struct placed *families = g_memdup2(placed, n * sizeof(*placed));

		rc = add_placed(st, families, place_families(families, n, roots, n_roots), err);
		g_free(families);
	}
	if (rc == 0)
		rc = add_placed(st, placed, n, err);
	g_free(placed);
	arena_release(&arena);
	return rc;
}

/* ---- reading ---- */

int sqlite_rollup_sum(struct store *st, const struct rollup *key, struct amounts_wide *ret,
		      struct error *err)
{
	/* of months only, see store_rollup_bounded */
	struct rollup_rows rows = { PLACE_MONTH, key->account, key->slot };
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct rollup_entry));
	enum leaf_form form;
	int rc = rollup_rows_read(st, &rows, list, &form, NULL, err);

	*ret = (struct amounts_wide) { 0 };
	for (guint i = 0; rc > 0 && i < list->len; i++) {
		const struct rollup_entry *e = &g_array_index(list, struct rollup_entry, i);

		if (e->category == key->category)
			amounts_wide_add(ret, &e->amounts, 1);
	}
	g_array_free(list, TRUE);
	return rc < 0 ? -1 : 0;
}

/* ---- the first and the last day ---- */

/*
 * Of each account, its first or last month. A small month has one row for each
 * leaf; a large month one for each leaf of its days.
 */
#define END_MONTHS(end)                                                                   \
	"SELECT l.rowid, m.period, m.leaf, d.leaf FROM list(?1) l CROSS JOIN rollup m"    \
	" LEFT JOIN rollup d ON d.place = ?3 AND d.account = l.a AND d.period = m.period" \
	" WHERE m.place = ?2 AND m.account = l.a AND (m.first = x'' OR d.place IS NULL)"  \
	" AND m.period = (SELECT " end "(period) FROM rollup WHERE place = ?2 AND account = l.a)"

/* Sets *DAY to the first or LAST day of the leaf, counted from FIRST. */
static int take_days(struct store *st, struct leaf_reader *leaf, bool last, int64_t *day,
		     int64_t first, struct error *err)
{
	int64_t slots = leaf->form == LEAF_DETAIL ? SLOTS_PER_DAY : 1, n = 0;
	int rc;

	for (; (rc = leaf_next(leaf)) > 0; n++) {
		int64_t of = first + leaf->entry.slot / slots;

		if (*day == NO_DAY || (last ? of > *day : of < *day))
			*day = of;
	}
	return rc < 0 ? rollup_damaged(err) : store_work(st, 1 + n / ENTRIES_WORK, err);
}

/* Reads a row of END_MONTHS. */
static int take_end(struct store *st, struct stmt *s, bool last, int64_t *days, struct error *err)
{
	int64_t *day = &days[db_get_int(s, 0)], first = slot_month_day(db_get_int(s, 1));
	size_t len, days_len;
	const unsigned char *leaf = db_get_blob(s, 2, &len),
			    *of_days = db_get_blob(s, 3, &days_len);

	struct leaf_reader reader;
	bool detail = len && *leaf == LEAF_DETAIL;

	if (!detail && !days_len) {
		/* the usage of a large month may have come to nothing */
		*day = first;
		return 0;
	}
	if (!leaf_open(&reader, detail ? leaf : of_days, detail ? len : days_len))
		return rollup_damaged(err);
	return take_days(st, &reader, last, day, first, err);
}

int sqlite_usage_days(struct store *st, const int64_t *accounts, size_t n, bool last, int64_t *days,
		      struct error *err)
{
	struct arena arena;
	struct stmt *s = prepare(st, last ? END_MONTHS("max") : END_MONTHS("min"), err);
	int rc;

	arena_init(&arena);
	bind_ids(s, 1, &arena, accounts, n);
	db_bind_int(s, 2, PLACE_MONTH);
	db_bind_int(s, 3, PLACE_DAYS);
	for (size_t i = 0; i < n; i++)
		days[i] = NO_DAY;
	while ((rc = db_step(s, err)) > 0)
		if (take_end(st, s, last, days, err) < 0) {
			db_reset(s);
			rc = -1;
			break;
		}
	arena_release(&arena);
	return rc;
}
