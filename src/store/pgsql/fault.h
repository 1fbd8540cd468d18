/*
 * fault.h - what the errors of PostgreSQL mean to a caller: a table from
 * SQLSTATE to kinds of error and messages.
 */
#ifndef STORE_PGSQL_FAULT_H
#define STORE_PGSQL_FAULT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"

/*
 * Fails with what STATE, an SQLSTATE, means. TEXT, the server's message, and SQL
 * are for the log only.
 */
int pg_fail(const char *state, const char *text, const char *sql, struct error *err);
/* The same of a result. One without a state is that of a lost connection. */
int pg_fail_result(const PGresult *r, const char *sql, struct error *err);

/* Is the session at fault? Then a new connection may be without the error STATE. */
bool pg_fault_of_session(const char *state);

/* ERR_BUSY: the server takes too long. */
int pg_fail_silent(struct error *err);
/* ERR_BUSY: the server is another one, or has started again. */
int pg_fail_restarted(struct error *err);
/* ERR_BUSY: there is no connection; TEXT: why, for the log. */
int pg_fail_unreachable(const char *text, struct error *err);

/* TEXT in one line, cut to SIZE. Messages of the server have several, the log's have one. */
const char *pg_one_line(const char *text, char *ret, size_t size);

#endif
