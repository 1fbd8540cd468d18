/*
 * late_tests.c - events and corrections of closed days.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "base/zone.h"
#include "usage/admin.h"
#include "usage/query.h"
#include "correct_fixture.h"
#include "base/banned.h"

START_TEST(a_late_event_takes_effect_at_the_closed_instant)
{
	struct raw_event raw = call("early", "2026-10-10T10:00:00Z");
	struct stored_event e;

	ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
	close_through("2026-11-01");
	add_call("late", "2026-10-31T23:59:59.999999Z");
	add_call("open", "2026-11-01T00:00:00Z");
	ck_assert_int_eq(total("calls-inbound", day_of("2026-10-01"), 31).count, 1);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).count, 2);
	e = find(NULL, "late");
	ck_assert_int_eq(e.time_us, day_of("2026-11-01") * DAY_US - 1);
	ck_assert_int_eq(e.effective_us, day_of("2026-11-01") * DAY_US);
	ck_assert_int_eq(add(&raw).verdict, VERDICT_DUPLICATE);
	raw = call("late", "2026-10-31T23:59:59.999999Z");
	ck_assert_int_eq(add(&raw).verdict, VERDICT_DUPLICATE);
	close_through(NULL);
	ck_assert_int_eq(add(&raw).verdict, VERDICT_DUPLICATE);
	add_call("again", "2026-10-10T10:00:00Z");
	ck_assert_int_eq(total("calls-inbound", day_of("2026-10-01"), 31).count, 2);
}
END_TEST

START_TEST(late_event_is_rejected_where_the_setting_says_so)
{
	struct raw_event raw = call("early", "2026-10-10T10:00:00Z"), other;
	struct event result;

	add(&raw);
	close_through("2026-11-01");
	start_ledger(LATE_REJECT);
	ck_assert_int_eq(add(&raw).verdict, VERDICT_DUPLICATE);
	set_field(&raw, EV_PRICE, "7");
	ck_assert_int_eq(add(&raw).verdict, VERDICT_CONFLICT);
	set_field(&raw, EV_ID, "late");
	other = raw;
	result = add(&raw);
	ck_assert_int_eq(result.verdict, VERDICT_REJECTED);
	ck_assert_int_eq(result.reason->kind, ERR_CLOSED);
	ck_assert_str_eq(result.reason->param, "time");
	ck_assert_ptr_nonnull(strstr(result.reason->message, "until 2026-11-01T00:00:00Z"));
	set_field(&other, EV_SUBJECT, OTHER_SID);
	ck_assert_int_eq(add(&other).verdict, VERDICT_CREATED);
	close_through(NULL);
	set_field(&raw, EV_SOURCE, "/pbx/3");
	ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
}
END_TEST

START_TEST(what_is_closed_is_corrected_in_the_open)
{
	struct raw_event change = { 0 };

	add_call("a", "2026-10-10T10:00:00Z");
	close_through("2026-11-01");
	set_field(&change, EV_PRICE, "0.75");
	made("a", &change);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-10-01"), 31).price, 500000000);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).price, 250000000);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).count, 0);
	made("a", NULL);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).price, -500000000);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).count, -1);
}
END_TEST

START_TEST(a_correction_in_closed_time_is_refused_where_the_setting_says_so)
{
	struct correct c = { .event.id = "a", .kind = CORRECTION_VOID };
	struct raw_event change = { 0 };
	struct correction ret;
	bool done;

	add_call("a", "2026-10-10T10:00:00Z");
	add_call("b", "2026-11-10T10:00:00Z");
	close_through("2026-11-01");
	start_ledger(LATE_REJECT);
	FAILS(correct(&c, &ret, &done), ERR_CLOSED, "time", "2026-11-01");
	set_field(&change, EV_TIME, "2026-10-11T00:00:00Z");
	c = (struct correct) { .event.id = "b", .kind = CORRECTION_AMEND, .change = &change };
	FAILS(correct(&c, &ret, &done), ERR_CLOSED, "time", "2026-11-01");
	made("b", NULL);
}
END_TEST

/*
 * The lines of the main account's October without a category, as "calls 1,
 * calls-inbound 1, ".
 */
static const char *october(void)
{
	const struct zone *zone = zone_find(NULL);
	struct usage_query q = { .accounts = &main_id,
				 .n_accounts = 1,
				 .zone = zone,
				 .period = PERIOD_ALL,
				 .category = CATALOGUE_NONE,
				 .from = day_of("2026-10-01") * SEC_PER_DAY,
				 .to = day_of("2026-11-01") * SEC_PER_DAY,
				 .group = GROUP_CATEGORY,
				 .zeros = true };
	const char *lines = "";
	const struct catalogue *c;
	struct usage_cursor *cur;
	struct usage_row row;

	OK(catalogue_load(st, &arena, &c, &err));
	OK(store_begin_read(st, &err));
	OK(usage_open(st, c, &q, (struct usage_position) { 0 }, &cur, &err));
	while (usage_next(cur, &row, &err) > 0)
		lines = arena_printf(&arena, "%s%s %lld, ", lines, c->categories[row.category].name,
				     (long long)row.totals.count);
	usage_close(&cur);
	store_end(st);
	return lines;
}

