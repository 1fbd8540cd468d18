#include "usage/closing_changes.h"

#include "store/closing.h"
#include "base/banned.h"

static int load_change(struct store *st, const struct closing_change *c, struct arena *arena,
		       struct closed_change *ret, struct error *err)
{
	int rc;

	*ret = (struct closed_change) { .change = *c, .kind = "reopened" };
	if (c->kind == CLOSING_REOPENED)
		return 0;
	rc = event_load(st, &(struct event_key) { c->source, c->event, c->event_len }, arena,
			&ret->event, err);
	if (rc <= 0)
		return rc < 0 ? -1
			      : error_set(err, ERR_INTERNAL, NULL,
					  "a late event does not exist: run \"usaged verify\"");
	ret->kind = !ret->event.event.correction                     ? "late"
		    : ret->event.correction->kind == CORRECTION_VOID ? "void"
								     : "amend";
	return 0;
}

int closing_changes_load(struct store *st, const struct account *a, const struct newest *which,
			 struct arena *arena, struct closed_changes *ret, struct error *err)
{
	struct closing_changes changes;

	if (store_closing_changes(st, a, which, arena, &changes, err) < 0)
		return -1;
	ret->n = changes.n;
	ret->list = arena_array(arena, struct closed_change, changes.n);
	for (size_t i = 0; i < changes.n; i++)
		if (load_change(st, &changes.list[i], arena, &ret->list[i], err) < 0)
			return -1;
	return 0;
}
