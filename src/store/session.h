/*
 * session.h - sessions and tokens of users.
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "store/store.h"

/* limit for one kind and user; a further session ends the oldest session */
enum { USER_SESSIONS_MAX = 1000 };

/*
 * Counts the tokens for other users that MAKER made and that have not expired
 * at NOW. *RET_EXPIRES is the time at which the first of these tokens expires.
 */
int store_session_count(struct store *st, const struct maker *maker, int64_t now, int64_t *ret_n,
			int64_t *ret_expires, struct error *err);

/*
 * Changes of sessions do not increase store_version, so read sessions for each
 * request.
 */
int store_session_add(struct store *st, const struct session *s, struct error *err);
/* 1 found, 0 none, -1 failed */
int store_session_find(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		       struct session *ret, struct error *err);
/* 1 done, 0 no such session, -1 failed */
int store_session_end(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		      struct error *err);
/* Removes expired sessions. */
int store_sessions_expire(struct store *st, int64_t now, struct error *err);

#endif
