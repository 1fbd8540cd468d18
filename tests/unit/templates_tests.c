#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "format/layout.h"
#include "format/templates.h"

#include "suite.h"
#include "base/banned.h"

enum { PATH = 600, THREADS = 8, CHANGES = 200 };

static char top[] = "/tmp/usaged-templates.XXXXXX", shipped[80], own[80];
static struct error err;
static struct templates *templates;

static void remove_all(void)
{
	char command[120];

	snprintf(command, sizeof(command), "rm -rf %s", top);
	ck_assert_int_eq(system(command), 0);
}

/* FOLDER/FILE = TEXT */
static void put(const char *folder, const char *file, const char *text)
{
	char path[PATH];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void setup(void)
{
	char types[100];

	memcpy(top + sizeof(top) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(shipped, sizeof(shipped), "%s/shipped", top);
	snprintf(own, sizeof(own), "%s/own", top);
	snprintf(types, sizeof(types), "%s/types", shipped);
	ck_assert_int_eq(mkdir(shipped, 0700) | mkdir(own, 0700) | mkdir(types, 0700), 0);
	put(shipped, "layout.html", "<h1>{{title}}</h1>{{>content}}");
	put(shipped, "report.html", "{{>tabs}}{{>body}}");
	put(shipped, "tabs.html", "tabs");
	put(shipped, "empty.html", "{{words}}");
	put(shipped, "types/go.txt", "package {{name}}");
	err = (struct error) { 0 };
	templates = NULL;
}

static void teardown(void)
{
	templates_unref(&templates);
	remove_all();
}

static const char *text_of(const char *name)
{
	const struct template_text *t = templates_find(templates, name, strlen(name));

	return t ? t->text : NULL;
}

static void read_both(void)
{
	ck_assert_msg(templates_read(shipped, own, &templates, &err) == 0, "%s", err.message);
}

static void check_refused(const char *message)
{
	char wanted[PATH];

	ck_assert_int_eq(templates_read(shipped, own, &templates, &err), -1);
	ck_assert_ptr_null(templates);
	ck_assert_int_eq(err.kind, ERR_INTERNAL);
	snprintf(wanted, sizeof(wanted), "%s%s", top, message);
	ck_assert_str_eq(err.message, wanted);
}

START_TEST(templates_are_known_by_the_names_of_their_files)
{
	read_both();
	ck_assert_uint_eq(templates_count(templates), 5);
	ck_assert_str_eq(text_of("tabs"), "tabs");
	ck_assert_str_eq(text_of("types/go"), "package {{name}}");
	ck_assert_ptr_null(text_of("go"));
	ck_assert_ptr_null(text_of("tab"));
	ck_assert_ptr_null(text_of("tabss"));
	ck_assert_ptr_null(text_of("../own/tabs"));
}
END_TEST

START_TEST(one_of_ones_own_takes_the_place_of_the_shipped_one)
{
	put(own, "tabs.html", "mine, with {{>logo}}");
	put(own, "logo.html", "a logo");
	read_both();
	ck_assert_str_eq(text_of("tabs"), "mine, with {{>logo}}");
	ck_assert_str_eq(text_of("logo"), "a logo");
	ck_assert_str_eq(text_of("report"), "{{>tabs}}{{>body}}");
	ck_assert_uint_eq(templates_count(templates), 6);
}
END_TEST

START_TEST(what_an_editor_leaves_is_no_template)
{
	put(own, "tabs.html~", "{{#broken");
	put(own, ".tabs.html", "{{#broken");
	put(own, ".html", "{{#broken");
	put(own, "README", "{{#broken");
	read_both();
	ck_assert_uint_eq(templates_count(templates), 5);
}
END_TEST

START_TEST(a_set_stays_as_it_was_read)
{
	read_both();
	put(shipped, "tabs.html", "new");
	ck_assert_str_eq(text_of("tabs"), "tabs");
}
END_TEST

START_TEST(a_broken_template_is_refused_with_file_and_line)
{
	put(own, "tabs.html", "one\n{{#two}}\nthree\n");
	check_refused("/own/tabs.html:2: a section is not closed");
}
END_TEST

START_TEST(a_partial_that_nobody_wrote_is_refused_with_file_and_line)
{
	put(shipped, "report.html", "{{>body}}\n\n{{#form}}{{>from}}{{/form}}\n");
	check_refused("/shipped/report.html:3: there is no template of this name to put here");
}
END_TEST

START_TEST(folders_that_are_not_there_are_refused)
{
	ck_assert_int_eq(templates_read("/nowhere", NULL, &templates, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "/nowhere"));
	err = (struct error) { 0 };
	ck_assert_int_eq(templates_read(shipped, "/nowhere/else", &templates, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "/nowhere/else"));
}
END_TEST

START_TEST(a_file_that_is_none_is_refused)
{
	char path[PATH];

	snprintf(path, sizeof(path), "%s/folder.html", own);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(templates_read(shipped, own, &templates, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "folder.html"));
}
END_TEST

/* ---- what pages need ---- */

static const char *const contents[] = { "report",    "object", "change",   "metadata",
					"operation", "ui",     "explorer", "login",
					"empty",     "chart",  "table" };

static void put_contents(void)
{
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		char file[40];

		snprintf(file, sizeof(file), "%s.html", contents[i]);
		put(shipped, file, "{{>body}}");
	}
}

START_TEST(pages_need_a_template_each)
{
	put_contents();
	read_both();
	ck_assert_msg(layout_check(templates, &err) == 0, "%s", err.message);
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		char path[PATH], wanted[80];

		ROW("%s", contents[i]);
		put_contents();
		snprintf(path, sizeof(path), "%s/%s.html", shipped, contents[i]);
		ck_assert_int_eq(unlink(path), 0);
		templates_unref(&templates);
		read_both();
		err = (struct error) { 0 };
		ck_assert_int_eq(layout_check(templates, &err), -1);
		snprintf(wanted, sizeof(wanted), "there is no template \"%s\"", contents[i]);
		ck_assert_str_eq(err.message, wanted);
		err = (struct error) { 0 };
	}
}
END_TEST

