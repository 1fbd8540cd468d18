/*
 * reader_json.c - CloudEvents, or through a mapping the records of another program, as JSON: one a line (NDJSON), or one
 * object, or an array. The
 * bounds of each one are found first and json-c then parses it alone, so that an array of any length
 * needs the memory of one record, and a bad one spoils no other.
 */
#include "ingest/reader.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/attributes.h"
#include "ingest/reader_internal.h"
#include "base/banned.h"

#define DEPTH_MAX 16

/* Where the text of a value stands while its end is looked for. */
struct scan {
	int depth;
	bool in_string, escaped;
};

struct json_state {
	json_tokener *tokener;
	json_object *event;                   /* the last one: its texts are borrowed */
	char integers[MAPPING_COLUMNS_MAX][24];       /* texts of whole numbers, by field or column */
	const char *cell[MAPPING_COLUMNS_MAX];        /* what a mapping sees of a record */
	size_t len[MAPPING_COLUMNS_MAX];
	int64_t row;                          /* records so far */
	struct strbuf scratch;                /* of the mapping */
	enum { AT_START, IN_ARRAY, AFTER_COMMA, AFTER_EVENT, AT_END } place;
	bool array;
	bool data_alone;                      /* the attributes are not in it */
	bool skipping;                        /* passing over the rest of an event that is too long */
	struct scan scan;
};

