/*
 * accounts.c - the accounts that the caller sees, with links to their reports.
 * Administrators also add, change and suspend accounts.
 */
#include <string.h>

#include "api/access.h"
#include "api/administer.h"
#include "api/list_page.h"
#include "api/trigger_view.h"
#include "api/url.h"
#include "base/civil.h"
#include "store/account.h"
#include "usage/account.h"
#include "usage/account_calendar.h"
#include "base/banned.h"

struct account_record {
	const char *name, *page, *number, *sid, *parent_sid, *currency, *created, *time_zone;
	int64_t cycle_day;
	const char *own_time_zone;
	struct decimal own_cycle_day;
	const char *status, *suspended, *usage_uri, *monthly_uri, *triggers_uri, *fired_trigger,
		*fired_trigger_uri, *fired, *edit, *suspend, *reactivate, *signing_secret;
};

static const struct field account_fields[] = {
	FIELD(struct account_record, name, "The account's name"),
	FIELD(struct account_record, page, "The account's own page",
	      .flags = FIELD_LINK | FIELD_PAGE_ONLY),
	FIELD(struct account_record, sid, "The account's SID", .flags = FIELD_LABEL),
	FIELD(struct account_record, number, "The operator's own number for it, or null"),
	FIELD(struct account_record, parent_sid, "SID of its main account, or null",
	      .label = "Parent"),
	FIELD(struct account_record, currency, "Currency of its prices, lower case",
	      .format = "currency"),
	FIELD(struct account_record, created, "First day of the account", .format = "date",
	      .flags = FIELD_DETAIL, .label = "First day"),
	FIELD(struct account_record, time_zone, "Time zone of its days (IANA name)",
	      .flags = FIELD_DETAIL),
	FIELD(struct account_record, cycle_day,
	      "Day of the month on which its billing cycle begins", .flags = FIELD_DETAIL),
	FIELD(struct account_record, own_time_zone,
	      "The account's own time zone; null: its main account's, or UTC",
	      .flags = FIELD_MACHINE),
	FIELD(struct account_record, own_cycle_day,
	      "The account's own cycle day; null: its main account's, or 1",
	      .flags = FIELD_MACHINE | FIELD_WHOLE),
	FIELD(struct account_record, status, "active or suspended"),
	FIELD(struct account_record, suspended,
	      "When it was suspended, by itself or with its main account; or null",
	      .format = "date-time", .flags = FIELD_LABEL),
	FIELD(struct account_record, edit, "Page to edit the account",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD(struct account_record, suspend, "Page to suspend the account",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD(struct account_record, signing_secret, "Page with the secret of its callbacks",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD(struct account_record, reactivate, "Page to reactivate the account",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD(struct account_record, usage_uri, "Usage this month", .format = "uri",
	      .label = "Usage"),
	FIELD(struct account_record, monthly_uri, "Usage by month", .format = "uri",
	      .label = "By month"),
	FIELD(struct account_record, triggers_uri, "The account's triggers", .format = "uri",
	      .label = "Triggers", .flags = FIELD_DETAIL),
	FIELD(struct account_record, fired_trigger,
	      "Of one account: the trigger that fired last in its current period, or null",
	      .flags = FIELD_DETAIL),
	FIELD(struct account_record, fired_trigger_uri, "That trigger", .format = "uri",
	      .flags = FIELD_LINK),
	FIELD(struct account_record, fired, "When it fired, or null", .format = "date-time",
	      .flags = FIELD_LABEL),
	{ 0 }
};

static const struct shape account_shape = {
	.name = "Account",
	.fields = account_fields,
	.doc = "An account",
	.none = "No account has this in its name, number or SID.",
	.none_yet = "There are no accounts yet."
};

static const struct field accounts_fields[] = {
	LIST_PAGE_FIELDS, FIELD_LIST("accounts", &account_shape, "Ordered by SID"), { 0 }
};

static const struct shape accounts_shape = { .name = "Accounts",
					     .flags = SHAPE_PAGE,
					     .fields = accounts_fields,
					     .doc = "The accounts that the caller may see" };

static void add_actions(const struct request *rq, const struct account *a,
			struct account_record *rec)
{
	if (rq->who->role != ROLE_ADMIN)
		return;
	rec->edit = action_page(rq, "/accounts", a->sid, "edit");
	rec->signing_secret = action_page(rq, "/accounts", a->sid, "signing-secret");
	if (a->suspended)
		rec->reactivate = action_page(rq, "/accounts", a->sid, "reactivate");
	else
		rec->suspend = action_page(rq, "/accounts", a->sid, "suspend");
}

/* PARENT is A's main account, or NULL. */
static struct account_record make_record(const struct request *rq, const struct account *a,
					 const struct account *parent)
{
	const char *suffix = request_link_suffix(rq, &dialect_twilio);
	const char *records = arena_join(rq->arena, "/2010-04-01/Accounts/", a->sid,
					 "/Usage/Records", NULL);
	int64_t since = account_suspended(a, parent);

	return (struct account_record) {
		.name = a->name,
		.page = arena_join(rq->arena, "/accounts/", a->sid, ".html", NULL),
		.sid = a->sid,
		.number = *a->number ? a->number : NULL,
		.parent_sid = parent && principal_sees(rq->who, parent) ? parent->sid : NULL,
		.currency = a->currency,
		.created = day_text(rq, a->created),
		.time_zone = account_zone_name(a, parent),
		.cycle_day = account_cycle_day(a, parent),
		.own_time_zone = *a->time_zone ? a->time_zone : NULL,
		.own_cycle_day = { a->cycle_day, a->cycle_day ? 0 : -1 },
		.status = since ? "suspended" : "active",
		.suspended = instant_text(rq, since),
		.usage_uri = arena_join(rq->arena, records, "/ThisMonth", suffix, NULL),
		.monthly_uri = arena_join(rq->arena, records, "/Monthly", suffix, NULL),
		.triggers_uri = arena_join(rq->arena, "/2010-04-01/Accounts/", a->sid,
					   "/Usage/Triggers", suffix, NULL),
	};
}

/* The accounts that the caller sees. */
struct accounts_seen {
	const struct account **list;
	size_t n;
};

static bool fits(const struct list_search *s, const void *list, size_t i)
{
	const struct account *a = ((const struct accounts_seen *)list)->list[i];

	return search_finds(s, a->name) || search_finds(s, a->number) || search_finds(s, a->sid);
}

static int list_accounts(struct request *rq, struct writer *w, struct error *err)
{
	struct account_names all;
	struct accounts_seen seen = { .list = NULL };
	struct list_page page;

	if (account_names_load(rq, &all, err) < 0)
		return -1;
	seen.list = arena_array(rq->arena, const struct account *, all.n + 1);
	for (size_t i = 0; i < all.n; i++)
		if (principal_sees(rq->who, &all.list[i]))
			seen.list[seen.n++] = &all.list[i];
	list_page_choose(rq, fits, &seen, seen.n, &page);
	writer_about(w, rq->op->title,
		     seen.n == 1 ? "The account that you may see."
				 : arena_printf(rq->arena, "You may see %zu accounts.", seen.n));
	writer_begin_page(w, &accounts_shape, &page);
	for (size_t i = 0; i < page.n; i++) {
		const struct account *a = seen.list[page.index[i]];
		struct account_record rec = make_record(rq, a, account_names_find(&all, a->parent));

		writer_record(w, NULL, &account_shape, &rec);
	}
	writer_end_page(w);
	return 0;
}

/* ---- one account ---- */

/* Sets the trigger that fired last in its current period. */
static int add_fired(const struct request *rq, const struct account *a, struct account_record *rec,
		     struct error *err)
{
	const struct trigger_view *last = NULL;
	struct trigger_view *list;
	size_t n;

	if (trigger_views(rq, a->id, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (list[i].fired_now && (!last || strcmp(list[i].fired, last->fired) > 0))
			last = &list[i];
	if (last) {
		rec->fired_trigger = last->name;
		rec->fired_trigger_uri = last->page;
		rec->fired = last->fired;
	}
	return 0;
}

/*
 * CONSEQUENCE: a sentence on what the form will do. NULL: the page is no form,
 * and has links to the account's forms.
 */
static int write_account(struct request *rq, const char *title, const char *consequence,
			 const struct account *a, struct writer *w, struct error *err)
{
	struct account *parent = arena_new(rq->arena, struct account);
	int rc = a->parent ? store_account_by_id(rq->store, a->parent, rq->arena, parent, err) : 0;
	struct account_record rec;

	if (rc < 0)
		return -1;
	rec = make_record(rq, a, rc > 0 ? parent : NULL);
	rec.page = NULL;
	if (!consequence)
		add_actions(rq, a, &rec);
	if (add_fired(rq, a, &rec, err) < 0)
		return -1;
	writer_about(w, title, consequence);
	writer_record(w, NULL, &account_shape, &rec);
	return 0;
}

static int get_account(struct request *rq, struct writer *w, struct error *err)
{
	struct account a;

	return access_asked_account(rq, &a, err) < 0 ? -1
						     : write_account(rq, a.name, NULL, &a, w, err);
}

/* ---- new accounts ---- */

struct accounts_change {
	const char *sid, *reason;
	struct new_account account;
	struct account_change change;
	struct account made;
};

static int add_account(const struct admin *a, void *arg, struct error *err)
{
	struct accounts_change *o = arg;

	return admin_account_add(a, &o->account, &o->made, err);
}

static int create_account(struct request *rq, struct writer *w, struct error *err)
{
	const struct arg *created = request_arg(rq, "created");
	char day[DATE_TEXT];
	struct accounts_change o = { .account = {
					     .name = request_arg(rq, "name")->text,
					     .parent = request_arg(rq, "parent")->text,
					     .currency = request_arg(rq, "currency")->text,
					     .sid = request_arg(rq, "sid")->text,
					     .created = created->text ? day : NULL,
					     .number = request_arg(rq, "number")->text,
					     .time_zone = request_arg(rq, "time_zone")->text,
					     .cycle_day = request_arg(rq, "cycle_day")->text } };

	if (created->text)
		date_format(day, created->date);
	if (administer(rq, add_account, &o, err) < 0)
		return -1;
	rq->reply.status = 201;
	return write_account(rq, rq->op->title, NULL, &o.made, w, err);
}

/* ---- changes ---- */

/*
 * Runs WORK with O on the account of the path, and writes the changed account.
 */
static int change_account(struct request *rq, admin_work work, struct accounts_change *o,
			  struct writer *w, struct error *err)
{
	o->sid = request_arg(rq, "AccountSid")->text;
	return administer(rq, work, o, err) < 0
		       ? -1
		       : write_account(rq, o->made.name, NULL, &o->made, w, err);
}

/* Writes the account of the path and a sentence on what the form will do. */
static int ask_change(struct request *rq, struct writer *w, struct error *err)
{
	struct account a;

	if (access_asked_account(rq, &a, err) < 0)
		return -1;
	return write_account(rq, arena_join(rq->arena, rq->op->title, ": ", a.name, NULL),
			     rq->op->form->consequence, &a, w, err);
}

static int set_parts(const struct admin *a, void *arg, struct error *err)
{
	struct accounts_change *o = arg;

	return admin_account_set(a, o->sid, &o->change, &o->made, err);
}

static int set_account(struct request *rq, struct writer *w, struct error *err)
{
	struct accounts_change o = { .change = { .name = request_arg(rq, "name")->text,
						 .number = request_arg(rq, "number")->text,
						 .time_zone = request_arg(rq, "time_zone")->text,
						 .cycle_day = request_arg(rq, "cycle_day")->text,
						 .currency = request_arg(rq, "currency")->text } };

	return change_account(rq, set_parts, &o, w, err);
}

static int fill_set(struct request *rq, struct error *err)
{
	struct account a;

	if (access_asked_account(rq, &a, err) < 0)
		return -1;
	request_preset(rq, "name", a.name);
	request_preset(rq, "number", a.number);
	request_preset(rq, "time_zone", a.time_zone);
	request_preset(rq, "cycle_day",
		       a.cycle_day ? arena_printf(rq->arena, "%d", a.cycle_day) : "");
	request_preset(rq, "currency", arena_str(rq->arena, a.currency));
	return 0;
}

static int suspend(const struct admin *a, void *arg, struct error *err)
{
	struct accounts_change *o = arg;

	return admin_account_suspend(a, o->sid, o->reason, &o->made, err);
}

static int suspend_account(struct request *rq, struct writer *w, struct error *err)
{
	struct accounts_change o = { .reason = request_arg(rq, "reason")->text };

	return change_account(rq, suspend, &o, w, err);
}

static int reactivate(const struct admin *a, void *arg, struct error *err)
{
	struct accounts_change *o = arg;

	return admin_account_reactivate(a, o->sid, &o->made, err);
}

static int reactivate_account(struct request *rq, struct writer *w, struct error *err)
{
	struct accounts_change o = { .sid = NULL };

	return change_account(rq, reactivate, &o, w, err);
}

/* ---- the table ---- */

static const struct param list_params[] = { LIST_PAGE_PARAMS("the name, the number or the SID"),
					    { 0 } };

#define SID_PARAM                                                                \
	{                                                                        \
		"AccountSid", PT_TEXT, .flags = PARAM_PATH, .min = 1, .max = 64, \
				       .doc = "The account's SID"                \
	}
#define NUMBER_DOC "The operator's own number for it; no other account has it as number or name"
#define ZONE_DOC                                                                                  \
	"Time zone of its days (IANA name, such as Europe/Vienna). Default: its main account's, " \
	"or UTC"
#define CYCLE_DOC                                                                          \
	"Day of the month, 1 to 28, on which its billing cycle begins. Default: its main " \
	"account's, or 1"

static const struct param create_params[] = {
	{ "name", PT_TEXT, .flags = PARAM_REQUIRED, .min = 1, .max = ACCOUNT_NAME_BYTES,
	  .doc = "The account's name; each account has a different one" },
	{ "parent", PT_ACCOUNT, .max = 64, .label = "Subaccount of",
	  .doc = "SID of the main account, to make a subaccount" },
	{ "currency", PT_TEXT, .def = "usd", .min = 3, .max = 3,
	  .doc = "Currency of its prices, three letters; can't be changed once there are events" },
	{ "created", PT_DATE, .label = "First day",
	  .doc = "First day of its usage. Default: today" },
	{ "number", PT_TEXT, .max = ACCOUNT_NUMBER_BYTES, .doc = NUMBER_DOC },
	{ "time_zone", PT_ZONE, .doc = ZONE_DOC },
	{ "cycle_day", PT_INT, .min = 1, .max = CYCLE_DAY_MAX, .doc = CYCLE_DOC },
	{ "sid", PT_TEXT, .max = 64, .label = "SID",
	  .doc = "AC and 32 hexadecimal digits, to keep a SID from elsewhere. Default: a new one" },
	{ 0 }
};

static const struct param set_params[] = {
	SID_PARAM,
	{ "name", PT_TEXT, .min = 1, .max = ACCOUNT_NAME_BYTES,
	  .doc = "The new name; each account has a different one" },
	{ "number", PT_TEXT, .flags = PARAM_CLEARS, .max = ACCOUNT_NUMBER_BYTES,
	  .doc = NUMBER_DOC "; empty: none" },
	{ "time_zone", PT_ZONE, .flags = PARAM_CLEARS,
	  .doc = "Time zone of its days (IANA name); empty: its main account's, or UTC" },
	{ "cycle_day", PT_INT, .flags = PARAM_CLEARS, .min = 1, .max = CYCLE_DAY_MAX,
	  .doc = "Day of the month, 1 to 28, on which its billing cycle begins; empty: its main "
		 "account's, or 1" },
	{ "currency", PT_TEXT, .min = 3, .max = 3,
	  .doc = "Currency of its prices, three letters; only while it and its subaccounts have no "
		 "events" },
	{ 0 }
};

static const struct param suspend_params[] = { SID_PARAM,
					       { "reason", PT_TEXT, .max = ACCOUNT_REASON_BYTES,
						 .doc = "Reason, for the audit log" },
					       { 0 } };
static const struct param account_params[] = { SID_PARAM, { 0 } };

const struct op op_ListAccounts = {
	OPERATION(ListAccounts, usaged, M_READ, "/accounts", ROLES_READING),
	.params = list_params,
	.returns = &accounts_shape,
	.run = list_accounts,
	.title = "Accounts",
	.nav = "Accounts",
	.tab = "Accounts",
	.doc = "Accounts that the caller may see, with links to their usage",
};

const struct op op_GetAccount = {
	OPERATION(GetAccount, usaged, M_READ, "/accounts/{AccountSid}", ROLES_READING),
	.params = account_params,
	.returns = &account_shape,
	.run = get_account,
	.title = "Account",
	.list = &op_ListAccounts,
	.doc = "One account",
};

const struct op op_CreateAccount = {
	OPERATION(CreateAccount, usaged, M_POST, "/accounts", ROLE_ADMIN),
	.params = create_params,
	.returns = &account_shape,
	.run = create_account,
	.title = "New account",
	.form = &(const struct op_form) { .path = "/accounts/new",
					  .button = "Add the account",
					  .list = &op_ListAccounts,
					  .done = "The account was added." },
	.doc = "Adds an account or a subaccount. It can't be removed",
};

const struct op op_SetAccount = {
	OPERATION(SetAccount, usaged, M_POST | M_PATCH, "/accounts/{AccountSid}", ROLE_ADMIN),
	.params = set_params,
	.returns = &account_shape,
	.run = set_account,
	.title = "Edit the account",
	.form =
		&(const struct op_form) {
			.path = "/accounts/{AccountSid}/edit",
			.button = "Save",
			.list = &op_GetAccount,
			.done = "The account was changed.",
			.consequence = "Reports show the new name at once, also for the past. A "
				       "new time zone doesn't change closed days.",
			.ask = ask_change,
			.fill = fill_set },
	.doc = "Changes an account's name, number, time zone, cycle day or currency. Omitted "
	       "parameters stay as they are",
};

const struct op op_SuspendAccount = {
	OPERATION(SuspendAccount, usaged, M_POST, "/accounts/{AccountSid}/suspend", ROLE_ADMIN),
	.params = suspend_params,
	.returns = &account_shape,
	.run = suspend_account,
	.title = "Suspend the account",
	.form =
		&(const struct op_form) {
			.path = "/accounts/{AccountSid}/suspend",
			.button = "Suspend the account",
			.list = &op_GetAccount,
			.done = "The account is suspended.",
			.consequence = "The account and its subaccounts stop accepting events of "
				       "later times, and their credentials stop working. Reports "
				       "stay, and events of earlier times still count.",
			.ask = ask_change },
	.doc = "Suspends an account and its subaccounts: they accept no events of later times, and "
	       "their credentials stop working",
};

const struct op op_ReactivateAccount = {
	OPERATION(ReactivateAccount, usaged, M_POST, "/accounts/{AccountSid}/reactivate",
		  ROLE_ADMIN),
	.params = account_params,
	.returns = &account_shape,
	.run = reactivate_account,
	.title = "Reactivate the account",
	.form = &(const struct op_form) { .path = "/accounts/{AccountSid}/reactivate",
					  .button = "Reactivate the account",
					  .list = &op_GetAccount,
					  .done = "The account is active again.",
					  .consequence = "The account accepts events of any time "
							 "again, and its credentials work again.",
					  .ask = ask_change },
	.doc = "Ends an account's suspension",
};
