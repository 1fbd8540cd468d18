/*
 * admin_users.c - adds, changes and removes users and keys.
 */
#include "usage/admin_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/name.h"
#include "store/key.h"
#include "store/user.h"
#include "base/banned.h"

static int account_ids(const struct admin *a, const char *const *sids, size_t n,
		       const int64_t **ret, struct error *err)
{
	int64_t *ids = arena_array(a->arena, int64_t, n);

	for (size_t i = 0; i < n; i++)
		if (admin_account_id(a, "grant", sids[i], &ids[i], err) < 0)
			return -1;
	*ret = ids;
	return 0;
}

/* ---- users ---- */

int admin_user_add(const struct admin *a, const struct new_user *u, struct error *err)
{
	const char *name = name_trim(a->arena, u->name);
	const struct role_info *role;
	struct user user = { .name = name,
			     .display = u->display ? u->display : name,
			     .email = u->email ? u->email : "",
			     .password = u->password,
			     .created = admin_now(a),
			     .n_grants = u->n_grants };

	if (user_check(u->role, name, u->n_grants, &role, err) < 0 ||
	    user_check_email(user.email, err) < 0 || user_check_display(user.display, err) < 0 ||
	    account_ids(a, u->grants, u->n_grants, &user.grants, err) < 0)
		return -1;
	user.role = role->name;
	return store_user_add(a->st, &user, err) < 0
		       ? -1
		       : admin_audit(a, "user.add", user.name, user.role, err);
}

int admin_user_find(const struct admin *a, const char *name, struct user *ret, struct error *err)
{
	int rc = store_user_by_name(a->st, name, a->arena, ret, err);

	if (rc < 0)
		return -1;
	return rc == 0 || ret->removed
		       ? error_set(err, ERR_NOT_FOUND, "user", "there is no user %.64s", name)
		       : 0;
}

/*
 * Removes the file with the first password of the user "admin". Debian's
 * package writes this file, readable by root only, when it adds the user.
 */
static void forget_first_password(const struct admin *a, const char *user)
{
	if (strcmp(user, "admin") == 0)
		store_unlink_beside(a->st, "first-password");
}

int admin_user_password(const struct admin *a, const char *name, const char *password,
			struct error *err)
{
	struct user u;

	if (admin_user_find(a, name, &u, err) < 0 ||
	    store_user_password(a->st, u.id, password, NULL, err) < 0)
		return -1;
	forget_first_password(a, u.name);
	return admin_audit(a, "user.password", u.name, "", err);
}

int admin_own_password(const struct admin *a, const char *password, const struct session *keep,
		       struct error *err)
{
	if (!a->by->user)
		return error_set(err, ERR_FORBIDDEN, NULL,
				 "Only users have passwords. To replace a key, revoke it and make "
				 "a new one");
	if (store_user_password(a->st, a->by->user, password, keep ? keep->hash : NULL, err) < 0)
		return -1;
	forget_first_password(a, a->by->name);
	return admin_audit(a, "user.password", a->by->name, "by the user", err);
}

static const char *add_change(const struct admin *a, const char *text, const char *part,
			      const char *from, const char *to)
{
	if (strcmp(from, to) == 0)
		return text;
	return arena_printf(a->arena, "%s%s%s from \"%s\" to \"%s\"", text, *text ? ", " : "", part,
			    from, to);
}

int admin_user_set(const struct admin *a, const char *name, const char *display, const char *email,
		   struct error *err)
{
	struct user before, after;
	const char *changes;

	if (admin_user_find(a, name, &before, err) < 0)
		return -1;
	after = before;
	after.display = display ? name_trim(a->arena, display) : before.display;
	after.email = email ? name_trim(a->arena, email) : before.email;
	if (user_check_display(after.display, err) < 0 || user_check_email(after.email, err) < 0)
		return -1;
	changes = add_change(a, add_change(a, "", "display", before.display, after.display),
			     "email", before.email, after.email);
	if (!*changes)
		return 0;
	return store_user_set(a->st, &after, err) < 0
		       ? -1
		       : admin_audit(a, "user.set", before.name, changes, err);
}

/* ---- the keys of a user ---- */

/* K is named after the user, or was made by the user or with a key of LIST. */
static bool is_of_user(const struct admin *a, const struct user *u, const struct key *k,
		       const struct key *list, size_t n)
{
	if (k->maker.user == u->id)
		return true;
	if (*k->name && strcmp(name_fold(a->arena, k->name), name_fold(a->arena, u->name)) == 0)
		return true;
	for (size_t i = 0; i < n && *k->maker.key_sid; i++)
		if (strcmp(list[i].sid, k->maker.key_sid) == 0)
			return true;
	return false;
}

int admin_user_keys(const struct admin *a, const struct user *u, struct key **ret, size_t *ret_n,
		    struct error *err)
{
	struct key *all;
	size_t n, found = 0;

