/* closing.c - closing accounts, and reopening them. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/banned.h"

struct closing_change {
	const char *account, *day;       /* the options as they were given */
	bool reopens;
};

static int change_closing(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	const struct closing_change *c = arg;

	return c->reopens ? admin_closing_reopen(&a, c->account, c->day, err) : admin_closing_close(&a, c->account, c->day, err);
}

static int run_change(struct closing_change *c, const struct settings *s, int argc, char **argv)
{
	const struct command_option options[] = {
		{ "account", .text = &c->account }, { c->reopens ? "from" : "through", .text = &c->day }, { 0 }
	};
	int rc;

	if (!command_only_options(&command_closing, options, argc, argv, &rc))
		return rc;
	if (!c->account)
		return command_wrong(&command_closing, "--account is missing");
	if (!c->reopens && !c->day)
		return command_wrong(&command_closing, "--through is missing");
	return command_in_ledger("closing", s, STORE_WRITE, change_closing, c);
}

static int run_close(const struct settings *s, int argc, char **argv)
{
	struct closing_change c = { .reopens = false };

	return run_change(&c, s, argc, argv);
}

static int run_reopen(const struct settings *s, int argc, char **argv)
{
	struct closing_change c = { .reopens = true };

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
		date_format(through, date_from_days(all[i].open_us / USEC_PER_SEC / SEC_PER_DAY - 1));
		printf("%s\t%s\t%s\t", sid, through, all[i].author);
		command_print_time(all[i].made, '\n');
	}
	return 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	int rc;

	if (!command_only_options(&command_closing, NULL, argc, argv, &rc))
		return rc;
	return command_in_ledger("closing", s, 0, list_closings, NULL);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = {
		{ "close", run_close }, { "reopen", run_reopen }, { "list", run_list }, { 0 }
	};

	return command_part(&command_closing, parts, s, argc, argv);
}

const struct command command_closing = {
	.name = "closing",
	.usage = "closing close|reopen|list [ARGUMENT...]",
	.summary = "close accounts, so that what was reported stays",
	.help = "  closing close --account SID --through DATE\n"
		"      Closes the account through the end of that day (UTC), which must be over. Late events, whose time is\n"
		"      closed, take effect at the first instant after it, or are rejected, as ledger.late_events says. An event\n"
		"      that was there before is still a duplicate. Corrections are late events, too.\n\n"
		"  closing reopen --account SID [--from DATE]\n"
		"      Reopens the account, from that day on or altogether. Late events stay where they are.\n\n"
		"  closing list\n"
		"      One closed account a line, fields apart by tabs: SID, the last closed day, who closed it, and when.\n",
	.run = run
};
