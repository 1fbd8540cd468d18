/*
 * report_compare.c - compares a report with earlier ones: the whole range with
 * the days before, each slot with the slot before.
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
	return (struct days) { zone_date(a->question.zone, r->starts[slot]),
			       zone_date(a->question.zone, r->starts[slot + 1] - 1) };
}

/* Does the period that contains D end later than D? */
static bool goes_on(const struct asked *a, struct date d)
{
	enum period p = a->question.period;

	return date_compare(period_step(p, period_first(p, d), 1),
			    date_from_days(date_to_days(d) + 1)) > 0;
}

/*
 * The same days of the previous period. If DAYS end with a period, the result
 * also ends with a period.
 */
static struct days period_before(const struct asked *a, struct days days)
{
	enum period p = a->question.period;
	struct date first = period_first(p, days.first);

	if (p == PERIOD_DAY)
		return (struct days) { day_before(days.first), day_before(days.last) };
	return (struct days) { period_step(p, days.first, -1),
			       goes_on(a, days.last) ? period_step(p, days.last, -1)
						     : day_before(first) };
}

bool report_compare_days(struct asked *a, int cycle_day)
{
	enum days_before rule = a->year_earlier ? BEFORE_A_YEAR
				: a->one_day    ? BEFORE_JUST_BEFORE
						: BEFORE_BY_CALENDAR;

	if (!report_days_before(a->first, a->last, rule, cycle_day, &a->before.first,
				&a->before.last))
		return false;
	return !a->slots || a->year_earlier ||
	       date_valid(period_step(a->question.period, a->first, -1));
}

struct days report_slot_before(const struct asked *a, const struct report *r, size_t slot)
{
	struct days days = report_slot_days(a, r, slot);

	if (!a->year_earlier)
		return period_before(a, days);
	report_days_before(days.first, days.last, BEFORE_A_YEAR, 1, &days.first, &days.last);
	return days;
}

/* The query of A, but for other days and with slots of PERIOD. */
static struct report_query question_of(const struct request *rq, const struct asked *a,
				       struct days days, enum period period)
{
	struct report_query q = a->question;

	if (date_compare(a->end, days.last) < 0)
		days.last = date_compare(a->end, days.first) < 0 ? days.first : a->end;
	q.period = period;
	range_instants(rq, days.first, days.last, &q.from, &q.to);
	return q;
}

static int load(const struct request *rq, const struct asked *a, struct days days,
		enum period period, struct report *ret, struct error *err)
{
	struct report_query q = question_of(rq, a, days, period);

	return report_load(rq->store, rq->catalogue, &q, rq->arena, ret, err);
}

/* Loads the report with the slots of A. */
static int load_cells(const struct request *rq, const struct asked *a, struct days days,
		      struct report *ret, struct error *err)
{
	struct report_query q = question_of(rq, a, days, a->question.period);

	return report_load_cells(rq->store, rq->catalogue, &q, rq->arena, ret, err);
}

static int load_hour_before(const struct request *rq, const struct asked *a, struct report *ret,
			    struct error *err)
{
	struct report_query q = a->question;

	q.period = PERIOD_ALL;
	q.to = q.from;
	q.from -= HOUR_SEC;
	return report_load(rq->store, rq->catalogue, &q, rq->arena, ret, err);
}

static int load_edge(const struct request *rq, const struct asked *a, const struct report *r,
		     size_t slot, struct earlier *ret, struct error *err)
{
	struct report *before = &ret->edges[ret->n_edges].before;

	ret->edges[ret->n_edges++].slot = slot;
	if (a->question.period == PERIOD_HOUR)
		return load_hour_before(rq, a, before, err);
	return load(rq, a, report_slot_before(a, r, slot), PERIOD_ALL, before, err);
}

/*
 * Loads the slots for comparison that are not slots of the range: the slot
 * before the first one; if the first slot is cut, the whole slot before the
 * second; if the last slot is cut, an equally long part of the last but one.
 */
