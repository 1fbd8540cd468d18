/*
 * auth.h - who asks? Reads Authorization, else the headers and cookies of a
 * session. What they may do is decided in api/access.h.
 *
 *   Basic user:password     a user
 *   Basic SID:secret        a key, by its own SID or its account's
 *   Basic secret:           a key
 *   Bearer secret           a key, or a token of RequestAuthToken
 *   X-ss-id, X-ss-pid       a session; else the cookies ss-id and ss-pid
 */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include "api/signin.h"
#include "http/request.h"

enum { AUTH_CACHE_SIZE = 64 };

struct commit_thread;

struct auth_entry {
	bool used;
	/* since when its account is, and the key reads: 0 = it is good */
	int64_t suspended;
	unsigned char hash[HASH_BYTES];
	char account_sid[SID_TEXT]; /* of an account's own token, or "" */
	int64_t last_use;           /* as the ledger has it */
	struct principal who;
};

/* The keys that one thread has seen, as of a version of the ledger. */
struct auth {
	const unsigned char *secret;
	struct signin *signin;
	int64_t version;
	struct arena arena; /* of the entries */
	size_t n_loaded;    /* since the arena was reset */
	struct auth_entry entries[AUTH_CACHE_SIZE];
	struct auth_entry *to_note; /* its last use isn't in the ledger yet; or NULL */
};

/* Both are borrowed. */
void auth_init(struct auth *a, const unsigned char *secret, struct signin *signin);
void auth_release(struct auth *a);

/*
 * From now on the ledger is at VERSION (store_version): forgets what it knew of
 * another one.
 */
void auth_at_version(struct auth *a, int64_t version);

/*
 * Who asks, until the next call of auth_* and as long as the request's arena.
 */
struct identity {
	const struct principal *who;   /* NULL: nobody */
	const struct session *session; /* that signed them in, or NULL */
	/* a browser sends it by itself, whosever page makes it ask */
	bool ambient;
};

/*
 * Who sends RQ? Nobody if it says nothing of it, or names a session that is
 * over. -1: ERR_CREDENTIALS with the same words for an unknown user, a wrong
 * secret and a revoked key; ERR_SUSPENDED for the token or an API key of a
 * suspended account; ERR_TOO_MANY, ERR_BUSY of passwords; or the ledger failed.
 */
int auth_check(struct auth *a, struct store *st, const struct request *rq, int64_t now,
	       struct arena *arena, struct identity *ret, struct error *err);

/*
 * Does this Authorization bring a user's password, which takes long to check?
 */
bool auth_brings_password(const char *authorization);

/*
 * The value of the cookie that tells a browser in which somebody has signed in
 * before (api/signin.h), or NULL.
 */
const char *auth_device(const struct request *rq, struct arena *arena);

/*
 * After the answer: writes down that the request's key was used, once a day. B
 * NULL: it isn't.
 */
void auth_note_use(struct auth *a, struct commit_thread *t, int64_t now);

#endif
