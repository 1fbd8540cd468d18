/*
 * A page for people: lists become tables, and objects become lists of
 * properties. Templates frame the tables and lists (frame.h); C writes only
 * rows and cells. The page has no inline styles or scripts.
 */
#include <stdio.h>
#include <string.h>

#include "format/backend.h"
#include "format/columns.h"
#include "format/frame.h"
#include "format/html_parts.h"
#include "format/html_value.h"

#include "base/banned.h"

enum {
	WIDE_COLUMNS = 8,
	/*
	 * a long table has several bodies, so that the browser lays out one
	 * body at a time (see the style sheet)
	 */
	ROWS_A_BODY = 200
};

enum { PREVIEW_BYTES = 200, PREVIEW_VALUE_BYTES = 150 };

/* Flags of fields that belong to the value before them. */
#define ADDITIONS (FIELD_UNIT | FIELD_LABEL | FIELD_LINK | FIELD_ACTION)

struct html {
	/* table.data is NULL while no table is open */
	struct frame page, table;
	const struct digits *digits;
	struct columns columns;
	struct strbuf tags; /* the columns' "<td ...>", each ended by NUL */
	size_t tag_at[COLUMNS_MAX];
	int depth; /* depth of the list that is the open table; 0 = none */
	/*
	 * the totals row of the next list, until the table of the list begins
	 */
	struct strbuf total;
	/* where the open totals row begins in the buffer; 0 = none */
	size_t total_at;
	int drawn;                /* depth of the list drawn as a chart; 0 = none */
	struct chart_rows rows;   /* of the page's chart */
	const char *row_name;     /* the first text of the open row, or NULL */
	size_t written;           /* cells of this row */
	size_t totals;            /* rows of the table that are totals of other rows */
	bool one;                 /* the previous number is 1: its unit is singular */
	bool cell;                /* a cell is open */
	bool properties;          /* a list of properties is open */
	char count[DECIMAL_TEXT]; /* number of records on all pages, or "" */
	/* the last shown field, or NULL if it has no value */
	const struct field *last;
	size_t value_at; /* where the value of `last` begins in the buffer */
	/* the address of the last link, and its start tag */
	struct strbuf linked, link;
	/* the second line of the row: its content, and a one-line summary */
	struct strbuf details, preview;
	/* a detail is being written; it begins in the buffer at detail_at */
	bool detail;
	size_t detail_at;
};

/* The name of the template for this kind of page. */
static const char *page_kind(const struct writer *w, const struct shape *shape)
{
	if (w->options->page && w->options->page->change)
		return "change";
	return w->stack[0].list || shape_main_list(shape) ? "report" : "object";
}

static void begin_page(struct writer *w, const struct shape *shape)
{
	struct html *html = w->state;
	const char *kind = page_kind(w, shape);

	html->digits = html_digits(w);
	strbuf_init(&html->tags, w->out->limit);
	strbuf_init(&html->details, w->out->limit);
	strbuf_init(&html->preview, w->out->limit);
	strbuf_init(&html->linked, w->out->limit);
	strbuf_init(&html->link, w->out->limit);
	strbuf_init(&html->total, w->out->limit);
	html->page = (struct frame) { w->options->templates, "layout", kind,
				      data_page(w->options, w, kind, writer_title(w)) };
	html_put_figures(html->page.data, w);
	frame_add(&html->page, FRAME_HEAD, w->out, &w->error);
}

/* ---- values ---- */

/* Is the value of F exactly 1? Then the unit is singular. */
static bool is_one(const struct field *f, const char *text, size_t len)
{
	return html_value_is_number(f) && len == 1 && *text == '1';
}

/* The number of the row's colour in the chart; 0: none. */
static int colour_of_row(const struct html *html)
{
	const struct chart_sums *sums = &html->rows.sums;
	int part = html->row_name ? chart_sums_find(sums, html->row_name) : -1;

	if (html->row_name && part < 0)
		part = chart_sums_find(sums, CHART_OTHERS);
	return part < 0 ? 0 : sums->parts[part].colour + 1;
}

static bool add_value(struct writer *w, const struct field *f, const void *value)
{
	struct html *html = w->state;
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	html->one = writer_scalar(f, value, buf, &text, &len) && is_one(f, text, len);
	return html_value_add(w->out, html->digits, f, value,
			      f->flags & FIELD_SHARE ? colour_of_row(html) : 0);
}

