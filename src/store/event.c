#include "store/store.h"

#include "store/internal.h"
#include "base/banned.h"

/* Runs the bound INSERT; the id that it made. */
int store_insert_id(struct store *st, struct stmt *s, int64_t *ret_id, struct error *err)
{
	if (step(st, s, err) < 0)
		return -1;
	*ret_id = st->ops->last_id(st->db);
	return 0;
}

static struct stmt *prepare_dimension(struct store *st, const char *sql, int64_t account,
				      enum dimension d, const char *text, size_t len,
				      struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	if (!s)
		return NULL;
	bind_int(st, s, 1, account);
	bind_int(st, s, 2, d);
	st->ops->bind_text(s, 3, text, len);
	return s;
}

int store_dimension_find(struct store *st, int64_t account, enum dimension d, const char *text,
			 size_t len, int64_t *ret_id, struct error *err)
{
	struct stmt *s = prepare_dimension(st,
					   "SELECT id FROM dimension_value WHERE account = ?1 AND "
					   "dimension = ?2 AND text = ?3",
					   account, d, text, len, err);

	return s ? store_one(st, s, ret_id, err) : -1;
}

int store_dimension_intern(struct store *st, int64_t account, enum dimension d, const char *text,
			   size_t len, int64_t *ret_id, struct error *err)
{
	int rc = store_dimension_find(st, account, d, text, len, ret_id, err);
	struct stmt *s;

	if (rc)
		return rc < 0 ? -1 : 0;
	s = prepare_dimension(
		st, "INSERT INTO dimension_value (account, dimension, text) VALUES (?1, ?2, ?3)",
		account, d, text, len, err);
	return s ? store_insert_id(st, s, ret_id, err) : -1;
}

static struct stmt *prepare_series(struct store *st, const char *sql, const struct series *series,
				   struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	if (!s)
		return NULL;
	bind_int(st, s, 1, series->account);
	bind_int(st, s, 2, series->category);
	for (int d = 0; d < DIMENSIONS; d++)
		bind_int(st, s, 3 + d, series->dim[d]);
	return s;
}

int store_series_find(struct store *st, const struct series *series, int64_t *ret_id,
		      struct error *err)
{
	struct stmt *s = prepare_series(
		st,
		"SELECT id FROM series WHERE account = ?1 AND category = ?2"
		" AND customer = ?3 AND sim = ?4 AND fleet = ?5 AND network = ?6 AND country = ?7",
		series, err);

	return s ? store_one(st, s, ret_id, err) : -1;
}

int store_series_add(struct store *st, const struct series *series, int64_t *ret_id,
		     struct error *err)
{
	struct stmt *s = prepare_series(
		st,
		"INSERT INTO series (account, category, customer, sim, fleet, network, country)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		series, err);

	return s ? store_insert_id(st, s, ret_id, err) : -1;
}

int store_series_intern(struct store *st, const struct series *series, int64_t *ret_id,
			struct error *err)
{
	int rc = store_series_find(st, series, ret_id, err);

	return rc ? (rc < 0 ? -1 : 0) : store_series_add(st, series, ret_id, err);
}

/*
 * The event whose identity is taken: is what is there the same in everything
 * else?
 */
static int compare(struct store *st, const struct stored_event *e, enum added *ret,
		   struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT series, time_us, count, usage, price, upload FROM event "
				 "WHERE source = ?1 AND id = ?2",
				 err);
	struct amounts a;
	int rc;

	if (!s)
		return -1;
	bind_int(st, s, 1, e->source);
	st->ops->bind_text(s, 2, e->id, e->id_len);
	rc = step(st, s, err);
	if (rc <= 0)
		return rc < 0 ? -1
			      : error_set(err, ERR_INTERNAL, NULL,
					  "an event's identity is taken, but the event isn't "
					  "there: the ledger is damaged");
	store_get_amounts(st, s, 2, &a);
	*ret = get_int(st, s, 0) == e->series && get_int(st, s, 1) == e->time_us &&
			       a.count == e->amounts.count && a.usage == e->amounts.usage &&
			       a.price == e->amounts.price && a.upload == e->amounts.upload
		       ? ADDED_DUPLICATE
		       : ADDED_CONFLICT;
	st->ops->reset(s);
	return 0;
}

/* Most events are plain: two columns less to fill. */
#define ADD_PLAIN                                                                      \
	"INSERT INTO event (source, id, series, time_us, count, usage, price, upload)" \
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (source, id) DO NOTHING"
#define ADD                                                                                        \
	"INSERT INTO event (source, id, series, time_us, count, usage, price, upload, booked_us, " \
	"correction)"                                                                              \
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (source, id) DO NOTHING"

static bool is_plain(const struct stored_event *e)
{
	return e->effective_us <= e->time_us && !e->correction;
}

