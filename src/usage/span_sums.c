#include "usage/span_sums.h"

#include <string.h>

#include "base/civil.h"
#include "store/event_find.h"
#include "store/family.h"
#include "store/series.h"
#include "store/sums.h"
#include "usage/period.h"
#include "base/banned.h"

enum { EVENT_WORK = 5, EDGE_READ = 1000 /* events read at a time */ };

struct span_sums_reading {
	struct store *st;
	const struct span_sums_query *q;
	sums_row_fn *row;
	void *arg;
	/* of the accounts, those of families among them; only if spans have edges */
	int64_t *ids;
	size_t n_ids, ids_size;
	struct arena scratch; /* of one event */
};

/* ---- whole quarter hours ---- */

static int64_t quarter_up(int64_t sec)
{
	return -floor_div(-sec, SLOT_SEC);
}

static int64_t quarter_down(int64_t sec)
{
	return floor_div(sec, SLOT_SEC);
}

static int read_whole(const struct span_sums_reading *r, struct arena *arena, struct error *err)
{
	const struct span_sums_query *q = r->q;
	struct slot_span *spans = arena_array(arena, struct slot_span, q->n_spans);
	struct sums_query slots = { .accounts = q->accounts,
				    .n_accounts = q->n_accounts,
				    .categories = q->categories,
				    .n_categories = q->n_categories,
				    .spans = spans,
				    .n_spans = q->n_spans,
				    .any_account = q->any_account,
				    .by_series = q->by_series,
				    .group = q->group,
				    .paired = q->paired,
				    .second = q->second };

	memcpy(slots.prefix, q->prefix, sizeof(slots.prefix));
	for (size_t i = 0; i < q->n_spans; i++)
		spans[i] = (struct slot_span) { quarter_up(q->spans[i].from),
						quarter_down(q->spans[i].to) };
	return store_sums(r->st, &slots, r->row, r->arg, err);
}

/* ---- inside a quarter hour ---- */

/*
 * Tells whether the series is part of the query for the account. With
 * by_series, a series without dimensions is not.
 */
static bool series_counts(const struct span_sums_reading *r, size_t account, const struct series *s)
{
	const struct sums_account *a = &r->q->accounts[account];
	bool any = false;

	for (int d = 0; d < DIMENSIONS; d++) {
		if (a->dim[d] && s->dim[d] != a->dim[d])
			return false;
		any = any || s->dim[d];
	}
	return any || !r->q->by_series;
}

/* Has the series all prefixes of the query? 1 yes, 0 no, -1 failed. */
static int prefixes_match(struct span_sums_reading *r, const struct series *s, struct error *err)
{
	int rc = 1;

	arena_reset(&r->scratch);
	for (int d = 0; d < DIMENSIONS && rc > 0; d++) {
		const char *prefix = r->q->prefix[d], *text;

		if (!prefix)
			continue;
		rc = s->dim[d] ? store_dimension_text(r->st, s->account, s->dim[d], &r->scratch,
						      &text, err)
			       : 0;
		if (rc > 0)
			rc = strncmp(text, prefix, strlen(prefix)) == 0;
	}
	return rc;
}

/*
 * Does an event of that account count for entry I of the query? If rows may tell
 * any account, it counts for the first one, whose account may be another one.
 */
static bool entry_counts(const struct span_sums_reading *r, size_t i, const struct series *s)
{
	if (r->q->any_account && !r->q->by_series)
		return i == 0;
	return r->q->accounts[i].id == s->account && series_counts(r, i, s);
}

/* Adds an event to each entry of its account in the query. */
static int add_event(struct span_sums_reading *r, size_t span, const struct found_event *e,
		     struct error *err)
{
	struct amounts_wide amounts = amounts_widen(&e->event.amounts);
	const int64_t *dim = e->series.dim;
	struct sums_row row = { .span = span, .category = e->series.category, .amounts = &amounts };
	int rc = 1;

	if (r->q->by_series) {
		row.value = dim[r->q->group];
		row.second = r->q->paired ? dim[r->q->second] : 0;
		rc = prefixes_match(r, &e->series, err);
	}
	for (row.account = 0; row.account < r->q->n_accounts && rc > 0; row.account++)
		if (entry_counts(r, row.account, &e->series) && r->row(r->arg, &row, err) < 0)
			rc = -1;
	return rc < 0 ? -1 : 0;
}

