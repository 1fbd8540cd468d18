/*
 * admin.h - administration: users, keys, accounts, SIMs, categories and
 * closings. The command line, the API and pages all use these functions. Each
 * function checks its arguments, changes the ledger in the caller's write
 * transaction, and adds an entry to the audit log. If a function returns -1,
 * the caller must not commit.
 *
 * ERR_PARAM: an argument is invalid; ERR_NOT_FOUND: the object does not exist;
 * ERR_CONFLICT: a unique value exists already. The parameter of the error is
 * the name used in this header. A message continues a sentence that begins with
 * the parameter: "name must be ...".
 */
#ifndef USAGE_ADMIN_H
#define USAGE_ADMIN_H

#include "base/arena.h"
#include "base/secret.h"
#include "usage/sim.h"
#include "usage/user_rules.h"

enum {
	ACCOUNT_NAME_BYTES = 100,
	ACCOUNT_NUMBER_BYTES = 64,
	ACCOUNT_REASON_BYTES = 500,
	CATEGORY_DESCRIPTION_BYTES = 200,
	CATEGORY_UNIT_BYTES = 40
};

struct admin {
	struct store *st; /* in a write */
	struct arena *arena;
	const struct principal *by;
	const char *author; /* principal_actor of `by`, for the audit log */
	int64_t now_us;
};

/* ---- users ---- */

struct new_user {
	const char *name, *role;
	const char *display;       /* NULL: the name */
	const char *email;         /* NULL: none */
	const char *const *grants; /* SIDs of accounts */
	size_t n_grants;
	/* from password_hash, after user_check_password */
	const char *password;
};

int admin_user_add(const struct admin *a, const struct new_user *u, struct error *err);
/*
 * Finds a user who has not been removed. ERR_NOT_FOUND: no such user. Needs no
 * write.
 */
int admin_user_find(const struct admin *a, const char *name, struct user *ret, struct error *err);
/*
 * Changes display name and address. NULL leaves a value unchanged; EMAIL ""
 * removes the address. The entry in the audit log has the old and new values.
 */
int admin_user_set(const struct admin *a, const char *name, const char *display, const char *email,
		   struct error *err);
/*
 * Changes the password of the user a->by. Ends all sessions and tokens of the
 * user except the session KEEP (NULL: without exception).
 */
int admin_own_password(const struct admin *a, const char *password, const struct session *keep,
		       struct error *err);
/*
 * Lists the keys that are revoked when the user is removed: keys named after
 * the user, made by the user, or made with a key of this list. Needs no write.
 */
int admin_user_keys(const struct admin *a, const struct user *u, struct key **ret, size_t *ret_n,
		    struct error *err);
/*
 * Sets a user's password, or removes a user. Both functions end all sessions
 * and tokens of the user. admin_user_remove also revokes the keys that
 * admin_user_keys lists. Users cannot remove themselves.
 */
int admin_user_password(const struct admin *a, const char *name, const char *password,
			struct error *err);
int admin_user_remove(const struct admin *a, const char *name, struct error *err);
/*
 * Grants an account to a Manager, or withdraws the grant. A withdrawal also
 * applies to keys named after the user.
 */
int admin_user_grant(const struct admin *a, const char *name, const char *sid, bool granted,
		     struct error *err);

/* ---- keys ---- */

struct new_key {
	const char *role;
	const char *account; /* SID, or NULL: none */
	const char *name;    /* or NULL: none */
	const char *const *grants;
	size_t n_grants;
};

/*
 * Adds a key. RET_SID is the key's SID, RET_TOKEN its secret. The ledger stores
 * only a hash of the secret.
 */
int admin_key_add(const struct admin *a, const struct new_key *k,
		  const unsigned char secret[SECRET_BYTES], char ret_sid[SID_TEXT],
		  char ret_token[TOKEN_TEXT], struct error *err);
/* Finds a key. ERR_NOT_FOUND: no such key. Needs no write. */
int admin_key_find(const struct admin *a, const char *sid, struct key *ret, struct error *err);
/* Revokes a key. Revoking a revoked key does nothing. */
int admin_key_revoke(const struct admin *a, const char *sid, struct error *err);

/* ---- accounts ---- */

struct new_account {
	const char *name;
	const char *parent;   /* SID, or NULL: a main account */
	const char *currency; /* three letters, upper or lower case */
	const char *sid;      /* NULL: make a new SID */
	const char *created;  /* a date; NULL: now */
	/* as in struct account_change; NULL: not set */
	const char *number, *time_zone, *cycle_day;
};

int admin_account_add(const struct admin *a, const struct new_account *n, struct account *ret,
		      struct error *err);
