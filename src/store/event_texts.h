/*
 * event_texts.h - the texts to which events refer, each of them looked up once:
 * most events of a page share theirs.
 */
#ifndef STORE_EVENT_TEXTS_H
#define STORE_EVENT_TEXTS_H

#include "store/event_read.h"

/*
 * Sets the texts of N events, in ARENA, by one statement: those of dimensions,
 * account and source, and of an entry the source of the event that it corrects.
 * NULL: it does not exist. Passes events that do not exist.
 */
int store_event_texts(struct store *st, struct found_event *list, size_t n, struct arena *arena,
		      struct error *err);

#endif
