#include "http/request.h"

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
	if (p->n == p->size) {
		size_t size = p->size ? p->size * 2 : 8;

		p->items = arena_grow(p->arena, p->items, p->size * sizeof(*p->items),
				      size * sizeof(*p->items));
		p->size = size;
	}
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
 * Decodes %XX, and "+" as a space if PLUS, in place; ends the text with a NUL.
 * False: a "%" without two digits.
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
	 * the value first: the name's NUL takes the place of the "=", or of the
	 * "&" that the empty value shares
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

struct variables {
	const char *method, *uri, *path_info, *query, *accept, *accept_language, *authorization,
		*content_type, *content_length;
	const char *remote, *scheme, *https, *host, *origin, *method_override, *fetch_site,
		*referer, *cookie, *ss_id, *ss_pid;
};

#define VARIABLE(env, member)                                              \
	{                                                                  \
		(env), sizeof(env) - 1, offsetof(struct variables, member) \
	}

static const struct {
	const char *name;
	size_t len, offset;
} variables[] = { VARIABLE("REQUEST_METHOD", method),
		  VARIABLE("REQUEST_URI", uri),
		  VARIABLE("PATH_INFO", path_info),
		  VARIABLE("QUERY_STRING", query),
		  VARIABLE("HTTP_ACCEPT", accept),
		  VARIABLE("HTTP_ACCEPT_LANGUAGE", accept_language),
		  VARIABLE("HTTP_AUTHORIZATION", authorization),
		  VARIABLE("CONTENT_TYPE", content_type),
		  VARIABLE("CONTENT_LENGTH", content_length),
		  VARIABLE("REMOTE_ADDR", remote),
		  VARIABLE("REQUEST_SCHEME", scheme),
		  VARIABLE("HTTPS", https),
		  VARIABLE("HTTP_HOST", host),
		  VARIABLE("HTTP_ORIGIN", origin),
		  VARIABLE("HTTP_X_HTTP_METHOD_OVERRIDE", method_override),
		  VARIABLE("HTTP_SEC_FETCH_SITE", fetch_site),
		  VARIABLE("HTTP_REFERER", referer),
		  VARIABLE("HTTP_COOKIE", cookie),
		  VARIABLE("HTTP_X_SS_ID", ss_id),
		  VARIABLE("HTTP_X_SS_PID", ss_pid) };

static void read_variables(struct variables *v, char *const *envp)
{
	for (; *envp; envp++) {
		const char *equals = strchr(*envp, '=');
		size_t len = equals ? (size_t)(equals - *envp) : 0;

		for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
			if (len == variables[i].len && memcmp(*envp, variables[i].name, len) == 0)
				*(const char **)((char *)v + variables[i].offset) = equals + 1;
	}
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
 * A name or address, perhaps in brackets, perhaps with a port: what may stand
 * in a URL without harm.
 */
static bool host_valid(const char *host)
{
	size_t len = strspn(host,
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]");

	return len > 0 && len < 256 && host[len] == '\0';
}

static const char *find_own_origin(const struct variables *v, struct arena *arena)
{
	const char *host = v->host && host_valid(v->host) ? v->host : "localhost";
	bool secure = v->scheme ? strcmp(v->scheme, "https") == 0
				: v->https && *v->https && strcasecmp(v->https, "off") != 0;

	return arena_join(arena, secure ? "https://" : "http://", host, NULL);
}

/*
 * As long as the decoded path: what came as it is, and for each byte that came
 * encoded a NUL, which divides nothing.
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

static int read_path(struct request *rq, const struct variables *v, struct arena *arena,
		     struct error *err)
{
	const char *raw = v->uri ? v->uri : or_empty(v->path_info);
	size_t len = v->uri ? strcspn(raw, "?#") : strlen(raw), decoded_len = len;
	char *path;

	rq->path = rq->raw_path = "";
	if (len > REQUEST_PATH_MAX)
		return error_set(err, ERR_PARAM, "path", "must not have more than %d bytes",
				 REQUEST_PATH_MAX);
	rq->raw_path = arena_strn(arena, raw, len);
	path = arena_strn(arena, raw, len);
	/* PATH_INFO was decoded by the web server */
	if (v->uri && !decode_escapes(path, len, false, &decoded_len))
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
	rq->path_marks = v->uri ? mark_path(raw, len, arena) : path;
	return 0;
}

