/*
 * trigger_pages.c - the triggers of all accounts that the caller sees, and
 * their forms. Twilio's own operations on triggers are in triggers.c.
 */
#include <string.h>

#include "api/access.h"
#include "api/administer.h"
#include "api/list_page.h"
#include "api/trigger_view.h"
#include "api/url.h"
#include "base/civil.h"
#include "store/account.h"
#include "store/trigger.h"
#include "usage/admin_triggers.h"
#include "base/banned.h"

#define ROLES_CHANGING (ROLE_ADMIN | ROLE_ACCOUNT | ROLE_KEY)

static const struct field triggers_fields[] = { LIST_PAGE_FIELDS,
						FIELD_LIST("triggers", &trigger_view_shape,
							   "The one nearest to its value first"),
						{ 0 } };

static const struct shape triggers_shape = {
	.name = "Triggers",
	.flags = SHAPE_PAGE,
	.fields = triggers_fields,
	.doc = "The triggers of accounts that the caller sees"
};

/* ---- the list ---- */

static bool fits(const struct list_search *s, const void *list, size_t i)
{
	const struct trigger_view *v = &((const struct trigger_view *)list)[i];

	return search_finds(s, v->name) || search_finds(s, v->sid) || search_finds(s, v->account) ||
	       search_finds(s, v->account_sid) || search_finds(s, v->category) ||
	       search_finds(s, v->url);
}

static int list_all(struct request *rq, struct writer *w, struct error *err)
{
	struct trigger_view *list;
	struct list_page page;
	size_t n;

	if (trigger_views(rq, 0, &list, &n, err) < 0)
		return -1;
	list_page_choose(rq, fits, list, n, &page);
	writer_about(w, rq->op->title,
		     "A trigger calls a URL when the usage of an account exceeds a value.");
	writer_begin_page(w, &triggers_shape, &page);
	for (size_t i = 0; i < page.n; i++)
		writer_record(w, NULL, &trigger_view_shape, &list[page.index[i]]);
	writer_end_page(w);
	return 0;
}

/* ---- changes ---- */

struct trigger_form {
	struct new_trigger new;
	struct trigger_change change;
	struct trigger trigger;
};

static int write_one(const struct request *rq, const char *title, const char *sentence,
		     const struct trigger *t, struct writer *w, struct error *err)
{
	struct trigger_view v;

	if (trigger_view_of(rq, t, &v, err) < 0)
		return -1;
	v.edit = v.remove = NULL;
	if (rq->asks) {
		/* the form has the URL */
		v.url = NULL;
		v.share = DECIMAL_NULL;
	}
	writer_about(w, title, sentence);
	writer_record(w, NULL, &trigger_view_shape, &v);
	return 0;
}

/* Finds the trigger in the path, if the caller sees its account. */
static int find(const struct request *rq, struct trigger *ret, struct error *err)
{
	const char *sid = request_arg(rq, "Trigger")->text;
	struct account a;
	int rc = access_owner(rq, store_trigger_owner, sid, &a, err);

	if (rc > 0)
		rc = store_trigger_find(rq->store, sid, rq->arena, ret, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "Trigger", "there is no trigger %.40s", sid);
	return 0;
}

static const char *given(const struct request *rq, const char *name)
{
	const struct arg *a = request_arg(rq, name);

	return a->given && *a->text ? a->text : NULL;
}

static int add(const struct admin *a, void *arg, struct error *err)
{
	struct trigger_form *o = arg;

	return admin_trigger_add(a, &o->new, &o->trigger, err);
}

static int create(struct request *rq, struct writer *w, struct error *err)
{
	struct trigger_form o = { 0 };
	struct account account;

	if (access_asked_account(rq, &account, err) < 0)
		return -1;
	o.new = (struct new_trigger) { .account = account.sid,
				       .category = request_arg(rq, "UsageCategory")->text,
				       .value = request_arg(rq, "TriggerValue")->text,
				       .by = given(rq, "TriggerBy"),
				       .recurring = given(rq, "Recurring"),
				       .url = request_arg(rq, "CallbackUrl")->text,
				       .method = given(rq, "CallbackMethod"),
				       .name = given(rq, "FriendlyName"),
				       .secret = rq->worker->secret };
	if (administer(rq, add, &o, err) < 0)
		return -1;
	rq->reply.status = 201;
	return write_one(rq, rq->op->title, NULL, &o.trigger, w, err);
}

static int set(const struct admin *a, void *arg, struct error *err)
{
	struct trigger_form *o = arg;

	return admin_trigger_set(a, 0, o->trigger.sid, &o->change, &o->trigger, err);
}

static int change(struct request *rq, struct writer *w, struct error *err)
{
	struct trigger_form o = { .change = { .url = given(rq, "CallbackUrl"),
					      .method = given(rq, "CallbackMethod"),
					      .name = given(rq, "FriendlyName") } };

	if (find(rq, &o.trigger, err) < 0 || administer(rq, set, &o, err) < 0)
		return -1;
	return write_one(rq, o.trigger.name, NULL, &o.trigger, w, err);
}

static int remove_found(const struct admin *a, void *arg, struct error *err)
{
	struct trigger_form *o = arg;

	return admin_trigger_remove(a, 0, o->trigger.sid, err);
}

static int remove_one(struct request *rq, struct writer *w, struct error *err)
{
	struct trigger_form o = { 0 };

	if (find(rq, &o.trigger, err) < 0 ||
	    write_one(rq, "The trigger was deleted", NULL, &o.trigger, w, err) < 0)
		return -1;
	return administer(rq, remove_found, &o, err);
}

