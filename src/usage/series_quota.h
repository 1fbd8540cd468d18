/*
 * series_quota.h - how many new series each sender of events has made today
 * (UTC). A series stays for good, and costs reports that go over all of them:
 * so nobody makes as many as they like. Counted in memory, from the start of
 * the process on.
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

/* That of SENDER, whatever that is called; it lives as long as Q. */
struct series_quota *series_quota_of(struct series_quotas *q, const char *sender);

/*
 * Has it another one, on the day (since 1970) DAY? Where it hasn't, how many it
 * could have made.
 */
bool series_quota_left(struct series_quota *q, int64_t day, int64_t *ret_most);

/*
 * It made one. That stands with series_quota_settle, which also takes it back
 * if the write was undone.
 */
void series_quota_take(struct series_quota *q);
void series_quota_settle(struct series_quota *q, bool undone);

#endif
