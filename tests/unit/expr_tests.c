/*
 * expr_tests.c - templates and filters of mappings.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "mapping/expr.h"
#include "mapping/table.h"
#include "suite.h"
#include "base/banned.h"

static const char *row_names[] = { "n", "Text", "empty", "two words" };

/* What TEMPLATE makes of a row, or the error's message. */
static const char *filled(const char *template, const char *n)
{
	static char result[400];
	const char *cells[] = { n, "MiXed", "", "w" };
	const size_t lens[] = { strlen(n), 5, 0, 1 };
	const struct time_form rfc3339 = { 0 };
	const struct record_cells row = { cells, lens, 4, 12, 10, false, &rfc3339 };
	struct record_columns columns = { row_names, 4, 4 };
	struct table *tables = NULL;
	struct expr t = { 0 };
	struct error err = { 0 };
	struct arena arena;
	struct strbuf out;

	arena_init(&arena);
	strbuf_init(&out, 1000);
	if (expr_compile(template, &arena, &tables, &t, &err) < 0 ||
	    expr_bind(&t, &columns, &err) < 0 || expr_apply(&t, &row, &out, &err) < 0)
		snprintf(result, sizeof(result), "%s", err.message);
	else
		snprintf(result, sizeof(result), "%s", out.text);
	strbuf_release(&out);
	arena_release(&arena);
	return result;
}

START_TEST(templates_join_texts_columns_and_positions)
{
	ck_assert_str_eq(filled("call-{n}/{ two words }{empty}-{line}-{row}", "7"),
			 "call-7/w-12-10");
	ck_assert_str_eq(filled("", "7"), "");
	ck_assert_str_eq(filled("{Text|lower}{Text|upper}{Text}", ""), "mixedMIXEDMiXed");
	ck_assert_str_eq(filled("{row|mod 4}{line|add 1|mul 2}", ""), "226");
}
END_TEST

START_TEST(filters_are_exact)
{
	ck_assert_str_eq(filled("{n|mul 0.005}", "44"), "0.22");
	ck_assert_str_eq(filled("{n|mul 0.000000001}", "9223372036854775807"),
			 "9223372036.854775807");
	ck_assert_str_eq(filled("{n|add 0.2}", "0.1"), "0.3");
	ck_assert_str_eq(filled("{n|add -3}", "1"), "-2");
	ck_assert_str_eq(filled("{n|div 8}", "1"), "0.125");
	ck_assert_str_eq(filled("{n|div 0.001}", "1.5"), "1500");
	ck_assert_str_eq(filled("{n|div 3}", "9"), "3");
	ck_assert_str_eq(filled("{n|mod 8}", "-1"), "7");
	ck_assert_str_eq(filled("{n|mod 0.5}", "1.7"), "0.2");
	ck_assert_str_eq(filled("{n|ceil 60}", "0"), "0");
	ck_assert_str_eq(filled("{n|ceil 60}", "1"), "1");
	ck_assert_str_eq(filled("{n|ceil 60}", "60"), "1");
	ck_assert_str_eq(filled("{n|ceil 60}", "60.000001"), "2");
	ck_assert_str_eq(filled("{n|ceil 60}", "-61"), "-1");
	ck_assert_str_eq(filled("{n|ceil 60|mul 0.02}", "121"), "0.06");
	ck_assert_str_eq(filled("{n|upper}", "1e3"), "1E3");
}
END_TEST

START_TEST(numbers_can_be_rounded_and_bounded)
{
	ck_assert_str_eq(filled("{n|div 60 to 3}", "7"), "0.117");
	ck_assert_str_eq(filled("{n|div 60 to 0}", "30"), "1");
	ck_assert_str_eq(filled("{n|div 60 to 0}", "29.999999999"), "0");
	ck_assert_str_eq(filled("{n|div 60 to 0}", "-30"), "-1");
	ck_assert_str_eq(filled("{n|div -7 to 2}", "1"), "-0.14");
	ck_assert_str_eq(filled("{n|div 3 to 0}", "9223372036854775807"), "3074457345618258602");
	ck_assert_str_eq(filled("{n|div 1 to 2}", "0.123456"), "0.12");
	ck_assert_str_eq(filled("{n|round 2}", "1.005"), "1.01");
	ck_assert_str_eq(filled("{n|round 2}", "-1.005"), "-1.01");
	ck_assert_str_eq(filled("{n|round 2}", "1.00499"), "1");
	ck_assert_str_eq(filled("{n|round 9}", "12"), "12");
	ck_assert_str_eq(filled("{n|floor 60}", "119.9"), "1");
	ck_assert_str_eq(filled("{n|floor 60}", "-1"), "-1");
	ck_assert_str_eq(filled("{n|atleast 30}", "7"), "30");
	ck_assert_str_eq(filled("{n|atleast 30}", "31.5"), "31.5");
	ck_assert_str_eq(filled("{n|atmost 3600}", "99999"), "3600");
	ck_assert_str_eq(filled("{n|atmost 3600}", "3599"), "3599");
}
END_TEST

