/*
 * sums.c - sums of many accounts over many spans. Each span is split into
 * months, days and quarter hours. Adjacent pieces of one level are read in one
 * scan.
 */
#include "store/sums.h"

#include "base/civil.h"
#include "store/internal.h"
#include "store/rollup.h"
#include "base/banned.h"

enum {
	SCAN_WORK = 6, /* the cost of a statement, as a number of rows */
	/* accounts times slots; up to this many are read without counting */
	SURELY_FEW = 1000,
	/* series times slots; up to this many are looked up, not scanned */
	LOOKUPS_MAX = 4096,
	/*
	 * A map from series to value is worth while for at least MAPPED_ROWS
	 * rows, with at most MAPPED_SERIES series for each row.
	 */
	MAPPED_ROWS = 1000,
	MAPPED_SERIES = 8
};

/* ---- planning ---- */

/* Slots of one level, which are part of the span with the index SLOT. */
struct piece {
	int64_t from, to;
	size_t span;
};

/* Adjacent pieces of one level: PIECES[first] to PIECES[last]. */
struct stretch {
	enum level level;
	int64_t from, to;
	size_t first, last;
};

struct values;

struct reading {
	struct store *st;
	const struct sums_query *q;
	struct arena arena;
	struct piece *pieces[LEVELS];
	size_t n_pieces[LEVELS];
	struct stretch *stretches;
	size_t n_stretches;
	int64_t n_slots; /* slots of all stretches */
	bool counted;    /* count_all has filled COUNTS */
	/*
	 * numbers of rows: by stretch, for one account and category after
	 * another
	 */
	int64_t *counts;
	/* next_count: index of the next stretch to read */
	size_t n_counts, room, next_count;
	struct arena scratch; /* for `values` */
	/* NULL: rows come with their dimensions */
	struct values *values;
	sums_row_fn *row;
	void *arg;
};

static void add_pieces(struct reading *r, size_t span)
{
	struct slot_run runs[SLOT_RUNS_MAX];
	int n = slot_runs(r->q->spans[span].from, r->q->spans[span].to, runs);

	for (int i = 0; i < n; i++)
		r->pieces[runs[i].level][r->n_pieces[runs[i].level]++] =
			(struct piece) { runs[i].from, runs[i].to, span };
}

static void add_stretches(struct reading *r, enum level level)
{
	const struct piece *p = r->pieces[level];

	for (size_t first = 0, last; first < r->n_pieces[level]; first = last + 1) {
		for (last = first; last + 1 < r->n_pieces[level] && p[last + 1].from == p[last].to;
		     last++)
			;
		r->stretches[r->n_stretches++] = (struct stretch) { level, p[first].from,
								    p[last].to, first, last };
		r->n_slots += p[last].to - p[first].from;
	}
}

static void plan(struct reading *r)
{
	static const size_t most[LEVELS] = {
		[LEVEL_QUARTER] = 2, [LEVEL_DAY] = 2, [LEVEL_MONTH] = 1
	};
	size_t n = r->q->n_spans;

	for (int level = 0; level < LEVELS; level++)
		r->pieces[level] = arena_array(&r->arena, struct piece, most[level] * n);
	for (size_t span = 0; span < n; span++)
		add_pieces(r, span);
	r->stretches = arena_array(&r->arena, struct stretch, SLOT_RUNS_MAX * n);
	for (int level = 0; level < LEVELS; level++)
		add_stretches(r, (enum level)level);
}

/* ---- counting before reading ---- */

#define COUNT_BY_CATEGORY(table)                     \
	"SELECT count(*) FROM (SELECT 1 FROM " table \
	" WHERE account = ?1 AND slot >= ?2 AND slot < ?3 LIMIT ?5)"
#define COUNT_BY_SERIES(table)                       \
	"SELECT count(*) FROM (SELECT 1 FROM " table \
	" WHERE account = ?1 AND category = ?4 AND slot >= ?2 AND slot < ?3 LIMIT ?5)"

/* [level][by series] */
static const char *const count_sql[LEVELS][2] = {
	[LEVEL_QUARTER] = { COUNT_BY_CATEGORY("total_quarter"), COUNT_BY_SERIES("part_quarter") },
	[LEVEL_DAY] = { COUNT_BY_CATEGORY("total_day"), COUNT_BY_SERIES("part_day") },
	[LEVEL_MONTH] = { COUNT_BY_CATEGORY("total_month"), COUNT_BY_SERIES("part_month") },
};

