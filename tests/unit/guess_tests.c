/*
 * guess_tests.c - what a worker has guessed (store_guess) does not show: it
 * answers as one that has never read the ledger.
 */
#include <check.h>
#include <glib.h>
#include "fixture.h"
#include "suite.h"

#include "store/internal.h"
#include "page_fixture.h"
#include "store/rollup.h"
#include "base/banned.h"

#define NEW_SID "AC00000000000000000000000000000009"
#define SUB_0   "0000000000000000000000000000000"
#define SUB_1   "0000000000000000000000000000001"

static char dir[FOLDER_TEXT];
static struct page_bench bench;
static struct store *store; /* of another writer */

enum { UNMETERED = 10 };

/* More pages, whose answers need the first day, and the categories with usage. */
static const struct page_shape more[] = {
	{ .name = "all time of a new account",
	  .uri = "/2010-04-01/Accounts/" NEW_SID "/Usage/Records/AllTime.json",
	  .admin = true },
	{ .name = "all time", .uri = PAGE_RECORDS "/AllTime.json?PageSize=1000" },
	{ .name = "all time, own account alone",
	  .uri = PAGE_RECORDS "/AllTime.json?PageSize=1000&IncludeSubaccounts=false" },
};

/* An account that was created now, and categories that not everybody uses. */
static void add_more(struct store *st)
{
	struct account a = { .sid = NEW_SID,
			     .name = "New",
			     .currency = "usd",
			     .created = PAGE_NOW_US / USEC_PER_SEC };

	OK(store_begin_write(st, &err));
	OK(store_account_add(st, &a, &err));
	for (int i = 0; i < UNMETERED; i++) {
		struct category c = { .name = page_category(PAGE_CATEGORIES + i),
				      .description = "",
				      .count_unit = "calls",
				      .usage_unit = "minutes" };

		OK(store_category_add(st, &c, &err));
	}
	OK(store_commit(st, &err));
}

static void setup(void)
{
	const char *srcdir = getenv("srcdir");

	arena_init(&arena);
	folder_make(dir);
	page_bench_init(&bench, dir, srcdir ? srcdir : "..");
	OK(store_open(ledger_place(bench.path), STORE_WRITE, 1000, &store, &err));
	add_more(store);
}

static void teardown(void)
{
	store_close(&store);
	page_bench_release(&bench);
	arena_release(&arena);
	folder_remove(dir);
}

/* Stores an event of the account and category, so many days ago. */
static void add_event(const char *sid, int category, int days_ago, int n)
{
	struct ledger *l = ledger_new(store, &(struct ledger_options) { 0 });
	struct batch sent = { 0 };

	page_add_event_of(&sent, sid, category, days_ago, 3, n);
	OK(batch_store(&sent, l, &err));
	arena_release(&sent.arena);
	ledger_free(&l);
}

/* ---- answers ---- */

struct answer {
	struct output out;
	GString *text;
};

static int take(struct output *out, const struct iovec *parts, int n, bool last)
{
	struct answer *a = (struct answer *)out;

	(void)last;
	for (int i = 0; i < n; i++)
		g_string_append_len(a->text, parts[i].iov_base, (gssize)parts[i].iov_len);
	return 0;
}

static char *ask(struct worker *w, const struct page_shape *shape)
{
	struct answer a = { { take }, g_string_new(NULL) };
	char *head, *ret;

	ck_assert_int_eq(page_ask_worker(w, shape, &a.out), 0);
	head = strstr(a.text->str, "\r\n\r\n");
	ck_assert_msg(g_str_has_prefix(a.text->str, "Status: 200 ") && head, "%s: %.200s",
		      shape->uri, a.text->str);
	ret = g_strdup(head + 4);
	g_string_free(a.text, TRUE);
	return ret;
}

static void check_answer(struct worker *warm, struct worker *fresh, const struct page_shape *shape,
			 int round)
{
	char *have = ask(warm, shape), *want = ask(fresh, shape);

	ck_assert_msg(strcmp(have, want) == 0, "round %d, %s:\n%.2000s\ninstead of\n%.2000s", round,
		      shape->name, have, want);
	g_free(have);
	g_free(want);
}

static void check_answers(struct worker *warm, int round)
{
	struct worker fresh = { .settings = bench.settings,
				.secret = bench.secret,
				.table = ops,
				.slot = &bench.slot };

	worker_init(&fresh);
	for (size_t i = 0; i < G_N_ELEMENTS(more); i++)
		check_answer(warm, &fresh, &more[i], round);
	for (int i = 0; i < PAGE_SHAPES; i++)
		if (!strstr(page_shapes[i].uri, ".html"))
			check_answer(warm, &fresh, &page_shapes[i], round);
	worker_release(&fresh);
}

