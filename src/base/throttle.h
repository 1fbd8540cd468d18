/*
 * throttle.h - slows down password guessing without locking out others.
 *
 * Failures are counted for each pair of a user name and a client address. After
 * some wrong passwords each further try of a pair must wait, twice as long each
 * time, up to five minutes. If many pairs of one user, or of one address, have
 * failed lately, a new pair must wait before its first try, too: the more
 * failures, the longer. The pair is told this time once. When it is over, the
 * try is let through, whatever other clients do meanwhile: so a crowd that
 * guesses one user's password doesn't lock out the user, and one guesser
 * doesn't lock out others behind the same address. A pair that has signed in
 * before waits for its own failures alone.
 *
 * Tables of fixed size, in memory: a full table forgets the pairs that were
 * used longest ago. Thread-safe.
 */
#ifndef BASE_THROTTLE_H
#define BASE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	THROTTLE_FREE = 4, /* wrong passwords of a pair without a wait */
	THROTTLE_PAIR_MAX_MS = 300000,
	/* of all pairs of a user; their first try waits at most: */
	THROTTLE_USER_FREE = 20,
	THROTTLE_USER_MAX_MS = 30000,
	THROTTLE_ADDRESS_FREE = 50, /* likewise of an address */
	THROTTLE_ADDRESS_MAX_MS = 300000,
	THROTTLE_FORGIVE_MS = 120000 /* one failure is forgotten in this time */
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
 * The pair has signed in before, as a device's cookie shows: from now on it
 * waits for its own failures alone.
 */
void throttle_know(struct throttle *t, const char *user, const char *address, int64_t now_ms);
/* Is the pair remembered as one that has signed in? */
bool throttle_knows(struct throttle *t, const char *user, const char *address, int64_t now_ms);
/*
 * A number that tells networks apart: of an IPv6 address its /64, else the
 * address. As long as T.
 */
uint64_t throttle_network(const struct throttle *t, const char *address);
/* The try failed for another reason than a wrong password: it doesn't count. */
void throttle_withdraw(struct throttle *t, const char *user, const char *address, int64_t now_ms);

#endif
