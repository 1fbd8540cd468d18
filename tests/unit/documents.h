/*
 * documents.h - the documents that tests write in every format.
 */
#ifndef TESTS_UNIT_DOCUMENTS_H
#define TESTS_UNIT_DOCUMENTS_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include "format/backend.h"
#include "format/templates.h"
#include "format/writer.h"
#include "suite.h"

#define LIMIT       (1 << 20)
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* ---- styles, as the two families have them ---- */

static const struct style contract_style = {
	.json = SPELL_CAMEL,
	.xml = SPELL_AS_IS,
	.csv = SPELL_AS_IS,
	.xml_declaration = "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
	.xml_data_contract = true,
	.csv_nested_as_jsv = true,
};

static const struct style rest_style = {
	.json = SPELL_AS_IS,
	.xml = SPELL_PASCAL,
	.csv = SPELL_PASCAL,
	.json_nulls = true,
	.xml_declaration = "<?xml version='1.0' encoding='UTF-8'?>\n",
	.xml_wrapper = "TwilioResponse",
	.xml_page_attributes = true,
	.csv_quote_spaces = true,
};

/* ---- records ---- */

#define AMOUNT(number, digits)                    \
	{                                         \
		.n = (number), .places = (digits) \
	}
#define NO_AMOUNT            \
	{                    \
		.places = -1 \
	}

struct usage_info {
	const char *account, *category;
	int64_t count;
	const char *count_unit, *description, *end_date;
	struct decimal price;
	const char *price_unit, *start_date, *usage, *usage_unit, *uri;
};

static const struct field usage_info_fields[] = {
	FIELD_AS(struct usage_info, account, "AccountSid", "Whose usage"),
	FIELD_AS(struct usage_info, category, "Category", "What was used"),
	FIELD_AS(struct usage_info, count, "Count", "How many events"),
	FIELD_AS(struct usage_info, count_unit, "CountUnit", "Unit of the count",
		 .flags = FIELD_UNIT),
	FIELD_AS(struct usage_info, description, "Description", "The category in words"),
	FIELD_AS(struct usage_info, end_date, "EndDate", "Last day", .format = "date"),
	FIELD_AS(struct usage_info, price, "Price", "Exact total"),
	FIELD_AS(struct usage_info, price_unit, "PriceUnit", "Currency", .flags = FIELD_UNIT),
	FIELD_AS(struct usage_info, start_date, "StartDate", "First day", .format = "date"),
	FIELD_AS(struct usage_info, usage, "Usage", "Billed measure"),
	FIELD_AS(struct usage_info, usage_unit, "UsageUnit", "Unit of the usage",
		 .flags = FIELD_UNIT),
	FIELD_AS(struct usage_info, uri, "Uri", "Link to the record", .flags = FIELD_MACHINE),
	{ 0 }
};

#define CONTRACT_TYPES "http://schemas.datacontract.org/2004/07/"

static const struct shape usage_info_shape = { .name = "UsageRecordInfo",
					       .xml_namespace = CONTRACT_TYPES
					       "Voice.Api.Dashboard",
					       .fields = usage_info_fields,
					       .doc = "Usage by category" };

#define SOME_ACCOUNT "AC0123456789abcdef0123456789abcdef"

static const struct usage_info usage_infos[] = {
	{ SOME_ACCOUNT, "calls-inbound", 12, "calls", "Inbound Voice Minutes", "2024-01-31",
	  AMOUNT(850000000, 9), "usd", "2024-01-01", "34", "minutes", "/usage?a=1&b=2" },
	{ SOME_ACCOUNT, "sms", 3, "messages", "SMS \"short\", all", "2024-01-31", AMOUNT(0, 9),
	  "usd", "2024-01-01", "", NULL, "https://x/y" },
};

/* Everything that needs an escape somewhere. */
static const struct usage_info odd_infos[] = {
	{ "\x01\x1f\x7f\xc2\x85", "a\"b\\c/d", -9223372036854775807 - 1, "\b\f\n\r\t",
	  "caf\xc3\xa9 \xf0\x9f\x93\x9e \xe2\x80\xa8", "<a href='x'>&amp;</a>",
	  AMOUNT((wide)-1234567890123456789, 9), "[1,2]", "{a:b}", " =1+1",
	  "line\r\nline\rline\nline", "bad \xff\xc0\xaf\xed\xa0\x80 end" },
	{ NULL, "", 9223372036854775807, "1234567\"", "12345678", "\xef\xbf\xbf|\xef\xbf\xbe",
	  NO_AMOUNT, "]]>", "a,b", "a:b", "plain", "\xe2\x82" },
};

