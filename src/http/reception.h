/*
 * reception.h - the connections that are between two requests, and those whose
 * request has not arrived completely. They hold no thread: all threads of the
 * pool that are free wait for all of these connections (reception_wait), and one
 * of the threads gets the next request that is complete (http/connection.h). A
 * thread of the reception's own accepts connections and closes connections.
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

#include "base/error.h"
#include "http/connection.h"

enum { IDLE_SECONDS = 75, GATHER_SECONDS = 15 }; /* nginx keeps idle connections for 60 s */

struct reception;

/*
 * LISTEN_FD is a listening socket, CONNECTIONS the limit of connections. Does
 * not start the thread. Never NULL.
 */
struct reception *reception_new(int listen_fd, int connections);

/* Starts the thread. */
int reception_start(struct reception *r, struct error *err);

/*
 * Waits for a request, at most MS (-1: without a limit). The connection is
 * CONNECTION_READY, and the caller's until reception_done. NULL: there was none
 * in this time, or reception_end_waits was called. Thread-safe.
 */
struct connection *reception_wait(struct reception *r, struct intake *in, int ms);

/* Takes C back after its request, and keeps or frees it. Thread-safe. */
void reception_done(struct reception *r, struct connection *c);

/* Ends all calls of reception_wait at once: those at work, and later ones. */
void reception_end_waits(struct reception *r);

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
 * started; no other thread may use R any more.
 */
void reception_free(struct reception **r);

#endif
