/*
 * A page for people: lists become tables and the fields of an object facts, as
 * they come; the templates put the page around them (layout.h). Nothing is
 * inline, neither styles nor scripts.
 */
#include "format/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/chart_rows.h"
#include "format/columns.h"
#include "format/html_parts.h"
#include "format/html_value.h"
#include "format/layout.h"

#include "base/banned.h"

enum {
	WIDE_COLUMNS = 8,
	/*
	 * the style sheet shows one body of a long table after the other, in
	 * tasks of their own
	 */
	ROWS_A_BODY = 200
};

enum { PREVIEW_BYTES = 200, PREVIEW_VALUE_BYTES = 150 };

/* Fields that have no cell of their own. */
#define ADDITIONS (FIELD_UNIT | FIELD_LABEL | FIELD_LINK | FIELD_ACTION)

struct html {
	struct layout *layout;
	char *title, *sentence;
	struct columns columns;
	struct strbuf labels; /* the columns' headings, escaped, each ended by NUL */
	size_t label_at[COLUMNS_MAX];
	int table;     /* depth of the list that is a table now; 0 = none */
	bool labelled; /* the columns' headings are there */
	/*
	 * the row with the totals of the list to come, until its table begins
	 */
	struct strbuf total;
	size_t total_at;          /* where it is written first; 0 = it isn't open */
	int drawn;                /* depth of the list that becomes a chart; 0 = none */
	struct chart_rows rows;   /* of the page's chart */
	const char *row_name;     /* the first text of the row that is open, or NULL */
	size_t written;           /* cells of this row */
	size_t totals;            /* rows of the table that add up others */
	bool one;                 /* the number before is 1 */
	bool cell;                /* one is open, and has a value */
	bool facts;               /* a list of facts is open */
	char *count;              /* of records on all pages, or NULL */
	const struct field *last; /* the field shown before */
	size_t value_at;          /* where its value begins in the buffer */
	/* of the row's second line */
	struct strbuf details, preview; /* what it holds, and one line that says so */
	/* one is being written: it begins in the buffer at detail_at */
	bool detail;
	size_t detail_at;
};

static char *copy_text(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		abort();
	return copy;
}

static void html_about(struct writer *w, const char *title, const char *sentence)
{
	struct html *html = w->state;

	free(html->title);
	free(html->sentence);
	html->title = copy_text(title);
	html->sentence = copy_text(sentence);
}

static bool has_list(const struct shape *shape)
{
	for (const struct field *f = shape->fields; f->name; f++)
		if (f->type == VT_LIST)
			return true;
	return false;
}

/* The template of the kind of page. */
static const char *page_kind(const struct writer *w, const struct shape *shape)
{
	if (w->options->page && w->options->page->change)
		return "change";
	return w->stack[0].list || has_list(shape) ? "report" : "object";
}

static void begin_page(struct writer *w, const struct shape *shape)
{
	struct html *html = w->state;
	struct strbuf words;

	if (!html->title) {
		strbuf_init(&words, 256);
		style_humanise(&words, shape->name);
		html->title = copy_text(words.text);
		strbuf_release(&words);
	}
	strbuf_init(&html->labels, w->out->limit);
	strbuf_init(&html->details, w->out->limit);
	strbuf_init(&html->preview, w->out->limit);
	strbuf_init(&html->total, w->out->limit);
	html->layout = layout_new(w->options, w, page_kind(w, shape), html->title, html->sentence);
	if (shape_has_chart(shape))
		layout_set_script(html->layout, "charts.js");
	if (w->n_figures)
		layout_set_figures(html->layout, html_figures(w));
	layout_add_head(html->layout, w->out, &w->error);
}

/* ---- values ---- */

/* Then its unit is that of one thing. */
static bool is_one(const struct field *f, const char *text, size_t len)
{
	return html_value_is_number(f) && len == 1 && *text == '1';
}

static bool add_value(struct writer *w, const struct field *f, const void *value)
{
	struct html *html = w->state;
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	html->one = writer_scalar(f, value, buf, &text, &len) && is_one(f, text, len);
	return html_value_add(w->out, w->options->page ? w->options->page->digits : NULL, f, value);
}

