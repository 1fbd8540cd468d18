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
#include "api/op.h"
#include "api/paging.h"
#include "api/sims.h"
#include "api/words.h"
#include "base/secret.h"
#include "usage/sim.h"
#include "base/banned.h"

/* Numbers of C.3. */
enum {
	SIM_BAD_PARAMETER = 83600, SIM_NOT_MIDNIGHT = 83601, SIM_NOT_HOUR = 83602, SIM_GROUP_TOO_LONG = 83603,
	SIM_TOO_LONG = 83604, SIM_TOO_OLD = 83605
};

enum { RETENTION_MONTHS = 18, GROUP_SIM_DAYS = 31, HOUR_SEC = 3600 };

/* ---- what an answer is made of ---- */

struct sim_period {
	const char *start_time, *end_time;
};

static const struct field period_fields[] = {
	FIELD(struct sim_period, start_time, "First second of it", .format = "date-time"),
	FIELD(struct sim_period, end_time, "Where the next one begins", .format = "date-time"),
	{ 0 }
};

static const struct shape period_shape = { .name = "Period", .fields = period_fields, .doc = "A stretch of time" };

struct sim_record {
	const struct sim_period *period;
	const char *account_sid;
	int64_t data_upload, data_download, data_total;
	const char *events_uri;
	struct decimal data_total_billed;
	const char *billed_unit, *sim_sid, *fleet_sid, *network_sid, *iso_country;
};

static const struct field sim_fields[] = {
	FIELD(struct sim_record, period, "When", .shape = &period_shape),
	FIELD(struct sim_record, account_sid, "Whose SIMs"),
	FIELD(struct sim_record, data_upload, "Bytes sent"),
	FIELD(struct sim_record, data_download, "Bytes received"),
	FIELD(struct sim_record, data_total, "Both together"),
	FIELD(struct sim_record, data_total_billed, "What they cost", .flags = FIELD_MONEY),
	FIELD_EVENTS(struct sim_record),
	FIELD(struct sim_record, billed_unit, "The currency, upper case; null while nothing is billed", .flags = FIELD_UNIT, .format = "currency"),
	FIELD(struct sim_record, sim_sid, "The SIM, if asked for by it"),
	FIELD(struct sim_record, fleet_sid, "The fleet, if asked for by it"),
	FIELD(struct sim_record, network_sid, "The network, if asked for by it"),
	FIELD(struct sim_record, iso_country, "The country, if asked for by it"),
	{ 0 }
};

static const struct shape sim_shape = { .name = "UsageRecord", .fields = sim_fields, .doc = "Data that SIMs used" };

struct meta {
	const char *first_page_url, *key, *next_page_url;
	int64_t page, page_size;
	const char *previous_page_url, *url;
};

static const struct field meta_fields[] = {
	FIELD(struct meta, first_page_url, "The first page", .format = "uri"),
	FIELD(struct meta, key, "Which member holds the records", .flags = FIELD_MACHINE),
	FIELD(struct meta, next_page_url, "The page after, or null", .flags = FIELD_NEXT, .format = "uri"),
	FIELD(struct meta, page, "Number of the page, from 0"),
	FIELD(struct meta, page_size, "Most records a page has"),
	FIELD(struct meta, previous_page_url, "The page before, or null", .flags = FIELD_PREVIOUS, .format = "uri"),
	FIELD(struct meta, url, "This page", .format = "uri"),
	{ 0 }
};

static const struct shape meta_shape = { .name = "Meta", .fields = meta_fields, .doc = "Where in the list a page is" };

enum { SIM_LIST, SIM_META };

static const struct field page_fields[] = {
	[SIM_LIST] = FIELD_LIST("usage_records", &sim_shape, "The records, newest first"),
	[SIM_META] = { .name = "meta", .type = VT_OBJECT, .shape = &meta_shape, .doc = "Where in the list the page is" },
	{ 0 }
};

static const struct shape page_shape = { .name = "UsageRecords", .flags = SHAPE_PAGE, .fields = page_fields, .doc = "A page of SIM usage" };

/* ---- parameters ---- */

