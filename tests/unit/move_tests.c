/*
 * move_tests.c - moving a ledger: interrupted, killed, finished, compared.
 *
 * Without USAGED_TEST_STORE, from one file of SQLite to another; with it, also
 * from SQLite to PostgreSQL and back, and from PostgreSQL to PostgreSQL.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "store/account.h"
#include "store/closing.h"
#include "store/key.h"
#include "store/meta.h"
#include "store/move.h"
#include "store/move_table.h"
#include "store/refile.h"
#include "store/session.h"
#include "store/user.h"
#include "store/verify.h"
#include "fixture.h"
#include "true_ledger.h"
#include "ledger_place.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

enum { EVENTS = 500, PAGE = 60, WAIT_MS = 10000 };

static char to_path[96];

/* The direction of a test: its bits say which end is in PostgreSQL. */
static const char *from_place(int direction)
{
	return direction & 1 ? ledger_place(path) : path;
}

static const char *to_place(int direction)
{
	snprintf(to_path, sizeof(to_path), "%s/moved.db", dir);
	return direction & 2 ? ledger_place(to_path) : to_path;
}

static struct store *open_at(const char *place, unsigned flags)
{
	struct store *st = NULL;

	OK(store_open(place, flags, WAIT_MS, &st, &err));
	return st;
}

/* ---- a ledger ---- */

static void add_event(struct store *st, struct fixture *f, int n, const char *suffix)
{
	char id[40];
	int64_t at = 20454LL * 96 + n * 7;
	struct stored_event e = { .account = f->account,
				  .family = f->account,
				  .source = f->source,
				  .id = id,
				  .series = n % 2 ? f->plain : f->dimensioned,
				  .time_us = at * 900000000 + n,
				  .amounts.n = { 1, 10, 100, 1000 } };

	snprintf(id, sizeof(id), "call-%04d%s", n, suffix);
	e.id_len = strlen(id);
	if (n % 5 == 0) {
		e.attributes = "{\"a\":\"b\"}";
		e.attributes_len = 9;
	}
	if (n % 50 == 3)
		e.effective_us = e.time_us + 1000000;
	OK(store_events_add(st, &e, 1, &err));
	add_rollup(st,
		   (struct rollup) { .account = f->account,
				     .category = f->category,
				     .series = n % 2 ? 0 : f->dimensioned,
				     .slot = at },
		   1);
	if (e.effective_us)
		OK(store_closing_change_add(st,
					    &(struct closing_change) {
						    .account = f->account,
						    .kind = CLOSING_LATE,
						    .effective_us = e.effective_us,
						    .source = e.source,
						    .event = id,
						    .event_len = e.id_len },
					    &err));
}

static void add_people(struct store *st, int64_t account)
{
	struct user u = { .name = "ann",
			  .display = "Ann",
			  .email = "a@b.c",
			  .role = "Manager",
			  .password = "x",
			  .grants = &account,
			  .n_grants = 1 };
	struct key k = { .sid = "SK1",
			 .name = "",
			 .role = "Reader",
			 .account = account,
			 .hash = { 0, 1, 0, 255 } };
	struct session s = { .hash = { 9, 0, 8 }, .created = 1, .expires = 2 };

	OK(store_user_add(st, &u, &err));
	OK(store_key_add(st, &k, &err));
	s.user = u.id;
	OK(store_session_add(st, &s, &err));
}

static const char *const others[] = {
	"INSERT INTO account (id, sid, name, parent, currency, created) VALUES (9, 'AC9', 'sub', 1,"
	" 'usd', 5)",
	"INSERT INTO audit (at, author, action, subject, detail) VALUES (1, 'a', 'b', 'c', 'd')",
	"INSERT INTO sim (family, kind, sid, name) VALUES (1, 1, 'DE1', 'one')",
	"INSERT INTO trigger (id, sid, account, category, amount, recurrence, threshold, name, url,"
	" method, created, updated) VALUES (3, 'UT1', 1, 1, 0, 0, 5, 'n', 'u', 'POST', 1, 1)",
	"INSERT INTO trigger_value VALUES (3, 1, 0, 7, 0, 0)",
	"INSERT INTO notice (id, sid, account, trigger_sid, token, url, method, form, made_us,"
	" state, attempts, next_us) VALUES (4, 'NT1', 1, 'UT1', 't', 'u', 'POST', 'f', 1, 0, 0, 1)",
	"INSERT INTO delivery (notice, at_us, took_us, status, error, answer)"
	" VALUES (4, 1, 1, 200, '', 'ok')",
};

