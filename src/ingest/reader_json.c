/*
 * reader_json.c - CloudEvents as JSON: one a line (NDJSON), or one object, or an array. The
 * bounds of each event are found first and json-c then parses it alone, so that an array of any length
 * needs the memory of one event, and a bad one spoils no other.
 */
#include "ingest/reader.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	char integers[EVENT_FIELDS][24];
	enum { AT_START, IN_ARRAY, AFTER_COMMA, AFTER_EVENT, AT_END } place;
	bool array;
	bool skipping;                        /* passing over the rest of an event that is too long */
	struct scan scan;
};

static void *json_new(void)
{
	struct json_state *js = calloc(1, sizeof(*js));

	if (!js || !(js->tokener = json_tokener_new_ex(DEPTH_MAX)))
		abort();
	json_tokener_set_flags(js->tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	return js;
}

static void json_free(void *state)
{
	struct json_state *js = state;

	json_object_put(js->event);
	json_tokener_free(js->tokener);
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

static int set_fields(struct json_state *js, struct raw_event *ret, struct error *err)
{
	json_object *data;

	if (set_members(js, js->event, false, ret, err) < 0)
		return -1;
	if (!json_object_object_get_ex(js->event, "data", &data) || !data)
		return 0;
	if (json_object_get_type(data) != json_type_object)
		return error_set(err, ERR_PARAM, "data", "data must be a JSON object, not a JSON %s",
				 json_type_to_name(json_object_get_type(data)));
	return set_members(js, data, true, ret, err);
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

/* The record is one event. */
static enum read_result parse_record(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;

	memset(ret, 0, sizeof(*ret));
	ret->line = r->line;
	if (!r->text_len || r->text[0] != '{') {
		error_set(err, ERR_BODY, NULL, "an event must be a JSON object");
		return READ_BAD;
	}
	json_object_put(js->event);
	json_tokener_reset(js->tokener);
	js->event = json_tokener_parse_ex(js->tokener, r->text, (int)r->text_len);
	if (json_tokener_get_error(js->tokener) != json_tokener_success) {
		parse_failed(js->tokener, r->text, r->text_len, err);
		return READ_BAD;
	}
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
			return broken(err, "there is more after its end; NDJSON has one event a line");
		}
	}
}

const struct form_ops form_ndjson = { json_new, ndjson_next, json_free };
const struct form_ops form_json = { json_new, json_next, json_free };
