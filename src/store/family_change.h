/*
 * family_change.h - when the events of each family last changed, so that a
 * verification can be of the changed families alone (usage/family_changes.h).
 */
#ifndef STORE_FAMILY_CHANGE_H
#define STORE_FAMILY_CHANGE_H

#include "store/store.h"

/* Notes that the family of ACCOUNT changed at AT, in seconds. In a write. */
int store_family_change_set(struct store *st, int64_t account, int64_t at, struct error *err);

/* Reads the main accounts of the families that were noted at SINCE or later. */
int store_family_changes(struct store *st, int64_t since, struct arena *arena, const int64_t **ret,
			 size_t *ret_n, struct error *err);

#endif
