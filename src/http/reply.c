#include "http/reply.h"

#include <string.h>

#include "http/cors.h"
#include "http/negotiate.h"
#include "base/banned.h"

/*
 * Retry-After in seconds: about as long as a full queue or another writer takes
 */
enum { BUSY_SECONDS = 1 };

static const char *standard_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = { { 200, "OK" },
			{ 201, "Created" },
			{ 204, "No Content" },
			{ 207, "Multi-Status" },
			{ 302, "Found" },
			{ 303, "See Other" },
			{ 400, "Bad Request" },
			{ 401, "Unauthorized" },
			{ 403, "Forbidden" },
			{ 404, "Not Found" },
			{ 405, "Method Not Allowed" },
			{ 406, "Not Acceptable" },
			{ 409, "Conflict" },
			{ 413, "Content Too Large" },
			{ 415, "Unsupported Media Type" },
			{ 422, "Unprocessable Content" },
			{ 429, "Too Many Requests" },
			{ 500, "Internal Server Error" },
			{ 502, "Bad Gateway" },
			{ 503, "Service Unavailable" },
			{ 504, "Gateway Timeout" } };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* ---- head ---- */

static void add_header(struct strbuf *head, const char *name, const char *value)
{
	strbuf_add(head, name);
	strbuf_addn(head, ": ", 2);
	strbuf_add(head, value);
	strbuf_addn(head, "\r\n", 2);
}

static void add_content_type(struct strbuf *head, const struct reply *r)
{
	strbuf_add(head, "Content-Type: ");
	if (r->callback) {
		strbuf_add(head, "text/javascript\r\nX-Content-Type-Options: nosniff\r\n");
		return;
	}
	strbuf_add(head, r->type ? r->type : r->format ? r->format->mime : "text/plain");
	if (!r->type && r->format && r->format->charset) {
		strbuf_add(head, "; charset=");
		strbuf_add(head, r->format->charset);
	}
	strbuf_addn(head, "\r\n", 2);
}

static void add_number_header(struct strbuf *head, const char *name, int64_t n)
{
	strbuf_add(head, name);
	strbuf_addn(head, ": ", 2);
	strbuf_addi(head, n);
	strbuf_addn(head, "\r\n", 2);
}

/* Writes the head of the answer. LENGTH -1: not known yet. */
static void write_head(struct request *rq, int64_t length)
{
	struct strbuf *head = &rq->worker->head;
	const struct reply *r = &rq->reply;
	const struct dialect *d = rq->dialect;

	strbuf_clear(head);
	strbuf_add(head, "Status: ");
	strbuf_addi(head, r->status);
	strbuf_addc(head, ' ');
	strbuf_add(head, r->reason ? r->reason : standard_reason(r->status));
	strbuf_addn(head, "\r\n", 2);
	if (r->status != 204)
		add_content_type(head, r);
	if (length >= 0 && r->status != 204)
		add_number_header(head, "Content-Length", length);
	strbuf_add(head, "Vary: Accept");
	strbuf_add(head, r->format && format_is_page(r->format) ? ", Accept-Language" : "");
	strbuf_add(head, r->varies_by_origin ? ", Origin\r\n" : "\r\n");
	strbuf_add(head, "Cache-Control: private, no-store\r\n");
	if (r->origin)
		cors_add_headers(head, r->origin, r->preflight);
	if (r->batch_done >= 0)
		add_number_header(head, "X-AutoBatch-Completed", r->batch_done);
	if (d->request_id_header)
		add_header(head, d->request_id_header, rq->id);
	if (r->status == 401)
		add_header(head, "WWW-Authenticate", d->challenge);
	if (r->location)
		add_header(head, "Location", r->location);
	if (r->ignored)
		add_header(head, "Usaged-Ignored-Parameters", r->ignored);
	for (size_t i = 0; i < r->n_cookies; i++)
		add_header(head, "Set-Cookie", r->cookies[i]);
	if (r->closed_until)
		add_header(head, "Usaged-Closed-Until", r->closed_until);
	if (r->retry_after || r->status == 503)
		add_number_header(head, "Retry-After",
				  r->retry_after ? r->retry_after : BUSY_SECONDS);
	if ((r->status == 405 || r->status == 204) && r->allow)
		add_header(head, "Allow", r->allow);
	if (r->attachment && r->status < 300) {
		strbuf_add(head, "Content-Disposition: attachment;filename=\"");
		strbuf_add(head, r->attachment);
		strbuf_add(head, ".csv\"\r\n");
	}
	strbuf_addn(head, "\r\n", 2);
}

/* ---- body ---- */

