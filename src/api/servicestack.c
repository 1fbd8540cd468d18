/*
 * servicestack.c - Evo Voice's usage services (contracts: servicestack): the
 * records of /billing/usage and the AI minutes of /ai/usage.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/access.h"
#include "api/closed_until.h"
#include "api/event_record.h"
#include "api/request.h"
#include "api/presets.h"
#include "api/range.h"
#include "api/record_view.h"
#include "api/url.h"
#include "api/date_text.h"
#include "usage/account_sums.h"
#include "base/banned.h"

/* ---- accounts ---- */

/*
 * Chooses the account of AccountId; without AccountId, all accounts that the
 * caller sees. An unknown AccountId matches nothing; ERR_FORBIDDEN if the
 * caller may not see the account (contracts: servicestack G).
 */
static int choose_accounts(const struct request *rq, struct account **ret, size_t *ret_n,
			   struct error *err)
{
	const char *sid = request_arg(rq, "AccountId")->text;

	if (!sid)
		return access_accounts(rq, ret, ret_n, err);
	*ret = arena_new(rq->arena, struct account);
	switch (access_account(rq, sid, *ret, err)) {
	case SIGHT_FAILED:
		return -1;
	case SIGHT_FOREIGN:
		return error_set(err, ERR_FORBIDDEN, NULL,
				 "Forbidden: this account is not among those granted to you");
	default:
		*ret_n = (*ret)->id != 0;
		return 0;
	}
}

/* ---- accounts, some at a time ---- */

enum { CHUNK_FIRST = 16, CHUNK_MOST = 256, CHUNK_TIMES = 4 };

/*
 * Accounts whose usage is read at once: few at first, so that the answer begins
 * soon, then more.
 */
struct account_chunk {
	const struct account *accounts;
	size_t n;    /* accounts */
	size_t left; /* accounts, with these */
	size_t most; /* accounts of the next chunk */
	bool fixed;  /* no chunk is larger than that */
	struct account_sums sums;
};

/* Chooses the next accounts. False: there are no more. */
static bool next_chunk(const struct request *rq, struct account_chunk *c)
{
	c->accounts += c->n;
	c->left -= c->n;
	if (c->n && !c->fixed)
		c->most = c->most * CHUNK_TIMES < CHUNK_MOST ? c->most * CHUNK_TIMES : CHUNK_MOST;
	c->n = c->left < c->most ? c->left : c->most;
	if (!view_wanted(rq) && !rq->batch)
		store_work_again(rq->store);
	return c->n > 0;
}

/*
 * After a chunk was above the limit of the store: chooses fewer accounts. False:
 * there is another error, or one account alone is above the limit.
 */
static bool smaller_chunk(const struct request *rq, struct account_chunk *c, struct error *err)
{
	if (err->kind != ERR_TOO_LARGE || c->n == 1 || view_wanted(rq) || rq->batch)
		return false;
	error_clear(err);
	store_work_again(rq->store);
	c->n = c->most = (c->n + CHUNK_TIMES - 1) / CHUNK_TIMES;
	c->fixed = true;
	return true;
}

static const int64_t *ids_of(const struct request *rq, const struct account_chunk *c)
{
	int64_t *ids = arena_array(rq->arena, int64_t, c->n);

	for (size_t i = 0; i < c->n; i++)
		ids[i] = c->accounts[i].id;
	return ids;
}

/* ---- days ---- */

static const struct date earliest = { 1, 1, 1 }, latest = { 9999, 12, 31 };

/* "1 to 3 May 2026", "from 1 May 2026 on", "up to 3 May 2026" or "all time". */
static const char *range_words(struct arena *a, struct date first, struct date last)
{
	bool begins = date_compare(first, earliest) > 0, ends = date_compare(last, latest) < 0;

	if (begins && ends)
		return date_text_days(a, first, last);
	if (begins)
		return arena_join(a, "from ", date_text_days(a, first, first), " on", NULL);
	return ends ? arena_join(a, "up to ", date_text_days(a, last, last), NULL) : "all time";
}

/*
 * The requested days. Defaults: StartDate is the first day of all accounts,
 * EndDate is LAST.
 */
struct asked_days {
	struct date first, last;
	int64_t from, to; /* seconds, TO exclusive */
	const char *words;
};

