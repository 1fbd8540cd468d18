/*
 * principal.h - roles, and the principal: the caller with its rights and its
 * name in logs. The checks of rights are in api/access.h.
 */
#ifndef USAGE_PRINCIPAL_H
#define USAGE_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "store/store.h"

/* Each role is a bit, so that an operation can name a set of roles. */
enum role {
	ROLE_ADMIN = 1 << 0,   /* SystemAdministrator: sees all accounts */
	ROLE_MANAGER = 1 << 1, /* Manager: sees accounts granted to it */
	/* an account's own token: sees the account and its subaccounts */
	ROLE_ACCOUNT = 1 << 2,
	/* an API key of an account: sees only this account */
	ROLE_KEY = 1 << 3,
	ROLE_USER = 1 << 4, /* signed in, no rights */
	/* only sends events, for its account or for any account */
	ROLE_INGEST = 1 << 5,
	/*
	 * for operations that need no credentials; no principal has this role
	 */
	ROLE_ANYONE = 1 << 6
};

#define ROLES_READING (ROLE_ADMIN | ROLE_MANAGER | ROLE_ACCOUNT | ROLE_KEY)

struct role_info {
	enum role role;
	/*
	 * the name in the ledger, on the command line and on pages, such as
	 * "SystemAdministrator"
	 */
	const char *name;
	bool has_account; /* belongs to an account */
	bool has_grants;
	bool has_name; /* belongs to a named user */
	const char *doc;
};

extern const struct role_info roles[];               /* ends with a NULL name */
const struct role_info *role_find(const char *name); /* or NULL */

struct principal {
	enum role role;
	/*
	 * for pages: a user's name, a key's label or SID; for an account's own
	 * token the SID of the account
	 */
	const char *name;
	char key_sid[SID_TEXT]; /* "" for a user */
	const char *label;      /* label of a key; NULL or "": none */
	int64_t user;           /* 0 for a key */
	/*
	 * of a token that signs in as a user: the actor that made the token;
	 * else NULL
	 */
	const char *made_by;
	/*
	 * of a token that signs in as a user: the user or key that made the
	 * token
	 */
	struct maker maker;
	const char *display, *email; /* of a user; else NULL */
	int64_t account;             /* or 0 */
	/* of a key of an account: the id of the main account; else 0 */
	int64_t family;
	const int64_t *grants;
	size_t n_grants;
};

/* the command line */
#define ACTOR_CONSOLE "console"
/* the ledger itself, such as when a trigger fires */
#define ACTOR_LEDGER "usaged"
extern const struct principal principal_console;

/*
 * The name of P in the audit log, corrections, rejections and the server's log.
 * The name is unique, so that no caller can act under another's name. In ARENA:
 *
 *   ada                 a user
 *   key SK... (label)   a key with its label
 *   ada (token by bob)  a token that bob made and that signs in as ada
 *   console             the command line
 *   console (label)     the command line with a label
 */
const char *principal_actor(const struct principal *p, struct arena *arena);

/*
 * Tells whether the actor text of a user with this name could be mistaken for a
 * key, a token or the console.
 */
bool actor_is_reserved(const char *name);

/*
 * The user or key behind P; for a token, the user or key that made the token.
 */
struct maker principal_maker(const struct principal *p);

/*
 * Tells whether P may make a token that signs in as the user U: only if U has
 * no more rights than P.
 */
bool principal_may_impersonate(const struct principal *p, const struct principal *u);

/*
 * Tells whether P may see the usage of A. (The grant of a main account does not
 * include its subaccounts: each subaccount needs its own grant.)
 */
bool principal_sees(const struct principal *p, const struct account *a);

#endif
