/* report_lines.c - the lines of a report: their choice, order and fields. */
#include <string.h>

#include "api/report_parts.h"
#include "base/select.h"
#include "base/banned.h"

const char *const report_sort_names[] = { "start",  "-start",  "name",   "-name", "count",
					  "-count", "usage",   "-usage", "price", "-price",
					  "change", "-change", NULL };

const char *report_line_name(const struct request *rq, const struct asked *a,
			     const struct report_line *line)
{
	if (line == &report_nothing)
		return "no usage";
	if (!*line->key)
		return a->group == BY_NOTHING ? "all"
		       : a->group == BY_CATEGORY
			       ? "directly on it"
			       : arena_join(rq->arena, "no ", a->grouping.name, NULL);
	if (a->group == BY_CATEGORY)
		return rq->catalogue->categories[line->category].description;
	return a->group == BY_ACCOUNT ? line->account->name : line->key;
}

/*
 * The line's value of the second dimension; NULL: there is no such dimension.
 */
static const char *second_name(const struct request *rq, const struct asked *a,
			       const struct report_line *line)
{
	if (!a->second || line == &report_nothing)
		return NULL;
	return *line->second ? line->second : arena_join(rq->arena, "no ", a->second->word, NULL);
}

const char *report_line_names(const struct request *rq, const struct asked *a,
			      const struct report_line *line)
{
	const char *name = report_line_name(rq, a, line), *second = second_name(rq, a, line);

	return second ? arena_join(rq->arena, name, ", ", second, NULL) : name;
}

static wide change_of(const struct item *i)
{
	struct decimal d = report_change(i->totals->price, i->before);

	return d.places < 0 ? (wide)INT64_MAX : d.n;
}

enum sort {
	SORT_START,
	SORT_NAME = 2,
	SORT_COUNT = 4,
	SORT_USAGE = 6,
	SORT_PRICE = 8,
	SORT_CHANGE = 10
};

struct report_order {
	const struct request *rq;
	const struct asked *asked;
	/* index into report_sort_names; odd: descending */
	int64_t by;
};

static int compare_items(const void *x, const void *y, void *arg)
{
	const struct item *a = x, *b = y;
	const struct report_order *o = arg;
	int order = 0;

	switch ((enum sort)(o->by & ~1)) {
	case SORT_START:
		order = report_sign(a->slot, b->slot);
		break;
	case SORT_NAME:
		order = strcmp(report_line_name(o->rq, o->asked, a->line),
			       report_line_name(o->rq, o->asked, b->line));
		break;
	case SORT_COUNT:
		order = report_sign(a->totals->count, b->totals->count);
		break;
	case SORT_USAGE:
		order = report_sign(a->totals->usage, b->totals->usage);
		break;
	case SORT_PRICE:
		order = report_sign(a->totals->price, b->totals->price);
		break;
	case SORT_CHANGE:
		order = report_sign(change_of(a), change_of(b));
		break;
	}
	if (o->by & 1)
		order = -order;
	if (!order)
		order = report_sign(b->slot, a->slot);
	if (!order)
		order = report_sign(b->totals->price, a->totals->price);
	return order ? order : report_line_compare(a->line, b->line);
}

/* Sorting by name needs the names of all lines. */
static int name_lines(const struct request *rq, const struct report *r, struct error *err)
{
	if (store_work(rq->store, (int64_t)r->n_lines, err) < 0)
		return -1;
	return report_names(rq->store, r->lines, r->n_lines, rq->arena, err);
}

int report_items_sort(const struct request *rq, const struct asked *a, const struct report *r,
		      struct items *items, struct error *err)
{
	const struct arg *sort = request_arg(rq, "Sort");
	struct report_order order = { rq, a,
				      sort->text                               ? sort->n
				      : a->slots                               ? SORT_START + 1
				      : a->question.category == CATALOGUE_NONE ? SORT_PRICE + 1
									       : SORT_USAGE + 1 };
	struct report_line **lines;
	size_t n = 0;

	if ((order.by & ~1) == SORT_NAME && name_lines(rq, r, err) < 0)
		return -1;
	select_range(items->list, items->n, sizeof(*items->list), items->from, items->to,
		     compare_items, &order);
	lines = arena_array(rq->arena, struct report_line *, items->to - items->from);
	for (size_t i = items->from; i < items->to && i < items->n; i++)
		lines[n++] = items->list[i].line;
	return report_names(rq->store, lines, n, rq->arena, err);
}

void report_amounts_fill(const struct request *rq, const struct amounts_wide *t, size_t category,
			 struct report_row *ret)
{
	const struct category *c = category == CATALOGUE_NONE
					   ? NULL
					   : &rq->catalogue->categories[category];

	ret->count = ret->usage = ret->upload = ret->download = DECIMAL_NULL;
	if (!c)
		return;
	ret->count = (struct decimal) { .n = t->count };
	ret->count_unit = c->count_unit;
	ret->usage = (struct decimal) { .n = t->usage, .places = USAGE_PLACES };
	ret->usage_unit = c->usage_unit;
	if (strcmp(c->name, CATEGORY_SIM_DATA) != 0)
		return;
	/* bytes are millionths of a megabyte */
	ret->upload = (struct decimal) { .n = t->upload, .places = USAGE_PLACES };
	ret->download = (struct decimal) { .n = t->usage - t->upload, .places = USAGE_PLACES };
	ret->data_unit = c->usage_unit;
}

static void fill_price(const struct asked *a, wide price, wide before, wide whole,
		       struct report_row *ret)
{
	ret->price = (struct decimal) { .n = price, .places = PRICE_PLACES };
	ret->price_unit = *a->currency ? a->currency : NULL;
	ret->previous_price = a->compared ? (struct decimal) { .n = before, .places = PRICE_PLACES }
					  : DECIMAL_NULL;
	ret->change = a->compared ? report_change(price, before) : DECIMAL_NULL;
	ret->share = report_share(price, whole);
}

void report_row_fill(const struct request *rq, const struct asked *a, const struct report *r,
		     const struct item *i, struct report_row *ret)
{
	const struct report_line *line = i->line;
	const int64_t *slot = i->slot < 0 ? NULL : &r->starts[i->slot];

	*ret = (struct report_row) { .name = report_line_name(rq, a, line),
				     .second = second_name(rq, a, line),
				     .uri = report_link_finer(rq, a, line, slot),
				     .events_uri = report_link_events(rq, a, line, slot) };
	if (a->group == BY_CATEGORY || a->group == BY_ACCOUNT)
		ret->key = *line->key ? line->key : NULL;
	if (line->account) {
		ret->account = line->account->name;
		ret->account_sid = line->account->sid;
	}
	if (slot) {
		ret->start = report_slot_text(rq, a, slot[0]);
		ret->end = a->question.period == PERIOD_HOUR ? ret->start
							     : report_slot_text(rq, a, slot[1] - 1);
	}
	report_amounts_fill(rq, i->totals, line->category, ret);
	fill_price(a, i->totals->price, i->before, r->all.price, ret);
	ret->previous_uri = report_link_earlier(rq, a, r, line, i->slot);
}

void report_total_fill(const struct request *rq, const struct asked *a, const struct report *r,
		       const struct earlier *before, struct report_row *ret)
{
	*ret = (struct report_row) { .name = "Total",
				     .events_uri = report_link_events(rq, a, NULL, NULL),
				     .previous_uri = report_link_earlier(rq, a, r, NULL, -1) };
	report_amounts_fill(rq, &r->all, a->question.category, ret);
	fill_price(a, r->all.price, before->whole.all.price, r->all.price, ret);
}
