#include "http/handle.h"

#include <ctype.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/access.h"
#include "api/request_counts.h"
#include "api/url.h"
#include "base/log.h"
#include "format/templates.h"
#include "http/auth.h"
#include "http/bind.h"
#include "http/cors.h"
#include "http/negotiate.h"
#include "http/operate.h"
#include "http/route.h"
#include "http/shares.h"
#include "http/unknown.h"
#include "meta/document.h"
#include "usage/commit_thread.h"
#include "usage/ledger_share.h"
#include "base/banned.h"

enum {
	SHARE_SECONDS = 2, /* Retry-After for a party whose share is used up */
	/*
	 * bytes of the answer's buffer that a thread keeps for the next answer;
	 * a page of 50 records fits
	 */
	KEPT_BYTES = 128 << 10,
	/* Retry-After, if an answer took too long, or an operator must mend the ledger */
	RETRY_SECONDS = 60,
	LOG_LINE_BYTES = 8 << 10 /* more than log_text writes */
};

void worker_init(struct worker *w)
{
	arena_init(&w->arena);
	w->auth = auth_new();
	if (!w->ledger)
		w->ledger = w->own_ledger = ledger_share_new(w->settings->database, 0,
							     w->settings->busy_timeout_ms);
	w->count = w->counts ? request_counts_join(w->counts) : NULL;
	strbuf_init(&w->head, REQUEST_VALUE_MAX);
	strbuf_init(&w->body, REPLY_BUFFER_MAX);
}

void worker_release(struct worker *w)
{
	store_close(&w->store);
	held_catalogue_release(&w->catalogue);
	ledger_share_free(&w->own_ledger);
	templates_unref(&w->templates);
	auth_free(&w->auth);
	arena_release(&w->arena);
	strbuf_release(&w->head);
	strbuf_release(&w->body);
}

void worker_rest(struct worker *w)
{
	held_catalogue_release(&w->catalogue);
	templates_unref(&w->templates);
	auth_at_version(w->auth, 0);
	arena_release(&w->arena);
	strbuf_release(&w->head);
	strbuf_release(&w->body);
}

/* ---- limits ---- */

static int64_t clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

/*
 * The callback of store_limit: ends the work if the caller has gone or the time
 * limit is exceeded. Time of a database server counts as the thread's own.
 */
static int check_work(void *arg, struct error *err)
{
	struct request *rq = arg;
	int64_t now_us = clock_us(CLOCK_THREAD_CPUTIME_ID),
		most = rq->worker->settings->max_request_seconds;

	if (rq->in->gone && rq->in->gone(rq->in)) {
		rq->reply.gone = true;
		return error_set(err, ERR_TIMEOUT, NULL, "the caller has gone");
	}
	if (!rq->cpu_us)
		rq->cpu_us = now_us;
	now_us += store_waited_ms(rq->store) * 1000;
	if (!most || now_us - rq->cpu_us < most * USEC_PER_SEC)
		return 0;
	error_set(err, ERR_BUSY, NULL,
		  "the answer took more than %lld seconds of work and was stopped; ask "
		  "for less: a shorter"
		  " range, longer periods or a narrower filter",
		  (long long)most);
	if (err)
		err->retry_after = RETRY_SECONDS;
	return -1;
}

static void limit_work(struct request *rq)
{
	store_limit(rq->store,
		    &(struct store_limits) { .work = rq->worker->settings->max_report_work,
					     .check = check_work,
					     .arg = rq });
}

/* ---- the ledger ---- */

/* Reloads cached data that has changed; in a read. */
static int reload(struct worker *w, struct error *err)
{
	int64_t ledger = w->catalogue ? w->catalogue->ledger : 0;

	if (ledger_share_catalogue(w->ledger, w->store, &w->catalogue, err) < 0)
		return -1;
	if (w->catalogue->ledger != ledger)
		auth_at_version(w->auth, 0); /* another file has the same versions */
	auth_at_version(w->auth, w->catalogue->version);
	return 0;
}

static int begin_snapshot(struct worker *w, bool long_read, bool guess, struct error *err)
{
	if (w->commits)
		w->opened = commit_thread_opened(w->commits);
	store_give_way(w->store, long_read);
	store_guess(w->store, guess);
	return store_begin_read(w->store, err) < 0 ? -1 : reload(w, err);
}

