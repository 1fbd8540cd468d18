#include "usage/event_search.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "store/closing.h"
#include "store/correction.h"
#include "store/event.h"
#include "store/posting.h"
#include "store/series.h"
#include "store/source.h"
#include "usage/sim.h"
#include "base/banned.h"

#define HOUR_US (3600 * USEC_PER_SEC)

enum {
	PASSED_MAX = 1000000, /* postings read for one page */
	LOOKUPS_MAX = 200000, /* series looked up for one page */
	STATE_LOOKUPS = 2,    /* look-ups for the state of one event */
	SOURCES_MAX = 1000    /* sources searched for an id */
};

const char *const event_filter_names[EVENT_FILTERS + 1] = {
	[EVENT_CURRENT] = "current",   [EVENT_AMENDED] = "amended",         [EVENT_VOID] = "void",
	[EVENT_REVERSAL] = "reversal", [EVENT_REPLACEMENT] = "replacement", [EVENT_LATE] = "late",
};

/* ---- one event ---- */

static int load_texts(struct store *st, struct arena *arena, struct found_event *ret,
		      struct error *err)
{
	if (store_source_text(st, ret->event.source, arena, &ret->source, err) < 0)
		return -1;
	for (int d = 0; d < DIMENSIONS; d++)
		if (ret->series.dim[d] &&
		    store_dimension_text(st, ret->series.dim[d], arena, &ret->dim[d], err) < 0)
			return -1;
	return 0;
}

static int load_correction(struct store *st, struct arena *arena, struct found_event *ret,
			   struct error *err)
{
	struct correction *c = arena_new(arena, struct correction);
	bool part = ret->event.correction;
	int rc = part ? store_correction_by_id(st, ret->event.correction, arena, c, err)
		      : store_correction_last(st,
					      &(struct event_key) { ret->event.source,
								    ret->event.id,
								    ret->event.id_len },
					      arena, c, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return part ? error_set(err, ERR_INTERNAL, NULL,
					"a correction that an event names does not exist: run "
					"\"usaged verify\"")
			    : 0;
	ret->correction = c;
	if (!part)
		return 0;
	ret->corrects = c->event;
	return store_source_text(st, c->source, arena, &ret->corrects_source, err) < 0 ? -1 : 0;
}

int event_load(struct store *st, const struct event_key *key, struct arena *arena,
	       struct found_event *ret, struct error *err)
{
	int rc;

