/* cmd_event.c - shows, lists, voids and amends single events. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/decimal.h"
#include "store/account.h"
#include "store/correction.h"
#include "store/rejection.h"
#include "usage/event_search.h"
#include "base/banned.h"

static const char *const kind_names[] = {
	[CORRECTION_VOID] = "void", [CORRECTION_AMEND] = "amend"
};

/* ---- void and amend ---- */

struct event_order {
	const char *account; /* the option --account, or NULL */
	struct correct correct;
	struct raw_event change;
	struct correction made;
	bool done_before;
};

/*
 * Finds the family of the account SID. *RET is 0, any family, if SID is NULL.
 */
static int find_family(struct store *st, struct arena *arena, const char *sid, int64_t *ret,
		       struct error *err)
{
	struct account a;
	int rc = sid ? store_account_by_sid(st, sid, arena, &a, err) : 0;

	*ret = rc > 0 ? (a.parent ? a.parent : a.id) : 0;
	if (sid && rc == 0)
		return error_set(err, ERR_PARAM, "account",
				 "there is no account with the SID %.40s", sid);
	return rc < 0 ? -1 : 0;
}

static int correct(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct event_order *o = arg;

	if (find_family(st, arena, o->account, &o->correct.event.family, err) < 0)
		return -1;
	return correct_event(st, &o->correct, arena, &o->made, &o->done_before, err);
}

/* Sets the given fields in *RET. Returns their number. */
static int take_fields(const char *const texts[EVENT_FIELDS], struct raw_event *ret)
{
	int n = 0;

	for (int f = 0; f < EVENT_FIELDS; f++) {
		if (!texts[f])
			continue;
		ret->field[f].text = texts[f];
		ret->field[f].len = strlen(texts[f]);
		n++;
	}
	return n;
}

/* Adds an option for each event field after the first N options. */
static void add_field_options(struct command_option *options, size_t n,
			      const char *texts[EVENT_FIELDS])
{
	for (int f = 0; f < EVENT_FIELDS; f++) {
		if (correct_may_change((enum event_field)f))
			options[n++] = (struct command_option) { event_fields[f].name,
								 .text = &texts[f] };
	}
}

