/*
 * identity_order.h - the order of the table of events: by identity. The ids of the
 * sources must be known.
 */
#ifndef USAGE_IDENTITY_ORDER_H
#define USAGE_IDENTITY_ORDER_H

#include <glib.h>
#include "usage/event.h"

struct identity_order {
	/* struct event, by identity; events of one identity as they were sent */
	GPtrArray *events;
	GPtrArray *partitioned; /* swapped with EVENTS when these are ordered */
};

void identity_order_init(struct identity_order *o);
void identity_order_release(struct identity_order *o);

/* Replaces the events of O by those of SENT that are not rejected. */
void identity_order_set(struct identity_order *o, const GPtrArray *sent);

/* The event at place I. */
static inline struct event *identity_order_at(const struct identity_order *o, size_t i)
{
	return g_ptr_array_index(o->events, i);
}

/* Has the event at place I the identity of the event before it? */
bool identity_order_repeats(const struct identity_order *o, size_t i);

#endif
