/*
 * sums.c - sums of many accounts over many spans, in one statement: the rows of
 * whole months, whole days and the rest of the spans, which an index finds.
 *
 * By category, a row is given as it is if most spans are a few slots long;
 * otherwise PostgreSQL adds up the rows of each piece of a span.
 *
 * By series, PostgreSQL adds up by the values of dimensions. A filter by
 * customer, SIM or a declared dimension finds its series first. Few of them are
 * looked up slot by slot; otherwise all rows of the slots are read.
 *
 * Each table has its condition at(): in a distributed ledger, the question is
 * asked once for each place (see places.h).
 *
 * Each subquery with OFFSET 0 is one that PostgreSQL has to run for each row
 * before it, by an index: it must never read a whole table to join it.
 */
#include <glib.h>
#include <stdlib.h>
#include "store/event_names.h"
#include "store/internal.h"
#include "store/lists.h"
#include "store/pgsql/layout.h"
#include "store/pgsql/pieces.h"
#include "store/pgsql/sql.h"
#include "store/places.h"
#include "base/int_order.h"
#include "base/banned.h"

enum {
	SCAN_WORK = 6,       /* what a range of rows costs, in sums */
	LOOKUPS_MAX = 20000, /* series times slots that are looked up one by one */
	FOUND_MAX = 1000,    /* series that are looked up one by one */
	/*
	 * by category: rows of so many are not added up, because a sum, which is
	 * a numeric, costs the server about as much as sending three rows
	 */
	FEW_ACCOUNTS = 4,
	FEW_ROWS = 500, /* of a category: so many rows are not added up */
	FEW_SLOTS = 2,  /* by category: so many slots of a piece are not added up */
	/*
	 * so many are asked for one by one; of more, by category, all between
	 * the first and the last are read, and by series those that there are
	 */
	FEW_CATEGORIES = 4
};

/* The parameters of the statement. */
enum {
	P_ACCOUNTS = 1, /* id; and the values of filters */
	P_CATEGORIES,
	P_LIMIT,
	P_RANGES, /* of each level */
	P_STARTS = P_RANGES + LEVELS,
	P_FOUND = P_STARTS + LEVELS,
	P_PREFIXES,
	P_FILTERS, /* further filters of the accounts */
	P_INDEX_PREFIX = P_FILTERS + 2,
	P_INDEX_END,
	P_PLACE,
	P_LAST = P_PLACE
};

/* The columns of its rows. */
enum {
	C_KEY,  /* the account's number times LEVELS, and the level; or FOUND_ROW */
	C_SLOT, /* or the number of the piece, from 1: see add_piece_number */
	C_CATEGORY,
	C_AMOUNTS,
	/* of summed rows: how many were added up */
	C_N = C_AMOUNTS + AMOUNTS,
	C_VALUE,
	C_SECOND
};

enum { FOUND_ROW = -1 /* of this row, only C_N */ };

struct reading {
	struct store *st;
	const struct sums_query *q;
	const struct place *place;
	struct arena arena;
	struct sums_pieces pieces;
	bool merged;            /* rows of all accounts are added up together */
	bool single;            /* each piece is one slot */
	bool summed;            /* PostgreSQL adds up the rows of each piece */
	int filter[DIMENSIONS]; /* number of the filter's column, from 1; 0: none */
	int n_filters;
	int index;         /* the dimension that finds the series; -1: none */
	int64_t found_max; /* so many series are looked up; 0: none */
	GString *sql;
};

static const char *const levels[LEVELS] = { "quarter", "day", "month" };

#define SUM_COLUMN(table, name) "sum(" table name ")"
#define SUMS_OF(table)          AMOUNT_EACH(SUM_COLUMN, table ".")

/* ---- the statement: parts ---- */

static void add(struct reading *r, const char *text)
{
	g_string_append(r->sql, text);
}

__attribute__((format(printf, 2, 3))) static void addf(struct reading *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_string_append_vprintf(r->sql, format, args);
	va_end(args);
}

