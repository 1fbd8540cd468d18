/*
 * table_tests.c - tables of mappings.
 */
#include <check.h>
#include <stdio.h>
#include "mapping/table.h"
#include "record_fixture.h"
#include "suite.h"
#include "base/banned.h"

START_TEST(tables_turn_texts_into_others)
{
	CHECK_MAPPED("[file]\nheader = yes\n[table accounts]\nHead Office = "
		     "hq\n\thq-annex\nProduction = 17..19\nVienna = 431*\n"
		     "Sales = 4311\n[event]\nsource = s\nid = {a}\naccount = {b|table "
		     "accounts}\ntime = T\ncategory = c\n",
		     "a,b\n1,hq\n2,hq-annex\n3,18\n4,43123\n5,4311\n6,HQ\n",
		     "2 source=s id=1 subject=Head Office time=T category=c\n"
		     "3 source=s id=2 subject=Head Office time=T category=c\n"
		     "4 source=s id=3 subject=Production time=T category=c\n"
		     "5 source=s id=4 subject=Vienna time=T category=c\n"
		     "6 source=s id=5 subject=Sales time=T category=c\n"
		     "7 bad b: [table accounts] has nothing for \"HQ\"\n");
}
END_TEST

START_TEST(a_large_table_finds_each_of_its_texts)
{
	struct arena arena;
	struct table *tables = NULL, *t;
	struct error err = { 0 };
	char key[20];

	arena_init(&arena);
	t = table_get(&tables, "t", &arena);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "%d", i * 7919 % 1000);
		table_add(t, key, key, &arena);
	}
	ck_assert_ptr_eq(table_get(&tables, "t", &arena), t);
	ck_assert_int_eq(table_finish(t, &err), 0);
	for (int i = 0; i < 1000; i++) {
		size_t len = (size_t)snprintf(key, sizeof(key), "%d", i);

		ck_assert_str_eq(table_find(t, key, len, false), key);
	}
	ck_assert_ptr_null(table_find(t, "1000", 4, false));
	ck_assert_ptr_null(table_find(t, "", 0, false));
	arena_release(&arena);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("table");
	TCase *tc = tcase_create("table");

	tcase_add_test(tc, tables_turn_texts_into_others);
	tcase_add_test(tc, a_large_table_finds_each_of_its_texts);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
