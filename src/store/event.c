#include "store/event.h"

#include "store/internal.h"
#include "base/banned.h"

/*
 * Sets the verdict of an event whose identity exists, by comparison with the
 * stored event.
 */
static int compare(struct store *st, struct stored_event *e, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT series, time_us, " AMOUNT_COLUMNS
				 " FROM event WHERE source = ?1 AND id = ?2",
				 err);
	struct amounts a;
	int rc;

	db_bind_int(s, 1, e->source);
	db_bind_text(s, 2, e->id, e->id_len);
	rc = db_step(s, err);
	if (rc <= 0)
		return rc < 0 ? -1
			      : error_set(err, ERR_INTERNAL, NULL,
					  "an identity is stored, but its event does not exist: "
					  "the ledger is damaged");
	store_get_amounts(s, 2, &a);
	e->verdict = db_get_int(s, 0) == e->series && db_get_int(s, 1) == e->time_us &&
				     amounts_equal(&a, &e->amounts)
			     ? VERDICT_DUPLICATE
			     : VERDICT_CONFLICT;
	db_reset(s);
	return 0;
}

/* Statements to add an event. Most events are plain: two columns stay NULL. */
#define ADD_PLAIN                                                         \
	"INSERT INTO event (source, id, series, time_us, " AMOUNT_COLUMNS \
	") VALUES (?1, ?2, ?3, ?4, " AMOUNT_PARAMS ")"                    \
	" ON CONFLICT (source, id) DO NOTHING"
#define ADD                                                                         \
	"INSERT INTO event (source, id, series, time_us, " AMOUNT_COLUMNS           \
	", booked_us, correction) VALUES (?1, ?2, ?3, ?4, " AMOUNT_PARAMS ", ?, ?)" \
	" ON CONFLICT (source, id) DO NOTHING"

static bool is_plain(const struct stored_event *e)
{
	return e->effective_us <= e->time_us && !e->correction;
}

static struct stmt *prepare_add(struct store *st, const struct stored_event *e, struct error *err)
{
	struct stmt *s = prepare(st, is_plain(e) ? ADD_PLAIN : ADD, err);

	if (e->effective_us > e->time_us)
		db_bind_int(s, 5 + AMOUNTS, e->effective_us);
	if (e->correction)
		db_bind_int(s, 6 + AMOUNTS, e->correction);
	return s;
}

static int add_attributes(struct store *st, const struct stored_event *e, struct error *err)
{
	struct stmt *s = prepare(
		st, "INSERT INTO event_attributes (source, id, attributes) VALUES (?1, ?2, ?3)",
		err);

	db_bind_int(s, 1, e->source);
	db_bind_text(s, 2, e->id, e->id_len);
	db_bind_text(s, 3, e->attributes, e->attributes_len);
	return db_step(s, err);
}

static int add_event(struct store *st, struct stmt *s, struct stored_event *e, struct error *err)
{
	db_bind_int(s, 1, e->source);
	db_bind_text(s, 2, e->id, e->id_len);
	db_bind_int(s, 3, e->series);
	db_bind_int(s, 4, e->time_us);
	store_bind_amounts(s, 5, &e->amounts);
	if (db_step(s, err) < 0)
		return -1;
	e->verdict = VERDICT_CREATED;
	if (!db_changes(st->db))
		return compare(st, e, err);
	return e->attributes ? add_attributes(st, e, err) : 0;
}

int store_events_add(struct store *st, struct stored_event *events, size_t n, struct error *err)
{
	struct stmt *s = NULL;

	for (size_t i = 0; i < n; i++) {
		/*
		 * all plain events bind the same parameters, so the statement
		 * can be used again
		 */
		if (!s || !is_plain(&events[i]) || !is_plain(&events[i - 1]))
			s = prepare_add(st, &events[i], err);
		if (!s || add_event(st, s, &events[i], err) < 0)
			return -1;
	}
	return 0;
}

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
