#include "http/fcgi_reader.h"

#include <stdlib.h>

#include "base/banned.h"

enum {
	VERSION = 1,
	RESPONDER = 1,
	KEEP_CONNECTION = 1,
	CANT_MULTIPLEX = 1,              /* protocol status of a second request on a connection */
	UNKNOWN_ROLE = 3
};

void fcgi_reader_init(struct fcgi_reader *r)
{
	*r = (struct fcgi_reader){ .request_id = 0 };
	strbuf_init(&r->variables, FCGI_VARIABLES_BYTES);
}

void fcgi_reader_release(struct fcgi_reader *r)
{
	strbuf_release(&r->variables);
	free(r->envp);
	r->envp = NULL;
}

void fcgi_reader_clear(struct fcgi_reader *r)
{
	fcgi_reader_release(r);
	fcgi_reader_init(r);
}

/* ---- replies ---- */

void fcgi_header(unsigned char ret[static FCGI_HEADER_BYTES], int type, int request_id, size_t content)
{
	const unsigned char header[FCGI_HEADER_BYTES] = {
		VERSION, (unsigned char)type, (unsigned char)(request_id >> 8), (unsigned char)request_id,
		(unsigned char)(content >> 8), (unsigned char)content, 0, 0
	};

	memcpy(ret, header, sizeof(header));
}

static enum fcgi_event reply(struct fcgi_reader *r, int type, int id, const void *content, size_t len)
{
	fcgi_header(r->reply, type, id, len);
	memcpy(r->reply + FCGI_HEADER_BYTES, content, len);
	r->reply_len = FCGI_HEADER_BYTES + len;
	return FCGI_HAS_REPLY;
}

static enum fcgi_event refuse_request(struct fcgi_reader *r, int id, unsigned char status)
{
	return reply(r, FCGI_END_REQUEST, id, (unsigned char[8]){ [4] = status }, 8);
}

/* To a record about the connection itself. Of all values only this one isn't for the administrator to say. */
static enum fcgi_event reply_about_connection(struct fcgi_reader *r, unsigned char type)
{
	static const char values[] = "\017\001FCGI_MPXS_CONNS0";

	if (type == FCGI_GET_VALUES)
		return reply(r, FCGI_GET_VALUES_RESULT, 0, values, sizeof(values) - 1);
	return reply(r, FCGI_UNKNOWN_TYPE, 0, (unsigned char[8]){ type }, 8);
}

/* ---- records ---- */

static size_t content_bytes(const struct fcgi_reader *r)
{
	return (size_t)r->header[4] << 8 | r->header[5];
}

static int record_id(const struct fcgi_reader *r)
{
	return r->header[2] << 8 | r->header[3];
}

static bool is_of_request(const struct fcgi_reader *r)
{
	return r->request_id && record_id(r) == r->request_id;
}

/* Does the header begin a record that may stand here? */
static bool is_in_order(const struct fcgi_reader *r)
{
	unsigned char type = r->header[1];

	if (r->header[0] != VERSION)
		return false;
	if (type == FCGI_BEGIN_REQUEST)
		return record_id(r) && !is_of_request(r) && content_bytes(r) == sizeof(r->begin);
	if (!is_of_request(r))
		return true;
	if (type == FCGI_PARAMS)
		return !r->head_ended;
	return type != FCGI_ABORT_REQUEST && (type != FCGI_STDIN || r->head_ended);
}

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void skip(struct fcgi_reader *r, struct fcgi_span *data, size_t n)
{
	data->at += n;
	data->len -= n;
	r->n_content += n;
}

/* Takes content that is there; where it goes depends on the record. */
static enum fcgi_event take_content(struct fcgi_reader *r, struct fcgi_span *data, struct fcgi_span *body)
{
	size_t n = min(content_bytes(r) - r->n_content, data->len);
	unsigned char type = r->header[1];

	if (type == FCGI_BEGIN_REQUEST) {
		memcpy(r->begin + r->n_content, data->at, n);
	} else if (is_of_request(r) && type == FCGI_PARAMS) {
		strbuf_addn(&r->variables, data->at, n);
		if (r->variables.failed)
			return FCGI_IS_BROKEN;
	} else if (is_of_request(r) && type == FCGI_STDIN) {
		n = min(n, body->len);
		if (n == 0)
			return FCGI_NEEDS_ROOM;
		memcpy(body->at, data->at, n);
		body->at += n;
		body->len -= n;
	}
	skip(r, data, n);
	return FCGI_NEEDS_DATA;
}

static enum fcgi_event begin_request(struct fcgi_reader *r)
{
	int id = record_id(r);

