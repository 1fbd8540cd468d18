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
#include "base/file.h"
#include "base/strbuf.h"
#include "store/layout.h"
#include "store/read_gate.h"
#include "store/schema.h"
#include "store/sqlite/list.h"
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
#define LARGE_CACHE "PRAGMA cache_size = -32768;"

/*
 * The write-ahead log is checkpointed after it has grown by a quarter of the
 * file, but at least 4 MB and at most 32 MB. So a page that changes in every
 * commit is copied only once for many commits.
 *
 * The log cannot restart during a read, and reads may overlap without end. When
 * the log is as large as the file (at least 16 MB, at most 256 MB), the writer
 * closes the gate for long reads and goes on. When these have ended, it stops
 * for up to LOG_WAIT_MS until the short reads have ended, and restarts the log.
 * If reads still use the log then, or the gate was closed for too long, the
 * writer tries again when the log has grown by half, or by 256 MB. The larger
 * the log, the longer the writer waits for both: so the log has a limit that
 * depends on the longest read.
 */
enum {
	PAGE_BYTES = 4096,
	CHECKPOINT_MIN = 1000,
	CHECKPOINT_MAX = 8000,
	LOG_MIN = 4000,
	LOG_MAX = 64000,
	LOG_WAIT_MS = 100,
	LOG_WAIT_MAX_MS = 500,
	GATE_MS = 1000,
	GATE_MS_A_LOG = 4000 /* for each LOG_MAX pages of the log */
};

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
	/* length of the log at the last checkpoint */
	int checkpointed_pages;
	/* length of the log at the last attempt to restart it; 0: none */
	int tried_pages;
	bool draining; /* the gate is closed until the log can restart */
	/* timeout for locks, unless WAIT is set */
	int busy_ms;
	int (*wait)(void *arg, int times);
	void *wait_arg;
	int (*check)(void *arg, struct error *err);
	void *check_arg;
	struct error stopped; /* the error that CHECK has set */
	GHashTable *stmts;    /* struct sqlite_stmt by address of the SQL */
};

struct sqlite_stmt {
	struct stmt base;
	sqlite3_stmt *handle;
};

#define READ_ONLY "the ledger is read-only: its file and its folder must be writable for this user"
#define FOLDER                                                                                     \
	"the ledger can't be opened: this user must be able to read the file and to write in its " \
	"folder, also for reading"

/* messages for clients; the log has the reason */
#define FULL               "the ledger can't be written at the moment: try again later"
#define FULL_RETRY_SECONDS 30

static const struct {
	int code; /* an extended code comes before its primary code */
	enum error_kind kind;
	const char *message;
} faults[] = {
	{ SQLITE_CONSTRAINT_UNIQUE, ERR_CONFLICT, "it exists already" },
	{ SQLITE_CONSTRAINT_PRIMARYKEY, ERR_CONFLICT, "it exists already" },
	{ SQLITE_CONSTRAINT_ROWID, ERR_CONFLICT, "it exists already" },
	{ SQLITE_CONSTRAINT_DATATYPE, ERR_OVERFLOW, "a number does not fit" },
	{ SQLITE_CONSTRAINT_CHECK, ERR_OVERFLOW, "a number does not fit" },
	{ SQLITE_CONSTRAINT, ERR_INTERNAL, "the ledger refuses a row that breaks its rules" },
	{ SQLITE_BUSY, ERR_BUSY, "the ledger is locked by another writer: try again" },
	{ SQLITE_LOCKED, ERR_BUSY, "the ledger is locked by another writer: try again" },
	{ SQLITE_FULL, ERR_BUSY, FULL },
	{ SQLITE_READONLY_DIRECTORY, ERR_INTERNAL, FOLDER },
	{ SQLITE_READONLY_CANTINIT, ERR_INTERNAL, FOLDER },
	{ SQLITE_READONLY, ERR_INTERNAL, READ_ONLY },
	{ SQLITE_PERM, ERR_INTERNAL, "no permission to use the ledger" },
	{ SQLITE_CANTOPEN, ERR_INTERNAL, FOLDER },
	{ SQLITE_IOERR_NOMEM, ERR_INTERNAL, "out of memory" },
	{ SQLITE_IOERR, ERR_INTERNAL,
	  "the disk failed to read or write the ledger (or a limit on file sizes was reached)" },
	{ SQLITE_CORRUPT, ERR_INTERNAL, "the ledger's file is damaged: restore it from a backup" },
	{ SQLITE_NOTADB, ERR_INTERNAL, "the file is not a ledger (no SQLite database)" },
	{ SQLITE_NOMEM, ERR_INTERNAL, "out of memory" },
	{ SQLITE_SCHEMA, ERR_INTERNAL,
	  "the ledger's schema changed while it was in use: try again" },
};

