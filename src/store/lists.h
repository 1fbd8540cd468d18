/*
 * lists.h - lists of ids and of events' keys as parameters of statements.
 */
#ifndef STORE_LISTS_H
#define STORE_LISTS_H

#include "store/internal.h"

/* A list of one column, the ids, in ARENA. */
const struct db_list *ids_list(struct arena *arena, const int64_t *ids, size_t n_ids);
/* Binds ids_list. */
void bind_ids(struct stmt *s, int n, struct arena *arena, const int64_t *ids, size_t n_ids);
/*
 * Binds a list of two columns, source and id. The list is in ARENA; the texts
 * are borrowed until the statement ends.
 */
void bind_keys(struct stmt *s, int n, struct arena *arena, const struct event_key *keys,
	       size_t n_keys);

#endif
