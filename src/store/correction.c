#include "store/correction.h"

#include <stdio.h>
#include "store/internal.h"
#include "base/banned.h"

#define CORRECTION "SELECT id, sid, kind, source, event, author, reason, made FROM correction "

int store_correction_add(struct store *st, struct correction *c, struct error *err)
{
	struct stmt *s =
		prepare(st,
			"INSERT INTO correction (sid, kind, source, event, author, reason, made)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
			err);

	db_bind_str(s, 1, c->sid);
	db_bind_int(s, 2, c->kind);
	db_bind_int(s, 3, c->source);
	db_bind_str(s, 4, c->event);
	db_bind_str(s, 5, c->author);
	db_bind_str(s, 6, c->reason);
	db_bind_int(s, 7, c->made);
	return store_insert_id(s, &c->id, err);
}

static void read_correction(struct stmt *s, struct arena *arena, void *to)
{
	struct correction *ret = to;

	*ret = (struct correction) {
		.id = db_get_int(s, 0),
		.kind = db_get_int(s, 2) == CORRECTION_AMEND ? CORRECTION_AMEND : CORRECTION_VOID,
		.source = db_get_int(s, 3),
		.event = db_get_str(s, 4, arena),
		.author = db_get_str(s, 5, arena),
		.reason = db_get_str(s, 6, arena),
		.made = db_get_int(s, 7),
	};
	db_get_chars(s, 1, ret->sid, sizeof(ret->sid));
}

int store_corrections(struct store *st, const struct event_key *event, struct arena *arena,
		      struct correction **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st, CORRECTION "WHERE source = ?1 AND event = ?2 ORDER BY id",
				 err);
	struct rows rows;

	db_bind_int(s, 1, event->source);
	db_bind_text(s, 2, event->id, event->len);
	rows = store_rows(s, read_correction, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

int store_correction_last(struct store *st, const struct event_key *event, struct arena *arena,
			  struct correction *ret, struct error *err)
{
	struct stmt *s = prepare(
		st, CORRECTION "WHERE source = ?1 AND event = ?2 ORDER BY id DESC LIMIT 1", err);

	db_bind_int(s, 1, event->source);
	db_bind_text(s, 2, event->id, event->len);
	return store_row(s, read_correction, arena, ret, err);
}

int store_correction_by_id(struct store *st, int64_t id, struct arena *arena,
			   struct correction *ret, struct error *err)
{
	struct stmt *s = prepare(st, CORRECTION "WHERE id = ?1", err);

	db_bind_int(s, 1, id);
	return store_row(s, read_correction, arena, ret, err);
}
