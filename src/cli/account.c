#include "cli/command.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "base/banned.h"

#define ACCOUNT_NAME_BYTES 100

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

struct new_account {
	const char *name, *parent, *currency, *sid, *created;   /* the options as they were given */
	struct account made;
};

static int set_currency(struct account *a, const char *text, struct error *err)
{
	if (strlen(text) != 3 || strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
		return error_set(err, ERR_PARAM, "currency", "--currency must be three letters such as usd");
	for (int i = 0; i < 3; i++)
		a->currency[i] = (char)tolower((unsigned char)text[i]);
	return 0;
}

static int set_created(struct account *a, const char *text, struct error *err)
{
	struct date d;

	if (!text) {
		a->created = floor_div(clock_now_us(), USEC_PER_SEC);
		return 0;
	}
	if (!date_parse(text, strlen(text), &d))
		return error_set(err, ERR_PARAM, "created", "--created must be a date such as 2026-11-21");
	a->created = date_to_days(d) * SEC_PER_DAY;
	return 0;
}

static int set_sid(struct account *a, const char *text, struct error *err)
{
	if (!text) {
		sid_new("AC", a->sid);
		return 0;
	}
	if (!sid_valid("AC", text, strlen(text)))
		return error_set(err, ERR_PARAM, "sid", "--sid must be AC and 32 hexadecimal digits");
	memcpy(a->sid, text, SID_TEXT);
	return 0;
}

static int set_name(struct account *a, const char *text, struct error *err)
{
	size_t len = strlen(text);

	if (len == 0 || len > ACCOUNT_NAME_BYTES || !utf8_plain(text, len))
		return error_set(err, ERR_PARAM, "name", "--name must be 1 to %d bytes of UTF-8 without control characters",
				 ACCOUNT_NAME_BYTES);
	a->name = text;
	return 0;
}

static int set_parent(struct store *st, struct account *a, const char *sid, struct arena *arena, struct error *err)
{
	struct account parent;
	int rc;

	if (!sid)
		return 0;
	rc = store_account_by_sid(st, sid, arena, &parent, err);
	if (rc == 0)
		return error_set(err, ERR_PARAM, "parent", "--parent: there is no account %s", sid);
	if (rc > 0)
		a->parent = parent.id;
	return rc < 0 ? -1 : 0;
}

static int add_account(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct new_account *o = arg;
	struct account *a = &o->made;

	if (set_name(a, o->name, err) < 0 || set_currency(a, o->currency, err) < 0 || set_created(a, o->created, err) < 0 ||
	    set_sid(a, o->sid, err) < 0 || set_parent(st, a, o->parent, arena, err) < 0)
		return -1;
	return store_account_add(st, a, err);
}

static int run_add(const struct settings *s, int argc, char **argv)
{
	struct new_account o = { .currency = "usd" };
	const struct command_option options[] = {
		{ "name", .text = &o.name }, { "parent", .text = &o.parent }, { "currency", .text = &o.currency },
		{ "sid", .text = &o.sid }, { "created", .text = &o.created }, { 0 }
	};
	int rc;

	if (!command_only_options(&command_account, options, argc, argv, &rc))
		return rc;
	if (!o.name)
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
