/*
 * rollup_rows.h - the rows of the table `rollup`: sorted entries, in leaves
 * (rollup_leaf.h) that are found by their first key.
 */
#ifndef STORE_ROLLUP_ROWS_H
#define STORE_ROLLUP_ROWS_H

#include <glib.h>
#include "store/internal.h"
#include "store/sqlite/rollup_leaf.h"

/*
 * The kinds of rows. A month of an account is small while its detail (its
 * rollups by series and quarter hour) fits into SMALL_LEAVES leaves: then it
 * has only this detail, at PLACE_MONTH. A month that outgrows them is large for
 * good, and can have rows at all places.
 */
enum rollup_place {
	/*
	 * of a month; small: by category, series and quarter hour; large: by
	 * category
	 */
	PLACE_MONTH,
	PLACE_DAYS,         /* of a large month: by category and day, from 0 */
	PLACE_MONTH_SERIES, /* of a large month: by category and series with dimensions */
	PLACE_QUARTERS,     /* of a day of it: by category and quarter hour, from 0 */
	PLACE_DAY_SERIES,   /* of a day of it: by category, series with dimensions, quarter hour */
	PLACES
};

enum {
	SMALL_LEAVES = 2,
	/* so many entries that are passed over cost as much as one that is used */
	ENTRIES_WORK = 8
};

/* The rows of one place, account and period: a month, or a day since 1970. */
struct rollup_rows {
	enum rollup_place place;
	int64_t account, period;
};

enum { ROLLUP_KEY_BYTES = 14 };

/* The key of an entry as bytes, in the same order. Ids have up to 48 bits. */
void rollup_key(int64_t category, int64_t series, int64_t slot,
		unsigned char ret[static ROLLUP_KEY_BYTES]);

/* Sets ERR_INTERNAL, with advice to rebuild. Returns -1. */
int rollup_damaged(struct error *err);

/*
 * Appends all entries to LIST, of struct rollup_entry. 1: *RET_FORM is the form
 * of their leaves; 2: likewise, and there are leaves beyond the first one; 0:
 * there are no rows; -1 failed. Skips damaged leaves and sets *RET_DAMAGED to
 * true; with RET_DAMAGED NULL, a damaged leaf is a
 * failure.
 */
int rollup_rows_read(struct store *st, const struct rollup_rows *rows, GArray *list,
		     enum leaf_form *ret_form, bool *ret_damaged, struct error *err);

/* Checks for rows. 1 there are some, 0 none, -1 failed. */
int rollup_rows_exist(struct store *st, const struct rollup_rows *rows, struct error *err);

/* Removes the leaves that can't be read. In a write. */
int rollup_rows_drop_damaged(struct store *st, const struct rollup_rows *rows, struct error *err);

/* The first leaf of rows, as stored, and how far it reaches. */
struct rollup_first {
	struct leaf leaf;
	bool several; /* there are leaves beyond it; NEXT is the key of the second */
	unsigned char next[ROLLUP_KEY_BYTES];
};

/* Reads the first leaf. 1 found, 0 there are no rows, -1 failed. */
int rollup_rows_first(struct store *st, const struct rollup_rows *rows, struct rollup_first *ret,
		      struct error *err);
/* Appends the entries of the leaf to LIST. False: it is damaged. */
bool rollup_first_entries(const struct rollup_first *first, GArray *list, enum leaf_form *ret_form);

struct rollup_addition {
	const struct rollup_entry *entries; /* ascending */
	size_t n;
	const struct rollup_first *first; /* of the rows, just read; or NULL */
	struct amounts_wide *ret_sums;    /* set to the N sums afterwards; or NULL */
};

/*
 * Adds entries to those of ROWS, in the form LEAF_SUMS. Removes entries that
 * become 0, and leaves without entries; but a large month keeps one leaf. In a
 * write.
 */
int rollup_rows_add(struct store *st, const struct rollup_rows *rows,
		    const struct rollup_addition *added, struct error *err);

/*
 * Replaces the entries of ROWS, a small month, by N ascending ones, in the form
 * LEAF_DETAIL. N is 0: removes the rows. SEVERAL: there may be leaves beyond the
 * first one. 1 done, 0 the month is too large to be small (nothing is changed),
 * -1 failed. In a write.
 */
int rollup_rows_put_small(struct store *st, const struct rollup_rows *rows, bool several,
			  const struct rollup_entry *entries, size_t n, struct error *err);

/* Removes the rows. In a write. */
int rollup_rows_drop(struct store *st, const struct rollup_rows *rows, struct error *err);

/*
 * Adds up A and B, both ascending, and appends the sums to RET. Omits entries
 * that become 0.
 */
void rollup_entries_merge(const struct rollup_entry *a, size_t n_a, const struct rollup_entry *b,
			  size_t n_b, GArray *ret);

#endif
