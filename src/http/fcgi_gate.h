/*
 * fcgi_gate.h - decides which FastCGI records of a web server libfcgi gets to
 * read. Knows no sockets, and calls nothing of libfcgi.
 *
 * libfcgi waits for what has not come yet, and believes its peer: a question
 * for more than three values overruns its stack (2.4.2), a variable that says
 * it has 2 GiB ends the process, and variables have no limit. So all bytes of a
 * connection, in pieces of any size, come through the gate first. It lets
 * through the records of one request after the other, in order and without
 * padding, and tells where a request's variables and its body end.
 *
 * The gate answers a record about the connection itself, a second request
 * beside the first, and a request for another role, as the protocol has it. It
 * skips records of no request. A record that breaks the protocol, a request
 * that is aborted, and variables that can't be read or are beyond the limits
 * end the connection.
 */
#ifndef HTTP_FCGI_GATE_H
#define HTTP_FCGI_GATE_H

#include <fastcgi.h>

#include "base/strbuf.h"

enum {
	FCGI_HEAD_BYTES = 128 << 10, /* of a request's variables, with their records' headers */
	FCGI_VARIABLES_MAX = 512,
	FCGI_REPLY_BYTES = 64
};

/* A header of a record with CONTENT bytes: at most FCGI_MAX_LENGTH. */
FCGI_Header fcgi_header(int type, int request_id, size_t content);

/* The members are the gate's own, except these: */
struct fcgi_gate {
	bool begun;        /* a part of a request is here, or of a record */
	bool head_ended;   /* all variables have passed */
	size_t body_bytes; /* bytes of the body that have passed */
	bool body_ended;   /* all of the body has passed, and so the request */
	bool broken;       /* nothing is taken; set as well by who can't go on */
	unsigned char reply[FCGI_REPLY_BYTES];
	size_t reply_len;

	int request_id; /* of the request in work; 0: there is none */
	FCGI_Header header;
	FCGI_BeginRequestBody begin;
	size_t n_header;  /* bytes of the header so far */
	size_t n_content; /* bytes of the content and the padding so far */
	size_t head_bytes;
	int n_variables;
	int n_lengths;    /* of the variable in work that are known: 0 to 2 */
	int length_bytes; /* that are still to come of the next one */
	size_t length;
	size_t variable_bytes; /* of the variable in work that are still to come */
};

void fcgi_gate_init(struct fcgi_gate *g);

enum fcgi_event {
	FCGI_TAKES_ALL,   /* all of the data is taken */
	FCGI_HAS_REQUEST, /* it is complete; nothing is taken until fcgi_gate_init */
	FCGI_HAS_REPLY,   /* reply must be sent, then taking goes on */
	FCGI_IS_BROKEN    /* the connection must be closed; the gate stays broken */
};

/* Bytes that are taken from the front. */
struct fcgi_span {
	const char *at;
	size_t len;
};

/*
 * Takes bytes off the front of DATA up to the next event. What libfcgi may read
 * of them goes to the end of PASSED, a header together with the first byte of
 * its content: so when libfcgi has delivered as many bytes of the body as have
 * passed, it has read all of PASSED, up to the request's end.
 */
enum fcgi_event fcgi_gate_take(struct fcgi_gate *g, struct fcgi_span *data, struct strbuf *passed);

#endif