/*
 * Tells whether a write failed because the disk is full, or the quota or limit
 * on file sizes is reached. SQLite reports this in two ways.
 */
static bool is_full(int code, int errnum)
{
	return (code & 0xff) == SQLITE_FULL ||
	       ((code & 0xff) == SQLITE_IOERR &&
		(errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG));
}

static int fail(struct sqlite *db, const char *sql, struct error *err)
{
	int code = sqlite3_extended_errcode(db->handle);
	int errnum = sqlite3_system_errno(db->handle);
	enum error_kind kind = ERR_INTERNAL;
	const char *message = "the ledger's database failed", *why = "";

	if ((code & 0xff) == SQLITE_INTERRUPT && db->check) {
		if (err && err->kind == ERR_NONE)
			*err = db->stopped;
		return -1;
	}
	if (is_full(code, errnum)) {
		code = SQLITE_FULL;
		why = "the disk that holds the ledger is full; ";
	}

	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		if (faults[i].code == code || faults[i].code == (code & 0xff)) {
			kind = faults[i].kind;
			message = faults[i].message;
			break;
		}
	}
	error_set(err, kind, NULL, "%s", message);
	if (err && code == SQLITE_FULL)
		err->retry_after = FULL_RETRY_SECONDS;
	return error_detail(err, "%sSQLite %d: %s%s%s; in: %.200s", why, code,
			    sqlite3_errmsg(db->handle), errnum ? ": " : "",
			    errnum ? strerror(errnum) : "", sql);
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

	read_gate_open(db);
	g_hash_table_destroy(db->stmts);
	sqlite3_close(db->handle);
	free(db);
}

static void set_busy_handler(struct sqlite *db)
{
	if (db->wait)
		sqlite3_busy_handler(db->handle, db->wait, db->wait_arg);
	else
		sqlite3_busy_timeout(db->handle, db->busy_ms);
}

static void sqlite_wait_with(struct db *base, int (*wait)(void *arg, int times), void *arg)
{
	struct sqlite *db = (struct sqlite *)base;

	db->wait = wait;
	db->wait_arg = arg;
	set_busy_handler(db);
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

static int64_t file_size(const char *path)
{
	struct stat s;

	return path && *path && stat(path, &s) == 0 ? s.st_size : 0;
}

static int between(int64_t n, int least, int most)
{
	return n < least ? least : n > most ? most : (int)n;
}

/*
 * Restarts the log of PAGES pages, unless long reads are still open. The next
 * commit then writes to the beginning of the log.
 */
static void try_to_restart(struct sqlite *db, const char *name, int pages)
{
	int ms = LOG_WAIT_MS + (int)((int64_t)LOG_WAIT_MS * pages / LOG_MAX);

	if (read_gate_state(db) == GATE_WAITS)
		return;
	sqlite3_busy_timeout(db->handle, between(ms, 0, LOG_WAIT_MAX_MS));
	sqlite3_wal_checkpoint_v2(db->handle, name, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	set_busy_handler(db);
	db->checkpointed_pages = db->tried_pages = pages;
	db->draining = false;
	read_gate_open(db);
}

/* Is it time to restart the log? */
static bool is_to_be_restarted(const struct sqlite *db, int64_t file_pages, int pages)
{
	return pages >= between(file_pages, LOG_MIN, LOG_MAX) &&
	       pages >= db->tried_pages + between(db->tried_pages / 2, 0, LOG_MAX);
}

static void checkpoint_by_growth(struct sqlite *db, const char *name, int pages)
{
	int64_t file_pages;

	if (pages - db->checkpointed_pages < CHECKPOINT_MIN)
		return;
	file_pages = file_size(sqlite3_db_filename(db->handle, name)) / PAGE_BYTES;
	if (!db->draining && is_to_be_restarted(db, file_pages, pages)) {
		db->draining = true;
		read_gate_close(db, GATE_MS + (int64_t)GATE_MS_A_LOG * pages / LOG_MAX);
	} else if (pages - db->checkpointed_pages >=
		   between(file_pages / 4, CHECKPOINT_MIN, CHECKPOINT_MAX)) {
		db->checkpointed_pages = pages;
		sqlite3_wal_checkpoint_v2(db->handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	}
}

/*
 * Called after each commit: checkpoints the log if it has grown enough. (While
 * there are readers, the automatic checkpoint of SQLite would run after every
 * commit, with two more syncs.) Ignores errors, because the commit is durable
 * and a later call tries again.
 */
static int after_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct sqlite *db = arg;

	(void)handle;
	if (pages < db->checkpointed_pages || pages < db->tried_pages)
		db->checkpointed_pages = db->tried_pages = 0; /* the log has restarted */
	checkpoint_by_growth(db, name, pages);
	if (db->draining)
		try_to_restart(db, name, pages);
	return SQLITE_OK;
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

/* Runs a query that returns one number. SQL need not be a constant. */
static int one_number(struct sqlite *db, const char *sql, int64_t *ret, struct error *err)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL) != SQLITE_OK)
		return fail(db, sql, err);
	if (sqlite3_step(s) != SQLITE_ROW) {
		fail(db, sql, err);
		sqlite3_finalize(s);
		return -1;
	}
	*ret = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return 0;
}

