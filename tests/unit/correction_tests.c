/*
 * correction_tests.c - corrections, closings, rejected records.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "store/closing.h"
#include "store/correction.h"
#include "store/internal.h"
#include "store/rejection.h"
#include "fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

START_TEST(corrections_of_an_event_come_oldest_first)
{
	struct fixture f = with_series(path);
	struct correction c = { .sid = "CR1",
				.kind = CORRECTION_AMEND,
				.source = f.source,
				.event = "call",
				.author = "ann",
				.reason = "why",
				.made = 5 };
	struct correction *list, found;
	size_t n;

	ck_assert_int_eq(store_correction_last(f.st, &(struct event_key) { f.source, "call", 4 },
					       &arena, &found, &err),
			 0);
	OK(store_correction_add(f.st, &c, &err));
	FAILS_WITH(store_correction_add(f.st, &c, &err), ERR_CONFLICT, "exists");
	snprintf(c.sid, sizeof(c.sid), "CR2");
	c.kind = CORRECTION_VOID;
	OK(store_correction_add(f.st, &c, &err));
	OK(store_corrections(f.st, &(struct event_key) { f.source, "call", 4 }, &arena, &list, &n,
			     &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(list[0].sid, "CR1");
	ck_assert_int_eq(list[0].kind, CORRECTION_AMEND);
	ck_assert_str_eq(list[1].event, "call");
	ck_assert_int_eq(store_correction_last(f.st, &(struct event_key) { f.source, "call", 4 },
					       &arena, &found, &err),
			 1);
	ck_assert_str_eq(found.sid, "CR2");
	ck_assert_int_eq(store_correction_by_id(f.st, list[0].id, &arena, &found, &err), 1);
	ck_assert_str_eq(found.reason, "why");
	ck_assert_int_eq(store_correction_by_id(f.st, 99, &arena, &found, &err), 0);
	OK(store_corrections(f.st, &(struct event_key) { f.source, "calls", 5 }, &arena, &list, &n,
			     &err));
	ck_assert_uint_eq(n, 0);
	store_close(&f.st);
}
END_TEST

START_TEST(closings_are_one_an_account_and_count_as_changes)
{
	struct store *st = create(path);
	struct closing c = { .account = add_account(st, 1, "first"),
			     .own_us = 86400000000,
			     .author = "ann",
			     .made = 7 },
		       *list;
	int64_t before, now;
	size_t n;

	OK(store_version(st, &before, &err));
	ck_assert_int_eq(store_closing(st, c.account, &arena, &c, &err), 0);
	OK(store_closing_set(st, &c, &err));
	c.own_us *= 2;
	OK(store_closing_set(st, &c, &err));
	OK(store_version(st, &now, &err));
	ck_assert_int_eq(now, before + 2);
	ck_assert_int_eq(store_closing(st, c.account, &arena, &c, &err), 1);
	ck_assert_int_eq(c.open_us, 172800000000);
	OK(store_closings(st, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(list[0].author, "ann");
	c.own_us = 0;
	OK(store_closing_set(st, &c, &err));
	OK(store_closings(st, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 0);
	c.account = 99;
	FAILS_WITH(store_closing_set(st, &c, &err), ERR_PARAM, "no account");
	store_close(&st);
}
END_TEST

START_TEST(refused_records_come_newest_first_and_are_forgotten)
{
	struct store *st = create(path);
	int64_t first = add_account(st, 1, "first"), second = add_account(st, 2, "second");
	struct rejection r = { .author = "SK1",
			       .source = "/p",
			       .event = "e",
			       .code = "invalid",
			       .field = "time",
			       .message = "m" },
			 *list;
	char *record = arena_alloc(&arena, REJECTION_RECORD_MAX + 10);
	size_t n;

	memset(record, 'x', REJECTION_RECORD_MAX - 1);
	memcpy(record + REJECTION_RECORD_MAX - 1, "\xC3\xA4...", 6);
	r.record = record;
	OK(store_begin_write(st, &err));
	for (int i = 0; i < 10; i++) {
		r.at = 100 + i;
		r.account = i % 3 == 0 ? 0 : i % 3 == 1 ? first : second;
		OK(store_rejection_add(st, &r, &err));
	}
	OK(store_commit(st, &err));
	OK(store_rejections(st, &(struct rejection_query) { .limit = 3 }, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(list[0].at, 109);
	ck_assert_uint_eq(strlen(list[0].record), REJECTION_RECORD_MAX - 1);
	OK(store_rejections(st, &(struct rejection_query) { .before = list[2].id, .limit = 100 },
			    &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 7);
	ck_assert_int_eq(list[0].at, 106);
	OK(store_rejections(st,
			    &(struct rejection_query) { .accounts = &second, .n = 1, .limit = 2 },
			    &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(list[1].at, 105);
	OK(store_rejections(st, &(struct rejection_query) { .since = 107, .limit = 100 }, &arena,
			    &list, &n, &err));
	ck_assert_uint_eq(n, 3);
	OK(store_rejections_prune(st, 103, 4, &err));
	OK(store_rejections(st, &(struct rejection_query) { .limit = 100 }, &arena, &list, &n,
			    &err));
	ck_assert_uint_eq(n, 4);
	OK(store_rejections_prune(st, 108, 100, &err));
	OK(store_rejections(st, &(struct rejection_query) { .limit = 100 }, &arena, &list, &n,
			    &err));
	ck_assert_uint_eq(n, 2);
	store_close(&st);
}
END_TEST

/*
 * How many records of AUTHOR are listed, and that they are its newest: from the
 * time SINCE on.
 */
static void lists(struct store *st, const char *author, size_t want_n, int64_t since)
{
	struct rejection *list;
	size_t n, own = 0;

	OK(store_rejections(st, &(struct rejection_query) { .limit = 1000 }, &arena, &list, &n,
			    &err));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].author, author) != 0)
			continue;
		own++;
		ck_assert_msg(list[i].at >= since, "%s: %d", author, (int)list[i].at);
	}
	ck_assert_msg(own == want_n, "%s: %zu", author, own);
}

START_TEST(no_author_pushes_out_what_was_refused_of_another)
{
	static const struct {
		const char *author;
		int n;
	} sent[] = { { "few", 3 }, { "many", 50 }, { "", 2 }, { "many", 50 }, { "some", 12 } };
	struct store *st = create(path);
	struct rejection r = { .source = "/p",
			       .event = "e",
			       .code = "invalid",
			       .field = "time",
			       .message = "m",
			       .record = "{}" };

	OK(store_begin_write(st, &err));
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		for (int k = 0; k < sent[i].n; k++) {
			r.at++;
			r.author = sent[i].author;
			OK(store_rejection_add(st, &r, &err));
		}
	}
	OK(store_commit(st, &err));
	OK(store_rejections_prune(st, 0, 10, &err));
	lists(st, "few", 3, 1);
	lists(st, "many", 10, 96);
	lists(st, "", 2, 54);
	lists(st, "some", 10, 108);
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("correction");
	TCase *tc = tcase_create("correction");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, corrections_of_an_event_come_oldest_first);
	tcase_add_test(tc, closings_are_one_an_account_and_count_as_changes);
	tcase_add_test(tc, refused_records_come_newest_first_and_are_forgotten);
	tcase_add_test(tc, no_author_pushes_out_what_was_refused_of_another);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
