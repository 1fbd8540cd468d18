#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "store/internal.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/category.h"
#include "store/closing.h"
#include "store/copy.h"
#include "store/correction.h"
#include "store/event.h"
#include "store/key.h"
#include "store/posting.h"
#include "store/rejection.h"
#include "store/rollup.h"
#include "store/series.h"
#include "store/session.h"
#include "store/source.h"
#include "store/sums.h"
#include "store/user.h"
#include "store/verify.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

#define TIMEOUT_MS 50
#define NOBODY     65534

#define FAILS_WITH(call, of_kind, words)                                               \
	do {                                                                           \
		error_clear(&err);                                                     \
		ck_assert_int_eq((call), -1);                                          \
		ck_assert_int_eq(err.kind, (of_kind));                                 \
		ck_assert_msg(strstr(err.message, (words)) != NULL,                    \
			      "\"%s\" does not say \"%s\" (%s)", err.message, (words), \
			      err.detail);                                             \
	} while (0)

static struct error err;
static struct arena arena;
static char dir[FOLDER_TEXT];
static char path[96];

static void setup(void)
{
	memset(&err, 0, sizeof(err));
	arena_init(&arena);
	folder_make(dir);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
}

static void teardown(void)
{
	arena_release(&arena);
	folder_remove(dir);
}

static struct store *create(const char *where)
{
	struct store *st = NULL;

	OK(store_open(where, STORE_WRITE | STORE_CREATE, TIMEOUT_MS, &st, &err));
	return st;
}

static struct store *reopen(unsigned flags)
{
	struct store *st = NULL;

	OK(store_open(path, flags, TIMEOUT_MS, &st, &err));
	return st;
}

