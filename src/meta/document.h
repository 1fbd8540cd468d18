/*
 * document.h - what the server says of itself: documents about the operations,
 * made from their tables when they are asked for. A table of them says path,
 * type and who writes it; src/http serves them where no operation is, to
 * everybody.
 */
#ifndef META_DOCUMENT_H
#define META_DOCUMENT_H

#include "api/url.h"

enum {
	DOCUMENT_MAX = 16 << 20 /* bytes of a document */
};

/*
 * What a document is asked for with, and what it says about itself beside its
 * text. All is borrowed.
 */
struct document_request {
	const struct op *const *table; /* as `ops` */
	const struct settings *settings;
	const char *base_url;           /* "https://host:port", no slash at the end */
	const struct raw_param *params; /* of the query */
	size_t n_params;
	struct raw_param args[URL_SEGMENTS_MAX]; /* of the path */
	size_t n_args;
	/* that the caller would like, for documents that have several */
	const struct format *format;
	/* what pages show around, and where their templates are */
	const struct writer_options *page;
	struct arena *arena;
	/* Content-Type; the table's unless the document changes it */
	const char *type;
	/*
	 * set: the answer is a redirect to this path, and the text doesn't
	 * matter
	 */
	const char *location;
};

struct document {
	const char *path; /* "/types/{language}"; case doesn't matter */
	const char *type; /* Content-Type, with its charset */
	const char *doc;  /* one line */
	/*
	 * Appends the text. 0, or -1: ERR_NOT_FOUND, ERR_PARAM... as an
	 * operation would.
	 */
	int (*write)(struct document_request *rq, struct strbuf *out, struct error *err);
	const char *location; /* instead of write: where it is */
};

#define DOCUMENT_HTML "text/html; charset=utf-8"
#define DOCUMENT_JSON "application/json; charset=utf-8"
#define DOCUMENT_XML  "application/xml; charset=utf-8"
#define DOCUMENT_TEXT "text/plain; charset=utf-8"

/* All of them, ended by a NULL path. */
extern const struct document documents[];

/*
 * The document at PATH (LEN bytes, decoded) or NULL. Fills rq->args from the
 * path's {Name}s, rq->type, and rq->location if the path is only nearly the
 * document's (a slash at the end of one without {Name}s) or the row is a
 * redirect. Uses rq->arena.
 */
const struct document *document_find(const char *path, size_t len, struct document_request *rq);

/*
 * The value of the path's or the query's NAME, in any case; NULL if it is
 * missing or empty.
 */
const char *document_param(const struct document_request *rq, const char *name);

#endif
