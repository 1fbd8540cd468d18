#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/progress.h"
#include "store/declared.h"
#include "usage/backfill.h"
#include "base/banned.h"

enum { STEP_EVENTS = 2000 };

struct dimension_order {
	const char *name, *from;
};

/* ---- backfill ---- */

struct backfill_work {
	const char *name;
	struct declared dimension; /* in the arena of the command */
	bool done;
};

static int begin_backfill(struct store *st, struct arena *arena, struct backfill_work *w,
			  struct error *err)
{
	struct admin a = command_admin(st, arena);

	if (store_begin_write(st, err) < 0)
		return -1;
	if (backfill_begin(&a, w->name, &w->dimension, &w->done, err) < 0) {
		store_end(st);
		return -1;
	}
	return store_commit(st, err);
}

static int step_backfill(struct store *st, struct backfill_work *w, struct error *err)
{
	struct arena arena;
	struct admin a;
	int rc;

	if (store_begin_write(st, err) < 0)
		return -1;
	arena_init(&arena);
	a = command_admin(st, &arena);
	rc = backfill_step(&a, &w->dimension, STEP_EVENTS, &w->done, err);
	if (rc == 0)
		rc = store_commit(st, err);
	else
		store_end(st);
	arena_release(&arena);
	return rc;
}

static int backfill(struct store *st, struct arena *arena, const char *name, struct error *err)
{
	struct backfill_work w = { .name = name };
	struct progress progress;
	int rc = begin_backfill(st, arena, &w, err);

	progress_begin(&progress, "filling in", "events");
	while (rc == 0 && !w.done) {
		rc = step_backfill(st, &w, err);
		progress_show(&progress, w.dimension.fill.filled, 0, w.dimension.fill.filled);
	}
	progress_end(&progress);
	if (rc == 0)
		printf("%s: filled in for %" PRId64 " events\n", name, w.dimension.fill.filled);
	return rc;
}

static int run_backfill_of(const struct settings *s, const char *name)
{
	struct store *st = command_open("dimension", s, STORE_WRITE);
	struct error err = { 0 };
	struct arena arena;
	int rc;

	if (!st)
		return EXIT_FAILED;
	arena_init(&arena);
	rc = backfill(st, &arena, name, &err);
	arena_release(&arena);
	store_close(&st);
	return rc < 0 ? command_fail("dimension", &err) : EXIT_DONE;
}

/* The only operand; NULL: the usage is wrong, reported. */
static const char *read_name(int argc, char **argv, int *ret_exit)
{
	if (!command_options(&command_dimension, NULL, &argc, argv, ret_exit))
		return NULL;
	if (argc == 2)
		return argv[1];
	*ret_exit = command_wrong(&command_dimension, "%s needs the name of one dimension",
				  argv[0]);
	return NULL;
}

static int run_backfill(const struct settings *s, int argc, char **argv)
{
	int rc;
	const char *name = read_name(argc, argv, &rc);

	return name ? run_backfill_of(s, name) : rc;
}

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
	bool fill = false;
	const struct command_option options[] = { { "from", .text = &o.from, .required = true },
						  { "backfill", .flag = &fill },
						  { 0 } };
	int rc;

	if (!command_options(&command_dimension, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_dimension, "add needs the name of one dimension");
	o.name = argv[1];
	rc = command_in_ledger("dimension", s, STORE_WRITE, add_dimension, &o);
	return rc == EXIT_DONE && fill ? run_backfill_of(s, o.name) : rc;
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
	int rc;
	struct dimension_order o = { read_name(argc, argv, &rc), NULL };

	return o.name ? command_in_ledger("dimension", s, STORE_WRITE, remove_dimension, &o) : rc;
}

/* ---- list ---- */

static const char *const fill_words[] = {
	[FILL_NONE] = "no", [FILL_BEGUN] = "begun", [FILL_DONE] = "done"
};

static int list_dimensions(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct declared *list;
	size_t n;

	(void)arg;
	if (store_declared(st, arena, &list, &n, err) < 0)
		return -1;
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		printf("%s\t%s\tbuilt-in\t-\n", dimension_infos[d].group, dimension_infos[d].field);
	for (size_t i = 0; i < n; i++) {
		printf("%s\t%s\t", list[i].name, list[i].attribute);
		command_print_time(list[i].created, '\t');
		puts(fill_words[list[i].fill.state]);
	}
	return 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	return command_read(&command_dimension, s, argc, argv, list_dimensions);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = { { "add", run_add },
						     { "backfill", run_backfill },
						     { "list", run_list },
						     { "remove", run_remove },
						     { 0 } };

	return command_part(&command_dimension, parts, s, argc, argv);
}

const struct command command_dimension = {
	.name = "dimension",
	.usage = "dimension add|backfill|list|remove [ARGUMENT...]",
	.summary = "add, list and remove what usage can be split by",
	.help = "  dimension add NAME --from ATTRIBUTE [--backfill]\n"
		"      Declares a dimension: events that are stored from now on are split by the "
		"value of that\n"
		"      attribute. With the five built-in ones there can be 16. With --backfill, it "
		"is also filled\n"
		"      in for the events that were stored before.\n\n"
		"  dimension backfill NAME\n"
		"      Fills a dimension in for the events that were stored before it was "
		"declared, or goes on with that\n"
		"      after an interruption. Can run while the ledger is in use.\n\n"
		"  dimension list\n"
		"      One dimension a line, fields apart by tabs: name, field or attribute of the "
		"event, built-in or\n"
		"      the time when it was declared, and whether it is filled in: no, begun, done "
		"or -.\n\n"
		"  dimension remove NAME\n"
		"      Removes a declared dimension that no event has had a value of.\n",
	.run = run
};
