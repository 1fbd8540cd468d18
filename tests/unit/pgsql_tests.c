/*
 * pgsql_tests.c - the driver for PostgreSQL: SQL and values on their way there
 * and back, errors, and the tables of a ledger. Only with USAGED_TEST_STORE.
 */
#include <check.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "store/account.h"
#include "store/internal.h"
#include "store/meta.h"
#include "store/pgsql/sql.h"
#include "store/schema.h"
#include "store/series.h"
#include "store/server.h"
#include "pgsql_fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* ---- SQL ---- */

static const struct {
	const char *sql, *want;
} translations[] = {
	{ "SELECT 1", "SELECT 1" },
	{ "SELECT ?1, ?2, ?1", "SELECT $1, $2, $1" },
	{ "SELECT ?, ?3, ?", "SELECT $1, $3, $4" },
	{ "SELECT '?1', \"?\", ?1", "SELECT '?1', \"?\", $1" },
	{ "SELECT 'it''s ?' || ?1", "SELECT 'it''s ?' || $1" },
	{ "INSERT INTO t (n{, root}) VALUES ('{}'{, ?1})",
	  "INSERT INTO t (n, root) VALUES ('{}', $1)" },
};

START_TEST(parameters_get_the_numbers_of_postgresql)
{
	const struct pg_param none[PG_PARAMS] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(translations); i++) {
		GString *got = g_string_new(NULL);

		ROW("%s", translations[i].sql);
		pg_translate(translations[i].sql, none, PG_PARAMS, got);
		ck_assert_str_eq(got->str, translations[i].want);
		g_string_free(got, TRUE);
	}
	ck_assert_int_eq(pg_count_params("SELECT ?, ?3, '?9', ?"), 4);
}
END_TEST

START_TEST(a_place_is_one_family_or_several_or_all)
{
	static const char *const wants[] = { "WHERE x AND true AND y",
					     "WHERE x AND e.root = ($2::bigint[])[1] AND y",
					     "WHERE x AND e.root = ANY ($2::bigint[]) AND y" };
	const struct db_cell cells[] = { { .n = 1 }, { .n = 2 } };

	for (size_t n = 0; n < ARRAY_SIZE(wants); n++) {
		const struct db_list list = { cells, n, 1 };
		const struct pg_param param = { .kind = PG_LIST, .list = &list };
		GString *got = g_string_new(NULL);

		pg_translate("WHERE x AND at(e.root, ?1) AND y", &param, 1, got);
		ck_assert_str_eq(got->str, wants[n]);
		g_string_free(got, TRUE);
	}
}
END_TEST

/* ---- values ---- */

static struct stmt *read_back(struct store *st)
{
	struct stmt *s = prepare(st, "SELECT n, text, bytes FROM t", &err);

	ck_assert_msg(db_step(s, &err) == 1, "%s (%s)", err.message, err.detail);
	return s;
}

START_TEST(what_is_not_bound_is_null)
{
	struct store *st = with_table();
	struct stmt *s;
	size_t len;

	OK(db_step(prepare(st, "INSERT INTO t VALUES (?1, ?2, ?3)", &err), &err));
	ck_assert_int_eq(db_changes(st->db), 1);
	s = read_back(st);
	ck_assert_int_eq(db_get_int(s, 0), 0);
	ck_assert_ptr_null(db_get_text(s, 1, &len));
	ck_assert_ptr_nonnull(db_get_blob(s, 2, &len));
	ck_assert_uint_eq(len, 0);
	db_reset(s);
	store_close(&st);
}
END_TEST

static const struct {
	int64_t n;
	const char *text;
	size_t len;
} odd[] = { { 0, "", 0 },
	    { INT64_MAX, "it's", 4 },
	    { INT64_MIN, "\\x00 \\N {} \"$1\" ?1 list(?1)", 27 },
	    { -1, "\n\r\t\x01\x7f", 5 },
	    { 256, "\xc3\xa4\xf0\x9f\x98\x80", 6 },
	    { -129, "NULL", 4 } };

