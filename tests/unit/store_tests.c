/*
 * store_tests.c - the file of the ledger.
 */
#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store/internal.h"
#include "fixture.h"
#include "store_fixture.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* ---- the file ---- */

START_TEST(new_ledger_is_not_for_others)
{
	struct stat sb;
	struct store *st;

	umask(0);
	st = create(path);
	ck_assert_int_eq(stat(path, &sb), 0);
	ck_assert_int_eq(sb.st_mode & 0777, 0640);
	store_close(&st);
	ck_assert_ptr_null(st);
}
END_TEST

START_TEST(umask_narrows_a_new_ledger)
{
	struct stat sb;
	struct store *st;

	umask(077);
	st = create(path);
	ck_assert_int_eq(stat(path, &sb), 0);
	ck_assert_int_eq(sb.st_mode & 0777, 0600);
	store_close(&st);
}
END_TEST

START_TEST(creating_over_a_file_is_refused)
{
	struct store *st;

	write_file("precious");
	FAILS_WITH(store_open(ledger_place(path), STORE_WRITE | STORE_CREATE, TIMEOUT_MS, &st,
			      &err),
		   ERR_CONFLICT, path);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(missing_ledger_is_named)
{
	struct store *st;

	FAILS_WITH(store_open(ledger_place(path), STORE_WRITE, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   path);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(folder_is_no_ledger)
{
	struct store *st;

	FAILS_WITH(store_open(dir, 0, TIMEOUT_MS, &st, &err), ERR_INTERNAL, "not a regular file");
}
END_TEST

START_TEST(file_that_is_no_database_is_refused)
{
	struct store *st;

	write_file("This is not a database, but it is long enough that its header could be one, if "
		   "the words were others than these.");
	FAILS_WITH(store_open(ledger_place(path), STORE_WRITE, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "not a ledger");
}
END_TEST

START_TEST(empty_file_is_refused)
{
	struct store *st;
	struct stat sb;

	write_file("");
	FAILS_WITH(store_open(ledger_place(path), 0, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "usage.db: this is empty");
	ck_assert_int_eq(stat(path, &sb), 0);
	ck_assert_int_eq(sb.st_size, 0);
}
END_TEST

START_TEST(a_long_path_leaves_room_for_the_advice)
{
	char folder[512], file[600];
	struct store *st;

	snprintf(folder, sizeof(folder), "%s/%0250d", dir, 0);
	snprintf(file, sizeof(file), "%s/usage.db", folder);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	ck_assert_int_eq(mknod(file, S_IFREG | 0600, 0), 0);
	FAILS_WITH(store_open(file, 0, TIMEOUT_MS, &st, &err), ERR_INTERNAL, "\"usaged init\"");
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(database_of_another_program_is_refused_and_left_alone)
{
	struct store *st;

	raw("CREATE TABLE theirs (x)");
	FAILS_WITH(store_open(ledger_place(path), STORE_WRITE, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "another program");
	ck_assert_int_eq(raw_number("SELECT count(*) FROM sqlite_master"), 1);
	raw("DROP TABLE theirs; PRAGMA application_id = 7");
	FAILS_WITH(store_open(ledger_place(path), STORE_WRITE, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "another program");
	ck_assert_int_eq(raw_number("PRAGMA application_id"), 7);
}
END_TEST

START_TEST(ledger_of_a_newer_program_is_refused)
{
	struct store *st = create(path);

	store_close(&st);
	raw("PRAGMA user_version = 99");
	FAILS_WITH(store_open(ledger_place(path), STORE_WRITE, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "schema version 99");
	FAILS_WITH(store_open(ledger_place(path), 0, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "schema version 99");
	ck_assert_int_eq(raw_number("PRAGMA user_version"), 99);
}
END_TEST

START_TEST(ledger_is_durable_as_configured)
{
	struct store *st = create(path);
	struct stmt *s;
	int64_t n;

	s = prepare(st, "SELECT synchronous FROM pragma_synchronous", &err);
	ck_assert_int_eq(store_one(s, &n, &err), 1);
	ck_assert_int_eq(n, 2);
	s = prepare(st, "SELECT foreign_keys FROM pragma_foreign_keys", &err);
	ck_assert_int_eq(store_one(s, &n, &err), 1);
	ck_assert_int_eq(n, 1);
	s = prepare(st, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &err);
	ck_assert_int_eq(store_one(s, &n, &err), 1);
	ck_assert_int_eq(n, 1);
	store_close(&st);
}
END_TEST

/* A megabyte a commit. */
START_TEST(the_log_is_carried_over_and_begins_anew)
{
	struct store *st = create(path);
	struct store_stats facts;

	OK(db_exec(st->db, "CREATE TABLE big (bytes)", &err));
	for (int i = 0; i < 60; i++) {
		OK(db_exec(st->db, "INSERT INTO big VALUES (zeroblob(1000000))", &err));
		OK(store_stats(st, &facts, &err));
		ck_assert_int_lt(facts.log_bytes, 36 << 20);
	}
	ck_assert_int_gt(facts.file_bytes, 20 << 20);
	store_close(&st);
}
END_TEST

/* ---- rebuilding while others write ---- */

/* How many open files this process has whose path begins so. */
static int open_files(const char *begin)
{
	char link[64], target[256];
	int n = 0;

	for (int fd = 0; fd < 100; fd++) {
		ssize_t len;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		n += strncmp(target, begin, strlen(begin)) == 0;
	}
	return n;
}

START_TEST(temporary_files_lie_beside_the_ledger)
{
	struct store *st = create(path);
	char begin[FOLDER_TEXT + 16];
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db,
				      "PRAGMA temp_store = FILE; PRAGMA cache_size = 10; CREATE "
				      "TEMP TABLE t (x); PRAGMA temp.cache_size = 10;"
				      "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL "
				      "SELECT i + 1 FROM n WHERE i < 5000)"
				      " SELECT printf('%0200d', i) FROM n",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	snprintf(begin, sizeof(begin), "%s/etilqs_", dir);
	ck_assert_int_ge(open_files(begin), 1);
	sqlite3_close(db);
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store");
	TCase *tc = tcase_create("store");

	if (!on_sqlite("the file, its rights and its log"))
		return EXIT_SUCCESS;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, new_ledger_is_not_for_others);
	tcase_add_test(tc, umask_narrows_a_new_ledger);
	tcase_add_test(tc, creating_over_a_file_is_refused);
	tcase_add_test(tc, missing_ledger_is_named);
	tcase_add_test(tc, folder_is_no_ledger);
	tcase_add_test(tc, file_that_is_no_database_is_refused);
	tcase_add_test(tc, empty_file_is_refused);
	tcase_add_test(tc, a_long_path_leaves_room_for_the_advice);
	tcase_add_test(tc, database_of_another_program_is_refused_and_left_alone);
	tcase_add_test(tc, ledger_of_a_newer_program_is_refused);
	tcase_add_test(tc, ledger_is_durable_as_configured);
	tcase_add_test(tc, the_log_is_carried_over_and_begins_anew);
	tcase_add_test(tc, temporary_files_lie_beside_the_ledger);
	suite_add_tcase(s, tc);
	return run_suite_in_forks(s);
}
