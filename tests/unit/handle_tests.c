/*
 * handle_tests.c - whole answers.
 */
#include <check.h>
#include <string.h>
#include "base/log.h"
#include "http/handle.h"
#include "store/key.h"
#include "usage/commit_thread.h"
#include "http/body.h"
#include "request_fixture.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

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
	{ { .uri = "/metrics" },
	  "200 OK",
	  "Content-Type: text/plain; version=0.0.4; charset=utf-8",
	  "# HELP usaged_build_info 1, with the version of the server\n" },
	{ { .uri = "/metrics", .authorization = "" },
	  "401 Not Authenticated",
	  "WWW-Authenticate: Basic realm=\"/auth/basic\"",
	  "{\"responseStatus\":{\"errorCode\":\"Unauthorized\"" },
	{ { .uri = "/metrics", .authorization = "Bearer x" },
	  "401 Invalid Username or Password",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"Unauthorized\"" },
	{ { .uri = "/metrics", .authorization = "Bearer accounttoken" },
	  "403 Forbidden",
	  NULL,
	  "{\"responseStatus\":{\"errorCode\":\"Forbidden\"" },
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

		ROW("%s", uris[i]);
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
	/* in pieces that fit into the buffer that the worker keeps */
	ck_assert_uint_lt(a.out.text.len / (size_t)a.out.writes, 100 << 10);
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

/* Changes the ledger's version; REVOKE: by revoking the administrator's key. */
static void change_ledger(bool revoke)
{
	static const char *const keys[] = { "SK00000000000000000000000000000003",
					    "SK00000000000000000000000000000001" };
	struct error err = { 0 };
	struct store *st = NULL;

	ck_assert_int_eq(store_open(ledger_place(database), STORE_WRITE, 1000, &st, &err), 0);
	ck_assert_int_eq(store_begin_write(st, &err), 0);
	ck_assert_int_eq(store_key_revoke(st, keys[revoke], 5, &err), 1);
	ck_assert_int_eq(store_commit(st, &err), 0);
	store_close(&st);
}

START_TEST(a_revoked_key_is_refused_at_the_next_request)
{
	struct answer a;

	ask_for(&(struct ask) { .uri = "/test/get" }, &a);
	ASSERT_HEADER(&a, "Status: 200 OK");
	answer_release(&a);
	change_ledger(true);
	ask_for(&(struct ask) { .uri = "/test/get" }, &a);
	ASSERT_HEADER(&a, "Status: 401 Invalid Username or Password");
	answer_release(&a);
}
END_TEST

/* ---- sending events ---- */

enum { READS_SOME = -1 };

/*
 * Sends BODY with the key of an administrator. STATEMENTS: how many the thread
 * itself asks the ledger.
 */
static void send_events(const char *body, const char *status, int64_t statements)
{
	int64_t before = worker.store ? store_statements(worker.store) : 0;
	struct answer a;

	ask_for(&(struct ask) { .uri = "/events",
				.method = "POST",
				.type = "text/csv",
				.body = body },
		&a);
	ck_assert_msg(strncmp(a.out.text.text + strlen("Status: "), status, 3) == 0, "%s",
		      a.out.text.text);
	if (statements == READS_SOME)
		ck_assert_int_gt(store_statements(worker.store), before);
	else
		ck_assert_int_eq(store_statements(worker.store) - before, statements);
	answer_release(&a);
}

static const char *event_of(const char *sid, const char *id)
{
	return arena_printf(&arena,
			    "source,id,subject,time,category,count\n"
			    "/pbx,%s,%s,2025-11-21T10:00:00Z,calls,1\n",
			    id, sid);
}

/* A worker that stores events. */
static void begin_storing(void)
{
	struct error err = { 0 };

	settings.record_bytes = settings.max_unpacked_bytes = 65536;
	worker.table = ops;
	ck_assert_int_eq(commit_thread_new(&settings, &worker.commits, &err), 0);
}

START_TEST(a_kept_key_sends_events_without_a_read_until_the_ledger_changes)
{
	begin_storing();
	send_events(event_of(MAIN_SID, "1"), "200", READS_SOME);
	send_events(event_of(MAIN_SID, "2"), "200", 0);
	send_events(event_of(MAIN_SID, "2"), "200", 0);
	change_ledger(false);
	send_events(event_of(MAIN_SID, "3"), "200", READS_SOME);
	send_events(event_of(MAIN_SID, "3"), "200", READS_SOME); /* the account */
	send_events(event_of(MAIN_SID, "4"), "200", 0);
	send_events(event_of("AC00000000000000000000000000000099", "5"), "422", READS_SOME);
	commit_thread_free(&worker.commits);
}
END_TEST

START_TEST(a_revoked_key_is_refused_by_the_commit_thread)
{
	begin_storing();
	send_events(event_of(MAIN_SID, "1"), "200", READS_SOME);
	send_events("\"", "400", READS_SOME);
	send_events(event_of(MAIN_SID, "1"), "200", 0);
	change_ledger(true);
	send_events(event_of(MAIN_SID, "2"), "401", READS_SOME);
	commit_thread_free(&worker.commits);
}
END_TEST

