/*
 * buckets.h - the buckets of a report: the hours, days, months or years of a
 * time zone in a range.
 *
 * An hour begins at each full hour of the zone's clocks, and where they are
 * shifted by part of an hour. A day that the zone skipped (Pacific/Apia,
 * 2011-12-30) is no bucket. The first and the last bucket are cut to the range.
 */
#ifndef USAGE_BUCKETS_H
#define USAGE_BUCKETS_H

#include "base/arena.h"
#include "usage/period.h"

/* A span in which the full hours of the zone are 3600 seconds apart. */
struct hour_run {
	int64_t from, to; /* seconds, TO exclusive */
	int64_t phase;    /* where full hours begin: seconds modulo 3600 */
};

struct buckets {
	const struct zone *zone;
	enum period period;
	int64_t from, to; /* seconds, TO exclusive */
	int64_t n;        /* 0 if the range is empty */
	/*
	 * by day: number of days newer than the skipped day; INT64_MAX: no day
	 * was skipped
	 */
	int64_t skipped;
	struct hour_run *runs; /* by hour: newest first; in the arena */
	size_t n_runs;
};

/*
 * Makes the buckets of the range from FROM to TO (exclusive). By hour, the cost
 * grows with the number of days, and only the last 400 years of a longer range
 * are used.
 */
void buckets_make(struct buckets *b, const struct zone *z, enum period period, int64_t from,
		  int64_t to, struct arena *arena);

/*
 * Sets the range (seconds) of bucket K, which has K newer ones before it; K <
 * b->n.
 */
void buckets_range(const struct buckets *b, int64_t k, int64_t *ret_from, int64_t *ret_to);

#endif
