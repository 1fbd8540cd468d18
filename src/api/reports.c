/*
 * reports.c - the reports that pages show: usage by category, by account, AI minutes, SIM data; over days that the
 * caller chooses, compared with the days before. Lines add up to the total, so each number can be opened into finer ones.
 */
#include <stdlib.h>
#include <string.h>

#include "api/reports.h"
#include "api/paging.h"
#include "api/range.h"
#include "api/words.h"
#include "base/banned.h"

enum { CHART_LINES = 5, HOURLY_DAYS = 2, DAILY_DAYS = 92, MONTHLY_DAYS = 1100 };

/* ---- what comes out ---- */

struct row {
	const char *start, *end, *name, *uri, *key, *account, *account_sid;
	struct decimal count;
	const char *events_uri, *count_unit;
	struct decimal usage;
	const char *usage_unit;
	struct decimal upload, download;
	const char *data_unit;
	struct decimal price;
	const char *price_unit;
	struct decimal previous_price;
	const char *previous_uri;
	struct decimal change, share;
};

enum { ROW_START, ROW_END, ROW_ACCOUNT = 5 };

#define ROW_HEAD                                                                                                          \
	[ROW_START] = FIELD(struct row, start, "First day, or first instant of an hour; null without By", .format = "date-or-time"),  \
	[ROW_END] = FIELD(struct row, end, "Last day, included, or the hour; null without By", .format = "date-or-time"),                          \
	FIELD(struct row, name, "What the line is about, in words"),                                                          \
	FIELD(struct row, uri, "The next finer report of it", .format = "uri", .flags = FIELD_LINK),                          \
	FIELD(struct row, key, "Its category, account, customer or SIM", .flags = FIELD_LABEL),                               \
	[ROW_ACCOUNT] = FIELD(struct row, account, "Whose it is"),                                                            \
	FIELD(struct row, account_sid, "Its account", .flags = FIELD_MACHINE),                                                \
	FIELD(struct row, count, "How many events; null where different things are added up"),                                \
	FIELD(struct row, events_uri, "The events behind the line", .format = "uri", .flags = FIELD_LINK),                    \
	FIELD(struct row, count_unit, "What is counted", .flags = FIELD_UNIT)
/* The link of the number before it */
#define ROW_EVENTS FIELD(struct row, events_uri, "The events behind the line", .format = "uri", .flags = FIELD_LINK | FIELD_PAGE_ONLY)
#define ROW_FOOT                                                                                                          \
	FIELD(struct row, price, "Cost in the currency of the account"), ROW_EVENTS,                                          \
	FIELD(struct row, price_unit, "The currency, lower case", .flags = FIELD_UNIT, .format = "currency"),                 \
	FIELD(struct row, previous_price, "Cost in the days it is compared with", .format = "money"),                         \
	FIELD(struct row, previous_uri, "The report of those days", .format = "uri", .flags = FIELD_LINK | FIELD_PAGE_ONLY),  \
	FIELD(struct row, price_unit, "The currency, lower case", .flags = FIELD_UNIT | FIELD_PAGE_ONLY, .format = "currency"), \
	FIELD(struct row, change, "How much more or less that is in percent; null where there was nothing before", .flags = FIELD_CHANGE), \
	FIELD(struct row, share, "Part of the total cost in percent", .flags = FIELD_SHARE)

static const struct field usage_fields[] = {
	ROW_HEAD,
	FIELD(struct row, usage, "The billed measure; null where different things are added up"), ROW_EVENTS,
	FIELD(struct row, usage_unit, "What usage measures", .flags = FIELD_UNIT),
	ROW_FOOT,
	{ 0 }
};

static const struct field sim_fields[] = {
	ROW_HEAD,
	FIELD(struct row, upload, "Data sent by the SIM"), ROW_EVENTS,
	FIELD(struct row, data_unit, "Megabytes of a million bytes", .flags = FIELD_UNIT),
	FIELD(struct row, download, "Data received by the SIM"), ROW_EVENTS,
	FIELD(struct row, data_unit, "Megabytes of a million bytes", .flags = FIELD_UNIT | FIELD_PAGE_ONLY),
	ROW_FOOT,
	{ 0 }
};

static const struct chart by_price = { CHART_RANKED, "name", NULL, (const char *const[]){ "price", NULL }, "price_unit" };
static const struct chart by_usage = { CHART_RANKED, "name", NULL, (const char *const[]){ "usage", NULL }, "usage_unit" };
static const struct chart by_data = { CHART_RANKED, "name", NULL, (const char *const[]){ "upload", "download", NULL }, "data_unit" };

static const struct shape usage_shape = { .name = "UsageLine", .fields = usage_fields, .chart = &by_price, .doc = "One line" };
static const struct shape ai_shape = { .name = "MinutesLine", .fields = usage_fields, .chart = &by_usage, .doc = "One line" };
static const struct shape sim_shape = { .name = "DataLine", .fields = sim_fields, .chart = &by_data, .doc = "One line" };

/* A part of a bar of the chart. */
struct bar {
	const char *start, *name;
	struct decimal price, usage, upload, download;
	const char *unit;
};

#define BAR_HEAD \
	FIELD(struct bar, start, "First day, or first instant of an hour", .format = "date-or-time")
#define BAR_NAME FIELD(struct bar, name, "What it is, in words; the small ones together")

