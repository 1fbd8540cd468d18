/*
 * members.h - collects the attributes of an event: all members that are no
 * fields. The attributes are written as one JSON object, sorted by name,
 * without spaces.
 *
 * An event keeps EVENT_ATTRIBUTES_MAX bytes: a member that doesn't fit after
 * the earlier members is omitted, and so is a number that json-c can't hold.
 * Each byte that isn't UTF-8 becomes U+FFFD.
 */
#ifndef INGEST_MEMBERS_H
#define INGEST_MEMBERS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "base/strbuf.h"
#include "mapping/mapping.h"
#include "usage/event.h"

/* The shortest member is "":0 and a comma. */
enum { MEMBERS_MAX = EVENT_ATTRIBUTES_MAX / 5 };

struct members {
	struct strbuf text; /* of all members: "name":value each */
	struct member {
		size_t at, name_len, len;
	} list[MEMBERS_MAX];
	size_t n;
	struct strbuf out;
	struct strbuf value; /* of one attribute of a mapping */
};

void members_init(struct members *m);
void members_release(struct members *m);
void members_clear(struct members *m);

/* Adds a member. Of two members of the same name, the first is kept. */
void members_add(struct members *m, const char *name, json_object *value);

/* The same for a text. */
void members_add_text(struct members *m, const char *name, const char *value, size_t len);

/*
 * Sets the attributes of *RET to those that the mapping gives the record. -1:
 * the record can't be mapped.
 */
int members_map(struct members *m, const struct mapping *mapping, struct record_cells row,
		struct raw_event *ret, struct error *err);

/*
 * Sets the attributes of *RET to all members; without members, to none. The
 * text lives until the next call.
 */
void members_set(struct members *m, struct raw_event *ret);

/*
 * May the data of EV have a member NAME that is no field? False if NAME looks
 * like a misspelled field that EV lacks; then *ret_near is the name of this
 * field. Names of fields outside the data are allowed.
 */
bool members_may_be_data(const char *name, const struct raw_event *ev, const char **ret_near);

/*
 * Is VALUE a whole number beyond 64 bits, which json-c has replaced by the
 * nearest 64-bit number?
 */
bool members_is_clamped(json_object *value);

/*
 * Parses TEXT as one JSON object; NULL if TEXT is none. Free the result with
 * json_object_put.
 */
json_object *members_parse(const char *text, size_t len);

#endif
