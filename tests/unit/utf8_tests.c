/*
 * utf8_tests.c - text is told from bytes.
 */
#include <check.h>
#include <string.h>
#include "base/strbuf.h"
#include "base/utf8.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

/* ---- utf8 ---- */

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

		ROW("case %zu", i);
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
			ROW("%02x at %zu", (unsigned)c, at);
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

int main(void)
{
	Suite *s = suite_create("utf8");
	TCase *tc = tcase_create("utf8");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, text_is_told_from_bytes_at_every_position);
	tcase_add_test(tc, control_characters_are_not_plain_at_any_position);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
