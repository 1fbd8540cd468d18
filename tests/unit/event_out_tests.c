/*
 * event_out_tests.c - events that are written are read again.
 */
#include <check.h>
#include "ingest/event_out.h"
#include "ingest/reader.h"
#include "record_fixture.h"
#include "suite.h"
#include "base/banned.h"

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

int main(void)
{
	Suite *s = suite_create("event_out");
	TCase *tc = tcase_create("event_out");

	tcase_add_loop_test(tc, events_that_are_written_are_read_again, 0, 2);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
