/*
 * shares.h - limits the requests of one party that are handled at once, so that
 * no party takes all threads. A party is a family, a user, a key, or a network
 * of callers without credentials, identified by a number. AT_ONCE requests of a
 * party are handled at once; WAITING further requests wait in their order,
 * without a thread; all others are refused.
 */
#ifndef HTTP_SHARES_H
#define HTTP_SHARES_H

#include <stdbool.h>
#include <stdint.h>

struct shares;

/* A request's place; initially zero. */
struct share {
	uint64_t party;
	bool held;          /* counts as a request in work */
	struct share *next; /* the next waiting request */
};

/* Never NULL. */
struct shares *shares_new(int at_once, int waiting);
void shares_free(struct shares **s);

enum share_result {
	SHARE_TAKEN, /* handle the request, then call shares_end */
	/* the share is used up: release the thread, then call shares_wait */
	SHARE_LATER,
	SHARE_FULL /* too many are waiting: refuse the request, then call shares_end */
};

/*
 * Takes a share of PARTY. For a request that has waited, shares_end took the
 * share already. Thread-safe, like all functions below.
 */
enum share_result shares_take(struct shares *s, struct share *share, uint64_t party);

/*
 * Call shares_wait after SHARE_LATER. True: the request now has its share.
 * False: S owns SHARE until a call of shares_end returns it.
 */
bool shares_wait(struct shares *s, struct share *share);

/*
 * Ends a request, whether it took a share or not. Returns the request that now
 * has the share, or NULL.
 */
struct share *shares_end(struct shares *s, struct share *share);

/* The number of waiting requests. */
int shares_waiting(struct shares *s);

#endif
