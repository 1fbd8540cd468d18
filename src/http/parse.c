#include "http/parse.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "base/banned.h"

/* ---- parameters ---- */

bool params_same(const char *a, const char *b, bool any_case)
{
	return param_named(a, strlen(a), b, any_case);
}

const char *params_find(const struct params *p, const char *name, bool any_case)
{
	for (size_t i = p->n; i-- > 0;)
		if (p->items[i].len && params_same(p->items[i].name, name, any_case))
			return p->items[i].value;
	return NULL;
}

static int check_name(const struct params *p, const char *name, size_t len, struct error *err)
{
	if (p->n >= REQUEST_PARAMS_MAX)
		return error_set(err, ERR_PARAM, NULL, "There are more than %d parameters",
				 REQUEST_PARAMS_MAX);
	if (len > REQUEST_NAME_MAX)
		return error_set(err, ERR_PARAM, NULL,
				 "The name of parameter %zu has more than %d bytes", p->n + 1,
				 REQUEST_NAME_MAX);
	if (memchr(name, 0, len))
		return error_set(err, ERR_PARAM, NULL, "The name of parameter %zu holds a NUL byte",
				 p->n + 1);
	if (!utf8_valid(name, len))
		return error_set(err, ERR_PARAM, NULL, "The name of parameter %zu is not UTF-8",
				 p->n + 1);
	return 0;
}

int params_add(struct params *p, const char *name, size_t name_len, const char *value, size_t len,
	       struct error *err)
{
	if (check_name(p, name, name_len, err) < 0)
		return -1;
	if (len > REQUEST_VALUE_MAX)
		return error_set(err, ERR_PARAM, name, "must not have more than %d bytes",
				 REQUEST_VALUE_MAX);
	if (memchr(value, 0, len))
		return error_set(err, ERR_PARAM, name, "must not hold a NUL byte");
	if (!utf8_valid(value, len))
		return error_set(err, ERR_PARAM, name, "must be UTF-8");
	p->items = arena_room(p->arena, p->items, p->n, &p->size, sizeof(*p->items));
	p->items[p->n++] = (struct raw_param) { .name = name, .value = value, .len = len };
	return 0;
}

void params_add_unknown(struct params *p, const char *name, size_t len)
{
	for (size_t i = 0; i < p->n_unknown; i++)
		if (strlen(p->unknown[i]) == len && memcmp(p->unknown[i], name, len) == 0)
			return;
	if (p->n_unknown < UNKNOWN_NAMES_MAX)
		p->unknown[p->n_unknown++] = arena_strn(p->arena, name, len);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Decodes %XX in place, and "+" as a space if PLUS; ends the text with a NUL.
 * False: a "%" without two hex digits.
 */
static bool decode_escapes(char *text, size_t len, bool plus, size_t *ret_len)
{
	char *out = text;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		*out++ = c;
	}
	*out = '\0';
	*ret_len = (size_t)(out - text);
	return true;
}

static int add_pair(struct params *p, char *pair, size_t len, struct error *err)
{
	char *equals = memchr(pair, '=', len), *value = equals ? equals + 1 : pair + len;
	size_t name_len = equals ? (size_t)(equals - pair) : len,
	       value_len = (size_t)(pair + len - value);

	/*
	 * decode the value first: the NUL behind the name overwrites the "=",
	 * or the "&" behind an empty value
	 */
	if (!decode_escapes(value, value_len, true, &value_len) ||
	    !decode_escapes(pair, name_len, true, &name_len))
		return error_set(
			err, ERR_PARAM, NULL,
			"Parameter %zu has a %% that isn't followed by two hexadecimal digits",
			p->n + 1);
	return params_add(p, pair, name_len, value, value_len, err);
}

int params_decode(struct params *p, char *text, size_t len, struct error *err)
{
	while (len) {
		char *end = memchr(text, '&', len);
		size_t n = end ? (size_t)(end - text) : len;

		if (n && add_pair(p, text, n, err) < 0)
			return -1;
		text += n + (end != NULL);
		len -= n + (end != NULL);
	}
	return 0;
}

