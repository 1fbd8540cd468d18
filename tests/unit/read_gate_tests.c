/*
 * read_gate_tests.c - the log restarts, however reads overlap.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>
#include "base/civil.h"
#include "store/read_gate.h"
#include "store_fixture.h"
#include "base/banned.h"

static void pause_ms(int64_t ms)
{
	nanosleep(&(struct timespec) { ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* ---- reads that overlap without end ---- */

enum { READERS = 4, READ_MS = 200, COMMITS = 90 };

static atomic_bool ended;

/* Reads on and on; each read is READ_MS long. */
static void *read_on(void *arg)
{
	struct error failure = { 0 };
	struct store *st = NULL;
	intptr_t n = -1;
	int64_t version;

	if (store_open(path, 0, 5000, &st, &failure) < 0)
		return (void *)n;
	store_give_way(st, true);
	pause_ms((intptr_t)arg * READ_MS / READERS);
	for (n = 0; !atomic_load(&ended); n++) {
		if (store_begin_read(st, &failure) < 0 ||
		    store_version(st, &version, &failure) < 0) {
			n = -1;
			break;
		}
		pause_ms(READ_MS);
		store_end(st);
	}
	store_close(&st);
	return (void *)n;
}

static void start_readers(pthread_t threads[static READERS])
{
	atomic_store(&ended, false);
	for (intptr_t i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on, (void *)i), 0);
}

/* The number of reads of all readers. */
static intptr_t end_readers(pthread_t threads[static READERS])
{
	intptr_t all = 0;

	atomic_store(&ended, true);
	for (int i = 0; i < READERS; i++) {
		void *n;

		pthread_join(threads[i], &n);
		ck_assert_int_gt((intptr_t)n, 0);
		all += (intptr_t)n;
	}
	return all;
}

/* A megabyte a commit; the file stays small. Returns the largest log. */
static int64_t write_much(struct store *st)
{
	struct store_stats stats;
	int64_t most = 0;

	for (int i = 0; i < COMMITS; i++) {
		OK(db_exec(st->db, "UPDATE big SET bytes = randomblob(1000000)", &err));
		OK(store_stats(st, &stats, &err));
		if (stats.log_bytes > most)
			most = stats.log_bytes;
		pause_ms(10);
	}
	return most;
}

START_TEST(the_log_stays_small_while_long_reads_always_overlap)
{
	struct store *st = create(path);
	pthread_t threads[READERS];
	int64_t most;

	OK(db_exec(st->db, "CREATE TABLE big (bytes); INSERT INTO big VALUES (0)", &err));
	start_readers(threads);
	most = write_much(st);
	ck_assert_int_ge(end_readers(threads), READERS);
	ck_assert_msg(most < 50 << 20, "the log had %d MB of %d", (int)(most >> 20), COMMITS);
	store_close(&st);
}
END_TEST

/* A backup in another process is such a read. */
START_TEST(the_log_restarts_after_a_read_beside_the_gate_has_ended)
{
	struct store *st = create(path), *other = reopen(0);
	struct store_stats stats;
	pthread_t threads[READERS];
	int64_t version;

	OK(db_exec(st->db, "CREATE TABLE big (bytes); INSERT INTO big VALUES (0)", &err));
	OK(store_begin_read(other, &err));
	OK(store_version(other, &version, &err));
	start_readers(threads);
	ck_assert_int_gt(write_much(st), 80 << 20);
	store_end(other);
	write_much(st);
	end_readers(threads);
	OK(store_stats(st, &stats, &err));
	ck_assert_int_lt(stats.log_bytes, 50 << 20);
	store_close(&other);
	store_close(&st);
}
END_TEST

/* ---- the gate ---- */

static int owner, another;

/* ARG: NULL, or a semaphore that says that it has begun. */
static void *pass(void *arg)
{
	int64_t begun = monotonic_ms();

	if (arg)
		sem_post(arg);
	read_gate_enter();
	read_gate_leave();
	return (void *)(intptr_t)(monotonic_ms() - begun);
}

/* A thread that passes, or waits at the gate from now on. */
static pthread_t begin_pass(void)
{
	pthread_t thread;
	sem_t begun;

	ck_assert_int_eq(sem_init(&begun, 0, 0), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, pass, &begun), 0);
	ck_assert_int_eq(sem_wait(&begun), 0);
	return thread;
}

/* How long a read had to wait before it began, in ms. */
static int64_t end_pass(pthread_t thread)
{
	void *ms;

	pthread_join(thread, &ms);
	return (intptr_t)ms;
}

START_TEST(a_read_waits_until_the_gate_opens)
{
	pthread_t thread;

	read_gate_enter();
	read_gate_close(&owner, 60000);
	ck_assert_int_eq(read_gate_state(&owner), GATE_WAITS);
	ck_assert_int_eq(read_gate_state(&another), GATE_NOT_OWN);
	thread = begin_pass();
	pause_ms(200);
	read_gate_open(&another);
	pause_ms(200);
	read_gate_open(&owner);
	ck_assert_int_ge(end_pass(thread), 300);
	ck_assert_int_eq(read_gate_state(&owner), GATE_NOT_OWN);
	read_gate_leave();
}
END_TEST

START_TEST(a_read_that_does_not_end_holds_up_others_for_a_limited_time)
{
	int64_t begun = monotonic_ms();

	read_gate_enter();
	read_gate_close(&owner, 400);
	pass(NULL);
	ck_assert_int_ge(monotonic_ms() - begun, 300);
	ck_assert_int_eq(read_gate_state(&owner), GATE_DRAINED);
	read_gate_open(&owner);
	read_gate_leave();
}
END_TEST

/* As when the last write was the one that closed the gate. */
START_TEST(the_gate_opens_by_itself_if_nothing_is_written)
{
	pthread_t thread;

	read_gate_enter();
	read_gate_close(&owner, 60000);
	thread = begin_pass();
	pause_ms(100);
	read_gate_leave();
	ck_assert_int_eq(read_gate_state(&owner), GATE_DRAINED);
	ck_assert_int_lt(end_pass(thread), 10000);
	read_gate_open(&owner);
}
END_TEST

START_TEST(a_writer_that_is_closed_opens_the_gate)
{
	struct store *st = create(path);

	read_gate_enter();
	read_gate_close(st->db, 60000);
	store_close(&st);
	ck_assert_int_lt((intptr_t)pass(NULL), 10000);
	read_gate_leave();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("read_gate");
	TCase *tc = tcase_create("read_gate");

	if (!on_sqlite("the gate of long reads, which the file's log needs"))
		return EXIT_SUCCESS;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_log_stays_small_while_long_reads_always_overlap);
	tcase_add_test(tc, the_log_restarts_after_a_read_beside_the_gate_has_ended);
	tcase_add_test(tc, a_read_waits_until_the_gate_opens);
	tcase_add_test(tc, a_read_that_does_not_end_holds_up_others_for_a_limited_time);
	tcase_add_test(tc, the_gate_opens_by_itself_if_nothing_is_written);
	tcase_add_test(tc, a_writer_that_is_closed_opens_the_gate);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
