#include "usage/trigger.h"

#include <glib.h>
#include <string.h>
#include "base/civil.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/outbox.h"
#include "store/sums.h"
#include "store/trigger.h"
#include "usage/period.h"
#include "usage/principal.h"
#include "base/banned.h"

/* 10000-01-01 */
#define LAST_SLOT (INT64_C(253402300800) / SLOT_SEC)

const char *const trigger_by_names[] = {
	[AMOUNT_COUNT] = "count", [AMOUNT_USAGE] = "usage", [AMOUNT_PRICE] = "price", NULL
};

const char *const recurrence_names[RECURRENCES + 1] = {
	[RECURRENCE_ALLTIME] = "alltime",
	[RECURRENCE_DAILY] = "daily",
	[RECURRENCE_MONTHLY] = "monthly",
	[RECURRENCE_YEARLY] = "yearly",
};

const char *const notice_state_names[NOTICE_STATES + 1] = {
	[NOTICE_WAITING] = "waiting",
	[NOTICE_DELIVERED] = "delivered",
	[NOTICE_FAILED] = "failed",
	[NOTICE_CANCELLED] = "cancelled",
};

/* What depends on the recurrence. */
static const struct {
	enum period period;
	const char *record; /* the sub-resource of its records */
	int token_chars;    /* how much of the period's first day the token has */
} recurrences[RECURRENCES] = {
	[RECURRENCE_ALLTIME] = { PERIOD_ALL, "", 0 },
	[RECURRENCE_DAILY] = { PERIOD_DAY, "/Today", 10 },
	[RECURRENCE_MONTHLY] = { PERIOD_MONTH, "/ThisMonth", 7 },
	[RECURRENCE_YEARLY] = { PERIOD_YEAR, "", 4 },
};

enum amount trigger_amount(const struct catalogue *c, const struct trigger *t)
{
	size_t i = catalogue_index(c, t->category);

	return i != CATALOGUE_NONE && i == c->totalprice ? AMOUNT_PRICE : t->amount;
}

struct decimal trigger_number(const struct catalogue *c, const struct trigger *t, wide n)
{
	return (struct decimal) { .n = n, .places = amount_infos[trigger_amount(c, t)].places };
}

/* ---- periods ---- */

int64_t trigger_period(enum recurrence r, int64_t day)
{
	if (r == RECURRENCE_ALLTIME)
		return 0;
	return date_to_days(period_first(recurrences[r].period, date_from_days(day)));
}

int64_t trigger_period_now(enum recurrence r, int64_t now_us)
{
	return trigger_period(r, floor_div(now_us, SEC_PER_DAY * USEC_PER_SEC));
}

struct slot_span trigger_span(enum recurrence r, int64_t period)
{
	struct date next;

	if (r == RECURRENCE_ALLTIME)
		return (struct slot_span) { 0, LAST_SLOT };
	next = period_step(recurrences[r].period, date_from_days(period), 1);
	return (struct slot_span) { slot_of_day(period), slot_of_day(date_to_days(next)) };
}

/* ---- values ---- */

struct trigger_sum {
	const struct catalogue *c;
	size_t category;
	enum amount amount;
	const struct trigger_family *family;
	wide sum;
};

static int add_row(void *arg, const struct sums_row *row, struct error *err)
{
	struct trigger_sum *s = arg;
	size_t i = catalogue_index(s->c, row->category);

	(void)err;
	if (s->amount == AMOUNT_PRICE && s->family->unpriced[row->account])
		return 0;
	if (s->category == s->c->totalprice || catalogue_within(s->c, i, s->category))
		s->sum += row->amounts->n[s->amount];
	return 0;
}

/* Sets RET->unpriced of the subaccounts SUBS of ACCOUNT. */
static int compare_currencies(struct store *st, int64_t account, const struct account *subs,
			      struct arena *arena, struct trigger_family *ret, struct error *err)
{
	struct account main;
	int rc = store_account_by_id(st, account, arena, &main, err);

	for (size_t i = 1; i < ret->n && rc > 0; i++)
		ret->unpriced[i] = strcmp(subs[i - 1].currency, main.currency) != 0;
	return rc < 0 ? -1 : 0;
}

int trigger_family_load(struct store *st, int64_t account, struct arena *arena,
			struct trigger_family *ret, struct error *err)
{
	struct account *subs;
	size_t n;

	if (store_accounts(st, account, arena, &subs, &n, err) < 0)
		return -1;
	ret->n = n + 1;
	ret->accounts = arena_array(arena, struct sums_account, ret->n);
	ret->unpriced = arena_array(arena, bool, ret->n);
	ret->accounts[0] = (struct sums_account) { .id = account };
	for (size_t i = 0; i < n; i++)
		ret->accounts[i + 1] = (struct sums_account) { .id = subs[i].id };
	return n ? compare_currencies(st, account, subs, arena, ret, err) : 0;
}

