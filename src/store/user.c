#include "store/user.h"

#include <inttypes.h>
#include "base/name.h"
#include "store/internal.h"
#include "base/banned.h"

#define USER "SELECT id, name, display, email, role, password, created, removed FROM \"user\" "

static int check_grant(struct store *st, int64_t account, struct error *err)
{
	int rc = store_account_exists(st, account, err);

	if (rc == 0)
		return error_set(err, ERR_PARAM, "grants",
				 "there is no account with the id %" PRId64, account);
	return rc < 0 ? -1 : 0;
}

static int insert_grant(struct store *st, int64_t user, int64_t account, struct error *err)
{
	struct stmt *s;

	if (check_grant(st, account, err) < 0)
		return -1;
	s = prepare(
		st,
		"INSERT INTO user_grant (\"user\", account) VALUES (?1, ?2) ON CONFLICT (\"user\", "
		"account) DO NOTHING",
		err);
	db_bind_int(s, 1, user);
	db_bind_int(s, 2, account);
	return db_step(s, err);
}

/*
 * Fails with ERR_CONFLICT if the query SQL finds a user with TEXT other than
 * the user ID.
 */
static int check_free(struct store *st, const char *sql, const char *param, const char *text,
		      int64_t id, struct error *err)
{
	struct stmt *s = prepare(st, sql, err);
	int rc;

	db_bind_str(s, 1, text);
	db_bind_int(s, 2, id);
	rc = store_any(s, err);
	return rc > 0 ? error_set(err, ERR_CONFLICT, param,
				  "\"%s\" is taken by another user, who may have been removed",
				  text)
		      : rc;
}

static int insert_user(struct store *st, struct user *u, const char *folded, struct error *err)
{
	struct stmt *s;

	if (check_free(st, "SELECT 1 FROM \"user\" WHERE folded = ?1 AND id <> ?2", "user", folded,
		       0, err) < 0)
		return -1;
	if (*u->email &&
	    check_free(st,
		       "SELECT 1 FROM \"user\" WHERE lower(email) = lower(?1) AND removed "
		       "= 0 AND id <> ?2",
		       "email", u->email, 0, err) < 0)
		return -1;
	s = prepare(st,
		    "INSERT INTO \"user\" (name, display, email, role, password, created, removed, "
		    "folded)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
		    err);
	db_bind_str(s, 1, u->name);
	db_bind_str(s, 2, u->display);
	db_bind_str(s, 3, u->email);
	db_bind_str(s, 4, u->role);
	db_bind_str(s, 5, u->password);
	db_bind_int(s, 6, u->created);
	db_bind_int(s, 7, u->removed);
	db_bind_str(s, 8, folded);
	if (store_insert_id(s, &u->id, err) < 0)
		return -1;
	for (size_t i = 0; i < u->n_grants; i++)
		if (insert_grant(st, u->id, u->grants[i], err) < 0)
			return -1;
	return store_changed(st, err);
}

int store_user_add(struct store *st, struct user *u, struct error *err)
{
	int own = store_write_open(st, err);
	struct arena arena;
	int rc;

	if (own < 0)
		return -1;
	arena_init(&arena);
	rc = insert_user(st, u, name_fold(&arena, u->name), err);
	arena_release(&arena);
	return store_write_close(st, own, rc, err);
}

static int read_grants(struct store *st, struct arena *arena, struct user *ret, struct error *err)
{
	struct stmt *s = prepare(
		st, "SELECT account FROM user_grant WHERE \"user\" = ?1 ORDER BY account", err);

	db_bind_int(s, 1, ret->id);
	return store_ids(s, arena, &ret->grants, &ret->n_grants, err);
}

static void read_user(struct stmt *s, struct arena *arena, void *to)
{
	*(struct user *)to = (struct user) {
		.id = db_get_int(s, 0),
		.name = db_get_str(s, 1, arena),
		.display = db_get_str(s, 2, arena),
		.email = db_get_str(s, 3, arena),
		.role = db_get_str(s, 4, arena),
		.password = db_get_str(s, 5, arena),
		.created = db_get_int(s, 6),
		.removed = db_get_int(s, 7),
	};
}

/* Reads all users found by the bound statement. */
static int find_users(struct store *st, struct stmt *s, struct arena *arena, struct user **ret,
		      size_t *ret_n, struct error *err)
{
	struct rows rows = store_rows(s, read_user, sizeof(**ret), arena, err);

	*ret = rows.items;
	*ret_n = rows.n;
	for (size_t i = 0; rows.rc == 0 && i < rows.n; i++)
		rows.rc = read_grants(st, arena, &(*ret)[i], err);
	return rows.rc;
}

/* Reads the only user. 1 found, 0 none or several, -1 failed. */
static int find_user(struct store *st, struct stmt *s, struct arena *arena, struct user *ret,
		     struct error *err)
{
	struct user *list;
	size_t n;

	if (find_users(st, s, arena, &list, &n, err) < 0)
		return -1;
	if (n == 1)
		*ret = *list;
	return n == 1;
}

int store_user_by_name(struct store *st, const char *name, struct arena *arena, struct user *ret,
		       struct error *err)
{
	struct stmt *s = prepare(st, USER "WHERE name = ?1", err);
	int rc;

