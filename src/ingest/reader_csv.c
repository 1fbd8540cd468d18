/*
 * reader_csv.c - usage events as CSV (RFC 4180) or as tab-separated values,
 * which have no quotes: the header names the event's fields, or a mapping says
 * how columns become fields. libcsv gets one line at a time, so that the text
 * and line of each row are known, and only rows with quotes.
 */
#include "ingest/reader.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/strbuf.h"
#include "ingest/members.h"
#include "ingest/reader_internal.h"
#include "base/banned.h"

/* The meaning of a column if there is no mapping. */
enum { COLUMN_ATTRIBUTE = EVENT_FIELDS, COLUMN_ATTRIBUTES, COLUMN_NOTHING };

struct csv_state {
	struct csv_parser parser;
	bool quotes; /* cells may be in quotes */
	char delimiter;
	struct strbuf text; /* the row's cells, each ended by NUL */
	size_t n;           /* cells of the row; may be more than MAPPING_COLUMNS_MAX */
	int rows;           /* rows that libcsv has ended in this record */
	bool begun;
	size_t columns, least; /* the most and the fewest cells of a row */
	size_t named;          /* columns with a meaning and a name below */
	/* 1 + the column "state" of an event list; 0: there is none */
	size_t state;
	int64_t row;           /* rows of data so far */
	struct strbuf scratch; /* of the mapping */

	/*
	 * From here on, state_new clears nothing: a request with one event has
	 * few columns.
	 */
	struct members members;
	size_t offset[MAPPING_COLUMNS_MAX]; /* in the text, of each cell of the row */
	const char *cell[MAPPING_COLUMNS_MAX];
	size_t len[MAPPING_COLUMNS_MAX];
	/*
	 * of each column, if there is no mapping: an event_field, or COLUMN_...
	 */
	int meaning[MAPPING_COLUMNS_MAX];
	char *name[MAPPING_COLUMNS_MAX]; /* of columns that are attributes; or NULL */
};

/*
 * Bytes to grow a cell by. libcsv's default of 128 bytes would move a cell of 1
 * MiB 8,000 times.
 */
enum { CELL_GROWS_BY = 16 << 10 };

/* Tells libcsv to keep the spaces at the ends of a cell. */
static int no_space(unsigned char c)
{
	(void)c;
	return 0;
}

static void parser_init(struct csv_state *cs)
{
	csv_init(&cs->parser, CSV_STRICT | CSV_STRICT_FINI);
	csv_set_blk_size(&cs->parser, CELL_GROWS_BY);
	csv_set_space_func(&cs->parser, no_space);
	csv_set_delim(&cs->parser, (unsigned char)cs->delimiter);
}

static struct csv_state *state_new(const struct reader *r, char delimiter, bool quotes)
{
	struct csv_state *cs = malloc(sizeof(*cs));

	if (!cs)
		abort();
	memset(cs, 0, offsetof(struct csv_state, members));
	cs->delimiter = delimiter;
	cs->quotes = quotes;
	parser_init(cs);
	/* each cell is ended by a NUL */
	strbuf_init(&cs->text, 2 * r->record_bytes + 2);
	strbuf_init(&cs->scratch, 4 * r->record_bytes);
	members_init(&cs->members);
	return cs;
}

static void *csv_new(const struct reader *r)
{
	if (r->mapping)
		return state_new(r, mapping_delimiter(r->mapping), mapping_quotes(r->mapping));
	return state_new(r, ',', true);
}

static void *tsv_new(const struct reader *r)
{
	return state_new(r, '\t', false);
}

