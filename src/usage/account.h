/*
 * account.h - finds accounts and checks whether an account is suspended.
 *
 * A suspended account accepts events of times before its suspension and rejects
 * later ones; its credentials are refused (http/auth.h). Subaccounts are
 * suspended with their main account.
 */
#ifndef USAGE_ACCOUNT_H
#define USAGE_ACCOUNT_H

#include "store/store.h"

/*
 * Finds the account whose SID, name or number is TEXT. 1 found, 0 none, -1
 * failed.
 */
int account_find(struct store *st, const char *text, struct arena *arena, struct account *ret,
		 struct error *err);

/*
 * The time (seconds) at which A or its main account PARENT was suspended,
 * whichever was first. PARENT is NULL if A is a main account. 0: A is active.
 */
int64_t account_suspended(const struct account *a, const struct account *parent);

/* Sets *RET as account_suspended does; looks up the main account of A. */
int account_load_suspended(struct store *st, const struct account *a, int64_t *ret_since,
			   struct error *err);

#endif
