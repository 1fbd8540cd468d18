/*
 * route_tests.c - a path and a method lead to an operation.
 */
#include <check.h>
#include <string.h>
#include "http/route.h"
#include "request_fixture.h"
#include "suite.h"
#include "base/banned.h"

static struct request find(unsigned method, const char *path, struct error *err)
{
	struct request rq = { .worker = &no_worker,
			      .arena = &arena,
			      .method = method,
			      .path = path,
			      .path_len = strlen(path),
			      .path_marks = path };

	lead(&rq, err);
	return rq;
}

static const struct {
	unsigned method;
	const char *path;
	const struct op *op;
	const char *suffix;
	enum error_kind kind;
} paths[] = {
	{ M_GET, "/test/echo", &op_echo, "", ERR_NONE },
	{ M_GET, "/TEST/Echo.json", &op_echo, ".json", ERR_NONE },
	{ M_PUT, "//test//echo//", &op_echo, "", ERR_NONE },
	{ M_GET, "/test/echo.xml", &op_echo, ".xml", ERR_NONE },
	{ M_GET, "/test/echo.XML", NULL, "", ERR_NOT_FOUND },
	{ M_GET, "/test/echo.text", NULL, "", ERR_NOT_FOUND },
	{ M_GET, "/test/echo.exe", NULL, "", ERR_NOT_FOUND },
	{ M_GET, "/test.json/echo", NULL, "", ERR_NOT_FOUND },
	{ M_GET, "/test/echo/more", NULL, "", ERR_NOT_FOUND },
	{ M_GET, "/test", NULL, "", ERR_NOT_FOUND },
	{ M_GET, "/", NULL, "", ERR_NOT_FOUND },
	{ M_HEAD, "/test/get", &op_get, "", ERR_NONE },
	{ M_POST, "/test/get", NULL, "", ERR_METHOD },
	{ M_OPTIONS, "/test/get.json", NULL, ".json", ERR_METHOD },
	{ 0, "/test/get", NULL, "", ERR_METHOD },
	{ M_GET, "/2010-04-01/Accounts/AC1/Things/x.y.json", &op_thing, ".json", ERR_NONE },
	{ M_POST, "/2010-04-01/Accounts/AC1/Things/x", &op_things, "", ERR_NONE },
	{ M_GET, "/2010-04-01/accounts/AC1/Things/x", NULL, "", ERR_NOT_FOUND },
	{ M_GET, "/2010-04-01/Accounts//Things/x", NULL, "", ERR_NOT_FOUND },
	{ M_GET, "/2010-04-01/Accounts/AC1/Things/x/", NULL, "", ERR_NOT_FOUND },
	{ M_GET, "/2010-04-01/Accounts/AC1/Things/.json", NULL, ".json", ERR_NOT_FOUND },
	{ M_DELETE, "/2010-04-01/Accounts/AC1/Things/x", NULL, "", ERR_METHOD },
	{ M_GET, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", NULL, "", ERR_NOT_FOUND },
};

START_TEST(a_path_and_a_verb_lead_to_an_operation)
{
	struct error err = { 0 };
	struct request rq = find(paths[_i].method, paths[_i].path, &err);

	ck_assert_ptr_eq(rq.op, paths[_i].op);
	ck_assert_str_eq(rq.suffix, paths[_i].suffix);
	ck_assert_int_eq(err.kind, paths[_i].kind);
}
END_TEST

START_TEST(names_in_the_path_become_parameters)
{
	struct error err = { 0 };
	struct request rq = find(M_GET, "/2010-04-01/Accounts/AC1/Things/x.y.csv", &err);

	ck_assert_uint_eq(rq.n_path_args, 2);
	ck_assert_str_eq(rq.path_args[0].name, "AccountSid");
	ck_assert_str_eq(rq.path_args[0].value, "AC1");
	ck_assert_str_eq(rq.path_args[1].name, "Text");
	ck_assert_str_eq(rq.path_args[1].value, "x.y");
	ck_assert_str_eq(rq.suffix_format->name, "csv");
}
END_TEST

START_TEST(the_verbs_of_a_path_are_listed)
{
	struct error err = { 0 };
	struct request rq = find(M_DELETE, "/2010-04-01/Accounts/AC1/Things/x", &err);

	ck_assert_str_eq(route_allow(rq.methods, &arena), "GET, HEAD, POST");
	ck_assert_str_eq(err.message, "The method is not allowed here; use GET, HEAD, POST");
	ck_assert_ptr_eq(rq.dialect, &dialect_twilio);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("route");
	TCase *tc = tcase_create("route");

	tcase_add_checked_fixture(tc, setup_arena, teardown_arena);
	tcase_add_loop_test(tc, a_path_and_a_verb_lead_to_an_operation, 0, ARRAY_SIZE(paths));
	tcase_add_test(tc, names_in_the_path_become_parameters);
	tcase_add_test(tc, the_verbs_of_a_path_are_listed);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
