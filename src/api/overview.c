/*
 * overview.c - the month so far at a glance: usage, cost, the largest sources
 * of usage and cost, and the change since the same days of the month before.
 */
#include <string.h>

#include "api/closed_until.h"
#include "api/range.h"
#include "api/reports.h"
#include "api/trigger_view.h"
#include "api/url.h"
#include "api/date_text.h"
#include "base/select.h"
#include "base/banned.h"

enum {
	TOP_LINES = 8,
	SHOWN_LINES = TOP_LINES + 1 /* a line without a name is not shown */,
	BAR_LINES = 5,
	FIGURES_MOST = WRITER_FIGURES
};

/* ---- the answer ---- */

struct key_figure {
	const char *name, *uri;
	struct decimal value;
	const char *unit;
	struct decimal previous;
	const char *previous_uri;
	struct decimal change;
};

static const struct field figure_fields[] = {
	FIELD(struct key_figure, name, "Name of the figure"),
	FIELD(struct key_figure, uri, "The report with details", .format = "uri",
	      .flags = FIELD_LINK),
	FIELD(struct key_figure, value, "In the billing cycle so far"),
	FIELD(struct key_figure, uri, "The report with details", .format = "uri",
	      .flags = FIELD_LINK | FIELD_PAGE_ONLY),
	FIELD(struct key_figure, unit, "What it measures", .flags = FIELD_UNIT),
	FIELD(struct key_figure, previous, "In the same days of the cycle before"),
	FIELD(struct key_figure, previous_uri, "The report of those days", .format = "uri",
	      .flags = FIELD_LINK | FIELD_PAGE_ONLY),
	FIELD(struct key_figure, change, "Change in percent; null if the earlier value is 0",
	      .flags = FIELD_CHANGE),
	{ 0 }
};

struct overview_bar {
	const char *date, *name;
	struct decimal price;
	const char *currency;
};

static const struct field bar_fields[] = {
	FIELD(struct overview_bar, date, "The day", .format = "date"),
	FIELD(struct overview_bar, name, "The category in words"),
	FIELD(struct overview_bar, price, "Cost"),
	FIELD(struct overview_bar, currency, "Lower case", .flags = FIELD_UNIT,
	      .format = "currency"),
	{ 0 }
};

struct line {
	const char *name, *uri, *key, *account;
	struct decimal usage;
	const char *usage_unit;
	struct decimal price;
	const char *currency;
	struct decimal change, share;
};

#define LINE_NAME(doc, heading)                              \
	FIELD(struct line, name, (doc), .label = (heading)), \
		FIELD(struct line, uri, "Its report", .format = "uri", .flags = FIELD_LINK)
/* Links the number in the previous column */
#define LINE_REPORT                                            \
	FIELD(struct line, uri, "Its report", .format = "uri", \
	      .flags = FIELD_LINK | FIELD_PAGE_ONLY)
#define LINE_PRICE                                                              \
	FIELD(struct line, price, "Cost", .label = "Cost"), LINE_REPORT,        \
		FIELD(struct line, currency, "Lower case", .flags = FIELD_UNIT, \
		      .format = "currency")

static const struct field category_fields[] = {
	LINE_NAME("The category in words", "Category"),
	FIELD(struct line, key, "Its name", .flags = FIELD_LABEL),
	LINE_PRICE,
	FIELD(struct line, share, "Share of the total cost in percent", .flags = FIELD_SHARE),
	{ 0 }
};
static const struct field account_fields[] = {
	LINE_NAME("The account in words", "Account"),
	FIELD(struct line, key, "Its SID", .flags = FIELD_LABEL),
	LINE_PRICE,
	FIELD(struct line, change, "Since the same days of the cycle before, in percent",
	      .flags = FIELD_CHANGE),
	FIELD(struct line, share, "Share of the total cost in percent", .flags = FIELD_SHARE),
	{ 0 }
};
static const struct field customer_fields[] = { LINE_NAME("The customer in words", "Customer"),
						FIELD(struct line, account, "Whose customer"),
						FIELD(struct line, usage, "AI minutes"),
						LINE_REPORT,
						FIELD(struct line, usage_unit, "Minutes",
						      .flags = FIELD_UNIT),
						LINE_PRICE,
						{ 0 } };