/* Fails unless the file is a ledger, or empty. */
static int check_owner(struct sqlite *db, const char *where, struct error *err)
{
	int64_t id;
	int64_t tables;

	if (one_number(db, "PRAGMA application_id", &id, err) < 0 ||
	    one_number(db, "SELECT count(*) FROM sqlite_master", &tables, err) < 0)
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
	db->busy_ms = busy_timeout_ms > INT_MAX ? INT_MAX : (int)busy_timeout_ms;
	set_busy_handler(db);
	sqlite3_wal_hook(db->handle, after_commit, db);
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
		return error_set(err, ERR_INTERNAL, NULL, READ_ONLY);
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

/* ---- copies ---- */

/* 4 MB, which take some milliseconds */
#define COPY_PAGES 1024
/* virtual machine steps between two calls of `progress` */
#define CHECK_STEPS 1000000

static int interrupted(struct error *err)
{
	return error_set(err, ERR_BUSY, NULL, "interrupted");
}

/* Copies the pages of DB's snapshot; DB is in a read. */
static int copy_pages(struct sqlite *db, struct sqlite *to, int64_t page_bytes,
		      db_progress *progress, void *arg, struct error *err)
{
	sqlite3_backup *b = sqlite3_backup_init(to->handle, "main", db->handle, "main");
	bool go_on = true;
	int rc = SQLITE_OK;
	int64_t all, left;

	if (!b)
		return fail(to, "copy", err);
	while (rc == SQLITE_OK && go_on) {
		rc = sqlite3_backup_step(b, COPY_PAGES);
		all = sqlite3_backup_pagecount(b);
		left = sqlite3_backup_remaining(b);
		go_on = progress(arg, (all - left) * page_bytes, all * page_bytes);
	}
	if (sqlite3_backup_finish(b) != SQLITE_OK)
		return fail(to, "copy", err);
	return rc == SQLITE_DONE && go_on ? 0 : interrupted(err);
}

static int open_plain(const char *where, struct sqlite *ret, struct error *err)
{
	*ret = (struct sqlite) { 0 };
	if (sqlite3_open_v2(where, &ret->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    NULL) == SQLITE_OK)
		return 0;
	return ret->handle ? fail(ret, where, err)
			   : error_set(err, ERR_INTERNAL, NULL, "out of memory");
}

/*
 * Ends the WAL mode of the copy, which is set in its first page, so that the
 * copy needs no log.
 */
static int end_wal_mode(const char *where, struct error *err)
{
	struct sqlite db;
	int rc = open_plain(where, &db, err);

	if (rc == 0)
		rc = run(&db, "PRAGMA journal_mode = DELETE", err);
	sqlite3_close(db.handle);
	return rc;
}

static int copy_snapshot(struct sqlite *db, const char *where, db_progress *progress, void *arg,
			 struct error *err)
{
	struct sqlite to;
	int64_t tables, page_bytes;
	int rc = open_plain(where, &to, err);

	/*
	 * without syncs: the copy is used only when complete, and store_backup
	 * syncs it once at the end
	 */
	if (rc == 0)
		rc = run(&to,
			 "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA "
			 "synchronous = OFF",
			 err);
	/* the first read begins the snapshot */
	if (rc == 0)
		rc = one_number(db, "SELECT count(*) FROM sqlite_master", &tables, err);
	if (rc == 0)
		rc = one_number(db, "PRAGMA page_size", &page_bytes, err);
	if (rc == 0)
		rc = copy_pages(db, &to, page_bytes, progress, arg, err);
	sqlite3_close(to.handle);
	return rc;
}

static int sqlite_copy(struct db *base, const char *where, db_progress *progress, void *arg,
		       struct error *err)
{
	struct sqlite *db = (struct sqlite *)base;
	int rc = run(db, "BEGIN", err);

	if (rc < 0)
		return -1;
	rc = copy_snapshot(db, where, progress, arg, err);
	run(db, "ROLLBACK", NULL);
	return rc < 0 ? -1 : end_wal_mode(where, err);
}

struct db_check {
	db_progress *progress;
	void *arg;
	int64_t times;
};

static int watch_check(void *arg)
{
	struct db_check *w = arg;

	return !w->progress(w->arg, ++w->times, 0);
}

static int find_damage(struct sqlite *db, struct error *err)
{
	static const char sql[] = "PRAGMA integrity_check(1)";
	const char *text;
	sqlite3_stmt *s;
	int rc = 0;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL) != SQLITE_OK)
		return fail(db, sql, err);
	if (sqlite3_step(s) != SQLITE_ROW) {
		rc = sqlite3_errcode(db->handle) == SQLITE_INTERRUPT ? interrupted(err)
								     : fail(db, sql, err);
	} else {
		text = (const char *)sqlite3_column_text(s, 0);
		if (!text || strcmp(text, "ok") != 0) {
			rc = error_set(err, ERR_INTERNAL, NULL, "the file is damaged");
			error_detail(err, "%s", text ? text : "out of memory");
		}
	}
	sqlite3_finalize(s);
	return rc;
}

