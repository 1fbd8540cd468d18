#include "http/negotiate.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "http/parse.h"
#include "base/banned.h"

enum { RANGES_MAX = 32, FORMAT_NAME_MAX = 16 };

/* One media range of Accept. */
struct range {
	const char *type;
	size_t len;
	int q; /* thousandths */
};

/* How closely a range of Accept names a type; a closer one wins. */
enum coverage { COVERS_NOT, COVERS_ALL, COVERS_CLASS, COVERS_EXACTLY };

/* ---- formats and their types ---- */

bool format_is_served(const struct format *f)
{
	return !f->terminal_only;
}

bool format_is_page(const struct format *f)
{
	return format_is_served(f) && f->page;
}

const struct format *format_served(const char *name, size_t len)
{
	const struct format *f = format_find(name, len);

	return f && format_is_served(f) ? f : NULL;
}

/* Length of a media type, without its parameters and the spaces before them. */
static size_t type_length(const char *text)
{
	return strcspn(text, "; \t,");
}

bool media_type_is(const char *content_type, const char *type)
{
	size_t len = type_length(content_type);

	return len == strlen(type) && strncasecmp(content_type, type, len) == 0;
}

static bool is_type_of(const struct format *f, const char *type, size_t len)
{
	if (len == strlen(f->mime) && strncasecmp(type, f->mime, len) == 0)
		return true;
	for (const char *const *a = f->aliases; a && *a; a++)
		if (len == strlen(*a) && strncasecmp(type, *a, len) == 0)
			return true;
	return false;
}

const struct format *format_of_type(const char *content_type)
{
	size_t len = type_length(content_type);

	for (const struct format *const *f = formats; *f; f++)
		if (format_is_served(*f) && is_type_of(*f, content_type, len))
			return *f;
	return NULL;
}

/* ---- Accept ---- */

/* The q of a range, in thousandths. 1000 without q, 0 for a malformed q. */
static int parse_q(const char *params, const char *end)
{
	while (params < end) {
		const char *p = params + 1, *next = memchr(p, ';', (size_t)(end - p));
		int q = 0, unit = 1000;

		if (!next)
			next = end;
		while (p < next && isspace((unsigned char)*p))
			p++;
		params = next;
		if (next - p < 2 || (*p != 'q' && *p != 'Q') || p[1] != '=')
			continue;
		for (p += 2; p < next && unit > 0 &&
			     (isdigit((unsigned char)*p) || (*p == '.' && unit == 100));
		     p++) {
			if (*p == '.')
				continue;
			q += (*p - '0') * unit;
			unit /= 10;
		}
		return q > 1000 ? 1000 : q;
	}
	return 1000;
}

static size_t parse_accept(const char *text, struct range ranges[static RANGES_MAX])
{
	size_t n = 0;

	while (*text && n < RANGES_MAX) {
		size_t len;

		text += strspn(text, ", \t");
		len = strcspn(text, ",");
		if (len) {
			size_t type_len = type_length(text);
			const char *params = memchr(text, ';', len);

			ranges[n++] = (struct range) { text, type_len,
						       params ? parse_q(params, text + len)
							      : 1000 };
		}
		text += len;
	}
	return n;
}

/*
 * How closely RANGE names TYPE: exactly, by class ("text/" and a star), as any
 * type, or not at all.
 */
static enum coverage covers_type(const struct range *r, const char *type)
{
	size_t slash = strcspn(type, "/") + 1;

	if (r->len == 3 && memcmp(r->type, "*/*", 3) == 0)
		return COVERS_ALL;
	if (r->len == slash + 1 && r->type[slash] == '*' && strncasecmp(r->type, type, slash) == 0)
		return COVERS_CLASS;
	return COVERS_NOT;
}

static enum coverage covers(const struct range *r, const struct format *f)
{
	return is_type_of(f, r->type, r->len) ? COVERS_EXACTLY : covers_type(r, f->mime);
}

/*
 * The range of Accept that applies to F: the range that names F most closely;
 * of several such ranges, the first. NULL: no range names F.
 */
