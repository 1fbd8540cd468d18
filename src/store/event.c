#include "store/event.h"

#include "store/places.h"
#include "base/banned.h"

/*
 * Two statements about the event ?1, ?2: the second for a distributed ledger,
 * with the place ?3.
 */
#define OF_EVENT(sql)                        \
	{                                    \
		sql, sql " AND at(root, ?3)" \
	}

/*
 * Prepares one of the statements, and binds the event and its place. An event
 * of an unknown place is looked for in all.
 */
static struct stmt *prepare_event(struct store *st, const char *const sql[2],
				  const struct event_key *key, struct arena *arena,
				  struct error *err)
{
	struct places places = { 0 };
	struct stmt *s;

	if (db_distributed(st->db) && store_places_of_events(st, key, 1, arena, &places, err) < 0)
		return NULL;
	s = prepare(st, sql[places.n > 0], err);
	db_bind_int(s, 1, key->source);
	db_bind_text(s, 2, key->id, key->len);
	if (places.n)
		db_bind_list(s, 3, places.list[0].families);
	return s;
}

int store_event_find(struct store *st, const struct event_key *key, struct arena *arena,
		     struct stored_event *ret, struct error *err)
{
	static const char *const sql[] = OF_EVENT(
		"SELECT series, time_us, COALESCE(booked_us, time_us), correction, " AMOUNT_COLUMNS
		" FROM event WHERE source = ?1 AND id = ?2");
	struct stmt *s = prepare_event(st, sql, key, arena, err);
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
	" series s WHERE e.source = o.id AND e.id = ?1 AND s.id = e.series"
#define OF_FAMILY " AND o.family IN (0, ?3)"
#define IN_FAMILY OF_FAMILY " AND e.root = ?3"
#define OF_SOURCE " AND o.text = ?4"
#define AT_MOST   " LIMIT ?2"

int store_event_places(struct store *st, const struct event_name *name, size_t limit,
		       struct arena *arena, struct event_place **ret, size_t *ret_n,
		       struct error *err)
{
	static const char *const sql[3][2] = {
		{ PLACES AT_MOST, PLACES OF_SOURCE AT_MOST },
		{ PLACES OF_FAMILY AT_MOST, PLACES OF_FAMILY OF_SOURCE AT_MOST },
		/* a distributed ledger */
		{ PLACES IN_FAMILY AT_MOST, PLACES IN_FAMILY OF_SOURCE AT_MOST },
	};
	int family = name->family ? 1 + db_distributed(st->db) : 0;
	struct stmt *s = prepare(st, sql[family][name->source != NULL], err);
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
	static const char *const sql[] = OF_EVENT(
		"SELECT attributes FROM event_attributes WHERE source = ?1 AND id = ?2");

	return store_text(prepare_event(st, sql, key, arena, err), arena, ret, err);
}
