#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/civil.h"
#include "base/plausible.h"
#include "base/secret.h"
#include "store/account.h"
#include "store/category.h"
#include "store/closing.h"
#include "store/rejection.h"
#include "store/series.h"
#include "usage/commit_thread.h"
#include "usage/correct.h"
#include "usage/rejection_log.h"
#include "rollup_sum.h"
#include "ledger_place.h"
#include "suite.h"
#include "true_ledger.h"
#include "base/banned.h"

#define SID    "AC00000000000000000000000000000001"
#define NOW_US (INT64_C(1795258800) * USEC_PER_SEC) /* 2026-11-21T11:00:00Z */

static struct error err;
static struct arena arena;
static char dir[FOLDER_TEXT];
static char path[96];
static struct settings *settings;
static struct commit_thread *commits;

static void fill_ledger(void)
{
	struct account a = { .name = "main", .sid = SID, .currency = "usd" };
	struct category c = {
		.name = "calls", .description = "", .count_unit = "", .usage_unit = ""
	};
	struct store *st;

	OK(store_open(ledger_place(path), STORE_WRITE | STORE_CREATE, 1000, &st, &err));
	OK(store_account_add(st, &a, &err));
	OK(store_category_add(st, &c, &err));
	store_close(&st);
}

static void start(void)
{
	OK(commit_thread_new(settings, &commits, &err));
}

static void setup(void)
{
	memset(&err, 0, sizeof(err));
	arena_init(&arena);
	folder_make(dir);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	OK(secret_init(&err));
	OK(settings_load(NULL, &settings, &err));
	settings->database = ledger_place(path);
	clock_set_us(NOW_US);
	fill_ledger();
}

static struct store *reader(void)
{
	struct store *st;

	OK(store_open(ledger_place(path), 0, 1000, &st, &err));
	return st;
}

static void teardown(void)
{
	struct store *st;

	commit_thread_free(&commits);
	st = reader();
	ck_assert_uint_eq(ledger_differences(st), 0);
	store_close(&st);
	settings_free(&settings);
	arena_release(&arena);
	folder_remove(dir);
}

static void set_field(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = strlen(text);
}

static struct raw_event call(const char *id, const char *category)
{
	struct raw_event raw = { 0 };

	set_field(&raw, EV_SOURCE, "/pbx");
	set_field(&raw, EV_ID, id);
	set_field(&raw, EV_SUBJECT, SID);
	set_field(&raw, EV_TIME, "2026-11-21T10:00:00Z");
	set_field(&raw, EV_CATEGORY, category);
	return raw;
}

static void add_call(struct event *ev, const char *id, const char *category, struct arena *mine)
{
	struct raw_event raw = call(id, category);
	struct error own = { 0 };

	*ev = (struct event) { .record = id, .record_len = strlen(id) };
	event_keep_raw(ev, &raw, mine);
	ck_assert_int_eq(event_check(ev, NOW_US, 0, &own), 0);
}

static void add_unreadable(struct event *ev, struct arena *mine)
{
	struct error reason = { 0 };

	error_set(&reason, ERR_BODY, NULL, "no JSON");
	*ev = (struct event) { .record = "{", .record_len = 1 };
	event_reject(ev, &reason, mine);
}

/*
 * One request of two events, of which the second has the category CATEGORY, and
 * a record that can't be read.
 */
static void submit_two(const char *first, const char *second, const char *category,
		       enum verdict want[2])
{
	struct arena mine = { 0 };
	struct event events[3];
	struct submission s = { .events = events, .n = 3, .arena = &mine, .author = "SK1" };
	struct error own = { 0 };

	add_unreadable(&events[0], &mine);
	add_call(&events[1], first, "calls", &mine);
	add_call(&events[2], second, category, &mine);
	ck_assert_msg(commit_thread_submit(commits, &s, NULL, &own) == 0, "%s", own.message);
	want[0] = events[1].verdict;
	want[1] = events[2].verdict;
	arena_release(&mine);
}

static struct rejection *rejections(size_t want_n)
{
	struct store *st = reader();
	struct rejection *list;
	size_t n;

