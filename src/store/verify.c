#include "store/store.h"

#include <glib.h>
#include "store/internal.h"
#include "base/banned.h"

/*
 * Events are read in the order of the finest rollups. Those of one account and slot, of each level, are added up in a
 * tally; when the next slot begins, it is held against the rollups, which are read in the same order beside it. So memory
 * holds what one account used in one month, by series.
 */
#define EVENTS \
	"SELECT s.account, COALESCE(e.booked_us, e.time_us) / 900000000, s.category, e.series," \
	" s.customer + s.sim + s.fleet + s.network + s.country, e.count, e.usage, e.price, e.upload" \
	" FROM event e CROSS JOIN series s WHERE s.id = e.series ORDER BY 1, 2, 3, 4"
#define TOTALS(table) \
	"SELECT account, slot, category, 0, count, usage, price, upload FROM " table " ORDER BY account, slot, category"
#define PARTS(table) \
	"SELECT account, slot, category, series, count, usage, price, upload FROM " table " ORDER BY account, slot, category, series"

enum kind { KIND_TOTAL, KIND_PART, KINDS };

static const char *const stored_sql[LEVELS][KINDS] = {
	[LEVEL_QUARTER] = { TOTALS("total_quarter"), PARTS("part_quarter") },
	[LEVEL_DAY] = { TOTALS("total_day"), PARTS("part_day") },
	[LEVEL_MONTH] = { TOTALS("total_month"), PARTS("part_month") },
};

/* Rollups of one table, one after the other. */
struct stored {
	struct stmt *s;                  /* NULL at the end */
	struct rollup row;               /* the next one not yet compared */
};

struct tally {
	GHashTable *groups;              /* a set of struct group, by category and series */
	int64_t account, slot;
};

struct group {
	int64_t category, series;
	bool has_dimensions;
	struct amounts amounts;
};

struct verification {
	struct store *st;
	struct stored stored[LEVELS][KINDS];
	struct tally tally[LEVELS];
	size_t limit;
	void (*difference)(void *arg, const struct rollup *want, const struct rollup *have);
	void *arg;
	size_t n;
};

static guint group_hash(gconstpointer key)
{
	const struct group *g = key;

	return (guint)((uint64_t)(g->series * 31 + g->category) * 0x9e3779b97f4a7c15u >> 32);
}

static gboolean group_equal(gconstpointer a, gconstpointer b)
{
	const struct group *x = a;
	const struct group *y = b;

	return x->category == y->category && x->series == y->series;
}

static gint group_compare(gconstpointer a, gconstpointer b)
{
	const struct group *x = *(const struct group *const *)a;
	const struct group *y = *(const struct group *const *)b;

	if (x->category != y->category)
		return x->category < y->category ? -1 : 1;
	return x->series < y->series ? -1 : x->series > y->series;
}

/* A sum beyond 64 bits can't be what a rollup holds; it stays at the end of the range, which none can reach. */
static void add(int64_t *sum, int64_t n)
{
	if (__builtin_add_overflow(*sum, n, sum))
		*sum = INT64_MAX;
}

static void add_amounts(struct amounts *sum, const struct amounts *a)
{
	add(&sum->count, a->count);
	add(&sum->usage, a->usage);
	add(&sum->price, a->price);
	add(&sum->upload, a->upload);
}

static void report(struct verification *v, const struct rollup *want, const struct rollup *have)
{
	if (v->n++ < v->limit)
		v->difference(v->arg, want, have);
}

static int stored_next(struct verification *v, struct stored *t, struct error *err)
{
	struct stmt *s = t->s;
	int rc = step(v->st, s, err);

	if (rc <= 0) {
		t->s = NULL;
		return rc;
	}
	t->row.account = get_int(v->st, s, 0);
	t->row.slot = get_int(v->st, s, 1);
	t->row.category = get_int(v->st, s, 2);
	t->row.series = get_int(v->st, s, 3);
	store_get_amounts(v->st, s, 4, &t->row.amounts);
	return 0;
}

static int rollup_compare(const struct rollup *a, const struct rollup *b)
{
	if (a->account != b->account)
		return a->account < b->account ? -1 : 1;
	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	if (a->category != b->category)
		return a->category < b->category ? -1 : 1;
	return a->series < b->series ? -1 : a->series > b->series;
}

static bool same_amounts(const struct amounts *a, const struct amounts *b)
{
	return a->count == b->count && a->usage == b->usage && a->price == b->price && a->upload == b->upload;
}

/* Holds the next rollup that there should be against those that there are. */
static int expect(struct verification *v, struct stored *t, const struct rollup *want, struct error *err)
{
	while (t->s && rollup_compare(&t->row, want) < 0) {
		report(v, NULL, &t->row);
		if (stored_next(v, t, err) < 0)
			return -1;
	}
	if (!t->s || rollup_compare(&t->row, want) > 0) {
		report(v, want, NULL);
		return 0;
	}
	if (!same_amounts(&t->row.amounts, &want->amounts))
		report(v, want, &t->row);
	return stored_next(v, t, err);
}

static int expect_parts(struct verification *v, enum level level, GPtrArray *groups, struct error *err)
{
	const struct tally *t = &v->tally[level];

	for (guint i = 0; i < groups->len; i++) {
		const struct group *g = g_ptr_array_index(groups, i);
		struct rollup want = { .level = level, .account = t->account, .slot = t->slot, .category = g->category,
				       .series = g->series, .amounts = g->amounts };

		if (g->has_dimensions && expect(v, &v->stored[level][KIND_PART], &want, err) < 0)
			return -1;
	}
	return 0;
}