	if (r->request_id)
		return refuse_request(r, id, CANT_MULTIPLEX);
	if ((r->begin[0] << 8 | r->begin[1]) != RESPONDER)
		return refuse_request(r, id, UNKNOWN_ROLE);
	r->request_id = id;
	r->keep = r->begin[2] & KEEP_CONNECTION;
	return FCGI_NEEDS_DATA;
}

/* A record is complete. */
static enum fcgi_event end_record(struct fcgi_reader *r)
{
	unsigned char type = r->header[1];

	r->n_header = r->n_content = 0;
	if (type == FCGI_BEGIN_REQUEST)
		return begin_request(r);
	if (record_id(r) == 0)
		return reply_about_connection(r, type);
	if (!is_of_request(r) || content_bytes(r))
		return FCGI_NEEDS_DATA;
	if (type == FCGI_PARAMS) {
		r->head_ended = true;
		return FCGI_HAS_VARIABLES;
	}
	if (type == FCGI_STDIN) {
		r->body_ended = true;
		return FCGI_HAS_BODY;
	}
	return FCGI_NEEDS_DATA;
}

/* Takes from the record in work. *RET_EVENT is FCGI_NEEDS_DATA while it goes on. */
static void take_some(struct fcgi_reader *r, struct fcgi_span *data, struct fcgi_span *body, enum fcgi_event *ret_event)
{
	size_t n;

	if (r->n_header < FCGI_HEADER_BYTES) {
		n = min(FCGI_HEADER_BYTES - r->n_header, data->len);
		memcpy(r->header + r->n_header, data->at, n);
		r->n_header += n;
		data->at += n;
		data->len -= n;
		if (r->n_header < FCGI_HEADER_BYTES)
			return;
		if (!is_in_order(r)) {
			*ret_event = FCGI_IS_BROKEN;
			return;
		}
	}
	if (r->n_content < content_bytes(r) && data->len)
		*ret_event = take_content(r, data, body);
	if (r->n_content >= content_bytes(r))
		skip(r, data, min(content_bytes(r) + r->header[6] - r->n_content, data->len));
	if (*ret_event == FCGI_NEEDS_DATA && r->n_content == content_bytes(r) + r->header[6])
		*ret_event = end_record(r);
}

enum fcgi_event fcgi_reader_take(struct fcgi_reader *r, struct fcgi_span *data, struct fcgi_span *body)
{
	enum fcgi_event event = r->broken ? FCGI_IS_BROKEN : r->body_ended ? FCGI_HAS_BODY : FCGI_NEEDS_DATA;

	while (data->len && event == FCGI_NEEDS_DATA)
		take_some(r, data, body, &event);
	r->broken = event == FCGI_IS_BROKEN;
	return event;
}

/* ---- variables ---- */

/* The length at *AT of what ends at END; false: there is none. */
static bool take_length(const unsigned char **at, const unsigned char *end, size_t *ret)
{
	const unsigned char *p = *at;

	if (p == end)
		return false;
	if (!(p[0] & 0x80)) {
		*ret = p[0];
		*at += 1;
		return true;
	}
	if (end - p < 4)
		return false;
	*ret = (size_t)(p[0] & 0x7f) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	*at += 4;
	return true;
}

/*
 * Turns the next pair into "NAME=value" and a NUL at OUT, which isn't behind *AT: the two lengths
 * take at least the room of "=" and NUL. NULL: it is none, or holds a NUL. Else the end of it.
 */
static char *take_pair(const unsigned char **at, const unsigned char *end, char *out)
{
	size_t name, value;

	if (!take_length(at, end, &name) || !take_length(at, end, &value) || name > (size_t)(end - *at) ||
	    value > (size_t)(end - *at) - name || memchr(*at, 0, name + value))
		return NULL;
	memmove(out, *at, name);
	out[name] = '=';
	memmove(out + name + 1, *at + name, value);
	out[name + 1 + value] = '\0';
	*at += name + value;
	return out + name + 1 + value + 1;
}

char **fcgi_reader_variables(struct fcgi_reader *r)
{
	const unsigned char *at = (const unsigned char *)r->variables.text, *end = at + r->variables.len;
	char *out = r->variables.text;
	size_t n = 0;

	r->envp = calloc(FCGI_VARIABLES_MAX + 1, sizeof(*r->envp));
	if (!r->envp)
		return NULL;
	while (at < end) {
		if (n == FCGI_VARIABLES_MAX)
			return NULL;
		r->envp[n++] = out;
		out = take_pair(&at, end, out);
		if (!out)
			return NULL;
	}
	return r->envp;
}
