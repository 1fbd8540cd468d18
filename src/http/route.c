#include "http/route.h"

#include <string.h>
#include <strings.h>

#include "api/url.h"
#include "http/negotiate.h"
#include "base/banned.h"

static void find_suffix(struct path *p, struct request *rq)
{
	const struct path_segment *last = p->n ? &p->segments[p->n - 1] : NULL;
	const char *mark = last ? memrchr(last->marks, '.', last->len) : NULL, *dot;

	if (!mark)
		return;
	dot = last->text + (mark - last->marks);
	rq->suffix_format = format_served(dot + 1, (size_t)(last->text + last->len - dot - 1));
	if (!rq->suffix_format)
		return;
	p->stripped = (size_t)(dot - last->text);
	rq->suffix = arena_strn(rq->arena, dot, last->len - p->stripped);
}

/* The pattern of the operation that matches the path, or NULL. */
static const char *matching(const struct op *op, const struct path *p)
{
	if (path_match(op->path, p, op->dialect->any_case))
		return op->path;
	return op->short_path && path_match(op->short_path, p, op->dialect->any_case)
		       ? op->short_path
		       : NULL;
}

/* ---- operations by name ---- */

static bool is_word(const struct path_segment *s, const char *word)
{
	return s->len == strlen(word) && strncasecmp(s->text, word, s->len) == 0;
}

static const struct op *find_name(const struct request *rq, const struct path_segment *name)
{
	for (const struct op *const *op = rq->worker->table; *op; op++)
		if ((*op)->dialect == rq->dialect && is_word(name, (*op)->id))
			return *op;
	return NULL;
}

