/*
 * snapshot_tests.c - several connections: snapshots, locks, faults.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "store/account.h"
#include "store/internal.h"
#include "fixture.h"
#include "store_fixture.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

#define NOBODY 65534

/* ---- several connections ---- */

START_TEST(the_log_waits_for_who_reads_in_it_and_is_carried_over_then)
{
	struct store *writer = create(path);
	struct store *reader = reopen(0);
	struct store_stats facts;
	int64_t version;

	OK(db_exec(writer->db, "CREATE TABLE big (bytes)", &err));
	OK(store_begin_read(reader, &err));
	OK(store_version(reader, &version, &err));
	for (int i = 0; i < 60; i++)
		OK(db_exec(writer->db, "INSERT INTO big VALUES (zeroblob(1000000))", &err));
	OK(store_stats(writer, &facts, &err));
	ck_assert_int_lt(facts.file_bytes, 40000000);
	ck_assert_int_gt(facts.log_bytes, 60000000);
	store_end(reader);
	/*
	 * nobody reads in it now: what is in it gets into the file, and it
	 * begins anew
	 */
	for (int i = 0; i < 40; i++)
		OK(db_exec(writer->db, "INSERT INTO big VALUES (zeroblob(1000000))", &err));
	OK(store_stats(writer, &facts, &err));
	ck_assert_int_gt(facts.file_bytes, 60000000);
	store_close(&reader);
	store_close(&writer);
}
END_TEST

/* A snapshot has the account as it was; the next one has what has changed. */
START_TEST(an_account_asked_for_again_is_that_of_the_snapshot)
{
	struct store *writer = create(path);
	struct store *reader = reopen(0);
	struct account a, found;
	int64_t version;

	OK(store_account_by_id(writer, add_account(writer, 1, "before"), &arena, &a, &err) > 0
		   ? 0
		   : -1);
	OK(store_begin_read(reader, &err));
	OK(store_version(reader, &version, &err));
	ck_assert_int_eq(store_account_by_sid(reader, a.sid, &arena, &found, &err), 1);
	OK(db_exec(writer->db, "UPDATE account SET name = 'after'", &err));
	OK(store_changed(writer, &err));
	ck_assert_int_eq(store_account_by_sid(reader, a.sid, &arena, &found, &err), 1);
	ck_assert_str_eq(found.name, "before");
	store_end(reader);
	OK(store_begin_read(reader, &err));
	OK(store_version(reader, &version, &err));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(store_account_by_sid(reader, a.sid, &arena, &found, &err), 1);
		ck_assert_str_eq(found.name, "after");
		ck_assert_str_eq(found.sid, a.sid);
	}
	store_close(&reader);
	store_close(&writer);
}
END_TEST

