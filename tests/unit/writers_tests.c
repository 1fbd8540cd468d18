/*
 * writers_tests.c - several writers at once: what one writer guaranteed without
 * a word. In PostgreSQL, events of different main accounts are added at the same
 * time; with SQLite the same tests show that writers wait for each other.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/civil.h"
#include "store/closing.h"
#include "store/outbox.h"
#include "store/session.h"
#include "store/sums.h"
#include "store/trigger.h"
#include "store/user.h"
#include "usage/correct.h"
#include "usage/trigger.h"
#include "ledger_fixture.h"
#include "ledger_sql.h"
#include "base/banned.h"

enum { WRITERS = 4, FAMILIES = 6, PATIENCE_MS = 60000, SHORT_MS = 100 };

static struct bench b;
static int64_t families[FAMILIES], inbound;

/* A thread with a connection of its own. */
struct writer {
	struct store *st;
	struct ledger *l;
	struct error err;
	struct arena arena;
	int number; /* from 0 */
	int done;   /* whatever the test counts */
	void (*work)(struct writer *w);
	pthread_t thread;
};

#define MUST(w, call)                                                                   \
	ck_assert_msg((call) >= 0, "writer %d: %s (%s)", (w)->number, (w)->err.message, \
		      (w)->err.detail)

static void account_sid(int n, char ret[SID_TEXT])
{
	snprintf(ret, SID_TEXT, "AC%032d", n + 10);
}

static void begin(void)
{
	char sid[SID_TEXT], name[16];

	setup();
	b = open_bench(path, &any_account);
	for (int i = 0; i < FAMILIES; i++) {
		account_sid(i, sid);
		snprintf(name, sizeof(name), "family%d", i);
		families[i] = add_account(b.st, sid, name);
	}
	inbound = ledger_number(path, "SELECT id FROM category WHERE name = 'calls-inbound'");
}

static void finish(void)
{
	close_bench(&b);
	teardown();
}

static void writer_open(struct writer *w, int number, int64_t busy_ms)
{
	*w = (struct writer) { .number = number };
	arena_init(&w->arena);
	MUST(w, store_open(ledger_place(path), STORE_WRITE, busy_ms, &w->st, &w->err));
	w->l = ledger_new(w->st, &any_account);
}

static void writer_close(struct writer *w)
{
	ledger_free(&w->l);
	store_close(&w->st);
	arena_release(&w->arena);
}

static void *run_writer(void *writer)
{
	struct writer *w = writer;

	w->work(w);
	return NULL;
}

/* Runs N threads to their ends. Returns what they have done together. */
static int run_writers(int n, void (*const *work)(struct writer *w), bool all_first)
{
	struct writer w[WRITERS];
	int done = 0;

	for (int i = 0; i < n; i++) {
		writer_open(&w[i], i, PATIENCE_MS);
		w[i].work = work[all_first ? 0 : i];
	}
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(pthread_create(&w[i].thread, NULL, run_writer, &w[i]), 0);
	for (int i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		done += w[i].done;
		writer_close(&w[i]);
	}
	return done;
}

static int run_all(void (*work)(struct writer *w))
{
	return run_writers(WRITERS, &work, true);
}

/* ---- events ---- */

struct call {
	int family, n;
	const char *time;
};

/* Adds the call N of a family, which has the same content for whoever sends it. */
static void put_event(struct writer *w, struct batch *batch, const struct call *c)
{
	struct raw_event raw = good_event();
	char id[32], sid[SID_TEXT], customer[32];

	account_sid(c->family, sid);
	snprintf(id, sizeof(id), "call-%05d", c->n);
	snprintf(customer, sizeof(customer), "cus%d", c->n % 97);
	set_field(&raw, EV_SUBJECT, sid);
	set_field(&raw, EV_ID, id);
	set_field(&raw, EV_CUSTOMER, customer);
	set_field(&raw, EV_USAGE, "1.5");
	if (c->time)
		set_field(&raw, EV_TIME, c->time);
	MUST(w, batch_add(batch, &raw, NOW_US, AHEAD_US, &w->err));
}

