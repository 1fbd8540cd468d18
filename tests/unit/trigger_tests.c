/*
 * trigger_tests.c - values of triggers in the commits that store events, and
 * firing.
 */
#include <check.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "store/audit.h"
#include "store/outbox.h"
#include "store/trigger.h"
#include "usage/admin_triggers.h"
#include "usage/correct.h"
#include "usage/principal.h"
#include "usage/signing.h"
#include "ledger_fixture.h"
#include "base/banned.h"

#define SUB_SID "AC00000000000000000000000000000003"
#define DAY_US  (SEC_PER_DAY * USEC_PER_SEC)
#define HOUR_US (3600 * USEC_PER_SEC)

static struct bench b;
static const unsigned char secret[SECRET_BYTES] = { 7 };

static void setup_bench(void)
{
	struct account sub = { .name = "sub", .currency = "usd" };

	setup();
	clock_set_us(NOW_US);
	b = open_bench(path, &any_account);
	snprintf(sub.sid, sizeof(sub.sid), "%s", SUB_SID);
	sub.parent = b.main_id;
	OK(store_account_add(b.st, &sub, &err));
}

/* Do the values of all triggers equal the sums of the rollups? */
static void check_values(void)
{
	const struct catalogue *c;
	struct trigger *list;
	size_t n;

	OK(catalogue_load(b.st, &arena, &c, &err));
	OK(store_triggers(b.st, 0, &arena, &list, &n, &err));
	for (size_t i = 0; i < n; i++) {
		wide sum;

		OK(trigger_load_sum(b.st, c, &list[i], list[i].value.period, &sum, &err));
		ck_assert_msg(sum == list[i].value.sum, "trigger %zu: %" PRId64 ", not %" PRId64, i,
			      (int64_t)list[i].value.sum, (int64_t)sum);
	}
}

static void teardown_bench(void)
{
	check_values();
	close_bench(&b);
	clock_set_us(0);
	teardown();
}

static struct admin admin(void)
{
	return (struct admin) { .st = b.st,
				.arena = &arena,
				.by = &principal_console,
				.author = "console",
				.now_us = clock_now_us() };
}

static const struct new_trigger usual = { .account = MAIN_SID,
					  .category = "calls",
					  .value = "10",
					  .url = "https://example.com/cb",
					  .secret = secret };

static int add(struct new_trigger n, struct trigger *ret)
{
	struct admin a = admin();
	int rc;

	error_clear(&err);
	OK(store_begin_write(b.st, &err));
	rc = admin_trigger_add(&a, &n, ret, &err);
	if (rc < 0)
		store_end(b.st);
	else
		OK(store_commit(b.st, &err));
	return rc;
}

static struct trigger added(struct new_trigger n)
{
	struct trigger t;

	ck_assert_msg(add(n, &t) == 0, "%s: %s (%s)", err.param, err.message, err.detail);
	return t;
}

static struct trigger read_again(const struct trigger *t)
{
	struct trigger found;

	ck_assert_int_eq(store_trigger_find(b.st, t->sid, &arena, &found, &err), 1);
	return found;
}

static size_t notices(const struct trigger *t)
{
	struct notices list;

	OK(store_notices(b.st, &(struct notices_query) { .trigger = t->sid, .limit = 100 }, &arena,
			 &list, &err));
	return list.n;
}

struct call {
	const char *account, *category, *time, *count, *usage, *price;
};

static int last_call; /* the number in the id of the last call */

static void store_call(struct call c)
{
	struct raw_event raw = good_event();
	char id[32];

	snprintf(id, sizeof(id), "t-%d", ++last_call);
	set_field(&raw, EV_ID, arena_str(&arena, id));
	if (c.account)
		set_field(&raw, EV_SUBJECT, c.account);
	if (c.category)
		set_field(&raw, EV_CATEGORY, c.category);
	if (c.time)
		set_field(&raw, EV_TIME, c.time);
	set_field(&raw, EV_COUNT, c.count);
	set_field(&raw, EV_USAGE, c.usage);
	set_field(&raw, EV_PRICE, c.price);
	error_clear(&err);
	OK(batch_add(&b.batch, &raw, clock_now_us(), AHEAD_US, &err));
	commit(&b);
}

static void at(const char *time)
{
	int64_t us;

	ck_assert(instant_parse(time, strlen(time), false, &us));
	clock_set_us(us);
}

static int64_t value(const struct trigger *t)
{
	return (int64_t)read_again(t).value.sum;
}

/* ---- tests ---- */

START_TEST(value_is_updated_in_the_commit_of_the_event)
{
	struct trigger t = added(usual);

	ck_assert_int_eq(value(&t), 0);
	store_call((struct call) { .usage = "2.5" });
	ck_assert_int_eq(value(&t), 2500000);
	ck_assert_uint_eq(notices(&t), 0);
}
END_TEST

START_TEST(each_amount_is_compared_by_its_own_trigger)
{
	static const struct {
		const char *by, *category;
		int64_t want;
	} rows[] = { { "count", "calls", 3 },
		     { "usage", "calls", 2500000 },
		     { "price", "calls", 17000000 },
		     { NULL, "calls-inbound", 2500000 },
		     { "usage", "calls-outbound", 0 },
		     { "price", "totalprice", 17000000 },
		     { "usage", "totalprice", 17000000 } };
	struct trigger t[ARRAY_SIZE(rows)];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct new_trigger n = usual;

		n.by = rows[i].by;
		n.category = rows[i].category;
		t[i] = added(n);
	}
	store_call((struct call) { .count = "3", .usage = "2.5", .price = "0.017" });
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ROW("%s by %s", rows[i].category, rows[i].by ? rows[i].by : "default");
		ck_assert_int_eq(value(&t[i]), rows[i].want);
	}
}
END_TEST

