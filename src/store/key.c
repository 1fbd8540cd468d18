#include "store/key.h"

#include <inttypes.h>
#include <stdio.h>
#include "store/internal.h"
#include "base/banned.h"

#define KEY                                                                                    \
	"SELECT id, sid, name, role, account, hash, created, revoked, used, maker, maker_key " \
	"FROM key "

static int check_account(struct store *st, int64_t account, const char *param, struct error *err)
{
	int rc = store_account_exists(st, account, err);

	if (rc == 0)
		return error_set(err, ERR_PARAM, param, "there is no account with the id %" PRId64,
				 account);
	return rc < 0 ? -1 : 0;
}

static int insert_grants(struct store *st, int64_t key, const struct key *k, struct error *err)
{
	for (size_t i = 0; i < k->n_grants; i++) {
		struct stmt *s;

		if (check_account(st, k->grants[i], "grants", err) < 0)
			return -1;
		s = prepare(st,
			    "INSERT INTO key_grant (key, account) VALUES (?1, ?2) ON CONFLICT "
			    "(key, account) DO NOTHING",
			    err);
		db_bind_int(s, 1, key);
		db_bind_int(s, 2, k->grants[i]);
		if (db_step(s, err) < 0)
			return -1;
	}
	return 0;
}

static int insert_key(struct store *st, const struct key *k, struct error *err)
{
	struct stmt *s;
	int64_t id;

	if (k->account && check_account(st, k->account, "account", err) < 0)
		return -1;
	s = prepare(st,
		    "INSERT INTO key (sid, name, role, account, hash, created, revoked, maker, "
		    "maker_key)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
		    err);
	db_bind_str(s, 1, k->sid);
	db_bind_str(s, 2, k->name);
	db_bind_str(s, 3, k->role);
	db_bind_id(s, 4, k->account);
	db_bind_blob(s, 5, k->hash, sizeof(k->hash));
	db_bind_int(s, 6, k->created);
	db_bind_int(s, 7, k->revoked);
	db_bind_int(s, 8, k->maker.user);
	db_bind_str(s, 9, k->maker.key_sid);
	if (store_insert_id(s, &id, err) < 0 || insert_grants(st, id, k, err) < 0)
		return -1;
	return store_changed(st, err);
}

int store_key_add(struct store *st, const struct key *k, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, insert_key(st, k, err), err);
}

static int read_grants(struct store *st, struct arena *arena, struct key *ret, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT account FROM key_grant WHERE key = (SELECT id FROM key "
				 "WHERE sid = ?1) ORDER BY account",
				 err);

	db_bind_str(s, 1, ret->sid);
	return store_ids(s, arena, &ret->grants, &ret->n_grants, err);
}

static void read_key(struct stmt *s, struct arena *arena, void *to)
{
	struct key *ret = to;
	size_t len;
	const void *hash = db_get_blob(s, 5, &len);

	*ret = (struct key) {
		.name = db_get_str(s, 2, arena),
		.role = db_get_str(s, 3, arena),
		.account = db_get_int(s, 4),
		.created = db_get_int(s, 6),
		.revoked = db_get_int(s, 7),
		.used = db_get_int(s, 8),
		.maker.user = db_get_int(s, 9),
	};
	memcpy(ret->hash, hash, len < sizeof(ret->hash) ? len : sizeof(ret->hash));
	db_get_chars(s, 1, ret->sid, sizeof(ret->sid));
	db_get_chars(s, 10, ret->maker.key_sid, sizeof(ret->maker.key_sid));
}

int store_keys(struct store *st, struct arena *arena, struct key **ret, size_t *ret_n,
	       struct error *err)
{
	struct stmt *s = prepare(st, KEY "ORDER BY id", err);
	struct rows rows = store_rows(s, read_key, sizeof(**ret), arena, err);
	struct key *list = rows.items;

	for (size_t i = 0; rows.rc == 0 && i < rows.n; i++)
		rows.rc = read_grants(st, arena, &list[i], err);
	*ret = list;
	*ret_n = rows.n;
	return rows.rc;
}

/* Reads the key found by the bound statement. */
static int find_key(struct store *st, struct stmt *s, struct arena *arena, struct key *ret,
		    struct error *err)
{
	int rc = store_row(s, read_key, arena, ret, err);

	return rc > 0 && read_grants(st, arena, ret, err) < 0 ? -1 : rc;
}

int store_key_by_hash(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		      struct arena *arena, struct key *ret, struct error *err)
{
	struct stmt *s = prepare(st, KEY "WHERE hash = ?1", err);

	db_bind_blob(s, 1, hash, KEY_HASH_BYTES);
	return find_key(st, s, arena, ret, err);
}

int store_key_by_sid(struct store *st, const char *sid, struct arena *arena, struct key *ret,
		     struct error *err)
{
	struct stmt *s = prepare(st, KEY "WHERE sid = ?1", err);

	db_bind_str(s, 1, sid);
	return find_key(st, s, arena, ret, err);
}

static int set_revoked(struct store *st, const char *sid, int64_t when, struct error *err)
{
	struct stmt *s = prepare(st, "UPDATE key SET revoked = ?2 WHERE sid = ?1", err);

	db_bind_str(s, 1, sid);
	db_bind_int(s, 2, when);
	if (db_step(s, err) < 0)
		return -1;
	if (!db_changes(st->db))
		return 0;
	s = prepare(st, "DELETE FROM session WHERE maker = 0 AND maker_key = ?1", err);
	db_bind_str(s, 1, sid);
	return db_step(s, err) < 0 || store_changed(st, err) < 0 ? -1 : 1;
}

int store_key_revoke(struct store *st, const char *sid, int64_t when, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, set_revoked(st, sid, when, err), err);
}

static int delete_grant(struct store *st, const char *sid, int64_t account, struct error *err)
{
	struct stmt *s = prepare(st,
				 "DELETE FROM key_grant WHERE key = (SELECT id FROM key WHERE sid "
				 "= ?1) AND account = ?2",
				 err);

	db_bind_str(s, 1, sid);
	db_bind_int(s, 2, account);
	if (db_step(s, err) < 0)
		return -1;
	if (!db_changes(st->db))
		return 0;
	return store_changed(st, err) < 0 ? -1 : 1;
}

int store_key_ungrant(struct store *st, const char *sid, int64_t account, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, delete_grant(st, sid, account, err), err);
}

int store_key_used(struct store *st, const char *sid, int64_t when, struct error *err)
{
	struct stmt *s = prepare(st, "UPDATE key SET used = ?2 WHERE sid = ?1 AND used < ?2", err);

	db_bind_str(s, 1, sid);
	db_bind_int(s, 2, when);
	return db_step(s, err);
}
