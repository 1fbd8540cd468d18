/*
 * api_tests.c - operations, dialects, access and paging, without HTTP.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "api/request.h"
#include "base/secret.h"
#include "store/account.h"
#include "store/category.h"
#include "store/sim.h"
#include "usage/ledger.h"
#include "batch.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

#define AC(n) "AC0000000000000000000000000000000" n
#define NOW   1795262400 /* 2026-11-21T12:00:00Z */

static struct store *st;
static struct arena arena;
static struct settings *settings;
static const struct catalogue *cats;
static const unsigned char secret[SECRET_BYTES] = "thirty-two bytes of a known key";
static struct account accounts[4]; /* main, its subaccount, a foreign one, a Euro one */

static void must(int rc, const struct error *err)
{
	ck_assert_msg(rc >= 0, "%s: %s (%s)", err->param, err->message, err->detail);
}

static void add_account(int i, const char *sid, const char *name, int64_t parent,
			const char *currency)
{
	struct error err = { 0 };

	accounts[i] = (struct account) { .name = name,
					 .parent = parent,
					 .created = NOW - 400 * SEC_PER_DAY };
	memcpy(accounts[i].sid, sid, SID_TEXT);
	memcpy(accounts[i].currency, currency, 4);
	must(store_account_add(st, &accounts[i], &err), &err);
}

static int64_t add_category(const char *name, int64_t parent)
{
	struct category c = { .name = name,
			      .parent = parent,
			      .description = name,
			      .count_unit = "n",
			      .usage_unit = "u",
			      .metered = true };
	struct error err = { 0 };

	must(store_category_add(st, &c, &err), &err);
	return c.id;
}

static struct batch batch;

static void add_event(const char *sid, const char *id, const char *category, const char *time,
		      const char *usage, const char *price, const char *customer)
{
	struct raw_event raw = { 0 };
	struct error err = { 0 };
	const struct {
		enum event_field f;
		const char *text;
	} set[] = {
		{ EV_SOURCE, "/t" },       { EV_ID, id },
		{ EV_SUBJECT, sid },       { EV_TIME, time },
		{ EV_CATEGORY, category }, { EV_USAGE, usage },
		{ EV_PRICE, price },       { EV_CUSTOMER, customer },
	};

	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		raw.field[set[i].f].text = set[i].text;
		raw.field[set[i].f].len = set[i].text ? strlen(set[i].text) : 0;
	}
	must(batch_add(&batch, &raw, NOW * USEC_PER_SEC, 0, &err), &err);
}

static void setup(void)
{
	struct error err = { 0 };
	struct ledger *l;
	int64_t calls;

	clock_set_us(NOW * USEC_PER_SEC);
	arena_init(&arena);
	must(settings_load(NULL, &settings, &err), &err);
	must(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 1000, &st, &err),
	     &err);
	must(store_begin_write(st, &err), &err);
	add_account(0, AC("1"), "Main", 0, "usd");
	add_account(1, AC("2"), "Sub", accounts[0].id, "usd");
	add_account(2, AC("3"), "Other", 0, "usd");
	add_account(3, AC("4"), "Euro", 0, "eur");
	calls = add_category("calls", 0);
	add_category("calls-inbound", calls);
	add_category("ai-minutes", 0);
	add_category("sim-data", 0);
	add_category("totalprice", 0);
	must(store_commit(st, &err), &err);
	l = ledger_new(st, &(struct ledger_options) { 0 });
	add_event(AC("1"), "1", "calls-inbound", "2026-11-21T10:00:00Z", "2.5", "0.017", NULL);
	add_event(AC("2"), "2", "calls-inbound", "2026-11-20T23:59:59.9Z", "4", "1.000000001",
		  NULL);
	add_event(AC("1"), "3", "ai-minutes", "2026-11-02T10:00:00Z", "0.4", "0", "anna");
	add_event(AC("1"), "4", "ai-minutes", "2026-11-03T10:00:00Z", "0.4", "0", "anna");
	add_event(AC("1"), "5", "ai-minutes", "2026-11-03T10:00:00Z", "0.4", "0", "ben");
	must(batch_store(&batch, l, &err), &err);
	ledger_free(&l);
	must(catalogue_load(st, &arena, &cats, &err), &err);
}

static void teardown(void)
{
	store_close(&st);
	settings_free(&settings);
	arena_release(&arena);
	clock_set_us(0);
}

static const struct principal admin = { .role = ROLE_ADMIN, .name = "admin" };

/*
 * Runs the operation ID with the parameters of QUERY ("A=1&B=2", not encoded);
 * the answer is in the test's arena.
 */
static int run_as(const struct principal *who, const char *id, const char *query, const char **ret,
		  struct error *err)
{
	const struct op *op = op_find(id);
	struct worker worker = { .settings = settings, .secret = secret, .table = ops };
	struct request rq = { .worker = &worker,
			      .arena = &arena,
			      .now = floor_div(clock_now_us(), USEC_PER_SEC),
			      .base_url = "https://ledger.test",
			      .op = op,
			      .suffix = ".json",
			      .who = who,
			      .args = request_args(&arena, op),
			      .store = st,
			      .catalogue = cats,
			      .reply.format = &format_json };
	struct writer_options options = { .style = op->dialect->style };
	struct error fault = { 0 };
	char *rest = arena_str(&arena, query), *pair;
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct writer *w;
	int rc;

	while ((pair = strsep(&rest, "&")) && *pair) {
		char *value = strchr(pair, '=');
		const struct param *p;

		*value++ = '\0';
		p = request_param(&rq, pair);
		if (p)
			request_give(&rq, p, value);
	}
	strbuf_init(&buf, 1 << 24);
	w = writer_new(&format_json, &options, &sink);
	must(store_begin_read(st, &fault), &fault);
	rc = access_operation(&rq, err) < 0 ? -1 : request_run(&rq, w, err);
	store_end(st);
	if (rc == 0)
		rc = writer_finish(w, err);
	writer_free(&w);
	*ret = arena_str(&arena, buf.text);
	strbuf_release(&buf);
	return rc;
}

