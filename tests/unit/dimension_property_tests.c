/*
 * dimension_property_tests.c - random questions about usage with declared
 * dimensions, grouped by up to two and filtered by any number, against the sums
 * of the events themselves.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "usage/admin.h"
#include "usage/backfill.h"
#include "usage/catalogue.h"
#include "usage/correct.h"
#include "usage/event_search.h"
#include "usage/report.h"
#include "ledger_fixture.h"
#include "suite.h"
#include "base/banned.h"

enum { EVENTS_MAX = 3000, QUESTIONS = 1500, DAYS = 50, TRIED = 4, LINES_MAX = 400 };

#define DAY_SEC 86400
#define BEGIN   (NOW_US / USEC_PER_SEC - (int64_t)DAYS * DAY_SEC)

/* ---- chance ---- */

static uint64_t state;

static int chance(int n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int)((state >> 33) % (uint64_t)n);
}

/* ---- events ---- */

/* The dimensions that events have here, with their values; NULL: none. */
static const struct tried {
	int dimension;
	const char *name;
	const char *values[5];
} tried[TRIED] = {
	{ DIM_CUSTOMER, "customer", { "anna", "ben", "bert", NULL } },
	{ DIM_COUNTRY, "iso_country", { "AT", "DE", NULL } },
	{ DIMENSIONS_BUILT_IN, "team", { "red", "rust", "blue, \"b\"", "red", NULL } },
	{ DIMENSIONS_BUILT_IN + 1, "region", { "eu-1", "eu-2", "us", NULL } },
};

struct fact {
	int account;          /* 0, 1 */
	const char *category; /* its name */
	int64_t sec;
	int64_t count, price;
	const char *value[TRIED]; /* "": none */
};

static struct fact facts[EVENTS_MAX];
static int n_facts;

static const char *some_value(const struct tried *t)
{
	int n = 0;

	while (t->values[n])
		n++;
	n = chance(n + 1);
	return t->values[n] ? t->values[n] : "";
}

static struct fact some_fact(void)
{
	static const char *const categories[] = { "calls-inbound", "calls-outbound", "calls" };
	struct fact f = { .account = chance(2),
			  .category = categories[chance(3)],
			  .sec = BEGIN + chance(DAYS * DAY_SEC),
			  .count = 1 + chance(3),
			  .price = 1 + chance(1000) };

	for (int i = 0; i < TRIED; i++)
		f.value[i] = chance(3) ? some_value(&tried[i]) : "";
	return f;
}

/* The attributes of the fact, as ingest/members.c writes them. */
static const char *attributes_of(const struct fact *f)
{
	const char *text = "";

	for (int i = TRIED - 1; i >= 2; i--) {
		const char *value = strchr(f->value[i], '"') ? "blue, \\\"b\\\"" : f->value[i];

		if (*value)
			text = arena_join(&arena, text, *text ? "," : "{", "\"", tried[i].name,
					  "\":\"", value, "\"", NULL);
	}
	return *text ? arena_join(&arena, text, "}", NULL) : NULL;
}

static void put_fact(struct bench *b, const struct fact *f, int n)
{
	struct raw_event raw = good_event();
	char time[INSTANT_TEXT];

	instant_format(time, f->sec * USEC_PER_SEC);
	set_field(&raw, EV_ID, arena_printf(&arena, "e%d", n));
	set_field(&raw, EV_SUBJECT, f->account ? OTHER_SID : MAIN_SID);
	set_field(&raw, EV_TIME, time);
	set_field(&raw, EV_CATEGORY, f->category);
	set_field(&raw, EV_COUNT, arena_printf(&arena, "%d", (int)f->count));
	set_field(&raw, EV_PRICE, arena_printf(&arena, "0.%09d", (int)f->price));
	set_field(&raw, EV_CUSTOMER, f->value[0]);
	set_field(&raw, EV_COUNTRY, f->value[1]);
	raw.attributes.text = attributes_of(f);
	raw.attributes.len = raw.attributes.text ? strlen(raw.attributes.text) : 0;
	OK(put(b, &raw));
}

