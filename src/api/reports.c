/*
 * reports.c - the server's own reports: usage by category or account, AI
 * minutes, SIM data; for any days, compared with the days before. Lines add up
 * to the total, and each number links to a finer report.
 */
#include <string.h>

#include "api/access.h"
#include "api/closed_until.h"
#include "api/report_parts.h"
#include "api/paging.h"
#include "api/presets.h"
#include "api/range.h"
#include "api/sims.h"
#include "api/date_text.h"
#include "store/account.h"
#include "store/rollup.h"
#include "base/banned.h"

enum { HOURLY_DAYS = 2, DAILY_DAYS = 92, MONTHLY_DAYS = 1100 };

/* ---- the answer ---- */

enum { ROW_START, ROW_END, ROW_NAME, ROW_SECOND = 5, ROW_ACCOUNT };

#define ROW_HEAD                                                                            \
	[ROW_START] = FIELD(struct report_row, start,                                       \
			    "First day, or first instant of an hour; null without By",      \
			    .format = "date-or-time", .label = "From"),                     \
	[ROW_END] = FIELD(struct report_row, end,                                           \
			  "Last day, included, or the hour; null without By",               \
			  .format = "date-or-time", .label = "To"),                         \
	[ROW_NAME] = FIELD(struct report_row, name, "The line's name"),                     \
	FIELD(struct report_row, uri, "The next finer report", .format = "uri",             \
	      .flags = FIELD_LINK),                                                         \
	FIELD(struct report_row, key, "The line's category, account, customer or SIM",      \
	      .flags = FIELD_LABEL),                                                        \
	[ROW_SECOND] = FIELD(struct report_row, second,                                     \
			     "The line's value of the dimension ThenBy; null without it"),  \
	[ROW_ACCOUNT] = FIELD(struct report_row, account, "The account's name"),            \
	FIELD(struct report_row, account_sid, "The account's SID", .flags = FIELD_MACHINE), \
	FIELD(struct report_row, count,                                                     \
	      "Number of events; null if the line adds up different things"),               \
	FIELD(struct report_row, events_uri, "The events behind the line", .format = "uri", \
	      .flags = FIELD_LINK),                                                         \
	FIELD(struct report_row, count_unit, "What is counted", .flags = FIELD_UNIT)
/* Links the number in the previous column */
#define ROW_EVENTS                                                                          \
	FIELD(struct report_row, events_uri, "The events behind the line", .format = "uri", \
	      .flags = FIELD_LINK | FIELD_PAGE_ONLY)
#define ROW_FOOT                                                                                   \
	FIELD(struct report_row, price, "Cost in the currency of the account", .label = "Cost"),   \
		ROW_EVENTS,                                                                        \
		FIELD(struct report_row, price_unit, "The currency, lower case",                   \
		      .flags = FIELD_UNIT, .format = "currency"),                                  \
		FIELD(struct report_row, previous_price, "Cost in the days compared with",         \
		      .format = "money", .label = "Before"),                                       \
		FIELD(struct report_row, previous_uri, "The report of those days",                 \
		      .format = "uri", .flags = FIELD_LINK | FIELD_PAGE_ONLY),                     \
		FIELD(struct report_row, price_unit, "The currency, lower case",                   \
		      .flags = FIELD_UNIT | FIELD_PAGE_ONLY, .format = "currency"),                \
		FIELD(struct report_row, change,                                                   \
		      "Change in percent; null if the earlier value is 0", .flags = FIELD_CHANGE), \
		FIELD(struct report_row, share, "Share of the total cost in percent",              \
		      .flags = FIELD_SHARE)

static const struct field usage_fields[] = {
	ROW_HEAD,
	FIELD(struct report_row, usage,
	      "The billed measure; null if the line adds up different things"),
	ROW_EVENTS,
	FIELD(struct report_row, usage_unit, "What usage measures", .flags = FIELD_UNIT),
	ROW_FOOT,
	{ 0 }
};

static const struct field sim_fields[] = {
	ROW_HEAD,
	FIELD(struct report_row, upload, "Data sent by the SIM"),
	ROW_EVENTS,
	FIELD(struct report_row, data_unit, "Megabytes of a million bytes", .flags = FIELD_UNIT),
	FIELD(struct report_row, download, "Data received by the SIM"),
	ROW_EVENTS,
	FIELD(struct report_row, data_unit, "Megabytes of a million bytes",
	      .flags = FIELD_UNIT | FIELD_PAGE_ONLY),
	ROW_FOOT,
	{ 0 }
};

