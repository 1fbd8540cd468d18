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
 * Runs COPY ... FROM STDIN (FORMAT binary) in a write, after the statements of
 * db_later. BYTES are the rows, see pg_copy_begin.
 */
int pgsql_copy(struct db *db, const char *sql, const GByteArray *bytes, struct error *err);

#endif