struct ai_account {
	const char *account;
	int64_t minutes;
};
struct ai_customer {
	const char *account, *customer;
	int64_t minutes;
};

static const struct field ai_account_fields[] = {
	FIELD_AS(struct ai_account, account, "AccountId", "Whose minutes"),
	FIELD_AS(struct ai_account, minutes, "AIMinutes", "Whole minutes"),
	{ 0 }
};

static const struct field ai_customer_fields[] = {
	FIELD_AS(struct ai_customer, account, "AccountId", "Whose customer"),
	FIELD_AS(struct ai_customer, customer, "CustomerId", "Whose minutes"),
	FIELD_AS(struct ai_customer, minutes, "AIMinutes", "Whole minutes"),
	{ 0 }
};

static const struct shape ai_account_shape = { .name = "AIAccountUsage",
					       .fields = ai_account_fields };
static const struct shape ai_customer_shape = { .name = "AICustomerUsage",
						.fields = ai_customer_fields };

static const struct field ai_fields[] = {
	FIELD_LIST("AccountUsage", &ai_account_shape, "By account"),
	FIELD_LIST("CustomerUsage", &ai_customer_shape, "By customer"),
	{ 0 }
};

static const struct shape ai_shape = { .name = "AIUsage",
				       .xml_namespace = CONTRACT_TYPES "Voice.Api.AI",
				       .fields = ai_fields };

struct fault {
	const char *code, *field, *message, *meta;
};
struct fault_status {
	const char *code, *message, *stack, *meta;
};

#define META_ATTRS(prefix) \
	"xmlns:" prefix "=\"http://schemas.microsoft.com/2003/10/Serialization/Arrays\""

static const struct field fault_fields[] = {
	FIELD_AS(struct fault, code, "ErrorCode", "Name of the error"),
	FIELD_AS(struct fault, field, "FieldName", "The parameter"),
	FIELD_AS(struct fault, message, "Message", "What is wrong"),
	FIELD_AS(struct fault, meta, "Meta", "Nothing", .flags = FIELD_XML_ONLY,
		 .xml_attrs = META_ATTRS("d5p1")),
	{ 0 }
};

static const struct shape fault_shape = { .name = "ResponseError",
					  .flags = SHAPE_ORDERED,
					  .fields = fault_fields };

enum { STATUS_CODE, STATUS_MESSAGE, STATUS_STACK, STATUS_ERRORS, STATUS_META };

static const struct field status_fields[] = {
	[STATUS_CODE] = FIELD_AS(struct fault_status, code, "ErrorCode", "Name of the error"),
	[STATUS_MESSAGE] = FIELD_AS(struct fault_status, message, "Message", "What is wrong"),
	[STATUS_STACK] = FIELD_AS(struct fault_status, stack, "StackTrace", "Nothing"),
	[STATUS_ERRORS] = FIELD_LIST("Errors", &fault_shape, "The parameters"),
	[STATUS_META] = FIELD_AS(struct fault_status, meta, "Meta", "Nothing",
				 .flags = FIELD_XML_ONLY, .xml_attrs = META_ATTRS("d3p1")),
	{ 0 }
};

static const struct shape status_shape = { .name = "ResponseStatus",
					   .flags = SHAPE_ORDERED,
					   .fields = status_fields };

static const struct field fault_root_fields[] = { { .name = "ResponseStatus",
						    .type = VT_OBJECT,
						    .shape = &status_shape,
						    .doc = "What went wrong" },
						  { 0 } };

static const struct shape fault_root_shape = { .name = "ErrorResponse",
					       .xml_namespace =
						       "http://schemas.servicestack.net/types",
					       .fields = fault_root_fields };

struct links {
	const char *all_time, *today;
};

static const struct field links_fields[] = { FIELD(struct links, all_time, "All of it"),
					     FIELD(struct links, today, "Today's"),
					     { 0 } };

static const struct shape links_shape = { .name = "SubresourceUris", .fields = links_fields };

struct record {
	const char *category, *description, *start_date;
	struct decimal count;
	const char *count_unit;
	struct decimal price;
	const char *price_unit, *uri;
	bool final;
	const struct links *subresource_uris;
};