static const struct shape usage_shape = { .name = "UsageLine",
					  .fields = usage_fields,
					  .doc = "One line" };
static const struct shape ai_shape = { .name = "MinutesLine",
				       .fields = usage_fields,
				       .doc = "One line" };
static const struct shape sim_shape = { .name = "DataLine",
					.fields = sim_fields,
					.doc = "One line" };

struct report_envelope {
	const char *start, *end, *previous_start, *previous_end, *time_zone, *currency;
	int64_t lines, page, page_size;
	const char *next_page_uri, *previous_page_uri;
	const void *total;
};

enum { REPORT_TOTAL = 11, REPORT_CHART, REPORT_LINES };

#define REPORT_FIELDS(line_shape, bar_shape)                                                       \
	FIELD(struct report_envelope, start, "First day", .format = "date"),                       \
		FIELD(struct report_envelope, end, "Last day, included", .format = "date"),        \
		FIELD(struct report_envelope, previous_start,                                      \
		      "First day of the days compared with; null without a comparison",            \
		      .format = "date"),                                                           \
		FIELD(struct report_envelope, previous_end, "Last day of the days compared with",  \
		      .format = "date"),                                                           \
		FIELD(struct report_envelope, time_zone, "Time zone of the days"),                 \
		FIELD(struct report_envelope, currency, "Currency of all prices, lower case",      \
		      .format = "currency"),                                                       \
		FIELD_AS(struct report_envelope, lines, "line_count", "Lines on all pages"),       \
		FIELD(struct report_envelope, page, "Number of the page, from 0"),                 \
		FIELD(struct report_envelope, page_size, "Lines a page"),                          \
		FIELD(struct report_envelope, next_page_uri, "The page after",                     \
		      .flags = FIELD_NEXT | FIELD_MACHINE),                                        \
		FIELD(struct report_envelope, previous_page_uri, "The page before",                \
		      .flags = FIELD_PREVIOUS | FIELD_MACHINE),                                    \
		[REPORT_TOTAL] = FIELD(struct report_envelope, total, "All lines together",        \
				       .shape = &(line_shape), .flags = FIELD_TOTAL),              \
		[REPORT_CHART] = FIELD_LIST("chart", &(bar_shape), "The largest lines over time"), \
		[REPORT_LINES] = { .name = "lines",                                                \
				   .type = VT_LIST,                                                \
				   .shape = &(line_shape),                                         \
				   .flags = FIELD_MAIN,                                            \
				   .doc = "A name opens a finer report, a number its events." },   \
	{                                                                                          \
		0                                                                                  \
	}

static const struct field usage_report_fields[] = { REPORT_FIELDS(usage_shape, report_price_bars) };
static const struct field ai_report_fields[] = { REPORT_FIELDS(ai_shape, report_usage_bars) };
static const struct field sim_report_fields[] = { REPORT_FIELDS(sim_shape, report_data_bars) };

#define REPORT_SHAPE(id, list, text)                                               \
	{                                                                          \
		.name = (id), .flags = SHAPE_PAGE, .fields = (list), .doc = (text) \
	}

static const struct shape usage_report_shape = REPORT_SHAPE("UsageReport", usage_report_fields,
							    "Usage and cost over some days");
static const struct shape ai_report_shape = REPORT_SHAPE("MinutesReport", ai_report_fields,
							 "AI minutes over some days");
static const struct shape sim_report_shape = REPORT_SHAPE("DataReport", sim_report_fields,
							  "SIM data over some days");

/* ---- the query ---- */

/* Values of GroupBy that are no dimensions, as enum report_group. */
static const struct grouping groupings[] = {
	{ GROUP_CATEGORY, "Category", "category", "category", "Category", "Categories" },
	{ GROUP_ACCOUNT, "AccountSid", "account", "account", "Account", "Accounts" },
	{ GROUP_NONE, NULL, "none", "nothing: one row", "Usage", "All usage" },
};

static const char *const group_names[] = { "category", "account", "none", NULL };
static const char *const group_words[] = { "category", "account", "nothing: one row", NULL };
static const char *const no_names[] = { NULL };

enum { BY_ALL };
const char *const report_period_names[] = { "all", "hour", "day", "month", "year", NULL };

static const char *const period_words[] = {
	"the whole range", "hour", "day", "month", "year", NULL
};