static const struct field price_bar_fields[] = {
	BAR_HEAD, BAR_NAME, FIELD(struct bar, price, "Cost"), FIELD(struct bar, unit, "The currency", .flags = FIELD_UNIT, .format = "currency"), { 0 }
};
static const struct field usage_bar_fields[] = {
	BAR_HEAD, BAR_NAME, FIELD(struct bar, usage, "The billed measure"), FIELD(struct bar, unit, "What it measures", .flags = FIELD_UNIT), { 0 }
};
static const struct field data_bar_fields[] = {
	BAR_HEAD, FIELD(struct bar, upload, "Data sent"), FIELD(struct bar, unit, "Megabytes", .flags = FIELD_UNIT),
	FIELD(struct bar, download, "Data received"), { 0 }
};

static const struct chart price_over_time = { CHART_STACKED, "start", "name", (const char *const[]){ "price", NULL }, "unit" };
static const struct chart usage_over_time = { CHART_STACKED, "start", "name", (const char *const[]){ "usage", NULL }, "unit" };
static const struct chart data_over_time = { CHART_STACKED, "start", NULL, (const char *const[]){ "upload", "download", NULL }, "unit" };

static const struct shape price_bar_shape = {
	.name = "CostBar", .fields = price_bar_fields, .chart = &price_over_time, .doc = "Cost over time"
};
static const struct shape usage_bar_shape = {
	.name = "UsageBar", .fields = usage_bar_fields, .chart = &usage_over_time, .doc = "Usage over time"
};
static const struct shape data_bar_shape = {
	.name = "DataBar", .fields = data_bar_fields, .chart = &data_over_time, .doc = "Data sent and received over time"
};

struct envelope {
	const char *start, *end, *previous_start, *previous_end, *time_zone, *currency;
	int64_t lines, page, page_size;
	const char *next_page_uri, *previous_page_uri;
	const void *total;
};

enum { REPORT_CHART = 6, REPORT_LINES = 12, REPORT_TOTAL };

#define REPORT_FIELDS(line_shape, bar_shape)                                                                              \
	FIELD(struct envelope, start, "First day", .format = "date"), FIELD(struct envelope, end, "Last day, included", .format = "date"), \
	FIELD(struct envelope, previous_start, "First of the days compared with", .format = "date"),                          \
	FIELD(struct envelope, previous_end, "Last of them", .format = "date"),                                               \
	FIELD(struct envelope, time_zone, "Whose days these are"),                                                            \
	FIELD(struct envelope, currency, "Of all prices, lower case", .format = "currency"),                                  \
	[REPORT_CHART] = FIELD_LIST("chart", &(bar_shape), "The largest lines over time"),                                    \
	FIELD_AS(struct envelope, lines, "line_count", "Lines on all pages"),                                                 \
	FIELD(struct envelope, page, "Number of the page, from 0"), FIELD(struct envelope, page_size, "Lines a page"),        \
	FIELD(struct envelope, next_page_uri, "The page after", .flags = FIELD_NEXT | FIELD_MACHINE),                         \
	FIELD(struct envelope, previous_page_uri, "The page before", .flags = FIELD_PREVIOUS | FIELD_MACHINE),                \
	[REPORT_LINES] = { .name = "lines", .type = VT_LIST, .shape = &(line_shape), .flags = FIELD_MAIN, .doc = "Each leads to a finer report" }, \
	[REPORT_TOTAL] = FIELD(struct envelope, total, "All lines together", .shape = &(line_shape), .flags = FIELD_FOOT),    \
	{ 0 }

static const struct field usage_report_fields[] = { REPORT_FIELDS(usage_shape, price_bar_shape) };
static const struct field ai_report_fields[] = { REPORT_FIELDS(ai_shape, usage_bar_shape) };
static const struct field sim_report_fields[] = { REPORT_FIELDS(sim_shape, data_bar_shape) };

#define REPORT_SHAPE(id, list, text) { .name = (id), .flags = SHAPE_PAGE, .fields = (list), .doc = (text) }

static const struct shape usage_report_shape = REPORT_SHAPE("UsageReport", usage_report_fields, "Usage and cost over some days");
static const struct shape ai_report_shape = REPORT_SHAPE("MinutesReport", ai_report_fields, "AI minutes over some days");
static const struct shape sim_report_shape = REPORT_SHAPE("DataReport", sim_report_fields, "SIM data over some days");

/* ---- what is asked ---- */

/* Values of the parameter GroupBy; the dimensions in their order. */
enum group { BY_CUSTOMER, BY_SIM, BY_FLEET, BY_NETWORK, BY_COUNTRY, BY_CATEGORY, BY_ACCOUNT, BY_NOTHING };

static const char *const group_names[] = { "customer", "sim", "fleet", "network", "country", "category", "account", "none", NULL };
static const char *const group_words[] = { "by customer", "by SIM", "by fleet", "by network", "by country", "by category", "by account", "in all" };

enum { BY_ALL };
static const char *const period_names[] = { "all", "hour", "day", "month", "year", NULL };

static const char *const compare_names[] = { "before", "year", "none", NULL };
enum { COMPARE_BEFORE, COMPARE_YEAR, COMPARE_NONE };

static const char *const sort_names[] = {
	"start", "-start", "name", "-name", "count", "-count", "usage", "-usage", "price", "-price", "change", "-change", NULL
};

/* What tells the reports apart. */
struct kind {
	const char *category;            /* NULL: the caller's choice */
	enum group group;                /* unless the caller chooses */
	const struct shape *line, *bar;
};

struct asked {
	const struct kind *kind;
	struct report_question question;
	enum group group;
	bool slots;                      /* a line a slot, too (By) */
	struct date first, last;
	bool compared;
	struct date before_first, before_last;
	const char *currency;
	const char *whose, *left_out;    /* in words */
};