/* A ledger with something in most tables, open for writing. */
static struct fixture fill(const char *place)
{
	struct fixture f = series_in(open_at(place, STORE_WRITE | STORE_CREATE));

	add_people(f.st, f.account);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		OK(db_exec(f.st->db, others[i], &err));
	OK(store_begin_write(f.st, &err));
	for (int i = 0; i < EVENTS; i++)
		add_event(f.st, &f, i, "");
	OK(store_commit(f.st, &err));
	ck_assert_uint_eq(ledger_differences(f.st), 0);
	return f;
}

/* ---- moving ---- */

struct steps {
	int n, most; /* stop or die at this step; 0: never */
	bool dies;
};

static bool step(void *arg, int64_t done, int64_t all)
{
	struct steps *s = arg;

	ck_assert_int_le(done, all);
	if (++s->n != s->most)
		return true;
	if (s->dies)
		raise(SIGKILL);
	return false;
}

static void no_difference(void *arg, const char *words)
{
	(void)arg;
	ck_abort_msg("%s", words);
}

/* What the last check has said, a line each. */
static char said[8192];

static void note_difference(void *arg, const char *words)
{
	size_t len = strlen(said);

	(void)arg;
	snprintf(said + len, sizeof(said) - len, "%s\n", words);
}

/* Opens both ends, and moves. */
static int move(int direction, bool final, struct steps *steps)
{
	const char *from = from_place(direction), *to = to_place(direction);
	struct move_calls calls = { .progress = step, .arg = steps, .page = PAGE };
	struct store *a = open_at(from, final ? STORE_WRITE : 0), *b = NULL;
	int64_t events = 0;
	int rc;

	if (store_open(to, STORE_WRITE | STORE_CREATE, WAIT_MS, &b, NULL) < 0)
		b = open_at(to, STORE_WRITE);
	rc = store_move(a, b, &(struct move_goal) { to, final }, &calls, &events, &err);
	store_close(&a);
	store_close(&b);
	return rc;
}

static size_t differences(int direction)
{
	struct steps none = { 0 };
	struct move_calls calls = { .progress = NULL, .difference = note_difference, .arg = &none };
	struct store *a = open_at(from_place(direction), 0), *b = open_at(to_place(direction), 0);
	int64_t events;
	size_t n;

	said[0] = '\0';
	OK(store_move_check(a, b, &calls, &n, &events, &err));
	store_close(&a);
	store_close(&b);
	return n;
}

static void check_equal(int direction)
{
	struct move_calls calls = { .difference = no_difference };
	struct store *a = open_at(from_place(direction), 0), *b = open_at(to_place(direction), 0);
	int64_t events;
	size_t n;

	OK(store_move_check(a, b, &calls, &n, &events, &err));
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(ledger_differences(b), 0);
	store_close(&a);
	store_close(&b);
}

/* Changes of all kinds after a first move. */
static void change(struct fixture *f)
{
	OK(store_begin_write(f->st, &err));
	for (int i = 0; i < EVENTS; i += 37)
		add_event(f->st, f, i, "x");
	add_event(f->st, f, EVENTS, "");
	OK(store_commit(f->st, &err));
	OK(db_exec(f->st->db, "UPDATE account SET name = 'other' WHERE id = 9", &err));
	OK(db_exec(f->st->db, "DELETE FROM session", &err));
	OK(db_exec(f->st->db, "UPDATE trigger SET threshold = 6", &err));
	OK(db_exec(f->st->db, "DELETE FROM delivery", &err));
	OK(db_exec(f->st->db, "DELETE FROM notice", &err));
}

/* A caller of a server hears that the ledger has moved; the log has where to. */
static void check_moved(int direction)
{
	ck_assert_str_eq(err.message, "the ledger has moved");
	ck_assert_ptr_nonnull(strstr(err.detail, to_place(direction)));
}

/* The target is a ledger, and the source is none any more. */
static void check_finished(int direction)
{
	struct store *a = open_at(from_place(direction), STORE_WRITE);
	struct store *b = open_at(to_place(direction), STORE_WRITE);
	struct account added = { .sid = "AC77", .name = "new", .currency = "usd" };

	error_clear(&err);
	ck_assert_int_eq(store_check_moved(a, &err), 1);
	check_moved(direction);
	error_clear(&err);
	ck_assert_int_eq(store_check_moved(b, &err), 0);
	FAILS_WITH(store_begin_write(a, &err), ERR_BUSY, "");
	check_moved(direction);
	FAILS_WITH(store_account_add(a, &added, &err), ERR_BUSY, "");
	check_moved(direction);
	OK(store_begin_read(a, &err));
	store_end(a);
	OK(store_account_add(b, &added, &err));
	ck_assert_int_gt(added.id, 9);
	ck_assert_uint_eq(ledger_differences(b), 0);
	store_close(&a);
	store_close(&b);
}

