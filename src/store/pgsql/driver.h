/*
 * driver.h - what the files of this folder may ask of the driver (db.c) beyond
 * db.h.
 */
#ifndef STORE_PGSQL_DRIVER_H
#define STORE_PGSQL_DRIVER_H

#include <glib.h>
#include "store/db.h"

/* Sets the error that a row means. Always returns -1. */
typedef int pgsql_found(struct stmt *s, struct error *err);

/* As db_later. The statement should have no rows: if it has one, FOUND says why it fails. */
int pgsql_expect_none(struct stmt *s, pgsql_found *found, struct error *err);

/*
 * Begins COPY ... FROM STDIN (FORMAT binary) in a write, after the statements of
 * db_later. Before COPY, SQL may have a question in the same text: 1 it has
 * found a row, 0 none, -1 failed. Then call pgsql_copy_end with the rows, see
 * pg_copy_begin. Each is a round trip.
 */
int pgsql_copy_begin(struct db *db, const char *sql, struct error *err);
int pgsql_copy_end(struct db *db, const GByteArray *bytes, struct error *err);

/* The ledger is being distributed; see db_distributed. */
void pgsql_set_distributed(struct db *db);

#endif
