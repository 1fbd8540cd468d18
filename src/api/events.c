/*
 * events.c - usage events in: POST /events.
 */
#include <ctype.h>
#include <stdlib.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "api/access.h"
#include "api/op.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "ingest/attributes.h"
#include "ingest/batcher.h"
#include "ingest/unpack.h"
#include "base/banned.h"

/* ---- what comes in ---- */

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

/* VARIABLE is HTTP_CE_NAME=value. */
static struct event_header event_header(const struct call *call, const char *variable)
{
	char *name = arena_str(call->arena, variable + sizeof(EVENT_HEADERS) - 1), *c;

	for (c = name; *c && *c != '='; c++)
		*c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
	if (!*c)
		return (struct event_header) { name, c };
	*c = '\0';
	return (struct event_header) { name, c + 1 };
}

/* The headers ce-...: how many. */
static size_t list_headers(const struct call *call, const struct event_header **ret)
{
	struct event_header *list;
	size_t n = 0;

	for (char *const *v = call->variables; v && *v; v++)
		n += is_event_header(*v);
	list = arena_array(call->arena, struct event_header, n + 1);
	n = 0;
	for (char *const *v = call->variables; v && *v; v++)
		if (is_event_header(*v))
			list[n++] = event_header(call, *v);
	*ret = list;
	return n;
}

/*
 * One event in binary mode: its attributes are headers, and Content-Type is
 * that of its data.
 */
static int choose_form(const struct call *call, const struct event_header *headers, size_t n,
		       enum reader_form *ret, struct error *err)
{
	if (strncasecmp(call->body_type, "application/cloudevents", 23) == 0 ||
	    !attributes_present(headers, n))
		return find_form(call->body_type, ret, err);
	*ret = READER_DATA;
	if (!*call->body_type || type_is_json(call->body_type, strlen(call->body_type)))
		return 0;
	return error_set(err, ERR_MEDIA_TYPE, "Content-Type",
			 "must be application/json where the event's attributes are ce- headers: "
			 "it is the type of its data");
}

static const struct {
	const char *name;
	enum packing packing;
} encodings[] = { { "", PACKING_NONE },     { "identity", PACKING_NONE },
		  { "gzip", PACKING_GZIP }, { "x-gzip", PACKING_GZIP },
		  { "zstd", PACKING_ZSTD }, { NULL, 0 } };

