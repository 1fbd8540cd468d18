/*
 * report_read.h - how a report is read, for the files of report.h: the rows of
 * sums of the query's accounts are added to lines, and, as the step says, to
 * buckets or cells.
 */
#ifndef USAGE_REPORT_READ_H
#define USAGE_REPORT_READ_H

#include <glib.h>

#include "store/sums.h"
#include "usage/line_table.h"
#include "usage/report.h"
#include "usage/span_sums.h"

/* The number of a line that has no usage, so that the report omits it. */
#define NO_NUMBER ((size_t)-1)

/* What a row is added to: sums, buckets or both of lines, or sums and cells. */
enum step { STEP_SUMS, STEP_BUCKETS, STEP_BOTH, STEP_CELLS };

/* The caller sets the members before `scratch`, and `cells` with STEP_CELLS. */
struct report_read {
	struct store *store;
	const struct catalogue *catalogue;
	const struct report_query *query;
	struct arena *arena; /* for the report */
	struct report *report;
	enum step step;
	struct arena *scratch; /* for the call */
	/* accounts in which all values of the filter exist */
	struct sums_account *accounts;
	size_t n_accounts;
	/* the same accounts by whole_families, if rows may tell any account */
	struct sums_account *families;
	size_t n_families;
	struct line_table table;
	/* ids of categories in the query, ascending; none: all categories */
	int64_t *categories;
	size_t n_categories;
	/* amounts have different units: read only prices */
	bool price_only;
	/* by index in ACCOUNTS: the line, if only some lines are read */
	struct report_line **entries;
	GArray *cells;
	/* by line and bucket: the index in CELLS plus 1 */
	GHashTable *cell_places;
};

/* Makes SCRATCH; chooses nothing yet. Ended by report_read_end. */
void report_read_begin(struct report_read *rd, struct arena *scratch);
void report_read_end(struct report_read *rd);

/* Chooses the categories, accounts and buckets of the query. -1 failed. */
void report_read_categories(struct report_read *rd);
int report_read_accounts(struct report_read *rd, struct error *err);
int report_read_buckets(struct report_read *rd, struct error *err);

/* Has the query a filter? */
bool report_read_is_filtered(const struct report_query *q);
/* Are lines values of dimensions? */
bool report_read_has_values(const struct report_query *q);

/*
 * Reads rows, by series or of the whole usage, and gives each to ROW with RD. -1
 * with ERR_TOO_LARGE: above the limit of the store.
 */
int report_read_rows(struct report_read *rd, bool by_series, sums_row_fn *row, struct error *err);
/* Reads all rows of the report, and adds each to its lines. */
int report_read_all(struct report_read *rd, struct error *err);
/* Lists the lines that have usage in the report, with their names. */
int report_read_lines(struct report_read *rd, struct error *err);

/* Each is a sums_row_fn, whose ARG is a struct report_read. */

/* Adds a row of the whole usage to the report and to the row's line. */
int report_read_add(void *arg, const struct sums_row *row, struct error *err);
/*
 * Adds a row with a value to the line of the value, and subtracts the row from
 * the line without a value, to which report_read_add adds the whole usage.
 */
int report_read_add_value(void *arg, const struct sums_row *row, struct error *err);
/* Adds a row of the whole usage to the report, but to no line. */
int report_read_add_to_all(void *arg, const struct sums_row *row, struct error *err);
/* Adds a row to the line of the row's entry in ACCOUNTS. */
int report_read_add_to_entry(void *arg, const struct sums_row *row, struct error *err);

#endif
