#include "api/url.h"

#include <string.h>
#include <strings.h>

#include "base/banned.h"

enum { FIRST_SIZE = 128 };

/* ---- links ---- */

static char *make_room(struct url *u, size_t extra)
{
	size_t had = u->size;

	if (u->len + extra >= u->size) {
		u->size = 2 * (u->len + extra) + FIRST_SIZE;
		u->text = arena_grow(u->arena, u->text, had, u->size);
	}
	return u->text + u->len;
}

static void add(struct url *u, const char *text, size_t len)
{
	memcpy(make_room(u, len), text, len);
	u->len += len;
}

static void add_char(struct url *u, char c)
{
	*make_room(u, 1) = c;
	u->len++;
}

struct url url_begin(struct arena *arena, const char *link)
{
	struct url u = { .arena = arena, .separator = !*link || strchr(link, '?') ? '&' : '?' };

	url_add(&u, link);
	return u;
}

void url_add(struct url *u, const char *text)
{
	add(u, text, strlen(text));
}

/* The bytes that are not encoded. */
static const bool unreserved[256] = {
	['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true, ['-'] = true,
	['.'] = true,         ['_'] = true,         ['~'] = true
};

void url_encode(struct url *u, const char *text, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";
	char *from = make_room(u, 3 * len), *to = from;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (unreserved[c]) {
			*to++ = (char)c;
		} else {
			*to++ = '%';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	u->len += (size_t)(to - from);
}

void url_argn(struct url *u, const char *name, const char *value, size_t len)
{
	add_char(u, u->separator);
	u->separator = '&';
	url_encode(u, name, strlen(name));
	add_char(u, '=');
	url_encode(u, value, len);
}

void url_arg(struct url *u, const char *name, const char *value)
{
	if (value)
		url_argn(u, name, value, strlen(value));
}

const char *url_end(const struct url *u)
{
	return u->text;
}

const char *url_list(struct arena *arena, const char *link, const struct url_arg *args)
{
	struct url u = url_begin(arena, link);

	for (; args->name; args++)
		url_arg(&u, args->name, args->value);
	return url_end(&u);
}

const char *login_link(struct arena *arena, const char *failed, const char *page)
{
	const char *login = url_of(arena, "/login", { "failed", failed }),
		   *link = url_of(arena, login, { "redirect", page });

	return strlen(link) <= URL_HEADER_MAX ? link : login;
}

/* ---- paths with {Name}s ---- */

bool path_next_name(const char **p, const char **ret, size_t *ret_len)
{
	const char *open = strchr(*p, '{');

	if (!open)
		return false;
	*ret = open + 1;
	*ret_len = strcspn(*ret, "}");
	*p = *ret + *ret_len + 1;
	return true;
}

const char *path_fill(struct arena *arena, const char *pattern,
		      const char *(*value)(const void *ctx, const char *name), const void *ctx)
{
	struct url u = url_begin(arena, "");
	const char *name, *text;
	size_t len;

	for (const char *p = pattern; path_next_name(&p, &name, &len); pattern = p) {
		text = value(ctx, arena_strn(arena, name, len));
		if (!text)
			return NULL;
		add(&u, pattern, (size_t)(name - 1 - pattern));
		url_encode(&u, text, strlen(text));
	}
	url_add(&u, pattern);
	return url_end(&u);
}

bool path_split(struct path *p, const char *text, const char *marks, size_t len, bool skip_empty)
{
	size_t at = 0;

	p->n = 0;
	while (at < len) {
		const char *slash = memchr(marks + at + 1, '/', len - at - 1);
		size_t begin = at + 1, end = slash ? (size_t)(slash - marks) : len;

		if (end > begin || !skip_empty) {
			if (p->n == URL_SEGMENTS_MAX)
				return false;
			p->segments[p->n++] = (struct path_segment) { text + begin, end - begin,
								      marks + begin };
		}
		at = end;
	}
	p->stripped = p->n ? p->segments[p->n - 1].len : 0;
	return true;
}

static bool same(const char *a, const char *b, size_t len, bool any_case)
{
	return any_case ? strncasecmp(a, b, len) == 0 : memcmp(a, b, len) == 0;
}

/* The length of segment I, without the suffix of the last segment. */
static size_t value_len(const struct path *p, size_t i)
{
	return i + 1 == p->n ? p->stripped : p->segments[i].len;
}

static bool fits(const struct path *p, size_t i, const char *piece, size_t len, bool any_case)
{
	const struct path_segment *s = &p->segments[i];

	if (piece[0] == '{')
		return value_len(p, i) > 0;
	return (s->len == len || value_len(p, i) == len) && same(s->text, piece, len, any_case);
}

bool path_match(const char *pattern, const struct path *p, bool any_case)
{
	size_t i = 0;

	for (; *pattern == '/' && i < p->n; i++) {
		size_t len = strcspn(++pattern, "/");

		if (!fits(p, i, pattern, len, any_case))
			return false;
		pattern += len;
	}
	return *pattern == '\0' && i == p->n;
}

size_t path_args(const char *pattern, const struct path *p, struct arena *arena,
		 struct raw_param ret[URL_SEGMENTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		size_t len = strcspn(++pattern, "/");

		if (pattern[0] == '{')
			ret[n++] = (struct raw_param) {
				.name = arena_strn(arena, pattern + 1, len - 2),
				.value = arena_strn(arena, p->segments[i].text, value_len(p, i)),
				.len = value_len(p, i)
			};
		pattern += len;
	}
	return n;
}

/* ---- links of a call ---- */

static const char *path_value(const void *ctx, const char *name)
{
	return request_arg(ctx, name)->text;
}

const char *request_path(const struct request *rq)
{
	return path_fill(rq->arena, rq->op->path, path_value, rq);
}

const struct format *request_link_format(const struct request *rq)
{
	return rq->reply.format == &format_sheet ? &format_html : rq->reply.format;
}

const char *request_link_suffix(const struct request *rq, const struct dialect *d)
{
	const struct format *format = request_link_format(rq);

	if (format == d->default_format || format->terminal_only)
		return "";
	return arena_join(rq->arena, ".", format->name, NULL);
}

const char *request_link_path(const struct request *rq)
{
	return arena_join(rq->arena, request_path(rq), request_link_suffix(rq, rq->op->dialect),
			  NULL);
}

const char *request_given(const struct request *rq, const char *name)
{
	return request_arg(rq, name)->given ? request_arg(rq, name)->text : NULL;
}

const char *request_link(const struct request *rq, const char *link, const struct url_arg *changes)
{
	struct url u = url_begin(rq->arena, link);

	for (int i = 0; rq->op->params[i].name; i++) {
		const struct arg *arg = &rq->args[i];
		const struct param *p = &rq->op->params[i];
		bool filter = arg->given && !(p->flags & (PARAM_STATE | PARAM_PATH));
		const char *value = filter ? arg->text : NULL;

		for (const struct url_arg *c = changes; c->name; c++)
			if (strcmp(c->name, p->name) == 0)
				value = c->value;
		url_arg(&u, p->name, value);
	}
	return url_end(&u);
}

const char *action_page(const struct request *rq, const char *prefix, const char *name,
			const char *action)
{
	struct url u = url_begin(rq->arena, prefix);

	url_add(&u, "/");
	url_encode(&u, name, strlen(name));
	url_add(&u, "/");
	url_add(&u, action);
	url_add(&u, ".html");
	return url_end(&u);
}
