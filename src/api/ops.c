/*
 * ops.c - the table of all operations, the dialect of a path, and the check of
 * the table.
 */
#include <string.h>
#include <strings.h>

#include "api/url.h"
#include "base/banned.h"

#define OP_ADDRESS(name) &op_##name

const struct op *const ops[] = { OPERATIONS(OP_ADDRESS), NULL };

const struct op *op_find(const char *id)
{
	for (const struct op *const *op = ops; *op; op++)
		if (strcasecmp((*op)->id, id) == 0)
			return *op;
	return NULL;
}

bool op_takes_body(const struct op *op)
{
	return !op->reads_body && (op->body_root || (op->methods & (M_POST | M_PUT | M_PATCH)));
}

/* ---- dialects ---- */

/*
 * The end of the segment at TEXT if it is the one at *PATTERN, or has a suffix
 * behind it ("events.json"); else NULL. Moves *PATTERN to the end of its
 * segment.
 */
static const char *same_segment(const char **pattern, const char *text, const char *end)
{
	const char *p = *pattern;
	bool any = *p == '{';

	for (; *p && *p != '/'; p++)
		if (!any && (text == end || *text++ != *p))
			return NULL;
	*pattern = p;
	if (!any && text < end && *text != '/' && *text != '.')
		return NULL;
	while (text < end && *text != '/')
		text++;
	return text;
}

/* The number of leading segments that the path shares with PATTERN. */
static size_t common_segments(const char *pattern, const char *path, size_t len)
{
	const char *end = path + len;
	size_t n = 0;

	while (*pattern == '/' && path < end && *path == '/') {
		pattern++;
		path = same_segment(&pattern, path + 1, end);
		if (!path)
			break;
		n++;
	}
	return n;
}

static size_t count_segments(const char *path, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += path[i] == '/';
	return n;
}

const struct dialect *dialect_of_path(const char *path, size_t len)
{
	const struct dialect *ret = &dialect_servicestack;
	size_t most = 0, all = count_segments(path, len);

	for (const struct op *const *op = ops; *op && most < all; op++) {
		size_t n = common_segments((*op)->path, path, len);

		if (n > most) {
			most = n;
			ret = (*op)->dialect;
		}
	}
	return ret;
}

/* ---- checks ---- */

static int broken(struct error *err, const struct op *op, const char *what, const char *name)
{
	return error_set(err, ERR_INTERNAL, NULL, "operation %s: %s%s%s", op->id, what,
			 name ? " " : "", name ? name : "");
}

static bool has_param(const struct op *op, const char *name, size_t len)
{
	for (const struct param *p = op->params; p->name; p++)
		if (strlen(p->name) == len && memcmp(p->name, name, len) == 0)
			return true;
	return false;
}

static bool path_has(const char *path, const char *want)
{
	const char *name;
	size_t len;

	while (path_next_name(&path, &name, &len))
		if (strlen(want) == len && memcmp(name, want, len) == 0)
			return true;
	return false;
}

static int check_names(const struct op *op, const char *path, const char *what, struct error *err)
{
	const char *name;
	size_t len;

	while (path_next_name(&path, &name, &len))
		if (!has_param(op, name, len))
			return broken(err, op, what, name);
	return 0;
}

static int check_dialect(const struct op *op, const char *path, struct error *err)
{
	return dialect_of_path(path, strlen(path)) == op->dialect
		       ? 0
		       : broken(err, op, "another dialect has the path", path);
}

static int check_params(const struct op *op, struct error *err)
{
	int n = 0;

	for (; op->params[n].name; n++) {
		const struct param *p = &op->params[n];

		if (!p->doc || !*p->doc)
			return broken(err, op, "no doc for the parameter", p->name);
		if (p->type == PT_ENUM && !p->values)
			return broken(err, op, "no values for the parameter", p->name);
		if (!!(p->flags & PARAM_PATH) != path_has(op->path, p->name))
			return broken(err, op, "the path and the flag PARAM_PATH differ for",
				      p->name);
	}
	if (n > PARAMS_MAX)
		return broken(err, op, "too many parameters", NULL);
	return check_names(op, op->path, "its path has a name that is no parameter:", err);
}

/*
 * Checks that a form has a button and a page to return to, and that the {Name}s
 * of both paths are parameters of the operation.
 */
static int check_form(const struct op *op, struct error *err)
{
	const struct op_form *form = op->form;

	if (!form)
		return 0;
	if (!form->path || !form->button || !form->list || !(op->methods & M_POST))
		return broken(err, op, "its form is incomplete or doesn't fit", NULL);
	if (check_names(op, form->path, "its form's path has a name that is no parameter:", err) <
	    0)
		return -1;
	return check_names(op, form->list->path,
			   "the path of its form's list has a name that is no parameter:", err);
}

static int check_shape(const struct op *op, const struct shape *shape, struct error *err)
{
	if (!shape || !shape->name || !shape->doc)
		return broken(err, op, "a shape without a name or a doc", NULL);
	for (const struct field *f = shape->fields; f->name; f++) {
		if (!f->doc || !*f->doc)
			return broken(err, op, "no doc for the field", f->name);
		if ((f->type == VT_OBJECT || f->type == VT_LIST) &&
		    check_shape(op, f->shape, err) < 0)
			return -1;
	}
	return 0;
}

/* Checks that defaults are valid values. */
static int check_defaults(const struct op *op, struct error *err)
{
	struct arena arena;
	struct request rq = { .op = op, .arena = &arena };
	struct error fault = { 0 };
	int rc;

	arena_init(&arena);
	rq.args = request_args(&arena, op);
	rc = request_check(&rq, &fault);
	arena_release(&arena);
	return rc == 0 || fault.kind == ERR_MISSING
		       ? 0
		       : broken(err, op, "a default fails its own check:", fault.param);
}

int ops_check(struct error *err)
{
	for (const struct op *const *a = ops; *a; a++) {
		if (!(*a)->doc || !(*a)->title || !(*a)->run || !(*a)->methods || !(*a)->roles)
			return broken(err, *a, "a part of the row is missing", NULL);
		if (!op_is_for_callers(*a) && (*a)->roles != ROLE_ANYONE)
			return broken(err, *a, "checking roles needs the ledger", NULL);
		if ((*a)->reads_body && !(*a)->bodies)
			return broken(err, *a, "the kinds of its body are missing", NULL);
		if (check_dialect(*a, (*a)->path, err) < 0 ||
		    ((*a)->short_path && check_dialect(*a, (*a)->short_path, err) < 0) ||
		    ((*a)->form && check_dialect(*a, (*a)->form->path, err) < 0))
			return -1;
		if (check_params(*a, err) < 0 || check_form(*a, err) < 0 ||
		    check_shape(*a, (*a)->returns, err) < 0 || check_defaults(*a, err) < 0)
			return -1;
		for (const struct op *const *b = a + 1; *b; b++)
			if (((*a)->methods & (*b)->methods) && strcmp((*a)->path, (*b)->path) == 0)
				return broken(err, *b, "path and method are those of", (*a)->id);
	}
	return 0;
}
