#include "cli/command.h"

#include <stdio.h>

#include "cli/interrupt.h"
#include "store/server.h"
#include "usage/new_ledger.h"
#include "base/banned.h"

/* Prints in which schema of a database the tables were made. */
static void print_tables(const struct settings *s, size_t n, struct store *st)
{
	struct store_server server;
	struct error err = { 0 };
	struct arena arena;

	arena_init(&arena);
	if (store_server(st, &arena, &server, NULL) > 0)
		printf("made the tables of a ledger in the schema %s of %s with %zu categories, "
		       "and %s; copy this file to each host that uses the ledger, keep it, and "
		       "keep it secret\n",
		       server.schema, s->database, n, s->secret_file);
	if (store_durable(st, &err) < 0)
		fprintf(stderr,
			"usaged init: warning: %s; until then usaged serve does not start\n",
			err.message);
	arena_release(&arena);
}

static void print_made(const struct settings *s, size_t n)
{
	struct store *st = NULL;

	if (store_is_file(s->database))
		printf("made %s with %zu categories, and %s; keep both, and the second one "
		       "secret\n",
		       s->database, n, s->secret_file);
	else if (store_open(s->database, 0, s->busy_timeout_ms, &st, NULL) == 0)
		print_tables(s, n, st);
	store_close(&st);
}

static bool is_going(void)
{
	return !interrupted;
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct new_ledger new = { .where = s->database,
				  .secret_file = s->secret_file,
				  .categories = USAGED_DATADIR "/categories.csv",
				  .busy_timeout_ms = s->busy_timeout_ms,
				  .going = is_going };
	const struct command_option options[] = { { "categories", .text = &new.categories },
						  { 0 } };
	struct error err = { 0 };
	size_t n = 0;
	int rc;

	if (!command_only_options(&command_init, options, argc, argv, &rc))
		return rc;
	interrupt_catch();
	if (new_ledger_make(&new, &n, &err) < 0)
		return command_fail("init", &err);
	print_made(s, n);
	return EXIT_DONE;
}

const struct command command_init = {
	.name = "init",
	.usage = "init [--categories FILE]",
	.summary = "make the ledger and its secret file",
	.help = "Makes the database and the secret file that the settings name, and reads the "
		"catalogue of\n"
		"categories: all or nothing, also if it is interrupted. Refuses to write over "
		"anything that is there. In\n"
		"PostgreSQL it makes the tables, in the first schema of the user's search path. "
		"After it was killed, the\n"
		"secret file may be left without a ledger: then remove this file before you run "
		"it again.\n\n"
		"  --categories FILE  the catalogue, instead of " USAGED_DATADIR
		"/categories.csv\n",
	.run = run
};
