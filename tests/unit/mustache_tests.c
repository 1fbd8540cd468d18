#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <json-c/json.h>

#include "format/mustache.h"

#include "suite.h"
#include "base/banned.h"

#define LIMIT 65536

static struct json_object *read_cases(const char *module)
{
	const char *srcdir = getenv("srcdir");
	struct json_object *cases;
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/golden/mustache/%s.json", srcdir ? srcdir : ".",
		 module);
	cases = json_object_from_file(path);
	ck_assert_msg(cases != NULL, "%s: %s", path, json_util_get_last_err());
	return cases;
}

static struct template_text template_of(const char *text)
{
	return (struct template_text) { .text = (char *)text, .len = strlen(text) };
}

/* CTX is the case's object of partials. */
static const struct template_text *partial_of_case(void *ctx, const char *name, size_t len)
{
	static struct template_text partial;
	struct json_object *text;
	char key[64];

	ck_assert_uint_lt(len, sizeof(key));
	memcpy(key, name, len);
	key[len] = '\0';
	if (!json_object_object_get_ex(ctx, key, &text))
		return NULL;
	partial = template_of(json_object_get_string(text));
	return &partial;
}

static const char *text_of(struct json_object *o, const char *name)
{
	return json_object_get_string(json_object_object_get(o, name));
}

static void check_module(const char *module)
{
	struct json_object *cases = read_cases(module),
			   *tests = json_object_object_get(cases, "tests");
	size_t n = json_object_array_length(tests);

	ck_assert_uint_gt(n, 0);
	for (size_t i = 0; i < n; i++) {
		struct json_object *test = json_object_array_get_idx(tests, i);
		struct template_text template = template_of(text_of(test, "template"));
		struct error err = { 0 };
		struct strbuf out;

		strbuf_init(&out, LIMIT);
		ck_assert_msg(mustache_render(&template, json_object_object_get(test, "data"),
					      partial_of_case,
					      json_object_object_get(test, "partials"), &out,
					      &err) == 0,
			      "%s: %s: %s", module, text_of(test, "name"), err.message);
		ck_assert_msg(strcmp(out.text, text_of(test, "expected")) == 0,
			      "%s: %s: expected \"%s\", got \"%s\"", module, text_of(test, "name"),
			      text_of(test, "expected"), out.text);
		strbuf_release(&out);
	}
	json_object_put(cases);
}

static const char *const modules[] = { "comments", "delimiters", "interpolation",
				       "inverted", "partials",   "sections" };

START_TEST(every_case_of_the_specification_renders_as_expected)
{
	check_module(modules[_i]);
}
END_TEST

/* Renders without partials; what comes out is checked, or the message. */
static void check_render(const char *template, const char *data, const char *expected,
			 const char *fault)
{
	struct json_object *object = json_tokener_parse(data);
	struct template_text text = template_of(template);
	struct error err = { 0 };
	struct strbuf out;
	int rc;

	strbuf_init(&out, LIMIT);
	rc = mustache_render(&text, object, NULL, NULL, &out, &err);
	if (fault) {
		ck_assert_int_eq(rc, -1);
		ck_assert_str_eq(err.message, fault);
	} else {
		ck_assert_int_eq(rc, 0);
		ck_assert_str_eq(out.text, expected);
	}
	strbuf_release(&out);
	json_object_put(object);
}

START_TEST(quotes_are_escaped_for_attributes)
{
	check_render("<a title='{{t}}'>", "{\"t\":\"'\\\"<\"}", "<a title='&#39;&quot;&lt;'>",
		     NULL);
}
END_TEST

START_TEST(an_empty_text_is_falsy)
{
	check_render("{{#t}}yes{{/t}}{{^t}}no{{/t}}", "{\"t\":\"\"}", "no", NULL);
}
END_TEST

START_TEST(a_missing_partial_is_nothing)
{
	check_render("a{{>b}}c", "{}", "ac", NULL);
}
END_TEST

START_TEST(a_broken_template_is_refused_with_its_line)
{
	check_render("a\n{{#b}}\n{{c", "{}", NULL, "template, line 3: a tag is not closed");
	check_render("a\n{{#b}}\n", "{}", NULL, "template, line 2: a section is not closed");
	check_render("{{#b}}\n\n{{/c}}", "{}", NULL,
		     "template, line 3: a section ends that is not the open one");
	check_render("{{/c}}", "{}", NULL,
		     "template, line 1: a section ends that is not the open one");
	check_render("\n{{ }}", "{}", NULL, "template, line 2: a tag has no name");
	check_render("{{{a}}", "{}", NULL, "template, line 1: a tag is not closed");
	check_render("{{=a=}}", "{}", NULL,
		     "template, line 1: delimiters are two short words without '='");
	check_render("{{=aaaaaaaaaaaaaaaaa b=}}", "{}", NULL,
		     "template, line 1: delimiters are two short words without '='");
}
END_TEST