/* The number of the piece of a slot; or, if it is the only one, the slot. */
static void add_piece_number(struct reading *r, enum level level)
{
	if (r->single) {
		add(r, "x.slot");
		return;
	}
	addf(r, "width_bucket(x.slot, (SELECT array_agg(a ORDER BY rowid) FROM list(?%d) p))",
	     P_STARTS + (int)level);
}

/* The first column of a row of the table x. */
static void add_key(struct reading *r, enum level level)
{
	if (r->merged)
		addf(r, "(SELECT %d::bigint, ", (int)level);
	else
		addf(r, "(SELECT x.n * %d + %d, ", LEVELS, (int)level);
}

/* ---- by category ---- */

static void add_total_rows(struct reading *r, enum level level)
{
	addf(r,
	     "SELECT l.rowid AS n, t.* FROM list(?%d) l CROSS JOIN list(?%d) r"
	     " CROSS JOIN LATERAL (SELECT slot, category, " AMOUNT_COLUMNS " FROM total_%s"
	     " WHERE account = l.a AND slot >= r.a AND slot < r.b AND at(root, ?%d)",
	     P_ACCOUNTS, P_RANGES + (int)level, levels[level], P_PLACE);
	if (r->q->n_categories > FEW_CATEGORIES)
		addf(r,
		     " AND category BETWEEN (SELECT a FROM list(?%d) c) AND"
		     " (SELECT b FROM list(?%d) c)",
		     P_CATEGORIES, P_CATEGORIES);
	else if (r->q->n_categories > 1)
		addf(r, " AND category = ANY (ARRAY(SELECT a FROM list(?%d) c))", P_CATEGORIES);
	else if (r->q->n_categories)
		addf(r, " AND category = (SELECT a FROM list(?%d) c)", P_CATEGORIES);
	addf(r, " OFFSET 0) t LIMIT ?%d", P_LIMIT);
}

static void add_totals(struct reading *r, enum level level)
{
	add_key(r, level);
	if (r->summed) {
		add_piece_number(r, level);
		add(r, ", x.category, " SUMS_OF("x") ", count(*) FROM (");
	} else {
		add(r, "x.slot, x.category, " AMOUNT_COLUMNS_OF("x") " FROM (");
	}
	add_total_rows(r, level);
	/* a constant key would be hashed and compared for each row */
	if (r->summed)
		add(r, r->merged ? ") x GROUP BY 2, 3)" : ") x GROUP BY 1, 2, 3)");
	else
		add(r, ") x)");
}

/* ---- by series ---- */

/* The value of the dimension of the series s. */
static void add_value(struct reading *r, int d)
{
	if (d < DIMENSIONS_BUILT_IN)
		addf(r, "s.%s", dimension_infos[d].column);
	else
		addf(r, "COALESCE(s.declared_values[%d], 0)", d - DIMENSIONS_BUILT_IN + 1);
}

/*
 * The accounts: l, with the columns a (id) and f1, f2 ... (values of filters).
 */
static void add_accounts(struct reading *r)
{
	addf(r, "(SELECT l0.rowid AS rowid, l0.a AS a");
	for (int i = 1; i <= r->n_filters; i++)
		addf(r, ", l%d.%c AS f%d", i / DB_LIST_COLUMNS, 'a' + i % DB_LIST_COLUMNS, i);
	addf(r, " FROM list(?%d) l0", P_ACCOUNTS);
	for (int i = 1; i <= r->n_filters / DB_LIST_COLUMNS; i++)
		addf(r, " JOIN list(?%d) l%d ON l%d.rowid = l0.rowid", P_FILTERS + i - 1, i, i);
	add(r, ") l");
}

/* The columns f1, f2 ... of a table. */
static void add_filters_of(struct reading *r, const char *table)
{
	for (int i = 1; i <= r->n_filters; i++)
		addf(r, ", %s.f%d", table, i);
}