static int ask_days(const struct request *rq, struct date last, struct asked_days *ret,
		    struct error *err)
{
	ret->first = earliest;
	ret->last = last;
	if (range_given(rq, &ret->first, &ret->last, err) < 0)
		return -1;
	range_instants(rq, ret->first, ret->last, &ret->from, &ret->to);
	ret->words = arena_join(rq->arena, range_words(rq->arena, ret->first, ret->last), ", ",
				zone_name(request_zone(rq)), NULL);
	return 0;
}

static const char *date_text(const struct request *rq, struct date d)
{
	char text[DATE_TEXT];

	date_format(text, d);
	return arena_str(rq->arena, text);
}

/* The date of the instant AT (seconds). */
static const char *date_at(const struct request *rq, int64_t at)
{
	return date_text(rq, zone_date(request_zone(rq), at));
}

/* "AccountId's name" or "3 accounts" */
static const char *whose(const struct request *rq, const struct account *accounts, size_t n)
{
	return n == 1 ? accounts[0].name : arena_printf(rq->arena, "%zu accounts", n);
}

/*
 * Writes the page's title with accounts and days, the key figures, and links to
 * other ranges. V has the other settings of the figures.
 */
static int about(const struct request *rq, struct writer *w, const struct asked_days *days,
		 struct view_figures *v, struct error *err)
{
	const char *who = whose(rq, v->accounts, v->n), *compared = "";

	v->days = (struct days) { days->first, date_compare(days->last, latest) < 0
						       ? days->last
						       : request_today(rq) };
	v->compared = request_arg(rq, "StartDate")->text &&
		      date_compare(v->days.first, v->days.last) <= 0;
	if (view_wanted(rq)) {
		writer_assume(w, "EndDate", date_text(rq, v->days.last));
		if (request_arg(rq, "StartDate")->text)
			writer_assume(w, "StartDate", date_text(rq, v->days.first));
		presets_write(rq, w);
		writer_filters(w,
			       arena_join(rq->arena, who, ", ", zone_name(request_zone(rq)), NULL));
		if (view_figures_write(rq, w, v, &compared, err) < 0)
			return -1;
	}
	writer_about(w, rq->op->title,
		     arena_join(rq->arena, who, ", ", days->words, ".", compared, NULL));
	return 0;
}

/* ---- ListUsageRecords ---- */

struct usage_record_info {
	const char *account_sid, *category;
	struct decimal count;
	const char *count_unit, *description, *end_date;
	struct decimal price;
	const char *events_uri, *price_unit, *start_date;
	struct decimal usage;
	const char *usage_unit, *uri;
};

#define DASHBOARD_NAMESPACE "http://schemas.datacontract.org/2004/07/Voice.Api.Dashboard"

static const struct field record_fields[] = {
	FIELD_AS(struct usage_record_info, account_sid, "AccountSid", "The account"),
	FIELD_AS(struct usage_record_info, category, "Category", "What was used"),
	FIELD_AS(struct usage_record_info, count, "Count", "How many events"),
	FIELD_AS(struct usage_record_info, count_unit, "CountUnit", "What Count counts",
		 .flags = FIELD_UNIT),
	FIELD_AS(struct usage_record_info, description, "Description", "The category in words"),
	FIELD_AS(struct usage_record_info, end_date, "EndDate", "Last day, included",
		 .format = "date"),
	FIELD_AS(struct usage_record_info, price, "Price", "Cost in the account's currency"),
	FIELD_EVENTS(struct usage_record_info),
	FIELD_AS(struct usage_record_info, price_unit, "PriceUnit", "The currency, lower case",
		 .flags = FIELD_UNIT, .format = "currency"),
	FIELD_AS(struct usage_record_info, start_date, "StartDate", "First day, included",
		 .format = "date"),
	FIELD_AS(struct usage_record_info, usage, "Usage", "The billed measure",
		 .flags = FIELD_QUOTED),
	FIELD_AS(struct usage_record_info, usage_unit, "UsageUnit", "What Usage measures",
		 .flags = FIELD_UNIT),
	FIELD_AS(struct usage_record_info, uri, "Uri", "The record in the Twilio API",
		 .flags = FIELD_MACHINE),
	{ 0 }
};

static const struct shape record_shape = { .name = "UsageRecordInfo",
					   .xml_namespace = DASHBOARD_NAMESPACE,
					   .fields = record_fields,
					   .doc = "Usage of one category over the days asked for" };

