/* cmd_upgrade.c - upgrades the ledger of an older program. */
#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/interrupt.h"
#include "cli/progress.h"
#include "store/upgrade.h"
#include "base/log.h"
#include "store/server.h"
#include "base/banned.h"

struct upgrade_bar {
	struct progress bar;
	char work[64];
};

static bool show(void *arg, const char *work, int64_t done, int64_t all)
{
	struct upgrade_bar *b = arg;

	if (strcmp(work, b->work) != 0) {
		progress_end(&b->bar);
		snprintf(b->work, sizeof(b->work), "%s", work);
		progress_begin(&b->bar, b->work, "");
	}
	progress_show(&b->bar, done, all, 0);
	return !interrupted;
}

int command_upgrade_ledger(const struct settings *s, int64_t *ret_from, struct error *err)
{
	struct upgrade_bar b = { .work = "upgrading the ledger" };
	const struct store_upgrade u = { .copy = s->upgrade_copy, .progress = show, .arg = &b };
	int rc;

	progress_begin(&b.bar, b.work, "");
	rc = store_upgrade(s->database, s->busy_timeout_ms, &u, ret_from, err);
	progress_end(&b.bar);
	return rc;
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct error err = { 0 };
	struct arena arena;
	int64_t from;
	int rc;

	if (!command_options(&command_upgrade, NULL, &argc, argv, &rc))
		return rc;
	if (argc != 1)
		return command_wrong(&command_upgrade, "unexpected argument: %s", argv[1]);
	interrupt_catch();
	if (command_upgrade_ledger(s, &from, &err) < 0)
		return command_fail("upgrade", &err);
	if (!from) {
		printf("%s needs no upgrade\n", s->database);
		return EXIT_DONE;
	}
	arena_init(&arena);
	printf("%s is upgraded\n", s->database);
	if (s->upgrade_copy && store_is_file(s->database))
		printf("%s is the ledger as it was; remove it when you no longer need it\n",
		       store_upgrade_copy(s->database, from, &arena));
	arena_release(&arena);
	return EXIT_DONE;
}

const struct command command_upgrade = {
	.name = "upgrade",
	.usage = "upgrade",
	.summary = "upgrade the ledger of an older program",
	.help = "Upgrades the ledger, if an older program made it, in one transaction. Before that "
		"it copies the ledger to a\n"
		"file beside it, unless ledger.upgrade_copy is no or the ledger is in PostgreSQL "
		"(stop all "
		"servers, and make a\n"
		"copy with pg_dump first). \"usaged serve\" and each "
		"command "
		"that changes the ledger\n"
		"upgrade a file, too, when they start. Events cannot be stored meanwhile.\n",
	.run = run
};
