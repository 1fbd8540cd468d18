/*
 * values.h - parameters of a command in PostgreSQL's binary form.
 */
#ifndef STORE_PGSQL_VALUES_H
#define STORE_PGSQL_VALUES_H

#include "store/pgsql/conn.h"
#include "store/pgsql/sql.h"

enum { PG_VALUES = PG_PARAMS + 4 * DB_LIST_COLUMNS };

struct pg_values {
	int n;
	Oid types[PG_VALUES];
	const char *values[PG_VALUES];
	int lengths[PG_VALUES], formats[PG_VALUES];
	unsigned char numbers[PG_PARAMS][8];
	GByteArray *arrays[PG_VALUES]; /* of lists, and copies of texts */
	int n_arrays;
};

/*
 * Fills V with the N parameters, and behind them one array for each column of
 * their lists, as pg_translate numbers them. Texts are borrowed. V must stay
 * where it is. Free it by pg_values_release.
 */
void pg_values_init(struct pg_values *v, const struct pg_param *params, int n);

/* Fills V with one array of N numbers, which is the only parameter. */
void pg_values_init_array(struct pg_values *v, const int64_t *numbers, size_t n);

/* Copies the texts that pg_values_init has borrowed from the same parameters. */
void pg_values_keep(struct pg_values *v, const struct pg_param *params, int n);

void pg_values_release(struct pg_values *v);

/* The command SQL with these parameters, to be kept prepared. Borrows both. */
struct pg_command pg_values_command(const struct pg_values *v, const char *sql);

/* The number in a result, in binary form or as a text; of NULL: 0. */
int64_t pg_number_of(const PGresult *r, int row, int column);

#endif
