/*
 * http_tests.c - decoding, routing, negotiation, credentials, bodies and whole
 * answers, without a web server.
 */
#include <check.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/throttle.h"
#include "format/templates.h"
#include "http/auth.h"
#include "http/bind.h"
#include "http/cors.h"
#include "http/handle.h"
#include "http/negotiate.h"
#include "http/page.h"
#include "http/route.h"
#include "store/account.h"
#include "store/category.h"
#include "store/key.h"
#include "store/session.h"
#include "store/user.h"
#include "suite.h"
#include "base/banned.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

static struct arena arena;

static void setup_arena(void)
{
	arena_init(&arena);
}

static void teardown_arena(void)
{
	arena_release(&arena);
}

/* --- operations to ask for --- */

struct echo {
	const char *text, *other;
	int64_t number;
};

static const struct field echo_fields[] = { FIELD_AS(struct echo, text, "Text", "The text"),
					    FIELD_AS(struct echo, other, "Other", "Another text"),
					    FIELD_AS(struct echo, number, "Number", "The number"),
					    { 0 } };

static const struct shape echo_shape = { .name = "Echo",
					 .xml_namespace = "http://example.com/Test.Types",
					 .fields = echo_fields,
					 .doc = "What came in" };

static const struct param echo_params[] = {
	{ .name = "Text", .type = PT_TEXT, .doc = "A text" },
	{ .name = "Other", .type = PT_TEXT, .doc = "Another text" },
	{ .name = "Number", .type = PT_INT, .def = "7", .min = 0, .max = 1000, .doc = "A number" },
	{ 0 }
};

static const struct param thing_params[] = {
	{ .name = "AccountSid",
	  .type = PT_TEXT,
	  .flags = PARAM_PATH | PARAM_REQUIRED,
	  .doc = "Whose" },
	{ .name = "Text", .type = PT_TEXT, .flags = PARAM_PATH | PARAM_REQUIRED, .doc = "Which" },
	{ .name = "Other", .type = PT_TEXT, .doc = "Another text" },
	{ .name = "Day", .type = PT_DATE, .doc = "A day" },
	{ 0 }
};

static const struct param no_params[] = { { 0 } };

static const char *arg_text(const struct request *rq, const char *name)
{
	return request_arg(rq, name)->text;
}

static int run_echo(struct request *rq, struct writer *w, struct error *err)
{
	struct echo e = { arg_text(rq, "Text"), arg_text(rq, "Other"),
			  request_arg(rq, "Number")->n };

	(void)err;
	writer_record(w, NULL, &echo_shape, &e);
	return 0;
}

static int run_thing(struct request *rq, struct writer *w, struct error *err)
{
	struct echo e = { arg_text(rq, "Text"), arg_text(rq, "Other"), 0 };

	(void)err;
	writer_record(w, NULL, &echo_shape, &e);
	return 0;
}

/*
 * More than a buffer: 40,000 records, and a failure behind them if `data` says
 * so.
 */
static int run_long(struct request *rq, struct writer *w, struct error *err)
{
	struct echo e = { "a text of some length, so that records add up", "another one", 0 };

	writer_begin_list(w, NULL, &echo_shape);
	for (e.number = 0; e.number < 40000; e.number++)
		writer_record(w, NULL, &echo_shape, &e);
	if (rq->op->data)
		return error_set(err, ERR_INTERNAL, NULL, "The disk is gone");
	writer_end(w);
	return 0;
}

/* Fails behind a few records, which have not left yet. */
static int run_early(struct request *rq, struct writer *w, struct error *err)
{
	struct echo e = { "never seen", NULL, 0 };

	(void)rq;
	writer_begin_list(w, NULL, &echo_shape);
	writer_record(w, NULL, &echo_shape, &e);
	return error_set(err, ERR_BUSY, NULL, "The ledger is locked");
}

static int run_raw(struct request *rq, struct writer *w, struct error *err)
{
	struct echo e = { rq->body, rq->content_type, (int64_t)rq->body_len };

	(void)err;
	rq->reply.status = 207;
	writer_record(w, NULL, &echo_shape, &e);
	return 0;
}