/* Fills the record RET, whose dates are set already. */
static void fill_record(const struct request *rq, const struct account *a, const char *zone,
			const struct usage_row *row, struct usage_record_info *ret)
{
	const struct category *c = &rq->catalogue->categories[row->category];
	const char *days;

	*ret = (struct usage_record_info) {
		.account_sid = a->sid,
		.category = c->name,
		.count = { .n = row->totals.count },
		.count_unit = c->count_unit,
		.description = c->description,
		.end_date = ret->end_date,
		.price = { .n = row->totals.price, .places = PRICE_PLACES },
		.price_unit = a->currency,
		.start_date = ret->start_date,
		.usage = { .n = row->totals.usage, .places = USAGE_PLACES },
		.usage_unit = c->usage_unit,
	};
	if (row->category == rq->catalogue->totalprice) {
		ret->usage = ret->price;
		ret->usage_unit = a->currency;
	}
	days = url_of(rq->arena, "", { "StartDate", ret->start_date }, { "EndDate", ret->end_date },
		      { "IncludeSubaccounts", "false" }, { "TimeZone", zone });
	ret->uri = arena_join(rq->arena, "/2010-04-01/Accounts/", a->sid,
			      "/Usage/Records.json?Category=", c->name, days, NULL);
	if (events_linked(rq))
		ret->events_uri = events_link(rq, a->sid, c->name, days);
}

/* The days asked for of an account. */
struct account_days {
	int64_t from, to; /* seconds, TO exclusive */
	bool none;        /* all are before the account's first day */
};

/* Without StartDate the days begin with the account's first day. */
static int ask_accounts(const struct request *rq, const struct account_chunk *c,
			struct account_days *ret, struct error *err)
{
	const struct arg *start = request_arg(rq, "StartDate"), *end = request_arg(rq, "EndDate");
	struct date *begin = arena_array(rq->arena, struct date, c->n), last;

	if (!start->text && accounts_begin_each(rq, c->accounts, c->n, begin, err) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		last = request_today(rq);
		if (start->text)
			begin[i] = last;
		ret[i].none = !start->text && end->text && date_compare(end->date, begin[i]) < 0;
		if (ret[i].none)
			continue;
		if (range_given(rq, &begin[i], &last, err) < 0)
			return -1;
		range_instants(rq, begin[i], last, &ret[i].from, &ret[i].to);
	}
	return 0;
}

/*
 * Reads the usage of the chunk's accounts, by category. An account has none
 * before its first day, so one range is enough for all.
 */
static int read_chunk(const struct request *rq, struct account_chunk *c, struct account_days *days,
		      struct error *err)
{
	struct account_sums_query q = { .group = GROUP_CATEGORY, .category = CATALOGUE_NONE };

	if (ask_accounts(rq, c, days, err) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		if (days[i].none)
			continue;
		if (!q.to || days[i].from < q.from)
			q.from = days[i].from;
		q.to = days[i].to;
	}
	q.accounts = ids_of(rq, c);
	q.n_accounts = c->n;
	return account_sums_read(rq->store, rq->catalogue, &q, rq->arena, &c->sums, err);
}

static void write_account(const struct request *rq, const struct account *a,
			  const struct account_days *days, const struct usage_row *rows, size_t n,
			  struct writer *w)
{
	const char *zone = request_given(rq, "TimeZone");
	struct usage_record_info rec = { .start_date = date_at(rq, days->from),
					 .end_date = date_at(rq, days->to - 1) };

	for (size_t i = 0; i < n; i++) {
		fill_record(rq, a, zone, &rows[i], &rec);
		writer_record(w, NULL, &record_shape, &rec);
	}
}

/* ---- the same for people ---- */

/*
 * Links the rows of G to reports of the same days: the total to the account's
 * report, a row to the report of its category.
 */
static void link_group(const struct request *rq, const struct account *a, const char *start,
		       const char *end, struct view_group *g)
{
	const char *path = arena_join(rq->arena, op_ReportUsage.path,
				      request_link_suffix(rq, op_ReportUsage.dialect), NULL);

	g->uri = url_of(rq->arena, path, { "AccountSid", a->sid },
			{ "IncludeSubaccounts", "false" }, { "StartDate", start },
			{ "EndDate", end }, { "TimeZone", zone_name(request_zone(rq)) });
	g->finer = arena_join(rq->arena, g->uri, "&Category=", NULL);
	g->finer_query = "";
	g->events_query = url_of(rq->arena, "", { "StartDate", start }, { "EndDate", end },
				 { "IncludeSubaccounts", "false" },
				 { "TimeZone", request_given(rq, "TimeZone") });
}

