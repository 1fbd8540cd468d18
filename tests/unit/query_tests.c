/*
 * query_tests.c - the one query, against sums made the slow way, straight from
 * the events.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "store/account.h"
#include "store/category.h"
#include "store/series.h"
#include "usage/account_sums.h"
#include "usage/ledger.h"
#include "usage/query.h"
#include "usage/report.h"
#include "batch.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

#define AC(n) "AC0000000000000000000000000000000" n

enum { EVENTS = 4000, ACCOUNTS = 3, ROUNDS = 400 };

static const char *const sids[ACCOUNTS] = { AC("1"), AC("2"), AC("3") };
static const char *const names[] = { "calls",          "calls-inbound", "calls-inbound-local",
				     "calls-outbound", "sms",           "sim-data" };
static const char *const customers[] = { "anna", "ben", "cleo" };
static const char *const zones[] = { "UTC", "Asia/Kathmandu", "America/New_York",
				     "Australia/Lord_Howe", "Asia/Kolkata" };

enum { NAMES = sizeof(names) / sizeof(names[0]), CUSTOMERS = 3, ZONES = 5 };

/* An event as the test remembers it. */
struct fact {
	int account, name, customer; /* customer -1: none */
	int64_t sec;
	int64_t count, usage, price;
};

static const char *place;
static struct store *st;
static struct arena arena;
static const struct catalogue *cats;
static struct fact facts[EVENTS];
static int64_t account_ids[ACCOUNTS];
static uint64_t seed;

static int64_t pick(int64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((seed >> 33) % (uint64_t)n);
}

static void must(int rc, const struct error *err)
{
	ck_assert_msg(rc >= 0, "%s: %s (%s)", err->param, err->message, err->detail);
}

static void add_category(const char *name, int64_t parent, int64_t *ret_id)
{
	struct category c = { .name = name,
			      .parent = parent,
			      .description = name,
			      .count_unit = "n",
			      .usage_unit = "u",
			      .metered = strcmp(name, "totalprice") == 0 };
	struct error err = { 0 };

	must(store_category_add(st, &c, &err), &err);
	if (ret_id)
		*ret_id = c.id;
}

static void make_ledger(void)
{
	struct error err = { 0 };
	int64_t calls, inbound;

	place = ledger_place(":memory:");
	must(store_open(place, STORE_WRITE | STORE_CREATE, 1000, &st, &err), &err);
	must(store_begin_write(st, &err), &err);
	add_category("calls", 0, &calls);
	add_category("calls-inbound", calls, &inbound);
	add_category("calls-inbound-local", inbound, NULL);
	add_category("calls-outbound", calls, NULL);
	add_category("sms", 0, NULL);
	add_category("sim-data", 0, NULL);
	add_category("totalprice", 0, NULL);
	for (int i = 0; i < ACCOUNTS; i++) {
		struct account a = { .name = sids[i],
				     .parent = i ? account_ids[0] : 0,
				     .currency = "usd",
				     .created = 0 };

		memcpy(a.sid, sids[i], SID_TEXT);
		must(store_account_add(st, &a, &err), &err);
		account_ids[i] = a.id;
	}
	must(store_commit(st, &err), &err);
}

static void set(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = strlen(text);
}

static struct batch batch;

static void add_fact(int i)
{
	struct fact *f = &facts[i];
	char id[16], time[INSTANT_TEXT], count[24], usage[DECIMAL_TEXT], price[DECIMAL_TEXT];
	struct raw_event raw = { 0 };
	struct error err = { 0 };

	*f = (struct fact) { .account = (int)pick(ACCOUNTS),
			     .name = (int)pick(NAMES),
			     .customer = (int)pick(CUSTOMERS + 1) - 1,
			     .count = 1 + pick(3),
			     .usage = pick(5000000),
			     .price = pick(900000000) };
	/* one account uses only categories below "calls" */
	if (f->account == ACCOUNTS - 1 && f->name == 0)
		f->name = 1;
	/*
	 * two and a half years around clock changes of all the zones; some on
	 * the very border of an hour
	 */
	f->sec = 1609459200 + pick(78000000);
	if (pick(4) == 0)
		f->sec -= f->sec % 900;
	snprintf(id, sizeof(id), "e-%06d", i);
	instant_format(time, f->sec * USEC_PER_SEC);
	snprintf(count, sizeof(count), "%d", (int)f->count);
	decimal_format(usage, f->usage, USAGE_PLACES);
	decimal_format(price, f->price, PRICE_PLACES);
	set(&raw, EV_SOURCE, "/test");
	set(&raw, EV_ID, id);
	set(&raw, EV_SUBJECT, sids[f->account]);
	set(&raw, EV_TIME, time);
	set(&raw, EV_CATEGORY, names[f->name]);
	set(&raw, EV_COUNT, count);
	set(&raw, EV_PRICE, price);
	if (strcmp(names[f->name], "sim-data") == 0) {
		f->usage -= f->usage % 2;
		snprintf(usage, sizeof(usage), "%d", (int)f->usage / 2);
		set(&raw, EV_UPLOAD, usage);
		set(&raw, EV_DOWNLOAD, usage);
	} else {
		set(&raw, EV_USAGE, usage);
	}
	if (f->customer >= 0)
		set(&raw, EV_CUSTOMER, customers[f->customer]);
	must(batch_add(&batch, &raw, clock_now_us(), 0, &err), &err);
}

