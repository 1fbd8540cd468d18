/*
 * readers_tests.c - threads share connections for reading.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>
#include "base/civil.h"
#include "store/readers.h"
#include "store_fixture.h"
#include "usage/ledger_share.h"
#include "base/banned.h"

enum { MOST = 4, LONG_MOST = MOST - READERS_SHORT, WAIT_MS = 150 };

static struct readers *readers;

static void begin(void)
{
	struct store *st;

	setup();
	st = create(path);
	add_account(st, 1, "one");
	store_close(&st);
	readers = readers_new(ledger_place(path), MOST, 5000);
}

static void end(void)
{
	readers_free(&readers);
	teardown();
}

static struct readers_count count(void)
{
	struct readers_count ret;

	readers_count(readers, &ret);
	return ret;
}

/* A read that is open. */
static struct store *read_begun(bool is_long)
{
	struct store *st = readers_store(readers);

	store_give_way(st, is_long);
	OK(store_begin_read(st, &err));
	return st;
}

/* The path of a file beside the ledger. */
static const char *beside(const char *name)
{
	static char text[160];

	snprintf(text, sizeof(text), "%s/%s", dir, name);
	return text;
}

/* ---- in turn ---- */

START_TEST(reads_one_after_the_other_have_the_same_connection)
{
	struct store *a = readers_store(readers), *b = readers_store(readers);
	struct account found;

	ck_assert_int_eq(count().open, 0);
	for (int i = 0; i < 3; i++) {
		struct store *st = i % 2 ? a : b;

		OK(store_begin_read(st, &err));
		ck_assert_int_eq(count().lent, 1);
		ck_assert_int_eq(store_account_by_name(st, "one", &arena, &found, &err), 1);
		store_end(st);
	}
	ck_assert_int_eq(count().open, 1);
	ck_assert_int_eq(count().lent, 0);
	ck_assert_int_eq(count().waited, 0);
	store_close(&a);
	store_close(&b);
	ck_assert_int_eq(count().open, 1);
}
END_TEST

START_TEST(statements_are_counted_for_the_store_that_runs_them)
{
	struct store *a = readers_store(readers), *b = readers_store(readers);
	int64_t version, once;

	OK(store_begin_read(a, &err));
	OK(store_version(a, &version, &err));
	store_end(a);
	once = store_statements(a);
	ck_assert_int_gt(once, 0);
	OK(store_begin_read(b, &err));
	OK(store_version(b, &version, &err));
	store_end(b);
	ck_assert_int_eq(store_statements(a), once);
	ck_assert_int_eq(store_statements(b), once);
	store_close(&a);
	store_close(&b);
}
END_TEST

START_TEST(a_connection_is_closed_with_the_store_that_is_in_a_read)
{
	struct store *st = read_begun(false);

	store_close(&st);
	ck_assert_int_eq(count().open, 0);
	ck_assert_int_eq(count().lent, 0);
}
END_TEST

START_TEST(a_failed_opening_frees_its_place)
{
	struct readers *none = readers_new(beside("none.db"), MOST, 50);
	struct store *st = readers_store(none);
	struct readers_count after;

	for (int i = 0; i < MOST + 1; i++)
		FAILS_WITH(store_begin_read(st, &err), ERR_INTERNAL, "there is no ledger");
	readers_count(none, &after);
	ck_assert_int_eq(after.open + after.lent, 0);
	store_close(&st);
	readers_free(&none);
}
END_TEST

/* ---- at once ---- */

static sem_t asked;
static atomic_int begun;

/* Begins and ends a read; returns for how many ms it waited. */
static void *read_once(void *is_long)
{
	struct store *st = readers_store(readers);
	struct error failure = { 0 };
	int64_t from = monotonic_ms(), waited = -1;

	store_give_way(st, is_long != NULL);
	sem_post(&asked);
	if (store_begin_read(st, &failure) == 0)
		waited = monotonic_ms() - from;
	atomic_fetch_add(&begun, 1);
	store_close(&st);
	return (void *)(intptr_t)waited;
}

