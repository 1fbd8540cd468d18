/*
 * rollups.c - adds to the sums, in sets, and the days with usage.
 */
#include "store/internal.h"
#include "store/pgsql/layout.h"
#include "base/banned.h"

int pgsql_rollups_add(struct store *st, const struct rollup *list, size_t n, struct error *err)
{
	(void)st, (void)list, (void)n;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}

int pgsql_rollup_month(struct store *st, int64_t account, int64_t category, int64_t month,
		       struct amounts_wide *ret, struct error *err)
{
	(void)st, (void)account, (void)category, (void)month, (void)ret;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}

int pgsql_usage_days(struct store *st, const int64_t *accounts, size_t n, bool last,
		     int64_t *ret_days, struct error *err)
{
	(void)st, (void)accounts, (void)n, (void)last, (void)ret_days;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}
