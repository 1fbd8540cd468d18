/*
 * find.c - a page of events, and the events of an hour.
 */
#include "store/internal.h"
#include "store/pgsql/layout.h"
#include "base/banned.h"

int pgsql_events_find(struct store *st, const struct event_find *q, const struct event_slice *page,
		      struct arena *arena, struct found_events *ret, struct error *err)
{
	(void)st, (void)q, (void)page, (void)arena, (void)ret;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}

int pgsql_events_back(struct store *st, const struct event_find *q, const struct event_slice *page,
		      struct arena *arena, struct event_position *ret, struct error *err)
{
	(void)st, (void)q, (void)page, (void)arena, (void)ret;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}

int pgsql_postings(struct store *st, const struct account_hour *hour, struct arena *arena,
		   struct posting **ret, size_t *ret_n, struct error *err)
{
	(void)st, (void)hour, (void)arena, (void)ret, (void)ret_n;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}

int pgsql_posting_hour(struct store *st, int64_t account, int64_t from, bool backwards,
		       int64_t *ret_hour, struct error *err)
{
	(void)st, (void)account, (void)from, (void)backwards, (void)ret_hour;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}

int pgsql_postings_refile(struct store *st, const struct account_hour *hour, struct posting *list,
			  size_t n, struct error *err)
{
	(void)st, (void)hour, (void)list, (void)n;
	return error_set(err, ERR_INTERNAL, NULL, "not yet");
}
