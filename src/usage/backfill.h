/*
 * backfill.h - fills a declared dimension in for events that were stored before
 * its declaration, from their attributes. Then reports give the same numbers as
 * if the dimension had been declared before the first event.
 *
 * The events are gone through account by account and hour by hour, in short
 * writes, so that others can write in between. Each write also stores how far
 * it came: after a kill, the next one goes on there. Events that come meanwhile
 * have the dimension from the beginning. Amounts never change; an account with
 * a filled event in closed time gets an entry among the changes in closed time.
 */
#ifndef USAGE_BACKFILL_H
#define USAGE_BACKFILL_H

#include "usage/admin.h"

/*
 * Begins to fill in the dimension NAME, or goes on. *RET_DONE: there is nothing
 * left to do. Adds an entry to the audit log when it begins.
 */
int backfill_begin(const struct admin *a, const char *name, struct declared *ret, bool *ret_done,
		   struct error *err);

/*
 * Goes on with D, in the write of A, for about EVENTS events. Updates D.
 * *RET_DONE: this was the last step; it adds an entry to the audit log.
 */
int backfill_step(const struct admin *a, struct declared *d, size_t events, bool *ret_done,
		  struct error *err);

#endif
