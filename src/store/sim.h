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
/* Which SIMs or fleets are read. */
struct sims_query {
	enum dimension kind;
	int64_t family; /* 0: any */
	/* with a family: only those that one of these accounts has used; NULL: all */
	const int64_t *users;
	size_t n_users;
	const char *text; /* without a family: only those with this SID or name; NULL: all */
};

/*
 * Called for each SIM or fleet. The texts of SIM are valid until it returns.
 * Return false to read no more.
 */
typedef bool (*sim_visit)(void *arg, const struct sim *sim);

/* Reads SIMs or fleets in the order of family and name, in little memory. */
int store_sims(struct store *st, const struct sims_query *q, sim_visit visit, void *arg,
	       struct error *err);
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
