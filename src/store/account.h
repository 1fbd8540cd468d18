/*
 * account.h - accounts: main accounts and their subaccounts.
 */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "store/store.h"

/*
 * Adds an account and sets A->id. NULL means "" for time_zone and number.
 * Outside a write, begins and commits a write of its own. ERR_CONFLICT: another
 * account has the SID, name or number. (Accounts are looked up by name or
 * number, so the name of one account may not be the number of another.)
 * ERR_PARAM: the parent does not exist, or is a subaccount.
 */
int store_account_add(struct store *st, struct account *a, struct error *err);
/*
 * Sets name, currency, suspended, time_zone, cycle_day and number of account
 * A->id. All other members must be as read. Outside a write, begins and commits
 * a write of its own. ERR_CONFLICT: another account has the name or number. 1
 * done, 0 no such account, -1 failed.
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
 * Reads the subaccounts of PARENT (0: all accounts), in the order of their
 * SIDs.
 */
int store_accounts(struct store *st, int64_t parent, struct arena *arena, struct account **ret,
		   size_t *ret_n, struct error *err);
struct account_ids {
	const int64_t *ids;
	size_t n;
};

/*
 * Reads the accounts with these ids, their main accounts and their subaccounts,
 * in the order of their SIDs.
 */
int store_accounts_around(struct store *st, const struct account_ids *of, struct arena *arena,
			  struct account **ret, size_t *ret_n, struct error *err);

/*
 * An account that accepts no events from SINCE (seconds) on, because it or its
 * main account is suspended.
 */
struct suspension {
	int64_t account, since;
};

/* All suspended accounts, in the order of their ids. */
int store_suspensions(struct store *st, struct arena *arena, struct suspension **ret, size_t *ret_n,
		      struct error *err);

#endif