static const struct range *deciding_range(const struct range *ranges, size_t n,
					  const struct format *f)
{
	const struct range *best = NULL;
	enum coverage best_coverage = COVERS_NOT;

	for (size_t i = 0; i < n; i++) {
		enum coverage c = covers(&ranges[i], f);

		if (c > best_coverage) {
			best = &ranges[i];
			best_coverage = c;
		}
	}
	return best;
}

struct choice {
	const struct range *ranges;
	size_t n;
	const struct shape *shape;   /* the shape to show, or NULL */
	const struct format *format; /* the best format so far, or NULL */
	const struct range *range;   /* the range that chose FORMAT */
};

static bool may_be(const struct choice *c, const struct format *f)
{
	return f && format_is_served(f) && (!c->shape || format_fits(f, c->shape));
}

/*
 * Chooses F if its range has a higher precedence than the range of the current
 * choice. If one range names several formats, the first stays chosen.
 */
static void consider(struct choice *c, const struct format *f)
{
	const struct range *r = may_be(c, f) ? deciding_range(c->ranges, c->n, f) : NULL;

	if (!r || !r->q)
		return;
	if (!c->format || r->q > c->range->q || (r->q == c->range->q && r < c->range)) {
		c->format = f;
		c->range = r;
	}
}

/* The answer's shape; NULL: no operation, so all formats are possible. */
static const struct shape *shape_of(const struct request *rq)
{
	return rq->op ? rq->op->returns : NULL;
}

static const struct format *choose(const struct request *rq)
{
	struct range ranges[RANGES_MAX];
	struct choice c = { .ranges = ranges,
			    .n = parse_accept(*rq->accept ? rq->accept : "*/*", ranges),
			    .shape = shape_of(rq) };

	if (rq->dialect->type_decides)
		consider(&c, format_of_type(rq->content_type));
	consider(&c, rq->dialect->default_format);
	for (const struct format *const *f = formats; *f; f++)
		consider(&c, *f);
	return c.format;
}

/* ---- precedence ---- */

/* The format in ?format=, up to its first ".", ignoring case. */
static const struct format *format_by_parameter(const char *text)
{
	char name[FORMAT_NAME_MAX];
	size_t len = strcspn(text, ".");

	if (len > sizeof(name))
		return NULL;
	for (size_t i = 0; i < len; i++)
		name[i] = (char)tolower((unsigned char)text[i]);
	return format_served(name, len);
}

static const char *param(const struct request *rq, const char *name)
{
	return params_find(&rq->params, name, rq->dialect->any_case);
}

/* The format that the request asks for; NULL: not a format of this server. */
static const struct format *wanted(const struct request *rq)
{
	const struct format *f = rq->suffix_format;
	const char *name = rq->batch ? NULL : param(rq, "format");

	if (!f && rq->dialect->jsonp && param(rq, "callback"))
		f = &format_json;
	if (!f && name)
		f = format_by_parameter(name);
	if (!f)
		f = rq->fixed;
	return f ? f : choose(rq);
}

int negotiate(struct request *rq, struct error *err)
{
	const struct dialect *d = rq->dialect;
	const struct shape *shape = shape_of(rq);
	const struct format *f = wanted(rq);

	if (f == &format_csv && d->csv)
		f = d->csv;
	if (f == &format_jsv && d->jsv_debug && param(rq, "debug"))
		f = &format_jsv_dump;
	if (f == &format_json && d->jsonp)
		rq->reply.callback = param(rq, "callback");
	rq->reply.format = f ? f : d->default_format;
	if (f && shape && !format_fits(f, shape))
		return error_set(err, ERR_NOT_ACCEPTABLE, NULL,
				 "This answer has no chart, so it is not available as %s; choose "
				 "another format, such as %s",
				 f->mime, d->default_format->name);
	if (f || !d->refuses_accept)
		return 0;
	return error_set(err, ERR_NOT_ACCEPTABLE, "Accept",
			 "names none of the available types, such as %s", rq->reply.format->mime);
}
