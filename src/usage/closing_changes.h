/*
 * closing_changes.h - changes in closed time: late events, entries of
 * corrections, reopenings, and dimensions that were filled in.
 */
#ifndef USAGE_CLOSING_CHANGES_H
#define USAGE_CLOSING_CHANGES_H

#include "usage/event_search.h"

struct closed_change {
	struct closing_change change;
	const char *kind; /* "late", "void", "amend", "reopened", "filled" */
	/* the late event, or the entry of a correction; else empty */
	struct found_event event;
};

struct closed_changes {
	struct closed_change *list;
	size_t n;
};

/*
 * Reads changes as store_closing_changes does, with their events, into ARENA.
 * ST must be in a read.
 */
int closing_changes_load(struct store *st, const struct account *a, const struct newest *which,
			 struct arena *arena, struct closed_changes *ret, struct error *err);

#endif
