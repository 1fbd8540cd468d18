/*
 * schema_tests.c - ledgers of older versions.
 */
#include <check.h>
#include <unistd.h>
#include "store/audit.h"
#include "store/closing.h"
#include "store/correction.h"
#include "store/event.h"
#include "store/internal.h"
#include "store/schema.h"
#include "store/key.h"
#include "store/posting.h"
#include "store/series.h"
#include "store/session.h"
#include "store/source.h"
#include "store/upgrade.h"
#include "store/user.h"
#include "store/verify.h"
#include "fixture.h"
#include "intern_one.h"
#include "rollup_sum.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* ---- the file ---- */

/* A history of two versions; the first as a file of an older program has it. */
static const struct schema_step history[] = {
	{ .sql = "CREATE TABLE call (id INTEGER PRIMARY KEY, price INTEGER NOT NULL) STRICT" },
	{ .sql = "ALTER TABLE call ADD COLUMN paid INTEGER NOT NULL DEFAULT 0; UPDATE call SET "
		 "paid = price" },
};

static void write_first_version(void)
{
	struct store *st = create(path);

	store_close(&st);
	unlink(path);
	raw("PRAGMA journal_mode = WAL; PRAGMA application_id = 0x75736764; PRAGMA user_version = "
	    "1;"
	    "CREATE TABLE call (id INTEGER PRIMARY KEY, price INTEGER NOT NULL) STRICT; INSERT "
	    "INTO call VALUES (1, 17)");
}

/* Opens the ledger after its upgrade by this program. */
static struct store *upgraded(void)
{
	const struct store_upgrade u = { .copy = false };
	int64_t from;

	OK(store_upgrade(path, TIMEOUT_MS, &u, &from, &err));
	ck_assert_int_ne(from, 0);
	return reopen(STORE_WRITE);
}

static int bring(unsigned flags, const struct schema_step *steps)
{
	struct db *db;
	int rc;

	OK(db_open(path, flags, TIMEOUT_MS, &db, &err));
	rc = schema_bring(db, flags, steps, 2, NULL, &err);
	db_close(&db);
	return rc;
}

START_TEST(older_ledger_is_brought_forward_by_a_writer)
{
	write_first_version();
	OK(bring(DB_WRITE, history));
	ck_assert_int_eq(raw_number("PRAGMA user_version"), 2);
	ck_assert_int_eq(raw_number("SELECT paid FROM call"), 17);
	OK(bring(DB_WRITE, history));
	ck_assert_int_eq(raw_number("PRAGMA user_version"), 2);
}
END_TEST

START_TEST(older_ledger_is_refused_to_a_reader)
{
	write_first_version();
	FAILS_WITH(bring(0, history), ERR_INTERNAL, "schema version 1");
	ck_assert_int_eq(raw_number("PRAGMA user_version"), 1);
}
END_TEST

START_TEST(step_that_fails_leaves_the_older_version)
{
	static const struct schema_step broken[] = {
		{ .sql = "CREATE TABLE call (id INTEGER PRIMARY KEY)" },
		{ .sql = "UPDATE call SET price = 18; ALTER TABLE nowhere ADD COLUMN x" },
	};

	write_first_version();
	FAILS_WITH(bring(DB_WRITE, broken), ERR_INTERNAL, "");
	ck_assert_int_eq(raw_number("PRAGMA user_version"), 1);
	ck_assert_int_eq(raw_number("SELECT price FROM call"), 17);
}
END_TEST

/* ---- postings ---- */

/*
 * As a program of version 1 left it: events without effective time and
 * corrections, no postings.
 */