/* A thread that does so, which has asked for its read. */
static pthread_t reader(void *is_long)
{
	pthread_t thread;

	ck_assert_int_eq(sem_init(&asked, 0, 0), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, read_once, is_long), 0);
	ck_assert_int_eq(sem_wait(&asked), 0);
	return thread;
}

static intptr_t joined(pthread_t thread)
{
	void *ms;

	ck_assert_int_eq(pthread_join(thread, &ms), 0);
	ck_assert_int_ge((intptr_t)ms, 0);
	return (intptr_t)ms;
}

static void pause_ms(int64_t ms)
{
	nanosleep(&(struct timespec) { ms / 1000, ms % 1000 * 1000000 }, NULL);
}

START_TEST(a_long_read_waits_for_others_and_leaves_room_for_short_ones)
{
	struct store *lent[LONG_MOST];
	pthread_t waiting, fast;

	for (int i = 0; i < LONG_MOST; i++)
		lent[i] = read_begun(true);
	waiting = reader(readers);
	fast = reader(NULL);
	joined(fast);
	pause_ms(WAIT_MS);
	ck_assert_int_eq(atomic_load(&begun), 1);
	store_end(lent[0]);
	ck_assert_int_ge(joined(waiting), WAIT_MS / 2);
	ck_assert_int_eq(count().waited, 1);
	for (int i = 0; i < LONG_MOST; i++)
		store_close(&lent[i]);
}
END_TEST

START_TEST(a_short_read_waits_only_if_all_are_lent)
{
	struct store *lent[MOST];
	pthread_t waiting;

	for (int i = 0; i < MOST; i++)
		lent[i] = read_begun(i < LONG_MOST);
	waiting = reader(NULL);
	pause_ms(WAIT_MS);
	ck_assert_int_eq(atomic_load(&begun), 0);
	store_end(lent[0]);
	ck_assert_int_ge(joined(waiting), WAIT_MS / 2);
	for (int i = 0; i < MOST; i++)
		store_close(&lent[i]);
}
END_TEST

enum { THREADS = 12, READS = 200 };

static void *read_often(void *is_long)
{
	struct store *st = readers_store(readers);
	struct error failure = { 0 };
	struct account found;
	struct arena own;
	intptr_t n = 0;

	arena_init(&own);
	store_give_way(st, is_long != NULL);
	for (int i = 0; i < READS; i++) {
		if (store_begin_read(st, &failure) < 0)
			break;
		n += store_account_by_name(st, "one", &own, &found, &failure) == 1;
		store_end(st);
		arena_reset(&own);
	}
	store_close(&st);
	arena_release(&own);
	return (void *)n;
}

START_TEST(many_threads_share_few_connections)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, read_often, i % 2 ? readers : NULL), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(joined(threads[i]), READS);
	ck_assert_int_le(count().open, MOST);
	ck_assert_int_eq(count().lent, 0);
}
END_TEST

/* ---- another file ---- */

static void replace_file(const char *name)
{
	struct store *st = NULL;

	OK(store_open(beside("new.db"), STORE_WRITE | STORE_CREATE, 5000, &st, &err));
	add_account(st, 1, name);
	store_close(&st);
	ck_assert_int_eq(rename(beside("new.db"), path), 0);
	db_drop_log(path);
}

static bool has_account(struct store *st, const char *name)
{
	struct account found;

	return store_account_by_name(st, name, &arena, &found, &err) == 1;
}

