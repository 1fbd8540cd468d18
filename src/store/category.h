/*
 * category.h - categories of usage, and which account has used which.
 */
#ifndef STORE_CATEGORY_H
#define STORE_CATEGORY_H

#include "store/store.h"

int store_category_add(struct store *st, struct category *c, struct error *err); /* sets c->id */
/* In the order of their ids, which is the order they were added in. */
int store_categories(struct store *st, struct arena *arena, struct category **ret, size_t *ret_n,
		     struct error *err);
/*
 * ACCOUNT used category ID: from now on reports with the account list it,
 * though it isn't metered. In a write.
 */
int store_category_use(struct store *st, int64_t account, int64_t id, struct error *err);
/*
 * The ids of the categories that ACCOUNT used and that aren't metered. In
 * ARENA.
 */
int store_categories_used(struct store *st, int64_t account, struct arena *arena,
			  const int64_t **ret, size_t *ret_n, struct error *err);

#endif
