/*
 * layout.h - how PostgreSQL stores events and sums; see store/layout.h: a row
 * for each, in the tables event, total_* (sums by category) and part_* (sums by
 * series). An index finds events by time.
 */
#ifndef STORE_PGSQL_LAYOUT_H
#define STORE_PGSQL_LAYOUT_H

#include "store/layout.h"

int pgsql_events_add(struct store *st, struct stored_event *events, size_t n, struct error *err);
int pgsql_rollups_add(struct store *st, const struct rollup *list, size_t n, struct error *err);
/*
 * Adds to rows of one level, that of the N entries of LIST (1 at least), and to
 * no others: to the sums by category or, with PARTS, by series. Removes those of
 * these rows that become zero. In a write.
 */
int pgsql_level_add(struct store *st, const struct rollup *list, size_t n, bool parts,
		    struct error *err);
int pgsql_rollup_sum(struct store *st, const struct rollup *key, struct amounts_wide *ret,
		     struct error *err);
int pgsql_usage_days(struct store *st, const int64_t *accounts, size_t n, bool last,
		     int64_t *ret_days, struct error *err);
int pgsql_sums(struct store *st, const struct sums_query *q, sums_row_fn *row, void *arg,
	       struct error *err);
int pgsql_events_find(struct store *st, const struct event_find *q, const struct event_slice *page,
		      struct arena *arena, struct found_events *ret, struct error *err);
int pgsql_events_back(struct store *st, const struct event_find *q, const struct event_slice *page,
		      struct arena *arena, struct event_position *ret, struct error *err);
int pgsql_postings(struct store *st, const struct account_hour *hour, struct arena *arena,
		   struct posting **ret, size_t *ret_n, struct error *err);
int pgsql_posting_hour(struct store *st, int64_t account, int64_t from, bool backwards,
		       int64_t *ret_hour, struct error *err);
int pgsql_postings_refile(struct store *st, const struct account_hour *hour, struct posting *list,
			  size_t n, struct error *err);
/* The index that finds events by time. */
#define PGSQL_EVENT_INDEX "event_effective ON event (account, COALESCE(booked_us, time_us))"

/*
 * Distributes the tables of a new ledger over the nodes of Citus, if the database
 * has it. In the write that makes the ledger.
 */
int pgsql_distribute(struct store *st, struct error *err);
/* The same of the tables of series, in the write that gives them the column root. */
int pgsql_distribute_series(struct store *st, struct error *err);

int pgsql_bulk_begin(struct store *st, struct error *err);
int pgsql_bulk_end(struct store *st, struct error *err);
int pgsql_ids_made(struct store *st, struct error *err);
int pgsql_may_pause(struct store *st, struct error *err);
int pgsql_verify(struct store *st, const struct verify_families *only,
		 const struct verify_calls *calls, size_t *ret_n, int64_t *ret_events,
		 struct error *err);
int pgsql_rebuild(struct store *st, struct store *writer, const struct verify_calls *calls,
		  size_t *ret_n, int64_t *ret_events, struct error *err);

#endif
