#include "store/sqlite/sums_series.h"

#include <string.h>
#include "store/internal.h"
#include "store/lists.h"
#include "store/sqlite/layout.h"
#include "store/sqlite/rollup_rows.h"
#include "base/banned.h"

enum {
	LOOKUP_WORK = 4, /* what looking up a series costs */
	/* so many are found before anything is read, and of each account so many more */
	FOUND_MAX = 4096,
	FOUND_EACH = 64
};

/*
 * By series and account of the query, which may be there several times with
 * different filters; also, for prefixes, by value: is it -1 or not?
 */
struct series_values {
	int64_t *series; /* open addressing; 0: free */
	size_t *account;
	struct group_values *value;
	size_t size, n; /* SIZE is a power of two, more than twice N */
};

/* A series that must be looked up. */
struct needed {
	size_t account;
	int64_t series;
};

struct sums_series {
	struct store *st;
	const struct sums_query *q;
	struct arena *arena;
	struct series_values values;
	/* of values of dimensions that have a prefix in the query */
	struct series_values prefixes;
	struct needed *needed;
	size_t n_needed, needed_size;
	/* the account whose series were looked up one by one, and how many */
	size_t missed, misses;
	size_t first; /* number of the first account */
	/* by account, from FIRST on; NULL: no filter has an index */
	struct sums_filtered *filtered;
};

bool sums_has_category(const struct sums_query *q, int64_t category)
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

/* ---- what is known ---- */

static size_t value_place(const struct series_values *v, size_t account, int64_t series)
{
	size_t i = (((uint64_t)series + ((uint64_t)account << 40)) * 0x9e3779b97f4a7c15u >> 20) &
		   (v->size - 1);

	while (v->series[i] && (v->series[i] != series || v->account[i] != account))
		i = (i + 1) & (v->size - 1);
	return i;
}

static void values_grow(struct series_values *v, struct arena *arena)
{
	struct series_values old = *v;

	v->size = old.size ? old.size * 4 : 64;
	v->series = arena_array(arena, int64_t, v->size);
	v->account = arena_array(arena, size_t, v->size);
	v->value = arena_array(arena, struct group_values, v->size);
	for (size_t i = 0; i < old.size; i++) {
		size_t place;

		if (!old.series[i])
			continue;
		place = value_place(v, old.account[i], old.series[i]);
		v->series[place] = old.series[i];
		v->account[place] = old.account[i];
		v->value[place] = old.value[i];
	}
}

static void value_keep(struct sums_series *ss, struct series_values *v, size_t account,
		       int64_t series, struct group_values value)
{
	size_t place;

	if (2 * (v->n + 1) > v->size)
		values_grow(v, ss->arena);
	place = value_place(v, account, series);
	v->n += !v->series[place];
	v->series[place] = series;
	v->account[place] = account;
	v->value[place] = value;
}

static const struct group_values *value_find(const struct series_values *v, size_t account,
					     int64_t series)
{
	size_t place;

	if (!v->size)
		return NULL;
	place = value_place(v, account, series);
	return v->series[place] ? &v->value[place] : NULL;
}

const struct group_values *sums_series_values(const struct sums_series *ss, size_t account,
					      int64_t series)
{
	return value_find(&ss->values, account, series);
}

const struct sums_filtered *sums_series_filtered(const struct sums_series *ss, size_t account)
{
	return ss->filtered ? &ss->filtered[account - ss->first] : NULL;
}

/* Does the text of a value begin with PREFIX? 1 yes, 0 no, -1 failed. */
static int read_prefix(struct sums_series *ss, int64_t value, const char *prefix, struct error *err)
{
	struct stmt *s = prepare(ss->st, "SELECT text FROM dimension_value WHERE id = ?1", err);
	size_t len, prefix_len = strlen(prefix);
	const char *text;
	int rc;

	if (store_work(ss->st, LOOKUP_WORK, err) < 0)
		return -1;
	db_bind_int(s, 1, value);
	rc = db_step(s, err);
	if (rc <= 0)
		return rc;
	text = db_get_text(s, 0, &len);
	rc = text && len >= prefix_len && memcmp(text, prefix, prefix_len) == 0;
	db_reset(s);
	return rc;
}

