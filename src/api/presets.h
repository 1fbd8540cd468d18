/*
 * presets.h - links that pages offer: ranges of days such as this month and
 * this billing cycle, and late events.
 */
#ifndef API_PRESETS_H
#define API_PRESETS_H

#include "api/request.h"

/*
 * Gives the page of W, whose call takes StartDate and EndDate, links to the
 * same answer for these ranges; by the request's calendar.
 */
void presets_write(const struct request *rq, struct writer *w);

/*
 * Gives it links to late events of ACCOUNT (its SID, or NULL: of all), and to
 * those that were rejected.
 */
void late_links_write(const struct request *rq, struct writer *w, const char *account);

#endif
