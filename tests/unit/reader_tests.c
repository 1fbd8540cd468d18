/*
 * reader_tests.c - every record of a stream has a result, whatever is damaged
 * or too long.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "ingest/reader.h"
#include "suite.h"
#include "base/banned.h"

enum { RECORD_BYTES = 200 };

struct bytes {
	const char *text;
	size_t len, at, step;
};

static int64_t read_from(void *arg, void *buf, size_t size, struct error *err)
{
	struct bytes *b = arg;
	size_t n = b->len - b->at;

	(void)err;
	n = n > b->step ? b->step : n;
	n = n > size ? size : n;
	memcpy(buf, b->text + b->at, n);
	b->at += n;
	return (int64_t)n;
}

/* "1:a 2:bad 3:b end": line and id of each record, and how the stream ends. */
static void tell(enum reader_form form, struct mapping *m, const char *text, size_t len,
		 size_t step, struct strbuf *out)
{
	struct bytes bytes = { .text = text, .len = len, .step = step };
	struct reader *r = reader_new(form, m, RECORD_BYTES, read_from, &bytes);
	enum read_result got;

	strbuf_clear(out);
	do {
		struct raw_event ev;
		struct error err = { 0 };
		size_t text_len;

		got = reader_next(r, &ev, &err);
		reader_text(r, &text_len);
		ck_assert_uint_le(text_len, RECORD_BYTES + 1);
		if (got == READ_EVENT)
			strbuf_addf(out, "%lld:%.*s ", (long long)reader_line(r),
				    (int)ev.field[EV_ID].len, ev.field[EV_ID].text);
		else if (got == READ_BAD)
			strbuf_addf(out, "%lld:bad ", (long long)reader_line(r));
	} while (got != READ_END && got != READ_FAILED);
	strbuf_add(out, got == READ_END ? "end" : "failed");
	reader_free(&r);
}

static void check(enum reader_form form, struct mapping *m, const char *text, size_t len,
		  const char *want)
{
	static const size_t steps[] = { SIZE_MAX, 1, 2, 7, 61 };
	struct strbuf out;

	strbuf_init(&out, 1 << 20);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		tell(form, m, text, len, steps[i], &out);
		ck_assert_msg(strcmp(out.text, want) == 0,
			      "%.*s\n-- %zu bytes a time gave\n%s\nnot\n%s", (int)len, text,
			      steps[i], out.text, want);
	}
	strbuf_release(&out);
}

struct damage {
	const char *text;
	size_t len;
	const char *want;
};

#define DAMAGE(text, want)                   \
	{                                    \
		text, sizeof(text) - 1, want \
	}
#define ID(id)       "\"id\": \"" id "\", \"time\": \"x\""
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define X50          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X300         X50 X50 X50 X50 X50 X50

/* ---- JSON lines ---- */

