/*
 * strbuf_tests.c - text that grows.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

/* ---- strbuf ---- */

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
		ROW("%lld", (long long)numbers[i]);
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

int main(void)
{
	Suite *s = suite_create("strbuf");
	TCase *tc = tcase_create("strbuf");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, text_grows_and_stays_ended);
	tcase_add_test(tc, text_fills_its_limit_and_no_more);
	tcase_add_test(tc, a_failed_append_leaves_the_text_and_sticks);
	tcase_add_test(tc, a_growth_past_all_memory_is_refused);
	tcase_add_test(tc, whole_numbers_are_written_to_both_borders);
	tcase_add_test(tc, formatted_text_of_any_length_is_written_whole);
	tcase_add_test(tc, text_is_inserted_before_what_is_there);
	tcase_add_test(tc, taken_text_is_the_callers_even_when_empty);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
