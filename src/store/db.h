/*
 * db.h - the database under the store: connections, statements, rows. Only
 * db_*.c include a database's own header; db_sqlite.c implements these
 * functions with SQLite.
 *
 * Statements are prepared once and kept: db_prepare's SQL must be a string
 * constant (its address is the key). A statement that could not be prepared is
 * NULL; db_bind_* ignore it and db_step fails, so that only the last call needs
 * a check.
 *
 * Failures have kinds that mean the same with every database: ERR_BUSY (another
 * writer holds the lock), ERR_CONFLICT (a unique value is taken), ERR_OVERFLOW
 * (a number does not fit its column) and ERR_INTERNAL (a full disk, a broken
 * file ...), whose message tells the operator what is wrong.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"

struct db;
struct stmt;

/*
 * Called again and again with how many bytes of ALL are done (ALL 0: nobody
 * knows, and DONE only grows). False gives up: ERR_BUSY.
 */
typedef bool db_progress(void *arg, int64_t done, int64_t all);

enum { DB_WRITE = 1 << 0, DB_CREATE = 1 << 1 };

/* SQL that takes the writer's place at once. */
extern const char db_begin_write[];
/*
 * SQL, outside of a transaction: don't check references between tables, and
 * check them again; and a query that has a row for each broken reference.
 */
extern const char db_references_off[], db_references_on[], db_references_broken[];

/* ---- connections ---- */

/*
 * Opens the database at WHERE. Refuses, and leaves alone, a file that is no
 * ledger; DB_CREATE: fails if there is a file.
 */
int db_open(const char *where, unsigned flags, int64_t busy_timeout_ms, struct db **ret,
	    struct error *err);
void db_close(struct db **db);
/* Instead of the busy timeout; WAIT is that of store_wait_with. */
void db_wait_with(struct db *db, int (*wait)(void *arg, int times), void *arg);
/*
 * CHECK is called now and then while a statement runs; -1 with its ERR ends the
 * statement, which fails with that error. NULL: no check.
 */
void db_watch(struct db *db, int (*check)(void *arg, struct error *err), void *arg);
const char *db_where(struct db *db); /* its file; "" of one in memory */
bool db_moved(struct db *db);        /* as store_moved */
/* After each read: chooses how the next one reads the file. */
void db_adapt(struct db *db);
/* Bytes on disk: of the file, and of the log beside it; 0 where there is none. */
void db_sizes(struct db *db, int64_t *ret_file, int64_t *ret_log);

/* ---- files ---- */

/* Removes what DB_CREATE has made; the connection is closed before. */
void db_remove(const char *where);
/* Removes the log that an earlier database of that name has left. */
void db_drop_log(const char *where);
/*
 * Copies the database as it is now, whatever is written meanwhile, into the
 * empty file WHERE, which then opens by itself. Not in a transaction.
 */
int db_copy(struct db *db, const char *where, db_progress *progress, void *arg, struct error *err);
/* Reads all of it: ERR_INTERNAL if it is damaged. */
int db_check(struct db *db, db_progress *progress, void *arg, struct error *err);
/*
 * Looks at each page of the file and calls FOUND for the damage on it (the
 * first hundred). Returns how much there is, or -1.
 */
int db_damage(struct db *db, void (*found)(void *arg, const char *words), void *arg,
	      struct error *err);
/*
 * Gives the closed database FILE the name WHERE, at once, with the owner and
 * mode of the one that is there, which is renamed to ASIDE. ERR_BUSY, and
 * nothing is changed, while a process has that open.
 */
int db_replace(const char *file, const char *where, const char *aside, struct error *err);

/* ---- statements ---- */

/* Any number of statements, without results. */
int db_exec(struct db *db, const char *sql, struct error *err);
/* The version of the schema; 0: the file is empty. */
int db_schema_version(struct db *db, int64_t *ret, struct error *err);
int db_set_schema_version(struct db *db, int64_t version, struct error *err);

/*
 * The statement for SQL, reset and unbound (null), ready for db_bind_*; NULL
 * with ERR. Parameters are ?1 ?2 ...; a bare ? is the next number.
 */
struct stmt *db_prepare(struct db *db, const char *sql, struct error *err);
void db_bind_int(struct stmt *s, int n, int64_t value);
/* Borrowed until the next step ends. */
void db_bind_text(struct stmt *s, int n, const char *text, size_t len);
void db_bind_blob(struct stmt *s, int n, const void *bytes, size_t len);
/* 1 a row, 0 done (and reset), -1 failed (and reset). */
int db_step(struct stmt *s, struct error *err);
/* Done early with its rows. Harmless with NULL. */
void db_reset(struct stmt *s);
int64_t db_changes(struct db *db);              /* rows that the last step changed */
int64_t db_last_id(struct db *db);              /* the id that the last insert made */
int64_t db_get_int(struct stmt *s, int column); /* from 0; null is 0 */
/* Until the next step; NULL = null. */
const char *db_get_text(struct stmt *s, int column, size_t *ret_len);
/* Likewise; never NULL. */
const void *db_get_blob(struct stmt *s, int column, size_t *ret_len);

static inline void db_bind_str(struct stmt *s, int n, const char *text)
{
	db_bind_text(s, n, text, strlen(text));
}

/* An id, where 0 stands for none and is null in the table. */
static inline void db_bind_id(struct stmt *s, int n, int64_t id)
{
	if (id)
		db_bind_int(s, n, id);
}

/* In ARENA; NULL = null. */
static inline char *db_get_str(struct stmt *s, int column, struct arena *arena)
{
	size_t len;
	const char *text = db_get_text(s, column, &len);

	return text ? arena_strn(arena, text, len) : NULL;
}

/* Copies the text into RET, cut after SIZE - 1 bytes. */
void db_get_chars(struct stmt *s, int column, char *ret, size_t size);

#endif
