/*
 * rejection_log.h - the ledger's list of rejected records, which
 * GET /events/rejected shows. Each sender has a share of its own, so that none
 * pushes out the records of another.
 */
#ifndef USAGE_REJECTION_LOG_H
#define USAGE_REJECTION_LOG_H

#include "usage/ledger.h"

enum {
	REJECTIONS_MAX = 1000,  /* logged of one request or file */
	REJECTIONS_KEPT = 10000 /* the newest of each author */
};

/*
 * Logs the rejected event EV and counts it in its submission's `logged`. NOW in
 * seconds. In a write.
 */
int rejection_log_add(struct store *st, const struct event *ev, int64_t now, struct error *err);

/*
 * Removes rejections older than DAYS, and what is too much. In a write. A clock
 * that jumps ahead is not believed: the process must have begun with
 * plausible_process_begin.
 */
int rejection_log_prune(struct store *st, int64_t days, struct error *err);

#endif
