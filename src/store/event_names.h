/*
 * event_names.h - the names in a query for events (event_find.h) as ids.
 */
#ifndef STORE_EVENT_NAMES_H
#define STORE_EVENT_NAMES_H

#include "store/event_find.h"

/* Ids, ascending, each once. */
struct id_list {
	const int64_t *ids;
	size_t n;
};

struct event_names {
	struct id_list accounts; /* those that can have events that match */
	struct id_list sources;  /* if the query has a source */
	/* the values of the dimensions that the query has */
	struct id_list dim[DIMENSIONS];
};

/*
 * Finds the ids, in ARENA: a statement for the source and one for each
 * dimension. ERR_TOO_LARGE: very many values begin with a prefix.
 */
int store_event_names(struct store *st, const struct event_find *q, struct arena *arena,
		      struct event_names *ret, struct error *err);

/* Does the query want one event of any account? */
static inline bool event_find_any_account(const struct event_find *q)
{
	return q->id && !q->accounts;
}

/*
 * A text, in ARENA, that is above all texts that begin with PREFIX.
 */
const char *store_prefix_end(struct arena *arena, const char *prefix);

#endif
