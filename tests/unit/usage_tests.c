#include <check.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/civil.h"
#include "base/decimal.h"
#include "base/secret.h"
#include "store/account.h"
#include "store/category.h"
#include "store/rollup.h"
#include "store/series.h"
#include "usage/catalogue.h"
#include "usage/event.h"
#include "usage/event_search.h"
#include "usage/ledger.h"
#include "usage/principal.h"
#include "batch.h"
#include "suite.h"
#include "true_ledger.h"
#include "base/banned.h"

#define MAIN_SID  "AC00000000000000000000000000000001"
#define OTHER_SID "AC00000000000000000000000000000002"
#define SUB_SID   "AC00000000000000000000000000000003"
#define NOW_US    (INT64_C(1795258800) * USEC_PER_SEC) /* 2026-11-21T11:00:00Z */
#define AHEAD_US  (300 * USEC_PER_SEC)

static struct error err;
static struct arena arena;
static char dir[FOLDER_TEXT];
static char path[96];

static void setup(void)
{
	memset(&err, 0, sizeof(err));
	arena_init(&arena);
	folder_make(dir);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	OK(secret_init(&err));
}

static void teardown(void)
{
	arena_release(&arena);
	folder_remove(dir);
}

/* ---- events ---- */

static const char *const good[EVENT_FIELDS] = {
	[EV_SOURCE] = "/pbx/1",          [EV_ID] = "call-1",
	[EV_SUBJECT] = MAIN_SID,         [EV_TIME] = "2026-11-21T10:00:00Z",
	[EV_CATEGORY] = "calls-inbound",
};

static void set_field(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = text ? strlen(text) : 0;
}

static struct raw_event good_event(void)
{
	struct raw_event raw = { 0 };

	for (int f = 0; f < EVENT_FIELDS; f++)
		set_field(&raw, (enum event_field)f, good[f]);
	return raw;
}

static int check(const struct raw_event *raw, struct event *ret)
{
	*ret = (struct event) { .raw = *raw };
	return event_check(ret, NOW_US, AHEAD_US, &err);
}

START_TEST(plain_event_counts_once)
{
	struct raw_event raw = good_event();
	struct event ev;

	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.time_us, NOW_US - 3600 * USEC_PER_SEC);
	ck_assert_int_eq(ev.amounts.count, 1);
	ck_assert_int_eq(ev.amounts.usage, 0);
	ck_assert_int_eq(ev.amounts.price, 0);
	ck_assert_int_eq(ev.amounts.upload, 0);
}
END_TEST

START_TEST(amounts_are_exact)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, EV_COUNT, "3");
	set_field(&raw, EV_USAGE, "2.500001");
	set_field(&raw, EV_PRICE, "0.017000001");
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.count, 3);
	ck_assert_int_eq(ev.amounts.usage, 2500001);
	ck_assert_int_eq(ev.amounts.price, 17000001);
	set_field(&raw, EV_USAGE, "1000000000000");
	set_field(&raw, EV_PRICE, "1e9");
	set_field(&raw, EV_COUNT, "1000000000000000");
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.usage, INT64_C(1000000000000000000));
	ck_assert_int_eq(ev.amounts.price, INT64_C(1000000000000000000));
	ck_assert_int_eq(ev.amounts.count, INT64_C(1000000000000000));
}
END_TEST

START_TEST(digits_beyond_microseconds_are_cut_off)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, EV_TIME, "2026-11-21T11:30:00.1234569+01:00");
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.time_us, NOW_US - 1800 * USEC_PER_SEC + 123456);
}
END_TEST

START_TEST(sim_data_is_counted_in_bytes_and_reported_in_megabytes)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, EV_CATEGORY, "sim-data");
	set_field(&raw, EV_UPLOAD, "1500000");
	set_field(&raw, EV_DOWNLOAD, "1");
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.usage, 1500001);
	ck_assert_int_eq(ev.amounts.upload, 1500000);
	set_field(&raw, EV_USAGE, "1.500001"); /* as we report it ourselves */
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.usage, 1500001);
	set_field(&raw, EV_USAGE, NULL);
	set_field(&raw, EV_UPLOAD, NULL);
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.usage, 1);
	ck_assert_int_eq(ev.amounts.upload, 0);
}
END_TEST

START_TEST(empty_optional_field_is_as_good_as_none)
{
	struct raw_event raw = good_event();
	struct event ev;

	for (int f = 0; f < EVENT_FIELDS; f++) {
		if (!event_fields[f].required)
			set_field(&raw, (enum event_field)f, "");
	}
	OK(check(&raw, &ev));
	ck_assert_int_eq(ev.amounts.count, 1);
}
END_TEST

START_TEST(clock_of_the_sender_may_be_a_little_ahead)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, EV_TIME, "2026-11-21T11:05:00Z");
	OK(check(&raw, &ev));
	set_field(&raw, EV_TIME, "2026-11-21T11:05:00.000001Z");
	FAILS(check(&raw, &ev), ERR_PARAM, "time", "300 seconds");
}
END_TEST

static const struct {
	enum event_field field;
	const char *text;
	enum error_kind kind;
	const char *words;
} bad_values[] = {
	{ EV_SOURCE, NULL, ERR_PARAM, "missing" },
	{ EV_SOURCE, "", ERR_PARAM, "missing" },
	{ EV_ID, NULL, ERR_PARAM, "missing" },
	{ EV_SUBJECT, NULL, ERR_PARAM, "missing" },
	{ EV_TIME, NULL, ERR_PARAM, "missing" },
	{ EV_CATEGORY, NULL, ERR_PARAM, "missing" },
	{ EV_ID, "a\nb", ERR_PARAM, "control characters" },
	{ EV_ID, "a\xff", ERR_PARAM, "UTF-8" },
	{ EV_CUSTOMER, "\xc0\x80", ERR_PARAM, "UTF-8" },
	{ EV_TYPE, "\x7f", ERR_PARAM, "control characters" },
	{ EV_TIME, "yesterday", ERR_PARAM, "2026-11-21T10:00:00Z" },
	{ EV_TIME, "2026-02-30T10:00:00Z", ERR_PARAM, "offset from UTC" },
	{ EV_TIME, "2026-11-21T10:00:00", ERR_PARAM, "offset from UTC" },
	{ EV_TIME, "1979-12-31T23:59:59Z", ERR_PARAM, "before 1980" },
	{ EV_COUNT, "1.5", ERR_PARAM, "whole number" },
	{ EV_COUNT, "one", ERR_PARAM, "number" },
	{ EV_COUNT, "-1", ERR_PARAM, "negative" },
	{ EV_COUNT, "1000000000000001", ERR_OVERFLOW, "1000000000000000" },
	{ EV_COUNT, "99999999999999999999999999", ERR_OVERFLOW, "at most" },
	{ EV_USAGE, "0.0000001", ERR_PARAM, "6 decimal places" },
	{ EV_USAGE, "-0.5", ERR_PARAM, "negative" },
	{ EV_USAGE, "1000000000000.000001", ERR_OVERFLOW, "at most" },
	{ EV_USAGE, "NaN", ERR_PARAM, "number" },
	{ EV_PRICE, "0.0000000001", ERR_PARAM, "9 decimal places" },
	{ EV_PRICE, "1000000000.000000001", ERR_OVERFLOW, "at most 1000000000" },
	{ EV_PRICE, "0x10", ERR_PARAM, "number" },
	{ EV_COUNTRY, "AUT", ERR_PARAM, "longer than 2" },
	{ EV_COUNTRY, "at", ERR_PARAM, "capital letters" },
	{ EV_COUNTRY, "A", ERR_PARAM, "capital letters" },
	{ EV_UPLOAD, "5", ERR_PARAM, "sim-data" },
	{ EV_DOWNLOAD, "0", ERR_PARAM, "sim-data" },
	{ EV_SPECVERSION, "0.3", ERR_PARAM, "1.0" },
};

