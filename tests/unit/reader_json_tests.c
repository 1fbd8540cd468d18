/*
 * reader_json_tests.c - records in JSON.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/civil.h"
#include "ingest/attributes.h"
#include "ingest/json_record.h"
#include "ingest/reader.h"
#include "record_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* ---- JSON ---- */

START_TEST(an_event_a_line_is_read_with_its_attributes_and_data)
{
	CHECK_TOLD(READER_NDJSON,
		   "{\"specversion\":\"1.0\",\"type\":\"usage\",\"source\":\"/"
		   "pbx\",\"id\":\"a\",\"subject\":\"AC1\",\"time\":\"T\","
		   "\"data\":{\"category\":\"calls\",\"count\":1,\"usage\":\"2.5\",\"price\":0.017,"
		   "\"customer\":\"c\"}}\n"
		   "\n  \r\n"
		   "{\"id\":\"b\",\"data\":{\"data_upload\":12,\"iso_country\":\"AT\"}}",
		   "1 source=/pbx id=a subject=AC1 time=T category=calls count=1 usage=2.5 "
		   "price=0.017 customer=c specversion=1.0 type=usage\n"
		   "4 id=b iso_country=AT data_upload=12\n");
}
END_TEST

START_TEST(data_that_is_not_json_is_refused_by_its_attribute)
{
	CHECK_TOLD(
		READER_NDJSON,
		"{\"id\":\"a\",\"datacontenttype\":\"text/xml\",\"data\":\"<a/>\"}\n"
		"{\"id\":\"b\",\"datacontenttype\":\"application/vnd.usage+json; "
		"charset=utf-8\",\"data\":{\"count\":1}}\n"
		"{\"id\":\"c\",\"datacontenttype\":null,\"data_base64\":\"e30=\"}\n"
		"{\"id\":\"d\",\"datacontenttype\":7}\n",
		"1 bad datacontenttype: datacontenttype must be application/json, or left out\n"
		"2 id=b count=1\n"
		"3 bad data_base64: data_base64 is not understood: data must be a JSON object\n"
		"4 bad datacontenttype: datacontenttype must be application/json, or left out\n");
}
END_TEST

START_TEST(data_alone_are_an_event_without_its_attributes)
{
	CHECK_TOLD(READER_DATA, "{\"category\":\"calls\",\"id\":\"no attribute\",\"count\":2}",
		   "1 category=calls count=2 +{\"id\":\"no attribute\"}\n");
	CHECK_TOLD(READER_DATA, " \r\n", "2\n");
	CHECK_TOLD(READER_DATA, "{} {}", "1 bad malformed JSON at byte 4: unexpected character\n");
	CHECK_TOLD(READER_DATA, "[{}]", "1 bad the data of an event must be a JSON object\n");
	CHECK_TOLD(READER_DATA, "{\"a\":}",
		   "1 bad malformed JSON at byte 6: unexpected character\n");
}
END_TEST

START_TEST(unique_names_of_sim_and_fleet_are_read_in_every_form)
{
	CHECK_TOLD(READER_NDJSON,
		   "{\"id\":\"a\",\"data\":{\"sim\":\"HS1\",\"sim_name\":\"truck "
		   "1\",\"fleet_name\":\"north\"}}\n",
		   "1 id=a sim=HS1 sim_name=truck 1 fleet_name=north\n");
	CHECK_TOLD(READER_JSON, "[{\"id\":\"a\",\"data\":{\"sim_name\":\"truck\"}}]",
		   "1 id=a sim_name=truck\n");
	CHECK_TOLD(READER_DATA, "{\"sim_name\":\"truck\"}", "1 sim_name=truck\n");
	CHECK_TOLD(READER_CSV,
		   "id,source,subject,time,category,sim,sim_name,fleet,fleet_name\na,s,x,t,c,HS1,"
		   "truck,,north\n",
		   "2 source=s id=a subject=x time=t category=c sim=HS1 sim_name=truck "
		   "fleet_name=north\n");
	CHECK_TOLD(READER_TSV,
		   "id\tsource\tsubject\ttime\tcategory\tsim_name\na\ts\tx\tt\tc\ttruck\n",
		   "2 source=s id=a subject=x time=t category=c sim_name=truck\n");
	CHECK_TOLD(READER_NDJSON,
		   "{\"id\":\"a\",\"sim_name\":\"beside the data\",\"data\":{\"sim_name\":7}}\n",
		   "1 bad sim_name: sim_name must be a string, not a JSON int\n");
}
END_TEST

