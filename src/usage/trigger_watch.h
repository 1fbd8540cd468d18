/*
 * trigger_watch.h - updates the values of triggers in the write that stores
 * events, and fires triggers.
 *
 * The watch adds up the amounts of a write by account and category, and then
 * changes each affected trigger once. If no trigger belongs to the accounts of
 * the write, nothing is read or written.
 */
#ifndef USAGE_TRIGGER_WATCH_H
#define USAGE_TRIGGER_WATCH_H

#include "usage/trigger.h"

struct trigger_watch;

/*
 * A watch of all accounts; with ACCOUNT not 0, of this account and its main
 * account MAIN (0: none). Never returns NULL.
 */
struct trigger_watch *trigger_watch_new(int64_t account, int64_t main);
void trigger_watch_free(struct trigger_watch **w);

/*
 * Begins a write at NOW_US: forgets amounts that were added before, and reads
 * the triggers again if they have changed (store_version).
 */
int trigger_watch_begin(struct trigger_watch *w, struct store *st, int64_t now_us,
			struct error *err);
/* Are there any triggers? If not, the calls below can be omitted. */
bool trigger_watch_any(const struct trigger_watch *w);

/* Usage that the write adds. MAIN is the account's main account, or itself. */
struct trigger_usage {
	int64_t account, main;
	int64_t category;
	int64_t effective_us;
	const struct amounts *amounts;
};
void trigger_watch_add(struct trigger_watch *w, const struct trigger_usage *u);

/*
 * Changes the values of triggers and fires them. The rollups must have the
 * added usage.
 */
int trigger_watch_settle(struct trigger_watch *w, struct store *st, struct error *err);

#endif
