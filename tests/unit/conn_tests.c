/*
 * conn_tests.c - connections to PostgreSQL, and their pool: that end, that a
 * pooler lends, that hang, that are all lent. Only with USAGED_TEST_STORE.
 */
#include <check.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "store/internal.h"
#include "store/meta.h"
#include "store/server.h"
#include "pgsql_fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* ---- connections that end ---- */

static int64_t backend(struct store *st)
{
	struct stmt *s = prepare(st, "SELECT pg_backend_pid()", &err);
	int64_t pid = 0;

	OK(store_one(s, &pid, &err));
	return pid;
}

/* Ends the connection's process, and waits until it has. */
static void terminate(int64_t pid)
{
	struct error failure = { 0 };
	char sql[160];

	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d, 5000)", (int)pid);
	ck_assert_msg(place_exec(sql, &failure) == 0, "%s", failure.detail);
}

static int read_meta(struct store *st)
{
	int64_t n;

	return store_meta(st, "version", &n, &err) > 0 ? 0 : -1;
}

START_TEST(the_address_may_name_the_application)
{
	static const char *const names[][2] = { { "", "usaged" },
						{ "&application_name=billing", "billing" } };
	struct store *st = create(path);

	store_close(&st);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *where = g_strconcat(ledger_place(path), names[i][0], NULL);
		struct stmt *s;
		char name[64];

		ROW("%s", names[i][0]);
		OK(store_open(where, 0, 1000, &st, &err));
		s = prepare(st, "SELECT current_setting('application_name')", &err);
		ck_assert_int_eq(db_step(s, &err), 1);
		db_get_chars(s, 0, name, sizeof(name));
		ck_assert_str_eq(name, names[i][1]);
		db_reset(s);
		store_close(&st);
		g_free(where);
	}
}
END_TEST

START_TEST(a_connection_that_ended_is_replaced_before_anything_was_read)
{
	struct store *st = create(path);

	terminate(backend(st));
	OK(read_meta(st));
	terminate(backend(st));
	OK(store_begin_read(st, &err));
	OK(read_meta(st));
	store_end(st);
	/* between the begin and the first statement */
	for (int64_t pid = backend(st); pid; pid = 0) {
		OK(store_begin_read(st, &err));
		terminate(pid);
		OK(read_meta(st));
		store_end(st);
	}
	store_close(&st);
}
END_TEST

START_TEST(a_read_whose_connection_ends_fails_and_the_next_one_does_not)
{
	struct store *st = create(path);

	OK(store_begin_read(st, &err));
	terminate(backend(st));
	FAILS_WITH(read_meta(st), ERR_BUSY, "again");
	ck_assert_int_gt(err.retry_after, 0);
	store_end(st);
	error_clear(&err);
	OK(store_begin_read(st, &err));
	OK(read_meta(st));
	store_close(&st);
}
END_TEST

START_TEST(a_write_whose_connection_ends_stores_nothing)
{
	struct store *st = with_table();

	OK(store_begin_write(st, &err));
	OK(db_exec(st->db, "INSERT INTO t (n) VALUES (1)", &err));
	terminate(backend(st));
	FAILS_WITH(db_step(prepare(st, "INSERT INTO t (n) VALUES (2)", &err), &err), ERR_BUSY,
		   "again");
	store_end(st);
	error_clear(&err);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM t"), 0);
	OK(store_begin_write(st, &err));
	OK(db_exec(st->db, "INSERT INTO t (n) VALUES (3)", &err));
	OK(store_commit(st, &err));
	ck_assert_int_eq(raw_number("SELECT count(*) FROM t"), 1);
	store_close(&st);
}
END_TEST

static void *terminate_soon(void *pid)
{
	g_usleep(200000);
	terminate(*(int64_t *)pid);
	return NULL;
}

START_TEST(the_outcome_of_a_commit_that_is_cut_off_is_asked_for)
{
	struct store *st = with_table();
	GThread *thread;
	int64_t pid;

	OK(db_exec(st->db,
		   "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS"
		   " 'BEGIN PERFORM pg_sleep(20); RETURN NULL; END';"
		   "CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
		   " FOR EACH ROW EXECUTE FUNCTION wait()",
		   &err));
	OK(store_begin_write(st, &err));
	pid = backend(st);
	OK(db_exec(st->db, "INSERT INTO t (n) VALUES (1)", &err));
	thread = g_thread_new("terminate", terminate_soon, &pid);
	FAILS_WITH(store_commit(st, &err), ERR_BUSY, "again");
	g_thread_join(thread);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM t"), 0);
	store_close(&st);
}
END_TEST

