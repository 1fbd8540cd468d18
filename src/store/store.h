/*
 * store.h - the ledger on disk: opening, transactions and limits. The other
 * headers of src/store read and write the ledger's tables. The store consists
 * of SQL on the database of db.h.
 *
 * A struct store is one connection, for one thread at a time. Any number of
 * connections, in any number of processes, may be open on one ledger. Only one
 * connection writes at a time, but in PostgreSQL several may add events of
 * different main accounts (store_begin_events); other writers wait up to the
 * busy timeout, then fail with ERR_BUSY. Returned text is in the arena that was
 * passed; without an arena it is valid until the next call on the same store.
 * All errors of db.h can occur in each function that takes ERR.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/error.h"
#include "model/records.h"

struct store;

enum {
	STORE_WRITE = 1 << 0,  /* open for writing; otherwise read-only */
	STORE_CREATE = 1 << 1, /* make a new ledger; fails if there is one, or a file */
	STORE_EMPTY = 1 << 2   /* make the ledger if the file or database is empty */
};

/*
 * Opens the ledger at WHERE: a path, or ":memory:". Fails if the schema is
 * older than this program's (store/upgrade.h upgrades it) or newer; the message
 * has both versions.
 * Fails if the file is not a ledger, without changing the file.
 */
int store_open(const char *where, unsigned flags, int64_t busy_timeout_ms, struct store **ret,
	       struct error *err);
/* Closes a store. A connection of readers.h is not lent again if it is in a read. */
void store_close(struct store **st);

/*
 * From now on a writer caches 32 MB of the file instead of 8: for commands that
 * write very much, in a process of their own.
 */
void store_large_cache(struct store *st);
/*
 * From now on the database does not look up what new rows refer to, which takes
 * longer than to store a series: for commands that only store events, with ids
 * that they have read or made. Call it outside a transaction.
 */
void store_trust_ids(struct store *st);

/*
 * Replaces the busy timeout. While another connection writes, WAIT is called
 * repeatedly; TIMES is the number of earlier calls. WAIT must pause for a
 * moment and return non-zero, or return 0 to give up with ERR_BUSY.
 */
void store_wait_with(struct store *st, int (*wait)(void *arg, int times), void *arg);

/*
 * Is the ledger that was opened gone? Its file has been removed or replaced: what
 * is written to it is lost. Or its database server has started again, or another
 * one has taken over, maybe without the last commits: what was read before may be
 * wrong, and each transaction fails with ERR_BUSY. Close the store, and open it
 * again.
 */
bool store_gone(struct store *st);

struct store_stats {
	int64_t schema;     /* version of the schema */
	int64_t file_bytes; /* size of the file */
	int64_t log_bytes;  /* size of the write-ahead log */
};

int store_stats(struct store *st, struct store_stats *ret, struct error *err);

/*
 * Counts the statements that this connection has run so far. Tests hold the
 * difference of two counts against a limit.
 */
int64_t store_statements(const struct store *st);

/* Removes the file NAME from the ledger's folder, if it exists. */
void store_unlink_beside(struct store *st, const char *name);

/* ---- transactions ---- */

/*
 * YES: the reads that follow may be long. While the log must restart, such a
 * read waits before it begins (store/read_gate.h).
 */
void store_give_way(struct store *st, bool yes);
/*
 * YES: the reads that follow, or the rest of this one, may guess. On a database
 * server this saves round trips: the store answers what seldom changes as in an
 * earlier read, and asks whether it is still so together with the next question.
 * If it is not, that question and all that follow fail with ERR_BUSY: read all
 * again, without guesses.
 */
void store_guess(struct store *st, bool yes);
/* Asks at once whether the guesses of a read were right. Outside a read: 0. */
int store_confirm(struct store *st, struct error *err);
/*
 * After store_end, which asks about the guesses that are left: was one of them wrong
 * since store_guess was called outside a read, or may it have been?
 */
bool store_misled(const struct store *st);
/* Begins a read, which sees one snapshot until store_end. */
int store_begin_read(struct store *st, struct error *err);
/* Begins a write. Takes the lock at once, not at the first change. */
int store_begin_write(struct store *st, struct error *err);
/*
 * Begins a write that adds events of the main accounts FAMILIES, in any order,
 * and of their subaccounts, with all that belongs to these events. It changes
 * nothing else of the ledger, but for new rejections and counters.
 */
int store_begin_events(struct store *st, const int64_t *families, size_t n, struct error *err);
/*
 * Has the ledger moved to another database, or is a move into it not finished? 1 yes,
 * ERR says so, and its detail what to do; 0 no; -1 failed.
 */
int store_check_moved(struct store *st, struct error *err);
/*
 * Some functions that only add to the ledger leave it to a later call of the
 * same write, or to its commit, to send what they add: that call may then fail
 * in their place. store_flush sends what is left, so that it fails here.
 */
int store_flush(struct store *st, struct error *err);
/*
 * Commits the write. 0: the write is durable, in the file at the path of the
 * ledger. -1: all changes since store_begin_write are undone.
 */
int store_commit(struct store *st, struct error *err);
/* Ends a read, or undoes a write. Does nothing outside a read or write. */
void store_end(struct store *st);

/* ---- limits of a read ---- */

struct store_limits {
	int64_t work; /* limit of rollups to read; 0: no limit */
	/*
	 * Called now and then while the store works. If CHECK returns -1 with
	 * ERR, the work ends with this error. CHECK must not use the store.
	 * NULL: no check.
	 */
	int (*check)(void *arg, struct error *err);
	void *arg;
};

/*
 * How long the current read has waited for a database server so far, also in the
 * statement that runs, in milliseconds. With SQLite 0: this thread does all work.
 */
int64_t store_waited_ms(struct store *st);
/* Sets the limits (copied) of the current read. */
void store_limit(struct store *st, const struct store_limits *limits);
/*
 * Counts work that costs as much as reading N rollups. -1 with ERR_TOO_LARGE:
 * the limit is exceeded.
 */
int store_work(struct store *st, int64_t n, struct error *err);
/*
 * Restarts the count of work, for answers that are streamed account by account.
 */
void store_work_again(struct store *st);

/*
 * Reads a counter that grows with each change of accounts, categories and keys.
 * Cached data is stale when the counter differs.
 */
int store_version(struct store *st, int64_t *ret_version, struct error *err);

#endif
