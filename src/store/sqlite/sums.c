/*
 * sums.c - sums of many accounts over many spans, in two statements. The first
 * reads the months of all accounts. The leaves of a small month have all its
 * rollups; of a large month, the first statement only tells which ranges of
 * other places the spans need, and the second reads these ranges.
 *
 * By series, one more statement looks up the series of what was read, and for a
 * filter by customer, SIM or a declared dimension, one before them finds its
 * series. Several hundred accounts have these statements together.
 */
#include "store/sums.h"

#include <string.h>
#include "base/civil.h"
#include "store/internal.h"
#include "store/sqlite/layout.h"
#include "store/lists.h"
#include "store/sqlite/rollup_rows.h"
#include "store/sqlite/sums_series.h"
#include "base/banned.h"

enum {
	LEAF_WORK = 2,    /* what a leaf costs */
	FEW_A_DAY = 1000, /* events of a day have some leaves, which are passed quickly */
	NARROW_BYTES = LEAF_BYTES / 2, /* of a month's sums: it has few categories */
	DAYS_MAX = 31,
	RANGES_MAX = 4096,  /* so many ranges are read in one statement */
	UNKNOWN_MAX = 2048, /* so many entries wait for their series to be looked up */
	TOGETHER_MAX = 512  /* by series: so many accounts are read together */
};

/* An entry that waits until its series has been looked up. */
struct waiting {
	size_t account;
	int64_t span, category, series;
	struct amounts_wide amounts;
};

/* The index of the span of each slot of a leaf; -1: none. */
struct span_map {
	int64_t from, to;   /* other slots have none */
	const int64_t *map; /* by slot; or NULL: */
	int64_t start;      /* the quarter hour that the leaf's period begins with */
};

/*
 * A range of rows of a large month, or a run of rows from their first one on, which
 * the second statement reads.
 */
struct leaf_range {
	size_t account; /* as in the rows */
	/* of a run of days, whose rows have quarter hours: empty */
	struct span_map map;
	int64_t seek; /* only this series; 0: any */
};

/*
 * A leaf of a run, which waits for the leaf behind it: if this one begins before
 * the categories that are asked for, too, the held leaf has none of them.
 */
struct held_leaf {
	bool held;
	size_t run;
	int64_t period;
	size_t len, first_len;
	unsigned char bytes[LEAF_BYTES], first[ROLLUP_KEY_BYTES];
};

/*
 * Of a range: place, account, period, first key, and the key behind its last. Of
 * a run: place, account, first and last period.
 */
enum { RANGE_COLUMNS = 5, RUN_COLUMNS = 4 };

struct reading {
	struct store *st;
	const struct sums_query *q;
	sums_row_fn *row;
	void *arg;
	struct arena arena; /* by series: of the accounts that are read together */
	const struct sums_account *account;
	struct sums_row out; /* the next one */
	int64_t work;        /* for the leaf, so far */
	/*
	 * the category of the entry before, and whether it is part of the
	 * question
	 */
	int64_t category;
	bool wanted;
	int64_t span; /* of the entry before that had one */
	struct sums_series
		*series; /* of the accounts that are read together; NULL: not by series */
	struct waiting *waiting;
	size_t n_waiting, waiting_size;
	int64_t seek; /* the series that is being looked up; 0: any */
	/* the keys of the categories that are asked for */
	unsigned char from[ROLLUP_KEY_BYTES], to[ROLLUP_KEY_BYTES];
	struct leaf_range *ranges;
	struct db_cell *cells;
	size_t n_ranges, n_cells; /* what there is room for */
	size_t ranges_size, cells_size;
	struct leaf_range *runs;
	struct db_cell *run_cells;
	size_t n_runs, n_run_cells, runs_size, run_cells_size;
	struct held_leaf held;
};

/* ---- spans ---- */

/* The index of the span with that quarter hour, or -1. */
static int64_t find_span(const struct sums_query *q, int64_t quarter)
{
	size_t from = 0, to = q->n_spans;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (q->spans[middle].to <= quarter)
			from = middle + 1;
		else
			to = middle;
	}
	return from < q->n_spans && q->spans[from].from <= quarter ? (int64_t)from : -1;
}

