#include "store/store.h"

#include <inttypes.h>
#include "base/name.h"
#include "store/internal.h"
#include "base/banned.h"

#define USER "SELECT id, name, display, email, role, password, created, removed FROM user "

static int check_grant(struct store *st, int64_t account, struct error *err)
{
	int rc = store_account_exists(st, account, err);

	if (rc == 0)
		return error_set(err, ERR_PARAM, "grants",
				 "there is no account with the number %" PRId64, account);
	return rc < 0 ? -1 : 0;
}

static int insert_grant(struct store *st, int64_t user, int64_t account, struct error *err)
{
	struct stmt *s;

	if (check_grant(st, account, err) < 0)
		return -1;
	s = prepare(st,
		    "INSERT INTO user_grant (user, account) VALUES (?1, ?2) ON CONFLICT (user, "
		    "account) DO NOTHING",
		    err);
	if (!s)
		return -1;
	bind_int(st, s, 1, user);
	bind_int(st, s, 2, account);
	return step(st, s, err);
}

/*
 * -1 if TEXT is that of a user but the one with that ID, which SQL asks for; or
 * failed.
 */
static int check_free(struct store *st, const char *sql, const char *param, const char *text,
		      int64_t id, struct error *err)
{
	struct stmt *s = prepare(st, sql, err);
	int64_t one;
	int rc;

	if (!s)
		return -1;
	bind_text(st, s, 1, text);
	bind_int(st, s, 2, id);
	rc = store_one(st, s, &one, err);
	return rc > 0 ? error_set(err, ERR_CONFLICT, param,
				  "\"%s\" is taken by a user who is there, or was", text)
		      : rc;
}

static int insert_user(struct store *st, struct user *u, const char *folded, struct error *err)
{
	struct stmt *s;

	if (check_free(st, "SELECT 1 FROM user WHERE folded = ?1 AND id <> ?2", "user", folded, 0,
		       err) < 0)
		return -1;
	if (*u->email && check_free(st,
				    "SELECT 1 FROM user WHERE lower(email) = lower(?1) AND removed "
				    "= 0 AND id <> ?2",
				    "email", u->email, 0, err) < 0)
		return -1;
	s = prepare(st,
		    "INSERT INTO user (name, display, email, role, password, created, removed, "
		    "folded)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		    err);
	if (!s)
		return -1;
	bind_text(st, s, 1, u->name);
	bind_text(st, s, 2, u->display);
	bind_text(st, s, 3, u->email);
	bind_text(st, s, 4, u->role);
	bind_text(st, s, 5, u->password);
	bind_int(st, s, 6, u->created);
	bind_int(st, s, 7, u->removed);
	bind_text(st, s, 8, folded);
	if (step(st, s, err) < 0)
		return -1;
	u->id = st->ops->last_id(st->db);
	for (size_t i = 0; i < u->n_grants; i++)
		if (insert_grant(st, u->id, u->grants[i], err) < 0)
			return -1;
	return store_changed(st, err);
}

int store_user_add(struct store *st, struct user *u, struct error *err)
{
	struct arena arena;
	bool own;
	int rc;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	arena_init(&arena);
	rc = insert_user(st, u, name_fold(&arena, u->name), err);
	arena_release(&arena);
	return store_write_close(st, own, rc, err);
}

static int read_grants(struct store *st, struct arena *arena, struct user *ret, struct error *err)
{
	struct stmt *s =
		prepare(st, "SELECT account FROM user_grant WHERE user = ?1 ORDER BY account", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, ret->id);
	return store_ids(st, s, arena, &ret->grants, &ret->n_grants, err);
}

static int read_user(struct store *st, struct stmt *s, struct arena *arena, void *to,
		     struct error *err)
{
	struct user *ret = to;

	*ret = (struct user) {
		.id = get_int(st, s, 0),
		.name = get_text(st, s, 1, arena),
		.display = get_text(st, s, 2, arena),
		.email = get_text(st, s, 3, arena),
		.role = get_text(st, s, 4, arena),
		.password = get_text(st, s, 5, arena),
		.created = get_int(st, s, 6),
		.removed = get_int(st, s, 7),
	};
	return read_grants(st, arena, ret, err);
}

/* The only user whose name looks like NAME; 0 also if there are several. */
static int find_alike(struct store *st, const char *name, struct arena *arena, struct user *ret,
		      struct error *err)
{
	struct stmt *s = prepare(st, USER "WHERE folded = ?1", err);
	struct rows rows;

	if (s)
		bind_text(st, s, 1, name_fold(arena, name));
	if (store_rows(st, s, read_user, sizeof(*ret), arena, &rows, err) < 0)
		return -1;
	if (rows.n != 1)
		return 0;
	*ret = *(struct user *)rows.items;
	return 1;
}

int store_user_by_name(struct store *st, const char *name, struct arena *arena, struct user *ret,
		       struct error *err)
{
	struct stmt *s = prepare(st, USER "WHERE name = ?1", err);
	int rc;

	if (!s)
		return -1;
	bind_text(st, s, 1, name);
	rc = store_row(st, s, read_user, arena, ret, err);
	return rc == 0 ? find_alike(st, name, arena, ret, err) : rc;
}

int store_user_by_email(struct store *st, const char *email, struct arena *arena, struct user *ret,
			struct error *err)
{
	struct stmt *s = prepare(st, USER "WHERE lower(email) = lower(?1) AND removed = 0", err);

	if (!s)
		return -1;
	bind_text(st, s, 1, email);
	return store_row(st, s, read_user, arena, ret, err);
}

int store_user_by_id(struct store *st, int64_t id, struct arena *arena, struct user *ret,
		     struct error *err)
{
	struct stmt *s = prepare(st, USER "WHERE id = ?1", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	return store_row(st, s, read_user, arena, ret, err);
}

int store_users(struct store *st, struct arena *arena, struct user **ret, size_t *ret_n,
		struct error *err)
{
	struct stmt *s = prepare(st, USER "ORDER BY name", err);
	struct rows rows;

	if (store_rows(st, s, read_user, sizeof(**ret), arena, &rows, err) < 0)
		return -1;
	*ret = rows.items;
	*ret_n = rows.n;
	return 0;
}

/*
 * Runs the bound update of one user that ends their sessions (but KEEP, unless
 * it is NULL) and the tokens that they asked for. 1 done, 0 no such user.
 */
static int end_user_sessions(struct store *st, int64_t id, struct stmt *update,
			     const unsigned char *keep, struct error *err)
{
	static const unsigned char none[KEY_HASH_BYTES];
	struct stmt *s;

	if (step(st, update, err) < 0)
		return -1;
	if (!st->ops->changes(st->db))
		return 0;
	s = prepare(st, "DELETE FROM session WHERE (user = ?1 OR maker = ?1) AND hash <> ?2", err);
	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	st->ops->bind_blob(s, 2, keep ? keep : none, KEY_HASH_BYTES);
	if (step(st, s, err) < 0 || store_changed(st, err) < 0)
		return -1;
	return 1;
}

static int set_password(struct store *st, int64_t id, const char *password,
			const unsigned char *keep, struct error *err)
{
	struct stmt *s = prepare(st, "UPDATE user SET password = ?2 WHERE id = ?1 AND removed = 0",
				 err);

	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	bind_text(st, s, 2, password);
	return end_user_sessions(st, id, s, keep, err);
}

int store_user_password(struct store *st, int64_t id, const char *password,
			const unsigned char *keep, struct error *err)
{
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, set_password(st, id, password, keep, err), err);
}

static int set_removed(struct store *st, int64_t id, int64_t when, struct error *err)
{
	struct stmt *s = prepare(st, "UPDATE user SET removed = ?2 WHERE id = ?1 AND removed = 0",
				 err);

	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	bind_int(st, s, 2, when);
	return end_user_sessions(st, id, s, NULL, err);
}

int store_user_remove(struct store *st, int64_t id, int64_t when, struct error *err)
{
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, set_removed(st, id, when, err), err);
}