static const struct field record_fields[] = {
	FIELD(struct record, category, "What was used"),
	FIELD(struct record, description, "The category in words", .flags = FIELD_LABEL),
	FIELD(struct record, start_date, "First day", .format = "date"),
	FIELD(struct record, count, "How many events", .flags = FIELD_QUOTED),
	FIELD(struct record, count_unit, "Unit of the count", .flags = FIELD_UNIT),
	FIELD(struct record, price, "Exact total", .flags = FIELD_MONEY),
	FIELD(struct record, price_unit, "Currency", .flags = FIELD_UNIT),
	FIELD(struct record, uri, "Link to the record", .flags = FIELD_MACHINE),
	FIELD(struct record, final, "Can it still change?"),
	FIELD(struct record, subresource_uris, "Links", .flags = FIELD_MACHINE,
	      .shape = &links_shape),
	{ 0 }
};

static const struct shape record_shape = { .name = "UsageRecord",
					   .fields = record_fields,
					   .doc = "A line of the report" };

static const struct links some_links = { "/all.json?a=1&b=\"2\"", NULL };

static const struct record records[] = {
	{ "calls", "Calls, all", "2026-11-01", AMOUNT(1234567, 0), "calls",
	  AMOUNT(1234567890123, 9), "usd", "/r?1", true, &some_links },
	{ "totalprice", NULL, "2026-11-01", NO_AMOUNT, "", AMOUNT(-5, 1), "usd", "/r?2", false,
	  NULL },
	{ "\xe9\x9b\xbb\xe8\xa9\xb1", "\xe9\x9b\xbb\xe8\xa9\xb1 <b>", NULL, AMOUNT(0, 0), "calls",
	  AMOUNT(7, 0), NULL, NULL, false, &some_links },
};

struct envelope {
	int64_t page, page_size;
	const char *uri, *next_page_uri, *previous_page_uri;
	int64_t start, end;
};

enum { ENVELOPE_LIST = 7 };

static const struct field envelope_fields[] = {
	FIELD(struct envelope, page, "Number of the page"),
	FIELD(struct envelope, page_size, "Most records of a page"),
	FIELD(struct envelope, uri, "This page", .format = "uri"),
	FIELD(struct envelope, next_page_uri, "The next page", .flags = FIELD_NEXT),
	FIELD(struct envelope, previous_page_uri, "The page before", .flags = FIELD_PREVIOUS),
	FIELD(struct envelope, start, "First record", .flags = FIELD_JSON_ONLY),
	FIELD(struct envelope, end, "Last record", .flags = FIELD_JSON_ONLY),
	[ENVELOPE_LIST] = FIELD_LIST("usage_records", &record_shape, "The records"),
	{ 0 }
};

static const struct shape envelope_shape = { .name = "UsageRecords",
					     .flags = SHAPE_PAGE,
					     .fields = envelope_fields };

struct period {
	const char *start_time, *end_time;
};

static const struct field period_fields[] = {
	FIELD(struct period, start_time, "First second", .format = "date-time"),
	FIELD(struct period, end_time, "Where the next begins", .format = "date-time"),
	{ 0 }
};

static const struct shape period_shape = { .name = "Period", .fields = period_fields };

struct sim_record {
	const struct period *period;
	const char *account_sid;
	int64_t data_total;
	struct decimal data_total_billed;
	const char *billed_unit, *sim_sid;
};

static const struct field sim_fields[] = {
	FIELD(struct sim_record, period, "When", .shape = &period_shape),
	FIELD(struct sim_record, account_sid, "Whose SIM"),
	FIELD(struct sim_record, data_total, "Bytes"),
	FIELD(struct sim_record, data_total_billed, "Exact total",
	      .flags = FIELD_MONEY | FIELD_QUOTED),
	FIELD(struct sim_record, billed_unit, "Currency", .flags = FIELD_UNIT),
	FIELD(struct sim_record, sim_sid, "The SIM"),
	{ 0 }
};

static const struct shape sim_shape = { .name = "UsageRecord", .fields = sim_fields };
static const struct period some_period = { "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z" };

static const struct sim_record sim_records[] = {
	{ &some_period, SOME_ACCOUNT, 1048576, AMOUNT(3, 2), "USD",
	  "HS0123456789abcdef0123456789abcdef" },
	{ NULL, SOME_ACCOUNT, 0, AMOUNT(0, 2), NULL, NULL },
};

