/*
 * refile.h - moves stored events to other series, because a dimension is filled
 * in. Only usage/backfill.c does that. All in one write: the events, the
 * postings of their hour, and their rollups (store_rollups_add).
 */
#ifndef STORE_REFILE_H
#define STORE_REFILE_H

#include "store/posting.h"

/*
 * Begins a write of moves: a rebuild that goes on at the same time stops with
 * ERR_BUSY, because it would count on the old series.
 */
int store_refile_begin(struct store *st, struct error *err);

/* Finds the first account after AFTER. 1 found, 0 none, -1 failed. */
int store_refile_account(struct store *st, int64_t after, int64_t *ret, struct error *err);

int store_event_refile(struct store *st, const struct event_key *key, int64_t series,
		       struct error *err);

/* Replaces all postings of the hour by N others. Sorts LIST. */
int store_postings_refile(struct store *st, const struct account_hour *hour, struct posting *list,
			  size_t n, struct error *err);

/*
 * Is a change of this kind with this reason listed for the account? 1 yes, 0
 * no, -1 failed.
 */
int store_change_listed(struct store *st, int64_t account, enum closing_change_kind kind,
			const char *reason, struct error *err);

#endif
