/*
 * walk.h - one walk over all events, which holds rollups and postings against
 * what follows from the events. store_verify tells what is wrong, store_rebuild
 * puts it right.
 */
#ifndef STORE_WALK_H
#define STORE_WALK_H

#include <glib.h>
#include "store/internal.h"
#include "store/verify.h"
#include "store/posting_codec.h"

enum walk_kind { KIND_TOTAL, KIND_PART, KINDS };

/* Rollups of one table, one after the other. */
struct stored {
	struct stmt *s;    /* NULL at the end */
	struct rollup row; /* the next one not yet compared */
};

/* Where an account's events of one hour take effect. */
struct walk_hour {
	struct posting_sum want; /* account 0: none yet */
	struct arena arena;
	GArray *refs; /* struct posted: what is to be there, if keep_postings */
};

struct tally {
	GHashTable *groups; /* a set of struct group, by category and series */
	int64_t account, slot;
};

struct walk;

/* What becomes of what is wrong. 0 to go on, or -1. */
struct walk_calls {
	/* WANT, HAVE: NULL where there is none. */
	int (*rollup)(struct walk *w, const struct rollup *want, const struct rollup *have,
		      struct error *err);
	int (*hour)(struct walk *w, const struct posting_sum *want, const struct posting_sum *have,
		    struct error *err);
	/* A late event that isn't among the changes in closed time. */
	int (*unlisted)(struct walk *w, int64_t account, const struct posted *p, struct error *err);
	/* An event that can't be so. */
	void (*odd)(struct walk *w, const struct posted *p, const char *words);
	int (*pause)(struct walk *w, struct error *err); /* every 4096 events; or NULL */
	bool keep_postings;                              /* those of the hour, in w->hour.refs */
	bool must_fit;                                   /* a sum beyond 64 bits ends it */
};

struct walk {
	struct store *st;
	const struct walk_calls *calls;
	const struct verify_calls *told;
	void *arg; /* of the calls */
	size_t n;  /* what is wrong, counted by the calls */
	struct stored stored[LEVELS][KINDS];
	struct tally tally[LEVELS];
	struct walk_hour hour;
	struct posting_reader *postings;
	int64_t own;  /* the source of corrections' entries; 0: there are none */
	int64_t late; /* events that take effect after their own time, so far */
};

/* W->st, calls, told and arg are given. */
void walk_init(struct walk *w);
void walk_release(struct walk *w);

/* In a read. Corrections take away, so a sum may leave 64 bits and come back. */
int walk_events(struct walk *w, int64_t *ret_events, struct error *err);

#endif