START_TEST(sections_nested_too_deep_are_refused)
{
	struct strbuf template;

	strbuf_init(&template, LIMIT);
	for (int i = 0; i <= MUSTACHE_DEPTH; i++)
		strbuf_add(&template, "{{#a}}");
	for (int i = 0; i <= MUSTACHE_DEPTH; i++)
		strbuf_add(&template, "{{/a}}");
	check_render(template.text, "{\"a\":true}", NULL,
		     "template, line 1: sections are nested too deep");
	strbuf_release(&template);
}
END_TEST

/* CTX is the text of every partial. */
static const struct template_text *same_partial(void *ctx, const char *name, size_t len)
{
	static struct template_text partial;

	(void)name;
	(void)len;
	partial = template_of(ctx);
	return &partial;
}

static void check_partial_fault(char *partial, size_t limit, enum error_kind kind,
				const char *fault)
{
	struct template_text text = template_of("{{>p}}");
	struct error err = { 0 };
	struct strbuf out;

	strbuf_init(&out, limit);
	ck_assert_int_eq(mustache_render(&text, NULL, same_partial, partial, &out, &err), -1);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_str_eq(err.message, fault);
	strbuf_release(&out);
}

START_TEST(a_partial_that_calls_itself_comes_to_an_end)
{
	char one[] = "{{>p}}", sections[] = "{{^a}}{{^b}}{{>p}}{{/b}}{{/a}}";

	check_partial_fault(one, LIMIT, ERR_INTERNAL, "template: partials are nested too deep");
	check_partial_fault(sections, LIMIT, ERR_INTERNAL,
			    "template: partials are nested too deep");
}
END_TEST

/* Two partials a level: never too deep, but 2^30 of them. */
START_TEST(partials_without_end_are_stopped)
{
	char twice[] = "{{#next}}{{>p}}{{>p}}{{/next}}";
	struct template_text text = template_of("{{>p}}");
	struct json_object *levels = NULL;
	struct error err = { 0 };
	struct strbuf out;

	/*
	 * {"next":{"next":...}}: the partial goes one level down, twice, until
	 * there is none
	 */
	for (int i = 0; i < 30; i++) {
		struct json_object *outer = json_object_new_object();

		json_object_object_add(outer, "next", levels);
		levels = outer;
	}
	strbuf_init(&out, LIMIT);
	ck_assert_int_eq(mustache_render(&text, levels, same_partial, twice, &out, &err), -1);
	ck_assert_str_eq(err.message, "template: it does not come to an end");
	strbuf_release(&out);
	json_object_put(levels);
}
END_TEST

START_TEST(an_answer_above_the_limit_is_refused)
{
	char text[] = "0123456789";

	check_partial_fault(text, 9, ERR_TOO_LARGE, "the page is larger than 9 bytes");
}
END_TEST

/* The partial "p" has the divider. */
static const struct template_text *divided_partial(void *ctx, const char *name, size_t len)
{
	static char text[] = "[{{a}}{{>divider}}{{b}}]";
	static struct template_text partial;

	(void)ctx;
	partial = template_of(text);
	return len == 1 && *name == 'p' ? &partial : &mustache_divider;
}

static void check_part(char *template, enum mustache_part part, int rc, const char *want)
{
	const struct mustache_division d = { divided_partial, NULL, part };
	struct template_text text = template_of(template);
	struct json_object *data = json_tokener_parse("{\"a\":1,\"b\":[2]}");
	struct error err = { 0 };
	struct strbuf out;

	strbuf_init(&out, LIMIT);
	ck_assert_int_eq(mustache_render_part(&text, data, &d, &out, &err), rc);
	ck_assert_str_eq(out.text, want);
	strbuf_release(&out);
	json_object_put(data);
}

