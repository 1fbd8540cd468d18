/*
 * twilio.c - usage records of 2010-04-01 (contracts: twilio A): the list and
 * its sub-resources, which differ only in period and default days.
 */
#include <string.h>

#include "api/access.h"
#include "api/closed_until.h"
#include "api/event_record.h"
#include "api/request.h"
#include "api/paging.h"
#include "api/range.h"
#include "api/record_view.h"
#include "api/url.h"
#include "api/date_text.h"
#include "store/account.h"
#include "base/banned.h"

#define API_VERSION "2010-04-01"

/* ---- the sub-resources ---- */

enum own_days { DAYS_SINCE_BEGIN, DAYS_TODAY, DAYS_YESTERDAY, DAYS_THIS_MONTH, DAYS_LAST_MONTH };

struct resource {
	const char *link; /* key in subresource_uris; NULL for the list itself */
	const char *path; /* below .../Usage/Records */
	enum period period;
	enum own_days days; /* the default days */
	/* the period on pages, and the title of a row's range */
	const char *words, *name;
};

enum {
	RES_RECORDS,
	RES_ALL_TIME,
	RES_TODAY,
	RES_YESTERDAY,
	RES_THIS_MONTH,
	RES_LAST_MONTH,
	RES_DAILY,
	RES_MONTHLY,
	RES_YEARLY,
	RESOURCES
};

static const struct resource resources[RESOURCES] = {
	[RES_RECORDS] = { NULL, "", PERIOD_ALL, DAYS_SINCE_BEGIN, "in all", NULL },
	[RES_ALL_TIME] = { "all_time", "/AllTime", PERIOD_ALL, DAYS_SINCE_BEGIN, "in all", NULL },
	[RES_TODAY] = { "today", "/Today", PERIOD_ALL, DAYS_TODAY, "today", NULL },
	[RES_YESTERDAY] = { "yesterday", "/Yesterday", PERIOD_ALL, DAYS_YESTERDAY, "yesterday",
			    NULL },
	[RES_THIS_MONTH] = { "this_month", "/ThisMonth", PERIOD_ALL, DAYS_THIS_MONTH, "this month",
			     NULL },
	[RES_LAST_MONTH] = { "last_month", "/LastMonth", PERIOD_ALL, DAYS_LAST_MONTH, "last month",
			     NULL },
	[RES_DAILY] = { "daily", "/Daily", PERIOD_DAY, DAYS_SINCE_BEGIN, "by day", "Day" },
	[RES_MONTHLY] = { "monthly", "/Monthly", PERIOD_MONTH, DAYS_SINCE_BEGIN, "by month",
			  "Month" },
	[RES_YEARLY] = { "yearly", "/Yearly", PERIOD_YEAR, DAYS_SINCE_BEGIN, "by year", "Year" },
};

/* ---- the answer ---- */

struct twilio_links {
	/* by resource; the list itself is no sub-resource */
	const char *uri[RESOURCES];
};

#define LINK(key, res)                                                                 \
	{                                                                              \
		.name = (key), .type = VT_TEXT,                                        \
		.offset = offsetof(struct twilio_links, uri) + sizeof(char *) * (res), \
		.format = "uri", .doc = "The same category over these days"            \
	}

static const struct field links_fields[] = { LINK("all_time", RES_ALL_TIME),
					     LINK("today", RES_TODAY),
					     LINK("yesterday", RES_YESTERDAY),
					     LINK("this_month", RES_THIS_MONTH),
					     LINK("last_month", RES_LAST_MONTH),
					     LINK("daily", RES_DAILY),
					     LINK("monthly", RES_MONTHLY),
					     LINK("yearly", RES_YEARLY),
					     { 0 } };

static const struct shape links_shape = { .name = "SubresourceUris",
					  .fields = links_fields,
					  .doc = "The sub-resources for one category" };

