/*
 * state.h - what PostgreSQL's server says about itself, and what a connection
 * to it needs; see store/server.h.
 */
#ifndef STORE_PGSQL_STATE_H
#define STORE_PGSQL_STATE_H

#include "store/db.h"
#include "store/server.h"

/* Fails if the encoding or the version is not one that can have a ledger. */
int pgsql_suits(struct db *db, struct error *err);
/*
 * Is there a table `meta` of a ledger? 1 yes, 0 no, -1 failed, or the schema has
 * such a table of another program, or an earlier schema hides a table of the ledger.
 */
int pgsql_find_meta(struct db *db, struct error *err);
/* See db_names_free. */
int pgsql_names_free(struct db *db, const char *sql, struct error *err);
int pgsql_durable(struct db *db, struct error *err);
int pgsql_server(struct db *db, struct arena *arena, struct store_server *ret, struct error *err);
bool pgsql_reach(const char *where, struct arena *arena, struct store_reach *ret);

#endif
