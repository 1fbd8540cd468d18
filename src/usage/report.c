#include "usage/report.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "store/series.h"
#include "store/sums.h"
#include "usage/line_table.h"
#include "usage/sim.h"
#include "usage/span_sums.h"
#include "usage/whole_families.h"
#include "base/int_order.h"
#include "base/banned.h"

enum {
	ADD = 1,
	SUBTRACT = -1,
	/*
	 * with GROUP_DIMENSION: a report of up to FEW_LINES lines reads the
	 * buckets of all lines, a longer report only of the lines shown
	 */
	FEW_LINES = 1000
};

/* The number of a line that has no usage, so that the report omits it. */
#define NO_NUMBER ((size_t)-1)

/* What a row is added to: sums, buckets or both of lines, or sums and cells. */
enum step { STEP_SUMS, STEP_BUCKETS, STEP_BOTH, STEP_CELLS };

struct load {
	struct store *store;
	const struct catalogue *catalogue;
	const struct report_query *query;
	struct arena *arena;   /* for the report */
	struct arena *scratch; /* for the call */
	struct report *report;
	enum step step;
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

/* ---- accounts and categories ---- */

static bool filters(const struct report_query *q)
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
static int find_filter(const struct load *l, int64_t account, int64_t ret[DIMENSIONS],
		       struct error *err)
{
	for (int d = 0; d < DIMENSIONS; d++) {
		const char *text = l->query->prefix[d] ? NULL : l->query->dim[d];
		int rc = text ? sim_value_find(l->store, account, (enum dimension)d, text, &ret[d],
					       err)
			      : 1;

		if (rc <= 0)
			return rc;
	}
	return 1;
}

/* Are lines values of dimensions? */
static bool has_members(const struct report_query *q)
{
	return q->by == GROUP_DIMENSION || q->paired;
}

static int choose_accounts(struct load *l, struct error *err)
{
	const struct report_query *q = l->query;

	l->accounts = arena_array(l->scratch, struct sums_account, q->n_accounts);
	l->table.account_of = arena_array(l->scratch, const struct account *, q->n_accounts);
	for (size_t i = 0; i < q->n_accounts; i++) {
		struct sums_account *a = &l->accounts[l->n_accounts];
		int rc;

		*a = (struct sums_account) { .id = q->accounts[i].id };
		rc = find_filter(l, a->id, a->dim, err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			l->table.account_of[l->n_accounts++] = &q->accounts[i];
	}
	if (filters(q) || q->by == GROUP_ACCOUNT)
		return 0;
	l->families = arena_array(l->scratch, struct sums_account, q->n_accounts);
	return whole_families(l->store, q->accounts, q->n_accounts, l->families, &l->n_families,
			      err);
}

static void choose_categories(struct load *l)
{
	const struct catalogue *c = l->catalogue;
	const struct report_query *q = l->query;

	l->categories = arena_array(l->scratch, int64_t, c->n);
	for (size_t i = 0; i < c->n; i++)
		if (q->category != CATALOGUE_NONE && l->table.line_of[i] != CATALOGUE_NONE)
			l->categories[l->n_categories++] = c->categories[i].id;
	qsort(l->categories, l->n_categories, sizeof(*l->categories), int_order);
	l->price_only = q->category == CATALOGUE_NONE &&
			(q->by == GROUP_ACCOUNT || q->by == GROUP_NONE) && !filters(q) &&
			c->totalprice != CATALOGUE_NONE;
}

/* ---- rows ---- */

static struct report_cell *find_cell(struct load *l, struct report_line *line, size_t bucket,
				     struct error *err)
{
	uintptr_t key = line->number * l->report->n_buckets + bucket + 1;
	struct report_cell cell = { .line = line, .bucket = bucket };
	uintptr_t place = (uintptr_t)g_hash_table_lookup(l->cell_places, (gpointer)key);

	if (!place) {
		if (l->cells->len >= REPORT_CELLS_MAX) {
			error_set(err, ERR_TOO_LARGE, NULL,
				  "the report would have more than %d rows; choose fewer days, a "
				  "longer period"
				  " or a narrower filter",
				  REPORT_CELLS_MAX);
			return NULL;
		}
		g_array_append_val(l->cells, cell);
		place = l->cells->len;
		g_hash_table_insert(l->cell_places, (gpointer)key, (gpointer)place);
	}
	return &g_array_index(l->cells, struct report_cell, place - 1);
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
static int put(struct load *l, struct report_line *line, size_t bucket,
	       const struct amounts_wide *t, int sign, struct error *err)
{
	struct report_cell *cell;

	if (l->step == STEP_SUMS || l->step == STEP_CELLS)
		amounts_wide_add(&line->all, t, sign);
	line->used = line->used || sign == ADD;
	if (l->step == STEP_BUCKETS || l->step == STEP_BOTH)
		add_to_bucket(line, bucket, t, sign);
	if (l->step != STEP_CELLS)
		return 0;
	cell = find_cell(l, line, bucket, err);
	if (!cell)
		return -1;
	amounts_wide_add(&cell->totals, t, sign);
	return 0;
}

static struct amounts_wide totals_of(const struct load *l, const struct sums_row *row)
{
	if (l->price_only)
		return (struct amounts_wide) { .price = row->amounts->price };
	return *row->amounts;
}

/* Adds a row of the whole usage to the report and to the row's line. */
static int take_row(void *arg, const struct sums_row *row, struct error *err)
{
	struct load *l = arg;
	struct amounts_wide t = totals_of(l, row);
	struct report_line *line = NULL;

	if (amounts_wide_zero(&t))
		return 0;
	if (l->step == STEP_BUCKETS || l->step == STEP_CELLS)
		amounts_wide_add(&l->report->buckets[row->span], &t, ADD);
	return line_table_find(&l->table, row, &line, err) < 0
		       ? -1
		       : put(l, line, row->span, &t, ADD, err);
}

/*
 * Adds a row with a value to the line of the value, and subtracts the row from
 * the line without a value, to which take_row adds the whole usage.
 */
static int take_member(void *arg, const struct sums_row *row, struct error *err)
{
	struct load *l = arg;
	struct amounts_wide t = totals_of(l, row);
	struct report_line *line = NULL, *rest = NULL;
	struct sums_row own = *row, without;

	if (l->query->by != GROUP_DIMENSION)
		own.value = 0;
	if (amounts_wide_zero(&t) || (!own.value && !own.second))
		return 0;
	without = own;
	without.value = without.second = 0;
	if (line_table_find(&l->table, &own, &line, err) < 0 ||
	    put(l, line, row->span, &t, ADD, err) < 0)
		return -1;
	if (l->query->values_only)
		return 0;
	if (line_table_find(&l->table, &without, &rest, err) < 0)
		return -1;
	return put(l, rest, row->span, &t, SUBTRACT, err);
}

/* Adds a row of the whole usage to the report, but to no line. */
static int take_whole(void *arg, const struct sums_row *row, struct error *err)
{
	struct load *l = arg;
	struct amounts_wide t = totals_of(l, row);

	(void)err;
	amounts_wide_add(&l->report->buckets[row->span], &t, ADD);
	return 0;
}

/* Adds a row to the line of the row's entry in ACCOUNTS. */
static int take_entry(void *arg, const struct sums_row *row, struct error *err)
{
	struct load *l = arg;
	struct amounts_wide t = totals_of(l, row);

	return put(l, l->entries[row->account], row->span, &t, ADD, err);
}

/* ---- reading ---- */

static int read_rows(struct load *l, bool by_series, sums_row_fn *row, struct error *err)
{
	const struct report *r = l->report;
	size_t n = l->step == STEP_SUMS ? 1 : r->n_buckets;
	struct time_span *spans = arena_array(l->scratch, struct time_span, n);
	bool together = !by_series && l->families;
	struct span_sums_query q = { .accounts = together ? l->families : l->accounts,
				     .n_accounts = together ? l->n_families : l->n_accounts,
				     .any_account = together,
				     .categories = l->categories,
				     .n_categories = l->n_categories,
				     .spans = spans,
				     .n_spans = n,
				     .by_series = by_series,
				     .group = l->query->by == GROUP_DIMENSION ? l->query->dimension
									      : 0,
				     .paired = l->query->paired,
				     .second = l->query->second };

	for (int d = 0; d < DIMENSIONS; d++)
		q.prefix[d] = l->query->prefix[d] ? l->query->dim[d] : NULL;

	for (size_t i = 0; i < n; i++)
		spans[i] = (struct time_span) { r->starts[i], r->starts[i + 1] };
	if (l->step == STEP_SUMS)
		spans[0] = (struct time_span) { l->query->from, l->query->to };
	return span_sums_read(l->store, &q, row, l, err);
}

/*
 * Reads the rows of the report. Rows by value are read first, because they are
 * more likely to exceed the limit.
 */
static int read_report(struct load *l, struct error *err)
{
	bool filtered = filters(l->query);

	if (has_members(l->query) && !filtered && read_rows(l, true, take_member, err) < 0)
		return -1;
	if (l->query->values_only && !filtered)
		return 0;
	return read_rows(l, filtered, take_row, err);
}

static void load_init(struct load *l, struct arena *scratch)
{
	arena_init(scratch);
	l->scratch = scratch;
	l->table = (struct line_table) { .store = l->store,
					 .catalogue = l->catalogue,
					 .query = l->query,
					 .arena = l->arena,
					 .scratch = scratch };
	line_table_init(&l->table);
}

static void load_release(struct load *l)
{
	line_table_release(&l->table);
	arena_release(l->scratch);
}

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

/* ---- the first step: sums ---- */

static int make_buckets(struct load *l, struct error *err)
{
	const struct report_query *q = l->query;
	struct buckets b;
	int64_t n, *starts;

	buckets_make(&b, q->zone, q->period, q->from, q->to, l->scratch);
	n = b.n;
	if (n > REPORT_BUCKETS_MAX)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "the range has %lld periods; choose fewer days or a longer period",
				 (long long)n);
	starts = arena_array(l->arena, int64_t, (size_t)n + 1);
	starts[0] = q->from; /* also for an empty range */
	for (int64_t k = 0; k < n; k++)
		buckets_range(&b, k, &starts[n - 1 - k], &starts[n - k]);
	l->report->n_buckets = (size_t)n;
	l->report->starts = starts;
	return 0;
}

/* Lists the lines that have usage. */
static int finish(struct load *l, struct error *err)
{
	struct report *r = l->report;

	r->lines = arena_array(l->arena, struct report_line *, l->table.lines->len);
	for (guint i = 0; i < l->table.lines->len; i++) {
		struct report_line *line = g_ptr_array_index(l->table.lines, i);

		line->number = NO_NUMBER;
		if (!line->used || (line->remainder && amounts_wide_zero(&line->all)))
			continue;
		line->number = r->n_lines;
		r->lines[r->n_lines++] = line;
		amounts_wide_add(&r->all, &line->all, ADD);
	}
	return r->n_lines > REPORT_NAMED_MAX
		       ? 0
		       : report_names(l->store, r->lines, r->n_lines, l->arena, err);
}

int report_load(struct store *st, const struct catalogue *c, const struct report_query *q,
		struct arena *arena, struct report *ret, struct error *err)
{
	struct load l = { .store = st,
			  .catalogue = c,
			  .query = q,
			  .arena = arena,
			  .report = ret,
			  .step = STEP_SUMS };
	struct arena scratch;
	int rc;

	*ret = (struct report) { 0 };
	load_init(&l, &scratch);
	choose_categories(&l);
	rc = make_buckets(&l, err) < 0 || choose_accounts(&l, err) < 0 ||
			     read_report(&l, err) < 0 || finish(&l, err) < 0
		     ? -1
		     : 0;
	load_release(&l);
	return rc;
}

/* ---- both steps of several reports ---- */

struct together {
	struct load *loads; /* of the parts */
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
		if (own.span != NO_NUMBER && take_row(&t->loads[i], &own, err) < 0)
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
		t->buckets[i][t->n_spans] = bucket_at(t->loads[i].report, at);
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
		most += t->loads[i].report->n_buckets + 1;
	starts = arena_array(arena, int64_t, most);
	t->spans = arena_array(arena, struct time_span, most);
	t->buckets = arena_array(arena, size_t *, t->n);
	for (size_t i = 0; i < t->n; i++) {
		const struct report *r = t->loads[i].report;

		t->buckets[i] = arena_array(arena, size_t, most);
		memcpy(starts + n, r->starts, (r->n_buckets + 1) * sizeof(*starts));
		n += r->n_buckets + 1;
	}
	qsort(starts, n, sizeof(*starts), int_order);
	for (size_t i = 0; i + 1 < n; i++)
		add_span(t, starts[i], starts[i + 1]);
}

/* WITH: a part that has begun, with the same accounts; or NULL. */
static int begin_part(struct load *l, const struct load *with, struct error *err)
{
	*l->report = (struct report) { 0 };
	choose_categories(l);
	if (make_buckets(l, err) < 0)
		return -1;
	l->report->buckets = arena_array(l->arena, struct amounts_wide, l->report->n_buckets);
	l->table.n_buckets = l->report->n_buckets;
	if (!with)
		return choose_accounts(l, err);
	l->accounts = with->accounts;
	l->table.account_of = with->table.account_of;
	l->n_accounts = with->n_accounts;
	return 0;
}

/* Adds up the buckets of all lines. */
static void add_up(struct load *l)
{
	struct report *r = l->report;

	for (guint i = 0; i < l->table.lines->len; i++) {
		struct report_line *line = g_ptr_array_index(l->table.lines, i);

		for (size_t k = 0; k < r->n_buckets; k++) {
			amounts_wide_add(&line->all, &line->buckets[k], ADD);
			amounts_wide_add(&r->buckets[k], &line->buckets[k], ADD);
		}
	}
}

static int load_together(struct together *t, struct store *st, struct arena *arena,
			 struct error *err)
{
	struct span_sums_query q;

	for (size_t i = 0; i < t->n; i++)
		if (begin_part(&t->loads[i], i ? &t->loads[0] : NULL, err) < 0)
			return -1;
	make_spans(t, arena);
	q = (struct span_sums_query) { .accounts = t->loads[0].accounts,
				       .n_accounts = t->loads[0].n_accounts,
				       .spans = t->spans,
				       .n_spans = t->n_spans };
	if (span_sums_read(st, &q, take_together, t, err) < 0)
		return -1;
	for (size_t i = 0; i < t->n; i++) {
		add_up(&t->loads[i]);
		if (finish(&t->loads[i], err) < 0)
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
	t.loads = arena_array(&scratch, struct load, n);
	each = arena_array(&scratch, struct arena, n);
	for (size_t i = 0; i < n; i++) {
		t.loads[i] = (struct load) { .store = st,
					     .catalogue = c,
					     .query = parts[i].query,
					     .arena = arena,
					     .report = parts[i].report,
					     .step = STEP_BOTH };
		load_init(&t.loads[i], &each[i]);
	}
	rc = load_together(&t, st, &scratch, err);
	for (size_t i = 0; i < n; i++)
		load_release(&t.loads[i]);
	arena_release(&scratch);
	return rc;
}

/* ---- the second step: buckets ---- */

static void make_line_buckets(struct load *l, size_t n)
{
	struct report *r = l->report;

	for (size_t i = 0; i < n; i++)
		r->lines[i]->buckets = arena_array(l->arena, struct amounts_wide, r->n_buckets);
}

static void drop_line_buckets(struct load *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		l->report->lines[i]->buckets = NULL;
}

/*
 * Filters by a value of a line. 1 done, 0 the account lacks the value, -1
 * failed.
 */
static int filter_value(const struct load *l, struct sums_account *a, enum dimension d,
			int64_t member, const char *text, struct error *err)
{
	if (!member)
		return store_dimension_find(
			l->store, &(struct dimension_value) { a->id, d, text, strlen(text) },
			&a->dim[d], err);
	a->dim[d] = member;
	return 1;
}

/*
 * Adds an entry to ACCOUNTS for each account in which the line may have usage:
 * the line's own account, or all accounts that have the line's values.
 */
static int add_entries(struct load *l, struct report_line *line, const struct load *whole,
		       struct error *err)
{
	const struct report_query *q = l->query;

	for (size_t i = 0; i < whole->n_accounts; i++) {
		struct sums_account *a = &l->accounts[l->n_accounts];
		int rc = 1;

		*a = whole->accounts[i];
		if (line->account && line->account->id != a->id)
			continue;
		if (q->by == GROUP_DIMENSION)
			rc = filter_value(l, a, q->dimension, line->member, line->key, err);
		if (q->paired && rc > 0)
			rc = filter_value(l, a, q->second, line->second_member, line->second, err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			l->entries[l->n_accounts++] = line;
	}
	return 0;
}

/* Reads the buckets of the first N lines by series. */
static int read_entries(struct load *whole, size_t n, struct error *err)
{
	struct load l = *whole;
	size_t most = n * whole->n_accounts;

	l.accounts = arena_array(l.scratch, struct sums_account, most + 1);
	l.entries = arena_array(l.scratch, struct report_line *, most + 1);
	l.n_accounts = 0;
	for (size_t i = 0; i < n; i++) {
		struct report_line *line = l.report->lines[i];

		if (line->buckets && add_entries(&l, line, whole, err) < 0)
			return -1;
	}
	return l.n_accounts ? read_rows(&l, true, take_entry, err) : 0;
}

/* Converts the result of read_rows: 1 done, 0 above the limit, -1 failed. */
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
static int load_few_lines(struct load *l, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct report_line *line = l->report->lines[i];
		const struct report_query *q = l->query;

		if ((q->by == GROUP_DIMENSION && line->key && !*line->key) ||
		    (q->paired && line->second && !*line->second) || q->by == GROUP_CATEGORY)
			line->buckets = NULL;
	}
	return try(read_entries(l, n, err), err);
}

static int load_buckets(struct load *l, size_t n, struct error *err)
{
	struct report *r = l->report;
	bool filtered = filters(l->query), members = has_members(l->query),
	     few = members && r->n_lines > FEW_LINES;
	int lines = 1, whole;

	make_line_buckets(l, n);
	for (size_t i = 0; i < r->n_lines; i++)
		line_table_enter(&l->table, r->lines[i]);
	if (members && !few && !filtered)
		lines = try(read_rows(l, true, take_member, err), err);
	if (lines == 0)
		drop_line_buckets(l, n);
	whole = lines < 0 ? -1 : try(read_rows(l, filtered, few ? take_whole : take_row, err), err);
	if (whole > 0 && few)
		lines = load_few_lines(l, n, err);
	if (lines == 0 || whole == 0)
		drop_line_buckets(l, n);
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
	struct load l = { .store = st,
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
	load_init(&l, &scratch);
	choose_categories(&l);
	r->buckets = arena_array(arena, struct amounts_wide, r->n_buckets);
	rc = choose_accounts(&l, err) < 0 ? -1
					  : load_buckets(&l, n < r->n_lines ? n : r->n_lines, err);
	load_release(&l);
	return rc;
}

/* ---- or all buckets ---- */

static int by_bucket_and_line(const void *a, const void *b)
{
	const struct report_cell *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return (x->line->number > y->line->number) - (x->line->number < y->line->number);
}

/* Copies the cells that have usage to the report, in order. */
static void finish_cells(struct load *l)
{
	struct report *r = l->report;

	r->cells = arena_array(l->arena, struct report_cell, l->cells->len);
	for (guint i = 0; i < l->cells->len; i++) {
		const struct report_cell *cell = &g_array_index(l->cells, struct report_cell, i);

		if (cell->line->number != NO_NUMBER && !amounts_wide_zero(&cell->totals))
			r->cells[r->n_cells++] = *cell;
	}
	if (r->n_cells)
		qsort(r->cells, r->n_cells, sizeof(*r->cells), by_bucket_and_line);
}

static int load_cells(struct load *l, struct error *err)
{
	choose_categories(l);
	if (make_buckets(l, err) < 0 || choose_accounts(l, err) < 0)
		return -1;
	l->report->buckets = arena_array(l->arena, struct amounts_wide, l->report->n_buckets);
	if (read_report(l, err) < 0 || finish(l, err) < 0)
		return -1;
	finish_cells(l);
	return 0;
}

int report_load_cells(struct store *st, const struct catalogue *c, const struct report_query *q,
		      struct arena *arena, struct report *ret, struct error *err)
{
	struct load l = { .store = st,
			  .catalogue = c,
			  .query = q,
			  .arena = arena,
			  .report = ret,
			  .step = STEP_CELLS };
	struct arena scratch;
	int rc;

	*ret = (struct report) { 0 };
	load_init(&l, &scratch);
	l.cells = g_array_new(FALSE, FALSE, sizeof(struct report_cell));
	l.cell_places = g_hash_table_new(NULL, NULL);
	rc = load_cells(&l, err);
	g_hash_table_destroy(l.cell_places);
	g_array_free(l.cells, TRUE);
	load_release(&l);
	return rc;
}