/* The index of the span with all of [FROM, TO), or -1. */
static int64_t find_whole(const struct sums_query *q, int64_t from, int64_t to)
{
	int64_t span = find_span(q, from);

	return span >= 0 && q->spans[span].to >= to ? span : -1;
}

/* For the quarter hours [START, START + N), which some span overlaps. */
static struct span_map map_quarters(const struct sums_query *q, int64_t start, int64_t n)
{
	int64_t from = q->spans[0].from - start, to = q->spans[q->n_spans - 1].to - start;

	return (struct span_map) { .from = from > 0 ? from : 0,
				   .to = to < n ? to : n,
				   .start = start };
}

/* Does any span overlap [FROM, TO)? */
static bool has_part(const struct sums_query *q, int64_t from, int64_t to)
{
	int64_t n = (int64_t)q->n_spans, first = 0;

	for (int64_t last = n; first < last;) {
		int64_t middle = first + (last - first) / 2;

		if (q->spans[middle].to <= from)
			first = middle + 1;
		else
			last = middle;
	}
	for (; first < n && q->spans[first].from < to; first++)
		if (q->spans[first].from < q->spans[first].to)
			return true;
	return false;
}

/* ---- entries that wait for their series ---- */

/* Sets the account of the rows that follow. */
static void choose_account(struct reading *r, size_t i)
{
	r->account = &r->q->accounts[i];
	r->out.account = i;
}

/* Sets the values of the next row. */
static void take_values(struct reading *r, const struct group_values *values)
{
	r->out.value = values->value;
	r->out.second = values->second;
}

/* Gives the entries that wait. */
static int give_waiting(struct reading *r, struct error *err)
{
	size_t n = r->n_waiting;

	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		sums_series_need(r->series, r->waiting[i].account, r->waiting[i].series);
	if (sums_series_look_up(r->series, err) < 0)
		return -1;
	r->n_waiting = 0;
	for (size_t i = 0; i < n; i++) {
		const struct waiting *e = &r->waiting[i];

		take_values(r, sums_series_values(r->series, e->account, e->series));
		if (r->out.value < 0)
			continue;
		r->out.account = e->account;
		r->out.span = (size_t)e->span;
		r->out.category = e->category;
		r->out.amounts = &e->amounts;
		if (r->row(r->arg, &r->out, err) < 0)
			return -1;
	}
	return store_work(r->st, (int64_t)n, err);
}

static int wait(struct reading *r, const struct rollup_entry *e, int64_t span, struct error *err)
{
	size_t account = r->out.account;

	r->waiting = arena_room(&r->arena, r->waiting, r->n_waiting, &r->waiting_size,
				sizeof(*r->waiting));
	r->waiting[r->n_waiting++] = (struct waiting) { account, span, e->category, e->series,
							e->amounts };
	if (r->n_waiting < UNKNOWN_MAX)
		return 0;
	if (give_waiting(r, err) < 0)
		return -1;
	choose_account(r, account);
	return 0;
}

/* What was found of the account by its filter; NULL: nothing was looked for. */
static const struct sums_filtered *filtered_of(const struct reading *r, size_t account)
{
	return r->series ? sums_series_filtered(r->series, account) : NULL;
}

/* Can the account have usage that its filter leaves? */
static bool has_found(const struct reading *r, size_t account)
{
	const struct sums_filtered *f = filtered_of(r, account);

	return !f || f->some;
}

/* ---- leaves ---- */

/* Is the entry, of that span, part of the query? */
static bool is_asked(struct reading *r, const struct rollup_entry *e, int64_t span)
{
	if (e->category != r->category) {
		r->category = e->category;
		r->wanted = sums_has_category(r->q, e->category);
	}
	return span >= 0 && r->wanted && (!r->q->by_series || e->series) &&
	       (!r->seek || e->series == r->seek);
}

