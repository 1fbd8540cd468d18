/*
 * move.h - moves a whole ledger into an empty database: from SQLite to
 * PostgreSQL, or back. All ids stay the same.
 *
 * While a move is not finished, the target can be read, but refuses to be
 * written to; so does the source once it has moved. Their table `moved` has the
 * words for it, and their version is negative.
 */
#ifndef STORE_MOVE_H
#define STORE_MOVE_H

#include "store/store.h"

struct move_calls {
	/*
	 * Called after each step that is stored, with the events so far and in
	 * all. False: stop, with ERR_BUSY; what was stored stays.
	 */
	bool (*progress)(void *arg, int64_t done, int64_t all);
	/* store_move_check: a difference, as a sentence. */
	void (*difference)(void *arg, const char *words);
	void *arg;
	int64_t page; /* so many events in a write; 0: the default */
};

struct move_goal {
	const char *where; /* names TO in the words for those who write to FROM later */
	bool final;        /* finish the move */
};

/*
 * Copies what TO lacks, in short reads of FROM and short writes of TO. FROM and
 * TO are the same ledger, before and after: a move that was interrupted goes on.
 * If the goal is final, FROM must be open for writing; takes its writer's lock for
 * the rest, and finishes the move. Otherwise the move stays unfinished.
 * ERR_CONFLICT: TO has another ledger. *RET_EVENTS: the events of TO.
 */
int store_move(struct store *from, struct store *to, const struct move_goal *goal,
	       const struct move_calls *calls, int64_t *ret_events, struct error *err);

/*
 * Compares all tables, and the events by account and month, by checksums that
 * are computed at both ends. *RET_N: the differences. One snapshot of each end.
 */
int store_move_check(struct store *from, struct store *to, const struct move_calls *calls,
		     size_t *ret_n, int64_t *ret_events, struct error *err);

#endif
