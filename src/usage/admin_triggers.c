#include "usage/admin_triggers.h"

#include <ctype.h>
#include <glib.h>
#include <string.h>
#include "base/civil.h"
#include "base/name.h"
#include "base/utf8.h"
#include "store/account.h"
#include "store/outbox.h"
#include "store/trigger.h"
#include "usage/admin_internal.h"
#include "usage/signing.h"
#include "base/banned.h"

/* The longest name of a host. */
#define HOST_BYTES 253

/* ---- single values ---- */

/* Finds TEXT in LIST, which ends with NULL; or fails. */
static int find_word(const char *param, const char *text, const char *const *list, int *ret,
		     struct error *err)
{
	const char *all = NULL;
	struct arena arena;

	for (int i = 0; list[i]; i++) {
		if (strcmp(text, list[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	arena_init(&arena);
	for (int i = 0; list[i]; i++)
		all = i ? arena_join(&arena, all, list[i + 1] ? ", " : " or ", list[i], NULL)
			: list[i];
	error_set(err, ERR_PARAM, param, "'%.40s' is not %s", text, all);
	arena_release(&arena);
	return -1;
}

static int check_name(const struct admin *a, const char *name, const char **ret, struct error *err)
{
	size_t len;

	*ret = name_trim(a->arena, name);
	len = strlen(*ret);
	if (!len || !utf8_plain(*ret, len) || g_utf8_strlen(*ret, -1) > TRIGGER_NAME_CHARS)
		return error_set(
			err, ERR_PARAM, "FriendlyName",
			"must have 1 to %d characters of UTF-8, without control characters",
			TRIGGER_NAME_CHARS);
	return 0;
}

static int check_method(const char *text, const char **ret, struct error *err)
{
	static const char *const methods[] = { "POST", "GET", NULL };
	int i;

	if (find_word("CallbackMethod", text, methods, &i, err) < 0)
		return -1;
	*ret = methods[i];
	return 0;
}

/* Is it printable ASCII without the characters that no URL has? */
static bool is_url_text(const char *url)
{
	for (; *url; url++)
		if (*url <= ' ' || *url >= 127 || strchr("\"<>\\^`{|}", *url))
			return false;
	return true;
}

/* Is it a name, or an address of IPv4 or IPv6? */
static bool is_host(const char *host)
{
	const char *p = host;

	if (strchr(host, ':'))
		return host[strspn(host, "0123456789abcdefABCDEF:.")] == '\0';
	while (isalnum((unsigned char)*p) || (*p && strchr("-_.", *p)))
		p++;
	return *host && !*p && p - host <= HOST_BYTES && *host != '.' && !strstr(host, "..");
}

static int check_url(const char *url, struct error *err)
{
	int port = 0;
	char *host = NULL, *user = NULL, *fragment = NULL, *scheme = NULL;
	bool ok = strlen(url) <= TRIGGER_URL_BYTES && is_url_text(url) &&
		  g_uri_split(url, G_URI_FLAGS_NONE, &scheme, &user, &host, &port, NULL, NULL,
			      &fragment, NULL) &&
		  scheme && host && is_host(host) && port && !user && !fragment &&
		  (g_ascii_strcasecmp(scheme, "https") == 0 ||
		   g_ascii_strcasecmp(scheme, "http") == 0);

	g_free(scheme);
	g_free(user);
	g_free(host);
	g_free(fragment);
	return ok ? 0
		  : error_set(err, ERR_PARAM, "CallbackUrl",
			      "must be a URL such as https://example.com/usage, of at most %d "
			      "bytes, without a user name and without \"#\"",
			      TRIGGER_URL_BYTES);
}

/* The URL without its query, which may have a secret of the receiver. */
static const char *shown_url(const struct admin *a, const char *url)
{
	return arena_strn(a->arena, url, strcspn(url, "?"));
}

/* ---- adding ---- */

static int find_category(const struct catalogue *c, const char *name, struct trigger *ret,
			 struct error *err)
{
	size_t i = catalogue_find(c, name, strlen(name));

	if (i == CATALOGUE_NONE)
		return error_set(err, ERR_PARAM, "UsageCategory",
				 "'%.64s' is not a category of this server", name);
	ret->category = c->categories[i].id;
	if (i == c->totalprice && ret->amount == AMOUNT_COUNT)
		return error_set(err, ERR_PARAM, "TriggerBy",
				 CATEGORY_TOTALPRICE " has no count: use price");
	return 0;
}

/* Reads the threshold; *RET_ABOVE: it is to be added to the current value. */
static int read_value(const struct catalogue *c, const char *text, struct trigger *ret,
		      bool *ret_above, struct error *err)
{
	int places = trigger_number(c, ret, 0).places;

	/* a "+" that the sender has not encoded has become a space */
	*ret_above = *text == '+' || *text == ' ';
	text += *ret_above;
	if (!isdigit((unsigned char)*text) && *text != '.')
		places = -1;
	if (places < 0 ||
	    decimal_parse(text, strlen(text), places, INT64_MAX, &ret->threshold) != DECIMAL_OK ||
	    ret->threshold <= 0)
		return error_set(
			err, ERR_PARAM, "TriggerValue",
			"must be a positive number with at most %d decimal places, such as 50; "
			"or +50 for 50 above the current value",
			trigger_number(c, ret, 0).places);
	return 0;
}

static int set_value(const struct admin *a, const struct catalogue *c, bool above,
		     struct trigger *t, struct error *err)
{
	t->value.period = trigger_period_now(t->recurrence, a->now_us);
	if (trigger_load_sum(a->st, c, t, t->value.period, &t->value.sum, err) < 0)
		return -1;
	if (!above)
		return 0;
	if (t->value.sum + t->threshold > INT64_MAX || t->value.sum + t->threshold <= 0)
		return error_set(err, ERR_PARAM, "TriggerValue",
				 "with the current value, it is out of range");
	t->threshold = (int64_t)(t->value.sum + t->threshold);
	return 0;
}

/* "Trigger for sms at usage of 1000" (contracts: twilio B.2). */
static const char *make_name(const struct admin *a, const struct catalogue *c, const char *category,
			     const struct trigger *t)
{
	struct decimal d = trigger_number(c, t, t->threshold);
	char number[DECIMAL_TEXT];

	decimal_format(number, d.n, d.places);
	return arena_join(a->arena, "Trigger for ", category, " at ", trigger_by_names[t->amount],
			  " of ", number, NULL);
}

/* The values that need no look-up. */
static int read_words(const struct admin *a, const struct new_trigger *n, struct trigger *ret,
		      struct error *err)
{
	int by = AMOUNT_USAGE, recurrence = RECURRENCE_ALLTIME;

	if ((n->by && find_word("TriggerBy", n->by, trigger_by_names, &by, err) < 0) ||
	    (n->recurring && *n->recurring &&
	     find_word("Recurring", n->recurring, recurrence_names, &recurrence, err) < 0) ||
	    check_url(n->url, err) < 0 ||
	    check_method(n->method ? n->method : "POST", &ret->method, err) < 0 ||
	    (n->name && check_name(a, n->name, &ret->name, err) < 0))
		return -1;
	ret->amount = (enum amount)by;
	ret->recurrence = (enum recurrence)recurrence;
	ret->url = n->url;
	ret->created = ret->updated = admin_now(a);
	return 0;
}

static int check_room(const struct admin *a, int64_t account, struct error *err)
{
	int64_t n;

	if (store_trigger_count(a->st, account, &n, err) < 0)
		return -1;
	return n < TRIGGERS_MAX ? 0
				: error_set(err, ERR_PARAM, NULL,
					    "the account has %d triggers, the most that an account "
					    "may have: delete one first",
					    TRIGGERS_MAX);
}

static const char *describe(const struct admin *a, const struct catalogue *c,
			    const struct new_trigger *n, const struct trigger *t)
{
	struct decimal d = trigger_number(c, t, t->threshold);
	char number[DECIMAL_TEXT];

	decimal_format(number, d.n, d.places);
	return arena_join(a->arena, n->account, ": ", n->category, " by ",
			  trigger_by_names[t->amount], " above ", number, ", ",
			  recurrence_names[t->recurrence], ", ", t->method, " ",
			  shown_url(a, t->url), NULL);
}

int admin_trigger_add(const struct admin *a, const struct new_trigger *n, struct trigger *ret,
		      struct error *err)
{
	const struct catalogue *c;
	bool above;

	*ret = (struct trigger) { 0 };
	if (read_words(a, n, ret, err) < 0 ||
	    admin_account_id(a, "account", n->account, &ret->account, err) < 0 ||
	    catalogue_load(a->st, a->arena, &c, err) < 0 ||
	    find_category(c, n->category, ret, err) < 0 ||
	    read_value(c, n->value, ret, &above, err) < 0 || check_room(a, ret->account, err) < 0 ||
	    set_value(a, c, above, ret, err) < 0)
		return -1;
	if (!ret->name)
		ret->name = make_name(a, c, n->category, ret);
	sid_new("UT", ret->sid);
	if (signing_ensure(a->st, n->secret, ret->account, err) < 0 ||
	    store_trigger_add(a->st, ret, err) < 0 ||
	    admin_audit(a, "trigger.add", ret->sid, describe(a, c, n, ret), err) < 0 ||
	    trigger_check(a->st, c, ret, &ret->value, a->now_us, err) < 0)
		return -1;
	return ret->value.fired ? store_trigger_value_set(a->st, &ret->value, err) : 0;
}

/* ---- finding, changing, removing ---- */

int admin_trigger_find(const struct admin *a, int64_t account, const char *sid, struct trigger *ret,
		       struct error *err)
{
	int rc = store_trigger_find(a->st, sid, a->arena, ret, err);

	if (rc < 0)
		return -1;
	if (rc == 0 || (account && ret->account != account))
		return error_set(err, ERR_NOT_FOUND, "trigger", "there is no trigger %.64s", sid);
	return 0;
}

int admin_trigger_set(const struct admin *a, int64_t account, const char *sid,
		      const struct trigger_change *c, struct trigger *ret, struct error *err)
{
	struct trigger before, *t = ret;

	if (admin_trigger_find(a, account, sid, &before, err) < 0)
		return -1;
	*t = before;
	if ((c->url && check_url(c->url, err) < 0) ||
	    (c->method && check_method(c->method, &t->method, err) < 0) ||
	    (c->name && check_name(a, c->name, &t->name, err) < 0))
		return -1;
	if (c->url)
		t->url = c->url;
	if (strcmp(before.url, t->url) == 0 && strcmp(before.method, t->method) == 0 &&
	    strcmp(before.name, t->name) == 0)
		return 0;
	t->updated = admin_now(a);
	if (store_trigger_set(a->st, t, err) < 0 ||
	    store_notices_redirect(a->st, t->sid, t->url, t->method, err) < 0)
		return -1;
	return admin_audit(a, "trigger.set", t->sid,
			   arena_join(a->arena, "\"", before.name, "\" ", before.method, " ",
				      shown_url(a, before.url), ", now \"", t->name, "\" ",
				      t->method, " ", shown_url(a, t->url), NULL),
			   err);
}

int admin_trigger_remove(const struct admin *a, int64_t account, const char *sid, struct error *err)
{
	struct trigger t;

	if (admin_trigger_find(a, account, sid, &t, err) < 0 ||
	    store_notices_cancel(a->st, t.sid, err) < 0 ||
	    store_trigger_remove(a->st, t.id, err) < 0)
		return -1;
	return admin_audit(a, "trigger.remove", t.sid, t.name, err);
}

int admin_notice_repeat(const struct admin *a, const char *sid, struct notice *ret,
			struct error *err)
{
	struct notice *n = ret;
	struct trigger t;
	int rc = store_notice_find(a->st, sid, a->arena, n, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "Delivery", "there is no callback %.40s", sid);
	if (n->state == NOTICE_WAITING && n->next_us <= a->now_us)
		return error_set(err, ERR_CONFLICT, NULL, "the callback is about to be sent");
	rc = store_trigger_find(a->st, n->trigger, a->arena, &t, err);
	if (rc == 0)
		return error_set(err, ERR_CONFLICT, NULL,
				 "the callback's trigger was deleted, so it is not sent again");
	n->state = NOTICE_WAITING;
	n->next_us = a->now_us;
	/* the trigger's URL may have changed since */
	n->url = t.url;
	n->method = t.method;
	if (rc < 0 || store_notice_set(a->st, n, err) < 0 ||
	    store_notices_redirect(a->st, t.sid, t.url, t.method, err) < 0)
		return -1;
	return admin_audit(a, "delivery.repeat", n->sid, n->trigger, err);
}

int admin_signing_renew(const struct admin *a, const char *sid,
			const unsigned char secret[SECRET_BYTES], char ret[TOKEN_TEXT],
			struct error *err)
{
	int64_t account;

	if (admin_account_id(a, "account", sid, &account, err) < 0 ||
	    signing_renew(a->st, secret, account, ret, err) < 0)
		return -1;
	return admin_audit(a, "signing.renew", sid, "", err);
}
