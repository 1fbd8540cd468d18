/*
 * upgrade_tests.c - the upgrade of a whole ledger: its copy, and how it stops.
 */
#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store/account.h"
#include "store/internal.h"
#include "store/schema.h"
#include "store/upgrade.h"
#include "fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

#define OLD_VERSION 2

/* What an upgrade reported. */
struct reports {
	int n, give_up_at; /* at this report, from 1; 0: never */
	bool copied, stepped;
};

static bool report(void *arg, const char *work, int64_t done, int64_t all)
{
	struct reports *r = arg;

	ck_assert_int_ge(done, 0);
	ck_assert(all == 0 || done <= all);
	r->copied = r->copied || strstr(work, "copying") != NULL;
	r->stepped = r->stepped || strstr(work, "schema 4") != NULL;
	return ++r->n != r->give_up_at;
}

static const char *copy_name(void)
{
	return store_upgrade_copy(path, OLD_VERSION, &arena);
}

/* A ledger of version 2 with the account "old". */
static void write_old_ledger(void)
{
	struct db *db;

	OK(db_open(path, DB_WRITE | DB_CREATE, TIMEOUT_MS, &db, &err));
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_sqlite, OLD_VERSION, NULL, &err));
	db_close(&db);
	raw("INSERT INTO account (id, sid, name, currency, created) VALUES (1, 'AC1', 'old', "
	    "'usd', 0)");
}

static int upgrade(bool copy, struct reports *r, int64_t *ret_from)
{
	const struct store_upgrade u = { .copy = copy, .progress = report, .arg = r };

	return store_upgrade(path, TIMEOUT_MS, &u, ret_from, &err);
}

static int64_t version_of(const char *file)
{
	struct db *db;
	int64_t version;

	OK(db_open(file, 0, TIMEOUT_MS, &db, &err));
	OK(db_schema_version(db, &version, &err));
	db_close(&db);
	return version;
}

START_TEST(ledger_is_upgraded_and_a_copy_of_it_kept)
{
	struct reports r = { 0 };
	struct store *st;
	struct account a;
	int64_t from;

	write_old_ledger();
	OK(upgrade(true, &r, &from));
	ck_assert_int_eq(from, OLD_VERSION);
	ck_assert(r.copied && r.stepped);
	ck_assert_int_eq(version_of(copy_name()), OLD_VERSION);
	ck_assert_int_eq(version_of(path), (int64_t)schema_n_sqlite);
	st = reopen(STORE_WRITE);
	ck_assert_int_eq(store_account_by_name(st, "old", &arena, &a, &err), 1);
	store_close(&st);
	unlink(copy_name());
}
END_TEST

START_TEST(upgrade_can_do_without_a_copy)
{
	struct reports r = { 0 };
	int64_t from, version;

	write_old_ledger();
	version = raw_number("SELECT value FROM meta WHERE name = 'version'");
	OK(upgrade(false, &r, &from));
	ck_assert(!r.copied && r.stepped);
	/* programs that have it open look at its schema again */
	ck_assert_int_gt(raw_number("SELECT value FROM meta WHERE name = 'version'"), version);
	ck_assert_int_ne(access(copy_name(), F_OK), 0);
}
END_TEST

START_TEST(new_ledger_needs_no_upgrade)
{
	struct store *st = create(path);
	struct reports r = { 0 };
	int64_t from = -1;

	store_close(&st);
	OK(upgrade(true, &r, &from));
	ck_assert_int_eq(from, 0);
	ck_assert_int_eq(r.n, 0);
	ck_assert_int_ne(access(store_upgrade_copy(path, (int64_t)schema_n_sqlite, &arena), F_OK),
			 0);
}
END_TEST

START_TEST(upgrade_that_is_given_up_leaves_the_old_ledger)
{
	struct reports all = { 0 };
	int64_t from;

	write_old_ledger();
	OK(upgrade(true, &all, &from));
	for (int i = 1; i <= all.n; i++) {
		struct reports r = { .give_up_at = i };

		ROW("report %d", i);
		unlink(path);
		unlink(copy_name());
		write_old_ledger();
		FAILS_WITH(upgrade(true, &r, &from), ERR_BUSY, "");
		error_clear(&err);
		ck_assert_int_eq(version_of(path), OLD_VERSION);
		OK(upgrade(true, &(struct reports) { 0 }, &from));
	}
	unlink(copy_name());
}
END_TEST

START_TEST(upgrade_without_room_for_its_copy_changes_nothing)
{
	struct reports r = { 0 };
	int64_t from;

	write_old_ledger();
	/* a folder is in its way */
	OK(mkdir(copy_name(), 0700));
	ck_assert_int_lt(upgrade(true, &r, &from), 0);
	error_clear(&err);
	ck_assert_int_eq(version_of(path), OLD_VERSION);
	OK(rmdir(copy_name()));
}
END_TEST

START_TEST(writer_that_opens_an_old_ledger_is_told_to_upgrade_it)
{
	struct store *st;

	write_old_ledger();
	FAILS_WITH(store_open(path, STORE_WRITE, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "usaged upgrade");
	ck_assert_int_eq(version_of(path), OLD_VERSION);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("upgrade");
	TCase *tc = tcase_create("upgrade");

	if (!on_sqlite("the upgrade of older schemas of SQLite"))
		return EXIT_SUCCESS;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, ledger_is_upgraded_and_a_copy_of_it_kept);
	tcase_add_test(tc, upgrade_can_do_without_a_copy);
	tcase_add_test(tc, new_ledger_needs_no_upgrade);
	tcase_add_test(tc, upgrade_that_is_given_up_leaves_the_old_ledger);
	tcase_add_test(tc, upgrade_without_room_for_its_copy_changes_nothing);
	tcase_add_test(tc, writer_that_opens_an_old_ledger_is_told_to_upgrade_it);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
