/*
 * layout.c - calls the functions of the database's layout.
 */
#include "store/layout.h"

#include <glib.h>
#include "store/internal.h"
#include "store/store_connection.h"
#include "base/banned.h"

int store_events_add(struct store *st, struct stored_event *events, size_t n, struct error *err)
{
	return st->layout->events_add(st, events, n, err);
}

int store_rollups_add(struct store *st, const struct rollup *list, size_t n, struct error *err)
{
	return st->layout->rollups_add(st, list, n, err);
}

bool store_rollup_bounded(const struct store *st, enum level level, bool by_series)
{
	return st->layout->all_bounded || (level == LEVEL_MONTH && !by_series);
}

int store_rollup_sum(struct store *st, const struct rollup *key, struct amounts_wide *ret,
		     struct error *err)
{
	return st->layout->rollup_sum(st, key, ret, err);
}

static bool has_family(const struct sums_query *q)
{
	for (size_t i = 0; i < q->n_accounts; i++)
		if (q->accounts[i].family)
			return true;
	return false;
}

/* Replaces each family in Q by the numbers whose rollups are the family's. */
static int name_families(struct store *st, struct sums_query *q, struct arena *arena,
			 struct error *err)
{
	struct sums_account *list = NULL;
	size_t n = 0, size = 0;

	for (size_t i = 0; i < q->n_accounts; i++) {
		const struct sums_account *a = &q->accounts[i];
		const int64_t *numbers = &a->id;
		size_t n_numbers = 1;

		if (a->family &&
		    store_family_numbers(st, a->id, arena, &numbers, &n_numbers, err) < 0)
			return -1;
		for (size_t k = 0; k < n_numbers; k++) {
			list = arena_room(arena, list, n, &size, sizeof(*list));
			list[n++] = (struct sums_account) { .id = numbers[k] };
		}
	}
	q->accounts = list;
	q->n_accounts = n;
	return 0;
}

int store_sums(struct store *st, const struct sums_query *q, sums_row_fn *row, void *arg,
	       struct error *err)
{
	struct sums_query all = *q;
	struct arena arena;
	int rc;

	if (!has_family(q))
		return st->layout->sums(st, q, row, arg, err);
	arena_init(&arena);
	rc = name_families(st, &all, &arena, err);
	if (rc == 0)
		rc = st->layout->sums(st, &all, row, arg, err);
	arena_release(&arena);
	return rc;
}

int store_events_find(struct store *st, const struct event_find *q, const struct event_slice *page,
		      struct arena *arena, struct found_events *ret, struct error *err)
{
	return st->layout->events_find(st, q, page, arena, ret, err);
}

int store_events_back(struct store *st, const struct event_find *q, const struct event_slice *page,
		      struct arena *arena, struct event_position *ret, struct error *err)
{
	return st->layout->events_back(st, q, page, arena, ret, err);
}

int store_postings(struct store *st, const struct account_hour *hour, struct arena *arena,
		   struct posting **ret, size_t *ret_n, struct error *err)
{
	return st->layout->postings(st, hour, arena, ret, ret_n, err);
}

int store_posting_hour(struct store *st, int64_t account, int64_t from, bool backwards,
		       int64_t *ret_hour, struct error *err)
{
	return st->layout->posting_hour(st, account, from, backwards, ret_hour, err);
}

int store_postings_refile(struct store *st, const struct account_hour *hour, struct posting *list,
			  size_t n, struct error *err)
{
	return st->layout->postings_refile(st, hour, list, n, err);
}

int store_verify(struct store *st, const struct verify_families *only,
		 const struct verify_calls *calls, size_t *ret_n, int64_t *ret_events,
		 struct error *err)
{
	return st->layout->verify(st, only, calls, ret_n, ret_events, err);
}

int store_rebuild(struct store *st, struct store *writer, const struct verify_calls *calls,
		  size_t *ret_n, int64_t *ret_events, struct error *err)
{
	return st->layout->rebuild(st, writer, calls, ret_n, ret_events, err);
}

/* ---- the first and the last day ---- */

int store_usage_days(struct store *st, const int64_t *accounts, size_t n, bool last, int64_t *days,
		     struct error *err)
{
	struct kept_numbers *kept = last ? &st->connection->last_days : &st->connection->first_days;
	size_t found = 0;

	if (!store_keeps(st))
		return st->layout->usage_days(st, accounts, n, last, days, err);
	kept_numbers_begin(kept, db_data_version(st->db));
	while (found < n && kept_number(kept, accounts[found], &days[found]))
		found++;
	if (found == n)
		return 0;
	if (st->layout->usage_days(st, accounts, n, last, days, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		kept_number_set(kept, accounts[i], days[i]);
	return 0;
}

int store_usage_day(struct store *st, const int64_t *accounts, size_t n, bool last,
		    int64_t *ret_day, struct error *err)
{
	int64_t *days = g_new(int64_t, n);
	int rc = store_usage_days(st, accounts, n, last, days, err);
	bool any = false;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (days[i] == NO_DAY ||
		    (any && (last ? days[i] <= *ret_day : days[i] >= *ret_day)))
			continue;
		*ret_day = days[i];
		any = true;
	}
	g_free(days);
	return rc < 0 ? -1 : any;
}
