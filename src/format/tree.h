/*
 * tree.h - builds json-c trees, for documents and for templates. A tree owns
 * its values.
 */
#ifndef FORMAT_TREE_H
#define FORMAT_TREE_H

#include <json-c/json.h>
#include "base/strbuf.h"

/* A NULL text adds nothing. */
void tree_text(struct json_object *o, const char *key, const char *text);
void tree_int(struct json_object *o, const char *key, int64_t n);
void tree_bool(struct json_object *o, const char *key, bool yes);

/* Returns a new member: an object or a list. */
struct json_object *tree_object(struct json_object *o, const char *key);
struct json_object *tree_list(struct json_object *o, const char *key);

/* Appends a new object to LIST and returns it. */
struct json_object *tree_item(struct json_object *list);
void tree_add(struct json_object *list, const char *text);

/* Appends the tree as JSON and frees it. */
void tree_write(struct json_object *tree, struct strbuf *out);

#endif
