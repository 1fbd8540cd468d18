/*
 * deliveries.c - callbacks of triggers: what was sent, what the receivers
 * answered, and sending again; the secrets that sign them.
 */
#include <string.h>

#include <glib.h>

#include "api/access.h"
#include "api/administer.h"
#include "api/paging.h"
#include "api/url.h"
#include "base/civil.h"
#include "store/account.h"
#include "store/outbox.h"
#include "usage/admin_triggers.h"
#include "usage/signing.h"
#include "base/banned.h"

#define ROLES_CHANGING (ROLE_ADMIN | ROLE_ACCOUNT | ROLE_KEY)
#define ROLES_SECRET   (ROLE_ADMIN | ROLE_ACCOUNT)

/* ---- the records ---- */

struct delivery_record {
	const char *sid, *page, *made, *account_sid, *account;
	const char *trigger, *trigger_page, *trigger_sid, *state;
	int64_t attempts;
	struct decimal last_status;
	const char *last_error, *last_answer, *next, *method, *url, *form, *parameters, *repeat;
};

static const struct field delivery_fields[] = {
	FIELD(struct delivery_record, sid, "SID of the callback"),
	FIELD(struct delivery_record, page, "Page with its attempts",
	      .flags = FIELD_LINK | FIELD_PAGE_ONLY, .format = "uri"),
	FIELD(struct delivery_record, made, "When the trigger fired", .format = "date-time",
	      .label = "Fired"),
	FIELD(struct delivery_record, account_sid, "SID of the trigger's account",
	      .flags = FIELD_MACHINE),
	FIELD(struct delivery_record, account, "The account's name"),
	FIELD(struct delivery_record, trigger, "The trigger's name; null: it was deleted"),
	FIELD(struct delivery_record, trigger_page, "The trigger among all triggers",
	      .flags = FIELD_LINK | FIELD_PAGE_ONLY, .format = "uri"),
	FIELD(struct delivery_record, trigger_sid, "SID of the trigger", .flags = FIELD_LABEL),
	FIELD(struct delivery_record, state,
	      "waiting, delivered, failed (given up) or cancelled (the trigger was deleted)"),
	FIELD(struct delivery_record, repeat, "Page to send it again",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY, .label = "Send again"),
	FIELD(struct delivery_record, attempts, "How often it was sent"),
	FIELD(struct delivery_record, last_answer, "The status of the last answer, or the error",
	      .flags = FIELD_PAGE_ONLY),
	FIELD(struct delivery_record, last_status,
	      "HTTP status of the receiver's last answer; null: there was none",
	      .flags = FIELD_WHOLE | FIELD_MACHINE),
	FIELD(struct delivery_record, last_error, "Why the last attempt had no answer, or null",
	      .flags = FIELD_MACHINE),
	FIELD(struct delivery_record, next, "When it will be sent again; null: it will not",
	      .format = "date-time", .label = "Sent again"),
	FIELD(struct delivery_record, method, "POST or GET", .flags = FIELD_DETAIL),
	FIELD(struct delivery_record, url, "The URL that is called", .flags = FIELD_DETAIL),
	FIELD(struct delivery_record, form, "The parameters, as they are sent",
	      .flags = FIELD_MACHINE),
	FIELD(struct delivery_record, parameters, "The parameters",
	      .flags = FIELD_DETAIL | FIELD_PAGE_ONLY),
	{ 0 }
};

static const struct shape delivery_shape = { .name = "Delivery",
					     .fields = delivery_fields,
					     .doc = "A callback of a trigger that fired",
					     .none = "No callback matches these filters.",
					     .none_yet = "No trigger has fired yet." };

static const struct field deliveries_fields[] = { PAGE_FIELDS,
						  PAGE_PREVIOUS_FIELD,
						  PAGE_NEXT_FIELD,
						  { .name = "deliveries",
						    .type = VT_LIST,
						    .shape = &delivery_shape,
						    .doc = "Newest first",
						    .label = "Callbacks" },
						  { 0 } };

static const struct shape deliveries_shape = { .name = "Deliveries",
					       .flags = SHAPE_PAGE,
					       .fields = deliveries_fields,
					       .doc = "Callbacks of triggers" };

