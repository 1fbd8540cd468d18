#include "usage/rollup_batch.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "store/rollup.h"
#include "base/banned.h"

#define CHUNK 128 /* rollups passed to the store in one call */

struct rollup_batch {
	struct arena arena; /* holds all rollups of the batch */
	/* a set of struct rollup: by series and quarter hour */
	GHashTable *quarters;
	/*
	 * a set of struct rollup: computed from QUARTERS; the rollups of all
	 * levels but those by series and quarter hour
	 */
	GHashTable *all;
	/* by level; false: by category, true: by series */
	GPtrArray *tables[LEVELS][2];
};

static guint rollup_hash(gconstpointer p)
{
	const struct rollup *r = p;
	uint64_t hash = (uint64_t)r->account * 31 + (uint64_t)r->category * LEVELS + r->level;

	hash = (hash ^ (uint64_t)r->slot << 40 ^ (uint64_t)r->series) * 0x9e3779b97f4a7c15u;
	hash = (hash ^ hash >> 32 ^ (uint64_t)r->slot) * 0x9e3779b97f4a7c15u;
	return (guint)(hash >> 32);
}

static gboolean rollup_equal(gconstpointer a, gconstpointer b)
{
	const struct rollup *x = a;
	const struct rollup *y = b;

	return x->slot == y->slot && x->series == y->series && x->account == y->account &&
	       x->category == y->category && x->level == y->level;
}

struct rollup_batch *rollup_batch_new(void)
{
	struct rollup_batch *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	arena_init(&b->arena);
	b->quarters = g_hash_table_new(rollup_hash, rollup_equal);
	b->all = g_hash_table_new(rollup_hash, rollup_equal);
	for (int level = 0; level < LEVELS; level++) {
		for (int part = 0; part < 2; part++)
			b->tables[level][part] = g_ptr_array_new();
	}
	return b;
}

void rollup_batch_free(struct rollup_batch **b)
{
	if (!*b)
		return;
	arena_release(&(*b)->arena);
	g_hash_table_destroy((*b)->quarters);
	g_hash_table_destroy((*b)->all);
	for (int level = 0; level < LEVELS; level++) {
		for (int part = 0; part < 2; part++)
			g_ptr_array_free((*b)->tables[level][part], TRUE);
	}
	free(*b);
	*b = NULL;
}

void rollup_batch_clear(struct rollup_batch *b)
{
	g_hash_table_remove_all(b->quarters);
	g_hash_table_remove_all(b->all);
	for (int level = 0; level < LEVELS; level++) {
		for (int part = 0; part < 2; part++)
			g_ptr_array_set_size(b->tables[level][part], 0);
	}
	arena_reset(&b->arena);
}

/* ---- adding up ---- */

/* Finds the rollup of TABLE with the key of KEY, or adds a copy of KEY. */
static struct rollup *rollup_get(struct rollup_batch *b, GHashTable *table,
				 const struct rollup *key)
{
	struct rollup *r = g_hash_table_lookup(table, key);

	if (r)
		return r;
	r = arena_new(&b->arena, struct rollup);
	*r = *key;
	g_hash_table_add(table, r);
	return r;
}

