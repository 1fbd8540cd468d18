#include "usage/query.h"

#include <stdlib.h>
#include <string.h>

#include "store/category.h"
#include "store/sums.h"
#include "usage/member_sums.h"
#include "usage/span_sums.h"
#include "base/int_order.h"
#include "base/banned.h"

enum {
	BATCH_ROWS = 4096,    /* rows per batch if all rows are read */
	BATCH_BUCKETS = 2048, /* buckets per batch */
	MEMBER_BUCKETS = 64   /* buckets per batch with GROUP_DIMENSION */
};

struct usage_cursor {
	struct store *store;
	const struct catalogue *catalogue;
	const struct usage_query *query;
	struct arena arena;
	struct arena scratch; /* for one batch */
	struct buckets buckets;
	struct sums_account *accounts;
	const size_t *categories; /* the categories of rows, in report order */
	size_t n_categories;
	int32_t *row_of; /* by catalogue index: the row; -1: none */
	/* ids of query->category and its subcategories, ascending */
	int64_t *within;
	size_t n_within;
	int64_t first, n_buckets; /* the batch */
	/* in each bucket; not with GROUP_DIMENSION */
	size_t n_rows;
	/* by bucket and row; not with GROUP_DIMENSION */
	struct amounts_wide *totals;
	struct member_sums members; /* by bucket */
	/*
	 * with GROUP_DIMENSION: index of the first member of each bucket, and
	 * the number of all members
	 */
	size_t *starts;
	/* with GROUP_DIMENSION: the least size of the next batch; what was read */
	int64_t next_buckets, read_buckets, read_members;
	size_t passed;  /* rows of the first bucket before the start */
	int64_t bucket; /* current bucket */
	size_t row;     /* next row */
	int64_t ranged; /* the bucket of this range; -1: none */
	struct time_span range;
};

/* ---- adding up ---- */

static void add_to_row(struct usage_cursor *cur, int64_t bucket, size_t category,
		       const struct amounts_wide *a)
{
	int32_t row = cur->row_of[category];

	if (row >= 0)
		amounts_wide_add(
			&cur->totals[(size_t)(bucket - cur->first) * cur->n_rows + (size_t)row], a,
			1);
}

/* Adds usage to its category and all ancestors, and the price to totalprice. */
static void add_to_categories(struct usage_cursor *cur, int64_t bucket, int64_t category,
			      const struct amounts_wide *a)
{
	const struct catalogue *c = cur->catalogue;

	for (size_t i = catalogue_index(c, category); i != CATALOGUE_NONE; i = c->parent[i])
		add_to_row(cur, bucket, i, a);
	if (c->totalprice != CATALOGUE_NONE)
		add_to_row(cur, bucket, c->totalprice,
			   &(struct amounts_wide) { .price = a->price });
}

/* Adds ROW to its bucket. Spans come oldest first, buckets newest first. */
static int add_row(void *arg, const struct sums_row *row, struct error *err)
{
	struct usage_cursor *cur = arg;
	int64_t bucket = cur->first + cur->n_buckets - 1 - (int64_t)row->span;
	struct amounts_wide amounts = *row->amounts;

	(void)err;
	if (cur->query->unpriced && cur->query->unpriced[row->account])
		amounts.price = 0;
	if (cur->query->group == GROUP_DIMENSION)
		member_sums_add(&cur->members, &cur->scratch,
				(struct member_sum) {
					.group = bucket, .id = row->value, .totals = amounts });
	else if (cur->query->group == GROUP_CATEGORY)
		add_to_categories(cur, bucket, row->category, &amounts);
	else
		amounts_wide_add(&cur->totals[bucket - cur->first], &amounts, 1);
	return 0;
}

/* ---- a batch of buckets ---- */

/* Names and sorts the members, and finds the first one of each bucket. */
static int finish_members(struct usage_cursor *cur, struct error *err)
{
	const struct member_sums *m = &cur->members;

	if (member_sums_finish(&cur->members, cur->store, cur->query->accounts,
			       cur->query->n_accounts, &cur->scratch, err) < 0)
		return -1;
	cur->starts = arena_array(&cur->scratch, size_t, (size_t)cur->n_buckets + 1);
	for (size_t i = 0; i < m->n; i++)
		cur->starts[m->list[i].group - cur->first + 1] = i + 1;
	for (int64_t k = 0; k < cur->n_buckets; k++)
		if (cur->starts[k + 1] < cur->starts[k])
			cur->starts[k + 1] = cur->starts[k];
	cur->read_buckets += cur->n_buckets;
	cur->read_members += (int64_t)m->n;
	return 0;
}

/*
 * Tells whether the query cannot match, because the account lacks a value of
 * the filter or no category is listed.
 */