START_TEST(a_ledger_moves)
{
	struct fixture f = fill(from_place(_i));
	struct steps steps = { 0 };
	struct store *b;

	OK(move(_i, false, &steps));
	check_equal(_i);
	b = open_at(to_place(_i), STORE_WRITE);
	FAILS_WITH(store_begin_write(b, &err), ERR_BUSY, "not finished");
	error_clear(&err);
	store_close(&b);
	change(&f);
	ck_assert_uint_gt(differences(_i), 5);
	OK(move(_i, true, &steps));
	check_equal(_i);
	store_close(&f.st);
	check_finished(_i);
	FAILS_WITH(move(_i, true, &steps), ERR_CONFLICT, "moved already");
}
END_TEST

/* As when a declared dimension is filled in: no range has more events than before. */
START_TEST(an_event_that_changes_its_series_is_moved_again)
{
	struct fixture f = fill(from_place(_i));
	struct event_key key = { f.source, "call-0008", 9 };
	struct steps steps = { 0 };

	OK(move(_i, false, &steps));
	OK(store_begin_write(f.st, &err));
	OK(store_refile_begin(f.st, &err));
	OK(store_event_refile(f.st, &key, f.plain, &err));
	OK(store_commit(f.st, &err));
	ck_assert_uint_eq(differences(_i), 1);
	ck_assert_msg(strstr(said, "account AC") == said && strstr(said, " events differ"), "%s",
		      said);
	OK(move(_i, true, &steps));
	check_equal(_i);
	store_close(&f.st);
}
END_TEST

START_TEST(a_move_goes_on_where_it_was_stopped)
{
	struct fixture f = fill(from_place(_i));
	int rounds = 0;

	for (;; rounds++) {
		struct steps steps = { .most = 2 };

		error_clear(&err);
		if (move(_i, false, &steps) == 0)
			break;
		ck_assert_int_eq(err.kind, ERR_BUSY);
		ck_assert_int_lt(rounds, 20);
	}
	ck_assert_int_ge(rounds, EVENTS / PAGE / 2);
	check_equal(_i);
	store_close(&f.st);
}
END_TEST

/* Killed at step n, for each n, on the way to the end. */
START_TEST(a_move_that_is_killed_goes_on)
{
	struct fixture f = fill(from_place(_i));
	bool ended = false;

	to_place(_i);
	store_close(&f.st);
	for (int n = 1; !ended; n++) {
		struct steps steps = { .most = n, .dies = true };
		pid_t child = fork();
		int status;

		ck_assert_int_lt(n, 60);
		if (child == 0)
			_exit(move(_i, n > 4, &steps) == 0 ? 0 : 1);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		if (!WIFSIGNALED(status))
			ck_assert_int_eq(WEXITSTATUS(status), 0);
		ended = n > 4 && !WIFSIGNALED(status);
	}
	check_finished(_i);
}
END_TEST

/* Two writers at once: the smaller id is committed behind the larger one. */
START_TEST(rows_whose_ids_come_late_are_moved)
{
	static const char *const late[] = {
		"INSERT INTO source (id, family, text) VALUES (4999, 1, 'late')",
		"INSERT INTO audit (id, at, author, action, subject, detail)"
		" VALUES (4998, 2, 'a', 'b', 'c', 'late')",
	};
	static const char *const early[] = {
		"INSERT INTO source (id, family, text) VALUES (5000, 1, 'early')",
		"INSERT INTO audit (id, at, author, action, subject, detail)"
		" VALUES (9000, 2, 'a', 'b', 'c', 'early')",
	};
	struct fixture f = fill(from_place(_i));
	struct steps steps = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(early); i++)
		OK(db_exec(f.st->db, early[i], &err));
	OK(move(_i, false, &steps));
	for (size_t i = 0; i < ARRAY_SIZE(late); i++)
		OK(db_exec(f.st->db, late[i], &err));
	ck_assert_uint_eq(differences(_i), ARRAY_SIZE(late));
	OK(move(_i, true, &steps));
	check_equal(_i);
	store_close(&f.st);
}
END_TEST

