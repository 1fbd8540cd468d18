/*
 * move_event.c - copies and compares events.
 */
#include "store/move_event.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include "store/event.h"
#include "store/layout.h"
#include "store/meta.h"
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

/* Takes an event with its checksum, and its place in the sums. The texts are borrowed. */
typedef void event_fn(void *arg, const struct stored_event *e, const struct rollup *sum,
		      uint64_t hash);

static int compare_ids(const struct end *end, const struct stored_event *e)
{
	size_t len = MIN(end->id->len, e->id_len);
	int order = (end->source > e->source) - (end->source < e->source);

	if (!order)
		order = memcmp(end->id->str, e->id, len);
	return order ? order : (end->id->len > e->id_len) - (end->id->len < e->id_len);
}

static void read_event(struct stmt *s, struct stored_event *e)
{
	*e = (struct stored_event) { .source = db_get_int(s, SOURCE),
				     .series = db_get_int(s, SERIES),
				     .time_us = db_get_int(s, TIME),
				     .correction = db_get_int(s, CORRECTION),
				     .account = db_get_int(s, ACCOUNT),
				     .family = db_get_int(s, ROOT) };
	e->id = db_get_text(s, ID, &e->id_len);
	e->effective_us = MAX(e->time_us, db_get_int(s, BOOKED));
	store_get_amounts(s, AMOUNT, &e->amounts);
	e->attributes = db_get_text(s, ATTRIBUTES, &e->attributes_len);
}

/*
 * The same number in SQL and here. No amount is so large that the sum of a range could
 * overflow.
 */
#define LIGHT                                                                           \
	"CAST(COALESCE(sum(series % 1000003 + 3 * (time_us % 1000003)"                  \
	" + 5 * (COALESCE(correction, 0) % 1000003) + 7 * (count % 1000003)"            \
	" + 11 * (usage % 1000003) + 13 * (price % 1000003) + 17 * (upload % 1000003))" \
	", 0) AS bigint)"
_Static_assert(AMOUNTS == 4, "LIGHT has all amounts");