static const char *run(const char *id, const char *query)
{
	struct error err = { 0 };
	const char *text;

	must(run_as(&admin, id, query, &text, &err), &err);
	return text;
}

static struct error refusal(const char *id, const char *query)
{
	struct error err = { 0 };
	const char *text;

	ck_assert_int_eq(run_as(&admin, id, query, &text, &err), -1);
	return err;
}

/* ---- tables ---- */

START_TEST(the_tables_of_all_operations_keep_the_rules)
{
	struct error err = { 0 };

	must(ops_check(&err), &err);
}
END_TEST

START_TEST(every_kind_of_error_has_a_status_in_every_dialect)
{
	for (const struct dialect *const *d = dialects; *d; d++)
		for (int kind = ERR_NONE + 1; kind < ERR_KINDS; kind++)
			ck_assert_msg((*d)->errors[kind].status >= 400, "%s lacks kind %d",
				      (*d)->name, kind);
}
END_TEST

static const struct {
	const char *path;
	const struct dialect *dialect;
} dialect_paths[] = {
	{ "/2010-04-01/Accounts", &dialect_twilio },
	{ "/2010-04-01/Unknown/Path", &dialect_twilio },
	{ "/v1/UsageRecords", &dialect_supersim },
	{ "/v1/Unknown", &dialect_supersim },
	{ "/events", &dialect_usaged },
	{ "/events/", &dialect_usaged },
	{ "/events.csv", &dialect_usaged },
	{ "/events/x/void", &dialect_usaged },
	{ "/reports/unknown", &dialect_usaged },
	{ "/healthz", &dialect_usaged },
	{ "/eventsful", &dialect_servicestack },
	{ "/event", &dialect_servicestack },
	{ "//events", &dialect_servicestack },
	{ "/billing/usage", &dialect_servicestack },
	{ "/unknown", &dialect_servicestack },
	{ "/", &dialect_servicestack },
	{ "", &dialect_servicestack },
};

START_TEST(a_path_belongs_to_the_dialect_of_the_operations_beside_it)
{
	const char *path = dialect_paths[_i].path;
	const struct dialect *d = dialect_of_path(path, strlen(path));

	ck_assert_msg(d == dialect_paths[_i].dialect, "%s: %s", path, d->name);
}
END_TEST

/* ---- dates ---- */

static const struct {
	const char *text, *date; /* NULL: refused */
} twilio_dates[] = {
	{ "2026-11-21", "2026-11-21" },
	{ "2028-02-29", "2028-02-29" },
	{ "-30days", "2026-10-22" },
	{ "-1day", "2026-11-20" },
	{ "+30days", "2026-12-21" },
	{ " 30days", "2026-12-21" },
	{ "-2weeks", "2026-11-07" },
	{ "-1month", "2026-10-21" },
	{ "-9months", "2026-02-21" },
	{ "+1year", "2027-11-21" },
	{ "-0days", "2026-11-21" },
	{ "2026-02-30", NULL },
	{ "2026-13-01", NULL },
	{ "0000-01-01", NULL },
	{ "2026-1-1", NULL },
	{ "20261121", NULL },
	{ "2026-11-21T00:00:00Z", NULL },
	{ "30days", NULL },
	{ "-days", NULL },
	{ "-30", NULL },
	{ "-30hours", NULL },
	{ "-99999999999days", NULL },
	{ "-30000years", NULL },
	{ "--3days", NULL },
	{ "-3dayss", NULL },
	{ "x", NULL },
	{ "-", NULL },
};

START_TEST(a_date_is_a_day_that_exists_or_an_offset_from_today)
{
	struct date today = { 2026, 11, 21 }, got;
	char text[DATE_TEXT];

	for (size_t i = 0; i < sizeof(twilio_dates) / sizeof(twilio_dates[0]); i++) {
		const char *in = twilio_dates[i].text;
		bool good = dialect_twilio.parse_date(in, strlen(in), today, &got);

		ROW("%s", twilio_dates[i].text);
		ck_assert_msg(good == !!twilio_dates[i].date, "%s", in);
		if (good) {
			date_format(text, got);
			ck_assert_str_eq(text, twilio_dates[i].date);
		}
	}
}
END_TEST

START_TEST(a_date_time_counts_with_its_date_as_written)
{
	struct date today = { 2026, 11, 21 }, got;

	ck_assert(dialect_servicestack.parse_date("2026-11-02T23:59:59-05:00", 25, today, &got));
	ck_assert_int_eq(got.day, 2);
	ck_assert(!dialect_servicestack.parse_date("-30days", 7, today, &got));
	ck_assert(!dialect_servicestack.parse_date("2026-02-30", 10, today, &got));
	ck_assert(!dialect_servicestack.parse_date("2026-11-02junk", 14, today, &got));
}
END_TEST

/* ---- parameters ---- */