/* Makes the value before it a link to URL. */
static void link_value(struct writer *w, const char *url, size_t len)
{
	const struct html *html = w->state;
	struct strbuf link;

	strbuf_init(&link, w->out->limit);
	strbuf_add(&link, "<a href=\"");
	html_value_text(&link, url, len);
	strbuf_add(&link, "\">");
	strbuf_insert(w->out, html->value_at, link.text, link.len);
	strbuf_add(w->out, "</a>");
	w->out->failed |= link.failed;
	strbuf_release(&link);
}

static void add_action(struct writer *w, const struct field *f, const char *url, size_t len)
{
	strbuf_add(w->out, " <a class=\"do\" href=\"");
	html_value_text(w->out, url, len);
	strbuf_add(w->out, "\">");
	html_value_name(w->out, f);
	strbuf_add(w->out, "</a>");
}

/* Is TEXT the value before it? */
static bool is_said(const struct writer *w, const char *text, size_t len)
{
	const struct html *html = w->state;

	return w->out->len - html->value_at == len &&
	       memcmp(w->out->text + html->value_at, text, len) == 0;
}

/*
 * What belongs to the value before it: a number's unit, words for a name, where
 * it leads, what can be done.
 */
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
	if ((f->flags & FIELD_UNIT) && html->one)
		html_value_unit_of_one(w->out, text, len);
	else if (html_value_is_date(f) || (f->flags & FIELD_LABEL))
		add_value(w, f, value);
	else
		html_value_text(w->out, text, len);
	strbuf_add(w->out, "</span>");
}

static bool is_currency(const struct field *f)
{
	return f->format && strcmp(f->format, "currency") == 0;
}

/* ---- facts: the fields of an object that is no row ---- */

static void end_facts(struct writer *w)
{
	struct html *html = w->state;

	if (html->facts)
		strbuf_add(w->out, "</dd></div>\n</dl>\n");
	html->facts = false;
	html->last = NULL;
}

static void add_fact(struct writer *w, const struct field *f, const void *value)
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
	if (html->sentence && strcmp(html->sentence, text) == 0)
		return; /* the page says it already */
	strbuf_add(w->out,
		   html->facts ? "</dd></div>\n<div><dt>" : "<dl class=\"facts\">\n<div><dt>");
	html_value_name(w->out, f);
	strbuf_add(w->out, html_value_is_money(f) ? "</dt><dd class=\"c\">"
			   : is_currency(f)       ? "</dt><dd class=\"cur\">"
						  : "</dt><dd>");
	html->value_at = w->out->len;
	html->one = is_one(f, text, len);
	if (html_value_is_number(f))
		strbuf_addn(w->out, text, len); /* a code or a status: no amount to group */
	else
		add_value(w, f, value);
	html->facts = true;
	html->last = f;
}

/* ---- tables ---- */

static void add_heading(struct strbuf *out, const struct writer *w, const struct column *c)
{
	const char *label = writer_label_of(w, c->field);
	struct strbuf words;

	strbuf_init(&words, 256);
	if (label)
		strbuf_add(&words, label);
	else
		column_add_heading(&words, c);
	html_value_text(out, words.text, words.len);
	strbuf_release(&words);
}

/* The unit of the number F, if its records have one. */
static const struct field *unit_of(const struct field *f)
{
	do
		f++;
	while (f->name && (f->flags & FIELD_LINK));
	return f->name && (f->flags & FIELD_UNIT) ? f : NULL;
}

/*
 * Numbers with a unit, or a currency, say so: the style leaves the same room
 * for it in each row, so that digits line up.
 */
static const char *cell_class(const struct field *f)
{
	if (html_value_is_date(f))
		return " class=\"d\"";
	if (is_currency(f))
		return " class=\"cur\"";
	if (!html_value_is_number(f))
		return "";
	if (html_value_is_money(f))
		return unit_of(f) ? " class=\"n c\"" : " class=\"n\"";
	return unit_of(f) ? " class=\"n u\"" : " class=\"n\"";
}

/* What the list is called: its label, else its name in words. */
static void add_list_name(struct writer *w, const struct field *f, const struct shape *item)
{
	const char *label = f ? writer_label_of(w, f) : NULL;

	if (label)
		html_value_text(w->out, label, strlen(label));
	else
		html_value_words(w->out, f ? f->name : item->name);
}

