/*
 * reader.h - reads usage events from a stream of bytes, one after the other, in
 * any form: CloudEvents as JSON, one a line (NDJSON), one after the other or in
 * an array; CSV and tab-separated values with a header; JSON and CSV of other
 * programs by a mapping.
 *
 * Every record of the stream has a result, even if other records are damaged or
 * too long. After damage, reading continues:
 *
 * - NDJSON, TSV: at the next line.
 * - CSV: at the line after the line with an unclosed or malformed quote.
 * - JSON: after the malformed value, if its brackets close on the line of the
 *   error. Else at the next line that begins with { (after spaces, tabs and
 *   commas), if the { is no further to the right than in earlier events.
 *
 * A record that is too long does not affect other records. Memory is bounded by
 * the longest record allowed, not by the stream.
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
	READER_JSON, /* events one after the other, or arrays of events */
	/*
	 * the data of one event, whose attributes come separately
	 * (attributes.h). An empty stream is an event without data
	 */
	READER_DATA,
	READER_CSV,
	READER_TSV /* cells between tabs, without quotes */
};

/*
 * MAPPING is NULL if the records are events: CloudEvents as JSON, or CSV whose
 * header names the fields. Otherwise MAPPING must be made for this form. The
 * reader borrows MAPPING and sets its columns, so a mapping serves one reader
 * at a time. RECORD_BYTES is the longest allowed record. Never returns NULL.
 */
struct reader *reader_new(enum reader_form form, struct mapping *mapping, size_t record_bytes,
			  read_bytes read, void *arg);
void reader_free(struct reader **r);

enum read_result {
	READ_END,     /* end of the stream */
	READ_EVENT,   /* *ret is filled, valid until the next call */
	READ_SKIPPED, /* a record that the mapping skips */
	/* this record can't be read, see err; continue with the next */
	READ_BAD,
	/* the stream is broken, see err; all records before were returned */
	READ_FAILED
};

/* Reads the next record into *RET. Skips empty lines and rows. */
enum read_result reader_next(struct reader *r, struct raw_event *ret, struct error *err);

/*
 * The line (from 1) and the original text of the last record. The text is valid
 * until the next call.
 */
int64_t reader_line(const struct reader *r);
const char *reader_text(const struct reader *r, size_t *ret_len);
size_t reader_record_bytes(const struct reader *r);

/* Counts CSV records with line ends inside of quotes. */
struct reader_folds {
	int64_t records;
	/* first line and number of lines of the longest such record */
	int64_t longest_line, longest_lines;
};
struct reader_folds reader_folds(const struct reader *r);

#endif
