/*
 * range.h - which days a report is about: from the dates that the caller gave,
 * and where they are missing from the account's beginning to today.
 */
#ifndef API_RANGE_H
#define API_RANGE_H

#include "api/request.h"

/* Days, both included. */
struct days {
	struct date first, last;
};

/*
 * Makes days those of the accounts, which the call is about: by the zone and
 * the billing cycle that all N of them have, else by UTC and the calendar
 * month. Only the server's own operations call it; without it days are by UTC.
 * -1 as account_calendar.
 */
int request_take_calendar(struct request *rq, const struct account *accounts, size_t n,
			  struct error *err);

/* The zone of the parameter TimeZone, else that of the request's calendar. */
const struct zone *request_zone(const struct request *rq);

/*
 * What links to other operations must say so that they have this call's zone:
 * "Europe/Vienna"; NULL: they have it anyway.
 */
const char *request_link_zone(const struct request *rq);

/* The first day of the request's billing cycle that DAY lies in. */
struct date request_cycle_first(const struct request *rq, struct date day);

/* Today in that zone. */
struct date request_today(const struct request *rq);

/*
 * The day that an account's usage begins: its creation or its first usage,
 * whichever is earlier.
 */
int account_begin(const struct request *rq, const struct account *a, struct date *ret,
		  struct error *err);

/*
 * Replaces *FIRST and *LAST by StartDate and EndDate where the caller gave
 * them. A date that lies beyond the default of the other side takes its place:
 * the range is then that one day. ERR_REVERSED if both are given and the range
 * ends before it begins.
 */
int range_given(const struct request *rq, struct date *first, struct date *last, struct error *err);

/*
 * The instants (seconds) that the days FIRST to LAST, both included, span in
 * the request's zone.
 */
void range_instants(const struct request *rq, struct date first, struct date last,
		    int64_t *ret_from, int64_t *ret_to);

#endif