/* Calls the row function for the entry. */
static int give(struct reading *r, const struct rollup_entry *e, int64_t span, struct error *err)
{
	if (r->q->by_series) {
		const struct sums_filtered *f = filtered_of(r, r->out.account);
		const struct group_values *known = sums_series_values(r->series, r->out.account,
								      e->series);

		if (!known)
			return f && f->complete ? 0 : wait(r, e, span, err);
		take_values(r, known);
	}
	if (r->out.value < 0)
		return 0;
	r->out.span = (size_t)span;
	r->out.category = e->category;
	r->out.amounts = &e->amounts;
	r->work++;
	return r->row(r->arg, &r->out, err);
}

static int64_t map_span(struct reading *r, const struct span_map *m, int64_t slot)
{
	const struct slot_span *last = &r->q->spans[r->span];
	int64_t span;

	if (slot < m->from || slot >= m->to)
		return -1;
	if (m->map)
		return m->map[slot];
	if (m->start + slot >= last->from && m->start + slot < last->to)
		return r->span;
	span = find_span(r->q, m->start + slot);
	if (span >= 0)
		r->span = span;
	return span;
}

/* Successive entries of one span and category, and by series of one series. */
struct entry_run {
	int64_t span; /* -1: no entry */
	struct rollup_entry sum;
};

static int end_run(struct reading *r, const struct entry_run *run, struct error *err)
{
	return run->span < 0 ? 0 : give(r, &run->sum, run->span, err);
}

/* Adds an entry to the run that it continues, or ends this one and begins another. */
static int add_to_run(struct reading *r, struct entry_run *run, const struct rollup_entry *e,
		      int64_t span, struct error *err)
{
	if (run->span == span && run->sum.category == e->category &&
	    (run->sum.series == e->series || !r->q->by_series)) {
		amounts_wide_add(&run->sum.amounts, &e->amounts, 1);
		return 0;
	}
	if (end_run(r, run, err) < 0)
		return -1;
	*run = (struct entry_run) { span, *e };
	return 0;
}

static int take_leaf(struct reading *r, const void *bytes, size_t len, const struct span_map *map,
		     struct error *err)
{
	const struct sums_query *q = r->q;
	int64_t n = 0, last = q->n_categories ? q->categories[q->n_categories - 1] : INT64_MAX;
	struct entry_run run = { .span = -1 };
	struct leaf_reader leaf;
	int rc;

	if (!leaf_open(&leaf, bytes, len))
		return rollup_damaged(err);
	r->work = 0;
	/* entries are in the order of categories */
	for (; (rc = leaf_next_key(&leaf)) > 0 && leaf.entry.category <= last; n++) {
		int64_t span = map_span(r, map, leaf.entry.slot);
		bool asked = is_asked(r, &leaf.entry, span);

		if (!(asked ? leaf_amounts(&leaf) : leaf_pass(&leaf)))
			return rollup_damaged(err);
		if (asked && add_to_run(r, &run, &leaf.entry, span, err) < 0)
			return -1;
		n += leaf_skip(&leaf, map->from, r->wanted ? map->to : map->from);
	}
	if (rc < 0)
		return rollup_damaged(err);
	if (end_run(r, &run, err) < 0)
		return -1;
	return store_work(r->st, LEAF_WORK + n / ENTRIES_WORK + r->work, err);
}

/* ---- ranges ---- */

#define RANGES                                                                      \
	"SELECT l.rowid, l.c, r.leaf, r.first FROM list(?1) l CROSS JOIN rollup r"  \
	" WHERE r.place = l.a AND r.account = l.b AND r.period = l.c"               \
	" AND r.first >= COALESCE((SELECT max(first) FROM rollup WHERE place = l.a" \
	" AND account = l.b AND period = l.c AND first <= l.d), x'') AND r.first < l.e"
#define RUNS                                                                               \
	"SELECT -1 - l.rowid, r.period, r.leaf, r.first FROM list(?2) l CROSS JOIN rollup" \
	" r WHERE r.place = l.a AND r.account = l.b AND r.period BETWEEN l.c AND"          \
	" l.d AND r.first < ?3"

