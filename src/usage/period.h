/*
 * period.h - calendar periods that usage is added up over, in a time zone.
 */
#ifndef USAGE_PERIOD_H
#define USAGE_PERIOD_H

#include "base/civil.h"
#include "base/zone.h"
#include "store/store.h"

enum period { PERIOD_ALL, PERIOD_HOUR, PERIOD_DAY, PERIOD_MONTH, PERIOD_YEAR };

/*
 * First day of the period (day, month or year) that D lies in, and of the one N
 * periods later.
 */
struct date period_first(enum period p, struct date d);
struct date period_step(enum period p, struct date first, int64_t n);
/* How many periods from that of A to that of B: 0 when both lie in the same. */
int64_t period_distance(enum period p, struct date a, struct date b);

#endif
