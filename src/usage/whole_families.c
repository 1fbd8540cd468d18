#include "usage/whole_families.h"

#include <glib.h>

#include "store/family.h"
#include "base/banned.h"

static gpointer key_of(int64_t id)
{
	return (gpointer)(intptr_t)id;
}

/* How many subaccounts of each main account are in LIST. */
static GHashTable *count_subaccounts(const struct account *list, size_t n)
{
	GHashTable *counts = g_hash_table_new(NULL, NULL);

	for (size_t i = 0; i < n; i++) {
		gpointer key = key_of(list[i].parent);

		if (list[i].parent)
			g_hash_table_insert(counts, key,
					    key_of((intptr_t)g_hash_table_lookup(counts, key) + 1));
	}
	return counts;
}

/* Is all of the family of the main account A in the list? 1 yes, 0 no, -1 failed. */
static int is_whole(struct store *st, const struct account *a, GHashTable *counts,
		    struct error *err)
{
	int64_t n = (intptr_t)g_hash_table_lookup(counts, key_of(a->id));
	struct family family;

	if (n < store_family_least(st))
		return 0;
	return store_family(st, a->id, &family, err) < 0 ? -1 : family.n == n;
}

/* Adds to WHOLE the main accounts of which LIST has the whole family. */
static int find_whole(struct store *st, const struct account *list, size_t n, GHashTable *whole,
		      struct error *err)
{
	GHashTable *counts = count_subaccounts(list, n);
	int rc = 0;

	for (size_t i = 0; i < n && rc >= 0; i++) {
		rc = list[i].parent ? 0 : is_whole(st, &list[i], counts, err);
		if (rc > 0)
			g_hash_table_add(whole, key_of(list[i].id));
	}
	g_hash_table_destroy(counts);
	return rc < 0 ? -1 : 0;
}

int whole_families(struct store *st, const struct account *list, size_t n, struct sums_account *ret,
		   size_t *ret_n, struct error *err)
{
	GHashTable *whole = g_hash_table_new(NULL, NULL);
	int rc = find_whole(st, list, n, whole, err);

	*ret_n = 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		if (!list[i].parent || !g_hash_table_contains(whole, key_of(list[i].parent)))
			ret[(*ret_n)++] = (struct sums_account) {
				.id = list[i].id,
				.family = g_hash_table_contains(whole, key_of(list[i].id)),
			};
	g_hash_table_destroy(whole);
	return rc;
}