static struct stmt *prepare_add(struct store *st, const struct stored_event *e, struct error *err)
{
	struct stmt *s = prepare(st, is_plain(e) ? ADD_PLAIN : ADD, err);

	if (s && e->effective_us > e->time_us)
		bind_int(st, s, 9, e->effective_us);
	if (s && e->correction)
		bind_int(st, s, 10, e->correction);
	return s;
}

static int add_attributes(struct store *st, const struct stored_event *e, struct error *err)
{
	struct stmt *s = prepare(
		st, "INSERT INTO event_attributes (source, id, attributes) VALUES (?1, ?2, ?3)",
		err);

	if (!s)
		return -1;
	bind_int(st, s, 1, e->source);
	st->ops->bind_text(s, 2, e->id, e->id_len);
	st->ops->bind_text(s, 3, e->attributes, e->attributes_len);
	return step(st, s, err);
}

static int add_event(struct store *st, struct stmt *s, const struct stored_event *e,
		     enum added *ret, struct error *err)
{
	bind_int(st, s, 1, e->source);
	st->ops->bind_text(s, 2, e->id, e->id_len);
	bind_int(st, s, 3, e->series);
	bind_int(st, s, 4, e->time_us);
	store_bind_amounts(st, s, 5, &e->amounts);
	if (step(st, s, err) < 0)
		return -1;
	*ret = ADDED_CREATED;
	if (!st->ops->changes(st->db))
		return compare(st, e, ret, err);
	return e->attributes ? add_attributes(st, e, err) : 0;
}

int store_events_add(struct store *st, const struct stored_event *events, size_t n, enum added *ret,
		     struct error *err)
{
	struct stmt *s = NULL;

	for (size_t i = 0; i < n; i++) {
		/* what one plain event binds, the next one binds anew */
		if (!s || !is_plain(&events[i]) || !is_plain(&events[i - 1]))
			s = prepare_add(st, &events[i], err);
		if (!s || add_event(st, s, &events[i], &ret[i], err) < 0)
			return -1;
	}
	return 0;
}

int store_event_find(struct store *st, int64_t source, const char *id, size_t id_len,
		     struct arena *arena, struct stored_event *ret, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT series, time_us, COALESCE(booked_us, time_us), "
				 "correction, count, usage, price, upload"
				 " FROM event WHERE source = ?1 AND id = ?2",
				 err);
	int rc;

	if (!s)
		return -1;
	bind_int(st, s, 1, source);
	st->ops->bind_text(s, 2, id, id_len);
	rc = step(st, s, err);
	if (rc <= 0)
		return rc;
	*ret = (struct stored_event) {
		.source = source,
		.id = arena_strn(arena, id, id_len),
		.id_len = id_len,
		.series = get_int(st, s, 0),
		.time_us = get_int(st, s, 1),
		.effective_us = get_int(st, s, 2),
		.correction = get_int(st, s, 3),
	};
	store_get_amounts(st, s, 4, &ret->amounts);
	st->ops->reset(s);
	return 1;
}

int store_event_attributes(struct store *st, int64_t source, const char *id, size_t id_len,
			   struct arena *arena, const char **ret, struct error *err)
{
	struct stmt *s = prepare(
		st, "SELECT attributes FROM event_attributes WHERE source = ?1 AND id = ?2", err);
	int rc;

	if (!s)
		return -1;
	bind_int(st, s, 1, source);
	st->ops->bind_text(s, 2, id, id_len);
	rc = step(st, s, err);
	if (rc <= 0)
		return rc;
	*ret = get_text(st, s, 0, arena);
	st->ops->reset(s);
	return 1;
}

int store_text_by_id(struct store *st, const char *sql, int64_t id, struct arena *arena,
		     const char **ret, struct error *err)
{
	struct stmt *s = prepare(st, sql, err);
	int rc;

	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	rc = step(st, s, err);
	if (rc > 0) {
		*ret = get_text(st, s, 0, arena);
		st->ops->reset(s);
	}
	return rc;
}

int store_dimension_text(struct store *st, int64_t id, struct arena *arena, const char **ret,
			 struct error *err)
{
	return store_text_by_id(st, "SELECT text FROM dimension_value WHERE id = ?1", id, arena,
				ret, err);
}

int store_series_by_id(struct store *st, int64_t id, struct series *ret, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT account, category, customer, sim, fleet, network, country "
				 "FROM series WHERE id = ?1",
				 err);
	int rc;

	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	rc = step(st, s, err);
	if (rc <= 0)
		return rc;
	ret->account = get_int(st, s, 0);
	ret->category = get_int(st, s, 1);
	for (int d = 0; d < DIMENSIONS; d++)
		ret->dim[d] = get_int(st, s, 2 + d);
	st->ops->reset(s);
	return 1;
}