/* Turns the last value into a link to URL. Values one after the other often have the same. */
static void link_value(struct writer *w, const char *url, size_t len)
{
	struct html *html = w->state;
	struct strbuf *link = &html->link;

	if (len != html->linked.len || memcmp(html->linked.text, url, len) != 0) {
		strbuf_clear(&html->linked);
		strbuf_addn(&html->linked, url, len);
		strbuf_clear(link);
		strbuf_add(link, "<a href=\"");
		html_value_text(link, url, len);
		strbuf_add(link, "\">");
	}
	strbuf_insert(w->out, html->value_at, link->text, link->len);
	strbuf_add(w->out, "</a>");
	w->out->failed |= link->failed;
}

static void add_action(struct writer *w, const struct field *f, const char *url, size_t len)
{
	strbuf_add(w->out, " <a class=\"do\" href=\"");
	html_value_text(w->out, url, len);
	strbuf_add(w->out, "\">");
	html_value_name(w->out, f);
	strbuf_add(w->out, "</a>");
}

/* Is TEXT the same as the last value? */
static bool is_said(const struct writer *w, const char *text, size_t len)
{
	const struct html *html = w->state;

	return w->out->len - html->value_at == len &&
	       memcmp(w->out->text + html->value_at, text, len) == 0;
}

/* Adds the unit, label, link or action of the last value. */
static void add_addition(struct writer *w, const struct field *f, const void *value)
{
	const struct html *html = w->state;
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if (!html->last || !writer_scalar(f, value, buf, &text, &len) || len == 0)
		return;
	if (f->flags & FIELD_LINK) {
		link_value(w, text, len);
		return;
	}
	if (f->flags & FIELD_ACTION) {
		add_action(w, f, text, len);
		return;
	}
	if ((f->flags & FIELD_LABEL) && is_said(w, text, len))
		return;
	strbuf_add(w->out,
		   f->flags & FIELD_LABEL ? "<span class=\"sub\">" : " <span class=\"unit\">");
	if (f->flags & FIELD_UNIT && !html_value_is_date(f))
		html_value_unit(w->out, text, len, html->one);
	else
		add_value(w, f, value);
	strbuf_add(w->out, "</span>");
}

static bool is_currency(const struct field *f)
{
	return f->format && strcmp(f->format, "currency") == 0;
}

/* ---- properties: the fields of an object outside of tables ---- */

static void end_properties(struct writer *w)
{
	struct html *html = w->state;

	if (html->properties)
		strbuf_add(w->out, "</dd></div>\n</dl>\n");
	html->properties = false;
	html->last = NULL;
}

static void add_property(struct writer *w, const struct field *f, const void *value)
{
	struct html *html = w->state;
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if (f->flags & ADDITIONS) {
		add_addition(w, f, value);
		return;
	}
	html->last = NULL;
	if (!writer_scalar(f, value, buf, &text, &len) || len == 0)
		return;
	if (w->sentence && strcmp(w->sentence, text) == 0)
		return; /* the page shows this text as its sentence */
	strbuf_add(w->out,
		   html->properties ? "</dd></div>\n<div><dt>" : "<dl class=\"facts\">\n<div><dt>");
	html_value_name(w->out, f);
	strbuf_add(w->out, html_value_is_money(f) ? "</dt><dd class=\"c\">"
			   : is_currency(f)       ? "</dt><dd class=\"cur\">"
						  : "</dt><dd>");
	html->value_at = w->out->len;
	html->one = is_one(f, text, len);
	if (html_value_is_number(f))
		strbuf_addn(w->out, text, len); /* a code or a status: its digits are not grouped */
	else
		add_value(w, f, value);
	html->properties = true;
	html->last = f;
}

/* ---- tables ---- */

static void add_heading(struct strbuf *out, const struct writer *w, const struct column *c)
{
	const char *label = writer_label_of(w, c->field);

	if (label)
		strbuf_add(out, label);
	else
		column_add_heading(out, c);
}

/* The unit field of the number F, or NULL. */
static const struct field *unit_of(const struct field *f)
{
	do
		f++;
	while (f->name && (f->flags & FIELD_LINK));
	return f->name && (f->flags & FIELD_UNIT) ? f : NULL;
}

/*
 * The class of a column of numbers with a unit or a currency. The style sheet
 * reserves the same width for the unit in each row, so that digits line up.
 */