static void *json_new(void)
{
	struct json_state *js = calloc(1, sizeof(*js));

	if (!js || !(js->tokener = json_tokener_new_ex(DEPTH_MAX)))
		abort();
	strbuf_init(&js->scratch, 4 * RECORD_BYTES_MAX);
	json_tokener_set_flags(js->tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	return js;
}

static void *data_new(void)
{
	struct json_state *js = json_new();

	js->data_alone = true;
	return js;
}

static void json_free(void *state)
{
	struct json_state *js = state;

	json_object_put(js->event);
	json_tokener_free(js->tokener);
	strbuf_release(&js->scratch);
	free(js);
}

/* ---- one event ---- */

static bool is_amount(enum event_field f)
{
	return f == EV_COUNT || f == EV_USAGE || f == EV_PRICE || f == EV_UPLOAD || f == EV_DOWNLOAD;
}

/*
 * The text of a whole number; json-c keeps the source text of all others. One beyond 64 bits has become
 * the nearest that fits, which is as far above every limit on amounts as the number itself.
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

static int set_field(struct json_state *js, enum event_field f, json_object *value, struct raw_event *ret, struct error *err)
{
	json_type type = json_object_get_type(value);

	switch (type) {
	case json_type_null:
		return 0;
	case json_type_string:
		ret->field[f].text = json_object_get_string(value);
		ret->field[f].len = (size_t)json_object_get_string_len(value);
		return 0;
	case json_type_int:
	case json_type_double:
		if (!is_amount(f))
			break;
		ret->field[f].text = type == json_type_int ? integer_text(value, js->integers[f]) : json_object_get_string(value);
		ret->field[f].len = strlen(ret->field[f].text);
		return 0;
	default:
		break;
	}
	return error_set(err, ERR_PARAM, event_fields[f].name, "%s must be a %s, not a JSON %s", event_fields[f].name,
			 is_amount(f) ? "number or a string" : "string", json_type_to_name(type));
}

/* The members of OBJECT that an event has there; others are extensions and pass unseen. */
static int set_members(struct json_state *js, json_object *object, bool in_data, struct raw_event *ret, struct error *err)
{
	json_object_object_foreach(object, name, value) {
		enum event_field f = event_field_find(name, strlen(name));

		if (f != EVENT_FIELDS && event_fields[f].in_data == in_data && set_field(js, f, value, ret, err) < 0)
			return -1;
	}
	return 0;
}

/* What CloudEvents says of data in other forms than a JSON value. */
static int check_data_type(struct json_state *js, struct error *err)
{
	json_object *type, *base64;

	if (json_object_object_get_ex(js->event, "datacontenttype", &type) && type &&
	    !(json_object_get_type(type) == json_type_string &&
	      type_is_json(json_object_get_string(type), (size_t)json_object_get_string_len(type))))
		return error_set(err, ERR_PARAM, "datacontenttype", "datacontenttype must be application/json, or left out");
	if (json_object_object_get_ex(js->event, "data_base64", &base64) && base64)
		return error_set(err, ERR_PARAM, "data_base64", "data_base64 is not understood: data must be a JSON object");
	return 0;
}

static int set_fields(struct json_state *js, struct raw_event *ret, struct error *err)
{
	json_object *data;

	if (js->data_alone)
		return set_members(js, js->event, true, ret, err);
	if (set_members(js, js->event, false, ret, err) < 0 || check_data_type(js, err) < 0)
		return -1;
	if (!json_object_object_get_ex(js->event, "data", &data) || !data)
		return 0;
	if (json_object_get_type(data) != json_type_object)
		return error_set(err, ERR_PARAM, "data", "data must be a JSON object, not a JSON %s",
				 json_type_to_name(json_object_get_type(data)));
	return set_members(js, data, true, ret, err);
}

/* ---- one record of another program ---- */

#define PATH_STEP_BYTES 256

/* The item of an array that POSITION names: from 0, or from the end with -1 for the last one. */
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
 * The member of OBJECT, or item of an array, that the LEN bytes of NAME mean; NULL
 * if there is none. A value that is no array is its own last item, since some
 * programs write a list of one as the one alone.
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
 * The value that PATH leads to: names of members and positions in arrays, from 0 or
 * from -1 backwards, with dots between; a name may have dots itself.
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

/* The text of column I, called PATH. What isn't there, or is null, is empty. */
static int set_cell(struct json_state *js, size_t i, const char *path, struct error *err)
{
	json_object *value = follow(js->event, path);

	js->cell[i] = "";
	switch (json_object_get_type(value)) {
	case json_type_null:
		break;
	case json_type_array:
	case json_type_object:
		return error_set(err, ERR_PARAM, path, "%s must be a text or a number, not a JSON %s", path,
				 json_type_to_name(json_object_get_type(value)));
	case json_type_int:
		js->cell[i] = integer_text(value, js->integers[i]);
		/* json-c has put the nearest that fits for one beyond 64 bits: as an identity it would be another's */
		if (json_object_get_uint64(value) == UINT64_MAX || json_object_get_int64(value) == INT64_MIN)
			return error_set(err, ERR_PARAM, path, "%s is a number beyond 64 bits; it should be a JSON string", path);
		break;
	default:
		js->cell[i] = json_object_get_string(value);
		break;
	}
	js->len[i] = json_object_is_type(value, json_type_string) ? (size_t)json_object_get_string_len(value) : strlen(js->cell[i]);
	return 0;
}

static enum read_result map_record(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;
	size_t n;
	size_t least;
	const char *const *paths = mapping_own_columns(r->mapping, &n, &least);
	int rc;

	for (size_t i = 0; i < n; i++)
		if (set_cell(js, i, paths[i], err) < 0)
			return READ_BAD;
	rc = mapping_apply(r->mapping, js->cell, js->len, n, r->line, js->row - 1, &js->scratch, ret, err);
	return rc < 0 ? READ_BAD : rc == 0 ? READ_SKIPPED : READ_EVENT;
}

/* ---- any record ---- */

/* The four hexadecimal digits of an escape at P. */
static int escaped_unit(const char *p)
{
	int unit = 0;

	for (int i = 0; i < 4; i++)
		unit = unit << 4 | (p[i] <= '9' ? p[i] - '0' : (p[i] & 7) + 9);
	return unit;
}

/*
 * Has TEXT, which is JSON, an escape of half a character? json-c would put the same sign for each of them, and so make one identity of
 * two.
 */
static bool has_half_character(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *p = text; (p = memchr(p, '\\', (size_t)(end - p))); p += 2) {
		int unit = p[1] == 'u' ? escaped_unit(p + 2) : 0;

		if (unit < 0xD800 || unit > 0xDFFF)
			continue;
		if (unit > 0xDBFF || p[6] != '\\' || p[7] != 'u' || escaped_unit(p + 8) >> 10 != 0xDC00 >> 10)
			return true;
		p += 6;
	}
	return false;
}

