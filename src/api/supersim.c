/*
 * supersim.c - Super SIM usage records (contracts: twilio C).
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/access.h"
#include "api/closed_until.h"
#include "api/event_record.h"
#include "api/request.h"
#include "api/paging.h"
#include "api/record_view.h"
#include "api/reports.h"
#include "api/sims.h"
#include "api/url.h"
#include "api/date_text.h"
#include "base/secret.h"
#include "store/account.h"
#include "store/rollup.h"
#include "store/sim.h"
#include "usage/sim.h"
#include "base/banned.h"

/* Twilio's error numbers (contracts: twilio C.3). */
enum {
	SIM_BAD_PARAMETER = 83600,
	SIM_NOT_MIDNIGHT = 83601,
	SIM_NOT_HOUR = 83602,
	SIM_GROUP_TOO_LONG = 83603,
	SIM_TOO_LONG = 83604,
	SIM_TOO_OLD = 83605
};

enum { RETENTION_MONTHS = 18, GROUP_SIM_DAYS = 31, HOUR_SEC = 3600 };

/* ---- the answer ---- */

struct supersim_period {
	const char *start_time, *end_time;
};

static const struct field period_fields[] = {
	FIELD(struct supersim_period, start_time, "First second of the period",
	      .format = "date-time"),
	FIELD(struct supersim_period, end_time, "First second after the period",
	      .format = "date-time"),
	{ 0 }
};

static const struct shape period_shape = { .name = "Period",
					   .fields = period_fields,
					   .doc = "A period" };

struct supersim_record {
	const struct supersim_period *period;
	const char *account_sid;
	int64_t data_upload, data_download, data_total;
	const char *events_uri;
	struct decimal data_total_billed;
	const char *billed_unit, *sim_sid, *fleet_sid, *network_sid, *iso_country;
};

static const struct field sim_fields[] = {
	FIELD(struct supersim_record, period, "When", .shape = &period_shape),
	FIELD(struct supersim_record, account_sid, "Whose SIMs"),
	FIELD(struct supersim_record, data_upload, "Bytes sent"),
	FIELD(struct supersim_record, data_download, "Bytes received"),
	FIELD(struct supersim_record, data_total, "Both together"),
	FIELD(struct supersim_record, data_total_billed, "What they cost", .flags = FIELD_MONEY),
	FIELD_EVENTS(struct supersim_record),
	FIELD(struct supersim_record, billed_unit,
	      "The currency, upper case; null while nothing is billed", .flags = FIELD_UNIT,
	      .format = "currency"),
	FIELD(struct supersim_record, sim_sid, "The SIM, if asked for by it"),
	FIELD(struct supersim_record, fleet_sid, "The fleet, if asked for by it"),
	FIELD(struct supersim_record, network_sid, "The network, if asked for by it"),
	FIELD(struct supersim_record, iso_country, "The country, if asked for by it"),
	{ 0 }
};

static const struct shape sim_shape = { .name = "UsageRecord",
					.fields = sim_fields,
					.doc = "Data that SIMs used" };

struct meta {
	const char *first_page_url, *key, *next_page_url;
	int64_t page, page_size;
	const char *previous_page_url, *url;
};

static const struct field meta_fields[] = {
	FIELD(struct meta, first_page_url, "The first page", .format = "uri"),
	FIELD(struct meta, key, "Name of the member with the records", .flags = FIELD_MACHINE),
	FIELD(struct meta, next_page_url, "The page after, or null", .flags = FIELD_NEXT,
	      .format = "uri"),
	FIELD(struct meta, page, "Number of the page, from 0"),
	FIELD(struct meta, page_size, "Most records a page has"),
	FIELD(struct meta, previous_page_url, "The page before, or null", .flags = FIELD_PREVIOUS,
	      .format = "uri"),
	FIELD(struct meta, url, "This page", .format = "uri"),
	{ 0 }
};

