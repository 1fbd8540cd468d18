/*
 * fcgi_gate.h - filters the FastCGI records that libfcgi reads. The gate uses
 * no sockets, and calls no function of libfcgi.
 *
 * libfcgi 2.4.2 blocks for missing bytes and trusts its peer: a query for more
 * than three values overruns its stack, a variable with a length of 2 GiB ends
 * the process, and variables have no limit. Therefore all bytes of a connection
 * pass the gate first, in pieces of any size. The gate lets through the records
 * of one request after the other, in order and without padding, and finds the
 * ends of the variables and of the body.
 *
 * The gate itself answers records about the connection, a second request beside
 * the first, and requests for another role, as the protocol says. The gate
 * skips records of unknown requests. The gate ends the connection after a
 * record that violates the protocol, after an aborted request, and after
 * variables that are malformed or exceed the limits.
 */
#ifndef HTTP_FCGI_GATE_H
#define HTTP_FCGI_GATE_H

#include <fastcgi.h>

#include "base/strbuf.h"

enum {
	/* bytes of a request's variables, including headers of records */
	FCGI_HEAD_BYTES = 128 << 10,
	FCGI_VARIABLES_MAX = 512,
	FCGI_REPLY_BYTES = 64
};

/* The header of a record with CONTENT bytes, at most FCGI_MAX_LENGTH. */
FCGI_Header fcgi_header(int type, int request_id, size_t content);

/*
 * The caller may read the members of the first group; the others belong to the
 * gate.
 */
struct fcgi_gate {
	bool begun;        /* a part of a request or record has arrived */
	bool head_ended;   /* all variables have passed */
	size_t body_bytes; /* bytes of the body that have passed */
	/* all of the body has passed: the request is complete */
	bool body_ended;
	/* no more bytes are accepted; the caller may also set BROKEN */
	bool broken;
	unsigned char reply[FCGI_REPLY_BYTES];
	size_t reply_len;

	int request_id; /* of the current request; 0: no request */
	FCGI_Header header;
	FCGI_BeginRequestBody begin;
	size_t n_header;  /* bytes of the header so far */
	size_t n_content; /* bytes of the content and the padding so far */
	size_t head_bytes;
	int n_variables;
	int n_lengths;    /* known lengths of the current variable: 0 to 2 */
	int length_bytes; /* missing bytes of the next length */
	size_t length;
	size_t variable_bytes; /* missing bytes of the current variable */
};

void fcgi_gate_init(struct fcgi_gate *g);

enum fcgi_event {
	FCGI_TAKES_ALL, /* all of DATA was accepted */
	/*
	 * a request is complete; the gate accepts nothing until fcgi_gate_init
	 */
	FCGI_HAS_REQUEST,
	FCGI_HAS_REPLY, /* send the reply, then go on */
	FCGI_IS_BROKEN  /* close the connection; the gate stays broken */
};

/* Bytes to be consumed from the front. */
struct fcgi_span {
	const char *at;
	size_t len;
};

/*
 * Consumes DATA up to the next event, and appends the bytes for libfcgi to
 * PASSED. A record's header is appended together with the first byte of the
 * content. So once libfcgi has delivered all bytes of the body that have
 * passed, libfcgi has read all of PASSED, up to the request's end.
 */
enum fcgi_event fcgi_gate_take(struct fcgi_gate *g, struct fcgi_span *data, struct strbuf *passed);

#endif
