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

/* The one with that SID, else the one called so: 1 found, 0 none, -1. */
int store_sim_find(struct store *st, const struct sim_key *key, struct arena *arena,
		   struct sim *ret, struct error *err);
/* All of a kind, by family and name. */
int store_sims(struct store *st, enum dimension kind, struct arena *arena, struct sim **ret,
	       size_t *ret_n, struct error *err);
/*
 * Sets s->id. ERR_CONFLICT, "sid" or "name", if another one of the family has
 * it as SID or name.
 */
int store_sim_add(struct store *st, struct sim *s, struct error *err);
/* S is as it was read. ERR_CONFLICT as store_sim_add. */
int store_sim_rename(struct store *st, const struct sim *s, const char *name, struct error *err);
int store_sim_remove(struct store *st, const struct sim *s, struct error *err);

#endif
