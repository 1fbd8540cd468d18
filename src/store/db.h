/*
 * db.h - the database under the store: connections, transactions, statements
 * and rows. The folders sqlite/ and pgsql/ have the drivers; only they include
 * sqlite3.h and libpq-fe.h.
 *
 * Statements are prepared once and cached. The SQL passed to db_prepare must be
 * a string constant, because its address is the key. db_prepare returns NULL on
 * failure. db_bind_* ignore a NULL statement and db_step fails with one, so
 * callers need to check only db_step.
 *
 * Errors: ERR_BUSY (another connection holds the lock), ERR_CONFLICT (a unique
 * value exists already), ERR_OVERFLOW (a number does not fit its column) and
 * ERR_INTERNAL (a full disk, a damaged file ...) with a message for the
 * operator.
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
struct layout;

/*
 * Reports progress in bytes. ALL is 0 if the total is unknown. If the callback
 * returns false, the work stops with ERR_BUSY.
 */
typedef bool db_progress(void *arg, int64_t done, int64_t all);

enum {
	DB_WRITE = 1 << 0,
	DB_CREATE = 1 << 1, /* make a new ledger; fails if there is one */
	DB_EMPTY = 1 << 2   /* make the ledger if the database is empty */
};

/* ---- connections ---- */

/* Is the database at WHERE a file of SQLite? Otherwise it is PostgreSQL. */
bool db_is_file(const char *where);
/*
 * Opens the database at WHERE: the path of a file of SQLite, ":memory:", or
 * postgresql://... Fails without changing the file if it is not a
 * ledger. DB_CREATE: makes the file; fails if it exists.
 */
int db_open(const char *where, unsigned flags, int64_t busy_timeout_ms, struct db **ret,
	    struct error *err);
void db_close(struct db **db);
/* Replaces the busy timeout; see store_wait_with. */
void db_wait_with(struct db *db, int (*wait)(void *arg, int times), void *arg);
/*
 * CHECK is called now and then while a statement runs. If it returns -1, the
 * statement fails with the error that CHECK has set. NULL: no check.
 */
void db_watch(struct db *db, int (*check)(void *arg, struct error *err), void *arg);
/* See store_waited_ms. */
int64_t db_waited_ms(struct db *db);
/* Chooses the size of a writer's cache; see store_large_cache. */
void db_cache(struct db *db, bool large);
const char *db_where(struct db *db);     /* path of the file; "" if in memory */
bool db_replaced_on_disk(struct db *db); /* was its file removed or replaced? */
bool db_gone(struct db *db);             /* see store_gone */
/*
 * Are the events and sums of a ledger kept in several places, each family in one
 * of them? See places.h.
 */
bool db_distributed(const struct db *db);
/*
 * A number that differs from that of an earlier transaction if the database has
 * changed since. Call it after the transaction's first statement.
 */
int64_t db_data_version(struct db *db);
/* Chooses how the next read loads pages. Call db_tune after each read. */
void db_tune(struct db *db);
/* Fails if the database's settings do not make a commit durable. */
int db_durable(struct db *db, struct error *err);
/* Fails if WHERE is an address that libpq refuses. Connects to nothing. */
int db_address(const char *where, struct error *err);
/* Sizes of the file and of its write-ahead log, in bytes; 0: no file. */
void db_sizes(struct db *db, int64_t *ret_file, int64_t *ret_log);

/* ---- the server ---- */

/* See store/server.h: store_connections, store_server, store_pool, store_reach. */
struct store_server;
struct store_pool;
struct store_reach;
void db_connections(int64_t readers, bool prepared);
int db_server(struct db *db, struct arena *arena, struct store_server *ret, struct error *err);
bool db_pool(const char *where, struct store_pool *ret);
bool db_reach(const char *where, struct arena *arena, struct store_reach *ret);

/* ---- files ---- */

