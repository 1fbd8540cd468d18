/*
 * source.h - the sources of events, interned.
 */
#ifndef STORE_SOURCE_H
#define STORE_SOURCE_H

#include "store/store.h"

/*
 * Sources. An event's identity is its family (the main account's id), source
 * and id, so each family has sources of its own: what one family sends has no
 * effect on another. The entries of corrections are of the source
 * EVENT_SOURCE_OWN, which belongs to the ledger: family 0.
 *
 * _intern returns the id, and makes the source if it is new; in a write.
 * _find: 1 found, 0 none, -1.
 */
int store_source_intern(struct store *st, int64_t family, const char *text, size_t len,
			int64_t *ret_id, struct error *err);
int store_source_find(struct store *st, int64_t family, const char *text, size_t len,
		      int64_t *ret_id, struct error *err);

struct source_query {
	int64_t family;   /* its sources and the ledger's own; 0: of any family */
	const char *text; /* that are called so; NULL: by any name */
	const char *id;   /* that have an event called so, LEN bytes */
	size_t len;
	size_t max; /* at most so many */
};

int store_event_sources(struct store *st, const struct source_query *q, int64_t *ret, size_t *ret_n,
			struct error *err);
/* The ids of the sources called TEXT, of any family, ascending. */
int store_sources_named(struct store *st, const char *text, struct arena *arena,
			const int64_t **ret, size_t *ret_n, struct error *err);
/* 1, 0, -1 */
int store_source_text(struct store *st, int64_t id, struct arena *arena, const char **ret,
		      struct error *err);

#endif
