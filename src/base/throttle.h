/*
 * throttle.h - slows down password guessing without locking out legitimate
 * users.
 *
 * Failures are counted for each pair of a user name and a client address. After
 * some wrong passwords, a pair must wait before each try, twice as long each
 * time, up to five minutes. If many pairs of one user, or of one address, have
 * failed lately, a new pair must wait before its first try, too: the more
 * failures, the longer. The waiting time of a pair is set once. After this time
 * the pair may try, whatever other clients do meanwhile. So many clients that
 * guess one user's password don't lock out the user, and one guesser doesn't
 * lock out other users at the same address. A pair that has signed in before
 * waits only after its own failures.
 *
 * Tables of fixed size, in memory: a full table forgets the pairs that were
 * used longest ago. Thread-safe.
 */
#ifndef BASE_THROTTLE_H
#define BASE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	THROTTLE_FREE = 4, /* failures of a pair before it must wait */
	THROTTLE_PAIR_MAX_MS = 300000,
	/*
	 * failures of all pairs of a user, and the longest wait before a first
	 * try
	 */
	THROTTLE_USER_FREE = 20,
	THROTTLE_USER_MAX_MS = 30000,
	THROTTLE_ADDRESS_FREE = 50, /* the same for all pairs of an address */
	THROTTLE_ADDRESS_MAX_MS = 300000,
	/* each time this passes, one failure is forgotten */
	THROTTLE_FORGIVE_MS = 120000
};

struct throttle;

struct throttle *throttle_new(void);
/* The throttles of several processes that share their records have one key. */
#define THROTTLE_KEY 16
struct throttle *throttle_new_shared(const unsigned char key[static THROTTLE_KEY]);
void throttle_free(struct throttle **t);

/*
 * USER wants to sign in from ADDRESS (an IPv6 one counts with its /64 network).
 * Returns 0 if the pair may try; the try counts as a failure until
 * throttle_succeeded is called. Otherwise returns the milliseconds to wait and
 * counts nothing. NOW_MS is from a monotonic clock.
 */
int64_t throttle_try(struct throttle *t, const char *user, const char *address, int64_t now_ms);
void throttle_succeeded(struct throttle *t, const char *user, const char *address, int64_t now_ms);
/*
 * Records that the pair has signed in before, as a device's cookie shows. From
 * now on the pair waits only after its own failures.
 */
void throttle_know(struct throttle *t, const char *user, const char *address, int64_t now_ms);
/* Does T know that the pair has signed in before? */
bool throttle_knows(struct throttle *t, const char *user, const char *address, int64_t now_ms);
/*
 * A number that identifies the network of ADDRESS: the /64 of an IPv6 address,
 * else the address itself. Two throttles give different numbers.
 */
uint64_t throttle_network(const struct throttle *t, const char *address);
/*
 * What T knows of a pair, its user and its address, so that several processes
 * can share it. All zero but WHO: nothing. Between throttle_set and
 * throttle_get, no other thread may use the same pair, user or address.
 */
enum throttle_subject { THROTTLE_PAIR, THROTTLE_USER, THROTTLE_ADDRESS, THROTTLE_SUBJECTS };

struct throttle_record {
	uint64_t who;
	int64_t heard, next; /* ms */
	int64_t failures;
	bool good, waits;
};

void throttle_get(struct throttle *t, const char *user, const char *address, int64_t now_ms,
		  struct throttle_record ret[static THROTTLE_SUBJECTS]);
/* A pair that has signed in stays one. */
void throttle_set(struct throttle *t,
		  const struct throttle_record records[static THROTTLE_SUBJECTS], int64_t now_ms);
/* Takes back a try that failed for another reason than a wrong password. */
void throttle_withdraw(struct throttle *t, const char *user, const char *address, int64_t now_ms);

#endif