START_TEST(an_error_is_not_told_to_a_revoked_key)
{
	begin_storing();
	send_events(event_of(MAIN_SID, "1"), "200", READS_SOME);
	change_ledger(true);
	send_events("\"", "401", READS_SOME);
	commit_thread_free(&worker.commits);
}
END_TEST

/* Moves the ledger's file away, and back. */
static void move_ledger(bool back)
{
	char away[80];

	snprintf(away, sizeof(away), "%s.away", database);
	ck_assert_int_eq(back ? rename(away, database) : rename(database, away), 0);
}

/* A worker for the operations of ALL, without a ledger. */
static void begin_without_ledger(const struct op *const *all)
{
	worker_release(&worker);
	move_ledger(false);
	worker = (struct worker) {
		.settings = &settings, .secret = secret, .table = all, .signin = signin
	};
	worker_init(&worker);
	log_set_level((enum log_level) - 1);
}

START_TEST(a_missing_ledger_is_an_error_until_it_is_there)
{
	struct answer a;

	begin_without_ledger(table);
	ask_for(&(struct ask) { .uri = "/test/get" }, &a);
	ck_assert_msg(strncmp(a.out.text.text, "Status: 5", 9) == 0, "%s", a.out.text.text);
	ck_assert_ptr_null(strstr(a.body, database));
	answer_release(&a);
	move_ledger(true);
	ask_for(&(struct ask) { .uri = "/test/get" }, &a);
	ASSERT_HEADER(&a, "Status: 200 OK");
	answer_release(&a);
}
END_TEST

/* Asks for URI, without credentials, and checks status and a part of the body. */
static void assert_answer(const char *uri, const char *status, const char *part)
{
	struct answer a;

	ROW("%s", uri);
	ask_for(&(struct ask) { .uri = uri, .authorization = "" }, &a);
	ASSERT_HEADER(&a, status);
	ck_assert_msg(strstr(a.body, part) != NULL, "%s", a.body);
	ck_assert_ptr_null(strstr(a.body, database));
	answer_release(&a);
}

START_TEST(the_server_is_alive_without_a_ledger_but_not_ready)
{
	begin_without_ledger(ops);
	assert_answer("/healthz", "Status: 200 OK", "{\"status\":\"ok\"}");
	assert_answer("/readyz", "Status: 503 Service Unavailable", "the ledger can't be read");
	move_ledger(true);
	assert_answer("/readyz", "Status: 503 Service Unavailable", "needs a running server");
}
END_TEST

START_TEST(the_server_is_ready_if_its_commit_thread_can_write)
{
	struct error err = { 0 };

	worker.table = ops;
	ck_assert_int_eq(commit_thread_new(&settings, &worker.commits, &err), 0);
	assert_answer("/readyz", "Status: 200 OK", "{\"status\":\"ready\"}");
	commit_thread_free(&worker.commits);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("handle");
	TCase *tc = tcase_create("handle");

	tcase_add_checked_fixture(tc, setup_ledger, teardown_ledger);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_server_is_ready_if_its_commit_thread_can_write);
	tcase_add_test(tc, an_answer_has_its_headers);
	tcase_add_loop_test(tc, a_request_gets_the_right_answer, 0, ARRAY_SIZE(answers));
	tcase_add_test(tc, pages_of_listed_origins_may_ask);
	tcase_add_loop_test(tc, options_at_a_path_that_exists_says_what_it_takes, 0,
			    sizeof(options) / sizeof(options[0]));
	tcase_add_test(tc, options_at_no_path_is_refused);
	tcase_add_test(tc, a_batch_has_a_limit);
	tcase_add_test(tc, a_refused_csv_is_no_attachment);
	tcase_add_test(tc, head_is_get_without_a_body);
	tcase_add_test(tc, a_long_answer_is_streamed);
	tcase_add_test(tc, a_failure_after_the_first_byte_cuts_the_answer_off);
	tcase_add_test(tc, a_caller_that_goes_away_is_no_harm);
	tcase_add_test(tc, a_page_that_cant_be_made_still_says_what_is_wrong);
	tcase_add_test(tc, a_revoked_key_is_refused_at_the_next_request);
	tcase_add_test(tc, a_kept_key_sends_events_without_a_read_until_the_ledger_changes);
	tcase_add_test(tc, a_revoked_key_is_refused_by_the_commit_thread);
	tcase_add_test(tc, an_error_is_not_told_to_a_revoked_key);
	if (on_sqlite("a file that is not there")) {
		tcase_add_test(tc, the_server_is_alive_without_a_ledger_but_not_ready);
		tcase_add_test(tc, a_missing_ledger_is_an_error_until_it_is_there);
	}
	suite_add_tcase(s, tc);
	return run_suite(s);
}
