/*
 * sums_series.h - the series of a question about sums: which of them an
 * account's filter leaves, and their values of the dimensions that are grouped
 * by. Most are looked up when a leaf has them, many together; those of a filter
 * that has an index are found before.
 */
#ifndef STORE_SQLITE_SUMS_SERIES_H
#define STORE_SQLITE_SUMS_SERIES_H

#include "store/sums.h"

enum {
	SEEKS_MAX = 16, /* so many series that a filter leaves are looked up one by one */
	SCAN_WORK = 6   /* what a statement costs, in sums */
};

/*
 * What a series is to the question: its values of the dimensions that are
 * grouped by. A value of -1: the series is no part of the question.
 */
struct group_values {
	int64_t value, second;
};

/* A series that an account's filter leaves, which is looked up. */
struct sums_seek {
	int64_t category, series;
};

/* An account whose filter has been looked at. */
struct sums_filtered {
	size_t n_found; /* series */
	bool complete;  /* all series that can be part of the question are known */
	bool some;      /* there can be such series */
	struct sums_seek seeks[SEEKS_MAX];
	size_t n_seeks; /* 0: all are read through */
};

struct sums_series;

/*
 * Finds the series of N accounts of Q from number FIRST on, as far as their
 * filters have an index. Memory is in ARENA; borrows Q. NULL: failed. Costs are
 * counted by store_work, here and below.
 */
struct sums_series *sums_series_new(struct store *st, const struct sums_query *q, size_t first,
				    size_t n, struct arena *arena, struct error *err);

/* What was found of the account; NULL: its filter has no index. */
const struct sums_filtered *sums_series_filtered(const struct sums_series *ss, size_t account);

/* NULL: not known yet. Valid until the next look-up. */
const struct group_values *sums_series_values(const struct sums_series *ss, size_t account,
					      int64_t series);

/*
 * The next sums_series_look_up looks this one up, unless it is known. Until then
 * its values are not valid.
 */
void sums_series_need(struct sums_series *ss, size_t account, int64_t series);
int sums_series_look_up(struct sums_series *ss, struct error *err);

/* Is the category part of the question? */
bool sums_has_category(const struct sums_query *q, int64_t category);

#endif
