/*
 * fact_fixture.h - a ledger with random events, which the test remembers.
 */
#ifndef TESTS_UNIT_FACT_FIXTURE_H
#define TESTS_UNIT_FACT_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/account.h"
#include "store/category.h"
#include "usage/ledger.h"
#include "usage/query.h"
#include "batch.h"
#include "ledger_place.h"
#include "suite.h"

#define AC(n) "AC0000000000000000000000000000000" n

enum { EVENTS = 4000, ACCOUNTS = 6, ROUNDS = 400 };

static __attribute__((unused))
const char *const sids[ACCOUNTS] = { AC("1"), AC("2"), AC("3"), AC("4"), AC("5"), AC("6") };
static const char *const names[] = { "calls",          "calls-inbound", "calls-inbound-local",
				     "calls-outbound", "sms",           "sim-data" };
static __attribute__((unused)) const char *const customers[] = { "anna", "ben", "cleo" };
static __attribute__((unused))
const char *const zones[] = { "UTC", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe",
			      "Asia/Kolkata" };

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
static __attribute__((unused)) int64_t account_ids[ACCOUNTS];
static uint64_t seed;

static inline int64_t pick(int64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((seed >> 33) % (uint64_t)n);
}

static inline void must(int rc, const struct error *err)
{
	ck_assert_msg(rc >= 0, "%s: %s (%s)", err->param, err->message, err->detail);
}

static inline void add_category(const char *name, int64_t parent, int64_t *ret_id)
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

static inline void make_ledger(void)
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

static inline void set(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = strlen(text);
}

static struct batch batch;

static inline void add_fact(int i)
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

static inline void setup(void)
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
static inline void open_own(void)
{
	struct error err = { 0 };

	if (st)
		return;
	must(store_open(place, 0, 1000, &st, &err), &err);
	must(store_begin_read(st, &err), &err);
}

static inline void teardown(void)
{
	if (st)
		store_end(st);
	store_close(&st);
	arena_release(&arena);
}

static inline void same_totals(const struct amounts_wide *a, const struct amounts_wide *b)
{
	ck_assert_int_eq((int64_t)a->count, (int64_t)b->count);
	ck_assert_int_eq((int64_t)a->usage, (int64_t)b->usage);
	ck_assert_int_eq((int64_t)a->price, (int64_t)b->price);
	ck_assert_int_eq((int64_t)a->upload, (int64_t)b->upload);
}

/* Lets the range begin and end beside events. */
static inline void cut_inside_quarter_hours(struct usage_query *q)
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

/* A random question about the ledger. */
static inline struct usage_query any_query(void)
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

#endif
