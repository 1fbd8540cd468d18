#include "format/layout.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "format/mustache.h"
#include "format/plain.h"
#include "format/templates.h"

#include "base/banned.h"

struct layout {
	const char *content;
	struct json_object *data;
	const struct templates *templates;

	struct strbuf rendered;
	size_t split;       /* where the body comes in it */
	bool has_content;   /* the layout has a place for the content */
	struct error error; /* of finding a part */
};

/* ---- the page's own data ---- */

static void put_text(struct json_object *o, const char *key, const char *text)
{
	struct strbuf clean;

	if (!text)
		return;
	strbuf_init(&clean, MUSTACHE_TEMPLATE);
	plain_add(&clean, text, strlen(text));
	json_object_object_add(o, key, json_object_new_string_len(clean.text, (int)clean.len));
	strbuf_release(&clean);
}

/* What the operation took where the caller said nothing. */
static const char *assumed(const struct writer *w, const char *name)
{
	for (size_t i = 0; w && i < w->n_assumed; i++)
		if (strcmp(w->assumed[i].name, name) == 0)
			return w->assumed[i].value;
	return "";
}

/* Does the link lead to the days that are shown? */
static bool leads_here(const struct writer *w, const struct page_link *link)
{
	static const char *const names[] = { "StartDate", "EndDate" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *at = strstr(link->href, names[i]), *day = assumed(w, names[i]);

		if (!at || !*day || strncmp(at + strlen(names[i]) + 1, day, strlen(day)) != 0)
			return false;
	}
	return true;
}

/*
 * Of several links that lead here, to the same days, the first is the current
 * one.
 */
static void put_links(struct json_object *o, const char *key, const struct writer *w,
		      const struct page_link *links)
{
	struct json_object *array;
	bool found = false;

	if (!links || !links->text)
		return;
	array = json_object_new_array();
	for (; links->text; links++) {
		struct json_object *link = json_object_new_object();
		bool here = !found && leads_here(w, links);

		found = found || here;
		put_text(link, "text", links->text);
		put_text(link, "href", links->href);
		json_object_object_add(link, "current",
				       json_object_new_boolean(links->current || here));
		json_object_array_add(array, link);
	}
	/*
	 * Mustache can't say "around the list, if there is one" of a list
	 * itself.
	 */
	json_object_object_add(o, key, json_object_new_object());
	json_object_object_add(json_object_object_get(o, key), "links", array);
}

static void put_choices(struct json_object *o, const struct writer *w,
			const struct page_input *input, const char *value)
{
	const char *taken = input->own && !*value ? assumed(w, input->name) : "";

	struct json_object *select = json_object_new_object(), *array = json_object_new_array();
	struct strbuf text;

	strbuf_init(&text, MUSTACHE_TEMPLATE);
	for (const struct page_choice *c = input->choices; c->value; c++) {
		struct json_object *choice = json_object_new_object();

		strbuf_clear(&text);
		for (int i = 0; i < c->depth; i++)
			strbuf_add(&text, "\xC2\xA0\xC2\xA0\xC2\xA0");
		strbuf_add(&text, c->text);
		if (!*c->value && *taken) {
			strbuf_clear(&text);
			strbuf_add(&text, taken);
			strbuf_add(&text, ", ");
			strbuf_add(&text, input->own);
		}
		put_text(choice, "value", c->value);
		put_text(choice, "text", text.text);
		json_object_object_add(choice, "selected",
				       json_object_new_boolean(strcmp(value, c->value) == 0));
		json_object_array_add(array, choice);
	}
	strbuf_release(&text);
	json_object_object_add(select, "choices", array);
	json_object_object_add(o, "select", select);
}

static void put_change(struct json_object *o, const struct page_change *change)
{
	struct json_object *c = json_object_new_object();

	put_text(c, "button", change->button);
	put_text(c, "back", change->back);
	put_text(c, "fault", change->fault);
	json_object_object_add(o, "change", c);
}

static bool is_at_fault(const struct page *page, const char *name)
{
	return page->change && page->change->fault_of && strcmp(page->change->fault_of, name) == 0;
}

static struct json_object *make_input(const struct writer *w, const struct page *page,
				      const struct page_input *i)
{
	struct json_object *input = json_object_new_object();
	const char *value = i->value ? i->value : i->own ? "" : assumed(w, i->name);

	put_text(input, "name", i->name);
	put_text(input, "label", i->label);
	put_text(input, "type", i->type);
	put_text(input, "value", value);
	put_text(input, "hint", i->hint);
	json_object_object_add(input, "required", json_object_new_boolean(i->required));
	if (i->max_length)
		json_object_object_add(input, "max_length", json_object_new_int64(i->max_length));
	json_object_object_add(input, "secret",
			       json_object_new_boolean(strcmp(i->type, "password") == 0));
	json_object_object_add(input, "at_fault",
			       json_object_new_boolean(is_at_fault(page, i->name)));
	if (i->choices)
		put_choices(input, w, i, value);
	return input;
}