START_TEST(pages_need_a_place_for_what_comes_inside)
{
	put_contents();
	put(own, "report.html", "{{#title}}{{>body}}{{/title}}");
	read_both();
	ck_assert_int_eq(layout_check(templates, &err), -1);
	ck_assert_ptr_nonnull(
		strstr(err.message, "/own/report.html: needs {{>body}}, in no section"));
	put(own, "report.html", "{{^title}}{{>body}}{{/title}}");
	templates_unref(&templates);
	read_both();
	err = (struct error) { 0 };
	ck_assert_int_eq(layout_check(templates, &err), -1);
	ck_assert_ptr_nonnull(
		strstr(err.message, "/own/report.html: needs {{>body}}, in no section"));
	put(own, "layout.html", "nothing");
	templates_unref(&templates);
	read_both();
	err = (struct error) { 0 };
	ck_assert_int_eq(layout_check(templates, &err), -1);
	ck_assert_ptr_nonnull(
		strstr(err.message, "/own/layout.html: needs {{>content}}, in no section"));
}
END_TEST

/* ---- the newest set, for threads ---- */

static struct template_slot slot;
static atomic_bool ended;

/*
 * A set that is held is whole, whatever becomes of the newest one: its two
 * templates are of the same age.
 */
static void *read_on(void *arg)
{
	struct templates *held = NULL;
	size_t *ret_seen = arg;

	while (!atomic_load(&ended)) {
		struct templates *before = held;

		template_slot_take(&slot, &held);
		*ret_seen += held != before;
		if (strcmp(templates_find(held, "a", 1)->text,
			   templates_find(held, "b", 1)->text) != 0)
			abort();
	}
	templates_unref(&held);
	return NULL;
}

START_TEST(threads_go_on_with_the_newest_set)
{
	pthread_t threads[THREADS];
	size_t seen[THREADS] = { 0 }, all = 0;

	put(own, "a.html", "first");
	put(own, "b.html", "first");
	read_both();
	template_slot_init(&slot, templates);
	atomic_store(&ended, false);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on, &seen[i]), 0);
	for (int i = 0; i < CHANGES; i++) {
		char text[20];

		snprintf(text, sizeof(text), "change %d", i);
		put(own, "a.html", text);
		put(own, "b.html", text);
		read_both();
		template_slot_put(&slot, templates);
	}
	atomic_store(&ended, true);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		all += seen[i];
	}
	ck_assert_uint_gt(all, THREADS);
	templates = NULL;
	template_slot_take(&slot, &templates);
	ck_assert_str_eq(text_of("a"), "change 199");
	template_slot_release(&slot);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("templates");
	TCase *tc = tcase_create("sets"), *threads = tcase_create("threads");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, templates_are_known_by_the_names_of_their_files);
	tcase_add_test(tc, one_of_ones_own_takes_the_place_of_the_shipped_one);
	tcase_add_test(tc, what_an_editor_leaves_is_no_template);
	tcase_add_test(tc, a_set_stays_as_it_was_read);
	tcase_add_test(tc, a_broken_template_is_refused_with_file_and_line);
	tcase_add_test(tc, a_partial_that_nobody_wrote_is_refused_with_file_and_line);
	tcase_add_test(tc, folders_that_are_not_there_are_refused);
	tcase_add_test(tc, a_file_that_is_none_is_refused);
	tcase_add_test(tc, pages_need_a_template_each);
	tcase_add_test(tc, pages_need_a_place_for_what_comes_inside);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(threads, setup, teardown);
	tcase_set_timeout(threads, 60);
	tcase_add_test(threads, threads_go_on_with_the_newest_set);
	suite_add_tcase(s, threads);
	return run_suite(s);
}