START_TEST(reader_keeps_its_snapshot_while_another_writes)
{
	struct store *writer = create(path);
	struct store *reader = reopen(0);
	struct account *list;
	size_t n;

	add_account(writer, 1, "first");
	OK(store_begin_read(reader, &err));
	OK(store_accounts(reader, 0, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 1);
	add_account(writer, 2, "second");
	OK(store_accounts(reader, 0, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 1);
	store_end(reader);
	OK(store_accounts(reader, 0, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 2);
	store_close(&reader);
	store_close(&writer);
}
END_TEST

START_TEST(second_writer_is_told_that_the_ledger_is_locked)
{
	struct store *one = create(path);
	struct store *two = reopen(STORE_WRITE);
	struct account a = { .sid = "AC00000000000000000000000000000009",
			     .name = "nine",
			     .currency = "usd" };

	OK(store_begin_write(one, &err));
	FAILS_WITH(store_begin_write(two, &err), ERR_BUSY, "locked");
	FAILS_WITH(store_account_add(two, &a, &err), ERR_BUSY, "locked");
	store_end(one);
	OK(store_account_add(two, &a, &err));
	store_close(&two);
	store_close(&one);
}
END_TEST

static int three_times(void *arg, int times)
{
	int *calls = arg;

	ck_assert_int_eq(times, *calls);
	return ++*calls < 3;
}

START_TEST(a_writer_waits_as_its_caller_wants)
{
	struct store *one = create(path);
	struct store *two = reopen(STORE_WRITE);
	int calls = 0;

	store_wait_with(two, three_times, &calls);
	OK(store_begin_write(one, &err));
	FAILS_WITH(store_begin_write(two, &err), ERR_BUSY, "locked");
	ck_assert_int_eq(calls, 3);
	store_close(&two);
	store_close(&one);
}
END_TEST

START_TEST(what_is_written_to_a_ledger_that_was_moved_is_not_acknowledged)
{
	struct store *st = create(path);
	char away[128];

	snprintf(away, sizeof(away), "%s.away", path);
	ck_assert(!store_gone(st));
	OK(store_begin_write(st, &err));
	ck_assert_int_eq(rename(path, away), 0);
	ck_assert(store_gone(st));
	FAILS_WITH(store_commit(st, &err), ERR_INTERNAL, "removed or replaced");
	ck_assert_int_eq(rename(away, path), 0);
	ck_assert(!store_gone(st));
	store_close(&st);
}
END_TEST

START_TEST(reader_can_not_write)
{
	struct store *st = create(path);
	struct account a = { .sid = "AC00000000000000000000000000000009",
			     .name = "nine",
			     .currency = "usd" };

	store_close(&st);
	st = reopen(0);
	FAILS_WITH(store_account_add(st, &a, &err), ERR_INTERNAL, "read-only");
	store_close(&st);
}
END_TEST

/*
 * What comes of opening as a user without rights: a kind of error, or 0; its
 * message into WORDS.
 */
static enum error_kind open_as_nobody(unsigned flags, char *words, size_t size)
{
	int fd[2];
	int status;
	ssize_t len;
	pid_t pid;

	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct store *st = NULL;
		struct account *list;
		size_t n;

		if (geteuid() == 0 && setuid(NOBODY) < 0)
			_exit(99);
		error_clear(&err);
		if (store_open(ledger_place(path), flags, TIMEOUT_MS, &st, &err) == 0 &&
		    store_accounts(st, 0, &arena, &list, &n, &err) == 0 && flags)
			store_begin_write(st, &err);
		len = write(fd[1], err.message, strlen(err.message));
		_exit(len < 0 ? 99 : (int)err.kind);
	}
	close(fd[1]);
	len = read(fd[0], words, size - 1);
	ck_assert_int_ge(len, 0);
	words[len] = '\0';
	close(fd[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 99);
	return (enum error_kind)WEXITSTATUS(status);
}

START_TEST(reader_is_told_that_its_folder_must_be_writable)
{
	char words[400];
	struct store *st = create(path);

	add_account(st, 1, "first");
	store_close(&st);
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(chmod(dir, 0555), 0);
	ck_assert_int_eq(open_as_nobody(0, words, sizeof(words)), ERR_INTERNAL);
	ck_assert_msg(strstr(words, "write in its folder") != NULL, "%s", words);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(open_as_nobody(0, words, sizeof(words)), ERR_NONE);
}
END_TEST

START_TEST(writer_is_told_that_the_file_is_read_only)
{
	char words[400];
	struct store *st = create(path);

	store_close(&st);
	ck_assert_int_eq(chmod(path, 0444), 0);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(open_as_nobody(STORE_WRITE, words, sizeof(words)), ERR_INTERNAL);
	ck_assert_msg(strstr(words, "read-only") != NULL, "%s", words);
}
END_TEST

START_TEST(unreadable_file_is_refused)
{
	char words[400];
	struct store *st = create(path);

	store_close(&st);
	ck_assert_int_eq(chmod(path, 0), 0);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(open_as_nobody(0, words, sizeof(words)), ERR_INTERNAL);
	ck_assert_msg(strstr(words, "able to read the file") != NULL, "%s", words);
}
END_TEST

START_TEST(full_disk_is_said_and_nothing_is_half_stored)
{
	struct store *st = create(path);

	add_account(st, 1, "first");
	add_category(st, "calls", 0);
	OK(db_exec(st->db, "PRAGMA max_page_count = 60", &err));
	FAILS_WITH(add_many_events(st), ERR_BUSY, "try again later");
	ck_assert_ptr_nonnull(strstr(err.detail, "full"));
	ck_assert_int_gt(err.retry_after, 0);
	OK(db_exec(st->db, "PRAGMA max_page_count = 1000000", &err));
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event"), 0);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM source"), 0);
	OK(add_many_events(st));
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event"), 20000);
	store_close(&st);
}
END_TEST

/* How pages are read changes with how often there is something new to read. */
START_TEST(reads_see_each_change_after_calm_and_after_unrest)
{
	struct store *writer = create(path), *reader = reopen(0);
	struct account *list;
	size_t n;
	int made = 0;

	for (int i = 0; i < 40; i++) {
		char name[16];

		/* unrest, calm, unrest, and then now and then */
		if (i < 10 || (i >= 30 && i < 40) || i % 7 == 0) {
			snprintf(name, sizeof(name), "account %d", i);
			add_account(writer, ++made, name);
		}
		OK(store_begin_read(reader, &err));
		OK(store_accounts(reader, 0, &arena, &list, &n, &err));
		store_end(reader);
		ck_assert_uint_eq(n, (size_t)made);
	}
	store_close(&reader);
	store_close(&writer);
}
END_TEST

START_TEST(failed_write_is_said_and_nothing_is_half_stored)
{
	struct rlimit unlimited;
	struct rlimit small;
	struct store *st = create(path);

	add_account(st, 1, "first");
	add_category(st, "calls", 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	small = unlimited;
	small.rlim_cur = 400 * 1024;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	FAILS_WITH(add_many_events(st), ERR_INTERNAL, "disk failed");
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event"), 0);
	OK(add_many_events(st));
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event"), 20000);
	store_close(&st);
}
END_TEST

START_TEST(damaged_file_is_said)
{
	char garbage[4096 * 8];
	struct store *st = create(path);
	struct account *list;
	size_t n;
	int fd;

	add_account(st, 1, "first");
	store_close(&st);
	memset(garbage, 0xa5, sizeof(garbage));
	fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, garbage, sizeof(garbage), 4096 * 3), sizeof(garbage));
	close(fd);
	if (store_open(ledger_place(path), STORE_WRITE, TIMEOUT_MS, &st, &err) == 0) {
		FAILS_WITH(store_accounts(st, 0, &arena, &list, &n, &err), ERR_INTERNAL, "damaged");
		store_close(&st);
	} else {
		ck_assert_ptr_nonnull(strstr(err.message, "damaged"));
	}
}
END_TEST