static void add_count(struct reading *r, int64_t n)
{
	r->counts = store_room(&r->arena, r->counts, r->n_counts, &r->room, sizeof(*r->counts));
	r->counts[r->n_counts++] = n;
}

/*
 * Counts the rows of each stretch for an account (and CATEGORY, if not 0), and
 * adds them to *WORK. Stops counting where the limit is exceeded.
 */
static int count_rows(struct reading *r, int64_t account, int64_t category, int64_t *work,
		      struct error *err)
{
	for (size_t i = 0; i < r->n_stretches; i++) {
		const struct stretch *t = &r->stretches[i];
		struct stmt *s = prepare(r->st, count_sql[t->level][r->q->by_series], err);
		int64_t n = 0;

		db_bind_int(s, 1, account);
		db_bind_int(s, 2, t->from);
		db_bind_int(s, 3, t->to);
		if (category)
			db_bind_int(s, 4, category);
		db_bind_int(s, 5, r->st->work_max ? r->st->work_left - *work + 1 : INT64_MAX);
		if (store_one(s, &n, err) < 0)
			return -1;
		add_count(r, n);
		*work += n + SCAN_WORK;
		if (r->st->work_max && *work > r->st->work_left)
			return store_above_limit(r->st, err);
	}
	return 0;
}

/* ---- categories ---- */

static bool has_category(const struct sums_query *q, int64_t category)
{
	size_t from = 0, to = q->n_categories;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (q->categories[middle] < category)
			from = middle + 1;
		else
			to = middle;
	}
	return !q->n_categories || (from < q->n_categories && q->categories[from] == category);
}

/*
 * Sets *CATEGORY to the next category that the account has series of. 1 found,
 * 0 none, -1 failed.
 */
static int next_used(struct store *st, int64_t account, int64_t *category, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT category FROM series WHERE account = ?1 AND category > ?2"
				 " ORDER BY category LIMIT 1",
				 err);

	db_bind_int(s, 1, account);
	db_bind_int(s, 2, *category);
	return store_one(s, category, err);
}

/*
 * Likewise, but skips categories that the query does not ask for. Start with
 * *CATEGORY 0.
 */
static int next_category(struct reading *r, int64_t account, int64_t *category, struct error *err)
{
	const struct sums_query *q = r->q;
	int rc;

	if (q->n_categories == 1) {
		rc = *category < q->categories[0];
		*category = q->categories[0];
		return rc;
	}
	do
		rc = next_used(r->st, account, category, err);
	while (rc > 0 && !has_category(q, *category));
	return rc;
}

/* ---- values of series ---- */

/*
 * A map from series to value of the grouped dimension, for one category. To
 * read all series at once is several times faster than to look up each row's
 * series.
 */
struct values {
	int64_t *series, *value; /* open addressing; series 0: a free place */
	/* SIZE: a power of two above 2 * N; 0: no map */
	size_t size, n;
};

static size_t value_place(const struct values *v, int64_t series)
{
	size_t i = ((uint64_t)series * 0x9e3779b97f4a7c15u >> 20) & (v->size - 1);

	while (v->series[i] && v->series[i] != series)
		i = (i + 1) & (v->size - 1);
	return i;
}

static int64_t value_of(const struct values *v, int64_t series)
{
	return v->value[value_place(v, series)];
}

