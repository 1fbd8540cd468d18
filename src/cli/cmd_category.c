#include "cli/command.h"

#include <stdio.h>

#include "usage/catalogue.h"
#include "base/banned.h"

/* ---- add ---- */

static int add_category(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);

	return admin_category_add(&a, arg, err);
}

static int run_add(const struct settings *s, int argc, char **argv)
{
	struct new_category new = { .description = "", .count_unit = "", .usage_unit = "" };
	const struct command_option options[] = { { "parent", .text = &new.parent },
						  { "description", .text = &new.description },
						  { "count-unit", .text = &new.count_unit },
						  { "usage-unit", .text = &new.usage_unit },
						  { "metered", .flag = &new.metered },
						  { 0 } };
	int rc;

	if (!command_options(&command_category, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_category, "add needs the name of one category");
	new.name = argv[1];
	return command_in_ledger("category", s, STORE_WRITE, add_category, &new);
}

/* ---- list ---- */

/* Prints one category a line, with tabs between fields. */
static void print_category(const struct catalogue *c, size_t i)
{
	const struct category *cat = &c->categories[i];

	printf("%s\t%s\t%s\t%s\t%s\t%s\n", cat->name,
	       c->parent[i] == CATALOGUE_NONE ? "-" : c->categories[c->parent[i]].name,
	       cat->metered ? "metered" : "-", cat->count_unit, cat->usage_unit, cat->description);
}

static int list_categories(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	const bool *metered = arg;
	const struct catalogue *c;

	if (catalogue_load(st, arena, &c, err) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++)
		if (!*metered || c->categories[i].metered)
			print_category(c, i);
	return 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	bool metered = false;
	const struct command_option options[] = { { "metered", .flag = &metered }, { 0 } };
	int rc;

	if (!command_only_options(&command_category, options, argc, argv, &rc))
		return rc;
	return command_in_ledger("category", s, 0, list_categories, &metered);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = { { "add", run_add },
						     { "list", run_list },
						     { 0 } };

	return command_part(&command_category, parts, s, argc, argv);
}

const struct command command_category = {
	.name = "category",
	.usage = "category add|list [ARGUMENT...]",
	.summary = "add and list categories of usage",
	.help = "  category add NAME [--parent NAME] [--description TEXT] [--count-unit UNIT] "
		"[--usage-unit UNIT] [--metered]\n"
		"      Adds a category. A metered one is in reports even when nothing of it was "
		"used; any\n"
		"      other one is in the reports of accounts that used it.\n\n"
		"  category list [--metered]\n"
		"      One category a line, fields apart by tabs: name, parent or -, metered or -, "
		"unit of the count,\n"
		"      unit of the usage, description. With --metered only those.\n",
	.run = run
};