START_TEST(answers_after_a_change_are_those_of_a_new_worker)
{
	static const char *const sids[] = { PAGE_SID, "AC1" SUB_0, "AC1" SUB_1, NEW_SID };
	GRand *random = g_rand_new_with_seed(7);

	check_answers(&bench.worker, -1);
	for (int round = 0; round < 25; round++) {
		/* new first and last days, and categories that an account had not used */
		int category = g_rand_int_range(random, 0, PAGE_CATEGORIES + UNMETERED),
		    days_ago = g_rand_int_range(random, 0, round % 2 ? 400 : 90);
		const char *sid = sids[g_rand_int_range(random, 0, G_N_ELEMENTS(sids))];

		if (category == 2) /* totalprice has no events */
			continue;
		add_event(sid, category, days_ago, 100 + round);
		check_answers(&bench.worker, round);
	}
	g_rand_free(random);
}
END_TEST

/* ---- the store ---- */

static int64_t first_day(struct store *st)
{
	int64_t account = 1, version, day;

	/* as each request does; from then on the store knows what it sees */
	OK(store_version(st, &version, &err));
	OK(store_usage_days(st, &account, 1, false, &day, &err));
	return day;
}

START_TEST(a_wrong_guess_fails_the_next_question)
{
	int64_t day, used = 1;
	const int64_t *ids;
	size_t n;
	struct store *st;

	if (!test_database())
		return;
	OK(store_open(ledger_place(bench.path), 0, 1000, &st, &err));
	store_guess(st, true);
	OK(store_begin_read(st, &err));
	day = first_day(st);
	store_end(st);
	ck_assert(!store_misled(st));

	add_event(PAGE_SID, 3, 300, 0);
	OK(store_begin_read(st, &err));
	ck_assert_int_eq(first_day(st), day);
	ck_assert_int_eq(store_categories_used(st, &used, 1, &arena, &ids, &n, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	error_clear(&err);
	/* also if nobody looked at that error */
	ck_assert_int_eq(store_confirm(st, &err), -1);
	error_clear(&err);
	store_guess(st, false);
	ck_assert_int_eq(store_categories_used(st, &used, 1, &arena, &ids, &n, &err), -1);
	error_clear(&err);
	store_end(st);
	ck_assert(store_misled(st));

	store_guess(st, false);
	OK(store_begin_read(st, &err));
	ck_assert_int_lt(first_day(st), day);
	store_end(st);
	ck_assert(!store_misled(st));
	store_close(&st);
}
END_TEST

START_TEST(the_end_of_a_read_confirms_its_guesses)
{
	struct store *st;
	int64_t day;

	if (!test_database())
		return;
	OK(store_open(ledger_place(bench.path), 0, 1000, &st, &err));
	for (int wrong = 0; wrong < 2; wrong++) {
		store_guess(st, true);
		OK(store_begin_read(st, &err));
		day = first_day(st);
		store_end(st);
		add_event(PAGE_SID, 3, wrong ? 300 : 20, wrong);
		OK(store_begin_read(st, &err));
		ck_assert_int_eq(first_day(st), day);
		if (wrong)
			ck_assert_int_eq(store_confirm(st, &err), -1);
		error_clear(&err);
		store_end(st);
		ck_assert_int_eq(store_misled(st), wrong);
	}
	store_close(&st);
}
END_TEST

START_TEST(a_guess_that_nobody_confirmed_counts_as_wrong)
{
	struct store *st;
	int64_t pid, days;
	char sql[80];

	if (!test_database())
		return;
	OK(store_open(ledger_place(bench.path), 0, 1000, &st, &err));
	store_guess(st, true);
	OK(store_begin_read(st, &err));
	first_day(st);
	store_end(st);
	add_event(PAGE_SID, 3, 20, 0);
	OK(store_begin_read(st, &err));
	ck_assert_int_eq(store_one(prepare(st, "SELECT pg_backend_pid()", &err), &pid, &err), 1);
	first_day(st);
	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d, 5000)", (int)pid);
	OK(place_exec(sql, &err));
	ck_assert_int_eq(store_confirm(st, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	error_clear(&err);
	store_end(st);
	ck_assert(store_misled(st));

	store_guess(st, true);
	OK(store_begin_read(st, &err));
	days = first_day(st);
	store_end(st);
	ck_assert(!store_misled(st) && days > 0);
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guess");
	TCase *tc = tcase_create("guess");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, answers_after_a_change_are_those_of_a_new_worker);
	tcase_add_test(tc, a_wrong_guess_fails_the_next_question);
	tcase_add_test(tc, the_end_of_a_read_confirms_its_guesses);
	tcase_add_test(tc, a_guess_that_nobody_confirmed_counts_as_wrong);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