/* Removes a file made with DB_CREATE. Close the connection first. */
void db_remove(const char *where);
/* Removes the log files of an earlier database at WHERE. */
void db_drop_log(const char *where);
/*
 * Has the closed database at WHERE a log? Then the log has commits that are not
 * in the file, such as after the disk was full.
 */
bool db_has_log(const char *where);
/*
 * Copies a snapshot of the database into the empty file WHERE. Other
 * connections may write meanwhile. The copy needs no log file. Call db_copy
 * outside a transaction.
 */
int db_copy(struct db *db, const char *where, db_progress *progress, void *arg, struct error *err);
/* Checks the whole file. ERR_INTERNAL: it is damaged. */
int db_check(struct db *db, db_progress *progress, void *arg, struct error *err);
/*
 * Checks each page of the file. Calls FOUND for each damage, at most 100.
 * Returns the number of damages, or -1.
 */
int db_damage(struct db *db, void (*found)(void *arg, const char *words), void *arg,
	      struct error *err);
/*
 * Replaces the database at WHERE by the closed database FILE, in one step. FILE
 * gets the owner and mode of the old database, which is renamed to ASIDE.
 * ERR_BUSY: a process has the old database open; nothing has changed.
 */
int db_replace(const char *file, const char *where, const char *aside, struct error *err);

/* ---- schema ---- */

/* How this kind of database stores events and sums; see store/layout.h. */
const struct layout *db_layout(struct db *db);
/* The steps of this kind of database; see store/schema.h. */
const struct schema_step *db_schema(struct db *db, size_t *ret_n);
/* Reads the version of the schema; 0: the database is empty. */
int db_schema_version(struct db *db, int64_t *ret, struct error *err);
int db_set_schema_version(struct db *db, int64_t version, struct error *err);
/* Fails if another program has a table or an index of a name that SQL makes. In a write. */
int db_names_free(struct db *db, const char *sql, struct error *err);
/*
 * Turns the checks of foreign keys off or on, outside a transaction, for a step
 * that replaces a table to which others refer.
 */
int db_references(struct db *db, bool on, struct error *err);
/* Does a row refer to another that does not exist? 1 yes, 0 no, -1 failed. */
int db_references_broken(struct db *db, struct error *err);

/* ---- transactions ---- */

/*
 * Begins a transaction. WRITE: takes the lock of the ledger at once, which other
 * writers wait for. Otherwise it sees one snapshot.
 */
int db_begin(struct db *db, bool write, struct error *err);
/* Parts of a ledger, by number. */
struct db_parts {
	const int64_t *list;
	size_t n;
};

/*
 * Begins a write as db_begin does. A database on another host may read the
 * number that SQL finds in the same round trip: 1 read, 0 not, -1 failed. SQL
 * has no parameters. PARTS: the write changes these parts of the ledger only, so
 * that a database may let others change other parts meanwhile; NULL: any.
 */
int db_begin_reading(struct db *db, const struct db_parts *parts, const char *sql, int64_t *ret,
		     struct error *err);
/*
 * -1: nothing of the transaction is stored, and db_rollback has to be called;
 * only with ERR_UNKNOWN it may be stored.
 */
int db_commit(struct db *db, struct error *err);
void db_rollback(struct db *db);

/* ---- statements ---- */

/* Runs any number of statements without results. */
int db_exec(struct db *db, const char *sql, struct error *err);

/*
 * Returns the statement for SQL, reset, with all parameters NULL. Returns NULL
 * with ERR on failure. Parameters are ?1, ?2 ...; a bare ? has the next number.
 * What is in braces is for PostgreSQL alone; its parameters may be bound anyway.
 */
struct stmt *db_prepare(struct db *db, const char *sql, struct error *err);
/*
 * Guesses. Call db_guess, after db_prepare, for a statement whose answer seldom
 * changes and has its rows in one order. If the read may guess (db_guesses), a
 * database on another host gives the answer of an earlier read, and asks for it
 * again with the next round trip, or in db_flush. If the answer has changed, or
 * none came, this call and all that follow fail, and db_misled is true until the
 * read ends: what was read since the guess may be wrong.
 */
