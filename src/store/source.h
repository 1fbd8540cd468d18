/*
 * source.h - the sources of events, interned.
 */
#ifndef STORE_SOURCE_H
#define STORE_SOURCE_H

#include "store/store.h"

/*
 * The identity of an event is its family (id of the main account), source and
 * id. So each family has its own sources, and events of one family have no
 * effect on events of another family. Entries of corrections have the source
 * EVENT_SOURCE_OWN, which belongs to the ledger: family 0.
 *
 * store_sources_intern sets the ids of those whose id is 0: finds or makes them,
 * in the same few statements for any number; no two may be equal; in a write.
 * store_source_find: 1 found, 0 none, -1 failed.
 */
struct source_intern {
	int64_t family;
	const char *text;
	size_t len;
	int64_t id;
};

int store_sources_intern(struct store *st, struct source_intern *list, size_t n, struct error *err);
int store_source_find(struct store *st, int64_t family, const char *text, size_t len,
		      int64_t *ret_id, struct error *err);

/*
 * Reads the ids of all sources named TEXT, ascending: of FAMILY and the ledger's
 * own, or of all families (0). What other families have is not looked at, so that
 * the time does not tell it.
 */
int store_sources_named(struct store *st, int64_t family, const char *text, struct arena *arena,
			const int64_t **ret, size_t *ret_n, struct error *err);
/* 1 found, 0 none, -1 failed */
int store_source_text(struct store *st, int64_t id, struct arena *arena, const char **ret,
		      struct error *err);

#endif
