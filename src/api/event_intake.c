#include "api/event_intake.h"

#include <inttypes.h>
#include <string.h>

#include "api/access.h"
#include "base/secret.h"
#include "store/account.h"
#include "usage/account.h"
#include "usage/commit_thread.h"
#include "usage/ledger_share.h"
#include "base/banned.h"

int intake_check_server(const struct request *rq, struct error *err)
{
	return rq->worker->commits
		       ? 0
		       : error_set(err, ERR_BUSY, NULL,
				   "storing events needs a running server; \"usaged import\" "
				   "doesn't");
}

int64_t intake_read_bytes(void *arg, void *buf, size_t size, struct error *err)
{
	struct intake_bytes *m = arg;
	size_t n = m->left < size ? m->left : size;

	(void)err;
	memcpy(buf, m->at, n);
	m->at += n;
	m->left -= n;
	return (int64_t)n;
}

/* ---- the answer ---- */

struct result {
	const char *source, *id, *status, *code, *field, *message;
};

static const struct field result_fields[] = {
	FIELD(struct result, source, "The event's source"),
	FIELD(struct result, id, "The event's id"),
	FIELD(struct result, status,
	      "created, duplicate, conflict, rejected, or (with atomic) aborted: not stored "
	      "because of other events; or unavailable: not stored, send it again later"),
	FIELD(struct result, code,
	      "For a rejected event: invalid, overflow, closed, suspended, too_many or unreadable"),
	FIELD(struct result, field, "The field at fault"),
	FIELD(struct result, message, "The error, and how to fix it"),
	{ 0 }
};

static const struct shape result_shape = { .name = "Result",
					   .fields = result_fields,
					   .doc = "The verdict on one event" };

struct summary {
	int64_t created, duplicate, conflict, rejected;
	struct decimal aborted, unavailable;
};

static const struct field summary_fields[] = {
	FIELD(struct summary, created, "New events that were stored"),
	FIELD(struct summary, duplicate, "Events that were stored before, with equal content"),
	FIELD(struct summary, conflict,
	      "Events whose identity was stored before with other content; not stored"),
	FIELD(struct summary, rejected, "Events with errors; not stored"),
	FIELD(struct summary, aborted,
	      "With atomic: events that were not stored because of other events",
	      .flags = FIELD_WHOLE),
	FIELD(struct summary, unavailable,
	      "If there are any: events that were not stored because the server that keeps their "
	      "account is away; send them again later",
	      .flags = FIELD_WHOLE),
	FIELD_LIST("results", &result_shape, "In the order of the events"),
	{ 0 }
};

const struct shape intake_shape = { .name = "Summary",
				    .flags = SHAPE_PAGE,
				    .fields = summary_fields,
				    .doc = "The verdicts on the events" };

/* ---- records ---- */

static struct event *add_event(struct event_intake *in)
{
	in->events = arena_room(in->rq->arena, in->events, in->n, &in->size, sizeof(*in->events));
	in->events[in->n] = (struct event) { 0 };
	return &in->events[in->n++];
}

/*
 * Adds a record from the reader. FAULT: the reason why the reader rejects the
 * record; or NULL.
 */
static void add_record(struct event_intake *in, const struct raw_event *raw,
		       const struct error *fault)
{
	struct arena *arena = in->rq->arena;
	struct error own = { 0 };
	struct event *ev;
	const char *text;

	ev = add_event(in);
	event_keep_raw(ev, raw, arena);
	if (in->rq->worker->settings->rejected_days) {
		text = reader_text(in->reader, &ev->record_len);
		ev->record = arena_strn(arena, text, ev->record_len);
	}
	if (in->form == READER_DATA &&
	    attributes_read(in->headers, in->n_headers, arena, ev->raw, &own) < 0)
		fault = &own;
	if (fault->kind)
		event_reject(ev, fault, arena);
}

/*
 * Adds a rejected record for the rest of the body, which is unreadable because
 * of FAULT.
 */
