#include "cli/command.h"

#include <stdio.h>

#include "store/declared.h"
#include "base/banned.h"

struct dimension_order {
	const char *name, *from;
};

/* ---- add ---- */

static int add_dimension(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	const struct dimension_order *o = arg;

	return admin_dimension_add(&a, o->name, o->from, err);
}

static int run_add(const struct settings *s, int argc, char **argv)
{
	struct dimension_order o = { NULL, NULL };
	const struct command_option options[] = { { "from", .text = &o.from, .required = true },
						  { 0 } };
	int rc;

	if (!command_options(&command_dimension, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_dimension, "add needs the name of one dimension");
	o.name = argv[1];
	return command_in_ledger("dimension", s, STORE_WRITE, add_dimension, &o);
}

/* ---- remove ---- */

static int remove_dimension(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	const struct dimension_order *o = arg;

	return admin_dimension_remove(&a, o->name, err);
}

static int run_remove(const struct settings *s, int argc, char **argv)
{
	struct dimension_order o = { NULL, NULL };
	int rc;

	if (!command_options(&command_dimension, NULL, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_dimension, "remove needs the name of one dimension");
	o.name = argv[1];
	return command_in_ledger("dimension", s, STORE_WRITE, remove_dimension, &o);
}

/* ---- list ---- */

static int list_dimensions(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct declared *list;
	size_t n;

	(void)arg;
	if (store_declared(st, arena, &list, &n, err) < 0)
		return -1;
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		printf("%s\t%s\tbuilt-in\n", dimension_infos[d].group, dimension_infos[d].field);
	for (size_t i = 0; i < n; i++) {
		printf("%s\t%s\t", list[i].name, list[i].attribute);
		command_print_time(list[i].created, '\n');
	}
	return 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	return command_read(&command_dimension, s, argc, argv, list_dimensions);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = {
		{ "add", run_add }, { "list", run_list }, { "remove", run_remove }, { 0 }
	};

	return command_part(&command_dimension, parts, s, argc, argv);
}

const struct command command_dimension = {
	.name = "dimension",
	.usage = "dimension add|list|remove [ARGUMENT...]",
	.summary = "add, list and remove what usage can be split by",
	.help = "  dimension add NAME --from ATTRIBUTE\n"
		"      Declares a dimension: events that are stored from now on are split by the "
		"value of that\n"
		"      attribute. With the five built-in ones there can be 16.\n\n"
		"  dimension list\n"
		"      One dimension a line, fields apart by tabs: name, field or attribute of the "
		"event, built-in or\n"
		"      the time when it was declared.\n\n"
		"  dimension remove NAME\n"
		"      Removes a declared dimension that no event has had a value of.\n",
	.run = run
};
