/*
 * series.c - interns series and the values of dimensions, so that an event
 * stores one number for its account, category and dimensions.
 */
#include "store/series.h"

#include "store/internal.h"
#include "store/lists.h"
#include "store/series_pack.h"
#include "base/banned.h"

static struct stmt *prepare_dimension(struct store *st, const char *sql,
				      const struct dimension_value *v, struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	db_bind_int(s, 1, v->account);
	db_bind_int(s, 2, dimension_id(v->dimension));
	db_bind_text(s, 3, v->text, v->len);
	return s;
}

int store_dimension_find(struct store *st, const struct dimension_value *v, int64_t *ret_id,
			 struct error *err)
{
	struct stmt *s = prepare_dimension(st,
					   "SELECT id FROM dimension_value WHERE account = ?1 AND "
					   "dimension = ?2 AND text = ?3",
					   v, err);

	return store_one(s, ret_id, err);
}

int store_dimension_intern(struct store *st, const struct dimension_value *v, int64_t *ret_id,
			   struct error *err)
{
	int rc = store_dimension_find(st, v, ret_id, err);
	struct stmt *s;

	if (rc)
		return rc < 0 ? -1 : 0;
	s = prepare_dimension(
		st, "INSERT INTO dimension_value (account, dimension, text) VALUES (?1, ?2, ?3)", v,
		err);
	return store_insert_id(st, s, ret_id, err);
}

#define EQUALS(id, column, ...) " AND " column " = ?"
#define PARAM(...)              ", ?"

enum { FIRST_DIMENSION = 3, DECLARED = FIRST_DIMENSION + DIMENSIONS_BUILT_IN };

/* PACK must live until the statement has been run. */
static struct stmt *prepare_series(struct store *st, const char *sql, const struct series *series,
				   unsigned char pack[static SERIES_PACK_BYTES], struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	db_bind_int(s, 1, series->account);
	db_bind_int(s, 2, series->category);
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		db_bind_int(s, FIRST_DIMENSION + d, series->dim[d]);
	db_bind_blob(s, DECLARED, pack, series_pack(series->dim, pack));
	return s;
}

int store_series_find(struct store *st, const struct series *series, int64_t *ret_id,
		      struct error *err)
{
	unsigned char pack[SERIES_PACK_BYTES];
	struct stmt *s = prepare_series(
		st,
		"SELECT id FROM series WHERE account = ?1 AND category = ?2" DIMENSION_LIST(
			EQUALS) " AND declared = ?",
		series, pack, err);

	return store_one(s, ret_id, err);
}

int store_series_list(struct store *st, int64_t series, const int64_t dim[DIMENSIONS],
		      struct error *err)
{
	for (int d = DIMENSIONS_BUILT_IN; d < DIMENSIONS; d++) {
		struct stmt *s;

		if (!dim[d])
			continue;
		s = prepare(st, "INSERT INTO series_value (value, series) VALUES (?1, ?2)", err);
		db_bind_int(s, 1, dim[d]);
		db_bind_int(s, 2, series);
		if (db_step(s, err) < 0)
			return -1;
	}
	return 0;
}

int store_series_add(struct store *st, const struct series *series, int64_t *ret_id,
		     struct error *err)
{
	unsigned char pack[SERIES_PACK_BYTES];
	struct stmt *s = prepare_series(st,
					"INSERT INTO series (account, category" SERIES_DIMENSIONS
					") VALUES (?1, ?2" DIMENSION_LIST(PARAM) ", ?)",
					series, pack, err);

	return store_insert_id(st, s, ret_id, err) < 0
		       ? -1
		       : store_series_list(st, *ret_id, series->dim, err);
}

int store_series_intern(struct store *st, const struct series *series, int64_t *ret_id,
			struct error *err)
{
	int rc = store_series_find(st, series, ret_id, err);

	return rc ? (rc < 0 ? -1 : 0) : store_series_add(st, series, ret_id, err);
}

int store_dimension_text(struct store *st, int64_t id, struct arena *arena, const char **ret,
			 struct error *err)
{
	return store_text_by_id(st, "SELECT text FROM dimension_value WHERE id = ?1", id, arena,
				ret, err);
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

int store_dimension_texts(struct store *st, const int64_t *ids, size_t n, struct arena *arena,
			  const char **ret, struct error *err)
{
	struct stmt *s;
	size_t found = 0;
	int rc = 0;

	if (n == 0)
		return 0;
	s = prepare(st,
		    "SELECT l.rowid, v.text FROM list(?1) l CROSS JOIN dimension_value v"
		    " WHERE v.id = l.a",
		    err);
	bind_ids(s, 1, arena, ids, n);
	for (; (rc = db_step(s, err)) > 0; found++)
		ret[db_get_int(s, 0)] = db_get_str(s, 1, arena);
	return rc < 0      ? -1
	       : found < n ? error_set(err, ERR_INTERNAL, NULL,
				       "the ledger has a dimension without a name")
			   : 0;
}

int store_series_by_id(struct store *st, int64_t id, struct series *ret, struct error *err)
{
	struct stmt *s = prepare(
		st, "SELECT account, category" SERIES_DIMENSIONS " FROM series WHERE id = ?1", err);
	int rc;

	db_bind_int(s, 1, id);
	rc = db_step(s, err);
	if (rc <= 0)
		return rc;
	ret->account = db_get_int(s, 0);
	ret->category = db_get_int(s, 1);
	store_get_dimensions(s, 2, ret->dim);
	db_reset(s);
	return 1;
}