/* The same; reads each value once. */
static int has_prefix(struct sums_series *ss, int64_t value, const char *prefix, struct error *err)
{
	const struct group_values *known = value_find(&ss->prefixes, 0, value);
	int rc;

	if (!value)
		return 0;
	if (known)
		return known->value == 0;
	rc = read_prefix(ss, value, prefix, err);
	if (rc >= 0)
		value_keep(ss, &ss->prefixes, 0, value, (struct group_values) { .value = rc - 1 });
	return rc;
}

/* Is a series of the account with these dimensions part of the question? 1 yes, 0 no, -1. */
static int dimensions_match(struct sums_series *ss, size_t account, const int64_t dim[DIMENSIONS],
			    struct error *err)
{
	const int64_t *asked = ss->q->accounts[account].dim;
	int rc = 1;

	for (int d = 0; d < DIMENSIONS; d++)
		if (asked[d] && dim[d] != asked[d])
			return 0;
	for (int d = 0; d < DIMENSIONS && rc > 0; d++)
		if (ss->q->prefix[d])
			rc = has_prefix(ss, dim[d], ss->q->prefix[d], err);
	return rc;
}

/* The row of S: from COLUMN on, id and dimensions of a series of the account. */
static int keep_row(struct sums_series *ss, size_t account, struct stmt *s, int column,
		    struct error *err)
{
	int64_t dim[DIMENSIONS];
	struct group_values values;
	int rc;

	store_get_dimensions(s, column + 1, dim);
	rc = dimensions_match(ss, account, dim, err);
	values = (struct group_values) { dim[ss->q->group],
					 ss->q->paired ? dim[ss->q->second] : 0 };
	if (rc == 0)
		values.value = -1;
	if (rc >= 0)
		value_keep(ss, &ss->values, account, db_get_int(s, column), values);
	else
		db_reset(s);
	return rc < 0 ? -1 : 0;
}

/* ---- looking up ---- */

/* Reads all of the account's series, if there are at most MOST. 1 done, 0 not, -1 failed. */
static int read_all_series(struct sums_series *ss, size_t account, size_t most, struct error *err)
{
	struct stmt *s =
		prepare(ss->st,
			"SELECT count(*) FROM (SELECT 1 FROM series WHERE account = ?1 LIMIT "
			"?2)",
			err);
	int64_t n = 0;
	int rc;

	db_bind_int(s, 1, ss->q->accounts[account].id);
	db_bind_int(s, 2, (int64_t)most + 1);
	if (store_one(s, &n, err) < 0)
		return -1;
	if (store_work(ss->st, n > (int64_t)most ? n / ENTRIES_WORK : n, err) < 0)
		return -1;
	if (n > (int64_t)most)
		return 0;
	s = prepare(ss->st, "SELECT id" SERIES_DIMENSIONS " FROM series WHERE account = ?1", err);
	db_bind_int(s, 1, ss->q->accounts[account].id);
	while ((rc = db_step(s, err)) > 0)
		if (keep_row(ss, account, s, 0, err) < 0)
			return -1;
	return rc < 0 ? -1 : 1;
}

/* Looks up the series that are needed in one statement. */
static int look_up(struct sums_series *ss, struct error *err)
{
	size_t n = ss->n_needed;
	struct stmt *s = prepare(ss->st,
				 "SELECT l.rowid, s.id" SERIES_DIMENSIONS
				 " FROM list(?1) l CROSS JOIN series s WHERE s.id = l.a",
				 err);
	int64_t *ids = arena_array(ss->arena, int64_t, n);
	int rc;

	for (size_t i = 0; i < n; i++)
		ids[i] = ss->needed[i].series;
	bind_ids(s, 1, ss->arena, ids, n);
	while ((rc = db_step(s, err)) > 0)
		if (keep_row(ss, ss->needed[db_get_int(s, 0)].account, s, 1, err) < 0)
			return -1;
	return rc < 0 ? -1 : store_work(ss->st, LOOKUP_WORK * (int64_t)n, err);
}

