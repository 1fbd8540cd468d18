/*
 * iso_time_tests.c - the forms of ISO 8601's times.
 */
#include <check.h>
#include <string.h>

#include "base/civil.h"
#include "base/iso_time.h"
#include "suite.h"
#include "base/banned.h"

static const struct {
	const char *text, *want;
} forms[] = {
	{ "2026-11-01", "2026-11-01T00:00:00Z" },
	{ "20261101", "2026-11-01T00:00:00Z" },
	{ "2026-305", "2026-11-01T00:00:00Z" },
	{ "2026305", "2026-11-01T00:00:00Z" },
	{ "2026-W44-7", "2026-11-01T00:00:00Z" },
	{ "2026W447", "2026-11-01T00:00:00Z" },
	{ "2026-W01-1", "2025-12-29T00:00:00Z" },
	{ "2020-W53-5T12", "2021-01-01T12:00:00Z" },
	{ "2024-366", "2024-12-31T00:00:00Z" },
	{ "20261101T000000Z", "2026-11-01T00:00:00Z" },
	{ "2026-11-01T10", "2026-11-01T10:00:00Z" },
	{ "2026-11-01T10Z", "2026-11-01T10:00:00Z" },
	{ "2026-11-01T10:30", "2026-11-01T10:30:00Z" },
	{ "20261101T1030", "2026-11-01T10:30:00Z" },
	{ "2026-11-01T10:30:15", "2026-11-01T10:30:15Z" },
	{ "2026-11-01 10:30:15", "2026-11-01T10:30:15Z" },
	{ "2026-11-01t10:30:15z", "2026-11-01T10:30:15Z" },
	{ "2026-11-01T10:30:15.5Z", "2026-11-01T10:30:15.500000Z" },
	{ "20261101T103015,25", "2026-11-01T10:30:15.250000Z" },
	{ "2026-11-01T10:30:15.1234567Z", "2026-11-01T10:30:15.123456Z" },
	{ "2026-11-01T10:00:00+01:00", "2026-11-01T09:00:00Z" },
	{ "2026-11-01T10:00:00+0100", "2026-11-01T09:00:00Z" },
	{ "2026-11-01T10:00:00+01", "2026-11-01T09:00:00Z" },
	{ "2026-11-01T10:00:00 01:00", "2026-11-01T09:00:00Z" },
	{ "2026-11-01 10:00:00 01", "2026-11-01T09:00:00Z" },
	{ "20261101T100000-0530", "2026-11-01T15:30:00Z" },
	{ "2026-11-01T24:00:00Z", "2026-11-02T00:00:00Z" },
	{ "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z" },
	{ "0001-01-01", "0001-01-01T00:00:00Z" },
};

START_TEST(every_form_of_iso_8601_is_read)
{
	char got[INSTANT_TEXT] = "nothing";
	int64_t us;

	if (iso_time_parse(forms[_i].text, strlen(forms[_i].text), &us))
		instant_format(got, us);
	ck_assert_msg(strcmp(got, forms[_i].want) == 0, "%s: %s instead of %s", forms[_i].text, got,
		      forms[_i].want);
}
END_TEST

static const char *const others[] = {
	"",
	"noon",
	"2026",
	"2026-11",
	"202611",
	"2026-1-1",
	"2026-13-01",
	"2026-02-30",
	"20260230",
	"2026-000",
	"2026-366",
	"2026000",
	"2026-W00-1",
	"2026-W54-1",
	"2026-W53-8",
	"2021-W53-1",
	"2026-W44",
	"2026W44",
	"0000-01-01",
	"2026-11-01T",
	"2026-11-01T1",
	"2026-11-01T25",
	"2026-11-01T24:00:01",
	"2026-11-01T24:01",
	"2026-11-01T10:60",
	"2026-11-01T10:30:61",
	"2026-11-01T10:3",
	"2026-11-01T10:",
	"2026-11-01T10:30:",
	"2026-11-01T10:30:15.",
	"2026-11-01T10:30:15.x",
	"2026-11-01T10:00+",
	"2026-11-01T10:00+1",
	"2026-11-01T10:00+24",
	"2026-11-01T10:00+01:60",
	"2026-11-01T10:00ZZ",
	"2026-11-01T10:00Z ",
	" 2026-11-01",
	"2026-11-01x",
	"9999-12-31T23:00-02:00",
	"0001-01-01T00:00+01:00",
	"2026-11-01T10:00+01:",
	"+2026-11-01",
};

START_TEST(anything_else_is_refused)
{
	int64_t us;

	ck_assert_msg(!iso_time_parse(others[_i], strlen(others[_i]), &us), "%s", others[_i]);
}
END_TEST

START_TEST(text_ends_where_its_length_says)
{
	int64_t us;

	ck_assert(iso_time_parse("2026-11-01T99", 10, &us));
	ck_assert(!iso_time_parse("2026-11-01\0Z", 12, &us));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("iso_time");
	TCase *tc = tcase_create("iso_time");

	tcase_add_loop_test(tc, every_form_of_iso_8601_is_read, 0,
			    sizeof(forms) / sizeof(forms[0]));
	tcase_add_loop_test(tc, anything_else_is_refused, 0, sizeof(others) / sizeof(others[0]));
	tcase_add_test(tc, text_ends_where_its_length_says);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