/* Past the store: what an operator with the sqlite3 shell could do. */
static void raw(const char *sql)
{
	sqlite3 *db;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &message);
	ck_assert_msg(!message, "%s: %s", sql, message);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static int64_t raw_number(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int64_t n;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static int64_t add_account(struct store *st, int n, const char *name)
{
	struct account a = { .name = name, .currency = "usd", .created = 1700000000 };

	snprintf(a.sid, sizeof(a.sid), "AC%032d", n);
	OK(store_account_add(st, &a, &err));
	return a.id;
}

static int64_t add_category(struct store *st, const char *name, int64_t parent)
{
	struct category c = { .name = name,
			      .parent = parent,
			      .description = "d",
			      .count_unit = "calls",
			      .usage_unit = "minutes" };

	OK(store_category_add(st, &c, &err));
	return c.id;
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
	FAILS_WITH(store_open(path, STORE_WRITE | STORE_CREATE, TIMEOUT_MS, &st, &err),
		   ERR_CONFLICT, path);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(missing_ledger_is_named)
{
	struct store *st;

	FAILS_WITH(store_open(path, STORE_WRITE, TIMEOUT_MS, &st, &err), ERR_INTERNAL, path);
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
	FAILS_WITH(store_open(path, STORE_WRITE, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "not a ledger");
}
END_TEST

START_TEST(empty_file_is_refused)
{
	struct store *st;
	struct stat sb;

	write_file("");
	FAILS_WITH(store_open(path, 0, TIMEOUT_MS, &st, &err), ERR_INTERNAL, "empty");
	ck_assert_int_eq(stat(path, &sb), 0);
	ck_assert_int_eq(sb.st_size, 0);
}
END_TEST

START_TEST(database_of_another_program_is_refused_and_left_alone)
{
	struct store *st;

	raw("CREATE TABLE theirs (x)");
	FAILS_WITH(store_open(path, STORE_WRITE, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "another program");
	ck_assert_int_eq(raw_number("SELECT count(*) FROM sqlite_master"), 1);
	raw("DROP TABLE theirs; PRAGMA application_id = 7");
	FAILS_WITH(store_open(path, STORE_WRITE, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "another program");
	ck_assert_int_eq(raw_number("PRAGMA application_id"), 7);
}
END_TEST

START_TEST(ledger_of_a_newer_program_is_refused)
{
	struct store *st = create(path);

	store_close(&st);
	raw("PRAGMA user_version = 99");
	FAILS_WITH(store_open(path, STORE_WRITE, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "schema version 99");
	FAILS_WITH(store_open(path, 0, TIMEOUT_MS, &st, &err), ERR_INTERNAL, "schema version 99");
	ck_assert_int_eq(raw_number("PRAGMA user_version"), 99);
}
END_TEST

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

static int bring(unsigned flags, const struct schema_step *steps)
{
	struct db *db;
	int rc;

	OK(db_open(path, flags, TIMEOUT_MS, &db, &err));
	rc = schema_bring(db, flags, steps, 2, &err);
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

/* ---- several connections ---- */

START_TEST(the_log_waits_for_who_reads_in_it_and_is_carried_over_then)
{
	struct store *writer = create(path);
	struct store *reader = reopen(0);
	struct store_stats facts;
	int64_t version;

	OK(db_exec(writer->db, "CREATE TABLE big (bytes)", &err));
	OK(store_begin_read(reader, &err));
	OK(store_version(reader, &version, &err));
	for (int i = 0; i < 60; i++)
		OK(db_exec(writer->db, "INSERT INTO big VALUES (zeroblob(1000000))", &err));
	OK(store_stats(writer, &facts, &err));
	ck_assert_int_lt(facts.file_bytes, 40000000);
	ck_assert_int_gt(facts.log_bytes, 60000000);
	store_end(reader);
	/*
	 * nobody reads in it now: what is in it gets into the file, and it
	 * begins anew
	 */
	for (int i = 0; i < 40; i++)
		OK(db_exec(writer->db, "INSERT INTO big VALUES (zeroblob(1000000))", &err));
	OK(store_stats(writer, &facts, &err));
	ck_assert_int_gt(facts.file_bytes, 60000000);
	store_close(&reader);
	store_close(&writer);
}
END_TEST

/* A snapshot has the account as it was; the next one has what has changed. */
START_TEST(an_account_asked_for_again_is_that_of_the_snapshot)
{
	struct store *writer = create(path);
	struct store *reader = reopen(0);
	struct account a, found;
	int64_t version;

	OK(store_account_by_id(writer, add_account(writer, 1, "before"), &arena, &a, &err) > 0
		   ? 0
		   : -1);
	OK(store_begin_read(reader, &err));
	OK(store_version(reader, &version, &err));
	ck_assert_int_eq(store_account_by_sid(reader, a.sid, &arena, &found, &err), 1);
	OK(db_exec(writer->db, "UPDATE account SET name = 'after'", &err));
	OK(store_changed(writer, &err));
	ck_assert_int_eq(store_account_by_sid(reader, a.sid, &arena, &found, &err), 1);
	ck_assert_str_eq(found.name, "before");
	store_end(reader);
	OK(store_begin_read(reader, &err));
	OK(store_version(reader, &version, &err));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(store_account_by_sid(reader, a.sid, &arena, &found, &err), 1);
		ck_assert_str_eq(found.name, "after");
		ck_assert_str_eq(found.sid, a.sid);
	}
	store_close(&reader);
	store_close(&writer);
}
END_TEST

START_TEST(reader_keeps_its_snapshot_while_another_writes)
{
	struct store *writer = create(path);
	struct store *reader = reopen(0);
	struct account *list;
	size_t n;

	add_account(writer, 1, "first");
	OK(store_begin_read(reader, &err));
	OK(store_accounts(reader, 0, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 1);
	add_account(writer, 2, "second");
	OK(store_accounts(reader, 0, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 1);
	store_end(reader);
	OK(store_accounts(reader, 0, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 2);
	store_close(&reader);
	store_close(&writer);
}
END_TEST

START_TEST(second_writer_is_told_that_the_ledger_is_locked)
{
	struct store *one = create(path);
	struct store *two = reopen(STORE_WRITE);
	struct account a = { .sid = "AC00000000000000000000000000000009",
			     .name = "nine",
			     .currency = "usd" };

	OK(store_begin_write(one, &err));
	FAILS_WITH(store_begin_write(two, &err), ERR_BUSY, "locked");
	FAILS_WITH(store_account_add(two, &a, &err), ERR_BUSY, "locked");
	store_end(one);
	OK(store_account_add(two, &a, &err));
	store_close(&two);
	store_close(&one);
}
END_TEST

static int three_times(void *arg, int times)
{
	int *calls = arg;

	ck_assert_int_eq(times, *calls);
	return ++*calls < 3;
}

START_TEST(a_writer_waits_as_its_caller_wants)
{
	struct store *one = create(path);
	struct store *two = reopen(STORE_WRITE);
	int calls = 0;

	store_wait_with(two, three_times, &calls);
	OK(store_begin_write(one, &err));
	FAILS_WITH(store_begin_write(two, &err), ERR_BUSY, "locked");
	ck_assert_int_eq(calls, 3);
	store_close(&two);
	store_close(&one);
}
END_TEST

START_TEST(what_is_written_to_a_ledger_that_was_moved_is_not_acknowledged)
{
	struct store *st = create(path);
	char away[128];

	snprintf(away, sizeof(away), "%s.away", path);
	ck_assert(!store_replaced_on_disk(st));
	OK(store_begin_write(st, &err));
	ck_assert_int_eq(rename(path, away), 0);
	ck_assert(store_replaced_on_disk(st));
	FAILS_WITH(store_commit(st, &err), ERR_INTERNAL, "removed or replaced");
	ck_assert_int_eq(rename(away, path), 0);
	ck_assert(!store_replaced_on_disk(st));
	store_close(&st);
}
END_TEST

START_TEST(reader_can_not_write)
{
	struct store *st = create(path);
	struct account a = { .sid = "AC00000000000000000000000000000009",
			     .name = "nine",
			     .currency = "usd" };

	store_close(&st);
	st = reopen(0);
	FAILS_WITH(store_account_add(st, &a, &err), ERR_INTERNAL, "read-only");
	store_close(&st);
}
END_TEST

/*
 * What comes of opening as a user without rights: a kind of error, or 0; its
 * message into WORDS.
 */
static enum error_kind open_as_nobody(unsigned flags, char *words, size_t size)
{
	int fd[2];
	int status;
	ssize_t len;
	pid_t pid;

	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct store *st = NULL;
		struct account *list;
		size_t n;

		if (geteuid() == 0 && setuid(NOBODY) < 0)
			_exit(99);
		error_clear(&err);
		if (store_open(path, flags, TIMEOUT_MS, &st, &err) == 0 &&
		    store_accounts(st, 0, &arena, &list, &n, &err) == 0 && flags)
			store_begin_write(st, &err);
		len = write(fd[1], err.message, strlen(err.message));
		_exit(len < 0 ? 99 : (int)err.kind);
	}
	close(fd[1]);
	len = read(fd[0], words, size - 1);
	ck_assert_int_ge(len, 0);
	words[len] = '\0';
	close(fd[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 99);
	return (enum error_kind)WEXITSTATUS(status);
}

START_TEST(reader_is_told_that_its_folder_must_be_writable)
{
	char words[400];
	struct store *st = create(path);

	add_account(st, 1, "first");
	store_close(&st);
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(chmod(dir, 0555), 0);
	ck_assert_int_eq(open_as_nobody(0, words, sizeof(words)), ERR_INTERNAL);
	ck_assert_msg(strstr(words, "write in its folder") != NULL, "%s", words);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(open_as_nobody(0, words, sizeof(words)), ERR_NONE);
}
END_TEST

START_TEST(writer_is_told_that_the_file_is_read_only)
{
	char words[400];
	struct store *st = create(path);

	store_close(&st);
	ck_assert_int_eq(chmod(path, 0444), 0);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(open_as_nobody(STORE_WRITE, words, sizeof(words)), ERR_INTERNAL);
	ck_assert_msg(strstr(words, "read-only") != NULL, "%s", words);
}
END_TEST

START_TEST(unreadable_file_is_refused)
{
	char words[400];
	struct store *st = create(path);

	store_close(&st);
	ck_assert_int_eq(chmod(path, 0), 0);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(open_as_nobody(0, words, sizeof(words)), ERR_INTERNAL);
	ck_assert_msg(strstr(words, "able to read the file") != NULL, "%s", words);
}
END_TEST

/* Events enough that they can't stay in the pages there are. */
static int add_many_events(struct store *st)
{
	enum { N = 20000 };
	struct series series = { .account = 1, .category = 1 };
	struct stored_event *events = calloc(N, sizeof(*events));
	char(*ids)[16] = calloc(N, sizeof(*ids));
	int64_t source;
	int64_t series_id;
	int rc;

	ck_assert(events && ids);
	rc = store_begin_write(st, &err);
	if (rc == 0)
		rc = store_source_intern(st, 1, "/pbx", 4, &source, &err);
	if (rc == 0)
		rc = store_series_intern(st, &series, &series_id, &err) < 0 ? -1 : 0;
	for (int i = 0; rc == 0 && i < N; i++) {
		snprintf(ids[i], sizeof(ids[i]), "call-%06d", i);
		events[i] = (struct stored_event) { .source = source,
						    .id = ids[i],
						    .id_len = strlen(ids[i]),
						    .series = series_id,
						    .time_us = i,
						    .amounts = { .count = 1 } };
	}
	if (rc == 0)
		rc = store_events_add(st, events, N, &err);
	if (rc == 0)
		rc = store_commit(st, &err);
	store_end(st);
	free(events);
	free(ids);
	return rc;
}

START_TEST(full_disk_is_said_and_nothing_is_half_stored)
{
	struct store *st = create(path);

	add_account(st, 1, "first");
	add_category(st, "calls", 0);
	OK(db_exec(st->db, "PRAGMA max_page_count = 60", &err));
	FAILS_WITH(add_many_events(st), ERR_BUSY, "try again later");
	ck_assert_ptr_nonnull(strstr(err.detail, "full"));
	ck_assert_int_gt(err.retry_after, 0);
	OK(db_exec(st->db, "PRAGMA max_page_count = 1000000", &err));
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event"), 0);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM source"), 0);
	OK(add_many_events(st));
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event"), 20000);
	store_close(&st);
}
END_TEST

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

/* How pages are read changes with how often there is something new to read. */
START_TEST(reads_see_each_change_after_calm_and_after_unrest)
{
	struct store *writer = create(path), *reader = reopen(0);
	struct account *list;
	size_t n;
	int made = 0;

	for (int i = 0; i < 40; i++) {
		char name[16];

		/* unrest, calm, unrest, and then now and then */
		if (i < 10 || (i >= 30 && i < 40) || i % 7 == 0) {
			snprintf(name, sizeof(name), "account %d", i);
			add_account(writer, ++made, name);
		}
		OK(store_begin_read(reader, &err));
		OK(store_accounts(reader, 0, &arena, &list, &n, &err));
		store_end(reader);
		ck_assert_uint_eq(n, (size_t)made);
	}
	store_close(&reader);
	store_close(&writer);
}
END_TEST

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
	ck_assert(!store_replaced_on_disk(reader));
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
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_steps, 1, &err));
	db_close(&db);
	FAILS_WITH(store_open(beside("copy.db"), 0, TIMEOUT_MS, &st, &err), ERR_INTERNAL,
		   "version 1");
	OK(store_restore(beside("copy.db"), path, beside("old.db"), so_often, &often, &err));
	OK(store_open(path, 0, TIMEOUT_MS, &st, &err));
	store_close(&st);
}
END_TEST

START_TEST(failed_write_is_said_and_nothing_is_half_stored)
{
	struct rlimit unlimited;
	struct rlimit small;
	struct store *st = create(path);

	add_account(st, 1, "first");
	add_category(st, "calls", 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	small = unlimited;
	small.rlim_cur = 400 * 1024;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	FAILS_WITH(add_many_events(st), ERR_INTERNAL, "disk failed");
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event"), 0);
	OK(add_many_events(st));
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event"), 20000);
	store_close(&st);
}
END_TEST

START_TEST(damaged_file_is_said)
{
	char garbage[4096 * 8];
	struct store *st = create(path);
	struct account *list;
	size_t n;
	int fd;

	add_account(st, 1, "first");
	store_close(&st);
	memset(garbage, 0xa5, sizeof(garbage));
	fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, garbage, sizeof(garbage), 4096 * 3), sizeof(garbage));
	close(fd);
	if (store_open(path, STORE_WRITE, TIMEOUT_MS, &st, &err) == 0) {
		FAILS_WITH(store_accounts(st, 0, &arena, &list, &n, &err), ERR_INTERNAL, "damaged");
		store_close(&st);
	} else {
		ck_assert_ptr_nonnull(strstr(err.message, "damaged"));
	}
}
END_TEST

START_TEST(end_undoes_a_write)
{
	struct store *st = create(":memory:");
	struct account a;

	OK(store_begin_write(st, &err));
	add_account(st, 1, "first");
	store_end(st);
	ck_assert_int_eq(store_account_by_name(st, "first", &arena, &a, &err), 0);
	store_end(st);
	add_account(st, 1, "first");
	ck_assert_int_eq(store_account_by_name(st, "first", &arena, &a, &err), 1);
	store_close(&st);
	store_close(&st);
}
END_TEST

/* ---- accounts, categories, keys ---- */

START_TEST(account_is_found_by_sid_name_and_id)
{
	struct store *st = create(":memory:");
	struct account a = { .sid = "AC00000000000000000000000000000001",
			     .name = "Müller & Söhne",
			     .currency = "eur",
			     .created = 1700000000 };
	struct account found;

	OK(store_account_add(st, &a, &err));
	ck_assert_int_gt(a.id, 0);
	ck_assert_int_eq(store_account_by_sid(st, a.sid, &arena, &found, &err), 1);
	ck_assert_int_eq(found.id, a.id);
	ck_assert_str_eq(found.name, a.name);
	ck_assert_str_eq(found.currency, "eur");
	ck_assert_int_eq(found.created, 1700000000);
	ck_assert_int_eq(found.parent, 0);
	ck_assert_int_eq(store_account_by_name(st, a.name, &arena, &found, &err), 1);
	ck_assert_str_eq(found.sid, a.sid);
	ck_assert_int_eq(store_account_by_id(st, a.id, &arena, &found, &err), 1);
	ck_assert_str_eq(found.sid, a.sid);
	ck_assert_int_eq(store_account_by_sid(st, "AC00000000000000000000000000000002", &arena,
					      &found, &err),
			 0);
	ck_assert_int_eq(store_account_by_name(st, "nobody", &arena, &found, &err), 0);
	ck_assert_int_eq(store_account_by_id(st, 77, &arena, &found, &err), 0);
	store_close(&st);
}
END_TEST

START_TEST(taken_sid_or_name_is_named)
{
	struct store *st = create(":memory:");
	struct account same_sid = { .sid = "AC00000000000000000000000000000001",
				    .name = "other",
				    .currency = "usd" };
	struct account same_name = { .sid = "AC00000000000000000000000000000002",
				     .name = "first",
				     .currency = "usd" };

	add_account(st, 1, "first");
	FAILS_WITH(store_account_add(st, &same_sid, &err), ERR_CONFLICT, same_sid.sid);
	ck_assert_str_eq(err.param, "sid");
	FAILS_WITH(store_account_add(st, &same_name, &err), ERR_CONFLICT, "first");
	ck_assert_str_eq(err.param, "name");
	store_close(&st);
}
END_TEST

START_TEST(subaccounts_have_one_level)
{
	struct store *st = create(":memory:");
	int64_t main_id = add_account(st, 1, "main");
	struct account sub = { .sid = "AC00000000000000000000000000000003",
			       .name = "sub",
			       .parent = main_id,
			       .currency = "usd" };
	struct account deep = { .sid = "AC00000000000000000000000000000004",
				.name = "deep",
				.currency = "usd" };
	struct account *list;
	size_t n;

	OK(store_account_add(st, &sub, &err));
	deep.parent = sub.id;
	FAILS_WITH(store_account_add(st, &deep, &err), ERR_PARAM, "cannot have subaccounts");
	ck_assert_str_eq(err.param, "parent");
	deep.parent = 99;
	FAILS_WITH(store_account_add(st, &deep, &err), ERR_PARAM, "99");
	OK(store_accounts(st, main_id, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(list[0].name, "sub");
	ck_assert_int_eq(list[0].parent, main_id);
	store_close(&st);
}
END_TEST

START_TEST(accounts_come_in_the_order_of_their_sids)
{
	enum { N = 40 };
	struct store *st = create(":memory:");
	struct account *list;
	size_t n;

	for (int i = 0; i < N; i++) {
		char name[16];

		snprintf(name, sizeof(name), "account %d", i);
		add_account(st, N - i, name);
	}
	OK(store_accounts(st, 0, &arena, &list, &n, &err));
	ck_assert_int_eq(n, N);
	for (size_t i = 1; i < n; i++)
		ck_assert_int_lt(strcmp(list[i - 1].sid, list[i].sid), 0);
	ck_assert_str_eq(list[0].name, "account 39");
	store_close(&st);
}
END_TEST

START_TEST(categories_come_in_the_order_they_were_added)
{
	struct store *st = create(":memory:");
	struct category dup = {
		.name = "calls", .description = "", .count_unit = "", .usage_unit = ""
	};
	struct category orphan = { .name = "orphan",
				   .parent = 55,
				   .description = "",
				   .count_unit = "",
				   .usage_unit = "" };
	struct category *list;
	size_t n;
	int64_t parent = add_category(st, "calls", 0);

	add_category(st, "calls-inbound", parent);
	FAILS_WITH(store_category_add(st, &dup, &err), ERR_CONFLICT, "calls");
	FAILS_WITH(store_category_add(st, &orphan, &err), ERR_PARAM, "55");
	OK(store_categories(st, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 2);
	ck_assert_str_eq(list[0].name, "calls");
	ck_assert_str_eq(list[1].name, "calls-inbound");
	ck_assert_int_eq(list[1].parent, parent);
	ck_assert_str_eq(list[1].description, "d");
	ck_assert_str_eq(list[1].count_unit, "calls");
	ck_assert_str_eq(list[1].usage_unit, "minutes");
	ck_assert(!list[1].metered);
	ck_assert(!list[1].used);
	OK(store_category_use(st, add_account(st, 1, "first"), list[1].id, &err));
	OK(store_categories(st, &arena, &list, &n, &err));
	ck_assert(!list[0].used && list[1].used && !list[1].metered);
	store_close(&st);
}
END_TEST

START_TEST(key_is_found_by_its_hash_with_its_grants)
{
	struct store *st = create(":memory:");
	int64_t grants[2] = { add_account(st, 1, "first"), add_account(st, 2, "second") };
	struct key k = { .sid = "SK00000000000000000000000000000001",
			 .name = "ann",
			 .role = "Manager",
			 .created = 5,
			 .grants = grants,
			 .n_grants = 2 };
	struct key found;
	struct key *list;
	size_t n;

	memset(k.hash, 0x11, sizeof(k.hash));
	OK(store_key_add(st, &k, &err));
	ck_assert_int_eq(store_key_by_hash(st, k.hash, &arena, &found, &err), 1);
	ck_assert_str_eq(found.sid, k.sid);
	ck_assert_str_eq(found.name, "ann");
	ck_assert_str_eq(found.role, "Manager");
	ck_assert_int_eq(found.account, 0);
	ck_assert_int_eq(found.created, 5);
	ck_assert_int_eq(found.revoked, 0);
	ck_assert_mem_eq(found.hash, k.hash, sizeof(k.hash));
	ck_assert_int_eq(found.n_grants, 2);
	ck_assert_mem_eq(found.grants, grants, sizeof(grants));
	k.hash[0] = 0;
	ck_assert_int_eq(store_key_by_hash(st, k.hash, &arena, &found, &err), 0);
	ck_assert_int_eq(store_key_revoke(st, k.sid, 77, &err), 1);
	ck_assert_int_eq(store_key_revoke(st, "SKnone", 77, &err), 0);
	OK(store_keys(st, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(list[0].revoked, 77);
	ck_assert_int_eq(list[0].n_grants, 2);
	store_close(&st);
}
END_TEST

START_TEST(key_of_an_unknown_account_is_refused_whole)
{
	struct store *st = create(":memory:");
	int64_t grants[2] = { add_account(st, 1, "first"), 42 };
	struct key k = { .sid = "SK00000000000000000000000000000001",
			 .name = "ann",
			 .role = "Manager",
			 .grants = grants,
			 .n_grants = 2 };
	struct key *list;
	size_t n;

	FAILS_WITH(store_key_add(st, &k, &err), ERR_PARAM, "42");
	ck_assert_str_eq(err.param, "grants");
	k.n_grants = 0;
	k.account = 43;
	FAILS_WITH(store_key_add(st, &k, &err), ERR_PARAM, "43");
	ck_assert_str_eq(err.param, "account");
	OK(store_keys(st, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 0);
	store_close(&st);
}
END_TEST

START_TEST(version_grows_with_accounts_categories_and_keys)
{
	struct store *st = create(path);
	struct store *reader = reopen(0);
	struct key k = { .sid = "SK00000000000000000000000000000001", .name = "", .role = "Key" };
	int64_t before;
	int64_t now;
	int64_t category;

#define GROWS(call)                                       \
	do {                                              \
		OK(store_version(reader, &before, &err)); \
		OK(call);                                 \
		OK(store_version(reader, &now, &err));    \
		ck_assert_int_gt(now, before);            \
	} while (0)
	GROWS(add_account(st, 1, "first"));
	GROWS(category = add_category(st, "calls", 0));
	GROWS(store_category_use(st, 1, category, &err));
	k.account = 1;
	GROWS(store_key_add(st, &k, &err));
	GROWS(store_key_revoke(st, k.sid, 5, &err));
#undef GROWS
	OK(store_category_use(st, 1, category, &err));
	OK(store_version(reader, &before, &err));
	ck_assert_int_eq(before, now);
	store_close(&reader);
	store_close(&st);
}
END_TEST

/* ---- events and rollups ---- */

struct fixture {
	struct store *st;
	int64_t account, category, source;
	int64_t plain, dimensioned; /* series */
	int64_t customer;
};

static struct fixture with_series(const char *where)
{
	struct fixture f = { .st = create(where) };
	struct series s = { 0 };

	f.account = add_account(f.st, 1, "first");
	f.category = add_category(f.st, "calls", 0);
	s.account = f.account;
	s.category = f.category;
	OK(store_begin_write(f.st, &err));
	OK(store_source_intern(f.st, f.account, "/pbx/1", 6, &f.source, &err));
	OK(store_series_intern(f.st, &s, &f.plain, &err));
	OK(store_dimension_intern(f.st,
				  &(struct dimension_value) { f.account, DIM_CUSTOMER, "cus1", 4 },
				  &f.customer, &err));
	s.dim[DIM_CUSTOMER] = f.customer;
	OK(store_series_intern(f.st, &s, &f.dimensioned, &err));
	OK(store_commit(f.st, &err));
	return f;
}

START_TEST(dimension_values_are_interned_per_account_and_dimension)
{
	struct fixture f = with_series(":memory:");
	int64_t other = add_account(f.st, 2, "second");
	const char *text;
	int64_t id;

	ck_assert_int_eq(store_dimension_find(f.st,
					      &(struct dimension_value) { f.account, DIM_CUSTOMER,
									  "cus1xx", 4 },
					      &id, &err),
			 1);
	ck_assert_int_eq(id, f.customer);
	ck_assert_int_eq(store_dimension_find(
				 f.st, &(struct dimension_value) { other, DIM_CUSTOMER, "cus1", 4 },
				 &id, &err),
			 0);
	ck_assert_int_eq(store_dimension_find(
				 f.st, &(struct dimension_value) { f.account, DIM_SIM, "cus1", 4 },
				 &id, &err),
			 0);
	OK(store_dimension_intern(
		f.st, &(struct dimension_value) { f.account, DIM_CUSTOMER, "cus1", 4 }, &id, &err));
	ck_assert_int_eq(id, f.customer);
	OK(store_dimension_intern(
		f.st, &(struct dimension_value) { other, DIM_CUSTOMER, "cus1", 4 }, &id, &err));
	ck_assert_int_ne(id, f.customer);
	ck_assert_int_eq(store_dimension_text(f.st, f.customer, &arena, &text, &err), 1);
	ck_assert_str_eq(text, "cus1");
	ck_assert_int_eq(store_dimension_text(f.st, 999, &arena, &text, &err), 0);
	store_close(&f.st);
}
END_TEST

START_TEST(series_is_the_same_only_with_the_same_dimensions)
{
	struct fixture f = with_series(":memory:");
	struct series s = { .account = f.account, .category = f.category };
	int64_t id;

	ck_assert_int_ne(f.plain, f.dimensioned);
	OK(store_series_intern(f.st, &s, &id, &err));
	ck_assert_int_eq(id, f.plain);
	s.dim[DIM_SIM] = f.customer;
	OK(store_series_intern(f.st, &s, &id, &err));
	ck_assert_int_ne(id, f.plain);
	ck_assert_int_ne(id, f.dimensioned);
	s.dim[DIM_SIM] = 4711;
	FAILS_WITH(store_series_intern(f.st, &s, &id, &err), ERR_INTERNAL, "rules");
	store_close(&f.st);
}
END_TEST

START_TEST(event_that_differs_in_anything_is_a_conflict)
{
	struct fixture f = with_series(":memory:");
	struct stored_event e = { .source = f.source,
				  .id = "call-1",
				  .id_len = 6,
				  .series = f.plain,
				  .time_us = 1000,
				  .amounts.n = { 1, 2, 3, 4 } };
	int64_t *const fields[] = { &e.series,        &e.time_us,       &e.amounts.count,
				    &e.amounts.usage, &e.amounts.price, &e.amounts.upload };

	OK(store_begin_write(f.st, &err));
	OK(store_events_add(f.st, &e, 1, &err));
	ck_assert_int_eq(e.verdict, VERDICT_CREATED);
	OK(store_events_add(f.st, &e, 1, &err));
	ck_assert_int_eq(e.verdict, VERDICT_DUPLICATE);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		++*fields[i];
		OK(store_events_add(f.st, &e, 1, &err));
		ck_assert_int_eq(e.verdict, VERDICT_CONFLICT);
		--*fields[i];
	}
	OK(store_events_add(f.st, &e, 1, &err));
	ck_assert_int_eq(e.verdict, VERDICT_DUPLICATE);
	e.id_len = 5;
	OK(store_events_add(f.st, &e, 1, &err));
	ck_assert_int_eq(e.verdict, VERDICT_CREATED);
	OK(store_commit(f.st, &err));
	store_close(&f.st);
}
END_TEST

START_TEST(slots_follow_the_calendar)
{
	ck_assert_int_eq(slot_of(LEVEL_QUARTER, 95), 95);
	ck_assert_int_eq(slot_of(LEVEL_DAY, 95), 0);
	ck_assert_int_eq(slot_of(LEVEL_DAY, 96), 1);
	ck_assert_int_eq(slot_of(LEVEL_DAY, -1), -1);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 0), 1970 * 12);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 31 * 96 - 1), 1970 * 12);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 31 * 96), 1970 * 12 + 1);
	/* 2000-02-29 */
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 11016 * 96 - 1), 2000 * 12 + 1);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 11017 * 96), 2000 * 12 + 2);
}
END_TEST

