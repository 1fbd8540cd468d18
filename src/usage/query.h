/*
 * query.h - the query behind every report: accounts, range, period, category,
 * dimensions, grouping and the position to start from.
 *
 * Rows come bucket by bucket, newest first; inside a bucket by category (report
 * order) or by value of the grouped dimension (byte order). Buckets are read
 * many at a time. The cost grows with the number of rollups in the buckets, not
 * with the position or the number of events. A query above the limit of the
 * store fails with ERR_TOO_LARGE, see usage/span_sums.h.
 */
#ifndef USAGE_QUERY_H
#define USAGE_QUERY_H

#include "base/decimal.h"
#include "usage/buckets.h"
#include "usage/catalogue.h"

struct usage_query {
	const int64_t *accounts; /* their usage is added up */
	size_t n_accounts;
	const struct zone *zone; /* never NULL */
	enum period period;
	/*
	 * seconds, TO exclusive. The first and the last bucket are cut to this
	 * range. If it begins or ends inside a quarter hour, the events of that
	 * quarter hour are added up one by one
	 */
	int64_t from, to;
	/* count the whole quarter hour that TO lies in; it is not over */
	bool running;
	/*
	 * catalogue index; CATALOGUE_NONE: the categories that are metered or
	 * used by one of the accounts
	 */
	size_t category;
	bool zeros; /* also rows without usage; not with GROUP_DIMENSION */
	/*
	 * GROUP_ACCOUNT is not allowed. GROUP_NONE makes one row for each
	 * bucket and needs `category`. GROUP_DIMENSION needs `category` and
	 * exactly one account, because each account has its own values
	 */
	enum group_by group;
	enum dimension dimension; /* of GROUP_DIMENSION */
	/*
	 * only usage with this value; 0: any; -1: a value that no usage has.
	 * Needs `category`
	 */
	int64_t dim[DIMENSIONS];
	size_t wanted; /* expected number of rows to read; 0: all */
};

/*
 * A position between rows: in the bucket that has `bucket` newer ones before
 * it, after the row of the category or value `after` (NULL: before the first
 * row; never ""). All zero: the beginning. A position has names, not row
 * numbers: new rows between two pages do not repeat or skip other rows.
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
	/* the position after this row; its text is borrowed likewise */
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
 * Checks whether more rows follow. 1 yes, 0 no, -1 failed. Do not read on
 * afterwards.
 */
int usage_more(struct usage_cursor *cur, struct error *err);
void usage_close(struct usage_cursor **cur);

/*
 * Moves *AT back by up to N rows, for a link to the previous page. At most to
 * the beginning (all zero).
 */
int usage_back(struct store *st, const struct catalogue *c, const struct usage_query *q, size_t n,
	       struct arena *arena, struct usage_position *at, struct error *err);

#endif