START_TEST(bad_value_is_refused_by_its_field)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, bad_values[_i].field, bad_values[_i].text);
	FAILS(check(&raw, &ev), bad_values[_i].kind, event_fields[bad_values[_i].field].name,
	      bad_values[_i].words);
}
END_TEST

static const struct {
	const char *usage, *upload, *download;
	enum error_kind kind;
	const char *param, *words;
} bad_sim_data[] = {
	{ "5", "1", "1", ERR_PARAM, "usage", "omit it" },
	{ "5", NULL, NULL, ERR_PARAM, "usage", "omit it" },
	{ NULL, NULL, NULL, ERR_PARAM, "data_download", "missing" },
	{ NULL, "1.5", NULL, ERR_PARAM, "data_upload", "whole number" },
	{ NULL, NULL, "-3", ERR_PARAM, "data_download", "negative" },
	{ NULL, "1000000000000000001", NULL, ERR_OVERFLOW, "data_upload", "at most" },
	{ NULL, "1000000000000000000", "1", ERR_OVERFLOW, "data_download", "together" },
};

START_TEST(bad_sim_data_is_refused)
{
	struct raw_event raw = good_event();
	struct event ev;

	set_field(&raw, EV_CATEGORY, "sim-data");
	set_field(&raw, EV_USAGE, bad_sim_data[_i].usage);
	set_field(&raw, EV_UPLOAD, bad_sim_data[_i].upload);
	set_field(&raw, EV_DOWNLOAD, bad_sim_data[_i].download);
	FAILS(check(&raw, &ev), bad_sim_data[_i].kind, bad_sim_data[_i].param,
	      bad_sim_data[_i].words);
}
END_TEST

START_TEST(every_field_has_a_largest_length)
{
	char text[400];
	struct event ev;

	memset(text, 'a', sizeof(text));
	for (int f = 0; f < EVENT_FIELDS; f++) {
		struct raw_event raw = good_event();

		ck_assert_uint_lt(event_fields[f].max_bytes, sizeof(text));
		raw.field[f].text = text;
		raw.field[f].len = event_fields[f].max_bytes + 1;
		FAILS(check(&raw, &ev), ERR_PARAM, event_fields[f].name, "longer than");
	}
}
END_TEST

START_TEST(fields_are_found_by_name)
{
	for (int f = 0; f < EVENT_FIELDS; f++) {
		ck_assert_int_eq(
			event_field_find(event_fields[f].name, strlen(event_fields[f].name)), f);
		ck_assert_str_ne(event_fields[f].doc, "");
	}
	ck_assert_int_eq(event_field_find("coun", 4), EVENT_FIELDS);
	ck_assert_int_eq(event_field_find("country", 7), EVENT_FIELDS);
	ck_assert_int_eq(event_field_find("", 0), EVENT_FIELDS);
}
END_TEST

/* ---- ledger ---- */

struct bench {
	struct store *st;
	struct ledger *l;
	struct batch batch;
	int64_t main_id, other_id;
};

static int64_t add_category(struct store *st, const char *name, int64_t parent)
{
	struct category c = { .name = name,
			      .parent = parent,
			      .description = "",
			      .count_unit = "calls",
			      .usage_unit = "minutes" };

	OK(store_category_add(st, &c, &err));
	return c.id;
}

static int64_t add_account(struct store *st, const char *sid, const char *name)
{
	struct account a = { .name = name, .currency = "usd" };

	snprintf(a.sid, sizeof(a.sid), "%s", sid);
	OK(store_account_add(st, &a, &err));
	return a.id;
}

static struct bench open_bench(const char *where, const struct ledger_options *o)
{
	struct bench b = { 0 };
	int64_t calls;

	OK(store_open(where, STORE_WRITE | STORE_CREATE, 50, &b.st, &err));
	b.main_id = add_account(b.st, MAIN_SID, "main");
	b.other_id = add_account(b.st, OTHER_SID, "other");
	calls = add_category(b.st, "calls", 0);
	add_category(b.st, "calls-inbound", calls);
	add_category(b.st, "calls-outbound", calls);
	add_category(b.st, "sim-data", 0);
	add_category(b.st, "totalprice", 0);
	b.l = ledger_new(b.st, o);
	return b;
}

static const struct ledger_options any_account;

static void close_bench(struct bench *b)
{
	ck_assert_uint_eq(ledger_differences(b->st), 0);
	ledger_free(&b->l);
	ck_assert_ptr_null(b->l);
	ledger_free(&b->l);
	arena_release(&b->batch.arena);
	store_close(&b->st);
}

static int put(struct bench *b, const struct raw_event *raw)
{
	error_clear(&err);
	return batch_add(&b->batch, raw, NOW_US, AHEAD_US, &err);
}

static void put_call(struct bench *b, const char *id, const char *usage)
{
	struct raw_event raw = good_event();

	set_field(&raw, EV_ID, id);
	set_field(&raw, EV_USAGE, usage);
	OK(put(b, &raw));
}

/* One that was rejected before it came to the ledger. */
static void put_rejected_call(struct bench *b, const char *id)
{
	struct error reason = { .kind = ERR_PARAM };

	put_call(b, id, "1");
	event_reject(&b->batch.events[b->batch.n - 1], &reason, &b->batch.arena);
}

static void commit(struct bench *b)
{
	OK(batch_store(&b->batch, b->l, &err));
}

static struct amounts month_total(struct bench *b, int64_t account, const char *category)
{
	const struct catalogue *c;
	struct rollup_scan scan = {
		.level = LEVEL_MONTH, .account = account, .from = 0, .to = 99999
	};
	struct rollup r;
	struct amounts sum = { 0 };
	int rc;

	OK(catalogue_load(b->st, &arena, &c, &err));
	scan.category = c->categories[catalogue_find(c, category, strlen(category))].id;
	OK(store_scan_begin(b->st, &scan, &err));
	while ((rc = store_scan_next(b->st, &r, &err)) > 0) {
		sum.count += r.amounts.count;
		sum.usage += r.amounts.usage;
		sum.price += r.amounts.price;
		sum.upload += r.amounts.upload;
	}
	ck_assert_int_eq(rc, 0);
	store_scan_end(b->st);
	return sum;
}

