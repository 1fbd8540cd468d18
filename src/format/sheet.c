/*
 * CSV for spreadsheets, used by the server's own reports and lists. The CSV of
 * the dialects (csv.c) is for programs. The differences:
 *
 *   UTF-8 with a byte order mark: without it Excel takes the bytes for the
 *   computer's old code page. Programs should ask for JSON, or skip the mark.
 *   Empty columns are omitted, unless the list is too long to hold until its
 *   end.
 *   Links are absolute.
 *   Instants are "2026-11-01 09:30:00", which spreadsheets read as a time; the
 *   column's name ends in _utc.
 *   A text that a spreadsheet would take for a formula gets an apostrophe in
 *   front, since a formula from a sender of events can do harm.
 *   The last row has the totals of the list, if the caller wants totals.
 */
#include "format/backend.h"

#include <string.h>

#include "format/columns.h"

#include "base/banned.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

enum { HELD_BYTES = 1 << 20, INSTANT_LENGTH = 20 };

/* Held rows are cells that end in NUL, COLUMNS.n cells a row. */
struct sheet {
	struct columns columns;
	bool columned;            /* the columns are known */
	bool filled[COLUMNS_MAX]; /* a row has a value in the column */
	bool begun;               /* the header is written; rows are no longer held */
	struct strbuf rows, total;
	struct strbuf *to;  /* where the open row is written, or NULL */
	int depth;          /* of the open row */
	size_t cells;       /* cells of the open row so far */
	struct strbuf text; /* the current cell */
};

static void choose_columns(struct writer *w, const struct shape *shape)
{
	struct sheet *s = w->state;

	if (s->columned)
		return;
	if (!columns_shown(w, &s->columns, shape, w->format->leaves_out))
		writer_fail(w, ERR_INTERNAL, "a table has too many columns");
	s->columned = true;
	strbuf_init(&s->rows, w->out->limit);
	strbuf_init(&s->total, w->out->limit);
	strbuf_init(&s->text, w->out->limit);
}

/* ---- the text of a cell ---- */

static bool is_instant(const struct field *f)
{
	return f->format && strcmp(f->format, "date-time") == 0;
}

/* "-5" and "1.50" */
static bool is_number(const char *text, size_t len)
{
	size_t sign = len > 0 && *text == '-', whole = strspn(text + sign, "0123456789"), part = 0;

	if (text[sign + whole] == '.')
		part = 1 + strspn(text + sign + whole + 1, "0123456789");
	return whole > 0 && part != 1 && sign + whole + part == len;
}

/*
 * Would a spreadsheet take the cell for a formula? Some spreadsheets also
 * accept the wide forms of = + - @.
 */
static bool begins_formula(const char *text, size_t len)
{
	static const char *const wide_signs[] = { "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D",
						  "\xEF\xBC\xA0" };

	if (len == 0 || is_number(text, len))
		return false;
	for (size_t i = 0; i < sizeof(wide_signs) / sizeof(wide_signs[0]); i++)
		if (len >= 3 && memcmp(text, wide_signs[i], 3) == 0)
			return true;
	return strchr("=+-@\r\n", *text) != NULL;
}

/*
 * Adds TEXT with an apostrophe before each possible formula. A spreadsheet may
 * be set to split cells at semicolons or tabs, so a formula could begin after
 * each semicolon or tab.
 */
static void add_harmless(struct strbuf *out, const char *text, size_t len)
{
	if (*text == '\t')
		strbuf_addc(out, '\'');
	for (size_t at = 0; at < len;) {
		size_t n = strcspn(text + at, ";\t");

		if (begins_formula(text + at, n))
			strbuf_addc(out, '\'');
		n += at + n < len; /* include the separator */
		strbuf_addn(out, text + at, n);
		at += n;
	}
}

/* Adds "2026-11-01T09:30:00Z" as "2026-11-01 09:30:00". */
static bool add_instant(struct strbuf *out, const char *text, size_t len)
{
	if (len < INSTANT_LENGTH || text[10] != 'T' || text[len - 1] != 'Z')
		return false;
	strbuf_addn(out, text, 10);
	strbuf_addc(out, ' ');
	strbuf_addn(out, text + 11, len - 12);
	return true;
}

static void add_text(struct writer *w, const struct field *f, const char *text, size_t len)
{
	struct sheet *s = w->state;
	bool path = f->format && strcmp(f->format, "uri") == 0 && text[0] == '/' && text[1] != '/';

	if (path && w->options->base_url) {
		strbuf_add(&s->text, w->options->base_url);
		strbuf_addn(&s->text, text, len);
	} else if (!is_instant(f) || !add_instant(&s->text, text, len)) {
		add_harmless(&s->text, text, len);
	}
}

/* ---- rows ---- */

static void end_cell(struct sheet *s)
{
	strbuf_addn(s->to, "", 1);
	s->cells++;
}

