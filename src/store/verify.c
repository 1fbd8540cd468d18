#include "store/store.h"

#include <glib.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include "base/civil.h"
#include "store/internal.h"
#include "store/posting_codec.h"
#include "base/banned.h"

/*
 * Events are read in the order of the finest rollups. Those of one account and
 * slot, of each level, are added up in a tally; when the next slot begins, it
 * is held against the rollups, which are read in the same order beside it. So
 * memory holds what one account used in one month, by series.
 */
#define EVENTS                                                                                  \
	"SELECT s.account, COALESCE(e.booked_us, e.time_us) / 900000000, s.category, e.series," \
	" s.customer + s.sim + s.fleet + s.network + s.country, e.count, e.usage, e.price, "    \
	"e.upload,"                                                                             \
	" COALESCE(e.booked_us, e.time_us), e.time_us, e.source, e.id, e.correction"            \
	" FROM event e CROSS JOIN series s WHERE s.id = e.series ORDER BY 1, 2, 3, 4"
#define TOTALS(table)                                                                \
	"SELECT account, slot, category, 0, count, usage, price, upload FROM " table \
	" ORDER BY account, slot, category"
#define PARTS(table)                                                                      \
	"SELECT account, slot, category, series, count, usage, price, upload FROM " table \
	" ORDER BY account, slot, category, series"

#define FAULT_WORDS  640
#define REPAIR_MS    200 /* so long others wait for the writer's place at most */
#define META_REBUILD "rebuild"

enum kind { KIND_TOTAL, KIND_PART, KINDS };

static const char *const stored_sql[LEVELS][KINDS] = {
	[LEVEL_QUARTER] = { TOTALS("total_quarter"), PARTS("part_quarter") },
	[LEVEL_DAY] = { TOTALS("total_day"), PARTS("part_day") },
	[LEVEL_MONTH] = { TOTALS("total_month"), PARTS("part_month") },
};

/* Rollups of one table, one after the other. */
struct stored {
	struct stmt *s;    /* NULL at the end */
	struct rollup row; /* the next one not yet compared */
};

/* Where an account's events of one hour take effect. */
struct hour {
	int64_t account, hour; /* account 0: none yet */
	struct posting_sum want;
	struct arena arena;
	/* struct posted: what is to be there, if it shall be put right */
	GArray *refs;
};

struct tally {
	GHashTable *groups; /* a set of struct group, by category and series */
	int64_t account, slot;
};

/* Corrections take away, so a sum may leave 64 bits and come back. */
struct wide_amounts {
	__int128 count, usage, price, upload;
};

struct group {
	int64_t category, series;
	bool has_dimensions;
	struct wide_amounts amounts;
};

struct verification {
	struct store *st;
	struct stored stored[LEVELS][KINDS];
	struct tally tally[LEVELS];
	struct hour hour;
	struct posting_reader *postings;
	struct arena arena; /* of the moment */
	int64_t own;        /* the source of corrections' facts; 0: there are none */
	const struct verify_calls *calls;
	struct repair *repair; /* instead of telling what is wrong; or NULL */
	int64_t late;          /* events that take effect after their own time, so far */
	size_t n;
};

/* ---- putting right ---- */

/*
 * What is wrong in the snapshot FROM is put right in the ledger as it is by
 * then, TO: rollups and postings are only ever added to, so what has to be
 * added to the snapshot's has to be added to the others, too. The writer's
 * place is given back soon and often.
 */