/* Takes the leaf that is held, if there is one. */
static int take_held(struct reading *r, struct error *err)
{
	struct held_leaf *h = &r->held;
	const struct leaf_range *run;
	struct span_map map;

	if (!h->held)
		return 0;
	run = &r->runs[h->run];
	h->held = false;
	r->seek = 0;
	choose_account(r, run->account);
	map = run->map.map ? run->map
			   : map_quarters(r->q, h->period * SLOTS_PER_DAY, SLOTS_PER_DAY);
	return take_leaf(r, h->bytes, h->len, &map, err);
}

/* Do the categories that are asked for begin behind the held leaf, at FIRST or later? */
static bool is_passed(const struct reading *r, const unsigned char *first, size_t len)
{
	const struct held_leaf *h = &r->held;

	return len == ROLLUP_KEY_BYTES && memcmp(first, r->from, len) <= 0 &&
	       (!h->first_len || memcmp(h->first, first, len) < 0);
}

/* One row of a run. */
static int read_run(struct reading *r, size_t run, struct stmt *s, struct error *err)
{
	struct held_leaf *h = &r->held;
	int64_t period = db_get_int(s, 1);
	size_t len, first_len;
	const void *leaf = db_get_blob(s, 2, &len);
	const unsigned char *first = db_get_blob(s, 3, &first_len);

	if (len > LEAF_BYTES || first_len > ROLLUP_KEY_BYTES)
		return rollup_damaged(err);
	if (h->held && h->run == run && h->period == period && is_passed(r, first, first_len)) {
		if (store_work(r->st, 1, err) < 0)
			return -1;
	} else if (take_held(r, err) < 0) {
		return -1;
	}
	h->held = true;
	h->run = run;
	h->period = period;
	h->len = len;
	h->first_len = first_len;
	memcpy(h->bytes, leaf, len);
	memcpy(h->first, first, first_len);
	return 0;
}

/* One row of a range, or of a run. */
static int read_range(struct reading *r, struct stmt *s, struct error *err)
{
	int64_t i = db_get_int(s, 0);
	size_t len;
	const void *leaf;

	if (i < 0)
		return read_run(r, (size_t)(-1 - i), s, err);
	leaf = db_get_blob(s, 2, &len);
	choose_account(r, r->ranges[i].account);
	r->seek = r->ranges[i].seek;
	return take_leaf(r, leaf, len, &r->ranges[i].map, err);
}

/* Reads the ranges and runs that were added. */
static int read_ranges(struct reading *r, struct error *err)
{
	const struct db_list ranges = { r->cells, r->n_ranges, RANGE_COLUMNS };
	const struct db_list runs = { r->run_cells, r->n_runs, RUN_COLUMNS };
	size_t n = r->n_ranges + r->n_runs;
	struct stmt *s;
	int rc;

	if (n == 0)
		return 0;
	s = prepare(r->st, r->n_runs ? RANGES " UNION ALL " RUNS : RANGES, err);
	db_bind_list(s, 1, &ranges);
	if (r->n_runs) {
		db_bind_list(s, 2, &runs);
		db_bind_blob(s, 3, r->to, sizeof(r->to));
	}
	while ((rc = db_step(s, err)) > 0)
		if (read_range(r, s, err) < 0) {
			db_reset(s);
			rc = -1;
			break;
		}
	if (rc == 0)
		rc = take_held(r, err);
	r->seek = 0;
	r->held.held = false;
	r->n_ranges = r->n_cells = r->n_runs = r->n_run_cells = 0;
	return rc < 0 ? -1 : store_work(r->st, SCAN_WORK * (int64_t)n, err);
}

static void add_cell(struct reading *r, struct db_cell cell)
{
	r->cells = arena_room(&r->arena, r->cells, r->n_cells, &r->cells_size, sizeof(cell));
	r->cells[r->n_cells++] = cell;
}