/* ---- the CGI variables ---- */

/* Variables that are combined into members of the request. */
struct address {
	const char *uri, *path_info, *query, *content_length, *scheme, *https, *host;
};

#define OF_REQUEST(env, member)                                                \
	{                                                                      \
		(env), sizeof(env) - 1, offsetof(struct request, member), true \
	}
#define OF_ADDRESS(env, member)                                                 \
	{                                                                       \
		(env), sizeof(env) - 1, offsetof(struct address, member), false \
	}

static const struct {
	const char *name;
	size_t len, offset;
	bool of_request;
} variables[] = { OF_REQUEST("REQUEST_METHOD", method_name),
		  OF_REQUEST("HTTP_ACCEPT", accept),
		  OF_REQUEST("HTTP_ACCEPT_LANGUAGE", accept_language),
		  OF_REQUEST("HTTP_AUTHORIZATION", authorization),
		  OF_REQUEST("CONTENT_TYPE", content_type),
		  OF_REQUEST("REMOTE_ADDR", remote),
		  OF_REQUEST("HTTP_ORIGIN", origin),
		  OF_REQUEST("HTTP_X_HTTP_METHOD_OVERRIDE", method_override),
		  OF_REQUEST("HTTP_SEC_FETCH_SITE", fetch_site),
		  OF_REQUEST("HTTP_REFERER", referer),
		  OF_REQUEST("HTTP_COOKIE", cookie),
		  OF_REQUEST("HTTP_X_SS_ID", ss_id),
		  OF_REQUEST("HTTP_X_SS_PID", ss_pid),
		  OF_ADDRESS("REQUEST_URI", uri),
		  OF_ADDRESS("PATH_INFO", path_info),
		  OF_ADDRESS("QUERY_STRING", query),
		  OF_ADDRESS("CONTENT_LENGTH", content_length),
		  OF_ADDRESS("REQUEST_SCHEME", scheme),
		  OF_ADDRESS("HTTPS", https),
		  OF_ADDRESS("HTTP_HOST", host) };

static void read_variable(struct request *rq, struct address *a, const char *variable)
{
	const char *equals = strchr(variable, '=');
	size_t len = equals ? (size_t)(equals - variable) : 0;

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (len == variables[i].len && memcmp(variable, variables[i].name, len) == 0)
			*(const char **)((variables[i].of_request ? (char *)rq : (char *)a) +
					 variables[i].offset) = equals + 1;
}

unsigned request_method(const char *name)
{
	static const struct {
		const char *name;
		unsigned method;
	} methods[] = { { "GET", M_GET },        { "HEAD", M_HEAD },   { "POST", M_POST },
			{ "PUT", M_PUT },        { "PATCH", M_PATCH }, { "DELETE", M_DELETE },
			{ "OPTIONS", M_OPTIONS } };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(name, methods[i].name) == 0)
			return methods[i].method;
	return 0;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/*
 * Is HOST safe in a URL: a name or address, optionally in brackets or with a
 * port?
 */
static bool host_valid(const char *host)
{
	size_t len = strspn(host,
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]");

	return len > 0 && len < 256 && host[len] == '\0';
}

static const char *find_own_origin(const struct address *a, struct arena *arena)
{
	const char *host = a->host && host_valid(a->host) ? a->host : "localhost";
	bool secure = a->scheme ? strcmp(a->scheme, "https") == 0
				: a->https && *a->https && strcasecmp(a->https, "off") != 0;

	return arena_join(arena, secure ? "https://" : "http://", host, NULL);
}

/*
 * A copy of the decoded path in which each byte that was encoded is a NUL,
 * because an encoded byte is no separator.
 */
static const char *mark_path(const char *text, size_t raw_len, struct arena *arena)
{
	char *marks = arena_alloc(arena, raw_len + 1), *out = marks;

	for (size_t i = 0; i < raw_len; i++) {
		*out++ = text[i] == '%' ? '\0' : text[i];
		i += text[i] == '%' ? 2 : 0;
	}
	return marks;
}

