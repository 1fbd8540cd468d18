#include "usage/report.h"

#include <stdlib.h>
#include <string.h>

#include "usage/report_read.h"
#include "base/int_order.h"
#include "base/banned.h"

struct together {
	struct report_read *parts;
	size_t n;
	struct time_span *spans; /* in which no part has two buckets */
	size_t n_spans;
	size_t **buckets; /* by part and span; NO_NUMBER: none */
};

static int take_together(void *arg, const struct sums_row *row, struct error *err)
{
	struct together *t = arg;
	struct sums_row own = *row;

	for (size_t i = 0; i < t->n; i++) {
		own.span = t->buckets[i][row->span];
		if (own.span != NO_NUMBER && report_read_add(&t->parts[i], &own, err) < 0)
			return -1;
	}
	return 0;
}

/* The bucket of R that has the instant AT, or NO_NUMBER. */
static size_t bucket_at(const struct report *r, int64_t at)
{
	size_t from = 0, to = r->n_buckets;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (r->starts[middle + 1] <= at)
			from = middle + 1;
		else
			to = middle;
	}
	return from < r->n_buckets && r->starts[from] <= at ? from : NO_NUMBER;
}

/* Begins a span, from AT to the next instant at which a bucket begins or ends. */
static void add_span(struct together *t, int64_t at, int64_t next)
{
	bool any = false;

	for (size_t i = 0; i < t->n; i++) {
		t->buckets[i][t->n_spans] = bucket_at(t->parts[i].report, at);
		any = any || t->buckets[i][t->n_spans] != NO_NUMBER;
	}
	if (any && at < next)
		t->spans[t->n_spans++] = (struct time_span) { at, next };
}

static void make_spans(struct together *t, struct arena *arena)
{
	size_t n = 0, most = 0;
	int64_t *starts;

	for (size_t i = 0; i < t->n; i++)
		most += t->parts[i].report->n_buckets + 1;
	starts = arena_array(arena, int64_t, most);
	t->spans = arena_array(arena, struct time_span, most);
	t->buckets = arena_array(arena, size_t *, t->n);
	for (size_t i = 0; i < t->n; i++) {
		const struct report *r = t->parts[i].report;

		t->buckets[i] = arena_array(arena, size_t, most);
		memcpy(starts + n, r->starts, (r->n_buckets + 1) * sizeof(*starts));
		n += r->n_buckets + 1;
	}
	qsort(starts, n, sizeof(*starts), int_order);
	for (size_t i = 0; i + 1 < n; i++)
		add_span(t, starts[i], starts[i + 1]);
}

/* WITH: a part that has begun, with the same accounts; or NULL. */
static int begin_part(struct report_read *rd, const struct report_read *with, struct error *err)
{
	*rd->report = (struct report) { 0 };
	report_read_categories(rd);
	if (report_read_buckets(rd, err) < 0)
		return -1;
	rd->report->buckets = arena_array(rd->arena, struct amounts_wide, rd->report->n_buckets);
	rd->table.n_buckets = rd->report->n_buckets;
	if (!with)
		return report_read_accounts(rd, err);
	rd->accounts = with->accounts;
	rd->table.account_of = with->table.account_of;
	rd->n_accounts = with->n_accounts;
	return 0;
}

/* Adds up the buckets of all lines. */
static void add_up(struct report_read *rd)
{
	struct report *r = rd->report;

	for (guint i = 0; i < rd->table.lines->len; i++) {
		struct report_line *line = g_ptr_array_index(rd->table.lines, i);

		for (size_t k = 0; k < r->n_buckets; k++) {
			amounts_wide_add(&line->all, &line->buckets[k], 1);
			amounts_wide_add(&r->buckets[k], &line->buckets[k], 1);
		}
	}
}

static int load_together(struct together *t, struct store *st, struct arena *arena,
			 struct error *err)
{
	struct span_sums_query q;

	for (size_t i = 0; i < t->n; i++)
		if (begin_part(&t->parts[i], i ? &t->parts[0] : NULL, err) < 0)
			return -1;
	make_spans(t, arena);
	q = (struct span_sums_query) { .accounts = t->parts[0].accounts,
				       .n_accounts = t->parts[0].n_accounts,
				       .spans = t->spans,
				       .n_spans = t->n_spans };
	if (span_sums_read(st, &q, take_together, t, err) < 0)
		return -1;
	for (size_t i = 0; i < t->n; i++) {
		add_up(&t->parts[i]);
		if (report_read_lines(&t->parts[i], err) < 0)
			return -1;
	}
	return 0;
}

int report_load_together(struct store *st, const struct catalogue *c,
			 const struct report_part *parts, size_t n, struct arena *arena,
			 struct error *err)
{
	struct arena scratch, *each;
	struct together t = { .n = n };
	int rc;

	arena_init(&scratch);
	t.parts = arena_array(&scratch, struct report_read, n);
	each = arena_array(&scratch, struct arena, n);
	for (size_t i = 0; i < n; i++) {
		t.parts[i] = (struct report_read) { .store = st,
						    .catalogue = c,
						    .query = parts[i].query,
						    .arena = arena,
						    .report = parts[i].report,
						    .step = STEP_BOTH };
		report_read_begin(&t.parts[i], &each[i]);
	}
	rc = load_together(&t, st, &scratch, err);
	for (size_t i = 0; i < n; i++)
		report_read_end(&t.parts[i]);
	arena_release(&scratch);
	return rc;
}
