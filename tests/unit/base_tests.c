/*
 * base_tests.c - the leaves: text, memory, numbers, calendar, zones, settings,
 * secrets, the log.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/civil.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/settings.h"
#include "base/strbuf.h"
#include "base/throttle.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

/* --- error --- */

START_TEST(only_the_first_failure_is_kept)
{
	struct error err = { 0 };

	ck_assert_int_eq(error_set(&err, ERR_PARAM, "PageSize", "must be from %d to %d", 1, 1000),
			 -1);
	ck_assert_int_eq(error_set(&err, ERR_INTERNAL, "Other", "something else"), -1);
	ck_assert_int_eq(err.kind, ERR_PARAM);
	ck_assert_str_eq(err.param, "PageSize");
	ck_assert_str_eq(err.message, "must be from 1 to 1000");
	error_clear(&err);
	error_set(&err, ERR_CONFLICT, NULL, "exists");
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	ck_assert_str_eq(err.param, "");
}
END_TEST

START_TEST(an_error_nobody_wants_is_no_crash)
{
	ck_assert_int_eq(error_set(NULL, ERR_PARAM, NULL, "x"), -1);
	ck_assert_int_eq(error_detail(NULL, "x"), -1);
	ck_assert_int_eq(error_system(NULL, "x", ENOENT), -1);
	error_clear(NULL);
}
END_TEST

START_TEST(a_message_is_one_line_of_valid_text)
{
	struct error err = { 0 };

	error_set(&err, ERR_PARAM, "a\nb", "bad value \"%s\"", "x\r\ny\x1b[0m\xff\xc2\x85");
	ck_assert_str_eq(err.param, "a?b");
	ck_assert_str_eq(err.message, "bad value \"x??y?[0m???\"");
}
END_TEST

START_TEST(a_long_message_is_cut_between_characters)
{
	struct error err = { 0 };
	char text[400];

	/*
	 * Two-byte characters after one byte: the buffer's end falls into the
	 * middle of one.
	 */
	for (size_t lead = 0; lead < 2; lead++) {
		memset(text, 'a', lead);
		for (size_t i = lead; i + 2 < sizeof(text); i += 2)
			memcpy(text + i, "\xc3\xa9", 3);
		error_clear(&err);
		error_set(&err, ERR_PARAM, NULL, "%s", text);
		ck_assert(utf8_plain(err.message, strlen(err.message)));
		ck_assert_ptr_null(strchr(err.message, '?'));
		ck_assert_uint_ge(strlen(err.message), sizeof(err.message) - 3);
	}
}
END_TEST

START_TEST(details_add_up_and_stay_out_of_the_message)
{
	struct error err = { 0 };
	char many[1000];

	error_set(&err, ERR_INTERNAL, NULL, "the ledger can't be read");
	error_detail(&err, "SELECT %d", 1);
	error_detail(&err, "disk I/O error");
	ck_assert_str_eq(err.message, "the ledger can't be read");
	ck_assert_str_eq(err.detail, "SELECT 1; disk I/O error");
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	for (int i = 0; i < 3; i++)
		error_detail(&err, "%s", many);
	ck_assert_uint_eq(strlen(err.detail), sizeof(err.detail) - 1);
}
END_TEST

START_TEST(a_system_error_says_the_systems_words)
{
	struct error err = { 0 };

	error_system(&err, "/some/file", ENOENT);
	ck_assert_int_eq(err.kind, ERR_INTERNAL);
	ck_assert_str_eq(err.message, "/some/file: No such file or directory");
}
END_TEST

/* --- strbuf --- */

START_TEST(text_grows_and_stays_ended)
{
	struct strbuf sb;

	strbuf_init(&sb, 100000);
	ck_assert_str_eq(sb.text, "");
	for (int i = 0; i < 10000; i++) {
		strbuf_add(&sb, "abc");
		strbuf_addc(&sb, ',');
	}
	ck_assert_uint_eq(sb.len, 40000);
	ck_assert_uint_eq(strlen(sb.text), 40000);
	ck_assert(!sb.failed);
	ck_assert_int_eq(strncmp(sb.text + 39996, "abc,", 5), 0);
	strbuf_clear(&sb);
	ck_assert_str_eq(sb.text, "");
	ck_assert_uint_gt(sb.size, 0);
	strbuf_addn(&sb, TEXT("a\0b"));
	ck_assert_uint_eq(sb.len, 3);
	ck_assert_int_eq(memcmp(sb.text, "a\0b", 4), 0);
	strbuf_release(&sb);
	ck_assert_str_eq(sb.text, "");
}
END_TEST

START_TEST(text_fills_its_limit_and_no_more)
{
	struct strbuf sb;

	strbuf_init(&sb, 5);
	strbuf_add(&sb, "12345");
	ck_assert(!sb.failed);
	strbuf_addn(&sb, "", 0);
	ck_assert(!sb.failed);
	strbuf_addc(&sb, '6');
	ck_assert(sb.failed);
	ck_assert_str_eq(sb.text, "12345");
	strbuf_release(&sb);
	strbuf_init(&sb, 0);
	strbuf_add(&sb, "");
	ck_assert(!sb.failed);
	strbuf_add(&sb, "x");
	ck_assert(sb.failed);
	strbuf_release(&sb);
}
END_TEST

START_TEST(a_failed_append_leaves_the_text_and_sticks)
{
	struct strbuf sb;

	strbuf_init(&sb, 8);
	strbuf_add(&sb, "abc");
	strbuf_add(&sb, "too long");
	ck_assert(sb.failed);
	strbuf_add(&sb, "d");
	strbuf_addi(&sb, 1);
	strbuf_addf(&sb, "%d", 2);
	ck_assert_str_eq(sb.text, "abc");
	ck_assert_ptr_null(strbuf_take(&sb));
	ck_assert(!sb.failed);
	ck_assert_uint_eq(sb.limit, 8);
	strbuf_add(&sb, "again");
	ck_assert_str_eq(sb.text, "again");
	strbuf_addf(&sb, "%s", "too long");
	ck_assert(sb.failed);
	ck_assert_str_eq(sb.text, "again");
	strbuf_clear(&sb);
	ck_assert(!sb.failed);
	strbuf_release(&sb);
}
END_TEST

START_TEST(a_growth_past_all_memory_is_refused)
{
	struct strbuf sb;

	strbuf_init(&sb, SIZE_MAX);
	strbuf_add(&sb, "x");
	ck_assert(!strbuf_grow(&sb, SIZE_MAX));
	ck_assert(sb.failed);
	ck_assert_str_eq(sb.text, "x");
	strbuf_release(&sb);
}
END_TEST

START_TEST(whole_numbers_are_written_to_both_borders)
{
	static const int64_t numbers[] = { 0, 7, -7, 10, 1234567890, INT64_MAX, INT64_MIN };
	struct strbuf sb;
	char want[32];

	strbuf_init(&sb, 100);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		strbuf_clear(&sb);
		strbuf_addi(&sb, numbers[i]);
		snprintf(want, sizeof(want), "%lld", (long long)numbers[i]);
		ck_assert_str_eq(sb.text, want);
	}
	strbuf_release(&sb);
}
END_TEST

START_TEST(formatted_text_of_any_length_is_written_whole)
{
	struct strbuf sb;

	strbuf_init(&sb, 10000);
	for (int len = 1; len < 300; len++) {
		strbuf_clear(&sb);
		strbuf_addf(&sb, "<%0*d>", len, 5);
		ck_assert_uint_eq(sb.len, (size_t)len + 2);
		ck_assert_uint_eq(strlen(sb.text), sb.len);
		ck_assert_str_eq(sb.text + sb.len - 2, "5>");
		strbuf_release(&sb);
	}
}
END_TEST

