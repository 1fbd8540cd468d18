/*
 * sql.h - the store's SQL as PostgreSQL wants it: parameters are $1, $2 ...
 * instead of ?1, ?2 ..., and the table list(?1) is made of one array for each
 * column.
 *
 * What is in braces is for PostgreSQL alone: there, tables of a family's rows
 * have the column root, the main account. at(e.root, ?1) tells whether it is one
 * of the list ?1; if the list is empty, it is true. See store/places.h.
 */
#ifndef STORE_PGSQL_SQL_H
#define STORE_PGSQL_SQL_H

#include <glib.h>
#include "base/decimal.h"
#include "store/db.h"

enum { PG_PARAMS = 32 };

/* A parameter as it was bound. */
struct pg_param {
	enum { PG_NULL, PG_NUMBER, PG_TEXT, PG_BLOB, PG_LIST } kind;
	int64_t n;
	const void *bytes;
	size_t len;
	const struct db_list *list;
};

/* The number of parameters of SQL: the largest. */
int pg_count_params(const char *sql);

/*
 * Appends SQL to TO. PARAMS are the bound parameters, ?1 first: the columns of
 * lists have the types of their first rows. The arrays of lists come behind the
 * other parameters, in the order of their lists.
 */
void pg_translate(const char *sql, const struct pg_param *params, int n, GString *to);

/* Is the column of a list made of text, or of bytes? An empty list has numbers. */
enum db_cell_kind pg_column_kind(const struct db_list *list, int column);

/* Appends a column as an array in PostgreSQL's binary form. */
void pg_append_array(const struct db_list *list, int column, GByteArray *to);

/* A number of 8 bytes, as PostgreSQL sends it. */
void pg_put_number(unsigned char to[8], int64_t n);

/* Reads a column of the type numeric, without a fraction. */
wide pg_get_numeric(struct stmt *s, int column);

/*
 * The rows of COPY (FORMAT binary): pg_copy_begin, then for each row
 * pg_copy_row and its FIELDS, in the end pg_copy_end.
 */
void pg_copy_begin(GByteArray *to);
void pg_copy_row(GByteArray *to, int fields);
void pg_copy_number(GByteArray *to, int64_t n);
void pg_copy_text(GByteArray *to, const char *text, size_t len);
void pg_copy_null(GByteArray *to);
void pg_copy_end(GByteArray *to);

#endif
