/*
 * store.h - the ledger on disk: opening it, transactions and limits. What it
 * holds is asked for by the headers beside this one. All of it is SQL, above
 * the database of db.h.
 *
 * A struct store is one connection: one thread at a time. Any number of them,
 * in any number of processes, may be open on one ledger; one of them writes at
 * a time, the others wait for it up to the busy timeout (then ERR_BUSY). Text
 * that is returned lives in the arena that was passed, or where there is none
 * until the next call on the same store.
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
	STORE_WRITE = 1 << 0, /* else read-only */
	STORE_CREATE = 1 << 1 /* make the ledger: fails if there is one already */
};

/*
 * Opens the ledger at WHERE (SQLite: a path, or ":memory:"). A writer brings an
 * older schema forward first, in one transaction; a reader of an older one, and
 * anyone of a newer one, is refused with words that say which version is which.
 * A file that is no ledger of ours is refused and left alone.
 */
int store_open(const char *where, unsigned flags, int64_t busy_timeout_ms, struct store **ret,
	       struct error *err);
void store_close(struct store **st);

/*
 * Instead of the busy timeout: while another writer is in the way, WAIT is
 * called again and again, with how many TIMES it was before. It pauses for a
 * moment and returns non-zero, or gives up (ERR_BUSY) with 0.
 */
void store_wait_with(struct store *st, int (*wait)(void *arg, int times), void *arg);

/*
 * Has what was opened been removed, or replaced by another ledger? Nobody will
 * find what is written to it.
 */
bool store_moved(struct store *st);

struct store_stats {
	int64_t schema;     /* its version */
	int64_t file_bytes; /* on disk */
	int64_t log_bytes;  /* of what isn't in that file yet */
};

int store_stats(struct store *st, struct store_stats *ret, struct error *err);

/* Removes the file NAME from the ledger's folder, if it is there. */
void store_unlink_beside(struct store *st, const char *name);

/* ---- transactions ---- */

/* One snapshot for all reads until store_end. */
int store_begin_read(struct store *st, struct error *err);
/* Takes the writer's place at once (not at the first write). */
int store_begin_write(struct store *st, struct error *err);
/*
 * Durable, in the ledger that is at its place, when it returns 0. On -1
 * everything since the begin is undone.
 */
int store_commit(struct store *st, struct error *err);
/* Ends a read, or undoes a write. Harmless when nothing is open. */
void store_end(struct store *st);

/* ---- limits of a read ---- */

struct store_limits {
	int64_t work; /* rows of sums that may be read in all; 0 = any number */
	/*
	 * Asked now and then while the store works; -1 with ERR ends that. It
	 * must not use the store. NULL: nobody is asked.
	 */
	int (*check)(void *arg, struct error *err);
	void *arg;
};

/* Sets limits until the read ends. */
void store_limit(struct store *st, const struct store_limits *limits);
/*
 * Takes N from what may still be read, for work like reading N rows: -1 with
 * ERR_TOO_LARGE if that is more than is left.
 */
int store_work(struct store *st, int64_t n, struct error *err);
/*
 * From here on as much may be read as at first: for answers that are streams,
 * one account after the other.
 */
void store_work_again(struct store *st);

/*
 * Grows with every change of accounts, categories and keys: what was loaded
 * before is stale when it differs.
 */
int store_version(struct store *st, int64_t *ret_version, struct error *err);

#endif
