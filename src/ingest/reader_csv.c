/*
 * reader_csv.c - usage events as CSV (RFC 4180): the header names the event's fields, or
 * a mapping says how columns become fields. libcsv is fed a line at a time, so that each row's own text
 * and line are known.
 */
#include "ingest/reader.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "ingest/reader_internal.h"
#include "base/banned.h"

struct csv_state {
	struct csv_parser parser;
	struct strbuf text;                   /* the row's cells, each ended by NUL */
	size_t offset[MAPPING_COLUMNS_MAX];
	const char *cell[MAPPING_COLUMNS_MAX];
	size_t len[MAPPING_COLUMNS_MAX];
	size_t n;                             /* cells; may pass MAPPING_COLUMNS_MAX */
	int rows;                             /* ended by the record */
	bool begun;
	size_t columns, least;                /* that a row may have, and that it must have */
	enum event_field field[MAPPING_COLUMNS_MAX];  /* of each column, without a mapping */
	size_t state;                         /* 1 + the column that says what became of a stored event; 0: there is none */
	int64_t row;                          /* rows of data so far */
	struct strbuf scratch;                /* of the mapping */
};

/* Spaces belong to the cell; libcsv would cut them off. */
static int no_space(unsigned char c)
{
	(void)c;
	return 0;
}

static void parser_init(struct csv_state *cs)
{
	csv_init(&cs->parser, CSV_STRICT | CSV_STRICT_FINI);
	csv_set_space_func(&cs->parser, no_space);
}

static void *csv_new(void)
{
	struct csv_state *cs = calloc(1, sizeof(*cs));

	if (!cs)
		abort();
	parser_init(cs);
	strbuf_init(&cs->text, 2 * RECORD_BYTES_MAX);
	strbuf_init(&cs->scratch, 4 * RECORD_BYTES_MAX);
	return cs;
}

static void csv_free_state(void *state)
{
	struct csv_state *cs = state;

	csv_free(&cs->parser);
	strbuf_release(&cs->text);
	strbuf_release(&cs->scratch);
	free(cs);
}

/* ---- rows ---- */

static void add_cell(void *cell, size_t len, void *arg)
{
	struct csv_state *cs = arg;

	if (cs->n < MAPPING_COLUMNS_MAX) {
		cs->offset[cs->n] = cs->text.len;
		cs->len[cs->n] = len;
		strbuf_addn(&cs->text, cell, len);
		strbuf_addc(&cs->text, '\0');
	}
	cs->n++;
}

static void end_row(int c, void *arg)
{
	struct csv_state *cs = arg;

	(void)c;
	cs->rows++;
}

/* Gives up the row in work. */
static enum read_result bad_row(struct csv_state *cs, struct error *err, const char *what)
{
	unsigned char delimiter = csv_get_delim(&cs->parser);

	csv_free(&cs->parser);
	parser_init(cs);
	csv_set_delim(&cs->parser, delimiter);
	error_set(err, ERR_BODY, NULL, "malformed CSV: %s", what);
	return READ_BAD;
}

/* The record has been parsed whole. */
static enum read_result check_row(struct reader *r, struct error *err)
{
	struct csv_state *cs = r->state;

	if (memchr(r->text, 0, r->text_len))
		return bad_row(cs, err, "the row has a NUL byte");
	if (cs->rows > 1)
		return bad_row(cs, err, "a carriage return inside a cell must be in quotes");
	if (cs->n > MAPPING_COLUMNS_MAX) {
		error_set(err, ERR_TOO_LARGE, NULL, "the row has %zu columns; %d are the most", cs->n, MAPPING_COLUMNS_MAX);
		return READ_BAD;
	}
	if (cs->text.failed) {
		error_set(err, ERR_TOO_LARGE, NULL, "the row is too long");
		return READ_BAD;
	}
	for (size_t i = 0; i < cs->n; i++)
		cs->cell[i] = cs->text.text + cs->offset[i];
	return READ_EVENT;
}

/*
 * Reads lines until they make a row. READ_EVENT: the row is in the state; READ_SKIPPED: an empty line. A
 * line without its newline at the end of the stream is a row like any other.
 */
static enum read_result read_row(struct reader *r, struct error *err)
{
	struct csv_state *cs = r->state;
	size_t done = 0, end;
	int64_t lines = 0;

	cs->n = 0;
	cs->rows = 0;
	strbuf_clear(&cs->text);
	for (;;) {
		enum line_result line = window_line(r, done, &end, err);
		bool last = line == LINE_NONE;

		if (line == LINE_FAILED)
			return READ_FAILED;
		if (last && done == 0)
			return READ_END;
		if (line == LINE_LONG) {
			bad_row(cs, NULL, "");
			return reader_cut(r, lines ? " (a quote that isn't closed?)" : "", err);
		}
		if (!last) {
			const char *text = r->window + r->start + done;

			reader_take(r, end, ++lines);
			if (csv_parse(&cs->parser, text, end - done, add_cell, end_row, cs) != end - done)
				return bad_row(cs, err, "a quote inside a cell must be doubled, and the cell be in quotes");
			last = text[end - done - 1] != '\n';
			done = end;
		} else {
			reader_take(r, done, lines);            /* the window may have moved */
		}
		if (last && csv_fini(&cs->parser, add_cell, end_row, cs) != 0)
			return bad_row(cs, err, "a quote isn't closed");
		if (cs->rows)
			return check_row(r, err);
		if (last || r->text_len == 0)
			return READ_SKIPPED;
	}
}

