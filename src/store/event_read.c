#include "store/event_read.h"

#include "store/event_rows.h"
#include "store/event_texts.h"
#include "store/layout.h"
#include "store/lists.h"
#include "store/places.h"
#include "base/banned.h"

/*
 * The events of keys; the columns of one that does not exist are null. The rows
 * may come in another order than the keys: k.rowid is the key's number. All are
 * in the place of the parameter EVENT_ROWS_PLACE.
 */
#define KEYS           " FROM list(?1) k"
#define AT(table)      "{ AND at(" table ".root, ?2)}"
#define EVENTS_OF_KEYS " LEFT JOIN event e ON e.source = k.a AND e.id = k.b" AT("e")

#define LAST(column, source, event)                                                               \
	"(SELECT l." column " FROM correction l WHERE l.source = " source " AND l.event = " event \
	" ORDER BY l.id DESC LIMIT 1)"

/* ---- states ---- */

enum { NEVER_CORRECTED = -1 };

static enum event_state state_of(const struct stored_event *e, int64_t last_kind)
{
	size_t len = strlen(CORRECTION_REPLACEMENT);

	if (e->correction)
		return e->id_len > len && memcmp(e->id + e->id_len - len, CORRECTION_REPLACEMENT,
						 len) == 0
			       ? EVENT_REPLACEMENT
			       : EVENT_REVERSAL;
	return last_kind == NEVER_CORRECTED   ? EVENT_CURRENT
	       : last_kind == CORRECTION_VOID ? EVENT_VOID
					      : EVENT_AMENDED;
}

#define STATES                                                             \
	"SELECT k.rowid, e.correction, COALESCE(" LAST("kind", "e.source", \
						       "e.id") ", -1)" KEYS EVENTS_OF_KEYS

/* Keys to read, some of a list. */
struct chosen_keys {
	const struct event_key *all;
	const struct place *place;
};

/* Binds the keys that are in the place. */
static void bind_chosen(struct stmt *s, const struct chosen_keys *keys, struct arena *arena)
{
	struct event_key *list = arena_array(arena, struct event_key, keys->place->n);

	for (size_t i = 0; i < keys->place->n; i++)
		list[i] = keys->all[keys->place->items[i]];
	bind_keys(s, 1, arena, list, keys->place->n);
	db_bind_list(s, EVENT_ROWS_PLACE, keys->place->families);
}

static int read_states(struct store *st, const struct chosen_keys *keys, struct arena *arena,
		       enum event_state *ret, struct error *err)
{
	struct stmt *s = prepare(st, STATES, err);
	int rc;

	bind_chosen(s, keys, arena);
	while ((rc = db_step(s, err)) > 0) {
		size_t i = keys->place->items[db_get_int(s, 0)];

		ret[i] = state_of(&(struct stored_event) { .id = keys->all[i].id,
							   .id_len = keys->all[i].len,
							   .correction = db_get_int(s, 1) },
				  db_get_int(s, 2));
	}
	return rc;
}

int store_event_states(struct store *st, const struct event_key *keys, size_t n,
		       struct arena *arena, enum event_state *ret, struct error *err)
{
	struct places places;

