/*
 * pool.h - the threads that handle requests, and their queues.
 *
 * A request is light if its operation is (health, and events: api/op.h), if it
 * has arrived completely with a short body, and if it has no compression and no
 * password. It is fast whatever it contains. All other requests are general.
 * Half of the threads serve only light requests, so that general ones never
 * delay them. The other half prefers general requests; its threads have a lower
 * priority (POOL_GENERAL_NICE), so that storing events goes before reports when
 * the processor is busy.
 *
 * A general request waits in a queue, without a thread, if no thread is free or
 * if its party's share is used up (http/shares.h). If server.backlog requests
 * are waiting, further ones get 503 with Retry-After.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "http/connection.h"
#include "http/handle.h"

enum {
	POOL_STACK_BYTES = 2 << 20, /* of each thread */
	POOL_GENERAL_NICE = 10
};

/* Shared by all threads; borrowed. */
struct pool_setup {
	struct worker worker; /* the initial worker of each thread, as for worker_init */
	int64_t now;          /* seconds, for pool_answered */
	/*
	 * A thread calls it after the request on C; the caller keeps or frees
	 * the connection.
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

/* -1: a thread could not be started; the others have ended. */
int pool_new(const struct pool_setup *setup, struct pool **ret, struct error *err);

/* Takes over C, which is CONNECTION_READY, until setup->done. Doesn't block. */
void pool_put(struct pool *p, struct connection *c);

/* Threads end when they run out of work. Don't call pool_put from now on. */
void pool_end(struct pool *p);
/* The number of threads that have not ended. */
int pool_running(struct pool *p);
/* Call it once pool_running returns 0. */
void pool_free(struct pool **p);

/*
 * Is a light thread free? Queues a probe, and returns when the last probe that
 * was answered was queued, in seconds of a monotonic clock. The watchdog calls
 * it repeatedly.
 */
int64_t pool_answered(struct pool *p, int64_t now);

#endif
