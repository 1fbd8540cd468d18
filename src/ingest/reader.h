/*
 * reader.h - usage events out of a stream of bytes, one after the other, in any
 * form: CloudEvents as JSON, one a line (NDJSON), one after the other or in an
 * array; CSV and tab-separated values with a header; JSON and CSV of other
 * programs through a mapping.
 *
 * Every record of the stream has a result, even if others are damaged or too
 * long. After damage, reading continues:
 *
 * - NDJSON, TSV: at the next line.
 * - CSV: at the next line, after one with an unclosed or malformed quote.
 * - JSON: after the malformed value, if its brackets close on the line of the
 *   error. Else at the next line that begins with {, no further to the right
 *   than the events before (spaces, tabs and commas may stand in front of it).
 *
 * A record that is too long costs itself alone. Memory is bounded by the
 * longest record allowed, not by the stream.
 */
#ifndef INGEST_READER_H
#define INGEST_READER_H

#include "base/decompress.h"
#include "base/error.h"
#include "mapping/mapping.h"
#include "usage/event.h"

struct reader;

enum reader_form {
	READER_NDJSON,
	READER_JSON, /* events one after the other, or arrays of them */
	/*
	 * one event's data alone; its attributes come separately
	 * (attributes.h). An empty stream is an event without data
	 */
	READER_DATA,
	READER_CSV,
	READER_TSV /* cells between tabs, without quotes */
};

/*
 * MAPPING is NULL where the records are events: JSON in the form of
 * CloudEvents, or CSV whose header names the fields. A mapping must be one for
 * this form. It is borrowed, gets the columns of this stream, and serves one
 * reader at a time. No record may be longer than RECORD_BYTES. Never NULL.
 */
struct reader *reader_new(enum reader_form form, struct mapping *mapping, size_t record_bytes,
			  read_bytes read, void *arg);
void reader_free(struct reader **r);

enum read_result {
	READ_END,     /* no more */
	READ_EVENT,   /* *ret is filled, good until the next call */
	READ_SKIPPED, /* a record that the mapping skips */
	READ_BAD,     /* this record can't be read, err says why; go on with the next */
	READ_FAILED   /* the stream is broken, err says why; all records before were returned */
};

/* Reads the next record into *RET. Skips empty lines and rows. */
enum read_result reader_next(struct reader *r, struct raw_event *ret, struct error *err);

/*
 * The line (from 1) of the last record, and its text as it came. Good until the
 * next call.
 */
int64_t reader_line(const struct reader *r);
const char *reader_text(const struct reader *r, size_t *ret_len);
size_t reader_record_bytes(const struct reader *r);

/*
 * Records of CSV with line ends inside of quotes.
 */
struct reader_folds {
	int64_t records;
	/* where the longest begins, and how many lines it has */
	int64_t longest_line, longest_lines;
};
struct reader_folds reader_folds(const struct reader *r);

#endif