START_TEST(events_are_created_once)
{
	struct bench b = open_bench(path, &any_account);

	put_call(&b, "a", "1");
	put_call(&b, "b", "2");
	commit(&b);
	ck_assert_int_eq(b.batch.n, 2);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CREATED);
	put_call(&b, "b", "2");
	put_call(&b, "a", "1.5");
	put_call(&b, "c", "4");
	commit(&b);
	ck_assert_int_eq(b.batch.n, 3);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_DUPLICATE);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CONFLICT);
	ck_assert_int_eq(b.batch.events[2].verdict, VERDICT_CREATED);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").count, 3);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage, 7000000);
	close_bench(&b);
}
END_TEST

START_TEST(in_a_batch_the_first_sent_wins)
{
	struct bench b = open_bench(":memory:", &any_account);

	put_call(&b, "z", "1");
	put_call(&b, "a", "5");
	put_call(&b, "z", "1");
	put_call(&b, "a", "6");
	put_call(&b, "z", "2");
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[2].verdict, VERDICT_DUPLICATE);
	ck_assert_int_eq(b.batch.events[3].verdict, VERDICT_CONFLICT);
	ck_assert_int_eq(b.batch.events[4].verdict, VERDICT_CONFLICT);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage, 6000000);
	close_bench(&b);
}
END_TEST

static void check_verdicts(const struct bench *b, const char *want)
{
	char got[512] = "";
	size_t at = 0;

	for (size_t i = 0; i < b->batch.n; i++)
		at += (size_t)snprintf(got + at, sizeof(got) - at, "%s%s", i ? " " : "",
				       verdict_names[b->batch.events[i].verdict]);
	ck_assert_str_eq(got, want);
}

START_TEST(a_whole_batch_is_stored_whole_or_not_at_all)
{
	struct bench b = open_bench(":memory:", &any_account);

	put_call(&b, "a", "1");
	commit(&b);
	put_call(&b, "b", "2");
	put_call(&b, "a", "7");
	put_call(&b, "a", "1");
	put_call(&b, "c", "2");
	put_call(&b, "c", "3");
	b.batch.atomic = true;
	commit(&b);
	check_verdicts(&b, "aborted conflict aborted aborted conflict");
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage, 1000000);
	/*
	 * the next batch is an ordinary one again, and knows nothing of the one
	 * before
	 */
	put_call(&b, "b", "9");
	put_call(&b, "a", "7");
	commit(&b);
	check_verdicts(&b, "created conflict");
	put_call(&b, "c", "4");
	put_call(&b, "a", "1");
	b.batch.atomic = true;
	commit(&b);
	check_verdicts(&b, "created duplicate");
	put_call(&b, "d", "4");
	put_call(&b, "a", "2");
	put_rejected_call(&b, "e");
	b.batch.atomic = true;
	commit(&b);
	check_verdicts(&b, "aborted conflict rejected");
	put_call(&b, "d", "4");
	put_rejected_call(&b, "e");
	b.batch.atomic = true;
	commit(&b);
	check_verdicts(&b, "aborted rejected");
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage, 14000000);
	close_bench(&b);
}
END_TEST

START_TEST(families_may_use_the_same_source_and_id)
{
	struct bench b = open_bench(":memory:", &any_account);
	struct account sub = {
		.sid = SUB_SID, .name = "sub", .parent = b.main_id, .currency = "usd"
	};
	struct raw_event raw = good_event();

	OK(put(&b, &raw));
	commit(&b);
	check_verdicts(&b, "created");
	set_field(&raw, EV_SUBJECT, OTHER_SID);
	set_field(&raw, EV_USAGE, "77");
	OK(put(&b, &raw));
	commit(&b);
	check_verdicts(&b, "created");
	set_field(&raw, EV_USAGE, "78");
	OK(put(&b, &raw));
	commit(&b);
	check_verdicts(&b, "conflict");
	OK(store_account_add(b.st, &sub, &err));
	set_field(&raw, EV_SUBJECT, SUB_SID);
	OK(put(&b, &raw));
	commit(&b);
	check_verdicts(&b, "conflict");
	close_bench(&b);
}
END_TEST

/* ---- finding ---- */

/* The ids of a whole list, page by page. */
static char *found_ids(struct bench *b, const struct event_query *q, size_t limit)
{
	static char out[4096];
	const struct catalogue *c;
	struct event_position at = { 0 };
	struct found_events found;
	size_t n = 0;

	OK(catalogue_load(b->st, &arena, &c, &err));
	out[0] = '\0';
	do {
		OK(event_search(b->st, q, &(struct event_page) { c, at, limit }, &arena, &found,
				&err));
		ck_assert_uint_le(found.n, limit);
		for (size_t i = 0; i < found.n; i++)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s", n ? " " : "",
					      found.list[i].event.id);
		at = found.next;
	} while (found.more);
	return out;
}

START_TEST(events_of_several_accounts_come_in_one_order_whatever_the_page)
{
	static const struct {
		const char *id, *sid, *time;
	} events[] = {
		{ "e", MAIN_SID, "2026-01-01T10:59:59.999999Z" },
		{ "b", OTHER_SID, "2026-01-01T10:00:00Z" },
		{ "a", MAIN_SID, "2026-01-01T10:00:00Z" },
		{ "c", MAIN_SID, "2026-01-01T10:00:00Z" },
		{ "f", OTHER_SID, "2026-01-01T11:00:00Z" },
		{ "h", OTHER_SID, "2026-03-01T00:00:00Z" },
		{ "d", OTHER_SID, "2026-01-01T10:30:00Z" },
		{ "g", MAIN_SID, "2026-02-01T00:00:00Z" },
	};
	struct bench b = open_bench(":memory:", &any_account);
	const int64_t accounts[] = { b.other_id, b.main_id };
	struct event_query q = { .accounts = accounts,
				 .n_accounts = 2,
				 .to_us = INT64_MAX,
				 .category = CATALOGUE_NONE,
				 .state = -1 };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct raw_event raw = good_event();

		set_field(&raw, EV_ID, events[i].id);
		set_field(&raw, EV_SUBJECT, events[i].sid);
		set_field(&raw, EV_TIME, events[i].time);
		OK(put(&b, &raw));
	}
	commit(&b);
	OK(store_begin_read(b.st, &err));
	for (size_t limit = 1; limit < 10; limit++) {
		q.oldest_first = true;
		ck_assert_str_eq(found_ids(&b, &q, limit), "a c b d e f g h");
		q.oldest_first = false;
		ck_assert_str_eq(found_ids(&b, &q, limit), "h g f e d b c a");
	}
	q.id = "d";
	ck_assert_str_eq(found_ids(&b, &q, 1), "d");
	q.id = NULL;
	q.n_accounts = 1;
	ck_assert_str_eq(found_ids(&b, &q, 2), "h f d b");
	q.to_us = q.from_us;
	ck_assert_str_eq(found_ids(&b, &q, 2), "");
	store_end(b.st);
	close_bench(&b);
}
END_TEST

enum { MANY_EVENTS = 150000 };

