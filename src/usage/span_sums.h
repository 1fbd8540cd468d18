/*
 * span_sums.h - sums of many accounts over many spans of time.
 *
 * Spans may begin and end inside a quarter hour. The events of such a quarter
 * hour are added up one by one.
 * -1 with ERR_TOO_LARGE: more than SUMS_EDGE_EVENTS_MAX events to be added up
 * one by one.
 */
#ifndef USAGE_SPAN_SUMS_H
#define USAGE_SPAN_SUMS_H

#include "base/arena.h"
#include "store/sums.h"
#include "store/store.h"

enum { SUMS_EDGE_EVENTS_MAX = 100000 };

/* seconds; TO exclusive */
struct time_span {
	int64_t from, to;
};

/* As struct sums_query, but spans are in seconds. */
struct span_sums_query {
	const struct sums_account *accounts;
	size_t n_accounts;
	const int64_t *categories;
	size_t n_categories;
	const struct time_span *spans; /* ascending, without overlap */
	size_t n_spans;
	bool by_series;
	bool any_account; /* as in sums_query */
	enum dimension group;
	bool paired;
	enum dimension second;
	const char *prefix[DIMENSIONS];
};

/* Reads sums as store_sums does. ST must be in a read. */
int span_sums_read(struct store *st, const struct span_sums_query *q, sums_row_fn *row, void *arg,
		   struct error *err);

#endif
