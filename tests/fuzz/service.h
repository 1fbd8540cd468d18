/*
 * service.h - the whole server, as `usaged serve` runs it, in a thread: FastCGI
 * on a socket, one worker, a ledger that it writes to. And the web server's
 * side of a connection.
 */
#ifndef TESTS_FUZZ_SERVICE_H
#define TESTS_FUZZ_SERVICE_H

#include "fuzz.h"

void service_start(void);
void service_stop(void); /* when all connections are closed */

struct service_connection {
	int fd;
	struct strbuf in;     /* bytes from the server that are not yet understood */
	struct strbuf answer; /* what it has said of the request in work */
};

void service_connect(struct service_connection *c);
void service_disconnect(struct service_connection *c);

/* Sends bytes. What the server doesn't take any more is lost. */
void service_send(struct service_connection *c, const void *data, size_t len);

/*
 * Waits until the request in work has ended (true: the answer is complete) or
 * the server has closed the connection. Every record on the way must be well
 * formed.
 */
bool service_wait(struct service_connection *c);

#endif
