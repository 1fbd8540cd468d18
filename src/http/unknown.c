#include "http/unknown.h"

#include <string.h>

#include "api/url.h"
#include "base/nearest.h"
#include "base/banned.h"

enum { SHOWN_BYTES_MAX = 40, KNOWN_NAMES_MAX = PARAMS_MAX + 16 };

bool unknown_is_known(const struct request *rq, const char *name)
{
	const struct dialect *d = rq->dialect;

	for (const char *const *p = d->reserved; *p; p++)
		if (param_named(name, strlen(name), *p, d->any_case))
			return true;
	return request_param(rq, name) != NULL;
}

/* NAME in a form that is safe in headers, log lines and errors. */
static const char *shown(const char *name, struct arena *arena)
{
	size_t len = strlen(name);
	struct url u = url_begin(arena, "");

	url_encode(&u, name, len < SHOWN_BYTES_MAX ? len : SHOWN_BYTES_MAX);
	url_add(&u, len > SHOWN_BYTES_MAX ? "..." : "");
	return url_end(&u);
}

/* The parameter that is probably meant by NAME, or NULL. */
static const char *meant(const struct request *rq, const char *name)
{
	const char *known[KNOWN_NAMES_MAX];
	size_t n = 0;

	for (const struct param *p = rq->op->params; p->name; p++)
		if (!(p->flags & PARAM_PATH))
			known[n++] = p->name;
	for (const char *const *p = rq->dialect->reserved; *p && n < KNOWN_NAMES_MAX; p++)
		known[n++] = *p;
	return nearest_name(name, strlen(name), known, n);
}

static int refuse(const struct request *rq, const char *name, struct error *err)
{
	const char *near = meant(rq, name);

	if (near)
		return error_set(err, ERR_PARAM, shown(name, rq->arena),
				 "is not a parameter of this operation; did you mean %s?", near);
	return error_set(err, ERR_PARAM, shown(name, rq->arena),
			 "is not a parameter of this operation; /ui/%s lists those of %s",
			 rq->op->id, rq->op->id);
}

int unknown_check(struct request *rq, struct error *err)
{
	const struct params *all = &rq->params;
	const char *text = NULL;

	if (all->n_unknown && rq->dialect->refuses_unknown)
		return refuse(rq, all->unknown[0], err);
	for (size_t i = 0; i < all->n_unknown; i++) {
		const char *name = shown(all->unknown[i], rq->arena);

		text = text ? arena_join(rq->arena, text, ", ", name, NULL) : name;
	}
	rq->reply.ignored = text;
	return 0;
}