static void setup(void)
{
	struct error err = { 0 };
	struct ledger *l;

	seed = 20261122;
	arena_init(&arena);
	make_ledger();
	l = ledger_new(st, &(struct ledger_options) { 0 });
	for (int i = 0; i < EVENTS; i++)
		add_fact(i);
	must(batch_store(&batch, l, &err), &err);
	ck_assert_uint_eq(batch.n, EVENTS);
	ledger_free(&l);
	must(store_begin_read(st, &err), &err);
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
	must(store_begin_read(st, &err), &err);
}

static void teardown(void)
{
	if (st)
		store_end(st);
	store_close(&st);
	arena_release(&arena);
}

/* ---- the slow way ---- */

static bool counts_for(const struct fact *f, size_t category)
{
	size_t own = catalogue_find(cats, names[f->name], strlen(names[f->name]));

	return category == cats->totalprice || catalogue_within(cats, own, category);
}

static struct amounts_wide slow_totals(const struct usage_query *q, size_t category, int customer,
				       int64_t from, int64_t to)
{
	struct amounts_wide t = { 0 };

	for (int i = 0; i < EVENTS; i++) {
		const struct fact *f = &facts[i];
		bool mine = false;

		for (size_t a = 0; a < q->n_accounts; a++)
			mine |= account_ids[f->account] == q->accounts[a];
		if (!mine || f->sec < from || f->sec >= to || !counts_for(f, category) ||
		    (customer >= 0 && f->customer != customer))
			continue;
		t.price += f->price;
		if (category == cats->totalprice)
			continue;
		t.count += f->count;
		t.usage += f->usage;
		if (strcmp(names[f->name], "sim-data") == 0)
			t.upload += f->usage / 2;
	}
	return t;
}

static void same_totals(const struct amounts_wide *a, const struct amounts_wide *b)
{
	ck_assert_int_eq((int64_t)a->count, (int64_t)b->count);
	ck_assert_int_eq((int64_t)a->usage, (int64_t)b->usage);
	ck_assert_int_eq((int64_t)a->price, (int64_t)b->price);
	ck_assert_int_eq((int64_t)a->upload, (int64_t)b->upload);
}

/*
 * The local date or hour of the clock that SEC falls on, as a number; it
 * differs for each bucket.
 */
static int64_t period_of(const struct usage_query *q, int64_t sec)
{
	struct date d = zone_date(q->zone, sec);

	switch (q->period) {
	/*
	 * an hour that the clock shows twice is two, and one in which it is
	 * changed too
	 */
	case PERIOD_HOUR:
		return floor_div(sec + zone_offset(q->zone, sec), 3600) * SEC_PER_DAY +
		       zone_offset(q->zone, sec);
	case PERIOD_DAY:
		return date_to_days(d);
	case PERIOD_MONTH:
		return d.year * 12 + d.month;
	case PERIOD_YEAR:
		return d.year;
	default:
		return 0;
	}
}

/* ---- the tests ---- */

/* The range then begins and ends beside events. */
static void cut_inside_quarter_hours(struct usage_query *q)
{
	int64_t from = q->from, to = q->to;

	for (int i = 0; i < 200; i++) {
		int64_t at = facts[pick(EVENTS)].sec + pick(3) - 1;

		if (at > from && at < to && q->from == from)
			q->from = at;
		else if (at > q->from && at < to && q->to == to)
			q->to = at;
	}
}

static struct usage_query any_query(void)
{
	struct usage_query q = { .zone = zone_find(zones[pick(ZONES)]),
				 .period = (enum period)pick(5),
				 .zeros = pick(2) };
	int64_t days = q.period == PERIOD_HOUR ? 1 + pick(3) : 1 + pick(700);
	struct date first = date_from_days(18628 + pick(900));

	q.accounts = account_ids;
	q.n_accounts = 1 + (size_t)pick(ACCOUNTS);
	q.from = zone_day_start(q.zone, first);
	q.to = zone_day_start(q.zone, date_from_days(date_to_days(first) + days));
	if (pick(3) == 0)
		cut_inside_quarter_hours(&q);
	q.category = pick(2) ? CATALOGUE_NONE : (size_t)pick((int64_t)cats->n);
	q.group = GROUP_CATEGORY;
	if (q.category != CATALOGUE_NONE && q.category != cats->totalprice)
		q.group = (enum group_by[]) { GROUP_CATEGORY, GROUP_NONE,
					      GROUP_DIMENSION }[pick(3)];
	if (q.group == GROUP_DIMENSION)
		q.n_accounts = 1;
	return q;
}