static int read_query(struct request *rq, const struct variables *v, struct arena *arena,
		      struct error *err)
{
	const char *mark = v->query || !v->uri ? NULL : strchr(v->uri, '?');
	size_t len;

	rq->query = v->query ? v->query : mark ? mark + 1 : "";
	len = strlen(rq->query);
	if (len > REQUEST_QUERY_MAX) {
		rq->query = "";
		return error_set(err, ERR_PARAM, NULL, "The query has more than %d bytes",
				 REQUEST_QUERY_MAX);
	}
	return params_decode(&rq->params, arena_strn(arena, rq->query, len), len, err);
}

static int read_length(struct request *rq, const struct variables *v, struct error *err)
{
	const char *text = or_empty(v->content_length);
	size_t len = strlen(text);

	rq->content_length = 0;
	if (len > 18 || strspn(text, "0123456789") != len)
		return error_set(err, ERR_BODY, "Content-Length", "must be a number of bytes");
	for (; *text; text++)
		rq->content_length = rq->content_length * 10 + (*text - '0');
	return 0;
}

int request_read(struct request *rq, char *const *envp, const struct settings *settings,
		 struct arena *arena, struct error *err)
{
	struct variables v = { 0 };

	read_variables(&v, envp);
	*rq = (struct request) { .method_name = or_empty(v.method),
				 .method = request_method(or_empty(v.method)),
				 .params = { .arena = arena },
				 .accept = or_empty(v.accept),
				 .accept_language = or_empty(v.accept_language),
				 .authorization = v.authorization,
				 .content_type = or_empty(v.content_type),
				 .remote = v.remote && *v.remote ? v.remote : "-",
				 .own_origin = find_own_origin(&v, arena),
				 .origin = v.origin,
				 .method_override = v.method_override,
				 .fetch_site = v.fetch_site,
				 .referer = v.referer,
				 .cookie = or_empty(v.cookie),
				 .ss_id = or_empty(v.ss_id),
				 .ss_pid = or_empty(v.ss_pid) };
	rq->base_url = settings->base_url[0] ? settings->base_url : rq->own_origin;
	/*
	 * each of them, whatever becomes of the others: the first failure
	 * sticks
	 */
	read_path(rq, &v, arena, err);
	read_query(rq, &v, arena, err);
	read_length(rq, &v, err);
	return err->kind ? -1 : 0;
}

int request_body(const struct request *rq, struct input *in, int64_t max, struct arena *arena,
		 char **ret, size_t *ret_len, struct error *err)
{
	size_t len = (size_t)rq->content_length, got;
	char *body;

	if (rq->content_length > max)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "The body has %lld bytes; at most %lld are allowed",
				 (long long)rq->content_length, (long long)max);
	body = arena_alloc(arena, len + 1);
	got = len ? in->read(in, body, len) : 0;
	if (got < len)
		return error_set(err, ERR_BODY, NULL, "The body ended after %zu of %zu bytes", got,
				 len);
	*ret = body;
	*ret_len = len;
	return 0;
}

const char *request_cookie(const struct request *rq, const char *name, size_t *ret_len)
{
	const char *cookies = rq->cookie;
	size_t name_len = strlen(name);

	while (*cookies) {
		size_t len;

		cookies += strspn(cookies, "; \t");
		len = strcspn(cookies, ";");
		if (len > name_len && cookies[name_len] == '=' &&
		    memcmp(cookies, name, name_len) == 0) {
			for (*ret_len = len - name_len - 1;
			     *ret_len && strchr(" \t", cookies[name_len + *ret_len]); --*ret_len)
				;
			return cookies + name_len + 1;
		}
		cookies += len;
	}
	return NULL;
}
