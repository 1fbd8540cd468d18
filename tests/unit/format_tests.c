/*
 * format_tests.c - each document has its golden bytes in every format.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "format/backend.h"
#include "format/writer.h"
#include "documents.h"
#include "suite.h"
#include "base/banned.h"

/* ---- helpers ---- */

static void read_golden(const char *name, struct strbuf *out)
{
	char path[512], chunk[4096];
	FILE *file = fopen(in_tests(path, name), "rb");
	size_t n;

	strbuf_init(out, LIMIT);
	ck_assert_msg(file != NULL, "%s is missing", path);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		strbuf_addn(out, chunk, n);
	fclose(file);
}

/*
 * With GOLDEN=write in the environment the file is made anew, to be read before
 * it is kept.
 */
static void write_golden(const char *name, const struct strbuf *text)
{
	char path[512];
	FILE *file = fopen(in_tests(path, name), "wb");

	ck_assert_msg(file != NULL, "%s can't be written", path);
	ck_assert_uint_eq(fwrite(text->text, 1, text->len, file), text->len);
	ck_assert_int_eq(fclose(file), 0);
}

/* ---- bytes ---- */

START_TEST(every_document_has_its_golden_bytes_in_every_format)
{
	const struct document *doc = &documents[_i / FORMATS];
	const struct format *format = formats[_i % FORMATS];
	const char *mode = getenv("GOLDEN");
	struct strbuf got, want;
	char name[128];

	snprintf(name, sizeof(name), "format/%s.%s", doc->name, format->name);
	render_whole(doc, format, &got);
	if (mode && strcmp(mode, "write") == 0)
		write_golden(name, &got);
	read_golden(name, &want);
	ck_assert_msg(got.len == want.len && memcmp(got.text, want.text, got.len) == 0,
		      "%s: expected\n%s\ngot\n%s", name, want.text, got.text);
	strbuf_release(&got);
	strbuf_release(&want);
}
END_TEST

START_TEST(flushing_gives_the_same_bytes_as_buffering)
{
	const struct document *doc = &documents[_i / FORMATS];
	const struct format *format = formats[_i % FORMATS];
	struct strbuf whole, buf;
	struct flushed f = { .sink = { .buf = &buf, .flush = send_bytes } };
	struct error err = { 0 };

	render_whole(doc, format, &whole);
	strbuf_init(&buf, LIMIT);
	strbuf_init(&f.sent, LIMIT);
	ck_assert_int_eq(render(doc, format, &f.sink, &err), 0);
	strbuf_addn(&f.sent, buf.text, buf.len);
	ck_assert_str_eq(f.sent.text, whole.text);
	strbuf_release(&whole);
	strbuf_release(&buf);
	strbuf_release(&f.sent);
}
END_TEST

START_TEST(a_buffer_that_is_too_small_fails_in_every_format)
{
	const struct document *doc = &documents[_i / FORMATS];
	const struct format *format = formats[_i % FORMATS];
	struct strbuf whole, buf;
	struct sink sink = { .buf = &buf };
	struct error err = { 0 };

	render_whole(doc, format, &whole);
	strbuf_init(&buf, whole.len > 0 ? whole.len - 1 : 0);
	/* no records as JSON lines: nothing, which fits anywhere */
	if (whole.len > 0) {
		ck_assert_int_eq(render(doc, format, &sink, &err), -1);
		ck_assert_int_eq(err.kind, ERR_TOO_LARGE);
		ck_assert_uint_lt(buf.len, whole.len);
	}
	strbuf_release(&whole);
	strbuf_release(&buf);
}
END_TEST

START_TEST(a_flush_that_fails_is_reported_once_and_stops_the_document)
{
	const struct format *format = formats[_i];
	struct strbuf buf;
	struct flushed f = { .sink = { .buf = &buf, .flush = send_bytes }, .fails_at = 1 };
	struct error err = { 0 };

	if (format == &format_text || format == &format_svg)
		/*
		 * they hold their rows back: nothing to flush between records
		 */
		return;
	strbuf_init(&buf, LIMIT);
	strbuf_init(&f.sent, LIMIT);
	ck_assert_int_eq(render(&documents[0], format, &f.sink, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	ck_assert_int_eq(f.calls, 1);
	strbuf_release(&buf);
	strbuf_release(&f.sent);
}
END_TEST

/* ---- options ---- */

START_TEST(money_is_a_string_where_the_operator_wants_it)
{
	struct writer_options o = { .style = &rest_style, .money_as_string = true };
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct writer *w = writer_new(&format_json, &o, &sink);

	strbuf_init(&buf, LIMIT);
	writer_record(w, NULL, &record_shape, &records[0]);
	ck_assert_int_eq(writer_finish(w, NULL), 0);
	ck_assert_ptr_nonnull(strstr(buf.text, "\"count\":\"1234567\","));
	ck_assert_ptr_nonnull(strstr(buf.text, "\"price\":\"1234.567890123\","));
	writer_free(&w);
	strbuf_release(&buf);
}
END_TEST

/* ---- names ---- */

START_TEST(a_format_is_found_by_its_name_alone)
{
	for (size_t i = 0; formats[i]; i++)
		ck_assert_ptr_eq(format_find(formats[i]->name, strlen(formats[i]->name)),
				 formats[i]);
	ck_assert_ptr_null(format_find("jso", 3));
	ck_assert_ptr_null(format_find("JSON", 4));
	ck_assert_ptr_null(format_find("", 0));
	ck_assert_ptr_eq(shape_field(&record_shape, "price"), &record_fields[5]);
	ck_assert_ptr_null(shape_field(&record_shape, "Price"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("format");
	TCase *tc = tcase_create("format");
	int grid = COUNT_OF(documents) * FORMATS;

	tcase_add_loop_test(tc, every_document_has_its_golden_bytes_in_every_format, 0, grid);
	tcase_add_loop_test(tc, flushing_gives_the_same_bytes_as_buffering, 0, grid);
	tcase_add_loop_test(tc, a_buffer_that_is_too_small_fails_in_every_format, 0, grid);
	tcase_add_loop_test(tc, a_flush_that_fails_is_reported_once_and_stops_the_document, 0,
			    FORMATS);
	tcase_add_test(tc, money_is_a_string_where_the_operator_wants_it);
	tcase_add_test(tc, a_format_is_found_by_its_name_alone);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
