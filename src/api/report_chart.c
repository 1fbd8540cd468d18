/*
 * report_chart.c - the chart of a report: its largest lines over time.
 */
#include <string.h>

#include "api/report_parts.h"
#include "base/select.h"
#include "base/banned.h"

enum { CHART_LINES = 5 };

/* A segment of a bar. */
struct report_bar {
	const char *start, *name;
	struct decimal price, usage, upload, download;
	const char *unit;
};

#define BAR_HEAD                                                                  \
	FIELD(struct report_bar, start, "First day, or first instant of an hour", \
	      .format = "date-or-time")
#define BAR_NAME FIELD(struct report_bar, name, "The line's name; small lines are added up")

static const struct field price_bar_fields[] = { BAR_HEAD,
						 BAR_NAME,
						 FIELD(struct report_bar, price, "Cost"),
						 FIELD(struct report_bar, unit, "The currency",
						       .flags = FIELD_UNIT, .format = "currency"),
						 { 0 } };
static const struct field usage_bar_fields[] = {
	BAR_HEAD,
	BAR_NAME,
	FIELD(struct report_bar, usage, "The billed measure"),
	FIELD(struct report_bar, unit, "What it measures", .flags = FIELD_UNIT),
	{ 0 }
};
static const struct field data_bar_fields[] = { BAR_HEAD,
						FIELD(struct report_bar, upload, "Data sent"),
						FIELD(struct report_bar, unit, "Megabytes",
						      .flags = FIELD_UNIT),
						FIELD(struct report_bar, download, "Data received"),
						{ 0 } };

static const struct chart price_over_time = { "start", "name",
					      (const char *const[]) { "price", NULL }, "unit" };
static const struct chart usage_over_time = { "start", "name",
					      (const char *const[]) { "usage", NULL }, "unit" };
static const struct chart data_over_time = { "start", NULL,
					     (const char *const[]) { "upload", "download", NULL },
					     "unit" };

const struct shape report_price_bars = { .name = "CostBar",
					 .fields = price_bar_fields,
					 .chart = &price_over_time,
					 .doc = "Cost over time" };
const struct shape report_usage_bars = { .name = "UsageBar",
					 .fields = usage_bar_fields,
					 .chart = &usage_over_time,
					 .doc = "Usage over time" };
const struct shape report_data_bars = { .name = "DataBar",
					.fields = data_bar_fields,
					.chart = &data_over_time,
					.doc = "Data sent and received over time" };

static wide weight(const struct asked *a, const struct amounts_wide *t)
{
	return a->question.category == CATALOGUE_NONE ? t->price : t->usage;
}

static int compare_lines(const void *x, const void *y, void *arg)
{
	const struct report_line *const *a = x, *const *b = y;
	int order = report_sign(weight(arg, &(*b)->all), weight(arg, &(*a)->all));

	return order ? order : report_line_compare(*a, *b);
}

static void write_bar(const struct request *rq, const struct asked *a, struct writer *w,
		      const char *start, const char *name, const struct amounts_wide *t)
{
	struct report_row amounts = { 0 };
	struct report_bar bar = { .start = start, .name = name };

	report_amounts_fill(rq, t, a->question.category, &amounts);
	bar.price = (struct decimal) { .n = t->price, .places = PRICE_PLACES };
	bar.usage = amounts.usage;
	bar.upload = amounts.upload;
	bar.download = amounts.download;
	bar.unit = a->kind->bar == &report_price_bars ? a->currency : amounts.usage_unit;
	writer_record(w, NULL, a->kind->bar, &bar);
}

/*
 * The number of lines that are shown by name: all lines if there are few,
 * otherwise the largest.
 */
static size_t count_named(const struct asked *a, const struct report *r)
{
	return a->kind->bar == &report_data_bars ? 0
	       : r->n_lines > CHART_LINES + 1    ? CHART_LINES
						 : r->n_lines;
}

/*
 * Writes a slot: the named lines, then the sum of all other lines. An empty
 * slot is one bar without amounts.
 */
static void write_slot(const struct request *rq, const struct asked *a, const struct report *r,
		       size_t slot, struct writer *w)
{
	size_t named = count_named(a, r), known = 0, written = 0;
	const char *start = report_slot_text(rq, a, r->starts[slot]);
	struct amounts_wide others = r->buckets[slot];

	for (size_t i = 0; i < named; i++) {
		const struct amounts_wide *t = r->lines[i]->buckets ? &r->lines[i]->buckets[slot]
								    : NULL;

		if (!t)
			continue;
		known++;
		amounts_wide_add(&others, t, -1);
		if (!amounts_wide_zero(t) && ++written)
			write_bar(rq, a, w, start, report_line_names(rq, a, r->lines[i]), t);
	}
	if (!amounts_wide_zero(&others) || !written)
		write_bar(rq, a, w, start,
			  r->n_lines > known ? "others"
			  : r->n_lines       ? report_line_names(rq, a, r->lines[0])
					     : "none",
			  &others);
}

const char *report_chart_title(const struct request *rq, const struct asked *a)
{
	static const char *const by[] = { [PERIOD_ALL] = "",
					  [PERIOD_HOUR] = " by hour",
					  [PERIOD_DAY] = " by day",
					  [PERIOD_MONTH] = " by month",
					  [PERIOD_YEAR] = " by year" };

	return arena_join(rq->arena, a->kind->category ? rq->op->title : "Cost",
			  by[a->question.period], NULL);
}

int report_chart_write(const struct request *rq, const struct asked *a, struct report *r,
		       const struct field *list, struct writer *w, struct error *err)
{
	size_t named = count_named(a, r);

	select_range(r->lines, r->n_lines, sizeof(struct report_line *), 0, named, compare_lines,
		     (void *)a);
	if (report_names(rq->store, r->lines, named, rq->arena, err) < 0 ||
	    report_load_buckets(rq->store, rq->catalogue, &a->question, rq->arena, r, named, err) <
		    0)
		return -1;
	writer_begin_list(w, list, a->kind->bar);
	for (size_t slot = 0, n = r->buckets ? report_slots_shown(rq, r) : 0;
	     slot < n && r->n_lines; slot++)
		write_slot(rq, a, r, slot, w);
	writer_end(w);
	return 0;
}
