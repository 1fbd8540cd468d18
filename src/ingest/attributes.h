/*
 * attributes.h - CloudEvents in binary mode: the attributes are headers of the
 * request, the data is its body (CloudEvents 1.0, HTTP protocol binding, 3.1).
 */
#ifndef INGEST_ATTRIBUTES_H
#define INGEST_ATTRIBUTES_H

#include "base/arena.h"
#include "usage/event.h"

/* The header ce-NAME of a request. NAME is in lower case. */
struct event_header {
	const char *name, *value;
};

/*
 * Do the N headers of LIST describe an event? Ask only if the Content-Type
 * isn't one of CloudEvents.
 */
bool attributes_present(const struct event_header *list, size_t n);

/*
 * Sets the attributes of *RET from the headers: removes quotes, then decodes
 * %XX once. Extensions are added to the attributes that *RET has from its data.
 * The texts live in ARENA. -1: ERR_PARAM names an attribute that can't be
 * decoded; the others are set.
 */
int attributes_read(const struct event_header *list, size_t n, struct arena *arena,
		    struct raw_event *ret, struct error *err);

/* Does the media type (LEN bytes, perhaps with parameters) say JSON? */
bool type_is_json(const char *type, size_t len);

#endif