static const struct param *find_param(const struct call *call, const char *name)
{
	for (const struct param *p = call->op->params; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

static const char *given_text(const struct call *call, const char *name)
{
	return find_param(call, name) ? call_arg(call, name)->text : NULL;
}

static void choose_filter(const struct call *call, struct report_question *q)
{
	static const char *const names[DIMENSIONS] = {
		[DIM_CUSTOMER] = "Customer", [DIM_SIM] = "Sim", [DIM_FLEET] = "Fleet", [DIM_NETWORK] = "Network", [DIM_COUNTRY] = "IsoCountry"
	};

	for (int d = 0; d < DIMENSIONS; d++)
		q->dim[d] = given_text(call, names[d]);
}

static void choose_group(const struct call *call, struct asked *a)
{
	static const enum report_by by[] = {
		[BY_CATEGORY] = REPORT_BY_CATEGORY, [BY_ACCOUNT] = REPORT_BY_ACCOUNT, [BY_NOTHING] = REPORT_BY_NONE
	};
	const struct arg *group = call_arg(call, "GroupBy"), *category = a->kind->category ? NULL : call_arg(call, "Category");

	a->group = group->text ? (enum group)group->n : a->kind->group;
	a->question.by = a->group < BY_CATEGORY ? REPORT_BY_DIMENSION : by[a->group];
	a->question.dimension = (enum dimension)a->group;
	a->question.category = CATALOGUE_NONE;
	if (a->kind->category)
		a->question.category = catalogue_find(call->catalogue, a->kind->category, strlen(a->kind->category));
	else if (category->text && category->category != call->catalogue->totalprice)
		a->question.category = category->category;
}

/* The slots of a chart when none are asked for: few enough to look at. */
static enum period usual_period(struct date first, struct date last)
{
	int64_t days = date_to_days(last) - date_to_days(first) + 1;

	return days <= HOURLY_DAYS ? PERIOD_HOUR : days <= DAILY_DAYS ? PERIOD_DAY : days <= MONTHLY_DAYS ? PERIOD_MONTH : PERIOD_YEAR;
}

/* Nothing was used before the month in which the first account began; days that all lie before it stay as they are. */
static int cut_days(const struct call *call, struct asked *a, struct error *err)
{
	struct date begin = call_today(call), one;

	for (size_t i = 0; i < a->question.n_accounts; i++) {
		if (account_begin(call, &a->question.accounts[i], &one, err) < 0)
			return -1;
		if (date_compare(one, begin) < 0)
			begin = one;
	}
	begin = period_first(PERIOD_MONTH, begin);
	if (date_compare(a->first, begin) < 0 && date_compare(begin, a->last) <= 0)
		a->first = begin;
	return 0;
}

static int choose_days(const struct call *call, struct asked *a, struct error *err)
{
	const struct arg *by = call_arg(call, "By"), *end = call_arg(call, "EndDate");

	a->last = call_today(call);
	a->first = period_first(PERIOD_MONTH, end->text ? end->date : a->last);
	if (range_given(call, &a->first, &a->last, err) < 0 || cut_days(call, a, err) < 0)
		return -1;
	range_instants(call, a->first, a->last, &a->question.from, &a->question.to);
	a->question.zone = call_zone(call);
	a->slots = by->n != BY_ALL;
	a->question.period = a->slots ? (enum period)by->n : usual_period(a->first, a->last);
	a->compared = call_arg(call, "Compare")->n != COMPARE_NONE;
	if (a->compared)
		report_days_before(a->first, a->last, call_arg(call, "Compare")->n == COMPARE_YEAR, &a->before_first, &a->before_last);
	return 0;
}

void report_days_before(struct date first, struct date last, bool year, struct date *ret_first, struct date *ret_last)
{
	bool whole = last.day == date_days_in_month(last.year, last.month);
	int64_t months = period_distance(PERIOD_MONTH, first, last) + 1, days = date_to_days(last) - date_to_days(first) + 1;

	if (year) {
		months = 12;
	} else if (first.day != 1 || (months > 1 && !whole)) {
		*ret_first = date_from_days(date_to_days(first) - days);
		*ret_last = date_from_days(date_to_days(first) - 1);
		return;
	}
	*ret_first = date_add_months(first, (int)-months);
	*ret_last = date_add_months(last, (int)-months);
	if (whole)
		ret_last->day = date_days_in_month(ret_last->year, ret_last->month);
}

static int ask(const struct call *call, struct asked *a, struct error *err)
{
	struct report_accounts accounts;

	*a = (struct asked){ .kind = call->op->data };
	if (report_accounts(call, &accounts, err) < 0)
		return -1;
	a->question.accounts = accounts.accounts;
	a->question.n_accounts = accounts.n;
	a->currency = accounts.currency;
	a->whose = accounts.words;
	a->left_out = accounts.left_out;
	choose_group(call, a);
	choose_filter(call, &a->question);
	return choose_days(call, a, err);
}

/* ---- links ---- */

struct change {
	const char *name, *value;        /* NULL: without it */
};

/* The call's own filters with CHANGES (ended by a NULL name) made to them, behind PATH. */
static const char *link_with(const struct call *call, const char *path, const struct change *changes)
{
	struct strbuf url;
	const char *text;
	char separator = '?';

	strbuf_init(&url, 8192);
	strbuf_add(&url, path);
	for (const struct param *p = call->op->params; p->name; p++) {
		const struct arg *arg = call_arg(call, p->name);
		const char *value = arg->given && !(p->flags & PARAM_STATE) ? arg->text : NULL;

		for (const struct change *c = changes; c->name; c++)
			if (strcmp(c->name, p->name) == 0)
				value = c->value;
		if (!value)
			continue;
		strbuf_addc(&url, separator);
		strbuf_add(&url, p->name);
		strbuf_addc(&url, '=');
		strbuf_add_urlencoded(&url, value, strlen(value));
		separator = '&';
	}
	text = arena_str(call->arena, url.text);
	strbuf_release(&url);
	return text;
}

/* A day as dates, an hour as instants. */
static const char *slot_text(const struct call *call, const struct asked *a, int64_t at)
{
	char text[INSTANT_TEXT];

	if (a->question.period == PERIOD_HOUR)
		instant_format(text, at * USEC_PER_SEC);
	else
		date_format(text, zone_date(a->question.zone, at));
	return arena_str(call->arena, text);
}

static const char *date_text(const struct call *call, struct date d)
{
	char text[DATE_TEXT];

	date_format(text, d);
	return arena_str(call->arena, text);
}

/* Has the category any below it that something was booked on? */
static bool has_finer(const struct catalogue *c, size_t category)
{
	for (size_t i = 0; i < c->n_metered; i++)
		if (c->parent[c->metered[i]] == category)
			return true;
	return false;
}

/* What a link changes. */
struct changes {
	struct change list[10];
	size_t n;
};

static void put(struct changes *c, const char *name, const char *value)
{
	c->list[c->n++] = (struct change){ name, value };
}

/* Only what the line is about. False: it is what is left, which has no name. */
static bool put_line(struct changes *c, const struct asked *a, const struct report_line *line)
{
	static const char *const filters[] = {
		[BY_CUSTOMER] = "Customer", [BY_SIM] = "Sim", [BY_FLEET] = "Fleet", [BY_NETWORK] = "Network", [BY_COUNTRY] = "IsoCountry",
		[BY_CATEGORY] = "Category", [BY_ACCOUNT] = "AccountSid"
	};

	if (a->group != BY_NOTHING && !*line->key)
		return false;
	if (a->group != BY_NOTHING)
		put(c, filters[a->group], line->key);
	if (line->account && a->group != BY_ACCOUNT)
		put(c, "AccountSid", line->account->sid);
	if (line->account)
		put(c, "IncludeSubaccounts", "false");
	return true;
}

/* The next finer view: categories of an account, categories below one, else shorter slots. False: only events are finer. */
static bool put_finer(const struct call *call, struct changes *c, const struct asked *a, const struct report_line *line, bool slot)
{
	static const char *const shorter[] = { [PERIOD_YEAR] = "month", [PERIOD_MONTH] = "day", [PERIOD_DAY] = "hour", [PERIOD_HOUR] = NULL };
	const char *period = slot ? shorter[a->question.period] : period_names[a->question.period];
	bool by_account = a->group == BY_ACCOUNT && !a->kind->category;

	if (by_account || (a->group == BY_CATEGORY && has_finer(call->catalogue, line->category))) {
		put(c, "GroupBy", "category");
		put(c, "By", NULL);
		return true;
	}
	put(c, "GroupBy", "none");
	put(c, "By", period);
	return period != NULL;
}

/* Where a line leads; SLOT (its two ends): a line of one slot, which becomes the range. NULL: nowhere. */
static const char *finer_link(const struct call *call, const struct asked *a, const struct report_line *line, const int64_t *slot)
{
	struct changes c = { .n = 0 };

	if (!put_line(&c, a, line) || !put_finer(call, &c, a, line, slot != NULL))
		return NULL;
	if (slot) {
		put(&c, "StartDate", date_text(call, zone_date(a->question.zone, slot[0])));
		put(&c, "EndDate", date_text(call, zone_date(a->question.zone, slot[1] - 1)));
	}
	put(&c, NULL, NULL);
	return link_with(call, arena_join(call->arena, call->op->path, call_link_suffix(call, call->op->dialect), NULL), c.list);
}

/* LINE in the days compared with, or of their slot SLOT (its two ends); LINE NULL: all of them. NULL: nowhere. */
static const char *earlier_link(const struct call *call, const struct asked *a, const struct report_line *line, const int64_t *slot)
{
	struct changes c = { .n = 0 };

	if (!a->compared || (line && (!put_line(&c, a, line) || !put_finer(call, &c, a, line, slot != NULL))))
		return NULL;
	put(&c, "StartDate", date_text(call, slot ? zone_date(a->question.zone, slot[0]) : a->before_first));
	put(&c, "EndDate", date_text(call, slot ? zone_date(a->question.zone, slot[1] - 1) : a->before_last));
	put(&c, NULL, NULL);
	return link_with(call, arena_join(call->arena, call->op->path, call_link_suffix(call, call->op->dialect), NULL), c.list);
}

/* The parameters that the list of events has as well. */
static const char *const shared_names[] = {
	"AccountSid", "IncludeSubaccounts", "Category", "Customer", "Sim", "Fleet", "Network", "IsoCountry", "TimeZone", NULL
};

static const char *find_value(const struct call *call, const struct changes *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->list[i].name, name) == 0)
			return c->list[i].value;
	return find_param(call, name) && call_arg(call, name)->given ? call_arg(call, name)->text : NULL;
}

