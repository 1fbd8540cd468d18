#include "api/reports.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "api/access.h"
#include "api/range.h"
#include "base/banned.h"

static const struct account *find_account(const struct account *all, size_t n, const char *sid)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].sid, sid) == 0)
			return &all[i];
	return NULL;
}

/*
 * Is A one of the chosen accounts? ONE chooses a subaccount, or a main account
 * with its subaccounts. ONE NULL: all accounts are chosen.
 */
static bool is_chosen(const struct account *a, const struct account *one, bool below)
{
	if (!one)
		return below || !a->parent;
	return a->id == one->id || (below && a->parent == one->id);
}

/*
 * Keeps the chosen accounts. The main account comes first, because its name is
 * shown for all.
 */
static void keep_chosen(struct report_accounts *ret, const struct account *one, bool below)
{
	struct account first = one ? *one : (struct account) { 0 };
	size_t n = 0;

	for (size_t i = 0; i < ret->n; i++)
		if (is_chosen(&ret->accounts[i], one ? &first : NULL, below))
			ret->accounts[n++] = ret->accounts[i];
	ret->n = n;
}

static size_t count_currency(const struct report_accounts *r, const char *currency)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += strcasecmp(r->accounts[i].currency, currency) == 0;
	return n;
}

/*
 * The currency of most accounts. If several currencies have as many accounts,
 * the currency of the earliest account. The first account usually has this
 * currency.
 */
static const char *usual_currency(const struct report_accounts *r)
{
	const char *usual = "";
	size_t most = 0;

	for (size_t i = 0; i < r->n && most * 2 <= r->n; i++) {
		size_t n = strcmp(usual, r->accounts[i].currency) == 0
				   ? 0
				   : count_currency(r, r->accounts[i].currency);

		if (n > most) {
			most = n;
			usual = r->accounts[i].currency;
		}
	}
	return usual;
}

static const char *capitals(const struct request *rq, const char *currency)
{
	char *text = arena_str(rq->arena, currency);

	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return text;
}

/* Keeps the accounts of one currency, because currencies can't be added up. */
static void keep_currency(const struct request *rq, struct report_accounts *ret)
{
	const char *given = request_arg(rq, "Currency")->text, *other = NULL;
	size_t n = 0;

	ret->currency = given ? given : arena_str(rq->arena, usual_currency(ret));
	for (size_t i = 0; i < ret->n; i++) {
		if (strcasecmp(ret->accounts[i].currency, ret->currency) == 0)
			ret->accounts[n++] = ret->accounts[i];
		else if (!other)
			other = arena_str(rq->arena, ret->accounts[i].currency);
	}
	ret->left_out = other && !given ? arena_join(rq->arena,
						     " Accounts in other currencies are skipped; "
						     "filter by the currency ",
						     capitals(rq, other), " to see theirs.", NULL)
					: "";
	ret->n = n;
	if (n) /* as stored */
		ret->currency = arena_str(rq->arena, ret->accounts[0].currency);
}

static const char *words_of(const struct request *rq, const struct report_accounts *r,
			    const char *name)
{
	if (name)
		return r->n > 1 ? arena_printf(rq->arena, "%s with %zu subaccount%s", name,
					       r->n - 1, r->n == 2 ? "" : "s")
				: name;
	return r->n == 1 ? r->accounts[0].name : arena_printf(rq->arena, "%zu accounts", r->n);
}

int report_accounts(struct request *rq, struct report_accounts *ret, struct error *err)
{
	const char *sid = request_arg(rq, "AccountSid")->text, *name = NULL;
	const struct account *one = NULL;

	*ret = (struct report_accounts) { 0 };
	if (access_accounts(rq, &ret->accounts, &ret->n, err) < 0)
		return -1;
	if (sid) {
		one = find_account(ret->accounts, ret->n, sid);
		if (!one)
			return error_set(err, ERR_PARAM, "AccountSid",
					 "'%.40s' is not an account that you may see", sid);
		name = one->name;
	}
	keep_chosen(ret, one, request_arg(rq, "IncludeSubaccounts")->yes);
	keep_currency(rq, ret);
	ret->words = words_of(rq, ret, name);
	return request_take_calendar(rq, ret->accounts, ret->n, err);
}

/* N * 1000 / D, rounded half away from zero. */
static struct decimal tenths_of_percent(wide n, wide d)
{
	wide scaled = n * 2000 / d;

	return (struct decimal) { .n = (scaled + (scaled < 0 ? -1 : 1)) / 2, .places = 1 };
}

struct decimal report_change(wide now, wide before)
{
	return before ? tenths_of_percent(now - before, before < 0 ? -before : before)
		      : DECIMAL_NULL;
}

struct decimal report_share(wide part, wide whole)
{
	return whole > 0 ? tenths_of_percent(part, whole) : DECIMAL_NULL;
}