struct meta {
	const char *key, *next_page_url, *previous_page_url;
	int64_t page;
};

static const struct field meta_fields[] = {
	FIELD(struct meta, key, "Where the records are"),
	FIELD(struct meta, next_page_url, "The next page", .flags = FIELD_NEXT),
	FIELD(struct meta, previous_page_url, "The page before", .flags = FIELD_PREVIOUS),
	FIELD(struct meta, page, "Number of the page"),
	{ 0 }
};

static const struct shape meta_shape = { .name = "Meta", .fields = meta_fields };

static const struct field sim_page_fields[] = {
	FIELD_LIST("usage_records", &sim_shape, "The records"),
	{ .name = "meta", .type = VT_OBJECT, .shape = &meta_shape, .doc = "The pages around" },
	{ 0 }
};

static const struct shape sim_page_shape = { .name = "SimUsage",
					     .flags = SHAPE_PAGE,
					     .fields = sim_page_fields };

struct rest_error {
	int64_t code;
	const char *message, *more_info;
	int64_t status;
};

static const struct field rest_error_fields[] = {
	FIELD(struct rest_error, code, "Number of the error"),
	FIELD(struct rest_error, message, "What is wrong"),
	FIELD(struct rest_error, more_info, "More about it", .format = "uri"),
	FIELD(struct rest_error, status, "HTTP status"),
	{ 0 }
};

static const struct shape rest_error_shape = { .name = "RestException",
					       .fields = rest_error_fields };

struct bar {
	const char *day, *what;
	struct decimal price;
	const char *currency;
};

static const struct field bar_fields[] = { FIELD(struct bar, day, "When", .format = "date"),
					   FIELD(struct bar, what, "A part of the bar"),
					   FIELD(struct bar, price, "Cost"),
					   FIELD(struct bar, currency, "Of the cost",
						 .flags = FIELD_UNIT, .format = "currency"),
					   { 0 } };

static const struct chart bars_chart = { "day", "what", (const char *const[]) { "price", NULL },
					 "currency" };
static const struct shape bar_shape = {
	.name = "Bar", .fields = bar_fields, .chart = &bars_chart, .doc = "Cost over time"
};

/*
 * Gaps, corrections below nothing, amounts that can't be seen, names that need
 * escapes.
 */
static const struct bar bars[] = {
	{ "2026-11-01", "Voice Minutes", AMOUNT(1234567890123, 9), "usd" },
	{ "2026-11-01", "SMS", AMOUNT(5005, 1), "usd" },
	{ "2026-11-02", "Voice Minutes", AMOUNT(0, 9), "usd" },
	{ "2026-11-03", "SMS", AMOUNT(-120, 0), "usd" },
	{ "2026-11-03", "others", AMOUNT(1, 9), "usd" },
	{ "2026-11-04", "<b>&\"SMS\"</b> \xef\xbf\xbe \x01", AMOUNT(77, 0), "usd" },
	{ "2026-11-04", NULL, NO_AMOUNT, NULL },
	{ "2026-11-05", "SMS", AMOUNT(100, 0), "usd" },
	{ "2026-11-05", "SMS", AMOUNT(1, 2), "usd" },
};

struct sent {
	const char *name;
	int64_t up, down;
	const char *unit;
};

static const struct field sent_fields[] = { FIELD(struct sent, name, "Whose"),
					    FIELD(struct sent, up, "Sent"),
					    FIELD(struct sent, unit, "Bytes", .flags = FIELD_UNIT),
					    FIELD(struct sent, down, "Received"),
					    { 0 } };

static const struct chart sent_chart = { "name", NULL, (const char *const[]) { "up", "down", NULL },
					 "unit" };
static const struct shape sent_shape = {
	.name = "Sent", .fields = sent_fields, .chart = &sent_chart, .doc = "Data"
};

static const struct sent sent[] = {
	{ "HS0123456789abcdef0123456789abcdef", 1048576, 20000000, "bytes" },
	{ "a & b", 5, 0, "bytes" },
	{ "a & b", 0, 0, NULL },
};

/* ---- documents ---- */

static inline void write_list(struct writer *w, const struct field *f, const struct shape *shape,
			      const void *items, size_t n, size_t size)
{
	writer_begin_list(w, f, shape);
	for (size_t i = 0; i < n; i++)
		writer_record(w, NULL, shape, (const char *)items + i * size);
	writer_end(w);
}

