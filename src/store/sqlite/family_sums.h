/*
 * family_sums.h - the sums of a main account's subaccounts, added up: a report
 * of a large family reads them instead of each subaccount.
 *
 * They are rollups as those of an account (rollup_rows.h), without series, of
 * the number family_number (store/layout.h). They leave out the main account's own
 * usage. A family has them from FAMILY_LEAST subaccounts on, which nothing can
 * take away from it: accounts are neither removed nor moved.
 */
#ifndef STORE_FAMILY_SUMS_H
#define STORE_FAMILY_SUMS_H

#include "store/layout.h"
#include "store/sqlite/walk_rollups.h"

enum { FAMILY_LEAST = 16 };

/* Has the family of ROOT its sums? 1 yes, 0 no, -1 failed. */
int family_sums_kept(struct store *st, int64_t root, struct error *err);

/*
 * The families of the N rollups that have sums, ascending, in ARENA: only those
 * of rollups of subaccounts.
 */
int family_sums_of(struct store *st, const struct rollup *list, size_t n, struct arena *arena,
		   const int64_t **ret, size_t *ret_n, struct error *err);

/*
 * Compares the sums of families with those of their subaccounts, which must be
 * readable. ACCOUNTS: a list of ids; only families whose main account is one of
 * these; NULL: all. In a read of ST.
 */
int family_sums_walk(struct store *st, const struct db_list *accounts,
		     const struct rollup_calls *calls, struct error *err);

#endif
