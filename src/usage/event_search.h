/*
 * event_search.h - finds events by account, effective time, category,
 * dimensions, state or identity, with the names of categories and states.
 *
 * Events come in the order of effective time, source, id and account; newest or
 * oldest first. The cost of a search grows with the number of postings in its
 * range. The cost of one page is limited: a search that reaches the limit stops
 * and returns the position to continue from.
 */
#ifndef USAGE_EVENT_SEARCH_H
#define USAGE_EVENT_SEARCH_H

#include "store/event_find.h"
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
	bool prefix[DIMENSIONS];     /* values that begin so */
	const char *source, *id;     /* NULL: any */
	/* enum event_state, EVENT_LATE, or -1: any */
	int state;
	bool oldest_first;
};

struct event_page {
	const struct catalogue *catalogue;
	struct event_slice slice;
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

#endif
