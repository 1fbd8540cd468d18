#include "usage/closing_changes.h"

#include "base/banned.h"

static int load_change(struct store *st, const struct closing_change *c, struct arena *arena,
		       struct closed_change *ret, struct error *err)
{
	int rc;

	*ret = (struct closed_change) { .change = *c, .kind = "reopened" };
	if (c->kind == CLOSING_REOPENED)
		return 0;
	rc = event_load(st, c->source, c->event, c->event_len, arena, &ret->event, err);
	if (rc <= 0)
		return rc < 0 ? -1
			      : error_set(err, ERR_INTERNAL, NULL,
					  "a late event isn't there: run \"usaged verify\"");
	ret->kind = !ret->event.event.correction                     ? "late"
		    : ret->event.correction->kind == CORRECTION_VOID ? "void"
								     : "amend";
	return 0;
}

int closing_changes_load(struct store *st, const struct account *a, int64_t since, int64_t before,
			 size_t limit, struct arena *arena, struct closed_change **ret,
			 size_t *ret_n, struct error *err)
{
	struct closing_change *list;
	size_t n;

	if (store_closing_changes(st, a, since, before, limit, arena, &list, &n, err) < 0)
		return -1;
	*ret = arena_array(arena, struct closed_change, n);
	for (size_t i = 0; i < n; i++)
		if (load_change(st, &list[i], arena, &(*ret)[i], err) < 0)
			return -1;
	*ret_n = n;
	return 0;
}
