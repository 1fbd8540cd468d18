#include "usage/rollup_fit.h"

#include <glib.h>
#include <stdlib.h>
#include "store/rollup.h"
#include "base/banned.h"

/* by category, and by series */
enum { TOTALS_MAX = 2 * LEVELS };

/* A sum that must fit, by its key. */
struct fit_total {
	struct rollup key;
	struct amounts_wide amounts;
};

struct rollup_fit {
	struct store *st;
	GHashTable *totals; /* a set of struct fit_total */
};

static guint total_hash(gconstpointer p)
{
	const struct rollup *k = &((const struct fit_total *)p)->key;
	uint64_t hash = ((uint64_t)k->account * 31 + (uint64_t)k->category) * 4096;

	hash = (hash + (uint64_t)k->slot) * 31 + (uint64_t)k->series;
	return (guint)((hash * LEVELS + (uint64_t)k->level) * 0x9e3779b97f4a7c15u >> 32);
}

static gboolean total_equal(gconstpointer a, gconstpointer b)
{
	const struct rollup *x = &((const struct fit_total *)a)->key;
	const struct rollup *y = &((const struct fit_total *)b)->key;

	return x->account == y->account && x->category == y->category && x->slot == y->slot &&
	       x->series == y->series && x->level == y->level;
}

struct rollup_fit *rollup_fit_new(struct store *st)
{
	struct rollup_fit *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->st = st;
	f->totals = g_hash_table_new_full(total_hash, total_equal, g_free, NULL);
	return f;
}

void rollup_fit_free(struct rollup_fit **f)
{
	if (*f)
		g_hash_table_destroy((*f)->totals);
	free(*f);
	*f = NULL;
}

static struct fit_total *find_total(struct rollup_fit *f, const struct rollup *key,
				    struct error *err)
{
	struct fit_total wanted = { .key = *key };
	struct fit_total *t = g_hash_table_lookup(f->totals, &wanted);

	if (t)
		return t;
	if (store_rollup_sum(f->st, key, &wanted.amounts, err) < 0)
		return NULL;
	t = g_memdup2(&wanted, sizeof(wanted));
	g_hash_table_add(f->totals, t);
	return t;
}

/* The totals that ADDED belongs to, those of its series too. Their number; -1 failed. */
static int find_totals(struct rollup_fit *f, const struct rollup *added,
		       struct fit_total *ret[static TOTALS_MAX], struct error *err)
{
	int n = 0;

	for (int i = 0; i < TOTALS_MAX; i++) {
		struct rollup key = *added;
		bool by_series = i >= LEVELS;

		key.level = (enum level)(LEVELS - 1 - i % LEVELS);
		key.slot = slot_of(key.level, added->slot);
		key.series = by_series ? added->series : 0;
		if ((by_series && !added->series) ||
		    !store_rollup_bounded(f->st, key.level, by_series))
			continue;
		ret[n] = find_total(f, &key, err);
		if (!ret[n++])
			return -1;
	}
	return n;
}

/* Says of which total it is, if not of that of a month. */
static void name_total(const struct rollup *key, struct error *reason)
{
	static const char *const names[LEVELS] = { "quarter hour", "day", "month" };
	const struct error month = *reason;

	if (key->level == LEVEL_MONTH && !key->series)
		return;
	error_clear(reason);
	error_set(reason, ERR_OVERFLOW, month.param,
		  "the account's total %s of this category%s and %s would no longer fit 64 bits",
		  month.param, key->series ? ", these dimensions" : "", names[key->level]);
}

int rollup_fit_try(struct rollup_fit *f, const struct rollup *added, struct error *reason,
		   struct error *err)
{
	struct fit_total *totals[TOTALS_MAX];
	int n = find_totals(f, added, totals, err);

	for (int i = 0; i < n; i++) {
		struct amounts_wide sum = totals[i]->amounts;

		amounts_wide_count(&sum, &added->amounts);
		if (store_rollup_check(&sum, reason) < 0) {
			name_total(&totals[i]->key, reason);
			return 0;
		}
	}
	for (int i = 0; i < n; i++)
		amounts_wide_count(&totals[i]->amounts, &added->amounts);
	return n < 0 ? -1 : 1;
}