/* That the series s is one that the account in TABLE asks for. */
static void add_conditions(struct reading *r, const char *table)
{
	int n = 0;

	for (int d = 0; d < DIMENSIONS; d++) {
		if (r->filter[d]) {
			addf(r, " AND %s.f%d IN (0, ", table, r->filter[d]);
			add_value(r, d);
			add(r, ")");
		}
		if (r->q->prefix[d]) {
			add(r, " AND EXISTS (SELECT 1 FROM dimension_value v WHERE v.id = ");
			add_value(r, d);
			addf(r,
			     " AND v.id <> 0 AND at(v.root, ?%d)"
			     " AND starts_with(v.text, (SELECT a FROM list(?%d) p"
			     " WHERE rowid = %d)))",
			     P_PLACE, P_PREFIXES, n++);
		}
	}
}

/* The columns of a series: its values of the dimensions grouped by. */
static void add_group_values(struct reading *r)
{
	add_value(r, r->q->group);
	add(r, " AS value, ");
	if (r->q->paired)
		add_value(r, r->q->second);
	else
		add(r, "0::bigint");
	add(r, " AS second");
}

/* The categories of the account l that are asked for and have usage: c.a. */
static void add_categories(struct reading *r)
{
	if (r->q->n_categories && r->q->n_categories <= FEW_CATEGORIES) {
		addf(r, " CROSS JOIN list(?%d) c", P_CATEGORIES);
		return;
	}
	addf(r,
	     " CROSS JOIN LATERAL (WITH RECURSIVE k(a) AS ((SELECT category FROM part_month"
	     " WHERE account = l.a AND at(root, ?%d) ORDER BY category LIMIT 1) UNION ALL SELECT"
	     " (SELECT category FROM part_month WHERE account = l.a AND category > k.a"
	     " AND at(root, ?%d) ORDER BY category LIMIT 1) FROM k WHERE k.a IS NOT NULL)"
	     " SELECT a FROM k WHERE a IS NOT NULL",
	     P_PLACE, P_PLACE);
	if (r->q->n_categories)
		addf(r, " AND a = ANY (ARRAY(SELECT a FROM list(?%d) c))", P_CATEGORIES);
	add(r, ") c");
}

/* Reads all rows of the slots. */
static void add_all_parts(struct reading *r, enum level level)
{
	add(r, "SELECT l.rowid AS n, c.a AS category, t.*");
	add_filters_of(r, "l");
	add(r, " FROM ");
	add_accounts(r);
	add_categories(r);
	addf(r,
	     " CROSS JOIN list(?%d) r CROSS JOIN LATERAL (SELECT slot, series, " AMOUNT_COLUMNS
	     " FROM part_%s WHERE account = l.a AND category = c.a AND slot >= r.a"
	     " AND slot < r.b AND at(root, ?%d) OFFSET 0) t",
	     P_RANGES + (int)level, levels[level], P_PLACE);
	if (r->found_max)
		addf(r, " WHERE (SELECT count(*) FROM found) > ?%d", P_FOUND);
	addf(r, " LIMIT ?%d", P_LIMIT);
}

#define PART_COLUMNS ", x.category, " SUMS_OF("x") ", count(*)"

static void add_parts(struct reading *r, enum level level)
{
	add_key(r, level);
	add_piece_number(r, level);
	add(r, PART_COLUMNS ", s.value, s.second FROM (");
	add_all_parts(r, level);
	add(r, ") x CROSS JOIN LATERAL (SELECT ");
	add_group_values(r);
	addf(r, " FROM series s WHERE s.id = x.series AND at(s.root, ?%d)", P_PLACE);
	add_conditions(r, "x");
	add(r, " OFFSET 0) s GROUP BY 1, 2, 3, s.value, s.second)");
}

