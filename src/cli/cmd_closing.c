/*
 * cmd_closing.c - closes and reopens accounts, and lists changes in closed
 * time.
 */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/decimal.h"
#include "store/account.h"
#include "store/closing.h"
#include "usage/account_calendar.h"
#include "usage/closing_changes.h"
#include "base/banned.h"

enum { CHANGES_READ = 1000 }; /* changes read at a time */

/* The given options. */
struct closing_options {
	const char *account, *day, *reason;
	bool all;
	size_t closed;
};

/* ---- close and reopen ---- */

static int close_accounts(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct closing_options *o = arg;

	return o->all ? admin_closing_close_all(&a, o->day, &o->closed, err)
		      : admin_closing_close(&a, o->account, o->day, err);
}

static int run_close(const struct settings *s, int argc, char **argv)
{
	struct closing_options o = { 0 };
	const struct command_option options[] = { { "account", .text = &o.account },
						  { "all", .flag = &o.all },
						  { "through", .text = &o.day, .required = true },
						  { 0 } };
	int rc;

	if (!command_only_options(&command_closing, options, argc, argv, &rc))
		return rc;
	if (!o.account == !o.all)
		return command_wrong(&command_closing, "either --account SID or --all is needed");
	rc = command_in_ledger("closing", s, STORE_WRITE, close_accounts, &o);
	if (rc == EXIT_DONE && o.all)
		printf("%zu main account%s closed\n", o.closed, o.closed == 1 ? "" : "s");
	return rc;
}

static int reopen_account(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	const struct closing_options *o = arg;

	return admin_closing_reopen(&a, o->account, o->day, o->reason, err);
}

static int run_reopen(const struct settings *s, int argc, char **argv)
{
	struct closing_options o = { 0 };
	const struct command_option options[] = { { "account", .text = &o.account,
						    .required = true },
						  { "from", .text = &o.day },
						  { "reason", .text = &o.reason, .required = true },
						  { 0 } };
	int rc;

	if (!command_only_options(&command_closing, options, argc, argv, &rc))
		return rc;
	return command_in_ledger("closing", s, STORE_WRITE, reopen_account, &o);
}

/* ---- list ---- */

static int print_closing(struct store *st, struct arena *arena, const struct closing *c,
			 struct error *err)
{
	struct account_calendar calendar;
	char through[DATE_TEXT], until[INSTANT_TEXT];
	struct account a;

	if (store_account_by_id(st, c->account, arena, &a, err) < 0 ||
	    account_calendar(st, &a, &calendar, err) < 0)
		return -1;
	date_format(through, closing_last_day(calendar.zone, c->open_us));
	instant_format(until, c->open_us);
	printf("%s\t%s\t%s\t", a.sid, through, c->author);
	command_print_time(c->made, '\t');
	printf("%s\t%s\n", until, c->own_us < c->open_us ? "main" : "itself");
	return 0;
}

