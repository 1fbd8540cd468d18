/*
 * attributes_tests.c - attributes in HTTP headers.
 */
#include <check.h>
#include <string.h>
#include "ingest/attributes.h"
#include "suite.h"
#include "base/banned.h"

START_TEST(headers_are_unquoted_and_decoded_once)
{
	static const struct event_header headers[] = { { "id",
							 "Euro %E2%82%AC %F0%9F%98%80 100%2525" },
						       { "source", "\"/a \\\"b\\\" %20c\"" },
						       { "subject", "\"" },
						       { "category", "calls" } };
	struct arena arena;
	struct raw_event ev = { 0 };
	struct error err = { 0 };

	arena_init(&arena);
	ck_assert(attributes_present(headers, 4));
	ck_assert_int_eq(attributes_read(headers, 4, &arena, &ev, &err), 0);
	ck_assert_mem_eq(ev.field[EV_ID].text, "Euro \xE2\x82\xAC \xF0\x9F\x98\x80 100%25",
			 ev.field[EV_ID].len);
	ck_assert_uint_eq(ev.field[EV_ID].len, 20);
	ck_assert_mem_eq(ev.field[EV_SOURCE].text, "/a \"b\"  c", ev.field[EV_SOURCE].len);
	ck_assert_uint_eq(ev.field[EV_SOURCE].len, 9);
	ck_assert_uint_eq(ev.field[EV_SUBJECT].len, 1);
	/* data are no headers: it is an extension */
	ck_assert_ptr_null(ev.field[EV_CATEGORY].text);
	ck_assert_ptr_null(ev.field[EV_TIME].text);
	arena_release(&arena);
}
END_TEST

START_TEST(a_percent_sign_that_says_nothing_is_named_with_its_header)
{
	static const char *const broken[] = { "50%", "50%x", "50%4", "%%41", "%4g" };
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		const struct event_header headers[] = { { "source", broken[i] },
							{ "type", "usage" } };
		struct raw_event ev = { 0 };
		struct error err = { 0 };

		ROW("%s", broken[i]);
		ck_assert_int_eq(attributes_read(headers, 2, &arena, &ev, &err), -1);
		ck_assert_int_eq(err.kind, ERR_PARAM);
		ck_assert_str_eq(err.param, "source");
		ck_assert_ptr_null(ev.field[EV_SOURCE].text);
		ck_assert_uint_eq(ev.field[EV_TYPE].len, 5);
	}
	ck_assert(!attributes_present(NULL, 0));
	arena_release(&arena);
}
END_TEST

START_TEST(headers_of_extensions_are_kept_behind_the_data)
{
	static const struct event_header headers[] = { { "id", "a" },
						       { "traceparent", "00-%22ab%22" },
						       { "myext", "\"caf%C3%A9\"" },
						       { "tariff", "theirs" },
						       { "datacontenttype", "x" },
						       { "data", "x" },
						       { "data_base64", "x" },
						       { "bad", "%FF" } };
	static const char want[] = "{\"bad\":\"\xEF\xBF\xBD\",\"myext\":\"caf\xC3\xA9\",\"tariff\":"
				   "7,\"traceparent\":\"00-\\\"ab\\\"\"}";
	struct raw_event ev = { .attributes = { .text = "{\"tariff\":7}", .len = 12 } };
	struct error err = { 0 };
	struct arena arena;

	arena_init(&arena);
	ck_assert(!attributes_present(headers + 1, 6));
	ck_assert_int_eq(attributes_read(headers, 8, &arena, &ev, &err), 0);
	ck_assert_uint_eq(ev.attributes.len, strlen(want));
	ck_assert_mem_eq(ev.attributes.text, want, ev.attributes.len);
	arena_release(&arena);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("attributes");
	TCase *tc = tcase_create("attributes");

	tcase_add_test(tc, headers_are_unquoted_and_decoded_once);
	tcase_add_test(tc, a_percent_sign_that_says_nothing_is_named_with_its_header);
	tcase_add_test(tc, headers_of_extensions_are_kept_behind_the_data);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
