/*
 * family.h - questions about a main account together with all of its
 * subaccounts, whose answers take no longer the more subaccounts there are,
 * where the database keeps the sums of families (store/layout.h).
 */
#ifndef STORE_FAMILY_H
#define STORE_FAMILY_H

#include "store/store.h"

struct family {
	int64_t root;            /* the main account */
	int64_t n;               /* subaccounts */
	bool several_currencies; /* a subaccount has another one than the main account */
	int64_t created;         /* when the first of all its accounts was, in seconds */
};

/* Reads what there is to know of the family of ROOT, which exists. */
int store_family(struct store *st, int64_t root, struct family *ret, struct error *err);

/*
 * A family of so many subaccounts has sums of its own: they are read as fast as
 * those of one account. INT64_MAX: no family has.
 */
int64_t store_family_least(const struct store *st);

/* The ids of the main account and of its subaccounts, in ARENA. */
int store_family_ids(struct store *st, int64_t root, struct arena *arena, const int64_t **ret,
		     size_t *ret_n, struct error *err);

/* As store_usage_day, of the family. */
int store_family_day(struct store *st, int64_t root, bool last, int64_t *ret_day,
		     struct error *err);

#endif
