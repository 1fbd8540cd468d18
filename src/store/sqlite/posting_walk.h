/*
 * posting_walk.h - reads the postings of several accounts in the order of time,
 * in one statement, however many accounts and postings there are.
 */
#ifndef STORE_POSTING_WALK_H
#define STORE_POSTING_WALK_H

#include <glib.h>
#include "store/internal.h"

/* A posting, with its account. */
struct account_posting {
	int64_t account;
	struct posting posting;
};

struct posting_range {
	const int64_t *accounts;
	size_t n_accounts;
	int64_t from_us, to_us; /* effective time, TO exclusive */
	bool forwards;          /* oldest first */
	/* only late events; those before them are not read */
	bool late;
};

struct posting_walk {
	/*
	 * The postings of the last step, in no order. A step has all postings
	 * of a stretch of time, and each step's stretch is beyond that of the
	 * step before. Steps may have postings outside the range. An instant
	 * with very many postings takes several steps: all but its last one are
	 * `partial`, and the next one has more postings of the instant `edge_us`.
	 */
	struct account_posting *list;
	size_t n;
	/* the last instant (backwards: the first) of the step's stretch */
	int64_t edge_us;
	bool partial;
	size_t n_read; /* postings that the step has read, also for later steps */

	/* the rest is the walk's own */
	struct stmt *s; /* at the first row not read yet; NULL at the end */
	struct posting_range range;
	/* struct account_posting: read, but of a later stretch */
	GArray *later;
	/* ids of `later`; the other arena is empty between two steps */
	struct arena ids[2];
	int used;
};

/*
 * Begins a walk. Its list of accounts is in ARENA, which must live until
 * posting_walk_end. A store can have one walk at a time. Also after a failure,
 * call posting_walk_end.
 */
int posting_walk_begin(struct store *st, const struct posting_range *range, struct arena *arena,
		       struct posting_walk *ret, struct error *err);
/*
 * Reads the next step, in ARENA. 1 read, 0 the walk is at its end, -1 failed. A
 * walk of zeros is at its end.
 */
int posting_walk_step(struct posting_walk *w, struct arena *arena, struct error *err);
void posting_walk_end(struct posting_walk *w);

#endif