static const struct shape meta_shape = { .name = "Meta",
					 .fields = meta_fields,
					 .doc = "Position of a page in the list" };

enum { SIM_LIST, SIM_META };

static const struct field page_fields[] = {
	[SIM_LIST] = FIELD_LIST("usage_records", &sim_shape, "The records, newest first"),
	[SIM_META] = { .name = "meta",
		       .type = VT_OBJECT,
		       .shape = &meta_shape,
		       .doc = "Position of the page in the list" },
	{ 0 }
};

static const struct shape page_shape = { .name = "UsageRecords",
					 .flags = SHAPE_PAGE,
					 .fields = page_fields,
					 .doc = "A page of SIM usage" };

/* ---- parameters ---- */

/* The dimensions of SIM data, and the record's field for each. */
static const struct {
	enum dimension dim;
	size_t field; /* offset in struct supersim_record */
} dimensions[] = {
	{ DIM_SIM, offsetof(struct supersim_record, sim_sid) },
	{ DIM_FLEET, offsetof(struct supersim_record, fleet_sid) },
	{ DIM_NETWORK, offsetof(struct supersim_record, network_sid) },
	{ DIM_COUNTRY, offsetof(struct supersim_record, iso_country) },
};

enum { SIM_DIMENSIONS = sizeof(dimensions) / sizeof(dimensions[0]) };

/* in the order of `dimensions` */
static const char *const groups[] = { "sim", "fleet", "network", "isoCountry", NULL };
static const char *const granularity_words[] = { "hour", "day", "the whole time", NULL };
static const char *const granularities[] = { "hour", "day", "all", NULL };

enum { GRANULARITY_HOUR, GRANULARITY_DAY, GRANULARITY_ALL };

static const struct {
	enum period period;
	/* seconds; times must be multiples of STEP; 1: any time */
	int64_t step;
	int code; /* error code for other times */
	const char *must;
	int months, days; /* the longest range */
	const char *longest;
	const char *one, *all; /* on pages */
} granularity_rules[] = {
	[GRANULARITY_HOUR] = { PERIOD_HOUR, HOUR_SEC, SIM_NOT_HOUR, "must fall on a full UTC hour",
			       0, 31, "31 days by the hour", "Hour", "Hours" },
	[GRANULARITY_DAY] = { PERIOD_DAY, SEC_PER_DAY, SIM_NOT_MIDNIGHT,
			      "must fall on UTC midnight", 3, 0, "3 months by the day", "Day",
			      "Days" },
	[GRANULARITY_ALL] = { PERIOD_ALL, 1, 0, NULL, 18, 0, "18 months in all", "Time", "Total" },
};

struct supersim_report {
	const struct request *rq;
	struct account account;
	int group; /* index into `dimensions`, or -1 */
	int granularity;
	const char *filter[SIM_DIMENSIONS];
	const char *unknown; /* sentences about unknown SIMs and fleets, or "" */
	const char *unit;    /* the currency in capitals */
	const struct usage_query *query;
};

