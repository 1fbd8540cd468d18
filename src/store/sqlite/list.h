/*
 * list.h - lists as parameters of statements, for sqlite/db.c: others call
 * db_bind_list (db.h).
 */
#ifndef STORE_DB_LIST_H
#define STORE_DB_LIST_H

#include "store/db.h"

struct sqlite3;
struct sqlite3_stmt;

/* Adds the table to a connection. Returns a code of SQLite. */
int db_list_register(struct sqlite3 *handle);
/* Binds LIST, borrowed, to parameter N. Returns a code of SQLite. */
int db_list_bind(struct sqlite3_stmt *handle, int n, const struct db_list *list);

#endif