START_TEST(a_search_that_is_much_work_stops_inside_an_hour_and_goes_on_there)
{
	struct bench b = open_bench(":memory:", &any_account);
	const int64_t accounts[] = { b.main_id, b.other_id };
	struct event_query q = { .accounts = accounts,
				 .n_accounts = 2,
				 .to_us = INT64_MAX,
				 .category = CATALOGUE_NONE,
				 .state = EVENT_VOID };
	struct correct void_it = { .event = { .id = "x030000" },
				   .kind = CORRECTION_VOID,
				   .author = "test",
				   .reason = "wrong",
				   .now_us = clock_now_us() };
	struct correction made;
	bool before;
	struct event_position at = { 0 };
	const struct catalogue *c;
	struct found_events found;
	int pages = 0, n = 0;

	for (int i = 0; i < MANY_EVENTS; i++) {
		char id[16], time[INSTANT_TEXT];
		struct raw_event raw = good_event();

		snprintf(id, sizeof(id), "x%06d", i);
		instant_format(time, 1767261600 * USEC_PER_SEC + (int64_t)i * 20000);
		set_field(&raw, EV_ID, id);
		set_field(&raw, EV_TIME, time);
		set_field(&raw, EV_SUBJECT, i % 3 ? MAIN_SID : OTHER_SID);
		OK(put(&b, &raw));
	}
	commit(&b);
	OK(store_begin_write(b.st, &err));
	OK(correct_event(b.st, &void_it, &arena, &made, &before, &err));
	OK(store_commit(b.st, &err));
	OK(catalogue_load(b.st, &arena, &c, &err));
	OK(store_begin_read(b.st, &err));
	do {
		OK(event_search(b.st, &q, &(struct event_page) { c, at, 10 }, &arena, &found,
				&err));
		for (size_t i = 0; i < found.n; i++, n++)
			ck_assert_str_eq(found.list[i].event.id, "x030000");
		at = found.next;
		pages++;
	} while (found.more);
	ck_assert_int_eq(n, 1);
	ck_assert_int_ge(pages, 2);
	ck_assert_int_le(pages, 3);
	store_end(b.st);
	close_bench(&b);
}
END_TEST

START_TEST(the_way_back_leads_over_the_same_pages)
{
	struct bench b = open_bench(":memory:", &any_account);
	const struct catalogue *c;
	struct event_query q = { .accounts = &b.main_id,
				 .n_accounts = 1,
				 .to_us = INT64_MAX,
				 .category = CATALOGUE_NONE,
				 .state = -1 };
	struct event_position at = { 0 }, starts[8] = { { 0 } }, back;
	struct found_events found;
	char id[8];
	int pages = 0;

	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "x%02d", i);
		put_call(&b, id, "1");
	}
	commit(&b);
	OK(catalogue_load(b.st, &arena, &c, &err));
	OK(store_begin_read(b.st, &err));
	do {
		starts[pages++] = at;
		OK(event_search(b.st, &q, &(struct event_page) { c, at, 3 }, &arena, &found, &err));
		at = found.next;
	} while (found.more);
	ck_assert_int_eq(pages, 7);
	for (int p = pages - 1; p > 0; p--) {
		OK(event_search_back(b.st, &q, &(struct event_page) { c, starts[p], 3 }, &arena,
				     &back, &err));
		if (p == 1)
			ck_assert_ptr_null(back.id);
		else
			ck_assert_str_eq(back.id, starts[p - 1].id);
	}
	store_end(b.st);
	close_bench(&b);
}
END_TEST

START_TEST(same_id_from_another_source_is_another_event)
{
	struct bench b = open_bench(":memory:", &any_account);
	struct raw_event raw = good_event();

	OK(put(&b, &raw));
	set_field(&raw, EV_SOURCE, "/pbx/2");
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CREATED);
	close_bench(&b);
}
END_TEST

START_TEST(same_event_with_another_customer_is_a_conflict)
{
	struct bench b = open_bench(":memory:", &any_account);
	struct raw_event raw = good_event();

	OK(put(&b, &raw));
	set_field(&raw, EV_CUSTOMER, "cus1");
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CONFLICT);
	close_bench(&b);
}
END_TEST

START_TEST(empty_batch_commits)
{
	struct bench b = open_bench(":memory:", &any_account);

	commit(&b);
	ck_assert_int_eq(b.batch.n, 0);
	close_bench(&b);
}
END_TEST

static void put_rejected(struct bench *b, enum event_field f, const char *text, const char *words)
{
	struct raw_event raw = good_event();
	const struct event *ev;

	set_field(&raw, f, text);
	OK(put(b, &raw));
	commit(b);
	ev = b->batch.events;
	ck_assert_int_eq(ev->verdict, VERDICT_REJECTED);
	ck_assert_int_eq(ev->reason->kind, ERR_PARAM);
	ck_assert_str_eq(ev->reason->param, event_fields[f].name);
	ck_assert_msg(strstr(ev->reason->message, words), "%s", ev->reason->message);
}

START_TEST(unknown_account_is_refused_by_name)
{
	struct bench b = open_bench(":memory:", &any_account);

	put_rejected(&b, EV_SUBJECT, "AC00000000000000000000000000000009",
		     "AC00000000000000000000000000000009");
	put_rejected(&b, EV_SUBJECT, "main", "must be the SID");
	close_bench(&b);
}
END_TEST

START_TEST(unknown_category_is_refused_by_name)
{
	struct bench b = open_bench(":memory:", &any_account);

	put_rejected(&b, EV_CATEGORY, "calls-sideways", "calls-sideways");
	put_rejected(&b, EV_CATEGORY, "totalprice", "totalprice");
	close_bench(&b);
}
END_TEST

START_TEST(account_is_found_by_name_when_asked_so)
{
	struct ledger_options o = { .accounts_by_name = true };
	struct bench b = open_bench(":memory:", &o);
	struct raw_event raw = good_event();

	set_field(&raw, EV_SUBJECT, "main");
	OK(put(&b, &raw));
	set_field(&raw, EV_SUBJECT, MAIN_SID);
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_DUPLICATE);
	put_rejected(&b, EV_SUBJECT, "nobody", "nobody");
	close_bench(&b);
}
END_TEST

START_TEST(account_is_found_by_its_number_too)
{
	struct ledger_options o = { .accounts_by_name = true };
	struct bench b = open_bench(":memory:", &o);
	struct account third = { .sid = "AC00000000000000000000000000000003",
				 .name = "third",
				 .currency = "usd",
				 .number = "4711" };
	static const char *const texts[] = { "4711", "AC00000000000000000000000000000003",
					     "third" };
	struct raw_event raw = good_event();

	OK(store_account_add(b.st, &third, &err));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		set_field(&raw, EV_SUBJECT, texts[i]);
		OK(put(&b, &raw));
	}
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_DUPLICATE);
	ck_assert_int_eq(b.batch.events[2].verdict, VERDICT_DUPLICATE);
	put_rejected(&b, EV_SUBJECT, "4712", "there is no account \"4712\"");
	close_bench(&b);
}
END_TEST

START_TEST(what_another_process_adds_is_known_at_once)
{
	struct bench b = open_bench(path, &any_account);
	struct raw_event raw = good_event();
	struct store *second;

	put_rejected(&b, EV_SUBJECT, "AC00000000000000000000000000000003", "no account");
	put_rejected(&b, EV_CATEGORY, "faxes", "faxes");
	OK(store_open(path, STORE_WRITE, 50, &second, &err));
	add_account(second, "AC00000000000000000000000000000003", "third");
	add_category(second, "faxes", 0);
	store_close(&second);
	set_field(&raw, EV_SUBJECT, "AC00000000000000000000000000000003");
	set_field(&raw, EV_CATEGORY, "faxes");
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	close_bench(&b);
}
END_TEST

