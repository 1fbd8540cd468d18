/*
 * event.h - events, by identity.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "store/store.h"

/*
 * Adds N events with their attributes and sets their verdicts. Fastest if
 * sorted by source and id. VERDICT_CREATED: the event was added.
 * VERDICT_DUPLICATE: an event with this identity and equal series, time and
 * amounts exists. VERDICT_CONFLICT: an event with this identity, but another
 * series, time or amount exists. In a write.
 */
int store_events_add(struct store *st, struct stored_event *events, size_t n, struct error *err);

/*
 * Finds an event by identity. 1 found (the id in *RET is in ARENA), 0 none, -1
 * failed.
 */
int store_event_find(struct store *st, const struct event_key *key, struct arena *arena,
		     struct stored_event *ret, struct error *err);
/* What an event is called. */
struct event_name {
	/* of its source, or 0: any; entries of corrections have none */
	int64_t family;
	const char *source; /* NULL: any */
	const char *id;
};

struct event_place {
	int64_t source, account;
	const char *source_text;
};

/*
 * Finds the events of that name, at most LIMIT, in ARENA. An event that is there
 * takes hardly longer than none, so that the time does not tell what others
 * have.
 */
int store_event_places(struct store *st, const struct event_name *name, size_t limit,
		       struct arena *arena, struct event_place **ret, size_t *ret_n,
		       struct error *err);
/* Reads the attributes of an event, in ARENA. 1 found, 0 none, -1 failed. */
int store_event_attributes(struct store *st, const struct event_key *key, struct arena *arena,
			   const char **ret, struct error *err);

#endif
