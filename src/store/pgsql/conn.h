/*
 * conn.h - a connection to PostgreSQL, and round trips, in which several
 * commands go together. A pool lends it (conn_pool.h).
 */
#ifndef STORE_PGSQL_CONN_H
#define STORE_PGSQL_CONN_H

#include <glib.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

struct pg_conn;
struct pg_pool;

/* Called when the server has answered, or has not within pg_wait.most_ms. */
typedef void pg_heard(struct pg_conn *c, bool answers);

/* What the pool keeps with a connection. */
struct pg_place {
	struct pg_pool *pool;
	bool writer;
	int64_t returned_ms; /* to the pool */
	struct pg_conn *next;
};
struct pg_place *pg_conn_place(struct pg_conn *c);

/*
 * Opens a connection to WHERE, a URI of libpq. PREPARES: commands may stay
 * prepared on it; otherwise it may be another one of the server's in each
 * transaction. NULL: with ERR_BUSY, it cannot be reached.
 */
struct pg_conn *pg_conn_open(const char *where, bool prepares, pg_heard *heard,
			     const struct pg_place *place, struct error *err);
void pg_conn_close(struct pg_conn *c);

/* Has the server closed it since its last answer? */
bool pg_conn_stale(struct pg_conn *c);
/* Are so many commands prepared on it that it is better closed? */
bool pg_conn_full(const struct pg_conn *c);
/*
 * Has an error shown that its session is not as a new one would be? Then it is
 * better closed, and so are those that were opened before.
 */
bool pg_conn_spoilt(const struct pg_conn *c);

/* The server's version, as 150018. */
int pg_conn_version(const struct pg_conn *c);

/* Is the connection lost? Then nothing that was not committed is stored. */
bool pg_conn_lost(const struct pg_conn *c);

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
