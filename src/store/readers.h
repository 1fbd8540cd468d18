/*
 * readers.h - connections for reading that the threads of a server share. A
 * connection costs some megabytes, and a thread needs one only while it reads:
 * so few connections serve many threads. The connection that was returned last
 * is lent first, because its pages and statements are warm.
 */
#ifndef STORE_READERS_H
#define STORE_READERS_H

#include "store/store.h"

/*
 * Of the connections, so many are never lent to long reads (store_give_way): so
 * short reads do not wait for long ones.
 */
enum { READERS_SHORT = 2 };

struct readers;

/*
 * For at most MOST connections to the ledger at WHERE, which are opened when
 * they are needed; at least READERS_SHORT + 1. Opens nothing yet. WHERE is
 * copied. Never returns NULL.
 */
struct readers *readers_new(const char *where, int64_t most, int64_t busy_timeout_ms);
/* All stores of R must be closed. */
void readers_free(struct readers **r);

/*
 * Makes a store for one thread. Between two reads it has no connection:
 * store_begin_read borrows one, and store_end returns it. store_begin_read waits
 * for up to 30 seconds, then fails with ERR_BUSY. Only functions that need a
 * read, store_limit, store_give_way and store_close may be called. The store
 * follows the ledger when another file replaces it. Never returns NULL.
 */
struct store *readers_store(struct readers *r);

/*
 * Numbers the files that were at the ledger's path: what was kept from an earlier
 * file is not true of the current one. Only in a read.
 */
int64_t readers_ledger(const struct store *st);

struct readers_count {
	int64_t open;
	int64_t lent;   /* of these, to reads */
	int64_t waited; /* times that a read had to wait for one */
};

/* Thread-safe. */
void readers_count(struct readers *r, struct readers_count *ret);

#endif
