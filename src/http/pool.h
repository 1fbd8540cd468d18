/*
 * pool.h - the threads that work on requests, and the queues before them.
 *
 * A light request is one of an operation whose table says so (health, and
 * events: api/op.h), that is here as a whole with a short body, isn't
 * compressed and brings no password. It can't take long, whatever it holds. All
 * other requests are general. Half of the threads are for light requests alone,
 * so general ones, however many and however slow, never keep them waiting. The
 * other half takes general requests first; its threads have a lower priority
 * (POOL_GENERAL_NICE), so that storing events goes before reports where the
 * processor is short.
 *
 * A general request that finds no free thread waits in a queue, without a
 * thread; so does one whose party has as many in work as it may
 * (http/shares.h). When as many as server.backlog wait, the next ones are
 * refused: 503 and Retry-After.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "http/connection.h"
#include "http/handle.h"

enum {
	POOL_STACK_BYTES = 2 << 20, /* of each thread */
	POOL_GENERAL_NICE = 10
};

/* What the threads share; borrowed. */
struct pool_setup {
	struct worker worker; /* what each thread begins with, as for worker_init */
	int64_t now;          /* seconds, for pool_answered */
	/*
	 * Called by a thread when it is done with the request on C, whose
	 * connection is to be kept or not.
	 */
	void (*done)(void *arg, struct connection *c);
	void *arg;
};

struct pool;

/* The threads for each kind of request that THREADS (server.threads) gives. */
int pool_general_threads(int64_t threads);
int pool_light_threads(int64_t threads);

/* -1: not all threads could be started; those that were have ended. */
int pool_new(const struct pool_setup *setup, struct pool **ret, struct error *err);

/* C, which is CONNECTION_READY, is the pool's until it is done. Never waits. */
void pool_put(struct pool *p, struct connection *c);

/*
 * Threads end when they find nothing more to do. Nothing may be put from now
 * on.
 */
void pool_end(struct pool *p);
/* How many have not ended yet. */
int pool_running(struct pool *p);
/* After pool_running said 0. */
void pool_free(struct pool **p);

/*
 * Is a light thread free to answer? Puts a question into the queue, and says
 * when the last one that was answered was put there, in seconds of a clock that
 * never goes back. For the watchdog, which asks again and again.
 */
int64_t pool_answered(struct pool *p, int64_t now);

#endif