static const char *const compare_words[] = { "the days before", "the year before", "nothing",
					     NULL };
static const char *const compare_names[] = { "before", "year", "none", NULL };
enum { COMPARE_BEFORE, COMPARE_YEAR, COMPARE_NONE };

static void choose_filter(struct asked *a)
{
	memcpy(a->question.dim, a->filter.text, sizeof(a->question.dim));
	memcpy(a->question.prefix, a->filter.prefix, sizeof(a->question.prefix));
}

static struct grouping grouping_of(const struct request *rq, int group)
{
	const struct dimension_info *info;

	if (group >= DIMENSIONS)
		return groupings[group - DIMENSIONS];
	info = rq->catalogue->dimensions.info[group];
	return (struct grouping) { GROUP_DIMENSION, NULL,      info->group,
				   info->word,      info->one, info->all };
}

/* Without GroupBy, or by nothing, ThenBy alone groups the lines. */
static int choose_second(const struct request *rq, struct asked *a, struct error *err)
{
	const struct arg *second = request_arg(rq, "ThenBy");

	if (!second->text)
		return 0;
	if (second->n == a->group)
		return error_set(err, ERR_PARAM, "ThenBy",
				 "must be another dimension than GroupBy, which is %s too",
				 second->text);
	if (a->group == BY_NOTHING) {
		a->group = (int)second->n;
		return 0;
	}
	a->second = rq->catalogue->dimensions.info[second->n];
	a->question.paired = true;
	a->question.second = (enum dimension)second->n;
	return 0;
}

static int choose_group(const struct request *rq, struct asked *a, struct error *err)
{
	const struct arg *group = request_arg(rq, "GroupBy"),
			 *category = a->kind->category ? NULL : request_arg(rq, "Category");

	a->group = group->text ? (int)group->n : a->kind->group;
	if (choose_second(rq, a, err) < 0)
		return -1;
	a->grouping = grouping_of(rq, a->group);
	a->question.by = a->grouping.by;
	if (a->group < DIMENSIONS)
		a->question.dimension = (enum dimension)a->group;
	a->question.category = CATALOGUE_NONE;
	if (a->kind->category)
		a->question.category = catalogue_find(rq->catalogue, a->kind->category,
						      strlen(a->kind->category));
	else if (category->text && category->category != rq->catalogue->totalprice)
		a->question.category = category->category;
	return 0;
}

/* The default length of a chart's slots, so that there are not too many. */
static enum period usual_period(struct date first, struct date last)
{
	int64_t days = date_to_days(last) - date_to_days(first) + 1;

	return days <= HOURLY_DAYS    ? PERIOD_HOUR
	       : days <= DAILY_DAYS   ? PERIOD_DAY
	       : days <= MONTHLY_DAYS ? PERIOD_MONTH
				      : PERIOD_YEAR;
}

/*
 * Cuts the range to begin with the month in which the first account began. A
 * range that ends before this month does not change.
 */
static int cut_days(const struct request *rq, struct asked *a, struct error *err)
{
	struct date begin;

	if (accounts_begin(rq, a->question.accounts, a->question.n_accounts, &begin, err) < 0)
		return -1;
	begin = period_first(PERIOD_MONTH, begin);
	if (date_compare(a->first, begin) < 0 && date_compare(begin, a->last) <= 0)
		a->first = begin;
	return 0;
}

/* The last day with usage. 1 found, 0 none, -1 failed. */
static int last_day(const struct request *rq, const struct asked *a, int64_t *ret,
		    struct error *err)
{
	int64_t *ids = arena_array(rq->arena, int64_t, a->question.n_accounts);

	for (size_t i = 0; i < a->question.n_accounts; i++)
		ids[i] = a->question.accounts[i].id;
	return store_usage_day(rq->store, ids, a->question.n_accounts, true, ret, err);
}

/*
 * Lets slots end with the current period, unless there is usage in the future
 * (from a wrong clock).
 */
static int find_end(const struct request *rq, struct asked *a, struct error *err)
{
	enum period period = a->question.period == PERIOD_HOUR ? PERIOD_DAY : a->question.period;
	struct date end = request_today(rq);
	int64_t day;
	int rc = 0;

	if (date_compare(end, a->last) < 0)
		rc = last_day(rq, a, &day, err);
	if (rc < 0)
		return -1;
	if (rc > 0 && date_compare(end, zone_date(a->question.zone, (day + 1) * SEC_PER_DAY)) < 0)
		end = zone_date(a->question.zone, (day + 1) * SEC_PER_DAY);
	end = date_from_days(date_to_days(period_step(period, period_first(period, end), 1)) - 1);
	a->end = date_compare(end, a->last) < 0 && date_compare(a->first, end) <= 0 ? end : a->last;
	return 0;
}