struct twilio_record {
	const char *category, *description, *account_sid, *start_date, *end_date, *as_of;
	struct decimal count;
	const char *count_unit;
	struct decimal usage;
	const char *usage_unit;
	struct decimal price;
	const char *events_uri, *price_unit, *api_version, *uri;
	struct word_pattern subresource_uris; /* of struct twilio_links */
};

static const struct field record_fields[] = {
	FIELD(struct twilio_record, category, "What was used"),
	FIELD(struct twilio_record, description, "The category in words", .flags = FIELD_LABEL),
	FIELD(struct twilio_record, account_sid, "The account that was asked for"),
	FIELD(struct twilio_record, start_date, "First day, included", .format = "date"),
	FIELD(struct twilio_record, end_date, "Last day, included", .format = "date"),
	FIELD(struct twilio_record, as_of, "Up to when the ledger was read", .flags = FIELD_MACHINE,
	      .format = "date-time"),
	FIELD(struct twilio_record, count, "How many events; null for totalprice",
	      .flags = FIELD_QUOTED),
	FIELD(struct twilio_record, count_unit, "What count counts", .flags = FIELD_UNIT),
	FIELD(struct twilio_record, usage, "The billed measure", .flags = FIELD_QUOTED),
	FIELD(struct twilio_record, usage_unit, "What usage measures", .flags = FIELD_UNIT),
	FIELD(struct twilio_record, price, "Cost in the account's currency", .flags = FIELD_MONEY),
	FIELD_EVENTS(struct twilio_record),
	FIELD(struct twilio_record, price_unit, "The currency, lower case", .flags = FIELD_UNIT,
	      .format = "currency"),
	FIELD(struct twilio_record, api_version, "Always " API_VERSION, .flags = FIELD_MACHINE),
	FIELD(struct twilio_record, uri, "This record alone", .flags = FIELD_MACHINE,
	      .format = "uri"),
	FIELD(struct twilio_record, subresource_uris, "The category in the other sub-resources",
	      .flags = FIELD_MACHINE | FIELD_PATTERN, .shape = &links_shape),
	{ 0 }
};

static const struct shape record_shape = { .name = "UsageRecord",
					   .fields = record_fields,
					   .doc = "Usage of one category over some days" };

enum { ENVELOPE_LIST = 8 };

static const struct field envelope_fields[] = {
	PAGE_FIELDS,
	PAGE_PREVIOUS_FIELD,
	PAGE_NEXT_FIELD,
	FIELD(struct record_page, start, "Index of the first record of the page, from 0",
	      .flags = FIELD_JSON_ONLY),
	FIELD(struct record_page, end, "Index of the last record of the page",
	      .flags = FIELD_JSON_ONLY),
	[ENVELOPE_LIST] = FIELD_LIST("usage_records", &record_shape,
				     "The records, newest period first"),
	{ 0 }
};

static const struct shape envelope_shape = { .name = "UsageRecords",
					     .flags = SHAPE_PAGE,
					     .fields = envelope_fields,
					     .doc = "A page of usage records" };

/* ---- accounts and days ---- */

struct twilio_report {
	const struct request *rq;
	const struct resource *resource;
	const struct zone *zone;
	struct account account;
	/* the account, and its subaccounts if included; NULL: see load_accounts */
	struct account *accounts;
	size_t n_accounts;
	struct date begin; /* the first day of their usage */
	bool subaccounts;
	const char *as_of;
	const char *by_category[RESOURCES]; /* path of each resource, up to "?Category=" */
	/*
	 * parameters that the links of records repeat, with a leading "&"; or
	 * ""
	 */
	const char *extra_filters;
	struct twilio_links links; /* with PATTERN_MARK for the category */
	/* the slot of the texts of dates below */
	int64_t dates_from, dates_to;
	const char *start_date, *end_date;
	/* the end of a record's URI, behind its category */
	const char *uri_dates;
	/*
	 * the requested days in words; NULL on later pages, which are never
	 * empty
	 */
	const char *days;
};

