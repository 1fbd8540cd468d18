/*
 * page_tests.c - pages that change something, and their links.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "format/templates.h"
#include "http/bind.h"
#include "http/page.h"
#include "request_fixture.h"
#include "suite.h"
#include "base/banned.h"

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

int main(void)
{
	Suite *s = suite_create("page");
	TCase *tc;

	tc = tcase_create("page");
	tcase_add_checked_fixture(tc, setup_pages, teardown_pages);
	tcase_add_test(tc, a_person_is_asked_before_something_is_done);
	tcase_add_test(tc, what_was_done_is_said_on_the_list);
	tcase_add_loop_test(tc, what_cant_be_done_is_asked_again, 0, ARRAY_SIZE(faults));
	suite_add_tcase(s, tc);
	tc = tcase_create("page 2");
	tcase_add_checked_fixture(tc, setup_ledger, teardown_ledger);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_page_links_the_same_report_in_other_formats);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
