/*
 * account_calendar.h - the time zone and the billing cycles of an account. An
 * account without a zone or a cycle day uses that of its main account. The
 * default is UTC and the first of the month.
 */
#ifndef USAGE_ACCOUNT_CALENDAR_H
#define USAGE_ACCOUNT_CALENDAR_H

#include "base/zone.h"
#include "store/store.h"

enum { CYCLE_DAY_MAX = 28 }; /* every month has these days */

struct account_calendar {
	const struct zone *zone; /* never NULL */
	/*
	 * the day of the month on which billing cycles begin, 1 to
	 * CYCLE_DAY_MAX
	 */
	int cycle_day;
};

/*
 * Finds the calendar of A. ERR_INTERNAL: the system no longer has the account's
 * zone. (A substitute zone would silently move amounts to other days.)
 */
int account_calendar(struct store *st, const struct account *a, struct account_calendar *ret,
		     struct error *err);

/*
 * The name of the zone and the cycle day of A. PARENT is its main account, or
 * NULL.
 */
const char *account_zone_name(const struct account *a, const struct account *parent);
int account_cycle_day(const struct account *a, const struct account *parent);

/*
 * Sets the first day of the billing cycle that contains DAY, and of the next
 * cycle.
 */
void account_cycle(const struct account_calendar *c, struct date day, struct date *ret_first,
		   struct date *ret_next);

#endif
