/* cmd_restore.c - replaces the ledger by a backup. */
#include "cli/command.h"

#include <stdio.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/strbuf.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "store/copy.h"
#include "store/server.h"
#include "base/banned.h"

struct phases {
	struct progress progress;
	bool checking;
};

static bool show_progress(void *arg, int64_t done, int64_t all)
{
	struct phases *p = arg;

	if (!all && !p->checking) {
		p->checking = true;
		progress_end(&p->progress);
		progress_begin(&p->progress, "checking", "million steps");
	}
	progress_show(&p->progress, done, all, all ? done >> 20 : done);
	return !interrupted;
}

/* Adds the new name of the old ledger: "usage.db.20261122T101500Z". */
static void name_aside(struct strbuf *out, const char *database)
{
	char text[INSTANT_TEXT];

	instant_format(text, clock_now_us() / USEC_PER_SEC * USEC_PER_SEC);
	strbuf_init(out, 8192);
	strbuf_addf(out, "%s.", database);
	for (const char *p = text; *p; p++)
		if (*p != '-' && *p != ':')
			strbuf_addc(out, *p);
}

static int restore(const struct settings *s, const char *file)
{
	struct phases phases = { 0 };
	struct error err = { 0 };
	struct strbuf aside;
	int rc;

	name_aside(&aside, s->database);
	interrupt_catch();
	progress_begin(&phases.progress, file, "MB");
	rc = store_restore(file, s->database, aside.text, show_progress, &phases, &err);
	progress_end(&phases.progress);
	if (rc == 0) {
		printf("%s is what %s holds\n", s->database, file);
		if (access(aside.text, F_OK) == 0)
			printf("the ledger that was there is now %s\n", aside.text);
	}
	strbuf_release(&aside);
	return rc < 0 ? command_fail("restore", &err) : EXIT_DONE;
}

static int run(const struct settings *s, int argc, char **argv)
{
	int rc;

	if (!command_options(&command_restore, NULL, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_restore, "one file must be named");
	if (!store_is_file(s->database))
		return command_no_file(
			"restore",
			"stop all servers, and put the copy back with PostgreSQL's pg_restore, "
			"into "
			"an empty database; put back the secret file that belongs to the copy");
	return restore(s, argv[1]);
}

const struct command command_restore = {
	.name = "restore",
	.usage = "restore FILE",
	.summary = "put a copy in the place of the ledger",
	.help = "Copies FILE, checks that the copy is a whole ledger, and puts it in the place of "
		"the one that the settings name,\n"
		"all at once. The old ledger stays beside it, under a name with the time. An older "
		"ledger is brought forward.\n"
		"Refuses while a server or another command has the ledger open: stop them "
		"first.\n\n"
		"The keys in it work with the secret file that belongs to it: put that back, too, "
		"if it is another one.\n",
	.run = run
};