#define TEST_OP(var, op_id, verbs, op_path, family, role_set, op_params, function, ...) \
	static const struct op var = { .id = (op_id),                                   \
				       .methods = (verbs),                              \
				       .path = (op_path),                               \
				       .dialect = &dialect_##family,                    \
				       .roles = (role_set),                             \
				       .params = (op_params),                           \
				       .returns = &echo_shape,                          \
				       .run = (function),                               \
				       .title = (op_id),                                \
				       .doc = "For tests",                              \
				       ##__VA_ARGS__ }

#define BODY .body_root = "Echo", .body_namespace = "http://example.com/Test.Types"

TEST_OP(op_echo, "Echo", M_ALL, "/test/echo", servicestack, ROLES_READING, echo_params, run_echo,
	BODY, .nav = "Echo");
TEST_OP(op_get, "GetOnly", M_GET, "/test/get", servicestack, ROLE_ADMIN, echo_params, run_echo);
TEST_OP(op_thing, "Thing", M_GET, "/2010-04-01/Accounts/{AccountSid}/Things/{Text}", twilio,
	ROLES_READING, thing_params, run_thing);
TEST_OP(op_things, "MakeThing", M_POST, "/2010-04-01/Accounts/{AccountSid}/Things/{Text}", twilio,
	ROLES_READING, thing_params, run_thing);
TEST_OP(op_long, "Long", M_GET, "/test/long", servicestack, ROLES_READING, no_params, run_long);
TEST_OP(op_cut, "Cut", M_GET, "/test/cut", servicestack, ROLES_READING, no_params, run_long,
	.data = "fail");
TEST_OP(op_early, "Early", M_GET, "/test/early", servicestack, ROLES_READING, no_params, run_early);
TEST_OP(op_raw, "Raw", M_POST, "/events", usaged, ROLES_READING, no_params, run_raw,
	.reads_body = true);

/* One that changes something. */
static const struct param change_params[] = {
	{ .name = "Text", .type = PT_TEXT, .flags = PARAM_PATH, .doc = "Which" },
	{ .name = "Other",
	  .type = PT_TEXT,
	  .flags = PARAM_REQUIRED,
	  .max = 9,
	  .doc = "Another text" },
	{ .name = "Password",
	  .type = PT_TEXT,
	  .flags = PARAM_SECRET | PARAM_REQUIRED,
	  .max = 64,
	  .doc = "A secret" },
	{ 0 }
};

static int run_change(struct request *rq, struct writer *w, struct error *err)
{
	if (strcmp(arg_text(rq, "Other"), "taken") == 0)
		return error_set(err, ERR_CONFLICT, "Other", "is taken");
	rq->reply.status = 201;
	writer_begin(w, NULL, &echo_shape);
	writer_end(w);
	return 0;
}

static const struct field list_fields[] = { FIELD_LIST("echoes", &echo_shape, "Some"), { 0 } };
static const struct shape list_shape = {
	.name = "Echoes", .flags = SHAPE_PAGE, .fields = list_fields, .doc = "Echoes"
};

static int run_list(struct request *rq, struct writer *w, struct error *err)
{
	(void)rq;
	(void)err;
	writer_begin(w, NULL, &list_shape);
	writer_begin_list(w, &list_fields[0], &echo_shape);
	writer_end(w);
	writer_end(w);
	return 0;
}

TEST_OP(op_list, "List", M_READ, "/events/list", usaged, ROLE_ADMIN, no_params, run_list,
	.tab = "List");
TEST_OP(op_change, "Change", M_POST, "/events/{Text}/change", usaged, ROLE_ADMIN, change_params,
	run_change,
	.form = &(const struct op_form) { .path = "/events/{Text}/change",
					  .button = "Do it",
					  .list = &op_list,
					  .done = "It was done." });

static const struct op *const table[] = { &op_list,  &op_change, &op_echo, &op_get,
					  &op_thing, &op_things, &op_long, &op_cut,
					  &op_early, &op_raw,    NULL };

/* --- decoding --- */

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

static struct settings no_settings = { .base_url = "" };
static struct worker no_worker = { .settings = &no_settings, .table = table };

static struct request read_uri(const char *uri, struct error *err)
{
	char *env[] = { (char *)"REQUEST_METHOD=GET", arena_printf(&arena, "REQUEST_URI=%s", uri),
			NULL };
	struct request rq = { .worker = &no_worker, .arena = &arena, .variables = env };

	request_read(&rq, err);
	rq.variables = NULL;
	return rq;
}

/* Where the request leads. */
static int lead(struct request *rq, struct error *err)
{
	rq->dialect = dialect_of_path(rq->path, rq->path_len);
	return route_find(rq, err);
}

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

/* --- routing --- */

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

/* --- negotiation --- */

static const struct {
	const struct dialect *dialect;
	const char *suffix, *callback, *format, *accept, *content_type, *want;
} wishes[] = {
	/* the order of precedence */
	{ &dialect_servicestack, "xml", "cb", "csv", "text/html", "", "xml" },
	{ &dialect_servicestack, NULL, "cb", "csv", "text/html", "", "json" },
	{ &dialect_servicestack, NULL, NULL, "csv", "text/html", "", "csv" },
	{ &dialect_servicestack, NULL, NULL, "CSV.x", "text/html", "", "csv" },
	{ &dialect_servicestack, NULL, NULL, "nonsense", "text/html", "", "html" },
	{ &dialect_servicestack, NULL, NULL, "text", "text/html", "", "html" },
	{ &dialect_servicestack, NULL, NULL, "a name longer than any format", "text/html", "",
	  "html" },
	{ &dialect_twilio, NULL, "cb", NULL, "application/xml", "", "xml" },
	/* Accept, by q and then by order */
	{ &dialect_servicestack, NULL, NULL, NULL, "application/xml;q=0.5, application/json", "",
	  "json" },
	{ &dialect_servicestack, NULL, NULL, NULL, "application/xml , application/json", "",
	  "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL,
	  "application/json;q=0.2,text/csv;q=0.9,*/*;q=0.1", "", "csv" },
	{ &dialect_servicestack, NULL, NULL, NULL, "APPLICATION/XML", "", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, "text/xml", "", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, "text/json;q=1.000", "", "json" },
	{ &dialect_servicestack, NULL, NULL, NULL,
	  "application/xml; charset=utf-8; q=0.1, text/csv;q=0.05", "", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL,
	  "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "",
	  "html" },
	{ &dialect_servicestack, NULL, NULL, NULL, "text/*", "", "csv" },
	{ &dialect_servicestack, NULL, NULL, NULL, "application/*", "", "json" },
	{ &dialect_twilio, NULL, NULL, NULL, "application/*", "", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, "application/json;q=0, */*;q=0.1", "", "xml" },
	{ &dialect_twilio, NULL, NULL, NULL, "application/xml;q=0, */*", "", "json" },
	{ &dialect_servicestack, NULL, NULL, NULL,
	  "application/json;q=0.1, */*;q=0.5, application/xml;q=0.1", "", "csv" },
	{ &dialect_servicestack, NULL, NULL, NULL, "text/plain, application/xml", "", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, ",,;q=1,application/xml", "", "xml" },
	/*
	 * anything will do: the request's own type decides where the family
	 * says so
	 */
	{ &dialect_servicestack, NULL, NULL, NULL, "*/*", "application/xml; charset=utf-8", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, "", "text/csv", "csv" },
	{ &dialect_servicestack, NULL, NULL, NULL, "*/*", "application/x-www-form-urlencoded",
	  "json" },
	{ &dialect_servicestack, NULL, NULL, NULL, "text/plain, */*", "application/xml", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, "application/json", "application/xml", "json" },
	{ &dialect_twilio, NULL, NULL, NULL, "*/*", "application/json", "xml" },
	{ &dialect_twilio, NULL, NULL, NULL, "", "", "xml" },
	{ &dialect_supersim, NULL, NULL, NULL, "", "", "json" },
	/* nothing we have */
	{ &dialect_servicestack, NULL, NULL, NULL, "text/plain", "", "json" },
	{ &dialect_servicestack, NULL, NULL, NULL, "image/png, application/json;q=0", "", "json" },
};

/* A request of the dialect D, whose query has FORMAT and CALLBACK, or not (NULL). */
static struct request wish(const struct dialect *d, const char *format, const char *callback)
{
	struct request rq = { .arena = &arena, .dialect = d, .params.arena = &arena };
	struct error err = { 0 };

	rq.accept = rq.content_type = "";
	if (format)
		params_add(&rq.params, "format", 6, format, strlen(format), &err);
	if (callback)
		params_add(&rq.params, "callback", 8, callback, strlen(callback), &err);
	ck_assert_int_eq(err.kind, ERR_NONE);
	return rq;
}

START_TEST(a_format_is_chosen)
{
	struct error err = { 0 };
	struct request rq = wish(wishes[_i].dialect, wishes[_i].format, wishes[_i].callback);

	rq.accept = wishes[_i].accept;
	rq.content_type = wishes[_i].content_type;
	if (wishes[_i].suffix)
		rq.suffix_format = format_find(wishes[_i].suffix, strlen(wishes[_i].suffix));
	ck_assert_int_eq(negotiate(&rq, &err), 0);
	ck_assert_str_eq(rq.reply.format->name, wishes[_i].want);
}
END_TEST

START_TEST(a_family_may_refuse_an_accept_that_names_nothing_it_has)
{
	static const char *const accepts[] = { "image/png", "application/xml;q=0", "text/plain",
					       "*/*;q=0", "nonsense" };

	for (size_t i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++) {
		struct request rq = wish(&dialect_twilio, NULL, NULL);
		struct error err = { 0 };

		rq.accept = accepts[i];
		ck_assert_int_eq(negotiate(&rq, &err), -1);
		ck_assert_int_eq(err.kind, ERR_NOT_ACCEPTABLE);
		ck_assert_str_eq(rq.reply.format->name, "xml");
	}
}
END_TEST

/* What browsers send for an image, and for a page. */
#define ACCEPT_IMAGE "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
#define ACCEPT_PAGE                                                                          \
	"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/" \
	"png,image/svg+xml,*/*;q=0.8"

static const struct field drawn_fields[] = { { .name = "n", .type = VT_INT, .doc = "A number" },
					     { 0 } };
static const struct chart drawn_chart = { "n", NULL, (const char *const[]) { "n", NULL }, NULL };
static const struct shape drawn_shape = { .name = "Drawn",
					  .fields = drawn_fields,
					  .chart = &drawn_chart };
static const struct shape undrawn_shape = { .name = "Undrawn", .fields = drawn_fields };

static const struct {
	const struct dialect *dialect;
	const char *accept, *drawn, *undrawn; /* NULL: refused */
} pictures[] = {
	{ &dialect_usaged, ACCEPT_IMAGE, "svg", "json" },
	{ &dialect_usaged, ACCEPT_PAGE, "html", "html" },
	{ &dialect_usaged, "image/*", "svg", NULL },
	{ &dialect_usaged, "image/svg+xml", "svg", NULL },
	{ &dialect_usaged, "*/*", "json", "json" },
	{ &dialect_twilio, ACCEPT_IMAGE, "svg", "xml" },
	{ &dialect_twilio, "image/*", "svg", NULL },
	{ &dialect_twilio, "", "xml", "xml" },
	{ &dialect_servicestack, ACCEPT_IMAGE, "svg", "json" },
	{ &dialect_servicestack, "image/*", "svg", "json" },
	{ &dialect_servicestack, "*/*", "json", "json" },
	{ &dialect_servicestack, "text/*", "csv", "csv" },
};

static const struct op drawn_op = { .returns = &drawn_shape };
static const struct op undrawn_op = { .returns = &undrawn_shape };

START_TEST(a_picture_is_chosen_where_images_are_wanted_and_there_is_something_to_draw)
{
	const struct op *const operations[] = { &drawn_op, &undrawn_op };
	const char *wants[] = { pictures[_i].drawn, pictures[_i].undrawn };

	for (size_t i = 0; i < 2; i++) {
		struct request rq = wish(pictures[_i].dialect, NULL, NULL);
		struct error err = { 0 };

		rq.accept = pictures[_i].accept;
		rq.op = operations[i];
		ck_assert_int_eq(negotiate(&rq, &err), wants[i] ? 0 : -1);
		if (wants[i])
			ck_assert_str_eq(rq.reply.format->name, wants[i]);
		else
			ck_assert_int_eq(err.kind, ERR_NOT_ACCEPTABLE);
	}
}
END_TEST

START_TEST(a_picture_by_name_of_what_has_none_is_refused_as_a_picture)
{
	for (size_t i = 0; i < 2; i++) {
		struct request rq = wish(&dialect_servicestack, i ? "svg" : NULL, NULL);
		struct error err = { 0 };

		rq.suffix_format = i ? NULL : &format_svg;
		rq.op = &undrawn_op;
		ck_assert_int_eq(negotiate(&rq, &err), -1);
		ck_assert_int_eq(err.kind, ERR_NOT_ACCEPTABLE);
		ck_assert_ptr_eq(rq.reply.format, &format_svg);
		rq.op = &drawn_op;
		err = (struct error) { 0 };
		ck_assert_int_eq(negotiate(&rq, &err), 0);
		ck_assert_ptr_eq(rq.reply.format, &format_svg);
	}
}
END_TEST

/* --- bodies --- */

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

#define ECHO(members) "<Echo xmlns=\"http://example.com/Test.Types\">" members "</Echo>"
#define XSI           "xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\""

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

#define CANT_FORM "Could not deserialize 'multipart/form-data' request Error: "

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

/* --- a ledger with callers --- */

static char folder[] = "/tmp/http_tests.XXXXXX";
static char database[64];
static unsigned char secret[SECRET_BYTES] = "thirty-two bytes for the hashes";
static struct settings settings;
static struct worker worker;
static struct signin *signin;

#define MAIN_SID "AC00000000000000000000000000000001"
#define KEY_SID  "SK00000000000000000000000000000000"

static void add_key(struct store *st, int n, const char *role, const char *name, int64_t account,
		    const char *token)
{
	struct key k = { .name = name, .role = role, .account = account, .created = 1 };
	struct error err = { 0 };

	snprintf(k.sid, sizeof(k.sid), "SK%032d", n);
	token_hash(secret, token, strlen(token), k.hash);
	ck_assert_msg(store_key_add(st, &k, &err) == 0, "%s %s", err.message, err.detail);
}

/* With the least costs: the tests are not about them. */
static void add_user(struct store *st, const char *name, const char *password, bool removed)
{
	struct user u = { .name = name,
			  .display = "Ada Lovelace",
			  .email = "",
			  .role = "SystemAdministrator",
			  .created = 1,
			  .removed = removed };
	char hash[PASSWORD_HASH_TEXT];
	struct error err = { 0 };

	ck_assert_int_eq(crypto_pwhash_str(hash, password, strlen(password),
					   crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN),
			 0);
	u.password = hash;
	ck_assert_msg(store_user_add(st, &u, &err) == 0, "%s %s", err.message, err.detail);
}

static void make_ledger(void)
{
	struct account a = { .sid = MAIN_SID, .name = "Main", .currency = "usd", .created = 1 };
	struct category c = { .name = "calls",
			      .description = "Calls",
			      .count_unit = "calls",
			      .usage_unit = "minutes",
			      .metered = true };
	struct error err = { 0 };
	struct store *st = NULL;

	snprintf(database, sizeof(database), "%s/usage.db", folder);
	ck_assert_msg(store_open(database, STORE_CREATE | STORE_WRITE, 1000, &st, &err) == 0,
		      "%s %s", err.message, err.detail);
	ck_assert_int_eq(store_begin_write(st, &err), 0);
	ck_assert_int_eq(store_account_add(st, &a, &err), 0);
	ck_assert_int_eq(store_category_add(st, &c, &err), 0);
	add_key(st, 1, "SystemAdministrator", "admin", 0, "admintoken");
	add_key(st, 2, "Account", "", a.id, "accounttoken");
	add_key(st, 3, "User", "guest", 0, "guesttoken");
	add_key(st, 4, "SystemAdministrator", "gone", 0, "revokedtoken");
	ck_assert_int_eq(store_key_revoke(st, "SK00000000000000000000000000000004", 2, &err), 1);
	add_user(st, "ada", "right password", false);
	add_user(st, "former", "right password", true);
	ck_assert_int_eq(store_commit(st, &err), 0);
	store_close(&st);
}

static void setup_ledger(void)
{
	struct error err = { 0 };

	log_set_level(LOG_LEVEL_ERROR);
	ck_assert_int_eq(secret_init(&err), 0);
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	make_ledger();
	settings = (struct settings) { .database = database,
				       .busy_timeout_ms = 1000,
				       .name = "Test",
				       .base_url = "",
				       .max_body_bytes = 100000,
				       .templates = "/nonexistent",
				       .cors_origins = "" };
	signin = signin_new();
	worker = (struct worker) {
		.settings = &settings, .secret = secret, .table = table, .signin = signin
	};
	worker_init(&worker);
	arena_init(&arena);
}

static void remove_file(const char *ending)
{
	char path[80];

	snprintf(path, sizeof(path), "%s%s", database, ending);
	unlink(path);
}

static void teardown_ledger(void)
{
	worker_release(&worker);
	signin_free(&signin);
	arena_release(&arena);
	remove_file("");
	remove_file("-wal");
	remove_file("-shm");
	rmdir(folder);
}

/* --- credentials --- */

static char *basic(const char *user_and_token)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(user_and_token), n = 0;
	char *out = arena_alloc(&arena, len * 2 + 16);
	char *text = out + snprintf(out, 8, "Basic ");

	for (size_t i = 0; i < len; i += 3) {
		unsigned v = (unsigned)(unsigned char)user_and_token[i] << 16;

		v |= i + 1 < len ? (unsigned)(unsigned char)user_and_token[i + 1] << 8 : 0;
		v |= i + 2 < len ? (unsigned char)user_and_token[i + 2] : 0;
		text[n++] = digits[v >> 18];
		text[n++] = digits[v >> 12 & 63];
		text[n++] = i + 1 < len ? digits[v >> 6 & 63] : '=';
		text[n++] = i + 2 < len ? digits[v & 63] : '=';
	}
	return out;
}

