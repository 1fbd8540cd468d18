/*
 * dimensions.h - the catalogue of dimensions: the built-in ones and those that
 * an operator declared. Part of struct catalogue.
 */
#ifndef USAGE_DIMENSIONS_H
#define USAGE_DIMENSIONS_H

#include "base/arena.h"
#include "store/store.h"

enum { DIMENSION_NAME_BYTES = 32, DIMENSION_ATTRIBUTE_BYTES = 64 };

struct dimensions {
	const struct dimension_info *info[DIMENSIONS]; /* NULL: none has this index */
};

/* Reads the catalogue into ARENA. */
int dimensions_load(struct store *st, struct arena *arena, struct dimensions *ret,
		    struct error *err);

/* The dimension that GroupBy calls NAME, or DIMENSIONS. */
int dimension_find(const struct dimensions *d, const char *name, size_t len);

/*
 * Checks the name of a new dimension, and the attribute that it is read from.
 * -1: ERR_PARAM "name" or "from".
 */
int dimension_check_name(const char *name, struct error *err);
int dimension_check_attribute(const char *attribute, struct error *err);

#endif
