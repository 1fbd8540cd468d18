/*
 * move_event.c - copies and compares events.
 */
#include "store/move_event.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include "store/event.h"
#include "store/layout.h"
#include "store/rollup.h"
#include "base/banned.h"

enum { PAGE = 50000 };

/* ---- reading ---- */

/* Events behind ?1, ?2, in their order, ?3 at most; up to ?4, ?5. */
#define EVENTS_BEHIND                                                                        \
	"SELECT e.source, e.id, e.series, e.time_us, e.booked_us, "                          \
	"e.correction, " AMOUNT_COLUMNS_OF(                                                  \
		"e") ", s.account, COALESCE(a.parent, a.id), s.category, " DIMENSION_S_SUMS  \
		     " + length(s.declared), t.attributes FROM (SELECT{ root,} source, id, " \
		     "series,"                                                               \
		     " time_us, booked_us, correction, " AMOUNT_COLUMNS " FROM event"        \
		     " WHERE (source, id) > (?1, ?2)"
#define EVENTS_IN_ORDER                                                              \
	" ORDER BY source, id LIMIT ?3) e CROSS JOIN series s CROSS JOIN account a"  \
	" LEFT JOIN event_attributes t ON{ t.root = s.root AND} t.source = e.source" \
	" AND t.id = e.id WHERE s.id = e.series{ AND s.root = e.root} AND a.id = s.account"

static const char events_behind[] = EVENTS_BEHIND EVENTS_IN_ORDER;
static const char events_between[] = EVENTS_BEHIND " AND (source, id) <= (?4, ?5)" EVENTS_IN_ORDER;

enum {
	SOURCE,
	ID,
	SERIES,
	TIME,
	BOOKED,
	CORRECTION,
	AMOUNT,
	ACCOUNT = AMOUNT + AMOUNTS,
	ROOT,
	CATEGORY,
	DIMENSIONS_SUM,
	ATTRIBUTES
};

/* An identity, as the end of a range; the text is owned. */
struct end {
	int64_t source;
	GString *id;
};

/* A page of events. */
struct events {
	struct arena arena;
	struct stored_event *list;
	struct rollup *sums; /* of each event */
	size_t n, size, sums_size;
	struct move_sum sum;
};

static int compare_ids(const struct end *end, const struct stored_event *e)
{
	size_t len = MIN(end->id->len, e->id_len);
	int order = (end->source > e->source) - (end->source < e->source);

	if (!order)
		order = memcmp(end->id->str, e->id, len);
	return order ? order : (end->id->len > e->id_len) - (end->id->len < e->id_len);
}

static void read_event(struct stmt *s, struct arena *arena, struct stored_event *e)
{
	const char *text = db_get_text(s, ID, &e->id_len);

	e->id = arena_strn(arena, text, e->id_len);
	e->source = db_get_int(s, SOURCE);
	e->series = db_get_int(s, SERIES);
	e->time_us = db_get_int(s, TIME);
	e->effective_us = MAX(e->time_us, db_get_int(s, BOOKED));
	e->correction = db_get_int(s, CORRECTION);
	e->account = db_get_int(s, ACCOUNT);
	e->family = db_get_int(s, ROOT);
	store_get_amounts(s, AMOUNT, &e->amounts);
	text = db_get_text(s, ATTRIBUTES, &e->attributes_len);
	e->attributes = text ? arena_strn(arena, text, e->attributes_len) : NULL;
}

static uint64_t hash_event(const struct stored_event *e)
{
	uint64_t hash = move_hash_number(0, e->source);

	hash = move_hash_bytes(hash, e->id, e->id_len);
	hash = move_hash_number(hash, e->series);
	hash = move_hash_number(hash, e->time_us);
	hash = move_hash_number(hash, e->effective_us);
	hash = move_hash_number(hash, e->correction);
	for (int i = 0; i < AMOUNTS; i++)
		hash = move_hash_number(hash, e->amounts.n[i]);
	return e->attributes ? move_hash_bytes(hash, e->attributes, e->attributes_len) : hash;
}

static void take_event(struct events *all, struct stmt *s, struct end *end)
{
	struct stored_event *e;

	all->list = store_room(&all->arena, all->list, all->n, &all->size, sizeof(*all->list));
	all->sums = store_room(&all->arena, all->sums, all->n, &all->sums_size, sizeof(*all->sums));
	e = &all->list[all->n];
	*e = (struct stored_event) { 0 };
	read_event(s, &all->arena, e);
	all->sums[all->n++] = (struct rollup) {
		.level = LEVEL_QUARTER,
		.family = e->family,
		.account = e->account,
		.category = db_get_int(s, CATEGORY),
		.series = db_get_int(s, DIMENSIONS_SUM) ? e->series : 0,
		.slot = slot_of_instant(e->effective_us),
		.amounts = e->amounts,
	};
	move_sum_add(&all->sum, hash_event(e));
	if (compare_ids(end, e) < 0) {
		end->source = e->source;
		g_string_truncate(end->id, 0);
		g_string_append_len(end->id, e->id, (gssize)e->id_len);
	}
}

