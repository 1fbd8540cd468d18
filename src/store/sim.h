/*
 * sim.h - the unique names of SIMs and fleets.
 */
#ifndef STORE_SIM_H
#define STORE_SIM_H

#include "store/store.h"

struct sim_key {
	int64_t family;
	enum dimension kind;
	const char *text; /* SID or name */
};

/* Finds a SIM or fleet by SID, else by name. 1 found, 0 none, -1 failed. */
int store_sim_find(struct store *st, const struct sim_key *key, struct arena *arena,
		   struct sim *ret, struct error *err);
/* Reads all SIMs or fleets, in the order of family and name. */
int store_sims(struct store *st, enum dimension kind, struct arena *arena, struct sim **ret,
	       size_t *ret_n, struct error *err);
/*
 * Adds a SIM or fleet and sets s->id. ERR_CONFLICT "sid" or "name": another SIM
 * or fleet of the family has this text as SID or name.
 */
int store_sim_add(struct store *st, struct sim *s, struct error *err);
/*
 * Sets the name of S, which must be as read. ERR_CONFLICT "name": another SIM
 * or fleet of the family has this text as SID or name.
 */
int store_sim_rename(struct store *st, const struct sim *s, const char *name, struct error *err);
int store_sim_remove(struct store *st, const struct sim *s, struct error *err);

#endif