/* The dimensions, as parameters, as values of Group, and as fields of a record. */
static const struct {
	const char *param;
	enum dimension dim;
	size_t field;                   /* offset in struct sim_record */
} dimensions[] = {
	{ "Sim", DIM_SIM, offsetof(struct sim_record, sim_sid) },
	{ "Fleet", DIM_FLEET, offsetof(struct sim_record, fleet_sid) },
	{ "Network", DIM_NETWORK, offsetof(struct sim_record, network_sid) },
	{ "IsoCountry", DIM_COUNTRY, offsetof(struct sim_record, iso_country) },
};

enum { SIM_DIMENSIONS = sizeof(dimensions) / sizeof(dimensions[0]) };

static const char *const groups[] = { "sim", "fleet", "network", "isoCountry", NULL };      /* in the order of `dimensions` */
static const char *const granularities[] = { "hour", "day", "all", NULL };

enum { GRANULARITY_HOUR, GRANULARITY_DAY, GRANULARITY_ALL };

static const struct {
	enum period period;
	int64_t step;                   /* times must be multiples of it; 1: any will do */
	int code;                       /* if they are not */
	const char *must;
	int months, days;               /* longest range */
	const char *longest;
} granularity_rules[] = {
	[GRANULARITY_HOUR] = { PERIOD_HOUR, HOUR_SEC, SIM_NOT_HOUR, "must fall on a full UTC hour", 0, 31, "31 days by the hour" },
	[GRANULARITY_DAY]  = { PERIOD_DAY, SEC_PER_DAY, SIM_NOT_MIDNIGHT, "must fall on UTC midnight", 3, 0, "3 months by the day" },
	[GRANULARITY_ALL]  = { PERIOD_ALL, 1, 0, NULL, 18, 0, "18 months in all" },
};

struct sim_report {
	const struct call *call;
	struct account account;
	int group;                      /* index into `dimensions`, or -1 */
	int granularity;
	const char *filter[SIM_DIMENSIONS];
	const char *unknown;            /* sentences about those that nobody knows, or "" */
	const char *unit;               /* the currency in capitals */
	const struct usage_query *query;
};

__attribute__((format(printf, 4, 5)))
static int refuse(struct error *err, int code, const char *param, const char *fmt, ...)
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

/* The account of the credentials; who has none of its own says which. */
static int find_account(struct sim_report *r, struct error *err)
{
	const struct call *call = r->call;
	const struct arg *sid = call_arg(call, "AccountSid");
	enum sight sight;

	if (sid->text) {
		sight = access_account(call, sid->text, &r->account, err);
		if (sight == SIGHT_NONE || sight == SIGHT_FOREIGN)
			return error_set(err, ERR_NOT_FOUND, NULL, "The requested resource %s was not found: there is no account %.64s",
					 call_path(call), sid->text);
		return sight == SIGHT_OK ? 0 : -1;
	}
	if (!call->who->account)
		return refuse(err, SIM_BAD_PARAMETER, "AccountSid", "must be given, since these credentials belong to no account");
	return store_account_by_id(call->store, call->who->account, call->arena, &r->account, err) > 0 ? 0 :
	       error_set(err, ERR_INTERNAL, NULL, "the account of these credentials is gone");
}

static int64_t months_before(int64_t sec, int months)
{
	int64_t day = floor_div(sec, SEC_PER_DAY);

	return date_to_days(date_add_months(date_from_days(day), -months)) * SEC_PER_DAY + (sec - day * SEC_PER_DAY);
}

/* Where a report ends without EndTime: now; by the hour or day, at the end of the running one. */
static int64_t default_end(const struct sim_report *r)
{
	int64_t step = granularity_rules[r->granularity].step;

	return step == 1 ? r->call->now : (floor_div(r->call->now, step) + 1) * step;
}

/* Where it begins without StartTime: on the first full hour of the month before END. */
static int64_t default_start(int64_t end)
{
	return -floor_div(-months_before(end, 1), HOUR_SEC) * HOUR_SEC;
}

