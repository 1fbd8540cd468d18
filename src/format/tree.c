#include "format/tree.h"

#include "base/banned.h"

void tree_text(struct json_object *o, const char *key, const char *text)
{
	if (text)
		json_object_object_add(o, key, json_object_new_string(text));
}

void tree_int(struct json_object *o, const char *key, int64_t n)
{
	json_object_object_add(o, key, json_object_new_int64(n));
}

void tree_bool(struct json_object *o, const char *key, bool yes)
{
	json_object_object_add(o, key, json_object_new_boolean(yes));
}

struct json_object *tree_object(struct json_object *o, const char *key)
{
	struct json_object *member = json_object_new_object();

	json_object_object_add(o, key, member);
	return member;
}

struct json_object *tree_list(struct json_object *o, const char *key)
{
	struct json_object *member = json_object_new_array();

	json_object_object_add(o, key, member);
	return member;
}

struct json_object *tree_item(struct json_object *list)
{
	struct json_object *item = json_object_new_object();

	json_object_array_add(list, item);
	return item;
}

void tree_add(struct json_object *list, const char *text)
{
	json_object_array_add(list, json_object_new_string(text));
}

void tree_write(struct json_object *tree, struct strbuf *out)
{
	size_t len;
	const char *text = json_object_to_json_string_length(
		tree, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	strbuf_addn(out, text, len);
	json_object_put(tree);
}
