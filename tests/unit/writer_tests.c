/*
 * writer_tests.c - wrong nesting fails, patterns and lists of texts.
 */
#include <check.h>
#include <string.h>
#include "format/backend.h"
#include "format/writer.h"
#include "documents.h"
#include "suite.h"
#include "base/banned.h"

/* ---- nesting ---- */

static const struct meta some_meta = { .key = "k" };

static void end_of_nothing(struct writer *w)
{
	writer_end(w);
}
static void field_of_nothing(struct writer *w)
{
	writer_field(w, &meta_fields[0], &some_meta.key);
}
static void two_roots(struct writer *w)
{
	writer_record(w, NULL, &meta_shape, &some_meta);
	writer_record(w, NULL, &meta_shape, &some_meta);
}
static void root_with_a_field(struct writer *w)
{
	writer_record(w, &sim_page_fields[1], &meta_shape, &some_meta);
}
static void no_root(struct writer *w)
{
	(void)w;
}
static void open_at_the_end(struct writer *w)
{
	writer_begin(w, NULL, &meta_shape);
}
static void field_in_a_list(struct writer *w)
{
	writer_begin_list(w, NULL, &meta_shape);
	writer_field(w, &meta_fields[0], &some_meta.key);
	writer_end(w);
}
static void named_item(struct writer *w)
{
	writer_begin_list(w, NULL, &meta_shape);
	writer_record(w, &sim_page_fields[1], &meta_shape, &some_meta);
	writer_end(w);
}
static void list_in_a_list(struct writer *w)
{
	writer_begin_list(w, NULL, &meta_shape);
	writer_begin_list(w, NULL, &meta_shape);
	writer_end(w);
	writer_end(w);
}
static void nameless_member(struct writer *w)
{
	writer_begin(w, NULL, &sim_page_shape);
	writer_record(w, NULL, &meta_shape, &some_meta);
	writer_end(w);
}
static void object_in_the_field_of_a_list(struct writer *w)
{
	writer_begin(w, NULL, &sim_page_shape);
	writer_record(w, &sim_page_fields[0], &meta_shape, &some_meta);
	writer_end(w);
}
static void list_in_the_field_of_an_object(struct writer *w)
{
	writer_begin(w, NULL, &sim_page_shape);
	WRITE_NOTHING(w, &sim_page_fields[1], &meta_shape);
	writer_end(w);
}
static void object_as_a_scalar(struct writer *w)
{
	writer_begin(w, NULL, &sim_page_shape);
	writer_field(w, &sim_page_fields[1], &some_meta);
	writer_end(w);
}
static void too_deep(struct writer *w)
{
	writer_begin(w, NULL, &sim_page_shape);
	for (int i = 0; i < WRITER_DEPTH; i++)
		writer_begin(w, &sim_page_fields[1], &sim_page_shape);
	for (int i = 0; i <= WRITER_DEPTH; i++)
		writer_end(w);
}

static const struct document wrong_documents[] = {
	{ "nothing is open that could end", &rest_style, end_of_nothing },
	{ "a field stands outside of an object", &rest_style, field_of_nothing },
	{ "an answer has one root", &rest_style, two_roots },
	{ "the root is no field", &rest_style, root_with_a_field },
	{ "the answer is not complete", &rest_style, no_root },
	{ "the answer is not complete", &rest_style, open_at_the_end },
	{ "a field stands outside of an object", &rest_style, field_in_a_list },
	{ "an item of a list has no field", &rest_style, named_item },
	{ "an item of a list is an object", &rest_style, list_in_a_list },
	{ "inside an object everything has a field", &rest_style, nameless_member },
	{ "the field is of another type", &rest_style, object_in_the_field_of_a_list },
	{ "the field is of another type", &rest_style, list_in_the_field_of_an_object },
	{ "the field is no scalar", &rest_style, object_as_a_scalar },
	{ "an answer is nested too deep", &rest_style, too_deep },
};