/* ---- attributes in headers ---- */

START_TEST(json_has_many_types)
{
	static const char *const yes[] = { "application/json", "Application/JSON; charset=utf-8",
					   "text/json", "application/vnd.x+json" };
	static const char *const no[] = {
		"", "+json", "json", "application/xml", "application/jsonl", "text/plain; a=b+json"
	};

	for (size_t i = 0; i < 4; i++)
		ck_assert(type_is_json(yes[i], strlen(yes[i])));
	for (size_t i = 0; i < 6; i++)
		ck_assert(!type_is_json(no[i], strlen(no[i])));
}
END_TEST

START_TEST(numbers_keep_every_digit)
{
	CHECK_TOLD(READER_NDJSON,
		   "{\"data\":{\"usage\":0.1234567890123456789,\"price\":1E5,\"count\":"
		   "18446744073709551615}}\n"
		   "{\"data\":{\"usage\":-9223372036854775808,\"price\":1e400,\"count\":"
		   "9223372036854775807}}\n"
		   "{\"data\":{\"usage\":2.50,\"price\":\"000.1\",\"count\":0}}\n",
		   "1 count=18446744073709551615 usage=0.1234567890123456789 price=1E5\n"
		   "2 count=9223372036854775807 usage=-9223372036854775808 price=1e400\n"
		   "3 count=0 usage=2.50 price=000.1\n");
}
END_TEST

START_TEST(a_whole_number_beyond_64_bits_stays_beyond_every_limit)
{
	static const char text[] = "{\"source\":\"s\",\"id\":\"1\",\"subject\":\"A\",\"time\":"
				   "\"2020-01-01T00:00:00Z\","
				   "\"data\":{\"category\":\"calls\",\"usage\":%s}}";
	static const char *const numbers[] = { "18446744073709551616", "-9223372036854775809",
					       "100000000000000000000000000000000000000001" };

	for (size_t i = 0; i < 3; i++) {
		char line[400];
		struct bytes bytes = { .text = line, .step = SIZE_MAX };
		struct reader *r = reader_new(READER_NDJSON, NULL, RECORD_BYTES, read_from, &bytes);
		struct error err = { 0 };
		struct raw_event raw = { 0 };
		struct event ev = { .raw = &raw };

		bytes.len = (size_t)snprintf(line, sizeof(line), text, numbers[i]);
		ck_assert_int_eq(reader_next(r, &raw, &err), READ_EVENT);
		ck_assert_int_eq(event_check(&ev, 1600000000LL * USEC_PER_SEC, 0, &err), -1);
		ck_assert_str_eq(err.param, "usage");
		reader_free(&r);
	}
}
END_TEST

START_TEST(unknown_members_are_attributes_and_null_is_nothing)
{
	CHECK_TOLD(READER_NDJSON,
		   "{\"id\":\"a\",\"category\":\"not "
		   "here\",\"myextension\":{\"x\":[1,2]},\"data\":{\"id\":\"nor "
		   "here\",\"other\":true,\"customer\":null}}",
		   "1 id=a +{\"category\":\"not here\",\"id\":\"nor "
		   "here\",\"myextension\":{\"x\":[1,2]},\"other\":true}\n");
}
END_TEST

