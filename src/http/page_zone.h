/*
 * page_zone.h - keeps the reader's time zone for all pages, in a cookie. A page
 * without TimeZone redirects to its URL with the cookie's zone, so that each
 * URL names its zone. Links in the frame name the zone, too.
 */
#ifndef HTTP_PAGE_ZONE_H
#define HTTP_PAGE_ZONE_H

#include "http/parse.h"

/* Does OP have the query parameter TimeZone? */
bool page_zone_taken(const struct op *op);

/*
 * The reader's zone: TimeZone in the query, else the cookie's zone. NULL: no
 * zone, or an empty TimeZone.
 */
const char *page_zone(const struct request *rq);

/*
 * The URL with the cookie's zone, if the request's page has no TimeZone; NULL:
 * no redirect is needed.
 */
const char *page_zone_address(const struct request *rq);

/*
 * Sets the cookie in the answer if the request's TimeZone differs from the
 * request's cookie. An empty TimeZone deletes the cookie.
 */
void page_zone_keep(struct request *rq);

#endif