START_TEST(text_is_inserted_before_what_is_there)
{
	struct strbuf sb;

	strbuf_init(&sb, 8);
	strbuf_insert(&sb, 0, TEXT("bd"));
	strbuf_insert(&sb, 1, TEXT("c"));
	strbuf_insert(&sb, 0, TEXT("a"));
	strbuf_insert(&sb, 4, TEXT("e"));
	ck_assert_str_eq(sb.text, "abcde");
	strbuf_insert(&sb, 2, TEXT("too much"));
	ck_assert(sb.failed);
	ck_assert_str_eq(sb.text, "abcde");
	strbuf_release(&sb);
}
END_TEST

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

START_TEST(taken_text_is_the_callers_even_when_empty)
{
	struct strbuf sb;
	char *text;

	strbuf_init(&sb, 100);
	text = strbuf_take(&sb);
	ck_assert_str_eq(text, "");
	free(text);
	strbuf_add(&sb, "mine");
	text = strbuf_take(&sb);
	ck_assert_str_eq(text, "mine");
	ck_assert_str_eq(sb.text, "");
	free(text);
	strbuf_release(&sb);
}
END_TEST

/* --- arena --- */

static bool all_are(const unsigned char *bytes, size_t len, unsigned char value)
{
	while (len > 0 && bytes[len - 1] == value)
		len--;
	return len == 0;
}

START_TEST(pieces_are_zeroed_aligned_and_apart)
{
	struct arena a;
	unsigned char *pieces[2000];

	arena_init(&a);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
			pieces[i] = arena_alloc(&a, i);
			ck_assert_uint_eq((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
			ck_assert(all_are(pieces[i], i, 0));
			memset(pieces[i], (int)(i % 255 + 1), i);
		}
		for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
			ck_assert(all_are(pieces[i], i, (unsigned char)(i % 255 + 1)));
		arena_reset(&a);
	}
	arena_release(&a);
}
END_TEST

START_TEST(a_piece_larger_than_any_block_fits)
{
	struct arena a;
	char *large, *small;

	arena_init(&a);
	large = arena_alloc(&a, 5000000);
	small = arena_str(&a, "small");
	large[4999999] = 'x';
	ck_assert_str_eq(small, "small");
	arena_reset(&a);
	ck_assert_str_eq(arena_str(&a, "again"), "again");
	arena_release(&a);
	arena_release(&a);
	ck_assert_str_eq(arena_str(&a, "usable"), "usable");
	arena_release(&a);
}
END_TEST

START_TEST(a_grown_piece_keeps_its_bytes_and_zeroes_the_rest)
{
	struct arena a;
	unsigned char *list = NULL;

	arena_init(&a);
	/* In place, and with another piece behind it that has to stay. */
	for (size_t size = 0; size < 2100; size += 7) {
		char *behind = size % 3 == 0 ? arena_str(&a, "behind") : NULL;

		list = arena_grow(&a, list, size, size + 7);
		ck_assert(all_are(list, size, 'x'));
		ck_assert(all_are(list + size, 7, 0));
		memset(list + size, 'x', 7);
		if (behind)
			ck_assert_str_eq(behind, "behind");
	}
	arena_release(&a);
}
END_TEST

START_TEST(texts_of_an_arena_are_copies)
{
	struct arena a;
	char source[] = "source";
	const char *copy, *part;

	arena_init(&a);
	copy = arena_str(&a, source);
	part = arena_strn(&a, source, 3);
	source[0] = 'S';
	ck_assert_str_eq(copy, "source");
	ck_assert_str_eq(part, "sou");
	ck_assert_ptr_null(arena_str(&a, NULL));
	ck_assert_str_eq(arena_strn(&a, NULL, 0), "");
	ck_assert_str_eq(arena_printf(&a, "%s-%03d", copy, 7), "source-007");
	ck_assert_uint_eq(strlen(arena_printf(&a, "%0100000d", 1)), 100000);
	arena_release(&a);
}
END_TEST

/* --- decimal --- */

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

/* --- civil --- */

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

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_int_eq(date_compare(date_add_months(cases[i].from, cases[i].months),
					      cases[i].to),
				 0);
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

/* --- utf8 --- */

START_TEST(text_is_told_from_bytes_at_every_position)
{
	static const struct {
		const char *bytes;
		bool valid;
	} cases[] = {
		{ "a", true },
		{ "\xc3\xa9", true },
		{ "\xe2\x82\xac", true },
		{ "\xf0\x9f\x98\x80", true },
		{ "\xc2\x80", true },
		{ "\xe0\xa0\x80", true },
		{ "\xed\x9f\xbf", true },
		{ "\xee\x80\x80", true },
		{ "\xf0\x90\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\x80", false },
		{ "\xbf", false },
		{ "\xc0\x80", false },
		{ "\xc1\xbf", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xed\xa0\x80", false },
		{ "\xed\xbf\xbf", false },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\xff", false },
		{ "\xfe", false },
		{ "\xc3", false },
		{ "\xe2\x82", false },
		{ "\xf0\x9f\x98", false },
		{ "\xc3\x28", false },
		{ "\xe2\x28\xa1", false },
		{ "\xf0\x9f\x28\x80", false },
	};
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = strlen(cases[i].bytes);

		for (size_t at = 0; at < 20; at++) {
			memset(text, 'x', sizeof(text));
			memcpy(text + at, cases[i].bytes, n);
			ck_assert_int_eq(utf8_valid(text, at + n), cases[i].valid);
			ck_assert_int_eq(utf8_valid(text, 40), cases[i].valid);
		}
	}
	ck_assert(utf8_valid("", 0));
	ck_assert(!utf8_valid("\xc3\xa9", 1));
	ck_assert(utf8_valid(TEXT("with a NUL \0 inside")));
}
END_TEST

START_TEST(control_characters_are_not_plain_at_any_position)
{
	char text[24];

	for (int c = 0; c < 0x80; c++) {
		for (size_t at = 0; at < sizeof(text); at++) {
			memset(text, 'x', sizeof(text));
			text[at] = (char)c;
			ck_assert_int_eq(utf8_plain(text, sizeof(text)), c >= 0x20 && c != 0x7f);
		}
	}
	for (int c = 0x80; c < 0xc0; c++) {
		memset(text, 'x', sizeof(text));
		text[5] = (char)0xc2;
		text[6] = (char)c;
		ck_assert_int_eq(utf8_plain(text, sizeof(text)), c >= 0xa0);
	}
	ck_assert(utf8_plain(TEXT("Stra\xc3\x9f"
				  "e ~ \xe2\x82\xac")));
	ck_assert(!utf8_plain(TEXT("bad \xff byte")));
}
END_TEST

/* --- zone --- */

static int64_t day_start(const char *zone, int year, int month, int day)
{
	const struct zone *z = zone_find(zone);

	ck_assert_msg(z, "no zone %s; is tzdata installed?", zone);
	return zone_day_start(z, (struct date) { year, month, day });
}

static int64_t seconds(const char *text)
{
	int64_t us;

	ck_assert(instant_parse(text, strlen(text), false, &us));
	return us / USEC_PER_SEC;
}

