/* categories.c - lists and adds categories of usage. */
#include "api/administer.h"
#include "api/list_page.h"
#include "base/banned.h"

struct category_record {
	const char *category, *description, *parent, *count_unit, *usage_unit;
	bool metered;
};

static const struct field category_fields[] = {
	FIELD(struct category_record, category, "The name that events use"),
	FIELD(struct category_record, description, "The category in words", .flags = FIELD_LABEL),
	FIELD(struct category_record, parent, "Parent category, or null"),
	FIELD(struct category_record, count_unit, "What is counted", .label = "Counts"),
	FIELD(struct category_record, usage_unit, "What usage is measured in",
	      .label = "Measured in"),
	FIELD(struct category_record, metered, "Is it in reports even without usage?",
	      .label = "Always in reports"),
	{ 0 }
};

static const struct shape category_shape = { .name = "Category",
					     .fields = category_fields,
					     .doc = "A category",
					     .none = "No category has this in its name." };

static const struct field categories_fields[] = {
	LIST_PAGE_FIELDS, FIELD_LIST("categories", &category_shape, "Ordered by name"), { 0 }
};

static const struct shape categories_shape = { .name = "Categories",
					       .flags = SHAPE_PAGE,
					       .fields = categories_fields,
					       .doc = "Categories of usage" };

static void write_category(const struct catalogue *c, size_t i, struct writer *w)
{
	const struct category *category = &c->categories[i];
	struct category_record r = {
		.category = category->name,
		.description = category->description,
		.parent = c->parent[i] == CATALOGUE_NONE ? NULL : c->categories[c->parent[i]].name,
		.count_unit = category->count_unit,
		.usage_unit = category->usage_unit,
		.metered = category->metered,
	};

	writer_record(w, NULL, &category_shape, &r);
}

static bool fits(const struct list_search *s, const void *list, size_t i)
{
	const struct catalogue *c = list;

	return search_finds(s, c->categories[i].name) ||
	       search_finds(s, c->categories[i].description) ||
	       (c->parent[i] != CATALOGUE_NONE &&
		search_finds(s, c->categories[c->parent[i]].name));
}

static int list_categories(struct request *rq, struct writer *w, struct error *err)
{
	const struct catalogue *c = rq->catalogue;
	struct list_page page;

	(void)err;
	list_page_choose(rq, fits, c, c->n, &page);
	writer_about(w, rq->op->title,
		     "The kinds of usage that events can have. Categories can't be removed.");
	writer_begin_page(w, &categories_shape, &page);
	for (size_t i = 0; i < page.n; i++)
		write_category(c, page.index[i], w);
	writer_end_page(w);
	return 0;
}

static int add_category(const struct admin *a, void *arg, struct error *err)
{
	return admin_category_add(a, arg, err);
}

static const char *text_or_empty(const struct request *rq, const char *name)
{
	const char *text = request_arg(rq, name)->text;

	return text ? text : "";
}

static int create_category(struct request *rq, struct writer *w, struct error *err)
{
	struct new_category n = { .name = request_arg(rq, "name")->text,
				  .parent = request_arg(rq, "parent")->text,
				  .description = text_or_empty(rq, "description"),
				  .count_unit = text_or_empty(rq, "count_unit"),
				  .usage_unit = text_or_empty(rq, "usage_unit"),
				  .metered = request_arg(rq, "metered")->yes };
	const struct catalogue *c;
	size_t i;

	if (administer(rq, add_category, &n, err) < 0 ||
	    catalogue_load(rq->store, rq->arena, &c, err) < 0)
		return -1;
	i = catalogue_find(c, n.name, strlen(n.name));
	if (i == CATALOGUE_NONE)
		return error_set(err, ERR_INTERNAL, NULL, "a new category isn't there");
	rq->reply.status = 201;
	writer_about(w, rq->op->title, NULL);
	write_category(c, i, w);
	return 0;
}

static const struct param list_params[] = {
	LIST_PAGE_PARAMS("the name, the description or the parent's name"), { 0 }
};

static const struct param create_params[] = {
	{ "name", PT_TEXT, .flags = PARAM_REQUIRED, .min = 1, .max = 64,
	  .doc = "Name for events: a-z, 0-9, - and _, beginning with a letter" },
	{ "parent", PT_CATEGORY, .doc = "Parent category; its totals will include the new one" },
	{ "description", PT_TEXT, .max = CATEGORY_DESCRIPTION_BYTES,
	  .doc = "The category in words, for reports" },
	{ "count_unit", PT_TEXT, .max = CATEGORY_UNIT_BYTES, .label = "Counts",
	  .doc = "What is counted, such as calls" },
	{ "usage_unit", PT_TEXT, .max = CATEGORY_UNIT_BYTES, .label = "Measured in",
	  .doc = "What usage is measured in, such as minutes" },
	{ "metered", PT_BOOL, .def = "true", .label = "Always in reports",
	  .doc = "Is it in reports even without usage?" },
	{ 0 }
};

const struct op op_ListCategories = {
	OPERATION(ListCategories, usaged, M_READ, "/categories", ROLE_ADMIN),
	.params = list_params,
	.returns = &categories_shape,
	.run = list_categories,
	.title = "Categories",
	.tab = "Categories",
	.doc = "The categories of usage",
};

const struct op op_CreateCategory = {
	OPERATION(CreateCategory, usaged, M_POST, "/categories", ROLE_ADMIN),
	.params = create_params,
	.returns = &category_shape,
	.run = create_category,
	.title = "New category",
	.form = &(
		const struct op_form) { .path = "/categories/new",
					.button = "Add the category",
					.list = &op_ListCategories,
					.done = "The category was added. Events can use it now." },
	.doc = "Adds a category. It can't be removed",
};