static const struct {
	const char *credentials; /* user:token, or a whole header */
	const char *who;         /* NULL: refused */
} callers[] = {
	{ "ada:right password", "ada" },
	{ "admintoken:", "admin" },
	{ "accounttoken:", MAIN_SID },
	{ MAIN_SID ":accounttoken", MAIN_SID },
	{ "SK00000000000000000000000000000002:accounttoken", MAIN_SID },
	{ "SK00000000000000000000000000000001:admintoken", "admin" },
	{ "SK00000000000000000000000000000003:guesttoken", "guest" },
	{ "Bearer admintoken", "admin" },
	{ "bearer   accounttoken", MAIN_SID },
	{ "admin:accounttoken", NULL },
	{ "AC00000000000000000000000000000002:accounttoken", NULL },
	{ MAIN_SID ":admintoken", NULL },
	{ "admin:admintoken", NULL },
	{ "ada:wrong password", NULL },
	{ "Ada:right password", "ada" },
	{ " ADA :right password", "ada" },
	{ "former:right password", NULL },
	{ "ada:", NULL },
	{ "revokedtoken:", NULL },
	{ "Bearer right password", NULL },
	{ "admin:", NULL },
	{ "admin:wrong", NULL },
	{ "admin:admintoken:more", NULL },
	{ ":accounttoken", NULL },
	{ ":admintoken", NULL },
	{ "gone:revokedtoken", NULL },
	{ "Bearer revokedtoken", NULL },
	{ "Bearer ", NULL },
	{ "Bearer", NULL },
	{ "Basic", NULL },
	{ "Basic !!!", NULL },
	{ "Basic YWRtaW4=", NULL },                 /* "admin", without a colon */
	{ "Basic YWRtaW4AOmFkbWludG9rZW4=", NULL }, /* "admin\0:admintoken" */
	{ "Digest username=\"admin\"", NULL },
	{ "admintoken", NULL },
};

/* Whom the request is from, by the ledger as it is now. */
static int identify(struct request *rq, int64_t now, struct error *err)
{
	int rc;

	ck_assert_int_eq(store_open(database, 0, 1000, &rq->store, err), 0);
	rq->worker = &worker;
	rq->arena = &arena;
	rq->now = now;
	rc = auth_check(rq, err);
	store_close(&rq->store);
	return rc;
}

START_TEST(credentials_name_a_caller_or_are_refused_alike)
{
	const char *given = callers[_i].credentials;
	bool header = strncmp(given, "Bearer", 6) == 0 || strncmp(given, "Basic", 5) == 0 ||
		      strncmp(given, "Digest", 6) == 0;
	struct request rq = { .authorization = header || !strchr(given, ':') ? given : basic(given),
			      .cookie = "",
			      .ss_id = "",
			      .ss_pid = "",
			      .remote = "-" };

	/* twice: the second time from the cache */
	for (int i = 0; i < 2; i++) {
		struct error err = { 0 };
		int rc = identify(&rq, 1000, &err);

		ck_assert_int_eq(rc, callers[_i].who ? 0 : -1);
		if (callers[_i].who) {
			ck_assert_str_eq(rq.who->name, callers[_i].who);
			ck_assert_ptr_null(rq.session);
			continue;
		}
		ck_assert_ptr_null(rq.who);
		ck_assert_int_eq(err.kind, ERR_CREDENTIALS);
		ck_assert_str_eq(err.message, "Invalid Username or Password");
	}
}
END_TEST

START_TEST(credentials_of_a_suspended_account_are_refused_as_such)
{
	static const struct {
		const char *credentials;
		enum error_kind kind; /* ERR_NONE: they are good still */
	} rows[] = {
		{ MAIN_SID ":accounttoken", ERR_SUSPENDED },
		{ "belowkey:", ERR_SUSPENDED },
		{ "ingestkey:", ERR_NONE },
		{ "admintoken:", ERR_NONE },
		{ MAIN_SID ":wrong", ERR_CREDENTIALS },
		{ "ada:right password", ERR_NONE },
	};
	struct account a, below = { .sid = "AC00000000000000000000000000000002",
				    .name = "Below",
				    .currency = "usd",
				    .created = 1 };
	struct store *st = NULL;
	struct error err = { 0 };

	for (int suspended = 1; suspended >= 0; suspended--) {
		ck_assert_int_eq(store_open(database, STORE_WRITE, 1000, &st, &err), 0);
		ck_assert_int_eq(store_account_by_sid(st, MAIN_SID, &arena, &a, &err), 1);
		a.suspended = suspended ? 1795258800 : 0;
		ck_assert_int_eq(store_account_set(st, &a, &err), 1);
		if (suspended) {
			below.parent = a.id;
			ck_assert_int_eq(store_account_add(st, &below, &err), 0);
			add_key(st, 11, "Key", "", below.id, "belowkey");
			add_key(st, 12, "Ingest", "", a.id, "ingestkey");
		}
		ck_assert_int_eq(store_version(st, &worker.version, &err), 0);
		auth_at_version(worker.auth, worker.version);
		store_close(&st);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct request rq = { .authorization = basic(rows[i].credentials),
					      .cookie = "",
					      .ss_id = "",
					      .ss_pid = "",
					      .remote = "-" };
			bool good = rows[i].kind == ERR_NONE ||
				    (rows[i].kind == ERR_SUSPENDED && !suspended);

			error_clear(&err);
			ck_assert_msg(identify(&rq, 1000, &err) == (good ? 0 : -1), "%s: %s",
				      rows[i].credentials, err.message);
			ck_assert_msg(good || err.kind == rows[i].kind, "%s: %s",
				      rows[i].credentials, err.message);
		}
	}
}
END_TEST

START_TEST(no_header_is_nobody)
{
	struct request rq = {
		.worker = &worker, .arena = &arena, .cookie = "", .ss_id = "", .ss_pid = ""
	};
	struct error err = { 0 };

	ck_assert_int_eq(auth_check(&rq, &err), 0);
	ck_assert_ptr_null(rq.who);
}
END_TEST

/* --- sessions --- */

#define TEMPORARY "tttttttttttttttttttttttttttttttttttttttttTT"
#define PERMANENT "ppppppppppppppppppppppppppppppppppppppppppP"
#define A_TOKEN   "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkK"
#define OVER      "ooooooooooooooooooooooooooooooooooooooooooO"

static void add_session(struct store *st, const char *token, enum session_kind kind,
			int64_t expires)
{
	struct session s = {
		.user = 1, .kind = kind, .created = 1, .expires = expires, .maker.user = 1
	};
	struct error err = { 0 };

	token_hash(secret, token, strlen(token), s.hash);
	ck_assert_int_eq(store_session_add(st, &s, &err), 0);
}

static void add_sessions(void)
{
	struct error err = { 0 };
	struct store *st = NULL;

	ck_assert_int_eq(store_open(database, STORE_WRITE, 1000, &st, &err), 0);
	add_session(st, TEMPORARY, SESSION_TEMPORARY, 2000);
	add_session(st, PERMANENT, SESSION_PERMANENT, 2000);
	add_session(st, A_TOKEN, SESSION_TOKEN, 2000);
	add_session(st, OVER, SESSION_TEMPORARY, 1000);
	store_close(&st);
}

enum { NOBODY = -1, REFUSED = -2 };

static const struct {
	const char *cookie, *ss_id, *ss_pid, *authorization;
	int kind; /* of the session that signs in */
} sessions[] = {
	{ "ss-id=" TEMPORARY, "", "", NULL, SESSION_TEMPORARY },
	{ "ss-pid=" PERMANENT, "", "", NULL, SESSION_PERMANENT },
	{ "ss-opt=perm; ss-id=" TEMPORARY "; ss-pid=" PERMANENT, "", "", NULL, SESSION_PERMANENT },
	{ "ss-opt=temp; ss-id=" TEMPORARY "; ss-pid=" PERMANENT, "", "", NULL, SESSION_TEMPORARY },
	{ "ss-opt=perm; 21 Nov 2044 23:00:00 GMT=null; ss-id=; ss-pid=" PERMANENT, "", "", NULL,
	  SESSION_PERMANENT },
	{ "; ;;=;junk;=x; ss-id = x;ss-id=" TEMPORARY " ; x", "", "", NULL, SESSION_TEMPORARY },
	{ "xss-id=" TEMPORARY "; ss-idx=" TEMPORARY, "", "", NULL, NOBODY },
	{ "ss-id=" PERMANENT, "", "", NULL, NOBODY },
	{ "ss-pid=" TEMPORARY, "", "", NULL, NOBODY },
	{ "ss-id=" A_TOKEN, "", "", NULL, NOBODY },
	{ "ss-id=" OVER, "", "", NULL, NOBODY },
	{ "ss-id=" TEMPORARY "x", "", "", NULL, NOBODY },
	{ "SS-ID=" TEMPORARY, "", "", NULL, NOBODY },
	{ "", TEMPORARY, "", NULL, SESSION_TEMPORARY },
	{ "", "", PERMANENT, NULL, SESSION_PERMANENT },
	{ "ss-id=" TEMPORARY, "", PERMANENT, NULL, SESSION_PERMANENT },
	{ "ss-opt=perm", TEMPORARY, PERMANENT, NULL, SESSION_PERMANENT },
	{ "ss-pid=" PERMANENT, TEMPORARY, "", NULL, SESSION_TEMPORARY },
	{ "ss-id=" TEMPORARY, "nonsense", "", NULL, NOBODY },
	{ "", "", "", "Bearer " A_TOKEN, SESSION_TOKEN },
	{ "ss-id=" TEMPORARY, "", "", "Bearer " A_TOKEN, SESSION_TOKEN },
	{ "ss-id=" TEMPORARY, "", "", "Bearer wrong", REFUSED },
	{ "", "", "", "Bearer " TEMPORARY, REFUSED },
	{ "", "", "", "Bearer " OVER, REFUSED },
};