static const struct {
	const char *zone;
	struct date day;
	const char *start;
} day_starts[] = {
	{ "America/New_York", { 2026, 3, 8 }, "2026-03-08T05:00:00Z" },
	{ "America/New_York", { 2026, 3, 9 }, "2026-03-09T04:00:00Z" },
	{ "America/New_York", { 2026, 11, 1 }, "2026-11-01T04:00:00Z" },
	{ "America/New_York", { 2026, 11, 2 }, "2026-11-02T05:00:00Z" },
	{ "America/New_York", { 1974, 1, 6 }, "1974-01-06T05:00:00Z" },
	{ "America/New_York", { 1974, 1, 7 }, "1974-01-07T04:00:00Z" },
	{ "America/New_York", { 2100, 1, 1 }, "2100-01-01T05:00:00Z" },
	{ "America/New_York", { 2100, 7, 4 }, "2100-07-04T04:00:00Z" },
	{ "Europe/Vienna", { 1979, 7, 1 }, "1979-06-30T23:00:00Z" },
	{ "Asia/Kathmandu", { 2026, 11, 21 }, "2026-11-20T18:15:00Z" },
	/* midnight is put forward to 00:15 */
	{ "Asia/Kathmandu", { 1986, 1, 1 }, "1985-12-31T18:30:00Z" },
	{ "Asia/Kathmandu", { 1986, 1, 2 }, "1986-01-01T18:15:00Z" },
	/* half an hour of summer time */
	{ "Australia/Lord_Howe", { 2026, 4, 5 }, "2026-04-04T13:00:00Z" },
	{ "Australia/Lord_Howe", { 2026, 4, 6 }, "2026-04-05T13:30:00Z" },
	{ "Australia/Lord_Howe", { 2026, 10, 4 }, "2026-10-03T13:30:00Z" },
	{ "Australia/Lord_Howe", { 2026, 10, 5 }, "2026-10-04T13:00:00Z" },
	{ "America/Sao_Paulo", { 2017, 10, 15 }, "2017-10-15T03:00:00Z" }, /* skips midnight */
	{ "America/Sao_Paulo", { 2017, 10, 16 }, "2017-10-16T02:00:00Z" },
	/* midnight falls back to 23:00 */
	{ "America/Sao_Paulo", { 2018, 2, 18 }, "2018-02-18T03:00:00Z" },
	{ "Asia/Beirut", { 2026, 3, 29 }, "2026-03-28T22:00:00Z" },
	{ "Asia/Beirut", { 2022, 10, 30 }, "2022-10-29T22:00:00Z" },
	/* midnight comes twice */
	{ "America/Havana", { 2026, 11, 1 }, "2026-11-01T04:00:00Z" },
	/* one minute of the day, an hour back, the rest */
	{ "America/St_Johns", { 2006, 10, 29 }, "2006-10-29T02:30:00Z" },
	{ "America/St_Johns", { 2006, 10, 30 }, "2006-10-30T03:30:00Z" },
	{ "Pacific/Apia", { 2011, 12, 29 }, "2011-12-29T10:00:00Z" },
	/* a day that never was */
	{ "Pacific/Apia", { 2011, 12, 30 }, "2011-12-30T10:00:00Z" },
	{ "Pacific/Apia", { 2011, 12, 31 }, "2011-12-30T10:00:00Z" },
	{ "Pacific/Apia", { 2012, 1, 1 }, "2011-12-31T10:00:00Z" },
};

START_TEST(a_day_begins_at_its_first_instant)
{
	struct date d = day_starts[_i].day;
	int64_t start = day_start(day_starts[_i].zone, d.year, d.month, d.day);
	char buf[INSTANT_TEXT];

	instant_format(buf, start * USEC_PER_SEC);
	ck_assert_str_eq(buf, day_starts[_i].start);
}
END_TEST

START_TEST(an_instant_falls_on_the_local_date)
{
	const struct zone *apia = zone_find("Pacific/Apia"), *york = zone_find("America/New_York");
	int64_t skip = seconds("2011-12-30T10:00:00Z");

	ck_assert_ptr_nonnull(apia);
	ck_assert_ptr_nonnull(york);
	ck_assert_int_eq(date_compare(zone_date(apia, skip - 1), (struct date) { 2011, 12, 29 }),
			 0);
	ck_assert_int_eq(date_compare(zone_date(apia, skip), (struct date) { 2011, 12, 31 }), 0);
	ck_assert_int_eq(date_compare(zone_date(york, seconds("2026-11-01T03:59:59Z")),
				      (struct date) { 2026, 10, 31 }),
			 0);
	ck_assert_int_eq(date_compare(zone_date(york, seconds("1960-01-01T04:59:59Z")),
				      (struct date) { 1959, 12, 31 }),
			 0);
	ck_assert_int_eq(zone_offset(york, seconds("2026-07-01T00:00:00Z")), -4 * 3600);
	ck_assert_int_eq(zone_offset(york, seconds("2026-12-01T00:00:00Z")), -5 * 3600);
	ck_assert_int_eq(zone_offset(apia, skip - 1), -10 * 3600);
	ck_assert_int_eq(zone_offset(apia, skip), 14 * 3600);
}
END_TEST

START_TEST(days_follow_each_other_without_gap_in_every_zone)
{
	static const char *const names[] = {
		"UTC",
		"America/New_York",
		"Asia/Kathmandu",
		"Australia/Lord_Howe",
		"America/Sao_Paulo",
		"Asia/Beirut",
		"Africa/Casablanca",
		"America/Havana",
		"Asia/Tehran",
		"Europe/Dublin",
		"America/Nuuk",
		"Antarctica/Troll",
	};
	int64_t first = date_to_days((struct date) { 2008, 1, 1 }),
		last = date_to_days((struct date) { 2030, 1, 1 });

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct zone *z = zone_find(names[i]);
		int64_t start, next;

		ck_assert_msg(z, "no zone %s; is tzdata installed?", names[i]);
		start = zone_day_start(z, date_from_days(first));
		for (int64_t day = first; day < last; day++, start = next) {
			next = zone_day_start(z, date_from_days(day + 1));
			if (date_to_days(zone_date(z, start)) != day ||
			    date_to_days(zone_date(z, next - 1)) != day ||
			    (next - start) % 900 != 0)
				ck_abort_msg("%s: day %lld from %lld to %lld", names[i],
					     (long long)day, (long long)start, (long long)next);
		}
	}
}
END_TEST

START_TEST(utc_needs_no_files)
{
	const struct zone *utc = zone_find(NULL);

	setenv("TZDIR", "/nonexistent", 1);
	ck_assert_ptr_nonnull(utc);
	ck_assert_ptr_eq(zone_find("UTC"), utc);
	ck_assert_str_eq(zone_name(utc), "UTC");
	ck_assert(zone_is_utc(utc));
	ck_assert_int_eq(zone_offset(utc, 1795255200), 0);
	ck_assert_int_eq(zone_day_start(utc, (struct date) { 2026, 11, 21 }), 1795219200);
	ck_assert_int_eq(date_compare(zone_date(utc, -1), (struct date) { 1969, 12, 31 }), 0);
	ck_assert_ptr_null(zone_find("Europe/Riga"));
	unsetenv("TZDIR");
	ck_assert_ptr_nonnull(zone_find("Europe/Riga"));
}
END_TEST

