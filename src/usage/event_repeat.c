#include "usage/event_repeat.h"

#include <string.h>
#include "store/event.h"
#include "store/series.h"
#include "store/source.h"
#include "usage/intern.h"
#include "base/banned.h"

int event_repeat_stored(struct store *st, const struct event *ev, struct error *err)
{
	int64_t source = ev->source->id;
	struct stored_event found;
	struct arena arena;
	int rc = source ? 1
			: store_source_find(st, ev->source->scope, ev->source->text,
					    ev->source->len, &source, err);

	if (rc <= 0)
		return rc;
	arena_init(&arena);
	rc = store_event_find(st, &(struct event_key) { source, ev->id, ev->id_len }, &arena,
			      &found, err);
	arena_release(&arena);
	return rc;
}

/*
 * Reads the values of declared dimensions in the stored attributes of an event.
 */
static int read_stored(struct store *st, const struct declared_list *declared,
		       const struct event_key *key, struct arena *arena,
		       struct declared_values *ret, struct error *err)
{
	const char *attributes;
	int rc = store_event_attributes(st, key, arena, &attributes, err);

	if (rc < 0)
		return -1;
	declared_read(declared, rc ? attributes : NULL, rc ? strlen(attributes) : 0, ret);
	return 0;
}

/*
 * Is the event equal to the stored one but for declared dimensions? 1 yes, 0
 * no, -1 failed.
 */
static int is_same(struct store *st, const struct event *ev, const struct event_key *key,
		   struct arena *arena, struct error *err)
{
	struct stored_event stored;
	struct series sent, kept;
	int rc = store_event_find(st, key, arena, &stored, err);

	if (rc > 0)
		rc = store_series_by_id(st, ev->source->scope, stored.series, &kept, err);
	if (rc > 0)
		rc = store_series_by_id(st, ev->source->scope, ev->series->id, &sent, err);
	if (rc <= 0)
		return rc;
	return stored.time_us == ev->time_us && amounts_equal(&stored.amounts, &ev->amounts) &&
	       sent.account == kept.account && sent.category == kept.category &&
	       memcmp(sent.dim, kept.dim, DIMENSIONS_BUILT_IN * sizeof(*sent.dim)) == 0;
}

int event_repeat_equal(struct store *st, const struct declared_list *declared,
		       const struct event *ev, struct error *err)
{
	const struct event_key key = { ev->source->id, ev->id, ev->id_len };
	struct declared_values *values;
	struct error own = { 0 };
	struct arena arena;
	int rc;

	arena_init(&arena);
	values = arena_array(&arena, struct declared_values, 2);
	rc = is_same(st, ev, &key, &arena, &own);
	declared_read(declared, ev->attributes, ev->attributes_len, &values[0]);
	if (rc > 0 && read_stored(st, declared, &key, &arena, &values[1], &own) < 0)
		rc = -1;
	if (rc > 0)
		rc = declared_equal(&values[0], &values[1]);
	arena_release(&arena);
	if (rc < 0 && err)
		*err = own;
	return rc;
}