static void add_rollup(struct store *st, struct rollup r, int64_t count)
{
	r.amounts = (struct amounts) { .n = { count, 10 * count, 100 * count, 1000 * count } };
	OK(store_rollups_add(st, &r, 1, &err));
}

START_TEST(rollups_add_up)
{
	struct fixture f = with_series(":memory:");
	struct rollup r = { .account = f.account, .category = f.category, .slot = 5 };
	struct rollup_scan scan = { .account = f.account, .from = 5, .to = 6 };
	struct rollup found;

	for (int level = 0; level < LEVELS; level++) {
		OK(store_begin_write(f.st, &err));
		r.level = scan.level = level;
		add_rollup(f.st, r, 3);
		add_rollup(f.st, r, 4);
		OK(store_commit(f.st, &err));
		OK(store_scan_begin(f.st, &scan, &err));
		ck_assert_int_eq(store_scan_next(f.st, &found, &err), 1);
		ck_assert_int_eq(found.level, level);
		ck_assert_int_eq(found.account, f.account);
		ck_assert_int_eq(found.category, f.category);
		ck_assert_int_eq(found.slot, 5);
		ck_assert_int_eq(found.series, 0);
		ck_assert_int_eq(found.amounts.count, 7);
		ck_assert_int_eq(found.amounts.usage, 70);
		ck_assert_int_eq(found.amounts.price, 700);
		ck_assert_int_eq(found.amounts.upload, 7000);
		ck_assert_int_eq(store_scan_next(f.st, &found, &err), 0);
		store_scan_end(f.st);
	}
	store_close(&f.st);
}
END_TEST

START_TEST(sum_beyond_64_bits_is_refused)
{
	struct fixture f = with_series(":memory:");
	struct rollup r = { .level = LEVEL_DAY,
			    .account = f.account,
			    .category = f.category,
			    .slot = 5,
			    .amounts = { .count = 1 } };
	struct rollup_scan scan = { .level = LEVEL_DAY, .account = f.account, .from = 5, .to = 6 };

	OK(store_begin_write(f.st, &err));
	r.amounts.price = INT64_MAX - 1;
	OK(store_rollups_add(f.st, &r, 1, &err));
	r.amounts.price = 1;
	OK(store_rollups_add(f.st, &r, 1, &err));
	FAILS_WITH(store_rollups_add(f.st, &r, 1, &err), ERR_OVERFLOW, "does not fit");
	r.amounts.price = INT64_MAX;
	FAILS_WITH(store_rollups_add(f.st, &r, 1, &err), ERR_OVERFLOW, "does not fit");
	OK(store_commit(f.st, &err));
	OK(store_scan_begin(f.st, &scan, &err));
	ck_assert_int_eq(store_scan_next(f.st, &r, &err), 1);
	ck_assert_int_eq(r.amounts.price, INT64_MAX);
	ck_assert_int_eq(r.amounts.count, 2);
	store_scan_end(f.st);
	store_close(&f.st);
}
END_TEST

