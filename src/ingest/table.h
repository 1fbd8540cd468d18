/*
 * table.h - what a text becomes: the tables of a mapping. A key that is a plain
 * text is found at once, however many there are; keys with *, ? or a range of
 * numbers (pattern.h) are tried after those, from the first to the last.
 */
#ifndef INGEST_TABLE_H
#define INGEST_TABLE_H

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

/*
 * The table of that name among *FIRST and those after it; made empty if there
 * is none. Lives in ARENA.
 */
struct table *table_get(struct table **first, const char *name, struct arena *arena);

void table_add(struct table *t, const char *key, const char *value, struct arena *arena);

/* When all entries are there: a key that comes twice is an error. */
int table_finish(struct table *t, struct error *err);

/* The value of the TEXT, or NULL. COMMA: as in pattern_fits. */
const char *table_find(const struct table *t, const char *text, size_t len, bool comma);

#endif