struct repair {
	struct store *from, *to;
	bool writing;
	int64_t since_ms; /* when the write began */
	/* two that repair at once would do it twice: the later one goes on */
	int64_t generation;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int repair_begin(struct repair *r, struct error *err)
{
	if (store_begin_write(r->to, err) < 0)
		return -1;
	if (store_meta(r->to, META_REBUILD, &r->generation, err) < 0 ||
	    store_meta_set(r->to, META_REBUILD, ++r->generation, err) < 0) {
		store_end(r->to);
		return -1;
	}
	return store_commit(r->to, err);
}

static int repair_open(struct repair *r, struct error *err)
{
	int64_t generation = 0;

	if (r->writing)
		return 0;
	if (store_begin_write(r->to, err) < 0)
		return -1;
	r->writing = true;
	r->since_ms = now_ms();
	if (store_meta(r->to, META_REBUILD, &generation, err) < 0)
		return -1;
	if (generation != r->generation)
		return error_set(err, ERR_BUSY, NULL,
				 "another rebuild has begun, and goes on instead");
	return 0;
}

static int repair_pause(struct repair *r, bool end, struct error *err)
{
	if (!r->writing || (!end && now_ms() - r->since_ms < REPAIR_MS))
		return 0;
	r->writing = false;
	return store_commit(r->to, err);
}

static int repair_add(struct repair *r, const struct rollup *row, int sign, struct error *err)
{
	struct rollup change = *row;

	if (sign < 0)
		amounts_negate(&change.amounts);
	return store_rollups_add(r->to, &change, 1, err);
}

static int repair_rollup(struct repair *r, const struct rollup *want, const struct rollup *have,
			 struct error *err)
{
	if (repair_open(r, err) < 0 || (have && repair_add(r, have, -1, err) < 0) ||
	    (want && repair_add(r, want, 1, err) < 0))
		return -1;
	return repair_pause(r, false, err);
}

static int repair_hour(struct repair *r, const struct posting_hour *hour, struct error *err)
{
	if (repair_open(r, err) < 0 || store_postings_replace(r->from, r->to, hour, err) < 0)
		return -1;
	return repair_pause(r, false, err);
}

static guint group_hash(gconstpointer key)
{
	const struct group *g = key;

	return (guint)((uint64_t)(g->series * 31 + g->category) * 0x9e3779b97f4a7c15u >> 32);
}

static gboolean group_equal(gconstpointer a, gconstpointer b)
{
	const struct group *x = a;
	const struct group *y = b;

	return x->category == y->category && x->series == y->series;
}

static gint group_compare(gconstpointer a, gconstpointer b)
{
	const struct group *x = *(const struct group *const *)a;
	const struct group *y = *(const struct group *const *)b;

	if (x->category != y->category)
		return x->category < y->category ? -1 : 1;
	return x->series < y->series ? -1 : x->series > y->series;
}

static void add_amounts(struct wide_amounts *sum, const struct amounts *a)
{
	sum->count += a->count;
	sum->usage += a->usage;
	sum->price += a->price;
	sum->upload += a->upload;
}

static void add_wide(struct wide_amounts *sum, const struct wide_amounts *a)
{
	sum->count += a->count;
	sum->usage += a->usage;
	sum->price += a->price;
	sum->upload += a->upload;
}

/*
 * A sum beyond 64 bits can't be what a rollup holds; it stays at the end of the
 * range.
 */
static int64_t narrow(__int128 n)
{
	return n > INT64_MAX ? INT64_MAX : n < INT64_MIN ? INT64_MIN : (int64_t)n;
}

static int narrow_amounts(const struct verification *v, const struct wide_amounts *a,
			  struct amounts *ret, struct error *err)
{
	*ret = (struct amounts) { narrow(a->count), narrow(a->usage), narrow(a->price),
				  narrow(a->upload) };
	if (v->repair && (ret->count != a->count || ret->usage != a->usage ||
			  ret->price != a->price || ret->upload != a->upload))
		return error_set(err, ERR_OVERFLOW, NULL,
				 "a sum of the events does not fit 64 bits: an event can't be what "
				 "was sent");
	return 0;
}

static bool is_zero(const struct amounts *a)
{
	return !a->count && !a->usage && !a->price && !a->upload;
}

static int report(struct verification *v, const struct rollup *want, const struct rollup *have,
		  struct error *err)
{
	v->n++;
	if (v->repair)
		return repair_rollup(v->repair, want, have, err);
	if (v->n <= v->calls->limit)
		v->calls->difference(v->calls->arg, want, have);
	return 0;
}

__attribute__((format(printf, 2, 3))) static void tell(struct verification *v, const char *fmt, ...)
{
	char words[FAULT_WORDS];
	va_list ap;

	if (v->n++ >= v->calls->limit)
		return;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	v->calls->fault(v->calls->arg, words);
}

static int stored_next(struct stored *t, struct error *err)
{
	struct stmt *s = t->s;
	int rc = db_step(s, err);

	if (rc <= 0) {
		t->s = NULL;
		return rc;
	}
	t->row.account = db_get_int(s, 0);
	t->row.slot = db_get_int(s, 1);
	t->row.category = db_get_int(s, 2);
	t->row.series = db_get_int(s, 3);
	store_get_amounts(s, 4, &t->row.amounts);
	return 0;
}

static int rollup_compare(const struct rollup *a, const struct rollup *b)
{
	if (a->account != b->account)
		return a->account < b->account ? -1 : 1;
	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	if (a->category != b->category)
		return a->category < b->category ? -1 : 1;
	return a->series < b->series ? -1 : a->series > b->series;
}

static bool same_amounts(const struct amounts *a, const struct amounts *b)
{
	return a->count == b->count && a->usage == b->usage && a->price == b->price &&
	       a->upload == b->upload;
}

/* One that should not be there. Of zeros only, it says what none would. */
static int unexpected(struct verification *v, struct stored *t, struct error *err)
{
	if (!is_zero(&t->row.amounts) && report(v, NULL, &t->row, err) < 0)
		return -1;
	return stored_next(t, err);
}

/* Holds the next rollup that there should be against those that there are. */
static int expect(struct verification *v, struct stored *t, const struct rollup *want,
		  struct error *err)
{
	while (t->s && rollup_compare(&t->row, want) < 0) {
		if (unexpected(v, t, err) < 0)
			return -1;
	}
	if (!t->s || rollup_compare(&t->row, want) > 0)
		return is_zero(&want->amounts) ? 0 : report(v, want, NULL, err);
	if (!same_amounts(&t->row.amounts, &want->amounts) && report(v, want, &t->row, err) < 0)
		return -1;
	return stored_next(t, err);
}

static int expect_parts(struct verification *v, enum level level, GPtrArray *groups,
			struct error *err)
{
	const struct tally *t = &v->tally[level];

