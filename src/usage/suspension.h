/*
 * suspension.h - what a suspension means for events: an account that is
 * suspended takes those of times before its suspension, and no later ones.
 */
#ifndef USAGE_SUSPENSION_H
#define USAGE_SUSPENSION_H

#include "store/store.h"

/*
 * May an account that is suspended since SINCE (seconds; 0: it is active) take
 * an event of TIME_US? -1: ERR_SUSPENDED, "time", saying since when it is
 * suspended.
 */
int suspension_check(int64_t since, int64_t time_us, struct error *err);

/* The suspensions of all accounts, kept between the batches of a writer. */
struct suspensions;

/* Never NULL. */
struct suspensions *suspensions_new(void);
void suspensions_free(struct suspensions **s);
/*
 * In a read or write: reads them again if anything has changed (store_version).
 */
int suspensions_load(struct suspensions *s, struct store *st, struct error *err);
bool suspensions_any(const struct suspensions *s);
/*
 * Since when the account is suspended, by itself or with its main account; 0:
 * it is active. As it was loaded.
 */
int64_t suspensions_since(const struct suspensions *s, int64_t account);

#endif
