/*
 * rejection_log.h - the log of rejected records, which GET /rejections shows.
 * Each author has a share of the log, so that no author displaces the records
 * of another.
 */
#ifndef USAGE_REJECTION_LOG_H
#define USAGE_REJECTION_LOG_H

#include "usage/ledger.h"

enum {
	REJECTIONS_MAX = 1000,  /* logged for one request or file */
	REJECTIONS_KEPT = 10000 /* kept for each author */
};

/* Has the submission, or the file that it belongs to, as many as are logged? */
bool rejection_log_full(struct submission *s);

/*
 * Logs the rejected event EV and counts it in the submission. NOW is in
 * seconds. In a write.
 */
int rejection_log_add(struct store *st, const struct event *ev, int64_t now, struct error *err);

/*
 * Removes rejections older than DAYS, and of each author all except the newest
 * REJECTIONS_KEPT. In a write. Ignores a clock that has jumped ahead; for this
 * the process must have called plausible_process_begin.
 */
int rejection_log_prune(struct store *st, int64_t days, struct error *err);

#endif
