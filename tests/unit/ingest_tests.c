#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <zlib.h>
#include <zstd.h>

#include "base/civil.h"
#include "ingest/attributes.h"
#include "ingest/event_out.h"
#include "ingest/read_ahead.h"
#include "mapping/mapping.h"
#include "base/compress.h"
#include "ingest/reader.h"
#include "mapping/table.h"
#include "mapping/expr.h"
#include "base/decompress.h"
#include "suite.h"
#include "base/banned.h"

#define RECORD_BYTES 65536 /* of the longest record */

/* ---- a stream out of memory, STEP bytes a read ---- */

struct bytes {
	const char *text;
	size_t len, at, step;
	size_t fail_at; /* reading beyond fails; 0 = never */
};

static int64_t read_from(void *arg, void *buf, size_t size, struct error *err)
{
	struct bytes *b = arg;
	size_t n = b->len - b->at;

	if (b->fail_at && b->at >= b->fail_at)
		return error_set(err, ERR_INTERNAL, NULL, "the disk is gone");
	if (n > b->step)
		n = b->step;
	if (n > size)
		n = size;
	memcpy(buf, b->text + b->at, n);
	b->at += n;
	return (int64_t)n;
}

/*
 * What a reader says, a line a record: "3 event id=a usage=1" or "4 bad the
 * message".
 */
static char *told(enum reader_form form, struct mapping *m, const char *text, size_t len,
		  size_t step)
{
	static char out[1 << 18];
	struct bytes bytes = { .text = text, .len = len, .step = step };
	struct reader *r = reader_new(form, m, RECORD_BYTES, read_from, &bytes);
	enum read_result got = READ_EVENT;
	size_t at = 0;

	out[0] = '\0';
	while (got != READ_END && got != READ_FAILED) {
		struct raw_event ev;
		struct error err = { 0 };
		size_t text_len;

		got = reader_next(r, &ev, &err);
		if (got == READ_END)
			break;
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%ld", (long)reader_line(r));
		if (got == READ_SKIPPED)
			at += (size_t)snprintf(out + at, sizeof(out) - at, " skipped");
		if (got == READ_BAD || got == READ_FAILED)
			at += (size_t)snprintf(out + at, sizeof(out) - at, " %s %s%s%s",
					       got == READ_BAD ? "bad" : "failed", err.param,
					       err.param[0] ? ": " : "", err.message);
		for (int f = 0; got == READ_EVENT && f < EVENT_FIELDS; f++)
			if (ev.field[f].text)
				at += (size_t)snprintf(out + at, sizeof(out) - at, " %s=%.*s",
						       event_fields[f].name, (int)ev.field[f].len,
						       ev.field[f].text);
		if (got == READ_EVENT && ev.attributes.text)
			at += (size_t)snprintf(out + at, sizeof(out) - at, " +%.*s",
					       (int)ev.attributes.len, ev.attributes.text);
		at += (size_t)snprintf(out + at, sizeof(out) - at, "\n");
		ck_assert_uint_lt(at, sizeof(out) - 4096);
		reader_text(r, &text_len);
		ck_assert_uint_le(text_len, RECORD_BYTES + 1);
	}
	reader_free(&r);
	return out;
}

/* The same whether bytes come at once or one by one. */
static void check_told(enum reader_form form, struct mapping *m, const char *text, size_t len,
		       const char *want)
{
	ck_assert_str_eq(told(form, m, text, len, SIZE_MAX), want);
	ck_assert_str_eq(told(form, m, text, len, 1), want);
	ck_assert_str_eq(told(form, m, text, len, 7), want);
}

#define CHECK_TOLD(form, text, want) check_told(form, NULL, text, sizeof(text) - 1, want)

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

START_TEST(headers_are_unquoted_and_decoded_once)
{
	static const struct event_header headers[] = { { "id",
							 "Euro %E2%82%AC %F0%9F%98%80 100%2525" },
						       { "source", "\"/a \\\"b\\\" %20c\"" },
						       { "subject", "\"" },
						       { "category", "calls" } };
	struct arena arena;
	struct raw_event ev = { 0 };
	struct error err = { 0 };

	arena_init(&arena);
	ck_assert(attributes_present(headers, 4));
	ck_assert_int_eq(attributes_read(headers, 4, &arena, &ev, &err), 0);
	ck_assert_mem_eq(ev.field[EV_ID].text, "Euro \xE2\x82\xAC \xF0\x9F\x98\x80 100%25",
			 ev.field[EV_ID].len);
	ck_assert_uint_eq(ev.field[EV_ID].len, 20);
	ck_assert_mem_eq(ev.field[EV_SOURCE].text, "/a \"b\"  c", ev.field[EV_SOURCE].len);
	ck_assert_uint_eq(ev.field[EV_SOURCE].len, 9);
	ck_assert_uint_eq(ev.field[EV_SUBJECT].len, 1);
	/* data are no headers: it is an extension */
	ck_assert_ptr_null(ev.field[EV_CATEGORY].text);
	ck_assert_ptr_null(ev.field[EV_TIME].text);
	arena_release(&arena);
}
END_TEST

START_TEST(a_percent_sign_that_says_nothing_is_named_with_its_header)
{
	static const char *const broken[] = { "50%", "50%x", "50%4", "%%41", "%4g" };
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		const struct event_header headers[] = { { "source", broken[i] },
							{ "type", "usage" } };
		struct raw_event ev = { 0 };
		struct error err = { 0 };

		ck_assert_int_eq(attributes_read(headers, 2, &arena, &ev, &err), -1);
		ck_assert_int_eq(err.kind, ERR_PARAM);
		ck_assert_str_eq(err.param, "source");
		ck_assert_ptr_null(ev.field[EV_SOURCE].text);
		ck_assert_uint_eq(ev.field[EV_TYPE].len, 5);
	}
	ck_assert(!attributes_present(NULL, 0));
	arena_release(&arena);
}
END_TEST

START_TEST(headers_of_extensions_are_kept_behind_the_data)
{
	static const struct event_header headers[] = { { "id", "a" },
						       { "traceparent", "00-%22ab%22" },
						       { "myext", "\"caf%C3%A9\"" },
						       { "tariff", "theirs" },
						       { "datacontenttype", "x" },
						       { "data", "x" },
						       { "data_base64", "x" },
						       { "bad", "%FF" } };
	static const char want[] = "{\"bad\":\"\xEF\xBF\xBD\",\"myext\":\"caf\xC3\xA9\",\"tariff\":"
				   "7,\"traceparent\":\"00-\\\"ab\\\"\"}";
	struct raw_event ev = { .attributes = { .text = "{\"tariff\":7}", .len = 12 } };
	struct error err = { 0 };
	struct arena arena;

	arena_init(&arena);
	ck_assert(!attributes_present(headers + 1, 6));
	ck_assert_int_eq(attributes_read(headers, 8, &arena, &ev, &err), 0);
	ck_assert_uint_eq(ev.attributes.len, strlen(want));
	ck_assert_mem_eq(ev.attributes.text, want, ev.attributes.len);
	arena_release(&arena);
}
END_TEST

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
		struct event ev;

		bytes.len = (size_t)snprintf(line, sizeof(line), text, numbers[i]);
		ck_assert_int_eq(reader_next(r, &ev.raw, &err), READ_EVENT);
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

/* ---- CSV ---- */

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

/* ---- templates ---- */

static const char *row_names[] = { "n", "Text", "empty", "two words" };

/* What TEMPLATE makes of a row, or the error's message. */
static const char *filled(const char *template, const char *n)
{
	static char result[400];
	const char *cells[] = { n, "MiXed", "", "w" };
	const size_t lens[] = { strlen(n), 5, 0, 1 };
	const struct time_form rfc3339 = { 0 };
	const struct record_cells row = { cells, lens, 4, 12, 10, false, &rfc3339 };
	struct record_columns columns = { row_names, 4, 4 };
	struct table *tables = NULL;
	struct expr t = { 0 };
	struct error err = { 0 };
	struct arena arena;
	struct strbuf out;

	arena_init(&arena);
	strbuf_init(&out, 1000);
	if (expr_compile(template, &arena, &tables, &t, &err) < 0 ||
	    expr_bind(&t, &columns, &err) < 0 || expr_apply(&t, &row, &out, &err) < 0)
		snprintf(result, sizeof(result), "%s", err.message);
	else
		snprintf(result, sizeof(result), "%s", out.text);
	strbuf_release(&out);
	arena_release(&arena);
	return result;
}