static void view_account(const struct request *rq, const struct account *a,
			 const struct account_days *days, struct view_group *g, struct writer *w)
{
	g->name = a->name;
	g->currency = a->currency;
	g->sid = a->sid;
	for (size_t i = 0; i < g->n; i++)
		if (g->rows[i].category == rq->catalogue->totalprice)
			g->price = g->rows[i].totals.price;
	if (!request_arg(rq, "StartDate")->text)
		g->note = arena_join(rq->arena, "from ", date_at(rq, days->from), NULL);
	link_group(rq, a, date_at(rq, days->from), date_at(rq, days->to - 1), g);
	view_write(rq, w, g);
}

/* ---- both ---- */

static void write_chunk(const struct request *rq, const struct account_chunk *c,
			const struct account_days *days, struct writer *w)
{
	const size_t *starts = c->sums.starts;

	for (size_t i = 0; i < c->n; i++) {
		struct view_group g = { .rows = c->sums.rows + starts[i],
					.n = starts[i + 1] - starts[i] };

		if (!g.n)
			continue;
		if (view_wanted(rq))
			view_account(rq, &c->accounts[i], &days[i], &g, w);
		else
			write_account(rq, &c->accounts[i], &days[i], g.rows, g.n, w);
	}
}

static int write_accounts(const struct request *rq, const struct account *accounts, size_t n,
			  struct writer *w, struct error *err)
{
	struct account_chunk c = { .accounts = accounts, .left = n, .most = CHUNK_FIRST };
	struct request own = *rq; /* with an arena of the chunk */
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	if (!view_wanted(rq))
		own.arena = &arena;
	while (rc == 0 && next_chunk(rq, &c)) {
		struct account_days *days;

		arena_reset(&arena);
		days = arena_array(own.arena, struct account_days, c.n);
		do
			rc = read_chunk(&own, &c, days, err);
		while (rc < 0 && smaller_chunk(rq, &c, err));
		if (rc == 0)
			write_chunk(&own, &c, days, w);
	}
	arena_release(&arena);
	return rc;
}

static int by_name(const void *x, const void *y)
{
	const struct account *a = x, *b = y;
	int order = strcasecmp(a->name, b->name);

	return order ? order : strcmp(a->sid, b->sid);
}

static int list_usage_records(struct request *rq, struct writer *w, struct error *err)
{
	struct view_figures figures = { .category = CATALOGUE_NONE };
	bool people = view_wanted(rq);
	struct account *accounts;
	struct asked_days days;

	if (ask_days(rq, request_today(rq), &days, err) < 0 ||
	    choose_accounts(rq, &accounts, &figures.n, err) < 0 ||
	    request_note_closed(rq, w,
				&(struct report_query) { .accounts = accounts,
							 .n_accounts = figures.n,
							 .from = days.from,
							 .to = days.to },
				err) < 0)
		return -1;
	if (people)
		qsort(accounts, figures.n, sizeof(*accounts), by_name);
	figures.accounts = accounts;
	if (about(rq, w, &days, &figures, err) < 0)
		return -1;
	view_name(w, "Account and category");
	writer_begin_list(w, NULL, people ? &view_shape : &record_shape);
	if (write_accounts(rq, accounts, figures.n, w, err) < 0)
		return -1;
	writer_end(w);
	return 0;
}

/* ---- GetAIUsage ---- */

struct ai_account_usage {
	const char *account_id;
	struct decimal ai_minutes;
	const char *events_uri;
};

struct ai_customer_usage {
	const char *account_id, *customer_id;
	struct decimal ai_minutes;
	const char *events_uri;
};

#define AI_NAMESPACE "http://schemas.datacontract.org/2004/07/Voice.Api.AI"

static const struct field ai_account_fields[] = {
	FIELD_AS(struct ai_account_usage, account_id, "AccountId",
		 "The account ID this customer belongs to"),
	FIELD_AS(struct ai_account_usage, ai_minutes, "AIMinutes",
		 "The total number of AI minutes used in the date range", .flags = FIELD_WHOLE),
	FIELD_EVENTS(struct ai_account_usage),
	{ 0 }
};