static const struct field near_fields[] = {
	FIELD(struct trigger_view, name, "The trigger's name", .label = "Trigger"),
	FIELD(struct trigger_view, page, "The trigger", .format = "uri", .flags = FIELD_LINK),
	FIELD(struct trigger_view, account, "Whose trigger", .flags = FIELD_LABEL),
	FIELD(struct trigger_view, current, "The value in the current period"),
	FIELD(struct trigger_view, value, "It fires above this value"),
	FIELD(struct trigger_view, unit, "What both values measure", .flags = FIELD_UNIT),
	FIELD(struct trigger_view, share, "The current value in percent of the value",
	      .flags = FIELD_SHARE),
	FIELD(struct trigger_view, fired, "When it last fired, or null", .format = "date-time"),
	{ 0 }
};

static const struct chart cost_by_day = { "date", "name", (const char *const[]) { "price", NULL },
					  "currency" };

static const struct shape figure_shape = {
	.name = "Figure", .flags = SHAPE_FIGURES, .fields = figure_fields, .doc = "A main figure"
};
static const struct shape bar_shape = {
	.name = "DailyCost", .fields = bar_fields, .chart = &cost_by_day, .doc = "Cost by day"
};
static const struct shape category_shape = { .name = "CategoryCost",
					     .fields = category_fields,
					     .doc = "Cost of a category" };
static const struct shape account_shape = { .name = "AccountCost",
					    .fields = account_fields,
					    .doc = "Cost of an account" };
static const struct shape customer_shape = { .name = "CustomerMinutes",
					     .fields = customer_fields,
					     .doc = "AI minutes of a customer" };

static const struct shape near_shape = { .name = "NearTrigger",
					 .fields = near_fields,
					 .doc = "A trigger near its value, or fired" };

struct head {
	const char *start, *end, *previous_start, *previous_end, *time_zone, *currency;
};

enum { HEAD_FIGURES = 6, HEAD_DAYS, HEAD_CATEGORIES, HEAD_ACCOUNTS, HEAD_CUSTOMERS, HEAD_TRIGGERS };

static const struct field head_fields[] = {
	FIELD(struct head, start, "The first day of the billing cycle", .format = "date"),
	FIELD(struct head, end, "Today", .format = "date"),
	FIELD(struct head, previous_start, "First day of the days compared with", .format = "date"),
	FIELD(struct head, previous_end, "Last day of the days compared with", .format = "date"),
	FIELD(struct head, time_zone, "Time zone of the days"),
	FIELD(struct head, currency, "Currency of all prices, lower case", .format = "currency"),
	[HEAD_FIGURES] = FIELD_LIST("figures", &figure_shape, "Main figures"),
	[HEAD_DAYS] = FIELD_LIST("days", &bar_shape, "Cost by day"),
	[HEAD_CATEGORIES] = { .name = "categories",
			      .type = VT_LIST,
			      .shape = &category_shape,
			      .flags = FIELD_MAIN,
			      .doc = "Cost by category" },
	[HEAD_ACCOUNTS] = FIELD_LIST("accounts", &account_shape, "The largest by cost"),
	[HEAD_CUSTOMERS] = FIELD_LIST("customers", &customer_shape, "The largest by AI minutes"),
	[HEAD_TRIGGERS] =
		FIELD_LIST("triggers", &near_shape,
			   "Triggers that have reached 80 % of their value, and those that "
			   "fired in the current period"),
	{ 0 }
};

static const struct shape overview_shape = { .name = "Overview",
					     .flags = SHAPE_PAGE,
					     .fields = head_fields,
					     .doc = "The billing cycle so far" };

/* ---- reports and figures ---- */

/* The reports of the current days and of the days compared with. */
struct pair {
	struct report now, before;
};