START_TEST(names_that_are_no_zones_are_refused)
{
	static const char *const bad[] = {
		"",
		"Nowhere/City",
		"America",
		"zone.tab",
		"tzdata.zi",
		"/etc/localtime",
		"../zoneinfo/UTC",
		"Europe/../UTC",
		"AAA5",
		"+05:00",
		"+0500",
		"EST5EDT,M3.2.0,M11.1.0",
		"Europe/Vienna ",
		"Europe\\Vienna",
		"right/Europe/Vienna",
		"Europe/Vi\xc3\xa9nne",
		"%s%n",
		"Europe//Vienna",
		"Europe///Vienna",
		"./Europe/Vienna",
		"Europe/./Vienna",
		"Europe/Vienna/",
		"posix/Europe/Vienna",
		"posixrules",
		"localtime",
		"Factory",
		"europe/vienna",
		"+VERSION",
		"leapseconds",
		("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(!zone_find(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(strangers_cannot_fill_the_list_of_zones)
{
	char name[64];

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "Europe%.*sVienna", 2 + i % 30,
			 "////////////////////////////////");
		ck_assert_msg(!zone_find(name), "%s", name);
		snprintf(name, sizeof(name), "Europe/V%d", i);
		ck_assert_msg(!zone_find(name), "%s", name);
	}
	ck_assert_ptr_nonnull(zone_find("Europe/Lisbon"));
}
END_TEST

START_TEST(the_listed_zones_are_those_that_are_found)
{
	static const char *const some[] = { "America/Argentina/Buenos_Aires", "Etc/GMT+5",
					    "Europe/London", "UTC" };
	size_t n, listed = 0;
	const char *const *names = zone_names(&n);

	ck_assert_uint_gt(n, 300);
	for (size_t i = 0; i < n; i++) {
		ck_assert_msg(zone_find(names[i]) != NULL, "%s", names[i]);
		ck_assert_msg(i == 0 || strcmp(names[i - 1], names[i]) < 0, "%s", names[i]);
		for (size_t j = 0; j < ARRAY_SIZE(some); j++)
			listed += strcmp(names[i], some[j]) == 0;
	}
	ck_assert_uint_eq(listed, ARRAY_SIZE(some));
}
END_TEST

START_TEST(a_zone_is_loaded_once)
{
	const struct zone *z = zone_find("Europe/Vienna");

	ck_assert_ptr_nonnull(z);
	ck_assert_ptr_eq(zone_find("Europe/Vienna"), z);
	ck_assert_str_eq(zone_name(z), "Europe/Vienna");
	ck_assert(!zone_is_utc(z));
}
END_TEST

static void *use_zones(void *ret)
{
	static const char *const names[] = { "Asia/Tokyo", "Europe/Paris", "Europe/Vienna",
					     "America/Lima", "Asia/Kolkata" };
	int64_t sum = 0;

	for (int i = 0; i < 500; i++)
		sum += zone_day_start(zone_find(names[i % 5]), date_from_days(15000 + i));
	*(int64_t *)ret = sum;
	return NULL;
}

START_TEST(threads_share_zones)
{
	pthread_t threads[4];
	int64_t sums[4];

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_zones, &sums[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 1; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(sums[i], sums[0]);
}
END_TEST

/* --- files of a test --- */

static char folder[FOLDER_TEXT];

static void make_folder(void)
{
	folder_make(folder);
}

static void remove_folder(void)
{
	folder_remove(folder);
}

/* The path of NAME in the test's folder; good until the next call. */
static const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

/* The whole file; free() it. */
static char *read_file(const char *path)
{
	struct strbuf sb;
	char buf[4096];
	size_t n;
	FILE *f = fopen(path, "r");

	ck_assert_msg(f, "%s can't be read", path);
	strbuf_init(&sb, 1 << 20);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_addn(&sb, buf, n);
	fclose(f);
	return strbuf_take(&sb);
}

static char *print_settings(const struct settings *s)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(f);
	settings_print(s, f);
	fclose(f);
	return text;
}

/* --- settings --- */

START_TEST(defaults_stand_without_a_file)
{
	struct error err = { 0 };
	struct settings *s = NULL;

	ck_assert_int_eq(settings_load(NULL, &s, &err), 0);
	ck_assert_str_eq(s->database, "/var/lib/usaged/usage.db");
	ck_assert_str_eq(s->secret_file, "/var/lib/usaged/secret");
	ck_assert_int_eq(s->busy_timeout_ms, 10000);
	ck_assert_int_eq(s->ahead_seconds, 300);
	ck_assert_str_eq(s->name, "usaged");
	ck_assert_str_eq(s->base_url, "");
	ck_assert_str_eq(s->socket, "/run/usaged/usaged.sock");
	ck_assert_str_eq(s->socket_mode, "0660");
	ck_assert_str_eq(s->pid_file, "");
	ck_assert_int_eq(s->threads, 96);
	ck_assert_int_eq(s->backlog, 511);
	ck_assert_int_eq(s->max_body_bytes, 8 << 20);
	ck_assert_int_eq(s->drain_seconds, 20);
	ck_assert_str_eq(s->log_level, "info");
	ck_assert_str_eq(s->templates, USAGED_DATADIR "/templates");
	ck_assert(!s->price_as_string);
	settings_free(&s);
	ck_assert_ptr_null(s);
	settings_free(&s);
}
END_TEST

START_TEST(a_file_overrides_and_its_relative_paths_start_at_its_folder)
{
	static const char text[] = "\xef\xbb\xbf# a comment\r\n"
				   "; another\n"
				   "[ledger]\n"
				   "database = usage.db\n"
				   "secret_file=/elsewhere/se:cret ;1\n"
				   "  ; a comment\n"
				   "\n"
				   "[server]\n"
				   "  threads = 8\n"
				   "\tname = My \xc3\xa9tat\n"
				   "base_url = https://usage.example.org:8443\n"
				   "socket =\n"
				   "log_level = debug\n"
				   "[twilio]\n"
				   "price_as_string = on\n";
	struct error err = { 0 };
	struct settings *s = NULL;
	char want[128];

	write_file(in_folder("a.conf"), TEXT(text));
	ck_assert_msg(settings_load(in_folder("a.conf"), &s, &err) == 0, "%s", err.message);
	snprintf(want, sizeof(want), "%s/usage.db", folder);
	ck_assert_str_eq(s->database, want);
	ck_assert_str_eq(s->secret_file, "/elsewhere/se:cret ;1");
	ck_assert_int_eq(s->threads, 8);
	ck_assert_str_eq(s->name, "My \xc3\xa9tat");
	ck_assert_str_eq(s->base_url, "https://usage.example.org:8443");
	ck_assert_str_eq(s->socket, "");
	ck_assert_str_eq(s->log_level, "debug");
	ck_assert(s->price_as_string);
	ck_assert_int_eq(s->backlog, 511);
	settings_free(&s);
}
END_TEST

static const struct {
	const char *text;
	int line;
	const char *param, *part; /* what the error names, and says */
} bad_settings[] = {
	{ "[server]\nthreads = 0\n", 2, "server.threads", "from 1 to 1024" },
	{ "[server]\nthreads = 1025\n", 2, "server.threads", "from 1 to 1024" },
	{ "[server]\nthreads = many\n", 2, "server.threads", "whole number" },
	{ "[server]\nthreads = 1.5\n", 2, "server.threads", "whole number" },
	{ "[server]\nthreads =\n", 2, "server.threads", "whole number" },
	{ "[server]\nthreads = 99999999999999999999\n", 2, "server.threads", "whole number" },
	{ "[server]\nmax_body_bytes = -1\n", 2, "server.max_body_bytes", "from 1024" },
	{ "[server]\n\nthreads = 5\nthreads = 6\n", 4, "server.threads", "second time" },
	{ "[server]\nthreds = 5\n", 2, "server.threds", "no such setting" },
	{ "[sever]\nthreads = 5\n", 2, "sever.threads", "no section [sever]" },
	{ "[ledger]\nthreads = 5\n", 2, "ledger.threads", "no such setting" },
	{ "threads = 5\n", 1, "threads", "below its [section]" },
	{ "[server]\n# good\nwhat is this\n", 3, "", "name = value" },
	{ "[server\n", 1, "", "name = value" },
	{ "[server]\nthreads: 8\n", 2, "", "name = value" },
	{ "[server]\nthreads = 8 ; many\n", 2, "server.threads", "whole number" },
	{ "[server] ; mine\nthreads = 8\n", 1, "", "nothing may follow the ]" },
	{ "[server]\n= 8\n", 2, "", "a name must stand before" },
	{ "[server]\nname = a\x01z\n", 2, "", "control character" },
	{ "[server]\nname = \"usage\n[server]\nna:me = 1\n", 4, "server.na:me", "no such setting" },
	{ "[server]\nlog_level = loud\n", 2, "server.log_level", "error, warning, info or debug" },
	{ "[server]\nsocket_mode = 0888\n", 2, "server.socket_mode", "octal" },
	{ "[server]\nsocket_mode = 1777\n", 2, "server.socket_mode", "octal" },
	{ "[server]\nbase_url = https://a.example/\n", 2, "server.base_url", "without a slash" },
	{ "[server]\nbase_url = ftp://a.example\n", 2, "server.base_url", "http" },
	{ "[server]\ncors_origins = *\n", 2, "server.cors_origins", "origins such as" },
	{ "[server]\ncors_origins = https://a.example/\n", 2, "server.cors_origins",
	  "without a path" },
	{ "[server]\ncors_origins = https://a.example null\n", 2, "server.cors_origins",
	  "origins such as" },
	{ "[server]\ncors_origins = https://A.example\n", 2, "server.cors_origins", "lower case" },
	{ "[server]\nname =\n", 2, "server.name", "1 to 60 bytes" },
	{ "[server]\nname = bad \xff byte\n", 2, "server.name", "UTF-8" },
	{ "[ledger]\ndatabase =\n", 2, "ledger.database", "bytes" },
	{ "[ledger]\nbusy_timeout_ms = 600001\n", 2, "ledger.busy_timeout_ms", "to 600000" },
	{ "[twilio]\nprice_as_string = maybe\n", 2, "twilio.price_as_string", "yes or no" },
};

START_TEST(a_bad_setting_is_refused_by_file_line_and_name)
{
	struct error err = { 0 };
	struct settings *s = NULL;
	char start[160];

	write_file(in_folder("a.conf"), bad_settings[_i].text, strlen(bad_settings[_i].text));
	ck_assert_int_eq(settings_load(in_folder("a.conf"), &s, &err), -1);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(err.kind, ERR_PARAM);
	ck_assert_str_eq(err.param, bad_settings[_i].param);
	snprintf(start, sizeof(start), "%s:%d: %s", in_folder("a.conf"), bad_settings[_i].line,
		 bad_settings[_i].param);
	ck_assert_msg(strncmp(err.message, start, strlen(start)) == 0, "%s", err.message);
	ck_assert_msg(strstr(err.message, bad_settings[_i].part) != NULL, "%s", err.message);
}
END_TEST

START_TEST(a_line_that_is_too_long_or_no_text_is_refused)
{
	struct error err = { 0 };
	struct settings *s = NULL;
	char text[1000];

	memset(text, 'x', sizeof(text));
	memcpy(text, "[server]\nname = ", 16);
	text[sizeof(text) - 1] = '\n';
	write_file(in_folder("a.conf"), text, sizeof(text));
	ck_assert_int_eq(settings_load(in_folder("a.conf"), &s, &err), -1);
	ck_assert_msg(strstr(err.message, "a.conf:2: the line is too long") != NULL, "%s",
		      err.message);
	error_clear(&err);
	write_file(in_folder("a.conf"), TEXT("[server]\nname = a\0b\n"));
	ck_assert_int_eq(settings_load(in_folder("a.conf"), &s, &err), -1);
	ck_assert_msg(strstr(err.message, "a.conf:2: holds a NUL byte") != NULL, "%s", err.message);
	/* A comment may be as long as it likes. */
	error_clear(&err);
	text[0] = '#';
	text[8] = ' ';
	write_file(in_folder("a.conf"), text, sizeof(text));
	ck_assert_msg(settings_load(in_folder("a.conf"), &s, &err) == 0, "%s", err.message);
	settings_free(&s);
}
END_TEST

START_TEST(a_missing_file_is_an_error)
{
	struct error err = { 0 };
	struct settings *s = NULL;

	ck_assert_int_eq(settings_load(in_folder("a.conf"), &s, &err), -1);
	ck_assert_msg(strstr(err.message, "a.conf: No such file") != NULL, "%s", err.message);
	error_clear(&err);
	ck_assert_int_eq(settings_load(folder, &s, &err), -1);
	ck_assert_msg(strstr(err.message, "Is a directory") != NULL, "%s", err.message);
}
END_TEST

START_TEST(what_is_printed_loads_again_the_same)
{
	static const char text[] =
		"[ledger]\ndatabase = here.db\n[server]\nthreads = 3\nlog_level = error\nsocket =\n"
		"[twilio]\nprice_as_string = true\n";
	struct error err = { 0 };
	struct settings *s = NULL;
	char *first, *second;

	write_file(in_folder("a.conf"), TEXT(text));
	ck_assert_int_eq(settings_load(in_folder("a.conf"), &s, &err), 0);
	first = print_settings(s);
	settings_free(&s);
	write_file(in_folder("a.conf"), first, strlen(first));
	ck_assert_msg(settings_load(in_folder("a.conf"), &s, &err) == 0, "%s", err.message);
	second = print_settings(s);
	settings_free(&s);
	ck_assert_ptr_nonnull(strstr(first, "\nthreads = 3\n"));
	ck_assert_ptr_nonnull(strstr(first, "\nprice_as_string = yes\n"));
	ck_assert_ptr_nonnull(strstr(first, "/here.db\n"));
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
}
END_TEST

START_TEST(the_sample_file_is_the_printed_defaults)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	char *sample, *printed = print_settings(NULL);

	snprintf(path, sizeof(path), "%s/conf/usaged.conf", srcdir ? srcdir : ".");
	sample = read_file(path);
	ck_assert_str_eq(sample, printed);
	free(sample);
	free(printed);
}
END_TEST

