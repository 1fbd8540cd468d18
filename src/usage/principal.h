/*
 * principal.h - who asks, and what that lets them do. The roles are a table;
 * the checks that use them are api/access.h.
 */
#ifndef USAGE_PRINCIPAL_H
#define USAGE_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "store/store.h"

/* Bits, so that an operation can name a set of them. */
enum role {
	ROLE_ADMIN   = 1 << 0,   /* SystemAdministrator: all accounts */
	ROLE_MANAGER = 1 << 1,   /* Manager: the accounts granted to it */
	ROLE_ACCOUNT = 1 << 2,   /* an account's own token: it and its subaccounts */
	ROLE_KEY     = 1 << 3,   /* an API key of an account: that account alone */
	ROLE_USER    = 1 << 4,   /* signed in, no rights */
	ROLE_INGEST  = 1 << 5,   /* may only write events (of its account, if it has one) */
	ROLE_ANYONE  = 1 << 6    /* nobody's role: operations that everybody may call, also those who aren't signed in */
};

#define ROLES_READING (ROLE_ADMIN | ROLE_MANAGER | ROLE_ACCOUNT | ROLE_KEY)

struct role_info {
	enum role role;
	const char *name;        /* "SystemAdministrator": in the ledger, on the command line, on pages */
	bool has_account;        /* belongs to an account */
	bool has_grants;
	bool has_name;           /* belongs to a named user */
	const char *doc;
};

extern const struct role_info roles[];               /* ended by a NULL name */
const struct role_info *role_find(const char *name); /* or NULL */

struct principal {
	enum role role;
	const char *name;        /* for the log and the page's corner: a user's name, or the SID */
	char key_sid[SID_TEXT];  /* "" for a user */
	int64_t user;            /* 0 for a key */
	const char *display, *email;     /* of a user; else NULL */
	int64_t account;         /* or 0 */
	const int64_t *grants;
	size_t n_grants;
};

/* Whom the audit log names for what P does: a user's name, or a key's SID. */
const char *principal_author(const struct principal *p);

/* May P see the usage of A? (A granted main account does not bring its subaccounts along: grants name each.) */
bool principal_sees(const struct principal *p, const struct account *a);

#endif
