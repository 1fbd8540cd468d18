/* closing.h - the closed instants of accounts, and changes in closed time. */
#ifndef STORE_CLOSING_H
#define STORE_CLOSING_H

#include "store/store.h"

/*
 * Sets the account's own closed instant, own_us (0: no day is closed). Ignores
 * open_us. Increases store_version.
 */
int store_closing_set(struct store *st, const struct closing *c, struct error *err);
/* 1 found, 0 the account is open, -1 failed */
int store_closing(struct store *st, int64_t account, struct arena *arena, struct closing *ret,
		  struct error *err);
/*
 * Sets RET to the closed instants of N accounts (open_us; 0: not closed), with
 * one statement at most.
 */
int store_closed_instants(struct store *st, const int64_t *accounts, size_t n, int64_t *ret,
			  struct error *err);
/* All closings, in the order of account ids. */
int store_closings(struct store *st, struct arena *arena, struct closing **ret, size_t *ret_n,
		   struct error *err);

int store_closing_change_add(struct store *st, const struct closing_change *c, struct error *err);

struct closing_changes {
	struct closing_change *list;
	size_t n;
};

/*
 * Reads the changes in closed time of account A; if A is a main account, of its
 * family. Newest first, in ARENA.
 */
int store_closing_changes(struct store *st, const struct account *a, const struct newest *which,
			  struct arena *arena, struct closing_changes *ret, struct error *err);

#endif
