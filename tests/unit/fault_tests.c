/*
 * fault_tests.c - the writer on a disk that fails (fault_vfs.h).
 *
 * Three requests are written and the writer is closed while the n-th change of
 * a file fails, for every n that there is: once, for good, for want of room,
 * and as a power cut that takes what was not synced. Each time: what was
 * acknowledged is there, each request is stored whole or not at all, sending
 * everything again makes it whole, and all sums are true. How many failures
 * were tried is printed.
 */
#include <glib.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/civil.h"
#include "base/secret.h"
#include "fault_vfs.h"
#include "usage/commit_thread.h"
#include "fixture.h"
#include "store/account.h"
#include "store/category.h"
#include "store/verify.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

#define SID      "AC0123456789abcdef0123456789abcdef"
#define REQUESTS 3
#define EVENTS   12 /* a request */
#define WAITING  50

static struct error err;
static struct settings *settings;
static char dir[64], path[96];

/* ---- a request ---- */

struct load {
	char id[EVENTS][32];
	struct raw_event raws[EVENTS];
	struct event events[EVENTS];
	struct arena arena;
	struct submission s;
};

static void set(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = strlen(text);
}

/*
 * N events of source NAME: of several days and customers, so that rows of every
 * table change.
 */
static void load_fill(struct load *l, const char *name, int n)
{
	static const char *const times[] = { "2026-01-02T03:04:05Z", "2026-01-20T10:00:00Z",
					     "2026-02-01T23:59:59Z" };
	static const char *const customers[] = { "one", "two" };

	memset(l, 0, sizeof(*l));
	for (int i = 0; i < n; i++) {
		struct raw_event *raw = &l->raws[i];

		l->events[i].raw = raw;
		snprintf(l->id[i], sizeof(l->id[i]), "event-%d", i);
		set(raw, EV_SOURCE, name);
		set(raw, EV_ID, l->id[i]);
		set(raw, EV_SUBJECT, SID);
		set(raw, EV_TIME, times[i % 3]);
		set(raw, EV_CATEGORY, "calls");
		set(raw, EV_USAGE, "1.5");
		set(raw, EV_CUSTOMER, customers[i % 2]);
		OK(event_check(&l->events[i], INT64_MAX / 2, 0, &err));
	}
	l->s = (struct submission) { .events = l->events, .n = (size_t)n, .arena = &l->arena };
}

static const char *request_name(int i)
{
	static const char *const names[REQUESTS] = { "/first", "/second", "/third" };

	return names[i];
}

/* ---- a ledger ---- */

static void setup(void)
{
	memset(&err, 0, sizeof(err));
	OK(secret_init(&err));
	folder_make(dir);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	OK(settings_load(NULL, &settings, &err));
	settings->database = path;
	settings->busy_timeout_ms = 5000;
}

/* The bytes of a new ledger: made once, since each failure begins with one. */
static char *image;
static gsize image_len;

static void remove_ledger(void)
{
	static const char *const endings[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		char name[128];

		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		unlink(name);
	}
}

static void teardown(void)
{
	folder_remove(dir);
	settings->database = NULL;
	settings_free(&settings);
	g_free(image);
}

static void make_image(void)
{
	struct account a = { .sid = SID, .name = "one", .currency = "usd" };
	struct category c = {
		.name = "calls", .description = "", .count_unit = "calls", .usage_unit = "minutes"
	};
	struct store *st;

	remove_ledger();
	OK(store_open(path, STORE_WRITE | STORE_CREATE, 0, &st, &err));
	OK(store_account_add(st, &a, &err));
	OK(store_category_add(st, &c, &err));
	store_close(&st);
	ck_assert(g_file_get_contents(path, &image, &image_len, NULL));
}

static void make_ledger(void)
{
	if (!image)
		make_image();
	remove_ledger();
	ck_assert(g_file_set_contents_full(path, image, (gssize)image_len, G_FILE_SET_CONTENTS_NONE,
					   0600, NULL));
}

