#include "usage/report.h"

#include <stdlib.h>
#include <string.h>

#include "store/series.h"
#include "usage/report_read.h"
#include "base/banned.h"

/* ---- names ---- */

static int64_t family_of(const struct account *a)
{
	return a->parent ? a->parent : a->id;
}

int64_t report_family(const struct report_query *q)
{
	for (size_t i = 1; i < q->n_accounts; i++)
		if (family_of(&q->accounts[i]) != family_of(q->accounts))
			return 0;
	return q->n_accounts ? family_of(q->accounts) : 0;
}

/* The main account of the owners of all lines; 0: there are several. */
static int64_t family_of_lines(struct report_line *const *lines, size_t n)
{
	int64_t ret = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t family = lines[i]->account ? family_of(lines[i]->account) : 0;

		if (!family || (ret && family != ret))
			return 0;
		ret = family;
	}
	return ret;
}

int report_names(struct store *st, struct report_line *const *lines, size_t n, struct arena *arena,
		 struct error *err)
{
	const char ***asked = arena_array(arena, const char **, 2 * n);
	const char **texts = arena_array(arena, const char *, 2 * n);
	int64_t *ids = arena_array(arena, int64_t, 2 * n);
	int64_t family = family_of_lines(lines, n);
	struct dimension_ids all = { ids, 0, &family, family != 0 };
	size_t n_asked = 0;

	for (size_t i = 0; i < n; i++) {
		if (!lines[i]->key) {
			asked[n_asked] = &lines[i]->key;
			ids[n_asked++] = lines[i]->member;
		}
		if (!lines[i]->second) {
			asked[n_asked] = &lines[i]->second;
			ids[n_asked++] = lines[i]->second_member;
		}
	}
	all.n = n_asked;
	if (store_dimension_texts(st, &all, arena, texts, err) < 0)
		return -1;
	for (size_t i = 0; i < n_asked; i++)
		*asked[i] = texts[i];
	return 0;
}

static int compare_values(const char *a, int64_t a_member, const char *b, int64_t b_member)
{
	return a && b ? strcmp(a, b) : (a_member > b_member) - (a_member < b_member);
}

int report_line_compare(const struct report_line *a, const struct report_line *b)
{
	int order = compare_values(a->key, a->member, b->key, b->member);

	if (!order)
		order = compare_values(a->second, a->second_member, b->second, b->second_member);
	if (order || !a->key || !b->key)
		return order;
	return strcmp(a->account ? a->account->sid : "", b->account ? b->account->sid : "");
}

/* ---- sums ---- */

int report_load(struct store *st, const struct catalogue *c, const struct report_query *q,
		struct arena *arena, struct report *ret, struct error *err)
{
	struct report_read rd = { .store = st,
				  .catalogue = c,
				  .query = q,
				  .arena = arena,
				  .report = ret,
				  .step = STEP_SUMS };
	struct arena scratch;
	int rc;

	*ret = (struct report) { 0 };
	report_read_begin(&rd, &scratch);
	report_read_categories(&rd);
	rc = report_read_buckets(&rd, err) < 0 || report_read_accounts(&rd, err) < 0 ||
			     report_read_all(&rd, err) < 0 || report_read_lines(&rd, err) < 0
		     ? -1
		     : 0;
	report_read_end(&rd);
	return rc;
}

/* ---- sums and cells ---- */

static int by_bucket_and_line(const void *a, const void *b)
{
	const struct report_cell *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return (x->line->number > y->line->number) - (x->line->number < y->line->number);
}

/* Copies the cells that have usage to the report, in order. */
static void finish_cells(struct report_read *rd)
{
	struct report *r = rd->report;

	r->cells = arena_array(rd->arena, struct report_cell, rd->cells->len);
	for (guint i = 0; i < rd->cells->len; i++) {
		const struct report_cell *cell = &g_array_index(rd->cells, struct report_cell, i);

		if (cell->line->number != NO_NUMBER && !amounts_wide_zero(&cell->totals))
			r->cells[r->n_cells++] = *cell;
	}
	if (r->n_cells)
		qsort(r->cells, r->n_cells, sizeof(*r->cells), by_bucket_and_line);
}

static int load_cells(struct report_read *rd, struct error *err)
{
	report_read_categories(rd);
	if (report_read_buckets(rd, err) < 0 || report_read_accounts(rd, err) < 0)
		return -1;
	rd->report->buckets = arena_array(rd->arena, struct amounts_wide, rd->report->n_buckets);
	if (report_read_all(rd, err) < 0 || report_read_lines(rd, err) < 0)
		return -1;
	finish_cells(rd);
	return 0;
}

int report_load_cells(struct store *st, const struct catalogue *c, const struct report_query *q,
		      struct arena *arena, struct report *ret, struct error *err)
{
	struct report_read rd = { .store = st,
				  .catalogue = c,
				  .query = q,
				  .arena = arena,
				  .report = ret,
				  .step = STEP_CELLS };
	struct arena scratch;
	int rc;

	*ret = (struct report) { 0 };
	report_read_begin(&rd, &scratch);
	rd.cells = g_array_new(FALSE, FALSE, sizeof(struct report_cell));
	rd.cell_places = g_hash_table_new(NULL, NULL);
	rc = load_cells(&rd, err);
	g_hash_table_destroy(rd.cell_places);
	g_array_free(rd.cells, TRUE);
	report_read_end(&rd);
	return rc;
}
