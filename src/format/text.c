/*
 * Tables for a terminal. Column widths depend on all rows, so rows are held
 * until the list ends. After BLOCK_ROWS rows, the held rows are printed as a
 * table of their own.
 */
#include "format/backend.h"

#include <string.h>

#include <glib.h>

#include "format/columns.h"
#include "format/plain.h"

#include "base/banned.h"

enum { BLOCK_ROWS = 10000, NO_CELL = -1 };

struct text_table {
	struct columns columns;
	int table; /* depth of the list that is the open table; 0 = none */
	/*
	 * the held rows: a value and a unit for each column, each ended by NUL
	 */
	struct strbuf cells;
	size_t rows;    /* held rows, without the headings */
	size_t written; /* values and units of this row */
	int column;     /* column of the previous field; NO_CELL: not shown */
	size_t widths[COLUMNS_MAX], unit_widths[COLUMNS_MAX];
	bool titled; /* the empty line and the name above the open table are printed */
	bool spaced; /* text was printed above: print an empty line first */
};

/* The width of TEXT, which is plain, in columns of a terminal. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
	}
	return width;
}

static void add_spaces(struct strbuf *out, size_t n)
{
	while (n-- > 0)
		strbuf_addc(out, ' ');
}

static bool is_number(const struct field *f)
{
	return f->type == VT_INT || f->type == VT_DECIMAL;
}

/* Prints the title and the sentence. */
static void print_about(struct writer *w)
{
	struct text_table *t = w->state;
	const char *lines[] = { w->title, w->sentence };

	for (size_t i = 0; w->depth == 1 && i < 2; i++) {
		if (!lines[i] || !*lines[i])
			continue;
		plain_add(w->out, lines[i], strlen(lines[i]));
		strbuf_addc(w->out, '\n');
		t->spaced = true;
	}
}

/* ---- printing a table ---- */

/* Begins a block. The headings are its first row. */
static void begin_block(struct text_table *t)
{
	strbuf_clear(&t->cells);
	t->rows = 0;
	for (size_t i = 0; i < t->columns.n; i++) {
		column_add_heading(&t->cells, &t->columns.at[i]);
		strbuf_addn(&t->cells, "\0", 2);
	}
}

static void measure(struct text_table *t)
{
	const char *cell = t->cells.text;

	memset(t->widths, 0, sizeof(t->widths));
	memset(t->unit_widths, 0, sizeof(t->unit_widths));
	for (size_t row = 0; row <= t->rows; row++) {
		for (size_t i = 0; i < t->columns.n; i++) {
			t->widths[i] = MAX(t->widths[i], width_of(cell));
			cell += strlen(cell) + 1;
			t->unit_widths[i] = MAX(t->unit_widths[i], width_of(cell));
			cell += strlen(cell) + 1;
		}
	}
}

/*
 * Adds *OWED spaces and TEXT. Spaces are printed only before a text, so that no
 * line ends with spaces.
 */
static void add_owed(struct strbuf *out, size_t *owed, const char *text)
{
	if (!*text)
		return;
	add_spaces(out, *owed);
	*owed = 0;
	strbuf_add(out, text);
}

/* Adds the text at VALUE and the unit, which is after the NUL of VALUE. */
static void add_cell(struct strbuf *out, const struct text_table *t, size_t i, const char *value,
		     size_t *owed)
{
	const char *unit = value + strlen(value) + 1;
	size_t pad = t->widths[i] - width_of(value);
	bool number = is_number(t->columns.at[i].field);

	*owed += i > 0 ? 2 : 0;
	*owed += number ? pad : 0;
	add_owed(out, owed, value);
	*owed += number ? 0 : pad;
	if (t->unit_widths[i] > 0) {
		*owed += 1;
		add_owed(out, owed, unit);
		*owed += t->unit_widths[i] - width_of(unit);
	}
}

static void print_rule(struct strbuf *out, const struct text_table *t)
{
	for (size_t i = 0; i < t->columns.n; i++) {
		size_t width = t->widths[i] + (t->unit_widths[i] ? t->unit_widths[i] + 1 : 0);

		add_spaces(out, i > 0 ? 2 : 0);
		while (width-- > 0)
			strbuf_addc(out, '-');
	}
	strbuf_addc(out, '\n');
}

/*
 * Prints an empty line, and the list's name if the answer may have several
 * lists. Does so once for each list.
 */
static void print_title(struct writer *w)
{
	struct text_table *t = w->state;
	const struct writer_node *list = &w->stack[t->table - 1];

	if (t->titled)
		return;
	t->titled = true;
	if (t->spaced)
		strbuf_addc(w->out, '\n');
	t->spaced = true;
	if (list->field && !(w->stack[0].shape->flags & SHAPE_PAGE)) {
		style_humanise(w->out, list->field->name);
		strbuf_addc(w->out, '\n');
	}
}