/*
 * Every row is right, borders fit without gap or overlap, and all rows together
 * hold everything in the range.
 */
static void check_query(const struct usage_query *q)
{
	struct usage_cursor *cur = NULL;
	struct error err = { 0 };
	struct usage_row row;
	struct amounts_wide want, sum = { 0 };
	int64_t before = INT64_MAX;
	size_t whole = q->category == CATALOGUE_NONE ? cats->totalprice : q->category;
	int rc;

	must(usage_open(st, cats, q, (struct usage_position) { 0 }, &cur, &err), &err);
	while ((rc = usage_next(cur, &row, &err)) > 0) {
		int customer = -1;
		size_t category = row.category == CATALOGUE_NONE ? q->category : row.category;

		for (int i = 0; row.member_text && i < CUSTOMERS; i++)
			if (strcmp(row.member_text, customers[i]) == 0)
				customer = i;
		ck_assert_int_lt(row.from, row.to);
		ck_assert_int_le(row.from, before);
		before = row.from;
		ck_assert_int_eq(period_of(q, row.from), period_of(q, row.to - 1));
		ck_assert(row.from == q->from ||
			  period_of(q, row.from - 1) != period_of(q, row.from));
		ck_assert(row.to == q->to || period_of(q, row.to) != period_of(q, row.to - 1));
		want = slow_totals(q, category, customer, row.from, row.to);
		same_totals(&row.totals, &want);
		if (category == whole)
			sum.price += row.totals.price;
	}
	must(rc, &err);
	usage_close(&cur);
	if (q->group == GROUP_DIMENSION)
		return; /* what has no customer is in no row */
	want = slow_totals(q, whole, -1, q->from, q->to);
	ck_assert_int_eq((int64_t)sum.price, (int64_t)want.price);
}

START_TEST(random_queries_equal_sums_made_straight_from_the_events)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct usage_query q = any_query();

		check_query(&q);
	}
}
END_TEST

/* The totals of sms between FROM and TO, in the main account. */
static int64_t sms_counted(int64_t from, int64_t to, bool running)
{
	struct usage_query q = { .accounts = account_ids,
				 .n_accounts = 1,
				 .zone = zone_find(NULL),
				 .from = from,
				 .to = to,
				 .running = running,
				 .group = GROUP_NONE,
				 .zeros = true,
				 .category = catalogue_find(cats, "sms", 3) };
	struct usage_cursor *cur = NULL;
	struct error err = { 0 };
	struct usage_row row;
	int64_t count;

	must(usage_open(st, cats, &q, (struct usage_position) { 0 }, &cur, &err), &err);
	ck_assert_int_eq(usage_next(cur, &row, &err), 1);
	count = (int64_t)row.totals.count;
	usage_close(&cur);
	return count;
}

START_TEST(ranges_that_meet_inside_a_quarter_hour_count_each_event_once)
{
	struct usage_query q = { .accounts = account_ids, .n_accounts = 1 };
	int64_t sms = 0;

	for (int i = 0; i < EVENTS && sms < 100; i++) {
		int64_t at = facts[i].sec, whole = sms_counted(at - 5000, at + 5000, false);
		struct amounts_wide want;

		if (facts[i].account != 0 || strcmp(names[facts[i].name], "sms") != 0)
			continue;
		sms++;
		want = slow_totals(&q, catalogue_find(cats, "sms", 3), -1, at - 5000, at + 5000);
		ck_assert_int_eq(whole, (int64_t)want.count);
		ck_assert_int_eq(sms_counted(at - 5000, at, false) +
					 sms_counted(at, at + 5000, false),
				 whole);
		ck_assert_int_eq(sms_counted(at, at + 1, false), facts[i].count);
	}
	ck_assert_int_eq(sms, 100);
}
END_TEST

START_TEST(a_running_quarter_hour_counts_whole)
{
	for (int i = 0; i < EVENTS; i++) {
		int64_t at = facts[i].sec, start = floor_div(at, SLOT_SEC) * SLOT_SEC;

		if (facts[i].account != 0 || strcmp(names[facts[i].name], "sms") != 0)
			continue;
		ck_assert_int_eq(sms_counted(start - 3600, at, true),
				 sms_counted(start - 3600, start + SLOT_SEC, false));
		ck_assert_int_eq(sms_counted(start - 3600, start, true),
				 sms_counted(start - 3600, start + SLOT_SEC, false));
	}
}
END_TEST