static void add_range(struct reading *r, const struct rollup_rows *rows,
		      const struct leaf_range *range, const unsigned char *from,
		      const unsigned char *to)
{
	r->ranges = arena_room(&r->arena, r->ranges, r->n_ranges, &r->ranges_size, sizeof(*range));
	r->ranges[r->n_ranges++] = *range;
	add_cell(r, (struct db_cell) { .n = rows->place });
	add_cell(r, (struct db_cell) { .n = rows->account });
	add_cell(r, (struct db_cell) { .n = rows->period });
	add_cell(r, (struct db_cell) { 0, from, ROLLUP_KEY_BYTES, DB_CELL_BLOB });
	add_cell(r, (struct db_cell) { 0, to, ROLLUP_KEY_BYTES, DB_CELL_BLOB });
}

/* Adds the entries that are of the series that the account's filter leaves. */
static void add_series(struct reading *r, const struct rollup_rows *rows, struct leaf_range *range)
{
	const struct sums_filtered *f = filtered_of(r, range->account);

	for (size_t i = 0; i < f->n_seeks; i++) {
		unsigned char *keys = arena_alloc(&r->arena, 2 * ROLLUP_KEY_BYTES);
		int64_t category = f->seeks[i].category;

		range->seek = f->seeks[i].series;
		rollup_key(category, range->seek, 0, keys);
		rollup_key(category, range->seek + 1, 0, keys + ROLLUP_KEY_BYTES);
		add_range(r, rows, range, keys, keys + ROLLUP_KEY_BYTES);
	}
}

/*
 * Adds the rows of a place: the entries of the categories that are asked for.
 */
static int add_rows(struct reading *r, enum rollup_place place, int64_t period,
		    const struct span_map *map, struct error *err)
{
	const struct rollup_rows rows = { place, r->account->id, period };
	struct leaf_range range = { r->out.account, *map, 0 };
	const struct sums_filtered *f = filtered_of(r, range.account);

	if (f && f->n_seeks)
		add_series(r, &rows, &range);
	else
		add_range(r, &rows, &range, r->from, r->to);
	return r->n_ranges < RANGES_MAX ? 0 : read_ranges(r, err);
}

/*
 * Adds all rows of the periods FIRST to LAST up to the categories that are asked for.
 */
static int add_run(struct reading *r, enum rollup_place place, int64_t first, int64_t last,
		   const struct span_map *map, struct error *err)
{
	const struct db_cell cells[RUN_COLUMNS] = {
		{ .n = place }, { .n = r->account->id }, { .n = first }, { .n = last }
	};

	r->runs = arena_room(&r->arena, r->runs, r->n_runs, &r->runs_size, sizeof(*r->runs));
	r->runs[r->n_runs++] = (struct leaf_range) { r->out.account, *map, 0 };
	for (int i = 0; i < RUN_COLUMNS; i++) {
		r->run_cells = arena_room(&r->arena, r->run_cells, r->n_run_cells,
					  &r->run_cells_size, sizeof(*r->run_cells));
		r->run_cells[r->n_run_cells++] = cells[i];
	}
	return r->n_runs < RANGES_MAX ? 0 : read_ranges(r, err);
}

static void set_keys(struct reading *r)
{
	const struct sums_query *q = r->q;

	memset(r->to, 0xff, sizeof(r->to));
	if (!q->n_categories)
		return;
	rollup_key(q->categories[0], 0, 0, r->from);
	rollup_key(q->categories[q->n_categories - 1] + 1, 0, 0, r->to);
}

/* ---- months ---- */

/* The days of a large month. */
struct month_days {
	int64_t first, n;
	int64_t *whole;   /* the span that has the whole day, or -1 */
	const void *sums; /* the first leaf of its sums */
	size_t len;
};

/*
 * Has the month so few events that a day has some leaves? If so, it is faster to
 * pass those before the categories that are asked for than to look for these.
 */
static bool is_sparse(const struct month_days *m)
{
	struct leaf_reader leaf;
	wide count = 0;

	if (!leaf_open(&leaf, m->sums, m->len))
		return false;
	while (count <= DAYS_MAX * FEW_A_DAY && leaf_next(&leaf) > 0)
		count += leaf.entry.amounts.count;
	return count <= DAYS_MAX * FEW_A_DAY;
}

