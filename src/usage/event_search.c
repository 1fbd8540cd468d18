#include "usage/event_search.h"

#include <string.h>

#include <stdlib.h>
#include "base/int_order.h"
#include "base/banned.h"

const char *const event_filter_names[EVENT_FILTERS + 1] = {
	[EVENT_CURRENT] = "current",   [EVENT_AMENDED] = "amended",         [EVENT_VOID] = "void",
	[EVENT_REVERSAL] = "reversal", [EVENT_REPLACEMENT] = "replacement", [EVENT_LATE] = "late",
};

/* The ids of the query's category and of those below it; none: any. */
static void take_categories(const struct event_query *q, const struct catalogue *c,
			    struct arena *arena, struct event_find *ret)
{
	int64_t *ids;

	if (q->category == CATALOGUE_NONE || q->category == c->totalprice)
		return;
	ids = arena_array(arena, int64_t, c->n);
	for (size_t i = 0; i < c->n; i++)
		if (catalogue_within(c, i, q->category))
			ids[ret->n_categories++] = c->categories[i].id;
	if (ret->n_categories)
		qsort(ids, ret->n_categories, sizeof(*ids), int_order);
	ret->categories = ids;
}

static struct event_find find_of(const struct event_query *q, const struct event_page *page,
				 struct arena *arena)
{
	bool late = q->state == EVENT_LATE;
	struct event_find ret = { .family = q->family,
				  .accounts = q->accounts,
				  .n_accounts = q->n_accounts,
				  .from_us = q->from_us,
				  .to_us = q->to_us,
				  .source = q->source,
				  .id = q->id,
				  .state = late ? -1 : q->state,
				  .late = late,
				  .oldest_first = q->oldest_first };

	memcpy(ret.dim, q->dim, sizeof(ret.dim));
	memcpy(ret.prefix, q->prefix, sizeof(ret.prefix));
	take_categories(q, page->catalogue, arena, &ret);
	return ret;
}

int event_search(struct store *st, const struct event_query *q, const struct event_page *page,
		 struct arena *arena, struct found_events *ret, struct error *err)
{
	struct event_find find = find_of(q, page, arena);

	return store_events_find(st, &find, &page->slice, arena, ret, err);
}

int event_search_back(struct store *st, const struct event_query *q, const struct event_page *page,
		      struct arena *arena, struct event_position *ret, struct error *err)
{
	struct event_find find = find_of(q, page, arena);

	return store_events_back(st, &find, &page->slice, arena, ret, err);
}
