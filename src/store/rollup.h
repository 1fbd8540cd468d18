/*
 * rollup.h - the sums of events: adding to them, and what they can't hold.
 * store/sums.h reads them.
 */
#ifndef STORE_ROLLUP_H
#define STORE_ROLLUP_H

#include "store/store.h"

/*
 * Adds the amounts of N events, or of sums of them, by account, category,
 * series (0 where there are no dimensions) and slot (a quarter hour), in any
 * order. ERR_OVERFLOW, with the event's field: what an account used of a
 * category in a month would leave 64 bits; then the caller ends the write. In a
 * write.
 */
int store_rollups_add(struct store *st, const struct rollup *list, size_t n, struct error *err);

/* What an account used of a category (without those below it) in a month. */
int store_rollup_month(struct store *st, int64_t account, int64_t category, int64_t month,
		       struct amounts_wide *ret, struct error *err);

/* Sets the ERR_OVERFLOW of store_rollups_add if A leaves 64 bits: 0, -1. */
int store_rollup_check(const struct amounts_wide *a, struct error *err);

/*
 * The first or (LAST) the last day, since 1970, with usage of an account: 1, 0
 * none, -1.
 */
int store_rollup_day(struct store *st, int64_t account, bool last, int64_t *ret_day,
		     struct error *err);

#endif
