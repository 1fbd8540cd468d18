/*
 * compare_tests.c - what a report compares its total and each of its rows with.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "api/access.h"
#include "api/reports.h"
#include "base/secret.h"
#include "store/account.h"
#include "store/category.h"
#include "usage/ledger.h"
#include "batch.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

#define AC(n) "AC0000000000000000000000000000000" n
#define NOW   1795262400 /* 2026-11-21T12:00:00Z */

/* accounts; a cycle of the second one begins on the 10th */
enum { UTC, VIENNA, ACCOUNTS };

static const char *const sids[ACCOUNTS] = { AC("1"), AC("2") };
static const char *const zones[ACCOUNTS] = { "UTC", "Europe/Vienna" };
static const int cycle_days[ACCOUNTS] = { 1, 10 };
static const char *const categories[] = { "calls", "sms" };
static const struct date begin = { 2023, 1, 1 }, today = { 2026, 11, 21 };

static const char *place;
static struct store *st;
static struct arena arena;
static struct settings *settings;
static const struct catalogue *cats;
static const unsigned char secret[SECRET_BYTES] = "thirty-two bytes of a known key";

static void must(int rc, const struct error *err)
{
	ck_assert_msg(rc >= 0, "%s: %s (%s)", err->param, err->message, err->detail);
}

/*
 * The price of the one event that a category has on a day; no two spans of days
 * that a test could confuse cost the same.
 */
static long price_on(int64_t day, size_t category)
{
	return 1 + (long)(day * day % 1009) + (category ? 5000 : 0);
}

static struct batch batch;

static void add_event(int account, size_t category, int64_t day)
{
	/* in Vienna still the day before by UTC */
	int64_t at = zone_day_start(zone_find(zones[account]), date_from_days(day)) + 1800;
	char id[40], time[INSTANT_TEXT], price[24];
	struct error err = { 0 };

	snprintf(id, sizeof(id), "%d-%zu-%lld", account, category, (long long)day);
	snprintf(price, sizeof(price), "%ld", price_on(day, category));
	instant_format(time, at * USEC_PER_SEC);
	const struct raw_event raw = { .field = { [EV_SOURCE] = { "/t", 2 },
						  [EV_ID] = { id, strlen(id) },
						  [EV_SUBJECT] = { sids[account], SID_TEXT - 1 },
						  [EV_TIME] = { time, strlen(time) },
						  [EV_CATEGORY] = { categories[category],
								    strlen(categories[category]) },
						  [EV_USAGE] = { "1", 1 },
						  [EV_PRICE] = { price, strlen(price) } } };
	must(batch_add(&batch, &raw, NOW * USEC_PER_SEC, 0, &err), &err);
}

static void add_accounts(void)
{
	struct error err = { 0 };

	for (int i = 0; i < ACCOUNTS; i++) {
		struct account a = { .name = zones[i],
				     .created = NOW,
				     .currency = "usd",
				     .time_zone = zones[i],
				     .cycle_day = cycle_days[i] };

		memcpy(a.sid, sids[i], SID_TEXT);
		must(store_account_add(st, &a, &err), &err);
	}
	for (size_t i = 0; i < 2; i++) {
		struct category c = { .name = categories[i],
				      .description = categories[i],
				      .count_unit = "n",
				      .usage_unit = "u",
				      .metered = true };

		must(store_category_add(st, &c, &err), &err);
	}
}

/* For all tests: they only read. */
static void setup(void)
{
	struct error err = { 0 };
	struct ledger *l;

	clock_set_us(NOW * USEC_PER_SEC);
	arena_init(&arena);
	must(settings_load(NULL, &settings, &err), &err);
	place = ledger_place(":memory:");
	must(store_open(place, STORE_WRITE | STORE_CREATE, 1000, &st, &err), &err);
	must(store_begin_write(st, &err), &err);
	add_accounts();
	must(store_commit(st, &err), &err);
	l = ledger_new(st, &(struct ledger_options) { 0 });
	for (int64_t day = date_to_days(begin); day <= date_to_days(today); day++)
		for (int i = 0; i < 2 * ACCOUNTS; i++)
			add_event(i / 2, (size_t)i % 2, day);
	must(batch_store(&batch, l, &err), &err);
	ledger_free(&l);
	must(catalogue_load(st, &arena, &cats, &err), &err);
	if (test_database())
		store_close(&st);
}

