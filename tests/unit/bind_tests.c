/*
 * bind_tests.c - parameters of a query.
 */
#include <check.h>
#include <string.h>
#include "request_fixture.h"
#include "suite.h"
#include "base/banned.h"

static struct params decode(const char *query, struct error *err)
{
	struct params p = { .arena = &arena };

	params_decode(&p, arena_str(&arena, query), strlen(query), err);
	return p;
}

START_TEST(a_query_is_decoded_once)
{
	struct error err = { 0 };
	struct params p = decode("a=1+2&&b=%2B%252B&c&d==&e=%C3%A9", &err);

	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert_uint_eq(p.n, 5);
	ck_assert_str_eq(p.items[0].name, "a");
	ck_assert_str_eq(p.items[0].value, "1 2");
	ck_assert_str_eq(p.items[1].value, "+%2B");
	ck_assert_str_eq(p.items[2].name, "c");
	ck_assert_str_eq(p.items[2].value, "");
	ck_assert_str_eq(p.items[3].value, "=");
	ck_assert_str_eq(p.items[4].value, "\xc3\xa9");
}
END_TEST

static const struct {
	const char *query, *param, *message;
} bad_queries[] = {
	{ "a=%00", "a", "must not hold a NUL byte" },
	{ "a=%FF", "a", "must be UTF-8" },
	{ "ok=1&b=%C0%80", "b", "must be UTF-8" },
	{ "ok=1&%FF=1", "", "The name of parameter 2 is not UTF-8" },
	{ "x%00y=1", "", "The name of parameter 1 holds a NUL byte" },
	{ "a=%", "", "Parameter 1 has a % that isn't followed by two hexadecimal digits" },
	{ "a=%4", "", "Parameter 1 has a % that isn't followed by two hexadecimal digits" },
	{ "a=%4g", "", "Parameter 1 has a % that isn't followed by two hexadecimal digits" },
	{ "%g4=1", "", "Parameter 1 has a % that isn't followed by two hexadecimal digits" },
};

START_TEST(a_bad_parameter_is_refused_by_name)
{
	struct error err = { 0 };

	decode(bad_queries[_i].query, &err);
	ck_assert_int_eq(err.kind, ERR_PARAM);
	ck_assert_str_eq(err.param, bad_queries[_i].param);
	ck_assert_str_eq(err.message, bad_queries[_i].message);
}
END_TEST

START_TEST(parameters_have_limits)
{
	struct error err = { 0 };
	char *text = arena_alloc(&arena, 4 * REQUEST_VALUE_MAX);

	for (int i = 0; i < REQUEST_PARAMS_MAX; i++)
		memcpy(text + 4 * i, "a=1&", 4);
	ck_assert_uint_eq(decode(text, &err).n, REQUEST_PARAMS_MAX);
	ck_assert_int_eq(err.kind, ERR_NONE);
	memcpy(text + 4 * REQUEST_PARAMS_MAX, "b=2", 4);
	decode(text, &err);
	ck_assert_str_eq(err.message, "There are more than 100 parameters");

	error_clear(&err);
	memset(text, 'v', REQUEST_VALUE_MAX + 3);
	memcpy(text, "a=", 2);
	text[2 + REQUEST_VALUE_MAX] = '\0';
	decode(text, &err);
	ck_assert_int_eq(err.kind, ERR_NONE);
	text[2 + REQUEST_VALUE_MAX] = 'v';
	text[3 + REQUEST_VALUE_MAX] = '\0';
	decode(text, &err);
	ck_assert_str_eq(err.param, "a");
	ck_assert_str_eq(err.message, "must not have more than 8192 bytes");

	error_clear(&err);
	memset(text, 'n', REQUEST_NAME_MAX + 1);
	text[REQUEST_NAME_MAX + 1] = '\0';
	decode(text, &err);
	ck_assert_str_eq(err.message, "The name of parameter 1 has more than 128 bytes");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bind");
	TCase *tc = tcase_create("bind");

	tcase_add_checked_fixture(tc, setup_arena, teardown_arena);
	tcase_add_test(tc, a_query_is_decoded_once);
	tcase_add_loop_test(tc, a_bad_parameter_is_refused_by_name, 0, ARRAY_SIZE(bad_queries));
	tcase_add_test(tc, parameters_have_limits);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
