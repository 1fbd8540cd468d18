/* event.c - events one by one: what became of one, and corrections. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "usage/correct.h"
#include "base/banned.h"

static const char *const kind_names[] = { [CORRECTION_VOID] = "void", [CORRECTION_AMEND] = "amend" };

/* ---- void and amend ---- */

struct order {
	struct correct correct;
	struct raw_event change;
	struct correction made;
	bool done_before;
};

static int correct(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct order *o = arg;

	return correct_event(st, &o->correct, arena, &o->made, &o->done_before, err);
}

/* The fields that were given; how many. */
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

/* Behind the N that are there. */
static void add_field_options(struct command_option *options, size_t n, const char *texts[EVENT_FIELDS])
{
	for (int f = 0; f < EVENT_FIELDS; f++) {
		if (correct_may_change((enum event_field)f))
			options[n++] = (struct command_option){ event_fields[f].name, .text = &texts[f] };
	}
}

static int run_order(struct order *o, const struct settings *s, int argc, char **argv)
{
	struct correct *c = &o->correct;
	const char *texts[EVENT_FIELDS] = { NULL };
	struct command_option options[EVENT_FIELDS + 4] = {
		{ "source", .text = &c->source }, { "reason", .text = &c->reason }, { "author", .text = &c->author },
	};
	struct principal by = principal_console;
	struct error err = { 0 };
	struct arena arena;
	int rc;

	if (c->kind == CORRECTION_AMEND)
		add_field_options(options, 3, texts);
	if (!command_options(&command_event, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_event, "%s needs one event's id", argv[0]);
	if (!c->reason)
		return command_wrong(&command_event, "--reason is missing");
	if (c->kind == CORRECTION_AMEND && take_fields(texts, &o->change) == 0)
		return command_wrong(&command_event, "what shall be amended is missing, such as --usage 2.5");
	c->id = argv[1];
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
	struct order o = { .correct = { .kind = CORRECTION_VOID } };

	return run_order(&o, s, argc, argv);
}

static int run_amend(const struct settings *s, int argc, char **argv)
{
	struct order o = { .correct = { .kind = CORRECTION_AMEND } };

	return run_order(&o, s, argc, argv);
}

/* ---- show ---- */

struct shown {
	const char *source, *id;
};

static int print_fields(struct store *st, const struct catalogue *c, const struct stored_event *e, struct arena *arena, struct error *err)
{
	struct raw_event raw;
	char effective[INSTANT_TEXT];

	if (event_texts(st, c, e, arena, &raw, err) < 0)
		return -1;
	for (int f = 0; f < EVENT_FIELDS; f++) {
		if (raw.field[f].text)
			printf("%s\t%s\n", event_fields[f].name, raw.field[f].text);
	}
	if (e->effective_us != e->time_us) {
		instant_format(effective, e->effective_us);
		printf("effective_time\t%s\n", effective);
	}
	return 0;
}

static int print_corrections(struct store *st, const struct stored_event *e, struct arena *arena, struct error *err)
{
	struct correction *list;
	size_t n;

	if (store_corrections(st, e->source, e->id, e->id_len, arena, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		printf("%s\t%s\t", kind_names[list[i].kind], list[i].sid);
		command_print_time(list[i].made, '\t');
		printf("%s\t%s\n", list[i].author, list[i].reason);
	}
	return 0;
}

static int print_event(struct store *st, const struct catalogue *c, const struct stored_event *e, struct arena *arena, struct error *err)
{
	enum event_state state;
	struct stored_event now;

	if (print_fields(st, c, e, arena, err) < 0 || event_state(st, e, &state, err) < 0)
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
	const struct catalogue *c;
	struct stored_event e;

	if (event_find(st, shown->source, shown->id, NULL, arena, &e, err) < 0 || catalogue_load(st, arena, &c, err) < 0)
		return -1;
	return print_event(st, c, &e, arena, err);
}

static int run_show(const struct settings *s, int argc, char **argv)
{
	struct shown shown = { 0 };
	const struct command_option options[] = { { "source", .text = &shown.source }, { 0 } };
	int rc;

	if (!command_options(&command_event, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_event, "show needs one event's id");
	shown.id = argv[1];
	return command_in_ledger("event", s, 0, show, &shown);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = {
		{ "void", run_void }, { "amend", run_amend }, { "show", run_show }, { 0 }
	};

	return command_part(&command_event, parts, s, argc, argv);
}

const struct command command_event = {
	.name = "event",
	.usage = "event void|amend|show ID [ARGUMENT...]",
	.summary = "show an event, and correct it by new facts",
	.help = "  event void ID [--source SOURCE] --reason TEXT [--author NAME]\n"
		"      Takes the event's amounts away again, by a fact that reverses it; prints SID=the correction's SID.\n\n"
		"  event amend ID [--source SOURCE] --reason TEXT [--author NAME] --FIELD VALUE...\n"
		"      Reverses it and puts another fact in its place, in which these fields are others: time, category, count,\n"
		"      usage, price, customer, sim, fleet, network, iso_country, data_upload, data_download. An empty value takes a\n"
		"      field away.\n\n"
		"  event show ID [--source SOURCE]\n"
		"      The event as it came, a field a line, its state and corrections, and what counts for it now.\n\n"
		"Nothing is overwritten: reports follow the sums. What is so already is not done again. The source is needed only\n"
		"where several have an event of that id. The author is \"console\", with --author\n"
		"\"console (NAME)\".\n",
	.run = run
};