static const struct {
	const char *op, *query, *param;
	enum error_kind kind;
	int code;
} refusals[] = {
	{ "ListUsageRecord", "AccountSid=" AC("1") "&Category=nope", "Category", ERR_PARAM, 20001 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&StartDate=2026-02-30", "StartDate", ERR_FORMAT,
	  20001 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&StartDate=2026-11-02&EndDate=2026-11-01", "",
	  ERR_NOT_FOUND, 20404 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&PageSize=0", "PageSize", ERR_PARAM, 20001 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&PageSize=-1", "PageSize", ERR_PARAM, 20001 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&PageSize=1000000000000", "PageSize", ERR_PARAM,
	  20001 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&PageSize=1e3", "PageSize", ERR_PARAM, 20001 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&PageSize=+7", "PageSize", ERR_PARAM, 20001 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&PageSize=abc", "PageSize", ERR_PARAM, 20001 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&Page=1", "", ERR_PAGE, 70002 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&PageToken=AAAA", "PageToken", ERR_PARAM,
	  20001 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&IncludeSubaccounts=maybe",
	  "IncludeSubaccounts", ERR_PARAM, 20001 },
	{ "ListUsageRecord", "AccountSid=" AC("1") "&TimeZone=Mars/Olympus", "TimeZone", ERR_PARAM,
	  20001 },
	{ "ListUsageRecord", "AccountSid=" AC("9"), "", ERR_NOT_FOUND, 20404 },
	{ "ListUsageRecord", "AccountSid=../../etc", "", ERR_NOT_FOUND, 20404 },
	{ "ListSuperSimUsageRecord", "", "AccountSid", ERR_PARAM, 83600 },
	{ "ListSuperSimUsageRecord", "AccountSid=" AC("1") "&Sim=\001", "Sim", ERR_PARAM, 83600 },
	{ "ListSuperSimUsageRecord", "AccountSid=" AC("1") "&Fleet=\377", "Fleet", ERR_PARAM,
	  83600 },
	{ "ListSuperSimUsageRecord", "AccountSid=" AC("1") "&Group=planet", "Group", ERR_PARAM,
	  83600 },
	{ "ListSuperSimUsageRecord", "AccountSid=" AC("1") "&Network=HW1", "Network", ERR_PARAM,
	  83600 },
	{ "ListSuperSimUsageRecord", "AccountSid=" AC("1") "&IsoCountry=AUT", "IsoCountry",
	  ERR_PARAM, 83600 },
	{ "ListSuperSimUsageRecord",
	  "AccountSid=" AC("1") "&StartTime=2026-11-21T12:00:00Z&EndTime=2026-11-21T12:00:00Z",
	  "EndTime", ERR_PARAM, 83600 },
	{ "ListSuperSimUsageRecord",
	  "AccountSid=" AC("1") "&Granularity=day&StartTime=2026-11-20T01:00:00Z", "StartTime",
	  ERR_PARAM, 83601 },
	{ "ListSuperSimUsageRecord",
	  "AccountSid=" AC("1") "&Granularity=hour&EndTime=2026-11-20T01:30:00Z", "EndTime",
	  ERR_PARAM, 83602 },
	{ "ListSuperSimUsageRecord",
	  "AccountSid=" AC("1") "&Group=sim&StartTime=2026-10-01T00:00:00Z", "Group", ERR_PARAM,
	  83603 },
	{ "ListSuperSimUsageRecord",
	  "AccountSid=" AC("1") "&Granularity=hour&StartTime=2026-10-01T00:00:00Z", "StartTime",
	  ERR_PARAM, 83604 },
	{ "ListSuperSimUsageRecord",
	  "AccountSid=" AC("1") "&Granularity=day&StartTime=2026-08-01T00:00:00Z", "StartTime",
	  ERR_PARAM, 83604 },
	{ "ListSuperSimUsageRecord",
	  "AccountSid=" AC("1") "&StartTime=2025-05-20T00:00:00Z&EndTime=2025-06-20T00:00:00Z",
	  "StartTime", ERR_PARAM, 83605 },
	{ "GetAIUsage", "StartDate=2026-11-02&EndDate=2026-11-01", "EndDate", ERR_REVERSED, 0 },
	{ "ListUsageRecords", "StartDate=yesterday", "StartDate", ERR_FORMAT, 0 },
	{ "ListUsageRecords", "StartDate=2026-11-02&EndDate=2026-11-01", "EndDate", ERR_REVERSED,
	  0 },
};

START_TEST(a_bad_parameter_is_refused_by_its_name)
{
	const struct op *op = op_find(refusals[_i].op);
	struct error err = refusal(refusals[_i].op, refusals[_i].query);

	ck_assert_int_eq(err.kind, refusals[_i].kind);
	ck_assert_str_eq(err.param, refusals[_i].param);
	ck_assert_int_eq(dialect_status(op->dialect, &err).code, refusals[_i].code);
	ck_assert_str_ne(err.message, "");
}
END_TEST

START_TEST(names_ignore_case_where_the_dialect_does_and_only_there)
{
	struct error err = refusal("GetAIUsage", "startdate=2026-11-01&ENDDATE=x");

	ck_assert_str_eq(err.param, "EndDate");
	ck_assert(NULL != strstr(run("ListUsageRecord", "AccountSid=" AC("1") "&category=nope"),
				 "\"category\":\"calls\""));
}
END_TEST

/* ---- answers ---- */

START_TEST(ai_minutes_are_rounded_up_once_a_total)
{
	ck_assert_str_eq(run("GetAIUsage", "StartDate=2026-11-01&EndDate=2026-11-30"),
			 "{\"accountUsage\":[{\"accountId\":\"" AC(
				 "1") "\",\"aiMinutes\":2}],\"customerUsage\":["
				      "{\"accountId\":\"" AC(
					      "1") "\",\"customerId\":\"anna\",\"aiMinutes\":1},"
						   "{\"accountId\":\"" AC(
							   "1") "\",\"customerId\":\"ben\","
								"\"aiMinutes\":1}]}");
	ck_assert_str_eq(run("GetAIUsage",
			     "StartDate=2026-11-01&EndDate=2026-11-30&CustomerId=ben"),
			 "{\"accountUsage\":[{\"accountId\":\"" AC(
				 "1") "\",\"aiMinutes\":1}],\"customerUsage\":["
				      "{\"accountId\":\"" AC(
					      "1") "\",\"customerId\":\"ben\",\"aiMinutes\":1}]}");
	ck_assert_str_eq(run("GetAIUsage",
			     "StartDate=2026-11-01&EndDate=2026-11-30&AccountId=none"),
			 "{\"accountUsage\":[],\"customerUsage\":[]}");
}
END_TEST

