/*
 * document.h - documents about the operations, generated from the table. The
 * table `documents` has their paths, types and functions. src/http serves
 * documents at paths that no operation has, without credentials unless the row
 * has ADMIT.
 */
#ifndef META_DOCUMENT_H
#define META_DOCUMENT_H

#include "api/request.h"

enum {
	DOCUMENT_MAX = 16 << 20 /* bytes of a document */
};

struct document {
	const char *path; /* "/types/{language}"; ignores case */
	const char *type; /* Content-Type, with its charset */
	const char *doc;  /* one line */
	/*
	 * Appends the text. 0, or -1 with an error like an operation's:
	 * ERR_NOT_FOUND, ERR_PARAM...
	 */
	int (*write)(struct request *rq, struct strbuf *out, struct error *err);
	const char *location; /* redirects to this URL; then WRITE is NULL */
	/*
	 * Checks that the caller may read the document: 0, or -1 with
	 * ERR_UNAUTHENTICATED or ERR_FORBIDDEN. rq->who is NULL if the caller
	 * has no valid credentials. NULL: anyone may read it.
	 */
	int (*admit)(struct request *rq, struct error *err);
	bool light; /* always fast, as an operation (api/op.h) */
};

#define DOCUMENT_HTML "text/html; charset=utf-8"
#define DOCUMENT_JSON "application/json; charset=utf-8"
#define DOCUMENT_XML  "application/xml; charset=utf-8"
#define DOCUMENT_TEXT "text/plain; charset=utf-8"

/* All documents, ended by a NULL path. */
extern const struct document documents[];

/*
 * The document at RQ's path, or NULL. Sets rq->path_args and the answer's type.
 * Sets the answer's location if the row is a redirect, or if the path differs
 * from the row's only by a slash at the end (only for rows without {Name}s).
 */
const struct document *document_find(struct request *rq);

/*
 * The value of NAME in path or query, ignoring case; NULL if it is missing or
 * empty.
 */
const char *document_param(const struct request *rq, const char *name);

#endif