/* Fails in ST with the error STATE. */
static int raise_state(struct store *st, const char *state)
{
	char sql[120];

	snprintf(sql, sizeof(sql), "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '%s'; END $$",
		 state);
	return db_exec(st->db, sql, &err);
}

START_TEST(a_session_is_left_after_an_error_that_a_new_one_may_not_have)
{
	static const struct {
		const char *state;
		bool left;
	} rows[] = {
		{ "25006", true },  { "26000", true },  { "42P05", true },  { "57014", true },
		{ "57P01", true },  { "3F000", true },  { "42P01", true },  { "23505", false },
		{ "22012", false }, { "40001", false }, { "55P03", false }, { "53100", false },
		{ "XX000", false },
	};
	struct store *st = create(path), *other = reopen(0);
	int64_t first, idle;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ROW("%s", rows[i].state);
		OK(store_begin_read(other, &err));
		idle = backend(other);
		ck_assert_int_eq(raise_state(st, rows[i].state), -1);
		error_clear(&err);
		first = backend(st);
		ck_assert_int_eq(raise_state(st, rows[i].state), -1);
		error_clear(&err);
		ck_assert_int_eq(backend(st) != first, rows[i].left);
		/* the one that was in work meanwhile is as good as it was */
		store_end(other);
		ck_assert_int_eq(backend(st), idle);
	}
	store_close(&other);
	store_close(&st);
}
END_TEST

/* Those that began while the database was read-only stay so. */
START_TEST(all_idle_connections_are_left_after_one_that_cannot_write)
{
	enum { READERS = 5 };
	struct store *st = with_table(), *readers[READERS];

	for (int i = 0; i < READERS; i++) {
		readers[i] = reopen(0);
		OK(db_exec(readers[i]->db, "SET default_transaction_read_only = on", &err));
		OK(store_begin_read(readers[i], &err));
		OK(read_meta(readers[i]));
	}
	for (int i = 0; i < READERS; i++)
		store_end(readers[i]);
	OK(store_begin_write(st, &err));
	FAILS_WITH(db_exec(st->db, "INSERT INTO t (n) VALUES (1)", &err), ERR_BUSY, "written to");
	ck_assert_int_gt(err.retry_after, 0);
	store_end(st);
	error_clear(&err);
	for (int i = 0; i < READERS; i++) {
		OK(store_begin_write(st, &err));
		OK(db_exec(st->db, "INSERT INTO t (n) VALUES (2)", &err));
		OK(store_commit(st, &err));
		OK(store_begin_read(readers[i], &err));
		OK(read_meta(readers[i]));
	}
	for (int i = 0; i < READERS; i++)
		store_close(&readers[i]);
	store_close(&st);
}
END_TEST

/* ---- prepared statements ---- */

/* The name under which ST's session has prepared SQL; "": it has not. */
static void name_prepared(struct store *st, const char *sql, char *ret, size_t size)
{
	struct stmt *s = prepare(
		st,
		"SELECT COALESCE(min(name), '') FROM pg_prepared_statements WHERE statement = ?1",
		&err);

	db_bind_str(s, 1, sql);
	ck_assert_int_eq(db_step(s, &err), 1);
	db_get_chars(s, 0, ret, size);
	db_reset(s);
}

/* Runs it, and says under which name it is prepared. */
static void run_and_name(struct store *st, const char *sql, char *ret, size_t size)
{
	int64_t n;

	OK(store_one(prepare(st, sql, &err), &n, &err));
	name_prepared(st, sql, ret, size);
	ck_assert_str_ne(ret, "");
}

