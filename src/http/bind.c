#include "http/bind.h"

#include <string.h>

#include "http/unknown.h"
#include "base/banned.h"

int bind_form(struct request *rq, int64_t max, struct error *err)
{
	if (rq->body)
		return 0;
	if (request_body(rq, max < BODY_PARAMS_MAX ? max : BODY_PARAMS_MAX, err) < 0)
		return -1;
	rq->fields.arena = rq->arena;
	rq->is_form = body_is_form(rq->content_type, rq->body);
	return rq->is_form
		       ? body_read_form(rq->content_type, rq->body, rq->body_len, &rq->fields, err)
		       : 0;
}

/* ---- ranks ---- */

static bool is_in_path(const struct request *rq, const char *name)
{
	for (size_t i = 0; i < rq->n_path_args; i++)
		if (params_same(rq->path_args[i].name, name, rq->dialect->any_case))
			return true;
	return false;
}

/*
 * Rejects a parameter with two different values in the server's own dialect,
 * because the intended value is unclear. The other dialects treat repeated
 * parameters as the real services do.
 */
static int check_once(const struct request *rq, const struct params *from, size_t at,
		      struct error *err)
{
	const struct raw_param *p = &from->items[at];

	if (!rq->dialect->refuses_unknown || !p->len)
		return 0;
	for (size_t i = 0; i < at; i++) {
		const struct raw_param *q = &from->items[i];

		if (q->len && strcmp(q->value, p->value) != 0 &&
		    params_same(q->name, p->name, rq->dialect->any_case))
			return error_set(err, ERR_PARAM, p->name, "has two values; give it once");
	}
	return 0;
}

/*
 * Sets the arguments from FROM. Skips empty values (except with PARAM_CLEARS),
 * parameters of the path, and parameters that OVER (or NULL) also has, because
 * OVER takes precedence. Secrets are taken from bodies only, because URLs are
 * logged in many places.
 */
static int take_params(struct request *rq, const struct params *from, const struct params *over,
		       struct error *err)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct raw_param *p = &from->items[i];
		const struct param *param = request_param(rq, p->name);
		unsigned flags = param ? param->flags : 0;

		if ((!p->len && !(flags & PARAM_CLEARS)) || is_in_path(rq, p->name) ||
		    (from == &rq->params && (flags & PARAM_SECRET)) ||
		    (over && params_find(over, p->name, rq->dialect->any_case)))
			continue;
		if (check_once(rq, from, i, err) < 0)
			return -1;
		if (param)
			request_give(rq, param, p->value);
	}
	return 0;
}

/*
 * Adds the unknown names of FROM to rq->params: names that no part of the
 * request knows, and names already in FROM's own list.
 */
static void note_unknown(struct request *rq, const struct params *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (!unknown_is_known(rq, from->items[i].name))
			params_add_unknown(&rq->params, from->items[i].name,
					   strlen(from->items[i].name));
	for (size_t i = 0; i < from->n_unknown; i++)
		if (!unknown_is_known(rq, from->unknown[i]))
			params_add_unknown(&rq->params, from->unknown[i], strlen(from->unknown[i]));
}

/* Adds a call with the arguments of the query, BODY and the path. */
static int add_call(struct request *rq, const struct params *body, struct error *err)
{
	bool body_first = rq->is_form || rq->fixed;

	rq->args = rq->calls[rq->n_calls++] = request_args(rq->arena, rq->op);
	if (take_params(rq, body, body_first ? NULL : &rq->params, err) < 0 ||
	    take_params(rq, &rq->params, body_first ? body : NULL, err) < 0)
		return -1;
	note_unknown(rq, &rq->params);
	note_unknown(rq, body);
	for (size_t i = 0; i < rq->n_path_args; i++) {
		const struct param *p = request_param(rq, rq->path_args[i].name);

		if (p)
			request_give(rq, p, rq->path_args[i].value);
	}
	return 0;
}

/* Reads the body: one set of parameters, or *RET_N sets for a batch. */
static int read_bodies(struct request *rq, struct params **ret, size_t *ret_n, struct error *err)
{
	*ret = rq->is_form && op_takes_body(rq->op) ? &rq->fields
						    : arena_new(rq->arena, struct params);
	*ret_n = 1;
	(*ret)->arena = rq->arena;
	if (rq->batch)
		return body_read_batch(rq, ret, ret_n, err);
	return rq->is_form || !op_takes_body(rq->op) ? 0 : body_read(rq, *ret, err);
}

int bind_args(struct request *rq, struct error *err)
{
	struct params *bodies;
	size_t n;

	if (read_bodies(rq, &bodies, &n, err) < 0)
		return -1;
	rq->calls = arena_array(rq->arena, struct arg *, n + 1);
	for (size_t i = 0; i < n; i++)
		if (add_call(rq, &bodies[i], err) < 0) {
			rq->args = NULL;
			rq->n_calls = 0;
			return -1;
		}
	return 0;
}
