/*
 * event_find_tests.c - a page of events is one question of the store, of few
 * statements.
 */
#include <check.h>
#include <stdio.h>
#include "store/event_find.h"
#include "store/series.h"
#include "usage/catalogue.h"
#include "usage/correct.h"
#include "usage/event_search.h"
#include "ledger_fixture.h"
#include "suite.h"
#include "base/banned.h"

enum { SUBACCOUNTS = 30, EVENTS = 400, PAGE = 50, STATEMENTS_MAX = 4 };

static int64_t ids[SUBACCOUNTS + 1];

/* Events of many accounts, each at a time of its own; every tenth has a SIM. */
static struct bench wide_bench(void)
{
	struct bench b = open_bench(":memory:", &any_account);

	ids[0] = b.main_id;
	for (int i = 0; i < SUBACCOUNTS; i++) {
		struct account a = { .name = arena_printf(&arena, "sub %d", i),
				     .parent = b.main_id,
				     .currency = "usd" };

		snprintf(a.sid, sizeof(a.sid), "AC1%031d", i);
		OK(store_account_add(b.st, &a, &err));
		ids[i + 1] = a.id;
	}
	for (int i = 0; i < EVENTS; i++) {
		char id[32], time[INSTANT_TEXT], sid[SID_TEXT];
		struct raw_event raw = good_event();

		snprintf(id, sizeof(id), "x\"\\%03d", i);
		snprintf(sid, sizeof(sid), "AC1%031d", i % SUBACCOUNTS);
		instant_format(time, (1767261600 + (int64_t)i * 1800) * USEC_PER_SEC);
		set_field(&raw, EV_ID, id);
		set_field(&raw, EV_SUBJECT, i % 7 ? sid : MAIN_SID);
		set_field(&raw, EV_TIME, time);
		set_field(&raw, EV_CATEGORY, i % 2 ? "calls-inbound" : "calls-outbound");
		if (i % 10 == 0)
			set_field(&raw, EV_SIM, "HS1");
		OK(put(&b, &raw));
	}
	commit(&b);
	OK(store_begin_read(b.st, &err));
	return b;
}

static struct event_find any_event(size_t n_accounts)
{
	return (struct event_find) {
		.accounts = ids, .n_accounts = n_accounts, .to_us = INT64_MAX, .state = -1
	};
}

/* Reads a page of N events, and returns the number of statements. */
static int64_t cost(struct bench *b, const struct event_find *q, size_t n, struct found_events *ret)
{
	int64_t before = store_statements(b->st);

	OK(store_events_find(b->st, q, &(struct event_slice) { .limit = n }, &arena, ret, &err));
	return store_statements(b->st) - before;
}

START_TEST(a_page_takes_the_same_few_statements_whatever_its_accounts_and_events)
{
	struct bench b = wide_bench();
	struct found_events found;

	for (size_t accounts = 1; accounts <= SUBACCOUNTS + 1; accounts += 10) {
		for (size_t n = 1; n <= EVENTS; n *= 4) {
			struct event_find q = any_event(accounts);
			int64_t statements;

			ROW("%zu events of %zu accounts", n, accounts);
			statements = cost(&b, &q, n, &found);
			ck_assert_uint_gt(found.n, 0);
			ck_assert_int_le(statements, 3);
			q.oldest_first = true;
			ck_assert_int_eq(cost(&b, &q, n, &found), statements);
		}
	}
	store_end(b.st);
	close_bench(&b);
}
END_TEST

START_TEST(a_page_with_filters_takes_at_most_four_statements)
{
	struct bench b = wide_bench();
	const struct catalogue *c;
	struct found_events found;
	struct event_find q = any_event(SUBACCOUNTS + 1);
	int64_t category;

	OK(catalogue_load(b.st, &arena, &c, &err));
	category = c->categories[catalogue_find(c, "calls-inbound", 13)].id;
	q.categories = &category;
	q.n_categories = 1;
	ck_assert_int_le(cost(&b, &q, PAGE, &found), STATEMENTS_MAX);
	ck_assert_uint_eq(found.n, PAGE);
	q.source = "/pbx/1";
	ck_assert_int_le(cost(&b, &q, PAGE, &found), STATEMENTS_MAX);
	q = any_event(SUBACCOUNTS + 1);
	q.dim[DIM_SIM] = "HS1";
	ck_assert_int_le(cost(&b, &q, PAGE, &found), STATEMENTS_MAX);
	ck_assert_uint_eq(found.n, EVENTS / 10);
	for (size_t i = 0; i < found.n; i++)
		ck_assert_str_eq(found.list[i].dim[DIM_SIM], "HS1");
	q = any_event(SUBACCOUNTS + 1);
	q.state = EVENT_CURRENT;
	ck_assert_int_le(cost(&b, &q, PAGE, &found), STATEMENTS_MAX);
	ck_assert_uint_eq(found.n, PAGE);
	q = any_event(SUBACCOUNTS + 1);
	q.id = "x\"\\007";
	ck_assert_int_le(cost(&b, &q, PAGE, &found), STATEMENTS_MAX);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_str_eq(found.list[0].account_sid, MAIN_SID);
	store_end(b.st);
	close_bench(&b);
}
END_TEST

