/*
 * rollup.h - adds events to the rollups, and checks that totals fit.
 * store/sums.h reads the rollups.
 */
#ifndef STORE_ROLLUP_H
#define STORE_ROLLUP_H

#include "store/store.h"

/*
 * Adds the N amounts of LIST, in any order. Each is that of an event, or the
 * sum of several events of one account, category, series (0: no dimensions) and
 * quarter hour (the slot). ERR_OVERFLOW, with the event's field if it is the
 * total of a month: a sum that is bounded would exceed 64 bits; then the caller
 * must undo the write. A later call may fail in place of this one, see store_flush.
 * In a write.
 */
int store_rollups_add(struct store *st, const struct rollup *list, size_t n, struct error *err);

/*
 * Must the sums of LEVEL, by series or else by category, fit 64 bits? Those of a
 * month by category must; in some databases, all must.
 */
bool store_rollup_bounded(const struct store *st, enum level level, bool by_series);

/*
 * The stored sum of KEY's account, category (without subcategories), level, slot
 * and, unless it is 0, series. Only of sums that are bounded.
 */
int store_rollup_sum(struct store *st, const struct rollup *key, struct amounts_wide *ret,
		     struct error *err);

/* Checks that A fits 64 bits. -1: ERR_OVERFLOW as of store_rollups_add. */
int store_rollup_check(const struct amounts_wide *a, struct error *err);

/*
 * Finds the first (LAST: the last) day with usage of N accounts, in days since
 * 1970, UTC. 1 found, 0 none of them has usage, -1 failed. One statement at most.
 */
int store_usage_day(struct store *st, const int64_t *accounts, size_t n, bool last,
		    int64_t *ret_day, struct error *err);

enum { NO_DAY = -1 };

/* The same for each account. NO_DAY: it has no usage. */
int store_usage_days(struct store *st, const int64_t *accounts, size_t n, bool last, int64_t *days,
		     struct error *err);

#endif