START_TEST(what_another_family_uses_first_adds_no_line_to_a_closed_report)
{
	struct raw_event raw = call("a", "2026-10-10T10:00:00Z");

	add(&raw);
	close_through("2026-11-01");
	ck_assert_str_eq(october(), "calls 1, calls-inbound 1, ");
	set_field(&raw, EV_SUBJECT, OTHER_SID);
	set_field(&raw, EV_CATEGORY, "calls-outbound");
	ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
	ck_assert_str_eq(october(), "calls 1, calls-inbound 1, ");
	set_field(&raw, EV_SUBJECT, MAIN_SID);
	set_field(&raw, EV_ID, "b");
	ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
	ck_assert_str_eq(october(), "calls 1, calls-inbound 1, calls-outbound 0, ");
}
END_TEST

/* Changes the main account's zone and cycle day. */
static void move_to(const char *zone, const char *cycle_day)
{
	struct admin admin = { .st = st, .arena = &arena, .author = "ann", .now_us = NOW_US };
	struct account_change change = { .time_zone = zone, .cycle_day = cycle_day };
	struct account moved;

	OK(store_begin_write(st, &err));
	OK(admin_account_set(&admin, MAIN_SID, &change, &moved, &err));
	OK(store_commit(st, &err));
	ck_assert_str_eq(moved.time_zone, zone);
}

static const char *const moves[] = { "Pacific/Kiritimati", "America/New_York", "" };

START_TEST(what_is_closed_stays_when_the_account_gets_another_zone)
{
	struct admin admin = { .st = st, .arena = &arena, .author = "ann", .now_us = NOW_US };
	/* winter time in Vienna */
	int64_t closed_us = (day_of("2026-10-31") * 24 + 23) * HOUR_US;
	int64_t open_us;

	move_to("Europe/Vienna", "5");
	add_call("a", "2026-10-31T22:30:00Z");
	add_call("b", "2026-10-31T23:30:00Z");
	OK(store_begin_write(st, &err));
	OK(admin_closing_close(&admin, MAIN_SID, "2026-10-31", &err));
	OK(store_commit(st, &err));
	move_to(moves[_i], "28");
	OK(closing_open_us(st, main_id, &open_us, &err));
	ck_assert_int_eq(open_us, closed_us);
	add_call("late", "2026-10-31T22:45:00Z");
	add_call("open", "2026-10-31T23:00:00Z");
	ck_assert_int_eq(find(NULL, "late").effective_us, closed_us);
	ck_assert_int_eq(find(NULL, "open").effective_us, closed_us);
	ck_assert_int_eq(find(NULL, "open").time_us, closed_us);
	ck_assert_int_eq(find(NULL, "b").effective_us, closed_us + HOUR_US / 2);
	made("a", NULL);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-10-31"), 1).count, 3);
}
END_TEST

/*
 * A part may be larger than the total that it is in, when others are negative.
 */
START_TEST(sums_that_corrections_made_negative_are_counted_before_an_overflow)
{
	/* in SQLite the second day may have more than 64 bits, not the month */
	const int fits = test_database() ? 9 : 18;
	struct raw_event raw = call("a", "2026-10-10T10:00:00Z");
	struct correct c = { .event.id = "old", .kind = CORRECTION_VOID };
	struct correction ret;
	struct event result;
	char id[16];
	bool done;

	set_field(&raw, EV_CUSTOMER, "cus1");
	set_field(&raw, EV_USAGE, "1000000000000");
	set_field(&raw, EV_ID, "old");
	set_field(&raw, EV_TIME, "2026-09-10T10:00:00Z");
	add(&raw);
	set_field(&raw, EV_TIME, "2026-10-10T10:00:00Z");
	for (int i = 0; i < 9; i++) {
		snprintf(id, sizeof(id), "big-%d", i);
		set_field(&raw, EV_ID, id);
		ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
	}
	close_through("2026-11-01");
	for (int i = 0; i < 9; i++) {
		snprintf(id, sizeof(id), "big-%d", i);
		made(id, NULL);
	}
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).usage,
			 -INT64_C(9000000000000000000));
	FAILS(correct(&c, &ret, &done), ERR_OVERFLOW, "usage", "month");
	set_field(&raw, EV_TIME, "2026-11-02T00:00:00Z");
	for (int i = 0; i <= fits; i++) {
		snprintf(id, sizeof(id), "more-%d", i);
		set_field(&raw, EV_ID, id);
		result = add(&raw);
		ck_assert_msg(result.verdict == (i < fits ? VERDICT_CREATED : VERDICT_REJECTED),
			      "event %d", i);
	}
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 2).usage,
			 (fits - 9) * INT64_C(1000000000000000000));
	ck_assert_int_eq(result.reason->kind, ERR_OVERFLOW);
	ck_assert_str_eq(result.reason->param, "usage");
	ck_assert_ptr_nonnull(strstr(result.reason->message, fits == 9 ? "day" : "month"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("late");
	TCase *t = tcase_create("closed time");

	tcase_add_checked_fixture(t, setup_ledger, teardown_ledger);
	tcase_add_test(t, a_late_event_takes_effect_at_the_closed_instant);
	tcase_add_test(t, late_event_is_rejected_where_the_setting_says_so);
	tcase_add_test(t, what_is_closed_is_corrected_in_the_open);
	tcase_add_test(t, a_correction_in_closed_time_is_refused_where_the_setting_says_so);
	tcase_add_test(t, what_another_family_uses_first_adds_no_line_to_a_closed_report);
	tcase_add_loop_test(t, what_is_closed_stays_when_the_account_gets_another_zone, 0,
			    ARRAY_SIZE(moves));
	tcase_add_test(t, sums_that_corrections_made_negative_are_counted_before_an_overflow);
	suite_add_tcase(s, t);
	return run_suite(s);
}
