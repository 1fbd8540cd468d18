#include "http/page.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>

#include <glib.h>

#include "base/civil.h"
#include "base/zone.h"
#include "base/banned.h"

enum { TREE_DEPTH_MAX = 8 };

/*
 * "IncludeSubaccounts" -> "Include subaccounts", "data_upload" -> "Data
 * upload".
 */
static const char *make_label(struct arena *arena, const char *name)
{
	char *label = arena_alloc(arena, 2 * strlen(name) + 1), *out = label;

	for (const char *p = name; *p; p++) {
		bool word = p > name && isupper((unsigned char)*p) &&
			    !isupper((unsigned char)p[-1]);

		if (word)
			*out++ = ' ';
		*out++ = (char)(*p == '_' ? ' ' : word ? tolower((unsigned char)*p) : *p);
	}
	label[0] = (char)toupper((unsigned char)label[0]);
	return label;
}

const char *page_label(struct arena *arena, const struct param *p)
{
	return p->label ? p->label : make_label(arena, p->name);
}

/* ---- choices ---- */

/* A growing list of choices. The first one, "", omits the parameter. */
struct choices {
	struct page_choice *list;
	size_t n;
};

static void add_choice(struct choices *c, const char *value, const char *text, int depth)
{
	c->list[c->n++] = (struct page_choice) { .value = value, .text = text, .depth = depth };
}

static struct choices choices_new(const struct request *rq, size_t max, bool optional,
				  const char *none)
{
	struct choices choices = { .list = arena_array(rq->arena, struct page_choice, max + 3) };

	if (optional)
		add_choice(&choices, "", none, 0);
	return choices;
}

/* Ends the list. First adds the given value if the list lacks it. */
static const struct page_choice *choices_end(struct choices *c, const char *value)
{
	bool found = !value || !*value;

	for (size_t i = 0; i < c->n && !found; i++) {
		const struct page_names *names = c->list[i].names;

		found = names ? page_names_find(names, value) < names->n
			      : strcmp(c->list[i].value, value) == 0;
	}
	if (!found)
		add_choice(c, value, value, 0);
	c->list[c->n] = (struct page_choice) { 0 };
	return c->list;
}

/* Adds the subcategories of OF, each followed by its own subcategories. */
static void add_categories(const struct request *rq, struct choices *choices, size_t of, int depth)
{
	const struct catalogue *cat = rq->catalogue;

	for (size_t i = 0; i < cat->n_listed && depth < TREE_DEPTH_MAX; i++) {
		size_t category = cat->listed[i];

		if (cat->parent[category] != of || !rq->categories[category])
			continue;
		add_choice(choices, cat->categories[category].name,
			   cat->categories[category].description, depth);
		add_categories(rq, choices, category, depth + 1);
	}
}

/* The label of the choice that omits the parameter. */
static const char *none_words(const struct request *rq, const struct param *p,
			      const char *otherwise)
{
	return !rq->asks ? otherwise : p->flags & PARAM_REQUIRED ? "please choose" : "none";
}

static const struct page_choice *category_choices(const struct request *rq, const struct param *p,
						  const char *value)
{
	struct choices choices = choices_new(rq, rq->catalogue->n_listed, true,
					     none_words(rq, p, "all categories"));

	add_categories(rq, &choices, CATALOGUE_NONE, 0);
	return choices_end(&choices, value);
}

/*
 * The accounts that the caller sees: main accounts, each followed by its
 * subaccounts.
 */
static const struct page_choice *account_choices(const struct request *rq, const struct param *p,
						 const char *value)
{
	struct choices choices = choices_new(rq, rq->n_accounts, true,
					     none_words(rq, p, p->any ? p->any : "all accounts"));

	for (size_t i = 0; i < rq->n_accounts; i++) {
		const struct account *a = &rq->accounts[i];
		bool below = false;

		for (size_t j = 0; j < rq->n_accounts && a->parent; j++)
			below = below || rq->accounts[j].id == a->parent;
		if (below)
			continue;
		add_choice(&choices, a->sid, a->name, 0);
		for (size_t j = 0; j < rq->n_accounts && !a->parent; j++)
			if (rq->accounts[j].parent == a->id)
				add_choice(&choices, rq->accounts[j].sid, rq->accounts[j].name, 1);
	}
	return choices_end(&choices, value);
}

/* Is TEXT a value of the enumeration? */
static bool is_value(const struct param *p, const char *text)
{
	for (size_t i = 0; p->values[i]; i++)
		if (strcmp(p->values[i], text) == 0)
			return true;
	return false;
}

static const struct page_choice *enum_choices(const struct request *rq, const struct param *p,
					      const char *value)
{
	struct choices choices;
	size_t n = 0;

	if (p->type == PT_BOOL) {
		choices = choices_new(rq, 2, !p->def && !(p->flags & PARAM_REQUIRED), "any");
		add_choice(&choices, "true", "yes", 0);
		add_choice(&choices, "false", "no", 0);
		return choices_end(&choices, value);
	}
	while (p->values[n])
		n++;
	choices = choices_new(rq, n,
			      !p->def && (rq->asks ? !p->any || !is_value(p, p->any)
						   : !(p->flags & PARAM_REQUIRED)),
			      none_words(rq, p, p->any ? p->any : "default"));
	for (size_t i = 0; i < n; i++)
		add_choice(&choices, p->values[i], p->words ? p->words[i] : p->values[i], 0);
	return choices_end(&choices, value);
}

