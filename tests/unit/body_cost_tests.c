/*
 * body_cost_tests.c - what the worst body of each form costs to decode, in CPU
 * time against a loop of the same run.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "http/body.h"
#include "cpu_cost.h"
#include "suite.h"
#include "worst_bodies.h"
#include "base/banned.h"

#define NS "http://example.com/Cost"

static const struct param params[] = { { "Text", PT_TEXT, .max = 100 },
				       { "StartDate", PT_DATE, .flags = 0 },
				       { "Page", PT_INT, .max = 9 },
				       { 0 } };

static const struct op op = { .id = "Cost",
			      .dialect = &dialect_servicestack,
			      .params = params,
			      .body_root = "Cost",
			      .body_namespace = NS };

static struct arena arena;

static void setup(void)
{
	body_init();
	arena_init(&arena);
}

static void teardown(void)
{
	arena_release(&arena);
}

/* A request whose body, of TYPE, is TEXT. */
static struct request with_body(const char *type, char *text, size_t len)
{
	return (struct request) {
		.arena = &arena, .op = &op, .content_type = type, .body = text, .body_len = len
	};
}

static int read_text(const char *type, const char *body, struct params *ret, struct error *err)
{
	struct request rq = with_body(type, arena_str(&arena, body), strlen(body));

	return body_read(&rq, ret, err);
}

static void decode(int i, char *text, size_t len)
{
	struct request rq = with_body(worst_bodies[i].type, text, len);
	struct params p = { .arena = &arena }, *batch;
	struct error err = { 0 };
	size_t n;

	if (!worst_bodies[i].type)
		body_read_batch(&rq, &batch, &n, &err);
	else if (body_is_form_type(worst_bodies[i].type))
		body_read_form(worst_bodies[i].type, text, len, &p, &err);
	else
		body_read(&rq, &p, &err);
	ck_assert_int_ne(err.kind, ERR_INTERNAL);
}

/*
 * The quickest of three, in loops: what else the machine does makes each only
 * slower.
 */
static double cost(int i, size_t size)
{
	double best = 1e9, unit = 1e9;

	for (int n = 0; n < 3; n++) {
		size_t len;
		char *text = worst_body_make(&worst_bodies[i], size, op.body_root,
					     op.body_namespace, &arena, &len);
		double start = cpu_now(), took, loop;

		ck_assert_uint_gt(len, size / 2);
		decode(i, text, len);
		took = cpu_now() - start;
		loop = cpu_loop();
		best = took < best ? took : best;
		unit = loop < unit ? loop : unit;
	}
	return best / unit;
}

START_TEST(the_longest_body_costs_no_more_than_its_length_says)
{
	double units = cost(_i, BODY_PARAMS_MAX);

	ck_assert_msg(units < 25, "%s of %s: %.2f loops",
		      worst_bodies[_i].type ? worst_bodies[_i].type : "a batch",
		      worst_bodies[_i].repeat, units);
}
END_TEST

START_TEST(a_strangers_longest_body_costs_less_than_twenty_milliseconds)
{
	double units = cost(_i, BODY_STRANGER_MAX);

	ck_assert_msg(units < 1, "%s of %s: %.2f loops",
		      worst_bodies[_i].type ? worst_bodies[_i].type : "a batch",
		      worst_bodies[_i].repeat, units);
}
END_TEST

static void refuses_xml(const char *body, const char *words)
{
	struct params p = { .arena = &arena };
	struct error err = { 0 };

	ck_assert_int_eq(read_text(XML, body, &p, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BODY);
	ck_assert_msg(strstr(err.message, words) != NULL, "%s", err.message);
}

static void accepts_xml(const char *body)
{
	struct params p = { .arena = &arena };
	struct error err = { 0 };

	ck_assert_msg(read_text(XML, body, &p, &err) == 0, "%s: %s", body, err.message);
	ck_assert_str_eq(params_find(&p, "Text", true), "x");
}

START_TEST(elements_have_few_attributes_and_little_depth)
{
	refuses_xml("<Cost xmlns='" NS "' a='' b='' c='' d='' e='' f='' g='' h='' i='' j='' k='' "
		    "l='' m='' n='' o='' p=''/>",
		    "more than 16 attributes");
	refuses_xml("<Cost xmlns='" NS "'><!-- <!-- --></Cost>", "A comment");
	refuses_xml("<Cost xmlns='" NS "'><!-- a", "A comment");
	refuses_xml("<Cost xmlns='" NS "'><![CDATA[ a", "is not closed");
	refuses_xml("<Cost xmlns='" NS "'><?a b", "is not closed");
	refuses_xml("<Cost xmlns='" NS "'><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></"
		    "a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>"
		    "</Cost>",
		    "more than 16 elements inside each other");
}
END_TEST

START_TEST(what_only_looks_like_attributes_or_depth_is_read)
{
	accepts_xml("<Cost xmlns='" NS "'><Text a='================' b=\"'>'\">x</Text></Cost>");
	accepts_xml("<Cost xmlns='" NS
		    "'><!-- <a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a> "
		    "--><Text>x</Text></Cost>");
	accepts_xml("<Cost xmlns='" NS "'><Moon><![CDATA[<a><a><a><a><a><a><a><a><a><a><a><a><a><a>"
		    "<a><a><a><a>]]></Moon><Text>x</Text></Cost>");
	accepts_xml("<Cost xmlns='" NS "'><Moon><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/"
		    "><a/><a/><a/><a/></Moon><Text>x</Text></Cost>");
	accepts_xml("<?xml version='1.0'?><?a b='>'?><Cost xmlns='" NS
		    "'><!-- a-b --><Text>x</Text></Cost>");
}
END_TEST

START_TEST(names_that_the_operation_lacks_are_noted_once_and_bounded)
{
	static const struct {
		const char *type, *body;
	} rows[] = {
		{ JSON,
		  "{\"moon\":1,\"text\":\"x\",\"start_date\":\"y\",\"moon\":2,\"tide\":null}" },
		{ XML, "<Cost xmlns='" NS "'><moon>1</moon><Text>x</Text><tide/><moon/></Cost>" },
		{ JSV, "{moon:1,Text:x,tide:[],moon:2}" },
		{ CSV, "moon,Text,tide,moon\r\n1,x,2,3\r\n" },
	};
	struct params many = { .arena = &arena };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct params p = { .arena = &arena };
		struct error err = { 0 };

		ROW("%s", rows[i].type);
		ck_assert_int_eq(read_text(rows[i].type, rows[i].body, &p, &err), 0);
		ck_assert_msg(p.n_unknown == 2, "%s: %zu unknown names", rows[i].type, p.n_unknown);
		ck_assert_str_eq(p.unknown[0], "moon");
		ck_assert_str_eq(p.unknown[1], "tide");
		ck_assert_str_eq(params_find(&p, "Text", true), "x");
	}
	for (int i = 0; i < 100; i++)
		params_add_unknown(&many, arena_printf(&arena, "name%d", i), 6);
	ck_assert_uint_eq(many.n_unknown, UNKNOWN_NAMES_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("body_cost");
	TCase *tc = tcase_create("body_cost");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, the_longest_body_costs_no_more_than_its_length_says, 0,
			    WORST_BODIES);
	tcase_add_loop_test(tc, a_strangers_longest_body_costs_less_than_twenty_milliseconds, 0,
			    WORST_BODIES);
	tcase_add_test(tc, elements_have_few_attributes_and_little_depth);
	tcase_add_test(tc, what_only_looks_like_attributes_or_depth_is_read);
	tcase_add_test(tc, names_that_the_operation_lacks_are_noted_once_and_bounded);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
