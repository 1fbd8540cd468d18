/*
 * buckets.h - the buckets of a report: the hours, days, months or years of a
 * time zone in a range.
 *
 * A bucket of an hour begins at each full hour of the zone's clocks, and when
 * the clocks are shifted by part of an hour. A day that the zone skipped
 * (Pacific/Apia, 2011-12-30) has no bucket. The first and the last bucket are
 * cut to the range.
 */
#ifndef USAGE_BUCKETS_H
#define USAGE_BUCKETS_H

#include "base/arena.h"
#include "usage/period.h"

/* A span in which the full hours of the zone are 3600 seconds apart. */
struct hour_run {
	int64_t from, to; /* seconds, TO exclusive */
	int64_t phase;    /* offset of full hours: seconds modulo 3600 */
};

struct buckets {
	const struct zone *zone;
	enum period period;
	int64_t from, to; /* seconds, TO exclusive */
	int64_t n;        /* 0 if the range is empty */
	/* by day, month or year: the first date of the newest bucket */
	struct date newest;
	int64_t newest_day; /* the same in days as of date_to_days */
	/*
	 * for PERIOD_DAY: the number of days after the skipped day; INT64_MAX:
	 * no day was skipped
	 */
	int64_t skipped;
	struct hour_run *runs; /* by hour: newest first; in the arena */
	size_t n_runs;
};

/*
 * Makes the buckets of the range from FROM to TO (exclusive). For buckets of an
 * hour, the cost grows with the number of days, and a range of more than 400
 * years is cut to its last 400 years.
 */
void buckets_make(struct buckets *b, const struct zone *z, enum period period, int64_t from,
		  int64_t to, struct arena *arena);

/* Sets the range (seconds) of bucket K. Bucket 0 is the newest; K < b->n. */
void buckets_range(const struct buckets *b, int64_t k, int64_t *ret_from, int64_t *ret_to);

#endif
