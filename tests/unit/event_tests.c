/*
 * event_tests.c - the rules of an event.
 */
#include <check.h>
#include <string.h>
#include "base/civil.h"
#include "usage/event.h"
#include "batch.h"
#include "ledger_fixture.h"
#include "suite.h"
#include "base/banned.h"

static int check(const struct raw_event *raw, struct event *ret)
{
	struct raw_event own = *raw;
	int rc;

	*ret = (struct event) { .raw = &own };
	rc = event_check(ret, NOW_US, AHEAD_US, &err);
	ret->raw = NULL;
	return rc;
}

START_TEST(plain_event_counts_once)
{
	struct raw_event raw = good_event();
	struct event ev;

	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.time_us, NOW_US - 3600 * USEC_PER_SEC);
	ck_assert_int_eq(ev.amounts.count, 1);
	ck_assert_int_eq(ev.amounts.usage, 0);
	ck_assert_int_eq(ev.amounts.price, 0);
	ck_assert_int_eq(ev.amounts.upload, 0);
}
END_TEST

START_TEST(amounts_are_exact)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, EV_COUNT, "3");
	set_field(&raw, EV_USAGE, "2.500001");
	set_field(&raw, EV_PRICE, "0.017000001");
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.count, 3);
	ck_assert_int_eq(ev.amounts.usage, 2500001);
	ck_assert_int_eq(ev.amounts.price, 17000001);
	set_field(&raw, EV_USAGE, "1000000000000");
	set_field(&raw, EV_PRICE, "1e9");
	set_field(&raw, EV_COUNT, "1000000000000000");
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.usage, INT64_C(1000000000000000000));
	ck_assert_int_eq(ev.amounts.price, INT64_C(1000000000000000000));
	ck_assert_int_eq(ev.amounts.count, INT64_C(1000000000000000));
}
END_TEST

START_TEST(digits_beyond_microseconds_are_cut_off)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, EV_TIME, "2026-11-21T11:30:00.1234569+01:00");
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.time_us, NOW_US - 1800 * USEC_PER_SEC + 123456);
}
END_TEST

START_TEST(sim_data_is_counted_in_bytes_and_reported_in_megabytes)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, EV_CATEGORY, "sim-data");
	set_field(&raw, EV_UPLOAD, "1500000");
	set_field(&raw, EV_DOWNLOAD, "1");
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.usage, 1500001);
	ck_assert_int_eq(ev.amounts.upload, 1500000);
	set_field(&raw, EV_USAGE, "1.500001"); /* as we report it ourselves */
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.usage, 1500001);
	set_field(&raw, EV_USAGE, NULL);
	set_field(&raw, EV_UPLOAD, NULL);
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.usage, 1);
	ck_assert_int_eq(ev.amounts.upload, 0);
}
END_TEST

START_TEST(empty_optional_field_is_as_good_as_none)
{
	struct raw_event raw = good_event();
	struct event ev;

	for (int f = 0; f < EVENT_FIELDS; f++) {
		if (!event_fields[f].required)
			set_field(&raw, (enum event_field)f, "");
	}
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.count, 1);
}
END_TEST

START_TEST(clock_of_the_sender_may_be_a_little_ahead)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, EV_TIME, "2026-11-21T11:05:00Z");
	OK(check(&raw, &ev));
	set_field(&raw, EV_TIME, "2026-11-21T11:05:00.000001Z");
	FAILS(check(&raw, &ev), ERR_PARAM, "time", "300 seconds");
}
END_TEST

static const struct {
	enum event_field field;
	const char *text;
	enum error_kind kind;
	const char *words;
} bad_values[] = {
	{ EV_SOURCE, NULL, ERR_PARAM, "missing" },
	{ EV_SOURCE, "", ERR_PARAM, "missing" },
	{ EV_ID, NULL, ERR_PARAM, "missing" },
	{ EV_SUBJECT, NULL, ERR_PARAM, "missing" },
	{ EV_TIME, NULL, ERR_PARAM, "missing" },
	{ EV_CATEGORY, NULL, ERR_PARAM, "missing" },
	{ EV_ID, "a\nb", ERR_PARAM, "control characters" },
	{ EV_ID, "a\xff", ERR_PARAM, "UTF-8" },
	{ EV_CUSTOMER, "\xc0\x80", ERR_PARAM, "UTF-8" },
	{ EV_TYPE, "\x7f", ERR_PARAM, "control characters" },
	{ EV_TIME, "yesterday", ERR_PARAM, "2026-11-21T10:00:00Z" },
	{ EV_TIME, "2026-02-30T10:00:00Z", ERR_PARAM, "offset from UTC" },
	{ EV_TIME, "2026-11-21T10:00:00", ERR_PARAM, "offset from UTC" },
	{ EV_TIME, "1979-12-31T23:59:59Z", ERR_PARAM, "before 1980" },
	{ EV_COUNT, "1.5", ERR_PARAM, "whole number" },
	{ EV_COUNT, "one", ERR_PARAM, "number" },
	{ EV_COUNT, "-1", ERR_PARAM, "negative" },
	{ EV_COUNT, "1000000000000001", ERR_OVERFLOW, "1000000000000000" },
	{ EV_COUNT, "99999999999999999999999999", ERR_OVERFLOW, "at most" },
	{ EV_USAGE, "0.0000001", ERR_PARAM, "6 decimal places" },
	{ EV_USAGE, "-0.5", ERR_PARAM, "negative" },
	{ EV_USAGE, "1000000000000.000001", ERR_OVERFLOW, "at most" },
	{ EV_USAGE, "NaN", ERR_PARAM, "number" },
	{ EV_PRICE, "0.0000000001", ERR_PARAM, "9 decimal places" },
	{ EV_PRICE, "1000000000.000000001", ERR_OVERFLOW, "at most 1000000000" },
	{ EV_PRICE, "0x10", ERR_PARAM, "number" },
	{ EV_COUNTRY, "AUT", ERR_PARAM, "longer than 2" },
	{ EV_COUNTRY, "at", ERR_PARAM, "capital letters" },
	{ EV_COUNTRY, "A", ERR_PARAM, "capital letters" },
	{ EV_UPLOAD, "5", ERR_PARAM, "sim-data" },
	{ EV_DOWNLOAD, "0", ERR_PARAM, "sim-data" },
	{ EV_SPECVERSION, "0.3", ERR_PARAM, "1.0" },
};