START_TEST(used_categories_and_those_above_them_are_listed)
{
	struct bench b = open_bench(":memory:", &any_account);
	const struct catalogue *c;

	OK(catalogue_load(b.st, &arena, &c, &err));
	ck_assert_int_eq(c->n_listed, 0);
	put_call(&b, "a", "1");
	commit(&b);
	OK(catalogue_load(b.st, &arena, &c, &err));
	ck_assert_int_eq(c->n_listed, 2);
	ck_assert_str_eq(c->categories[c->listed[0]].name, "calls");
	ck_assert_str_eq(c->categories[c->listed[1]].name, "calls-inbound");
	close_bench(&b);
}
END_TEST

/* 10^12 minutes each: nine fit a rollup, ten do not. */
START_TEST(event_that_overflows_is_rejected_alone)
{
	struct bench b = open_bench(path, &any_account);
	char id[16];

	for (int i = 0; i < 12; i++) {
		snprintf(id, sizeof(id), "call-%02d", i);
		put_call(&b, id, i == 5 ? "3" : "1000000000000");
	}
	commit(&b);
	ck_assert_int_eq(b.batch.n, 12);
	for (int i = 0; i < 12; i++)
		ck_assert_int_eq(b.batch.events[i].verdict,
				 i < 10 ? VERDICT_CREATED : VERDICT_REJECTED);
	ck_assert_ptr_null(b.batch.events[0].reason);
	ck_assert_int_eq(b.batch.events[10].reason->kind, ERR_OVERFLOW);
	ck_assert_str_eq(b.batch.events[10].reason->param, "usage");
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").count, 10);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage,
			 INT64_C(9000000000003000000));
	close_bench(&b);
}
END_TEST

START_TEST(overflow_with_what_is_stored_is_rejected_alone)
{
	struct bench b = open_bench(path, &any_account);
	struct raw_event raw = good_event();
	char id[16];

	for (int i = 0; i < 9; i++) {
		snprintf(id, sizeof(id), "call-%02d", i);
		put_call(&b, id, "1000000000000");
	}
	commit(&b);
	put_call(&b, "call-00", "1000000000000");
	put_call(&b, "new", "1000000000000");
	put_call(&b, "new", "1000000000000");
	put_call(&b, "new", "7");
	put_call(&b, "new", "8");
	set_field(&raw, EV_ID, "elsewhere");
	set_field(&raw, EV_CUSTOMER, "somebody new");
	set_field(&raw, EV_CATEGORY, "calls-outbound");
	set_field(&raw, EV_USAGE, "1000000000000");
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_DUPLICATE);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_REJECTED);
	ck_assert_int_eq(b.batch.events[2].verdict, VERDICT_REJECTED);
	ck_assert_int_eq(b.batch.events[3].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[4].verdict, VERDICT_CONFLICT);
	ck_assert_int_eq(b.batch.events[5].verdict, VERDICT_CREATED);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage,
			 INT64_C(9000000000007000000));
	close_bench(&b);
}
END_TEST

START_TEST(locked_ledger_stores_nothing_and_can_be_tried_again)
{
	struct bench b = open_bench(path, &any_account);
	struct store *second;
	struct raw_event raw = good_event();

	set_field(&raw, EV_CUSTOMER, "cus1");
	OK(store_open(path, STORE_WRITE, 50, &second, &err));
	OK(store_begin_write(second, &err));
	OK(put(&b, &raw));
	FAILS(batch_store(&b.batch, b.l, &err), ERR_BUSY, "", "locked");
	store_end(second);
	store_close(&second);
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	close_bench(&b);
}
END_TEST

/* Past the store, as the sqlite3 shell would. */
static void raw_sql(const char *sql)
{
	sqlite3 *db;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &message);
	ck_assert_msg(!message, "%s: %s", sql, message);
	sqlite3_close(db);
}

START_TEST(ids_made_in_a_failed_write_are_forgotten)
{
	struct bench b = open_bench(path, &any_account);
	struct raw_event raw = good_event();
	const struct catalogue *c;

	/*
	 * The write fails at its end, after sources, values and series were
	 * made.
	 */
	raw_sql("CREATE TRIGGER fault BEFORE INSERT ON part_month BEGIN SELECT RAISE(ABORT, "
		"'fault'); END");
	set_field(&raw, EV_CUSTOMER, "cus1");
	OK(put(&b, &raw));
	FAILS(batch_store(&b.batch, b.l, &err), ERR_INTERNAL, "", "");
	OK(catalogue_load(b.st, &arena, &c, &err));
	ck_assert_int_eq(c->n_listed, 0);
	/* Something else takes the ids that were given out then. */
	raw_sql("DROP TRIGGER fault; INSERT INTO source (family, text) VALUES (9, '/other');"
		"INSERT INTO dimension_value (account, dimension, text) VALUES (2, 0, 'not cus1');"
		"INSERT INTO series (account, category, customer, sim, fleet, network, country) "
		"VALUES (2, 1, 1, 0, 0, 0, 0)");
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	OK(catalogue_load(b.st, &arena, &c, &err));
	ck_assert_int_eq(c->n_listed, 2);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").count, 1);
	ledger_free(&b.l);
	b.l = ledger_new(b.st, &any_account);
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_DUPLICATE);
	close_bench(&b);
}
END_TEST

START_TEST(failed_rollup_stores_no_event)
{
	struct bench b = open_bench(path, &any_account);

	raw_sql("CREATE TRIGGER fault BEFORE INSERT ON total_month BEGIN SELECT RAISE(ABORT, "
		"'fault'); END");
	put_call(&b, "a", "1");
	FAILS(batch_store(&b.batch, b.l, &err), ERR_INTERNAL, "", "");
	raw_sql("DROP TRIGGER fault");
	put_call(&b, "a", "2");
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	close_bench(&b);
}
END_TEST

START_TEST(overflow_that_no_event_causes_is_blamed_on_the_ledger)
{
	struct bench b = open_bench(path, &any_account);

	put_call(&b, "a", "1");
	commit(&b);
	raw_sql("CREATE TRIGGER fault AFTER INSERT ON event BEGIN UPDATE total_day SET usage = "
		"9223372036854775807 + usage; END");
	put_call(&b, "b", "1");
	FAILS(batch_store(&b.batch, b.l, &err), ERR_INTERNAL, "", "verify");
	raw_sql("DROP TRIGGER fault");
	close_bench(&b);
}
END_TEST

/* ---- rollups against sums in the plainest way ---- */

#define REF_EVENTS 3000
#define REF_BATCH  250

static const char *const ref_accounts[] = { MAIN_SID, OTHER_SID };
static const char *const ref_categories[] = { "calls", "calls-inbound", "calls-outbound",
					      "sim-data" };
static const char *const ref_customers[] = { NULL, "cus1", "cus2", "cüs3" };

struct ref_event {
	size_t account, category, customer, country;
	int64_t sec;
	struct amounts amounts;
};

