#include "usage/rollups.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "store/rollup.h"
#include "base/banned.h"

#define CHUNK 128 /* rollups handed to the store at once */

struct rollups {
	struct arena arena; /* of all rollups here */
	/* a set of struct rollup: the events by series and quarter hour */
	GHashTable *quarters;
	GHashTable *all;              /* a set of struct rollup: those sums by every level */
	GPtrArray *tables[LEVELS][2]; /* what goes to the store: totals, parts */
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

struct rollups *rollups_new(void)
{
	struct rollups *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	arena_init(&r->arena);
	r->quarters = g_hash_table_new(rollup_hash, rollup_equal);
	r->all = g_hash_table_new(rollup_hash, rollup_equal);
	for (int level = 0; level < LEVELS; level++) {
		for (int part = 0; part < 2; part++)
			r->tables[level][part] = g_ptr_array_new();
	}
	return r;
}

void rollups_free(struct rollups **r)
{
	if (!*r)
		return;
	arena_release(&(*r)->arena);
	g_hash_table_destroy((*r)->quarters);
	g_hash_table_destroy((*r)->all);
	for (int level = 0; level < LEVELS; level++) {
		for (int part = 0; part < 2; part++)
			g_ptr_array_free((*r)->tables[level][part], TRUE);
	}
	free(*r);
	*r = NULL;
}

void rollups_clear(struct rollups *r)
{
	g_hash_table_remove_all(r->quarters);
	g_hash_table_remove_all(r->all);
	for (int level = 0; level < LEVELS; level++) {
		for (int part = 0; part < 2; part++)
			g_ptr_array_set_size(r->tables[level][part], 0);
	}
	arena_reset(&r->arena);
}

/* ---- adding up ---- */

/* The rollup of TABLE with KEY's key; a new one has no amounts yet. */
static struct rollup *rollup_get(struct rollups *rs, GHashTable *table, const struct rollup *key)
{
	struct rollup *r = g_hash_table_lookup(table, key);