#define WRITE_LIST(w, f, shape, items) \
	write_list(w, f, shape, items, COUNT_OF(items), sizeof((items)[0]))
#define WRITE_NOTHING(w, f, shape) write_list(w, f, shape, NULL, 0, 0)

static inline void write_usage(struct writer *w)
{
	writer_about(w, "Usage <records>", "Of \"Northwind\" & others.");
	WRITE_LIST(w, NULL, &usage_info_shape, usage_infos);
}

static inline void write_no_usage(struct writer *w)
{
	WRITE_NOTHING(w, NULL, &usage_info_shape);
}

static inline void write_odd(struct writer *w)
{
	WRITE_LIST(w, NULL, &usage_info_shape, odd_infos);
}

static inline void write_ai(struct writer *w)
{
	static const struct ai_account accounts[] = { { "acc1", 42 } };
	static const struct ai_customer customers[] = { { "acc1", "cus1", 30 },
							{ "acc1", "cus2", 12 } };

	writer_begin(w, NULL, &ai_shape);
	WRITE_LIST(w, &ai_fields[0], &ai_account_shape, accounts);
	WRITE_LIST(w, &ai_fields[1], &ai_customer_shape, customers);
	writer_end(w);
}

static inline void write_ai_quoted(struct writer *w)
{
	static const struct ai_account accounts[] = { { "say \"hi\", you", 1 },
						      { "", 2 },
						      { NULL, 3 } };

	writer_begin(w, NULL, &ai_shape);
	WRITE_LIST(w, &ai_fields[0], &ai_account_shape, accounts);
	WRITE_NOTHING(w, &ai_fields[1], &ai_customer_shape);
	writer_end(w);
}

static inline void write_no_ai(struct writer *w)
{
	writer_begin(w, NULL, &ai_shape);
	WRITE_NOTHING(w, &ai_fields[0], &ai_account_shape);
	WRITE_NOTHING(w, &ai_fields[1], &ai_customer_shape);
	writer_end(w);
}

static inline void write_fault_document(struct writer *w, const struct fault_status *status,
					const struct fault *faults, size_t n)
{
	writer_begin(w, NULL, &fault_root_shape);
	writer_begin(w, &fault_root_fields[0], &status_shape);
	writer_field(w, &status_fields[STATUS_CODE], &status->code);
	writer_field(w, &status_fields[STATUS_MESSAGE], &status->message);
	writer_field(w, &status_fields[STATUS_STACK], &status->stack);
	write_list(w, &status_fields[STATUS_ERRORS], &fault_shape, faults, n, sizeof(*faults));
	writer_field(w, &status_fields[STATUS_META], &status->meta);
	writer_end(w);
	writer_end(w);
}

static inline void write_fault(struct writer *w)
{
	write_fault_document(
		w, &(struct fault_status) { .code = "ArgumentException", .message = "bad" }, NULL,
		0);
}

static inline void write_fault_of_field(struct writer *w)
{
	static const struct fault faults[] = { { "NotEmpty", "StartDate",
						 "'Start Date' must not be empty.", NULL } };

	writer_about(w, "400 Bad Request", "'Start Date' must not be empty.");
	write_fault_document(w,
			     &(struct fault_status) {
				     .code = "NotEmpty",
				     .message = "'Start Date' must not be empty." },
			     faults, 1);
}

static inline void write_page(struct writer *w)
{
	static const struct envelope envelope = {
		1, 3, "/r.json?Page=1&PageSize=3", "/r.json?Page=2&x=\"", "/r.json?Page=0", 3, 5
	};

	writer_about(w, "Usage records", "Northwind Voice, 1 to 21 November 2026, UTC.");
	writer_begin(w, NULL, &envelope_shape);
	writer_fields(w, &envelope_shape, &envelope);
	WRITE_LIST(w, &envelope_fields[ENVELOPE_LIST], &record_shape, records);
	writer_end(w);
}

static inline void write_empty_page(struct writer *w)
{
	static const struct envelope envelope = { .page_size = 50, .uri = "/r.json" };

	writer_begin(w, NULL, &envelope_shape);
	writer_fields(w, &envelope_shape, &envelope);
	WRITE_NOTHING(w, &envelope_fields[ENVELOPE_LIST], &record_shape);
	writer_end(w);
}