static void add_query(struct strbuf *url, const char *name, const char *value)
{
	strbuf_addc(url, strchr(url->text, '?') ? '&' : '?');
	strbuf_addf(url, "%s=", name);
	strbuf_add_urlencoded(url, value, strlen(value));
}

/* The events that a line adds up, or (LINE NULL) all of them; NULL where no question finds just them. */
static const char *events_link(const struct call *call, const struct asked *a, const struct report_line *line, const int64_t *slot)
{
	struct changes c = { .n = 0 };
	bool hours = a->question.period == PERIOD_HOUR;
	const char *text;
	struct strbuf url;

	if ((line && !put_line(&c, a, line)) || *a->left_out)
		return NULL;
	if (a->kind->category)
		put(&c, "Category", a->kind->category);
	strbuf_init(&url, 8192);
	strbuf_add(&url, "/events");
	strbuf_add(&url, call_link_suffix(call, call->op->dialect));
	for (const char *const *name = shared_names; *name; name++)
		if (find_value(call, &c, *name))
			add_query(&url, *name, find_value(call, &c, *name));
	if (slot) {
		add_query(&url, hours ? "From" : "StartDate", slot_text(call, a, slot[0]));
		add_query(&url, hours ? "To" : "EndDate", slot_text(call, a, hours ? slot[1] : slot[1] - 1));
	} else {
		add_query(&url, "StartDate", date_text(call, a->first));
		add_query(&url, "EndDate", date_text(call, a->last));
	}
	text = arena_str(call->arena, url.text);
	strbuf_release(&url);
	return text;
}

