#include "store/id_sets.h"

#include <glib.h>
#include "store/places.h"
#include "base/banned.h"

/* Items of a statement. */
#define ITEMS_MAX 4096

/* The items without an id, in the order of their keys. */
struct todo {
	const struct intern_kind *kind;
	void **items;
	size_t n;
	const struct db_list *families; /* all are in the place of these */
};

static int64_t *id_of(const struct intern_kind *kind, void *item)
{
	return (int64_t *)((char *)item + kind->id_offset);
}

static gint compare_items(gconstpointer a, gconstpointer b, gpointer kind)
{
	return ((const struct intern_kind *)kind)->compare(*(void *const *)a, *(void *const *)b);
}

static void todo_init(struct todo *t, const struct intern_kind *kind, void *items, size_t n)
{
	bool ordered = true;

	*t = (struct todo) { .kind = kind,
			     .items = g_new(void *, n),
			     .families = place_of_all.families };
	for (size_t i = 0; i < n; i++) {
		void *item = (char *)items + i * kind->size;

		if (*id_of(kind, item))
			continue;
		if (t->n && kind->compare(t->items[t->n - 1], item) > 0)
			ordered = false;
		t->items[t->n++] = item;
	}
	if (!ordered)
		g_qsort_with_data(t->items, (gint)t->n, sizeof(*t->items), compare_items,
				  (gpointer)kind);
}

/* Runs a statement with N items from FIRST on. */
typedef int run_items(struct store *st, const struct todo *t, size_t first,
		      const struct db_list *list, struct error *err);

static int find_some(struct store *st, const struct todo *t, size_t first,
		     const struct db_list *list, struct error *err)
{
	struct stmt *s = prepare(st, t->kind->find, err);
	int rc;

	db_bind_list(s, 1, list);
	db_bind_list(s, 2, t->families);
	while ((rc = db_step(s, err)) > 0)
		*id_of(t->kind, t->items[first + (size_t)db_get_int(s, 0)]) = db_get_int(s, 1);
	return rc;
}

static int add_some(struct store *st, const struct todo *t, size_t first,
		    const struct db_list *list, struct error *err)
{
	struct stmt *s = prepare(st, t->kind->add, err);
	int64_t *ids = g_new(int64_t, list->n);
	int rc;

	db_bind_list(s, 1, list);
	rc = db_insert(s, ids, list->n, err);
	for (size_t i = 0; i < list->n && rc == 0; i++)
		*id_of(t->kind, t->items[first + i]) = ids[i];
	g_free(ids);
	return rc;
}

static int run_place(struct store *st, const struct todo *t, run_items *run, struct error *err)
{
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	for (size_t i = 0, n; i < t->n && rc == 0; i += n) {
		size_t columns = (size_t)t->kind->columns;
		struct db_list list = { .columns = t->kind->columns };
		struct db_cell *cells;

		list.n = n = t->n - i < ITEMS_MAX ? t->n - i : ITEMS_MAX;
		list.cells = cells = arena_array(&arena, struct db_cell, n * columns);
		for (size_t k = 0; k < n; k++)
			t->kind->get(t->items[i + k], &arena, cells + k * columns);
		rc = run(st, t, i, &list, err);
		arena_reset(&arena);
	}
	arena_release(&arena);
	return rc;
}

static int run_all(struct store *st, const struct todo *t, run_items *run, struct error *err)
{
	struct places places;
	struct arena arena;
	int64_t *accounts;
	int rc;

	if (!t->kind->account || !db_distributed(st->db))
		return run_place(st, t, run, err);
	arena_init(&arena);
	accounts = arena_array(&arena, int64_t, t->n);
	for (size_t i = 0; i < t->n; i++)
		accounts[i] = t->kind->account(t->items[i]);
	rc = store_places_of_accounts(st, accounts, t->n, &arena, &places, err);
	for (size_t i = 0; rc == 0 && i < places.n; i++) {
		const struct place *p = &places.list[i];
		struct todo some = { t->kind, arena_array(&arena, void *, p->n), p->n,
				     p->families };

		for (size_t k = 0; k < p->n; k++)
			some.items[k] = t->items[p->items[k]];
		rc = run_place(st, &some, run, err);
	}
	arena_release(&arena);
	return rc;
}

int store_find_ids(struct store *st, const struct intern_kind *kind, void *items, size_t n,
		   struct error *err)
{
	struct todo t;
	int rc;

	todo_init(&t, kind, items, n);
	rc = run_all(st, &t, find_some, err);
	g_free(t.items);
	return rc;
}

int store_add_ids(struct store *st, const struct intern_kind *kind, void *items, size_t n,
		  struct error *err)
{
	struct todo t;
	int rc;

	todo_init(&t, kind, items, n);
	rc = run_all(st, &t, add_some, err);
	g_free(t.items);
	return rc;
}

int store_intern_ids(struct store *st, const struct intern_kind *kind, void *items, size_t n,
		     struct error *err)
{
	return store_find_ids(st, kind, items, n, err) < 0 ? -1
							   : store_add_ids(st, kind, items, n, err);
}
