/*
 * event_search.h - finds events by account, effective time, category,
 * dimensions, state or identity.
 *
 * Events come in the order of effective time, source, id and account; newest or
 * oldest first. The cost of a search grows with the number of postings in its
 * range. The cost of one page is limited: a search that reaches the limit stops
 * and returns the position to continue from.
 */
#ifndef USAGE_EVENT_SEARCH_H
#define USAGE_EVENT_SEARCH_H

#include "usage/correct.h"

/*
 * An additional filter: events and entries that take effect later than their
 * own time.
 */
enum { EVENT_LATE = EVENT_STATES, EVENT_FILTERS };

/* The names of states, and "late". Ends with NULL. */
extern const char *const event_filter_names[EVENT_FILTERS + 1];

struct event_query {
	int64_t family; /* the family of `accounts`; 0: several */
	const int64_t *accounts;
	size_t n_accounts;
	int64_t from_us, to_us; /* effective time, TO exclusive */
	/*
	 * catalogue index, includes subcategories; CATALOGUE_NONE or
	 * totalprice: any
	 */
	size_t category;
	const char *dim[DIMENSIONS]; /* NULL: any */
	const char *source, *id;     /* NULL: any */
	/* enum event_state, EVENT_LATE, or -1: any */
	int state;
	bool oldest_first;
};

/* A position in the list: after this event. All zero: the beginning. */
struct event_position {
	int64_t effective_us, source, account;
	const char *id; /* NULL: the beginning; holds no NUL */
};

/* A page of the list: at most LIMIT events after START. */
struct event_page {
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
	/*
	 * of an entry: the correction that added the entry; of another event:
	 * its last correction; NULL: none
	 */
	const struct correction *correction;
	/* of an entry: identity of the corrected event */
	const char *corrects_source, *corrects;
};

struct found_events {
	struct found_event *list;
	size_t n;
	bool more; /* there may be more events after `next` */
	struct event_position next;
};

/*
 * Reads a page, in ARENA. The page may have fewer events than its limit, or
 * none, even if `more` is true. ST must be in a read.
 */
int event_search(struct store *st, const struct event_query *q, const struct event_page *page,
		 struct arena *arena, struct found_events *ret, struct error *err);

/*
 * Finds the position at which the previous page begins. All zero: the previous
 * page is the first page.
 */
int event_search_back(struct store *st, const struct event_query *q, const struct event_page *page,
		      struct arena *arena, struct event_position *ret, struct error *err);

/*
 * Reads one event with its texts, state and correction. 1 found, 0 none, -1
 * failed.
 */
int event_load(struct store *st, const struct event_key *key, struct arena *arena,
	       struct found_event *ret, struct error *err);

#endif
