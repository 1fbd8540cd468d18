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
#include "store/sqlite/posting_codec.h"
#include "store/sqlite/posting_sums.h"
#include "store/sqlite/walk_rollups.h"

/* The postings of one account and hour. */
struct walk_hour {
	struct posting_sum want; /* as computed; account 0: none yet */
	struct arena arena;
	GArray *refs; /* struct posting, as computed; only with keep_postings */
};

struct walk;

/* Called for each difference. Return 0 to go on, or -1. */
struct walk_calls {
	/* WANT: computed, HAVE: stored; NULL: there is none. */
	rollup_entry_call *entry; /* its first argument is the walk; likewise of rows */
	rollup_rows_call *rows;
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
};

struct walk {
	struct store *st;
	/*
	 * the accounts to compare, and the families whose sources have their
	 * events; NULL: all
	 */
	const struct db_list *accounts, *families;
	const struct walk_calls *calls;
	const struct verify_calls *observer;
	void *arg; /* for the calls */
	size_t n;  /* problems, counted by the calls */
	struct walk_rollups *rollups;
	struct walk_hour hour;
	struct posting_reader *postings;
	/* the source of entries of corrections; 0: there are none */
	int64_t own;
	int64_t late; /* late events so far */
	bool damaged; /* some leaves of rollups can't be read; set by calls->rows */
};

/* Set w->st, accounts, families, calls, observer and arg before. */
void walk_init(struct walk *w);
void walk_release(struct walk *w);

/*
 * Compares the accounts. *RET_EVENTS is the number of events. Call it in a read. Sums
 * have 128 bits: with corrections, a sum may exceed 64 bits and come back.
 */
int walk_events(struct walk *w, int64_t *ret_events, struct error *err);

/*
 * Compares the sums of families with the rollups of their subaccounts, as these
 * are stored. Call it in a read, without walk_init.
 */
int walk_families(struct walk *w, struct error *err);

#endif
