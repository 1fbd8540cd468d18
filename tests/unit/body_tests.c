/*
 * body_tests.c - parameters in a body.
 */
#include <check.h>
#include <string.h>
#include "http/body.h"
#include "request_fixture.h"
#include "suite.h"
#include "base/banned.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

/* ---- bodies ---- */

static struct params read_body_n(const char *type, const char *text, size_t len, bool *form,
				 struct error *err)
{
	struct params p = { .arena = &arena };
	char *copy = arena_strn(&arena, text, len);

	*form = body_is_form(type, copy);
	if (*form)
		body_read_form(type, copy, len, &p, err);
	else
		body_read(&(struct request) { .op = &op_echo,
					      .content_type = type,
					      .body = copy,
					      .body_len = len },
			  &p, err);
	return p;
}

static struct params read_body(const char *type, const char *text, struct error *err)
{
	bool form;

	return read_body_n(type, text, strlen(text), &form, err);
}

#define XSI "xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\""

static const struct {
	const char *type, *body, *text, *other; /* "-": must not be given */
} bodies[] = {
	{ "application/json", "{\"Text\":\"a\",\"Other\":\"b\"}", "a", "b" },
	{ "text/json; charset=utf-8", " {\"text\" : \"\\u00e9\"} \n", "\xc3\xa9", "-" },
	{ "application/json", "{\"Text\":1.50,\"Other\":-12}", "1.50", "-12" },
	{ "application/json", "{\"Text\":true,\"Other\":false}", "true", "false" },
	{ "application/json", "{\"Text\":null,\"Other\":\"\"}", "-", "-" },
	{ "application/json", "{\"Text\":\"a\",\"Other\":\"x\",\"text\":\"b\",\"Other\":\"c\"}",
	  "b", "c" },
	{ "application/json", "{\"Unknown\":{\"deep\":[1]},\"Text\":\"a\"}", "a", "-" },
	{ "application/json", "{}", "-", "-" },
	{ "text/plain;charset=UTF-8", "{\"Text\":\"a\"}", "a", "-" },
	{ "", " {\"Text\":\"a\"}", "a", "-" },
	{ "text/plain", "Text=a", "-", "-" },
	{ "application/octet-stream", "\xff\xfe", "-", "-" },
	{ "application/x-www-form-urlencoded", "Text=a+b&Other=%2B", "a b", "+" },
	{ "application/x-www-form-urlencoded; charset=UTF-8", "", "-", "-" },
	{ "application/xml", ECHO("<Text>a</Text><Other>b</Other>"), "a", "b" },
	{ "text/xml",
	  "<?xml version=\"1.0\"?>" ECHO(
		  "<Other>b</Other>\n <Text> a&amp;<![CDATA[<]]>&#xe9;</Text>"),
	  " a&<\xc3\xa9", "b" },
	{ "application/xml",
	  "<e:Echo "
	  "xmlns:e=\"http://example.com/Test.Types\"><e:Text>a</e:Text><Other>b</Other></e:Echo>",
	  "a", "-" },
	{ "application/xml", ECHO("<Text " XSI " i:nil=\"true\"/><Other></Other>"), "-", "-" },
	{ "application/xml", ECHO("<Text>a</Text><Text>b</Text>"), "b", "-" },
	{ "application/xml", ECHO("<text>a</text><Unknown><Text>x</Text></Unknown>"), "-", "-" },
	{ "application/xml",
	  ECHO("<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>x</a></a></a></a></a></a></a></a></"
	       "a></a></a></a></a></a></a><Text>b</Text>"),
	  "b", "-" },
	{ "application/xml", ECHO(""), "-", "-" },
	{ "application/xml",
	  "<?xml version=\"1.0\" encoding=\"utf-16\"?>" ECHO("<Text>\xc3\xa9</Text>"), "\xc3\xa9",
	  "-" },
	{ "application/json", "\xEF\xBB\xBF{\"Text\":\"a\"}", "a", "-" },
	{ "application/xml", "\xEF\xBB\xBF<?xml version=\"1.0\"?>" ECHO("<Text>a</Text>"), "a",
	  "-" },
	{ "text/jsv", "{Text:a,Other:b}", "a", "b" },
	{ "application/jsv; charset=utf-8", " { text : \"a \"\"b\"\"\" , other:c d\r\n} ",
	  "a \"b\"", "c d\r\n" },
	{ "text/jsv", "{Unknown:{deep:[\"}\",1]},\"Text\":a}", "a", "-" },
	{ "text/jsv", "{Text:,Other:\"\"}", "-", "-" },
	{ "text/jsv", "{}", "-", "-" },
	{ "text/csv", "TEXT,Unknown,Other\r\n\"a, \"\"b\"\"\",x,c\r\n", "a, \"b\"", "c" },
	{ "text/csv", "Text,Other\na,", "a", "-" },
	{ "text/csv", "Text\n", "-", "-" },
	{ "text/jsonl", "{\"Text\":\"a\"}\n", "a", "-" },
	{ "multipart/form-data; boundary=xyz",
	  "--xyz\r\nContent-Disposition: form-data; name=\"Text\"\r\n\r\na\r\nb\r\n"
	  "--xyz\r\nContent-Disposition: form-data; name=\"Other\"\r\n\r\n\r\n--xyz--\r\n",
	  "a\r\nb", "-" },
	{ "multipart/form-data; boundary=\"a b\"",
	  "preamble\r\n--a b\r\ncontent-disposition: form-data; filename=\"f.txt\"; "
	  "name=\"Other\"\r\n\r\nfile\r\n"
	  "--a b\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; "
	  "name=\"Text\"\r\n\r\nc\r\n--a b--",
	  "c", "-" },
};

