/*
 * period.h - calendar periods: hours, days, months and years.
 */
#ifndef USAGE_PERIOD_H
#define USAGE_PERIOD_H

#include "base/civil.h"
#include "base/zone.h"
#include "store/store.h"

enum period { PERIOD_ALL, PERIOD_HOUR, PERIOD_DAY, PERIOD_MONTH, PERIOD_YEAR };

/*
 * The first day of the period (day, month or year) that contains D; the first
 * day of the period that comes N periods later.
 */
struct date period_first(enum period p, struct date d);
struct date period_step(enum period p, struct date first, int64_t n);
/* The number of periods from the period of A to the period of B. */
int64_t period_distance(enum period p, struct date a, struct date b);

#endif