START_TEST(a_template_is_rendered_in_two_parts)
{
	char text[] = "{{a}}<{{#b}}{{.}}{{/b}}{{>p}}{{^c}}{{a}}{{/c}}>";
	char inside[] = "{{a}}{{#b}}{{>p}}{{/b}}";

	check_part(text, MUSTACHE_WHOLE, 1, "1<2[1[ 2 ]]1>");
	check_part(text, MUSTACHE_BEFORE, 1, "1<2[1");
	check_part(text, MUSTACHE_AFTER, 1, "[ 2 ]]1>");
	check_part(inside, MUSTACHE_BEFORE, 1, "1[1");
	check_part(inside, MUSTACHE_AFTER, 0, "");
}
END_TEST

/* Makes the items 0 to *ARG - 1. */
static bool make_number(void *arg, size_t i, struct json_object *item)
{
	if (i == *(const size_t *)arg)
		return false;
	json_object_object_add(item, "n", json_object_new_int64((int64_t)i));
	return true;
}

static void no_free(void *arg)
{
	(void)arg;
}

/* Renders a list of N items that are made meanwhile. */
static void check_made_list(const struct template_text *text, size_t n, const char *want)
{
	struct json_object *data = json_object_new_object();
	struct error err = { 0 };
	struct strbuf out;

	json_object_object_add(data, "list", mustache_list(make_number, &n, no_free));
	strbuf_init(&out, LIMIT);
	ck_assert_int_eq(mustache_render(text, data, NULL, NULL, &out, &err), 0);
	ck_assert_str_eq(out.text, want);
	strbuf_release(&out);
	json_object_put(data);
}

START_TEST(items_of_a_list_can_be_made_while_it_is_rendered)
{
	struct template_text text = template_of("{{#list}}<{{n}}>{{/list}}{{^list}}no{{/list}}");

	check_made_list(&text, 1, "<0>");
	check_made_list(&text, 3, "<0><1><2>");
}
END_TEST

START_TEST(a_template_that_was_cut_renders_as_one_that_was_not)
{
	struct template_text text = template_of(
		"a{{! no }}{{#list}}<{{n}}>{{/list}} {{=<% %>=}}<%x%>b");
	struct error err = { 0 };

	check_made_list(&text, 2, "a<0><1> b");
	ck_assert_int_eq(mustache_cut(&text, &err), 0);
	check_made_list(&text, 2, "a<0><1> b");
	check_made_list(&text, 1, "a<0> b");
	mustache_tokens_free(&text.tokens);
	ck_assert_ptr_null(text.tokens);
}
END_TEST

/* ---- shared items ---- */

enum { SHARED = 4, SHARED_FIRST = 1, LISTED = SHARED + 2 };

static int made; /* shared items, so far */

/* The items a to d. */
static bool make_shared(void *arg, size_t i, struct json_object *item)
{
	char letter[2] = { ((const char *)arg)[i] };

	made++;
	json_object_object_add(item, "n", json_object_new_string(letter));
	json_object_object_add(item, "marked", json_object_new_boolean(false));
	return true;
}

/* These between an item before and an item after them; *ARG is the marked one. */
static bool make_with_shared(void *arg, size_t i, struct json_object *item)
{
	char letter[2] = { i < LISTED ? "<abcd>"[i] : '\0' };

	json_object_object_add(item, "n", json_object_new_string(letter));
	json_object_object_add(item, "marked", json_object_new_boolean(i == *(const size_t *)arg));
	return i < LISTED;
}

/* Renders the list with the marked item MARKED, or none. */
static void check_shared(const struct template_text *text, size_t marked, const char *want)
{
	const struct mustache_share share = { .items = "abcd",
					      .item = make_shared,
					      .n = SHARED,
					      .first = SHARED_FIRST,
					      .marked = marked };
	struct json_object *data = json_object_new_object(),
			   *list = mustache_list(make_with_shared, &marked, no_free);
	struct error err = { 0 };
	struct strbuf out;

	mustache_list_share(list, &share);
	json_object_object_add(data, "list", list);
	json_object_object_add(data, "outer", json_object_new_string("o"));
	strbuf_init(&out, LISTED * MUSTACHE_TEMPLATE);
	ck_assert_int_eq(mustache_render(text, data, NULL, NULL, &out, &err), 0);
	ck_assert_str_eq(out.text, want);
	strbuf_release(&out);
	json_object_put(data);
}

