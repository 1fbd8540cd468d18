/*
 * intern_tests.c - ids of names that are kept.
 */
#include <check.h>
#include <stdio.h>
#include "usage/event.h"
#include "batch.h"
#include "ledger_fixture.h"
#include "suite.h"
#include "base/banned.h"

START_TEST(many_names_do_not_fill_the_memory_or_lose_their_ids)
{
	enum { BATCH = 70000 };
	struct bench b = open_bench(":memory:", &any_account);
	char text[32];

	for (int i = 0; i < 4 * BATCH; i++) {
		struct raw_event raw = good_event();

		snprintf(text, sizeof(text), "n%d", i);
		set_field(&raw, EV_ID, text);
		set_field(&raw, EV_CUSTOMER, text);
		OK(put(&b, &raw));
		if (i % BATCH == BATCH - 1)
			commit(&b);
	}
	for (int i = 0; i < 10; i++) {
		struct raw_event raw = good_event();

		snprintf(text, sizeof(text), "n%d", i);
		set_field(&raw, EV_ID, text);
		set_field(&raw, EV_CUSTOMER, text);
		OK(put(&b, &raw));
	}
	commit(&b);
	for (size_t i = 0; i < b.batch.n; i++)
		ck_assert_int_eq(b.batch.events[i].verdict, VERDICT_DUPLICATE);
	close_bench(&b);
}
END_TEST

/* Stores N calls with new customers from FIRST on; returns the number of statements. */
static int64_t store_customers(struct bench *b, int first, int n)
{
	int64_t before;
	char text[32];

	for (int i = first; i < first + n; i++) {
		struct raw_event raw = good_event();

		snprintf(text, sizeof(text), "c%d", i);
		set_field(&raw, EV_ID, text);
		set_field(&raw, EV_CUSTOMER, text);
		OK(put(b, &raw));
	}
	before = store_statements(b->st);
	commit(b);
	for (size_t i = 0; i < b->batch.n; i++)
		ck_assert_int_eq(b->batch.events[i].verdict, VERDICT_CREATED);
	return store_statements(b->st) - before;
}

START_TEST(new_series_take_the_same_few_statements_whatever_their_number)
{
	static const int numbers[] = { 10, 100, 1000 };
	struct bench b = open_bench(":memory:", &any_account);
	int first = 0;

	store_customers(&b, first, 1);
	first++;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int64_t statements;

		ROW("%d", numbers[i]);
		statements = store_customers(&b, first, numbers[i]) - numbers[i];
		first += numbers[i];
		/* each event is one more; leaves and postings grow */
		ck_assert_int_le(statements, 40 + numbers[i] / 10);
	}
	close_bench(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intern");
	TCase *tc = tcase_create("intern");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, new_series_take_the_same_few_statements_whatever_their_number);
	tcase_add_test(tc, many_names_do_not_fill_the_memory_or_lose_their_ids);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