START_TEST(texts_can_be_cut_and_replaced)
{
	ck_assert_str_eq(filled("<{n|trim}>", " \ta b "), "<a b>");
	ck_assert_str_eq(filled("<{n|trim}>", "  "), "<>");
	ck_assert_str_eq(filled("<{n|trim|or none}>", ""), "<none>");
	ck_assert_str_eq(filled("{n|or none}", "some"), "some");
	ck_assert_str_eq(filled("{n|after sip:|before @}", "sip:4711@example.com"), "4711");
	ck_assert_str_eq(filled("{n|after sip:|before @}", "4712"), "4712");
	ck_assert_str_eq(filled("{n|before @}", "@"), "");
	ck_assert_str_eq(filled("{n|urldecode}", "a%20b%2Fc%c3%A4%zz%4"), "a b/c\xC3\xA4%zz%4");
	ck_assert_str_eq(filled("{n|urldecode}", ""), "");
	ck_assert_str_eq(filled("{n|after x|add 1}", "x41"), "42");
}
END_TEST

START_TEST(what_has_no_exact_result_is_an_error)
{
	ck_assert_str_eq(filled("{n|div 3}", "1"), "the filter div has no exact result for this n");
	ck_assert_str_eq(filled("{n|mul 10}", "9223372036854775807"),
			 "the filter mul has no exact result for this n, of at most 64 bits and 18 "
			 "decimal places");
	ck_assert_str_eq(filled("{n|mul 0.1|mul 0.1}", "0.00000000000000001"),
			 "the filter mul has no exact result for this n, of at most 64 bits and 18 "
			 "decimal places");
	ck_assert_str_eq(filled("{n|add 1}", "9223372036854775807"),
			 "the filter add has no exact result for this n, of at most 64 bits and 18 "
			 "decimal places");
	ck_assert_str_eq(filled("{n|ceil 0.000000000000000001}", "9223372036854775807"),
			 "the filter ceil has no exact result for this n, of at most 64 bits and "
			 "18 decimal places");
	ck_assert_str_eq(filled("{n|div 0.000000000000000001}", "9223372036854775807"),
			 "the filter div has no exact result for this n");
	ck_assert_str_eq(filled("{n|add 1}", "x"), "n must be a number for the filter add");
	ck_assert_str_eq(filled("{empty|add 1}", ""), "empty must be a number for the filter add");
}
END_TEST

START_TEST(templates_that_make_no_sense_are_refused)
{
	ck_assert_str_eq(filled("{n", ""), "braces must come in pairs around a column's name");
	ck_assert_str_eq(filled("n}", ""), "braces must come in pairs around a column's name");
	ck_assert_str_eq(filled("{{n}}", ""), "braces must come in pairs around a column's name");
	ck_assert_str_eq(filled("{}", ""), "{} must name a column");
	ck_assert_str_eq(filled("{who}", ""), "there is no column who");
	ck_assert_str_eq(filled("{n|sum 2}", ""), "there is no filter \"sum\"; there are add, "
						  "after, atleast, atmost, before, ceil, div, "
						  "floor, lower, mod, mul, or, round, seconds, "
						  "sub, table, trim, upper and urldecode");
	ck_assert_str_eq(filled("{n|ceil}", ""),
			 "the filter ceil needs a number, as in {n|ceil 60}");
	ck_assert_str_eq(filled("{n|mod 0.0}", ""), "the filter mod can't divide by 0");
	ck_assert_str_eq(filled("{n|lower 3}", ""), "the filter lower stands alone");
	ck_assert_str_eq(filled("{n|round}", ""),
			 "the filter round needs a number, as in {n|round 2}");
	ck_assert_str_eq(filled("{n|round 10}", ""),
			 "the filter round needs a number, as in {n|round 2}");
	ck_assert_str_eq(filled("{n|div 60 to ten}", ""),
			 "the filter div rounds to 0 to 9 places, as in {n|div 60 to 2}");
	ck_assert_str_eq(filled("{n|mod 60 to 2}", ""),
			 "the filter mod needs a number, as in {n|mod 60}");
	ck_assert_str_eq(filled("{n|or}", ""), "the filter or needs a text, as in {n|or x}");
	ck_assert_str_eq(filled("{n|add 1|add 1|add 1|add 1|add 1|add 1|add 1|add 1|add 1}", ""),
			 "{n} has more than 8 filters");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("expr");
	TCase *tc = tcase_create("expr");

	tcase_add_test(tc, templates_join_texts_columns_and_positions);
	tcase_add_test(tc, filters_are_exact);
	tcase_add_test(tc, numbers_can_be_rounded_and_bounded);
	tcase_add_test(tc, texts_can_be_cut_and_replaced);
	tcase_add_test(tc, what_has_no_exact_result_is_an_error);
	tcase_add_test(tc, templates_that_make_no_sense_are_refused);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