START_TEST(a_file_that_takes_the_ledgers_place_is_read_next)
{
	struct store *a = read_begun(false), *b = read_begun(false);
	int64_t before = readers_ledger(a);

	store_end(a);
	replace_file("two");
	OK(store_begin_read(a, &err));
	ck_assert_int_ne(readers_ledger(a), before);
	ck_assert(has_account(a, "two"));
	ck_assert(has_account(b, "one"));
	store_end(b); /* it was lent of the earlier file, and is closed */
	ck_assert_int_eq(count().open, 1);
	OK(store_begin_read(b, &err));
	ck_assert(has_account(b, "two"));
	ck_assert_int_eq(readers_ledger(a), readers_ledger(b));
	store_close(&a);
	store_close(&b);
}
END_TEST

/* ---- the catalogue ---- */

static const struct catalogue *held(struct ledger_share *share, struct store *st,
				    struct held_catalogue **held)
{
	OK(store_begin_read(st, &err));
	OK(ledger_share_catalogue(share, st, held, &err));
	store_end(st);
	return (*held)->catalogue;
}

START_TEST(a_catalogue_is_loaded_once_for_each_version)
{
	struct ledger_share *share = ledger_share_new(ledger_place(path), MOST, 5000);
	struct store *a = readers_store(ledger_share_readers(share)),
		     *b = readers_store(ledger_share_readers(share)), *writer = reopen(STORE_WRITE);
	struct held_catalogue *of_a = NULL, *of_b = NULL;

	ck_assert_ptr_eq(held(share, a, &of_a), held(share, b, &of_b));
	ck_assert_ptr_eq(held(share, a, &of_a), of_b->catalogue);
	add_category(writer, "calls", 0);
	ck_assert_uint_eq(held(share, a, &of_a)->n, of_b->catalogue->n + 1);
	ck_assert_ptr_eq(held(share, b, &of_b), of_a->catalogue);
	held_catalogue_release(&of_a);
	held_catalogue_release(&of_b);
	store_close(&writer);
	store_close(&a);
	store_close(&b);
	ledger_share_free(&share);
}
END_TEST

START_TEST(a_read_of_an_older_version_has_an_older_catalogue)
{
	struct ledger_share *share = ledger_share_new(ledger_place(path), MOST, 5000);
	struct store *old = readers_store(ledger_share_readers(share)),
		     *now = readers_store(ledger_share_readers(share)),
		     *writer = reopen(STORE_WRITE);
	struct held_catalogue *of_old = NULL, *of_now = NULL;
	int64_t version;

	OK(store_begin_read(old, &err));
	OK(store_version(old, &version, &err));
	add_category(writer, "calls", 0);
	held(share, now, &of_now);
	OK(ledger_share_catalogue(share, old, &of_old, &err));
	ck_assert_uint_eq(of_old->catalogue->n + 1, of_now->catalogue->n);
	store_end(old);
	ck_assert_ptr_eq(held(share, old, &of_old), of_now->catalogue);
	held_catalogue_release(&of_old);
	held_catalogue_release(&of_now);
	store_close(&writer);
	store_close(&old);
	store_close(&now);
	ledger_share_free(&share);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("readers");
	TCase *tc = tcase_create("readers");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, reads_one_after_the_other_have_the_same_connection);
	tcase_add_test(tc, statements_are_counted_for_the_store_that_runs_them);
	tcase_add_test(tc, a_connection_is_closed_with_the_store_that_is_in_a_read);
	tcase_add_test(tc, a_long_read_waits_for_others_and_leaves_room_for_short_ones);
	tcase_add_test(tc, a_short_read_waits_only_if_all_are_lent);
	tcase_add_test(tc, many_threads_share_few_connections);
	tcase_add_test(tc, a_catalogue_is_loaded_once_for_each_version);
	tcase_add_test(tc, a_read_of_an_older_version_has_an_older_catalogue);
	if (on_sqlite("files that are not there, or replaced")) {
		tcase_add_test(tc, a_failed_opening_frees_its_place);
		tcase_add_test(tc, a_file_that_takes_the_ledgers_place_is_read_next);
	}
	suite_add_tcase(s, tc);
	return run_suite_in_forks(s);
}