#define SERIES_VALUES(id, column, ...) \
	[DIM_##id] = "SELECT id, " column " FROM series WHERE account = ?1 AND category = ?2",

static const char *const values_sql[DIMENSIONS] = { DIMENSION_LIST(SERIES_VALUES) };

static int read_values(struct reading *r, const struct rollup_scan *scan, size_t n,
		       struct values *ret, struct error *err)
{
	struct stmt *s = prepare(r->st, values_sql[r->q->group], err);
	int rc;

	*ret = (struct values) { .size = 64 };
	while (ret->size <= 2 * n)
		ret->size *= 2;
	ret->series = arena_array(&r->scratch, int64_t, ret->size);
	ret->value = arena_array(&r->scratch, int64_t, ret->size);
	db_bind_int(s, 1, scan->account);
	db_bind_int(s, 2, scan->category);
	while ((rc = db_step(s, err)) > 0) {
		size_t place = value_place(ret, db_get_int(s, 0));

		ret->series[place] = db_get_int(s, 0);
		ret->value[place] = db_get_int(s, 1);
	}
	return rc;
}

/* Makes a map for ROWS rows. *RET has size 0 if a map is not worth while. */
static int map_values(struct reading *r, const struct rollup_scan *scan, int64_t rows,
		      struct values *ret, struct error *err)
{
	struct stmt *s;
	int64_t n = 0;

	*ret = (struct values) { .size = 0 };
	if (rows < MAPPED_ROWS)
		return 0;
	s = prepare(r->st,
		    "SELECT count(*) FROM (SELECT 1 FROM series"
		    " WHERE account = ?1 AND category = ?2 LIMIT ?3)",
		    err);
	db_bind_int(s, 1, scan->account);
	db_bind_int(s, 2, scan->category);
	db_bind_int(s, 3, MAPPED_SERIES * rows + 1);
	if (store_one(s, &n, err) < 0)
		return -1;
	arena_reset(&r->scratch);
	return n > MAPPED_SERIES * rows ? 0 : read_values(r, scan, (size_t)n, ret, err);
}

/* ---- reading ---- */

/* Reads one scan of the stretch T. Its rows come in the order of slots. */
static int read_scan(struct reading *r, size_t account, const struct stretch *t,
		     const struct rollup_scan *scan, struct error *err)
{
	const struct piece *p = &r->pieces[t->level][t->first];
	struct sums_row row = { .account = account };
	struct rollup rollup;
	int rc;

	if (store_work(r->st, SCAN_WORK, err) < 0 || store_scan_begin(r->st, scan, err) < 0)
		return -1;
	while ((rc = store_scan_next(r->st, &rollup, err)) > 0) {
		while (rollup.slot >= p->to)
			p++;
		if (store_work(r->st, 1, err) < 0)
			break;
		if (!has_category(r->q, rollup.category))
			continue;
		row.span = p->span;
		row.category = rollup.category;
		row.value = r->values ? value_of(r->values, rollup.series)
				      : rollup.dim[r->q->group];
		row.amounts = &rollup.amounts;
		if (r->row(r->arg, &row, err) < 0)
			break;
	}
	store_scan_end(r->st);
	return rc > 0 ? -1 : rc;
}

/* Reads all stretches. COUNTED: skips stretches that have no rows. */
static int read_stretches(struct reading *r, size_t account, struct rollup_scan *scan, bool counted,
			  struct error *err)
{
	for (size_t i = 0; i < r->n_stretches; i++) {
		const struct stretch *t = &r->stretches[i];

		if (counted && r->counts[r->next_count++] == 0) {
			if (store_work(r->st, SCAN_WORK, err) < 0)
				return -1;
			continue;
		}
		scan->level = t->level;
		scan->from = t->from;
		scan->to = t->to;
		if (read_scan(r, account, t, scan, err) < 0)
			return -1;
	}
	return 0;
}

#define VALUE_MATCH(id, column, ...) " AND ? IN (0, " column ")"
/* The index of the table begins with account, category and customer. */
#define FIND_SERIES(customer)                                                                      \
	"SELECT id FROM series WHERE account = ?1 AND category = ?2 AND " customer DIMENSION_LIST( \
		VALUE_MATCH) " LIMIT ?"

/*
 * Finds up to MAX series of the category that match the filter of SCAN. *RET_N
 * is MAX + 1 if there are more.
 */
static int find_series(struct store *st, const struct rollup_scan *scan, int64_t *ret, size_t max,
		       size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st,
				 scan->dim[DIM_CUSTOMER] ? FIND_SERIES("customer = ?3")
							 : FIND_SERIES("?3 = 0"),
				 err);
	int rc;

	db_bind_int(s, 1, scan->account);
	db_bind_int(s, 2, scan->category);
	db_bind_int(s, 3, scan->dim[DIM_CUSTOMER]);
	for (int d = 0; d < DIMENSIONS; d++)
		db_bind_int(s, 4 + d, scan->dim[d]);
	db_bind_int(s, 4 + DIMENSIONS, (int64_t)max + 1);
	for (*ret_n = 0; (rc = db_step(s, err)) > 0; (*ret_n)++)
		if (*ret_n < max)
			ret[*ret_n] = db_get_int(s, 0);
	return rc;
}

/*
 * Scans all series of a category and filters the rows. Rows that do not match
 * count as work, too.
 */
static int read_through(struct reading *r, size_t account, struct rollup_scan *scan,
			struct error *err)
{
	size_t next = r->next_count;
	int64_t work = 0;
	int rc;

