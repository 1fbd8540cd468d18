/*
 * presets.h - links on pages: ranges of days such as this month and this
 * billing cycle, and late events.
 */
#ifndef API_PRESETS_H
#define API_PRESETS_H

#include "api/request.h"

/*
 * Adds links to the same answer for other ranges of days, by the request's
 * calendar. The operation must have StartDate and EndDate. As all links of
 * pages, they are made only if the answer is a page.
 */
void presets_write(const struct request *rq, struct writer *w);

/*
 * Adds links to the late events of ACCOUNT (a SID; NULL: of all accounts), and
 * to rejected late events.
 */
void late_links_write(const struct request *rq, struct writer *w, const char *account);

#endif
