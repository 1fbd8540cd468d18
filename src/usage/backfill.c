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

enum { READ_TOGETHER = 1000, HOUR_FIRST = 0 };

struct filling {
	const struct admin *a;
	struct declared *d;
	struct declared_list only; /* D alone */
	struct arena arena;        /* of one hour */
	struct account_hour hour;
	struct posting *list;
	size_t n;
	GArray *rollups; /* struct rollup: what moves in the hour */
	int64_t open_us; /* the closed instant of the account */
	int64_t family;  /* its main account */
};

/* ---- one event ---- */

/* Finds or makes the series that S is with the value. */
static int with_value(struct filling *f, const struct series *s, const struct intern_value *value,
		      int64_t *ret_id, struct error *err)
{
	struct dimension_intern v = { .value = { s->account, f->d->dimension, value->text,
						 value->len } };
	struct series_intern series = { .series = *s };

	if (store_dimensions_intern(f->a->st, &v, 1, err) < 0)
		return -1;
	series.series.dim[f->d->dimension] = v.id;
	if (store_series_intern(f->a->st, &series, 1, err) < 0)
		return -1;
	*ret_id = series.id;
	return 0;
}

static void move_amounts(struct filling *f, const struct stored_event *e, const struct series *s,
			 int64_t series, int64_t to)
{
	struct rollup moved = { .level = LEVEL_QUARTER,
				.family = f->family,
				.account = s->account,
				.category = s->category,
				.series = dimensions_any(s->dim) ? series : 0,
				.slot = slot_of_instant(e->effective_us),
				.amounts = amounts_negated(&e->amounts) };

	g_array_append_val(f->rollups, moved);
	moved.series = to;
	moved.amounts = e->amounts;
	g_array_append_val(f->rollups, moved);
}

/*
 * Lists the account among the changes in closed time, once for the dimension.
 */
static int note_closed(struct filling *f, int64_t effective_us, struct error *err)
{
	const char *reason = arena_join(&f->arena, "dimension ", f->d->name, NULL);
	struct closing_change change = { .account = f->hour.account,
					 .at = admin_now(f->a),
					 .kind = CLOSING_FILLED,
					 .effective_us = effective_us,
					 .event = "",
					 .author = f->a->author,
					 .reason = reason };
	int rc;

	if (effective_us >= f->open_us)
		return 0;
	rc = store_change_listed(f->a->st, f->hour.account, CLOSING_FILLED, reason, err);
	return rc ? (rc < 0 ? -1 : 0) : store_closing_change_add(f->a->st, &change, err);
}

/*
 * Moves the event of posting P. 1 moved, 0 it has no value or has it already.
 */
static int fill_event(struct filling *f, const struct found_event *found, struct posting *p,
		      struct error *err)
{
	const struct stored_event *e = &found->event;
	struct declared_values values;
	int64_t id;

	declared_read(&f->only, e->attributes, e->attributes_len, &values);
	if (!e->series || !values.n)
		return 0;
	if (with_value(f, &found->series, &values.list[0], &id, err) < 0)
		return -1;
	if (id == e->series)
		return 0;
	if (store_event_refile(f->a->st, &(struct event_key) { p->source, p->id, p->id_len }, id,
			       err) < 0 ||
	    note_closed(f, e->effective_us, err) < 0)
		return -1;
	move_amounts(f, e, &found->series, e->series, id);
	p->series = id;
	f->d->fill.filled++;
	return 1;
}

/* ---- one hour ---- */

/* Moves the events of N postings. Returns how many were moved, or -1. */
static int fill_some(struct filling *f, struct posting *list, size_t n, struct error *err)
{
	struct event_key *keys = arena_array(&f->arena, struct event_key, n);
	struct found_event *found = arena_array(&f->arena, struct found_event, n);
	int moved = 0;

	for (size_t i = 0; i < n; i++)
		keys[i] = (struct event_key) { list[i].source, list[i].id, list[i].id_len };
	if (store_events_read(f->a->st, &(struct event_keys) { keys, n, true }, &f->arena, found,
			      err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int rc = fill_event(f, &found[i], &list[i], err);

		if (rc < 0)
			return -1;
		moved += rc;
	}
	return moved;
}

static int fill_hour(struct filling *f, struct error *err)
{
	int moved = 0;

	g_array_set_size(f->rollups, 0);
	for (size_t i = 0; i < f->n; i += READ_TOGETHER) {
		size_t n = f->n - i < READ_TOGETHER ? f->n - i : READ_TOGETHER;
		int rc = fill_some(f, f->list + i, n, err);

		if (rc < 0)
			return -1;
		moved += rc;
	}
	if (!moved)
		return 0;
	if (store_rollups_add(f->a->st, (const struct rollup *)f->rollups->data, f->rollups->len,
			      err) < 0 ||
	    store_family_change_set(f->a->st, f->hour.account,
				    floor_div(f->a->now_us, USEC_PER_SEC), err) < 0)
		return -1;
	return store_postings_refile(f->a->st, &f->hour, f->list, f->n, err);
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

static int read_hour(struct filling *f, struct error *err)
{
	const struct fill *fill = &f->d->fill;

	struct account account = { 0 };

	arena_reset(&f->arena);
	f->hour = (struct account_hour) { fill->account, fill->hour };
	if (store_account_by_id(f->a->st, fill->account, &f->arena, &account, err) < 0 ||
	    closing_open_us(f->a->st, fill->account, &f->open_us, err) < 0 ||
	    store_postings(f->a->st, &f->hour, &f->arena, &f->list, &f->n, err) < 0)
		return -1;
	f->family = account.parent;
	return 0;
}

static int fill_hours(struct filling *f, size_t events, bool *ret_done, struct error *err)
{
	enum next next = NEXT_ACCOUNT;

	for (size_t n = 0; n < events && next > NEXT_NONE; n++) {
		next = next_hour(f, err);
		if (next != NEXT_HOUR)
			continue;
		if (read_hour(f, err) < 0 || fill_hour(f, err) < 0)
			return -1;
		n += f->n;
		f->d->fill.hour++;
	}
	*ret_done = next == NEXT_NONE;
	return next == NEXT_FAILED ? -1 : 0;
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
	f.rollups = g_array_new(FALSE, FALSE, sizeof(struct rollup));
	rc = store_refile_begin(a->st, err) < 0 || fill_hours(&f, events, ret_done, err) < 0 ||
			     (*ret_done
				      ? finish(a, d, err)
				      : store_declared_fill(a->st, d->dimension, &d->fill, err)) < 0
		     ? -1
		     : 0;
	g_array_free(f.rollups, TRUE);
	arena_release(&f.arena);
	return rc;
}
