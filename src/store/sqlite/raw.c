#include "store/sqlite/raw.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include "base/banned.h"

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
	{ SQLITE_READONLY, ERR_INTERNAL, RAW_READ_ONLY },
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

int raw_fail(sqlite3 *handle, const char *sql, struct error *err)
{
	int code = sqlite3_extended_errcode(handle);
	int errnum = sqlite3_system_errno(handle);
	enum error_kind kind = ERR_INTERNAL;
	const char *message = "the ledger's database failed", *why = "";

	if (is_full(code, errnum)) {
		code = SQLITE_FULL;
		why = "the disk that holds the ledger is full; ";
	}

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
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
			    sqlite3_errmsg(handle), errnum ? ": " : "",
			    errnum ? strerror(errnum) : "", sql);
}

int raw_open(const char *where, sqlite3 **ret, struct error *err)
{
	*ret = NULL;
	if (sqlite3_open_v2(where, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
	    SQLITE_OK)
		return 0;
	return *ret ? raw_fail(*ret, where, err)
		    : error_set(err, ERR_INTERNAL, NULL, "out of memory");
}

int raw_run(sqlite3 *handle, const char *sql, struct error *err)
{
	return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : raw_fail(handle, sql, err);
}

int raw_number(sqlite3 *handle, const char *sql, int64_t *ret, struct error *err)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(handle, sql, -1, &s, NULL) != SQLITE_OK)
		return raw_fail(handle, sql, err);
	if (sqlite3_step(s) != SQLITE_ROW) {
		raw_fail(handle, sql, err);
		sqlite3_finalize(s);
		return -1;
	}
	*ret = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return 0;
}

void raw_wait_set(sqlite3 *handle, const struct raw_wait *w)
{
	if (w->more)
		sqlite3_busy_handler(handle, w->more, w->arg);
	else
		sqlite3_busy_timeout(handle, w->ms);
}

int64_t raw_file_bytes(const char *path)
{
	struct stat s;

	return path && *path && stat(path, &s) == 0 ? s.st_size : 0;
}
