/*
 * members.h - the attributes of an event: its members that have no meaning of
 * their own, gathered one by one and written as one JSON object, sorted by
 * name, without spaces.
 *
 * An event keeps EVENT_ATTRIBUTES_MAX bytes: a member that doesn't fit behind
 * those before it is left out, and so is a number that json-c can't hold. Bytes
 * that aren't UTF-8 become U+FFFD, one each.
 */
#ifndef INGEST_MEMBERS_H
#define INGEST_MEMBERS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "base/strbuf.h"
#include "usage/event.h"

/* The shortest is "":0 and a comma. */
enum { MEMBERS_MAX = EVENT_ATTRIBUTES_MAX / 5 };

struct members {
	struct strbuf text; /* of all members: "name":value each */
	struct member {
		size_t at, name_len, len;
	} list[MEMBERS_MAX];
	size_t n;
	struct strbuf out;
};

void members_init(struct members *m);
void members_release(struct members *m);
void members_clear(struct members *m);

/* Of two members of one name the first is kept. */
void members_add(struct members *m, const char *name, json_object *value);

/* The same; the value is a text. */
void members_add_text(struct members *m, const char *name, const char *value, size_t len);

/*
 * Sets the attributes of *RET, which live until the next call; none if there
 * are no members.
 */
void members_set(struct members *m, struct raw_event *ret);

/*
 * Is NAME one that an event's data may have beside its fields? A name of the
 * event itself may stand there, too. One that EV lacks a field for, which it
 * may be meant to be, may not (*ret_near): then it stands beside the data.
 */
bool members_may_be_data(const char *name, const struct raw_event *ev, const char **ret_near);

/*
 * A whole number beyond 64 bits: json-c has put the nearest that fits in its
 * place.
 */
bool members_is_clamped(json_object *value);

/* The JSON object that is all of TEXT, or NULL. For json_object_put. */
json_object *members_parse(const char *text, size_t len);

#endif
