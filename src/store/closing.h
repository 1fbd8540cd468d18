/*
 * closing.h - up to when accounts are closed, and what changed in closed time.
 */
#ifndef STORE_CLOSING_H
#define STORE_CLOSING_H

#include "store/store.h"

/*
 * Sets up to when an account is closed by itself (own_us 0: it isn't); open_us
 * is ignored. Counts as a change (store_version).
 */
int store_closing_set(struct store *st, const struct closing *c, struct error *err);
/* 1, 0 nothing closed, -1 */
int store_closing(struct store *st, int64_t account, struct arena *arena, struct closing *ret,
		  struct error *err);
/* All accounts that are closed, by their ids. */
int store_closings(struct store *st, struct arena *arena, struct closing **ret, size_t *ret_n,
		   struct error *err);

int store_closing_change_add(struct store *st, const struct closing_change *c, struct error *err);

struct closing_changes {
	struct closing_change *list;
	size_t n;
};

/*
 * The changes of A, and if it is a main account of its family, newest first; in
 * ARENA.
 */
int store_closing_changes(struct store *st, const struct account *a, const struct newest *which,
			  struct arena *arena, struct closing_changes *ret, struct error *err);
/*
 * The next instant from FROM_US on, or back from it, at which late events of an
 * account take effect: 1, 0 none, -1.
 */
int store_late_instant(struct store *st, int64_t account, int64_t from_us, bool backwards,
		       int64_t *ret_us, struct error *err);

#endif
