/*
 * range.h - the days of a report: the caller's dates; by default from the
 * account's first day to today.
 */
#ifndef API_RANGE_H
#define API_RANGE_H

#include "api/request.h"

/* Days, both included. */
struct days {
	struct date first, last;
};

/*
 * Uses the accounts' own calendar for the request: the time zone and billing
 * cycle that all N of them share, or else UTC and calendar months. Called by
 * the server's own operations; other dialects use UTC. -1 as account_calendar.
 */
int request_take_calendar(struct request *rq, const struct account *accounts, size_t n,
			  struct error *err);

/* The zone of the parameter TimeZone, else that of the request's calendar. */
const struct zone *request_zone(const struct request *rq);

/*
 * The zone that links to other operations must name to keep this request's
 * zone: "Europe/Vienna"; NULL: no need.
 */
const char *request_link_zone(const struct request *rq);

/* The first day of the billing cycle that contains DAY. */
struct date request_cycle_first(const struct request *rq, struct date day);

/* Today in the request's zone. */
struct date request_today(const struct request *rq);

/*
 * The first day of an account's usage: its creation or its first event,
 * whichever is earlier.
 */
int account_begin(const struct request *rq, const struct account *a, struct date *ret,
		  struct error *err);

/*
 * Replaces *FIRST and *LAST by StartDate and EndDate, where given. If only one
 * is given and lies beyond the other's default, the range is that one day.
 * ERR_REVERSED if both are given and the range ends before it begins.
 */
int range_given(const struct request *rq, struct date *first, struct date *last, struct error *err);

/*
 * The instants (seconds) of the days FIRST to LAST, both included, in the
 * request's zone. *RET_TO is exclusive.
 */
void range_instants(const struct request *rq, struct date first, struct date last,
		    int64_t *ret_from, int64_t *ret_to);

#endif