static void declare(struct store *st, const char *name)
{
	struct admin a = { .st = st,
			   .arena = &arena,
			   .by = &principal_console,
			   .author = "console",
			   .now_us = NOW_US };

	OK(store_begin_write(st, &err));
	OK(admin_dimension_add(&a, name, name, &err));
	OK(store_commit(st, &err));
}

/* ---- questions ---- */

struct question {
	struct report_query q;
	struct account accounts[2];
	int first, second; /* indexes in TRIED; -1: none */
};

static struct account account_of(const struct bench *b, int i)
{
	struct account a = { .id = i ? b->other_id : b->main_id, .name = "a", .currency = "usd" };

	snprintf(a.sid, sizeof(a.sid), "%s", i ? OTHER_SID : MAIN_SID);
	return a;
}

static void some_filters(struct report_query *q)
{
	for (int i = 0; i < TRIED; i++) {
		const char *value = chance(4) ? "" : some_value(&tried[i]);
		int d = tried[i].dimension;

		if (!*value)
			continue;
		q->prefix[d] = chance(2);
		q->dim[d] = q->prefix[d] ? arena_strn(&arena, value, (size_t)chance(3)) : value;
	}
}

static void some_question(const struct bench *b, const struct catalogue *c, struct question *ret)
{
	static const enum period periods[] = { PERIOD_DAY, PERIOD_MONTH, PERIOD_HOUR, PERIOD_ALL };
	struct report_query *q = &ret->q;
	int first = chance(3);

	*ret = (struct question) { .first = chance(TRIED), .second = -1 };
	ret->accounts[0] = account_of(b, first % 2);
	ret->accounts[1] = account_of(b, 1);
	q->accounts = ret->accounts;
	q->n_accounts = first ? 1 : 2;
	q->zone = zone_find(NULL);
	q->period = periods[chance(4)];
	/* often in the quarter hour of an event */
	q->from = facts[chance(n_facts)].sec - chance(600);
	q->to = q->from + chance(30 * DAY_SEC);
	if (chance(2)) {
		q->from -= q->from % DAY_SEC;
		q->to -= q->to % DAY_SEC;
		q->to = q->to < q->from ? q->from : q->to;
	}
	q->category = chance(2) ? CATALOGUE_NONE : catalogue_find(c, "calls", 5);
	q->by = (enum group_by)chance(4);
	if (q->by != GROUP_DIMENSION)
		ret->first = -1;
	else
		q->dimension = (enum dimension)tried[ret->first].dimension;
	if (q->by != GROUP_NONE && chance(2))
		ret->second = chance(TRIED);
	if (ret->second == ret->first)
		ret->second = -1;
	if (ret->second >= 0) {
		q->paired = true;
		q->second = (enum dimension)tried[ret->second].dimension;
	}
	some_filters(q);
}

/* ---- the answer from the events ---- */

struct want {
	const char *key, *second;
	int account; /* -1: none */
	int64_t count, price;
	bool found;
};

struct wants {
	struct want list[LINES_MAX];
	size_t n;
};

static bool fact_counts(const struct question *x, const struct fact *f, int64_t from, int64_t to)
{
	bool account = false;

	if (!f->count) /* void */
		return false;

	for (size_t i = 0; i < x->q.n_accounts; i++)
		account = account ||
			  strcmp(x->accounts[i].sid, f->account ? OTHER_SID : MAIN_SID) == 0;
	for (int i = 0; i < TRIED; i++) {
		const char *text = x->q.dim[tried[i].dimension];

		if (text && (x->q.prefix[tried[i].dimension]
				     ? !*f->value[i] || strncmp(f->value[i], text, strlen(text))
				     : strcmp(f->value[i], text) != 0))
			return false;
	}
	return account && f->sec >= from && f->sec < to;
}