static void add_rest(struct event_intake *in, const struct error *fault)
{
	struct error reason = { 0 };

	error_set(&reason, ERR_BODY, NULL, "the body is valid up to here: %s", fault->message);
	event_reject(add_event(in), &reason, in->rq->arena);
}

static int read_all(struct event_intake *in, struct error *err)
{
	const size_t most = in->most ? in->most : SUBMISSION_EVENTS_MAX;
	struct raw_event raw = { 0 };
	struct error fault = { 0 };
	enum read_result rc;
	size_t n = 0;

	while ((rc = reader_next(in->reader, &raw, &fault)) != READ_END && rc != READ_FAILED) {
		if (n++ == most)
			return error_set(err, ERR_TOO_LARGE, NULL,
					 "a request can have at most %zu event%s; send the rest in "
					 "another one",
					 most, most == 1 ? "" : "s");
		if (rc != READ_SKIPPED)
			add_record(in, &raw, &fault);
		error_clear(&fault);
		raw = (struct raw_event) { 0 };
	}
	if (rc == READ_FAILED && (fault.kind != ERR_BODY || in->n == 0))
		return error_set(err, fault.kind == ERR_TOO_LARGE ? ERR_TOO_LARGE : ERR_BODY,
				 fault.param, "%s", fault.message);
	if (rc == READ_FAILED)
		add_rest(in, &fault);
	return in->n || in->form != READER_NDJSON
		       ? 0
		       : error_set(err, ERR_BODY, NULL, "the body has no event");
}

int intake_read(struct event_intake *in, read_bytes source, void *arg, struct error *err)
{
	int rc;

	in->reader = reader_new(in->form, in->mapping,
				(size_t)in->rq->worker->settings->record_bytes, source, arg);
	rc = read_all(in, err);
	reader_free(&in->reader);
	return rc;
}

/*
 * Replaces the name or number of an account, as a mapping gives it, by the
 * account's SID.
 */
static int name_account(const struct request *rq, struct event *ev, struct error *err)
{
	const char *name = ev->raw ? ev->raw->field[EV_SUBJECT].text : NULL;
	struct account a;
	int rc = name ? account_find(rq->store, name, rq->arena, &a, err) : 0;

	if (rc > 0) {
		ev->raw->field[EV_SUBJECT].text = arena_str(rq->arena, a.sid);
		ev->raw->field[EV_SUBJECT].len = strlen(a.sid);
	}
	return rc < 0 ? -1 : 0;
}

/*
 * Sets the account of EV; 0 if the caller may not send events for this account.
 * Most events have the account of the event BEFORE (or NULL).
 */
static int find_account(struct request *rq, struct event *ev, const struct event *before,
			struct error *err)
{
	const char *sid = ev->raw ? ev->raw->field[EV_SUBJECT].text : NULL,
		   *last = before ? before->raw->field[EV_SUBJECT].text : NULL;

	if (!sid || !sid_valid("AC", sid, ev->raw->field[EV_SUBJECT].len))
		return 0;
	if (last && strcmp(sid, last) == 0) {
		ev->account = before->account;
		return 0;
	}
	return access_ingest(rq, sid, &ev->account, err);
}

/*
 * Checks one event. The error is the same for another's account and for a
 * missing account.
 */
static int check_event(const struct request *rq, struct event *ev, int64_t now, struct error *fault)
{
	if (event_check(ev, now, rq->worker->settings->ahead_seconds * USEC_PER_SEC, fault) < 0)
		return -1;
	return ev->account ? 0
			   : error_set(fault, ERR_PARAM, "subject",
				       "'%.40s' is not an account that these credentials may send "
				       "events for",
				       ev->raw->field[EV_SUBJECT].text);
}