struct attempt_record {
	const char *at;
	int64_t milliseconds;
	struct decimal status;
	const char *error, *answer;
};

static const struct field attempt_fields[] = {
	FIELD(struct attempt_record, at, "When it was sent", .format = "date-time",
	      .label = "Sent"),
	FIELD(struct attempt_record, milliseconds, "How long it took"),
	FIELD(struct attempt_record, status, "HTTP status of the answer; null: no answer",
	      .flags = FIELD_WHOLE),
	FIELD(struct attempt_record, error, "Why there was no answer, or null"),
	FIELD(struct attempt_record, answer, "The beginning of the answer's body, or null"),
	{ 0 }
};

static const struct shape attempt_shape = { .name = "Attempt",
					    .fields = attempt_fields,
					    .doc = "An attempt to deliver a callback",
					    .none = "It was not sent yet." };

enum { ONE_CALLBACK, ONE_ATTEMPTS };

static const struct field one_fields[] = { [ONE_CALLBACK] = { .name = "delivery",
							      .type = VT_OBJECT,
							      .shape = &delivery_shape,
							      .doc = "The callback" },
					   [ONE_ATTEMPTS] = { .name = "attempt_list",
							      .type = VT_LIST,
							      .shape = &attempt_shape,
							      .doc = "In their order",
							      .label = "Attempts" },
					   { 0 } };

static const struct shape one_shape = { .name = "DeliveryAttempts",
					.fields = one_fields,
					.doc = "A callback and the attempts to deliver it" };

/* The page of triggers that finds this one. */
static const char *trigger_page(const struct request *rq, const char *sid)
{
	return url_of(rq->arena,
		      arena_join(rq->arena, "/triggers", request_link_suffix(rq, rq->op->dialect),
				 NULL),
		      { "Search", sid });
}

static struct decimal status_of(const struct notice *n)
{
	if (!n->last_status)
		return DECIMAL_NULL;
	return (struct decimal) { .n = n->last_status };
}

/* Is it not about to be sent anyway? */
static bool can_repeat(const struct request *rq, const struct notice *n)
{
	return n->state != NOTICE_WAITING || n->next_us > rq->now * USEC_PER_SEC;
}

static struct delivery_record make_record(const struct request *rq, const struct account *a,
					  const struct notice *n)
{
	const char *error = n->last_error && *n->last_error ? n->last_error : NULL;
	bool changes = rq->who->role & ROLES_CHANGING;

	return (struct delivery_record) {
		.sid = n->sid,
		.page = arena_join(rq->arena, "/deliveries/", n->sid,
				   request_link_suffix(rq, rq->op->dialect), NULL),
		.made = instant_text(rq, floor_div(n->made_us, USEC_PER_SEC)),
		.account_sid = a->sid,
		.account = a->name,
		.trigger = n->trigger_name          ? n->trigger_name
			   : rq->reply.format->page ? "deleted"
						    : NULL,
		.trigger_page = n->trigger_name ? trigger_page(rq, n->trigger) : NULL,
		.trigger_sid = n->trigger,
		.state = notice_state_names[n->state],
		.attempts = n->attempts,
		.last_status = status_of(n),
		.last_error = error,
		.last_answer = n->last_status
				       ? arena_printf(rq->arena, "%lld", (long long)n->last_status)
				       : error,
		.next = n->state == NOTICE_WAITING
				? instant_text(rq, floor_div(n->next_us, USEC_PER_SEC))
				: NULL,
		.method = n->method,
		.url = n->url,
		.form = n->form,
		.repeat = changes && n->trigger_name && can_repeat(rq, n)
				  ? action_page(rq, "/deliveries", n->sid, "repeat")
				  : NULL,
	};
}

/* ---- the list ---- */

enum { PLACE_BEFORE, CHUNK = 500 };

struct seen_notices {
	const struct request *rq;
	struct account_names names;
	struct notices_query query;
	struct notice *list;
	size_t n, wanted;
};

/* Adds those notices whose account the caller sees. */
static void add_seen(struct seen_notices *s, const struct notices *more)
{
	for (size_t i = 0; i < more->n && s->n < s->wanted; i++) {
		const struct account *a = account_names_find(&s->names, more->list[i].account);

		if (a && principal_sees(s->rq->who, a))
			s->list[s->n++] = more->list[i];
	}
}