	r->next_count = r->n_counts;
	if (count_rows(r, scan->account, scan->category, &work, err) < 0 ||
	    store_work(r->st, work, err) < 0)
		return -1;
	rc = read_stretches(r, account, scan, true, err);
	r->next_count = next;
	return rc;
}

/*
 * Reads the series of a category that match a filter. Few series are looked up
 * one by one; many are scanned.
 */
static int read_filtered(struct reading *r, size_t account, struct rollup_scan *scan,
			 struct error *err)
{
	size_t most = r->n_slots < LOOKUPS_MAX
			      ? (size_t)(LOOKUPS_MAX / (r->n_slots ? r->n_slots : 1))
			      : 0;
	int64_t series[LOOKUPS_MAX];
	size_t n;

	if (find_series(r->st, scan, series, most, &n, err) < 0)
		return -1;
	if (n > most)
		return read_through(r, account, scan, err);
	for (size_t i = 0; i < n; i++) {
		scan->series = series[i];
		if (store_work(r->st, r->n_slots, err) < 0 ||
		    read_stretches(r, account, scan, false, err) < 0)
			return -1;
	}
	scan->series = 0;
	return 0;
}

/* Reads all series of a category. */
static int read_category(struct reading *r, size_t account, struct rollup_scan *scan,
			 struct error *err)
{
	struct values values;
	int64_t rows = 0, work = 0;
	int rc;

	if (!r->counted) {
		r->next_count = r->n_counts = 0;
		if (count_rows(r, scan->account, scan->category, &work, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < r->n_stretches; i++)
		rows += r->counts[r->next_count + i];
	if (map_values(r, scan, rows, &values, err) < 0)
		return -1;
	scan->no_dims = values.size > 0;
	r->values = values.size ? &values : NULL;
	rc = read_stretches(r, account, scan, true, err);
	scan->no_dims = false;
	r->values = NULL;
	return rc;
}

static int read_series(struct reading *r, size_t account, struct error *err)
{
	const struct sums_account *a = &r->q->accounts[account];
	struct rollup_scan scan = { .account = a->id, .by_series = true };
	int rc;

	memcpy(scan.dim, a->dim, sizeof(scan.dim));
	while ((rc = next_category(r, a->id, &scan.category, err)) > 0)
		if ((dimensions_any(a->dim) ? read_filtered(r, account, &scan, err)
					    : read_category(r, account, &scan, err)) < 0)
			return -1;
	return rc;
}

static int read_totals(struct reading *r, size_t account, struct error *err)
{
	const struct sums_query *q = r->q;
	struct rollup_scan scan = { .account = q->accounts[account].id,
				    .category = q->n_categories == 1 ? q->categories[0] : 0 };

	return read_stretches(r, account, &scan, r->counted, err);
}

/*
 * Counts the rows of the whole query first, so that a query above the limit
 * fails before it is read. Queries of one scan, and accounts with a filter, are
 * counted when they are read.
 */
static int count_all(struct reading *r, struct error *err)
{
	const struct sums_query *q = r->q;
	int64_t work = 0;

	if (!r->st->work_max || (q->by_series ? q->n_accounts == 1 && q->n_categories == 1
					      : (int64_t)q->n_accounts * r->n_slots <= SURELY_FEW))
		return 0;
	r->counted = true;
	for (size_t i = 0; i < q->n_accounts; i++) {
		int64_t account = q->accounts[i].id, category = 0;
		int rc = 0;

		if (q->by_series && dimensions_any(q->accounts[i].dim))
			continue;
		if (!q->by_series && count_rows(r, account, 0, &work, err) < 0)
			return -1;
		while (q->by_series && (rc = next_category(r, account, &category, err)) > 0)
			if (count_rows(r, account, category, &work, err) < 0)
				return -1;
		if (rc < 0)
			return -1;
	}
	return 0;
}

int store_sums(struct store *st, const struct sums_query *q, sums_row_fn *row, void *arg,
	       struct error *err)
{
	struct reading r = { .st = st, .q = q, .row = row, .arg = arg };
	int rc;

	arena_init(&r.arena);
	arena_init(&r.scratch);
	plan(&r);
	rc = count_all(&r, err);
	for (size_t i = 0; i < q->n_accounts && rc == 0; i++)
		rc = q->by_series ? read_series(&r, i, err) : read_totals(&r, i, err);
	arena_release(&r.scratch);
	arena_release(&r.arena);
	return rc;
}