START_TEST(scan_yields_slots_in_order_inside_its_range)
{
	struct fixture f = with_series(":memory:");
	int64_t second = add_category(f.st, "sms", 0);
	int64_t other = add_account(f.st, 2, "second");
	struct rollup_scan scan = {
		.level = LEVEL_QUARTER, .account = f.account, .from = 2, .to = 5
	};
	struct rollup r;
	static const int64_t want[][2] = { { 2, 0 }, { 2, 1 }, { 3, 0 },
					   { 3, 1 }, { 4, 0 }, { 4, 1 } };

	OK(store_begin_write(f.st, &err));
	for (int64_t slot = 6; slot >= 0; slot--) {
		r = (struct rollup) { .level = LEVEL_QUARTER,
				      .account = f.account,
				      .slot = slot,
				      .category = second };
		add_rollup(f.st, r, 1);
		r.category = f.category;
		add_rollup(f.st, r, 1);
		r.account = other;
		add_rollup(f.st, r, 1);
	}
	OK(store_commit(f.st, &err));
	OK(store_scan_begin(f.st, &scan, &err));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		ck_assert_int_eq(store_scan_next(f.st, &r, &err), 1);
		ck_assert_int_eq(r.slot, want[i][0]);
		ck_assert_int_eq(r.category, want[i][1] ? second : f.category);
	}
	ck_assert_int_eq(store_scan_next(f.st, &r, &err), 0);
	scan.category = second;
	OK(store_scan_begin(f.st, &scan, &err));
	for (int64_t slot = 2; slot < 5; slot++) {
		ck_assert_int_eq(store_scan_next(f.st, &r, &err), 1);
		ck_assert_int_eq(r.slot, slot);
		ck_assert_int_eq(r.category, second);
	}
	ck_assert_int_eq(store_scan_next(f.st, &r, &err), 0);
	store_scan_end(f.st);
	store_close(&f.st);
}
END_TEST

/* A short range, and one with more slots than are looked up one by one. */
static const int64_t scan_ends[] = { 9, 100000 };

START_TEST(scan_by_series_keeps_to_the_dimension_asked_for)
{
	struct fixture f = with_series(":memory:");
	struct series s = { .account = f.account, .category = f.category };
	struct rollup_scan scan = { .level = LEVEL_DAY,
				    .account = f.account,
				    .category = f.category,
				    .from = 0,
				    .to = scan_ends[_i],
				    .by_series = true };
	struct rollup r = { .level = LEVEL_DAY, .account = f.account, .category = f.category };
	int64_t sim;
	int64_t both;

	OK(store_begin_write(f.st, &err));
	OK(store_dimension_intern(f.st, &(struct dimension_value) { f.account, DIM_SIM, "HS1", 3 },
				  &sim, &err));
	s.dim[DIM_CUSTOMER] = f.customer;
	s.dim[DIM_SIM] = sim;
	OK(store_series_intern(f.st, &s, &both, &err));
	for (r.slot = 1; r.slot < 3; r.slot++) {
		r.series = f.dimensioned;
		add_rollup(f.st, r, 1);
		r.series = both;
		add_rollup(f.st, r, 2);
	}
	OK(store_commit(f.st, &err));

	scan.dim[DIM_SIM] = sim;
	OK(store_scan_begin(f.st, &scan, &err));
	for (int64_t slot = 1; slot < 3; slot++) {
		ck_assert_int_eq(store_scan_next(f.st, &r, &err), 1);
		ck_assert_int_eq(r.slot, slot);
		ck_assert_int_eq(r.series, both);
		ck_assert_int_eq(r.dim[DIM_SIM], sim);
		ck_assert_int_eq(r.dim[DIM_CUSTOMER], f.customer);
		ck_assert_int_eq(r.dim[DIM_FLEET], 0);
		ck_assert_int_eq(r.amounts.count, 2);
	}
	ck_assert_int_eq(store_scan_next(f.st, &r, &err), 0);
	scan.dim[DIM_SIM] = 0;
	scan.dim[DIM_CUSTOMER] = f.customer;
	OK(store_scan_begin(f.st, &scan, &err));
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(store_scan_next(f.st, &r, &err), 1);
	ck_assert_int_eq(store_scan_next(f.st, &r, &err), 0);
	store_scan_end(f.st);
	store_close(&f.st);
}
END_TEST

/* ---- sums ---- */

enum { SUMS_DAYS = 400, SUMS_SERIES = 3 };

/* What was counted, by slot. */
struct counted {
	int64_t counts[SUMS_DAYS];
	int64_t rows;
};

static int count_row(void *arg, const struct sums_row *row, struct error *e)
{
	struct counted *c = arg;

	(void)e;
	c->counts[row->span] += row->amounts->count;
	c->rows++;
	return 0;
}

/*
 * A ledger with a count of N each day from day 1 on, and (N times) 1 of each
 * series; as quarter hours, days and months.
 */
static struct fixture with_days(int64_t ret_series[SUMS_SERIES])
{
	struct fixture f = with_series(":memory:");
	struct series s = { .account = f.account, .category = f.category };
	struct rollup r = { .account = f.account, .category = f.category };

	OK(store_begin_write(f.st, &err));
	for (int i = 0; i < SUMS_SERIES; i++) {
		OK(store_dimension_intern(
			f.st, &(struct dimension_value) { f.account, DIM_SIM, &"abc"[i], 1 },
			&s.dim[DIM_SIM], &err));
		OK(store_series_intern(f.st, &s, &ret_series[i], &err));
	}
	for (int64_t day = 1; day < SUMS_DAYS; day++) {
		for (int level = 0; level < LEVELS; level++) {
			r.level = level;
			r.slot = slot_of(level, day * 96 + 40);
			r.series = 0;
			add_rollup(f.st, r, day);
			for (int i = 0; i < SUMS_SERIES; i++) {
				r.series = ret_series[i];
				add_rollup(f.st, r, 1);
			}
		}
	}
	OK(store_commit(f.st, &err));
	OK(store_begin_read(f.st, &err));
	return f;
}

START_TEST(sums_of_many_slots_are_those_of_each)
{
	/*
	 * days of UTC, days that begin with the last quarter hour before it,
	 * months and a bit, with a gap and nothing at the end
	 */
	static const struct {
		int64_t first, step, n;
	} rows[] = { { 96, 96, 300 },
		     { 95, 96, 300 },
		     { 96 * 31, 96 * 30 + 7, 12 },
		     { 96 * 390, 96 * 20, 300 } };
	int64_t series[SUMS_SERIES];
	struct fixture f = with_days(series);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sums_account account = { .id = f.account };
		struct slot_span slots[SUMS_DAYS];
		struct counted totals = { 0 }, parts = { 0 };
		struct sums_query q = { .accounts = &account,
					.n_accounts = 1,
					.spans = slots,
					.n_spans = (size_t)rows[i].n };

		for (int64_t k = 0; k < rows[i].n; k++)
			slots[k] = (struct slot_span) { rows[i].first + k * rows[i].step,
							rows[i].first + (k + 1) * rows[i].step -
								(k % 10 == 9) };
		OK(store_sums(f.st, &q, count_row, &totals, &err));
		q.by_series = true;
		OK(store_sums(f.st, &q, count_row, &parts, &err));
		for (int64_t k = 0; k < rows[i].n; k++) {
			int64_t want = 0, days = 0;

			for (int64_t day = 1; day < SUMS_DAYS; day++)
				if (day * 96 + 40 >= slots[k].from && day * 96 + 40 < slots[k].to) {
					want += day;
					days++;
				}
			ck_assert_msg(totals.counts[k] == want &&
					      parts.counts[k] == SUMS_SERIES * days,
				      "row %zu, slot %d", i, (int)k);
		}
	}
	store_close(&f.st);
}
END_TEST

START_TEST(sums_keep_to_the_values_and_categories_asked_for)
{
	int64_t series[SUMS_SERIES], categories[2] = { 0, 999 };
	struct fixture f = with_days(series);
	struct sums_account accounts[2] = { { .id = f.account }, { .id = f.account } };
	struct slot_span slots[SUMS_DAYS];
	struct sums_query q = {
		.accounts = accounts, .n_accounts = 2, .spans = slots, .by_series = true
	};

	OK(store_dimension_find(f.st, &(struct dimension_value) { f.account, DIM_SIM, "b", 1 },
				&accounts[0].dim[DIM_SIM], &err));
	accounts[1].dim[DIM_SIM] = 999;
	for (int64_t k = 0; k < SUMS_DAYS; k++)
		slots[k] = (struct slot_span) { k * 96 + 30, k * 96 + 50 };
	/* few slots, whose series are looked up; and many, which are scanned */
	for (q.n_spans = 10; q.n_spans < SUMS_DAYS; q.n_spans += 380) {
		struct counted c = { 0 };

		OK(store_sums(f.st, &q, count_row, &c, &err));
		ck_assert_int_eq(c.rows, (int64_t)q.n_spans - 1);
		for (size_t k = 1; k < q.n_spans; k++)
			ck_assert_int_eq(c.counts[k], 1);
		categories[0] = f.category;
		q.categories = categories;
		q.n_categories = 2;
		OK(store_sums(f.st, &q, count_row, &c, &err));
		ck_assert_int_eq(c.rows, 2 * ((int64_t)q.n_spans - 1));
		categories[0] = 998;
		OK(store_sums(f.st, &q, count_row, &c, &err));
		ck_assert_int_eq(c.rows, 2 * ((int64_t)q.n_spans - 1));
		q.n_categories = 0;
	}
	store_close(&f.st);
}
END_TEST

START_TEST(more_sums_than_allowed_are_refused_before_any_is_read)
{
	int64_t series[SUMS_SERIES];
	struct fixture f = with_days(series);
	struct sums_account accounts[3] = { { .id = f.account },
					    { .id = f.account },
					    { .id = f.account } };
	struct slot_span slots[] = { { 0, 96 * 20 }, { 96 * 20, 96 * 390 + 1 } };
	struct sums_query q = { .accounts = accounts,
				.n_accounts = 3,
				.spans = slots,
				.n_spans = 2,
				.by_series = true };
	struct counted c = { 0 };

	store_limit(f.st, &(struct store_limits) { .work = 100 });
	FAILS_WITH(store_sums(f.st, &q, count_row, &c, &err), ERR_TOO_LARGE, "more than 100 sums");
	ck_assert_int_eq(c.rows, 0);
	q.by_series = false;
	slots[1].to = 96 * 400;
	slots[0].to = slots[1].from = 96 * 300 + 1;
	/*
	 * each question is within the limit, but not all of them: 3 times about
	 * 60 months and days
	 */
	error_clear(&err);
	store_limit(f.st, &(struct store_limits) { .work = 400 });
	OK(store_sums(f.st, &q, count_row, &c, &err));
	FAILS_WITH(store_sums(f.st, &q, count_row, &c, &err), ERR_TOO_LARGE, "shorter range");
	error_clear(&err);
	store_work_again(f.st);
	OK(store_sums(f.st, &q, count_row, &c, &err));
	store_end(f.st);
	OK(store_begin_read(f.st, &err));
	for (int i = 0; i < 100; i++)
		OK(store_sums(f.st, &q, count_row, &c, &err));
	store_close(&f.st);
}
END_TEST

/* Lets the store go on N times. */
static int go_on(void *arg, struct error *e)
{
	int *n = arg;

	return (*n)-- > 0 ? 0 : error_set(e, ERR_TIMEOUT, NULL, "nobody waits");
}