/* Each test is a process, and has a connection to a server of its own. */
static void open_own(void)
{
	struct error err = { 0 };

	if (st)
		return;
	must(store_open(place, 0, 1000, &st, &err), &err);
}

static void teardown(void)
{
	store_close(&st);
	settings_free(&settings);
	arena_release(&arena);
	clock_set_us(0);
}

/* The report of ACCOUNT and the parameters QUERY ("A=1&B=2"), in FORMAT. */
static const char *ask(int account, const char *query, const struct format *format)
{
	static const struct principal admin = { .role = ROLE_ADMIN, .name = "admin" };
	const struct op *op = op_find("ReportUsage");
	struct worker worker = { .settings = settings, .secret = secret, .table = ops };
	struct request rq = { .worker = &worker,
			      .arena = &arena,
			      .now = NOW,
			      .base_url = "https://ledger.test",
			      .op = op,
			      .suffix = "",
			      .who = &admin,
			      .args = request_args(&arena, op),
			      .store = st,
			      .catalogue = cats,
			      .reply.format = format };
	struct writer_options options = { .style = op->dialect->style };
	char *rest = arena_printf(&arena, "AccountSid=%s&PageSize=1000&%s", sids[account], query),
	     *pair;
	struct error err = { 0 };
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct writer *w;

	while ((pair = strsep(&rest, "&")) && *pair) {
		char *value = strchr(pair, '=');

		*value++ = '\0';
		request_give(&rq, request_param(&rq, pair), value);
	}
	strbuf_init(&buf, 1 << 24);
	w = writer_new(format, &options, &sink);
	must(store_begin_read(st, &err), &err);
	must(access_operation(&rq, &err), &err);
	must(request_run(&rq, w, &err), &err);
	store_end(st);
	must(writer_finish(w, &err), &err);
	writer_free(&w);
	query = arena_str(&arena, buf.text);
	strbuf_release(&buf);
	return query;
}

static struct json_object *member(struct json_object *o, const char *name)
{
	return json_object_object_get(o, name);
}

static double number(struct json_object *o, const char *name)
{
	ck_assert_msg(member(o, name) != NULL, "%s is null in %s", name,
		      json_object_to_json_string(o));
	return json_object_get_double(member(o, name));
}

/*
 * The row of REPORT about CATEGORY that begins with START, or (START NULL) the
 * total.
 */
static struct json_object *find_row(struct json_object *report, const char *start,
				    const char *category)
{
	struct json_object *lines = member(report, "lines");

	if (!start)
		return member(report, "total");
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		struct json_object *line = json_object_array_get_idx(lines, i);

		if (strcmp(json_object_get_string(member(line, "start")), start) == 0 &&
		    strcmp(json_object_get_string(member(line, "key")), category) == 0)
			return line;
	}
	return NULL;
}

static int64_t day_of(const char *text)
{
	struct date d;

	ck_assert_msg(date_parse(text, strlen(text), &d), "%s is no date", text);
	return date_to_days(d);
}

/*
 * What CATEGORY (-1: all) cost on these days; there was nothing before the
 * ledger's first day and after its last.
 */
static double cost(const char *first, const char *last, int category)
{
	double sum = 0;

	for (int64_t day = day_of(first); day <= day_of(last); day++)
		for (int c = 0; c < 2 && day >= date_to_days(begin) && day <= date_to_days(today);
		     c++)
			sum += category < 0 || c == category ? (double)price_on(day, (size_t)c) : 0;
	return sum;
}

/* ---- what each row is compared with ---- */

