/*
 * new_ledger_tests.c - a ledger is made with its categories and its secret file,
 * or not at all: by one of many processes, whatever stops the others.
 */
#include <check.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "usage/catalogue.h"
#include "usage/new_ledger.h"
#include "usage/secret_mark.h"
#include "store/category.h"
#include "store/server.h"
#include "folder.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

enum { TIMEOUT_MS = 20000 };

static const char catalogue[] = "category,parent,description,count_unit,usage_unit,metered\n"
				"calls,,Calls,calls,minutes,yes\n"
				"calls-inbound,calls,Inbound,calls,minutes,yes\n";

static struct error err;
static char ledger[128], secret[128], categories[128];

static void setup(void)
{
	error_clear(&err);
	make_folder();
	snprintf(ledger, sizeof(ledger), "%s", in_folder("usage.db"));
	snprintf(secret, sizeof(secret), "%s", in_folder("secret"));
	snprintf(categories, sizeof(categories), "%s", in_folder("categories.csv"));
	write_file(categories, catalogue, sizeof(catalogue) - 1);
}

/* ---- making ---- */

static int asked, stop_at; /* times that the ledger's maker was asked to stop; 0: never */
static bool killed;        /* the process is killed then */

static bool is_going(void)
{
	asked++;
	if (asked == stop_at && killed)
		raise(SIGKILL);
	return asked != stop_at;
}

static int make_with(const char *secret_file, const char *file)
{
	const struct new_ledger new = { .where = ledger_place(ledger),
					.secret_file = secret_file,
					.categories = file,
					.busy_timeout_ms = TIMEOUT_MS,
					.going = is_going };
	size_t n = 0;
	int rc;

	asked = 0;
	error_clear(&err);
	rc = new_ledger_make(&new, &n, &err);
	if (rc == 0)
		ck_assert_uint_eq(n, 2);
	return rc;
}

static int make(void)
{
	return make_with(secret, categories);
}

