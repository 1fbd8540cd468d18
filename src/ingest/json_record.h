/*
 * json_record.h - makes an event of the text of one JSON record: a CloudEvent,
 * the data of an event alone, or a record of another program by a mapping.
 */
#ifndef INGEST_JSON_RECORD_H
#define INGEST_JSON_RECORD_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/strbuf.h"
#include "ingest/members.h"
#include "ingest/reader.h"
#include "mapping/mapping.h"

/* The most objects and arrays of a record, to bound memory. */
enum { JSON_RECORD_OBJECTS = 10000 };

struct json_record {
	const struct mapping *mapping; /* borrowed; NULL: records are events */
	bool data_alone;               /* a record is the event's data, without attributes */
	json_tokener *tokener;
	json_object *event; /* the last record; the caller borrows its texts */
	bool half;          /* the text has an escape of half a surrogate pair */
	/* text of each whole number, by field or column */
	char integers[MAPPING_COLUMNS_MAX][24];
	const char *cell[MAPPING_COLUMNS_MAX]; /* the record's cells for a mapping */
	size_t len[MAPPING_COLUMNS_MAX];
	struct strbuf scratch; /* of the mapping */
	struct members members;
};

/* A record as text, and its place in the stream. */
struct json_text {
	const char *text;
	size_t len;
	int64_t line; /* from 1 */
	int64_t row;  /* number of the record, from 0 */
};

/*
 * For records of up to RECORD_BYTES bytes. The caller has set `mapping` and
 * `data_alone`.
 */
void json_record_init(struct json_record *jr, size_t record_bytes);
void json_record_release(struct json_record *jr);

/*
 * Makes the event *RET of TEXT, which must be one object; its texts are valid
 * until the next call. Returns READ_EVENT, READ_SKIPPED, or READ_BAD with
 * ERR_BODY (malformed JSON) or ERR_PARAM (a member at fault).
 */
enum read_result json_record_read(struct json_record *jr, const struct json_text *text,
				  struct raw_event *ret, struct error *err);

#endif
