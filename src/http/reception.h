/*
 * reception.h - a thread that accepts connections and gathers their requests
 * (http/connection.h) for the pool, so that idle connections and slow requests
 * hold no thread of the pool.
 *
 * A connection is closed after IDLE_SECONDS without a request, or
 * GATHER_SECONDS after the beginning of an incomplete request. At the limit of
 * connections, a new connection replaces the connection that has been idle
 * longest, else the connection that has been gathering longest. A connection
 * that began to gather within the last second is not replaced: new connections
 * then wait to be accepted.
 */
#ifndef HTTP_RECEPTION_H
#define HTTP_RECEPTION_H

#include "http/pool.h"

enum { IDLE_SECONDS = 75, GATHER_SECONDS = 15 }; /* nginx keeps idle connections for 60 s */

struct reception;

/*
 * LISTEN_FD is a listening socket, CONNECTIONS the limit of connections. Does
 * not start the thread. Never NULL.
 */
struct reception *reception_new(int listen_fd, int connections);

/* Starts the thread. Borrows P, which returns connections by reception_done. */
int reception_start(struct reception *r, struct pool *p, struct error *err);

/* The function pool_setup.done; ARG is the reception. */
void reception_done(void *arg, struct connection *c);

/*
 * Stops accepting connections; with ACCEPTED, first accepts the connections
 * that are waiting. Closes idle connections. The thread ends after the last
 * request that has begun.
 */
void reception_stop(struct reception *r, bool accepted);
bool reception_has_ended(struct reception *r);

/*
 * The time of the last turn of the thread's loop, in seconds of a monotonic
 * clock.
 */
int64_t reception_seen(struct reception *r);

/*
 * Call reception_free after the thread has ended, or if the thread was never
 * started.
 */
void reception_free(struct reception **r);

#endif
