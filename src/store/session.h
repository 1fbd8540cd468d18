/*
 * session.h - people's sessions and tokens.
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "store/store.h"

/* of one kind and user; a new one ends the oldest above that */
enum { USER_SESSIONS_MAX = 1000 };

/*
 * How many tokens for other users MAKER has asked for that haven't expired at
 * NOW, and when the first of them expires.
 */
int store_session_count(struct store *st, const struct maker *maker, int64_t now, int64_t *ret_n,
			int64_t *ret_expires, struct error *err);

/*
 * Sessions don't count as changes (store_version): ask for them at each
 * request.
 */
int store_session_add(struct store *st, const struct session *s, struct error *err);
/* 1, 0, -1 */
int store_session_find(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		       struct session *ret, struct error *err);
/* 1 done, 0 none */
int store_session_end(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		      struct error *err);
/* removes those that have ended by themselves */
int store_sessions_expire(struct store *st, int64_t now, struct error *err);

#endif