/* --- secret --- */

static void start_secrets(void)
{
	struct error err = { 0 };

	make_folder();
	ck_assert_int_eq(secret_init(&err), 0);
}

START_TEST(a_secret_file_is_made_once_and_for_its_owner_alone)
{
	unsigned char secret[SECRET_BYTES], zero[SECRET_BYTES] = { 0 };
	struct error err = { 0 };
	struct stat st;

	ck_assert_int_eq(secret_create(in_folder("secret"), &err), 0);
	ck_assert_int_eq(stat(in_folder("secret"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, SECRET_BYTES);
	memset(secret, 0, sizeof(secret));
	ck_assert_int_eq(secret_load(in_folder("secret"), secret, &err), 0);
	ck_assert_int_ne(memcmp(secret, zero, sizeof(secret)), 0);
	ck_assert_int_eq(secret_create(in_folder("secret"), &err), -1);
	ck_assert_msg(strstr(err.message, "File exists") != NULL, "%s", err.message);
}
END_TEST

START_TEST(a_secret_file_that_others_may_use_is_refused)
{
	unsigned char secret[SECRET_BYTES];
	struct error err = { 0 };

	ck_assert_int_eq(secret_create(in_folder("secret"), &err), 0);
	for (int bit = 1; bit < 0100; bit <<= 1) {
		error_clear(&err);
		ck_assert_int_eq(chmod(in_folder("secret"), (mode_t)(0600 | bit)), 0);
		ck_assert_int_eq(secret_load(in_folder("secret"), secret, &err), -1);
		ck_assert_msg(strstr(err.message, "chmod 600") != NULL, "%s", err.message);
	}
	error_clear(&err);
	ck_assert_int_eq(chmod(in_folder("secret"), 0400), 0);
	ck_assert_int_eq(secret_load(in_folder("secret"), secret, &err), 0);
}
END_TEST

START_TEST(a_secret_file_of_another_size_is_refused)
{
	static const char text[40] = "x";
	unsigned char secret[SECRET_BYTES] = { 9 };
	struct error err = { 0 };

	for (size_t len = 0; len <= sizeof(text); len++) {
		write_file(in_folder("secret"), text, len);
		ck_assert_int_eq(chmod(in_folder("secret"), 0600), 0);
		if (len == SECRET_BYTES)
			continue;
		error_clear(&err);
		ck_assert_int_eq(secret_load(in_folder("secret"), secret, &err), -1);
		ck_assert_msg(strstr(err.message, "must have 32 bytes") != NULL, "%s", err.message);
		ck_assert_uint_eq(secret[0], 9);
	}
	error_clear(&err);
	ck_assert_int_eq(secret_load(in_folder("none"), secret, &err), -1);
	ck_assert_msg(strstr(err.message, "No such file") != NULL, "%s", err.message);
	error_clear(&err);
	ck_assert_int_eq(secret_load(folder, secret, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INTERNAL);
}
END_TEST

START_TEST(tokens_are_letters_and_digits_and_never_the_same)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char token[TOKEN_TEXT], other[TOKEN_TEXT];
	bool seen[256] = { false };

	for (int i = 0; i < 200; i++) {
		token_new(token);
		token_new(other);
		ck_assert_uint_eq(strlen(token), TOKEN_TEXT - 1);
		ck_assert_uint_eq(strspn(token, letters), TOKEN_TEXT - 1);
		ck_assert_str_ne(token, other);
		for (const char *p = token; *p; p++)
			seen[(unsigned char)*p] = true;
	}
	for (const char *p = letters; *p; p++)
		ck_assert_msg(seen[(unsigned char)*p], "%c is never used", *p);
}
END_TEST

START_TEST(sids_are_a_prefix_and_32_hexadecimal_digits)
{
	char sid[35], other[35];

	sid_new("AC", sid);
	sid_new("AC", other);
	ck_assert_uint_eq(strlen(sid), 34);
	ck_assert_str_ne(sid, other);
	ck_assert(sid_valid("AC", sid, 34));
	ck_assert(!sid_valid("SK", sid, 34));
	ck_assert(!sid_valid("AC", sid, 33));
	ck_assert(sid_valid("AC", TEXT("AC0123456789abcdefABCDEF0123456789")));
	ck_assert(!sid_valid("AC", TEXT("AC0123456789abcdefABCDEF012345678g")));
	ck_assert(!sid_valid("AC", TEXT("ac0123456789abcdefABCDEF0123456789")));
	ck_assert(!sid_valid("AC", TEXT("AC0123456789abcdefABCDEF01234567890")));
	ck_assert(!sid_valid("AC", TEXT("AC0123456789abcdefABCDEF012345678\0")));
	ck_assert(!sid_valid("AC", "", 0));
}
END_TEST

START_TEST(a_hash_depends_on_token_key_and_purpose)
{
	unsigned char key[SECRET_BYTES] = { 1 }, other[SECRET_BYTES] = { 2 };
	unsigned char hash[HASH_BYTES], again[HASH_BYTES], tag[TAG_BYTES];

	token_hash(key, TEXT("token"), hash);
	token_hash(key, TEXT("token"), again);
	ck_assert_mem_eq(hash, again, HASH_BYTES);
	token_hash(key, TEXT("tokem"), again);
	ck_assert_mem_ne(hash, again, HASH_BYTES);
	token_hash(other, TEXT("token"), again);
	ck_assert_mem_ne(hash, again, HASH_BYTES);
	tag_make(key, TEXT("token"), tag);
	ck_assert_mem_ne(hash, tag, TAG_BYTES);
}
END_TEST

START_TEST(a_changed_byte_or_key_breaks_a_signature)
{
	unsigned char key[SECRET_BYTES] = { 1 }, other[SECRET_BYTES] = { 2 }, tag[TAG_BYTES];
	char data[] = "page 2 of usage";

	tag_make(key, data, sizeof(data), tag);
	ck_assert(tag_check(key, data, sizeof(data), tag));
	ck_assert(!tag_check(other, data, sizeof(data), tag));
	ck_assert(!tag_check(key, data, sizeof(data) - 1, tag));
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] ^= 1;
		ck_assert(!tag_check(key, data, sizeof(data), tag));
		data[i] ^= 1;
	}
	for (size_t i = 0; i < TAG_BYTES; i++) {
		tag[i] ^= 0x80;
		ck_assert(!tag_check(key, data, sizeof(data), tag));
		tag[i] ^= 0x80;
	}
}
END_TEST

