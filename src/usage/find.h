/*
 * find.h - events one by one: of some accounts and a range of time, with a
 * category, dimensions, a state.
 *
 * They come in the order of effective time, source, id and account, newest
 * first or oldest first. The cost of an answer grows with what the range it
 * passes over holds, hour by hour, and is bounded: a search that finds little
 * stops where it is and says where to go on.
 */
#ifndef USAGE_FIND_H
#define USAGE_FIND_H

#include "usage/correct.h"

/*
 * Beside its state: an event, or a correction's entry, that takes effect after
 * its own time.
 */
enum { EVENT_LATE = EVENT_STATES, EVENT_FILTERS };

/* What events can be found by, ended by NULL: the states, and "late". */
extern const char *const event_filter_names[EVENT_FILTERS + 1];

struct event_query {
	int64_t family; /* of all the accounts, if they are of one; else 0 */
	const int64_t *accounts;
	size_t n_accounts;
	int64_t from_us, to_us; /* of effective time, TO exclusive */
	/*
	 * catalogue index, with those below it; CATALOGUE_NONE or totalprice:
	 * any
	 */
	size_t category;
	const char *dim[DIMENSIONS]; /* NULL: any */
	const char *source, *id;     /* likewise */
	int state;                   /* enum event_state, EVENT_LATE, or -1: any */
	bool oldest_first;
};

/* After this one; all zero: from the beginning. */
struct event_position {
	int64_t effective_us, source, account;
	const char *id; /* NULL: no position; may hold no NUL */
};

/* A page of a list. */
struct event_search {
	const struct catalogue *catalogue;
	struct event_position start;
	size_t limit;
};

struct found_event {
	struct stored_event event;
	struct series series;
	const char *source;
	const char *dim[DIMENSIONS]; /* NULL: none */
	enum event_state state;
	/* that it is part of, or else the last one made to it; NULL: none */
	const struct correction *correction;
	/* of a reversal or a replacement: the event that was corrected */
	const char *corrects_source, *corrects;
};

struct found_events {
	struct found_event *list;
	size_t n;
	bool more; /* there may be more of them, after `next` */
	struct event_position next;
};

/*
 * At most `limit` events after `start`, in ARENA; perhaps fewer, or none, though
 * there are more. ST must be in a read.
 */
int events_find(struct store *st, const struct event_query *q, const struct event_search *page,
		struct arena *arena, struct found_events *ret, struct error *err);

/*
 * Where the page of `limit` events before `start` begins: the opposite way. *ret is all
 * zero at the beginning.
 */
int events_back(struct store *st, const struct event_query *q, const struct event_search *page,
		struct arena *arena, struct event_position *ret, struct error *err);

/* The event of that identity with all about it: 1 found, 0 none, -1. */
int event_load(struct store *st, const struct event_key *key, struct arena *arena,
	       struct found_event *ret, struct error *err);

#endif