static int not_found(const struct request *rq, const char *why, struct error *err)
{
	return error_set(err, ERR_NOT_FOUND, NULL, "The requested resource %s%s was not found%s",
			 request_path(rq), rq->suffix, why);
}

static int find_account(struct twilio_report *r, struct error *err)
{
	switch (access_account(r->rq, request_arg(r->rq, "AccountSid")->text, &r->account, err)) {
	case SIGHT_FAILED:
		return -1;
	case SIGHT_OK:
		return 0;
	default:
		return not_found(r->rq, "", err);
	}
}

/* Reads the account, and its subaccounts if included. */
static int load_accounts(struct twilio_report *r, struct error *err)
{
	const struct request *rq = r->rq;
	struct account *subs = NULL;
	size_t n = 0;

	if (r->accounts)
		return 0;
	if (r->subaccounts &&
	    store_accounts(rq->store, r->account.id, rq->arena, &subs, &n, err) < 0)
		return -1;
	r->n_accounts = n + 1;
	r->accounts = arena_array(rq->arena, struct account, n + 1);
	r->accounts[0] = r->account;
	for (size_t i = 0; i < n; i++)
		r->accounts[i + 1] = subs[i];
	return 0;
}

/*
 * Asks for each account by itself: prices of different currencies are never
 * added up, so those of subaccounts with another one are left out.
 */
static int ask_accounts(struct twilio_report *r, struct usage_query *q, struct error *err)
{
	int64_t *ids;
	bool *unpriced;

	if (load_accounts(r, err) < 0)
		return -1;
	ids = arena_array(r->rq->arena, int64_t, r->n_accounts);
	unpriced = arena_array(r->rq->arena, bool, r->n_accounts);
	for (size_t i = 0; i < r->n_accounts; i++) {
		ids[i] = r->accounts[i].id;
		unpriced[i] = strcmp(r->accounts[i].currency, r->account.currency) != 0;
	}
	q->accounts = ids;
	q->n_accounts = r->n_accounts;
	q->unpriced = unpriced;
	return accounts_begin(r->rq, r->accounts, r->n_accounts, &r->begin, err);
}

/*
 * Chooses the account, and its subaccounts if requested, and finds the first
 * day of their usage.
 */
static int choose_accounts(struct twilio_report *r, struct usage_query *q, struct error *err)
{
	struct family family = { 0 };

	r->subaccounts = request_arg(r->rq, "IncludeSubaccounts")->yes && !r->account.parent;
	if (r->subaccounts && store_family(r->rq->store, r->account.id, &family, err) < 0)
		return -1;
	if (family.several_currencies)
		return ask_accounts(r, q, err);
	q->accounts = &r->account.id;
	q->n_accounts = 1;
	q->family = family.n > 0;
	return q->family ? family_begin(r->rq, &family, &r->begin, err)
			 : accounts_begin(r->rq, &r->account, 1, &r->begin, err);
}

/* The default days of a sub-resource (contracts: twilio A.4). */
static void default_days(const struct resource *res, struct date begin, struct date today,
			 struct date *first, struct date *last)
{
	*first = *last = today;
	switch (res->days) {
	case DAYS_SINCE_BEGIN:
		/* begin with a whole period, even if the account began later */
		*first = period_first(res->period, begin);
		break;
	case DAYS_TODAY:
		break;
	case DAYS_YESTERDAY:
		*first = *last = date_from_days(date_to_days(today) - 1);
		break;
	case DAYS_THIS_MONTH:
		*first = period_first(PERIOD_MONTH, today);
		break;
	case DAYS_LAST_MONTH:
		*first = date_add_months(period_first(PERIOD_MONTH, today), -1);
		*last = date_from_days(date_to_days(period_first(PERIOD_MONTH, today)) - 1);
		break;
	}
}

