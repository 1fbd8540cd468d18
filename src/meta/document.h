/*
 * document.h - what the server says of itself: documents about the operations,
 * made from their tables when they are asked for. A table of them says path,
 * type and who writes it; src/http serves them where no operation is, to
 * everybody.
 */
#ifndef META_DOCUMENT_H
#define META_DOCUMENT_H

#include "api/request.h"

enum {
	DOCUMENT_MAX = 16 << 20 /* bytes of a document */
};

struct document {
	const char *path; /* "/types/{language}"; case doesn't matter */
	const char *type; /* Content-Type, with its charset */
	const char *doc;  /* one line */
	/*
	 * Appends the text. 0, or -1: ERR_NOT_FOUND, ERR_PARAM... as an
	 * operation would.
	 */
	int (*write)(struct request *rq, struct strbuf *out, struct error *err);
	const char *location; /* instead of write: where it is */
};

#define DOCUMENT_HTML "text/html; charset=utf-8"
#define DOCUMENT_JSON "application/json; charset=utf-8"
#define DOCUMENT_XML  "application/xml; charset=utf-8"
#define DOCUMENT_TEXT "text/plain; charset=utf-8"

/* All of them, ended by a NULL path. */
extern const struct document documents[];

/*
 * The document at RQ's path or NULL. Then fills rq->path_args from the path's
 * {Name}s, its answer's type, and its location if the path is only nearly the
 * document's (a slash at the end of one without {Name}s) or the row is a
 * redirect.
 */
const struct document *document_find(struct request *rq);

/*
 * The value of the path's or the query's NAME, in any case; NULL if it is
 * missing or empty.
 */
const char *document_param(const struct request *rq, const char *name);

#endif
