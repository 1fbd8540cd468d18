/*
 * posting_table.h - the postings of accounts as SQLite stores them: in leaves
 * (posting_codec.h). Adding is in layout.h, reading an hour in store/posting.h.
 */
#ifndef STORE_POSTING_TABLE_H
#define STORE_POSTING_TABLE_H

#include "store/internal.h"
#include "store/posting.h"
#include "store/sqlite/posting_codec.h"

/* Orders postings by effective time, as qsort asks. */
int posting_compare_times(const void *a, const void *b);

/* Fills ERR: some postings cannot be decoded. Returns -1. */
int posting_damage(struct error *err);

/*
 * Reads the leaves that have postings of the hour: appends these to IN, and
 * their other postings to OUT, unless OUT is NULL. Both lists have one arena. A
 * damaged leaf is left out, and *RET_DAMAGED is set.
 */
int posting_hour_read(struct store *st, const struct account_hour *hour, struct posting_list *in,
		      struct posting_list *out, bool *ret_damaged, struct error *err);

/* Removes all leaves that posting_hour_read reads, also damaged ones. In a write. */
int posting_hour_remove(struct store *st, const struct account_hour *hour, struct error *err);

/* The postings of one account and hour. */
struct posting_hour {
	int64_t account, hour;
	struct posting *list;
	size_t n;
};

/*
 * Replaces the postings of an hour in TO by WANT, but keeps postings that were
 * added to TO after the snapshot FROM. In a write of TO.
 */
int store_postings_replace(struct store *from, struct store *to, const struct posting_hour *want,
			   struct error *err);

#endif
