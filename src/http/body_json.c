/*
 * JSON bodies: an object whose members are the parameters; a batch is an array
 * of such objects.
 */
#include "http/body_internal.h"

#include <string.h>
#include <json-c/json.h>

#include "base/json_objects.h"
#include "base/banned.h"

/*
 * Is the number too large for json-c, which replaces a whole number beyond 64
 * bits by the limit?
 */
static bool is_clamped(const char *text)
{
	return strcmp(text, "18446744073709551615") == 0 ||
	       strcmp(text, "9223372036854775807") == 0 ||
	       strcmp(text, "-9223372036854775808") == 0;
}

static int read_member(struct body *b, const char *name, json_object *value, struct error *err)
{
	const struct param *p = body_param(b, name, strlen(name), b->op->dialect->any_case);
	const char *text;

	if (!p)
		return 0;
	switch (json_object_get_type(value)) {
	case json_type_null:
		return body_set(b, p, "", 0, err);
	case json_type_object:
	case json_type_array:
		return body_malformed(b, err, "%s must be a string, a number, true, false or null",
				      p->name);
	case json_type_string:
		return body_set(b, p, json_object_get_string(value),
				(size_t)json_object_get_string_len(value), err);
	default:
		text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
		if (is_clamped(text))
			return body_malformed(b, err, "%s is too large a number", p->name);
		return body_set(b, p, text, strlen(text), err);
	}
}

/* Does the text have an escaped NUL, which would cut a name in json-c? */
static bool has_escaped_nul(const char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if (text[i] != '\\')
			continue;
		if (len - i >= 6 && memcmp(text + i + 1, "u0000", 5) == 0)
			return true;
		i++;
	}
	return false;
}

static int read_members(struct body *b, json_object *root, struct error *err)
{
	if (!json_object_is_type(root, json_type_object))
		return body_malformed(b, err, "The body must be a JSON object");
	json_object_object_foreach(root, name,
				   value) if (body_count(b, err) < 0 ||
					      read_member(b, name, value, err) < 0) return -1;
	return 0;
}

/* Parses the body. *ret is for json_object_put; NULL is JSON's null. */
static int parse(struct body *b, json_object **ret, struct error *err)
{
	struct json_tokener *tok;
	int rc = 0;

	if (has_escaped_nul(b->text, b->len))
		return body_malformed(b, err, "\\u0000 is not allowed");
	if (json_objects_exceed(b->text, b->len, BODY_OBJECTS_MAX))
		return body_malformed(b, err, "it has more than %d objects and arrays",
				      BODY_OBJECTS_MAX);
	tok = json_tokener_new_ex(BODY_DEPTH_MAX);
	if (!tok)
		return error_set(err, ERR_INTERNAL, NULL, "Out of memory");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	/*
	 * include the NUL: the parser needs it to end a number at the end of
	 * the text
	 */
	*ret = json_tokener_parse_ex(tok, b->text, (int)b->len + 1);
	if (json_tokener_get_error(tok) != json_tokener_success)
		rc = body_malformed(b, err, "%s at byte %zu",
				    json_tokener_error_desc(json_tokener_get_error(tok)),
				    json_tokener_get_parse_end(tok) + 1);
	json_tokener_free(tok);
	return rc;
}

int body_read_json(struct body *b, struct error *err)
{
	json_object *root = NULL;
	int rc = parse(b, &root, err);

	if (rc == 0)
		rc = read_members(b, root, err);
	json_object_put(root);
	return rc;
}

static int read_items(struct body *b, json_object *list, struct params **ret, size_t *ret_n,
		      struct error *err)
{
	size_t n;

	if (!json_object_is_type(list, json_type_array))
		return body_malformed(b, err, "The body must be a JSON array");
	n = json_object_array_length(list);
	if (n > BODY_BATCH_MAX)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "There are %zu requests; at most %d are allowed in a batch", n,
				 BODY_BATCH_MAX);
	*ret = arena_array(b->params->arena, struct params, n + 1);
	*ret_n = n;
	for (size_t i = 0; i < n; i++) {
		struct body item = *b;

		item.params = &(*ret)[i];
		item.params->arena = b->params->arena;
		if (read_members(&item, json_object_array_get_idx(list, i), err) < 0)
			return -1;
	}
	return 0;
}

int body_read_batch(const struct request *rq, struct params **ret, size_t *ret_n, struct error *err)
{
	struct params none = { .arena = rq->arena };
	struct body b = { .op = rq->op,
			  .type = format_json.mime,
			  .text = rq->body,
			  .len = rq->body_len,
			  .params = &none };
	json_object *list = NULL;
	int rc;

	if (body_check(&b, err) < 0)
		return -1;
	rc = parse(&b, &list, err);
	if (rc == 0)
		rc = read_items(&b, list, ret, ret_n, err);
	json_object_put(list);
	return rc;
}