static int choose_days(const struct request *rq, struct asked *a, struct error *err)
{
	const struct arg *by = request_arg(rq, "By"), *end = request_arg(rq, "EndDate");

	a->last = request_today(rq);
	a->first = request_cycle_first(rq, end->text ? end->date : a->last);
	if (range_given(rq, &a->first, &a->last, err) < 0)
		return -1;
	/* on the first of a month, the default range is a month to date */
	a->one_day = end->text && date_compare(a->first, a->last) == 0;
	if (cut_days(rq, a, err) < 0)
		return -1;
	a->question.zone = request_zone(rq);
	a->slots = by->n != BY_ALL;
	a->question.period = a->slots ? (enum period)by->n : usual_period(a->first, a->last);
	if (find_end(rq, a, err) < 0)
		return -1;
	range_instants(rq, a->first, a->end, &a->question.from, &a->question.to);
	a->year_earlier = request_arg(rq, "Compare")->n == COMPARE_YEAR;
	a->compared = request_arg(rq, "Compare")->n != COMPARE_NONE &&
		      report_compare_days(a, rq->calendar.cycle_day);
	return 0;
}

/*
 * The number of the billing cycle that contains D, if cycles begin on day BEGIN
 * of a month.
 */
static int month_number(struct date d, int begin)
{
	return d.year * 12 + d.month - (d.day < begin);
}

/* The days before that span as many months; for whole months, whole months. */
static void months_before(struct date first, struct date last, bool whole, int months,
			  struct date *ret_first, struct date *ret_last)
{
	struct date next = date_from_days(date_to_days(last) + 1);

	*ret_first = date_add_months(first, -months);
	*ret_last = whole ? date_from_days(date_to_days(date_add_months(next, -months)) - 1)
			  : date_add_months(last, -months);
}

bool report_days_before(struct date first, struct date last, enum days_before rule, int cycle_day,
			struct date *ret_first, struct date *ret_last)
{
	int begin = first.day == cycle_day ? cycle_day : 1;
	struct date next = date_from_days(date_to_days(last) + 1);
	int64_t days = date_to_days(next) - date_to_days(first);
	int months = month_number(last, begin) - month_number(first, begin) + 1;
	bool whole = next.day == begin,
	     year_so_far = first.day == 1 && first.month == 1 && first.year == last.year && !whole;

	if (rule == BEFORE_A_YEAR || (rule == BEFORE_BY_CALENDAR && year_so_far && months > 1)) {
		months_before(first, last, next.day == 1, 12, ret_first, ret_last);
	} else if (rule == BEFORE_JUST_BEFORE || first.day != begin || (months > 1 && !whole)) {
		*ret_first = date_from_days(date_to_days(first) - days);
		*ret_last = date_from_days(date_to_days(first) - 1);
	} else {
		months_before(first, last, whole, months, ret_first, ret_last);
	}
	return date_valid(*ret_first);
}

static int ask(struct request *rq, struct asked *a, struct error *err)
{
	struct report_accounts accounts;

	*a = (struct asked) { .kind = rq->op->data };
	if (report_accounts(rq, &accounts, err) < 0)
		return -1;
	a->question.accounts = accounts.accounts;
	a->question.n_accounts = accounts.n;
	a->currency = accounts.currency;
	a->whose = accounts.words;
	a->left_out = accounts.left_out;
	if (choose_group(rq, a, err) < 0 || dimension_filter_read(rq, &a->filter, err) < 0)
		return -1;
	choose_filter(a);
	if (access_categories(rq, &a->categories, err) < 0 ||
	    sims_unknown_words(rq, a->question.accounts, a->question.n_accounts, &a->filter,
			       &a->unknown, err) < 0)
		return -1;
	return choose_days(rq, a, err);
}

/* ---- the answer ---- */

static void fill_envelope(const struct request *rq, const struct asked *a, size_t n,
			  struct report_envelope *ret)
{
	int64_t page = request_arg(rq, "Page")->n, size = request_arg(rq, "PageSize")->n;

