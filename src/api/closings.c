/*
 * closings.c - lists, makes and reopens closings, and lists later changes in
 * closed time.
 */
#include <string.h>

#include "api/access.h"
#include "api/administer.h"
#include "api/event_record.h"
#include "api/paging.h"
#include "api/presets.h"
#include "api/url.h"
#include "base/civil.h"
#include "store/account.h"
#include "store/closing.h"
#include "usage/account_calendar.h"
#include "usage/closing_changes.h"
#include "base/banned.h"

/* ---- one closing ---- */

struct closing_record {
	const char *account, *account_sid, *through, *time_zone, *closed_until;
	bool by_main_account;
	const char *author, *made, *changes_page, *reopen_page;
};

static const struct field closing_fields[] = {
	FIELD(struct closing_record, account, "The account's name"),
	FIELD(struct closing_record, account_sid, "Its SID", .flags = FIELD_LABEL),
	FIELD(struct closing_record, through,
	      "The last closed day, in the account's time zone; null once it is open",
	      .format = "date"),
	FIELD(struct closing_record, time_zone, "The account's time zone"),
	FIELD(struct closing_record, closed_until, "The closed instant: usage before it is settled",
	      .format = "date-time"),
	FIELD(struct closing_record, by_main_account, "Is it closed by its main account?"),
	FIELD(struct closing_record, author, "Who closed it: a user, a key's SID, or console"),
	FIELD(struct closing_record, made, "When", .format = "date-time"),
	FIELD_AS(struct closing_record, changes_page, "changes", "What changed since",
		 .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD_AS(struct closing_record, reopen_page, "reopen", "Page to reopen the account",
		 .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	{ 0 }
};

static const struct shape closing_shape = {
	.name = "Closing",
	.fields = closing_fields,
	.doc = "How far an account is closed",
	.none = "No account is closed: each event counts at its own time."
};

/*
 * Fills the record of A, whose closing is C (open_us 0: no closing). On pages
 * the record has links to the account's forms.
 */
static int fill_closing(const struct request *rq, const struct account *a, const struct closing *c,
			struct closing_record *ret, struct error *err)
{
	struct account_calendar calendar;
	char text[DATE_TEXT];

	if (account_calendar(rq->store, a, &calendar, err) < 0)
		return -1;
	*ret = (struct closing_record) { .account = arena_str(rq->arena, a->name),
					 .account_sid = arena_str(rq->arena, a->sid),
					 .time_zone = zone_name(calendar.zone) };
	if (!c->open_us)
		return 0;
	date_format(text, closing_last_day(calendar.zone, c->open_us));
	ret->through = arena_str(rq->arena, text);
	ret->closed_until = instant_text(rq, c->open_us / USEC_PER_SEC);
	ret->by_main_account = c->own_us < c->open_us;
	ret->author = c->author;
	ret->made = instant_text(rq, c->made);
	if (!rq->reply.format->page)
		return 0;
	ret->changes_page = action_page(rq, "/closings", ret->account_sid, "changes");
	if (!ret->by_main_account)
		ret->reopen_page = action_page(rq, "/closings", ret->account_sid, "reopen");
	return 0;
}

static int write_closing(const struct request *rq, const char *sid, struct writer *w,
			 struct error *err)
{
	struct closing closing = { 0 };
	struct closing_record r;
	struct account account;

	if (store_account_by_sid(rq->store, sid, rq->arena, &account, err) <= 0)
		return error_set(err, ERR_NOT_FOUND, "AccountSid",
				 "there is no account %.64s; /accounts lists them", sid);
	if (store_closing(rq->store, account.id, rq->arena, &closing, err) < 0 ||
	    fill_closing(rq, &account, &closing, &r, err) < 0)
		return -1;
	writer_about(w, rq->op->title, NULL);
	writer_record(w, NULL, &closing_shape, &r);
	return 0;
}

/* ---- the list ---- */

static const struct field closings_fields[] = {
	PAGE_FIELDS,
	PAGE_NEXT_FIELD,
	FIELD_LIST("closings", &closing_shape,
		   "Closed accounts, in the order in which the accounts were added"),
	{ 0 }
};

static const struct shape closings_shape = { .name = "Closings",
					     .flags = SHAPE_PAGE,
					     .fields = closings_fields,
					     .doc = "A page of closed accounts" };

/* Fills the links of PAGE. NEXT is the place of the next page, or 0. */
static void finish_page(const struct request *rq, struct record_page *page, int64_t next)
{
	struct page_place place = { .number = { next } };

	page_links(rq, request_link_path(rq), page, next ? &place : NULL, NULL);
}

/* The place of a page is the id of the account before its first account. */
static int list_closings(struct request *rq, struct writer *w, struct error *err)
{
	struct record_page page;
	struct page_place place = { .name = NULL };
	struct closing *list;
	size_t n, first = 0;

	if (page_begin(rq, &page, &place, err) < 0 ||
	    store_closings(rq->store, rq->arena, &list, &n, err) < 0)
		return -1;
	while (first < n && list[first].account <= place.number[0])
		first++;
	page.n = n - first < (size_t)page.page_size ? n - first : (size_t)page.page_size;
	finish_page(rq, &page, first + page.n < n ? list[first + page.n - 1].account : 0);
	late_links_write(rq, w, NULL);
	writer_about(w, rq->op->title,
		     "Reports about closed days stay as they are. Late events count at the closed "
		     "instant, or are rejected.");
	writer_begin_page(w, &closings_shape, &page);
	for (size_t i = first; i < first + page.n; i++) {
		struct closing_record r;
		struct account a;

		if (store_account_by_id(rq->store, list[i].account, rq->arena, &a, err) <= 0)
			return error_set(err, ERR_INTERNAL, NULL,
					 "a closed account is missing; run \"usaged verify\"");
		if (fill_closing(rq, &a, &list[i], &r, err) < 0)
			return -1;
		writer_record(w, NULL, &closing_shape, &r);
	}
	writer_end_page(w);
	return 0;
}

/* ---- closing and reopening ---- */

struct closing_order {
	const char *account, *day, *reason;
	size_t closed;
};

static int close_account(const struct admin *a, void *arg, struct error *err)
{
	const struct closing_order *o = arg;

	return admin_closing_close(a, o->account, o->day, err);
}

static int close_all(const struct admin *a, void *arg, struct error *err)
{
	struct closing_order *o = arg;

	return admin_closing_close_all(a, o->day, &o->closed, err);
}

static int reopen_account(const struct admin *a, void *arg, struct error *err)
{
	const struct closing_order *o = arg;

	return admin_closing_reopen(a, o->account, o->day, o->reason, err);
}

static const char *date_arg(const struct request *rq, const char *name)
{
	const struct arg *arg = request_arg(rq, name);
	char day[DATE_TEXT];

	if (!arg->text)
		return NULL;
	date_format(day, arg->date);
	return arena_str(rq->arena, day);
}

static int create_closing(struct request *rq, struct writer *w, struct error *err)
{
	struct closing_order o = { .account = request_arg(rq, "account")->text,
				   .day = date_arg(rq, "through") };

	if (administer(rq, close_account, &o, err) < 0)
		return -1;
	rq->reply.status = 201;
	return write_closing(rq, o.account, w, err);
}

static int reopen_closing(struct request *rq, struct writer *w, struct error *err)
{
	struct closing_order o = {
		.account = request_arg(rq, "AccountSid")->text,
		.day = date_arg(rq, "from"),
		.reason = request_arg(rq, "reason")->text,
	};

	if (administer(rq, reopen_account, &o, err) < 0)
		return -1;
	return write_closing(rq, o.account, w, err);
}

static int ask_reopening(struct request *rq, struct writer *w, struct error *err)
{
	return write_closing(rq, request_arg(rq, "AccountSid")->text, w, err);
}

struct all_record {
	const char *through;
	int64_t closed;
};

static const struct field all_fields[] = {
	FIELD(struct all_record, through, "The last closed day, in each account's time zone",
	      .format = "date"),
	FIELD(struct all_record, closed,
	      "Number of main accounts that were closed; the others were closed that far before"),
	{ 0 }
};

static const struct shape all_shape = { .name = "ClosedAccounts",
					.fields = all_fields,
					.doc = "The result of closing all accounts" };

static int close_all_accounts(struct request *rq, struct writer *w, struct error *err)
{
	struct closing_order o = { .day = date_arg(rq, "through") };
	struct all_record r = { .through = o.day };

	if (administer(rq, close_all, &o, err) < 0)
		return -1;
	r.closed = (int64_t)o.closed;
	rq->reply.status = 201;
	writer_about(w, rq->op->title, NULL);
	writer_record(w, NULL, &all_shape, &r);
	return 0;
}

/* ---- changes since closing ---- */

struct change_record {
	const char *at, *kind, *account, *account_sid, *id, *uri, *source, *time, *effective_time,
		*category;
	struct decimal usage, price;
	const char *price_unit, *author, *reason;
};

static const struct field change_fields[] = {
	FIELD(struct change_record, at, "When it arrived; null if that is older than this list",
	      .format = "date-time"),
	FIELD(struct change_record, kind,
	      "late: a late event; void, amend: an entry of a correction; reopened; filled: a "
	      "dimension was filled in for older events"),
	FIELD(struct change_record, account, "The account's name"),
	FIELD(struct change_record, account_sid, "Its SID", .flags = FIELD_LABEL),
	FIELD(struct change_record, id, "The late event, or the event that was corrected"),
	FIELD(struct change_record, uri, "The event with its corrections", .flags = FIELD_LINK,
	      .format = "uri"),
	FIELD(struct change_record, source, "The event's source"),
	FIELD(struct change_record, time, "The event's own time, which is closed",
	      .format = "date-time"),
	FIELD(struct change_record, effective_time,
	      "Effective time; for reopened, the new closed instant, or null; for filled, the "
	      "effective time of the first event",
	      .format = "date-time"),
	FIELD(struct change_record, category, "What was used"),
	FIELD(struct change_record, usage, "Usage added, or removed if negative"),
	FIELD(struct change_record, price, "Cost added, or removed if negative"),
	FIELD(struct change_record, price_unit, "The account's currency, lower case",
	      .flags = FIELD_UNIT, .format = "currency"),
	FIELD(struct change_record, author, "Who corrected, reopened or filled in"),
	FIELD(struct change_record, reason, "Why"),
	{ 0 }
};

static const struct shape change_shape = {
	.name = "ClosingChange",
	.fields = change_fields,
	.doc = "A late event, a correction or a reopening that concerns closed days",
	.none = "Nothing has changed in closed days."
};

static const struct field changes_fields[] = { PAGE_FIELDS,
					       PAGE_NEXT_FIELD,
					       FIELD_LIST("changes", &change_shape,
							  "The newest first"),
					       { 0 } };

static const struct shape changes_shape = { .name = "ClosingChanges",
					    .flags = SHAPE_PAGE,
					    .fields = changes_fields,
					    .doc = "A page of changes in closed days" };

static void fill_event(const struct found_event *e, const struct event_record *r,
		       struct change_record *ret)
{
	ret->id = e->corrects ? e->corrects : r->id;
	ret->source = e->corrects ? e->corrects_source : r->source;
	ret->uri = r->uri;
	ret->time = r->time;
	ret->effective_time = r->effective_time;
	ret->category = r->category;
	ret->usage = r->usage;
	ret->price = r->price;
	ret->price_unit = r->price_unit;
	ret->author = e->event.correction ? e->correction->author : NULL;
	ret->reason = e->event.correction ? e->correction->reason : NULL;
}

static int fill_change(const struct request *rq, const struct closed_change *c,
		       struct change_record *ret, struct error *err)
{
	struct event_record event;
	struct account a;

	if (store_account_by_id(rq->store, c->change.account, rq->arena, &a, err) <= 0)
		return error_set(err, ERR_INTERNAL, NULL,
				 "a closed account is missing; run \"usaged verify\"");
	*ret = (struct change_record) {
		.at = instant_text(rq, c->change.at),
		.kind = c->kind,
		.account = arena_str(rq->arena, a.name),
		.account_sid = arena_str(rq->arena, a.sid),
		.usage = DECIMAL_NULL,
		.price = DECIMAL_NULL,
	};
	if (c->change.kind != CLOSING_LATE) {
		ret->effective_time = instant_text(rq, c->change.effective_us / USEC_PER_SEC);
		ret->author = c->change.author;
		ret->reason = c->change.reason;
		return 0;
	}
	if (event_record_fill(rq, &c->event, &event, err) < 0)
		return -1;
	fill_event(&c->event, &event, ret);
	return 0;
}

static int write_changes(const struct request *rq, const struct record_page *page,
			 const struct closed_change *list, struct writer *w, struct error *err)
{
	struct change_record r;

	writer_begin_page(w, &changes_shape, page);
	for (size_t i = 0; i < page->n; i++) {
		if (fill_change(rq, &list[i], &r, err) < 0)
			return -1;
		writer_record(w, NULL, &change_shape, &r);
	}
	writer_end_page(w);
	return 0;
}

/*
 * The beginning (seconds) of the day in the parameter Since, in the account's
 * zone; 0 without Since.
 */
static int since_instant(const struct request *rq, const struct account *a, int64_t *ret,
			 struct error *err)
{
	const struct arg *since = request_arg(rq, "Since");
	struct account_calendar calendar;

	*ret = 0;
	if (!since->text)
		return 0;
	if (account_calendar(rq->store, a, &calendar, err) < 0)
		return -1;
	*ret = zone_day_start(calendar.zone, since->date);
	return 0;
}

/* The place of a page is the id of the change before its first change. */
static int list_changes(struct request *rq, struct writer *w, struct error *err)
{
	struct page_place place = { .name = NULL };
	struct closed_changes changes;
	struct record_page page;
	struct account account;
	int64_t since;
	bool more;

	if (access_asked_account(rq, &account, err) < 0 || page_begin(rq, &page, &place, err) < 0 ||
	    since_instant(rq, &account, &since, err) < 0 ||
	    closing_changes_load(rq->store, &account,
				 &(struct newest) { since, place.number[0],
						    (size_t)page.page_size + 1 },
				 rq->arena, &changes, err) < 0)
		return -1;
	more = changes.n > (size_t)page.page_size;
	page.n = more ? (size_t)page.page_size : changes.n;
	finish_page(rq, &page, more ? changes.list[page.n - 1].change.id : 0);
	late_links_write(rq, w, account.sid);
	writer_about(w, rq->op->title,
		     arena_join(rq->arena, account.name,
				account.parent ? "" : " with its subaccounts",
				": changes in days that were closed before, newest first.", NULL));
	return write_changes(rq, &page, changes.list, w, err);
}

/* ---- the table ---- */

#define THROUGH_PARAM                                                                            \
	{                                                                                        \
		"through", PT_DATE, .flags = PARAM_REQUIRED, .label = "Through",                 \
				    .doc = "The last day to close, in the account's time zone; " \
					   "it must be over"                                     \
	}
#define SID_PARAM                                                                                 \
	{                                                                                         \
		"AccountSid", PT_TEXT, .flags = PARAM_PATH, .max = 64, .doc = "The account's SID" \
	}

static const struct param list_params[] = { PAGING_PARAMS, { 0 } };

static const struct param close_params[] = {
	{ "account", PT_ACCOUNT, .flags = PARAM_REQUIRED, .max = 64,
	  .doc = "The account's SID; a main account is closed with its subaccounts" },
	THROUGH_PARAM,
	{ 0 }
};

static const struct param all_params[] = { THROUGH_PARAM, { 0 } };

static const struct param reopen_params[] = {
	SID_PARAM,
	{ "from", PT_DATE, .label = "From",
	  .doc = "The first day to reopen, in the account's time zone. Default: all days" },
	{ "reason", PT_TEXT, .flags = PARAM_REQUIRED, .label = "Reason", .min = 1,
	  .max = CLOSING_REASON_MAX, .doc = "The reason, in words" },
	{ 0 }
};

static const struct param changes_params[] = {
	SID_PARAM,
	{ "Since", PT_DATE,
	  .doc = "Only changes that arrived on this day or later, in the account's time zone" },
	PAGING_PARAMS,
	{ 0 }
};

const struct op op_ListClosings = {
	OPERATION(ListClosings, usaged, M_READ, "/closings", ROLE_ADMIN),
	.params = list_params,
	.returns = &closings_shape,
	.run = list_closings,
	.title = "Closings",
	.tab = "Closings",
	.doc = "The closed accounts, and how far they are closed",
};

const struct op op_CreateClosing = {
	OPERATION(CreateClosing, usaged, M_POST, "/closings", ROLE_ADMIN),
	.params = close_params,
	.returns = &closing_shape,
	.run = create_closing,
	.title = "Close an account",
	.form = &(const struct op_form) { .path = "/closings/new",
					  .button = "Close",
					  .list = &op_ListClosings,
					  .done = "The account is closed." },
	.doc = "Closes an account and its subaccounts through a day. Amounts of closed days no "
	       "longer change",
};

const struct op op_CloseAllAccounts = {
	OPERATION(CloseAllAccounts, usaged, M_POST, "/closings/all", ROLE_ADMIN),
	.params = all_params,
	.returns = &all_shape,
	.run = close_all_accounts,
	.title = "Close all accounts",
	.form = &(const struct op_form) { .path = "/closings/all",
					  .button = "Close all",
					  .list = &op_ListClosings,
					  .done = "All accounts are closed." },
	.doc = "Closes all accounts through a day, each in its own time zone",
};

const struct op op_ReopenClosing = {
	OPERATION(ReopenClosing, usaged, M_POST, "/closings/{AccountSid}/reopen", ROLE_ADMIN),
	.params = reopen_params,
	.returns = &closing_shape,
	.run = reopen_closing,
	.title = "Reopen the account",
	.form = &(const struct op_form) { .path = "/closings/{AccountSid}/reopen",
					  .button = "Reopen",
					  .list = &op_ListClosings,
					  .done = "The account is open again.",
					  .ask = ask_reopening },
	.doc = "Reopens an account; a main account with the subaccounts that it closed. Late "
	       "events keep their effective times",
};

const struct op op_ListClosingChanges = {
	OPERATION(ListClosingChanges, usaged, M_READ, "/closings/{AccountSid}/changes",
		  ROLES_READING),
	.params = changes_params,
	.returns = &changes_shape,
	.run = list_changes,
	.title = "Changes since closing",
	.doc = "Late events, corrections and reopenings since an account was closed",
};
