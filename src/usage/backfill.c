#include "usage/backfill.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "base/civil.h"
#include "store/account.h"
#include "store/closing.h"
#include "store/declared.h"
#include "store/event_read.h"
#include "store/family_change.h"
#include "store/refile.h"
#include "store/rollup.h"
#include "store/series.h"
#include "usage/admin_internal.h"
#include "usage/closing.h"
#include "usage/declared_values.h"
#include "base/banned.h"

/* Events of one account that are read and moved together. */
enum { READ_TOGETHER = 1000, HOUR_FIRST = 0 };

struct filling {
	const struct admin *a;
	struct declared *d;
	struct declared_list only; /* D alone */
	struct arena arena;        /* of the events that are read together */
	GArray *hours;             /* struct hour: of the account */
	GArray *postings;          /* struct posting: of all hours */
	GArray *rollups;           /* struct rollup: what moves */
	int64_t account;           /* 0: no account was read */
	int64_t open_us;           /* the closed instant of the account */
	int64_t family;            /* its main account */
	bool noted;                /* it is among the changes in closed time */
};

struct hour {
	int64_t hour;
	guint first, n; /* of the postings */
};

static struct posting *posting_at(const struct filling *f, guint i)
{
	return &g_array_index(f->postings, struct posting, i);
}

/* ---- events ---- */

/* An event that has a value. */
struct series_move {
	struct posting *posting;
	const struct found_event *found;
	size_t value, series; /* where they stand in the lists */
};

/* What events need: each value and each series once. Memory is in ARENA. */
struct moves {
	struct arena *arena;
	struct series_move *list;
	size_t n;
	struct dimension_intern *values;
	size_t n_values;
	struct series_intern *series;
	size_t n_series;
	/* places in a list, from 1: of values by text, of series by themselves */
	GHashTable *value_places, *series_places;
};

static guint series_hash(gconstpointer p)
{
	const struct series *s = p;
	uint64_t hash = (uint64_t)s->category;

	for (int d = 0; d < DIMENSIONS; d++)
		hash = (hash ^ (uint64_t)s->dim[d]) * 0x9e3779b97f4a7c15u;
	return (guint)(hash >> 32);
}

static gboolean series_equal(gconstpointer a, gconstpointer b)
{
	const struct series *x = a, *y = b;

	return x->account == y->account && x->category == y->category &&
	       memcmp(x->dim, y->dim, sizeof(x->dim)) == 0;
}

static void moves_init(struct moves *m, struct arena *arena, size_t n)
{
	*m = (struct moves) { .arena = arena,
			      .list = arena_array(arena, struct series_move, n),
			      .values = arena_array(arena, struct dimension_intern, n),
			      .series = arena_array(arena, struct series_intern, n),
			      .value_places = g_hash_table_new(g_str_hash, g_str_equal),
			      .series_places = g_hash_table_new(series_hash, series_equal) };
}

/* The place of KEY in a list of *N, to whose end it is added if it is new: then *N grows. */
static size_t place_of(GHashTable *places, const void *key, size_t *n)
{
	size_t place = GPOINTER_TO_SIZE(g_hash_table_lookup(places, key));

	if (!place) {
		place = ++*n;
		g_hash_table_insert(places, (void *)key, GSIZE_TO_POINTER(place));
	}
	return place - 1;
}

/* Lists the event, if it has a value. */
static void want_value(struct filling *f, struct moves *m, const struct found_event *found,
		       struct posting *p)
{
	const struct stored_event *e = &found->event;
	struct series_move *move = &m->list[m->n];
	struct declared_values values;
	const char *text;

	declared_read(&f->only, e->attributes, e->attributes_len, &values);
	if (!e->series || !values.n)
		return;
	text = arena_strn(m->arena, values.list[0].text, values.list[0].len);
	*move = (struct series_move) { .posting = p, .found = found };
	move->value = place_of(m->value_places, text, &m->n_values);
	m->values[move->value].value = (struct dimension_value) { found->series.account,
								  f->d->dimension, text,
								  values.list[0].len };
	m->n++;
}

/* Lists the series of each event with the value. */
static void want_series(struct filling *f, struct moves *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct series_move *move = &m->list[i];
		struct series *want = &m->series[m->n_series].series;

		*want = move->found->series;
		want->dim[f->d->dimension] = m->values[move->value].id;
		move->series = place_of(m->series_places, want, &m->n_series);
	}
}

static int find_series(struct filling *f, struct moves *m, struct error *err)
{
	if (store_dimensions_intern(f->a->st, m->values, m->n_values, err) < 0)
		return -1;
	want_series(f, m);
	return store_series_intern(f->a->st, m->series, m->n_series, err);
}

