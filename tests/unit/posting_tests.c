/*
 * posting_tests.c - postings of events.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "store/internal.h"
#include "store/posting.h"
#include "store/sqlite/layout.h"
#include "fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

static uint64_t random_number(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/*
 * References of N events in HOUR, each called after its number, with ids of
 * many lengths.
 */
static struct posting *make_posted(size_t n, int64_t hour, int64_t series, uint64_t *state)
{
	struct posting *list = arena_array(&arena, struct posting, n);

	for (size_t i = 0; i < n; i++) {
		char *id = arena_printf(&arena, "call-%08zu-%0*d", i,
					(int)(random_number(state) % 200) + 1, 7);

		list[i] = (struct posting) { hour * 3600000000 +
						     (int64_t)(random_number(state) % 3600000000),
					     series, (int64_t)(random_number(state) % 5) + 1, id,
					     strlen(id) };
	}
	return list;
}

static void check_postings(struct store *st, int64_t account, int64_t hour, size_t want_n,
			   const struct posting_sum *want)
{
	struct posting_sum sum = { 0 };
	struct posting *list;
	size_t n;

	OK(store_postings(st, &(struct account_hour) { account, hour }, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, want_n);
	for (size_t i = 0; i < n; i++) {
		posting_sum_add(&sum, &list[i]);
		if (i > 0) {
			const struct posting *a = &list[i - 1], *b = &list[i];

			ck_assert(a->effective_us < b->effective_us ||
				  (a->effective_us == b->effective_us &&
				   (a->source < b->source ||
				    (a->source == b->source && strcmp(a->id, b->id) < 0))));
		}
	}
	ck_assert_uint_eq(sum.hash, want->hash);
}

START_TEST(postings_of_many_commits_come_back_in_order)
{
	struct fixture f = with_series(path);
	struct posting_sum want[3] = { 0 };
	size_t counts[3] = { 0 };
	uint64_t state = 1;
	int64_t hour;

	for (int commit = 0; commit < 60; commit++) {
		size_t n = commit % 7 ? random_number(&state) % 3 + 1 : 200,
		       which = random_number(&state) % 3;
		struct posting *list = make_posted(n, 490000 + 10 * (int64_t)which, f.plain,
						   &state);

		for (size_t i = 0; i < n; i++)
			posting_sum_add(&want[which], &list[i]);
		counts[which] += n;
		OK(store_begin_write(f.st, &err));
		OK(store_postings_add(f.st, f.account, list, n, &err));
		OK(store_commit(f.st, &err));
	}
	for (int64_t which = 0; which < 3; which++)
		check_postings(f.st, f.account, 490000 + 10 * which, counts[which], &want[which]);
	ck_assert_int_le(raw_number("SELECT max(length(events)) FROM posting"), 960);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM posting WHERE account <> 1"), 0);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 0, false, &hour, &err), 1);
	ck_assert_int_eq(hour, 490000);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 490001, false, &hour, &err), 1);
	ck_assert_int_eq(hour, 490010);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 490019, true, &hour, &err), 1);
	ck_assert_int_eq(hour, 490010);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 490021, false, &hour, &err), 0);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 489999, true, &hour, &err), 0);
	ck_assert_int_eq(store_posting_hour(f.st, f.account + 1, 0, false, &hour, &err), 0);
	store_close(&f.st);
}
END_TEST

START_TEST(small_commits_share_a_part)
{
	struct fixture f = with_series(path);
	struct posting ref = { .series = f.plain, .source = f.source, .id_len = 6 };

	for (int i = 0; i < 50; i++) {
		char id[16];

		snprintf(id, sizeof(id), "e%05d", i);
		ref.id = id;
		ref.effective_us = 490000 * INT64_C(3600000000) + i;
		OK(store_begin_write(f.st, &err));
		OK(store_postings_add(f.st, f.account, &ref, 1, &err));
		OK(store_commit(f.st, &err));
	}
	ck_assert_int_eq(raw_number("SELECT count(*) FROM posting"), 1);
	store_close(&f.st);
}
END_TEST

START_TEST(damaged_postings_are_said)
{
	struct posting *list;
	struct store *st;
	size_t n;

	write_sound_ledger();
	raw("UPDATE posting SET events = CAST(substr(events, 1, 7) AS BLOB)");
	st = reopen(0);
	FAILS_WITH(store_postings(st, &(struct account_hour) { 1, 20454 * 24 }, &arena, &list, &n,
				  &err),
		   ERR_INTERNAL, "rebuild");
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("posting");
	TCase *tc = tcase_create("posting");

	if (!on_sqlite("SQLite alone has postings"))
		return EXIT_SUCCESS;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, postings_of_many_commits_come_back_in_order);
	tcase_add_test(tc, small_commits_share_a_part);
	tcase_add_test(tc, damaged_postings_are_said);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
