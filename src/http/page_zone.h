/*
 * page_zone.h - the time zone that a reader chooses stays for all pages. A
 * cookie keeps it. A page without TimeZone redirects to itself with the zone,
 * so that each URL names its zone; links in the frame have it as well.
 */
#ifndef HTTP_PAGE_ZONE_H
#define HTTP_PAGE_ZONE_H

#include "http/parse.h"

/* Has OP the parameter TimeZone in its query? */
bool page_zone_taken(const struct op *op);

/*
 * The reader's zone: that of the query, else that of the cookie; NULL: none,
 * also after an empty TimeZone.
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
