/*
 * text_tests.c - tables on the terminal.
 */
#include <check.h>
#include <string.h>
#include "format/backend.h"
#include "format/writer.h"
#include "documents.h"
#include "suite.h"
#include "base/banned.h"

START_TEST(a_long_table_on_the_terminal_comes_in_blocks)
{
	struct writer_options o = { .style = &rest_style };
	struct ai_account record = { "acc", 1 };
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct writer *w = writer_new(&format_text, &o, &sink);
	size_t lines = 0;

	strbuf_init(&buf, LIMIT);
	writer_begin_list(w, NULL, &ai_account_shape);
	for (int i = 0; i < 10001; i++)
		writer_record(w, NULL, &ai_account_shape, &record);
	writer_end(w);
	ck_assert_int_eq(writer_finish(w, NULL), 0);
	for (const char *p = buf.text; (p = strchr(p, '\n')); p++)
		lines++;
	ck_assert_uint_eq(lines, 10001 + 2 * 2);
	writer_free(&w);
	strbuf_release(&buf);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("text");
	TCase *tc = tcase_create("text");

	tcase_add_test(tc, a_long_table_on_the_terminal_comes_in_blocks);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
