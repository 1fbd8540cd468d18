/*
 * declared_values.h - declared dimensions: their list, and their values in an
 * event.
 *
 * A declared dimension gets its value from the attribute that it names,
 * whatever reader or mapping file the event comes from. What cannot be a value
 * (a list, an object, null, more than DECLARED_VALUE_BYTES, control characters)
 * counts as none; the attribute is kept all the same.
 */
#ifndef USAGE_DECLARED_VALUES_H
#define USAGE_DECLARED_VALUES_H

#include "base/arena.h"
#include "store/store.h"
#include "usage/intern.h"

/*
 * The declared dimensions, in their order; read again when the ledger changes.
 */
struct declared_list {
	struct arena arena;
	int64_t version; /* store_version when they were read; -1: never */
	const struct declared *list;
	size_t n;
};

void declared_init(struct declared_list *l);
void declared_release(struct declared_list *l);
/* Reads the list, unless it is that of this read or write. */
int declared_load(struct declared_list *l, struct store *st, struct error *err);

/* The values in an event, in the order of their dimensions. */
struct declared_values {
	struct intern_value list[DECLARED_MAX];
	size_t n;
	char text[DECLARED_MAX][DECLARED_VALUE_BYTES];
};

/* ATTRIBUTES: the event's; or NULL. */
void declared_read(const struct declared_list *l, const char *attributes, size_t len,
		   struct declared_values *ret);

bool declared_equal(const struct declared_values *a, const struct declared_values *b);

#endif
