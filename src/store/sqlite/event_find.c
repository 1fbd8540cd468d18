/*
 * event_find.c - a search reads the postings in the order of time, in chunks
 * that grow. For each chunk, one statement reads the series that the search has
 * not seen yet, and, for a filter by state, one the states. One or two statements
 * read the events of the page.
 */
#include "store/event_find.h"

#include <glib.h>
#include <stdlib.h>
#include "base/civil.h"
#include "store/event_names.h"
#include "store/internal.h"
#include "store/sqlite/layout.h"
#include "store/lists.h"
#include "store/sqlite/posting_walk.h"
#include "base/banned.h"

enum {
	PASSED_MAX = 1000000, /* postings read for one page */
	LOOKUPS_MAX = 200000, /* series and states looked up for one page */
	STATE_LOOKUPS = 2,    /* look-ups for the state of one event */
	SOURCES_MAX = 1000,   /* events of one id that are searched */
	CHUNK_MIN = 256,      /* postings that are filtered together */
	CHUNK_TIMES = 4,
	CHUNK_MAX = 16384
};

/* A posting that may match. */
struct candidate {
	int64_t effective_us, source, account, series;
	const char *id;
	size_t id_len;
};

struct candidates {
	struct candidate *list;
	size_t n, size;
};

struct search {
	struct store *st;
	const struct event_find *q;
	bool forwards; /* oldest first */
	struct event_names names;
	/* the search begins after it; `id` NULL: at the beginning */
	struct candidate start;
	size_t wanted;
	struct arena *arena;  /* of the result */
	struct arena scratch; /* of `pending` */
	struct posting_walk walk;
	/*
	 * Candidates of the walk's current stretch, with their ids in the arena
	 * that is used; the other arena is empty. Of an instant with very many,
	 * only the first `crowd_max` in order stay, and `dropped` is set.
	 */
	GArray *crowd;
	struct arena crowd_ids[2];
	int crowd_used;
	guint crowd_max;
	bool dropped;
	struct candidates pending; /* in order; from `at` on not filtered yet */
	size_t at;
	struct candidates found;
	GHashTable *series; /* enum series_match by id */
	size_t chunk, passed, looked_up;
	/* set if the search ends at a limit */
	bool stopped;
	struct event_position stopped_at;
};

/* ---- the order ---- */

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_ids(const struct candidate *a, const struct candidate *b)
{
	size_t shorter = a->id_len < b->id_len ? a->id_len : b->id_len;
	int order = shorter ? memcmp(a->id, b->id, shorter) : 0;

	return order ? order : (a->id_len > b->id_len) - (a->id_len < b->id_len);
}

static int oldest_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int order = compare_numbers(x->effective_us, y->effective_us);

	if (!order)
		order = compare_numbers(x->source, y->source);
	if (!order)
		order = compare_ids(x, y);
	return order ? order : compare_numbers(x->account, y->account);
}

static int newest_first(const void *a, const void *b)
{
	return oldest_first(b, a);
}

static int (*order_of(const struct search *s))(const void *a, const void *b)
{
	return s->forwards ? oldest_first : newest_first;
}

static int ascending(const void *a, const void *b)
{
	return compare_numbers(*(const int64_t *)a, *(const int64_t *)b);
}

static bool has_id(const struct id_list *list, int64_t id)
{
	return list->n && bsearch(&id, list->ids, list->n, sizeof(id), ascending);
}

static struct event_position position_of(const struct candidate *c)
{
	return (struct event_position) { c->effective_us, c->source, c->account, c->id };
}

/* ---- candidates ---- */

static void append(struct candidates *to, struct arena *arena, const struct candidate *c)
{
	to->list = arena_room(arena, to->list, to->n, &to->size, sizeof(*to->list));
	to->list[to->n++] = *c;
}

/* Checks all conditions that need no look-up. */
static bool fits(const struct search *s, const struct candidate *c)
{
	return c->effective_us >= s->q->from_us && c->effective_us < s->q->to_us &&
	       (!s->q->source || has_id(&s->names.sources, c->source)) &&
	       (!s->start.id || order_of(s)(&s->start, c) < 0);
}

/* ---- filters ---- */

enum series_match { SERIES_ASKED = 1, SERIES_DIFFERS, SERIES_MATCHES };

static bool filters_dimensions(const struct search *s)
{
	bool any = false;

	for (int d = 0; d < DIMENSIONS; d++)
		any = any || s->q->dim[d];
	return any;
}

static bool filters_series(const struct search *s)
{
	return s->q->categories || filters_dimensions(s);
}

