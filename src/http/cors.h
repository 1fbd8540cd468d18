/*
 * cors.h - CORS (the Fetch standard): pages of the origins in
 * server.cors_origins may send requests from a browser.
 */
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include "api/request.h"

/* Is ORIGIN (a header's value, or NULL) in the setting? */
bool cors_allows(const struct settings *settings, const char *origin);

/*
 * Does the request come from a page of another origin that isn't allowed?
 * Browsers tell by Origin, else by Sec-Fetch-Site, else by Referer; a request
 * without these is from a program.
 */
bool cors_is_foreign(const struct request *rq);

/*
 * Adds the headers by which pages of ORIGIN, which is allowed, may read the
 * answer. PREFLIGHT: the request is a preflight.
 */
void cors_add_headers(struct strbuf *head, const char *origin, bool preflight);

#endif