	if (r)
		return r;
	r = arena_new(&rs->arena, struct rollup);
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

/* The keys of the tables of totals, and of parts. */
static gint compare_totals(gconstpointer a, gconstpointer b)
{
	const struct rollup *x = *(const struct rollup *const *)a;
	const struct rollup *y = *(const struct rollup *const *)b;

	if (x->account != y->account)
		return compare_numbers(x->account, y->account);
	if (x->slot != y->slot)
		return compare_numbers(x->slot, y->slot);
	return compare_numbers(x->category, y->category);
}

static gint compare_parts(gconstpointer a, gconstpointer b)
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

static GPtrArray *list_quarters(struct rollups *rs)
{
	GPtrArray *list = g_ptr_array_sized_new(g_hash_table_size(rs->quarters));
	GHashTableIter it;
	gpointer sum;

	g_hash_table_iter_init(&it, rs->quarters);
	while (g_hash_table_iter_next(&it, &sum, NULL))
		g_ptr_array_add(list, sum);
	g_ptr_array_sort(list, compare_parts);
	return list;
}

/* The total of each level that S belongs to. */
static void find_totals(struct rollups *rs, const struct rollup *s, struct rollup *totals[LEVELS])
{
	for (int level = 0; level < LEVELS; level++) {
		struct rollup key = { .level = level,
				      .account = s->account,
				      .category = s->category,
				      .slot = slot_of(level, s->slot) };

		totals[level] = rollup_get(rs, rs->all, &key);
	}
}

/*
 * Adds the sum S to its totals, and to the parts that have their slots. It is
 * the finest part itself.
 */
static int add_sum(struct rollups *rs, struct rollup *s, struct rollup *const totals[LEVELS],
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
		if (rollup_add(rollup_get(rs, rs->all, &key), &s->amounts, err) < 0)
			return -1;
	}
	if (has_part)
		g_ptr_array_add(rs->tables[LEVEL_QUARTER][true], s);
	return 0;
}

/*
 * Then those sums by every level. In order, so that most have the totals of the
 * one before.
 */
static int add_up_sums(struct rollups *rs, GPtrArray *sums, struct error *err)
{
	struct rollup *totals[LEVELS];
	const struct rollup *last = NULL;

	for (guint i = 0; i < sums->len; i++) {
		struct rollup *s = g_ptr_array_index(sums, i);

		if (!last || last->slot != s->slot || last->category != s->category ||
		    last->account != s->account)
			find_totals(rs, s, totals);
		if (add_sum(rs, s, totals, err) < 0)
			return -1;
		last = s;
	}
	return 0;
}

static int add_up(struct rollups *rs, struct error *err)
{
	GPtrArray *sums = list_quarters(rs);
	int rc = add_up_sums(rs, sums, err);

	g_ptr_array_free(sums, TRUE);
	return rc;
}

/*
 * What goes to the store, each table in its order; the finest parts came in
 * theirs.
 */
static void fill_tables(struct rollups *rs)
{
	GHashTableIter it;
	gpointer rollup;

	g_hash_table_iter_init(&it, rs->all);
	while (g_hash_table_iter_next(&it, &rollup, NULL)) {
		const struct rollup *r = rollup;

		g_ptr_array_add(rs->tables[r->level][r->series != 0], rollup);
	}
	for (int level = 0; level < LEVELS; level++) {
		g_ptr_array_sort(rs->tables[level][false], compare_totals);
		if (level != LEVEL_QUARTER)
			g_ptr_array_sort(rs->tables[level][true], compare_parts);
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

static int store_tables(struct rollups *rs, struct store *st, struct error *err)
{
	for (int level = 0; level < LEVELS; level++) {
		for (int part = 0; part < 2; part++) {
			if (store_table(st, rs->tables[level][part], err) < 0)
				return -1;
		}
	}
	return 0;
}

int rollups_add(struct rollups *r, const struct rollup *quarter, const struct amounts *amounts,
		struct error *err)
{
	return rollup_add(rollup_get(r, r->quarters, quarter), amounts, err);
}

int rollups_store(struct rollups *r, struct store *st, struct error *err)
{
	int rc = add_up(r, err);

	if (rc < 0)
		return -1;
	fill_tables(r);
	return store_tables(r, st, err);
}

/* ---- what fits ---- */

/* The rollup KEY as it is in the store and with what was tried before. */
static struct rollup *read_rollup(struct rollups *r, struct store *st, const struct rollup *key,
				  struct error *err)
{
	struct rollup_scan scan = { .level = key->level,
				    .account = key->account,
				    .category = key->category,
				    .from = key->slot,
				    .to = key->slot + 1,
				    .by_series = key->series != 0,
				    .series = key->series };
	struct rollup *known = g_hash_table_lookup(r->all, key), found;
	int rc;

	if (known)
		return known;
	if (store_scan_begin(st, &scan, err) < 0)
		return NULL;
	rc = store_scan_next(st, &found, err);
	store_scan_end(st);
	if (rc < 0)
		return NULL;
	known = rollup_get(r, r->all, key);
	if (rc > 0)
		known->amounts = found.amounts;
	return known;
}

/*
 * All rollups that an event of QUARTER is in: totals, and parts if it has
 * dimensions.
 */
static int find_tried(struct rollups *r, struct store *st, const struct rollup *quarter,
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
			tried[*ret_n] = read_rollup(r, st, &key, err);
			if (!tried[(*ret_n)++])
				return -1;
		}
	}
	return 0;
}

int rollups_try(struct rollups *r, struct store *st, const struct rollup *quarter,
		const struct amounts *amounts, struct error *reason, struct error *err)
{
	struct rollup *tried[2 * LEVELS];
	struct amounts negative = amounts_negated(amounts);
	size_t n;

	if (find_tried(r, st, quarter, tried, &n, err) < 0)
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
