/*
 * catalogue_tests.c - the catalogue of categories.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "usage/catalogue.h"
#include "ledger_fixture.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

START_TEST(catalogue_is_a_tree_by_name)
{
	struct bench b = open_bench(":memory:", &any_account);
	const struct catalogue *c;
	size_t calls, inbound, sim;

	OK(catalogue_load(b.st, &arena, &c, &err));
	ck_assert_int_eq(c->n, 5);
	for (size_t i = 1; i < c->n; i++)
		ck_assert_int_lt(strcmp(c->categories[i - 1].name, c->categories[i].name), 0);
	calls = catalogue_find(c, "calls", 5);
	inbound = catalogue_find(c, "calls-inbound?", 13);
	sim = catalogue_find(c, "sim-data", 8);
	ck_assert_str_eq(c->categories[calls].name, "calls");
	ck_assert_str_eq(c->categories[inbound].name, "calls-inbound");
	ck_assert_uint_eq(c->parent[inbound], calls);
	ck_assert_uint_eq(c->parent[calls], CATALOGUE_NONE);
	ck_assert(catalogue_within(c, inbound, calls));
	ck_assert(catalogue_within(c, calls, calls));
	ck_assert(!catalogue_within(c, calls, inbound));
	ck_assert(!catalogue_within(c, sim, calls));
	ck_assert_uint_eq(catalogue_index(c, c->categories[inbound].id), inbound);
	ck_assert_uint_eq(catalogue_index(c, 0), CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_index(c, -1), CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_index(c, 1000000), CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_find(c, "call", 4), CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_find(c, "calls\0x", 7), CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_find(c, "", 0), CATALOGUE_NONE);
	ck_assert_str_eq(c->categories[c->totalprice].name, "totalprice");
	close_bench(&b);
}
END_TEST

START_TEST(empty_catalogue_loads)
{
	struct store *st;
	const struct catalogue *c;

	OK(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 50, &st, &err));
	OK(catalogue_load(st, &arena, &c, &err));
	ck_assert_uint_eq(c->n, 0);
	ck_assert_uint_eq(c->totalprice, CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_find(c, "calls", 5), CATALOGUE_NONE);
	store_close(&st);
}
END_TEST

START_TEST(category_names_have_a_form)
{
	char longest[66];

	memset(longest, 'a', 65);
	longest[65] = '\0';
	ck_assert(category_name_valid("calls-inbound_2", 15));
	ck_assert(category_name_valid(longest, 64));
	ck_assert(!category_name_valid(longest, 65));
	ck_assert(!category_name_valid("", 0));
	ck_assert(!category_name_valid("2calls", 6));
	ck_assert(!category_name_valid("-calls", 6));
	ck_assert(!category_name_valid("Calls", 5));
	ck_assert(!category_name_valid("calls inbound", 13));
	ck_assert(!category_name_valid("calls\0", 6));
}
END_TEST

static char *write_catalogue(const char *text)
{
	static char file[128];
	FILE *f;

	snprintf(file, sizeof(file), "%s/categories.csv", dir);
	f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	return file;
}

#define HEADER "category,parent,description,count_unit,usage_unit,metered\n"

START_TEST(catalogue_file_is_read_in_any_order)
{
	struct store *st;
	const struct catalogue *c;
	size_t added;
	const char *file = write_catalogue(HEADER "calls-inbound-local,calls-inbound,\"Calls, "
						  "inbound, \"\"local\"\"\",calls,minutes,no\r\n"
						  "calls-inbound,calls,Inbound,calls,minutes,yes\n"
						  "calls,,Calls,calls,minutes,no");

	OK(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 50, &st, &err));
	OK(catalogue_import(st, file, &added, &err));
	ck_assert_uint_eq(added, 3);
	OK(catalogue_load(st, &arena, &c, &err));
	ck_assert_uint_eq(c->n, 3);
	ck_assert_str_eq(c->categories[2].name, "calls-inbound-local");
	ck_assert_str_eq(c->categories[2].description, "Calls, inbound, \"local\"");
	ck_assert_uint_eq(c->parent[2], 1);
	ck_assert_uint_eq(c->parent[1], 0);
	ck_assert_uint_eq(c->n_listed, 1);
	ck_assert_uint_eq(c->listed[0], 1);
	OK(catalogue_import(st, file, &added, &err));
	ck_assert_uint_eq(added, 0);
	store_close(&st);
}
END_TEST

static const struct {
	const char *text, *words;
} bad_catalogues[] = {
	{ "", ":1: the header is missing" },
	{ "category,parent\n", ":1: fewer cells" },
	{ "category,parent,description,count_unit,usage_unit,used\n", ":1: the header must be" },
	{ HEADER "calls,,Calls,calls,minutes\n", ":2: fewer cells" },
	{ HEADER "calls,,Calls,calls,minutes,no,more\n", ":2: more cells" },
	{ HEADER "calls,,Calls,calls,minutes,no\nCalls,,Calls,calls,minutes,no\n",
	  ":3: category must be" },
	{ HEADER "calls,,Calls,calls,minutes,maybe\n", ":2: metered must be" },
	{ HEADER "calls,phones,Calls,calls,minutes,no\n", ":2: the parent" },
	{ HEADER "calls,calls,Calls,calls,minutes,no\n", ":2: the parent" },
	{ HEADER "a,b,A,calls,minutes,no\nb,a,B,calls,minutes,no\n", ":2: the parent" },
	{ HEADER "a,,A,calls,minutes,no\na,,B,calls,minutes,no\n",
	  ":3: this category is in the file twice" },
	{ HEADER "a,,A\xff,calls,minutes,no\n", ":2: a cell must be UTF-8" },
	{ HEADER "\na,,\"A,calls,minutes,no\n", ":3: " },
	{ HEADER "a,,A\"B,calls,minutes,no\n", ":2: " },
};

START_TEST(bad_catalogue_file_is_refused_with_its_line)
{
	struct store *st;
	size_t added;
	const char *file = write_catalogue(bad_catalogues[_i].text);

	OK(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 50, &st, &err));
	FAILS(catalogue_import(st, file, &added, &err), ERR_PARAM, "catalogue",
	      bad_catalogues[_i].words);
	ck_assert_ptr_nonnull(strstr(err.message, file));
	store_close(&st);
}
END_TEST

START_TEST(a_catalogue_that_is_no_text_is_refused)
{
	struct store *st;
	size_t added;

	OK(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 50, &st, &err));
	FAILS(catalogue_import(st, "/dev/zero", &added, &err), ERR_PARAM, "catalogue",
	      ":1: the line is too long, or has a NUL");
	store_close(&st);
}
END_TEST

START_TEST(missing_catalogue_file_is_named)
{
	struct store *st;
	size_t added;

	OK(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 50, &st, &err));
	FAILS(catalogue_import(st, "/nowhere/categories.csv", &added, &err), ERR_INTERNAL, "",
	      "/nowhere/categories.csv");
	store_close(&st);
}
END_TEST

START_TEST(catalogue_of_the_program_is_sound)
{
	struct store *st;
	const struct catalogue *c;
	const char *source = getenv("srcdir");
	char file[512];
	size_t added;

	snprintf(file, sizeof(file), "%s/conf/categories.csv", source ? source : ".");
	OK(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 50, &st, &err));
	OK(store_begin_write(st, &err));
	OK(catalogue_import(st, file, &added, &err));
	OK(store_commit(st, &err));
	OK(catalogue_load(st, &arena, &c, &err));
	ck_assert_uint_eq(c->n, added);
	ck_assert_uint_ne(c->totalprice, CATALOGUE_NONE);
	ck_assert_uint_ne(catalogue_find(c, CATEGORY_SIM_DATA, strlen(CATEGORY_SIM_DATA)),
			  CATALOGUE_NONE);
	ck_assert_uint_ne(catalogue_find(c, CATEGORY_AI_MINUTES, strlen(CATEGORY_AI_MINUTES)),
			  CATALOGUE_NONE);
	ck_assert(catalogue_within(c, catalogue_find(c, "calls-inbound-local", 19),
				   catalogue_find(c, "calls", 5)));
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("catalogue");
	TCase *tc = tcase_create("catalogue");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, catalogue_is_a_tree_by_name);
	tcase_add_test(tc, empty_catalogue_loads);
	tcase_add_test(tc, category_names_have_a_form);
	tcase_add_test(tc, catalogue_file_is_read_in_any_order);
	tcase_add_loop_test(tc, bad_catalogue_file_is_refused_with_its_line, 0,
			    ARRAY_SIZE(bad_catalogues));
	tcase_add_test(tc, a_catalogue_that_is_no_text_is_refused);
	tcase_add_test(tc, missing_catalogue_file_is_named);
	tcase_add_test(tc, catalogue_of_the_program_is_sound);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
