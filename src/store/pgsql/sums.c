/*
 * sums.c - sums of many accounts over many spans.
 */
#include "store/internal.h"
#include "store/pgsql/layout.h"
#include "base/banned.h"

int pgsql_sums(struct store *st, const struct sums_query *q, sums_row_fn *row, void *arg,
	       struct error *err)
{
	(void)st, (void)q, (void)row, (void)arg;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}
