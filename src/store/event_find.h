/*
 * event_find.h - one question for a page of events: by account, effective time,
 * category, dimensions, state or identity.
 *
 * Events come in the order of effective time, source, id and account; newest or
 * oldest first. A page takes at most four statements, and one more for each
 * further dimension in the query. Only a search that passes thousands of events
 * takes more: one or two for each fourfold number of them.
 */
#ifndef STORE_EVENT_FIND_H
#define STORE_EVENT_FIND_H

#include "store/event_read.h"

struct event_find {
	int64_t family; /* the family of `accounts`; 0: several */
	/* NULL, with an id: any */
	const int64_t *accounts;
	size_t n_accounts;
	int64_t from_us, to_us; /* effective time, TO exclusive */
	/* ids, ascending; NULL: any */
	const int64_t *categories;
	size_t n_categories;
	/*
	 * A SIM or fleet: its SID, or its unique name if the account has not
	 * used such a SID. NULL: any
	 */
	const char *dim[DIMENSIONS];
	bool prefix[DIMENSIONS]; /* values that begin with the text of `dim` */
	const char *source, *id; /* NULL: any */
	int state;               /* enum event_state, or -1: any */
	bool late;               /* only events that take effect after their time */
	bool oldest_first;
	bool attributes; /* as of store_events_read */
};

/* A position in the list: after this event. All zero: the beginning. */
struct event_position {
	int64_t effective_us, source, account;
	const char *id; /* NULL: the beginning; holds no NUL */
};

struct found_events {
	struct found_event *list;
	size_t n;
	bool more; /* there may be more events after `next` */
	struct event_position next;
};

/* A page of the list: at most LIMIT events after START. */
struct event_slice {
	struct event_position start;
	size_t limit;
};

/*
 * Reads a page, in ARENA. A search that has passed
 * very many events stops: the page may have fewer events than its limit, or
 * none, even if `more` is true. ST must be in a read or write.
 */
int store_events_find(struct store *st, const struct event_find *q, const struct event_slice *page,
		      struct arena *arena, struct found_events *ret, struct error *err);

/*
 * Finds the position at which the page before PAGE begins. All zero: that page
 * is the first page.
 */
int store_events_back(struct store *st, const struct event_find *q, const struct event_slice *page,
		      struct arena *arena, struct event_position *ret, struct error *err);

#endif
