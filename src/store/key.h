/* key.h - API keys. Each change increases store_version. */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "store/store.h"

int store_key_add(struct store *st, const struct key *k, struct error *err);
int store_keys(struct store *st, struct arena *arena, struct key **ret, size_t *ret_n,
	       struct error *err);
/* Find a key, which may be revoked. 1 found, 0 none, -1 failed. */
int store_key_by_hash(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		      struct arena *arena, struct key *ret, struct error *err);
int store_key_by_sid(struct store *st, const char *sid, struct arena *arena, struct key *ret,
		     struct error *err);
/*
 * Revokes a key and ends the tokens that were made with it. 1 done, 0 no such
 * key, -1 failed.
 */
int store_key_revoke(struct store *st, const char *sid, int64_t when, struct error *err);
/* 1 done, 0 the account was not granted, -1 failed */
int store_key_ungrant(struct store *st, const char *sid, int64_t account, struct error *err);
/*
 * Stores the time of the last use, unless a later time is stored. Does not
 * increase store_version.
 */
int store_key_used(struct store *st, const char *sid, int64_t when, struct error *err);

#endif
