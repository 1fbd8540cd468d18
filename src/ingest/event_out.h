/*
 * event_out.h - events written in the form that the readers read: NDJSON, or
 * CSV with the fields' names as its header.
 */
#ifndef INGEST_EVENT_OUT_H
#define INGEST_EVENT_OUT_H

#include "base/strbuf.h"
#include "usage/event.h"

enum event_form { EVENT_NDJSON, EVENT_CSV };

/* Appends what stands before the first event. */
void event_out_begin(enum event_form form, struct strbuf *out);

/*
 * Appends a line with the event, whose texts are those of an event that was
 * accepted.
 */
void event_out_add(enum event_form form, const struct raw_event *ev, struct strbuf *out);

#endif