/* A list whose items have another shape on pages is said by that. */
static void add_caption(struct writer *w, const struct field *f, const struct shape *item)
{
	const char *doc = f && f->shape == item ? f->doc : item->doc;

	strbuf_add(w->out, "<caption>");
	if (f) {
		strbuf_add(w->out, "<b>");
		add_list_name(w, f, item);
		strbuf_add(w->out, "</b> ");
	}
	if (doc)
		html_value_text(w->out, doc, strlen(doc));
	strbuf_add(w->out, "</caption>\n");
}

static void add_table_tag(struct writer *w, const struct writer_node *list)
{
	const struct html *html = w->state;

	strbuf_addf(w->out, "<table id=\"table-%s\"%s>\n",
		    list->field ? list->field->name : list->shape->name,
		    html->columns.n >= WIDE_COLUMNS ? " class=\"wide\"" : "");
}

static const struct page_sort *sort_of(const struct writer *w, const struct field *f)
{
	const struct page_sort *s = w->options->page ? w->options->page->sorts : NULL;

	for (; s && s->field; s++)
		if (strcmp(s->field, f->name) == 0)
			return s;
	return NULL;
}

/* The columns' headings, for the table's head and for the cells. */
static void make_labels(struct writer *w)
{
	struct html *html = w->state;

	if (html->labelled)
		return;
	html->labelled = true;
	strbuf_clear(&html->labels);
	for (size_t i = 0; i < html->columns.n; i++) {
		html->label_at[i] = html->labels.len;
		add_heading(&html->labels, w, &html->columns.at[i]);
		strbuf_addc(&html->labels, '\0');
	}
	w->out->failed |= html->labels.failed;
}

/*
 * The heading of column I; of the list that the page sorts, a link that does.
 */
static void add_column(struct writer *w, size_t i, bool sortable)
{
	struct html *html = w->state;
	const struct column *c = &html->columns.at[i];
	const struct page_sort *sort = sortable ? sort_of(w, c->field) : NULL;
	const char *label = html->labels.text + html->label_at[i];

	strbuf_addf(w->out, "<th scope=\"col\"%s data-field=\"%s\"", cell_class(c->field),
		    c->field->name);
	if (sort && sort->order)
		strbuf_addf(w->out, " aria-sort=\"%s\"",
			    sort->order > 0 ? "ascending" : "descending");
	if (c->field->doc) {
		strbuf_add(w->out, " title=\"");
		html_value_text(w->out, c->field->doc, strlen(c->field->doc));
		strbuf_addc(w->out, '"');
	}
	strbuf_addc(w->out, '>');
	if (sort) {
		strbuf_add(w->out, "<a href=\"");
		html_value_text(w->out, sort->href, strlen(sort->href));
		strbuf_addf(w->out, "\">%s</a>", label);
	} else {
		strbuf_add(w->out, label);
	}
	strbuf_add(w->out, "</th>");
}

/* Is it the list that the page is about? Others are beside it. */
static bool is_main(const struct writer *w, const struct writer_node *list)
{
	return !list->field || list->field == shape_main_list(w->stack[0].shape);
}

