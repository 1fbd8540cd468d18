/*
 * counter.h - counters and histograms that one thread writes and any thread
 * reads, without a lock. A reader sees a recent value of each counter, but the
 * counters of one histogram may be from slightly different moments.
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic int64_t counter;

/* Only the counter's own thread may call counter_add. */
static inline void counter_add(counter *c, int64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static inline int64_t counter_read(const counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

/* The upper limits of a histogram's buckets, in microseconds, each included. */
enum { HISTOGRAM_LIMITS = 13 };
extern const int64_t histogram_limits_us[HISTOGRAM_LIMITS];

/* How long something took, how many times. Zero is empty. */
struct histogram {
	/* the last bucket has no upper limit */
	counter buckets[HISTOGRAM_LIMITS + 1];
	counter sum_us;
};

/* Counts one duration. Only the histogram's own thread may call it. */
void histogram_add(struct histogram *h, int64_t us);

/* The values of a histogram, or of several histograms added up. */
struct histogram_sum {
	int64_t buckets[HISTOGRAM_LIMITS + 1];
	int64_t n, sum_us;
};

/* Adds the values of H to SUM. */
void histogram_read(const struct histogram *h, struct histogram_sum *sum);

#endif
