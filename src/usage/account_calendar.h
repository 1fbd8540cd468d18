/*
 * account_calendar.h - the days and billing cycles of an account: its own, or
 * those of its main account, or UTC and the first of the month.
 */
#ifndef USAGE_ACCOUNT_CALENDAR_H
#define USAGE_ACCOUNT_CALENDAR_H

#include "base/zone.h"
#include "store/store.h"

enum { CYCLE_DAY_MAX = 28 }; /* every month has these days */

struct account_calendar {
	const struct zone *zone; /* never NULL */
	/*
	 * 1 to CYCLE_DAY_MAX: the day of the month on which a billing cycle
	 * begins
	 */
	int cycle_day;
};

/*
 * The calendar of A. ERR_INTERNAL if the system no longer has the zone: amounts
 * must not move to other days without a word.
 */
int account_calendar(struct store *st, const struct account *a, struct account_calendar *ret,
		     struct error *err);

/*
 * The same as texts and numbers; PARENT is A's main account, or NULL where it
 * has none.
 */
const char *account_zone_name(const struct account *a, const struct account *parent);
int account_cycle_day(const struct account *a, const struct account *parent);

/*
 * The first days of the billing cycle that DAY lies in, and of the cycle after
 * it.
 */
void account_cycle(const struct account_calendar *c, struct date day, struct date *ret_first,
		   struct date *ret_next);

#endif
