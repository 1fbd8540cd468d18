/*
 * range.h - the days of a report: the caller's dates. The default is from the
 * account's first day to today.
 */
#ifndef API_RANGE_H
#define API_RANGE_H

#include "api/request.h"
#include "store/family.h"

/* Days, both included. */
struct days {
	struct date first, last;
};

/*
 * Sets the request's calendar to the time zone and billing cycle that all N
 * accounts share; if they differ, to UTC and calendar months. Called by the
 * server's own operations; other dialects use UTC. -1: an error of
 * account_calendar.
 */
int request_take_calendar(struct request *rq, const struct account *accounts, size_t n,
			  struct error *err);

/*
 * The zone of the parameter TimeZone; without TimeZone, the zone of the
 * request's calendar.
 */
const struct zone *request_zone(const struct request *rq);

/*
 * The zone to name in links to other operations, so that they keep this
 * request's zone: "Europe/Vienna". NULL: links need not name a zone.
 */
const char *request_link_zone(const struct request *rq);

/* The first day of the billing cycle that contains DAY. */
struct date request_cycle_first(const struct request *rq, struct date day);

/* Today in the request's zone. */
struct date request_today(const struct request *rq);

/*
 * The first day of the usage of N accounts: the first creation or event,
 * whichever is earlier.
 */
int accounts_begin(const struct request *rq, const struct account *list, size_t n, struct date *ret,
		   struct error *err);
/* The same of a family. */
int family_begin(const struct request *rq, const struct family *f, struct date *ret,
		 struct error *err);
/* The first day of each of the N accounts, in one statement at most. */
int accounts_begin_each(const struct request *rq, const struct account *list, size_t n,
			struct date *ret, struct error *err);

/*
 * Replaces *FIRST by StartDate and *LAST by EndDate, if given. If only one date
 * is given and lies beyond the default of the other, the range is the given
 * day. ERR_REVERSED: both dates are given and EndDate is before StartDate.
 */
int range_given(const struct request *rq, struct date *first, struct date *last, struct error *err);

/*
 * The instants (seconds) of the days FIRST to LAST, both included, in the
 * request's zone. *RET_TO is exclusive.
 */
void range_instants(const struct request *rq, struct date first, struct date last,
		    int64_t *ret_from, int64_t *ret_to);

#endif
