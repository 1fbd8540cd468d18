/* event_post.c - stores usage events: POST /events. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "api/access.h"
#include "api/feeds.h"
#include "api/request.h"
#include "base/secret.h"
#include "ingest/attributes.h"
#include "ingest/reader.h"
#include "store/account.h"
#include "usage/account.h"
#include "base/decompress.h"
#include "usage/commit_thread.h"
#include "base/banned.h"

/* ---- the body ---- */

static const struct {
	const char *type;
	enum reader_form form;
} body_types[] = { { "application/cloudevents+json", READER_JSON },
		   { "application/cloudevents-batch+json", READER_JSON },
		   { "application/json", READER_JSON },
		   { "application/x-ndjson", READER_NDJSON },
		   { "application/ndjson", READER_NDJSON },
		   { "application/jsonl", READER_NDJSON },
		   { "text/csv", READER_CSV },
		   { "text/tab-separated-values", READER_TSV },
		   { NULL, 0 } };

static int find_form(const char *content_type, enum reader_form *ret, struct error *err)
{
	size_t len = strcspn(content_type, "; \t");

	for (int i = 0; body_types[i].type; i++) {
		if (strlen(body_types[i].type) == len &&
		    strncasecmp(body_types[i].type, content_type, len) == 0) {
			*ret = body_types[i].form;
			return 0;
		}
	}
	return error_set(err, ERR_MEDIA_TYPE, "Content-Type",
			 "must be application/cloudevents+json, "
			 "application/cloudevents-batch+json, application/json, "
			 "application/x-ndjson, text/csv or text/tab-separated-values");
}

#define EVENT_HEADERS "HTTP_CE_"

static bool is_event_header(const char *variable)
{
	return strncmp(variable, EVENT_HEADERS, sizeof(EVENT_HEADERS) - 1) == 0;
}

/* The event header in VARIABLE, "HTTP_CE_NAME=value". */
static struct event_header event_header(const struct request *rq, const char *variable)
{
	char *name = arena_str(rq->arena, variable + sizeof(EVENT_HEADERS) - 1), *c;

	for (c = name; *c && *c != '='; c++)
		*c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
	if (!*c)
		return (struct event_header) { name, c };
	*c = '\0';
	return (struct event_header) { name, c + 1 };
}

/* Lists the headers ce-...; returns their number. */
static size_t list_headers(const struct request *rq, const struct event_header **ret)
{
	struct event_header *list;
	size_t n = 0;

	for (char *const *v = rq->variables; v && *v; v++)
		n += is_event_header(*v);
	list = arena_array(rq->arena, struct event_header, n + 1);
	n = 0;
	for (char *const *v = rq->variables; v && *v; v++)
		if (is_event_header(*v))
			list[n++] = event_header(rq, *v);
	*ret = list;
	return n;
}

/*
 * Chooses how to read the body. In binary mode the request is one event: its
 * attributes are headers, and Content-Type is the type of its data.
 */
static int choose_form(const struct request *rq, const struct event_header *headers, size_t n,
		       enum reader_form *ret, struct error *err)
{
	if (strncasecmp(rq->content_type, "application/cloudevents", 23) == 0 ||
	    !attributes_present(headers, n))
		return find_form(rq->content_type, ret, err);
	*ret = READER_DATA;
	if (!*rq->content_type || type_is_json(rq->content_type, strlen(rq->content_type)))
		return 0;
	return error_set(err, ERR_MEDIA_TYPE, "Content-Type",
			 "must be application/json if ce- headers have the event's attributes: the "
			 "body is its data");
}

static const struct {
	const char *name;
	enum encoding encoding;
} encodings[] = { { "", ENCODING_NONE },     { "identity", ENCODING_NONE },
		  { "gzip", ENCODING_GZIP }, { "x-gzip", ENCODING_GZIP },
		  { "zstd", ENCODING_ZSTD }, { NULL, 0 } };

static int find_encoding(const struct request *rq, enum encoding *ret, struct error *err)
{
	const char *name = request_header(rq, "Content-Encoding");

	for (int i = 0; encodings[i].name; i++) {
		if (strcasecmp(encodings[i].name, name ? name : "") == 0) {
			*ret = encodings[i].encoding;
			return 0;
		}
	}
	return error_set(err, ERR_MEDIA_TYPE, "Content-Encoding",
			 "must be gzip or zstd, or omitted");
}

