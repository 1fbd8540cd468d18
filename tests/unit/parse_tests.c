/*
 * parse_tests.c - paths and the base URL.
 */
#include <check.h>
#include "request_fixture.h"
#include "suite.h"
#include "base/banned.h"

static const struct {
	const char *host, *scheme, *https, *setting, *want;
} base_urls[] = {
	{ "HTTP_HOST=example.com:8443", "REQUEST_SCHEME=https", "X=", "",
	  "https://example.com:8443" },
	{ "HTTP_HOST=example.com", "X=", "HTTPS=on", "", "https://example.com" },
	{ "HTTP_HOST=[::1]:80", "X=", "HTTPS=", "", "http://[::1]:80" },
	{ "HTTP_HOST=a.example", "REQUEST_SCHEME=http", "HTTPS=off", "", "http://a.example" },
	{ "HTTP_HOST=evil\"><script>", "REQUEST_SCHEME=https", "X=", "", "https://localhost" },
	{ "HTTP_HOST=a/b", "X=", "X=", "", "http://localhost" },
	{ "X=", "X=", "X=", "", "http://localhost" },
	{ "HTTP_HOST=a.example", "X=", "X=", "https://public.example", "https://public.example" },
};

START_TEST(the_base_url_is_the_callers_or_the_settings)
{
	struct settings s = { .base_url = base_urls[_i].setting, .database = "" };
	struct worker w = { .settings = &s };
	char *env[] = { (char *)base_urls[_i].host, (char *)base_urls[_i].scheme,
			(char *)base_urls[_i].https, (char *)"REQUEST_URI=/", NULL };
	struct error err = { 0 };
	struct request rq = { .worker = &w, .arena = &arena, .variables = env };

	ck_assert_int_eq(request_read(&rq, &err), 0);
	ck_assert_str_eq(rq.base_url, base_urls[_i].want);
}
END_TEST

START_TEST(a_path_is_decoded_once_and_the_query_cut_off)
{
	struct error err = { 0 };
	struct request rq = read_uri("/a%20b/%2541.json?x=1?2", &err);

	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert_str_eq(rq.path, "/a b/%41.json");
	ck_assert_str_eq(rq.raw_path, "/a%20b/%2541.json");
	ck_assert_str_eq(rq.query, "x=1?2");
	ck_assert_str_eq(rq.params.items[0].value, "1?2");
}
END_TEST

START_TEST(what_came_encoded_divides_nothing)
{
	struct error err = { 0 };
	struct request rq =
		read_uri("/2010-04-01/Accounts/a%2Fb%2f/Things/%2e%2E/%2Fx%2Ejson.c%73v", &err);

	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert_str_eq(rq.path, "/2010-04-01/Accounts/a/b//Things/..//x.json.csv");
	ck_assert_int_eq(lead(&rq, &err), -1);
	rq = read_uri("/2010-04-01/Accounts/a%2Fb%2f/Things/%2Fx%2Ejson", &err);
	error_clear(&err);
	ck_assert_int_eq(lead(&rq, &err), 0);
	ck_assert_str_eq(rq.path_args[0].value, "a/b/");
	ck_assert_str_eq(rq.path_args[1].value, "/x.json");
	ck_assert_str_eq(rq.suffix, "");
	rq = read_uri("/2010-04-01/Accounts/a%41%C3%A4/Things/%2Fx%2Ejson.csv", &err);
	ck_assert_int_eq(lead(&rq, &err), 0);
	ck_assert_str_eq(rq.path_args[0].value, "aA\xC3\xA4");
	ck_assert_str_eq(rq.path_args[1].value, "/x.json");
	ck_assert_str_eq(rq.suffix, ".csv");
}
END_TEST

static const struct {
	const char *uri, *message;
} bad_paths[] = {
	{ "/a%00b", "must not hold a NUL byte" },
	{ "/a%ff", "must be UTF-8" },
	{ "/a%", "has a % that isn't followed by two hexadecimal digits" },
	{ "/a%2", "has a % that isn't followed by two hexadecimal digits" },
	{ "http://x/", "must begin with a /" },
	{ "", "must begin with a /" },
};

START_TEST(a_bad_path_is_refused)
{
	struct error err = { 0 };
	struct request rq = read_uri(bad_paths[_i].uri, &err);

	ck_assert_int_eq(err.kind, ERR_PARAM);
	ck_assert_str_eq(err.param, "path");
	ck_assert_str_eq(err.message, bad_paths[_i].message);
	ck_assert_str_eq(rq.path, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("parse");
	TCase *tc = tcase_create("parse");

	tcase_add_checked_fixture(tc, setup_arena, teardown_arena);
	tcase_add_loop_test(tc, the_base_url_is_the_callers_or_the_settings, 0,
			    ARRAY_SIZE(base_urls));
	tcase_add_test(tc, a_path_is_decoded_once_and_the_query_cut_off);
	tcase_add_test(tc, what_came_encoded_divides_nothing);
	tcase_add_loop_test(tc, a_bad_path_is_refused, 0, ARRAY_SIZE(bad_paths));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
