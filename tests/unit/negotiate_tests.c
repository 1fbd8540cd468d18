/*
 * negotiate_tests.c - the format of an answer.
 */
#include <check.h>
#include <string.h>
#include "base/log.h"
#include "http/negotiate.h"
#include "request_fixture.h"
#include "suite.h"
#include "base/banned.h"

static const struct {
	const struct dialect *dialect;
	const char *suffix, *callback, *format, *accept, *content_type, *want;
} wishes[] = {
	/* the order of precedence */
	{ &dialect_servicestack, "xml", "cb", "csv", "text/html", "", "xml" },
	{ &dialect_servicestack, NULL, "cb", "csv", "text/html", "", "json" },
	{ &dialect_servicestack, NULL, NULL, "csv", "text/html", "", "csv" },
	{ &dialect_servicestack, NULL, NULL, "CSV.x", "text/html", "", "csv" },
	{ &dialect_servicestack, NULL, NULL, "nonsense", "text/html", "", "html" },
	{ &dialect_servicestack, NULL, NULL, "text", "text/html", "", "html" },
	{ &dialect_servicestack, NULL, NULL, "a name longer than any format", "text/html", "",
	  "html" },
	{ &dialect_twilio, NULL, "cb", NULL, "application/xml", "", "xml" },
	/* Accept, by q and then by order */
	{ &dialect_servicestack, NULL, NULL, NULL, "application/xml;q=0.5, application/json", "",
	  "json" },
	{ &dialect_servicestack, NULL, NULL, NULL, "application/xml , application/json", "",
	  "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL,
	  "application/json;q=0.2,text/csv;q=0.9,*/*;q=0.1", "", "csv" },
	{ &dialect_servicestack, NULL, NULL, NULL, "APPLICATION/XML", "", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, "text/xml", "", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, "text/json;q=1.000", "", "json" },
	{ &dialect_servicestack, NULL, NULL, NULL,
	  "application/xml; charset=utf-8; q=0.1, text/csv;q=0.05", "", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL,
	  "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "",
	  "html" },
	{ &dialect_servicestack, NULL, NULL, NULL, "text/*", "", "csv" },
	{ &dialect_servicestack, NULL, NULL, NULL, "application/*", "", "json" },
	{ &dialect_twilio, NULL, NULL, NULL, "application/*", "", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, "application/json;q=0, */*;q=0.1", "", "xml" },
	{ &dialect_twilio, NULL, NULL, NULL, "application/xml;q=0, */*", "", "json" },
	{ &dialect_servicestack, NULL, NULL, NULL,
	  "application/json;q=0.1, */*;q=0.5, application/xml;q=0.1", "", "csv" },
	{ &dialect_servicestack, NULL, NULL, NULL, "text/plain, application/xml", "", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, ",,;q=1,application/xml", "", "xml" },
	/*
	 * anything will do: the request's own type decides where the family
	 * says so
	 */
	{ &dialect_servicestack, NULL, NULL, NULL, "*/*", "application/xml; charset=utf-8", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, "", "text/csv", "csv" },
	{ &dialect_servicestack, NULL, NULL, NULL, "*/*", "application/x-www-form-urlencoded",
	  "json" },
	{ &dialect_servicestack, NULL, NULL, NULL, "text/plain, */*", "application/xml", "xml" },
	{ &dialect_servicestack, NULL, NULL, NULL, "application/json", "application/xml", "json" },
	{ &dialect_twilio, NULL, NULL, NULL, "*/*", "application/json", "xml" },
	{ &dialect_twilio, NULL, NULL, NULL, "", "", "xml" },
	{ &dialect_supersim, NULL, NULL, NULL, "", "", "json" },
	/* nothing we have */
	{ &dialect_servicestack, NULL, NULL, NULL, "text/plain", "", "json" },
	{ &dialect_servicestack, NULL, NULL, NULL, "image/png, application/json;q=0", "", "json" },
};

/* A request of the dialect D, whose query has FORMAT and CALLBACK, or not (NULL). */
static struct request wish(const struct dialect *d, const char *format, const char *callback)
{
	struct request rq = { .arena = &arena, .dialect = d, .params.arena = &arena };
	struct error err = { 0 };

	rq.accept = rq.content_type = "";
	if (format)
		params_add(&rq.params, "format", 6, format, strlen(format), &err);
	if (callback)
		params_add(&rq.params, "callback", 8, callback, strlen(callback), &err);
	ck_assert_int_eq(err.kind, ERR_NONE);
	return rq;
}

START_TEST(a_format_is_chosen)
{
	struct error err = { 0 };
	struct request rq = wish(wishes[_i].dialect, wishes[_i].format, wishes[_i].callback);

	rq.accept = wishes[_i].accept;
	rq.content_type = wishes[_i].content_type;
	if (wishes[_i].suffix)
		rq.suffix_format = format_find(wishes[_i].suffix, strlen(wishes[_i].suffix));
	ck_assert_int_eq(negotiate(&rq, &err), 0);
	ck_assert_str_eq(rq.reply.format->name, wishes[_i].want);
}
END_TEST

