/*
 * html_tests.c - pages: links, forms, pagers, templates.
 */
#include <check.h>
#include <string.h>
#include "format/backend.h"
#include "format/templates.h"
#include "format/writer.h"
#include "documents.h"
#include "suite.h"
#include "base/banned.h"

START_TEST(a_page_without_templates_is_refused)
{
	struct writer_options o = { .style = &rest_style };
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct error err = { 0 };
	struct writer *w = writer_new(&format_html, &o, &sink);

	strbuf_init(&buf, LIMIT);
	write_page(w);
	ck_assert_int_eq(writer_finish(w, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INTERNAL);
	ck_assert_uint_eq(buf.len, 0);
	writer_free(&w);
	strbuf_release(&buf);
}
END_TEST

static const struct page_link some_nav[] = { { "Usage", "/usage.html?a=1&b=2", true },
					     { "SIM <data>", "/sims", false },
					     { NULL, NULL, false } };
static const struct page_link some_exports[] = { { "JSON", "/r.json", false },
						 { NULL, NULL, false } };
static const struct page_choice some_choices[] = {
	{ .value = "", .text = "any" },
	{ .value = "calls", .text = "Calls" },
	{ .value = "sms", .text = "Text <messages>", .depth = 1 },
	{ 0 }
};
static const char *const some_zones[] = { "Asia/Kathmandu", "Europe/Berlin", "Europe/Paris" };
static const struct page_names zone_names = { some_zones, 3 };
static const struct page_choice zone_choices[] = { { .value = "", .text = "own" },
						   { .names = &zone_names },
						   { .value = "EST", .text = "EST" },
						   { 0 } };
static const struct page_input some_inputs[] = { { .name = "StartDate",
						   .label = "From",
						   .type = "date",
						   .value = "2026-11-01",
						   .hint = "First day" },
						 { .name = "Category",
						   .label = "Category",
						   .type = "select",
						   .value = "sms",
						   .choices = some_choices },
						 { .name = "TimeZone",
						   .label = "Time zone",
						   .type = "select",
						   .value = "Europe/Berlin",
						   .choices = zone_choices },
						 { .name = NULL } };
static const struct page some_page = { .site = "Ledger & Sons",
				       .user = "Northwind \"Voice\"",
				       .action = "/r.html",
				       .nav = some_nav,
				       .exports = some_exports,
				       .inputs = some_inputs };

/*
 * The real templates are used, so what is looked for is only what a page can't
 * do without.
 */
static void render_with_page(void (*write)(struct writer *w), struct strbuf *buf)
{
	struct templates *templates = templates_of("../../templates");
	struct writer_options o = { .style = &rest_style,
				    .page = &some_page,
				    .templates = templates };
	struct sink sink = { .buf = buf };
	struct error err = { 0 };
	struct writer *w = writer_new(&format_html, &o, &sink);

	strbuf_init(buf, LIMIT);
	write(w);
	ck_assert_msg(writer_finish(w, &err) == 0, "%s", err.message);
	writer_free(&w);
	templates_unref(&templates);
}

START_TEST(a_page_shows_links_form_and_pager_and_escapes_them)
{
	static const char *const parts[] = {
		"<title>Usage records: Northwind Voice, 1 to 21 November 2026, UTC · Ledger &amp; "
		"Sons</title>",
		"Northwind &quot;Voice&quot;",
		"<a href=\"/usage.html?a=1&amp;b=2\" aria-current=\"page\">Usage</a>",
		"SIM &lt;data&gt;",
		"action=\"/r.html\"",
		"<input type=\"date\" name=\"StartDate\" value=\"2026-11-01\"",
		"<option value=\"\">any</option>",
		"<option value=\"sms\" selected>\xC2\xA0\xC2\xA0\xC2\xA0Text "
		"&lt;messages&gt;</option>",
		"<option value=\"\">own</option>\n"
		"<option value=\"Asia/Kathmandu\">Asia/Kathmandu</option>\n"
		"<option value=\"Europe/Berlin\" selected>Europe/Berlin</option>\n"
		"<option value=\"Europe/Paris\">Europe/Paris</option>\n"
		"<option value=\"EST\">EST</option>\n",
		"href=\"/r.json\"",
		"href=\"/r.json?Page=2&amp;x=&quot;\"",
		"href=\"/r.json?Page=0\"",
		"Northwind Voice, 1 to 21 November 2026, UTC."
	};
	struct strbuf buf;

	render_with_page(write_page, &buf);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		ck_assert_msg(strstr(buf.text, parts[i]) != NULL, "the page lacks %s:\n%s",
			      parts[i], buf.text);
	ck_assert_msg(!strstr(buf.text, "style=") && !strstr(buf.text, "<script") &&
			      !strstr(buf.text, "<style"),
		      "nothing is inline");
	strbuf_release(&buf);
}
END_TEST

struct linked {
	const char *name, *name_link, *note;
	int64_t count;
	const char *count_link;
};

static const struct field linked_fields[] = {
	FIELD(struct linked, name, "A name"),
	FIELD(struct linked, name_link, "Where it leads", .flags = FIELD_LINK | FIELD_PAGE_ONLY),
	FIELD(struct linked, note, "Words", .flags = FIELD_LABEL),
	FIELD(struct linked, count, "A number"),
	FIELD(struct linked, count_link, "Where it leads", .flags = FIELD_LINK),
	{ 0 }
};
static const struct shape linked_shape = { .name = "Linked",
					   .fields = linked_fields,
					   .doc = "A record whose values are links" };

static void write_linked(struct writer *w)
{
	static const struct linked linked[] = { { "a<b", "/x?a=1&b=\"", "words", 1234, "/y" },
						{ "plain", NULL, NULL, 5, NULL } };

	writer_begin_list(w, NULL, &linked_shape);
	for (size_t i = 0; i < COUNT_OF(linked); i++)
		writer_record(w, NULL, &linked_shape, &linked[i]);
	writer_end(w);
}

START_TEST(a_value_with_a_link_leads_there)
{
	static const char *const parts[] = {
		"<a href=\"/x?a=1&amp;b=&quot;\">a&lt;b</a><span class=\"sub\">words</span></td>",
		"<a href=\"/y\"><data value=\"1234\">1,234</data></a></td>", ">plain</td>",
		">5</td>"
	};
	struct strbuf buf;

	render_with_page(write_linked, &buf);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		ck_assert_msg(strstr(buf.text, parts[i]) != NULL, "the page lacks %s:\n%s",
			      parts[i], buf.text);
	strbuf_release(&buf);
}
END_TEST

struct counted {
	int64_t calls;
	const char *calls_unit;
	int64_t minutes;
	const char *minutes_unit;
};

static const struct field counted_fields[] = {
	FIELD(struct counted, calls, "How many"),
	FIELD(struct counted, calls_unit, "Of what", .flags = FIELD_UNIT),
	FIELD(struct counted, minutes, "How long"),
	FIELD(struct counted, minutes_unit, "In what", .flags = FIELD_UNIT),
	{ 0 }
};
static const struct shape counted_shape = { .name = "Counted",
					    .fields = counted_fields,
					    .doc = "Numbers with units" };
static const struct counted counted[] = { { 1, "calls", 2, "minutes" },
					  { 11, "calls", 1, "minutes" } };

static void write_counted_rows(struct writer *w)
{
	writer_begin_list(w, NULL, &counted_shape);
	for (size_t i = 0; i < COUNT_OF(counted); i++)
		writer_record(w, NULL, &counted_shape, &counted[i]);
	writer_end(w);
}

static void write_counted_facts(struct writer *w)
{
	writer_record(w, NULL, &counted_shape, &counted[0]);
}

static void write_other_counted_facts(struct writer *w)
{
	writer_record(w, NULL, &counted_shape, &counted[1]);
}

START_TEST(a_unit_of_one_thing_is_singular_in_rows_and_in_facts)
{
	static const struct {
		void (*write)(struct writer *w);
		const char *part;
	} pages[] = {
		{ write_counted_rows, "1 <span class=\"unit\">call</span>" },
		{ write_counted_rows, "2 <span class=\"unit\">minutes</span>" },
		{ write_counted_rows, "11 <span class=\"unit\">calls</span>" },
		{ write_counted_rows, ">1 <span class=\"unit\">minute</span>" },
		{ write_counted_facts, ">1 <span class=\"unit\">call</span>" },
		{ write_counted_facts, ">2 <span class=\"unit\">minutes</span>" },
		{ write_other_counted_facts, "11 <span class=\"unit\">calls</span>" },
		{ write_other_counted_facts, ">1 <span class=\"unit\">minute</span>" },
	};
	struct strbuf buf;

	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		render_with_page(pages[i].write, &buf);
		ck_assert_msg(strstr(buf.text, pages[i].part) != NULL,
			      "row %zu: the page lacks %s:\n%s", i, pages[i].part, buf.text);
		strbuf_release(&buf);
	}
}
END_TEST

START_TEST(an_error_is_a_page_too)
{
	struct strbuf buf;

	render_with_page(write_fault_of_field, &buf);
	ck_assert_ptr_nonnull(strstr(buf.text, "<h1>400 Bad Request</h1>"));
	ck_assert_ptr_nonnull(strstr(buf.text, "&#39;Start Date&#39; must not be empty."));
	ck_assert_ptr_nonnull(strstr(buf.text, "StartDate"));
	strbuf_release(&buf);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("html");
	TCase *tc = tcase_create("html");

	tcase_add_test(tc, a_page_without_templates_is_refused);
	tcase_add_test(tc, a_page_shows_links_form_and_pager_and_escapes_them);
	tcase_add_test(tc, a_value_with_a_link_leads_there);
	tcase_add_test(tc, a_unit_of_one_thing_is_singular_in_rows_and_in_facts);
	tcase_add_test(tc, an_error_is_a_page_too);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