/* Behind a pooler, a session may have statements of another client of the same name. */
START_TEST(a_name_means_the_same_command_on_all_connections)
{
	struct store *st = create(path), *same = reopen(0), *other;
	char names[4][64];

	OK(store_open(ledger_place("another"), STORE_WRITE | STORE_CREATE, 1000, &other, &err));
	OK(store_begin_read(st, &err));
	OK(store_begin_read(same, &err));
	OK(store_begin_read(other, &err));
	run_and_name(st, "SELECT 1", names[0], sizeof(names[0]));
	run_and_name(st, "SELECT 2", names[1], sizeof(names[1]));
	run_and_name(same, "SELECT 2", names[2], sizeof(names[2]));
	run_and_name(other, "SELECT 2", names[3], sizeof(names[3]));
	ck_assert_str_ne(names[0], names[1]);
	ck_assert_str_eq(names[1], names[2]);
	/* another schema: the same text has another meaning */
	ck_assert_str_ne(names[1], names[3]);
	store_close(&other);
	store_close(&same);
	store_close(&st);
}
END_TEST

START_TEST(types_of_parameters_belong_to_the_name)
{
	struct store *st = create(path);
	struct stmt *s;

	OK(store_begin_read(st, &err));
	for (int i = 0; i < 2; i++) {
		s = prepare(st, "SELECT ?1 IS NULL", &err);
		if (i)
			db_bind_str(s, 1, "a");
		else
			db_bind_int(s, 1, 1);
		ck_assert_int_eq(db_step(s, &err), 1);
		db_reset(s);
	}
	s = prepare(st,
		    "SELECT count(DISTINCT name) FROM pg_prepared_statements WHERE statement ="
		    " 'SELECT $1 IS NULL'",
		    &err);
	ck_assert_int_eq(db_step(s, &err), 1);
	ck_assert_int_eq(db_get_int(s, 0), 2);
	store_close(&st);
}
END_TEST

/* "SELECT 2" fails in this read, with what to set, and not in the next one. */
static void check_advice(struct store *st)
{
	int64_t n;

	FAILS_WITH(store_one(prepare(st, "SELECT 2", &err), &n, &err), ERR_BUSY,
		   "set ledger.prepared to no");
	store_end(st);
	error_clear(&err);
	OK(store_begin_read(st, &err));
	OK(store_one(prepare(st, "SELECT 2", &err), &n, &err));
}

/* A pooler gave the client another session, without what it prepared. */
START_TEST(a_statement_that_the_session_has_not_is_no_fault_of_the_caller)
{
	struct store *st = create(path);
	char name[64];

	OK(store_begin_read(st, &err));
	run_and_name(st, "SELECT 2", name, sizeof(name));
	OK(db_exec(st->db, "DEALLOCATE ALL", &err));
	check_advice(st);
	store_close(&st);
}
END_TEST

/* The same, on a session on which another client has prepared it. */
START_TEST(a_statement_that_the_session_has_already_is_no_fault_of_the_caller)
{
	struct store *st = create(path);
	char name[64], sql[120];

	OK(store_begin_read(st, &err));
	run_and_name(st, "SELECT 2", name, sizeof(name));
	store_end(st);
	terminate(backend(st));
	snprintf(sql, sizeof(sql), "PREPARE \"%s\" AS SELECT 2", name);
	OK(store_begin_read(st, &err));
	OK(db_exec(st->db, sql, &err));
	check_advice(st);
	store_close(&st);
}
END_TEST

/* ---- a server that does not answer ---- */

static int give_up(void *arg, struct error *failure)
{
	return ++*(int *)arg < 4 ? 0 : error_set(failure, ERR_TOO_LARGE, NULL, "given up");
}

START_TEST(who_waits_for_a_server_that_hangs_may_give_up)
{
	struct store *st = create(path);
	int times = 0;
	int64_t pid = backend(st);
	int rc;

	if (kill((pid_t)pid, 0) < 0) {
		printf("not on this server: its processes are not here\n");
		store_close(&st);
		return;
	}
	OK(store_begin_read(st, &err));
	store_limit(st, &(struct store_limits) { .check = give_up, .arg = &times });
	ck_assert_int_eq(kill((pid_t)pid, SIGSTOP), 0);
	rc = read_meta(st);
	kill((pid_t)pid, SIGCONT);
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(err.kind, ERR_TOO_LARGE);
	store_end(st);
	error_clear(&err);
	OK(read_meta(st));
	store_close(&st);
}
END_TEST

