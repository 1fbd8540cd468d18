/*
 * throttle.h - slows down whoever guesses passwords, and nobody else for long.
 *
 * What counts is the pair of a user's name and the address that tries it. After
 * some wrong passwords each further try of a pair must wait, twice as long each
 * time, up to five minutes. Where many pairs of one user, or of one address,
 * have failed lately, a pair that has never signed in waits before its first
 * try, too: longer the more have failed, but for a time of its own. It is told
 * the time once, and when that is over its try is let through, whatever all
 * others do meanwhile: so a crowd that guesses one user's password doesn't keep
 * the user out, nor does a guesser the others behind the same address. A pair
 * that has signed in waits for its own mistakes alone.
 *
 * Tables of fixed size, in memory: a full one forgets the pairs that were heard
 * of longest ago. Thread-safe.
 */
#ifndef BASE_THROTTLE_H
#define BASE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	THROTTLE_FREE = 4, /* wrong passwords of a pair that cost nothing */
	THROTTLE_PAIR_MAX_MS = 300000,
	/* of all pairs of a user; their first try waits at most: */
	THROTTLE_USER_FREE = 20,
	THROTTLE_USER_MAX_MS = 30000,
	THROTTLE_ADDRESS_FREE = 50, /* likewise of an address */
	THROTTLE_ADDRESS_MAX_MS = 300000,
	THROTTLE_FORGIVE_MS = 120000 /* every so often, one failure is forgotten */
};

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle **t);

/*
 * USER wants to sign in from ADDRESS (an IPv6 one counts with its /64 network).
 * 0: it may try, and this counts as a failure until throttle_succeeded says
 * otherwise; else the milliseconds to wait, and nothing is counted. NOW_MS is
 * of a clock that never goes back.
 */
int64_t throttle_try(struct throttle *t, const char *user, const char *address, int64_t now_ms);
void throttle_succeeded(struct throttle *t, const char *user, const char *address, int64_t now_ms);
/*
 * The pair has signed in before, as a device's cookie says: from now on it
 * waits for its own mistakes alone.
 */
void throttle_know(struct throttle *t, const char *user, const char *address, int64_t now_ms);
/* Has the pair signed in before, as far as is remembered? */
bool throttle_knows(struct throttle *t, const char *user, const char *address, int64_t now_ms);
/*
 * A number that tells networks apart: of an IPv6 address its /64, else the
 * address. As long as T.
 */
uint64_t throttle_network(const struct throttle *t, const char *address);
/* The try came to nothing for another reason than a wrong password. */
void throttle_withdraw(struct throttle *t, const char *user, const char *address, int64_t now_ms);

#endif
