/*
 * rollup_sum.h - for tests: what the rollups say of one account and category.
 */
#ifndef TESTS_ROLLUP_SUM_H
#define TESTS_ROLLUP_SUM_H

#include <check.h>
#include "store/sums.h"

struct rollup_sum {
	int64_t account, category;
	enum level level;
	int64_t from, to;        /* slots of the level, TO exclusive */
	bool by_series;          /* only usage with dimensions */
	int64_t dim[DIMENSIONS]; /* likewise, and of these values; 0: any */
};

static inline int rollup_sum_add(void *arg, const struct sums_row *row, struct error *e)
{
	(void)e;
	amounts_wide_add(arg, row->amounts, 1);
	return 0;
}

/* The quarter hour that a slot begins with. */
static inline int64_t slot_begin(enum level level, int64_t slot)
{
	if (level == LEVEL_QUARTER)
		return slot;
	return (level == LEVEL_DAY ? slot : slot_month_day(slot)) * SLOTS_PER_DAY;
}

static inline struct amounts rollup_sum(struct store *st, const struct rollup_sum *s)
{
	struct sums_account account = { .id = s->account };
	struct slot_span slot = { slot_begin(s->level, s->from), slot_begin(s->level, s->to) };
	struct sums_query q = { .accounts = &account,
				.n_accounts = 1,
				.categories = &s->category,
				.n_categories = 1,
				.spans = &slot,
				.n_spans = 1,
				.by_series = s->by_series };
	struct amounts_wide sum = { 0 };
	struct amounts ret;
	struct error e = { 0 };

	for (int d = 0; d < DIMENSIONS; d++)
		account.dim[d] = s->dim[d];
	ck_assert_msg(store_sums(st, &q, rollup_sum_add, &sum, &e) == 0, "%s", e.message);
	ck_assert_msg(amounts_narrow(&sum, &ret), "a sum beyond 64 bits");
	return ret;
}

#endif