static int sqlite_check(struct db *base, db_progress *progress, void *arg, struct error *err)
{
	struct sqlite *db = (struct sqlite *)base;
	struct db_check w = { progress, arg, 0 };
	int rc;

	sqlite3_progress_handler(db->handle, CHECK_STEPS, watch_check, &w);
	rc = find_damage(db, err);
	sqlite3_progress_handler(db->handle, 0, NULL, NULL);
	return rc;
}

static int sqlite_damage(struct db *base, void (*found)(void *arg, const char *words), void *arg,
			 struct error *err)
{
	struct sqlite *db = (struct sqlite *)base;

	static const char sql[] = "PRAGMA quick_check(100)";
	sqlite3_stmt *s;
	int n = 0;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL) != SQLITE_OK)
		return fail(db, sql, err);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		if (text && strcmp(text, "ok") == 0)
			continue;
		found(arg, text ? text : "out of memory");
		n++;
	}
	/* the check may stop at a badly damaged page */
	if (sqlite3_finalize(s) != SQLITE_OK && n == 0)
		return fail(db, sql, err);
	return n;
}

/* ---- another file in its place ---- */

static int in_use(const char *where, struct error *err)
{
	return error_set(err, ERR_BUSY, NULL,
			 "%s is in use: first stop the server and all commands that use it", where);
}

/*
 * Checkpoints the log into the file. If the file is too damaged for this, the
 * log is kept, and later moves together with the file.
 */
static int checkpoint_log(const char *where, struct error *err)
{
	struct sqlite db;
	int rc = open_plain(where, &db, NULL);

	if (rc == 0 && sqlite3_exec(db.handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) ==
			       SQLITE_BUSY)
		rc = in_use(where, err);
	else
		rc = 0;
	sqlite3_close(db.handle);
	return rc;
}

/*
 * Takes the exclusive lock. In WAL mode each open connection holds a shared
 * lock. So lock_out fails if a connection is open, and prevents new
 * connections.
 */
