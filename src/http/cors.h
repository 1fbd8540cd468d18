/*
 * cors.h - CORS (the Fetch standard): pages of the origins in
 * server.cors_origins may send requests from a browser.
 */
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include "api/request.h"

/* Is ORIGIN (a header's value, or NULL) in server.cors_origins? */
bool cors_allows(const struct settings *settings, const char *origin);

/*
 * Does the request come from a page of another origin that is not allowed? The
 * origin is known from Origin, else Sec-Fetch-Site, else Referer. A request
 * without these headers is from a program.
 */
bool cors_is_foreign(const struct request *rq);

/*
 * Adds the headers that let pages of ORIGIN read the answer. ORIGIN must be
 * allowed. PREFLIGHT: the request is a preflight.
 */
void cors_add_headers(struct strbuf *head, const char *origin, bool preflight);

#endif
