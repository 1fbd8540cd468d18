/*
 * rollup.h - adds amounts to rollups, and reads rollups.
 */
#ifndef STORE_ROLLUP_H
#define STORE_ROLLUP_H

#include "store/store.h"

/*
 * Adds amounts to rollups, and makes missing ones. -1 with ERR_OVERFLOW if a
 * sum exceeds 64 bits; then end the write. A series without dimensions has no
 * rollup by series, because it would equal the rollup by category. In a write.
 */
int store_rollups_add(struct store *st, const struct rollup *rows, size_t n, struct error *err);

struct rollup_scan {
	enum level level;
	int64_t account;
	int64_t category;        /* 0: all; by_series needs one */
	int64_t from, to;        /* slots, TO exclusive */
	bool by_series;          /* read rollups by series, not by category */
	int64_t dim[DIMENSIONS]; /* by_series: only this value; 0: any */
	/*
	 * by_series: only this series; 0: any. Costs a look-up for each slot.
	 * `dim` must match the series or be 0
	 */
	int64_t series;
	/*
	 * by_series, without `dim`: rows come without dimensions, which is much
	 * faster
	 */
	bool no_dims;
};

/*
 * Starts a scan, one at a time for each store. Rows come in the order of slots.
 */
int store_scan_begin(struct store *st, const struct rollup_scan *scan, struct error *err);
/* 1 a row, 0 the end, -1 failed */
int store_scan_next(struct store *st, struct rollup *ret, struct error *err);
void store_scan_end(struct store *st);

#endif
