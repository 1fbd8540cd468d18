#include "format/data.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "format/backend.h"
#include "format/mustache.h"
#include "format/plain.h"

#include "base/banned.h"

/* ---- members ---- */

void data_text(struct json_object *o, const char *key, const char *text)
{
	struct strbuf clean;

	json_object_object_del(o, key);
	if (!text)
		return;
	strbuf_init(&clean, MUSTACHE_TEMPLATE);
	plain_add(&clean, text, strlen(text));
	data_html(o, key, &clean);
	if (!*text)
		json_object_object_add(o, key, json_object_new_string(""));
}

void data_html(struct json_object *o, const char *key, struct strbuf *html)
{
	if (html->len)
		json_object_object_add(o, key,
				       json_object_new_string_len(html->text, (int)html->len));
	strbuf_release(html);
}

void data_record(struct json_object *o, const struct field *fields, const void *rec)
{
	for (const struct field *f = fields; f->name; f++) {
		const void *member = (const char *)rec + f->offset;

		if (f->type == VT_TEXT)
			data_text(o, f->name, *(const char *const *)member);
		else if (f->type == VT_BOOL)
			tree_bool(o, f->name, *(const bool *)member);
		else if (f->type == VT_INT && *(const int64_t *)member)
			tree_int(o, f->name, *(const int64_t *)member);
	}
}

/* ---- links ---- */

static const struct field link_fields[] = { FIELD(struct page_link, text, NULL),
					    FIELD(struct page_link, href, NULL),
					    FIELD(struct page_link, current, NULL),
					    { 0 } };

/* Does the link lead to the days that the page shows? */
static bool leads_here(const struct writer *w, const struct page_link *link)
{
	static const char *const names[] = { "StartDate", "EndDate" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *at = strstr(link->href, names[i]), *day = writer_assumed(w, names[i]);

		if (!at || !*day || strncmp(at + strlen(names[i]) + 1, day, strlen(day)) != 0)
			return false;
	}
	return true;
}

/*
 * Puts LINKS as an object with a list, so that a template can frame the list.
 * If W is given, the first link to the days that the page shows is the current
 * link.
 */
static void put_links(struct json_object *o, const char *key, const struct page_link *links,
		      const struct writer *w)
{
	struct json_object *list, *link;

	if (!links || !links->text)
		return;
	list = tree_list(tree_object(o, key), "links");
	for (; links->text; links++) {
		link = tree_item(list);
		data_record(link, link_fields, links);
		if (w && leads_here(w, links)) {
			tree_bool(link, "current", true);
			w = NULL;
		}
	}
}

/* ---- the form ---- */

static const struct field change_fields[] = { FIELD(struct page_change, button, NULL),
					      FIELD(struct page_change, back, NULL),
					      FIELD(struct page_change, fault, NULL),
					      { 0 } };
static const struct field input_fields[] = { FIELD(struct page_input, name, NULL),
					     FIELD(struct page_input, label, NULL),
					     FIELD(struct page_input, type, NULL),
					     FIELD(struct page_input, hint, NULL),
					     FIELD(struct page_input, required, NULL),
					     FIELD(struct page_input, max_length, NULL),
					     { 0 } };

