/*
 * admin_dimensions.c - declares dimensions, and removes unused ones.
 */
#include "usage/admin_internal.h"

#include <string.h>

#include "store/declared.h"
#include "usage/dimensions.h"
#include "base/banned.h"

static int check_free(const struct declared *list, size_t n, const char *name,
		      const char *attribute, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].name, name) == 0)
			return error_set(err, ERR_CONFLICT, "name",
					 "there is a dimension %s already", name);
		if (strcmp(list[i].attribute, attribute) == 0)
			return error_set(err, ERR_CONFLICT, "from",
					 "the dimension %s is read from %s already", list[i].name,
					 attribute);
	}
	return 0;
}

/* The lowest index that no dimension has; DIMENSIONS: all are taken. */
static int find_index(const struct declared *list, size_t n)
{
	int d = DIMENSIONS_BUILT_IN;

	/* the list is in the order of indexes */
	for (size_t i = 0; i < n && list[i].dimension == (enum dimension)d; i++)
		d++;
	return d;
}

int admin_dimension_add(const struct admin *a, const char *name, const char *attribute,
			struct error *err)
{
	struct declared new = { .name = name, .attribute = attribute, .created = admin_now(a) };
	struct declared *list;
	size_t n;
	int d;

	if (dimension_check_name(name, err) < 0 || dimension_check_attribute(attribute, err) < 0 ||
	    store_declared(a->st, a->arena, &list, &n, err) < 0 ||
	    check_free(list, n, name, attribute, err) < 0)
		return -1;
	d = find_index(list, n);
	if (d == DIMENSIONS)
		return error_set(err, ERR_CONFLICT, "name",
				 "there are %d dimensions already, which is the limit: remove one "
				 "that was never used",
				 DIMENSIONS);
	new.dimension = (enum dimension)d;
	if (store_declared_add(a->st, &new, err) < 0)
		return -1;
	return admin_audit(a, "dimension.add", name,
			   arena_join(a->arena, "from the attribute ", attribute, NULL), err);
}

int admin_dimension_find(const struct admin *a, const char *name, struct declared *ret,
			 struct error *err)
{
	struct declared *list;
	size_t n;

	if (store_declared(a->st, a->arena, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0) {
			*ret = list[i];
			return 0;
		}
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		if (strcmp(dimension_infos[d].group, name) == 0)
			return error_set(err, ERR_PARAM, "name",
					 "must be a declared dimension; %s is built in", name);
	return error_set(err, ERR_NOT_FOUND, "name", "there is no dimension %.64s", name);
}

int admin_dimension_remove(const struct admin *a, const char *name, struct error *err)
{
	struct declared d;
	int used;

	if (admin_dimension_find(a, name, &d, err) < 0)
		return -1;
	used = store_declared_used(a->st, d.dimension, err);
	if (used < 0)
		return -1;
	if (used)
		return error_set(err, ERR_CONFLICT, "name",
				 "the dimension %s stays, because events have values of it", name);
	if (store_declared_remove(a->st, d.dimension, err) < 0)
		return -1;
	return admin_audit(a, "dimension.remove", name,
			   arena_join(a->arena, "from the attribute ", d.attribute, NULL), err);
}
