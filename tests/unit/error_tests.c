/*
 * error_tests.c - errors: the first one stays, messages are one line.
 */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

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

int main(void)
{
	Suite *s = suite_create("error");
	TCase *tc = tcase_create("error");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, only_the_first_failure_is_kept);
	tcase_add_test(tc, an_error_nobody_wants_is_no_crash);
	tcase_add_test(tc, a_message_is_one_line_of_valid_text);
	tcase_add_test(tc, a_long_message_is_cut_between_characters);
	tcase_add_test(tc, details_add_up_and_stay_out_of_the_message);
	tcase_add_test(tc, a_system_error_says_the_systems_words);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
