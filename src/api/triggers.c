/*
 * triggers.c - usage triggers of 2010-04-01 (contracts: twilio B).
 */
#include <string.h>

#include "api/access.h"
#include "api/administer.h"
#include "api/paging.h"
#include "api/url.h"
#include "base/civil.h"
#include "store/account.h"
#include "store/trigger.h"
#include "usage/admin_triggers.h"
#include "base/banned.h"

#define API_VERSION "2010-04-01"

/* Numbers of Twilio's error dictionary (contracts: twilio A.7). */
enum { CODE_FRIENDLY_NAME = 20002, CODE_CALLBACK_URL = 21456 };

/* ---- the answer ---- */

struct trigger_record {
	const char *sid, *account_sid, *date_created, *date_updated, *date_fired, *friendly_name,
		*usage_category, *trigger_by, *recurring;
	struct decimal trigger_value, current_value;
	const char *callback_url, *callback_method, *usage_record_uri, *api_version, *uri;
};

#define MAIL_DATE "in the form of RFC 2822"

static const struct field trigger_fields[] = {
	FIELD(struct trigger_record, sid, "The trigger's SID"),
	FIELD(struct trigger_record, account_sid, "The account whose usage is compared",
	      .flags = FIELD_MACHINE),
	FIELD(struct trigger_record, date_created, "When the trigger was made, " MAIL_DATE,
	      .flags = FIELD_DETAIL),
	FIELD(struct trigger_record, date_updated, "When it was last changed, " MAIL_DATE,
	      .flags = FIELD_DETAIL),
	FIELD(struct trigger_record, date_fired,
	      "When it last fired, " MAIL_DATE "; null: it has not"),
	FIELD(struct trigger_record, friendly_name, "Its name"),
	FIELD(struct trigger_record, usage_category, "The category whose usage is compared"),
	FIELD(struct trigger_record, trigger_by, "The amount: count, usage or price"),
	FIELD(struct trigger_record, recurring,
	      "Once each period: daily, monthly or yearly; null: once for all time"),
	FIELD(struct trigger_record, trigger_value, "The trigger fires above this value",
	      .flags = FIELD_QUOTED),
	FIELD(struct trigger_record, current_value, "The value in the current period",
	      .flags = FIELD_QUOTED),
	FIELD(struct trigger_record, callback_url, "The URL that is called"),
	FIELD(struct trigger_record, callback_method, "POST or GET"),
	FIELD(struct trigger_record, usage_record_uri,
	      "The usage record of the category: of today or this month if the trigger is daily "
	      "or monthly, else of all time",
	      .flags = FIELD_MACHINE, .format = "uri"),
	FIELD(struct trigger_record, api_version, "Always " API_VERSION, .flags = FIELD_MACHINE),
	FIELD(struct trigger_record, uri, "This trigger", .flags = FIELD_MACHINE, .format = "uri"),
	{ 0 }
};

static const struct shape trigger_shape = { .name = "UsageTrigger",
					    .fields = trigger_fields,
					    .doc = "A threshold that calls a URL when it is passed",
					    .none = "No trigger matches." };

enum { ENVELOPE_LIST = 8 };

static const struct field envelope_fields[] = {
	PAGE_FIELDS,
	PAGE_PREVIOUS_FIELD,
	PAGE_NEXT_FIELD,
	FIELD(struct record_page, start, "Index of the first trigger of the page, from 0",
	      .flags = FIELD_JSON_ONLY),
	FIELD(struct record_page, end, "Index of the last trigger of the page",
	      .flags = FIELD_JSON_ONLY),
	[ENVELOPE_LIST] = FIELD_LIST("usage_triggers", &trigger_shape,
				     "The triggers, newest first"),
	{ 0 }
};

static const struct shape envelope_shape = { .name = "UsageTriggers",
					     .flags = SHAPE_PAGE,
					     .fields = envelope_fields,
					     .doc = "A page of triggers" };

/* ---- finding ---- */

static int not_found(const struct request *rq, struct error *err)
{
	return error_set(err, ERR_NOT_FOUND, NULL, "The requested resource %s%s was not found",
			 request_path(rq), rq->suffix);
}

static int find_account(const struct request *rq, struct account *ret, struct error *err)
{
	switch (access_account(rq, request_arg(rq, "AccountSid")->text, ret, err)) {
	case SIGHT_FAILED:
		return -1;
	case SIGHT_OK:
		return 0;
	default:
		return not_found(rq, err);
	}
}

static int find_trigger(const struct request *rq, struct account *ret_account, struct trigger *ret,
			struct error *err)
{
	int rc;

	if (find_account(rq, ret_account, err) < 0)
		return -1;
	rc = store_trigger_find(rq->store, request_arg(rq, "Sid")->text, rq->arena, ret, err);
	if (rc < 0)
		return -1;
	return rc == 0 || ret->account != ret_account->id ? not_found(rq, err) : 0;
}

