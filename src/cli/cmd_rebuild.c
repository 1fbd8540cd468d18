/*
 * cmd_rebuild.c - repairs the data derived from events.
 */
#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/civil.h"
#include "cli/progress.h"
#include "store/verify.h"
#include "usage/trigger.h"
#include "base/banned.h"

static void show_progress(void *arg, int64_t done, int64_t all)
{
	progress_show(arg, done, all, done);
}

static int rebuild(struct store *st, struct store *writer, size_t *ret_n, int64_t *ret_events,
		   struct error *err)
{
	struct progress progress = { 0 };
	struct verify_calls calls = { .progress = show_progress, .arg = &progress };
	int rc;

	progress_begin(&progress, "rebuilding", "steps");
	rc = store_rebuild(st, writer, &calls, ret_n, ret_events, err);
	progress_end(&progress);
	return rc;
}

/* Adds the number of triggers whose values were wrong to *N. */
static int repair_triggers(struct store *st, size_t *n, struct error *err)
{
	size_t wrong = 0;

	if (store_begin_write(st, err) < 0)
		return -1;
	if (triggers_repair(st, command_now() * USEC_PER_SEC, &wrong, err) < 0) {
		store_end(st);
		return -1;
	}
	*n += wrong;
	return store_commit(st, err);
}

static int run_rebuild(const struct settings *s, int argc, char **argv)
{
	struct error err = { 0 };
	struct store *writer, *st = NULL;
	int64_t events = 0;
	size_t n = 0;
	int rc;

	if (!command_only_options(&command_rebuild, NULL, argc, argv, &rc))
		return rc;
	writer = command_open("rebuild", s, STORE_WRITE);
	if (writer)
		st = command_open("rebuild", s, 0);
	rc = st ? rebuild(st, writer, &n, &events, &err) : -1;
	if (rc == 0)
		rc = repair_triggers(writer, &n, &err);
	store_close(&st);
	store_close(&writer);
	if (rc < 0)
		return err.kind ? command_fail("rebuild", &err) : EXIT_FAILED;
	printf("%" PRId64 " events, %zu sums and hours put right\n", events, n);
	return EXIT_DONE;
}

const struct command command_rebuild = {
	.name = "rebuild",
	.usage = "rebuild",
	.summary = "put right what follows from the events",
	.help = "Adds up all events again, and puts the rollups that reports are made from right, "
		"and the references by which\n"
		"events are found. What is right already isn't touched, and events never are. Can "
		"run while the ledger is in use:\n"
		"it writes a little at a time, and what comes meanwhile counts.\n",
	.run = run_rebuild
};