START_TEST(a_session_is_found_by_header_and_cookie)
{
	struct request rq = { .authorization = sessions[_i].authorization,
			      .cookie = sessions[_i].cookie,
			      .ss_id = sessions[_i].ss_id,
			      .ss_pid = sessions[_i].ss_pid,
			      .remote = "-" };
	struct error err = { 0 };
	int rc;

	add_sessions();
	rc = identify(&rq, 1000, &err);
	ck_assert_int_eq(rc, sessions[_i].kind == REFUSED ? -1 : 0);
	if (sessions[_i].kind < 0) {
		ck_assert_ptr_null(rq.who);
		return;
	}
	ck_assert_str_eq(rq.who->name, "ada");
	ck_assert_str_eq(rq.who->display, "Ada Lovelace");
	ck_assert_int_eq((int)rq.session->kind, sessions[_i].kind);
	/* only cookies come by themselves */
	ck_assert_int_eq(rq.ambient, !sessions[_i].authorization && !*rq.ss_id && !*rq.ss_pid);
	ck_assert_int_eq(identify(&rq, 2000, &err), sessions[_i].authorization ? -1 : 0);
	ck_assert_ptr_null(rq.who);
}
END_TEST

START_TEST(sessions_of_a_removed_user_are_nobodys)
{
	struct request rq = {
		.cookie = "ss-id=" TEMPORARY, .ss_id = "", .ss_pid = "", .remote = "-"
	};
	struct error err = { 0 };
	struct store *st = NULL;

	add_sessions();
	ck_assert_int_eq(identify(&rq, 1000, &err), 0);
	ck_assert_ptr_nonnull(rq.who);
	ck_assert_int_eq(store_open(database, STORE_WRITE, 1000, &st, &err), 0);
	ck_assert_int_eq(store_user_remove(st, 1, 5, &err), 1);
	store_close(&st);
	ck_assert_int_eq(identify(&rq, 1000, &err), 0);
	ck_assert_ptr_null(rq.who);
}
END_TEST

START_TEST(wrong_passwords_make_who_guesses_wait)
{
	struct request rq = { .authorization = basic("ada:wrong guess"),
			      .cookie = "",
			      .ss_id = "",
			      .ss_pid = "",
			      .remote = "192.0.2.1" };
	struct error err = { 0 };

	for (int i = 0; i < THROTTLE_FREE + 1; i++) {
		error_clear(&err);
		ck_assert_int_eq(identify(&rq, 1000, &err), -1);
		ck_assert_int_eq(err.kind, ERR_CREDENTIALS);
	}
	error_clear(&err);
	ck_assert_int_eq(identify(&rq, 1000, &err), -1);
	ck_assert_int_eq(err.kind, ERR_TOO_MANY);
	ck_assert_int_eq(err.retry_after, 1);
	/* from elsewhere, the right one is let through, and then also here */
	error_clear(&err);
	rq.authorization = basic("ada:right password");
	rq.remote = "192.0.2.2";
	ck_assert_int_eq(identify(&rq, 1000, &err), 0);
	rq.remote = "192.0.2.1";
	ck_assert_int_eq(identify(&rq, 1000, &err), 0);
}
END_TEST

/*
 * Many at once: the right password again and again, and wrong ones from the
 * side.
 */
static void *sign_in_often(void *arg)
{
	const struct password ada = { "ada", "right password", 14, arg },
			      eve = { "eve", "right password", 14, arg };
	struct worker mine = { .secret = secret, .signin = signin };
	struct request rq = { .worker = &mine, .arena = &mine.arena };
	intptr_t good = 0;

	arena_init(&mine.arena);
	if (store_open(database, 0, 1000, &rq.store, NULL) < 0)
		return NULL;
	for (int i = 0; i < 30; i++) {
		struct error err = { 0 };
		struct user u;

		good += signin_password(&rq, &ada, &u, &err) == 0;
		signin_password(&rq, &eve, &u, &err);
	}
	store_close(&rq.store);
	arena_release(&mine.arena);
	return (void *)good;
}

