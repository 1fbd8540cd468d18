/*
 * reader_json.c - reads JSON records: CloudEvents, or records of another
 * program by a mapping. Records are one a line (NDJSON), one after the other,
 * or in arrays. json_scan finds the bounds of each record, then json-c parses
 * the record alone. So an array of any length needs the memory of one record,
 * and a bad record does not affect other records.
 */
#include "ingest/reader.h"

#include <ctype.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ingest/attributes.h"
#include "ingest/json_scan.h"
#include "ingest/members.h"
#include "ingest/reader_internal.h"
#include "base/banned.h"

#define DEPTH_MAX    16
#define MARGIN_LEAST 1 /* an object at the start of a line is not nested */

struct json_state {
	json_tokener *tokener;
	json_object *event; /* the last record; the caller borrows its texts */
	bool half;          /* the text has an escape of half a surrogate pair */
	/* text of each whole number, by field or column */
	char integers[MAPPING_COLUMNS_MAX][24];
	const char *cell[MAPPING_COLUMNS_MAX]; /* the record's cells for a mapping */
	size_t len[MAPPING_COLUMNS_MAX];
	int64_t row;           /* records so far */
	struct strbuf scratch; /* of the mapping */
	struct members members;
	bool data_alone; /* the record is the event's data, without attributes */

	/* the position of READER_JSON in the stream */
	/*
	 * any: something was read; array: inside an array; value, comma: after
	 * a value, after a comma
	 */
	bool any, array, value, comma;
	size_t column; /* bytes of the current line before the window's start */
	/*
	 * these bytes are only spaces, tabs, commas and brackets: an event may
	 * begin at the window's start
	 */
	bool lead;
	/*
	 * column of the value, from 1, if it is the first of its line; else 0
	 */
	size_t began;
	size_t margin; /* the largest column of this array's events */
	size_t limit;  /* after damage, the largest column at which an object is surely an event */
	/*
	 * the value is right of `limit`: an event, or a part of the damaged
	 * value
	 */
	bool doubtful;
	struct json_scan scan;
	/* skipping the rest of a value that is too long */
	bool skipping;
	bool lost;          /* looking for a line where reading can continue */
	bool damaged;       /* a record was rejected for the damage */
	struct error fault; /* an error between values: reported at the end */
};

static void *json_new(const struct reader *r)
{
	struct json_state *js = calloc(1, sizeof(*js));

	if (!js || !(js->tokener = json_tokener_new_ex(DEPTH_MAX)))
		abort();
	strbuf_init(&js->scratch, 4 * r->record_bytes);
	members_init(&js->members);
	json_tokener_set_flags(js->tokener, JSON_TOKENER_STRICT);
	js->lead = true;
	js->margin = MARGIN_LEAST;
	return js;
}

static void *data_new(const struct reader *r)
{
	struct json_state *js = json_new(r);

	js->data_alone = true;
	return js;
}

