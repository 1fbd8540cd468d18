/*
 * trigger.h - triggers and their values.
 */
#ifndef STORE_TRIGGER_H
#define STORE_TRIGGER_H

#include "store/store.h"

/*
 * Adds a trigger with its value, and sets T->id and T->value.trigger. In a
 * write.
 */
int store_trigger_add(struct store *st, struct trigger *t, struct error *err);
/* Sets name, url, method and updated of trigger T->id. In a write. */
int store_trigger_set(struct store *st, const struct trigger *t, struct error *err);
/* Removes a trigger with its value. In a write. */
int store_trigger_remove(struct store *st, int64_t id, struct error *err);

/* Reads which account's trigger has this SID. 1 found, 0 none, -1 failed. */
int store_trigger_owner(struct store *st, const char *sid, int64_t *ret_account, struct error *err);
/* 1 found, 0 none, -1 failed. */
int store_trigger_find(struct store *st, const char *sid, struct arena *arena, struct trigger *ret,
		       struct error *err);
/* Reads the triggers of ACCOUNT (0: of all accounts), newest first. */
int store_triggers(struct store *st, int64_t account, struct arena *arena, struct trigger **ret,
		   size_t *ret_n, struct error *err);
/* The same of N accounts. */
int store_triggers_of(struct store *st, const int64_t *accounts, size_t n, struct arena *arena,
		      struct trigger **ret, size_t *ret_n, struct error *err);
/* Which triggers are near their values, or have passed them. */
struct triggers_near {
	int64_t percent;              /* at least so much of the threshold */
	int64_t periods[RECURRENCES]; /* the first days of the current periods */
	size_t limit;
	/* of these accounts */
	const int64_t *accounts;
	size_t n_accounts;
};
/*
 * Reads at most Q->limit triggers whose value in the current period has reached
 * Q->percent of the threshold, or that have fired in it: first those that
 * have not fired, the nearest first; then the others, the last that fired first.
 * A value of 10^18 or more counts as near.
 */
int store_triggers_near(struct store *st, const struct triggers_near *q, struct arena *arena,
			struct trigger **ret, size_t *ret_n, struct error *err);
/* Counts the triggers of an account. */
int store_trigger_count(struct store *st, int64_t account, int64_t *ret, struct error *err);

/* 1 found, 0 none, -1 failed. */
int store_trigger_by_id(struct store *st, int64_t id, struct arena *arena, struct trigger *ret,
			struct error *err);

/*
 * Reads what decides whether triggers fire, of all accounts or of two, in the
 * order of account and id. Texts and values of these records are not set. A
 * change of this list changes store_version.
 */
struct trigger_accounts {
	int64_t account; /* 0: all accounts */
	int64_t other;   /* another account, or 0 */
};
int store_triggers_watched(struct store *st, const struct trigger_accounts *of, struct arena *arena,
			   struct trigger **ret, size_t *ret_n, struct error *err);
/*
 * Lists the subaccounts, ascending, of these accounts, or of all accounts that
 * have triggers, whose currency is not that of their main account. A change of
 * this list changes store_version.
 */
int store_triggers_unpriced(struct store *st, const struct trigger_accounts *of,
			    struct arena *arena, const int64_t **ret, size_t *ret_n,
			    struct error *err);

/* Reads the value of trigger V->trigger. In a write. 1 found, 0 none, -1 failed. */
int store_trigger_value(struct store *st, struct trigger_value *v, struct error *err);
/* Replaces the value of trigger V->trigger. In a write. */
int store_trigger_value_set(struct store *st, const struct trigger_value *v, struct error *err);

#endif
