/*
 * event_counts.h - the numbers of events by source and verdict. One thread
 * counts; any thread reads, without a lock.
 *
 * The number of sources is limited: SOURCES_COUNTED sources that had an event
 * stored have numbers of their own, in the order in which they came. All other
 * sources share the name EVENT_SOURCE_OTHER.
 */
#ifndef USAGE_EVENT_COUNTS_H
#define USAGE_EVENT_COUNTS_H

#include "base/counter.h"
#include "usage/event.h"

enum { SOURCES_COUNTED = 50, SOURCE_COUNTED_BYTES = 100 };

#define EVENT_SOURCE_OTHER "other"

/* The events of one source. Zero is empty. */
struct source_count {
	char name[SOURCE_COUNTED_BYTES + 1];
	counter verdicts[VERDICTS_ALL];
};

/* Zero is empty. */
struct event_counts {
	struct source_count sources[SOURCES_COUNTED];
	counter n; /* sources in use; their names never change */
	struct source_count other;
	struct source_count *last; /* the source of the event before, or NULL */
};

/* Counts EV, which has its verdict. */
void event_counts_add(struct event_counts *c, const struct event *ev);

#endif