/* "Get": the method in ServiceStack's spelling. */
static const char *verb_word(unsigned method)
{
	static const char *const words[] = { "Get",   "Head",   "Post",   "Put",
					     "Patch", "Delete", "Options" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (method == 1u << i)
			return words[i];
	return "Any";
}

static unsigned methods_by_name(const struct op *op, bool batch)
{
	return batch ? M_POST : op->methods | (op->methods & M_GET ? M_HEAD | M_POST : 0);
}

/*
 * Routes to the operation NAME with the format FORMAT. NAME[] is a batch, in
 * JSON only.
 */
static int open_name(struct request *rq, struct path_segment name, const struct format *format,
		     struct error *err)
{
	const struct op *op;

	rq->suffix_format = NULL;
	rq->fixed = format;
	rq->batch = format == &format_json && name.len > 2 &&
		    memcmp(name.text + name.len - 2, "[]", 2) == 0;
	if (rq->batch)
		name.len -= 2;
	op = find_name(rq, &name);
	if (!op)
		return error_set(err, ERR_NO_OPERATION, NULL,
				 "The operation '%.*s' does not exist for this service",
				 name.len > 100 ? 100 : (int)name.len, name.text);
	rq->methods = methods_by_name(op, rq->batch);
	if (!(rq->methods & rq->method))
		return error_set(
			err, ERR_NO_OPERATION, NULL,
			"Could not find method named %s(%s) or Any(%s) on Service %sService",
			verb_word(rq->method), op->id, op->id, op->id);
	rq->op = op;
	return 0;
}

/* Routes /api/{Op}[.ext]; the suffix is in RQ. */
static int find_api(struct request *rq, const struct path *p, struct error *err)
{
	const struct format *format = rq->suffix_format ? rq->suffix_format : &format_json;
	const struct path_segment *last = &p->segments[1];

	if (rq->suffix_format == &format_xml)
		rq->fixed_type = "text/xml"; /* ServiceStack's type for .xml */
	return open_name(rq, (struct path_segment) { last->text, p->stripped, last->marks }, format,
			 err);
}

/*
 * The format of /{format}/reply/{Op} and /{format}/oneway/{Op}. Both routes do
 * the same, because there is no queue. NULL: another path.
 */
static const struct format *named_format(const struct path *p)
{
	if (p->n != 3 || !(is_word(&p->segments[1], "reply") || is_word(&p->segments[1], "oneway")))
		return NULL;
	for (const struct format *const *f = formats; *f; f++)
		if (format_is_served(*f) && is_word(&p->segments[0], (*f)->name))
			return *f;
	return NULL;
}

/* ---- operations by path ---- */

/*
 * The operation whose form has the path, with the path's arguments set in RQ;
 * or NULL.
 */
static const struct op *find_form(struct request *rq, const struct path *p)
{
	for (const struct op *const *row = rq->worker->table; *row; row++) {
		const struct op *op = *row;

		if (op->form && op->dialect == rq->dialect &&
		    path_match(op->form->path, p, op->dialect->any_case)) {
			rq->n_path_args = path_args(op->form->path, p, rq->arena, rq->path_args);
			return op;
		}
	}
	return NULL;
}

/*
 * Is the path literally the path of a form? Such a path matches no {Name}, so
 * that "new" is not taken for an account.
 */
static bool is_form_path(const struct request *rq, const struct path *p)
{
	for (const struct op *const *op = rq->worker->table; *op; op++) {
		const struct op_form *form = (*op)->form;

		if (form && (*op)->dialect == rq->dialect && !strchr(form->path, '{') &&
		    path_match(form->path, p, rq->dialect->any_case))
			return true;
	}
	return false;
}

/*
 * Finds the operation of path and method. Collects the methods of all
 * operations with the path.
 */
static const struct op *find_row(struct request *rq, const struct path *p)
{
	bool form_path = (rq->method & M_READ) && is_form_path(rq, p);

	for (const struct op *const *row = rq->worker->table; *row; row++) {
		const struct op *op = *row;
		const char *pattern = op->dialect == rq->dialect ? matching(op, p) : NULL;
		unsigned methods = op->methods | (op->methods & M_GET ? M_HEAD : 0);

		if (!pattern || (strchr(pattern, '{') && form_path))
			continue;
		rq->methods |= methods;
		if (methods & rq->method) {
			rq->n_path_args = path_args(pattern, p, rq->arena, rq->path_args);
			return op;
		}
	}
	return NULL;
}

static int not_found(const struct request *rq, struct error *err)
{
	return error_set(err, ERR_NOT_FOUND, NULL, "The requested resource %.200s was not found",
			 rq->path);
}

int route_find(struct request *rq, struct error *err)
{
	const struct format *format;
	size_t len = rq->path_len;
	struct path p;

	rq->suffix = "";
	/* the server's own paths may end with a slash */
	if (rq->dialect == &dialect_usaged && len > 1 && rq->path_marks[len - 1] == '/')
		len--;
	if (!path_split(&p, rq->path, rq->path_marks, len, rq->dialect->any_case))
		return not_found(rq, err);
	find_suffix(&p, rq);
	if (rq->dialect->by_name && p.n == 2 && is_word(&p.segments[0], "api"))
		return find_api(rq, &p, err);
	rq->op = find_row(rq, &p);
	if (rq->op)
		return 0;
	if (rq->method & (M_READ | M_OPTIONS))
		rq->form_op = find_form(rq, &p);
	if (rq->methods)
		return error_set(err, ERR_METHOD, NULL, "The method is not allowed here; use %s",
				 route_allow(rq->methods, rq->arena));
	format = rq->dialect->by_name ? named_format(&p) : NULL;
	if (!format)
		return not_found(rq, err);
	rq->suffix = "";
	return open_name(rq, p.segments[2], format, err);
}

const char *route_allow(unsigned methods, struct arena *arena)
{
	static const char *const names[] = { "GET",   "HEAD",   "POST",    "PUT",
					     "PATCH", "DELETE", "OPTIONS", NULL };
	const char *text = "";

	for (int i = 0; names[i]; i++)
		if (methods & (1u << i))
			text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", names[i]);
	return text;
}
