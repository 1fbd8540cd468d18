/*
 * id_sets.h - finds and makes the ids of sets: of sources, values and series.
 */
#ifndef STORE_ID_SETS_H
#define STORE_ID_SETS_H

#include "store/internal.h"

/* A kind of items, in an array. */
struct intern_kind {
	size_t size;      /* of an item */
	size_t id_offset; /* of its id, an int64_t, in the item */
	/*
	 * In the order of the table's unique index, so that it is read and
	 * changed from one end to the other.
	 */
	int (*compare)(const void *a, const void *b);
	/* The account of an item, with whose family it is kept; NULL: it is everywhere. */
	int64_t (*account)(const void *item);
	int columns; /* of an item in list(?1) */
	/* Sets the cells of an item, which are zero. Bytes may be in ARENA. */
	void (*get)(const void *item, struct arena *arena, struct db_cell *ret);
	/* SQL: rowid of list(?1) and id, of each that exists in the place ?2 */
	const char *find;
	const char *add; /* SQL for db_insert: inserts the rows of list(?1), in their order */
};

/* Sets the ids of items whose id is 0, if they exist. */
int store_find_ids(struct store *st, const struct intern_kind *kind, void *items, size_t n,
		   struct error *err);
/* Inserts the items whose id is 0, and sets their ids. In a write. */
int store_add_ids(struct store *st, const struct intern_kind *kind, void *items, size_t n,
		  struct error *err);
/* Both. In a write. */
int store_intern_ids(struct store *st, const struct intern_kind *kind, void *items, size_t n,
		     struct error *err);

#endif
