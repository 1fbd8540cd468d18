#include "usage/span_sums.h"

#include <string.h>

#include "base/civil.h"
#include "store/event.h"
#include "store/posting.h"
#include "store/series.h"
#include "store/sums.h"
#include "usage/period.h"
#include "base/banned.h"

enum { HOUR_SEC = 3600, EVENT_WORK = 5 };

struct span_sums_reading {
	struct store *st;
	const struct span_sums_query *q;
	sums_row_fn *row;
	void *arg;
	struct arena scratch; /* for one account's hour */
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

static bool has_category(const struct span_sums_query *q, int64_t category)
{
	for (size_t i = 0; i < q->n_categories; i++)
		if (q->categories[i] == category)
			return true;
	return !q->n_categories;
}

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
	return (any || !r->q->by_series) && has_category(r->q, s->category);
}

/* Has the series all prefixes of the query? 1 yes, 0 no, -1 failed. */
static int prefixes_match(struct span_sums_reading *r, const struct series *s, struct error *err)
{
	int rc = 1;

	for (int d = 0; d < DIMENSIONS && rc > 0; d++) {
		const char *prefix = r->q->prefix[d], *text;

		if (!prefix)
			continue;
		rc = s->dim[d] ? store_dimension_text(r->st, s->dim[d], &r->scratch, &text, err)
			       : 0;
		if (rc > 0)
			rc = strncmp(text, prefix, strlen(prefix)) == 0;
	}
	return rc;
}

static int add_event(struct span_sums_reading *r, size_t account, size_t span,
		     const struct posting *p, struct error *err)
{
	struct sums_row row = { .account = account, .span = span };
	struct stored_event event;
	struct amounts_wide amounts;
	struct series series;
	int rc = store_series_by_id(r->st, p->series, &series, err);

	if (rc > 0 && !series_counts(r, account, &series))
		return 0;
	if (rc > 0 && r->q->by_series) {
		rc = prefixes_match(r, &series, err);
		if (rc <= 0)
			return rc;
	}
	if (rc > 0)
		rc = store_event_find(r->st, &(struct event_key) { p->source, p->id, p->id_len },
				      &r->scratch, &event, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return error_set(
			err, ERR_INTERNAL, NULL,
			"an event that a posting names does not exist: run \"usaged verify\"");
	row.category = series.category;
	row.value = r->q->by_series ? series.dim[r->q->group] : 0;
	row.second = r->q->by_series && r->q->paired ? series.dim[r->q->second] : 0;
	amounts = amounts_widen(&event.amounts);
	row.amounts = &amounts;
	return r->row(r->arg, &row, err);
}

static int too_many(struct error *err)
{
	return error_set(err, ERR_TOO_LARGE, NULL,
			 "the range begins or ends inside a quarter hour of more than %d events;"
			 " choose full quarter hours",
			 SUMS_EDGE_EVENTS_MAX);
}

/*
 * Adds the events of the account from FROM to TO (exclusive). Both are seconds
 * inside one hour.
 */
static int add_edge(struct span_sums_reading *r, size_t account, size_t span, int64_t from,
		    int64_t to, struct error *err)
{
	int64_t id = r->q->accounts[account].id, hour = floor_div(from, HOUR_SEC);
	struct posting *events;
	size_t n, counted = 0;

	arena_reset(&r->scratch);
	if (store_postings(r->st, &(struct account_hour) { id, hour }, &r->scratch, &events, &n,
			   err) < 0 ||
	    store_work(r->st, (int64_t)n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (events[i].effective_us < from * USEC_PER_SEC ||
		    events[i].effective_us >= to * USEC_PER_SEC)
			continue;
		if (++counted > SUMS_EDGE_EVENTS_MAX)
			return too_many(err);
		if (store_work(r->st, EVENT_WORK, err) < 0 ||
		    add_event(r, account, span, &events[i], err) < 0)
			return -1;
	}
	return 0;
}

static int add_edges(struct span_sums_reading *r, size_t account, size_t span, struct error *err)
{
	int64_t from = r->q->spans[span].from, to = r->q->spans[span].to;
	int64_t whole_from = quarter_up(from) * SLOT_SEC, whole_to = quarter_down(to) * SLOT_SEC;

	if (from >= to)
		return 0;
	if (whole_from > whole_to) /* both ends are in one quarter hour */
		return add_edge(r, account, span, from, to, err);
	if (from < whole_from && add_edge(r, account, span, from, whole_from, err) < 0)
		return -1;
	return whole_to < to ? add_edge(r, account, span, whole_to, to, err) : 0;
}

int span_sums_read(struct store *st, const struct span_sums_query *q, sums_row_fn *row, void *arg,
		   struct error *err)
{
	struct span_sums_reading r = { .st = st, .q = q, .row = row, .arg = arg };
	int rc;

	arena_init(&r.scratch);
	rc = read_whole(&r, &r.scratch, err);
	for (size_t a = 0; a < q->n_accounts; a++)
		for (size_t i = 0; i < q->n_spans && rc == 0; i++)
			rc = add_edges(&r, a, i, err);
	arena_release(&r.scratch);
	return rc;
}
