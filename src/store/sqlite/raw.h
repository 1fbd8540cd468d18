/*
 * raw.h - short work with a connection of SQLite's library: errors, statements
 * that are not kept, and the wait for locks.
 */
#ifndef STORE_SQLITE_RAW_H
#define STORE_SQLITE_RAW_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

/* Why a ledger cannot be written to, for users. */
#define RAW_READ_ONLY \
	"the ledger is read-only: its file and its folder must be writable for this user"

/*
 * Fills ERR with the failure of the last call on HANDLE; SQL, for the log, is
 * what failed. Returns -1.
 */
int raw_fail(sqlite3 *handle, const char *sql, struct error *err);

/*
 * Opens the file WHERE for writing, without settings. Also after a failure,
 * *RET must be closed with sqlite3_close, which takes NULL.
 */
int raw_open(const char *where, sqlite3 **ret, struct error *err);

/* Runs statements without rows. */
int raw_run(sqlite3 *handle, const char *sql, struct error *err);

/* Runs a query that returns one number. SQL need not be a constant. */
int raw_number(sqlite3 *handle, const char *sql, int64_t *ret, struct error *err);

/* How long a connection waits for locks. */
struct raw_wait {
	int ms; /* unless MORE is set */
	/* called after each try; 0: stop waiting */
	int (*more)(void *arg, int times);
	void *arg;
};

/* Borrows w->arg until the next call. */
void raw_wait_set(sqlite3 *handle, const struct raw_wait *w);

/* Bytes of the file; 0: there is none. PATH may be NULL. */
int64_t raw_file_bytes(const char *path);

#endif