START_TEST(work_that_nobody_waits_for_is_stopped)
{
	int64_t series[SUMS_SERIES];
	struct fixture f = with_days(series);
	struct sums_account account = { .id = f.account };
	struct slot_span slots[SUMS_DAYS];
	struct sums_query q = { .accounts = &account,
				.n_accounts = 1,
				.spans = slots,
				.n_spans = SUMS_DAYS,
				.by_series = true };
	struct counted c = { 0 };
	int n = 3, rc = 0, questions = 0;

	for (int64_t k = 0; k < SUMS_DAYS; k++)
		slots[k] = (struct slot_span) { k * 96 + 30, k * 96 + 50 };
	store_limit(f.st, &(struct store_limits) { .check = go_on, .arg = &n });
	for (; questions < 1000 && rc == 0; questions++)
		rc = store_sums(f.st, &q, count_row, &c, &err);
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(err.kind, ERR_TIMEOUT);
	ck_assert_str_eq(err.message, "nobody waits");
	ck_assert_int_lt(n, 0);
	ck_assert_int_lt(c.rows, questions * 3 * (SUMS_DAYS - 1));
	/* the snapshot ends all the same, and the next one isn't watched */
	store_end(f.st);
	error_clear(&err);
	OK(store_begin_read(f.st, &err));
	for (int i = 0; i < 100; i++)
		OK(store_sums(f.st, &q, count_row, &c, &err));
	store_close(&f.st);
}
END_TEST

START_TEST(first_day_is_that_of_the_first_usage)
{
	struct fixture f = with_series(":memory:");
	struct rollup r = { .level = LEVEL_DAY, .account = f.account, .category = f.category };
	int64_t day;

	ck_assert_int_eq(store_account_first_day(f.st, f.account, &day, &err), 0);
	OK(store_begin_write(f.st, &err));
	r.slot = 20000;
	add_rollup(f.st, r, 1);
	r.slot = 19000;
	add_rollup(f.st, r, 1);
	OK(store_commit(f.st, &err));
	ck_assert_int_eq(store_account_first_day(f.st, f.account, &day, &err), 1);
	ck_assert_int_eq(day, 19000);
	store_close(&f.st);
}
END_TEST

/* ---- verification ---- */

struct found {
	size_t missing, extra, different, faults;
	struct rollup want, have; /* of the last difference */
	char words[640];          /* of the last fault */
	int64_t done, all;
};

static void note_difference(void *arg, const struct rollup *want, const struct rollup *have)
{
	struct found *f = arg;

	f->missing += want && !have;
	f->extra += have && !want;
	f->different += want && have;
	if (want)
		f->want = *want;
	if (have)
		f->have = *have;
}

static void note_fault(void *arg, const char *words)
{
	struct found *f = arg;

	f->faults++;
	snprintf(f->words, sizeof(f->words), "%s", words);
}

static void note_progress(void *arg, int64_t done, int64_t all)
{
	struct found *f = arg;

	f->done = done;
	f->all = all;
}

static struct verify_calls calls_for(struct found *found, size_t limit)
{
	return (struct verify_calls) { .limit = limit,
				       .difference = note_difference,
				       .fault = note_fault,
				       .progress = note_progress,
				       .arg = found };
}

static struct found verify(size_t want_n)
{
	struct found found = { 0 };
	struct verify_calls calls = calls_for(&found, 100);
	struct store *st = reopen(0);
	size_t n;
	int64_t events;

	OK(store_verify(st, &calls, &n, &events, &err));
	ck_assert_msg(n == want_n, "%zu instead of %zu: %s", n, want_n, found.words);
	ck_assert_int_eq(found.missing + found.extra + found.different + found.faults, want_n);
	ck_assert_int_eq(found.done, events);
	ck_assert_int_eq(found.all, events);
	store_close(&st);
	return found;
}

/* Events in both series over the end of a year, with the rollups they make. */
static void write_sound_ledger(void)
{
	struct fixture f = with_series(path);
	int64_t quarter = (20454LL * 96) - 1; /* the last of 2025 */
	struct posting ref;

	OK(store_begin_write(f.st, &err));
	for (int i = 0; i < 8; i++) {
		char id[16];
		int64_t at = quarter + i / 4;
		struct stored_event e = { .source = f.source,
					  .id = id,
					  .series = i % 2 ? f.plain : f.dimensioned,
					  .time_us = at * 900000000 + i };

		snprintf(id, sizeof(id), "call-%d", i);
		e.id_len = strlen(id);
		e.amounts = (struct amounts) { .n = { 1, 10, 100, 1000 } };
		OK(store_events_add(f.st, &e, 1, &err));
		ref = (struct posting) { e.time_us, e.series, e.source, e.id, e.id_len };
		OK(store_postings_add(f.st, f.account, &ref, 1, &err));
		for (int level = 0; level < LEVELS; level++) {
			struct rollup r = { .level = level,
					    .account = f.account,
					    .category = f.category,
					    .slot = slot_of(level, at) };

			add_rollup(f.st, r, 1);
			r.series = f.dimensioned;
			if (e.series == f.dimensioned)
				add_rollup(f.st, r, 1);
		}
	}
	OK(store_commit(f.st, &err));
	store_close(&f.st);
}

START_TEST(sound_ledger_verifies)
{
	write_sound_ledger();
	verify(0);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM total_month"), 2);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM part_month"), 2);
}
END_TEST

START_TEST(empty_ledger_verifies)
{
	struct store *st = create(path);

	store_close(&st);
	verify(0);
}
END_TEST

static const struct {
	const char *sql;
	size_t missing, extra, different, faults;
} tamperings[] = {
	{ "UPDATE total_quarter SET count = count + 1 WHERE slot % 96 = 95", 0, 0, 1, 0 },
	{ "UPDATE total_day SET usage = usage - 1 WHERE slot = 20454", 0, 0, 1, 0 },
	{ "UPDATE total_month SET price = 0 WHERE slot = 24311", 0, 0, 1, 0 },
	{ "UPDATE part_quarter SET upload = upload + 1 WHERE slot % 96 = 0", 0, 0, 1, 0 },
	{ "UPDATE part_day SET count = 17", 0, 0, 2, 0 },
	{ "UPDATE part_month SET price = price + 1 WHERE slot = 24312", 0, 0, 1, 0 },
	{ "DELETE FROM total_quarter WHERE slot % 96 = 0", 1, 0, 0, 0 },
	{ "DELETE FROM total_day", 2, 0, 0, 0 },
	{ "DELETE FROM part_month WHERE slot = 24311", 1, 0, 0, 0 },
	{ "INSERT INTO total_month VALUES (1, 24313, 1, 0, 1, 0, 0)", 0, 1, 0, 0 },
	{ "INSERT INTO total_day VALUES (1, 1, 1, 1, 0, 0, 0)", 0, 1, 0, 0 },
	{ "INSERT INTO total_quarter VALUES (7, 20454 * 96, 9, 1, 0, 0, 0)", 0, 1, 0, 0 },
	/* of the series without dimensions */
	{ "INSERT INTO part_day VALUES (1, 1, 20454, 1, 2, 20, 200, 2000)", 0, 1, 0, 0 },
	{ "UPDATE part_month SET category = 2", 2, 2, 0, 0 },
	{ "UPDATE event SET price = 99 WHERE id = 'call-1'", 0, 0, 3, 0 },
	{ "UPDATE event SET count = 0 WHERE id = 'call-2'", 0, 0, 6, 0 },
	{ "UPDATE event SET count = 9223372036854775807", 0, 0, 12, 0 },
	{ "DELETE FROM event WHERE id = 'call-7'", 0, 0, 3, 1 },
	{ "DELETE FROM event", 0, 12, 0, 2 },
	{ "UPDATE event SET time_us = time_us + 900000000 * 96 WHERE id = 'call-5'", 2, 0, 2, 2 },
	{ "UPDATE event SET series = 2 WHERE id = 'call-1'", 0, 0, 3, 1 },
	{ "INSERT INTO event VALUES (1, 'more', 1, 900000000 * 96 * 20454, NULL, NULL, 1, 0, 0, 0)",
	  0, 0, 3, 1 },
	/* says nothing */
	{ "INSERT INTO total_month VALUES (1, 24313, 1, 0, 0, 0, 0)", 0, 0, 0, 0 },
	{ "DELETE FROM posting", 0, 0, 0, 2 },
	{ "DELETE FROM posting WHERE hour % 24 = 0", 0, 0, 0, 1 },
	{ "INSERT INTO posting SELECT account, hour + 24, part, events FROM posting", 0, 0, 0, 2 },
	{ "INSERT INTO posting SELECT account, hour, part + 1, events FROM posting", 0, 0, 0, 2 },
	{ "UPDATE posting SET events = x'01ff' WHERE hour % 24 = 0", 0, 0, 0, 1 },
	{ "UPDATE posting SET events = x'ffffffffffffffffffff'", 0, 0, 0, 2 },
	{ "UPDATE posting SET events = x''", 0, 0, 0, 2 },
	{ "UPDATE posting SET hour = 9000000000000000000 WHERE hour % 24 = 0", 0, 0, 0, 2 },
	{ "UPDATE posting SET hour = -9000000000000000000 WHERE hour % 24 = 0", 0, 0, 0, 2 },
	{ "UPDATE posting SET account = 2", 0, 0, 0, 4 },
	{ "UPDATE total_quarter SET slot = 9000000000000000000 WHERE slot % 96 = 0", 1, 1, 0, 0 },
	{ "UPDATE total_day SET slot = -9000000000000000000 WHERE slot = 20454", 1, 1, 0, 0 },
	{ "UPDATE part_month SET slot = 9000000000000000000 WHERE slot = 24311", 1, 1, 0, 0 },
	{ "UPDATE event SET booked_us = time_us - 1 WHERE id = 'call-7'", 0, 0, 0, 2 },
	{ "PRAGMA foreign_keys = OFF; DELETE FROM source", 0, 0, 0, 1 },
	{ "PRAGMA foreign_keys = OFF; UPDATE event SET correction = 7 WHERE id = 'call-1'", 0, 0, 0,
	  1 },
};

START_TEST(verify_finds_tampering)
{
	struct found found;

	write_sound_ledger();
	raw(tamperings[_i].sql);
	found = verify(tamperings[_i].missing + tamperings[_i].extra + tamperings[_i].different +
		       tamperings[_i].faults);
	ck_assert_int_eq(found.faults, tamperings[_i].faults);
	ck_assert_int_eq(found.missing, tamperings[_i].missing);
	ck_assert_int_eq(found.extra, tamperings[_i].extra);
	ck_assert_int_eq(found.different, tamperings[_i].different);
}
END_TEST

/* What follows from the events, whatever they are, can be put right. */
START_TEST(rebuild_puts_right_what_verify_finds)
{
	struct verify_calls calls = { 0 };
	struct store *st, *writer;
	size_t n;
	int64_t events;

	write_sound_ledger();
	raw(tamperings[_i].sql);
	st = reopen(0);
	writer = reopen(STORE_WRITE);
	if (strstr(tamperings[_i].sql, "9223372036854775807")) {
		FAILS_WITH(store_rebuild(st, writer, &calls, &n, &events, &err), ERR_OVERFLOW, "");
	} else {
		OK(store_rebuild(st, writer, &calls, &n, &events, &err));
		OK(store_rebuild(st, writer, &calls, &n, &events, &err));
		ck_assert_uint_eq(n, 0);
	}
	store_close(&st);
	store_close(&writer);
	/* what is wrong with the events themselves stays */
	if (!strstr(tamperings[_i].sql, "9223372036854775807"))
		verify(strstr(tamperings[_i].sql, "booked_us") ||
				       strstr(tamperings[_i].sql, "PRAGMA")
			       ? 1
			       : 0);
}
END_TEST

