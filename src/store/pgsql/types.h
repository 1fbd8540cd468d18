/*
 * types.h - numbers of PostgreSQL's types (its file pg_type.dat), which never
 * change.
 */
#ifndef STORE_PGSQL_TYPES_H
#define STORE_PGSQL_TYPES_H

enum {
	PG_TYPE_BYTEA = 17,
	PG_TYPE_INT8 = 20,
	PG_TYPE_TEXT = 25,
	PG_TYPE_BYTEA_ARRAY = 1001,
	PG_TYPE_TEXT_ARRAY = 1009,
	PG_TYPE_INT8_ARRAY = 1016,
	PG_TYPE_NUMERIC = 1700
};

#endif
