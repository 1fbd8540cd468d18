/*
 * response.h - one answer on its way out: status, headers, body. A body that
 * fits the buffer goes out with its Content-Length; a longer one is streamed.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <sys/uio.h>
#include "api/dialect.h"
#include "base/arena.h"

enum {
	RESPONSE_FLUSH_ABOVE = 1 << 20, /* bytes: what is longer is streamed */
	RESPONSE_BUFFER_MAX = 64 << 20  /* bytes a buffer may reach between two records */
};

/* Where an answer goes. */
struct output {
	/*
	 * Writes the parts; LAST: the answer is complete. 0, or -1: the caller
	 * is gone.
	 */
	int (*write)(struct output *out, const struct iovec *parts, int n, bool last);
};

struct response {
	struct sink sink; /* first: its flush finds the response */
	struct output *out;
	struct strbuf *head;
	struct arena *arena;
	const struct dialect *dialect;
	const struct format *format;
	/* Content-Type with its charset, in place of the format's; or NULL */
	const char *type;
	const char *location;       /* of a redirect, or NULL */
	const char *const *cookies; /* to set, N_COOKIES of them */
	size_t n_cookies;
	/*
	 * the instant that divides a report into settled and open amounts, or
	 * NULL
	 */
	const char *closed_until;
	int retry_after;      /* seconds; 0: not said */
	const char *callback; /* of JSONP, or NULL */
	/* names of parameters that were ignored, fit for a header; or NULL */
	const char *ignored;
	/* name of the file that a CSV is to be saved as, or NULL */
	const char *attachment;
	const char *allow;  /* of a 405, or of the 204 that OPTIONS gets; or NULL */
	const char *origin; /* whose page may see this, or NULL */
	bool varies_by_origin;
	bool preflight; /* it says whether that page may ask */
	/* calls of a batch that were answered; -1: it is none */
	int batch_done;
	const char *request_id;
	bool head_only; /* HEAD */
	struct error_status status;
	/*
	 * Called before the head of a long answer leaves: sets what it has to
	 * say. NULL: all is set.
	 */
	void (*before_head)(struct response *r, void *arg);
	void *before_head_arg;
	bool started;       /* something has left */
	bool gone;          /* the caller is gone */
	int64_t body_bytes; /* so far */
};

/* HEAD and BODY are borrowed, and emptied. */
void response_init(struct response *r, struct output *out, struct strbuf *head, struct strbuf *body,
		   struct arena *arena);

/* Empties the body for a new document; write it with &r->sink. */
void response_begin(struct response *r);

/*
 * The document is complete: sends what is left. 0, or -1: the caller is gone.
 */
int response_end(struct response *r);

/* The answer has no document; LOCATION: it leads there. Nothing is sent yet. */
void response_nothing(struct response *r, int status, const char *location);

/* Answers without a document. */
int response_empty(struct response *r, int status);

/*
 * Answers ERR in the dialect and format, as if nothing had been written yet.
 * -1: something has left already, so the answer is cut off (the caller of this
 * closes the connection), or the caller is gone.
 */
int response_error(struct response *r, const struct error *err, const struct writer_options *o);

#endif