/* Must the rows of a day be read? By series, those of all days in spans. */
static bool has_rows(const struct reading *r, const struct month_days *m, int64_t day)
{
	if (m->whole[day - m->first] >= 0 && !r->q->by_series)
		return false;
	return has_part(r->q, day * SLOTS_PER_DAY, (day + 1) * SLOTS_PER_DAY);
}

static int read_days(struct reading *r, const struct month_days *m, struct error *err)
{
	enum rollup_place place = r->q->by_series ? PLACE_DAY_SERIES : PLACE_QUARTERS;
	const struct sums_filtered *f = filtered_of(r, r->out.account);
	int runs = -1;    /* is the month read in runs? -1: not known yet */
	int64_t run = -1; /* the first day of the run */
	int rc = 0;

	for (int64_t day = m->first; day <= m->first + m->n && rc == 0; day++) {
		struct span_map map = map_quarters(r->q, day * SLOTS_PER_DAY, SLOTS_PER_DAY);
		bool wanted = day < m->first + m->n && has_rows(r, m, day);

		if (wanted && runs < 0)
			runs = !(f && f->n_seeks) && is_sparse(m);
		if (wanted && !runs)
			rc = add_rows(r, place, day, &map, err);
		else if (wanted && run < 0)
			run = day;
		else if (!wanted && run >= 0) {
			rc = add_run(r, place, run, day - 1, &(struct span_map) { 0 }, err);
			run = -1;
		}
	}
	return rc;
}

static int read_sums_of_days(struct reading *r, const struct month_days *m, int64_t month,
			     const struct span_map *map, struct error *err)
{
	return m->len <= NARROW_BYTES || !r->q->n_categories
		       ? add_run(r, PLACE_DAYS, month, month, map, err)
		       : add_rows(r, PLACE_DAYS, month, map, err);
}

/* A large month that no span has whole. LEAF is the first one of its sums. */
static int read_parts(struct reading *r, int64_t month, const void *leaf, size_t len,
		      struct error *err)
{
	struct month_days m = { .first = slot_month_day(month),
				.whole = arena_array(&r->arena, int64_t, DAYS_MAX),
				.sums = leaf,
				.len = len };
	struct span_map map = { .map = m.whole };

	m.n = slot_month_day(month + 1) - m.first;
	for (int64_t i = 0; i < m.n; i++) {
		int64_t quarter = (m.first + i) * SLOTS_PER_DAY;

		m.whole[i] = find_whole(r->q, quarter, quarter + SLOTS_PER_DAY);
		if (m.whole[i] < 0)
			continue;
		if (map.to == 0)
			map.from = i;
		map.to = i + 1;
	}
	if (map.to > 0 && !r->q->by_series && read_sums_of_days(r, &m, month, &map, err) < 0)
		return -1;
	return read_days(r, &m, err);
}

static int read_large(struct reading *r, int64_t month, const void *leaf, size_t len,
		      bool first_leaf, struct error *err)
{
	int64_t span = find_whole(r->q, slot_month_day(month) * SLOTS_PER_DAY,
				  slot_month_day(month + 1) * SLOTS_PER_DAY);
	struct span_map map = { .map = &span, .to = 1 };

	if (span >= 0 && !r->q->by_series)
		return take_leaf(r, leaf, len, &map, err);
	if (!first_leaf)
		return store_work(r->st, 1, err);
	if (span >= 0) {
		int64_t *kept = arena_new(&r->arena, int64_t);

		*kept = span;
		map.map = kept;
		return add_rows(r, PLACE_MONTH_SERIES, month, &map, err);
	}
	return read_parts(r, month, leaf, len, err);
}

