/*
 * auth.h - identifies the caller by the header Authorization, else by a
 * session's headers or cookies. The caller's rights are in api/access.h.
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
#include "http/parse.h"

struct auth;

/* A thread's cache of keys, for one version of the ledger. Never NULL. */
struct auth *auth_new(void);
void auth_free(struct auth **a);

/*
 * Tells the cache the ledger's version (store_version). A changed version
 * empties the cache.
 */
void auth_at_version(struct auth *a, int64_t version);

/*
 * Identifies the caller of RQ: sets who, session and ambient, which are valid
 * until the next call of auth_*, at most as long as the request's arena. `who`
 * stays NULL if the request has no credentials, or if its session has ended.
 * -1: ERR_CREDENTIALS, with the same words for an unknown user, a wrong secret
 * and a revoked key; ERR_SUSPENDED for the token or API key of a suspended
 * account; ERR_TOO_MANY or ERR_BUSY for passwords; or the ledger failed.
 */
int auth_check(struct request *rq, struct error *err);

/*
 * Identifies the caller as auth_check does, but only by a key that is in the
 * cache, and without the ledger. False: the caller is none of these.
 */
bool auth_kept(struct request *rq);

/*
 * Does this header Authorization contain a user's password? Checking a password
 * is slow.
 */
bool auth_brings_password(const char *authorization);

/*
 * Records the use of the request's key, once a day. Call auth_note_use after
 * the answer. Does nothing without a commit thread.
 */
void auth_note_use(const struct request *rq);

#endif