static void json_free(void *state)
{
	struct json_state *js = state;

	json_object_put(js->event);
	json_tokener_free(js->tokener);
	strbuf_release(&js->scratch);
	members_release(&js->members);
	free(js);
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
static bool is_half(const struct json_state *js, json_object *text)
{
	return js->half && memmem(json_object_get_string(text),
				  (size_t)json_object_get_string_len(text), "\xEF\xBF\xBD", 3);
}

static int half_character(struct error *err, const char *name)
{
	return error_set(err, ERR_BODY, name,
			 "malformed JSON: \\uD800 to \\uDFFF must come in pairs");
}

static int set_field(struct json_state *js, enum event_field f, json_object *value,
		     struct raw_event *ret, struct error *err)
{
	json_type type = json_object_get_type(value);

	switch (type) {
	case json_type_null:
		return 0;
	case json_type_string:
		if (is_half(js, value))
			return half_character(err, event_fields[f].name);
		ret->field[f].text = json_object_get_string(value);
		ret->field[f].len = (size_t)json_object_get_string_len(value);
		return 0;
	case json_type_int:
	case json_type_double:
		if (event_fields[f].value == EVENT_TEXT)
			break;
		ret->field[f].text = type == json_type_int ? integer_text(value, js->integers[f])
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
static int set_members(struct json_state *js, json_object *object, bool in_data,
		       struct raw_event *ret, struct error *err)
{
	json_object_object_foreach(object, name, value)
	{
		enum event_field f = event_field_find(name, strlen(name));

		if (f != EVENT_FIELDS && event_fields[f].in_data == in_data &&
		    set_field(js, f, value, ret, err) < 0)
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
static int keep_members(struct json_state *js, json_object *object, bool in_data,
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
		members_add(&js->members, name, value);
	}
	return 0;
}

/* Rejects members of CloudEvents for data that is no JSON value. */
static int check_data_type(struct json_state *js, struct error *err)
{
	json_object *type, *base64;

	if (json_object_object_get_ex(js->event, "datacontenttype", &type) && type &&
	    !(json_object_get_type(type) == json_type_string &&
	      type_is_json(json_object_get_string(type), (size_t)json_object_get_string_len(type))))
		return error_set(err, ERR_PARAM, "datacontenttype",
				 "datacontenttype must be application/json, or left out");
	if (json_object_object_get_ex(js->event, "data_base64", &base64) && base64)
		return error_set(err, ERR_PARAM, "data_base64",
				 "data_base64 is not understood: data must be a JSON object");
	return 0;
}

/* The event's data, if it has any. */
static int get_data(struct json_state *js, json_object **ret, struct error *err)
{
	*ret = NULL;
	if (js->data_alone) {
		*ret = js->event;
		return 0;
	}
	if (check_data_type(js, err) < 0)
		return -1;
	json_object_object_get_ex(js->event, "data", ret);
	if (*ret && json_object_get_type(*ret) != json_type_object)
		return error_set(err, ERR_PARAM, "data",
				 "data must be a JSON object, not a JSON %s",
				 json_type_to_name(json_object_get_type(*ret)));
	return 0;
}

static int set_fields(struct json_state *js, struct raw_event *ret, struct error *err)
{
	json_object *data;

	if (!js->data_alone && set_members(js, js->event, false, ret, err) < 0)
		return -1;
	if (get_data(js, &data, err) < 0 || (data && set_members(js, data, true, ret, err) < 0))
		return -1;
	members_clear(&js->members);
	if ((data && keep_members(js, data, true, ret, err) < 0) ||
	    (!js->data_alone && keep_members(js, js->event, false, ret, err) < 0))
		return -1;
	members_set(&js->members, ret);
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
static int set_cell(struct json_state *js, size_t i, const char *path, struct error *err)
{
	json_object *value = follow(js->event, path);

	js->cell[i] = "";
	/* a replaced number or character could make two identities equal */
	if (members_is_clamped(value))
		return error_set(err, ERR_PARAM, path,
				 "%s is a number beyond 64 bits; it should be a JSON string", path);
	if (json_object_is_type(value, json_type_string) && is_half(js, value))
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
		js->cell[i] = integer_text(value, js->integers[i]);
		break;
	default:
		js->cell[i] = json_object_get_string(value);
		break;
	}
	js->len[i] = json_object_is_type(value, json_type_string)
			     ? (size_t)json_object_get_string_len(value)
			     : strlen(js->cell[i]);
	return 0;
}

static enum read_result map_record(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;
	size_t n;
	size_t least;
	const char *const *paths = mapping_own_columns(r->mapping, &n, &least);
	struct record_cells row;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (set_cell(js, i, paths[i], err) < 0)
			return READ_BAD;
	row = (struct record_cells) { js->cell, js->len, n, r->line, js->row - 1, false, NULL };
	rc = mapping_apply(r->mapping, row, &js->scratch, ret, err);
	if (rc > 0 && members_map(&js->members, r->mapping, row, ret, err) < 0)
		rc = -1;
	return rc < 0 ? READ_BAD : rc == 0 ? READ_SKIPPED : READ_EVENT;
}

/* ---- any record ---- */

static int hex_unit(const char *p)
{
	int unit = 0;

	for (int i = 0; i < 4; i++)
		unit = unit << 4 | (p[i] <= '9' ? p[i] - '0' : (p[i] & 7) + 9);
	return unit;
}

/*
 * The UTF-16 unit of the escape \uXXXX at P, before END; -1: no such escape.
 * The text is valid JSON, so four digits follow \u.
 */
static int escaped_unit(const char *p, const char *end)
{
	return end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex_unit(p + 2) : -1;
}

/*
 * Checks the escapes of TEXT, which is valid JSON, for half a surrogate pair
 * and for NUL. json-c would end a name at NUL.
 */
static void look_at_escapes(const char *text, size_t len, bool *ret_half, bool *ret_nul)
{
	const char *end = text + len;

	*ret_half = *ret_nul = false;
	for (const char *p = text; p < end && (p = memchr(p, '\\', (size_t)(end - p))); p += 2) {
		int unit = escaped_unit(p, end), next;

		*ret_nul |= unit == 0;
		if (unit < 0xD800 || unit > 0xDFFF)
			continue;
		next = escaped_unit(p + 6, end);
		if (unit > 0xDBFF || next < 0xDC00 || next > 0xDFFF)
			*ret_half = true;
		else
			p += 6;
	}
}

/* The byte after the string that begins at P. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\';
	return p < end ? p + 1 : end;
}

struct name {
	const char *text;
	size_t len;
	size_t object; /* number of the object in the record */
};

/*
 * Finds the names of members in TEXT, which is valid JSON. Puts up to MAX names
 * into LIST and returns how many names there are.
 */
static size_t find_names(const char *text, size_t len, struct name *list, size_t max)
{
	const char *end = text + len, *last = NULL, *last_end = NULL;
	size_t open[DEPTH_MAX + 1] = { 0 }, depth = 0, objects = 0, n = 0;

	for (const char *p = text; p < end;) {
		if (*p == '"') {
			last = p;
			p = last_end = string_end(p, end);
			continue;
		}
		if (*p == ':' && n++ < max)
			list[n - 1] = (struct name) { last, (size_t)(last_end - last),
						      open[depth] };
		if ((*p == '{' || *p == '[') && depth < DEPTH_MAX)
			open[++depth] = ++objects;
		if ((*p == '}' || *p == ']') && depth)
			depth--;
		p++;
	}
	return n;
}

static size_t count_members(json_object *value)
{
	size_t n = 0;

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			n += count_members(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member)
		{
			(void)name;
			n += 1 + count_members(member);
		}
	}
	return n;
}

static int compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->text, y->text, x->len);
}

