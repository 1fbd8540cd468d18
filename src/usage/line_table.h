/*
 * line_table.h - the lines of a report while it is read: finds or makes the
 * line that a row of sums counts for. Only for report.c.
 */
#ifndef USAGE_LINE_TABLE_H
#define USAGE_LINE_TABLE_H

#include <glib.h>
#include "store/sums.h"
#include "usage/report.h"

struct line_table {
	/* set by the caller; all of it is borrowed */
	struct store *store;
	const struct catalogue *catalogue;
	const struct report_query *query;
	struct arena *arena;               /* for lines and their texts */
	struct arena *scratch;             /* for the tables */
	const struct account **account_of; /* by `account` of a row */
	size_t n_buckets;                  /* of each new line; 0: it has none */

	/*
	 * by category of usage (catalogue index): the category of its line;
	 * CATALOGUE_NONE: not in the query
	 */
	size_t *line_of;
	/* struct report_line, in the order of their first rows */
	GPtrArray *lines;

	/* lines by id of the line's value or account */
	GHashTable *by_id;
	struct report_line **by_category; /* lines by catalogue index */
	/* the line of the row before, if lines are accounts, and its account */
	struct report_line *last;
	const struct account *last_account;
	/* lines by key, for values shared by all accounts */
	GHashTable *by_text;
	/*
	 * of a paired query: lines by struct line_pair; for each of the two
	 * dimensions the shared texts by text, and by id of a value
	 */
	GHashTable *pairs, *texts[2], *values;
	int64_t n_texts;
	struct report_line *rest; /* the line for usage without a value */
};

/*
 * Makes the tables, without lines. ACCOUNT_OF and N_BUCKETS may be set later,
 * before the first row.
 */
void line_table_init(struct line_table *l);

/* The lines stay. */
void line_table_release(struct line_table *l);

/*
 * Finds or makes the line that ROW counts for; the row's category must be in
 * the query. -1: the ledger failed, or the work is above the limit of the
 * store.
 */
int line_table_find(struct line_table *l, const struct sums_row *row, struct report_line **ret,
		    struct error *err);

/* Enters a line of an earlier read of the same query, so that rows find it. */
void line_table_enter(struct line_table *l, struct report_line *line);

#endif