START_TEST(trigger_fires_above_its_value_and_not_at_it)
{
	struct trigger t = added(usual);

	store_call((struct call) { .usage = "10" });
	ck_assert_uint_eq(notices(&t), 0);
	store_call((struct call) { .usage = "0.000001" });
	ck_assert_uint_eq(notices(&t), 1);
	ck_assert_int_eq(read_again(&t).value.fired, NOW_US / USEC_PER_SEC);
}
END_TEST

START_TEST(trigger_fires_once_a_period)
{
	static const struct {
		const char *recurring, *later;
		size_t want;
	} rows[] = {
		{ "daily", "2026-11-21T23:59:59Z", 1 },   { "daily", "2026-11-22T00:00:00Z", 2 },
		{ "monthly", "2026-11-30T23:59:59Z", 1 }, { "monthly", "2026-12-01T00:00:00Z", 2 },
		{ "yearly", "2026-12-31T23:59:59Z", 1 },  { "yearly", "2027-01-01T00:00:00Z", 2 },
		{ "alltime", "2028-02-29T12:00:00Z", 1 }
	};

	int64_t usage = 1000;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct new_trigger n = usual;
		struct trigger t;
		const char *more;

		/* more than the periods before */
		usage *= 10;
		more = arena_printf(&arena, "%" PRId64, usage);
		ROW("%s %s", rows[i].recurring, rows[i].later);
		at("2026-11-21T11:00:00Z");
		n.recurring = rows[i].recurring;
		n.category = "calls-outbound";
		n.value = "+10";
		t = added(n);
		store_call((struct call) { .category = "calls-outbound", .usage = "11" });
		store_call((struct call) { .category = "calls-outbound", .usage = "11" });
		ck_assert_uint_eq(notices(&t), 1);
		at(rows[i].later);
		store_call((struct call) {
			.category = "calls-outbound", .time = rows[i].later, .usage = more });
		store_call((struct call) {
			.category = "calls-outbound", .time = rows[i].later, .usage = more });
		ck_assert_uint_eq(notices(&t), rows[i].want);
	}
}
END_TEST

START_TEST(event_counts_in_the_period_of_its_effective_time)
{
	struct new_trigger n = usual;
	struct trigger daily, monthly, once;

	n.recurring = "daily";
	daily = added(n);
	n.recurring = "monthly";
	monthly = added(n);
	n.recurring = NULL;
	once = added(n);
	at("2026-11-22T00:01:00Z");
	store_call((struct call) { .time = "2026-11-21T23:59:59.999999Z", .usage = "3" });
	ck_assert_int_eq(value(&daily), 0);
	ck_assert_int_eq(value(&monthly), 3000000);
	ck_assert_int_eq(value(&once), 3000000);
	/* of the day that begins in a minute */
	at("2026-11-22T23:59:00Z");
	store_call((struct call) { .time = "2026-11-23T00:00:00Z", .usage = "11" });
	ck_assert_uint_eq(notices(&daily), 0);
	ck_assert_uint_eq(notices(&monthly), 1);
	at("2026-11-23T00:00:01Z");
	store_call((struct call) { .time = "2026-11-23T00:00:01Z", .usage = "0.5" });
	ck_assert_int_eq(value(&daily), 11500000);
	ck_assert_uint_eq(notices(&daily), 1);
	ck_assert_uint_eq(notices(&monthly), 1);
}
END_TEST

START_TEST(late_event_counts_at_the_closed_instant)
{
	struct new_trigger n = usual;
	struct trigger t;
	struct admin a = admin();

	n.recurring = "daily";
	t = added(n);
	OK(store_begin_write(b.st, &err));
	OK(admin_closing_close(&a, MAIN_SID, "2026-11-20", &err));
	OK(store_commit(b.st, &err));
	store_call((struct call) { .time = "2026-11-10T10:00:00Z", .usage = "4" });
	ck_assert_int_eq(value(&t), 4000000);
}
END_TEST

START_TEST(main_account_includes_its_subaccounts)
{
	struct new_trigger n = usual;
	struct trigger main = added(n), sub, other;

	n.account = SUB_SID;
	sub = added(n);
	n.account = OTHER_SID;
	other = added(n);
	store_call((struct call) { .account = SUB_SID, .usage = "4" });
	store_call((struct call) { .account = MAIN_SID, .usage = "8" });
	ck_assert_int_eq(value(&main), 12000000);
	ck_assert_int_eq(value(&sub), 4000000);
	ck_assert_int_eq(value(&other), 0);
	ck_assert_uint_eq(notices(&main), 1);
	ck_assert_uint_eq(notices(&sub), 0);
}
END_TEST

static void correct(const char *id, const struct raw_event *change);

