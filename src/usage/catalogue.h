/*
 * catalogue.h - the tree of categories (names, units and parents), and the
 * dimensions.
 *
 * The total of a category is the usage of its own events plus the totals of its
 * children. The category `totalprice` is special: no event can have this
 * category. Its price is the price of all events, its usage equals its price,
 * and it has no count.
 */
#ifndef USAGE_CATALOGUE_H
#define USAGE_CATALOGUE_H

#include "base/arena.h"
#include "store/store.h"
#include "usage/dimensions.h"

#define CATEGORY_TOTALPRICE "totalprice"
#define CATEGORY_SIM_DATA   "sim-data"
#define CATEGORY_AI_MINUTES "ai-minutes"

struct catalogue {
	const struct category *categories; /* in report order: by name */
	size_t n;
	const size_t *parent; /* index of the parent, or CATALOGUE_NONE */
	/*
	 * indexes of categories that are metered or used by any account, in
	 * report order
	 */
	const size_t *listed;
	size_t n_listed;
	size_t totalprice;          /* index, or CATALOGUE_NONE */
	const int32_t *index_by_id; /* for ids up to max_id; -1: none */
	int64_t max_id;
	struct dimensions dimensions;
};

#define CATALOGUE_NONE ((size_t)-1)

/* Reads the catalogue into ARENA. */
int catalogue_load(struct store *st, struct arena *arena, const struct catalogue **ret,
		   struct error *err);

/* index, or CATALOGUE_NONE */
size_t catalogue_find(const struct catalogue *c, const char *name, size_t len);
/* index, or CATALOGUE_NONE */
size_t catalogue_index(const struct catalogue *c, int64_t id);

/*
 * Checks that events may have the category NAME. KNOWN: the category exists.
 * -1: ERR_PARAM "category".
 */
int catalogue_check_category(const char *name, size_t len, bool known, struct error *err);

/* Tells whether category I is OF or a descendant of OF. */
bool catalogue_within(const struct catalogue *c, size_t i, size_t of);

/* A valid name has 1 to 64 of a-z, 0-9, "-", "_" and begins with a letter. */
bool category_name_valid(const char *name, size_t len);

/*
 * Adds the categories of a catalogue file to the ledger: CSV with the header
 * category,parent,description,count_unit,usage_unit,metered. Parents may come
 * before or after their children. Existing categories stay as they are.
 * *RET_ADDED is the number of new ones. In a write.
 */
int catalogue_import(struct store *st, const char *path, size_t *ret_added, struct error *err);

#endif