static bool has_nothing(const struct usage_cursor *cur)
{
	const struct usage_query *q = cur->query;

	for (int d = 0; d < DIMENSIONS; d++)
		if (q->dim[d] < 0)
			return true;
	return q->group != GROUP_CATEGORY && !cur->n_within;
}

/* Makes the spans of the batch, oldest first. */
static struct time_span *make_spans(struct usage_cursor *cur)
{
	const struct usage_query *q = cur->query;
	struct time_span *spans = arena_array(&cur->scratch, struct time_span,
					      (size_t)cur->n_buckets);

	for (int64_t k = 0; k < cur->n_buckets; k++) {
		struct time_span *span = &spans[cur->n_buckets - 1 - k];

		buckets_range(&cur->buckets, cur->first + k, &span->from, &span->to);
		if (q->running && span->to == q->to)
			span->to = (floor_div(q->to, SLOT_SEC) + 1) * SLOT_SEC;
	}
	return spans;
}

static int load_batch(struct usage_cursor *cur, int64_t first, int64_t n_buckets, struct error *err)
{
	const struct usage_query *q = cur->query;
	struct span_sums_query sums = { .accounts = cur->accounts,
					.n_accounts = q->n_accounts,
					.categories = cur->within,
					.n_categories = cur->n_within,
					.n_spans = (size_t)n_buckets,
					.any_account = !q->unpriced,
					.by_series = q->group == GROUP_DIMENSION ||
						     dimensions_any(q->dim),
					.group = q->group == GROUP_DIMENSION ? q->dimension : 0 };

	arena_reset(&cur->scratch);
	cur->first = first;
	cur->n_buckets = n_buckets;
	cur->members = (struct member_sums) { .list = NULL };
	if (q->group != GROUP_DIMENSION)
		cur->totals = arena_array(&cur->scratch, struct amounts_wide,
					  (size_t)n_buckets * cur->n_rows);
	sums.spans = make_spans(cur);
	if (!has_nothing(cur) && span_sums_read(cur->store, &sums, add_row, cur, err) < 0)
		return -1;
	return q->group == GROUP_DIMENSION ? finish_members(cur, err) : 0;
}

static int64_t between(int64_t n, int64_t least, int64_t most)
{
	return n < least ? least : n > most ? most : n;
}

/*
 * With GROUP_DIMENSION, as many buckets are read at once as have the rows that are
 * left, if they are like those before; but each time twice as many at least.
 */
static int64_t choose_member_buckets(struct usage_cursor *cur)
{
	int64_t n = cur->next_buckets,
		left = (int64_t)(cur->query->wanted + cur->passed) - cur->read_members;

	cur->next_buckets = between(2 * n, 1, MEMBER_BUCKETS);
	if (cur->read_members && left > n * cur->read_members / cur->read_buckets)
		n = left * cur->read_buckets / cur->read_members + 1;
	return between(n, 1, MEMBER_BUCKETS);
}

/* The number of buckets to read at once. */
static int64_t choose_buckets(struct usage_cursor *cur)
{
	const struct usage_query *q = cur->query;
	int64_t rows = (int64_t)cur->n_rows, n;

	if (q->group == GROUP_DIMENSION)
		return choose_member_buckets(cur);
	n = q->wanted ? ((int64_t)(cur->row + q->wanted) + rows - 1) / rows : BATCH_ROWS / rows;
	return between(n, 1, BATCH_BUCKETS);
}

/* Reads a batch that begins with bucket K, unless the current batch has K. */
static int load_bucket(struct usage_cursor *cur, int64_t k, struct error *err)
{
	if (k >= cur->first && k < cur->first + cur->n_buckets)
		return 0;
	return load_batch(cur, k, between(choose_buckets(cur), 1, cur->buckets.n - k), err);
}

/* Reads a batch that ends with bucket K, unless the current batch has K. */
static int load_bucket_back(struct usage_cursor *cur, int64_t k, struct error *err)
{
	int64_t n;

	if (k >= cur->first && k < cur->first + cur->n_buckets)
		return 0;
	n = between(choose_buckets(cur), 1, k + 1);
	return load_batch(cur, k - n + 1, n, err);
}

/* ---- rows of a bucket of the batch ---- */

static size_t rows_of(const struct usage_cursor *cur, int64_t bucket)
{
	return cur->query->group == GROUP_DIMENSION
		       ? cur->starts[bucket - cur->first + 1] - cur->starts[bucket - cur->first]
		       : cur->n_rows;
}

static const struct member_sum *member_at(const struct usage_cursor *cur, int64_t bucket,
					  size_t row)
{
	return &cur->members.list[cur->starts[bucket - cur->first] + row];
}