static const char *assumed(const struct writer *w, const char *name)
{
	return w ? writer_assumed(w, name) : "";
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

size_t page_names_find(const struct page_names *names, const char *text)
{
	const char *const *at = names->n ? bsearch(text, names->list, names->n,
						   sizeof(*names->list), compare_names)
					 : NULL;

	return at ? (size_t)(at - names->list) : names->n;
}

/*
 * The choices of a select, which may be very many. TAKEN: the value that the
 * operation used for the choice "", or "".
 */
struct choice_texts {
	const struct page_input *input;
	const char *value, *taken;
	struct mustache_share share; /* the names among the choices */
	struct strbuf text, clean;
	struct {
		struct json_object *value, *text, *selected;
	} item; /* the members of the item that is made */
};

/* As data_text, for a member that is there. CLEAN is used again and again. */
static void set_text(struct json_object *member, const char *text, struct strbuf *clean)
{
	strbuf_clear(clean);
	plain_add(clean, text, strlen(text));
	json_object_set_string_len(member, clean->text, (int)clean->len);
}

static const char *choice_text(struct choice_texts *list, const struct page_choice *c)
{
	strbuf_clear(&list->text);
	if (!*c->value && *list->taken) {
		strbuf_add(&list->text, list->taken);
		strbuf_add(&list->text, ", ");
		strbuf_add(&list->text, list->input->own);
		return list->text.text;
	}
	for (int i = 0; i < c->depth; i++)
		strbuf_add(&list->text, "\xC2\xA0\xC2\xA0\xC2\xA0");
	strbuf_add(&list->text, c->text);
	return list->text.text;
}

static struct page_choice name_choice(const struct page_names *names, size_t i)
{
	return (struct page_choice) { .value = names->list[i], .text = names->list[i] };
}

/* The choice number I, of which the names are some. */
static struct page_choice choice_at(const struct choice_texts *list, size_t i)
{
	const struct page_choice *choices = list->input->choices;
	const struct mustache_share *s = &list->share;

	if (!s->items || i < s->first)
		return choices[i];
	i -= s->first;
	return i < s->n ? name_choice(s->items, i) : choices[s->first + 1 + i - s->n];
}

static bool make_choice(void *arg, size_t i, struct json_object *item)
{
	struct choice_texts *list = arg;
	struct page_choice c = choice_at(list, i);

	if (!c.value)
		return false;
	if (!list->item.value) {
		list->item.value = json_object_new_string("");
		list->item.text = json_object_new_string("");
		list->item.selected = json_object_new_boolean(false);
		json_object_object_add(item, "value", list->item.value);
		json_object_object_add(item, "text", list->item.text);
		json_object_object_add(item, "selected", list->item.selected);
	}
	set_text(list->item.value, c.value, &list->clean);
	set_text(list->item.text, choice_text(list, &c), &list->clean);
	json_object_set_boolean(list->item.selected, strcmp(list->value, c.value) == 0);
	return true;
}

/* Makes a name as a choice that is not selected. */
static bool make_name(void *arg, size_t i, struct json_object *item)
{
	const struct page_choice c = name_choice(arg, i);

	data_text(item, "value", c.value);
	data_text(item, "text", c.text);
	tree_bool(item, "selected", false);
	return true;
}

static void free_choices(void *arg)
{
	struct choice_texts *list = arg;

	strbuf_release(&list->clean);
	strbuf_release(&list->text);
	g_free(list);
}

static void find_names(struct choice_texts *list)
{
	const struct page_choice *c = list->input->choices;

	while (c->value)
		c++;
	if (c->names)
		list->share = (struct mustache_share) {
			.items = c->names,
			.item = make_name,
			.n = c->names->n,
			.first = (size_t)(c - list->input->choices),
		};
	list->share.marked = list->share.first;
	if (c->names)
		list->share.marked += page_names_find(c->names, list->value);
}

static void put_choices(struct json_object *o, const struct page_input *input, const char *value,
			const char *taken)
{
	struct choice_texts *list;
	struct json_object *items;

	if (!input->choices->value && !input->choices->names) {
		tree_list(tree_object(o, "select"), "choices");
		return;
	}
	list = g_new0(struct choice_texts, 1);
	list->input = input;
	list->value = value;
	list->taken = taken;
	find_names(list);
	strbuf_init(&list->text, MUSTACHE_TEMPLATE);
	strbuf_init(&list->clean, MUSTACHE_TEMPLATE);
	items = mustache_list(make_choice, list, free_choices);
	mustache_list_share(items, &list->share);
	json_object_object_add(tree_object(o, "select"), "choices", items);
}

static void put_input(struct json_object *o, const struct writer *w, const struct page *page,
		      const struct page_input *i)
{
	const char *taken = assumed(w, i->name), *value = i->value ? i->value : i->own ? "" : taken;
	const char *fault = page->change ? page->change->fault_of : NULL;

	data_record(o, input_fields, i);
	data_text(o, "value", value);
	tree_bool(o, "secret", strcmp(i->type, "password") == 0);
	tree_bool(o, "at_fault", fault && strcmp(fault, i->name) == 0);
	if (i->choices)
		put_choices(o, i, value, i->own && !*value ? taken : "");
}

/*
 * Puts the inputs that are FOLDED, or the ones that are not, as the member
 * "inputs".
 */
static void put_inputs(struct json_object *o, const struct writer *w, const struct page *page,
		       bool folded)
{
	struct json_object *list = tree_list(o, "inputs");

	for (const struct page_input *i = page->inputs; i->name; i++)
		if (i->folded == folded)
			put_input(tree_item(list), w, page, i);
}

static bool has_folded(const struct page *page)
{
	for (const struct page_input *i = page->inputs; i->name; i++)
		if (i->folded)
			return true;
	return false;
}

bool data_is_filtered(const struct page *page)
{
	for (const struct page_input *i = page ? page->inputs : NULL; i && i->name; i++)
		if (i->chosen)
			return true;
	return false;
}

static void put_form(struct json_object *o, const struct writer *w, const struct page *page)
{
	struct json_object *form;

	if (!page->action || !page->inputs || (!page->inputs->name && !page->change))
		return;
	form = tree_object(o, "form");
	data_text(form, "action", page->action);
	data_text(form, "in_force", w ? w->filters : NULL);
	tree_bool(form, "filtered", data_is_filtered(page));
	put_inputs(form, w, page, false);
	if (has_folded(page))
		put_inputs(tree_object(form, "more"), w, page, true);
}

/* ---- the page ---- */

static const struct field page_fields[] = {
	FIELD(struct page, user, NULL),     FIELD(struct page, profile, NULL),
	FIELD(struct page, sign_out, NULL), FIELD(struct page, notice, NULL),
	FIELD(struct page, api_call, NULL), { 0 }
};

/*
 * Puts the beginning of a report's sentence for the window's title: the account
 * and the time.
 */
static void put_place(struct json_object *o, const char *content, const char *sentence)
{
	const char *end = sentence && strcmp(content, "report") == 0 ? strchr(sentence, '.') : NULL;
	char *place = end ? strndup(sentence, (size_t)(end - sentence)) : NULL;

	data_text(o, "place", place);
	free(place);
}

static void put_page(struct json_object *o, const struct writer *w, const struct page *page)
{
	data_record(o, page_fields, page);
	put_links(o, "nav", page->nav, NULL);
	put_links(o, "tabs", page->tabs, NULL);
	put_links(o, "exports", page->exports, NULL);
	put_links(o, "tasks", page->tasks, NULL);
	put_links(o, "presets", w ? w->presets : NULL, w);
	put_links(o, "related", w ? w->related : NULL, NULL);
	if (page->change)
		data_record(tree_object(o, "change"), change_fields, page->change);
	put_form(o, w, page);
}

struct json_object *data_page(const struct writer_options *options, const struct writer *w,
			      const char *content, const char *title)
{
	const struct page *page = options->page;
	struct json_object *o = json_object_new_object();

	data_text(o, "title", title);
	data_text(o, "sentence", w ? w->sentence : NULL);
	put_place(o, content, w ? w->sentence : NULL);
	data_text(o, "site", page && page->site ? page->site : "usaged");
	if (page)
		put_page(o, w, page);
	return o;
}
