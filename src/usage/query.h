/*
 * query.h - the one question that every report asks: whose usage, of what,
 * when, in which slots, by which dimension, from which position.
 *
 * Answers come slot by slot, newest first; inside a slot by category (report
 * order), or by member of the grouped dimension (byte order of its text). Slots
 * are read many at a time. The cost of an answer grows with the rollups that
 * there are in the slots asked for, not with the position or the number of
 * events; what would be more than the store's limit allows is refused
 * (ERR_TOO_LARGE), see also sums.h.
 */
#ifndef USAGE_QUERY_H
#define USAGE_QUERY_H

#include "base/decimal.h"
#include "usage/buckets.h"
#include "usage/catalogue.h"

struct usage_query {
	const int64_t *accounts; /* added up together */
	size_t n_accounts;
	const struct zone *zone; /* never NULL */
	enum period period;
	/*
	 * seconds, TO exclusive. Slots are cut to this range. Inside a quarter
	 * hour the events are added up one by one
	 */
	int64_t from, to;
	bool running; /* the quarter hour that TO lies in isn't over: it counts whole */
	/*
	 * catalogue index; CATALOGUE_NONE = all that are metered or that one of
	 * the accounts used
	 */
	size_t category;
	bool zeros; /* also rows without usage (never members of a dimension) */
	/*
	 * Not GROUP_ACCOUNT. GROUP_NONE is one row a slot, and needs `category`;
	 * so does GROUP_DIMENSION, and one account: an account's values are its
	 * own
	 */
	enum group_by group;
	enum dimension dimension; /* of GROUP_DIMENSION */
	/*
	 * only usage with this value; 0 = any; -1 = a value nobody has. Needs
	 * `category`
	 */
	int64_t dim[DIMENSIONS];
	size_t wanted; /* about so many rows will be read; 0: all of them */
};

/*
 * Where to go on: in the slot that has `slot` newer ones before it, after the
 * row of the category or member called `after` (NULL: from the slot's first
 * row; never ""). All zero: the beginning. Names, not numbers, so that rows
 * which appear between two pages make no other row come twice or not at all.
 */
struct usage_position {
	int64_t slot;
	const char *after;
};

struct usage_row {
	int64_t from, to;        /* the slot, seconds, TO exclusive */
	size_t category;         /* catalogue index; CATALOGUE_NONE when not by category */
	int64_t member;          /* dimension value's id; 0 when not by dimension */
	const char *member_text; /* of a dimension; borrowed until the next call with the cursor */
	struct amounts_wide totals;
	/*
	 * of this row: going on there gives the row after it; text borrowed
	 * likewise
	 */
	struct usage_position at;
};

struct usage_cursor;

/* Q and C must outlive the cursor; ST must be in a read. */
int usage_open(struct store *st, const struct catalogue *c, const struct usage_query *q,
	       struct usage_position start, struct usage_cursor **ret, struct error *err);
/* 1 a row, 0 the end, -1 */
int usage_next(struct usage_cursor *cur, struct usage_row *ret, struct error *err);
/* Is there a row after the last one? 1, 0, -1. To be asked last. */
int usage_more(struct usage_cursor *cur, struct error *err);
void usage_close(struct usage_cursor **cur);

/*
 * Moves *AT back by up to N rows, for the link to the page before; stops at the
 * beginning (all zero).
 */
int usage_back(struct store *st, const struct catalogue *c, const struct usage_query *q, size_t n,
	       struct arena *arena, struct usage_position *at, struct error *err);

#endif
