/*
 * A page for people: lists become tables and the fields of an object facts, as they come; the templates put the page
 * around them (layout.h). Nothing is inline, neither styles nor scripts.
 */
#include "format/writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "format/columns.h"
#include "format/layout.h"
#include "format/mustache.h"
#include "format/plain.h"

#include "base/banned.h"

enum { ID_LENGTH = 24, INSTANT_LENGTH = 20, WIDE_COLUMNS = 8 };

/* Fields that have no cell of their own. */
#define ADDITIONS (FIELD_UNIT | FIELD_LABEL | FIELD_LINK)

#define PLACEHOLDER "\xE2\x80\x93"      /* a dash where there is no value */

struct html {
	struct layout *layout;
	char *title, *sentence;
	struct columns columns;
	struct strbuf labels;           /* the columns' headings, escaped, each ended by NUL */
	size_t label_at[COLUMNS_MAX];
	int table;                      /* depth of the list that is a table now; 0 = none */
	size_t written;                 /* cells of this row */
	bool cell;                      /* one is open, and has a value */
	bool facts;                     /* a list of facts is open */
	const struct field *last;       /* the field shown before */
	size_t value_at;                /* where its value begins in the buffer */
};

/* ---- text ---- */

static void add_text(struct strbuf *out, const char *text, size_t len)
{
	struct strbuf clean;

	if (utf8_plain(text, len)) {
		html_add_text(out, text, len);
		return;
	}
	strbuf_init(&clean, out->limit);
	plain_add(&clean, text, len);
	html_add_text(out, clean.text, clean.len);
	out->failed |= clean.failed;
	strbuf_release(&clean);
}

static void add_words(struct strbuf *out, const char *name)
{
	struct strbuf words;

	strbuf_init(&words, 256);
	style_humanise(&words, name);
	add_text(out, words.text, words.len);
	strbuf_release(&words);
}

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
	html->layout = layout_new(w->options, writer_top(w)->list || has_list(shape) ? "report" : "object", html->title, html->sentence);
	layout_add_head(html->layout, w->out, &w->error);
}

/* ---- values ---- */

static bool is_number(const struct field *f)
{
	return f->type == VT_INT || f->type == VT_DECIMAL;
}

static bool is_date(const struct field *f)
{
	return f->format && strncmp(f->format, "date", 4) == 0;
}

/* Digits in groups of three where there are more than four; the exact number stays beside it for scripts and copies. */
static void add_number(struct strbuf *out, const char *text, size_t len)
{
	size_t sign = *text == '-', digits = sign;

	while (digits < len && text[digits] != '.')
		digits++;
	if (digits - sign < 4) {
		strbuf_addn(out, text, len);
		return;
	}
	strbuf_add(out, "<data value=\"");
	strbuf_addn(out, text, len);
	strbuf_add(out, "\">");
	for (size_t i = 0; i < digits; i++) {
		if (i > sign && (digits - i) % 3 == 0)
			strbuf_addc(out, ',');
		strbuf_addc(out, text[i]);
	}
	strbuf_addn(out, text + digits, len - digits);
	strbuf_add(out, "</data>");
}