static const struct page_choice *group_choices(const struct request *rq, const struct param *p,
					       const char *value)
{
	const struct dimensions *d = &rq->catalogue->dimensions;
	struct choices choices;
	size_t n = 0;

	while (p->values[n])
		n++;
	choices = choices_new(rq, n + DIMENSIONS, true, p->any ? p->any : "default");
	for (int i = 0; i < DIMENSIONS; i++)
		if (d->info[i])
			add_choice(&choices, d->info[i]->group, d->info[i]->word, 0);
	for (size_t i = 0; i < n; i++)
		add_choice(&choices, p->values[i], p->words[i], 0);
	return choices_end(&choices, value);
}

#define OWN_ZONE "the account's own"

/* Is the zone named after a place? Other zones are offsets or old names. */
static bool is_region(const char *name)
{
	static const char *const regions[] = { "Africa/", "America/",  "Antarctica/",
					       "Asia/",   "Atlantic/", "Australia/",
					       "Europe/", "Indian/",   "Pacific/" };

	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
		if (strncmp(name, regions[i], strlen(regions[i])) == 0)
			return true;
	return false;
}

static struct page_names region_zones;

static void list_regions(void)
{
	size_t n;
	const char *const *names = zone_names(&n);
	const char **regions = g_new(const char *, n);

	region_zones.list = regions;
	for (size_t i = 0; i < n; i++)
		if (is_region(names[i]))
			regions[region_zones.n++] = names[i];
}

/* The system's zones, UTC first. */
static const struct page_choice *zone_choices(const struct request *rq, const struct param *p,
					      const char *value)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct choices choices = choices_new(rq, 2, true,
					     none_words(rq, p, p->any ? p->any : OWN_ZONE));

	pthread_once(&once, list_regions);
	if (!p->any || strcmp(p->any, "UTC") != 0)
		add_choice(&choices, "UTC", "UTC", 0);
	choices.list[choices.n++] = (struct page_choice) { .names = &region_zones };
	return choices_end(&choices, value);
}

/* ---- inputs ---- */

static const char *input_type(const struct request *rq, const struct param *p, const char *value)
{
	struct date date;

	if (p->flags & PARAM_SECRET)
		return "password";
	switch (p->type) {
	case PT_DATE: /* a date input can't hold an offset such as -30days */
		return !value || date_parse(value, strlen(value), &date) ? "date" : "text";
	case PT_INT:
	case PT_PAGE_SIZE:
		return "number";
	case PT_BOOL:
	case PT_ENUM:
	case PT_ZONE:
		return "select";
	case PT_GROUP: /* a request refused early has no catalogue */
		return rq->catalogue ? "select" : "text";
	case PT_CATEGORY:
		return rq->categories ? "select" : "text";
	case PT_ACCOUNT:
		return rq->n_accounts && rq->n_accounts <= PAGE_ACCOUNTS_MAX ? "select" : "text";
	default:
		return strcmp(p->name, "Search") == 0 ? "search" : "text";
	}
}

static const struct page_choice *choices_of(const struct request *rq, const struct param *p,
					    const char *value)
{
	if (p->type == PT_CATEGORY)
		return category_choices(rq, p, value);
	if (p->type == PT_ZONE)
		return zone_choices(rq, p, value);
	if (p->type == PT_GROUP)
		return group_choices(rq, p, value);
	return p->type == PT_ACCOUNT ? account_choices(rq, p, value) : enum_choices(rq, p, value);
}

/*
 * Must the input be filled in? Yes for a required parameter, and for an input
 * with an initial value unless the parameter has PARAM_CLEARS.
 */
static bool is_required(const struct request *rq, const struct param *p)
{
	const struct op_form *form = rq->op->form;

	if (!rq->asks)
		return false;
	return (p->flags & PARAM_REQUIRED) || p->def ||
	       (form && form->fill && !(p->flags & PARAM_CLEARS));
}

/*
 * Does a form show the value p->any as chosen, as that is the one which the
 * operation takes otherwise? Then it has no choice "none".
 */
static bool is_default(const struct request *rq, const struct param *p)
{
	return rq->asks && p->type == PT_ENUM && p->any && !p->def && is_value(p, p->any);
}

static struct page_input make_input(const struct request *rq, const struct param *p)
{
	struct page_input in = { .name = p->name,
				 .label = page_label(rq->arena, p),
				 .value = p->def,
				 .hint = p->doc,
				 .required = is_required(rq, p),
				 .max_length = rq->asks && p->type == PT_TEXT ? p->max : 0 };

	if (!(p->flags & PARAM_SECRET) && page_given(rq, p->name))
		in.value = page_given(rq, p->name);
	in.chosen = in.value && *in.value && (!p->def || strcmp(in.value, p->def) != 0);
	if (is_default(rq, p) && (!in.value || !*in.value))
		in.value = p->any;
	in.folded = (p->flags & PARAM_RARE) &&
		    (!in.value || (p->def && strcmp(in.value, p->def) == 0));
	in.type = input_type(rq, p, in.value);
	in.own = p->type == PT_ZONE && !p->any && !rq->asks ? OWN_ZONE : NULL;
	if (strcmp(in.type, "select") == 0)
		in.choices = choices_of(rq, p, in.value);
	return in;
}

const struct page_input *page_inputs(const struct request *rq)
{
	struct page_input *inputs = arena_array(rq->arena, struct page_input, PARAMS_MAX + 1);
	size_t n = 0;

	for (const struct param *p = rq->op->params; p->name; p++)
		if (!(p->flags & (PARAM_PATH | PARAM_STATE)) &&
		    (rq->asks || !(p->flags & PARAM_SECRET)))
			inputs[n++] = make_input(rq, p);
	return inputs;
}