/* Reads at most N events behind END, up to LAST (or NULL), and moves END to the last one. */
static int read_events(struct store *st, struct end *end, const struct end *last, int64_t n,
		       struct events *ret, struct error *err)
{
	struct stmt *s = prepare(st, last ? events_between : events_behind, err);
	const char *id;
	int rc;

	*ret = (struct events) { 0 };
	arena_init(&ret->arena);
	id = arena_str(&ret->arena, end->id->str);
	db_bind_int(s, 1, end->source);
	db_bind_str(s, 2, id);
	db_bind_int(s, 3, n);
	if (last) {
		db_bind_int(s, 4, last->source);
		db_bind_str(s, 5, last->id->str);
	}
	while ((rc = db_step(s, err)) > 0)
		take_event(ret, s, end);
	return rc;
}

static void events_release(struct events *all)
{
	arena_release(&all->arena);
}

/* ---- ranges ---- */

int move_ranges_make(struct store *to, struct error *err)
{
	return db_exec(to->db,
		       "CREATE TABLE IF NOT EXISTS move (at bigint PRIMARY KEY, source bigint NOT"
		       " NULL, id text NOT NULL, n bigint NOT NULL, hash bigint NOT NULL)",
		       err);
}

static void bind_range(struct stmt *s, int64_t at, const struct end *end,
		       const struct move_sum *sum)
{
	db_bind_int(s, 1, at);
	db_bind_int(s, 2, end->source);
	db_bind_str(s, 3, end->id->str);
	db_bind_int(s, 4, sum->n);
	db_bind_int(s, 5, (int64_t)sum->hash);
}

/* A new range, or another checksum of one that there is. */
static int put_range(struct store *to, int64_t at, const struct end *end,
		     const struct move_sum *sum, struct error *err)
{
	struct stmt *s = prepare(
		to, "UPDATE move SET n = ?4, hash = ?5 WHERE at = ?1 AND source = ?2 AND id = ?3",
		err);

	bind_range(s, at, end, sum);
	if (db_step(s, err) < 0)
		return -1;
	if (db_changes(to->db))
		return 0;
	s = prepare(to, "INSERT INTO move (at, source, id, n, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
		    err);
	bind_range(s, at, end, sum);
	return db_step(s, err);
}

/* Reads the range AT, or the last one (AT 0). 1 found, 0 none, -1 failed. */
static int get_range(struct store *to, int64_t at, int64_t *ret_at, struct end *end,
		     struct move_sum *sum, struct error *err)
{
	struct stmt *s = prepare(to,
				 "SELECT at, source, id, n, hash FROM move WHERE at = ?1 OR ?1 = 0"
				 " ORDER BY at DESC LIMIT 1",
				 err);
	size_t len;
	int rc;

	db_bind_int(s, 1, at);
	rc = db_step(s, err);
	if (rc <= 0)
		return rc;
	*ret_at = db_get_int(s, 0);
	end->source = db_get_int(s, 1);
	g_string_assign(end->id, db_get_text(s, 2, &len));
	*sum = (struct move_sum) { db_get_int(s, 3), (uint64_t)db_get_int(s, 4) };
	db_reset(s);
	return 1;
}

/* ---- storing ---- */

/* Adds up the events that are new. */
static int add_up(struct store *to, const struct events *all, struct error *err)
{
	struct rollup *list = g_new(struct rollup, all->n);
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].verdict == VERDICT_CREATED)
			list[n++] = all->sums[i];
	rc = store_rollups_add(to, list, n, err);
	g_free(list);
	return rc;
}

/* An event of another series than before was moved there by a new dimension. */
static int refile(struct move_events *m, const struct events *all, struct error *err)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct stored_event *e = &all->list[i];
		struct event_key key = { e->source, e->id, e->id_len };

		if (e->verdict != VERDICT_CONFLICT)
			continue;
		m->refiled = true;
		if (store_event_refile(m->to, &key, e->series, err) < 0)
			return -1;
	}
	return 0;
}

static int store_events(struct move_events *m, const struct events *all, struct error *err)
{
	if (store_events_add(m->to, all->list, all->n, err) < 0 || refile(m, all, err) < 0)
		return -1;
	return m->adds_up ? add_up(m->to, all, err) : 0;
}

/* Stores the events, and the range of which they are all, in a write of its own. */
static int store_range(struct move_events *m, int64_t at, const struct end *end,
		       const struct events *all, struct error *err)
{
	if (store_begin_write(m->to, err) < 0)
		return -1;
	if (store_events(m, all, err) < 0 || put_range(m->to, at, end, &all->sum, err) < 0) {
		store_end(m->to);
		if (err && err->kind == ERR_CONFLICT)
			error_clear(err);
		return error_set(err, ERR_CONFLICT, "to",
				 "another move into this ledger runs at the same time");
	}
	return store_commit(m->to, err);
}