START_TEST(events_of_an_older_ledger_get_their_postings)
{
	struct store *st;
	struct posting *list;
	struct stored_event e;
	struct db *db;
	int64_t source;
	size_t n;

	OK(db_open(path, DB_WRITE | DB_CREATE, TIMEOUT_MS, &db, &err));
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_sqlite, 1, NULL, &err));
	db_close(&db);
	raw("INSERT INTO account VALUES (1, 'AC1', 'a', NULL, 'usd', 0), (2, 'AC2', 'b', NULL, "
	    "'usd', 0);"
	    "INSERT INTO category VALUES (1, 'calls', NULL, '', '', '', 0); INSERT INTO source "
	    "VALUES (1, '/pbx');"
	    "INSERT INTO series VALUES (1, 1, 1, 0, 0, 0, 0, 0), (2, 2, 1, 0, 0, 0, 0, 0);"
	    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 24999)"
	    " INSERT INTO event SELECT 1, 'e' || i, 1 + i % 2, i * 1000000 + (i = 9), 1, 0, 0, 0 "
	    "FROM n");
	st = upgraded();
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event"), 25000);
	OK(store_postings(st, &(struct account_hour) { 2, 1 }, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 1800);
	ck_assert_str_eq(list[0].id, "e3601");
	ck_assert_int_eq(list[1799].effective_us, INT64_C(7199000000));
	OK(store_source_find(st, 2, "/pbx", 4, &source, &err) < 0 ? -1 : 0);
	ck_assert_int_eq(
		store_event_find(st, &(struct event_key) { source, "e7", 2 }, &arena, &e, &err), 1);
	ck_assert_int_eq(e.effective_us, 7000000);
	/* whole seconds are shorter */
	ck_assert_int_eq(raw_number("SELECT time FROM event WHERE id = 'e7'"), -7);
	ck_assert_int_eq(raw_number("SELECT time FROM event WHERE id = 'e9'"), 9000001);
	ck_assert_int_eq(e.correction, 0);
	store_close(&st);
}
END_TEST

/*
 * As a program of version 3 left it: six tables of rollups, here of a month
 * with few quarter hours (account 1) and one with all of them (account 2).
 * Series 2 has a customer; each of its sums is also part of the total.
 */
START_TEST(rollups_of_an_older_ledger_are_packed)
{
	static const struct rollup_sum sums[] = {
		{ .account = 1, .category = 1, .level = LEVEL_MONTH, .from = 24312, .to = 24313 },
		{ .account = 2, .category = 1, .level = LEVEL_MONTH, .from = 24312, .to = 24313 },
		{ .account = 2, .category = 1, .level = LEVEL_DAY, .from = 20455, .to = 20457 },
		{ .account = 2,
		  .category = 1,
		  .level = LEVEL_DAY,
		  .from = 20455,
		  .to = 20457,
		  .by_series = true },
	};
	static const int64_t want[] = { 30, 5 * 31 * 96, 5 * 2 * 96, 2 * 2 * 96 };
	struct store *st;
	struct db *db;

	OK(db_open(path, DB_WRITE | DB_CREATE, TIMEOUT_MS, &db, &err));
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_sqlite, 3, NULL, &err));
	db_close(&db);
	raw("INSERT INTO account (id, sid, name, currency, created) VALUES (1, 'AC1', 'a', 'usd', "
	    "0), "
	    "(2, 'AC2', 'b', 'usd', 0);"
	    "INSERT INTO category VALUES (1, 'calls', NULL, '', '', '', 0);"
	    "INSERT INTO dimension_value VALUES (1, 2, 0, 'cus1');"
	    "INSERT INTO series VALUES (1, 1, 1, 0, 0, 0, 0, 0), (2, 2, 1, 1, 0, 0, 0, 0);"
	    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 31 * 96 - 1)"
	    " INSERT INTO total_quarter SELECT 2, 20454 * 96 + i, 1, 5, 0, 0, 0 FROM n;"
	    "INSERT INTO part_quarter SELECT 2, 1, slot, 2, 2, 0, 0, 0 FROM total_quarter;"
	    "INSERT INTO total_quarter VALUES (1, 20454 * 96, 1, 10, 0, 0, 0), (1, 20460 * 96, 1, "
	    "20, "
	    "0, 0, 0)");
	st = upgraded();
	for (size_t i = 0; i < ARRAY_SIZE(sums); i++)
		ck_assert_msg(rollup_sum(st, &sums[i]).count == want[i], "sum %zu", i);
	store_close(&st);
	ck_assert_int_eq(raw_number(
				 "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'total_%' OR "
				 "name LIKE 'part_%'"),
			 0);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM rollup WHERE account = 1"), 1);
}
END_TEST

