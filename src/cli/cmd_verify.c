/*
 * cmd_verify.c - checks the data derived from events (rollups).
 */
#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/decimal.h"
#include "base/strbuf.h"
#include "cli/progress.h"
#include "store/account.h"
#include "store/category.h"
#include "store/meta.h"
#include "store/verify.h"
#include "usage/trigger.h"
#include "base/banned.h"

#define DIFFERENCES_SHOWN 100

/*
 * The names for reporting differences. The names are read first, since the
 * store is busy during the check.
 */
struct verify_report {
	struct account *accounts;
	size_t n_accounts;
	struct category *categories;
	size_t n_categories;
	struct progress progress;
};

static const char *account_sid(const struct verify_report *report, int64_t id)
{
	for (size_t i = 0; i < report->n_accounts; i++)
		if (report->accounts[i].id == id)
			return report->accounts[i].sid;
	return "an unknown account";
}

static const char *category_name(const struct verify_report *report, int64_t id)
{
	for (size_t i = 0; i < report->n_categories; i++)
		if (report->categories[i].id == id)
			return report->categories[i].name;
	return "an unknown category";
}

static void add_slot(struct strbuf *out, enum level level, int64_t slot)
{
	char text[INSTANT_TEXT];
	struct date d;

	if (level == LEVEL_MONTH) {
		strbuf_addf(out, "%04" PRId64 "-%02" PRId64, floor_div(slot, 12),
			    slot - floor_div(slot, 12) * 12 + 1);
	} else if (level == LEVEL_DAY) {
		d = date_from_days(slot);
		date_format(text, d);
		strbuf_add(out, text);
	} else {
		instant_format(text, slot * SLOT_SEC * USEC_PER_SEC);
		strbuf_add(out, text);
	}
}

/* Adds ", count 3 instead of 4" if HAVE and WANT differ. */
static void add_amount(struct strbuf *out, const struct amount_info *info, int64_t have,
		       int64_t want)
{
	char a[DECIMAL_TEXT], b[DECIMAL_TEXT];

	if (have == want)
		return;
	decimal_format(a, have, info->places);
	decimal_format(b, want, info->places);
	strbuf_addf(out, ", %s %s instead of %s", info->name, a, b);
}

static void print_difference(void *arg, const struct rollup *want, const struct rollup *have)
{
	static const struct rollup none;
	struct verify_report *report = arg;
	const struct rollup *which = want ? want : have, *w = want ? want : &none,
			    *h = have ? have : &none;
	struct strbuf line;

	strbuf_init(&line, 4096);
	strbuf_addf(&line, "%s%s %s ", which->account < 0 ? "subaccounts of " : "",
		    account_sid(report, which->account < 0 ? -which->account : which->account),
		    category_name(report, which->category));
	add_slot(&line, which->level, which->slot);
	if (which->series)
		strbuf_addf(&line, " series %" PRId64, which->series);
	strbuf_add(&line, !have ? ": missing" : !want ? ": should not be there" : ": differs");
	for (int i = 0; i < AMOUNTS; i++)
		add_amount(&line, &amount_infos[i], h->amounts.n[i], w->amounts.n[i]);
	progress_end(&report->progress);
	puts(line.text);
	strbuf_release(&line);
}

static void print_fault(void *arg, const char *words)
{
	struct verify_report *report = arg;

	progress_end(&report->progress);
	puts(words);
}

static void show_progress(void *arg, int64_t done, int64_t all)
{
	struct verify_report *report = arg;

	progress_show(&report->progress, done, all, done);
}

static struct verify_calls calls_of(struct verify_report *report)
{
	return (struct verify_calls) { .limit = DIFFERENCES_SHOWN,
				       .difference = print_difference,
				       .fault = print_fault,
				       .progress = show_progress,
				       .arg = report };
}

static void print_trigger(void *arg, const struct trigger *t, struct decimal have,
			  struct decimal want)
{
	char a[DECIMAL_TEXT], b[DECIMAL_TEXT];

	(void)arg;
	decimal_format(a, have.n, have.places);
	decimal_format(b, want.n, want.places);
	printf("trigger %s: value %s instead of %s\n", t->sid, a, b);
}

/* Adds the number of triggers whose values are wrong to *N. */
static int verify_triggers(struct store *st, size_t *n, struct error *err)
{
	size_t wrong = 0;
	int rc;

	if (store_begin_read(st, err) < 0)
		return -1;
	rc = triggers_verify(st, print_trigger, NULL, &wrong, err);
	store_end(st);
	*n += wrong;
	return rc;
}

