#include "api/presets.h"

#include "api/range.h"
#include "api/url.h"
#include "base/banned.h"

static struct date plus(struct date d, int days)
{
	return date_from_days(date_to_days(d) + days);
}

static struct date month_first(struct date d)
{
	return (struct date) { d.year, d.month, 1 };
}

static struct days today(const struct request *rq, struct date d)
{
	(void)rq;
	return (struct days) { d, d };
}

static struct days yesterday(const struct request *rq, struct date d)
{
	(void)rq;
	return (struct days) { plus(d, -1), plus(d, -1) };
}

static struct days this_month(const struct request *rq, struct date d)
{
	(void)rq;
	return (struct days) { month_first(d), d };
}

static struct days last_month(const struct request *rq, struct date d)
{
	(void)rq;
	return (struct days) { date_add_months(month_first(d), -1), plus(month_first(d), -1) };
}

static struct days this_cycle(const struct request *rq, struct date d)
{
	return (struct days) { request_cycle_first(rq, d), d };
}

static struct days last_cycle(const struct request *rq, struct date d)
{
	struct date first = request_cycle_first(rq, d);

	return (struct days) { date_add_months(first, -1), plus(first, -1) };
}

static struct days last_30_days(const struct request *rq, struct date d)
{
	(void)rq;
	return (struct days) { plus(d, -29), d };
}

static struct days this_year(const struct request *rq, struct date d)
{
	(void)rq;
	return (struct days) { { d.year, 1, 1 }, d };
}

static struct days all_time(const struct request *rq, struct date d)
{
	(void)rq;
	return (struct days) { { 1980, 1, 1 }, d };
}

static const struct preset {
	const char *text;
	struct days (*days)(const struct request *rq, struct date today);
} presets[] = {
	{ "Today", today },
	{ "Yesterday", yesterday },
	{ "This month", this_month },
	{ "Last month", last_month },
	{ "This cycle", this_cycle },
	{ "Last cycle", last_cycle },
	{ "Last 30 days", last_30_days },
	{ "This year", this_year },
	{ "All time", all_time },
};

void presets_write(const struct request *rq, struct writer *w)
{
	size_t n = sizeof(presets) / sizeof(presets[0]);
	struct page_link *links;
	const char *path;

	if (!rq->reply.format->page)
		return;
	links = arena_array(rq->arena, struct page_link, n + 1);
	path = arena_join(rq->arena, request_path(rq), rq->suffix, NULL);
	for (size_t i = 0; i < n; i++) {
		struct days days = presets[i].days(rq, request_today(rq));
		char first[DATE_TEXT], last[DATE_TEXT];

		date_format(first, days.first);
		date_format(last, days.last);
		links[i] = (struct page_link) { presets[i].text,
						request_link_with(rq, path, { "StartDate", first },
								  { "EndDate", last }),
						false };
	}
	writer_presets(w, links);
}

void late_links_write(const struct request *rq, struct writer *w, const char *account)
{
	struct page_link *links;

	if (!rq->reply.format->page)
		return;
	links = arena_array(rq->arena, struct page_link, 3);
	links[0] = (struct page_link) { "Late events",
					url_of(rq->arena, "/events.html", { "AccountSid", account },
					       { "State", "late" }),
					false };
	links[1] = (struct page_link) { "Rejected late events", "/rejections.html?State=late",
					false };
	writer_related(w, links);
}