/* ---- lines ---- */

/* A line of the answer: of the whole range, or (slot >= 0) of one slot. */
struct item {
	const struct report_line *line;
	int64_t slot;
	const struct totals *totals;
	wide before;                     /* its price in the days compared with */
};

struct items {
	struct item *list;
	size_t n;
};

static bool is_zero(const struct totals *t)
{
	return !t->count && !t->usage && !t->price && !t->upload;
}

static const struct report_line *same_line(const struct report *r, const struct report_line *line)
{
	for (size_t i = 0; i < r->n_lines; i++)
		if (strcmp(r->lines[i]->key, line->key) == 0 && (line->account ? line->account->id : 0) == (r->lines[i]->account ? r->lines[i]->account->id : 0))
			return r->lines[i];
	return NULL;
}

/* What the line cost before: in all, or in the slot at the same distance from the beginning. */
static wide price_before(const struct report *before, const struct report_line *line, int64_t slot)
{
	const struct report_line *same = same_line(before, line);

	if (!same || slot >= (int64_t)before->n_slots)
		return 0;
	return slot < 0 ? same->all.price : same->slots[slot].price;
}

static struct items make_items(const struct call *call, const struct asked *a, const struct report *r, const struct report *before)
{
	struct items items = { .list = arena_array(call->arena, struct item, r->n_lines * (a->slots ? r->n_slots : 1)) };

	for (size_t i = 0; i < r->n_lines; i++) {
		const struct report_line *line = r->lines[i];

		for (int64_t slot = a->slots ? 0 : -1; slot < (a->slots ? (int64_t)r->n_slots : 0); slot++) {
			const struct totals *totals = slot < 0 ? &line->all : &line->slots[slot];

			if (!is_zero(totals))
				items.list[items.n++] = (struct item){ line, slot, totals, price_before(before, line, slot) };
		}
	}
	return items;
}

static const char *name_of(const struct call *call, const struct asked *a, const struct report_line *line)
{
	if (!*line->key)
		return a->group == BY_NOTHING ? "all" : a->group == BY_CATEGORY ? "directly on it" : arena_join(call->arena, "no ", group_names[a->group], NULL);
	if (a->group == BY_CATEGORY)
		return call->catalogue->categories[line->category].description;
	return a->group == BY_ACCOUNT ? line->account->name : line->key;
}

/* Signs of differences, for the order of lines. */
static int sign(wide a, wide b)
{
	return (a > b) - (a < b);
}

static wide change_of(const struct item *i)
{
	struct decimal d = report_change(i->totals->price, i->before);

	return d.places < 0 ? (wide)INT64_MAX : d.n;
}

enum sort { SORT_START, SORT_NAME = 2, SORT_COUNT = 4, SORT_USAGE = 6, SORT_PRICE = 8, SORT_CHANGE = 10 };

struct order {
	const struct call *call;
	const struct asked *asked;
	int64_t by;                      /* index into sort_names; odd: the other way round */
};

static int compare_items(const void *x, const void *y, void *arg)
{
	const struct item *a = x, *b = y;
	const struct order *o = arg;
	int order = 0;

	switch ((enum sort)(o->by & ~1)) {
	case SORT_START:  order = sign(a->slot, b->slot); break;
	case SORT_NAME:   order = strcmp(name_of(o->call, o->asked, a->line), name_of(o->call, o->asked, b->line)); break;
	case SORT_COUNT:  order = sign(a->totals->count, b->totals->count); break;
	case SORT_USAGE:  order = sign(a->totals->usage, b->totals->usage); break;
	case SORT_PRICE:  order = sign(a->totals->price, b->totals->price); break;
	case SORT_CHANGE: order = sign(change_of(a), change_of(b)); break;
	}
	if (o->by & 1)
		order = -order;
	if (!order)
		order = sign(b->slot, a->slot);
	if (!order)
		order = sign(b->totals->price, a->totals->price);
	if (!order)
		order = strcmp(a->line->key, b->line->key);
	return order ? order : strcmp(a->line->account ? a->line->account->sid : "", b->line->account ? b->line->account->sid : "");
}

