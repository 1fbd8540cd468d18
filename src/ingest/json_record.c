#include "ingest/json_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/json_objects.h"
#include "ingest/attributes.h"
#include "ingest/json_strict.h"
#include "base/banned.h"

void json_record_init(struct json_record *jr, size_t record_bytes)
{
	jr->tokener = json_tokener_new_ex(JSON_STRICT_DEPTH);
	if (!jr->tokener)
		abort();
	jr->event = NULL;
	jr->half = false;
	json_tokener_set_flags(jr->tokener, JSON_TOKENER_STRICT);
	strbuf_init(&jr->scratch, 4 * record_bytes);
	members_init(&jr->members);
}

void json_record_release(struct json_record *jr)
{
	json_object_put(jr->event);
	json_tokener_free(jr->tokener);
	strbuf_release(&jr->scratch);
	members_release(&jr->members);
}

/* ---- one event ---- */

/*
 * The text of a whole number. (Of other numbers, json-c keeps the source text.)
 * json-c replaces a number beyond 64 bits by the nearest 64-bit number, which
 * also exceeds every limit on amounts.
 */
static const char *integer_text(json_object *value, char buf[static 24])
{
	int64_t n = json_object_get_int64(value);

	if (n == INT64_MAX)
		snprintf(buf, 24, "%" PRIu64, json_object_get_uint64(value));
	else
		snprintf(buf, 24, "%" PRId64, n);
	return buf;
}

/*
 * Might TEXT have half a surrogate pair? json-c replaces every half by the same
 * character, which could make two identities equal.
 */
static bool is_half(const struct json_record *jr, json_object *text)
{
	return jr->half && memmem(json_object_get_string(text),
				  (size_t)json_object_get_string_len(text), "\xEF\xBF\xBD", 3);
}

static int half_character(struct error *err, const char *name)
{
	return error_set(err, ERR_BODY, name,
			 "malformed JSON: \\uD800 to \\uDFFF must come in pairs");
}

static int set_field(struct json_record *jr, enum event_field f, json_object *value,
		     struct raw_event *ret, struct error *err)
{
	json_type type = json_object_get_type(value);

	switch (type) {
	case json_type_null:
		return 0;
	case json_type_string:
		if (is_half(jr, value))
			return half_character(err, event_fields[f].name);
		ret->field[f].text = json_object_get_string(value);
		ret->field[f].len = (size_t)json_object_get_string_len(value);
		return 0;
	case json_type_int:
	case json_type_double:
		if (event_fields[f].value == EVENT_TEXT)
			break;
		ret->field[f].text = type == json_type_int ? integer_text(value, jr->integers[f])
							   : json_object_get_string(value);
		ret->field[f].len = strlen(ret->field[f].text);
		return 0;
	default:
		break;
	}
	return error_set(err, ERR_PARAM, event_fields[f].name, "%s must be a %s, not a JSON %s",
			 event_fields[f].name,
			 event_fields[f].value != EVENT_TEXT ? "number or a string" : "string",
			 json_type_to_name(type));
}

