/*
 * admin_accounts.c - adds, changes and suspends accounts.
 */
#include "usage/admin_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/name.h"
#include "store/account.h"
#include "store/event_find.h"
#include "usage/account.h"
#include "usage/account_calendar.h"
#include "base/banned.h"

/* ---- the members of an account ---- */

static int set_name(const struct admin *a, struct account *to, const char *text, struct error *err)
{
	to->name = name_trim(a->arena, text);
	return admin_check_text("name", to->name, 1, ACCOUNT_NAME_BYTES, err);
}

static int set_currency(struct account *to, const char *text, struct error *err)
{
	if (strlen(text) != 3 ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
		return error_set(err, ERR_PARAM, "currency", "must be three letters such as usd");
	for (int i = 0; i < 3; i++)
		to->currency[i] = (char)tolower((unsigned char)text[i]);
	return 0;
}

static int set_number(const struct admin *a, struct account *to, const char *text,
		      struct error *err)
{
	to->number = name_trim(a->arena, text);
	return admin_check_text("number", to->number, 0, ACCOUNT_NUMBER_BYTES, err);
}

static int set_time_zone(struct account *to, const char *text, struct error *err)
{
	if (*text && !zone_find(text))
		return error_set(
			err, ERR_PARAM, "time_zone",
			"'%.40s' is not a time zone of the IANA list, such as Europe/Vienna", text);
	to->time_zone = text;
	return 0;
}

static int set_cycle_day(struct account *to, const char *text, struct error *err)
{
	char *end;
	long day = strtol(text, &end, 10);

	if (*text && (*end || text[strspn(text, "0123456789")] || day < 1 || day > CYCLE_DAY_MAX))
		return error_set(err, ERR_PARAM, "cycle_day",
				 "must be a day of the month from 1 to %d", CYCLE_DAY_MAX);
	to->cycle_day = (int)day;
	return 0;
}

static int set_sid(struct account *to, const char *text, struct error *err)
{
	if (!text) {
		sid_new("AC", to->sid);
		return 0;
	}
	if (!sid_valid("AC", text, strlen(text)))
		return error_set(err, ERR_PARAM, "sid", "must be AC and 32 hexadecimal digits");
	memcpy(to->sid, text, SID_TEXT);
	return 0;
}

/* Applies the change C to TO. */
static int apply(const struct admin *a, const struct account_change *c, struct account *to,
		 struct error *err)
{
	if ((c->name && set_name(a, to, c->name, err) < 0) ||
	    (c->number && set_number(a, to, c->number, err) < 0) ||
	    (c->time_zone && set_time_zone(to, c->time_zone, err) < 0) ||
	    (c->cycle_day && set_cycle_day(to, c->cycle_day, err) < 0))
		return -1;
	return c->currency ? set_currency(to, c->currency, err) : 0;
}

/* ---- add ---- */

int admin_account_add(const struct admin *a, const struct new_account *n, struct account *ret,
		      struct error *err)
{
	struct account_change parts = { n->name, n->number, n->time_zone, n->cycle_day,
					n->currency };
	int64_t day = 0;

	*ret = (struct account) {
		.name = "", .number = "", .time_zone = "", .created = admin_now(a)
	};
	if (apply(a, &parts, ret, err) < 0 || set_sid(ret, n->sid, err) < 0 ||
	    (n->created && admin_read_day("created", n->created, &day, err) < 0) ||
	    (n->parent && admin_account_id(a, "parent", n->parent, &ret->parent, err) < 0))
		return -1;
	if (n->created)
		ret->created = day * SEC_PER_DAY;
	return store_account_add(a->st, ret, err) < 0
		       ? -1
		       : admin_audit(a, "account.add", ret->sid, ret->name, err);
}

/* ---- set ---- */

int admin_account_find(const struct admin *a, const char *sid, struct account *ret,
		       struct error *err)
{
	int rc = store_account_by_sid(a->st, sid, a->arena, ret, err);

	return rc < 0    ? -1
	       : rc == 0 ? error_set(err, ERR_NOT_FOUND, "AccountSid", "there is no account %.64s",
				     sid)
			 : 0;
}

/*
 * Checks whether the account or one of its subaccounts has events. 1 yes, 0 no,
 * -1 failed.
 */
static int has_events(const struct admin *a, const struct account *of, struct error *err)
{
	struct event_find q = { .to_us = INT64_MAX, .state = -1, .oldest_first = true };
	struct found_events found;
	struct account *list = NULL;
	int64_t *ids;
	size_t n = 0;

	if (!of->parent && store_accounts(a->st, of->id, a->arena, &list, &n, err) < 0)
		return -1;
	ids = arena_array(a->arena, int64_t, n + 1);
	for (size_t i = 0; i < n; i++)
		ids[i] = list[i].id;
	ids[n] = of->id;
	q.accounts = ids;
	q.n_accounts = n + 1;
	if (store_events_find(a->st, &q, &(struct event_slice) { .limit = 1 }, a->arena, &found,
			      err) < 0)
		return -1;
	return found.n > 0;
}

/*
 * Prices are stored without a currency, so the currency can change only while
 * there are no events.
 */
static int check_currency(const struct admin *a, const struct account *before,
			  const struct account *after, struct error *err)
{
	int rc = strcmp(before->currency, after->currency) == 0 ? 0 : has_events(a, before, err);

	if (rc > 0)
		return error_set(err, ERR_CONFLICT, "currency",
				 "must stay %s: the account%s has events, whose prices are in it",
				 before->currency, before->parent ? "" : " or a subaccount");
	return rc;
}

/* Appends a change such as: name from "A" to "B". */
static const char *add_change(const struct admin *a, const char *text, const char *part,
			      const char *from, const char *to)
{
	if (strcmp(from, to) == 0)
		return text;
	return arena_printf(a->arena, "%s%s%s from \"%s\" to \"%s\"", text, *text ? ", " : "", part,
			    from, to);
}

static const char *day_words(const struct admin *a, int day)
{
	return day ? arena_printf(a->arena, "%d", day) : "";
}

/* Describes the differences in words; returns "" if there are none. */
static const char *list_changes(const struct admin *a, const struct account *before,
				const struct account *after)
{
	const char *text = add_change(a, "", "name", before->name, after->name);

	text = add_change(a, text, "number", before->number, after->number);
	text = add_change(a, text, "time_zone", before->time_zone, after->time_zone);
	text = add_change(a, text, "cycle_day", day_words(a, before->cycle_day),
			  day_words(a, after->cycle_day));
	return add_change(a, text, "currency", before->currency, after->currency);
}

int admin_account_set(const struct admin *a, const char *sid, const struct account_change *c,
		      struct account *ret, struct error *err)
{
	struct account before;
	const char *changes;

	if (admin_account_find(a, sid, &before, err) < 0)
		return -1;
	*ret = before;
	if (apply(a, c, ret, err) < 0 || check_currency(a, &before, ret, err) < 0)
		return -1;
	changes = list_changes(a, &before, ret);
	if (!*changes)
		return 0;
	return store_account_set(a->st, ret, err) < 0
		       ? -1
		       : admin_audit(a, "account.set", before.sid, changes, err);
}

/* ---- suspension ---- */

static const char *instant_words(const struct admin *a, int64_t seconds)
{
	char text[INSTANT_TEXT];

	instant_format(text, seconds * USEC_PER_SEC);
	return arena_str(a->arena, text);
}

static int check_reason(const char *reason, struct error *err)
{
	return reason ? admin_check_text("reason", reason, 0, ACCOUNT_REASON_BYTES, err) : 0;
}

int admin_account_suspend(const struct admin *a, const char *sid, const char *reason,
			  struct account *ret, struct error *err)
{
	if (admin_account_find(a, sid, ret, err) < 0 || check_reason(reason, err) < 0)
		return -1;
	if (ret->suspended)
		return error_set(err, ERR_CONFLICT, "AccountSid",
				 "the account is suspended already, since %s",
				 instant_words(a, ret->suspended));
	ret->suspended = admin_now(a);
	if (store_account_set(a->st, ret, err) < 0)
		return -1;
	return admin_audit(a, "account.suspend", ret->sid, reason ? reason : "", err);
}

static int not_suspended(const struct admin *a, const struct account *account, struct error *err)
{
	int64_t since;

	if (account_load_suspended(a->st, account, &since, err) < 0)
		return -1;
	if (since)
		return error_set(err, ERR_CONFLICT, "AccountSid",
				 "the account is suspended with its main account: reactivate the "
				 "main account");
	return error_set(err, ERR_CONFLICT, "AccountSid", "the account is not suspended");
}

int admin_account_reactivate(const struct admin *a, const char *sid, struct account *ret,
			     struct error *err)
{
	int64_t since;

	if (admin_account_find(a, sid, ret, err) < 0)
		return -1;
	if (!ret->suspended)
		return not_suspended(a, ret, err);
	since = ret->suspended;
	ret->suspended = 0;
	if (store_account_set(a->st, ret, err) < 0)
		return -1;
	return admin_audit(a, "account.reactivate", ret->sid,
			   arena_join(a->arena, "suspended since ", instant_words(a, since), NULL),
			   err);
}
