#include "usage/report_read.h"

#include <stdlib.h>

#include "usage/sim.h"
#include "usage/whole_families.h"
#include "base/int_order.h"
#include "base/banned.h"

/* ---- accounts, categories and buckets ---- */

bool report_read_is_filtered(const struct report_query *q)
{
	for (int d = 0; d < DIMENSIONS; d++)
		if (q->dim[d])
			return true;
	return false;
}

/*
 * Finds the ids of the values of the filter in an account. 1 found, 0 a value
 * does not exist there, -1 failed.
 */
static int find_filter(const struct report_read *rd, int64_t account, int64_t ret[DIMENSIONS],
		       struct error *err)
{
	for (int d = 0; d < DIMENSIONS; d++) {
		const char *text = rd->query->prefix[d] ? NULL : rd->query->dim[d];
		int rc = text ? sim_value_find(rd->store, account, (enum dimension)d, text, &ret[d],
					       err)
			      : 1;

		if (rc <= 0)
			return rc;
	}
	return 1;
}

bool report_read_has_values(const struct report_query *q)
{
	return q->by == GROUP_DIMENSION || q->paired;
}

int report_read_accounts(struct report_read *rd, struct error *err)
{
	const struct report_query *q = rd->query;

	rd->accounts = arena_array(rd->scratch, struct sums_account, q->n_accounts);
	rd->table.account_of = arena_array(rd->scratch, const struct account *, q->n_accounts);
	for (size_t i = 0; i < q->n_accounts; i++) {
		struct sums_account *a = &rd->accounts[rd->n_accounts];
		int rc;

		*a = (struct sums_account) { .id = q->accounts[i].id };
		rc = find_filter(rd, a->id, a->dim, err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			rd->table.account_of[rd->n_accounts++] = &q->accounts[i];
	}
	if (report_read_is_filtered(q) || q->by == GROUP_ACCOUNT)
		return 0;
	rd->families = arena_array(rd->scratch, struct sums_account, q->n_accounts);
	return whole_families(rd->store, q->accounts, q->n_accounts, rd->families, &rd->n_families,
			      err);
}

void report_read_categories(struct report_read *rd)
{
	const struct catalogue *c = rd->catalogue;
	const struct report_query *q = rd->query;

	rd->categories = arena_array(rd->scratch, int64_t, c->n);
	for (size_t i = 0; i < c->n; i++)
		if (q->category != CATALOGUE_NONE && rd->table.line_of[i] != CATALOGUE_NONE)
			rd->categories[rd->n_categories++] = c->categories[i].id;
	qsort(rd->categories, rd->n_categories, sizeof(*rd->categories), int_order);
	rd->price_only = q->category == CATALOGUE_NONE &&
			 (q->by == GROUP_ACCOUNT || q->by == GROUP_NONE) &&
			 !report_read_is_filtered(q) && c->totalprice != CATALOGUE_NONE;
}

int report_read_buckets(struct report_read *rd, struct error *err)
{
	const struct report_query *q = rd->query;
	struct buckets b;
	int64_t n, *starts;

	buckets_make(&b, q->zone, q->period, q->from, q->to, rd->scratch);
	n = b.n;
	if (n > REPORT_BUCKETS_MAX)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "the range has %lld periods; choose fewer days or a longer period",
				 (long long)n);
	starts = arena_array(rd->arena, int64_t, (size_t)n + 1);
	starts[0] = q->from; /* also for an empty range */
	for (int64_t k = 0; k < n; k++)
		buckets_range(&b, k, &starts[n - 1 - k], &starts[n - k]);
	rd->report->n_buckets = (size_t)n;
	rd->report->starts = starts;
	return 0;
}

/* ---- rows ---- */

static struct report_cell *find_cell(struct report_read *rd, struct report_line *line,
				     size_t bucket, struct error *err)
{
	uintptr_t key = line->number * rd->report->n_buckets + bucket + 1;
	struct report_cell cell = { .line = line, .bucket = bucket };
	uintptr_t place = (uintptr_t)g_hash_table_lookup(rd->cell_places, (gpointer)key);

	if (!place) {
		if (rd->cells->len >= REPORT_CELLS_MAX) {
			error_set(err, ERR_TOO_LARGE, NULL,
				  "the report would have more than %d rows; choose fewer days, a "
				  "longer period"
				  " or a narrower filter",
				  REPORT_CELLS_MAX);
			return NULL;
		}
		g_array_append_val(rd->cells, cell);
		place = rd->cells->len;
		g_hash_table_insert(rd->cell_places, (gpointer)key, (gpointer)place);
	}
	return &g_array_index(rd->cells, struct report_cell, place - 1);
}

static void add_to_bucket(struct report_line *line, size_t bucket, const struct amounts_wide *t,
			  int sign)
{
	if (line->buckets)
		amounts_wide_add(&line->buckets[bucket], t, sign);
}

/*
 * Adds T to what the step says. With STEP_BOTH, the sums are those of the
 * buckets, in the end.
 */
static int put(struct report_read *rd, struct report_line *line, size_t bucket,
	       const struct amounts_wide *t, int sign, struct error *err)
{
	struct report_cell *cell;

	if (rd->step == STEP_SUMS || rd->step == STEP_CELLS)
		amounts_wide_add(&line->all, t, sign);
	line->used = line->used || sign > 0;
	if (rd->step == STEP_BUCKETS || rd->step == STEP_BOTH)
		add_to_bucket(line, bucket, t, sign);
	if (rd->step != STEP_CELLS)
		return 0;
	cell = find_cell(rd, line, bucket, err);
	if (!cell)
		return -1;
	amounts_wide_add(&cell->totals, t, sign);
	return 0;
}

