#include "http/fcgi_gate.h"

#include "base/banned.h"

void fcgi_gate_init(struct fcgi_gate *g)
{
	*g = (struct fcgi_gate) { .request_id = 0 };
}

/* ---- replies ---- */

FCGI_Header fcgi_header(int type, int request_id, size_t content)
{
	return (FCGI_Header) { .version = FCGI_VERSION_1,
			       .type = (unsigned char)type,
			       .requestIdB1 = (unsigned char)(request_id >> 8),
			       .requestIdB0 = (unsigned char)request_id,
			       .contentLengthB1 = (unsigned char)(content >> 8),
			       .contentLengthB0 = (unsigned char)content };
}

static enum fcgi_event reply(struct fcgi_gate *g, int type, int id, const void *content, size_t len)
{
	FCGI_Header header = fcgi_header(type, id, len);

	memcpy(g->reply, &header, sizeof(header));
	memcpy(g->reply + sizeof(header), content, len);
	g->reply_len = sizeof(header) + len;
	return FCGI_HAS_REPLY;
}

static enum fcgi_event refuse_request(struct fcgi_gate *g, int id, unsigned char status)
{
	const FCGI_EndRequestBody body = { .protocolStatus = status };

	return reply(g, FCGI_END_REQUEST, id, &body, sizeof(body));
}

/*
 * Replies to a query for values. FCGI_MPXS_CONNS is the only value that does
 * not depend on the settings.
 */
static enum fcgi_event reply_about_connection(struct fcgi_gate *g, unsigned char type)
{
	static const char values[] = "\017\001" FCGI_MPXS_CONNS "0";
	const FCGI_UnknownTypeBody unknown = { .type = type };
	const int id = FCGI_NULL_REQUEST_ID;

	if (type == FCGI_GET_VALUES)
		return reply(g, FCGI_GET_VALUES_RESULT, id, values, sizeof(values) - 1);
	return reply(g, FCGI_UNKNOWN_TYPE, id, &unknown, sizeof(unknown));
}

/* ---- variables ---- */

/* Takes the next byte of a length. */
static void take_length(struct fcgi_gate *g, unsigned char byte)
{
	if (g->length_bytes) {
		g->length = g->length << 8 | byte;
		g->length_bytes--;
	} else {
		g->length = byte & 0x7f;
		g->length_bytes = byte & 0x80 ? 3 : 0;
	}
	if (g->length_bytes)
		return;
	g->variable_bytes += g->length;
	if (++g->n_lengths == 2)
		g->n_variables++;
}

/* Checks N bytes of the variables. False: a NUL, or too many bytes. */
static bool check_variables(struct fcgi_gate *g, const char *at, size_t n)
{
	for (size_t part; n; at += part, n -= part) {
		part = 1;
		if (g->n_lengths < 2) {
			take_length(g, (unsigned char)*at);
		} else {
			part = n < g->variable_bytes ? n : g->variable_bytes;
			if (memchr(at, 0, part))
				return false;
			g->variable_bytes -= part;
		}
		if (g->n_lengths == 2 && !g->variable_bytes)
			g->n_lengths = 0;
	}
	return g->n_variables <= FCGI_VARIABLES_MAX;
}

/* ---- records ---- */

static size_t content_bytes(const struct fcgi_gate *g)
{
	return (size_t)g->header.contentLengthB1 << 8 | g->header.contentLengthB0;
}

static int record_id(const struct fcgi_gate *g)
{
	return g->header.requestIdB1 << 8 | g->header.requestIdB0;
}

static bool is_of_request(const struct fcgi_gate *g)
{
	return g->request_id && record_id(g) == g->request_id;
}

/* Is the current record one of variables or body? */
static bool is_stream(const struct fcgi_gate *g)
{
	return is_of_request(g) && (g->header.type == FCGI_PARAMS || g->header.type == FCGI_STDIN);
}

/* Consumes up to MOST bytes of DATA; returns the number of bytes. */
static size_t take_off(struct fcgi_span *data, size_t most)
{
	size_t n = most < data->len ? most : data->len;

	data->at += n;
	data->len -= n;
	return n;
}

/* May a record with this header come now? */
static bool is_in_order(const struct fcgi_gate *g)
{
	if (g->header.version != FCGI_VERSION_1)
		return false;
	if (g->header.type == FCGI_BEGIN_REQUEST)
		return record_id(g) && !is_of_request(g) && content_bytes(g) == sizeof(g->begin);
	if (!is_of_request(g))
		return true;
	if (g->header.type == FCGI_PARAMS)
		return !g->head_ended && g->head_bytes <= FCGI_HEAD_BYTES;
	if (g->header.type == FCGI_STDIN)
		return g->head_ended;
	return g->header.type != FCGI_ABORT_REQUEST;
}