START_TEST(users_and_keys_of_an_older_ledger_keep_their_names_and_get_their_makers)
{
	struct store *st;
	struct user u;
	struct key *keys;
	struct session s;
	struct db *db;
	size_t n;

	OK(db_open(path, DB_WRITE | DB_CREATE, TIMEOUT_MS, &db, &err));
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_sqlite, 2, NULL, &err));
	db_close(&db);
	raw("INSERT INTO user (name, display, email, role, password, created) VALUES ('admin', '', "
	    "'', 'User', 'a', 1), ('Admin', '', '', 'User', 'b', 1),"
	    " ('eve ', '', '', 'User', 'c', 1);"
	    "INSERT INTO key (sid, name, role, account, hash, created) VALUES ('SK1', '', 'User', "
	    "NULL, zeroblob(32), 1), ('SK2', '', 'User', NULL,"
	    " x'0100000000000000000000000000000000000000000000000000000000000000', 1),"
	    " ('SK3', '', 'User', NULL, "
	    "x'0200000000000000000000000000000000000000000000000000000000000000', 1);"
	    "INSERT INTO audit (at, author, action, subject, detail) VALUES (1, 'Admin', "
	    "'key.add', 'SK1', ''), (1, 'SK1', 'key.add', 'SK2', ''),"
	    " (1, 'console', 'key.add', 'SK3', '');"
	    "INSERT INTO session (hash, user, kind, created, expires) VALUES (zeroblob(32), 1, 2, "
	    "1, 9)");
	st = upgraded();
	ck_assert_int_eq(store_user_by_name(st, "admin", &arena, &u, &err), 1);
	ck_assert_str_eq(u.password, "a");
	ck_assert_int_eq(store_user_by_name(st, "Admin", &arena, &u, &err), 1);
	ck_assert_str_eq(u.password, "b");
	ck_assert_int_eq(store_user_by_name(st, "ADMIN", &arena, &u, &err), 0);
	ck_assert_int_eq(store_user_by_name(st, "Eve", &arena, &u, &err), 1);
	ck_assert_str_eq(u.name, "eve ");
	u.name = "ADMIN";
	FAILS_WITH(store_user_add(st, &u, &err), ERR_CONFLICT, "taken");
	error_clear(&err);
	OK(store_keys(st, &arena, &keys, &n, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(keys[0].maker.user, 2);
	ck_assert_str_eq(keys[0].maker.key_sid, "");
	ck_assert_str_eq(keys[1].maker.key_sid, "SK1");
	ck_assert_int_eq(keys[2].maker.user, 0);
	ck_assert_str_eq(keys[2].maker.key_sid, "");
	ck_assert_int_eq(store_session_find(st, keys[0].hash, &s, &err), 0);
	store_close(&st);
}
END_TEST

/*
 * A subaccount (2) is of its main account's family (1); another family (3) used
 * the same source.
 */
START_TEST(families_of_an_older_ledger_get_sources_of_their_own)
{
	struct verify_calls calls = { 0 };
	struct correction list;
	struct store *st, *writer;
	struct db *db;
	int64_t first, third, none, events;
	size_t wrong;

	OK(db_open(path, DB_WRITE | DB_CREATE, TIMEOUT_MS, &db, &err));
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_sqlite, 2, NULL, &err));
	db_close(&db);
	raw("INSERT INTO account (id, sid, name, parent, currency, created) VALUES (1, 'AC1', 'a', "
	    "NULL, 'usd', 0),"
	    " (2, 'AC2', 'b', 1, 'usd', 0), (3, 'AC3', 'c', NULL, 'usd', 0);"
	    "INSERT INTO category VALUES (1, 'calls', NULL, '', '', '', 0);"
	    "INSERT INTO source VALUES (1, '/pbx'), (2, 'usaged'), (3, '/of-nobody');"
	    "INSERT INTO series VALUES (1, 1, 1, 0, 0, 0, 0, 0), (2, 2, 1, 0, 0, 0, 0, 0), (3, 3, "
	    "1, 0, 0, 0, 0, 0);"
	    "INSERT INTO correction VALUES (1, 'CR1', 0, 1, 'e3', 'ann', 'why', 5);"
	    "INSERT INTO event (source, id, series, time_us, correction, count, usage, price, "
	    "upload) VALUES"
	    " (1, 'e1', 1, 1000000, NULL, 1, 0, 0, 0), (1, 'e2', 2, 1000000, NULL, 1, 0, 0, 0), "
	    "(1, 'e3', 3, 1000000, NULL, 1, 0, 0, 0),"
	    " (2, 'CR1.reversal', 3, 1000000, 1, -1, 0, 0, 0)");
	st = upgraded();
	ck_assert_int_eq(store_source_find(st, 1, "/pbx", 4, &first, &err), 1);
	ck_assert_int_eq(store_source_find(st, 3, "/pbx", 4, &third, &err), 1);
	ck_assert_int_ne(first, third);
	ck_assert_int_eq(store_source_find(st, 2, "/pbx", 4, &none, &err), 0);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM source"), 3);
	ck_assert_int_eq(store_correction_last(st, &(struct event_key) { third, "e3", 2 }, &arena,
					       &list, &err),
			 1);
	writer = reopen(STORE_WRITE);
	OK(store_rebuild(st, writer, &calls, &wrong, &events, &err));
	store_close(&writer);
	OK(store_verify(st, NULL, &calls, &wrong, &events, &err));
	ck_assert_uint_eq(wrong, 0);
	ck_assert_int_eq(events, 4);
	store_close(&st);
}
END_TEST

