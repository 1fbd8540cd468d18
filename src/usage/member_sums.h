/*
 * member_sums.h - sums by group and value of a dimension. What a group is, the
 * caller says: a bucket of a report, an account of a list. All zero: empty.
 */
#ifndef USAGE_MEMBER_SUMS_H
#define USAGE_MEMBER_SUMS_H

#include "base/arena.h"
#include "model/amounts.h"
#include "store/store.h"

struct member_sum {
	int64_t group, id; /* of the value */
	const char *text;  /* the value; NULL until member_sums_finish */
	struct amounts_wide totals;
};

struct member_sums {
	struct member_sum *list;
	size_t n, size;
	uint32_t *index;   /* open addressing; index in the list plus 1 */
	size_t index_size; /* a power of two above 2 * n */
};

/* Adds usage with a value in ARENA; ignores usage without one (ID 0). */
void member_sums_add(struct member_sums *m, struct arena *arena, struct member_sum added);
/*
 * Removes values without usage, reads the texts of the others, which are of
 * ACCOUNTS, into ARENA, and sorts by group and text. Nothing can be added
 * afterwards.
 */
int member_sums_finish(struct member_sums *m, struct store *st, const int64_t *accounts,
		       size_t n_accounts, struct arena *arena, struct error *err);

#endif
