#include "http/page.h"

#include <ctype.h>
#include <string.h>

#include "base/civil.h"
#include "base/strbuf.h"
#include "http/negotiate.h"
#include "base/banned.h"

enum { LINKS_MAX = 32, URL_MAX = 32768 };

/* ---- links to other pages ---- */

/* What fills the {NAME} of another operation's path: the same name in this one's, else the caller's own account. */
static const char *fill_name(const struct page_context *c, const char *name, size_t len)
{
	const struct route *r = c->route;

	for (size_t i = 0; i < r->n_args; i++)
		if (strlen(r->args[i].name) == len && memcmp(r->args[i].name, name, len) == 0)
			return r->args[i].value;
	return c->who && c->who->role == ROLE_ACCOUNT ? c->who->name : NULL;
}

/* The path of an operation's page, or NULL if a part of it isn't known. */
static const char *page_path(const struct page_context *c, const struct op *op)
{
	const char *p = op->path, *url = "";

	while (*p) {
		size_t len = strcspn(p, "{");

		url = arena_printf(c->arena, "%s%.*s", url, (int)len, p);
		p += len;
		if (*p == '{') {
			const char *value = fill_name(c, p + 1, strcspn(p + 1, "}"));

			if (!value)
				return NULL;
			url = arena_join(c->arena, url, value, NULL);
			p += strcspn(p, "}") + 1;
		}
	}
	return arena_join(c->arena, url, ".html", NULL);
}

/*
 * What another operation's page is asked for with: the account that this page is about, if it takes one, and days where it must have
 * them: the first such parameter is the month's first, the next one today.
 */
static const char *page_query(const struct page_context *c, const struct op *op)
{
	struct date day = date_from_days(floor_div(clock_now_us(), SEC_PER_DAY * USEC_PER_SEC));
	const char *query = "", *value;
	struct date first = { day.year, day.month, 1 };
	char text[DATE_TEXT];

	for (const struct param *p = op->params; p->name; p++) {
		value = NULL;
		for (size_t i = 0; i < c->route->n_args && !(p->flags & PARAM_PATH); i++)
			if (strcmp(c->route->args[i].name, p->name) == 0)
				value = c->route->args[i].value;
		if (p->type == PT_DATE && (p->flags & PARAM_REQUIRED)) {
			date_format(text, first);
			value = text;
			first = day;
		}
		if (value)
			query = arena_join(c->arena, query, *query ? "&" : "?", p->name, "=", value, NULL);
	}
	return query;
}

/* Are both in the same row of tabs? */
static bool share_tabs(const struct op *a, const struct op *b)
{
	return a && b && a->tab && b->tab && a->dialect == b->dialect;
}

/* Links to the operations that have a label at OFFSET in their rows and that the caller may see; TABS: only to siblings. */
static const struct page_link *make_links(const struct page_context *c, size_t offset, bool tabs)
{
	struct page_link *links = arena_array(c->arena, struct page_link, LINKS_MAX + 1);
	const struct op *here = c->route->op;
	size_t n = 0;

	for (const struct op *const *row = c->table; *row && n < LINKS_MAX; row++) {
		const struct op *op = *row;
		const char *label = *(const char *const *)((const char *)op + offset), *path;

		if (!label || !c->who || !(op->roles & c->who->role) || (tabs && !share_tabs(op, here)))
			continue;
		path = page_path(c, op);
		if (path)
			links[n++] = (struct page_link){ label, arena_join(c->arena, path, page_query(c, op), NULL),
							 op == here || (!tabs && share_tabs(op, here)) };
	}
	return links;
}

/* ---- the same report in other formats ---- */

static const char *export_url(const struct page_context *c, const struct format *f)
{
	const struct request *rq = c->request;
	size_t len = strlen(rq->raw_path) - strlen(c->route->suffix);
	struct strbuf url;
	const char *text, *separator = "?";

	strbuf_init(&url, URL_MAX);
	strbuf_addn(&url, rq->raw_path, len);
	strbuf_add(&url, c->route->fixed ? "?format=" : ".");
	strbuf_add(&url, f->name);
	if (c->route->fixed)
		separator = "&";
	for (size_t i = 0; i < rq->params.n; i++) {
		const struct raw_param *p = &rq->params.items[i];

		if (params_same(p->name, "format", true) || params_same(p->name, "callback", true))
			continue;
		strbuf_add(&url, separator);
		strbuf_add_urlencoded(&url, p->name, strlen(p->name));
		strbuf_addc(&url, '=');
		strbuf_add_urlencoded(&url, p->value, p->len);
		separator = "&";
	}
	text = arena_str(c->arena, url.text);
	strbuf_release(&url);
	return text;
}