START_TEST(templates_join_texts_columns_and_positions)
{
	ck_assert_str_eq(filled("call-{n}/{ two words }{empty}-{line}-{row}", "7"),
			 "call-7/w-12-10");
	ck_assert_str_eq(filled("", "7"), "");
	ck_assert_str_eq(filled("{Text|lower}{Text|upper}{Text}", ""), "mixedMIXEDMiXed");
	ck_assert_str_eq(filled("{row|mod 4}{line|add 1|mul 2}", ""), "226");
}
END_TEST

START_TEST(filters_are_exact)
{
	ck_assert_str_eq(filled("{n|mul 0.005}", "44"), "0.22");
	ck_assert_str_eq(filled("{n|mul 0.000000001}", "9223372036854775807"),
			 "9223372036.854775807");
	ck_assert_str_eq(filled("{n|add 0.2}", "0.1"), "0.3");
	ck_assert_str_eq(filled("{n|add -3}", "1"), "-2");
	ck_assert_str_eq(filled("{n|div 8}", "1"), "0.125");
	ck_assert_str_eq(filled("{n|div 0.001}", "1.5"), "1500");
	ck_assert_str_eq(filled("{n|div 3}", "9"), "3");
	ck_assert_str_eq(filled("{n|mod 8}", "-1"), "7");
	ck_assert_str_eq(filled("{n|mod 0.5}", "1.7"), "0.2");
	ck_assert_str_eq(filled("{n|ceil 60}", "0"), "0");
	ck_assert_str_eq(filled("{n|ceil 60}", "1"), "1");
	ck_assert_str_eq(filled("{n|ceil 60}", "60"), "1");
	ck_assert_str_eq(filled("{n|ceil 60}", "60.000001"), "2");
	ck_assert_str_eq(filled("{n|ceil 60}", "-61"), "-1");
	ck_assert_str_eq(filled("{n|ceil 60|mul 0.02}", "121"), "0.06");
	ck_assert_str_eq(filled("{n|upper}", "1e3"), "1E3");
}
END_TEST

START_TEST(numbers_can_be_rounded_and_bounded)
{
	ck_assert_str_eq(filled("{n|div 60 to 3}", "7"), "0.117");
	ck_assert_str_eq(filled("{n|div 60 to 0}", "30"), "1");
	ck_assert_str_eq(filled("{n|div 60 to 0}", "29.999999999"), "0");
	ck_assert_str_eq(filled("{n|div 60 to 0}", "-30"), "-1");
	ck_assert_str_eq(filled("{n|div -7 to 2}", "1"), "-0.14");
	ck_assert_str_eq(filled("{n|div 3 to 0}", "9223372036854775807"), "3074457345618258602");
	ck_assert_str_eq(filled("{n|div 1 to 2}", "0.123456"), "0.12");
	ck_assert_str_eq(filled("{n|round 2}", "1.005"), "1.01");
	ck_assert_str_eq(filled("{n|round 2}", "-1.005"), "-1.01");
	ck_assert_str_eq(filled("{n|round 2}", "1.00499"), "1");
	ck_assert_str_eq(filled("{n|round 9}", "12"), "12");
	ck_assert_str_eq(filled("{n|floor 60}", "119.9"), "1");
	ck_assert_str_eq(filled("{n|floor 60}", "-1"), "-1");
	ck_assert_str_eq(filled("{n|atleast 30}", "7"), "30");
	ck_assert_str_eq(filled("{n|atleast 30}", "31.5"), "31.5");
	ck_assert_str_eq(filled("{n|atmost 3600}", "99999"), "3600");
	ck_assert_str_eq(filled("{n|atmost 3600}", "3599"), "3599");
}
END_TEST

START_TEST(texts_can_be_cut_and_replaced)
{
	ck_assert_str_eq(filled("<{n|trim}>", " \ta b "), "<a b>");
	ck_assert_str_eq(filled("<{n|trim}>", "  "), "<>");
	ck_assert_str_eq(filled("<{n|trim|or none}>", ""), "<none>");
	ck_assert_str_eq(filled("{n|or none}", "some"), "some");
	ck_assert_str_eq(filled("{n|after sip:|before @}", "sip:4711@example.com"), "4711");
	ck_assert_str_eq(filled("{n|after sip:|before @}", "4712"), "4712");
	ck_assert_str_eq(filled("{n|before @}", "@"), "");
	ck_assert_str_eq(filled("{n|urldecode}", "a%20b%2Fc%c3%A4%zz%4"), "a b/c\xC3\xA4%zz%4");
	ck_assert_str_eq(filled("{n|urldecode}", ""), "");
	ck_assert_str_eq(filled("{n|after x|add 1}", "x41"), "42");
}
END_TEST

START_TEST(what_has_no_exact_result_is_an_error)
{
	ck_assert_str_eq(filled("{n|div 3}", "1"), "the filter div has no exact result for this n");
	ck_assert_str_eq(filled("{n|mul 10}", "9223372036854775807"),
			 "the filter mul has no exact result for this n, of at most 64 bits and 18 "
			 "decimal places");
	ck_assert_str_eq(filled("{n|mul 0.1|mul 0.1}", "0.00000000000000001"),
			 "the filter mul has no exact result for this n, of at most 64 bits and 18 "
			 "decimal places");
	ck_assert_str_eq(filled("{n|add 1}", "9223372036854775807"),
			 "the filter add has no exact result for this n, of at most 64 bits and 18 "
			 "decimal places");
	ck_assert_str_eq(filled("{n|ceil 0.000000000000000001}", "9223372036854775807"),
			 "the filter ceil has no exact result for this n, of at most 64 bits and "
			 "18 decimal places");
	ck_assert_str_eq(filled("{n|div 0.000000000000000001}", "9223372036854775807"),
			 "the filter div has no exact result for this n");
	ck_assert_str_eq(filled("{n|add 1}", "x"), "n must be a number for the filter add");
	ck_assert_str_eq(filled("{empty|add 1}", ""), "empty must be a number for the filter add");
}
END_TEST

START_TEST(templates_that_make_no_sense_are_refused)
{
	ck_assert_str_eq(filled("{n", ""), "braces must come in pairs around a column's name");
	ck_assert_str_eq(filled("n}", ""), "braces must come in pairs around a column's name");
	ck_assert_str_eq(filled("{{n}}", ""), "braces must come in pairs around a column's name");
	ck_assert_str_eq(filled("{}", ""), "{} must name a column");
	ck_assert_str_eq(filled("{who}", ""), "there is no column who");
	ck_assert_str_eq(filled("{n|sum 2}", ""), "there is no filter \"sum\"; there are add, "
						  "after, atleast, atmost, before, ceil, div, "
						  "floor, lower, mod, mul, or, round, seconds, "
						  "sub, table, trim, upper and urldecode");
	ck_assert_str_eq(filled("{n|ceil}", ""),
			 "the filter ceil needs a number, as in {n|ceil 60}");
	ck_assert_str_eq(filled("{n|mod 0.0}", ""), "the filter mod can't divide by 0");
	ck_assert_str_eq(filled("{n|lower 3}", ""), "the filter lower stands alone");
	ck_assert_str_eq(filled("{n|round}", ""),
			 "the filter round needs a number, as in {n|round 2}");
	ck_assert_str_eq(filled("{n|round 10}", ""),
			 "the filter round needs a number, as in {n|round 2}");
	ck_assert_str_eq(filled("{n|div 60 to ten}", ""),
			 "the filter div rounds to 0 to 9 places, as in {n|div 60 to 2}");
	ck_assert_str_eq(filled("{n|mod 60 to 2}", ""),
			 "the filter mod needs a number, as in {n|mod 60}");
	ck_assert_str_eq(filled("{n|or}", ""), "the filter or needs a text, as in {n|or x}");
	ck_assert_str_eq(filled("{n|add 1|add 1|add 1|add 1|add 1|add 1|add 1|add 1|add 1}", ""),
			 "{n} has more than 8 filters");
}
END_TEST

