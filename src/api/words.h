/*
 * words.h - the sentences that pages for people begin with.
 */
#ifndef API_WORDS_H
#define API_WORDS_H

#include "base/arena.h"
#include "base/civil.h"
#include "base/zone.h"

/* "November" */
const char *words_month(struct date d);

/*
 * "21 November 2026", "1 to 21 November 2026", "3 October to 21 November 2026",
 * ...
 */
const char *words_days(struct arena *a, struct date first, struct date last);

/*
 * The days of [FROM, TO), instants in seconds, by the clock of Z: "1 to 21
 * November 2026, UTC".
 */
const char *words_range(struct arena *a, const struct zone *z, int64_t from, int64_t to);

#endif
