/*
 * event_read.h - whole events: with their account, texts, state and correction.
 */
#ifndef STORE_EVENT_READ_H
#define STORE_EVENT_READ_H

#include "store/store.h"

enum event_state {
	EVENT_CURRENT,
	EVENT_AMENDED,
	EVENT_VOID,
	EVENT_REVERSAL,
	EVENT_REPLACEMENT,
	EVENT_STATES
};

struct found_event {
	struct stored_event event; /* with attributes, if they were asked for */
	struct series series;
	const char *account_sid, *account_name, *currency;
	const char *source;
	/* of built-in dimensions; NULL: none. Others are attributes */
	const char *dim[DIMENSIONS_BUILT_IN];
	enum event_state state;
	/*
	 * of an entry: the correction that added the entry; of another event:
	 * its last correction; NULL: none
	 */
	const struct correction *correction;
	/* of an entry: identity of the corrected event */
	const char *corrects_source, *corrects;
	/*
	 * of an entry, if attributes were asked for: the event's last
	 * correction
	 */
	int64_t last_correction;
};

struct event_keys {
	const struct event_key *list;
	size_t n;
	/*
	 * also read the attributes of each event; of an entry, those of the
	 * event that it corrects
	 */
	bool attributes;
	/*
	 * read the texts of events in the same statement, which takes longer than
	 * one more statement, unless each is a round trip
	 */
	bool joined;
};

/*
 * Reads events in ARENA, in one statement, or in two: see event_keys. An event
 * that does not exist has the series 0.
 */
int store_events_read(struct store *st, const struct event_keys *keys, struct arena *arena,
		      struct found_event *ret, struct error *err);
/* Reads one event as store_events_read. 1 found, 0 none, -1 failed. */
int store_event_read(struct store *st, const struct event_key *key, struct arena *arena,
		     struct found_event *ret, struct error *err);

/*
 * Reads only the states of N events, in one statement. The scratch memory is in
 * ARENA.
 */
int store_event_states(struct store *st, const struct event_key *keys, size_t n,
		       struct arena *arena, enum event_state *ret, struct error *err);

#endif