struct memory {
	const char *at;
	size_t left;
};

static int64_t read_memory(void *arg, void *buf, size_t size, struct error *err)
{
	struct memory *m = arg;
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
	      "because of other events"),
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
	struct decimal aborted;
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
	FIELD_LIST("results", &result_shape, "In the order of the events"),
	{ 0 }
};

static const struct shape summary_shape = { .name = "Summary",
					    .flags = SHAPE_PAGE,
					    .fields = summary_fields,
					    .doc = "The verdicts on the events" };

/* ---- one request ---- */

struct post_intake {
	const struct request *rq;
	enum reader_form form;
	struct mapping *mapping; /* of another program's records; or NULL */
	bool atomic;
	const char *author;                 /* NULL: the caller */
	const struct event_header *headers; /* ce-... */
	size_t n_headers;
	struct reader *reader;
	struct event *events; /* one for each record of the body */
	size_t n, size;
};

static struct event *add_event(struct post_intake *in)
{
	in->events = arena_room(in->rq->arena, in->events, in->n, &in->size, sizeof(*in->events));
	in->events[in->n] = (struct event) { 0 };
	return &in->events[in->n++];
}

/*
 * Adds a record from the reader. FAULT: the reason why the reader rejects the
 * record; or NULL.
 */
static int add_record(struct post_intake *in, const struct raw_event *raw,
		      const struct error *fault, struct error *err)
{
	struct arena *arena = in->rq->arena;
	struct error own = { 0 };
	struct event *ev;
	const char *text;

	if (in->n == SUBMISSION_EVENTS_MAX)
		return error_set(
			err, ERR_TOO_LARGE, NULL,
			"a request can have at most %d events; send the rest in another one",
			SUBMISSION_EVENTS_MAX);
	ev = add_event(in);
	ev->raw = *raw;
	event_keep_texts(&ev->raw, arena);
	if (in->rq->worker->settings->rejected_days) {
		text = reader_text(in->reader, &ev->record_len);
		ev->record = arena_strn(arena, text, ev->record_len);
	}
	if (in->form == READER_DATA &&
	    attributes_read(in->headers, in->n_headers, arena, &ev->raw, &own) < 0)
		fault = &own;
	if (fault->kind)
		event_reject(ev, fault, arena);
	return 0;
}

/*
 * Adds a rejected record for the rest of the body, which is unreadable because
 * of FAULT.
 */
static void add_rest(struct post_intake *in, const struct error *fault)
{
	struct error reason = { 0 };

	error_set(&reason, ERR_BODY, NULL, "the body is valid up to here: %s", fault->message);
	event_reject(add_event(in), &reason, in->rq->arena);
}

