/*
 * event_rows.h - whole events of a statement that finds them itself, for a
 * database on which each statement is a round trip.
 */
#ifndef STORE_EVENT_ROWS_H
#define STORE_EVENT_ROWS_H

#include "store/event_read.h"
#include "store/internal.h"

struct event_rows_query {
	const char *keys;    /* a SELECT of keys: rowid, a (source) and b (id) */
	const char *columns; /* further columns, each after a comma; k has those of `keys` */
	bool attributes;
};

enum { EVENT_ROWS_PLACE = 2 /* the parameter with the place of the events: see places.h */ };

/* The text of a statement that reads whole events, in ARENA. */
const char *store_event_rows_sql(const struct event_rows_query *q, struct arena *arena);
/* The number of the first one of COLUMNS. */
int store_event_rows_column(void);

struct event_row_reader {
	struct stmt *s;
	struct arena *arena;
	/* the event before: neighbours share most of their texts; or NULL */
	const struct found_event *before;
};

/*
 * Reads the current row of R->S: the event KEY. An event that does not exist
 * has the series 0.
 */
int store_event_row(const struct event_row_reader *r, const struct event_key *key,
		    struct found_event *ret, struct error *err);

#endif