static bool is_link(const struct field *f, const char *text)
{
	if (!f->format || strcmp(f->format, "uri") != 0)
		return false;
	return (text[0] == '/' && text[1] != '/') || strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

/* One long word of letters and digits, such as an account's SID. */
static bool is_identifier(const char *text, size_t len)
{
	bool digit = false;

	for (size_t i = 0; i < len; i++) {
		bool letter = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z');

		digit = digit || (text[i] >= '0' && text[i] <= '9');
		if (!letter && !(text[i] >= '0' && text[i] <= '9'))
			return false;
	}
	return digit && len >= ID_LENGTH;
}

/* TEXT, which may be broken after a slash or a comma. */
static void add_breakable(struct strbuf *out, const char *text, size_t len)
{
	while (len > 0) {
		size_t n = strcspn(text, "/,");

		n = n < len ? n + 1 : len;
		add_text(out, text, n);
		if (n < len)
			strbuf_add(out, "<wbr>");
		text += n;
		len -= n;
	}
}

/* Of an address the part that tells it from its neighbours, in words: "This month" for ".../ThisMonth.html?a=b". */
static void add_link(struct strbuf *out, const char *url, size_t len)
{
	size_t end = strcspn(url, "?"), begin, dot;
	char *name;

	for (begin = end; begin > 0 && url[begin - 1] != '/'; begin--)
		;
	for (dot = begin; dot < end && url[dot] != '.'; dot++)
		;
	strbuf_add(out, "<a href=\"");
	add_text(out, url, len);
	strbuf_add(out, "\">");
	name = strndup(url + begin, dot - begin);
	if (name && *name)
		style_humanise(out, name);
	else
		add_breakable(out, url, len);
	free(name);
	strbuf_add(out, "</a>");
}

static void add_plain_text(struct strbuf *out, const struct field *f, const char *text, size_t len)
{
	bool word = !memchr(text, ' ', len);

	if (is_link(f, text)) {
		add_link(out, text, len);
	} else if (is_identifier(text, len)) {          /* the style may shorten it */
		strbuf_add(out, "<span class=\"id\" title=\"");
		add_text(out, text, len);
		strbuf_add(out, "\">");
		add_text(out, text, len);
		strbuf_add(out, "</span>");
	} else if (word && len >= ID_LENGTH) {
		add_breakable(out, text, len);
	} else if (word && !is_date(f) && memchr(text, '-', len)) {    /* else it breaks at its hyphens */
		strbuf_add(out, "<span class=\"word\">");
		add_text(out, text, len);
		strbuf_add(out, "</span>");
	} else {
		add_text(out, text, len);
	}
}

/* "2026-11-01T00:00:00Z" as people write it, the exact instant beside it; false if it isn't one. */
static bool add_instant(struct strbuf *out, const char *text, size_t len)
{
	if (len != INSTANT_LENGTH || text[10] != 'T' || text[19] != 'Z')
		return false;
	strbuf_add(out, "<time datetime=\"");
	add_text(out, text, len);
	strbuf_add(out, "\">");
	add_text(out, text, 10);
	strbuf_addc(out, ' ');
	add_text(out, text + 11, memcmp(text + 16, ":00", 3) == 0 ? 5 : 8);
	strbuf_add(out, "</time>");
	return true;
}

/* False if there is no value; then a dash stands for it. */
static bool add_value(struct strbuf *out, const struct field *f, const void *value)
{
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if (!writer_scalar(f, value, buf, &text, &len) || len == 0) {
		strbuf_add(out, "<span class=\"none\">" PLACEHOLDER "</span>");
		return false;
	}
	if (is_number(f))
		add_number(out, text, len);
	else if (f->type == VT_BOOL)
		strbuf_add(out, *text == 't' ? "yes" : "no");
	else if (!is_date(f) || !add_instant(out, text, len))
		add_plain_text(out, f, text, len);
	return true;
}

/* Makes the value before it a link to URL. */
static void link_value(struct writer *w, const char *url, size_t len)
{
	const struct html *html = w->state;
	struct strbuf link;

	strbuf_init(&link, w->out->limit);
	strbuf_add(&link, "<a href=\"");
	add_text(&link, url, len);
	strbuf_add(&link, "\">");
	strbuf_insert(w->out, html->value_at, link.text, link.len);
	strbuf_add(w->out, "</a>");
	w->out->failed |= link.failed;
	strbuf_release(&link);
}

/* What belongs to the value before it: a number's unit, words for a name, where it leads. */
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
	strbuf_add(w->out, f->flags & FIELD_LABEL ? "<span class=\"sub\">" : " <span class=\"unit\">");
	add_text(w->out, text, len);
	strbuf_add(w->out, "</span>");
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
		return;                         /* the page says it already */
	strbuf_add(w->out, html->facts ? "</dd></div>\n<div><dt>" : "<dl class=\"facts\">\n<div><dt>");
	add_words(w->out, f->name);
	strbuf_add(w->out, "</dt><dd>");
	html->value_at = w->out->len;
	if (is_number(f))
		strbuf_addn(w->out, text, len);         /* a code or a status: no amount to group */
	else
		add_value(w->out, f, value);
	html->facts = true;
	html->last = f;
}

/* ---- tables ---- */

static void add_heading(struct strbuf *out, const struct column *c)
{
	struct strbuf words;

	strbuf_init(&words, 256);
	column_add_heading(&words, c);
	add_text(out, words.text, words.len);
	strbuf_release(&words);
}

/* Numbers with a unit, or a currency, say so: the style leaves the same room for it in each row, so that digits line up. */
static const char *cell_class(const struct field *f)
{
	const struct field *unit = f[1].name && (f[1].flags & FIELD_UNIT) ? &f[1] : NULL;

	if (is_date(f))
		return " class=\"d\"";
	if (!is_number(f))
		return "";
	if (unit && ((f->flags & FIELD_MONEY) || (unit->format && strcmp(unit->format, "currency") == 0)))
		return " class=\"n c\"";
	return unit ? " class=\"n u\"" : " class=\"n\"";
}

static void add_caption(struct writer *w, const struct field *f, const struct shape *item)
{
	const char *doc = f ? f->doc : item->doc;

	strbuf_add(w->out, "<caption>");
	if (f) {
		strbuf_add(w->out, "<b>");
		add_words(w->out, f->name);
		strbuf_add(w->out, "</b> ");
	}
	if (doc)
		add_text(w->out, doc, strlen(doc));
	strbuf_add(w->out, "</caption>\n");
}