static uint64_t ref_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static struct ref_event ref_event(uint64_t *state)
{
	struct ref_event e = {
		.account = ref_random(state) % ARRAY_SIZE(ref_accounts),
		.category = ref_random(state) % ARRAY_SIZE(ref_categories),
		.customer = ref_random(state) % ARRAY_SIZE(ref_customers),
		.country = ref_random(state) % 2,
		/*
		 * A few hours around New Year, so that slots of all levels
		 * change and repeat.
		 */
		.sec = INT64_C(1767225600) - 5 * 3600 + (int64_t)(ref_random(state) % (10 * 3600)),
	};

	e.amounts.count = (int64_t)(ref_random(state) % 3);
	e.amounts.price = (int64_t)(ref_random(state) % 1000000007);
	e.amounts.usage = (int64_t)(ref_random(state) % 10000000);
	if (e.category == 3)
		e.amounts.upload = e.amounts.usage / 3;
	return e;
}

static void put_ref(struct bench *b, const struct ref_event *e, int n)
{
	struct raw_event raw = good_event();
	char id[16], when[INSTANT_TEXT], count[32], usage[DECIMAL_TEXT], price[DECIMAL_TEXT],
		up[32], down[32];

	snprintf(id, sizeof(id), "ev-%d", n * 7919 % REF_EVENTS);
	instant_format(when, e->sec * USEC_PER_SEC);
	snprintf(count, sizeof(count), "%" PRId64, e->amounts.count);
	decimal_format(usage, e->amounts.usage, USAGE_PLACES);
	decimal_format(price, e->amounts.price, PRICE_PLACES);
	snprintf(up, sizeof(up), "%" PRId64, e->amounts.upload);
	snprintf(down, sizeof(down), "%" PRId64, e->amounts.usage - e->amounts.upload);
	set_field(&raw, EV_ID, id);
	set_field(&raw, EV_SUBJECT, ref_accounts[e->account]);
	set_field(&raw, EV_TIME, when);
	set_field(&raw, EV_CATEGORY, ref_categories[e->category]);
	set_field(&raw, EV_COUNT, count);
	set_field(&raw, EV_PRICE, price);
	set_field(&raw, EV_CUSTOMER, ref_customers[e->customer]);
	set_field(&raw, EV_COUNTRY, e->country ? "AT" : NULL);
	set_field(&raw, e->category == 3 ? EV_DOWNLOAD : EV_USAGE, e->category == 3 ? down : usage);
	set_field(&raw, EV_UPLOAD, e->category == 3 ? up : NULL);
	OK(put(b, &raw));
}

static int64_t ref_slot(enum level level, int64_t sec)
{
	static const int64_t new_year = 1767225600;

	if (level == LEVEL_MONTH)
		return sec < new_year ? 2025 * 12 + 11 : 2026 * 12;
	return sec / (level == LEVEL_DAY ? 86400 : 900);
}

/*
 * What the events of these properties (CUSTOMER ARRAY_SIZE = any) sum up to,
 * the slow way.
 */
static struct amounts ref_sum(const struct ref_event *events, enum level level, int64_t slot,
			      size_t account, size_t category, size_t customer)
{
	struct amounts sum = { 0 };

	for (int i = 0; i < REF_EVENTS; i++) {
		const struct ref_event *e = &events[i];

		if (ref_slot(level, e->sec) != slot || e->account != account ||
		    e->category != category ||
		    (customer < ARRAY_SIZE(ref_customers) && e->customer != customer))
			continue;
		sum.count += e->amounts.count;
		sum.usage += e->amounts.usage;
		sum.price += e->amounts.price;
		sum.upload += e->amounts.upload;
	}
	return sum;
}

/*
 * One account, category and (dimension's) customer: every slot of the level,
 * added over the scan's rows.
 */
static void compare_scan(struct bench *b, const struct ref_event *events, struct rollup_scan scan,
			 size_t account, size_t category, size_t customer)
{
	int64_t last = ref_slot(scan.level, INT64_C(1767225600) + 6 * 3600);

	for (int64_t slot = ref_slot(scan.level, INT64_C(1767225600) - 6 * 3600); slot <= last;
	     slot++) {
		struct amounts want = ref_sum(events, scan.level, slot, account, category,
					      customer);
		struct amounts have = { 0 };
		struct rollup r;
		int rc;

		scan.from = slot;
		scan.to = slot + 1;
		OK(store_scan_begin(b->st, &scan, &err));
		while ((rc = store_scan_next(b->st, &r, &err)) > 0) {
			have.count += r.amounts.count;
			have.usage += r.amounts.usage;
			have.price += r.amounts.price;
			have.upload += r.amounts.upload;
		}
		ck_assert_int_eq(rc, 0);
		ck_assert_mem_eq(&have, &want, sizeof(have));
	}
}

START_TEST(rollups_equal_the_sums_of_the_events)
{
	static struct ref_event events[REF_EVENTS];
	struct bench b = open_bench(":memory:", &any_account);
	const struct catalogue *c;
	uint64_t state = 20261121;

	for (int i = 0; i < REF_EVENTS; i++) {
		events[i] = ref_event(&state);
		put_ref(&b, &events[i], i);
		if (i % 5 == 0)
			put_ref(&b, &events[i], i); /* again: must not count */
		if (i % REF_BATCH == REF_BATCH - 1)
			commit(&b);
	}
	OK(catalogue_load(b.st, &arena, &c, &err));
	for (size_t account = 0; account < ARRAY_SIZE(ref_accounts); account++) {
		for (size_t category = 0; category < ARRAY_SIZE(ref_categories); category++) {
			struct rollup_scan scan = { .account = account ? b.other_id : b.main_id };
			size_t index = catalogue_find(c, ref_categories[category],
						      strlen(ref_categories[category]));

			scan.category = c->categories[index].id;
			for (int level = 0; level < LEVELS; level++) {
				scan.level = level;
				scan.by_series = false;
				compare_scan(&b, events, scan, account, category,
					     ARRAY_SIZE(ref_customers));
				scan.by_series = true;
				for (size_t customer = 1; customer < ARRAY_SIZE(ref_customers);
				     customer++) {
					const char *text = ref_customers[customer];

					ck_assert_int_eq(store_dimension_find(
								 b.st,
								 &(struct dimension_value) {
									 scan.account, DIM_CUSTOMER,
									 text, strlen(text) },
								 &scan.dim[DIM_CUSTOMER], &err),
							 1);
					compare_scan(&b, events, scan, account, category, customer);
				}
				scan.dim[DIM_CUSTOMER] = 0;
			}
		}
	}
	close_bench(&b);
}
END_TEST

START_TEST(many_names_do_not_fill_the_memory_or_lose_their_ids)
{
	enum { BATCH = 70000 };
	struct bench b = open_bench(":memory:", &any_account);
	char text[32];

	for (int i = 0; i < 4 * BATCH; i++) {
		struct raw_event raw = good_event();

		snprintf(text, sizeof(text), "n%d", i);
		set_field(&raw, EV_ID, text);
		set_field(&raw, EV_CUSTOMER, text);
		OK(put(&b, &raw));
		if (i % BATCH == BATCH - 1)
			commit(&b);
	}
	for (int i = 0; i < 10; i++) {
		struct raw_event raw = good_event();

		snprintf(text, sizeof(text), "n%d", i);
		set_field(&raw, EV_ID, text);
		set_field(&raw, EV_CUSTOMER, text);
		OK(put(&b, &raw));
	}
	commit(&b);
	for (size_t i = 0; i < b.batch.n; i++)
		ck_assert_int_eq(b.batch.events[i].verdict, VERDICT_DUPLICATE);
	close_bench(&b);
}
END_TEST

