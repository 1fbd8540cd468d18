#include "http/handle.h"

#include <ctype.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/access.h"
#include "api/url.h"
#include "base/log.h"
#include "http/bind.h"
#include "http/cors.h"
#include "http/document.h"
#include "http/negotiate.h"
#include "http/page.h"
#include "http/page_zone.h"
#include "http/route.h"
#include "http/unknown.h"
#include "base/banned.h"

enum {
	SHARE_SECONDS = 2, /* after which a party that has its share may come again */
	/* that a thread keeps of its answer for the next one */
	KEPT_BYTES = 256 << 10,
	/* of a batch's answers, beyond which no further call is made */
	BATCH_BYTES_MAX = 8 << 20,
	RETRY_SECONDS = 60 /* after an answer that took too long */
};

/* One request and its answer. */
struct exchange {
	struct handler *h;
	struct input *in;
	char *const *variables;
	struct request request;
	struct route route;
	struct identity caller;
	int64_t now;              /* seconds */
	bool foreign;             /* it comes from a page of another origin */
	bool asks;                /* for the page that asks before the operation is done */
	struct account *accounts; /* that a page offers, see load_choices */
	size_t n_accounts;
	const bool *categories; /* the same */
	struct payload payload;
	/*
	 * what the operation is asked for: one set, but of a batch several;
	 * NULL: not known yet
	 */
	struct params *calls;
	size_t n_calls;
	struct response response;
	/* its party has as many in work as it may: nothing is answered now */
	bool later;
	struct writer_options options;
	/*
	 * of the thread, when it was first asked whether to go on; 0: it wasn't
	 */
	int64_t cpu_us;
	char id[SID_TEXT];
};

void handler_init(struct handler *h, const struct settings *settings, const unsigned char *secret,
		  const struct op *const *table, struct commit_thread *commits,
		  struct signin *signin, struct template_slot *slot)
{
	*h = (struct handler) { .settings = settings,
				.secret = secret,
				.table = table,
				.commits = commits,
				.signin = signin,
				.slot = slot };
	arena_init(&h->arena);
	arena_init(&h->catalogue_arena);
	auth_init(&h->auth, secret, signin);
	strbuf_init(&h->head, REQUEST_VALUE_MAX);
	strbuf_init(&h->body, RESPONSE_BUFFER_MAX);
}

void handler_release(struct handler *h)
{
	store_close(&h->store);
	templates_unref(&h->templates);
	auth_release(&h->auth);
	arena_release(&h->catalogue_arena);
	arena_release(&h->arena);
	strbuf_release(&h->head);
	strbuf_release(&h->body);
}

/* ---- limits ---- */

static int64_t clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

/* Is the answer still worth its work? For store_limit. */
static int check_work(void *arg, struct error *err)
{
	struct exchange *x = arg;
	int64_t now_us = clock_us(CLOCK_THREAD_CPUTIME_ID),
		most = x->h->settings->max_request_seconds;

	if (x->in->gone && x->in->gone(x->in)) {
		x->response.gone = true;
		return error_set(err, ERR_TIMEOUT, NULL, "the caller has gone");
	}
	if (!x->cpu_us)
		x->cpu_us = now_us;
	if (!most || now_us - x->cpu_us < most * USEC_PER_SEC)
		return 0;
	error_set(err, ERR_BUSY, NULL,
		  "the answer took more than %lld seconds of processor time and was stopped; ask "
		  "for less: a shorter"
		  " range, longer periods or a narrower filter",
		  (long long)most);
	if (err)
		err->retry_after = RETRY_SECONDS;
	return -1;
}

static void limit_work(struct exchange *x)
{
	store_limit(x->h->store, &(struct store_limits) { .work = x->h->settings->max_report_work,
							  .check = check_work,
							  .arg = x });
}

/* ---- the ledger ---- */

static int load_catalogue(struct handler *h, int64_t version, struct error *err)
{
	h->catalogue = NULL;
	arena_reset(&h->catalogue_arena);
	if (catalogue_load(h->store, &h->catalogue_arena, &h->catalogue, err) < 0)
		return -1;
	h->version = version;
	return 0;
}

/*
 * Opens the ledger that is there now; of another one, nothing holds that was
 * read before.
 */
