/*
 * cors.h - pages of other origins that may ask from inside a browser (the Fetch
 * standard's CORS protocol): those that the setting server.cors_origins lists,
 * and no others.
 */
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include "api/request.h"

/* Is ORIGIN (a header's value, or NULL) among those of the settings? */
bool cors_allows(const struct settings *settings, const char *origin);

/*
 * Does the request come from a page of an origin that is neither ours nor
 * allowed? Browsers say so by Origin, else by Sec-Fetch-Site, else by Referer;
 * programs that say nothing of it are no pages.
 */
bool cors_is_foreign(const struct request *rq);

/*
 * Adds the headers that let the page of ORIGIN, which is allowed, see an
 * answer; PREFLIGHT: the browser asks whether it may ask.
 */
void cors_add_headers(struct strbuf *head, const char *origin, bool preflight);

#endif