START_TEST(verify_says_what_differs)
{
	struct found found;

	write_sound_ledger();
	raw("UPDATE total_day SET usage = 41 WHERE slot = 20454");
	found = verify(1);
	ck_assert_int_eq(found.want.level, LEVEL_DAY);
	ck_assert_int_eq(found.want.account, 1);
	ck_assert_int_eq(found.want.category, 1);
	ck_assert_int_eq(found.want.slot, 20454);
	ck_assert_int_eq(found.want.series, 0);
	ck_assert_int_eq(found.want.amounts.usage, 40);
	ck_assert_int_eq(found.have.amounts.usage, 41);
	ck_assert_int_eq(found.have.level, LEVEL_DAY);
}
END_TEST

START_TEST(verify_names_at_most_the_limit_but_counts_all)
{
	struct found found = { 0 };
	struct verify_calls calls = calls_for(&found, 5);
	struct store *st;
	size_t n;
	int64_t events;

	write_sound_ledger();
	raw("DELETE FROM event");
	st = reopen(0);
	OK(store_verify(st, &calls, &n, &events, &err));
	ck_assert_int_eq(n, 14);
	ck_assert_int_eq(found.extra, 5);
	ck_assert_int_eq(events, 0);
	store_close(&st);
}
END_TEST

START_TEST(verify_refuses_events_without_a_series)
{
	struct found found = { 0 };
	struct verify_calls calls = calls_for(&found, 5);
	struct store *st;
	size_t n;
	int64_t events;

	write_sound_ledger();
	raw("PRAGMA foreign_keys = OFF; DELETE FROM series WHERE id = 1");
	st = reopen(0);
	FAILS_WITH(store_verify(st, &calls, &n, &events, &err), ERR_INTERNAL, "damaged");
	store_close(&st);
}
END_TEST

/* ---- users, sessions, the audit log ---- */

static struct user add_named_user(struct store *st, const char *name, const char *email,
				  const int64_t *grants, size_t n)
{
	struct user u = { .name = name,
			  .display = "Ada",
			  .email = email,
			  .role = "Manager",
			  .password = "$argon2id$",
			  .created = 5,
			  .grants = grants,
			  .n_grants = n };

	OK(store_user_add(st, &u, &err));
	return u;
}

static struct session make_session(int64_t user, enum session_kind kind, unsigned char mark,
				   int64_t created)
{
	struct session s = {
		.user = user, .kind = kind, .created = created, .expires = created + 100
	};

	memset(s.hash, mark, sizeof(s.hash));
	memcpy(s.hash, &created, sizeof(created));
	return s;
}

START_TEST(user_is_found_by_name_id_and_address_with_their_grants)
{
	struct store *st = create(path);
	struct account a = { .sid = "AC00000000000000000000000000000001",
			     .name = "a",
			     .currency = "usd" };
	struct user u, got = { 0 };

	OK(store_account_add(st, &a, &err));
	u = add_named_user(st, "ada", "Ada@example.org", &a.id, 1);
	ck_assert_int_eq(store_user_by_name(st, "ada", &arena, &got, &err), 1);
	ck_assert_int_eq(got.id, u.id);
	ck_assert_str_eq(got.display, "Ada");
	ck_assert_str_eq(got.role, "Manager");
	ck_assert_int_eq(got.n_grants, 1);
	ck_assert_int_eq(got.grants[0], a.id);
	ck_assert_int_eq(store_user_by_id(st, u.id, &arena, &got, &err), 1);
	ck_assert_str_eq(got.name, "ada");
	ck_assert_int_eq(store_user_by_email(st, "ada@EXAMPLE.org", &arena, &got, &err), 1);
	ck_assert_str_eq(got.name, "ada");
	ck_assert_int_eq(store_user_by_name(st, " Ada", &arena, &got, &err), 1);
	ck_assert_int_eq(got.id, u.id);
	ck_assert_int_eq(store_user_by_name(st, "adah", &arena, &got, &err), 0);
	store_close(&st);
}
END_TEST

START_TEST(name_of_a_removed_user_stays_taken_but_not_the_address)
{
	struct store *st = create(path);
	struct user u = add_named_user(st, "ada", "ada@example.org", NULL, 0), again = u;

	FAILS_WITH(store_user_add(st, &again, &err), ERR_CONFLICT, "ada");
	again.name = "eve";
	FAILS_WITH(store_user_add(st, &again, &err), ERR_CONFLICT, "ada@example.org");
	ck_assert_int_eq(store_user_remove(st, u.id, 9, &err), 1);
	ck_assert_int_eq(store_user_remove(st, u.id, 10, &err), 0);
	ck_assert_int_eq(store_user_password(st, u.id, "x", NULL, &err), 0);
	ck_assert_int_eq(store_user_by_name(st, "ada", &arena, &again, &err), 1);
	ck_assert_int_eq(again.removed, 9);
	ck_assert_int_eq(store_user_by_email(st, "ada@example.org", &arena, &again, &err), 0);
	again = u;
	FAILS_WITH(store_user_add(st, &again, &err), ERR_CONFLICT, "ada");
	error_clear(&err);
	add_named_user(st, "eve", "ada@example.org", NULL, 0);
	store_close(&st);
}
END_TEST

START_TEST(grants_are_given_and_taken_and_count_as_changes)
{
	struct store *st = create(path);
	struct account a = { .sid = "AC00000000000000000000000000000001",
			     .name = "a",
			     .currency = "usd" };
	struct user u, got = { 0 };
	int64_t before, after;

	OK(store_account_add(st, &a, &err));
	u = add_named_user(st, "ada", "", NULL, 0);
	OK(store_version(st, &before, &err));
	ck_assert_int_eq(store_user_grant(st, u.id, a.id, true, &err), 1);
	ck_assert_int_eq(store_user_grant(st, u.id, a.id, true, &err), 1);
	ck_assert_int_eq(store_user_by_id(st, u.id, &arena, &got, &err), 1);
	ck_assert_int_eq(got.n_grants, 1);
	OK(store_version(st, &after, &err));
	ck_assert(after > before);
	ck_assert_int_eq(store_user_grant(st, u.id, a.id, false, &err), 1);
	ck_assert_int_eq(store_user_by_id(st, u.id, &arena, &got, &err), 1);
	ck_assert_int_eq(got.n_grants, 0);
	ck_assert_int_eq(store_user_grant(st, 99, a.id, true, &err), 0);
	FAILS_WITH(store_user_grant(st, u.id, 99, true, &err), ERR_PARAM, "99");
	store_close(&st);
}
END_TEST

START_TEST(sessions_end_by_name_by_time_and_with_their_user)
{
	struct store *st = create(path);
	struct user u = add_named_user(st, "ada", "", NULL, 0),
		    v = add_named_user(st, "eve", "", NULL, 0);
	struct session s[4], got = { 0 };
	int64_t before, after;

	for (int i = 0; i < 4; i++) {
		s[i] = make_session(i < 3 ? u.id : v.id, SESSION_PERMANENT, (unsigned char)i,
				    10 * i);
		OK(store_session_add(st, &s[i], &err));
	}
	OK(store_version(st, &before, &err));
	ck_assert_int_eq(store_session_find(st, s[1].hash, &got, &err), 1);
	ck_assert_int_eq(got.user, u.id);
	ck_assert_int_eq(got.kind, SESSION_PERMANENT);
	ck_assert_int_eq(got.expires, 110);
	ck_assert_int_eq(store_session_end(st, s[1].hash, &err), 1);
	ck_assert_int_eq(store_session_end(st, s[1].hash, &err), 0);
	ck_assert_int_eq(store_session_find(st, s[1].hash, &got, &err), 0);
	OK(store_sessions_expire(st, 100, &err));
	ck_assert_int_eq(store_session_find(st, s[0].hash, &got, &err), 0);
	ck_assert_int_eq(store_session_find(st, s[2].hash, &got, &err), 1);
	OK(store_version(st, &after, &err));
	ck_assert_int_eq(before, after);
	ck_assert_int_eq(store_user_password(st, u.id, "new", NULL, &err), 1);
	ck_assert_int_eq(store_session_find(st, s[2].hash, &got, &err), 0);
	ck_assert_int_eq(store_session_find(st, s[3].hash, &got, &err), 1);
	ck_assert_int_eq(store_user_remove(st, v.id, 3, &err), 1);
	ck_assert_int_eq(store_session_find(st, s[3].hash, &got, &err), 0);
	store_close(&st);
}
END_TEST

START_TEST(the_oldest_session_makes_room_for_a_new_one)
{
	struct store *st = create(path);
	struct user u = add_named_user(st, "ada", "", NULL, 0);
	struct session token = make_session(u.id, SESSION_TOKEN, 7, -1),
		       one = make_session(u.id, SESSION_TEMPORARY, 1, 1000000), got = { 0 };

	ck_assert_int_eq(u.id, 1);
	OK(store_session_add(st, &token, &err));
	store_close(&st);
	raw("WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)"
	    " INSERT INTO session (hash, user, kind, created, expires) SELECT randomblob(32), 1, "
	    "0, n, 2000000 FROM n");
	st = reopen(STORE_WRITE);
	OK(store_session_add(st, &one, &err));
	ck_assert_int_eq(store_session_find(st, one.hash, &got, &err), 1);
	ck_assert_int_eq(store_session_find(st, token.hash, &got, &err), 1);
	store_close(&st);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM session WHERE kind = 0"),
			 USER_SESSIONS_MAX);
	ck_assert_int_eq(raw_number("SELECT min(created) FROM session WHERE kind = 0"), 2);
}
END_TEST

START_TEST(audit_log_is_read_backwards_page_by_page)
{
	struct store *st = create(path);
	struct audit *list;
	size_t n;

	for (int i = 1; i <= 5; i++) {
		struct audit a = { .at = i,
				   .author = "console",
				   .action = "key.add",
				   .subject = "SK",
				   .detail = i == 5 ? "last" : "" };

		OK(store_audit_add(st, &a, &err));
	}
	OK(store_audits(st, &(struct newest) { .before = 0, .limit = 2 }, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(list[0].at, 5);
	ck_assert_str_eq(list[0].detail, "last");
	ck_assert_str_eq(list[0].author, "console");
	OK(store_audits(st, &(struct newest) { .before = list[1].id, .limit = 10 }, &arena, &list,
			&n, &err));
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(list[0].at, 3);
	store_close(&st);
}
END_TEST

START_TEST(use_of_a_key_is_noted_and_is_no_change)
{
	struct store *st = create(path);
	struct key k = { .sid = "SK00000000000000000000000000000001",
			 .name = "",
			 .role = "Ingest" },
		   got = { 0 };
	int64_t before, after;

	OK(store_key_add(st, &k, &err));
	OK(store_version(st, &before, &err));
	OK(store_key_used(st, k.sid, 86400, &err));
	OK(store_key_used(st, k.sid, 0, &err));
	ck_assert_int_eq(store_key_by_hash(st, k.hash, &arena, &got, &err), 1);
	ck_assert_int_eq(got.used, 86400);
	OK(store_version(st, &after, &err));
	ck_assert_int_eq(before, after);
	store_close(&st);
}
END_TEST

/* ---- postings ---- */

static uint64_t random_number(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/*
 * References of N events in HOUR, each called after its number, with ids of
 * many lengths.
 */
static struct posting *make_posted(size_t n, int64_t hour, int64_t series, uint64_t *state)
{
	struct posting *list = arena_array(&arena, struct posting, n);

	for (size_t i = 0; i < n; i++) {
		char *id = arena_printf(&arena, "call-%08zu-%0*d", i,
					(int)(random_number(state) % 200) + 1, 7);

		list[i] = (struct posting) { hour * 3600000000 +
						     (int64_t)(random_number(state) % 3600000000),
					     series, (int64_t)(random_number(state) % 5) + 1, id,
					     strlen(id) };
	}
	return list;
}

static void check_postings(struct store *st, int64_t account, int64_t hour, size_t want_n,
			   const struct posting_sum *want)
{
	struct posting_sum sum = { 0 };
	struct posting *list;
	size_t n;

	OK(store_postings(st, &(struct account_hour) { account, hour }, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, want_n);
	for (size_t i = 0; i < n; i++) {
		posting_sum_add(&sum, &list[i]);
		if (i > 0) {
			const struct posting *a = &list[i - 1], *b = &list[i];

			ck_assert(a->effective_us < b->effective_us ||
				  (a->effective_us == b->effective_us &&
				   (a->source < b->source ||
				    (a->source == b->source && strcmp(a->id, b->id) < 0))));
		}
	}
	ck_assert_uint_eq(sum.hash, want->hash);
}

START_TEST(postings_of_many_commits_come_back_in_order)
{
	struct fixture f = with_series(path);
	struct posting_sum want[3] = { 0 };
	size_t counts[3] = { 0 };
	uint64_t state = 1;
	int64_t hour;

	for (int commit = 0; commit < 60; commit++) {
		size_t n = commit % 7 ? random_number(&state) % 3 + 1 : 200,
		       which = random_number(&state) % 3;
		struct posting *list = make_posted(n, 490000 + 10 * (int64_t)which, f.plain,
						   &state);

		for (size_t i = 0; i < n; i++)
			posting_sum_add(&want[which], &list[i]);
		counts[which] += n;
		OK(store_begin_write(f.st, &err));
		OK(store_postings_add(f.st, f.account, list, n, &err));
		OK(store_commit(f.st, &err));
	}
	for (int64_t which = 0; which < 3; which++)
		check_postings(f.st, f.account, 490000 + 10 * which, counts[which], &want[which]);
	ck_assert_int_le(raw_number("SELECT max(length(events)) FROM posting"), 960);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM posting WHERE account <> 1"), 0);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 0, false, &hour, &err), 1);
	ck_assert_int_eq(hour, 490000);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 490001, false, &hour, &err), 1);
	ck_assert_int_eq(hour, 490010);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 490019, true, &hour, &err), 1);
	ck_assert_int_eq(hour, 490010);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 490021, false, &hour, &err), 0);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 489999, true, &hour, &err), 0);
	ck_assert_int_eq(store_posting_hour(f.st, f.account + 1, 0, false, &hour, &err), 0);
	store_close(&f.st);
}
END_TEST

