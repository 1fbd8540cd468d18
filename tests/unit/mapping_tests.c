/*
 * mapping_tests.c - the language of mappings, and the mappings that come with
 * the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "base/civil.h"
#include "mapping/mapping.h"
#include "ingest/reader.h"
#include "mapping/time_form.h"
#include "suite.h"
#include "base/banned.h"

/* ---- what a mapping makes of records ---- */

struct bytes {
	const char *text;
	size_t len, at;
};

static int64_t read_from(void *arg, void *buf, size_t size, struct error *err)
{
	struct bytes *b = arg;
	size_t n = b->len - b->at < size ? b->len - b->at : size;

	(void)err;
	memcpy(buf, b->text + b->at, n);
	b->at += n;
	return (int64_t)n;
}

static struct mapping *load(const char *text, const char *zone, struct error *err)
{
	char path[64];
	struct mapping *m = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "mapping_tests.%ld.ini", (long)getpid());
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	if (mapping_load(path, &m, err) == 0 && mapping_set_zone(m, zone, err) < 0)
		mapping_free(&m);
	unlink(path);
	return m;
}

static size_t add_event(char *out, size_t room, const struct raw_event *ev)
{
	size_t at = 0;

	for (int f = 0; f < EVENT_FIELDS; f++)
		if (ev->field[f].text)
			at += (size_t)snprintf(out + at, room - at, "%s%s=%.*s", at ? " " : "",
					       event_fields[f].name, (int)ev->field[f].len,
					       ev->field[f].text);
	return at;
}

/*
 * The records of TEXT through M, a line each: the event's fields, "skipped", or
 * the reason. Valid until the next call.
 */
static const char *read_all(struct mapping *m, const char *text)
{
	static char out[65536];
	struct bytes bytes = { text, strlen(text), 0 };
	struct reader *r = reader_new(mapping_of_json(m) ? READER_JSON : READER_CSV, m, 65536,
				      read_from, &bytes);
	enum read_result got = READ_EVENT;
	size_t at = 0;

	while (got != READ_FAILED) {
		struct error err = { 0 };
		struct raw_event ev;

		got = reader_next(r, &ev, &err);
		if (got == READ_END)
			break;
		if (got == READ_EVENT)
			at += add_event(out + at, sizeof(out) - at, &ev);
		else
			at += (size_t)snprintf(out + at, sizeof(out) - at, "%s",
					       got == READ_SKIPPED ? "skipped" : err.message);
		at += (size_t)snprintf(out + at, sizeof(out) - at, "\n");
		ck_assert_uint_lt(at, sizeof(out) - 4096);
	}
	out[at] = '\0';
	reader_free(&r);
	return out;
}

/* The same by a mapping's text, or why it can't be used. */
static const char *mapped(const char *mapping, const char *text)
{
	static char message[400];
	struct error err = { 0 };
	struct mapping *m = load(mapping, NULL, &err);
	const char *out;

	if (!m) {
		snprintf(message, sizeof(message), "%s\n",
			 strchr(err.message, ':') ? strchr(err.message, ':') + 1 : err.message);
		return message;
	}
	out = read_all(m, text);
	mapping_free(&m);
	return out;
}

#define CSV   "[file]\nheader = yes\n"
#define BASE  "[event]\nsource = s\naccount = x\ncategory = c\n"
#define EVENT "source=s id=%s subject=x time=T category=c"

/* VALUE as a field of an event whose record has n, m and o; or the reason. */
static const char *field(const char *file, const char *name, const char *value, const char *record)
{
	char mapping[1024], text[600], want[40];
	const char *out;

	snprintf(mapping, sizeof(mapping),
		 CSV "delimiter = bar\n%s" BASE "time = T\nid = i\n%s = %s\n", file, name, value);
	snprintf(text, sizeof(text), "n|m|o\n%s\n", record);
	out = mapped(mapping, text);
	snprintf(want, sizeof(want), " %s=", name);
	return strstr(out, want) ? strstr(out, want) + strlen(want) : out;
}

struct case_of_field {
	const char *value, *record, *want;
};

static void check_fields(const char *file, const char *name, const struct case_of_field *cases,
			 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = field(file, name, cases[i].value, cases[i].record);
		size_t len = strlen(cases[i].want);

		ck_assert_msg(strncmp(got, cases[i].want, len) == 0 && got[len] == '\n',
			      "%s = %s of %s: %s", name, cases[i].value, cases[i].record, got);
	}
}