/* ---- mappings ---- */

static const char *mapping_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "ingest_tests.%ld.ini", (long)getpid());
	return path;
}

static struct mapping *load(const char *text, struct error *err)
{
	FILE *f = fopen(mapping_path(), "w");
	struct mapping *m = NULL;

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	mapping_load(mapping_path(), &m, err);
	unlink(mapping_path());
	return m;
}

/* The error of a mapping after its file's name, or "". */
static const char *refused(const char *text)
{
	static struct error err;
	struct mapping *m;

	error_clear(&err);
	m = load(text, &err);
	ck_assert_int_eq(m == NULL, err.kind != ERR_NONE);
	mapping_free(&m);
	return err.kind ? err.message + strlen(mapping_path()) : "";
}

static void check_mapped(const char *mapping, const char *text, size_t len, const char *want)
{
	struct error err = { 0 };
	struct mapping *m = load(mapping, &err);

	ck_assert_msg(m != NULL, "%s", err.message);
	check_told(READER_CSV, m, text, len, want);
	mapping_free(&m);
}

#define CHECK_MAPPED(mapping, text, want) check_mapped(mapping, text, sizeof(text) - 1, want)

#define EVENT "[event]\nsource = s\nid = {a}\naccount = {b|lower}\ncategory = calls\n"

START_TEST(a_mapping_turns_rows_into_events)
{
	CHECK_MAPPED(
		"[file]\nheader = yes\n" EVENT "time = {t}\nusage = {a|ceil 60}\ncustomer = {c}\n",
		"a,b,c,t\n61,HQ,,2020-01-01T00:00:00Z\n60,\"x,\"\"y\",z,T\n",
		"2 source=s id=61 subject=hq time=2020-01-01T00:00:00Z category=calls usage=2\n"
		"3 source=s id=60 subject=x,\"y time=T category=calls usage=1 customer=z\n");
}
END_TEST

START_TEST(columns_may_stand_in_the_mapping_over_several_lines)
{
	CHECK_MAPPED(
		"[file]\nheader = no\ndelimiter = semicolon\ncolumns = a, b\n\tt, two words\n" EVENT
		"time = {t}\nprice = {two words}\n",
		"1;B;T;9\n2;C\n3;D;T;8",
		"1 source=s id=1 subject=b time=T category=calls price=9\n"
		"2 bad the row has 2 columns where 4 are expected\n"
		"3 source=s id=3 subject=d time=T category=calls price=8\n");
}
END_TEST

START_TEST(rows_are_chosen_by_their_columns)
{
	CHECK_MAPPED(
		"[file]\nheader = yes\n[rows]\nonly = b = X\nonly = b = Y\nskip = t = 0\n" EVENT
		"time = {row}\n",
		"a,b,t\n1,X,1\n2,Z,1\n3,Y,1\n4,Y,0\n5,X,\n",
		"2 source=s id=1 subject=x time=0 category=calls\n"
		"3 skipped\n"
		"4 source=s id=3 subject=y time=2 category=calls\n"
		"5 skipped\n"
		"6 source=s id=5 subject=x time=4 category=calls\n");
}
END_TEST

START_TEST(times_of_a_format_become_ours)
{
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT "time = {t}\ntime_format = %Y-%m-%d %H:%M:%S\n",
		     "a,b,t\n1,x,2023-11-16 18:15:46.6805900\n2,x,2023-11-16 "
		     "18:15:46\n3,x,2023-02-29 00:00:00\n4,x,2023-11-16T18:15:46\n"
		     "5,x,2023-11-16 18:15:46 \n6,x,2023-11-16 24:00:00\n7,x,\n",
		     "2 source=s id=1 subject=x time=2023-11-16T18:15:46.680590Z category=calls\n"
		     "3 source=s id=2 subject=x time=2023-11-16T18:15:46Z category=calls\n"
		     "4 bad time: time must have the form %Y-%m-%d %H:%M:%S\n"
		     "5 bad time: time must have the form %Y-%m-%d %H:%M:%S\n"
		     "6 bad time: time must have the form %Y-%m-%d %H:%M:%S\n"
		     "7 bad time: time must have the form %Y-%m-%d %H:%M:%S\n"
		     "8 bad time: time must have the form %Y-%m-%d %H:%M:%S\n");
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = %d/%m/%Y:%H:%M:%S %z\n",
		     "a,b,t\n1,x,17/05/2015:10:05:03 +0545\n2,x,17/05/2015:10:05:03 "
		     "-01:00\n3,x,17/05/2015:10:05:03 Z\n4,x,17/05/2015:10:05:03 +9\n",
		     "2 source=s id=1 subject=x time=2015-05-17T04:20:03Z category=calls\n"
		     "3 source=s id=2 subject=x time=2015-05-17T11:05:03Z category=calls\n"
		     "4 source=s id=3 subject=x time=2015-05-17T10:05:03Z category=calls\n"
		     "5 bad time: time must have the form %d/%m/%Y:%H:%M:%S %z\n");
}
END_TEST

START_TEST(times_are_read_as_others_write_them)
{
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = %e %b %y, %I:%M:%S %p 100%%\n",
		     "a,b,t\n1,x,\" 1 Feb 14, 12:05:03 AM 100%\"\n2,x,\"31 december 69, 3:05:03,25 "
		     "pm 100%\"\n3,x,\"1 Foo 14, 12:05:03 AM 100%\"\n"
		     "4,x,\"1 Feb 14, 13:05:03 AM 100%\"\n5,x,\"1 Feb 4, 1:05:03 AM 100%\"\n",
		     "2 source=s id=1 subject=x time=2014-02-01T00:05:03Z category=calls\n"
		     "3 source=s id=2 subject=x time=1969-12-31T15:05:03.250000Z category=calls\n"
		     "4 bad time: time must have the form %e %b %y, %I:%M:%S %p 100%%\n"
		     "5 bad time: time must have the form %e %b %y, %I:%M:%S %p 100%%\n"
		     "6 bad time: time must have the form %e %b %y, %I:%M:%S %p 100%%\n");
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT "time = {t}\ntime_format = %Y-%m-%d %H:%M:%S\n",
		     "a,b,t\n1,x,2016-12-31 23:59:60\n",
		     "2 source=s id=1 subject=x time=2016-12-31T23:59:59.999999Z category=calls\n");
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT "time = {t}\ntime_format = %m/%d/%Y %H:%M\n",
		     "a,b,t\n1,x,2/1/2014 7:05\n2,x,02/01/2014 07:05\n",
		     "2 source=s id=1 subject=x time=2014-02-01T07:05:00Z category=calls\n"
		     "3 source=s id=2 subject=x time=2014-02-01T07:05:00Z category=calls\n");
}
END_TEST

START_TEST(local_times_of_a_zone_become_utc)
{
	/*
	 * Vienna puts clocks forward on 2026-03-29 at 2:00, and back on
	 * 2026-10-25 at 3:00
	 */
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = %Y-%m-%d %H:%M:%S\ntime_zone = Europe/Vienna\n",
		     "a,b,t\n1,x,2026-01-01 00:30:00\n2,x,2026-07-01 00:30:00\n3,x,2026-03-29 "
		     "01:59:59\n4,x,2026-03-29 02:30:00\n"
		     "5,x,2026-03-29 03:00:00\n6,x,2026-10-25 01:59:59\n7,x,2026-10-25 "
		     "02:00:00\n8,x,2026-10-25 02:59:59.5\n9,x,2026-10-25 03:00:00\n",
		     "2 source=s id=1 subject=x time=2025-12-31T23:30:00Z category=calls\n"
		     "3 source=s id=2 subject=x time=2026-06-30T22:30:00Z category=calls\n"
		     "4 source=s id=3 subject=x time=2026-03-29T00:59:59Z category=calls\n"
		     "5 source=s id=4 subject=x time=2026-03-29T01:30:00Z category=calls\n"
		     "6 source=s id=5 subject=x time=2026-03-29T01:00:00Z category=calls\n"
		     "7 source=s id=6 subject=x time=2026-10-24T23:59:59Z category=calls\n"
		     "8 source=s id=7 subject=x time=2026-10-25T00:00:00Z category=calls\n"
		     "9 source=s id=8 subject=x time=2026-10-25T00:59:59.500000Z category=calls\n"
		     "10 source=s id=9 subject=x time=2026-10-25T02:00:00Z category=calls\n");
}
END_TEST

