/* date_text.h - dates and ranges in words, for pages. */
#ifndef API_DATE_TEXT_H
#define API_DATE_TEXT_H

#include "base/arena.h"
#include "base/civil.h"
#include "base/zone.h"

/* "November" */
const char *date_text_month(struct date d);

/*
 * "21 November 2026", "1 to 21 November 2026", "3 October to 21 November 2026",
 * ...
 */
const char *date_text_days(struct arena *a, struct date first, struct date last);

/*
 * The days of the instants [FROM, TO) (seconds) in the zone Z: "1 to 21
 * November 2026, UTC".
 */
const char *date_text_range(struct arena *a, const struct zone *z, int64_t from, int64_t to);

#endif