/* ---- the file ---- */

START_TEST(only_a_line_that_begins_with_it_is_a_comment)
{
	static const struct case_of_field cases[] = {
		{ "{n} ;{m}", "X|1|", "X ;1" },
		{ "{n} #{m}", "X|1|", "X #1" },
		{ ";{n}", "X||", ";X" },
		{ "# {n}", "X||", "# X" },
		{ "{n}:{m}={o}", "a|b|c", "a:b=c" },
		{ "{n} ; {m} : {o} = 1", "a|b|c", "a ; b : c = 1" },
		{ "\"{n}\"", "a||", "\"a\"" },
		{ "  '{n}'  ", "a||", "'a'" },
	};

	check_fields("", "customer", cases, ARRAY_SIZE(cases));
	ck_assert_str_eq(mapped(CSV BASE "time = T\nid = {n} ;{m}\n", "n,m\nX,1\nX,2\n"),
			 "source=s id=X ;1 subject=x time=T category=c\nsource=s id=X ;2 subject=x "
			 "time=T category=c\n");
	ck_assert_str_eq(mapped("; first\n # second\n" CSV "\t;third\n" BASE
				"time = T\nid = 1\n  ; not more of the id\n",
				"n\n1\n"),
			 "source=s id=1 subject=x time=T category=c\n");
}
END_TEST

START_TEST(unique_names_of_sim_and_fleet_are_fields_like_others)
{
	ck_assert_str_eq(
		mapped(CSV BASE "time = T\nid = {n}\nsim = {iccid}\nsim_name = {label}\nfleet_name "
				"= north\n",
		       "n,iccid,label\n1,89,truck\n2,,car\n3,90,\n"),
		"source=s id=1 subject=x time=T category=c sim=89 sim_name=truck fleet_name=north\n"
		"source=s id=2 subject=x time=T category=c sim_name=car fleet_name=north\n"
		"source=s id=3 subject=x time=T category=c sim=90 fleet_name=north\n");
}
END_TEST

START_TEST(an_equals_sign_alone_separates)
{
	static const char mapping[] = CSV BASE
		"time = T\nid = {n}\ncustomer = {n|table t: 1}\n"
		"[table t: 1]\nAcme: Sales = 17\nAcme; Sales = 18\nAcme # = 19\n\t20:20\nAcme = "
		"a=b\n\"Q\" = 'q'\n\t; no entry\n\t\\;\n";

	ck_assert_str_eq(mapped(mapping, "n\n17\n18\n19\n20:20\na=b\n'q'\n;\n"),
			 "source=s id=17 subject=x time=T category=c customer=Acme: Sales\n"
			 "source=s id=18 subject=x time=T category=c customer=Acme; Sales\n"
			 "source=s id=19 subject=x time=T category=c customer=Acme #\n"
			 "source=s id=20:20 subject=x time=T category=c customer=Acme #\n"
			 "source=s id=a=b subject=x time=T category=c customer=Acme\n"
			 "source=s id='q' subject=x time=T category=c customer=\"Q\"\n"
			 "source=s id=; subject=x time=T category=c customer=\"Q\"\n");
	ck_assert_str_eq(mapped(CSV BASE "time: T\nid = {n}\n", "n\n1\n"),
			 "7: must be a [section], a name = value or a # comment\n");
}
END_TEST

START_TEST(signs_of_the_file_may_stand_in_columns_rules_and_categories)
{
	ck_assert_str_eq(mapped("[file]\nheader = no\ncolumns = a:b, c ;d, #e\n\t;a comment\n\tf\n"
				"[rows]\nskip = a:b = x:*\nskip = c ;d = y ;z\nskip = #e = #\n"
				"[event]\nsource = s\nid = {a:b}{c ;d}{#e}{f}\naccount = x\ntime = "
				"T\n[category]\nc:1 = f = ;\nc;2 = f = :*\n",
				"x:1,,,\n,y ;z,,\n,,#,\n1,2,3,;\n1,2,3,:4\n"),
			 "skipped\nskipped\nskipped\n"
			 "source=s id=123; subject=x time=T category=c:1\n"
			 "source=s id=123:4 subject=x time=T category=c;2\n");
}
END_TEST

