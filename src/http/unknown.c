#include "http/unknown.h"

#include <string.h>

#include "api/url.h"
#include "base/nearest.h"
#include "base/banned.h"

enum { SHOWN_BYTES_MAX = 40, KNOWN_NAMES_MAX = PARAMS_MAX + 16 };

bool unknown_is_known(const struct route *r, const char *name)
{
	const struct dialect *d = r->dialect;
	size_t len = strlen(name);

	for (const struct param *p = r->op->params; p->name; p++)
		if (param_named(name, len, p->name, d->any_case))
			return true;
	for (const char *const *p = d->reserved; *p; p++)
		if (param_named(name, len, *p, d->any_case))
			return true;
	return false;
}

/* NAME as it may stand in a header, a line of the log and an error. */
static const char *shown(const char *name, struct arena *arena)
{
	size_t len = strlen(name);
	struct url u = url_begin(arena, "");

	url_encode(&u, name, len < SHOWN_BYTES_MAX ? len : SHOWN_BYTES_MAX);
	url_add(&u, len > SHOWN_BYTES_MAX ? "..." : "");
	return url_end(&u);
}

/* The parameter that was perhaps meant by NAME, or NULL. */
static const char *meant(const struct route *r, const char *name)
{
	const char *known[KNOWN_NAMES_MAX];
	size_t n = 0;

	for (const struct param *p = r->op->params; p->name; p++)
		if (!(p->flags & PARAM_PATH))
			known[n++] = p->name;
	for (const char *const *p = r->dialect->reserved; *p && n < KNOWN_NAMES_MAX; p++)
		known[n++] = *p;
	return nearest_name(name, strlen(name), known, n);
}

static int refuse(const struct route *r, const char *name, struct arena *arena, struct error *err)
{
	const char *near = meant(r, name);

	if (near)
		return error_set(err, ERR_PARAM, shown(name, arena),
				 "there is no such parameter here; %s is near", near);
	return error_set(err, ERR_PARAM, shown(name, arena),
			 "there is no such parameter here; /ui/%s lists those of %s", r->op->id,
			 r->op->id);
}

/* Adds the name to those of the call before, unless it is among them. */
static void collect(struct params *all, const struct params *one)
{
	for (size_t i = 0; i < one->n_unknown; i++)
		params_add_unknown(all, one->unknown[i], strlen(one->unknown[i]));
}

int unknown_check(const struct route *r, const struct params *calls, size_t n, struct arena *arena,
		  const char **ret, struct error *err)
{
	struct params all = { .arena = arena };
	const char *text = NULL;

	for (size_t i = 0; i < n; i++)
		collect(&all, &calls[i]);
	if (all.n_unknown && r->dialect->refuses_unknown)
		return refuse(r, all.unknown[0], arena, err);
	for (size_t i = 0; i < all.n_unknown; i++)
		text = text ? arena_join(arena, text, ", ", shown(all.unknown[i], arena), NULL)
			    : shown(all.unknown[i], arena);
	*ret = text;
	return 0;
}
