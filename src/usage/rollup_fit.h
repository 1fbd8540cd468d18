/*
 * rollup_fit.h - finds the events that would overflow a rollup. Used after a
 * batch has failed: tries its events one by one.
 */
#ifndef USAGE_ROLLUP_FIT_H
#define USAGE_ROLLUP_FIT_H

#include "store/store.h"

struct rollup_fit;

/* Borrows ST. Never returns NULL. */
struct rollup_fit *rollup_fit_new(struct store *st);
void rollup_fit_free(struct rollup_fit **f);

/*
 * Checks whether ADDED fits in addition to the stored rollups and the rollups
 * that fitted before. 1 yes, 0 no (REASON names the amount), -1 failed.
 */
int rollup_fit_try(struct rollup_fit *f, const struct rollup *added, struct error *reason,
		   struct error *err);

#endif