START_TEST(rules_are_texts_patterns_and_ranges)
{
	CHECK_MAPPED("[file]\nheader = yes\n[rows]\nskip = a = ..0\nskip = b = \\*?\n"
		     "[event]\nsource = s\nid = {a}\naccount = x\ntime = T\ncategory = other\n"
		     "[category]\nlong = a = 60.5..1e2\nvery-long = a = 100..\nfree = b = "
		     "0800*\n\tb = *-free-*\nshort = b = ???\n",
		     "a,b\n0,1\n-3,1\n60,1\n60.50,1\n100,0800\n100.1,0800\n1,0800\n2,x-free-free-"
		     "\n3,x-free\n4,\xC3\xA4\xC3\xB6\xC3\xBC\n5,\n"
		     "6,*x\n7,*xy\nnone,1\n",
		     "2 skipped\n3 skipped\n"
		     "4 source=s id=60 subject=x time=T category=other\n"
		     "5 source=s id=60.50 subject=x time=T category=long\n"
		     "6 source=s id=100 subject=x time=T category=long\n"
		     "7 source=s id=100.1 subject=x time=T category=very-long\n"
		     "8 source=s id=1 subject=x time=T category=free\n"
		     "9 source=s id=2 subject=x time=T category=free\n"
		     "10 source=s id=3 subject=x time=T category=other\n"
		     "11 source=s id=4 subject=x time=T category=short\n"
		     "12 source=s id=5 subject=x time=T category=other\n"
		     "13 skipped\n"
		     "14 source=s id=7 subject=x time=T category=short\n"
		     "15 source=s id=none subject=x time=T category=other\n");
	CHECK_MAPPED("[file]\nheader = yes\n[event]\nsource = s\nid = {a}\naccount = x\ntime = "
		     "T\n[category]\ncalls = a = 1\n",
		     "a\n1\n2\n",
		     "2 source=s id=1 subject=x time=T category=calls\n"
		     "3 bad category: no rule of [category] fits, and [event] has no category\n");
}
END_TEST

START_TEST(tables_turn_texts_into_others)
{
	CHECK_MAPPED("[file]\nheader = yes\n[table accounts]\nHead Office = "
		     "hq\n\thq-annex\nProduction = 17..19\nVienna = 431*\n"
		     "Sales = 4311\n[event]\nsource = s\nid = {a}\naccount = {b|table "
		     "accounts}\ntime = T\ncategory = c\n",
		     "a,b\n1,hq\n2,hq-annex\n3,18\n4,43123\n5,4311\n6,HQ\n",
		     "2 source=s id=1 subject=Head Office time=T category=c\n"
		     "3 source=s id=2 subject=Head Office time=T category=c\n"
		     "4 source=s id=3 subject=Production time=T category=c\n"
		     "5 source=s id=4 subject=Vienna time=T category=c\n"
		     "6 source=s id=5 subject=Sales time=T category=c\n"
		     "7 bad b: [table accounts] has nothing for \"HQ\"\n");
}
END_TEST

START_TEST(a_large_table_finds_each_of_its_texts)
{
	struct arena arena;
	struct table *tables = NULL, *t;
	struct error err = { 0 };
	char key[20];

	arena_init(&arena);
	t = table_get(&tables, "t", &arena);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "%d", i * 7919 % 1000);
		table_add(t, key, key, &arena);
	}
	ck_assert_ptr_eq(table_get(&tables, "t", &arena), t);
	ck_assert_int_eq(table_finish(t, &err), 0);
	for (int i = 0; i < 1000; i++) {
		size_t len = (size_t)snprintf(key, sizeof(key), "%d", i);

		ck_assert_str_eq(table_find(t, key, len, false), key);
	}
	ck_assert_ptr_null(table_find(t, "1000", 4, false));
	ck_assert_ptr_null(table_find(t, "", 0, false));
	arena_release(&arena);
}
END_TEST

/* ---- records as JSON ---- */

#define OBJECTS                                                                                \
	"[file]\nformat = json\n[event]\nsource = s\nid = {uuid}\naccount = {call.account|or " \
	"none}\ncategory = calls\ntime = {t}\n"

static void check_mapped_json(const char *mapping, const char *text, size_t len, const char *want)
{
	struct error err = { 0 };
	struct mapping *m = load(mapping, &err);

	ck_assert_msg(m != NULL, "%s", err.message);
	check_told(READER_JSON, m, text, len, want);
	mapping_free(&m);
}

#define CHECK_MAPPED_JSON(mapping, text, want) \
	check_mapped_json(mapping, text, sizeof(text) - 1, want)

START_TEST(a_mapping_turns_json_objects_into_events)
{
	static const char want[] =
		"1 source=s id=1 subject=a time=T category=calls usage=2.50 customer=x\n"
		"2 source=s id=true subject=none time=-7 category=calls\n";
	static const char mapping[] = OBJECTS "usage = {flow.1.usage}\ncustomer = {a.b}\n";

	CHECK_MAPPED_JSON(mapping,
			  "{\"uuid\":1,\"call\":{\"account\":\"a\",\"more\":{}},\"t\":\"T\","
			  "\"flow\":[{},{\"usage\":2.50}],\"a.b\":\"x\",\"a\":{\"b\":\"y\"}}\n"
			  "{\"uuid\":true,\"call\":7,\"t\":-7,\"flow\":[1],\"a\":null}",
			  want);
	CHECK_MAPPED_JSON(mapping,
			  "[{\"uuid\":\"1\",\"call\":{\"account\":\"a\"},\"t\":\"T\",\"flow\":{"
			  "\"1\":{\"usage\":\"2.50\"}},\"a.b\":\"x\"},\n"
			  "{\"uuid\":true,\"t\":-7}]",
			  want);
	CHECK_MAPPED_JSON(mapping, "{\"uuid\":\"u\",\"t\":\"T\"}{\"uuid\":\"v\",\"t\":\"T\"}\n",
			  "1 source=s id=u subject=none time=T category=calls\n1 source=s id=v "
			  "subject=none time=T category=calls\n");
}
END_TEST

START_TEST(what_a_mapping_cannot_use_of_json_is_named)
{
	CHECK_MAPPED_JSON(
		OBJECTS,
		"{\"uuid\":{},\"t\":\"T\"}{\"uuid\":99999999999999999999}{\"uuid\":\"u\",\"t\":"
		"\"T\"}[",
		"1 bad uuid: uuid must be a text or a number, not a JSON object\n"
		"1 bad uuid: uuid is a number beyond 64 bits; it should be a JSON string\n"
		"1 source=s id=u subject=none time=T category=calls\n"
		"1 failed malformed JSON: the array isn't closed (line 1)\n");
	CHECK_MAPPED_JSON(
		"[rows]\nonly = kind = cdr\n" OBJECTS,
		"[{\"uuid\":1,\"t\":\"T\"},{\"kind\":\"cdr\",\"uuid\":1,\"t\":\"{row}\"},7]",
		"1 skipped\n1 source=s id=1 subject=none time={row} category=calls\n1 bad a record "
		"must be a JSON object\n");
}
END_TEST