static int parse_failed(json_tokener *tokener, const char *text, size_t len, struct error *err)
{
	enum json_tokener_error fault = json_tokener_get_error(tokener);
	size_t at = json_tokener_get_parse_end(tokener);

	if (memchr(text, 0, len))
		return error_set(err, ERR_BODY, NULL, "malformed JSON: it has a NUL byte");
	if (fault == json_tokener_error_depth)
		return error_set(err, ERR_BODY, NULL, "malformed JSON: it is nested deeper than %d", DEPTH_MAX);
	if (fault == json_tokener_continue || at >= len)
		return error_set(err, ERR_BODY, NULL, "malformed JSON: it ends too early");
	return error_set(err, ERR_BODY, NULL, "malformed JSON at byte %zu: %s", at + 1, json_tokener_error_desc(fault));
}

/* The record is one object. */
static enum read_result parse_record(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;

	memset(ret, 0, sizeof(*ret));
	ret->line = r->line;
	js->row++;
	if (!r->text_len || r->text[0] != '{') {
		error_set(err, ERR_BODY, NULL, "%s must be a JSON object", r->mapping ? "a record" : "an event");
		return READ_BAD;
	}
	json_object_put(js->event);
	json_tokener_reset(js->tokener);
	js->event = json_tokener_parse_ex(js->tokener, r->text, (int)r->text_len);
	if (json_tokener_get_error(js->tokener) != json_tokener_success) {
		parse_failed(js->tokener, r->text, r->text_len, err);
		return READ_BAD;
	}
	if (has_half_character(r->text, r->text_len)) {
		error_set(err, ERR_BODY, NULL, "malformed JSON: \\uD800 to \\uDFFF must come in pairs");
		return READ_BAD;
	}
	if (r->mapping)
		return map_record(r, ret, err);
	return set_fields(js, ret, err) < 0 ? READ_BAD : READ_EVENT;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ---- NDJSON ---- */

static enum read_result ndjson_next(struct reader *r, struct raw_event *ret, struct error *err)
{
	size_t len;

	switch (window_line(r, 0, &len, err)) {
	case LINE_NONE:
		return READ_END;
	case LINE_LONG:
		return reader_cut(r, "", err);
	case LINE_FAILED:
		return READ_FAILED;
	case LINE_WHOLE:
		break;
	}
	reader_take(r, len, 1);
	while (r->text_len && is_space(r->text[r->text_len - 1]))
		r->text_len--;
	return r->text_len ? parse_record(r, ret, err) : READ_SKIPPED;
}

/* ---- an object or an array ---- */

/* Lets go of spaces; *ret is the byte after them, -1 at the end. */
static int skip_spaces(struct reader *r, int *ret, struct error *err)
{
	for (;;) {
		int rc;

		for (; r->start < r->end; r->start++) {
			if (!is_space(r->window[r->start])) {
				*ret = (unsigned char)r->window[r->start];
				return 0;
			}
			r->line += r->window[r->start] == '\n';
		}
		rc = window_more(r, err);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			*ret = -1;
			return 0;
		}
	}
}

/* Goes one byte on; true if the value ended before it. */
static bool scan_step(struct scan *s, char c)
{
	if (s->in_string) {
		if (s->escaped)
			s->escaped = false;
		else if (c == '\\')
			s->escaped = true;
		else if (c == '"')
			s->in_string = false;
		return false;
	}
	if (s->depth == 0 && (c == ',' || c == ']' || c == '}'))
		return true;
	if (c == '"')
		s->in_string = true;
	else if (c == '{' || c == '[')
		s->depth++;
	else if (c == '}' || c == ']')
		s->depth--;
	return false;
}

/*
 * Finds where the value at START ends: before the comma or bracket that follows it, or for the value of the whole
 * stream where its brackets close. 1 found, 0 too long, -1 failed.
 */
