/*
 * posting.h - which events take effect in which hour of an account.
 */
#ifndef STORE_POSTING_H
#define STORE_POSTING_H

#include "store/store.h"

/*
 * Adds references, N of one account, in a write: makes one row an hour of them.
 * Sorts POSTED in place.
 */
int store_postings_add(struct store *st, int64_t account, struct posted *posted, size_t n,
		       struct error *err);

struct account_hour {
	int64_t account, hour; /* since 1970 */
};

/*
 * All references of an account that take effect in an hour, in order; in ARENA.
 */
int store_postings(struct store *st, const struct account_hour *hour, struct arena *arena,
		   struct posted **ret, size_t *ret_n, struct error *err);
/*
 * The first hour from FROM on (or with BACKWARDS the last one up to FROM) that
 * has any: 1 found, 0 none, -1.
 */
int store_posting_hour(struct store *st, int64_t account, int64_t from, bool backwards,
		       int64_t *ret_hour, struct error *err);

#endif