START_TEST(long_names_stay_whole_in_indented_lines)
{
#define LONG "a-name-of-sixty-four-bytes-that-goes-on-and-on-until-its-end-is-1"
	ck_assert_str_eq(
		mapped(CSV "[event]\nsource = s\nid = {n}\naccount = x\ntime = T\n[category]\n" LONG
			   " = n = 1\n\tn = 2\n",
		       "n\n1\n2\n"),
		"source=s id=1 subject=x time=T category=" LONG
		"\nsource=s id=2 subject=x time=T category=" LONG "\n");
	ck_assert_str_eq(mapped("[table " LONG "]\n1 = 1\n", ""),
			 "1: the name of a section may have 48 bytes\n");
	ck_assert_str_eq(
		mapped("[event] ; mine\n", ""),
		"1: nothing may follow the ] of a section; a comment has a line of its own\n");
	ck_assert_str_eq(mapped("[table ]\n1 = 1\n", ""),
			 "2: table .1 is in a table without a name; [table accounts] has one\n");
	ck_assert_str_eq(mapped("[file]\nheader = no\ncolumns = a, b, a\n", ""),
			 "3: file.columns names the column a twice\n");
	ck_assert_str_eq(mapped(CSV "columns = a\n" BASE "id = 1\ntime = T\n", ""),
			 " file.columns is for CSV without a header, which names them itself\n");
}
END_TEST

START_TEST(the_last_columns_may_be_missing)
{
	static const char mapping[] =
		"[file]\nheader = no\ncolumns = a, b\noptional_columns = c, d\n\te\n"
		"[event]\nsource = s\nid = {a}\naccount = x\ntime = {b}\ncategory = c\ncustomer = "
		"{c}{d}{e|or -}\n";

	ck_assert_str_eq(mapped(mapping, "1,T\n2,T,3\n3,T,4,5,6\n4\n5,T,,,,\n"),
			 "source=s id=1 subject=x time=T category=c customer=-\n"
			 "source=s id=2 subject=x time=T category=c customer=3-\n"
			 "source=s id=3 subject=x time=T category=c customer=456\n"
			 "the row has 1 columns where 2 to 5 are expected\n"
			 "the row has 6 columns where 2 to 5 are expected\n");
	ck_assert_str_eq(mapped("[file]\nheader = no\noptional_columns = c\ncolumns = a\n", ""),
			 "4: file.columns must stand before optional_columns\n");
	ck_assert_str_eq(
		mapped("[file]\nheader = no\noptional_columns = c\n" BASE "id = 1\ntime = T\n", ""),
		" file.columns must name the columns, since there is no header\n");
}
END_TEST

/* ---- numbers ---- */

START_TEST(negative_amounts_are_rejected_before_and_after_each_filter)
{
	static const struct case_of_field cases[] = {
		{ "{n|ceil 60}", "-5||",
		  "n must not be negative for the filter ceil; atleast 0 makes 0 of it" },
		{ "{n|round 0}", "-0.4||",
		  "n must not be negative for the filter round; atleast 0 makes 0 of it" },
		{ "{n|atmost 9}", "-1||",
		  "n must not be negative for the filter atmost; atleast 0 makes 0 of it" },
		{ "{n|add 10}", "-1||",
		  "n must not be negative for the filter add; atleast 0 makes 0 of it" },
		{ "{n|mod 60}", "-1||",
		  "n must not be negative for the filter mod; atleast 0 makes 0 of it" },
		{ "{n|sub 10|ceil 60}", "5||",
		  "n must not be negative for the filter ceil; atleast 0 makes 0 of it" },
		{ "{n|add -10|mul 0}", "5||",
		  "n must not be negative for the filter mul; atleast 0 makes 0 of it" },
		{ "{n|trim|ceil 60}", " -5 ||",
		  "n must not be negative for the filter ceil; atleast 0 makes 0 of it" },
		{ "{n|add {m}}", "5|-1|", "m must not be negative for the filter add" },
		{ "{n|sub {m|sub 3}}", "5|1|", "m must not be negative for the filter sub" },
		{ "{n|atleast 0|ceil 60}", "-5||", "0" },
		{ "{n|sub 10|atleast 0}", "5||", "0" },
		{ "{n|mul -1}", "-0.0075||", "0.0075" },
		{ "{n|ceil 60}", "-0||", "0" },
		{ "{n}", "-5||", "-5" }, /* rejected as an event */
		{ "{n|sub 10}", "5||", "-5" },
	};
	static const char *const amounts[] = { "count", "usage", "price", "data_upload",
					       "data_download" };
	static const struct case_of_field others[] = { { "{n|mod 8}", "-1||", "7" },
						       { "{n|ceil 60}", "-61||", "-1" } };

	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++)
		check_fields("", amounts[i], cases, ARRAY_SIZE(cases));
	check_fields("", "customer", others, ARRAY_SIZE(others));
}
END_TEST