int trigger_load_sum(struct store *st, const struct catalogue *c, const struct trigger *t,
		     int64_t period, wide *ret, struct error *err)
{
	struct trigger_family family;
	struct trigger_sum sum = { c, catalogue_index(c, t->category), trigger_amount(c, t),
				   &family, 0 };
	struct slot_span span = trigger_span(t->recurrence, period);
	struct sums_query q = { .spans = &span, .n_spans = 1 };
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = trigger_family_load(st, t->account, &arena, &family, err);
	if (rc == 0) {
		q.accounts = family.accounts;
		q.n_accounts = family.n;
		rc = store_sums(st, &q, add_row, &sum, err);
	}
	arena_release(&arena);
	*ret = sum.sum;
	return rc;
}

int trigger_current(struct store *st, const struct catalogue *c, const struct trigger *t,
		    int64_t now_us, wide *ret, struct error *err)
{
	int64_t period = trigger_period_now(t->recurrence, now_us);

	*ret = t->value.sum;
	return t->value.period >= period ? 0 : trigger_load_sum(st, c, t, period, ret, err);
}

/* ---- firing ---- */

const char *trigger_record_path(struct arena *arena, const char *account_sid, enum recurrence r,
				const char *category, const char *suffix)
{
	return arena_join(arena, "/2010-04-01/Accounts/", account_sid, "/Usage/Records",
			  recurrences[r].record, suffix, "?Category=", category, NULL);
}

/* Unique for a firing: the trigger and the period (contracts: twilio B.3). */
static const char *token_of(struct arena *arena, const struct trigger *t, const char *account_sid,
			    int64_t period)
{
	char day[DATE_TEXT];

	date_format(day, date_from_days(period));
	return arena_printf(arena, "%s-FIRES-%s-%.*s", account_sid, t->sid,
			    t->recurrence == RECURRENCE_ALLTIME
				    ? (int)strlen(recurrence_names[RECURRENCE_ALLTIME])
				    : recurrences[t->recurrence].token_chars,
			    t->recurrence == RECURRENCE_ALLTIME
				    ? recurrence_names[RECURRENCE_ALLTIME]
				    : day);
}

static const char *number_text(struct arena *arena, struct decimal d)
{
	char text[DECIMAL_TEXT];

	decimal_format(text, d.n, d.places);
	return arena_str(arena, text);
}

/* "A=1&B=2" from pairs of name and value; ends with a NULL name. */
static const char *make_form(struct arena *arena, const char *const *pairs)
{
	const char *form = "";

	for (; pairs[0]; pairs += 2) {
		char *value = g_uri_escape_string(pairs[1], NULL, FALSE);

		form = arena_join(arena, form, *form ? "&" : "", pairs[0], "=", value, NULL);
		g_free(value);
	}
	return form;
}

/* What a notice and an entry of the audit log say of a firing. */
struct firing {
	const struct catalogue *catalogue;
	const struct trigger *t;
	const struct trigger_value *v;
	const struct category *category;
	const char *account_sid, *token;
	const char *threshold, *value; /* as texts */
	int64_t now_us;
};

static _Atomic uint64_t notices;

uint64_t trigger_notices(void)
{
	return notices;
}

static int add_notice(struct store *st, struct arena *arena, const struct firing *f,
		      struct error *err)
{
	const struct trigger *t = f->t;
	char date[MAIL_DATE_TEXT];
	const char *const pairs[] = { "AccountSid",
				      f->account_sid,
				      "UsageTriggerSid",
				      t->sid,
				      "DateFired",
				      date,
				      "Recurring",
				      t->recurrence ? recurrence_names[t->recurrence] : "",
				      "UsageCategory",
				      f->category->name,
				      "TriggerBy",
				      trigger_by_names[t->amount],
				      "TriggerValue",
				      f->threshold,
				      "CurrentValue",
				      f->value,
				      "UsageRecordUri",
				      trigger_record_path(arena, f->account_sid, t->recurrence,
							  f->category->name, ".json"),
				      "IdempotencyToken",
				      f->token,
				      NULL };
	struct notice n = { .account = t->account,
			    .token = f->token,
			    .url = t->url,
			    .method = t->method,
			    .made_us = f->now_us,
			    .next_us = f->now_us };

	mail_date_format(date, floor_div(f->now_us, USEC_PER_SEC));
	n.form = make_form(arena, pairs);
	memcpy(n.trigger, t->sid, SID_TEXT);
	sid_new("WH", n.sid);
	notices++;
	return store_notice_add(st, &n, err);
}