START_TEST(times_may_count_seconds_from_a_moment)
{
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = milliseconds since 1970-01-01T00:00:00Z\n",
		     "a,b,t\n1,x,1391385600001.25\n",
		     "2 source=s id=1 subject=x time=2014-02-03T00:00:00.001250Z category=calls\n");
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = microseconds since 1970-01-01T00:00:00Z\n",
		     "a,b,t\n1,x,1391385600000017\n",
		     "2 source=s id=1 subject=x time=2014-02-03T00:00:00.000017Z category=calls\n");
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = seconds since 2014-02-03T00:00:00Z\n",
		     "a,b,t\n1,x,184\n2,x,2419199.500000999\n3,x,soon\n4,x,99999999999999999\n",
		     "2 source=s id=1 subject=x time=2014-02-03T00:03:04Z category=calls\n"
		     "3 source=s id=2 subject=x time=2014-03-02T23:59:59.500000Z category=calls\n"
		     "4 bad time: time must have the form seconds since 2014-02-03T00:00:00Z\n"
		     "5 bad time: time must have the form seconds since 2014-02-03T00:00:00Z\n");
}
END_TEST

START_TEST(a_column_that_the_file_lacks_is_named)
{
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT "time = {when}\n", "a,b,t\n1,x,T\n",
		     "1 failed when: there is no column when\n");
	CHECK_MAPPED("[file]\nheader = yes\n[rows]\nskip = done = 1\n" EVENT "time = {t}\n",
		     "a,b,t\n1,x,T\n", "1 failed done: there is no column done\n");
}
END_TEST

START_TEST(a_mapping_serves_one_file_after_the_other)
{
	struct error err = { 0 };
	struct mapping *m = load("[file]\nheader = yes\n" EVENT "time = {t}\n", &err);

	ck_assert_ptr_nonnull(m);
	ck_assert_str_eq(told(READER_CSV, m, "a,b,t\n1,x,T\n", 12, SIZE_MAX),
			 "2 source=s id=1 subject=x time=T category=calls\n");
	ck_assert_str_eq(told(READER_CSV, m, "t,b,a\n1,x,T\n", 12, SIZE_MAX),
			 "2 source=s id=T subject=x time=1 category=calls\n");
	mapping_free(&m);
}
END_TEST

START_TEST(accounts_are_named_by_sid_only_where_the_mapping_says_subject)
{
	struct error err = { 0 };
	struct mapping *m = load("[file]\nheader = yes\n" EVENT "time = {t}\n", &err);

	ck_assert(mapping_accounts_by_name(m));
	mapping_free(&m);
	m = load("[file]\nheader = "
		 "yes\n[event]\nsource=s\nid={a}\nsubject={b}\ncategory=c\ntime={t}\n",
		 &err);
	ck_assert(!mapping_accounts_by_name(m));
	mapping_free(&m);
}
END_TEST

START_TEST(a_mapping_that_makes_no_sense_is_refused_by_line)
{
	char line[400] = "[file]\nheader = yes\ncolumns = ";

	ck_assert_str_eq(refused("[file]\nheader = yes\n" EVENT "time = {t}\n"), "");
	ck_assert_str_eq(refused("[file]\nheader = maybe\n"), ":2: file.header must be yes or no");
	ck_assert_str_eq(refused("[file]\ndelimiter = ,\n"),
			 ":2: file.delimiter must be comma, semicolon, tab or bar");
	ck_assert_str_eq(refused("[event]\n\n; a comment\nid = {a\n"),
			 ":4: event.id braces must come in pairs around a column's name");
	ck_assert_str_eq(refused("[event]\nid = {a}\nid = {b}\n"), ":3: event.id is given twice");
	ck_assert_str_eq(refused("[event]\naccount = {a}\nsubject = {b}\n"),
			 ":3: event.subject is given twice");
	ck_assert_str_eq(refused("[event]\ncolour = {a}\n"),
			 ":2: event.colour is no field of an event");
	ck_assert_str_eq(
		refused("[event]\ntime_format = %Y-%j\n"),
		":2: event.time_format may have %Y %y %m %b %d %e %H %I %p %M %S %z and %%, or be "
		"seconds, milliseconds or microseconds since a time");
	ck_assert_str_eq(refused("[event]\ntime_zone = Vienna\n"),
			 ":2: event.time_zone must be a time zone such as Europe/Vienna, or ask");
	ck_assert_str_eq(refused("[file]\nheader = yes\n" EVENT
				 "time = {t}\ntime_zone = Europe/Vienna\n"),
			 ": event.time_zone is for times without offset: it needs a time_format, "
			 "without %z");
	ck_assert_str_eq(refused("[file]\nheader = yes\n" EVENT
				 "time = {t}\ntime_zone = Europe/Vienna\ntime_format = %Y %z\n"),
			 ": event.time_zone is for times without offset: it needs a time_format, "
			 "without %z");
	ck_assert_str_eq(refused("[file]\nformat = xml\n"), ":2: file.format must be csv or json");
	ck_assert_str_eq(refused("[file]\nformat = json\nheader = yes\n" EVENT "time = {t}\n"),
			 ": file.header, columns, delimiter, quote and decimal are for CSV");
	ck_assert_str_eq(refused("[file]\nheader = yes\n" EVENT "time = {t|table times}\n"),
			 ": [table times] is missing or empty");
	ck_assert_str_eq(refused("[file]\nheader = yes\n" EVENT
				 "time = {t}\n[table x]\na = 1\nb = 1\n"),
			 ": [table x] has \"1\" twice");
	ck_assert_str_eq(
		refused("[category]\ncalls = x\n"),
		":2: category.calls must be a column, =, and the value it is compared with");
	ck_assert_str_eq(refused("[file]\nheader = no\ncolumns = a, b\n" EVENT "time = {t}\n"),
			 ": there is no column t");
	ck_assert_str_eq(
		refused("[event]\ntime_format = seconds since Monday\n"),
		":2: event.time_format must go on with a time such as 1970-01-01T00:00:00Z");
	ck_assert_str_eq(refused("[rows]\nonly = x\n"),
			 ":2: rows.only must be a column, =, and the value it is compared with");
	ck_assert_str_eq(refused("[rows]\nkeep = x\n"),
			 ":2: rows.keep is unknown; there are format, header, delimiter, quote, "
			 "columns, optional_columns and decimal in [file], "
			 "only and skip in [rows], fields, time_format and time_zone in [event], "
			 "and [category] and [table NAME]");
	ck_assert_str_eq(refused("header\n"),
			 ":1: must be a [section], a name = value or a # comment");
	ck_assert_str_eq(refused("[file]\nheader = no\n" EVENT "time = {t}\n"),
			 ": file.columns must name the columns, since there is no header");
	ck_assert_str_eq(refused(EVENT "time = {t}\n"), ": file.header must be yes or no");
	ck_assert_str_eq(refused("[file]\nheader = yes\n" EVENT), ": event.time is missing");
	memset(line + strlen(line), 'c', 300);
	ck_assert_str_eq(refused(line), ":3: the line is too long: it may have 196 bytes");
}
END_TEST

