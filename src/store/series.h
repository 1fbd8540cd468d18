/*
 * series.h - values of dimensions, and the sets of them that events have; interned.
 */
#ifndef STORE_SERIES_H
#define STORE_SERIES_H

#include "store/store.h"

/* Its id: 1 found, 0 none, -1. */
int store_dimension_find(struct store *st, const struct dimension_value *v, int64_t *ret_id,
			 struct error *err);
/* The same, and makes one if there is none. In a write. */
int store_dimension_intern(struct store *st, const struct dimension_value *v, int64_t *ret_id,
			   struct error *err);
/* 1 found, 0 none, -1. */
int store_dimension_text(struct store *st, int64_t id, struct arena *arena, const char **ret,
			 struct error *err);
/* The id of a series: 1 found, 0 none, -1. */
int store_series_find(struct store *st, const struct series *s, int64_t *ret_id, struct error *err);
/* Makes one that store_series_find didn't find. In a write. */
int store_series_add(struct store *st, const struct series *s, int64_t *ret_id, struct error *err);
/* Finds one, or makes it. In a write. */
int store_series_intern(struct store *st, const struct series *s, int64_t *ret_id,
			struct error *err);
/* 1, 0, -1 */
int store_series_by_id(struct store *st, int64_t id, struct series *ret, struct error *err);

#endif
