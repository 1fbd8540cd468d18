#include "http/response.h"

#include <string.h>

#include "http/cors.h"
#include "http/negotiate.h"
#include "base/banned.h"

/* Seconds: a queue that is full, or another writer, takes about so long. */
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

static void add_content_type(struct response *r)
{
	strbuf_add(r->head, "Content-Type: ");
	if (r->callback) {
		strbuf_add(r->head, "text/javascript\r\nX-Content-Type-Options: nosniff\r\n");
		return;
	}
	strbuf_add(r->head, r->type ? r->type : r->format ? r->format->mime : "text/plain");
	if (!r->type && r->format && r->format->charset) {
		strbuf_add(r->head, "; charset=");
		strbuf_add(r->head, r->format->charset);
	}
	strbuf_addn(r->head, "\r\n", 2);
}

static void add_number_header(struct strbuf *head, const char *name, int64_t n)
{
	strbuf_add(head, name);
	strbuf_addn(head, ": ", 2);
	strbuf_addi(head, n);
	strbuf_addn(head, "\r\n", 2);
}

/* LENGTH -1: not known yet. */
static void write_head(struct response *r, int64_t length)
{
	struct strbuf *head = r->head;

	strbuf_clear(head);
	strbuf_add(head, "Status: ");
	strbuf_addi(head, r->status.status);
	strbuf_addc(head, ' ');
	strbuf_add(head, r->status.reason ? r->status.reason : standard_reason(r->status.status));
	strbuf_addn(head, "\r\n", 2);
	if (r->status.status != 204)
		add_content_type(r);
	if (length >= 0 && r->status.status != 204)
		add_number_header(head, "Content-Length", length);
	strbuf_add(head, "Vary: Accept");
	strbuf_add(head, r->format && format_is_page(r->format) ? ", Accept-Language" : "");
	strbuf_add(head, r->varies_by_origin ? ", Origin\r\n" : "\r\n");
	strbuf_add(head, "Cache-Control: private, no-store\r\n");
	if (r->origin)
		cors_add_headers(head, r->origin, r->preflight);
	if (r->batch_done >= 0)
		add_number_header(head, "X-AutoBatch-Completed", r->batch_done);
	if (r->dialect->request_id_header)
		add_header(head, r->dialect->request_id_header, r->request_id);
	if (r->status.status == 401)
		add_header(head, "WWW-Authenticate", r->dialect->challenge);
	if (r->location)
		add_header(head, "Location", r->location);
	if (r->ignored)
		add_header(head, "Usaged-Ignored-Parameters", r->ignored);
	for (size_t i = 0; i < r->n_cookies; i++)
		add_header(head, "Set-Cookie", r->cookies[i]);
	if (r->closed_until)
		add_header(head, "Usaged-Closed-Until", r->closed_until);
	if (r->retry_after || r->status.status == 503)
		add_number_header(head, "Retry-After",
				  r->retry_after ? r->retry_after : BUSY_SECONDS);
	if ((r->status.status == 405 || r->status.status == 204) && r->allow)
		add_header(head, "Allow", r->allow);
	if (r->attachment && r->status.status < 300) {
		strbuf_add(head, "Content-Disposition: attachment;filename=\"");
		strbuf_add(head, r->attachment);
		strbuf_add(head, ".csv\"\r\n");
	}
	strbuf_addn(head, "\r\n", 2);
}

/* ---- body ---- */

static int send_parts(struct response *r, bool with_head, bool last)
{
	struct strbuf *body = r->sink.buf;
	struct iovec parts[2];
	int n = 0;

	if (with_head)
		parts[n++] = (struct iovec) { r->head->text, r->head->len };
	r->body_bytes += (int64_t)body->len;
	if (body->len && !r->head_only)
		parts[n++] = (struct iovec) { body->text, body->len };
	r->started = true;
	if (r->out->write(r->out, parts, n, last) < 0)
		r->gone = true;
	strbuf_clear(body);
	return r->gone ? -1 : 0;
}

static int flush(struct sink *sink, struct error *err)
{
	struct response *r = (struct response *)sink;
	bool first = !r->started;

	if (r->head_only) {
		r->body_bytes += (int64_t)sink->buf->len;
		strbuf_clear(sink->buf);
		return 0;
	}
	if (first && r->before_head)
		r->before_head(r, r->before_head_arg);
	if (first)
		write_head(r, -1);
	if (send_parts(r, first, false) < 0)
		return error_set(err, ERR_TIMEOUT, NULL, "The caller is gone");
	return 0;
}

void response_init(struct response *r, struct output *out, struct strbuf *head, struct strbuf *body,
		   struct arena *arena)
{
	*r = (struct response) {
		.sink = { .buf = body, .flush_above = RESPONSE_FLUSH_ABOVE, .flush = flush },
		.out = out,
		.head = head,
		.arena = arena,
		.request_id = "",
		.batch_done = -1
	};
	r->status.status = 200;
	strbuf_clear(body);
}

/* What isn't fit for a name in a script becomes "_". */
static void add_callback(struct strbuf *body, const char *name)
{
	static const char fit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

	for (; *name; name++)
		strbuf_addc(body, strchr(fit, *name) ? *name : '_');
	strbuf_addc(body, '(');
}

void response_begin(struct response *r)
{
	strbuf_clear(r->sink.buf);
	r->body_bytes = 0;
	if (r->callback)
		add_callback(r->sink.buf, r->callback);
}

int response_end(struct response *r)
{
	bool first = !r->started;

	if (r->callback)
		strbuf_addc(r->sink.buf, ')');
	if (first)
		write_head(r, r->body_bytes + (int64_t)r->sink.buf->len);
	return send_parts(r, first, true);
}

void response_nothing(struct response *r, int status, const char *location)
{
	r->callback = NULL;
	r->attachment = NULL;
	r->type = "text/plain; charset=utf-8";
	r->location = location;
	r->status = (struct error_status) { .status = status };
	response_begin(r);
}

int response_empty(struct response *r, int status)
{
	response_nothing(r, status, NULL);
	return response_end(r);
}

/* ---- errors ---- */

static void write_plain(struct response *r, const char *text)
{
	r->format = NULL;
	r->type = NULL;
	r->callback = NULL;
	response_begin(r);
	strbuf_add(r->sink.buf, text);
}

static void write_document(struct response *r, const struct error *err,
			   const struct writer_options *o)
{
	struct error failure = { 0 };
	struct writer *w;

	response_begin(r);
	w = writer_new(r->format, o, &r->sink);
	dialect_write_error(r->dialect, w, err, &r->status);
	if (writer_finish(w, &failure) < 0 && !r->started)
		write_plain(r, err->message);
	writer_free(&w);
}

int response_error(struct response *r, const struct error *err, const struct writer_options *o)
{
	if (r->started)
		return -1;
	r->attachment = NULL;
	r->location = NULL;
	r->n_cookies = 0;
	r->closed_until = NULL;
	r->retry_after = err->retry_after;
	if (err->kind == ERR_METHOD && r->dialect->hides_methods) {
		r->status = (struct error_status) { .status = 404 };
		write_plain(r, "404");
		return response_end(r);
	}
	r->status = dialect_status(r->dialect, err);
	write_document(r, err, o);
	if (r->callback) /* a script gets to see an error only as a success */
		r->status = (struct error_status) { .status = 200 };
	return response_end(r);
}