static const char *cell_class(const struct field *f)
{
	if (html_value_is_date(f))
		return "d";
	if (is_currency(f))
		return "cur";
	if (!html_value_is_number(f))
		return "";
	return !unit_of(f) ? "n" : html_value_is_money(f) ? "n c" : "n u";
}

static const struct page_sort *sort_of(const struct writer *w, const struct field *f)
{
	const struct page_sort *s = w->options->page ? w->options->page->sorts : NULL;

	for (; s && s->field; s++)
		if (strcmp(s->field, f->name) == 0)
			return s;
	return NULL;
}

/* Makes the start tags of the columns' cells, with the name of the column. */
static void make_tags(struct writer *w)
{
	struct html *html = w->state;
	struct strbuf heading;

	strbuf_init(&heading, w->out->limit);
	strbuf_clear(&html->tags);
	for (size_t i = 0; i < html->columns.n; i++) {
		const char *class = cell_class(html->columns.at[i].field);

		strbuf_clear(&heading);
		add_heading(&heading, w, &html->columns.at[i]);
		html->tag_at[i] = html->tags.len;
		strbuf_add(&html->tags, "<td");
		if (*class)
			strbuf_addf(&html->tags, " class=\"%s\"", class);
		strbuf_add(&html->tags, " data-label=\"");
		html_value_text(&html->tags, heading.text, heading.len);
		strbuf_addn(&html->tags, "\">", sizeof("\">"));
	}
	w->out->failed |= html->tags.failed;
	strbuf_release(&heading);
}

static void put_heading(struct json_object *o, const char *key, const struct writer *w,
			const struct column *c)
{
	struct strbuf heading;

	strbuf_init(&heading, w->out->limit);
	add_heading(&heading, w, c);
	data_text(o, key, heading.text);
	strbuf_release(&heading);
}

/*
 * Puts the heading of a column. SORTABLE: the page can sort the list, so a
 * heading can be a link.
 */
static void put_column(struct json_object *o, const struct writer *w, const struct column *c,
		       bool sortable)
{
	const struct page_sort *sort = sortable ? sort_of(w, c->field) : NULL;

	put_heading(o, "label", w, c);
	data_text(o, "field", c->field->name);
	data_text(o, "class", cell_class(c->field));
	data_text(o, "help", c->field->doc);
	data_text(o, "href", sort ? sort->href : NULL);
	if (sort && sort->order)
		data_text(o, "order", sort->order > 0 ? "ascending" : "descending");
}

/* Is LIST the main list of the page? */
static bool is_main(const struct writer *w, const struct writer_node *list)
{
	return !list->field || list->field == shape_main_list(w->stack[0].shape);
}

/*
 * Puts the name of a list in words: its label, its field's name or its items'
 * name.
 */
static void put_name(struct json_object *o, const struct writer *w, const struct writer_node *list)
{
	const struct field item = { .name = list->shape->name };

	put_heading(o, "name", w, &(struct column) { .field = list->field ? list->field : &item });
}

static struct json_object *table_data(const struct writer *w, const struct writer_node *list)
{
	const struct html *html = w->state;
	struct json_object *o = json_object_new_object(), *columns = tree_list(o, "columns");
	/* items that have another shape on pages describe the list */
	bool same = list->field && list->field->shape == list->shape;

	put_name(o, w, list);
	data_text(o, "list", list->field ? list->field->name : "");
	data_text(o, "id", list->field ? list->field->name : list->shape->name);
	data_text(o, "doc", same ? list->field->doc : list->shape->doc);
	tree_bool(o, "wide", html->columns.n >= WIDE_COLUMNS);
	for (size_t i = 0; i < html->columns.n; i++)
		put_column(tree_item(columns), w, &html->columns.at[i], is_main(w, list));
	return o;
}

static void begin_table(struct writer *w)
{
	struct html *html = w->state;

	html->table = (struct frame) { w->options->templates, "table", NULL,
				       table_data(w, &w->stack[html->depth - 1]) };
	frame_add(&html->table, FRAME_HEAD, w->out, &w->error);
	strbuf_addn(w->out, html->total.text, html->total.len);
	strbuf_clear(&html->total);
}