static const struct field ai_customer_fields[] = {
	FIELD_AS(struct ai_customer_usage, account_id, "AccountId",
		 "The account ID this customer belongs to"),
	FIELD_AS(struct ai_customer_usage, customer_id, "CustomerId",
		 "The customer ID for this uage"),
	FIELD_AS(struct ai_customer_usage, ai_minutes, "AIMinutes",
		 "The total number of AI minutes used in the date range", .flags = FIELD_WHOLE),
	FIELD_EVENTS(struct ai_customer_usage),
	{ 0 }
};

static const struct shape ai_account_shape = { .name = "AIAccountUsage",
					       .xml_namespace = AI_NAMESPACE,
					       .fields = ai_account_fields,
					       .doc = "AI minutes of an account" };
static const struct shape ai_customer_shape = { .name = "AICustomerUsage",
						.xml_namespace = AI_NAMESPACE,
						.fields = ai_customer_fields,
						.doc = "AI minutes of a customer" };

enum { AI_ACCOUNTS, AI_CUSTOMERS };

static const struct field ai_usage_fields[] = {
	[AI_ACCOUNTS] = FIELD_LIST("AccountUsage", &ai_account_shape, "By account"),
	[AI_CUSTOMERS] = FIELD_LIST("CustomerUsage", &ai_customer_shape, "By customer"),
	{ 0 }
};

static const struct shape ai_usage_shape = { .name = "AIUsage",
					     .xml_namespace = AI_NAMESPACE,
					     .fields = ai_usage_fields,
					     .doc = "AI minutes by account and by customer" };

/* Minutes are rounded up only here, when a total is written. */
static struct decimal whole_minutes(const struct amounts_wide *t)
{
	return (struct decimal) { .n = decimal_ceil(t->usage, USAGE_PLACES) };
}

/*
 * The link to the AI minutes among the events of an account and CUSTOMER (NULL:
 * all customers).
 */
static const char *ai_events(const struct request *rq, const char *sid, const char *customer)
{
	const struct arg *first = request_arg(rq, "StartDate"), *last = request_arg(rq, "EndDate");

	if (!events_linked(rq))
		return NULL;
	return events_link(rq, sid, CATEGORY_AI_MINUTES,
			   url_of(rq->arena, "", { "IncludeSubaccounts", "false" },
				  { "StartDate", first->text ? date_text(rq, first->date) : NULL },
				  { "EndDate", last->text ? date_text(rq, last->date) : NULL },
				  { "TimeZone", request_given(rq, "TimeZone") },
				  { "Customer", customer }));
}

static void write_ai_row(const struct request *rq, struct writer *w, const struct account *a,
			 const struct usage_row *row)
{
	const char *uri = ai_events(
		rq, a->sid, row->member ? row->member_text : request_arg(rq, "CustomerId")->text);
	struct ai_account_usage account = { a->sid, whole_minutes(&row->totals), uri };
	struct ai_customer_usage customer = { a->sid, row->member_text, account.ai_minutes, uri };

	if (row->member)
		writer_record(w, NULL, &ai_customer_shape, &customer);
	else
		writer_record(w, NULL, &ai_account_shape, &account);
}

/* ---- the same for people, the largest first ---- */

struct ai_view_row {
	const char *customer, *account;
	struct decimal minutes;
	const char *events_uri;
};

#define AI_VIEW_MINUTES                                                                            \
	FIELD_AS(struct ai_view_row, minutes, "AIMinutes",                                         \
		 "AI minutes, rounded up to whole ones"),                                          \
		FIELD(struct ai_view_row, events_uri, "The events behind it", .flags = FIELD_LINK, \
		      .format = "uri"),                                                            \
	{                                                                                          \
		0                                                                                  \
	}

static const struct field ai_view_account_fields[] = {
	FIELD(struct ai_view_row, account, "Whose minutes"), AI_VIEW_MINUTES
};
static const struct field ai_view_customer_fields[] = {
	FIELD(struct ai_view_row, customer, "Whose minutes"),
	FIELD(struct ai_view_row, account, "Whose customer"), AI_VIEW_MINUTES
};

#define AI_VIEW_DOC "Rounded up to whole minutes in each row. A number opens its events."

