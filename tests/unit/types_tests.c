#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "format/templates.h"
#include "meta/types.h"

#include "suite.h"
#include "base/banned.h"

enum { NOW = 1700000000 };

static struct arena arena;
static struct strbuf out;
static struct error err;
static struct templates *templates;

static const char *source_path(const char *name)
{
	const char *srcdir = getenv("srcdir");

	return arena_join(&arena, srcdir ? srcdir : ".", "/", name, NULL);
}

static void setup(void)
{
	arena_init(&arena);
	strbuf_init(&out, TYPES_MAX);
	err = (struct error) { 0 };
	ck_assert_msg(templates_read(source_path("templates"), NULL, &templates, &err) == 0, "%s",
		      err.message);
}

static void teardown(void)
{
	templates_unref(&templates);
	strbuf_release(&out);
	arena_release(&arena);
}

/* ---- operations that have one of everything: kinds, reserved words, quotes ---- */

struct line {
	const char *sku, *class_;
	struct decimal price;
};

struct order {
	const char *id;
	int64_t in;
	struct decimal total, minutes, text;
	bool yield;
	const void *first;
};

#define SHOP "http://schemas.datacontract.org/2004/07/Shop.Api"

static const struct field line_fields[] = {
	FIELD_AS(struct line, sku, "SKUName", "The \"sku\" for $1, as in C:\\Stock"),
	FIELD_AS(struct line, class_, "Class", "A <class> & more"),
	FIELD_AS(struct line, price, "Price", "What it costs"),
	{ 0 }
};
static const struct shape line_shape = {
	.name = "OrderLine", .xml_namespace = SHOP ".Lines", .fields = line_fields, .doc = "A line"
};

static const struct field order_fields[] = {
	FIELD_AS(struct order, id, "Id", "Its name"),
	FIELD_AS(struct order, in, "In", "A number"),
	FIELD_AS(struct order, total, "Total", "The whole of it"),
	FIELD_AS(struct order, minutes, "AIMinutes", "Whole minutes", .flags = FIELD_WHOLE),
	FIELD_AS(struct order, text, "From", "A number that is sent as a text",
		 .flags = FIELD_QUOTED),
	FIELD_AS(struct order, yield, "Yield", "Is it so?"),
	{ .name = "Is",
	  .type = VT_OBJECT,
	  .offset = offsetof(struct order, first),
	  .shape = &line_shape,
	  .doc = "The first line" },
	FIELD_LIST("Lines", &line_shape, "All lines"),
	FIELD_AS(struct order, id, "Meta", "In XML alone", .flags = FIELD_XML_ONLY),
	{ 0 }
};
static const struct shape order_shape = {
	.name = "Order", .xml_namespace = SHOP, .fields = order_fields, .doc = "What was ordered"
};

static const struct param find_params[] = { { "Class", PT_TEXT, .doc = "Only this one" },
					    { "Page", PT_INT, .max = 10, .doc = "Which page" },
					    { "PageSize", PT_PAGE_SIZE, .flags = PARAM_REQUIRED,
					      .max = 10, .doc = "How many" },
					    { "Deleted", PT_BOOL, .doc = "Those, too?" },
					    { 0 } };
static const struct param no_params[] = { { 0 } };
static const struct param more_params[] = { { "Colour", PT_TEXT, .doc = "Of the thing" }, { 0 } };
static const struct field more_fields[] = { FIELD_AS(struct order, id, "Weight", "In grams"),
					    { 0 } };
static const struct shape more_shape = { .name = "Thing", .fields = more_fields, .doc = "A thing" };

static const struct op find_orders = { .id = "FindOrders",
				       .methods = M_READ | M_POST,
				       .path = "/orders",
				       .dialect = &dialect_servicestack,
				       .params = find_params,
				       .returns = &order_shape,
				       .returns_list = true,
				       .doc = "Finds orders" };
static const struct op close_day = { .id = "CloseDay",
				     .methods = M_POST,
				     .path = "/close",
				     .dialect = &dialect_servicestack,
				     .params = no_params,
				     .returns = &order_shape,
				     .doc = "Closes the day" };
static const struct op get_thing = { .id = "GetThing",
				     .methods = M_ALL,
				     .path = "/thing",
				     .dialect = &dialect_servicestack,
				     .params = more_params,
				     .returns = &more_shape,
				     .doc = "Gets a thing" };
static const struct op of_others = { .id = "ListOfOthers",
				     .methods = M_READ,
				     .path = "/others",
				     .dialect = &dialect_twilio,
				     .params = more_params,
				     .returns = &more_shape,
				     .doc = "Another family's" };

static const struct op *const table[] = { &find_orders, &close_day, &of_others, NULL };
static const struct op *const larger_table[] = { &find_orders, &close_day, &get_thing, NULL };

/* ---- asking ---- */

static struct worker worker;
static struct types_wish wish;