START_TEST(base64_of_any_length_goes_there_and_back)
{
	unsigned char data[64], back[64];
	char text[128];
	size_t len, back_len;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + 250);
	for (len = 0; len <= sizeof(data); len++) {
		memset(text, 'x', sizeof(text));
		base64url_encode(data, len, text);
		ck_assert_uint_eq(strlen(text), (len * 4 + 2) / 3);
		ck_assert_ptr_null(strpbrk(text, "+/="));
		ck_assert(base64url_decode(text, strlen(text), back, len, &back_len));
		ck_assert_uint_eq(back_len, len);
		ck_assert_int_eq(memcmp(data, back, len), 0);
		if (len > 0)
			ck_assert(!base64url_decode(text, strlen(text), back, len - 1, &back_len));
	}
}
END_TEST

START_TEST(base64_that_is_none_is_refused)
{
	unsigned char back[16];
	size_t len;

	ck_assert(base64_decode(TEXT("dXNlcjpwYXNz"), back, sizeof(back), &len));
	ck_assert_uint_eq(len, 9);
	ck_assert_mem_eq(back, "user:pass", 9);
	ck_assert(base64_decode(TEXT("dTpw/w=="), back, sizeof(back), &len));
	ck_assert_uint_eq(len, 4);
	ck_assert(!base64_decode(TEXT("dTpw/w"), back, sizeof(back), &len));
	/* bits beyond the data */
	ck_assert(!base64_decode(TEXT("dTpw/x=="), back, sizeof(back), &len));
	ck_assert(!base64_decode(TEXT("dTpw\nw=="), back, sizeof(back), &len));
	ck_assert(!base64_decode(TEXT("dTp\0"), back, sizeof(back), &len));
	ck_assert(!base64_decode(TEXT("dTpw/w==dTpw"), back, sizeof(back), &len));
	ck_assert(!base64url_decode(TEXT("dTpw/w"), back, sizeof(back), &len));
	ck_assert(!base64url_decode(TEXT("dTpw_w=="), back, sizeof(back), &len));
	ck_assert(!base64url_decode(TEXT("d"), back, sizeof(back), &len));
}
END_TEST

/* --- log --- */