static int find_packing(const struct call *call, enum packing *ret, struct error *err)
{
	const char *name = call_header(call, "Content-Encoding");

	for (int i = 0; encodings[i].name; i++) {
		if (strcasecmp(encodings[i].name, name ? name : "") == 0) {
			*ret = encodings[i].packing;
			return 0;
		}
	}
	return error_set(err, ERR_MEDIA_TYPE, "Content-Encoding",
			 "must be gzip or zstd, or left out");
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

/* ---- what goes out ---- */

struct result {
	const char *source, *id, *status, *code, *field, *message;
};

static const struct field result_fields[] = {
	FIELD(struct result, source, "The event's source"),
	FIELD(struct result, id, "The event's id"),
	FIELD(struct result, status,
	      "created, duplicate, conflict, rejected, or (with atomic) aborted: not stored "
	      "because others stood in the way"),
	FIELD(struct result, code,
	      "Of a rejected one: invalid, overflow, closed, suspended, too_many or unreadable"),
	FIELD(struct result, field, "The field at fault"),
	FIELD(struct result, message, "What is wrong with it, and what would be right"),
	{ 0 }
};

static const struct shape result_shape = { .name = "Result",
					   .fields = result_fields,
					   .doc = "What became of one event" };

struct summary {
	int64_t created, duplicate, conflict, rejected;
	struct decimal aborted;
};

enum { SUMMARY_RESULTS = 5 };

static const struct field summary_fields[] = {
	FIELD(struct summary, created, "Events that were new"),
	FIELD(struct summary, duplicate, "Events that were there already, just the same"),
	FIELD(struct summary, conflict,
	      "Events whose identity is there already with other content; not stored"),
	FIELD(struct summary, rejected, "Events that can't be stored"),
	FIELD(struct summary, aborted, "With atomic: events that others stood in the way of",
	      .flags = FIELD_WHOLE),
	[SUMMARY_RESULTS] = FIELD_LIST("results", &result_shape, "In the order of the events"),
	{ 0 }
};

static const struct shape summary_shape = { .name = "Summary",
					    .flags = SHAPE_PAGE,
					    .fields = summary_fields,
					    .doc = "What became of the events" };

/* ---- one request ---- */

/* One record of the request, in its order. */
struct record {
	struct raw_event raw;
	const char *source, *id; /* as the answer names it; or NULL */
	enum verdict verdict;
	const struct error *error; /* why it is rejected */
	const char *text;          /* as it came, for the log of rejections */
	int64_t account;           /* that it is of, if the caller may write for it; else 0 */
	bool unreadable;
};

struct batch {
	const struct event_header *headers;
	size_t n_headers;
	struct record *records;
	size_t n, size;
	struct event *events; /* those that passed their checks */
	size_t *record_of;    /* by event */
	size_t n_events;
};

/* The reader forgets a record's texts at the next one. */
static void keep_texts(struct arena *arena, struct raw_event *raw)
{
	for (int f = 0; f < EVENT_FIELDS; f++)
		if (raw->field[f].text)
			raw->field[f].text = arena_strn(arena, raw->field[f].text,
							raw->field[f].len);
	if (raw->attributes.text)
		raw->attributes.text = arena_strn(arena, raw->attributes.text, raw->attributes.len);
}

static void reject(const struct call *call, struct record *r, const struct error *reason)
{
	struct error *copy = arena_new(call->arena, struct error);

	if (reason)
		*copy = *reason;
	else
		error_set(copy, ERR_INTERNAL, NULL, "rejected");
	r->verdict = VERDICT_REJECTED;
	r->error = copy;
}

/*
 * Names an event in the answer, as far as an event's name may be long. A text
 * that no event may have names none.
 */
static const char *name_of(struct arena *arena, const struct raw_event *raw, enum event_field f)
{
	const char *text = raw->field[f].text;
	size_t len = raw->field[f].len, max = event_fields[f].max_bytes;

	if (!utf8_plain(text, len))
		return NULL;
	if (len <= max)
		return text;
	while (((unsigned char)text[max] & 0xC0) == 0x80)
		max--;
	return arena_strn(arena, text, max);
}

static struct record *batch_add(struct batch *b, struct arena *arena)
{
	size_t size = b->size ? b->size * 2 : 16;

	if (b->n == b->size) {
		b->records = arena_grow(arena, b->records, b->n * sizeof(*b->records),
					size * sizeof(*b->records));
		b->size = size;
	}
	b->records[b->n] = (struct record) { 0 };
	return &b->records[b->n++];
}

/* What there is of a record, as text: what is none becomes a question mark. */
static const char *keep_text(struct arena *arena, const char *text, size_t len)
{
	char *copy;

	if (len > REJECTION_RECORD_MAX)
		len = REJECTION_RECORD_MAX;
	copy = arena_strn(arena, text, len);
	for (size_t i = 0; i < len;) {
		size_t step = copy[i] ? utf8_step(copy + i, len - i) : 0;

		if (!step)
			copy[i] = '?';
		i += step ? step : 1;
	}
	return copy;
}

/* A record that the reader has read, or could not; then FAULT says why. */
static int add_record(const struct call *call, enum reader_form form, enum read_result rc,
		      const struct raw_event *raw, const struct error *fault,
		      const struct reader *reader, struct batch *b, struct error *err)
{
	struct error own = { 0 };
	struct record *r;
	size_t len;
	const char *text = reader_text(reader, &len);

	if (b->n == SUBMISSION_EVENTS_MAX)
		return error_set(err, ERR_TOO_LARGE, NULL, "a request may hold at most %d events",
				 SUBMISSION_EVENTS_MAX);
	r = batch_add(b, call->arena);
	r->raw = *raw;
	keep_texts(call->arena, &r->raw);
	if (call->settings->rejected_days)
		r->text = keep_text(call->arena, text, len);
	if (form == READER_DATA &&
	    attributes_read(b->headers, b->n_headers, call->arena, &r->raw, &own) < 0)
		fault = &own;
	r->source = name_of(call->arena, &r->raw, EV_SOURCE);
	r->id = name_of(call->arena, &r->raw, EV_ID);
	if (rc == READ_BAD || own.kind) {
		r->unreadable = fault->kind != ERR_PARAM;
		reject(call, r, fault);
	}
	return 0;
}

/*
 * What comes behind the records that were read is damaged: that is told as one
 * that is rejected.
 */
static void add_rest(const struct call *call, const struct error *fault, struct batch *b)
{
	struct record *r = batch_add(b, call->arena);
	struct error reason = { 0 };

	error_set(&reason, ERR_BODY, NULL, "the body is good up to here: %s", fault->message);
	r->unreadable = true;
	r->text = "";
	reject(call, r, &reason);
}

/* A list without events is one; a body without anything isn't. */
static int read_all(const struct call *call, enum reader_form form, struct reader *reader,
		    struct batch *b, struct error *err)
{
	struct raw_event raw = { 0 };
	struct error fault = { 0 };
	enum read_result rc;

	while ((rc = reader_next(reader, &raw, &fault)) != READ_END && rc != READ_FAILED) {
		if (rc != READ_SKIPPED &&
		    add_record(call, form, rc, &raw, &fault, reader, b, err) < 0)
			return -1;
		error_clear(&fault);
		raw = (struct raw_event) { 0 };
	}
	if (rc == READ_FAILED && (fault.kind != ERR_BODY || b->n == 0))
		return error_set(err, fault.kind == ERR_TOO_LARGE ? ERR_TOO_LARGE : ERR_BODY,
				 fault.param, "%s", fault.message);
	if (rc == READ_FAILED)
		add_rest(call, &fault, b);
	return b->n || form != READER_NDJSON
		       ? 0
		       : error_set(err, ERR_BODY, NULL, "the body holds no event");
}

static int read_records(const struct call *call, struct batch *b, struct error *err)
{
	struct memory memory = { call->body, call->body_len };
	enum reader_form form = READER_JSON;
	enum packing packing = PACKING_NONE;
	struct unpacker *unpacker;
	struct reader *reader;
	int rc;

	b->n_headers = list_headers(call, &b->headers);
	if (choose_form(call, b->headers, b->n_headers, &form, err) < 0 ||
	    find_packing(call, &packing, err) < 0)
		return -1;
	unpacker = unpacker_new(packing, read_memory, &memory, call->settings->max_unpacked_bytes);
	reader = reader_new(form, NULL, (size_t)call->settings->record_bytes, unpacker_read,
			    unpacker);
	rc = read_all(call, form, reader, b, err);
	reader_free(&reader);
	unpacker_free(&unpacker);
	return rc;
}

/*
 * Whose event is it? 0 if that can't be told, or isn't the caller's to write
 * for. Often it is whose the one BEFORE is, if there is one.
 */
static int find_account(const struct call *call, struct record *r, const struct record *before,
			struct error *err)
{
	const char *sid = r->raw.field[EV_SUBJECT].text,
		   *last = before ? before->raw.field[EV_SUBJECT].text : NULL;

	if (!sid || !sid_valid("AC", sid, r->raw.field[EV_SUBJECT].len))
		return 0;
	if (last && strcmp(sid, last) == 0) {
		r->account = before->account;
		return 0;
	}
	return access_ingest(call, sid, &r->account, err);
}

/*
 * An account that isn't the caller's is as unknown as one that doesn't exist.
 */
static int check_record(const struct call *call, struct record *r, int64_t now, struct event *ret,
			struct error *fault)
{
	if (event_check(&r->raw, now, call->settings->ahead_seconds * USEC_PER_SEC, ret, fault) < 0)
		return -1;
	return r->account
		       ? 0
		       : error_set(fault, ERR_PARAM, "subject",
				   "'%.40s' is not an account that these credentials may write for",
				   r->raw.field[EV_SUBJECT].text);
}

static int check_records(const struct call *call, struct batch *b, struct error *err)
{
	int64_t now = clock_now_us();

	b->events = arena_array(call->arena, struct event, b->n);
	b->record_of = arena_array(call->arena, size_t, b->n);
	for (size_t i = 0; i < b->n; i++) {
		struct record *r = &b->records[i];
		struct error fault = { 0 };

		if (find_account(call, r, i ? r - 1 : NULL, err) < 0)
			return -1;
		if (r->error)
			continue;
		if (check_record(call, r, now, &b->events[b->n_events], &fault) == 0)
			b->record_of[b->n_events++] = i;
		else
			reject(call, r, &fault);
	}
	return 0;
}

/* ---- the log of what is rejected ---- */

static const char *refusal_code(const struct record *r, const struct error *reason)
{
	return r->unreadable ? "unreadable" : event_refusal_code(reason);
}

static void describe(const char *actor, const struct record *r, struct rejection *ret)
{
	ret->author = actor;
	ret->account = r->account;
	ret->source = r->source ? r->source : "";
	ret->event = r->id ? r->id : "";
	ret->record = r->text ? r->text : "";
}

struct described {
	const char *actor;
	const struct batch *batch;
};

/* In the writer's thread, while the request waits. */
static void describe_event(const struct submission *s, size_t i, struct rejection *ret)
{
	const struct described *d = s->describe_arg;

	describe(d->actor, &d->batch->records[d->batch->record_of[i]], ret);
}

/* Those that never became events. */
static const struct rejection *list_rejections(const struct call *call, const char *actor,
					       const struct batch *b)
{
	struct rejection *list = arena_array(call->arena, struct rejection, b->n - b->n_events + 1);
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct record *r = &b->records[i];

		if (!r->error)
			continue;
		list[n] = (struct rejection) { .at = call->now,
					       .code = refusal_code(r, r->error),
					       .field = r->error->param,
					       .message = r->error->message };
		describe(actor, r, &list[n++]);
	}
	return list;
}