static void print_block(struct writer *w)
{
	struct text_table *t = w->state;
	const char *cell = t->cells.text;

	if (t->cells.failed) {
		w->out->failed = true;
		return;
	}
	print_title(w);
	measure(t);
	for (size_t row = 0; row <= t->rows; row++) {
		size_t owed = 0;

		for (size_t i = 0; i < t->columns.n; i++) {
			const char *unit = cell + strlen(cell) + 1;

			add_cell(w->out, t, i, cell, &owed);
			cell = unit + strlen(unit) + 1;
		}
		strbuf_addc(w->out, '\n');
		if (row == 0)
			print_rule(w->out, t);
	}
	begin_block(t);
}

/* ---- collecting a table ---- */

/*
 * Adds empty cells, so that the value (PART 0) or the unit (PART 1) of COLUMN
 * is next.
 */
static void seek_cell(struct writer *w, size_t column, size_t part)
{
	struct text_table *t = w->state;

	for (; t->written < column * 2 + part; t->written++)
		strbuf_addc(&t->cells, '\0');
}

static void put_cell(struct writer *w, const char *text, size_t len)
{
	struct text_table *t = w->state;

	plain_add(&t->cells, text, len);
	strbuf_addc(&t->cells, '\0');
	t->written++;
}

static void row_field(struct writer *w, const struct field *f, const char *text, size_t len)
{
	struct text_table *t = w->state;
	size_t column;

	if (f->flags & FIELD_UNIT) {
		if (t->column != NO_CELL && len > 0) {
			seek_cell(w, (size_t)t->column, 1);
			put_cell(w, text, len);
		}
		t->column = NO_CELL;
		return;
	}
	column = columns_seek(w, &t->columns, f, t->table + 1, (t->written + 1) / 2);
	t->column = NO_CELL;
	if (column == t->columns.n)
		return;
	t->column = len > 0 ? (int)column : NO_CELL;
	seek_cell(w, column, 0);
	put_cell(w, text, len);
}

static void text_begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	struct text_table *t = w->state;

	(void)f;
	print_about(w);
	if (t->table) {
		writer_top(w)->skipped = true;
		return;
	}
	if (!columns_shown(w, &t->columns, item, w->format->leaves_out | FIELD_UNIT)) {
		writer_fail(w, ERR_INTERNAL, "a table has too many columns");
		return;
	}
	t->table = w->depth;
	t->titled = false;
	if (!t->cells.text)
		strbuf_init(&t->cells, w->out->limit);
	begin_block(t);
}

static void text_begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	struct text_table *t = w->state;

	(void)f;
	(void)shape;
	print_about(w);
	if (t->table && w->depth == t->table + 1)
		t->written = 0;
}

static void text_field(struct writer *w, const struct field *f, const void *value)
{
	struct text_table *t = w->state;
	char buf[DECIMAL_TEXT];
	const char *text = "";
	size_t len = 0;

	if (writer_scalar(f, value, buf, &text, &len) && f->type == VT_BOOL) {
		text = *text == 't' ? "yes" : "no";
		len = strlen(text);
	}
	if (t->table) {
		row_field(w, f, text, len);
	} else if (len > 0 && !(w->stack[0].shape->flags & SHAPE_PAGE)) {
		style_humanise(w->out, f->name);
		strbuf_add(w->out, ": ");
		plain_add(w->out, text, len);
		strbuf_addc(w->out, '\n');
		t->spaced = true;
	}
}

static void end_table(struct writer *w)
{
	struct text_table *t = w->state;

	if (t->rows > 0) {
		print_block(w);
	} else if (writer_top(w)->children == 0 && w->depth <= 2) {
		print_title(w);
		strbuf_add(w->out, shape_none(writer_top(w)->shape, true));
		strbuf_addc(w->out, '\n');
	}
	t->table = 0;
}

static void text_end(struct writer *w)
{
	struct text_table *t = w->state;

	if (t->table == w->depth) {
		end_table(w);
	} else if (t->table && w->depth == t->table + 1) {
		seek_cell(w, t->columns.n, 0);
		if (++t->rows == BLOCK_ROWS)
			print_block(w);
	}
}

static void text_release(struct writer *w)
{
	struct text_table *t = w->state;

	if (t->cells.text)
		strbuf_release(&t->cells);
}

const struct format format_text = {
	.name = "text",
	.mime = "text/plain",
	.charset = "utf-8",
	.terminal_only = true,
	.titled = true,
	.leaves_out = FIELD_XML_ONLY | FIELD_JSON_ONLY | FIELD_PAGE_ONLY | FIELD_LINK |
		      FIELD_MACHINE | FIELD_NEXT | FIELD_PREVIOUS,
	.state_size = sizeof(struct text_table),
	.begin = text_begin,
	.begin_list = text_begin_list,
	.field = text_field,
	.end = text_end,
	.release = text_release,
};