START_TEST(a_member_of_the_wrong_type_is_named)
{
	CHECK_TOLD(READER_NDJSON,
		   "{\"id\":17}\n{\"data\":{\"usage\":{}}}\n{\"data\":{\"count\":true}}\n{\"data\":"
		   "[]}\n{\"data\":\"text\"}\n",
		   "1 bad id: id must be a string, not a JSON int\n"
		   "2 bad usage: usage must be a number or a string, not a JSON object\n"
		   "3 bad count: count must be a number or a string, not a JSON boolean\n"
		   "4 bad data: data must be a JSON object, not a JSON array\n"
		   "5 bad data: data must be a JSON object, not a JSON string\n");
}
END_TEST

START_TEST(a_malformed_line_spoils_no_other)
{
	CHECK_TOLD(READER_NDJSON,
		   "{\"id\":\"a\"\n{'id':'b'}\nnull\n{\"id\":\"c\"} "
		   "x\n{\"id\":\"d\",}\n{\"id\":\"\xff\"}\n{\"id\":\"e\0\"}\n{\"id\":\"f\"}\n",
		   "1 bad malformed JSON: it ends too early\n"
		   "2 bad malformed JSON at byte 7: unexpected character\n"
		   "3 bad an event must be a JSON object\n"
		   "4 bad malformed JSON at byte 12: unexpected character\n"
		   "5 bad malformed JSON at byte 11: unexpected character\n"
		   "6 id=\xff\n"
		   "7 bad malformed JSON: it has a NUL byte\n"
		   "8 id=f\n");
}
END_TEST

START_TEST(half_a_character_is_none)
{
	CHECK_TOLD(READER_NDJSON,
		   "{\"id\":\"\\ud83d\\uDE00\"}\n{\"id\":\"\\\\ud83d\"}\n{\"id\":\"\\ud83d\"}\n{"
		   "\"id\":\"\\ude00\"}\n{\"id\":\"\\uD83Dx\"}\n"
		   "{\"id\":\"\\ud83d\\ud83d\\ude00\"}\n{\"id\":\"\\ud83d\\n\"}\n{\"id\":"
		   "\"\\ud7ff\\ue000\"}\n",
		   "1 id=\xF0\x9F\x98\x80\n"
		   "2 id=\\ud83d\n"
		   "3 bad id: malformed JSON: \\uD800 to \\uDFFF must come in pairs\n"
		   "4 bad id: malformed JSON: \\uD800 to \\uDFFF must come in pairs\n"
		   "5 bad id: malformed JSON: \\uD800 to \\uDFFF must come in pairs\n"
		   "6 bad id: malformed JSON: \\uD800 to \\uDFFF must come in pairs\n"
		   "7 bad id: malformed JSON: \\uD800 to \\uDFFF must come in pairs\n"
		   "8 id=\xED\x9F\xBF\xEE\x80\x80\n");
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
	char line[2000] = "{\"x\":";

	memset(line + 5, '[', 1000);
	ck_assert_str_eq(told(READER_NDJSON, NULL, line, strlen(line), SIZE_MAX),
			 "1 bad malformed JSON: it is nested deeper than 16\n");
}
END_TEST

/* An event whose attribute has N objects and arrays in all, one without end. */
static char *with_objects(int n, bool ends)
{
	struct strbuf sb;

	strbuf_init(&sb, 1 << 20);
	/* brackets in a text are none */
	strbuf_add(&sb, "{\"id\":\"a[{\\\"[\",\"x\":[");
	for (int i = 0; i < n - 2; i++)
		strbuf_add(&sb, i % 2 ? "{}," : "[],");
	strbuf_add(&sb, ends ? "1]}" : "");
	return sb.text;
}

