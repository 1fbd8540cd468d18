/*
 * stmt.h - what db.c (connections, transactions) and stmt.c (statements) share:
 * the session of a store with PostgreSQL. Only they include this header.
 */
#ifndef STORE_PGSQL_STMT_H
#define STORE_PGSQL_STMT_H

#include "store/db_driver.h"
#include "store/pgsql/answers.h"
#include "store/pgsql/conn.h"
#include "store/pgsql/driver.h"
#include "store/pgsql/sql.h"
#include "store/pgsql/write.h"

struct pgsql {
	struct db base;
	struct pg_pool *pool;
	struct pg_conn *conn;  /* of the transaction; NULL: there is none */
	bool writes;           /* the transaction */
	bool read_only;        /* was opened so */
	bool lost;             /* the connection, when the last write began */
	const char *begin;     /* to send before the first statement; NULL: sent */
	struct pg_write write; /* the last one */
	int64_t busy_ms;
	struct pg_wait wait;
	/* the read: waited for answers, and since when again; 0: it does not */
	int64_t waited_ms, since_ms;
	int (*retry)(void *arg, int times); /* db_wait_with */
	void *retry_arg;
	int64_t changes;
	int64_t server; /* pg_write.server when it was opened */
	/* transactions, without those whose snapshot was that of the one before */
	int64_t versions;
	GString *snapshot;          /* of the last reader; "": unknown */
	GHashTable *stmts;          /* struct pgsql_stmt by address of the SQL */
	GPtrArray *later;           /* struct pending: statements that are still to be sent */
	struct pg_answers *answers; /* to statements of db_guess */
};

struct pgsql_stmt {
	struct stmt base;
	const char *sql;
	int n; /* parameters */
	struct pg_param params[PG_PARAMS];
	/* the SQL as it was translated for parameters of these kinds */
	GString *text, *kinds;
	PGresult *result; /* NULL: the statement has not run */
	int row;
	bool guess;    /* see db_guess */
	bool borrowed; /* the result is one of pgsql.answers */
};

/* ---- of db.c ---- */

/* SERVER: of a transaction that begins. -1: it is not that of the ones before. */
int pgsql_note_server(struct pgsql *db, int64_t server, struct error *err);
int64_t pgsql_waited_ms(struct db *db);

/* ---- of stmt.c ---- */

/* Makes and frees the lists of statements. */
void pgsql_statements_init(struct pgsql *db);
void pgsql_statements_release(struct pgsql *db);
/* At the end of a transaction: resets all statements, and forgets what was not sent. */
void pgsql_statements_end(struct pgsql *db);
/* "The ledger was opened read-only". Always returns -1. */
int pgsql_refuse_write(struct error *err);
/*
 * One round trip: the transaction's begin if that is still to be sent, for a
 * reader its snapshot, the statements of db_later, and CMD (NULL: none), whose
 * answer is *RET; free it by PQclear.
 */
int pgsql_send(struct pgsql *db, struct pg_conn *conn, const struct pg_command *cmd, PGresult **ret,
	       struct error *err);

/* As db.h has them. */
struct stmt *pgsql_prepare(struct db *db, const char *sql, struct error *err);
void pgsql_guess(struct stmt *s);
void pgsql_bind_int(struct stmt *s, int n, int64_t value);
void pgsql_bind_text(struct stmt *s, int n, const char *text, size_t len);
void pgsql_bind_blob(struct stmt *s, int n, const void *bytes, size_t len);
void pgsql_bind_list(struct stmt *s, int n, const struct db_list *list);
int pgsql_step(struct stmt *s, struct error *err);
int pgsql_later(struct stmt *s, struct error *err);
int pgsql_flush(struct db *db, struct error *err);
void pgsql_reset(struct stmt *s);
int64_t pgsql_changes(struct db *db);
int64_t pgsql_get_int(struct stmt *s, int column);
const char *pgsql_get_text(struct stmt *s, int column, size_t *ret_len);
const void *pgsql_get_blob(struct stmt *s, int column, size_t *ret_len);

#endif