START_TEST(end_undoes_a_write)
{
	struct store *st = create(":memory:");
	struct account a;

	OK(store_begin_write(st, &err));
	add_account(st, 1, "first");
	store_end(st);
	ck_assert_int_eq(store_account_by_name(st, "first", &arena, &a, &err), 0);
	store_end(st);
	add_account(st, 1, "first");
	ck_assert_int_eq(store_account_by_name(st, "first", &arena, &a, &err), 1);
	store_close(&st);
	store_close(&st);
}
END_TEST

/* What a newer program does to a ledger while this one has it open. */
static void upgrade_to(const char *version)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "%s%s; UPDATE meta SET value = value + 1 WHERE name = 'version'",
		 sql_of("PRAGMA user_version = ",
			"UPDATE meta SET value = value + 1 WHERE name = 'schema' AND 0 < "),
		 version);
	raw(sql);
}

START_TEST(a_ledger_that_a_newer_program_upgrades_meanwhile_is_left_alone)
{
	struct store *writer = create(path), *reader = reopen(0);
	int64_t version;

	OK(store_begin_write(writer, &err));
	OK(store_commit(writer, &err));
	OK(store_begin_read(reader, &err));
	OK(store_version(reader, &version, &err));
	store_end(reader);
	upgrade_to("99");
	for (int i = 0; i < 2; i++) {
		FAILS_WITH(store_begin_write(writer, &err), ERR_INTERNAL, "use the newer program");
		error_clear(&err);
		OK(store_begin_read(reader, &err));
		FAILS_WITH(store_version(reader, &version, &err), ERR_INTERNAL,
			   "use the newer program");
		store_end(reader);
		error_clear(&err);
	}
	store_close(&reader);
	store_close(&writer);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("snapshot");
	TCase *tc = tcase_create("snapshot");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_account_asked_for_again_is_that_of_the_snapshot);
	tcase_add_test(tc, reader_keeps_its_snapshot_while_another_writes);
	tcase_add_test(tc, second_writer_is_told_that_the_ledger_is_locked);
	tcase_add_test(tc, a_writer_waits_as_its_caller_wants);
	tcase_add_test(tc, reader_can_not_write);
	tcase_add_test(tc, reads_see_each_change_after_calm_and_after_unrest);
	tcase_add_test(tc, end_undoes_a_write);
	tcase_add_test(tc, a_ledger_that_a_newer_program_upgrades_meanwhile_is_left_alone);
	suite_add_tcase(s, tc);
	if (!on_sqlite("the file, its log, its rights and a disk that fails"))
		return run_suite(s);
	tc = tcase_create("file");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_log_waits_for_who_reads_in_it_and_is_carried_over_then);
	tcase_add_test(tc, what_is_written_to_a_ledger_that_was_moved_is_not_acknowledged);
	tcase_add_test(tc, reader_is_told_that_its_folder_must_be_writable);
	tcase_add_test(tc, writer_is_told_that_the_file_is_read_only);
	tcase_add_test(tc, unreadable_file_is_refused);
	tcase_add_test(tc, full_disk_is_said_and_nothing_is_half_stored);
	tcase_add_test(tc, failed_write_is_said_and_nothing_is_half_stored);
	tcase_add_test(tc, damaged_file_is_said);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