	OK(store_rejections(st, &(struct rejection_query) { .limit = 1000 }, &arena, &list, &n,
			    &err));
	ck_assert_uint_eq(n, want_n);
	store_close(&st);
	return list;
}

START_TEST(what_is_refused_is_logged_with_the_commit)
{
	enum verdict verdicts[2];
	struct rejection *list;

	start();
	submit_two("a", "b", "chess", verdicts);
	ck_assert_int_eq(verdicts[0], VERDICT_CREATED);
	ck_assert_int_eq(verdicts[1], VERDICT_REJECTED);
	list = rejections(2);
	ck_assert_str_eq(list[1].code, "unreadable");
	ck_assert_str_eq(list[1].record, "{");
	ck_assert_int_eq(list[1].account, 0);
	ck_assert_str_eq(list[0].code, "invalid");
	ck_assert_str_eq(list[0].field, "category");
	ck_assert_ptr_nonnull(strstr(list[0].message, "chess"));
	ck_assert_str_eq(list[0].author, "SK1");
	ck_assert_str_eq(list[0].source, "/pbx");
	ck_assert_str_eq(list[0].event, "b");
	ck_assert_int_eq(list[0].account, 1);
	ck_assert_int_eq(list[0].at, NOW_US / USEC_PER_SEC);
}
END_TEST

/* The committed events' refusals, too. */
START_TEST(late_events_are_rejected_and_logged)
{
	struct closing closing = { .account = 1, .own_us = NOW_US, .author = "ann" };
	enum verdict verdicts[2];
	struct store *st;

	settings->late_events = "reject";
	start();
	submit_two("a", "b", "calls", verdicts);
	ck_assert_int_eq(verdicts[1], VERDICT_CREATED);
	OK(store_open(ledger_place(path), STORE_WRITE, 1000, &st, &err));
	OK(store_closing_set(st, &closing, &err));
	store_close(&st);
	submit_two("a", "c", "calls", verdicts);
	ck_assert_int_eq(verdicts[0], VERDICT_DUPLICATE);
	ck_assert_int_eq(verdicts[1], VERDICT_REJECTED);
	ck_assert_str_eq(rejections(3)[0].code, "closed");
}
END_TEST

START_TEST(log_forgets_what_is_old)
{
	enum verdict verdicts[2];

	settings->rejected_days = 2;
	start();
	submit_two("a", "b", "chess", verdicts);
	rejections(2);
	/* a clock that jumps is not believed */
	clock_set_us(NOW_US + 3 * SEC_PER_DAY * USEC_PER_SEC);
	submit_two("c", "d", "calls", verdicts);
	rejections(3);
	/*
	 * the time has really passed: only the records of the first request are
	 * old
	 */
	plausible_process_begin(0, floor_div(NOW_US, USEC_PER_SEC) + 3 * SEC_PER_DAY);
	clock_set_us(NOW_US + (3 * SEC_PER_DAY + 600) * USEC_PER_SEC);
	submit_two("e", "f", "calls", verdicts);
	rejections(2);
}
END_TEST

/* N records that AUTHOR sent and that were no events, in one request. */
static void submit_unreadable(const char *author, size_t n)
{
	struct event *list = arena_array(&arena, struct event, n);
	struct submission s = { .events = list, .n = n, .arena = &arena, .author = author };
	struct error own = { 0 };

	for (size_t i = 0; i < n; i++)
		add_unreadable(&list[i], &arena);
	ck_assert_msg(commit_thread_submit(commits, &s, NULL, &own) == 0, "%s", own.message);
}

static size_t count_of(const char *author)
{
	struct store *st = reader();
	struct rejection *list;
	size_t n, own = 0;

	OK(store_rejections(st, &(struct rejection_query) { .limit = 100000 }, &arena, &list, &n,
			    &err));
	for (size_t i = 0; i < n; i++)
		own += strcmp(list[i].author, author) == 0;
	store_close(&st);
	return own;
}

