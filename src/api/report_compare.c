/*
 * report_compare.c - what a report is compared with: all of it with the days before, each of its periods with the period before.
 */
#include <glib.h>
#include <string.h>

#include "api/range.h"
#include "api/report_parts.h"
#include "base/banned.h"

enum { HOUR_SEC = 3600 };

static struct date day_before(struct date d)
{
	return date_from_days(date_to_days(d) - 1);
}

struct days report_slot_days(const struct asked *a, const struct report *r, size_t slot)
{
	return (struct days){ zone_date(a->question.zone, r->starts[slot]), zone_date(a->question.zone, r->starts[slot + 1] - 1) };
}

/* Does the period that D lies in go on after it? */
static bool goes_on(const struct asked *a, struct date d)
{
	enum period p = a->question.period;

	return date_compare(period_step(p, period_first(p, d), 1), date_from_days(date_to_days(d) + 1)) > 0;
}

/* The same days of the period before; of a period that ends with DAYS.last up to the end of the one before. */
static struct days period_before(const struct asked *a, struct days days)
{
	enum period p = a->question.period;
	struct date first = period_first(p, days.first);

	if (p == PERIOD_DAY)
		return (struct days){ day_before(days.first), day_before(days.last) };
	return (struct days){ period_step(p, days.first, -1), goes_on(a, days.last) ? period_step(p, days.last, -1) : day_before(first) };
}

bool report_compare_days(struct asked *a, int cycle_day)
{
	if (!report_days_before(a->first, a->last, a->year_earlier, cycle_day, &a->before.first, &a->before.last))
		return false;
	return !a->slots || a->year_earlier || date_valid(period_step(a->question.period, a->first, -1));
}

struct days report_slot_before(const struct asked *a, const struct report *r, size_t slot)
{
	struct days days = report_slot_days(a, r, slot);

	if (!a->year_earlier)
		return period_before(a, days);
	report_days_before(days.first, days.last, true, 1, &days.first, &days.last);
	return days;
}

/* The question A, of other days and with slots of PERIOD. */
static int load(const struct call *call, const struct asked *a, struct days days, enum period period, struct report *ret, struct error *err)
{
	struct report_question q = a->question;

	q.period = period;
	range_instants(call, days.first, days.last, &q.from, &q.to);
	return report_load(call->store, call->catalogue, &q, call->arena, ret, err);
}

static int load_hour_before(const struct call *call, const struct asked *a, struct report *ret, struct error *err)
{
	struct report_question q = a->question;

	q.period = PERIOD_ALL;
	q.to = q.from;
	q.from -= HOUR_SEC;
	return report_load(call->store, call->catalogue, &q, call->arena, ret, err);
}

static int load_edge(const struct call *call, const struct asked *a, const struct report *r, size_t slot, struct earlier *ret, struct error *err)
{
	struct report *before = &ret->edges[ret->n_edges].before;

	ret->edges[ret->n_edges++].slot = slot;
	if (a->question.period == PERIOD_HOUR)
		return load_hour_before(call, a, before, err);
	return load(call, a, report_slot_before(a, r, slot), PERIOD_ALL, before, err);
}

/* The first slot has none before it; the second one has only a part if the first is cut; of the last, if it is cut short, less is compared. */
static int load_edges(const struct call *call, const struct asked *a, const struct report *r, struct earlier *ret, struct error *err)
{
	size_t last = r->n_slots - 1;
	bool days = a->question.period != PERIOD_HOUR;
	struct date first = report_slot_days(a, r, 0).first;
	bool begins_inside = days && date_compare(period_first(a->question.period, first), first) != 0;
	bool ends_inside = days && goes_on(a, report_slot_days(a, r, last).last);

	if (load_edge(call, a, r, 0, ret, err) < 0)
		return -1;
	if (last > 0 && begins_inside && load_edge(call, a, r, 1, ret, err) < 0)
		return -1;
	return last > (begins_inside ? 1 : 0) && ends_inside ? load_edge(call, a, r, last, ret, err) : 0;
}

int report_earlier_load(const struct call *call, const struct asked *a, const struct report *r, struct earlier *ret, struct error *err)
{
	*ret = (struct earlier){ .n_edges = 0 };
	if (!a->compared)
		return 0;
	if (load(call, a, a->before, PERIOD_ALL, &ret->whole, err) < 0)
		return -1;
	if (!a->slots || !r->n_slots)
		return 0;
	if (a->year_earlier)
		return load(call, a, a->before, a->question.period, &ret->slots, err);
	return load_edges(call, a, r, ret, err);
}

/* ---- finding a line again in another report ---- */

static guint hash_line(gconstpointer line)
{
	const struct report_line *l = line;

	return g_str_hash(l->key) ^ (l->account ? g_int64_hash(&l->account->id) : 0);
}

static gboolean same_line(gconstpointer a, gconstpointer b)
{
	const struct report_line *x = a, *y = b;

	return strcmp(x->key, y->key) == 0 && (x->account ? x->account->id : 0) == (y->account ? y->account->id : 0);
}