/*
 * One by one costs several times as much a series as all of an account: so all
 * are read as soon as many were looked up, unless they are many more. How many
 * they are is counted again when there are half as many more. 1 all were read, 0
 * not, -1 failed.
 */
static int look_up_all(struct sums_series *ss, struct error *err)
{
	enum { AGAIN = 500, TIMES = 8 };
	size_t account = ss->needed[0].account, n = ss->values.n - ss->n_needed, most;

	if (account != ss->needed[ss->n_needed - 1].account)
		return 0;
	ss->misses = (ss->missed == account ? ss->misses : 0) + ss->n_needed;
	ss->missed = account;
	if (ss->misses < AGAIN || ss->misses < n / 3)
		return 0;
	most = (n > ss->misses ? n : ss->misses) * TIMES;
	ss->misses = 0;
	return read_all_series(ss, account, most, err);
}

void sums_series_need(struct sums_series *ss, size_t account, int64_t series)
{
	if (value_find(&ss->values, account, series))
		return;
	/* the series is no part of the question, unless the look-up finds it */
	value_keep(ss, &ss->values, account, series, (struct group_values) { .value = -1 });
	ss->needed = arena_room(ss->arena, ss->needed, ss->n_needed, &ss->needed_size,
				sizeof(*ss->needed));
	ss->needed[ss->n_needed++] = (struct needed) { account, series };
}

int sums_series_look_up(struct sums_series *ss, struct error *err)
{
	int rc;

	if (!ss->n_needed)
		return 0;
	rc = look_up_all(ss, err);
	if (rc == 0)
		rc = look_up(ss, err);
	ss->n_needed = 0;
	return rc < 0 ? -1 : 0;
}

/* ---- filters ---- */

/*
 * Of each row of list(?1), an account with a value, the series with this value;
 * no more than ?2 series.
 */
#define FIND_SERIES(from, where)                                                                 \
	"SELECT l.rowid, s.id" SERIES_DIMENSIONS ", s.category FROM list(?1) l CROSS JOIN " from \
	" WHERE " where " AND s.account = l.a LIMIT ?2"

/* The index has the account before the value. */
#define BY_VALUE(index, column) \
	FIND_SERIES("series s" index, "s." column " = l.b AND s." column " <> 0")

/* The same with values that begin with the text l.b, of the dimension ?3. */
#define FIND_BEGINNING                                                                         \
	FIND_SERIES("dimension_value v CROSS JOIN series_value y CROSS JOIN series s",         \
		    "v.account = l.a AND v.dimension = ?3 AND v.text >= l.b AND v.text <= l.b" \
		    " || char(1114111, 1114111) AND y.value = v.id AND s.id = y.series")

/* How the series of a filter are found. */
struct filter_index {
	const char *sql;
	enum dimension dimension;
	const char *prefix; /* NULL: by the accounts' value */
};

static bool all_filter_by(const struct sums_series *ss, size_t n, enum dimension d)
{
	for (size_t i = 0; i < n; i++)
		if (!ss->q->accounts[ss->first + i].dim[d])
			return false;
	return true;
}

/*
 * Chooses a dimension that all accounts from FIRST on filter by, and that has an
 * index. False: there is none.
 */
static bool choose_index(const struct sums_series *ss, size_t n, struct filter_index *ret)
{
	static const struct filter_index built_in[] = {
		{ BY_VALUE("", "customer"), DIM_CUSTOMER, NULL },
		{ BY_VALUE(" INDEXED BY series_sim", "sim"), DIM_SIM, NULL }
	};
	static const char of_declared[] = FIND_SERIES("series_value y CROSS JOIN series s",
						      "y.value = l.b AND s.id = y.series");

	for (int d = DIMENSIONS - 1; d >= DIMENSIONS_BUILT_IN; d--) {
		*ret = (struct filter_index) { of_declared, (enum dimension)d, NULL };
		if (all_filter_by(ss, n, (enum dimension)d))
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(built_in); i++) {
		*ret = built_in[i];
		if (all_filter_by(ss, n, ret->dimension))
			return true;
	}
	for (int d = DIMENSIONS_BUILT_IN; d < DIMENSIONS; d++) {
		*ret = (struct filter_index) { FIND_BEGINNING, (enum dimension)d,
					       ss->q->prefix[d] };
		if (ret->prefix)
			return true;
	}
	return false;
}