START_TEST(a_dimension_filter_counts_only_what_has_its_value)
{
	struct usage_query q = { .accounts = account_ids,
				 .n_accounts = 1,
				 .zone = zone_find(NULL),
				 .from = 1609459200,
				 .to = 1690000200,
				 .group = GROUP_NONE,
				 .zeros = true };
	struct usage_cursor *cur = NULL;
	struct error err = { 0 };
	struct usage_row row;
	struct amounts_wide want;

	q.category = catalogue_find(cats, "sms", 3);
	must(store_dimension_find(
		     st, &(struct dimension_value) { account_ids[0], DIM_CUSTOMER, "ben", 3 },
		     &q.dim[DIM_CUSTOMER], &err),
	     &err);
	ck_assert_int_gt(q.dim[DIM_CUSTOMER], 0);
	must(usage_open(st, cats, &q, (struct usage_position) { 0 }, &cur, &err), &err);
	ck_assert_int_eq(usage_next(cur, &row, &err), 1);
	want = slow_totals(&q, q.category, 1, q.from, q.to);
	ck_assert_int_gt((int64_t)want.count, 0);
	same_totals(&row.totals, &want);
	usage_close(&cur);

	q.dim[DIM_CUSTOMER] = -1;
	must(usage_open(st, cats, &q, (struct usage_position) { 0 }, &cur, &err), &err);
	ck_assert_int_eq(usage_next(cur, &row, &err), 1);
	ck_assert_int_eq((int64_t)row.totals.count, 0);
	ck_assert_int_eq(usage_next(cur, &row, &err), 0);
	usage_close(&cur);
}
END_TEST

/* ---- many accounts at once ---- */

/* The query for one of the accounts, as usage_query. */
static struct usage_query one_of(const struct account_sums_query *q, size_t account)
{
	struct usage_query one = { .accounts = &q->accounts[account],
				   .n_accounts = 1,
				   .zone = zone_find(NULL),
				   .period = PERIOD_ALL,
				   .from = q->from,
				   .to = q->to,
				   .category = q->category,
				   .group = q->group,
				   .dimension = q->dimension };
	struct error err = { 0 };
	int rc = 1;

	if (q->value)
		rc = store_dimension_find(st,
					  &(struct dimension_value) { *one.accounts, q->dimension,
								      q->value, strlen(q->value) },
					  &one.dim[q->dimension], &err);
	must(rc, &err);
	if (rc == 0)
		one.dim[q->dimension] = -1;
	return one;
}

/* Compares the sums of an account with those of a query for it alone. */
static void same_rows(const struct account_sums_query *q, const struct account_sums *sums,
		      size_t account)
{
	struct usage_query one = one_of(q, account);
	struct usage_cursor *cur = NULL;
	struct error err = { 0 };
	struct usage_row row;
	size_t i = sums->starts[account];
	int rc;

	must(usage_open(st, cats, &one, (struct usage_position) { 0 }, &cur, &err), &err);
	for (; (rc = usage_next(cur, &row, &err)) > 0; i++) {
		ck_assert_int_lt((int64_t)i, (int64_t)sums->starts[account + 1]);
		ck_assert_int_eq((int64_t)sums->rows[i].category, (int64_t)row.category);
		ck_assert_int_eq(sums->rows[i].member, row.member);
		ck_assert_pstr_eq(sums->rows[i].member_text, row.member_text);
		same_totals(&sums->rows[i].totals, &row.totals);
	}
	must(rc, &err);
	ck_assert_int_eq((int64_t)i, (int64_t)sums->starts[account + 1]);
	usage_close(&cur);
}

START_TEST(sums_of_many_accounts_are_those_of_each)
{
	const char *const values[] = { NULL, "anna", "nobody" };
	struct error err = { 0 };
	size_t rows = 0;

	for (int i = 0; i < 200; i++) {
		struct usage_query any = any_query();
		struct account_sums_query q = { .accounts = account_ids,
						.n_accounts = 1 + (size_t)pick(ACCOUNTS),
						.from = any.from,
						.to = any.to,
						.category = any.category,
						.group = any.group,
						.dimension = DIM_CUSTOMER };
		struct account_sums sums;

		if (q.group == GROUP_CATEGORY)
			q.category = CATALOGUE_NONE;
		else
			q.value = values[pick(3)];
		must(account_sums_read(st, cats, &q, &arena, &sums, &err), &err);
		rows += sums.starts[q.n_accounts];
		for (size_t account = 0; account < q.n_accounts; account++)
			same_rows(&q, &sums, account);
	}
	ck_assert_int_gt((int64_t)rows, 1000);
}
END_TEST

/*
 * Reads N rows from *AT and moves it to the last of them; returns how many
 * there were, and their texts.
 */
static size_t read_page(const struct usage_query *q, struct usage_position *at, size_t n,
			struct strbuf *out)
{
	struct usage_cursor *cur = NULL;
	struct error err = { 0 };
	struct usage_row row;
	size_t got = 0;