static int set_texts(struct store *st, const struct user *u, struct error *err)
{
	struct stmt *s;

	if (*u->email && check_free(st,
				    "SELECT 1 FROM user WHERE lower(email) = lower(?1) AND removed "
				    "= 0 AND id <> ?2",
				    "email", u->email, u->id, err) < 0)
		return -1;
	s = prepare(st, "UPDATE user SET display = ?2, email = ?3 WHERE id = ?1 AND removed = 0",
		    err);
	if (!s)
		return -1;
	bind_int(st, s, 1, u->id);
	bind_text(st, s, 2, u->display);
	bind_text(st, s, 3, u->email);
	if (step(st, s, err) < 0)
		return -1;
	if (!st->ops->changes(st->db))
		return 0;
	return store_changed(st, err) < 0 ? -1 : 1;
}

int store_user_set(struct store *st, const struct user *u, struct error *err)
{
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, set_texts(st, u, err), err);
}

static int delete_grant(struct store *st, int64_t user, int64_t account, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM user_grant WHERE user = ?1 AND account = ?2",
				 err);

	if (!s)
		return -1;
	bind_int(st, s, 1, user);
	bind_int(st, s, 2, account);
	return step(st, s, err);
}

static int set_grant(struct store *st, int64_t id, int64_t account, bool granted, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT 1 FROM user WHERE id = ?1 AND removed = 0", err);
	int64_t one;
	int rc;

	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	rc = store_one(st, s, &one, err);
	if (rc <= 0)
		return rc;
	rc = granted ? insert_grant(st, id, account, err) : delete_grant(st, id, account, err);
	return rc < 0 || store_changed(st, err) < 0 ? -1 : 1;
}

int store_user_grant(struct store *st, int64_t id, int64_t account, bool granted, struct error *err)
{
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, set_grant(st, id, account, granted, err), err);
}

/* ---- bringing an older ledger forward ---- */

static int set_folded(struct store *st, const struct user *u, struct arena *arena,
		      struct error *err)
{
	struct stmt *s = prepare(st, "UPDATE user SET folded = ?2 WHERE id = ?1", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, u->id);
	bind_text(st, s, 2, name_fold(arena, u->name));
	return step(st, s, err);
}

int store_users_fold(struct store *st, struct error *err)
{
	struct user *users;
	struct arena arena;
	size_t n;
	int rc;

	arena_init(&arena);
	rc = store_users(st, &arena, &users, &n, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = set_folded(st, &users[i], &arena, err);
	arena_release(&arena);
	return rc;
}