/* The ledger is there, with its categories, and the secret file FILE is its own. */
static void check_ledger(const char *file)
{
	unsigned char bytes[SECRET_BYTES];
	struct category *list;
	struct store *st = NULL;
	struct arena arena;
	size_t n;

	arena_init(&arena);
	OK(store_open(ledger_place(ledger), STORE_WRITE, TIMEOUT_MS, &st, &err));
	OK(store_categories(st, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 2);
	OK(secret_load(file, bytes, &err));
	ck_assert_int_eq(secret_mark_compare(st, bytes, &err), test_database() != NULL);
	store_close(&st);
	arena_release(&arena);
}

static bool is_ledger(void)
{
	struct store *st = NULL;
	bool is = store_open(ledger_place(ledger), 0, TIMEOUT_MS, &st, NULL) == 0;

	store_close(&st);
	return is;
}

static void check_nothing(void)
{
	ck_assert(!is_ledger());
	ck_assert_int_ne(access(ledger, F_OK), 0);
	ck_assert_int_ne(access(secret, F_OK), 0);
}

START_TEST(a_new_ledger_has_its_categories_and_a_secret_file)
{
	struct stat sb;

	umask(022);
	OK(make());
	check_ledger(secret);
	ck_assert_int_ne(access(in_folder("usage.db.part"), F_OK), 0);
	ck_assert_int_ne(access(in_folder("usage.db-wal"), F_OK), 0);
	if (on_sqlite("the rights of the file")) {
		ck_assert_int_eq(stat(ledger, &sb), 0);
		ck_assert_int_eq(sb.st_mode & 0777, 0640);
	}
}
END_TEST

START_TEST(a_ledger_that_is_there_stays_as_it_is_and_no_second_secret_is_made)
{
	OK(make());
	FAILS(make_with(in_folder("other"), categories), ERR_CONFLICT, "database", "already");
	ck_assert_int_ne(access(in_folder("other"), F_OK), 0);
	check_ledger(secret);
}
END_TEST

START_TEST(making_a_ledger_again_says_that_the_secret_file_is_its_own)
{
	OK(make());
	FAILS(make(), ERR_CONFLICT, "database",
	      test_database() ? "was made already, with this secret file: " : "there is a file ");
	check_ledger(secret);
}
END_TEST

START_TEST(a_secret_file_without_a_ledger_stays_and_the_error_says_what_to_do)
{
	char *is;

	write_file(secret, "of another", 10);
	FAILS(make(), ERR_CONFLICT, "ledger.secret_file", "if no other ledger uses it");
	ck_assert_ptr_nonnull(strstr(err.message, secret));
	ck_assert(!is_ledger());
	is = read_file(secret);
	ck_assert_str_eq(is, "of another");
	free(is);
	unlink(secret);
	OK(make());
	check_ledger(secret);
}
END_TEST

START_TEST(a_secret_file_has_another_name_than_the_files_of_the_ledger)
{
	static const struct {
		const char *suffix;
		bool own;
	} rows[] = {
		{ "", true },         { "-wal", true },  { "-shm", true },
		{ "-journal", true }, { ".part", true }, { ".part-wal", true },
		{ ".secret", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *file = g_strconcat(ledger, rows[i].suffix, NULL);

		ROW("%s", rows[i].suffix);
		if (rows[i].own && !test_database()) {
			ck_assert_int_eq(make_with(file, categories), -1);
			ck_assert_int_eq(err.kind, ERR_PARAM);
			ck_assert_str_eq(err.param, "ledger.secret_file");
			check_nothing();
		}
		if (!rows[i].own) {
			OK(make_with(file, categories));
			check_ledger(file);
		}
		g_free(file);
	}
}
END_TEST

START_TEST(what_fails_on_the_way_leaves_nothing)
{
	static const char bad[] = "category,parent,description,count_unit,usage_unit,metered\n"
				  "calls,nowhere,Calls,calls,minutes,yes\n";

	write_file(in_folder("bad.csv"), bad, sizeof(bad) - 1);
	ck_assert_int_eq(make_with(secret, in_folder("bad.csv")), -1);
	check_nothing();
	ck_assert_int_eq(make_with(in_folder("none/secret"), categories), -1);
	check_nothing();
	OK(make());
	check_ledger(secret);
}
END_TEST

/* ---- interrupted ---- */

START_TEST(an_interruption_at_any_moment_leaves_nothing)
{
	int rc = -1;

	for (stop_at = 1; rc < 0; stop_at++) {
		ROW("asked %d times", stop_at);
		rc = make();
		if (rc < 0) {
			ck_assert_int_eq(err.kind, ERR_BUSY);
			ck_assert_ptr_nonnull(strstr(err.message, "nothing was changed"));
			check_nothing();
		}
	}
	ck_assert_int_gt(stop_at, 3);
	check_ledger(secret);
}
END_TEST

static pid_t make_in_child(const char *secret_file)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(make_with(secret_file, categories) == 0    ? 0
		      : err.kind == ERR_CONFLICT && *err.message ? 1
								 : 2);
	return pid;
}

START_TEST(a_process_that_is_killed_at_any_moment_leaves_no_ledger)
{
	int status = -1;

	killed = true;
	ledger_place(ledger); /* of this process, not of a child */
	for (stop_at = 1; status; stop_at++) {
		ROW("asked %d times", stop_at);
		ck_assert_int_gt(waitpid(make_in_child(secret), &status, 0), 0);
		if (status) {
			ck_assert_int_eq(WTERMSIG(status), SIGKILL);
			check_nothing();
		}
	}
	check_ledger(secret);
}
END_TEST

static void clear_ledger(void)
{
	const char *name;
	char sql[300];

	unlink(secret);
	unlink(ledger);
	if (!test_database())
		return;
	name = place_schema(ledger_place(ledger));
	snprintf(sql, sizeof(sql), "DROP SCHEMA %s CASCADE; CREATE SCHEMA %s", name, name);
	OK(place_exec(sql, &err));
}

/* As an operator would: the error says that the secret file is in the way. */
static void make_again(void)
{
	int rc = make();

	if (rc < 0 && strcmp(err.param, "ledger.secret_file") == 0) {
		unlink(secret);
		rc = make();
	}
	ck_assert_msg(rc == 0 || strcmp(err.param, "database") == 0, "%s", err.message);
}

START_TEST(a_ledger_can_be_made_after_a_process_was_killed)
{
	enum { ROUNDS = 24, STEP_US = 4000 };

	ledger_place(ledger);
	for (int i = 0; i < ROUNDS; i++) {
		const struct timespec pause = { 0, i * STEP_US * 1000 };
		pid_t pid = make_in_child(secret);

		ROW("after %d us", i * STEP_US);
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		make_again();
		check_ledger(secret);
		clear_ledger();
	}
}
END_TEST

/* ---- at once ---- */

START_TEST(one_of_many_processes_makes_the_ledger_and_a_secret_file)
{
	enum { MANY = 8 };
	char files[MANY][128];
	pid_t pids[MANY];
	int made = -1, status;

	ledger_place(ledger);
	for (int i = 0; i < MANY; i++) {
		snprintf(files[i], sizeof(files[i]), "%s/secret-%d", folder, i);
		pids[i] = make_in_child(files[i]);
	}
	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert(WIFEXITED(status));
		ck_assert_int_le(WEXITSTATUS(status), 1);
		ck_assert_int_eq(access(files[i], F_OK), WEXITSTATUS(status) ? -1 : 0);
		if (WEXITSTATUS(status) == 0) {
			ck_assert_int_eq(made, -1);
			made = i;
		}
	}
	ck_assert_int_ne(made, -1);
	check_ledger(files[made]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("new ledger");
	TCase *tc = tcase_create("new ledger");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, remove_folder);
	tcase_add_test(tc, a_new_ledger_has_its_categories_and_a_secret_file);
	tcase_add_test(tc, a_ledger_that_is_there_stays_as_it_is_and_no_second_secret_is_made);
	tcase_add_test(tc, making_a_ledger_again_says_that_the_secret_file_is_its_own);
	tcase_add_test(tc, a_secret_file_without_a_ledger_stays_and_the_error_says_what_to_do);
	tcase_add_test(tc, a_secret_file_has_another_name_than_the_files_of_the_ledger);
	tcase_add_test(tc, what_fails_on_the_way_leaves_nothing);
	tcase_add_test(tc, an_interruption_at_any_moment_leaves_nothing);
	tcase_add_test(tc, a_process_that_is_killed_at_any_moment_leaves_no_ledger);
	tcase_add_test(tc, a_ledger_can_be_made_after_a_process_was_killed);
	tcase_add_test(tc, one_of_many_processes_makes_the_ledger_and_a_secret_file);
	suite_add_tcase(s, tc);
	return run_suite_in_forks(s);
}
