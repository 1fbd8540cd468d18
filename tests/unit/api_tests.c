/*
 * api_tests.c - operations and dialects, without HTTP.
 */
#include "operation_fixture.h"
#include "base/banned.h"

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
	suite_add_tcase(s, tc);
	return run_suite(s);
}
