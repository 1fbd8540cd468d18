/*
 * intern_one.h - interns one source, value or series, where the store takes sets
 * of them.
 */
#ifndef TESTS_UNIT_INTERN_ONE_H
#define TESTS_UNIT_INTERN_ONE_H

#include "store/series.h"
#include "store/source.h"

static inline int intern_one_source(struct store *st, int64_t family, const char *text, size_t len,
				    int64_t *ret_id, struct error *error)
{
	struct source_intern s = { .family = family, .text = text, .len = len };
	int rc = store_sources_intern(st, &s, 1, error);

	*ret_id = s.id;
	return rc;
}

static inline int intern_one_value(struct store *st, const struct dimension_value *value,
				   int64_t *ret_id, struct error *error)
{
	struct dimension_intern v = { .value = *value };
	int rc = store_dimensions_intern(st, &v, 1, error);

	*ret_id = v.id;
	return rc;
}

static inline int intern_one_series(struct store *st, const struct series *series, int64_t *ret_id,
				    struct error *error)
{
	struct series_intern s = { .series = *series };
	int rc = store_series_intern(st, &s, 1, error);

	*ret_id = s.id;
	return rc;
}

#endif
