/*
 * table.h - the lookup tables of a mapping. Plain keys are found by binary
 * search. Then keys with *, ? or a range of numbers (pattern.h) are tried in
 * their order.
 */
#ifndef MAPPING_TABLE_H
#define MAPPING_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/error.h"

struct table_entry;

struct table {
	const char *name;
	struct table_entry *texts, *patterns;
	size_t n_texts, n_patterns;
	struct table *next; /* of the mapping */
};

/* Finds the table NAME in the list *FIRST, or adds an empty table in ARENA. */
struct table *table_get(struct table **first, const char *name, struct arena *arena);

void table_add(struct table *t, const char *key, const char *value, struct arena *arena);

/* Completes the table. A duplicate key is an error. */
int table_finish(struct table *t, struct error *err);

/* The value that the table has for TEXT, or NULL. COMMA: as in pattern_fits. */
const char *table_find(const struct table *t, const char *text, size_t len, bool comma);

#endif