START_TEST(billing_usage_lists_each_account_for_itself)
{
	const char *text = run("ListUsageRecords",
			       "StartDate=2026-11-20&EndDate=2026-11-21&AccountId=" AC("1"));

	ck_assert_str_eq(
		text,
		"[{\"accountSid\":\"" AC(
			"1") "\",\"category\":\"calls\",\"count\":1,\"countUnit\":\"n\","
			     "\"description\":\"calls\","
			     "\"endDate\":\"2026-11-21\",\"price\":0.017,\"priceUnit\":\"usd\","
			     "\"startDate\":\"2026-11-20\",\"usage\":\"2.5\",\"usageUnit\":\"u\","
			     "\"uri\":\"/2010-04-01/Accounts/" AC(
				     "1") "/Usage/"
					  "Records.json?Category=calls&StartDate=2026-11-20&"
					  "EndDate=2026-11-21&IncludeSubaccounts=false\"},"
					  "{\"accountSid\":\"" AC(
						  "1") "\",\"category\":\"calls-inbound\","
						       "\"count\":1,\"countUnit\":\"n\","
						       "\"description\":\"calls-inbound\","
						       "\"endDate\":\"2026-11-21\",\"price\":0.017,"
						       "\"priceUnit\":\"usd\",\"startDate\":\"2026-"
						       "11-20\",\"usage\":\"2.5\",\"usageUnit\":"
						       "\"u\","
						       "\"uri\":\"/2010-04-01/Accounts/" AC(
							       "1") "/Usage/"
								    "Records.json?Category=calls-"
								    "inbound&StartDate=2026-11-20&"
								    "EndDate=2026-11-21&"
								    "IncludeSubaccounts=false\"},"
								    "{\"accountSid\":\"" AC(
									    "1") "\",\"category\":"
										 "\"totalprice\","
										 "\"count\":0,"
										 "\"countUnit\":"
										 "\"n\","
										 "\"description\":"
										 "\"totalprice\","
										 "\"endDate\":"
										 "\"2026-11-21\","
										 "\"price\":0.017,"
										 "\"priceUnit\":"
										 "\"usd\","
										 "\"startDate\":"
										 "\"2026-11-20\","
										 "\"usage\":\"0."
										 "017\","
										 "\"usageUnit\":"
										 "\"usd\","
										 "\"uri\":\"/"
										 "2010-04-01/"
										 "Accounts/" AC(
											 "1") "/Usa"
											      "ge/"
											      "Reco"
											      "rds."
											      "json"
											      "?Cat"
											      "egor"
											      "y="
											      "tota"
											      "lpri"
											      "ce&"
											      "Star"
											      "tDat"
											      "e="
											      "2026"
											      "-11-"
											      "20&"
											      "EndD"
											      "ate="
											      "2026"
											      "-11-"
											      "21&"
											      "Incl"
											      "udeS"
											      "ubac"
											      "coun"
											      "ts="
											      "fals"
											      "e\"}"
											      "]");
}
END_TEST

START_TEST(a_main_account_holds_its_subaccounts_unless_told_otherwise)
{
	const char *both = run("ListUsageRecord", "AccountSid=" AC("1") "&Category=calls");
	const char *alone = run("ListUsageRecord",
				"AccountSid=" AC("1") "&Category=calls&IncludeSubaccounts=false");

	ck_assert(NULL != strstr(both, "\"count\":\"2\",\"count_unit\":\"n\",\"usage\":\"6.5\","
				       "\"usage_unit\":\"u\",\"price\":1.017000001,"));
	ck_assert(NULL != strstr(alone, "\"count\":\"1\",\"count_unit\":\"n\",\"usage\":\"2.5\","
					"\"usage_unit\":\"u\",\"price\":0.017,"));
}
END_TEST

START_TEST(a_zone_moves_an_event_to_the_day_of_its_clocks)
{
	const char *gmt = run(
		"ListUsageRecordDaily",
		"AccountSid=" AC("2") "&Category=calls&StartDate=2026-11-20&EndDate=2026-11-20");
	const char *nepal = run("ListUsageRecordDaily",
				"AccountSid=" AC("2") "&Category=calls&StartDate=2026-11-20&"
						      "EndDate=2026-11-20&TimeZone=Asia/Kathmandu");

	ck_assert(NULL != strstr(gmt, "\"usage\":\"4\""));
	ck_assert(NULL != strstr(nepal, "\"usage\":\"0\""));
	ck_assert(NULL != strstr(nepal, "EndDate=2026-11-20&TimeZone=Asia%2FKathmandu\""));
}
END_TEST

/* The text of the JSON string member NAME, or NULL for null. */
static const char *member(const char *json, const char *name)
{
	const char *at = strstr(json, arena_join(&arena, "\"", name, "\":", NULL));

	ck_assert_ptr_nonnull(at);
	at += strlen(name) + 3;
	return *at == '"' ? arena_strn(&arena, at + 1, strcspn(at + 1, "\"")) : NULL;
}

/* Follows a link of an answer. */
static int follow(const char *link, const char **ret, struct error *err)
{
	const char *query = strchr(link, '?');

	return run_as(&admin, "ListUsageRecordDaily",
		      arena_join(&arena, "AccountSid=" AC("1") "&", query + 1, NULL), ret, err);
}

