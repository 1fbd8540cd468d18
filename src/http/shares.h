/*
 * shares.h - how many requests of one party are worked on at once, so that no
 * party takes all threads. Who a party is, the caller says by a number: a main
 * account with its subaccounts, a user, a key, a network of callers without
 * credentials. Of each, AT_ONCE requests are worked on; as many as WAITING wait
 * for one of these to end, in the order they came, without a thread; the rest
 * is refused.
 */
#ifndef HTTP_SHARES_H
#define HTTP_SHARES_H

#include <stdbool.h>
#include <stdint.h>

struct shares;

/* A request's part in it: zero at first. */
struct share {
	uint64_t party;
	bool held;          /* it counts as one that is worked on */
	struct share *next; /* that waits behind it */
};

/* Never NULL. */
struct shares *shares_new(int at_once, int waiting);
void shares_free(struct shares **s);

enum share_result {
	SHARE_TAKEN, /* work on it, then shares_end */
	SHARE_LATER, /* too many are: give the thread away, then shares_wait */
	SHARE_FULL   /* too many wait, too: refuse it, then shares_end */
};

/*
 * PARTY's request SHARE begins; one that has waited has its place already.
 * Thread-safe, like all below.
 */
enum share_result shares_take(struct shares *s, struct share *share, uint64_t party);

/*
 * After SHARE_LATER. True: it is its turn already. Else SHARE belongs to S
 * until a shares_end returns it.
 */
bool shares_wait(struct shares *s, struct share *share);

/*
 * The request is over, whether it took anything or not. Returns the one whose
 * turn it is, or NULL.
 */
struct share *shares_end(struct shares *s, struct share *share);

/* How many wait. */
int shares_waiting(struct shares *s);

#endif