	if (store_places_of_events(st, keys, n, arena, &places, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		ret[i] = EVENT_CURRENT;
	for (size_t i = 0; i < places.n; i++)
		if (read_states(st, &(struct chosen_keys) { keys, &places.list[i] }, arena, ret,
				err) < 0)
			return -1;
	return 0;
}

/* ---- whole events ---- */

#define TEXT_OF(id, column, ...) ", v_" column ".text"
#define JOIN_TEXT(id, column, ...)                                                      \
	" LEFT JOIN dimension_value v_" column " ON v_" column ".id = NULLIF(s." column \
	", 0)" AT("v_" column)
#define SERIES_OF(id, column, ...) ", s." column

#define EVENT                                                                             \
	"SELECT k.rowid, e.series, e.time_us, COALESCE(e.booked_us, e.time_us), "         \
	"e.correction, " AMOUNT_COLUMNS_OF("e") ", s.account, s.category" DIMENSION_LIST( \
		SERIES_OF) ", s.declared, c.id, c.sid, c.kind, c.source, c.event, "       \
			   "c.author, c.reason, c.made"
/* The last correction of an event is looked for among those that it has. */
#define EVENT_JOINS                                                                          \
	" LEFT JOIN series s ON s.id = e.series" AT(                                         \
		"s") " LEFT JOIN correction l ON l.source = e.source AND l.event = e.id"     \
		     " AND NOT EXISTS (SELECT 1 FROM correction n WHERE n.source = l.source" \
		     " AND n.event = l.event AND n.id > l.id)"                               \
		     " LEFT JOIN correction c ON c.id = COALESCE(e.correction, l.id)"
#define ATTRIBUTES                                                                        \
	", (SELECT attributes FROM event_attributes t WHERE t.source = "                  \
	"CASE WHEN e.correction IS NULL THEN e.source ELSE c.source END AND t.id = "      \
	"CASE WHEN e.correction IS NULL THEN e.id ELSE c.event END" AT(                   \
		"t") "), CASE WHEN e.correction IS NOT NULL THEN " LAST("id", "c.source", \
									"c.event") " END"
#define NO_ATTRIBUTES ", NULL, NULL"
/* What store_event_texts() reads, for a database on which a statement is a round trip. */
#define TEXTS DIMENSION_LIST(TEXT_OF) ", a.sid, a.name, a.currency, o.text, co.text"
#define TEXTS_JOINS                                                                      \
	DIMENSION_LIST(JOIN_TEXT)                                                        \
	" LEFT JOIN account a ON a.id = s.account LEFT JOIN source o ON o.id = e.source" \
	" LEFT JOIN source co ON co.id = c.source"

#define WHOLE(attributes)        EVENT attributes KEYS EVENTS_OF_KEYS EVENT_JOINS
#define WHOLE_JOINED(attributes) EVENT attributes TEXTS KEYS EVENTS_OF_KEYS EVENT_JOINS TEXTS_JOINS

enum {
	COLUMN_KEY,
	COLUMN_SERIES,
	COLUMN_TIME,
	COLUMN_EFFECTIVE,
	COLUMN_ENTRY_OF,
	COLUMN_AMOUNTS,
	COLUMN_ACCOUNT = COLUMN_AMOUNTS + AMOUNTS,
	COLUMN_CATEGORY,
	COLUMN_DIMENSIONS,
	COLUMN_CORRECTION = COLUMN_DIMENSIONS + DIMENSIONS_BUILT_IN + 1,
	COLUMN_CORRECTION_SID,
	COLUMN_KIND,
	COLUMN_CORRECTED_SOURCE,
	COLUMN_CORRECTED,
	COLUMN_AUTHOR,
	COLUMN_REASON,
	COLUMN_MADE,
	COLUMN_ATTRIBUTES,
	COLUMN_LAST,
	COLUMN_TEXTS,
	COLUMN_ACCOUNT_SID = COLUMN_TEXTS + DIMENSIONS_BUILT_IN,
	COLUMN_ACCOUNT_NAME,
	COLUMN_CURRENCY,
	COLUMN_SOURCE,
	COLUMN_CORRECTS_SOURCE,
	COLUMNS
};

/* Reads the texts of an event; those of the event before need not be copied again. */
static void read_texts(const struct event_row_reader *r, struct found_event *ret)
{
	const struct found_event *before = r->before;
	const struct series *s = &ret->series;

	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++) {
		if (before && before->series.dim[d] == s->dim[d])
			ret->dim[d] = before->dim[d];
		else if (s->dim[d])
			ret->dim[d] = db_get_str(r->s, COLUMN_TEXTS + d, r->arena);
	}
	if (before && before->series.account == s->account) {
		ret->account_sid = before->account_sid;
		ret->account_name = before->account_name;
		ret->currency = before->currency;
	} else {
		ret->account_sid = db_get_str(r->s, COLUMN_ACCOUNT_SID, r->arena);
		ret->account_name = db_get_str(r->s, COLUMN_ACCOUNT_NAME, r->arena);
		ret->currency = db_get_str(r->s, COLUMN_CURRENCY, r->arena);
	}
	ret->source = before && before->event.source == ret->event.source
			      ? before->source
			      : db_get_str(r->s, COLUMN_SOURCE, r->arena);
	if (ret->corrects)
		ret->corrects_source = db_get_str(r->s, COLUMN_CORRECTS_SOURCE, r->arena);
}

static int check_texts(const struct found_event *e, struct error *err)
{
	return e->account_sid && e->source
		       ? 0
		       : error_set(err, ERR_INTERNAL, NULL,
				   "an event's series, account or source does not exist: run "
				   "\"usaged verify\"");
}

/* Reads the correction, if there is one. */
static int read_correction(const struct event_row_reader *r, struct found_event *ret,
			   struct error *err)
{
	struct stmt *s = r->s;
	struct correction *c;

	if (!db_get_int(s, COLUMN_CORRECTION))
		return ret->event.correction
			       ? error_set(err, ERR_INTERNAL, NULL,
					   "a correction that an event names does not exist: run "
					   "\"usaged verify\"")
			       : 0;
	c = arena_new(r->arena, struct correction);
	*c = (struct correction) {
		.id = db_get_int(s, COLUMN_CORRECTION),
		.kind = db_get_int(s, COLUMN_KIND) == CORRECTION_AMEND ? CORRECTION_AMEND
								       : CORRECTION_VOID,
		.source = db_get_int(s, COLUMN_CORRECTED_SOURCE),
		.event = db_get_str(s, COLUMN_CORRECTED, r->arena),
		.author = db_get_str(s, COLUMN_AUTHOR, r->arena),
		.reason = db_get_str(s, COLUMN_REASON, r->arena),
		.made = db_get_int(s, COLUMN_MADE),
	};
	db_get_chars(s, COLUMN_CORRECTION_SID, c->sid, sizeof(c->sid));
	ret->correction = c;
	if (ret->event.correction)
		ret->corrects = c->event;
	return 0;
}

/* Reads all of the current row but its texts. */
static int read_numbers(const struct event_row_reader *r, const struct event_key *key,
			struct found_event *ret, struct error *err)
{
	struct stored_event *e = &ret->event;