static struct want *find_want(struct wants *w, const char *key, const char *second, int account)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->list[i].key, key) == 0 && strcmp(w->list[i].second, second) == 0 &&
		    w->list[i].account == account)
			return &w->list[i];
	return NULL;
}

static void add_fact(const struct question *x, const struct fact *f, struct wants *w)
{
	const char *key = "", *second = x->second >= 0 ? f->value[x->second] : "";
	bool owned = x->q.by == GROUP_ACCOUNT || (x->first == 0 && *f->value[0]) ||
		     (x->second == 0 && *f->value[0]);
	struct want *want;

	if (x->q.by == GROUP_CATEGORY)
		key = x->q.category == CATALOGUE_NONE     ? "calls"
		      : strcmp(f->category, "calls") == 0 ? ""
							  : f->category;
	else if (x->q.by == GROUP_ACCOUNT)
		key = f->account ? OTHER_SID : MAIN_SID;
	else if (x->first >= 0)
		key = f->value[x->first];
	want = find_want(w, key, second, owned ? f->account : -1);
	if (!want) {
		ck_assert_uint_lt(w->n, LINES_MAX);
		want = &w->list[w->n++];
		*want = (struct want) { key, second, owned ? f->account : -1, 0, 0, false };
	}
	want->count += f->count;
	want->price += f->price;
}

static struct wants add_up(const struct question *x, int64_t from, int64_t to)
{
	struct wants w = { .n = 0 };

	for (int i = 0; i < n_facts; i++)
		if (fact_counts(x, &facts[i], from, to))
			add_fact(x, &facts[i], &w);
	return w;
}

/* ---- comparing ---- */

static const char *words_of(const struct question *x)
{
	const char *words = arena_printf(
		&arena, "%d accounts, by %d, dimension %d, second %d, period %d, %ld to %ld%s",
		(int)x->q.n_accounts, x->q.by, x->first, x->second, x->q.period, (long)x->q.from,
		(long)x->q.to, x->q.category == CATALOGUE_NONE ? "" : ", calls");

	for (int d = 0; d < DIMENSIONS; d++)
		if (x->q.dim[d])
			words = arena_join(&arena, words, ", filter ", x->q.dim[d],
					   x->q.prefix[d] ? "*" : "", NULL);
	return words;
}

static struct want *want_of(struct wants *w, const struct report_line *line)
{
	int account = !line->account ? -1 : strcmp(line->account->sid, OTHER_SID) == 0;
	struct want *want = find_want(w, line->key, line->second, account);

	ck_assert_msg(want != NULL, "a line \"%s\", \"%s\" of account %d", line->key, line->second,
		      account);
	return want;
}

static void check_amounts(const struct report_line *line, const struct amounts_wide *have,
			  const struct want *want)
{
	ck_assert_int_eq((int64_t)have->price, want->price);
	if (line->category != CATALOGUE_NONE)
		ck_assert_int_eq((int64_t)have->count, want->count);
}

static void check_lines(const struct question *x, const struct report *r)
{
	struct wants w = add_up(x, x->q.from, x->q.to);

	for (size_t i = 0; i < r->n_lines; i++) {
		struct want *want = want_of(&w, r->lines[i]);

		ck_assert(!want->found);
		want->found = true;
		check_amounts(r->lines[i], &r->lines[i]->all, want);
	}
	ck_assert_uint_eq(r->n_lines, w.n);
}

static void check_buckets(const struct question *x, const struct report *r)
{
	for (size_t k = 0; k < r->n_buckets; k++) {
		struct wants w = add_up(x, r->starts[k], r->starts[k + 1]);
		size_t used = 0;

		for (size_t i = 0; i < r->n_lines; i++) {
			struct report_line *line = r->lines[i];

			if (amounts_wide_zero(&line->buckets[k]))
				continue;
			used++;
			check_amounts(line, &line->buckets[k], want_of(&w, line));
		}
		ck_assert_uint_eq(used, w.n);
	}
}

