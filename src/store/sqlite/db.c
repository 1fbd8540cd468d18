/*
 * db.c - the driver for SQLite: connections, statements and transactions.
 */
#include "store/db_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store/layout.h"
#include "store/schema.h"
#include "store/sqlite/ledger_file.h"
#include "store/sqlite/list.h"
#include "store/sqlite/raw.h"
#include "store/sqlite/wal.h"
#include "base/banned.h"

/* "usgd": the application id in the header of a ledger */
#define APPLICATION_ID 0x75736764

/*
 * Pages are read through a memory map, which all connections share, so the
 * caches of the connections are small. While the ledger changes often, db_tune
 * turns the map off.
 *
 * SQLite would check all cells of a mapped page each time that it uses the page,
 * which takes several times as long as a look-up. So only a writer, which could
 * spread a damage, checks them; a reader finds it when it reads a damaged cell.
 */
#define MAP    "PRAGMA mmap_size = 1073741824;"
#define NO_MAP "PRAGMA mmap_size = 0;"
#define PRAGMAS                                                \
	"PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;" \
	"PRAGMA trusted_schema = OFF;"
#define READER_PRAGMAS PRAGMAS MAP "PRAGMA cache_size = -512;"
/*
 * A writer maps no pages: it would look up each page of the map again, and the
 * whole map would count as its memory. Its cache is small, but for processes
 * that write much.
 */
#define WRITER_PRAGMAS                                                                       \
	PRAGMAS NO_MAP SMALL_CACHE "PRAGMA cell_size_check = ON; PRAGMA journal_mode = WAL;" \
				   "PRAGMA journal_size_limit = 16777216;"
#define SMALL_CACHE "PRAGMA cache_size = -8192;"
#define LARGE_CACHE "PRAGMA cache_size = -28672;"

/* After QUIET_READS reads without a change, pages are mapped again. */
#define QUIET_READS 8

struct sqlite {
	struct db base;
	sqlite3 *handle;
	bool writer;
	/* version of the data when the last change was noticed */
	int64_t version;
	/* reads since the last change, up to QUIET_READS */
	int quiet_reads;
	struct wal wal;
	struct raw_wait wait; /* for locks */
	int (*check)(void *arg, struct error *err);
	void *check_arg;
	struct error stopped; /* the error that CHECK has set */
	GHashTable *stmts;    /* struct sqlite_stmt by address of the SQL */
};

struct sqlite_stmt {
	struct stmt base;
	sqlite3_stmt *handle;
};

static int fail(struct sqlite *db, const char *sql, struct error *err)
{
	if ((sqlite3_errcode(db->handle) & 0xff) != SQLITE_INTERRUPT || !db->check)
		return raw_fail(db->handle, sql, err);
	if (err && err->kind == ERR_NONE)
		*err = db->stopped;
	return -1;
}

static void stmt_free(void *stmt)
{
	struct sqlite_stmt *s = stmt;

	sqlite3_finalize(s->handle);
	free(s);
}

static void sqlite_close(struct db *base)
{
	struct sqlite *db = (struct sqlite *)base;

	wal_release(&db->wal);
	g_hash_table_destroy(db->stmts);
	sqlite3_close(db->handle);
	free(db);
}

static void sqlite_wait_with(struct db *base, int (*wait)(void *arg, int times), void *arg)
{
	struct sqlite *db = (struct sqlite *)base;

	db->wait.more = wait;
	db->wait.arg = arg;
	raw_wait_set(db->handle, &db->wait);
}

/* virtual machine steps between two checks: about a millisecond */
#define WATCH_STEPS 20000

static int ask_check(void *arg)
{
	struct sqlite *db = arg;

	error_clear(&db->stopped);
	return db->check(db->check_arg, &db->stopped) < 0;
}

static void sqlite_watch(struct db *base, int (*check)(void *arg, struct error *err), void *arg)
{
	struct sqlite *db = (struct sqlite *)base;

	db->check = check;
	db->check_arg = arg;
	sqlite3_progress_handler(db->handle, WATCH_STEPS, check ? ask_check : NULL, db);
}

static int64_t sqlite_data_version(struct db *base)
{
	struct sqlite *db = (struct sqlite *)base;
	unsigned version = 0;

	sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_DATA_VERSION, &version);
	return version;
}

static const char *sqlite_path(struct db *base)
{
	struct sqlite *db = (struct sqlite *)base;

	return sqlite3_db_filename(db->handle, "main");
}

static bool sqlite_replaced_on_disk(struct db *base)
{
	struct sqlite *db = (struct sqlite *)base;
	int moved = 0;

	sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return moved;
}