static int check_time(const struct sim_report *r, const struct arg *arg, int64_t *sec, struct error *err)
{
	int64_t step = granularity_rules[r->granularity].step;

	if (!arg->text)
		return 0;
	*sec = floor_div(arg->instant_us, USEC_PER_SEC);
	if (step > 1 && arg->instant_us % (step * USEC_PER_SEC))
		return refuse(err, granularity_rules[r->granularity].code, arg->param->name, "%s with Granularity %s",
			      granularity_rules[r->granularity].must, granularities[r->granularity]);
	return 0;
}

/* Twilio's limits of a range. */
static int check_limits(const struct sim_report *r, const struct usage_query *q, struct error *err)
{
	int64_t today = floor_div(r->call->now, SEC_PER_DAY) * SEC_PER_DAY;
	int g = r->granularity;

	if (q->from < months_before(today, RETENTION_MONTHS))
		return refuse(err, SIM_TOO_OLD, "StartTime", "must not be more than %d months ago", RETENTION_MONTHS);
	if (q->from < months_before(q->to, granularity_rules[g].months) - (int64_t)granularity_rules[g].days * SEC_PER_DAY)
		return refuse(err, SIM_TOO_LONG, "StartTime", "makes a range that is too long: at most %s", granularity_rules[g].longest);
	if (r->group >= 0 && dimensions[r->group].dim == DIM_SIM && q->to - q->from > (int64_t)GROUP_SIM_DAYS * SEC_PER_DAY)
		return refuse(err, SIM_GROUP_TOO_LONG, "Group", "sim goes with at most %d days", GROUP_SIM_DAYS);
	return 0;
}

/* Without those limits: a list by the hour or day begins with the account's usage and ends today. */
static int cut_range(const struct sim_report *r, struct usage_query *q, struct error *err)
{
	int64_t begin = floor_div(r->account.created, SEC_PER_DAY), end = floor_div(r->call->now, SEC_PER_DAY) + 1, day;
	int rc = store_account_first_day(r->call->store, r->account.id, &day, err);

	if (rc > 0 && day < begin)
		begin = day;
	if (q->from < begin * SEC_PER_DAY)
		q->from = begin * SEC_PER_DAY;
	if (q->to > end * SEC_PER_DAY)
		q->to = end * SEC_PER_DAY;
	return rc < 0 ? -1 : 0;
}

static int choose_range(const struct sim_report *r, struct usage_query *q, struct error *err)
{
	const struct arg *start = call_arg(r->call, "StartTime"), *end = call_arg(r->call, "EndTime");

	q->to = default_end(r);
	q->running = !end->text;
	if (check_time(r, end, &q->to, err) < 0)
		return -1;
	q->from = r->granularity == GRANULARITY_DAY ? months_before(q->to, 1) : default_start(q->to);
	if (check_time(r, start, &q->from, err) < 0)
		return -1;
	if (q->from >= q->to && end->text)
		return refuse(err, SIM_BAD_PARAMETER, "EndTime", "must be after StartTime");
	if (q->from >= q->to) {                /* a StartTime to come: nothing yet */
		q->to = q->from;
		return 0;
	}
	if (r->call->settings->range_limits)
		return check_limits(r, q, err);
	return r->granularity == GRANULARITY_ALL ? 0 : cut_range(r, q, err);
}

static int check_filter(int d, const char *text, struct error *err)
{
	if (dimensions[d].dim == DIM_NETWORK && !sid_valid("HW", text, strlen(text)))
		return refuse(err, SIM_BAD_PARAMETER, "Network", "'%.40s' is not HW and 32 hexadecimal digits", text);
	if (dimensions[d].dim == DIM_COUNTRY && (strlen(text) != 2 || !isalpha((unsigned char)text[0]) || !isalpha((unsigned char)text[1])))
		return refuse(err, SIM_BAD_PARAMETER, "IsoCountry", "'%.40s' is not a country of two letters, such as AT", text);
	return 0;
}

