/*
 * trigger.h - triggers: their periods, their values, and what happens when one
 * fires (contracts: twilio B). Periods are days, months and years of UTC.
 *
 * A trigger watches the current period. An event counts in the period of its
 * effective time. An event of an earlier period therefore does not change the
 * value; an event of a later period counts when that period has begun.
 */
#ifndef USAGE_TRIGGER_H
#define USAGE_TRIGGER_H

#include "store/sums.h"
#include "usage/catalogue.h"

/* "count", "usage", "price", as enum amount; ends with NULL */
extern const char *const trigger_by_names[];
/* "alltime", "daily", "monthly", "yearly", as enum recurrence; ends with NULL */
extern const char *const recurrence_names[RECURRENCES + 1];
/* "waiting", "delivered", "failed", "cancelled"; ends with NULL */
extern const char *const notice_state_names[NOTICE_STATES + 1];

/*
 * The amount that the trigger compares. The usage of totalprice is its price.
 */
enum amount trigger_amount(const struct catalogue *c, const struct trigger *t);
/* The threshold, or another value of the trigger, as a number. */
struct decimal trigger_number(const struct catalogue *c, const struct trigger *t, wide n);

/* The first day of the period that contains DAY, both in days since 1970. */
int64_t trigger_period(enum recurrence r, int64_t day);
/* The current period of the recurrence. */
int64_t trigger_period_now(enum recurrence r, int64_t now_us);

/*
 * The quarter hours of the period that begins with the day PERIOD. All time
 * ends with the year 9999.
 */
struct slot_span trigger_span(enum recurrence r, int64_t period);

/*
 * The accounts whose usage a trigger of an account adds up: the account and, of
 * a main account, its subaccounts. The price of a subaccount in another currency
 * is left out.
 */
struct trigger_family {
	struct sums_account *accounts;
	bool *unpriced; /* by account */
	size_t n;
};
int trigger_family_load(struct store *st, int64_t account, struct arena *arena,
			struct trigger_family *ret, struct error *err);

/*
 * Adds up the usage that T compares, in the period that begins with the day
 * PERIOD, from the rollups. In a read or write.
 */
int trigger_load_sum(struct store *st, const struct catalogue *c, const struct trigger *t,
		     int64_t period, wide *ret, struct error *err);

/*
 * The current value of T: t->value, unless the period of t->value has ended. In
 * a read or write.
 */
int trigger_current(struct store *st, const struct catalogue *c, const struct trigger *t,
		    int64_t now_us, wide *ret, struct error *err);

/*
 * Fires the trigger T (texts need not be set) if V, its new value, exceeds the
 * threshold and the trigger has not fired in the period of V. To fire means: V
 * notes it, the outbox gets a notice and the audit log an entry. The caller
 * stores V. In a write.
 */
int trigger_check(struct store *st, const struct catalogue *c, const struct trigger *t,
		  struct trigger_value *v, int64_t now_us, struct error *err);

/*
 * Compares the values of all triggers with the rollups. FOUND is called for each
 * that differs; *RET_N is their number. In a read.
 */
typedef void trigger_differs(void *arg, const struct trigger *t, struct decimal have,
			     struct decimal want);
int triggers_verify(struct store *st, trigger_differs *found, void *arg, size_t *ret_n,
		    struct error *err);
/*
 * Sets values that differ, and fires the triggers that should have fired. In a
 * write. *RET_N is the number of values that were set.
 */
int triggers_repair(struct store *st, int64_t now_us, size_t *ret_n, struct error *err);

/* The number of notices that this process has added. Thread-safe. */
uint64_t trigger_notices(void);

/*
 * The path of the usage record that a trigger watches (contracts: twilio B.1):
 * "/2010-04-01/Accounts/AC.../Usage/Records/Today.json?Category=calls". SUFFIX
 * is ".json" or "".
 */
const char *trigger_record_path(struct arena *arena, const char *account_sid, enum recurrence r,
				const char *category, const char *suffix);

#endif