struct overview {
	struct request *rq;
	struct writer *w;
	struct report_accounts accounts;
	struct date first, last, before_first, before_last;
	struct pair categories, by_account;
	struct report customers; /* of the current cycle only */
	struct key_figure figures[FIGURES_MOST];
	size_t n_figures;
	struct trigger_view *near; /* triggers near their values */
	size_t n_near;
};

/* A query of all usage of the days FIRST to LAST. */
static struct report_query query_of(const struct overview *o, struct date first, struct date last)
{
	struct report_query q = { .accounts = o->accounts.accounts,
				  .n_accounts = o->accounts.n,
				  .zone = request_zone(o->rq),
				  .period = PERIOD_ALL,
				  .category = CATALOGUE_NONE };

	range_instants(o->rq, first, last, &q.from, &q.to);
	return q;
}

/* Loads the AI minutes of each customer. */
static int load_customers(struct overview *o, struct error *err)
{
	const struct request *rq = o->rq;
	struct report_query q = query_of(o, o->first, o->last);

	q.category = catalogue_find(rq->catalogue, CATEGORY_AI_MINUTES,
				    strlen(CATEGORY_AI_MINUTES));
	q.by = GROUP_DIMENSION;
	q.dimension = DIM_CUSTOMER;
	q.values_only = true;
	return q.category == CATALOGUE_NONE
		       ? 0
		       : report_load(rq->store, rq->catalogue, &q, rq->arena, &o->customers, err);
}

/* Loads all reports: those of all usage in one pass. */
static int load_all(struct overview *o, struct error *err)
{
	const struct request *rq = o->rq;
	struct report_query now = query_of(o, o->first, o->last),
			    before = query_of(o, o->before_first, o->before_last), days = now,
			    categories = before;
	const struct report_part parts[] = { { &now, &o->by_account.now },
					     { &before, &o->by_account.before },
					     { &days, &o->categories.now },
					     { &categories, &o->categories.before } };

	now.by = before.by = GROUP_ACCOUNT;
	days.by = categories.by = GROUP_CATEGORY;
	days.period = PERIOD_DAY;
	if (report_load_together(rq->store, rq->catalogue, parts, sizeof(parts) / sizeof(parts[0]),
				 rq->arena, err) < 0)
		return -1;
	return load_customers(o, err);
}

static struct amounts_wide totals_of(const struct report *r, const char *key)
{
	for (size_t i = 0; i < r->n_lines; i++)
		if (strcmp(r->lines[i]->key, key) == 0)
			return r->lines[i]->all;
	return (struct amounts_wide) { 0 };
}

/* ---- writing ---- */

static const char *text_of(const struct request *rq, struct date d)
{
	char text[DATE_TEXT];

	date_format(text, d);
	return arena_str(rq->arena, text);
}

/* A link to PATH with an argument; NAME NULL: without. */
static const char *link_to(const struct overview *o, const char *path, const char *name,
			   const char *value)
{
	const struct request *rq = o->rq;

	path = arena_join(rq->arena, path, request_link_suffix(rq, rq->op->dialect), NULL);
	return url_of(rq->arena, request_link_with(rq, path, { "TimeZone", request_link_zone(rq) }),
		      { name, value });
}

/* A link to a report of one account only. */
static const char *link_to_account(const struct overview *o, const char *path,
				   const struct account *a)
{
	const struct request *rq = o->rq;

	return url_of(rq->arena,
		      arena_join(rq->arena, path, request_link_suffix(rq, &dialect_usaged), NULL),
		      { "AccountSid", a->sid }, { "IncludeSubaccounts", "false" },
		      { "TimeZone", request_link_zone(rq) });
}

/*
 * The link names the account, because two accounts can have different customers
 * of the same name.
 */
static const char *link_to_customer(const struct overview *o, const struct report_line *l)
{
	return url_of(o->rq->arena, link_to_account(o, "/reports/ai", l->account),
		      { "Customer", l->key });
}

