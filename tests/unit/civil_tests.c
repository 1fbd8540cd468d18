/*
 * civil_tests.c - the calendar and the clock.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>
#include "base/civil.h"
#include "base/strbuf.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

/* ---- civil ---- */

START_TEST(days_and_dates_agree_over_all_years)
{
	struct date d = { 1, 1, 1 };
	int64_t days = date_to_days(d);

	ck_assert_int_eq(date_to_days((struct date) { 1970, 1, 1 }), 0);
	ck_assert_int_eq(date_to_days((struct date) { 2000, 3, 1 }), 11017);
	/*
	 * Step by step as a person would count, so that the formula is not its
	 * own judge.
	 */
	for (; d.year <= 9999; days++) {
		struct date back = date_from_days(days);

		if (date_to_days(d) != days || date_compare(back, d) != 0 || !date_valid(d))
			ck_abort_msg("%d-%d-%d is not day %lld", d.year, d.month, d.day,
				     (long long)days);
		if (++d.day > date_days_in_month(d.year, d.month)) {
			d.day = 1;
			if (++d.month > 12) {
				d.month = 1;
				d.year++;
			}
		}
	}
	ck_assert_int_eq(days, 2932897);
}
END_TEST

START_TEST(february_follows_the_gregorian_rule)
{
	ck_assert_int_eq(date_days_in_month(2023, 2), 28);
	ck_assert_int_eq(date_days_in_month(2024, 2), 29);
	ck_assert_int_eq(date_days_in_month(1900, 2), 28);
	ck_assert_int_eq(date_days_in_month(2000, 2), 29);
	ck_assert_int_eq(date_days_in_month(2100, 2), 28);
}
END_TEST

