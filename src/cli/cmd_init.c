#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/strbuf.h"
#include "usage/catalogue.h"
#include "base/banned.h"

static int fill(struct store *st, const char *categories, size_t *ret_n, struct error *err)
{
	if (store_begin_write(st, err) < 0)
		return -1;
	if (catalogue_import(st, categories, ret_n, err) < 0) {
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

static int make_ledger(const struct settings *s, const char *categories, size_t *ret_n,
		       struct error *err)
{
	struct store *st = NULL;
	int rc;

	if (store_open(s->database, STORE_CREATE | STORE_WRITE, s->busy_timeout_ms, &st, err) < 0)
		return -1;
	rc = fill(st, categories, ret_n, err);
	store_close(&st);
	if (rc < 0)
		unlink_ledger(s->database);
	return rc;
}

static int run(const struct settings *s, int argc, char **argv)
{
	const char *categories = USAGED_DATADIR "/categories.csv";
	const struct command_option options[] = { { "categories", .text = &categories }, { 0 } };
	struct error err = { 0 };
	size_t n = 0;
	int rc;

	if (!command_only_options(&command_init, options, argc, argv, &rc))
		return rc;
	if (secret_create(s->secret_file, &err) < 0)
		return command_fail("init", &err);
	if (make_ledger(s, categories, &n, &err) < 0) {
		unlink(s->secret_file);
		return command_fail("init", &err);
	}
	printf("made %s with %zu categories, and %s; keep both, and the second one secret\n",
	       s->database, n, s->secret_file);
	return EXIT_DONE;
}

const struct command command_init = {
	.name = "init",
	.usage = "init [--categories FILE]",
	.summary = "make the ledger and its secret file",
	.help = "Makes the database and the secret file that the settings name, and reads the "
		"catalogue of\n"
		"categories. Refuses to write over anything that is there.\n\n"
		"  --categories FILE  the catalogue, instead of " USAGED_DATADIR
		"/categories.csv\n",
	.run = run
};