/* "644 records, 100 of them on this page" */
static void put_tally(struct writer *w, size_t shown)
{
	struct html *html = w->state;
	struct json_object *tally = tree_object(html->table.data, "tally");
	char here[24];
	const char *all = *html->count ? html->count : here;
	struct strbuf count;

	snprintf(here, sizeof(here), "%zu", shown);
	strbuf_init(&count, w->out->limit);
	html_value_grouped(&count, html->digits, all);
	data_html(tally, "count", &count);
	tree_bool(tally, "one", strcmp(all, "1") == 0);
	data_text(tally, "here", strcmp(all, here) == 0 ? NULL : here);
}

static void add_table_end(struct writer *w, const struct writer_node *list)
{
	struct html *html = w->state;

	if (list->children > html->totals)
		put_tally(w, list->children - html->totals);
	frame_add(&html->table, FRAME_FOOT, w->out, &w->error);
	frame_release(&html->table);
}

static void add_empty(struct writer *w, const struct writer_node *list)
{
	const struct html *html = w->state;
	const struct frame empty = { w->options->templates, "empty", NULL, html->page.data };

	data_text(empty.data, "words", shape_none(list->shape, data_is_filtered(w->options->page)));
	data_text(empty.data, "heading", NULL);
	if (list->field && !(w->stack[0].shape->flags & SHAPE_PAGE))
		put_heading(empty.data, "heading", w, &(struct column) { .field = list->field });
	frame_add(&empty, FRAME_WHOLE, w->out, &w->error);
}

static void end_table(struct writer *w)
{
	struct html *html = w->state;
	const struct writer_node *list = writer_top(w);

	html->depth = 0;
	strbuf_clear(&html->total);
	if (list->children > 0)
		add_table_end(w, list);
	else if (w->depth <= 2 && (is_main(w, list) || !(w->stack[0].shape->flags & SHAPE_PAGE)))
		add_empty(w, list);
}

/* ---- charts ---- */

static void end_chart(struct writer *w)
{
	struct html *html = w->state;
	const struct writer_node *list = writer_top(w);
	const char *label = list->field ? writer_label_of(w, list->field) : NULL;
	struct frame chart = { w->options->templates, "chart", NULL, NULL };

	html->drawn = 0;
	if (list->children > 0) {
		chart.data = json_object_new_object();
		data_text(chart.data, "list", list->field ? list->field->name : "");
		data_text(chart.data, "heading", label ? label : list->shape->doc);
		html_put_chart(chart.data, html->digits, &html->rows);
		frame_add(&chart, FRAME_WHOLE, w->out, &w->error);
		frame_release(&chart);
	} else if (!list->field) {
		add_empty(w, list);
	}
}

/* Does the value of F name a part of the page's chart? */
static bool names_part(const struct html *html, const struct field *f)
{
	return html->rows.chart && html->rows.chart->series && f->type == VT_TEXT &&
	       strcmp(f->name, html->rows.chart->series) == 0;
}

/* ---- rows ---- */

static void end_cell(struct writer *w)
{
	struct html *html = w->state;

	if (html->cell)
		strbuf_add(w->out, "</td>");
	html->cell = false;
	html->last = NULL;
}

static void begin_cell(struct writer *w)
{
	struct html *html = w->state;
	size_t column = html->written++;

	end_cell(w);
	strbuf_add(w->out, html->tags.text + html->tag_at[column]);
	html->cell = true;
}

/* Adds a dash for each column before COLUMN that has no cell yet. */
static void fill_cells(struct writer *w, size_t column)
{
	struct html *html = w->state;

	while (html->written < column) {
		begin_cell(w);
		add_value(w, html->columns.at[html->written - 1].field, NULL);
	}
}

/* ---- a row's second line: FIELD_DETAIL ---- */

/*
 * Adds the name of F and the first bytes of its value TEXT to the summary of
 * the second line.
 */
static void add_preview(struct html *html, const struct field *f, const char *text, size_t len)
{
	struct strbuf *out = &html->preview;
	size_t shown = len;

	if (out->len > PREVIEW_BYTES)
		return;
	if (shown > PREVIEW_VALUE_BYTES) /* cut between two characters */
		for (shown = PREVIEW_VALUE_BYTES;
		     shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80; shown--)
			;
	strbuf_add(out, out->len ? " \xC2\xB7 <i>" : "<i>");
	html_value_name(out, f);
	strbuf_add(out, "</i> ");
	html_value_text(out, text, shown);
	if (shown < len)
		strbuf_add(out, "\xE2\x80\xA6");
}

