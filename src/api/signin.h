/*
 * signin.h - who are they? Passwords, and the sessions that follow from them.
 * One struct signin serves a whole process: it remembers the passwords that
 * were right lately, so that a program that sends one with every request
 * doesn't pay for Argon2id each time, and slows down those that are wrong
 * (base/throttle.h).
 */
#ifndef API_SIGNIN_H
#define API_SIGNIN_H

#include "base/secret.h"
#include "usage/principal.h"

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

/*
 * The user called NAME, whose PASSWORD it is. -1: ERR_CREDENTIALS with the same
 * words, after the same time, for an unknown name, a wrong password and a
 * removed user; ERR_TOO_MANY with err->retry_after; ERR_BUSY. The same password
 * sent many times at once is checked once. ADDRESS is the caller's.
 * Thread-safe, but ST is one thread's.
 */
int signin_password(struct signin *s, struct store *st, const char *name, const char *password,
		    size_t len, const char *address, struct arena *arena, struct user *ret,
		    struct error *err);

/*
 * A number that tells the networks of addresses apart, until the process ends.
 */
uint64_t signin_network(struct signin *s, const char *address);

/*
 * A text for a cookie: its browser is one in which the user called NAME has
 * signed in. signin_device: whom the throttle shall see in the place of the
 * address if TEXT (may be NULL) is such a text for that NAME, else NULL. So
 * wrong passwords that others send from the same address, or for the same user,
 * don't make that browser wait; its own do.
 */
void device_new(const unsigned char secret[static SECRET_BYTES], const char *name,
		struct arena *arena, char ret[static DEVICE_TEXT]);
const char *signin_device(struct signin *s, const unsigned char secret[static SECRET_BYTES],
			  const char *name, const char *text, struct arena *arena);

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

/*
 * Is a token, which signs in WHO, still good? It ends with the user or key that
 * asked for it, and when WHO can do more than that one by now. If so, WHO's
 * made_by and maker are set. 1, 0, -1 failed.
 */
int signin_token_maker(struct store *st, const struct session *token, struct principal *who,
		       struct arena *arena, struct error *err);

/* A new session of that user, and the secret that names it from now on. */
void session_new(const unsigned char secret[static SECRET_BYTES], int64_t user,
		 enum session_kind kind, int64_t now, int64_t seconds,
		 char ret_token[static TOKEN_TEXT], struct session *ret);

/*
 * The good session that TOKEN (LEN bytes) names, and its user: 1, 0 none of
 * that KIND (or it is over), -1 failed.
 */
int session_find(struct store *st, const unsigned char secret[static SECRET_BYTES],
		 const char *token, size_t len, enum session_kind kind, int64_t now,
		 struct arena *arena, struct session *ret, struct user *ret_user,
		 struct error *err);

#endif
