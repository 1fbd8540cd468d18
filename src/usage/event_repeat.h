/*
 * event_repeat.h - an event that was sent before: compares it with the stored
 * event of its identity.
 */
#ifndef USAGE_EVENT_REPEAT_H
#define USAGE_EVENT_REPEAT_H

#include "usage/declared_values.h"
#include "usage/event.h"

/*
 * Checks whether an event of this identity is stored; the id of the source may
 * be unknown. 1 yes, 0 no, -1 failed.
 */
int event_repeat_stored(struct store *st, const struct event *ev, struct error *err);

/*
 * Is the stored event equal to EV but for dimensions that were declared later?
 * The stored event may have no value of these; then the attributes of both must
 * have equal values of the dimensions in DECLARED. The ids of EV's source and
 * series must be known. 1 yes, 0 no, -1 failed.
 */
int event_repeat_equal(struct store *st, const struct declared_list *declared,
		       const struct event *ev, struct error *err);

#endif
