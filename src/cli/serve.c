#include "cli/command.h"

#include <string.h>

#include "api/op.h"
#include "base/log.h"
#include "base/secret.h"
#include "http/fcgi.h"
#include "base/banned.h"

static enum log_level find_level(const char *name)
{
	static const char *const names[] = { "error", "warning", "info", "debug", NULL };

	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return (enum log_level)i;
	return LOG_LEVEL_INFO;
}

/* A ledger that can't be used is better said once than to every caller. */
static int check_ledger(const struct settings *s, struct error *err)
{
	struct store *st = NULL;

	if (store_open(s->database, 0, s->busy_timeout_ms, &st, err) < 0)
		return -1;
	store_close(&st);
	return 0;
}

static int serve(const struct settings *s, struct error *err)
{
	unsigned char secret[SECRET_BYTES];

	if (ops_check(err) < 0 || secret_load(s->secret_file, secret, err) < 0 || check_ledger(s, err) < 0)
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
	.help =
		"Serves the APIs by FastCGI on the socket of the settings until SIGTERM or SIGINT; then requests in work\n"
		"may finish, for as long as server.drain_seconds says. A second signal ends it at once. With an empty\n"
		"server.socket it serves on a socket that it inherits as standard input. Started by a web server as a CGI\n"
		"program (REQUEST_METHOD is set), it answers that one request. SIGHUP reads the pages' templates again. Logs to\n"
		"standard error, a line a request.\n",
	.run = run
};