/* The value of dimension D that TEXT means, by which records show it. What the account doesn't know gives no records. */
static int choose_filter(struct sim_report *r, struct usage_query *q, int d, const char *text, struct error *err)
{
	const struct call *call = r->call;
	enum dimension dim = dimensions[d].dim;
	char *value = arena_str(call->arena, text);
	struct sim_match match;
	int rc;

	for (char *c = value; *c && dim == DIM_COUNTRY; c++)
		*c = (char)toupper((unsigned char)*c);
	rc = sim_match(call->store, r->account.id, dim, value, call->arena, &match, err);
	if (rc < 0)
		return -1;
	if (rc == 0 && sim_kind_of(dim))
		q->zeros = false;
	r->filter[d] = match.sid;
	q->dim[dim] = match.value ? match.value : -1;
	return 0;
}

static int choose_filters(struct sim_report *r, struct usage_query *q, struct error *err)
{
	const char *asked[DIMENSIONS] = { NULL };

	for (int d = 0; d < SIM_DIMENSIONS; d++) {
		const char *text = call_arg(r->call, dimensions[d].param)->text;

		asked[dimensions[d].dim] = text;
		if (text && (check_filter(d, text, err) < 0 || choose_filter(r, q, d, text, err) < 0))
			return -1;
	}
	return sims_unknown_words(r->call, &r->account, 1, asked, &r->unknown, err);
}

/* ---- records ---- */

static const char *instant_text(const struct call *call, int64_t sec)
{
	char text[INSTANT_TEXT];

	instant_format(text, sec * USEC_PER_SEC);
	return arena_str(call->arena, text);
}

/* The end of the events that a record counts: all of the running quarter hour, see usage_query. */
static int64_t events_end(const struct sim_report *r, int64_t to)
{
	return r->query->running && to == r->query->to ? (floor_div(to, QUARTER_SEC) + 1) * QUARTER_SEC : to;
}

/* Their time and dimensions are said as the parameters of this list say them. */
static const char *events_query(const struct sim_report *r, const struct usage_row *row, const struct sim_record *rec)
{
	struct strbuf sb;
	const char *text;

	strbuf_init(&sb, 4096);
	strbuf_addf(&sb, "&IncludeSubaccounts=false&From=%s&To=%s", rec->period->start_time,
		    instant_text(r->call, events_end(r, row->to)));
	for (int d = 0; d < SIM_DIMENSIONS; d++) {
		const char *value = *(const char *const *)((const char *)rec + dimensions[d].field);

		if (!value)
			continue;
		strbuf_addf(&sb, "&%s=", dimensions[d].param);
		strbuf_add_urlencoded(&sb, value, strlen(value));
	}
	text = arena_strn(r->call->arena, sb.text, sb.len);
	strbuf_release(&sb);
	return text;
}

static int fill_record(const struct sim_report *r, const struct usage_row *row, struct sim_period *period, struct sim_record *ret,
		       struct error *err)
{
	if (row->totals.usage > INT64_MAX)
		return error_set(err, ERR_OVERFLOW, NULL, "the sum of the bytes does not fit 64 bits; ask for a shorter range");
	*period = (struct sim_period){ instant_text(r->call, row->from), instant_text(r->call, row->to) };
	/* a megabyte's micro unit is a byte */
	*ret = (struct sim_record){
		.period = period, .account_sid = r->account.sid,
		.data_upload = (int64_t)row->totals.upload, .data_total = (int64_t)row->totals.usage,
		.data_download = (int64_t)(row->totals.usage - row->totals.upload),
		.data_total_billed = { .n = row->totals.price, .places = PRICE_PLACES },
		.billed_unit = row->totals.price ? r->unit : NULL,
	};
	for (int d = 0; d < SIM_DIMENSIONS; d++)
		*(const char **)((char *)ret + dimensions[d].field) = d == r->group ? row->member_text : r->filter[d];
	if (events_linked(r->call))
		ret->events_uri = events_link(r->call, r->account.sid, CATEGORY_SIM_DATA, events_query(r, row, ret));
	return 0;
}

