/*
 * decimal_tests.c - decimals are exact.
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/decimal.h"
#include "base/strbuf.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

/* ---- strbuf ---- */

START_TEST(numbers_are_rounded_halves_away_from_zero)
{
	ck_assert(decimal_round(412545272407, 9, 2) == 41255);
	ck_assert(decimal_round(2345, 3, 2) == 235);
	ck_assert(decimal_round(-2345, 3, 2) == -235);
	ck_assert(decimal_round(-2344, 3, 2) == -234);
	ck_assert(decimal_round(4, 3, 2) == 0);
	ck_assert(decimal_round(7, 0, 2) == 700);
	ck_assert(decimal_round(0, 9, 2) == 0);
}
END_TEST

/* ---- decimal ---- */

struct decimal_case {
	const char *text;
	int places;
	int64_t max;
	enum decimal_fault fault;
	int64_t n;
};

#define MAX INT64_MAX

static const struct decimal_case decimal_cases[] = {
	{ "0", 6, MAX, DECIMAL_OK, 0 },
	{ "-0", 6, MAX, DECIMAL_OK, 0 },
	{ "+2.5", 6, MAX, DECIMAL_OK, 2500000 },
	{ "-2.5", 6, MAX, DECIMAL_OK, -2500000 },
	{ "007", 0, MAX, DECIMAL_OK, 7 },
	{ "0.017", 9, MAX, DECIMAL_OK, 17000000 },
	{ "1.5e3", 6, MAX, DECIMAL_OK, 1500000000 },
	{ "25E-1", 6, MAX, DECIMAL_OK, 2500000 },
	{ "25e+1", 0, MAX, DECIMAL_OK, 250 },
	{ "0.00025e4", 1, MAX, DECIMAL_OK, 25 },
	{ "1200e-2", 0, MAX, DECIMAL_OK, 12 },
	{ "0.1000000000000", 1, MAX, DECIMAL_OK, 1 },
	{ "100000000000000000000000000000000e-32", 0, MAX, DECIMAL_OK, 1 },
	{ "0.00000000000000000000000000000001e32", 0, MAX, DECIMAL_OK, 1 },
	{ "0e99999999999999999999999999", 6, MAX, DECIMAL_OK, 0 },
	{ "0e-99999999999999999999999999", 6, MAX, DECIMAL_OK, 0 },
	{ "0.000e00000000000000000000000000000000001", 6, MAX, DECIMAL_OK, 0 },
	{ "1e00000000000000000000000000000000000001", 0, MAX, DECIMAL_OK, 10 },
	{ "9223372036854775807", 0, MAX, DECIMAL_OK, INT64_MAX },
	{ "-9223372036854775807", 0, MAX, DECIMAL_OK, -INT64_MAX },
	{ "9223372036.854775807", 9, MAX, DECIMAL_OK, INT64_MAX },
	{ "9223372036854775807e-6", 6, MAX, DECIMAL_OK, INT64_MAX },
	{ "1000", 0, 1000, DECIMAL_OK, 1000 },
	{ "-1000", 0, 1000, DECIMAL_OK, -1000 },
	{ "0", 0, 0, DECIMAL_OK, 0 },

	{ "9223372036854775808", 0, MAX, DECIMAL_RANGE, 0 },
	{ "-9223372036854775808", 0, MAX, DECIMAL_RANGE, 0 },
	{ "9223372036854775810", 0, MAX, DECIMAL_RANGE, 0 },
	{ "18446744073709551616", 0, MAX, DECIMAL_RANGE, 0 },
	{ "18446744073709551617", 0, MAX, DECIMAL_RANGE, 0 },
	{ "9223372036.854775808", 9, MAX, DECIMAL_RANGE, 0 },
	{ "9223372037", 9, MAX, DECIMAL_RANGE, 0 },
	{ "1e19", 0, MAX, DECIMAL_RANGE, 0 },
	{ "1e99999999999999999999999999", 6, MAX, DECIMAL_RANGE, 0 },
	{ "99999999999999999999999999999999999999999999", 6, MAX, DECIMAL_RANGE, 0 },
	{ "1001", 0, 1000, DECIMAL_RANGE, 0 },
	{ "-1001", 0, 1000, DECIMAL_RANGE, 0 },
	{ "1", 0, 0, DECIMAL_RANGE, 0 },
	{ "10", 0, 1, DECIMAL_RANGE, 0 },

	{ "0.0000001", 6, MAX, DECIMAL_PLACES, 0 },
	{ "1.5", 0, MAX, DECIMAL_PLACES, 0 },
	{ "15e-1", 0, MAX, DECIMAL_PLACES, 0 },
	{ "1e-7", 6, MAX, DECIMAL_PLACES, 0 },
	{ "1e-99999999999999999999999999", 6, MAX, DECIMAL_PLACES, 0 },
	{ "99999999999999999999999.0000001", 6, MAX, DECIMAL_PLACES, 0 },
	{ "0.10000000000000000000000000000000000000001", 9, MAX, DECIMAL_PLACES, 0 },

	{ "", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "-", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "+-1", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ ".5", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "5.", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "5.e1", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "1e", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "1e+", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "1e1.5", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ " 1", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "1 ", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "1,5", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "1.2.3", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "0x10", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "NaN", 6, MAX, DECIMAL_SYNTAX, 0 },
	{ "Infinity", 6, MAX, DECIMAL_SYNTAX, 0 },
};

