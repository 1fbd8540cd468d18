#include "store/sqlite/ledger_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/strbuf.h"
#include "store/sqlite/raw.h"
#include "base/banned.h"

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
static int copy_pages(sqlite3 *handle, sqlite3 *to, int64_t page_bytes, db_progress *progress,
		      void *arg, struct error *err)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", handle, "main");
	bool go_on = true;
	int rc = SQLITE_OK;
	int64_t all, left;

	if (!b)
		return raw_fail(to, "copy", err);
	while (rc == SQLITE_OK && go_on) {
		rc = sqlite3_backup_step(b, COPY_PAGES);
		all = sqlite3_backup_pagecount(b);
		left = sqlite3_backup_remaining(b);
		go_on = progress(arg, (all - left) * page_bytes, all * page_bytes);
	}
	if (sqlite3_backup_finish(b) != SQLITE_OK)
		return raw_fail(to, "copy", err);
	return rc == SQLITE_DONE && go_on ? 0 : interrupted(err);
}

/*
 * Ends the WAL mode of the copy, which is set in its first page, so that the
 * copy needs no log.
 */
static int end_wal_mode(const char *where, struct error *err)
{
	sqlite3 *handle;
	int rc = raw_open(where, &handle, err);

	if (rc == 0)
		rc = raw_run(handle, "PRAGMA journal_mode = DELETE", err);
	sqlite3_close(handle);
	return rc;
}

static int copy_snapshot(sqlite3 *handle, const char *where, db_progress *progress, void *arg,
			 struct error *err)
{
	sqlite3 *to;
	int64_t tables, page_bytes;
	int rc = raw_open(where, &to, err);

	/*
	 * without syncs: the copy is used only when complete, and store_backup
	 * syncs it once at the end
	 */
	if (rc == 0)
		rc = raw_run(to,
			     "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA "
			     "synchronous = OFF",
			     err);
	/* the first read begins the snapshot */
	if (rc == 0)
		rc = raw_number(handle, "SELECT count(*) FROM sqlite_master", &tables, err);
	if (rc == 0)
		rc = raw_number(handle, "PRAGMA page_size", &page_bytes, err);
	if (rc == 0)
		rc = copy_pages(handle, to, page_bytes, progress, arg, err);
	sqlite3_close(to);
	return rc;
}

int ledger_file_copy(sqlite3 *handle, const char *where, db_progress *progress, void *arg,
		     struct error *err)
{
	int rc = raw_run(handle, "BEGIN", err);

	if (rc < 0)
		return -1;
	rc = copy_snapshot(handle, where, progress, arg, err);
	raw_run(handle, "ROLLBACK", NULL);
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

static int find_damage(sqlite3 *handle, struct error *err)
{
	static const char sql[] = "PRAGMA integrity_check(1)";
	const char *text;
	sqlite3_stmt *s;
	int rc = 0;

	if (sqlite3_prepare_v2(handle, sql, -1, &s, NULL) != SQLITE_OK)
		return raw_fail(handle, sql, err);
	if (sqlite3_step(s) != SQLITE_ROW) {
		rc = sqlite3_errcode(handle) == SQLITE_INTERRUPT ? interrupted(err)
								 : raw_fail(handle, sql, err);
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

int ledger_file_check(sqlite3 *handle, db_progress *progress, void *arg, struct error *err)
{
	struct db_check w = { progress, arg, 0 };
	int rc;

	sqlite3_progress_handler(handle, CHECK_STEPS, watch_check, &w);
	rc = find_damage(handle, err);
	sqlite3_progress_handler(handle, 0, NULL, NULL);
	return rc;
}

int ledger_file_damage(sqlite3 *handle, void (*found)(void *arg, const char *words), void *arg,
		       struct error *err)
{
	static const char sql[] = "PRAGMA quick_check(100)";
	sqlite3_stmt *s;
	int n = 0;

	if (sqlite3_prepare_v2(handle, sql, -1, &s, NULL) != SQLITE_OK)
		return raw_fail(handle, sql, err);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		if (text && strcmp(text, "ok") == 0)
			continue;
		found(arg, text ? text : "out of memory");
		n++;
	}
	/* the check may stop at a badly damaged page */
	if (sqlite3_finalize(s) != SQLITE_OK && n == 0)
		return raw_fail(handle, sql, err);
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
	sqlite3 *handle;
	int rc = raw_open(where, &handle, NULL);

	if (rc == 0 &&
	    sqlite3_exec(handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) == SQLITE_BUSY)
		rc = in_use(where, err);
	else
		rc = 0;
	sqlite3_close(handle);
	return rc;
}

/*
 * Takes the exclusive lock. In WAL mode each open connection holds a shared
 * lock. So lock_out fails if a connection is open, and prevents new
 * connections.
 */
static int lock_out(sqlite3 *handle, const char *where, struct error *err)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    !file->pMethods)
		return raw_fail(handle, where, err);
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

bool db_has_log(const char *where)
{
	struct strbuf path;
	bool has;

	strbuf_init(&path, 8192);
	strbuf_addf(&path, "%s-wal", where);
	has = access(path.text, F_OK) == 0;
	strbuf_release(&path);
	return has;
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
	sqlite3 *handle;
	int rc;

	if (access(where, F_OK) < 0 && errno == ENOENT)
		return move_log(where, aside, err) < 0 ? -1 : file_rename(file, where, false, err);
	if (checkpoint_log(where, err) < 0)
		return -1;
	rc = raw_open(where, &handle, err);
	if (rc == 0)
		rc = lock_out(handle, where, err);
	if (rc == 0)
		rc = swap_files(file, where, aside, err);
	sqlite3_close(handle);
	return rc;
}