static void put_form(struct json_object *o, const struct writer *w, const struct page *page)
{
	struct json_object *form, *array, *folded;

	if (!page->action || !page->inputs || (!page->inputs->name && !page->change))
		return;
	form = json_object_new_object();
	array = json_object_new_array();
	folded = json_object_new_array();
	for (const struct page_input *i = page->inputs; i->name; i++)
		json_object_array_add(i->folded ? folded : array, make_input(w, page, i));
	put_text(form, "action", page->action);
	put_text(form, "in_force", w ? w->filters : NULL);
	json_object_object_add(form, "inputs", array);
	if (json_object_array_length(folded)) {
		json_object_object_add(form, "more", json_object_new_object());
		json_object_object_add(json_object_object_get(form, "more"), "inputs", folded);
	} else {
		json_object_put(folded);
	}
	json_object_object_add(o, "form", form);
}

/*
 * Of a report's sentence the part that says whose usage, and when: for the
 * window's title.
 */
static void put_place(struct json_object *o, const char *content, const char *sentence)
{
	const char *end = sentence && strcmp(content, "report") == 0 ? strchr(sentence, '.') : NULL;
	char *place = end ? strndup(sentence, (size_t)(end - sentence)) : NULL;

	put_text(o, "place", place);
	free(place);
}

struct layout *layout_new(const struct writer_options *o, const struct writer *w,
			  const char *content, const char *title, const char *sentence)
{
	struct layout *l = calloc(1, sizeof(*l));
	const struct page *page = o->page;

	if (!l)
		abort();
	l->templates = o->templates;
	l->content = content;
	l->data = json_object_new_object();
	put_text(l->data, "title", title);
	put_text(l->data, "sentence", sentence);
	put_place(l->data, content, sentence);
	put_text(l->data, "site", page && page->site ? page->site : "usaged");
	if (page) {
		put_text(l->data, "user", page->user);
		put_text(l->data, "profile", page->profile);
		json_object_object_add(l->data, "sign_out",
				       json_object_new_boolean(page->sign_out));
		put_links(l->data, "nav", NULL, page->nav);
		put_links(l->data, "tabs", NULL, page->tabs);
		put_links(l->data, "exports", NULL, page->exports);
		put_links(l->data, "presets", w, w ? w->presets : NULL);
		put_links(l->data, "related", NULL, w ? w->related : NULL);
		put_links(l->data, "tasks", NULL, page->tasks);
		put_text(l->data, "notice", page->notice);
		if (page->change)
			put_change(l->data, page->change);
		put_text(l->data, "api_call", page->api_call);
		put_form(l->data, w, page);
	}
	return l;
}

void layout_free(struct layout **l)
{
	if (!*l)
		return;
	json_object_put((*l)->data);
	free(*l);
	*l = NULL;
}

void layout_set_script(struct layout *l, const char *name)
{
	put_text(l->data, "script", name);
}

void layout_set_figures(struct layout *l, struct json_object *figures)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "list", figures);
	json_object_object_add(l->data, "figures", o);
}

void layout_set_pager(struct layout *l, const char *key, const char *href)
{
	struct json_object *pager = json_object_object_get(l->data, "pager");

	if (!pager) {
		pager = json_object_new_object();
		json_object_object_add(l->data, "pager", pager);
	}
	put_text(pager, key, href);
}

/* ---- templates ---- */

/* In place of a list that has nothing. */
#define EMPTY "empty"

/* Templates that stand for themselves in the body. */
static const char *const parts[] = { EMPTY, "chart" };

/*
 * What a page can have inside the layout; of those that HOLDS_BODY data come
 * into the middle.
 */
static const struct content {
	const char *name;
	bool holds_body;
} contents[] = {
	{ "report", true },     { "object", true }, { "change", true },    { "metadata", false },
	{ "operation", false }, { "ui", false },    { "explorer", false }, { "login", false },
};

static bool is_name(const char *name, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(name, word, len) == 0;
}

static const struct template_text *find_template(struct layout *l, const char *name, size_t len)
{
	const struct template_text *t = templates_find(l->templates, name, len);

	if (!t)
		error_set(&l->error, ERR_INTERNAL, NULL, "there is no template \"%.*s\"", (int)len,
			  name);
	return t;
}