static int load_edges(const struct request *rq, const struct asked *a, const struct report *r,
		      struct earlier *ret, struct error *err)
{
	size_t last = r->n_buckets - 1;
	bool days = a->question.period != PERIOD_HOUR;
	struct date first = report_slot_days(a, r, 0).first;
	bool begins_inside = days &&
			     date_compare(period_first(a->question.period, first), first) != 0;
	bool ends_inside = days && goes_on(a, report_slot_days(a, r, last).last);

	if (load_edge(rq, a, r, 0, ret, err) < 0)
		return -1;
	if (last > 0 && begins_inside && load_edge(rq, a, r, 1, ret, err) < 0)
		return -1;
	return last > (begins_inside ? 1 : 0) && ends_inside ? load_edge(rq, a, r, last, ret, err)
							     : 0;
}

int report_earlier_load(const struct request *rq, const struct asked *a, const struct report *r,
			struct earlier *ret, struct error *err)
{
	*ret = (struct earlier) { .n_edges = 0 };
	if (!a->compared)
		return 0;
	if (load(rq, a, a->before, PERIOD_ALL, &ret->whole, err) < 0)
		return -1;
	if (!a->slots || !r->n_buckets)
		return 0;
	if (a->year_earlier)
		return load_cells(rq, a, a->before, &ret->slots, err);
	return load_edges(rq, a, r, ret, err);
}

/* ---- finding a line again in another report ---- */

/*
 * Hashes a line: by ids for values of a dimension, otherwise by key and
 * `second`, which have been read.
 */
static guint hash_line(gconstpointer line)
{
	const struct report_line *l = line;

	return (l->member ? g_int64_hash(&l->member) : g_str_hash(l->key)) * 31u +
	       (l->second_member ? g_int64_hash(&l->second_member) : g_str_hash(l->second));
}

static bool same_value(const char *a, int64_t a_member, const char *b, int64_t b_member)
{
	return a_member || b_member ? a_member == b_member : strcmp(a, b) == 0;
}

static gboolean same_line(gconstpointer a, gconstpointer b)
{
	const struct report_line *x = a, *y = b;

	return same_value(x->key, x->member, y->key, y->member) &&
	       same_value(x->second, x->second_member, y->second, y->second_member) &&
	       (x->account ? x->account->id : 0) == (y->account ? y->account->id : 0);
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

/*
 * The cost of LINE in the whole report R, whose lines LINES indexes. For
 * &report_nothing, the cost of all lines.
 */
static wide price_in(const struct report *r, GHashTable *lines, const struct report_line *line)
{
	const struct report_line *same = line == &report_nothing ? NULL
								 : g_hash_table_lookup(lines, line);

	return line == &report_nothing ? r->all.price : same ? same->all.price : 0;
}

/* ---- prices of one slot ---- */

/* The cost of each line in one slot of a report with cells. */
struct slot_prices {
	const struct report *report;
	/*
	 * the index of the report's lines; NULL: looked-up lines are of this
	 * report
	 */
	GHashTable *lines;
	int64_t slot; /* -1: none */
	/* the first cell after SLOT; slots are visited in ascending order */
	size_t next;
	wide *price; /* by line number; valid if SET has the slot */
	int64_t *set;
};

static struct slot_prices prices_of(const struct request *rq, const struct report *r,
				    GHashTable *lines)
{
	struct slot_prices p = { .report = r, .lines = lines, .slot = -1 };

	p.price = arena_array(rq->arena, wide, r->n_lines + 1);
	p.set = arena_array(rq->arena, int64_t, r->n_lines + 1);
	for (size_t i = 0; i < r->n_lines; i++)
		p.set[i] = -1;
	return p;
}

/* Moves forward to SLOT; -1: there is no such slot. */
static void prices_at(struct slot_prices *p, int64_t slot)
{
	const struct report *r = p->report;

	p->slot = slot;
	while (p->next < r->n_cells && (int64_t)r->cells[p->next].bucket < slot)
		p->next++;
	for (; p->next < r->n_cells && (int64_t)r->cells[p->next].bucket == slot; p->next++) {
		p->price[r->cells[p->next].line->number] = r->cells[p->next].totals.price;
		p->set[r->cells[p->next].line->number] = slot;
	}
}

static wide price_then(const struct slot_prices *p, const struct report_line *line)
{
	if (p->slot < 0)
		return 0;
	if (line == &report_nothing)
		return p->report->buckets[p->slot].price;
	if (p->lines)
		line = g_hash_table_lookup(p->lines, line);
	return line && p->set[line->number] == p->slot ? p->price[line->number] : 0;
}

/* The slot of R that begins at START, or -1. */
static int64_t slot_at(const struct report *r, int64_t start)
{
	size_t from = 0, to = r->n_buckets;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (r->starts[middle] < start)
			from = middle + 1;
		else
			to = middle;
	}
	return from < r->n_buckets && r->starts[from] == start ? (int64_t)from : -1;
}