START_TEST(columns_may_be_operands)
{
	static const struct case_of_field cases[] = {
		{ "{n|add {m|mul 4294967296}}", "1000|2|", "8589935592" },
		{ "{n|add {m|mul 4294967296}}", "4294967295|2147483646|", "9223372032559808511" },
		{ "{n|add {m|mul 4294967296}}", "4294967295|2147483648|",
		  "the filter mul has no exact result for this m, of at most 64 bits and 18 "
		  "decimal places" },
		{ "{n|add {m}}", "9223372036854775807|1|",
		  "the filter add has no exact result for this n, of at most 64 bits and 18 "
		  "decimal places" },
		{ "{n|sub {m}}", "1700000065.5|1700000000.25|", "65.25" },
		{ "{n|sub { m | add { o } }|ceil 60}", "200|20|59", "3" },
		{ "{n|div {m}}", "1|8|", "0.125" },
		{ "{n|div {m} to 2}", "1|3|", "0.33" },
		{ "{n|div {m|add 1} to 2|mul 3}", "1|2|", "0.99" },
		{ "{n|div {m}}", "1|0|", "the filter div can't divide by m, which is 0" },
		{ "{n|ceil {m}}", "61|60|", "2" },
		{ "{n|ceil {m}}", "61|0.0|", "the filter ceil can't divide by m, which is 0" },
		{ "{n|atleast {m}|atmost {o}}", "5|30|20", "20" },
		{ "{n|add {m}}", "5|x|", "m must be a number for the filter add" },
		{ "{n|add {m}}", "5||", "m must be a number for the filter add" },
		{ "{n|add {m|or 0}}", "5||", "5" },
		{ "{n|or {m}}", "||7", "" },
		{ "{n|or {m|or {o}}}", "||7", "7" },
		{ "{line|sub {row}}", "||", "2" },
		{ "{n|add {who}}", "1||", "there is no column who" },
		{ "{n|add {m}", "1||",
		  "10: event.usage braces must come in pairs around a column's name" },
		{ "{n|add {m}}}", "1||",
		  "10: event.usage braces must come in pairs around a column's name" },
		{ "{n|add {m} 1}", "1||",
		  "10: event.usage braces must come in pairs around a column's name" },
		{ "{n|add 1{m}}", "1||",
		  "10: event.usage braces must come in pairs around a column's name" },
		{ "{n|add {m|add {m|add {m|add {m|add {m}}}}}}", "1|1|",
		  "10: event.usage columns may stand in each other's filters up to 4 deep" },
		{ "{n|add {m|add {m|add {m|add {m}}}}}", "1|1|", "5" },
	};
	static const struct case_of_field texts[] = {
		{ "{n|or {m}}", "a|b|", "a" },
		{ "{n|or {m|upper}}-{o}", "|b|c", "B-c" },
		{ "{n|after {m}|before {o}}", "sip:47@x|sip:|@", "47" },
		{ "{n|after {m|mul 2}}", "x14y|7|", "y" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = field("", "usage", cases[i].value, cases[i].record);
		size_t len = strlen(cases[i].want);

		ROW("%s of %s", cases[i].value, cases[i].record);
		if (len == 0) /* a field without text is one that the event doesn't have */
			ck_assert_str_eq(got, "source=s id=i subject=x time=T category=c\n");
		else
			ck_assert_msg(strncmp(got, cases[i].want, len) == 0 && got[len] == '\n',
				      "%s: %s", cases[i].value, got);
	}
	check_fields("", "customer", texts, ARRAY_SIZE(texts));
}
END_TEST

START_TEST(times_can_be_subtracted)
{
	static const struct {
		const char *event, *value, *record, *want;
	} cases[] = {
		{ "time = {t}\n", "{n|seconds|sub {t|seconds}}",
		  "2026-03-29T01:00:30.5Z,2026-03-29T01:30:00+01", "1830.5" },
		{ "time = {t}\ntime_format = %Y-%m-%d %H:%M:%S\ntime_zone = Europe/Vienna\n",
		  "{n|seconds|sub {t|seconds}}", "2026-03-29 03:00:00,2026-03-29 01:59:00", "60" },
		{ "time = {t}\ntime_format = %Y-%m-%d %H:%M:%S\ntime_zone = Europe/Vienna\n",
		  "{n|seconds %d.%m.%Y %H:%M|sub {t|seconds}|div 60}",
		  "01.07.2026 12:30,2026-07-01 12:00:30", "29.5" },
		{ "time = {t}\ntime_format = milliseconds since 1970-01-01T00:00:00Z\n",
		  "{n|seconds|sub {t|seconds}}", "1700000001500,1700000000250", "1.25" },
		{ "time = {t}\n", "{n|seconds|sub {t|seconds}}", "soon,2026-03-29T01:30:00+01",
		  "n must have the form 2026-11-21T10:00:00Z" },
		{ "time = {t}\ntime_format = %Y-%m-%d\n", "{n|seconds|sub {t|seconds}}",
		  "2026-02-29,2026-02-01", "n must have the form %Y-%m-%d" },
		{ "time = {t}\n", "{n|seconds %j}", "1,2",
		  "9: event.usage the form of the filter seconds may have %Y" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char mapping[1024], text[300];
		const char *got;

		snprintf(mapping, sizeof(mapping), CSV BASE "id = i\n%susage = %s\n",
			 cases[i].event, cases[i].value);
		snprintf(text, sizeof(text), "n,t\n%s\n", cases[i].record);
		got = mapped(mapping, text);
		got = strstr(got, "usage=") ? strstr(got, "usage=") + 6 : got;
		ck_assert_msg(strncmp(got, cases[i].want, strlen(cases[i].want)) == 0,
			      "%s of %s: %s", cases[i].value, cases[i].record, got);
	}
}
END_TEST

START_TEST(decimal_commas_are_read)
{
	static const struct case_of_field cases[] = {
		{ "{n}", "1.234,5||", "1234.5" },
		{ "{n}", "0,005||", "0.005" },
		{ "{n}", "12||", "12" },
		{ "{n}", "1.234||", "1234" },
		{ "{n}", "1.234.567,89||", "1234567.89" },
		{ "{n}", "+3,30||", "3.3" },
		{ "{n}", "-3,3||", "-3.3" },
		{ "{n}", "1,5e3||", "1500" },
		{ "{n|mul 0.5}", "3,3||", "1.65" },
		{ "{n|add {m}}", "1,5|2,25|", "3.75" },
		{ "{n|atleast 0|round 1}", "-1,5||", "0" },
		{ "{n|before EUR|trim}", "1.000,50 EUR||", "1000.5" },
		{ "{n}.{m}", "1.000|25|", "1000.25" },
		{ "0.5", "||", "0.5" },
		{ "{line|add 0.5}", "||", "2.5" },
		{ "{n}", "1.5||", "n must be a number with a decimal comma, like 1.234,5" },
		{ "{n}", "1,234.5||", "n must be a number with a decimal comma, like 1.234,5" },
		{ "{n}", "1.23,4||", "n must be a number with a decimal comma, like 1.234,5" },
		{ "{n}", "1234.567||", "n must be a number with a decimal comma, like 1.234,5" },
		{ "{n}", "0.123||", "n must be a number with a decimal comma, like 1.234,5" },
		{ "{n}", "1..234||", "n must be a number with a decimal comma, like 1.234,5" },
		{ "{n}", ".123||", "n must be a number with a decimal comma, like 1.234,5" },
		{ "{n|mul 2}", "1,2,3||",
		  "n must be a number with a decimal comma, like 1.234,5 for the filter mul" },
	};
	static const struct case_of_field texts[] = { { "{n}", "1.234,5||", "1.234,5" },
						      { "{n|mul 2}", "1,5||", "3" } };
	static const struct case_of_field points[] = {
		{ "{n}", "1.5||", "1.5" },
		{ "{n|mul 2}", "1,5||", "n must be a number for the filter mul" }
	};

	check_fields("decimal = comma\n", "usage", cases, ARRAY_SIZE(cases));
	check_fields("decimal = comma\n", "customer", texts, ARRAY_SIZE(texts));
	check_fields("decimal = point\n", "price", points, ARRAY_SIZE(points));
	ck_assert_str_eq(
		mapped(CSV "delimiter = semicolon\ndecimal = comma\n[rows]\nskip = n = ..1.5\n" BASE
			   "id = {n|table t}\ntime = {t}\ntime_format = seconds since "
			   "1970-01-01T00:00:00Z\n[table t]\nbig = 1000..\nsmall = *\n",
		       "n;t\n1,5;0\n1,51;1.391.385.600,25\n1.234,5;1391385600\n2;1.5\n"),
		"skipped\n"
		"source=s id=small subject=x time=2014-02-03T00:00:00.250000Z category=c\n"
		"source=s id=big subject=x time=2014-02-03T00:00:00Z category=c\n"
		"time must have the form seconds since 1970-01-01T00:00:00Z\n");
	ck_assert_str_eq(mapped("[file]\ndecimal = ,\n", ""),
			 "2: file.decimal must be point or comma\n");
	ck_assert_str_eq(
		mapped("[file]\nformat = json\ndecimal = comma\n" BASE "id = 1\ntime = T\n", ""),
		" file.header, columns, delimiter, quote and decimal are for CSV\n");
}
END_TEST

/* ---- times ---- */

START_TEST(numbers_that_touch_have_their_full_width)
{
	static const struct {
		const char *form, *text, *want; /* NULL: refused */
	} cases[] = {
		{ "%Y%m%d%H%M%S", "20260101102030", "2026-01-01T10:20:30Z" },
		{ "%Y%m%d%H%M%S", "2026010110203", NULL },
		{ "%Y%m%d%H%M%S", "202601011020", NULL },
		{ "%Y%m%d%H%M%S", "202601011020301", NULL },
		{ "%Y%m%d%H%M%S", "20260101102030.25", "2026-01-01T10:20:30.250000Z" },
		{ "%Y%m%dT%H%M", "20260101T102", NULL },
		{ "%Y%m%dT%H%M", "20260101T1020", "2026-01-01T10:20:00Z" },
		{ "%Y%m%d %H:%M", "2026111 1:2", NULL },
		{ "%Y%m%d %H:%M", "20260111 1:2", "2026-01-11T01:02:00Z" },
		{ "%y%m%d%H%M%S%z", "260101102030+01", "2026-01-01T09:20:30Z" },
		{ "%H%M%S%d%m%Y", "10203001012026", "2026-01-01T10:20:30Z" },
		{ "%H:%M:%S%d%m%Y", "10:20:30.5012026", NULL },
		{ "%H:%M:%S,%d.%m.%Y", "10:20:30,5.1.2026", "2026-01-05T10:20:30Z" },
		{ "%H:%M:%S,%d.%m.%Y", "10:20:30.5,5.1.2026", "2026-01-05T10:20:30.500000Z" },
		{ "%e%H %b %Y", " 110 Jan 2026", "2026-01-01T10:00:00Z" },
		{ "%e%H %b %Y", "110 Jan 2026", NULL },
		{ "%d%b%Y %I%p", "5Jan2026 3PM", "2026-01-05T15:00:00Z" },
		{ "%m/%d/%Y %H:%M", "2/1/2026 7:05", "2026-02-01T07:05:00Z" },
		{ "%Y-%m-%d %H:%M:%S%z", "2026-1-5 1:2:3-0330", "2026-01-05T04:32:03Z" },
		{ "%Y-%m-%d1%H", "2026-01-051", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct time_form form = { 0 };
		char got[INSTANT_TEXT] = "refused";
		int64_t us;

		ROW("%s of %s", cases[i].form, cases[i].text);
		ck_assert_int_eq(time_form_compile(&form, cases[i].form, NULL), 0);
		if (time_form_read(&form, cases[i].text, strlen(cases[i].text), &us))
			instant_format(got, us);
		ck_assert_msg(strcmp(got, cases[i].want ? cases[i].want : "refused") == 0,
			      "%s of %s: %s", cases[i].form, cases[i].text, got);
	}
}
END_TEST

START_TEST(offsets_may_have_hours_alone)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "2026-11-21 10:00:00+01", "2026-11-21T09:00:00Z" },
		{ "2026-11-21 10:00:00+0100", "2026-11-21T09:00:00Z" },
		{ "2026-11-21 10:00:00+01:00", "2026-11-21T09:00:00Z" },
		{ "2026-11-21 10:00:00-03", "2026-11-21T13:00:00Z" },
		{ "2026-11-21 10:00:00+05:45", "2026-11-21T04:15:00Z" },
		{ "2026-11-21 10:00:00.5+00", "2026-11-21T10:00:00.500000Z" },
		{ "2026-11-21 10:00:00+1", NULL },
		{ "2026-11-21 10:00:00+01:", NULL },
		{ "2026-11-21 10:00:00+01:0", NULL },
		{ "2026-11-21 10:00:00+010", NULL },
		{ "2026-11-21 10:00:00+01000", NULL },
		{ "2026-11-21 10:00:00+24", NULL },
		{ "2026-11-21 10:00:00+01:60", NULL },
		{ "2026-11-21 10:00:00+", NULL },
		{ "2026-11-21 10:00:00+01 ", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text, *want = cases[i].want ? cases[i].want : "refused";
		char got[INSTANT_TEXT] = "refused", by_form[INSTANT_TEXT] = "refused";
		struct time_form form = { 0 };
		int64_t us;

		ROW("%s", cases[i].text);
		if (instant_parse(text, strlen(text), false, &us))
			instant_format(got, us);
		ck_assert_int_eq(time_form_compile(&form, "%Y-%m-%d %H:%M:%S%z", NULL), 0);
		if (time_form_read(&form, text, strlen(text), &us))
			instant_format(by_form, us);
		ck_assert_msg(strcmp(got, want) == 0, "%s: %s", text, got);
		ck_assert_msg(strcmp(by_form, want) == 0, "%s by its form: %s", text, by_form);
	}
}
END_TEST

START_TEST(an_hour_of_twelve_needs_its_half)
{
	ck_assert_str_eq(mapped("[event]\ntime_format = %Y-%m-%d %I:%M\n", ""),
			 "2: event.time_format must have %p for AM or PM beside %I, or %H for an "
			 "hour of 24\n");
}
END_TEST

START_TEST(a_zone_that_is_asked_for_must_be_given)
{
	static const char asks[] = CSV BASE
		"id = 1\ntime = {t}\ntime_format = %Y-%m-%d %H:%M\ntime_zone = ask\n";
	static const char vienna[] = CSV BASE
		"id = 1\ntime = {t}\ntime_format = %Y-%m-%d %H:%M\ntime_zone = Europe/Vienna\n";
	static const char offset[] = CSV BASE "id = 1\ntime = {t}\n";
	struct error err = { 0 };
	struct mapping *m = load(asks, "America/New_York", &err);

	ck_assert_ptr_nonnull(m);
	ck_assert_str_eq(read_all(m, "t\n2026-07-01 00:30\n"),
			 "source=s id=1 subject=x time=2026-07-01T04:30:00Z category=c\n");
	mapping_free(&m);
	m = load(vienna, "Asia/Tokyo", &err);
	ck_assert_ptr_nonnull(m);
	ck_assert_str_eq(read_all(m, "t\n2026-07-01 09:30\n"),
			 "source=s id=1 subject=x time=2026-07-01T00:30:00Z category=c\n");
	mapping_free(&m);
	ck_assert_ptr_null(load(asks, NULL, &err));
	ck_assert_ptr_nonnull(strstr(
		err.message,
		"asks for the time zone of the records: give it as in --zone Europe/Vienna"));
	error_clear(&err);
	ck_assert_ptr_null(load(asks, "Vienna", &err));
	ck_assert_str_eq(err.message, "must be a time zone such as Europe/Vienna");
	error_clear(&err);
	ck_assert_ptr_null(load(offset, "Europe/Vienna", &err));
	ck_assert_ptr_nonnull(strstr(err.message, "is for times without offset"));
}
END_TEST

/* ---- JSON ---- */

START_TEST(items_of_arrays_can_be_counted_from_the_end)
{
	static const char mapping[] = "[file]\nformat = json\n[event]\nsource = s\nid = "
				      "{a.-1}\naccount = {b.-1.c}\ntime = {a.-2|or T}\n"
				      "category = {d.-1.-1|or none}\n";

	ck_assert_str_eq(
		mapped(mapping,
		       "{\"a\":[1,2,3],\"b\":[{\"c\":\"x\"},{\"c\":\"y\"}]}\n"
		       "{\"a\":[1],\"b\":{\"c\":\"z\"},\"d\":[[1,2],[3,4]]}\n"
		       "{\"a\":\"alone\",\"b\":{\"-1\":{\"c\":\"member\"},\"c\":\"z\"},\"d\":[]}\n"
		       "{\"a\":[],\"b\":[{\"c\":\"x\"}]}\n"
		       "{\"a\":[{}],\"b\":[]}\n"),
		"source=s id=3 subject=y time=2 category=none\n"
		"source=s id=1 subject=z time=T category=4\n"
		"source=s id=alone subject=member time=T category=none\n"
		"source=s subject=x time=T category=none\n"
		"a.-1 must be a text or a number, not a JSON object\n");
}
END_TEST

/* ---- the mappings that come with the program ---- */

static struct mapping *shipped(const char *name, const char *zone)
{
	const char *srcdir = getenv("srcdir");
	struct error err = { 0 };
	struct mapping *m = NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/conf/mappings/%s.ini", srcdir ? srcdir : ".", name);
	ck_assert_msg(mapping_load(path, &m, &err) == 0, "%s", err.message);
	ck_assert_msg(mapping_set_zone(m, zone, &err) == 0, "%s", err.message);
	return m;
}

#define LEG(uuid, more, callflow)                                             \
	"{\"variables\":{\"uuid\":\"" uuid                                    \
	"\",\"accountcode\":\"a%20b\",\"start_uepoch\":\"1391385600000000\"," \
	"\"billsec\":\"61\"" more "},\"callflow\":" callflow "}\n"
#define PROFILE(context) "{\"caller_profile\":{\"context\":\"" context "\"}}"
#define ANSWERED         ",\"answer_epoch\":\"1391385601\""

START_TEST(a_call_of_freeswitch_has_the_direction_of_its_oldest_profile)
{
	struct mapping *m = shipped("freeswitch", NULL);

#define CALL(id, category)                                                                     \
	"source=freeswitch id=" id " subject=a b time=2014-02-03T00:00:00Z category=" category \
	" usage=2\n"
	ck_assert_str_eq(
		read_all(
			m,
			LEG("in", ANSWERED, "[" PROFILE("public") "]") LEG(
				"moved", ANSWERED, "[" PROFILE("default") "," PROFILE("public") "]")
				LEG("twice", ANSWERED,
				    "[" PROFILE("features") "," PROFILE("default") "," PROFILE(
					    "public") "]") LEG("out", ANSWERED,
							       "[" PROFILE("default") "]")
					LEG("back", ANSWERED,
					    "[" PROFILE("public") "," PROFILE("default") "]")
						LEG("one", ANSWERED, PROFILE("public")) LEG(
							"none", ANSWERED,
							"[]") LEG("unanswered",
								  ",\"answer_epoch\":\"0\"",
								  "[" PROFILE("public") "]")
							LEG("never", "", "[" PROFILE("public") "]")
								LEG("null",
								    ",\"answer_epoch\":null",
								    "[" PROFILE("public") "]")
									LEG("b",
									    ANSWERED
									    ",\"originating_leg_"
									    "uuid\":\"in\"",
									    "[" PROFILE(
										    "public") "]")),
		CALL("in", "calls-inbound") CALL("moved", "calls-inbound")
			CALL("twice", "calls-inbound") CALL("out", "calls-outbound")
				CALL("back", "calls-outbound") CALL("one", "calls-inbound") CALL(
					"none",
					"calls-outbound") "skipped\nskipped\nskipped\nskipped\n");
	mapping_free(&m);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mapping");
	TCase *tc = tcase_create("file");

	tcase_add_test(tc, only_a_line_that_begins_with_it_is_a_comment);
	tcase_add_test(tc, an_equals_sign_alone_separates);
	tcase_add_test(tc, unique_names_of_sim_and_fleet_are_fields_like_others);
	tcase_add_test(tc, signs_of_the_file_may_stand_in_columns_rules_and_categories);
	tcase_add_test(tc, long_names_stay_whole_in_indented_lines);
	tcase_add_test(tc, the_last_columns_may_be_missing);
	suite_add_tcase(s, tc);
	tc = tcase_create("numbers");
	tcase_add_test(tc, negative_amounts_are_rejected_before_and_after_each_filter);
	tcase_add_test(tc, columns_may_be_operands);
	tcase_add_test(tc, times_can_be_subtracted);
	tcase_add_test(tc, decimal_commas_are_read);
	suite_add_tcase(s, tc);
	tc = tcase_create("times");
	tcase_add_test(tc, numbers_that_touch_have_their_full_width);
	tcase_add_test(tc, offsets_may_have_hours_alone);
	tcase_add_test(tc, an_hour_of_twelve_needs_its_half);
	tcase_add_test(tc, a_zone_that_is_asked_for_must_be_given);
	suite_add_tcase(s, tc);
	tc = tcase_create("JSON");
	tcase_add_test(tc, items_of_arrays_can_be_counted_from_the_end);
	suite_add_tcase(s, tc);
	tc = tcase_create("shipped");
	tcase_add_test(tc, a_call_of_freeswitch_has_the_direction_of_its_oldest_profile);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