START_TEST(decimals_are_read_exactly_or_refused_for_the_right_reason)
{
	const struct decimal_case *c = &decimal_cases[_i];
	int64_t n = 4711;

	ck_assert_msg(decimal_parse(c->text, strlen(c->text), c->places, c->max, &n) == c->fault,
		      "%s", c->text);
	ck_assert_msg(n == (c->fault == DECIMAL_OK ? c->n : 4711), "%s gives %lld", c->text,
		      (long long)n);
}
END_TEST

START_TEST(a_nul_byte_is_no_part_of_a_decimal)
{
	int64_t n = 4711;

	ck_assert_int_eq(decimal_parse(TEXT("1\0"), 0, MAX, &n), DECIMAL_SYNTAX);
	ck_assert_int_eq(decimal_parse(TEXT("1\0"
					    "2"),
				       0, MAX, &n),
			 DECIMAL_SYNTAX);
	ck_assert_int_eq(decimal_parse("12", 1, 0, MAX, &n), DECIMAL_OK);
	ck_assert_int_eq(n, 1);
}
END_TEST

START_TEST(a_hundred_thousand_digits_are_read_exactly)
{
	enum { LEN = 100000 };
	char *text = malloc(LEN + 16);
	int64_t n = 0;

	ck_assert_ptr_nonnull(text);
	memset(text, '0', LEN);
	memcpy(text + LEN, "42e-0", 6);
	ck_assert_int_eq(decimal_parse(text, LEN + 5, 0, MAX, &n), DECIMAL_OK);
	ck_assert_int_eq(n, 42);
	memset(text, '0', LEN);
	text[0] = '7';
	memcpy(text + LEN, "e-99999", 8);
	ck_assert_int_eq(decimal_parse(text, LEN + 7, 0, MAX, &n), DECIMAL_OK);
	ck_assert_int_eq(n, 7);
	memcpy(text + LEN, "e-99980", 8);
	ck_assert_int_eq(decimal_parse(text, LEN + 7, 0, MAX, &n), DECIMAL_RANGE);
	text[LEN - 1] = '1';
	ck_assert_int_eq(decimal_parse(text, LEN + 7, 0, MAX, &n), DECIMAL_PLACES);
	free(text);
}
END_TEST

START_TEST(decimals_are_written_with_just_their_digits)
{
	static const struct {
		wide n;
		int places;
		const char *text;
	} cases[] = {
		{ 0, 0, "0" },
		{ 0, 9, "0" },
		{ 2500000, 6, "2.5" },
		{ -17000000, 9, "-0.017" },
		{ 1, 9, "0.000000001" },
		{ 10, 0, "10" },
		{ 1000000, 6, "1" },
		{ 100, 1, "10" },
		{ -5, 1, "-0.5" },
		{ INT64_MAX, 9, "9223372036.854775807" },
		{ INT64_MIN, 0, "-9223372036854775808" },
		{ (wide)UINT64_MAX, 0, "18446744073709551615" },
		{ (wide)UINT64_MAX + 1, 1, "1844674407370955161.6" },
		{ (wide)INT64_MAX * 1000000000, 9, "9223372036854775807" },
		{ (wide)10000000000000000000ULL * 10000000000ULL, 9, "100000000000000000000" },
		{ (wide)10000000000000000000ULL * 2, 30, "0.00000000002" },
		{ ((wide)1 << 126) * -2, 0, "-170141183460469231731687303715884105728" },
		{ ~(((wide)1 << 126) * -2), 38, "1.70141183460469231731687303715884105727" },
	};
	char buf[DECIMAL_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ROW("%s", cases[i].text);
		ck_assert_uint_eq(decimal_format(buf, cases[i].n, cases[i].places),
				  strlen(cases[i].text));
		ck_assert_str_eq(buf, cases[i].text);
	}
}
END_TEST

START_TEST(what_is_written_reads_back)
{
	char buf[DECIMAL_TEXT];
	uint64_t seed = 42;
	int64_t n, back;

	for (int i = 0; i < 20000; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		n = (int64_t)(seed >> 1) >> i % 63;
		if (i % 2)
			n = -n;
		back = 1;
		if (decimal_parse(buf, decimal_format(buf, n, i % 19), i % 19, MAX, &back) !=
			    DECIMAL_OK ||
		    back != n)
			ck_abort_msg("%lld with %d places is written as %s", (long long)n, i % 19,
				     buf);
	}
}
END_TEST

START_TEST(minutes_are_rounded_up_towards_plus_infinity)
{
	ck_assert(decimal_ceil(0, 6) == 0);
	ck_assert(decimal_ceil(1, 6) == 1);
	ck_assert(decimal_ceil(1000000, 6) == 1);
	ck_assert(decimal_ceil(1000001, 6) == 2);
	ck_assert(decimal_ceil(-1, 6) == 0);
	ck_assert(decimal_ceil(-1000000, 6) == -1);
	ck_assert(decimal_ceil(-1000001, 6) == -1);
	ck_assert(decimal_ceil(7, 0) == 7);
	ck_assert(decimal_ceil((wide)INT64_MAX * 10 + 1, 1) == (wide)INT64_MAX + 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decimal");
	TCase *tc = tcase_create("decimal");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, numbers_are_rounded_halves_away_from_zero);
	tcase_add_loop_test(tc, decimals_are_read_exactly_or_refused_for_the_right_reason, 0,
			    ARRAY_SIZE(decimal_cases));
	tcase_add_test(tc, a_nul_byte_is_no_part_of_a_decimal);
	tcase_add_test(tc, a_hundred_thousand_digits_are_read_exactly);
	tcase_add_test(tc, decimals_are_written_with_just_their_digits);
	tcase_add_test(tc, what_is_written_reads_back);
	tcase_add_test(tc, minutes_are_rounded_up_towards_plus_infinity);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
