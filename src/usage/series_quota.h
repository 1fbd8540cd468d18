/*
 * series_quota.h - limits the new series of each sender a day (UTC). A series
 * stays forever and makes reports over all series slower. Counted in memory,
 * from the start of the process.
 */
#ifndef USAGE_SERIES_QUOTA_H
#define USAGE_SERIES_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct series_quotas;

/* Of one sender. */
struct series_quota;

/* MOST: new series of each sender a day. Never NULL. */
struct series_quotas *series_quotas_new(int64_t most);
void series_quotas_free(struct series_quotas **q);

/* The quota of SENDER; it lives as long as Q. */
struct series_quota *series_quota_of(struct series_quotas *q, const char *sender);

/*
 * May the sender make another series on DAY (days since 1970)? *RET_MOST is the
 * limit.
 */
bool series_quota_left(struct series_quota *q, int64_t day, int64_t *ret_most);

/*
 * Counts a new series. series_quota_settle confirms the count, or takes it back
 * if the write was UNDONE.
 */
void series_quota_take(struct series_quota *q);
void series_quota_settle(struct series_quota *q, bool undone);

#endif