/*
 * Fails for an impossible range: 404, as on Twilio's service. The message says
 * why.
 */
static int days_not_found(const struct request *rq, struct error *err)
{
	const char *why = arena_join(rq->arena, ": ", err->message, NULL);

	error_clear(err);
	return not_found(rq, why, err);
}

/*
 * Sets the days. Given dates replace the default days of every resource, so
 * that a record's URI always names the same record. A list by period has no
 * records before the account began or after today. A list of days that are all
 * before the account's beginning is empty, except with default days, such as
 * "yesterday" for an account that began today.
 */
static int choose_days(struct twilio_report *r, struct usage_query *q, struct error *err)
{
	const struct resource *res = r->resource;
	struct date today = request_today(r->rq), begin = r->begin, first, last, own_first,
		    own_last;

	default_days(res, begin, today, &own_first, &own_last);
	first = own_first;
	last = own_last;
	if (range_given(r->rq, &first, &last, err) < 0)
		return days_not_found(r->rq, err);
	r->days = date_text_days(r->rq->arena, first, last);
	if (date_compare(last, begin) < 0 &&
	    (date_compare(first, own_first) != 0 || date_compare(last, own_last) != 0)) {
		q->from = q->to = zone_day_start(q->zone, first);
		return 0;
	}
	if (res->period != PERIOD_ALL) {
		if (date_compare(first, period_first(res->period, begin)) < 0)
			first = period_first(res->period, begin);
		if (date_compare(last, today) > 0)
			last = today;
	}
	range_instants(r->rq, first, last, &q->from, &q->to);
	return 0;
}

/* ---- records ---- */

/*
 * Makes the links of records. PATH is the path of the requested resource,
 * SUFFIX the end of each path.
 */
static void make_links(struct twilio_report *r, const char *path, const char *suffix)
{
	const struct request *rq = r->rq;
	const char *records = arena_strn(rq->arena, path, strlen(path) - strlen(r->resource->path));

	r->extra_filters = url_of(rq->arena, "",
				  { "IncludeSubaccounts", request_given(rq, "IncludeSubaccounts") },
				  { "TimeZone", request_given(rq, "TimeZone") });
	for (int i = 0; i < RESOURCES; i++) {
		r->by_category[i] = arena_join(rq->arena, records, resources[i].path, suffix,
					       "?Category=", NULL);
		r->links.uri[i] = arena_join(rq->arena, r->by_category[i], PATTERN_MARK,
					     r->extra_filters, NULL);
	}
}

static const char *date_text(const struct request *rq, struct date d)
{
	char text[DATE_TEXT];

	date_format(text, d);
	return arena_str(rq->arena, text);
}

static void slot_dates(struct twilio_report *r, const struct usage_row *row)
{
	struct date first, last;

	if (r->start_date && r->dates_from == row->from && r->dates_to == row->to)
		return;
	r->dates_from = row->from;
	r->dates_to = row->to;
	first = zone_date(r->zone, row->from);
	last = zone_date(r->zone, row->to - 1);
	r->start_date = date_text(r->rq, first);
	r->end_date = date_compare(first, last) == 0 ? r->start_date : date_text(r->rq, last);
	r->uri_dates = arena_join(r->rq->arena, "&StartDate=", r->start_date,
				  "&EndDate=", r->end_date, r->extra_filters, NULL);
}

static void fill_record(struct twilio_report *r, const struct usage_row *row,
			struct twilio_record *ret)
{
	const struct request *rq = r->rq;
	const struct category *c = &rq->catalogue->categories[row->category];
	bool total = row->category == rq->catalogue->totalprice;