static int too_many(struct error *err)
{
	return error_set(err, ERR_TOO_LARGE, NULL,
			 "the range begins or ends inside a quarter hour of more than %d events;"
			 " choose full quarter hours",
			 SUMS_EDGE_EVENTS_MAX);
}

/*
 * Adds the events from FROM to TO (exclusive). Both are seconds inside one
 * quarter hour.
 */
static int add_edge(struct span_sums_reading *r, size_t span, int64_t from, int64_t to,
		    struct error *err)
{
	struct event_find q = { .accounts = r->ids,
				.n_accounts = r->n_ids,
				.categories = r->q->n_categories ? r->q->categories : NULL,
				.n_categories = r->q->n_categories,
				.from_us = from * USEC_PER_SEC,
				.to_us = to * USEC_PER_SEC,
				.state = -1,
				.oldest_first = true };
	struct found_events found = { .more = true };
	/* used in turn: the next page begins at a text of the page before */
	struct arena page[2];
	size_t counted = 0;
	int rc = 0;

	arena_init(&page[0]);
	arena_init(&page[1]);
	for (int p = 0; found.more && rc == 0; p = !p) {
		struct event_slice slice = { found.next, EDGE_READ };

		arena_reset(&page[p]);
		rc = store_events_find(r->st, &q, &slice, &page[p], &found, err);
		if (rc == 0)
			rc = store_work(r->st, (int64_t)found.n * EVENT_WORK, err);
		counted += found.n;
		if (rc == 0 && counted > SUMS_EDGE_EVENTS_MAX)
			rc = too_many(err);
		for (size_t i = 0; i < found.n && rc == 0; i++)
			rc = add_event(r, span, &found.list[i], err);
	}
	arena_release(&page[0]);
	arena_release(&page[1]);
	return rc;
}

static bool has_edge(const struct time_span *span)
{
	return span->from < span->to && (span->from % SLOT_SEC || span->to % SLOT_SEC);
}

static bool has_edges(const struct span_sums_query *q)
{
	for (size_t i = 0; i < q->n_spans; i++)
		if (has_edge(&q->spans[i]))
			return true;
	return false;
}

/* Finds the ids of the accounts, in ARENA. */
static int find_ids(struct span_sums_reading *r, struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < r->q->n_accounts; i++) {
		const struct sums_account *a = &r->q->accounts[i];
		const int64_t *ids = &a->id;
		size_t n = 1;

		if (a->family && store_family_ids(r->st, a->id, arena, &ids, &n, err) < 0)
			return -1;
		for (size_t k = 0; k < n; k++) {
			r->ids = arena_room(arena, r->ids, r->n_ids, &r->ids_size, sizeof(*r->ids));
			r->ids[r->n_ids++] = ids[k];
		}
	}
	return 0;
}

static int add_edges(struct span_sums_reading *r, size_t span, struct error *err)
{
	int64_t from = r->q->spans[span].from, to = r->q->spans[span].to;
	int64_t whole_from = quarter_up(from) * SLOT_SEC, whole_to = quarter_down(to) * SLOT_SEC;

	if (from >= to)
		return 0;
	if (whole_from > whole_to) /* both ends are in one quarter hour */
		return add_edge(r, span, from, to, err);
	if (from < whole_from && add_edge(r, span, from, whole_from, err) < 0)
		return -1;
	return whole_to < to ? add_edge(r, span, whole_to, to, err) : 0;
}

int span_sums_read(struct store *st, const struct span_sums_query *q, sums_row_fn *row, void *arg,
		   struct error *err)
{
	struct span_sums_reading r = { .st = st, .q = q, .row = row, .arg = arg };
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	arena_init(&r.scratch);
	if (has_edges(q))
		rc = find_ids(&r, &arena, err);
	if (rc == 0)
		rc = read_whole(&r, &arena, err);
	for (size_t i = 0; i < q->n_spans && rc == 0; i++)
		rc = add_edges(&r, i, err);
	arena_release(&r.scratch);
	arena_release(&arena);
	return rc;
}