static inline void write_sim_page(struct writer *w)
{
	static const struct meta meta = { "usage_records",
					  "https://localhost/v1/UsageRecords?Page=1", NULL, 0 };

	writer_begin(w, NULL, &sim_page_shape);
	WRITE_LIST(w, &sim_page_fields[0], &sim_shape, sim_records);
	writer_record(w, &sim_page_fields[1], &meta_shape, &meta);
	writer_end(w);
}

static inline void write_rest_error(struct writer *w)
{
	static const struct rest_error e = { 20404, "The requested resource /x was not found",
					     "https://www.twilio.com/docs/errors/20404", 404 };

	writer_record(w, NULL, &rest_error_shape, &e);
}

static inline void write_bars(struct writer *w)
{
	writer_about(w, "Cost & time",
		     "Of everybody, 1 to 5 November 2026, by category, UTC; and so on, so that it "
		     "can't stand in one line alone but must be broken "
		     "somewhere between two of its words.");
	WRITE_LIST(w, NULL, &bar_shape, bars);
}

static inline void write_no_bars(struct writer *w)
{
	WRITE_NOTHING(w, NULL, &bar_shape);
}

static inline void write_ranking(struct writer *w)
{
	WRITE_LIST(w, NULL, &sent_shape, sent);
}

static const struct document {
	const char *name;
	const struct style *style;
	void (*write)(struct writer *w);
} documents[] = {
	{ "usage", &contract_style, write_usage },
	{ "usage-none", &contract_style, write_no_usage },
	{ "usage-odd", &contract_style, write_odd },
	{ "ai", &contract_style, write_ai },
	{ "ai-none", &contract_style, write_no_ai },
	{ "ai-quoted", &contract_style, write_ai_quoted },
	{ "fault", &contract_style, write_fault },
	{ "fault-field", &contract_style, write_fault_of_field },
	{ "page", &rest_style, write_page },
	{ "page-none", &rest_style, write_empty_page },
	{ "sim-page", &rest_style, write_sim_page },
	{ "rest-error", &rest_style, write_rest_error },
	{ "rest-odd", &rest_style, write_odd },
	{ "bars", &rest_style, write_bars },
	{ "bars-none", &rest_style, write_no_bars },
	{ "ranking", &rest_style, write_ranking },
};

enum { FORMATS = 8 };

/* ---- helpers ---- */

static inline const char *in_tests(char path[512], const char *name)
{
	const char *srcdir = getenv("srcdir");

	snprintf(path, 512, "%s/tests/golden/%s", srcdir ? srcdir : ".", name);
	return path;
}

/* Where flushed bytes go. */
struct flushed {
	struct sink sink;
	struct strbuf sent;
	int calls, fails_at;
};

static inline int send_bytes(struct sink *sink, struct error *err)
{
	struct flushed *f = (struct flushed *)sink;

	if (++f->calls == f->fails_at)
		return error_set(err, ERR_BUSY, NULL, "the caller went away");
	strbuf_addn(&f->sent, sink->buf->text, sink->buf->len);
	strbuf_clear(sink->buf);
	return 0;
}

/* The templates in FOLDER of the tests' folder, which the caller gives back. */
static inline struct templates *templates_of(const char *folder)
{
	struct templates *t = NULL;
	struct error err = { 0 };
	char path[512];

	ck_assert_msg(templates_read(in_tests(path, folder), NULL, &t, &err) == 0, "%s",
		      err.message);
	return t;
}

/*
 * Writes a document; returns what writer_finish does. OPTIONS without a style
 * get the document's.
 */
static inline int render(const struct document *doc, const struct format *format, struct sink *sink,
			 struct error *err)
{
	struct templates *templates = templates_of("templates");
	struct writer_options o = { .style = doc->style, .templates = templates };
	struct writer *w = writer_new(format, &o, sink);
	int rc;

	doc->write(w);
	rc = writer_finish(w, err);
	writer_free(&w);
	ck_assert_ptr_null(w);
	templates_unref(&templates);
	return rc;
}

static inline void render_whole(const struct document *doc, const struct format *format,
				struct strbuf *out)
{
	struct sink sink = { .buf = out };
	struct error err = { 0 };

	strbuf_init(out, LIMIT);
	ck_assert_msg(render(doc, format, &sink, &err) == 0, "%s.%s: %s", doc->name, format->name,
		      err.message);
}

#endif