/* Takes bytes of the header. False: the complete header is out of order. */
static bool take_header(struct fcgi_gate *g, struct fcgi_span *data)
{
	const char *at = data->at;
	size_t n = take_off(data, sizeof(g->header) - g->n_header);

	memcpy((char *)&g->header + g->n_header, at, n);
	g->n_header += n;
	g->begun = true;
	if (g->n_header < sizeof(g->header))
		return true;
	if (g->header.type == FCGI_PARAMS && is_of_request(g))
		g->head_bytes += sizeof(g->header) + content_bytes(g);
	return is_in_order(g);
}

static void pass_header(const struct fcgi_gate *g, struct strbuf *passed)
{
	FCGI_Header header = fcgi_header(g->header.type, g->request_id, content_bytes(g));

	strbuf_addn(passed, (const char *)&header, sizeof(header));
}

/* Takes the available bytes of the content. */
static bool take_content(struct fcgi_gate *g, struct fcgi_span *data, struct strbuf *passed)
{
	const char *at = data->at;
	size_t n = take_off(data, content_bytes(g) - g->n_content);

	if (g->header.type == FCGI_BEGIN_REQUEST) {
		memcpy((char *)&g->begin + g->n_content, at, n);
	} else if (is_stream(g)) {
		if (g->header.type == FCGI_PARAMS && !check_variables(g, at, n))
			return false;
		if (!g->n_content)
			pass_header(g, passed);
		strbuf_addn(passed, at, n);
		if (g->header.type == FCGI_STDIN)
			g->body_bytes += n;
	}
	g->n_content += n;
	return true;
}

static enum fcgi_event begin_request(struct fcgi_gate *g, struct strbuf *passed)
{
	int id = record_id(g);

	if (g->request_id)
		return refuse_request(g, id, FCGI_CANT_MPX_CONN);
	if ((g->begin.roleB1 << 8 | g->begin.roleB0) != FCGI_RESPONDER)
		return refuse_request(g, id, FCGI_UNKNOWN_ROLE);
	g->begun = true;
	g->request_id = id;
	pass_header(g, passed);
	strbuf_addn(passed, (const char *)&g->begin, sizeof(g->begin));
	return FCGI_TAKES_ALL;
}

/*
 * Ends the variables. The last variable must be complete: its length must not
 * exceed the rest.
 */
static enum fcgi_event end_variables(struct fcgi_gate *g)
{
	g->head_ended = true;
	return g->n_lengths || g->length_bytes ? FCGI_IS_BROKEN : FCGI_TAKES_ALL;
}

/* Ends a complete record. */
static enum fcgi_event end_record(struct fcgi_gate *g, struct strbuf *passed)
{
	g->n_header = g->n_content = 0;
	g->begun = g->request_id;
	if (g->header.type == FCGI_BEGIN_REQUEST)
		return begin_request(g, passed);
	if (record_id(g) == FCGI_NULL_REQUEST_ID)
		return reply_about_connection(g, g->header.type);
	if (!is_stream(g) || content_bytes(g))
		return FCGI_TAKES_ALL;
	pass_header(g, passed);
	if (g->header.type == FCGI_PARAMS)
		return end_variables(g);
	g->body_ended = true;
	return FCGI_HAS_REQUEST;
}

/* Takes bytes of the current record. */
static enum fcgi_event take_some(struct fcgi_gate *g, struct fcgi_span *data, struct strbuf *passed)
{
	size_t all;

	if (g->n_header < sizeof(g->header)) {
		if (!take_header(g, data))
			return FCGI_IS_BROKEN;
		if (g->n_header < sizeof(g->header))
			return FCGI_TAKES_ALL;
	}
	if (g->n_content < content_bytes(g) && data->len && !take_content(g, data, passed))
		return FCGI_IS_BROKEN;
	all = content_bytes(g) + g->header.paddingLength;
	if (g->n_content >= content_bytes(g))
		g->n_content += take_off(data, all - g->n_content);
	return g->n_content == all ? end_record(g, passed) : FCGI_TAKES_ALL;
}

enum fcgi_event fcgi_gate_take(struct fcgi_gate *g, struct fcgi_span *data, struct strbuf *passed)
{
	enum fcgi_event event = g->body_ended ? FCGI_HAS_REQUEST : FCGI_TAKES_ALL;

	while (data->len && event == FCGI_TAKES_ALL && !g->broken)
		event = take_some(g, data, passed);
	g->broken = g->broken || event == FCGI_IS_BROKEN || passed->failed;
	return g->broken ? FCGI_IS_BROKEN : event;
}
