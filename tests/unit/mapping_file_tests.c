/*
 * mapping_file_tests.c - mapping files: what they make of rows and objects.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ingest/reader.h"
#include "mapping/mapping.h"
#include "record_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* ---- mappings ---- */

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

START_TEST(a_mapping_turns_rows_into_events)
{
	CHECK_MAPPED(
		"[file]\nheader = yes\n" EVENT "time = {t}\nusage = {a|ceil 60}\ncustomer = {c}\n",
		"a,b,c,t\n61,HQ,,2020-01-01T00:00:00Z\n60,\"x,\"\"y\",z,T\n",
		"2 source=s id=61 subject=hq time=2020-01-01T00:00:00Z category=calls usage=2\n"
		"3 source=s id=60 subject=x,\"y time=T category=calls usage=1 customer=z\n");
}
END_TEST

START_TEST(a_mapping_gives_events_attributes)
{
	CHECK_MAPPED("[file]\nheader = yes\n[attributes]\nteam = {c|upper}\nroute = \"{b}-{a}\"\n"
		     "note = {d}\n" EVENT "time = T\n",
		     "a,b,c,d\n1,x,red,\n2,y,,a \\ b\n",
		     "2 source=s id=1 subject=x time=T category=calls "
		     "+{\"route\":\"\\\"x-1\\\"\",\"team\":\"RED\"}\n"
		     "3 source=s id=2 subject=y time=T category=calls "
		     "+{\"note\":\"a \\\\ b\",\"route\":\"\\\"y-2\\\"\"}\n");
	ck_assert_ptr_nonnull(
		strstr(refused("[file]\nheader = yes\n[attributes]\ncustomer = {a}\n"),
		       "is a field of an event: it belongs into [event]"));
	ck_assert_ptr_nonnull(
		strstr(refused("[file]\nheader = yes\n[attributes]\nteam = {a}\nteam = {b}\n"),
		       "given twice"));
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
			 "and [attributes], [category] and [table NAME]");
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
					     "web-bytes",           "freeswitch",
					     "twilio-calls",        "twilio-messages" };
	const char *srcdir = getenv("srcdir");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct error err = { 0 };
		struct mapping *m = NULL;
		char path[512];

		ROW("%s", names[i]);
		snprintf(path, sizeof(path), "%s/conf/mappings/%s.ini", srcdir ? srcdir : ".",
			 names[i]);
		ck_assert_msg(mapping_load(path, &m, &err) == 0, "%s", err.message);
		ck_assert(mapping_accounts_by_name(m));
		mapping_free(&m);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mapping_file");
	TCase *tc = tcase_create("mapping_file");

	tcase_add_test(tc, a_mapping_turns_rows_into_events);
	tcase_add_test(tc, a_mapping_gives_events_attributes);
	tcase_add_test(tc, columns_may_stand_in_the_mapping_over_several_lines);
	tcase_add_test(tc, rows_are_chosen_by_their_columns);
	tcase_add_test(tc, rules_are_texts_patterns_and_ranges);
	tcase_add_test(tc, a_mapping_turns_json_objects_into_events);
	tcase_add_test(tc, what_a_mapping_cannot_use_of_json_is_named);
	tcase_add_test(tc, a_column_that_the_file_lacks_is_named);
	tcase_add_test(tc, a_mapping_serves_one_file_after_the_other);
	tcase_add_test(tc, accounts_are_named_by_sid_only_where_the_mapping_says_subject);
	tcase_add_test(tc, a_mapping_that_makes_no_sense_is_refused_by_line);
	tcase_add_test(tc, a_mapping_file_that_is_missing_is_named);
	tcase_add_test(tc, the_mappings_that_come_with_the_program_load);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
