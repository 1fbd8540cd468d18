/*
 * walk.h - one walk over all events, which computes rollups and postings and
 * compares them with the stored ones. store_verify reports the differences,
 * store_rebuild repairs them.
 */
#ifndef STORE_WALK_H
#define STORE_WALK_H

#include <glib.h>
#include "store/internal.h"
#include "store/verify.h"
#include "store/posting_codec.h"

enum rollup_kind { BY_CATEGORY, BY_SERIES, ROLLUP_KINDS };

/* A cursor over the stored rollups of one table. */
struct walk_stored {
	struct stmt *s;    /* NULL at the end */
	struct rollup row; /* the next rollup to compare */
};

/* The postings of one account and hour. */
struct walk_hour {
	struct posting_sum want; /* as computed; account 0: none yet */
	struct arena arena;
	GArray *refs; /* struct posting, as computed; only with keep_postings */
};

/* The computed rollups of one account and slot. */
struct walk_tally {
	GHashTable *groups; /* a set of struct group */
	int64_t account, slot;
};

struct walk;

/* Called for each difference. Return 0 to go on, or -1. */
struct walk_calls {
	/* WANT: computed, HAVE: stored; NULL: there is none. */
	int (*rollup)(struct walk *w, const struct rollup *want, const struct rollup *have,
		      struct error *err);
	int (*hour)(struct walk *w, const struct posting_sum *want, const struct posting_sum *have,
		    struct error *err);
	/* A late event that is not listed in closing_change. */
	int (*unlisted)(struct walk *w, int64_t account, const struct posting *p,
			struct error *err);
	/* An event with impossible values. WORDS follow its name. */
	void (*bad_event)(struct walk *w, const struct posting *p, const char *words);
	/* called every 4096 events; or NULL */
	int (*pause)(struct walk *w, struct error *err);
	/* keep the hour's postings in w->hour.refs */
	bool keep_postings;
	/* fail with ERR_OVERFLOW if a sum exceeds 64 bits */
	bool must_fit;
};

struct walk {
	struct store *st;
	const struct walk_calls *calls;
	const struct verify_calls *observer;
	void *arg; /* for the calls */
	size_t n;  /* problems, counted by the calls */
	struct walk_stored stored[LEVELS][ROLLUP_KINDS];
	struct walk_tally tally[LEVELS];
	struct walk_hour hour;
	struct posting_reader *postings;
	/* the source of entries of corrections; 0: there are none */
	int64_t own;
	int64_t late; /* late events so far */
};

/* Set w->st, calls, observer and arg before. */
void walk_init(struct walk *w);
void walk_release(struct walk *w);

/*
 * Compares all. *RET_EVENTS is the number of events. Call it in a read. Sums
 * have 128 bits: with corrections, a sum may exceed 64 bits and come back.
 */
int walk_events(struct walk *w, int64_t *ret_events, struct error *err);

#endif