static int load_seen(struct seen_notices *s, struct error *err)
{
	struct notices more = { .n = CHUNK };

	if (s->rq->who->role != ROLE_ADMIN)
		s->query.accounts = account_ids_seen(s->rq, &s->names, &s->query.n_accounts);
	s->list = arena_array(s->rq->arena, struct notice, s->wanted);
	s->query.limit = CHUNK;
	while (s->n < s->wanted && more.n == CHUNK) {
		if (store_notices(s->rq->store, &s->query, s->rq->arena, &more, err) < 0)
			return -1;
		add_seen(s, &more);
		if (more.n)
			s->query.before = more.list[more.n - 1].id;
	}
	return 0;
}

static int load_page(struct seen_notices *s, struct record_page *page, struct error *err)
{
	const struct request *rq = s->rq;
	struct page_place place, next = { 0 }, first = { 0 };
	int later = page_begin(rq, page, &place, err);
	size_t size = later < 0 ? 0 : (size_t)page->page_size;

	s->wanted = size + 1;
	s->query.before = later > 0 ? place.number[PLACE_BEFORE] : 0;
	if (later < 0 || load_seen(s, err) < 0)
		return -1;
	page->n = s->n > size ? size : s->n;
	if (s->n > size)
		next.number[PLACE_BEFORE] = s->list[size - 1].id;
	page_links(rq, request_link_path(rq), page, s->n > size ? &next : NULL,
		   later ? &first : NULL);
	return 0;
}

static int list_deliveries(struct request *rq, struct writer *w, struct error *err)
{
	struct seen_notices s = { .rq = rq, .query.trigger = request_arg(rq, "Trigger")->text };
	struct record_page page;
	struct account account;

	if (request_arg(rq, "AccountSid")->text) {
		if (access_asked_account(rq, &account, err) < 0)
			return -1;
		s.query.account = account.id;
	}
	if (account_names_load(rq, &s.names, err) < 0 || load_page(&s, &page, err) < 0)
		return -1;
	writer_about(w, rq->op->title,
		     "When a trigger fires, its URL is called until the receiver answers with a "
		     "status of 2xx, for 24 hours.");
	writer_begin_page(w, &deliveries_shape, &page);
	for (size_t i = 0; i < page.n; i++) {
		struct delivery_record r = make_record(
			rq, account_names_find(&s.names, s.list[i].account), &s.list[i]);

		writer_record(w, NULL, &delivery_shape, &r);
	}
	writer_end_page(w);
	return 0;
}

/* ---- one callback ---- */

static int find_notice(const struct request *rq, struct notice *ret, struct account *ret_account,
		       struct error *err)
{
	const char *sid = request_arg(rq, "Delivery")->text;
	int rc = access_owner(rq, store_notice_owner, sid, ret_account, err);

	if (rc > 0)
		rc = store_notice_find(rq->store, sid, rq->arena, ret, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "Delivery", "there is no callback %.40s", sid);
	return 0;
}

/* "a=1&b=%20" as "a=1 · b= ". */
static const char *parameters_of(const struct request *rq, const char *form)
{
	char **pairs = g_strsplit(form, "&", -1);
	const char *ret = "";

	for (char **p = pairs; *p; p++) {
		char *plain = g_uri_unescape_string(*p, NULL);

		ret = arena_join(rq->arena, ret, *ret ? " \u00b7 " : "", plain ? plain : *p, NULL);
		g_free(plain);
	}
	g_strfreev(pairs);
	return ret;
}

/* A sentence on what became of the callback. */
static const char *outcome(const struct notice *n)
{
	switch (n->state) {
	case NOTICE_DELIVERED:
		return "The receiver has taken it.";
	case NOTICE_FAILED:
		return "It was given up, because the receiver did not take it. It can be sent "
		       "again.";
	case NOTICE_CANCELLED:
		return "It was cancelled, because the trigger was deleted before the receiver took "
		       "it.";
	default:
		return n->attempts ? "The receiver has not taken it yet. The server tries again "
				     "for 24 hours, with growing pauses."
				   : "It is about to be sent.";
	}
}