	for (guint i = 0; i < groups->len; i++) {
		const struct group *g = g_ptr_array_index(groups, i);
		struct rollup want = { .level = level,
				       .account = t->account,
				       .slot = t->slot,
				       .category = g->category,
				       .series = g->series };

		if (!g->has_dimensions)
			continue;
		if (narrow_amounts(v, &g->amounts, &want.amounts, err) < 0 ||
		    expect(v, &v->stored[level][KIND_PART], &want, err) < 0)
			return -1;
	}
	return 0;
}

static int expect_totals(struct verification *v, enum level level, GPtrArray *groups,
			 struct error *err)
{
	const struct tally *t = &v->tally[level];
	guint i = 0;

	while (i < groups->len) {
		const struct group *g = g_ptr_array_index(groups, i);
		struct rollup want = { .level = level,
				       .account = t->account,
				       .slot = t->slot,
				       .category = g->category };
		struct wide_amounts sum = { 0 };

		for (; i < groups->len; i++) {
			g = g_ptr_array_index(groups, i);
			if (g->category != want.category)
				break;
			add_wide(&sum, &g->amounts);
		}
		if (narrow_amounts(v, &sum, &want.amounts, err) < 0 ||
		    expect(v, &v->stored[level][KIND_TOTAL], &want, err) < 0)
			return -1;
	}
	return 0;
}

/* The slot of this level is complete. */
static int tally_close(struct verification *v, enum level level, struct error *err)
{
	GPtrArray *groups = g_ptr_array_new();
	GHashTableIter it;
	gpointer g;
	int rc;

	g_hash_table_iter_init(&it, v->tally[level].groups);
	while (g_hash_table_iter_next(&it, &g, NULL))
		g_ptr_array_add(groups, g);
	g_ptr_array_sort(groups, group_compare);
	rc = expect_totals(v, level, groups, err);
	if (rc == 0)
		rc = expect_parts(v, level, groups, err);
	g_ptr_array_free(groups, TRUE);
	g_hash_table_remove_all(v->tally[level].groups);
	return rc;
}

static int tally_add(struct verification *v, enum level level, int64_t account, int64_t quarter,
		     const struct group *add_group, struct error *err)
{
	struct tally *t = &v->tally[level];
	int64_t slot = store_slot(level, quarter);
	struct group *g;

	if ((account != t->account || slot != t->slot) && tally_close(v, level, err) < 0)
		return -1;
	t->account = account;
	t->slot = slot;
	g = g_hash_table_lookup(t->groups, add_group);
	if (g) {
		add_wide(&g->amounts, &add_group->amounts);
	} else {
		g = g_memdup2(add_group, sizeof(*add_group));
		g_hash_table_add(t->groups, g);
	}
	return 0;
}

/* ---- postings ---- */

static void hour_text(char ret[static INSTANT_TEXT], int64_t hour)
{
	if (hour < -HOUR_MAX || hour > HOUR_MAX)
		snprintf(ret, INSTANT_TEXT, "%" PRId64, hour);
	else
		instant_format(ret, hour * HOUR_US);
}

/* WANT, HAVE: NULL where there are none. */
static int wrong_hour(struct verification *v, int64_t account, int64_t hour,
		      const struct posting_sum *want, const struct posting_sum *have,
		      struct error *err)
{
	char text[INSTANT_TEXT];