static int check_events(const struct event_intake *in, struct error *err)
{
	int64_t now = clock_now_us();

	for (size_t i = 0; i < in->n; i++) {
		struct event *ev = &in->events[i];
		struct error fault = { 0 };

		if (in->mapping && mapping_accounts_by_name(in->mapping) &&
		    name_account(in->rq, ev, err) < 0)
			return -1;
		if (find_account(in->rq, ev, i ? ev - 1 : NULL, err) < 0)
			return -1;
		if (ev->verdict != VERDICT_REJECTED && check_event(in->rq, ev, now, &fault) < 0)
			event_reject(ev, &fault, in->rq->arena);
	}
	return 0;
}

/*
 * The sender's name, by key or user; for a user the same with every way to sign
 * in.
 */
static const char *sender_of(const struct request *rq)
{
	const struct principal *who = rq->who;

	return *who->key_sid ? who->key_sid : arena_printf(rq->arena, "user %" PRId64, who->user);
}

/* As commit_thread_submit. */
static int submit(const struct event_intake *in, struct error *err)
{
	const struct request *rq = in->rq;
	struct submission s = { .events = in->events,
				.n = in->n,
				.atomic = in->atomic,
				.arena = rq->arena,
				.author = in->author ? in->author
						     : principal_actor(rq->who, rq->arena) };

	if (rq->unread) {
		s.version = rq->worker->catalogue->version;
		s.opened = rq->worker->opened;
	}
	/* the commit thread can't reset the WAL during a read */
	store_end(rq->store);
	return commit_thread_submit(rq->worker->commits, &s, sender_of(rq), err);
}

/*
 * If the ledger has changed since the caller was identified, identifies the
 * caller again. The accounts that the caller may send events for stay the same:
 * a key has its role and its account for good, and so has an account its parent.
 */
static int store_events(const struct event_intake *in, struct error *err)
{
	int rc;

	while ((rc = submit(in, err)) > 0)
		if (request_begin_read(in->rq, err) < 0)
			return -1;
	return rc;
}

int intake_store(struct event_intake *in, struct error *err)
{
	return check_events(in, err) < 0 ? -1 : store_events(in, err);
}

/*
 * The HTTP status, which tells the sender whether all events, some or none are
 * stored.
 */
static int status_of(const int64_t counts[VERDICTS_ALL])
{
	int64_t stored = counts[VERDICT_CREATED] + counts[VERDICT_DUPLICATE],
		refused = counts[VERDICT_CONFLICT] + counts[VERDICT_REJECTED];

	if (counts[VERDICT_UNAVAILABLE])
		return stored + refused ? 207 : 503;
	if (refused == 0)
		return 200;
	return stored + counts[VERDICT_ABORTED] == 0 ? 422 : 207;
}

static struct result result_of(const struct event *ev, struct arena *arena)
{
	struct result r = { .source = event_name(ev->raw, EV_SOURCE, arena),
			    .id = event_name(ev->raw, EV_ID, arena),
			    .status = verdict_names[ev->verdict] };

	if (ev->verdict == VERDICT_REJECTED) {
		r.code = event_reject_code(ev->reason);
		r.field = ev->reason->param[0] ? ev->reason->param : NULL;
		r.message = ev->reason->message;
	}
	return r;
}

void intake_answer(struct request *rq, const struct event_intake *in, struct writer *w)
{
	int64_t counts[VERDICTS_ALL] = { 0 };
	struct summary summary;

	for (size_t i = 0; i < in->n; i++)
		counts[in->events[i].verdict]++;
	summary = (struct summary) { counts[VERDICT_CREATED],
				     counts[VERDICT_DUPLICATE],
				     counts[VERDICT_CONFLICT],
				     counts[VERDICT_REJECTED],
				     { counts[VERDICT_ABORTED], in->atomic ? 0 : -1 },
				     { counts[VERDICT_UNAVAILABLE],
				       counts[VERDICT_UNAVAILABLE] ? 0 : -1 } };
	rq->reply.status = status_of(counts);
	writer_begin_page(w, &intake_shape, &summary);
	for (size_t i = 0; i < in->n; i++) {
		struct result result = result_of(&in->events[i], rq->arena);

		writer_record(w, NULL, &result_shape, &result);
	}
	writer_end_page(w);
}
