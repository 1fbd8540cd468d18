#include "store/store.h"

#include <stdio.h>
#include "store/internal.h"
#include "base/banned.h"

/*
 * Makes room for one more: of a user's sessions of a kind, the oldest ones
 * above the most that there may be go. First go those that are newer than the
 * new one: they were made while the clock was wrong.
 */
static int trim(struct store *st, const struct session *s, struct error *err)
{
	struct stmt *q = prepare(st,
				 "DELETE FROM session WHERE hash IN (SELECT hash FROM session "
				 "WHERE user = ?1 AND kind = ?2"
				 " ORDER BY created > ?5, created DESC, hash LIMIT ?4 OFFSET ?3)",
				 err);

	if (!q)
		return -1;
	bind_int(st, q, 1, s->user);
	bind_int(st, q, 2, s->kind);
	bind_int(st, q, 3, USER_SESSIONS_MAX - 1);
	bind_int(st, q, 4, INT64_MAX);
	bind_int(st, q, 5, s->created);
	return step(st, q, err);
}

static int insert_session(struct store *st, const struct session *s, struct error *err)
{
	struct stmt *q;

	if (trim(st, s, err) < 0)
		return -1;
	q = prepare(st,
		    "INSERT INTO session (hash, user, kind, created, expires, maker, maker_key) "
		    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		    err);
	if (!q)
		return -1;
	st->ops->bind_blob(q, 1, s->hash, sizeof(s->hash));
	bind_int(st, q, 2, s->user);
	bind_int(st, q, 3, s->kind);
	bind_int(st, q, 4, s->created);
	bind_int(st, q, 5, s->expires);
	bind_int(st, q, 6, s->maker.user);
	bind_text(st, q, 7, s->maker.key_sid);
	return step(st, q, err);
}

int store_session_add(struct store *st, const struct session *s, struct error *err)
{
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, insert_session(st, s, err), err);
}

int store_session_find(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		       struct session *ret, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT user, kind, created, expires, maker, maker_key FROM "
				 "session WHERE hash = ?1",
				 err);
	size_t len;
	int rc;

	if (!s)
		return -1;
	st->ops->bind_blob(s, 1, hash, KEY_HASH_BYTES);
	rc = step(st, s, err);
	if (rc > 0) {
		*ret = (struct session) {
			.user = get_int(st, s, 0),
			.kind = (enum session_kind)get_int(st, s, 1),
			.created = get_int(st, s, 2),
			.expires = get_int(st, s, 3),
			.maker.user = get_int(st, s, 4),
		};
		snprintf(ret->maker.key_sid, sizeof(ret->maker.key_sid), "%s",
			 st->ops->get_text(s, 5, &len));
		memcpy(ret->hash, hash, KEY_HASH_BYTES);
		st->ops->reset(s);
	}
	return rc;
}

int store_session_end(struct store *st, const unsigned char hash[KEY_HASH_BYTES], struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM session WHERE hash = ?1", err);

	if (!s)
		return -1;
	st->ops->bind_blob(s, 1, hash, KEY_HASH_BYTES);
	if (step(st, s, err) < 0)
		return -1;
	return st->ops->changes(st->db) > 0;
}

int store_session_count(struct store *st, const struct maker *maker, int64_t now, int64_t *ret_n,
			int64_t *ret_expires, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT count(*), COALESCE(min(expires), 0) FROM session WHERE "
				 "maker = ?1 AND maker_key = ?2"
				 " AND kind = 2 AND expires > ?3 AND user <> ?1",
				 err);

	if (!s)
		return -1;
	bind_int(st, s, 1, maker->user);
	bind_text(st, s, 2, maker->key_sid);
	bind_int(st, s, 3, now);
	if (step(st, s, err) < 0)
		return -1;
	*ret_n = get_int(st, s, 0);
	*ret_expires = get_int(st, s, 1);
	st->ops->reset(s);
	return 0;
}

int store_sessions_expire(struct store *st, int64_t now, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM session WHERE expires <= ?1", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, now);
	return step(st, s, err);
}