static int ask(struct request *rq, struct writer *w, struct error *err)
{
	struct trigger t;

	if (find(rq, &t, err) < 0)
		return -1;
	return write_one(rq, arena_join(rq->arena, rq->op->title, ": ", t.name, NULL),
			 rq->op->form->consequence, &t, w, err);
}

static int fill(struct request *rq, struct error *err)
{
	struct trigger t;

	if (find(rq, &t, err) < 0)
		return -1;
	request_preset(rq, "CallbackUrl", t.url);
	request_preset(rq, "CallbackMethod", t.method);
	request_preset(rq, "FriendlyName", t.name);
	return 0;
}

/* ---- the table ---- */

static const char *const methods[] = { "POST", "GET", NULL };

/* of trigger_by_names and recurrence_names */
static const char *const by_words[] = { "count, such as calls", "usage, such as minutes", "price" };
static const char *const recurring_words[] = { "once", "every day", "every month", "every year" };

#define URL_PARAM(flag)                                                                        \
	{                                                                                      \
		"CallbackUrl", PT_TEXT, .flags = (flag), .max = 4096, .label = "Callback URL", \
					.doc = "The URL to call when the trigger fires: "      \
					       "http or https, at most 2000 bytes"             \
	}
#define METHOD_PARAM                                                                      \
	{                                                                                 \
		"CallbackMethod", PT_ENUM, .values = methods, .any = "POST",              \
					   .doc = "Method of the callback. Default: POST" \
	}
#define TRIGGER_PARAM                                                         \
	{                                                                     \
		"Trigger", PT_TEXT, .flags = PARAM_PATH, .min = 1, .max = 64, \
				    .doc = "The trigger's SID"                \
	}

static const struct param list_params[] = {
	LIST_PAGE_PARAMS("the name, SID, account, category or URL"), { 0 }
};
static const struct param create_params[] = {
	{ "AccountSid", PT_ACCOUNT, .flags = PARAM_REQUIRED, .max = 64, .label = "Account",
	  .doc = "The account whose usage is compared; a main account includes its subaccounts" },
	{ "UsageCategory", PT_CATEGORY, .flags = PARAM_REQUIRED, .label = "Category",
	  .doc = "The category whose usage is compared, with its subcategories" },
	{ "TriggerBy", PT_ENUM, .values = trigger_by_names, .words = by_words, .any = "usage",
	  .label = "Amount", .doc = "The amount to compare: count, usage (the default) or price" },
	{ "TriggerValue", PT_TEXT, .flags = PARAM_REQUIRED, .max = 64, .label = "Value",
	  .doc = "The trigger fires above this value: a positive number, or +30 for 30 above the "
		 "current value" },
	{ "Recurring", PT_ENUM, .values = recurrence_names, .words = recurring_words,
	  .any = "alltime", .label = "Fires",
	  .doc = "Fire once each period of UTC: daily, monthly or yearly. Default: once for all "
		 "time" },
	URL_PARAM(PARAM_REQUIRED),
	METHOD_PARAM,
	{ "FriendlyName", PT_TEXT, .max = 1024, .label = "Name",
	  .doc = "Its name, at most 64 characters. Default: made from the other values" },
	{ 0 }
};
static const struct param set_params[] = { TRIGGER_PARAM,
					   URL_PARAM(0),
					   METHOD_PARAM,
					   { "FriendlyName", PT_TEXT, .max = 1024, .label = "Name",
					     .doc = "Its name, at most 64 characters" },
					   { 0 } };
static const struct param one_params[] = { TRIGGER_PARAM, { 0 } };

const struct op op_ListTriggers = {
	OPERATION(ListTriggers, usaged, M_READ, "/triggers", ROLES_READING),
	.params = list_params,
	.returns = &triggers_shape,
	.run = list_all,
	.title = "Triggers",
	.tab = "Triggers",
	.doc = "Triggers of accounts that the caller may see, with their current values",
};

const struct op op_CreateTrigger = {
	OPERATION(CreateTrigger, usaged, M_POST, "/triggers", ROLES_CHANGING),
	.params = create_params,
	.returns = &trigger_view_shape,
	.run = create,
	.title = "New trigger",
	.form = &(const struct op_form) { .path = "/triggers/new",
					  .button = "Add the trigger",
					  .list = &op_ListTriggers,
					  .done = "The trigger was added." },
	.doc = "Makes a trigger, which calls a URL when usage exceeds a value",
};

const struct op op_SetTrigger = {
	OPERATION(SetTrigger, usaged, M_POST | M_PATCH, "/triggers/{Trigger}", ROLES_CHANGING),
	.params = set_params,
	.returns = &trigger_view_shape,
	.run = change,
	.title = "Edit the trigger",
	.form =
		&(const struct op_form) {
			.path = "/triggers/{Trigger}/edit",
			.button = "Save",
			.list = &op_ListTriggers,
			.done = "The trigger was changed.",
			.consequence = "Callbacks that wait for delivery go to the new URL.",
			.ask = ask,
			.fill = fill },
	.doc = "Changes a trigger's name or callback; its category, value and period stay",
};

const struct op op_RemoveTrigger = {
	OPERATION(RemoveTrigger, usaged, M_POST, "/triggers/{Trigger}/remove", ROLES_CHANGING),
	.params = one_params,
	.returns = &trigger_view_shape,
	.run = remove_one,
	.title = "Delete the trigger",
	.form =
		&(const struct op_form) {
			.path = "/triggers/{Trigger}/remove",
			.button = "Delete the trigger",
			.list = &op_ListTriggers,
			.done = "The trigger was deleted.",
			.consequence = "It no longer fires, and callbacks that wait for delivery "
				       "are cancelled.",
			.ask = ask },
	.doc = "Deletes a trigger; its callbacks that wait for delivery are cancelled",
};