static void begin_table(struct writer *w)
{
	struct html *html = w->state;
	const struct writer_node *list = &w->stack[html->table - 1];

	make_labels(w);
	strbuf_addf(w->out, "<section class=\"card\" data-list=\"%s\">\n",
		    list->field ? list->field->name : "");
	strbuf_add(w->out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
	add_list_name(w, list->field, list->shape);
	strbuf_add(w->out, "\">\n");
	add_table_tag(w, list);
	add_caption(w, list->field, list->shape);
	strbuf_add(w->out, "<thead><tr>");
	for (size_t i = 0; i < html->columns.n; i++)
		add_column(w, i, is_main(w, list));
	strbuf_add(w->out, "</tr></thead>\n<tbody>\n");
	strbuf_addn(w->out, html->total.text, html->total.len);
	strbuf_clear(&html->total);
}

/* "644 records, 100 of them on this page" */
static void add_tally(struct writer *w, size_t shown)
{
	const struct html *html = w->state;
	char here[24];

	snprintf(here, sizeof(here), "%zu", shown);
	strbuf_add(w->out, "<p class=\"tally\">");
	html_value_grouped(w->out,
			   w->options->page && w->options->page->digits ? w->options->page->digits
									: &html_value_english,
			   html->count ? html->count : here);
	strbuf_add(w->out,
		   strcmp(html->count ? html->count : here, "1") == 0 ? " record" : " records");
	if (html->count && strcmp(html->count, here) != 0)
		strbuf_addf(w->out, ", %s of them on this page", here);
	strbuf_add(w->out, "</p>\n");
}

static void add_table_end(struct writer *w, const struct writer_node *list)
{
	const struct html *html = w->state;

	strbuf_add(w->out, "</tbody>\n</table>\n</div>\n");
	if (list->children > html->totals)
		add_tally(w, list->children - html->totals);
	strbuf_add(w->out, "</section>\n");
}

static void add_empty(struct writer *w, const struct writer_node *list)
{
	const struct html *html = w->state;
	const char *words = list->shape->none ? list->shape->none
					      : "There is no usage for this question.";
	struct strbuf heading;

	strbuf_init(&heading, 256);
	if (list->field && !(w->stack[0].shape->flags & SHAPE_PAGE))
		style_humanise(&heading, list->field->name);
	layout_add_empty(html->layout, words, heading.text, w->out, &w->error);
	strbuf_release(&heading);
}

static void end_table(struct writer *w)
{
	struct html *html = w->state;
	const struct writer_node *list = writer_top(w);

	html->table = 0;
	html->labelled = false;
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
	struct html_chart chart = { .list = list->field ? list->field->name : "",
				    .heading = label ? label : list->shape->doc,
				    .digits = w->options->page ? w->options->page->digits : NULL };

	html->drawn = 0;
	if (list->children > 0)
		html_chart_add(w->out, html->layout, &chart, &html->rows, &w->error);
	else if (!list->field)
		add_empty(w, list);
}

/* The bar of a share has the colour that its row's name has in the chart. */
static void add_colour(struct writer *w, size_t at)
{
	static const char bar[] = "<svg class=\"bar";
	struct html *html = w->state;
	const char *found = html->row_name ? strstr(w->out->text + at, bar) : NULL;
	int part = found ? chart_sums_find(&html->rows.sums, html->row_name) : -1;
	char class[16];

	if (found && part < 0)
		part = chart_sums_find(&html->rows.sums, CHART_OTHERS);
	if (part < 0)
		return;
	snprintf(class, sizeof(class), " c%d", html->rows.sums.parts[part].colour + 1);
	strbuf_insert(w->out, (size_t)(found - w->out->text) + strlen(bar), class, strlen(class));
}

/* Is F the field whose value names a part of the page's chart? */
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
	strbuf_add(w->out, "<td");
	strbuf_add(w->out, cell_class(html->columns.at[column].field));
	strbuf_add(w->out, " data-label=\"");
	strbuf_add(w->out, html->labels.text + html->label_at[column]);
	strbuf_add(w->out, "\">");
	html->cell = true;
}

/* Dashes in the cells before COLUMN that nothing came for. */
static void fill_cells(struct writer *w, size_t column)
{
	struct html *html = w->state;

	while (html->written < column) {
		begin_cell(w);
		add_value(w, html->columns.at[html->written - 1].field, NULL);
	}
}

/* ---- a row's second line: the fields that are seldom looked at ---- */

/*
 * The name in words and the beginning of the value TEXT, for those who haven't
 * opened the line.
 */
static void add_preview(struct html *html, const struct field *f, const char *text, size_t len)
{
	struct strbuf *out = &html->preview;
	size_t shown = len;

	if (out->len > PREVIEW_BYTES)
		return;
	if (shown > PREVIEW_VALUE_BYTES) /* not inside of a character */
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

/* Keeps the field, with what belongs to it, until the row ends. */
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
	column = columns_find(&html->columns, 0,
			      w->depth > html->table + 1 ? writer_top(w)->field : NULL, f);
	html->last = NULL;
	if (column == html->columns.n)
		return;
	if (column < html->written) {
		writer_fail(w, ERR_INTERNAL,
			    "the fields of a record are not in the order of its shape");
		return;
	}
	fill_cells(w, column);
	begin_cell(w);
	html->value_at = w->out->len;
	if (names_part(html, f) && value)
		html->row_name = *(const char *const *)value;
	if (add_value(w, f, value))
		html->last = f;
	if (f->flags & FIELD_SHARE)
		add_colour(w, html->value_at);
}