static int rollup_add(struct rollup *r, const struct amounts *amounts, struct error *err)
{
	const char *overflow = amounts_add(&r->amounts, amounts);

	if (!overflow)
		return 0;
	return error_set(
		err, ERR_OVERFLOW, overflow,
		"the account's total %s of this category and month would no longer fit 64 bits",
		overflow);
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* The order of the tables of rollups by category and by series. */
static gint compare_by_category(gconstpointer a, gconstpointer b)
{
	const struct rollup *x = *(const struct rollup *const *)a;
	const struct rollup *y = *(const struct rollup *const *)b;

	if (x->account != y->account)
		return compare_numbers(x->account, y->account);
	if (x->slot != y->slot)
		return compare_numbers(x->slot, y->slot);
	return compare_numbers(x->category, y->category);
}

static gint compare_by_series(gconstpointer a, gconstpointer b)
{
	const struct rollup *x = *(const struct rollup *const *)a;
	const struct rollup *y = *(const struct rollup *const *)b;

	if (x->account != y->account)
		return compare_numbers(x->account, y->account);
	if (x->category != y->category)
		return compare_numbers(x->category, y->category);
	if (x->slot != y->slot)
		return compare_numbers(x->slot, y->slot);
	return compare_numbers(x->series, y->series);
}

static GPtrArray *list_quarters(struct rollup_batch *b)
{
	GPtrArray *list = g_ptr_array_sized_new(g_hash_table_size(b->quarters));
	GHashTableIter it;
	gpointer sum;

	g_hash_table_iter_init(&it, b->quarters);
	while (g_hash_table_iter_next(&it, &sum, NULL))
		g_ptr_array_add(list, sum);
	g_ptr_array_sort(list, compare_by_series);
	return list;
}

/* Finds the rollup by category of each level that S belongs to. */
static void find_totals(struct rollup_batch *b, const struct rollup *s,
			struct rollup *totals[LEVELS])
{
	for (int level = 0; level < LEVELS; level++) {
		struct rollup key = { .level = level,
				      .account = s->account,
				      .category = s->category,
				      .slot = slot_of(level, s->slot) };

		totals[level] = rollup_get(b, b->all, &key);
	}
}

/*
 * Adds S to its rollups by category and by series. S itself is the rollup by
 * series and quarter hour.
 */
static int add_sum(struct rollup_batch *b, struct rollup *s, struct rollup *const totals[LEVELS],
		   struct error *err)
{
	bool has_part = dimensions_any(s->dim);

	for (int level = 0; level < LEVELS; level++) {
		struct rollup key = *totals[level];

		if (rollup_add(totals[level], &s->amounts, err) < 0)
			return -1;
		if (!has_part || level == LEVEL_QUARTER)
			continue;
		key.series = s->series;
		key.amounts = (struct amounts) { 0 };
		if (rollup_add(rollup_get(b, b->all, &key), &s->amounts, err) < 0)
			return -1;
	}
	if (has_part)
		g_ptr_array_add(b->tables[LEVEL_QUARTER][true], s);
	return 0;
}

/*
 * Adds SUMS up by each level. SUMS are in order, so most belong to the same
 * rollups by category as the one before.
 */
static int add_up_sums(struct rollup_batch *b, GPtrArray *sums, struct error *err)
{
	struct rollup *totals[LEVELS];
	const struct rollup *last = NULL;

	for (guint i = 0; i < sums->len; i++) {
		struct rollup *s = g_ptr_array_index(sums, i);

		if (!last || last->slot != s->slot || last->category != s->category ||
		    last->account != s->account)
			find_totals(b, s, totals);
		if (add_sum(b, s, totals, err) < 0)
			return -1;
		last = s;
	}
	return 0;
}

static int add_up(struct rollup_batch *b, struct error *err)
{
	GPtrArray *sums = list_quarters(b);
	int rc = add_up_sums(b, sums, err);

	g_ptr_array_free(sums, TRUE);
	return rc;
}

/*
 * Sorts all rollups into their tables. Those by series and quarter hour are
 * there already, in order.
 */
static void fill_tables(struct rollup_batch *b)
{
	GHashTableIter it;
	gpointer rollup;

	g_hash_table_iter_init(&it, b->all);
	while (g_hash_table_iter_next(&it, &rollup, NULL)) {
		const struct rollup *r = rollup;

		g_ptr_array_add(b->tables[r->level][r->series != 0], rollup);
	}
	for (int level = 0; level < LEVELS; level++) {
		g_ptr_array_sort(b->tables[level][false], compare_by_category);
		if (level != LEVEL_QUARTER)
			g_ptr_array_sort(b->tables[level][true], compare_by_series);
	}
}

static int store_table(struct store *st, GPtrArray *table, struct error *err)
{
	struct rollup chunk[CHUNK];

	for (guint i = 0; i < table->len;) {
		size_t n = 0;

		for (; n < CHUNK && i < table->len; n++, i++)
			chunk[n] = *(const struct rollup *)g_ptr_array_index(table, i);
		if (store_rollups_add(st, chunk, n, err) < 0)
			return -1;
	}
	return 0;
}

static int store_tables(struct rollup_batch *b, struct store *st, struct error *err)
{
	for (int level = 0; level < LEVELS; level++) {
		for (int part = 0; part < 2; part++) {
			if (store_table(st, b->tables[level][part], err) < 0)
				return -1;
		}
	}
	return 0;
}

int rollup_batch_add(struct rollup_batch *b, const struct rollup *quarter,
		     const struct amounts *amounts, struct error *err)
{
	return rollup_add(rollup_get(b, b->quarters, quarter), amounts, err);
}

int rollup_batch_store(struct rollup_batch *b, struct store *st, struct error *err)
{
	int rc = add_up(b, err);

	if (rc < 0)
		return -1;
	fill_tables(b);
	return store_tables(b, st, err);
}

/* ---- what fits ---- */

/*
 * Finds the rollup KEY, including amounts tried before; reads it from the store
 * the first time.
 */
static struct rollup *read_rollup(struct rollup_batch *b, struct store *st,
				  const struct rollup *key, struct error *err)
{
	struct rollup_scan scan = { .level = key->level,
				    .account = key->account,
				    .category = key->category,
				    .from = key->slot,
				    .to = key->slot + 1,
				    .by_series = key->series != 0,
				    .series = key->series };
	struct rollup *kept = g_hash_table_lookup(b->all, key), found;
	int rc;

	if (kept)
		return kept;
	if (store_scan_begin(st, &scan, err) < 0)
		return NULL;
	rc = store_scan_next(st, &found, err);
	store_scan_end(st);
	if (rc < 0)
		return NULL;
	kept = rollup_get(b, b->all, key);
	if (rc > 0)
		kept->amounts = found.amounts;
	return kept;
}

/*
 * Finds all rollups that an event of QUARTER counts in: by category, and if it
 * has dimensions by series.
 */
static int find_tried(struct rollup_batch *b, struct store *st, const struct rollup *quarter,
		      struct rollup *tried[2 * LEVELS], size_t *ret_n, struct error *err)
{
	*ret_n = 0;
	for (int level = 0; level < LEVELS; level++) {
		for (int part = 0; part < 1 + dimensions_any(quarter->dim); part++) {
			struct rollup key = *quarter;

			key.level = level;
			key.slot = slot_of(level, quarter->slot);
			if (!part) {
				key.series = 0;
				memset(key.dim, 0, sizeof(key.dim));
			}
			tried[*ret_n] = read_rollup(b, st, &key, err);
			if (!tried[(*ret_n)++])
				return -1;
		}
	}
	return 0;
}

int rollup_batch_try(struct rollup_batch *b, struct store *st, const struct rollup *quarter,
		     const struct amounts *amounts, struct error *reason, struct error *err)
{
	struct rollup *tried[2 * LEVELS];
	struct amounts negative = amounts_negated(amounts);
	size_t n;

	if (find_tried(b, st, quarter, tried, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (rollup_add(tried[i], amounts, reason) == 0)
			continue;
		while (i-- > 0)
			amounts_add(&tried[i]->amounts, &negative);
		return 0;
	}
	return 1;
}
