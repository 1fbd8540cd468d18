#include "store/event.h"

#include "store/internal.h"
#include "base/banned.h"

int store_event_find(struct store *st, const struct event_key *key, struct arena *arena,
		     struct stored_event *ret, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT series, time_us, COALESCE(booked_us, time_us), "
				 "correction, " AMOUNT_COLUMNS
				 " FROM event WHERE source = ?1 AND id = ?2",
				 err);
	int rc;

	db_bind_int(s, 1, key->source);
	db_bind_text(s, 2, key->id, key->len);
	rc = db_step(s, err);
	if (rc <= 0)
		return rc;
	*ret = (struct stored_event) {
		.source = key->source,
		.id = arena_strn(arena, key->id, key->len),
		.id_len = key->len,
		.series = db_get_int(s, 0),
		.time_us = db_get_int(s, 1),
		.effective_us = db_get_int(s, 2),
		.correction = db_get_int(s, 3),
	};
	store_get_amounts(s, 4, &ret->amounts);
	db_reset(s);
	return 1;
}

int store_event_attributes(struct store *st, const struct event_key *key, struct arena *arena,
			   const char **ret, struct error *err)
{
	struct stmt *s = prepare(
		st, "SELECT attributes FROM event_attributes WHERE source = ?1 AND id = ?2", err);

	db_bind_int(s, 1, key->source);
	db_bind_text(s, 2, key->id, key->len);
	return store_text(s, arena, ret, err);
}