static void assert_param(const struct params *p, const char *name, const char *want)
{
	const char *value = params_find(p, name, true);

	if (strcmp(want, "-") == 0)
		ck_assert_msg(!value, "%s is \"%s\", but should not be given", name, value);
	else
		ck_assert_str_eq(value, want);
}

START_TEST(a_body_holds_parameters)
{
	struct error err = { 0 };
	struct params p = read_body(bodies[_i].type, bodies[_i].body, &err);

	ck_assert_msg(err.kind == ERR_NONE, "%s", err.message);
	assert_param(&p, "Text", bodies[_i].text);
	assert_param(&p, "Other", bodies[_i].other);
}
END_TEST

#define CANT(type) "Could not deserialize '" type "' request using Test.Types.Echo' Error: "
#define CANT_FORM  "Could not deserialize 'multipart/form-data' request Error: "

static const struct {
	const char *type, *body, *message;
} bad_bodies[] = {
	{ "application/json", "{\"Text\":", CANT("application/json") },
	{ "application/json", "{\"Text\":\"a\"} x", CANT("application/json") },
	{ "application/json", "{\"Text\":\"a\",}", CANT("application/json") },
	{ "application/json", "{'Text':'a'}", CANT("application/json") },
	{ "application/json", "[1]", CANT("application/json") "The body must be a JSON object" },
	{ "application/json", "null", CANT("application/json") "The body must be a JSON object" },
	{ "application/json", "nonsense", CANT("application/json") },
	{ "application/json", "{\"Text\":{\"a\":1}}",
	  CANT("application/json") "Text must be a string, a number, true, false or null" },
	{ "application/json", "{\"text\":[]}",
	  CANT("application/json") "Text must be a string, a number, true, false or null" },
	{ "application/json", "{\"Te\\u0000xt\":1}",
	  CANT("application/json") "\\u0000 is not allowed" },
	{ "application/json", "{\"Text\":99999999999999999999999999}",
	  CANT("application/json") "Text is too large a number" },
	{ "application/json", "{\"x\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}",
	  CANT("application/json") },
	{ "application/json", "{\"Text\":\"\xff\"}",
	  CANT("application/json") "The body must be UTF-8 without NUL bytes" },
	{ "application/xml", "<!DOCTYPE Echo [<!ENTITY x \"y\">]>" ECHO("<Text>&x;</Text>"),
	  CANT("application/xml") "A document type or entities are not allowed" },
	{ "application/xml", "<!DOCTYPE Echo SYSTEM \"file:///etc/passwd\">" ECHO(""),
	  CANT("application/xml") "A document type or entities are not allowed" },
	{ "application/xml", ECHO("<Text>&undeclared;</Text>"),
	  CANT("application/xml") "line 1: " },
	{ "application/xml", "<Echo", CANT("application/xml") "line 1: " },
	{ "application/xml", ECHO("<Text>a</Other>"), CANT("application/xml") "line 1: " },
	{ "application/xml", "<Echo><Text>a</Text></Echo>",
	  CANT("application/xml") "The root must be Echo in the namespace "
				  "'http://example.com/Test.Types'" },
	{ "application/xml", "<echo xmlns=\"http://example.com/Test.Types\"/>",
	  CANT("application/xml") "The root must be Echo" },
	{ "application/xml", ECHO("<Text><b>x</b></Text>"),
	  CANT("application/xml") "Text must not hold elements" },
	{ "application/xml",
	  ECHO("<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>x</a></a></a></a></a></a></a></a></"
	       "a></a></a></a></a></a></a></a>"),
	  CANT("application/xml") "There are more than 16 elements inside each other" },
	{ "text/jsv", "Text:a", CANT("text/jsv") "The body must begin with {" },
	{ "text/jsv", "{Text:a", CANT("text/jsv") "A bracket is not closed" },
	{ "text/jsv", "{Text}", CANT("text/jsv") "A : must follow a name" },
	{ "text/jsv", "{Text:\"a}", CANT("text/jsv") "A quote is not closed" },
	{ "text/jsv", "{Text:[a,b]}", CANT("text/jsv") "Text must be a single value" },
	{ "text/jsv", "{x:[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}",
	  CANT("text/jsv") "There are more than 16 brackets" },
	{ "text/jsv", "{x:[1", CANT("text/jsv") "A bracket is not closed" },
	{ "text/jsv", "{Text:a} x", CANT("text/jsv") "Something follows the last bracket" },
	{ "text/csv", "Text\na\nb\n", CANT("text/csv") "There is more than one row of values" },
	{ "text/csv", "Text\n\"a", CANT("text/csv") },
	{ "multipart/form-data", "--x\r\n", CANT_FORM "The Content-Type has no boundary" },
	{ "multipart/form-data; boundary=x",
	  "--x\r\nContent-Disposition: form-data; name=\"Text\"\r\n\r\na",
	  CANT_FORM "The parts are not ended by their boundary" },
	{ "multipart/form-data; boundary=x", "nothing",
	  CANT_FORM "The parts are not ended by their boundary" },
};