START_TEST(price_of_a_subaccount_in_another_currency_is_left_out)
{
	struct account euro = { .name = "euro", .currency = "eur", .parent = b.main_id };
	struct new_trigger n = usual;
	struct trigger price[2], usage, own;

	n.recurring = "daily";
	usage = added(n);
	n.by = "price";
	price[0] = added(n);
	n.category = "totalprice";
	price[1] = added(n);
	snprintf(euro.sid, sizeof(euro.sid), "AC%032d", 9);
	OK(store_account_add(b.st, &euro, &err));
	n.account = euro.sid;
	own = added(n);
	store_call((struct call) { .account = euro.sid, .usage = "4", .price = "11" });
	correct(arena_printf(&arena, "t-%d", last_call), NULL);
	for (int day = 0; day < 2; day++) {
		clock_set_us(NOW_US + day * DAY_US);
		store_call((struct call) { .account = euro.sid,
					   .time = day ? "2026-11-22T10:00:00Z" : NULL,
					   .usage = "4",
					   .price = "11" });
		store_call((struct call) { .account = SUB_SID,
					   .time = day ? "2026-11-22T10:00:00Z" : NULL,
					   .usage = "2",
					   .price = "3" });
		ck_assert_int_eq(value(&usage), 6000000);
		ck_assert_int_eq(value(&own), 11000000000);
		for (size_t i = 0; i < ARRAY_SIZE(price); i++)
			ck_assert_int_eq(value(&price[i]), 3000000000);
	}
	n.account = MAIN_SID;
	price[0] = added(n);
	ck_assert_int_eq(value(&price[0]), 3000000000);
	ck_assert_uint_eq(notices(&price[1]), 0);
	ck_assert_uint_eq(notices(&own), 2);
}
END_TEST

static void correct(const char *id, const struct raw_event *change)
{
	struct correct c = { .event = { .id = id },
			     .kind = change ? CORRECTION_AMEND : CORRECTION_VOID,
			     .change = change,
			     .author = "ann",
			     .reason = "why",
			     .now_us = clock_now_us(),
			     .ahead_us = AHEAD_US };
	struct correction made;
	bool before;

	OK(store_begin_write(b.st, &err));
	OK(correct_event(b.st, &c, &arena, &made, &before, &err));
	OK(store_commit(b.st, &err));
}

START_TEST(corrections_count_too)
{
	struct trigger t = added(usual);
	struct raw_event change = { 0 };

	put_call(&b, "call-1", "4");
	put_call(&b, "call-2", "5");
	commit(&b);
	correct("call-1", NULL);
	ck_assert_int_eq(value(&t), 5000000);
	set_field(&change, EV_USAGE, "11");
	correct("call-2", &change);
	ck_assert_int_eq(value(&t), 11000000);
	ck_assert_uint_eq(notices(&t), 1);
}
END_TEST

/* ---- a history ---- */

enum { STEPS = 250, WATCHING = 2 * RECURRENCES };

struct history {
	GRand *rand;
	struct trigger list[WATCHING];
	/* by trigger: the periods in which it must have fired */
	GHashTable *fired[WATCHING];
	int events; /* stored so far */
	int first;  /* the number of the first one */
	int corrections;
};

/* A trigger by usage, price or count on the main account and one on the subaccount. */
static void watch_all(struct history *h)
{
	static const char *const values[] = { "100", "8", "30", "60" };

	for (int i = 0; i < WATCHING; i++) {
		struct new_trigger n = usual;

		n.account = i % 2 ? SUB_SID : MAIN_SID;
		n.recurring = recurrence_names[i / 2];
		n.by = trigger_by_names[i % 3];
		n.value = values[i / 2];
		h->list[i] = added(n);
		h->fired[i] = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	}
}

/* Stores an event of now, of an earlier period, or of a time a little ahead. */
static void store_any(struct history *h)
{
	static const int64_t ago_us[] = { 0,           HOUR_US,      20 * HOUR_US,
					  40 * DAY_US, 400 * DAY_US, -4 * 60 * 1000000 };
	char time[INSTANT_TEXT];
	const char *number = arena_printf(&arena, "%d", g_rand_int_range(h->rand, 1, 12));

	instant_format(time,
		       clock_now_us() - ago_us[g_rand_int_range(h->rand, 0, ARRAY_SIZE(ago_us))]);
	store_call((struct call) { .account = g_rand_int_range(h->rand, 0, 2) ? SUB_SID : MAIN_SID,
				   .time = time,
				   .count = number,
				   .usage = number,
				   .price = number });
	h->events++;
}

/* Voids or amends one of the events, unless it is void. */
static void correct_any(struct history *h)
{
	const char *id = arena_printf(&arena, "t-%d",
				      h->first + g_rand_int_range(h->rand, 0, h->events));
	const char *number = arena_printf(&arena, "%d", g_rand_int_range(h->rand, 20, 40));
	struct raw_event change = { 0 };
	struct correct c = { .event = { .id = id },
			     .kind = g_rand_int_range(h->rand, 0, 2) ? CORRECTION_AMEND
								     : CORRECTION_VOID,
			     .change = &change,
			     .author = "ann",
			     .reason = "why",
			     .now_us = clock_now_us(),
			     .ahead_us = AHEAD_US };
	struct correction made;
	bool before;

	set_field(&change, EV_COUNT, number);
	set_field(&change, EV_USAGE, number);
	set_field(&change, EV_PRICE, number);
	error_clear(&err);
	OK(store_begin_write(b.st, &err));
	if (correct_event(b.st, &c, &arena, &made, &before, &err) < 0) {
		ck_assert_int_ne(err.kind, ERR_INTERNAL);
		store_end(b.st);
	} else {
		OK(store_commit(b.st, &err));
		h->corrections++;
	}
	error_clear(&err);
}

