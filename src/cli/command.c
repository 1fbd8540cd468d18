#include "cli/command.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/feeds.h"
#include "base/civil.h"
#include "notify/deliver.h"
#include "store/account.h"
#include "store/server.h"
#include "usage/backup.h"
#include "usage/secret_mark.h"
#include "base/banned.h"

int command_fail(const char *command, const struct error *err)
{
	bool named = err->kind == ERR_PARAM && err->param[0];

	fprintf(stderr, "usaged %s: %s%s%s%s%s\n", command, named ? err->param : "",
		named ? ": " : "", err->message, err->detail[0] ? ": " : "", err->detail);
	return EXIT_FAILED;
}

int command_check_files(const struct settings *s, struct error *err)
{
	struct feeds *feeds = NULL;
	int rc = feeds_new(s, &feeds, err);

	feeds_free(&feeds);
	return rc < 0 || store_address(s->database, err) < 0 || backup_check(s, err) < 0
		       ? -1
		       : deliver_check(s, err);
}

int command_wrong(const struct command *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "usaged %s: ", c->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; try usaged %s --help\n", c->name);
	return EXIT_WRONG_CALL;
}

void command_note_move(const char *command, struct store *st)
{
	struct error moved = { 0 };

	if (store_check_moved(st, &moved) > 0)
		fprintf(stderr, "usaged %s: %s: %s\n", command, moved.message, moved.detail);
}

void command_keep_memory(void)
{
	enum { BYTES = 32 * 1024 * 1024 /* of the largest piece, and half of what is free */ };

	mallopt(M_MMAP_THRESHOLD, BYTES);
	mallopt(M_TRIM_THRESHOLD, 2 * BYTES);
}