START_TEST(one_sender_does_not_push_out_what_another_one_sent)
{
	start();
	submit_unreadable("key SK1", 5);
	for (int i = 0; i < 12; i++)
		submit_unreadable("key SK2", 1500);
	ck_assert_uint_eq(count_of("key SK2"), 12 * REJECTIONS_MAX);
	clock_set_us(NOW_US + 120 * USEC_PER_SEC);
	submit_unreadable("key SK3", 1);
	ck_assert_uint_eq(count_of("key SK1"), 5);
	ck_assert_uint_eq(count_of("key SK2"), REJECTIONS_KEPT);
	ck_assert_uint_eq(count_of("key SK3"), 1);
}
END_TEST

START_TEST(nothing_is_logged_where_nothing_is_kept)
{
	enum verdict verdicts[2];

	settings->rejected_days = 0;
	start();
	submit_two("a", "b", "chess", verdicts);
	ck_assert_int_eq(verdicts[1], VERDICT_REJECTED);
	rejections(0);
}
END_TEST

/* ---- many at once ---- */

enum { THREADS = 6, ROUNDS = 20 };

static int void_one(struct store *st, void *id, struct error *e)
{
	struct correct c = { .event.id = id,
			     .kind = CORRECTION_VOID,
			     .author = "ann",
			     .reason = "test",
			     .now_us = NOW_US };
	struct correction made;
	struct arena mine;
	bool done;
	int rc;

	arena_init(&mine);
	rc = correct_event(st, &c, &mine, &made, &done, e);
	arena_release(&mine);
	return rc;
}

static void *send_and_void(void *arg)
{
	int me = *(const int *)arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct error own = { 0 };
		enum verdict verdicts[2];
		char first[32];
		char second[32];

		snprintf(first, sizeof(first), "%d-%d", me, i);
		snprintf(second, sizeof(second), "shared-%d", i);
		submit_two(first, second, "calls", verdicts);
		ck_assert_int_eq(verdicts[0], VERDICT_CREATED);
		ck_assert_int_ne(verdicts[1], VERDICT_REJECTED);
		ck_assert_msg(commit_thread_run(commits, void_one, first, &own) == 0, "%s",
			      own.message);
	}
	return NULL;
}

START_TEST(many_threads_send_and_correct_at_once)
{
	const struct rollup_sum sum = {
		.account = 1, .category = 1, .level = LEVEL_MONTH, .to = 99999
	};
	struct store *st;
	pthread_t threads[THREADS];
	int numbers[THREADS];

	start();
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, send_and_void, &numbers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	st = reader();
	ck_assert_int_eq(rollup_sum(st, &sum).count, ROUNDS);
	store_close(&st);
	rejections(THREADS * ROUNDS);
}
END_TEST

/* ---- new series ---- */

/* Sends an event of a customer; the verdict's name. */
static const char *send(const char *sender, const char *id, const char *customer, bool atomic)
{
	struct raw_event raw = call(id, "calls");
	struct event ev = { .raw = &raw };
	struct submission s = { .events = &ev, .n = 1, .atomic = atomic, .arena = &arena };

	set_field(&raw, EV_CUSTOMER, customer);
	OK(event_check(&ev, clock_now_us(), 0, &err));
	OK(commit_thread_submit(commits, &s, sender, &err));
	if (ev.reason) {
		ck_assert_str_eq(event_reject_code(ev.reason), "too_many");
		ck_assert_msg(strstr(ev.reason->message, "2 such new combinations today"), "%s",
			      ev.reason->message);
	}
	ck_assert_int_eq(ev.reason != NULL, ev.verdict == VERDICT_REJECTED);
	return verdict_names[ev.verdict];
}

/* How many rows there are of what a rejected event would have made. */
static int64_t count_series(void)
{
	struct store *st = reader();
	int64_t id, n = 0;

	for (char c = 'a'; c <= 'z'; c++)
		n += store_dimension_find(st, &(struct dimension_value) { 1, DIM_CUSTOMER, &c, 1 },
					  &id, &err) > 0;
	store_close(&st);
	return n;
}

