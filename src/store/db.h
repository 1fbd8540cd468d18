/*
 * db.h - a database driver, with the fewest functions that serve SQLite and
 * PostgreSQL. Only db_*.c see a database's own header. Statements are prepared
 * once and kept: QUERY's SQL must be a string constant (its address is the
 * key).
 *
 * Failures have kinds that mean the same with every driver: ERR_BUSY (another
 * one writes), ERR_CONFLICT (a unique value is taken), ERR_OVERFLOW (a number
 * that its column refuses) and ERR_INTERNAL (a full disk, a broken file ...),
 * whose message tells the operator what is wrong.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

struct db;
struct stmt;

/*
 * Called again and again with how many bytes of ALL are done (ALL 0: nobody
 * knows, and DONE only grows). False gives up: ERR_BUSY.
 */
typedef bool db_progress(void *arg, int64_t done, int64_t all);

enum { DB_WRITE = 1 << 0, DB_CREATE = 1 << 1 };

struct db_ops {
	const char *name; /* "sqlite" */
	/* SQL that takes the writer's place at once */
	const char *begin_write;
	/*
	 * SQL, outside of a transaction: don't check references between tables,
	 * and check them again.
	 */
	const char *references_off, *references_on;
	/* a query: a row for each reference to nothing */
	const char *references_broken;
	/*
	 * Refuses, and leaves alone, what is no ledger of ours; DB_CREATE:
	 * fails if there is anything.
	 */
	int (*open)(const char *where, unsigned flags, int64_t busy_timeout_ms, struct db **ret,
		    struct error *err);
	void (*close)(struct db **db);
	/* Instead of the busy timeout; WAIT is that of store_wait_with. */
	void (*wait_with)(struct db *db, int (*wait)(void *arg, int times), void *arg);
	/*
	 * CHECK is asked now and then while a statement runs; -1 with its ERR
	 * ends that, and is its failure. NULL: nobody is asked.
	 */
	void (*watch)(struct db *db, int (*check)(void *arg, struct error *err), void *arg);
	const char *(*where)(struct db *db); /* its file; "" of one in memory */
	bool (*moved)(struct db *db);        /* as store_moved */
	/* takes back what DB_CREATE has made; closed before */
	void (*remove)(const char *where);
	/* what an earlier one of that name has left beside it */
	void (*drop_log)(const char *where);
	/*
	 * As it is now, whatever is written meanwhile, into the empty file
	 * WHERE, which then opens without any other. Not in a transaction.
	 */
	int (*copy)(struct db *db, const char *where, db_progress *progress, void *arg,
		    struct error *err);
	/* Reads all of it: ERR_INTERNAL if it is damaged. */
	int (*check)(struct db *db, db_progress *progress, void *arg, struct error *err);
	/*
	 * Looks at each page of the file and calls FOUND for the damage on it
	 * (the first hundred). How much there is, or -1.
	 */
	int (*damage)(struct db *db, void (*found)(void *arg, const char *words), void *arg,
		      struct error *err);
	/*
	 * Gives the closed database FILE the name WHERE, at once, with the
	 * owner and mode of the one that is there, which from then on is called
	 * ASIDE. ERR_BUSY, and nothing is changed, while anyone has that open.
	 */
	int (*replace)(const char *file, const char *where, const char *aside, struct error *err);
	/* after each read: the next one may be made in another way */
	void (*adapt)(struct db *db);
	/* any number of statements, no results */
	int (*exec)(struct db *db, const char *sql, struct error *err);
	/*
	 * Bytes on disk: of its file, and of the log of what isn't in it yet; 0
	 * where there is none.
	 */
	void (*sizes)(struct db *db, int64_t *ret_file, int64_t *ret_log);
	/* The version of its schema; 0: empty and ours to make. */
	int (*schema_version)(struct db *db, int64_t *ret, struct error *err);
	int (*set_schema_version)(struct db *db, int64_t version, struct error *err);
	/*
	 * The statement for SQL, reset and unbound (null), ready for bind_*.
	 * Parameters are ?1 ?2 ...
	 */
	struct stmt *(*prepare)(struct db *db, const char *sql, struct error *err);
	void (*bind_int)(struct stmt *s, int n, int64_t value);
	/* borrowed until the next step ends */
	void (*bind_text)(struct stmt *s, int n, const char *text, size_t len);
	void (*bind_blob)(struct stmt *s, int n, const void *bytes, size_t len);
	/* 1 a row, 0 done (and reset), -1 failed (and reset) */
	int (*step)(struct stmt *s, struct error *err);
	int64_t (*changes)(struct db *db);              /* rows that the last step changed */
	int64_t (*last_id)(struct db *db);              /* id that the last insert made */
	int64_t (*get_int)(struct stmt *s, int column); /* from 0; null is 0 */
	/* until the next step; NULL = null */
	const char *(*get_text)(struct stmt *s, int column, size_t *ret_len);
	/* likewise; never NULL */
	const void *(*get_blob)(struct stmt *s, int column, size_t *ret_len);
	void (*reset)(struct stmt *s); /* done early with its rows */
};

extern const struct db_ops db_sqlite;

#endif