static const char *partial_of_layout(void *ctx, const char *name, size_t len, size_t *ret_len)
{
	struct layout *l = ctx;
	const struct template_text *t;

	if (is_name(name, len, TEMPLATE_BODY)) {
		l->split = l->rendered.len;
		return NULL;
	}
	if (is_name(name, len, TEMPLATE_CONTENT)) {
		l->has_content = true;
		name = l->content;
		len = strlen(name);
	}
	t = find_template(l, name, len);
	if (!t)
		return NULL;
	*ret_len = t->len;
	return t->text;
}

static int render(struct layout *l, struct error *err)
{
	const struct template_text *layout = find_template(l, "layout", strlen("layout"));

	l->split = SIZE_MAX;
	if (layout)
		mustache_render(layout->text, layout->len, l->data, partial_of_layout, l,
				&l->rendered, &l->error);
	if (l->error.kind == ERR_NONE)
		return 0;
	*err = l->error;
	return -1;
}

static int check_content(const struct templates *t, const struct content *c, struct error *err)
{
	const struct writer_options o = { .templates = t };
	struct layout *l = layout_new(&o, NULL, c->name, "", NULL);
	int rc;

	strbuf_init(&l->rendered, MUSTACHE_TEMPLATE);
	rc = render(l, err);
	if (rc == 0 && !l->has_content)
		rc = error_set(err, ERR_INTERNAL, NULL,
			       "%s: needs {{>" TEMPLATE_CONTENT "}}, in no section",
			       templates_find(t, "layout", strlen("layout"))->path);
	if (rc == 0 && c->holds_body && l->split == SIZE_MAX)
		rc = error_set(err, ERR_INTERNAL, NULL,
			       "%s: needs {{>" TEMPLATE_BODY "}}, in no section",
			       templates_find(t, c->name, strlen(c->name))->path);
	strbuf_release(&l->rendered);
	layout_free(&l);
	return rc;
}

int layout_check(const struct templates *t, struct error *err)
{
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++)
		if (check_content(t, &contents[i], err) < 0)
			return -1;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!templates_find(t, parts[i], strlen(parts[i])))
			return error_set(err, ERR_INTERNAL, NULL, "there is no template \"%s\"",
					 parts[i]);
	return 0;
}

static int add_half(struct layout *l, struct strbuf *out, bool foot, struct error *err)
{
	int rc;

	strbuf_init(&l->rendered, out->limit);
	rc = render(l, err);
	if (rc == 0 && l->split == SIZE_MAX)
		rc = error_set(err, ERR_INTERNAL, NULL, "the templates have no place for the body");
	if (rc == 0 && foot)
		strbuf_addn(out, l->rendered.text + l->split, l->rendered.len - l->split);
	else if (rc == 0)
		strbuf_addn(out, l->rendered.text, l->split);
	strbuf_release(&l->rendered);
	return rc;
}

int layout_add_head(struct layout *l, struct strbuf *out, struct error *err)
{
	return add_half(l, out, false, err);
}

int layout_add_foot(struct layout *l, struct strbuf *out, struct error *err)
{
	return add_half(l, out, true, err);
}

int layout_add_empty(struct layout *l, const char *words, const char *heading, struct strbuf *out,
		     struct error *err)
{
	const struct template_text *t = find_template(l, EMPTY, strlen(EMPTY));

	put_text(l->data, "heading", heading);
	put_text(l->data, "words", words);
	if (t)
		mustache_render(t->text, t->len, l->data, partial_of_layout, l, out, &l->error);
	json_object_object_del(l->data, "heading");
	json_object_object_del(l->data, "words");
	if (l->error.kind == ERR_NONE)
		return 0;
	*err = l->error;
	return -1;
}

int layout_add_part(struct layout *l, const char *name, struct json_object *data,
		    struct strbuf *out, struct error *err)
{
	const struct template_text *t = find_template(l, name, strlen(name));

	if (t)
		mustache_render(t->text, t->len, data, partial_of_layout, l, out, &l->error);
	json_object_put(data);
	if (l->error.kind == ERR_NONE)
		return 0;
	*err = l->error;
	return -1;
}

int layout_page(const struct writer_options *o, const char *content, const char *title,
		struct json_object *data, struct strbuf *out, struct error *err)
{
	struct layout *l = layout_new(o, NULL, content, title, NULL);
	int rc;

	json_object_object_foreach(data, key, value)
	{
		json_object_object_add(l->data, key, json_object_get(value));
	}
	json_object_put(data);
	strbuf_init(&l->rendered, out->limit);
	rc = render(l, err);
	if (rc == 0)
		strbuf_addn(out, l->rendered.text, l->rendered.len);
	strbuf_release(&l->rendered);
	layout_free(&l);
	return rc;
}