static int open_ledger(struct handler *h, struct error *err)
{
	if (h->store && store_moved(h->store))
		store_close(&h->store);
	if (h->store)
		return 0;
	h->catalogue = NULL;
	auth_at_version(&h->auth, 0);
	return store_open(h->settings->database, 0, h->settings->busy_timeout_ms, &h->store, err);
}

/* Begins the request's one snapshot, and reads anew what has changed. */
static int refresh(struct handler *h, struct error *err)
{
	int64_t version;

	if (open_ledger(h, err) < 0)
		return -1;
	if (store_begin_read(h->store, err) < 0 || store_version(h->store, &version, err) < 0)
		goto fail;
	if ((!h->catalogue || h->version != version) && load_catalogue(h, version, err) < 0)
		goto fail;
	auth_at_version(&h->auth, version);
	return 0;
fail:
	/* perhaps another file is there by the next request */
	if (err->kind != ERR_BUSY)
		store_close(&h->store);
	return -1;
}

/*
 * A ledger that can't be used is our fault, whatever it is that is wrong with
 * it.
 */
static int use_ledger(struct handler *h, struct error *err)
{
	if (refresh(h, err) == 0)
		return 0;
	if (err->kind != ERR_BUSY)
		err->kind = ERR_INTERNAL;
	return -1;
}

/* ---- what is asked ---- */

static void choose_callback(struct exchange *x, const char *callback)
{
	if (callback && x->route.dialect->jsonp && x->response.format == &format_json)
		x->response.callback = callback;
}

/*
 * Another verb for a POST, from whoever can send no other: a header, the
 * query's or a form's field. HEAD isn't: its answer has no body.
 */