/* ---- the header ---- */

static int header_columns(struct csv_state *cs, struct error *err)
{
	bool has[EVENT_FIELDS + 1] = { false };

	for (size_t i = 0; i < cs->n; i++) {
		enum event_field f = event_field_find(cs->cell[i], cs->len[i]);

		if (f != EVENT_FIELDS && has[f])
			return error_set(err, ERR_BODY, event_fields[f].name, "the header names the column %s twice", event_fields[f].name);
		has[f] = true;
		cs->field[i] = f;
		if (strcmp(cs->cell[i], "state") == 0)
			cs->state = i + 1;
	}
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		if (event_fields[f].required && !has[f])
			return error_set(err, ERR_BODY, event_fields[f].name,
					 "the header has no column %s; the first line must name the event's fields (or give a mapping)",
					 event_fields[f].name);
	}
	return 0;
}

/* Before the first row of data: what the columns are. */
static int begin(struct reader *r, struct error *err)
{
	struct csv_state *cs = r->state;
	enum read_result got;

	cs->begun = true;
	if (r->mapping) {
		csv_set_delim(&cs->parser, (unsigned char)mapping_delimiter(r->mapping));
		if (mapping_own_columns(r->mapping, &cs->columns, &cs->least))
			return 0;
	}
	got = read_row(r, err);
	if (got == READ_END || got == READ_SKIPPED)
		return error_set(err, ERR_BODY, NULL, "the first line must be the CSV header");
	if (got != READ_EVENT)
		return -1;
	cs->columns = cs->least = cs->n;
	if (r->mapping ? mapping_columns(r->mapping, cs->cell, cs->n, err) : header_columns(cs, err))
		return -1;
	reader_let_go(r);
	return 0;
}

/* ---- events ---- */

static enum read_result map_row(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct csv_state *cs = r->state;
	int rc = mapping_apply(r->mapping, cs->cell, cs->len, cs->n, r->line, cs->row - 1, &cs->scratch, ret, err);

	return rc < 0 ? READ_BAD : rc == 0 ? READ_SKIPPED : READ_EVENT;
}

/* Is the row one of GET /events that doesn't count as it stands there? */
static bool superseded(const struct csv_state *cs, struct error *err)
{
	static const char *const states[] = { "amended", "void", "reversal", "replacement" };

	for (size_t i = 0; cs->state && i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(cs->cell[cs->state - 1], states[i]) != 0)
			continue;
		error_set(err, ERR_PARAM, "state", "this is a stored event with its corrections (%s): usaged export writes what counts of it", states[i]);
		return true;
	}
	return false;
}

/* An empty cell is a field that the event doesn't have. */
static enum read_result plain_row(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct csv_state *cs = r->state;

	if (superseded(cs, err))
		return READ_BAD;
	memset(ret, 0, sizeof(*ret));
	ret->line = r->line;
	for (size_t i = 0; i < cs->n; i++) {
		if (cs->field[i] == EVENT_FIELDS || cs->len[i] == 0)
			continue;
		ret->field[cs->field[i]].text = cs->cell[i];
		ret->field[cs->field[i]].len = cs->len[i];
	}
	return READ_EVENT;
}

/* Gives the row the empty cells that it lacks. */
static int fill_row(struct csv_state *cs, struct error *err)
{
	if (cs->least == cs->columns && cs->n != cs->columns)
		return error_set(err, ERR_BODY, NULL, "the row has %zu columns where %zu are expected", cs->n, cs->columns);
	if (cs->n < cs->least || cs->n > cs->columns)
		return error_set(err, ERR_BODY, NULL, "the row has %zu columns where %zu to %zu are expected", cs->n, cs->least, cs->columns);
	for (; cs->n < cs->columns; cs->n++) {
		cs->cell[cs->n] = "";
		cs->len[cs->n] = 0;
	}
	return 0;
}

static enum read_result csv_next(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct csv_state *cs = r->state;
	enum read_result got;

	if (!cs->begun && begin(r, err) < 0)
		return READ_FAILED;
	got = read_row(r, err);
	if (got == READ_EVENT || got == READ_BAD)
		cs->row++;
	if (got != READ_EVENT)
		return got;
	if (fill_row(cs, err) < 0)
		return READ_BAD;
	return r->mapping ? map_row(r, ret, err) : plain_row(r, ret, err);
}

const struct form_ops form_csv = { csv_new, csv_next, csv_free_state };