START_TEST(bad_value_is_refused_by_its_field)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, bad_values[_i].field, bad_values[_i].text);
	FAILS(check(&raw, &ev), bad_values[_i].kind, event_fields[bad_values[_i].field].name,
	      bad_values[_i].words);
}
END_TEST

static const struct {
	const char *usage, *upload, *download;
	enum error_kind kind;
	const char *param, *words;
} bad_sim_data[] = {
	{ "5", "1", "1", ERR_PARAM, "usage", "omit it" },
	{ "5", NULL, NULL, ERR_PARAM, "usage", "omit it" },
	{ NULL, NULL, NULL, ERR_PARAM, "data_download", "missing" },
	{ NULL, "1.5", NULL, ERR_PARAM, "data_upload", "whole number" },
	{ NULL, NULL, "-3", ERR_PARAM, "data_download", "negative" },
	{ NULL, "1000000000000000001", NULL, ERR_OVERFLOW, "data_upload", "at most" },
	{ NULL, "1000000000000000000", "1", ERR_OVERFLOW, "data_download", "together" },
};

START_TEST(bad_sim_data_is_refused)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, EV_CATEGORY, "sim-data");
	set_field(&raw, EV_USAGE, bad_sim_data[_i].usage);
	set_field(&raw, EV_UPLOAD, bad_sim_data[_i].upload);
	set_field(&raw, EV_DOWNLOAD, bad_sim_data[_i].download);
	FAILS(check(&raw, &ev), bad_sim_data[_i].kind, bad_sim_data[_i].param,
	      bad_sim_data[_i].words);
}
END_TEST

START_TEST(every_field_has_a_largest_length)
{
	char text[400];
	struct event ev;

	memset(text, 'a', sizeof(text));
	for (int f = 0; f < EVENT_FIELDS; f++) {
		struct raw_event raw = good_event();

		ck_assert_uint_lt(event_fields[f].max_bytes, sizeof(text));
		raw.field[f].text = text;
		raw.field[f].len = event_fields[f].max_bytes + 1;
		FAILS(check(&raw, &ev), ERR_PARAM, event_fields[f].name, "longer than");
	}
}
END_TEST

START_TEST(fields_are_found_by_name)
{
	for (int f = 0; f < EVENT_FIELDS; f++) {
		ck_assert_int_eq(
			event_field_find(event_fields[f].name, strlen(event_fields[f].name)), f);
		ck_assert_str_ne(event_fields[f].doc, "");
	}
	ck_assert_int_eq(event_field_find("coun", 4), EVENT_FIELDS);
	ck_assert_int_eq(event_field_find("country", 7), EVENT_FIELDS);
	ck_assert_int_eq(event_field_find("", 0), EVENT_FIELDS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("event");
	TCase *tc = tcase_create("event");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, plain_event_counts_once);
	tcase_add_test(tc, amounts_are_exact);
	tcase_add_test(tc, digits_beyond_microseconds_are_cut_off);
	tcase_add_test(tc, sim_data_is_counted_in_bytes_and_reported_in_megabytes);
	tcase_add_test(tc, empty_optional_field_is_as_good_as_none);
	tcase_add_test(tc, clock_of_the_sender_may_be_a_little_ahead);
	tcase_add_loop_test(tc, bad_value_is_refused_by_its_field, 0, ARRAY_SIZE(bad_values));
	tcase_add_loop_test(tc, bad_sim_data_is_refused, 0, ARRAY_SIZE(bad_sim_data));
	tcase_add_test(tc, every_field_has_a_largest_length);
	tcase_add_test(tc, fields_are_found_by_name);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