static int write_page(const struct sim_report *r, const struct record_page *page, const struct usage_row *rows, struct writer *w, struct error *err)
{
	struct meta meta = {
		.first_page_url = page->first, .key = "usage_records", .next_page_url = page->next, .page = page->page,
		.page_size = page->page_size, .previous_page_url = page->previous, .url = page->self,
	};
	struct sim_period period;
	struct sim_record rec;

	writer_begin(w, NULL, &page_shape);
	writer_begin_list(w, &page_fields[SIM_LIST], &sim_shape);
	for (size_t i = 0; i < page->n; i++) {
		if (fill_record(r, &rows[i], &period, &rec, err) < 0)
			return -1;
		writer_record(w, NULL, &sim_shape, &rec);
	}
	writer_end(w);
	writer_record(w, &page_fields[SIM_META], &meta_shape, &meta);
	writer_end(w);
	return 0;
}

static const char *currency_capitals(const struct call *call, const char *currency)
{
	char *text = arena_str(call->arena, currency);

	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return text;
}

static int list_sim_records(struct call *call, struct writer *w, struct error *err)
{
	const struct arg *group = call_arg(call, "Group");
	struct sim_report r = {
		.call = call, .group = group->text ? (int)group->n : -1, .granularity = (int)call_arg(call, "Granularity")->n,
	};
	struct usage_query q = {
		.accounts = &r.account.id, .n_accounts = 1, .zone = zone_find(NULL), .period = granularity_rules[r.granularity].period,
		.zeros = true, .group = r.group < 0 ? GROUP_NONE : (int)dimensions[r.group].dim,
		.category = catalogue_find(call->catalogue, CATEGORY_SIM_DATA, strlen(CATEGORY_SIM_DATA)),
	};
	struct record_page page;
	struct usage_row *rows;
	const char *days;

	r.query = &q;
	if (find_account(&r, err) < 0 || (!page_continues(call) && choose_range(&r, &q, err) < 0) || choose_filters(&r, &q, err) < 0)
		return -1;
	if (page_load(call, &q, arena_join(call->arena, call->base_url, call_path(call), call_link_suffix(call, call->op->dialect), NULL), &page, &rows, err) < 0)
		return -1;
	if (call_note_closed(call, w, q.accounts, q.n_accounts, q.from, q.to, err) < 0)
		return -1;
	r.unit = currency_capitals(call, r.account.currency);
	days = words_range(call->arena, q.zone, q.from, q.from < q.to ? q.to : q.from + 1);
	writer_about(w, call->op->title,
		     arena_printf(call->arena, "%s, %s%s%s.%s", r.account.name, days,
				  r.group < 0 ? "" : ", by ", r.group < 0 ? "" : group->text, r.unknown));
	return write_page(&r, &page, rows, w, err);
}

/* ---- the table ---- */

static const struct param sim_params[] = {
	{ "Sim", PT_TEXT, .min = 1, .max = 64, .doc = "Only this SIM: its SID or unique name" },
	{ "Fleet", PT_TEXT, .min = 1, .max = 64, .doc = "Only SIMs that were in this fleet: its SID or unique name" },
	{ "Network", PT_TEXT, .min = 1, .max = 64, .doc = "Only on this network: HW and 32 hexadecimal digits" },
	{ "IsoCountry", PT_TEXT, .min = 1, .max = 64, .doc = "Only in this country, two letters" },
	{ "Group", PT_ENUM, .values = groups, .doc = "One record for each SIM, fleet, network or country with usage" },
	{ "Granularity", PT_ENUM, .def = "all", .values = granularities, .doc = "One record an hour, a day, or for the whole range" },
	{ "StartTime", PT_INSTANT, .doc = "From here on, as ISO 8601 has it; by the hour a full hour, by the day midnight, both of UTC. Default: a month before EndTime" },
	{ "EndTime", PT_INSTANT, .doc = "Up to here, not included, written likewise. Default: now; by the hour or day, the end of the running one" },
	{ "AccountSid", PT_TEXT, .max = 64, .doc = "Whose SIMs; needed only with credentials that belong to no account" },
	PAGING_PARAMS,
	{ 0 }
};

const struct op op_ListSuperSimUsageRecord = {
	.id = "ListSuperSimUsageRecord", .methods = M_READ, .path = "/v1/UsageRecords", .dialect = &dialect_supersim, .roles = ROLES_READING,
	.params = sim_params, .returns = &page_shape, .run = list_sim_records, .title = "SIM data",
	.doc = "Data that SIMs used, by time, SIM, fleet, network or country",
};