/* Reports of which several rows are looked at. */
#define DAYS_OF_NOVEMBER     "StartDate=2026-11-01&EndDate=2026-11-21&By=day"
#define FEBRUARY_TO_APRIL    "StartDate=2026-02-01&EndDate=2026-04-30&By=month"
#define MONTHS_OF_THE_YEAR   "StartDate=2026-01-01&EndDate=2026-11-21&By=month"
#define CUT_MONTHS           "StartDate=2026-03-15&EndDate=2026-05-10&By=month"
#define CUT_YEARS            "StartDate=2024-06-15&EndDate=2026-11-21&By=year"
#define BEFORE_THE_LEDGER    "StartDate=2023-01-01&EndDate=2023-02-28&By=month"
#define WITH_THE_YEAR_BEFORE "StartDate=2026-02-01&EndDate=2026-03-31&By=month&Compare=year"
#define CYCLE_BY_MONTH       "StartDate=2026-10-10&EndDate=2026-11-09&By=month"

static const struct compared {
	int account;
	const char *query, *start; /* START NULL: the total */
	const char *first, *last;  /* the days that it is compared with */
} compared[] = {
	/*
	 * a month so far, by day: the total with the month before, each day
	 * with the day before
	 */
	{ UTC, "StartDate=2026-11-01&EndDate=2026-11-21", NULL, "2026-10-01", "2026-10-21" },
	{ UTC, DAYS_OF_NOVEMBER, NULL, "2026-10-01", "2026-10-21" },
	{ UTC, DAYS_OF_NOVEMBER, "2026-11-01", "2026-10-31", "2026-10-31" },
	{ UTC, DAYS_OF_NOVEMBER, "2026-11-15", "2026-11-14", "2026-11-14" },
	{ UTC, DAYS_OF_NOVEMBER, "2026-11-21", "2026-11-20", "2026-11-20" },
	/* whole months, and one that has only begun */
	{ UTC, FEBRUARY_TO_APRIL, NULL, "2025-11-01", "2026-01-31" },
	{ UTC, FEBRUARY_TO_APRIL, "2026-02-01", "2026-01-01", "2026-01-31" },
	{ UTC, FEBRUARY_TO_APRIL, "2026-03-01", "2026-02-01", "2026-02-28" },
	{ UTC, MONTHS_OF_THE_YEAR, NULL, "2025-01-01", "2025-11-21" },
	{ UTC, MONTHS_OF_THE_YEAR, "2026-01-01", "2025-12-01", "2025-12-31" },
	{ UTC, MONTHS_OF_THE_YEAR, "2026-11-01", "2026-10-01", "2026-10-21" },
	/* a range that cuts its first and its last month */
	{ UTC, CUT_MONTHS, NULL, "2026-01-17", "2026-03-14" },
	{ UTC, CUT_MONTHS, "2026-03-15", "2026-02-15", "2026-02-28" },
	{ UTC, CUT_MONTHS, "2026-04-01", "2026-03-01", "2026-03-31" },
	{ UTC, CUT_MONTHS, "2026-05-01", "2026-04-01", "2026-04-10" },
	{ UTC, "StartDate=2026-03-10&EndDate=2026-03-20&By=month", "2026-03-10", "2026-02-10",
	  "2026-02-20" },
	/* years */
	{ UTC, CUT_YEARS, "2024-06-15", "2023-06-15", "2023-12-31" },
	{ UTC, CUT_YEARS, "2025-01-01", "2024-01-01", "2024-12-31" },
	{ UTC, CUT_YEARS, "2026-01-01", "2025-01-01", "2025-11-21" },
	/* before the ledger began there was nothing */
	{ UTC, BEFORE_THE_LEDGER, "2023-01-01", "2022-12-01", "2022-12-31" },
	{ UTC, BEFORE_THE_LEDGER, "2023-02-01", "2023-01-01", "2023-01-31" },
	/* with the year before, over a leap day, too */
	{ UTC, WITH_THE_YEAR_BEFORE, NULL, "2025-02-01", "2025-03-31" },
	{ UTC, WITH_THE_YEAR_BEFORE, "2026-02-01", "2025-02-01", "2025-02-28" },
	{ UTC, "StartDate=2026-02-27&EndDate=2026-03-02&By=day&Compare=year", "2026-03-01",
	  "2025-03-01", "2025-03-01" },
	{ UTC, "StartDate=2024-02-27&EndDate=2024-03-02&By=day&Compare=year", "2024-03-01",
	  "2023-03-01", "2023-03-01" },
	/*
	 * billing cycles from the 10th, by the clocks of Vienna: the running
	 * one by default, whole ones, and the months in them
	 */
	{ VIENNA, "", NULL, "2026-10-10", "2026-10-21" },
	{ VIENNA, "By=day", "2026-11-10", "2026-11-09", "2026-11-09" },
	{ VIENNA, "StartDate=2026-09-10&EndDate=2026-10-09", NULL, "2026-08-10", "2026-09-09" },
	{ VIENNA, "StartDate=2026-07-10&EndDate=2026-10-09", NULL, "2026-04-10", "2026-07-09" },
	{ VIENNA, "StartDate=2026-02-10&EndDate=2026-03-09&By=day", NULL, "2026-01-10",
	  "2026-02-09" },
	{ VIENNA, CYCLE_BY_MONTH, NULL, "2026-09-10", "2026-10-09" },
	{ VIENNA, CYCLE_BY_MONTH, "2026-10-10", "2026-09-10", "2026-09-30" },
	{ VIENNA, CYCLE_BY_MONTH, "2026-11-01", "2026-10-01", "2026-10-09" },
	{ VIENNA, "StartDate=2026-10-01&EndDate=2026-10-31", NULL, "2026-09-01", "2026-09-30" },
	{ VIENNA, "StartDate=2026-09-12&EndDate=2026-09-14", NULL, "2026-09-09", "2026-09-11" },
};