/* A key, or a user whatever it has signed in with. */
static const char *sender_of(const struct call *call)
{
	const struct principal *who = call->who;

	return *who->key_sid ? who->key_sid : arena_printf(call->arena, "user %" PRId64, who->user);
}

static int store_records(const struct call *call, struct batch *b, struct error *err)
{
	bool atomic = call_arg(call, "atomic")->yes;
	struct described described = { principal_actor(call->who, call->arena), b };
	struct submission s = {
		.sender = sender_of(call),
		.events = b->events,
		.n = b->n_events,
		.atomic = atomic,
		.spoilt = b->n_events < b->n,
		.rejections = list_rejections(call, described.actor, b),
		.n_rejections = b->n - b->n_events,
		.describe = describe_event,
		.describe_arg = &described,
	};

	s.verdicts = arena_array(call->arena, enum verdict, s.n);
	s.errors = arena_array(call->arena, struct error *, s.n);
	/* the writer can't begin its log anew while anyone reads in it */
	store_end(call->store);
	if (batcher_submit(call->batcher, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		struct record *r = &b->records[b->record_of[i]];

		r->verdict = s.verdicts[i];
		if (r->verdict == VERDICT_REJECTED)
			reject(call, r, s.errors[i]);
		free(s.errors[i]);
	}
	return 0;
}

/*
 * A sender that looks at nothing else learns from it whether everything is
 * stored, nothing, or a part.
 */
static int status_of(const int64_t counts[VERDICTS + 1])
{
	int64_t stored = counts[VERDICT_CREATED] + counts[VERDICT_DUPLICATE],
		refused = counts[VERDICT_CONFLICT] + counts[VERDICT_REJECTED];

	if (refused == 0)
		return 200;
	return stored + counts[VERDICT_ABORTED] == 0 ? 422 : 207;
}

static void write_results(struct call *call, const struct batch *b, struct writer *w)
{
	int64_t counts[VERDICTS + 1] = { 0 };
	struct summary summary;

	for (size_t i = 0; i < b->n; i++)
		counts[b->records[i].verdict]++;
	summary = (struct summary) { counts[VERDICT_CREATED],
				     counts[VERDICT_DUPLICATE],
				     counts[VERDICT_CONFLICT],
				     counts[VERDICT_REJECTED],
				     { counts[VERDICT_ABORTED],
				       call_arg(call, "atomic")->yes ? 0 : -1 } };
	call->status = status_of(counts);
	writer_begin(w, NULL, &summary_shape);
	writer_fields(w, &summary_shape, &summary);
	writer_begin_list(w, &summary_fields[SUMMARY_RESULTS], &result_shape);
	for (size_t i = 0; i < b->n; i++) {
		const struct record *r = &b->records[i];
		struct result result = { r->source, r->id, verdict_names[r->verdict],
					 NULL,      NULL,  NULL };

		if (r->verdict == VERDICT_REJECTED) {
			result.code = refusal_code(r, r->error);
			result.field = r->error->param[0] ? r->error->param : NULL;
			result.message = r->error->message;
		}
		writer_record(w, NULL, &result_shape, &result);
	}
	writer_end(w);
	writer_end(w);
}

static int post_events(struct call *call, struct writer *w, struct error *err)
{
	struct batch b = { 0 };

	if (!call->batcher)
		return error_set(err, ERR_BUSY, NULL,
				 "events can't be written here; use usaged import");
	if (read_records(call, &b, err) < 0 || check_records(call, &b, err) < 0 ||
	    store_records(call, &b, err) < 0)
		return -1;
	writer_about(w, call->op->title, "What became of each of them.");
	write_results(call, &b, w);
	return 0;
}

static const struct param post_params[] = {
	{ "atomic", PT_BOOL, .def = "false",
	  .doc = "Store all of the events or none: one that is rejected or a conflict keeps the "
		 "others out, too" },
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
	.id = "PostEvents",
	.methods = M_POST,
	.path = "/events",
	.dialect = &dialect_usaged,
	.roles = ROLE_INGEST | ROLE_ADMIN,
	.light = true,
	.params = post_params,
	.returns = &summary_shape,
	.reads_body = true,
	.bodies = bodies,
	.run = post_events,
	.title = "Events",
	.doc = "Takes usage events; answers when they are on disk, with a verdict for each",
};
