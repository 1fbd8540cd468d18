#include "api/record_view.h"

#include <stdlib.h>
#include <string.h>

#include "api/event_record.h"
#include "api/reports.h"
#include "api/date_text.h"
#include "base/banned.h"

enum { DEPTH_MAX = 16, CURRENCIES_SHOWN = 3 };

/* ---- rows ---- */

struct view_row {
	int64_t level;
	const char *name, *uri, *key;
	struct decimal count;
	const char *events_uri, *count_unit;
	struct decimal usage;
	const char *usage_unit;
	struct decimal price;
	const char *price_unit;
};

enum { VIEW_LEVEL, VIEW_NAME };

/* Links the number in the previous column */
#define VIEW_EVENTS                                                                 \
	FIELD(struct view_row, events_uri, "The events behind it", .format = "uri", \
	      .flags = FIELD_LINK)

static const struct field view_fields[] = {
	[VIEW_LEVEL] = FIELD(struct view_row, level, "Its level in the tree", .flags = FIELD_LEVEL),
	[VIEW_NAME] = FIELD(struct view_row, name, "What was used"),
	FIELD(struct view_row, uri, "A finer report of it", .format = "uri", .flags = FIELD_LINK),
	FIELD(struct view_row, key, "The category's name in the API", .flags = FIELD_LABEL),
	FIELD(struct view_row, count, "How many events"),
	VIEW_EVENTS,
	FIELD(struct view_row, count_unit, "What is counted", .flags = FIELD_UNIT),
	FIELD(struct view_row, usage, "The billed measure"),
	VIEW_EVENTS,
	FIELD(struct view_row, usage_unit, "What usage measures", .flags = FIELD_UNIT),
	FIELD(struct view_row, price, "Cost in the account's currency", .label = "Cost"),
	VIEW_EVENTS,
	FIELD(struct view_row, price_unit, "The currency", .flags = FIELD_UNIT,
	      .format = "currency"),
	{ 0 }
};

const struct shape view_shape = { .name = "Usage",
				  .fields = view_fields,
				  .doc = "A category is part of the less indented one above it. A "
					 "name opens a finer report, a number its events." };

bool view_wanted(const struct request *rq)
{
	return rq->reply.format->page;
}

void view_name(struct writer *w, const char *label)
{
	writer_label(w, &view_fields[VIEW_NAME], label);
}

/* ---- the tree ---- */

static int depth_of(const struct catalogue *c, size_t category)
{
	int depth = 0;

	while ((category = c->parent[category]) != CATALOGUE_NONE && depth < DEPTH_MAX)
		depth++;
	return depth;
}

static size_t ancestor(const struct catalogue *c, size_t category, int steps)
{
	while (steps-- > 0)
		category = c->parent[category];
	return category;
}

/* Orders siblings by name, and each category before its subcategories. */
static int compare_places(const void *x, const void *y, void *catalogue)
{
	const struct catalogue *c = catalogue;
	size_t a = ((const struct usage_row *)x)->category,
	       b = ((const struct usage_row *)y)->category;
	int above_a = depth_of(c, a), above_b = depth_of(c, b),
	    depth = above_a < above_b ? above_a : above_b;
	size_t up_a = ancestor(c, a, above_a - depth), up_b = ancestor(c, b, above_b - depth);

	if (up_a == up_b)
		return above_a - above_b;
	while (c->parent[up_a] != c->parent[up_b] && depth-- > 0) {
		up_a = c->parent[up_a];
		up_b = c->parent[up_b];
	}
	return up_a < up_b ? -1 : 1; /* categories are sorted by name */
}

static void write_total(const struct request *rq, struct writer *w, const struct view_group *g)
{
	struct view_row row = {
		.level = LEVEL_TOTAL,
		.name = g->name,
		.uri = g->uri,
		.key = g->note,
		.count = DECIMAL_NULL,
		.usage = DECIMAL_NULL,
		.price = g->partial ? DECIMAL_NULL
				    : (struct decimal) { .n = g->price, .places = PRICE_PLACES },
		.price_unit = g->currency,
		.events_uri = g->partial ? NULL
					 : events_link(rq, g->sid, CATEGORY_TOTALPRICE,
						       g->events_query)
	};

	if (g->name)
		writer_record(w, NULL, &view_shape, &row);
}

static void write_row(const struct request *rq, struct writer *w, const struct view_group *g,
		      const struct usage_row *from)
{
	const struct category *c = &rq->catalogue->categories[from->category];
	struct view_row row = { .level = g->row_name ? 0 : depth_of(rq->catalogue, from->category),
				.name = g->row_name ? g->row_name : c->description,
				.key = g->row_name ? NULL : c->name,
				.count = { .n = from->totals.count },
				.count_unit = c->count_unit,
				.usage = { .n = from->totals.usage, .places = USAGE_PLACES },
				.usage_unit = c->usage_unit,
				.price = { .n = from->totals.price, .places = PRICE_PLACES },
				.price_unit = g->currency,
				.events_uri = events_link(rq, g->sid, c->name, g->events_query) };

	if (g->finer)
		row.uri = arena_join(rq->arena, g->finer, c->name, g->finer_query, NULL);
	writer_record(w, NULL, &view_shape, &row);
}

