/*
 * A page for people. The data become tables (lists) and facts (fields of an object) as they come; a template, layout.html
 * with report.html or error.html inside, puts the page around them. The template is rendered twice: up to
 * its {{>body}} before the data, and from there on after them, when the links to the pages around are known.
 */
#include "format/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/utf8.h"
#include "format/columns.h"
#include "format/mustache.h"

#include "base/banned.h"

enum { PARTS_MAX = 8, PART_NAME = 24, ID_LENGTH = 24 };

#define PLACEHOLDER "\xE2\x80\x93"      /* a dash where there is no value */

/* A template file, read once for a document. */
struct part {
	char name[PART_NAME];
	char *text;
	size_t len;
};

struct html {
	struct json_object *data;
	char *title, *sentence;
	const char *content;            /* which template the layout holds */
	struct part parts[PARTS_MAX];
	size_t n_parts;
	size_t split;                   /* where the body comes in what is being rendered */
	struct strbuf *rendered;

	struct columns columns;
	struct strbuf labels;           /* the columns' headings, escaped, each ended by NUL */
	size_t label_at[COLUMNS_MAX];
	int table;                      /* depth of the list that is a table now; 0 = none */
	size_t written;                 /* cells of this row */
	bool cell;                      /* one is open, and has a value */
	bool facts;                     /* a list of facts is open */
	const struct field *last;       /* the field shown before */
};

/* ---- text ---- */

/* TEXT as HTML may hold it: control characters and bytes that are no text replaced. */
static void add_clean(struct strbuf *out, const char *text, size_t len)
{
	while (len > 0) {
		size_t step = utf8_step(text, len);

		if (step > 0 && utf8_plain(text, step))
			strbuf_addn(out, text, step);
		else if (*text == '\n' || *text == '\t')
			strbuf_addc(out, ' ');
		else
			strbuf_add(out, "\xEF\xBF\xBD");
		step += step == 0;
		text += step;
		len -= step;
	}
}

