#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "store/account.h"
#include "usage/account.h"
#include "usage/account_calendar.h"
#include "base/banned.h"

/* The account with this ID in ALL, or NULL. */
static const struct account *find_id(const struct account *all, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].id == id)
			return &all[i];
	return NULL;
}

static void format_created(char buf[static DATE_TEXT], const struct account *a)
{
	date_format(buf, date_from_days(floor_div(a->created, SEC_PER_DAY)));
}

/* ---- add ---- */

struct account_order {
	struct new_account account;
	const char *which; /* an existing account: SID, name or number */
	struct account_change change;
	const char *reason;
	struct account made;
};

static int add_account(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct account_order *o = arg;

	return admin_account_add(&a, &o->account, &o->made, err);
}

static int run_add(const struct settings *s, int argc, char **argv)
{
	struct account_order o = { .account = { .currency = "usd" } };
	struct new_account *n = &o.account;
	const struct command_option options[] = { { "name", .text = &n->name, .required = true },
						  { "parent", .text = &n->parent },
						  { "currency", .text = &n->currency },
						  { "sid", .text = &n->sid },
						  { "created", .text = &n->created },
						  { "number", .text = &n->number },
						  { "time-zone", .text = &n->time_zone },
						  { "cycle-day", .text = &n->cycle_day },
						  { 0 } };
	int rc;

	if (!command_only_options(&command_account, options, argc, argv, &rc))
		return rc;
	rc = command_in_ledger("account", s, STORE_WRITE, add_account, &o);
	if (rc == EXIT_DONE)
		printf("SID=%s\n", o.made.sid);
	return rc;
}

/* ---- existing accounts ---- */

static int find(struct store *st, struct arena *arena, const char *which, struct account *ret,
		struct error *err)
{
	int rc = account_find(st, which, arena, ret, err);

	return rc < 0    ? -1
	       : rc == 0 ? error_set(err, ERR_NOT_FOUND, NULL, "there is no account %s", which)
			 : 0;
}

static int set_account(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct account_order *o = arg;
	struct account found;

	return find(st, arena, o->which, &found, err) < 0
		       ? -1
		       : admin_account_set(&a, found.sid, &o->change, &o->made, err);
}

static int suspend_account(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct account_order *o = arg;
	struct account found;

	return find(st, arena, o->which, &found, err) < 0
		       ? -1
		       : admin_account_suspend(&a, found.sid, o->reason, &o->made, err);
}

static int reactivate_account(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct account_order *o = arg;
	struct account found;

	return find(st, arena, o->which, &found, err) < 0
		       ? -1
		       : admin_account_reactivate(&a, found.sid, &o->made, err);
}

/* Runs WORK on the account that the operand names. */
static int run_one(const struct settings *s, const struct command_option *options,
		   command_work work, struct account_order *o, int argc, char **argv)
{
	int rc;

	if (!command_options(&command_account, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_account,
				     "%s needs one account, by SID, name or number", argv[0]);
	o->which = argv[1];
	return command_in_ledger("account", s, STORE_WRITE, work, o);
}

static int run_set(const struct settings *s, int argc, char **argv)
{
	struct account_order o = { .which = NULL };
	struct account_change *c = &o.change;
	const struct command_option options[] = {
		{ "name", .text = &c->name },           { "number", .text = &c->number },
		{ "time-zone", .text = &c->time_zone }, { "cycle-day", .text = &c->cycle_day },
		{ "currency", .text = &c->currency },   { 0 }
	};

	return run_one(s, options, set_account, &o, argc, argv);
}

static int run_suspend(const struct settings *s, int argc, char **argv)
{
	struct account_order o = { .which = NULL };
	const struct command_option options[] = { { "reason", .text = &o.reason }, { 0 } };

	return run_one(s, options, suspend_account, &o, argc, argv);
}

static int run_reactivate(const struct settings *s, int argc, char **argv)
{
	struct account_order o = { .which = NULL };

	return run_one(s, NULL, reactivate_account, &o, argc, argv);
}

/* ---- list and show ---- */

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

/*
 * Prints one account a line, with tabs between fields, for cut and awk. PARENT
 * NULL: a main account.
 */
static void print_line(const struct account *a, const struct account *parent)
{
	char created[DATE_TEXT];

	format_created(created, a);
	printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t", a->sid, a->name, parent ? parent->sid : "-",
	       a->currency, created, or_dash(a->number), account_zone_name(a, parent),
	       account_cycle_day(a, parent));
	command_print_time(account_suspended(a, parent), '\n');
}

