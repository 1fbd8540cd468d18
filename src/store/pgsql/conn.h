/*
 * conn.h - connections to PostgreSQL: a pool for each database, from which a
 * transaction borrows one, and round trips, in which several commands go
 * together.
 */
#ifndef STORE_PGSQL_CONN_H
#define STORE_PGSQL_CONN_H

#include <glib.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

struct pg_pool;
struct pg_conn;

/*
 * Borrows the pool of WHERE, a URI of libpq: all stores with the same URI share
 * one. Opens no connection. Never NULL.
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
struct store_pool;
bool pg_pool_state(const char *where, struct store_pool *ret);

/*
 * Borrows a connection that was usable a moment ago. ERR_BUSY: the database
 * cannot be reached, or all connections are lent for WAIT_MS, but at least for
 * two seconds.
 */
struct pg_conn *pg_conn_take(struct pg_pool *pool, bool write, int64_t wait_ms, struct error *err);
/* Gives it back, outside a transaction. A broken one is closed. May be NULL. */
void pg_conn_give(struct pg_conn *c);

/* The server's version, as 150018; the number of this process's backend. */
int pg_conn_version(const struct pg_conn *c);

/* Is the connection lost? Then nothing that was not committed is stored. */
bool pg_conn_lost(const struct pg_conn *c);

/* Closes the idle connections: where one was lost, others are likely to be. */
void pg_pool_drop_idle(struct pg_pool *pool);

/* How long to wait for answers. */
struct pg_wait {
	/* Called now and then; -1: the connection is given up, with this error. */
	int (*check)(void *arg, struct error *err);
	void *arg;
	int64_t most_ms; /* without an answer; 0: any time */
};

/* A command with parameters in binary form. */
struct pg_command {
	const char *sql;
	int n;
	const Oid *types; /* 0: PostgreSQL chooses */
	const char *const *values;
	const int *lengths;
	const int *formats;
	bool prepare; /* keep it prepared on this connection */
	/* that a unique value exists already is not the caller's fault: ERR_BUSY */
	bool late;
};

/*
 * Sends the commands in one round trip and waits for their answers. Each entry
 * of RESULTS is the result of a command, or NULL; free them by pg_clear. On -1
 * they have only the results of the commands before the first that failed,
 * which says why; those behind it did not run.
 */
int pg_round_trip(struct pg_conn *c, const struct pg_command *commands, int n, PGresult **results,
		  const struct pg_wait *wait, struct error *err);

void pg_clear(PGresult **results, int n);

/*
 * Runs SQL, a text that ends with COPY ... FROM STDIN. 1 a statement before it
 * has found rows, 0 not, -1 failed. Then call pg_copy_finish.
 */
int pg_copy_start(struct pg_conn *c, const char *sql, const struct pg_wait *wait,
		  struct error *err);
int pg_copy_finish(struct pg_conn *c, const GByteArray *bytes, const struct pg_wait *wait,
		   struct error *err);

/* Runs a text with any number of commands, without parameters. */
int pg_script(struct pg_conn *c, const char *sql, const struct pg_wait *wait, struct error *err);

/*
 * Sends a command without waiting for its answer, which the next round trip
 * reads and nobody looks at.
 */
void pg_post(struct pg_conn *c, const char *sql);

#endif
