/*
 * slot.h - the time slots of rollups, at three levels.
 *
 * Slots count from 1970 in UTC: quarter hours, days, months (year * 12 + month
 * - 1).
 */
#ifndef MODEL_SLOT_H
#define MODEL_SLOT_H

#include <stdint.h>

enum level { LEVEL_QUARTER, LEVEL_DAY, LEVEL_MONTH, LEVELS };

/* The length of a quarter hour. */
#define SLOT_SEC      900
#define SLOTS_PER_DAY (86400 / SLOT_SEC)

/* The quarter hour of an instant. US: microseconds since 1970. */
static inline int64_t slot_of_instant(int64_t us)
{
	return us / (SLOT_SEC * INT64_C(1000000));
}

/* The slot of LEVEL that contains a quarter hour. */
int64_t slot_of(enum level level, int64_t quarter);

/* The first quarter hour of a day since 1970. Of an impossible day: any number. */
static inline int64_t slot_of_day(int64_t day)
{
	return (int64_t)((uint64_t)day * SLOTS_PER_DAY);
}

/* The first day of a month, in days since 1970. */
int64_t slot_month_day(int64_t month);

#endif