	slot_dates(r, row);
	*ret = (struct twilio_record) {
		.category = c->name,
		.description = c->description,
		.account_sid = r->account.sid,
		.start_date = r->start_date,
		.end_date = r->end_date,
		.as_of = r->as_of,
		.count = { .n = row->totals.count },
		.count_unit = c->count_unit,
		.usage = { .n = row->totals.usage, .places = USAGE_PLACES },
		.usage_unit = c->usage_unit,
		.price = { .n = row->totals.price, .places = PRICE_PLACES },
		.price_unit = r->account.currency,
		.api_version = API_VERSION,
		.subresource_uris = { &r->links, c->name },
	};
	if (total) {
		ret->count = DECIMAL_NULL;
		ret->usage = ret->price;
		ret->usage_unit = r->account.currency;
	}
	ret->uri = arena_join(rq->arena, r->by_category[r->resource - resources], c->name,
			      r->uri_dates, NULL);
	if (events_linked(rq))
		ret->events_uri = events_link(rq, r->account.sid, c->name, r->uri_dates);
}

/* Begins the page and its list. */
static void begin_page(const struct record_page *page, const struct shape *item, struct writer *w)
{
	writer_begin(w, NULL, &envelope_shape);
	writer_fields(w, &envelope_shape, page);
	writer_begin_list(w, &envelope_fields[ENVELOPE_LIST], item);
}

static void write_page(struct twilio_report *r, const struct record_page *page, struct writer *w)
{
	struct twilio_record rec;

	begin_page(page, &record_shape, w);
	for (size_t i = 0; i < page->n; i++) {
		fill_record(r, &page->rows[i], &rec);
		writer_record(w, NULL, &record_shape, &rec);
	}
	writer_end_page(w);
}

/* ---- pages: each bucket with its total and its categories ---- */

/*
 * "21 November 2026", "November 2026" or "2026"; the days of an incomplete
 * period.
 */
static const char *stretch_words(const struct twilio_report *r, struct date first, struct date last)
{
	struct arena *arena = r->rq->arena;
	enum period p = r->resource->period;
	bool whole = date_compare(period_first(p, first), first) == 0 &&
		     date_compare(period_step(p, first, 1),
				  date_from_days(date_to_days(last) + 1)) == 0;

	if (p == PERIOD_YEAR && whole)
		return arena_printf(arena, "%d", first.year);
	if (p == PERIOD_MONTH && whole)
		return arena_printf(arena, "%s %d", date_text_month(first), first.year);
	return date_text_days(arena, first, last);
}

/*
 * The category that Q filters by; CATALOGUE_NONE for totalprice, the total of
 * all categories.
 */
static size_t one_category(const struct request *rq, const struct usage_query *q)
{
	return q->category == rq->catalogue->totalprice ? CATALOGUE_NONE : q->category;
}

/* The cost of all categories in each range of a page. */
struct page_totals {
	struct usage_query q;
	struct usage_cursor *cur; /* NULL: the page has no totals */
};

static int open_totals(const struct twilio_report *r, const struct usage_query *query,
		       const struct record_page *page, struct page_totals *ret, struct error *err)
{
	const struct request *rq = r->rq;
	const struct usage_row *rows = page->rows;

	*ret = (struct page_totals) { .q = *query };
	ret->q.category = rq->catalogue->totalprice;
	ret->q.zeros = true;
	if (!page->n || ret->q.category == CATALOGUE_NONE ||
	    one_category(rq, query) != CATALOGUE_NONE)
		return 0;
	ret->q.wanted = (size_t)(rows[page->n - 1].at.bucket - rows[0].at.bucket) + 1;
	return usage_open(rq->store, rq->catalogue, &ret->q,
			  (struct usage_position) { .bucket = rows[0].at.bucket }, &ret->cur, err);
}

/* The total of ROW's range, which is behind those that were asked for before. */
static int next_total(struct page_totals *t, const struct usage_row *row, wide *ret,
		      struct error *err)
{
	struct usage_row total;
	int rc = 0;

	*ret = 0;
	while (t->cur && (rc = usage_next(t->cur, &total, err)) > 0)
		if (total.from == row->from) {
			*ret = total.totals.price;
			break;
		}
	return rc < 0 ? -1 : 0;
}

