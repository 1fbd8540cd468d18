#include "usage/user_rules.h"

#include <stdio.h>
#include <string.h>

#include "base/name.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "base/banned.h"

int user_check_name(const char *name, struct error *err)
{
	size_t len = strlen(name);

	/* the colon ends the name in Basic authentication */
	if (len < 1 || len > USER_NAME_BYTES || strchr(name, ':') || !utf8_plain(name, len))
		return error_set(
			err, ERR_PARAM, "user",
			"must be 1 to %d bytes of UTF-8 without colons and control characters",
			USER_NAME_BYTES);
	if (name_hides_something(name))
		return error_set(
			err, ERR_PARAM, "user",
			"must not contain invisible characters, such as a zero-width space");
	if (sid_valid("AC", name, len) || sid_valid("SK", name, len))
		return error_set(err, ERR_PARAM, "user", "must not look like a SID");
	if (actor_is_reserved(name))
		return error_set(err, ERR_PARAM, "user",
				 "must not look like an author in the audit log: the command line "
				 "(" ACTOR_CONSOLE "), a key or a token");
	return 0;
}

int user_check_display(const char *display, struct error *err)
{
	size_t len = strlen(display);

	if (len < 1 || len > USER_TEXT_BYTES || !utf8_plain(display, len))
		return error_set(err, ERR_PARAM, "display",
				 "must be 1 to %d bytes of UTF-8 without control characters",
				 USER_TEXT_BYTES);
	return 0;
}

int user_check_email(const char *email, struct error *err)
{
	size_t len = strlen(email);
	const char *at = strrchr(email, '@');

	if (len == 0 || (len <= USER_TEXT_BYTES && at && at > email && at[1] &&
			 !strchr(email, ' ') && utf8_plain(email, len)))
		return 0;
	return error_set(err, ERR_PARAM, "email",
			 "must be an address such as name@example.org, of at most %d bytes",
			 USER_TEXT_BYTES);
}

int user_check_password(const char *password, size_t len, struct error *err)
{
	if (len < PASSWORD_BYTES_MIN || len > PASSWORD_BYTES_MAX || !utf8_plain(password, len))
		return error_set(err, ERR_PARAM, "password",
				 "must be %d to %d bytes of UTF-8 without control characters",
				 PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX);
	return 0;
}

static int unknown_role(bool named, struct error *err)
{
	char names[200] = "";
	size_t len = 0;

	for (const struct role_info *r = roles; r->name; r++)
		if (r->has_name || !named)
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						len ? ", " : "", r->name);
	return error_set(err, ERR_PARAM, "role", "must be one of %s", names);
}

int user_check_grants(const struct role_info *role, struct error *err)
{
	if (role->has_grants)
		return 0;
	return error_set(err, ERR_PARAM, "grant", "is not allowed with the role %s", role->name);
}

int key_check(const char *role, bool has_account, const char *name, size_t n_grants,
	      const struct role_info **ret, struct error *err)
{
	const struct role_info *info = role ? role_find(role) : NULL;

	if (!info)
		return unknown_role(false, err);
	if (has_account && !info->has_account)
		return error_set(err, ERR_PARAM, "account", "is not allowed with the role %s",
				 info->name);
	if (!has_account && (info->role & (ROLE_ACCOUNT | ROLE_KEY)))
		return error_set(err, ERR_PARAM, "account", "is required with the role %s",
				 info->name);
	if (name && !info->has_name)
		return error_set(err, ERR_PARAM, "user", "is not allowed with the role %s",
				 info->name);
	if (!name && info->has_name)
		return error_set(err, ERR_PARAM, "user", "is required with the role %s",
				 info->name);
	if ((name && user_check_name(name, err) < 0) ||
	    (n_grants && user_check_grants(info, err) < 0))
		return -1;
	*ret = info;
	return 0;
}

int user_check(const char *role, const char *name, size_t n_grants, const struct role_info **ret,
	       struct error *err)
{
	const struct role_info *info = role ? role_find(role) : NULL;

	if (!info || !info->has_name)
		return unknown_role(true, err);
	if (user_check_name(name, err) < 0 || (n_grants && user_check_grants(info, err) < 0))
		return -1;
	*ret = info;
	return 0;
}
