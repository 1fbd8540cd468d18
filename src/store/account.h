/*
 * account.h - accounts: main accounts and their subaccounts.
 */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "store/store.h"

/*
 * Adds an account and sets A->id. time_zone and number may be NULL for "".
 * ERR_CONFLICT if another account has the SID, the name or the number (names
 * and numbers are one set: an account is looked up by either), ERR_PARAM if the
 * parent is unknown or a subaccount itself.
 */
int store_account_add(struct store *st, struct account *a, struct error *err);
/*
 * Sets name, currency, suspended, time_zone, cycle_day and number of the
 * account A->id; the rest of A must be as it was read. ERR_CONFLICT as
 * store_account_add. 1 done, 0 no such account, -1.
 */
int store_account_set(struct store *st, const struct account *a, struct error *err);
/* 1 found, 0 none, -1 failed. */
int store_account_by_sid(struct store *st, const char *sid, struct arena *arena,
			 struct account *ret, struct error *err);
int store_account_by_name(struct store *st, const char *name, struct arena *arena,
			  struct account *ret, struct error *err);
int store_account_by_number(struct store *st, const char *number, struct arena *arena,
			    struct account *ret, struct error *err);
int store_account_by_id(struct store *st, int64_t id, struct arena *arena, struct account *ret,
			struct error *err);
/*
 * All accounts in the order of their sids, or (PARENT not 0) the subaccounts of
 * one.
 */
int store_accounts(struct store *st, int64_t parent, struct arena *arena, struct account **ret,
		   size_t *ret_n, struct error *err);
/*
 * An account that takes no events from SINCE (seconds) on, by itself or with
 * its main account.
 */
struct suspension {
	int64_t account, since;
};

/* Of all accounts that are suspended, in the order of their ids. */
int store_suspensions(struct store *st, struct arena *arena, struct suspension **ret, size_t *ret_n,
		      struct error *err);
/*
 * The day (days since 1970, UTC) of the account's first usage: 1 found, 0 none
 * yet, -1.
 */
int store_account_first_day(struct store *st, int64_t account, int64_t *ret_day, struct error *err);
/* Likewise of its last usage. */
int store_account_last_day(struct store *st, int64_t account, int64_t *ret_day, struct error *err);

#endif
