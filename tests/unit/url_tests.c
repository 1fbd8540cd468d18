/* url_tests.c - links, and paths with {Name}s in them. */
#include <check.h>
#include <string.h>

#include "api/url.h"
#include "suite.h"
#include "base/banned.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena);
}

static void teardown(void)
{
	arena_release(&arena);
}

/* ---- links ---- */

START_TEST(arguments_are_encoded_and_divided)
{
	ck_assert_str_eq(url_of(&arena, "/r", { "a", "x y" }, { "b", "1&2" }),
			 "/r?a=x%20y&b=1%262");
	ck_assert_str_eq(url_of(&arena, "/r?z=0", { "a b", "" }), "/r?z=0&a%20b=");
}
END_TEST

START_TEST(an_argument_without_a_value_is_left_out)
{
	ck_assert_str_eq(url_of(&arena, "/r", { "a", NULL }), "/r");
	ck_assert_str_eq(url_of(&arena, "/r", { "a", NULL }, { "b", "1" }), "/r?b=1");
}
END_TEST

START_TEST(an_empty_link_begins_a_tail)
{
	ck_assert_str_eq(url_of(&arena, "", { "a", "1" }, { "b", "2" }), "&a=1&b=2");
	ck_assert_str_eq(url_of(&arena, "", { "a", NULL }), "");
}
END_TEST

START_TEST(bytes_outside_the_unreserved_set_are_encoded)
{
	static const char text[] = "aZ09-._~ /+%&=\0\xc3\xa9";
	struct url u = url_begin(&arena, "/");

	url_encode(&u, text, sizeof(text) - 1);
	ck_assert_str_eq(url_end(&u), "/aZ09-._~%20%2F%2B%25%26%3D%00%C3%A9");
	url_argn(&u, "n", "\0", 1);
	ck_assert_str_eq(url_end(&u) + strlen(url_end(&u)) - 6, "?n=%00");
}
END_TEST

START_TEST(links_of_any_length_are_whole)
{
	struct url u = url_begin(&arena, "/r");
	char value[300];

	for (size_t len = 0; len < sizeof(value); len++) {
		ROW("%zu bytes", len);
		memset(value, ' ', len);
		value[len] = '\0';
		arena_alloc(&arena, 1); /* so that it must move */
		url_arg(&u, "v", value);
		ck_assert_uint_eq(strlen(url_end(&u)), 2 + 3 * (len + 1) + 3 * len * (len + 1) / 2);
	}
	ck_assert_int_eq(strncmp(url_end(&u), "/r?v=&v=%20&v=%20%20&v=", 23), 0);
}
END_TEST

START_TEST(the_way_back_is_left_out_where_a_header_has_no_room)
{
	char page[URL_HEADER_MAX];

	memset(page, 'p', sizeof(page) - 1);
	page[sizeof(page) - 1] = '\0';
	ck_assert_str_eq(login_link(&arena, NULL, page), "/login");
	ck_assert_str_eq(login_link(&arena, "wait", page), "/login?failed=wait");
	ck_assert_str_eq(login_link(&arena, "wait", "/a?b"),
			 "/login?failed=wait&redirect=%2Fa%3Fb");
	page[URL_HEADER_MAX - strlen("/login?redirect=")] = '\0';
	ck_assert_uint_eq(strlen(login_link(&arena, NULL, page)), URL_HEADER_MAX);
}
END_TEST

/* ---- paths ---- */

static const char *upper(const void *context, const char *name)
{
	return strcmp(name, "A") == 0 ? context : strcmp(name, "B c") == 0 ? "b/2" : NULL;
}