static void begin_detail(struct writer *w, const struct field *f, const void *value)
{
	struct html *html = w->state;
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	html->last = NULL;
	if (writer_hides(w, f) || !writer_scalar(f, value, buf, &text, &len) || len == 0)
		return;
	add_preview(html, f, text, len);
	html->detail = true;
	html->detail_at = w->out->len;
	strbuf_add(w->out, "<div><dt>");
	html_value_name(w->out, f);
	strbuf_add(w->out, "</dt><dd>");
	html->value_at = w->out->len;
	if (add_value(w, f, value))
		html->last = f;
}

/*
 * Moves the field, with its unit, label and links, to the details of the row.
 */
static void end_detail(struct writer *w)
{
	struct html *html = w->state;

	if (!html->detail)
		return;
	strbuf_add(w->out, "</dd></div>\n");
	if (!w->out->failed) {
		strbuf_add(&html->details, w->out->text + html->detail_at);
		w->out->len = html->detail_at;
		w->out->text[w->out->len] = '\0';
	}
	html->detail = false;
	html->last = NULL;
}

static void add_details(struct writer *w)
{
	struct html *html = w->state;

	if (html->details.len)
		strbuf_addf(w->out,
			    "<tr class=\"more\"><td "
			    "colspan=\"%zu\"><details><summary>%s</summary>\n<dl "
			    "class=\"facts\">\n%s</dl>"
			    "</details></td></tr>\n",
			    html->columns.n, html->preview.text, html->details.text);
	w->out->failed |= html->details.failed || html->preview.failed;
	strbuf_clear(&html->details);
	strbuf_clear(&html->preview);
}

static void add_to_row(struct writer *w, const struct field *f, const void *value)
{
	struct html *html = w->state;
	size_t column;

	if (f->flags & ADDITIONS) {
		add_addition(w, f, value);
		return;
	}
	end_detail(w);
	if (f->flags & FIELD_DETAIL) {
		begin_detail(w, f, value);
		return;
	}
	column = columns_seek(w, &html->columns, f, html->depth + 1, html->written);
	html->last = NULL;
	if (column == html->columns.n || column < html->written)
		return;
	fill_cells(w, column);
	begin_cell(w);
	html->value_at = w->out->len;
	if (names_part(html, f) && value)
		html->row_name = *(const char *const *)value;
	if (add_value(w, f, value))
		html->last = f;
}

/* ---- the writer's calls ---- */

static void set_columns(struct writer *w, const struct shape *item)
{
	struct html *html = w->state;

	if (!columns_shown(w, &html->columns, item,
			   w->format->leaves_out | FIELD_MACHINE | FIELD_DETAIL | FIELD_LEVEL |
				   ADDITIONS))
		writer_fail(w, ERR_INTERNAL, "a table has too many columns");
	make_tags(w);
}

/* Begins a row. LEVEL: see FIELD_LEVEL. */
static void begin_row(struct writer *w, int64_t level)
{
	struct html *html = w->state;

	html->written = 0;
	html->row_name = NULL;
	html->totals += level == LEVEL_TOTAL;
	if (level == LEVEL_TOTAL)
		strbuf_add(w->out, "<tr class=\"total\">");
	else if (level > 0)
		strbuf_addf(w->out, "<tr class=\"l%d\">",
			    (int)(level < LEVEL_MOST ? level : LEVEL_MOST));
	else
		strbuf_add(w->out, "<tr>");
}

/*
 * Begins the totals of the next list. The totals are the first row of the
 * list's table.
 */
static void begin_total(struct writer *w, const struct shape *shape)
{
	struct html *html = w->state;

	end_properties(w);
	set_columns(w, shape);
	html->total_at = w->out->len;
	html->depth = w->depth - 1;
	begin_row(w, LEVEL_TOTAL);
}

static void end_total(struct writer *w)
{
	struct html *html = w->state;

	html->depth = 0;
	strbuf_addn(&html->total, w->out->text + html->total_at, w->out->len - html->total_at);
	w->out->failed |= html->total.failed;
	w->out->len = html->total_at;
	w->out->text[w->out->len] = '\0';
	html->total_at = 0;
}

