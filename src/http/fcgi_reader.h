/*
 * fcgi_reader.h - the FastCGI records that a web server sends on one connection, in pieces of any
 * size: one request after the other, first its variables, then its body. Knows no sockets.
 *
 * A connection has one request at a time; a second one beside it is refused, as the protocol has
 * it. What breaks the protocol, a request that is aborted, and variables beyond the limits end the
 * connection.
 */
#ifndef HTTP_FCGI_READER_H
#define HTTP_FCGI_READER_H

#include "base/strbuf.h"

enum {
	FCGI_HEADER_BYTES = 8,
	FCGI_CONTENT_MAX = 65535,        /* bytes of a record's content */
	FCGI_VARIABLES_BYTES = 128 << 10,
	FCGI_VARIABLES_MAX = 512,
	FCGI_REPLY_BYTES = 64
};

/* Types of records. */
enum {
	FCGI_BEGIN_REQUEST = 1,
	FCGI_ABORT_REQUEST = 2,
	FCGI_END_REQUEST = 3,
	FCGI_PARAMS = 4,
	FCGI_STDIN = 5,
	FCGI_STDOUT = 6,
	FCGI_GET_VALUES = 9,
	FCGI_GET_VALUES_RESULT = 10,
	FCGI_UNKNOWN_TYPE = 11
};

/* The members are the reader's own, except these: */
struct fcgi_reader {
	int request_id;                  /* of the request in work; 0: there is none */
	bool keep;                       /* the web server wants to keep the connection after it */
	bool body_ended;
	unsigned char reply[FCGI_REPLY_BYTES];
	size_t reply_len;

	unsigned char header[FCGI_HEADER_BYTES], begin[8];
	bool broken;                     /* nothing is taken any more */
	size_t n_header;                 /* bytes of the header so far */
	size_t n_content;                /* bytes of the content so far */
	bool head_ended;
	struct strbuf variables;
	char **envp;
};

void fcgi_reader_init(struct fcgi_reader *r);
void fcgi_reader_release(struct fcgi_reader *r);

/* Ready for the next request on the connection; gives back what the last one took. */
void fcgi_reader_clear(struct fcgi_reader *r);

/* The answer's records begin with such a header, of CONTENT bytes (at most FCGI_CONTENT_MAX). */
void fcgi_header(unsigned char ret[static FCGI_HEADER_BYTES], int type, int request_id, size_t content);

enum fcgi_event {
	FCGI_NEEDS_DATA,                 /* all of the data is taken */
	FCGI_NEEDS_ROOM,                 /* there is more of the body than BODY takes */
	FCGI_HAS_VARIABLES,              /* all variables are here; the body comes next */
	FCGI_HAS_BODY,                   /* the body is here: the request is complete */
	FCGI_HAS_REPLY,                  /* reply must be sent, then reading goes on */
	FCGI_IS_BROKEN                   /* the connection must be closed; the reader stays broken */
};

/* Bytes that are taken from the front, or filled from there. */
struct fcgi_span {
	char *at;
	size_t len;
};

/*
 * Takes bytes off the front of DATA up to the next event. Bytes of the body go to the front of
 * BODY. Behind FCGI_HAS_BODY nothing is taken until fcgi_reader_clear.
 */
enum fcgi_event fcgi_reader_take(struct fcgi_reader *r, struct fcgi_span *data, struct fcgi_span *body);

/*
 * After FCGI_HAS_VARIABLES: the variables as "NAME=value", ended by NULL, until fcgi_reader_clear.
 * NULL: they can't be read, and the connection must be closed.
 */
char **fcgi_reader_variables(struct fcgi_reader *r);

#endif
