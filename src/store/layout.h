/*
 * layout.h - what a kind of database stores in a way of its own: events and
 * their sums. SQLite packs them (store/sqlite/), PostgreSQL has a row for each
 * (store/pgsql/). The functions are those of event.h, rollup.h, sums.h,
 * event_find.h, posting.h, refile.h and verify.h, which call these.
 */
#ifndef STORE_LAYOUT_H
#define STORE_LAYOUT_H

#include "store/event.h"
#include "store/event_find.h"
#include "store/refile.h"
#include "store/rollup.h"
#include "store/sums.h"
#include "store/verify.h"

struct layout {
	int (*events_add)(struct store *st, struct stored_event *events, size_t n,
			  struct error *err);
	int (*rollups_add)(struct store *st, const struct rollup *list, size_t n,
			   struct error *err);
	/* An account was added, in this write. NULL: nothing to do. */
	int (*account_added)(struct store *st, const struct account *a, struct error *err);
	/*
	 * Families of so many subaccounts have sums of their own, in the rollups
	 * of the number family_number. INT64_MAX: none have.
	 */
	int64_t family_least;
	/* store_rollup_bounded of the sums that are not of months by category */
	bool all_bounded;
	int (*rollup_sum)(struct store *st, const struct rollup *key, struct amounts_wide *ret,
			  struct error *err);
	/* As store_usage_days. */
	int (*usage_days)(struct store *st, const int64_t *accounts, size_t n, bool last,
			  int64_t *ret_days, struct error *err);
	int (*sums)(struct store *st, const struct sums_query *q, sums_row_fn *row, void *arg,
		    struct error *err);
	int (*events_find)(struct store *st, const struct event_find *q,
			   const struct event_slice *page, struct arena *arena,
			   struct found_events *ret, struct error *err);
	int (*events_back)(struct store *st, const struct event_find *q,
			   const struct event_slice *page, struct arena *arena,
			   struct event_position *ret, struct error *err);
	/*
	 * The texts of events come with their rows, because each statement is a round
	 * trip. Else each text of a page is looked up once (event_texts.h).
	 */
	bool joins_texts;
	int (*postings)(struct store *st, const struct account_hour *hour, struct arena *arena,
			struct posting **ret, size_t *ret_n, struct error *err);
	int (*posting_hour)(struct store *st, int64_t account, int64_t from, bool backwards,
			    int64_t *ret_hour, struct error *err);
	int (*postings_refile)(struct store *st, const struct account_hour *hour,
			       struct posting *list, size_t n, struct error *err);
	/*
	 * Before and after many events are stored that nobody adds up meanwhile:
	 * the second makes their sums. NULL: sums have to be added with the events.
	 */
	int (*bulk_begin)(struct store *st, struct error *err);
	int (*bulk_end)(struct store *st, struct error *err);
	/* Rows with ids were stored: the next ids are larger. NULL: they are anyway. */
	int (*ids_made)(struct store *st, struct error *err);
	/* This write may pause longer than others between two statements. NULL: all may. */
	int (*may_pause)(struct store *st, struct error *err);
	int (*verify)(struct store *st, const struct verify_families *only,
		      const struct verify_calls *calls, size_t *ret_n, int64_t *ret_events,
		      struct error *err);
	int (*rebuild)(struct store *st, struct store *writer, const struct verify_calls *calls,
		       size_t *ret_n, int64_t *ret_events, struct error *err);
};

/*
 * The number in rollups of the subaccounts of the main account ROOT, added up;
 * of such a number, the main account.
 */
static inline int64_t family_number(int64_t root)
{
	return -root;
}

static inline bool is_family_number(int64_t account)
{
	return account < 0;
}

/*
 * The numbers, in ARENA, whose rollups are together those of the main account
 * ROOT and its subaccounts. Not of rollups by series.
 */
int store_family_numbers(struct store *st, int64_t root, struct arena *arena, const int64_t **ret,
			 size_t *ret_n, struct error *err);

extern const struct layout layout_sqlite, layout_pgsql;

#endif