	must(usage_open(st, cats, q, *at, &cur, &err), &err);
	while (got < n && usage_next(cur, &row, &err) > 0) {
		strbuf_addf(out, "%lld %zu %s %lld\n", (long long)row.from, row.category,
			    row.member_text ? row.member_text : "", (long long)row.totals.price);
		at->bucket = row.at.bucket;
		at->after = arena_str(&arena, row.at.after);
		got++;
	}
	usage_close(&cur);
	return got;
}

START_TEST(pages_joined_are_the_whole_and_each_leads_back_to_the_one_before)
{
	for (int i = 0; i < 60; i++) {
		struct usage_query q = any_query();
		struct usage_position at = { 0 }, starts[2000], back;
		struct strbuf whole, paged;
		struct error err = { 0 };
		size_t size = 1 + (size_t)pick(40), pages = 0;

		strbuf_init(&whole, 1 << 26);
		strbuf_init(&paged, 1 << 26);
		read_page(&q, &at, 1000, &whole);
		at = (struct usage_position) { 0 };
		for (size_t left = 1000; left > 0; pages++) {
			size_t n = left < size ? left : size;

			starts[pages] = at;
			if (read_page(&q, &at, n, &paged) < n)
				break;
			left -= n;
		}
		ck_assert(strcmp(whole.text, paged.text) == 0);
		for (size_t p = 1; p < pages; p++) {
			struct strbuf a, b;

			back = starts[p];
			must(usage_back(st, cats, &q, size, &arena, &back, &err), &err);
			/*
			 * the first page begins at the beginning, though what
			 * comes first there has no usage
			 */
			ck_assert(p > 1 || (back.bucket == 0 && !back.after));
			strbuf_init(&a, 1 << 20);
			strbuf_init(&b, 1 << 20);
			at = starts[p - 1];
			read_page(&q, &at, size, &a);
			read_page(&q, &back, size, &b);
			ck_assert(strcmp(a.text, b.text) == 0);
			strbuf_release(&a);
			strbuf_release(&b);
		}
		strbuf_release(&whole);
		strbuf_release(&paged);
	}
}
END_TEST

/* ---- reports ---- */

static struct account report_accounts[ACCOUNTS];

static struct report_query any_question(void)
{
	struct usage_query q = any_query();
	struct report_query r = { .zone = q.zone,
				  .period = q.period,
				  .from = q.from,
				  .to = q.to,
				  .category = q.category,
				  .by = (enum group_by)pick(4),
				  .dimension = DIM_CUSTOMER,
				  .n_accounts = 1 + (size_t)pick(ACCOUNTS) };
	struct error err = { 0 };

	for (int i = 0; i < ACCOUNTS; i++)
		must(store_account_by_id(st, account_ids[i], &arena, &report_accounts[i], &err),
		     &err);
	r.accounts = report_accounts;
	if (r.category == cats->totalprice)
		r.category = CATALOGUE_NONE;
	if (r.by != GROUP_DIMENSION)
		r.dimension = DIMENSIONS; /* it says nothing then */
	if (pick(3) == 0)
		r.dim[DIM_CUSTOMER] = customers[pick(CUSTOMERS)];
	return r;
}

/*
 * The line that a category stands in: the child of OF that it is, or is below;
 * NULL if it is OF itself.
 */
static const char *category_key(size_t category, size_t of)
{
	while (category != of && cats->parent[category] != of)
		category = cats->parent[category];
	return category == of ? "" : cats->categories[category].name;
}

static bool is_of(const struct fact *f, const struct report_query *q)
{
	size_t own = catalogue_find(cats, names[f->name], strlen(names[f->name]));

	return f->account < (int)q->n_accounts && f->sec >= q->from && f->sec < q->to &&
	       (q->category == CATALOGUE_NONE || catalogue_within(cats, own, q->category)) &&
	       (!q->dim[DIM_CUSTOMER] ||
		(f->customer >= 0 && strcmp(customers[f->customer], q->dim[DIM_CUSTOMER]) == 0));
}

/* Does the fact stand in the line? */
static bool is_in_line(const struct fact *f, const struct report_query *q,
		       const struct report_line *line)
{
	const char *customer = f->customer < 0 ? "" : customers[f->customer];

	switch (q->by) {
	case GROUP_CATEGORY:
		return strcmp(line->key, category_key(catalogue_find(cats, names[f->name],
								     strlen(names[f->name])),
						      q->category)) == 0;
	case GROUP_ACCOUNT:
		return strcmp(line->key, sids[f->account]) == 0;
	case GROUP_DIMENSION:
		return strcmp(line->key, customer) == 0 &&
		       (!line->account || line->account->id == account_ids[f->account]);
	case GROUP_NONE:
		break;
	}
	return true;
}

/*
 * The cells of the line say the same, in order, and nothing about slots without
 * usage.
 */