static void csv_free_state(void *state)
{
	struct csv_state *cs = state;

	csv_free(&cs->parser);
	strbuf_release(&cs->text);
	strbuf_release(&cs->scratch);
	members_release(&cs->members);
	for (size_t i = 0; i < cs->named; i++)
		free(cs->name[i]);
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

static enum read_result bad_row(struct error *err, const char *what)
{
	error_set(err, ERR_BODY, NULL, "malformed CSV: %s", what);
	return READ_BAD;
}

/*
 * Rejects the row's first line, of FIRST bytes, which libcsv can't read. The
 * next row begins after this line.
 */
static enum read_result bad_line(struct reader *r, size_t first, struct error *err,
				 const char *what)
{
	struct csv_state *cs = r->state;

	csv_free(&cs->parser);
	parser_init(cs);
	reader_take(r, first, 1);
	return bad_row(err, what);
}

/* Checks the row after the whole record has been parsed. */
static enum read_result check_row(struct reader *r, int64_t lines, struct error *err)
{
	struct csv_state *cs = r->state;

	if (lines > 1) {
		r->folds.records++;
		if (lines > r->folds.longest_lines) {
			r->folds.longest_line = r->line;
			r->folds.longest_lines = lines;
		}
	}
	if (memchr(r->text, 0, r->text_len))
		return bad_row(err, "the row has a NUL byte");
	if (cs->n > MAPPING_COLUMNS_MAX) {
		error_set(err, ERR_TOO_LARGE, NULL, "the row has %zu columns; %d are the most",
			  cs->n, MAPPING_COLUMNS_MAX);
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

/* Cuts a line without quotes into cells. */
static void cut_line(struct csv_state *cs, const char *p, const char *end)
{
	for (;;) {
		const char *delimiter = memchr(p, cs->delimiter, (size_t)(end - p));

		add_cell((char *)(uintptr_t)p, (size_t)((delimiter ? delimiter : end) - p), cs);
		if (!delimiter)
			return;
		p = delimiter + 1;
	}
}

/* Reads a row that is one line. */
static enum read_result read_line(struct reader *r, struct error *err)
{
	struct csv_state *cs = r->state;
	size_t len;

	switch (window_line(r, 0, &len, err)) {
	case LINE_NONE:
		return READ_END;
	case LINE_FAILED:
		return READ_FAILED;
	case LINE_LONG:
		return reader_cut(r, err);
	case LINE_WHOLE:
		break;
	}
	reader_take(r, len, 1);
	cut_line(cs, r->text, r->text + r->text_len);
	return check_row(r, 1, err);
}

/*
 * Is the row that the reader has taken plain: a line without quotes, and without
 * a carriage return inside? Most are, and need no parser.
 */
static bool is_plain(const struct reader *r)
{
	return !memchr(r->text, '"', r->text_len) && !memchr(r->text, '\r', r->text_len);
}

/* Reads lines until a row is complete. */
static enum read_result read_lines(struct reader *r, struct error *err)
{
	struct csv_state *cs = r->state;
	size_t done = 0, first = 0, end;
	int64_t lines = 0;

	for (;;) {
		enum line_result line = window_line(r, done, &end, err);
		bool last = line == LINE_NONE;

		if (line == LINE_FAILED)
			return READ_FAILED;
		if (last && done == 0)
			return READ_END;
		if (line == LINE_LONG && lines)
			return bad_line(
				r, first, err,
				"a quote isn't closed, or the row is longer than a record may be");
		if (line == LINE_LONG)
			return reader_cut(r, err);
		if (!last) {
			const char *text = r->window + r->start + done;

			reader_take(r, end, ++lines);
			if (lines == 1)
				first = end;
			if (lines == 1 && is_plain(r)) {
				cut_line(cs, r->text, r->text + r->text_len);
				return check_row(r, 1, err);
			}
			if (csv_parse(&cs->parser, text, end - done, add_cell, end_row, cs) !=
			    end - done)
				return bad_line(r, first, err,
						lines == 1 ? "a quote inside a cell must be "
							     "doubled, and the cell be in quotes"
							   : "a quote isn't closed, or one inside "
							     "a cell isn't doubled");
			last = text[end - done - 1] != '\n';
			done = end;
		} else {
			reader_take(r, done, lines); /* the window may have moved */
		}
		if (last && csv_fini(&cs->parser, add_cell, end_row, cs) != 0)
			return bad_line(r, first, err, "a quote isn't closed");
		if (cs->rows > 1)
			return bad_line(r, first, err,
					"a carriage return inside a cell must be in quotes");
		if (cs->rows)
			return check_row(r, lines, err);
	}
}

/*
 * Reads a row. READ_EVENT: the row is in the state. The last line of the stream
 * needs no newline. Empty lines are skipped.
 */
static enum read_result read_row(struct reader *r, struct error *err)
{
	struct csv_state *cs = r->state;
	int c;

	if (reader_skip_line_ends(r, &c, err) < 0)
		return READ_FAILED;
	cs->n = 0;
	cs->rows = 0;
	strbuf_clear(&cs->text);
	return cs->quotes ? read_lines(r, err) : read_line(r, err);
}

/* ---- the header ---- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Removes spaces around the names of columns. */
static void trim_names(struct csv_state *cs)
{
	for (size_t i = 0; i < cs->n; i++) {
		char *name = cs->text.text + cs->offset[i], *end = name + cs->len[i];

		while (name < end && is_space(*name))
			name++;
		while (name < end && is_space(end[-1]))
			end--;
		*end = '\0';
		cs->cell[i] = name;
		cs->len[i] = (size_t)(end - name);
	}
}

static size_t column_called(const struct csv_state *cs, const char *name)
{
	for (size_t i = 0; i < cs->n; i++)
		if (strcmp(cs->cell[i], name) == 0)
			return i;
	return cs->n;
}

static bool has_column(const struct csv_state *cs, const char *name)
{
	return column_called(cs, name) < cs->n;
}

/*
 * Sets the meaning of a column whose name is no field. The column is an
 * attribute, unless its name looks like a misspelled field that the header
 * lacks.
 */
static int other_column(struct csv_state *cs, size_t i, struct error *err)
{
	const char *lacking[EVENT_FIELDS] = { NULL }, *near;
	bool has[EVENT_FIELDS];

	if (strcmp(cs->cell[i], "attributes") == 0) {
		cs->meaning[i] = COLUMN_ATTRIBUTES;
		return 0;
	}
	for (enum event_field f = 0; f < EVENT_FIELDS; f++)
		has[f] = has_column(cs, event_fields[f].name);
	for (enum event_field f = 0; f < EVENT_FIELDS; f++)
		if (event_field_lacks(f, has))
			lacking[f] = event_fields[f].name;
	near = nearest_name(cs->cell[i], cs->len[i], lacking, EVENT_FIELDS);
	if (near)
		return error_set(err, ERR_BODY, near,
				 "the header has a column %s and none called %s: call it that if "
				 "it is meant",
				 cs->cell[i], near);
	cs->meaning[i] = COLUMN_ATTRIBUTE;
	cs->name[i] = strdup(cs->cell[i]);
	if (!cs->name[i])
		abort();
	return 0;
}

/*
 * Finds the meaning of each column. Columns that only GET /events adds are
 * skipped.
 */
static int header_columns(struct csv_state *cs, struct error *err)
{
	bool listed = has_column(cs, "state") && has_column(cs, "uri");

	for (size_t i = 0; i < cs->n; i++) {
		cs->name[i] = NULL;
		cs->named = i + 1;
		cs->meaning[i] = cs->len[i] ? (int)event_field_find(cs->cell[i], cs->len[i])
					    : COLUMN_NOTHING;
		if (cs->len[i] && column_called(cs, cs->cell[i]) < i)
			return error_set(err, ERR_BODY, cs->cell[i],
					 "the header names the column %s twice", cs->cell[i]);
		if (strcmp(cs->cell[i], "state") == 0)
			cs->state = i + 1;
		if (cs->meaning[i] == COLUMN_ATTRIBUTE && listed)
			cs->meaning[i] = COLUMN_NOTHING;
		if (cs->meaning[i] == COLUMN_ATTRIBUTE && other_column(cs, i, err) < 0)
			return -1;
	}
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		if (event_fields[f].required && !has_column(cs, event_fields[f].name))
			return error_set(err, ERR_BODY, event_fields[f].name,
					 "the header has no column %s; the first line must name "
					 "the event's fields (or give a mapping)",
					 event_fields[f].name);
	}
	return 0;
}

/* Finds the columns, before the first row of data. */
static int begin(struct reader *r, struct error *err)
{
	struct csv_state *cs = r->state;
	enum read_result got;

	cs->begun = true;
	if (r->mapping && mapping_own_columns(r->mapping, &cs->columns, &cs->least))
		return 0;
	got = read_row(r, err);
	if (got == READ_END)
		return error_set(err, ERR_BODY, NULL, "the first line must be the CSV header");
	if (got != READ_EVENT)
		return -1;
	cs->columns = cs->least = cs->n;
	trim_names(cs);
	if (r->mapping ? mapping_columns(r->mapping, cs->cell, cs->n, err)
		       : header_columns(cs, err))
		return -1;
	reader_let_go(r);
	return 0;
}

/* ---- events ---- */

static enum read_result map_row(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct csv_state *cs = r->state;
	struct record_cells row = { cs->cell, cs->len, cs->n, r->line, cs->row - 1, false, NULL };
	int rc = mapping_apply(r->mapping, row, &cs->scratch, ret, err);

	if (rc > 0 && members_map(&cs->members, r->mapping, row, ret, err) < 0)
		rc = -1;
	return rc < 0 ? READ_BAD : rc == 0 ? READ_SKIPPED : READ_EVENT;
}

/*
 * Is the row an event from GET /events that was corrected and doesn't count any
 * more?
 */
static bool superseded(const struct csv_state *cs, struct error *err)
{
	static const char *const states[] = { "amended", "void", "reversal", "replacement" };

	for (size_t i = 0; cs->state && i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(cs->cell[cs->state - 1], states[i]) != 0)
			continue;
		error_set(err, ERR_PARAM, "state",
			  "this is a stored event with its corrections (%s): usaged export writes "
			  "what counts of it",
			  states[i]);
		return true;
	}
	return false;
}

/*
 * Adds the attributes in a cell of the column "attributes": a JSON object, as
 * usaged export writes it.
 */
static int add_attributes(struct csv_state *cs, size_t i, struct error *err)
{
	json_object *object = members_parse(cs->cell[i], cs->len[i]);

	if (!object)
		return error_set(err, ERR_PARAM, "attributes", "attributes must be a JSON object");
	json_object_object_foreach(object, name, value)
	{
		members_add(&cs->members, name, value);
	}
	json_object_put(object);
	return 0;
}

/*
 * Makes an event of a row without a mapping. An empty cell is a missing field.
 */
static enum read_result plain_row(struct reader *r, struct raw_event *ret, struct error *err)
{
	struct csv_state *cs = r->state;

	if (superseded(cs, err))
		return READ_BAD;
	memset(ret, 0, sizeof(*ret));
	members_clear(&cs->members);
	for (size_t i = 0; i < cs->n; i++) {
		int meaning = cs->len[i] ? cs->meaning[i] : COLUMN_NOTHING;

		if (meaning < (int)EVENT_FIELDS) {
			ret->field[meaning].text = cs->cell[i];
			ret->field[meaning].len = cs->len[i];
		} else if (meaning == COLUMN_ATTRIBUTE) {
			members_add_text(&cs->members, cs->name[i], cs->cell[i], cs->len[i]);
		} else if (meaning == COLUMN_ATTRIBUTES && add_attributes(cs, i, err) < 0) {
			return READ_BAD;
		}
	}
	members_set(&cs->members, ret);
	return READ_EVENT;
}

/* Adds empty cells for the columns that the row lacks. */
static int fill_row(struct csv_state *cs, struct error *err)
{
	if (cs->least == cs->columns && cs->n != cs->columns)
		return error_set(err, ERR_BODY, NULL,
				 "the row has %zu columns where %zu are expected", cs->n,
				 cs->columns);
	if (cs->n < cs->least || cs->n > cs->columns)
		return error_set(err, ERR_BODY, NULL,
				 "the row has %zu columns where %zu to %zu are expected", cs->n,
				 cs->least, cs->columns);
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
const struct form_ops form_tsv = { tsv_new, csv_next, csv_free_state };
