/*
 * conn_pool.h - the connections to a database in PostgreSQL, of which a transaction
 * borrows one. While the server does not answer, only one thread waits for it
 * now and then, and all others fail at once.
 */
#ifndef STORE_PGSQL_CONN_POOL_H
#define STORE_PGSQL_CONN_POOL_H

#include "store/pgsql/conn.h"

struct pg_pool;
struct store_pool;

/*
 * Borrows the pool of WHERE, a URI of libpq: all stores with the same URI share
 * one. Opens no connection. Never NULL. When nobody borrows it any more, its
 * connections are closed, and what pg_pool_state counts goes on.
 */
struct pg_pool *pg_pool_of(const char *where);
void pg_pool_release(struct pg_pool *pool);

/*
 * At most READERS connections of a pool are lent to readers, and two to
 * writers. PREPARED: commands may stay prepared on a connection; otherwise a
 * connection may be another one of the server's in each transaction. Call it
 * before the first pg_pool_of.
 */
void pg_pool_limit(int64_t readers, bool prepared);

/* Are commands kept prepared, as pg_pool_limit said? */
bool pg_pool_prepares(void);

/* Counts the connections of the pool of WHERE. Always true. */
bool pg_pool_state(const char *where, struct store_pool *ret);

/*
 * Borrows a connection that was usable a moment ago. ERR_BUSY: the database
 * cannot be reached, or all connections are lent for WAIT_MS, but at least for
 * two seconds: as many as may be, or as the server allows.
 */
struct pg_conn *pg_pool_take(struct pg_pool *pool, bool write, int64_t wait_ms, struct error *err);
/*
 * Gives it back, outside a transaction. A broken one is closed; a spoilt one, too,
 * and all idle ones with it. May be NULL.
 */
void pg_pool_give(struct pg_conn *c);

/* The server that answered last: when it started, as pg_write.server; 0: unknown. */
int64_t pg_pool_server(const struct pg_pool *pool);
void pg_pool_set_server(struct pg_pool *pool, int64_t server);

/* Closes the idle connections: where one was lost, others are likely to be. */
void pg_pool_drop_idle(struct pg_pool *pool);

#endif