START_TEST(wrong_nesting_fails_in_every_format)
{
	const struct document *doc = &wrong_documents[_i / FORMATS];
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct error err = { 0 };

	strbuf_init(&buf, LIMIT);
	ck_assert_int_eq(render(doc, formats[_i % FORMATS], &sink, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INTERNAL);
	ck_assert_str_eq(err.message, doc->name);
	strbuf_release(&buf);
}
END_TEST

static void fields_backwards(struct writer *w)
{
	writer_begin_list(w, NULL, &ai_customer_shape);
	writer_begin(w, NULL, &ai_customer_shape);
	writer_field(w, &ai_customer_fields[1], &some_meta.key);
	writer_field(w, &ai_customer_fields[0], &some_meta.key);
	writer_end(w);
	writer_end(w);
}

START_TEST(tables_refuse_fields_out_of_order)
{
	static const struct format *const tables[] = { &format_csv, &format_html, &format_text };
	const struct document doc = { "backwards", &rest_style, fields_backwards };
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct error err = { 0 };

	strbuf_init(&buf, LIMIT);
	ck_assert_int_eq(render(&doc, tables[_i], &sink, &err), -1);
	ck_assert_str_eq(err.message, "the fields of a record are not in the order of its shape");
	strbuf_release(&buf);
}
END_TEST

static void late_page_field(struct writer *w)
{
	static const int64_t page = 1;

	writer_begin(w, NULL, &envelope_shape);
	WRITE_NOTHING(w, &envelope_fields[ENVELOPE_LIST], &record_shape);
	writer_field(w, &envelope_fields[0], &page);
	writer_end(w);
}

START_TEST(a_page_says_its_fields_before_its_list)
{
	const struct document doc = { "late", &rest_style, late_page_field };
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct error err = { 0 };

	strbuf_init(&buf, LIMIT);
	ck_assert_int_eq(render(&doc, &format_xml, &sink, &err), -1);
	ck_assert_str_eq(err.message, "the fields of a page come before its list");
	strbuf_release(&buf);
}
END_TEST

/* ---- patterns ---- */

struct word_links {
	const char *all, *none;
	int64_t number;
	const char *twice, *plain;
};

static const struct field word_links_fields[] = {
	FIELD(struct word_links, all, "The word alone"),
	FIELD(struct word_links, none, "Null"),
	FIELD(struct word_links, number, "A number"),
	FIELD(struct word_links, twice, "The word and more"),
	FIELD(struct word_links, plain, "Without the word"),
	{ 0 }
};
static const struct shape word_links_shape = { .name = "Links",
					       .fields = word_links_fields,
					       .doc = "Links of one word" };

struct holder {
	const char *name;
	const struct word_links *own; /* or: */
	struct word_pattern pattern;
	const char *last;
};

static const struct field own_fields[] = { FIELD(struct holder, name, "Before"),
					   FIELD_AS(struct holder, own, "links", "Of its own",
						    .shape = &word_links_shape),
					   FIELD(struct holder, last, "Behind"),
					   { 0 } };
static const struct field pattern_fields[] = { FIELD(struct holder, name, "Before"),
					       FIELD_AS(struct holder, pattern, "links",
							"By a pattern", .shape = &word_links_shape,
							.flags = FIELD_PATTERN),
					       FIELD(struct holder, last, "Behind"),
					       { 0 } };
static const struct shape own_shape = { .name = "Holder",
					.fields = own_fields,
					.doc = "Something with links" };
static const struct shape pattern_shape = { .name = "Holder",
					    .fields = pattern_fields,
					    .doc = "Something with links" };

static void write_holders(struct writer *w, const struct shape *shape)
{
	static const char *const words[] = { "calls", "a", "sms-out_2.x" };
	static const struct word_links patterns[] = {
		{ PATTERN_MARK, NULL, -5, "/x?<y>=" PATTERN_MARK "&z=\"" PATTERN_MARK, "" },
		{ "b/" PATTERN_MARK, NULL, 7, PATTERN_MARK "/c", "plain" }
	};

	writer_begin_list(w, NULL, shape);
	for (int i = 0; i < 50; i++) {
		const char *word = words[i % 3];
		bool second = i % 20 >= 10;
		char all[32], twice[64];
		struct word_links own = { all, NULL, second ? 7 : -5, twice,
					  second ? "plain" : "" };
		struct holder h = { i % 2 ? "odd" : "even",
				    &own,
				    { &patterns[second], word },
				    i % 7 ? "last" : NULL };

		snprintf(all, sizeof(all), second ? "b/%s" : "%s", word);
		snprintf(twice, sizeof(twice), second ? "%s/c" : "/x?<y>=%s&z=\"%s", word, word);
		writer_record(w, NULL, shape, &h);
	}
	writer_end(w);
}

static void write_own(struct writer *w)
{
	write_holders(w, &own_shape);
}

static void write_patterns(struct writer *w)
{
	write_holders(w, &pattern_shape);
}

START_TEST(a_pattern_has_the_same_bytes_as_a_record_of_its_own)
{
	static const struct style *const styles[] = { &rest_style, &contract_style };
	const struct format *format = formats[_i / 2];
	const struct document own = { "own", styles[_i % 2], write_own },
			      pattern = { "pattern", styles[_i % 2], write_patterns };
	struct strbuf want, got, buf;
	struct flushed f = { .sink = { .buf = &buf, .flush = send_bytes, .flush_above = 300 } };
	struct error err = { 0 };

	render_whole(&own, format, &want);
	render_whole(&pattern, format, &got);
	ck_assert_str_eq(got.text, want.text);
	strbuf_init(&buf, LIMIT);
	strbuf_init(&f.sent, LIMIT);
	ck_assert_int_eq(render(&pattern, format, &f.sink, &err), 0);
	strbuf_addn(&f.sent, buf.text, buf.len);
	ck_assert_str_eq(f.sent.text, want.text);
	strbuf_release(&want);
	strbuf_release(&got);
	strbuf_release(&buf);
	strbuf_release(&f.sent);
}
END_TEST

static void write_too_many_marks(struct writer *w)
{
	char marks[2 * WRITER_MARKS] = "";
	const struct word_links links = { .all = marks };
	struct holder h = { "name", NULL, { &links, "word" }, "last" };

	memset(marks, *PATTERN_MARK, WRITER_MARKS + 1);
	writer_record(w, NULL, &pattern_shape, &h);
}

START_TEST(a_pattern_with_too_many_marks_fails_where_it_is_copied)
{
	const struct document doc = { "marks", &rest_style, write_too_many_marks };
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct error err = { 0 };

	strbuf_init(&buf, LIMIT);
	ck_assert_int_eq(render(&doc, &format_json, &sink, &err), -1);
	ck_assert_str_eq(err.message, "too many marks in a pattern");
	strbuf_release(&buf);
}
END_TEST

/* ---- lists of texts ---- */

struct person {
	const char *name;
	const char *const *roles, *const *groups, *const *notes;
};

static const struct field person_fields[] = { FIELD_AS(struct person, name, "Name", "Who"),
					      FIELD_AS(struct person, roles, "Roles", "Some"),
					      FIELD_AS(struct person, groups, "Groups",
						       "None of them"),
					      FIELD_AS(struct person, notes, "Notes", "Null"),
					      { 0 } };

static const struct shape person_shape = {
	.name = "Person", .flags = SHAPE_ORDERED, .fields = person_fields, .doc = "Somebody"
};

#define D2P1 " xmlns:d2p1=\"http://schemas.microsoft.com/2003/10/Serialization/Arrays\""

static const struct {
	const struct format *format;
	const struct style *style;
	const char *text;
} lists_of_texts[] = {
	{ &format_json, &contract_style,
	  "{\"name\":\"Ada\",\"roles\":[\"a,b\",\"<c>\"],\"groups\":[]}" },
	{ &format_jsonl, &contract_style,
	  "{\"name\":\"Ada\",\"roles\":[\"a,b\",\"<c>\"],\"groups\":[]}" },
	{ &format_jsv, &contract_style, "{name:Ada,roles:[\"a,b\",<c>],groups:[]}" },
	{ &format_csv, &contract_style,
	  "Name,Roles,Groups,Notes\r\nAda,\"[\"\"a,b\"\",<c>]\",\"[]\",\r\n" },
	{ &format_xml, &contract_style,
	  "<Name>Ada</Name><Roles" D2P1
	  "><d2p1:string>a,b</d2p1:string><d2p1:string>&lt;c&gt;</d2p1:string></Roles>"
	  "<Groups" D2P1 " /><Notes i:nil=\"true\" /></Person>" },
	{ &format_xml, &rest_style,
	  "<Name>Ada</Name><Roles><item>a,b</item><item>&lt;c&gt;</item></Roles><Groups/><Notes/></"
	  "Person>" },
	{ &format_text, &contract_style, "Roles: a,b, <c>\n" },
};

START_TEST(a_list_of_texts_is_written_in_every_format)
{
	static const char *const some[] = { "a,b", "<c>", NULL }, *const none[] = { NULL };
	struct person ada = { "Ada", some, none, NULL };
	struct writer_options o = { .style = lists_of_texts[_i].style };
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct writer *w;

	strbuf_init(&buf, LIMIT);
	w = writer_new(lists_of_texts[_i].format, &o, &sink);
	writer_record(w, NULL, &person_shape, &ada);
	ck_assert_int_eq(writer_finish(w, NULL), 0);
	ck_assert_msg(strstr(buf.text, lists_of_texts[_i].text) != NULL, "%s", buf.text);
	writer_free(&w);
	strbuf_release(&buf);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("writer");
	TCase *tc = tcase_create("writer");

	tcase_add_loop_test(tc, wrong_nesting_fails_in_every_format, 0,
			    COUNT_OF(wrong_documents) * FORMATS);
	tcase_add_loop_test(tc, tables_refuse_fields_out_of_order, 0, 3);
	tcase_add_test(tc, a_page_says_its_fields_before_its_list);
	tcase_add_loop_test(tc, a_pattern_has_the_same_bytes_as_a_record_of_its_own, 0,
			    2 * FORMATS);
	tcase_add_test(tc, a_pattern_with_too_many_marks_fails_where_it_is_copied);
	tcase_add_loop_test(tc, a_list_of_texts_is_written_in_every_format, 0,
			    COUNT_OF(lists_of_texts));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