static struct request whole_file(void)
{
	worker = (struct worker) { .table = table, .templates = templates };
	wish = (struct types_wish) { .operation_data = true, .version = "1.2.3" };
	return (struct request) { .worker = &worker,
				  .base_url = "https://shop.example.com",
				  .now = NOW,
				  .arena = &arena };
}

static const char *written(const struct request *rq, const char *language)
{
	strbuf_clear(&out);
	ck_assert_msg(types_write(rq, &wish, language, &out, &err) == 0, "%s: %s", language,
		      err.message);
	ck_assert(!out.failed);
	return out.text;
}

static const char *with(const char *language, const char *option, const char *value)
{
	struct request rq = whole_file();

	ck_assert_msg(types_set_option(&wish, option, value, &err) == 0, "%s", err.message);
	return written(&rq, language);
}

static void assert_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in:\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) == NULL, "\"%s\" in:\n%s", part, text);
}

/* ---- tests ---- */

static void read_golden(const char *path, struct strbuf *text)
{
	FILE *file = fopen(path, "rb");
	char chunk[4096];
	size_t n;

	ck_assert_msg(file != NULL, "cannot read %s; GOLDEN=write makes it", path);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		strbuf_addn(text, chunk, n);
	fclose(file);
}

static void write_golden(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");

	ck_assert_msg(file != NULL, "cannot write %s", path);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/*
 * With GOLDEN=write in the environment the files are made anew, to be read
 * before they are kept.
 */
START_TEST(every_language_has_its_golden_text)
{
	const struct types_language *language = &types_languages[_i];
	const char *path = source_path(
		arena_join(&arena, "tests/golden/types/", language->name, ".txt", NULL));
	const char *mode = getenv("GOLDEN");
	struct request rq = whole_file();
	struct strbuf want;

	written(&rq, language->name);
	if (mode && strcmp(mode, "write") == 0)
		write_golden(path, out.text);
	strbuf_init(&want, TYPES_MAX);
	read_golden(path, &want);
	ck_assert_str_eq(out.text, want.text);
	strbuf_release(&want);
}
END_TEST

START_TEST(a_new_operation_appears_in_every_language)
{
	const char *name = types_languages[_i].name;
	struct request rq = whole_file();

	assert_has_not(written(&rq, name), "GetThing");
	worker.table = larger_table;
	written(&rq, name);
	assert_has(out.text, "GetThing");
	assert_has(out.text, "olour");
	assert_has(out.text, "eight");
	assert_has(out.text, "Of the thing");
}
END_TEST

START_TEST(other_families_have_no_types)
{
	struct request rq = whole_file();

	assert_has_not(written(&rq, types_languages[_i].name), "ListOfOthers");
}
END_TEST

START_TEST(what_pages_show_has_neither_heading_nor_routes)
{
	const char *name = types_languages[_i].name;
	struct request rq = whole_file();

	wish.operation_data = false;
	written(&rq, name);
	assert_has(out.text, "FindOrders");
	assert_has(out.text, "OrderLine");
	assert_has_not(out.text, "BaseUrl");
	assert_has_not(out.text, "/orders");
	assert_has_not(out.text, "IReturn<");
	assert_has_not(out.text, "ResponseError\n");
}
END_TEST

START_TEST(a_language_is_found_in_any_case_and_by_its_other_name)
{
	ck_assert_ptr_nonnull(types_language_find("CSharp"));
	ck_assert_str_eq(types_language_find("js")->name, "mjs");
	ck_assert_str_eq(types_language_find("Swift4")->name, "swift");
	ck_assert_ptr_null(types_language_find("cobol"));
	ck_assert_ptr_null(types_language_find(""));
}
END_TEST

START_TEST(an_unknown_language_is_refused)
{
	struct request rq = whole_file();

	ck_assert_int_eq(types_write(&rq, &wish, "cobol", &out, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
	assert_has(err.message, "cobol");
}
END_TEST

START_TEST(included_types_are_those_alone)
{
	const char *text = with("csharp", "IncludeTypes", "OrderLine,closeday");

	assert_has(text, "class OrderLine");
	assert_has(text, "class CloseDay");
	assert_has_not(text, "class Order\n");
	assert_has_not(text, "class FindOrders");
	assert_has(text, "\nIncludeTypes: OrderLine,closeday\n");
}
END_TEST

START_TEST(a_type_with_all_it_refers_to_is_included)
{
	struct request rq = whole_file();

	worker.table = larger_table;
	ck_assert_int_eq(types_set_option(&wish, "includetypes", "CloseDay.*", &err), 0);
	written(&rq, "csharp");
	assert_has(out.text, "class OrderLine");
	assert_has(out.text, "class Order\n");
	assert_has(out.text, "class CloseDay");
	assert_has_not(out.text, "class FindOrders");
	assert_has_not(out.text, "Thing");
}
END_TEST

START_TEST(excluded_types_are_left_out)
{
	const char *text = with("kotlin", "ExcludeTypes", "FindOrders");

	assert_has_not(text, "class FindOrders");
	assert_has(text, "class CloseDay");
}
END_TEST

START_TEST(namespaces_and_packages_are_as_asked)
{
	assert_has(with("csharp", "GlobalNamespace", "My.Types"), "namespace My.Types\n");
	assert_has_not(out.text, "namespace Shop");
	assert_has(with("typescript", "GlobalNamespace", "Shop"), "export namespace Shop {");
	assert_has(with("php", "GlobalNamespace", "Shop"), "<?php namespace Shop;");
	assert_has(with("java", "GlobalNamespace", "Types"), "public class Types\n");
	assert_has(with("java", "Package", "com.example"), "package com.example;");
	assert_has(with("kotlin", "Package", "com.example"), "package com.example\n");
	assert_has(with("go", "Package", "shop"), "package shop\n");
}
END_TEST

START_TEST(properties_can_all_be_optional)
{
	assert_has(with("typescript", "MakePropertiesOptional", "False"), "pageSize!: number;");
	assert_has(with("typescript", "MakePropertiesOptional", "true"), "pageSize?: number;");
	assert_has(with("php", "MakePropertiesOptional", "True"), "public ?int $pageSize=null");
}
END_TEST

START_TEST(servicestack_types_come_along_or_from_its_library)
{
	assert_has(with("typescript", "AddServiceStackTypes", "True"),
		   "export class ResponseStatus");
	assert_has(with("typescript", "AddServiceStackTypes", "False"),
		   "from '@servicestack/client'");
	assert_has_not(out.text, "ResponseStatus");
	assert_has_not(with("csharp", "AddServiceStackTypes", "True"), "class ResponseStatus");
}
END_TEST

START_TEST(descriptions_can_be_left_out)
{
	assert_has_not(with("typescript", "AddDescriptionAsComments", "False"), "/** @description");
	assert_has_not(with("csharp", "AddDescriptionAsComments", "False"), "///<summary>");
}
END_TEST

static const struct {
	const char *name, *value;
} refused[] = {
	{ "GlobalNamespace", "a b" },
	{ "GlobalNamespace", "*/ evil(); /*" },
	{ "GlobalNamespace", "1st" },
	{ "GlobalNamespace", "a..b" },
	{ "Package", "a;b" },
	{ "Package", "a\nb" },
	{ "Package", "." },
	{ "IncludeTypes", "A,,B" },
	{ "IncludeTypes", "A.*.*" },
	{ "IncludeTypes", "*/" },
	{ "IncludeTypes", "caf\xc3\xa9" },
	{ "ExcludeTypes", "<script>" },
	{ "ExcludeTypes", "A," },
	{ "MakePropertiesOptional", "yes" },
	{ "AddServiceStackTypes", "1" },
	{ "AddDescriptionAsComments", "\"" },
};

START_TEST(an_option_that_is_no_identifier_is_refused_by_name)
{
	whole_file();
	ck_assert_int_eq(types_set_option(&wish, refused[_i].name, refused[_i].value, &err), -1);
	ck_assert_int_eq(err.kind, ERR_PARAM);
	ck_assert_str_eq(err.param, refused[_i].name);
}
END_TEST

START_TEST(what_is_no_option_is_passed_over)
{
	whole_file();
	ck_assert_int_eq(types_set_option(&wish, "format", "*/", &err), 0);
	ck_assert_int_eq(types_set_option(&wish, "GlobalNamespace", "", &err), 0);
	ck_assert_ptr_null(wish.options[TYPES_GLOBAL_NAMESPACE]);
}
END_TEST

int main(void)
{
	const int refusals = sizeof(refused) / sizeof(refused[0]);
	Suite *s = suite_create("types");
	TCase *tc = tcase_create("types");
	int languages = 0;

	while (types_languages[languages].name)
		languages++;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, every_language_has_its_golden_text, 0, languages);
	tcase_add_loop_test(tc, a_new_operation_appears_in_every_language, 0, languages);
	tcase_add_loop_test(tc, other_families_have_no_types, 0, languages);
	tcase_add_loop_test(tc, what_pages_show_has_neither_heading_nor_routes, 0, languages);
	tcase_add_test(tc, a_language_is_found_in_any_case_and_by_its_other_name);
	tcase_add_test(tc, an_unknown_language_is_refused);
	tcase_add_test(tc, included_types_are_those_alone);
	tcase_add_test(tc, a_type_with_all_it_refers_to_is_included);
	tcase_add_test(tc, excluded_types_are_left_out);
	tcase_add_test(tc, namespaces_and_packages_are_as_asked);
	tcase_add_test(tc, properties_can_all_be_optional);
	tcase_add_test(tc, servicestack_types_come_along_or_from_its_library);
	tcase_add_test(tc, descriptions_can_be_left_out);
	tcase_add_loop_test(tc, an_option_that_is_no_identifier_is_refused_by_name, 0, refusals);
	tcase_add_test(tc, what_is_no_option_is_passed_over);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
