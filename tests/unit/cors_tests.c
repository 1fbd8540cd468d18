/*
 * cors_tests.c - pages of other origins.
 */
#include <check.h>
#include "http/cors.h"
#include "request_fixture.h"
#include "suite.h"
#include "base/banned.h"

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

int main(void)
{
	Suite *s = suite_create("cors");
	TCase *tc = tcase_create("cors");

	tcase_add_checked_fixture(tc, setup_ledger, teardown_ledger);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_page_of_another_origin_is_told_from_our_own, 0,
			    ARRAY_SIZE(pages));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