START_TEST(a_mapping_file_that_is_missing_is_named)
{
	struct error err = { 0 };
	struct mapping *m = NULL;

	ck_assert_int_eq(mapping_load("/nonexistent/mapping.ini", &m, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/mapping.ini"));
	ck_assert_ptr_null(m);
}
END_TEST

START_TEST(the_mappings_that_come_with_the_program_load)
{
	static const char *const names[] = { "asterisk-master-csv", "copenhagen-calls",
					     "copenhagen-sms",      "azure-llm",
					     "web-bytes",           "freeswitch" };
	const char *srcdir = getenv("srcdir");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct error err = { 0 };
		struct mapping *m = NULL;
		char path[512];

		snprintf(path, sizeof(path), "%s/conf/mappings/%s.ini", srcdir ? srcdir : ".",
			 names[i]);
		ck_assert_msg(mapping_load(path, &m, &err) == 0, "%s", err.message);
		ck_assert(mapping_accounts_by_name(m));
		mapping_free(&m);
	}
}
END_TEST

/* ---- reading ahead ---- */

#define GOOD                                                                                  \
	"{\"source\":\"s\",\"id\":\"%d\",\"subject\":\"AC00000000000000000000000000000001\"," \
	"\"time\":\"2020-01-01T00:00:00Z\","                                                  \
	"\"data\":{\"category\":\"calls\",\"count\":%d}}\n"

static int64_t now(void)
{
	return 1600000000LL * USEC_PER_SEC;
}

static char *many_events(int n, size_t *ret_len)
{
	struct strbuf text;

	strbuf_init(&text, 256u << 20);
	for (int i = 0; i < n; i++)
		strbuf_addf(&text, i % 1000 == 999 ? "oops\n" : GOOD, i, i);
	*ret_len = text.len;
	return strbuf_take(&text);
}

START_TEST(reading_ahead_brings_every_record_in_its_order)
{
	const int n = 200000;
	struct bytes bytes = { .step = 100000 };
	struct reader *r = reader_new(READER_NDJSON, NULL, RECORD_BYTES, read_from, &bytes);
	struct event_block block;
	struct read_ahead *q = NULL;
	struct error err = { 0 };
	enum read_ahead_result got;
	int i = 0;

	bytes.text = many_events(n, &bytes.len);
	ck_assert_int_eq(read_ahead_start(r, now(), 0, &q, &err), 0);
	while ((got = read_ahead_next(q, 60000, &block, &err)) == AHEAD_BLOCK) {
		for (size_t k = 0; k < block.n; k++, i++) {
			ck_assert_int_eq(block.events[k].line, i + 1);
			if (i % 1000 == 999) {
				ck_assert_str_eq(block.events[k].reason->message,
						 "an event must be a JSON object");
				ck_assert_str_eq(block.events[k].record, "oops");
			} else {
				ck_assert_ptr_null(block.events[k].reason);
				ck_assert_int_eq(block.events[k].amounts.count, i);
			}
		}
	}
	ck_assert_int_eq(got, AHEAD_END);
	ck_assert_int_eq(i, n);
	read_ahead_stop(&q);
	reader_free(&r);
	free((char *)bytes.text);
}
END_TEST

START_TEST(reading_ahead_can_be_stopped_in_the_middle)
{
	struct bytes bytes = { .step = 100000 };
	struct reader *r = reader_new(READER_NDJSON, NULL, RECORD_BYTES, read_from, &bytes);
	struct event_block block;
	struct read_ahead *q = NULL;
	struct error err = { 0 };

	bytes.text = many_events(200000, &bytes.len);
	ck_assert_int_eq(read_ahead_start(r, now(), 0, &q, &err), 0);
	ck_assert_int_eq(read_ahead_next(q, 60000, &block, &err), AHEAD_BLOCK);
	read_ahead_stop(&q);
	ck_assert_ptr_null(q);
	ck_assert_uint_lt(bytes.at, bytes.len);
	read_ahead_stop(&q);
	reader_free(&r);
	free((char *)bytes.text);
}
END_TEST

START_TEST(reading_ahead_tells_what_came_before_a_broken_stream_and_why_it_broke)
{
	struct bytes bytes = { .step = 64, .fail_at = 1000 };
	struct reader *r = reader_new(READER_NDJSON, NULL, RECORD_BYTES, read_from, &bytes);
	struct event_block block;
	struct read_ahead *q = NULL;
	struct error err = { 0 };

	bytes.text = many_events(100, &bytes.len);
	ck_assert_int_eq(read_ahead_start(r, now(), 0, &q, &err), 0);
	ck_assert_int_eq(read_ahead_next(q, 60000, &block, &err), AHEAD_BLOCK);
	ck_assert_uint_ge(block.n, 6);
	ck_assert_int_eq(read_ahead_next(q, 60000, &block, &err), AHEAD_FAILED);
	ck_assert_str_eq(err.message, "the disk is gone");
	read_ahead_stop(&q);
	reader_free(&r);
	free((char *)bytes.text);
}
END_TEST

START_TEST(reading_ahead_names_the_field_of_an_event_that_breaks_a_rule)
{
	static const char text[] = "{\"source\":\"s\",\"id\":\"1\",\"subject\":\"A\",\"time\":"
				   "\"2021-01-01T00:00:00Z\",\"data\":{\"category\":\"calls\"}}";
	struct bytes bytes = { .text = text, .len = sizeof(text) - 1, .step = SIZE_MAX };
	struct reader *r = reader_new(READER_NDJSON, NULL, RECORD_BYTES, read_from, &bytes);
	struct event_block block;
	struct read_ahead *q = NULL;
	struct error err = { 0 };

	ck_assert_int_eq(read_ahead_start(r, now(), 0, &q, &err), 0);
	ck_assert_int_eq(read_ahead_next(q, 60000, &block, &err), AHEAD_BLOCK);
	ck_assert_uint_eq(block.n, 1);
	ck_assert_str_eq(block.events[0].reason->param, "time");
	ck_assert_str_eq(block.events[0].record, text);
	read_ahead_stop(&q);
	reader_free(&r);
}
END_TEST

/* ---- unpacking ---- */

/* Appends TEXT, packed. */
static void add_gzip(struct strbuf *out, const char *text, size_t len)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)len };

	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY),
			 Z_OK);
	ck_assert(strbuf_grow(out, deflateBound(&z, len) + 64));
	z.next_out = (Bytef *)out->text + out->len;
	z.avail_out = (uInt)(out->size - out->len - 1);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	deflateEnd(&z);
}

static void add_zstd(struct strbuf *out, const char *text, size_t len)
{
	ck_assert(strbuf_grow(out, ZSTD_compressBound(len)));
	out->len += ZSTD_compress(out->text + out->len, out->size - out->len - 1, text, len, 3);
}

/*
 * What comes out, or the error's message in *ERR; packed bytes come STEP a
 * read, and others go SIZE at a time.
 */
static void unpacked(struct strbuf *out, enum encoding encoding, const struct strbuf *in,
		     size_t step, size_t size, int64_t limit, struct error *err)
{
	struct bytes bytes = { .text = in->text, .len = in->len, .step = step };
	struct decompressor *u = decompressor_new(encoding, read_from, &bytes, limit);
	char buf[4096];
	int64_t n;

	strbuf_clear(out);
	error_clear(err);
	while ((n = decompressor_read(u, buf, size, err)) > 0)
		strbuf_addn(out, buf, (size_t)n);
	ck_assert_int_eq(n < 0, err->kind != ERR_NONE);
	decompressor_free(&u);
}

/* At once and byte by byte. */
static void check_unpacked(enum encoding encoding, const struct strbuf *in, const char *want,
			   size_t len)
{
	static const size_t steps[] = { SIZE_MAX, 1, 3 };
	struct strbuf out;
	struct error err;

	strbuf_init(&out, 1 << 24);
	for (size_t i = 0; i < 3; i++) {
		unpacked(&out, encoding, in, steps[i], i == 1 ? 1 : 4096, 0, &err);
		ck_assert_str_eq(err.message, "");
		ck_assert_uint_eq(out.len, len);
		ck_assert_mem_eq(out.text, want, len);
	}
	strbuf_release(&out);
}

typedef void (*add_packed)(struct strbuf *out, const char *text, size_t len);

static const struct {
	const char *name;
	add_packed add;
	enum encoding encoding;
} compressions[] = { { "gzip", add_gzip, ENCODING_GZIP }, { "zstd", add_zstd, ENCODING_ZSTD } };

START_TEST(packed_bytes_come_out_whole_and_their_packing_is_seen)
{
	struct strbuf in, text;

	strbuf_init(&in, 1 << 24);
	strbuf_init(&text, 1 << 24);
	for (int i = 0; text.len < 300000; i++)
		strbuf_addf(&text, "%d,%x,", i, i * 2654435761u);
	compressions[_i].add(&in, text.text, text.len);
	check_unpacked(compressions[_i].encoding, &in, text.text, text.len);
	check_unpacked(ENCODING_BY_CONTENT, &in, text.text, text.len);
	strbuf_clear(&in);
	compressions[_i].add(&in, "", 0);
	check_unpacked(compressions[_i].encoding, &in, "", 0);
	strbuf_release(&in);
	strbuf_release(&text);
}
END_TEST

