/*
 * rejections.h - how many rejected records the ledger lists, and for how long.
 * Each sender has a share of its own: nobody pushes out another one's.
 */
#ifndef INGEST_REJECTIONS_H
#define INGEST_REJECTIONS_H

#include "store/store.h"

enum {
	REJECTIONS_MAX = 1000,  /* listed of one request or file */
	REJECTIONS_KEPT = 10000 /* the newest of each author */
};

/*
 * Removes what is too much or older than DAYS, in a write. A clock that jumps
 * ahead is not believed: the process must have begun with
 * plausible_process_begin.
 */
int rejections_prune(struct store *st, int64_t days, struct error *err);

#endif
