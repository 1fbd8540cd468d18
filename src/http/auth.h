/*
 * auth.h - who asks? Reads Authorization, finds the key by its hash and says whose it is. What they may do
 * is decided in api/access.h.
 */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include "base/secret.h"
#include "usage/principal.h"

enum { AUTH_CACHE_SIZE = 64 };

struct auth_entry {
	bool used;
	unsigned char hash[HASH_BYTES];
	const char *user;            /* a user's name, or "" */
	char account_sid[SID_TEXT];  /* of an account's own token, or "" */
	struct principal who;
};

/* The keys that one thread has seen, as of a version of the ledger. */
struct auth {
	const unsigned char *secret;
	int64_t version;
	struct arena arena;          /* of the entries */
	size_t n_loaded;             /* since the arena was reset */
	struct auth_entry entries[AUTH_CACHE_SIZE];
};

/* SECRET is borrowed. */
void auth_init(struct auth *a, const unsigned char *secret);
void auth_release(struct auth *a);

/* From now on the ledger is at VERSION (store_version): forgets what it knew of another one. */
void auth_at_version(struct auth *a, int64_t version);

/*
 * The caller that HEADER ("Basic ...", "Bearer ...") names, until the next call of auth_*; NULL if HEADER is NULL. -1:
 * ERR_CREDENTIALS with the same words for an unknown user, a wrong secret and a revoked key; or the ledger failed.
 */
int auth_check(struct auth *a, struct store *st, const char *header, const struct principal **ret, struct error *err);

#endif