static const char *row_name(const struct usage_cursor *cur, int64_t bucket, size_t row)
{
	if (cur->query->group == GROUP_DIMENSION)
		return member_at(cur, bucket, row)->text;
	if (cur->query->group == GROUP_CATEGORY)
		return cur->catalogue->categories[cur->categories[row]].name;
	return "total";
}

static const struct amounts_wide *row_totals(const struct usage_cursor *cur, int64_t bucket,
					     size_t row)
{
	if (cur->query->group == GROUP_DIMENSION)
		return &member_at(cur, bucket, row)->totals;
	return &cur->totals[(size_t)(bucket - cur->first) * cur->n_rows + row];
}

/* Tells whether the row is part of the answer. */
static bool row_counts(const struct usage_cursor *cur, int64_t bucket, size_t row)
{
	return cur->query->zeros || cur->query->group == GROUP_DIMENSION ||
	       !amounts_wide_zero(row_totals(cur, bucket, row));
}

/* The number of rows in the bucket up to and including AFTER. */
static size_t rows_up_to(const struct usage_cursor *cur, int64_t bucket, const char *after)
{
	size_t n = 0;

	while (after && n < rows_of(cur, bucket) && strcmp(row_name(cur, bucket, n), after) <= 0)
		n++;
	return n;
}

/* ---- the cursor ---- */

/* The categories, not metered, that the accounts have used. */
static int find_used(struct usage_cursor *cur, const int64_t **ret, size_t *ret_n,
		     struct error *err)
{
	const struct usage_query *q = cur->query;

	*ret_n = 0;
	if (!cur->catalogue->n_listed)
		return 0;
	return q->family ? store_family_categories(cur->store, q->accounts[0], &cur->arena, ret,
						   ret_n, err)
			 : store_categories_used(cur->store, q->accounts, q->n_accounts,
						 &cur->arena, ret, ret_n, err);
}

/*
 * Chooses the categories of a report over all categories: the categories that
 * are metered or used by one of the accounts.
 */