static void check_cells(const struct question *x, const struct report *r)
{
	size_t n = 0;

	for (size_t k = 0; k < r->n_buckets; k++)
		n += add_up(x, r->starts[k], r->starts[k + 1]).n;
	ck_assert_uint_eq(r->n_cells, n);
	for (size_t i = 0; i < r->n_cells; i++) {
		const struct report_cell *cell = &r->cells[i];
		struct wants w = add_up(x, r->starts[cell->bucket], r->starts[cell->bucket + 1]);

		check_amounts(cell->line, &cell->totals, want_of(&w, cell->line));
	}
}

static void ask(struct bench *b, const struct catalogue *c, const struct question *x, int n)
{
	struct report r;

	OK(report_load(b->st, c, &x->q, &arena, &r, &err));
	check_lines(x, &r);
	if (x->q.period == PERIOD_HOUR)
		return;
	if (n % 2) {
		OK(report_load_cells(b->st, c, &x->q, &arena, &r, &err));
		check_cells(x, &r);
	} else {
		OK(report_load_buckets(b->st, c, &x->q, &arena, &r, r.n_lines, &err));
		check_buckets(x, &r);
	}
}

static void ask_all(struct bench *b, int questions)
{
	const struct catalogue *c;
	struct arena kept = arena;

	arena_init(&arena);
	OK(store_begin_read(b->st, &err));
	OK(catalogue_load(b->st, &kept, &c, &err));
	for (int i = 0; i < questions; i++) {
		struct question x;

		some_question(b, c, &x);
		ROW("question %d: %s", i, words_of(&x));
		ask(b, c, &x, i);
		arena_reset(&arena);
	}
	store_end(b->st);
	arena_release(&arena);
	arena = kept;
}

static void make_facts(int n)
{
	const char *seed = getenv("SEED");

	state = seed ? (uint64_t)atoll(seed) : 20261130;
	n_facts = n;
	for (int i = 0; i < n; i++)
		facts[i] = some_fact();
}

static void put_facts(struct bench *b, int from, int to)
{
	for (int i = from; i < to; i++) {
		put_fact(b, &facts[i], i);
		if (i % 50 == 49 || i == to - 1)
			commit(b);
	}
}

START_TEST(reports_by_dimensions_are_the_sums_of_their_events)
{
	struct bench b = open_bench(":memory:", &any_account);

	make_facts(400);
	declare(b.st, "team");
	declare(b.st, "region");
	put_facts(&b, 0, n_facts);
	ask_all(&b, QUESTIONS);
	close_bench(&b);
}
END_TEST

/* The list of events has as many as the question counts. */
static void ask_events(struct bench *b, const struct catalogue *c, const struct question *x)
{
	int64_t accounts[2];
	struct event_query q = { .accounts = accounts,
				 .n_accounts = x->q.n_accounts,
				 .from_us = x->q.from * USEC_PER_SEC,
				 .to_us = x->q.to * USEC_PER_SEC,
				 .category = x->q.category,
				 .state = -1 };
	struct found_events found;
	size_t want = 0;

	for (size_t i = 0; i < x->q.n_accounts; i++)
		accounts[i] = x->accounts[i].id;
	memcpy(q.dim, x->q.dim, sizeof(q.dim));
	memcpy(q.prefix, x->q.prefix, sizeof(q.prefix));
	for (int i = 0; i < n_facts; i++)
		want += fact_counts(x, &facts[i], x->q.from, x->q.to);
	OK(event_search(b->st, &q,
			&(struct event_page) { .catalogue = c, .slice = { .limit = EVENTS_MAX } },
			&arena, &found, &err));
	ck_assert_uint_eq(found.n, want);
}

