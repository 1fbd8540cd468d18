#include "store/session.h"

#include <stdio.h>
#include "store/internal.h"
#include "base/banned.h"

/*
 * Ends the oldest sessions of a user and kind above the limit, to make room for
 * the new session S. Sessions with a later time than S are ended first, because
 * they were made while the clock was wrong.
 */
static int trim(struct store *st, const struct session *s, struct error *err)
{
	struct stmt *q = prepare(st,
				 "DELETE FROM session WHERE hash IN (SELECT hash FROM session "
				 "WHERE \"user\" = ?1 AND kind = ?2"
				 " ORDER BY created > ?5, created DESC, hash LIMIT ?4 OFFSET ?3)",
				 err);

	db_bind_int(q, 1, s->user);
	db_bind_int(q, 2, s->kind);
	db_bind_int(q, 3, USER_SESSIONS_MAX - 1);
	db_bind_int(q, 4, INT64_MAX);
	db_bind_int(q, 5, s->created);
	return db_step(q, err);
}

static int insert_session(struct store *st, const struct session *s, struct error *err)
{
	struct stmt *q;

	if (trim(st, s, err) < 0)
		return -1;
	q = prepare(
		st,
		"INSERT INTO session (hash, \"user\", kind, created, expires, maker, maker_key) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		err);
	db_bind_blob(q, 1, s->hash, sizeof(s->hash));
	db_bind_int(q, 2, s->user);
	db_bind_int(q, 3, s->kind);
	db_bind_int(q, 4, s->created);
	db_bind_int(q, 5, s->expires);
	db_bind_int(q, 6, s->maker.user);
	db_bind_str(q, 7, s->maker.key_sid);
	return db_step(q, err);
}

int store_session_add(struct store *st, const struct session *s, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, insert_session(st, s, err), err);
}

int store_session_find(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		       struct session *ret, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT \"user\", kind, created, expires, maker, maker_key FROM "
				 "session WHERE hash = ?1",
				 err);
	int rc;

	db_bind_blob(s, 1, hash, KEY_HASH_BYTES);
	rc = db_step(s, err);
	if (rc > 0) {
		*ret = (struct session) {
			.user = db_get_int(s, 0),
			.kind = (enum session_kind)db_get_int(s, 1),
			.created = db_get_int(s, 2),
			.expires = db_get_int(s, 3),
			.maker.user = db_get_int(s, 4),
		};
		db_get_chars(s, 5, ret->maker.key_sid, sizeof(ret->maker.key_sid));
		memcpy(ret->hash, hash, KEY_HASH_BYTES);
		db_reset(s);
	}
	return rc;
}

int store_session_end(struct store *st, const unsigned char hash[KEY_HASH_BYTES], struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM session WHERE hash = ?1", err);

	db_bind_blob(s, 1, hash, KEY_HASH_BYTES);
	if (db_step(s, err) < 0)
		return -1;
	return db_changes(st->db) > 0;
}

int store_session_count(struct store *st, const struct maker *maker, int64_t now, int64_t *ret_n,
			int64_t *ret_expires, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT count(*), COALESCE(min(expires), 0) FROM session WHERE "
				 "maker = ?1 AND maker_key = ?2"
				 " AND kind = 2 AND expires > ?3 AND \"user\" <> ?1",
				 err);

	db_bind_int(s, 1, maker->user);
	db_bind_str(s, 2, maker->key_sid);
	db_bind_int(s, 3, now);
	if (db_step(s, err) < 0)
		return -1;
	*ret_n = db_get_int(s, 0);
	*ret_expires = db_get_int(s, 1);
	db_reset(s);
	return 0;
}

int store_sessions_expire(struct store *st, int64_t now, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM session WHERE expires <= ?1", err);

	db_bind_int(s, 1, now);
	return db_step(s, err);
}