	db_bind_str(s, 1, name);
	rc = find_user(st, s, arena, ret, err);
	if (rc)
		return rc;
	s = prepare(st, USER "WHERE folded = ?1", err);
	db_bind_str(s, 1, name_fold(arena, name));
	return find_user(st, s, arena, ret, err);
}

int store_user_by_email(struct store *st, const char *email, struct arena *arena, struct user *ret,
			struct error *err)
{
	struct stmt *s = prepare(st, USER "WHERE lower(email) = lower(?1) AND removed = 0 LIMIT 1",
				 err);

	db_bind_str(s, 1, email);
	return find_user(st, s, arena, ret, err);
}

int store_user_by_id(struct store *st, int64_t id, struct arena *arena, struct user *ret,
		     struct error *err)
{
	struct stmt *s = prepare(st, USER "WHERE id = ?1", err);

	db_bind_int(s, 1, id);
	return find_user(st, s, arena, ret, err);
}

int store_users(struct store *st, struct arena *arena, struct user **ret, size_t *ret_n,
		struct error *err)
{
	return find_users(st, prepare(st, USER "ORDER BY name", err), arena, ret, ret_n, err);
}

/*
 * Runs the bound update of a user. Ends the sessions of the user (except KEEP;
 * NULL: all sessions) and the tokens that the user made. 1 done, 0 no such
 * user, -1 failed.
 */
static int end_user_sessions(struct store *st, int64_t id, struct stmt *update,
			     const unsigned char *keep, struct error *err)
{
	static const unsigned char none[KEY_HASH_BYTES];
	struct stmt *s;

	if (db_step(update, err) < 0)
		return -1;
	if (!db_changes(st->db))
		return 0;
	s = prepare(st, "DELETE FROM session WHERE (\"user\" = ?1 OR maker = ?1) AND hash <> ?2",
		    err);
	db_bind_int(s, 1, id);
	db_bind_blob(s, 2, keep ? keep : none, KEY_HASH_BYTES);
	if (db_step(s, err) < 0 || store_changed(st, err) < 0)
		return -1;
	return 1;
}

static int set_password(struct store *st, int64_t id, const char *password,
			const unsigned char *keep, struct error *err)
{
	struct stmt *s =
		prepare(st, "UPDATE \"user\" SET password = ?2 WHERE id = ?1 AND removed = 0", err);

	db_bind_int(s, 1, id);
	db_bind_str(s, 2, password);
	return end_user_sessions(st, id, s, keep, err);
}

int store_user_password(struct store *st, int64_t id, const char *password,
			const unsigned char *keep, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1
		       : store_write_close(st, own, set_password(st, id, password, keep, err), err);
}

static int set_removed(struct store *st, int64_t id, int64_t when, struct error *err)
{
	struct stmt *s =
		prepare(st, "UPDATE \"user\" SET removed = ?2 WHERE id = ?1 AND removed = 0", err);

	db_bind_int(s, 1, id);
	db_bind_int(s, 2, when);
	return end_user_sessions(st, id, s, NULL, err);
}

int store_user_remove(struct store *st, int64_t id, int64_t when, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, set_removed(st, id, when, err), err);
}

static int set_texts(struct store *st, const struct user *u, struct error *err)
{
	struct stmt *s;

	if (*u->email &&
	    check_free(st,
		       "SELECT 1 FROM \"user\" WHERE lower(email) = lower(?1) AND removed "
		       "= 0 AND id <> ?2",
		       "email", u->email, u->id, err) < 0)
		return -1;
	s = prepare(st,
		    "UPDATE \"user\" SET display = ?2, email = ?3 WHERE id = ?1 AND removed = 0",
		    err);
	db_bind_int(s, 1, u->id);
	db_bind_str(s, 2, u->display);
	db_bind_str(s, 3, u->email);
	if (db_step(s, err) < 0)
		return -1;
	if (!db_changes(st->db))
		return 0;
	return store_changed(st, err) < 0 ? -1 : 1;
}

int store_user_set(struct store *st, const struct user *u, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, set_texts(st, u, err), err);
}

static int delete_grant(struct store *st, int64_t user, int64_t account, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM user_grant WHERE \"user\" = ?1 AND account = ?2",
				 err);

	db_bind_int(s, 1, user);
	db_bind_int(s, 2, account);
	return db_step(s, err);
}

static int set_grant(struct store *st, int64_t id, int64_t account, bool granted, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT 1 FROM \"user\" WHERE id = ?1 AND removed = 0", err);
	int rc;

	db_bind_int(s, 1, id);
	rc = store_any(s, err);
	if (rc <= 0)
		return rc;
	rc = granted ? insert_grant(st, id, account, err) : delete_grant(st, id, account, err);
	return rc < 0 || store_changed(st, err) < 0 ? -1 : 1;
}

int store_user_grant(struct store *st, int64_t id, int64_t account, bool granted, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1
		       : store_write_close(st, own, set_grant(st, id, account, granted, err), err);
}

/* ---- upgrading an older ledger ---- */

static int set_folded(struct store *st, const struct user *u, struct arena *arena,
		      struct error *err)
{
	struct stmt *s = prepare(st, "UPDATE \"user\" SET folded = ?2 WHERE id = ?1", err);

	db_bind_int(s, 1, u->id);
	db_bind_str(s, 2, name_fold(arena, u->name));
	return db_step(s, err);
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