START_TEST(links_lead_through_all_pages_and_back_though_midnight_passes)
{
	const char *page = run("ListUsageRecordDaily",
			       "AccountSid=" AC("1") "&PageSize=7&StartDate=2026-11-15"),
		   *first = page, *next;
	struct error err = { 0 };
	int pages = 1;

	clock_set_us((NOW + SEC_PER_DAY) * USEC_PER_SEC);
	while ((next = member(page, "next_page_uri"))) {
		must(follow(next, &page, &err), &err);
		pages++;
	}
	ck_assert_int_eq(pages, 5); /* 7 days of 5 categories */
	ck_assert(NULL != strstr(page, "\"start\":28,\"end\":34"));
	clock_set_us(NOW * USEC_PER_SEC);
	while ((next = member(page, "previous_page_uri")))
		must(follow(next, &page, &err), &err);
	ck_assert(strcmp(strstr(page, "\"uri\":\"/2010-04-01/Accounts/" AC(
					      "1") "/Usage/Records/Daily.json?Category"),
			 strstr(first, "\"uri\":\"/2010-04-01/Accounts/" AC(
					       "1") "/Usage/Records/Daily.json?Category")) == 0);
}
END_TEST

START_TEST(a_token_brings_a_range_that_could_not_be_asked_for_anymore)
{
	const char *page =
		run("ListUsageRecordDaily",
		    "AccountSid=" AC("1") "&PageSize=2&StartDate=-1days&EndDate=2026-11-20");
	struct error err = { 0 };

	clock_set_us((NOW + SEC_PER_DAY) * USEC_PER_SEC);
	must(follow(member(page, "next_page_uri"), &page, &err), &err);
	ck_assert(NULL != strstr(page, "\"start\":2,\"end\":3"));
	ck_assert_int_eq(follow(member(page, "first_page_uri"), &page, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

START_TEST(the_first_records_have_nothing_before_them_whatever_the_page_size)
{
	const char *page = run("ListUsageRecordDaily", "AccountSid=" AC("1") "&PageSize=2"),
		   *filters;
	struct error err = { 0 };

	must(follow(member(page, "next_page_uri"), &page, &err), &err);
	must(follow(member(page, "previous_page_uri"), &page, &err), &err);
	ck_assert_ptr_null(member(page, "previous_page_uri"));
	/* the third page of two, then seven at once from where it begins */
	must(follow(member(page, "next_page_uri"), &page, &err), &err);
	must(follow(member(page, "next_page_uri"), &page, &err), &err);
	filters = strstr(member(page, "uri"), "&Page=");
	must(run_as(&admin, "ListUsageRecordDaily",
		    arena_join(&arena, "AccountSid=" AC("1") "&PageSize=7", filters, NULL), &page,
		    &err),
	     &err);
	must(follow(member(page, "previous_page_uri"), &page, &err), &err);
	ck_assert_ptr_null(member(page, "previous_page_uri"));
	ck_assert(NULL != strstr(page, "\"start\":0,\"end\":6"));
}
END_TEST

START_TEST(a_token_that_was_changed_or_moved_to_another_question_is_refused)
{
	const char *page = run("ListUsageRecordDaily", "AccountSid=" AC("1") "&PageSize=7");
	const char *token = strstr(member(page, "next_page_uri"), "PageToken=");
	struct error err = { 0 };
	const char *text;
	char *changed;

	ck_assert_int_eq(run_as(&admin, "ListUsageRecordDaily",
				arena_join(&arena, "AccountSid=" AC("1") "&", token, NULL), &text,
				&err),
			 0);
	ck_assert_int_eq(run_as(&admin, "ListUsageRecordDaily",
				arena_join(&arena, "AccountSid=" AC("2") "&", token, NULL), &text,
				&err),
			 -1);
	ck_assert_str_eq(err.param, "PageToken");
	error_clear(&err);
	ck_assert_int_eq(run_as(&admin, "ListUsageRecordMonthly",
				arena_join(&arena, "AccountSid=" AC("1") "&", token, NULL), &text,
				&err),
			 -1);
	error_clear(&err);
	ck_assert_int_eq(run_as(&admin, "ListUsageRecordDaily",
				arena_join(&arena, "AccountSid=" AC("1") "&Category=calls&", token,
					   NULL),
				&text, &err),
			 -1);
	changed = arena_join(&arena, "AccountSid=" AC("1") "&", token, NULL);
	changed[strlen(changed) - 30] ^= 1;
	error_clear(&err);
	ck_assert_int_eq(run_as(&admin, "ListUsageRecordDaily", changed, &text, &err), -1);
	ck_assert_str_eq(err.param, "PageToken");
}
END_TEST

/*
 * TOKEN with its number NTH (behind the version) in place of the one that it
 * has, signed as ours for the daily records of the main account.
 */
static const char *forge(const char *token, size_t nth, int64_t number)
{
	unsigned char bytes[512];
	struct strbuf question;
	char *text = arena_alloc(&arena, 1024);
	size_t len;

	ck_assert(base64url_decode(token, strlen(token), bytes, sizeof(bytes), &len));
	len -= TAG_BYTES;
	for (size_t i = 0; i < 8; i++)
		bytes[1 + 8 * nth + i] = (unsigned char)((uint64_t)number >> (56 - 8 * i));
	strbuf_init(&question, 2048);
	strbuf_add(&question, "ListUsageRecordDaily\n/2010-04-01/Accounts/" AC(
				      "1") "/Usage/Records/Daily\n\n");
	strbuf_addn(&question, (const char *)bytes, len);
	tag_make(secret, question.text, question.len, bytes + len);
	strbuf_release(&question);
	base64url_encode(bytes, len + TAG_BYTES, text);
	return text;
}

START_TEST(a_token_that_is_signed_but_absurd_is_refused)
{
	enum { PAGE, START, FROM, TO, SLOT };
	static const struct {
		size_t nth;
		int64_t number;
		int rc;
	} rows[] = { { PAGE, 1, 0 },          { PAGE, INT64_MAX, -1 },
		     { PAGE, -1, -1 },        { START, INT64_MAX, -1 },
		     { START, -1, -1 },       { FROM, INT64_MIN, -1 },
		     { FROM, INT64_MAX, -1 }, { TO, INT64_MAX, -1 },
		     { TO, INT64_MIN, -1 },   { TO, 0, -1 },
		     { SLOT, 5, 0 },          { SLOT, INT64_MAX, -1 },
		     { SLOT, -1, -1 },        { SLOT, 1000000, -1 } };
	const char *token =
		strstr(member(run("ListUsageRecordDaily", "AccountSid=" AC("1") "&PageSize=7"),
			      "next_page_uri"),
		       "PageToken=") +
		10;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *query = arena_join(&arena, "AccountSid=" AC("1") "&PageToken=",
					       forge(token, rows[i].nth, rows[i].number), NULL),
			   *text;
		struct error err = { 0 };

		ROW("%zu: %lld", rows[i].nth, (long long)rows[i].number);
		ck_assert_msg(run_as(&admin, "ListUsageRecordDaily", query, &text, &err) ==
				      rows[i].rc,
			      "row %zu: %s", i, err.message);
		ck_assert(rows[i].rc == 0 || strcmp(err.param, "PageToken") == 0);
	}
}
END_TEST

START_TEST(more_than_a_thousand_a_page_counts_as_a_thousand)
{
	ck_assert(NULL !=
		  strstr(run("ListUsageRecordDaily", "AccountSid=" AC("1") "&PageSize=5000"),
			 "\"page_size\":1000"));
}
END_TEST

/* ---- access ---- */

START_TEST(every_operation_refuses_every_role_that_its_row_does_not_name)
{
	for (const struct op *const *op = ops; *op; op++) {
		struct error err = { 0 };
		bool anyone = (*op)->roles & ROLE_ANYONE;

		ck_assert_int_eq(access_operation(&(struct request) { .op = *op }, &err),
				 anyone ? 0 : -1);
		ck_assert_int_eq(err.kind, anyone ? ERR_NONE : ERR_UNAUTHENTICATED);
		for (const struct role_info *r = roles; r->name; r++) {
			struct principal who = { .role = r->role };

			error_clear(&err);
			ck_assert_int_eq(access_operation(&(struct request) { .op = *op,
									      .who = &who },
							  &err) == 0,
					 anyone || ((*op)->roles & r->role));
			ck_assert(err.kind == ERR_NONE || err.kind == ERR_FORBIDDEN);
		}
	}
}
END_TEST

START_TEST(an_ingest_key_and_a_user_without_a_role_read_no_usage)
{
	for (const struct op *const *op = ops; *op; op++) {
		/* users see and change themselves, whatever their role */
		if (strncmp((*op)->path, "/profile", 8) != 0)
			ck_assert_msg(!((*op)->roles & ROLE_USER), "%s", (*op)->id);
		/* but what became of what it sent */
		if (((*op)->methods & M_GET) && op_find("ListRejections") != *op)
			ck_assert(!((*op)->roles & ROLE_INGEST));
	}
}
END_TEST

/* Who sees which of the four accounts. */
static const struct {
	const char *words;
	enum role role;
	int account; /* index + 1 */
	int grant;
	bool sees[4];
} sights[] = {
	{ "an administrator", ROLE_ADMIN, 0, 0, { true, true, true, true } },
	{ "a manager of the main account", ROLE_MANAGER, 0, 1, { true, false, false, false } },
	{ "a manager of nothing", ROLE_MANAGER, 0, 0, { false, false, false, false } },
	{ "the main account's token", ROLE_ACCOUNT, 1, 0, { true, true, false, false } },
	{ "the main account's API key", ROLE_KEY, 1, 0, { true, false, false, false } },
	{ "the subaccount's token", ROLE_ACCOUNT, 2, 0, { false, true, false, false } },
	{ "an ingest key", ROLE_INGEST, 1, 0, { false, false, false, false } },
	{ "a user without a role", ROLE_USER, 0, 0, { false, false, false, false } },
};

START_TEST(a_caller_sees_just_the_accounts_of_its_role)
{
	struct principal who = { .role = sights[_i].role, .name = "x" };

	who.account = sights[_i].account ? accounts[sights[_i].account - 1].id : 0;
	who.grants = &accounts[0].id;
	who.n_grants = sights[_i].grant ? 1 : 0;
	for (int a = 0; a < 4; a++) {
		struct error err = { 0 };
		const char *text;
		int rc;

		ck_assert_msg(principal_sees(&who, &accounts[a]) == sights[_i].sees[a],
			      "%s, account %d", sights[_i].words, a);
		if (!(ROLES_READING & who.role))
			continue;
		rc = run_as(&who, "ListUsageRecord",
			    arena_join(&arena, "AccountSid=", accounts[a].sid, NULL), &text, &err);
		ck_assert_int_eq(rc == 0, sights[_i].sees[a]);
		ck_assert(rc == 0 || err.kind == ERR_NOT_FOUND);
	}
}
END_TEST

START_TEST(single_events_are_those_of_accounts_that_the_caller_sees)
{
	struct principal who = { .role = sights[_i].role, .name = "x" };

	who.account = sights[_i].account ? accounts[sights[_i].account - 1].id : 0;
	who.grants = &accounts[0].id;
	who.n_grants = sights[_i].grant ? 1 : 0;
	for (int a = 0; a < 4; a++) {
		struct error err = { 0 };

		ck_assert_msg(access_events(&who, st, accounts[a].id, &err) == sights[_i].sees[a],
			      "%s, account %d", sights[_i].words, a);
		ck_assert_msg(access_sees_events(&who, &accounts[a]) == sights[_i].sees[a],
			      "%s, account %d", sights[_i].words, a);
	}
}
END_TEST

START_TEST(unknown_and_forbidden_sids_answer_alike)
{
	struct principal who = { .role = ROLE_ACCOUNT, .account = accounts[1].id };
	struct error a = { 0 }, b = { 0 };
	const char *text;

	ck_assert_int_eq(run_as(&who, "ListUsageRecord", "AccountSid=" AC("1"), &text, &a), -1);
	ck_assert_int_eq(run_as(&who, "ListUsageRecord", "AccountSid=" AC("9"), &text, &b), -1);
	ck_assert_int_eq(a.kind, b.kind);
	ck_assert_int_eq((int)strlen(a.message), (int)strlen(b.message));
}
END_TEST

START_TEST(a_manager_is_told_that_a_foreign_account_is_not_his)
{
	struct principal who = { .role = ROLE_MANAGER, .grants = &accounts[0].id, .n_grants = 1 };
	struct error err = { 0 };
	const char *text;

	ck_assert_int_eq(run_as(&who, "ListUsageRecords", "AccountId=" AC("3"), &text, &err), -1);
	ck_assert_int_eq(err.kind, ERR_FORBIDDEN);
}
END_TEST

/* ---- unique names of SIMs and fleets ---- */

static void add_sim_data(const char *sid, const char *id, const char *sim, const char *sim_name,
			 const char *fleet, const char *fleet_name)
{
	const char *const texts[EVENT_FIELDS] = {
		[EV_SOURCE] = "/t",
		[EV_ID] = id,
		[EV_SUBJECT] = sid,
		[EV_TIME] = "2026-11-20T10:00:00Z",
		[EV_CATEGORY] = CATEGORY_SIM_DATA,
		[EV_DOWNLOAD] = "5",
		[EV_SIM] = sim,
		[EV_SIM_NAME] = sim_name,
		[EV_FLEET] = fleet,
		[EV_FLEET_NAME] = fleet_name,
	};
	struct raw_event raw = { 0 };
	struct error err = { 0 };

	for (int f = 0; f < EVENT_FIELDS; f++) {
		raw.field[f].text = texts[f];
		raw.field[f].len = texts[f] ? strlen(texts[f]) : 0;
	}
	must(batch_add(&batch, &raw, NOW * USEC_PER_SEC, 0, &err), &err);
}

/*
 * The main account has used truck, the subaccount car, and the foreign account
 * a truck of its own; nobody has used spare.
 */
static void add_sims(void)
{
	struct sim spare = {
		.family = accounts[0].id, .kind = DIM_SIM, .sid = "HS4", .name = "spare"
	};
	struct ledger *l = ledger_new(st, &(struct ledger_options) { 0 });
	struct error err = { 0 };

	add_sim_data(AC("1"), "s1", "HS1", "truck", "HF1", "north");
	add_sim_data(AC("2"), "s2", "HS2", "car", NULL, NULL);
	add_sim_data(AC("3"), "s3", "HS3", "truck", NULL, NULL);
	must(batch_store(&batch, l, &err), &err);
	for (size_t i = 0; i < batch.n; i++)
		ck_assert_int_eq(batch.events[i].verdict, VERDICT_CREATED);
	ledger_free(&l);
	must(store_sim_add(st, &spare, &err), &err);
}

/* The records of a page of SIM usage, without what stands behind them. */
static const char *sim_records(const char *query)
{
	const char *text = run("ListSuperSimUsageRecord", query), *end = strstr(text, ",\"meta\":");

	ck_assert_msg(end != NULL, "%s", text);
	return arena_strn(&arena, text, (size_t)(end - text));
}

START_TEST(sim_usage_is_found_by_sid_and_by_unique_name)
{
	static const struct {
		const char *by_sid, *by_name, *says; /* SAYS: a part of both */
	} rows[] = {
		{ "AccountSid=" AC("1") "&Sim=HS1", "AccountSid=" AC("1") "&Sim=truck",
		  "\"data_total\":5,\"data_total_billed\":0,\"billed_unit\":null,\"sim_sid\":"
		  "\"HS1\"" },
		{ "AccountSid=" AC("1") "&Fleet=HF1", "AccountSid=" AC("1") "&Fleet=north",
		  "\"fleet_sid\":\"HF1\"" },
		{ "AccountSid=" AC("1") "&Sim=HS1&Group=fleet",
		  "AccountSid=" AC("1") "&Sim=truck&Group=fleet",
		  "\"sim_sid\":\"HS1\",\"fleet_sid\":\"HF1\"" },
		{ "AccountSid=" AC("1") "&Fleet=HF1&Group=sim",
		  "AccountSid=" AC("1") "&Fleet=north&Group=sim",
		  "\"sim_sid\":\"HS1\",\"fleet_sid\":\"HF1\"" },
		{ "AccountSid=" AC("2") "&Sim=HS2", "AccountSid=" AC("2") "&Sim=car",
		  "\"sim_sid\":\"HS2\"" },
		{ "AccountSid=" AC("3") "&Sim=HS3", "AccountSid=" AC("3") "&Sim=truck",
		  "\"sim_sid\":\"HS3\"" },
		/* known, and without usage */
		{ "AccountSid=" AC("1") "&Sim=HS4", "AccountSid=" AC("1") "&Sim=spare",
		  "\"data_total\":0,\"data_total_billed\":0,\"billed_unit\":null,\"sim_sid\":"
		  "\"HS4\"" },
	};

	add_sims();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = sim_records(rows[i].by_name);

		ck_assert_msg(strcmp(text, sim_records(rows[i].by_sid)) == 0, "row %zu: %s", i,
			      text);
		ck_assert_msg(strstr(text, rows[i].says) != NULL, "row %zu: %s", i, text);
	}
}
END_TEST

START_TEST(a_sim_or_fleet_that_the_account_does_not_know_has_no_records)
{
	static const char *const queries[] = {
		"AccountSid=" AC("1") "&Sim=nobody",
		"AccountSid=" AC("1") "&Fleet=nobody",
		"AccountSid=" AC("1") "&Sim=north",
		"AccountSid=" AC("1") "&Sim=truck&Fleet=nobody",
		"AccountSid=" AC("1") "&Sim=nobody&Granularity=day",
		"AccountSid=" AC("1") "&Sim=HS00000000000000000000000000000009",
		"AccountSid=" AC("2") "&Sim=truck",
		"AccountSid=" AC("2") "&Sim=spare",
		"AccountSid=" AC("3") "&Sim=car",
		"AccountSid=" AC("3") "&Sim=HS1",
	};

	add_sims();
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		ROW("%s", queries[i]);
		ck_assert_str_eq(sim_records(queries[i]), "{\"usage_records\":[]");
	}
	/* a network without usage is none that anyone would have to know */
	ck_assert_ptr_nonnull(strstr(
		sim_records("AccountSid=" AC("1") "&Network=HW00000000000000000000000000000009"),
		"\"data_total\":0"));
}
END_TEST