/*
 * Main accounts 1, 4 and 6, each with subaccounts: 2 is less closed than its
 * main account, 3 isn't closed, 5 is closed further, 7 is closed and its main
 * account isn't.
 */
START_TEST(subaccounts_of_an_older_ledger_are_closed_with_their_main_account)
{
	static const struct {
		int64_t account, through, own;
		const char *author;
	} want[] = { { 1, 20, 20, "ann" }, { 2, 20, 10, "ann" }, { 3, 20, 0, "ann" },
		     { 4, 20, 20, "ann" }, { 5, 30, 30, "eve" }, { 7, 30, 30, "eve" } };
	struct closing *list;
	struct audit *log;
	struct store *st;
	struct db *db;
	int64_t late;
	size_t n;

	OK(db_open(path, DB_WRITE | DB_CREATE, TIMEOUT_MS, &db, &err));
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_sqlite, 2, NULL, &err));
	db_close(&db);
	raw("INSERT INTO account (id, sid, name, parent, currency, created) VALUES (1, 'AC1', '1', "
	    "NULL, 'usd', 0), (2, 'AC2', '2', 1, 'usd', 0),"
	    " (3, 'AC3', '3', 1, 'usd', 0), (4, 'AC4', '4', NULL, 'usd', 0), (5, 'AC5', '5', 4, "
	    "'usd', 0), (6, 'AC6', '6', NULL, 'usd', 0),"
	    " (7, 'AC7', '7', 6, 'usd', 0);"
	    "INSERT INTO closing (account, through, author, made) VALUES (1, 20 * 86400, 'ann', "
	    "1), (2, 10 * 86400, 'eve', 2),"
	    " (4, 20 * 86400, 'ann', 1), (5, 30 * 86400, 'eve', 2), (7, 30 * 86400, 'eve', 2);"
	    "INSERT INTO category VALUES (1, 'calls', NULL, '', '', '', 0); INSERT INTO source "
	    "VALUES (1, '/pbx');"
	    "INSERT INTO series VALUES (1, 2, 1, 0, 0, 0, 0, 0);"
	    "INSERT INTO event (source, id, series, time_us, booked_us, count, usage, price, "
	    "upload) VALUES"
	    " (1, 'on time', 1, 15 * 86400000000, NULL, 1, 0, 0, 0), (1, 'late', 1, 5 * "
	    "86400000000, 10 * 86400000000, 1, 0, 0, 0)");
	st = upgraded();
	OK(store_closings(st, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(list[i].account, want[i].account);
		ck_assert_int_eq(list[i].open_us, want[i].through * 86400000000);
		ck_assert_int_eq(list[i].own_us, want[i].own * 86400000000);
		ck_assert_str_eq(list[i].author, want[i].author);
	}
	OK(store_audits(st, &(struct newest) { .before = 0, .limit = 10 }, &arena, &log, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(log[0].action, "closing.raise");
	ck_assert_str_eq(log[0].subject, "AC3");
	ck_assert_str_eq(log[0].detail,
			 "through 1970-01-20 with its main account AC1, before: open");
	ck_assert_str_eq(log[1].subject, "AC2");
	ck_assert_str_eq(
		log[1].detail,
		"through 1970-01-20 with its main account AC1, before: through 1970-01-10");
	/*
	 * what counted before still counts there, and late events of before are
	 * listed
	 */
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event WHERE booked_us IS NULL OR "
				    "booked_us = 10 * 86400000000"),
			 2);
	OK(store_late_count(st, NULL, &late, &err));
	ck_assert_int_eq(late, 1);
	store_close(&st);
}
END_TEST