static const struct shape ai_view_account_shape = { .name = "AIAccountUsage",
						    .fields = ai_view_account_fields,
						    .doc = AI_VIEW_DOC };
static const struct shape ai_view_customer_shape = { .name = "AICustomerUsage",
						     .fields = ai_view_customer_fields,
						     .doc = AI_VIEW_DOC };

struct ai_rows {
	struct ai_view_row *list;
	size_t n, size;
};

static void add_ai_row(const struct request *rq, struct ai_rows *rows, const struct account *a,
		       const struct usage_row *row)
{
	rows->list = arena_room(rq->arena, rows->list, rows->n, &rows->size, sizeof(*rows->list));
	rows->list[rows->n++] = (struct ai_view_row) {
		.customer = row->member ? arena_str(rq->arena, row->member_text) : NULL,
		.account = a->name,
		.minutes = whole_minutes(&row->totals),
		.events_uri = ai_events(rq, a->sid,
					row->member ? row->member_text
						    : request_arg(rq, "CustomerId")->text)
	};
}

static int by_minutes(const void *x, const void *y)
{
	const struct ai_view_row *a = x, *b = y;
	int order = strcasecmp(a->account, b->account);

	if (a->minutes.n != b->minutes.n)
		return a->minutes.n > b->minutes.n ? -1 : 1;
	return order || !a->customer ? order : strcmp(a->customer, b->customer);
}

static void write_ai_view(struct writer *w, struct ai_rows *rows, const struct shape *shape)
{
	if (rows->n)
		qsort(rows->list, rows->n, sizeof(*rows->list), by_minutes);
	for (size_t i = 0; i < rows->n; i++)
		writer_record(w, NULL, shape, &rows->list[i]);
}

/* Writes the rows of the chunk; with ROWS, adds them to the list instead. */
static void write_ai_chunk(const struct request *rq, const struct account_chunk *c,
			   struct writer *w, struct ai_rows *rows)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = c->sums.starts[i]; k < c->sums.starts[i + 1]; k++)
			if (rows)
				add_ai_row(rq, rows, &c->accounts[i], &c->sums.rows[k]);
			else
				write_ai_row(rq, w, &c->accounts[i], &c->sums.rows[k]);
}

/* Reads and writes the rows of all accounts, some accounts at a time. */
static int write_ai_rows(const struct request *rq, const struct view_figures *of,
			 struct account_sums_query *q, struct writer *w, struct ai_rows *rows,
			 struct error *err)
{
	struct account_chunk c = { .accounts = of->accounts, .left = of->n, .most = CHUNK_FIRST };
	struct request own = *rq; /* with an arena of the chunk */
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	if (!rows)
		own.arena = &arena;
	while (rc == 0 && next_chunk(rq, &c)) {
		arena_reset(&arena);
		q->accounts = ids_of(&own, &c);
		do {
			q->n_accounts = c.n;
			rc = account_sums_read(rq->store, rq->catalogue, q, own.arena, &c.sums,
					       err);
		} while (rc < 0 && smaller_chunk(rq, &c, err));
		if (rc == 0)
			write_ai_chunk(&own, &c, w, rows);
	}
	arena_release(&arena);
	return rc;
}

/* Writes one of the two lists. */
static int write_ai_list(const struct request *rq, const struct view_figures *of,
			 struct account_sums_query *q, int list, struct writer *w,
			 struct error *err)
{
	static const enum group_by group[] = {
		[AI_ACCOUNTS] = GROUP_NONE, [AI_CUSTOMERS] = GROUP_DIMENSION
	};
	static const struct shape *const shapes[] = {
		[AI_ACCOUNTS] = &ai_account_shape, [AI_CUSTOMERS] = &ai_customer_shape
	};
	static const struct shape *const views[] = {
		[AI_ACCOUNTS] = &ai_view_account_shape, [AI_CUSTOMERS] = &ai_view_customer_shape
	};
	const struct shape *shape = view_wanted(rq) ? views[list] : shapes[list];
	struct ai_rows rows = { .n = 0 };

	q->group = group[list];
	writer_begin_list(w, &ai_usage_fields[list], shape);
	if (write_ai_rows(rq, of, q, w, view_wanted(rq) ? &rows : NULL, err) < 0)
		return -1;
	write_ai_view(w, &rows, shape);
	writer_end(w);
	return 0;
}

