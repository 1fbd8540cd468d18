/*
 * verify.h - are rollups and postings as they follow from the events?
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "store/store.h"

struct verify_calls {
	size_t limit; /* so many are told; all are counted */
	/*
	 * A rollup is missing, extra (WANT or HAVE is NULL where there is none)
	 * or differs.
	 */
	void (*difference)(void *arg, const struct rollup *want, const struct rollup *have);
	/* Anything else, in words. */
	void (*fault)(void *arg, const char *words);
	/* now and then: steps done, and in all; or NULL */
	void (*progress)(void *arg, int64_t done, int64_t all);
	/* asked now and then: true ends it with ERR_BUSY; or NULL */
	bool (*stopped)(void *arg);
	void *arg;
};

/*
 * Recomputes all rollups from the events and compares; so it does with the
 * references to events, hour by hour; with corrections, which must have their
 * facts, each taking away what counted before; and sees to it that sources are
 * there, and that nothing takes effect before its time. The pages of the file
 * are looked at first: where one is damaged, each is told as a fault, and
 * nothing is compared. *ret_n counts what is wrong. Reads one snapshot; memory
 * holds what one account used in one month, by series. A rollup of zeros is as
 * good as none.
 */
int store_verify(struct store *st, const struct verify_calls *calls, size_t *ret_n,
		 int64_t *ret_events, struct error *err);

/*
 * Puts rollups and references right, as they follow from the events: reads one
 * snapshot of ST and changes WRITER's ledger, which is the same, in short
 * writes between which others have their turn; what they add meanwhile stays.
 * *ret_n counts rollups and hours of references. On -1 some of it may be done;
 * ERR_BUSY if another one does it, too. Memory also holds the references of one
 * hour. Only CALLS->progress is called.
 */
int store_rebuild(struct store *st, struct store *writer, const struct verify_calls *calls,
		  size_t *ret_n, int64_t *ret_events, struct error *err);

#endif