static struct amounts_wide totals_of(const struct report_read *rd, const struct sums_row *row)
{
	if (rd->price_only)
		return (struct amounts_wide) { .price = row->amounts->price };
	return *row->amounts;
}

int report_read_add(void *arg, const struct sums_row *row, struct error *err)
{
	struct report_read *rd = arg;
	struct amounts_wide t = totals_of(rd, row);
	struct report_line *line = NULL;

	if (amounts_wide_zero(&t))
		return 0;
	if (rd->step == STEP_BUCKETS || rd->step == STEP_CELLS)
		amounts_wide_add(&rd->report->buckets[row->span], &t, 1);
	return line_table_find(&rd->table, row, &line, err) < 0
		       ? -1
		       : put(rd, line, row->span, &t, 1, err);
}

int report_read_add_value(void *arg, const struct sums_row *row, struct error *err)
{
	struct report_read *rd = arg;
	struct amounts_wide t = totals_of(rd, row);
	struct report_line *line = NULL, *rest = NULL;
	struct sums_row own = *row, without;

	if (rd->query->by != GROUP_DIMENSION)
		own.value = 0;
	if (amounts_wide_zero(&t) || (!own.value && !own.second))
		return 0;
	without = own;
	without.value = without.second = 0;
	if (line_table_find(&rd->table, &own, &line, err) < 0 ||
	    put(rd, line, row->span, &t, 1, err) < 0)
		return -1;
	if (rd->query->values_only)
		return 0;
	if (line_table_find(&rd->table, &without, &rest, err) < 0)
		return -1;
	return put(rd, rest, row->span, &t, -1, err);
}

int report_read_add_to_all(void *arg, const struct sums_row *row, struct error *err)
{
	struct report_read *rd = arg;
	struct amounts_wide t = totals_of(rd, row);

	(void)err;
	amounts_wide_add(&rd->report->buckets[row->span], &t, 1);
	return 0;
}

int report_read_add_to_entry(void *arg, const struct sums_row *row, struct error *err)
{
	struct report_read *rd = arg;
	struct amounts_wide t = totals_of(rd, row);

	return put(rd, rd->entries[row->account], row->span, &t, 1, err);
}

/* ---- reading ---- */

int report_read_rows(struct report_read *rd, bool by_series, sums_row_fn *row, struct error *err)
{
	const struct report *r = rd->report;
	size_t n = rd->step == STEP_SUMS ? 1 : r->n_buckets;
	struct time_span *spans = arena_array(rd->scratch, struct time_span, n);
	bool together = !by_series && rd->families;
	struct span_sums_query q = { .accounts = together ? rd->families : rd->accounts,
				     .n_accounts = together ? rd->n_families : rd->n_accounts,
				     .any_account = together,
				     .categories = rd->categories,
				     .n_categories = rd->n_categories,
				     .spans = spans,
				     .n_spans = n,
				     .by_series = by_series,
				     .group = rd->query->by == GROUP_DIMENSION
						      ? rd->query->dimension
						      : 0,
				     .paired = rd->query->paired,
				     .second = rd->query->second };

	for (int d = 0; d < DIMENSIONS; d++)
		q.prefix[d] = rd->query->prefix[d] ? rd->query->dim[d] : NULL;

	for (size_t i = 0; i < n; i++)
		spans[i] = (struct time_span) { r->starts[i], r->starts[i + 1] };
	if (rd->step == STEP_SUMS)
		spans[0] = (struct time_span) { rd->query->from, rd->query->to };
	return span_sums_read(rd->store, &q, row, rd, err);
}

/*
 * Reads the rows of the report. Rows by value are read first, because they are
 * more likely to exceed the limit.
 */
int report_read_all(struct report_read *rd, struct error *err)
{
	bool filtered = report_read_is_filtered(rd->query);

	if (report_read_has_values(rd->query) && !filtered &&
	    report_read_rows(rd, true, report_read_add_value, err) < 0)
		return -1;
	if (rd->query->values_only && !filtered)
		return 0;
	return report_read_rows(rd, filtered, report_read_add, err);
}

void report_read_begin(struct report_read *rd, struct arena *scratch)
{
	arena_init(scratch);
	rd->scratch = scratch;
	rd->table = (struct line_table) { .store = rd->store,
					  .catalogue = rd->catalogue,
					  .query = rd->query,
					  .arena = rd->arena,
					  .scratch = scratch };
	line_table_init(&rd->table);
}

void report_read_end(struct report_read *rd)
{
	line_table_release(&rd->table);
	arena_release(rd->scratch);
}

int report_read_lines(struct report_read *rd, struct error *err)
{
	struct report *r = rd->report;

	r->lines = arena_array(rd->arena, struct report_line *, rd->table.lines->len);
	for (guint i = 0; i < rd->table.lines->len; i++) {
		struct report_line *line = g_ptr_array_index(rd->table.lines, i);

		line->number = NO_NUMBER;
		if (!line->used || (line->remainder && amounts_wide_zero(&line->all)))
			continue;
		line->number = r->n_lines;
		r->lines[r->n_lines++] = line;
		amounts_wide_add(&r->all, &line->all, 1);
	}
	return r->n_lines > REPORT_NAMED_MAX
		       ? 0
		       : report_names(rd->store, r->lines, r->n_lines, rd->arena, err);
}