static GHashTable *index_lines(const struct report *r)
{
	GHashTable *lines = g_hash_table_new(hash_line, same_line);

	for (size_t i = 0; i < r->n_lines; i++)
		g_hash_table_add(lines, r->lines[i]);
	return lines;
}

/* The reports of EARLIER, with indexes of their lines. */
struct lookup {
	const struct earlier *earlier;
	GHashTable *whole, *slots, *edges[EARLIER_EDGES];
};

static struct lookup lookup_new(const struct earlier *e)
{
	struct lookup l = { e, index_lines(&e->whole), index_lines(&e->slots), { NULL } };

	for (size_t i = 0; i < e->n_edges; i++)
		l.edges[i] = index_lines(&e->edges[i].before);
	return l;
}

static void lookup_free(struct lookup *l)
{
	g_hash_table_destroy(l->whole);
	g_hash_table_destroy(l->slots);
	for (size_t i = 0; i < l->earlier->n_edges; i++)
		g_hash_table_destroy(l->edges[i]);
}

/* What LINE cost in the whole report that LINES indexes; LINE &report_nothing: all of them. */
static wide price_in(const struct report *r, GHashTable *lines, const struct report_line *line)
{
	const struct report_line *same = line == &report_nothing ? NULL : g_hash_table_lookup(lines, line);

	return line == &report_nothing ? r->all.price : same ? same->all.price : 0;
}

static wide price_of_slot(const struct report *r, const struct report_line *line, size_t slot)
{
	wide sum = 0;

	if (line && line != &report_nothing)
		return line->slots[slot].price;
	for (size_t i = 0; i < r->n_lines && line; i++)
		sum += r->lines[i]->slots[slot].price;
	return sum;
}

/* The slot of R that begins at START, or -1. */
static int64_t slot_at(const struct report *r, int64_t start)
{
	for (size_t i = 0; i < r->n_slots; i++)
		if (r->starts[i] == start)
			return (int64_t)i;
	return -1;
}

/* What LINE cost in the slot a year before the one of R. */
static wide price_year_earlier(const struct lookup *l, const struct asked *a, const struct report *r, const struct report_line *line, size_t slot)
{
	const struct report *slots = &l->earlier->slots;
	const struct report_line *same = line == &report_nothing ? line : g_hash_table_lookup(l->slots, line);
	int64_t at = (int64_t)slot < (int64_t)slots->n_slots ? (int64_t)slot : -1;

	if (a->question.period != PERIOD_HOUR)
		at = slot_at(slots, zone_day_start(a->question.zone, report_slot_before(a, r, slot).first));
	return at < 0 ? 0 : price_of_slot(slots, same, (size_t)at);
}

static wide price_before(const struct lookup *l, const struct asked *a, const struct report *r, const struct report_line *line, int64_t slot)
{
	const struct earlier *e = l->earlier;

	if (!a->compared)
		return 0;
	if (slot < 0)
		return price_in(&e->whole, l->whole, line);
	if (a->year_earlier)
		return price_year_earlier(l, a, r, line, (size_t)slot);
	for (size_t i = 0; i < e->n_edges; i++)
		if ((int64_t)e->edges[i].slot == slot)
			return price_in(&e->edges[i].before, l->edges[i], line);
	return price_of_slot(r, line, (size_t)slot - 1);
}

/* ---- the lines ---- */

const struct report_line report_nothing = { .key = "", .category = CATALOGUE_NONE };

static const struct totals no_totals;

static bool is_used(const struct report *r, size_t slot)
{
	for (size_t i = 0; i < r->n_lines; i++)
		if (!report_is_zero(&r->lines[i]->slots[slot]))
			return true;
	return false;
}

size_t report_slots_shown(const struct call *call, const struct report *r)
{
	size_t n = r->n_slots;

	while (n > 1 && r->starts[n - 1] > call->now && !is_used(r, n - 1))
		n--;
	return n;
}

struct items report_items(const struct call *call, const struct asked *a, const struct report *r, const struct earlier *before)
{
	struct items items = { .list = arena_array(call->arena, struct item, (r->n_lines + 1) * (a->slots ? r->n_slots : 1)) };
	int64_t slots = a->slots ? (int64_t)report_slots_shown(call, r) : 0;
	struct lookup l = lookup_new(before);

	for (int64_t slot = a->slots ? 0 : -1; slot < slots; slot++) {
		size_t n = items.n;

		for (size_t i = 0; i < r->n_lines; i++) {
			const struct report_line *line = r->lines[i];
			const struct totals *totals = slot < 0 ? &line->all : &line->slots[slot];

			if (!report_is_zero(totals))
				items.list[items.n++] = (struct item){ line, slot, totals, price_before(&l, a, r, line, slot) };
		}
		if (items.n == n && slot >= 0 && r->n_lines)
			items.list[items.n++] = (struct item){ &report_nothing, slot, &no_totals, price_before(&l, a, r, &report_nothing, slot) };
	}
	lookup_free(&l);
	return items;
}
