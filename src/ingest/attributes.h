/*
 * attributes.h - CloudEvents in binary mode: the attributes are the request's headers, its body is
 * the data (CloudEvents 1.0, HTTP protocol binding, 3.1).
 */
#ifndef INGEST_ATTRIBUTES_H
#define INGEST_ATTRIBUTES_H

#include "base/arena.h"
#include "usage/event.h"

/* The value of the header NAME ("ce-id"), or NULL. */
typedef const char *(*header_find)(const void *arg, const char *name);

/* Is this one event in binary mode? Only where the Content-Type isn't one of CloudEvents itself. */
bool attributes_present(header_find find, const void *arg);

/*
 * Fills the attributes of *RET from the headers: quotes are taken off, then %XX decoded once. The texts live in ARENA. -1: ERR_PARAM
 * naming the attribute that can't be decoded; what can be is filled all the same.
 */
int attributes_read(header_find find, const void *arg, struct arena *arena, struct raw_event *ret, struct error *err);

/* Does the media type (LEN bytes, perhaps with parameters) say JSON? */
bool type_is_json(const char *type, size_t len);

#endif
