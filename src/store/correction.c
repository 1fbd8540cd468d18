#include "store/store.h"

#include <stdio.h>
#include "store/internal.h"
#include "base/banned.h"

#define CORRECTION "SELECT id, sid, kind, source, event, author, reason, made FROM correction "

int store_correction_add(struct store *st, struct correction *c, struct error *err)
{
	struct stmt *s =
		prepare(st,
			"INSERT INTO correction (sid, kind, source, event, author, reason, made)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
			err);

	if (!s)
		return -1;
	bind_text(st, s, 1, c->sid);
	bind_int(st, s, 2, c->kind);
	bind_int(st, s, 3, c->source);
	bind_text(st, s, 4, c->event);
	bind_text(st, s, 5, c->author);
	bind_text(st, s, 6, c->reason);
	bind_int(st, s, 7, c->made);
	if (step(st, s, err) < 0)
		return -1;
	c->id = st->ops->last_id(st->db);
	return 0;
}

static int read_correction(struct store *st, struct stmt *s, struct arena *arena, void *to,
			   struct error *err)
{
	struct correction *ret = to;
	size_t len;

	(void)err;
	*ret = (struct correction) {
		.id = get_int(st, s, 0),
		.kind = get_int(st, s, 2) == CORRECTION_AMEND ? CORRECTION_AMEND : CORRECTION_VOID,
		.source = get_int(st, s, 3),
		.event = get_text(st, s, 4, arena),
		.author = get_text(st, s, 5, arena),
		.reason = get_text(st, s, 6, arena),
		.made = get_int(st, s, 7),
	};
	snprintf(ret->sid, sizeof(ret->sid), "%s", st->ops->get_text(s, 1, &len));
	return 0;
}

int store_corrections(struct store *st, int64_t source, const char *event, size_t len,
		      struct arena *arena, struct correction **ret, size_t *ret_n,
		      struct error *err)
{
	struct stmt *s = prepare(st, CORRECTION "WHERE source = ?1 AND event = ?2 ORDER BY id",
				 err);
	struct rows rows;

	if (!s)
		return -1;
	bind_int(st, s, 1, source);
	st->ops->bind_text(s, 2, event, len);
	if (store_rows(st, s, read_correction, sizeof(**ret), arena, &rows, err) < 0)
		return -1;
	*ret = rows.items;
	*ret_n = rows.n;
	return 0;
}

int store_correction_last(struct store *st, int64_t source, const char *event, size_t len,
			  struct arena *arena, struct correction *ret, struct error *err)
{
	struct stmt *s = prepare(
		st, CORRECTION "WHERE source = ?1 AND event = ?2 ORDER BY id DESC LIMIT 1", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, source);
	st->ops->bind_text(s, 2, event, len);
	return store_row(st, s, read_correction, arena, ret, err);
}

int store_correction_by_id(struct store *st, int64_t id, struct arena *arena,
			   struct correction *ret, struct error *err)
{
	struct stmt *s = prepare(st, CORRECTION "WHERE id = ?1", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	return store_row(st, s, read_correction, arena, ret, err);
}