/* Looks up the found series in each slot. */
static void add_found_parts(struct reading *r, enum level level)
{
	add_key(r, level);
	add_piece_number(r, level);
	addf(r,
	     PART_COLUMNS ", x.value, x.second FROM (SELECT f.n, f.category, f.value, f.second, t.*"
			  " FROM found f CROSS JOIN list(?%d) r"
			  " CROSS JOIN LATERAL generate_series(r.a, r.b - 1) g(slot)"
			  " CROSS JOIN LATERAL (SELECT slot, " AMOUNT_COLUMNS
			  " FROM part_%s WHERE account = f.a"
			  " AND category = f.category AND slot = g.slot AND series = f.series"
			  " AND at(root, ?%d) OFFSET 0) t"
			  " WHERE (SELECT count(*) FROM found) <= ?%d LIMIT ?%d) x"
			  " GROUP BY 1, 2, 3, x.value, x.second)",
	     P_RANGES + (int)level, levels[level], P_PLACE, P_FOUND, P_LIMIT);
}

/* The series, as NAME, that have a value of the dimension. */
static void add_series_of(struct reading *r, int d, const char *name, const char *value)
{
	if (d < DIMENSIONS_BUILT_IN)
		addf(r, "series %s WHERE %s.%s = %s AND %s.%s <> 0 AND at(%s.root, ?%d)", name,
		     name, dimension_infos[d].column, value, name, dimension_infos[d].column, name,
		     P_PLACE);
	else
		addf(r,
		     "series_value y CROSS JOIN LATERAL (SELECT * FROM series WHERE id = y.series"
		     " AND at(root, ?%d) OFFSET 0) %s WHERE y.value = %s AND at(y.root, ?%d)",
		     P_PLACE, name, value, P_PLACE);
}

/* The series s that have the value of the filter, or one with its prefix. */
static void add_index(struct reading *r, int d)
{
	char value[16];

	if (r->filter[d]) {
		g_snprintf(value, sizeof(value), "l.f%d", r->filter[d]);
		add_series_of(r, d, "s", value);
		return;
	}
	add(r, "dimension_value w CROSS JOIN LATERAL (SELECT u.* FROM ");
	add_series_of(r, d, "u", "w.id");
	addf(r,
	     " OFFSET 0) s WHERE w.account = l.a AND w.dimension = %d AND w.text >= ?%d"
	     " AND w.text <= ?%d AND at(w.root, ?%d)",
	     (int)dimension_id(d), P_INDEX_PREFIX, P_INDEX_END, P_PLACE);
}

/* The series that the filters ask for: found. */
static void add_found(struct reading *r)
{
	add(r, "WITH found AS MATERIALIZED (SELECT l.rowid AS n, l.a, s.* FROM ");
	add_accounts(r);
	add(r, " CROSS JOIN LATERAL (SELECT s.id AS series, s.category, ");
	add_group_values(r);
	add(r, " FROM ");
	add_index(r, r->index);
	add(r, " AND s.account = l.a");
	add_conditions(r, "l");
	if (r->q->n_categories)
		addf(r, " AND s.category = ANY (ARRAY(SELECT a FROM list(?%d) c))", P_CATEGORIES);
	addf(r, " OFFSET 0) s LIMIT ?%d + 1) ", P_FOUND);
}

/* ---- the statement ---- */

/* Has the dimension an index that finds its series? */
static bool has_index(int d)
{
	return d >= DIMENSIONS_BUILT_IN || d == DIM_CUSTOMER || d == DIM_SIM;
}

/*
 * The dimension whose index finds the series of all accounts, by a filter, or
 * else by a prefix; declared dimensions first. -1: none.
 */
static int choose_index(const struct reading *r)
{
	int filtered = -1, prefixed = -1;

	for (int i = 0; i < DIMENSIONS; i++) {
		int d = (i + DIMENSIONS_BUILT_IN) % DIMENSIONS;

		if (!has_index(d))
			continue;
		if (r->filter[d] && filtered < 0)
			filtered = d;
		if (r->q->prefix[d] && prefixed < 0)
			prefixed = d;
	}
	return filtered >= 0 ? filtered : prefixed;
}

