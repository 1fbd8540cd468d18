#include "usage/admin_internal.h"

#include <string.h>

#include "base/civil.h"
#include "base/utf8.h"
#include "usage/closing.h"
#include "usage/catalogue.h"
#include "base/banned.h"

int64_t admin_now(const struct admin *a)
{
	return floor_div(a->now_us, USEC_PER_SEC);
}

int admin_audit(const struct admin *a, const char *action, const char *subject, const char *detail, struct error *err)
{
	struct audit entry = { .at = admin_now(a), .author = a->author, .action = action, .subject = subject, .detail = detail };

	return store_audit_add(a->st, &entry, err);
}

int admin_account_id(const struct admin *a, const char *param, const char *sid, int64_t *ret, struct error *err)
{
	struct account account;
	int rc = store_account_by_sid(a->st, sid, a->arena, &account, err);

	if (rc == 0)
		return error_set(err, ERR_PARAM, param, "there is no account %.64s", sid);
	if (rc > 0)
		*ret = account.id;
	return rc < 0 ? -1 : 0;
}

static int account_ids(const struct admin *a, const char *const *sids, size_t n, const int64_t **ret, struct error *err)
{
	int64_t *ids = arena_array(a->arena, int64_t, n);

	for (size_t i = 0; i < n; i++)
		if (admin_account_id(a, "grant", sids[i], &ids[i], err) < 0)
			return -1;
	*ret = ids;
	return 0;
}

int admin_check_text(const char *param, const char *text, size_t min, size_t max, struct error *err)
{
	size_t len = strlen(text);

	if (len >= min && len <= max && utf8_plain(text, len))
		return 0;
	if (min)
		return error_set(err, ERR_PARAM, param, "must be %zu to %zu bytes of UTF-8 without control characters", min, max);
	return error_set(err, ERR_PARAM, param, "must be at most %zu bytes of UTF-8 without control characters", max);
}

int admin_read_day(const char *param, const char *text, int64_t *ret, struct error *err)
{
	struct date d;

	if (!date_parse(text, strlen(text), &d))
		return error_set(err, ERR_PARAM, param, "must be a date such as 2026-11-21");
	*ret = date_to_days(d);
	return 0;
}

/* ---- users ---- */

int admin_user_add(const struct admin *a, const struct new_user *u, struct error *err)
{
	const struct role_info *role;
	struct user user = { .name = u->name, .display = u->display ? u->display : u->name, .email = u->email ? u->email : "",
			     .password = u->password, .created = admin_now(a), .n_grants = u->n_grants };

	if (user_check(u->role, u->name, u->n_grants, &role, err) < 0 || user_check_email(user.email, err) < 0 ||
	    user_check_display(user.display, err) < 0 || account_ids(a, u->grants, u->n_grants, &user.grants, err) < 0)
		return -1;
	user.role = role->name;
	return store_user_add(a->st, &user, err) < 0 ? -1 : admin_audit(a, "user.add", user.name, user.role, err);
}

int admin_user_find(const struct admin *a, const char *name, struct user *ret, struct error *err)
{
	int rc = store_user_by_name(a->st, name, a->arena, ret, err);

	if (rc < 0)
		return -1;
	return rc == 0 || ret->removed ? error_set(err, ERR_NOT_FOUND, "user", "there is no user %.64s", name) : 0;
}

int admin_user_password(const struct admin *a, const char *name, const char *password, struct error *err)
{
	struct user u;

	if (admin_user_find(a, name, &u, err) < 0 || store_user_password(a->st, u.id, password, err) < 0)
		return -1;
	return admin_audit(a, "user.password", name, "", err);
}

int admin_user_remove(const struct admin *a, const char *name, struct error *err)
{
	struct user u;

	if (strcmp(name, a->author) == 0)
		return error_set(err, ERR_CONFLICT, "user", "nobody can remove himself");
	if (admin_user_find(a, name, &u, err) < 0 || store_user_remove(a->st, u.id, admin_now(a), err) < 0)
		return -1;
	return admin_audit(a, "user.remove", name, "", err);
}

int admin_user_grant(const struct admin *a, const char *name, const char *sid, bool granted, struct error *err)
{
	const struct role_info *role;
	int64_t account;
	struct user u;

	if (admin_user_find(a, name, &u, err) < 0)
		return -1;
	role = role_find(u.role);
	if (granted && (!role || !role->has_grants))
		return error_set(err, ERR_PARAM, "account", "%s has the role %s, which takes no grants", u.name, u.role);
	if (admin_account_id(a, "account", sid, &account, err) < 0 || store_user_grant(a->st, u.id, account, granted, err) < 0)
		return -1;
	return admin_audit(a, granted ? "user.grant" : "user.ungrant", name, sid, err);
}