static int run(struct sqlite *db, const char *sql, struct error *err)
{
	return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
									    : fail(db, sql, err);
}

/* Fails unless the file is a ledger, or empty. */
static int check_owner(struct sqlite *db, const char *where, struct error *err)
{
	int64_t id;
	int64_t tables;

	if (raw_number(db->handle, "PRAGMA application_id", &id, err) < 0 ||
	    raw_number(db->handle, "SELECT count(*) FROM sqlite_master", &tables, err) < 0)
		return -1;
	if (id != APPLICATION_ID && (id || tables))
		return error_set(err, ERR_INTERNAL, NULL,
				 "%s is a database of another program, not a ledger of usaged",
				 where);
	return 0;
}

/*
 * Makes the file readable only for its owner. SQLite would make the file
 * readable for everyone.
 */
static int create_file(const char *where, struct error *err)
{
	int fd = open(where, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	if (fd < 0 && errno == EEXIST)
		return error_set(err, ERR_CONFLICT, "database", "there is a file %s already",
				 where);
	if (fd < 0)
		return error_system(err, where, errno);
	close(fd);
	return 0;
}

static int check_file(const char *where, struct error *err)
{
	struct stat sb;

	if (stat(where, &sb) < 0 && errno == ENOENT)
		return error_set(err, ERR_INTERNAL, NULL,
				 "there is no ledger at %s: make one with \"usaged init\"", where);
	if (stat(where, &sb) < 0)
		return error_system(err, where, errno);
	if (!S_ISREG(sb.st_mode))
		return error_set(err, ERR_INTERNAL, NULL,
				 "%s is not a regular file, so it cannot be a ledger", where);
	return 0;
}

/*
 * Puts temporary files of SQLite into the folder of the first ledger that is
 * opened. This folder has room for large files, and the server's sandbox allows
 * no other folder.
 */
static void choose_temporary_folder(const char *where)
{
	char *real = realpath(where, NULL), *file = real ? real : strdup(where),
	     *slash = file ? strrchr(file, '/') : NULL;

	if (slash) {
		slash[slash == file] = '\0';
		setenv("SQLITE_TMPDIR", file, 0);
	}
	free(file);
}

/*
 * Turns off SQLite's statistics of memory, which take a lock shared by all
 * threads.
 */
static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int open_handle(struct sqlite *db, const char *where, unsigned flags,
		       int64_t busy_timeout_ms, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static atomic_flag chosen = ATOMIC_FLAG_INIT;
	int mode = flags & DB_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;

	if (!atomic_flag_test_and_set(&chosen))
		choose_temporary_folder(where);
	pthread_once(&once, configure);
	if (sqlite3_open_v2(where, &db->handle, mode | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return db->handle ? fail(db, where, err)
				  : error_set(err, ERR_INTERNAL, NULL, "out of memory");
	db->wait.ms = busy_timeout_ms > INT_MAX ? INT_MAX : (int)busy_timeout_ms;
	raw_wait_set(db->handle, &db->wait);
	db->wal.handle = db->handle;
	wal_watch(&db->wal);
	if (db_list_register(db->handle) != SQLITE_OK)
		return fail(db, where, err);
	if (check_owner(db, where, err) < 0)
		return -1;
	/* fail: SQLite would use the new file with the log of the old file */
	if (sqlite_replaced_on_disk(&db->base))
		return error_set(err, ERR_BUSY, NULL,
				 "the ledger was replaced by another one just now: try again");
	/* SQLite opens a file read-only if the file is not writable */
	if (flags & DB_WRITE && sqlite3_db_readonly(db->handle, "main") == 1)
		return error_set(err, ERR_INTERNAL, NULL, RAW_READ_ONLY);
	if (run(db, flags & DB_WRITE ? WRITER_PRAGMAS : READER_PRAGMAS, err) < 0)
		return -1;
	db->version = sqlite_data_version(&db->base);
	db->quiet_reads = QUIET_READS;
	db->writer = flags & DB_WRITE;
	return 0;
}

static bool in_memory(const char *where)
{
	return strcmp(where, ":memory:") == 0;
}

static void sqlite_remove(const char *where)
{
	if (!in_memory(where))
		unlink(where);
}

static int sqlite_open(const char *where, unsigned flags, int64_t busy_timeout_ms, struct db **ret,
		       struct error *err)
{
	struct sqlite *db;

	if (!in_memory(where) &&
	    (flags & DB_CREATE ? create_file(where, err) : check_file(where, err)) < 0)
		return -1;
	db = calloc(1, sizeof(*db));
	if (!db)
		abort();
	db->base.driver = &db_sqlite;
	db->wal = (struct wal) { .wait = &db->wait, .gate_owner = db };
	db->stmts = g_hash_table_new_full(NULL, NULL, NULL, stmt_free);
	if (open_handle(db, where, flags, busy_timeout_ms, err) < 0) {
		error_detail(err, "%s", where);
		sqlite_close(&db->base);
		if (flags & DB_CREATE)
			sqlite_remove(where);
		return -1;
	}
	*ret = &db->base;
	return 0;
}

static int sqlite_copy(struct db *base, const char *where, db_progress *progress, void *arg,
		       struct error *err)
{
	return ledger_file_copy(((struct sqlite *)base)->handle, where, progress, arg, err);
}

static int sqlite_check(struct db *base, db_progress *progress, void *arg, struct error *err)
{
	return ledger_file_check(((struct sqlite *)base)->handle, progress, arg, err);
}

static int sqlite_damage(struct db *base, void (*found)(void *arg, const char *words), void *arg,
			 struct error *err)
{
	return ledger_file_damage(((struct sqlite *)base)->handle, found, arg, err);
}

/*
 * After each change of the ledger, SQLite unmaps and maps the file again, which
 * slows down all threads. So while the ledger changes often, the few pages of a
 * request are read one by one. They are freed after the read, because they are
 * of no use when the ledger has changed again: otherwise each idle thread would
 * keep the pages of its last request.
 */
static void sqlite_tune(struct db *base)
{
	struct sqlite *db = (struct sqlite *)base;
	int64_t version = sqlite_data_version(base);

	if (db->writer)
		return;
	if (version != db->version) {
		if (db->quiet_reads == QUIET_READS)
			run(db, NO_MAP, NULL);
		/* SQLite would only drop these pages at the next read */
		sqlite3_db_release_memory(db->handle);
		db->version = version;
		db->quiet_reads = 0;
	} else if (db->quiet_reads < QUIET_READS && ++db->quiet_reads == QUIET_READS) {
		run(db, MAP, NULL);
	}
}

static int sqlite_schema_version(struct db *base, int64_t *ret, struct error *err)
{
	return raw_number(((struct sqlite *)base)->handle, "PRAGMA user_version", ret, err);
}

static void sqlite_sizes(struct db *base, int64_t *ret_file, int64_t *ret_log)
{
	struct sqlite *db = (struct sqlite *)base;
	const char *path = sqlite3_db_filename(db->handle, "main");

	*ret_file = raw_file_bytes(path);
	*ret_log = path && *path ? raw_file_bytes(sqlite3_filename_wal(path)) : 0;
}

static int sqlite_set_schema_version(struct db *base, int64_t version, struct error *err)
{
	struct sqlite *db = (struct sqlite *)base;
	char sql[128];

	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64,
		 APPLICATION_ID, version);
	return run(db, sql, err);
}

/* Leaves out what is in braces, which is for PostgreSQL; see store/pgsql/sql.h. */
static char *without_braces(const char *sql)
{
	GString *ret = g_string_new(NULL);

	for (const char *end = sql; *end; sql = end) {
		end = sql + strcspn(sql, "{");
		g_string_append_len(ret, sql, end - sql);
		end += strcspn(end, "}");
		end += *end == '}';
	}
	return g_string_free(ret, FALSE);
}

static struct stmt *sqlite_prepare(struct db *base, const char *sql, struct error *err)
{
	struct sqlite *db = (struct sqlite *)base;
	struct sqlite_stmt *s = g_hash_table_lookup(db->stmts, sql);
	sqlite3_stmt *handle;
	char *text;
	int rc;

	if (s) {
		sqlite3_reset(s->handle);
		sqlite3_clear_bindings(s->handle);
		return &s->base;
	}
	text = without_braces(sql);
	rc = sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
	g_free(text);
	if (rc != SQLITE_OK) {
		fail(db, sql, err);
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	*s = (struct sqlite_stmt) { .base.db = base, .handle = handle };
	g_hash_table_insert(db->stmts, (void *)sql, s);
	return &s->base;
}

static sqlite3_stmt *handle_of(struct stmt *base)
{
	return ((struct sqlite_stmt *)base)->handle;
}

static void sqlite_bind_int(struct stmt *base, int n, int64_t value)
{
	sqlite3_bind_int64(handle_of(base), n, value);
}

static void sqlite_bind_text(struct stmt *base, int n, const char *text, size_t len)
{
	sqlite3_bind_text64(handle_of(base), n, text, len, SQLITE_STATIC, SQLITE_UTF8);
}

static void sqlite_bind_blob(struct stmt *base, int n, const void *bytes, size_t len)
{
	sqlite3_bind_blob64(handle_of(base), n, bytes, len, SQLITE_STATIC);
}

static void sqlite_bind_list(struct stmt *base, int n, const struct db_list *list)
{
	db_list_bind(handle_of(base), n, list);
}

static int sqlite_step(struct stmt *base, struct error *err)
{
	sqlite3_stmt *handle = handle_of(base);
	int rc;

	if (!sqlite3_stmt_busy(handle))
		base->db->statements++;
	rc = sqlite3_step(handle);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE) {
		sqlite3_reset(handle);
		return 0;
	}
	fail((struct sqlite *)base->db, sqlite3_sql(handle), err);
	sqlite3_reset(handle);
	return -1;
}

static int64_t sqlite_last_id(struct db *base)
{
	return sqlite3_last_insert_rowid(((struct sqlite *)base)->handle);
}

static void sqlite_cache(struct db *base, bool large)
{
	run((struct sqlite *)base, large ? LARGE_CACHE : SMALL_CACHE, NULL);
}

static int64_t sqlite_changes(struct db *base)
{
	struct sqlite *db = (struct sqlite *)base;

	return sqlite3_changes64(db->handle);
}

static int64_t sqlite_get_int(struct stmt *base, int column)
{
	return sqlite3_column_int64(handle_of(base), column);
}

static const char *sqlite_get_text(struct stmt *base, int column, size_t *ret_len)
{
	const char *text = (const char *)sqlite3_column_text(handle_of(base), column);

	*ret_len = (size_t)sqlite3_column_bytes(handle_of(base), column);
	return text;
}

static const void *sqlite_get_blob(struct stmt *base, int column, size_t *ret_len)
{
	const void *bytes = sqlite3_column_blob(handle_of(base), column);

	*ret_len = (size_t)sqlite3_column_bytes(handle_of(base), column);
	return bytes ? bytes : "";
}

static void sqlite_reset(struct stmt *base)
{
	sqlite3_reset(handle_of(base));
}

static int sqlite_exec(struct db *base, const char *sql, struct error *err)
{
	return run((struct sqlite *)base, sql, err);
}

/* ---- transactions ---- */

/* Runs a statement without parameters or rows; keeps it prepared. */
static int run_kept(struct db *base, const char *sql, struct error *err)
{
	struct stmt *s = sqlite_prepare(base, sql, err);

	return s ? db_step(s, err) : -1;
}

static int sqlite_begin(struct db *base, bool write, struct error *err)
{
	/* IMMEDIATE takes the lock at once */
	return run_kept(base, write ? "BEGIN IMMEDIATE" : "BEGIN", err);
}

static int sqlite_commit(struct db *base, struct error *err)
{
	return run_kept(base, "COMMIT", err);
}

static void sqlite_rollback(struct db *base)
{
	run_kept(base, "ROLLBACK", NULL);
}

static int sqlite_references(struct db *base, bool on, struct error *err)
{
	return sqlite_exec(base, on ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF",
			   err);
}

const struct db_driver db_sqlite = {
	.open = sqlite_open,
	.close = sqlite_close,
	.wait_with = sqlite_wait_with,
	.watch = sqlite_watch,
	.cache = sqlite_cache,
	.path = sqlite_path,
	.replaced_on_disk = sqlite_replaced_on_disk,
	.data_version = sqlite_data_version,
	.tune = sqlite_tune,
	.sizes = sqlite_sizes,
	.remove = sqlite_remove,
	.copy = sqlite_copy,
	.check = sqlite_check,
	.damage = sqlite_damage,
	.schema_version = sqlite_schema_version,
	.set_schema_version = sqlite_set_schema_version,
	.references = sqlite_references,
	.references_broken = "PRAGMA foreign_key_check",
	.layout = &layout_sqlite,
	.schema = schema_sqlite,
	.n_schema = &schema_n_sqlite,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.exec = sqlite_exec,
	.prepare = sqlite_prepare,
	.bind_int = sqlite_bind_int,
	.bind_text = sqlite_bind_text,
	.bind_blob = sqlite_bind_blob,
	.bind_list = sqlite_bind_list,
	.step = sqlite_step,
	.last_id = sqlite_last_id,
	.reset = sqlite_reset,
	.changes = sqlite_changes,
	.get_int = sqlite_get_int,
	.get_text = sqlite_get_text,
	.get_blob = sqlite_get_blob,
};
