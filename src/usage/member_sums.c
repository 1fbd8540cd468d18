#include "usage/member_sums.h"

#include <stdlib.h>
#include <string.h>

#include "store/series.h"
#include "base/banned.h"

static size_t find_place(const struct member_sums *m, int64_t group, int64_t id)
{
	size_t i = ((uint64_t)(id ^ group << 40) * 0x9e3779b97f4a7c15u >> 20) & (m->index_size - 1);

	while (m->index[i] &&
	       (m->list[m->index[i] - 1].id != id || m->list[m->index[i] - 1].group != group))
		i = (i + 1) & (m->index_size - 1);
	return i;
}

static void grow(struct member_sums *m, struct arena *arena)
{
	size_t size = m->size ? m->size * 2 : 64;

	m->list = arena_grow(arena, m->list, m->n * sizeof(*m->list), size * sizeof(*m->list));
	m->size = size;
	m->index_size = size * 4;
	m->index = arena_array(arena, uint32_t, m->index_size);
	for (size_t i = 0; i < m->n; i++)
		m->index[find_place(m, m->list[i].group, m->list[i].id)] = (uint32_t)i + 1;
}

void member_sums_add(struct member_sums *m, struct arena *arena, struct member_sum added)
{
	size_t i;

	if (!added.id)
		return;
	if (m->n == m->size)
		grow(m, arena);
	i = find_place(m, added.group, added.id);
	if (m->index[i]) {
		amounts_wide_add(&m->list[m->index[i] - 1].totals, &added.totals, 1);
	} else {
		m->list[m->n] = added;
		m->index[i] = (uint32_t)++m->n;
	}
}

static int by_group_and_text(const void *a, const void *b)
{
	const struct member_sum *x = a, *y = b;

	return x->group != y->group ? (x->group < y->group ? -1 : 1) : strcmp(x->text, y->text);
}

/* Reads the texts of all members. */
static int read_texts(struct member_sums *m, struct store *st, const int64_t *accounts,
		      size_t n_accounts, struct arena *arena, struct error *err)
{
	int64_t *ids = arena_array(arena, int64_t, m->n);
	const struct dimension_ids all = { ids, m->n, accounts, n_accounts };
	const char **texts = arena_array(arena, const char *, m->n);

	for (size_t i = 0; i < m->n; i++)
		ids[i] = m->list[i].id;
	if (store_work(st, (int64_t)m->n, err) < 0 ||
	    store_dimension_texts(st, &all, arena, texts, err) < 0)
		return -1;
	for (size_t i = 0; i < m->n; i++)
		m->list[i].text = texts[i];
	return 0;
}

int member_sums_finish(struct member_sums *m, struct store *st, const int64_t *accounts,
		       size_t n_accounts, struct arena *arena, struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		if (!amounts_wide_zero(&m->list[i].totals))
			m->list[n++] = m->list[i];
	m->n = n;
	if (read_texts(m, st, accounts, n_accounts, arena, err) < 0)
		return -1;
	if (n)
		qsort(m->list, n, sizeof(*m->list), by_group_and_text);
	return 0;
}
