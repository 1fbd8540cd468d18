/*
 * correction.h - corrections of events.
 */
#ifndef STORE_CORRECTION_H
#define STORE_CORRECTION_H

#include "store/store.h"

/* Adds a correction and sets c->id. */
int store_correction_add(struct store *st, struct correction *c, struct error *err);
/* All corrections of an event, oldest first. */
int store_corrections(struct store *st, const struct event_key *event, struct arena *arena,
		      struct correction **ret, size_t *ret_n, struct error *err);
/* The newest correction of an event. 1 found, 0 none, -1 failed. */
int store_correction_last(struct store *st, const struct event_key *event, struct arena *arena,
			  struct correction *ret, struct error *err);
/* 1 found, 0 none, -1 failed. */
int store_correction_by_id(struct store *st, int64_t id, struct arena *arena,
			   struct correction *ret, struct error *err);

#endif