START_TEST(small_commits_share_a_part)
{
	struct fixture f = with_series(path);
	struct posting ref = { .series = f.plain, .source = f.source, .id_len = 6 };

	for (int i = 0; i < 50; i++) {
		char id[16];

		snprintf(id, sizeof(id), "e%05d", i);
		ref.id = id;
		ref.effective_us = 490000 * INT64_C(3600000000) + i;
		OK(store_begin_write(f.st, &err));
		OK(store_postings_add(f.st, f.account, &ref, 1, &err));
		OK(store_commit(f.st, &err));
	}
	ck_assert_int_eq(raw_number("SELECT count(*) FROM posting"), 1);
	store_close(&f.st);
}
END_TEST

START_TEST(damaged_postings_are_said)
{
	struct posting *list;
	struct store *st;
	size_t n;

	write_sound_ledger();
	raw("UPDATE posting SET events = CAST(substr(events, 1, 7) AS BLOB)");
	st = reopen(0);
	FAILS_WITH(store_postings(st, &(struct account_hour) { 1, 20454 * 24 }, &arena, &list, &n,
				  &err),
		   ERR_INTERNAL, "rebuild");
	store_close(&st);
}
END_TEST

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
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_steps, 1, &err));
	db_close(&db);
	raw("INSERT INTO account VALUES (1, 'AC1', 'a', NULL, 'usd', 0), (2, 'AC2', 'b', NULL, "
	    "'usd', 0);"
	    "INSERT INTO category VALUES (1, 'calls', NULL, '', '', '', 0); INSERT INTO source "
	    "VALUES (1, '/pbx');"
	    "INSERT INTO series VALUES (1, 1, 1, 0, 0, 0, 0, 0), (2, 2, 1, 0, 0, 0, 0, 0);"
	    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 24999)"
	    " INSERT INTO event SELECT 1, 'e' || i, 1 + i % 2, i * 1000000, 1, 0, 0, 0 FROM n");
	st = reopen(STORE_WRITE);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event"), 25000);
	OK(store_postings(st, &(struct account_hour) { 2, 1 }, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 1800);
	ck_assert_str_eq(list[0].id, "e3601");
	ck_assert_int_eq(list[1799].effective_us, INT64_C(7199000000));
	OK(store_source_find(st, 2, "/pbx", 4, &source, &err) < 0 ? -1 : 0);
	ck_assert_int_eq(
		store_event_find(st, &(struct event_key) { source, "e7", 2 }, &arena, &e, &err), 1);
	ck_assert_int_eq(e.effective_us, 7000000);
	ck_assert_int_eq(e.correction, 0);
	store_close(&st);
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
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_steps, 2, &err));
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
	st = reopen(STORE_WRITE);
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
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_steps, 2, &err));
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
	st = reopen(STORE_WRITE);
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
	OK(store_verify(st, &calls, &wrong, &events, &err));
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
	OK(schema_bring(db, DB_WRITE | DB_CREATE, schema_steps, 2, &err));
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
	st = reopen(STORE_WRITE);
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
	OK(store_late_count(st, &late, &err));
	ck_assert_int_eq(late, 1);
	store_close(&st);
}
END_TEST

START_TEST(a_source_is_found_in_its_own_family_only)
{
	struct fixture f = with_series(path);
	struct stored_event e = { .source = f.source,
				  .id = "one",
				  .id_len = 3,
				  .series = f.plain,
				  .time_us = 5,
				  .effective_us = 5 };
	int64_t other, again, found[4];
	size_t n;

	OK(store_begin_write(f.st, &err));
	OK(store_source_intern(f.st, f.account + 1, "/pbx/1", 6, &other, &err));
	OK(store_source_intern(f.st, f.account + 1, "/pbx/1", 6, &again, &err));
	OK(store_events_add(f.st, &e, 1, &err));
	OK(store_commit(f.st, &err));
	ck_assert_int_ne(other, f.source);
	ck_assert_int_eq(other, again);
	OK(store_event_sources(f.st, &(struct source_query) { f.account, NULL, "one", 3, 4 }, found,
			       &n, &err));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(found[0], f.source);
	OK(store_event_sources(f.st, &(struct source_query) { 0, "/pbx/1", "one", 3, 4 }, found, &n,
			       &err));
	ck_assert_uint_eq(n, 1);
	OK(store_event_sources(f.st, &(struct source_query) { f.account + 1, NULL, "one", 3, 4 },
			       found, &n, &err));
	ck_assert_uint_eq(n, 0);
	OK(store_event_sources(f.st, &(struct source_query) { 0, "/other", "one", 3, 4 }, found, &n,
			       &err));
	ck_assert_uint_eq(n, 0);
	store_close(&f.st);
}
END_TEST

/* ---- corrections, closings, rejected records ---- */