__attribute__((format(printf, 4, 5))) static int refuse(struct error *err, int code,
							const char *param, const char *fmt, ...)
{
	char text[sizeof(err->message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_set(err, ERR_PARAM, param, "%s", text);
	err->code = code;
	return -1;
}

/*
 * Finds the account of the credentials. Callers without an account name one in
 * AccountSid.
 */
static int find_account(struct supersim_report *r, struct error *err)
{
	const struct request *rq = r->rq;
	const struct arg *sid = request_arg(rq, "AccountSid");
	enum sight sight;

	if (sid->text) {
		sight = access_account(rq, sid->text, &r->account, err);
		if (sight == SIGHT_NONE || sight == SIGHT_FOREIGN)
			return error_set(err, ERR_NOT_FOUND, NULL,
					 "The requested resource %s was not found: there is no "
					 "account %.64s",
					 request_path(rq), sid->text);
		return sight == SIGHT_OK ? 0 : -1;
	}
	if (!rq->who->account)
		return refuse(err, SIM_BAD_PARAMETER, "AccountSid",
			      "must be given: these credentials belong to no account");
	return store_account_by_id(rq->store, rq->who->account, rq->arena, &r->account, err) > 0
		       ? 0
		       : error_set(err, ERR_INTERNAL, NULL,
				   "the account of these credentials is missing; run \"usaged "
				   "verify\"");
}

static int64_t months_before(int64_t sec, int months)
{
	int64_t day = floor_div(sec, SEC_PER_DAY);

	return date_to_days(date_add_months(date_from_days(day), -months)) * SEC_PER_DAY +
	       (sec - day * SEC_PER_DAY);
}

/* The default of EndTime: the end of the current hour or day; otherwise now. */
static int64_t default_end(const struct supersim_report *r)
{
	int64_t step = granularity_rules[r->granularity].step;

	return step == 1 ? r->rq->now : (floor_div(r->rq->now, step) + 1) * step;
}

/* The default of StartTime: the first full hour of the month before END. */
static int64_t default_start(int64_t end)
{
	return -floor_div(-months_before(end, 1), HOUR_SEC) * HOUR_SEC;
}

static int check_time(const struct supersim_report *r, const struct arg *arg, int64_t *sec,
		      struct error *err)
{
	int64_t step = granularity_rules[r->granularity].step;

	if (!arg->text)
		return 0;
	*sec = floor_div(arg->instant_us, USEC_PER_SEC);
	if (step > 1 && arg->instant_us % (step * USEC_PER_SEC))
		return refuse(err, granularity_rules[r->granularity].code, arg->param->name,
			      "%s with Granularity %s", granularity_rules[r->granularity].must,
			      granularities[r->granularity]);
	return 0;
}

/* Checks the range against Twilio's limits. */
static int check_limits(const struct supersim_report *r, const struct usage_query *q,
			struct error *err)
{
	int64_t today = floor_div(r->rq->now, SEC_PER_DAY) * SEC_PER_DAY;
	int g = r->granularity;

	if (q->from < months_before(today, RETENTION_MONTHS))
		return refuse(err, SIM_TOO_OLD, "StartTime", "must not be more than %d months ago",
			      RETENTION_MONTHS);
	if (q->from < months_before(q->to, granularity_rules[g].months) -
			      (int64_t)granularity_rules[g].days * SEC_PER_DAY)
		return refuse(err, SIM_TOO_LONG, "StartTime",
			      "makes a range that is too long: at most %s",
			      granularity_rules[g].longest);
	if (r->group >= 0 && dimensions[r->group].dim == DIM_SIM &&
	    q->to - q->from > (int64_t)GROUP_SIM_DAYS * SEC_PER_DAY)
		return refuse(err, SIM_GROUP_TOO_LONG, "Group", "sim goes with at most %d days",
			      GROUP_SIM_DAYS);
	return 0;
}

/* Finds the beginning of the first day of the account's usage. */
static int find_begin(const struct supersim_report *r, int64_t *ret, struct error *err)
{
	int64_t begin = floor_div(r->account.created, SEC_PER_DAY), day;
	int rc = store_usage_day(r->rq->store, &r->account.id, 1, false, &day, err);

	if (rc > 0 && day < begin)
		begin = day;
	*ret = begin * SEC_PER_DAY;
	return rc < 0 ? -1 : 0;
}

/*
 * Cuts the range of a list of hours or days: begins with the account's usage
 * and ends today.
 */
static int cut_range(const struct supersim_report *r, struct usage_query *q, struct error *err)
{
	int64_t begin, end = (floor_div(r->rq->now, SEC_PER_DAY) + 1) * SEC_PER_DAY;

	if (find_begin(r, &begin, err) < 0)
		return -1;
	if (q->from < begin)
		q->from = begin;
	if (q->to > end)
		q->to = end;
	return 0;
}

static int choose_range(const struct supersim_report *r, struct usage_query *q, struct error *err)
{
	const struct arg *start = request_arg(r->rq, "StartTime"),
			 *end = request_arg(r->rq, "EndTime");

	q->to = default_end(r);
	q->running = !end->text;
	if (check_time(r, end, &q->to, err) < 0)
		return -1;
	q->from = r->granularity == GRANULARITY_DAY ? months_before(q->to, 1)
						    : default_start(q->to);
	if (check_time(r, start, &q->from, err) < 0)
		return -1;
	if (q->from >= q->to && end->text)
		return refuse(err, SIM_BAD_PARAMETER, "EndTime", "must be after StartTime");
	if (q->from >= q->to) { /* StartTime is in the future: no records yet */
		q->to = q->from;
		return 0;
	}
	if (r->rq->worker->settings->range_limits)
		return check_limits(r, q, err);
	return r->granularity == GRANULARITY_ALL ? 0 : cut_range(r, q, err);
}

static int check_filter(int d, const char *text, struct error *err)
{
	if (dimensions[d].dim == DIM_NETWORK && !sid_valid("HW", text, strlen(text)))
		return refuse(err, SIM_BAD_PARAMETER, "Network",
			      "'%.40s' is not HW and 32 hexadecimal digits", text);
	if (dimensions[d].dim == DIM_COUNTRY &&
	    (strlen(text) != 2 || !isalpha((unsigned char)text[0]) ||
	     !isalpha((unsigned char)text[1])))
		return refuse(err, SIM_BAD_PARAMETER, "IsoCountry",
			      "'%.40s' is not a country of two letters, such as AT", text);
	return 0;
}

/*
 * Sets the query's filter for dimension D to the argument TEXT. An unknown
 * value matches no record.
 */
static int choose_filter(struct supersim_report *r, struct usage_query *q, int d, const char *text,
			 struct error *err)
{
	const struct request *rq = r->rq;
	enum dimension dim = dimensions[d].dim;
	char *value = arena_str(rq->arena, text);
	struct sim_match match;
	int rc;

	for (char *c = value; *c && dim == DIM_COUNTRY; c++)
		*c = (char)toupper((unsigned char)*c);
	rc = sim_match(rq->store,
		       &(struct dimension_value) { r->account.id, dim, value, strlen(value) },
		       rq->arena, &match, err);
	if (rc < 0)
		return -1;
	if (rc == 0 && sim_kind_of(dim))
		q->zeros = false;
	r->filter[d] = match.sid;
	q->dim[dim] = match.value ? match.value : -1;
	return 0;
}

static int choose_filters(struct supersim_report *r, struct usage_query *q, struct error *err)
{
	struct dimension_filter asked = { { NULL }, { false } };

	for (int d = 0; d < SIM_DIMENSIONS; d++) {
		const char *text =
			request_arg(r->rq, dimension_infos[dimensions[d].dim].param)->text;

		asked.text[dimensions[d].dim] = text;
		if (text &&
		    (check_filter(d, text, err) < 0 || choose_filter(r, q, d, text, err) < 0))
			return -1;
	}
	return sims_unknown_words(r->rq, &r->account, 1, &asked, &r->unknown, err);
}

/* ---- records ---- */

static const char *instant_text(const struct request *rq, int64_t sec)
{
	char text[INSTANT_TEXT];

	instant_format(text, sec * USEC_PER_SEC);
	return arena_str(rq->arena, text);
}

/*
 * The end of a record's events. The current quarter hour is included
 * completely, see usage_query.
 */
static int64_t events_end(const struct supersim_report *r, int64_t to)
{
	return r->query->running && to == r->query->to ? (floor_div(to, SLOT_SEC) + 1) * SLOT_SEC
						       : to;
}

/* The filters of the list of events for one record's time and dimensions. */
static const char *events_query(const struct supersim_report *r, const struct usage_row *row,
				const struct supersim_record *rec)
{
	struct url u = url_begin(r->rq->arena, "");

	url_arg(&u, "IncludeSubaccounts", "false");
	url_arg(&u, "From", rec->period->start_time);
	url_arg(&u, "To", instant_text(r->rq, events_end(r, row->to)));
	for (int d = 0; d < SIM_DIMENSIONS; d++)
		url_arg(&u, dimension_infos[dimensions[d].dim].param,
			*(const char *const *)((const char *)rec + dimensions[d].field));
	return url_end(&u);
}

static int fill_record(const struct supersim_report *r, const struct usage_row *row,
		       struct supersim_period *period, struct supersim_record *ret,
		       struct error *err)
{
	if (row->totals.usage > INT64_MAX)
		return error_set(
			err, ERR_OVERFLOW, NULL,
			"the sum of the bytes does not fit 64 bits; ask for a shorter range");
	*period = (struct supersim_period) { instant_text(r->rq, row->from),
					     instant_text(r->rq, row->to) };
	/* a megabyte is 10^6 bytes, so the unscaled number is in bytes */
	*ret = (struct supersim_record) {
		.period = period,
		.account_sid = r->account.sid,
		.data_upload = (int64_t)row->totals.upload,
		.data_total = (int64_t)row->totals.usage,
		.data_download = (int64_t)(row->totals.usage - row->totals.upload),
		.data_total_billed = { .n = row->totals.price, .places = PRICE_PLACES },
		.billed_unit = row->totals.price ? r->unit : NULL,
	};
	for (int d = 0; d < SIM_DIMENSIONS; d++)
		*(const char **)((char *)ret + dimensions[d].field) = d == r->group
									      ? row->member_text
									      : r->filter[d];
	if (events_linked(r->rq))
		ret->events_uri = events_link(r->rq, r->account.sid, CATEGORY_SIM_DATA,
					      events_query(r, row, ret));
	return 0;
}

/* Ends the open list and the page. */
static void end_page(const struct record_page *page, struct writer *w)
{
	struct meta meta = {
		.first_page_url = page->first,
		.key = "usage_records",
		.next_page_url = page->next,
		.page = page->page,
		.page_size = page->page_size,
		.previous_page_url = page->previous,
		.url = page->self,
	};

	writer_end(w);
	writer_record(w, &page_fields[SIM_META], &meta_shape, &meta);
	writer_end(w);
}

static int write_page(const struct supersim_report *r, const struct record_page *page,
		      struct writer *w, struct error *err)
{
	struct supersim_period period;
	struct supersim_record rec;

	writer_begin(w, NULL, &page_shape);
	writer_begin_list(w, &page_fields[SIM_LIST], &sim_shape);
	for (size_t i = 0; i < page->n; i++) {
		if (fill_record(r, &page->rows[i], &period, &rec, err) < 0)
			return -1;
		writer_record(w, NULL, &sim_shape, &rec);
	}
	end_page(page, w);
	return 0;
}

/* ---- pages: key figures, the total, records in megabytes ---- */

struct sim_view_row {
	int64_t level;
	const char *when, *name, *key;
	struct decimal upload, download, total;
	const char *unit;
	struct decimal price;
	const char *events_uri, *currency;
};

enum { VIEW_WHEN = 1, VIEW_NAME };

#define VIEW_UNIT                                                                       \
	FIELD(struct sim_view_row, events_uri, "The events behind it", .format = "uri", \
	      .flags = FIELD_LINK),                                                     \
		FIELD(struct sim_view_row, unit, "Megabytes of a million bytes",        \
		      .flags = FIELD_UNIT)

static const struct field view_fields[] = {
	FIELD(struct sim_view_row, level, "Whether it is the total", .flags = FIELD_LEVEL),
	[VIEW_WHEN] = FIELD(struct sim_view_row, when, "When", .format = "date-or-time"),
	[VIEW_NAME] = FIELD(struct sim_view_row, name, "Whose data"),
	FIELD(struct sim_view_row, key, "Its SID", .flags = FIELD_LABEL),
	FIELD(struct sim_view_row, upload, "Data sent by SIMs"),
	VIEW_UNIT,
	FIELD(struct sim_view_row, download, "Data received by SIMs"),
	VIEW_UNIT,
	FIELD(struct sim_view_row, total, "Both together"),
	VIEW_UNIT,
	FIELD(struct sim_view_row, price, "What it cost", .label = "Cost"),
	FIELD(struct sim_view_row, events_uri, "The events behind it", .format = "uri",
	      .flags = FIELD_LINK),
	FIELD(struct sim_view_row, currency, "The currency", .flags = FIELD_UNIT,
	      .format = "currency"),
	{ 0 }
};

static const struct shape sim_view_shape = { .name = "Data",
					     .fields = view_fields,
					     .doc = "A number opens its events." };

/* "2026-11-21"; for an hour, its first instant. */
static const char *when_text(const struct supersim_report *r, const char *start)
{
	return r->granularity == GRANULARITY_DAY ? arena_strn(r->rq->arena, start, DATE_TEXT - 1)
						 : start;
}

/*
 * Sets the row's name: the unique name of the SIM or fleet with the SID below;
 * without a unique name, the value itself.
 */
static int name_row(const struct supersim_report *r, const char *value, struct sim_view_row *row,
		    struct error *err)
{
	enum dimension d = dimensions[r->group].dim;
	struct sim sim = { 0 };
	int rc = 0;

	row->name = value;
	if (sim_kind_of(d))
		rc = store_sim_find(r->rq->store,
				    &(struct sim_key) { r->account.parent ? r->account.parent
									  : r->account.id,
							d, value },
				    r->rq->arena, &sim, err);
	if (rc > 0 && sim.name && *sim.name) {
		row->name = sim.name;
		row->key = value;
	}
	return rc < 0 ? -1 : 0;
}

/* Writes a row; with LEVEL_TOTAL, the total. */
static int view_row(const struct supersim_report *r, const struct usage_row *from, int64_t level,
		    struct writer *w, struct error *err)
{
	bool total = level == LEVEL_TOTAL;
	struct supersim_period period;
	struct supersim_record rec;
	struct sim_view_row row;

	if (fill_record(r, from, &period, &rec, err) < 0)
		return -1;
	row = (struct sim_view_row) {
		.level = level,
		.when = total ? "Total" : when_text(r, period.start_time),
		.name = total && r->granularity == GRANULARITY_ALL ? "Total" : NULL,
		.upload = { .n = rec.data_upload, .places = USAGE_PLACES },
		.download = { .n = rec.data_download, .places = USAGE_PLACES },
		.total = { .n = rec.data_total, .places = USAGE_PLACES },
		.unit = r->rq->catalogue->categories[r->query->category].usage_unit,
		.price = rec.data_total_billed,
		.events_uri = rec.events_uri,
		.currency = r->account.currency
	};
	if (!total && r->group >= 0 && name_row(r, from->member_text, &row, err) < 0)
		return -1;
	writer_record(w, NULL, &sim_view_shape, &row);
	return 0;
}

/* Loads the total of the filters in [FROM, TO). */
static int load_total(const struct supersim_report *r, int64_t from, int64_t to,
		      struct usage_row *ret, struct error *err)
{
	struct usage_query q = *r->query;
	struct usage_cursor *cur = NULL;
	int rc;

	q.from = from;
	q.to = to;
	q.running = q.running && to == r->query->to;
	q.period = PERIOD_ALL;
	q.group = GROUP_NONE;
	q.zeros = true;
	*ret = (struct usage_row) { .from = from, .to = to };
	if (from >= to)
		return 0;
	if (usage_open(r->rq->store, r->rq->catalogue, &q, (struct usage_position) { 0 }, &cur,
		       err) < 0)
		return -1;
	rc = usage_next(cur, ret, err);
	usage_close(&cur);
	return rc < 0 ? -1 : 0;
}

/*
 * Writes the key figures. Compares them with an equally long range just before,
 * if the account had begun by then. *RET_COMPARED is a sentence about the
 * comparison.
 */
static int view_figures(const struct supersim_report *r, struct writer *w,
			struct usage_row *ret_total, const char **ret_compared, struct error *err)
{
	const struct usage_query *q = r->query;
	int64_t before = q->from - (q->to - q->from), begin;
	struct figure_pair p = { .currency = r->account.currency };
	struct usage_row earlier = { 0 };

	if (load_total(r, q->from, q->to, ret_total, err) < 0 || find_begin(r, &begin, err) < 0)
		return -1;
	p.now = ret_total->totals;
	p.compared = q->from > begin && q->from < q->to && date_valid(zone_date(q->zone, before));
	if (p.compared && load_total(r, before, q->from, &earlier, err) < 0)
		return -1;
	p.before = earlier.totals;
	if (p.compared)
		*ret_compared = arena_join(r->rq->arena, " Compared with ",
					   date_text_range(r->rq->arena, q->zone, before, q->from),
					   ".", NULL);
	figures_of_category(r->rq, w, &p, q->category);
	figure_cost(w, &p);
	return 0;
}

/* Sets the titles of columns, hides empty columns, and shows the filters. */
static void view_question(const struct supersim_report *r, struct writer *w)
{
	const struct usage_query *q = r->query;
	bool all = r->granularity == GRANULARITY_ALL;
	const char *by = r->group < 0 ? ""
				      : arena_join(r->rq->arena, ", by ", groups[r->group], NULL);

	writer_assume(w, "StartTime", instant_text(r->rq, q->from));
	writer_assume(w, "EndTime", instant_text(r->rq, q->to));
	writer_filters(w,
		       arena_join(r->rq->arena, r->account.name, by, all ? "" : ", a row for each ",
				  all ? "" : granularities[r->granularity], ", UTC", NULL));
	writer_label(w, &view_fields[VIEW_WHEN],
		     all ? "Time" : granularity_rules[r->granularity].one);
	writer_label(w, &page_fields[SIM_LIST],
		     r->group < 0 ? granularity_rules[r->granularity].all
				  : dimension_infos[dimensions[r->group].dim].all);
	if (r->group < 0)
		writer_hide(w, &view_fields[VIEW_NAME]);
	else
		writer_label(w, &view_fields[VIEW_NAME],
			     dimension_infos[dimensions[r->group].dim].one);
	if (r->group >= 0 && all)
		writer_hide(w, &view_fields[VIEW_WHEN]);
}

static int view_page(const struct supersim_report *r, const struct record_page *page,
		     const struct usage_row *total, struct writer *w, struct error *err)
{
	bool only_total = r->group < 0 && r->granularity == GRANULARITY_ALL;

	writer_begin(w, NULL, &page_shape);
	writer_begin_list(w, &page_fields[SIM_LIST], &sim_view_shape);
	if (page->n && view_row(r, total, LEVEL_TOTAL, w, err) < 0)
		return -1;
	for (size_t i = 0; i < page->n && !only_total; i++)
		if (!amounts_wide_zero(&page->rows[i].totals) &&
		    view_row(r, &page->rows[i], 0, w, err) < 0)
			return -1;
	end_page(page, w);
	return 0;
}

static const char *currency_capitals(const struct request *rq, const char *currency)
{
	char *text = arena_str(rq->arena, currency);

	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return text;
}

static int list_sim_records(struct request *rq, struct writer *w, struct error *err)
{
	const struct arg *group = request_arg(rq, "Group");
	struct supersim_report r = {
		.rq = rq,
		.group = group->text ? (int)group->n : -1,
		.granularity = (int)request_arg(rq, "Granularity")->n,
	};
	struct usage_query q = {
		.accounts = &r.account.id,
		.n_accounts = 1,
		.zone = zone_find(NULL),
		.period = granularity_rules[r.granularity].period,
		.group = r.group < 0 ? GROUP_NONE : GROUP_DIMENSION,
		.dimension = r.group < 0 ? DIM_SIM : dimensions[r.group].dim,
		.category = catalogue_find(rq->catalogue, CATEGORY_SIM_DATA,
					   strlen(CATEGORY_SIM_DATA)),
	};
	struct record_page page;
	struct usage_row total;
	const char *days, *compared = "";

	r.query = &q;
	q.zeros = !view_wanted(rq);
	if (find_account(&r, err) < 0 || (!page_continues(rq) && choose_range(&r, &q, err) < 0) ||
	    choose_filters(&r, &q, err) < 0)
		return -1;
	if (page_load(rq, &q, arena_join(rq->arena, rq->base_url, request_link_path(rq), NULL),
		      &page, err) < 0)
		return -1;
	if (request_note_closed(
		    rq, w,
		    &(struct report_query) {
			    .accounts = &r.account, .n_accounts = 1, .from = q.from, .to = q.to },
		    err) < 0)
		return -1;
	r.unit = currency_capitals(rq, r.account.currency);
	days = date_text_range(rq->arena, q.zone, q.from, q.from < q.to ? q.to : q.from + 1);
	if (view_wanted(rq)) {
		view_question(&r, w);
		if (view_figures(&r, w, &total, &compared, err) < 0)
			return -1;
	}
	writer_about(w, rq->op->title,
		     arena_printf(rq->arena, "%s, %s%s%s.%s%s", r.account.name, days,
				  r.group < 0 ? "" : ", by ", r.group < 0 ? "" : group->text,
				  compared, r.unknown));
	return view_wanted(rq) ? view_page(&r, &page, &total, w, err)
			       : write_page(&r, &page, w, err);
}

/* ---- the table ---- */

static const struct param sim_params[] = {
	{ "Sim", PT_TEXT, .min = 1, .max = 64, .label = "SIM",
	  .doc = "Only this SIM: its SID or unique name" },
	{ "Fleet", PT_TEXT, .min = 1, .max = 64,
	  .doc = "Only SIMs that were in this fleet: its SID or unique name" },
	{ "Network", PT_TEXT, .min = 1, .max = 64,
	  .doc = "Only on this network: HW and 32 hexadecimal digits" },
	{ "IsoCountry", PT_TEXT, .min = 1, .max = 64, .label = "Country",
	  .doc = "Only in this country, two letters" },
	{ "Group", PT_ENUM, .values = groups, .label = "By", .any = "nothing",
	  .doc = "One record for each SIM, fleet, network or country with usage" },
	{ "Granularity", PT_ENUM, .def = "all", .values = granularities, .words = granularity_words,
	  .label = "A row for each",
	  .doc = "One record for each hour, each day, or the whole range" },
	{ "StartTime", PT_INSTANT,
	  .doc = "First instant, in ISO 8601: for hours a full hour, for days midnight, both in "
		 "UTC. Default: a month before EndTime" },
	{ "EndTime", PT_INSTANT,
	  .doc = "First instant after the range, in the same form. Default: now; for hours or "
		 "days, the end of the current one" },
	{ "AccountSid", PT_ACCOUNT, .max = 64, .label = "Account",
	  .any = "the credentials' account",
	  .doc = "Account of the SIMs. Required if the credentials belong to no account" },
	PAGING_PARAMS,
	{ 0 }
};

const struct op op_ListSuperSimUsageRecord = {
	OPERATION(ListSuperSimUsageRecord, supersim, M_READ, "/v1/UsageRecords", ROLES_READING),
	.params = sim_params,
	.returns = &page_shape,
	.run = list_sim_records,
	.title = "SIM data",
	.doc = "Data that SIMs used, by time, SIM, fleet, network or country",
};