static int find_end(struct reader *r, size_t *ret_len, int64_t *ret_lines, struct error *err)
{
	struct json_state *js = r->state;
	size_t i = 0;

	js->scan = (struct scan){ 0 };
	*ret_lines = 0;
	for (;; i++) {
		if (i > RECORD_BYTES_MAX)
			return 0;
		if (r->start + i == r->end) {
			int rc = window_more(r, err);

			if (rc < 0)
				return -1;
			if (rc == 0)
				break;
		}
		if (scan_step(&js->scan, r->window[r->start + i]))
			break;
		*ret_lines += r->window[r->start + i] == '\n';
		if (!js->array && js->scan.depth == 0 && !js->scan.in_string) {
			i++;
			break;
		}
	}
	*ret_len = i;
	return 1;
}

/* Passes over what is left of an event that was too long. */
static int skip_event(struct reader *r, struct error *err)
{
	struct json_state *js = r->state;

	for (;;) {
		int rc;

		for (; r->start < r->end; r->start++) {
			if (scan_step(&js->scan, r->window[r->start])) {
				js->skipping = false;
				return 0;
			}
			r->line += r->window[r->start] == '\n';
		}
		rc = window_more(r, err);
		if (rc <= 0)
			return rc;
	}
}

static enum read_result event_too_long(struct reader *r, int64_t lines, struct error *err)
{
	struct json_state *js = r->state;

	/* The byte after the limit has been scanned already. */
	reader_take(r, RECORD_BYTES_MAX + 1, lines);
	js->skipping = true;
	error_set(err, ERR_TOO_LARGE, NULL, "the event is longer than %d bytes", RECORD_BYTES_MAX);
	return READ_BAD;
}

static enum read_result read_value(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;
	int64_t lines;
	size_t len;
	int rc = find_end(r, &len, &lines, err);

	if (rc < 0)
		return READ_FAILED;
	js->place = js->array ? AFTER_EVENT : AT_END;
	if (rc == 0)
		return event_too_long(r, lines, err);
	reader_take(r, len, lines);
	while (r->text_len && is_space(r->text[r->text_len - 1]))
		r->text_len--;
	return parse_record(r, ret, err);
}

static enum read_result broken(struct error *err, const char *what)
{
	error_set(err, ERR_BODY, NULL, "malformed JSON: %s", what);
	return READ_FAILED;
}

/* An event may have no data. */
static enum read_result no_data(struct json_state *js, int c, struct raw_event *ret, struct error *err)
{
	if (c != -1)
		return broken(err, "the data of an event must be an object");
	js->place = AT_END;
	memset(ret, 0, sizeof(*ret));
	return READ_EVENT;
}

static enum read_result json_next(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;
	int c;

	if (js->skipping && skip_event(r, err) < 0)
		return READ_FAILED;
	for (;;) {
		if (skip_spaces(r, &c, err) < 0)
			return READ_FAILED;
		switch (js->place) {
		case AT_START:
			if (js->data_alone && c != '{')
				return no_data(js, c, ret, err);
			if (c != '[' && c != '{')
				return broken(err, "an event or an array of events must begin with { or [");
			js->array = c == '[';
			if (!js->array)
				return read_value(r, ret, err);
			js->place = IN_ARRAY;
			r->start++;
			break;
		case IN_ARRAY:
		case AFTER_COMMA:
			if (c == -1)
				return broken(err, "the array isn't closed");
			if (c != ']' || js->place == AFTER_COMMA)
				return read_value(r, ret, err);
			js->place = AT_END;
			r->start++;
			break;
		case AFTER_EVENT:
			if (c != ',' && c != ']')
				return broken(err, c == -1 ? "the array isn't closed" : "a comma is missing between two events");
			js->place = c == ',' ? AFTER_COMMA : AT_END;
			r->start++;
			break;
		case AT_END:
			if (c == -1)
				return READ_END;
			/* files of one record each that were put together */
			if (c == '{' && r->mapping && !js->array)
				return read_value(r, ret, err);
			return broken(err, "there is more after its end; NDJSON has one event a line");
		}
	}
}

const struct form_ops form_ndjson = { json_new, ndjson_next, json_free };
const struct form_ops form_json = { json_new, json_next, json_free };
const struct form_ops form_data = { data_new, json_next, json_free };