START_TEST(a_bad_body_is_refused_with_the_reason)
{
	struct error err = { 0 };

	read_body(bad_bodies[_i].type, bad_bodies[_i].body, &err);
	ck_assert_int_eq(err.kind, ERR_BODY);
	ck_assert_msg(strncmp(err.message, bad_bodies[_i].message,
			      strlen(bad_bodies[_i].message)) == 0,
		      "%s", err.message);
}
END_TEST

START_TEST(a_body_of_parameters_has_limits)
{
	char *text = arena_alloc(&arena, BODY_PARAMS_MAX + 2);
	struct error err = { 0 };

	memset(text, ' ', BODY_PARAMS_MAX + 1);
	text[0] = '{';
	text[1] = '}';
	read_body("application/json", text, &err);
	ck_assert_int_eq(err.kind, ERR_TOO_LARGE);

	error_clear(&err);
	memset(text, 'v', REQUEST_VALUE_MAX + 30);
	memcpy(text, TEXT("{\"Text\":\""));
	memcpy(text + REQUEST_VALUE_MAX + 28, "\"}", 3);
	read_body("application/json", text, &err);
	ck_assert_int_eq(err.kind, ERR_PARAM);
	ck_assert_str_eq(err.param, "Text");
}
END_TEST

START_TEST(a_nul_byte_in_a_body_is_refused)
{
	struct error err = { 0 };
	bool form;

	read_body_n("application/json", TEXT("{\"Text\":\"a\0\"}"), &form, &err);
	ck_assert_int_eq(err.kind, ERR_BODY);
	error_clear(&err);
	read_body_n("application/x-www-form-urlencoded", TEXT("Text=a\0b"), &form, &err);
	ck_assert_int_eq(err.kind, ERR_PARAM);
	ck_assert_str_eq(err.param, "Text");
	ck_assert(form);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("body");
	TCase *tc = tcase_create("body");

	tcase_add_checked_fixture(tc, setup_arena, teardown_arena);
	tcase_add_loop_test(tc, a_body_holds_parameters, 0, ARRAY_SIZE(bodies));
	tcase_add_loop_test(tc, a_bad_body_is_refused_with_the_reason, 0, ARRAY_SIZE(bad_bodies));
	tcase_add_test(tc, a_body_of_parameters_has_limits);
	tcase_add_test(tc, a_nul_byte_in_a_body_is_refused);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