static void sheet_field(struct writer *w, const struct field *f, const void *value)
{
	struct sheet *s = w->state;
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len, column;

	if (!s->to)
		return;
	column = columns_seek(w, &s->columns, f, s->depth, s->cells);
	if (column == s->columns.n || column < s->cells ||
	    !writer_scalar(f, value, buf, &text, &len) || len == 0)
		return;
	while (s->cells < column)
		end_cell(s);
	strbuf_clear(&s->text);
	if (f->type == VT_TEXT || f->type == VT_TEXTS)
		add_text(w, f, text, len);
	else
		strbuf_addn(&s->text, text, len);
	s->filled[column] = true;
	strbuf_addn(s->to, s->text.text, s->text.len);
	end_cell(s);
}

static void begin_row(struct writer *w, struct strbuf *to)
{
	struct sheet *s = w->state;

	s->to = to;
	s->depth = w->depth;
	s->cells = 0;
}

/* ---- output ---- */

static void add_quoted(struct strbuf *out, const char *text, size_t len)
{
	bool plain = strcspn(text, "\",;\t\r\n") == len &&
		     (len == 0 || (text[0] != ' ' && text[len - 1] != ' '));

	if (!plain)
		strbuf_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			strbuf_addc(out, '"');
		strbuf_addc(out, text[i]);
	}
	if (!plain)
		strbuf_addc(out, '"');
}

static void add_rows(struct writer *w, struct strbuf *rows)
{
	struct sheet *s = w->state;

	for (size_t at = 0; at < rows->len;) {
		const char *comma = "";

		for (size_t i = 0; i < s->columns.n; i++) {
			size_t len = strlen(rows->text + at);

			if (s->filled[i]) {
				strbuf_add(w->out, comma);
				add_quoted(w->out, rows->text + at, len);
				comma = ",";
			}
			at += len + 1;
		}
		strbuf_add(w->out, "\r\n");
	}
	w->out->failed |= rows->failed;
	strbuf_clear(rows);
}

/*
 * Writes the header and the held rows. ALL: includes columns that are empty so
 * far.
 */
static void begin_sheet(struct writer *w, bool all)
{
	struct sheet *s = w->state;
	const char *comma = "";

	strbuf_add(w->out, BYTE_ORDER_MARK);
	for (size_t i = 0; i < s->columns.n; i++) {
		const struct column *c = &s->columns.at[i];

		s->filled[i] |= all;
		if (!s->filled[i])
			continue;
		strbuf_addf(w->out, "%s%s%s%s%s", comma, c->parent ? c->parent->name : "",
			    c->parent ? "_" : "", c->field->name,
			    is_instant(c->field) ? "_utc" : "");
		comma = ",";
	}
	strbuf_add(w->out, "\r\n");
	s->begun = true;
}

static void end_row(struct writer *w)
{
	struct sheet *s = w->state;

	while (s->cells < s->columns.n)
		end_cell(s);
	if (s->to == &s->rows && !s->begun && s->rows.len > HELD_BYTES)
		begin_sheet(w, true);
	if (s->to == &s->rows && s->begun)
		add_rows(w, &s->rows);
	s->to = NULL;
}

/* ---- the writer's calls ---- */

static bool is_envelope(const struct shape *shape)
{
	return (shape->flags & SHAPE_PAGE) || shape_main_list(shape);
}

static void sheet_begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	struct sheet *s = w->state;
	const struct writer_node *parent = writer_parent(w);
	bool total = f && (f->flags & FIELD_TOTAL) && w->totals;

	if (s->to) {
		writer_top(w)->skipped = f->flags & FIELD_MACHINE;
	} else if (total || (!parent && !is_envelope(shape))) {
		choose_columns(w, shape);
		begin_row(w, total ? &s->total : &s->rows);
	} else if (parent && parent->list) {
		begin_row(w, &s->rows);
	} else if (parent) {
		writer_top(w)->skipped = true;
	}
}

static void sheet_begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	const struct writer_node *parent = writer_parent(w);
	const struct sheet *s = w->state;

	if (s->to || (parent && f != shape_main_list(parent->shape)))
		writer_top(w)->skipped = true;
	else
		choose_columns(w, item);
}

static void sheet_end(struct writer *w)
{
	const struct sheet *s = w->state;

	if (s->to && s->depth == w->depth)
		end_row(w);
}

static void sheet_finish(struct writer *w)
{
	struct sheet *s = w->state;

	if (!s->begun)
		begin_sheet(w, s->rows.len == 0);
	add_rows(w, &s->rows);
	add_rows(w, &s->total);
}

static void sheet_release(struct writer *w)
{
	struct sheet *s = w->state;

	if (!s->columned)
		return;
	strbuf_release(&s->rows);
	strbuf_release(&s->total);
	strbuf_release(&s->text);
}

const struct format format_sheet = {
	.name = "csv",
	.mime = "text/csv",
	.charset = "utf-8",
	.leaves_out = FIELD_XML_ONLY | FIELD_JSON_ONLY | FIELD_PAGE_ONLY,
	.state_size = sizeof(struct sheet),
	.begin = sheet_begin,
	.begin_list = sheet_begin_list,
	.field = sheet_field,
	.end = sheet_end,
	.finish = sheet_finish,
	.release = sheet_release,
};
