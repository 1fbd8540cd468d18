/*
 * books.h - closed books: where a fact counts that comes after its period was closed.
 *
 * A fact is booked at its own time. If the account's books are closed through then, it is booked at the first instant that is
 * open, as an adjustment, or refused (setting ledger.late_events).
 */
#ifndef USAGE_BOOKS_H
#define USAGE_BOOKS_H

#include "store/store.h"

enum late_events { LATE_ADJUST, LATE_REJECT };

/* Of the setting's values; those that settings_load lets through have one. */
enum late_events late_events_find(const char *name);

/*
 * Where a fact of TIME_US is booked while OPEN_US is the first open instant. -1: ERR_CLOSED, "time", saying through when
 * the books are closed.
 */
int books_book(int64_t open_us, enum late_events late, int64_t time_us, int64_t *ret_booked_us, struct error *err);

/* The first instant of an account that is open; 0 when nothing is closed. */
int books_open_us(struct store *st, int64_t account, int64_t *ret_us, struct error *err);

/*
 * Closes an account's books through DAY (since 1970; the day is included), which must be over. ERR_PARAM "through" if it isn't, ERR_CONFLICT
 * if they are closed further: opening is a decision of its own. In a write, or outside.
 */
int books_close(struct store *st, int64_t account, int64_t day, const char *author, int64_t now_us, struct error *err);
/* Opens them again from DAY on (INT64_MIN: all). ERR_CONFLICT if that day is open. */
int books_open(struct store *st, int64_t account, int64_t day, const char *author, int64_t now_us, struct error *err);

/* The closings of all accounts, kept between the batches of a writer. */
struct books;

/* Never NULL. */
struct books *books_new(void);
void books_free(struct books **b);
/* In a read or write: reads them again if anything has changed (store_version). */
int books_load(struct books *b, struct store *st, struct error *err);
bool books_any_closed(const struct books *b);
/* As it was loaded. */
int64_t books_open_of(const struct books *b, int64_t account);

#endif