static int report(struct move_events *m, int64_t n, struct error *err)
{
	m->done += n;
	if (m->calls->progress && !m->calls->progress(m->calls->arg, m->done, MAX(m->all, m->done)))
		return error_set(err, ERR_BUSY, NULL,
				 "the move was stopped; run it again to go on");
	return 0;
}

static int64_t page_of(const struct move_events *m)
{
	return m->calls->page ? m->calls->page : PAGE;
}

/* 1 some, 0 no more, -1 failed. */
static int copy_page(struct move_events *m, int64_t at, struct end *end, struct error *err)
{
	struct events all;
	int rc = read_events(m->from, end, NULL, page_of(m), &all, err);

	if (rc == 0 && all.n)
		rc = store_range(m, at, end, &all, err);
	if (rc == 0 && all.n)
		rc = report(m, (int64_t)all.n, err);
	events_release(&all);
	return rc < 0 ? -1 : all.n > 0;
}

int move_events_copy(struct move_events *m, struct error *err)
{
	struct end end = { INT64_MIN, g_string_new("") };
	struct move_sum sum;
	int64_t at = 0;
	int rc = get_range(m->to, 0, &at, &end, &sum, err);

	while (rc >= 0 && (rc = copy_page(m, ++at, &end, err)) > 0)
		if (time(NULL) >= m->until)
			break;
	g_string_free(end.id, TRUE);
	return rc;
}

/* ---- once more ---- */

static int count_between(struct store *st, const struct end *first, const struct end *last,
			 int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT count(*) FROM event WHERE (source, id) > (?1, ?2) AND"
				 " (source, id) <= (?3, ?4)",
				 err);

	db_bind_int(s, 1, first->source);
	db_bind_str(s, 2, first->id->str);
	db_bind_int(s, 3, last->source);
	db_bind_str(s, 4, last->id->str);
	return store_one(s, ret, err) < 0 ? -1 : 0;
}

/* The range AT, which ends at LAST: *FIRST moves to its end. */
static int again_whole(struct move_events *m, int64_t at, struct end *first, const struct end *last,
		       const struct move_sum *before, struct error *err)
{
	struct events all;
	int rc = read_events(m->from, first, last, INT64_MAX, &all, err);

	if (rc == 0 && (all.sum.n != before->n || all.sum.hash != before->hash))
		rc = store_range(m, at, last, &all, err);
	if (rc == 0)
		rc = report(m, all.sum.n - before->n, err);
	events_release(&all);
	return rc;
}

/* Has the source another number of events in the range than before? -1: failed. */
static int has_others(struct move_events *m, const struct end *first, const struct end *last,
		      const struct move_sum *before, struct error *err)
{
	int64_t n;

	return count_between(m->from, first, last, &n, err) < 0 ? -1 : n != before->n;
}

int move_events_again(struct move_events *m, bool whole, struct error *err)
{
	struct end first = { INT64_MIN, g_string_new("") }, last = { 0, g_string_new("") };
	struct move_sum before;
	int64_t at = 0;
	int rc;

	while ((rc = get_range(m->to, at + 1, &at, &last, &before, err)) > 0) {
		rc = whole ? 1 : has_others(m, &first, &last, &before, err);
		if (rc < 0 || (rc > 0 && again_whole(m, at, &first, &last, &before, err) < 0)) {
			rc = -1;
			break;
		}
		first.source = last.source;
		g_string_assign(first.id, last.id->str);
	}
	g_string_free(first.id, TRUE);
	g_string_free(last.id, TRUE);
	return rc;
}

/* ---- comparing ---- */

static guint month_hash(gconstpointer p)
{
	const struct move_month *m = p;

	return (guint)((uint64_t)(m->account * 4096 + m->month) * 0x9e3779b97f4a7c15u >> 32);
}

static gboolean month_equal(gconstpointer a, gconstpointer b)
{
	const struct move_month *x = a, *y = b;

	return x->account == y->account && x->month == y->month;
}

static void add_to_months(GHashTable *months, const struct events *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct move_month key = { .account = all->sums[i].account,
					  .month = slot_of(LEVEL_MONTH, all->sums[i].slot) };
		struct move_month *m = g_hash_table_lookup(months, &key);

		if (!m) {
			m = g_new(struct move_month, 1);
			*m = key;
			g_hash_table_add(months, m);
		}
		move_sum_add(&m->sum, hash_event(&all->list[i]));
	}
}

GHashTable *move_events_sum(struct store *st, const struct move_calls *calls, int64_t *ret_n,
			    struct error *err)
{
	GHashTable *months = g_hash_table_new_full(month_hash, month_equal, g_free, NULL);
	struct move_events m = { .calls = calls };
	struct end end = { INT64_MIN, g_string_new("") };
	struct events all;
	int rc;

	do {
		rc = read_events(st, &end, NULL, page_of(&m), &all, err);
		add_to_months(months, &all);
		if (rc == 0)
			rc = report(&m, (int64_t)all.n, err);
		events_release(&all);
	} while (rc == 0 && all.n);
	g_string_free(end.id, TRUE);
	*ret_n = m.done;
	if (rc == 0)
		return months;
	g_hash_table_destroy(months);
	return NULL;
}