/* One row of a month. */
static int read_month(struct reading *r, struct stmt *s, bool first_leaf, struct error *err)
{
	int64_t month = db_get_int(s, 1);
	const int64_t start = slot_month_day(month) * SLOTS_PER_DAY, n = DAYS_MAX * SLOTS_PER_DAY;
	struct span_map map;
	size_t len;
	const unsigned char *leaf = db_get_blob(s, 2, &len);

	/* between two spans */
	if (!has_part(r->q, start, start + n))
		return store_work(r->st, 1, err);
	if (len && *leaf == LEAF_SUMS)
		return read_large(r, month, leaf, len, first_leaf, err);
	map = map_quarters(r->q, start, n);
	return take_leaf(r, leaf, len, &map, err);
}

#define MONTHS(account, from)                                        \
	"SELECT " account ", period, leaf, length(first) FROM " from \
	" WHERE place = ?2 AND period BETWEEN ?3 AND ?4 AND account = "

/* Begins to read the months of N accounts of the query, with these numbers. */
static struct stmt *ask_months(struct reading *r, const size_t *numbers, size_t n,
			       struct error *err)
{
	const struct sums_query *q = r->q;
	struct stmt *s = prepare(r->st,
				 n == 1 ? MONTHS("0", "rollup") "?1"
					: MONTHS("l.rowid", "list(?1) l CROSS JOIN rollup") "l.a",
				 err);

	if (n == 1) {
		db_bind_int(s, 1, q->accounts[numbers[0]].id);
	} else {
		int64_t *ids = arena_array(&r->arena, int64_t, n);

		for (size_t i = 0; i < n; i++)
			ids[i] = q->accounts[numbers[i]].id;
		bind_ids(s, 1, &r->arena, ids, n);
	}
	db_bind_int(s, 2, PLACE_MONTH);
	db_bind_int(s, 3, slot_of(LEVEL_MONTH, q->spans[0].from));
	db_bind_int(s, 4, slot_of(LEVEL_MONTH, q->spans[q->n_spans - 1].to));
	return s;
}

/* Reads the N accounts of the query from number FIRST on. */
static int read_months(struct reading *r, size_t first, size_t n, struct error *err)
{
	size_t *numbers = arena_array(&r->arena, size_t, n), read = 0;
	struct stmt *s;
	int rc;

	for (size_t i = first; i < first + n; i++)
		if (has_found(r, i))
			numbers[read++] = i;
	if (read == 0)
		return 0;
	s = ask_months(r, numbers, read, err);
	while ((rc = db_step(s, err)) > 0) {
		choose_account(r, numbers[db_get_int(s, 0)]);
		if (read_month(r, s, db_get_int(s, 3) == 0, err) < 0) {
			db_reset(s);
			return -1;
		}
	}
	if (rc < 0 || store_work(r->st, SCAN_WORK * (int64_t)read, err) < 0)
		return -1;
	return read_ranges(r, err);
}

/* Reads N accounts from number FIRST on by series. */
static int read_by_series(struct reading *r, size_t first, size_t n, struct error *err)
{
	arena_reset(&r->arena);
	r->ranges = NULL;
	r->cells = NULL;
	r->waiting = NULL;
	r->ranges_size = r->cells_size = r->runs_size = r->run_cells_size = 0;
	r->runs = NULL;
	r->run_cells = NULL;
	r->n_waiting = r->waiting_size = 0;
	r->series = sums_series_new(r->st, r->q, first, n, &r->arena, err);
	if (!r->series || read_months(r, first, n, err) < 0)
		return -1;
	return give_waiting(r, err);
}

int sqlite_sums(struct store *st, const struct sums_query *q, sums_row_fn *row, void *arg,
		struct error *err)
{
	struct reading r = { .st = st, .q = q, .row = row, .arg = arg, .category = -1 };
	int rc = 0;

	if (q->n_spans == 0 || q->n_accounts == 0)
		return 0;
	arena_init(&r.arena);
	set_keys(&r);
	if (!q->by_series)
		rc = read_months(&r, 0, q->n_accounts, err);
	for (size_t i = 0, n; i < q->n_accounts && q->by_series && rc == 0; i += n) {
		n = q->n_accounts - i < TOGETHER_MAX ? q->n_accounts - i : TOGETHER_MAX;
		rc = read_by_series(&r, i, n, err);
	}
	arena_release(&r.arena);
	return rc;
}
