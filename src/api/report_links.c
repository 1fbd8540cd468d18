/*
 * report_links.c - links from a report's numbers: to the next finer report, to
 * the report of the days compared with, and to the events.
 */
#include <string.h>

#include "api/range.h"
#include "api/report_parts.h"
#include "api/url.h"
#include "base/banned.h"

const struct param *report_param(const struct request *rq, const char *name)
{
	for (const struct param *p = rq->op->params; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

const char *report_slot_text(const struct request *rq, const struct asked *a, int64_t at)
{
	char text[INSTANT_TEXT];

	if (a->question.period == PERIOD_HOUR)
		instant_format(text, at * USEC_PER_SEC);
	else
		date_format(text, zone_date(a->question.zone, at));
	return arena_str(rq->arena, text);
}

const char *report_date_text(const struct request *rq, struct date d)
{
	char text[DATE_TEXT];

	date_format(text, d);
	return arena_str(rq->arena, text);
}

/*
 * Does the category have subcategories that reports of the caller's accounts
 * list?
 */
static bool has_finer(const struct catalogue *c, const struct asked *a, size_t category)
{
	for (size_t i = 0; i < c->n_listed; i++)
		if (c->parent[c->listed[i]] == category && a->categories[c->listed[i]])
			return true;
	return false;
}

/* The changed arguments of a link. */
struct changes {
	struct url_arg list[16 + DIMENSIONS];
	size_t n;
};

static void put(struct changes *c, const char *name, const char *value)
{
	c->list[c->n++] = (struct url_arg) { name, value };
}

/* Filters by a value of a line. False: no filter fits what has no value. */
static bool filter_by(struct dimension_filter *f, int d, const char *text)
{
	if (!*text)
		return false;
	f->text[d] = text;
	f->prefix[d] = false;
	return true;
}

/* Puts the filters F: a parameter for each value that has one, and Filter. */
static void put_filter(const struct request *rq, struct changes *c,
		       const struct dimension_filter *f)
{
	for (int d = 0; d < DIMENSIONS; d++) {
		const struct param *p = dimension_param(rq, d);

		if (p && f->text[d] && !f->prefix[d])
			put(c, p->name, f->text[d]);
	}
	put(c, "Filter", dimension_filter_text(rq, f));
}

/*
 * Filters by the line. False: no filter fits, because the line is the sum of
 * all remaining lines.
 */
static bool put_line(const struct request *rq, struct changes *c, const struct asked *a,
		     const struct report_line *line, struct dimension_filter *f)
{
	if (a->group != BY_NOTHING && !*line->key)
		return false;
	if (a->group < DIMENSIONS)
		filter_by(f, a->group, line->key);
	else if (a->group != BY_NOTHING)
		put(c, a->grouping.filter, line->key);
	if (a->second && !filter_by(f, (int)a->question.second, line->second))
		return false;
	if (line->account && a->group != BY_ACCOUNT)
		put(c, "AccountSid", line->account->sid);
	if (line->account)
		put(c, "IncludeSubaccounts", "false");
	put_filter(rq, c, f);
	return true;
}

/*
 * Chooses the next finer report: the categories of an account, the
 * subcategories of a category, or else shorter slots. False: no report is
 * finer, only the list of events.
 */
static bool put_finer(const struct request *rq, struct changes *c, const struct asked *a,
		      const struct report_line *line, bool slot)
{
	static const char *const shorter[] = { [PERIOD_YEAR] = "month",
					       [PERIOD_MONTH] = "day",
					       [PERIOD_DAY] = "hour",
					       [PERIOD_HOUR] = NULL };
	const char *period = slot ? shorter[a->question.period]
				  : report_period_names[a->question.period];
	bool by_account = a->group == BY_ACCOUNT && !a->kind->category;

	if (by_account ||
	    (a->group == BY_CATEGORY && has_finer(rq->catalogue, a, line->category))) {
		put(c, "GroupBy", "category");
		put(c, "ThenBy", NULL);
		put(c, "By", NULL);
		return true;
	}
	put(c, "GroupBy", "none");
	put(c, "ThenBy", NULL);
	put(c, "By", period);
	return period != NULL;
}

/* Adds days and zone to the link if the accounts have different calendars. */
static void put_calendar(const struct request *rq, struct changes *c, const struct asked *a)
{
	if (!rq->calendars_differ)
		return;
	put(c, "TimeZone", request_link_zone(rq));
	put(c, "StartDate", report_date_text(rq, a->first));
	put(c, "EndDate", report_date_text(rq, a->last));
}

static void put_days(const struct request *rq, struct changes *c, struct days days)
{
	put(c, "StartDate", report_date_text(rq, days.first));
	put(c, "EndDate", report_date_text(rq, days.last));
}

static const char *link_of(const struct request *rq, struct changes *c)
{
	put(c, NULL, NULL);
	return request_link(rq, request_link_path(rq), c->list);
}

const char *report_link_finer(const struct request *rq, const struct asked *a,
			      const struct report_line *line, const int64_t *slot)
{
	struct dimension_filter f = a->filter;
	struct changes c = { .n = 0 };

	if (!put_line(rq, &c, a, line, &f) || !put_finer(rq, &c, a, line, slot != NULL))
		return NULL;
	put_calendar(rq, &c, a);
	if (slot)
		put_days(rq, &c,
			 (struct days) { zone_date(a->question.zone, slot[0]),
					 zone_date(a->question.zone, slot[1] - 1) });
	return link_of(rq, &c);
}

const char *report_link_earlier(const struct request *rq, const struct asked *a,
				const struct report *r, const struct report_line *line,
				int64_t slot)
{
	struct dimension_filter f = a->filter;
	struct changes c = { .n = 0 };

	if (!a->compared ||
	    (line && (!put_line(rq, &c, a, line, &f) || !put_finer(rq, &c, a, line, slot >= 0))))
		return NULL;
	put_calendar(rq, &c, a);
	put_days(rq, &c, slot < 0 ? a->before : report_slot_before(a, r, (size_t)slot));
	return link_of(rq, &c);
}

/* Parameters that reports and the list of events share, without dimensions. */
static const char *const shared_names[] = { "AccountSid", "IncludeSubaccounts", "Category",
					    "TimeZone", NULL };

static const char *find_value(const struct request *rq, const struct changes *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->list[i].name, name) == 0)
			return c->list[i].value;
	if (strcmp(name, "TimeZone") == 0)
		return request_link_zone(rq);
	return report_param(rq, name) ? request_given(rq, name) : NULL;
}