static int send_parts(struct request *rq, bool with_head, bool last)
{
	struct reply *r = &rq->reply;
	struct strbuf *head = &rq->worker->head, *body = r->sink.buf;
	struct iovec parts[2];
	int n = 0;

	if (with_head)
		parts[n++] = (struct iovec) { head->text, head->len };
	r->body_bytes += (int64_t)body->len;
	if (body->len && rq->method != M_HEAD)
		parts[n++] = (struct iovec) { body->text, body->len };
	r->started = true;
	if (r->out->write(r->out, parts, n, last) < 0)
		r->gone = true;
	strbuf_clear(body);
	return r->gone ? -1 : 0;
}

static int flush(struct sink *sink, struct error *err)
{
	struct request *rq = (struct request *)((char *)sink -
						offsetof(struct request, reply.sink));
	bool first = !rq->reply.started;

	if (rq->method == M_HEAD) {
		rq->reply.body_bytes += (int64_t)sink->buf->len;
		strbuf_clear(sink->buf);
		return 0;
	}
	/* nothing that is sent may rest on a wrong guess */
	if (first && rq->store) {
		if (store_confirm(rq->store, err) < 0)
			return -1;
		store_guess(rq->store, false);
	}
	if (first)
		write_head(rq, -1);
	if (send_parts(rq, first, false) < 0)
		return error_set(err, ERR_TIMEOUT, NULL, "The caller is gone");
	return 0;
}

bool reply_is_page(const struct request *rq)
{
	return format_is_page(rq->reply.format);
}

void reply_init(struct request *rq, struct output *out)
{
	struct strbuf *body = &rq->worker->body;

	rq->reply = (struct reply) {
		.sink = { .buf = body, .flush_above = REPLY_FLUSH_ABOVE, .flush = flush },
		.out = out,
		.status = 200,
		.batch_done = -1
	};
	strbuf_clear(body);
}

/*
 * Adds the name of the callback; replaces characters that are invalid in a name
 * by "_".
 */
static void add_callback(struct strbuf *body, const char *name)
{
	static const char fit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

	for (; *name; name++)
		strbuf_addc(body, strchr(fit, *name) ? *name : '_');
	strbuf_addc(body, '(');
}

void reply_begin(struct request *rq)
{
	struct reply *r = &rq->reply;

	strbuf_clear(r->sink.buf);
	r->body_bytes = 0;
	if (r->callback)
		add_callback(r->sink.buf, r->callback);
}

int reply_end(struct request *rq)
{
	struct reply *r = &rq->reply;
	bool first = !r->started;

	if (r->callback)
		strbuf_addc(r->sink.buf, ')');
	if (first)
		write_head(rq, r->body_bytes + (int64_t)r->sink.buf->len);
	return send_parts(rq, first, true);
}

void reply_nothing(struct request *rq, int status, const char *location)
{
	struct reply *r = &rq->reply;

	r->callback = NULL;
	r->attachment = NULL;
	r->type = "text/plain; charset=utf-8";
	r->location = location;
	r->status = status;
	reply_begin(rq);
}

/* ---- errors ---- */

static void write_plain(struct request *rq, const char *text)
{
	rq->reply.format = NULL;
	rq->reply.type = NULL;
	rq->reply.callback = NULL;
	reply_begin(rq);
	strbuf_add(rq->reply.sink.buf, text);
}

static void write_document(struct request *rq, const struct error *err,
			   const struct error_status *status)
{
	struct error failure = { 0 };
	struct writer *w;

	reply_begin(rq);
	w = writer_new(rq->reply.format, &rq->options, &rq->reply.sink);
	dialect_write_error(rq->dialect, w, err, status);
	if (writer_finish(w, &failure) < 0 && !rq->reply.started)
		write_plain(rq, err->message);
	writer_free(&w);
}

int reply_error(struct request *rq, const struct error *err)
{
	struct error_status status = dialect_status(rq->dialect, err);
	struct reply *r = &rq->reply;

	if (r->started)
		return -1;
	r->attachment = NULL;
	r->location = NULL;
	r->n_cookies = 0;
	r->closed_until = NULL;
	r->retry_after = err->retry_after;
	r->status = status.status;
	r->reason = status.reason;
	if (err->kind == ERR_METHOD && rq->dialect->hides_methods) {
		r->status = 404;
		r->reason = NULL;
		write_plain(rq, "404");
		return reply_end(rq);
	}
	write_document(rq, err, &status);
	/* a script (JSONP) can read an error only with status 200 */
	if (r->callback) {
		r->status = 200;
		r->reason = NULL;
	}
	return reply_end(rq);
}
