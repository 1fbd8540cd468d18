/*
 * account.h - finds accounts, and tells whether they are suspended.
 *
 * A suspended account accepts events of times before its suspension and rejects
 * later ones; its credentials are refused (http/auth.h). Subaccounts are
 * suspended with their main account.
 */
#ifndef USAGE_ACCOUNT_H
#define USAGE_ACCOUNT_H

#include "store/store.h"

/*
 * Finds the account with TEXT as SID, name or number. 1 found, 0 none, -1
 * failed.
 */
int account_find(struct store *st, const char *text, struct arena *arena, struct account *ret,
		 struct error *err);

/*
 * The time (seconds) since which A is suspended, by itself or with its main
 * account PARENT (NULL: A is one), whichever is earlier. 0: A is active.
 */
int64_t account_suspended(const struct account *a, const struct account *parent);

/* Likewise; looks up the main account. */
int account_load_suspended(struct store *st, const struct account *a, int64_t *ret_since,
			   struct error *err);

#endif