/* Numbers the dimensions that accounts are filtered by. */
static void choose_filters(struct reading *r)
{
	const struct sums_query *q = r->q;
	bool all[DIMENSIONS];

	for (int d = 0; d < DIMENSIONS; d++) {
		all[d] = true;
		for (size_t i = 0; i < q->n_accounts; i++) {
			if (q->accounts[i].dim[d] && !r->filter[d])
				r->filter[d] = ++r->n_filters;
			all[d] = all[d] && q->accounts[i].dim[d];
		}
	}
	r->index = choose_index(r);
	if (r->index >= 0 && r->filter[r->index] && !all[r->index])
		r->index = -1;
}

static void choose_way(struct reading *r)
{
	int64_t slots = 0, pieces = 0;

	for (int i = 0; i < LEVELS; i++) {
		slots += r->pieces.levels[i].slots;
		pieces += (int64_t)r->pieces.levels[i].n;
	}
	r->single = slots == pieces;
	r->merged = r->q->any_account && r->q->n_accounts > 1;
	r->summed = r->q->by_series || slots > FEW_SLOTS * pieces ||
		    (r->merged && r->q->n_accounts > FEW_ACCOUNTS &&
		     (r->q->n_categories != 1 || (int64_t)r->q->n_accounts * slots > FEW_ROWS));
	r->merged = r->merged && r->summed;
	r->index = -1;
	if (r->q->by_series)
		choose_filters(r);
	if (r->index >= 0)
		r->found_max = MIN(FOUND_MAX, LOOKUPS_MAX / MAX(slots, 1));
}

static void make_sql(struct reading *r)
{
	const char *join = "";

	if (r->found_max) {
		add_found(r);
		addf(r,
		     "SELECT %d::bigint, 0, 0, 0::numeric, 0::numeric, 0::numeric, 0::numeric,"
		     " count(*), 0::bigint, 0::bigint FROM found",
		     FOUND_ROW);
		join = " UNION ALL ";
	}
	for (enum level i = 0; i < LEVELS; i++) {
		if (!r->pieces.levels[i].n)
			continue;
		add(r, join);
		join = " UNION ALL ";
		if (!r->q->by_series) {
			add_totals(r, i);
			continue;
		}
		add_parts(r, i);
		if (r->found_max) {
			add(r, join);
			add_found_parts(r, i);
		}
	}
}

/* ---- parameters ---- */

/* Binds rows of numbers, which are in the arena. */
static void bind_rows(struct reading *r, struct stmt *s, int param, size_t n, int columns,
		      struct db_cell *cells)
{
	struct db_list *list = arena_new(&r->arena, struct db_list);

	*list = (struct db_list) { cells, n, columns };
	db_bind_list(s, param, list);
}

/* The ids of the accounts, and their filters in as many lists as they take. */
static void bind_accounts(struct reading *r, struct stmt *s)
{
	const struct sums_query *q = r->q;
	int columns = 1 + r->n_filters;

	for (int first = 0; first < columns; first += DB_LIST_COLUMNS) {
		int n = MIN(columns - first, DB_LIST_COLUMNS);
		struct db_cell *cells = arena_array(&r->arena, struct db_cell,
						    q->n_accounts * (size_t)n);

		for (size_t i = 0; i < q->n_accounts; i++) {
			struct db_cell *row = cells + i * (size_t)n;

			if (first == 0)
				row[0].n = q->accounts[i].id;
			for (int d = 0; d < DIMENSIONS; d++)
				if (r->filter[d] && r->filter[d] >= first &&
				    r->filter[d] < first + n)
					row[r->filter[d] - first].n = q->accounts[i].dim[d];
		}
		bind_rows(r, s, first ? P_FILTERS + first / DB_LIST_COLUMNS - 1 : P_ACCOUNTS,
			  q->n_accounts, n, cells);
	}
}

static void bind_categories(struct reading *r, struct stmt *s)
{
	const struct sums_query *q = r->q;
	struct db_cell *ends;

	if (!q->n_categories)
		return;
	if (q->by_series || q->n_categories <= FEW_CATEGORIES) {
		bind_ids(s, P_CATEGORIES, &r->arena, q->categories, q->n_categories);
		return;
	}
	ends = arena_array(&r->arena, struct db_cell, 2);
	ends[0].n = q->categories[0];
	ends[1].n = q->categories[q->n_categories - 1];
	bind_rows(r, s, P_CATEGORIES, 1, 2, ends);
}

