/*
 * suspension.h - suspensions and events: a suspended account accepts events of
 * times before its suspension and rejects later ones.
 */
#ifndef USAGE_SUSPENSION_H
#define USAGE_SUSPENSION_H

#include "store/store.h"

/*
 * Checks that an account suspended since SINCE (seconds; 0: active) accepts an
 * event of TIME_US. -1: ERR_SUSPENDED "time"; the message has the time of the
 * suspension.
 */
int suspension_check(int64_t since, int64_t time_us, struct error *err);

/* The suspensions of all accounts, cached between batches. */
struct suspensions;

/* Never returns NULL. */
struct suspensions *suspensions_new(void);
void suspensions_free(struct suspensions **s);
/*
 * Reads the suspensions again if the ledger has changed (store_version). In a
 * read or write.
 */
int suspensions_load(struct suspensions *s, struct store *st, struct error *err);
bool suspensions_any(const struct suspensions *s);
/*
 * The time at which the account or its main account was suspended, as last
 * loaded; 0: active.
 */
int64_t suspensions_since(const struct suspensions *s, int64_t account);

#endif