/* An empty list is valid, an empty body is an error. */
static int read_all(struct post_intake *in, struct error *err)
{
	struct raw_event raw = { 0 };
	struct error fault = { 0 };
	enum read_result rc;

	while ((rc = reader_next(in->reader, &raw, &fault)) != READ_END && rc != READ_FAILED) {
		if (rc != READ_SKIPPED && add_record(in, &raw, &fault, err) < 0)
			return -1;
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

static int read_records(struct post_intake *in, struct error *err)
{
	const struct request *rq = in->rq;
	struct memory memory = { rq->body, rq->body_len };
	enum encoding encoding = ENCODING_NONE;
	struct decompressor *decompressor;
	int rc;

	in->n_headers = list_headers(rq, &in->headers);
	if (choose_form(rq, in->headers, in->n_headers, &in->form, err) < 0 ||
	    find_encoding(rq, &encoding, err) < 0)
		return -1;
	decompressor = decompressor_new(encoding, read_memory, &memory,
					rq->worker->settings->max_unpacked_bytes);
	in->reader = reader_new(in->form, in->mapping, (size_t)rq->worker->settings->record_bytes,
				decompressor_read, decompressor);
	rc = read_all(in, err);
	reader_free(&in->reader);
	decompressor_free(&decompressor);
	return rc;
}

/*
 * Replaces the name or number of an account, as a mapping gives it, by the
 * account's SID.
 */
static int name_account(const struct request *rq, struct event *ev, struct error *err)
{
	const char *name = ev->raw.field[EV_SUBJECT].text;
	struct account a;
	int rc = name ? account_find(rq->store, name, rq->arena, &a, err) : 0;

	if (rc > 0) {
		ev->raw.field[EV_SUBJECT].text = arena_str(rq->arena, a.sid);
		ev->raw.field[EV_SUBJECT].len = strlen(a.sid);
	}
	return rc < 0 ? -1 : 0;
}

/*
 * Sets the account of EV; 0 if the caller may not send events for this account.
 * Most events have the account of the event BEFORE (or NULL).
 */
static int find_account(const struct request *rq, struct event *ev, const struct event *before,
			struct error *err)
{
	const char *sid = ev->raw.field[EV_SUBJECT].text,
		   *last = before ? before->raw.field[EV_SUBJECT].text : NULL;

	if (!sid || !sid_valid("AC", sid, ev->raw.field[EV_SUBJECT].len))
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
				       ev->raw.field[EV_SUBJECT].text);
}

static int check_events(const struct post_intake *in, struct error *err)
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

static int store_events(const struct post_intake *in, struct error *err)
{
	const struct request *rq = in->rq;
	struct submission s = { .events = in->events,
				.n = in->n,
				.atomic = in->atomic,
				.arena = rq->arena,
				.author = in->author ? in->author
						     : principal_actor(rq->who, rq->arena) };

	/* the commit thread can't reset the WAL during a read */
	store_end(rq->store);
	return commit_thread_submit(rq->worker->commits, &s, sender_of(rq), err);
}

/*
 * The HTTP status, which tells the sender whether all events, some or none are
 * stored.
 */
static int status_of(const int64_t counts[VERDICTS + 1])
{
	int64_t stored = counts[VERDICT_CREATED] + counts[VERDICT_DUPLICATE],
		refused = counts[VERDICT_CONFLICT] + counts[VERDICT_REJECTED];

	if (refused == 0)
		return 200;
	return stored + counts[VERDICT_ABORTED] == 0 ? 422 : 207;
}

static struct result result_of(const struct event *ev, struct arena *arena)
{
	struct result r = { .source = event_name(&ev->raw, EV_SOURCE, arena),
			    .id = event_name(&ev->raw, EV_ID, arena),
			    .status = verdict_names[ev->verdict] };

	if (ev->verdict == VERDICT_REJECTED) {
		r.code = event_reject_code(ev->reason);
		r.field = ev->reason->param[0] ? ev->reason->param : NULL;
		r.message = ev->reason->message;
	}
	return r;
}

static void write_results(struct request *rq, const struct post_intake *in, struct writer *w)
{
	int64_t counts[VERDICTS + 1] = { 0 };
	struct summary summary;

	for (size_t i = 0; i < in->n; i++)
		counts[in->events[i].verdict]++;
	summary = (struct summary) { counts[VERDICT_CREATED],
				     counts[VERDICT_DUPLICATE],
				     counts[VERDICT_CONFLICT],
				     counts[VERDICT_REJECTED],
				     { counts[VERDICT_ABORTED], in->atomic ? 0 : -1 } };
	rq->reply.status = status_of(counts);
	writer_begin_page(w, &summary_shape, &summary);
	for (size_t i = 0; i < in->n; i++) {
		struct result result = result_of(&in->events[i], rq->arena);

		writer_record(w, NULL, &result_shape, &result);
	}
	writer_end_page(w);
}

static int check_server(const struct request *rq, struct error *err)
{
	return rq->worker->commits
		       ? 0
		       : error_set(err, ERR_BUSY, NULL,
				   "storing events needs a running server; \"usaged import\" "
				   "doesn't");
}

static int post_events(struct request *rq, struct writer *w, struct error *err)
{
	struct post_intake in = { .rq = rq,
				  .form = READER_JSON,
				  .atomic = request_arg(rq, "atomic")->yes };

	if (check_server(rq, err) < 0)
		return -1;
	if (read_records(&in, err) < 0 || check_events(&in, err) < 0 || store_events(&in, err) < 0)
		return -1;
	writer_about(w, rq->op->title, "The verdict on each event.");
	write_results(rq, &in, w);
	return 0;
}

static const struct param post_params[] = {
	{ "atomic", PT_BOOL, .def = "false",
	  .doc = "Store all events or none: if one is rejected or a conflict, none is stored" },
	{ 0 }
};

#define SAMPLE_EVENT                                                                              \
	"{\"specversion\":\"1.0\",\"type\":\"usage\",\"source\":\"/pbx/1\",\"id\":\"call-0001\"," \
	"\"subject\":\"AC0123456789abcdef0123456789abcdef\",\"time\":\"2026-11-21T10:00:00Z\","   \
	"\"data\":{\"category\":\"calls-inbound\",\"count\":1,\"usage\":\"2.5\",\"price\":\"0."   \
	"017\",\"customer\":\"cus1\"}}"

static const struct body_kind bodies[] = {
	{ "application/cloudevents+json", BODY_EVENT, SAMPLE_EVENT },
	{ "application/cloudevents-batch+json", BODY_EVENTS, "[" SAMPLE_EVENT "]" },
	{ "application/json", BODY_EVENTS, "[" SAMPLE_EVENT "]" },
	{ "application/x-ndjson", BODY_TEXT, SAMPLE_EVENT "\n" },
	{ "text/csv", BODY_TEXT,
	  "source,id,subject,time,category,count,usage,price,customer\r\n"
	  "/pbx/"
	  "1,call-0001,AC0123456789abcdef0123456789abcdef,2026-11-21T10:00:00Z,calls-inbound,1,2.5,"
	  "0.017,cus1\r\n" },
	{ NULL, BODY_TEXT, NULL }
};

const struct op op_PostEvents = {
	OPERATION(PostEvents, usaged, M_POST, "/events", ROLE_INGEST | ROLE_ADMIN),
	.light = true,
	.params = post_params,
	.returns = &summary_shape,
	.reads_body = true,
	.bodies = bodies,
	.run = post_events,
	.title = "Events",
	.doc = "Stores usage events. Answers once they are on disk, with a verdict on each",
};

/* ---- records of FreeSWITCH ---- */

/* Reads the records in the TEXT of LEN bytes. */
static int read_mapped(struct post_intake *in, const char *text, size_t len, struct error *err)
{
	struct feeds *feeds = in->rq->worker->feeds;
	struct memory memory = { text, len };
	int rc;

	feeds_begin(feeds);
	in->reader = reader_new(in->form, in->mapping,
				(size_t)in->rq->worker->settings->record_bytes, read_memory,
				&memory);
	rc = read_all(in, err);
	reader_free(&in->reader);
	feeds_end(feeds);
	return rc;
}

/* Reads, checks and stores the records, and answers with the verdicts. */
static int post_mapped(struct request *rq, struct post_intake *in, const char *text, size_t len,
		       struct writer *w, struct error *err)
{
	if (read_mapped(in, text, len, err) < 0 || check_events(in, err) < 0 ||
	    store_events(in, err) < 0)
		return -1;
	writer_about(w, rq->op->title, "The verdict on each record.");
	write_results(rq, in, w);
	return 0;
}

/* Checks that the server takes records of a feed, and that they are not packed. */
static int check_feed(const struct request *rq, const struct mapping *m, const char *setting,
		      struct error *err)
{
	if (check_server(rq, err) < 0)
		return -1;
	if (!m)
		return error_set(err, ERR_NOT_FOUND, NULL,
				 "this server takes no such records; the setting %s must name a "
				 "mapping file",
				 setting);
	return request_header(rq, "Content-Encoding")
		       ? error_set(err, ERR_MEDIA_TYPE, "Content-Encoding", "must be omitted")
		       : 0;
}

static int post_freeswitch(struct request *rq, struct writer *w, struct error *err)
{
	struct post_intake in = { .rq = rq, .form = READER_JSON };
	const char *text;
	size_t len;

	if (rq->worker->feeds)
		in.mapping = feeds_freeswitch(rq->worker->feeds);
	if (check_feed(rq, in.mapping, "feeds.freeswitch", err) < 0 ||
	    feeds_cdr_json(rq->content_type, rq->body, rq->body_len, rq->arena, &text, &len, err) <
		    0)
		return -1;
	return post_mapped(rq, &in, text, len, w, err);
}

static const struct param freeswitch_params[] = {
	{ "uuid", PT_TEXT, .max = 100, .doc = "The call, as mod_json_cdr adds it; ignored" }, { 0 }
};

#define SAMPLE_CDR                                                               \
	"{\"variables\":{\"uuid\":\"4a1c\",\"accountcode\":\"Northwind\","       \
	"\"start_uepoch\":\"1795255200000000\",\"answer_epoch\":\"1795255202\"," \
	"\"billsec\":\"61\"},\"callflow\":[{\"caller_profile\":{\"context\":\"public\"}}]}"

static const struct body_kind freeswitch_bodies[] = {
	{ "application/json", BODY_OBJECT, SAMPLE_CDR },
	{ "application/x-www-form-urlencoded", BODY_FORM, "cdr=%7B%22variables%22%3A%7B%7D%7D" },
	{ "application/x-www-form-base64-encoded", BODY_TEXT, "cdr=eyJ2YXJpYWJsZXMiOnt9fQ==" },
	{ NULL, BODY_TEXT, NULL }
};

const struct op op_PostFreeswitch = {
	OPERATION(PostFreeswitch, usaged, M_POST, "/feeds/freeswitch", ROLE_INGEST | ROLE_ADMIN),
	.light = true,
	.params = freeswitch_params,
	.returns = &summary_shape,
	.reads_body = true,
	.bodies = freeswitch_bodies,
	.run = post_freeswitch,
	.title = "Records of FreeSWITCH",
	.doc = "Stores a call detail record as mod_json_cdr posts it, by the mapping file of the "
	       "setting feeds.freeswitch. Calls that the mapping skips have no verdict",
};

/* ---- callbacks of Twilio ---- */

/* The address that Twilio has called, as it has signed it. */
static const char *called_url(const struct request *rq)
{
	return arena_join(rq->arena, rq->base_url, rq->raw_path, *rq->query ? "?" : "", rq->query,
			  NULL);
}

/* Lets the request go on as the account, whose token signed it. */
static int act_as_account(struct request *rq, const char *sid, struct error *err)
{
	struct principal *who = arena_alloc(rq->arena, sizeof(*who));
	struct account a;
	int rc = store_account_by_sid(rq->store, sid, rq->arena, &a, err);

	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "AccountSid",
				 "there is no account %.40s; make it with that SID", sid);
	*who = (struct principal) {
		.role = ROLE_INGEST, .name = sid, .label = "Twilio", .account = rc > 0 ? a.id : 0
	};
	rq->who = who;
	return rc < 0 ? -1 : 0;
}

