/*
 * user.h - people who sign in.
 */
#ifndef STORE_USER_H
#define STORE_USER_H

#include "store/store.h"

/*
 * Sets u->id. ERR_CONFLICT: a user, removed or not, has a name that looks like
 * this one (name_fold), or a user that isn't removed has the e-mail address.
 */
int store_user_add(struct store *st, struct user *u, struct error *err);
/*
 * The user of exactly that NAME, else the only one whose name looks like it
 * (name_fold). 1 found (removed ones too), 0 none, -1.
 */
int store_user_by_name(struct store *st, const char *name, struct arena *arena, struct user *ret,
		       struct error *err);
int store_user_by_id(struct store *st, int64_t id, struct arena *arena, struct user *ret,
		     struct error *err);
/* Only one that isn't removed; ignores case. */
int store_user_by_email(struct store *st, const char *email, struct arena *arena, struct user *ret,
			struct error *err);
/* In the order of their names, removed ones too. */
int store_users(struct store *st, struct arena *arena, struct user **ret, size_t *ret_n,
		struct error *err);
/*
 * Sets display and email of the user U->id. ERR_CONFLICT of the address as
 * above. 1 done, 0 no such user, or a removed one, -1.
 */
int store_user_set(struct store *st, const struct user *u, struct error *err);
/*
 * These two end the user's sessions, and the tokens that the user asked for;
 * the session with the hash KEEP (or NULL) goes on. 1 done, 0 no such user, or
 * one that is removed.
 */
int store_user_password(struct store *st, int64_t id, const char *password,
			const unsigned char *keep, struct error *err);
int store_user_remove(struct store *st, int64_t id, int64_t when, struct error *err);
/* likewise; no change is no error */
int store_user_grant(struct store *st, int64_t id, int64_t account, bool granted,
		     struct error *err);

#endif
