/* event_post.c - stores usage events: POST /events. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "api/event_intake.h"
#include "base/decompress.h"
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

static int read_records(struct event_intake *in, struct error *err)
{
	const struct request *rq = in->rq;
	struct intake_bytes memory = { rq->body, rq->body_len };
	enum encoding encoding = ENCODING_NONE;
	struct decompressor *decompressor;
	int rc;

	in->n_headers = list_headers(rq, &in->headers);
	if (choose_form(rq, in->headers, in->n_headers, &in->form, err) < 0 ||
	    find_encoding(rq, &encoding, err) < 0)
		return -1;
	decompressor = decompressor_new(encoding, intake_read_bytes, &memory,
					rq->worker->settings->max_unpacked_bytes);
	rc = intake_read(in, decompressor_read, decompressor, err);
	decompressor_free(&decompressor);
	return rc;
}

static int post_events(struct request *rq, struct writer *w, struct error *err)
{
	struct event_intake in = { .rq = rq,
				   .form = READER_JSON,
				   .atomic = request_arg(rq, "atomic")->yes };

	if (intake_check_server(rq, err) < 0)
		return -1;
	if (read_records(&in, err) < 0 || intake_store(&in, err) < 0)
		return -1;
	writer_about(w, rq->op->title, "The verdict on each event.");
	intake_answer(rq, &in, w);
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
	.ledger = LEDGER_KEPT,
	.params = post_params,
	.returns = &intake_shape,
	.reads_body = true,
	.bodies = bodies,
	.run = post_events,
	.title = "Events",
	.doc = "Stores usage events. Answers once they are on disk, with a verdict on each",
};
