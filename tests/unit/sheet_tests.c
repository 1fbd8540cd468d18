/* CSV for people's spreadsheets; CSV for programs beside it keeps its bytes. */
#include <stdio.h>
#include <string.h>

#include <check.h>

#include "format/writer.h"

#include "suite.h"
#include "base/banned.h"

#define LIMIT       (1 << 22)
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define MARK        "\xEF\xBB\xBF"

struct line {
	const char *name, *uri, *when, *action;
	int64_t count;
	struct decimal price;
	const char *note;
};

static const struct field line_fields[] = {
	FIELD(struct line, name, "A name that others chose"),
	FIELD(struct line, uri, "Where it leads", .flags = FIELD_LINK, .format = "uri"),
	FIELD(struct line, when, "When", .format = "date-time"),
	FIELD(struct line, action, "What can be done", .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD(struct line, count, "How many"),
	FIELD(struct line, price, "How much"),
	FIELD(struct line, note, "Words, or null"),
	{ 0 }
};

static const struct shape line_shape = { .name = "Line", .fields = line_fields, .doc = "A line" };

struct lines_page {
	int64_t page;
	const void *total;
};

enum { LIST = 1, TOTAL };

static const struct field page_fields[] = { FIELD(struct lines_page, page, "Number of the page"),
					    [LIST] = FIELD_LIST("lines", &line_shape, "Lines"),
					    [TOTAL] = FIELD(struct lines_page, total, "All of them",
							    .shape = &line_shape,
							    .flags = FIELD_TOTAL),
					    { 0 } };

static const struct shape page_shape = {
	.name = "Lines", .flags = SHAPE_PAGE, .fields = page_fields, .doc = "Lines"
};

static const struct style style = { .json = SPELL_AS_IS, .xml = SPELL_PASCAL, .csv = SPELL_AS_IS };

#define PRICE(n_)                      \
	{                              \
		.n = (n_), .places = 2 \
	}

struct answer {
	struct strbuf buf;
	const struct field *hidden;
	bool totals;
};

static void write_lines(struct answer *a, const struct format *format, const struct line *list,
			size_t n, const struct line *total)
{
	const struct writer_options o = { .style = &style, .base_url = "https://ledger.example" };
	struct lines_page page = { 0 };
	struct sink sink = { .buf = &a->buf };
	struct writer *w;

	strbuf_init(&a->buf, LIMIT);
	w = writer_new(format, &o, &sink);
	if (a->hidden)
		writer_hide(w, a->hidden);
	if (a->totals)
		writer_show_totals(w);
	writer_begin(w, NULL, &page_shape);
	writer_field(w, &page_fields[0], &page.page);
	writer_begin_list(w, &page_fields[LIST], &line_shape);
	for (size_t i = 0; i < n; i++)
		writer_record(w, NULL, &line_shape, &list[i]);
	writer_end(w);
	if (total)
		writer_record(w, &page_fields[TOTAL], &line_shape, total);
	writer_end(w);
	ck_assert_int_eq(writer_finish(w, NULL), 0);
	writer_free(&w);
}

static const struct line two[] = {
	{ "Ada", "/a?b=c", "2026-11-01T09:30:00Z", "/void", 1, PRICE(-150), NULL },
	{ "Bob, \"B\"", "https://else.where/x", "2026-11-01T09:30:00.25Z", NULL, -5, PRICE(0), "" },
};

START_TEST(a_spreadsheet_gets_a_mark_absolute_links_times_it_knows_and_no_empty_column)
{
	struct answer a = { 0 };

	write_lines(&a, &format_sheet, two, COUNT_OF(two), &two[0]);
	ck_assert_str_eq(a.buf.text, MARK
			 "name,uri,when_utc,count,price\r\n"
			 "Ada,https://ledger.example/a?b=c,2026-11-01 09:30:00,1,-1.5\r\n"
			 "\"Bob, \"\"B\"\"\",https://else.where/x,2026-11-01 09:30:00.25,-5,0\r\n");
	strbuf_release(&a.buf);
}
END_TEST

START_TEST(the_csv_of_programs_keeps_its_bytes)
{
	struct line odd = { "=1+1", "/a", "2026-11-01T09:30:00Z", NULL, 1, PRICE(100), NULL };
	struct answer a = { .totals = true };

	write_lines(&a, &format_csv, &odd, 1, &odd);
	ck_assert_str_eq(a.buf.text,
			 "name,uri,when,count,price,note\r\n=1+1,/a,2026-11-01T09:30:00Z,1,1,\r\n");
	strbuf_release(&a.buf);
}
END_TEST

START_TEST(totals_are_the_last_row_of_those_who_ask_for_them)
{
	struct line total = { "Total", NULL, NULL, NULL, -4, PRICE(-150), NULL };
	struct answer a = { .totals = true };
	const char *last;

	write_lines(&a, &format_sheet, two, COUNT_OF(two), &total);
	last = strstr(a.buf.text, "Total");
	ck_assert_ptr_nonnull(last);
	ck_assert_str_eq(last, "Total,,,-4,-1.5\r\n");
	strbuf_release(&a.buf);
}
END_TEST

START_TEST(a_hidden_column_is_left_out_and_an_empty_list_has_all_others)
{
	struct answer a = { .hidden = &line_fields[1] };

	write_lines(&a, &format_sheet, two, 1, NULL);
	ck_assert_str_eq(a.buf.text,
			 MARK "name,when_utc,count,price\r\nAda,2026-11-01 09:30:00,1,-1.5\r\n");
	strbuf_release(&a.buf);
	write_lines(&a, &format_sheet, two, 0, NULL);
	ck_assert_str_eq(a.buf.text, MARK "name,when_utc,count,price,note\r\n");
	strbuf_release(&a.buf);
}
END_TEST

/* What others sent, and the cell that a spreadsheet reads. */
static const struct {
	const char *text, *cell;
} texts[] = {
	{ "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0" },
	{ "+49 1 58858", "'+49 1 58858" },
	{ "+5", "'+5" },
	{ "@SUM(A1)", "'@SUM(A1)" },
	{ "-2+3", "'-2+3" },
	{ "-5", "-5" },
	{ "-5.25", "-5.25" },
	{ "-5.", "'-5." },
	{ "-", "'-" },
	{ "\t=1", "\"'\t'=1\"" },
	{ "\r=1", "\"'\r=1\"" },
	{ "\n=1", "\"'\n=1\"" },
	{ "\xEF\xBC\x9D"
	  "1",
	  "'\xEF\xBC\x9D"
	  "1" },
	{ "a;=1", "\"a;'=1\"" },
	{ "a;-1", "\"a;-1\"" },
	{ "1=2", "1=2" },
	{ "a-b", "a-b" },
	{ "", "" },
};

START_TEST(no_text_is_taken_for_a_formula)
{
	struct line line = { texts[_i].text, NULL, NULL, NULL, -5, PRICE(-5), "x" };
	struct answer a = { 0 };
	char expected[256];

	write_lines(&a, &format_sheet, &line, 1, NULL);
	snprintf(expected, sizeof(expected), MARK "%scount,price,note\r\n%s%s-5,-0.05,x\r\n",
		 *texts[_i].text ? "name," : "", texts[_i].cell, *texts[_i].text ? "," : "");
	ck_assert_msg(strcmp(a.buf.text, expected) == 0, "%s: %s", texts[_i].text, a.buf.text);
	strbuf_release(&a.buf);
}
END_TEST

START_TEST(a_list_too_long_to_wait_for_keeps_every_column_and_every_row)
{
	enum { ROWS = 40000 };
	static struct line many[ROWS];
	struct answer a = { 0 };
	size_t rows = 0;

	for (size_t i = 0; i < ROWS; i++)
		many[i] = (struct line) { .name = "somebody with a name",
					  .count = (int64_t)i,
					  .price = PRICE(1),
					  .note = i == ROWS - 1 ? "the last one" : NULL };
	write_lines(&a, &format_sheet, many, ROWS, NULL);
	ck_assert_int_eq(strncmp(a.buf.text, MARK "name,uri,when_utc,count,price,note\r\n", 37), 0);
	for (const char *p = a.buf.text; (p = strchr(p, '\n')); p++)
		rows++;
	ck_assert_uint_eq(rows, ROWS + 1);
	ck_assert_ptr_nonnull(strstr(a.buf.text, ",39999,0.01,the last one\r\n"));
	strbuf_release(&a.buf);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sheet");
	TCase *tc = tcase_create("sheet");

	tcase_add_test(tc,
		       a_spreadsheet_gets_a_mark_absolute_links_times_it_knows_and_no_empty_column);
	tcase_add_test(tc, the_csv_of_programs_keeps_its_bytes);
	tcase_add_test(tc, totals_are_the_last_row_of_those_who_ask_for_them);
	tcase_add_test(tc, a_hidden_column_is_left_out_and_an_empty_list_has_all_others);
	tcase_add_loop_test(tc, no_text_is_taken_for_a_formula, 0, COUNT_OF(texts));
	tcase_add_test(tc, a_list_too_long_to_wait_for_keeps_every_column_and_every_row);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