	*ret = (struct found_event) { 0 };
	e->series = db_get_int(r->s, COLUMN_SERIES);
	if (!e->series)
		return 0;
	e->source = key->source;
	e->id = arena_strn(r->arena, key->id, key->len);
	e->id_len = key->len;
	e->time_us = db_get_int(r->s, COLUMN_TIME);
	e->effective_us = db_get_int(r->s, COLUMN_EFFECTIVE);
	e->correction = db_get_int(r->s, COLUMN_ENTRY_OF);
	store_get_amounts(r->s, COLUMN_AMOUNTS, &e->amounts);
	ret->series.account = db_get_int(r->s, COLUMN_ACCOUNT);
	ret->series.category = db_get_int(r->s, COLUMN_CATEGORY);
	store_get_dimensions(r->s, COLUMN_DIMENSIONS, ret->series.dim);
	if (read_correction(r, ret, err) < 0)
		return -1;
	ret->state = state_of(e,
			      ret->correction ? (int64_t)ret->correction->kind : NEVER_CORRECTED);
	e->attributes = db_get_str(r->s, COLUMN_ATTRIBUTES, r->arena);
	e->attributes_len = e->attributes ? strlen(e->attributes) : 0;
	ret->last_correction = db_get_int(r->s, COLUMN_LAST);
	return 0;
}

int store_event_row(const struct event_row_reader *r, const struct event_key *key,
		    struct found_event *ret, struct error *err)
{
	if (read_numbers(r, key, ret, err) < 0)
		return -1;
	if (!ret->event.series)
		return 0;
	read_texts(r, ret);
	return check_texts(ret, err);
}

const char *store_event_rows_sql(const struct event_rows_query *q, struct arena *arena)
{
	return arena_join(arena, EVENT, q->attributes ? ATTRIBUTES : NO_ATTRIBUTES, TEXTS,
			  q->columns, " FROM (", q->keys,
			  ") k" EVENTS_OF_KEYS EVENT_JOINS TEXTS_JOINS, NULL);
}

int store_event_rows_column(void)
{
	return COLUMNS;
}

static const char *const whole[2][2] = {
	{ WHOLE(NO_ATTRIBUTES), WHOLE(ATTRIBUTES) },
	{ WHOLE_JOINED(NO_ATTRIBUTES), WHOLE_JOINED(ATTRIBUTES) },
};

static int read_events(const struct chosen_keys *keys, struct event_row_reader *r, bool joined,
		       struct found_event *ret, struct error *err)
{
	int rc;

	r->before = NULL;
	bind_chosen(r->s, keys, r->arena);
	while ((rc = db_step(r->s, err)) > 0) {
		size_t i = keys->place->items[db_get_int(r->s, COLUMN_KEY)];

		rc = joined ? store_event_row(r, &keys->all[i], &ret[i], err)
			    : read_numbers(r, &keys->all[i], &ret[i], err);
		if (rc < 0)
			break;
		r->before = ret[i].event.series ? &ret[i] : NULL;
	}
	db_reset(r->s);
	return rc;
}

/* Looks up the texts of events that were read without. */
static int look_up_texts(struct store *st, struct found_event *list, size_t n, struct arena *arena,
			 struct error *err)
{
	if (store_event_texts(st, list, n, arena, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (list[i].event.series && check_texts(&list[i], err) < 0)
			return -1;
	return 0;
}

int store_events_read(struct store *st, const struct event_keys *keys, struct arena *arena,
		      struct found_event *ret, struct error *err)
{
	bool joined = keys->joined || st->layout->joins_texts;
	struct event_row_reader r = { .arena = arena };
	struct places places;

	if (keys->n == 0)
		return 0;
	if (store_places_of_events(st, keys->list, keys->n, arena, &places, err) < 0)
		return -1;
	if (db_distributed(st->db)) /* those that are in no place do not exist */
		memset(ret, 0, keys->n * sizeof(*ret));
	for (size_t i = 0; i < places.n; i++) {
		r.s = prepare(st, whole[joined][keys->attributes], err);
		if (read_events(&(struct chosen_keys) { keys->list, &places.list[i] }, &r, joined,
				ret, err) < 0)
			return -1;
	}
	return joined ? 0 : look_up_texts(st, ret, keys->n, arena, err);
}

int store_event_read(struct store *st, const struct event_key *key, struct arena *arena,
		     struct found_event *ret, struct error *err)
{
	if (store_events_read(st, &(struct event_keys) { key, 1, false, .joined = true }, arena,
			      ret, err) < 0)
		return -1;
	return ret->event.series != 0;
}