/* ---- keys ---- */

int admin_key_add(const struct admin *a, const struct new_key *k, const unsigned char secret[SECRET_BYTES], char ret_sid[SID_TEXT],
		  char ret_token[TOKEN_TEXT], struct error *err)
{
	struct key key = { .name = k->name ? k->name : "", .created = admin_now(a), .n_grants = k->n_grants };
	const struct role_info *role;

	if (key_check(k->role, k->account != NULL, k->name, k->n_grants, &role, err) < 0 ||
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
	return admin_audit(a, "key.add", key.sid, arena_join(a->arena, key.role, *key.name ? ", " : "", key.name, NULL), err);
}

int admin_key_find(const struct admin *a, const char *sid, struct key *ret, struct error *err)
{
	int rc = store_key_by_sid(a->st, sid, a->arena, ret, err);

	return rc < 0 ? -1 : rc == 0 ? error_set(err, ERR_NOT_FOUND, "key", "there is no key %.64s", sid) : 0;
}

int admin_key_revoke(const struct admin *a, const char *sid, struct error *err)
{
	struct key k;

	if (admin_key_find(a, sid, &k, err) < 0)
		return -1;
	if (k.revoked)
		return 0;
	return store_key_revoke(a->st, sid, admin_now(a), err) < 0 ? -1 : admin_audit(a, "key.revoke", sid, "", err);
}

/* ---- categories ---- */

static int set_parent(const struct admin *a, const char *name, struct category *ret, struct error *err)
{
	const struct catalogue *c;
	size_t i;

	if (catalogue_load(a->st, a->arena, &c, err) < 0)
		return -1;
	i = catalogue_find(c, name, strlen(name));
	if (i == CATALOGUE_NONE)
		return error_set(err, ERR_PARAM, "parent", "there is no category %.64s", name);
	if (i == c->totalprice)
		return error_set(err, ERR_PARAM, "parent", "%s holds every category already", CATEGORY_TOTALPRICE);
	ret->parent = c->categories[i].id;
	return 0;
}

int admin_category_add(const struct admin *a, const struct new_category *n, struct error *err)
{
	struct category c = { .name = n->name, .description = n->description, .count_unit = n->count_unit,
			      .usage_unit = n->usage_unit, .metered = n->metered };

	if (!category_name_valid(c.name, strlen(c.name)))
		return error_set(err, ERR_PARAM, "name", "must be 1 to 64 of a-z, 0-9, - and _, beginning with a letter");
	if (admin_check_text("description", c.description, 0, CATEGORY_DESCRIPTION_BYTES, err) < 0 ||
	    admin_check_text("count_unit", c.count_unit, 0, CATEGORY_UNIT_BYTES, err) < 0 ||
	    admin_check_text("usage_unit", c.usage_unit, 0, CATEGORY_UNIT_BYTES, err) < 0 ||
	    (n->parent && set_parent(a, n->parent, &c, err) < 0))
		return -1;
	return store_category_add(a->st, &c, err) < 0 ? -1 : admin_audit(a, "category.add", c.name, n->parent ? n->parent : "", err);
}

/* ---- closings ---- */

int admin_closing_close(const struct admin *a, const char *account, const char *day, struct error *err)
{
	int64_t id, days = 0;

	if (admin_account_id(a, "account", account, &id, err) < 0 || admin_read_day("through", day, &days, err) < 0 ||
	    closing_close(a->st, id, days, a->author, a->now_us, err) < 0)
		return -1;
	return admin_audit(a, "closing.close", account, arena_join(a->arena, "through ", day, NULL), err);
}

int admin_closing_reopen(const struct admin *a, const char *account, const char *day, struct error *err)
{
	int64_t id, days = INT64_MIN;

	if (admin_account_id(a, "account", account, &id, err) < 0 || (day && admin_read_day("from", day, &days, err) < 0) ||
	    closing_reopen(a->st, id, days, a->author, a->now_us, err) < 0)
		return -1;
	return admin_audit(a, "closing.reopen", account, day ? arena_join(a->arena, "from ", day, NULL) : "everything", err);
}