/* Closes all days up to a month ago, for both accounts. */
static void close_month(void)
{
	struct admin a = admin();
	char day[DATE_TEXT];

	date_format(day, date_from_days(clock_now_us() / DAY_US - 30));
	OK(store_begin_write(b.st, &err));
	OK(admin_closing_close(&a, MAIN_SID, day, &err));
	OK(store_commit(b.st, &err));
}

/* Each value is that of the rollups; what is above its threshold has fired, once. */
static void check_history(struct history *h)
{
	const struct catalogue *c;
	wide now, want;

	OK(catalogue_load(b.st, &arena, &c, &err));
	for (int i = 0; i < WATCHING; i++) {
		struct trigger t = read_again(&h->list[i]);
		gint64 period = trigger_period_now(t.recurrence, clock_now_us());

		ROW("%s by %s of %s", recurrence_names[t.recurrence], trigger_by_names[t.amount],
		    i % 2 ? "the subaccount" : "the main account");
		OK(trigger_current(b.st, c, &t, clock_now_us(), &now, &err));
		OK(trigger_load_sum(b.st, c, &t, period, &want, &err));
		ck_assert(now == want);
		if (t.value.period == period && t.value.sum > t.threshold) {
			gint64 *key = g_new(gint64, 1);

			*key = period;
			g_hash_table_add(h->fired[i], key);
		}
		ck_assert_uint_eq(notices(&t), g_hash_table_size(h->fired[i]));
	}
}

START_TEST(each_recurrence_follows_late_events_and_corrections_through_its_periods)
{
	struct history h = { .rand = g_rand_new_with_seed(15) };
	size_t all = 0;

	h.first = last_call + 1;
	watch_all(&h);
	store_any(&h);
	for (int i = 0; i < STEPS; i++) {
		int what = g_rand_int_range(h.rand, 0, 20);

		if (what < 13)
			store_any(&h);
		else if (what < 17)
			correct_any(&h);
		else if (what < 19)
			clock_set_us(clock_now_us() + g_rand_int_range(h.rand, 1, 200) * HOUR_US);
		else
			close_month();
		check_history(&h);
	}
	for (int i = 0; i < WATCHING; i++) {
		all += g_hash_table_size(h.fired[i]);
		g_hash_table_destroy(h.fired[i]);
	}
	/* so the history went through many periods */
	ck_assert_uint_gt(all, 3 * WATCHING);
	ck_assert_int_gt(h.corrections, STEPS / 10);
	g_rand_free(h.rand);
}
END_TEST

START_TEST(falling_below_and_rising_again_fires_no_second_time)
{
	struct trigger t = added(usual);

	put_call(&b, "call-1", "11");
	commit(&b);
	correct("call-1", NULL);
	ck_assert_int_eq(value(&t), 0);
	put_call(&b, "call-2", "12");
	commit(&b);
	ck_assert_uint_eq(notices(&t), 1);
}
END_TEST

START_TEST(new_trigger_begins_with_the_usage_of_its_period)
{
	struct new_trigger n = usual;
	struct trigger t;

	store_call((struct call) { .usage = "4" });
	store_call((struct call) { .time = "2026-11-02T10:00:00Z", .usage = "5" });
	n.recurring = "daily";
	t = added(n);
	ck_assert_int_eq(value(&t), 4000000);
	n.recurring = "monthly";
	t = added(n);
	ck_assert_int_eq(value(&t), 9000000);
	n.value = "+2.5";
	t = added(n);
	ck_assert_int_eq(t.threshold, 11500000);
	ck_assert_str_eq(t.name, "Trigger for calls at usage of 11.5");
	ck_assert_uint_eq(notices(&t), 0);
	n.value = "8";
	t = added(n);
	ck_assert_uint_eq(notices(&t), 1);
}
END_TEST

START_TEST(notice_has_the_parameters_of_the_callback)
{
	struct new_trigger n = usual;
	struct trigger t;
	struct notices list;
	struct audit *audits;
	size_t n_audits;
	char want[1000];

	n.recurring = "monthly";
	n.by = "price";
	n.value = "0.5";
	t = added(n);
	store_call((struct call) { .price = "0.6" });
	OK(store_notices(b.st, &(struct notices_query) { .limit = 10 }, &arena, &list, &err));
	ck_assert_uint_eq(list.n, 1);
	ck_assert_int_eq(list.list[0].state, NOTICE_WAITING);
	ck_assert_int_eq(list.list[0].next_us, NOW_US);
	snprintf(want, sizeof(want),
		 "AccountSid=" MAIN_SID "&UsageTriggerSid=%s"
		 "&DateFired=Sat%%2C%%2021%%20Nov%%202026%%2011%%3A00%%3A00%%20%%2B0000&Recurring="
		 "monthly&UsageCategory=calls&TriggerBy=price&TriggerValue=0.5&CurrentValue=0.6"
		 "&UsageRecordUri=%%2F2010-04-01%%2FAccounts%%2F" MAIN_SID
		 "%%2FUsage%%2FRecords%%2FThisMonth.json%%3FCategory%%3Dcalls"
		 "&IdempotencyToken=" MAIN_SID "-FIRES-%s-2026-11",
		 t.sid, t.sid);
	ck_assert_str_eq(list.list[0].form, want);
	OK(store_audits(b.st, &(struct newest) { .limit = 1 }, &arena, &audits, &n_audits, &err));
	ck_assert_str_eq(audits[0].action, "trigger.fire");
	ck_assert_str_eq(audits[0].author, "usaged");
	ck_assert_str_eq(audits[0].subject, t.sid);
	ck_assert_str_eq(audits[0].detail, MAIN_SID ": calls by price is 0.6, above 0.5");
}
END_TEST