START_TEST(corrections_of_an_event_come_oldest_first)
{
	struct fixture f = with_series(path);
	struct correction c = { .sid = "CR1",
				.kind = CORRECTION_AMEND,
				.source = f.source,
				.event = "call",
				.author = "ann",
				.reason = "why",
				.made = 5 };
	struct correction *list, found;
	size_t n;

	ck_assert_int_eq(store_correction_last(f.st, &(struct event_key) { f.source, "call", 4 },
					       &arena, &found, &err),
			 0);
	OK(store_correction_add(f.st, &c, &err));
	FAILS_WITH(store_correction_add(f.st, &c, &err), ERR_CONFLICT, "exists");
	snprintf(c.sid, sizeof(c.sid), "CR2");
	c.kind = CORRECTION_VOID;
	OK(store_correction_add(f.st, &c, &err));
	OK(store_corrections(f.st, &(struct event_key) { f.source, "call", 4 }, &arena, &list, &n,
			     &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(list[0].sid, "CR1");
	ck_assert_int_eq(list[0].kind, CORRECTION_AMEND);
	ck_assert_str_eq(list[1].event, "call");
	ck_assert_int_eq(store_correction_last(f.st, &(struct event_key) { f.source, "call", 4 },
					       &arena, &found, &err),
			 1);
	ck_assert_str_eq(found.sid, "CR2");
	ck_assert_int_eq(store_correction_by_id(f.st, list[0].id, &arena, &found, &err), 1);
	ck_assert_str_eq(found.reason, "why");
	ck_assert_int_eq(store_correction_by_id(f.st, 99, &arena, &found, &err), 0);
	OK(store_corrections(f.st, &(struct event_key) { f.source, "calls", 5 }, &arena, &list, &n,
			     &err));
	ck_assert_uint_eq(n, 0);
	store_close(&f.st);
}
END_TEST

START_TEST(closings_are_one_an_account_and_count_as_changes)
{
	struct store *st = create(path);
	struct closing c = { .account = add_account(st, 1, "first"),
			     .own_us = 86400000000,
			     .author = "ann",
			     .made = 7 },
		       *list;
	int64_t before, now;
	size_t n;

	OK(store_version(st, &before, &err));
	ck_assert_int_eq(store_closing(st, c.account, &arena, &c, &err), 0);
	OK(store_closing_set(st, &c, &err));
	c.own_us *= 2;
	OK(store_closing_set(st, &c, &err));
	OK(store_version(st, &now, &err));
	ck_assert_int_eq(now, before + 2);
	ck_assert_int_eq(store_closing(st, c.account, &arena, &c, &err), 1);
	ck_assert_int_eq(c.open_us, 172800000000);
	OK(store_closings(st, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(list[0].author, "ann");
	c.own_us = 0;
	OK(store_closing_set(st, &c, &err));
	OK(store_closings(st, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 0);
	c.account = 99;
	FAILS_WITH(store_closing_set(st, &c, &err), ERR_PARAM, "no account");
	store_close(&st);
}
END_TEST

START_TEST(refused_records_come_newest_first_and_are_forgotten)
{
	struct store *st = create(path);
	int64_t first = add_account(st, 1, "first"), second = add_account(st, 2, "second");
	struct rejection r = { .author = "SK1",
			       .source = "/p",
			       .event = "e",
			       .code = "invalid",
			       .field = "time",
			       .message = "m" },
			 *list;
	char *record = arena_alloc(&arena, REJECTION_RECORD_MAX + 10);
	size_t n;

	memset(record, 'x', REJECTION_RECORD_MAX - 1);
	memcpy(record + REJECTION_RECORD_MAX - 1, "\xC3\xA4...", 6);
	r.record = record;
	for (int i = 0; i < 10; i++) {
		r.at = 100 + i;
		r.account = i % 3 == 0 ? 0 : i % 3 == 1 ? first : second;
		OK(store_rejection_add(st, &r, &err));
	}
	OK(store_rejections(st, &(struct rejection_query) { .limit = 3 }, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(list[0].at, 109);
	ck_assert_uint_eq(strlen(list[0].record), REJECTION_RECORD_MAX - 1);
	OK(store_rejections(st, &(struct rejection_query) { .before = list[2].id, .limit = 100 },
			    &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 7);
	ck_assert_int_eq(list[0].at, 106);
	OK(store_rejections(st,
			    &(struct rejection_query) { .accounts = &second, .n = 1, .limit = 2 },
			    &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(list[1].at, 105);
	OK(store_rejections(st, &(struct rejection_query) { .since = 107, .limit = 100 }, &arena,
			    &list, &n, &err));
	ck_assert_uint_eq(n, 3);
	OK(store_rejections_prune(st, 103, 4, &err));
	OK(store_rejections(st, &(struct rejection_query) { .limit = 100 }, &arena, &list, &n,
			    &err));
	ck_assert_uint_eq(n, 4);
	OK(store_rejections_prune(st, 108, 100, &err));
	OK(store_rejections(st, &(struct rejection_query) { .limit = 100 }, &arena, &list, &n,
			    &err));
	ck_assert_uint_eq(n, 2);
	store_close(&st);
}
END_TEST

/*
 * How many records of AUTHOR are listed, and that they are its newest: from the
 * time SINCE on.
 */
static void lists(struct store *st, const char *author, size_t want_n, int64_t since)
{
	struct rejection *list;
	size_t n, own = 0;

	OK(store_rejections(st, &(struct rejection_query) { .limit = 1000 }, &arena, &list, &n,
			    &err));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].author, author) != 0)
			continue;
		own++;
		ck_assert_msg(list[i].at >= since, "%s: %d", author, (int)list[i].at);
	}
	ck_assert_msg(own == want_n, "%s: %zu", author, own);
}

START_TEST(no_author_pushes_out_what_was_refused_of_another)
{
	static const struct {
		const char *author;
		int n;
	} sent[] = { { "few", 3 }, { "many", 50 }, { "", 2 }, { "many", 50 }, { "some", 12 } };
	struct store *st = create(path);
	struct rejection r = { .source = "/p",
			       .event = "e",
			       .code = "invalid",
			       .field = "time",
			       .message = "m",
			       .record = "{}" };

	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		for (int k = 0; k < sent[i].n; k++) {
			r.at++;
			r.author = sent[i].author;
			OK(store_rejection_add(st, &r, &err));
		}
	}
	OK(store_rejections_prune(st, 0, 10, &err));
	lists(st, "few", 3, 1);
	lists(st, "many", 10, 96);
	lists(st, "", 2, 54);
	lists(st, "some", 10, 108);
	store_close(&st);
}
END_TEST

/* ---- rebuilding while others write ---- */

struct meanwhile {
	struct store *st;
	struct fixture f;
	int n;
};

/* An event that comes while the snapshot is gone through. */
static void add_meanwhile(struct meanwhile *m)
{
	int64_t at = 20454LL * 96;
	char id[24];
	struct stored_event e = { .source = m->f.source,
				  .id = id,
				  .series = m->f.dimensioned,
				  .time_us = at * 900000000 + 100 + m->n,
				  .amounts.n = { 1, 10, 100, 1000 } };
	struct posting ref;

	snprintf(id, sizeof(id), "meanwhile-%d", m->n++);
	e.id_len = strlen(id);
	OK(store_begin_write(m->st, &err));
	OK(store_events_add(m->st, &e, 1, &err));
	ref = (struct posting) { e.time_us, e.series, e.source, e.id, e.id_len };
	OK(store_postings_add(m->st, m->f.account, &ref, 1, &err));
	for (int level = 0; level < LEVELS; level++) {
		struct rollup r = { .level = level,
				    .account = m->f.account,
				    .category = m->f.category,
				    .slot = slot_of(level, at) };

		add_rollup(m->st, r, 1);
		r.series = m->f.dimensioned;
		add_rollup(m->st, r, 1);
	}
	OK(store_commit(m->st, &err));
}

START_TEST(rebuild_keeps_what_comes_meanwhile)
{
	struct store *snapshot, *writer;
	struct verify_calls calls = { 0 };
	struct meanwhile m = {
		.f = { .account = 1, .category = 1, .source = 1, .plain = 1, .dimensioned = 2 }
	};
	struct posting *refs;
	size_t n, n_refs;

	write_sound_ledger();
	raw("DELETE FROM total_day WHERE slot = 20454; DELETE FROM posting WHERE hour = 20454 * 24 "
	    "- 1");
	snapshot = reopen(0);
	writer = reopen(STORE_WRITE);
	m.st = reopen(STORE_WRITE);
	OK(store_begin_read(snapshot, &err));
	OK(store_postings(snapshot, &(struct account_hour) { 1, 20454 * 24 }, &arena, &refs,
			  &n_refs, &err));
	for (int i = 0; i < 40; i++)
		add_meanwhile(&m);
	/* the hour as the snapshot has it, once again: what came since stays */
	OK(store_begin_write(writer, &err));
	OK(store_postings_replace(snapshot, writer,
				  &(struct posting_hour) { 1, 20454 * 24, refs, n_refs }, &err));
	OK(store_commit(writer, &err));
	store_end(snapshot);
	OK(store_postings(writer, &(struct account_hour) { 1, 20454 * 24 }, &arena, &refs, &n,
			  &err));
	ck_assert_uint_eq(n, n_refs + 40);
	OK(store_rebuild(snapshot, writer, &calls, &n, &(int64_t) { 0 }, &err));
	ck_assert_uint_eq(n, 2);
	store_close(&snapshot);
	store_close(&writer);
	store_close(&m.st);
	verify(0);
}
END_TEST

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

static Suite *store_suite(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("file");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, temporary_files_lie_beside_the_ledger);
	tcase_add_test(t, new_ledger_is_not_for_others);
	tcase_add_test(t, umask_narrows_a_new_ledger);
	tcase_add_test(t, creating_over_a_file_is_refused);
	tcase_add_test(t, missing_ledger_is_named);
	tcase_add_test(t, folder_is_no_ledger);
	tcase_add_test(t, file_that_is_no_database_is_refused);
	tcase_add_test(t, empty_file_is_refused);
	tcase_add_test(t, database_of_another_program_is_refused_and_left_alone);
	tcase_add_test(t, ledger_of_a_newer_program_is_refused);
	tcase_add_test(t, older_ledger_is_brought_forward_by_a_writer);
	tcase_add_test(t, older_ledger_is_refused_to_a_reader);
	tcase_add_test(t, step_that_fails_leaves_the_older_version);
	tcase_add_test(t, ledger_is_durable_as_configured);
	suite_add_tcase(s, t);

	t = tcase_create("connections");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_log_is_carried_over_and_begins_anew);
	tcase_add_test(t, the_log_waits_for_who_reads_in_it_and_is_carried_over_then);
	tcase_add_test(t, an_account_asked_for_again_is_that_of_the_snapshot);
	tcase_add_test(t, reader_keeps_its_snapshot_while_another_writes);
	tcase_add_test(t, second_writer_is_told_that_the_ledger_is_locked);
	tcase_add_test(t, a_writer_waits_as_its_caller_wants);
	tcase_add_test(t, what_is_written_to_a_ledger_that_was_moved_is_not_acknowledged);
	tcase_add_test(t, reads_see_each_change_after_calm_and_after_unrest);
	tcase_add_test(t, backup_holds_what_was_committed_when_it_began);
	tcase_add_test(t, backup_that_is_given_up_leaves_nothing);
	tcase_add_test(t, restored_ledger_takes_the_place_of_one_that_nobody_uses);
	tcase_add_test(t, restored_ledger_is_brought_forward);
	tcase_add_test(t, reader_can_not_write);
	tcase_add_test(t, reader_is_told_that_its_folder_must_be_writable);
	tcase_add_test(t, writer_is_told_that_the_file_is_read_only);
	tcase_add_test(t, unreadable_file_is_refused);
	tcase_add_test(t, full_disk_is_said_and_nothing_is_half_stored);
	tcase_add_test(t, failed_write_is_said_and_nothing_is_half_stored);
	tcase_add_test(t, damaged_file_is_said);
	tcase_add_test(t, end_undoes_a_write);
	suite_add_tcase(s, t);

	t = tcase_create("accounts, categories, keys");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, account_is_found_by_sid_name_and_id);
	tcase_add_test(t, taken_sid_or_name_is_named);
	tcase_add_test(t, subaccounts_have_one_level);
	tcase_add_test(t, accounts_come_in_the_order_of_their_sids);
	tcase_add_test(t, categories_come_in_the_order_they_were_added);
	tcase_add_test(t, key_is_found_by_its_hash_with_its_grants);
	tcase_add_test(t, key_of_an_unknown_account_is_refused_whole);
	tcase_add_test(t, version_grows_with_accounts_categories_and_keys);
	suite_add_tcase(s, t);

	t = tcase_create("users, sessions, the audit log");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, user_is_found_by_name_id_and_address_with_their_grants);
	tcase_add_test(t, name_of_a_removed_user_stays_taken_but_not_the_address);
	tcase_add_test(t, grants_are_given_and_taken_and_count_as_changes);
	tcase_add_test(t, sessions_end_by_name_by_time_and_with_their_user);
	tcase_add_test(t, the_oldest_session_makes_room_for_a_new_one);
	tcase_add_test(t, audit_log_is_read_backwards_page_by_page);
	tcase_add_test(t, use_of_a_key_is_noted_and_is_no_change);
	suite_add_tcase(s, t);

	t = tcase_create("events and rollups");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, dimension_values_are_interned_per_account_and_dimension);
	tcase_add_test(t, series_is_the_same_only_with_the_same_dimensions);
	tcase_add_test(t, event_that_differs_in_anything_is_a_conflict);
	tcase_add_test(t, slots_follow_the_calendar);
	tcase_add_test(t, rollups_add_up);
	tcase_add_test(t, sum_beyond_64_bits_is_refused);
	tcase_add_test(t, scan_yields_slots_in_order_inside_its_range);
	tcase_add_loop_test(t, scan_by_series_keeps_to_the_dimension_asked_for, 0,
			    ARRAY_SIZE(scan_ends));
	tcase_add_test(t, sums_of_many_slots_are_those_of_each);
	tcase_add_test(t, sums_keep_to_the_values_and_categories_asked_for);
	tcase_add_test(t, more_sums_than_allowed_are_refused_before_any_is_read);
	tcase_add_test(t, work_that_nobody_waits_for_is_stopped);
	tcase_add_test(t, first_day_is_that_of_the_first_usage);
	suite_add_tcase(s, t);

	t = tcase_create("verification");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, sound_ledger_verifies);
	tcase_add_test(t, empty_ledger_verifies);
	tcase_add_loop_test(t, verify_finds_tampering, 0, ARRAY_SIZE(tamperings));
	tcase_add_loop_test(t, rebuild_puts_right_what_verify_finds, 0, ARRAY_SIZE(tamperings));
	tcase_add_test(t, verify_says_what_differs);
	tcase_add_test(t, verify_names_at_most_the_limit_but_counts_all);
	tcase_add_test(t, verify_refuses_events_without_a_series);
	tcase_add_test(t, rebuild_keeps_what_comes_meanwhile);
	suite_add_tcase(s, t);

	t = tcase_create("postings");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, postings_of_many_commits_come_back_in_order);
	tcase_add_test(t, small_commits_share_a_part);
	tcase_add_test(t, damaged_postings_are_said);
	tcase_add_test(t, events_of_an_older_ledger_get_their_postings);
	tcase_add_test(t, users_and_keys_of_an_older_ledger_keep_their_names_and_get_their_makers);
	tcase_add_test(t, families_of_an_older_ledger_get_sources_of_their_own);
	tcase_add_test(t, subaccounts_of_an_older_ledger_are_closed_with_their_main_account);
	tcase_add_test(t, a_source_is_found_in_its_own_family_only);
	tcase_add_test(t, corrections_of_an_event_come_oldest_first);
	tcase_add_test(t, closings_are_one_an_account_and_count_as_changes);
	tcase_add_test(t, no_author_pushes_out_what_was_refused_of_another);
	tcase_add_test(t, refused_records_come_newest_first_and_are_forgotten);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(store_suite());
}