static int list_categories(struct usage_cursor *cur, struct error *err)
{
	const struct catalogue *c = cur->catalogue;
	bool *used = arena_array(&cur->arena, bool, c->n);
	size_t *list = arena_array(&cur->arena, size_t, c->n);

	const int64_t *ids;
	size_t n = 0;

	if (find_used(cur, &ids, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		used[catalogue_index(c, ids[i])] = true;
	for (size_t i = 0; i < c->n_listed; i++)
		if (used[c->listed[i]] || c->categories[c->listed[i]].metered)
			list[cur->n_categories++] = c->listed[i];
	cur->categories = list;
	return 0;
}

static int choose_categories(struct usage_cursor *cur, struct error *err)
{
	const struct catalogue *c = cur->catalogue;
	const struct usage_query *q = cur->query;

	if (q->category == CATALOGUE_NONE)
		return list_categories(cur, err);
	cur->categories = &q->category;
	cur->n_categories = 1;
	cur->within = arena_array(&cur->arena, int64_t, c->n);
	for (size_t i = 0; i < c->n && q->category != c->totalprice; i++)
		if (catalogue_within(c, i, q->category))
			cur->within[cur->n_within++] = c->categories[i].id;
	qsort(cur->within, cur->n_within, sizeof(*cur->within), int_order);
	return 0;
}

static void make_rows(struct usage_cursor *cur)
{
	const struct catalogue *c = cur->catalogue;

	cur->n_rows = cur->query->group == GROUP_CATEGORY ? cur->n_categories : 1;
	cur->row_of = arena_array(&cur->arena, int32_t, c->n);
	for (size_t i = 0; i < c->n; i++)
		cur->row_of[i] = -1;
	for (size_t i = 0; i < cur->n_categories; i++)
		cur->row_of[cur->categories[i]] = (int32_t)i;
}

static void make_accounts(struct usage_cursor *cur)
{
	const struct usage_query *q = cur->query;

	cur->accounts = arena_array(&cur->arena, struct sums_account, q->n_accounts);
	for (size_t i = 0; i < q->n_accounts; i++) {
		cur->accounts[i].id = q->accounts[i];
		cur->accounts[i].family = q->family;
		memcpy(cur->accounts[i].dim, q->dim, sizeof(q->dim));
	}
}

static struct usage_cursor *cursor_new(struct store *st, const struct catalogue *c,
				       const struct usage_query *q, struct error *err)
{
	struct usage_cursor *cur = calloc(1, sizeof(*cur));

	if (!cur) {
		error_set(err, ERR_INTERNAL, NULL, "out of memory");
		return NULL;
	}
	arena_init(&cur->arena);
	arena_init(&cur->scratch);
	cur->store = st;
	cur->catalogue = c;
	cur->query = q;
	cur->next_buckets = 1;
	cur->ranged = -1;
	buckets_make(&cur->buckets, q->zone, q->period, q->from, q->to, &cur->arena);
	if (choose_categories(cur, err) < 0) {
		usage_close(&cur);
		return NULL;
	}
	make_rows(cur);
	make_accounts(cur);
	if (!cur->n_rows) /* without rows, read no buckets */
		cur->buckets.n = 0;
	return cur;
}

/* Reads the bucket CUR->bucket, and moves to its first row after AFTER. */
static int begin(struct usage_cursor *cur, const char *after, struct error *err)
{
	if (cur->query->group == GROUP_DIMENSION && load_bucket(cur, cur->bucket, err) < 0)
		return -1;
	cur->row = cur->passed = rows_up_to(cur, cur->bucket, after);
	return load_bucket(cur, cur->bucket, err);
}

int usage_open(struct store *st, const struct catalogue *c, const struct usage_query *q,
	       struct usage_position start, struct usage_cursor **ret, struct error *err)
{
	struct usage_cursor *cur = cursor_new(st, c, q, err);

	if (!cur)
		return -1;
	cur->bucket = start.bucket;
	if (start.bucket < cur->buckets.n && begin(cur, start.after, err) < 0) {
		usage_close(&cur);
		return -1;
	}
	*ret = cur;
	return 0;
}

static void fill_row(struct usage_cursor *cur, size_t row, struct usage_row *ret)
{
	const struct usage_query *q = cur->query;

	*ret = (struct usage_row) { .category = CATALOGUE_NONE,
				    .totals = *row_totals(cur, cur->bucket, row) };
	if (cur->ranged != cur->bucket)
		buckets_range(&cur->buckets, cur->bucket, &cur->range.from, &cur->range.to);
	cur->ranged = cur->bucket;
	ret->from = cur->range.from;
	ret->to = cur->range.to;
	if (q->group == GROUP_DIMENSION) {
		ret->member = member_at(cur, cur->bucket, row)->id;
		ret->member_text = member_at(cur, cur->bucket, row)->text;
	} else if (q->group == GROUP_CATEGORY) {
		ret->category = cur->categories[row];
	}
	ret->at.bucket = cur->bucket;
	ret->at.after = row_name(cur, cur->bucket, row);
}

int usage_next(struct usage_cursor *cur, struct usage_row *ret, struct error *err)
{
	for (; cur->bucket < cur->buckets.n; cur->bucket++, cur->row = 0) {
		if (load_bucket(cur, cur->bucket, err) < 0)
			return -1;
		while (cur->row < rows_of(cur, cur->bucket)) {
			size_t row = cur->row++;

			if (!row_counts(cur, cur->bucket, row))
				continue;
			fill_row(cur, row, ret);
			return 1;
		}
	}
	return 0;
}

int usage_more(struct usage_cursor *cur, struct error *err)
{
	struct usage_row row;

	if (!cur->query->zeros || cur->query->group == GROUP_DIMENSION)
		return usage_next(cur, &row, err);
	return cur->bucket + (cur->row >= cur->n_rows) < cur->buckets.n;
}

static int cursor_back(struct usage_cursor *cur, size_t n, struct arena *arena,
		       struct usage_position *at, struct error *err)
{
	bool counted = cur->query->zeros &&
		       /* every bucket has n_rows rows */
		       cur->query->group != GROUP_DIMENSION;
	int64_t first = 0; /* bucket of the first of the N rows */

	for (int64_t k = at->bucket < cur->buckets.n ? at->bucket : cur->buckets.n - 1; k >= 0;
	     k--) {
		size_t i;

		if (!counted && load_bucket_back(cur, k, err) < 0)
			return -1;
		i = k == at->bucket ? rows_up_to(cur, k, at->after) : rows_of(cur, k);
		for (; i > 0; i--) {
			if (!row_counts(cur, k, i - 1))
				continue;
			if (n == 0) { /* the row before the N rows */
				*at = (struct usage_position) {
					.bucket = first,
					.after = k == first
							 ? arena_str(arena, row_name(cur, k, i - 1))
							 : NULL
				};
				return 0;
			}
			n--;
			first = k;
		}
	}
	*at = (struct usage_position) { 0 };
	return 0;
}

int usage_back(struct store *st, const struct catalogue *c, const struct usage_query *q, size_t n,
	       struct arena *arena, struct usage_position *at, struct error *err)
{
	struct usage_cursor *cur = cursor_new(st, c, q, err);
	int rc = cur ? cursor_back(cur, n, arena, at, err) : -1;

	usage_close(&cur);
	return rc;
}

void usage_close(struct usage_cursor **cur)
{
	if (!*cur)
		return;
	arena_release(&(*cur)->scratch);
	arena_release(&(*cur)->arena);
	free(*cur);
	*cur = NULL;
}