static int list_accounts(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct account *all;
	size_t n;

	(void)arg;
	if (store_accounts(st, 0, arena, &all, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		print_line(&all[i], find_id(all, n, all[i].parent));
	return 0;
}

static void print_fields(const struct account *a, const struct account *parent)
{
	char created[DATE_TEXT];

	format_created(created, a);
	printf("sid\t%s\nname\t%s\nparent\t%s\ncurrency\t%s\ncreated\t%s\n", a->sid, a->name,
	       parent ? parent->sid : "-", a->currency, created);
	printf("number\t%s\ntime zone\t%s\ncycle day\t%d\nsuspended\t", or_dash(a->number),
	       account_zone_name(a, parent), account_cycle_day(a, parent));
	command_print_time(account_suspended(a, parent), '\n');
}

static int show_account(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct account a, *all;
	size_t n;

	if (find(st, arena, arg, &a, err) < 0 || store_accounts(st, 0, arena, &all, &n, err) < 0)
		return -1;
	print_fields(&a, find_id(all, n, a.parent));
	for (size_t i = 0; i < n; i++)
		if (all[i].parent == a.id)
			printf("subaccount\t%s\t%s\n", all[i].sid, all[i].name);
	return 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	return command_read(&command_account, s, argc, argv, list_accounts);
}

static int run_show(const struct settings *s, int argc, char **argv)
{
	int rc;

	if (!command_options(&command_account, NULL, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_account,
				     "show needs one account, by SID, name or number");
	return command_in_ledger("account", s, 0, show_account, argv[1]);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = { { "add", run_add },
						     { "set", run_set },
						     { "suspend", run_suspend },
						     { "reactivate", run_reactivate },
						     { "list", run_list },
						     { "show", run_show },
						     { 0 } };

	return command_part(&command_account, parts, s, argc, argv);
}

const struct command command_account = {
	.name = "account",
	.usage = "account add|set|suspend|reactivate|list|show [ARGUMENT...]",
	.summary = "add, change, suspend, list and show accounts",
	.help = "An ACCOUNT is named by its SID, its name or its number.\n\n"
		"  account add --name NAME [--parent SID] [--currency usd] [--sid SID] [--created "
		"DATE] [--number TEXT]\n"
		"              [--time-zone ZONE] [--cycle-day DAY]\n"
		"      Adds an account, or with --parent a subaccount, and prints SID=its SID. "
		"--created: when its usage\n"
		"      begins, unless it has older events; without it, now. --number: your own "
		"number for it.\n"
		"      --time-zone: whose days are its days (IANA name). --cycle-day: when its "
		"billing cycle begins, 1 to 28.\n"
		"      Without them, as its main account has it, or UTC and 1.\n\n"
		"  account set ACCOUNT [--name NAME] [--number TEXT] [--time-zone ZONE] "
		"[--cycle-day DAY] [--currency usd]\n"
		"      Changes these; an empty number, zone or day takes it away. The currency "
		"only while the account and\n"
		"      its subaccounts have no events.\n\n"
		"  account suspend ACCOUNT [--reason TEXT]\n"
		"      From now on the account, with its subaccounts, takes no events of later "
		"times, and its credentials\n"
		"      are refused. Its reports stay.\n\n"
		"  account reactivate ACCOUNT\n"
		"      Takes that back.\n\n"
		"  account list\n"
		"      One account a line, fields apart by tabs: SID, name, parent's SID or -, "
		"currency, created, number or -,\n"
		"      time zone, cycle day, since when it is suspended or -.\n\n"
		"  account show ACCOUNT\n"
		"      One account, a field a line, and its subaccounts.\n",
	.run = run
};