	if (v->repair) {
		v->n++;
		return repair_hour(v->repair,
				   &(struct posting_hour) { account, hour,
							    (struct posted *)v->hour.refs->data,
							    want ? v->hour.refs->len : 0 },
				   err);
	}
	hour_text(text, hour);
	tell(v, "account %" PRId64 ", hour of %s: %s (%" PRId64 " references, %" PRId64 " events)",
	     account, text,
	     have && have->damaged ? "the references to events are damaged"
				   : "the references are not those of the events",
	     have ? have->n : 0, want ? want->n : 0);
	return 0;
}

/*
 * Holds the hour's events against the references to them, and those before it
 * against nothing.
 */
static int close_hour(struct verification *v, bool end, struct error *err)
{
	const struct hour *h = &v->hour;
	const struct posting_sum *have;

	for (;;) {
		int order;

		if (posting_reader_peek(v->postings, &have, err) < 0)
			return -1;
		order = !have                         ? 1
			: end                         ? -1
			: have->account != h->account ? (have->account < h->account ? -1 : 1)
			: have->hour != h->hour       ? (have->hour < h->hour ? -1 : 1)
						      : 0;
		if (order > 0)
			have = NULL;
		if (order >= 0)
			break;
		if (wrong_hour(v, have->account, have->hour, NULL, have, err) < 0)
			return -1;
		posting_reader_pass(v->postings);
	}
	if (end || !h->account)
		return 0;
	if (!have || have->damaged || have->n != h->want.n || have->hash != h->want.hash) {
		if (wrong_hour(v, h->account, h->hour, &h->want, have, err) < 0)
			return -1;
	}
	if (have)
		posting_reader_pass(v->postings);
	return 0;
}

static int add_posting(struct verification *v, int64_t account, const struct posted *p,
		       struct error *err)
{
	int64_t hour = floor_div(p->effective_us, HOUR_US);
	struct hour *h = &v->hour;
	struct posted kept = *p;

	if (account != h->account || hour != h->hour) {
		if (h->account && close_hour(v, false, err) < 0)
			return -1;
		h->account = account;
		h->hour = hour;
		h->want = (struct posting_sum) { 0 };
		g_array_set_size(h->refs, 0);
		arena_reset(&h->arena);
	}
	posting_sum_add(&h->want, p);
	if (!v->repair)
		return 0;
	kept.id = arena_strn(&h->arena, p->id, p->id_len);
	g_array_append_val(h->refs, kept);
	return 0;
}

/* Every late event must be listed among what changed in closed time. */
static int check_late(struct verification *v, int64_t account, const struct posted *p,
		      struct error *err)
{
	struct closing_change c = {
		.account = account,
		.kind = CLOSING_LATE,
		.effective_us = p->effective_us,
		.source = p->source,
		.event = p->id,
		.event_len = p->id_len,
	};
	int rc = store_late_listed(v->st, account, p, err);