static int64_t number(const char *sql, const char *text)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int64_t n;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	if (text)
		sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static int64_t stored(const char *source)
{
	return number(
		"SELECT count(*) FROM event e JOIN source s ON s.id = e.source WHERE s.text = ?1",
		source);
}

static void difference(void *arg, const struct rollup *want, const struct rollup *have)
{
	(void)arg;
	(void)want;
	(void)have;
}

static void fault(void *arg, const char *words)
{
	(void)arg;
	(void)words;
}

static void check_sums(int64_t events)
{
	static const struct verify_calls calls = { .difference = difference, .fault = fault };
	struct store *st;
	size_t n;
	int64_t all;

	ck_assert_int_eq(
		number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
		       NULL),
		0);
	OK(store_open(path, 0, 0, &st, &err));
	OK(store_verify(st, NULL, &calls, &n, &all, &err));
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(all, events);
	store_close(&st);
}

/* ---- one failure ---- */

struct tally {
	int64_t tried, acknowledged, refused, refused_but_stored;
};

/*
 * Sends the requests while the disk fails as it is armed. The bits of those
 * that were acknowledged.
 */
static unsigned send_all(struct load *loads, int64_t *ret_changes)
{
	struct commit_thread *t;
	unsigned good = 0;

	OK(commit_thread_new(settings, &t, &err));
	for (int i = 0; i < REQUESTS; i++) {
		struct error reason = { 0 };

		load_fill(&loads[i], request_name(i), EVENTS);
		if (commit_thread_submit(t, &loads[i].s, NULL, &reason) == 0)
			good |= 1u << i;
		else
			ck_assert_msg(reason.kind == ERR_INTERNAL ||
					      (reason.kind == ERR_BUSY && reason.retry_after),
				      "%s", reason.message);
	}
	commit_thread_free(&t);
	*ret_changes = fault_disarm();
	return good;
}

static void check_stored(unsigned acknowledged, struct tally *t)
{
	for (int i = 0; i < REQUESTS; i++) {
		bool good = acknowledged & 1u << i;
		int64_t n = stored(request_name(i));

		ck_assert_msg(n == EVENTS || (n == 0 && !good), "%s: %d of %d events stored, %s",
			      request_name(i), (int)n, EVENTS,
			      good ? "acknowledged" : "not acknowledged");
		t->acknowledged += good;
		t->refused += !good;
		t->refused_but_stored += !good && n == EVENTS;
	}
}

static void send_again(struct load *loads)
{
	struct commit_thread *t;

	OK(commit_thread_new(settings, &t, &err));
	for (int i = 0; i < REQUESTS; i++) {
		enum verdict wanted = stored(request_name(i)) ? VERDICT_DUPLICATE : VERDICT_CREATED;

		load_fill(&loads[i], request_name(i), EVENTS);
		OK(commit_thread_submit(t, &loads[i].s, NULL, &err));
		for (int j = 0; j < EVENTS; j++)
			ck_assert_int_eq(loads[i].events[j].verdict, wanted);
	}
	commit_thread_free(&t);
}

/* False if there was no N-th change. */
static bool try_failure(enum fault kind, int64_t n, bool cut, uint64_t seed, struct tally *t)
{
	static struct load loads[REQUESTS];
	int64_t all;
	unsigned acknowledged;

	make_ledger();
	fault_power_cut(0); /* nothing is open: forget what the making has left */
	make_ledger();
	fault_arm(kind, n);
	acknowledged = send_all(loads, &all);
	if (cut)
		fault_power_cut(seed);
	t->tried += all >= n;
	check_stored(acknowledged, t);
	send_again(loads);
	check_sums((int64_t)REQUESTS * EVENTS);
	return all >= n;
}

