/*
 * walk_rollups.h - the part of a walk that compares rollups with the events,
 * which come by account and quarter hour. Memory holds the series of one
 * account's day and month.
 */
#ifndef STORE_WALK_ROLLUPS_H
#define STORE_WALK_ROLLUPS_H

#include "store/sqlite/rollup_rows.h"

/*
 * Called for an entry of ROWS that differs: WANT is computed, HAVE is stored;
 * the amounts of one that does not exist are 0. DETAIL: the rows are those of a
 * small month. Returns 0 to go on, or -1.
 */
typedef int rollup_entry_call(void *arg, const struct rollup_rows *rows, bool detail,
			      const struct rollup_entry *want, const struct rollup_entry *have,
			      struct error *err);

/*
 * Called after the entries of ROWS. DAMAGED: some of the leaves can't be read.
 * Returns 0 to go on, or -1.
 */
typedef int rollup_rows_call(void *arg, const struct rollup_rows *rows, bool detail, bool damaged,
			     struct error *err);

struct rollup_calls {
	rollup_entry_call *entry;
	rollup_rows_call *rows;
	void *arg;
};

struct walk_rollups;

/*
 * Compares the rollups of ACCOUNTS, a list of ids; NULL: of all accounts, but not
 * those of families (family_sums.h). Borrows ACCOUNTS. Never NULL. In a read of
 * ST, until it is freed.
 */
struct walk_rollups *walk_rollups_new(struct store *st, const struct db_list *accounts,
				      const struct rollup_calls *calls);
void walk_rollups_free(struct walk_rollups **w);

/*
 * Adds an event, or the sum of several events of a quarter hour. The series is
 * 0 if the event has no dimensions.
 */
int walk_rollups_add(struct walk_rollups *w, const struct rollup *r, struct error *err);
/* The same of an entry of an account's month; its slot is a quarter hour of it. */
int walk_rollups_add_entry(struct walk_rollups *w, int64_t account, int64_t month,
			   const struct rollup_entry *e, struct error *err);

/* Call it after the last event: compares the rest. */
int walk_rollups_end(struct walk_rollups *w, struct error *err);

#endif