/* The list of events has a parameter for each built-in dimension. */
static void add_filter(const struct request *rq, struct url *u, const struct dimension_filter *f)
{
	struct dimension_filter terms = *f;

	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		if (f->text[d] && !f->prefix[d]) {
			url_arg(u, dimension_infos[d].param, f->text[d]);
			terms.text[d] = NULL;
		}
	url_arg(u, "Filter", dimension_filter_text(rq, &terms));
}

const char *report_link_events(const struct request *rq, const struct asked *a,
			       const struct report_line *line, const int64_t *slot)
{
	struct dimension_filter f = a->filter;
	struct changes c = { .n = 0 };
	bool hours = a->question.period == PERIOD_HOUR;
	struct url u;

	if ((line && !put_line(rq, &c, a, line, &f)) || *a->left_out)
		return NULL;
	if (a->kind->category)
		put(&c, "Category", a->kind->category);
	u = url_begin(rq->arena, arena_join(rq->arena, "/events",
					    request_link_suffix(rq, rq->op->dialect), NULL));
	for (const char *const *name = shared_names; *name; name++)
		url_arg(&u, *name, find_value(rq, &c, *name));
	add_filter(rq, &u, &f);
	if (slot) {
		url_arg(&u, hours ? "From" : "StartDate", report_slot_text(rq, a, slot[0]));
		url_arg(&u, hours ? "To" : "EndDate",
			report_slot_text(rq, a, hours ? slot[1] : slot[1] - 1));
	} else {
		url_arg(&u, "StartDate", report_date_text(rq, a->first));
		url_arg(&u, "EndDate", report_date_text(rq, a->last));
	}
	return url_end(&u);
}

const char *report_link_page(const struct request *rq, int64_t page)
{
	return request_link_with(rq, arena_join(rq->arena, rq->op->path, rq->suffix, NULL),
				 { "Sort", request_arg(rq, "Sort")->text },
				 { "PageSize", request_arg(rq, "PageSize")->text },
				 { "Page", arena_int(rq->arena, page) });
}
