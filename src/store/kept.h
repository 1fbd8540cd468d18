/*
 * kept.h - results of look-ups that a connection keeps from one read to the
 * next, as long as a version of the ledger stays the same. Only reads use them:
 * a write may see its own changes, which have no version yet.
 */
#ifndef STORE_KEPT_H
#define STORE_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"

/* Numbers by id. All zero: empty. */
struct kept_numbers {
	int64_t version;
	struct _GHashTable *by_id;
};

/* Lists by id. All zero: empty. */
struct kept_lists {
	int64_t version;
	struct _GHashTable *by_id;
	struct arena arena;
	size_t n; /* elements of all lists */
};

/* Forgets everything if VERSION differs from that of the call before. */
void kept_numbers_begin(struct kept_numbers *k, int64_t version);
bool kept_number(const struct kept_numbers *k, int64_t id, int64_t *ret);
/* Keeps N. Forgets all others when there are many. */
void kept_number_set(struct kept_numbers *k, int64_t id, int64_t n);
void kept_numbers_release(struct kept_numbers *k);

/* Copies an element, with its texts in ARENA. */
typedef void kept_copy(struct arena *arena, void *to, const void *from);

/* The elements of a list. */
struct kept_kind {
	size_t size; /* bytes of one */
	kept_copy *copy;
};

void kept_lists_begin(struct kept_lists *k, int64_t version);
/* Copies the list of ID into ARENA. False: not kept. */
bool kept_list(const struct kept_lists *k, int64_t id, const struct kept_kind *kind,
	       struct arena *arena, void **ret, size_t *ret_n);
/* Keeps a copy of the list, unless it is long. Forgets all when there are many. */
void kept_list_set(struct kept_lists *k, int64_t id, const struct kept_kind *kind, const void *list,
		   size_t n);
void kept_lists_release(struct kept_lists *k);

#endif