	*ret = (struct report_envelope) { .start = report_date_text(rq, a->first),
					  .end = report_date_text(rq, a->last),
					  .time_zone = zone_name(a->question.zone),
					  .currency = *a->currency ? a->currency : NULL,
					  .lines = (int64_t)n,
					  .page = page,
					  .page_size = size };
	if (a->compared) {
		ret->previous_start = report_date_text(rq, a->before.first);
		ret->previous_end = report_date_text(rq, a->before.last);
	}
	if ((page + 1) * size < (int64_t)n)
		ret->next_page_uri = report_link_page(rq, page + 1);
	if (page > 0)
		ret->previous_page_uri = report_link_page(rq, page - 1);
}

/* Do lines belong to an account that their names do not say? */
static bool names_accounts(const struct request *rq, const struct asked *a)
{
	return (a->group < DIMENSIONS && !rq->catalogue->dimensions.info[a->group]->shared) ||
	       (a->second && !a->second->shared && a->group != BY_ACCOUNT);
}

/* Hides columns that would be empty. */
static void hide_columns(const struct request *rq, const struct asked *a, struct writer *w)
{
	bool mixed = a->question.category == CATALOGUE_NONE && a->group != BY_CATEGORY;
	const struct field *fields = a->kind->line->fields;

	/*
	 * the end of a slot is obvious: the next slot's beginning, or the end
	 * of the range
	 */
	writer_hide(w, &fields[ROW_END]);
	if (!a->slots)
		writer_hide(w, &fields[ROW_START]);
	if (!a->second)
		writer_hide(w, &fields[ROW_SECOND]);
	if (!names_accounts(rq, a) || a->question.n_accounts == 1)
		writer_hide(w, &fields[ROW_ACCOUNT]);
	for (const struct field *f = fields; f->name; f++)
		if ((mixed && (strcmp(f->name, "count") == 0 || strcmp(f->name, "usage") == 0)) ||
		    (!a->compared &&
		     (strcmp(f->name, "previous_price") == 0 || strcmp(f->name, "change") == 0)))
			writer_hide(w, f);
}

/* ---- words ---- */

static void write_labels(const struct request *rq, const struct asked *a, struct writer *w)
{
	const struct field *fields = a->kind->line->fields, *report = rq->op->returns->fields;

	writer_label(w, &fields[ROW_NAME], a->grouping.one);
	if (a->second)
		writer_label(w, &fields[ROW_SECOND], a->second->one);
	if (a->question.period == PERIOD_HOUR || a->question.period == PERIOD_DAY)
		writer_label(w, &fields[ROW_START],
			     a->question.period == PERIOD_HOUR ? "Hour" : "Day");
	writer_label(w, &report[REPORT_LINES],
		     a->second ? arena_join(rq->arena, a->grouping.one, " and ", a->second->word,
					    NULL)
			       : a->grouping.all);
	writer_label(w, &report[REPORT_CHART], report_chart_title(rq, a));
}

/*
 * The display name of the chosen category between BEFORE and BEHIND; "" if none
 * is chosen.
 */
static const char *category_words(const struct request *rq, const struct asked *a,
				  const char *before, const char *behind)
{
	if (a->kind->category || a->question.category == CATALOGUE_NONE)
		return "";
	return arena_join(rq->arena, before,
			  rq->catalogue->categories[a->question.category].description, behind,
			  NULL);
}

static const char *by_words(const struct request *rq, const struct asked *a)
{
	return a->group == BY_NOTHING
		       ? "in all"
		       : arena_join(rq->arena, "by ", a->grouping.word, a->second ? " and " : NULL,
				    a->second ? a->second->word : NULL, NULL);
}

/*
 * All filters in one line: "4 accounts, all categories, by category, a row for
 * each day, UTC".
 */
static const char *filter_words(const struct request *rq, const struct asked *a)
{
	const char *category = category_words(rq, a, ", ", "");
	const char *rows = a->slots ? arena_join(rq->arena, ", a row for each ",
						 report_period_names[a->question.period], NULL)
				    : "";

	if (!*category && !a->kind->category)
		category = ", all categories";
	return arena_join(rq->arena, a->whose, category, dimension_filter_words(rq, &a->filter),
			  ", ", by_words(rq, a), rows, ", ", zone_name(a->question.zone), NULL);
}

