/*
 * declared.h - the declared dimensions. Adding and removing one changes
 * store_version.
 */
#ifndef STORE_DECLARED_H
#define STORE_DECLARED_H

#include "store/store.h"

/*
 * Reads all declared dimensions, in their order. There are less than
 * DIMENSIONS.
 */
int store_declared(struct store *st, struct arena *arena, struct declared **ret, size_t *ret_n,
		   struct error *err);
/* ERR_CONFLICT: the name or the attribute is another dimension's. */
int store_declared_add(struct store *st, const struct declared *d, struct error *err);
int store_declared_remove(struct store *st, enum dimension d, struct error *err);
/* Has an event ever had a value of it? 1 yes, 0 no, -1 failed. */
int store_declared_used(struct store *st, enum dimension d, struct error *err);
/*
 * Stores how far the dimension has been filled in. Does not change
 * store_version.
 */
int store_declared_fill(struct store *st, enum dimension d, const struct fill *fill,
			struct error *err);

#endif
