/*
 * signin.h - who are they? Passwords, and the sessions that follow from them.
 * One struct signin serves a whole process: it remembers the passwords that
 * were right lately, so that a program that sends one with every request
 * doesn't pay for Argon2id each time, and slows down those that are wrong
 * (base/throttle.h).
 */
#ifndef API_SIGNIN_H
#define API_SIGNIN_H

#include "api/request.h"

enum {
	SIGNIN_REMEMBERED = 1024,    /* passwords */
	SIGNIN_REMEMBER_MS = 600000, /* for so long at most */
	DEVICE_ID_TEXT = 22,
	DEVICE_TEXT = DEVICE_ID_TEXT + 1 + (TAG_BYTES * 4 + 2) / 3 + 1, /* with its NUL */
	DEVICE_SECONDS = 400 * 86400, /* a browser keeps a cookie no longer */
	/* a session may be so much newer than the clock */
	SESSION_AHEAD_SECONDS = 300,
	SESSION_TEMPORARY_SECONDS = 14 * 86400,
	SESSION_PERMANENT_SECONDS = 28 * 86400,
	/* that are good at once, for each user or key that asks for them */
	TOKENS_FOR_OTHERS_MAX = 100
};

#define DEVICE_COOKIE "usaged-device"

struct signin;

struct signin *signin_new(void);
void signin_free(struct signin **s);

/* A password that somebody signs in with. */
struct password {
	const char *name; /* of the user, as typed */
	const char *text;
	size_t len;
	const char *address; /* that it comes from, see signin_device */
};

/*
 * The user called P's name, whose password it is. -1: ERR_CREDENTIALS with the
 * same words, after the same time, for an unknown name, a wrong password and a
 * removed user; ERR_TOO_MANY with err->retry_after; ERR_BUSY. The same password
 * sent many times at once is checked once. Thread-safe: what is remembered is
 * all threads'. The worker's signin is there.
 */
int signin_password(const struct request *rq, const struct password *p, struct user *ret,
		    struct error *err);

/*
 * A number that tells the networks of addresses apart, until the process ends.
 */
uint64_t signin_network(struct signin *s, const char *address);

/*
 * A text for a cookie: its browser is one in which the user called NAME has
 * signed in. signin_device: whom the throttle shall see in the place of the
 * address if the request brings such a cookie for that NAME, else NULL. So
 * wrong passwords that others send from the same address, or for the same user,
 * don't make that browser wait; its own do.
 */
void device_new(const struct request *rq, const char *name, char ret[static DEVICE_TEXT]);
const char *signin_device(const struct request *rq, const char *name);

/*
 * What U may do; borrows from U. -1: the ledger gives the user a role that this
 * program doesn't know.
 */
int signin_principal(const struct user *u, struct principal *ret, struct error *err);

/*
 * What the key K may do; borrows from K. False: a role that this program
 * doesn't know.
 */
bool signin_key_principal(const struct key *k, struct principal *ret);

/* A new session of that user, and the secret that names it from now on. */
struct session session_new(const struct request *rq, int64_t user, enum session_kind kind,
			   int64_t seconds, char ret_token[static TOKEN_TEXT]);

/*
 * Whom the good session signs in that TOKEN (LEN bytes) names: sets rq->who and
 * rq->session. 0 also if there is none of that KIND, if it is over, if its user
 * was removed, or, of a token, if the user or key that asked for it was, or can
 * do less than WHO by now: then nobody is signed in. -1 failed.
 */
int signin_session(struct request *rq, const char *token, size_t len, enum session_kind kind,
		   struct error *err);

#endif
