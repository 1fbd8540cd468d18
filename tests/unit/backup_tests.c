/*
 * backup_tests.c - backups that are made, tested and rotated, also while the
 * process is killed; and what a server does for its ledger by itself.
 */
#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/log.h"
#include "base/settings.h"
#include "store/meta.h"
#include "usage/backup.h"
#include "usage/maintenance.h"
#include "ledger_fixture.h"
#include "ledger_sql.h"
#include "suite.h"
#include "base/banned.h"

static struct settings *settings;
static char backups[96];
static const int64_t NOON = 1795262400; /* 2026-11-21T12:00:00Z */

static void start(void)
{
	struct bench b;

	setup();
	log_set_level((enum log_level) - 1);
	OK(settings_load(NULL, &settings, &err));
	snprintf(backups, sizeof(backups), "%s/backups", dir);
	settings->database = path;
	settings->backup_folder = backups;
	settings->backup_copies = 3;
	b = open_bench(path, &any_account);
	put_call(&b, "a", "1");
	put_call(&b, "b", "2");
	commit(&b);
	close_bench(&b);
}

static void stop(void)
{
	settings_free(&settings);
	teardown();
}

static const char *in_backups(const char *name)
{
	return arena_join(&arena, backups, "/", name, NULL);
}

static void make_file(const char *name)
{
	FILE *f = fopen(in_backups(name), "w");

	ck_assert_ptr_nonnull(f);
	fputs("x", f);
	fclose(f);
}

static bool exists(const char *name)
{
	return access(in_backups(name), F_OK) == 0;
}

static bool is_good_name(const char *name)
{
	size_t len = strlen(name);

	return strncmp(name, "usage-2", 7) == 0 && strcmp(name + len - 3, ".db") == 0;
}

/*
 * The number of files in the folder that WANTED accepts; NULL: of all but the
 * lock.
 */
static int count_files(bool (*wanted)(const char *name))
{
	DIR *d = opendir(backups);
	int n = 0;

	ck_assert_ptr_nonnull(d);
	for (const struct dirent *e; (e = readdir(d));)
		if (wanted ? wanted(e->d_name)
			   : e->d_name[0] != '.' && strcmp(e->d_name, "usage-backup.lock") != 0)
			n++;
	closedir(d);
	return n;
}

/* Checks that the copy NAME opens, verifies, and has at least N events. */
static void assert_good_copy(const char *name, int64_t n)
{
	const struct verify_calls calls = { .limit = 0 };
	struct store *st = NULL;
	size_t differences;
	int64_t events;

	ROW("%s", name);
	OK(store_open(in_backups(name), 0, 1000, &st, &err));
	OK(store_verify(st, NULL, &calls, &differences, &events, &err));
	store_close(&st);
	ck_assert_uint_eq(differences, 0);
	ck_assert_int_ge(events, n);
}

static const struct backup_calls no_calls;

static int run_at(int64_t now, struct backup_result *r)
{
	error_clear(&err);
	return backup_run(settings, now, &no_calls, r, &err);
}

/* ---- one backup ---- */

START_TEST(a_backup_is_a_verified_copy_alone_in_its_folder)
{
	struct backup_result r;

	OK(run_at(NOON, &r));
	ck_assert_str_eq(r.name, "usage-20261121T120000Z.db");
	ck_assert_int_eq(r.events, 2);
	ck_assert_uint_eq(r.copies, 1);
	ck_assert_int_gt(r.bytes, 0);
	ck_assert_int_eq(count_files(NULL), 1);
	assert_good_copy(r.name, 2);
}
END_TEST

START_TEST(rotation_removes_the_oldest_copies_and_no_other_file)
{
	struct backup_result r;

	OK(backup_prepare(settings, &err));
	make_file("usage.db");
	make_file("usage-20200101T000000Z.db.txt.mine");
	make_file("usage-20200101T000000Z.dbx");
	make_file("notes");
	for (int i = 0; i < 5; i++)
		OK(run_at(NOON + i * 86400, &r));
	ck_assert_uint_eq(r.copies, 3);
	ck_assert(!exists("usage-20261121T120000Z.db"));
	ck_assert(!exists("usage-20261122T120000Z.db"));
	for (int day = 23; day <= 25; day++)
		assert_good_copy(arena_printf(&arena, "usage-202611%dT120000Z.db", day), 2);
	ck_assert(exists("usage.db") && exists("notes") && exists("usage-20200101T000000Z.dbx"));
}
END_TEST