/* Writes G, whose rows all have one range. */
static void view_stretch(struct twilio_report *r, const struct usage_query *q, struct view_group g,
			 struct writer *w)
{
	const struct request *rq = r->rq;
	bool all = r->resource->period == PERIOD_ALL, one = one_category(rq, q) != CATALOGUE_NONE;
	const char *words = all ? "Total"
				: stretch_words(r, zone_date(q->zone, g.rows->from),
						zone_date(q->zone, g.rows->to - 1));

	g.currency = r->account.currency;
	g.sid = r->account.sid;
	slot_dates(r, g.rows);
	g.events_query = r->uri_dates;
	if (r->resource->period != PERIOD_DAY) {
		g.finer = r->by_category[RES_DAILY];
		g.finer_query = r->uri_dates;
	}
	if (!one)
		g.name = g.partial ? arena_join(rq->arena, words, ", continued", NULL) : words;
	else if (!all)
		g.row_name = words;
	view_write(rq, w, &g);
}

static int view_page(struct twilio_report *r, const struct usage_query *q,
		     const struct record_page *page, struct writer *w, struct error *err)
{
	struct page_totals totals;
	int rc = open_totals(r, q, page, &totals, err);

	begin_page(page, &view_shape, w);
	for (size_t i = 0, n; i < page->n && rc == 0; i += n) {
		struct view_group g = { .rows = &page->rows[i], .partial = i == 0 && page->inside };

		for (n = 1; i + n < page->n && page->rows[i + n].from == page->rows[i].from; n++)
			;
		g.n = n;
		rc = next_total(&totals, g.rows, &g.price, err);
		if (rc == 0)
			view_stretch(r, q, g, w);
	}
	usage_close(&totals.cur);
	if (rc < 0)
		return -1;
	writer_end(w);
	writer_end(w);
	return 0;
}

/*
 * Writes title, days and key figures of a page. *RET_COMPARED is from
 * view_figures_write.
 */
static int view_question(struct twilio_report *r, const struct usage_query *q, struct writer *w,
			 const char **ret_compared, struct error *err)
{
	const struct request *rq = r->rq;
	size_t one = one_category(rq, q);
	bool all = one == CATALOGUE_NONE;
	struct view_figures v = { .days = { zone_date(q->zone, q->from),
					    zone_date(q->zone, q->to - 1) },
				  .category = one };

	if (q->from >= q->to)
		return 0;
	if (load_accounts(r, err) < 0)
		return -1;
	v.accounts = r->accounts;
	v.n = r->n_accounts;
	/* there was no usage before the accounts began */
	v.compared = date_compare(v.days.first, r->begin) > 0;
	v.one_day = date_compare(v.days.first, v.days.last) == 0 &&
		    r->resource->days != DAYS_THIS_MONTH;
	writer_assume(w, "StartDate", date_text(rq, v.days.first));
	writer_assume(w, "EndDate", date_text(rq, v.days.last));
	writer_filters(w, arena_join(rq->arena, r->account.name,
				     r->subaccounts ? " with subaccounts, " : ", ",
				     all ? "all categories"
					 : rq->catalogue->categories[one].description,
				     ", ", zone_name(q->zone), NULL));
	writer_label(w, &envelope_fields[ENVELOPE_LIST],
		     r->resource->name ? arena_join(rq->arena, r->resource->name, "s", NULL)
				       : "Categories");
	view_name(w, all || !r->resource->name ? "Category" : r->resource->name);
	return view_figures_write(rq, w, &v, ret_compared, err);
}

/* "2026-11-21T10:00:00+00:00": Twilio writes no Z. */
static const char *as_of_text(const struct request *rq)
{
	char text[INSTANT_TEXT];
	size_t len = instant_format(text, rq->now * USEC_PER_SEC);

	return arena_printf(rq->arena, "%.*s+00:00", (int)len - 1, text);
}

