/*
 * sums.h - sums of usage: of many accounts and many spans of slots in one
 * query.
 */
#ifndef STORE_SUMS_H
#define STORE_SUMS_H

#include "store/store.h"

/*
 * An account to sum up. An account may stand in the list several times, with
 * different filters.
 */
struct sums_account {
	int64_t id;
	/* only usage with this value; 0: any. Needs by_series */
	int64_t dim[DIMENSIONS];
	/*
	 * a main account, whose subaccounts count as well. Needs any_account; not
	 * with by_series
	 */
	bool family;
};

/* A span of quarter hours since 1970. TO is exclusive. */
struct slot_span {
	int64_t from, to;
};

struct sums_query {
	const struct sums_account *accounts;
	size_t n_accounts;
	/* ids, ascending. A category does not include its subcategories */
	const int64_t *categories;
	size_t n_categories;           /* 0: all */
	const struct slot_span *spans; /* ascending, without overlap */
	size_t n_spans;
	/* rows may tell any account: only the sums of all are wanted */
	bool any_account;
	/*
	 * sum up the rollups by series, which have dimensions, instead of the
	 * rollups by category
	 */
	bool by_series;
	/* with by_series: the dimension that rows are grouped by */
	enum dimension group;
	/*
	 * with by_series and PAIRED: a second dimension that they are grouped
	 * by
	 */
	bool paired;
	enum dimension second;
	/*
	 * only usage whose value of the dimension begins with this text; NULL:
	 * any. Needs by_series
	 */
	const char *prefix[DIMENSIONS];
};

/*
 * Part of the sum for an account, a span and a category (with by_series: also a
 * value of each dimension that is grouped by). Several rows may have the same
 * key; the sum is the total of these rows.
 */
struct sums_row {
	size_t account, span; /* indexes into the query's lists */
	int64_t category;
	int64_t value;                      /* of the dimension `group`; 0: none */
	int64_t second;                     /* of the dimension `second`; 0: none */
	const struct amounts_wide *amounts; /* valid until the function returns */
};

/*
 * Called for each row. Returns 0 to go on, or -1 with ERR to end the query. The
 * function may use the store, except for store_sums.
 */
typedef int sums_row_fn(void *arg, const struct sums_row *row, struct error *err);

/*
 * Calls ROW for each row, in no particular order. Takes two statements however
 * many accounts and spans there are; by_series, up to four for some hundred
 * accounts, and a further one for some thousand series.
 * The cost grows with the number of rollups in the spans, not with the length
 * of the spans. Returns -1 with ERR_TOO_LARGE when it has read more than
 * store_limit allows.
 */
int store_sums(struct store *st, const struct sums_query *q, sums_row_fn *row, void *arg,
	       struct error *err);

#endif