START_TEST(names_are_filled)
{
	static const struct {
		const char *pattern, *path;
	} rows[] = {
		{ "/x", "/x" },
		{ "", "" },
		{ "/x/{A}", "/x/a%201" },
		{ "/{A}/y/{B c}/z", "/a%201/y/b%2F2/z" },
		{ "{A}{A}", "a%201a%201" },
		{ "/x/{Missing}", NULL },
		{ "/{A}/{Missing}/z", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ROW("%s", rows[i].pattern);
		ck_assert_pstr_eq(path_fill(&arena, rows[i].pattern, upper, "a 1"), rows[i].path);
	}
}
END_TEST

START_TEST(names_of_a_pattern_come_one_by_one)
{
	const char *p = "/x/{A}/{Bc}.y", *name;
	size_t len;

	ck_assert(path_next_name(&p, &name, &len));
	ck_assert(len == 1 && *name == 'A');
	ck_assert(path_next_name(&p, &name, &len));
	ck_assert(len == 2 && strncmp(name, "Bc", 2) == 0);
	ck_assert_str_eq(p, ".y");
	ck_assert(!path_next_name(&p, &name, &len));
}
END_TEST

/* PATH as marks say it: "|" is a slash that came encoded, so that it divides nothing. */
static void split(struct path *ret, const char *path, bool skip_empty)
{
	char *text = arena_str(&arena, path);

	for (char *p = text; *p; p++)
		*p = *p == '|' ? '/' : *p;
	ck_assert(path_split(ret, text, path, strlen(path), skip_empty));
}

START_TEST(paths_match_by_segments)
{
	static const struct {
		const char *pattern, *path;
		bool any_case, matches;
		const char *args; /* "NAME=VALUE " of each */
	} rows[] = {
		{ "/x", "/x", false, true, "" },
		{ "/x", "/X", false, false, NULL },
		{ "/x", "/X", true, true, "" },
		{ "/x", "/xy", false, false, NULL },
		{ "/xy", "/x", false, false, NULL },
		{ "/x", "/x/y", false, false, NULL },
		{ "/x/y", "/x", false, false, NULL },
		{ "/x/y", "/x|y", false, false, NULL },
		{ "/x/{A}", "/x/y|z", false, true, "A=y/z " },
		{ "/x/{A}", "/x/", false, false, NULL },
		{ "/{A}/x/{B}", "/1/x/2", false, true, "A=1 B=2 " },
		{ "/{A}/x", "/1/y", false, false, NULL },
		{ "/x", "//x", false, false, NULL },
		{ "/x", "//x", true, true, "" }, /* skips what is empty, here */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct raw_param args[URL_SEGMENTS_MAX];
		const char *text = "";
		struct path p;

		ROW("%s of %s", rows[i].path, rows[i].pattern);
		split(&p, rows[i].path, rows[i].any_case);
		ck_assert_msg(path_match(rows[i].pattern, &p, rows[i].any_case) == rows[i].matches,
			      "%s of %s", rows[i].path, rows[i].pattern);
		if (!rows[i].matches)
			continue;
		for (size_t n = path_args(rows[i].pattern, &p, &arena, args), k = 0; k < n; k++)
			text = arena_join(&arena, text, args[k].name, "=", args[k].value, " ",
					  NULL);
		ck_assert_str_eq(text, rows[i].args);
	}
}
END_TEST

START_TEST(the_last_segment_matches_with_its_suffix_or_without)
{
	struct raw_param args[URL_SEGMENTS_MAX];
	struct path p;

	split(&p, "/x/y.json", false);
	p.stripped -= strlen(".json");
	ck_assert(path_match("/x/y", &p, false));
	ck_assert(path_match("/x/y.json", &p, false));
	ck_assert(!path_match("/x/y.js", &p, false));
	ck_assert_uint_eq(path_args("/x/{A}", &p, &arena, args), 1);
	ck_assert_str_eq(args[0].value, "y");
}
END_TEST

START_TEST(a_path_of_too_many_segments_is_none)
{
	char path[2 * (URL_SEGMENTS_MAX + 1) + 1] = "";
	struct path p;

	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 2 ? 'x' : '/';
	ck_assert(!path_split(&p, path, path, strlen(path), false));
	ck_assert(path_split(&p, path, path, strlen(path) - 2, false));
	ck_assert_uint_eq(p.n, URL_SEGMENTS_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("url");
	TCase *links = tcase_create("links"), *paths = tcase_create("paths");

	tcase_add_checked_fixture(links, setup, teardown);
	tcase_add_test(links, arguments_are_encoded_and_divided);
	tcase_add_test(links, an_argument_without_a_value_is_left_out);
	tcase_add_test(links, an_empty_link_begins_a_tail);
	tcase_add_test(links, bytes_outside_the_unreserved_set_are_encoded);
	tcase_add_test(links, links_of_any_length_are_whole);
	tcase_add_test(links, the_way_back_is_left_out_where_a_header_has_no_room);
	suite_add_tcase(s, links);
	tcase_add_checked_fixture(paths, setup, teardown);
	tcase_add_test(paths, names_are_filled);
	tcase_add_test(paths, names_of_a_pattern_come_one_by_one);
	tcase_add_test(paths, paths_match_by_segments);
	tcase_add_test(paths, the_last_segment_matches_with_its_suffix_or_without);
	tcase_add_test(paths, a_path_of_too_many_segments_is_none);
	suite_add_tcase(s, paths);
	return run_suite(s);
}
