/*
 * pgsql_fixture.h - a ledger in PostgreSQL with a table of the test's own.
 */
#ifndef TESTS_UNIT_PGSQL_FIXTURE_H
#define TESTS_UNIT_PGSQL_FIXTURE_H

#include "store_fixture.h"

static inline struct store *with_table(void)
{
	struct store *st = create(path);

	OK(db_exec(st->db, "CREATE TABLE t (n bigint, text text COLLATE \"C\", bytes bytea)",
		   &err));
	return st;
}

#endif
