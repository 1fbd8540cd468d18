/*
 * layout.h - how SQLite stores events and sums; see store/layout.h. Rollups are
 * packed into leaves (rollup_rows.h); postings (posting.h) list the events by
 * time.
 */
#ifndef STORE_SQLITE_LAYOUT_H
#define STORE_SQLITE_LAYOUT_H

#include "store/layout.h"

int sqlite_events_add(struct store *st, struct stored_event *events, size_t n, struct error *err);
int sqlite_rollups_add(struct store *st, const struct rollup *list, size_t n, struct error *err);
int sqlite_account_added(struct store *st, const struct account *a, struct error *err);
int sqlite_rollup_sum(struct store *st, const struct rollup *key, struct amounts_wide *ret,
		      struct error *err);
int sqlite_usage_days(struct store *st, const int64_t *accounts, size_t n, bool last,
		      int64_t *ret_days, struct error *err);
int sqlite_sums(struct store *st, const struct sums_query *q, sums_row_fn *row, void *arg,
		struct error *err);
int sqlite_events_find(struct store *st, const struct event_find *q, const struct event_slice *page,
		       struct arena *arena, struct found_events *ret, struct error *err);
int sqlite_events_back(struct store *st, const struct event_find *q, const struct event_slice *page,
		       struct arena *arena, struct event_position *ret, struct error *err);
int sqlite_postings(struct store *st, const struct account_hour *hour, struct arena *arena,
		    struct posting **ret, size_t *ret_n, struct error *err);
int sqlite_posting_hour(struct store *st, int64_t account, int64_t from, bool backwards,
			int64_t *ret_hour, struct error *err);
int sqlite_postings_refile(struct store *st, const struct account_hour *hour, struct posting *list,
			   size_t n, struct error *err);
int sqlite_verify(struct store *st, const struct verify_families *only,
		  const struct verify_calls *calls, size_t *ret_n, int64_t *ret_events,
		  struct error *err);
int sqlite_rebuild(struct store *st, struct store *writer, const struct verify_calls *calls,
		   size_t *ret_n, int64_t *ret_events, struct error *err);

/*
 * Adds N postings of one account. In a write. Sorts POSTED by time in place.
 */
int store_postings_add(struct store *st, int64_t account, struct posting *posted, size_t n,
		       struct error *err);

#endif
