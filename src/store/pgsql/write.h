/*
 * write.h - how a write begins: its locks and its number; and how the outcome
 * of a write is found whose commit had no answer.
 *
 * All writers of a ledger take the lock of the ledger: alone, or, if they change
 * some parts only, together with others, and then those of the parts, which are
 * one after the other for all writers. So nobody waits for a lock whose holder
 * waits for him.
 *
 * PostgreSQL says what became of a transaction by its number. After a crash or a
 * failover, the server may give the number of a transaction that it has
 * forgotten to another one. So a write also reads the crash mark, which is then
 * different.
 */
#ifndef STORE_PGSQL_WRITE_H
#define STORE_PGSQL_WRITE_H

#include "store/pgsql/conn.h"
#include "store/db.h"

struct pg_write {
	/* for pg_write_begin: what the write locks; NULL: all parts */
	const struct db_parts *parts;
	/* and a query to run as soon as it has the lock; NULL: none */
	const char *sql;

	/* set by it */
	char xid[24];   /* the number of the transaction */
	int64_t server; /* when its server started, in a unit of the server's */
	char mark[24];  /* the crash mark; "": there is none yet */
	bool marks;     /* the ledger has no crash mark: the write must set it */
};

/* Sets the crash mark, in a write. */
extern const char pg_write_mark[];

/*
 * Begins a transaction in one round trip. It waits for locks for up to LOCK_MS.
 * *RET_ROWS: the rows of w->sql, or NULL; free them by PQclear. After -1,
 * nothing is written, but the transaction may have begun.
 */
int pg_write_begin(struct pg_write *w, struct pg_conn *conn, int64_t lock_ms,
		   const struct pg_wait *wait, PGresult **ret_rows, struct error *err);

/*
 * Asks for the outcome of W, for some seconds; DB is outside a transaction. 1
 * committed, 0 not; -1: nobody knows.
 */
int pg_write_outcome(const struct pg_write *w, struct db *db, struct error *err);

#endif
