/*
 * reader_json.c - reads JSON records: one a line (NDJSON), one after the other,
 * or in arrays. json_scan finds the bounds of each record, then
 * json_record_read parses the record alone. So an array of any length needs the
 * memory of one record, and a bad record does not affect other records.
 */
#include "ingest/reader.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "ingest/json_record.h"
#include "ingest/json_scan.h"
#include "ingest/reader_internal.h"
#include "base/banned.h"

#define MARGIN_LEAST 1 /* an object at the start of a line is not nested */

struct json_state {
	int64_t rows; /* records so far */

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
	struct json_record record;
};

static void *state_new(const struct reader *r, bool data_alone)
{
	struct json_state *js = malloc(sizeof(*js));

	if (!js)
		abort();
	memset(js, 0, offsetof(struct json_state, record));
	js->record.mapping = r->mapping;
	js->record.data_alone = data_alone;
	json_record_init(&js->record, r->record_bytes);
	js->lead = true;
	js->margin = MARGIN_LEAST;
	return js;
}

static void *json_new(const struct reader *r)
{
	return state_new(r, false);
}

static void *data_new(const struct reader *r)
{
	return state_new(r, true);
}

static void json_free(void *state)
{
	struct json_state *js = state;

	json_record_release(&js->record);
	free(js);
}

/* Makes an event of the record. */
static enum read_result parse_record(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct json_state *js = r->state;
	const struct json_text text = { r->text, r->text_len, r->line, js->rows++ };

	return json_record_read(&js->record, &text, ret, err);
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
		js->rows--;
		js->lost = true;
		js->skipping = false;
	}
}

const struct form_ops form_ndjson = { json_new, ndjson_next, json_free };
const struct form_ops form_json = { json_new, json_next, json_free };
const struct form_ops form_data = { data_new, data_next, json_free };
