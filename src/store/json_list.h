/*
 * json_list.h - lists as JSON: the parameter of a statement that takes a list,
 * with json_each().
 */
#ifndef STORE_JSON_LIST_H
#define STORE_JSON_LIST_H

#include "store/store.h"

/* "[1,2,3]", in ARENA. */
const char *json_list_ids(struct arena *arena, const int64_t *ids, size_t n);
/*
 * ["7:id","9:id"], in ARENA: each key as the number of its source, a colon and
 * its id. KEY_SOURCE and KEY_ID are the parts of such a text in SQL.
 */
const char *json_list_keys(struct arena *arena, const struct event_key *keys, size_t n);

#define KEY_SOURCE(text) "CAST(" text " AS INTEGER)"
#define KEY_ID(text)     "substr(" text ", instr(" text ", ':') + 1)"

#endif
