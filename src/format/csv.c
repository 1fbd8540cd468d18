/*
 * CSV (RFC 4180): a header, then a row for each record. Each line ends with CR
 * LF. The rows are the items of the root list or of a page's list; an object
 * without such a list is one row. The style decides how an object in a record
 * is written: as JSV in one cell, or with a column for each field. Cells that a
 * spreadsheet takes for formulas are unchanged, since programs rely on the
 * bytes. (sheet.c writes CSV for people.)
 */
#include "format/backend.h"

#include <string.h>

#include "format/columns.h"
#include "format/jsv.h"

#include "base/banned.h"

struct csv {
	struct columns columns;
	/* commas written in this row: the index of the current column */
	size_t commas;
	/* depths of the open row and of the open JSV cell; 0 = none */
	int row, cell;
	bool headed;
};

static bool needs_quotes(const struct writer *w, const char *text, size_t len)
{
	if (len == 0)
		return false;
	if (text[0] == '[' || text[0] == '{')
		return true;
	return strcspn(text, w->options->style->csv_quote_spaces ? "\",\r\n " : "\",\r\n") < len;
}

static void add_cell(struct writer *w, const char *text, size_t len)
{
	if (!needs_quotes(w, text, len)) {
		strbuf_addn(w->out, text, len);
		return;
	}
	strbuf_addc(w->out, '"');
	jsv_add_doubled(w->out, text, len);
	strbuf_addc(w->out, '"');
}

static void add_commas(struct writer *w, size_t column)
{
	struct csv *csv = w->state;

	for (; csv->commas < column; csv->commas++)
		strbuf_addc(w->out, ',');
}

static void add_name(struct writer *w, const struct field *f)
{
	const struct spelled *name = style_spelled(w->options->style->csv, f->name);

	strbuf_addn(w->out, name->text, name->len);
}

static void add_header(struct writer *w, const struct shape *shape)
{
	struct csv *csv = w->state;

	if (!columns_of(&csv->columns, shape, w->format->leaves_out,
			w->options->style->csv_nested_as_jsv)) {
		writer_fail(w, ERR_INTERNAL, "a table has too many columns");
		return;
	}
	csv->headed = true;
	csv->commas = 0;
	for (size_t i = 0; i < csv->columns.n; i++) {
		add_commas(w, i);
		if (csv->columns.at[i].parent)
			add_name(w, csv->columns.at[i].parent);
		add_name(w, csv->columns.at[i].field);
	}
	strbuf_add(w->out, "\r\n");
}

/* Goes to the cell of F in the open row. Returns false if F has no cell. */
static bool seek_cell(struct writer *w, const struct field *f, int depth)
{
	struct csv *csv = w->state;
	size_t column = columns_seek(w, &csv->columns, f, depth, csv->commas);

	if (column == csv->columns.n)
		return false;
	add_commas(w, column);
	return true;
}

/* Is the root object an envelope, with a list whose items are the rows? */
static bool is_envelope(const struct writer *w, const struct shape *shape)
{
	if (shape->flags & SHAPE_PAGE)
		return true;
	return !w->options->style->csv_nested_as_jsv && shape_main_list(shape);
}

static void begin_row(struct writer *w)
{
	struct csv *csv = w->state;

	csv->row = w->depth;
	csv->commas = 0;
}

/* Begins a JSV value. The first value in a cell has no comma before it. */
static void begin_cell(struct writer *w, char bracket)
{
	struct csv *csv = w->state;

	csv->cell = w->depth;
	strbuf_addc(w->out, '"');
	writer_parent(w)->mark = 0;
	jsv_open(w, NULL, bracket);
}

/* Begins an object or a list inside a row. */
static void begin_inside(struct writer *w, const struct field *f, char bracket)
{
	struct csv *csv = w->state;
	struct writer_node *node = writer_top(w);

	if (csv->cell)
		jsv_open(w, f, bracket);
	else if (seek_cell(w, f, w->depth))
		begin_cell(w, bracket);
	else
		node->skipped = node->list || w->options->style->csv_nested_as_jsv ||
				(f->flags & FIELD_MACHINE);
}