static int write_one(const struct request *rq, const struct notice *n, const struct account *a,
		     struct writer *w, struct error *err)
{
	struct delivery_record r = make_record(rq, a, n);
	struct delivery *list;
	size_t count;

	if (store_deliveries(rq->store, n->id, rq->arena, &list, &count, err) < 0)
		return -1;
	r.page = NULL;
	if (rq->asks)
		r.repeat = NULL;
	r.parameters = parameters_of(rq, n->form);
	writer_about(w, "Callback", outcome(n));
	writer_begin(w, NULL, &one_shape);
	writer_record(w, &one_fields[ONE_CALLBACK], &delivery_shape, &r);
	writer_begin_list(w, &one_fields[ONE_ATTEMPTS], &attempt_shape);
	for (size_t i = 0; i < count; i++) {
		struct attempt_record rec = {
			.at = instant_text(rq, floor_div(list[i].at_us, USEC_PER_SEC)),
			.milliseconds = list[i].took_us / 1000,
			.status = { .n = list[i].status },
			.error = *list[i].error ? list[i].error : NULL,
			.answer = *list[i].answer ? list[i].answer : NULL,
		};

		if (!list[i].status)
			rec.status = DECIMAL_NULL;
		writer_record(w, NULL, &attempt_shape, &rec);
	}
	writer_end(w);
	writer_end(w);
	return 0;
}

static int get_delivery(struct request *rq, struct writer *w, struct error *err)
{
	struct account account;
	struct notice n;

	return find_notice(rq, &n, &account, err) < 0 ? -1 : write_one(rq, &n, &account, w, err);
}

static int repeat(const struct admin *a, void *arg, struct error *err)
{
	struct notice *n = arg;
	const char *sid = arena_str(a->arena, n->sid);

	return admin_notice_repeat(a, sid, n, err);
}

static int repeat_delivery(struct request *rq, struct writer *w, struct error *err)
{
	struct account account;
	struct notice n;

	if (find_notice(rq, &n, &account, err) < 0 || administer(rq, repeat, &n, err) < 0)
		return -1;
	return write_one(rq, &n, &account, w, err);
}

static int ask_repeat(struct request *rq, struct writer *w, struct error *err)
{
	struct account account;
	struct notice n;

	return find_notice(rq, &n, &account, err) < 0 ? -1 : write_one(rq, &n, &account, w, err);
}

/* ---- signing secrets ---- */

struct signing_record {
	const char *account_sid, *signing_secret, *renew;
};