START_TEST(pieces_packed_one_by_one_are_one_stream)
{
	struct strbuf in;

	strbuf_init(&in, 1 << 20);
	compressions[_i].add(&in, "one ", 4);
	compressions[_i].add(&in, "", 0);
	compressions[_i].add(&in, "two", 3);
	check_unpacked(compressions[_i].encoding, &in, "one two", 7);
	check_unpacked(ENCODING_BY_CONTENT, &in, "one two", 7);
	strbuf_release(&in);
}
END_TEST

START_TEST(bytes_that_are_not_packed_pass)
{
	static const char *const texts[] = { "",           "{",        "\x1F", "\x28\xB5\x2F",
					     "{\"id\":1}", "source,id" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct strbuf in;

		strbuf_init(&in, 100);
		strbuf_add(&in, texts[i]);
		check_unpacked(ENCODING_BY_CONTENT, &in, texts[i], strlen(texts[i]));
		check_unpacked(ENCODING_NONE, &in, texts[i], strlen(texts[i]));
		strbuf_release(&in);
	}
}
END_TEST

START_TEST(packed_bytes_that_end_too_soon_are_an_error_wherever_they_end)
{
	struct strbuf in, out;
	struct error err;
	char want[80];

	snprintf(want, sizeof(want), "the %s data ends too soon", compressions[_i].name);
	strbuf_init(&in, 1 << 20);
	strbuf_init(&out, 1 << 20);
	compressions[_i].add(&in, "some text that is some text", 27);
	while (in.len-- > 0) {
		unpacked(&out, compressions[_i].encoding, &in, SIZE_MAX, 4096, 0, &err);
		ck_assert_str_eq(err.message, want);
		ck_assert_int_eq(err.kind, ERR_BODY);
	}
	strbuf_release(&in);
	strbuf_release(&out);
}
END_TEST

START_TEST(damaged_packed_bytes_are_an_error)
{
	struct strbuf in, out;
	struct error err;
	char want[80];

	snprintf(want, sizeof(want), "the %s data is damaged: ", compressions[_i].name);
	strbuf_init(&in, 1 << 20);
	strbuf_init(&out, 1 << 20);
	strbuf_add(&in, "neither of both");
	unpacked(&out, compressions[_i].encoding, &in, SIZE_MAX, 4096, 0, &err);
	ck_assert_int_eq(strncmp(err.message, want, strlen(want)), 0);
	/* and what follows the packed bytes must be packed too */
	strbuf_clear(&in);
	compressions[_i].add(&in, "text", 4);
	strbuf_add(&in, "more");
	unpacked(&out, compressions[_i].encoding, &in, SIZE_MAX, 4096, 0, &err);
	ck_assert_int_eq(strncmp(err.message, want, strlen(want)), 0);
	ck_assert_str_eq(out.text, "text");
	strbuf_release(&in);
	strbuf_release(&out);
}
END_TEST

START_TEST(no_more_is_unpacked_than_the_limit)
{
	struct strbuf in, out, zeros;
	struct error err;

	strbuf_init(&in, 1 << 24);
	strbuf_init(&out, 1 << 24);
	strbuf_init(&zeros, 1 << 24);
	ck_assert(strbuf_grow(&zeros, 1 << 20));
	memset(zeros.text, 0, 1 << 20);
	compressions[_i].add(&in, zeros.text, 1 << 20);
	unpacked(&out, compressions[_i].encoding, &in, SIZE_MAX, 4096, 1 << 20, &err);
	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert_uint_eq(out.len, 1 << 20);
	unpacked(&out, compressions[_i].encoding, &in, SIZE_MAX, 4096, (1 << 20) - 1, &err);
	ck_assert_int_eq(err.kind, ERR_TOO_LARGE);
	ck_assert_str_eq(err.message, "it decompresses to more than 1048575 bytes");
	ck_assert_uint_lt(out.len, 1 << 20);
	strbuf_release(&in);
	strbuf_release(&out);
	strbuf_release(&zeros);
}
END_TEST

START_TEST(a_zstd_frame_that_asks_for_much_memory_is_refused)
{
	/*
	 * RFC 8878, 3.1.1: magic, descriptor without sizes, window of 2^24
	 * bytes; then an empty last block
	 */
	static const char frame[] = "\x28\xB5\x2F\xFD\x00\x70\x01\x00\x00";
	struct strbuf in, out;
	struct error err;

	strbuf_init(&in, 100);
	strbuf_init(&out, 100);
	strbuf_addn(&in, frame, sizeof(frame) - 1);
	unpacked(&out, ENCODING_ZSTD, &in, SIZE_MAX, 4096, 0, &err);
	ck_assert_int_eq(err.kind, ERR_TOO_LARGE);
	ck_assert_str_eq(err.message,
			 "the zstd data needs a window of more than 8 MiB; compress it "
			 "without --long or --ultra");
	in.text[5] = 0x68;
	check_unpacked(ENCODING_BY_CONTENT, &in, "", 0);
	strbuf_release(&in);
	strbuf_release(&out);
}
END_TEST

START_TEST(a_packed_stream_that_breaks_is_a_failure)
{
	struct strbuf in;
	struct error err = { 0 };
	struct bytes bytes;
	struct decompressor *u;
	char buf[100];

	strbuf_init(&in, 1 << 20);
	compressions[_i].add(&in, "some text that is some text", 27);
	bytes = (struct bytes) { .text = in.text, .len = in.len, .step = 5, .fail_at = 5 };
	u = decompressor_new(ENCODING_BY_CONTENT, read_from, &bytes, 0);
	while (decompressor_read(u, buf, sizeof(buf), &err) > 0)
		;
	ck_assert_str_eq(err.message, "the disk is gone");
	decompressor_free(&u);
	strbuf_release(&in);
}
END_TEST

/* ---- events out ---- */

/* But for unique names, which are not the event's. */
START_TEST(events_that_are_written_are_read_again)
{
	static const char records[] =
		"{\"source\":\"/pbx, "
		"\\\"1\\\"\\\\\",\"id\":\"caf\\u00e9\",\"subject\":\"AC1\",\"time\":\"T\",\"data\":"
		"{\"category\":\"calls\",\"count\":1,\"usage\":\"2.5\"}}\n"
		"{\"source\":\"s\",\"id\":\"2\",\"subject\":\"AC1\",\"time\":\"T\",\"data\":{"
		"\"category\":\"sim-data\",\"data_upload\":0,\"sim\":\"\\\"\",\"sim_name\":"
		"\"truck\"}}\n";
	enum event_form form = _i ? EVENT_CSV : EVENT_NDJSON;
	struct bytes bytes = { .text = records, .len = sizeof(records) - 1, .step = SIZE_MAX };
	struct reader *r = reader_new(READER_NDJSON, NULL, RECORD_BYTES, read_from, &bytes);
	struct raw_event ev;
	struct error err = { 0 };
	struct strbuf out;

	strbuf_init(&out, 10000);
	event_out_begin(form, &out);
	while (reader_next(r, &ev, &err) == READ_EVENT)
		event_out_add(form, &ev, &out);
	reader_free(&r);
	ck_assert_str_eq(
		told(form == EVENT_CSV ? READER_CSV : READER_NDJSON, NULL, out.text, out.len,
		     SIZE_MAX),
		_i ? "2 source=/pbx, \"1\"\\ id=caf\xC3\xA9 subject=AC1 time=T category=calls "
		     "count=1 usage=2.5\n"
		     "3 source=s id=2 subject=AC1 time=T category=sim-data sim=\" data_upload=0\n"
		   : "1 source=/pbx, \"1\"\\ id=caf\xC3\xA9 subject=AC1 time=T category=calls "
		     "count=1 usage=2.5 specversion=1.0 type=usage\n"
		     "2 source=s id=2 subject=AC1 time=T category=sim-data sim=\" data_upload=0 "
		     "specversion=1.0 type=usage\n");
	strbuf_release(&out);
}
END_TEST