/* Stores the batch; returns how many of its events are new. */
static int store_all(struct writer *w, struct batch *batch)
{
	int created = 0;

	MUST(w, batch_store(batch, w->l, &w->err));
	for (size_t i = 0; i < batch->n; i++) {
		ck_assert(batch->events[i].verdict == VERDICT_CREATED ||
			  batch->events[i].verdict == VERDICT_DUPLICATE);
		created += batch->events[i].verdict == VERDICT_CREATED;
	}
	return created;
}

static int store_one_event(struct writer *w, const struct call *c)
{
	struct batch batch = { 0 };
	int created;

	put_event(w, &batch, c);
	created = store_all(w, &batch);
	arena_release(&batch.arena);
	return created;
}

/* ---- who waits for whom ---- */

static int begin_events(struct writer *w, const int64_t *list, size_t n)
{
	error_clear(&w->err);
	return store_begin_events(w->st, list, n, &w->err);
}

static void is_busy(struct writer *w, int rc)
{
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(w->err.kind, ERR_BUSY);
	error_clear(&w->err);
}

START_TEST(events_of_different_main_accounts_are_added_at_the_same_time)
{
	struct writer one, other;

	if (test_database()) {
		writer_open(&one, 0, SHORT_MS);
		writer_open(&other, 1, SHORT_MS);
		MUST(&one, begin_events(&one, families, 2));
		ck_assert_int_eq(store_one_event(&other, &(struct call) { 2, 1, NULL }), 1);
		MUST(&one, store_commit(one.st, &one.err));
		writer_close(&one);
		writer_close(&other);
	}
}
END_TEST

START_TEST(events_of_the_same_main_account_wait)
{
	const int64_t later[] = { families[2], families[1] };
	struct writer one, other;

	writer_open(&one, 0, SHORT_MS);
	writer_open(&other, 1, SHORT_MS);
	MUST(&one, begin_events(&one, families, 2));
	is_busy(&other, begin_events(&other, later, 2));
	store_end(one.st);
	MUST(&other, begin_events(&other, later, 2));
	store_end(other.st);
	writer_close(&one);
	writer_close(&other);
}
END_TEST

START_TEST(any_other_write_waits_for_events_and_they_for_it)
{
	struct writer one, other;

	writer_open(&one, 0, SHORT_MS);
	writer_open(&other, 1, SHORT_MS);
	MUST(&one, begin_events(&one, families, 1));
	is_busy(&other, store_begin_write(other.st, &other.err));
	store_end(one.st);
	MUST(&other, store_begin_write(other.st, &other.err));
	is_busy(&one, begin_events(&one, families, 1));
	is_busy(&one, begin_events(&one, NULL, 0));
	store_end(other.st);
	writer_close(&one);
	writer_close(&other);
}
END_TEST

START_TEST(events_of_very_many_main_accounts_lock_the_whole_ledger)
{
	int64_t many[1000];
	struct writer one, other;

	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = 1000000 + (int64_t)i;
	writer_open(&one, 0, SHORT_MS);
	writer_open(&other, 1, SHORT_MS);
	MUST(&one, begin_events(&one, many, ARRAY_SIZE(many)));
	is_busy(&other, begin_events(&other, families, 1));
	store_end(one.st);
	writer_close(&one);
	writer_close(&other);
}
END_TEST

/* ---- the same events ---- */

enum { SHARED_EVENTS = 3000, SMALL_BATCH = 50, LARGE_BATCH = 700 };

/* Sends all events, each writer in an order of its own, in small and large batches. */
static void send_all(struct writer *w)
{
	static const int steps[WRITERS] = { 1, 7, 1789, 2999 };
	struct batch batch = { 0 };

	for (int i = 0; i < SHARED_EVENTS; i++) {
		int n = (int)((int64_t)i * steps[w->number] % SHARED_EVENTS);
		size_t size = i % (2 * LARGE_BATCH) < LARGE_BATCH ? SMALL_BATCH : LARGE_BATCH;

		put_event(w, &batch, &(struct call) { n % FAMILIES, n, NULL });
		if (batch.n >= size)
			w->done += store_all(w, &batch);
	}
	w->done += store_all(w, &batch);
	arena_release(&batch.arena);
}