static void add_text(struct strbuf *out, const char *text, size_t len)
{
	struct strbuf clean;

	if (utf8_plain(text, len)) {
		html_add_text(out, text, len);
		return;
	}
	strbuf_init(&clean, out->limit);
	add_clean(&clean, text, len);
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

/* ---- the page's own data ---- */

static void put_text(struct json_object *o, const char *key, const char *text)
{
	struct strbuf clean;

	if (!text)
		return;
	strbuf_init(&clean, MUSTACHE_TEMPLATE);
	add_clean(&clean, text, strlen(text));
	json_object_object_add(o, key, json_object_new_string_len(clean.text, (int)clean.len));
	strbuf_release(&clean);
}

static void put_links(struct json_object *o, const char *key, const struct page_link *links)
{
	struct json_object *array;

	if (!links || !links->text)
		return;
	array = json_object_new_array();
	for (; links->text; links++) {
		struct json_object *link = json_object_new_object();

		put_text(link, "text", links->text);
		put_text(link, "href", links->href);
		json_object_object_add(link, "current", json_object_new_boolean(links->current));
		json_object_array_add(array, link);
	}
	/* Mustache can't say "around the list, if there is one" of a list itself. */
	json_object_object_add(o, key, json_object_new_object());
	json_object_object_add(json_object_object_get(o, key), "links", array);
}

static void put_choices(struct json_object *o, const struct page_input *input)
{
	struct json_object *select = json_object_new_object(), *array = json_object_new_array();

	for (const char *const *c = input->choices; *c; c++) {
		struct json_object *choice = json_object_new_object();

		put_text(choice, "value", *c);
		put_text(choice, "text", **c ? *c : "any");
		json_object_object_add(choice, "selected", json_object_new_boolean(input->value && strcmp(input->value, *c) == 0));
		json_object_array_add(array, choice);
	}
	json_object_object_add(select, "choices", array);
	json_object_object_add(o, "select", select);
}

static void put_form(struct json_object *o, const struct page *page)
{
	struct json_object *form, *array;

	if (!page->action || !page->inputs)
		return;
	form = json_object_new_object();
	array = json_object_new_array();
	for (const struct page_input *i = page->inputs; i->name; i++) {
		struct json_object *input = json_object_new_object();

		put_text(input, "name", i->name);
		put_text(input, "label", i->label);
		put_text(input, "type", i->type);
		put_text(input, "value", i->value ? i->value : "");
		put_text(input, "hint", i->hint);
		if (i->choices)
			put_choices(input, i);
		json_object_array_add(array, input);
	}
	put_text(form, "action", page->action);
	json_object_object_add(form, "inputs", array);
	json_object_object_add(o, "form", form);
}

static struct json_object *page_data(const struct writer *w)
{
	const struct html *html = w->state;
	const struct page *page = w->options->page;
	struct json_object *o = json_object_new_object();

	put_text(o, "title", html->title);
	put_text(o, "sentence", html->sentence);
	put_text(o, "site", page && page->site ? page->site : "usaged");
	if (page) {
		put_text(o, "user", page->user);
		put_links(o, "nav", page->nav);
		put_links(o, "exports", page->exports);
		put_form(o, page);
	}
	return o;
}

/* ---- templates ---- */

static int read_file(const char *path, struct part *part, struct error *err)
{
	FILE *file = fopen(path, "re");
	struct strbuf text;
	char chunk[4096];
	size_t n;

	if (!file)
		return error_system(err, path, errno);
	strbuf_init(&text, MUSTACHE_TEMPLATE);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		strbuf_addn(&text, chunk, n);
	fclose(file);
	part->len = text.len;
	part->text = strbuf_take(&text);
	return part->text ? 0 : error_set(err, ERR_INTERNAL, NULL, "%s is too large for a template", path);
}

/* The template NAME, which is one of ours or a plain word in a template; NULL and w->error set if it can't be read. */
static const struct part *find_part(struct writer *w, const char *name, size_t len)
{
	struct html *html = w->state;
	struct part *part = &html->parts[html->n_parts];
	char path[4096];

	for (size_t i = 0; i < html->n_parts; i++)
		if (strlen(html->parts[i].name) == len && memcmp(html->parts[i].name, name, len) == 0)
			return &html->parts[i];
	if (html->n_parts == PARTS_MAX || len >= PART_NAME || memchr(name, '/', len) || memchr(name, '.', len)) {
		error_set(&w->error, ERR_INTERNAL, NULL, "there is no template \"%.*s\"", (int)len, name);
		return NULL;
	}
	memcpy(part->name, name, len);
	part->name[len] = '\0';
	if ((size_t)snprintf(path, sizeof(path), "%s/%s.html", w->options->templates, part->name) >= sizeof(path))
		path[0] = '\0';
	if (read_file(path, part, &w->error) < 0)
		return NULL;
	html->n_parts++;
	return part;
}

static const char *partial_of_page(void *ctx, const char *name, size_t len, size_t *ret_len)
{
	struct writer *w = ctx;
	struct html *html = w->state;
	const struct part *part;

	if (len == strlen("body") && memcmp(name, "body", len) == 0) {
		html->split = html->rendered->len;
		return NULL;
	}
	if (len == strlen("content") && memcmp(name, "content", len) == 0)
		part = find_part(w, html->content, strlen(html->content));
	else
		part = find_part(w, name, len);
	if (!part)
		return NULL;
	*ret_len = part->len;
	return part->text;
}

/* Renders the page without its body and adds what comes before, or after the body. */
static void add_page(struct writer *w, bool after)
{
	struct html *html = w->state;
	const struct part *layout = find_part(w, "layout", strlen("layout"));
	struct strbuf rendered;

	if (!layout)
		return;
	strbuf_init(&rendered, w->out->limit);
	html->rendered = &rendered;
	html->split = SIZE_MAX;
	mustache_render(layout->text, layout->len, html->data, partial_of_page, w, &rendered, &w->error);
	if (w->error.kind == ERR_NONE && html->split == SIZE_MAX)
		writer_fail(w, ERR_INTERNAL, "the templates have no place for the body");
	if (w->error.kind == ERR_NONE && after)
		strbuf_addn(w->out, rendered.text + html->split, rendered.len - html->split);
	else if (w->error.kind == ERR_NONE)
		strbuf_addn(w->out, rendered.text, html->split);
	strbuf_release(&rendered);
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

	if (!w->options->templates) {
		writer_fail(w, ERR_INTERNAL, "a page needs a folder of templates");
		return;
	}
	if (!html->title) {
		strbuf_init(&words, 256);
		style_humanise(&words, shape->name);
		html->title = copy_text(words.text);
		strbuf_release(&words);
	}
	strbuf_init(&html->labels, w->out->limit);
	html->content = writer_top(w)->list || has_list(shape) ? "report" : "error";
	html->data = page_data(w);
	add_page(w, false);
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

static void add_plain_text(struct strbuf *out, const struct field *f, const char *text, size_t len)
{
	const char *end = "</span>";

	if (is_link(f, text)) {
		strbuf_add(out, "<a href=\"");
		add_text(out, text, len);
		strbuf_add(out, "\">");
		end = "</a>";
	} else if (len >= ID_LENGTH && !is_date(f) && !memchr(text, ' ', len)) {
		strbuf_add(out, "<span class=\"id\" title=\"");     /* an identifier: the style may shorten it */
		add_text(out, text, len);
		strbuf_add(out, "\">");
	} else {
		end = "";
	}
	add_text(out, text, len);
	strbuf_add(out, end);
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
	else
		add_plain_text(out, f, text, len);
	return true;
}

/* The unit of the number before it, or the words for the name before it. */
static void add_addition(struct writer *w, const struct field *f, const void *value)
{
	const struct html *html = w->state;
	char buf[DECIMAL_TEXT];
	const char *text, *class = f->flags & FIELD_LABEL ? "sub" : "unit";
	size_t len;

	if (!html->last || !writer_scalar(f, value, buf, &text, &len) || len == 0)
		return;
	if ((f->flags & FIELD_UNIT) && (html->last->flags & FIELD_MONEY))
		class = "unit currency";
	strbuf_add(w->out, f->flags & FIELD_LABEL ? "<span class=\"" : " <span class=\"");
	strbuf_add(w->out, class);
	strbuf_add(w->out, "\">");
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

	if (f->flags & (FIELD_UNIT | FIELD_LABEL)) {
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
	add_value(w->out, f, value);
	html->facts = true;
	html->last = f;
}

/* ---- tables ---- */

static void add_label(struct strbuf *out, const struct column *c)
{
	if (c->parent) {
		add_words(out, c->parent->name);
		strbuf_addc(out, ' ');
	}
	add_words(out, c->field->name);
}

static const char *cell_class(const struct field *f)
{
	return is_number(f) ? " class=\"n\"" : is_date(f) ? " class=\"d\"" : "";
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

	strbuf_add(w->out, "<section class=\"card\">\n<div class=\"scroll\">\n<table>\n");
	add_caption(w, list->field, list->shape);
	strbuf_add(w->out, "<thead><tr>");
	strbuf_clear(&html->labels);
	for (size_t i = 0; i < html->columns.n; i++) {
		const struct column *c = &html->columns.at[i];

		html->label_at[i] = html->labels.len;
		add_label(&html->labels, c);
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
			    list->children == 1 ? "row" : "rows");
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

	if (f->flags & (FIELD_UNIT | FIELD_LABEL)) {
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
	if (!columns_of(&html->columns, item, w->format->leaves_out | FIELD_MACHINE | FIELD_UNIT | FIELD_LABEL, false))
		writer_fail(w, ERR_INTERNAL, "a table has too many columns");
}

static void put_pager(struct html *html, const char *key, const char *href)
{
	struct json_object *pager = json_object_object_get(html->data, "pager");

	if (!pager) {
		pager = json_object_new_object();
		json_object_object_add(html->data, "pager", pager);
	}
	put_text(pager, key, href);
}

static void html_field(struct writer *w, const struct field *f, const void *value)
{
	struct html *html = w->state;
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if (f->flags & (FIELD_NEXT | FIELD_PREVIOUS)) {
		if (!html->table && html->data && writer_scalar(f, value, buf, &text, &len))
			put_pager(html, f->flags & FIELD_NEXT ? "next" : "previous", text);
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
	add_page(w, true);
}

static void html_release(struct writer *w)
{
	struct html *html = w->state;

	for (size_t i = 0; i < html->n_parts; i++)
		free(html->parts[i].text);
	free(html->title);
	free(html->sentence);
	if (html->labels.text)
		strbuf_release(&html->labels);
	json_object_put(html->data);
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
