/*
 * signin.h - passwords, and the sessions that they begin. One struct signin
 * serves a whole process. A struct signin remembers recently verified
 * passwords, so that a program that sends a password with each request does not
 * pay for Argon2id each time. After wrong passwords, further attempts are
 * delayed (base/throttle.h).
 */
#ifndef API_SIGNIN_H
#define API_SIGNIN_H

#include "api/request.h"

enum {
	SIGNIN_REMEMBERED = 1024,    /* number of passwords */
	SIGNIN_REMEMBER_MS = 600000, /* how long a password is remembered */
	DEVICE_ID_TEXT = 22,
	DEVICE_TEXT = DEVICE_ID_TEXT + 1 + (TAG_BYTES * 4 + 2) / 3 + 1, /* with the NUL */
	DEVICE_SECONDS = 400 * 86400, /* browsers keep no cookie longer */
	/* a session's time may be this far in the future */
	SESSION_AHEAD_SECONDS = 300,
	SESSION_TEMPORARY_SECONDS = 14 * 86400,
	SESSION_PERMANENT_SECONDS = 28 * 86400,
	/* valid tokens of each requesting user or key */
	TOKENS_FOR_OTHERS_MAX = 100
};

#define DEVICE_COOKIE "usaged-device"

struct signin;

struct signin *signin_new(void);
void signin_free(struct signin **s);
/*
 * If the ledger of SETTINGS is not a file, counts wrong passwords together with
 * the other hosts that have SECRET. Call it before the first attempt.
 */
void signin_share(struct signin *s, const struct settings *settings, const unsigned char *secret);

/* A password to check. */
struct password {
	const char *name; /* of the user, as typed */
	const char *text;
	size_t len;
	const char *address; /* the client's address, see signin_device */
};

/*
 * Finds the user with the name in P and verifies the password in P. 0, or -1:
 * ERR_CREDENTIALS for an unknown name, a wrong password or a removed user, with
 * the same words and after the same time; ERR_TOO_MANY with err->retry_after;
 * ERR_BUSY. A password that is sent several times at once is checked once.
 * Thread-safe: all threads share the remembered passwords. The worker must have
 * a signin. Ends the read of rq->store and begins another one, without limits.
 */
int signin_password(const struct request *rq, const struct password *p, struct user *ret,
		    struct error *err);

/* A number that identifies the network of ADDRESS until the process ends. */
uint64_t signin_network(struct signin *s, const char *address);

/*
 * device_new makes the text of a cookie for a browser in which the user NAME
 * has signed in. signin_device returns the browser's identity if the request
 * has such a cookie for NAME, else NULL. For such a browser, the throttle
 * counts wrong passwords by the browser's identity instead of the address. So
 * wrong passwords of other clients, from the same address or for the same user,
 * do not delay this browser.
 */
void device_new(const struct request *rq, const char *name, char ret[static DEVICE_TEXT]);
const char *signin_device(const struct request *rq, const char *name);

/*
 * Sets *RET to the principal of the user U; borrows from U. -1: the user's role
 * in the ledger is unknown to this program.
 */
int signin_principal(const struct user *u, struct principal *ret, struct error *err);

/*
 * Sets *RET to the principal of the key K; borrows from K. False: the key's
 * role in the ledger is unknown to this program.
 */
bool signin_key_principal(const struct key *k, struct principal *ret);

/* Makes a session of the user, and the secret that identifies it. */
struct session session_new(const struct request *rq, int64_t user, enum session_kind kind,
			   int64_t seconds, char ret_token[static TOKEN_TEXT]);

/*
 * Signs in the session that TOKEN (LEN bytes) identifies: sets rq->who and
 * rq->session. 0, or -1 if the ledger fails. Nobody is signed in if there is no
 * such session of that KIND, if the session has ended, or if its user was
 * removed; for a token also if the user or key that requested the token was
 * removed, or now has fewer rights than the token's user.
 */
int signin_session(struct request *rq, const char *token, size_t len, enum session_kind kind,
		   struct error *err);

#endif
