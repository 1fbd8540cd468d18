/*
 * events.c - adds events in sets.
 */
#include "store/internal.h"
#include "store/pgsql/layout.h"
#include "base/banned.h"

int pgsql_events_add(struct store *st, struct stored_event *events, size_t n, struct error *err)
{
	(void)st, (void)events, (void)n;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}

int pgsql_event_refile(struct store *st, const struct event_key *key, int64_t series,
		       struct error *err)
{
	(void)st, (void)key, (void)series;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}
