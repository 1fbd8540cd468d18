/*
 * posting.h - postings: the events of an account that take effect in an hour.
 * Only a fill of a dimension (usage/backfill.c) asks for events in this way;
 * others do with event_find.h.
 */
#ifndef STORE_POSTING_H
#define STORE_POSTING_H

#include "store/store.h"

struct account_hour {
	int64_t account, hour; /* hours since 1970, UTC */
};

/*
 * Reads all postings of an account and hour, in the order of effective time,
 * source and id. The list is in ARENA.
 */
int store_postings(struct store *st, const struct account_hour *hour, struct arena *arena,
		   struct posting **ret, size_t *ret_n, struct error *err);
/*
 * Finds the first hour with postings from FROM on; BACKWARDS: the last such
 * hour up to FROM. 1 found, 0 none, -1 failed.
 */
int store_posting_hour(struct store *st, int64_t account, int64_t from, bool backwards,
		       int64_t *ret_hour, struct error *err);

#endif