START_TEST(numbers_text_and_bytes_come_back_as_they_were)
{
	static const unsigned char bytes[] = { 0, 255, 0, '\'', '\\', 128 };
	struct store *st = with_table();

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct stmt *s = prepare(st, "INSERT INTO t VALUES (?1, ?2, ?3)", &err);
		const char *text;
		size_t len;

		ROW("%s", odd[i].text);
		db_bind_int(s, 1, odd[i].n);
		db_bind_text(s, 2, odd[i].text, odd[i].len);
		db_bind_blob(s, 3, bytes, sizeof(bytes));
		OK(db_step(s, &err));
		s = read_back(st);
		ck_assert_int_eq(db_get_int(s, 0), odd[i].n);
		text = db_get_text(s, 1, &len);
		ck_assert_uint_eq(len, odd[i].len);
		ck_assert_mem_eq(text, odd[i].text, len);
		ck_assert_mem_eq(db_get_blob(s, 2, &len), bytes, sizeof(bytes));
		ck_assert_uint_eq(len, sizeof(bytes));
		db_reset(s);
		OK(db_exec(st->db, "DELETE FROM t", &err));
	}
	store_close(&st);
}
END_TEST

START_TEST(text_that_is_not_utf8_is_refused_and_ends_nothing_else)
{
	struct store *st = with_table();
	struct stmt *s = prepare(st, "INSERT INTO t (text) VALUES (?1)", &err);

	db_bind_text(s, 1, "\xff\xfe", 2);
	FAILS_WITH(db_step(s, &err), ERR_INTERNAL, "");
	db_bind_text(s, 1, "a", 1);
	OK(db_step(s, &err));
	store_close(&st);
}
END_TEST

/* ---- lists ---- */

START_TEST(lists_have_their_rows_in_order_or_none)
{
	enum { ROWS = 10000, COLUMNS = 3 };
	static const size_t sizes[] = { 0, 1, ROWS };
	struct store *st = create(path);
	struct db_cell *cells = g_new0(struct db_cell, ROWS * COLUMNS);
	char(*texts)[16] = g_malloc0(ROWS * sizeof(*texts));

	for (size_t i = 0; i < ROWS; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%c text %zu", i % 2 ? 'B' : 'a', i);
		cells[i * COLUMNS].n = -(int64_t)i;
		cells[i * COLUMNS + 1] = (struct db_cell) { .kind = DB_CELL_TEXT,
							    .bytes = texts[i],
							    .len = strlen(texts[i]) };
		cells[i * COLUMNS + 2] = (struct db_cell) { .kind = DB_CELL_BLOB,
							    .bytes = &texts[i],
							    .len = sizeof(texts[i]) };
	}
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		struct db_list list = { cells, sizes[k], COLUMNS };
		struct stmt *s = prepare(
			st, "SELECT l.a, l.b, l.c, l.rowid FROM list(?1) l ORDER BY l.rowid", &err);
		const char *text;
		size_t n = 0, len;
		int rc;

		ROW("%zu rows", sizes[k]);
		db_bind_list(s, 1, &list);
		while ((rc = db_step(s, &err)) > 0) {
			ck_assert_int_eq(db_get_int(s, 0), -(int64_t)n);
			text = db_get_text(s, 1, &len);
			ck_assert_uint_eq(len, strlen(texts[n]));
			ck_assert_mem_eq(text, texts[n], len);
			ck_assert_mem_eq(db_get_blob(s, 2, &len), texts[n], sizeof(texts[n]));
			ck_assert_int_eq(db_get_int(s, 3), (int64_t)n++);
		}
		OK(rc);
		ck_assert_uint_eq(n, sizes[k]);
	}
	g_free(cells);
	g_free(texts);
	store_close(&st);
}
END_TEST

/* ---- errors ---- */

START_TEST(errors_have_the_kinds_that_the_store_knows)
{
	struct store *st = with_table();
	struct account a = { .sid = "AC00000000000000000000000000000001",
			     .name = "b",
			     .currency = "usd" };

	add_account(st, 1, "a");
	FAILS_WITH(store_account_add(st, &a, &err), ERR_CONFLICT, "");
	OK(db_exec(st->db, "INSERT INTO t (n) VALUES (9223372036854775807)", &err));
	FAILS_WITH(db_step(prepare(st, "UPDATE t SET n = n + 1", &err), &err), ERR_OVERFLOW,
		   "does not fit");
	FAILS_WITH(db_step(prepare(st, "SELECT nothing FROM t", &err), &err), ERR_INTERNAL, "");
	store_close(&st);
}
END_TEST

