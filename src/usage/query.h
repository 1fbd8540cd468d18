/*
 * query.h - the query behind every report: accounts, range, period, category,
 * dimensions, grouping and the position to start from.
 *
 * Rows come bucket by bucket, newest first; inside a bucket by category (report
 * order) or by value of the grouped dimension (byte order). Buckets are read in
 * batches. The cost grows with the number of rollups in the buckets read, not
 * with the position or the number of events. A query above the limit of the
 * store fails with ERR_TOO_LARGE, see usage/span_sums.h.
 */
#ifndef USAGE_QUERY_H
#define USAGE_QUERY_H

#include "base/decimal.h"
#include "usage/buckets.h"
#include "usage/catalogue.h"

struct usage_query {
	const int64_t *accounts; /* rows sum over all of them */
	size_t n_accounts;
	/*
	 * there is one account, a main account, and rows sum over its
	 * subaccounts too. Not with unpriced, dimensions or GROUP_DIMENSION
	 */
	bool family;
	/* by account: its price, in another currency, is left out; NULL: none */
	const bool *unpriced;
	const struct zone *zone; /* never NULL */
	enum period period;
	/*
	 * seconds, TO exclusive. The first and the last bucket are cut to this
	 * range. If the range begins or ends inside a quarter hour, the events
	 * of this quarter hour are added up one by one
	 */
	int64_t from, to;
	/* TO lies in the current quarter hour, which is counted completely */
	bool running;
	/*
	 * catalogue index; CATALOGUE_NONE: the categories that are metered or
	 * used by one of the accounts
	 */
	size_t category;
	bool zeros; /* also rows without usage; not with GROUP_DIMENSION */
	/*
	 * GROUP_ACCOUNT is not allowed. GROUP_NONE makes one row per bucket and
	 * needs `category`. GROUP_DIMENSION needs `category` and exactly one
	 * account, because each account has its own values
	 */
	enum group_by group;
	enum dimension dimension; /* of GROUP_DIMENSION */
	/*
	 * only usage with this value; 0: any value; -1: the account lacks the
	 * value, so no usage matches. Needs `category`
	 */
	int64_t dim[DIMENSIONS];
	size_t wanted; /* expected number of rows to read; 0: all */
};

/*
 * A position between rows: in the bucket number `bucket` (the newest is 0),
 * behind the row of the category or value `after`. If `after` is NULL, before
 * the first row of the bucket; `after` is never "". All zero: the beginning. A
 * position holds a name instead of a row number, so rows that are added between
 * two requests do not repeat or skip other rows.
 */
struct usage_position {
	int64_t bucket;
	const char *after;
};

struct usage_row {
	int64_t from, to; /* the bucket, seconds, TO exclusive */
	/* catalogue index; only with GROUP_CATEGORY, else CATALOGUE_NONE */
	size_t category;
	/* id of the value; only with GROUP_DIMENSION, else 0 */
	int64_t member;
	const char *member_text; /* the value; borrowed until the next call */
	struct amounts_wide totals;
	/*
	 * the position behind this row; at.after is borrowed until the next
	 * call
	 */
	struct usage_position at;
};

struct usage_cursor;

/*
 * Opens a cursor at START. Q and C must outlive the cursor; ST must be in a
 * read.
 */
int usage_open(struct store *st, const struct catalogue *c, const struct usage_query *q,
	       struct usage_position start, struct usage_cursor **ret, struct error *err);
/* Reads the next row. 1 a row, 0 the end, -1 failed. */
int usage_next(struct usage_cursor *cur, struct usage_row *ret, struct error *err);
/*
 * Checks whether more rows follow. 1 yes, 0 no, -1 failed. After this call, do
 * not call usage_next.
 */
int usage_more(struct usage_cursor *cur, struct error *err);
void usage_close(struct usage_cursor **cur);

/*
 * Moves *AT back by N rows, for a link to the previous page. Stops at the
 * beginning (all zero).
 */
int usage_back(struct store *st, const struct catalogue *c, const struct usage_query *q, size_t n,
	       struct arena *arena, struct usage_position *at, struct error *err);

#endif
