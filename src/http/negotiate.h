/*
 * negotiate.h - chooses the format of an answer. In order of precedence:
 * suffix, callback, ?format=, format of the route, Accept, type of the
 * request's body, default of the dialect.
 */
#ifndef HTTP_NEGOTIATE_H
#define HTTP_NEGOTIATE_H

#include "api/request.h"

/*
 * Sets format and callback of RQ's answer. -1, ERR_NOT_ACCEPTABLE: Accept names
 * none of our formats and the dialect refuses this, or the named format can't
 * show the answer. For the error document, the format is still set: to the
 * default, or to the named format.
 *
 * Accept and Content-Type only choose formats that can show the operation's
 * result. Accept is read by RFC 9110 12.5.1: the highest q wins, then the order
 * in the header; q=0 excludes; for each type, its most specific range counts.
 */
int negotiate(struct request *rq, struct error *err);

/* The format NAME (LEN bytes) if HTTP offers it, else NULL. */
const struct format *format_served(const char *name, size_t len);
bool format_is_served(const struct format *f);

/* Is F the format of pages, which have links and a form around the data? */
bool format_is_page(const struct format *f);

/* The format of a Content-Type, ignoring parameters and case; or NULL. */
const struct format *format_of_type(const char *content_type);

/*
 * Is CONTENT_TYPE, without its parameters, the type TYPE ("application/json")?
 */
bool media_type_is(const char *content_type, const char *type);

#endif