static const char *compared_words(const struct request *rq, const struct asked *a)
{
	if (a->compared)
		return arena_join(rq->arena, " Compared with ",
				  date_text_days(rq->arena, a->before.first, a->before.last), ".",
				  NULL);
	return request_arg(rq, "Compare")->n == COMPARE_NONE
		       ? ""
		       : " Not compared: the days before would begin before the year 1.";
}

static void write_about(const struct request *rq, const struct asked *a, struct writer *w)
{
	const char *days = date_text_days(rq->arena, a->first, a->last);

	writer_assume(w, "StartDate", report_date_text(rq, a->first));
	writer_assume(w, "EndDate", report_date_text(rq, a->last));
	writer_assume(w, "GroupBy", a->grouping.name);
	writer_assume(w, "Currency", a->currency);
	writer_assume(w, "TimeZone", zone_name(a->question.zone));
	writer_filters(w, filter_words(rq, a));
	presets_write(rq, w);
	writer_about(w, rq->op->title,
		     arena_join(rq->arena, a->whose, ", ", category_words(rq, a, "", ", "), days,
				", ", by_words(rq, a), ", ", zone_name(a->question.zone), ".",
				compared_words(rq, a), a->left_out, a->unknown, NULL));
}

static int write_report(struct request *rq, const struct asked *a, struct report *r,
			const struct earlier *before, struct writer *w, struct error *err)
{
	const struct field *fields = rq->op->returns->fields;
	struct items items = report_items(rq, a, r, before);
	struct report_envelope e;
	struct report_row row;

	fill_envelope(rq, a, items.n, &e);
	report_total_fill(rq, a, r, before, &row);
	e.total = &row;
	items.from = (size_t)(e.page * e.page_size);
	items.to = items.from + (size_t)e.page_size;
	if (report_items_sort(rq, a, r, &items, err) < 0)
		return -1;
	write_about(rq, a, w);
	write_labels(rq, a, w);
	hide_columns(rq, a, w);
	if (request_arg(rq, "Totals")->yes)
		writer_show_totals(w);
	if (report_figures_write(rq, a, r, before, w, err) < 0)
		return -1;
	writer_begin(w, NULL, rq->op->returns);
	writer_fields(w, rq->op->returns, &e);
	if (report_chart_write(rq, a, r, &fields[REPORT_CHART], w, err) < 0)
		return -1;
	writer_begin_list(w, &fields[REPORT_LINES], a->kind->line);
	for (size_t i = items.from; i < items.n && i < items.to; i++) {
		report_row_fill(rq, a, r, &items.list[i], &row);
		writer_record(w, NULL, a->kind->line, &row);
	}
	writer_end(w);
	writer_end(w);
	return 0;
}

static int run_report(struct request *rq, struct writer *w, struct error *err)
{
	struct earlier before;
	struct report r;
	struct asked a;
	int rc;

	if (ask(rq, &a, err) < 0)
		return -1;
	rc = a.slots ? report_load_cells(rq->store, rq->catalogue, &a.question, rq->arena, &r, err)
		     : report_load(rq->store, rq->catalogue, &a.question, rq->arena, &r, err);
	if (rc < 0 || report_earlier_load(rq, &a, &r, &before, err) < 0)
		return -1;
	if (request_note_closed(rq, w, &a.question, err) < 0)
		return -1;
	return write_report(rq, &a, &r, &before, w, err);
}

/* ---- the tables ---- */

#define DAY_PARAMS                                                                                \
	{ "StartDate", PT_DATE,                                                                   \
	  .doc = "First day. Default: the first day of the last day's billing cycle" },           \
		{ "EndDate", PT_DATE, .doc = "Last day, included. Default: today" },              \
		{ "By",                                                                           \
		  PT_ENUM,                                                                        \
		  .def = "all",                                                                   \
		  .values = report_period_names,                                                  \
		  .words = period_words,                                                          \
		  .label = "A row for each",                                                      \
		  .doc = "A line for each of these periods" },                                    \
		{ "Compare",                                                                      \
		  PT_ENUM,                                                                        \
		  .flags = PARAM_RARE,                                                            \
		  .def = "before",                                                                \
		  .values = compare_names,                                                        \
		  .words = compare_words,                                                         \
		  .label = "Compared with",                                                       \
		  .doc = "With the days before (for a month to date, the same days of the month " \
			 "before), the same days a year earlier, or nothing" },                   \
	{                                                                                         \
		"TimeZone", PT_ZONE,                                                              \
			.flags = PARAM_RARE,                                                      \
			.doc = "Time zone of the days (IANA name). Default: the accounts' own"    \
	}