static int about(struct twilio_report *r, const struct usage_query *q, struct writer *w,
		 struct error *err)
{
	const struct request *rq = r->rq;
	const char *days, *compared = "";

	if (!writer_is_titled(w))
		return 0;
	days = q->from < q->to ? date_text_range(rq->arena, q->zone, q->from, q->to)
			       : arena_join(rq->arena, r->days, ", ", zone_name(q->zone), NULL);
	if (view_wanted(rq) && view_question(r, q, w, &compared, err) < 0)
		return -1;
	writer_about(w, rq->op->title,
		     arena_printf(rq->arena, "%s%s, %s, %s.%s", r->account.name,
				  r->subaccounts ? " with subaccounts" : "", days,
				  r->resource->words, compared));
	return 0;
}

static int list_records(struct request *rq, struct writer *w, struct error *err)
{
	const struct arg *category = request_arg(rq, "Category");
	struct twilio_report r = { .rq = rq, .resource = rq->op->data, .zone = request_zone(rq) };
	struct usage_query q = {
		.zone = r.zone,
		.period = r.resource->period,
		.zeros = !view_wanted(rq),
		.group = GROUP_CATEGORY,
		.category = category->text ? category->category : CATALOGUE_NONE,
	};
	struct record_page page;
	const char *path, *suffix;

	if (find_account(&r, err) < 0 || choose_accounts(&r, &q, err) < 0)
		return -1;
	if (!page_continues(rq) && choose_days(&r, &q, err) < 0)
		return -1;
	path = request_path(rq);
	suffix = request_link_suffix(rq, rq->op->dialect);
	if (page_load(rq, &q, arena_join(rq->arena, path, suffix, NULL), &page, err) < 0)
		return -1;
	/* subaccounts are closed at least as far as their main account */
	if (request_note_closed(
		    rq, w,
		    &(struct report_query) {
			    .accounts = &r.account, .n_accounts = 1, .from = q.from, .to = q.to },
		    err) < 0)
		return -1;
	make_links(&r, path, suffix);
	r.as_of = as_of_text(rq);
	if (about(&r, &q, w, err) < 0)
		return -1;
	if (view_wanted(rq))
		return view_page(&r, &q, &page, w, err);
	write_page(&r, &page, w);
	return 0;
}

/* ---- Usage: the parent node ---- */

struct usage_links {
	const char *records, *triggers;
};

static const struct field usage_links_fields[] = {
	FIELD(struct usage_links, records, "The usage records", .format = "uri"),
	FIELD(struct usage_links, triggers, "The usage triggers", .format = "uri"),
	{ 0 }
};

static const struct shape usage_links_shape = { .name = "SubresourceUris",
						.fields = usage_links_fields,
						.doc = "Links to sub-resources" };

struct usage_node {
	const char *account_sid, *api_version, *uri;
	const struct usage_links *subresource_uris;
};

static const struct field usage_fields[] = {
	FIELD(struct usage_node, account_sid, "The account"),
	FIELD(struct usage_node, api_version, "Always " API_VERSION),
	FIELD(struct usage_node, uri, "This resource", .format = "uri"),
	FIELD(struct usage_node, subresource_uris, "Links to sub-resources",
	      .shape = &usage_links_shape),
	{ 0 }
};

static const struct shape usage_shape = { .name = "Usage",
					  .fields = usage_fields,
					  .doc = "An account's usage resources" };

static int get_usage(struct request *rq, struct writer *w, struct error *err)
{
	const char *suffix = request_link_suffix(rq, rq->op->dialect);
	struct twilio_report r = { .rq = rq };
	struct usage_links links;
	struct usage_node node = { .api_version = API_VERSION, .subresource_uris = &links };

	if (find_account(&r, err) < 0)
		return -1;
	links.records = arena_join(rq->arena, request_path(rq), "/Records", suffix, NULL);
	links.triggers = arena_join(rq->arena, request_path(rq), "/Triggers", suffix, NULL);
	node.account_sid = r.account.sid;
	node.uri = request_link_path(rq);
	writer_about(w, rq->op->title, r.account.name);
	writer_record(w, NULL, &usage_shape, &node);
	return 0;
}