START_TEST(what_passes_by_itself_is_no_defect)
{
	static const struct {
		const char *state, *text;
		enum error_kind kind;
	} rows[] = {
		{ "XX000", "failure on connection marked as essential: db1:5432", ERR_BUSY },
		{ "XX000", "terminating connection due to unexpected postmaster exit", ERR_BUSY },
		{ "58030", "failed to COPY to shard 102 on db1:5432", ERR_BUSY },
		{ "25P03", "terminating connection due to idle-in-transaction timeout", ERR_BUSY },
		{ "25P04", "terminating connection due to transaction timeout", ERR_BUSY },
		{ "XX001", "invalid page in block 1", ERR_INTERNAL },
		{ "58030", "could not read a file", ERR_INTERNAL },
	};
	struct store *st = with_table();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char sql[200];

		ROW("%s", rows[i].text);
		snprintf(sql, sizeof(sql),
			 "DO $$ BEGIN RAISE EXCEPTION '%s' USING ERRCODE = '%s'; END $$",
			 rows[i].text, rows[i].state);
		FAILS_WITH(db_exec(st->db, sql, &err), rows[i].kind, "");
	}
	store_close(&st);
}
END_TEST

/* After a statement that failed, PostgreSQL undoes the rest: nobody is told "stored". */
START_TEST(a_write_in_which_a_statement_failed_is_not_stored)
{
	struct store *st = with_table();

	OK(store_begin_write(st, &err));
	OK(db_exec(st->db, "INSERT INTO t (n) VALUES (1)", &err));
	FAILS_WITH(db_step(prepare(st, "INSERT INTO t (n) SELECT 1 / 0", &err), &err), ERR_INTERNAL,
		   "");
	FAILS_WITH(store_commit(st, &err), ERR_INTERNAL, "undone");
	store_end(st);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM t"), 0);
	store_close(&st);
}
END_TEST

START_TEST(a_read_whose_first_statement_failed_leaves_no_transaction)
{
	struct store *st = with_table();
	int64_t n = 0;

	OK(store_begin_read(st, &err));
	FAILS_WITH(db_step(prepare(st, "SELECT 1 / 0", &err), &err), ERR_INTERNAL, "");
	store_end(st);
	OK(store_begin_read(st, &err));
	OK(store_one(prepare(st, "SELECT count(*) FROM t", &err), &n, &err));
	store_end(st);
	store_close(&st);
}
END_TEST

/*
 * It sees what the writer before it has stored, and does not keep its locks for
 * ever if its program stops.
 */
START_TEST(a_write_has_its_own_settings_whatever_the_defaults_are)
{
	static const struct {
		const char *option, *name, *other, *want;
	} rows[] = {
		{ "default_transaction_isolation", "transaction_isolation", "serializable",
		  "read committed" },
		{ "idle_in_transaction_session_timeout", "idle_in_transaction_session_timeout", "0",
		  "1min" },
	};
	struct store *st = create(path);
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char sql[120];
		struct stmt *s;

		ROW("%s", rows[i].name);
		snprintf(sql, sizeof(sql), "SET %s = '%s'", rows[i].option, rows[i].other);
		OK(db_exec(st->db, sql, &err));
		OK(store_begin_write(st, &err));
		s = prepare(st, "SELECT current_setting(?1)", &err);
		db_bind_str(s, 1, rows[i].name);
		ck_assert_int_eq(db_step(s, &err), 1);
		ck_assert_str_eq(db_get_text(s, 0, &len), rows[i].want);
		db_reset(s);
		store_end(st);
	}
	store_close(&st);
}
END_TEST

/* ---- tables ---- */