/*
 * Rejects two members of the same name in one object, of which json-c would
 * keep the last.
 */
static int check_names(const struct json_state *js, const char *text, size_t len, struct error *err)
{
	size_t n = find_names(text, len, NULL, 0), i;
	struct name *list;
	int rc;

	if (n == count_members(js->event))
		return 0;
	list = calloc(n + 1, sizeof(*list));
	if (!list)
		abort();
	find_names(text, len, list, n);
	qsort(list, n, sizeof(*list), compare_names);
	for (i = 1; i < n && compare_names(&list[i - 1], &list[i]) != 0; i++)
		;
	if (i < n && list[i].len < 64 && utf8_plain(list[i].text, list[i].len))
		rc = error_set(err, ERR_BODY, NULL, "the member %.*s comes twice in one object",
			       (int)list[i].len, list[i].text);
	else
		rc = error_set(err, ERR_BODY, NULL, "a member comes twice in one object");
	free(list);
	return rc;
}

static int parse_failed(json_tokener *tokener, size_t len, struct error *err)
{
	enum json_tokener_error fault = json_tokener_get_error(tokener);
	size_t at = json_tokener_get_parse_end(tokener);

	if (fault == json_tokener_error_depth)
		return error_set(err, ERR_BODY, NULL, "malformed JSON: it is nested deeper than %d",
				 DEPTH_MAX);
	if (fault == json_tokener_success && at < len)
		return error_set(err, ERR_BODY, NULL,
				 "malformed JSON at byte %zu: there is more after its end", at + 1);
	if (fault == json_tokener_success || fault == json_tokener_continue || at >= len)
		return error_set(err, ERR_BODY, NULL, "malformed JSON: it ends too early");
	return error_set(err, ERR_BODY, NULL, "malformed JSON at byte %zu: %s", at + 1,
			 json_tokener_error_desc(fault));
}

