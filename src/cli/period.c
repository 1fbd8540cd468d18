/* period.c - closing an account's books, and opening them again. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/banned.h"

struct change {
	const char *account, *day;       /* the options as they were given */
	bool opens;
};

static int change_books(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	const struct change *c = arg;

	return c->opens ? admin_books_open(&a, c->account, c->day, err) : admin_books_close(&a, c->account, c->day, err);
}

static int run_change(struct change *c, const struct settings *s, int argc, char **argv)
{
	const struct command_option options[] = {
		{ "account", .text = &c->account }, { c->opens ? "from" : "through", .text = &c->day }, { 0 }
	};
	int rc;

	if (!command_only_options(&command_period, options, argc, argv, &rc))
		return rc;
	if (!c->account)
		return command_wrong(&command_period, "--account is missing");
	if (!c->opens && !c->day)
		return command_wrong(&command_period, "--through is missing");
	return command_in_ledger("period", s, STORE_WRITE, change_books, c);
}

static int run_close(const struct settings *s, int argc, char **argv)
{
	struct change c = { .opens = false };

	return run_change(&c, s, argc, argv);
}

static int run_open(const struct settings *s, int argc, char **argv)
{
	struct change c = { .opens = true };

	return run_change(&c, s, argc, argv);
}

/* One account a line, fields apart by tabs. */
static int list_closings(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct closing *all;
	size_t n;

	(void)arg;
	if (store_closings(st, arena, &all, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char through[DATE_TEXT];
		const char *sid;

		if (command_account_sid(st, arena, all[i].account, &sid, err) < 0)
			return -1;
		date_format(through, date_from_days(all[i].through / SEC_PER_DAY - 1));
		printf("%s\t%s\t%s\t", sid, through, all[i].author);
		command_print_time(all[i].made, '\n');
	}
	return 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	int rc;

	if (!command_only_options(&command_period, NULL, argc, argv, &rc))
		return rc;
	return command_in_ledger("period", s, 0, list_closings, NULL);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = {
		{ "close", run_close }, { "open", run_open }, { "list", run_list }, { 0 }
	};

	return command_part(&command_period, parts, s, argc, argv);
}

const struct command command_period = {
	.name = "period",
	.usage = "period close|open|list [ARGUMENT...]",
	.summary = "close an account's books, so that what was reported stays",
	.help = "  period close --account SID --through DATE\n"
		"      Nothing more is booked up to the end of that day (UTC), which must be over. Facts that come later for this\n"
		"      time are booked at the first instant after it, or rejected, as ledger.late_events says; a fact that was\n"
		"      there before is a duplicate still. Corrections are late facts, too.\n\n"
		"  period open --account SID [--from DATE]\n"
		"      Takes it back, from that day on or altogether. What was booked later meanwhile stays where it is.\n\n"
		"  period list\n"
		"      One account with closed books a line, fields apart by tabs: SID, the last day that is closed, who closed it,\n"
		"      and when.\n",
	.run = run
};