START_TEST(what_is_packed_is_unpacked)
{
	static const enum encoding kinds[] = { ENCODING_NONE, ENCODING_GZIP, ENCODING_ZSTD };
	struct strbuf text, file;
	struct compressor *p;
	struct error err = { 0 };
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	strbuf_init(&text, 1 << 24);
	strbuf_init(&file, 1 << 24);
	p = compressor_new(kinds[_i], f);
	for (int i = 0; i < 30; i++) {
		size_t from = text.len;

		for (int k = 0; k < 1000 * (i % 7); k++)
			strbuf_addf(&text, "%x,", k * 2654435761u);
		ck_assert_int_eq(compressor_write(p, text.text + from, text.len - from, &err), 0);
	}
	ck_assert_int_eq(compressor_finish(p, &err), 0);
	compressor_free(&p);
	ck_assert(strbuf_grow(&file, (size_t)ftell(f)));
	file.len = (size_t)ftell(f);
	rewind(f);
	ck_assert_uint_eq(fread(file.text, 1, file.len, f), file.len);
	check_unpacked(kinds[_i], &file, text.text, text.len);
	fclose(f);
	strbuf_release(&text);
	strbuf_release(&file);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	static const enum encoding kinds[] = { ENCODING_NONE, ENCODING_GZIP, ENCODING_ZSTD };
	struct error err = { 0 };
	FILE *f = fopen("/dev/full", "w");
	struct compressor *p = compressor_new(kinds[_i], f);

	if (compressor_write(p, "some text", 9, &err) == 0)
		ck_assert_int_eq(compressor_finish(p, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "No space left"));
	compressor_free(&p);
	fclose(f);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ingest");
	TCase *json = tcase_create("json"), *csv = tcase_create("csv"),
	      *templates = tcase_create("templates"), *mappings = tcase_create("mappings"),
	      *ahead = tcase_create("read_ahead"), *unpacking = tcase_create("unpacking"),
	      *out = tcase_create("out");

	tcase_add_test(json, an_event_a_line_is_read_with_its_attributes_and_data);
	tcase_add_test(json, data_that_is_not_json_is_refused_by_its_attribute);
	tcase_add_test(json, data_alone_are_an_event_without_its_attributes);
	tcase_add_test(json, unique_names_of_sim_and_fleet_are_read_in_every_form);
	tcase_add_test(json, headers_are_unquoted_and_decoded_once);
	tcase_add_test(json, a_percent_sign_that_says_nothing_is_named_with_its_header);
	tcase_add_test(json, headers_of_extensions_are_kept_behind_the_data);
	tcase_add_test(json, json_has_many_types);
	tcase_add_test(json, numbers_keep_every_digit);
	tcase_add_test(json, a_whole_number_beyond_64_bits_stays_beyond_every_limit);
	tcase_add_test(json, unknown_members_are_attributes_and_null_is_nothing);
	tcase_add_test(json, a_member_of_the_wrong_type_is_named);
	tcase_add_test(json, a_malformed_line_spoils_no_other);
	tcase_add_test(json, half_a_character_is_none);
	tcase_add_test(json, deep_nesting_is_refused);
	tcase_add_test(json, an_array_is_read_event_by_event_with_their_lines);
	tcase_add_test(json, a_bad_event_of_an_array_spoils_no_other);
	tcase_add_test(json, a_broken_array_is_not_taken_for_a_whole_one);
	tcase_add_test(json, a_record_that_is_too_long_is_passed_over);
	tcase_add_test(json, the_longest_record_allowed_is_read);
	tcase_add_test(json, a_stream_that_breaks_is_a_failure);
	suite_add_tcase(s, json);
	tcase_add_test(csv, csv_columns_are_the_fields_of_the_header);
	tcase_add_test(csv, csv_quotes_commas_spaces_and_line_ends_are_kept);
	tcase_add_test(csv, a_malformed_row_spoils_no_other);
	tcase_add_test(csv, a_quote_left_open_costs_its_line_alone);
	tcase_add_test(csv, a_header_without_a_required_field_says_which);
	tcase_add_test(csv, a_stored_event_that_was_corrected_is_not_taken_as_it_was);
	tcase_add_test(csv, more_columns_than_the_limit_are_refused);
	suite_add_tcase(s, csv);
	tcase_add_test(templates, templates_join_texts_columns_and_positions);
	tcase_add_test(templates, filters_are_exact);
	tcase_add_test(templates, numbers_can_be_rounded_and_bounded);
	tcase_add_test(templates, texts_can_be_cut_and_replaced);
	tcase_add_test(templates, what_has_no_exact_result_is_an_error);
	tcase_add_test(templates, templates_that_make_no_sense_are_refused);
	suite_add_tcase(s, templates);
	tcase_add_test(mappings, a_mapping_turns_rows_into_events);
	tcase_add_test(mappings, columns_may_stand_in_the_mapping_over_several_lines);
	tcase_add_test(mappings, rows_are_chosen_by_their_columns);
	tcase_add_test(mappings, times_of_a_format_become_ours);
	tcase_add_test(mappings, times_are_read_as_others_write_them);
	tcase_add_test(mappings, local_times_of_a_zone_become_utc);
	tcase_add_test(mappings, rules_are_texts_patterns_and_ranges);
	tcase_add_test(mappings, tables_turn_texts_into_others);
	tcase_add_test(mappings, a_large_table_finds_each_of_its_texts);
	tcase_add_test(mappings, a_mapping_turns_json_objects_into_events);
	tcase_add_test(mappings, what_a_mapping_cannot_use_of_json_is_named);
	tcase_add_test(mappings, times_may_count_seconds_from_a_moment);
	tcase_add_test(mappings, a_column_that_the_file_lacks_is_named);
	tcase_add_test(mappings, a_mapping_serves_one_file_after_the_other);
	tcase_add_test(mappings, accounts_are_named_by_sid_only_where_the_mapping_says_subject);
	tcase_add_test(mappings, a_mapping_that_makes_no_sense_is_refused_by_line);
	tcase_add_test(mappings, a_mapping_file_that_is_missing_is_named);
	tcase_add_test(mappings, the_mappings_that_come_with_the_program_load);
	suite_add_tcase(s, mappings);
	tcase_set_timeout(ahead, 120);
	tcase_add_test(ahead, reading_ahead_brings_every_record_in_its_order);
	tcase_add_test(ahead, reading_ahead_can_be_stopped_in_the_middle);
	tcase_add_test(ahead,
		       reading_ahead_tells_what_came_before_a_broken_stream_and_why_it_broke);
	tcase_add_test(ahead, reading_ahead_names_the_field_of_an_event_that_breaks_a_rule);
	suite_add_tcase(s, ahead);
	tcase_add_loop_test(unpacking, packed_bytes_come_out_whole_and_their_packing_is_seen, 0, 2);
	tcase_add_loop_test(unpacking, pieces_packed_one_by_one_are_one_stream, 0, 2);
	tcase_add_test(unpacking, bytes_that_are_not_packed_pass);
	tcase_add_loop_test(unpacking,
			    packed_bytes_that_end_too_soon_are_an_error_wherever_they_end, 0, 2);
	tcase_add_loop_test(unpacking, damaged_packed_bytes_are_an_error, 0, 2);
	tcase_add_loop_test(unpacking, no_more_is_unpacked_than_the_limit, 0, 2);
	tcase_add_test(unpacking, a_zstd_frame_that_asks_for_much_memory_is_refused);
	tcase_add_loop_test(unpacking, a_packed_stream_that_breaks_is_a_failure, 0, 2);
	tcase_add_loop_test(unpacking, what_is_packed_is_unpacked, 0, 3);
	tcase_add_loop_test(unpacking, a_full_disk_is_told, 0, 3);
	suite_add_tcase(s, unpacking);
	tcase_add_loop_test(out, events_that_are_written_are_read_again, 0, 2);
	suite_add_tcase(s, out);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
