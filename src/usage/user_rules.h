/*
 * user_rules.h - rules for users and keys: valid names, addresses and
 * passwords, and the needs of each role.
 */
#ifndef USAGE_USER_RULES_H
#define USAGE_USER_RULES_H

#include "usage/principal.h"

enum {
	USER_NAME_BYTES = 64,
	USER_TEXT_BYTES = 200,
	PASSWORD_BYTES_MIN = 10,
	PASSWORD_BYTES_MAX = 1024
};

/*
 * All functions return 0, or -1 with ERR_PARAM for "role", "account", "user",
 * "display", "email", "grant" or "password".
 */

int user_check_name(const char *name, struct error *err);
int user_check_display(const char *display, struct error *err);
int user_check_email(const char *email, struct error *err); /* "" is valid */
int user_check_password(const char *password, size_t len, struct error *err);

/*
 * Checks that account, name (NULL: none) and grants of a new key fit its role:
 * all that the role needs, none that the role excludes. Sets *RET to the role.
 * A key with a name is a bearer token of a person or service, not a password of
 * the user of this name.
 */
int key_check(const char *role, bool has_account, const char *name, size_t n_grants,
	      const struct role_info **ret, struct error *err);

/*
 * Checks a new user as key_check does. The role of a user must be a role with a
 * name.
 */
int user_check(const char *role, const char *name, size_t n_grants, const struct role_info **ret,
	       struct error *err);

/* Checks that users of the role can have grants. */
int user_check_grants(const struct role_info *role, struct error *err);

#endif