/* ---- the table ---- */

#define ACCOUNT_PARAM                                                                     \
	{                                                                                 \
		"AccountSid", PT_TEXT, .flags = PARAM_PATH | PARAM_REQUIRED, .max = 64,   \
				       .doc = "The account, AC and 32 hexadecimal digits" \
	}

static const struct param usage_params[] = { ACCOUNT_PARAM, { 0 } };

static const struct param record_params[] = {
	ACCOUNT_PARAM,
	{ "Category", PT_CATEGORY, .doc = "Only this category" },
	{ "StartDate", PT_DATE,
	  .doc = "First day: YYYY-MM-DD, or relative to today: -30days, -2weeks, -1month. Default: "
		 "the resource's own first day" },
	{ "EndDate", PT_DATE,
	  .doc = "Last day, included, in the same form. Default: the resource's own last day" },
	{ "IncludeSubaccounts", PT_BOOL, .def = "true",
	  .doc = "Include the account's subaccounts" },
	{ "TimeZone", PT_ZONE, .any = "UTC",
	  .doc = "Time zone of days, months and years (IANA name). Default: GMT" },
	PAGING_PARAMS,
	{ 0 }
};

#define USAGE_PATH "/2010-04-01/Accounts/{AccountSid}/Usage"

#define RECORDS(name, sub, res, page_title, tab_name, text, ...)                                 \
	const struct op op_##name = { OPERATION(name, twilio, M_READ, USAGE_PATH "/Records" sub, \
						ROLES_READING),                                  \
				      .params = record_params,                                   \
				      .returns = &envelope_shape,                                \
				      .run = list_records,                                       \
				      .data = &resources[res],                                   \
				      .title = (page_title),                                     \
				      .tab = (tab_name),                                         \
				      .doc = (text),                                             \
				      ##__VA_ARGS__ }

const struct op op_FetchUsage = {
	OPERATION(FetchUsage, twilio, M_READ, USAGE_PATH, ROLES_READING),
	.params = usage_params,
	.returns = &usage_shape,
	.run = get_usage,
	.title = "Usage",
	.doc = "What an account's usage consists of",
};

RECORDS(ListUsageRecordToday, "/Today", RES_TODAY, "Usage today", "Today",
	"One record for each category, for today");
RECORDS(ListUsageRecordYesterday, "/Yesterday", RES_YESTERDAY, "Usage yesterday", "Yesterday",
	"One record for each category, for yesterday");
RECORDS(ListUsageRecordThisMonth, "/ThisMonth", RES_THIS_MONTH, "Usage this month", "This month",
	"One record for each category, from the 1st of the month to today");
RECORDS(ListUsageRecordLastMonth, "/LastMonth", RES_LAST_MONTH, "Usage last month", "Last month",
	"One record for each category, for the month before");
RECORDS(ListUsageRecordDaily, "/Daily", RES_DAILY, "Usage by day", "By day",
	"One record for each category and day, newest first");
RECORDS(ListUsageRecordMonthly, "/Monthly", RES_MONTHLY, "Usage by month", "By month",
	"One record for each category and month, newest first");
RECORDS(ListUsageRecordYearly, "/Yearly", RES_YEARLY, "Usage by year", "By year",
	"One record for each category and year, newest first");
RECORDS(ListUsageRecord, "", RES_RECORDS, "Usage", "All time",
	"One record for each category over a range of days. Default: all time");
RECORDS(ListUsageRecordAllTime, "/AllTime", RES_ALL_TIME, "Usage of all time", NULL,
	"The same records as ListUsageRecord", .list = &op_ListUsageRecord);
