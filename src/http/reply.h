/*
 * reply.h - sends an answer: status, headers, body. A body that fits into the
 * buffer has a Content-Length; a longer one is streamed.
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include <sys/uio.h>
#include "api/request.h"

enum {
	/*
	 * Longer bodies are streamed, in bytes. The buffer of such a piece is one that
	 * a thread keeps: memory that the system gives anew costs far more than
	 * writing into it.
	 */
	REPLY_FLUSH_ABOVE = 96 << 10,
	REPLY_BUFFER_MAX = 64 << 20 /* bytes of a buffer between two records */
};

/* Destination of an answer. */
struct output {
	/*
	 * Writes the parts. LAST: these parts complete the answer. 0, or -1:
	 * the caller has gone.
	 */
	int (*write)(struct output *out, const struct iovec *parts, int n, bool last);
};

/* Begins the answer to RQ, to be sent to OUT. Empties the worker's buffers. */
void reply_init(struct request *rq, struct output *out);

/* Is it a page, which has links and a form around the data? */
bool reply_is_page(const struct request *rq);

/* Begins a new document. Write the document to &rq->reply.sink. */
void reply_begin(struct request *rq);

/* Ends the document and sends the rest. 0, or -1: the caller has gone. */
int reply_end(struct request *rq);

/*
 * Makes an answer without a document; LOCATION: redirects there. Sends nothing
 * yet.
 */
void reply_nothing(struct request *rq, int status, const char *location);

/*
 * Answers ERR in the request's dialect and format, instead of an unfinished
 * document. -1: the caller has gone, or a part of the answer has left already.
 * Then the answer is incomplete and the connection must be closed.
 */
int reply_error(struct request *rq, const struct error *err);

#endif
