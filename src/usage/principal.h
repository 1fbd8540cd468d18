/*
 * principal.h - the caller, what that lets it do, and what logs call it. The
 * roles are a table; the checks that use them are api/access.h.
 */
#ifndef USAGE_PRINCIPAL_H
#define USAGE_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "store/store.h"

/* Bits, so that an operation can name a set of them. */
enum role {
	ROLE_ADMIN = 1 << 0,   /* SystemAdministrator: all accounts */
	ROLE_MANAGER = 1 << 1, /* Manager: the accounts granted to it */
	ROLE_ACCOUNT = 1 << 2, /* an account's own token: it and its subaccounts */
	ROLE_KEY = 1 << 3,     /* an API key of an account: that account alone */
	ROLE_USER = 1 << 4,    /* signed in, no rights */
	ROLE_INGEST = 1 << 5,  /* may only write events (of its account, if it has one) */
	/*
	 * nobody's role: operations that everybody may call, also those who
	 * aren't signed in
	 */
	ROLE_ANYONE = 1 << 6
};

#define ROLES_READING (ROLE_ADMIN | ROLE_MANAGER | ROLE_ACCOUNT | ROLE_KEY)

struct role_info {
	enum role role;
	/*
	 * "SystemAdministrator": in the ledger, on the command line, on pages
	 */
	const char *name;
	bool has_account; /* belongs to an account */
	bool has_grants;
	bool has_name; /* belongs to a named user */
	const char *doc;
};

extern const struct role_info roles[];               /* ended by a NULL name */
const struct role_info *role_find(const char *name); /* or NULL */

struct principal {
	enum role role;
	/*
	 * for pages: a user's name, a key's label or SID, the account's SID for
	 * its own token
	 */
	const char *name;
	char key_sid[SID_TEXT]; /* "" for a user */
	const char *label;      /* of a key: the name that it was given; NULL or "": none */
	int64_t user;           /* 0 for a key */
	/*
	 * of a token that signs in as a user: the actor that asked for it; else
	 * NULL
	 */
	const char *made_by;
	struct maker maker;          /* of such a token: the same; else none */
	const char *display, *email; /* of a user; else NULL */
	int64_t account;             /* or 0 */
	int64_t family; /* of a key that belongs to an account: its main account; else 0 */
	const int64_t *grants;
	size_t n_grants;
};

/* Whoever uses the command line. */
#define ACTOR_CONSOLE "console"
extern const struct principal principal_console;

/*
 * What P is called in the audit log, in corrections, rejections and the
 * server's log, so that nobody acts under another's name; in ARENA:
 *
 *   ada                          a user
 *   key SK... (label)            a key, with the name that it was given
 *   ada (token by bob) a token that signs in as ada, and that bob asked for
 *   console                      the command line
 *   console (label)              the command line, where a label was given
 */
const char *principal_actor(const struct principal *p, struct arena *arena);

/* Could a user of that name be taken for one of those that is no user? */
bool actor_is_reserved(const char *name);

/* The user or the key behind P: of a token the one that asked for it. */
struct maker principal_maker(const struct principal *p);

/*
 * May P ask for a token that signs in as the user U? Nobody gets more than they
 * have.
 */
bool principal_may_impersonate(const struct principal *p, const struct principal *u);

/*
 * May P see the usage of A? (A granted main account does not bring its
 * subaccounts along: grants name each.)
 */
bool principal_sees(const struct principal *p, const struct account *a);

#endif
