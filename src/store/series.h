/*
 * series.h - the interned values of dimensions, and series.
 */
#ifndef STORE_SERIES_H
#define STORE_SERIES_H

#include "store/store.h"

/* Finds the id of a value. 1 found, 0 none, -1 failed. */
int store_dimension_find(struct store *st, const struct dimension_value *v, int64_t *ret_id,
			 struct error *err);
/*
 * Ids are unique in the whole ledger. ACCOUNT is one of the family whose value or
 * series is looked for, and only says where it is; 0: anywhere, which takes all
 * servers of a distributed ledger.
 */

/* Reads the text of a value. 1 found, 0 none, -1 failed. */
int store_dimension_text(struct store *st, int64_t account, int64_t id, struct arena *arena,
			 const char **ret, struct error *err);

struct dimension_ids {
	const int64_t *list;
	size_t n;
	const int64_t *accounts; /* of their families; none: anywhere */
	size_t n_accounts;
};

/*
 * Reads the texts of values in one statement. All are in ARENA. ERR_INTERNAL:
 * one does not exist.
 */
int store_dimension_texts(struct store *st, const struct dimension_ids *ids, struct arena *arena,
			  const char **ret, struct error *err);

/*
 * Sets of values and of series. A call takes the same few statements for any
 * number of them, up to some thousand; in a distributed ledger, for each place.
 *
 * store_..._find sets the ids of those that exist, and leaves 0 for others.
 * store_..._add makes ids for those whose id is 0; none of them may exist, and
 * no two may be equal. store_..._intern does both, for those whose id is 0. Only
 * store_..._find may be called outside a write.
 */
struct dimension_intern {
	struct dimension_value value;
	int64_t id;
};

int store_dimensions_find(struct store *st, struct dimension_intern *list, size_t n,
			  struct error *err);
int store_dimensions_add(struct store *st, struct dimension_intern *list, size_t n,
			 struct error *err);
int store_dimensions_intern(struct store *st, struct dimension_intern *list, size_t n,
			    struct error *err);

struct series_intern {
	struct series series;
	int64_t id;
};

int store_series_find(struct store *st, struct series_intern *list, size_t n, struct error *err);
int store_series_add(struct store *st, struct series_intern *list, size_t n, struct error *err);
int store_series_intern(struct store *st, struct series_intern *list, size_t n, struct error *err);

/* 1 found, 0 none, -1 failed. */
int store_series_by_id(struct store *st, int64_t account, int64_t id, struct series *ret,
		       struct error *err);

#endif