/* Binds the statement that finds the series of N accounts' filters. */
static struct stmt *ask_series(struct sums_series *ss, size_t n, const struct filter_index *index,
			       struct error *err)
{
	struct db_cell *cells = arena_array(ss->arena, struct db_cell, 2 * n);
	struct db_list *list = arena_new(ss->arena, struct db_list);
	struct stmt *s = prepare(ss->st, index->sql, err);

	*list = (struct db_list) { cells, n, 2 };
	for (size_t i = 0; i < n; i++) {
		const struct sums_account *a = &ss->q->accounts[ss->first + i];

		cells[2 * i].n = a->id;
		cells[2 * i + 1].n = a->dim[index->dimension];
		if (index->prefix)
			cells[2 * i + 1] = (struct db_cell) { .kind = DB_CELL_TEXT,
							      .bytes = index->prefix,
							      .len = strlen(index->prefix) };
	}
	db_bind_list(s, 1, list);
	if (index->prefix)
		db_bind_int(s, 3, dimension_id(index->dimension));
	return s;
}

/* Adds the found series of row S to those that are looked up, if it is asked for. */
static int add_seek(struct sums_series *ss, struct stmt *s, struct error *err)
{
	struct sums_filtered *f = &ss->filtered[db_get_int(s, 0)];
	int64_t series = db_get_int(s, 1), category = db_get_int(s, 3 + DIMENSIONS_BUILT_IN);
	size_t account = ss->first + (size_t)db_get_int(s, 0);

	if (keep_row(ss, account, s, 1, err) < 0)
		return -1;
	f->n_found++;
	if (value_find(&ss->values, account, series)->value >= 0 &&
	    sums_has_category(ss->q, category) && f->n_seeks < SEEKS_MAX)
		f->seeks[f->n_seeks++] = (struct sums_seek) { category, series };
	return 0;
}

/*
 * Of a filter by customer, SIM or a declared dimension, the series of N accounts
 * are found by an index. Few of an account are looked up one by one; of more, at
 * least their values are there.
 */
static int find_series(struct sums_series *ss, size_t n, struct error *err)
{
	int64_t most = FOUND_MAX + (int64_t)n * FOUND_EACH, found = 0, last = -1;
	struct filter_index index;
	struct stmt *s;
	int rc;

	if (!choose_index(ss, n, &index))
		return 0;
	ss->filtered = arena_array(ss->arena, struct sums_filtered, n);
	s = ask_series(ss, n, &index, err);
	db_bind_int(s, 2, most);
	for (; (rc = db_step(s, err)) > 0; found++) {
		last = db_get_int(s, 0);
		if (add_seek(ss, s, err) < 0)
			return -1;
	}
	for (int64_t i = 0; i < (int64_t)n; i++) {
		struct sums_filtered *f = &ss->filtered[i];

		f->complete = found < most || i < last;
		f->some = f->n_seeks > 0 || f->n_found > SEEKS_MAX || !f->complete;
		if (f->n_found > SEEKS_MAX || !f->complete)
			f->n_seeks = 0;
	}
	return rc < 0 ? -1 : store_work(ss->st, SCAN_WORK * (int64_t)n + found, err);
}

struct sums_series *sums_series_new(struct store *st, const struct sums_query *q, size_t first,
				    size_t n, struct arena *arena, struct error *err)
{
	struct sums_series *ss = arena_new(arena, struct sums_series);

	*ss = (struct sums_series) { .st = st, .q = q, .arena = arena, .first = first };
	return find_series(ss, n, err) < 0 ? NULL : ss;
}