/*
 * Are the names of truck, car and the foreign truck in the list that a caller
 * of sights[_i] gets?
 */
START_TEST(a_caller_sees_the_names_of_its_families_and_what_its_subaccounts_used)
{
	struct principal who = { .role = sights[_i].role, .name = "x" };
	const bool main_account = sights[_i].sees[0], sub = sights[_i].sees[1],
		   other = sights[_i].sees[2];
	struct error err = { 0 };
	const char *text;

	add_sims();
	who.account = sights[_i].account ? accounts[sights[_i].account - 1].id : 0;
	who.grants = &accounts[0].id;
	who.n_grants = sights[_i].grant ? 1 : 0;
	if (!(ROLES_READING & who.role))
		return;
	must(run_as(&who, "ListSims", "", &text, &err), &err);
	ck_assert_msg((strstr(text, "\"HS1\"") != NULL) == main_account, "%s: %s", sights[_i].words,
		      text);
	ck_assert_msg((strstr(text, "\"HS2\"") != NULL) == (main_account || sub), "%s: %s",
		      sights[_i].words, text);
	ck_assert_msg((strstr(text, "\"HS4\"") != NULL) == main_account, "%s: %s", sights[_i].words,
		      text);
	ck_assert_msg((strstr(text, "\"HS3\"") != NULL) == other, "%s: %s", sights[_i].words, text);
	ck_assert_msg((strstr(text, AC("1")) != NULL) == main_account, "%s: %s", sights[_i].words,
		      text);
	must(run_as(&who, "ListSims", "Search=Main", &text, &err), &err);
	ck_assert_msg((strstr(text, "\"total\":0") != NULL) == !main_account, "%s: %s",
		      sights[_i].words, text);
	must(run_as(&who, "ListFleets", "", &text, &err), &err);
	ck_assert_msg((strstr(text, "\"HF1\"") != NULL) == main_account, "%s: %s", sights[_i].words,
		      text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("api");
	TCase *tc = tcase_create("api");
	struct error err = { 0 };

	if (secret_init(&err) < 0)
		return 1;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_tables_of_all_operations_keep_the_rules);
	tcase_add_test(tc, every_kind_of_error_has_a_status_in_every_dialect);
	tcase_add_loop_test(tc, a_path_belongs_to_the_dialect_of_the_operations_beside_it, 0,
			    sizeof(dialect_paths) / sizeof(dialect_paths[0]));
	tcase_add_test(tc, a_date_is_a_day_that_exists_or_an_offset_from_today);
	tcase_add_test(tc, a_date_time_counts_with_its_date_as_written);
	tcase_add_loop_test(tc, a_bad_parameter_is_refused_by_its_name, 0,
			    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tc, names_ignore_case_where_the_dialect_does_and_only_there);
	tcase_add_test(tc, ai_minutes_are_rounded_up_once_a_total);
	tcase_add_test(tc, billing_usage_lists_each_account_for_itself);
	tcase_add_test(tc, a_main_account_holds_its_subaccounts_unless_told_otherwise);
	tcase_add_test(tc, a_zone_moves_an_event_to_the_day_of_its_clocks);
	tcase_add_test(tc, links_lead_through_all_pages_and_back_though_midnight_passes);
	tcase_add_test(tc, a_token_brings_a_range_that_could_not_be_asked_for_anymore);
	tcase_add_test(tc, the_first_records_have_nothing_before_them_whatever_the_page_size);
	tcase_add_test(tc, a_token_that_was_changed_or_moved_to_another_question_is_refused);
	tcase_add_test(tc, a_token_that_is_signed_but_absurd_is_refused);
	tcase_add_test(tc, more_than_a_thousand_a_page_counts_as_a_thousand);
	tcase_add_test(tc, every_operation_refuses_every_role_that_its_row_does_not_name);
	tcase_add_test(tc, an_ingest_key_and_a_user_without_a_role_read_no_usage);
	tcase_add_loop_test(tc, a_caller_sees_just_the_accounts_of_its_role, 0,
			    sizeof(sights) / sizeof(sights[0]));
	tcase_add_loop_test(tc, single_events_are_those_of_accounts_that_the_caller_sees, 0,
			    sizeof(sights) / sizeof(sights[0]));
	tcase_add_test(tc, unknown_and_forbidden_sids_answer_alike);
	tcase_add_test(tc, a_manager_is_told_that_a_foreign_account_is_not_his);
	tcase_add_test(tc, sim_usage_is_found_by_sid_and_by_unique_name);
	tcase_add_test(tc, a_sim_or_fleet_that_the_account_does_not_know_has_no_records);
	tcase_add_loop_test(tc,
			    a_caller_sees_the_names_of_its_families_and_what_its_subaccounts_used,
			    0, sizeof(sights) / sizeof(sights[0]));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