void view_write(const struct request *rq, struct writer *w, const struct view_group *g)
{
	const struct catalogue *c = rq->catalogue;

	write_total(rq, w, g);
	qsort_r(g->rows, g->n, sizeof(*g->rows), compare_places, (void *)c);
	for (size_t i = 0; i < g->n; i++)
		if (g->rows[i].category != c->totalprice && !amounts_wide_zero(&g->rows[i].totals))
			write_row(rq, w, g, &g->rows[i]);
}

/* ---- key figures ---- */

/*
 * Accounts of one currency, with their usage in the days and in the days
 * compared with.
 */
struct view_share {
	const struct account *accounts;
	size_t n;
	struct report now, before;
};

static int load(const struct request *rq, const struct view_figures *v, const struct days *days,
		const struct view_share *s, struct report *ret, struct error *err)
{
	struct report_query q = { .accounts = s->accounts,
				  .n_accounts = s->n,
				  .zone = request_zone(rq),
				  .period = PERIOD_ALL,
				  .category = v->category,
				  .by = v->category == CATALOGUE_NONE ? GROUP_CATEGORY : GROUP_NONE,
				  .dim = { [DIM_CUSTOMER] = v->customer } };

	range_instants(rq, days->first, days->last, &q.from, &q.to);
	return report_load(rq->store, rq->catalogue, &q, rq->arena, ret, err);
}

/* Loads the usage of a share; BEFORE NULL: without comparison. */
static int load_share(const struct request *rq, const struct view_figures *v,
		      const struct days *before, struct view_share *s, struct error *err)
{
	if (load(rq, v, &v->days, s, &s->now, err) < 0)
		return -1;
	return before ? load(rq, v, before, s, &s->before, err) : 0;
}

/*
 * Groups the accounts by currency. Makes at most MOST groups and skips accounts
 * of further currencies. Returns the number of groups.
 */
static size_t split(const struct request *rq, const struct view_figures *v, struct view_share *ret,
		    size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++) {
		struct account *accounts;
		size_t k = 0;

		while (k < n && strcmp(ret[k].accounts[0].currency, v->accounts[i].currency) != 0)
			k++;
		if (k < n || k == most)
			continue;
		accounts = arena_array(rq->arena, struct account, v->n - i);
		ret[n++] = (struct view_share) { .accounts = accounts };
		for (size_t j = i; j < v->n; j++)
			if (strcmp(v->accounts[j].currency, v->accounts[i].currency) == 0)
				accounts[ret[k].n++] = v->accounts[j];
	}
	return n;
}

static struct figure_pair pair_of(const struct view_share *s, bool compared)
{
	return (struct figure_pair) { .now = s->now.all,
				      .before = s->before.all,
				      .compared = compared,
				      .currency = s->n ? s->accounts[0].currency : "" };
}

/*
 * Writes one figure for each currency with cost, because currencies can't be
 * added up. ALL: the usage of all accounts.
 */
static int write_costs(const struct request *rq, struct writer *w, const struct view_figures *v,
		       const struct days *before, const struct view_share *all, struct error *err)
{
	struct view_share shares[CURRENCIES_SHOWN];
	size_t n = split(rq, v, shares, CURRENCIES_SHOWN), shown = 0;
	struct figure_pair p;

	for (size_t i = 0; i < n; i++) {
		if (n == 1)
			shares[i] = *all;
		else if (load_share(rq, v, before, &shares[i], err) < 0)
			return -1;
		p = pair_of(&shares[i], before);
		if ((p.now.price || p.before.price) && ++shown)
			figure_cost(w, &p);
	}
	if (!shown) {
		p = pair_of(all, before);
		figure_cost(w, &p);
	}
	return 0;
}

int view_figures_write(const struct request *rq, struct writer *w, const struct view_figures *v,
		       const char **ret_compared, struct error *err)
{
	struct view_share all = { .accounts = v->accounts, .n = v->n };
	bool one = v->category != CATALOGUE_NONE;
	const struct days *before = NULL;
	struct figure_pair p;
	struct days days;

	*ret_compared = "";
	if (v->compared && report_days_before(v->days.first, v->days.last,
					      v->one_day ? BEFORE_JUST_BEFORE : BEFORE_BY_CALENDAR,
					      1, &days.first, &days.last)) {
		before = &days;
		*ret_compared = arena_join(rq->arena, " Compared with ",
					   date_text_days(rq->arena, days.first, days.last), ".",
					   NULL);
	}
	if (load_share(rq, v, before, &all, err) < 0)
		return -1;
	p = pair_of(&all, before);
	if (one)
		figures_of_category(rq, w, &p, v->category);
	if (write_costs(rq, w, v, before, &all, err) < 0)
		return -1;
	if (!one)
		figures_by_category(rq, w, &p, &all.now, &all.before, NULL);
	return 0;
}