static void check_row(const struct compared *c, struct json_object *row, int category)
{
	double now, before = cost(c->first, c->last, category);
	struct json_object *change;

	ck_assert_msg(row != NULL, "%s has no row of %s", c->query, c->start);
	ck_assert_msg(number(row, "previous_price") == before,
		      "%s, %s: compared with %.0f, not with the %.0f of %s to %s", c->query,
		      c->start ? c->start : "total", number(row, "previous_price"), before,
		      c->first, c->last);
	now = number(row, "price");
	change = member(row, "change");
	if (before == 0)
		ck_assert_msg(change == NULL, "%s, %s: a change from nothing", c->query, c->start);
	else
		ck_assert_msg(fabs(json_object_get_double(change) - 100 * (now - before) / before) <
				      0.0501,
			      "%s, %s: %s %% from %.0f to %.0f", c->query,
			      c->start ? c->start : "total", json_object_get_string(change), before,
			      now);
}

START_TEST(each_row_is_compared_with_the_period_before_it_and_the_total_with_the_days_before)
{
	const struct compared *c = &compared[_i];
	struct json_object *report = json_tokener_parse(ask(c->account, c->query, &format_json));

	ck_assert_ptr_nonnull(report);
	if (c->start) {
		for (int i = 0; i < 2; i++)
			check_row(c, find_row(report, c->start, categories[i]), i);
	} else {
		ck_assert_str_eq(json_object_get_string(member(report, "previous_start")),
				 c->first);
		ck_assert_str_eq(json_object_get_string(member(report, "previous_end")), c->last);
		check_row(c, find_row(report, NULL, NULL), -1);
	}
	json_object_put(report);
}
END_TEST

/* The hours of a day: each event lies in the half hour after midnight. */
START_TEST(hours_are_compared_with_the_hour_before_also_over_midnight)
{
	struct json_object *report = json_tokener_parse(ask(
		UTC, "StartDate=2026-11-02&EndDate=2026-11-03&By=hour&Category=sms&GroupBy=none",
		&format_json));
	struct json_object *lines = member(report, "lines");
	size_t n = json_object_array_length(lines), used = 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *line = json_object_array_get_idx(lines, i);
		const char *start = json_object_get_string(member(line, "start"));
		bool first_hour = strstr(start, "T00:"), second = strstr(start, "T01:");
		char day[11];

		snprintf(day, sizeof(day), "%.10s", start);
		used += first_hour;
		ck_assert_msg(number(line, "price") == (first_hour ? cost(day, day, 1) : 0),
			      "%s costs %.0f", start, number(line, "price"));
		ck_assert_msg(number(line, "previous_price") == (second ? cost(day, day, 1) : 0),
			      "%s is compared with %.0f", start, number(line, "previous_price"));
	}
	ck_assert_uint_eq(used, 2);
	json_object_put(report);
}
END_TEST

