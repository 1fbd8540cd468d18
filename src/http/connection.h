/*
 * connection.h - one connection of a web server, and the request on it. While
 * the connection waits for its peer, the reception has it (http/reception.h);
 * otherwise it belongs to one thread of the pool (http/pool.h), and no other
 * thread uses it.
 *
 * libfcgi parses requests. libfcgi blocks for missing bytes and reads ahead, so
 * it must not read the socket. It reads a file in memory, which holds the bytes
 * of one request that have passed the gate (http/fcgi_gate.h).
 *
 * A request is gathered without blocking: the variables, and a body
 * of at most CONNECTION_BODY_MAX bytes. A longer body is read while the request
 * is handled. During this time the peer may block the thread for PEER_SECONDS,
 * plus PEER_SECONDS for each MiB transferred; the connection of a slower peer
 * is closed. (nginx is not slow, because it buffers whole bodies and answers.)
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
 * All connections of a server. After a request, its connection is kept if the
 * server has at most MAX / 2 connections.
 */
struct connections {
	atomic_int n;
	int max;
	atomic_bool ending; /* the server is stopping: keep no connection */
};

struct connection {
	/* must be first: output.write casts OUT to the connection */
	struct output out;
	struct input in;
	int fd;
	bool local; /* a Unix socket */
	struct fcgi_gate gate;
	/* bytes that have passed the gate, not yet read by libfcgi */
	struct strbuf passed;
	FCGX_Request request; /* ipcFd: the file in memory; -1: none */
	char **envp;          /* the request's variables, once complete */
	bool long_body;       /* the body is too long to gather */
	size_t gather;        /* bytes of the body to gather */
	size_t delivered;     /* bytes of the body that libfcgi has read */
	struct strbuf body;   /* the gathered body */
	size_t body_read;     /* bytes of the gathered body that IN has read */
	struct strbuf ahead;  /* bytes received behind the end of the request */
	size_t ahead_taken;
	struct connections *all;
	bool keep;                /* keep the connection after this request */
	int64_t moved, waited_ms; /* bytes in both directions; time spent waiting for the peer */

	/* owned by the pool */
	bool light;  /* see http/pool.h */
	bool refuse; /* too many requests are waiting: refuse this one */
	bool waited; /* for its turn or a share */
	struct share share;
	struct connection *next;
	/* owned by the reception */
	bool watched;        /* in the reception's epoll set */
	bool listed;         /* among those that wait for the peer */
	bool closed;         /* shut down by the reception */
	bool begun;          /* a part of a request has arrived */
	int64_t deadline_ms; /* for the next event */
	struct connection *before, *behind;
};

/* The buffers of a thread for receiving. */
struct intake {
	int file; /* the file in memory; -1: not open yet */
	char bytes[CONNECTION_READ_BYTES];
};

void intake_init(struct intake *in);
void intake_release(struct intake *in);

/*
 * Makes a connection of FD, which must be non-blocking and is closed by
 * connection_free. Counts the connection in ALL, which is borrowed. Never NULL.
 * Call FCGX_Init before connection_new.
 */
struct connection *connection_new(int fd, struct connections *all);
void connection_free(struct connection **c);

enum connection_state {
	CONNECTION_WAITS, /* needs more bytes of the peer */
	CONNECTION_READY, /* a request is complete: envp, in and out are for handle() */
	CONNECTION_OVER   /* the caller must free the connection */
};

/* Reads the bytes that have arrived, without blocking. */
enum connection_state connection_receive(struct connection *c, struct intake *in);

/* Has a part of a request arrived? */
bool connection_has_begun(const struct connection *c);

/*
 * Has the whole request arrived, with at most CONNECTION_BODY_MAX bytes of
 * body?
 */
bool connection_is_short(const struct connection *c);

/*
 * Lets the gathered body be read from its beginning, for a request that is
 * handled again because it had to wait for a share (HANDLE_LATER).
 */
void connection_rewind(struct connection *c);

/*
 * Ends a request. True: the connection is ready for the next one. False: free
 * it.
 */
bool connection_next(struct connection *c);

#endif