static int override_method(struct exchange *x, struct error *err)
{
	static const char name[] = "X-Http-Method-Override";
	struct request *rq = &x->request;
	const char *value = rq->method_override && *rq->method_override
				    ? rq->method_override
				    : params_find(&rq->params, name, true);
	char *verb;

	if (!value && body_is_form_type(rq->content_type) &&
	    rq->content_length <= BODY_STRANGER_MAX) {
		if (payload_read_form(&x->payload, rq, x->in, x->h->settings->max_body_bytes,
				      &x->h->arena, err) < 0)
			return -1;
		value = params_find(&x->payload.form, name, true);
	}
	if (!value)
		return 0;
	verb = arena_str(&x->h->arena, value);
	for (char *p = verb; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	rq->method = request_method(verb) & ~(M_HEAD | M_OPTIONS);
	return 0;
}

/* May the page that asks see the answer? */
static void choose_origin(struct exchange *x)
{
	struct response *r = &x->response;

	if (!x->route.dialect->cors || !x->h->settings->cors_origins[0])
		return;
	r->varies_by_origin = true;
	if (cors_allows(x->h->settings, x->request.origin))
		r->origin = x->request.origin;
	r->preflight = r->origin && x->request.method == M_OPTIONS;
}

/* A person who gets an operation's form, where no operation is, means that. */
static void choose_form(struct exchange *x, struct error *err)
{
	if (!x->route.form || !(x->request.method & M_READ) ||
	    !format_is_page(x->response.format) ||
	    (err->kind != ERR_METHOD && err->kind != ERR_NOT_FOUND))
		return;
	x->route.op = x->route.form;
	x->asks = true;
	error_clear(err);
}

/*
 * Reads the request and finds operation and format. The first failure is the
 * answer, but goes on as far as it can, so that the answer has the right
 * dialect and format.
 */
static int understand(struct exchange *x, char *const *envp, struct error *err)
{
	struct handler *h = x->h;
	struct request *rq = &x->request;
	const char *path;
	struct wish wish;
	bool any_case;

	request_read(rq, envp, h->settings, &h->arena, err);
	path = rq->path_len ? rq->path : rq->raw_path;
	x->route = (struct route) { .dialect = dialect_of_path(path, strlen(path)), .suffix = "" };
	choose_origin(x);
	x->response.head_only = rq->method == M_HEAD;
	if (rq->method == M_POST && x->route.dialect->overrides_method)
		override_method(x, err);
	if (rq->path_len)
		route_find(h->table, rq->method, rq->path, rq->path_marks, rq->path_len, &h->arena,
			   &x->route, err);
	any_case = x->route.dialect->any_case;
	wish = (struct wish) { .suffix = x->route.format,
			       .fixed = x->route.fixed,
			       .format = x->route.batch
						 ? NULL
						 : params_find(&rq->params, "format", any_case),
			       .callback = params_find(&rq->params, "callback", any_case),
			       .debug = params_find(&rq->params, "debug", any_case),
			       .accept = rq->accept,
			       .content_type = rq->content_type,
			       .shape = x->route.op ? x->route.op->returns : NULL };
	x->response.dialect = x->route.dialect;
	negotiate(x->route.dialect, &wish, &x->response.format, err);
	choose_callback(x, wish.callback);
	choose_form(x, err);
	if (x->response.format == x->route.fixed)
		x->response.type = x->route.type;
	return err->kind ? -1 : 0;
}

/* ---- parameters ---- */

/*
 * What is asked for. Where the contract has it so, before credentials are
 * looked at: so strangers' bodies are decoded, but they are short
 * (BODY_STRANGER_MAX), and nothing of the ledger is needed for it.
 */
static int bind(struct exchange *x, struct error *err)
{
	struct arena *arena = &x->h->arena;
	const struct op *op = x->route.op;
	int64_t max = x->h->settings->max_body_bytes;

	if (x->calls)
		return 0;
	if (!x->caller.who && max > BODY_STRANGER_MAX)
		max = BODY_STRANGER_MAX;
	if ((op->takes_body || x->route.batch) &&
	    payload_read_form(&x->payload, &x->request, x->in, max, arena, err) < 0)
		return -1;
	if (op->reads_body && payload_read(&x->payload, &x->request, x->in, max, arena, err) < 0)
		return -1;
	if (bind_call(&x->route, &x->request, &x->payload, arena, &x->calls, &x->n_calls, err) < 0)
		return -1;
	return unknown_check(&x->route, x->calls, x->n_calls, arena, &x->response.ignored, err);
}

/* ---- the answer ---- */

/*
 * PAGE: for people, so with what stands around the data. FAULT: why a form
 * can't be done, or NULL.
 */
static void prepare_options(struct exchange *x, bool page, const struct error *fault)
{
	struct handler *h = x->h;
	struct page_context c = { .settings = h->settings,
				  .table = h->table,
				  .request = &x->request,
				  .route = &x->route,
				  .who = x->caller.who,
				  .session = x->caller.session,
				  .catalogue = x->categories ? h->catalogue : NULL,
				  .categories = x->categories,
				  .accounts = x->accounts,
				  .n_accounts = x->n_accounts,
				  .asks = x->asks,
				  .fault = fault,
				  .arena = &h->arena };

	if (x->n_calls) {
		c.raw = x->calls[0].items;
		c.n_raw = x->calls[0].n;
	}
	x->options = (struct writer_options) { .style = x->route.dialect->style,
					       .money_as_string = h->settings->price_as_string,
					       .base_url = x->request.base_url };
	if (page) {
		x->options.page = page_make(&c);
		if (h->slot)
			template_slot_take(h->slot, &h->templates);
		x->options.templates = h->templates;
	}
}

static void take_cookies(struct response *r, const struct call *call)
{
	const char **cookies = arena_array(call->arena, const char *, CALL_COOKIES);

	if (!call->n_cookies)
		return;
	memcpy(cookies, call->cookies, sizeof(call->cookies));
	r->cookies = cookies;
	r->n_cookies = call->n_cookies;
}

/* What the operation says of its answer beside the document. */
static void take_answer(struct exchange *x, const struct call *call)
{
	struct response *r = &x->response;

	take_cookies(r, call);
	if (call->location)
		response_nothing(r, 303, call->location);
	else if (call->status == 204 && !x->route.batch)
		response_nothing(r, 204, NULL);
	else if (call->status == 204)
		strbuf_add(r->sink.buf, "null");
	else if (call->status)
		r->status = (struct error_status) { .status = call->status };
}

/*
 * A long answer begins to leave while the operation still writes it: what it
 * has said by now goes into the head.
 */
static void take_head(struct response *r, void *arg)
{
	const struct call *call = arg;

	if (call->status)
		r->status = (struct error_status) { .status = call->status };
	take_cookies(r, call);
}

/* Of something done on a page: is it said on another one that it is? */
static bool leads_on(const struct exchange *x)
{
	return !x->asks && x->route.op->form && x->route.op->form->done &&
	       format_is_page(x->response.format);
}

static struct call make_call(struct exchange *x)
{
	struct handler *h = x->h;

	return (struct call) { .op = x->route.op,
			       .method = x->request.method,
			       .who = x->caller.who,
			       .session = x->caller.session,
			       .remote = x->request.remote,
			       .device = auth_device(&x->request, &h->arena),
			       .foreign = x->foreign,
			       .settings = h->settings,
			       .secret = h->secret,
			       .store = h->store,
			       .catalogue = h->catalogue,
			       .arena = &h->arena,
			       .now = x->now,
			       .base_url = x->request.base_url,
			       .suffix = x->route.suffix,
			       .format = x->response.format,
			       .variables = x->variables,
			       .commits = h->commits,
			       .signin = h->signin,
			       .verifier = h->verifier,
			       .batch = x->route.batch,
			       .closed_until = x->route.batch ? NULL : &x->response.closed_until };
}

/* One call of the operation: a whole document, behind what is there. */
static int run_call(struct exchange *x, const struct params *params, struct error *err)
{
	struct handler *h = x->h;
	struct call call = make_call(x);
	struct writer *w;
	int rc;

	if (call.op->reads_body) {
		call.body = x->payload.text;
		call.body_len = x->payload.len;
		call.body_type = x->request.content_type;
	}
	x->response.before_head = take_head;
	x->response.before_head_arg = &call;
	if (format_is_page(x->response.format) && !x->foreign && !x->asks)
		page_zone_keep(&x->request, &call);
	w = writer_new(x->response.format, &x->options, &x->response.sink);
	rc = x->asks ? call_ask(&call, params->items, params->n, w, err)
		     : call_run(&call, params->items, params->n, w, err);
	if (rc == 0 && leads_on(x))
		call.location = page_after(&x->route, &h->arena);
	if (rc == 0 && !call.location && call.status != 204)
		rc = writer_finish(w, err);
	writer_free(&w);
	x->response.before_head = NULL;
	if (rc == 0)
		take_answer(x, &call);
	return rc;
}

/*
 * One call after the other, to the first that fails: its error is the answer,
 * and a header tells how many came before it.
 */
static int run_batch(struct exchange *x, struct error *err)
{
	struct response *r = &x->response;

	r->sink.flush = NULL; /* the header needs to know the end */
	strbuf_addc(r->sink.buf, '[');
	for (r->batch_done = 0; (size_t)r->batch_done < x->n_calls; r->batch_done++) {
		if (r->batch_done)
			strbuf_addc(r->sink.buf, ',');
		if (run_call(x, &x->calls[r->batch_done], err) < 0)
			return -1;
		if (r->sink.buf->len > BATCH_BYTES_MAX)
			return error_set(
				err, ERR_TOO_LARGE, NULL,
				"The answers have more than %d bytes; ask for fewer at once",
				BATCH_BYTES_MAX);
	}
	strbuf_addc(r->sink.buf, ']');
	return 0;
}

/*
 * The accounts and the categories that the page's form offers, if it asks for
 * one.
 */
static int load_choices(struct exchange *x, struct error *err)
{
	const struct call call = { .who = x->caller.who,
				   .store = x->h->store,
				   .catalogue = x->h->catalogue,
				   .arena = &x->h->arena };

	for (const struct param *p = x->route.op->params; p->name; p++) {
		if (p->type == PT_ACCOUNT && x->caller.who && !x->accounts &&
		    access_accounts(&call, &x->accounts, &x->n_accounts, err) < 0)
			return -1;
		if (p->type == PT_CATEGORY && !x->categories &&
		    access_categories(&call, &x->categories, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * Puts what the form has at first beside what the request asks for, which
 * outranks it.
 */
static int fill_form(struct exchange *x, struct error *err)
{
	struct call call = make_call(x);
	struct params *to = &x->calls[0];
	struct raw_param values[PARAMS_MAX];
	size_t n;

	if (call_fill(&call, to->items, to->n, values, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!params_find(to, values[i].name, false) &&
		    params_add(to, values[i].name, strlen(values[i].name), values[i].value,
			       values[i].len, err) < 0)
			return -1;
	return 0;
}

/* Where a page is instead, because of the zone that goes along; or NULL. */
static const char *other_address(const struct exchange *x)
{
	if (!format_is_page(x->response.format) || !(x->request.method & M_READ) || x->asks)
		return NULL;
	return page_zone_address(&x->request, x->route.op, &x->h->arena);
}

static int run_operation(struct exchange *x, struct error *err)
{
	const char *other = other_address(x);

	if (other) {
		response_nothing(&x->response, 302, other);
		return 0;
	}
	if (x->asks && fill_form(x, err) < 0)
		return -1;
	if (format_is_page(x->response.format) && load_choices(x, err) < 0)
		return -1;
	prepare_options(x, format_is_page(x->response.format), NULL);
	if (x->route.dialect->csv_attachment && strcmp(x->response.format->name, "csv") == 0)
		x->response.attachment = x->route.op->id;
	response_begin(&x->response);
	return x->route.batch ? run_batch(x, err) : run_call(x, &x->calls[0], err);
}

static int check_caller(struct exchange *x, struct error *err)
{
	struct handler *h = x->h;
	const struct op *op = x->route.op;

	x->foreign = cors_is_foreign(h->settings, &x->request);
	if (auth_check(&h->auth, h->store, &x->request, x->now, &h->arena, &x->caller, err) < 0 ||
	    access_operation(x->caller.who, op, err) < 0)
		return -1;
	/*
	 * what a browser sends by itself doesn't tell that the user wants this;
	 * and a script hands its answer to the page that it stands on
	 */
	if (x->foreign && x->caller.who && x->caller.ambient &&
	    (op->changes || !(x->request.method & M_READ) || x->response.callback))
		return error_set(err, ERR_FORBIDDEN, NULL,
				 "Forbidden: the request comes from a page of another origin");
	return 0;
}

/* ---- the party's share ---- */

/* Kinds of parties, in the lowest bits of what shares.h knows them by. */
enum { PARTY_FAMILY, PARTY_USER, PARTY_KEY, PARTY_NETWORK, PARTY_KINDS };

static uint64_t party_of(const struct exchange *x)
{
	const struct principal *who = x->caller.who;

	if (!who)
		return signin_network(x->h->signin, x->request.remote) * PARTY_KINDS +
		       PARTY_NETWORK;
	if (who->family)
		return (uint64_t)who->family * PARTY_KINDS + PARTY_FAMILY;
	if (who->user)
		return (uint64_t)who->user * PARTY_KINDS + PARTY_USER;
	return strtoull(arena_strn(&x->h->arena, who->key_sid + 2, 15), NULL, 16) * PARTY_KINDS +
	       PARTY_KEY;
}

/* -1 also without an error: then the request comes again (x->later). */
static int take_share(struct exchange *x, struct error *err)
{
	struct handler *h = x->h;

	if (!h->shares)
		return 0;
	switch (shares_take(h->shares, h->share, party_of(x))) {
	case SHARE_TAKEN:
		return 0;
	case SHARE_LATER:
		x->later = true;
		return -1;
	case SHARE_FULL:
		break;
	}
	err->retry_after = SHARE_SECONDS;
	return error_set(err, ERR_TOO_MANY, NULL,
			 "Too many requests at once: wait for the answers to some of them before "
			 "you send more");
}

/*
 * Credentials come before parameters, except in dialects that promise
 * otherwise; and there, too, before a body that is longer than a stranger's may
 * be.
 */
static int answer(struct exchange *x, struct error *err)
{
	struct handler *h = x->h;

	if (h->refuse)
		return error_set(err, ERR_BUSY, NULL,
				 "too many requests are waiting; try again in a moment");
	if (x->route.dialect->binds_first && x->request.content_length <= BODY_STRANGER_MAX &&
	    bind(x, err) < 0)
		return -1;
	if (use_ledger(h, err) < 0)
		return -1;
	limit_work(x);
	if (check_caller(x, err) < 0 || take_share(x, err) < 0 || bind(x, err) < 0)
		return -1;
	return run_operation(x, err);
}

/*
 * Where no operation is there may be a document about them. It is for
 * everybody; who asks is only looked at for what the page shows around it, so a
 * ledger that can't be read is no reason to refuse.
 */
static int answer_document(struct exchange *x, struct error *err)
{
	struct handler *h = x->h;
	struct document_request rq = { .table = h->table,
				       .settings = h->settings,
				       .format = x->response.format,
				       .page = &x->options,
				       .arena = &h->arena };
	const struct document *d = document_of(&x->request, &rq);
	struct error ignored = { 0 };

	if (!d)
		return -1;
	error_clear(err);
	if ((x->request.authorization || *x->request.cookie) && use_ledger(h, &ignored) == 0)
		auth_check(&h->auth, h->store, &x->request, x->now, &h->arena, &x->caller,
			   &ignored);
	if (take_share(x, err) < 0)
		return -1;
	prepare_options(x, true, NULL);
	return document_answer(d, &x->request, &rq, &x->response, err);
}

/* A person who asks for a page is shown where to sign in. */
static bool wants_login(const struct exchange *x, const struct error *err)
{
	return err->kind == ERR_UNAUTHENTICATED && format_is_page(x->response.format) &&
	       (x->request.method & M_READ) && x->h->settings->login_redirect;
}

static int lead_to_login(struct exchange *x)
{
	const struct request *rq = &x->request;
	struct arena *arena = &x->h->arena;
	const char *page = arena_join(arena, rq->base_url, rq->raw_path, *rq->query ? "?" : "",
				      rq->query, NULL);

	response_nothing(&x->response, 302, login_link(arena, NULL, page));
	return response_end(&x->response);
}

/* Is it up to the person who filled the form in? Then it is shown again. */
static bool can_be_mended(const struct exchange *x, const struct error *err)
{
	return x->route.op && x->route.op->form && !x->asks && x->n_calls &&
	       format_is_page(x->response.format) && !x->response.started &&
	       (err->kind == ERR_PARAM || err->kind == ERR_FORMAT || err->kind == ERR_MISSING ||
		err->kind == ERR_CONFLICT);
}

/*
 * What was filled in, and what is wrong with it. -1: something else is wrong as
 * well.
 */
static int ask_again(struct exchange *x, const struct error *fault)
{
	struct error err = { 0 };
	int rc;

	if (!x->h->store || store_begin_read(x->h->store, &err) < 0)
		return -1;
	x->asks = true;
	prepare_options(x, true, fault);
	response_begin(&x->response);
	rc = run_call(x, &x->calls[0], &err);
	store_end(x->h->store);
	x->response.status = dialect_status(x->route.dialect, fault);
	return rc;
}

static int refuse(struct exchange *x, struct error *err)
{
	if (x->response.gone)
		return -1;
	if (wants_login(x, err))
		return lead_to_login(x);
	if (can_be_mended(x, err) && ask_again(x, err) == 0)
		return response_end(&x->response);
	if (err->kind == ERR_INTERNAL || err->kind == ERR_BUSY)
		log_error("%s %s%s%s", x->id, err->message, *err->detail ? ": " : "", err->detail);
	if (err->kind == ERR_INTERNAL) { /* the words may name files */
		error_clear(err);
		error_set(err, ERR_INTERNAL, NULL,
			  "An internal server error has occurred; the log has it as %s", x->id);
	}
	prepare_options(x, format_is_page(x->response.format), NULL);
	if (x->route.methods && !x->response.allow)
		x->response.allow = route_allow(x->route.methods, &x->h->arena);
	return response_error(&x->response, err, &x->options);
}

static void log_exchange(const struct exchange *x, int64_t us, int rc)
{
	if (x->response.ignored)
		log_info("%s ignored parameters: %s", x->id, x->response.ignored);
	log_info("%s %s %s %s %s %s %d %lld bytes %lld.%03d ms%s", x->id, x->request.remote,
		 x->caller.who ? principal_actor(x->caller.who, &x->h->arena) : "-",
		 x->request.method_name, x->request.raw_path, x->route.op ? x->route.op->id : "-",
		 x->response.status.status, (long long)x->response.body_bytes,
		 (long long)(us / 1000), (int)(us % 1000),
		 rc < 0 ? x->response.gone ? ", the caller was gone" : ", cut off" : "");
}

/* From what was understood, RC, to the last byte. */
static int complete(struct exchange *x, int rc, struct error *err)
{
	if (rc == 0)
		rc = answer(x, err);
	else if (err->kind == ERR_NOT_FOUND)
		rc = answer_document(x, err);
	if (x->h->store)
		store_end(x->h->store); /* the caller may be slow to take the answer */
	if (x->later)
		return HANDLE_LATER;
	return rc < 0 ? refuse(x, err) : response_end(&x->response);
}

/*
 * OPTIONS at a path that exists: what it can be asked for, which takes no
 * credentials. What a browser asks before a page of another origin may send
 * something is answered for every path. False: it is neither.
 */
static bool is_about_options(struct exchange *x, const struct error *err)
{
	struct document_request rq = { .table = x->h->table,
				       .settings = x->h->settings,
				       .format = x->response.format,
				       .page = &x->options,
				       .arena = &x->h->arena };
	unsigned methods = x->route.methods;

	if (x->request.method != M_OPTIONS || !x->request.path_len)
		return false;
	if (x->route.form || (!methods && document_of(&x->request, &rq)))
		methods |= M_READ;
	if (methods && (err->kind == ERR_METHOD || err->kind == ERR_NOT_FOUND ||
			err->kind == ERR_NO_OPERATION))
		x->response.allow = route_allow(methods | M_OPTIONS, &x->h->arena);
	return x->response.allow || x->response.preflight;
}

/*
 * Gives back what a request took beyond KEPT_BYTES, so that a thread holds
 * little while it waits. The allocator keeps freed memory unless it is told;
 * that is worth while after a large answer, at most once a second for all
 * threads.
 */
static void give_back(struct handler *h, int64_t answer_bytes, int64_t now_us)
{
	static _Atomic int64_t trimmed;
	int64_t last = atomic_load(&trimmed);
	bool large = answer_bytes > KEPT_BYTES || h->body.size > KEPT_BYTES;

	arena_reset(&h->arena);
	if (h->body.size > KEPT_BYTES)
		strbuf_release(&h->body);
	if (large && now_us - last > USEC_PER_SEC &&
	    atomic_compare_exchange_strong(&trimmed, &last, now_us))
		malloc_trim(0);
}

int handle(struct handler *h, char *const *envp, struct input *in, struct output *out)
{
	int64_t start = clock_us(CLOCK_MONOTONIC);
	struct exchange x = {
		.h = h, .in = in, .variables = envp, .now = floor_div(clock_now_us(), USEC_PER_SEC)
	};
	struct error err = { 0 };
	int rc;

	arena_reset(&h->arena);
	sid_new("RQ", x.id);
	response_init(&x.response, out, &h->head, &h->body, &h->arena);
	x.response.request_id = x.id;
	rc = understand(&x, envp, &err);
	if (is_about_options(&x, &err))
		rc = response_empty(&x.response, 204);
	else
		rc = complete(&x, rc, &err);
	if (rc == HANDLE_LATER)
		return rc;
	log_exchange(&x, clock_us(CLOCK_MONOTONIC) - start, rc);
	auth_note_use(&h->auth, h->commits, x.now);
	give_back(h, x.response.body_bytes, clock_us(CLOCK_MONOTONIC));
	return rc;
}

/* ---- light requests ---- */

/* The value of VARIABLE ("NAME=value") if that is its name, else NULL. */
static const char *value_of(const char *variable, const char *name)
{
	size_t len = strlen(name);

	return strncmp(variable, name, len) == 0 && variable[len] == '=' ? variable + len + 1
									 : NULL;
}

/* Is URI the path of an operation, perhaps with a suffix and a query? */
static bool is_path(const char *uri, const char *path)
{
	size_t len = strlen(path);

	return strncmp(uri, path, len) == 0 && strchr(".?", uri[len]);
}

static bool is_light(const struct op *const *table, unsigned method, const char *uri)
{
	for (; *table; table++)
		if ((*table)->light && ((*table)->methods & method) && is_path(uri, (*table)->path))
			return true;
	return false;
}

bool handle_is_light(const struct op *const *table, char *const *envp)
{
	const char *uri = "", *method = "", *value;

	for (; *envp; envp++) {
		if ((value = value_of(*envp, "REQUEST_METHOD")))
			method = value;
		else if ((value = value_of(*envp, "REQUEST_URI")))
			uri = value;
		else if (((value = value_of(*envp, "HTTP_AUTHORIZATION")) &&
			  auth_brings_password(value)) ||
			 value_of(*envp, "HTTP_CONTENT_ENCODING") ||
			 value_of(*envp, "HTTP_X_HTTP_METHOD_OVERRIDE"))
			return false;
	}
	return is_light(table, request_method(method), uri);
}