START_TEST(a_read_knows_how_long_it_has_waited)
{
	struct store *st = create(path);

	OK(store_begin_read(st, &err));
	ck_assert_int_eq(db_step(db_prepare(st->db, "SELECT pg_sleep(0.2)", &err), &err), 1);
	ck_assert_int_ge(store_waited_ms(st), 190);
	store_end(st);
	OK(store_begin_read(st, &err));
	ck_assert_int_eq(store_waited_ms(st), 0);
	store_end(st);
	store_close(&st);
}
END_TEST

/* ---- several at once ---- */

START_TEST(a_second_writer_waits_and_is_told_when_it_lasts)
{
	struct store *one = create(path), *two = reopen(STORE_WRITE);
	gint64 began = g_get_monotonic_time();

	OK(store_begin_write(one, &err));
	FAILS_WITH(store_begin_write(two, &err), ERR_BUSY, "locked by another writer");
	ck_assert_int_ge(g_get_monotonic_time() - began, TIMEOUT_MS * 1000);
	store_end(one);
	error_clear(&err);
	OK(store_begin_write(two, &err));
	OK(store_commit(two, &err));
	store_close(&one);
	store_close(&two);
}
END_TEST

/* Such as that of an upgrade. */
START_TEST(a_read_that_waits_for_a_locked_table_is_told_so)
{
	struct store *one = create(path), *two = reopen(0);
	gint64 began;

	OK(store_begin_write(one, &err));
	OK(db_exec(one->db, "LOCK TABLE account IN ACCESS EXCLUSIVE MODE", &err));
	OK(store_begin_read(two, &err));
	began = g_get_monotonic_time();
	FAILS_WITH(store_any(prepare(two, "SELECT 1 FROM account", &err), &err), ERR_BUSY,
		   "locked by another writer");
	ck_assert_int_gt(err.retry_after, 0);
	ck_assert_int_lt(g_get_monotonic_time() - began, 15 * G_USEC_PER_SEC);
	store_close(&two);
	store_close(&one);
}
END_TEST

static void *commit_soon(void *st)
{
	struct error failure = { 0 };

	g_usleep(300000);
	ck_assert_int_eq(store_commit(st, &failure), 0);
	return NULL;
}

START_TEST(a_second_writer_goes_on_when_the_first_is_done)
{
	struct store *one = create(path), *two = NULL;
	struct account a;
	GThread *thread;

	OK(store_open(ledger_place(path), STORE_WRITE, 20000, &two, &err));
	OK(store_begin_write(one, &err));
	add_account(one, 1, "first");
	thread = g_thread_new("commit", commit_soon, one);
	OK(store_begin_write(two, &err));
	ck_assert_int_eq(store_account_by_name(two, "first", &arena, &a, &err), 1);
	g_thread_join(thread);
	OK(store_commit(two, &err));
	store_close(&one);
	store_close(&two);
}
END_TEST

START_TEST(who_finds_no_connection_left_is_told)
{
	enum { READERS = 10 };
	struct store *st = create(path), *readers[READERS + 1];

	for (int i = 0; i <= READERS; i++)
		readers[i] = reopen(0);
	for (int i = 0; i < READERS; i++) {
		OK(store_begin_read(readers[i], &err));
		OK(read_meta(readers[i]));
	}
	FAILS_WITH(store_begin_read(readers[READERS], &err), ERR_BUSY, "in use");
	store_end(readers[0]);
	error_clear(&err);
	OK(store_begin_read(readers[READERS], &err));
	for (int i = 0; i <= READERS; i++)
		store_close(&readers[i]);
	store_close(&st);
}
END_TEST

/* A role that may have one connection, and an address of the ledger with it. */
static char *address_of_role(struct store *st, const char *role)
{
	char *sql = g_strdup_printf(
		"DROP ROLE IF EXISTS %1$s; CREATE ROLE %1$s LOGIN CONNECTION LIMIT 1;"
		"DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %%1$I TO %1$s;"
		" GRANT SELECT ON ALL TABLES IN SCHEMA %%1$I TO %1$s', current_schema()); END $$",
		role);

	OK(db_exec(st->db, sql, &err));
	g_free(sql);
	return g_strdup_printf("%s&user=%s", ledger_place(path), role);
}

static void *end_soon(void *st)
{
	g_usleep(300000);
	store_end(st);
	return NULL;
}

