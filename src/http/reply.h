/*
 * reply.h - one answer on its way out: status, headers, body. A body that
 * fits the buffer goes out with its Content-Length; a longer one is streamed.
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include <sys/uio.h>
#include "api/request.h"

enum {
	REPLY_FLUSH_ABOVE = 1 << 20, /* bytes: what is longer is streamed */
	REPLY_BUFFER_MAX = 64 << 20  /* bytes a buffer may reach between two records */
};

/* Where an answer goes. */
struct output {
	/*
	 * Writes the parts; LAST: the answer is complete. 0, or -1: the caller
	 * is gone.
	 */
	int (*write)(struct output *out, const struct iovec *parts, int n, bool last);
};

/* Begins the answer to RQ, which goes to OUT; the worker's buffers are emptied. */
void reply_init(struct request *rq, struct output *out);

/* Empties the body for a new document; write it with &rq->reply.sink. */
void reply_begin(struct request *rq);

/*
 * The document is complete: sends what is left. 0, or -1: the caller is gone.
 */
int reply_end(struct request *rq);

/* The answer has no document; LOCATION: it leads there. Nothing is sent yet. */
void reply_nothing(struct request *rq, int status, const char *location);

/*
 * Answers ERR in the dialect and format, as if nothing had been written yet.
 * -1: something has left already, so the answer is cut off (the caller of this
 * closes the connection), or the caller is gone.
 */
int reply_error(struct request *rq, const struct error *err);

#endif
