/*
 * rejection.h - the log of rejected records.
 */
#ifndef STORE_REJECTION_H
#define STORE_REJECTION_H

#include "store/store.h"

enum { REJECTION_RECORD_MAX = 4096 };

/* In a write. */
int store_rejection_add(struct store *st, const struct rejection *r, struct error *err);

struct rejection_query {
	const int64_t *accounts; /* only records of these accounts; NULL: any */
	size_t n;
	const char *code; /* NULL: any */
	int64_t before;   /* only smaller ids; 0: all */
	int64_t since;    /* only from this time on, seconds */
	size_t limit;
};

/* Reads rejections, newest first. */
int store_rejections(struct store *st, const struct rejection_query *q, struct arena *arena,
		     struct rejection **ret, size_t *ret_n, struct error *err);
/*
 * Removes rejections older than BEFORE, and of each author all except the
 * newest KEEP. The limit for each author prevents that one author displaces the
 * rejections of another.
 */
int store_rejections_prune(struct store *st, int64_t before, int64_t keep, struct error *err);

#endif