static void move_amounts(struct filling *f, const struct found_event *found, int64_t to)
{
	const struct series *s = &found->series;
	struct rollup moved = { .level = LEVEL_QUARTER,
				.family = f->family,
				.account = s->account,
				.category = s->category,
				.series = dimensions_any(s->dim) ? found->event.series : 0,
				.slot = slot_of_instant(found->event.effective_us),
				.amounts = amounts_negated(&found->event.amounts) };

	g_array_append_val(f->rollups, moved);
	moved.series = to;
	moved.amounts = found->event.amounts;
	g_array_append_val(f->rollups, moved);
}

/*
 * Lists the account among the changes in closed time, once for the dimension.
 */
static int note_closed(struct filling *f, int64_t effective_us, struct error *err)
{
	const char *reason = arena_join(&f->arena, "dimension ", f->d->name, NULL);
	struct closing_change change = { .account = f->account,
					 .at = admin_now(f->a),
					 .kind = CLOSING_FILLED,
					 .effective_us = effective_us,
					 .event = "",
					 .author = f->a->author,
					 .reason = reason };
	int rc;

	if (effective_us >= f->open_us || f->noted)
		return 0;
	f->noted = true;
	rc = store_change_listed(f->a->st, f->account, CLOSING_FILLED, reason, err);
	return rc ? (rc < 0 ? -1 : 0) : store_closing_change_add(f->a->st, &change, err);
}

static int move_event(struct filling *f, const struct series_move *move, int64_t series,
		      struct error *err)
{
	struct posting *p = move->posting;

	if (series == move->found->event.series)
		return 0;
	if (store_event_refile(f->a->st, &(struct event_key) { p->source, p->id, p->id_len },
			       series, err) < 0 ||
	    note_closed(f, move->found->event.effective_us, err) < 0)
		return -1;
	move_amounts(f, move->found, series);
	p->series = series;
	f->d->fill.filled++;
	return 0;
}

static int move_all(struct filling *f, const struct found_event *found, struct posting *list,
		    size_t n, struct error *err)
{
	struct moves m;
	int rc;

	moves_init(&m, &f->arena, n);
	for (size_t i = 0; i < n; i++)
		want_value(f, &m, &found[i], &list[i]);
	rc = m.n ? find_series(f, &m, err) : 0;
	for (size_t i = 0; i < m.n && rc == 0; i++)
		rc = move_event(f, &m.list[i], m.series[m.list[i].series].id, err);
	g_hash_table_destroy(m.value_places);
	g_hash_table_destroy(m.series_places);
	return rc;
}

/* Moves the events of N postings. */
static int fill_some(struct filling *f, struct posting *list, size_t n, struct error *err)
{
	struct event_key *keys = arena_array(&f->arena, struct event_key, n);
	struct found_event *found = arena_array(&f->arena, struct found_event, n);

	for (size_t i = 0; i < n; i++)
		keys[i] = (struct event_key) { list[i].source, list[i].id, list[i].id_len };
	if (store_events_read(f->a->st,
			      &(struct event_keys) { .list = keys, .n = n, .attributes = true },
			      &f->arena, found, err) < 0)
		return -1;
	return move_all(f, found, list, n, err);
}

/* ---- the hours that are read together ---- */

static int refile_hours(struct filling *f, struct error *err)
{
	for (guint i = 0; i < f->hours->len; i++) {
		const struct hour *h = &g_array_index(f->hours, struct hour, i);
		const struct account_hour hour = { f->account, h->hour };

		if (store_postings_refile(f->a->st, &hour, posting_at(f, h->first), h->n, err) < 0)
			return -1;
	}
	return 0;
}

static int store_moved(struct filling *f, struct error *err)
{
	if (!f->rollups->len)
		return 0;
	if (store_rollups_add(f->a->st, (const struct rollup *)f->rollups->data, f->rollups->len,
			      err) < 0 ||
	    store_family_change_set(f->a->st, f->family, floor_div(f->a->now_us, USEC_PER_SEC),
				    err) < 0)
		return -1;
	return refile_hours(f, err);
}

/* Moves the events of the hours that were read. */
static int fill_hours_read(struct filling *f, struct error *err)
{
	int rc = 0;

	g_array_set_size(f->rollups, 0);
	for (guint i = 0; i < f->postings->len && rc == 0; i += READ_TOGETHER)
		rc = fill_some(f, posting_at(f, i), MIN(f->postings->len - i, READ_TOGETHER), err);
	if (rc == 0)
		rc = store_moved(f, err);
	g_array_set_size(f->hours, 0);
	g_array_set_size(f->postings, 0);
	arena_reset(&f->arena);
	return rc;
}

