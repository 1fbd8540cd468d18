/*
 * series.c - interns series and the values of dimensions, so that an event
 * stores one number for its account, category and dimensions.
 */
#include "store/series.h"

#include "store/internal.h"
#include "base/banned.h"

static struct stmt *prepare_dimension(struct store *st, const char *sql,
				      const struct dimension_value *v, struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	db_bind_int(s, 1, v->account);
	db_bind_int(s, 2, v->dimension);
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

static struct stmt *prepare_series(struct store *st, const char *sql, const struct series *series,
				   struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	db_bind_int(s, 1, series->account);
	db_bind_int(s, 2, series->category);
	for (int d = 0; d < DIMENSIONS; d++)
		db_bind_int(s, 3 + d, series->dim[d]);
	return s;
}

int store_series_find(struct store *st, const struct series *series, int64_t *ret_id,
		      struct error *err)
{
	struct stmt *s = prepare_series(
		st,
		"SELECT id FROM series WHERE account = ?1 AND category = ?2" DIMENSION_LIST(EQUALS),
		series, err);

	return store_one(s, ret_id, err);
}

int store_series_add(struct store *st, const struct series *series, int64_t *ret_id,
		     struct error *err)
{
	struct stmt *s = prepare_series(st,
					"INSERT INTO series (account, category" DIMENSION_COLUMNS
					") VALUES (?1, ?2" DIMENSION_LIST(PARAM) ")",
					series, err);

	return store_insert_id(st, s, ret_id, err);
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

int store_series_by_id(struct store *st, int64_t id, struct series *ret, struct error *err)
{
	struct stmt *s = prepare(
		st, "SELECT account, category" DIMENSION_COLUMNS " FROM series WHERE id = ?1", err);
	int rc;

	db_bind_int(s, 1, id);
	rc = db_step(s, err);
	if (rc <= 0)
		return rc;
	ret->account = db_get_int(s, 0);
	ret->category = db_get_int(s, 1);
	for (int d = 0; d < DIMENSIONS; d++)
		ret->dim[d] = db_get_int(s, 2 + d);
	db_reset(s);
	return 1;
}
