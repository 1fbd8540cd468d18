/*
 * none.c - stands for the driver of PostgreSQL in a program that was built
 * without it.
 */
#include "store/db_driver.h"
#include "store/layout.h"

#include "base/banned.h"

static int none_address(const char *where, struct error *err)
{
	(void)where;
	return error_set(err, ERR_PARAM, "database",
			 "this program was built without PostgreSQL: give the path of a file");
}

static int none_open(const char *where, unsigned flags, int64_t busy_timeout_ms, struct db **ret,
		     struct error *err)
{
	(void)flags, (void)busy_timeout_ms, (void)ret;
	return none_address(where, err);
}

const struct db_driver db_pgsql = { .open = none_open, .address = none_address };
const struct layout layout_pgsql = { .sums = NULL };