START_TEST(no_ledger_is_made_where_text_is_not_utf8)
{
	struct store *st = with_table(), *other = NULL;
	char name[64], sql[256], *where, **halves = g_strsplit(test_database(), "/usaged?", 2);

	ck_assert_msg(halves[1], "the tests' database is called usaged");
	snprintf(name, sizeof(name), "latin_%d", (int)getpid());
	snprintf(sql, sizeof(sql),
		 "CREATE DATABASE %s ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE "
		 "template0",
		 name);
	OK(db_exec(st->db, sql, &err));
	where = g_strdup_printf("%s/%s?%s", halves[0], name, halves[1]);
	FAILS_WITH(store_open(where, STORE_WRITE | STORE_CREATE, 0, &other, &err), ERR_INTERNAL,
		   "server_encoding = LATIN1");
	FAILS_WITH(store_open(where, 0, 0, &other, &err), ERR_INTERNAL, "");
	snprintf(sql, sizeof(sql), "DROP DATABASE %s WITH (FORCE)", name);
	OK(db_exec(st->db, sql, &err));
	g_free(where);
	g_strfreev(halves);
	store_close(&st);
}
END_TEST

/* What another program may have in the schema, and what the error says. */
static const struct {
	const char *sql, *words;
} foreigners[] = {
	{ "CREATE TABLE meta (id bigint)", ": meta; give the ledger a schema" },
	{ "CREATE TABLE meta (name bigint, value bigint)", ": meta; give" },
	{ "CREATE TABLE meta (name text, value text)", ": meta; give" },
	{ "CREATE TABLE meta (name text, value bigint)", ": meta; give" },
	{ "CREATE VIEW meta AS SELECT 1 AS id", ": meta; give" },
	{ "CREATE TABLE \"user\" (id bigint); CREATE TABLE event (id bigint)",
	  ": event, user; give" },
	{ "CREATE TABLE crash_mark (id bigint)", ": crash_mark; give" },
	{ "CREATE SEQUENCE trigger", ": trigger; give" },
	{ "CREATE TYPE account AS (id bigint)", ": account; give" },
	{ "CREATE TABLE other (id bigint); CREATE INDEX account_number ON other (id)",
	  ": account_number; give" },
	{ "CREATE TYPE account AS ENUM ('one')", "has something of this name already" },
	{ "CREATE FUNCTION declared_values(bytea) RETURNS bigint[] LANGUAGE sql AS 'SELECT "
	  "NULL::bigint[]'",
	  "has something of this name already" },
};

START_TEST(names_of_another_program_in_the_schema_are_said)
{
	const char *where = ledger_place(path);
	const char *schema = place_schema(where);
	char *sql = g_strdup_printf("SET search_path = %s; %s", schema, foreigners[_i].sql);
	char *words = g_strdup_printf("in the schema %s: ", schema);
	struct store *st = NULL;

	ROW("%s", foreigners[_i].sql);
	OK(place_exec(sql, &err));
	FAILS_WITH(store_open(where, STORE_WRITE | STORE_CREATE, 1000, &st, &err), ERR_CONFLICT,
		   foreigners[_i].words);
	if (strstr(foreigners[_i].words, "; give"))
		ck_assert_ptr_nonnull(strstr(err.message, words));
	error_clear(&err);
	ck_assert_int_eq(store_open(where, 0, 1000, &st, &err), -1);
	ck_assert_ptr_null(strstr(err.message, "the ledger's database failed"));
	g_free(words);
	g_free(sql);
}
END_TEST

/* An address with the schemas of both, the one of FIRST before that of SECOND. */
static char *both_schemas(const char *first, const char *second)
{
	return g_strdup_printf("%s,%s", first,
			       strstr(second, "search_path%3D") + strlen("search_path%3D"));
}

/* The name of the schema at WHERE, not as in SQL. */
static char *place_plain(const char *where)
{
	char *to = arena_str(&arena, place_schema(where) + 1), *start = to;

	for (const char *p = start; *p && (*p != '"' || *++p == '"'); p++)
		*to++ = *p;
	*to = '\0';
	return start;
}

START_TEST(tables_in_a_later_schema_of_the_search_path_are_not_in_the_way)
{
	const char *where = ledger_place(path), *other = ledger_place("other.db");
	char *both = both_schemas(where, other);
	char *sql = g_strdup_printf("SET search_path = %s; CREATE TABLE meta (id bigint);"
				    " CREATE TABLE event (id bigint)",
				    place_schema(other));
	struct store *st = NULL;

	OK(place_exec(sql, &err));
	FAILS_WITH(store_open(both, 0, 1000, &st, &err), ERR_INTERNAL, "this is empty");
	error_clear(&err);
	OK(store_open(both, STORE_WRITE | STORE_CREATE, 1000, &st, &err));
	add_account(st, 1, "first");
	store_close(&st);
	g_free(both);
	g_free(sql);
}
END_TEST