static int lock_out(struct sqlite *db, const char *where, struct error *err)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
		    SQLITE_OK ||
	    !file->pMethods)
		return fail(db, where, err);
	if (file->pMethods->xLock(file, SQLITE_LOCK_SHARED) != SQLITE_OK ||
	    file->pMethods->xLock(file, SQLITE_LOCK_EXCLUSIVE) != SQLITE_OK)
		return in_use(where, err);
	return 0;
}

/*
 * Removes log files, because SQLite would use them with a new database at
 * WHERE.
 */
void db_drop_log(const char *where)
{
	static const char *const suffixes[] = { "-journal", "-wal", "-shm", NULL };
	struct strbuf path;

	strbuf_init(&path, 8192);
	for (int i = 0; suffixes[i]; i++) {
		strbuf_clear(&path);
		strbuf_addf(&path, "%s%s", where, suffixes[i]);
		unlink(path.text);
	}
	strbuf_release(&path);
}

/* Moves the log together with its file, and removes the other files. */
static int move_log(const char *where, const char *aside, struct error *err)
{
	struct strbuf from, to;
	int rc = 0;

	strbuf_init(&from, 8192);
	strbuf_init(&to, 8192);
	strbuf_addf(&from, "%s-wal", where);
	strbuf_addf(&to, "%s-wal", aside);
	if (rename(from.text, to.text) < 0 && errno != ENOENT)
		rc = error_system(err, to.text, errno);
	else
		db_drop_log(where);
	strbuf_release(&from);
	strbuf_release(&to);
	return rc;
}

static int copy_owner_and_mode(const char *file, const char *where, struct error *err)
{
	struct stat sb;

	if (stat(where, &sb) < 0)
		return error_system(err, where, errno);
	if ((geteuid() == 0 && chown(file, sb.st_uid, sb.st_gid) < 0) ||
	    chmod(file, sb.st_mode & 0777) < 0)
		return error_system(err, file, errno);
	return 0;
}

static int swap_files(const char *file, const char *where, const char *aside, struct error *err)
{
	if (copy_owner_and_mode(file, where, err) < 0 || move_log(where, aside, err) < 0)
		return -1;
	/*
	 * link, then rename, so that a ledger exists at WHERE at every moment
	 */
	if (link(where, aside) < 0)
		return error_system(err, aside, errno);
	return file_rename(file, where, true, err);
}

int db_replace(const char *file, const char *where, const char *aside, struct error *err)
{
	struct sqlite db;
	int rc;

	if (access(where, F_OK) < 0 && errno == ENOENT)
		return move_log(where, aside, err) < 0 ? -1 : file_rename(file, where, false, err);
	if (checkpoint_log(where, err) < 0)
		return -1;
	rc = open_plain(where, &db, err);
	if (rc == 0)
		rc = lock_out(&db, where, err);
	if (rc == 0)
		rc = swap_files(file, where, aside, err);
	sqlite3_close(db.handle);
	return rc;
}

/* ---- */

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
	return one_number((struct sqlite *)base, "PRAGMA user_version", ret, err);
}

static void sqlite_sizes(struct db *base, int64_t *ret_file, int64_t *ret_log)
{
	struct sqlite *db = (struct sqlite *)base;
	const char *path = sqlite3_db_filename(db->handle, "main");

	*ret_file = file_size(path);
	*ret_log = path && *path ? file_size(sqlite3_filename_wal(path)) : 0;
}

static int sqlite_set_schema_version(struct db *base, int64_t version, struct error *err)
{
	struct sqlite *db = (struct sqlite *)base;
	char sql[128];

	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64,
		 APPLICATION_ID, version);
	return run(db, sql, err);
}

static struct stmt *sqlite_prepare(struct db *base, const char *sql, struct error *err)
{
	struct sqlite *db = (struct sqlite *)base;
	struct sqlite_stmt *s = g_hash_table_lookup(db->stmts, sql);
	sqlite3_stmt *handle;

	if (s) {
		sqlite3_reset(s->handle);
		sqlite3_clear_bindings(s->handle);
		return &s->base;
	}
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL) !=
	    SQLITE_OK) {
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
	.reset = sqlite_reset,
	.changes = sqlite_changes,
	.get_int = sqlite_get_int,
	.get_text = sqlite_get_text,
	.get_blob = sqlite_get_blob,
};
