/*
 * connection.h - one connection of a web server, and the request on it. Whoever holds it - the
 * reception (http/reception.h) or a thread of the pool (http/pool.h) - has it alone.
 *
 * The reception gathers a request without waiting: its variables, and its body if that has at most
 * CONNECTION_BODY_MAX bytes. A longer body is read while the request is worked on. Then the peer may
 * keep the thread waiting for PEER_SECONDS, and as long again for each MiB that goes to and fro;
 * who is slower is cut off. (nginx isn't: it has the whole body before, and takes the whole answer.)
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <stdatomic.h>

#include "http/body.h"
#include "http/fcgi_reader.h"
#include "http/request.h"
#include "http/response.h"
#include "http/shares.h"

enum {
	CONNECTION_BODY_MAX = BODY_STRANGER_MAX,
	CONNECTION_READ_BYTES = 64 << 10,       /* at most with one system call */
	PEER_SECONDS = 10
};

/* All connections of a server. One is kept after a request while there are at most half as many as there may be. */
struct connections {
	atomic_int n;
	int max;
	atomic_bool ending;              /* none is kept any more */
};

struct connection {
	struct output out;               /* first: its write finds the connection */
	struct input in;
	int fd;
	struct fcgi_reader reader;
	char **envp;                     /* the request's variables, once they are here */
	bool long_body;                  /* it isn't gathered */
	size_t gather;                   /* bytes of it that are */
	struct strbuf body;              /* what of them is here */
	size_t body_read;                /* bytes of that which were read */
	struct strbuf ahead;             /* bytes of the peer that no request has taken yet */
	size_t ahead_taken;
	struct connections *all;
	bool keep;                       /* after this request */
	int64_t moved, waited_ms;        /* bytes to and fro, and how long the peer made us wait, for this request */

	/* the pool's */
	bool light;                      /* see http/pool.h */
	bool refuse;                     /* too many wait already */
	struct share share;
	struct connection *next;
	/* the reception's */
	bool watched;                    /* in its epoll set */
	bool begun;                      /* a part of a request is here */
	int64_t deadline_ms;             /* for what comes next */
	struct connection *before, *behind;
};

/* FD is non-blocking, and closed by connection_free. Counted in ALL, which is borrowed. Never NULL. */
struct connection *connection_new(int fd, struct connections *all);
void connection_free(struct connection **c);

enum connection_state {
	CONNECTION_WAITS,                /* for bytes of the peer */
	CONNECTION_READY,                /* a request is here: c->envp, c->in and c->out are for handle() */
	CONNECTION_OVER                  /* free it */
};

/* Takes what has come, without waiting. SCRATCH: CONNECTION_READ_BYTES. */
enum connection_state connection_receive(struct connection *c, char *scratch);

/* Is a part of a request here? */
bool connection_has_begun(const struct connection *c);

/* After a request. False: the connection isn't to be kept. True: it is ready for the next one. */
bool connection_next(struct connection *c);

#endif
