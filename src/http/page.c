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

/* The URL of an operation's page, or NULL if a part of its path isn't known. */
static const char *page_url(const struct page_context *c, const struct op *op)
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
			url = arena_printf(c->arena, "%s%s", url, value);
			p += strcspn(p, "}") + 1;
		}
	}
	return arena_printf(c->arena, "%s.html", url);
}

/* The pages of this family, and the first of each other one, as far as the caller may see them. */
static const struct page_link *make_nav(const struct page_context *c)
{
	struct page_link *links = arena_array(c->arena, struct page_link, LINKS_MAX + 1);
	const struct dialect *family = NULL;
	size_t n = 0;

	for (const struct op *const *op = c->table; *op && n < LINKS_MAX; op++) {
		bool first = (*op)->dialect != family;
		const char *url;

		if (!((*op)->methods & M_GET) || !c->who || !((*op)->roles & c->who->role))
			continue;
		if (!first && (*op)->dialect != c->route->dialect)
			continue;
		url = page_url(c, *op);
		if (!url)
			continue;
		family = (*op)->dialect;
		links[n++] = (struct page_link){ (*op)->title, url, *op == c->route->op };
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
	strbuf_addc(&url, '.');
	strbuf_add(&url, f->name);
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
	page->nav = make_nav(c);
	if (c->route->op && (c->route->op->methods & M_GET)) {
		page->action = c->request->raw_path;
		page->inputs = make_inputs(c);
		page->exports = make_exports(c);
	}
	return page;
}
