#include "http/bind.h"

#include <string.h>

#include "http/unknown.h"
#include "base/banned.h"

/* ---- the body ---- */

int payload_read(struct payload *p, const struct request *rq, struct input *in, int64_t max,
		 struct arena *arena, struct error *err)
{
	return p->text ? 0 : request_body(rq, in, max, arena, &p->text, &p->len, err);
}

int payload_read_form(struct payload *p, const struct request *rq, struct input *in, int64_t max,
		      struct arena *arena, struct error *err)
{
	if (p->text)
		return 0;
	if (payload_read(p, rq, in, max < BODY_PARAMS_MAX ? max : BODY_PARAMS_MAX, arena, err) < 0)
		return -1;
	p->form.arena = arena;
	p->is_form = body_is_form(rq->content_type, p->text);
	return p->is_form ? body_read_form(rq->content_type, p->text, p->len, &p->form, err) : 0;
}

/* ---- ranks ---- */

static bool is_in_path(const struct route *r, const char *name)
{
	for (size_t i = 0; i < r->n_args; i++)
		if (params_same(r->args[i].name, name, r->dialect->any_case))
			return true;
	return false;
}

/*
 * Addresses are written down in many places: what is secret is taken from
 * bodies alone.
 */
static bool is_secret(const struct route *r, const char *name)
{
	for (const struct param *p = r->op->params; p->name; p++)
		if ((p->flags & PARAM_SECRET) && params_same(p->name, name, r->dialect->any_case))
			return true;
	return false;
}

/* Has an empty value of the parameter a meaning? */
static bool may_be_empty(const struct route *r, const char *name)
{
	for (const struct param *p = r->op->params; p->name; p++)
		if ((p->flags & PARAM_CLEARS) && params_same(p->name, name, r->dialect->any_case))
			return true;
	return false;
}

/*
 * The server's own operations have one value for a name: which of two is meant,
 * nobody knows. The dialects of others do with two what the real services do.
 */
static int check_once(const struct route *r, const struct params *from, size_t at,
		      struct error *err)
{
	const struct raw_param *p = &from->items[at];

	if (!r->dialect->refuses_unknown || !p->len)
		return 0;
	for (size_t i = 0; i < at; i++) {
		const struct raw_param *q = &from->items[i];

		if (q->len && strcmp(q->value, p->value) != 0 &&
		    params_same(q->name, p->name, r->dialect->any_case))
			return error_set(err, ERR_PARAM, p->name,
					 "comes twice, with two values; give it once");
	}
	return 0;
}

/*
 * Adds to TO those of FROM that are given, are not in the path, and are not in
 * OVER (or NULL), which outranks them.
 */
static int add_params(const struct route *r, struct params *to, const struct params *from,
		      bool in_query, const struct params *over, struct error *err)
{
	bool any_case = r->dialect->any_case;

	for (size_t i = 0; i < from->n; i++) {
		const struct raw_param *p = &from->items[i];

		if ((!p->len && !may_be_empty(r, p->name)) || is_in_path(r, p->name) ||
		    (in_query && is_secret(r, p->name)) ||
		    (over && params_find(over, p->name, any_case)))
			continue;
		if (check_once(r, from, i, err) < 0 ||
		    params_add(to, p->name, strlen(p->name), p->value, p->len, err) < 0)
			return -1;
	}
	return 0;
}

/* Notes the names in TO that FROM has, or noted itself, and nobody knows. */
static void note_unknown(const struct route *r, struct params *to, const struct params *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (!unknown_is_known(r, from->items[i].name))
			params_add_unknown(to, from->items[i].name, strlen(from->items[i].name));
	for (size_t i = 0; i < from->n_unknown; i++)
		if (!unknown_is_known(r, from->unknown[i]))
			params_add_unknown(to, from->unknown[i], strlen(from->unknown[i]));
}

/* TO becomes the call that asks with QUERY, BODY and the path. */
static int merge(const struct route *r, const struct params *query, const struct params *body,
		 bool body_first, struct params *to, struct error *err)
{
	if (add_params(r, to, body, false, body_first ? NULL : query, err) < 0 ||
	    add_params(r, to, query, true, body_first ? body : NULL, err) < 0)
		return -1;
	note_unknown(r, to, query);
	note_unknown(r, to, body);
	for (size_t i = 0; i < r->n_args; i++) {
		const struct raw_param *p = &r->args[i];

		if (params_add(to, p->name, strlen(p->name), p->value, p->len, err) < 0)
			return -1;
	}
	return 0;
}

static int read_bodies(const struct route *r, const struct request *rq, struct payload *p,
		       struct arena *arena, struct params **ret, size_t *ret_n, struct error *err)
{
	if (r->batch)
		return body_read_batch(r->op, p->text, p->len, arena, ret, ret_n, err);
	*ret = arena_new(arena, struct params);
	*ret_n = 1;
	(*ret)->arena = arena;
	if (!r->op->takes_body)
		return 0;
	if (p->is_form)
		**ret = p->form;
	return p->is_form
		       ? 0
		       : body_read(r->op, r->fixed, rq->content_type, p->text, p->len, *ret, err);
}

int bind_call(const struct route *r, const struct request *rq, struct payload *p,
	      struct arena *arena, struct params **ret, size_t *ret_n, struct error *err)
{
	struct params *bodies, *calls;
	size_t n;

	if (read_bodies(r, rq, p, arena, &bodies, &n, err) < 0)
		return -1;
	calls = arena_array(arena, struct params, n + 1);
	for (size_t i = 0; i < n; i++) {
		calls[i].arena = arena;
		if (merge(r, &rq->params, &bodies[i], p->is_form || r->fixed, &calls[i], err) < 0)
			return -1;
	}
	*ret = calls;
	*ret_n = n;
	return 0;
}