/* As a program of version 4 left it: series without declared dimensions. */
START_TEST(series_of_an_older_ledger_keep_their_numbers_and_dimensions)
{
	struct store *st;
	struct series s;
	struct db *db;

	OK(db_open(path, DB_WRITE | DB_CREATE, TIMEOUT_MS, &db, &err));
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_sqlite, 4, NULL, &err));
	db_close(&db);
	raw("INSERT INTO account (id, sid, name, currency, created) VALUES (1, 'AC1', 'a', 'usd', "
	    "0);"
	    "INSERT INTO category VALUES (1, 'calls', NULL, '', '', '', 0);"
	    "INSERT INTO dimension_value VALUES (5, 1, 0, 'cus1'), (6, 1, 1, 'sim1');"
	    "INSERT INTO series VALUES (3, 1, 1, 0, 0, 0, 0, 0), (7, 1, 1, 5, 6, 0, 0, 0);");
	st = upgraded();
	ck_assert_int_eq(raw_number("SELECT count(*) FROM series WHERE declared = x''"), 2);
	ck_assert_int_eq(store_series_by_id(st, 0, 7, &s, &err), 1);
	ck_assert_int_eq(s.dim[DIM_CUSTOMER], 5);
	ck_assert_int_eq(s.dim[DIM_SIM], 6);
	for (int d = DIM_SIM + 1; d < DIMENSIONS; d++)
		ck_assert_int_eq(s.dim[d], 0);
	OK(intern_one_series(st, &s, &(int64_t) { 0 }, &err));
	ck_assert_int_eq(raw_number("SELECT count(*) FROM series"), 2);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM sqlite_schema WHERE name LIKE "
				    "'series_%' AND name NOT IN ('series_value', 'series_sim')"),
			 0);
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("schema");
	TCase *tc = tcase_create("schema");

	if (!on_sqlite("older schemas of SQLite"))
		return EXIT_SUCCESS;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, older_ledger_is_brought_forward_by_a_writer);
	tcase_add_test(tc, older_ledger_is_refused_to_a_reader);
	tcase_add_test(tc, step_that_fails_leaves_the_older_version);
	tcase_add_test(tc, events_of_an_older_ledger_get_their_postings);
	tcase_add_test(tc, rollups_of_an_older_ledger_are_packed);
	tcase_add_test(tc, users_and_keys_of_an_older_ledger_keep_their_names_and_get_their_makers);
	tcase_add_test(tc, families_of_an_older_ledger_get_sources_of_their_own);
	tcase_add_test(tc, subaccounts_of_an_older_ledger_are_closed_with_their_main_account);
	tcase_add_test(tc, series_of_an_older_ledger_keep_their_numbers_and_dimensions);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
