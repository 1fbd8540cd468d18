/*
 * attributes.h - CloudEvents in binary mode: the attributes are the request's
 * headers, its body is the data (CloudEvents 1.0, HTTP protocol binding, 3.1).
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
 * Do the N headers of LIST make an event? Only where the Content-Type isn't one
 * of CloudEvents itself.
 */
bool attributes_present(const struct event_header *list, size_t n);

/*
 * Fills the attributes of *RET from the headers: quotes are taken off, then %XX
 * decoded once. Extensions are kept beside the members of the data that *RET
 * has as its own attributes already. The texts live in ARENA. -1: ERR_PARAM
 * naming the attribute that can't be decoded; what can be is filled all the
 * same.
 */
int attributes_read(const struct event_header *list, size_t n, struct arena *arena,
		    struct raw_event *ret, struct error *err);

/* Does the media type (LEN bytes, perhaps with parameters) say JSON? */
bool type_is_json(const char *type, size_t len);

#endif