static const struct page_link *make_exports(const struct page_context *c)
{
	struct page_link *links = arena_array(c->arena, struct page_link, LINKS_MAX + 1);
	size_t n = 0;

	for (const struct format *const *f = formats; *f && n < LINKS_MAX; f++) {
		char *name;

		if (!format_is_served(*f) || format_is_page(*f))
			continue;
		name = arena_str(c->arena, (*f)->name);
		for (char *p = name; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		links[n++] = (struct page_link){ name, export_url(c, *f), false };
	}
	return links;
}

/* ---- the form ---- */

/* "IncludeSubaccounts" -> "Include subaccounts". */
static const char *make_label(struct arena *arena, const char *name)
{
	char *label = arena_alloc(arena, 2 * strlen(name) + 1), *out = label;

	for (const char *p = name; *p; p++) {
		bool word = p > name && isupper((unsigned char)*p) && !isupper((unsigned char)p[-1]);

		if (word)
			*out++ = ' ';
		*out++ = (char)(word ? tolower((unsigned char)*p) : *p);
	}
	label[0] = (char)toupper((unsigned char)label[0]);
	return label;
}

static const char *const *category_choices(const struct page_context *c, const char *value)
{
	const struct catalogue *cat = c->catalogue;
	const char **names = arena_array(c->arena, const char *, cat->n_metered + 3);
	bool found = !value;
	size_t n = 0;

	names[n++] = "";
	for (size_t i = 0; i < cat->n_metered; i++) {
		names[n++] = cat->categories[cat->metered[i]].name;
		found = found || strcmp(names[n - 1], value) == 0;
	}
	if (!found)
		names[n++] = value;
	return names;
}

/* The values with "" for any in front, where the parameter may stay out. */
static const char *const *enum_choices(const struct page_context *c, const struct param *p)
{
	static const char *const yes_no[] = { "true", "false", NULL };
	const char *const *values = p->type == PT_BOOL ? yes_no : p->values;
	const char **choices;
	size_t n = 0;

	if ((p->flags & PARAM_REQUIRED) || p->def)
		return values;
	while (values[n])
		n++;
	choices = arena_array(c->arena, const char *, n + 2);
	choices[0] = "";
	memcpy(choices + 1, values, n * sizeof(*values));
	return choices;
}

static const char *input_type(const struct page_context *c, const struct param *p, const char *value)
{
	struct date date;

	switch (p->type) {
	case PT_DATE:      /* an offset such as -30days doesn't fit a date's input */
		return !value || date_parse(value, strlen(value), &date) ? "date" : "text";
	case PT_INT:
	case PT_PAGE_SIZE:
		return "number";
	case PT_BOOL:
	case PT_ENUM:
		return "select";
	case PT_CATEGORY:
		return c->catalogue ? "select" : "text";
	default:
		return "text";
	}
}

static struct page_input make_input(const struct page_context *c, const struct param *p)
{
	struct page_input in = { .name = p->name, .label = make_label(c->arena, p->name), .value = p->def, .hint = p->doc };

	for (size_t i = 0; i < c->n_raw; i++)
		if (c->raw[i].len && params_same(c->raw[i].name, p->name, c->route->dialect->any_case))
			in.value = c->raw[i].value;
	in.type = input_type(c, p, in.value);
	if (strcmp(in.type, "select") == 0)
		in.choices = p->type == PT_CATEGORY ? category_choices(c, in.value) : enum_choices(c, p);
	return in;
}

static const struct page_input *make_inputs(const struct page_context *c)
{
	struct page_input *inputs = arena_array(c->arena, struct page_input, PARAMS_MAX + 1);
	size_t n = 0;

	for (const struct param *p = c->route->op->params; p->name; p++)
		if (!(p->flags & (PARAM_PATH | PARAM_STATE)))
			inputs[n++] = make_input(c, p);
	return inputs;
}

const struct page *page_make(const struct page_context *c)
{
	struct page *page = arena_new(c->arena, struct page);

	page->site = c->settings->name;
	page->user = c->who ? c->who->name : NULL;
	page->nav = make_links(c, offsetof(struct op, nav), false);
	page->tabs = make_links(c, offsetof(struct op, tab), true);
	if (c->route->op && (c->route->op->methods & M_GET)) {
		page->action = c->route->fixed ? page_path(c, c->route->op) : c->request->raw_path;
		page->inputs = make_inputs(c);
		page->exports = make_exports(c);
	}
	return page;
}
