#include "store/lists.h"

#include "base/banned.h"

static const struct db_list *list_of(struct arena *arena, const struct db_cell *cells,
				     size_t n_rows, int columns)
{
	struct db_list *list = arena_new(arena, struct db_list);

	*list = (struct db_list) { cells, n_rows, columns };
	return list;
}

const struct db_list *ids_list(struct arena *arena, const int64_t *ids, size_t n_ids)
{
	struct db_cell *cells = arena_array(arena, struct db_cell, n_ids);

	for (size_t i = 0; i < n_ids; i++)
		cells[i].n = ids[i];
	return list_of(arena, cells, n_ids, 1);
}

void bind_ids(struct stmt *s, int n, struct arena *arena, const int64_t *ids, size_t n_ids)
{
	db_bind_list(s, n, ids_list(arena, ids, n_ids));
}

void bind_keys(struct stmt *s, int n, struct arena *arena, const struct event_key *keys,
	       size_t n_keys)
{
	struct db_cell *cells = arena_array(arena, struct db_cell, 2 * n_keys);

	for (size_t i = 0; i < n_keys; i++) {
		cells[2 * i].n = keys[i].source;
		cells[2 * i + 1] = (struct db_cell) { .kind = DB_CELL_TEXT,
						      .bytes = keys[i].id,
						      .len = keys[i].len };
	}
	db_bind_list(s, n, list_of(arena, cells, n_keys, 2));
}