START_TEST(many_threads_sign_in_at_once)
{
	static char addresses[8][16];
	pthread_t threads[8];

	for (int i = 0; i < 8; i++) {
		snprintf(addresses[i], sizeof(addresses[i]), "192.0.2.%d", i % 3);
		ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_in_often, addresses[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		void *good;

		pthread_join(threads[i], &good);
		ck_assert_int_eq((intptr_t)good, 30);
	}
}
END_TEST

/* --- pages of other origins --- */

static const struct {
	const char *origin, *fetch_site, *referer;
	bool foreign;
} pages[] = {
	{ NULL, NULL, NULL, false },
	{ "https://here.test", NULL, NULL, false },
	{ "https://HERE.test", NULL, NULL, false },
	{ "https://name.test", NULL, NULL, false },
	{ "https://app.test", NULL, NULL, false },
	{ "https://here.test.evil.test", NULL, NULL, true },
	{ "http://here.test", NULL, NULL, true },
	{ "https://here.test:8443", NULL, NULL, true },
	{ "null", NULL, NULL, true },
	{ "https://evil.test", "same-origin", "https://here.test/", true },
	{ NULL, "same-origin", NULL, false },
	{ NULL, "none", NULL, false },
	{ NULL, "same-site", NULL, true },
	{ NULL, "cross-site", "https://here.test/", true },
	{ NULL, "cross-site", "https://app.test/page", false },
	{ NULL, "cross-site", "https://app.testing/", true },
	{ NULL, NULL, "https://here.test/page", false },
	{ NULL, NULL, "https://here.testing/page", true },
	{ NULL, NULL, "https://evil.test/?https://here.test/", true },
};

START_TEST(a_page_of_another_origin_is_told_from_our_own)
{
	struct settings s = { .cors_origins = "https://app.test" };
	struct worker w = { .settings = &s };
	struct request rq = { .worker = &w,
			      .origin = pages[_i].origin,
			      .fetch_site = pages[_i].fetch_site,
			      .referer = pages[_i].referer,
			      .base_url = "https://name.test/below",
			      .own_origin = "https://here.test" };

	ck_assert_int_eq(cors_is_foreign(&rq), pages[_i].foreign);
}
END_TEST

/* --- whole answers --- */

struct memory_input {
	struct input in;
	const char *text;
	size_t len;
};

static size_t read_memory(struct input *in, char *buf, size_t size)
{
	struct memory_input *m = (struct memory_input *)in;
	size_t n = m->len < size ? m->len : size;

	memcpy(buf, m->text, n);
	m->text += n;
	m->len -= n;
	return n;
}

struct memory_output {
	struct output out;
	struct strbuf text;
	int writes;
	bool complete;
	int fail_at; /* the write that fails, from 1; 0 = none */
};

static int write_memory(struct output *out, const struct iovec *parts, int n, bool last)
{
	struct memory_output *m = (struct memory_output *)out;

	if (++m->writes == m->fail_at)
		return -1;
	ck_assert(!m->complete);
	for (int i = 0; i < n; i++)
		strbuf_addn(&m->text, parts[i].iov_base, parts[i].iov_len);
	m->complete = last;
	return 0;
}

/* A request: what isn't given has a default. */
struct ask {
	const char *method, *uri, *accept, *authorization, *type, *body;
	const char *length; /* if the announced length isn't the body's */
	int fail_at;
	const char *extra[2]; /* more variables */
};

struct answer {
	struct memory_output out;
	int rc;
	const char *body;
};

static char *variable(const char *name, const char *value)
{
	return arena_printf(&arena, "%s=%s", name, value ? value : "");
}

static void ask_for(const struct ask *q, struct answer *a)
{
	const char *body = q->body ? q->body : "";
	struct memory_input in = { .in.read = read_memory, .text = body, .len = strlen(body) };
	char *length = arena_printf(&arena, "%zu", strlen(body));
	const char *credentials = q->authorization ? q->authorization : "Bearer admintoken";
	char *env[] = { variable("REQUEST_METHOD", q->method ? q->method : "GET"),
			variable("REQUEST_URI", q->uri),
			variable("CONTENT_TYPE", q->type),
			variable("CONTENT_LENGTH", q->length ? q->length
						   : *body   ? length
							     : ""),
			variable("HTTP_ACCEPT", q->accept),
			variable("REMOTE_ADDR", "192.0.2.1"),
			variable("HTTP_HOST", "h.example"),
			variable(*credentials ? "HTTP_AUTHORIZATION" : "NOTHING", credentials),
			(char *)q->extra[0],
			(char *)q->extra[1],
			NULL };

	*a = (struct answer) { .out.out.write = write_memory, .out.fail_at = q->fail_at };
	strbuf_init(&a->out.text, 16 << 20);
	a->rc = handle(&worker, env, &in.in, &a->out.out);
	a->body = strstr(a->out.text.text, "\r\n\r\n");
	a->body = a->body ? a->body + 4 : "";
}

static void answer_release(struct answer *a)
{
	strbuf_release(&a->out.text);
}

static bool has_header(const struct answer *a, const char *line)
{
	const char *at = strstr(a->out.text.text, line);

	return at && at < a->body && (at == a->out.text.text || at[-1] == '\n') &&
	       strncmp(at + strlen(line), "\r\n", 2) == 0;
}

#define ASSERT_HEADER(a, line) \
	ck_assert_msg(has_header(a, line), "no \"%s\" in:\n%s", line, (a)->out.text.text)
#define ASSERT_NO_HEADER(a, name) \
	ck_assert_msg(!strstr((a)->out.text.text, "\n" name ":"), "%s", (a)->out.text.text)

START_TEST(an_answer_has_its_headers)
{
	struct answer a;

	ask_for(&(struct ask) { .uri = "/test/echo?Text=a&NUMBER=12" }, &a);
	ck_assert_int_eq(a.rc, 0);
	ck_assert(a.out.complete);
	ck_assert_int_eq(a.out.writes, 1);
	ASSERT_HEADER(&a, "Status: 200 OK");
	ASSERT_HEADER(&a, "Content-Type: application/json; charset=utf-8");
	ASSERT_HEADER(&a, arena_printf(&arena, "Content-Length: %zu", strlen(a.body)));
	ASSERT_HEADER(&a, "Vary: Accept");
	ASSERT_HEADER(&a, "Cache-Control: private, no-store");
	ck_assert_ptr_nonnull(strstr(a.out.text.text, "X-Request-Id: RQ"));
	ck_assert_str_eq(a.body, "{\"text\":\"a\",\"number\":12}");
	answer_release(&a);
}
END_TEST

/* "admintoken:" */
#define BASIC "Basic YWRtaW50b2tlbjo="

static const struct {
	struct ask ask;
	const char *status, *header, *body; /* body: what it begins with */
} answers[] = {
	{ { .uri = "/test/echo" }, "200 OK", NULL, "{\"number\":7}" },
	{ { .uri = "/test/echo.xml?text=a" },
	  "200 OK",
	  "Content-Type: application/xml",
	  "<?xml version=\"1.0\" encoding=\"utf-8\"?><Echo" },
	{ { .uri = "/test/echo.csv" },
	  "200 OK",
	  "Content-Disposition: attachment;filename=\"Echo.csv\"",
	  "Text,Other,Number\r\n" },
	{ { .uri = "/test/echo?callback=a<b.c_1" },
	  "200 OK",
	  "Content-Type: text/javascript",
	  "a_b.c_1({\"number\":7})" },
	{ { .uri = "/test/echo?callback=cb" }, "200 OK", "X-Content-Type-Options: nosniff", "cb(" },
	{ { .uri = "/test/echo?callback=" },
	  "200 OK",
	  "Content-Type: application/json; charset=utf-8",
	  "{" },
	{ { .uri = "/test/echo.xml?callback=cb" },
	  "200 OK",
	  "Content-Type: application/xml",
	  "<?xml" },
	/* a script shows what it gets to the page that it stands on */
	{ { .uri = "/test/echo?callback=cb",
	    .authorization = BASIC,
	    .extra = { "HTTP_SEC_FETCH_SITE=cross-site" } },
	  "200 OK",
	  NULL,
	  "cb({\"responseStatus\":{\"errorCode\":\"Forbidden\"" },
	{ { .uri = "/test/echo?callback=cb",
	    .authorization = BASIC,
	    .extra = { "HTTP_SEC_FETCH_SITE=same-origin" } },
	  "200 OK",
	  NULL,
	  "cb({\"number\"" },
	{ { .uri = "/test/echo",
	    .authorization = BASIC,
	    .extra = { "HTTP_SEC_FETCH_SITE=cross-site" } },
	  "200 OK",
	  NULL,
	  "{\"number\"" },
	{ { .uri = "/test/echo?callback=cb", .extra = { "HTTP_SEC_FETCH_SITE=cross-site" } },
	  "200 OK",
	  NULL,
	  "cb({\"number\"" },
	/* JSV for people */
	{ { .uri = "/test/echo.jsv?text=a,b&debug=1" },
	  "200 OK",
	  "Content-Type: text/plain; charset=utf-8",
	  "{\n\ttext: \"a,b\",\n\tnumber: 7\n}" },
	{ { .uri = "/jsv/reply/Echo?DEBUG=true" },
	  "200 OK",
	  "Content-Type: text/plain; charset=utf-8",
	  "{\n\tnumber: 7\n}" },
	{ { .uri = "/test/echo.jsv?debug=" }, "200 OK", "Content-Type: text/jsv", "{number:7}" },
	{ { .uri = "/test/echo.json?debug=1" }, "200 OK", NULL, "{\"number\":7}" },
	{ { .uri = "/2010-04-01/Accounts/AC1/Things/x.jsv?debug=1" },
	  "200 OK",
	  "Content-Type: text/jsv",
	  "{Text:x" },
	{ { .uri = "/test/echo?Number=abc&callback=cb" },
	  "200 OK",
	  "Content-Type: text/javascript",
	  "cb({\"responseStatus\":{\"errorCode\":\"ArgumentException\"" },
	{ { .uri = "/test/echo?Number=abc" },
	  "400 Bad Request",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"ArgumentException\"" },
	{ { .uri = "/test/echo.csv?Number=abc" },
	  "400 Bad Request",
	  "Content-Type: text/csv",
	  "ResponseStatus\r\n" },
	{ { .uri = "/test/echo?Text=%00" },
	  "400 Bad Request",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"ArgumentException\"" },
	{ { .uri = "/test/echo?Number=abc", .accept = "application/xml" },
	  "400 Bad Request",
	  "Content-Type: application/xml",
	  "<?xml version=\"1.0\" encoding=\"utf-8\"?><ErrorResponse" },
	{ { .uri = "/nowhere" },
	  "404 Not Found",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"NotFound\"" },
	{ { .uri = "/test/get", .method = "POST" },
	  "404 Not Found",
	  "Content-Type: text/plain",
	  "404" },
	{ { .uri = "/test/echo", .authorization = "" },
	  "401 Not Authenticated",
	  "WWW-Authenticate: Basic realm=\"/auth/basic\"",
	  "{\"responseStatus\":{\"errorCode\":\"Unauthorized\"" },
	{ { .uri = "/test/echo", .authorization = "Bearer x" },
	  "401 Invalid Username or Password",
	  "WWW-Authenticate: Basic realm=\"/auth/basic\"",
	  "{\"responseStatus\":{\"errorCode\":\"Unauthorized\"" },
	{ { .uri = "/test/get", .authorization = "Bearer accounttoken" },
	  "403 Invalid Role",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"Forbidden\"" },
	{ { .uri = "/test/get", .authorization = "Bearer guesttoken" },
	  "403 Invalid Role",
	  NULL,
	  "{\"responseStatus\"" },
	{ { .uri = "/test/early" },
	  "503 Service Unavailable",
	  "Content-Type: application/json; charset=utf-8",
	  "{\"responseStatus\":{\"errorCode\":\"ServiceUnavailable\",\"message\":\"The ledger is "
	  "locked\"" },
	{ { .uri = "/2010-04-01/Accounts/AC1/Things/x.json" },
	  "200 OK",
	  NULL,
	  "{\"Text\":\"x\",\"Other\":null,\"Number\":0}" },
	{ { .uri = "/2010-04-01/Accounts/AC1/Things/x.json?Text=evil&Other=o&text=y" },
	  "200 OK",
	  NULL,
	  "{\"Text\":\"x\",\"Other\":\"o\",\"Number\":0}" },
	{ { .uri = "/2010-04-01/Accounts/AC1/Things/x", .accept = "text/plain" },
	  "406 Not Acceptable",
	  "Content-Type: application/xml",
	  "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><RestException>" },
	{ { .uri = "/2010-04-01/Accounts/AC1/Things/x.json", .method = "DELETE" },
	  "405 Method Not Allowed",
	  "Allow: GET, HEAD, POST",
	  "{\"code\":20004," },
	{ { .uri = "/2010-04-01/Nothing.json" }, "404 Not Found", NULL, "{\"code\":20404," },
	{ { .uri = "/2010-04-01/Nothing" },
	  "404 Not Found",
	  "Content-Type: application/xml",
	  "<?xml" },
	{ { .uri = "/2010-04-01/Accounts/AC1/Things/x.json", .authorization = "" },
	  "401 Unauthorized",
	  "WWW-Authenticate: Basic realm=\"Twilio API\"",
	  "{\"code\":20003," },
	{ { .uri = "/2010-04-01/Accounts/AC1/Things/x.json?Day=2026-02-30" },
	  "400 Bad Request",
	  NULL,
	  "{\"code\":20001," },
	{ { .uri = "/2010-04-01/Accounts/AC%00/Things/x.json" }, "400 Bad Request", NULL, "" },
	{ { .uri = "/test/echo",
	    .method = "POST",
	    .type = "application/json",
	    .body = "{\"text\":\"j\"}" },
	  "200 OK",
	  NULL,
	  "{\"text\":\"j\",\"number\":7}" },
	{ { .uri = "/test/echo?Text=q&Other=",
	    .method = "POST",
	    .type = "application/json",
	    .body = "{\"text\":\"j\",\"other\":\"o\"}" },
	  "200 OK",
	  NULL,
	  "{\"text\":\"q\",\"other\":\"o\",\"number\":7}" },
	{ { .uri = "/test/echo?text=q&Number=3",
	    .method = "POST",
	    .type = "application/x-www-form-urlencoded",
	    .body = "Text=f" },
	  "200 OK",
	  NULL,
	  "{\"text\":\"f\",\"number\":3}" },
	{ { .uri = "/test/echo", .method = "POST", .type = "application/json", .body = "{" },
	  "400 Bad Request",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"SerializationException\",\"message\":\"Could not "
	  "deserialize 'application/json' request" },
	{ { .uri = "/test/echo",
	    .method = "POST",
	    .type = "application/json",
	    .body = "{}",
	    .length = "3" },
	  "400 Bad Request",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"SerializationException\",\"message\":\"The body "
	  "ended after 2 of 3 bytes\"" },
	{ { .uri = "/test/echo",
	    .method = "POST",
	    .type = "application/json",
	    .body = "{}",
	    .length = "100001" },
	  "413 Content Too Large",
	  NULL,
	  "{\"responseStatus\"" },
	{ { .uri = "/test/echo",
	    .method = "POST",
	    .type = "application/json",
	    .body = "{}",
	    .length = "-1" },
	  "400 Bad Request",
	  NULL,
	  "{\"responseStatus\"" },
	{ { .uri = "/test/echo",
	    .method = "POST",
	    .type = "application/json",
	    .body = "{",
	    .authorization = "" },
	  "400 Bad Request",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"SerializationException\"" },
	{ { .uri = "/test/echo?Number=x",
	    .method = "POST",
	    .type = "application/json",
	    .body = "{}",
	    .authorization = "" },
	  "401 Not Authenticated",
	  NULL,
	  "{\"responseStatus\"" },
	{ { .uri = "/test/get", .type = "application/json", .body = "{" },
	  "200 OK",
	  NULL,
	  "{\"number\":7}" },
	/* by name */
	{ { .uri = "/json/reply/Echo?text=a" },
	  "200 OK",
	  "Content-Type: application/json; charset=utf-8",
	  "{\"text\":\"a\",\"number\":7}" },
	{ { .uri = "/json/reply/echo?text=a", .accept = "text/csv" },
	  "200 OK",
	  "Content-Type: application/json; charset=utf-8",
	  "{\"text\"" },
	{ { .uri = "/xml/oneway/Echo" }, "200 OK", "Content-Type: application/xml", "<?xml" },
	{ { .uri = "/JSV/Reply/Echo?text=a" },
	  "200 OK",
	  "Content-Type: text/jsv",
	  "{text:a,number:7}" },
	{ { .uri = "/csv/reply/Echo" },
	  "200 OK",
	  "Content-Disposition: attachment;filename=\"Echo.csv\"",
	  "Text,Other,Number\r\n" },
	{ { .uri = "/jsonl/reply/Echo" }, "200 OK", "Content-Type: text/jsonl", "{\"number\":7}" },
	{ { .uri = "/api/Echo", .accept = "application/xml" },
	  "200 OK",
	  "Content-Type: application/json; charset=utf-8",
	  "{" },
	{ { .uri = "/API/echo.csv" }, "200 OK", "Content-Type: text/csv", "Text,Other,Number\r\n" },
	{ { .uri = "/api/Echo.xml" }, "200 OK", "Content-Type: text/xml", "<?xml" },
	{ { .uri = "/api/Echo.xml?format=jsv" }, "200 OK", "Content-Type: text/jsv", "{number:7}" },
	{ { .uri = "/api/Echo.xml?callback=cb" },
	  "200 OK",
	  "Content-Type: text/javascript",
	  "cb({\"number\":7})" },
	{ { .uri = "/api/Echo.xml?number=x" },
	  "400 Bad Request",
	  "Content-Type: text/xml",
	  "<?xml" },
	{ { .uri = "/api/GetOnly", .method = "POST", .type = "application/json", .body = "{}" },
	  "200 OK",
	  NULL,
	  "{\"number\":7}" },
	{ { .uri = "/api/GetOnly", .method = "PUT" },
	  "405 Method Not Allowed",
	  "Allow: GET, HEAD, POST",
	  "{\"responseStatus\":{\"errorCode\":\"NotImplementedException\",\"message\":\"Could not "
	  "find method named Put(GetOnly) or "
	  "Any(GetOnly) on Service GetOnlyService\",\"errors\":[]}}" },
	{ { .uri = "/xml/reply/Nope" },
	  "405 Method Not Allowed",
	  "Content-Type: application/xml",
	  "<?xml version=\"1.0\" encoding=\"utf-8\"?><ErrorResponse" },
	{ { .uri = "/api/Nope" },
	  "405 Method Not Allowed",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"NotImplementedException\","
	  "\"message\":\"The operation 'Nope' does not exist for this service\",\"errors\":[]}}" },
	{ { .uri = "/api/Thing" }, "405 Method Not Allowed", NULL, "{\"responseStatus\"" },
	{ { .uri = "/api/Echo/more" }, "404 Not Found", NULL, "{\"responseStatus\"" },
	{ { .uri = "/text/reply/Echo" }, "404 Not Found", NULL, "{\"responseStatus\"" },
	{ { .uri = "/json/answer/Echo" }, "404 Not Found", NULL, "{\"responseStatus\"" },
	{ { .uri = "/api/Echo?text=q&other=q",
	    .method = "POST",
	    .type = "text/plain",
	    .body = "{\"text\":\"j\",\"other\":null}" },
	  "200 OK",
	  NULL,
	  "{\"text\":\"j\",\"other\":\"q\",\"number\":7}" },
	{ { .uri = "/api/Echo?text=q&other=q",
	    .method = "POST",
	    .type = "application/x-www-form-urlencoded",
	    .body = "text=f" },
	  "200 OK",
	  NULL,
	  "{\"text\":\"f\",\"other\":\"q\",\"number\":7}" },
	{ { .uri = "/api/Echo",
	    .method = "POST",
	    .type = "application/x-www-form-urlencoded",
	    .body = "{\"text\":\"j\"}" },
	  "200 OK",
	  NULL,
	  "{\"text\":\"j\",\"number\":7}" },
	{ { .uri = "/jsv/reply/Echo",
	    .method = "POST",
	    .type = "application/json",
	    .body = "{text:a b,other:\"x,\"\"y\"\"\"}" },
	  "200 OK",
	  NULL,
	  "{text:a b,other:\"x,\"\"y\"\"\",number:7}" },
	{ { .uri = "/html/reply/Echo?format=json",
	    .method = "POST",
	    .type = "application/xml",
	    .body = ECHO("<Text>a</Text>") },
	  "200 OK",
	  NULL,
	  "{\"text\":\"a\",\"number\":7}" },
	{ { .uri = "/xml/reply/Echo?format=json",
	    .method = "POST",
	    .type = "text/plain",
	    .body = "{}" },
	  "400 Bad Request",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"SerializationException\",\"message\":\"Could not "
	  "deserialize 'application/xml' request using "
	  "Test.Types.Echo'\\nError: line 1: " },
	/* batches */
	{ { .uri = "/api/Echo[]",
	    .method = "POST",
	    .body = "[{\"text\":\"a\"},{\"Text\":\"b\",\"number\":8}]" },
	  "200 OK",
	  "X-AutoBatch-Completed: 2",
	  "[{\"text\":\"a\",\"number\":7},{\"text\":\"b\",\"number\":8}]" },
	{ { .uri = "/json/reply/echo[]?other=q&format=csv",
	    .method = "POST",
	    .type = "text/plain",
	    .body = "[{}]" },
	  "200 OK",
	  "X-AutoBatch-Completed: 1",
	  "[{\"other\":\"q\",\"number\":7}]" },
	{ { .uri = "/json/oneway/Echo%5B%5D", .method = "POST", .body = "[]" },
	  "200 OK",
	  "X-AutoBatch-Completed: 0",
	  "[]" },
	{ { .uri = "/api/Echo[]", .method = "POST", .body = "[{},{\"number\":-1},{}]" },
	  "400 Bad Request",
	  "X-AutoBatch-Completed: 1",
	  "{\"responseStatus\":{\"errorCode\":\"ArgumentException\"" },
	{ { .uri = "/api/Echo[]", .method = "POST", .body = "{}" },
	  "400 Bad Request",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"SerializationException\"" },
	{ { .uri = "/api/Echo[]", .method = "POST", .body = "[{},1]" },
	  "400 Bad Request",
	  NULL,
	  "{\"responseStatus\"" },
	{ { .uri = "/api/Echo[]", .method = "POST" },
	  "400 Bad Request",
	  NULL,
	  "{\"responseStatus\"" },
	{ { .uri = "/api/Echo[]", .method = "POST", .body = "[{}]", .authorization = "" },
	  "401 Not Authenticated",
	  NULL,
	  "{\"responseStatus\"" },
	{ { .uri = "/api/Echo[]" },
	  "405 Method Not Allowed",
	  "Allow: POST",
	  "{\"responseStatus\"" },
	{ { .uri = "/xml/reply/Echo[]", .method = "POST", .body = "[]" },
	  "405 Method Not Allowed",
	  NULL,
	  "<?xml" },
	{ { .uri = "/api/Long[]", .method = "POST", .body = "[{},{},{},{}]" },
	  "413 Content Too Large",
	  "X-AutoBatch-Completed: 2",
	  "{\"responseStatus\"" },
	/* another verb */
	{ { .uri = "/test/get", .method = "POST", .extra = { "HTTP_X_HTTP_METHOD_OVERRIDE=get" } },
	  "200 OK",
	  NULL,
	  "{\"number\":7}" },
	{ { .uri = "/test/get?x-http-method-override=GET", .method = "POST" },
	  "200 OK",
	  NULL,
	  "{\"number\":7}" },
	{ { .uri = "/test/get",
	    .method = "POST",
	    .type = "application/x-www-form-urlencoded",
	    .body = "X-Http-Method-Override=GET" },
	  "200 OK",
	  NULL,
	  "{\"number\":7}" },
	{ { .uri = "/test/get", .method = "POST", .extra = { "HTTP_X_HTTP_METHOD_OVERRIDE=HEAD" } },
	  "404 Not Found",
	  NULL,
	  "404" },
	{ { .uri = "/test/get?X-Http-Method-Override=POST" }, "200 OK", NULL, "{\"number\":7}" },
	{ { .uri = "/2010-04-01/Accounts/AC1/Things/x.json",
	    .method = "POST",
	    .extra = { "HTTP_X_HTTP_METHOD_OVERRIDE=DELETE" } },
	  "200 OK",
	  NULL,
	  "{\"Text\":\"x\"" },
	{ { .uri = "/events", .method = "POST", .type = "text/csv", .body = "a,b\n" },
	  "207 Multi-Status",
	  NULL,
	  "{\"Text\":\"a,b\\n\",\"Other\":\"text/csv\",\"Number\":4}" },
};

START_TEST(a_request_gets_the_right_answer)
{
	char *status = arena_printf(&arena, "Status: %s", answers[_i].status);
	struct answer a;

	ask_for(&answers[_i].ask, &a);
	ck_assert_int_eq(a.rc, 0);
	ck_assert(a.out.complete);
	ASSERT_HEADER(&a, status);
	if (answers[_i].header)
		ASSERT_HEADER(&a, answers[_i].header);
	ck_assert_msg(strncmp(a.body, answers[_i].body, strlen(answers[_i].body)) == 0, "%s",
		      a.body);
	ASSERT_HEADER(&a, arena_printf(&arena, "Content-Length: %zu", strlen(a.body)));
	answer_release(&a);
}
END_TEST

START_TEST(pages_of_listed_origins_may_ask)
{
	const char *own = "HTTP_ORIGIN=https://app.example:8443",
		   *other = "HTTP_ORIGIN=https://app.example";
	struct answer a;

	settings.cors_origins = "http://x.example  https://app.example:8443";
	ask_for(&(struct ask) { .uri = "/test/echo",
				.method = "OPTIONS",
				.authorization = "",
				.extra = { own } },
		&a);
	ASSERT_HEADER(&a, "Status: 204 No Content");
	ASSERT_HEADER(&a, "Access-Control-Allow-Origin: https://app.example:8443");
	ASSERT_HEADER(&a, "Access-Control-Allow-Credentials: true");
	ASSERT_HEADER(&a,
		      "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
	ASSERT_HEADER(&a, "Vary: Accept, Origin");
	ck_assert_str_eq(a.body, "");
	answer_release(&a);
	ask_for(&(struct ask) { .uri = "/test/echo", .extra = { own } }, &a);
	ASSERT_HEADER(&a, "Status: 200 OK");
	ASSERT_HEADER(&a, "Access-Control-Allow-Origin: https://app.example:8443");
	ASSERT_NO_HEADER(&a, "Access-Control-Allow-Methods");
	answer_release(&a);
	ask_for(&(struct ask) { .uri = "/test/echo", .authorization = "", .extra = { own } }, &a);
	ASSERT_HEADER(&a, "Status: 401 Not Authenticated");
	ASSERT_HEADER(&a, "Access-Control-Allow-Origin: https://app.example:8443");
	answer_release(&a);
	ask_for(&(struct ask) { .uri = "/test/echo", .extra = { other } }, &a);
	ASSERT_HEADER(&a, "Status: 200 OK");
	ASSERT_HEADER(&a, "Vary: Accept, Origin");
	ASSERT_NO_HEADER(&a, "Access-Control-Allow-Origin");
	answer_release(&a);
	ask_for(&(struct ask) { .uri = "/test/echo", .method = "OPTIONS", .extra = { other } }, &a);
	ASSERT_HEADER(&a, "Status: 204 No Content");
	ASSERT_NO_HEADER(&a, "Access-Control-Allow-Origin");
	answer_release(&a);
	/*
	 * the path is what it means, however it is written; and another family
	 * has no such promise
	 */
	ask_for(&(struct ask) { .uri = "/%32010-04-01/Accounts/AC1/Things/x.json",
				.extra = { own } },
		&a);
	ASSERT_NO_HEADER(&a, "Access-Control-Allow-Origin");
	answer_release(&a);
	settings.cors_origins = "";
	ask_for(&(struct ask) { .uri = "/test/echo", .method = "OPTIONS", .extra = { own } }, &a);
	ASSERT_HEADER(&a, "Status: 204 No Content");
	ASSERT_NO_HEADER(&a, "Access-Control-Allow-Origin");
	answer_release(&a);
}
END_TEST

static const struct {
	const char *uri, *allow;
} options[] = {
	{ "/test/echo", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" },
	{ "/test/get.json", "GET, HEAD, OPTIONS" },
	{ "/test/get?format=xml", "GET, HEAD, OPTIONS" },
	{ "/api/Echo", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" },
	{ "/json/reply/Echo", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" },
	{ "/api/Echo[]", "POST, OPTIONS" },
	{ "/metadata", "GET, HEAD, OPTIONS" },
	{ "/openapi.json", "GET, HEAD, OPTIONS" },
	{ "/login", "GET, HEAD, OPTIONS" },
	{ "/2010-04-01/Accounts/AC1/Things/x.json", "GET, HEAD, POST, OPTIONS" },
};

START_TEST(options_at_a_path_that_exists_says_what_it_takes)
{
	struct answer a;

	ask_for(&(struct ask) { .uri = options[_i].uri, .method = "OPTIONS", .authorization = "" },
		&a);
	ASSERT_HEADER(&a, "Status: 204 No Content");
	ASSERT_HEADER(&a, arena_printf(&arena, "Allow: %s", options[_i].allow));
	ASSERT_NO_HEADER(&a, "Content-Length");
	ck_assert_str_eq(a.body, "");
	answer_release(&a);
}
END_TEST

START_TEST(options_at_no_path_is_refused)
{
	struct answer a;

	ask_for(&(struct ask) { .uri = "/nothing/here", .method = "OPTIONS" }, &a);
	ASSERT_HEADER(&a, "Status: 404 Not Found");
	ASSERT_NO_HEADER(&a, "Allow");
	answer_release(&a);
	ask_for(&(struct ask) { .uri = "/api/Nope", .method = "OPTIONS" }, &a);
	ASSERT_HEADER(&a, "Status: 405 Method Not Allowed");
	answer_release(&a);
}
END_TEST

START_TEST(a_batch_has_a_limit)
{
	char *body = arena_alloc(&arena, 3 * (BODY_BATCH_MAX + 2));
	struct answer a;

	for (int i = 0; i <= BODY_BATCH_MAX; i++)
		memcpy(body + 3 * i, i ? ",{}" : "[{}", 3);
	memcpy(body + 3 * (BODY_BATCH_MAX + 1), "]", 2);
	ask_for(&(struct ask) { .uri = "/api/Echo[]", .method = "POST", .body = body }, &a);
	ASSERT_HEADER(&a, "Status: 413 Content Too Large");
	answer_release(&a);
}
END_TEST

START_TEST(a_refused_csv_is_no_attachment)
{
	struct answer a;

	ask_for(&(struct ask) { .uri = "/test/echo.csv?Number=abc" }, &a);
	ASSERT_NO_HEADER(&a, "Content-Disposition");
	answer_release(&a);
}
END_TEST

START_TEST(head_is_get_without_a_body)
{
	static const char *const uris[] = { "/test/get", "/test/long", "/nowhere" };

	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		struct answer get, head;
		size_t len;

		ask_for(&(struct ask) { .uri = uris[i] }, &get);
		ask_for(&(struct ask) { .uri = uris[i], .method = "HEAD" }, &head);
		len = get.out.text.len - (size_t)(get.body - get.out.text.text);
		ASSERT_HEADER(&head, arena_printf(&arena, "Content-Length: %zu", len));
		ck_assert_str_eq(head.body, "");
		ck_assert(head.out.complete);
		ck_assert_int_eq(
			strncmp(get.out.text.text, head.out.text.text, strlen("Status: 200")), 0);
		answer_release(&get);
		answer_release(&head);
	}
}
END_TEST

START_TEST(a_long_answer_is_streamed)
{
	struct answer a;

	ask_for(&(struct ask) { .uri = "/test/long" }, &a);
	ck_assert_int_eq(a.rc, 0);
	ck_assert(a.out.complete);
	ck_assert_int_gt(a.out.writes, 2);
	ASSERT_NO_HEADER(&a, "Content-Length");
	ck_assert_int_eq(a.body[0], '[');
	ck_assert_str_eq(a.out.text.text + a.out.text.len - strlen("\"number\":39999}]"),
			 "\"number\":39999}]");
	answer_release(&a);
}
END_TEST

START_TEST(a_failure_after_the_first_byte_cuts_the_answer_off)
{
	struct answer a;

	ask_for(&(struct ask) { .uri = "/test/cut" }, &a);
	ck_assert_int_eq(a.rc, -1);
	ck_assert(!a.out.complete);
	ck_assert_int_gt(a.out.writes, 0);
	ck_assert_ptr_null(strstr(a.body, "responseStatus"));
	answer_release(&a);
}
END_TEST

START_TEST(a_caller_that_goes_away_is_no_harm)
{
	struct answer a;

	for (int at = 1; at <= 3; at++) {
		ask_for(&(struct ask) { .uri = "/test/long", .fail_at = at }, &a);
		ck_assert_int_eq(a.rc, -1);
		answer_release(&a);
	}
	ask_for(&(struct ask) { .uri = "/test/get", .fail_at = 1 }, &a);
	ck_assert_int_eq(a.rc, -1);
	answer_release(&a);
	ask_for(&(struct ask) { .uri = "/test/get" }, &a);
	ck_assert_int_eq(a.rc, 0);
	answer_release(&a);
}
END_TEST

START_TEST(a_page_that_cant_be_made_still_says_what_is_wrong)
{
	struct answer a;

	ask_for(&(struct ask) { .uri = "/test/echo.html?Number=abc" }, &a);
	ASSERT_HEADER(&a, "Status: 400 Bad Request");
	ck_assert_ptr_nonnull(strstr(a.body, "abc"));
	answer_release(&a);
}
END_TEST

START_TEST(a_revoked_key_is_refused_at_the_next_request)
{
	struct error err = { 0 };
	struct store *st = NULL;
	struct answer a;

	ask_for(&(struct ask) { .uri = "/test/get" }, &a);
	ASSERT_HEADER(&a, "Status: 200 OK");
	answer_release(&a);
	ck_assert_int_eq(store_open(database, STORE_WRITE, 1000, &st, &err), 0);
	ck_assert_int_eq(store_begin_write(st, &err), 0);
	ck_assert_int_eq(store_key_revoke(st, "SK00000000000000000000000000000001", 5, &err), 1);
	ck_assert_int_eq(store_commit(st, &err), 0);
	store_close(&st);
	ask_for(&(struct ask) { .uri = "/test/get" }, &a);
	ASSERT_HEADER(&a, "Status: 401 Invalid Username or Password");
	answer_release(&a);
}
END_TEST

START_TEST(a_missing_ledger_is_an_error_until_it_is_there)
{
	struct settings elsewhere = settings;
	struct answer a;

	worker_release(&worker);
	elsewhere.database = "/nonexistent/usage.db";
	worker = (struct worker) {
		.settings = &elsewhere, .secret = secret, .table = table, .signin = signin
	};
	worker_init(&worker);
	log_set_level((enum log_level) - 1);
	ask_for(&(struct ask) { .uri = "/test/get" }, &a);
	ck_assert_msg(strncmp(a.out.text.text, "Status: 5", 9) == 0, "%s", a.out.text.text);
	ck_assert_ptr_null(strstr(a.body, "/nonexistent"));
	answer_release(&a);
	elsewhere.database = database;
	ask_for(&(struct ask) { .uri = "/test/get" }, &a);
	ASSERT_HEADER(&a, "Status: 200 OK");
	answer_release(&a);
}
END_TEST

/* ---- pages that change something ---- */

static struct template_slot slot;

static void setup_pages(void)
{
	const char *srcdir = getenv("srcdir");
	struct templates *t = NULL;
	struct error err = { 0 };
	char path[512];

	setup_ledger();
	snprintf(path, sizeof(path), "%s/templates", srcdir ? srcdir : ".");
	ck_assert_msg(templates_read(path, NULL, &t, &err) == 0, "%s", err.message);
	template_slot_init(&slot, t);
	worker.slot = &slot;
}

static void teardown_pages(void)
{
	teardown_ledger();
	template_slot_release(&slot);
}

START_TEST(a_person_is_asked_before_something_is_done)
{
	struct answer a;

	ask_for(&(struct ask) { .uri = "/events/a%2Fb/change.html?Other=x%3Cy&Password=notsaid" },
		&a);
	ASSERT_HEADER(&a, "Status: 200 OK");
	ck_assert_ptr_nonnull(
		strstr(a.body, "method=\"post\" action=\"/events/a%2Fb/change.html\""));
	ck_assert_ptr_nonnull(strstr(a.body, "name=\"Other\" value=\"x&lt;y\""));
	ck_assert_ptr_nonnull(strstr(
		a.body, "type=\"password\" name=\"Password\" autocomplete=\"new-password\""));
	ck_assert_ptr_nonnull(strstr(a.body, ">Do it</button>"));
	ck_assert_ptr_null(strstr(a.body, "notsaid"));
	answer_release(&a);
	/* programs aren't asked */
	ask_for(&(struct ask) { .uri = "/events/x/change" }, &a);
	ASSERT_HEADER(&a, "Status: 405 Method Not Allowed");
	answer_release(&a);
	/* nor are those who may not do it */
	ask_for(&(struct ask) { .uri = "/events/x/change.html",
				.authorization = "Bearer accounttoken" },
		&a);
	ASSERT_HEADER(&a, "Status: 403 Forbidden");
	answer_release(&a);
}
END_TEST

START_TEST(what_was_done_is_said_on_the_list)
{
	struct answer a;

	ask_for(&(struct ask) { .method = "POST",
				.uri = "/events/x/change.html",
				.type = "application/x-www-form-urlencoded",
				.body = "Other=y&Password=secret" },
		&a);
	ASSERT_HEADER(&a, "Status: 303 See Other");
	ASSERT_HEADER(&a, "Location: /events/list.html?Done=Change");
	answer_release(&a);
	ask_for(&(struct ask) { .uri = "/events/list.html?Done=Change" }, &a);
	ck_assert_ptr_nonnull(strstr(a.body, "It was done."));
	ck_assert_ptr_null(strstr(a.body, "Done="));
	answer_release(&a);
	/* programs get the answer */
	ask_for(&(struct ask) { .method = "POST",
				.uri = "/events/x/change",
				.type = "application/x-www-form-urlencoded",
				.body = "Other=y&Password=secret" },
		&a);
	ASSERT_HEADER(&a, "Status: 201 Created");
	answer_release(&a);
}
END_TEST

static const struct {
	const char *body, *status, *words;
} faults[] = {
	{ "Other=taken&Password=secret", "Status: 409 Conflict", "Other: is taken" },
	{ "Other=longer+than+nine&Password=secret", "Status: 400 Bad Request", "Other: must have" },
	{ "Other=y", "Status: 400 Bad Request", "Password: " },
};

START_TEST(what_cant_be_done_is_asked_again)
{
	struct answer a;

	ask_for(&(struct ask) { .method = "POST",
				.uri = "/events/x/change.html",
				.type = "application/x-www-form-urlencoded",
				.body = faults[_i].body },
		&a);
	ASSERT_HEADER(&a, faults[_i].status);
	ck_assert_ptr_nonnull(strstr(a.body, faults[_i].words));
	ck_assert_ptr_nonnull(strstr(a.body, "aria-invalid=\"true\""));
	ck_assert_ptr_nonnull(strstr(a.body, ">Do it</button>"));
	ck_assert_ptr_null(strstr(a.body, "secret\""));
	answer_release(&a);
}
END_TEST

START_TEST(a_page_links_the_same_report_in_other_formats)
{
	struct error err = { 0 };
	struct request rq = read_uri("/test/echo.html?Text=a%26b&format=x&Other=", &err);
	struct principal who = { .role = ROLE_ADMIN, .name = "admin" };
	const struct page *page;
	bool csv = false;

	rq.worker = &worker;
	rq.who = &who;
	ck_assert_int_eq(lead(&rq, &err), 0);
	ck_assert_int_eq(bind_args(&rq, &err), 0);
	page = page_make(&rq);
	ck_assert_str_eq(page->user, "admin");
	ck_assert_str_eq(page->action, "/test/echo.html");
	for (const struct page_link *l = page->exports; l->text; l++) {
		ck_assert_str_ne(l->text, "HTML");
		ck_assert_str_ne(l->text, "TEXT");
		if (strcmp(l->text, "CSV") == 0)
			csv = strcmp(l->href, "/test/echo.csv?Text=a%26b") == 0;
	}
	ck_assert(csv);
	ck_assert_str_eq(page->inputs[0].name, "Text");
	ck_assert_str_eq(page->inputs[0].value, "a&b");
	ck_assert_str_eq(page->inputs[2].type, "number");
	ck_assert_str_eq(page->inputs[2].value, "7");
	ck_assert_ptr_null(page->inputs[3].name);
	ck_assert_str_eq(page->nav[0].href, "/test/echo.html");
	ck_assert(page->nav[0].current);
	/*
	 * the path of another family's page needs an account, which an
	 * administrator has none of
	 */
	for (const struct page_link *l = page->nav; l->text; l++)
		ck_assert_str_ne(l->text, "Thing");
}
END_TEST

#define LOOP(tc, test, rows) \
	tcase_add_loop_test(tc, test, 0, (int)(sizeof(rows) / sizeof((rows)[0])))

static Suite *http_suite(void)
{
	Suite *s = suite_create("http");
	TCase *pure = tcase_create("pure"), *ledger = tcase_create("ledger"),
	      *forms = tcase_create("forms");

	tcase_add_checked_fixture(pure, setup_arena, teardown_arena);
	tcase_add_test(pure, a_query_is_decoded_once);
	LOOP(pure, a_bad_parameter_is_refused_by_name, bad_queries);
	tcase_add_test(pure, parameters_have_limits);
	LOOP(pure, the_base_url_is_the_callers_or_the_settings, base_urls);
	tcase_add_test(pure, a_path_is_decoded_once_and_the_query_cut_off);
	LOOP(pure, a_bad_path_is_refused, bad_paths);
	LOOP(pure, a_path_and_a_verb_lead_to_an_operation, paths);
	tcase_add_test(pure, what_came_encoded_divides_nothing);
	tcase_add_test(pure, names_in_the_path_become_parameters);
	tcase_add_test(pure, the_verbs_of_a_path_are_listed);
	LOOP(pure, a_format_is_chosen, wishes);
	tcase_add_test(pure, a_family_may_refuse_an_accept_that_names_nothing_it_has);
	tcase_add_loop_test(
		pure, a_picture_is_chosen_where_images_are_wanted_and_there_is_something_to_draw, 0,
		sizeof(pictures) / sizeof(pictures[0]));
	tcase_add_test(pure, a_picture_by_name_of_what_has_none_is_refused_as_a_picture);
	LOOP(pure, a_body_holds_parameters, bodies);
	LOOP(pure, a_bad_body_is_refused_with_the_reason, bad_bodies);
	tcase_add_test(pure, a_body_of_parameters_has_limits);
	tcase_add_test(pure, a_nul_byte_in_a_body_is_refused);
	suite_add_tcase(s, pure);

	tcase_add_checked_fixture(ledger, setup_ledger, teardown_ledger);
	tcase_set_timeout(ledger, 60);
	LOOP(ledger, credentials_name_a_caller_or_are_refused_alike, callers);
	tcase_add_test(ledger, credentials_of_a_suspended_account_are_refused_as_such);
	tcase_add_test(ledger, no_header_is_nobody);
	LOOP(ledger, a_session_is_found_by_header_and_cookie, sessions);
	tcase_add_test(ledger, sessions_of_a_removed_user_are_nobodys);
	tcase_add_test(ledger, wrong_passwords_make_who_guesses_wait);
	tcase_add_test(ledger, many_threads_sign_in_at_once);
	LOOP(ledger, a_page_of_another_origin_is_told_from_our_own, pages);
	tcase_add_test(ledger, an_answer_has_its_headers);
	LOOP(ledger, a_request_gets_the_right_answer, answers);
	tcase_add_test(ledger, pages_of_listed_origins_may_ask);
	tcase_add_loop_test(ledger, options_at_a_path_that_exists_says_what_it_takes, 0,
			    sizeof(options) / sizeof(options[0]));
	tcase_add_test(ledger, options_at_no_path_is_refused);
	tcase_add_loop_test(ledger, options_at_a_path_that_exists_says_what_it_takes, 0,
			    sizeof(options) / sizeof(options[0]));
	tcase_add_test(ledger, options_at_no_path_is_refused);
	tcase_add_test(ledger, a_batch_has_a_limit);
	tcase_add_test(ledger, a_refused_csv_is_no_attachment);
	tcase_add_test(ledger, head_is_get_without_a_body);
	tcase_add_test(ledger, a_long_answer_is_streamed);
	tcase_add_test(ledger, a_failure_after_the_first_byte_cuts_the_answer_off);
	tcase_add_test(ledger, a_caller_that_goes_away_is_no_harm);
	tcase_add_test(ledger, a_page_that_cant_be_made_still_says_what_is_wrong);
	tcase_add_test(ledger, a_revoked_key_is_refused_at_the_next_request);
	tcase_add_test(ledger, a_missing_ledger_is_an_error_until_it_is_there);
	tcase_add_test(ledger, a_page_links_the_same_report_in_other_formats);
	tcase_add_checked_fixture(forms, setup_pages, teardown_pages);
	tcase_add_test(forms, a_person_is_asked_before_something_is_done);
	tcase_add_test(forms, what_was_done_is_said_on_the_list);
	LOOP(forms, what_cant_be_done_is_asked_again, faults);
	suite_add_tcase(s, forms);
	suite_add_tcase(s, ledger);
	return s;
}

int main(void)
{
	return run_suite(http_suite());
}
