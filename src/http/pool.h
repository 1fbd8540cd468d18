/*
 * pool.h - the threads that handle requests, and their queues.
 *
 * A request is light if its operation is light (health, and events: api/op.h),
 * if it has arrived completely with a short body, and if it has no compression
 * and no password. A light request is always fast. All other requests are
 * general. Half of the threads serve only light requests, so that general
 * requests never wait for a thread behind general ones. The other half prefers
 * general requests. All threads have the same priority: with a lower one of the
 * general threads, some reports wait for many others' turns while the processor
 * is busy, and events are not stored faster.
 *
 * A general request waits in a queue, without a thread, if no thread is free or
 * if its party's share is used up (http/shares.h). If server.backlog requests
 * are waiting, further ones get 503 with Retry-After.
 *
 * All threads are started at first, so that the server ends at once if the system
 * does not allow so many. A thread without work for a second ends, but for the
 * last one of its kind; it starts again when its work comes. If the system then
 * refuses it, its work waits for the running threads, and the log says so at
 * most once a minute.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "http/connection.h"
#include "http/handle.h"

enum { POOL_STACK_BYTES = 2 << 20 }; /* of each thread */

/* Shared by all threads; borrowed. */
struct pool_setup {
	struct worker worker; /* the initial worker of each thread, as for worker_init */
	int64_t now;          /* seconds, for pool_answered */
	/*
	 * Called by a thread after the request on C. DONE keeps or frees the
	 * connection.
	 */
	void (*done)(void *arg, struct connection *c);
	void *arg;
};

struct pool;

/*
 * The number of threads of each kind, if the setting server.threads is THREADS.
 */
int pool_general_threads(int64_t threads);
int pool_light_threads(int64_t threads);

/* -1: a thread could not be started; all started threads have ended. */
int pool_new(const struct pool_setup *setup, struct pool **ret, struct error *err);

/*
 * Takes ownership of C, which is CONNECTION_READY, until setup->done. Does not
 * block.
 */
void pool_put(struct pool *p, struct connection *c);

/*
 * Lets the threads end when no work is left. Do not call pool_put after
 * pool_end.
 */
void pool_end(struct pool *p);
/* The number of threads that have not ended. */
int pool_running(struct pool *p);
/* Call pool_free after pool_running has returned 0. */
void pool_free(struct pool **p);

/*
 * Tells when a light thread was last known to be free. Queues a probe, for which
 * an ended thread starts again if all others are busy. Returns the time at which
 * the last answered probe was queued, in seconds of a monotonic clock. The
 * watchdog calls pool_answered repeatedly.
 */
int64_t pool_answered(struct pool *p, int64_t now);

#endif
