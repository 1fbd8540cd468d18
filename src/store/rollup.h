/*
 * rollup.h - sums of events by slot: adding to them, and reading them one by one.
 */
#ifndef STORE_ROLLUP_H
#define STORE_ROLLUP_H

#include "store/store.h"

/*
 * Adds amounts to rollups; makes those that are missing. ERR_OVERFLOW if a sum
 * would leave 64 bits: then the caller ends the write. Series without any
 * dimension have no rollup of their own: the total is the same. In a write.
 */
int store_rollups_add(struct store *st, const struct rollup *rows, size_t n, struct error *err);

struct rollup_scan {
	enum level level;
	int64_t account;
	int64_t category;        /* 0 = all; must be given by series */
	int64_t from, to;        /* slots, TO exclusive */
	bool by_series;          /* rows of series with dimensions instead of totals */
	int64_t dim[DIMENSIONS]; /* by_series: only this value; 0 = any */
	/*
	 * by_series: only this one; 0 = any. Costs a step a slot; `dim` must be
	 * its own or 0
	 */
	int64_t series;
	/*
	 * by_series, without any `dim`: leaves out the dimensions of rows,
	 * which costs much less
	 */
	bool no_dims;
};

/*
 * Starts a scan; one at a time on a store. Rows come in the order of their
 * slots.
 */
int store_scan_begin(struct store *st, const struct rollup_scan *scan, struct error *err);
/* 1 a row, 0 the end, -1 failed */
int store_scan_next(struct store *st, struct rollup *ret, struct error *err);
void store_scan_end(struct store *st);

#endif