static int get_ai_usage(struct request *rq, struct writer *w, struct error *err)
{
	struct view_figures figures = { .category = catalogue_find(rq->catalogue,
								   CATEGORY_AI_MINUTES,
								   strlen(CATEGORY_AI_MINUTES)),
					.customer = request_arg(rq, "CustomerId")->text };
	struct account_sums_query q = { .category = figures.category,
					.dimension = DIM_CUSTOMER,
					.value = figures.customer };
	struct account *accounts;
	struct asked_days days;

	if (ask_days(rq, latest, &days, err) < 0 ||
	    choose_accounts(rq, &accounts, &figures.n, err) < 0)
		return -1;
	q.from = days.from;
	q.to = days.to;
	figures.accounts = accounts;
	if (request_note_closed(rq, w,
				&(struct report_query) { .accounts = accounts,
							 .n_accounts = figures.n,
							 .from = q.from,
							 .to = q.to },
				err) < 0 ||
	    about(rq, w, &days, &figures, err) < 0)
		return -1;
	writer_label(w, &ai_usage_fields[AI_ACCOUNTS], "Accounts");
	writer_label(w, &ai_usage_fields[AI_CUSTOMERS], "Customers");
	writer_begin(w, NULL, &ai_usage_shape);
	for (int list = AI_ACCOUNTS; list <= AI_CUSTOMERS; list++)
		if (write_ai_list(rq, &figures, &q, list, w, err) < 0)
			return -1;
	writer_end(w);
	return 0;
}

/* ---- the table ---- */

#define ZONE_PARAM                                                                          \
	{                                                                                   \
		"TimeZone", PT_ZONE,                                                        \
			.flags = PARAM_OWN, .any = "UTC",                                   \
			.doc = "Days by the clocks of this zone (IANA name) instead of UTC" \
	}

static const struct param list_params[] = {
	{ "AccountId", PT_ACCOUNT, .max = 64, .label = "Account",
	  .doc = "The account ID you are listing for" },
	{ "StartDate", PT_DATE,
	  .doc = "The start date to retrieve usage records for (YYYY-MM-DD)" },
	{ "EndDate", PT_DATE, .doc = "The end date to retrieve usage records for (YYYY-MM-DD)" },
	ZONE_PARAM,
	{ 0 }
};

static const struct param ai_params[] = {
	{ "AccountId", PT_ACCOUNT, .max = 64, .label = "Account",
	  .doc = "Filter by account ID. If not specified will return entries for all customers in "
		 "all accounts in the date range" },
	{ "CustomerId", PT_TEXT, .max = 128, .label = "Customer",
	  .doc = "Filter by customer ID. If not specified, will return all customers for the "
		 "accounts considered" },
	{ "StartDate", PT_DATE, .doc = "The start of the date range to consider" },
	{ "EndDate", PT_DATE, .doc = "The end of the date range to consider" },
	ZONE_PARAM,
	{ 0 }
};

static const struct op_rename sheet_names[] = {
	{ "AccountId", "AccountSid" }, { "CustomerId", "Customer" }, { "StartDate", "StartDate" },
	{ "EndDate", "EndDate" },      { "TimeZone", "TimeZone" },   { 0 }
};

static const struct op_sheet billing_sheet = { &op_ReportBilling, "category", sheet_names };
static const struct op_sheet ai_sheet = { &op_ReportAI, "customer", sheet_names };

const struct op op_ListUsageRecords = {
	OPERATION(ListUsageRecords, servicestack, M_READ, "/billing/usage",
		  ROLE_ADMIN | ROLE_MANAGER),
	.params = list_params,
	.returns = &record_shape,
	.returns_list = true,
	.body_root = "ListUsageRecords",
	.body_namespace = DASHBOARD_NAMESPACE,
	.run = list_usage_records,
	.sheet = &billing_sheet,
	.title = "Billing usage",
	.doc = "Gets all usage records for specified date range",
};

const struct op op_GetAIUsage = {
	OPERATION(GetAIUsage, servicestack, M_ALL, "/ai/usage", ROLE_ADMIN),
	.params = ai_params,
	.returns = &ai_usage_shape,
	.body_root = "GetAIUsage",
	.body_namespace = AI_NAMESPACE,
	.run = get_ai_usage,
	.sheet = &ai_sheet,
	.title = "AI minutes",
	.doc = "AI minutes by account and by customer",
};