void db_guess(struct stmt *s);
void db_guesses(struct db *db, bool yes);
bool db_misled(const struct db *db);
void db_bind_int(struct stmt *s, int n, int64_t value);
/* TEXT and BYTES are borrowed until db_step returns 0 or -1. */
void db_bind_text(struct stmt *s, int n, const char *text, size_t len);
void db_bind_blob(struct stmt *s, int n, const void *bytes, size_t len);
/*
 * A list as a parameter: in the statement, the table list(?1) has the list's
 * rows in their order, with the columns a, b, c ... and the number of the row,
 * from 0, as rowid. Write the table first, before CROSS JOIN.
 */
enum { DB_LIST_COLUMNS = 12 };
enum db_cell_kind { DB_CELL_NUMBER, DB_CELL_TEXT, DB_CELL_BLOB };

struct db_cell {
	int64_t n;
	const void *bytes; /* of a text or blob */
	size_t len;
	enum db_cell_kind kind;
};

struct db_list {
	const struct db_cell *cells; /* row by row */
	size_t n;                    /* rows */
	int columns;                 /* at most DB_LIST_COLUMNS */
};

/* LIST and all that it points to are borrowed until db_step returns 0 or -1. */
void db_bind_list(struct stmt *s, int n, const struct db_list *list);
/*
 * Reads the next row. 1 a row, 0 no more rows, -1 failed. The statement is
 * reset unless the result is 1.
 */
int db_step(struct stmt *s, struct error *err);
/*
 * Runs an INSERT of N rows into a table whose ids the database chooses, and sets
 * IDS in the order of the rows. The statement ends with "{ RETURNING id}": for
 * it, SQLite would copy all rows twice.
 */
int db_insert(struct stmt *s, int64_t *ids, size_t n, struct error *err);
/*
 * Runs a statement whose rows nobody reads, in a write. PostgreSQL sends it with
 * the next statement of the transaction that is stepped, or with the commit:
 * that one may fail in its place. The parameters are copied.
 */
int db_later(struct stmt *s, struct error *err);
/* Sends the statements of db_later that have not been sent. */
int db_flush(struct db *db, struct error *err);
/*
 * Counts the statements of the connection that db_step has begun to run; with
 * PostgreSQL the round trips, with those of begin and commit. The difference of
 * two counts is the number of round trips that a request needs, or would need
 * with a database on another host.
 */
int64_t db_statements(const struct db *db);
/* Ends a statement before its last row. S may be NULL. */
void db_reset(struct stmt *s);
/* rows changed by the last step */
int64_t db_changes(struct db *db);
/* columns count from 0; NULL reads as 0 */
int64_t db_get_int(struct stmt *s, int column);
/* Valid until the next step. NULL: the column is NULL. */
const char *db_get_text(struct stmt *s, int column, size_t *ret_len);
/* Valid until the next step. Never returns NULL. */
const void *db_get_blob(struct stmt *s, int column, size_t *ret_len);

static inline void db_bind_str(struct stmt *s, int n, const char *text)
{
	db_bind_text(s, n, text, strlen(text));
}

/* Binds an id; 0 is stored as NULL. */
static inline void db_bind_id(struct stmt *s, int n, int64_t id)
{
	if (id)
		db_bind_int(s, n, id);
}

/* Reads text into ARENA. NULL: the column is NULL. */
static inline char *db_get_str(struct stmt *s, int column, struct arena *arena)
{
	size_t len;
	const char *text = db_get_text(s, column, &len);

	return text ? arena_strn(arena, text, len) : NULL;
}

/* Copies text into RET, cut to SIZE - 1 bytes. */
void db_get_chars(struct stmt *s, int column, char *ret, size_t size);

#endif
