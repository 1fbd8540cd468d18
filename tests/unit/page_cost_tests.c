/*
 * page_cost_tests.c - the number of statements that a page takes.
 */
#include <check.h>
#include "fixture.h"
#include "suite.h"

#include "page_fixture.h"
#include "base/banned.h"

static char dir[FOLDER_TEXT];
static struct page_bench bench;

static void setup(void)
{
	const char *srcdir = getenv("srcdir");

	arena_init(&arena);
	folder_make(dir);
	page_bench_init(&bench, dir, srcdir ? srcdir : "..");
}

static void teardown(void)
{
	page_bench_release(&bench);
	arena_release(&arena);
	folder_remove(dir);
}

/*
 * The statements of an answer once the caches are warm: the fewest of some
 * answers, since on PostgreSQL other work of the server may make a cache stale.
 * BEFORE, or NULL: runs before each.
 */
static int64_t statements_of(const struct page_shape *shape, void (*before)(void))
{
	enum { TRIES = 5 };
	int64_t fewest = INT64_MAX;

	for (int i = 0; i <= TRIES; i++) {
		/* the first answer opens the ledger */
		int64_t asked = i ? store_statements(bench.worker.store) : 0, n;
		struct page_answer a;

		if (before)
			before();
		a = page_ask(&bench, shape);
		ck_assert_msg(a.status == 200, "%s: status %d", shape->uri, a.status);
		n = store_statements(bench.worker.store) - asked;
		if (i && n < fewest)
			fewest = n;
	}
	return fewest;
}

START_TEST(a_page_takes_few_statements)
{
	const struct page_shape *shape = &page_shapes[_i];
	/* in several places, the report and its key figures ask where the accounts are */
	int most = shape->statements + (test_places() > 1 ? 2 : 0);
	int64_t n = statements_of(shape, NULL);

	ck_assert_msg(n <= most, "%s: %d statements instead of %d", shape->name, (int)n, most);
}
END_TEST

/*
 * On PostgreSQL, each statement is a round trip. A page takes one for its rows and
 * one for the version of the ledger, with which its read begins. What seldom changes
 * is guessed, and confirmed with the rows.
 */
static void check_round_trips(void (*before)(void))
{
	static const char *const names[] = { "Daily, 50 categories",
					     "Daily, 50 days of a category",
					     "Daily, PageSize 1000",
					     "Monthly",
					     "AllTime",
					     "Records over an odd range",
					     "GET /events of 50" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (int k = 0; k < PAGE_SHAPES; k++) {
			if (strcmp(page_shapes[k].name, names[i]) != 0)
				continue;
			int64_t n = statements_of(&page_shapes[k], before);
			ck_assert_msg(n <= 2, "%s: %d", names[i], (int)n);
		}
}

static void commit_something(void)
{
	ck_assert_msg(place_exec("SELECT pg_current_xact_id()", &err) == 0, "%s", err.message);
}

START_TEST(a_page_takes_two_round_trips)
{
	check_round_trips(NULL);
}
END_TEST

START_TEST(a_page_takes_two_round_trips_after_a_commit)
{
	check_round_trips(commit_something);
}
END_TEST

/* The same with longer pages and ranges. */
static const struct {
	const char *shorter, *longer;
} pairs[] = {
	{ "/Daily.json?Category=cat-5&PageSize=5", "/Daily.json?Category=cat-5&PageSize=80" },
	{ "/Daily.json?PageSize=10", "/Daily.json?PageSize=1000" },
	{ "/Monthly.json?Category=cat-5&StartDate=2026-11-01", "/Monthly.json?Category=cat-5" },
	{ ".json?StartDate=2026-11-03&EndDate=2026-11-17",
	  ".json?StartDate=2026-09-03&EndDate=2026-11-17" },
};

START_TEST(longer_pages_and_ranges_take_no_more_statements)
{
	struct page_shape shorter = { .uri = arena_join(&arena, PAGE_RECORDS, pairs[_i].shorter,
							NULL) },
			  longer = { .uri = arena_join(&arena, PAGE_RECORDS, pairs[_i].longer,
						       NULL) };

	ck_assert_int_eq(statements_of(&shorter, NULL), statements_of(&longer, NULL));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("page_cost");
	TCase *tc = tcase_create("page_cost");

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_page_takes_few_statements, 0, PAGE_SHAPES);
	tcase_add_loop_test(tc, longer_pages_and_ranges_take_no_more_statements, 0,
			    sizeof(pairs) / sizeof(pairs[0]));
	if (test_database()) {
		tcase_add_test(tc, a_page_takes_two_round_trips);
		tcase_add_test(tc, a_page_takes_two_round_trips_after_a_commit);
	}
	suite_add_tcase(s, tc);
	return run_suite(s);
}
