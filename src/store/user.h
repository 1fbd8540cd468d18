/*
 * user.h - users: people who sign in.
 */
#ifndef STORE_USER_H
#define STORE_USER_H

#include "store/store.h"

/*
 * Adds a user and sets u->id. ERR_CONFLICT: the name looks like the name of
 * another user, who may be removed (name_fold), or another user who is not
 * removed has the e-mail address.
 */
int store_user_add(struct store *st, struct user *u, struct error *err);
/*
 * Finds the user NAME, or else the only user whose name looks like NAME
 * (name_fold). 1 found (the user may be removed), 0 none, -1 failed.
 */
int store_user_by_name(struct store *st, const char *name, struct arena *arena, struct user *ret,
		       struct error *err);
int store_user_by_id(struct store *st, int64_t id, struct arena *arena, struct user *ret,
		     struct error *err);
/* Finds a user who is not removed by address, ignoring case. */
int store_user_by_email(struct store *st, const char *email, struct arena *arena, struct user *ret,
			struct error *err);
/* Reads all users, including removed users, in the order of their names. */
int store_users(struct store *st, struct arena *arena, struct user **ret, size_t *ret_n,
		struct error *err);
/*
 * Sets display and email of the user U->id. ERR_CONFLICT: another user who is
 * not removed has the e-mail address. 1 done, 0 no such user or removed, -1
 * failed.
 */
int store_user_set(struct store *st, const struct user *u, struct error *err);
/*
 * store_user_password sets the password, store_user_remove removes a user. Both
 * end the sessions of the user and the tokens that the user made. The session
 * with the hash KEEP (or NULL) is not ended. 1 done, 0 no such user or removed,
 * -1 failed.
 */
int store_user_password(struct store *st, int64_t id, const char *password,
			const unsigned char *keep, struct error *err);
int store_user_remove(struct store *st, int64_t id, int64_t when, struct error *err);
/*
 * Grants or withdraws an account. 1 done (or nothing to do), 0 no such user or
 * removed, -1 failed.
 */
int store_user_grant(struct store *st, int64_t id, int64_t account, bool granted,
		     struct error *err);

#endif