/* The slot one year before SLOT of R, or -1. */
static int64_t slot_year_earlier(const struct asked *a, const struct report *r,
				 const struct report *slots, size_t slot)
{
	if (a->question.period != PERIOD_HOUR)
		return slot_at(slots, zone_day_start(a->question.zone,
						     report_slot_before(a, r, slot).first));
	return slot < slots->n_buckets ? (int64_t)slot : -1;
}

/* ---- the lines ---- */

struct report_line report_nothing = { .key = "", .second = "", .category = CATALOGUE_NONE };

static const struct amounts_wide no_totals;

size_t report_slots_shown(const struct request *rq, const struct report *r)
{
	size_t n = r->n_buckets;

	while (n > 1 && r->starts[n - 1] > rq->now && amounts_wide_zero(&r->buckets[n - 1]))
		n--;
	return n;
}

/*
 * The report of the slot compared with SLOT, if this is none of the range's
 * slots; else NULL.
 */
static const struct report *edge_at(const struct lookup *l, size_t slot, GHashTable **ret_lines)
{
	for (size_t i = 0; i < l->earlier->n_edges; i++)
		if (l->earlier->edges[i].slot == slot) {
			*ret_lines = l->edges[i];
			return &l->earlier->edges[i].before;
		}
	return NULL;
}

static void add_item(struct items *items, struct report_line *line, int64_t slot,
		     const struct amounts_wide *totals, wide before)
{
	items->list[items->n++] = (struct item) { line, slot, totals, before };
}

static void add_slots(const struct request *rq, const struct asked *a, const struct report *r,
		      const struct lookup *l, struct items *items)
{
	const struct report *earlier = a->year_earlier ? &l->earlier->slots : r;
	struct slot_prices prices = prices_of(rq, earlier, a->year_earlier ? l->slots : NULL);
	size_t cell = 0;

	for (size_t slot = 0, n = report_slots_shown(rq, r); slot < n; slot++) {
		GHashTable *lines = NULL;
		const struct report *edge = edge_at(l, slot, &lines);
		size_t first = items->n;

		prices_at(&prices, !a->compared      ? -1
				   : a->year_earlier ? slot_year_earlier(a, r, earlier, slot)
						     : (int64_t)slot - 1);
		for (; cell < r->n_cells && r->cells[cell].bucket == slot; cell++) {
			struct report_line *line = r->cells[cell].line;

			add_item(items, line, (int64_t)slot, &r->cells[cell].totals,
				 edge ? price_in(edge, lines, line) : price_then(&prices, line));
		}
		if (items->n == first && r->n_lines)
			add_item(items, &report_nothing, (int64_t)slot, &no_totals,
				 edge ? price_in(edge, lines, &report_nothing)
				      : price_then(&prices, &report_nothing));
	}
}

struct items report_items(const struct request *rq, const struct asked *a, const struct report *r,
			  const struct earlier *before)
{
	struct items items = { .list = arena_array(rq->arena, struct item,
						   a->slots ? r->n_cells + r->n_buckets
							    : r->n_lines) };
	struct lookup l = lookup_new(before);

	if (a->slots)
		add_slots(rq, a, r, &l, &items);
	for (size_t i = 0; i < r->n_lines && !a->slots; i++)
		if (!amounts_wide_zero(&r->lines[i]->all))
			add_item(&items, r->lines[i], -1, &r->lines[i]->all,
				 a->compared ? price_in(&before->whole, l.whole, r->lines[i]) : 0);
	lookup_free(&l);
	return items;
}