/* What is to be verified, and what was found. */
struct verify_work {
	const char *account; /* of the family; NULL: the whole ledger */
	size_t n;            /* differences */
	int64_t events;
};

/* *RET is the main account of the account W->account. */
static int find_family(struct store *st, const struct verify_work *w, struct arena *arena,
		       int64_t *ret, struct error *err)
{
	struct account a;
	int64_t id;

	if (command_account_id(st, arena, "account", w->account, &id, err) < 0 ||
	    store_account_by_id(st, id, arena, &a, err) < 0)
		return -1;
	*ret = a.parent ? a.parent : a.id;
	return 0;
}

static int verify(struct store *st, struct verify_report *report, struct arena *arena,
		  struct verify_work *w, struct error *err)
{
	struct verify_calls calls = calls_of(report);
	struct verify_families only = { .n = 1 };
	int64_t family = 0;
	int rc;

	if (w->account && find_family(st, w, arena, &family, err) < 0)
		return -1;
	only.ids = &family;
	if (store_accounts(st, 0, arena, &report->accounts, &report->n_accounts, err) < 0 ||
	    store_categories(st, arena, &report->categories, &report->n_categories, err) < 0)
		return -1;
	progress_begin(&report->progress, "verifying", "steps");
	rc = store_verify(st, w->account ? &only : NULL, &calls, &w->n, &w->events, err);
	progress_end(&report->progress);
	return rc < 0 ? -1 : verify_triggers(st, &w->n, err);
}

static int write_result(struct store *st, int64_t when, const struct verify_work *w)
{
	int64_t before = 0;

	if (store_meta(st, META_DIFFERENCES, &before, NULL) < 0)
		return -1;
	/* one family says nothing about the others */
	if (w->account)
		return (int64_t)w->n > before
			       ? store_meta_set(st, META_DIFFERENCES, (int64_t)w->n, NULL)
			       : 0;
	return store_meta_set(st, META_VERIFIED, when, NULL) < 0 ||
			       store_meta_set(st, META_VERIFIED_WHOLE, when, NULL) < 0 ||
			       store_meta_set(st, META_DIFFERENCES, (int64_t)w->n, NULL) < 0
		       ? -1
		       : 0;
}

/*
 * Records the result for the health page. Ignores failures, since verifying
 * must also work for a caller who can only read the ledger.
 */
static void note(const struct settings *s, int64_t when, const struct verify_work *w)
{
	struct store *st;

	if (store_open(s->database, STORE_WRITE, s->busy_timeout_ms, &st, NULL) < 0)
		return;
	if (store_begin_write(st, NULL) == 0 && write_result(st, when, w) == 0)
		store_commit(st, NULL);
	store_close(&st);
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct verify_report report = { 0 };
	struct error err = { 0 };
	struct arena arena;
	struct store *st;
	int64_t when = command_now();
	struct verify_work w = { 0 };
	const struct command_option options[] = { { "account", .text = &w.account }, { 0 } };
	int rc;

	if (!command_only_options(&command_verify, options, argc, argv, &rc))
		return rc;
	st = command_open("verify", s, 0);
	if (!st)
		return EXIT_FAILED;
	command_note_move("verify", st);
	arena_init(&arena);
	rc = verify(st, &report, &arena, &w, &err);
	arena_release(&arena);
	store_close(&st);
	if (rc < 0)
		return command_fail("verify", &err);
	note(s, when, &w);
	if (w.n > DIFFERENCES_SHOWN)
		printf("... and %zu more\n", w.n - DIFFERENCES_SHOWN);
	printf("%" PRId64 " events, %zu differences\n", w.events, w.n);
	return w.n ? EXIT_FAILED : EXIT_DONE;
}

const struct command command_verify = {
	.name = "verify",
	.usage = "verify [--account SID]",
	.summary = "recompute every rollup from the events and compare",
	.help = "Adds up all events again and compares with the rollups that reports are made "
		"from; checks that each event is\n"
		"found where it takes effect, that corrections have the facts that they "
		"should, and triggers their values. Prints each difference, and exits\n"
		"with 1 if there is any. Can run while the ledger is in use. With --account, "
		"only the account's family\n"
		"(its main account with all subaccounts) is verified.\n",
	.run = run
};
