/* cmd_backup.c - a copy of the ledger while it is in use. */
#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/interrupt.h"
#include "cli/progress.h"
#include "store/copy.h"
#include "store/server.h"
#include "base/banned.h"

static bool show_progress(void *arg, int64_t done, int64_t all)
{
	progress_show(arg, done, all, done >> 20);
	return !interrupted;
}

static int backup(const struct settings *s, const char *file, bool replace)
{
	struct store *st = command_open("backup", s, 0);
	struct progress progress;
	struct error err = { 0 };
	struct stat sb;
	int rc;

	if (!st)
		return EXIT_FAILED;
	interrupt_catch();
	progress_begin(&progress, file, "MB");
	rc = store_backup(st, file, replace, show_progress, &progress, &err);
	progress_end(&progress);
	store_close(&st);
	if (rc < 0)
		return command_fail("backup", &err);
	if (stat(file, &sb) == 0)
		printf("%s: %" PRId64 " bytes; keep %s with it, and secret\n", file,
		       (int64_t)sb.st_size, s->secret_file);
	return EXIT_DONE;
}

static int run(const struct settings *s, int argc, char **argv)
{
	bool overwrite = false;
	const struct command_option options[] = { { "overwrite", .flag = &overwrite }, { 0 } };
	int rc;

	if (!command_options(&command_backup, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_backup, "one file must be named");
	if (!store_is_file(s->database))
		return command_no_file("backup", "copy it with PostgreSQL's pg_dump (one moment, "
						 "while it is in use), or with "
						 "pg_basebackup and an archive of its log; keep "
						 "the secret file with the copy");
	return backup(s, argv[1], overwrite);
}

const struct command command_backup = {
	.name = "backup",
	.usage = "backup [--overwrite] FILE",
	.summary = "copy the ledger to a file while it is in use",
	.help = "Copies the ledger as it is when the command starts: every event that was "
		"acknowledged before is in it. Others\n"
		"read and write meanwhile; what they write stays in the ledger's log until the "
		"copy is done. FILE is on disk,\n"
		"whole, and a ledger by itself when the command succeeds; until then there is only "
		"FILE.part.\n\n"
		"  --overwrite  FILE may be there already; it is replaced when the copy is done\n\n"
		"Without the secret file that the settings name the keys in the copy open nothing: "
		"keep it with it.\n",
	.run = run
};