static int post_twilio(struct request *rq, struct writer *w, struct error *err)
{
	static const char form_type[] = "application/x-www-form-urlencoded";
	struct post_intake in = { .rq = rq,
				  .form = READER_JSON,
				  .author = ACTOR_CONSOLE " (feed of Twilio)" };
	size_t type = strcspn(rq->content_type, "; \t");
	struct twilio_callback callback;

	if (rq->worker->feeds)
		in.mapping = feeds_twilio(rq->worker->feeds);
	if (check_feed(rq, in.mapping, "feeds.twilio", err) < 0)
		return -1;
	if (type != sizeof(form_type) - 1 || strncasecmp(rq->content_type, form_type, type) != 0)
		return error_set(err, ERR_MEDIA_TYPE, "Content-Type", "must be %s", form_type);
	if (strlen(rq->body) != rq->body_len)
		return error_set(err, ERR_BODY, NULL,
				 "the body must be a form, encoded as in URLs");
	if (feeds_twilio_callback(rq->worker->feeds, called_url(rq), rq->body,
				  request_header(rq, "X-Twilio-Signature"), rq->arena, &callback,
				  err) < 0 ||
	    act_as_account(rq, callback.account, err) < 0)
		return -1;
	return post_mapped(rq, &in, callback.json, strlen(callback.json), w, err);
}

static const struct body_kind twilio_bodies[] = {
	{ "application/x-www-form-urlencoded", BODY_FORM,
	  "AccountSid=AC0123456789abcdef0123456789abcdef&CallSid="
	  "CA0123456789abcdef0123456789abcdef&"
	  "CallStatus=completed&CallDuration=61&Direction=inbound&Timestamp=Sat%2C%2021%20Nov%20"
	  "2026%2010%3A00%3A00%20%2B0000" },
	{ NULL, BODY_TEXT, NULL }
};

static const struct param twilio_params[] = { { 0 } };

const struct op op_PostTwilioCallback = {
	OPERATION(PostTwilioCallback, usaged, M_POST, "/feeds/twilio", ROLE_ANYONE),
	.light = true,
	.params = twilio_params,
	.returns = &summary_shape,
	.reads_body = true,
	.bodies = twilio_bodies,
	.run = post_twilio,
	.title = "Callbacks of Twilio",
	.doc = "Stores a status callback as Twilio posts it, by the mapping file of the setting "
	       "feeds.twilio. The header X-Twilio-Signature takes the place of credentials. "
	       "Callbacks that the mapping skips have no verdict",
};
