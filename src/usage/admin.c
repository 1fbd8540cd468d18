#include "usage/admin_internal.h"

#include <string.h>

#include "base/civil.h"
#include "base/utf8.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/category.h"
#include "usage/closing.h"
#include "usage/catalogue.h"
#include "base/banned.h"

int64_t admin_now(const struct admin *a)
{
	return floor_div(a->now_us, USEC_PER_SEC);
}

int admin_audit(const struct admin *a, const char *action, const char *subject, const char *detail,
		struct error *err)
{
	struct audit entry = { .at = admin_now(a),
			       .author = a->author,
			       .action = action,
			       .subject = subject,
			       .detail = detail };

	return store_audit_add(a->st, &entry, err);
}

int admin_account_id(const struct admin *a, const char *param, const char *sid, int64_t *ret,
		     struct error *err)
{
	struct account account;
	int rc = store_account_by_sid(a->st, sid, a->arena, &account, err);

	if (rc == 0)
		return error_set(err, ERR_PARAM, param, "there is no account %.64s", sid);
	if (rc > 0)
		*ret = account.id;
	return rc < 0 ? -1 : 0;
}

int admin_check_text(const char *param, const char *text, size_t min, size_t max, struct error *err)
{
	size_t len = strlen(text);

	if (len >= min && len <= max && utf8_plain(text, len))
		return 0;
	if (min)
		return error_set(err, ERR_PARAM, param,
				 "must be %zu to %zu bytes of UTF-8 without control characters",
				 min, max);
	return error_set(err, ERR_PARAM, param,
			 "must be at most %zu bytes of UTF-8 without control characters", max);
}

int admin_read_day(const char *param, const char *text, int64_t *ret, struct error *err)
{
	struct date d;

	if (!date_parse(text, strlen(text), &d))
		return error_set(err, ERR_PARAM, param, "must be a date such as 2026-11-21");
	*ret = date_to_days(d);
	return 0;
}

/* ---- categories ---- */

static int set_parent(const struct admin *a, const char *name, struct category *ret,
		      struct error *err)
{
	const struct catalogue *c;
	size_t i;

	if (catalogue_load(a->st, a->arena, &c, err) < 0)
		return -1;
	i = catalogue_find(c, name, strlen(name));
	if (i == CATALOGUE_NONE)
		return error_set(err, ERR_PARAM, "parent", "there is no category %.64s", name);
	if (i == c->totalprice)
		return error_set(err, ERR_PARAM, "parent", "%s holds every category already",
				 CATEGORY_TOTALPRICE);
	ret->parent = c->categories[i].id;
	return 0;
}

int admin_category_add(const struct admin *a, const struct new_category *n, struct error *err)
{
	struct category c = { .name = n->name,
			      .description = n->description,
			      .count_unit = n->count_unit,
			      .usage_unit = n->usage_unit,
			      .metered = n->metered };

	if (!category_name_valid(c.name, strlen(c.name)))
		return error_set(err, ERR_PARAM, "name",
				 "must be 1 to 64 of a-z, 0-9, - and _, beginning with a letter");
	if (admin_check_text("description", c.description, 0, CATEGORY_DESCRIPTION_BYTES, err) <
		    0 ||
	    admin_check_text("count_unit", c.count_unit, 0, CATEGORY_UNIT_BYTES, err) < 0 ||
	    admin_check_text("usage_unit", c.usage_unit, 0, CATEGORY_UNIT_BYTES, err) < 0 ||
	    (n->parent && set_parent(a, n->parent, &c, err) < 0))
		return -1;
	return store_category_add(a->st, &c, err) < 0
		       ? -1
		       : admin_audit(a, "category.add", c.name, n->parent ? n->parent : "", err);
}

/* ---- closings ---- */

static int find_account(const struct admin *a, const char *sid, struct account *ret,
			struct error *err)
{
	int rc = store_account_by_sid(a->st, sid, a->arena, ret, err);

	return rc == 0  ? error_set(err, ERR_PARAM, "account", "there is no account %.64s", sid)
	       : rc < 0 ? -1
			: 0;
}

/* Closes ACCOUNT and adds an entry to the audit log. */
static int close_account(const struct admin *a, const struct account *account, struct date day,
			 struct error *err)
{
	struct account *subaccounts;
	char text[DATE_TEXT];
	const struct closing_by by = { .author = a->author, .now_us = a->now_us };
	const char *detail;
	size_t n = 0;

	if (closing_close(a->st, account, day, &by, err) < 0 ||
	    (!account->parent &&
	     store_accounts(a->st, account->id, a->arena, &subaccounts, &n, err) < 0))
		return -1;
	date_format(text, day);
	detail = n ? arena_printf(a->arena, "through %s, with %zu subaccount%s", text, n,
				  n == 1 ? "" : "s")
		   : arena_join(a->arena, "through ", text, NULL);
	return admin_audit(a, "closing.close", account->sid, detail, err);
}

int admin_closing_close(const struct admin *a, const char *sid, const char *day, struct error *err)
{
	struct account account;
	int64_t days = 0;

	if (find_account(a, sid, &account, err) < 0 ||
	    admin_read_day("through", day, &days, err) < 0)
		return -1;
	return close_account(a, &account, date_from_days(days), err);
}

int admin_closing_close_all(const struct admin *a, const char *day, size_t *ret_n,
			    struct error *err)
{
	struct account *list;
	int64_t days = 0;
	size_t n;

	*ret_n = 0;
	if (admin_read_day("through", day, &days, err) < 0 ||
	    store_accounts(a->st, 0, a->arena, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int64_t now_us, then_us;

		if (list[i].parent)
			continue;
		if (closing_open_us(a->st, list[i].id, &now_us, err) < 0 ||
		    closing_instant(a->st, &list[i], date_from_days(days), &then_us, err) < 0)
			return -1;
		if (now_us >= then_us)
			continue;
		if (close_account(a, &list[i], date_from_days(days), err) < 0)
			return -1;
		++*ret_n;
	}
	return 0;
}

int admin_closing_reopen(const struct admin *a, const char *sid, const char *day,
			 const char *reason, struct error *err)
{
	const struct closing_by by = { a->author, reason, a->now_us };
	struct account account;
	struct date from;
	int64_t days = 0;

	if (find_account(a, sid, &account, err) < 0 ||
	    (day && admin_read_day("from", day, &days, err) < 0))
		return -1;
	from = date_from_days(days);
	if (closing_reopen(a->st, &account, day ? &from : NULL, &by, err) < 0)
		return -1;
	return admin_audit(a, "closing.reopen", sid,
			   arena_join(a->arena, day ? "from " : "everything", day ? day : "", ": ",
				      reason, NULL),
			   err);
}