	if (store_keys(a->st, a->arena, &all, &n, err) < 0)
		return -1;
	/*
	 * keys are in the order of creation, so a key follows the key that made
	 * it
	 */
	*ret = arena_array(a->arena, struct key, n + 1);
	for (size_t i = 0; i < n; i++)
		if (!all[i].revoked && is_of_user(a, u, &all[i], *ret, found))
			(*ret)[found++] = all[i];
	*ret_n = found;
	return 0;
}

static int end_key(const struct admin *a, const struct user *u, const struct key *k,
		   struct error *err)
{
	if (store_key_revoke(a->st, k->sid, admin_now(a), err) < 0)
		return -1;
	return admin_audit(a, "key.revoke", k->sid,
			   arena_join(a->arena, "with the user ", u->name, NULL), err);
}

/* Withdraws the grant from the user and from all keys named after the user. */
static int end_grant(const struct admin *a, const struct user *u, int64_t account, const char *sid,
		     struct error *err)
{
	const char *folded = name_fold(a->arena, u->name);
	struct key *keys;
	size_t n;

	if (store_keys(a->st, a->arena, &keys, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int rc = 0;

		if (!keys[i].revoked && strcmp(name_fold(a->arena, keys[i].name), folded) == 0)
			rc = store_key_ungrant(a->st, keys[i].sid, account, err);
		if (rc > 0)
			rc = admin_audit(
				a, "key.ungrant", keys[i].sid,
				arena_join(a->arena, sid, " with the user ", u->name, NULL), err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int admin_user_remove(const struct admin *a, const char *name, struct error *err)
{
	struct user u;
	struct key *keys;
	size_t n;

	if (admin_user_find(a, name, &u, err) < 0)
		return -1;
	if (a->by->user == u.id)
		return error_set(err, ERR_CONFLICT, "user", "users cannot remove themselves");
	if (admin_user_keys(a, &u, &keys, &n, err) < 0 ||
	    store_user_remove(a->st, u.id, admin_now(a), err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (end_key(a, &u, &keys[i], err) < 0)
			return -1;
	forget_first_password(a, u.name);
	return admin_audit(a, "user.remove", u.name,
			   n ? arena_printf(a->arena, "with %zu of the user's keys", n) : "", err);
}

int admin_user_grant(const struct admin *a, const char *name, const char *sid, bool granted,
		     struct error *err)
{
	const struct role_info *role;
	int64_t account;
	struct user u;

	if (admin_user_find(a, name, &u, err) < 0)
		return -1;
	role = role_find(u.role);
	if (granted && (!role || !role->has_grants))
		return error_set(err, ERR_PARAM, "account",
				 "%s has the role %s, which has no grants", u.name, u.role);
	if (admin_account_id(a, "account", sid, &account, err) < 0 ||
	    store_user_grant(a->st, u.id, account, granted, err) < 0 ||
	    (!granted && end_grant(a, &u, account, sid, err) < 0))
		return -1;
	return admin_audit(a, granted ? "user.grant" : "user.ungrant", u.name, sid, err);
}

/* ---- keys ---- */

int admin_key_add(const struct admin *a, const struct new_key *k,
		  const unsigned char secret[SECRET_BYTES], char ret_sid[SID_TEXT],
		  char ret_token[TOKEN_TEXT], struct error *err)
{
	const char *name = k->name ? name_trim(a->arena, k->name) : NULL;
	struct key key = { .name = name ? name : "",
			   .created = admin_now(a),
			   .n_grants = k->n_grants,
			   .maker = principal_maker(a->by) };
	const struct role_info *role;

	if (key_check(k->role, k->account != NULL, name, k->n_grants, &role, err) < 0 ||
	    (k->account && admin_account_id(a, "account", k->account, &key.account, err) < 0) ||
	    account_ids(a, k->grants, k->n_grants, &key.grants, err) < 0)
		return -1;
	key.role = role->name;
	token_new(ret_token);
	token_hash(secret, ret_token, strlen(ret_token), key.hash);
	sid_new("SK", key.sid);
	memcpy(ret_sid, key.sid, SID_TEXT);
	if (store_key_add(a->st, &key, err) < 0)
		return -1;
	return admin_audit(a, "key.add", key.sid,
			   arena_join(a->arena, key.role, *key.name ? ", " : "", key.name, NULL),
			   err);
}

int admin_key_find(const struct admin *a, const char *sid, struct key *ret, struct error *err)
{
	int rc = store_key_by_sid(a->st, sid, a->arena, ret, err);

	return rc < 0    ? -1
	       : rc == 0 ? error_set(err, ERR_NOT_FOUND, "key", "there is no key %.64s", sid)
			 : 0;
}

int admin_key_revoke(const struct admin *a, const char *sid, struct error *err)
{
	struct key k;

	if (admin_key_find(a, sid, &k, err) < 0)
		return -1;
	if (k.revoked)
		return 0;
	return store_key_revoke(a->st, sid, admin_now(a), err) < 0
		       ? -1
		       : admin_audit(a, "key.revoke", sid, "", err);
}
