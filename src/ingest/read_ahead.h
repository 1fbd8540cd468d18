/*
 * read_ahead.h - reads and checks events in a thread of its own, so that one
 * core parses while another one commits. Memory is bounded.
 */
#ifndef INGEST_READ_AHEAD_H
#define INGEST_READ_AHEAD_H

#include "ingest/reader.h"

struct read_ahead;

/*
 * So many blocks the caller may have at a time: the more events are stored
 * together, the less often each page of the ledger is written.
 */
enum { AHEAD_HELD = 8 };

/*
 * A block of records in the order of the stream, ready for a submission: each
 * has passed event_check or is rejected.
 */
struct event_block {
	struct event *events;
	size_t n;
	/* for errors of rejected events; lives as long as the block */
	struct arena *arena;
	int64_t skipped; /* records that the mapping skipped */
};

enum read_ahead_result { AHEAD_BLOCK, AHEAD_NOT_YET, AHEAD_END, AHEAD_FAILED };

/*
 * Starts the thread. Don't use R before read_ahead_stop. Events whose time is
 * more than AHEAD_US after NOW_US are rejected.
 */
int read_ahead_start(struct reader *r, int64_t now_us, int64_t ahead_us, struct read_ahead **ret,
		     struct error *err);

/*
 * Gets the next block, which the caller has until read_ahead_release; but the
 * raw texts of events that are not rejected are valid until the next call. A
 * caller that has AHEAD_HELD blocks must release them before. Returns
 * AHEAD_NOT_YET if there is no block within WAIT_MS, AHEAD_FAILED if the stream
 * broke and all records before that were returned.
 */
enum read_ahead_result read_ahead_next(struct read_ahead *q, int wait_ms, struct event_block *ret,
				       struct error *err);

/* Gives back all blocks. */
void read_ahead_release(struct read_ahead *q);

/*
 * Ends the thread. The thread may be waiting in the reader for bytes, so its
 * stream must deliver bytes or end soon. *q may be NULL.
 */
void read_ahead_stop(struct read_ahead **q);

#endif
