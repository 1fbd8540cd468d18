/*
 * event_search_tests.c - events are found, page by page.
 */
#include <check.h>
#include <stdio.h>
#include "base/civil.h"
#include "usage/catalogue.h"
#include "usage/event.h"
#include "usage/event_search.h"
#include "ledger_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* The ids of a whole list, page by page. */
static char *found_ids(struct bench *b, const struct event_query *q, size_t limit)
{
	static char out[4096];
	const struct catalogue *c;
	struct event_position at = { 0 };
	struct found_events found;
	size_t n = 0;

	OK(catalogue_load(b->st, &arena, &c, &err));
	out[0] = '\0';
	do {
		OK(event_search(b->st, q, &(struct event_page) { c, { at, limit } }, &arena, &found,
				&err));
		ck_assert_uint_le(found.n, limit);
		for (size_t i = 0; i < found.n; i++)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s", n ? " " : "",
					      found.list[i].event.id);
		at = found.next;
	} while (found.more);
	return out;
}

START_TEST(events_of_several_accounts_come_in_one_order_whatever_the_page)
{
	static const struct {
		const char *id, *sid, *time;
	} events[] = {
		{ "e", MAIN_SID, "2026-01-01T10:59:59.999999Z" },
		{ "b", OTHER_SID, "2026-01-01T10:00:00Z" },
		{ "a", MAIN_SID, "2026-01-01T10:00:00Z" },
		{ "c", MAIN_SID, "2026-01-01T10:00:00Z" },
		{ "f", OTHER_SID, "2026-01-01T11:00:00Z" },
		{ "h", OTHER_SID, "2026-03-01T00:00:00Z" },
		{ "d", OTHER_SID, "2026-01-01T10:30:00Z" },
		{ "g", MAIN_SID, "2026-02-01T00:00:00Z" },
	};
	struct bench b = open_bench(":memory:", &any_account);
	const int64_t accounts[] = { b.other_id, b.main_id };
	struct event_query q = { .accounts = accounts,
				 .n_accounts = 2,
				 .to_us = INT64_MAX,
				 .category = CATALOGUE_NONE,
				 .state = -1 };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct raw_event raw = good_event();

		set_field(&raw, EV_ID, events[i].id);
		set_field(&raw, EV_SUBJECT, events[i].sid);
		set_field(&raw, EV_TIME, events[i].time);
		OK(put(&b, &raw));
	}
	commit(&b);
	OK(store_begin_read(b.st, &err));
	for (size_t limit = 1; limit < 10; limit++) {
		q.oldest_first = true;
		ck_assert_str_eq(found_ids(&b, &q, limit), "a c b d e f g h");
		q.oldest_first = false;
		ck_assert_str_eq(found_ids(&b, &q, limit), "h g f e d b c a");
	}
	q.id = "d";
	ck_assert_str_eq(found_ids(&b, &q, 1), "d");
	q.id = NULL;
	q.n_accounts = 1;
	ck_assert_str_eq(found_ids(&b, &q, 2), "h f d b");
	q.to_us = q.from_us;
	ck_assert_str_eq(found_ids(&b, &q, 2), "");
	store_end(b.st);
	close_bench(&b);
}
END_TEST

enum { MANY_EVENTS = 150000 };

START_TEST(a_search_that_is_much_work_stops_inside_an_hour_and_goes_on_there)
{
	struct bench b = open_bench(":memory:", &any_account);
	const int64_t accounts[] = { b.main_id, b.other_id };
	struct event_query q = { .accounts = accounts,
				 .n_accounts = 2,
				 .to_us = INT64_MAX,
				 .category = CATALOGUE_NONE,
				 .state = EVENT_VOID };
	struct correct void_it = { .event = { .id = "x030000" },
				   .kind = CORRECTION_VOID,
				   .author = "test",
				   .reason = "wrong",
				   .now_us = clock_now_us() };
	struct correction made;
	bool before;
	struct event_position at = { 0 };
	const struct catalogue *c;
	struct found_events found;
	int pages = 0, n = 0;

	for (int i = 0; i < MANY_EVENTS; i++) {
		char id[16], time[INSTANT_TEXT];
		struct raw_event raw = good_event();

		snprintf(id, sizeof(id), "x%06d", i);
		instant_format(time, 1767261600 * USEC_PER_SEC + (int64_t)i * 20000);
		set_field(&raw, EV_ID, id);
		set_field(&raw, EV_TIME, time);
		set_field(&raw, EV_SUBJECT, i % 3 ? MAIN_SID : OTHER_SID);
		OK(put(&b, &raw));
	}
	commit(&b);
	OK(store_begin_write(b.st, &err));
	OK(correct_event(b.st, &void_it, &arena, &made, &before, &err));
	OK(store_commit(b.st, &err));
	OK(catalogue_load(b.st, &arena, &c, &err));
	OK(store_begin_read(b.st, &err));
	do {
		OK(event_search(b.st, &q, &(struct event_page) { c, { at, 10 } }, &arena, &found,
				&err));
		for (size_t i = 0; i < found.n; i++, n++)
			ck_assert_str_eq(found.list[i].event.id, "x030000");
		at = found.next;
		pages++;
	} while (found.more);
	ck_assert_int_eq(n, 1);
	ck_assert_int_ge(pages, 2);
	ck_assert_int_le(pages, 3);
	store_end(b.st);
	close_bench(&b);
}
END_TEST

START_TEST(the_way_back_leads_over_the_same_pages)
{
	struct bench b = open_bench(":memory:", &any_account);
	const struct catalogue *c;
	struct event_query q = { .accounts = &b.main_id,
				 .n_accounts = 1,
				 .to_us = INT64_MAX,
				 .category = CATALOGUE_NONE,
				 .state = -1 };
	struct event_position at = { 0 }, starts[8] = { { 0 } }, back;
	struct found_events found;
	char id[8];
	int pages = 0;

	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "x%02d", i);
		put_call(&b, id, "1");
	}
	commit(&b);
	OK(catalogue_load(b.st, &arena, &c, &err));
	OK(store_begin_read(b.st, &err));
	do {
		starts[pages++] = at;
		OK(event_search(b.st, &q, &(struct event_page) { c, { at, 3 } }, &arena, &found,
				&err));
		at = found.next;
	} while (found.more);
	ck_assert_int_eq(pages, 7);
	for (int p = pages - 1; p > 0; p--) {
		OK(event_search_back(b.st, &q, &(struct event_page) { c, { starts[p], 3 } }, &arena,
				     &back, &err));
		if (p == 1)
			ck_assert_ptr_null(back.id);
		else
			ck_assert_str_eq(back.id, starts[p - 1].id);
	}
	store_end(b.st);
	close_bench(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("event_search");
	TCase *tc = tcase_create("event_search");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, events_of_several_accounts_come_in_one_order_whatever_the_page);
	tcase_add_test(tc, a_search_that_is_much_work_stops_inside_an_hour_and_goes_on_there);
	tcase_add_test(tc, the_way_back_leads_over_the_same_pages);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
