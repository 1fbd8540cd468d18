/*
 * pool.h - the threads that handle requests.
 *
 * A request is light if its operation is light (health, and events: api/op.h),
 * if it has arrived completely with a short body, and if it has no compression
 * and no password. A light request is always fast. All other requests are
 * general. Every thread takes any request (http/reception.h), but only half of
 * the threads, and never all that run, work on general requests at the same time,
 * so that light requests never wait behind general ones. All threads have the
 * same priority: with a lower one for general requests, the slowest pages took
 * several times as long, and events were not stored faster.
 *
 * A general request waits in a queue, without a thread, if half of the threads
 * work on general requests or if its party's share is used up (http/shares.h).
 * If server.backlog requests are waiting, further ones get 503 with Retry-After.
 *
 * All threads are started at first, so that the server ends at once if the system
 * does not allow so many. A thread without work for a second ends if two others
 * are free; when the last free thread takes a request, a thread starts again. If
 * the system then refuses it, requests wait for the running threads, and the log
 * says so at most once a minute.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "http/handle.h"
#include "http/reception.h"

enum { POOL_STACK_BYTES = 2 << 20 }; /* of each thread */

struct pool;

/* How many general requests are handled at the same time, if server.threads is THREADS. */
int pool_general_threads(int64_t threads);

/*
 * Starts the threads. WORKER is the initial worker of each thread, as for
 * worker_init; its members and R are borrowed. -1: a thread could not be
 * started; all started threads have ended.
 */
int pool_new(const struct worker *worker, struct reception *r, struct pool **ret,
	     struct error *err);

/* Lets the threads end when they are free. */
void pool_end(struct pool *p);
/* The number of threads that have not ended. */
int pool_running(struct pool *p);
/* Call pool_free after pool_running has returned 0. */
void pool_free(struct pool **p);

/*
 * The time at which a thread was last free: now, if one is. In seconds of the
 * monotonic clock. Thread-safe.
 */
int64_t pool_seen(struct pool *p);

#endif
