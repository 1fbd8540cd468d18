/*
 * feed.h - events of a reader, read and checked ahead in a thread of their own,
 * so that one core parses while another one commits. What is read ahead is
 * bounded in events and in bytes.
 */
#ifndef INGEST_FEED_H
#define INGEST_FEED_H

#include "ingest/reader.h"

/*
 * One record: an event that has passed event_check, or what is wrong with it.
 */
struct feed_item {
	struct event event;
	/*
	 * what the event points to; else source, id and subject, where they are
	 * known
	 */
	struct raw_event raw;
	const char *reason; /* NULL: the event is good */
	const char *field;  /* at fault, or "" */
	const char *code;   /* "unreadable", or as event_refusal_code; static */
	int64_t line;
	const char *record; /* its own text */
	size_t record_len;
};

struct feed_chunk {
	const struct feed_item *items;
	size_t n;
	int64_t left_out; /* rows among them that the mapping left out */
};

enum feed_result { FEED_CHUNK, FEED_NOT_YET, FEED_END, FEED_FAILED };

struct feed;

/*
 * R is the feed's until feed_stop. Times more than AHEAD_US after NOW_US are
 * refused.
 */
int feed_start(struct reader *r, int64_t now_us, int64_t ahead_us, struct feed **ret,
	       struct error *err);

/*
 * The next chunk, good until the next call; FEED_NOT_YET after WAIT_MS without
 * one. FEED_FAILED: the stream broke.
 */
enum feed_result feed_next(struct feed *f, int wait_ms, struct feed_chunk *ret, struct error *err);

/*
 * Ends the thread, which may be waiting for the reader's bytes: they must come,
 * or end, soon. NULL is allowed.
 */
void feed_stop(struct feed **f);

#endif