/* ---- the writer's calls ---- */

static void set_columns(struct writer *w, const struct shape *item)
{
	struct html *html = w->state;

	if (!columns_shown(w, &html->columns, item,
			   w->format->leaves_out | FIELD_MACHINE | FIELD_DETAIL | FIELD_LEVEL |
				   ADDITIONS))
		writer_fail(w, ERR_INTERNAL, "a table has too many columns");
}

/* A row, whose tag waits for its level. LEVEL as in FIELD_LEVEL. */
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
 * The totals of the list to come: its first row, kept until its table begins.
 */
static void begin_total(struct writer *w, const struct shape *shape)
{
	struct html *html = w->state;

	end_facts(w);
	set_columns(w, shape);
	make_labels(w);
	html->total_at = w->out->len;
	html->table = w->depth - 1;
	begin_row(w, LEVEL_TOTAL);
}

static void end_total(struct writer *w)
{
	struct html *html = w->state;

	html->table = 0;
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
	if (!html->table || w->depth != html->table + 1)
		return;
	row = w->stack[html->table - 1].children;
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
	if (html->table || html->drawn || (item->flags & SHAPE_FIGURES)) {
		writer_top(w)->muted = true;
		return;
	}
	end_facts(w);
	if (item->chart) {
		chart_sums_release(&html->rows.sums);
		html->rows = (struct chart_rows) { .chart = item->chart };
		html->drawn = w->depth;
		return;
	}
	html->table = w->depth;
	html->totals = 0;
	set_columns(w, item);
}

static void html_field(struct writer *w, const struct field *f, const void *value)
{
	struct html *html = w->state;
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if ((f->flags & FIELD_COUNT) && writer_scalar(f, value, buf, &text, &len)) {
		free(html->count);
		html->count = copy_text(text);
	} else if (f->flags & (FIELD_NEXT | FIELD_PREVIOUS)) {
		if (!html->table && writer_scalar(f, value, buf, &text, &len))
			layout_set_pager(html->layout, f->flags & FIELD_NEXT ? "next" : "previous",
					 text);
	} else if (html->drawn) {
		if (w->depth == html->drawn + 1)
			chart_rows_field(&html->rows, f, value);
	} else if (html->table && (f->flags & FIELD_LEVEL)) {
		begin_row(w, *(const int64_t *)value);
	} else if (html->table) {
		add_to_row(w, f, value);
	} else if (!(w->stack[0].shape->flags & SHAPE_PAGE) && !(f->flags & FIELD_MACHINE)) {
		add_fact(w, f, value);
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
	} else if (html->table == w->depth && writer_top(w)->list) {
		end_table(w);
	} else if (html->table && w->depth == html->table + 1) {
		end_row(w);
		if (html->total_at)
			end_total(w);
	} else if (w->depth == 1) {
		end_facts(w);
	}
}

static void html_finish(struct writer *w)
{
	struct html *html = w->state;

	layout_add_foot(html->layout, w->out, &w->error);
}

static void html_release(struct writer *w)
{
	struct html *html = w->state;

	layout_free(&html->layout);
	free(html->title);
	free(html->sentence);
	free(html->count);
	chart_sums_release(&html->rows.sums);
	if (!html->labels.text)
		return;
	strbuf_release(&html->labels);
	strbuf_release(&html->total);
	strbuf_release(&html->details);
	strbuf_release(&html->preview);
}

const struct format format_html = {
	.name = "html",
	.mime = "text/html",
	.charset = "utf-8",
	.page = true,
	.leaves_out = FIELD_XML_ONLY | FIELD_JSON_ONLY,
	.state_size = sizeof(struct html),
	.begin = html_begin,
	.begin_list = html_begin_list,
	.field = html_field,
	.end = html_end,
	.about = html_about,
	.finish = html_finish,
	.release = html_release,
};
