/*
 * admin.h - what those who run the server do: users, keys, accounts, SIMs,
 * categories and closings. The one place for it, whether the command line, the
 * API or a page asks: each function checks what it is given, changes the ledger
 * and says so in the audit log, in the caller's write. On -1 nothing may be
 * committed.
 *
 * All fail with ERR_PARAM for what can't be, ERR_NOT_FOUND for what isn't there
 * and ERR_CONFLICT for what is taken. Their parameter is the word that is used
 * for it here; messages read well after it.
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
	const char *author; /* for the audit log: principal_actor of `by` */
	int64_t now_us;
};

/* ---- users ---- */

struct new_user {
	const char *name, *role;
	const char *display;       /* NULL: the name */
	const char *email;         /* NULL: not known */
	const char *const *grants; /* SIDs of accounts */
	size_t n_grants;
	/*
	 * as password_hash made it, of one that user_check_password let through
	 */
	const char *password;
};

int admin_user_add(const struct admin *a, const struct new_user *u, struct error *err);
/*
 * The user of that name who isn't removed: else ERR_NOT_FOUND. Needs no write.
 */
int admin_user_find(const struct admin *a, const char *name, struct user *ret, struct error *err);
/*
 * Changes these two; NULL: they stay. EMAIL "": none. The audit log says from
 * what to what.
 */
int admin_user_set(const struct admin *a, const char *name, const char *display, const char *email,
		   struct error *err);
/*
 * The password of the user who does it: ends what that user is signed in to,
 * but not the session KEEP (or NULL).
 */
int admin_own_password(const struct admin *a, const char *password, const struct session *keep,
		       struct error *err);
/*
 * The keys that end with the user: named after the user, made by the user, or
 * made with one of these. Needs no write.
 */
int admin_user_keys(const struct admin *a, const struct user *u, struct key **ret, size_t *ret_n,
		    struct error *err);
/*
 * These two end what the user is signed in to; the second also the user's keys.
 * Users can't remove themselves.
 */
int admin_user_password(const struct admin *a, const char *name, const char *password,
			struct error *err);
int admin_user_remove(const struct admin *a, const char *name, struct error *err);
/*
 * May the user, a Manager, see the account SID, or no longer? What is taken
 * away is taken from keys named after the user, too.
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
 * RET_SID and RET_TOKEN are the new key's name and secret; the ledger only
 * keeps the secret's hash.
 */
int admin_key_add(const struct admin *a, const struct new_key *k,
		  const unsigned char secret[SECRET_BYTES], char ret_sid[SID_TEXT],
		  char ret_token[TOKEN_TEXT], struct error *err);
/* ERR_NOT_FOUND if there is none. Needs no write. */
int admin_key_find(const struct admin *a, const char *sid, struct key *ret, struct error *err);
/* One that is revoked stays as it is. */
int admin_key_revoke(const struct admin *a, const char *sid, struct error *err);

/* ---- accounts ---- */

struct new_account {
	const char *name;
	const char *parent;   /* SID, or NULL: a main account */
	const char *currency; /* three letters, any case */
	const char *sid;      /* NULL: a new one */
	const char *created;  /* a date, or NULL: now */
	/* as in struct account_change; NULL: none */
	const char *number, *time_zone, *cycle_day;
};

int admin_account_add(const struct admin *a, const struct new_account *n, struct account *ret,
		      struct error *err);
/* The account SID: else ERR_NOT_FOUND. Needs no write. */
int admin_account_find(const struct admin *a, const char *sid, struct account *ret,
		       struct error *err);

/* A part that is NULL stays as it is. */
struct account_change {
	const char *name;      /* white space around it is left out */
	const char *number;    /* the operator's own number for the account; "": none */
	const char *time_zone; /* IANA name; "": the main account's, or UTC */
	const char *cycle_day; /* 1 to 28; "": the main account's, or 1 */
	/* ERR_CONFLICT once the account, or a subaccount of it, has events */
	const char *currency;
};

/*
 * RET is the account as it then is. The audit log says what was changed from
 * what to what; nothing if nothing was.
 */
int admin_account_set(const struct admin *a, const char *sid, const struct account_change *c,
		      struct account *ret, struct error *err);

/*
 * From now on the account, and its subaccounts with it, take no events of later
 * times, and its credentials are refused. REASON: for the audit log; may be
 * NULL. ERR_CONFLICT if it is suspended.
 */
int admin_account_suspend(const struct admin *a, const char *sid, const char *reason,
			  struct account *ret, struct error *err);
/*
 * ERR_CONFLICT if the account isn't suspended, or is so only with its main
 * account.
 */
int admin_account_reactivate(const struct admin *a, const char *sid, struct account *ret,
			     struct error *err);

/* ---- unique names of SIMs and fleets ---- */

/*
 * KIND is one of sim_kinds. ACCOUNT (a SID) is any of the family that they are
 * of.
 */
struct new_sim {
	const struct sim_kind *kind;
	const char *account, *sid, *name; /* white space around a name is left out */
};

/* *RET is what was registered, in the arena; so below. */
int admin_sim_add(const struct admin *a, const struct new_sim *n, struct sim *ret,
		  struct error *err);

/* Names one that is registered by its SID or its name. */
struct sim_identity {
	const struct sim_kind *kind;
	const char *account; /* SID; NULL: of any family, if there is only one */
	const char *which;
};

/*
 * ERR_NOT_FOUND (the kind's word), or ERR_PARAM "account" where several
 * families have one. Needs no write.
 */
int admin_sim_find(const struct admin *a, const struct sim_identity *id, struct sim *ret,
		   struct error *err);
int admin_sim_rename(const struct admin *a, const struct sim_identity *id, const char *name,
		     struct sim *ret, struct error *err);
/* Usage stays, and is only found by the SID. */
int admin_sim_remove(const struct admin *a, const struct sim_identity *id, struct sim *ret,
		     struct error *err);

/* ---- categories ---- */

struct new_category {
	const char *name;
	const char *parent;                                /* its name, or NULL */
	const char *description, *count_unit, *usage_unit; /* "": none */
	bool metered;
};

int admin_category_add(const struct admin *a, const struct new_category *n, struct error *err);

/* ---- closings ---- */

/*
 * As closing_close. DAY is a date. A main account's subaccounts are closed with
 * it.
 */
int admin_closing_close(const struct admin *a, const char *sid, const char *day, struct error *err);
/*
 * Closes all main accounts, with their subaccounts, through DAY, each by the
 * days of its own zone. Those that are closed further stay as they are; *RET_N
 * counts the others.
 */
int admin_closing_close_all(const struct admin *a, const char *day, size_t *ret_n,
			    struct error *err);
/* As closing_reopen; DAY is a date, or NULL for everything. */
int admin_closing_reopen(const struct admin *a, const char *sid, const char *day,
			 const char *reason, struct error *err);

#endif
