/* main.c - the table of commands, nothing else. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/secret.h"
#include "cli/command.h"
#include "store/server.h"
#include "config.h"
#include "base/banned.h"

static const struct command *const commands[] = {
	&command_init,    &command_account,     &command_user,
	&command_key,     &command_category,    &command_dimension,
	&command_sim,     &command_fleet,       &command_trigger,
	&command_import,  &command_export,      &command_event,
	&command_closing, &command_sample,      &command_serve,
	&command_report,  &command_sums,        &command_verify,
	&command_rebuild, &command_backup,      &command_restore,
	&command_move,    &command_upgrade,     &command_doctor,
	&command_config,  &command_error_pages, NULL
};

/*
 * What commands were called before: the parts of their command line that
 * changed.
 */
static const struct former_name {
	const char *name, *part; /* PART: what stood after the name; NULL: anything else */
	const char *now;
} former_names[] = { { "period", "close", "closing close" },
		     { "period", "open", "closing reopen" },
		     { "period", "list", "closing list" },
		     { "period", NULL, "closing" },
		     { 0 } };

static void print_help(FILE *out)
{
	fputs("usaged [--config FILE] COMMAND [ARGUMENT...]\n\n"
	      "A usage ledger: usage events in, usage reports out.\n\n",
	      out);
	for (const struct command *const *c = commands; *c; c++)
		fprintf(out, "  %-12s %s\n", (*c)->name, (*c)->summary);
	fputs("\nusaged COMMAND --help tells more. Without --config, settings are read from the "
	      "file that\n"
	      "USAGED_CONFIG names, else from " USAGED_SYSCONFDIR "/usaged.conf if there is one.\n",
	      out);
}

static const struct command *find_command(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

/*
 * Says that there is no command ARGV[0], and how it is called now if it had
 * another name.
 */
static int refuse_command(char **argv)
{
	for (const struct former_name *f = former_names; f->name; f++) {
		if (strcmp(f->name, argv[0]) != 0 ||
		    (f->part && (!argv[1] || strcmp(f->part, argv[1]) != 0)))
			continue;
		fprintf(stderr,
			"usaged: the command \"%s%s%s\" is now \"usaged %s\"; try usaged %s "
			"--help\n",
			f->name, f->part ? " " : "", f->part ? f->part : "", f->now, f->now);
		return EXIT_WRONG_CALL;
	}
	fprintf(stderr, "usaged: there is no command %s; try usaged --help\n", argv[0]);
	return EXIT_WRONG_CALL;
}

/* The file with the settings, or NULL for the defaults. */
static const char *config_path(const char *option)
{
	static const char installed[] = USAGED_SYSCONFDIR "/usaged.conf";
	const char *env = getenv("USAGED_CONFIG");
	FILE *f;

	if (option)
		return option;
	if (env && *env)
		return env;
	f = fopen(installed, "r");
	if (!f)
		return NULL;
	fclose(f);
	return installed;
}

/*
 * USAGED_CLOCK makes the clock stand still, for tests and for repeatable
 * samples.
 */
static int set_clock(struct error *err)
{
	const char *text = getenv("USAGED_CLOCK");
	int64_t us;

	if (!text || !*text)
		return 0;
	if (!instant_parse(text, strlen(text), false, &us))
		return error_set(err, ERR_PARAM, "USAGED_CLOCK",
				 "USAGED_CLOCK must be a time such as 2026-11-21T12:00:00Z");
	clock_set_us(us);
	return 0;
}

static int run_command(const struct command *c, const char *config, int argc, char **argv)
{
	struct settings *settings = NULL;
	struct error err = { 0 };
	int rc;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		printf("usaged [--config FILE] %s\n\n%s", c->usage, c->help);
		return EXIT_DONE;
	}
	if (secret_init(&err) < 0 || set_clock(&err) < 0 ||
	    settings_load(config_path(config), &settings, &err) < 0)
		return command_fail(c->name, &err);
	/*
	 * a file that reaches the limit of its size is an error like a full
	 * disk, not the end
	 */
	signal(SIGXFSZ, SIG_IGN);
	store_connections(settings->connections, settings->prepared);
	rc = c->run(settings, argc, argv);
	settings_free(&settings);
	return rc;
}

int main(int argc, char **argv)
{
	const char *config = NULL;
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help(stdout);
			return EXIT_DONE;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts(PACKAGE_STRING);
			return EXIT_DONE;
		}
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
			config = argv[++i];
			continue;
		}
		if (strncmp(argv[i], "--config=", 9) == 0) {
			config = argv[i] + 9;
			continue;
		}
		fprintf(stderr, "usaged: unknown option %s; try usaged --help\n", argv[i]);
		return EXIT_WRONG_CALL;
	}
	if (i >= argc) {
		/*
		 * Started by a web server, without arguments: the same binary
		 * answers as FastCGI or plain CGI.
		 */
		if (getenv("GATEWAY_INTERFACE"))
			return run_command(&command_serve, config, 1, (char *[]) { argv[0], NULL });
		print_help(stderr);
		return EXIT_WRONG_CALL;
	}
	if (!find_command(argv[i]))
		return refuse_command(argv + i);
	return run_command(find_command(argv[i]), config, argc - i, argv + i);
}
