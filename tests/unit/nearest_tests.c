/* nearest_tests.c - the known name that a misspelt one was meant to be. */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "suite.h"
#include "base/banned.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const known[] = { "id",          "sim",           "time",
				     "count",       "usage",         "price",
				     "customer",    "network",       "iso_country",
				     "data_upload", "data_download", NULL,
				     "StartDate",   "EndDate",       "" };

static const struct {
	const char *name, *nearest; /* NULL: none is near */
} cases[] = { { "useage", "usage" },
	      { "usge", "usage" },
	      { "uasge", "usage" },
	      { "usagE", "usage" },
	      { "USAGE", "usage" },
	      { "usabe", "usage" },
	      { "ID", "id" },
	      { "Sim", "sim" },
	      { "costumer", "customer" },
	      { "custmer", "customer" },
	      { "cstmer", "customer" },
	      { "ucstoemr", "customer" },
	      { "iso-country", "iso_country" },
	      { "isocountry", "iso_country" },
	      { "data_uplaod", "data_upload" },
	      { "dataupload", "data_upload" },
	      { "StartDat", "StartDate" },
	      { "startdate", "StartDate" },
	      { "Enddat", "EndDate" },
	      { "times", "time" },
	      /* too far for their lengths */
	      { "is", NULL },
	      { "i", NULL },
	      { "sum", NULL },
	      { "sims", NULL },
	      { "tier", NULL },
	      { "amount", NULL },
	      { "account", NULL },
	      { "country", NULL },
	      { "stage", NULL },
	      { "state", NULL },
	      { "voice", NULL },
	      { "cosstumerr", NULL },
	      { "cust", NULL },
	      { "team", NULL },
	      { "", NULL },
	      { "a", NULL } };

START_TEST(a_name_is_near_by_as_many_edits_as_its_length_allows)
{
	const char *name = cases[_i].name, *want = cases[_i].nearest;
	const char *got = nearest_name(name, strlen(name), known, COUNT(known));

	ck_assert_msg(got == want || (got && want && strcmp(got, want) == 0), "%s: %s, not %s",
		      name, got ? got : "none", want ? want : "none");
}
END_TEST

START_TEST(the_nearest_of_several_is_given_and_the_first_of_equals)
{
	static const char *const several[] = { "networks", "networke", "network", "networkx" };

	ck_assert_str_eq(nearest_name("networ", 6, several, 4), "network");
	ck_assert_str_eq(nearest_name("networkz", 8, several, 2), "networks");
	ck_assert_ptr_null(nearest_name("network", 7, several, 0));
}
END_TEST

START_TEST(names_of_any_length_are_compared)
{
	static char given[100000], longest[NEAREST_NAME_MAX + 1], longer[NEAREST_NAME_MAX + 2];
	const char *const names[] = { longer, longest };

	memset(given, 'a', sizeof(given));
	memset(longest, 'a', sizeof(longest) - 1);
	memset(longer, 'a', sizeof(longer) - 1);
	ck_assert_ptr_null(nearest_name(given, sizeof(given), names, 2));
	for (size_t len = NEAREST_NAME_MAX - 3; len < NEAREST_NAME_MAX + 4; len++) {
		bool near = len >= NEAREST_NAME_MAX - 2 && len <= NEAREST_NAME_MAX + 2;

		ck_assert_ptr_eq(nearest_name(given, len, names, 2), near ? longest : NULL);
	}
	ck_assert_ptr_null(nearest_name(given, NEAREST_NAME_MAX + 1, names, 1));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nearest");
	TCase *tc = tcase_create("nearest");

	suite_add_tcase(s, tc);
	tcase_add_loop_test(tc, a_name_is_near_by_as_many_edits_as_its_length_allows, 0,
			    COUNT(cases));
	tcase_add_test(tc, the_nearest_of_several_is_given_and_the_first_of_equals);
	tcase_add_test(tc, names_of_any_length_are_compared);
	return run_suite(s);
}
