/*
 * connection.h - one connection of a web server, and the request on it. Whoever
 * holds it - the reception (http/reception.h) or a thread of the pool
 * (http/pool.h) - has it alone.
 *
 * libfcgi reads the requests: their variables and their bodies. It would wait
 * for what has not come yet, and keep what it reads ahead to itself; so it
 * doesn't read from the socket, but from a file in memory that holds what has
 * come of one request and passed the gate (http/fcgi_gate.h).
 *
 * The reception gathers a request without waiting: its variables, and its body
 * if that has at most CONNECTION_BODY_MAX bytes. A longer body is read while
 * the request is worked on. Then the peer may keep the thread waiting for
 * PEER_SECONDS, and as long again for each MiB that goes to and fro; who is
 * slower is cut off. (nginx isn't: it has the whole body before, and takes the
 * whole answer.)
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <fcgiapp.h>
#include <stdatomic.h>

#include "http/body.h"
#include "http/fcgi_gate.h"
#include "http/reply.h"
#include "http/shares.h"

enum {
	CONNECTION_BODY_MAX = BODY_STRANGER_MAX,
	CONNECTION_READ_BYTES = 64 << 10, /* at most with one system call */
	PEER_SECONDS = 10
};

/*
 * All of a server. One is kept after a request while there are at most half of
 * MAX.
 */
struct connections {
	atomic_int n;
	int max;
	atomic_bool ending; /* none is kept any more */
};

struct connection {
	struct output out; /* first: its write finds the connection */
	struct input in;
	int fd;
	struct fcgi_gate gate;
	struct strbuf passed; /* the gate, and libfcgi has not read it yet */
	FCGX_Request request; /* ipcFd: the file that libfcgi reads from; -1: none */
	char **envp;          /* the request's variables, once they are here */
	bool long_body;       /* it isn't gathered */
	size_t gather;        /* bytes of it that are */
	size_t delivered;     /* bytes of it that libfcgi has read */
	struct strbuf body;   /* the last of these */
	size_t body_read;     /* bytes of that which were read by in */
	struct strbuf ahead;  /* bytes of the peer that no request has taken yet */
	size_t ahead_taken;
	struct connections *all;
	bool keep;                /* after this request */
	int64_t moved, waited_ms; /* bytes to and fro, and how long the peer made us wait */

	/* the pool's */
	bool light;  /* see http/pool.h */
	bool refuse; /* too many wait already */
	struct share share;
	struct connection *next;
	/* the reception's */
	bool watched;        /* in its epoll set */
	bool begun;          /* a part of a request is here */
	int64_t deadline_ms; /* for what comes next */
	struct connection *before, *behind;
};

/* What a thread needs to receive. */
struct intake {
	int file; /* that libfcgi reads from; -1: none is open yet */
	char bytes[CONNECTION_READ_BYTES];
};

void intake_init(struct intake *in);
void intake_release(struct intake *in);

/*
 * FD is non-blocking, and closed by connection_free. Counted in ALL, which is
 * borrowed. Never NULL. FCGX_Init comes before.
 */
struct connection *connection_new(int fd, struct connections *all);
void connection_free(struct connection **c);

enum connection_state {
	CONNECTION_WAITS, /* for bytes of the peer */
	CONNECTION_READY, /* a request is here: envp, in and out are for handle() */
	CONNECTION_OVER   /* free it */
};

/* Takes what has come, without waiting. */
enum connection_state connection_receive(struct connection *c, struct intake *in);

/* Is a part of a request here? */
bool connection_has_begun(const struct connection *c);

/*
 * Is all of the request here, with at most CONNECTION_BODY_MAX bytes of a body?
 */
bool connection_is_short(const struct connection *c);

/*
 * After a request. False: the connection isn't to be kept. True: it is ready
 * for the next one.
 */
bool connection_next(struct connection *c);

#endif
