#include "http/route.h"

#include <string.h>
#include <strings.h>

#include "http/negotiate.h"
#include "base/banned.h"

struct segment {
	const char *text;
	size_t len;
};

struct path {
	struct segment segments[ROUTE_SEGMENTS_MAX];
	size_t n;
	size_t stripped;        /* length of the last segment without its suffix */
};

static bool same(const char *a, const char *b, size_t len, bool any_case)
{
	return any_case ? strncasecmp(a, b, len) == 0 : memcmp(a, b, len) == 0;
}

/* Cuts the path at its slashes. False: too many segments. */
static bool split(struct path *p, const char *text, size_t len, bool skip_empty)
{
	const char *end = text + len;

	p->n = 0;
	while (text < end) {
		const char *slash;

		text++;
		slash = memchr(text, '/', (size_t)(end - text));
		if (!slash)
			slash = end;
		if (slash > text || !skip_empty) {
			if (p->n == ROUTE_SEGMENTS_MAX)
				return false;
			p->segments[p->n++] = (struct segment){ text, (size_t)(slash - text) };
		}
		text = slash;
	}
	p->stripped = p->n ? p->segments[p->n - 1].len : 0;
	return true;
}

static void find_suffix(struct path *p, struct arena *arena, struct route *ret)
{
	const struct segment *last = p->n ? &p->segments[p->n - 1] : NULL;
	const char *dot = last ? memrchr(last->text, '.', last->len) : NULL;

	if (!dot)
		return;
	ret->format = format_served(dot + 1, (size_t)(last->text + last->len - dot - 1));
	if (!ret->format)
		return;
	p->stripped = (size_t)(dot - last->text);
	ret->suffix = arena_strn(arena, dot, last->len - p->stripped);
}

/* Does the segment I fit the pattern's piece? The last one does with its suffix or without. */
static bool fits(const struct path *p, size_t i, const char *piece, size_t len, bool any_case)
{
	const struct segment *s = &p->segments[i];

	if (piece[0] == '{')
		return (i + 1 == p->n ? p->stripped : s->len) > 0;
	if (s->len == len && same(s->text, piece, len, any_case))
		return true;
	return i + 1 == p->n && p->stripped == len && same(s->text, piece, len, any_case);
}

static bool matches(const struct op *op, const struct path *p)
{
	const char *pattern = op->path;
	size_t i = 0;

	for (; *pattern == '/' && i < p->n; i++) {
		size_t len = strcspn(++pattern, "/");

		if (!fits(p, i, pattern, len, op->dialect->any_case))
			return false;
		pattern += len;
	}
	return *pattern == '\0' && i == p->n;
}

static void take_args(const struct op *op, const struct path *p, struct arena *arena, struct route *ret)
{
	const char *pattern = op->path;

	for (size_t i = 0; i < p->n; i++) {
		size_t len = strcspn(++pattern, "/"), value_len = i + 1 == p->n ? p->stripped : p->segments[i].len;

		if (pattern[0] == '{')
			ret->args[ret->n_args++] = (struct raw_param){
				.name = arena_strn(arena, pattern + 1, len - 2),
				.value = arena_strn(arena, p->segments[i].text, value_len), .len = value_len
			};
		pattern += len;
	}
}

int route_find(const struct op *const *table, unsigned method, const char *path, size_t len, struct arena *arena,
	       struct route *ret, struct error *err)
{
	struct path p;

	*ret = (struct route){ .dialect = dialect_of_path(path, len), .suffix = "" };
	if (!split(&p, path, len, ret->dialect->any_case))
		return error_set(err, ERR_NOT_FOUND, NULL, "The requested resource %.200s was not found", path);
	find_suffix(&p, arena, ret);
	for (; *table; table++) {
		const struct op *op = *table;

		if (op->dialect != ret->dialect || !matches(op, &p))
			continue;
		ret->methods |= op->methods | (op->methods & M_GET ? M_HEAD : 0);
		if ((op->methods & method) || (method == M_HEAD && (op->methods & M_GET))) {
			ret->op = op;
			take_args(op, &p, arena, ret);
			return 0;
		}
	}
	if (ret->methods)
		return error_set(err, ERR_METHOD, NULL, "The method is not allowed here; use %s", route_allow(ret->methods, arena));
	return error_set(err, ERR_NOT_FOUND, NULL, "The requested resource %.200s was not found", path);
}

const char *route_allow(unsigned methods, struct arena *arena)
{
	static const char *const names[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", NULL };
	const char *text = "";

	for (int i = 0; names[i]; i++)
		if (methods & (1u << i))
			text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", names[i]);
	return text;
}