/* ---- all hours ---- */

enum next { NEXT_FAILED = -1, NEXT_NONE, NEXT_HOUR, NEXT_ACCOUNT };

/*
 * Moves to the next hour with events in this account, else to the next account.
 */
static enum next next_hour(struct filling *f, struct error *err)
{
	struct fill *fill = &f->d->fill;
	struct store *st = f->a->st;
	int rc = fill->account ? store_posting_hour(st, fill->account, fill->hour, false,
						    &fill->hour, err)
			       : 0;

	if (rc)
		return rc < 0 ? NEXT_FAILED : NEXT_HOUR;
	fill->hour = HOUR_FIRST;
	rc = store_refile_account(st, fill->account, &fill->account, err);
	return rc < 0 ? NEXT_FAILED : rc ? NEXT_ACCOUNT : NEXT_NONE;
}

static int read_account(struct filling *f, struct error *err)
{
	int64_t id = f->d->fill.account;
	struct account account = { 0 };

	if (f->account == id)
		return 0;
	if (store_account_by_id(f->a->st, id, &f->arena, &account, err) < 0 ||
	    closing_open_us(f->a->st, id, &f->open_us, err) < 0)
		return -1;
	f->account = id;
	f->family = account.parent ? account.parent : id;
	f->noted = false;
	return 0;
}

/* Adds the number of its events to *N_EVENTS. */
static int read_hour(struct filling *f, size_t *n_events, struct error *err)
{
	const struct account_hour hour = { f->d->fill.account, f->d->fill.hour };
	struct hour read = { .hour = hour.hour, .first = f->postings->len };
	struct posting *list;
	size_t n;

	if (read_account(f, err) < 0 ||
	    store_postings(f->a->st, &hour, &f->arena, &list, &n, err) < 0)
		return -1;
	read.n = (guint)n;
	*n_events += n;
	g_array_append_vals(f->postings, list, read.n);
	g_array_append_val(f->hours, read);
	return 0;
}

static int fill_hours(struct filling *f, size_t events, bool *ret_done, struct error *err)
{
	enum next next = NEXT_ACCOUNT;

	for (size_t n = 0; n < events && next > NEXT_NONE; n++) {
		next = next_hour(f, err);
		if (next == NEXT_HOUR) {
			if (read_hour(f, &n, err) < 0)
				return -1;
			f->d->fill.hour++;
		}
		if ((next != NEXT_HOUR || f->postings->len >= READ_TOGETHER) &&
		    fill_hours_read(f, err) < 0)
			return -1;
	}
	*ret_done = next == NEXT_NONE;
	return next == NEXT_FAILED ? -1 : fill_hours_read(f, err);
}

static int finish(const struct admin *a, struct declared *d, struct error *err)
{
	d->fill.state = FILL_DONE;
	if (store_declared_fill(a->st, d->dimension, &d->fill, err) < 0)
		return -1;
	return admin_audit(a, "dimension.filled", d->name,
			   arena_printf(a->arena, "in %" PRId64 " events", d->fill.filled), err);
}

int backfill_begin(const struct admin *a, const char *name, struct declared *ret, bool *ret_done,
		   struct error *err)
{
	if (admin_dimension_find(a, name, ret, err) < 0)
		return -1;
	*ret_done = ret->fill.state == FILL_DONE;
	if (ret->fill.state != FILL_NONE)
		return 0;
	ret->fill = (struct fill) { .state = FILL_BEGUN };
	if (store_declared_fill(a->st, ret->dimension, &ret->fill, err) < 0)
		return -1;
	return admin_audit(a, "dimension.backfill", name,
			   arena_join(a->arena, "from the attribute ", ret->attribute, NULL), err);
}

int backfill_step(const struct admin *a, struct declared *d, size_t events, bool *ret_done,
		  struct error *err)
{
	struct filling f = { .a = a, .d = d, .only = { .list = d, .n = 1 } };
	int rc;

	arena_init(&f.arena);
	f.hours = g_array_new(FALSE, FALSE, sizeof(struct hour));
	f.postings = g_array_new(FALSE, FALSE, sizeof(struct posting));
	f.rollups = g_array_new(FALSE, FALSE, sizeof(struct rollup));
	rc = store_refile_begin(a->st, err) < 0 || fill_hours(&f, events, ret_done, err) < 0 ||
			     (*ret_done
				      ? finish(a, d, err)
				      : store_declared_fill(a->st, d->dimension, &d->fill, err)) < 0
		     ? -1
		     : 0;
	g_array_free(f.hours, TRUE);
	g_array_free(f.postings, TRUE);
	g_array_free(f.rollups, TRUE);
	arena_release(&f.arena);
	return rc;
}
