/*
 * batch.h - events that a test collects and stores together.
 */
#ifndef TESTS_UNIT_BATCH_H
#define TESTS_UNIT_BATCH_H

#include <string.h>
#include "usage/ledger.h"

/* All zero: empty. */
struct batch {
	struct event *events;
	size_t n, size;
	struct arena arena;
	bool atomic; /* the next one shall be */
	bool stored; /* its events stay to be looked at; the next one begins a new batch */
};

/* Copies and checks the event. 0, or -1: it is not added. */
static inline int batch_add(struct batch *b, const struct raw_event *raw, int64_t now_us,
			    int64_t ahead_us, struct error *err)
{
	struct raw_event own = *raw;
	struct event ev = { .raw = &own, .line = 1 };

	if (b->stored) {
		arena_release(&b->arena);
		*b = (struct batch) { 0 };
	}
	if (event_check(&ev, now_us, ahead_us, err) < 0)
		return -1;
	if (b->n == b->size) {
		size_t size = b->size ? 2 * b->size : 16;

		b->events = arena_grow(&b->arena, b->events, b->n * sizeof(ev), size * sizeof(ev));
		b->size = size;
	}
	event_keep_raw(&ev, raw, &b->arena);
	b->events[b->n++] = ev;
	return 0;
}

static inline int batch_store(struct batch *b, struct ledger *l, struct error *err)
{
	struct submission s = {
		.events = b->events, .n = b->n, .atomic = b->atomic, .arena = &b->arena
	};

	if (b->stored)
		s.n = b->n = 0;
	b->stored = true;
	return ledger_store(l, &s, err);
}

#endif