START_TEST(events_that_all_writers_send_in_other_orders_are_stored_once)
{
	ck_assert_int_eq(run_all(send_all), SHARED_EVENTS);
	ck_assert_int_eq(ledger_number(path, "SELECT count(*) FROM event"), SHARED_EVENTS);
	ck_assert_int_eq(ledger_number(path, "SELECT count(*) FROM source"), FAMILIES);
	ck_assert_int_eq(
		ledger_number(path, "SELECT count(*) FROM (SELECT DISTINCT account, dimension, text"
				    " FROM dimension_value WHERE id <> 0) d"),
		ledger_number(path, "SELECT count(*) FROM dimension_value WHERE id <> 0"));
}
END_TEST

/* ---- closings ---- */

enum { CLOSED_DAYS = 12, CALLS_A_DAY = 60 };

static int count_row(void *arg, const struct sums_row *row, struct error *e)
{
	(void)e;
	*(int64_t *)arg += row->amounts->n[AMOUNT_COUNT];
	return 0;
}

/* The calls of the first family before a day of November. */
static int64_t calls_before(struct store *st, int day)
{
	const struct sums_account account = { .id = families[0] };
	const int64_t end = date_to_days((struct date) { 2026, 11, day }) * SLOTS_PER_DAY;
	const struct slot_span span = { 0, end };
	const struct sums_query q = {
		.accounts = &account, .n_accounts = 1, .spans = &span, .n_spans = 1
	};
	int64_t n = 0;

	OK(store_sums(st, &q, count_row, &n, &err));
	return n;
}

static int64_t settled[CLOSED_DAYS + 1];

/* Closes a day after the other, and notes what it says. */
static void close_days(struct writer *w)
{
	for (int day = 1; day <= CLOSED_DAYS; day++) {
		struct closing c = { .account = families[0], .author = "test", .made = 1 };

		c.own_us = date_to_days((struct date) { 2026, 11, day + 1 }) * SEC_PER_DAY *
			   USEC_PER_SEC;
		MUST(w, store_closing_set(w->st, &c, &w->err));
		MUST(w, store_begin_read(w->st, &w->err));
		settled[day] = calls_before(w->st, day + 1);
		store_end(w->st);
	}
}

static void send_into_days(struct writer *w)
{
	for (int i = 0; i < CALLS_A_DAY; i++) {
		char time[INSTANT_TEXT];

		snprintf(time, sizeof(time), "2026-11-%02dT10:00:00Z", 1 + i % CLOSED_DAYS);
		w->done += store_one_event(w,
					   &(struct call) { 0, w->number * CALLS_A_DAY + i, time });
	}
}

START_TEST(no_event_lands_in_days_that_are_closed_meanwhile)
{
	void (*const work[])(struct writer *) = { close_days, send_into_days, send_into_days };

	ck_assert_int_eq(run_writers(3, work, false), 2 * CALLS_A_DAY);
	OK(store_begin_read(b.st, &err));
	for (int day = 1; day <= CLOSED_DAYS; day++)
		ck_assert_int_eq(calls_before(b.st, day + 1), settled[day]);
	ck_assert_int_eq(calls_before(b.st, 30), 2 * CALLS_A_DAY);
	store_end(b.st);
}
END_TEST

/* ---- corrections ---- */

enum { CORRECTED = 25 };

static void correct_all(struct writer *w)
{
	for (int i = 0; i < CORRECTED; i++) {
		char id[32];
		struct correct c = { .event = { families[i % FAMILIES], NULL, id },
				     .kind = CORRECTION_VOID,
				     .author = "test",
				     .reason = "twice",
				     .now_us = NOW_US };
		struct correction made;
		bool before;

		snprintf(id, sizeof(id), "call-%05d", i);
		MUST(w, store_begin_write(w->st, &w->err));
		MUST(w, correct_event(w->st, &c, &w->arena, &made, &before, &w->err));
		MUST(w, store_commit(w->st, &w->err));
		w->done += !before;
	}
}

START_TEST(an_event_that_all_writers_correct_is_corrected_once)
{
	struct writer w;
	struct batch batch = { 0 };

	writer_open(&w, 0, SHORT_MS);
	for (int i = 0; i < CORRECTED; i++)
		put_event(&w, &batch, &(struct call) { i % FAMILIES, i, NULL });
	ck_assert_int_eq(store_all(&w, &batch), CORRECTED);
	arena_release(&batch.arena);
	writer_close(&w);
	ck_assert_int_eq(run_all(correct_all), CORRECTED);
	ck_assert_int_eq(ledger_number(path, "SELECT count(*) FROM correction"), CORRECTED);
	ck_assert_int_eq(ledger_number(path, "SELECT count(*) FROM event"), 2 * CORRECTED);
}
END_TEST