START_TEST(rotation_removes_copies_from_the_future_first)
{
	struct backup_result r;

	/* the clock runs ahead by a year, and is set back */
	for (int i = 0; i < 3; i++)
		OK(run_at(NOON + (365 + i) * 86400, &r));
	for (int i = 1; i <= 2; i++) {
		OK(run_at(NOON + i * 86400, &r));
		ck_assert_uint_eq(r.copies, 3);
		ck_assert(exists(r.name));
	}
	ck_assert(!exists("usage-20271121T120000Z.db"));
	ck_assert(!exists("usage-20271122T120000Z.db"));
	ck_assert(exists("usage-20271123T120000Z.db"));
	ck_assert(exists("usage-20261122T120000Z.db"));
}
END_TEST

START_TEST(a_smaller_number_of_copies_holds_from_the_next_backup_on)
{
	struct backup_result r;

	for (int i = 0; i < 3; i++)
		OK(run_at(NOON + i, &r));
	settings->backup_copies = 1;
	OK(run_at(NOON + 3, &r));
	ck_assert_uint_eq(r.copies, 1);
	ck_assert_int_eq(count_files(NULL), 1);
}
END_TEST

START_TEST(what_a_killed_backup_left_is_removed)
{
	static const char *const left[] = { "usage-20261120T120000Z.db.new",
					    "usage-20261120T120000Z.db.new.part",
					    "usage-20261120T120000Z.db.test",
					    "usage-20261120T120000Z.db.test-wal",
					    "usage-20261120T120000Z.db.test.part" };
	struct backup_result r;

	OK(backup_prepare(settings, &err));
	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		make_file(left[i]);
	OK(run_at(NOON, &r));
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		ROW("%s", left[i]);
		ck_assert(!exists(left[i]));
	}
	ck_assert_int_eq(count_files(NULL), 1);
}
END_TEST

/* ---- failures: nothing new, and nothing lost ---- */

static void execute(const char *sql)
{
	ledger_exec(path, sql);
}

static bool at_once(void *arg)
{
	return ++*(int *)arg > 1;
}

static void three_copies(void)
{
	struct backup_result r;

	for (int i = 0; i < 3; i++)
		OK(run_at(NOON + i, &r));
}

START_TEST(a_copy_with_differences_is_not_kept)
{
	struct backup_result r;

	three_copies();
	execute("DELETE FROM rollup");
	FAILS(run_at(NOON + 9, &r), ERR_INTERNAL, "", "differences; it is not kept");
	ck_assert_int_eq(count_files(NULL), 3);
	assert_good_copy("usage-20261121T120000Z.db", 2);
}
END_TEST