/* ---- records ---- */

static const char *mail_date(const struct request *rq, int64_t sec)
{
	char text[MAIL_DATE_TEXT];

	if (!sec)
		return NULL;
	mail_date_format(text, sec);
	return arena_str(rq->arena, text);
}

static int make_record(const struct request *rq, const struct account *account,
		       const struct trigger *t, struct trigger_record *ret, struct error *err)
{
	const char *suffix = request_link_suffix(rq, rq->op->dialect);
	const char *category =
		rq->catalogue->categories[catalogue_index(rq->catalogue, t->category)].name;
	wide current;

	if (trigger_current(rq->store, rq->catalogue, t, rq->now * USEC_PER_SEC, &current, err) < 0)
		return -1;
	*ret = (struct trigger_record) {
		.sid = t->sid,
		.account_sid = account->sid,
		.date_created = mail_date(rq, t->created),
		.date_updated = mail_date(rq, t->updated),
		.date_fired = mail_date(rq, t->value.fired),
		.friendly_name = t->name,
		.usage_category = category,
		.trigger_by = trigger_by_names[t->amount],
		.recurring = t->recurrence ? recurrence_names[t->recurrence] : NULL,
		.trigger_value = trigger_number(rq->catalogue, t, t->threshold),
		.current_value = trigger_number(rq->catalogue, t, current),
		.callback_url = t->url,
		.callback_method = t->method,
		.usage_record_uri = trigger_record_path(rq->arena, account->sid, t->recurrence,
							category, suffix),
		.api_version = API_VERSION,
		.uri = arena_join(rq->arena, "/2010-04-01/Accounts/", account->sid,
				  "/Usage/Triggers/", t->sid, suffix, NULL),
	};
	return 0;
}

static int write_trigger(const struct request *rq, const struct account *account,
			 const struct trigger *t, struct writer *w, struct error *err)
{
	struct trigger_record r;

	if (make_record(rq, account, t, &r, err) < 0)
		return -1;
	writer_about(w, t->name, account->name);
	writer_record(w, NULL, &trigger_shape, &r);
	return 0;
}

static int get_trigger(struct request *rq, struct writer *w, struct error *err)
{
	struct account account;
	struct trigger t;

	return find_trigger(rq, &account, &t, err) < 0 ? -1
						       : write_trigger(rq, &account, &t, w, err);
}

/* ---- the list ---- */

static bool matches(const struct request *rq, const struct trigger *t)
{
	const struct arg *recurring = request_arg(rq, "Recurring"),
			 *by = request_arg(rq, "TriggerBy"),
			 *category = request_arg(rq, "UsageCategory");

	/*
	 * "" selects triggers that fire once (contracts: twilio B.2), except on
	 * a page, whose form sends "" for any
	 */
	if (recurring->text && *recurring->text && recurring->n != t->recurrence)
		return false;
	if (recurring->text && !*recurring->text && !rq->reply.format->page && t->recurrence)
		return false;
	if (by->text && *by->text && by->n != t->amount)
		return false;
	return !category->text || rq->catalogue->categories[category->category].id == t->category;
}

/* Keeps the triggers that match. Returns their number. */
static size_t filter(const struct request *rq, struct trigger *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (matches(rq, &list[i]))
			list[kept++] = list[i];
	return kept;
}

/*
 * Chooses the triggers of a page and sets its links. A page begins behind the
 * trigger whose id is the first number of its place.
 */
static int choose_page(const struct request *rq, const struct trigger *list, size_t n,
		       struct record_page *ret, size_t *ret_first, struct error *err)
{
	struct page_place place, next = { 0 }, previous = { 0 };
	int later = page_begin(rq, ret, &place, err);
	size_t first = 0, size = (size_t)ret->page_size;

	if (later < 0)
		return -1;
	while (later && first < n && list[first].id >= place.number[0])
		first++;
	ret->n = n - first < size ? n - first : size;
	if (first + ret->n < n)
		next.number[0] = list[first + ret->n - 1].id;
	if (first > size)
		previous.number[0] = list[first - size - 1].id;
	else
		previous.number[0] = INT64_MAX;
	page_links(rq, request_link_path(rq), ret, first + ret->n < n ? &next : NULL,
		   first ? &previous : NULL);
	*ret_first = first;
	return 0;
}

