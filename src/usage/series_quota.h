/*
 * series_quota.h - limits how many new series each sender may make in a day
 * (UTC). A series is never deleted, and each series slows down reports over all
 * series. Counts are kept in memory, so a restart of the process resets them.
 */
#ifndef USAGE_SERIES_QUOTA_H
#define USAGE_SERIES_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct series_quotas;

/* The quota of one sender. */
struct series_quota;

/* MOST: the limit for each sender and day. Never returns NULL. */
struct series_quotas *series_quotas_new(int64_t most);
void series_quotas_free(struct series_quotas **q);

/* Finds or makes the quota of SENDER, which Q owns. */
struct series_quota *series_quota_of(struct series_quotas *q, const char *sender);

/*
 * Tells whether the sender may make another series on DAY (days since 1970).
 * *RET_MOST is the limit.
 */
bool series_quota_left(struct series_quota *q, int64_t day, int64_t *ret_most);

/*
 * Counts a new series. After the write, series_quota_settle confirms the count,
 * or reverts the count if the write was UNDONE.
 */
void series_quota_take(struct series_quota *q);
void series_quota_settle(struct series_quota *q, bool undone);

#endif
