/*
 * signin.h - passwords, and the sessions that they begin. One struct signin
 * serves a whole process. It remembers recently verified passwords, so that a
 * program that sends one with each request doesn't pay for Argon2id each time,
 * and it slows down wrong ones (base/throttle.h).
 */
#ifndef API_SIGNIN_H
#define API_SIGNIN_H

#include "api/request.h"

enum {
	SIGNIN_REMEMBERED = 1024,    /* number of passwords */
	SIGNIN_REMEMBER_MS = 600000, /* the longest time to remember one */
	DEVICE_ID_TEXT = 22,
	DEVICE_TEXT = DEVICE_ID_TEXT + 1 + (TAG_BYTES * 4 + 2) / 3 + 1, /* with the NUL */
	DEVICE_SECONDS = 400 * 86400, /* browsers keep no cookie longer */
	/* how much newer than the clock a session may be */
	SESSION_AHEAD_SECONDS = 300,
	SESSION_TEMPORARY_SECONDS = 14 * 86400,
	SESSION_PERMANENT_SECONDS = 28 * 86400,
	/* valid tokens at once, for each user or key that requests them */
	TOKENS_FOR_OTHERS_MAX = 100
};

#define DEVICE_COOKIE "usaged-device"

struct signin;

struct signin *signin_new(void);
void signin_free(struct signin **s);

/* A password to check. */
struct password {
	const char *name; /* of the user, as typed */
	const char *text;
	size_t len;
	const char *address; /* the client's address, see signin_device */
};

/*
 * Finds the user whose name and password P has. 0, or -1: ERR_CREDENTIALS, with
 * the same words and after the same time for an unknown name, a wrong password
 * and a removed user; ERR_TOO_MANY with err->retry_after; ERR_BUSY. Equal
 * passwords sent at the same time are checked once. Thread-safe: all threads
 * share what is remembered. The worker must have a signin.
 */
int signin_password(const struct request *rq, const struct password *p, struct user *ret,
		    struct error *err);

/* A number that identifies the network of ADDRESS until the process ends. */
uint64_t signin_network(struct signin *s, const char *address);

/*
 * device_new: the text of a cookie for a browser in which the user NAME has
 * signed in. signin_device: the identity of that browser if the request has
 * such a cookie for NAME, else NULL. The throttle counts wrong passwords by
 * this identity instead of the address: wrong passwords of others, from the
 * same address or for the same user, don't delay this browser.
 */
void device_new(const struct request *rq, const char *name, char ret[static DEVICE_TEXT]);
const char *signin_device(const struct request *rq, const char *name);

/*
 * The rights of the user U; borrows from U. -1: the ledger has a role for U
 * that this program doesn't know.
 */
int signin_principal(const struct user *u, struct principal *ret, struct error *err);

/*
 * The rights of the key K; borrows from K. False: the ledger has a role for K
 * that this program doesn't know.
 */
bool signin_key_principal(const struct key *k, struct principal *ret);

/* Makes a session of the user, and the secret that identifies it. */
struct session session_new(const struct request *rq, int64_t user, enum session_kind kind,
			   int64_t seconds, char ret_token[static TOKEN_TEXT]);

/*
 * Signs in the session that TOKEN (LEN bytes) identifies: sets rq->who and
 * rq->session. 0, or -1 if the ledger fails. Leaves nobody signed in if there
 * is no session of that KIND, if it has ended, or if its user was removed; for
 * a token also if the user or key that requested it was removed, or now has
 * fewer rights than WHO.
 */
int signin_session(struct request *rq, const char *token, size_t len, enum session_kind kind,
		   struct error *err);

#endif
