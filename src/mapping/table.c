#include "mapping/table.h"

#include <stdlib.h>
#include <string.h>

#include "mapping/pattern.h"
#include "base/banned.h"

struct table_entry {
	struct pattern key;
	const char *value;
};

struct table *table_get(struct table **first, const char *name, struct arena *arena)
{
	while (*first && strcmp((*first)->name, name) != 0)
		first = &(*first)->next;
	if (!*first) {
		*first = arena_new(arena, struct table);
		(*first)->name = arena_str(arena, name);
	}
	return *first;
}

/* Makes room for one more entry after N entries, by doubling. */
static struct table_entry *grow(struct table_entry *entries, size_t n, struct arena *arena)
{
	if (n & (n - 1))
		return entries;
	return arena_grow(arena, entries, n * sizeof(*entries), (n ? 2 * n : 1) * sizeof(*entries));
}

void table_add(struct table *t, const char *key, const char *value, struct arena *arena)
{
	struct table_entry entry;

	pattern_compile(&entry.key, key, arena);
	entry.value = arena_str(arena, value);
	if (entry.key.kind == PATTERN_TEXT) {
		t->texts = grow(t->texts, t->n_texts, arena);
		t->texts[t->n_texts++] = entry;
	} else {
		t->patterns = grow(t->patterns, t->n_patterns, arena);
		t->patterns[t->n_patterns++] = entry;
	}
}

static int compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : a_len < b_len ? -1 : a_len > b_len;
}

static int compare_entries(const void *a, const void *b)
{
	const struct pattern *x = &((const struct table_entry *)a)->key,
			     *y = &((const struct table_entry *)b)->key;

	return compare(x->text, x->len, y->text, y->len);
}

int table_finish(struct table *t, struct error *err)
{
	if (t->n_texts + t->n_patterns == 0)
		return error_set(err, ERR_PARAM, NULL, "[table %s] is missing or empty", t->name);
	if (t->n_texts)
		qsort(t->texts, t->n_texts, sizeof(*t->texts), compare_entries);
	for (size_t i = 1; i < t->n_texts; i++)
		if (compare_entries(&t->texts[i - 1], &t->texts[i]) == 0)
			return error_set(err, ERR_PARAM, NULL, "[table %s] has \"%s\" twice",
					 t->name, t->texts[i].key.text);
	return 0;
}

const char *table_find(const struct table *t, const char *text, size_t len, bool comma)
{
	size_t low = 0, high = t->n_texts;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(text, len, t->texts[middle].key.text, t->texts[middle].key.len);

		if (order == 0)
			return t->texts[middle].value;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	for (size_t i = 0; i < t->n_patterns; i++)
		if (pattern_fits(&t->patterns[i].key, text, len, comma))
			return t->patterns[i].value;
	return NULL;
}