static int list_triggers(struct request *rq, struct writer *w, struct error *err)
{
	struct trigger_record *records;
	struct record_page page;
	struct account account;
	struct trigger *list;
	size_t n, first;

	if (find_account(rq, &account, err) < 0 ||
	    store_triggers(rq->store, account.id, rq->arena, &list, &n, err) < 0)
		return -1;
	n = filter(rq, list, n);
	if (choose_page(rq, list, n, &page, &first, err) < 0)
		return -1;
	records = arena_array(rq->arena, struct trigger_record, page.n);
	for (size_t i = 0; i < page.n; i++)
		if (make_record(rq, &account, &list[first + i], &records[i], err) < 0)
			return -1;
	writer_about(w, rq->op->title, account.name);
	writer_begin(w, NULL, &envelope_shape);
	writer_fields(w, &envelope_shape, &page);
	writer_begin_list(w, &envelope_fields[ENVELOPE_LIST], &trigger_shape);
	for (size_t i = 0; i < page.n; i++)
		writer_record(w, NULL, &trigger_shape, &records[i]);
	writer_end_page(w);
	return 0;
}

/* ---- changes ---- */

struct trigger_task {
	struct new_trigger new;
	struct trigger_change change;
	struct trigger trigger;
};

/* Runs WORK, and gives an error the number that Twilio has for its parameter. */
static int change(struct request *rq, admin_work work, struct trigger_task *task, struct error *err)
{
	if (administer(rq, work, task, err) == 0)
		return 0;
	if (err->kind == ERR_PARAM && strcmp(err->param, "CallbackUrl") == 0)
		err->code = CODE_CALLBACK_URL;
	if (err->kind == ERR_PARAM && strcmp(err->param, "FriendlyName") == 0)
		err->code = CODE_FRIENDLY_NAME;
	return -1;
}

static const char *given(const struct request *rq, const char *name)
{
	const struct arg *a = request_arg(rq, name);

	return a->given ? a->text : NULL;
}

static int add(const struct admin *a, void *arg, struct error *err)
{
	struct trigger_task *task = arg;

	return admin_trigger_add(a, &task->new, &task->trigger, err);
}

static int create_trigger(struct request *rq, struct writer *w, struct error *err)
{
	struct account account;
	struct trigger_task task = { 0 };

	if (find_account(rq, &account, err) < 0)
		return -1;
	task.new = (struct new_trigger) {
		.account = account.sid,
		.category = request_arg(rq, "UsageCategory")->text,
		.value = request_arg(rq, "TriggerValue")->text,
		.by = given(rq, "TriggerBy"),
		.recurring = given(rq, "Recurring"),
		.url = request_arg(rq, "CallbackUrl")->text,
		.method = given(rq, "CallbackMethod"),
		.name = given(rq, "FriendlyName"),
		.secret = rq->worker->secret,
	};
	if (change(rq, add, &task, err) < 0)
		return -1;
	rq->reply.status = 201;
	return write_trigger(rq, &account, &task.trigger, w, err);
}

static int set(const struct admin *a, void *arg, struct error *err)
{
	struct trigger_task *task = arg;

	return admin_trigger_set(a, task->trigger.account, task->trigger.sid, &task->change,
				 &task->trigger, err);
}

static int update_trigger(struct request *rq, struct writer *w, struct error *err)
{
	struct trigger_task task = { .change = { .url = given(rq, "CallbackUrl"),
						 .method = given(rq, "CallbackMethod"),
						 .name = given(rq, "FriendlyName") } };
	struct account account;

	if (find_trigger(rq, &account, &task.trigger, err) < 0 || change(rq, set, &task, err) < 0)
		return -1;
	return write_trigger(rq, &account, &task.trigger, w, err);
}

static int remove_found(const struct admin *a, void *arg, struct error *err)
{
	struct trigger_task *task = arg;

	return admin_trigger_remove(a, task->trigger.account, task->trigger.sid, err);
}

static int delete_trigger(struct request *rq, struct writer *w, struct error *err)
{
	struct trigger_task task = { 0 };
	struct account account;

	if (find_trigger(rq, &account, &task.trigger, err) < 0)
		return -1;
	rq->reply.status = 204;
	writer_about(w, "The trigger was deleted", account.name);
	if (write_trigger(rq, &account, &task.trigger, w, err) < 0)
		return -1;
	return change(rq, remove_found, &task, err);
}

/* ---- the table ---- */

static const char *const methods[] = { "POST", "GET", NULL };

#define TRIGGERS_PATH  "/2010-04-01/Accounts/{AccountSid}/Usage/Triggers"
#define ROLES_CHANGING (ROLE_ADMIN | ROLE_ACCOUNT | ROLE_KEY)

#define ACCOUNT_PARAM                                                                     \
	{                                                                                 \
		"AccountSid", PT_TEXT, .flags = PARAM_PATH | PARAM_REQUIRED, .max = 64,   \
				       .doc = "The account, AC and 32 hexadecimal digits" \
	}
