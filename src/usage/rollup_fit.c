#include "usage/rollup_fit.h"

#include <glib.h>
#include <stdlib.h>
#include "store/rollup.h"
#include "base/banned.h"

/* The usage of a category by an account in a month. */
struct fit_total {
	int64_t account, category, month;
	struct amounts_wide amounts;
};

struct rollup_fit {
	struct store *st;
	GHashTable *totals; /* a set of struct fit_total */
};

static guint total_hash(gconstpointer p)
{
	const struct fit_total *t = p;
	uint64_t hash = ((uint64_t)t->account * 31 + (uint64_t)t->category) * 4096;

	return (guint)((hash + (uint64_t)t->month) * 0x9e3779b97f4a7c15u >> 32);
}

static gboolean total_equal(gconstpointer a, gconstpointer b)
{
	const struct fit_total *x = a, *y = b;

	return x->account == y->account && x->category == y->category && x->month == y->month;
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

static struct fit_total *find_total(struct rollup_fit *f, const struct rollup *r, struct error *err)
{
	struct fit_total key = { .account = r->account,
				 .category = r->category,
				 .month = slot_of(LEVEL_MONTH, r->slot) };
	struct fit_total *t = g_hash_table_lookup(f->totals, &key);

	if (t)
		return t;
	if (store_rollup_month(f->st, key.account, key.category, key.month, &key.amounts, err) < 0)
		return NULL;
	t = g_memdup2(&key, sizeof(key));
	g_hash_table_add(f->totals, t);
	return t;
}

int rollup_fit_try(struct rollup_fit *f, const struct rollup *added, struct error *reason,
		   struct error *err)
{
	struct fit_total *t = find_total(f, added, err);
	struct amounts_wide sum;

	if (!t)
		return -1;
	sum = t->amounts;
	amounts_wide_count(&sum, &added->amounts);
	if (store_rollup_check(&sum, reason) < 0)
		return 0;
	t->amounts = sum;
	return 1;
}