static const char *with_days(const struct overview *o, const char *uri, struct date first,
			     struct date last)
{
	return url_of(o->rq->arena, uri, { "StartDate", text_of(o->rq, first) },
		      { "EndDate", text_of(o->rq, last) });
}

/* URI, with the overview's days if the target's default days differ. */
static const char *current(const struct overview *o, const char *uri)
{
	return o->rq->calendars_differ ? with_days(o, uri, o->first, o->last) : uri;
}

/*
 * Adds the figure F, which has name, value, unit and previous value, after
 * setting its other members.
 */
static void add_figure(struct overview *o, const char *uri, struct key_figure f)
{
	f.uri = current(o, uri);
	f.previous_uri = with_days(o, uri, o->before_first, o->before_last);
	f.change = report_change(f.value.n, f.previous.n);
	o->figures[o->n_figures++] = f;
}

static void make_figures(struct overview *o)
{
	const struct report *now = &o->categories.now, *before = &o->categories.before;
	const struct catalogue *c = o->rq->catalogue;

	add_figure(o, link_to(o, "/reports/billing", NULL, NULL),
		   (struct key_figure) {
			   .name = "Cost",
			   .value = { .n = now->all.price, .places = PRICE_PLACES },
			   .unit = *o->accounts.currency ? o->accounts.currency : NULL,
			   .previous = { .n = before->all.price, .places = PRICE_PLACES } });
	for (const struct category_figure *f = category_figures;
	     f->category && o->n_figures < FIGURES_MOST; f++) {
		struct amounts_wide a = totals_of(now, f->category),
				    b = totals_of(before, f->category);
		size_t category = catalogue_find(c, f->category, strlen(f->category));
		int places = f->count ? 0 : USAGE_PLACES;
		bool own = strcmp(f->path, "/reports/usage") != 0;

		if (category == CATALOGUE_NONE)
			continue;
		add_figure(o, link_to(o, f->path, own ? NULL : "Category", f->category),
			   (struct key_figure) {
				   .name = f->name,
				   .value = { .n = f->count ? a.count : a.usage, .places = places },
				   .unit = f->count ? c->categories[category].count_unit
						    : c->categories[category].usage_unit,
				   .previous = { .n = f->count ? b.count : b.usage,
						 .places = places } });
	}
}

/* Shows the figures on pages, before the root; other formats list them. */
static void show_figures(const struct overview *o)
{
	for (size_t i = 0; i < o->n_figures; i++) {
		const struct key_figure *f = &o->figures[i];
		struct figure figure = { .name = f->name,
					 .uri = f->uri,
					 .value = f->value,
					 .unit = i && f->value.places == 0 ? NULL : f->unit,
					 .money = i == 0,
					 .before = f->previous,
					 .before_uri = f->previous_uri,
					 .change = f->change };

		writer_figure(o->w, &figure);
	}
}

static void write_figures(const struct overview *o)
{
	writer_begin_list(o->w, &head_fields[HEAD_FIGURES], &figure_shape);
	for (size_t i = 0; i < o->n_figures; i++)
		writer_record(o->w, NULL, &figure_shape, &o->figures[i]);
	writer_end(o->w);
}

static int by_price(const void *x, const void *y, void *arg)
{
	const struct report_line *const *a = x, *const *b = y;
	wide p = (*a)->all.price, q = (*b)->all.price;

	(void)arg;
	return p != q ? (p < q ? 1 : -1) : report_line_compare(*a, *b);
}

static int by_usage(const void *x, const void *y, void *arg)
{
	const struct report_line *const *a = x, *const *b = y;
	wide p = (*a)->all.usage, q = (*b)->all.usage;

	(void)arg;
	return p != q ? (p < q ? 1 : -1) : report_line_compare(*a, *b);
}

/* Sorts the lines, the visible ones first, and loads their names. */
static int sort(const struct overview *o, struct report *r, select_compare *compare,
		struct error *err)
{
	size_t n = SHOWN_LINES < r->n_lines ? SHOWN_LINES : r->n_lines;