/* The row of S: id, category and dimensions of a series. */
static bool row_matches(const struct search *s, struct stmt *stmt)
{
	const struct id_list categories = { s->q->categories, s->q->n_categories };
	int64_t dim[DIMENSIONS];

	if (categories.ids && !has_id(&categories, db_get_int(stmt, 1)))
		return false;
	store_get_dimensions(stmt, 2, dim);
	for (int d = 0; d < DIMENSIONS; d++)
		if (s->q->dim[d] && !has_id(&s->names.dim[d], dim[d]))
			return false;
	return true;
}

static void set_match(struct search *s, int64_t series, enum series_match match)
{
	g_hash_table_insert(s->series, GSIZE_TO_POINTER((gsize)series), GINT_TO_POINTER(match));
}

static enum series_match match_of(const struct search *s, int64_t series)
{
	return (enum series_match)GPOINTER_TO_INT(
		g_hash_table_lookup(s->series, GSIZE_TO_POINTER((gsize)series)));
}

/* Reads the series of N candidates, each series once in a search. */
static int read_series(struct search *s, const struct candidate *list, size_t n, struct error *err)
{
	int64_t *ids = arena_array(&s->scratch, int64_t, n);
	struct stmt *stmt;
	size_t asked = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (!match_of(s, list[i].series)) {
			set_match(s, list[i].series, SERIES_ASKED);
			ids[asked++] = list[i].series;
		}
	s->looked_up += asked;
	if (asked == 0)
		return 0;
	stmt = prepare(s->st,
		       "SELECT s.id, s.category" SERIES_DIMENSIONS
		       " FROM list(?1) k CROSS JOIN series s WHERE s.id = k.a",
		       err);
	bind_ids(stmt, 1, &s->scratch, ids, asked);
	while ((rc = db_step(stmt, err)) > 0)
		set_match(s, db_get_int(stmt, 0),
			  row_matches(s, stmt) ? SERIES_MATCHES : SERIES_DIFFERS);
	return rc;
}

static struct event_key *keys_of(struct arena *arena, const struct candidate *list, size_t n)
{
	struct event_key *keys = arena_array(arena, struct event_key, n);

	for (size_t i = 0; i < n; i++)
		keys[i] = (struct event_key) { list[i].source, list[i].id, list[i].id_len };
	return keys;
}

/*
 * Removes candidates whose series doesn't match. Returns the number of the
 * rest.
 */
static int64_t filter_by_series(struct search *s, struct candidate *list, size_t n,
				struct error *err)
{
	int64_t kept = 0;