static void sort_items(const struct call *call, const struct asked *a, struct items *items)
{
	const struct arg *sort = call_arg(call, "Sort");
	struct order order = { call, a, sort->text ? sort->n : a->slots ? SORT_START + 1 : a->question.category == CATALOGUE_NONE ? SORT_PRICE + 1 : SORT_USAGE + 1 };

	qsort_r(items->list, items->n, sizeof(*items->list), compare_items, &order);
}

/* The amounts of a line; which of them mean something depends on its category. */
static void fill_amounts(const struct call *call, const struct totals *t, size_t category, struct row *ret)
{
	const struct category *c = category == CATALOGUE_NONE ? NULL : &call->catalogue->categories[category];

	ret->count = ret->usage = ret->upload = ret->download = DECIMAL_NULL;
	if (!c)
		return;
	ret->count = (struct decimal){ .n = t->count };
	ret->count_unit = c->count_unit;
	ret->usage = (struct decimal){ .n = t->usage, .places = USAGE_PLACES };
	ret->usage_unit = c->usage_unit;
	if (strcmp(c->name, CATEGORY_SIM_DATA) != 0)
		return;
	ret->upload = (struct decimal){ .n = t->upload, .places = USAGE_PLACES };       /* bytes are millionths of a megabyte */
	ret->download = (struct decimal){ .n = t->usage - t->upload, .places = USAGE_PLACES };
	ret->data_unit = c->usage_unit;
}

static void fill_price(const struct asked *a, wide price, wide before, wide whole, struct row *ret)
{
	ret->price = (struct decimal){ .n = price, .places = PRICE_PLACES };
	ret->price_unit = *a->currency ? a->currency : NULL;
	ret->previous_price = a->compared ? (struct decimal){ .n = before, .places = PRICE_PLACES } : DECIMAL_NULL;
	ret->change = a->compared ? report_change(price, before) : DECIMAL_NULL;
	ret->share = report_share(price, whole);
}

/* Where the slot at the same distance from the beginning lies in the days compared with. */
static const char *earlier_row_link(const struct call *call, const struct asked *a, const struct report *before, const struct item *i)
{
	if (i->slot >= (int64_t)before->n_slots)
		return NULL;
	return earlier_link(call, a, i->line, i->slot < 0 ? NULL : &before->starts[i->slot]);
}

static void fill_row(const struct call *call, const struct asked *a, const struct report *r, const struct report *before, const struct item *i,
		     struct row *ret)
{
	const struct report_line *line = i->line;
	const int64_t *slot = i->slot < 0 ? NULL : &r->starts[i->slot];

	*ret = (struct row){ .name = name_of(call, a, line), .uri = finer_link(call, a, line, slot), .events_uri = events_link(call, a, line, slot) };
	if (a->group == BY_CATEGORY || a->group == BY_ACCOUNT)
		ret->key = *line->key ? line->key : NULL;
	if (line->account) {
		ret->account = line->account->name;
		ret->account_sid = line->account->sid;
	}
	if (slot) {
		ret->start = slot_text(call, a, slot[0]);
		ret->end = a->question.period == PERIOD_HOUR ? ret->start : slot_text(call, a, slot[1] - 1);
	}
	fill_amounts(call, i->totals, line->category, ret);
	fill_price(a, i->totals->price, i->before, r->all.price, ret);
	ret->previous_uri = earlier_row_link(call, a, before, i);
}

/* ---- the chart: the largest lines over time ---- */

static wide weight(const struct asked *a, const struct totals *t)
{
	return a->question.category == CATALOGUE_NONE ? t->price : t->usage;
}

static int compare_lines(const void *x, const void *y, void *arg)
{
	const struct report_line *const *a = x, *const *b = y;
	int order = sign(weight(arg, &(*b)->all), weight(arg, &(*a)->all));

	return order ? order : strcmp((*a)->key, (*b)->key);
}

static void write_bar(const struct call *call, const struct asked *a, struct writer *w, const char *start, const char *name, const struct totals *t)
{
	struct row amounts = { 0 };
	struct bar bar = { .start = start, .name = name };

	fill_amounts(call, t, a->question.category, &amounts);
	bar.price = (struct decimal){ .n = t->price, .places = PRICE_PLACES };
	bar.usage = amounts.usage;
	bar.upload = amounts.upload;
	bar.download = amounts.download;
	bar.unit = a->kind->bar == &price_bar_shape ? a->currency : amounts.usage_unit;
	writer_record(w, NULL, a->kind->bar, &bar);
}

static void add_totals(struct totals *to, const struct totals *t)
{
	to->count += t->count;
	to->usage += t->usage;
	to->price += t->price;
	to->upload += t->upload;
}

/* One slot: the largest lines, then the others together; a slot without usage says so with one empty bar. */
static void write_slot(const struct call *call, const struct asked *a, const struct report *r, size_t slot, struct writer *w)
{
	size_t named = a->kind->bar == &data_bar_shape ? 0 : r->n_lines > CHART_LINES + 1 ? CHART_LINES : r->n_lines;
	const char *start = slot_text(call, a, r->starts[slot]);
	struct totals others = { 0 };
	size_t written = 0;

	for (size_t i = 0; i < r->n_lines; i++) {
		const struct totals *t = &r->lines[i]->slots[slot];

		if (i >= named)
			add_totals(&others, t);
		else if (!is_zero(t) && ++written)
			write_bar(call, a, w, start, name_of(call, a, r->lines[i]), t);
	}
	if (!is_zero(&others) || !written)
		write_bar(call, a, w, start, r->n_lines > named ? "others" : r->n_lines ? name_of(call, a, r->lines[0]) : "none", &others);
}