static void try_all(const char *what, enum fault kind, bool cut, uint64_t seed)
{
	struct tally t = { 0 };

	for (int64_t n = 1; try_failure(kind, n, cut, seed, &t); n++)
		;
	printf("%s: %d failures tried; %d requests acknowledged, all there; %d refused, %d of them "
	       "stored whole all the same\n",
	       what, (int)t.tried, (int)t.acknowledged, (int)t.refused, (int)t.refused_but_stored);
	fflush(stdout);
	ck_assert_int_gt(t.tried, 10);
	ck_assert_int_gt(t.acknowledged, 0);
	ck_assert_int_gt(t.refused, 0);
}

START_TEST(a_change_that_fails_once_loses_nothing_acknowledged)
{
	try_all("one change fails", FAULT_ONCE, false, 0);
}
END_TEST

START_TEST(a_disk_that_dies_loses_nothing_acknowledged)
{
	try_all("every change fails from one on", FAULT_DEAD, false, 0);
}
END_TEST

START_TEST(a_full_disk_loses_nothing_acknowledged)
{
	try_all("the disk is full", FAULT_FULL, false, 0);
}
END_TEST

START_TEST(a_power_cut_loses_nothing_acknowledged)
{
	try_all("power cut, nothing unsynced is left", FAULT_DEAD, true, 0);
	for (uint64_t seed = 1; seed <= 2; seed++)
		try_all("power cut, some of it is", FAULT_DEAD, true, seed);
}
END_TEST

/* ---- group commit ---- */

struct sender {
	pthread_t thread;
	struct commit_thread *t;
	struct load load;
	char name[32];
	int rc;
	struct error err;
};

static void *send_one(void *arg)
{
	struct sender *s = arg;

	s->rc = commit_thread_submit(s->t, &s->load.s, NULL, &s->err);
	return NULL;
}

static void start_sender(struct sender *s, struct commit_thread *t, int i, int n)
{
	s->t = t;
	snprintf(s->name, sizeof(s->name), "/sender/%d", i);
	load_fill(&s->load, s->name, n);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, send_one, s), 0);
}

START_TEST(requests_that_wait_at_the_same_moment_share_a_commit)
{
	static struct sender senders[WAITING];
	struct store *holder;
	struct commit_thread *t;
	int64_t before, syncs;

	make_ledger();
	OK(commit_thread_new(settings, &t, &err));
	OK(store_open(path, STORE_WRITE, 0, &holder, &err));
	OK(store_begin_write(holder, &err));
	before = fault_syncs_of_logs();
	/*
	 * the writer waits with the first one for the ledger, the others wait
	 * for the writer
	 */
	for (int i = 0; i < WAITING; i++) {
		start_sender(&senders[i], t, i, 1);
		usleep(i ? 2000 : 100000);
	}
	usleep(100000);
	store_end(holder);
	for (int i = 0; i < WAITING; i++) {
		pthread_join(senders[i].thread, NULL);
		ck_assert_int_eq(senders[i].rc, 0);
	}
	syncs = fault_syncs_of_logs() - before;
	printf("%d requests that waited: %d syncs of the log\n", WAITING, (int)syncs);
	fflush(stdout);
	ck_assert_int_ge(syncs, 1);
	ck_assert_int_lt(syncs, WAITING / 5);
	store_close(&holder);
	commit_thread_free(&t);
	check_sums(WAITING);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("faults");
	TCase *t = tcase_create("writer");

	if (!on_sqlite("a file that fails"))
		return EXIT_SUCCESS;
	fault_install();
	tcase_set_timeout(t, 300);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_change_that_fails_once_loses_nothing_acknowledged);
	tcase_add_test(t, a_disk_that_dies_loses_nothing_acknowledged);
	tcase_add_test(t, a_full_disk_loses_nothing_acknowledged);
	tcase_add_test(t, a_power_cut_loses_nothing_acknowledged);
	tcase_add_test(t, requests_that_wait_at_the_same_moment_share_a_commit);
	suite_add_tcase(s, t);
	return run_suite_in_forks(s);
}