START_TEST(a_table_that_hides_one_of_the_ledger_is_said)
{
	const char *where = ledger_place(path), *other = ledger_place("other.db");
	char *both = both_schemas(other, where), *words, *sql;
	struct store *st = create(path);

	store_close(&st);
	/* what is not the ledger's may have any name */
	sql = g_strdup_printf("CREATE TABLE %s.mine (id bigint); CREATE TABLE %s.mine (id bigint)",
			      place_schema(where), place_schema(other));
	OK(place_exec(sql, &err));
	g_free(sql);
	OK(store_open(both, STORE_WRITE, 1000, &st, &err));
	add_account(st, 1, "first");
	store_close(&st);
	sql = g_strdup_printf("CREATE TABLE %s.\"user\" (id bigint)", place_schema(other));
	OK(place_exec(sql, &err));
	FAILS_WITH(store_open(both, STORE_WRITE, 1000, &st, &err), ERR_CONFLICT,
		   "has a table user, too, which hides that of the ledger; let the schema of the "
		   "ledger "
		   "be the first");
	words = g_strdup_printf("in the schema %s,", place_plain(where));
	ck_assert_msg(strstr(err.message, words) != NULL, "%s", err.message);
	error_clear(&err);
	g_free(words);
	words = both_schemas(where, other);
	OK(store_open(words, 0, 1000, &st, &err));
	store_close(&st);
	g_free(words);
	g_free(sql);
	g_free(both);
}
END_TEST

START_TEST(a_ledger_is_known_whatever_the_settings_of_names_are)
{
	char *where = g_strdup_printf("%s%%20-cquote_all_identifiers%%3Don", ledger_place(path));
	struct store *st = create(path);

	store_close(&st);
	OK(store_open(where, STORE_WRITE, 1000, &st, &err));
	add_account(st, 1, "first");
	store_close(&st);
	g_free(where);
}
END_TEST

START_TEST(the_schema_of_the_server_is_that_of_the_ledger)
{
	const char *where = ledger_place(path), *other = ledger_place("other.db");
	char *both = both_schemas(other, where);
	struct store_server server;
	struct store *st = create(path);

	store_close(&st);
	OK(store_open(both, 0, 1000, &st, &err));
	ck_assert_int_eq(store_server(st, &arena, &server, &err), 1);
	ck_assert_str_eq(server.schema, place_plain(where));
	store_close(&st);
	g_free(both);
}
END_TEST

START_TEST(a_table_of_the_ledger_that_was_changed_is_an_error_with_advice)
{
	static const char *const changes[] = {
		"ALTER TABLE account DROP COLUMN number",
		"ALTER TABLE account ALTER number DROP DEFAULT, ALTER number TYPE bytea USING ''",
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		char *file = g_strdup_printf("%s-%zu", path, i);
		struct account a = { .name = "one", .sid = "AC1", .currency = "usd", .number = "" };
		struct store *st = create(file);

		ROW("%s", changes[i]);
		ledger_exec(file, "DROP INDEX account_number");
		ledger_exec(file, changes[i]);
		FAILS_WITH(store_account_add(st, &a, &err), ERR_INTERNAL,
			   "is not as usaged made it: see the search_path");
		store_close(&st);
		g_free(file);
	}
}
END_TEST

/* ---- ledgers of older programs ---- */

static const char older_rows[] =
	"INSERT INTO account (id, sid, name, parent, currency, created) VALUES"
	" (1, 'a', 'a', NULL, '', 0), (2, 'b', 'b', 1, '', 0), (3, 'c', 'c', NULL, '', 0);"
	"INSERT INTO category (id, name, description, count_unit, usage_unit, metered) VALUES"
	" (1, 'x', '', '', '', 1);"
	"INSERT INTO dimension_value (id, account, dimension, text) VALUES (1, 2, 0, 'v'),"
	" (2, 3, 64, 'v');"
	"INSERT INTO series (id, account, category, customer, sim, fleet, network, country) VALUES"
	" (5, 2, 1, 1, 0, 0, 0, 0), (6, 3, 1, 0, 0, 0, 0, 0);"
	"INSERT INTO series_value (value, series) VALUES (2, 6);";