/* Reads the event fields among the members of OBJECT. */
static int set_members(struct json_record *jr, json_object *object, bool in_data,
		       struct raw_event *ret, struct error *err)
{
	json_object_object_foreach(object, name, value)
	{
		enum event_field f = event_field_find(name, strlen(name));

		if (f != EVENT_FIELDS && event_fields[f].in_data == in_data &&
		    set_field(jr, f, value, ret, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the other members ---- */

/* Is NAME a field, inside or beside the data? */
static bool is_known(const char *name, bool in_data)
{
	enum event_field f = event_field_find(name, strlen(name));

	if (f != EVENT_FIELDS && event_fields[f].in_data == in_data)
		return true;
	return !in_data && (strcmp(name, "data") == 0 || strcmp(name, "data_base64") == 0 ||
			    strcmp(name, "datacontenttype") == 0);
}

/*
 * Keeps the members of OBJECT that are no fields. Members beside the data are
 * extensions of CloudEvents, which may have any name.
 */
static int keep_members(struct json_record *jr, json_object *object, bool in_data,
			const struct raw_event *ev, struct error *err)
{
	const char *near;

	json_object_object_foreach(object, name, value)
	{
		if (is_known(name, in_data))
			continue;
		if (in_data && !members_may_be_data(name, ev, &near))
			return error_set(err, ERR_PARAM, near,
					 "\"%s\" is no member of an event's data, which lacks %s: "
					 "call it that if it is meant",
					 name, near);
		members_add(&jr->members, name, value);
	}
	return 0;
}

/* Rejects members of CloudEvents for data that is no JSON value. */
static int check_data_type(struct json_record *jr, struct error *err)
{
	json_object *type, *base64;

	if (json_object_object_get_ex(jr->event, "datacontenttype", &type) && type &&
	    !(json_object_get_type(type) == json_type_string &&
	      type_is_json(json_object_get_string(type), (size_t)json_object_get_string_len(type))))
		return error_set(err, ERR_PARAM, "datacontenttype",
				 "datacontenttype must be application/json, or left out");
	if (json_object_object_get_ex(jr->event, "data_base64", &base64) && base64)
		return error_set(err, ERR_PARAM, "data_base64",
				 "data_base64 is not understood: data must be a JSON object");
	return 0;
}

/* The event's data, if it has any. */
static int get_data(struct json_record *jr, json_object **ret, struct error *err)
{
	*ret = NULL;
	if (jr->data_alone) {
		*ret = jr->event;
		return 0;
	}
	if (check_data_type(jr, err) < 0)
		return -1;
	json_object_object_get_ex(jr->event, "data", ret);
	if (*ret && json_object_get_type(*ret) != json_type_object)
		return error_set(err, ERR_PARAM, "data",
				 "data must be a JSON object, not a JSON %s",
				 json_type_to_name(json_object_get_type(*ret)));
	return 0;
}

static int set_fields(struct json_record *jr, struct raw_event *ret, struct error *err)
{
	json_object *data;

	if (!jr->data_alone && set_members(jr, jr->event, false, ret, err) < 0)
		return -1;
	if (get_data(jr, &data, err) < 0 || (data && set_members(jr, data, true, ret, err) < 0))
		return -1;
	members_clear(&jr->members);
	if ((data && keep_members(jr, data, true, ret, err) < 0) ||
	    (!jr->data_alone && keep_members(jr, jr->event, false, ret, err) < 0))
		return -1;
	members_set(&jr->members, ret);
	return 0;
}

/* ---- one record of another program ---- */

#define PATH_STEP_BYTES 256

/* The item of an array at POSITION: "0" is the first item, "-1" the last. */
static json_object *array_item(json_object *array, const char *position)
{
	size_t n = json_object_array_length(array);
	bool from_end = *position == '-';
	const char *digits = position + from_end;
	unsigned long i;
	char *end;

	if (*digits < '0' || *digits > '9')
		return NULL;
	i = strtoul(digits, &end, 10);
	if (*end || (from_end && (i == 0 || i > n)))
		return NULL;
	return json_object_array_get_idx(array, from_end ? n - i : i);
}

/*
 * The member of OBJECT called NAME (LEN bytes), or the item of an array at this
 * position; NULL if there is none. Position -1 of a value that is no array is
 * the value itself, since some programs write a list of one item without an
 * array.
 */
static json_object *step_into(json_object *object, const char *name, size_t len)
{
	char step[PATH_STEP_BYTES];
	json_object *value = NULL;

	if (len >= sizeof(step))
		return NULL;
	memcpy(step, name, len);
	step[len] = '\0';
	if (json_object_is_type(object, json_type_array))
		return array_item(object, step);
	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, step, &value);
	return value || strcmp(step, "-1") != 0 ? value : object;
}

/*
 * The value at PATH: names of members and positions in arrays (see array_item),
 * separated by dots. A name may contain dots.
 */
static json_object *follow(json_object *object, const char *path)
{
	const char *dot;
	json_object *value;

	for (;; path = dot + 1) {
		value = step_into(object, path, strlen(path));
		dot = strchr(path, '.');
		if (value || !dot)
			return value;
		object = step_into(object, path, (size_t)(dot - path));
	}
}

/*
 * Sets the text of column I, called PATH. A missing value or null is an empty
 * text.
 */
static int set_cell(struct json_record *jr, size_t i, const char *path, struct error *err)
{
	json_object *value = follow(jr->event, path);

	jr->cell[i] = "";
	/* a replaced number or character could make two identities equal */
	if (members_is_clamped(value))
		return error_set(err, ERR_PARAM, path,
				 "%s is a number beyond 64 bits; it should be a JSON string", path);
	if (json_object_is_type(value, json_type_string) && is_half(jr, value))
		return half_character(err, path);
	switch (json_object_get_type(value)) {
	case json_type_null:
		break;
	case json_type_array:
	case json_type_object:
		return error_set(err, ERR_PARAM, path,
				 "%s must be a text or a number, not a JSON %s", path,
				 json_type_to_name(json_object_get_type(value)));
	case json_type_int:
		jr->cell[i] = integer_text(value, jr->integers[i]);
		break;
	default:
		jr->cell[i] = json_object_get_string(value);
		break;
	}
	jr->len[i] = json_object_is_type(value, json_type_string)
			     ? (size_t)json_object_get_string_len(value)
			     : strlen(jr->cell[i]);
	return 0;
}

static enum read_result map_record(struct json_record *jr, const struct json_text *text,
				   struct raw_event *ret, struct error *err)
{
	size_t n;
	size_t least;
	const char *const *paths = mapping_own_columns(jr->mapping, &n, &least);
	struct record_cells row;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (set_cell(jr, i, paths[i], err) < 0)
			return READ_BAD;
	row = (struct record_cells) { jr->cell, jr->len, n, text->line, text->row, false, NULL };
	rc = mapping_apply(jr->mapping, row, &jr->scratch, ret, err);
	if (rc > 0 && members_map(&jr->members, jr->mapping, row, ret, err) < 0)
		rc = -1;
	return rc < 0 ? READ_BAD : rc == 0 ? READ_SKIPPED : READ_EVENT;
}

/* ---- any record ---- */

static int parse_failed(json_tokener *tokener, size_t len, struct error *err)
{
	enum json_tokener_error fault = json_tokener_get_error(tokener);
	size_t at = json_tokener_get_parse_end(tokener);

	if (fault == json_tokener_error_depth)
		return error_set(err, ERR_BODY, NULL, "malformed JSON: it is nested deeper than %d",
				 JSON_STRICT_DEPTH);
	if (fault == json_tokener_success && at < len)
		return error_set(err, ERR_BODY, NULL,
				 "malformed JSON at byte %zu: there is more after its end", at + 1);
	if (fault == json_tokener_success || fault == json_tokener_continue || at >= len)
		return error_set(err, ERR_BODY, NULL, "malformed JSON: it ends too early");
	return error_set(err, ERR_BODY, NULL, "malformed JSON at byte %zu: %s", at + 1,
			 json_tokener_error_desc(fault));
}

/* Parses TEXT, which must be one object without NUL in it. */
static int parse(struct json_record *jr, const char *text, size_t len, struct error *err)
{
	if (memchr(text, 0, len))
		return error_set(err, ERR_BODY, NULL, "malformed JSON: it has a NUL byte");
	if (json_objects_exceed(text, len, JSON_RECORD_OBJECTS))
		return error_set(err, ERR_BODY, NULL, "has more than %d objects and arrays",
				 JSON_RECORD_OBJECTS);
	json_object_put(jr->event);
	json_tokener_reset(jr->tokener);
	jr->event = json_tokener_parse_ex(jr->tokener, text, (int)len);
	if (json_tokener_get_error(jr->tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(jr->tokener) != len)
		return parse_failed(jr->tokener, len, err);
	return json_strict_escapes(text, len, &jr->half, err);
}

enum read_result json_record_read(struct json_record *jr, const struct json_text *text,
				  struct raw_event *ret, struct error *err)
{
	memset(ret, 0, sizeof(*ret));
	if (!text->len || text->text[0] != '{') {
		error_set(err, ERR_BODY, NULL, "%s must be a JSON object",
			  jr->mapping      ? "a record"
			  : jr->data_alone ? "the data of an event"
					   : "an event");
		return READ_BAD;
	}
	if (parse(jr, text->text, text->len, err) < 0)
		return READ_BAD;
	if (jr->mapping)
		return map_record(jr, text, ret, err);
	return json_strict_names(text->text, text->len, jr->event, err) < 0 ||
			       set_fields(jr, ret, err) < 0
		       ? READ_BAD
		       : READ_EVENT;
}
