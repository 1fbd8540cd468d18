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
	/* the settings are valid; --check also checks the files that they name */
	if (!check) {
		settings_print(defaults ? NULL : s, stdout);
		return EXIT_DONE;
	}
	rc = page_templates(s, &templates, &err);
	templates_unref(&templates);
	if (rc == 0)
		rc = command_check_files(s, &err);
	return rc < 0 ? command_fail("config", &err) : EXIT_DONE;
}

const struct command command_config = {
	.name = "config",
	.usage = "config [--check|--defaults]",
	.summary = "check and print the settings",
	.help = "Prints the settings in force, each with its documentation, as a file that usaged "
		"can read.\n\n"
		"  --check     only check them, the templates, and other files that they name: "
		"silence is "
		"good news, else the file, the line and what would be right\n"
		"  --defaults  print the defaults instead\n",
	.run = run
};