static int expect_totals(struct verification *v, enum level level, GPtrArray *groups, struct error *err)
{
	const struct tally *t = &v->tally[level];
	guint i = 0;

	while (i < groups->len) {
		const struct group *g = g_ptr_array_index(groups, i);
		struct rollup want = { .level = level, .account = t->account, .slot = t->slot, .category = g->category };

		for (; i < groups->len; i++) {
			g = g_ptr_array_index(groups, i);
			if (g->category != want.category)
				break;
			add_amounts(&want.amounts, &g->amounts);
		}
		if (expect(v, &v->stored[level][KIND_TOTAL], &want, err) < 0)
			return -1;
	}
	return 0;
}

/* The slot of this level is complete. */
static int tally_close(struct verification *v, enum level level, struct error *err)
{
	GPtrArray *groups = g_ptr_array_new();
	GHashTableIter it;
	gpointer g;
	int rc;

	g_hash_table_iter_init(&it, v->tally[level].groups);
	while (g_hash_table_iter_next(&it, &g, NULL))
		g_ptr_array_add(groups, g);
	g_ptr_array_sort(groups, group_compare);
	rc = expect_totals(v, level, groups, err);
	if (rc == 0)
		rc = expect_parts(v, level, groups, err);
	g_ptr_array_free(groups, TRUE);
	g_hash_table_remove_all(v->tally[level].groups);
	return rc;
}

static int tally_add(struct verification *v, enum level level, int64_t account, int64_t quarter, const struct group *add_group,
		     struct error *err)
{
	struct tally *t = &v->tally[level];
	int64_t slot = store_slot(level, quarter);
	struct group *g;

	if ((account != t->account || slot != t->slot) && tally_close(v, level, err) < 0)
		return -1;
	t->account = account;
	t->slot = slot;
	g = g_hash_table_lookup(t->groups, add_group);
	if (g) {
		add_amounts(&g->amounts, &add_group->amounts);
	} else {
		g = g_memdup2(add_group, sizeof(*add_group));
		g_hash_table_add(t->groups, g);
	}
	return 0;
}

static int add_event(struct verification *v, struct stmt *s, struct error *err)
{
	struct group g = {
		.category = get_int(v->st, s, 2),
		.series = get_int(v->st, s, 3),
		.has_dimensions = get_int(v->st, s, 4) != 0,
	};

	store_get_amounts(v->st, s, 5, &g.amounts);
	for (int level = 0; level < LEVELS; level++) {
		if (tally_add(v, level, get_int(v->st, s, 0), get_int(v->st, s, 1), &g, err) < 0)
			return -1;
	}
	return 0;
}

static int add_events(struct verification *v, int64_t all, void (*progress)(void *arg, int64_t done, int64_t all), struct error *err)
{
	struct stmt *s = prepare(v->st, EVENTS, err);
	int64_t done = 0;
	int rc;

	if (!s)
		return -1;
	while ((rc = step(v->st, s, err)) > 0) {
		if (add_event(v, s, err) < 0) {
			v->st->ops->reset(s);
			return -1;
		}
		done++;
		if (progress && done % 65536 == 0)
			progress(v->arg, done, all);
	}
	if (rc == 0 && done != all)
		return error_set(err, ERR_INTERNAL, NULL, "the ledger is damaged: some of its events belong to no series");
	return rc;
}

/* After the last event: what is still open, then what is left over. */
static int finish(struct verification *v, struct error *err)
{
	for (int level = 0; level < LEVELS; level++) {
		if (tally_close(v, level, err) < 0)
			return -1;
		for (int kind = 0; kind < KINDS; kind++) {
			struct stored *t = &v->stored[level][kind];

			while (t->s) {
				report(v, NULL, &t->row);
				if (stored_next(v, t, err) < 0)
					return -1;
			}
		}
	}
	return 0;
}

static int start(struct verification *v, struct error *err)
{
	for (int level = 0; level < LEVELS; level++) {
		for (int kind = 0; kind < KINDS; kind++) {
			struct stored *t = &v->stored[level][kind];

			t->row.level = level;
			t->s = prepare(v->st, stored_sql[level][kind], err);
			if (!t->s || stored_next(v, t, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int count_events(struct store *st, int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT count(*) FROM event", err);

	return s && store_one(st, s, ret, err) > 0 ? 0 : -1;
}

static int verify(struct verification *v, void (*progress)(void *arg, int64_t done, int64_t all), int64_t *ret_events, struct error *err)
{
	if (count_events(v->st, ret_events, err) < 0 || start(v, err) < 0 || add_events(v, *ret_events, progress, err) < 0 ||
	    finish(v, err) < 0)
		return -1;
	if (progress)
		progress(v->arg, *ret_events, *ret_events);
	return 0;
}

static void release(struct verification *v)
{
	for (int level = 0; level < LEVELS; level++) {
		g_hash_table_destroy(v->tally[level].groups);
		for (int kind = 0; kind < KINDS; kind++) {
			if (v->stored[level][kind].s)
				v->st->ops->reset(v->stored[level][kind].s);
		}
	}
}

int store_verify(struct store *st, size_t limit,
		 void (*difference)(void *arg, const struct rollup *want, const struct rollup *have),
		 void (*progress)(void *arg, int64_t done, int64_t all), void *arg,
		 size_t *ret_n, int64_t *ret_events, struct error *err)
{
	struct verification v = { .st = st, .limit = limit, .difference = difference, .arg = arg };
	int64_t events;
	int rc;

	if (store_begin_read(st, err) < 0)
		return -1;
	for (int level = 0; level < LEVELS; level++)
		v.tally[level].groups = g_hash_table_new_full(group_hash, group_equal, g_free, NULL);
	rc = verify(&v, progress, &events, err);
	release(&v);
	store_end(st);
	if (rc < 0)
		return -1;
	*ret_n = v.n;
	*ret_events = events;
	return 0;
}
