#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "format/backend.h"
#include "format/templates.h"
#include "format/writer.h"

#include "suite.h"
#include "base/banned.h"

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

static void write_list(struct writer *w, const struct field *f, const struct shape *shape,
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

static void write_usage(struct writer *w)
{
	writer_about(w, "Usage <records>", "Of \"Northwind\" & others.");
	WRITE_LIST(w, NULL, &usage_info_shape, usage_infos);
}

static void write_no_usage(struct writer *w)
{
	WRITE_NOTHING(w, NULL, &usage_info_shape);
}

static void write_odd(struct writer *w)
{
	WRITE_LIST(w, NULL, &usage_info_shape, odd_infos);
}

static void write_ai(struct writer *w)
{
	static const struct ai_account accounts[] = { { "acc1", 42 } };
	static const struct ai_customer customers[] = { { "acc1", "cus1", 30 },
							{ "acc1", "cus2", 12 } };

	writer_begin(w, NULL, &ai_shape);
	WRITE_LIST(w, &ai_fields[0], &ai_account_shape, accounts);
	WRITE_LIST(w, &ai_fields[1], &ai_customer_shape, customers);
	writer_end(w);
}

static void write_ai_quoted(struct writer *w)
{
	static const struct ai_account accounts[] = { { "say \"hi\", you", 1 },
						      { "", 2 },
						      { NULL, 3 } };

	writer_begin(w, NULL, &ai_shape);
	WRITE_LIST(w, &ai_fields[0], &ai_account_shape, accounts);
	WRITE_NOTHING(w, &ai_fields[1], &ai_customer_shape);
	writer_end(w);
}

static void write_no_ai(struct writer *w)
{
	writer_begin(w, NULL, &ai_shape);
	WRITE_NOTHING(w, &ai_fields[0], &ai_account_shape);
	WRITE_NOTHING(w, &ai_fields[1], &ai_customer_shape);
	writer_end(w);
}

static void write_fault_document(struct writer *w, const struct fault_status *status,
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

static void write_fault(struct writer *w)
{
	write_fault_document(
		w, &(struct fault_status) { .code = "ArgumentException", .message = "bad" }, NULL,
		0);
}

static void write_fault_of_field(struct writer *w)
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

static void write_page(struct writer *w)
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

static void write_empty_page(struct writer *w)
{
	static const struct envelope envelope = { .page_size = 50, .uri = "/r.json" };

	writer_begin(w, NULL, &envelope_shape);
	writer_fields(w, &envelope_shape, &envelope);
	WRITE_NOTHING(w, &envelope_fields[ENVELOPE_LIST], &record_shape);
	writer_end(w);
}

static void write_sim_page(struct writer *w)
{
	static const struct meta meta = { "usage_records",
					  "https://localhost/v1/UsageRecords?Page=1", NULL, 0 };

	writer_begin(w, NULL, &sim_page_shape);
	WRITE_LIST(w, &sim_page_fields[0], &sim_shape, sim_records);
	writer_record(w, &sim_page_fields[1], &meta_shape, &meta);
	writer_end(w);
}

static void write_rest_error(struct writer *w)
{
	static const struct rest_error e = { 20404, "The requested resource /x was not found",
					     "https://www.twilio.com/docs/errors/20404", 404 };

	writer_record(w, NULL, &rest_error_shape, &e);
}

static void write_bars(struct writer *w)
{
	writer_about(w, "Cost & time",
		     "Of everybody, 1 to 5 November 2026, by category, UTC; and so on, so that it "
		     "can't stand in one line alone but must be broken "
		     "somewhere between two of its words.");
	WRITE_LIST(w, NULL, &bar_shape, bars);
}

static void write_no_bars(struct writer *w)
{
	WRITE_NOTHING(w, NULL, &bar_shape);
}

static void write_ranking(struct writer *w)
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

static const char *in_tests(char path[512], const char *name)
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

static int send_bytes(struct sink *sink, struct error *err)
{
	struct flushed *f = (struct flushed *)sink;

	if (++f->calls == f->fails_at)
		return error_set(err, ERR_BUSY, NULL, "the caller went away");
	strbuf_addn(&f->sent, sink->buf->text, sink->buf->len);
	strbuf_clear(sink->buf);
	return 0;
}

/* The templates in FOLDER of the tests' folder, which the caller gives back. */
static struct templates *templates_of(const char *folder)
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
static int render(const struct document *doc, const struct format *format, struct sink *sink,
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

static void render_whole(const struct document *doc, const struct format *format,
			 struct strbuf *out)
{
	struct sink sink = { .buf = out };
	struct error err = { 0 };

	strbuf_init(out, LIMIT);
	ck_assert_msg(render(doc, format, &sink, &err) == 0, "%s.%s: %s", doc->name, format->name,
		      err.message);
}

static void read_golden(const char *name, struct strbuf *out)
{
	char path[512], chunk[4096];
	FILE *file = fopen(in_tests(path, name), "rb");
	size_t n;

	strbuf_init(out, LIMIT);
	ck_assert_msg(file != NULL, "%s is missing", path);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		strbuf_addn(out, chunk, n);
	fclose(file);
}

/*
 * With GOLDEN=write in the environment the file is made anew, to be read before
 * it is kept.
 */
static void write_golden(const char *name, const struct strbuf *text)
{
	char path[512];
	FILE *file = fopen(in_tests(path, name), "wb");

	ck_assert_msg(file != NULL, "%s can't be written", path);
	ck_assert_uint_eq(fwrite(text->text, 1, text->len, file), text->len);
	ck_assert_int_eq(fclose(file), 0);
}

/* ---- bytes ---- */

START_TEST(every_document_has_its_golden_bytes_in_every_format)
{
	const struct document *doc = &documents[_i / FORMATS];
	const struct format *format = formats[_i % FORMATS];
	const char *mode = getenv("GOLDEN");
	struct strbuf got, want;
	char name[128];

	snprintf(name, sizeof(name), "format/%s.%s", doc->name, format->name);
	render_whole(doc, format, &got);
	if (mode && strcmp(mode, "write") == 0)
		write_golden(name, &got);
	read_golden(name, &want);
	ck_assert_msg(got.len == want.len && memcmp(got.text, want.text, got.len) == 0,
		      "%s: expected\n%s\ngot\n%s", name, want.text, got.text);
	strbuf_release(&got);
	strbuf_release(&want);
}
END_TEST

START_TEST(flushing_gives_the_same_bytes_as_buffering)
{
	const struct document *doc = &documents[_i / FORMATS];
	const struct format *format = formats[_i % FORMATS];
	struct strbuf whole, buf;
	struct flushed f = { .sink = { .buf = &buf, .flush = send_bytes } };
	struct error err = { 0 };

	render_whole(doc, format, &whole);
	strbuf_init(&buf, LIMIT);
	strbuf_init(&f.sent, LIMIT);
	ck_assert_int_eq(render(doc, format, &f.sink, &err), 0);
	strbuf_addn(&f.sent, buf.text, buf.len);
	ck_assert_str_eq(f.sent.text, whole.text);
	strbuf_release(&whole);
	strbuf_release(&buf);
	strbuf_release(&f.sent);
}
END_TEST

START_TEST(a_buffer_that_is_too_small_fails_in_every_format)
{
	const struct document *doc = &documents[_i / FORMATS];
	const struct format *format = formats[_i % FORMATS];
	struct strbuf whole, buf;
	struct sink sink = { .buf = &buf };
	struct error err = { 0 };

	render_whole(doc, format, &whole);
	strbuf_init(&buf, whole.len > 0 ? whole.len - 1 : 0);
	/* no records as JSON lines: nothing, which fits anywhere */
	if (whole.len > 0) {
		ck_assert_int_eq(render(doc, format, &sink, &err), -1);
		ck_assert_int_eq(err.kind, ERR_TOO_LARGE);
		ck_assert_uint_lt(buf.len, whole.len);
	}
	strbuf_release(&whole);
	strbuf_release(&buf);
}
END_TEST

START_TEST(a_flush_that_fails_is_reported_once_and_stops_the_document)
{
	const struct format *format = formats[_i];
	struct strbuf buf;
	struct flushed f = { .sink = { .buf = &buf, .flush = send_bytes }, .fails_at = 1 };
	struct error err = { 0 };

	if (format == &format_text || format == &format_svg)
		/*
		 * they hold their rows back: nothing to flush between records
		 */
		return;
	strbuf_init(&buf, LIMIT);
	strbuf_init(&f.sent, LIMIT);
	ck_assert_int_eq(render(&documents[0], format, &f.sink, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	ck_assert_int_eq(f.calls, 1);
	strbuf_release(&buf);
	strbuf_release(&f.sent);
}
END_TEST

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

/* ---- options ---- */

START_TEST(money_is_a_string_where_the_operator_wants_it)
{
	struct writer_options o = { .style = &rest_style, .money_as_string = true };
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct writer *w = writer_new(&format_json, &o, &sink);

	strbuf_init(&buf, LIMIT);
	writer_record(w, NULL, &record_shape, &records[0]);
	ck_assert_int_eq(writer_finish(w, NULL), 0);
	ck_assert_ptr_nonnull(strstr(buf.text, "\"count\":\"1234567\","));
	ck_assert_ptr_nonnull(strstr(buf.text, "\"price\":\"1234.567890123\","));
	writer_free(&w);
	strbuf_release(&buf);
}
END_TEST

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
static const struct page_choice some_choices[] = { { "", "any", 0 },
						   { "calls", "Calls", 0 },
						   { "sms", "Text <messages>", 1 },
						   { NULL, NULL, 0 } };
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

START_TEST(a_long_table_on_the_terminal_comes_in_blocks)
{
	struct writer_options o = { .style = &rest_style };
	struct ai_account record = { "acc", 1 };
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct writer *w = writer_new(&format_text, &o, &sink);
	size_t lines = 0;

	strbuf_init(&buf, LIMIT);
	writer_begin_list(w, NULL, &ai_account_shape);
	for (int i = 0; i < 10001; i++)
		writer_record(w, NULL, &ai_account_shape, &record);
	writer_end(w);
	ck_assert_int_eq(writer_finish(w, NULL), 0);
	for (const char *p = buf.text; (p = strchr(p, '\n')); p++)
		lines++;
	ck_assert_uint_eq(lines, 10001 + 2 * 2);
	writer_free(&w);
	strbuf_release(&buf);
}
END_TEST

/* ---- shared objects ---- */

struct holder {
	const struct ai_account *first;
	const char *name;
	const struct ai_account *who;
};

#define HOLDER_FIELDS(more)                                                             \
	FIELD(struct holder, first, "As first member", .shape = &ai_account_shape,      \
	      .flags = (more)),                                                         \
		FIELD(struct holder, name, "Something else"),                           \
		FIELD(struct holder, who, "As last member", .shape = &ai_account_shape, \
		      .flags = (more)),                                                 \
	{                                                                               \
		0                                                                       \
	}

static const struct field own_fields[] = { HOLDER_FIELDS(0) },
			  shared_fields[] = { HOLDER_FIELDS(FIELD_SHARED) };
static const struct shape own_shape = { .name = "Holder",
					.fields = own_fields,
					.doc = "Who holds what" };
static const struct shape shared_shape = { .name = "Holder",
					   .fields = shared_fields,
					   .doc = "Who holds what" };

static void write_holders(struct writer *w, const struct shape *shape)
{
	static const struct ai_account who[] = { { "a", 1 }, { "\"b\"", 2 }, { "c", 3 } };

	writer_begin_list(w, NULL, shape);
	for (int i = 0; i < 50; i++) {
		struct holder h = { &who[i % 3], i % 2 ? "odd" : "even",
				    i % 7 ? &who[(i + 1) % 3] : NULL };

		writer_record(w, NULL, shape, &h);
	}
	writer_end(w);
}

static void write_own(struct writer *w)
{
	write_holders(w, &own_shape);
}

static void write_shared(struct writer *w)
{
	write_holders(w, &shared_shape);
}

START_TEST(a_shared_object_has_the_same_bytes_as_one_of_its_own)
{
	const struct document own = { "own", &rest_style, write_own },
			      shared = { "shared", &rest_style, write_shared };
	struct strbuf want, got, buf;
	struct flushed f = { .sink = { .buf = &buf, .flush = send_bytes, .flush_above = 300 } };
	struct error err = { 0 };

	render_whole(&own, formats[_i], &want);
	render_whole(&shared, formats[_i], &got);
	ck_assert(strcmp(got.text, want.text) == 0);
	strbuf_init(&buf, LIMIT);
	strbuf_init(&f.sent, LIMIT);
	ck_assert_int_eq(render(&shared, formats[_i], &f.sink, &err), 0);
	strbuf_addn(&f.sent, buf.text, buf.len);
	ck_assert(strcmp(f.sent.text, want.text) == 0);
	strbuf_release(&want);
	strbuf_release(&got);
	strbuf_release(&buf);
	strbuf_release(&f.sent);
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

/* ---- names ---- */

static const struct {
	enum spelling spelling;
	const char *name, *spelled;
} names[] = {
	{ SPELL_AS_IS, "account_sid", "account_sid" },
	{ SPELL_PASCAL, "account_sid", "AccountSid" },
	{ SPELL_PASCAL, "uri", "Uri" },
	{ SPELL_PASCAL, "AIMinutes", "AIMinutes" },
	{ SPELL_CAMEL, "AIMinutes", "aiMinutes" },
	{ SPELL_CAMEL, "AccountSid", "accountSid" },
	{ SPELL_CAMEL, "Uri", "uri" },
	{ SPELL_CAMEL, "URI", "uri" },
	{ SPELL_CAMEL, "A", "a" },
	{ SPELL_CAMEL, "alreadyCamelCASE", "alreadyCamelCASE" },
	{ SPELL_FLAT, "page_size", "pagesize" },
	{ SPELL_FLAT, "first_page_uri", "firstpageuri" },
};

START_TEST(a_name_is_spelled_as_its_style_wants)
{
	struct strbuf out;

	strbuf_init(&out, 100);
	style_spell(&out, names[_i].spelling, names[_i].name);
	ck_assert_str_eq(out.text, names[_i].spelled);
	strbuf_release(&out);
}
END_TEST

static const struct {
	const char *name, *words;
} human_names[] = {
	{ "account_sid", "Account SID" },
	{ "AIMinutes", "AI minutes" },
	{ "UsageRecordInfo", "Usage record info" },
	{ "iso_country", "ISO country" },
	{ "Uri", "URI" },
	{ "data_total_billed", "Data total billed" },
	{ "AccountId", "Account ID" },
};

START_TEST(a_name_becomes_words_for_people)
{
	struct strbuf out;

	strbuf_init(&out, 100);
	style_humanise(&out, human_names[_i].name);
	ck_assert_str_eq(out.text, human_names[_i].words);
	strbuf_release(&out);
}
END_TEST

START_TEST(a_speller_holds_more_names_than_it_has_slots)
{
	static char many[200][16];
	struct speller *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 200; i++) {
			char want[16];
			const struct spelled *got;

			snprintf(many[i], sizeof(many[i]), "field_%d", i);
			snprintf(want, sizeof(want), "Field%d", i);
			got = speller_spell(s, SPELL_PASCAL, many[i]);
			ck_assert_str_eq(got->text, want);
			ck_assert_uint_eq(got->len, strlen(want));
		}
	}
	free(s);
}
END_TEST

START_TEST(a_format_is_found_by_its_name_alone)
{
	for (size_t i = 0; formats[i]; i++)
		ck_assert_ptr_eq(format_find(formats[i]->name, strlen(formats[i]->name)),
				 formats[i]);
	ck_assert_ptr_null(format_find("jso", 3));
	ck_assert_ptr_null(format_find("JSON", 4));
	ck_assert_ptr_null(format_find("", 0));
	ck_assert_ptr_eq(shape_field(&record_shape, "price"), &record_fields[5]);
	ck_assert_ptr_null(shape_field(&record_shape, "Price"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("format");
	TCase *tc = tcase_create("format");
	int grid = COUNT_OF(documents) * FORMATS;

	tcase_add_loop_test(tc, every_document_has_its_golden_bytes_in_every_format, 0, grid);
	tcase_add_loop_test(tc, flushing_gives_the_same_bytes_as_buffering, 0, grid);
	tcase_add_loop_test(tc, a_buffer_that_is_too_small_fails_in_every_format, 0, grid);
	tcase_add_loop_test(tc, a_shared_object_has_the_same_bytes_as_one_of_its_own, 0, FORMATS);
	tcase_add_loop_test(tc, a_flush_that_fails_is_reported_once_and_stops_the_document, 0,
			    FORMATS);
	tcase_add_loop_test(tc, a_list_of_texts_is_written_in_every_format, 0,
			    COUNT_OF(lists_of_texts));
	tcase_add_loop_test(tc, wrong_nesting_fails_in_every_format, 0,
			    COUNT_OF(wrong_documents) * FORMATS);
	tcase_add_loop_test(tc, tables_refuse_fields_out_of_order, 0, 3);
	tcase_add_test(tc, a_page_says_its_fields_before_its_list);
	tcase_add_test(tc, money_is_a_string_where_the_operator_wants_it);
	tcase_add_test(tc, a_page_without_templates_is_refused);
	tcase_add_test(tc, a_page_shows_links_form_and_pager_and_escapes_them);
	tcase_add_test(tc, a_value_with_a_link_leads_there);
	tcase_add_test(tc, a_unit_of_one_thing_is_singular_in_rows_and_in_facts);
	tcase_add_test(tc, an_error_is_a_page_too);
	tcase_add_test(tc, a_long_table_on_the_terminal_comes_in_blocks);
	tcase_add_loop_test(tc, a_name_is_spelled_as_its_style_wants, 0, COUNT_OF(names));
	tcase_add_loop_test(tc, a_name_becomes_words_for_people, 0, COUNT_OF(human_names));
	tcase_add_test(tc, a_speller_holds_more_names_than_it_has_slots);
	tcase_add_test(tc, a_format_is_found_by_its_name_alone);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