static void write_chart(const struct call *call, const struct asked *a, const struct report *r, const struct field *list, struct writer *w)
{
	qsort_r(r->lines, r->n_lines, sizeof(struct report_line *), compare_lines, (void *)a);
	writer_begin_list(w, list, a->kind->bar);
	for (size_t slot = 0; slot < r->n_slots && r->n_lines; slot++)
		write_slot(call, a, r, slot, w);
	writer_end(w);
}

/* ---- the answer ---- */

static const char *page_link(const struct call *call, int64_t page)
{
	char number[24];
	struct change changes[] = { { "Page", number }, { "PageSize", call_arg(call, "PageSize")->text }, { NULL, NULL } };

	snprintf(number, sizeof(number), "%lld", (long long)page);
	return link_with(call, arena_join(call->arena, call->op->path, call->suffix, NULL), changes);
}

static void fill_envelope(const struct call *call, const struct asked *a, size_t n, struct envelope *ret)
{
	int64_t page = call_arg(call, "Page")->n, size = call_arg(call, "PageSize")->n;

	*ret = (struct envelope){
		.start = date_text(call, a->first), .end = date_text(call, a->last),
		.time_zone = zone_name(a->question.zone), .currency = *a->currency ? a->currency : NULL,
		.lines = (int64_t)n, .page = page, .page_size = size
	};
	if (a->compared) {
		ret->previous_start = date_text(call, a->before_first);
		ret->previous_end = date_text(call, a->before_last);
	}
	if ((page + 1) * size < (int64_t)n)
		ret->next_page_uri = page_link(call, page + 1);
	if (page > 0)
		ret->previous_page_uri = page_link(call, page - 1);
}

static void fill_total(const struct call *call, const struct asked *a, const struct report *r, const struct report *before, struct row *ret)
{
	*ret = (struct row){ .name = "Total", .events_uri = events_link(call, a, NULL, NULL), .previous_uri = earlier_link(call, a, NULL, NULL) };
	fill_amounts(call, &r->all, a->question.category, ret);
	fill_price(a, r->all.price, before->all.price, r->all.price, ret);
}

/* Columns that would hold nothing. */
static void hide_columns(const struct asked *a, struct writer *w)
{
	bool mixed = a->question.category == CATALOGUE_NONE && a->group != BY_CATEGORY;
	const struct field *fields = a->kind->line->fields;

	if (!a->slots) {
		writer_hide(w, &fields[ROW_START]);
		writer_hide(w, &fields[ROW_END]);
	} else if (a->question.period <= PERIOD_DAY) {
		writer_hide(w, &fields[ROW_END]);
	}
	if (a->group >= BY_NETWORK || a->question.n_accounts == 1)
		writer_hide(w, &fields[ROW_ACCOUNT]);
	for (const struct field *f = fields; f->name; f++)
		if ((mixed && (strcmp(f->name, "count") == 0 || strcmp(f->name, "usage") == 0)) ||
		    (!a->compared && (strcmp(f->name, "previous_price") == 0 || strcmp(f->name, "change") == 0)))
			writer_hide(w, f);
}

static void write_about(const struct call *call, const struct asked *a, struct writer *w)
{
	const char *days = words_days(call->arena, a->first, a->last);
	const char *before = a->compared ? arena_join(call->arena, " Compared with ", words_days(call->arena, a->before_first, a->before_last), ".", NULL) : "";
	const char *of = !a->kind->category && a->question.category != CATALOGUE_NONE ?
		arena_join(call->arena, call->catalogue->categories[a->question.category].description, ", ", NULL) : "";

	writer_assume(w, "StartDate", date_text(call, a->first));
	writer_assume(w, "EndDate", date_text(call, a->last));
	writer_assume(w, "GroupBy", group_names[a->group]);
	writer_assume(w, "TimeZone", zone_name(a->question.zone));
	writer_assume(w, "Currency", a->currency);
	writer_about(w, call->op->title, arena_join(call->arena, a->whose, ", ", of, days, ", ", group_words[a->group], ", ",
						    zone_name(a->question.zone), ".", before, a->left_out, NULL));
}

static int write_report(struct call *call, const struct asked *a, const struct report *r, const struct report *before, struct writer *w)
{
	const struct field *fields = call->op->returns->fields;
	struct items items = make_items(call, a, r, before);
	struct envelope e;
	struct row row;

	fill_envelope(call, a, items.n, &e);
	sort_items(call, a, &items);
	write_about(call, a, w);
	hide_columns(a, w);
	writer_begin(w, NULL, call->op->returns);
	writer_fields(w, call->op->returns, &e);
	write_chart(call, a, r, &fields[REPORT_CHART], w);
	writer_begin_list(w, &fields[REPORT_LINES], a->kind->line);
	for (int64_t i = e.page * e.page_size; i < (int64_t)items.n && i < (e.page + 1) * e.page_size; i++) {
		fill_row(call, a, r, before, &items.list[i], &row);
		writer_record(w, NULL, a->kind->line, &row);
	}
	writer_end(w);
	fill_total(call, a, r, before, &row);
	writer_record(w, &fields[REPORT_TOTAL], a->kind->line, &row);
	writer_end(w);
	return 0;
}

