#include "cli/command.h"

#include <stdio.h>

#include "format/templates.h"
#include "http/page.h"
#include "base/banned.h"

static int run(const struct settings *s, int argc, char **argv)
{
	struct templates *templates = NULL;
	struct error err = { 0 };
	bool check = false, defaults = false;
	const struct command_option options[] = { { "check", .flag = &check },
						  { "defaults", .flag = &defaults },
						  { 0 } };
	int rc;

	if (!command_only_options(&command_config, options, argc, argv, &rc))
		return rc;
	/* the settings are valid; --check also checks the templates */
	if (!check) {
		settings_print(defaults ? NULL : s, stdout);
		return EXIT_DONE;
	}
	rc = page_templates(s, &templates, &err);
	templates_unref(&templates);
	return rc < 0 ? command_fail("config", &err) : EXIT_DONE;
}

const struct command command_config = {
	.name = "config",
	.usage = "config [--check|--defaults]",
	.summary = "check and print the settings",
	.help = "Prints the settings in force, each with its documentation, as a file that usaged "
		"can read.\n\n"
		"  --check     only check them, and the templates: silence is good news, else the "
		"file, the line and what would be right\n"
		"  --defaults  print the defaults instead\n",
	.run = run
};