START_TEST(each_event_comes_once_with_its_texts_in_the_order_of_time)
{
	struct bench b = wide_bench();
	struct event_position at = { 0 };
	struct event_find q = any_event(SUBACCOUNTS + 1);
	struct found_events found;
	int n = 0;

	q.oldest_first = true;
	do {
		OK(store_events_find(b.st, &q, &(struct event_slice) { at, 7 }, &arena, &found,
				     &err));
		for (size_t i = 0; i < found.n; i++, n++) {
			const struct found_event *e = &found.list[i];
			char id[32];

			snprintf(id, sizeof(id), "x\"\\%03d", n);
			ck_assert_str_eq(e->event.id, id);
			ck_assert_str_eq(e->source, "/pbx/1");
			ck_assert_str_eq(e->currency, "usd");
			ck_assert_int_eq(e->dim[DIM_SIM] != NULL, n % 10 == 0);
			ck_assert_ptr_null(e->dim[DIM_FLEET]);
			ck_assert_int_eq(e->state, EVENT_CURRENT);
		}
		at = found.next;
	} while (found.more);
	ck_assert_int_eq(n, EVENTS);
	store_end(b.st);
	close_bench(&b);
}
END_TEST

/* Events of one instant, more than a step of the search reads. */
enum { CROWD = 40000, CROWD_PAGE = 900, RARE = 1000 };

static struct bench crowded_bench(void)
{
	struct bench b = open_bench(":memory:", &any_account);

	ids[0] = b.main_id;
	for (int i = 0; i < CROWD; i++) {
		char id[32];
		struct raw_event raw = good_event();

		snprintf(id, sizeof(id), "x%05d", i * 7919 % CROWD);
		set_field(&raw, EV_ID, id);
		set_field(&raw, EV_SUBJECT, MAIN_SID);
		set_field(&raw, EV_TIME, "2026-01-01T00:00:00Z");
		set_field(&raw, EV_CATEGORY, i % RARE ? "calls-inbound" : "calls-outbound");
		OK(put(&b, &raw));
	}
	commit(&b);
	OK(store_begin_read(b.st, &err));
	return b;
}

/* Follows the pages; the events that match must come once, in order. */
static void check_pages(struct bench *b, const struct event_find *q, int step)
{
	struct event_position at = { 0 };
	struct found_events found;
	int n = 0, all = CROWD / step;
	struct arena all_of = arena;

	do {
		arena_init(&arena);
		OK(store_events_find(b->st, q, &(struct event_slice) { at, CROWD_PAGE }, &arena,
				     &found, &err));
		for (size_t i = 0; i < found.n; i++, n++) {
			char id[32];

			/* of every step-th event, in the order of ids */
			snprintf(id, sizeof(id), "x%05d",
				 (q->oldest_first ? n : all - 1 - n) * step);
			ck_assert_str_eq(found.list[i].event.id, id);
		}
		at = found.next;
		at.id = at.id ? arena_str(&all_of, at.id) : NULL;
		arena_release(&arena);
	} while (found.more);
	arena = all_of;
	ck_assert_int_eq(n, all);
}

START_TEST(each_of_many_events_of_one_instant_comes_once)
{
	struct bench b = crowded_bench();
	struct event_find q = any_event(1);
	const struct catalogue *c;
	int64_t category;

	OK(catalogue_load(b.st, &arena, &c, &err));
	category = c->categories[catalogue_find(c, "calls-outbound", 14)].id;
	for (int oldest = 0; oldest < 2; oldest++) {
		ROW("%s first", oldest ? "oldest" : "newest");
		q.oldest_first = oldest;
		q.categories = NULL;
		check_pages(&b, &q, 1);
		q.categories = &category;
		q.n_categories = 1;
		check_pages(&b, &q, RARE);
	}
	store_end(b.st);
	close_bench(&b);
}
END_TEST

START_TEST(a_missing_event_is_no_error_of_reading_by_key)
{
	struct bench b = wide_bench();
	struct found_events found;
	struct event_find q = any_event(1);
	struct event_key keys[3] = { { 99, "none", 4 }, { 0, "x\"\\000", 6 }, { 0, "", 0 } };
	struct found_event events[3];

	cost(&b, &q, 1, &found);
	keys[1].source = found.list[0].event.source;
	OK(store_events_read(b.st, &(struct event_keys) { keys, 3, true, false }, &arena, events,
			     &err));
	ck_assert_int_eq(events[0].event.series, 0);
	ck_assert_str_eq(events[1].event.id, "x\"\\000");
	ck_assert_ptr_null(events[1].event.attributes);
	ck_assert_int_eq(events[2].event.series, 0);
	ck_assert_int_eq(store_event_read(b.st, &keys[0], &arena, events, &err), 0);
	store_end(b.st);
	close_bench(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("event_find");
	TCase *tc = tcase_create("event_find");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_page_takes_the_same_few_statements_whatever_its_accounts_and_events);
	tcase_add_test(tc, a_page_with_filters_takes_at_most_four_statements);
	tcase_add_test(tc, each_event_comes_once_with_its_texts_in_the_order_of_time);
	tcase_add_test(tc, each_of_many_events_of_one_instant_comes_once);
	tcase_add_test(tc, a_missing_event_is_no_error_of_reading_by_key);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
