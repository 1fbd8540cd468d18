/*
 * closing.h - closings: the days of an account up to some date are settled, and
 * reports about them do not change.
 *
 * Days are those of the account's zone (usage/account_calendar.h). The closed
 * instant of the account is the beginning of the first open day. A later change
 * of the zone or the cycle day does not move the closed instant. Closing a main
 * account closes its family, so a subaccount is always closed at least as far
 * as its main account.
 *
 * An event takes effect at its own time. An event before the closed instant is
 * late: the event takes effect at the closed instant, or is rejected (setting
 * ledger.late_events). The same rule applies to entries of corrections.
 */
#ifndef USAGE_CLOSING_H
#define USAGE_CLOSING_H

#include "base/civil.h"
#include "base/zone.h"
#include "store/store.h"

enum late_events { LATE_ADJUST, LATE_REJECT };

/*
 * Converts the value NAME of ledger.late_events, which settings_load has
 * checked.
 */
enum late_events late_events_find(const char *name);

/*
 * Sets the effective time of an event of TIME_US in an account with the closed
 * instant OPEN_US. -1: ERR_CLOSED "time"; the message names the closed instant.
 */
int closing_effective(int64_t open_us, enum late_events late, int64_t time_us,
		      int64_t *ret_effective_us, struct error *err);

/* Reads the closed instant of an account; 0: no day is closed. */
int closing_open_us(struct store *st, int64_t account, int64_t *ret_us, struct error *err);

/*
 * Adds the new event E of ACCOUNT to the changes in closed time, if E is late.
 * In a write.
 */
int closing_note_late(struct store *st, int64_t account, const struct stored_event *e,
		      int64_t now_us, struct error *err);

/* The last day in ZONE that is completely closed. */
struct date closing_last_day(const struct zone *zone, int64_t open_us);

/* The closed instant that A gets when closed through DAY. */
int closing_instant(struct store *st, const struct account *a, struct date day, int64_t *ret_us,
		    struct error *err);

enum { CLOSING_REASON_MAX = 500 }; /* bytes */

/* Who closes or reopens, why, and when. */
struct closing_by {
	const char *author;
	const char *reason; /* for closing_reopen */
	int64_t now_us;
};

/*
 * Closes A through DAY (inclusive), and its subaccounts. ERR_PARAM "through":
 * DAY is not over in the zone of A, or is before 1980. ERR_CONFLICT: A is
 * closed beyond DAY; use closing_reopen instead. In a write.
 */
int closing_close(struct store *st, const struct account *a, struct date day,
		  const struct closing_by *by, struct error *err);

/*
 * Reopens A from DAY on (NULL: all days), and the subaccounts that were closed
 * with A. ERR_CONFLICT "from": DAY is open, or is closed because the main
 * account of A is. ERR_PARAM "reason": the reason is invalid. In a write.
 */
int closing_reopen(struct store *st, const struct account *a, const struct date *day,
		   const struct closing_by *by, struct error *err);

/*
 * Reads the instant (seconds) through which all N accounts are closed, at least
 * one; 0: an account is open. Usage of these accounts before the instant is
 * settled, usage after it is not.
 */
int closing_shared(struct store *st, const int64_t *accounts, size_t n, int64_t *ret,
		   struct error *err);

/* The closings of all accounts, cached between batches. */
struct closings;

/* Never returns NULL. */
struct closings *closings_new(void);
void closings_free(struct closings **c);
/*
 * Reads the closings again if the ledger has changed (store_version). In a read
 * or write.
 */
int closings_load(struct closings *c, struct store *st, struct error *err);
bool closings_any(const struct closings *c);
/*
 * The closed instant of an account when closings_load last read; 0: no day is
 * closed.
 */
int64_t closings_open_us(const struct closings *c, int64_t account);

#endif