static const struct command_option *find_option(const struct command_option *o, const char *name,
						size_t len)
{
	for (; o && o->name; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static bool set_number(const struct command_option *o, const char *value)
{
	long long n;
	char *end;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (end == value || *end || errno || n < o->min || n > o->max)
		return false;
	*o->number = n;
	return true;
}

/*
 * Stores VALUE for the option. Returns EXIT_DONE, or the result of
 * command_wrong.
 */
static int set_option(const struct command *c, const struct command_option *o, const char *value)
{
	if (o->number) {
		if (!set_number(o, value))
			return command_wrong(c, "--%s must be a whole number from %lld to %lld",
					     o->name, (long long)o->min, (long long)o->max);
	} else if (o->list) {
		if (o->list->n == COMMAND_LIST_MAX)
			return command_wrong(c, "--%s can be given at most %d times", o->name,
					     COMMAND_LIST_MAX);
		o->list->items[o->list->n++] = value;
	} else {
		*o->text = value;
	}
	return EXIT_DONE;
}

/*
 * Reads the option at argv[*i]. If the value is the next argument, increments
 * *i.
 */
static int read_option(const struct command *c, const struct command_option *options, int argc,
		       char **argv, int *i)
{
	const char *name = argv[*i] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct command_option *o = strncmp(argv[*i], "--", 2) == 0
						 ? find_option(options, name, len)
						 : NULL;

	if (!o)
		return command_wrong(c, "unknown option %s", argv[*i]);
	if (o->flag) {
		if (equals)
			return command_wrong(c, "--%s takes no value", o->name);
		*o->flag = true;
		return EXIT_DONE;
	}
	if (equals)
		return set_option(c, o, equals + 1);
	if (*i + 1 == argc)
		return command_wrong(c, "--%s needs a value", o->name);
	return set_option(c, o, argv[++*i]);
}

bool command_options(const struct command *c, const struct command_option *options, int *argc,
		     char **argv, int *ret_exit)
{
	bool more = true;
	int operands = 1;

	for (int i = 1; i < *argc; i++) {
		if (!more || argv[i][0] != '-' || strcmp(argv[i], "-") == 0) {
			argv[operands++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			more = false;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			printf("usaged [--config FILE] %s\n\n%s", c->usage, c->help);
			*ret_exit = EXIT_DONE;
			return false;
		} else {
			*ret_exit = read_option(c, options, *argc, argv, &i);
			if (*ret_exit != EXIT_DONE)
				return false;
		}
	}
	argv[operands] = NULL;
	*argc = operands;
	for (const struct command_option *o = options; o && o->name; o++)
		if (o->required && !*o->text) {
			*ret_exit = command_wrong(c, "--%s is missing", o->name);
			return false;
		}
	return true;
}

bool command_only_options(const struct command *c, const struct command_option *options, int argc,
			  char **argv, int *ret_exit)
{
	if (!command_options(c, options, &argc, argv, ret_exit))
		return false;
	if (argc > 1)
		*ret_exit = command_wrong(c, "unexpected argument: %s", argv[1]);
	return argc == 1;
}

int command_part(const struct command *c, const struct command_part *parts,
		 const struct settings *s, int argc, char **argv)
{
	if (argc < 2)
		return command_wrong(c, "missing subcommand");
	for (const struct command_part *p = parts; p->name; p++)
		if (strcmp(p->name, argv[1]) == 0)
			return p->run(s, argc - 1, argv + 1);
	return command_wrong(c, "there is no %s %s", c->name, argv[1]);
}

struct store *command_open(const char *command, const struct settings *s, unsigned flags)
{
	struct error err = { 0 };
	struct store *st = NULL;
	int64_t from;

	/* other hosts may use a ledger that is not a file: they are stopped first */
	if ((flags & STORE_WRITE && store_is_file(s->database) &&
	     command_upgrade_ledger(s, &from, &err) < 0) ||
	    store_open(s->database, flags, s->busy_timeout_ms, &st, &err) < 0) {
		command_fail(command, &err);
		return NULL;
	}
	return st;
}

int command_no_file(const char *command, const char *instead)
{
	struct error err = { 0 };

	error_set(&err, ERR_UNSUPPORTED, NULL,
		  "the ledger is in PostgreSQL, not in a file: %s; see usaged-postgresql(7)",
		  instead);
	return command_fail(command, &err);
}

static int work_in_ledger(struct store *st, unsigned flags, command_work work, void *arg,
			  struct error *err)
{
	bool writes = flags & STORE_WRITE;
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = writes ? store_begin_write(st, err) : store_begin_read(st, err);
	if (rc == 0)
		rc = work(st, &arena, arg, err);
	if (rc == 0 && writes)
		rc = store_commit(st, err);
	else
		store_end(st);
	arena_release(&arena);
	return rc;
}

int command_in_ledger(const char *command, const struct settings *s, unsigned flags,
		      command_work work, void *arg)
{
	struct store *st = command_open(command, s, flags);
	struct error err = { 0 };
	int rc;

	if (!st)
		return EXIT_FAILED;
	rc = work_in_ledger(st, flags, work, arg, &err);
	store_close(&st);
	return rc < 0 ? command_fail(command, &err) : EXIT_DONE;
}

int command_secret(struct store *st, const struct settings *s, unsigned flags,
		   unsigned char ret[static SECRET_BYTES], struct error *err)
{
	if (secret_load(s->secret_file, ret, err) < 0)
		return -1;
	if (flags & STORE_WRITE)
		return secret_mark(st, s->database, ret, err);
	/* a file may have the mark of the server that it was moved from */
	return store_is_file(s->database) || secret_mark_compare(st, ret, err) >= 0 ? 0 : -1;
}

int command_read(const struct command *c, const struct settings *s, int argc, char **argv,
		 command_work work)
{
	int rc;

	return command_only_options(c, NULL, argc, argv, &rc)
		       ? command_in_ledger(c->name, s, 0, work, NULL)
		       : rc;
}

/* ---- common to users and keys ---- */

int64_t command_now(void)
{
	return floor_div(clock_now_us(), USEC_PER_SEC);
}

struct admin command_admin(struct store *st, struct arena *arena)
{
	return (struct admin) { .st = st,
				.arena = arena,
				.by = &principal_console,
				.author = ACTOR_CONSOLE,
				.now_us = clock_now_us() };
}

int command_account_id(struct store *st, struct arena *arena, const char *option, const char *sid,
		       int64_t *ret, struct error *err)
{
	struct account a;
	int rc = store_account_by_sid(st, sid, arena, &a, err);

	if (rc == 0)
		return error_set(err, ERR_PARAM, option, "there is no account %s", sid);
	if (rc > 0)
		*ret = a.id;
	return rc < 0 ? -1 : 0;
}

int command_account_sid(struct store *st, struct arena *arena, int64_t id, const char **ret,
			struct error *err)
{
	struct account a;
	int rc = store_account_by_id(st, id, arena, &a, err);

	*ret = rc > 0 ? arena_str(arena, a.sid) : "-";
	return rc < 0 ? -1 : 0;
}

void command_print_time(int64_t seconds, char end)
{
	char text[INSTANT_TEXT] = "-";

	if (seconds)
		instant_format(text, seconds * USEC_PER_SEC);
	printf("%s%c", text, end);
}

int command_print_grants(struct store *st, struct arena *arena, const int64_t *ids, size_t n,
			 char end, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *sid;

		if (command_account_sid(st, arena, ids[i], &sid, err) < 0)
			return -1;
		printf("%s%s", i ? "," : "", sid);
	}
	printf("%s%c", n ? "" : "-", end);
	return 0;
}