/* ---- catalogue ---- */

START_TEST(catalogue_is_a_tree_by_name)
{
	struct bench b = open_bench(":memory:", &any_account);
	const struct catalogue *c;
	size_t calls, inbound, sim;

	OK(catalogue_load(b.st, &arena, &c, &err));
	ck_assert_int_eq(c->n, 5);
	for (size_t i = 1; i < c->n; i++)
		ck_assert_int_lt(strcmp(c->categories[i - 1].name, c->categories[i].name), 0);
	calls = catalogue_find(c, "calls", 5);
	inbound = catalogue_find(c, "calls-inbound?", 13);
	sim = catalogue_find(c, "sim-data", 8);
	ck_assert_str_eq(c->categories[calls].name, "calls");
	ck_assert_str_eq(c->categories[inbound].name, "calls-inbound");
	ck_assert_uint_eq(c->parent[inbound], calls);
	ck_assert_uint_eq(c->parent[calls], CATALOGUE_NONE);
	ck_assert(catalogue_within(c, inbound, calls));
	ck_assert(catalogue_within(c, calls, calls));
	ck_assert(!catalogue_within(c, calls, inbound));
	ck_assert(!catalogue_within(c, sim, calls));
	ck_assert_uint_eq(catalogue_index(c, c->categories[inbound].id), inbound);
	ck_assert_uint_eq(catalogue_index(c, 0), CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_index(c, -1), CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_index(c, 1000000), CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_find(c, "call", 4), CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_find(c, "calls\0x", 7), CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_find(c, "", 0), CATALOGUE_NONE);
	ck_assert_str_eq(c->categories[c->totalprice].name, "totalprice");
	close_bench(&b);
}
END_TEST

START_TEST(empty_catalogue_loads)
{
	struct store *st;
	const struct catalogue *c;

	OK(store_open(":memory:", STORE_WRITE | STORE_CREATE, 50, &st, &err));
	OK(catalogue_load(st, &arena, &c, &err));
	ck_assert_uint_eq(c->n, 0);
	ck_assert_uint_eq(c->totalprice, CATALOGUE_NONE);
	ck_assert_uint_eq(catalogue_find(c, "calls", 5), CATALOGUE_NONE);
	store_close(&st);
}
END_TEST

START_TEST(category_names_have_a_form)
{
	char longest[66];

	memset(longest, 'a', 65);
	longest[65] = '\0';
	ck_assert(category_name_valid("calls-inbound_2", 15));
	ck_assert(category_name_valid(longest, 64));
	ck_assert(!category_name_valid(longest, 65));
	ck_assert(!category_name_valid("", 0));
	ck_assert(!category_name_valid("2calls", 6));
	ck_assert(!category_name_valid("-calls", 6));
	ck_assert(!category_name_valid("Calls", 5));
	ck_assert(!category_name_valid("calls inbound", 13));
	ck_assert(!category_name_valid("calls\0", 6));
}
END_TEST

static char *write_catalogue(const char *text)
{
	static char file[128];
	FILE *f;

	snprintf(file, sizeof(file), "%s/categories.csv", dir);
	f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	return file;
}

#define HEADER "category,parent,description,count_unit,usage_unit,metered\n"

START_TEST(catalogue_file_is_read_in_any_order)
{
	struct store *st;
	const struct catalogue *c;
	size_t added;
	const char *file = write_catalogue(HEADER "calls-inbound-local,calls-inbound,\"Calls, "
						  "inbound, \"\"local\"\"\",calls,minutes,no\r\n"
						  "calls-inbound,calls,Inbound,calls,minutes,yes\n"
						  "calls,,Calls,calls,minutes,no");

	OK(store_open(":memory:", STORE_WRITE | STORE_CREATE, 50, &st, &err));
	OK(catalogue_import(st, file, &added, &err));
	ck_assert_uint_eq(added, 3);
	OK(catalogue_load(st, &arena, &c, &err));
	ck_assert_uint_eq(c->n, 3);
	ck_assert_str_eq(c->categories[2].name, "calls-inbound-local");
	ck_assert_str_eq(c->categories[2].description, "Calls, inbound, \"local\"");
	ck_assert_uint_eq(c->parent[2], 1);
	ck_assert_uint_eq(c->parent[1], 0);
	ck_assert_uint_eq(c->n_listed, 1);
	ck_assert_uint_eq(c->listed[0], 1);
	OK(catalogue_import(st, file, &added, &err));
	ck_assert_uint_eq(added, 0);
	store_close(&st);
}
END_TEST

static const struct {
	const char *text, *words;
} bad_catalogues[] = {
	{ "", ":1: the header is missing" },
	{ "category,parent\n", ":1: fewer cells" },
	{ "category,parent,description,count_unit,usage_unit,used\n", ":1: the header must be" },
	{ HEADER "calls,,Calls,calls,minutes\n", ":2: fewer cells" },
	{ HEADER "calls,,Calls,calls,minutes,no,more\n", ":2: more cells" },
	{ HEADER "calls,,Calls,calls,minutes,no\nCalls,,Calls,calls,minutes,no\n",
	  ":3: category must be" },
	{ HEADER "calls,,Calls,calls,minutes,maybe\n", ":2: metered must be" },
	{ HEADER "calls,phones,Calls,calls,minutes,no\n", ":2: the parent" },
	{ HEADER "calls,calls,Calls,calls,minutes,no\n", ":2: the parent" },
	{ HEADER "a,b,A,calls,minutes,no\nb,a,B,calls,minutes,no\n", ":2: the parent" },
	{ HEADER "a,,A,calls,minutes,no\na,,B,calls,minutes,no\n",
	  ":3: this category is in the file twice" },
	{ HEADER "a,,A\xff,calls,minutes,no\n", ":2: a cell must be UTF-8" },
	{ HEADER "\na,,\"A,calls,minutes,no\n", ":3: " },
	{ HEADER "a,,A\"B,calls,minutes,no\n", ":2: " },
};

START_TEST(bad_catalogue_file_is_refused_with_its_line)
{
	struct store *st;
	size_t added;
	const char *file = write_catalogue(bad_catalogues[_i].text);

	OK(store_open(":memory:", STORE_WRITE | STORE_CREATE, 50, &st, &err));
	FAILS(catalogue_import(st, file, &added, &err), ERR_PARAM, "catalogue",
	      bad_catalogues[_i].words);
	ck_assert_ptr_nonnull(strstr(err.message, file));
	store_close(&st);
}
END_TEST

START_TEST(missing_catalogue_file_is_named)
{
	struct store *st;
	size_t added;

	OK(store_open(":memory:", STORE_WRITE | STORE_CREATE, 50, &st, &err));
	FAILS(catalogue_import(st, "/nowhere/categories.csv", &added, &err), ERR_INTERNAL, "",
	      "/nowhere/categories.csv");
	store_close(&st);
}
END_TEST

