/*
 * negotiate.h - which format an answer has: suffix, callback, ?format=, the
 * route's, Accept, the request's own type, the family's default; the first that
 * says something wins.
 */
#ifndef HTTP_NEGOTIATE_H
#define HTTP_NEGOTIATE_H

#include "api/dialect.h"

/* What the caller said about the format. */
struct wish {
	const struct format *suffix; /* of the path, or NULL */
	const struct format *fixed;  /* of a route that ignores Accept, or NULL */
	const char *callback;        /* of JSONP, or NULL */
	const char *format;          /* ?format=, or NULL */
	bool debug;                  /* ?debug=: JSV is to be read by people */
	const char *accept;          /* "" if missing: anything will do */
	const char *content_type;    /* of the request; "" if missing */
	/*
	 * of the answer: formats that can't show it aren't chosen by type;
	 * NULL: any will do
	 */
	const struct shape *shape;
};

/*
 * *ret is never left NULL: when D refuses an Accept that names nothing we have
 * (-1, ERR_NOT_ACCEPTABLE), it is the default, for the refusal itself; and a
 * format that was named but can't show the answer is refused in that format.
 * Accept is read as RFC 9110 12.5.1 says: the highest q wins, then the order of
 * the header; q=0 excludes; the most specific range of a type counts.
 */
int negotiate(const struct dialect *d, const struct wish *w, const struct format **ret,
	      struct error *err);

/* The format called NAME (LEN bytes) if it is for HTTP, or NULL. */
const struct format *format_served(const char *name, size_t len);
bool format_is_served(const struct format *f);

/* Is it a page for people, with a form and links around the data? */
bool format_is_page(const struct format *f);

/*
 * The format that a Content-Type names (parameters and case don't matter), or
 * NULL.
 */
const struct format *format_of_type(const char *content_type);

/*
 * Is the type in CONTENT_TYPE, without its parameters, TYPE
 * ("application/json")?
 */
bool media_type_is(const char *content_type, const char *type);

#endif