static void begin_table(struct writer *w)
{
	struct html *html = w->state;
	const struct writer_node *list = &w->stack[html->table - 1];

	strbuf_add(w->out, "<section class=\"card\">\n<div class=\"scroll\">\n");
	strbuf_add(w->out, html->columns.n < WIDE_COLUMNS ? "<table>\n" : "<table class=\"wide\">\n");
	add_caption(w, list->field, list->shape);
	strbuf_add(w->out, "<thead><tr>");
	strbuf_clear(&html->labels);
	for (size_t i = 0; i < html->columns.n; i++) {
		const struct column *c = &html->columns.at[i];

		html->label_at[i] = html->labels.len;
		add_heading(&html->labels, c);
		strbuf_addc(&html->labels, '\0');
		strbuf_add(w->out, "<th scope=\"col\"");
		strbuf_add(w->out, cell_class(c->field));
		if (c->field->doc) {
			strbuf_add(w->out, " title=\"");
			add_text(w->out, c->field->doc, strlen(c->field->doc));
			strbuf_addc(w->out, '"');
		}
		strbuf_addc(w->out, '>');
		strbuf_add(w->out, html->labels.text + html->label_at[i]);
		strbuf_add(w->out, "</th>");
	}
	strbuf_add(w->out, "</tr></thead>\n<tbody>\n");
	w->out->failed |= html->labels.failed;
}

static void end_table(struct writer *w)
{
	struct html *html = w->state;
	const struct writer_node *list = writer_top(w);

	html->table = 0;
	if (list->children > 0) {
		strbuf_addf(w->out, "</tbody>\n</table>\n</div>\n<p class=\"tally\">%zu %s</p>\n</section>\n", list->children,
			    list->children == 1 ? "record" : "records");
	} else if (w->depth <= 2) {
		strbuf_add(w->out, "<section class=\"card\">\n");
		if (list->field && !(w->stack[0].shape->flags & SHAPE_PAGE)) {
			strbuf_add(w->out, "<h2>");
			add_words(w->out, list->field->name);
			strbuf_add(w->out, "</h2>\n");
		}
		strbuf_add(w->out, "<p class=\"empty\">There is no usage for this question.</p>\n</section>\n");
	}
}

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
		add_value(w->out, html->columns.at[html->written - 1].field, NULL);
	}
}

static void add_to_row(struct writer *w, const struct field *f, const void *value)
{
	struct html *html = w->state;
	size_t column;

	if (f->flags & ADDITIONS) {
		add_addition(w, f, value);
		return;
	}
	column = columns_find(&html->columns, 0, w->depth > html->table + 1 ? writer_top(w)->field : NULL, f);
	html->last = NULL;
	if (column == html->columns.n)
		return;
	if (column < html->written) {
		writer_fail(w, ERR_INTERNAL, "the fields of a record are not in the order of its shape");
		return;
	}
	fill_cells(w, column);
	begin_cell(w);
	html->value_at = w->out->len;
	if (add_value(w->out, f, value))
		html->last = f;
}

/* ---- the writer's calls ---- */

static void html_begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	struct html *html = w->state;

	(void)f;
	if (w->depth == 1)
		begin_page(w, shape);
	if (!html->table || w->depth != html->table + 1)
		return;
	if (w->stack[html->table - 1].children == 1)
		begin_table(w);
	strbuf_add(w->out, "<tr>");
	html->written = 0;
}

static void html_begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	struct html *html = w->state;

	(void)f;
	if (w->depth == 1)
		begin_page(w, item);
	if (html->table) {
		writer_top(w)->muted = true;
		return;
	}
	end_facts(w);
	html->table = w->depth;
	if (!columns_shown(w, &html->columns, item, w->format->leaves_out | FIELD_MACHINE | ADDITIONS))
		writer_fail(w, ERR_INTERNAL, "a table has too many columns");
}

static void html_field(struct writer *w, const struct field *f, const void *value)
{
	const struct html *html = w->state;
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if (f->flags & (FIELD_NEXT | FIELD_PREVIOUS)) {
		if (!html->table && writer_scalar(f, value, buf, &text, &len))
			layout_set_pager(html->layout, f->flags & FIELD_NEXT ? "next" : "previous", text);
	} else if (html->table) {
		add_to_row(w, f, value);
	} else if (!(w->stack[0].shape->flags & SHAPE_PAGE) && !(f->flags & FIELD_MACHINE)) {
		add_fact(w, f, value);
	}
}

static void html_end(struct writer *w)
{
	struct html *html = w->state;

	if (html->table == w->depth) {
		end_table(w);
	} else if (html->table && w->depth == html->table + 1) {
		fill_cells(w, html->columns.n);
		end_cell(w);
		strbuf_add(w->out, "</tr>\n");
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
	if (html->labels.text)
		strbuf_release(&html->labels);
}

const struct format format_html = {
	.name = "html",
	.mime = "text/html",
	.charset = "utf-8",
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
