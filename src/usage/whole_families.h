/*
 * whole_families.h - the entries of a question for sums (store/sums.h) that adds
 * up all of its accounts: a main account with all of its subaccounts among them
 * has one entry for them together, if the store keeps the sums of such families.
 * So a report of a large family reads no subaccount by itself.
 */
#ifndef USAGE_WHOLE_FAMILIES_H
#define USAGE_WHOLE_FAMILIES_H

#include "store/account.h"
#include "store/sums.h"

/*
 * Makes the entries of LIST, at most N, in RET, which has room for N. Each
 * account is in LIST once. The question must have any_account, and no filter.
 */
int whole_families(struct store *st, const struct account *list, size_t n, struct sums_account *ret,
		   size_t *ret_n, struct error *err);

#endif