/* ---- names ---- */

enum { NAMES = 20 };

static void add_users(struct writer *w)
{
	for (int i = 0; i < NAMES; i++) {
		char name[32], email[32];
		struct user u = { .display = "", .role = "viewer", .password = "" };

		snprintf(name, sizeof(name), "user-%d-%d", w->number, i);
		snprintf(email, sizeof(email), "%s%d@example.com", w->number % 2 ? "One" : "one",
			 i);
		u.name = name;
		u.email = email;
		error_clear(&w->err);
		if (store_user_add(w->st, &u, &w->err) == 0)
			w->done++;
		else
			ck_assert_int_eq(w->err.kind, ERR_CONFLICT);
	}
}

START_TEST(an_address_that_all_writers_give_to_a_user_is_that_of_one)
{
	ck_assert_int_eq(run_all(add_users), NAMES);
	ck_assert_int_eq(ledger_number(path, "SELECT count(*) FROM \"user\""), NAMES);
}
END_TEST

static void add_categories(struct writer *w)
{
	for (int i = 0; i < NAMES; i++) {
		char name[32];
		struct category c = { .name = name,
				      .description = "",
				      .count_unit = "calls",
				      .usage_unit = "minutes" };

		snprintf(name, sizeof(name), "category-%d", i);
		error_clear(&w->err);
		if (store_category_add(w->st, &c, &w->err) == 0)
			w->done++;
		else
			ck_assert_int_eq(w->err.kind, ERR_CONFLICT);
	}
}

START_TEST(a_category_that_all_writers_add_is_there_once_with_a_small_number)
{
	int64_t before = ledger_number(path, "SELECT value FROM meta WHERE name = 'version'");

	ck_assert_int_eq(run_all(add_categories), NAMES);
	ck_assert_int_eq(ledger_number(path, "SELECT value FROM meta WHERE name = 'version'"),
			 before + NAMES);
	/* numbers of categories are places in arrays */
	ck_assert_int_le(ledger_number(path, "SELECT max(id) FROM category"), 5 + WRITERS * NAMES);
}
END_TEST

static void add_accounts(struct writer *w)
{
	for (int i = 0; i < NAMES; i++) {
		char name[32];
		struct account a = { .name = name, .currency = "usd" };

		snprintf(name, sizeof(name), "account-%d", i);
		sid_new("AC", a.sid);
		error_clear(&w->err);
		if (store_account_add(w->st, &a, &w->err) == 0)
			w->done++;
		else
			ck_assert_int_eq(w->err.kind, ERR_CONFLICT);
	}
}

START_TEST(an_account_that_all_writers_name_alike_is_there_once)
{
	ck_assert_int_eq(run_all(add_accounts), NAMES);
}
END_TEST

/* ---- sessions ---- */

enum { SESSIONS_EACH = 30 };

#define FULL_BUT_10                                                                   \
	"WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < %d" \
	") INSERT INTO session (hash, \"user\", kind, created, expires) SELECT %s, "  \
	"%d, 0, 0, 9999999999 FROM r"

static int64_t session_user;

static void add_sessions(struct writer *w)
{
	for (int i = 0; i < SESSIONS_EACH; i++) {
		struct session s = { .user = session_user,
				     .created = i,
				     .expires = NOW_US / USEC_PER_SEC + 3600 };

		memcpy(s.hash, &i, sizeof(i));
		memcpy(s.hash + sizeof(i), &w->number, sizeof(w->number));
		MUST(w, store_session_add(w->st, &s, &w->err));
	}
}

START_TEST(a_user_never_has_more_sessions_than_the_limit)
{
	struct user u = {
		.name = "one", .display = "", .email = "", .role = "viewer", .password = ""
	};
	char sql[400];

	OK(store_user_add(b.st, &u, &err));
	session_user = u.id;
	snprintf(sql, sizeof(sql), FULL_BUT_10, USER_SESSIONS_MAX - 10,
		 sql_of("randomblob(32)", "decode(md5(i::text), 'hex')"), (int)u.id);
	ledger_exec(path, sql);
	run_all(add_sessions);
	ck_assert_int_eq(ledger_number(path, "SELECT count(*) FROM session"), USER_SESSIONS_MAX);
}
END_TEST