/* Finds the account SID. ERR_NOT_FOUND: no such account. Needs no write. */
int admin_account_find(const struct admin *a, const char *sid, struct account *ret,
		       struct error *err);

/* Changes of an account. A member that is NULL leaves the value unchanged. */
struct account_change {
	const char *name; /* without surrounding white space */
	/*
	 * the account's number, chosen by the operator; "" removes the number
	 */
	const char *number;
	const char *time_zone; /* IANA name; "": as the main account, or UTC */
	const char *cycle_day; /* 1 to 28; "": as the main account, or 1 */
	/* ERR_CONFLICT if the account or a subaccount has events */
	const char *currency;
};

/*
 * Changes an account; *RET is the changed account. The entry in the audit log
 * has the old and new values. If nothing changes, no entry is added.
 */
int admin_account_set(const struct admin *a, const char *sid, const struct account_change *c,
		      struct account *ret, struct error *err);

/*
 * Suspends an account and its subaccounts: events with a time after the
 * suspension are rejected, and credentials of these accounts are refused.
 * REASON is for the audit log and may be NULL. ERR_CONFLICT: the account is
 * suspended already.
 */
int admin_account_suspend(const struct admin *a, const char *sid, const char *reason,
			  struct account *ret, struct error *err);
/*
 * Ends a suspension. ERR_CONFLICT: the account is active, or is suspended only
 * because its main account is.
 */
int admin_account_reactivate(const struct admin *a, const char *sid, struct account *ret,
			     struct error *err);

/* ---- unique names of SIMs and fleets ---- */

/* KIND is one of sim_kinds. ACCOUNT is the SID of any account of the family. */
struct new_sim {
	const struct sim_kind *kind;
	/* white space around a name is removed */
	const char *account, *sid, *name;
};

/*
 * Registers a SIM or fleet. *RET is the registered SIM or fleet, in a->arena.
 */
int admin_sim_add(const struct admin *a, const struct new_sim *n, struct sim *ret,
		  struct error *err);

/* Identifies a registered SIM or fleet. */
struct sim_identity {
	const struct sim_kind *kind;
	const char *account; /* SID; NULL: the only family that matches */
	const char *which;   /* SID or name */
};

/*
 * Finds a SIM or fleet; *RET is in a->arena. ERR_NOT_FOUND with the parameter
 * kind->word: no such SIM or fleet. ERR_PARAM "account": several families have
 * a match; name an account. Needs no write.
 */
int admin_sim_find(const struct admin *a, const struct sim_identity *id, struct sim *ret,
		   struct error *err);
int admin_sim_rename(const struct admin *a, const struct sim_identity *id, const char *name,
		     struct sim *ret, struct error *err);
/* Removes a unique name. The usage stays; reports find it by SID only. */
int admin_sim_remove(const struct admin *a, const struct sim_identity *id, struct sim *ret,
		     struct error *err);

/* ---- categories ---- */

struct new_category {
	const char *name;
	/* name of a category, or NULL */
	const char *parent;
	const char *description, *count_unit, *usage_unit; /* "": none */
	bool metered;
};

int admin_category_add(const struct admin *a, const struct new_category *n, struct error *err);

/* ---- dimensions ---- */

/*
 * Declares a dimension. Events that are stored from now on get its value from
 * ATTRIBUTE. ERR_PARAM "name", "from"; ERR_CONFLICT: another dimension has the
 * name or the attribute, or there are DIMENSIONS.
 */
int admin_dimension_add(const struct admin *a, const char *name, const char *attribute,
			struct error *err);
/* Finds a declared dimension. Needs no write. */
int admin_dimension_find(const struct admin *a, const char *name, struct declared *ret,
			 struct error *err);
/* ERR_CONFLICT: an event has had a value of the dimension. */
int admin_dimension_remove(const struct admin *a, const char *name, struct error *err);

/* ---- closings ---- */

/* Closes an account as closing_close does; DAY is a date. */
int admin_closing_close(const struct admin *a, const char *sid, const char *day, struct error *err);
/*
 * Closes all main accounts and their subaccounts through DAY, a day of the zone
 * of each account. Accounts that are closed beyond DAY do not change. *RET_N is
 * the number of accounts that changed.
 */
int admin_closing_close_all(const struct admin *a, const char *day, size_t *ret_n,
			    struct error *err);
/*
 * Reopens an account as closing_reopen does; DAY is a date, or NULL to reopen
 * all days.
 */
int admin_closing_reopen(const struct admin *a, const char *sid, const char *day,
			 const char *reason, struct error *err);

#endif