static const struct field signing_fields[] = {
	FIELD(struct signing_record, account_sid, "SID of the account"),
	FIELD(struct signing_record, signing_secret,
	      "The key of X-Twilio-Signature in callbacks of the account's triggers; null: the "
	      "first trigger makes it"),
	FIELD(struct signing_record, renew, "Page to make a new one",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	{ 0 }
};

static const struct shape signing_shape = { .name = "SigningSecret",
					    .fields = signing_fields,
					    .doc = "The secret that signs an account's callbacks" };

static void write_secret(const struct request *rq, const struct account *a, const char *secret,
			 struct writer *w)
{
	struct signing_record r = { .account_sid = a->sid,
				    .signing_secret = secret,
				    .renew = action_page(rq, "/accounts", a->sid,
							 "signing-secret/renew") };

	writer_about(w, "Signing secret",
		     arena_join(rq->arena, "Callbacks of triggers of ", a->name,
				" are signed with it, in the header X-Twilio-Signature.", NULL));
	writer_record(w, NULL, &signing_shape, &r);
}

static int get_signing_secret(struct request *rq, struct writer *w, struct error *err)
{
	char *secret = arena_alloc(rq->arena, TOKEN_TEXT);
	struct account a;
	int rc;

	if (access_asked_account(rq, &a, err) < 0)
		return -1;
	rc = signing_find(rq->store, rq->worker->secret, a.id, secret, err);
	if (rc < 0)
		return -1;
	write_secret(rq, &a, rc ? secret : NULL, w);
	return 0;
}

struct renewal {
	const char *sid;
	const unsigned char *secret;
	char *token;
};

static int renew(const struct admin *a, void *arg, struct error *err)
{
	struct renewal *r = arg;

	return admin_signing_renew(a, r->sid, r->secret, r->token, err);
}

static int renew_signing_secret(struct request *rq, struct writer *w, struct error *err)
{
	struct renewal r = { .secret = rq->worker->secret,
			     .token = arena_alloc(rq->arena, TOKEN_TEXT) };
	struct account a;

	if (access_asked_account(rq, &a, err) < 0)
		return -1;
	r.sid = a.sid;
	if (administer(rq, renew, &r, err) < 0)
		return -1;
	write_secret(rq, &a, r.token, w);
	return 0;
}

static int ask_renewal(struct request *rq, struct writer *w, struct error *err)
{
	struct account a;

	if (access_asked_account(rq, &a, err) < 0)
		return -1;
	writer_about(w, arena_join(rq->arena, rq->op->title, ": ", a.name, NULL),
		     rq->op->form->consequence);
	writer_begin(w, NULL, &signing_shape);
	writer_end(w);
	return 0;
}

/* ---- the table ---- */

static const struct param list_params[] = {
	{ "AccountSid", PT_ACCOUNT, .max = 64, .label = "Account",
	  .doc = "Only callbacks of this account's triggers" },
	{ "Trigger", PT_TEXT, .max = 64, .doc = "Only callbacks of the trigger with this SID" },
	PAGING_PARAMS,
	{ 0 }
};
static const struct param one_params[] = { { "Delivery", PT_TEXT, .flags = PARAM_PATH, .min = 1,
					     .max = 64, .doc = "The callback's SID" },
					   { 0 } };
static const struct param signing_params[] = { { "AccountSid", PT_TEXT, .flags = PARAM_PATH,
						 .min = 1, .max = 64, .doc = "The account's SID" },
					       { 0 } };

const struct op op_ListDeliveries = {
	OPERATION(ListDeliveries, usaged, M_READ, "/deliveries", ROLES_READING),
	.params = list_params,
	.returns = &deliveries_shape,
	.run = list_deliveries,
	.title = "Callbacks",
	.tab = "Callbacks",
	.doc = "Callbacks of triggers, newest first",
};

const struct op op_GetDelivery = {
	OPERATION(GetDelivery, usaged, M_READ, "/deliveries/{Delivery}", ROLES_READING),
	.params = one_params,
	.returns = &one_shape,
	.run = get_delivery,
	.title = "Callback",
	.list = &op_ListDeliveries,
	.doc = "A callback, the attempts to deliver it, and the receiver's answers",
};

const struct op op_RepeatDelivery = {
	OPERATION(RepeatDelivery, usaged, M_POST, "/deliveries/{Delivery}/repeat", ROLES_CHANGING),
	.params = one_params,
	.returns = &one_shape,
	.run = repeat_delivery,
	.title = "Send the callback again",
	.form = &(const struct op_form) { .path = "/deliveries/{Delivery}/repeat",
					  .button = "Send it again",
					  .list = &op_GetDelivery,
					  .done = "The callback is sent again.",
					  .ask = ask_repeat },
	.doc = "Sends a callback again, or sends one now that waits for a later time",
};

const struct op op_GetSigningSecret = {
	OPERATION(GetSigningSecret, usaged, M_READ, "/accounts/{AccountSid}/signing-secret",
		  ROLES_SECRET),
	.params = signing_params,
	.returns = &signing_shape,
	.run = get_signing_secret,
	.title = "Signing secret",
	.list = &op_GetAccount,
	.doc = "The secret with which an account's callbacks are signed",
};

const struct op op_RenewSigningSecret = {
	OPERATION(RenewSigningSecret, usaged, M_POST, "/accounts/{AccountSid}/signing-secret/renew",
		  ROLES_SECRET),
	.params = signing_params,
	.returns = &signing_shape,
	.run = renew_signing_secret,
	.title = "Make a new signing secret",
	.form = &(const struct op_form) { .path = "/accounts/{AccountSid}/signing-secret/renew",
					  .button = "Make a new secret",
					  .list = &op_GetSigningSecret,
					  .consequence = "Callbacks are signed with the new secret "
							 "at once, and no longer with the old one.",
					  .ask = ask_renewal },
	.doc = "Replaces the secret with which an account's callbacks are signed",
};
