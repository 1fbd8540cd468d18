#include "store/event.h"

#include "store/places.h"
#include "base/banned.h"

/* The condition of a statement about the event ?1, ?2, which is in the place ?3. */
#define OF_EVENT " WHERE source = ?1 AND id = ?2{ AND at(root, ?3)}"

/*
 * Prepares a statement about an event, and binds the event and its place. An event
 * of an unknown place is looked for in all.
 */
static struct stmt *prepare_event(struct store *st, const char *sql, const struct event_key *key,
				  struct arena *arena, struct error *err)
{
	const struct db_list *families;
	struct stmt *s;

	if (store_place_of_event(st, key, arena, &families, err) < 0)
		return NULL;
	s = prepare(st, sql, err);
	db_bind_int(s, 1, key->source);
	db_bind_text(s, 2, key->id, key->len);
	db_bind_list(s, 3, families);
	return s;
}

int store_event_find(struct store *st, const struct event_key *key, struct arena *arena,
		     struct stored_event *ret, struct error *err)
{
	struct stmt *s = prepare_event(
		st,
		"SELECT series, time_us, COALESCE(booked_us, time_us), correction, " AMOUNT_COLUMNS
		" FROM event" OF_EVENT,
		key, arena, err);
	int rc = db_step(s, err);

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

static void read_place(struct stmt *s, struct arena *arena, void *to)
{
	*(struct event_place *)to = (struct event_place) {
		.source = db_get_int(s, 0),
		.account = db_get_int(s, 1),
		.source_text = db_get_str(s, 2, arena),
	};
}

#define PLACES                                                                           \
	"SELECT e.source, s.account, o.text FROM source o CROSS JOIN event e CROSS JOIN" \
	" series s WHERE e.source = o.id AND e.id = ?1 AND s.id = e.series{ AND s.root = e.root}"
#define OF_FAMILY " AND o.family IN (0, ?3){ AND e.root = ?3}"
#define OF_SOURCE " AND o.text = ?4"
#define AT_MOST   " LIMIT ?2"

int store_event_places(struct store *st, const struct event_name *name, size_t limit,
		       struct arena *arena, struct event_place **ret, size_t *ret_n,
		       struct error *err)
{
	static const char *const sql[2][2] = {
		{ PLACES AT_MOST, PLACES OF_SOURCE AT_MOST },
		{ PLACES OF_FAMILY AT_MOST, PLACES OF_FAMILY OF_SOURCE AT_MOST },
	};
	struct stmt *s = prepare(st, sql[name->family != 0][name->source != NULL], err);
	struct rows rows;

	db_bind_str(s, 1, name->id);
	db_bind_int(s, 2, (int64_t)limit);
	db_bind_int(s, 3, name->family);
	if (name->source)
		db_bind_str(s, 4, name->source);
	rows = store_rows(s, read_place, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

int store_event_attributes(struct store *st, const struct event_key *key, struct arena *arena,
			   const char **ret, struct error *err)
{
	return store_text(prepare_event(st, "SELECT attributes FROM event_attributes" OF_EVENT, key,
					arena, err),
			  arena, ret, err);
}