START_TEST(rejected_and_repeated_events_change_no_value)
{
	struct trigger t = added(usual);

	put_call(&b, "call-1", "4");
	commit(&b);
	put_call(&b, "call-1", "4");
	put_call(&b, "call-1", "5");
	commit(&b);
	ck_assert_int_eq(value(&t), 4000000);
}
END_TEST

START_TEST(batch_that_is_aborted_fires_nothing)
{
	struct trigger t = added(usual);

	put_call(&b, "call-1", "4");
	commit(&b);
	put_call(&b, "call-2", "20");
	put_call(&b, "call-1", "5");
	b.batch.atomic = true;
	commit(&b);
	ck_assert_int_eq(value(&t), 4000000);
	ck_assert_uint_eq(notices(&t), 0);
}
END_TEST

START_TEST(clock_that_is_set_back_fires_no_second_time)
{
	struct new_trigger n = usual;
	struct trigger t;

	n.recurring = "daily";
	t = added(n);
	store_call((struct call) { .usage = "11" });
	at("2026-11-20T11:00:00Z");
	store_call((struct call) { .time = "2026-11-20T11:00:00Z", .usage = "11" });
	ck_assert_int_eq(value(&t), 11000000);
	at("2026-11-21T12:00:00Z");
	store_call((struct call) { .usage = "1" });
	ck_assert_int_eq(value(&t), 12000000);
	ck_assert_uint_eq(notices(&t), 1);
}
END_TEST

START_TEST(sum_may_exceed_64_bits)
{
	struct new_trigger n = usual;
	struct trigger t;
	wide want = 0;

	n.by = "price";
	t = added(n);
	for (int i = 0; i < 27; i++) {
		const char *time = arena_printf(&arena, "2026-0%d-01T10:00:00Z", i % 3 + 1);

		store_call((struct call) { .time = time, .price = "999999999.123456789" });
		want += INT64_C(999999999123456789);
	}
	ck_assert(want > INT64_MAX);
	ck_assert(read_again(&t).value.sum == want);
}
END_TEST