static int read_path(struct request *rq, const struct address *a, struct error *err)
{
	const char *raw = a->uri ? a->uri : or_empty(a->path_info);
	size_t len = a->uri ? strcspn(raw, "?#") : strlen(raw), decoded_len = len;
	char *path;

	rq->path = rq->raw_path = "";
	if (len > REQUEST_PATH_MAX)
		return error_set(err, ERR_PARAM, "path", "must not have more than %d bytes",
				 REQUEST_PATH_MAX);
	rq->raw_path = arena_strn(rq->arena, raw, len);
	path = arena_strn(rq->arena, raw, len);
	/* decode only REQUEST_URI: the web server has decoded PATH_INFO */
	if (a->uri && !decode_escapes(path, len, false, &decoded_len))
		return error_set(err, ERR_PARAM, "path",
				 "has a %% that isn't followed by two hexadecimal digits");
	if (memchr(path, 0, decoded_len))
		return error_set(err, ERR_PARAM, "path", "must not hold a NUL byte");
	if (!utf8_valid(path, decoded_len))
		return error_set(err, ERR_PARAM, "path", "must be UTF-8");
	if (path[0] != '/')
		return error_set(err, ERR_PARAM, "path", "must begin with a /");
	rq->path = path;
	rq->path_len = decoded_len;
	rq->path_marks = a->uri ? mark_path(raw, len, rq->arena) : path;
	return 0;
}

static int read_query(struct request *rq, const struct address *a, struct error *err)
{
	const char *mark = a->query || !a->uri ? NULL : strchr(a->uri, '?');
	size_t len;

	rq->query = a->query ? a->query : mark ? mark + 1 : "";
	len = strlen(rq->query);
	if (len > REQUEST_QUERY_MAX) {
		rq->query = "";
		return error_set(err, ERR_PARAM, NULL, "The query has more than %d bytes",
				 REQUEST_QUERY_MAX);
	}
	return params_decode(&rq->params, arena_strn(rq->arena, rq->query, len), len, err);
}

static int read_length(struct request *rq, const struct address *a, struct error *err)
{
	const char *text = or_empty(a->content_length);
	size_t len = strlen(text);

	rq->content_length = 0;
	if (len > 18 || strspn(text, "0123456789") != len)
		return error_set(err, ERR_BODY, "Content-Length", "must be a number of bytes");
	for (; *text; text++)
		rq->content_length = rq->content_length * 10 + (*text - '0');
	return 0;
}

int request_read(struct request *rq, struct error *err)
{
	const struct settings *settings = rq->worker->settings;
	struct address a = { 0 };

	rq->method_name = rq->accept = rq->accept_language = rq->content_type = "";
	rq->remote = rq->cookie = rq->ss_id = rq->ss_pid = "";
	for (char *const *v = rq->variables; *v; v++)
		read_variable(rq, &a, *v);
	if (!*rq->remote)
		rq->remote = "-";
	rq->method = request_method(rq->method_name);
	rq->params.arena = rq->arena;
	rq->own_origin = find_own_origin(&a, rq->arena);
	rq->base_url = settings->base_url[0] ? settings->base_url : rq->own_origin;
	/* run all functions even after an error; the first error is kept */
	read_path(rq, &a, err);
	read_query(rq, &a, err);
	read_length(rq, &a, err);
	return err->kind ? -1 : 0;
}

int request_body(struct request *rq, int64_t max, struct error *err)
{
	size_t len = (size_t)rq->content_length, got;
	char *body;

	if (rq->body)
		return 0;
	if (rq->content_length > max)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "The body has %lld bytes; at most %lld are allowed",
				 (long long)rq->content_length, (long long)max);
	body = arena_alloc(rq->arena, len + 1);
	got = len ? rq->in->read(rq->in, body, len) : 0;
	if (got < len)
		return error_set(err, ERR_BODY, NULL, "The body ended after %zu of %zu bytes", got,
				 len);
	rq->body = body;
	rq->body_len = len;
	return 0;
}
