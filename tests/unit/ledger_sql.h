/*
 * ledger_sql.h - a test's ledger past the store: what an operator with the
 * database's shell could do. Nobody checks that rows refer to others that exist.
 */
#ifndef TESTS_UNIT_LEDGER_SQL_H
#define TESTS_UNIT_LEDGER_SQL_H

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include "ledger_place.h"

static inline void sqlite_exec(const char *file, const char *sql)
{
	char *message = NULL;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &message);
	ck_assert_msg(!message, "%s: %s", sql, message);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static inline int64_t sqlite_number(const char *file, const char *sql)
{
	sqlite3_stmt *s;
	sqlite3 *db;
	int64_t n;

	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static inline struct db *ledger_shell(const char *file)
{
	struct error failure = { 0 };
	struct db *db;

	ck_assert_msg(db_open(ledger_place(file), DB_WRITE, 1000, &db, &failure) == 0, "%s: %s",
		      failure.message, failure.detail);
	return db;
}

/* The text for the database that the tests run on. */
static inline const char *sql_of(const char *sqlite, const char *postgresql)
{
	return test_database() ? postgresql : sqlite;
}

/* Runs SQL in the ledger in FILE; see ledger_place(). */
static inline void ledger_exec(const char *file, const char *sql)
{
	struct error failure = { 0 };
	struct db *db;

	if (!test_database()) {
		sqlite_exec(file, sql);
		return;
	}
	db = ledger_shell(file);
	/* by itself, because Citus refuses to change a table in a text of several statements */
	ck_assert_msg(db_exec(db, "SET session_replication_role = replica", &failure) == 0 &&
			      db_exec(db, sql, &failure) == 0,
		      "%s: %s (%s)", sql, failure.message, failure.detail);
	db_close(&db);
}

/* The number that SQL finds. */
static inline int64_t ledger_number(const char *file, const char *sql)
{
	struct error failure = { 0 };
	struct stmt *s;
	struct db *db;
	int64_t n;

	if (!test_database())
		return sqlite_number(file, sql);
	db = ledger_shell(file);
	s = db_prepare(db, sql, &failure);
	ck_assert_msg(db_step(s, &failure) == 1, "%s: %s (%s)", sql, failure.message,
		      failure.detail);
	n = db_get_int(s, 0);
	db_reset(s);
	db_close(&db);
	return n;
}

#endif
