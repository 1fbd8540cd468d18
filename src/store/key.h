/*
 * key.h - API keys. Each change counts (store_version).
 */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "store/store.h"

int store_key_add(struct store *st, const struct key *k, struct error *err);
int store_keys(struct store *st, struct arena *arena, struct key **ret, size_t *ret_n,
	       struct error *err);
/* These two: 1 found (revoked ones too), 0 none, -1. */
int store_key_by_hash(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		      struct arena *arena, struct key *ret, struct error *err);
int store_key_by_sid(struct store *st, const char *sid, struct arena *arena, struct key *ret,
		     struct error *err);
/*
 * Ends the tokens that were asked for with it, too. 1 done, 0 no such key, -1.
 */
int store_key_revoke(struct store *st, const char *sid, int64_t when, struct error *err);
/* 1 done, 0 it wasn't granted, -1 */
int store_key_ungrant(struct store *st, const char *sid, int64_t account, struct error *err);
/* Unless it was used later. Doesn't count as a change (store_version). */
int store_key_used(struct store *st, const char *sid, int64_t when, struct error *err);

#endif