static const struct {
	const char *sql;
	int64_t want;
} newer_rows[] = {
	{ "SELECT root FROM dimension_value WHERE id = 0", 0 },
	{ "SELECT root FROM dimension_value WHERE id = 1 AND account = 2 AND text = 'v'", 1 },
	{ "SELECT root FROM dimension_value WHERE id = 2", 3 },
	{ "SELECT root FROM series WHERE id = 5 AND account = 2 AND customer = 1", 1 },
	{ "SELECT root FROM series WHERE id = 6", 3 },
	{ "SELECT root FROM series_value WHERE value = 2 AND series = 6", 3 },
	{ "SELECT count(*) FROM series", 2 },
};

START_TEST(series_of_an_older_ledger_get_their_family)
{
	struct dimension_intern value = { .value = { 3, DIM_CUSTOMER, "w", 1 } };
	struct series_intern series = { .series = { .account = 3, .category = 1 } };
	struct store *st;
	struct db *db;

	OK(db_open(ledger_place(path), DB_WRITE | DB_CREATE, 1000, &db, &err));
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_pgsql, 1, NULL, &err));
	OK(db_exec(db, older_rows, &err));
	OK(schema_bring(db, DB_WRITE, schema_pgsql, schema_n_pgsql, NULL, &err));
	db_close(&db);
	for (size_t i = 0; i < ARRAY_SIZE(newer_rows); i++) {
		ROW("%s", newer_rows[i].sql);
		ck_assert_int_eq(ledger_number(path, newer_rows[i].sql), newer_rows[i].want);
	}
	/* ids go on behind those that there are */
	st = reopen(STORE_WRITE);
	OK(store_begin_write(st, &err));
	OK(store_dimensions_intern(st, &value, 1, &err));
	ck_assert_int_eq(value.id, 3);
	series.series.dim[DIM_CUSTOMER] = value.id;
	OK(store_series_intern(st, &series, 1, &err));
	ck_assert_int_eq(series.id, 7);
	OK(store_commit(st, &err));
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pgsql");
	TCase *tc = tcase_create("pgsql");

	tcase_add_test(tc, parameters_get_the_numbers_of_postgresql);
	tcase_add_test(tc, a_place_is_one_family_or_several_or_all);
	suite_add_tcase(s, tc);
	if (!test_database()) {
		printf("without PostgreSQL: its SQL alone\n");
		return run_suite(s);
	}
	tc = tcase_create("server");
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_not_bound_is_null);
	tcase_add_test(tc, numbers_text_and_bytes_come_back_as_they_were);
	tcase_add_test(tc, text_that_is_not_utf8_is_refused_and_ends_nothing_else);
	tcase_add_test(tc, lists_have_their_rows_in_order_or_none);
	tcase_add_test(tc, errors_have_the_kinds_that_the_store_knows);
	tcase_add_test(tc, what_passes_by_itself_is_no_defect);
	tcase_add_test(tc, a_write_in_which_a_statement_failed_is_not_stored);
	tcase_add_test(tc, a_read_whose_first_statement_failed_leaves_no_transaction);
	tcase_add_test(tc, a_write_has_its_own_settings_whatever_the_defaults_are);
	tcase_add_test(tc, no_ledger_is_made_where_text_is_not_utf8);
	tcase_add_loop_test(tc, names_of_another_program_in_the_schema_are_said, 0,
			    (int)ARRAY_SIZE(foreigners));
	tcase_add_test(tc, tables_in_a_later_schema_of_the_search_path_are_not_in_the_way);
	tcase_add_test(tc, a_table_that_hides_one_of_the_ledger_is_said);
	tcase_add_test(tc, a_ledger_is_known_whatever_the_settings_of_names_are);
	tcase_add_test(tc, the_schema_of_the_server_is_that_of_the_ledger);
	tcase_add_test(tc, a_table_of_the_ledger_that_was_changed_is_an_error_with_advice);
	tcase_add_test(tc, series_of_an_older_ledger_get_their_family);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
