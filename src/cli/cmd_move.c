/*
 * cmd_move.c - moves the ledger to another database.
 */
#include "cli/command.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/interrupt.h"
#include "cli/progress.h"
#include "store/move.h"
#include "store/server.h"
#include "store/verify.h"
#include "usage/secret_mark.h"
#include "base/banned.h"

#define WAIT_MS 30000 /* for the lock of a writer */

struct moving {
	const char *from, *to;
	const unsigned char *secret; /* of a final move */
	bool final, check;
	struct progress progress;
	size_t shown;
};

enum { SHOWN = 100 };

static bool show_progress(void *arg, int64_t done, int64_t all)
{
	struct moving *m = arg;

	progress_show(&m->progress, done, all, done);
	return !interrupted;
}

static void print_difference(void *arg, const char *words)
{
	struct moving *m = arg;

	progress_end(&m->progress);
	if (m->shown++ < SHOWN)
		puts(words);
}

static struct move_calls calls_of(struct moving *m)
{
	return (struct move_calls) { .progress = show_progress,
				     .difference = print_difference,
				     .arg = m };
}

/*
 * Opens the target, or makes it; a command that was killed may have left an empty file.
 * A ledger that has moved has its target already.
 */
static int open_target(const struct moving *m, struct store *from, struct store **ret,
		       struct error *err)
{
	struct error own = { 0 };
	int moved = store_check_moved(from, err);
	unsigned flags = STORE_WRITE | (moved ? 0 : STORE_CREATE);

	if (moved < 0)
		return -1;
	error_clear(err);
	if (store_open(m->to, flags, WAIT_MS, ret, &own) == 0)
		return 0;
	if (moved && own.kind == ERR_INTERNAL)
		return error_set(err, ERR_CONFLICT, "from", "the ledger has moved already");
	if (own.kind == ERR_CONFLICT)
		return store_open(m->to, STORE_WRITE | STORE_EMPTY, WAIT_MS, ret, err);
	*err = own;
	return -1;
}

/* A ledger of several hosts has a mark of its secret, so that none begins with another one. */
static int mark(struct moving *m, struct store *to, struct error *err)
{
	return m->final ? secret_mark_check(to, m->to, m->secret, err) : 0;
}

static int move(struct moving *m, struct error *err)
{
	struct move_calls calls = calls_of(m);
	struct store *from = NULL, *to = NULL;
	int64_t events = 0;
	int rc = -1;

	if (store_open(m->from, m->final ? STORE_WRITE : 0, WAIT_MS, &from, err) == 0 &&
	    (!m->final || secret_mark_compare(from, m->secret, err) >= 0) &&
	    open_target(m, from, &to, err) == 0) {
		progress_begin(&m->progress, "moving", "events");
		rc = store_move(from, to, &(struct move_goal) { m->to, m->final }, &calls, &events,
				err);
		progress_end(&m->progress);
		if (rc == 0)
			rc = mark(m, to, err);
	}
	store_close(&from);
	store_close(&to);
	if (rc < 0)
		return -1;
	if (m->final)
		printf("moved %" PRId64 " events to %s; set ledger.database to it, keep the secret "
		       "file beside it, and start the servers again\n",
		       events, m->to);
	else
		printf("%" PRId64 " events are in %s; run this again with --final to finish the "
		       "move\n",
		       events, m->to);
	return 0;
}

/* ---- checking ---- */

static void print_sum(void *arg, const struct rollup *want, const struct rollup *have)
{
	const struct rollup *r = want ? want : have;
	char words[160];

	snprintf(words, sizeof(words),
		 "a sum of account %" PRId64 " in the target is not that of its events",
		 r->account);
	print_difference(arg, words);
}

static void show_verified(void *arg, int64_t done, int64_t all)
{
	show_progress(arg, done, all);
}

/* Computes all sums of the target again. */
static int verify_target(struct moving *m, struct store *to, size_t *n, struct error *err)
{
	const struct verify_calls calls = { .limit = SHOWN,
					    .difference = print_sum,
					    .fault = print_difference,
					    .progress = show_verified,
					    .arg = m };
	size_t found = 0;
	int64_t events;
	int rc;

	progress_begin(&m->progress, "verifying the target", "events");
	rc = store_verify(to, NULL, &calls, &found, &events, err);
	progress_end(&m->progress);
	*n += found;
	return rc;
}

static int check(struct moving *m, size_t *ret_n, struct error *err)
{
	struct move_calls calls = calls_of(m);
	struct store *from = NULL, *to = NULL;
	int64_t events = 0;
	int rc = -1;

	if (store_open(m->from, 0, WAIT_MS, &from, err) == 0 &&
	    store_open(m->to, 0, WAIT_MS, &to, err) == 0) {
		command_note_move("move", to);
		progress_begin(&m->progress, "comparing", "events");
		rc = store_move_check(from, to, &calls, ret_n, &events, err);
		progress_end(&m->progress);
	}
	if (rc == 0)
		rc = verify_target(m, to, ret_n, err);
	store_close(&from);
	store_close(&to);
	if (rc < 0)
		return -1;
	if (*ret_n > SHOWN)
		printf("... and %zu more\n", *ret_n - SHOWN);
	printf("%" PRId64 " events, %zu differences\n", events, *ret_n);
	return 0;
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct moving m = { .from = s->database };
	const struct command_option options[] = { { "from", .text = &m.from },
						  { "to", .text = &m.to, .required = true },
						  { "final", .flag = &m.final },
						  { "check", .flag = &m.check },
						  { 0 } };
	struct error err = { 0 };
	unsigned char secret[SECRET_BYTES] = { 0 };
	g_autofree char *path = NULL;
	size_t n = 0;
	int rc;

	if (!command_only_options(&command_move, options, argc, argv, &rc))
		return rc;
	if (m.final && m.check)
		return command_wrong(&command_move, "--final and --check are two steps");
	/* a path is shown, and kept in the old ledger: it must lead there from any folder */
	if (store_is_file(m.to))
		m.to = path = g_canonicalize_filename(m.to, NULL);
	if (strcmp(m.from, m.to) == 0)
		return command_wrong(&command_move, "the ledger is there already");
	if (m.final && secret_load(s->secret_file, secret, &err) < 0)
		return command_fail("move", &err);
	m.secret = secret;
	interrupt_catch();
	command_keep_memory();
	rc = m.check ? check(&m, &n, &err) : move(&m, &err);
	if (rc < 0)
		return command_fail("move", &err);
	return n ? EXIT_FAILED : EXIT_DONE;
}

const struct command command_move = {
	.name = "move",
	.usage = "move [--from PLACE] --to PLACE [--final] [--check]",
	.summary = "move the ledger to another database",
	.help = "Copies the ledger into an empty database: from a file of SQLite to PostgreSQL, or "
		"back. A PLACE is as in\n"
		"ledger.database. All ids, keys, links and page tokens stay valid. Can run while "
		"the ledger is in use, be\n"
		"interrupted, and run again: it copies what is missing.\n\n"
		"  --from PLACE  the ledger (ledger.database)\n"
		"  --to PLACE    where it goes: a new file, or a schema without a ledger\n"
		"  --final       finish the move: nobody writes meanwhile, and nobody to the old "
		"ledger afterwards\n"
		"  --check       compare both: checksums of all tables and of the events of each "
		"account and month, and\n"
		"                the sums of the target with its events. Exits with 1 if anything "
		"differs\n\n"
		"The secret file goes along unchanged.\n",
	.run = run
};