/* Sets the other members of F. */
static int fire(struct store *st, struct firing *f, struct arena *arena, struct error *err)
{
	const struct catalogue *c = f->catalogue;
	const struct trigger *t = f->t;
	struct account account;
	struct audit entry = { .at = floor_div(f->now_us, USEC_PER_SEC),
			       .author = ACTOR_LEDGER,
			       .action = "trigger.fire",
			       .subject = t->sid };
	size_t category = catalogue_index(c, t->category);
	int rc = store_account_by_id(st, t->account, arena, &account, err);

	if (rc <= 0 || category == CATALOGUE_NONE)
		return rc < 0 ? -1
			      : error_set(err, ERR_INTERNAL, NULL,
					  "a trigger's account or category does not exist");
	f->account_sid = account.sid;
	f->category = &c->categories[category];
	f->token = token_of(arena, t, account.sid, f->v->period);
	f->threshold = number_text(arena, trigger_number(c, t, t->threshold));
	f->value = number_text(arena, trigger_number(c, t, f->v->sum));
	rc = add_notice(st, arena, f, err);
	if (rc <= 0)
		return rc;
	entry.detail = arena_join(arena, account.sid, ": ", f->category->name, " by ",
				  trigger_by_names[t->amount], " is ", f->value, ", above ",
				  f->threshold, NULL);
	return store_audit_add(st, &entry, err);
}

int trigger_check(struct store *st, const struct catalogue *c, const struct trigger *t,
		  struct trigger_value *v, int64_t now_us, struct error *err)
{
	struct trigger full;
	struct arena arena;
	int rc;

	if (v->sum <= t->threshold || (v->fired && v->fired_period == v->period))
		return 0;
	v->fired = floor_div(now_us, USEC_PER_SEC);
	v->fired_period = v->period;
	arena_init(&arena);
	rc = store_trigger_by_id(st, t->id, &arena, &full, err);
	if (rc > 0)
		rc = fire(st,
			  &(struct firing) { .catalogue = c, .t = &full, .v = v, .now_us = now_us },
			  &arena, err);
	arena_release(&arena);
	return rc < 0 ? -1 : 0;
}

/* ---- verifying ---- */

/* Calls EACH for each trigger whose value differs from the rollups. */
struct trigger_check_calls {
	int (*each)(void *arg, const struct catalogue *c, const struct trigger *t, wide want,
		    struct error *err);
	void *arg;
};

static int compare_all(struct store *st, const struct trigger_check_calls *calls, size_t *ret_n,
		       struct error *err)
{
	const struct catalogue *c;
	struct trigger *list;
	struct arena arena;
	size_t n = 0;
	wide want;
	int rc;

	*ret_n = 0;
	arena_init(&arena);
	rc = catalogue_load(st, &arena, &c, err) < 0 ||
			     store_triggers(st, 0, &arena, &list, &n, err) < 0
		     ? -1
		     : 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = trigger_load_sum(st, c, &list[i], list[i].value.period, &want, err);
		if (rc < 0 || want == list[i].value.sum)
			continue;
		++*ret_n;
		rc = calls->each(calls->arg, c, &list[i], want, err);
	}
	arena_release(&arena);
	return rc;
}

struct trigger_report {
	trigger_differs *found;
	void *arg;
};

static int report_one(void *arg, const struct catalogue *c, const struct trigger *t, wide want,
		      struct error *err)
{
	const struct trigger_report *r = arg;

	(void)err;
	r->found(r->arg, t, trigger_number(c, t, t->value.sum), trigger_number(c, t, want));
	return 0;
}

int triggers_verify(struct store *st, trigger_differs *found, void *arg, size_t *ret_n,
		    struct error *err)
{
	struct trigger_report r = { found, arg };

	return compare_all(st, &(struct trigger_check_calls) { report_one, &r }, ret_n, err);
}

struct trigger_repair {
	struct store *st;
	int64_t now_us;
};

static int repair_one(void *arg, const struct catalogue *c, const struct trigger *t, wide want,
		      struct error *err)
{
	const struct trigger_repair *r = arg;
	struct trigger_value v = t->value;

	v.sum = want;
	if (v.period >= trigger_period_now(t->recurrence, r->now_us) &&
	    trigger_check(r->st, c, t, &v, r->now_us, err) < 0)
		return -1;
	return store_trigger_value_set(r->st, &v, err);
}

int triggers_repair(struct store *st, int64_t now_us, size_t *ret_n, struct error *err)
{
	struct trigger_repair r = { st, now_us };

	return compare_all(st, &(struct trigger_check_calls) { repair_one, &r }, ret_n, err);
}
