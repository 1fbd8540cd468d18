#include "api/trigger_view.h"

#include <stdlib.h>

#include <glib.h>

#include "api/url.h"
#include "base/civil.h"
#include "store/account.h"
#include "store/trigger.h"
#include "usage/trigger.h"
#include "base/banned.h"

#define ROLES_CHANGING (ROLE_ADMIN | ROLE_ACCOUNT | ROLE_KEY)

static const struct field view_fields[] = {
	FIELD(struct trigger_view, name, "The trigger's name"),
	FIELD(struct trigger_view, page, "The trigger in Twilio's API", .format = "uri",
	      .flags = FIELD_LINK),
	FIELD(struct trigger_view, sid, "Its SID", .flags = FIELD_LABEL),
	FIELD(struct trigger_view, account, "The account whose usage is compared"),
	FIELD(struct trigger_view, account_sid, "The account's SID", .flags = FIELD_LABEL),
	FIELD(struct trigger_view, category, "The category whose usage is compared"),
	FIELD(struct trigger_view, by, "The amount: count, usage or price", .flags = FIELD_LABEL),
	FIELD(struct trigger_view, recurring, "once, daily, monthly or yearly", .label = "Period"),
	FIELD(struct trigger_view, edit, "Page to edit the trigger",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD(struct trigger_view, remove, "Page to delete the trigger",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY, .label = "Delete"),
	FIELD(struct trigger_view, current, "The value in the current period"),
	FIELD(struct trigger_view, value, "It fires above this value"),
	FIELD(struct trigger_view, unit, "What both values measure", .flags = FIELD_UNIT),
	FIELD(struct trigger_view, share, "The current value in percent of the value",
	      .flags = FIELD_SHARE),
	FIELD(struct trigger_view, fired, "When it last fired, or null", .format = "date-time"),
	FIELD(struct trigger_view, callbacks, "Its callbacks", .format = "uri",
	      .flags = FIELD_LINK | FIELD_PAGE_ONLY),
	FIELD(struct trigger_view, url, "The URL that is called", .flags = FIELD_DETAIL,
	      .label = "Callback URL"),
	{ 0 }
};

const struct shape trigger_view_shape = { .name = "Trigger",
					  .fields = view_fields,
					  .doc = "A trigger",
					  .none = "No trigger has this in its name, SID, account, "
						  "category or URL.",
					  .none_yet = "There are no triggers yet." };

/* The current value in percent of the threshold, with one place. */
static struct decimal share_of(wide current, int64_t threshold)
{
	return (struct decimal) { .n = current < 0 ? 0 : current * 1000 / threshold, .places = 1 };
}

static const char *upper_case(const struct request *rq, const char *currency)
{
	char *upper = g_ascii_strup(currency, -1);
	const char *ret = arena_str(rq->arena, upper);

	g_free(upper);
	return ret;
}

/* What the value of T measures: calls, minutes or USD. */
static const char *unit_of(const struct request *rq, const struct account *a,
			   const struct trigger *t)
{
	const struct catalogue *c = rq->catalogue;
	const struct category *category = &c->categories[catalogue_index(c, t->category)];

	switch (trigger_amount(c, t)) {
	case AMOUNT_COUNT:
		return category->count_unit;
	case AMOUNT_PRICE:
		return upper_case(rq, a->currency);
	default:
		return category->usage_unit;
	}
}

static int fill(const struct request *rq, const struct account *a, const struct trigger *t,
		struct trigger_view *ret, struct error *err)
{
	const struct catalogue *c = rq->catalogue;
	bool changes = rq->who->role & ROLES_CHANGING;
	int64_t now_us = rq->now * USEC_PER_SEC;
	wide current;

	if (trigger_current(rq->store, c, t, now_us, &current, err) < 0)
		return -1;
	*ret = (struct trigger_view) {
		.name = t->name,
		.page = arena_join(rq->arena, "/2010-04-01/Accounts/", a->sid, "/Usage/Triggers/",
				   t->sid, request_link_suffix(rq, &dialect_twilio), NULL),
		.sid = t->sid,
		.account = a->name,
		.account_sid = a->sid,
		.category = c->categories[catalogue_index(c, t->category)].name,
		.by = trigger_by_names[t->amount],
		.recurring = t->recurrence ? recurrence_names[t->recurrence] : "once",
		.current = trigger_number(c, t, current),
		.value = trigger_number(c, t, t->threshold),
		.unit = unit_of(rq, a, t),
		.share = share_of(current, t->threshold),
		.fired = instant_text(rq, t->value.fired),
		.url = t->url,
		.fired_now = t->value.fired &&
			     t->value.fired_period >= trigger_period_now(t->recurrence, now_us),
	};
	if (t->value.fired)
		ret->callbacks = url_of(rq->arena,
					arena_join(rq->arena, "/deliveries",
						   request_link_suffix(rq, &dialect_usaged), NULL),
					{ "Trigger", t->sid });
	if (changes) {
		ret->edit = action_page(rq, "/triggers", t->sid, "edit");
		ret->remove = action_page(rq, "/triggers", t->sid, "remove");
	}
	return 0;
}

int trigger_view_of(const struct request *rq, const struct trigger *t, struct trigger_view *ret,
		    struct error *err)
{
	struct account *a = arena_new(rq->arena, struct account);
	int rc = store_account_by_id(rq->store, t->account, rq->arena, a, err);

	if (rc == 0)
		return error_set(err, ERR_INTERNAL, NULL, "a trigger's account does not exist");
	return rc < 0 ? -1 : fill(rq, a, t, ret, err);
}

static int compare_views(const void *a, const void *b)
{
	const struct trigger_view *x = a, *y = b;

	if (x->share.n != y->share.n)
		return x->share.n > y->share.n ? -1 : 1;
	return 0;
}

/* Makes views of those triggers whose account is one of ACCOUNTS that the caller sees. */
static int make_views(const struct request *rq, const struct account_names *accounts,
		      const struct trigger *list, size_t n, struct trigger_view **ret,
		      size_t *ret_n, struct error *err)
{
	*ret_n = 0;
	*ret = arena_array(rq->arena, struct trigger_view, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct account *a = account_names_find(accounts, list[i].account);

		if (!a || !principal_sees(rq->who, a))
			continue;
		if (fill(rq, a, &list[i], &(*ret)[*ret_n], err) < 0)
			return -1;
		++*ret_n;
	}
	return 0;
}

int trigger_views(const struct request *rq, int64_t account, struct trigger_view **ret,
		  size_t *ret_n, struct error *err)
{
	struct account_names names;
	struct trigger *list;
	size_t n, n_seen;
	int64_t *seen;
	int rc;

	if (account_names_load(rq, &names, err) < 0)
		return -1;
	if (account || rq->who->role == ROLE_ADMIN) {
		rc = store_triggers(rq->store, account, rq->arena, &list, &n, err);
	} else {
		seen = account_ids_seen(rq, &names, &n_seen);
		rc = store_triggers_of(rq->store, seen, n_seen, rq->arena, &list, &n, err);
	}
	if (rc < 0 || make_views(rq, &names, list, n, ret, ret_n, err) < 0)
		return -1;
	qsort(*ret, *ret_n, sizeof(**ret), compare_views);
	return 0;
}

int trigger_views_near(const struct request *rq, const struct account_names *accounts,
		       struct trigger_view **ret, size_t *ret_n, struct error *err)
{
	struct triggers_near q = { .percent = TRIGGER_NEAR, .limit = TRIGGERS_NEAR_MAX };
	struct trigger *list;
	size_t n, near = 0;

	q.accounts = account_ids_seen(rq, accounts, &q.n_accounts);
	for (int r = 0; r < RECURRENCES; r++)
		q.periods[r] = trigger_period_now((enum recurrence)r, rq->now * USEC_PER_SEC);
	if (store_triggers_near(rq->store, &q, rq->arena, &list, &n, err) < 0 ||
	    make_views(rq, accounts, list, n, ret, &n, err) < 0)
		return -1;
	/* the ledger compares large values roughly */
	for (size_t i = 0; i < n; i++)
		if ((*ret)[i].fired_now || (*ret)[i].share.n >= TRIGGER_NEAR * 10)
			(*ret)[near++] = (*ret)[i];
	*ret_n = near;
	return 0;
}
