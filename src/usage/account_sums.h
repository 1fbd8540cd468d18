/*
 * account_sums.h - the usage of each of many accounts in one range of time, as
 * usage_query gives it for one account and PERIOD_ALL, but read for all of them
 * at once.
 */
#ifndef USAGE_ACCOUNT_SUMS_H
#define USAGE_ACCOUNT_SUMS_H

#include "usage/query.h"

struct account_sums_query {
	const int64_t *accounts; /* each is listed once */
	size_t n_accounts;
	int64_t from, to; /* seconds, TO exclusive */
	/* as in usage_query; GROUP_NONE and GROUP_DIMENSION need `category` */
	enum group_by group;
	size_t category;
	enum dimension dimension; /* of GROUP_DIMENSION, and of VALUE */
	const char *value;        /* only usage with this value; NULL: any. Needs `category` */
};

struct account_sums {
	/*
	 * account by account; of an account in the order of usage_query. Set
	 * are category, member, member_text and totals
	 */
	struct usage_row *rows;
	/* n_accounts + 1: the rows of account I are from starts[I] to starts[I + 1] */
	size_t *starts;
};

/*
 * Reads the sums into ARENA. -1 with ERR_TOO_LARGE: above the limit of the
 * store; fewer accounts may be below it. ST must be in a read.
 */
int account_sums_read(struct store *st, const struct catalogue *c,
		      const struct account_sums_query *q, struct arena *arena,
		      struct account_sums *ret, struct error *err);

#endif
