/*
 * series.c - interns series and the values of dimensions, so that an event
 * stores one number for its account, category and dimensions.
 */
#include "store/series.h"

#include <glib.h>
#include "store/id_sets.h"
#include "store/lists.h"
#include "store/places.h"
#include "store/series_pack.h"
#include "base/banned.h"

int store_dimension_find(struct store *st, const struct dimension_value *v, int64_t *ret_id,
			 struct error *err)
{
	const struct db_list *families;
	struct arena arena;
	struct stmt *s;
	int rc;

	arena_init(&arena);
	rc = store_families_of_accounts(st, &v->account, 1, &arena, &families, err);
	if (rc == 0) {
		s = prepare(st,
			    "SELECT id FROM dimension_value WHERE account = ?1 AND "
			    "dimension = ?2 AND text = ?3{ AND at(root, ?4)}",
			    err);
		db_bind_int(s, 1, v->account);
		db_bind_int(s, 2, dimension_id(v->dimension));
		db_bind_text(s, 3, v->text, v->len);
		db_bind_list(s, 4, families);
		rc = store_one(s, ret_id, err);
	}
	arena_release(&arena);
	return rc;
}

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* ---- sets of values ---- */

static int compare_values(const void *a, const void *b)
{
	const struct dimension_value *x = &((const struct dimension_intern *)a)->value;
	const struct dimension_value *y = &((const struct dimension_intern *)b)->value;
	int order = compare(x->account, y->account);

	if (!order)
		order = compare(x->dimension, y->dimension);
	if (!order)
		order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void get_value(const void *item, struct arena *arena, struct db_cell *ret)
{
	const struct dimension_value *v = &((const struct dimension_intern *)item)->value;

	(void)arena;
	ret[0].n = v->account;
	ret[1].n = dimension_id(v->dimension);
	ret[2] = (struct db_cell) { .kind = DB_CELL_TEXT, .bytes = v->text, .len = v->len };
}

static int64_t account_of_value(const void *item)
{
	return ((const struct dimension_intern *)item)->value.account;
}

static const struct intern_kind values = {
	.size = sizeof(struct dimension_intern),
	.id_offset = offsetof(struct dimension_intern, id),
	.compare = compare_values,
	.account = account_of_value,
	.columns = 3,
	.get = get_value,
	.find = "SELECT l.rowid, v.id FROM list(?1) l CROSS JOIN dimension_value v"
		" WHERE v.account = l.a AND v.dimension = l.b AND v.text = l.c"
		"{ AND at(v.root, ?2)}",
	.add = "INSERT INTO dimension_value (account, dimension, text{, root})"
	       " SELECT a, b, c{, " ROOT_OF("l.a") "} FROM list(?1) l{ RETURNING id}",
};

int store_dimensions_find(struct store *st, struct dimension_intern *list, size_t n,
			  struct error *err)
{
	return store_find_ids(st, &values, list, n, err);
}

int store_dimensions_add(struct store *st, struct dimension_intern *list, size_t n,
			 struct error *err)
{
	return store_add_ids(st, &values, list, n, err);
}

int store_dimensions_intern(struct store *st, struct dimension_intern *list, size_t n,
			    struct error *err)
{
	return store_intern_ids(st, &values, list, n, err);
}

/* ---- sets of series ---- */

/* The order of the key in SQLite, so that neighbours are in one page. */
static int compare_series(const void *a, const void *b)
{
	const struct series *x = &((const struct series_intern *)a)->series;
	const struct series *y = &((const struct series_intern *)b)->series;
	int order = compare(x->account, y->account);

	if (!order)
		order = compare(x->dim[DIM_CUSTOMER], y->dim[DIM_CUSTOMER]);
	if (!order)
		order = compare(x->dim[DIM_SIM], y->dim[DIM_SIM]);
	if (!order)
		order = compare(x->category, y->category);
	for (int d = 0; d < DIMENSIONS && !order; d++)
		order = compare(x->dim[d], y->dim[d]);
	return order;
}

enum { FIRST_DIMENSION = 2, DECLARED = FIRST_DIMENSION + DIMENSIONS_BUILT_IN, SERIES_COLUMNS };

_Static_assert((int)SERIES_COLUMNS <= (int)DB_LIST_COLUMNS, "list() has room for a series");

static void get_series(const void *item, struct arena *arena, struct db_cell *ret)
{
	const struct series *s = &((const struct series_intern *)item)->series;
	unsigned char pack[SERIES_PACK_BYTES];
	size_t len = series_pack(s->dim, pack);

	ret[0].n = s->account;
	ret[1].n = s->category;
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		ret[FIRST_DIMENSION + d].n = s->dim[d];
	ret[DECLARED] = (struct db_cell) { .kind = DB_CELL_BLOB, .bytes = "", .len = len };
	if (len)
		ret[DECLARED].bytes = memcpy(arena_alloc(arena, len), pack, len);
}

static int64_t account_of_series(const void *item)
{
	return ((const struct series_intern *)item)->series.account;
}

/* The columns of list(?1) are those of SERIES_DIMENSIONS, from c on. */
static const struct intern_kind all_series = {
	.size = sizeof(struct series_intern),
	.id_offset = offsetof(struct series_intern, id),
	.compare = compare_series,
	.account = account_of_series,
	.columns = SERIES_COLUMNS,
	.get = get_series,
	.find = "SELECT l.rowid, s.id FROM list(?1) l CROSS JOIN series s"
		" WHERE s.account = l.a AND s.category = l.b AND s.customer = l.c"
		" AND s.sim = l.d AND s.fleet = l.e AND s.network = l.f AND s.country = l.g"
		" AND s.declared = l.h{ AND at(s.root, ?2)}",
	.add = "INSERT INTO series (account, category" SERIES_DIMENSIONS "{, root})"
	       " SELECT a, b, c, d, e, f, g, h{, " ROOT_OF("l.a") "} FROM list(?1) l"
								  "{ RETURNING id}",
};

int store_series_find(struct store *st, struct series_intern *list, size_t n, struct error *err)
{
	return store_find_ids(st, &all_series, list, n, err);
}

enum { LISTED_COLUMNS = 3 };

/* Rows of the table series_value, and their account, as the cells of a list. */
static void append_listed(GArray *cells, int64_t id, const struct series *s)
{
	for (int d = DIMENSIONS_BUILT_IN; d < DIMENSIONS; d++) {
		struct db_cell row[LISTED_COLUMNS] = { { .n = s->dim[d] },
						       { .n = id },
						       { .n = s->account } };

		if (s->dim[d])
			g_array_append_vals(cells, row, LISTED_COLUMNS);
	}
}

static int store_listed(struct store *st, const GArray *cells, struct error *err)
{
	struct db_list list = { (const struct db_cell *)cells->data, cells->len / LISTED_COLUMNS,
				LISTED_COLUMNS };
	struct stmt *s;

	if (!list.n)
		return 0;
	s = prepare(st,
		    "INSERT INTO series_value (value, series{, root})"
		    " SELECT a, b{, " ROOT_OF("l.c") "} FROM list(?1) l",
		    err);
	db_bind_list(s, 1, &list);
	return db_step(s, err);
}

int store_series_list(struct store *st, int64_t id, const struct series *series, struct error *err)
{
	GArray *cells = g_array_new(FALSE, FALSE, sizeof(struct db_cell));
	int rc;

	append_listed(cells, id, series);
	rc = store_listed(st, cells, err);
	g_array_free(cells, TRUE);
	return rc;
}

int store_series_add(struct store *st, struct series_intern *list, size_t n, struct error *err)
{
	GArray *listed = g_array_new(FALSE, FALSE, sizeof(struct db_cell));
	GArray *new = g_array_new(FALSE, FALSE, sizeof(size_t));
	int rc;

	for (size_t i = 0; i < n; i++)
		if (!list[i].id)
			g_array_append_val(new, i);
	rc = store_add_ids(st, &all_series, list, n, err);
	for (guint i = 0; rc == 0 && i < new->len; i++) {
		const struct series_intern *s = &list[g_array_index(new, size_t, i)];

		append_listed(listed, s->id, &s->series);
	}
	if (rc == 0)
		rc = store_listed(st, listed, err);
	g_array_free(new, TRUE);
	g_array_free(listed, TRUE);
	return rc;
}

int store_series_intern(struct store *st, struct series_intern *list, size_t n, struct error *err)
{
	return store_series_find(st, list, n, err) < 0 ? -1 : store_series_add(st, list, n, err);
}

/* ---- one by one ---- */

int store_dimension_text(struct store *st, int64_t account, int64_t id, struct arena *arena,
			 const char **ret, struct error *err)
{
	const struct db_list *families;
	struct stmt *s;

	if (store_families_of_accounts(st, &account, account != 0, arena, &families, err) < 0)
		return -1;
	s = prepare(st, "SELECT text FROM dimension_value WHERE id = ?1{ AND at(root, ?2)}", err);
	db_bind_int(s, 1, id);
	db_bind_list(s, 2, families);
	return store_text(s, arena, ret, err);
}

void store_get_dimensions(struct stmt *s, int column, int64_t dim[DIMENSIONS])
{
	const unsigned char *pack;
	size_t len;

	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		dim[d] = db_get_int(s, column + d);
	pack = db_get_blob(s, column + DIMENSIONS_BUILT_IN, &len);
	/*
	 * of damaged bytes, which store_verify reports, the readable part
	 * counts
	 */
	series_unpack(pack, len, dim);
}

int store_dimension_texts(struct store *st, const struct dimension_ids *ids, struct arena *arena,
			  const char **ret, struct error *err)
{
	const struct db_list *families;
	struct stmt *s;
	size_t found = 0;
	int rc = 0;

	if (ids->n == 0)
		return 0;
	if (store_families_of_accounts(st, ids->accounts, ids->n_accounts, arena, &families, err) <
	    0)
		return -1;
	s = prepare(st,
		    "SELECT l.rowid, v.text FROM list(?1) l CROSS JOIN dimension_value v"
		    " WHERE v.id = l.a{ AND at(v.root, ?2)}",
		    err);
	bind_ids(s, 1, arena, ids->list, ids->n);
	db_bind_list(s, 2, families);
	for (; (rc = db_step(s, err)) > 0; found++)
		ret[db_get_int(s, 0)] = db_get_str(s, 1, arena);
	return rc < 0           ? -1
	       : found < ids->n ? error_set(err, ERR_INTERNAL, NULL,
					    "the ledger has a dimension without a name")
				: 0;
}

static void read_series(struct stmt *s, struct arena *arena, void *to)
{
	struct series *ret = to;

	(void)arena;
	ret->account = db_get_int(s, 0);
	ret->category = db_get_int(s, 1);
	store_get_dimensions(s, 2, ret->dim);
}

int store_series_by_id(struct store *st, int64_t account, int64_t id, struct series *ret,
		       struct error *err)
{
	const struct db_list *families;
	struct arena arena;
	struct stmt *s;
	int rc;

	arena_init(&arena);
	rc = store_families_of_accounts(st, &account, account != 0, &arena, &families, err);
	if (rc == 0) {
		s = prepare(st,
			    "SELECT account, category" SERIES_DIMENSIONS
			    " FROM series WHERE id = ?1{ AND at(root, ?2)}",
			    err);
		db_bind_int(s, 1, id);
		db_bind_list(s, 2, families);
		rc = store_row(s, read_series, &arena, ret, err);
	}
	arena_release(&arena);
	return rc;
}
