/*
 * body_cost_tests.c - what the worst body of each form costs to decode, in CPU time against a loop of the same run.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http/body.h"
#include "suite.h"
#include "base/banned.h"

#define NS "http://example.com/Cost"
#define XML "application/xml"
#define JSON "application/json"
#define JSV "text/jsv"
#define CSV "text/csv"
#define FORM "application/x-www-form-urlencoded"
#define PARTS "multipart/form-data; boundary=b"

static const struct param params[] = {
	{ "Text", PT_TEXT, .max = 100 }, { "StartDate", PT_DATE, .flags = 0 }, { "Page", PT_INT, .max = 9 }, { 0 }
};

static const struct op op = {
	.id = "Cost", .dialect = &dialect_servicestack, .params = params, .takes_body = true, .body_root = "Cost", .body_namespace = NS
};

/*
 * A body is BEGIN, then REPEAT as often as it fits, then END. "#" in REPEAT is a number that
 * grows. A body that is a batch has the type NULL.
 */
static const struct {
	const char *type, *begin, *repeat, *end;
} bodies[] = {
	{ XML, "<Cost xmlns='" NS "' ", "a#='' ", "/>" },
	{ XML, "<Cost xmlns='" NS "' ", "xmlns:a#='u#' ", "/>" },
	{ XML, "<Cost xmlns='" NS "' ", "a#=\">\" ", "/>" },
	{ XML, "<Cost xmlns='" NS "' ", "a ", "/>" },
	{ XML, "<Cost xmlns='" NS "'>", "<a#>", "" },
	{ XML, "<Cost xmlns='" NS "'>", "<a xmlns:p#='u'>", "" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "<a/>", "</Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "<a#/>", "</Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'>", "<Moon/>", "</Cost>" },
	{ XML, "<Cost xmlns='" NS "'>", "<Text>x</Text>", "</Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "<a b='1' c='2' d='3' e='4' f='5' g='6' h='7' i='8' j='9' k='10' l='11' m='12' n='13' o='14' p='15'/>",
	  "</Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "<a xmlns:b='1' xmlns:c='2' xmlns:d='3' xmlns:e='4' xmlns:f='5' xmlns:g='6' xmlns:h='7'/>",
	  "</Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Text>", "&lt;", "</Text></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Text>", "&#65;", "</Text></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Text>", "x", "</Text></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Text>", "<![CDATA[x]]>", "</Text></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "<!-- x -->", "</Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "<?x y?>", "</Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "<!--", "" },
	{ XML, "<Cost xmlns='" NS "'><Moon><!--", "<!--", "--></Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon><!--", "- ", "--></Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon><!--", "-->", "</Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "]]>", "</Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "&", "</Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "\r\n", "</Moon></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon a='", "&#10;", "'/></Cost>" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "<?", "" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "<![CDATA[", "" },
	{ XML, "<Cost xmlns='" NS "'><Moon>", "</", "" },
	{ XML, "<", "x", "/>" },
	{ XML, "<Cost xmlns='", "x", "'/>" },
	{ XML, "", "<a b='", "" },
	{ JSON, "{", "\"a#\":1,", "\"b\":1}" },
	{ JSON, "{", "\"a\":1,", "\"b\":1}" },
	{ JSON, "{\"moon\":[", "[],", "1]}" },
	{ JSON, "{\"moon\":[", "{\"a\":{}},", "1]}" },
	{ JSON, "{\"moon\":", "[", "" },
	{ JSON, "{\"moon\":", "{\"a\":", "" },
	{ JSON, "{\"Text\":\"", "\\u0041", "\"}" },
	{ JSON, "{\"Text\":\"", "\\\\", "\"}" },
	{ JSON, "{\"Text\":\"", "x", "\"}" },
	{ JSON, "{\"Text\":", "1", "}" },
	{ JSON, "{\"Text\":0.", "1", "}" },
	{ JSON, "{\"moon\":[", "1e9,", "1]}" },
	{ JSON, "{", " ", "}" },
	{ JSV, "{", "a#:1,", "b:1}" },
	{ JSV, "{moon:", "[", "" },
	{ JSV, "{moon:[", "[],", "1]}" },
	{ JSV, "{moon:[", "\"\",", "1]}" },
	{ JSV, "{Text:\"", "\"\"", "\"}" },
	{ JSV, "{Text:", "x", "}" },
	{ JSV, "{moon:", "\"", "}" },
	{ JSV, "{", "x", ":1}" },
	{ CSV, "", "a#,", "b\r\n1\r\n" },
	{ CSV, "Text\r\n\"", "\"\"", "\"\r\n" },
	{ CSV, "Text\r\n", "x", "\r\n" },
	{ CSV, "Text", "\r\n", "" },
	{ FORM, "", "a#=1&", "b=1" },
	{ FORM, "", "&", "" },
	{ FORM, "Text=", "%41", "" },
	{ FORM, "Text=", "+", "" },
	{ FORM, "", "x", "=1" },
	{ PARTS, "--b\r\n", "\r\n\r\n--b\r\n", "--" },
	{ PARTS, "--b\r\n", "Content-Disposition: form-data; name=\"a#\"\r\n\r\n1\r\n--b\r\n", "" },
	{ PARTS, "--b\r\nContent-Disposition: form-data; ", "xname=\"", "\r\n\r\n1\r\n--b--" },
	{ PARTS, "--b\r\nContent-Disposition: form-data; name=\"Text\"\r\n\r\n", "\r\n--", "\r\n--b--" },
	{ PARTS, "", "\r\n--", "" },
	{ NULL, "[", "{},", "{}]" },
	{ NULL, "[", "{\"Text\":\"x\"},", "{}]" },
	{ NULL, "[", "[", "" },
};

enum { BODIES = sizeof(bodies) / sizeof(bodies[0]) };

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

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What a machine needs for 16 million steps, each of which needs the one before: about 20 ms on one of 2020. */
static double calibrate(void)
{
	double start = cpu();
	volatile uint64_t sink;
	uint64_t hash = 14695981039346656037u;

	for (uint32_t i = 0; i < 16u << 20; i++)
		hash = (hash ^ (i & 0xff)) * 1099511628211u;
	sink = hash;
	(void)sink;
	return cpu() - start;
}

/* The body I of SIZE bytes at most; a NUL behind it. */
static char *make_body(int i, size_t size, size_t *ret_len)
{
	const char *hash = strchr(bodies[i].repeat, '#');
	struct strbuf sb;
	char *text;

	strbuf_init(&sb, size + 1);
	strbuf_add(&sb, bodies[i].begin);
	for (int n = 0; sb.len + strlen(bodies[i].repeat) + 8 + strlen(bodies[i].end) < size; n++) {
		for (const char *p = bodies[i].repeat; *p; p++)
			if (*p == '#' && hash)
				strbuf_addf(&sb, "%x", n);
			else
				strbuf_addc(&sb, *p);
	}
	strbuf_add(&sb, bodies[i].end);
	ck_assert(!sb.failed && sb.len > size / 2);
	*ret_len = sb.len;
	text = arena_strn(&arena, sb.text, sb.len);
	strbuf_release(&sb);
	return text;
}

static void decode(int i, char *text, size_t len)
{
	struct params p = { .arena = &arena }, *batch;
	struct error err = { 0 };
	size_t n;

	if (!bodies[i].type)
		body_read_batch(&op, text, len, &arena, &batch, &n, &err);
	else if (body_is_form_type(bodies[i].type))
		body_read_form(bodies[i].type, text, len, &p, &err);
	else
		body_read(&op, NULL, bodies[i].type, text, len, &p, &err);
	ck_assert_int_ne(err.kind, ERR_INTERNAL);
}

/* The quickest of three, in units of the loop: what else the machine does makes each only slower. */
static double cost(int i, size_t size)
{
	double best = 1e9, unit = 1e9;

	for (int n = 0; n < 3; n++) {
		size_t len;
		char *text = make_body(i, size, &len);
		double start = cpu(), took, loop;

		decode(i, text, len);
		took = cpu() - start;
		loop = calibrate();
		best = took < best ? took : best;
		unit = loop < unit ? loop : unit;
	}
	return best / unit;
}

START_TEST(the_longest_body_costs_no_more_than_its_length_says)
{
	double units = cost(_i, BODY_PARAMS_MAX);

	ck_assert_msg(units < 25, "%s of %s: %.2f loops", bodies[_i].type ? bodies[_i].type : "a batch", bodies[_i].repeat, units);
}
END_TEST

START_TEST(a_strangers_longest_body_costs_less_than_twenty_milliseconds)
{
	double units = cost(_i, BODY_STRANGER_MAX);

	ck_assert_msg(units < 1, "%s of %s: %.2f loops", bodies[_i].type ? bodies[_i].type : "a batch", bodies[_i].repeat, units);
}
END_TEST

static void refuses_xml(const char *body, const char *words)
{
	struct params p = { .arena = &arena };
	struct error err = { 0 };

	ck_assert_int_eq(body_read(&op, NULL, XML, arena_str(&arena, body), strlen(body), &p, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BODY);
	ck_assert_msg(strstr(err.message, words) != NULL, "%s", err.message);
}

static void accepts_xml(const char *body)
{
	struct params p = { .arena = &arena };
	struct error err = { 0 };

	ck_assert_msg(body_read(&op, NULL, XML, arena_str(&arena, body), strlen(body), &p, &err) == 0, "%s: %s", body, err.message);
	ck_assert_str_eq(params_find(&p, "Text", true), "x");
}

START_TEST(elements_have_few_attributes_and_little_depth)
{
	refuses_xml("<Cost xmlns='" NS "' a='' b='' c='' d='' e='' f='' g='' h='' i='' j='' k='' l='' m='' n='' o='' p=''/>",
		    "more than 16 attributes");
	refuses_xml("<Cost xmlns='" NS "'><!-- <!-- --></Cost>", "A comment");
	refuses_xml("<Cost xmlns='" NS "'><!-- a", "A comment");
	refuses_xml("<Cost xmlns='" NS "'><![CDATA[ a", "is not closed");
	refuses_xml("<Cost xmlns='" NS "'><?a b", "is not closed");
	refuses_xml("<Cost xmlns='" NS "'><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>"
		    "</Cost>", "more than 16 elements inside each other");
}
END_TEST

START_TEST(what_only_looks_like_attributes_or_depth_is_read)
{
	accepts_xml("<Cost xmlns='" NS "'><Text a='================' b=\"'>'\">x</Text></Cost>");
	accepts_xml("<Cost xmlns='" NS "'><!-- <a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a> --><Text>x</Text></Cost>");
	accepts_xml("<Cost xmlns='" NS "'><Moon><![CDATA[<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>]]></Moon><Text>x</Text></Cost>");
	accepts_xml("<Cost xmlns='" NS "'><Moon><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/></Moon><Text>x</Text></Cost>");
	accepts_xml("<?xml version='1.0'?><?a b='>'?><Cost xmlns='" NS "'><!-- a-b --><Text>x</Text></Cost>");
}
END_TEST

START_TEST(names_that_the_operation_lacks_are_noted_once_and_bounded)
{
	static const struct { const char *type, *body; } rows[] = {
		{ JSON, "{\"moon\":1,\"text\":\"x\",\"start_date\":\"y\",\"moon\":2,\"tide\":null}" },
		{ XML, "<Cost xmlns='" NS "'><moon>1</moon><Text>x</Text><tide/><moon/></Cost>" },
		{ JSV, "{moon:1,Text:x,tide:[],moon:2}" },
		{ CSV, "moon,Text,tide,moon\r\n1,x,2,3\r\n" },
	};
	struct params many = { .arena = &arena };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct params p = { .arena = &arena };
		struct error err = { 0 };

		ck_assert_int_eq(body_read(&op, NULL, rows[i].type, arena_str(&arena, rows[i].body), strlen(rows[i].body), &p, &err), 0);
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
	tcase_add_loop_test(tc, the_longest_body_costs_no_more_than_its_length_says, 0, BODIES);
	tcase_add_loop_test(tc, a_strangers_longest_body_costs_less_than_twenty_milliseconds, 0, BODIES);
	tcase_add_test(tc, elements_have_few_attributes_and_little_depth);
	tcase_add_test(tc, what_only_looks_like_attributes_or_depth_is_read);
	tcase_add_test(tc, names_that_the_operation_lacks_are_noted_once_and_bounded);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