/* The sums must be made again by whoever goes on. */
START_TEST(an_event_that_changes_its_series_is_in_the_sums_after_a_failure)
{
	struct fixture f = fill(from_place(_i));
	struct event_key key = { f.source, "call-0008", 9 };
	struct steps steps = { 0 }, one = { .most = 1 };

	OK(move(_i, false, &steps));
	OK(store_begin_write(f.st, &err));
	OK(store_refile_begin(f.st, &err));
	OK(store_event_refile(f.st, &key, f.plain, &err));
	OK(store_commit(f.st, &err));
	FAILS_WITH(move(_i, true, &one), ERR_BUSY, "stopped");
	error_clear(&err);
	ck_assert_uint_eq(differences(_i), 0);
	OK(move(_i, true, &steps));
	check_equal(_i);
	store_close(&f.st);
}
END_TEST

/* While this move stores its first page, another process does all of it. */
struct overtaken {
	int direction, n;
};

static bool overtake(void *arg, int64_t done, int64_t all)
{
	struct overtaken *o = arg;
	struct steps steps = { 0 };
	pid_t child;
	int status;

	(void)done, (void)all;
	if (o->n++)
		return true;
	child = fork();
	if (child == 0)
		_exit(move(o->direction, true, &steps) == 0 ? 0 : 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	return true;
}

START_TEST(a_move_that_another_one_has_finished_changes_nothing)
{
	struct fixture f = fill(from_place(_i));
	struct overtaken o = { .direction = _i };
	struct move_calls calls = { .progress = overtake, .arg = &o, .page = PAGE };
	struct store *a, *b = NULL;
	int64_t events;

	store_close(&f.st);
	a = open_at(from_place(_i), 0);
	OK(store_open(to_place(_i), STORE_WRITE | STORE_CREATE, WAIT_MS, &b, &err));
	FAILS_WITH(store_move(a, b, &(struct move_goal) { to_path, false }, &calls, &events, &err),
		   ERR_CONFLICT, "has finished this move");
	store_close(&a);
	store_close(&b);
	check_equal(_i);
	check_finished(_i);
}
END_TEST

/* As in a copy that has gone on by itself since the move began. */
START_TEST(a_move_does_not_mix_two_copies_of_a_ledger)
{
	static const char *const sql[] = {
		"UPDATE event SET usage = usage + 1 WHERE id = 'call-0007'",
		"UPDATE event SET price = price + 1 WHERE id = 'call-0499'",
		"DELETE FROM event WHERE id = 'call-0007'",
		"UPDATE source SET text = '/pbx/22'",
		"DELETE FROM audit",
		"UPDATE dimension_value SET text = 'longer than before' WHERE id > 0",
	};

	for (size_t i = 0; i < ARRAY_SIZE(sql); i++) {
		struct fixture f = fill(from_place(_i));
		struct steps steps = { 0 };

		OK(move(_i, false, &steps));
		OK(db_exec(f.st->db, sql[i], &err));
		ck_assert_msg(move(_i, true, &steps) < 0, "%s", sql[i]);
		ck_assert_msg(err.kind == ERR_CONFLICT && strstr(err.message, "another copy"),
			      "%s: %s", sql[i], err.message);
		error_clear(&err);
		OK(store_begin_write(f.st, &err));
		store_end(f.st);
		store_close(&f.st);
		teardown();
		setup();
	}
}
END_TEST

START_TEST(a_ledger_that_got_its_first_account_after_the_move_began_is_moved)
{
	struct store *a = open_at(from_place(_i), STORE_WRITE | STORE_CREATE);
	struct steps steps = { 0 };

	OK(move(_i, false, &steps));
	add_account(a, 5, "first");
	OK(move(_i, false, &steps));
	OK(move(_i, true, &steps));
	check_equal(_i);
	store_close(&a);
}
END_TEST

START_TEST(a_ledger_is_not_moved_onto_itself_by_another_path)
{
	struct store *a = open_at(path, STORE_WRITE | STORE_CREATE);
	struct steps steps = { 0 };

	ck_assert_int_eq(symlink(path, to_place(0)), 0);
	FAILS_WITH(move(0, false, &steps), ERR_CONFLICT, "the ledger itself");
	error_clear(&err);
	OK(store_begin_write(a, &err));
	store_end(a);
	store_close(&a);
}
END_TEST

/* A new table or column must not be forgotten. */
START_TEST(all_tables_and_columns_are_moved)
{
	struct store *st = open_at(path, STORE_WRITE | STORE_CREATE);
	size_t n = 0;

	store_close(&st);
	for (size_t i = 0; i < move_n_tables; i++) {
		char sql[120];

		snprintf(sql, sizeof(sql), "SELECT count(*) FROM pragma_table_info('%s')",
			 move_tables[i].name);
		ck_assert_msg(sqlite_number(path, sql) == (int64_t)strlen(move_tables[i].kinds),
			      "%s has other columns", move_tables[i].name);
		n++;
	}
	ck_assert_int_eq(
		sqlite_number(path,
			      "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT"
			      " LIKE 'sqlite_%' AND name NOT IN ('event', 'event_attributes',"
			      " 'posting', 'rollup', 'lease')"),
		(int64_t)n);
}
END_TEST

START_TEST(a_move_writes_over_nothing)
{
	struct fixture f = fill(from_place(_i));
	struct steps steps = { 0 };
	struct store *b = open_at(to_place(_i), STORE_WRITE | STORE_CREATE);

	add_account(b, 5, "another");
	store_close(&b);
	FAILS_WITH(move(_i, false, &steps), ERR_CONFLICT, "there is a ledger already");
	store_close(&f.st);
}
END_TEST

START_TEST(a_check_finds_what_differs)
{
	static const char *const sql[] = {
		"UPDATE event SET price = price + 1 WHERE id = 'call-0007'",
		"UPDATE event SET series = 1 WHERE id = 'call-0008'",
		"DELETE FROM event WHERE id = 'call-0007'",
		"DELETE FROM event_attributes WHERE id = 'call-0010'",
		"UPDATE event SET booked_us = time_us + 5 WHERE id = 'call-0011'",
		"UPDATE account SET cycle_day = 3 WHERE id = 9",
		"DELETE FROM user_grant",
		"UPDATE source SET text = '/pbx/2'",
		"UPDATE meta SET value = 9 WHERE name = 'committed'",
	};
	struct fixture f = fill(from_place(_i));
	struct steps steps = { 0 };
	struct store *b;

	OK(store_begin_write(f.st, &err));
	OK(store_meta_set(f.st, META_COMMITTED, 8, &err));
	OK(store_commit(f.st, &err));
	OK(move(_i, false, &steps));
	for (size_t i = 0; i < ARRAY_SIZE(sql); i++) {
		b = open_at(to_place(_i), STORE_WRITE);
		OK(db_exec(b->db, sql[i], &err));
		store_close(&b);
		ck_assert_msg(differences(_i) > 0, "%s", sql[i]);
	}
	store_close(&f.st);
}
END_TEST

START_TEST(a_check_finds_no_difference_after_the_target_was_verified)
{
	static const char *const noted[] = { META_VERIFIED, META_VERIFIED_WHOLE, META_DIFFERENCES,
					     META_BACKUP,   META_BACKUP_FAILED,  META_PROBED };
	struct fixture f = fill(from_place(_i));
	struct steps steps = { 0 };
	struct store *b;

	OK(store_begin_write(f.st, &err));
	OK(store_meta_set(f.st, META_VERIFIED, 8, &err));
	OK(store_commit(f.st, &err));
	OK(move(_i, true, &steps));
	for (size_t i = 0; i < ARRAY_SIZE(noted); i++) {
		b = open_at(to_place(_i), STORE_WRITE);
		OK(store_begin_write(b, &err));
		OK(store_meta_set(b, noted[i], 9, &err));
		OK(store_commit(b, &err));
		store_close(&b);
		ck_assert_msg(differences(_i) == 0, "%s", noted[i]);
	}
	store_close(&f.st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("move");
	TCase *tc = tcase_create("move");
	int directions = test_database() ? 4 : 1;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_ledger_moves, 0, directions);
	tcase_add_loop_test(tc, an_event_that_changes_its_series_is_moved_again, 0, directions);
	tcase_add_loop_test(tc, a_move_goes_on_where_it_was_stopped, 0, directions);
	tcase_add_loop_test(tc, a_move_that_is_killed_goes_on, 0, directions);
	tcase_add_loop_test(tc, rows_whose_ids_come_late_are_moved, 0, directions);
	tcase_add_loop_test(tc, an_event_that_changes_its_series_is_in_the_sums_after_a_failure, 0,
			    directions);
	tcase_add_loop_test(tc, a_move_that_another_one_has_finished_changes_nothing, 0,
			    directions);
	tcase_add_loop_test(tc, a_move_does_not_mix_two_copies_of_a_ledger, 0, directions);
	tcase_add_loop_test(tc, a_ledger_that_got_its_first_account_after_the_move_began_is_moved,
			    0, directions);
	tcase_add_test(tc, a_ledger_is_not_moved_onto_itself_by_another_path);
	tcase_add_test(tc, all_tables_and_columns_are_moved);
	tcase_add_loop_test(tc, a_move_writes_over_nothing, 0, directions);
	tcase_add_loop_test(tc, a_check_finds_what_differs, 0, directions);
	tcase_add_loop_test(tc, a_check_finds_no_difference_after_the_target_was_verified, 0,
			    directions);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
