/* report_figures.c - key figures of pages: usage and cost, and their change. */
#include <ctype.h>
#include <string.h>

#include "api/range.h"
#include "api/report_parts.h"
#include "api/url.h"
#include "base/banned.h"

const struct category_figure category_figures[] = {
	{ "calls", "Calls", "/reports/usage", true },
	{ "sms", "Messages", "/reports/usage", true },
	{ CATEGORY_AI_MINUTES, "AI minutes", "/reports/ai", false },
	{ CATEGORY_SIM_DATA, "SIM data", "/reports/sim", false },
	{ NULL, NULL, NULL, false }
};

/* Makes a figure without links. */
static struct figure make(const struct figure_pair *p, const char *name, wide now, wide before,
			  int places, const char *unit)
{
	return (struct figure) { .name = name,
				 .value = { .n = now, .places = places },
				 .unit = unit,
				 .before = p->compared ? (struct decimal) { .n = before,
									    .places = places }
						       : DECIMAL_NULL,
				 .change = p->compared ? report_change(now, before) : DECIMAL_NULL,
				 .before_uri = p->before_uri };
}

void figure_cost(struct writer *w, const struct figure_pair *p)
{
	struct figure f = make(p, "Cost", p->now.price, p->before.price, PRICE_PLACES,
			       *p->currency ? p->currency : NULL);

	f.money = true;
	writer_figure(w, &f);
}

static void count_figure(struct writer *w, const struct figure_pair *p, const char *name,
			 const char *uri, const char *unit)
{
	struct figure f = make(p, name, p->now.count, p->before.count, 0, unit);

	f.uri = uri;
	writer_figure(w, &f);
}

static void usage_figure(struct writer *w, const struct figure_pair *p, const char *name,
			 const char *uri, const char *unit)
{
	struct figure f = make(p, name, p->now.usage, p->before.usage, USAGE_PLACES, unit);

	f.uri = uri;
	writer_figure(w, &f);
}

static struct amounts_wide totals_of(const struct report *r, const char *key)
{
	for (size_t i = 0; i < r->n_lines; i++)
		if (strcmp(r->lines[i]->key, key) == 0)
			return r->lines[i]->all;
	return (struct amounts_wide) { 0 };
}

void figures_by_category(const struct request *rq, struct writer *w, const struct figure_pair *of,
			 const struct report *now, const struct report *before, figure_link *link)
{
	const struct catalogue *c = rq->catalogue;

	for (const struct category_figure *f = category_figures; f->category; f++) {
		size_t category = catalogue_find(c, f->category, strlen(f->category));
		struct figure_pair p = *of;

		p.now = totals_of(now, f->category);
		p.before = totals_of(before, f->category);
		p.before_uri = NULL;
		if (category == CATALOGUE_NONE ||
		    (amounts_wide_zero(&p.now) && amounts_wide_zero(&p.before)))
			continue;
		if (f->count)
			count_figure(w, &p, f->name, link ? link(rq, f) : NULL, NULL);
		else
			usage_figure(w, &p, f->name, link ? link(rq, f) : NULL,
				     c->categories[category].usage_unit);
	}
}

int figures_load(const struct request *rq, const struct report_query *question, struct days days,
		 struct report *ret, struct error *err)
{
	struct report_query q = *question;

	q.period = PERIOD_ALL;
	q.by = GROUP_CATEGORY;
	q.paired = false;
	q.category = CATALOGUE_NONE;
	range_instants(rq, days.first, days.last, &q.from, &q.to);
	return report_load(rq->store, rq->catalogue, &q, rq->arena, ret, err);
}

/* ---- of a report ---- */

static const char *capital(const struct request *rq, const char *unit)
{
	char *name = arena_str(rq->arena, unit);

	name[0] = (char)toupper((unsigned char)name[0]);
	return name;
}

static void write_measures(const struct request *rq, struct writer *w, const struct figure_pair *p,
			   const struct category *c, const char *name)
{
	struct figure f;

	usage_figure(w, p, name ? name : capital(rq, c->usage_unit), NULL,
		     name ? c->usage_unit : NULL);
	if (strcmp(c->name, CATEGORY_SIM_DATA) == 0) {
		f = make(p, "Upload", p->now.upload, p->before.upload, USAGE_PLACES, c->usage_unit);
		writer_figure(w, &f);
		f = make(p, "Download", p->now.usage - p->now.upload,
			 p->before.usage - p->before.upload, USAGE_PLACES, c->usage_unit);
		writer_figure(w, &f);
	} else if (strcmp(c->count_unit, c->usage_unit) != 0) {
		count_figure(w, p, capital(rq, c->count_unit), NULL, NULL);
	}
}

void figures_of_category(const struct request *rq, struct writer *w, const struct figure_pair *p,
			 size_t category)
{
	write_measures(rq, w, p, &rq->catalogue->categories[category], NULL);
}

static const char *category_link(const struct request *rq, const struct category_figure *f)
{
	return request_link_with(rq, request_link_path(rq), { "Category", f->category },
				 { "GroupBy", NULL }, { "ThenBy", NULL }, { "By", NULL });
}

/* Replaces the reports *NOW and *THEN by reports by category. */
static int load_categories(const struct request *rq, const struct asked *a, struct report *now,
			   struct report *then, struct error *err)
{
	if (a->group == BY_CATEGORY && !a->second)
		return 0;
	if (figures_load(rq, &a->question, (struct days) { a->first, a->last }, now, err) < 0)
		return -1;
	return a->compared ? figures_load(rq, &a->question, a->before, then, err) : 0;
}

int report_figures_write(const struct request *rq, const struct asked *a, const struct report *r,
			 const struct earlier *before, struct writer *w, struct error *err)
{
	struct report now = *r, then = before->whole;
	struct figure_pair p = { .now = r->all,
				 .before = before->whole.all,
				 .compared = a->compared,
				 .currency = a->currency,
				 .before_uri = report_link_earlier(rq, a, r, NULL, -1) };

	if (!rq->reply.format->page)
		return 0;
	if (!a->kind->category)
		figure_cost(w, &p);
	if (a->question.category == CATALOGUE_NONE) {
		if (load_categories(rq, a, &now, &then, err) < 0)
			return -1;
		figures_by_category(rq, w, &p, &now, &then, category_link);
		return 0;
	}
	write_measures(rq, w, &p, &rq->catalogue->categories[a->question.category],
		       a->kind->category ? rq->op->title : NULL);
	if (a->kind->category)
		figure_cost(w, &p);
	return 0;
}
