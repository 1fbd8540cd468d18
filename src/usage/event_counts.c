#include "usage/event_counts.h"

#include <string.h>

#include "base/banned.h"

static struct source_count *find(struct event_counts *c, const char *name)
{
	int64_t n = counter_read(&c->n);

	for (int64_t i = 0; i < n; i++)
		if (strcmp(c->sources[i].name, name) == 0)
			return &c->sources[i];
	return NULL;
}

/* A place for the source, or NULL if there is none left or the name is long. */
static struct source_count *add(struct event_counts *c, const char *name)
{
	int64_t n = counter_read(&c->n);
	size_t len = strlen(name);

	if (n == SOURCES_COUNTED || len > SOURCE_COUNTED_BYTES)
		return NULL;
	memcpy(c->sources[n].name, name, len + 1);
	/* a reader that sees the place sees the name, too */
	atomic_store_explicit(&c->n, n + 1, memory_order_release);
	return &c->sources[n];
}

static struct source_count *place_of(struct event_counts *c, const struct event *ev)
{
	const char *name = ev->raw ? ev->raw->field[EV_SOURCE].text : NULL;
	struct source_count *place;

	if (!name || strcmp(name, EVENT_SOURCE_OTHER) == 0)
		return &c->other;
	if (c->last && strcmp(c->last->name, name) == 0)
		return c->last;
	place = find(c, name);
	/* a rejected record may name anything */
	if (!place && ev->verdict == VERDICT_CREATED)
		place = add(c, name);
	if (!place)
		return &c->other;
	c->last = place;
	return place;
}

void event_counts_add(struct event_counts *c, const struct event *ev)
{
	counter_add(&place_of(c, ev)->verdicts[ev->verdict], 1);
}
