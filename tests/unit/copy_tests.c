/*
 * copy_tests.c - backups and restored ledgers.
 */
#include <check.h>
#include <stdio.h>
#include <unistd.h>
#include "store/account.h"
#include "store/copy.h"
#include "store/internal.h"
#include "store/schema.h"
#include "fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

static char *beside(const char *name)
{
	static char there[2][128];
	static int which;

	which = !which;
	snprintf(there[which], sizeof(there[which]), "%s/%s", dir, name);
	return there[which];
}

/* A progress that goes on as often as *ARG says. */
static bool so_often(void *arg, int64_t done, int64_t all)
{
	int *times = arg;

	ck_assert(all == 0 || done <= all);
	return (*times)-- > 0;
}

START_TEST(backup_holds_what_was_committed_when_it_began)
{
	struct store *writer = create(path);
	struct store *reader, *copy;
	struct account a;
	int often = 1000;

	add_account(writer, 1, "before");
	OK(store_begin_write(writer, &err));
	add_account(writer, 2, "unfinished");
	reader = reopen(0);
	OK(store_backup(reader, beside("copy.db"), false, so_often, &often, &err));
	OK(store_commit(writer, &err));
	FAILS_WITH(store_backup(reader, beside("copy.db"), false, so_often, &often, &err),
		   ERR_CONFLICT, "already");
	OK(store_open(beside("copy.db"), 0, TIMEOUT_MS, &copy, &err));
	ck_assert_int_eq(store_account_by_name(copy, "before", &arena, &a, &err), 1);
	ck_assert_int_eq(store_account_by_name(copy, "unfinished", &arena, &a, &err), 0);
	store_close(&copy);
	store_close(&reader);
	store_close(&writer);
}
END_TEST

START_TEST(backup_that_is_given_up_leaves_nothing)
{
	struct store *st = create(path);
	int often = 0;

	add_category(st, "calls", 0);
	add_account(st, 1, "one");
	OK(add_many_events(st));
	FAILS_WITH(store_backup(st, beside("copy.db"), true, so_often, &often, &err), ERR_BUSY,
		   "interrupted");
	ck_assert_int_ne(access(beside("copy.db"), F_OK), 0);
	ck_assert_int_ne(access(beside("copy.db.part"), F_OK), 0);
	store_close(&st);
}
END_TEST

START_TEST(restored_ledger_takes_the_place_of_one_that_nobody_uses)
{
	struct store *st = create(path), *reader;
	struct account a;
	int often = 1000;

	add_account(st, 1, "before");
	OK(store_backup(st, beside("copy.db"), false, so_often, &often, &err));
	add_account(st, 2, "after");
	reader = reopen(0);
	ck_assert_int_eq(store_account_by_name(reader, "after", &arena, &a, &err), 1);
	FAILS_WITH(store_restore(beside("copy.db"), path, beside("old.db"), so_often, &often, &err),
		   ERR_BUSY, "in use");
	store_close(&st);
	FAILS_WITH(store_restore(beside("copy.db"), path, beside("old.db"), so_often, &often, &err),
		   ERR_BUSY, "in use");
	ck_assert(!store_gone(reader));
	store_close(&reader);
	OK(store_restore(beside("copy.db"), path, beside("old.db"), so_often, &often, &err));
	st = reopen(STORE_WRITE);
	ck_assert_int_eq(store_account_by_name(st, "before", &arena, &a, &err), 1);
	ck_assert_int_eq(store_account_by_name(st, "after", &arena, &a, &err), 0);
	store_close(&st);
	OK(store_open(beside("old.db"), 0, TIMEOUT_MS, &st, &err));
	ck_assert_int_eq(store_account_by_name(st, "after", &arena, &a, &err), 1);
	store_close(&st);
}
END_TEST

START_TEST(restored_ledger_is_brought_forward)
{
	struct store *st;
	struct db *db;
	int often = 1000;

	OK(db_open(beside("copy.db"), DB_WRITE | DB_CREATE, 0, &db, &err));
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_sqlite, 1, NULL, &err));
	db_close(&db);
	FAILS_WITH(store_open(beside("copy.db"), 0, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "version 1");
	OK(store_restore(beside("copy.db"), path, beside("old.db"), so_often, &often, &err));
	OK(store_open(path, 0, TIMEOUT_MS, &st, &err));
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("copy");
	TCase *tc = tcase_create("copy");

	if (!on_sqlite("copies and restores of the file"))
		return EXIT_SUCCESS;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, backup_holds_what_was_committed_when_it_began);
	tcase_add_test(tc, backup_that_is_given_up_leaves_nothing);
	tcase_add_test(tc, restored_ledger_takes_the_place_of_one_that_nobody_uses);
	tcase_add_test(tc, restored_ledger_is_brought_forward);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
