/*
 * rollup_batch.h - the rollups of a batch. New events are added up in memory by
 * series and quarter hour, then by each level, and added to the store in the
 * order of its tables.
 */
#ifndef USAGE_ROLLUP_BATCH_H
#define USAGE_ROLLUP_BATCH_H

#include "base/civil.h"
#include "store/store.h"

struct rollup_batch;

/* The quarter hour in which an event takes effect. */
static inline int64_t rollup_quarter(int64_t effective_us)
{
	return effective_us / (SLOT_SEC * USEC_PER_SEC);
}

/* Never returns NULL. */
struct rollup_batch *rollup_batch_new(void);
void rollup_batch_free(struct rollup_batch **b);
void rollup_batch_clear(struct rollup_batch *b);

/*
 * Adds AMOUNTS to the rollup QUARTER, which has level quarter, a series and its
 * dimensions. -1: ERR_OVERFLOW.
 */
int rollup_batch_add(struct rollup_batch *b, const struct rollup *quarter,
		     const struct amounts *amounts, struct error *err);

/*
 * Adds up all levels and adds the rollups to ST. Call it in a write, and
 * rollup_batch_clear afterwards, also on failure.
 */
int rollup_batch_store(struct rollup_batch *b, struct store *st, struct error *err);

/*
 * Checks that AMOUNTS fit the rollups of QUARTER at each level, as they are in
 * ST and with all amounts that this function accepted before. (With negative
 * amounts of corrections, a month is not always the largest sum.) 1: they fit,
 * and count from now on; 0: they do not, and REASON names the amount; -1: ERR.
 * Call rollup_batch_clear before the first try and after the last.
 */
int rollup_batch_try(struct rollup_batch *b, struct store *st, const struct rollup *quarter,
		     const struct amounts *amounts, struct error *reason, struct error *err);

#endif