#define LIST_PARAMS                                                                             \
	{ "Sort", PT_ENUM, .values = report_sort_names, .flags = PARAM_STATE,                   \
	  .doc = "The field to sort by; with -, descending" },                                  \
		{ "PageSize",                                                                   \
		  PT_PAGE_SIZE,                                                                 \
		  .flags = PARAM_STATE,                                                         \
		  .def = "100",                                                                 \
		  .min = 1,                                                                     \
		  .max = MAX_PAGE_SIZE,                                                         \
		  .doc = "Lines a page; more than 1000 counts as 1000" },                       \
		{ "Page",                                                                       \
		  PT_INT,                                                                       \
		  .flags = PARAM_STATE,                                                         \
		  .def = "0",                                                                   \
		  .min = 0,                                                                     \
		  .max = 1000000,                                                               \
		  .doc = "Number of the page, from 0" },                                        \
	{                                                                                       \
		"Totals", PT_BOOL, .flags = PARAM_STATE, .def = "false",                        \
				   .doc = "In CSV: add a last row with the totals of all lines" \
	}

#define GROUP_PARAMS                                                                           \
	FILTER_PARAM,                                                                          \
		{ "GroupBy", PT_GROUP, .values = group_names, .words = group_words,            \
		  .doc = "What the lines are: a dimension, category, account or none" },       \
	{                                                                                      \
		"ThenBy", PT_GROUP, .flags = PARAM_RARE, .values = no_names, .any = "nothing", \
				    .label = "And by",                                         \
				    .doc = "A second dimension: a line for each value of both" \
	}

#define CUSTOMER_PARAM                                                          \
	{                                                                       \
		"Customer", PT_TEXT, .max = 128, .doc = "Only of this customer" \
	}

static const struct param usage_params[] = {
	ACCOUNT_PARAMS,
	{ "Category", PT_CATEGORY, .doc = "Only of this category and those below it" },
	CUSTOMER_PARAM,
	GROUP_PARAMS,
	DAY_PARAMS,
	LIST_PARAMS,
	{ 0 }
};

static const struct param ai_params[] = { ACCOUNT_PARAMS, CUSTOMER_PARAM, GROUP_PARAMS,
					  DAY_PARAMS,     LIST_PARAMS,    { 0 } };

static const struct param sim_params[] = {
	ACCOUNT_PARAMS,
	{ "Sim", PT_TEXT, .max = 128, .label = "SIM",
	  .doc = "Only of this SIM: its SID or unique name" },
	{ "Fleet", PT_TEXT, .max = 128, .doc = "Only of this fleet: its SID or unique name" },
	{ "Network", PT_TEXT, .max = 128, .doc = "Only in this network" },
	{ "IsoCountry", PT_TEXT, .min = 2, .max = 2, .label = "Country",
	  .doc = "Only in this country: two capital letters" },
	GROUP_PARAMS,
	DAY_PARAMS,
	LIST_PARAMS,
	{ 0 }
};

#define REPORT(name, path, columns, kind_, title_, doc_)                   \
	const struct op op_##name = {                                      \
		OPERATION(name, usaged, M_READ, path, ROLES_READING),      \
		.params = columns##_params,                                \
		.returns = &columns##_report_shape,                        \
		.run = run_report,                                         \
		.data = (kind_),                                           \
		.title = (title_),                                         \
		.nav = (title_),                                           \
		.doc = doc_ ", over any days, compared with those before", \
	}
#define KIND(...) (&(const struct report_kind) { __VA_ARGS__ })

REPORT(ReportUsage, "/reports/usage", usage,
       KIND(NULL, BY_CATEGORY, &usage_shape, &report_price_bars), "Usage",
       "Usage and cost by category or otherwise");
REPORT(ReportBilling, "/reports/billing", usage,
       KIND(NULL, BY_ACCOUNT, &usage_shape, &report_price_bars), "Billing", "Cost by account");
REPORT(ReportAI, "/reports/ai", ai,
       KIND(CATEGORY_AI_MINUTES, DIM_CUSTOMER, &ai_shape, &report_usage_bars), "AI minutes",
       "AI minutes by customer or otherwise");
REPORT(ReportSim, "/reports/sim", sim,
       KIND(CATEGORY_SIM_DATA, DIM_SIM, &sim_shape, &report_data_bars), "SIM data",
       "SIM data by SIM or otherwise");
