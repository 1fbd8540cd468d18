/*
 * closing.h - closings: an account's days through some date are settled, and
 * what was reported for them stays.
 *
 * Days are those of the account's zone (usage/account_calendar.h). The
 * account's closed instant is the one at which the first open day begins; it
 * stays when the zone or the cycle day change. A main account closes its
 * family: a subaccount can be closed further than its main account, never less.
 *
 * An event takes effect at its own time. If that lies before the closed instant
 * of its account, the event is late: it takes effect at the closed instant, or
 * is rejected (setting ledger.late_events). So are the entries of a correction.
 */
#ifndef USAGE_CLOSING_H
#define USAGE_CLOSING_H

#include "base/civil.h"
#include "base/zone.h"
#include "store/store.h"

enum late_events { LATE_ADJUST, LATE_REJECT };

/* Of the setting's values; those that settings_load lets through have one. */
enum late_events late_events_find(const char *name);

/*
 * The instant at which an event of TIME_US takes effect in an account whose
 * closed instant is OPEN_US. -1: ERR_CLOSED, "time", saying until when the
 * account is closed.
 */
int closing_effective(int64_t open_us, enum late_events late, int64_t time_us,
		      int64_t *ret_effective_us, struct error *err);

/* The account's closed instant; 0 if nothing is closed. */
int closing_open_us(struct store *st, int64_t account, int64_t *ret_us, struct error *err);

/*
 * Keeps E, which was just stored in ACCOUNT, in the list of what changed in
 * closed time, if it is late. In a write.
 */
int closing_note_late(struct store *st, int64_t account, const struct stored_event *e,
		      int64_t now_us, struct error *err);

/*
 * The last day in ZONE of which nothing is open: the one before that of the
 * closed instant.
 */
struct date closing_last_day(const struct zone *zone, int64_t open_us);

/*
 * The closed instant of A if it is closed through DAY, by the account's
 * calendar.
 */
int closing_instant(struct store *st, const struct account *a, struct date day, int64_t *ret_us,
		    struct error *err);

enum { CLOSING_REASON_MAX = 500 }; /* bytes */

/*
 * Closes A through DAY, which is included. ERR_PARAM "through" if the day isn't
 * over in the account's zone or lies before 1980, ERR_CONFLICT if the account
 * is closed further: reopening is a decision of its own. In a write.
 */
int closing_close(struct store *st, const struct account *a, struct date day, const char *author,
		  int64_t now_us, struct error *err);

/*
 * Reopens A from DAY on (NULL: everything), and with a main account those of
 * its subaccounts that were closed by it. ERR_CONFLICT "from" if that day is
 * open, or lies in the closed time of A's main account; ERR_PARAM "reason". In
 * a write.
 */
int closing_reopen(struct store *st, const struct account *a, const struct date *day,
		   const char *author, const char *reason, int64_t now_us, struct error *err);

/*
 * The instant (seconds) up to which all of the N accounts are closed, if it
 * divides [FROM, TO): what was used before it is settled, what came after it is
 * not. Else 0.
 */
int closing_divides(struct store *st, const int64_t *accounts, size_t n, int64_t from, int64_t to,
		    int64_t *ret, struct error *err);

/* The closings of all accounts, kept between the batches of a writer. */
struct closings;

/* Never NULL. */
struct closings *closings_new(void);
void closings_free(struct closings **c);
/*
 * In a read or write: reads them again if anything has changed (store_version).
 */
int closings_load(struct closings *c, struct store *st, struct error *err);
bool closings_any(const struct closings *c);
/* As it was loaded. */
int64_t closings_open_us(const struct closings *c, int64_t account);

#endif