static int run_order(struct event_order *o, const struct settings *s, int argc, char **argv)
{
	struct correct *c = &o->correct;
	const char *texts[EVENT_FIELDS] = { NULL };
	struct command_option options[EVENT_FIELDS + 5] = {
		{ "source", .text = &c->event.source },
		{ "account", .text = &o->account },
		{ "reason", .text = &c->reason },
		{ "author", .text = &c->author },
	};
	struct principal by = principal_console;
	struct error err = { 0 };
	struct arena arena;
	int rc;

	if (c->kind == CORRECTION_AMEND)
		add_field_options(options, 4, texts);
	if (!command_options(&command_event, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_event, "%s needs one event's id", argv[0]);
	if (!c->reason)
		return command_wrong(&command_event, "--reason is missing");
	if (c->kind == CORRECTION_AMEND && take_fields(texts, &o->change) == 0)
		return command_wrong(&command_event,
				     "a field to amend is missing, such as --usage 2.5");
	c->event.id = argv[1];
	c->change = &o->change;
	if (c->author && user_check_name(c->author, &err) < 0)
		return command_wrong(&command_event, "--author %s", err.message);
	by.label = c->author;
	arena_init(&arena);
	c->author = principal_actor(&by, &arena);
	c->now_us = clock_now_us();
	c->ahead_us = s->ahead_seconds * USEC_PER_SEC;
	c->late = late_events_find(s->late_events);
	rc = command_in_ledger("event", s, STORE_WRITE, correct, o);
	arena_release(&arena);
	if (rc == EXIT_DONE)
		printf("SID=%s%s\n", o->made.sid, o->done_before ? " (done before)" : "");
	return rc;
}

static int run_void(const struct settings *s, int argc, char **argv)
{
	struct event_order o = { .correct = { .kind = CORRECTION_VOID } };

	return run_order(&o, s, argc, argv);
}

static int run_amend(const struct settings *s, int argc, char **argv)
{
	struct event_order o = { .correct = { .kind = CORRECTION_AMEND } };

	return run_order(&o, s, argc, argv);
}

/* ---- show ---- */

struct shown {
	struct event_identity event;
	const char *account; /* the option --account, or NULL */
};

static int print_fields(struct store *st, const struct catalogue *c, const struct stored_event *e,
			struct arena *arena, struct error *err)
{
	struct raw_event raw;
	char effective[INSTANT_TEXT];

	if (event_texts(st, c, e, arena, &raw, err) < 0)
		return -1;
	for (int f = 0; f < EVENT_FIELDS; f++) {
		if (raw.field[f].text)
			printf("%s\t%s\n", event_fields[f].name, raw.field[f].text);
	}
	if (raw.attributes.text)
		printf("attributes\t%s\n", raw.attributes.text);
	if (e->effective_us != e->time_us) {
		instant_format(effective, e->effective_us);
		printf("effective_time\t%s\n", effective);
	}
	return 0;
}

static int print_corrections(struct store *st, const struct stored_event *e, struct arena *arena,
			     struct error *err)
{
	struct correction *list;
	size_t n;

	if (store_corrections(st, &(struct event_key) { e->source, e->id, e->id_len }, arena, &list,
			      &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		printf("%s\t%s\t", kind_names[list[i].kind], list[i].sid);
		command_print_time(list[i].made, '\t');
		printf("%s\t%s\n", list[i].author, list[i].reason);
	}
	return 0;
}

static int print_event(struct store *st, const struct catalogue *c, const struct stored_event *e,
		       struct arena *arena, struct error *err)
{
	enum event_state state;
	struct stored_event now;

	if (print_fields(st, c, e, arena, err) < 0 ||
	    store_event_states(st, &(struct event_key) { e->source, e->id, e->id_len }, 1, arena,
			       &state, err) < 0)
		return -1;
	printf("state\t%s\n", event_state_names[state]);
	if (print_corrections(st, e, arena, err) < 0)
		return -1;
	if (state != EVENT_AMENDED)
		return 0;
	if (event_counting(st, e, arena, &now, err) < 0)
		return -1;
	printf("\nwhat counts for it now\n");
	return print_fields(st, c, &now, arena, err);
}

static int show(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	const struct shown *shown = arg;
	struct event_identity id = shown->event;
	const struct catalogue *c;
	struct stored_event e;

	if (find_family(st, arena, shown->account, &id.family, err) < 0 ||
	    event_find(st, &id, NULL, arena, &e, err) < 0 || catalogue_load(st, arena, &c, err) < 0)
		return -1;
	return print_event(st, c, &e, arena, err);
}

static int run_show(const struct settings *s, int argc, char **argv)
{
	struct shown shown = { 0 };
	const struct command_option options[] = { { "source", .text = &shown.event.source },
						  { "account", .text = &shown.account },
						  { 0 } };
	int rc;

	if (!command_options(&command_event, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_event, "show needs one event's id");
	shown.event.id = argv[1];
	return command_in_ledger("event", s, 0, show, &shown);
}

/* ---- list ---- */

enum { LIST_READ = 1000 }; /* events read at a time */

struct list_options {
	const char *account, *state;
	int64_t since; /* the rejection log has no older rows */
	struct event_query query;
};

static void print_amount(int64_t n, int places)
{
	char text[DECIMAL_TEXT];

	decimal_format(text, n, places);
	printf("%s\t", text);
}

static void print_found(const struct catalogue *c, const struct found_event *e)
{
	size_t category = catalogue_index(c, e->series.category);
	char time[INSTANT_TEXT], effective[INSTANT_TEXT];

	instant_format(time, e->event.time_us);
	instant_format(effective, e->event.effective_us);
	printf("%s\t%s\t%s\t%s\t%s\t%s\t", e->account_sid, e->source, e->event.id, time, effective,
	       category == CATALOGUE_NONE ? "-" : c->categories[category].name);
	print_amount(e->event.amounts.count, 0);
	print_amount(e->event.amounts.usage, USAGE_PLACES);
	print_amount(e->event.amounts.price, PRICE_PLACES);
	printf("%s\n", event_state_names[e->state]);
}

static int print_rejected(struct store *st, const struct list_options *o, struct arena *arena,
			  struct error *err)
{
	struct rejection_query q = {
		.accounts = o->account ? o->query.accounts : NULL,
		.n = o->query.n_accounts,
		.code = "closed",
		.since = o->since,
		.limit = LIST_READ,
	};
	struct rejection *list;
	size_t n;

	do {
		if (store_rejections(st, &q, arena, &list, &n, err) < 0)
			return -1;
		for (size_t i = 0; i < n; i++) {
			const char *sid;

			if (command_account_sid(st, arena, list[i].account, &sid, err) < 0)
				return -1;
			printf("%s\t%s\t%s\t-\t-\t-\t-\t-\t-\trejected\n", sid, list[i].source,
			       list[i].event);
			q.before = list[i].id;
		}
	} while (n == LIST_READ);
	return 0;
}

/* Chooses the accounts to list: all, or one account with its subaccounts. */
static int choose_accounts(struct store *st, struct list_options *o, struct arena *arena,
			   struct error *err)
{
	int64_t one = 0, *ids;
	struct account *list;
	size_t n;

	if ((o->account && command_account_id(st, arena, "account", o->account, &one, err) < 0) ||
	    store_accounts(st, 0, arena, &list, &n, err) < 0)
		return -1;
	ids = arena_array(arena, int64_t, n);
	for (size_t i = 0; i < n; i++)
		if (!one || list[i].id == one || list[i].parent == one)
			ids[o->query.n_accounts++] = list[i].id;
	o->query.accounts = ids;
	return 0;
}

static int list_events(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct event_position at = { 0 };
	struct list_options *o = arg;
	const struct catalogue *c;
	/* used in turn: `at` lives in the arena of the previous page */
	struct arena page[2];
	struct found_events found = { .more = true };
	int rc = 0;

	if (choose_accounts(st, o, arena, err) < 0 || catalogue_load(st, arena, &c, err) < 0)
		return -1;
	arena_init(&page[0]);
	arena_init(&page[1]);
	for (int p = 0; found.more && rc == 0; p = !p) {
		arena_reset(&page[p]);
		rc = event_search(st, &o->query, &(struct event_page) { c, { at, LIST_READ } },
				  &page[p], &found, err);
		for (size_t i = 0; rc == 0 && i < found.n; i++)
			print_found(c, &found.list[i]);
		at = found.next;
	}
	arena_release(&page[0]);
	arena_release(&page[1]);
	return rc == 0 && o->query.state == EVENT_LATE ? print_rejected(st, o, arena, err) : rc;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	struct list_options o = {
		.query = { .to_us = INT64_MAX, .category = CATALOGUE_NONE, .state = -1 }
	};
	const struct command_option options[] = { { "account", .text = &o.account },
						  { "state", .text = &o.state },
						  { 0 } };
	int rc;

	if (!command_only_options(&command_event, options, argc, argv, &rc))
		return rc;
	for (int i = 0; o.state && i < EVENT_FILTERS; i++)
		if (strcmp(o.state, event_filter_names[i]) == 0)
			o.query.state = i;
	if (o.state && o.query.state < 0)
		return command_wrong(
			&command_event,
			"--state must be current, amended, void, reversal, replacement or late");
	o.since = command_now() - s->rejected_days * SEC_PER_DAY;
	return command_in_ledger("event", s, 0, list_events, &o);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = { { "void", run_void },
						     { "amend", run_amend },
						     { "show", run_show },
						     { "list", run_list },
						     { 0 } };

	return command_part(&command_event, parts, s, argc, argv);
}

const struct command command_event = {
	.name = "event",
	.usage = "event void|amend|show|list [ID] [ARGUMENT...]",
	.summary = "list and show events, and correct them",
	.help = "  event void ID [--source SOURCE] [--account SID] --reason TEXT [--author NAME]\n"
		"      Takes the event's amounts away again, by a fact that reverses it; prints "
		"SID=the correction's SID.\n\n"
		"  event amend ID [--source SOURCE] [--account SID] --reason TEXT [--author NAME] "
		"--FIELD VALUE...\n"
		"      Reverses it and puts another fact in its place, in which these fields are "
		"others: time, category, count,\n"
		"      usage, price, customer, sim, fleet, network, iso_country, data_upload, "
		"data_download. An empty value takes a\n"
		"      field away.\n\n"
		"  event show ID [--source SOURCE] [--account SID]\n"
		"      The event as it came, a field a line, its state and corrections, and what "
		"counts for it now.\n\n"
		"  event list [--account SID] [--state STATE]\n"
		"      Events by their effective times, the newest first, of all accounts or of "
		"one with its subaccounts, one a line,\n"
		"      fields apart by tabs: account, source, id, time, effective time, category, "
		"count, usage, price and state.\n"
		"      STATE is current, amended, void, reversal, replacement, or late: events "
		"that take effect after their own\n"
		"      time, and behind them those that were rejected for being late, as far as "
		"they are kept.\n\n"
		"Nothing is overwritten: reports follow the sums. Voiding an event that is void "
		"does nothing. The source is needed\n"
		"only where events of several sources have that id, the account only where events "
		"of several main accounts have that\n"
		"source and id. The author is \"console\", with --author \"console (NAME)\".\n",
	.run = run
};