	*ret = (struct found_event) { 0 };
	rc = store_event_find(st, key, arena, &ret->event, err);
	if (rc <= 0)
		return rc;
	rc = store_series_by_id(st, ret->event.series, &ret->series, err);
	if (rc == 0)
		return error_set(err, ERR_INTERNAL, NULL,
				 "an event's series does not exist: run \"usaged verify\"");
	if (rc < 0 || load_texts(st, arena, ret, err) < 0 ||
	    event_state(st, &ret->event, &ret->state, err) < 0 ||
	    load_correction(st, arena, ret, err) < 0)
		return -1;
	return 1;
}

/* ---- the order ---- */

/* A posting that matches, with its account. */
struct event_candidate {
	int64_t effective_us, source, account;
	const char *id;
	size_t id_len;
};

static int compare_ids(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t shorter = a_len < b_len ? a_len : b_len;
	int order = shorter ? memcmp(a, b, shorter) : 0;

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_candidates(const struct event_candidate *a, const struct event_candidate *b)
{
	int order = compare_numbers(a->effective_us, b->effective_us);

	if (!order)
		order = compare_numbers(a->source, b->source);
	if (!order)
		order = compare_ids(a->id, a->id_len, b->id, b->id_len);
	return order ? order : compare_numbers(a->account, b->account);
}

static int oldest_first(const void *a, const void *b)
{
	return compare_candidates(a, b);
}

static int newest_first(const void *a, const void *b)
{
	return compare_candidates(b, a);
}

/* ---- the search ---- */

/* Whether a series matches the query. */
struct series_match {
	int64_t id;
	bool matches;
};

/* The query's dimension values as ids of one account. */
struct event_filter {
	int64_t account;
	/* the account has all values; otherwise none of its events match */
	bool known;
	int64_t dim[DIMENSIONS];
};

struct event_search {
	struct store *st;
	const struct catalogue *catalogue;
	const struct event_query *q;
	bool forwards;          /* oldest first */
	const int64_t *sources; /* ascending; NULL: any */
	size_t n_sources;
	/* the search begins after this event; `id` NULL: at the beginning */
	struct event_candidate start;
	size_t wanted;
	struct arena *arena;  /* for the result */
	struct arena scratch; /* for one account's hour */
	GHashTable *series;   /* struct series_match by id */
	GHashTable *filters;  /* struct event_filter by account */
	/* by account: the next hour with events; -1: none */
	int64_t *hours;
	struct event_candidate *list; /* in order up to `sorted` */
	size_t n, sorted, size;
	size_t passed, looked_up;
	/*
	 * the event at which the search stopped at its limit, inside an hour;
	 * `id` NULL: the limit was not reached
	 */
	struct event_candidate cut;
};

static int (*order_of(const struct event_search *s))(const void *a, const void *b)
{
	return s->forwards ? oldest_first : newest_first;
}

static int compare_sources(const void *a, const void *b)
{
	return compare_numbers(*(const int64_t *)a, *(const int64_t *)b);
}

static bool has_source(const struct event_search *s, int64_t source)
{
	return !s->q->source ||
	       bsearch(&source, s->sources, s->n_sources, sizeof(source), compare_sources);
}

static bool beyond_start(const struct event_search *s, const struct event_candidate *c)
{
	return !s->start.id || order_of(s)(&s->start, c) < 0;
}

static int read_filter(struct event_search *s, struct event_filter *f, struct error *err)
{
	f->known = true;
	for (int d = 0; d < DIMENSIONS; d++) {
		int rc = s->q->dim[d] ? sim_value_find(s->st, f->account, (enum dimension)d,
						       s->q->dim[d], &f->dim[d], err)
				      : 1;

		if (rc < 0)
			return -1;
		f->known = f->known && rc > 0;
	}
	return 0;
}

/* Finds the filter of an account, and reads it on first use. */
static int filter_of(struct event_search *s, int64_t account, const struct event_filter **ret,
		     struct error *err)
{
	struct event_filter *f = g_hash_table_lookup(s->filters, &account);

	if (!f) {
		f = arena_new(s->arena, struct event_filter);
		f->account = account;
		if (read_filter(s, f, err) < 0)
			return -1;
		g_hash_table_insert(s->filters, &f->account, f);
	}
	*ret = f;
	return 0;
}

static int check_series(struct event_search *s, int64_t id, bool *ret, struct error *err)
{
	const struct event_query *q = s->q;
	const struct event_filter *filter;
	struct series series;
	int rc = store_series_by_id(s->st, id, &series, err);

	*ret = false;
	if (rc <= 0)
		return rc;
	if (q->category != CATALOGUE_NONE && q->category != s->catalogue->totalprice &&
	    !catalogue_within(s->catalogue, catalogue_index(s->catalogue, series.category),
			      q->category))
		return 0;
	if (filter_of(s, series.account, &filter, err) < 0)
		return -1;
	*ret = filter->known;
	for (int d = 0; d < DIMENSIONS; d++)
		if (q->dim[d] && filter->dim[d] != series.dim[d])
			*ret = false;
	return 0;
}

/*
 * Checks whether a series matches; reads each series once. 1 yes, 0 no, -1
 * failed.
 */
static int series_matches(struct event_search *s, int64_t id, struct error *err)
{
	struct series_match *match = g_hash_table_lookup(s->series, &id);
	bool matches;

	if (match)
		return match->matches;
	s->looked_up++;
	if (check_series(s, id, &matches, err) < 0)
		return -1;
	match = g_new(struct series_match, 1);
	*match = (struct series_match) { id, matches };
	g_hash_table_insert(s->series, &match->id, match);
	return matches;
}

/* Checks whether the state of an event matches. 1 yes, 0 no, -1 failed. */
static int state_matches(struct event_search *s, const struct event_candidate *c, struct error *err)
{
	struct stored_event event;
	enum event_state state;
	int rc;

	if (s->q->state < 0)
		return 1;
	s->looked_up += STATE_LOOKUPS;
	rc = store_event_find(s->st, &(struct event_key) { c->source, c->id, c->id_len },
			      &s->scratch, &event, err);
	if (rc > 0 && s->q->state == EVENT_LATE)
		return event.effective_us > event.time_us;
	if (rc > 0)
		rc = event_state(s->st, &event, &state, err) < 0 ? -1 : (int)state == s->q->state;
	return rc;
}

/* Checks all conditions, cheap ones first. 1 match, 0 none, -1 failed. */
static int matches(struct event_search *s, const struct event_candidate *c, int64_t series,
		   struct error *err)
{
	int rc;

	if (c->effective_us < s->q->from_us || c->effective_us >= s->q->to_us ||
	    !has_source(s, c->source) || !beyond_start(s, c))
		return 0;
	rc = series_matches(s, series, err);
	return rc <= 0 ? rc : state_matches(s, c, err);
}

static void keep(struct event_search *s, const struct event_candidate *c)
{
	size_t size = s->size ? s->size * 2 : 64;

	if (s->n == s->size) {
		s->list = arena_grow(s->arena, s->list, s->n * sizeof(*s->list),
				     size * sizeof(*s->list));
		s->size = size;
	}
	s->list[s->n] = *c;
	s->list[s->n++].id = arena_strn(s->arena, c->id, c->id_len);
}

static bool beyond_cut(const struct event_search *s, const struct event_candidate *c)
{
	return s->cut.id && order_of(s)(&s->cut, c) < 0;
}

/* Ends the search at C: for all accounts, the rest of the hour is skipped. */
static void cut(struct event_search *s, const struct event_candidate *c)
{
	s->cut = *c;
	s->cut.id = arena_strn(s->arena, c->id, c->id_len);
}

/* Sorts the events found in this hour and removes those beyond the limit. */
static void put_in_order(struct event_search *s)
{
	if (s->n > s->sorted)
		qsort(s->list + s->sorted, s->n - s->sorted, sizeof(*s->list), order_of(s));
	while (s->n > s->sorted && beyond_cut(s, &s->list[s->n - 1]))
		s->n--;
	if (s->n > s->wanted)
		s->n = s->wanted;
}

/* ---- by time ---- */

/* Finds the next hour with late events, without reading the hours before it. */
static int late_hour(struct event_search *s, size_t i, int64_t from, struct error *err)
{
	int64_t begin = from * HOUR_US,
		end = from < INT64_MAX / HOUR_US ? begin + HOUR_US - 1 : INT64_MAX, instant;
	int rc = store_late_instant(s->st, s->q->accounts[i], s->forwards ? begin : end,
				    !s->forwards, &instant, err);

	if (rc > 0)
		s->hours[i] = floor_div(instant, HOUR_US);
	return rc;
}

static int next_hour(struct event_search *s, size_t i, int64_t from, struct error *err)
{
	int rc = s->q->state == EVENT_LATE ? late_hour(s, i, from, err)
					   : store_posting_hour(s->st, s->q->accounts[i], from,
								!s->forwards, &s->hours[i], err);

	if (rc <= 0)
		s->hours[i] = -1;
	return rc < 0 ? -1 : 0;
}

/* The next hour to read, or -1. */
static int64_t choose_hour(const struct event_search *s)
{
	int64_t first = floor_div(s->q->from_us, HOUR_US),
		last = floor_div(s->q->to_us - 1, HOUR_US), best = -1;

	for (size_t i = 0; i < s->q->n_accounts; i++) {
		int64_t hour = s->hours[i];

		if (hour >= first && hour <= last &&
		    (best < 0 || (s->forwards ? hour < best : hour > best)))
			best = hour;
	}
	return best;
}

/*
 * Searches the postings of one account and hour, in the order of the list,
 * until the page is full.
 */
static int search_account(struct event_search *s, size_t i, int64_t hour, struct error *err)
{
	size_t n, found = s->sorted;
	struct posting *refs;

	arena_reset(&s->scratch);
	if (store_postings(s->st, &(struct account_hour) { s->q->accounts[i], hour }, &s->scratch,
			   &refs, &n, err) < 0)
		return -1;
	s->passed += n;
	for (size_t k = 0; k < n && found < s->wanted; k++) {
		const struct posting *p = &refs[s->forwards ? k : n - 1 - k];
		struct event_candidate c = { p->effective_us, p->source, s->q->accounts[i], p->id,
					     p->id_len };
		int rc = beyond_cut(s, &c) ? 0 : matches(s, &c, p->series, err);

		if (rc < 0)
			return -1;
		if (rc > 0) {
			keep(s, &c);
			found++;
		}
		if (beyond_cut(s, &c))
			break;
		if (s->looked_up > LOOKUPS_MAX && !s->cut.id && beyond_start(s, &c))
			cut(s, &c);
	}
	return 0;
}

static int search_hour(struct event_search *s, int64_t hour, struct error *err)
{
	s->sorted = s->n;
	for (size_t i = 0; i < s->q->n_accounts; i++) {
		if (s->hours[i] != hour)
			continue;
		if (search_account(s, i, hour, err) < 0 ||
		    next_hour(s, i, s->forwards ? hour + 1 : hour - 1, err) < 0)
			return -1;
		if (s->n > s->sorted + 4 * s->wanted)
			put_in_order(s);
	}
	put_in_order(s);
	return 0;
}

static struct event_position position_of(const struct event_candidate *c)
{
	return (struct event_position) { c->effective_us, c->source, c->account, c->id };
}

/* The position behind all events of HOUR. */
static struct event_position behind(const struct event_search *s, int64_t hour)
{
	if (s->forwards)
		return (struct event_position) { (hour + 1) * HOUR_US - 1, INT64_MAX, INT64_MAX,
						 "" };
	return (struct event_position) { hour * HOUR_US, 0, 0, "" };
}

static int search_by_time(struct event_search *s, struct found_events *ret, struct error *err)
{
	int64_t from = floor_div(s->forwards ? s->q->from_us : s->q->to_us - 1, HOUR_US), hour;

	if (s->start.id)
		from = floor_div(s->start.effective_us, HOUR_US);
	s->hours = arena_array(s->arena, int64_t, s->q->n_accounts);
	for (size_t i = 0; i < s->q->n_accounts; i++) {
		const struct event_filter *filter;

		if (filter_of(s, s->q->accounts[i], &filter, err) < 0)
			return -1;
		s->hours[i] = -1;
		if (filter->known && next_hour(s, i, from, err) < 0)
			return -1;
	}
	while ((hour = choose_hour(s)) >= 0 && s->n < s->wanted) {
		if (search_hour(s, hour, err) < 0)
			return -1;
		if (s->cut.id || (s->passed >= PASSED_MAX && choose_hour(s) >= 0)) {
			ret->more = true;
			ret->next = s->cut.id ? position_of(&s->cut) : behind(s, hour);
			return 0;
		}
	}
	return 0;
}

/* ---- by id ---- */

static bool has_account(const struct event_query *q, int64_t account)
{
	for (size_t i = 0; i < q->n_accounts; i++)
		if (q->accounts[i] == account)
			return true;
	return false;
}

static int search_by_id(struct event_search *s, struct error *err)
{
	int64_t *sources = arena_array(s->arena, int64_t, SOURCES_MAX);
	size_t len = strlen(s->q->id), n;

	if (store_event_sources(s->st,
				&(struct source_query) { s->q->family, s->q->source, s->q->id, len,
							 SOURCES_MAX },
				sources, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct found_event e;
		struct event_candidate c;
		int rc;

		arena_reset(&s->scratch);
		rc = event_load(s->st, &(struct event_key) { sources[i], s->q->id, len },
				&s->scratch, &e, err);
		if (rc < 0)
			return -1;
		if (rc == 0 || !has_account(s->q, e.series.account))
			continue;
		c = (struct event_candidate) { e.event.effective_us, sources[i], e.series.account,
					       s->q->id, len };
		rc = matches(s, &c, e.event.series, err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			keep(s, &c);
	}
	put_in_order(s);
	return 0;
}

/* ---- the answer ---- */

/* Finds up to s->wanted events. Sets *RET if the search stopped at a limit. */
static int search(struct event_search *s, struct found_events *ret, struct error *err)
{
	int rc;

	if (s->q->source &&
	    store_sources_named(s->st, s->q->source, s->arena, &s->sources, &s->n_sources, err) < 0)
		return -1;
	if ((s->q->source && !s->n_sources) || s->q->from_us >= s->q->to_us)
		return 0;
	arena_init(&s->scratch);
	s->series = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	s->filters = g_hash_table_new(g_int64_hash, g_int64_equal);
	rc = s->q->id ? search_by_id(s, err) : search_by_time(s, ret, err);
	g_hash_table_destroy(s->filters);
	g_hash_table_destroy(s->series);
	arena_release(&s->scratch);
	return rc;
}

static struct event_search search_new(struct store *st, const struct event_query *q,
				      const struct event_page *page, struct arena *arena)
{
	const struct event_position *start = &page->start;
	struct event_search s = { .st = st,
				  .catalogue = page->catalogue,
				  .q = q,
				  .forwards = q->oldest_first,
				  .arena = arena };

	if (start->id)
		s.start = (struct event_candidate) { start->effective_us, start->source,
						     start->account, start->id, strlen(start->id) };
	return s;
}

int event_search(struct store *st, const struct event_query *q, const struct event_page *page,
		 struct arena *arena, struct found_events *ret, struct error *err)
{
	struct event_search s = search_new(st, q, page, arena);
	size_t limit = page->limit;

	*ret = (struct found_events) { 0 };
	/* one more event tells whether there is a next page */
	s.wanted = limit + 1;
	if (search(&s, ret, err) < 0)
		return -1;
	ret->n = s.n > limit ? limit : s.n;
	if (s.n > limit) {
		ret->more = true;
		ret->next = position_of(&s.list[limit - 1]);
	}
	ret->list = arena_array(arena, struct found_event, ret->n);
	for (size_t i = 0; i < ret->n; i++) {
		int rc = event_load(st,
				    &(struct event_key) { s.list[i].source, s.list[i].id,
							  s.list[i].id_len },
				    arena, &ret->list[i], err);

		if (rc <= 0)
			return rc < 0 ? -1
				      : error_set(
						err, ERR_INTERNAL, NULL,
						"an event that a posting names does not exist: run "
						"\"usaged verify\"");
	}
	return 0;
}

int event_search_back(struct store *st, const struct event_query *q, const struct event_page *page,
		      struct arena *arena, struct event_position *ret, struct error *err)
{
	struct event_search s = search_new(st, q, page, arena);
	struct found_events stopped = { 0 };

	*ret = (struct event_position) { 0 };
	s.forwards = !s.forwards;
	/*
	 * `start` is the last event of the previous page; the search omits it
	 */
	s.wanted = page->limit;
	if (search(&s, &stopped, err) < 0)
		return -1;
	if (s.n >= page->limit)
		*ret = position_of(&s.list[page->limit - 1]);
	else if (stopped.more)
		*ret = stopped.next;
	return 0;
}