START_TEST(trigger_that_is_impossible_is_refused)
{
	static const struct {
		const char *param;
		struct new_trigger n;
		const char *words;
	} rows[] = {
		{ "TriggerValue", { .value = "0" }, "positive number" },
		{ "TriggerValue", { .value = "-5" }, "positive number" },
		{ "TriggerValue", { .value = "+-5" }, "positive number" },
		{ "TriggerValue", { .value = "5.0000001" }, "6 decimal places" },
		{ "TriggerValue", { .value = "1.5", .by = "count" }, "0 decimal places" },
		{ "TriggerValue", { .value = "99999999999999999999" }, "positive number" },
		{ "TriggerBy", { .by = "calls" }, "count, usage or price" },
		{ "TriggerBy", { .by = "count", .category = "totalprice" }, "use price" },
		{ "Recurring", { .recurring = "weekly" }, "daily" },
		{ "UsageCategory", { .category = "nothing" }, "not a category" },
		{ "CallbackMethod", { .method = "PUT" }, "POST or GET" },
		{ "CallbackUrl", { .url = "example.com" }, "https://example.com" },
		{ "CallbackUrl", { .url = "//example.com/cb" }, "https://example.com" },
		{ "CallbackUrl", { .url = "https://example.com:0/" }, "https://example.com" },
		{ "CallbackUrl", { .url = "https://*/" }, "https://example.com" },
		{ "CallbackUrl", { .url = "https://a..b/" }, "https://example.com" },
		{ "CallbackUrl", { .url = "https://[fe80::1%25eth0]/" }, "https://example.com" },
		{ "CallbackUrl", { .url = "ftp://example.com/" }, "https://example.com" },
		{ "CallbackUrl", { .url = "https:///x" }, "https://example.com" },
		{ "CallbackUrl", { .url = "https://ann:pw@example.com/" }, "user name" },
		{ "CallbackUrl", { .url = "https://example.com/#a" }, "\"#\"" },
		{ "CallbackUrl", { .url = "https://example.com/a b" }, "https://example.com" },
		{ "FriendlyName", { .name = " " }, "1 to 64 characters" },
		{ "account", { .account = "AC00000000000000000000000000000009" }, "no account" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct new_trigger n = rows[i].n;
		struct trigger t;

		ROW("%zu %s", i, rows[i].param);
		n.account = n.account ? n.account : usual.account;
		n.category = n.category ? n.category : usual.category;
		n.value = n.value ? n.value : usual.value;
		n.url = n.url ? n.url : usual.url;
		n.secret = secret;
		ck_assert_int_eq(add(n, &t), -1);
		ck_assert_int_eq(err.kind, ERR_PARAM);
		ck_assert_str_eq(err.param, rows[i].param);
		ck_assert_msg(strstr(err.message, rows[i].words), "%s", err.message);
	}
}
END_TEST

START_TEST(account_has_at_most_so_many_triggers)
{
	struct admin a = admin();
	struct trigger t, refused;

	OK(store_begin_write(b.st, &err));
	for (int i = 0; i < TRIGGERS_MAX; i++)
		OK(admin_trigger_add(&a, &usual, &t, &err));
	ck_assert_int_eq(admin_trigger_add(&a, &usual, &refused, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "1000 triggers"));
	OK(store_commit(b.st, &err));
	store_call((struct call) { .usage = "11" });
	ck_assert_uint_eq(notices(&t), 1);
}
END_TEST

/* The numbers of the triggers of ACCOUNT in LIST that are near, such as "2 0". */
static const char *near_of(int64_t account, const struct trigger *list, size_t n, size_t limit)
{
	struct triggers_near q = {
		.percent = 80, .limit = limit, .accounts = &account, .n_accounts = 1
	};
	const char *found = "";
	struct trigger *near;
	size_t n_near;

	for (int r = 0; r < RECURRENCES; r++)
		q.periods[r] = trigger_period_now((enum recurrence)r, clock_now_us());
	OK(store_triggers_near(b.st, &q, &arena, &near, &n_near, &err));
	for (size_t i = 0; i < n_near; i++)
		for (size_t j = 0; j < n; j++)
			if (strcmp(near[i].sid, list[j].sid) == 0)
				found = arena_printf(&arena, "%s%s%zu", found, *found ? " " : "",
						     j);
	return found;
}

START_TEST(triggers_near_their_values_are_those_of_the_account_and_of_its_current_period)
{
	struct trigger list[] = {
		added((struct new_trigger) { MAIN_SID, "calls", "12", .url = usual.url,
					     .recurring = "daily", .secret = secret }),
		added((struct new_trigger) { MAIN_SID, "calls", "1", .url = usual.url,
					     .recurring = "daily", .secret = secret }),
		added((struct new_trigger) { MAIN_SID, "calls", "14", .url = usual.url,
					     .secret = secret }),
		added((struct new_trigger) { OTHER_SID, "calls", "1", .url = usual.url,
					     .secret = secret }),
		added((struct new_trigger) { OTHER_SID, "calls", "2", .url = usual.url,
					     .secret = secret }),
	};

	store_call((struct call) { .usage = "10" });
	store_call((struct call) { .account = OTHER_SID, .usage = "10" });
	/* those of another account have passed their values farther, but take no room */
	ck_assert_str_eq(near_of(b.main_id, list, ARRAY_SIZE(list), 2), "0 1");
	ck_assert_str_eq(near_of(list[3].account, list, ARRAY_SIZE(list), 2), "3 4");
	/* nor do those that have fired */
	ck_assert_str_eq(near_of(b.main_id, list, ARRAY_SIZE(list), 1), "0");
	clock_set_us(NOW_US + HOUR_US);
	store_call((struct call) { .usage = "3" });
	ck_assert_str_eq(near_of(b.main_id, list, ARRAY_SIZE(list), 9), "2 0 1");
	/* nor do those of yesterday */
	clock_set_us(NOW_US + DAY_US);
	ck_assert_str_eq(near_of(b.main_id, list, ARRAY_SIZE(list), 1), "2");
}
END_TEST

START_TEST(removed_trigger_fires_no_more_and_its_notices_are_cancelled)
{
	struct trigger t = added(usual);
	struct admin a = admin();
	struct notices list;

	store_call((struct call) { .usage = "11" });
	OK(store_begin_write(b.st, &err));
	OK(admin_trigger_remove(&a, 0, t.sid, &err));
	OK(store_commit(b.st, &err));
	store_call((struct call) { .usage = "11" });
	OK(store_notices(b.st, &(struct notices_query) { .limit = 10 }, &arena, &list, &err));
	ck_assert_uint_eq(list.n, 1);
	ck_assert_int_eq(list.list[0].state, NOTICE_CANCELLED);
	ck_assert_int_eq(store_trigger_find(b.st, t.sid, &arena, &t, &err), 0);
}
END_TEST

START_TEST(triggers_and_notices_of_some_accounts_are_listed_newest_first)
{
	/* by the number of accounts; of notices, at most 4 */
	static const size_t want[] = { 0, 3, 4 }, want_triggers[] = { 0, 3, 5 };
	struct trigger *triggers;
	size_t n_triggers;
	struct new_trigger n = usual;
	struct notices list;
	int64_t ids[2];

	ids[0] = added(usual).account;
	n.account = OTHER_SID;
	ids[1] = added(n).account;
	added(usual);
	added(n);
	added(usual);
	store_call((struct call) { .usage = "11" });
	store_call((struct call) { .account = OTHER_SID, .usage = "11" });
	for (size_t with = 0; with < ARRAY_SIZE(want); with++) {
		struct notices_query q = { .accounts = ids, .n_accounts = with, .limit = 4 };

		ROW("%zu accounts", with);
		OK(store_triggers_of(b.st, ids, with, &arena, &triggers, &n_triggers, &err));
		ck_assert_uint_eq(n_triggers, want_triggers[with]);
		for (size_t i = 1; i < n_triggers; i++)
			ck_assert(triggers[i].id < triggers[i - 1].id);
		OK(store_notices(b.st, &q, &arena, &list, &err));
		ck_assert_uint_eq(list.n, want[with]);
		for (size_t i = 0; i < list.n; i++) {
			ck_assert(i == 0 || list.list[i].id < list.list[i - 1].id);
			ck_assert(with == 2 || list.list[i].account == ids[0]);
		}
		if (list.n < q.limit)
			continue;
		q.before = list.list[list.n - 1].id;
		OK(store_notices(b.st, &q, &arena, &list, &err));
		ck_assert_uint_eq(list.n, 1);
	}
}
END_TEST

static int repeat(const struct notice *n)
{
	struct admin a = admin();
	struct notice found;
	int rc;

	error_clear(&err);
	OK(store_begin_write(b.st, &err));
	rc = admin_notice_repeat(&a, n->sid, &found, &err);
	if (rc < 0)
		store_end(b.st);
	else
		OK(store_commit(b.st, &err));
	return rc;
}

static struct notice only_notice(void)
{
	struct notices list;

	OK(store_notices(b.st, &(struct notices_query) { .limit = 10 }, &arena, &list, &err));
	ck_assert_uint_eq(list.n, 1);
	return list.list[0];
}

static void set_notice(const struct notice *n)
{
	OK(store_begin_write(b.st, &err));
	OK(store_notice_set(b.st, n, &err));
	OK(store_commit(b.st, &err));
}

START_TEST(notice_that_waits_too_long_is_hastened)
{
	struct notice n;
	int64_t now_us = clock_now_us();

	added(usual);
	store_call((struct call) { .usage = "11" });
	n = only_notice();
	n.next_us = now_us + 5 * HOUR_US;
	set_notice(&n);
	ck_assert_int_eq(store_notice_waits_after(b.st, n.next_us, &err), 0);
	ck_assert_int_eq(store_notice_waits_after(b.st, now_us + 4 * HOUR_US, &err), 1);
	OK(store_begin_write(b.st, &err));
	OK(store_notices_hasten(b.st, n.next_us, now_us, &err));
	OK(store_commit(b.st, &err));
	ck_assert_int_eq(only_notice().next_us, n.next_us);
	OK(store_begin_write(b.st, &err));
	OK(store_notices_hasten(b.st, now_us + 4 * HOUR_US, now_us, &err));
	OK(store_commit(b.st, &err));
	ck_assert_int_eq(only_notice().next_us, now_us);
}
END_TEST

START_TEST(callback_is_repeated_unless_it_is_about_to_be_sent_or_its_trigger_is_gone)
{
	static const enum notice_state states[] = { NOTICE_WAITING, NOTICE_DELIVERED,
						    NOTICE_FAILED };
	struct trigger t = added(usual);
	struct admin a = admin();
	struct notice n;

	store_call((struct call) { .usage = "11" });
	n = only_notice();
	ck_assert_int_eq(repeat(&n), -1);
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		ROW("state %d", (int)states[i]);
		n.state = states[i];
		n.attempts = 5;
		n.next_us = clock_now_us() + HOUR_US;
		set_notice(&n);
		OK(repeat(&n));
		n = only_notice();
		ck_assert_int_eq(n.state, NOTICE_WAITING);
		ck_assert_int_eq(n.attempts, 5);
		ck_assert_int_le(n.next_us, clock_now_us());
	}
	n.state = NOTICE_FAILED;
	set_notice(&n);
	OK(store_begin_write(b.st, &err));
	OK(admin_trigger_remove(&a, 0, t.sid, &err));
	OK(store_commit(b.st, &err));
	ck_assert_int_eq(repeat(&n), -1);
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.message, "deleted"));
}
END_TEST

