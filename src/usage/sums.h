/*
 * sums.h - the sums of accounts in spans of time: many of both in one question.
 *
 * Spans may begin and end inside a quarter hour: there the events are added up
 * one by one. That costs that hour's events, and is refused (ERR_TOO_LARGE)
 * where there are more than SUMS_EDGE_EVENTS_MAX of them.
 */
#ifndef USAGE_SUMS_H
#define USAGE_SUMS_H

#include "base/arena.h"
#include "store/sums.h"
#include "store/store.h"

enum { SUMS_EDGE_EVENTS_MAX = 100000 };

/* Seconds, TO exclusive. */
struct sums_span {
	int64_t from, to;
};

/* As struct sums_question, but for its slots. */
struct sums_query {
	const struct sums_account *accounts;
	size_t n_accounts;
	const int64_t *categories;
	size_t n_categories;
	const struct sums_span *spans; /* ascending, without overlap */
	size_t n_spans;
	bool by_series;
	enum dimension group;
};

/*
 * As store_sums; the slot of a row is the place of its span. ST must be in a
 * read.
 */
int sums_read(struct store *st, const struct sums_query *q, sums_row_fn *row, void *arg,
	      struct error *err);

#endif
