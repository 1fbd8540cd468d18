/*
 * user_rules.h - the rules for users and keys, the same wherever they are made: what
 * may be a name or a password, and what goes with which role.
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
 * All: 0, or -1 with ERR_PARAM; its parameter is "role", "account", "user",
 * "display", "email", "grant" or "password".
 */

int user_check_name(const char *name, struct error *err);
int user_check_display(const char *display, struct error *err);
int user_check_email(const char *email, struct error *err); /* "" is good */
int user_check_password(const char *password, size_t len, struct error *err);

/*
 * Do the parts of a new key go together? NAME NULL: none. *ret is its role. A
 * key with a name is a bearer token of a person or a service; it is no password
 * of the user of that name.
 */
int key_check(const char *role, bool has_account, const char *name, size_t n_grants,
	      const struct role_info **ret, struct error *err);

/*
 * The same for a new user, who has a name: only roles with names are for users.
 */
int user_check(const char *role, const char *name, size_t n_grants, const struct role_info **ret,
	       struct error *err);

/* Has the role grants? Only then can they be given. */
int user_check_grants(const struct role_info *role, struct error *err);

#endif
