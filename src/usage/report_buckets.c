#include "usage/report.h"

#include <string.h>

#include "store/series.h"
#include "usage/report_read.h"
#include "base/banned.h"

/*
 * with GROUP_DIMENSION: a report of up to FEW_LINES lines reads the buckets of
 * all lines, a longer report only of the lines shown
 */
enum { FEW_LINES = 1000 };

static void make_line_buckets(struct report_read *rd, size_t n)
{
	struct report *r = rd->report;

	for (size_t i = 0; i < n; i++)
		r->lines[i]->buckets = arena_array(rd->arena, struct amounts_wide, r->n_buckets);
}

static void drop_line_buckets(struct report_read *rd, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rd->report->lines[i]->buckets = NULL;
}

/*
 * Filters by a value of a line. 1 done, 0 the account lacks the value, -1
 * failed.
 */
static int filter_value(const struct report_read *rd, struct sums_account *a, enum dimension d,
			int64_t member, const char *text, struct error *err)
{
	if (!member)
		return store_dimension_find(
			rd->store, &(struct dimension_value) { a->id, d, text, strlen(text) },
			&a->dim[d], err);
	a->dim[d] = member;
	return 1;
}

/*
 * Adds an entry to ACCOUNTS for each account in which the line may have usage:
 * the line's own account, or all accounts that have the line's values.
 */
static int add_entries(struct report_read *rd, struct report_line *line,
		       const struct report_read *whole, struct error *err)
{
	const struct report_query *q = rd->query;

	for (size_t i = 0; i < whole->n_accounts; i++) {
		struct sums_account *a = &rd->accounts[rd->n_accounts];
		int rc = 1;

		*a = whole->accounts[i];
		if (line->account && line->account->id != a->id)
			continue;
		if (q->by == GROUP_DIMENSION)
			rc = filter_value(rd, a, q->dimension, line->member, line->key, err);
		if (q->paired && rc > 0)
			rc = filter_value(rd, a, q->second, line->second_member, line->second, err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			rd->entries[rd->n_accounts++] = line;
	}
	return 0;
}

/* Reads the buckets of the first N lines by series. */
static int read_entries(struct report_read *whole, size_t n, struct error *err)
{
	struct report_read rd = *whole;
	size_t most = n * whole->n_accounts;

	rd.accounts = arena_array(rd.scratch, struct sums_account, most + 1);
	rd.entries = arena_array(rd.scratch, struct report_line *, most + 1);
	rd.n_accounts = 0;
	for (size_t i = 0; i < n; i++) {
		struct report_line *line = rd.report->lines[i];

		if (line->buckets && add_entries(&rd, line, whole, err) < 0)
			return -1;
	}
	return rd.n_accounts ? report_read_rows(&rd, true, report_read_add_to_entry, err) : 0;
}

/* Converts the result of report_read_rows: 1 done, 0 above the limit, -1 failed. */
static int try(int rc, struct error *err)
{
	if (rc >= 0)
		return 1;
	if (err->kind != ERR_TOO_LARGE)
		return -1;
	error_clear(err);
	return 0;
}

/*
 * Reads the buckets of the first N lines of a dimension with very many values.
 * No filter chooses lines without a value, or of a category: they get none. 1
 * done, 0 above the limit, -1 failed.
 */
static int load_few_lines(struct report_read *rd, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct report_line *line = rd->report->lines[i];
		const struct report_query *q = rd->query;

		if ((q->by == GROUP_DIMENSION && line->key && !*line->key) ||
		    (q->paired && line->second && !*line->second) || q->by == GROUP_CATEGORY)
			line->buckets = NULL;
	}
	return try(read_entries(rd, n, err), err);
}

static int load_buckets(struct report_read *rd, size_t n, struct error *err)
{
	struct report *r = rd->report;
	bool filtered = report_read_is_filtered(rd->query),
	     members = report_read_has_values(rd->query), few = members && r->n_lines > FEW_LINES;
	int lines = 1, whole;

	make_line_buckets(rd, n);
	for (size_t i = 0; i < r->n_lines; i++)
		line_table_enter(&rd->table, r->lines[i]);
	if (members && !few && !filtered)
		lines = try(report_read_rows(rd, true, report_read_add_value, err), err);
	if (lines == 0)
		drop_line_buckets(rd, n);
	whole = lines < 0
			? -1
			: try(report_read_rows(rd, filtered,
					       few ? report_read_add_to_all : report_read_add, err),
			      err);
	if (whole > 0 && few)
		lines = load_few_lines(rd, n, err);
	if (lines == 0 || whole == 0)
		drop_line_buckets(rd, n);
	if (whole == 0)
		r->buckets = NULL;
	return lines < 0 || whole < 0 ? -1 : 0;
}

/* Fills the buckets of the first N lines from the report's cells. */
static void take_cells(struct report *r, size_t n, struct arena *arena)
{
	for (size_t i = 0; i < n; i++)
		r->lines[i]->buckets = arena_array(arena, struct amounts_wide, r->n_buckets);
	for (size_t i = 0; i < r->n_cells; i++) {
		const struct report_cell *cell = &r->cells[i];

		if (cell->line->buckets)
			cell->line->buckets[cell->bucket] = cell->totals;
	}
}

int report_load_buckets(struct store *st, const struct catalogue *c, const struct report_query *q,
			struct arena *arena, struct report *r, size_t n, struct error *err)
{
	struct report_read rd = { .store = st,
				  .catalogue = c,
				  .query = q,
				  .arena = arena,
				  .report = r,
				  .step = STEP_BUCKETS };
	struct arena scratch;
	int rc;

	if (r->n_cells) {
		take_cells(r, n < r->n_lines ? n : r->n_lines, arena);
		return 0;
	}
	report_read_begin(&rd, &scratch);
	report_read_categories(&rd);
	r->buckets = arena_array(arena, struct amounts_wide, r->n_buckets);
	rc = report_read_accounts(&rd, err) < 0
		     ? -1
		     : load_buckets(&rd, n < r->n_lines ? n : r->n_lines, err);
	report_read_end(&rd);
	return rc;
}
