#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/strbuf.h"
#include "store/server.h"
#include "usage/catalogue.h"
#include "usage/secret_mark.h"
#include "base/banned.h"

struct new_ledger {
	const char *where;
	const char *categories; /* file of the catalogue */
	unsigned char secret[SECRET_BYTES];
};

static int fill(struct store *st, const struct new_ledger *new, size_t *ret_n, struct error *err)
{
	if (store_begin_write(st, err) < 0)
		return -1;
	if (catalogue_import(st, new->categories, ret_n, err) < 0 ||
	    secret_mark(st, new->where, new->secret, err) < 0) {
		store_end(st);
		return -1;
	}
	return store_commit(st, err);
}

/* Removes the new ledger after a failure. */
static void unlink_ledger(const char *database)
{
	static const char *const endings[] = { "", "-wal", "-shm", "-journal", NULL };
	struct strbuf path;

	strbuf_init(&path, 8192);
	for (const char *const *end = endings; *end; end++) {
		strbuf_clear(&path);
		strbuf_addf(&path, "%s%s", database, *end);
		if (!path.failed)
			unlink(path.text);
	}
	strbuf_release(&path);
}

/* Fails for a catalogue that a ledger cannot have, before there is a ledger. */
static int try_catalogue(const char *categories, struct error *err)
{
	const struct new_ledger trial = { .where = ":memory:", .categories = categories };
	struct store *st;
	size_t n;
	int rc;

	if (access(categories, R_OK) < 0)
		return error_set(err, ERR_PARAM, NULL,
				 "name a catalogue of categories with --categories: %s cannot be "
				 "read",
				 categories);
	if (store_open(trial.where, STORE_CREATE | STORE_WRITE, 0, &st, err) < 0)
		return -1;
	rc = fill(st, &trial, &n, err);
	store_close(&st);
	return rc;
}

static int make_ledger(const struct settings *s, const struct new_ledger *new, size_t *ret_n,
		       struct error *err)
{
	struct store *st = NULL;
	int rc;

	if (try_catalogue(new->categories, err) < 0 ||
	    store_open(new->where, STORE_CREATE | STORE_WRITE, s->busy_timeout_ms, &st, err) < 0)
		return -1;
	rc = fill(st, new, ret_n, err);
	store_close(&st);
	if (rc < 0 && store_is_file(new->where))
		unlink_ledger(new->where);
	return rc;
}

/* Prints what was made, and in which schema of a database. */
static void print_made(const struct settings *s, size_t n)
{
	struct store_server server = { .schema = NULL };
	struct store *st = NULL;
	struct arena arena;

	arena_init(&arena);
	if (store_is_file(s->database))
		printf("made %s with %zu categories, and %s; keep both, and the second one "
		       "secret\n",
		       s->database, n, s->secret_file);
	else if (store_open(s->database, 0, s->busy_timeout_ms, &st, NULL) == 0 &&
		 store_server(st, &arena, &server, NULL) > 0)
		printf("made the tables of a ledger in the schema %s of %s with %zu categories, "
		       "and %s; copy this file to each host that uses the ledger, keep it, and "
		       "keep it secret\n",
		       server.schema, s->database, n, s->secret_file);
	store_close(&st);
	arena_release(&arena);
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct new_ledger new = { .where = s->database,
				  .categories = USAGED_DATADIR "/categories.csv" };
	const struct command_option options[] = { { "categories", .text = &new.categories },
						  { 0 } };
	struct error err = { 0 };
	size_t n = 0;
	int rc;

	if (!command_only_options(&command_init, options, argc, argv, &rc))
		return rc;
	if (secret_create(s->secret_file, &err) < 0)
		return command_fail("init", &err);
	if (secret_load(s->secret_file, new.secret, &err) < 0 ||
	    make_ledger(s, &new, &n, &err) < 0) {
		unlink(s->secret_file);
		return command_fail("init", &err);
	}
	secret_wipe(new.secret, sizeof(new.secret));
	print_made(s, n);
	return EXIT_DONE;
}

const struct command command_init = {
	.name = "init",
	.usage = "init [--categories FILE]",
	.summary = "make the ledger and its secret file",
	.help = "Makes the database and the secret file that the settings name, and reads the "
		"catalogue of\n"
		"categories. Refuses to write over anything that is there. In PostgreSQL it makes "
		"the tables, in the\n"
		"first schema of the user's search path.\n\n"
		"  --categories FILE  the catalogue, instead of " USAGED_DATADIR
		"/categories.csv\n",
	.run = run
};
