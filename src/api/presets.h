/*
 * presets.h - links that pages offer: ranges of days such as this month and
 * this billing cycle, and late events.
 */
#ifndef API_PRESETS_H
#define API_PRESETS_H

#include "api/op.h"

/*
 * Gives the page of W, whose call takes StartDate and EndDate, links to the
 * same answer for these ranges; by the call's calendar.
 */
void presets_write(const struct call *call, struct writer *w);

/*
 * Gives it links to late events of ACCOUNT (its SID, or NULL: of all), and to
 * those that were rejected.
 */
void late_links_write(const struct call *call, struct writer *w, const char *account);

#endif
