/*
 * page_zone.h - the time zone that a person chooses on a page goes along to all
 * others. A cookie keeps the choice. A page that is asked for without a zone
 * leads to itself with that one, so that each address says whose days it shows;
 * and the links around pages have it.
 */
#ifndef HTTP_PAGE_ZONE_H
#define HTTP_PAGE_ZONE_H

#include "http/parse.h"

/* Has OP a parameter TimeZone in its query? */
bool page_zone_taken(const struct op *op);

/*
 * The zone that goes along with the request: that of its query, else that of
 * its cookie; NULL: none, as after an empty TimeZone.
 */
const char *page_zone(const struct request *rq);

/*
 * Where the request's page leads that has no TimeZone though its cookie has
 * one; NULL: nowhere.
 */
const char *page_zone_address(const struct request *rq);

/*
 * Sets the cookie of the answer if the request's TimeZone differs from the one
 * that it has; an empty one deletes it.
 */
void page_zone_keep(struct request *rq);

#endif
