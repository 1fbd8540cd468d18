/*
 * account.h - finding an account, and whether it is suspended.
 *
 * A suspended account counts events of times before its suspension and takes no
 * later ones; its credentials are refused (http/auth.h). Subaccounts are
 * suspended with their main account.
 */
#ifndef USAGE_ACCOUNT_H
#define USAGE_ACCOUNT_H

#include "store/store.h"

/* The account whose SID, name or number TEXT is: 1 found, 0 none, -1 failed. */
int account_find(struct store *st, const char *text, struct arena *arena, struct account *ret,
		 struct error *err);

/*
 * Since when (seconds) A is suspended: by itself or with PARENT, the earlier of
 * both; 0 = it is active. PARENT is A's main account, or NULL where it has
 * none.
 */
int64_t account_suspended(const struct account *a, const struct account *parent);

/* The same; looks the main account up. */
int account_load_suspended(struct store *st, const struct account *a, int64_t *ret_since,
			   struct error *err);

#endif
