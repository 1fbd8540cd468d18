#include "http/route.h"

#include <string.h>
#include <strings.h>

#include "http/negotiate.h"
#include "base/banned.h"

static void find_suffix(struct path *p, struct arena *arena, struct route *ret)
{
	const struct path_segment *last = p->n ? &p->segments[p->n - 1] : NULL;
	const char *mark = last ? memrchr(last->marks, '.', last->len) : NULL, *dot;

	if (!mark)
		return;
	dot = last->text + (mark - last->marks);
	ret->format = format_served(dot + 1, (size_t)(last->text + last->len - dot - 1));
	if (!ret->format)
		return;
	p->stripped = (size_t)(dot - last->text);
	ret->suffix = arena_strn(arena, dot, last->len - p->stripped);
}

/* The one of the operation's patterns that the path fits, or NULL. */
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

static const struct op *find_name(const struct op *const *table, const struct dialect *d,
				  const struct path_segment *name)
{
	for (; *table; table++)
		if ((*table)->dialect == d && is_word(name, (*table)->id))
			return *table;
	return NULL;
}

/* "Get", as the host that we stand in for spells verbs. */
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
 * The operation called NAME, answered as FORMAT; NAME[] is a batch, in JSON
 * alone.
 */
static int open_name(const struct op *const *table, unsigned method, struct path_segment name,
		     const struct format *format, struct route *ret, struct error *err)
{
	const struct op *op;

	ret->fixed = format;
	ret->batch = format == &format_json && name.len > 2 &&
		     memcmp(name.text + name.len - 2, "[]", 2) == 0;
	if (ret->batch)
		name.len -= 2;
	op = find_name(table, ret->dialect, &name);
	if (!op)
		return error_set(err, ERR_NO_OPERATION, NULL,
				 "The operation '%.*s' does not exist for this service",
				 name.len > 100 ? 100 : (int)name.len, name.text);
	ret->methods = methods_by_name(op, ret->batch);
	if (!(ret->methods & method))
		return error_set(
			err, ERR_NO_OPERATION, NULL,
			"Could not find method named %s(%s) or Any(%s) on Service %sService",
			verb_word(method), op->id, op->id, op->id);
	ret->op = op;
	return 0;
}

/* /api/{Op}[.ext]; *ret has the suffix. */
static int find_api(const struct op *const *table, unsigned method, const struct path *p,
		    struct route *ret, struct error *err)
{
	const struct format *format = ret->format ? ret->format : &format_json;

	if (ret->format == &format_xml)
		ret->type = "text/xml"; /* from a table of file name endings */
	ret->format = NULL;
	return open_name(table, method,
			 (struct path_segment) { p->segments[1].text, p->stripped,
						 p->segments[1].marks },
			 format, ret, err);
}

/*
 * The format of /{format}/reply/{Op} and /{format}/oneway/{Op}; without a
 * queue, both do the same. NULL: it is another path.
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

/*
 * The operation whose form is at the path, which then has its arguments; or
 * NULL.
 */
static const struct op *find_form(const struct op *const *table, const struct path *p,
				  struct arena *arena, struct route *ret)
{
	for (; *table; table++) {
		const struct op *op = *table;

		if (op->form && op->dialect == ret->dialect &&
		    path_match(op->form->path, p, op->dialect->any_case)) {
			ret->n_args = path_args(op->form->path, p, arena, ret->args);
			return op;
		}
	}
	return NULL;
}

/*
 * Is the path, word for word, that of a form? Then it is no {Name} of another
 * path: "new" is no account.
 */
static bool is_form_path(const struct op *const *table, const struct dialect *d,
			 const struct path *p)
{
	for (; *table; table++) {
		const struct op_form *form = (*table)->form;

		if (form && (*table)->dialect == d && !strchr(form->path, '{') &&
		    path_match(form->path, p, d->any_case))
			return true;
	}
	return false;
}

static int not_found(struct error *err, const char *path)
{
	return error_set(err, ERR_NOT_FOUND, NULL, "The requested resource %.200s was not found",
			 path);
}

int route_find(const struct op *const *table, unsigned method, const char *path, const char *marks,
	       size_t len, struct arena *arena, struct route *ret, struct error *err)
{
	const struct format *format;
	bool form_path;
	struct path p;

	*ret = (struct route) { .dialect = dialect_of_path(path, len), .suffix = "" };
	if (ret->dialect == &dialect_usaged && len > 1 && marks[len - 1] == '/')
		/*
		 * the server's own operations may have a slash behind their
		 * paths
		 */
		len--;
	if (!path_split(&p, path, marks, len, ret->dialect->any_case))
		return not_found(err, path);
	find_suffix(&p, arena, ret);
	if (ret->dialect->by_name && p.n == 2 && is_word(&p.segments[0], "api"))
		return find_api(table, method, &p, ret, err);
	form_path = (method & M_READ) && is_form_path(table, ret->dialect, &p);
	for (const struct op *const *row = table; *row; row++) {
		const struct op *op = *row;
		const char *pattern = op->dialect == ret->dialect ? matching(op, &p) : NULL;

		if (!pattern || (strchr(pattern, '{') && form_path))
			continue;
		ret->methods |= op->methods | (op->methods & M_GET ? M_HEAD : 0);
		if ((op->methods & method) || (method == M_HEAD && (op->methods & M_GET))) {
			ret->op = op;
			ret->n_args = path_args(pattern, &p, arena, ret->args);
			return 0;
		}
	}
	if (method & (M_READ | M_OPTIONS))
		ret->form = find_form(table, &p, arena, ret);
	if (ret->methods)
		return error_set(err, ERR_METHOD, NULL, "The method is not allowed here; use %s",
				 route_allow(ret->methods, arena));
	format = ret->dialect->by_name ? named_format(&p) : NULL;
	if (!format)
		return not_found(err, path);
	ret->format = NULL;
	ret->suffix = "";
	return open_name(table, method, p.segments[2], format, ret, err);
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
