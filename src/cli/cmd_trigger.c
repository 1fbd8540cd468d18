/*
 * cmd_trigger.c - manages triggers and their callbacks: usaged trigger.
 */
#include "cli/command.h"

#include <stdio.h>

#include "base/civil.h"
#include "store/outbox.h"
#include "store/trigger.h"
#include "usage/admin_triggers.h"
#include "usage/signing.h"
#include "base/banned.h"

struct trigger_order {
	const struct settings *settings;
	struct new_trigger new;
	struct trigger_change change;
	const char *account, *which;
	int64_t limit;
	bool renew;
	unsigned char secret[SECRET_BYTES];
	struct trigger made;
	char token[TOKEN_TEXT];
};

/* ---- add ---- */

static int add_trigger(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct trigger_order *o = arg;

	if (command_secret(st, o->settings, STORE_WRITE, o->secret, err) < 0)
		return -1;
	return admin_trigger_add(&a, &o->new, &o->made, err);
}

static int run_add(const struct settings *s, int argc, char **argv)
{
	struct trigger_order o = { .settings = s, .new = { .secret = o.secret } };
	struct new_trigger *n = &o.new;
	const struct command_option options[] = {
		{ "account", .text = &n->account, .required = true },
		{ "category", .text = &n->category, .required = true },
		{ "value", .text = &n->value, .required = true },
		{ "url", .text = &n->url, .required = true },
		{ "by", .text = &n->by },
		{ "recurring", .text = &n->recurring },
		{ "method", .text = &n->method },
		{ "name", .text = &n->name },
		{ 0 }
	};
	int rc;

	if (!command_only_options(&command_trigger, options, argc, argv, &rc))
		return rc;
	rc = command_in_ledger("trigger", s, STORE_WRITE, add_trigger, &o);
	if (rc == EXIT_DONE)
		printf("SID=%s\n", o.made.sid);
	return rc;
}

/* ---- set, remove ---- */

static int set_trigger(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct trigger_order *o = arg;

	return admin_trigger_set(&a, 0, o->which, &o->change, &o->made, err);
}

static int remove_trigger(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct trigger_order *o = arg;

	return admin_trigger_remove(&a, 0, o->which, err);
}

static int repeat(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct trigger_order *o = arg;
	struct notice n;

	(void)st;
	return admin_notice_repeat(&a, o->which, &n, err);
}