START_TEST(shared_items_look_the_same_rendered_once_or_each_time)
{
	static const char *const want[LISTED + 1] = { "&lt;!abcd&gt;", "&lt;a!bcd&gt;",
						      "&lt;ab!cd&gt;", "&lt;abc!d&gt;",
						      "&lt;abcd!&gt;", "&lt;abcd&gt;!",
						      "&lt;abcd&gt;" };
	struct template_text text = template_of("{{#list}}{{n}}{{#marked}}!{{/marked}}{{/list}}");
	struct error err = { 0 };

	made = 0;
	for (size_t marked = 0; marked <= LISTED; marked++)
		check_shared(&text, marked, want[marked]);
	ck_assert_int_eq(made, 0);
	ck_assert_int_eq(mustache_cut(&text, &err), 0);
	for (size_t marked = 0; marked <= LISTED; marked++)
		check_shared(&text, marked, want[marked]);
	ck_assert_int_eq(made, SHARED);
	mustache_tokens_free(&text.tokens);
}
END_TEST

START_TEST(a_section_with_names_from_outside_renders_each_shared_item)
{
	struct template_text text = template_of("{{#list}}{{n}}{{outer}}{{/list}}"),
			     part = template_of("{{#list}}{{n}}{{>none}}{{/list}}");
	struct error err = { 0 };

	ck_assert_int_eq(mustache_cut(&text, &err), 0);
	ck_assert_int_eq(mustache_cut(&part, &err), 0);
	check_shared(&text, LISTED, "&lt;oaobocodo&gt;o");
	check_shared(&part, LISTED, "&lt;abcd&gt;");
	mustache_tokens_free(&text.tokens);
	mustache_tokens_free(&part.tokens);
}
END_TEST

START_TEST(shared_items_that_are_too_long_to_keep_are_all_rendered)
{
	enum { LONG = MUSTACHE_TEMPLATE / 2 };
	struct error err = { 0 };
	struct strbuf source, want;
	struct template_text text;

	strbuf_init(&source, MUSTACHE_TEMPLATE);
	strbuf_init(&want, LISTED * MUSTACHE_TEMPLATE);
	strbuf_addf(&source, "{{#list}}{{n}}%0*d{{/list}}", (int)LONG, 0);
	for (const char *const *n =
		     (const char *const[]) { "&lt;", "a", "b", "c", "d", "&gt;", NULL };
	     *n; n++)
		strbuf_addf(&want, "%s%0*d", *n, (int)LONG, 0);
	text = template_of(source.text);
	ck_assert_int_eq(mustache_cut(&text, &err), 0);
	check_shared(&text, LISTED, want.text);
	mustache_tokens_free(&text.tokens);
	strbuf_release(&source);
	strbuf_release(&want);
}
END_TEST

START_TEST(each_byte_that_needs_an_escape_gets_one_wherever_it_stands)
{
	char text[64];
	struct strbuf out;

	strbuf_init(&out, LIMIT);
	for (size_t at = 0; at + 1 < sizeof(text); at++) {
		memset(text, 'x', sizeof(text));
		text[at] = '<';
		strbuf_clear(&out);
		html_add_text(&out, text, sizeof(text));
		ck_assert_uint_eq(out.len, sizeof(text) + 3);
		ck_assert_mem_eq(out.text, text, at);
		ck_assert_mem_eq(out.text + at, "&lt;x", 5);
	}
	strbuf_release(&out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mustache");
	TCase *tc = tcase_create("mustache");

	tcase_add_loop_test(tc, every_case_of_the_specification_renders_as_expected, 0,
			    sizeof(modules) / sizeof(modules[0]));
	tcase_add_test(tc, quotes_are_escaped_for_attributes);
	tcase_add_test(tc, an_empty_text_is_falsy);
	tcase_add_test(tc, a_missing_partial_is_nothing);
	tcase_add_test(tc, a_broken_template_is_refused_with_its_line);
	tcase_add_test(tc, sections_nested_too_deep_are_refused);
	tcase_add_test(tc, a_partial_that_calls_itself_comes_to_an_end);
	tcase_add_test(tc, partials_without_end_are_stopped);
	tcase_add_test(tc, an_answer_above_the_limit_is_refused);
	tcase_add_test(tc, a_template_is_rendered_in_two_parts);
	tcase_add_test(tc, items_of_a_list_can_be_made_while_it_is_rendered);
	tcase_add_test(tc, a_template_that_was_cut_renders_as_one_that_was_not);
	tcase_add_test(tc, shared_items_look_the_same_rendered_once_or_each_time);
	tcase_add_test(tc, a_section_with_names_from_outside_renders_each_shared_item);
	tcase_add_test(tc, shared_items_that_are_too_long_to_keep_are_all_rendered);
	tcase_add_test(tc, each_byte_that_needs_an_escape_gets_one_wherever_it_stands);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