START_TEST(a_sender_makes_only_so_many_new_series_a_day)
{
	settings->new_series = 2;
	start();
	ck_assert_str_eq(send("SK1", "1", "a", false), "created");
	ck_assert_str_eq(send("SK1", "2", "a", false), "created");
	ck_assert_str_eq(send("SK1", "3", "b", true), "created");
	ck_assert_str_eq(send("SK1", "4", "c", false), "rejected");
	ck_assert_str_eq(send("SK1", "5", "d", true), "rejected");
	ck_assert_int_eq(count_series(), 2);
	/* what is there goes on, and what was stored before is what it was */
	ck_assert_str_eq(send("SK1", "6", "b", false), "created");
	ck_assert_str_eq(send("SK1", "1", "a", false), "duplicate");
	ck_assert_str_eq(send("SK1", "1", "z", false), "conflict");
	/* others have their own, also the operator who has none */
	ck_assert_str_eq(send("SK2", "4", "c", false), "created");
	ck_assert_str_eq(send(NULL, "7", "e", false), "created");
	ck_assert_str_eq(send(NULL, "8", "f", false), "created");
	ck_assert_str_eq(send(NULL, "9", "g", false), "created");
	ck_assert_str_eq(send("SK1", "10", "c", false), "created");
	ck_assert_str_eq(send("SK1", "11", "h", false), "rejected");
	clock_set_us(NOW_US + SEC_PER_DAY * USEC_PER_SEC);
	ck_assert_str_eq(send("SK1", "11", "h", false), "created");
	ck_assert_str_eq(send("SK1", "12", "i", false), "created");
	ck_assert_str_eq(send("SK1", "13", "j", false), "rejected");
	ck_assert_int_eq(count_series(), 8);
}
END_TEST

START_TEST(a_batch_makes_no_more_series_than_its_sender_has_left)
{
	enum { N = 6 };
	static const char *const ids[N] = { "1", "2", "3", "4", "5", "6" };
	static const char *const customers[N] = { "a", "b", "c", "a", "b", "c" };
	struct raw_event raws[N];
	struct event events[N];
	struct submission s = { .events = events, .n = N, .atomic = true, .arena = &arena };

	settings->new_series = 2;
	start();
	/* of all or nothing it is nothing, and counts nothing */
	for (int round = 0; round < 2; round++, s.atomic = false) {
		for (int i = 0; i < N; i++) {
			raws[i] = call(ids[i], "calls");
			events[i] = (struct event) { .raw = &raws[i] };
			set_field(&raws[i], EV_CUSTOMER, customers[i]);
			OK(event_check(&events[i], NOW_US, 0, &err));
		}
		OK(commit_thread_submit(commits, &s, "SK1", &err));
		ck_assert_int_eq(count_series(), s.atomic ? 0 : 2);
	}
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(events[i].verdict,
				 i % 3 == 2 ? VERDICT_REJECTED : VERDICT_CREATED);
}
END_TEST

/* ---- outdated submissions ---- */

/* Sends an event for a caller who was admitted then. As commit_thread_submit. */
static int send_as_of(const char *id, int64_t version, int64_t opened)
{
	struct raw_event raw = call(id, "calls");
	struct event ev = { .raw = &raw };
	struct submission s = {
		.events = &ev, .n = 1, .arena = &arena, .version = version, .opened = opened
	};

	OK(event_check(&ev, clock_now_us(), 0, &err));
	return commit_thread_submit(commits, &s, NULL, &err);
}

START_TEST(what_was_admitted_by_another_ledger_is_not_stored)
{
	const struct rollup_sum sum = {
		.account = 1, .category = 1, .level = LEVEL_MONTH, .to = 99999
	};
	struct store *st = reader();
	int64_t version;

	start();
	OK(store_version(st, &version, &err));
	ck_assert_int_eq(send_as_of("a", version, commit_thread_opened(commits)), 0);
	ck_assert_int_eq(send_as_of("b", version - 1, commit_thread_opened(commits)), 1);
	ck_assert_int_eq(send_as_of("c", version, commit_thread_opened(commits) - 1), 1);
	ck_assert_int_eq(rollup_sum(st, &sum).count, 1);
	store_close(&st);
}
END_TEST

/* ---- probes ---- */

/* A task that ends when it is let go. */
struct long_task {
	sem_t begun, let_go;
	pthread_t thread;
};

static int last(struct store *st, void *arg, struct error *e)
{
	struct long_task *task = arg;

	(void)st, (void)e;
	sem_post(&task->begun);
	sem_wait(&task->let_go);
	return 0;
}