START_TEST(months_later_are_cut_to_the_last_day)
{
	static const struct {
		struct date from;
		int months;
		struct date to;
	} cases[] = {
		{ { 2026, 1, 31 }, 1, { 2026, 2, 28 } },
		{ { 2024, 1, 31 }, 1, { 2024, 2, 29 } },
		{ { 2026, 11, 21 }, -11, { 2025, 12, 21 } },
		{ { 2026, 12, 31 }, 1, { 2027, 1, 31 } },
		{ { 2024, 2, 29 }, 12, { 2025, 2, 28 } },
		{ { 2026, 3, 31 }, -1, { 2026, 2, 28 } },
		{ { 2026, 5, 5 }, 0, { 2026, 5, 5 } },
		{ { 2026, 5, 5 }, -24, { 2024, 5, 5 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ROW("%d-%d-%d and %d months", cases[i].from.year, cases[i].from.month,
		    cases[i].from.day, cases[i].months);
		ck_assert_int_eq(date_compare(date_add_months(cases[i].from, cases[i].months),
					      cases[i].to),
				 0);
	}
	ck_assert(!date_valid(date_add_months((struct date) { 1, 1, 1 }, -1)));
	ck_assert(!date_valid(date_add_months((struct date) { 9999, 12, 1 }, 1)));
	ck_assert(!date_valid(date_add_months((struct date) { 2026, 1, 1 }, INT32_MIN)));
}
END_TEST

START_TEST(only_real_days_are_dates)
{
	static const char *const bad[] = {
		"",           "2026",        "2026-02-30",  "2025-02-29",
		"2026-13-01", "2026-00-01",  "2026-01-00",  "2026-1-1",
		"2026-01-1",  "0000-01-01",  "2026-01-011", "20260101",
		"2026/01/01", " 2026-01-01", "2026-01-01 ", "-026-01-01",
		"2026-+1-01",
	};
	struct date d = { 1, 2, 3 };
	char buf[DATE_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(!date_parse(bad[i], strlen(bad[i]), &d), "%s", bad[i]);
	ck_assert(!date_parse(TEXT("2026-01-0\0"), &d));
	ck_assert_int_eq(date_compare(d, (struct date) { 1, 2, 3 }), 0);
	ck_assert(date_parse(TEXT("2024-02-29"), &d));
	date_format(buf, d);
	ck_assert_str_eq(buf, "2024-02-29");
	date_format(buf, (struct date) { 7, 1, 2 });
	ck_assert_str_eq(buf, "0007-01-02");
}
END_TEST

START_TEST(instants_are_read_in_all_their_forms)
{
	static const struct {
		const char *text, *same;
	} cases[] = {
		{ "2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z" },
		{ "2026-11-21t10:00:00z", "2026-11-21T10:00:00Z" },
		{ "2026-11-21 10:00Z", "2026-11-21T10:00:00Z" },
		{ "2026-11-21T10:00:00.5Z", "2026-11-21T10:00:00.500000Z" },
		{ "2026-11-21T10:00:00.123456789Z", "2026-11-21T10:00:00.123456Z" },
		{ "2026-11-21T10:00:00.0000009Z", "2026-11-21T10:00:00Z" },
		{ "2026-11-21T10:00:00+05:45", "2026-11-21T04:15:00Z" },
		{ "2026-11-21T10:00:00-0330", "2026-11-21T13:30:00Z" },
		{ "2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z" },
		{ "2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z" },
		{ "2017-01-01T00:59:60.25+01:00", "2016-12-31T23:59:59.999999Z" },
		{ "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z" },
		{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z" },
		{ "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z" },
	};
	char buf[INSTANT_TEXT];
	int64_t us;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ROW("%s", cases[i].text);
		ck_assert_msg(instant_parse(cases[i].text, strlen(cases[i].text), false, &us), "%s",
			      cases[i].text);
		ck_assert_uint_eq(instant_format(buf, us), strlen(cases[i].same));
		ck_assert_str_eq(buf, cases[i].same);
	}
	ck_assert(instant_parse(TEXT("2026-11-21T10:00:00"), true, &us));
	ck_assert(us == 1795255200 * USEC_PER_SEC);
}
END_TEST

START_TEST(texts_that_are_no_instants_are_refused)
{
	static const char *const bad[] = {
		"",
		"2026-11-21",
		"2026-11-21T10:00:00",
		"2026-11-21T24:00:00Z",
		"2026-11-21T10:60:00Z",
		"2026-11-21T10:00:61Z",
		"2026-11-21T10Z",
		"2026-11-21T10:00:00.Z",
		"2026-11-21T10:00:00,5Z",
		"2026-11-21T10:00.5Z",
		"2026-11-21T10:00:00+1",
		"2026-11-21T10:00:00+010",
		"2026-11-21T10:00:00+01:",
		"2026-11-21T10:00:00+24:00",
		"2026-11-21T10:00:00+01:60",
		"2026-11-21T10:00:00ZZ",
		"2026-11-21T10:00:00Z ",
		"2026-02-30T10:00:00Z",
		"2026-11-21X10:00:00Z",
		"2026-11-21  10:00:00Z",
		"0001-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01",
		"1795255200",
	};
	int64_t us = 4711;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(!instant_parse(bad[i], strlen(bad[i]), false, &us), "%s", bad[i]);
	ck_assert(!instant_parse(TEXT("2026-11-21T10:00:00\0"), true, &us));
	ck_assert_int_eq(us, 4711);
}
END_TEST

START_TEST(instants_outside_of_the_calendar_stay_in_their_buffer)
{
	char buf[INSTANT_TEXT];

	ck_assert_uint_lt(instant_format(buf, INT64_MIN), INSTANT_TEXT);
	ck_assert_uint_lt(instant_format(buf, INT64_MAX), INSTANT_TEXT);
}
END_TEST

START_TEST(the_clock_can_be_stood_still)
{
	int64_t now = clock_now_us();

	ck_assert(now > 1700000000 * USEC_PER_SEC);
	clock_set_us(1795255200 * USEC_PER_SEC);
	ck_assert(clock_now_us() == 1795255200 * USEC_PER_SEC);
	clock_set_us(0);
	ck_assert(clock_now_us() >= now);
}
END_TEST

START_TEST(division_rounds_down_on_both_sides_of_zero)
{
	ck_assert_int_eq(floor_div(7, 2), 3);
	ck_assert_int_eq(floor_div(-7, 2), -4);
	ck_assert_int_eq(floor_div(-8, 2), -4);
	ck_assert_int_eq(floor_div(0, 2), 0);
}
END_TEST

START_TEST(dates_of_mail_have_their_weekday)
{
	static const struct {
		int64_t sec;
		const char *want;
	} rows[] = { { 0, "Thu, 01 Jan 1970 00:00:00 +0000" },
		     { 1348947943, "Sat, 29 Sep 2012 19:45:43 +0000" },
		     { -1, "Wed, 31 Dec 1969 23:59:59 +0000" },
		     { INT64_C(253402300799), "Fri, 31 Dec 9999 23:59:59 +0000" } };
	char text[MAIL_DATE_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		mail_date_format(text, rows[i].sec);
		ck_assert_str_eq(text, rows[i].want);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("civil");
	TCase *tc = tcase_create("civil");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, days_and_dates_agree_over_all_years);
	tcase_add_test(tc, february_follows_the_gregorian_rule);
	tcase_add_test(tc, months_later_are_cut_to_the_last_day);
	tcase_add_test(tc, only_real_days_are_dates);
	tcase_add_test(tc, instants_are_read_in_all_their_forms);
	tcase_add_test(tc, texts_that_are_no_instants_are_refused);
	tcase_add_test(tc, instants_outside_of_the_calendar_stay_in_their_buffer);
	tcase_add_test(tc, the_clock_can_be_stood_still);
	tcase_add_test(tc, division_rounds_down_on_both_sides_of_zero);
	tcase_add_test(tc, dates_of_mail_have_their_weekday);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
