/*
 * read_ahead.h - reads and checks events in a thread of its own, so that one
 * core parses while another one commits. Memory is bounded: two blocks of
 * events.
 */
#ifndef INGEST_READ_AHEAD_H
#define INGEST_READ_AHEAD_H

#include "ingest/reader.h"

struct read_ahead;

/*
 * A block of records in the order of the stream, ready for a submission: each
 * has passed event_check or is rejected.
 */
struct event_block {
	struct event *events;
	size_t n;
	struct arena *arena; /* for reasons of rejected events: as long as the block */
	int64_t skipped;     /* records that the mapping skipped */
};

enum read_ahead_result { AHEAD_BLOCK, AHEAD_NOT_YET, AHEAD_END, AHEAD_FAILED };

/*
 * Starts the thread. R is the thread's until read_ahead_stop. Events whose time
 * is more than AHEAD_US after NOW_US are rejected.
 */
int read_ahead_start(struct reader *r, int64_t now_us, int64_t ahead_us, struct read_ahead **ret,
		     struct error *err);

/*
 * The next block, good until the next call; AHEAD_NOT_YET after WAIT_MS without
 * one. AHEAD_FAILED: the stream broke; all records before it were given.
 */
enum read_ahead_result read_ahead_next(struct read_ahead *q, int wait_ms, struct event_block *ret,
				       struct error *err);

/*
 * Ends the thread. It may be waiting for the reader's bytes: they must come, or
 * end, soon. NULL is allowed.
 */
void read_ahead_stop(struct read_ahead **q);

#endif