/* ---- nothing to compare with ---- */

static const struct {
	/* the first of the days before; NULL: there are none */
	const char *query, *previous;
} edges[] = {
	{ "StartDate=0001-01-01&EndDate=9999-12-31", NULL },
	{ "StartDate=0001-01-01&EndDate=9999-12-31&By=year", NULL },
	/* it begins with the accounts */
	{ "StartDate=0001-01-01&EndDate=9999-12-31&Compare=year", "2022-01-01" },
	{ "StartDate=0001-01-01&EndDate=0001-01-01", NULL },
	{ "StartDate=0001-01-02&EndDate=0001-01-02", "0001-01-01" },
	{ "StartDate=0001-01-01&EndDate=0001-01-31&By=month", NULL },
	{ "StartDate=0001-02-01&EndDate=0001-02-28&By=month", "0001-01-01" },
	/* so would the month before the first row */
	{ "StartDate=0001-01-20&EndDate=0001-01-25&By=month", NULL },
	{ "StartDate=0001-01-20&EndDate=0001-01-25", "0001-01-14" },
	{ "StartDate=0001-12-01&EndDate=0001-12-31&Compare=year", NULL },
	{ "StartDate=0002-01-01&EndDate=0002-01-31&Compare=year", "0001-01-01" },
	{ "StartDate=9999-12-31&EndDate=9999-12-31", "9999-12-30" },
	/* one day, also the first of a month; but a month so far */
	{ "StartDate=2026-11-01&EndDate=2026-11-01", "2026-10-31" },
	{ "StartDate=2026-01-01&EndDate=2026-01-01", "2025-12-31" },
	{ "StartDate=2026-11-01", "2026-10-01" },
	{ "StartDate=2026-11-01&EndDate=2026-11-02", "2026-10-01" },
};

START_TEST(edges_of_the_calendar_are_compared_with_the_days_before_them_if_there_are_any)
{
	static const char words[] = "Not compared: the days before would begin before the year 1.";
	const char *query = edges[_i].query;
	struct json_object *report = json_tokener_parse(ask(UTC, query, &format_json));
	const char *previous = json_object_get_string(member(report, "previous_start"));

	if (edges[_i].previous)
		ck_assert_msg(previous && strcmp(previous, edges[_i].previous) == 0,
			      "%s: compared with days from %s", query,
			      previous ? previous : "null");
	else
		ck_assert_msg(!previous && !member(report, "previous_end") &&
				      !member(member(report, "total"), "previous_price"),
			      "%s: compared with days from %s", query,
			      previous ? previous : "null");
	ck_assert_msg(!strstr(ask(UTC, query, &format_text), words) == !!edges[_i].previous,
		      "%s: what the page says", query);
	json_object_put(report);
}
END_TEST

START_TEST(who_wants_no_comparison_is_not_told_that_there_is_none)
{
	ck_assert_ptr_null(strstr(ask(UTC, "Compare=none", &format_text), "ompared"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("compare");
	TCase *tc = tcase_create("reports");

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_checked_fixture(tc, open_own, NULL);
	tcase_add_loop_test(
		tc,
		each_row_is_compared_with_the_period_before_it_and_the_total_with_the_days_before,
		0, sizeof(compared) / sizeof(compared[0]));
	tcase_add_test(tc, hours_are_compared_with_the_hour_before_also_over_midnight);
	tcase_add_loop_test(
		tc, edges_of_the_calendar_are_compared_with_the_days_before_them_if_there_are_any,
		0, sizeof(edges) / sizeof(edges[0]));
	tcase_add_test(tc, who_wants_no_comparison_is_not_told_that_there_is_none);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
