/*
 * sums.h - whole questions about usage: sums of many accounts and slots.
 */
#ifndef STORE_SUMS_H
#define STORE_SUMS_H

#include "store/store.h"

/*
 * Whose usage is asked for. An account may come several times, with other
 * values.
 */
struct sums_account {
	int64_t id;
	int64_t dim[DIMENSIONS]; /* only usage with this value; 0 = any. Only by series */
};

/* Quarter hours since 1970, TO exclusive. */
struct sums_slot {
	int64_t from, to;
};

struct sums_question {
	const struct sums_account *accounts;
	size_t n_accounts;
	/* ids, ascending; those below them are categories of their own */
	const int64_t *categories;
	size_t n_categories;           /* 0: all */
	const struct sums_slot *slots; /* ascending, without overlap */
	size_t n_slots;
	/*
	 * sums of series with dimensions, instead of the totals of categories
	 */
	bool by_series;
	enum dimension group; /* by series: the dimension whose values rows have */
};

/*
 * A part of the sum of an account, a slot and a category (and a series); all
 * rows together are the sums.
 */
struct sums_row {
	size_t account, slot; /* places in the question's lists */
	int64_t category;
	int64_t value;                 /* of the dimension `group`; 0 = none */
	const struct amounts *amounts; /* until the function returns */
};

/*
 * 0 to go on; -1 with ERR ends the answer. It may ask the store anything but
 * for scans and sums.
 */
typedef int sums_row_fn(void *arg, const struct sums_row *row, struct error *err);

/*
 * Calls ROW with the rows of the answer, account by account, in no order that
 * means anything. The cost grows with the rollups that there are in the slots,
 * not with the slots; those are counted first, and where they are more than
 * store_limit allows, the question is refused: ERR_TOO_LARGE.
 */
int store_sums(struct store *st, const struct sums_question *q, sums_row_fn *row, void *arg,
	       struct error *err);

#endif