/* Prints one account a line, with tabs between fields. */
static int list_closings(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct closing *all;
	size_t n;

	(void)arg;
	if (store_closings(st, arena, &all, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (print_closing(st, arena, &all[i], err) < 0)
			return -1;
	return 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	return command_read(&command_closing, s, argc, argv, list_closings);
}

/* ---- changes ---- */

static void print_amount(int64_t n, int places)
{
	char text[DECIMAL_TEXT];

	decimal_format(text, n, places);
	printf("%s\t", text);
}

static int print_change(struct store *st, struct arena *arena, const struct closed_change *c,
			struct error *err)
{
	const struct found_event *e = &c->event;
	const char *sid;

	if (command_account_sid(st, arena, c->change.account, &sid, err) < 0)
		return -1;
	command_print_time(c->change.at, '\t');
	printf("%s\t%s\t", c->kind, sid);
	if (c->change.kind != CLOSING_LATE) {
		printf("-\t-\t-\t");
		command_print_time(c->change.effective_us / USEC_PER_SEC, '\t');
		printf("-\t-\t%s\t%s\n", c->change.author, c->change.reason);
		return 0;
	}
	printf("%s\t%s\t", e->corrects ? e->corrects_source : e->source,
	       e->corrects ? e->corrects : e->event.id);
	command_print_time(floor_div(e->event.time_us, USEC_PER_SEC), '\t');
	command_print_time(floor_div(e->event.effective_us, USEC_PER_SEC), '\t');
	print_amount(e->event.amounts.usage, USAGE_PLACES);
	print_amount(e->event.amounts.price, PRICE_PLACES);
	printf("%s\t%s\n", e->event.correction ? e->correction->author : "-",
	       e->event.correction ? e->correction->reason : "-");
	return 0;
}

static int since_instant(struct store *st, const struct account *a, const char *text, int64_t *ret,
			 struct error *err)
{
	struct account_calendar calendar;
	struct date day;

	*ret = 0;
	if (!text)
		return 0;
	if (!date_parse(text, strlen(text), &day))
		return error_set(err, ERR_PARAM, "since", "must be a date such as 2026-11-21");
	if (account_calendar(st, a, &calendar, err) < 0)
		return -1;
	*ret = zone_day_start(calendar.zone, day);
	return 0;
}

static int list_changes(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	const struct closing_options *o = arg;
	int64_t since, before = 0;
	struct account account;
	struct arena page;
	struct closed_changes changes;
	int rc = store_account_by_sid(st, o->account, arena, &account, err);

	if (rc <= 0)
		return rc < 0 ? -1
			      : error_set(err, ERR_PARAM, "account", "there is no account %.64s",
					  o->account);
	if (since_instant(st, &account, o->day, &since, err) < 0)
		return -1;
	arena_init(&page);
	do {
		struct newest which = { since, before, CHANGES_READ };

		arena_reset(&page);
		rc = closing_changes_load(st, &account, &which, &page, &changes, err);
		for (size_t i = 0; rc == 0 && i < changes.n; i++) {
			rc = print_change(st, &page, &changes.list[i], err);
			before = changes.list[i].change.id;
		}
	} while (rc == 0 && changes.n == CHANGES_READ);
	arena_release(&page);
	return rc;
}

static int run_changes(const struct settings *s, int argc, char **argv)
{
	struct closing_options o = { 0 };
	const struct command_option options[] = { { "account", .text = &o.account,
						    .required = true },
						  { "since", .text = &o.day },
						  { 0 } };
	int rc;

	if (!command_only_options(&command_closing, options, argc, argv, &rc))
		return rc;
	return command_in_ledger("closing", s, 0, list_changes, &o);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = { { "close", run_close },
						     { "reopen", run_reopen },
						     { "list", run_list },
						     { "changes", run_changes },
						     { 0 } };

	return command_part(&command_closing, parts, s, argc, argv);
}

const struct command command_closing = {
	.name = "closing",
	.usage = "closing close|reopen|list|changes [ARGUMENT...]",
	.summary = "close accounts, so that what was reported stays",
	.help = "  closing close --account SID|--all --through DATE\n"
		"      Closes the account, and with a main account its subaccounts, through the "
		"end of that day in the account's\n"
		"      time zone; the day must be over. --all closes all accounts, each by the "
		"days of its own zone. Late events,\n"
		"      whose time is closed, take effect at the first instant after it, or are "
		"rejected, as ledger.late_events\n"
		"      says. An event that was there before is still a duplicate. Corrections are "
		"late events, too.\n\n"
		"  closing reopen --account SID [--from DATE] --reason TEXT\n"
		"      Reopens the account, from that day on or altogether, and with a main "
		"account the subaccounts that were\n"
		"      closed by it. Late events stay where they are.\n\n"
		"  closing list\n"
		"      One closed account a line, fields apart by tabs: SID, the last closed day, "
		"who closed it, when, the instant\n"
		"      up to which it is closed, and whether it was closed by itself or by its "
		"main account.\n\n"
		"  closing changes --account SID [--since DATE]\n"
		"      What came for closed days, the newest first, one a line: when, what (late, "
		"void, amend, reopened, filled), SID,\n"
		"      source, id, time, effective time (of reopened: the new closed instant), "
		"usage, price, author, reason.\n",
	.run = run
};