/* Runs WORK on the only operand. */
static int run_on(struct trigger_order *o, const struct command_option *options, command_work work,
		  const struct settings *s, int argc, char **argv)
{
	int rc;

	if (!command_options(&command_trigger, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_trigger, "%s needs one SID", argv[0]);
	o->which = argv[1];
	return command_in_ledger("trigger", s, STORE_WRITE, work, o);
}

static int run_set(const struct settings *s, int argc, char **argv)
{
	struct trigger_order o = { .which = NULL };
	const struct command_option options[] = { { "url", .text = &o.change.url },
						  { "method", .text = &o.change.method },
						  { "name", .text = &o.change.name },
						  { 0 } };

	return run_on(&o, options, set_trigger, s, argc, argv);
}

static int run_remove(const struct settings *s, int argc, char **argv)
{
	return run_on(&(struct trigger_order) { .which = NULL }, NULL, remove_trigger, s, argc,
		      argv);
}

static int run_repeat(const struct settings *s, int argc, char **argv)
{
	return run_on(&(struct trigger_order) { .which = NULL }, NULL, repeat, s, argc, argv);
}

/* ---- list ---- */

static void print_number(struct decimal d, char end)
{
	char text[DECIMAL_TEXT];

	decimal_format(text, d.n, d.places);
	printf("%s%c", text, end);
}

/* Prints one trigger a line, with tabs between fields. */
static int print_trigger(struct store *st, const struct catalogue *c, const struct trigger *t,
			 struct arena *arena, struct error *err)
{
	const char *account;
	wide now;

	if (command_account_sid(st, arena, t->account, &account, err) < 0 ||
	    trigger_current(st, c, t, command_now() * USEC_PER_SEC, &now, err) < 0)
		return -1;
	printf("%s\t%s\t%s\t%s\t%s\t", t->sid, account,
	       c->categories[catalogue_index(c, t->category)].name, trigger_by_names[t->amount],
	       recurrence_names[t->recurrence]);
	print_number(trigger_number(c, t, t->threshold), '\t');
	print_number(trigger_number(c, t, now), '\t');
	command_print_time(t->value.fired, '\t');
	printf("%s\t%s\t%s\n", t->method, t->url, t->name);
	return 0;
}

/* The id of the account that --account names; 0: the option is missing. */
static int find_account(struct store *st, struct arena *arena, const char *sid, int64_t *ret,
			struct error *err)
{
	*ret = 0;
	return sid ? command_account_id(st, arena, "account", sid, ret, err) : 0;
}

static int list_triggers(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	const struct trigger_order *o = arg;
	const struct catalogue *c;
	struct trigger *list;
	int64_t account;
	size_t n;

	if (find_account(st, arena, o->account, &account, err) < 0 ||
	    catalogue_load(st, arena, &c, err) < 0 ||
	    store_triggers(st, account, arena, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (print_trigger(st, c, &list[i], arena, err) < 0)
			return -1;
	return 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	struct trigger_order o = { .account = NULL };
	const struct command_option options[] = { { "account", .text = &o.account }, { 0 } };
	int rc;

	if (!command_only_options(&command_trigger, options, argc, argv, &rc))
		return rc;
	return command_in_ledger("trigger", s, 0, list_triggers, &o);
}

/* ---- callbacks ---- */

/* Prints the last attempt: status and error, or two "-". */
static void print_last(const struct notice *n)
{
	if (n->last_status)
		printf("%lld\t", (long long)n->last_status);
	else
		printf("-\t");
	printf("%s\n", n->last_error && *n->last_error ? n->last_error : "-");
}

static int list_callbacks(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	const struct trigger_order *o = arg;
	struct notices_query q = { .trigger = o->which, .limit = (size_t)o->limit };
	struct notices found;

	if (find_account(st, arena, o->account, &q.account, err) < 0 ||
	    store_notices(st, &q, arena, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < found.n; i++) {
		const struct notice *n = &found.list[i];

		printf("%s\t%s\t", n->sid, n->trigger);
		command_print_time(n->made_us / USEC_PER_SEC, '\t');
		printf("%s\t%lld\t", notice_state_names[n->state], (long long)n->attempts);
		command_print_time(n->state == NOTICE_WAITING ? n->next_us / USEC_PER_SEC : 0,
				   '\t');
		print_last(n);
	}
	return 0;
}

static int run_callbacks(const struct settings *s, int argc, char **argv)
{
	struct trigger_order o = { .limit = 100 };
	const struct command_option options[] = { { "account", .text = &o.account },
						  { "trigger", .text = &o.which },
						  { "limit", .number = &o.limit, .min = 1,
						    .max = 1000000 },
						  { 0 } };
	int rc;

	if (!command_only_options(&command_trigger, options, argc, argv, &rc))
		return rc;
	return command_in_ledger("trigger", s, 0, list_callbacks, &o);
}

/* ---- secret ---- */

static int get_secret(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct trigger_order *o = arg;
	int64_t account;
	int rc;

	if (command_secret(st, o->settings, o->renew ? STORE_WRITE : 0, o->secret, err) < 0)
		return -1;
	if (o->renew)
		return admin_signing_renew(&a, o->account, o->secret, o->token, err);
	if (command_account_id(st, arena, "account", o->account, &account, err) < 0)
		return -1;
	rc = signing_find(st, o->secret, account, o->token, err);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, NULL,
				 "the account has no signing secret yet: its first trigger makes "
				 "it, or --renew");
	return rc < 0 ? -1 : 0;
}

static int run_secret(const struct settings *s, int argc, char **argv)
{
	struct trigger_order o = { .settings = s };
	const struct command_option options[] = { { "account", .text = &o.account,
						    .required = true },
						  { "renew", .flag = &o.renew },
						  { 0 } };
	int rc;

	if (!command_only_options(&command_trigger, options, argc, argv, &rc))
		return rc;
	rc = command_in_ledger("trigger", s, o.renew ? STORE_WRITE : 0, get_secret, &o);
	if (rc == EXIT_DONE)
		printf("SECRET=%s\n", o.token);
	return rc;
}

/* ---- the command ---- */

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = { { "add", run_add },
						     { "list", run_list },
						     { "set", run_set },
						     { "remove", run_remove },
						     { "callbacks", run_callbacks },
						     { "repeat", run_repeat },
						     { "secret", run_secret },
						     { 0 } };

	return command_part(&command_trigger, parts, s, argc, argv);
}

const struct command command_trigger = {
	.name = "trigger",
	.usage = "trigger add|list|set|remove|callbacks|repeat|secret [ARGUMENT...]",
	.summary = "triggers that call a URL when usage exceeds a value",
	.help = "  trigger add --account SID --category NAME --value NUMBER --url URL\n"
		"      [--by count|usage|price] [--recurring daily|monthly|yearly] "
		"[--method POST|GET] [--name NAME]\n"
		"      Makes a trigger and prints SID=. It fires when the account's usage of the "
		"category exceeds the\n"
		"      value: once, or with --recurring once each period of UTC. --value +30: 30 "
		"above the current value.\n"
		"      --by: usage, unless another amount is given.\n\n"
		"  trigger list [--account SID]\n"
		"      One trigger a line, fields apart by tabs: SID, account, category, amount, "
		"period, value,\n"
		"      current value, when it fired, method, URL, name.\n\n"
		"  trigger set SID [--url URL] [--method POST|GET] [--name NAME]\n"
		"      Changes a trigger. Callbacks that wait go to the new URL.\n\n"
		"  trigger remove SID\n"
		"      Removes a trigger. Callbacks that wait are cancelled.\n\n"
		"  trigger callbacks [--account SID] [--trigger SID] [--limit NUMBER]\n"
		"      One callback a line, newest first (100), fields apart by tabs: SID, "
		"trigger, when it was made,\n"
		"      state, attempts, when it is sent again, the last answer's status, the last "
		"error.\n\n"
		"  trigger repeat SID\n"
		"      Sends a callback again.\n\n"
		"  trigger secret --account SID [--renew]\n"
		"      Prints SECRET=, with which the account's callbacks are signed. --renew: "
		"makes a new one.\n",
	.run = run
};
