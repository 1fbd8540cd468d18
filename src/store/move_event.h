/*
 * move_event.h - the events of a ledger, as a move copies and compares them: in
 * ranges of (source, id), each of which is a row of the target's table `move`.
 */
#ifndef STORE_MOVE_EVENT_H
#define STORE_MOVE_EVENT_H

#include <glib.h>
#include "store/move.h"
#include "store/move_table.h"

struct move_events {
	struct store *from, *to;
	int64_t mark; /* move_target_begin */
	const struct move_calls *calls;
	int64_t done, all; /* events */
	/* the target adds up events as they come; otherwise later, all together */
	bool adds_up;
	int64_t until; /* a time: after it, move_events_copy may stop */
	/* some events are of other series than before; also META_MOVING_REFILED */
	bool refiled;
};

/*
 * Begins a write of TO, into which the ledger with that MARK is being moved.
 * ERR_CONFLICT: that move has ended meanwhile.
 */
int move_target_begin(struct store *to, int64_t mark, struct error *err);

/* Makes the table `move`. In a write of m->to. */
int move_ranges_make(struct store *to, struct error *err);

/*
 * Copies the events behind the last range, in ranges. In a transaction of
 * m->from; in writes of its own of m->to. 1 there may be more, 0 no more, -1
 * failed.
 */
int move_events_copy(struct move_events *m, struct error *err);

/*
 * Copies again the ranges whose events are other ones than before. WHOLE: reads
 * all events; otherwise the database adds up their numbers. ERR_CONFLICT: the target
 * has events that the source does not have.
 */
int move_events_again(struct move_events *m, bool whole, struct error *err);

/* The checksum of an account's events in a month. */
struct move_month {
	int64_t account, month;
	struct move_sum sum;
};

/*
 * Computes the checksums of all events of ST: a set of struct move_month, to be
 * freed. NULL: failed.
 */
GHashTable *move_events_sum(struct store *st, const struct move_calls *calls, int64_t *ret_n,
			    struct error *err);

#endif