static void check_cells(const struct report *r, const struct report_line *line, const int64_t *want)
{
	size_t slot = 0;

	for (size_t i = 0; i < r->n_cells; i++) {
		const struct report_cell *cell = &r->cells[i];

		ck_assert(i == 0 || cell[-1].bucket < cell->bucket ||
			  (cell[-1].bucket == cell->bucket && cell[-1].line != cell->line));
		ck_assert(!amounts_wide_zero(&cell->totals));
		if (cell->line != line)
			continue;
		for (; slot < cell->bucket; slot++)
			ck_assert_int_eq(want[slot], 0);
		ck_assert_int_eq((int64_t)cell->totals.price, want[slot++]);
	}
	for (; slot < r->n_buckets; slot++)
		ck_assert_int_eq(want[slot], 0);
}

static void check_line(const struct report_query *q, const struct report *r,
		       const struct report_line *line)
{
	int64_t *want = arena_array(&arena, int64_t, r->n_buckets);
	int64_t all = 0, count = 0, usage = 0;

	for (size_t s = 0; s < r->n_buckets; s++)
		want[s] = 0;
	for (int i = 0; i < EVENTS; i++) {
		const struct fact *f = &facts[i];
		size_t slot = 0;

		if (!is_of(f, q) || !is_in_line(f, q, line))
			continue;
		while (slot + 1 < r->n_buckets && f->sec >= r->starts[slot + 1])
			slot++;
		want[slot] += f->price;
		all += f->price;
		count += f->count;
		usage += f->usage;
	}
	ck_assert_int_eq((int64_t)line->all.price, all);
	for (size_t s = 0; s < r->n_buckets; s++)
		ck_assert_int_eq((int64_t)line->buckets[s].price, want[s]);
	check_cells(r, line, want);
	if (line->category == CATALOGUE_NONE)
		return;
	ck_assert_int_eq((int64_t)line->all.count, count);
	ck_assert_int_eq((int64_t)line->all.usage, usage);
}

START_TEST(random_reports_have_lines_that_are_right_and_add_up)
{
	for (int round = 0; round < ROUNDS / 4; round++) {
		struct report_query q = any_question();
		struct error err = { 0 };
		struct report r;
		int64_t all = 0, lines = 0;

		must(report_load(st, cats, &q, &arena, &r, &err), &err);
		must(report_load_cells(st, cats, &q, &arena, &r, &err), &err);
		must(report_load_buckets(st, cats, &q, &arena, &r, r.n_lines, &err), &err);
		for (int i = 0; i < EVENTS; i++)
			all += is_of(&facts[i], &q) ? facts[i].price : 0;
		for (size_t i = 0; i < r.n_lines; i++) {
			check_line(&q, &r, r.lines[i]);
			lines += (int64_t)r.lines[i]->all.price;
		}
		ck_assert_int_eq(lines, all);
		for (size_t s = 0; s < r.n_buckets; s++) {
			wide sum = r.buckets[s].price;

			for (size_t i = 0; i < r.n_lines; i++)
				sum -= r.lines[i]->buckets[s].price;
			ck_assert(sum == 0);
		}
		ck_assert_int_eq((int64_t)r.all.price, all);
		ck_assert_int_eq(r.starts[0], q.from);
		ck_assert_int_eq(r.starts[r.n_buckets], q.to);
	}
}
END_TEST

static const struct report_line *line_with(const struct report *r, const char *key)
{
	for (size_t i = 0; i < r->n_lines; i++)
		if (strcmp(r->lines[i]->key, key) == 0)
			return r->lines[i];
	return NULL;
}

static void same_report(const struct report *r, const struct report *want)
{
	ck_assert_uint_eq(r->n_lines, want->n_lines);
	ck_assert_uint_eq(r->n_buckets, want->n_buckets);
	same_totals(&r->all, &want->all);
	for (size_t s = 0; s < r->n_buckets; s++)
		same_totals(&r->buckets[s], &want->buckets[s]);
	for (size_t i = 0; i < r->n_lines; i++) {
		const struct report_line *line = line_with(want, r->lines[i]->key);

		ck_assert_ptr_nonnull(line);
		same_totals(&r->lines[i]->all, &line->all);
		for (size_t s = 0; s < r->n_buckets; s++)
			same_totals(&r->lines[i]->buckets[s], &line->buckets[s]);
	}
}

