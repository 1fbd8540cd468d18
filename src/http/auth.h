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
#include "http/parse.h"

struct auth;

/* The keys that one thread has seen, as of a version of the ledger. Never NULL. */
struct auth *auth_new(void);
void auth_free(struct auth **a);

/*
 * From now on the ledger is at VERSION (store_version): forgets what it knew of
 * another one.
 */
void auth_at_version(struct auth *a, int64_t version);

/*
 * Who sends RQ? Sets its who, session and ambient, until the next call of auth_*
 * and as long as the request's arena. Nobody if it says nothing of it, or names
 * a session that is over. -1: ERR_CREDENTIALS with the same words for an unknown
 * user, a wrong secret and a revoked key; ERR_SUSPENDED for the token or an API
 * key of a suspended account; ERR_TOO_MANY, ERR_BUSY of passwords; or the ledger
 * failed.
 */
int auth_check(struct request *rq, struct error *err);

/*
 * Does this Authorization bring a user's password, which takes long to check?
 */
bool auth_brings_password(const char *authorization);

/*
 * After the answer: writes down that the request's key was used, once a day.
 * Without a commit thread it isn't.
 */
void auth_note_use(const struct request *rq);

#endif