/* Each takes a hundred times as much memory as bytes. */
START_TEST(very_many_objects_and_arrays_are_refused_before_they_take_memory)
{
	static const struct {
		int n;
		bool ends;
		const char *told;
	} rows[] = {
		{ JSON_RECORD_OBJECTS, true, "1 id=a[{\"[\n" },
		{ JSON_RECORD_OBJECTS + 1, true, "1 bad has more than 10000 objects and arrays\n" },
		{ 20000, true, "1 bad has more than 10000 objects and arrays\n" },
		{ 20000, false, "1 bad has more than 10000 objects and arrays\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *text = with_objects(rows[i].n, rows[i].ends);

		ROW("%d", rows[i].n);
		ck_assert_str_eq(told(READER_NDJSON, NULL, text, strlen(text), SIZE_MAX),
				 rows[i].told);
		free(text);
	}
}
END_TEST

START_TEST(an_array_is_read_event_by_event_with_their_lines)
{
	CHECK_TOLD(READER_JSON,
		   " [ {\"id\":\"a\"},\n {\"id\":\n\"b]},{\"} ,{\"id\":\"c\\\"\"}\n]\n ",
		   "1 id=a\n2 id=b]},{\n3 id=c\"\n");
	CHECK_TOLD(READER_JSON, "\xEF\xBB\xBF{\n \"id\":\"a\",\n\"data\":{\"usage\":1.50}}\n",
		   "1 id=a usage=1.50\n");
	CHECK_TOLD(READER_JSON, "[]", "");
}
END_TEST

START_TEST(a_bad_event_of_an_array_spoils_no_other)
{
	CHECK_TOLD(READER_JSON, "[{\"id\":1},17,{\"id\":\"b\" \"c\"},{\"id\":\"d\"}]",
		   "1 bad id: id must be a string, not a JSON int\n"
		   "1 bad an event must be a JSON object\n"
		   "1 bad malformed JSON at byte 11: object value separator ',' expected\n"
		   "1 id=d\n");
}
END_TEST

START_TEST(a_broken_array_is_not_taken_for_a_whole_one)
{
	CHECK_TOLD(READER_JSON, "[{\"id\":\"a\"}\n",
		   "1 id=a\n2 failed malformed JSON: the array isn't closed (line 2)\n");
	CHECK_TOLD(READER_JSON, "[{\"id\":\"a\"},",
		   "1 id=a\n1 failed malformed JSON: the array isn't closed (line 1)\n");
	CHECK_TOLD(READER_JSON, "[{\"id\":\"a\"},]",
		   "1 id=a\n1 failed malformed JSON: a comma has no event behind it (line 1)\n");
	CHECK_TOLD(READER_JSON, "[,{\"id\":\"a\"}]",
		   "1 id=a\n1 failed malformed JSON: a comma has no event before it (line 1)\n");
	CHECK_TOLD(READER_JSON, "[{\"id\":\"a\"}\n{\"id\":\"b\"}]",
		   "1 id=a\n2 id=b\n2 failed malformed JSON: a comma is missing between two events "
		   "(line 2)\n");
	CHECK_TOLD(READER_JSON, "{\"id\":\"a\"},{\"id\":\"b\"}",
		   "1 id=a\n1 id=b\n1 failed malformed JSON: a comma stands outside of an array "
		   "(line 1)\n");
	CHECK_TOLD(READER_JSON, "[{\"id\":\"a\"}}\n ]",
		   "1 id=a\n1 bad an event must be a JSON object\n");
	CHECK_TOLD(READER_JSON, "",
		   "1 failed there is nothing in it: an event, or an array of events, must begin "
		   "with { or [\n");
	CHECK_TOLD(READER_JSON, "12", "1 bad an event must be a JSON object\n");
}
END_TEST

/* BEFORE, N times 'x', AFTER */
static char *stuffed(const char *before, size_t n, const char *after, size_t *ret_len)
{
	char *text = malloc(strlen(before) + n + strlen(after) + 1);

	ck_assert_ptr_nonnull(text);
	memcpy(text, before, strlen(before));
	memset(text + strlen(before), 'x', n);
	memcpy(text + strlen(before) + n, after, strlen(after) + 1);
	*ret_len = strlen(text);
	return text;
}

START_TEST(a_record_that_is_too_long_is_passed_over)
{
	static const struct {
		enum reader_form form;
		const char *before, *after, *want;
	} cases[] = {
		{ READER_NDJSON, "{\"id\":\"", "\"}\n{\"id\":\"b\"}\n",
		  "1 bad the record is longer than 65536 bytes (ingest.record_bytes)\n2 id=b\n" },
		{ READER_JSON, "[{\"id\":\"", "\"},\n{\"id\":\"b\"}]",
		  "1 bad the event is longer than 65536 bytes (ingest.record_bytes)\n2 id=b\n" },
		{ READER_JSON, "{\"id\":\"", "\"}",
		  "1 bad the event is longer than 65536 bytes (ingest.record_bytes)\n" },
		{ READER_CSV, "source,id,subject,time,category\na,", ",c,d,e\na,b,c,d,e\n",
		  "2 bad the record is longer than 65536 bytes (ingest.record_bytes)\n3 source=a "
		  "id=b subject=c time=d category=e\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ROW("%s", cases[i].before);
		for (size_t n = 65530; n < 300000; n += 117235) {
			size_t len;
			char *text = stuffed(cases[i].before, n, cases[i].after, &len);

			ck_assert_str_eq(told(cases[i].form, NULL, text, len, SIZE_MAX),
					 cases[i].want);
			ck_assert_str_eq(told(cases[i].form, NULL, text, len, 4099), cases[i].want);
			free(text);
		}
	}
}
END_TEST

START_TEST(the_longest_record_allowed_is_read)
{
	size_t len;
	char *text = stuffed("{\"x\":\"", RECORD_BYTES - 17, "\",\"id\":\"a\"}", &len);

	ck_assert_uint_eq(len, RECORD_BYTES);
	ck_assert_str_eq(told(READER_NDJSON, NULL, text, len, SIZE_MAX), "1 id=a\n");
	ck_assert_str_eq(told(READER_JSON, NULL, text, len, 1000), "1 id=a\n");
	free(text);
}
END_TEST

START_TEST(a_stream_that_breaks_is_a_failure)
{
	struct bytes bytes = {
		.text = "{\"id\":\"a\"}\n{\"id\"", .len = 16, .step = 8, .fail_at = 16
	};
	struct reader *r = reader_new(READER_NDJSON, NULL, RECORD_BYTES, read_from, &bytes);
	struct error err = { 0 };
	struct raw_event ev;

	ck_assert_int_eq(reader_next(r, &ev, &err), READ_EVENT);
	ck_assert_int_eq(reader_next(r, &ev, &err), READ_FAILED);
	ck_assert_str_eq(err.message, "the disk is gone");
	reader_free(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reader_json");
	TCase *tc = tcase_create("reader_json");

	tcase_add_test(tc, an_event_a_line_is_read_with_its_attributes_and_data);
	tcase_add_test(tc, data_that_is_not_json_is_refused_by_its_attribute);
	tcase_add_test(tc, data_alone_are_an_event_without_its_attributes);
	tcase_add_test(tc, unique_names_of_sim_and_fleet_are_read_in_every_form);
	tcase_add_test(tc, json_has_many_types);
	tcase_add_test(tc, numbers_keep_every_digit);
	tcase_add_test(tc, a_whole_number_beyond_64_bits_stays_beyond_every_limit);
	tcase_add_test(tc, unknown_members_are_attributes_and_null_is_nothing);
	tcase_add_test(tc, a_member_of_the_wrong_type_is_named);
	tcase_add_test(tc, a_malformed_line_spoils_no_other);
	tcase_add_test(tc, half_a_character_is_none);
	tcase_add_test(tc, deep_nesting_is_refused);
	tcase_add_test(tc, very_many_objects_and_arrays_are_refused_before_they_take_memory);
	tcase_add_test(tc, an_array_is_read_event_by_event_with_their_lines);
	tcase_add_test(tc, a_bad_event_of_an_array_spoils_no_other);
	tcase_add_test(tc, a_broken_array_is_not_taken_for_a_whole_one);
	tcase_add_test(tc, a_record_that_is_too_long_is_passed_over);
	tcase_add_test(tc, the_longest_record_allowed_is_read);
	tcase_add_test(tc, a_stream_that_breaks_is_a_failure);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
