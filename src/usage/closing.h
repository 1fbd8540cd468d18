/*
 * closing.h - closings: an account's days through some date are settled, and what
 * was reported for them stays.
 *
 * An event takes effect at its own time. If its account is closed at that time the event
 * is late: it takes effect at the closed instant, the first one that is open, or is rejected
 * (setting ledger.late_events).
 */
#ifndef USAGE_CLOSING_H
#define USAGE_CLOSING_H

#include "store/store.h"

enum late_events { LATE_ADJUST, LATE_REJECT };

/* Of the setting's values; those that settings_load lets through have one. */
enum late_events late_events_find(const char *name);

/*
 * The instant at which an event of TIME_US takes effect in an account whose closed
 * instant is OPEN_US. -1: ERR_CLOSED, "time", saying through when the account is closed.
 */
int closing_effective(int64_t open_us, enum late_events late, int64_t time_us, int64_t *ret_effective_us, struct error *err);

/* The account's closed instant; 0 if nothing is closed. */
int closing_open_us(struct store *st, int64_t account, int64_t *ret_us, struct error *err);

/*
 * Closes an account through DAY (since 1970; the day is included). ERR_PARAM "through"
 * if the day isn't over, ERR_CONFLICT if the account is closed further: reopening is a
 * decision of its own. In a write, or outside.
 */
int closing_close(struct store *st, int64_t account, int64_t day, const char *author, int64_t now_us, struct error *err);
/* Reopens the account from DAY on (INT64_MIN: everything). ERR_CONFLICT if that day is open. */
int closing_reopen(struct store *st, int64_t account, int64_t day, const char *author, int64_t now_us, struct error *err);

/* The closings of all accounts, kept between the batches of a writer. */
struct closings;

/* Never NULL. */
struct closings *closings_new(void);
void closings_free(struct closings **c);
/* In a read or write: reads them again if anything has changed (store_version). */
int closings_load(struct closings *c, struct store *st, struct error *err);
bool closings_any(const struct closings *c);
/* As it was loaded. */
int64_t closings_open_us(const struct closings *c, int64_t account);

#endif
