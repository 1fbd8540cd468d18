/*
 * closing_changes.h - what changed since accounts were closed: late events,
 * entries of corrections that take effect at a closed instant, and reopenings.
 */
#ifndef USAGE_CLOSING_CHANGES_H
#define USAGE_CLOSING_CHANGES_H

#include "usage/event_search.h"

struct closed_change {
	struct closing_change change;
	const char *kind; /* "late", "void", "amend" or "reopened" */
	/* the late event, or the correction's entry; not of "reopened" */
	struct found_event event;
};

struct closed_changes {
	struct closed_change *list;
	size_t n;
};

/*
 * As store_closing_changes, with the events. All in ARENA; ST must be in a
 * read.
 */
int closing_changes_load(struct store *st, const struct account *a, const struct newest *which,
			 struct arena *arena, struct closed_changes *ret, struct error *err);

#endif
