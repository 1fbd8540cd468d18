/*
 * verify.c - compares sums with the events, and repairs them.
 */
#include "store/internal.h"
#include "store/pgsql/layout.h"
#include "base/banned.h"

int pgsql_verify(struct store *st, const struct verify_families *only,
		 const struct verify_calls *calls, size_t *ret_n, int64_t *ret_events,
		 struct error *err)
{
	(void)st, (void)only, (void)calls, (void)ret_n, (void)ret_events;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}

int pgsql_rebuild(struct store *st, struct store *writer, const struct verify_calls *calls,
		  size_t *ret_n, int64_t *ret_events, struct error *err)
{
	(void)st, (void)writer, (void)calls, (void)ret_n, (void)ret_events;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}
