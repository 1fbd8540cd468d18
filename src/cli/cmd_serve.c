#include "cli/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include "api/ops.h"
#include "base/log.h"
#include "base/secret.h"
#include "http/fcgi.h"
#include "http/pool.h"
#include "store/server.h"
#include "usage/backup.h"
#include "usage/secret_mark.h"
#include "base/banned.h"

static enum log_level find_level(const char *name)
{
	static const char *const names[] = { "error", "warning", "info", "debug", NULL };

	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return (enum log_level)i;
	return LOG_LEVEL_INFO;
}

/* A ledger that has moved answers reports, but takes no events. Has it? */
static bool warn_if_moved(struct store *st)
{
	struct error moved = { 0 };

	if (store_check_moved(st, &moved) <= 0)
		return false;
	log_warning("%s: %s; this one only answers reports", moved.message, moved.detail);
	return true;
}

/* That this host has the secret of the others. */
static int check_secret(struct store *st, const struct settings *s, const unsigned char *secret,
			struct error *err)
{
	/* nothing can be written into a ledger that has moved, not even a mark */
	return warn_if_moved(st) ? secret_mark_compare(st, secret, err)
				 : secret_mark_check(st, s->database, secret, err);
}

/*
 * Checks a ledger in PostgreSQL: the schema, the server's settings, and that
 * this host has the secret of the others.
 */
static int check_server(const struct settings *s, const unsigned char *secret, struct error *err)
{
	struct store *st = NULL;
	int rc;

	if (store_open(s->database, STORE_WRITE, s->busy_timeout_ms, &st, err) < 0)
		return -1;
	rc = store_durable(st, err) < 0 ? -1 : check_secret(st, s, secret, err);
	store_close(&st);
	return rc < 0 ? -1 : 0;
}

/*
 * Reports an unusable ledger at the start instead of to every caller. Upgrades
 * the file of an older program.
 */
static int check_ledger(const struct settings *s, const unsigned char *secret, struct error *err)
{
	struct store *st = NULL;
	int64_t from;

	if (!store_is_file(s->database))
		return check_server(s, secret, err);
	if (command_upgrade_ledger(s, &from, err) < 0 ||
	    store_open(s->database, 0, s->busy_timeout_ms, &st, err) < 0)
		return -1;
	warn_if_moved(st);
	store_close(&st);
	if (from)
		log_info("the ledger was upgraded from schema %" PRId64, from);
	return 0;
}

enum { MEMORY_A_THREAD = 1 << 20, MEMORY_BESIDE = 32 << 20 };

/*
 * Raises the limit of open files. Fails if the limit is still too low, so that
 * the error comes at the start and not under load.
 */
static int check_files(const struct settings *s, struct error *err)
{
	rlim_t needed = (rlim_t)fcgi_files_needed(s), wanted = (rlim_t)fcgi_files_wanted(s);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return 0;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= needed)
		return 0;
	return error_set(err, ERR_PARAM, "server.threads",
			 "%lld threads need %llu open files, but the limit is %llu: raise it "
			 "(ulimit -n %llu, or"
			 " LimitNOFILE in the unit), or lower server.threads",
			 (long long)s->threads, (unsigned long long)needed,
			 (unsigned long long)limit.rlim_max, (unsigned long long)needed);
}

/*
 * The lower of the process's limits on address space and data pages. Both
 * include stacks.
 */
static uint64_t space_limit(void)
{
	static const int kinds[] = { RLIMIT_AS, RLIMIT_DATA };
	uint64_t least = UINT64_MAX;
	struct rlimit limit;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (getrlimit(kinds[i], &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
		    limit.rlim_cur < least)
			least = limit.rlim_cur;
	return least;
}

static uint64_t machine_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) == 0 ? (uint64_t)info.totalram * info.mem_unit : UINT64_MAX;
}

static int check_memory(const struct settings *s, struct error *err)
{
	uint64_t needed = MEMORY_BESIDE + (uint64_t)s->threads * MEMORY_A_THREAD,
		 limit = machine_memory();

	if (limit >= needed) {
		needed += (uint64_t)s->threads * POOL_STACK_BYTES;
		limit = space_limit();
	}
	if (limit >= needed)
		return 0;
	return error_set(err, ERR_PARAM, "server.threads",
			 "%lld threads need %llu MB of memory, but the limit is %llu MB: raise it "
			 "(ulimit -v),"
			 " or lower server.threads",
			 (long long)s->threads, (unsigned long long)(needed >> 20),
			 (unsigned long long)(limit >> 20));
}

static int serve(const struct settings *s, struct error *err)
{
	unsigned char secret[SECRET_BYTES];

	/* a CGI program has one thread */
	if (!getenv("REQUEST_METHOD") && (check_files(s, err) < 0 || check_memory(s, err) < 0))
		return -1;
	if (ops_check(err) < 0 || secret_load(s->secret_file, secret, err) < 0 ||
	    check_ledger(s, secret, err) < 0 || backup_prepare(s, err) < 0)
		return -1;
	return fcgi_serve(s, secret, ops, err);
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct error err = { 0 };
	int rc;

	if (!command_only_options(&command_serve, NULL, argc, argv, &rc))
		return rc;
	log_set_level(find_level(s->log_level));
	return serve(s, &err) < 0 ? command_fail("serve", &err) : EXIT_DONE;
}

const struct command command_serve = {
	.name = "serve",
	.usage = "serve",
	.summary = "answer requests that come through a web server",
	.help = "Serves the APIs by FastCGI on the socket of the settings until SIGTERM or SIGINT; "
		"then requests in work\n"
		"may finish, for as long as server.drain_seconds says. A second signal ends it at "
		"once. With an empty\n"
		"server.socket it serves on a socket that it inherits as standard input. Started "
		"by a web server as a CGI\n"
		"program (REQUEST_METHOD is set), it answers that one request. SIGHUP reads the "
		"pages' templates again. Logs to\n"
		"standard error, a line a request.\n",
	.run = run
};