static const struct damage ndjson[] = {
	DAMAGE("", "end"),
	DAMAGE("\n \n\r\n\t\n", "end"),
	DAMAGE("{\"id\":\"a\"}\n\n\n{\"id\":\"b\"}", "1:a 4:b end"),
	DAMAGE("{\"id\":\"a\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("d\":\"a\"}\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("{\"id\":\"a\"}\0\0zz\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("{\"a\":1}\0\\\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("{\"a\":1}\0\\", "1:bad end"),
	DAMAGE("{\"id\":\"\\", "1:bad end"),
	DAMAGE("{\"id\":\"\\u", "1:bad end"),
	DAMAGE("{\"id\":\"\\ud83d\\", "1:bad end"),
	DAMAGE("\0\0\0\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("{\"id\":\"" X300 "\"}\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("{\"id\":\"" X300 X300 X300 "\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("{\"id\":\"a\",\"id\":\"b\"}\n{\"id\":\"c\"}", "1:bad 2:c end"),
	DAMAGE("{\"id\":\"a\"}{\"id\":\"b\"}\n{\"id\":\"c\"}", "1:bad 2:c end"),
};

START_TEST(a_damaged_line_costs_that_line_alone)
{
	check(READER_NDJSON, NULL, ndjson[_i].text, ndjson[_i].len, ndjson[_i].want);
}
END_TEST

/* ---- JSON values ---- */

static const struct damage json[] = {
	/* not damaged */
	DAMAGE("{\"id\":\"a\"}{\"id\":\"b\"} {\"id\":\"c\"}\n\n{\"id\":\"d\"}",
	       "1:a 1:b 1:c 3:d end"),
	DAMAGE("{\n  \"id\": \"a\",\n  \"x\": [\n    {\n    }\n  ]\n}\n{\n  \"id\": \"b\"\n}\n",
	       "1:a 8:b end"),
	DAMAGE("[{\"id\":\"a\"}]\n[{\"id\":\"b\"}, {\"id\":\"c\"}]\n{\"id\":\"d\"}",
	       "1:a 2:b 2:c 3:d end"),
	DAMAGE("[\n  {\"id\":\"a\"}\n, {\"id\":\"b\"}\n]\n", "2:a 3:b end"),
	DAMAGE("[]", "end"),
	DAMAGE(" [ ] ", "end"),
	DAMAGE("{\"id\":\"]}\\\"{[\"}{\"id\":\"b\"}", "1:]}\"{[ 1:b end"),
	/* malformed, but the brackets close where that shows */
	DAMAGE("{\"id\":\"a\",}{\"id\":\"b\"}", "1:bad 1:b end"),
	DAMAGE("{\"id\" \"a\"} {\"id\":\"b\"}", "1:bad 1:b end"),
	DAMAGE("{\"id\":\"\\x\"} {\"id\":\"b\"}", "1:bad 1:b end"),
	DAMAGE("{\"id\":\"\\u12\"} {\"id\":\"b\"}", "1:bad 1:b end"),
	DAMAGE("{\"x\":[1,2} {\"id\":\"b\"}", "1:bad 1:b end"),
	DAMAGE("[{\"x\":[1,2},{\"id\":\"b\"}]", "1:bad 1:b end"),
	DAMAGE("[{\"x\":{\"y\":1,{\"z\":2}}},{\"id\":\"b\"}]", "1:bad 1:b end"),
	DAMAGE("[{\"id\":\"a\"},17,\"x\",[1],null,{\"id\":\"b\"}]",
	       "1:a 1:bad 1:bad 1:bad 1:bad 1:b end"),
	/* cut */
	DAMAGE("{\"id\":\"a\",\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n", "1:bad 2:b 3:c end"),
	DAMAGE("{\"id\":\"a\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n", "1:bad 2:b 3:c end"),
	DAMAGE("{\"id\":\"a\",\"x\":[\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n", "1:bad 2:b 3:c end"),
	DAMAGE("{\"id\":\"a\",\"x\":\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n", "1:bad 2:b 3:c end"),
	DAMAGE("{\"id\":\"a\",\"x\":[\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("{\"id\":\"a\",\"x\":\n{\"id\":\"b\"}", "1:bad 2:b end"),
	DAMAGE("{\"id\":\"a\"}\n{\"id\":\"b\",\"x\":", "1:a 2:bad end"),
	DAMAGE("\"x\":1}}\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("a,b,c\n1,2,3\n", "1:bad end"),
	DAMAGE("{\n  \"id\": \"a\",\n  \"x\": {\n{\n  \"id\": \"b\"\n}\n", "1:bad 4:b end"),
	DAMAGE("  \"x\": {\n  }\n}\n{\n  \"id\": \"b\"\n}\n", "1:bad 4:b end"),
	DAMAGE("{\n  \"id\": \"a\"\n  \"x\": {\n  }\n}\n{\n  \"id\": \"b\"\n}\n", "1:bad 6:b end"),
	DAMAGE("[\n  {\n    \"id\": \"a\",\n    \"x\": [\n      {\n  },\n  {\n    \"id\": \"b\"\n  "
	       "}\n]\n",
	       "2:bad 7:b end"),
	DAMAGE("[\n  {\"id\":\"a\",\n  {\"id\":\"b\"},\n  {\"id\":\"c\"}\n]\n",
	       "2:bad 3:b 4:c end"),
	DAMAGE("[\n  {\"id\":\"a\"},\n  {\"id\":\"b\",\n]\n[\n  {\"id\":\"c\"}\n]\n",
	       "2:a 3:bad 6:c end"),
	DAMAGE("[{\"id\":\"a\",\n {\"id\":\"b\"},\n {\"id\":\"c\"}]", "1:bad 2:b 3:c end"),
	/*
	 * the first one, of which the beginning is missing, is less indented
	 * than the others
	 */
	DAMAGE("[\n\",\n    \"x\": 1\n  },\n  {\n    " ID("b") "\n  }\n]\n", "2:bad 5:b end"),
	DAMAGE("{x\", []]}\n  },\n  {\n    " ID("b") "\n  }\n]\n", "1:bad 3:b end"),
	DAMAGE("[\n{x\", []]}\n  },\n  {\n    " ID("b") "\n  }\n]\n", "2:bad 4:b end"),
	DAMAGE("{" ID("a") "}\n[\n\"x\":1},\n  {" ID("b") "},\n  {" ID("c") "}\n]\n",
	       "1:a 3:bad 3:bad 4:b 5:c end"),
	/* more indented than those before */
	DAMAGE("{" ID("a") "}\n  {" ID("b") ",\n  {" ID("c") "}\n", "1:a 2:bad 3:c end"),
	DAMAGE("{" ID("a") "}\n[\n  {" ID("b") ",\n  {" ID("c") "}\n]\n", "1:a 3:bad 4:c end"),
	DAMAGE("[\n{" ID("a") "},\n{\"id\":\"b\n]\n[\n  {" ID("c") "}\n]\n", "2:a 3:bad 6:c end"),
	DAMAGE("[\n{" ID("a") "},\n{\"id\":[\n]\n[\n  {" ID("c") "}\n]\n", "2:a 3:bad 6:c end"),
	/* objects in what is left are no events */
	DAMAGE("{\n  " ID("a") ",\n  \"x\" \"y\",\n  \"z\": [\n    {\n      \"id\": \"x\"\n    "
			       "},\n    {\n      \"id\": \"y\"\n    }\n"
			       "  ]\n}\n{\n  " ID("b") "\n}\n",
	       "1:bad 13:b end"),
	DAMAGE("\"x\" \"y\",\n  \"z\": [\n    {\n      \"id\": \"x\"\n    },\n    {\n      \"id\": "
	       "\"y\n  ]\n}\n{\n  " ID("b") "\n}\n",
	       "1:bad 10:b end"),
	DAMAGE("[ {\n  \"x\": [ 1, {\n  " ID("b") "\n}, {\n  " ID("c") "\n}, \n}, {\n  " ID(
		       "d") "\n} ]\n",
	       "1:bad 4:c 7:bad 7:d end"),
	/* as others write arrays */
	DAMAGE("[ {\n  " ID("a") "\n}, {\n  \"id\": \"b\n}, {\n  \"id\" \"c\"\n}, {\n  " ID(
		       "d") "\n} ]\n",
	       "1:a 3:bad 5:bad 7:d end"),
	DAMAGE("[ {\n  \"x\": {\n}, {\n  " ID("b") ",\n  \"x\": [ {\n    \"id\": \"x\"\n  }, {\n   "
						   " \"id\": \"y\"\n  } ]\n}, {\n  " ID(
							   "c") "\n} ]\n",
	       "1:bad 3:b 10:c end"),
	DAMAGE("[ {\n  " ID("a") "\n}, \"\n  \"id\": \"b\n}, {\n  " ID("c") "\n} ]\n",
	       "1:a 3:bad 5:c end"),
	DAMAGE("[{" ID("a") "},\n {\"id\":\"b},\n {" ID("c") "}]\n", "1:a 2:bad 3:c end"),
	DAMAGE("[{\"id\":[1,\n {" ID("b") "},\n {" ID("c") "}]\n", "1:bad 2:b 3:c end"),
	DAMAGE("\xFF\xFE garbage\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("{\"id\":\"a\"}\n\0\0\0\0\n{\"id\":\"b\"}\n", "1:a 2:bad 3:b end"),
	DAMAGE("{\"id\":\"a\"\0\0}\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("[{\"id\":\"a\"}\0\0{\"id\":\"b\"}]\n", "1:a 1:bad end"),
	/* too long */
	DAMAGE("{\"id\":\"a\"}{\"x\":\"" X300 "\"}{\"id\":\"b\"}", "1:a 1:bad 1:b end"),
	DAMAGE("{\n\"x\":\"" X300 "\",\n\"y\":{\n}\n}\n{\n\"id\":\"b\"\n}\n", "1:bad 6:b end"),
	DAMAGE("[{\"x\":\"" X300 X300 "\"},{\"id\":\"b\"}]", "1:bad 1:b end"),
	DAMAGE("[{\"x\":[" X300 "\n{\"id\":\"b\"}]", "1:bad 2:b end"),
	DAMAGE("{\"x\":\"" X300 "\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n", "1:bad 2:b 3:c end"),
	DAMAGE("{\"x\":\"" X300 "\",\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n", "1:bad 2:b 3:c end"),
	DAMAGE("{\"x\":\"" X300, "1:bad end"),
	DAMAGE("[\n{\"x\":[\"" X300 "\",\n{\"id\":\"b\"},\n{\"id\":\"c\"}]", "2:bad 3:b 4:c end"),
	DAMAGE("[\n {\"x\":[\"" X300 "\",\n {\"id\":\"b\"},\n {\"id\":\"c\"}]",
	       "2:bad 3:b 4:c end"),
	DAMAGE(X300 "\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("{\"x\":" X300 " " X300 "}\n{\"id\":\"b\"}\n", "1:bad 2:b end"),
	DAMAGE("{\n\"x\":\"" X300
	       "\",\n \"y\":[\n  {\n   \"id\":1\n },\n {\n  \"id\":2\n  }\n ]\n}\n{" ID("b") "}\n",
	       "1:bad 12:b end"),
	DAMAGE("{\n  \"y\": [\n    {\n      \"id\": 1\n    }\n  ],\n \"x\":\"" X300
	       "\"\n}\n{" ID("b") "}\n",
	       "1:bad 9:b end"),
	DAMAGE("[ {\n  \"x\" : [ \"" X300 "\",\n}, {\n  " ID("b") "\n}, {\n  " ID("c") "\n} ]\n",
	       "1:bad 3:b 5:c end"),
	DAMAGE("[ {\n  \"x\" : [ {\n}, {\n  " ID("b") ",\"x\": \"" X50 X50 "\"\n}, {\n  " ID(
		       "c") ", \"x\": \"" X50 X50 "\"\n} ]\n",
	       "1:bad 3:b 5:c end"),
	/* between values */
	DAMAGE("[{\"id\":\"a\"} {\"id\":\"b\"}]", "1:a 1:b failed"),
	DAMAGE("[{\"id\":\"a\"},,{\"id\":\"b\"}]", "1:a 1:b failed"),
	DAMAGE("[{\"id\":\"a\"}", "1:a failed"),
	DAMAGE("{\"id\":\"a\"}]", "1:a failed"),
	DAMAGE("", "failed"),
	DAMAGE(" \n ", "failed"),
};

START_TEST(reading_goes_on_after_a_damaged_value)
{
	check(READER_JSON, NULL, json[_i].text, json[_i].len, json[_i].want);
}
END_TEST

/* ---- CSV ---- */

#define HEADER "id,source,subject,time,category\n"

static const struct damage csv[] = {
	DAMAGE(HEADER "a,,,,\n\n\r\nb,,,,\n", "2:a 5:b end"),
	DAMAGE(HEADER "a,\"x\ny\",,,\nb,,,,\n", "2:a 4:b end"),
	DAMAGE(HEADER "a,\"x,,,\nb,,,,\nc,,,,\n", "2:bad 3:b 4:c end"),
	DAMAGE(HEADER "a,\"x,,,\nb,\"y\",,,\nc,,,,\n", "2:bad 3:b 4:c end"),
	DAMAGE(HEADER "a,\"x,,,\nb,,,,\nc,,,,\n" X50 X50 X50 X50 "\nd,,,,\n",
	       "2:bad 3:b 4:c 5:bad 6:d end"),
	DAMAGE(HEADER "a,x\"y,,,\nb,,,,\n", "2:bad 3:b end"),
	DAMAGE(HEADER "a,\0,,,\nb,,,,\n", "2:bad 3:b end"),
	DAMAGE(HEADER "a,\rx,,,\nb,,,,\n", "2:bad 3:b end"),
	DAMAGE(HEADER "a," X300 ",,,\nb,,,,\n", "2:bad 3:b end"),
	DAMAGE(HEADER "a,\"" X300 "\",,,\nb,,,,\n", "2:bad 3:b end"),
	DAMAGE(" id , source,subject ,\ttime,category\na,,,,\n", "2:a end"),
	DAMAGE("id,source,subject,time,category,note,note\na,,,,,,\n", "failed"),
	DAMAGE("id,source,subject,time,category,,\na,,,,,x,y\n", "2:a end"),
	DAMAGE("id,source,subject,time,category,useage\na,,,,,1\n", "failed"),
	DAMAGE("id,source,subject,time,category,useage,usage\na,,,,,1,1\n", "2:a end"),
};

START_TEST(a_damaged_row_costs_its_line_alone)
{
	check(READER_CSV, NULL, csv[_i].text, csv[_i].len, csv[_i].want);
}
END_TEST

#define TSV_HEADER "id\tsource\tsubject\ttime\tcategory\n"

static const struct damage tsv[] = {
	DAMAGE(TSV_HEADER "\"a\t\t\t\t\nb\t\"\t\"x\"y\t\t\n\"c\"\t\t\t\t\r\nd\t,\t\t\t",
	       "2:\"a 3:b 4:\"c\" 5:d end"),
	DAMAGE(TSV_HEADER "a\t\0\t\t\t\nb\t\t\t\t\n", "2:bad 3:b end"),
	DAMAGE(TSV_HEADER "a\t\t\nb\t\t\t\t\n", "2:bad 3:b end"),
	DAMAGE(TSV_HEADER X300 "\nb\t\t\t\t\n", "2:bad 3:b end"),
};

START_TEST(tabs_separate_cells_that_have_no_quotes)
{
	check(READER_TSV, NULL, tsv[_i].text, tsv[_i].len, tsv[_i].want);
}
END_TEST

static struct mapping *load(const char *text, struct error *err)
{
	int fd = memfd_create("mapping", MFD_CLOEXEC);
	struct mapping *m = NULL;
	char path[40];

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	mapping_load(path, &m, err);
	close(fd);
	return m;
}

#define FIELDS "[event]\nsource = s\nid = {a}\naccount = x\ncategory = c\ntime = {b}\n"

static const struct {
	const char *file;
	struct damage damage;
} mapped[] = {
	{ "format = csv\nheader = no\ncolumns = a, b\ndelimiter = tab\n",
	  DAMAGE("1\t\"x\n2\ty\n", "1:1 2:2 end") },
	{ "header = no\ncolumns = a, b\ndelimiter = tab\nquote = double\n",
	  DAMAGE("1\t\"x\n2\ty\"\n", "1:1 end") },
	{ "header = no\ncolumns = a, b\ndelimiter = bar\nquote = none\n",
	  DAMAGE("1|\"x\n2|y\n", "1:1 2:2 end") },
	{ "header = no\ncolumns = a, b\ndelimiter = semicolon\n",
	  DAMAGE("1;\"x\n2;y\"\n", "1:1 end") },
	{ "header = yes\n", DAMAGE(" a ,\tb,c,c\n1,2,3,4\n", "2:1 end") },
	{ "header = yes\n", DAMAGE("a,b,a\n1,2,3\n", "failed") },
	{ "format = json\n", DAMAGE("{\"a\":\"1\",\"b\n{\"a\":\"2\",\"b\":\"\"}\n{\"a\":\"3\"}\n",
				    "1:bad 2:2 3:3 end") },
	{ "format = json\n", DAMAGE("{\"a\":\"1\"}{\"a\":\"2\",\"x\":\"" X300 "\"}{\"a\":\"3\"}",
				    "1:1 1:bad 1:3 end") },
	{ "format = json\n",
	  DAMAGE("{\"a\":\"1\",\"x\":\"\xFF\"}{\"a\":\"2\",\"x\":\"\\ud800\"}", "1:1 1:2 end") },
	{ "format = json\n",
	  DAMAGE("{\"a\":\"1\",\"b\":\"\\ud800\"}{\"a\":\"2\"}", "1:bad 1:2 end") },
};

START_TEST(a_mapping_says_how_cells_are_quoted)
{
	struct error err = { 0 };
	struct strbuf text;
	struct mapping *m;

	strbuf_init(&text, 10000);
	strbuf_addf(&text, "[file]\n%s" FIELDS, mapped[_i].file);
	m = load(text.text, &err);
	ck_assert_msg(m, "%s", err.message);
	check(mapping_of_json(m) ? READER_JSON : READER_CSV, m, mapped[_i].damage.text,
	      mapped[_i].damage.len, mapped[_i].damage.want);
	mapping_free(&m);
	strbuf_release(&text);
}
END_TEST

START_TEST(a_quote_setting_that_is_none_is_refused)
{
	struct error err = { 0 };

	ck_assert_ptr_null(
		load("[file]\nheader = no\ncolumns = a, b\nquote = single\n" FIELDS, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "must be double or none"));
}
END_TEST

/* Reads all of TEXT; the last error. */
static struct error read_to_end(struct reader *r)
{
	struct error err = { 0 }, last = { 0 };
	enum read_result got;
	struct raw_event ev;

	while ((got = reader_next(r, &ev, &err)) != READ_END) {
		if (got == READ_BAD || got == READ_FAILED)
			last = err;
		if (got == READ_FAILED)
			break;
		error_clear(&err);
	}
	return last;
}

START_TEST(records_over_several_lines_are_counted)
{
	static const char text[] = HEADER
		"a,\"1\n2\",,,\nb,,,,\nc,\"1\n2\n\n4\",,,\nd,\"x\ny\",,,\ne,\"open,,,\n";
	struct bytes bytes = { text, sizeof(text) - 1, 0, 5 };
	struct reader *r = reader_new(READER_CSV, NULL, RECORD_BYTES, read_from, &bytes);
	struct reader_folds folds;

	read_to_end(r);
	folds = reader_folds(r);
	ck_assert_int_eq(folds.records, 3);
	ck_assert_int_eq(folds.longest_line, 5);
	ck_assert_int_eq(folds.longest_lines, 4);
	reader_free(&r);
}
END_TEST

static const struct {
	enum reader_form form;
	const char *text, *param, *message;
} reasons[] = {
	{ READER_NDJSON, "{\"id\":\"a\",\"data\":{\"useage\":1}}", "usage",
	  "\"useage\" is no member of an event's data, which lacks usage" },
	{ READER_NDJSON, "{\"data\":{\"Customer\":\"c\"}}", "customer", "lacks customer" },
	{ READER_NDJSON, "{\"data\":{\"sim\":\"s\",\"sim_nmae\":\"t\"}}", "sim_name",
	  "lacks sim_name" },
	{ READER_NDJSON, "{\"data\":{\"data_upload\":1,\"flet_name\":\"t\"}}", "fleet_name",
	  "lacks fleet_name" },
	{ READER_NDJSON, "{\"data\":{\"x\":{\"a\":1,\"b\":{\"a\":1},\"a\":2}}}", "",
	  "the member \"a\" comes twice" },
	{ READER_NDJSON, "{\"data\":{\"usage\":1,\"us\\u0061ge\":2}}", "", "a member comes twice" },
	{ READER_NDJSON, "{\"data\":{\"usage\\u0000\":1}}", "",
	  "\\u0000 is not allowed in a name" },
	{ READER_JSON, "{\"id\":\"a\",\"id\":\"b\"}", "", "the member \"id\" comes twice" },
	{ READER_CSV, "id,source,subject,time,category,costumer\n", "customer",
	  "a column costumer and none called customer" },
	{ READER_CSV, "id,source,subject,time,category,sim,simname\n", "sim_name",
	  "a column simname and none called sim_name" },
	{ READER_CSV, "id,source,subject,time,category,x,x\n", "x", "names the column x twice" },
};

START_TEST(a_misspelt_or_doubled_name_is_told)
{
	struct bytes bytes = { reasons[_i].text, strlen(reasons[_i].text), 0, SIZE_MAX };
	struct reader *r = reader_new(reasons[_i].form, NULL, RECORD_BYTES, read_from, &bytes);
	struct error err = read_to_end(r);

	ck_assert_str_eq(err.param, reasons[_i].param);
	ck_assert_msg(strstr(err.message, reasons[_i].message), "%s: %s", reasons[_i].text,
		      err.message);
	reader_free(&r);
}
END_TEST

static const struct {
	enum reader_form form;
	const char *text, *attributes; /* NULL: none */
} kept[] = {
	{ READER_NDJSON, "{\"id\":\"a\",\"data\":{\"usage\":1}}", NULL },
	{ READER_NDJSON,
	  "{\"id\":\"a\",\"useage\":1,\"datacontenttype\":null,\"data\":{\"team\":\"x\"}}",
	  "{\"team\":\"x\",\"useage\":1}" },
	{ READER_NDJSON, "{\"data\":{\"z\" : [1, 2.50, {\"b\":null}],\"a\":\"\\u00e9\\n\"}}",
	  "{\"a\":\"\xC3\xA9\\n\",\"z\":[1,2.50,{\"b\":null}]}" },
	{ READER_NDJSON, "{\"data\":{\"usage\":1,\"useage\":2,\"amount\":3,\"country\":\"AT\"}}",
	  "{\"amount\":3,\"country\":\"AT\",\"useage\":2}" },
	{ READER_NDJSON, "{\"x\":1,\"data\":{\"x\":2}}", "{\"x\":2}" },
	/* near the names of SIMs and fleets, which this isn't about */
	{ READER_NDJSON, "{\"data\":{\"sip_name\":\"a\",\"sheet_name\":\"b\"}}",
	  "{\"sheet_name\":\"b\",\"sip_name\":\"a\"}" },
	{ READER_CSV, "id,source,subject,time,category,sip_name\na,,,,,b\n",
	  "{\"sip_name\":\"b\"}" },
	{ READER_NDJSON, "{\"data\":{\"a\":\"\xFF\xC3\xA9\"}}",
	  "{\"a\":\"\xEF\xBF\xBD\xC3\xA9\"}" },
	{ READER_NDJSON, "{\"data\":{\"a\":12345678901234567890123,\"b\":1}}", "{\"b\":1}" },
	{ READER_DATA, "{\"id\":\"x\",\"usage\":1}", "{\"id\":\"x\"}" },
	{ READER_CSV, HEADER "a,,,,\n", NULL },
	{ READER_CSV, "id,source,subject,time,category,team,note\na,,,,,\"x \"\"y\"\"\",\n",
	  "{\"team\":\"x \\\"y\\\"\"}" },
	{ READER_CSV,
	  "id,source,subject,time,category,attributes\na,,,,,\"{\"\"b\"\":1,\"\"a\"\":[]}\"\n",
	  "{\"a\":[],\"b\":1}" },
	{ READER_CSV, "id,source,subject,time,category,uri,state\na,,,,,/x,current\n", NULL },
};

START_TEST(other_members_are_kept_as_attributes)
{
	struct bytes bytes = { kept[_i].text, strlen(kept[_i].text), 0, SIZE_MAX };
	struct reader *r = reader_new(kept[_i].form, NULL, RECORD_BYTES, read_from, &bytes);
	struct error err = { 0 };
	struct raw_event ev;

	ck_assert_msg(reader_next(r, &ev, &err) == READ_EVENT, "%s: %s", kept[_i].text,
		      err.message);
	if (kept[_i].attributes)
		ck_assert_str_eq(ev.attributes.text, kept[_i].attributes);
	else
		ck_assert_ptr_null(ev.attributes.text);
	reader_free(&r);
}
END_TEST

START_TEST(an_event_keeps_as_many_attributes_as_fit)
{
	struct strbuf text;
	struct bytes bytes;
	struct reader *r;
	struct error err = { 0 };
	struct raw_event ev;

	strbuf_init(&text, 1 << 20);
	strbuf_add(&text, "{\"id\":\"a\",\"data\":{\"zz\":\"last\",\"long\":\"");
	for (int i = 0; i < 5000; i++)
		strbuf_addc(&text, 'x');
	strbuf_add(&text, "\"");
	for (int i = 0; i < 3000; i++)
		strbuf_addf(&text, ",\"n%04d\":%d", i, i);
	strbuf_add(&text, "}}");
	bytes = (struct bytes) { text.text, text.len, 0, SIZE_MAX };
	r = reader_new(READER_NDJSON, NULL, 1 << 20, read_from, &bytes);
	ck_assert_msg(reader_next(r, &ev, &err) == READ_EVENT, "%s", err.message);
	ck_assert_uint_le(ev.attributes.len, EVENT_ATTRIBUTES_MAX);
	ck_assert_uint_gt(ev.attributes.len, EVENT_ATTRIBUTES_MAX - 20);
	ck_assert_ptr_nonnull(strstr(ev.attributes.text, "\"n0100\":100"));
	ck_assert_ptr_null(strstr(ev.attributes.text, "long"));
	reader_free(&r);
	strbuf_release(&text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reader");
	TCase *tc = tcase_create("damage"), *names = tcase_create("names");

	suite_add_tcase(s, tc);
	tcase_add_loop_test(tc, a_damaged_line_costs_that_line_alone, 0, COUNT(ndjson));
	tcase_add_loop_test(tc, reading_goes_on_after_a_damaged_value, 0, COUNT(json));
	tcase_add_loop_test(tc, a_damaged_row_costs_its_line_alone, 0, COUNT(csv));
	tcase_add_loop_test(tc, tabs_separate_cells_that_have_no_quotes, 0, COUNT(tsv));
	tcase_add_loop_test(tc, a_mapping_says_how_cells_are_quoted, 0, COUNT(mapped));
	tcase_add_test(tc, a_quote_setting_that_is_none_is_refused);
	tcase_add_test(tc, records_over_several_lines_are_counted);
	suite_add_tcase(s, names);
	tcase_add_loop_test(names, a_misspelt_or_doubled_name_is_told, 0, COUNT(reasons));
	tcase_add_loop_test(names, other_members_are_kept_as_attributes, 0, COUNT(kept));
	tcase_add_test(names, an_event_keeps_as_many_attributes_as_fit);
	return run_suite(s);
}
