/*
 * attributes.h - CloudEvents in binary mode: the headers of a request are the
 * attributes, the body is the data (CloudEvents 1.0, HTTP protocol binding,
 * 3.1).
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
 * Do the N headers of LIST describe an event? Call it only if the Content-Type
 * is not a type of CloudEvents.
 */
bool attributes_present(const struct event_header *list, size_t n);

/*
 * Sets the attributes of *RET from the headers: removes quotes, then decodes
 * %XX once. Adds extensions to the attributes that *RET has from its data. The
 * texts live in ARENA. Returns -1 with ERR_PARAM if an attribute can't be
 * decoded; all other attributes are set.
 */
int attributes_read(const struct event_header *list, size_t n, struct arena *arena,
		    struct raw_event *ret, struct error *err);

/* Is the media type JSON? TYPE has LEN bytes and may have parameters. */
bool type_is_json(const char *type, size_t len);

#endif