START_TEST(lists_of_events_by_dimensions_have_the_events_of_reports)
{
	struct bench b = open_bench(":memory:", &any_account);
	const struct catalogue *c;

	make_facts(400);
	declare(b.st, "team");
	declare(b.st, "region");
	put_facts(&b, 0, n_facts);
	OK(store_begin_read(b.st, &err));
	OK(catalogue_load(b.st, &arena, &c, &err));
	for (int i = 0; i < 500; i++) {
		struct question x;

		some_question(&b, c, &x);
		ROW("question %d: %s", i, words_of(&x));
		ask_events(&b, c, &x);
	}
	store_end(b.st);
	close_bench(&b);
}
END_TEST

/* ---- filling in ---- */

/* Corrects an event: it is void, or has another price and maybe time. */
static void correct_fact(struct bench *b, int i, bool voided)
{
	struct raw_event change = { 0 };
	struct correct c = { .kind = voided ? CORRECTION_VOID : CORRECTION_AMEND,
			     .event = { .id = arena_printf(&arena, "e%d", i) },
			     .change = &change,
			     .author = "console",
			     .reason = "r",
			     .now_us = NOW_US,
			     .ahead_us = AHEAD_US };
	struct correction made;
	char time[INSTANT_TEXT];
	bool before;

	facts[i].price = voided ? 0 : facts[i].price + 1;
	facts[i].count = voided ? 0 : facts[i].count;
	if (!voided)
		facts[i].sec = BEGIN + chance(DAYS * DAY_SEC);
	instant_format(time, facts[i].sec * USEC_PER_SEC);
	set_field(&change, EV_TIME, time);
	set_field(&change, EV_PRICE, arena_printf(&arena, "0.%09d", (int)facts[i].price));
	OK(store_begin_write(b->st, &err));
	OK(correct_event(b->st, &c, &arena, &made, &before, &err));
	OK(store_commit(b->st, &err));
}

/* One step, as a process of its own would make it. */
static bool fill_step(struct bench *b, const char *name, size_t events)
{
	struct admin a = { .st = b->st,
			   .arena = &arena,
			   .by = &principal_console,
			   .author = "console",
			   .now_us = NOW_US };
	struct declared d;
	bool done;

	OK(store_begin_write(b->st, &err));
	OK(backfill_begin(&a, name, &d, &done, &err));
	if (!done)
		OK(backfill_step(&a, &d, events, &done, &err));
	OK(store_commit(b->st, &err));
	return done;
}

/*
 * Dimensions are declared after most events, and filled in while others come
 * and are corrected. Each step is a process of its own, as after a kill.
 */
START_TEST(reports_by_filled_dimensions_are_as_if_they_had_been_there)
{
	struct bench b = open_bench(":memory:", &any_account);
	int next, steps = 0;

	make_facts(EVENTS_MAX);
	next = n_facts * 3 / 4;
	put_facts(&b, 0, next);
	for (int i = 0; i < 100; i++)
		correct_fact(&b, i, i % 2);
	declare(b.st, "team");
	declare(b.st, "region");
	for (int i = 0; i < 2; i++)
		while (!fill_step(&b, i ? "region" : "team", 100)) {
			if (++steps % 8 == 0)
				ck_assert_uint_eq(ledger_differences(b.st), 0);
			if (next == n_facts)
				continue;
			put_facts(&b, next, next + 10);
			next += 10;
			correct_fact(&b, 100 + steps, steps % 2);
		}
	put_facts(&b, next, n_facts);
	ck_assert_int_gt(steps, 30);
	ck_assert_uint_eq(ledger_differences(b.st), 0);
	ask_all(&b, 200);
	close_bench(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dimension properties");
	TCase *tc = tcase_create("dimension properties");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 240);
	tcase_add_test(tc, reports_by_dimensions_are_the_sums_of_their_events);
	tcase_add_test(tc, lists_of_events_by_dimensions_have_the_events_of_reports);
	tcase_add_test(tc, reports_by_filled_dimensions_are_as_if_they_had_been_there);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