static int64_t light_of(const struct stored_event *e)
{
	enum { MOST = 1000003 };
	int64_t sum = e->series % MOST + 3 * (e->time_us % MOST) + 5 * (e->correction % MOST);

	for (int i = 0; i < AMOUNTS; i++)
		sum += (int64_t[]) { 7, 11, 13, 17 }[i] * (e->amounts.n[i] % MOST);
	return sum;
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

static void take_event(struct stmt *s, struct end *end, event_fn *take, void *arg)
{
	struct stored_event e;
	struct rollup sum;

	read_event(s, &e);
	sum = (struct rollup) {
		.level = LEVEL_QUARTER,
		.family = e.family,
		.account = e.account,
		.category = db_get_int(s, CATEGORY),
		.series = db_get_int(s, DIMENSIONS_SUM) ? e.series : 0,
		.slot = slot_of_instant(e.effective_us),
		.amounts = e.amounts,
	};
	take(arg, &e, &sum, hash_event(&e));
	if (compare_ids(end, &e) < 0) {
		end->source = e.source;
		g_string_truncate(end->id, 0);
		g_string_append_len(end->id, e.id, (gssize)e.id_len);
	}
}

/* Reads at most N events behind END, up to LAST (or NULL), and moves END to the last one. */
static int read_events(struct store *st, struct end *end, const struct end *last, int64_t n,
		       event_fn *take, void *arg, struct error *err)
{
	struct stmt *s = prepare(st, last ? events_between : events_behind, err);
	char *id = g_strdup(end->id->str);
	int rc;

	db_bind_int(s, 1, end->source);
	db_bind_str(s, 2, id);
	db_bind_int(s, 3, n);
	if (last) {
		db_bind_int(s, 4, last->source);
		db_bind_str(s, 5, last->id->str);
	}
	while ((rc = db_step(s, err)) > 0)
		take_event(s, end, take, arg);
	g_free(id);
	return rc;
}

/* ---- pages ---- */

/* Events that are copied together. Its memory is used for one page after the other. */
struct events_page {
	struct arena arena; /* the texts */
	GArray *events;     /* struct stored_event */
	GArray *sums;       /* struct rollup, of each event */
	struct move_sum sum;
};

static void page_init(struct events_page *p)
{
	arena_init(&p->arena);
	p->events = g_array_new(FALSE, FALSE, sizeof(struct stored_event));
	p->sums = g_array_new(FALSE, FALSE, sizeof(struct rollup));
}

static void page_release(struct events_page *p)
{
	arena_release(&p->arena);
	g_array_free(p->events, TRUE);
	g_array_free(p->sums, TRUE);
}

static void keep_event(void *arg, const struct stored_event *e, const struct rollup *sum,
		       uint64_t hash)
{
	struct events_page *p = arg;
	struct stored_event copy = *e;

	copy.id = arena_strn(&p->arena, e->id, e->id_len);
	if (e->attributes)
		copy.attributes = arena_strn(&p->arena, e->attributes, e->attributes_len);
	g_array_append_val(p->events, copy);
	g_array_append_val(p->sums, *sum);
	move_sum_add(&p->sum, hash);
	p->sum.light += light_of(e);
}

/* Reads as read_events, into the page. */
static int read_page(struct store *st, struct end *end, const struct end *last, int64_t n,
		     struct events_page *p, struct error *err)
{
	arena_reset(&p->arena);
	g_array_set_size(p->events, 0);
	g_array_set_size(p->sums, 0);
	p->sum = (struct move_sum) { 0 };
	return read_events(st, end, last, n, keep_event, p, err);
}

/* ---- ranges ---- */

int move_target_begin(struct store *to, int64_t mark, struct error *err)
{
	int64_t have = 0;
	int rc;

	if (store_begin_write(to, err) < 0)
		return -1;
	rc = store_meta(to, META_MOVING, &have, err);
	if (rc > 0 && have == mark)
		return 0;
	store_end(to);
	return rc < 0 ? -1
		      : error_set(err, ERR_CONFLICT, "to",
				  "another \"usaged move\" has finished this move; nothing was "
				  "changed");
}

int move_ranges_make(struct store *to, struct error *err)
{
	return db_exec(to->db,
		       "CREATE TABLE move (at bigint PRIMARY KEY, source bigint NOT NULL,"
		       " id text NOT NULL, n bigint NOT NULL, hash bigint NOT NULL,"
		       " light bigint NOT NULL)",
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
	db_bind_int(s, 6, sum->light);
}

/* A new range, or another checksum of one that there is. */
static int put_range(struct store *to, int64_t at, const struct end *end,
		     const struct move_sum *sum, struct error *err)
{
	struct stmt *s = prepare(to,
				 "UPDATE move SET n = ?4, hash = ?5, light = ?6"
				 " WHERE at = ?1 AND source = ?2 AND id = ?3",
				 err);

	bind_range(s, at, end, sum);
	if (db_step(s, err) < 0)
		return -1;
	if (db_changes(to->db))
		return 0;
	s = prepare(to,
		    "INSERT INTO move (at, source, id, n, hash, light)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		    err);
	bind_range(s, at, end, sum);
	return db_step(s, err);
}

/* Reads the range AT, or the last one (AT 0). 1 found, 0 none, -1 failed. */
static int get_range(struct store *to, int64_t at, int64_t *ret_at, struct end *end,
		     struct move_sum *sum, struct error *err)
{
	struct stmt *s = prepare(to,
				 "SELECT at, source, id, n, hash, light FROM move"
				 " WHERE at = ?1 OR ?1 = 0"
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
	*sum = (struct move_sum) { db_get_int(s, 3), (uint64_t)db_get_int(s, 4), db_get_int(s, 5) };
	db_reset(s);
	return 1;
}

/* ---- storing ---- */

/* Adds up the events that are new. */
static int add_up(struct store *to, const struct events_page *p, struct error *err)
{
	struct rollup *list = g_new(struct rollup, p->events->len);
	size_t n = 0;
	int rc;

	for (guint i = 0; i < p->events->len; i++)
		if (g_array_index(p->events, struct stored_event, i).verdict == VERDICT_CREATED)
			list[n++] = g_array_index(p->sums, struct rollup, i);
	rc = store_rollups_add(to, list, n, err);
	g_free(list);
	return rc;
}

/* An event of another series than before was moved there by a new dimension. */
static int refile(struct move_events *m, const struct events_page *p, struct error *err)
{
	for (guint i = 0; i < p->events->len; i++) {
		const struct stored_event *e = &g_array_index(p->events, struct stored_event, i);
		struct event_key key = { e->source, e->id, e->id_len };

		if (e->verdict != VERDICT_CONFLICT)
			continue;
		/* in this write: whoever goes on after a failure must know it, too */
		if (!m->refiled && store_meta_set(m->to, META_MOVING_REFILED, 1, err) < 0)
			return -1;
		m->refiled = true;
		if (store_event_refile(m->to, &key, e->series, err) < 0)
			return -1;
	}
	return 0;
}

static int store_events(struct move_events *m, const struct events_page *p, struct error *err)
{
	struct stored_event *list = (struct stored_event *)p->events->data;

	if (store_events_add(m->to, list, p->events->len, err) < 0 || refile(m, p, err) < 0)
		return -1;
	return m->adds_up ? add_up(m->to, p, err) : 0;
}

/* Stores the events, and the range of which they are all, in a write of its own. */
static int store_range(struct move_events *m, int64_t at, const struct end *end,
		       const struct events_page *p, struct error *err)
{
	if (move_target_begin(m->to, m->mark, err) < 0)
		return -1;
	if (store_events(m, p, err) < 0 || put_range(m->to, at, end, &p->sum, err) < 0) {
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
static int copy_page(struct move_events *m, int64_t at, struct end *end, struct events_page *p,
		     struct error *err)
{
	int rc = read_page(m->from, end, NULL, page_of(m), p, err);

	if (rc == 0 && p->sum.n)
		rc = store_range(m, at, end, p, err);
	if (rc == 0 && p->sum.n)
		rc = report(m, p->sum.n, err);
	return rc < 0 ? -1 : p->sum.n > 0;
}

int move_events_copy(struct move_events *m, struct error *err)
{
	struct end end = { INT64_MIN, g_string_new("") };
	struct move_sum sum;
	struct events_page page;
	int64_t at = 0;
	int rc = get_range(m->to, 0, &at, &end, &sum, err);

	page_init(&page);
	while (rc >= 0 && (rc = copy_page(m, ++at, &end, &page, err)) > 0)
		if (time(NULL) >= m->until)
			break;
	page_release(&page);
	g_string_free(end.id, TRUE);
	return rc;
}

/* ---- once more ---- */

/* All of RET but the hash. */
static int sum_between(struct store *st, const struct end *first, const struct end *last,
		       struct move_sum *ret, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT count(*), " LIGHT
				 " FROM event WHERE (source, id) > (?1, ?2) AND"
				 " (source, id) <= (?3, ?4)",
				 err);
	int rc;

	db_bind_int(s, 1, first->source);
	db_bind_str(s, 2, first->id->str);
	db_bind_int(s, 3, last->source);
	db_bind_str(s, 4, last->id->str);
	rc = db_step(s, err);
	*ret = (struct move_sum) { .n = 0 };
	if (rc > 0) {
		ret->n = db_get_int(s, 0);
		ret->light = db_get_int(s, 1);
	}
	db_reset(s);
	return rc < 0 ? -1 : 0;
}

static bool is_same(const struct move_sum *a, const struct move_sum *b)
{
	return a->n == b->n && a->light == b->light;
}

/* Has the target the events of the range that were read from the source? */
static int check_range(struct move_events *m, const struct end *first, const struct end *last,
		       const struct move_sum *want, struct error *err)
{
	struct move_sum have;
	int rc;

	if (store_begin_read(m->to, err) < 0)
		return -1;
	rc = sum_between(m->to, first, last, &have, err);
	store_end(m->to);
	return rc < 0 || is_same(&have, want) ? rc : move_other_copy(err);
}

/* The range AT, which ends at LAST: *FIRST moves to its end. */
static int again_whole(struct move_events *m, int64_t at, struct end *first, const struct end *last,
		       const struct move_sum *before, struct error *err)
{
	struct end begin = { first->source, g_string_new(first->id->str) };
	struct events_page page;
	int rc;

	page_init(&page);
	rc = read_page(m->from, first, last, INT64_MAX, &page, err);
	if (rc == 0 && (page.sum.n != before->n || page.sum.hash != before->hash)) {
		rc = store_range(m, at, last, &page, err);
		if (rc == 0)
			rc = check_range(m, &begin, last, &page.sum, err);
	}
	if (rc == 0)
		rc = report(m, page.sum.n - before->n, err);
	page_release(&page);
	g_string_free(begin.id, TRUE);
	return rc;
}

/* Has the source other events in the range than before? -1: failed. */
static int has_others(struct move_events *m, const struct end *first, const struct end *last,
		      const struct move_sum *before, struct error *err)
{
	struct move_sum now;

	return sum_between(m->from, first, last, &now, err) < 0 ? -1 : !is_same(&now, before);
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

/* The months of a ledger, and its events so far. */
struct months {
	GHashTable *all; /* struct move_month, by itself */
	int64_t n;       /* events, so far */
};

static void add_to_months(void *arg, const struct stored_event *e, const struct rollup *sum,
			  uint64_t hash)
{
	struct months *months = arg;
	struct move_month key = { .account = sum->account,
				  .month = slot_of(LEVEL_MONTH, sum->slot) };
	struct move_month *m = g_hash_table_lookup(months->all, &key);

	(void)e;
	if (!m) {
		m = g_new(struct move_month, 1);
		*m = key;
		g_hash_table_add(months->all, m);
	}
	move_sum_add(&m->sum, hash);
	months->n++;
}

GHashTable *move_events_sum(struct store *st, const struct move_calls *calls, int64_t *ret_n,
			    struct error *err)
{
	struct months months = { g_hash_table_new_full(month_hash, month_equal, g_free, NULL), 0 };
	struct move_events m = { .calls = calls };
	struct end end = { INT64_MIN, g_string_new("") };
	int rc;

	do {
		rc = read_events(st, &end, NULL, page_of(&m), add_to_months, &months, err);
		*ret_n = m.done;
		if (rc == 0)
			rc = report(&m, months.n - m.done, err);
	} while (rc == 0 && m.done > *ret_n);
	g_string_free(end.id, TRUE);
	if (rc == 0)
		return months.all;
	g_hash_table_destroy(months.all);
	return NULL;
}
