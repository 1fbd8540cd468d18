/*
 * ledger_file.h - the file of a ledger as a whole: copies it, and looks for
 * damage. db_replace, db_drop_log and db_has_log (store/db.h) are
 * here as well. HANDLE is a
 * connection.
 */
#ifndef STORE_SQLITE_LEDGER_FILE_H
#define STORE_SQLITE_LEDGER_FILE_H

#include <sqlite3.h>
#include "store/db.h"

/* See db_copy. */
int ledger_file_copy(sqlite3 *handle, const char *where, db_progress *progress, void *arg,
		     struct error *err);

/* See db_check. */
int ledger_file_check(sqlite3 *handle, db_progress *progress, void *arg, struct error *err);

/* See db_damage. */
int ledger_file_damage(sqlite3 *handle, void (*found)(void *arg, const char *words), void *arg,
		       struct error *err);

#endif