static void *run_long(void *arg)
{
	struct error own = { 0 };

	ck_assert_int_eq(commit_thread_run(commits, last, arg, &own), 0);
	return NULL;
}

START_TEST(a_commit_that_lasts_makes_the_probe_fail_at_once)
{
	struct long_task task;

	start();
	sem_init(&task.begun, 0, 0);
	sem_init(&task.let_go, 0, 0);
	ck_assert_int_eq(pthread_create(&task.thread, NULL, run_long, &task), 0);
	sem_wait(&task.begun);
	ck_assert_int_lt(commit_thread_probe(commits, -1, &err), 0);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	ck_assert_ptr_nonnull(strstr(err.message, "one commit"));
	error_clear(&err);
	sem_post(&task.let_go);
	pthread_join(task.thread, NULL);
	OK(commit_thread_probe(commits, 60 * USEC_PER_SEC, &err));
	sem_destroy(&task.begun);
	sem_destroy(&task.let_go);
}
END_TEST

START_TEST(the_probe_says_what_is_wrong_with_the_ledger)
{
	settings->database = "/nonexistent/usage.db";
	start();
	ck_assert_int_lt(commit_thread_probe(commits, 60 * USEC_PER_SEC, &err), 0);
	ck_assert_int_eq(err.kind, ERR_INTERNAL);
	error_clear(&err);
	/* within a second it does not try again */
	ck_assert_int_lt(commit_thread_probe(commits, 60 * USEC_PER_SEC, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "the last write to the ledger failed"));
	error_clear(&err);
	settings->database = ledger_place(path);
}
END_TEST

static int fail_write(struct store *st, void *arg, struct error *e)
{
	(void)st, (void)arg;
	return error_set(e, ERR_BUSY, NULL, "no room");
}

/* The test value might fit where the events did not. */
START_TEST(after_a_failed_write_the_probe_fails_for_a_while_or_until_one_succeeds)
{
	struct long_task task;

	start();
	OK(commit_thread_probe(commits, 60 * USEC_PER_SEC, &err));
	ck_assert_int_lt(commit_thread_run(commits, fail_write, NULL, &err), 0);
	error_clear(&err);
	ck_assert_int_lt(commit_thread_probe(commits, 60 * USEC_PER_SEC, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "the last write to the ledger failed"));
	error_clear(&err);
	usleep(1500000);
	ck_assert_int_lt(commit_thread_probe(commits, 60 * USEC_PER_SEC, &err), 0);
	error_clear(&err);
	sem_init(&task.begun, 0, 0);
	sem_init(&task.let_go, 0, 1);
	OK(commit_thread_run(commits, last, &task, &err));
	OK(commit_thread_probe(commits, 60 * USEC_PER_SEC, &err));
	ck_assert_int_lt(commit_thread_run(commits, fail_write, NULL, &err), 0);
	error_clear(&err);
	usleep(5100000);
	OK(commit_thread_probe(commits, 60 * USEC_PER_SEC, &err));
}
END_TEST

static Suite *commit_thread_suite(void)
{
	Suite *s = suite_create("commit_thread");
	TCase *t = tcase_create("commit_thread");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_refused_is_logged_with_the_commit);
	tcase_add_test(t, a_sender_makes_only_so_many_new_series_a_day);
	tcase_add_test(t, a_batch_makes_no_more_series_than_its_sender_has_left);
	tcase_add_test(t, late_events_are_rejected_and_logged);
	tcase_add_test(t, log_forgets_what_is_old);
	tcase_add_test(t, one_sender_does_not_push_out_what_another_one_sent);
	tcase_add_test(t, nothing_is_logged_where_nothing_is_kept);
	tcase_add_test(t, what_was_admitted_by_another_ledger_is_not_stored);
	tcase_add_test(t, a_commit_that_lasts_makes_the_probe_fail_at_once);
	tcase_add_test(t, the_probe_says_what_is_wrong_with_the_ledger);
	tcase_add_test(t, after_a_failed_write_the_probe_fails_for_a_while_or_until_one_succeeds);
	tcase_add_test(t, many_threads_send_and_correct_at_once);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(commit_thread_suite());
}