static void log_to_file(void)
{
	int fd;

	make_folder();
	fd = open(in_folder("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
	clock_set_us(1795255200123456);
}

START_TEST(a_log_line_has_time_level_and_message)
{
	char *text;

	errno = EXDEV;
	log_error("no %s", "ledger");
	log_warning("slow");
	log_info("ready, %d threads", 96);
	log_write(LOG_LEVEL_DEBUG, "not shown");
	ck_assert_int_eq(errno, EXDEV);
	text = read_file(in_folder("log"));
	ck_assert_str_eq(text, "2026-11-21T10:00:00.123456Z error no ledger\n"
			       "2026-11-21T10:00:00.123456Z warning slow\n"
			       "2026-11-21T10:00:00.123456Z info ready, 96 threads\n");
	free(text);
}
END_TEST

START_TEST(the_log_level_decides_what_is_shown)
{
	char *text;

	log_set_level(LOG_LEVEL_ERROR);
	log_warning("hidden");
	log_set_level(LOG_LEVEL_DEBUG);
	log_write(LOG_LEVEL_DEBUG, "shown");
	text = read_file(in_folder("log"));
	ck_assert_str_eq(text, "2026-11-21T10:00:00.123456Z debug shown\n");
	free(text);
}
END_TEST

START_TEST(nothing_in_a_message_can_forge_a_line)
{
	char *text;

	log_info("%s", "a\r\nb\x1b[2J\x7f \xc2\x85 \xff \xc3\xa9");
	text = read_file(in_folder("log"));
	ck_assert_str_eq(strchr(text, 'i'),
			 "info a\\x0d\\x0ab\\x1b[2J\\x7f \\xc2\\x85 \\xff \xc3\xa9\n");
	free(text);
}
END_TEST

START_TEST(an_endless_message_is_cut_and_says_so)
{
	char message[10000];
	char *text;

	memset(message, '\n', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	log_info("%s", message);
	text = read_file(in_folder("log"));
	ck_assert_str_eq(text + strlen(text) - 8, "\\x0a...\n");
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
}
END_TEST

static void *log_much(void *letter)
{
	char line[201];

	memset(line, *(const char *)letter, sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 200; i++) {
		log_info("%s", line);
		log_set_level(LOG_LEVEL_INFO);
	}
	return NULL;
}

START_TEST(lines_of_many_threads_stay_whole)
{
	static const char letters[] = "abcd";
	pthread_t threads[4];
	int lines = 0;
	char *text, *line, *end;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, log_much, (void *)(letters + i)),
				 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	text = read_file(in_folder("log"));
	for (line = text; (end = strchr(line, '\n')); line = end + 1, lines++) {
		const char *message = line + strlen("2026-11-21T10:00:00.123456Z info ");

		ck_assert_int_eq(end - message, 200);
		ck_assert_uint_eq(strspn(message, (char[]) { message[0], '\0' }), 200);
	}
	ck_assert_int_eq(lines, 800);
	free(text);
}
END_TEST

/* A case for each module; SETUP and TEARDOWN run around each of its tests. */
static TCase *add_case(Suite *s, const char *name, void (*setup)(void), void (*teardown)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(s, tc);
	return tc;
}

/* ---- throttle ---- */

/*
 * Wrong tries of a pair, each as soon as it may; returns when the last one was
 * let through.
 */
static int64_t fail_times(struct throttle *t, const char *user, const char *address, int n,
			  int64_t now)
{
	for (int i = 0; i < n; i++) {
		int64_t wait = throttle_try(t, user, address, now);

		if (wait) {
			now += wait;
			ck_assert_int_eq(throttle_try(t, user, address, now), 0);
		}
	}
	return now;
}

START_TEST(wrong_passwords_cost_more_and_more_time)
{
	struct throttle *t = throttle_new();
	int64_t now = fail_times(t, "ada", "192.0.2.1", THROTTLE_FREE + 1, 0), wait = 0;

	ck_assert_int_eq(now, 0);
	for (int i = 0; i < 6; i++) {
		wait = throttle_try(t, "ada", "192.0.2.1", now);
		ck_assert_int_eq(wait, 1000 << i);
		ck_assert_int_eq(throttle_try(t, "ada", "192.0.2.1", now + wait - 1), 1);
		now += wait;
		ck_assert_int_eq(throttle_try(t, "ada", "192.0.2.1", now), 0);
	}
	for (int i = 0; i < 100; i++) {
		wait = throttle_try(t, "ada", "192.0.2.1", now);
		ck_assert(wait > 0 && wait <= THROTTLE_PAIR_MAX_MS);
		now += wait;
		ck_assert_int_eq(throttle_try(t, "ada", "192.0.2.1", now), 0);
	}
	/* who stops is forgiven */
	ck_assert_int_eq(throttle_try(t, "ada", "192.0.2.1", now + 100 * THROTTLE_FORGIVE_MS), 0);
	throttle_free(&t);
}
END_TEST

START_TEST(a_right_password_forgives_the_pair)
{
	struct throttle *t = throttle_new();
	int64_t now = fail_times(t, "ada", "192.0.2.1", 8, 0);

	throttle_succeeded(t, "ada", "192.0.2.1", now);
	ck_assert_int_eq(fail_times(t, "ada", "192.0.2.1", THROTTLE_FREE + 1, now), now);
	ck_assert(throttle_try(t, "ada", "192.0.2.1", now) > 0);
	throttle_free(&t);
}
END_TEST

START_TEST(a_crowd_that_guesses_one_user_does_not_keep_the_user_out)
{
	struct throttle *t = throttle_new();
	char address[32];
	int64_t wait;

	throttle_try(t, "ada", "198.51.100.1", 0);
	throttle_succeeded(t, "ada", "198.51.100.1", 0);
	for (int i = 0; i < 200; i++) {
		snprintf(address, sizeof(address), "10.0.0.%d", i);
		throttle_try(t, "ada", address, 0);
	}
	/* known at this address: at once */
	ck_assert_int_eq(throttle_try(t, "ada", "198.51.100.1", 0), 0);
	/*
	 * new at this one: after a time of its own, however many others go on
	 */
	wait = throttle_try(t, "ada", "203.0.113.5", 0);
	ck_assert(wait > 0 && wait <= THROTTLE_USER_MAX_MS);
	for (int i = 0; i < 200; i++) {
		snprintf(address, sizeof(address), "10.0.1.%d", i);
		throttle_try(t, "ada", address, wait / 2);
	}
	ck_assert_int_eq(throttle_try(t, "ada", "203.0.113.5", wait), 0);
	/* others are not concerned */
	ck_assert_int_eq(throttle_try(t, "eve", "203.0.113.6", 0), 0);
	throttle_free(&t);
}
END_TEST

START_TEST(a_guesser_of_many_names_slows_down_its_address)
{
	struct throttle *t = throttle_new();
	int let_through = 0;
	char user[32];
	int64_t wait;

	throttle_try(t, "ada", "2001:db8::1", 0);
	throttle_succeeded(t, "ada", "2001:db8::1", 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(user, sizeof(user), "user%d", i);
		let_through += throttle_try(t, user, i % 2 ? "2001:db8::1" : "2001:db8::ffff:2",
					    0) == 0;
	}
	ck_assert_int_eq(let_through, THROTTLE_ADDRESS_FREE + 1);
	ck_assert_int_eq(throttle_try(t, "ada", "2001:db8::1", 0), 0);
	wait = throttle_try(t, "eve", "2001:db8::3", 0);
	ck_assert(wait > 0 && wait <= THROTTLE_ADDRESS_MAX_MS);
	ck_assert_int_eq(throttle_try(t, "eve", "2001:db8::3", wait), 0);
	ck_assert_int_eq(throttle_try(t, "eve", "2001:db8:0:1::3", 0), 0);
	throttle_free(&t);
}
END_TEST

START_TEST(a_withdrawn_try_counts_for_nothing)
{
	struct throttle *t = throttle_new();

	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(throttle_try(t, "ada", "192.0.2.1", 0), 0);
		throttle_withdraw(t, "ada", "192.0.2.1", 0);
	}
	throttle_free(&t);
}
END_TEST

/* ---- passwords ---- */

START_TEST(a_password_is_known_by_its_hash_alone)
{
	char hash[PASSWORD_HASH_TEXT], other[PASSWORD_HASH_TEXT];
	struct error err = { 0 };

	ck_assert_int_eq(password_hash("correct horse", 13, hash, &err), 0);
	ck_assert_int_eq(password_hash("correct horse", 13, other, &err), 0);
	ck_assert_ptr_nonnull(strstr(hash, "$argon2id$"));
	ck_assert_str_ne(hash, other);
	ck_assert_int_eq(password_verify(hash, "correct horse", 13, &err), 1);
	ck_assert_int_eq(password_verify(hash, "correct horsf", 13, &err), 0);
	ck_assert_int_eq(password_verify(hash, "correct hors", 12, &err), 0);
	ck_assert_int_eq(password_verify(hash, "", 0, &err), 0);
	ck_assert_int_eq(password_verify("nonsense", "correct horse", 13, &err), 0);
	ck_assert_int_eq(password_verify(NULL, "correct horse", 13, &err), 0);
}
END_TEST

static void add_text_cases(Suite *s)
{
	TCase *tc = add_case(s, "error", NULL, NULL);

	tcase_add_test(tc, only_the_first_failure_is_kept);
	tcase_add_test(tc, an_error_nobody_wants_is_no_crash);
	tcase_add_test(tc, a_message_is_one_line_of_valid_text);
	tcase_add_test(tc, a_long_message_is_cut_between_characters);
	tcase_add_test(tc, details_add_up_and_stay_out_of_the_message);
	tcase_add_test(tc, a_system_error_says_the_systems_words);

	tc = add_case(s, "strbuf", NULL, NULL);
	tcase_add_test(tc, text_grows_and_stays_ended);
	tcase_add_test(tc, text_fills_its_limit_and_no_more);
	tcase_add_test(tc, a_failed_append_leaves_the_text_and_sticks);
	tcase_add_test(tc, a_growth_past_all_memory_is_refused);
	tcase_add_test(tc, whole_numbers_are_written_to_both_borders);
	tcase_add_test(tc, formatted_text_of_any_length_is_written_whole);
	tcase_add_test(tc, text_is_inserted_before_what_is_there);
	tcase_add_test(tc, numbers_are_rounded_halves_away_from_zero);
	tcase_add_test(tc, taken_text_is_the_callers_even_when_empty);

	tc = add_case(s, "arena", NULL, NULL);
	tcase_add_test(tc, pieces_are_zeroed_aligned_and_apart);
	tcase_add_test(tc, a_piece_larger_than_any_block_fits);
	tcase_add_test(tc, a_grown_piece_keeps_its_bytes_and_zeroes_the_rest);
	tcase_add_test(tc, texts_of_an_arena_are_copies);

	tc = add_case(s, "utf8", NULL, NULL);
	tcase_add_test(tc, text_is_told_from_bytes_at_every_position);
	tcase_add_test(tc, control_characters_are_not_plain_at_any_position);
}

static void add_number_cases(Suite *s)
{
	TCase *tc = add_case(s, "decimal", NULL, NULL);

	tcase_add_loop_test(tc, decimals_are_read_exactly_or_refused_for_the_right_reason, 0,
			    ARRAY_SIZE(decimal_cases));
	tcase_add_test(tc, a_nul_byte_is_no_part_of_a_decimal);
	tcase_add_test(tc, a_hundred_thousand_digits_are_read_exactly);
	tcase_add_test(tc, decimals_are_written_with_just_their_digits);
	tcase_add_test(tc, what_is_written_reads_back);
	tcase_add_test(tc, minutes_are_rounded_up_towards_plus_infinity);

	tc = add_case(s, "civil", NULL, NULL);
	tcase_add_test(tc, days_and_dates_agree_over_all_years);
	tcase_add_test(tc, february_follows_the_gregorian_rule);
	tcase_add_test(tc, months_later_are_cut_to_the_last_day);
	tcase_add_test(tc, only_real_days_are_dates);
	tcase_add_test(tc, instants_are_read_in_all_their_forms);
	tcase_add_test(tc, texts_that_are_no_instants_are_refused);
	tcase_add_test(tc, instants_outside_of_the_calendar_stay_in_their_buffer);
	tcase_add_test(tc, the_clock_can_be_stood_still);
	tcase_add_test(tc, division_rounds_down_on_both_sides_of_zero);

	tc = add_case(s, "zone", NULL, NULL);
	tcase_add_loop_test(tc, a_day_begins_at_its_first_instant, 0, ARRAY_SIZE(day_starts));
	tcase_add_test(tc, an_instant_falls_on_the_local_date);
	tcase_add_test(tc, days_follow_each_other_without_gap_in_every_zone);
	tcase_add_test(tc, utc_needs_no_files);
	tcase_add_test(tc, names_that_are_no_zones_are_refused);
	tcase_add_test(tc, strangers_cannot_fill_the_list_of_zones);
	tcase_add_test(tc, the_listed_zones_are_those_that_are_found);
	tcase_add_test(tc, a_zone_is_loaded_once);
	tcase_add_test(tc, threads_share_zones);
}

static void add_file_cases(Suite *s)
{
	TCase *tc = add_case(s, "settings", make_folder, remove_folder);

	tcase_add_test(tc, defaults_stand_without_a_file);
	tcase_add_test(tc, a_file_overrides_and_its_relative_paths_start_at_its_folder);
	tcase_add_loop_test(tc, a_bad_setting_is_refused_by_file_line_and_name, 0,
			    ARRAY_SIZE(bad_settings));
	tcase_add_test(tc, a_line_that_is_too_long_or_no_text_is_refused);
	tcase_add_test(tc, a_missing_file_is_an_error);
	tcase_add_test(tc, what_is_printed_loads_again_the_same);
	tcase_add_test(tc, the_sample_file_is_the_printed_defaults);

	tc = add_case(s, "secret", start_secrets, remove_folder);
	tcase_add_test(tc, a_secret_file_is_made_once_and_for_its_owner_alone);
	tcase_add_test(tc, a_secret_file_that_others_may_use_is_refused);
	tcase_add_test(tc, a_secret_file_of_another_size_is_refused);
	tcase_add_test(tc, tokens_are_letters_and_digits_and_never_the_same);
	tcase_add_test(tc, sids_are_a_prefix_and_32_hexadecimal_digits);
	tcase_add_test(tc, a_hash_depends_on_token_key_and_purpose);
	tcase_add_test(tc, a_changed_byte_or_key_breaks_a_signature);
	tcase_add_test(tc, base64_of_any_length_goes_there_and_back);
	tcase_add_test(tc, base64_that_is_none_is_refused);
	tcase_add_test(tc, a_password_is_known_by_its_hash_alone);

	tc = add_case(s, "throttle", start_secrets, remove_folder);
	tcase_add_test(tc, wrong_passwords_cost_more_and_more_time);
	tcase_add_test(tc, a_right_password_forgives_the_pair);
	tcase_add_test(tc, a_crowd_that_guesses_one_user_does_not_keep_the_user_out);
	tcase_add_test(tc, a_guesser_of_many_names_slows_down_its_address);
	tcase_add_test(tc, a_withdrawn_try_counts_for_nothing);

	tc = add_case(s, "log", log_to_file, remove_folder);
	tcase_add_test(tc, a_log_line_has_time_level_and_message);
	tcase_add_test(tc, the_log_level_decides_what_is_shown);
	tcase_add_test(tc, nothing_in_a_message_can_forge_a_line);
	tcase_add_test(tc, an_endless_message_is_cut_and_says_so);
	tcase_add_test(tc, lines_of_many_threads_stay_whole);
}

int main(void)
{
	Suite *s = suite_create("base");

	add_text_cases(s);
	add_number_cases(s);
	add_file_cases(s);
	return run_suite(s);
}