	select_range(r->lines, r->n_lines, sizeof(struct report_line *), 0, n, compare, NULL);
	return report_names(o->rq->store, r->lines, n, o->rq->arena, err);
}

static const char *category_words(const struct overview *o, const struct report_line *line)
{
	return o->rq->catalogue->categories[line->category].description;
}

static void write_bar(const struct overview *o, const char *date, const char *name, wide price)
{
	struct overview_bar bar = { .date = date,
				    .name = name,
				    .price = { .n = price, .places = PRICE_PLACES },
				    .currency = o->accounts.currency };

	writer_record(o->w, NULL, &bar_shape, &bar);
}

static void write_day(const struct overview *o, size_t day)
{
	const struct report *r = &o->categories.now;
	size_t named = r->n_lines > BAR_LINES + 1 ? BAR_LINES : r->n_lines;
	wide others = r->buckets[day].price;
	char date[DATE_TEXT];
	bool any = false;

	date_format(date, zone_date(request_zone(o->rq), r->starts[day]));
	for (size_t i = 0; i < named; i++) {
		wide price = r->lines[i]->buckets[day].price;

		others -= price;
		if (price)
			any = true, write_bar(o, date, category_words(o, r->lines[i]), price);
	}
	if (others || !any)
		write_bar(o, date, others ? "others" : category_words(o, r->lines[0]), others);
}

static void write_days(const struct overview *o)
{
	writer_begin_list(o->w, &head_fields[HEAD_DAYS], &bar_shape);
	for (size_t day = 0; day < o->categories.now.n_buckets && o->categories.now.n_lines; day++)
		write_day(o, day);
	writer_end(o->w);
}

/* EARLIER is NULL without a comparison. */
static void fill_line(const struct overview *o, const struct report *now,
		      const struct report *earlier, const struct report_line *l, struct line *ret)
{
	wide before = earlier ? totals_of(earlier, l->key).price : 0;

	*ret = (struct line) { .name = l->key,
			       .key = l->key,
			       .account = l->account ? l->account->name : NULL,
			       .usage = { .n = l->all.usage, .places = USAGE_PLACES },
			       .price = { .n = l->all.price, .places = PRICE_PLACES },
			       .currency = o->accounts.currency,
			       .change = report_change(l->all.price, before),
			       .share = report_share(l->all.price, now->all.price) };
}

static void write_categories(const struct overview *o)
{
	const struct report *r = &o->categories.now;
	struct line line;

	writer_begin_list(o->w, &head_fields[HEAD_CATEGORIES], &category_shape);
	for (size_t i = 0; i < r->n_lines && i < TOP_LINES; i++) {
		fill_line(o, r, &o->categories.before, r->lines[i], &line);
		line.name = category_words(o, r->lines[i]);
		line.uri = current(o, link_to(o, "/reports/usage", "Category", line.key));
		writer_record(o->w, NULL, &category_shape, &line);
	}
	writer_end(o->w);
}

static void write_accounts(const struct overview *o)
{
	const struct report *r = &o->by_account.now;
	struct line line;

	writer_begin_list(o->w, &head_fields[HEAD_ACCOUNTS], &account_shape);
	for (size_t i = 0; i < r->n_lines && i < TOP_LINES; i++) {
		fill_line(o, r, &o->by_account.before, r->lines[i], &line);
		line.name = r->lines[i]->account->name;
		line.uri = link_to_account(o, "/overview", r->lines[i]->account);
		writer_record(o->w, NULL, &account_shape, &line);
	}
	writer_end(o->w);
}

static void write_customers(const struct overview *o)
{
	const struct report *r = &o->customers;
	struct line line;

	writer_begin_list(o->w, &head_fields[HEAD_CUSTOMERS], &customer_shape);
	for (size_t i = 0, n = 0; i < r->n_lines && n < TOP_LINES; i++) {
		if (!*r->lines[i]->key)
			continue;
		fill_line(o, r, NULL, r->lines[i], &line);
		line.usage_unit = o->rq->catalogue->categories[r->lines[i]->category].usage_unit;
		line.uri = current(o, link_to_customer(o, r->lines[i]));
		writer_record(o->w, NULL, &customer_shape, &line);
		n++;
	}
	writer_end(o->w);
}