/* Begins the request's snapshot. LONG_READ: see store_give_way; GUESS: see store_guess. */
static int refresh(struct worker *w, bool long_read, bool guess, struct error *err)
{
	if (!w->store)
		w->store = readers_store(ledger_share_readers(w->ledger));
	if (begin_snapshot(w, long_read, guess, err) == 0)
		return 0;
	if (store_gone(w->store)) { /* the next read opens it again */
		store_end(w->store);
		error_clear(err);
		if (begin_snapshot(w, long_read, guess, err) == 0)
			return 0;
	}
	/* close the connection: the next request may find another file */
	if (err->kind != ERR_BUSY)
		store_close(&w->store);
	return -1;
}

/*
 * Tells the caller of a ledger that can't be used what may be told: the reason may
 * name files, so it is only for the log.
 */
static int fail_unusable(struct error *err)
{
	const struct error reason = *err;

	error_clear(err);
	error_set(err, ERR_BUSY, NULL,
		  "the ledger can't be read: it is missing, damaged, or of another version; the "
		  "server's log says why");
	err->retry_after = RETRY_SECONDS;
	return error_detail(err, "%s%s%s", reason.message, *reason.detail ? ": " : "",
			    reason.detail);
}

/* Opens the ledger for the request. ERR_BUSY: it can't be read. */
static int use_ledger(struct request *rq, struct error *err)
{
	struct worker *w = rq->worker;
	/* a thread for light requests has no shares; events are to be stored soon */
	bool long_read = w->shares && !(rq->op && rq->op->light);
	/* a wrong guess is found before the first bytes are sent: see reply.c */
	bool guess = !rq->exact && (rq->method & M_READ) && !rq->content_length &&
		     !(rq->op && rq->op->changes);

	if (refresh(w, long_read, guess, err) == 0) {
		rq->store = rq->worker->store;
		rq->catalogue = rq->worker->catalogue->catalogue;
		return 0;
	}
	return err->kind == ERR_BUSY ? -1 : fail_unusable(err);
}

/*
 * Finds the caller. The check of a password begins another read, in which the
 * cached data may have changed.
 */
static int identify(struct request *rq, struct error *err)
{
	if (auth_check(rq, err) < 0)
		return -1;
	if (reload(rq->worker, err) < 0) {
		rq->who = NULL;
		rq->store = NULL;
		rq->catalogue = NULL;
		return -1;
	}
	rq->catalogue = rq->worker->catalogue->catalogue;
	return 0;
}

/* ---- parsing ---- */

/*
 * Replaces the method of a POST by the method in a header, a query parameter or
 * a form's field, for clients that can send only POST. Refuses HEAD, whose
 * answer would have no body.
 */