START_TEST(reports_that_are_read_together_are_those_read_alone)
{
	enum { PARTS = 4 };

	for (int round = 0; round < 50; round++) {
		struct report_query q[PARTS];
		struct report_part parts[PARTS];
		struct report r[PARTS], want;
		struct error err = { 0 };

		for (int i = 0; i < PARTS; i++) {
			q[i] = any_question();
			q[i].n_accounts = q[0].n_accounts;
			q[i].category = CATALOGUE_NONE;
			q[i].by = (enum group_by[]) { GROUP_CATEGORY, GROUP_ACCOUNT,
						      GROUP_NONE }[pick(3)];
			q[i].dim[DIM_CUSTOMER] = NULL;
			parts[i] = (struct report_part) { &q[i], &r[i] };
		}
		must(report_load_together(st, cats, parts, PARTS, &arena, &err), &err);
		for (int i = 0; i < PARTS; i++) {
			must(report_load(st, cats, &q[i], &arena, &want, &err), &err);
			must(report_load_buckets(st, cats, &q[i], &arena, &want, want.n_lines,
						 &err),
			     &err);
			same_report(&r[i], &want);
		}
	}
}
END_TEST

START_TEST(a_report_of_values_only_has_no_line_without_one)
{
	struct report_query q = { .accounts = report_accounts,
				  .n_accounts = ACCOUNTS,
				  .zone = zone_find(NULL),
				  .period = PERIOD_ALL,
				  .from = 1609459200,
				  .to = 1690000200,
				  .category = catalogue_find(cats, "sms", 3),
				  .by = GROUP_DIMENSION,
				  .dimension = DIM_CUSTOMER };
	struct error err = { 0 };
	struct report all, some;

	any_question(); /* reads the accounts */
	must(report_load(st, cats, &q, &arena, &all, &err), &err);
	q.values_only = true;
	must(report_load(st, cats, &q, &arena, &some, &err), &err);
	ck_assert_ptr_nonnull(line_with(&all, ""));
	ck_assert_ptr_null(line_with(&some, ""));
	ck_assert_uint_eq(some.n_lines, all.n_lines - 1);
	for (size_t i = 0; i < some.n_lines; i++)
		ck_assert_int_gt((int64_t)some.lines[i]->all.count, 0);
}
END_TEST

START_TEST(report_that_would_be_too_large_is_refused)
{
	struct report_query q = any_question();
	struct error err = { 0 };
	struct report r;

	q.period = PERIOD_HOUR;
	q.from = 0;
	q.to = 86400 * 365 * 30LL;
	ck_assert_int_eq(report_load(st, cats, &q, &arena, &r, &err), -1);
	ck_assert_int_eq(err.kind, ERR_TOO_LARGE);
}
END_TEST

/* ---- very many lines ---- */

enum { MANY_CUSTOMERS = 10500, MANY_DAYS = 3 };

static const char *many_customer(int i)
{
	static char text[MANY_CUSTOMERS][8];

	snprintf(text[i], sizeof(text[i]), "m%05d", i);
	return text[i];
}

/*
 * Each of many customers has usage on each of some days, and there is some
 * without a customer; a sum a customer, all different.
 */
static void add_many(struct ledger *l)
{
	struct error err = { 0 };

	for (int i = 0; i < (MANY_CUSTOMERS + 1) * MANY_DAYS; i++) {
		int customer = i / MANY_DAYS;
		char id[16], time[INSTANT_TEXT], price[DECIMAL_TEXT];
		struct raw_event raw = { 0 };

		snprintf(id, sizeof(id), "m-%06d", i);
		instant_format(time, (1750000000 + (i % MANY_DAYS) * SEC_PER_DAY) * USEC_PER_SEC);
		decimal_format(price, 1000000 + customer * 7919 % MANY_CUSTOMERS, PRICE_PLACES);
		set(&raw, EV_SOURCE, "/many");
		set(&raw, EV_ID, id);
		set(&raw, EV_SUBJECT, sids[1 + customer % 2]);
		set(&raw, EV_TIME, time);
		set(&raw, EV_CATEGORY, "sms");
		set(&raw, EV_PRICE, price);
		if (customer < MANY_CUSTOMERS)
			set(&raw, EV_CUSTOMER, many_customer(customer));
		must(batch_add(&batch, &raw, clock_now_us(), 0, &err), &err);
	}
	must(batch_store(&batch, l, &err), &err);
}

static void setup_many(void)
{
	struct error err = { 0 };
	struct ledger *l;

	arena_init(&arena);
	make_ledger();
	l = ledger_new(st, &(struct ledger_options) { 0 });
	add_many(l);
	ledger_free(&l);
	must(store_begin_read(st, &err), &err);
	must(catalogue_load(st, &arena, &cats, &err), &err);
	for (int i = 0; i < ACCOUNTS; i++)
		must(store_account_by_id(st, account_ids[i], &arena, &report_accounts[i], &err),
		     &err);
	if (test_database())
		store_close(&st);
}

static struct report_query many_question(void)
{
	return (struct report_query) {
		.accounts = report_accounts,
		.n_accounts = ACCOUNTS,
		.zone = zone_find(NULL),
		.period = PERIOD_DAY,
		.category = CATALOGUE_NONE,
		.from = 1750000000 / SEC_PER_DAY * SEC_PER_DAY - 5 * SEC_PER_DAY,
		.to = 1750000000 / SEC_PER_DAY * SEC_PER_DAY + 10 * SEC_PER_DAY,
		.by = GROUP_DIMENSION,
		.dimension = DIM_CUSTOMER
	};
}