/* A page without such triggers has no list of them. */
static void write_near(const struct overview *o)
{
	if (!o->n_near && o->rq->reply.format->page)
		return;
	writer_begin_list(o->w, &head_fields[HEAD_TRIGGERS], &near_shape);
	for (size_t i = 0; i < o->n_near && i < TOP_LINES; i++)
		writer_record(o->w, NULL, &near_shape, &o->near[i]);
	writer_end(o->w);
}

static void write_overview(const struct overview *o)
{
	const struct request *rq = o->rq;
	struct head head = { .start = text_of(rq, o->first),
			     .end = text_of(rq, o->last),
			     .previous_start = text_of(rq, o->before_first),
			     .previous_end = text_of(rq, o->before_last),
			     .time_zone = zone_name(request_zone(rq)),
			     .currency = *o->accounts.currency ? o->accounts.currency : NULL };

	writer_assume(o->w, "TimeZone", head.time_zone);
	writer_assume(o->w, "Currency", o->accounts.currency);
	writer_filters(o->w, arena_join(rq->arena, o->accounts.words, ", ", head.time_zone, NULL));
	show_figures(o);
	writer_about(o->w,
		     o->first.day == 1
			     ? arena_join(rq->arena, date_text_month(o->first), " so far", NULL)
			     : "This billing cycle so far",
		     arena_join(rq->arena, o->accounts.words, ", ",
				date_text_days(rq->arena, o->first, o->last), ", ", head.time_zone,
				". Compared with ",
				date_text_days(rq->arena, o->before_first, o->before_last), ".",
				o->accounts.left_out, NULL));
	writer_begin(o->w, NULL, &overview_shape);
	writer_fields(o->w, &overview_shape, &head);
	write_figures(o);
	write_days(o);
	write_categories(o);
	write_accounts(o);
	write_customers(o);
	write_near(o);
	writer_end(o->w);
}

static int run_overview(struct request *rq, struct writer *w, struct error *err)
{
	struct overview o = { .rq = rq, .w = w };
	struct account_names names;
	struct report_query closed;

	if (report_accounts(rq, &o.accounts, err) < 0)
		return -1;
	o.last = request_today(rq);
	o.first = request_cycle_first(rq, o.last);
	report_days_before(o.first, o.last, BEFORE_BY_CALENDAR, rq->calendar.cycle_day,
			   &o.before_first, &o.before_last);
	if (load_all(&o, err) < 0)
		return -1;
	closed = (struct report_query) { .accounts = o.accounts.accounts,
					 .n_accounts = o.accounts.n };
	range_instants(rq, o.first, o.last, &closed.from, &closed.to);
	if (request_note_closed(rq, w, &closed, err) < 0)
		return -1;
	if (sort(&o, &o.categories.now, by_price, err) < 0 ||
	    sort(&o, &o.by_account.now, by_price, err) < 0 ||
	    sort(&o, &o.customers, by_usage, err) < 0)
		return -1;
	names = account_names_of(rq, o.accounts.accounts, o.accounts.n);
	if (trigger_views_near(rq, &names, &o.near, &o.n_near, err) < 0)
		return -1;
	make_figures(&o);
	write_overview(&o);
	return 0;
}

static const struct param params[] = {
	ACCOUNT_PARAMS,
	{ "TimeZone", PT_ZONE,
	  .doc = "Time zone of the days (IANA name). Default: the accounts' own" },
	{ 0 }
};

const struct op op_Overview = {
	OPERATION(Overview, usaged, M_READ, "/overview", ROLES_READING),
	.params = params,
	.returns = &overview_shape,
	.run = run_overview,
	.title = "Overview",
	.nav = "Overview",
	.doc = "The billing cycle so far, compared with the same days of the one before",
};
