#include "usage/closing_changes.h"

#include "store/closing.h"
#include "base/banned.h"

static int fill_change(const struct closing_change *c, const struct found_event *event,
		       struct closed_change *ret, struct error *err)
{
	*ret = (struct closed_change) { .change = *c,
					.kind = c->kind == CLOSING_FILLED ? "filled" : "reopened" };
	if (c->kind != CLOSING_LATE)
		return 0;
	if (!event->event.series)
		return error_set(err, ERR_INTERNAL, NULL,
				 "a late event does not exist: run \"usaged verify\"");
	ret->event = *event;
	ret->kind = !event->event.correction                     ? "late"
		    : event->correction->kind == CORRECTION_VOID ? "void"
								 : "amend";
	return 0;
}

int closing_changes_load(struct store *st, const struct account *a, const struct newest *which,
			 struct arena *arena, struct closed_changes *ret, struct error *err)
{
	struct closing_changes changes;
	struct found_event *events;
	struct event_key *keys;

	if (store_closing_changes(st, a, which, arena, &changes, err) < 0)
		return -1;
	/* others than late events name no event: their keys find none */
	keys = arena_array(arena, struct event_key, changes.n);
	events = arena_array(arena, struct found_event, changes.n);
	for (size_t i = 0; i < changes.n; i++)
		keys[i] = (struct event_key) { changes.list[i].source, changes.list[i].event,
					       changes.list[i].event_len };
	if (store_events_read(st, &(struct event_keys) { .list = keys, .n = changes.n }, arena,
			      events, err) < 0)
		return -1;
	ret->n = changes.n;
	ret->list = arena_array(arena, struct closed_change, changes.n);
	for (size_t i = 0; i < changes.n; i++)
		if (fill_change(&changes.list[i], &events[i], &ret->list[i], err) < 0)
			return -1;
	return 0;
}
