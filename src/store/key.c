#include "store/store.h"

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
		return error_set(err, ERR_PARAM, param,
				 "there is no account with the number %" PRId64, account);
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
		if (!s)
			return -1;
		bind_int(st, s, 1, key);
		bind_int(st, s, 2, k->grants[i]);
		if (step(st, s, err) < 0)
			return -1;
	}
	return 0;
}

static int insert_key(struct store *st, const struct key *k, struct error *err)
{
	struct stmt *s;

	if (k->account && check_account(st, k->account, "account", err) < 0)
		return -1;
	s = prepare(st,
		    "INSERT INTO key (sid, name, role, account, hash, created, revoked, maker, "
		    "maker_key)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		    err);
	if (!s)
		return -1;
	bind_text(st, s, 1, k->sid);
	bind_text(st, s, 2, k->name);
	bind_text(st, s, 3, k->role);
	bind_id(st, s, 4, k->account);
	st->ops->bind_blob(s, 5, k->hash, sizeof(k->hash));
	bind_int(st, s, 6, k->created);
	bind_int(st, s, 7, k->revoked);
	bind_int(st, s, 8, k->maker.user);
	bind_text(st, s, 9, k->maker.key_sid);
	if (step(st, s, err) < 0 || insert_grants(st, st->ops->last_id(st->db), k, err) < 0)
		return -1;
	return store_changed(st, err);
}

int store_key_add(struct store *st, const struct key *k, struct error *err)
{
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, insert_key(st, k, err), err);
}

static int read_grants(struct store *st, int64_t key, struct arena *arena, struct key *ret,
		       struct error *err)
{
	struct stmt *s =
		prepare(st, "SELECT account FROM key_grant WHERE key = ?1 ORDER BY account", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, key);
	return store_ids(st, s, arena, &ret->grants, &ret->n_grants, err);
}

static int read_key(struct store *st, struct stmt *s, struct arena *arena, void *to,
		    struct error *err)
{
	struct key *ret = to;
	size_t len;
	const void *hash = st->ops->get_blob(s, 5, &len);

	*ret = (struct key) {
		.name = get_text(st, s, 2, arena),
		.role = get_text(st, s, 3, arena),
		.account = get_int(st, s, 4),
		.created = get_int(st, s, 6),
		.revoked = get_int(st, s, 7),
		.used = get_int(st, s, 8),
		.maker.user = get_int(st, s, 9),
	};
	if (len != sizeof(ret->hash))
		return error_set(err, ERR_INTERNAL, NULL,
				 "a key in the ledger has a hash of %zu bytes instead of %zu", len,
				 sizeof(ret->hash));
	memcpy(ret->hash, hash, len);
	snprintf(ret->sid, sizeof(ret->sid), "%s", st->ops->get_text(s, 1, &len));
	snprintf(ret->maker.key_sid, sizeof(ret->maker.key_sid), "%s",
		 st->ops->get_text(s, 10, &len));
	return read_grants(st, get_int(st, s, 0), arena, ret, err);
}

int store_keys(struct store *st, struct arena *arena, struct key **ret, size_t *ret_n,
	       struct error *err)
{
	struct stmt *s = prepare(st, KEY "ORDER BY id", err);
	struct rows rows;

	if (store_rows(st, s, read_key, sizeof(**ret), arena, &rows, err) < 0)
		return -1;
	*ret = rows.items;
	*ret_n = rows.n;
	return 0;
}

int store_key_by_hash(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		      struct arena *arena, struct key *ret, struct error *err)
{
	struct stmt *s = prepare(st, KEY "WHERE hash = ?1", err);

	if (!s)
		return -1;
	st->ops->bind_blob(s, 1, hash, KEY_HASH_BYTES);
	return store_row(st, s, read_key, arena, ret, err);
}

int store_key_by_sid(struct store *st, const char *sid, struct arena *arena, struct key *ret,
		     struct error *err)
{
	struct stmt *s = prepare(st, KEY "WHERE sid = ?1", err);

	if (!s)
		return -1;
	bind_text(st, s, 1, sid);
	return store_row(st, s, read_key, arena, ret, err);
}

static int set_revoked(struct store *st, const char *sid, int64_t when, struct error *err)
{
	struct stmt *s = prepare(st, "UPDATE key SET revoked = ?2 WHERE sid = ?1", err);

	if (!s)
		return -1;
	bind_text(st, s, 1, sid);
	bind_int(st, s, 2, when);
	if (step(st, s, err) < 0)
		return -1;
	if (!st->ops->changes(st->db))
		return 0;
	s = prepare(st, "DELETE FROM session WHERE maker = 0 AND maker_key = ?1", err);
	if (!s)
		return -1;
	bind_text(st, s, 1, sid);
	return step(st, s, err) < 0 || store_changed(st, err) < 0 ? -1 : 1;
}

int store_key_revoke(struct store *st, const char *sid, int64_t when, struct error *err)
{
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, set_revoked(st, sid, when, err), err);
}

static int delete_grant(struct store *st, const char *sid, int64_t account, struct error *err)
{
	struct stmt *s = prepare(st,
				 "DELETE FROM key_grant WHERE key = (SELECT id FROM key WHERE sid "
				 "= ?1) AND account = ?2",
				 err);

	if (!s)
		return -1;
	bind_text(st, s, 1, sid);
	bind_int(st, s, 2, account);
	if (step(st, s, err) < 0)
		return -1;
	if (!st->ops->changes(st->db))
		return 0;
	return store_changed(st, err) < 0 ? -1 : 1;
}

int store_key_ungrant(struct store *st, const char *sid, int64_t account, struct error *err)
{
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, delete_grant(st, sid, account, err), err);
}

int store_key_used(struct store *st, const char *sid, int64_t when, struct error *err)
{
	struct stmt *s = prepare(st, "UPDATE key SET used = ?2 WHERE sid = ?1 AND used < ?2", err);

	if (!s)
		return -1;
	bind_text(st, s, 1, sid);
	bind_int(st, s, 2, when);
	return step(st, s, err);
}
