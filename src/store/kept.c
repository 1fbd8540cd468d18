#include "store/kept.h"

#include <glib.h>
#include "base/banned.h"

enum {
	NUMBERS_MAX = 4096,
	LIST_MAX = 64,  /* elements of a list that is kept */
	LISTS_MAX = 512 /* elements of all lists */
};

struct list {
	void *items;
	size_t n;
};

static gpointer key_of(int64_t id)
{
	return GSIZE_TO_POINTER((gsize)id);
}

/* ---- numbers ---- */

static void forget_numbers(struct kept_numbers *k)
{
	if (k->by_id)
		g_hash_table_remove_all(k->by_id);
	else
		k->by_id = g_hash_table_new(NULL, NULL);
}

void kept_numbers_begin(struct kept_numbers *k, int64_t version)
{
	if (k->by_id && k->version == version)
		return;
	forget_numbers(k);
	k->version = version;
}

bool kept_number(const struct kept_numbers *k, int64_t id, int64_t *ret)
{
	gpointer value;

	if (!g_hash_table_lookup_extended(k->by_id, key_of(id), NULL, &value))
		return false;
	*ret = (int64_t)GPOINTER_TO_SIZE(value);
	return true;
}

void kept_number_set(struct kept_numbers *k, int64_t id, int64_t n)
{
	if (g_hash_table_size(k->by_id) >= NUMBERS_MAX)
		forget_numbers(k);
	g_hash_table_insert(k->by_id, key_of(id), GSIZE_TO_POINTER((gsize)n));
}

void kept_numbers_release(struct kept_numbers *k)
{
	if (k->by_id)
		g_hash_table_destroy(k->by_id);
	*k = (struct kept_numbers) { 0 };
}

/* ---- lists ---- */

static void forget_lists(struct kept_lists *k)
{
	if (k->by_id)
		g_hash_table_remove_all(k->by_id);
	else
		k->by_id = g_hash_table_new(NULL, NULL);
	arena_reset(&k->arena);
	k->n = 0;
}

void kept_lists_begin(struct kept_lists *k, int64_t version)
{
	if (k->by_id && k->version == version)
		return;
	forget_lists(k);
	k->version = version;
}

static void *copy_list(const struct kept_kind *kind, struct arena *arena, const void *list,
		       size_t n)
{
	char *items = arena_alloc(arena, n * kind->size);

	for (size_t i = 0; i < n; i++)
		kind->copy(arena, items + i * kind->size, (const char *)list + i * kind->size);
	return items;
}

bool kept_list(const struct kept_lists *k, int64_t id, const struct kept_kind *kind,
	       struct arena *arena, void **ret, size_t *ret_n)
{
	const struct list *list = g_hash_table_lookup(k->by_id, key_of(id));

	if (!list)
		return false;
	*ret = copy_list(kind, arena, list->items, list->n);
	*ret_n = list->n;
	return true;
}

void kept_list_set(struct kept_lists *k, int64_t id, const struct kept_kind *kind, const void *list,
		   size_t n)
{
	struct list *kept;

	if (n > LIST_MAX)
		return;
	if (k->n + n >= LISTS_MAX || g_hash_table_size(k->by_id) >= LISTS_MAX)
		forget_lists(k);
	kept = arena_new(&k->arena, struct list);
	kept->items = copy_list(kind, &k->arena, list, n);
	kept->n = n;
	k->n += n;
	g_hash_table_insert(k->by_id, key_of(id), kept);
}

void kept_lists_release(struct kept_lists *k)
{
	if (k->by_id)
		g_hash_table_destroy(k->by_id);
	arena_release(&k->arena);
	*k = (struct kept_lists) { 0 };
}