START_TEST(catalogue_of_the_program_is_sound)
{
	struct store *st;
	const struct catalogue *c;
	const char *source = getenv("srcdir");
	char file[512];
	size_t added;

	snprintf(file, sizeof(file), "%s/conf/categories.csv", source ? source : ".");
	OK(store_open(":memory:", STORE_WRITE | STORE_CREATE, 50, &st, &err));
	OK(store_begin_write(st, &err));
	OK(catalogue_import(st, file, &added, &err));
	OK(store_commit(st, &err));
	OK(catalogue_load(st, &arena, &c, &err));
	ck_assert_uint_eq(c->n, added);
	ck_assert_uint_ne(c->totalprice, CATALOGUE_NONE);
	ck_assert_uint_ne(catalogue_find(c, CATEGORY_SIM_DATA, strlen(CATEGORY_SIM_DATA)),
			  CATALOGUE_NONE);
	ck_assert_uint_ne(catalogue_find(c, CATEGORY_AI_MINUTES, strlen(CATEGORY_AI_MINUTES)),
			  CATALOGUE_NONE);
	ck_assert(catalogue_within(c, catalogue_find(c, "calls-inbound-local", 19),
				   catalogue_find(c, "calls", 5)));
	store_close(&st);
}
END_TEST

/* ---- principals ---- */

START_TEST(each_role_sees_its_accounts)
{
	struct account main_account = { .id = 1 };
	struct account sub = { .id = 2, .parent = 1 };
	struct account other = { .id = 3 };
	int64_t grants[] = { 1, 3 };
	static const struct {
		enum role role;
		int64_t account;
		size_t n_grants;
		bool sees[3];
	} cases[] = {
		{ ROLE_ADMIN, 0, 0, { true, true, true } },
		{ ROLE_MANAGER, 0, 2, { true, false, true } },
		{ ROLE_MANAGER, 0, 0, { false, false, false } },
		{ ROLE_ACCOUNT, 1, 0, { true, true, false } },
		{ ROLE_ACCOUNT, 2, 0, { false, true, false } },
		{ ROLE_ACCOUNT, 0, 0, { false, false, false } },
		{ ROLE_KEY, 1, 0, { true, false, false } },
		{ ROLE_USER, 1, 2, { false, false, false } },
		{ ROLE_INGEST, 1, 2, { false, false, false } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct principal p = { .role = cases[i].role,
				       .account = cases[i].account,
				       .grants = grants,
				       .n_grants = cases[i].n_grants };

		ck_assert_msg(principal_sees(&p, &main_account) == cases[i].sees[0],
			      "case %zu, main account", i);
		ck_assert_msg(principal_sees(&p, &sub) == cases[i].sees[1], "case %zu, subaccount",
			      i);
		ck_assert_msg(principal_sees(&p, &other) == cases[i].sees[2],
			      "case %zu, another account", i);
	}
}
END_TEST

START_TEST(roles_are_found_by_name)
{
	unsigned all = 0;

	for (const struct role_info *r = roles; r->name; r++) {
		ck_assert_ptr_eq(role_find(r->name), r);
		ck_assert_uint_eq(all & r->role, 0);
		ck_assert_str_ne(r->doc, "");
		all |= r->role;
	}
	ck_assert_uint_eq(all, ROLE_ADMIN | ROLE_MANAGER | ROLE_ACCOUNT | ROLE_KEY | ROLE_USER |
				       ROLE_INGEST);
	ck_assert_ptr_null(role_find("Root"));
}
END_TEST

static Suite *usage_suite(void)
{
	Suite *s = suite_create("usage");
	TCase *t = tcase_create("event");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, plain_event_counts_once);
	tcase_add_test(t, amounts_are_exact);
	tcase_add_test(t, digits_beyond_microseconds_are_cut_off);
	tcase_add_test(t, sim_data_is_counted_in_bytes_and_reported_in_megabytes);
	tcase_add_test(t, empty_optional_field_is_as_good_as_none);
	tcase_add_test(t, clock_of_the_sender_may_be_a_little_ahead);
	tcase_add_loop_test(t, bad_value_is_refused_by_its_field, 0, ARRAY_SIZE(bad_values));
	tcase_add_loop_test(t, bad_sim_data_is_refused, 0, ARRAY_SIZE(bad_sim_data));
	tcase_add_test(t, every_field_has_a_largest_length);
	tcase_add_test(t, fields_are_found_by_name);
	suite_add_tcase(s, t);

	t = tcase_create("ledger");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, events_are_created_once);
	tcase_add_test(t, in_a_batch_the_first_sent_wins);
	tcase_add_test(t, a_whole_batch_is_stored_whole_or_not_at_all);
	tcase_add_test(t, families_may_use_the_same_source_and_id);
	tcase_add_test(t, events_of_several_accounts_come_in_one_order_whatever_the_page);
	tcase_add_test(t, a_search_that_is_much_work_stops_inside_an_hour_and_goes_on_there);
	tcase_add_test(t, the_way_back_leads_over_the_same_pages);
	tcase_add_test(t, same_id_from_another_source_is_another_event);
	tcase_add_test(t, same_event_with_another_customer_is_a_conflict);
	tcase_add_test(t, empty_batch_commits);
	tcase_add_test(t, unknown_account_is_refused_by_name);
	tcase_add_test(t, unknown_category_is_refused_by_name);
	tcase_add_test(t, account_is_found_by_name_when_asked_so);
	tcase_add_test(t, account_is_found_by_its_number_too);
	tcase_add_test(t, what_another_process_adds_is_known_at_once);
	tcase_add_test(t, used_categories_and_those_above_them_are_listed);
	tcase_add_test(t, event_that_overflows_is_rejected_alone);
	tcase_add_test(t, overflow_with_what_is_stored_is_rejected_alone);
	tcase_add_test(t, locked_ledger_stores_nothing_and_can_be_tried_again);
	tcase_add_test(t, ids_made_in_a_failed_write_are_forgotten);
	tcase_add_test(t, failed_rollup_stores_no_event);
	tcase_add_test(t, overflow_that_no_event_causes_is_blamed_on_the_ledger);
	tcase_add_test(t, rollups_equal_the_sums_of_the_events);
	tcase_add_test(t, many_names_do_not_fill_the_memory_or_lose_their_ids);
	suite_add_tcase(s, t);

	t = tcase_create("catalogue");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, catalogue_is_a_tree_by_name);
	tcase_add_test(t, empty_catalogue_loads);
	tcase_add_test(t, category_names_have_a_form);
	tcase_add_test(t, catalogue_file_is_read_in_any_order);
	tcase_add_loop_test(t, bad_catalogue_file_is_refused_with_its_line, 0,
			    ARRAY_SIZE(bad_catalogues));
	tcase_add_test(t, missing_catalogue_file_is_named);
	tcase_add_test(t, catalogue_of_the_program_is_sound);
	suite_add_tcase(s, t);

	t = tcase_create("principal");
	tcase_add_test(t, each_role_sees_its_accounts);
	tcase_add_test(t, roles_are_found_by_name);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(usage_suite());
}