/* The server allows fewer connections than the pool may have. */
START_TEST(who_is_refused_a_connection_waits_for_one_of_the_pool)
{
	struct store *st = create(path), *one = NULL, *two = NULL;
	char role[64], *where, *sql;
	GThread *thread;

	snprintf(role, sizeof(role), "usaged_test_role_%d", (int)getpid());
	where = address_of_role(st, role);
	OK(store_open(where, 0, TIMEOUT_MS, &one, &err));
	OK(store_open(where, 0, TIMEOUT_MS, &two, &err));
	for (int i = 0; i < 3; i++) {
		OK(store_begin_read(one, &err));
		OK(read_meta(one));
		thread = g_thread_new("end", end_soon, one);
		OK(store_begin_read(two, &err));
		OK(read_meta(two));
		g_thread_join(thread);
		store_end(two);
	}
	/* one that never comes back */
	OK(store_begin_read(one, &err));
	OK(read_meta(one));
	FAILS_WITH(store_begin_read(two, &err), ERR_BUSY, "cannot be reached");
	ck_assert_ptr_nonnull(strstr(err.detail, "too many connections"));
	error_clear(&err);
	store_close(&one);
	OK(store_begin_read(two, &err));
	store_close(&two);
	sql = g_strdup_printf("DROP OWNED BY %1$s; DROP ROLE %1$s", role);
	OK(db_exec(st->db, sql, &err));
	g_free(sql);
	g_free(where);
	store_close(&st);
}
END_TEST
/* A server may lose all its connections for a while: what it counts doesn't begin anew. */
START_TEST(what_a_pool_counts_goes_on_after_its_last_user)
{
	struct store_pool before, after;
	struct store *st = create(path);

	terminate(backend(st));
	OK(read_meta(st));
	ck_assert(store_pool(ledger_place(path), &before));
	ck_assert_int_gt(before.open, 0);
	ck_assert_int_gt(before.lost, 0);
	store_close(&st);
	ck_assert(store_pool(ledger_place(path), &after));
	ck_assert_int_eq(after.open, 0);
	ck_assert_int_eq(after.lost, before.lost);
	st = reopen(0);
	OK(read_meta(st));
	ck_assert(store_pool(ledger_place(path), &after));
	ck_assert_int_eq(after.open, 1);
	ck_assert_int_eq(after.lost, before.lost);
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s;
	TCase *tc;

	if (!test_database()) {
		puts("without PostgreSQL: no connections");
		return 77;
	}
	s = suite_create("conn");
	tc = tcase_create("server");
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_address_may_name_the_application);
	tcase_add_test(tc, a_connection_that_ended_is_replaced_before_anything_was_read);
	tcase_add_test(tc, a_read_whose_connection_ends_fails_and_the_next_one_does_not);
	tcase_add_test(tc, a_write_whose_connection_ends_stores_nothing);
	tcase_add_test(tc, the_outcome_of_a_commit_that_is_cut_off_is_asked_for);
	tcase_add_test(tc, a_session_is_left_after_an_error_that_a_new_one_may_not_have);
	tcase_add_test(tc, all_idle_connections_are_left_after_one_that_cannot_write);
	tcase_add_test(tc, a_name_means_the_same_command_on_all_connections);
	tcase_add_test(tc, types_of_parameters_belong_to_the_name);
	tcase_add_test(tc, a_statement_that_the_session_has_not_is_no_fault_of_the_caller);
	tcase_add_test(tc, a_statement_that_the_session_has_already_is_no_fault_of_the_caller);
	tcase_add_test(tc, who_waits_for_a_server_that_hangs_may_give_up);
	tcase_add_test(tc, a_read_knows_how_long_it_has_waited);
	tcase_add_test(tc, a_second_writer_waits_and_is_told_when_it_lasts);
	tcase_add_test(tc, a_read_that_waits_for_a_locked_table_is_told_so);
	tcase_add_test(tc, a_second_writer_goes_on_when_the_first_is_done);
	tcase_add_test(tc, who_finds_no_connection_left_is_told);
	tcase_add_test(tc, who_is_refused_a_connection_waits_for_one_of_the_pool);
	tcase_add_test(tc, what_a_pool_counts_goes_on_after_its_last_user);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
