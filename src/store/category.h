/*
 * category.h - categories of usage, and the accounts that used them.
 */
#ifndef STORE_CATEGORY_H
#define STORE_CATEGORY_H

#include "store/store.h"

/* sets c->id */
int store_category_add(struct store *st, struct category *c, struct error *err);
/* All categories, in the order in which they were added. */
int store_categories(struct store *st, struct arena *arena, struct category **ret, size_t *ret_n,
		     struct error *err);
/*
 * Records that ACCOUNT used the category ID, so that reports of the account
 * list the category even if it is not metered. In a write.
 */
int store_category_use(struct store *st, int64_t account, int64_t id, struct error *err);
/*
 * Reads the ids of the categories that one of N accounts used and that are not
 * metered, into ARENA. An id may come more than once.
 */
int store_categories_used(struct store *st, const int64_t *accounts, size_t n, struct arena *arena,
			  const int64_t **ret, size_t *ret_n, struct error *err);
/* The same of the main account ROOT and its subaccounts. */
int store_family_categories(struct store *st, int64_t root, struct arena *arena,
			    const int64_t **ret, size_t *ret_n, struct error *err);

/* A category that an account used; ACCOUNT is its number in the list. */
struct used_category {
	size_t account;
	int64_t category;
};

/* The same by account, in the order of ACCOUNTS, in one statement. */
int store_used_by_accounts(struct store *st, const int64_t *accounts, size_t n, struct arena *arena,
			   struct used_category **ret, size_t *ret_n, struct error *err);

#endif
