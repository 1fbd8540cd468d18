#include "store/store.h"

#include <inttypes.h>
#include "store/internal.h"
#include "base/banned.h"

#define USER "SELECT id, name, display, email, role, password, created, removed FROM user "

static int check_grant(struct store *st, int64_t account, struct error *err)
{
	int rc = store_account_exists(st, account, err);

	if (rc == 0)
		return error_set(err, ERR_PARAM, "grants", "there is no account with the number %" PRId64, account);
	return rc < 0 ? -1 : 0;
}

static int insert_grant(struct store *st, int64_t user, int64_t account, struct error *err)
{
	struct stmt *s;

	if (check_grant(st, account, err) < 0)
		return -1;
	s = prepare(st, "INSERT INTO user_grant (user, account) VALUES (?1, ?2) ON CONFLICT (user, account) DO NOTHING", err);
	if (!s)
		return -1;
	bind_int(st, s, 1, user);
	bind_int(st, s, 2, account);
	return step(st, s, err);
}

/* Is TEXT taken? SQL asks for it. -1: it is, or the ledger failed. */
static int check_free(struct store *st, const char *sql, const char *param, const char *text, struct error *err)
{
	struct stmt *s = prepare(st, sql, err);
	int64_t one;
	int rc;

	if (!s)
		return -1;
	bind_text(st, s, 1, text);
	rc = store_one(st, s, &one, err);
	return rc > 0 ? error_set(err, ERR_CONFLICT, param, "\"%s\" is taken by a user who is there, or was", text) : rc;
}

static int insert_user(struct store *st, struct user *u, struct error *err)
{
	struct stmt *s;

	if (check_free(st, "SELECT 1 FROM user WHERE name = ?1", "user", u->name, err) < 0)
		return -1;
	if (*u->email &&
	    check_free(st, "SELECT 1 FROM user WHERE lower(email) = lower(?1) AND removed = 0", "email", u->email, err) < 0)
		return -1;
	s = prepare(st, "INSERT INTO user (name, display, email, role, password, created, removed)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", err);
	if (!s)
		return -1;
	bind_text(st, s, 1, u->name);
	bind_text(st, s, 2, u->display);
	bind_text(st, s, 3, u->email);
	bind_text(st, s, 4, u->role);
	bind_text(st, s, 5, u->password);
	bind_int(st, s, 6, u->created);
	bind_int(st, s, 7, u->removed);
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
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, insert_user(st, u, err), err);
}

static int read_grants(struct store *st, struct arena *arena, struct user *ret, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT account FROM user_grant WHERE user = ?1 ORDER BY account", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, ret->id);
	return store_ids(st, s, arena, &ret->grants, &ret->n_grants, err);
}

static int read_user(struct store *st, struct stmt *s, struct arena *arena, void *to, struct error *err)
{
	struct user *ret = to;

	*ret = (struct user){
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

int store_user_by_name(struct store *st, const char *name, struct arena *arena, struct user *ret, struct error *err)
{
	struct stmt *s = prepare(st, USER "WHERE name = ?1", err);

	if (!s)
		return -1;
	bind_text(st, s, 1, name);
	return store_row(st, s, read_user, arena, ret, err);
}

int store_user_by_email(struct store *st, const char *email, struct arena *arena, struct user *ret, struct error *err)
{
	struct stmt *s = prepare(st, USER "WHERE lower(email) = lower(?1) AND removed = 0", err);

	if (!s)
		return -1;
	bind_text(st, s, 1, email);
	return store_row(st, s, read_user, arena, ret, err);
}

int store_user_by_id(struct store *st, int64_t id, struct arena *arena, struct user *ret, struct error *err)
{
	struct stmt *s = prepare(st, USER "WHERE id = ?1", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	return store_row(st, s, read_user, arena, ret, err);
}

int store_users(struct store *st, struct arena *arena, struct user **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st, USER "ORDER BY name", err);
	struct rows rows;

	if (store_rows(st, s, read_user, sizeof(**ret), arena, &rows, err) < 0)
		return -1;
	*ret = rows.items;
	*ret_n = rows.n;
	return 0;
}

/* Runs the bound update of one user that ends their sessions. 1 done, 0 no such user. */
static int end_user_sessions(struct store *st, int64_t id, struct stmt *update, struct error *err)
{
	struct stmt *s;

	if (step(st, update, err) < 0)
		return -1;
	if (!st->ops->changes(st->db))
		return 0;
	s = prepare(st, "DELETE FROM session WHERE user = ?1", err);
	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	if (step(st, s, err) < 0 || store_changed(st, err) < 0)
		return -1;
	return 1;
}

static int set_password(struct store *st, int64_t id, const char *password, struct error *err)
{
	struct stmt *s = prepare(st, "UPDATE user SET password = ?2 WHERE id = ?1 AND removed = 0", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	bind_text(st, s, 2, password);
	return end_user_sessions(st, id, s, err);
}

int store_user_password(struct store *st, int64_t id, const char *password, struct error *err)
{
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, set_password(st, id, password, err), err);
}

static int set_removed(struct store *st, int64_t id, int64_t when, struct error *err)
{
	struct stmt *s = prepare(st, "UPDATE user SET removed = ?2 WHERE id = ?1 AND removed = 0", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, id);
	bind_int(st, s, 2, when);
	return end_user_sessions(st, id, s, err);
}

int store_user_remove(struct store *st, int64_t id, int64_t when, struct error *err)
{
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, set_removed(st, id, when, err), err);
}

static int delete_grant(struct store *st, int64_t user, int64_t account, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM user_grant WHERE user = ?1 AND account = ?2", err);

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