static int run_report(struct call *call, struct writer *w, struct error *err)
{
	struct report_question earlier;
	struct report r, before = { 0 };
	struct asked a;

	if (ask(call, &a, err) < 0 || report_load(call->store, call->catalogue, &a.question, call->arena, &r, err) < 0)
		return -1;
	earlier = a.question;
	if (!a.slots)
		earlier.period = PERIOD_ALL;
	if (a.compared) {
		range_instants(call, a.before_first, a.before_last, &earlier.from, &earlier.to);
		if (report_load(call->store, call->catalogue, &earlier, call->arena, &before, err) < 0)
			return -1;
	}
	return write_report(call, &a, &r, &before, w);
}

/* ---- the tables ---- */

#define DAY_PARAMS                                                                                                       \
	{ "StartDate", PT_DATE, .doc = "First day; else the first of the month that the last one is in" },                                           \
	{ "EndDate", PT_DATE, .doc = "Last day, included; else today" },                                                 \
	{ "By", PT_ENUM, .def = "all", .values = period_names, .doc = "A line for each of these periods" },              \
	{ "Compare", PT_ENUM, .flags = PARAM_RARE, .def = "before", .values = compare_names,                              \
	  .doc = "With the days before (of a month so far the same ones of the month before), the same days a year earlier, or nothing" }, \
	{ "TimeZone", PT_ZONE, .flags = PARAM_RARE, .doc = "Days by the clocks of this zone (IANA name) instead of UTC" }

#define LIST_PARAMS                                                                                                      \
	{ "Sort", PT_ENUM, .values = sort_names, .flags = PARAM_STATE, .doc = "By which field, with - the largest first" },    \
	{ "PageSize", PT_PAGE_SIZE, .flags = PARAM_STATE, .def = "100", .min = 1, .max = MAX_PAGE_SIZE,                   \
	  .doc = "Lines a page; more than 1000 counts as 1000" },                                                       \
	{ "Page", PT_INT, .flags = PARAM_STATE, .def = "0", .min = 0, .max = 1000000, .doc = "Number of the page, from 0" }

#define CUSTOMER_PARAM { "Customer", PT_TEXT, .max = 128, .doc = "Only of this customer" }

static const struct param usage_params[] = {
	ACCOUNT_PARAMS,
	{ "Category", PT_CATEGORY, .doc = "Only of this category and those below it" },
	CUSTOMER_PARAM,
	{ "GroupBy", PT_ENUM, .values = group_names, .doc = "What the lines are" },
	DAY_PARAMS, LIST_PARAMS,
	{ 0 }
};

static const struct param ai_params[] = {
	ACCOUNT_PARAMS, CUSTOMER_PARAM,
	{ "GroupBy", PT_ENUM, .values = group_names, .doc = "What the lines are" },
	DAY_PARAMS, LIST_PARAMS,
	{ 0 }
};

static const struct param sim_params[] = {
	ACCOUNT_PARAMS,
	{ "Sim", PT_TEXT, .max = 128, .label = "SIM", .doc = "Only of this SIM" },
	{ "Fleet", PT_TEXT, .max = 128, .doc = "Only of this fleet" },
	{ "Network", PT_TEXT, .max = 128, .doc = "Only in this network" },
	{ "IsoCountry", PT_TEXT, .min = 2, .max = 2, .label = "Country", .doc = "Only in this country: two capital letters" },
	{ "GroupBy", PT_ENUM, .values = group_names, .doc = "What the lines are" },
	DAY_PARAMS, LIST_PARAMS,
	{ 0 }
};

static const struct kind usage_kind = { NULL, BY_CATEGORY, &usage_shape, &price_bar_shape };
static const struct kind billing_kind = { NULL, BY_ACCOUNT, &usage_shape, &price_bar_shape };
static const struct kind ai_kind = { CATEGORY_AI_MINUTES, BY_CUSTOMER, &ai_shape, &usage_bar_shape };
static const struct kind sim_kind = { CATEGORY_SIM_DATA, BY_SIM, &sim_shape, &data_bar_shape };

const struct op op_ReportUsage = {
	.id = "ReportUsage", .methods = M_READ, .path = "/reports/usage", .dialect = &dialect_usaged, .roles = ROLES_READING,
	.params = usage_params, .returns = &usage_report_shape, .run = run_report, .data = &usage_kind, .title = "Usage", .nav = "Usage",
	.doc = "Usage and cost by category or otherwise, over any days, compared with those before",
};

const struct op op_ReportBilling = {
	.id = "ReportBilling", .methods = M_READ, .path = "/reports/billing", .dialect = &dialect_usaged, .roles = ROLES_READING,
	.params = usage_params, .returns = &usage_report_shape, .run = run_report, .data = &billing_kind, .title = "Billing",
	.nav = "Billing", .doc = "Cost by account, over any days, compared with those before",
};

const struct op op_ReportAI = {
	.id = "ReportAI", .methods = M_READ, .path = "/reports/ai", .dialect = &dialect_usaged, .roles = ROLES_READING,
	.params = ai_params, .returns = &ai_report_shape, .run = run_report, .data = &ai_kind, .title = "AI minutes", .nav = "AI minutes",
	.doc = "AI minutes by customer or otherwise, over any days, compared with those before",
};

const struct op op_ReportSim = {
	.id = "ReportSim", .methods = M_READ, .path = "/reports/sim", .dialect = &dialect_usaged, .roles = ROLES_READING,
	.params = sim_params, .returns = &sim_report_shape, .run = run_report, .data = &sim_kind, .title = "SIM data", .nav = "SIM data",
	.doc = "SIM data by SIM or otherwise, over any days, compared with those before",
};