static void bind_ranges(struct reading *r, struct stmt *s, enum level level)
{
	const struct level_pieces *l = &r->pieces.levels[level];
	struct db_cell *ranges = arena_array(&r->arena, struct db_cell, 2 * l->n_ranges);

	for (size_t i = 0; i < l->n_ranges; i++) {
		ranges[2 * i].n = l->ranges[i].from;
		ranges[2 * i + 1].n = l->ranges[i].to;
	}
	bind_rows(r, s, P_RANGES + (int)level, l->n_ranges, 2, ranges);
}

static void bind_starts(struct reading *r, struct stmt *s, enum level level)
{
	const struct level_pieces *l = &r->pieces.levels[level];
	struct db_cell *starts = arena_array(&r->arena, struct db_cell, l->n);

	for (size_t i = 0; i < l->n; i++)
		starts[i].n = l->list[i].from;
	bind_rows(r, s, P_STARTS + (int)level, l->n, 1, starts);
}

static void bind_level(struct reading *r, struct stmt *s, enum level level)
{
	if (!r->pieces.levels[level].n)
		return;
	bind_ranges(r, s, level);
	if (!r->single)
		bind_starts(r, s, level);
}

static void bind_prefixes(struct reading *r, struct stmt *s)
{
	struct db_cell *cells = arena_array(&r->arena, struct db_cell, DIMENSIONS);
	const char *indexed;
	size_t n = 0;

	for (int d = 0; d < DIMENSIONS; d++)
		if (r->q->prefix[d])
			cells[n++] = (struct db_cell) { .kind = DB_CELL_TEXT,
							.bytes = r->q->prefix[d],
							.len = strlen(r->q->prefix[d]) };
	if (n)
		bind_rows(r, s, P_PREFIXES, n, 1, cells);
	if (!r->found_max || r->filter[r->index])
		return;
	indexed = r->q->prefix[r->index];
	db_bind_str(s, P_INDEX_PREFIX, indexed);
	db_bind_str(s, P_INDEX_END, store_prefix_end(&r->arena, indexed));
}

static void bind_all(struct reading *r, struct stmt *s)
{
	/* parameters that the statement lacks need a type, too */
	for (int i = 1; s && i <= P_LAST; i++)
		db_bind_int(s, i, 0);
	bind_accounts(r, s);
	bind_categories(r, s);
	db_bind_int(s, P_LIMIT, r->st->limits.work ? r->st->work_left + 1 : INT64_MAX);
	for (enum level i = 0; i < LEVELS; i++)
		bind_level(r, s, i);
	db_bind_int(s, P_FOUND, r->found_max);
	db_bind_list(s, P_PLACE, r->place->families);
	bind_prefixes(r, s);
}

/* ---- rows ---- */

static void get_amounts(const struct reading *r, struct stmt *s, struct amounts_wide *ret)
{
	for (int i = 0; i < AMOUNTS; i++)
		ret->n[i] = r->summed ? pg_get_numeric(s, C_AMOUNTS + i)
				      : db_get_int(s, C_AMOUNTS + i);
}

static bool is_asked(const struct sums_query *q, int64_t category)
{
	return q->n_categories <= FEW_CATEGORIES ||
	       bsearch(&category, q->categories, q->n_categories, sizeof(category), int_order);
}

static int give(const struct reading *r, struct stmt *s, sums_row_fn *row, void *arg,
		struct error *err)
{
	struct amounts_wide amounts;
	struct sums_row out = { .amounts = &amounts };
	int64_t key = db_get_int(s, C_KEY), slot = db_get_int(s, C_SLOT);
	const struct level_pieces *pieces;