	if (!filters_series(s))
		return (int64_t)n;
	if (read_series(s, list, n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (match_of(s, list[i].series) == SERIES_MATCHES)
			list[kept++] = list[i];
	return kept;
}

static int64_t filter_by_state(struct search *s, struct candidate *list, size_t n,
			       struct error *err)
{
	enum event_state *states = arena_array(&s->scratch, enum event_state, n);
	int64_t kept = 0;

	if (s->q->state < 0 || n == 0)
		return (int64_t)n;
	s->looked_up += STATE_LOOKUPS * n;
	if (store_event_states(s->st, keys_of(&s->scratch, list, n), n, &s->scratch, states, err) <
	    0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if ((int)states[i] == s->q->state)
			list[kept++] = list[i];
	return kept;
}

/* ---- the walk ---- */

static struct candidate *crowd_at(const struct search *s, guint i)
{
	return &g_array_index(s->crowd, struct candidate, i);
}

/*
 * Lets only those candidates of an instant that goes on stay that may match, and
 * of very many the first ones.
 */
static int thin_out(struct search *s, struct error *err)
{
	struct arena *ids = &s->crowd_ids[!s->crowd_used];
	int64_t kept = s->crowd->len;

	if (kept && s->looked_up <= LOOKUPS_MAX)
		kept = filter_by_series(s, crowd_at(s, 0), s->crowd->len, err);
	if (kept < 0)
		return -1;
	g_array_set_size(s->crowd, (guint)kept);
	if (s->crowd->len > 2 * s->crowd_max) {
		g_array_sort(s->crowd, order_of(s));
		g_array_set_size(s->crowd, s->crowd_max);
		s->dropped = true;
	}
	for (guint i = 0; i < s->crowd->len; i++)
		crowd_at(s, i)->id = arena_strn(ids, crowd_at(s, i)->id, crowd_at(s, i)->id_len);
	arena_reset(&s->crowd_ids[s->crowd_used]);
	s->crowd_used = !s->crowd_used;
	return 0;
}

/* Moves the candidates of a complete stretch to the pending ones. */
static void settle(struct search *s)
{
	g_array_sort(s->crowd, order_of(s));
	if (s->dropped)
		g_array_set_size(s->crowd, s->crowd_max);
	for (guint i = 0; i < s->crowd->len; i++) {
		struct candidate c = *crowd_at(s, i);

		c.id = arena_strn(&s->scratch, c.id, c.id_len);
		append(&s->pending, &s->scratch, &c);
	}
	g_array_set_size(s->crowd, 0);
	arena_reset(&s->crowd_ids[s->crowd_used]);
}

static int take_step(struct search *s, struct error *err)
{
	s->passed += s->walk.n_read;
	for (size_t i = 0; i < s->walk.n; i++) {
		const struct posting *p = &s->walk.list[i].posting;
		struct candidate c = { p->effective_us, p->source, s->walk.list[i].account,
				       p->series,       p->id,     p->id_len };

		if (fits(s, &c))
			g_array_append_val(s->crowd, c);
	}
	if (s->walk.partial)
		return thin_out(s, err);
	settle(s);
	return 0;
}

/* Must the walk go on before the pending candidates are filtered? */
static bool needs_more(const struct search *s)
{
	return s->walk.partial ||
	       (s->pending.n - s->at < s->chunk && s->passed < PASSED_MAX && !s->dropped);
}

/*
 * Reads postings until a chunk of candidates is pending. 1 or 0 as of a step.
 */
static int gather(struct search *s, struct error *err)
{
	int rc = 1;

	if (s->at == s->pending.n) {
		arena_reset(&s->scratch);
		s->pending = (struct candidates) { 0 };
		s->at = 0;
	}
	while (rc > 0 && needs_more(s)) {
		rc = posting_walk_step(&s->walk, &s->crowd_ids[s->crowd_used], err);
		if (rc > 0 && take_step(s, err) < 0)
			return -1;
	}
	return rc;
}

/* ---- the search ---- */

/* Moves the candidates of a chunk that match to the found ones. */
static int filter(struct search *s, struct error *err)
{
	struct candidate *list = s->pending.list + s->at, last;
	size_t n = s->pending.n - s->at;
	int64_t kept;

	if (n > s->chunk)
		n = s->chunk;
	last = list[n - 1];
	kept = filter_by_series(s, list, n, err);
	if (kept > 0)
		kept = filter_by_state(s, list, (size_t)kept, err);
	if (kept < 0)
		return -1;
	for (int64_t i = 0; i < kept && s->found.n < s->wanted; i++) {
		list[i].id = arena_strn(s->arena, list[i].id, list[i].id_len);
		append(&s->found, s->arena, &list[i]);
	}
	s->at += n;
	last.id = arena_strn(s->arena, last.id, last.id_len);
	s->stopped_at = position_of(&last);
	return 0;
}

/* The position behind all events of the last step. */
static struct event_position behind(const struct search *s)
{
	if (s->forwards)
		return (struct event_position) { s->walk.edge_us, INT64_MAX, INT64_MAX, "" };
	return (struct event_position) { s->walk.edge_us, 0, 0, "" };
}

static int filter_all(struct search *s, struct error *err)
{
	bool filters = filters_series(s) || s->q->state >= 0;
	size_t times = filters ? CHUNK_TIMES : 1;
	int more = 1;

	s->chunk = times * s->wanted;
	if (filters && s->chunk < CHUNK_MIN)
		s->chunk = CHUNK_MIN;
	s->crowd_max = filters ? CHUNK_MAX : (guint)s->wanted;
	while (s->found.n < s->wanted) {
		if (s->looked_up > LOOKUPS_MAX) {
			s->stopped = true;
			return 0;
		}
		more = gather(s, err);
		if (more < 0)
			return -1;
		if (s->at == s->pending.n) {
			s->stopped = more > 0;
			/* else it is the last candidate that stayed */
			if (!s->dropped)
				s->stopped_at = behind(s);
			return 0;
		}
		if (filter(s, err) < 0)
			return -1;
		if (s->chunk < CHUNK_MAX)
			s->chunk *= times;
	}
	return 0;
}

static int search_by_time(struct search *s, struct error *err)
{
	struct posting_range range = { .accounts = s->names.accounts.ids,
				       .n_accounts = s->names.accounts.n,
				       .from_us = s->q->from_us,
				       .to_us = s->q->to_us,
				       .forwards = s->forwards,
				       .late = s->q->late };
	int rc;

	if (s->start.id && s->forwards && s->start.effective_us > range.from_us)
		range.from_us = s->start.effective_us;
	if (s->start.id && !s->forwards && s->start.effective_us < range.to_us - 1)
		range.to_us = s->start.effective_us + 1;
	rc = posting_walk_begin(s->st, &range, s->arena, &s->walk, err);
	if (rc == 0)
		rc = filter_all(s, err);
	posting_walk_end(&s->walk);
	return rc;
}

#define EVENTS_WITH_ID                                                                 \
	"SELECT COALESCE(e.booked_us, e.time_us), e.source, s.account, e.series, "     \
	"e.booked_us > e.time_us FROM source o CROSS JOIN event e CROSS JOIN series s" \
	" WHERE e.source = o.id AND e.id = ?1 AND s.id = e.series"

static int search_by_id(struct search *s, struct error *err)
{
	struct stmt *stmt = prepare(s->st,
				    s->q->family ? EVENTS_WITH_ID " AND o.family IN (0, ?2)"
						 : EVENTS_WITH_ID,
				    err);
	int rc = 0;

	db_bind_str(stmt, 1, s->q->id);
	if (s->q->family)
		db_bind_int(stmt, 2, s->q->family);
	for (size_t i = 0; i < SOURCES_MAX && (rc = db_step(stmt, err)) > 0; i++) {
		struct candidate c = { .effective_us = db_get_int(stmt, 0),
				       .source = db_get_int(stmt, 1),
				       .account = db_get_int(stmt, 2),
				       .series = db_get_int(stmt, 3),
				       .id = s->q->id,
				       .id_len = strlen(s->q->id) };

		if ((event_find_any_account(s->q) || has_id(&s->names.accounts, c.account)) &&
		    fits(s, &c) && (!s->q->late || db_get_int(stmt, 4)))
			append(&s->pending, &s->scratch, &c);
	}
	db_reset(stmt);
	if (rc < 0)
		return -1;
	if (s->pending.n)
		qsort(s->pending.list, s->pending.n, sizeof(*s->pending.list), order_of(s));
	return filter_all(s, err);
}

/* Finds up to s->wanted candidates. */
static int search(struct search *s, const struct event_position *start, size_t wanted,
		  struct error *err)
{
	int rc = 0;

	s->wanted = wanted;
	if (start->id)
		s->start = (struct candidate) { start->effective_us, start->source,
						start->account,      0,
						start->id,           strlen(start->id) };
	if (s->q->from_us >= s->q->to_us)
		return 0;
	arena_init(&s->scratch);
	arena_init(&s->crowd_ids[0]);
	arena_init(&s->crowd_ids[1]);
	s->crowd = g_array_new(FALSE, FALSE, sizeof(struct candidate));
	s->series = g_hash_table_new(NULL, NULL);
	if (store_event_names(s->st, s->q, s->arena, &s->names, err) < 0)
		rc = -1;
	/*
	 * also for a source that nobody has: a search that is left out would tell
	 * what others of the family have
	 */
	else if (s->names.accounts.n || event_find_any_account(s->q))
		rc = s->q->id ? search_by_id(s, err) : search_by_time(s, err);
	g_hash_table_destroy(s->series);
	g_array_free(s->crowd, TRUE);
	arena_release(&s->crowd_ids[0]);
	arena_release(&s->crowd_ids[1]);
	arena_release(&s->scratch);
	return rc;
}

int sqlite_events_find(struct store *st, const struct event_find *q, const struct event_slice *page,
		       struct arena *arena, struct found_events *ret, struct error *err)
{
	struct search s = { .st = st, .q = q, .forwards = q->oldest_first, .arena = arena };
	size_t limit = page->limit;
	struct event_keys keys;

	*ret = (struct found_events) { 0 };
	/* one more event tells whether there is a next page */
	if (search(&s, &page->start, limit + 1, err) < 0)
		return -1;
	ret->n = s.found.n > limit ? limit : s.found.n;
	ret->more = s.found.n > limit || s.stopped;
	if (s.found.n > limit)
		ret->next = position_of(&s.found.list[limit - 1]);
	else if (s.stopped)
		ret->next = s.stopped_at;
	ret->list = arena_array(arena, struct found_event, ret->n);
	/* names of the query have taken a statement */
	keys = (struct event_keys) { keys_of(arena, s.found.list, ret->n), ret->n, q->attributes,
				     .joined = q->source || filters_dimensions(&s) };
	if (store_events_read(st, &keys, arena, ret->list, err) < 0)
		return -1;
	for (size_t i = 0; i < ret->n; i++)
		if (!ret->list[i].event.series)
			return error_set(err, ERR_INTERNAL, NULL,
					 "an event that a posting names does not exist: run "
					 "\"usaged verify\"");
	return 0;
}

int sqlite_events_back(struct store *st, const struct event_find *q, const struct event_slice *page,
		       struct arena *arena, struct event_position *ret, struct error *err)
{
	struct search s = { .st = st, .q = q, .forwards = !q->oldest_first, .arena = arena };

	*ret = (struct event_position) { 0 };
	/*
	 * it starts after the last event of the page before, which isn't found
	 */
	if (search(&s, &page->start, page->limit, err) < 0)
		return -1;
	if (s.found.n >= page->limit)
		*ret = position_of(&s.found.list[page->limit - 1]);
	else if (s.stopped)
		*ret = s.stopped_at;
	return 0;
}
