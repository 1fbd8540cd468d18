/*
 * rollups.h - the sums of a batch: its new events added up in memory by series
 * and quarter hour, then by every level, and handed to the store in the order
 * of its tables.
 */
#ifndef USAGE_ROLLUPS_H
#define USAGE_ROLLUPS_H

#include "base/civil.h"
#include "store/store.h"

struct rollups;

/* The quarter hour that an event takes effect in. */
static inline int64_t rollup_quarter(int64_t effective_us)
{
	return effective_us / (SLOT_SEC * USEC_PER_SEC);
}

/* Never NULL. */
struct rollups *rollups_new(void);
void rollups_free(struct rollups **r);
void rollups_clear(struct rollups *r);

/*
 * Adds AMOUNTS to the finest rollup they are in: level quarter, with series and
 * dimensions. -1: ERR_OVERFLOW.
 */
int rollups_add(struct rollups *r, const struct rollup *quarter, const struct amounts *amounts,
		struct error *err);

/*
 * Adds all up by every level and gives the sums to ST. In a write; call
 * rollups_clear afterwards, whatever came of it.
 */
int rollups_store(struct rollups *r, struct store *st, struct error *err);

/*
 * Would AMOUNTS fit where QUARTER's go, at every level? (With corrections
 * about, whose amounts are negative, a month's total isn't always the largest
 * of them.) 1: yes, and counts from now on; 0: no, REASON says which amount;
 * -1: ERR. Reads the sums from ST; call rollups_clear before and after.
 */
int rollups_try(struct rollups *r, struct store *st, const struct rollup *quarter,
		const struct amounts *amounts, struct error *reason, struct error *err);

#endif