START_TEST(a_stopped_backup_leaves_nothing)
{
	int times = 0;
	const struct backup_calls calls = { .stopped = at_once, .arg = &times };
	struct backup_result r;

	three_copies();
	ck_assert_int_eq(backup_run(settings, NOON + 9, &calls, &r, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	ck_assert_int_eq(count_files(NULL), 3);
}
END_TEST

START_TEST(two_processes_do_not_back_up_into_one_folder_at_once)
{
	struct backup_result r;
	int fd;

	OK(backup_prepare(settings, &err));
	fd = open(in_backups("usage-backup.lock"), O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	FAILS(run_at(NOON, &r), ERR_CONFLICT, "", "another process");
	close(fd);
	OK(run_at(NOON, &r));
	FAILS(run_at(NOON, &r), ERR_CONFLICT, "", "already");
	ck_assert_int_eq(count_files(NULL), 1);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_refused)
{
	const struct {
		const char *folder, *words;
	} rows[] = { { path, "is not a folder" },
		     { arena_join(&arena, path, "/deep", NULL), "Not a directory" },
		     { in_backups("deep"), "No such file" },
		     { in_backups("deep//"), "No such file" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ROW("%s", rows[i].folder);
		settings->backup_folder = rows[i].folder;
		error_clear(&err);
		FAILS(backup_check(settings, &err), ERR_PARAM, "backup.folder", rows[i].words);
		error_clear(&err);
		FAILS(backup_prepare(settings, &err), ERR_PARAM, "backup.folder", rows[i].words);
	}
}
END_TEST

START_TEST(a_folder_is_made_only_when_it_is_prepared)
{
	settings->backup_folder = in_backups("");
	OK(backup_check(settings, &err));
	ck_assert(!exists(""));
	OK(backup_prepare(settings, &err));
	ck_assert(exists(""));
	OK(backup_check(settings, &err));
	OK(backup_check_room(settings, &err));
}
END_TEST

/* ---- kills ---- */

enum { KILLS = 25 };

/* Backs up until it is killed; ROUND makes the times unique. */
static void back_up_until_killed(int round)
{
	for (int i = 0;; i++) {
		struct error own = { 0 };
		struct backup_result r;

		backup_run(settings, NOON + round * 100000 + i, &no_calls, &r, &own);
	}
}

static void check_all_copies(void)
{
	DIR *d = opendir(backups);

	ck_assert_ptr_nonnull(d);
	for (const struct dirent *e; (e = readdir(d));)
		if (is_good_name(e->d_name))
			assert_good_copy(arena_str(&arena, e->d_name), 2);
	closedir(d);
}

START_TEST(kills_leave_no_half_copy_and_take_no_good_one)
{
	struct backup_result r;

	three_copies();
	srand(20261130);
	for (int round = 1; round <= KILLS; round++) {
		pid_t pid = fork();
		int n;

		if (pid == 0)
			back_up_until_killed(round);
		ck_assert_int_gt(pid, 0);
		usleep((useconds_t)(rand() % 100000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		n = count_files(is_good_name);
		/* killed before rotation, it leaves one more */
		ck_assert_int_ge(n, 3);
		ck_assert_int_le(n, 4);
		check_all_copies();
	}
	OK(run_at(NOON + 9000000, &r));
	ck_assert_int_eq(count_files(NULL), 3);
}
END_TEST

/* ---- what is due ---- */

enum { H = 3600, DAY = 86400 };

static const struct {
	int64_t hours, verified, whole, differences;
	bool changed;
	int64_t now;
	enum maintenance_verify due;
} verifications[] = {
	{ 24, 0, 0, 0, true, 1000 * DAY, VERIFY_WHOLE },
	{ 0, 0, 0, 0, true, 1000 * DAY, VERIFY_NOTHING },
	{ 24, 1000 * DAY, 1000 * DAY, 0, true, 1001 * DAY - 1, VERIFY_NOTHING },
	{ 24, 1000 * DAY, 1000 * DAY, 0, true, 1001 * DAY, VERIFY_CHANGED },
	{ 1, 1000 * DAY, 1000 * DAY, 0, true, 1000 * DAY + H, VERIFY_CHANGED },
	{ 24, 1000 * DAY, 1000 * DAY, 0, false, 1001 * DAY, VERIFY_NOTHING },
	/* a week after the last one of the whole ledger */
	{ 24, 1006 * DAY, 1000 * DAY, 0, true, 1007 * DAY - 1, VERIFY_NOTHING },
	{ 24, 1006 * DAY, 1000 * DAY, 0, true, 1007 * DAY, VERIFY_WHOLE },
	{ 24, 1000 * DAY, 1000 * DAY, 0, false, 1007 * DAY, VERIFY_WHOLE },
	{ 24, 1000 * DAY, 0, 0, false, 1001 * DAY, VERIFY_WHOLE },
	/* the last one found differences, perhaps repaired since */
	{ 24, 1000 * DAY, 1000 * DAY, 1, false, 1001 * DAY - 1, VERIFY_NOTHING },
	{ 24, 1000 * DAY, 1000 * DAY, 1, false, 1001 * DAY, VERIFY_WHOLE },
	/* the clock was wrong at the last one */
	{ 24, 2000 * DAY, 2000 * DAY, 0, false, 1001 * DAY, VERIFY_WHOLE },
};

START_TEST(a_verification_is_due_after_changes_and_after_a_week)
{
	for (size_t i = 0; i < ARRAY_SIZE(verifications); i++) {
		const struct maintenance_notes notes = { .verified = verifications[i].verified,
							 .whole = verifications[i].whole,
							 .differences =
								 verifications[i].differences,
							 .changed = verifications[i].changed };

		ROW("%zu", i);
		settings->verify_hours = verifications[i].hours;
		ck_assert_int_eq(maintenance_verify_due(settings, &notes, verifications[i].now),
				 verifications[i].due);
	}
}
END_TEST

static const struct {
	const char *folder;
	int64_t hours, last, now;
	bool due;
} dues[] = {
	{ "", 24, 0, 1000 * DAY, false },
	{ "/b", 24, 0, 1000 * DAY, true },
	{ "/b", 24, 1000 * DAY, 1001 * DAY - 1, false },
	{ "/b", 24, 1000 * DAY, 1001 * DAY, true },
	{ "/b", 6, 1000 * DAY, 1000 * DAY + 6 * H, true },
	{ "/b", 24, 2000 * DAY, 1000 * DAY, true },
};

START_TEST(a_backup_is_due_after_the_hours_of_the_setting)
{
	for (size_t i = 0; i < ARRAY_SIZE(dues); i++) {
		const struct maintenance_notes notes = { .backed_up = dues[i].last };

		ROW("%zu", i);
		settings->backup_folder = dues[i].folder;
		settings->backup_hours = dues[i].hours;
		ck_assert_int_eq(maintenance_backup_due(settings, &notes, dues[i].now),
				 dues[i].due);
	}
}
END_TEST

/* ---- the thread ---- */

static const struct maintenance_pace fast = { .first_ms = 0, .look_ms = 5, .retry_ms = 20 };
static const struct maintenance_pace never = { .first_ms = 1000000,
					       .look_ms = 5,
					       .retry_ms = 1000000 };

static int64_t note_of(const char *name)
{
	struct store *st = NULL;
	int64_t value = 0;

	OK(store_open(path, 0, 1000, &st, &err));
	OK(store_meta(st, name, &value, &err));
	store_close(&st);
	return value;
}

/* Waits until the ledger has the note. */
static int64_t wait_for(const char *name)
{
	int64_t value;

	while (!(value = note_of(name)))
		usleep(5000);
	return value;
}

START_TEST(a_server_verifies_and_backs_up_by_itself)
{
	struct commit_thread *commits;
	struct maintenance *m;

	clock_set_us(NOON * USEC_PER_SEC);
	OK(commit_thread_new(settings, &commits, &err));
	m = maintenance_new(settings, commits, &fast, &err);
	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(wait_for(META_VERIFIED), NOON);
	ck_assert_int_eq(wait_for(META_BACKUP), NOON);
	maintenance_free(&m);
	ck_assert_ptr_null(m);
	commit_thread_free(&commits);
	ck_assert_int_eq(note_of(META_DIFFERENCES), 0);
	ck_assert_int_eq(note_of(META_BACKUP_FAILED), 0);
	assert_good_copy("usage-20261121T120000Z.db", 2);
}
END_TEST

/* Lets a server do what is due at NOW, until its verification is noted. */
static void verify_at(int64_t now)
{
	struct commit_thread *commits;
	struct maintenance *m;

	clock_set_us(now * USEC_PER_SEC);
	settings->backup_folder = "";
	OK(commit_thread_new(settings, &commits, &err));
	m = maintenance_new(settings, commits, &fast, &err);
	while (note_of(META_VERIFIED) != now)
		usleep(5000);
	maintenance_free(&m);
	commit_thread_free(&commits);
}

/* Another process stores an event of the main account or its subaccount. */
static void store_event_of(const char *sid, const char *id)
{
	struct raw_event raw = good_event();
	struct bench b = { 0 };

	set_field(&raw, EV_SUBJECT, sid);
	set_field(&raw, EV_ID, id);
	set_field(&raw, EV_USAGE, "1");
	OK(store_open(path, STORE_WRITE, 1000, &b.st, &err));
	b.l = ledger_new(b.st, &any_account);
	OK(put(&b, &raw));
	commit(&b);
	ledger_free(&b.l);
	arena_release(&b.batch.arena);
	store_close(&b.st);
}

#define SUB_SID "AC00000000000000000000000000000003"

static int64_t add_subaccount(void)
{
	struct account a = { .name = "sub", .currency = "usd", .sid = SUB_SID, .parent = 1 };
	struct store *st = NULL;

	OK(store_open(path, STORE_WRITE, 1000, &st, &err));
	OK(store_account_add(st, &a, &err));
	store_close(&st);
	return a.id;
}

/* A rollup that no event has. */
#define STRAY(account) \
	execute("INSERT INTO rollup VALUES (3, " #account ", 20454, x'', x'02a2010002')")

START_TEST(the_daily_verification_finds_damage_where_something_changed)
{
	ck_assert_int_eq(add_subaccount(), 3);
	verify_at(NOON);
	ck_assert_int_eq(note_of(META_VERIFIED_WHOLE), NOON);
	STRAY(1);
	STRAY(3);
	clock_set_us((NOON + 3 * H) * USEC_PER_SEC);
	store_event_of(SUB_SID, "c");
	verify_at(NOON + DAY);
	ck_assert_int_eq(note_of(META_VERIFIED_WHOLE), NOON);
	ck_assert_int_eq(note_of(META_DIFFERENCES), 2);
	/* repaired by hand, or not: the next one is of the whole ledger */
	execute("DELETE FROM rollup WHERE period = 20454");
	verify_at(NOON + 2 * DAY);
	ck_assert_int_eq(note_of(META_VERIFIED_WHOLE), NOON + 2 * DAY);
	ck_assert_int_eq(note_of(META_DIFFERENCES), 0);
}
END_TEST

START_TEST(the_weekly_verification_finds_damage_where_nothing_changed)
{
	/* long ago */
	execute("UPDATE family_change SET at = 1795262400 - 86400");
	verify_at(NOON);
	STRAY(1);
	for (int day = 1; day < 7; day++) {
		clock_set_us((NOON + day * DAY - H) * USEC_PER_SEC);
		store_event_of(OTHER_SID, arena_printf(&arena, "day-%d", day));
		verify_at(NOON + day * DAY);
		ck_assert_int_eq(note_of(META_VERIFIED_WHOLE), NOON);
		ck_assert_int_eq(note_of(META_DIFFERENCES), 0);
	}
	verify_at(NOON + 7 * DAY);
	ck_assert_int_eq(note_of(META_VERIFIED_WHOLE), NOON + 7 * DAY);
	ck_assert_int_eq(note_of(META_DIFFERENCES), 1);
}
END_TEST

START_TEST(a_failed_backup_is_noted_and_tried_again)
{
	struct commit_thread *commits;
	struct maintenance *m;

	clock_set_us(NOON * USEC_PER_SEC);
	execute("DELETE FROM rollup");
	OK(commit_thread_new(settings, &commits, &err));
	m = maintenance_new(settings, commits, &fast, &err);
	ck_assert_int_eq(wait_for(META_BACKUP_FAILED), NOON);
	ck_assert_int_gt(wait_for(META_DIFFERENCES), 0);
	maintenance_free(&m);
	commit_thread_free(&commits);
	ck_assert_int_eq(note_of(META_BACKUP), 0);
	ck_assert_int_eq(count_files(is_good_name), 0);
}
END_TEST

START_TEST(a_verification_that_is_asked_for_does_not_wait_for_its_time)
{
	struct maintenance_status status;
	struct commit_thread *commits;
	struct maintenance *m;

	clock_set_us(NOON * USEC_PER_SEC);
	settings->verify_hours = 0;
	OK(commit_thread_new(settings, &commits, &err));
	m = maintenance_new(settings, commits, &never, &err);
	maintenance_get_status(m, &status);
	ck_assert(!status.verifying && !status.backing_up);
	OK(maintenance_verify(m, &err));
	ck_assert_int_eq(wait_for(META_VERIFIED), NOON);
	do
		maintenance_get_status(m, &status);
	while (status.verifying);
	ck_assert(!status.verify_failed);
	maintenance_free(&m);
	commit_thread_free(&commits);
	ck_assert_int_eq(note_of(META_BACKUP), 0);
}
END_TEST

static Suite *backup_suite(void)
{
	Suite *s = suite_create("backup");
	TCase *t = tcase_create("backup");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, start, stop);
	tcase_add_test(t, a_backup_is_a_verified_copy_alone_in_its_folder);
	tcase_add_test(t, rotation_removes_the_oldest_copies_and_no_other_file);
	tcase_add_test(t, rotation_removes_copies_from_the_future_first);
	tcase_add_test(t, a_smaller_number_of_copies_holds_from_the_next_backup_on);
	tcase_add_test(t, what_a_killed_backup_left_is_removed);
	tcase_add_test(t, a_copy_with_differences_is_not_kept);
	tcase_add_test(t, a_stopped_backup_leaves_nothing);
	tcase_add_test(t, two_processes_do_not_back_up_into_one_folder_at_once);
	tcase_add_test(t, a_folder_that_cannot_be_made_is_refused);
	tcase_add_test(t, a_folder_is_made_only_when_it_is_prepared);
	tcase_add_test(t, kills_leave_no_half_copy_and_take_no_good_one);
	tcase_add_test(t, a_verification_is_due_after_changes_and_after_a_week);
	tcase_add_test(t, a_backup_is_due_after_the_hours_of_the_setting);
	tcase_add_test(t, a_server_verifies_and_backs_up_by_itself);
	tcase_add_test(t, the_daily_verification_finds_damage_where_something_changed);
	tcase_add_test(t, the_weekly_verification_finds_damage_where_nothing_changed);
	tcase_add_test(t, a_failed_backup_is_noted_and_tried_again);
	tcase_add_test(t, a_verification_that_is_asked_for_does_not_wait_for_its_time);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	if (!on_sqlite("backups of the file"))
		return EXIT_SUCCESS;
	return run_suite(backup_suite());
}
