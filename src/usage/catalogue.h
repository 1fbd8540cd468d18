/*
 * catalogue.h - the categories as a tree: what was used, in which units, and
 * what contains what.
 *
 * A category's total is the usage of its own events plus the totals of its
 * children, so a parent equals the sum of its children unless an event has the
 * parent itself as its category. `totalprice` is no ordinary category: no event
 * can have it; its price is that of all events, each once, its usage is its
 * price, and it has no count (contracts: twilio A.5).
 */
#ifndef USAGE_CATALOGUE_H
#define USAGE_CATALOGUE_H

#include "base/arena.h"
#include "store/store.h"

#define CATEGORY_TOTALPRICE "totalprice"
#define CATEGORY_SIM_DATA   "sim-data"
#define CATEGORY_AI_MINUTES "ai-minutes"

struct catalogue {
	const struct category *categories; /* in report order: by name */
	size_t n;
	const size_t *parent; /* index of the parent, or CATALOGUE_NONE */
	/* indexes of those that are metered or were used, in report order */
	const size_t *listed;
	size_t n_listed;
	size_t totalprice;          /* index, or CATALOGUE_NONE */
	const int32_t *index_by_id; /* of ids up to max_id; -1 = none */
	int64_t max_id;
};

#define CATALOGUE_NONE ((size_t)-1)

/* Reads the catalogue. It lives in ARENA. */
int catalogue_load(struct store *st, struct arena *arena, const struct catalogue **ret,
		   struct error *err);

/* index, or CATALOGUE_NONE */
size_t catalogue_find(const struct catalogue *c, const char *name, size_t len);
size_t catalogue_index(const struct catalogue *c, int64_t id); /* likewise */

/*
 * May events have the category NAME, which is KNOWN or not? ERR_PARAM
 * "category".
 */
int catalogue_check_booking(const char *name, size_t len, bool known, struct error *err);

/* Is category I the category OF, or below it? */
bool catalogue_within(const struct catalogue *c, size_t i, size_t of);

/*
 * What a category's name may be: 1 to 64 of a-z, 0-9, "-", "_", beginning with
 * a letter.
 */
bool category_name_valid(const char *name, size_t len);

/*
 * Reads a catalogue file (CSV with the header
 * category,parent,description,count_unit,usage_unit,metered; parents before or
 * after their children) into the ledger; categories that exist are left alone.
 * *ret_added counts. In a write.
 */
int catalogue_import(struct store *st, const char *path, size_t *ret_added, struct error *err);

#endif
