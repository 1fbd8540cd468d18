/*
 * buckets.h - the buckets of a report: the hours, days, months or years that a
 * range of time consists of, by the clocks and the calendar of a zone.
 *
 * An hour begins where the zone's clocks show a full hour, and where they are
 * put forward or back by a part of one. A day that the zone skipped
 * (Pacific/Apia, 2011-12-30) is no bucket. The first and the last bucket are
 * cut to the range.
 */
#ifndef USAGE_BUCKETS_H
#define USAGE_BUCKETS_H

#include "base/arena.h"
#include "usage/period.h"

/* A stretch of time in which the zone's full hours lie whole hours apart. */
struct hour_run {
	int64_t from, to; /* seconds, TO exclusive */
	int64_t phase;    /* of the full hours: seconds, modulo 3600 */
};

struct buckets {
	const struct zone *zone;
	enum period period;
	int64_t from, to; /* seconds, TO exclusive */
	int64_t n;        /* 0 if the range is empty */
	/*
	 * by day: the number of newer days before the skipped one; INT64_MAX:
	 * none is
	 */
	int64_t skipped;
	struct hour_run *runs; /* by hour: newest first, N_RUNS of them; in the arena */
	size_t n_runs;
};

/*
 * The buckets of [FROM, TO). By the hour the cost grows with the days of the
 * range, up to 400 years; in a longer range the hours are those of its end.
 */
void buckets_make(struct buckets *b, const struct zone *z, enum period period, int64_t from,
		  int64_t to, struct arena *arena);

/*
 * The range (seconds) of the bucket that has K newer ones before it; K is less
 * than b->n.
 */
void buckets_range(const struct buckets *b, int64_t k, int64_t *ret_from, int64_t *ret_to);

#endif
