/*
 * tries.h - the records of the throttle of passwords (base/throttle.h), which
 * the hosts of a ledger share. Only a ledger in a database server has them.
 *
 * Call the functions outside a read or write: each statement stands by itself,
 * and does not wait for the ledger's writer.
 */
#ifndef STORE_TRIES_H
#define STORE_TRIES_H

#include "base/throttle.h"
#include "store/store.h"

/* Reads the records of LIST by their `who`; zeros if there is none. */
int store_tries_load(struct store *st, struct throttle_record list[static THROTTLE_SUBJECTS],
		     struct error *err);

/*
 * Replaces the record OLD by NEW. 1, or 0: it is not OLD any more, so another
 * host has tried meanwhile; -1 failed.
 */
int store_try_replace(struct store *st, const struct throttle_record *old,
		      const struct throttle_record *new, struct error *err);

/* Adds the difference between OLD and NEW to the failures of a record. */
int store_try_add(struct store *st, const struct throttle_record *old,
		  const struct throttle_record *new, struct error *err);

/* Removes the records that were heard of before that time. */
int store_tries_prune(struct store *st, int64_t before_ms, struct error *err);

#endif
