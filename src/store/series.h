/*
 * series.h - the interned values of dimensions, and series.
 */
#ifndef STORE_SERIES_H
#define STORE_SERIES_H

#include "store/store.h"

/* Finds the id of a value. 1 found, 0 none, -1 failed. */
int store_dimension_find(struct store *st, const struct dimension_value *v, int64_t *ret_id,
			 struct error *err);
/* Finds or makes the id of a value. In a write. */
int store_dimension_intern(struct store *st, const struct dimension_value *v, int64_t *ret_id,
			   struct error *err);
/* Reads the text of a value. 1 found, 0 none, -1 failed. */
int store_dimension_text(struct store *st, int64_t id, struct arena *arena, const char **ret,
			 struct error *err);
/*
 * Reads the texts of N values in one statement. All are in ARENA. ERR_INTERNAL:
 * one does not exist.
 */
int store_dimension_texts(struct store *st, const int64_t *ids, size_t n, struct arena *arena,
			  const char **ret, struct error *err);
/* Finds the id of a series. 1 found, 0 none, -1 failed. */
int store_series_find(struct store *st, const struct series *s, int64_t *ret_id, struct error *err);
/* Adds a series that does not exist. In a write. */
int store_series_add(struct store *st, const struct series *s, int64_t *ret_id, struct error *err);
/* Finds or adds a series. In a write. */
int store_series_intern(struct store *st, const struct series *s, int64_t *ret_id,
			struct error *err);
/* 1 found, 0 none, -1 failed. */
int store_series_by_id(struct store *st, int64_t id, struct series *ret, struct error *err);

#endif
