/*
 * read_ahead_tests.c - records that are read ahead.
 */
#include <check.h>
#include <stdlib.h>
#include "base/civil.h"
#include "ingest/read_ahead.h"
#include "ingest/reader.h"
#include "record_fixture.h"
#include "suite.h"
#include "base/banned.h"

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
	int i = 0, held = 0;

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
				ck_assert_str_eq(block.events[k].raw->field[EV_SOURCE].text, "s");
			}
		}
		/* all of them at once */
		if (++held == AHEAD_HELD) {
			read_ahead_release(q);
			held = 0;
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

int main(void)
{
	Suite *s = suite_create("read_ahead");
	TCase *tc = tcase_create("read_ahead");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, reading_ahead_brings_every_record_in_its_order);
	tcase_add_test(tc, reading_ahead_can_be_stopped_in_the_middle);
	tcase_add_test(tc, reading_ahead_tells_what_came_before_a_broken_stream_and_why_it_broke);
	tcase_add_test(tc, reading_ahead_names_the_field_of_an_event_that_breaks_a_rule);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