static int override_method(struct request *rq, struct error *err)
{
	static const char name[] = "X-Http-Method-Override";
	const char *value = rq->method_override && *rq->method_override
				    ? rq->method_override
				    : params_find(&rq->params, name, true);
	char *verb;

	if (!value && body_is_form_type(rq->content_type) &&
	    rq->content_length <= BODY_STRANGER_MAX) {
		if (bind_form(rq, rq->worker->settings->max_body_bytes, err) < 0)
			return -1;
		value = params_find(&rq->fields, name, true);
	}
	if (!value)
		return 0;
	verb = arena_str(rq->arena, value);
	for (char *p = verb; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	rq->method = request_method(verb) & ~(M_HEAD | M_OPTIONS);
	return 0;
}

/* Sets the CORS headers if the request's origin is allowed. */
static void choose_origin(struct request *rq)
{
	struct reply *r = &rq->reply;

	if (!rq->dialect->cors || !rq->worker->settings->cors_origins[0])
		return;
	r->varies_by_origin = true;
	if (cors_allows(rq->worker->settings, rq->origin))
		r->origin = rq->origin;
	r->preflight = r->origin && rq->method == M_OPTIONS;
}

/* A GET for an HTML page at a POST-only path shows the operation's form. */
static void choose_form(struct request *rq, struct error *err)
{
	if (!rq->form_op || !(rq->method & M_READ) || !reply_is_page(rq) ||
	    (err->kind != ERR_METHOD && err->kind != ERR_NOT_FOUND))
		return;
	rq->op = rq->form_op;
	rq->asks = true;
	error_clear(err);
}

/*
 * Reads the request, and finds dialect, operation and format. After an error,
 * the rest is still read, so that the error can be written in the right dialect
 * and format. Returns the first error.
 */
static int understand(struct request *rq, struct error *err)
{
	const char *path;

	request_read(rq, err);
	path = rq->path_len ? rq->path : rq->raw_path;
	rq->dialect = dialect_of_path(path, strlen(path));
	rq->suffix = "";
	choose_origin(rq);
	if (rq->method == M_POST && rq->dialect->overrides_method)
		override_method(rq, err);
	if (rq->path_len)
		route_find(rq, err);
	negotiate(rq, err);
	choose_form(rq, err);
	if (rq->reply.format == rq->fixed)
		rq->reply.type = rq->fixed_type;
	return err->kind ? -1 : 0;
}

/* ---- parameters ---- */

/*
 * Reads the arguments. In dialects with binds_first, the arguments are read
 * before the caller is authenticated: bodies are limited to BODY_STRANGER_MAX,
 * and the ledger is not needed.
 */
static int bind(struct request *rq, struct error *err)
{
	int64_t max = rq->worker->settings->max_body_bytes;

	if (rq->calls)
		return 0;
	if (!rq->who && max > BODY_STRANGER_MAX)
		max = BODY_STRANGER_MAX;
	if ((op_takes_body(rq->op) || rq->batch) && bind_form(rq, max, err) < 0)
		return -1;
	if (rq->op->reads_body && request_body(rq, max, err) < 0)
		return -1;
	return bind_args(rq, err) < 0 ? -1 : unknown_check(rq, err);
}

/* ---- the caller ---- */

static int admit_caller(struct request *rq, struct error *err)
{
	rq->foreign = cors_is_foreign(rq);
	if (access_operation(rq, err) < 0)
		return -1;
	/*
	 * credentials that the browser sent automatically don't prove that the
	 * user wants the change, and a script gives the answer to the page that
	 * includes the script
	 */
	if (rq->foreign && rq->who && rq->ambient &&
	    (rq->op->changes || !(rq->method & M_READ) || rq->reply.callback))
		return error_set(err, ERR_FORBIDDEN, NULL,
				 "Forbidden: the request comes from a page of another origin");
	return 0;
}

/* Begins the request's read, and finds its caller in it. */
static int read_caller(struct request *rq, struct error *err)
{
	rq->unread = false;
	rq->store = NULL;
	rq->catalogue = NULL;
	if (use_ledger(rq, err) < 0 || identify(rq, err) < 0 || admit_caller(rq, err) < 0)
		return -1;
	limit_work(rq);
	return 0;
}

/* Takes the caller as of the thread's last read. False: it was not known then. */
static bool keep_caller(struct request *rq)
{
	struct worker *w = rq->worker;
	struct error ignored = { 0 };

	if (rq->op->ledger != LEDGER_KEPT || reply_is_page(rq) || !w->store || !w->catalogue ||
	    !w->commits || !auth_kept(rq) || admit_caller(rq, &ignored) < 0)
		return false;
	rq->unread = true;
	rq->identify = read_caller;
	rq->store = w->store;
	rq->catalogue = w->catalogue->catalogue;
	return true;
}

/* An error is told only to a caller who is still admitted. Returns -1. */
static int check_error(struct request *rq, struct error *err)
{
	struct error own = { 0 };

	if (rq->unread && read_caller(rq, &own) < 0)
		*err = own;
	return -1;
}

/* ---- the party's share ---- */

/* Kinds of parties, in the lowest bits of a party's number. */
enum { PARTY_FAMILY, PARTY_USER, PARTY_KEY, PARTY_NETWORK, PARTY_KINDS };

static uint64_t party_of(const struct request *rq)
{
	const struct principal *who = rq->who;

	if (!who)
		return signin_network(rq->worker->signin, rq->remote) * PARTY_KINDS + PARTY_NETWORK;
	if (who->family)
		return (uint64_t)who->family * PARTY_KINDS + PARTY_FAMILY;
	if (who->user)
		return (uint64_t)who->user * PARTY_KINDS + PARTY_USER;
	return strtoull(arena_strn(rq->arena, who->key_sid + 2, 15), NULL, 16) * PARTY_KINDS +
	       PARTY_KEY;
}

/*
 * Takes a share of the caller's party. -1: failed, or with rq->later and no
 * error: the request must wait.
 */
static int take_share(struct request *rq, struct error *err)
{
	struct worker *w = rq->worker;

	if (!w->shares)
		return 0;
	switch (shares_take(w->shares, w->share, party_of(rq))) {
	case SHARE_TAKEN:
		return 0;
	case SHARE_LATER:
		rq->later = true;
		return -1;
	case SHARE_FULL:
		break;
	}
	err->retry_after = SHARE_SECONDS;
	return error_set(
		err, ERR_TOO_MANY, NULL,
		"Too many requests at once; wait for some of the answers before you send more");
}

/*
 * Answers with an operation that does not need the ledger, without looking at
 * credentials.
 */
static int answer_anyone(struct request *rq, struct error *err)
{
	struct error *fault = arena_alloc(rq->arena, sizeof(*fault));

	*fault = (struct error) { 0 };
	if (rq->op->ledger == LEDGER_OPTIONAL && use_ledger(rq, fault) < 0)
		rq->ledger_fault = fault;
	if (access_operation(rq, err) < 0 || bind(rq, err) < 0)
		return -1;
	return operate(rq, err);
}

/*
 * Authenticates before parsing parameters, except in dialects with binds_first.
 * A long body is always read after authentication.
 */
static int answer(struct request *rq, struct error *err)
{
	if (rq->worker->refuse)
		return error_set(err, ERR_BUSY, NULL,
				 "too many requests are waiting; try again in a moment");
	if (!op_is_for_callers(rq->op))
		return answer_anyone(rq, err);
	if (rq->dialect->binds_first && rq->content_length <= BODY_STRANGER_MAX &&
	    bind(rq, err) < 0)
		return -1;
	if (!keep_caller(rq) && read_caller(rq, err) < 0)
		return -1;
	if (take_share(rq, err) < 0)
		return -1;
	return bind(rq, err) < 0 || operate(rq, err) < 0 ? check_error(rq, err) : 0;
}

/* ---- documents ---- */

static int write_document(struct request *rq, const struct document *d, struct error *err)
{
	struct reply *r = &rq->reply;

	r->callback = NULL;
	if (!(rq->method & M_READ)) {
		r->allow = route_allow(M_READ, rq->arena);
		return error_set(err, ERR_METHOD, NULL, "The method is not allowed here; use %s",
				 r->allow);
	}
	reply_begin(rq);
	if (!r->location && d->write(rq, r->sink.buf, err) < 0)
		return -1;
	if (r->sink.buf->failed)
		return error_set(err, ERR_TOO_LARGE, NULL, "The document is too large");
	if (r->location)
		reply_nothing(rq, 302, r->location);
	return 0;
}

/*
 * May the caller read D? FAILURE: why the caller could not be identified. A
 * document may show the state of the ledger, which is opened if it can be.
 */
static int admit(struct request *rq, const struct document *d, const struct error *failure,
		 struct error *err)
{
	struct error ignored = { 0 };

	if (d->admit(rq, err) < 0) {
		if (failure->kind && err->kind == ERR_UNAUTHENTICATED)
			*err = *failure;
		rq->reply.type = NULL;
		return -1;
	}
	if (!rq->store)
		use_ledger(rq, &ignored);
	return 0;
}

/*
 * Answers with a document, if no operation has the path. Most documents need no
 * credentials: the caller is identified only for the page's frame, so an
 * unusable ledger is no error.
 */
static int answer_document(struct request *rq, struct error *err)
{
	const struct document *d = document_find(rq);
	struct error failure = { 0 };

	if (!d)
		return -1;
	error_clear(err);
	if ((rq->authorization || *rq->cookie) && use_ledger(rq, &failure) == 0)
		identify(rq, &failure);
	if (d->admit && admit(rq, d, &failure, err) < 0)
		return -1;
	operate_options(rq, true);
	if (take_share(rq, err) == 0 && write_document(rq, d, err) == 0)
		return 0;
	rq->reply.type = NULL;
	return -1;
}

/* ---- refusals ---- */

/*
 * Should the answer redirect to the sign-in page? Yes for a page that needs
 * credentials.
 */
static bool wants_login(const struct request *rq, const struct error *err)
{
	return err->kind == ERR_UNAUTHENTICATED && reply_is_page(rq) && (rq->method & M_READ) &&
	       rq->worker->settings->login_redirect;
}

static int lead_to_login(struct request *rq)
{
	const char *page = arena_join(rq->arena, rq->base_url, rq->raw_path, *rq->query ? "?" : "",
				      rq->query, NULL);

	reply_nothing(rq, 302, login_link(rq->arena, NULL, page));
	return reply_end(rq);
}

/* Can the user fix the error in the form? */
static bool is_user_error(const struct request *rq, const struct error *err)
{
	return rq->op && rq->op->form && !rq->asks && rq->n_calls && reply_is_page(rq) &&
	       !rq->reply.started &&
	       (err->kind == ERR_PARAM || err->kind == ERR_FORMAT || err->kind == ERR_MISSING ||
		err->kind == ERR_CONFLICT);
}

/*
 * Shows the form again, with its input and the error. -1: another error
 * occurred.
 */
static int redisplay_form(struct request *rq, const struct error *fault)
{
	struct error_status status = dialect_status(rq->dialect, fault);
	struct error err = { 0 };
	int rc;

	if (!rq->store)
		return -1;
	store_guess(rq->store, false);
	if (store_begin_read(rq->store, &err) < 0)
		return -1;
	rq->asks = true;
	rq->fault = fault;
	rq->reply.n_cookies = 0;
	rq->reply.location = NULL;
	rq->reply.status = 200;
	operate_options(rq, true);
	reply_begin(rq);
	rc = operate_once(rq, &err);
	store_end(rq->store);
	rq->reply.status = status.status;
	rq->reply.reason = status.reason;
	return rc;
}

static int refuse(struct request *rq, struct error *err)
{
	if (rq->reply.gone)
		return -1;
	if (wants_login(rq, err))
		return lead_to_login(rq);
	if (is_user_error(rq, err) && redisplay_form(rq, err) == 0)
		return reply_end(rq);
	if (err->kind == ERR_INTERNAL || err->kind == ERR_BUSY)
		log_error("%s %s%s%s", rq->id, err->message, *err->detail ? ": " : "", err->detail);
	/* keep the message from clients: it may name files */
	if (err->kind == ERR_INTERNAL) {
		error_clear(err);
		error_set(err, ERR_INTERNAL, NULL,
			  "An internal server error has occurred; the log has it as %s", rq->id);
	}
	rq->fault = NULL;
	operate_options(rq, reply_is_page(rq));
	if (rq->methods && !rq->reply.allow)
		rq->reply.allow = route_allow(rq->methods, rq->arena);
	return reply_error(rq, err);
}

/* ---- from the first byte to the last ---- */

/* Each with a space behind it. */
static void add_words(struct strbuf *out, const char *const *words)
{
	for (; *words; words++) {
		strbuf_add(out, *words);
		strbuf_addc(out, ' ');
	}
}

static void log_request(const struct request *rq, int64_t us, int rc)
{
	const struct reply *r = &rq->reply;
	struct strbuf line;

	if (r->ignored)
		log_info("%s ignored parameters: %s", rq->id, r->ignored);
	strbuf_init(&line, LOG_LINE_BYTES);
	add_words(&line, (const char *[]) { rq->id, rq->remote,
					    rq->who ? principal_actor(rq->who, rq->arena) : "-",
					    rq->method_name, rq->raw_path,
					    rq->op ? rq->op->id : "-", NULL });
	strbuf_addi(&line, r->status);
	strbuf_addc(&line, ' ');
	strbuf_addi(&line, r->body_bytes);
	strbuf_add(&line, " bytes ");
	strbuf_addi(&line, us / 1000);
	strbuf_addc(&line, '.');
	for (int64_t rest = us % 1000, digit = 100; digit; rest %= digit, digit /= 10)
		strbuf_addc(&line, (char)('0' + rest / digit));
	strbuf_add(&line, " ms");
	if (rc < 0)
		strbuf_add(&line, r->gone ? ", the caller was gone" : ", cut off");
	log_text(LOG_LEVEL_INFO, line.text);
	strbuf_release(&line);
}

/* A guess was wrong, or may have been, and nothing is sent yet: the request begins again. */
enum { HANDLE_EXACTLY = HANDLE_LATER + 1 };

/*
 * Completes the request up to the last byte of the answer. RC is the result of
 * parsing.
 */
static int complete(struct request *rq, int rc, struct error *err)
{
	if (rc == 0)
		rc = answer(rq, err);
	else if (err->kind == ERR_NOT_FOUND)
		rc = answer_document(rq, err);
	if (rq->worker->store)
		store_end(rq->worker->store); /* the client may be slow to read the answer */
	if (rq->later)
		return HANDLE_LATER;
	if (!rq->exact && rq->worker->store && store_misled(rq->worker->store) &&
	    !rq->reply.started && !rq->reply.gone)
		return HANDLE_EXACTLY;
	return rc < 0 ? refuse(rq, err) : reply_end(rq);
}

/*
 * Answers OPTIONS with the allowed methods at an existing path, and a CORS
 * preflight at any path. Needs no credentials. False: the request is no such
 * OPTIONS.
 */
static bool is_about_options(struct request *rq, const struct error *err)
{
	unsigned methods = rq->methods;

	if (rq->method != M_OPTIONS || !rq->path_len)
		return false;
	if (err->kind == ERR_METHOD || err->kind == ERR_NOT_FOUND ||
	    err->kind == ERR_NO_OPERATION) {
		if (rq->form_op || (!methods && document_find(rq)))
			methods |= M_READ;
		if (methods)
			rq->reply.allow = route_allow(methods | M_OPTIONS, rq->arena);
	}
	return rq->reply.allow || rq->reply.preflight;
}

/*
 * Frees memory beyond KEPT_BYTES, so that an idle thread holds little. After a
 * large answer, also makes the allocator return freed memory to the system; at
 * most once a second for all threads.
 */
static void give_back(struct worker *w, int64_t answer_bytes, int64_t now_us)
{
	static _Atomic int64_t trimmed;
	int64_t last = atomic_load(&trimmed);
	bool large = answer_bytes > KEPT_BYTES || w->body.size > KEPT_BYTES;

	arena_reset(&w->arena);
	if (w->body.size > KEPT_BYTES)
		strbuf_release(&w->body);
	if (large && now_us - last > USEC_PER_SEC &&
	    atomic_compare_exchange_strong(&trimmed, &last, now_us))
		malloc_trim(0);
}

/* Handles the request, of which RQ has what came with it. */
static int process(struct request *rq, struct output *out)
{
	struct error err = { 0 };
	int rc;

	if (rq->worker->store) /* what was guessed for the request before is over */
		store_guess(rq->worker->store, false);
	arena_reset(rq->arena);
	sid_new("RQ", rq->id);
	reply_init(rq, out);
	rc = understand(rq, &err);
	if (is_about_options(rq, &err)) {
		reply_nothing(rq, 204, NULL);
		return reply_end(rq);
	}
	return complete(rq, rc, &err);
}

int handle(struct worker *w, char *const *envp, struct input *in, struct output *out)
{
	int64_t start = clock_us(CLOCK_MONOTONIC);
	struct request blank = { .worker = w,
				 .arena = &w->arena,
				 .now = floor_div(clock_now_us(), USEC_PER_SEC),
				 .variables = envp,
				 .in = in };
	struct request rq = blank;
	int rc = process(&rq, out);

	if (rc == HANDLE_EXACTLY) {
		blank.cpu_us = rq.cpu_us; /* the time limit is one for both */
		blank.exact = true;
		rq = blank;
		rc = process(&rq, out);
	}
	if (rc == HANDLE_LATER)
		return rc;
	log_request(&rq, clock_us(CLOCK_MONOTONIC) - start, rc);
	if (w->count)
		request_count_add(w->count, rq.op, rq.reply.status,
				  clock_us(CLOCK_MONOTONIC) - start);
	auth_note_use(&rq);
	give_back(w, rq.reply.body_bytes, clock_us(CLOCK_MONOTONIC));
	return rc;
}

/* ---- light requests ---- */

/* The value of VARIABLE ("NAME=value") if its name is NAME; else NULL. */
static const char *value_of(const char *variable, const char *name)
{
	while (*name && *variable == *name) {
		variable++;
		name++;
	}
	return !*name && *variable == '=' ? variable + 1 : NULL;
}

/* Does URI have the path PATH, optionally with a suffix and a query? */
static bool is_path(const char *uri, const char *path)
{
	size_t len = strlen(path);

	return strncmp(uri, path, len) == 0 && strchr(".?", uri[len]);
}

static bool is_light(const struct op *const *table, unsigned method, const char *uri)
{
	for (const struct document *d = documents; d->path; d++)
		if (d->light && (method & M_READ) && is_path(uri, d->path))
			return true;
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
