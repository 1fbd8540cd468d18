/*
 * reception.h - one thread that accepts connections and gathers their requests
 * (http/connection.h) for the pool. So a connection takes a thread of the pool
 * only while a request on it is worked on: idle ones, and those whose request
 * comes slowly, hold none.
 *
 * A connection on which nothing comes is closed after IDLE_SECONDS, one on
 * which a request has begun and isn't gathered after GATHER_SECONDS. When there
 * are as many connections as there may be, the one that has been idle for
 * longest makes room, else the one that has been gathered for longest, unless
 * that began within the last second: then new ones wait to be accepted.
 */
#ifndef HTTP_RECEPTION_H
#define HTTP_RECEPTION_H

#include "http/pool.h"

enum { IDLE_SECONDS = 75, GATHER_SECONDS = 15 }; /* nginx keeps idle connections for 60 s */

struct reception;

/*
 * LISTEN_FD is a socket that listens. CONNECTIONS: at most so many. Starts
 * nothing yet. Never NULL.
 */
struct reception *reception_new(int listen_fd, int connections);

/*
 * Starts the thread. P is borrowed; what it is done with, it gives to
 * reception_done.
 */
int reception_start(struct reception *r, struct pool *p, struct error *err);

/* As pool_setup's done; ARG is the reception. */
void reception_done(void *arg, struct connection *c);

/*
 * Takes no further connections (but ACCEPTED: those that have connected
 * already), closes idle ones, and ends when the last request that has begun is
 * done with.
 */
void reception_stop(struct reception *r, bool accepted);
bool reception_has_ended(struct reception *r);

/*
 * When the thread last came round, in seconds of a clock that never goes back.
 */
int64_t reception_seen(struct reception *r);

/* After it has ended, or was never started. */
void reception_free(struct reception **r);

#endif