	if (store_work(r->st, r->summed ? db_get_int(s, C_N) : 1, err) < 0)
		return -1;
	if (key == FOUND_ROW)
		return 0;
	out.category = db_get_int(s, C_CATEGORY);
	if (!is_asked(r->q, out.category))
		return 0;
	pieces = &r->pieces.levels[key % LEVELS];
	out.account = (size_t)(key / LEVELS);
	out.span = r->summed && !r->single ? pieces->list[slot - 1].span
					   : sums_piece_of(pieces, slot)->span;
	get_amounts(r, s, &amounts);
	if (r->q->by_series) {
		out.value = db_get_int(s, C_VALUE);
		out.second = r->q->paired ? db_get_int(s, C_SECOND) : 0;
	}
	return row(arg, &out, err);
}

/* Seeks are work, too. */
static int count_seeks(const struct reading *r, struct error *err)
{
	size_t n = 0;

	for (int i = 0; i < LEVELS; i++)
		n += r->pieces.levels[i].n_ranges;
	return store_work(r->st, SCAN_WORK * (int64_t)(n * r->q->n_accounts), err);
}

static int read_sums(struct reading *r, sums_row_fn *row, void *arg, struct error *err)
{
	struct stmt *s;
	int rc;

	choose_way(r);
	if (count_seeks(r, err) < 0)
		return -1;
	make_sql(r);
	if (!r->sql->len)
		return 0;
	s = prepare(r->st, g_intern_string(r->sql->str), err);
	bind_all(r, s);
	while ((rc = db_step(s, err)) > 0) {
		if (give(r, s, row, arg, err) < 0) {
			db_reset(s);
			return -1;
		}
	}
	return rc;
}

static int read_place(struct store *st, const struct sums_query *q, const struct place *place,
		      sums_row_fn *row, void *arg, struct error *err)
{
	struct reading r = { .st = st, .q = q, .place = place };
	int rc;

	arena_init(&r.arena);
	r.sql = g_string_new(NULL);
	sums_divide(q, &r.arena, &r.pieces);
	rc = read_sums(&r, row, arg, err);
	g_string_free(r.sql, TRUE);
	arena_release(&r.arena);
	return rc;
}

/* ---- places ---- */

/* A row of a question that was asked about the accounts of one place. */
struct place_row {
	const struct place *place;
	sums_row_fn *row;
	void *arg;
};

static int give_place(void *arg, const struct sums_row *row, struct error *err)
{
	const struct place_row *p = arg;
	struct sums_row out = *row;

	out.account = p->place->items[row->account];
	return p->row(p->arg, &out, err);
}

static int read_place_of(struct store *st, const struct sums_query *q, struct place_row *p,
			 struct arena *arena, struct error *err)
{
	struct sums_query some = *q;
	struct sums_account *accounts = arena_array(arena, struct sums_account, p->place->n);

	for (size_t i = 0; i < p->place->n; i++)
		accounts[i] = q->accounts[p->place->items[i]];
	some.accounts = accounts;
	some.n_accounts = p->place->n;
	return read_place(st, &some, p->place, give_place, p, err);
}

static int read_places(struct store *st, const struct sums_query *q, struct place_row *p,
		       struct arena *arena, struct error *err)
{
	int64_t *ids = arena_array(arena, int64_t, q->n_accounts);
	struct places places;

	for (size_t i = 0; i < q->n_accounts; i++)
		ids[i] = q->accounts[i].id;
	if (store_places_of_accounts(st, ids, q->n_accounts, arena, &places, err) < 0)
		return -1;
	for (size_t i = 0; i < places.n; i++) {
		p->place = places.list + i;
		if (read_place_of(st, q, p, arena, err) < 0)
			return -1;
	}
	return 0;
}

int pgsql_sums(struct store *st, const struct sums_query *q, sums_row_fn *row, void *arg,
	       struct error *err)
{
	struct place_row p = { .row = row, .arg = arg };
	struct arena arena;
	int rc;

	if (q->n_spans == 0 || q->n_accounts == 0)
		return 0;
	if (!db_distributed(st->db))
		return read_place(st, q, &place_of_all, row, arg, err);
	arena_init(&arena);
	rc = read_places(st, q, &p, &arena, err);
	arena_release(&arena);
	return rc;
}
