/*
 * reader_csv_tests.c - records in CSV.
 */
#include <check.h>
#include <string.h>
#include "ingest/reader.h"
#include "record_fixture.h"
#include "suite.h"
#include "base/banned.h"

#define HEADER "source,id,subject,time,category,extra,usage\n"

START_TEST(csv_columns_are_the_fields_of_the_header)
{
	CHECK_TOLD(
		READER_CSV,
		HEADER "s,1,AC,T,calls,kept,2.5\r\n\r\ns,2,AC,T,calls,,\ns,3,AC,T,calls,x,7",
		"2 source=s id=1 subject=AC time=T category=calls usage=2.5 +{\"extra\":\"kept\"}\n"
		"4 source=s id=2 subject=AC time=T category=calls\n"
		"5 source=s id=3 subject=AC time=T category=calls usage=7 +{\"extra\":\"x\"}\n");
}
END_TEST

START_TEST(csv_quotes_commas_spaces_and_line_ends_are_kept)
{
	CHECK_TOLD(READER_CSV,
		   HEADER "s,\"a,\"\"b\"\"\",\" AC \", T ,\"x\r\n\ny\",,1\r\ns,2,AC,T,calls,,\n",
		   "2 source=s id=a,\"b\" subject= AC  time= T  category=x\r\n\ny usage=1\n"
		   "5 source=s id=2 subject=AC time=T category=calls\n");
}
END_TEST

START_TEST(a_malformed_row_spoils_no_other)
{
	CHECK_TOLD(
		READER_CSV,
		HEADER
		"s,a\"b,AC,T,calls,,\ns,1\ns,\"2\"x,AC,T,calls,,\ns,3,AC,T,calls,,1,9\n"
		"s,4\0,AC,T,calls,,1\ns,5,AC\rT,calls,,1\ns,6,AC,T,calls,,\ns,\"7,AC,T,calls,,\n",
		"2 bad malformed CSV: a quote inside a cell must be doubled, and the cell be in "
		"quotes\n"
		"3 bad the row has 2 columns where 7 are expected\n"
		"4 bad malformed CSV: a quote inside a cell must be doubled, and the cell be in "
		"quotes\n"
		"5 bad the row has 8 columns where 7 are expected\n"
		"6 bad malformed CSV: the row has a NUL byte\n"
		"7 bad malformed CSV: a carriage return inside a cell must be in quotes\n"
		"8 source=s id=6 subject=AC time=T category=calls\n"
		"9 bad malformed CSV: a quote isn't closed\n");
}
END_TEST

START_TEST(a_quote_left_open_costs_its_line_alone)
{
	struct strbuf text;
	char *out;

	strbuf_init(&text, 1 << 20);
	strbuf_add(&text, HEADER "s,\"1,AC,T,calls,,\n");
	for (int i = 0; i < 4000; i++)
		strbuf_add(&text, "s,2,AC,T,calls,,234\n");
	out = told(READER_CSV, NULL, text.text, text.len, SIZE_MAX);
	ck_assert_ptr_nonnull(strstr(out, "2 bad malformed CSV: a quote isn't closed, or the row "
					  "is longer than a record may be\n3 source=s id=2 "));
	strbuf_release(&text);
}
END_TEST

START_TEST(a_header_without_a_required_field_says_which)
{
	CHECK_TOLD(READER_CSV, "source,subject,time,category\n",
		   "1 failed id: the header has no column id; the first line must name the event's "
		   "fields (or give a mapping)\n");
	CHECK_TOLD(READER_CSV, "source,id,id,subject,time,category\n",
		   "1 failed id: the header names the column id twice\n");
	CHECK_TOLD(READER_CSV, "", "1 failed the first line must be the CSV header\n");
	CHECK_TOLD(READER_CSV, "\n\n", "3 failed the first line must be the CSV header\n");
}
END_TEST

START_TEST(a_stored_event_that_was_corrected_is_not_taken_as_it_was)
{
	CHECK_TOLD(READER_CSV,
		   "id,source,subject,time,category,state\n1,s,A,T,c,current\n2,s,A,T,c,void\n3,s,"
		   "A,T,c,replacement\n4,s,A,T,c,Tyrol\n",
		   "2 source=s id=1 subject=A time=T category=c +{\"state\":\"current\"}\n"
		   "3 bad state: this is a stored event with its corrections (void): usaged export "
		   "writes what counts of it\n"
		   "4 bad state: this is a stored event with its corrections (replacement): usaged "
		   "export writes what counts of it\n"
		   "5 source=s id=4 subject=A time=T category=c +{\"state\":\"Tyrol\"}\n");
}
END_TEST

START_TEST(more_columns_than_the_limit_are_refused)
{
	char text[700];

	memset(text, ',', sizeof(text));
	ck_assert_str_eq(told(READER_CSV, NULL, text, sizeof(text), SIZE_MAX),
			 "1 failed the row has 701 columns; 256 are the most\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reader_csv");
	TCase *tc = tcase_create("reader_csv");

	tcase_add_test(tc, csv_columns_are_the_fields_of_the_header);
	tcase_add_test(tc, csv_quotes_commas_spaces_and_line_ends_are_kept);
	tcase_add_test(tc, a_malformed_row_spoils_no_other);
	tcase_add_test(tc, a_quote_left_open_costs_its_line_alone);
	tcase_add_test(tc, a_header_without_a_required_field_says_which);
	tcase_add_test(tc, a_stored_event_that_was_corrected_is_not_taken_as_it_was);
	tcase_add_test(tc, more_columns_than_the_limit_are_refused);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