#define SID_PARAM                                                                  \
	{                                                                          \
		"Sid", PT_TEXT, .flags = PARAM_PATH | PARAM_REQUIRED, .max = 64,   \
				.doc = "The trigger, UT and 32 hexadecimal digits" \
	}
#define URL_PARAM(flag)                                                                          \
	{                                                                                        \
		"CallbackUrl", PT_TEXT,                                                          \
			.flags = (flag), .max = 4096, .label = "Callback URL",                   \
			.doc = "The URL to call when the trigger fires: http or https, at most " \
			       "2000 bytes"                                                      \
	}
#define METHOD_PARAM(text)                                                  \
	{                                                                   \
		"CallbackMethod", PT_ENUM, .values = methods, .doc = (text) \
	}
#define NAME_PARAM(text)                                            \
	{                                                           \
		"FriendlyName", PT_TEXT, .max = 1024, .doc = (text) \
	}

static const struct param list_params[] = {
	ACCOUNT_PARAM,
	{ "UsageCategory", PT_CATEGORY, .doc = "Only triggers of this category" },
	{ "TriggerBy", PT_ENUM, .values = trigger_by_names, .any = "any",
	  .doc = "Only triggers of this amount: count, usage or price" },
	{ "Recurring", PT_ENUM, .flags = PARAM_CLEARS, .values = recurrence_names, .any = "any",
	  .doc = "Only daily, monthly or yearly triggers; alltime or nothing: only those that fire "
		 "once" },
	PAGING_PARAMS,
	{ 0 }
};
static const struct param fetch_params[] = { ACCOUNT_PARAM, SID_PARAM, { 0 } };
static const struct param create_params[] = {
	ACCOUNT_PARAM,
	{ "UsageCategory", PT_CATEGORY, .flags = PARAM_REQUIRED,
	  .doc = "The category whose usage is compared, with its subcategories" },
	{ "TriggerValue", PT_TEXT, .flags = PARAM_REQUIRED, .max = 64,
	  .doc = "The trigger fires above this value: a positive number, or +30 for 30 above the "
		 "current value" },
	{ "TriggerBy", PT_ENUM, .values = trigger_by_names,
	  .doc = "The amount to compare: count, usage (the default) or price" },
	{ "Recurring", PT_ENUM, .values = recurrence_names,
	  .doc = "Fire once each period of UTC: daily, monthly or yearly. Default: once for all "
		 "time" },
	URL_PARAM(PARAM_REQUIRED),
	METHOD_PARAM("Method of the callback. Default: POST"),
	NAME_PARAM("Its name, at most 64 characters. Default: made from the other values"),
	{ 0 }
};
static const struct param update_params[] = { ACCOUNT_PARAM,
					      SID_PARAM,
					      URL_PARAM(0),
					      METHOD_PARAM("Method of the callback"),
					      NAME_PARAM("Its name, at most 64 characters"),
					      { 0 } };

const struct op op_ListUsageTrigger = {
	OPERATION(ListUsageTrigger, twilio, M_READ, TRIGGERS_PATH, ROLES_READING),
	.params = list_params,
	.returns = &envelope_shape,
	.run = list_triggers,
	.title = "Usage triggers",
	.tab = "Triggers",
	.doc = "An account's triggers, newest first",
};

const struct op op_FetchUsageTrigger = {
	OPERATION(FetchUsageTrigger, twilio, M_READ, TRIGGERS_PATH "/{Sid}", ROLES_READING),
	.params = fetch_params,
	.returns = &trigger_shape,
	.run = get_trigger,
	.title = "Usage trigger",
	.list = &op_ListUsageTrigger,
	.doc = "One trigger, with its current value",
};

const struct op op_CreateUsageTrigger = {
	OPERATION(CreateUsageTrigger, twilio, M_POST, TRIGGERS_PATH, ROLES_CHANGING),
	.params = create_params,
	.returns = &trigger_shape,
	.run = create_trigger,
	.title = "Create a usage trigger",
	.doc = "Makes a trigger, which calls a URL when the usage of a category exceeds a value",
};

const struct op op_UpdateUsageTrigger = {
	OPERATION(UpdateUsageTrigger, twilio, M_POST, TRIGGERS_PATH "/{Sid}", ROLES_CHANGING),
	.params = update_params,
	.returns = &trigger_shape,
	.run = update_trigger,
	.title = "Change a usage trigger",
	.doc = "Changes a trigger's name or callback; its category, value and period stay",
};

const struct op op_DeleteUsageTrigger = {
	OPERATION(DeleteUsageTrigger, twilio, M_DELETE, TRIGGERS_PATH "/{Sid}", ROLES_CHANGING),
	.params = fetch_params,
	.returns = &trigger_shape,
	.run = delete_trigger,
	.title = "Delete a usage trigger",
	.doc = "Deletes a trigger; its callbacks that wait for delivery are cancelled",
};