START_TEST(a_family_may_refuse_an_accept_that_names_nothing_it_has)
{
	static const char *const accepts[] = { "image/png", "application/xml;q=0", "text/plain",
					       "*/*;q=0", "nonsense" };

	for (size_t i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++) {
		struct request rq = wish(&dialect_twilio, NULL, NULL);
		struct error err = { 0 };

		ROW("%s", accepts[i]);
		rq.accept = accepts[i];
		ck_assert_int_eq(negotiate(&rq, &err), -1);
		ck_assert_int_eq(err.kind, ERR_NOT_ACCEPTABLE);
		ck_assert_str_eq(rq.reply.format->name, "xml");
	}
}
END_TEST

/* What browsers send for an image, and for a page. */
#define ACCEPT_IMAGE "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
#define ACCEPT_PAGE                                                                          \
	"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/" \
	"png,image/svg+xml,*/*;q=0.8"

static const struct field drawn_fields[] = { { .name = "n", .type = VT_INT, .doc = "A number" },
					     { 0 } };
static const struct chart drawn_chart = { "n", NULL, (const char *const[]) { "n", NULL }, NULL };
static const struct shape drawn_shape = { .name = "Drawn",
					  .fields = drawn_fields,
					  .chart = &drawn_chart };
static const struct shape undrawn_shape = { .name = "Undrawn", .fields = drawn_fields };

static const struct {
	const struct dialect *dialect;
	const char *accept, *drawn, *undrawn; /* NULL: refused */
} pictures[] = {
	{ &dialect_usaged, ACCEPT_IMAGE, "svg", "json" },
	{ &dialect_usaged, ACCEPT_PAGE, "html", "html" },
	{ &dialect_usaged, "image/*", "svg", NULL },
	{ &dialect_usaged, "image/svg+xml", "svg", NULL },
	{ &dialect_usaged, "*/*", "json", "json" },
	{ &dialect_twilio, ACCEPT_IMAGE, "svg", "xml" },
	{ &dialect_twilio, "image/*", "svg", NULL },
	{ &dialect_twilio, "", "xml", "xml" },
	{ &dialect_servicestack, ACCEPT_IMAGE, "svg", "json" },
	{ &dialect_servicestack, "image/*", "svg", "json" },
	{ &dialect_servicestack, "*/*", "json", "json" },
	{ &dialect_servicestack, "text/*", "csv", "csv" },
};

static const struct op drawn_op = { .returns = &drawn_shape };
static const struct op undrawn_op = { .returns = &undrawn_shape };

START_TEST(a_picture_is_chosen_where_images_are_wanted_and_there_is_something_to_draw)
{
	const struct op *const operations[] = { &drawn_op, &undrawn_op };
	const char *wants[] = { pictures[_i].drawn, pictures[_i].undrawn };

	for (size_t i = 0; i < 2; i++) {
		struct request rq = wish(pictures[_i].dialect, NULL, NULL);
		struct error err = { 0 };

		rq.accept = pictures[_i].accept;
		rq.op = operations[i];
		ck_assert_int_eq(negotiate(&rq, &err), wants[i] ? 0 : -1);
		if (wants[i])
			ck_assert_str_eq(rq.reply.format->name, wants[i]);
		else
			ck_assert_int_eq(err.kind, ERR_NOT_ACCEPTABLE);
	}
}
END_TEST

START_TEST(a_picture_by_name_of_what_has_none_is_refused_as_a_picture)
{
	for (size_t i = 0; i < 2; i++) {
		struct request rq = wish(&dialect_servicestack, i ? "svg" : NULL, NULL);
		struct error err = { 0 };

		rq.suffix_format = i ? NULL : &format_svg;
		rq.op = &undrawn_op;
		ck_assert_int_eq(negotiate(&rq, &err), -1);
		ck_assert_int_eq(err.kind, ERR_NOT_ACCEPTABLE);
		ck_assert_ptr_eq(rq.reply.format, &format_svg);
		rq.op = &drawn_op;
		err = (struct error) { 0 };
		ck_assert_int_eq(negotiate(&rq, &err), 0);
		ck_assert_ptr_eq(rq.reply.format, &format_svg);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("negotiate");
	TCase *tc = tcase_create("negotiate");

	tcase_add_checked_fixture(tc, setup_arena, teardown_arena);
	tcase_add_loop_test(tc, a_format_is_chosen, 0, ARRAY_SIZE(wishes));
	tcase_add_test(tc, a_family_may_refuse_an_accept_that_names_nothing_it_has);
	tcase_add_loop_test(
		tc, a_picture_is_chosen_where_images_are_wanted_and_there_is_something_to_draw, 0,
		sizeof(pictures) / sizeof(pictures[0]));
	tcase_add_test(tc, a_picture_by_name_of_what_has_none_is_refused_as_a_picture);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