static void csv_begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	struct csv *csv = w->state;
	struct writer_node *parent = writer_parent(w);

	if (csv->row) {
		begin_inside(w, f, '{');
	} else if (!parent && !is_envelope(w, shape)) {
		add_header(w, shape);
		begin_row(w);
	} else if (parent && parent->list) {
		begin_row(w);
	} else if (parent) {
		writer_top(w)->skipped = true;
	}
}

static void csv_begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	const struct writer_node *parent = writer_parent(w);
	struct csv *csv = w->state;

	if (csv->row)
		begin_inside(w, f, '[');
	else if (parent && f != shape_main_list(parent->shape))
		writer_top(w)->skipped = true;
	else
		add_header(w, item);
}

/* Doubles the quotes in OUT from FROM on. */
static void double_quotes(struct strbuf *out, size_t from)
{
	struct strbuf copy;

	if (!memchr(out->text + from, '"', out->len - from))
		return;
	strbuf_init(&copy, out->limit);
	strbuf_addn(&copy, out->text + from, out->len - from);
	out->len = from;
	jsv_add_doubled(out, copy.text, copy.len);
	strbuf_release(&copy);
}

static void add_texts_cell(struct writer *w, const char *const *texts)
{
	struct strbuf cell;

	strbuf_init(&cell, w->out->limit);
	jsv_add_texts(&cell, texts);
	add_cell(w, cell.text, cell.len);
	w->out->failed |= cell.failed;
	strbuf_release(&cell);
}

/* A scalar in a cell of its own. Numbers and booleans need no quotes. */
static void add_scalar_cell(struct writer *w, const struct field *f, const void *value)
{
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if (f->type == VT_TEXTS && value)
		add_texts_cell(w, writer_texts(value));
	else if (!writer_scalar(f, value, buf, &text, &len))
		return;
	else if (f->type == VT_TEXT)
		add_cell(w, text, len);
	else
		strbuf_addn(w->out, text, len);
}

static void csv_field(struct writer *w, const struct field *f, const void *value)
{
	struct csv *csv = w->state;
	size_t from = w->out->len;

	if (csv->cell) {
		jsv_field(w, f, value);
		double_quotes(w->out, from);
	} else if (csv->row && seek_cell(w, f, csv->row)) {
		add_scalar_cell(w, f, value);
	}
}

/* In a row, scalars that follow each other are columns that follow each other. */
static void csv_scalars(struct writer *w, const struct writer_step *step, const void *rec)
{
	struct csv *csv = w->state;
	const struct writer_step *end = step + step->scalars;

	if (csv->cell) {
		for (; step < end; step++)
			csv_field(w, step->field, writer_step_value(step, rec));
	} else if (csv->row && seek_cell(w, step->field, csv->row)) {
		add_scalar_cell(w, step->field, writer_step_value(step, rec));
		while (++step < end) {
			add_commas(w, csv->commas + 1);
			add_scalar_cell(w, step->field, writer_step_value(step, rec));
		}
	}
}

static void csv_end(struct writer *w)
{
	struct csv *csv = w->state;

	if (csv->cell) {
		jsv_close(w);
		if (csv->cell == w->depth) {
			strbuf_addc(w->out, '"');
			csv->cell = 0;
		}
	} else if (csv->row == w->depth) {
		add_commas(w, csv->columns.n - 1);
		strbuf_add(w->out, "\r\n");
		csv->row = 0;
	}
}

const struct format format_csv = {
	.name = "csv",
	.mime = "text/csv",
	.leaves_out = FIELD_XML_ONLY | FIELD_JSON_ONLY | FIELD_PAGE_ONLY,
	.lists_texts = true,
	.state_size = sizeof(struct csv),
	.begin = csv_begin,
	.begin_list = csv_begin_list,
	.field = csv_field,
	.scalars = csv_scalars,
	.end = csv_end,
};