	v->late++;
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (v->repair) {
		v->n++;
		return repair_open(v->repair, err) < 0
			       ? -1
			       : store_closing_change_add(v->repair->to, &c, err);
	}
	tell(v, "event %.*s of source %" PRId64 " is late, and not listed as such", (int)p->id_len,
	     p->id, p->source);
	return 0;
}

/* And nothing else. */
static int check_late_count(struct verification *v, struct error *err)
{
	int64_t n;

	if (store_late_count(v->st, &n, err) < 0)
		return -1;
	if (n > v->late)
		tell(v, "%" PRId64 " more late events are listed than there are", n - v->late);
	return 0;
}

static int add_event(struct verification *v, struct stmt *s, struct error *err)
{
	struct group g = {
		.category = db_get_int(s, 2),
		.series = db_get_int(s, 3),
		.has_dimensions = db_get_int(s, 4) != 0,
	};
	struct posted p = { .effective_us = db_get_int(s, 9),
			    .series = g.series,
			    .source = db_get_int(s, 11) };
	int64_t time_us = db_get_int(s, 10);
	struct amounts amounts;

	store_get_amounts(s, 5, &amounts);
	add_amounts(&g.amounts, &amounts);
	p.id = db_get_text(s, 12, &p.id_len);
	if (!v->repair && p.effective_us < time_us)
		tell(v, "event %.*s of source %" PRId64 " takes effect before its own time",
		     (int)p.id_len, p.id, p.source);
	if (!v->repair && (db_get_int(s, 13) != 0) != (p.source == v->own))
		tell(v, "event %.*s of source %" PRId64 ": %s", (int)p.id_len, p.id, p.source,
		     p.source == v->own ? "is no fact of any correction"
					: "is a fact of a correction, but of another source");
	for (int level = 0; level < LEVELS; level++) {
		if (tally_add(v, level, db_get_int(s, 0), db_get_int(s, 1), &g, err) < 0)
			return -1;
	}
	if (p.effective_us > time_us && check_late(v, db_get_int(s, 0), &p, err) < 0)
		return -1;
	return add_posting(v, db_get_int(s, 0), &p, err);
}

static int add_events(struct verification *v, int64_t all, struct error *err)
{
	struct stmt *s = prepare(v->st, EVENTS, err);
	int64_t done = 0;
	int rc;

	while ((rc = db_step(s, err)) > 0) {
		if (add_event(v, s, err) < 0 ||
		    (done % 4096 == 0 && v->repair && repair_pause(v->repair, false, err) < 0)) {
			db_reset(s);
			return -1;
		}
		done++;
		if (v->calls->stopped && done % 4096 == 0 && v->calls->stopped(v->calls->arg)) {
			db_reset(s);
			return error_set(err, ERR_BUSY, NULL, "the verification was stopped");
		}
		if (v->calls->progress && done % 65536 == 0)
			v->calls->progress(v->calls->arg, done, all);
	}
	if (rc == 0 && done != all)
		return error_set(err, ERR_INTERNAL, NULL,
				 "the ledger is damaged: some of its events belong to no series");
	return rc;
}

/* ---- sources and corrections ---- */

static int check_sources(struct verification *v, struct error *err)
{
	int64_t source = INT64_MIN;
	const char *text;
	int rc;

	for (;;) {
		struct stmt *s = prepare(
			v->st, "SELECT source FROM event WHERE source > ?1 ORDER BY source LIMIT 1",
			err);

		db_bind_int(s, 1, source);
		rc = store_one(s, &source, err);
		if (rc <= 0)
			return rc;
		rc = store_source_text(v->st, source, &v->arena, &text, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			tell(v, "events are of the source %" PRId64 ", which doesn't exist",
			     source);
		arena_reset(&v->arena);
	}
}

/* Every fact is called after its correction. */
static int check_facts(struct verification *v, struct error *err)
{
	struct stmt *s = prepare(v->st,
				 "SELECT e.id, c.sid, c.kind FROM event e LEFT JOIN correction c "
				 "ON c.id = e.correction WHERE e.source = ?1",
				 err);
	int rc;

	db_bind_int(s, 1, v->own);
	while ((rc = db_step(s, err)) > 0) {
		const char *id = db_get_str(s, 0, &v->arena), *sid = db_get_str(s, 1, &v->arena);

		if (!sid)
			tell(v, "%s is a fact of a correction that doesn't exist", id);
		else if (strncmp(id, sid, strlen(sid)) != 0 ||
			 (strcmp(id + strlen(sid), CORRECTION_REVERSAL) != 0 &&
			  (db_get_int(s, 2) != CORRECTION_AMEND ||
			   strcmp(id + strlen(sid), CORRECTION_REPLACEMENT) != 0)))
			tell(v, "%s is no fact that the correction %s has", id, sid);
		arena_reset(&v->arena);
	}
	return rc;
}

/* What is known of the corrections of one event, as they are gone through. */
struct chain {
	int64_t source;
	char *event; /* NULL: none yet */
	bool counts; /* something counts, `now`; else it is void */
	struct stored_event now;
};

/* The fact SUFFIX of the correction: 1, or 0 and told. */
static int find_fact(struct verification *v, const char *sid, int64_t correction,
		     const char *suffix, struct stored_event *ret, struct error *err)
{
	const char *id = arena_join(&v->arena, sid, suffix, NULL);
	int rc = store_event_find(v->st, v->own, id, strlen(id), &v->arena, ret, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		tell(v, "the correction %s lacks its fact %s", sid, id);
	else if (ret->correction != correction)
		tell(v, "%s is a fact of another correction than %s", id, sid);
	return rc;
}

static bool reverses(const struct stored_event *reversal, const struct stored_event *e)
{
	const struct amounts *a = &reversal->amounts, *b = &e->amounts;

	return reversal->series == e->series && reversal->time_us == e->time_us &&
	       a->count == -b->count && a->usage == -b->usage && a->price == -b->price &&
	       a->upload == -b->upload;
}

/*
 * The next correction of the same event: takes away what counts, and puts
 * another fact in its place.
 */
static int check_correction(struct verification *v, struct chain *c, int64_t id, const char *sid,
			    bool amends, struct error *err)
{
	struct stored_event reversal;
	int rc = find_fact(v, sid, id, CORRECTION_REVERSAL, &reversal, err);

	if (rc < 0)
		return -1;
	if (!c->counts)
		tell(v, "the correction %s is of an event that was void or isn't there", sid);
	else if (rc && !reverses(&reversal, &c->now))
		tell(v, "the correction %s doesn't take away what the event counted", sid);
	rc = amends ? find_fact(v, sid, id, CORRECTION_REPLACEMENT, &c->now, err) : 0;
	c->counts = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int start_chain(struct verification *v, struct chain *c, int64_t source, const char *event,
		       struct error *err)
{
	int rc;

	arena_reset(&v->arena);
	c->source = source;
	g_free(c->event);
	c->event = g_strdup(event);
	rc = store_event_find(v->st, source, event, strlen(event), &v->arena, &c->now, err);
	c->counts = rc > 0 && !c->now.correction;
	return rc < 0 ? -1 : 0;
}

static int check_next_correction(struct verification *v, struct stmt *s, struct chain *c,
				 struct error *err)
{
	int64_t source = db_get_int(s, 3);
	size_t len;
	const char *event = db_get_text(s, 4, &len);
	char sid[SID_TEXT];

	if ((!c->event || source != c->source || strcmp(event, c->event) != 0) &&
	    start_chain(v, c, source, event, err) < 0)
		return -1;
	snprintf(sid, sizeof(sid), "%s", db_get_text(s, 1, &len));
	return check_correction(v, c, db_get_int(s, 0), sid, db_get_int(s, 2) == CORRECTION_AMEND,
				err);
}

/*
 * In the order of the events that they are of: each takes away what counted
 * then, so all together make what counts now.
 */
static int check_corrections(struct verification *v, struct error *err)
{
	struct stmt *s = prepare(
		v->st,
		"SELECT id, sid, kind, source, event FROM correction ORDER BY source, event, id",
		err);
	struct chain c = { 0 };
	int rc = -1;

	while ((rc = db_step(s, err)) > 0) {
		if (check_next_correction(v, s, &c, err) < 0) {
			db_reset(s);
			rc = -1;
			break;
		}
	}
	g_free(c.event);
	return rc;
}

/* After the last event: what is still open, then what is left over. */
static int finish(struct verification *v, struct error *err)
{
	for (int level = 0; level < LEVELS; level++) {
		if (tally_close(v, level, err) < 0)
			return -1;
		for (int kind = 0; kind < KINDS; kind++) {
			struct stored *t = &v->stored[level][kind];

			while (t->s) {
				if (unexpected(v, t, err) < 0)
					return -1;
			}
		}
	}
	if (v->hour.account && close_hour(v, false, err) < 0)
		return -1;
	return close_hour(v, true, err);
}

static int start(struct verification *v, struct error *err)
{
	for (int level = 0; level < LEVELS; level++) {
		for (int kind = 0; kind < KINDS; kind++) {
			struct stored *t = &v->stored[level][kind];

			t->row.level = level;
			t->s = prepare(v->st, stored_sql[level][kind], err);
			if (!t->s || stored_next(t, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int count_events(struct store *st, int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT count(*) FROM event", err);

	return store_one(s, ret, err) > 0 ? 0 : -1;
}

static void tell_damage(void *arg, const char *words)
{
	tell(arg, "the ledger's file is damaged, restore it from a backup: %s", words);
}

static int verify(struct verification *v, int64_t *ret_events, struct error *err)
{
	int damage;

	if (!v->repair) {
		*ret_events = 0;
		damage = db_damage(v->st->db, tell_damage, v, err);
		/* nothing that is read from such a file could be compared */
		if (damage)
			return damage < 0 ? -1 : 0;
	}
	if (store_source_find(v->st, 0, EVENT_SOURCE_OWN, strlen(EVENT_SOURCE_OWN), &v->own, err) <
		    0 ||
	    count_events(v->st, ret_events, err) < 0 || start(v, err) < 0 ||
	    posting_reader_new(v->st, &v->postings, err) < 0 ||
	    add_events(v, *ret_events, err) < 0 || finish(v, err) < 0)
		return -1;
	if (!v->repair && (check_late_count(v, err) < 0 || check_sources(v, err) < 0 ||
			   check_facts(v, err) < 0 || check_corrections(v, err) < 0))
		return -1;
	if (v->calls->progress)
		v->calls->progress(v->calls->arg, *ret_events, *ret_events);
	return 0;
}

static void prepare_verification(struct verification *v)
{
	for (int level = 0; level < LEVELS; level++)
		v->tally[level].groups = g_hash_table_new_full(group_hash, group_equal, g_free,
							       NULL);
	v->hour.refs = g_array_new(FALSE, FALSE, sizeof(struct posted));
	arena_init(&v->hour.arena);
	arena_init(&v->arena);
}

static void release(struct verification *v)
{
	for (int level = 0; level < LEVELS; level++) {
		g_hash_table_destroy(v->tally[level].groups);
		for (int kind = 0; kind < KINDS; kind++) {
			db_reset(v->stored[level][kind].s);
		}
	}
	posting_reader_free(&v->postings);
	g_array_free(v->hour.refs, TRUE);
	arena_release(&v->hour.arena);
	arena_release(&v->arena);
}

/* All of it in one snapshot. */
static int run(struct verification *v, int64_t *ret_events, struct error *err)
{
	int rc;

	if (store_begin_read(v->st, err) < 0)
		return -1;
	prepare_verification(v);
	rc = verify(v, ret_events, err);
	release(v);
	store_end(v->st);
	return rc;
}

int store_verify(struct store *st, const struct verify_calls *calls, size_t *ret_n,
		 int64_t *ret_events, struct error *err)
{
	struct verification v = { .st = st, .calls = calls };
	int64_t events;

	if (run(&v, &events, err) < 0)
		return -1;
	*ret_n = v.n;
	*ret_events = events;
	return 0;
}

int store_rebuild(struct store *st, struct store *writer, const struct verify_calls *calls,
		  size_t *ret_n, int64_t *ret_events, struct error *err)
{
	struct repair repair = { .from = st, .to = writer };
	struct verification v = { .st = st, .calls = calls, .repair = &repair };
	int64_t events;

	if (repair_begin(&repair, err) < 0)
		return -1;
	if (run(&v, &events, err) < 0 || repair_pause(&repair, true, err) < 0) {
		store_end(writer);
		return -1;
	}
	*ret_n = v.n;
	*ret_events = events;
	return 0;
}