/* ---- triggers ---- */

enum { COUNTED = 30, THRESHOLD = 50 };

static void send_counted(struct writer *w)
{
	char time[INSTANT_TEXT];

	instant_format(time, clock_now_us());
	for (int i = 0; i < COUNTED; i++) {
		struct raw_event raw = good_event();
		struct batch batch = { 0 };
		char id[32];

		snprintf(id, sizeof(id), "%d-%d", w->number, i);
		set_field(&raw, EV_ID, id);
		set_field(&raw, EV_TIME, time);
		MUST(w, batch_add(&batch, &raw, clock_now_us(), AHEAD_US, &w->err));
		w->done += store_all(w, &batch);
		arena_release(&batch.arena);
	}
}

static void trigger_is_wrong(void *arg, const struct trigger *t, struct decimal have,
			     struct decimal want)
{
	(void)arg, (void)t, (void)have, (void)want;
}

START_TEST(a_trigger_that_all_writers_push_fires_once_and_has_the_sum)
{
	struct trigger t = { .account = b.main_id,
			     .category = inbound,
			     .amount = AMOUNT_COUNT,
			     .recurrence = RECURRENCE_ALLTIME,
			     .threshold = THRESHOLD,
			     .name = "",
			     .url = "http://example.com/",
			     .method = "POST" };
	size_t wrong;

	sid_new("UT", t.sid);
	OK(store_begin_write(b.st, &err));
	OK(store_trigger_add(b.st, &t, &err));
	OK(store_commit(b.st, &err));
	ck_assert_int_eq(run_all(send_counted), WRITERS * COUNTED);
	ck_assert_int_eq(ledger_number(path, "SELECT count(*) FROM notice"), 1);
	OK(triggers_verify(b.st, trigger_is_wrong, NULL, &wrong, &err));
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* ---- rebuild ---- */

static void rebuild(struct writer *w)
{
	struct store *reader;
	size_t n;
	int64_t events;

	MUST(w, store_open(ledger_place(path), 0, PATIENCE_MS, &reader, &w->err));
	for (int i = 0; i < 3; i++)
		MUST(w, store_rebuild(reader, w->st, &true_ledger_calls, &n, &events, &w->err));
	store_close(&reader);
}

START_TEST(a_rebuild_beside_writers_leaves_true_sums)
{
	void (*const work[])(struct writer *) = { rebuild, send_all, send_all };
	struct writer w;

	writer_open(&w, 0, SHORT_MS);
	for (int i = 0; i < FAMILIES; i++)
		store_one_event(&w, &(struct call) { i, i, NULL });
	writer_close(&w);
	if (test_database())
		ledger_exec(path, "UPDATE total_day SET count = count + 5; DELETE FROM part_month");
	run_writers(3, work, false);
	ck_assert_int_eq(ledger_number(path, "SELECT count(*) FROM event"), SHARED_EVENTS);
}
END_TEST

static Suite *writers_suite(void)
{
	Suite *s = suite_create("writers");
	TCase *tc = tcase_create("writers");

	tcase_add_checked_fixture(tc, begin, finish);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, events_of_different_main_accounts_are_added_at_the_same_time);
	tcase_add_test(tc, events_of_the_same_main_account_wait);
	tcase_add_test(tc, any_other_write_waits_for_events_and_they_for_it);
	tcase_add_test(tc, events_of_very_many_main_accounts_lock_the_whole_ledger);
	tcase_add_test(tc, events_that_all_writers_send_in_other_orders_are_stored_once);
	tcase_add_test(tc, no_event_lands_in_days_that_are_closed_meanwhile);
	tcase_add_test(tc, an_event_that_all_writers_correct_is_corrected_once);
	tcase_add_test(tc, an_address_that_all_writers_give_to_a_user_is_that_of_one);
	tcase_add_test(tc, a_category_that_all_writers_add_is_there_once_with_a_small_number);
	tcase_add_test(tc, an_account_that_all_writers_name_alike_is_there_once);
	tcase_add_test(tc, a_user_never_has_more_sessions_than_the_limit);
	tcase_add_test(tc, a_trigger_that_all_writers_push_fires_once_and_has_the_sum);
	tcase_add_test(tc, a_rebuild_beside_writers_leaves_true_sums);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(writers_suite());
}
