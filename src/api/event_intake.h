/*
 * event_intake.h - the records of one request: reads them, stores them as events
 * and answers with their verdicts. POST /events and the feeds share it.
 */
#ifndef API_EVENT_INTAKE_H
#define API_EVENT_INTAKE_H

#include "api/request.h"
#include "ingest/attributes.h"
#include "ingest/reader.h"

/* The answer of intake_answer. */
extern const struct shape intake_shape;

/* Set the first members, then call the functions in their order. */
struct event_intake {
	struct request *rq;
	enum reader_form form;
	struct mapping *mapping; /* of another program's records; or NULL */
	size_t most; /* records of the body, also skipped ones; 0: SUBMISSION_EVENTS_MAX */
	bool atomic;
	const char *author;                 /* NULL: the caller */
	const struct event_header *headers; /* ce-... */
	size_t n_headers;
	struct reader *reader;
	struct event *events; /* one for each record of the body */
	size_t n, size;
};

/* ERR_BUSY: the server cannot store events. */
int intake_check_server(const struct request *rq, struct error *err);

/* A source of bytes in memory. */
struct intake_bytes {
	const char *at;
	size_t left;
};
/* Reads from ARG, a struct intake_bytes, which advances. */
int64_t intake_read_bytes(void *arg, void *buf, size_t size, struct error *err);

/*
 * Reads all records of SOURCE. A record with an error becomes a rejected event;
 * so does the rest of an unreadable body. An empty list is valid, an empty body
 * is ERR_BODY.
 */
int intake_read(struct event_intake *in, read_bytes source, void *arg, struct error *err);
/* Checks the events and stores them; blocks until they are on disk. */
int intake_store(struct event_intake *in, struct error *err);
/* Writes the verdicts, and sets the HTTP status. */
void intake_answer(struct request *rq, const struct event_intake *in, struct writer *w);

#endif
