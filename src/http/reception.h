/*
 * reception.h - a thread that accepts connections and gathers their requests
 * (http/connection.h) for the pool. So idle connections and slow requests hold
 * no thread of the pool.
 *
 * A connection is closed after IDLE_SECONDS without a request, and
 * GATHER_SECONDS after the beginning of an incomplete one. At the limit of
 * connections, a new one replaces the one that has been idle longest, else the
 * one that has been gathering longest, unless that began within the last
 * second; then new ones wait to be accepted.
 */
#ifndef HTTP_RECEPTION_H
#define HTTP_RECEPTION_H

#include "http/pool.h"

enum { IDLE_SECONDS = 75, GATHER_SECONDS = 15 }; /* nginx keeps idle connections for 60 s */

struct reception;

/*
 * LISTEN_FD is a listening socket, CONNECTIONS the limit. Doesn't start the
 * thread. Never NULL.
 */
struct reception *reception_new(int listen_fd, int connections);

/*
 * Starts the thread. P is borrowed, and returns connections by reception_done.
 */
int reception_start(struct reception *r, struct pool *p, struct error *err);

/* As pool_setup's done; ARG is the reception. */
void reception_done(void *arg, struct connection *c);

/*
 * Accepts no further connections, except those that have connected already if
 * ACCEPTED; closes idle ones, and ends after the last request that has begun.
 */
void reception_stop(struct reception *r, bool accepted);
bool reception_has_ended(struct reception *r);

/* The last turn of the thread's loop, in seconds of a monotonic clock. */
int64_t reception_seen(struct reception *r);

/* Call it after the thread has ended, or if it was never started. */
void reception_free(struct reception **r);

#endif
