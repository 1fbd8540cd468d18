/*
 * request_counts.h - how many requests of each operation were answered, with
 * which status, and how long that took. Each thread counts in its own part,
 * without a lock. Reading adds up the parts.
 */
#ifndef API_REQUEST_COUNTS_H
#define API_REQUEST_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include "api/op.h"
#include "base/counter.h"

/* The statuses that are counted by themselves; all others are counted as 0. */
enum { COUNTED_STATUSES = 27 };
extern const int counted_statuses[COUNTED_STATUSES]; /* the last one is 0 */

/* The counts of all threads. */
struct request_counts;

/* The part of one thread. */
struct request_count;

/*
 * For the operations of TABLE, which is borrowed. Never returns NULL. Free it
 * after all threads have ended.
 */
struct request_counts *request_counts_new(const struct op *const *table);
void request_counts_free(struct request_counts **c);

/* Makes the part of a thread. It lives as long as C. Thread-safe. */
struct request_count *request_counts_join(struct request_counts *c);

/*
 * Counts a request for OP (NULL: for no operation). Only the part's own thread
 * may call it.
 */
void request_count_add(struct request_count *c, const struct op *op, int status, int64_t us);

/*
 * The sums of all threads for operation number I of the table. I is the number
 * of operations: requests for no operation.
 */
struct request_sums {
	const struct op *op; /* NULL: no operation */
	int64_t by_status[COUNTED_STATUSES];
	struct histogram_sum times;
};

/* False: there is no number I. Thread-safe. */
bool request_counts_read(struct request_counts *c, size_t i, struct request_sums *ret);

#endif