/* Does a name contain NUL? json-c takes names as C strings. */
static bool has_nul_name(const char *text, size_t len)
{
	size_t n = find_names(text, len, NULL, 0);
	struct name *list = calloc(n + 1, sizeof(*list));
	bool found = false;

	if (!list)
		abort();
	find_names(text, len, list, n);
	for (size_t i = 0; i < n && !found; i++)
		found = memmem(list[i].text, list[i].len, "\\u0000", 6);
	free(list);
	return found;
}

/* Parses TEXT, which must be one object without NUL in it. */
static int parse(struct json_state *js, const char *text, size_t len, struct error *err)
{
	bool nul;

	if (memchr(text, 0, len))
		return error_set(err, ERR_BODY, NULL, "malformed JSON: it has a NUL byte");
	json_object_put(js->event);
	json_tokener_reset(js->tokener);
	js->event = json_tokener_parse_ex(js->tokener, text, (int)len);
	if (json_tokener_get_error(js->tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(js->tokener) != len)
		return parse_failed(js->tokener, len, err);
	look_at_escapes(text, len, &js->half, &nul);
	if (nul && has_nul_name(text, len))
		return error_set(err, ERR_BODY, NULL,
				 "malformed JSON: \\u0000 is not allowed in a name");
	return 0;
}

/* Makes an event of the record, which must be one object. */
static enum read_result parse_record(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;

	memset(ret, 0, sizeof(*ret));
	js->row++;
	if (!r->text_len || r->text[0] != '{') {
		error_set(err, ERR_BODY, NULL, "%s must be a JSON object",
			  r->mapping       ? "a record"
			  : js->data_alone ? "the data of an event"
					   : "an event");
		return READ_BAD;
	}
	if (parse(js, r->text, r->text_len, err) < 0)
		return READ_BAD;
	if (r->mapping)
		return map_record(r, ret, err);
	return check_names(js, r->text, r->text_len, err) < 0 || set_fields(js, ret, err) < 0
		       ? READ_BAD
		       : READ_EVENT;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim_record(struct reader *r)
{
	while (r->text_len && is_space(r->text[r->text_len - 1]))
		r->text_len--;
}

/* ---- NDJSON ---- */

static enum read_result ndjson_next(struct reader *r, struct raw_event *ret, struct error *err)
{
	size_t len;
	int c;

	if (reader_skip_spaces(r, &c, err) < 0)
		return READ_FAILED;
	switch (window_line(r, 0, &len, err)) {
	case LINE_NONE:
		return READ_END;
	case LINE_LONG:
		return reader_cut(r, err);
	case LINE_FAILED:
		return READ_FAILED;
	case LINE_WHOLE:
		break;
	}
	reader_take(r, len, r->window[r->start + len - 1] == '\n');
	trim_record(r);
	return parse_record(r, ret, err);
}

/* ---- the data of one event ---- */

static enum read_result data_next(struct reader *r, struct raw_event *ret, struct error *err)
{
	int c, rc = 1;

	if (r->ended)
		return READ_END;
	if (reader_skip_spaces(r, &c, err) < 0)
		return READ_FAILED;
	while (rc > 0 && r->end - r->start <= r->record_bytes)
		rc = window_more(r, err);
	if (rc < 0)
		return READ_FAILED;
	if (rc > 0) {
		r->ended = true;
		error_set(err, ERR_TOO_LARGE, NULL,
			  "the data are longer than %zu bytes (ingest.record_bytes)",
			  r->record_bytes);
		return READ_BAD;
	}
	reader_take(r, r->end - r->start, 0);
	trim_record(r);
	memset(ret, 0, sizeof(*ret));
	return r->text_len ? parse_record(r, ret, err) : READ_EVENT;
}

/* ---- values one after the other, or in arrays ---- */

/* May an event follow C on a line? */
static bool is_lead(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == '[' || c == ']' || c == '}';
}

/* Updates the position in the line for LEN bytes that are skipped. */
static void pass(struct json_state *js, const char *text, size_t len)
{
	const char *newline = memrchr(text, '\n', len);

	if (newline) {
		js->column = 0;
		js->lead = true;
	}
	for (const char *p = newline ? newline + 1 : text; p < text + len; p++, js->column++)
		js->lead = js->lead && is_lead(*p);
}

static int64_t count_lines(const char *text, size_t len)
{
	int64_t n = 0;

	for (const char *p = text; (p = memchr(p, '\n', (size_t)(text + len - p))); p++)
		n++;
	return n;
}

/* Drops the next LEN bytes. */
static void drop(struct reader *r, size_t len)
{
	pass(r->state, r->window + r->start, len);
	r->line += count_lines(r->window + r->start, len);
	r->start += len;
}

/* Makes the next LEN bytes the record. */
static void take(struct reader *r, size_t len)
{
	pass(r->state, r->window + r->start, len);
	reader_take(r, len, count_lines(r->window + r->start, len));
	trim_record(r);
}

/*
 * Finds the first { in the LEN bytes at TEXT where an event may begin: after
 * the first line, at column LIMIT (from 1) or before, and at index UP_TO or
 * before. Returns LEN if there is none.
 */
static size_t find_place(const char *text, size_t len, size_t up_to, size_t limit)
{
	const char *newline = memchr(text, '\n', len);

	while (newline && (size_t)(newline - text) < up_to) {
		const char *p = newline + 1;

		while (p < text + len && is_lead(*p))
			p++;
		if (p < text + len && *p == '{' && (size_t)(p - newline) <= limit)
			return (size_t)(p - text) <= up_to ? (size_t)(p - text) : len;
		newline = memchr(p, '\n', (size_t)(text + len - p));
	}
	return len;
}

/* May an event begin at the window's start? */
static bool is_here(const struct reader *r)
{
	const struct json_state *js = r->state;

	return r->start < r->end && js->lead && r->window[r->start] == '{';
}

/* The number of bytes to skip before is_here can become true. */
static size_t stride(const struct reader *r)
{
	const struct json_state *js = r->state;
	const char *at = r->window + r->start, *newline;

	if (js->lead && is_lead(*at))
		return 1;
	newline = memchr(at, '\n', r->end - r->start);
	return newline ? (size_t)(newline - at) + 1 : r->end - r->start;
}

/*
 * Skips the rest of a value that is too long, or skips to an event that may
 * begin inside of the value.
 */
static int skip_value(struct reader *r, struct error *err)
{
	struct json_state *js = r->state;
	enum json_step step = JSON_MORE;
	int rc = 1;

	while (step == JSON_MORE && rc > 0 && !is_here(r)) {
		size_t at;

		if (r->start < r->end)
			drop(r, json_scan(&js->scan, r->window + r->start, stride(r), &step, &at));
		else
			rc = window_more(r, err);
	}
	js->skipping = false;
	js->damaged |= js->scan.malformed || step == JSON_MORE;
	js->lost = step != JSON_END;
	return rc < 0 ? -1 : 0;
}

/* Skips everything up to where an event may begin. */
static int find_next(struct reader *r, struct error *err)
{
	struct json_state *js = r->state;
	int rc = 1;

	while (rc > 0 && !is_here(r)) {
		if (r->start < r->end)
			drop(r, stride(r));
		else
			rc = window_more(r, err);
	}
	js->lost = false;
	js->doubtful = is_here(r) && js->column + 1 > js->limit;
	return rc < 0 ? -1 : 0;
}

/*
 * Rejects a value that is too long. Perhaps only its end is missing: then
 * events may begin inside of the value.
 */
static enum read_result value_too_long(struct reader *r, size_t len, bool goes_on,
				       struct error *err)
{
	struct json_state *js = r->state;
	size_t place = find_place(r->window + r->start, len, len, SIZE_MAX);

	js->lost = place < len;
	js->skipping = goes_on && !js->lost;
	js->damaged |= js->lost;
	take(r, place);
	r->text_len = r->text_len < r->record_bytes ? r->text_len : r->record_bytes;
	error_set(err, ERR_TOO_LARGE, NULL,
		  "the event is longer than %zu bytes (ingest.record_bytes)", r->record_bytes);
	return READ_BAD;
}

/*
 * Rejects a malformed value of LEN bytes. AT is the first wrong byte. BROKEN:
 * the end of the value is unknown, so later events may begin inside of the LEN
 * bytes.
 */
static enum read_result malformed_value(struct reader *r, size_t len, size_t at, bool broken,
					struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;
	size_t have = r->end - r->start,
	       place = find_place(r->window + r->start, have, at, SIZE_MAX);

	js->damaged = true;
	js->lost = broken || place < have;
	take(r, place < have ? place : len);
	return parse_record(r, ret, err);
}

/*
 * Finds the length of the value at the window's start, at most one byte more
 * than is allowed. *RET_AT is the first wrong byte; SIZE_MAX: none.
 */
static int find_end(struct reader *r, size_t *ret_len, size_t *ret_at, enum json_step *ret,
		    struct error *err)
{
	struct json_state *js = r->state;
	int rc;

	*ret_len = 0;
	*ret_at = SIZE_MAX;
	js->scan = (struct json_scan) { 0 };
	do {
		size_t have = r->end - r->start, before = *ret_len, at;

		if (have > r->record_bytes + 1)
			have = r->record_bytes + 1;
		*ret_len += json_scan(&js->scan, r->window + r->start + before, have - before, ret,
				      &at);
		if (*ret_at == SIZE_MAX && js->scan.malformed)
			*ret_at = before + at;
		rc = *ret == JSON_MORE && *ret_len <= r->record_bytes ? window_more(r, err) : 0;
	} while (rc > 0);
	return rc;
}

/* Reads the value at the window's start: finds its end, then parses it. */
static enum read_result read_value(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;
	size_t len, at;
	enum json_step step;
	bool is_long;

	js->began = is_here(r) ? js->column + 1 : 0;
	if (!js->doubtful)
		js->limit = js->began > js->margin ? js->began : js->margin;
	if (find_end(r, &len, &at, &step, err) < 0)
		return READ_FAILED;
	is_long = len > r->record_bytes;
	if (is_long && at == SIZE_MAX &&
	    find_place(r->window + r->start, len, len, js->limit) == len)
		return value_too_long(r, len, step == JSON_MORE, err);
	if (step == JSON_MORE && at == SIZE_MAX)
		/*
		 * the stream ends inside of the value, or the value is too long
		 */
		at = len;
	if (at != SIZE_MAX || is_long)
		return malformed_value(r, len, at < len ? at : len, step != JSON_END || is_long,
				       ret, err);
	take(r, len);
	return parse_record(r, ret, err);
}

/*
 * Rejects text that is no value: the rest of the line, or the text before an
 * event on the line.
 */
static enum read_result read_junk(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;
	enum line_result line;
	size_t len, lead = 0;

	js->damaged = js->lost = true;
	js->limit = js->margin;
	line = window_line(r, 0, &len, err);
	if (line == LINE_LONG) {
		js->column = 0;
		js->lead = true;
		return reader_cut(r, err);
	}
	if (line == LINE_FAILED)
		return READ_FAILED;
	while (js->lead && lead < len && is_lead(r->window[r->start + lead]))
		lead++;
	take(r, lead < len && lead && r->window[r->start + lead] == '{' ? lead : len);
	return parse_record(r, ret, err);
}

/*
 * Records an error between values. The values are read; the error is reported
 * at the end.
 */
static void note_fault(struct reader *r, const char *what)
{
	struct json_state *js = r->state;

	error_set(&js->fault, ERR_BODY, NULL, "malformed JSON: %s (line %" PRId64 ")", what,
		  r->line);
}

/* Skips spaces. *ret is the next byte, or -1 at the stream's end. */
static int skip_spaces(struct reader *r, int *ret, struct error *err)
{
	int rc = 1;

	while (rc > 0) {
		size_t n = 0, have = r->end - r->start;

		while (n < have && is_space(r->window[r->start + n]))
			n++;
		drop(r, n);
		*ret = n < have ? (unsigned char)r->window[r->start] : -1;
		if (n < have)
			return 0;
		rc = window_more(r, err);
	}
	return rc;
}

/* Reads C between values: a comma or a bracket. */
static bool take_separator(struct reader *r, int c)
{
	struct json_state *js = r->state;

	if (c == ',') {
		if (!js->value)
			note_fault(r, js->array ? "a comma has no event before it"
						: "a comma stands outside of an array");
		js->comma = true;
	} else if (c == '[' && !js->array) {
		js->array = true;
		js->comma = false;
		js->margin = MARGIN_LEAST;
	} else if (c == ']') {
		if (!js->array || js->comma)
			note_fault(r, js->array ? "a comma has no event behind it"
						: "a ] closes no array");
		js->array = js->comma = false;
		js->margin = MARGIN_LEAST;
	} else {
		return false;
	}
	js->value = false;
	drop(r, 1);
	return true;
}

static enum read_result end_of_values(struct reader *r, struct error *err)
{
	struct json_state *js = r->state;

	if (!js->any)
		error_set(err, ERR_BODY, NULL,
			  "there is nothing in it: an event, or an array of events, must begin "
			  "with { or [");
	if (js->array)
		note_fault(r, "the array isn't closed");
	if (js->any && js->fault.kind && !js->damaged)
		*err = js->fault;
	return err->kind ? READ_FAILED : READ_END;
}

static enum read_result next_value(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;
	int c;

	js->doubtful = false;
	if ((js->skipping && skip_value(r, err) < 0) || (js->lost && find_next(r, err) < 0))
		return READ_FAILED;
	do {
		if (skip_spaces(r, &c, err) < 0)
			return READ_FAILED;
		js->any |= c != -1;
	} while (take_separator(r, c));
	if (c == -1)
		return end_of_values(r, err);
	if (js->array && js->value)
		note_fault(r, "a comma is missing between two events");
	js->value = js->array;
	js->comma = false;
	return c == '{' || (js->array && (c == '[' || c == '"' || c == '-' || c == '+' ||
					  c == '.' || isalnum(c)))
		       ? read_value(r, ret, err)
		       : read_junk(r, ret, err);
}

/* Is EV an event, not just an object in the rest of a damaged event? */
static bool is_event(const struct raw_event *ev)
{
	return ev->field[EV_ID].len && ev->field[EV_TIME].len;
}

static enum read_result json_next(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;

	for (;;) {
		enum read_result got = next_value(r, ret, err);

		if (got == READ_EVENT && is_event(ret)) {
			js->margin = js->began > js->margin ? js->began : js->margin;
			return got;
		}
		if (!js->doubtful || got == READ_END || got == READ_FAILED)
			return got;
		/* a part of the damaged record, which was rejected already */
		reader_let_go(r);
		error_clear(err);
		js->row--;
		js->lost = true;
		js->skipping = false;
	}
}

const struct form_ops form_ndjson = { json_new, ndjson_next, json_free };
const struct form_ops form_json = { json_new, json_next, json_free };
const struct form_ops form_data = { data_new, data_next, json_free };
