/*
 * event_out.h - writes events in a form that reader.h reads: NDJSON, or CSV
 * whose header has the names of the fields.
 */
#ifndef INGEST_EVENT_OUT_H
#define INGEST_EVENT_OUT_H

#include "base/strbuf.h"
#include "usage/event.h"

enum event_form { EVENT_NDJSON, EVENT_CSV };

/* Appends the text before the first event: the header of CSV. */
void event_out_begin(enum event_form form, struct strbuf *out);

/* Appends a line with the event EV, which must have passed event_check. */
void event_out_add(enum event_form form, const struct raw_event *ev, struct strbuf *out);

#endif
