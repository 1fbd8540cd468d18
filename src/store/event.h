/*
 * event.h - events, by identity.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "store/store.h"

/*
 * Adds N events in one go, best sorted by (source, id), with their attributes,
 * and sets their verdicts: VERDICT_CREATED; or where another event has the
 * identity already, VERDICT_DUPLICATE if everything else is the same too, else
 * VERDICT_CONFLICT, and nothing is added. In a write.
 */
int store_events_add(struct store *st, struct stored_event *events, size_t n, struct error *err);

/* The event of that identity: 1 found, 0 none, -1. Its id lives in ARENA. */
int store_event_find(struct store *st, const struct event_key *key, struct arena *arena,
		     struct stored_event *ret, struct error *err);
/*
 * The attributes of the event of that identity: 1 and *ret in ARENA, 0 it has
 * none, -1.
 */
int store_event_attributes(struct store *st, const struct event_key *key, struct arena *arena,
			   const char **ret, struct error *err);

#endif