START_TEST(changed_callback_applies_to_waiting_notices)
{
	struct trigger t = added(usual);
	struct admin a = admin();
	struct notices list;

	store_call((struct call) { .usage = "11" });
	OK(store_begin_write(b.st, &err));
	OK(admin_trigger_set(&a, 0, t.sid,
			     &(struct trigger_change) { .url = "https://example.org/new",
							.method = "GET" },
			     &t, &err));
	OK(store_commit(b.st, &err));
	OK(store_notices(b.st, &(struct notices_query) { .limit = 10 }, &arena, &list, &err));
	ck_assert_str_eq(list.list[0].url, "https://example.org/new");
	ck_assert_str_eq(list.list[0].method, "GET");
}
END_TEST

static void count_difference(void *arg, const struct trigger *t, struct decimal have,
			     struct decimal want)
{
	(void)t;
	ck_assert_int_eq((int64_t)have.n, 1000000);
	ck_assert_int_eq((int64_t)want.n, 11000000);
	++*(int *)arg;
}

START_TEST(wrong_value_is_found_and_put_right_and_the_trigger_fires)
{
	struct trigger t = added(usual);
	struct trigger_value v;
	int found = 0;
	size_t n;

	store_call((struct call) { .usage = "11" });
	v = (struct trigger_value) { .trigger = t.id, .sum = 1000000 };
	OK(store_begin_write(b.st, &err));
	OK(store_trigger_value_set(b.st, &v, &err));
	OK(triggers_verify(b.st, count_difference, &found, &n, &err));
	ck_assert_int_eq(found, 1);
	ck_assert_uint_eq(n, 1);
	OK(triggers_repair(b.st, NOW_US, &n, &err));
	ck_assert_uint_eq(n, 1);
	OK(triggers_verify(b.st, count_difference, &found, &n, &err));
	ck_assert_uint_eq(n, 0);
	OK(store_commit(b.st, &err));
	ck_assert_int_eq(value(&t), 11000000);
	/* the outbox has the notice of this period already */
	ck_assert_uint_eq(notices(&t), 1);
}
END_TEST

