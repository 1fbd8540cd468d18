/*
 * rejection.h - records that were rejected.
 */
#ifndef STORE_REJECTION_H
#define STORE_REJECTION_H

#include "store/store.h"

enum { REJECTION_RECORD_MAX = 4096 };

int store_rejection_add(struct store *st, const struct rejection *r, struct error *err);

struct rejection_query {
	const int64_t *accounts; /* N of them: only those that name one of these; NULL: any */
	size_t n;
	const char *code; /* NULL: any */
	int64_t before;   /* only ids before this one; 0: all */
	int64_t since;    /* only from this time on, in seconds */
	size_t limit;
};

/* Newest first. */
int store_rejections(struct store *st, const struct rejection_query *q, struct arena *arena,
		     struct rejection **ret, size_t *ret_n, struct error *err);
/*
 * Removes those from before BEFORE, and of each author the oldest ones above
 * KEEP: nobody pushes out another one's.
 */
int store_rejections_prune(struct store *st, int64_t before, int64_t keep, struct error *err);

#endif
