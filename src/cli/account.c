#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/secret.h"
#include "base/banned.h"

static const char *parent_sid(const struct account *all, size_t n, int64_t parent)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].id == parent)
			return all[i].sid;
	return "-";
}

static void format_created(char buf[static DATE_TEXT], const struct account *a)
{
	date_format(buf, date_from_days(floor_div(a->created, SEC_PER_DAY)));
}

/* ---- add ---- */

struct order {
	struct new_account account;
	struct account made;
};

static int add_account(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct order *o = arg;

	return admin_account_add(&a, &o->account, &o->made, err);
}

static int run_add(const struct settings *s, int argc, char **argv)
{
	struct order o = { .account = { .currency = "usd" } };
	struct new_account *n = &o.account;
	const struct command_option options[] = {
		{ "name", .text = &n->name }, { "parent", .text = &n->parent }, { "currency", .text = &n->currency },
		{ "sid", .text = &n->sid }, { "created", .text = &n->created }, { 0 }
	};
	int rc;

	if (!command_only_options(&command_account, options, argc, argv, &rc))
		return rc;
	if (!n->name)
		return command_wrong(&command_account, "--name is missing");
	rc = command_in_ledger("account", s, STORE_WRITE, add_account, &o);
	if (rc == EXIT_DONE)
		printf("SID=%s\n", o.made.sid);
	return rc;
}

/* ---- list and show ---- */

/* One account a line, fields apart by tabs: made for cut and awk. */
static void print_line(const struct account *a, const char *parent)
{
	char created[DATE_TEXT];

	format_created(created, a);
	printf("%s\t%s\t%s\t%s\t%s\n", a->sid, a->name, parent, a->currency, created);
}

static int list_accounts(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct account *all;
	size_t n;

	(void)arg;
	if (store_accounts(st, 0, arena, &all, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		print_line(&all[i], parent_sid(all, n, all[i].parent));
	return 0;
}

static int show_account(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	const char *which = arg;
	struct account a, *all;
	char created[DATE_TEXT];
	size_t n;
	int rc = sid_valid("AC", which, strlen(which)) ? store_account_by_sid(st, which, arena, &a, err)
						       : store_account_by_name(st, which, arena, &a, err);

	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, NULL, "there is no account %s", which);
	if (rc < 0 || store_accounts(st, 0, arena, &all, &n, err) < 0)
		return -1;
	format_created(created, &a);
	printf("sid\t%s\nname\t%s\nparent\t%s\ncurrency\t%s\ncreated\t%s\n", a.sid, a.name, parent_sid(all, n, a.parent),
	       a.currency, created);
	for (size_t i = 0; i < n; i++)
		if (all[i].parent == a.id)
			printf("subaccount\t%s\t%s\n", all[i].sid, all[i].name);
	return 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	int rc;

	if (!command_only_options(&command_account, NULL, argc, argv, &rc))
		return rc;
	return command_in_ledger("account", s, 0, list_accounts, NULL);
}

static int run_show(const struct settings *s, int argc, char **argv)
{
	int rc;

	if (!command_options(&command_account, NULL, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_account, "show needs one account, by SID or name");
	return command_in_ledger("account", s, 0, show_account, argv[1]);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = {
		{ "add", run_add }, { "list", run_list }, { "show", run_show }, { 0 }
	};

	return command_part(&command_account, parts, s, argc, argv);
}

const struct command command_account = {
	.name = "account",
	.usage = "account add|list|show [ARGUMENT...]",
	.summary = "add, list and show accounts",
	.help = "  account add --name NAME [--parent SID] [--currency usd] [--sid SID] [--created DATE]\n"
		"      Adds an account, or with --parent a subaccount, and prints SID=its SID. The date is when\n"
		"      its usage begins, unless it has older events; without it, now.\n\n"
		"  account list\n"
		"      One account a line, fields apart by tabs: SID, name, parent's SID or -, currency, created.\n\n"
		"  account show SID|NAME\n"
		"      One account, a field a line, and its subaccounts.\n",
	.run = run
};
