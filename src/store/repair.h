/*
 * repair.h - the writes of store_rebuild. A repair computes a difference in a
 * snapshot and adds it to the ledger as it is now. This is correct because
 * others only ever add. Writes are short, so that others can write in between.
 */
#ifndef STORE_REPAIR_H
#define STORE_REPAIR_H

#include "store/internal.h"

struct repair {
	struct store *from, *to; /* the snapshot; the ledger as it is now */
	bool writing;
	int64_t since_ms; /* when the write began */
	/*
	 * number of this rebuild. Two at once would add each difference twice,
	 * so the earlier one stops
	 */
	int64_t generation;
};

/* Begins a rebuild, in a write of its own. Set r->from and r->to before. */
int repair_begin(struct repair *r, struct error *err);
/* Begins a write unless one is open. ERR_BUSY: another rebuild has begun. */
int repair_open(struct repair *r, struct error *err);
/* Commits the write if it is END or has taken long. */
int repair_pause(struct repair *r, bool end, struct error *err);
/* Commits the last write if RC is 0, or else undoes it. Returns RC, or -1. */
int repair_end(struct repair *r, int rc, struct error *err);

/* Repairs the table series_value. Adds the number of its problems to *N. */
int repair_series(struct repair *r, size_t *n, struct error *err);

#endif
