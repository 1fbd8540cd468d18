/*
 * rollup_fit.h - which events of a batch still fit the rollups, tried one by
 * one after all together didn't.
 */
#ifndef USAGE_ROLLUP_FIT_H
#define USAGE_ROLLUP_FIT_H

#include "store/store.h"

struct rollup_fit;

/* ST is borrowed. Never NULL. */
struct rollup_fit *rollup_fit_new(struct store *st);
void rollup_fit_free(struct rollup_fit **f);

/*
 * Does ADDED fit, beside what is stored and what fitted before? 1: yes; 0: no,
 * REASON says which amount doesn't; -1: ERR.
 */
int rollup_fit_try(struct rollup_fit *f, const struct rollup *added, struct error *reason,
		   struct error *err);

#endif