static void html_begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	struct html *html = w->state;
	size_t row;

	if (w->depth == 1)
		begin_page(w, shape);
	if (f && (f->flags & FIELD_TOTAL) && w->depth == 2) {
		begin_total(w, shape);
		return;
	}
	if (html->drawn && w->depth == html->drawn + 1)
		chart_rows_begin(&html->rows);
	if (!html->depth || w->depth != html->depth + 1)
		return;
	row = w->stack[html->depth - 1].children;
	if (row == 1)
		begin_table(w);
	else if (row % ROWS_A_BODY == 1)
		strbuf_add(w->out, "</tbody>\n<tbody>\n");
	if (!(shape->fields->flags & FIELD_LEVEL))
		begin_row(w, 0);
}

static void html_begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	struct html *html = w->state;

	(void)f;
	if (w->depth == 1)
		begin_page(w, item);
	if (html->depth || html->drawn || (item->flags & SHAPE_FIGURES)) {
		writer_top(w)->skipped = true;
		return;
	}
	end_properties(w);
	if (item->chart) {
		chart_sums_release(&html->rows.sums);
		html->rows = (struct chart_rows) { .chart = item->chart };
		html->drawn = w->depth;
		return;
	}
	html->depth = w->depth;
	html->totals = 0;
	set_columns(w, item);
}

static void put_pager(struct writer *w, const char *key, const char *href)
{
	const struct html *html = w->state;
	struct json_object *pager = json_object_object_get(html->page.data, "pager");

	data_text(pager ? pager : tree_object(html->page.data, "pager"), key, href);
}

static void html_field(struct writer *w, const struct field *f, const void *value)
{
	struct html *html = w->state;
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if ((f->flags & FIELD_COUNT) && writer_scalar(f, value, buf, &text, &len)) {
		snprintf(html->count, sizeof(html->count), "%s", text);
	} else if (f->flags & (FIELD_NEXT | FIELD_PREVIOUS)) {
		if (!html->depth && writer_scalar(f, value, buf, &text, &len))
			put_pager(w, f->flags & FIELD_NEXT ? "next" : "previous", text);
	} else if (html->drawn) {
		if (w->depth == html->drawn + 1)
			chart_rows_field(&html->rows, f, value);
	} else if (html->depth && (f->flags & FIELD_LEVEL)) {
		begin_row(w, *(const int64_t *)value);
	} else if (html->depth) {
		add_to_row(w, f, value);
	} else if (!(w->stack[0].shape->flags & SHAPE_PAGE) && !(f->flags & FIELD_MACHINE)) {
		add_property(w, f, value);
	}
}

static void end_row(struct writer *w)
{
	struct html *html = w->state;

	end_detail(w);
	fill_cells(w, html->columns.n);
	end_cell(w);
	strbuf_add(w->out, "</tr>\n");
	add_details(w);
}

static void html_end(struct writer *w)
{
	struct html *html = w->state;

	if (html->drawn) {
		if (w->depth == html->drawn + 1)
			chart_rows_end(&html->rows);
		else if (w->depth == html->drawn)
			end_chart(w);
	} else if (html->depth == w->depth && writer_top(w)->list) {
		end_table(w);
	} else if (html->depth && w->depth == html->depth + 1) {
		end_row(w);
		if (html->total_at)
			end_total(w);
	} else if (w->depth == 1) {
		end_properties(w);
	}
}

static void html_finish(struct writer *w)
{
	struct html *html = w->state;

	frame_add(&html->page, FRAME_FOOT, w->out, &w->error);
}

static void html_release(struct writer *w)
{
	struct html *html = w->state;

	frame_release(&html->page);
	frame_release(&html->table);
	chart_sums_release(&html->rows.sums);
	if (!html->tags.text)
		return;
	strbuf_release(&html->tags);
	strbuf_release(&html->total);
	strbuf_release(&html->details);
	strbuf_release(&html->preview);
	strbuf_release(&html->linked);
	strbuf_release(&html->link);
}

const struct format format_html = {
	.name = "html",
	.mime = "text/html",
	.charset = "utf-8",
	.page = true,
	.titled = true,
	.leaves_out = FIELD_XML_ONLY | FIELD_JSON_ONLY,
	.state_size = sizeof(struct html),
	.begin = html_begin,
	.begin_list = html_begin_list,
	.field = html_field,
	.end = html_end,
	.finish = html_finish,
	.release = html_release,
};