START_TEST(signing_secret_is_sealed_and_opens_again)
{
	static const unsigned char wrong[SECRET_BYTES] = { 8 };
	char first[TOKEN_TEXT], second[TOKEN_TEXT];
	struct sealed sealed;

	ck_assert_int_eq(signing_find(b.st, secret, b.main_id, first, &err), 0);
	added(usual);
	ck_assert_int_eq(signing_find(b.st, secret, b.main_id, first, &err), 1);
	ck_assert_uint_eq(strlen(first), TOKEN_TEXT - 1);
	ck_assert_int_eq(store_signing(b.st, b.main_id, &arena, &sealed, &err), 1);
	ck_assert_ptr_null(memmem(sealed.bytes, sealed.len, first, 8));
	added(usual);
	ck_assert_int_eq(signing_find(b.st, secret, b.main_id, second, &err), 1);
	ck_assert_str_eq(first, second);
	ck_assert_int_eq(signing_find(b.st, wrong, b.main_id, second, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INTERNAL);
}
END_TEST

/* Takes the lease at NOW, for 100. */
static int take(const char *host, int64_t now)
{
	const struct lease lease = { "delivery", host, now + 100 };

	return store_lease_take(b.st, &lease, now, &err);
}

START_TEST(lease_passes_to_another_host_when_it_ends)
{
	OK(store_begin_write(b.st, &err));
	ck_assert_int_eq(take("a", 0), 1);
	ck_assert_int_eq(take("b", 99), 0);
	ck_assert_int_eq(take("a", 99), 1);
	ck_assert_int_eq(take("b", 198), 0);
	ck_assert_int_eq(take("b", 199), 1);
	ck_assert_int_eq(take("a", 200), 0);
	OK(store_lease_end(b.st, &(struct lease) { "delivery", "a", 0 }, &err));
	ck_assert_int_eq(take("a", 201), 0);
	OK(store_lease_end(b.st, &(struct lease) { "delivery", "b", 0 }, &err));
	ck_assert_int_eq(take("a", 201), 1);
	/* the clock was ahead and is right again */
	ck_assert_int_eq(take("b", 101), 0);
	ck_assert_int_eq(take("b", 100), 1);
	OK(store_commit(b.st, &err));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trigger");
	TCase *tc = tcase_create("trigger");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup_bench, teardown_bench);
	tcase_add_test(tc, value_is_updated_in_the_commit_of_the_event);
	tcase_add_test(tc, each_amount_is_compared_by_its_own_trigger);
	tcase_add_test(tc, trigger_fires_above_its_value_and_not_at_it);
	tcase_add_test(tc, trigger_fires_once_a_period);
	tcase_add_test(tc, event_counts_in_the_period_of_its_effective_time);
	tcase_add_test(tc, late_event_counts_at_the_closed_instant);
	tcase_add_test(tc, main_account_includes_its_subaccounts);
	tcase_add_test(tc, price_of_a_subaccount_in_another_currency_is_left_out);
	tcase_add_test(tc, corrections_count_too);
	tcase_add_test(tc, each_recurrence_follows_late_events_and_corrections_through_its_periods);
	tcase_add_test(tc, falling_below_and_rising_again_fires_no_second_time);
	tcase_add_test(tc, new_trigger_begins_with_the_usage_of_its_period);
	tcase_add_test(tc, notice_has_the_parameters_of_the_callback);
	tcase_add_test(tc, rejected_and_repeated_events_change_no_value);
	tcase_add_test(tc, batch_that_is_aborted_fires_nothing);
	tcase_add_test(tc, clock_that_is_set_back_fires_no_second_time);
	tcase_add_test(tc, sum_may_exceed_64_bits);
	tcase_add_test(tc, trigger_that_is_impossible_is_refused);
	tcase_add_test(tc, account_has_at_most_so_many_triggers);
	tcase_add_test(
		tc, triggers_near_their_values_are_those_of_the_account_and_of_its_current_period);
	tcase_add_test(tc, removed_trigger_fires_no_more_and_its_notices_are_cancelled);
	tcase_add_test(tc, triggers_and_notices_of_some_accounts_are_listed_newest_first);
	tcase_add_test(tc, notice_that_waits_too_long_is_hastened);
	tcase_add_test(tc,
		       callback_is_repeated_unless_it_is_about_to_be_sent_or_its_trigger_is_gone);
	tcase_add_test(tc, changed_callback_applies_to_waiting_notices);
	tcase_add_test(tc, wrong_value_is_found_and_put_right_and_the_trigger_fires);
	tcase_add_test(tc, signing_secret_is_sealed_and_opens_again);
	tcase_add_test(tc, lease_passes_to_another_host_when_it_ends);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