START_TEST(very_many_lines_have_sums_and_those_that_are_shown_slots)
{
	struct report_query q = many_question();
	struct error err = { 0 };
	struct report r;
	wide all = 0;

	must(report_load(st, cats, &q, &arena, &r, &err), &err);
	ck_assert_uint_eq(r.n_lines, MANY_CUSTOMERS + 1);
	for (size_t i = 0; i < r.n_lines; i++) {
		struct report_line *line = r.lines[i];
		int customer;

		all += line->all.price;
		ck_assert_int_eq((int64_t)line->all.count, MANY_DAYS);
		if (i % 100)
			continue;
		ck_assert(!line->key || !*line->key);
		must(report_names(st, &r.lines[i], 1, &arena, &err), &err);
		customer = *line->key ? (int)strtol(line->key + 1, NULL, 10) : MANY_CUSTOMERS;
		ck_assert_int_eq((int64_t)line->all.price,
				 MANY_DAYS * (1000000 + customer * 7919 % MANY_CUSTOMERS));
		if (customer < MANY_CUSTOMERS)
			ck_assert_str_eq(line->account->sid, sids[1 + customer % 2]);
	}
	ck_assert(all == r.all.price);
	must(report_load_buckets(st, cats, &q, &arena, &r, 7, &err), &err);
	for (size_t s = 0; s < r.n_buckets; s++) {
		bool used = s >= 5 && s < 5 + MANY_DAYS;

		ck_assert(r.buckets[s].price == (used ? r.all.price / MANY_DAYS : 0));
		for (size_t i = 0; i < 7; i++)
			if (r.lines[i]->member)
				ck_assert(r.lines[i]->buckets[s].price ==
					  (used ? r.lines[i]->all.price / MANY_DAYS : 0));
	}
	ck_assert_ptr_null(r.lines[7]->buckets);
}
END_TEST

START_TEST(what_is_too_much_for_a_chart_leaves_the_sums)
{
	struct report_query q = many_question();
	struct error err = { 0 };
	struct report r;

	/*
	 * sums: a row for each customer and day; slots of all: three rows; of
	 * lines: days for each
	 */
	must(report_load(st, cats, &q, &arena, &r, &err), &err);
	store_limit(st, &(struct store_limits) { .work = 60 });
	must(report_load_buckets(st, cats, &q, &arena, &r, 5, &err), &err);
	ck_assert_ptr_nonnull(r.buckets);
	ck_assert(r.buckets[5].price == r.all.price / MANY_DAYS);
	for (size_t i = 0; i < 5; i++)
		ck_assert_ptr_null(r.lines[i]->buckets);
	store_limit(st, &(struct store_limits) { .work = 5 });
	must(report_load_buckets(st, cats, &q, &arena, &r, 5, &err), &err);
	ck_assert_ptr_null(r.buckets);
	ck_assert_int_eq(report_load(st, cats, &q, &arena, &r, &err), -1);
	ck_assert_int_eq(err.kind, ERR_TOO_LARGE);
	store_limit(st, &(struct store_limits) { 0 });
}
END_TEST

int main(void)
{
	Suite *s = suite_create("query");
	TCase *tc = tcase_create("query");

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_checked_fixture(tc, open_own, NULL);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, random_queries_equal_sums_made_straight_from_the_events);
	tcase_add_test(tc, ranges_that_meet_inside_a_quarter_hour_count_each_event_once);
	tcase_add_test(tc, a_running_quarter_hour_counts_whole);
	tcase_add_test(tc, a_dimension_filter_counts_only_what_has_its_value);
	tcase_add_test(tc, sums_of_many_accounts_are_those_of_each);
	tcase_add_test(tc, pages_joined_are_the_whole_and_each_leads_back_to_the_one_before);
	tcase_add_test(tc, random_reports_have_lines_that_are_right_and_add_up);
	tcase_add_test(tc, reports_that_are_read_together_are_those_read_alone);
	tcase_add_test(tc, a_report_of_values_only_has_no_line_without_one);
	tcase_add_test(tc, report_that_would_be_too_large_is_refused);
	suite_add_tcase(s, tc);
	tc = tcase_create("many");
	tcase_add_unchecked_fixture(tc, setup_many, teardown);
	tcase_add_checked_fixture(tc, open_own, NULL);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, very_many_lines_have_sums_and_those_that_are_shown_slots);
	tcase_add_test(tc, what_is_too_much_for_a_chart_leaves_the_sums);
	suite_add_tcase(s, tc);
	tc = tcase_create("ranges");
	suite_add_tcase(s, tc);
	return run_suite(s);
}
