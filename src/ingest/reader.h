/*
 * reader.h - usage events out of a stream of bytes, one after the other, in any
 * form: CloudEvents as JSON, one a line (NDJSON), one after the other or in an
 * array; CSV and tab-separated values with a header; JSON and CSV of other
 * programs through a mapping.
 *
 * Every record of the stream has a result, also when others are damaged or too
 * long. Where reading goes on after damage:
 *
 *   NDJSON, TSV  at the next line
 *   CSV a quote that isn't closed, or not well, costs the line that it is on
 *   JSON a value that is malformed costs itself if its brackets close on the
 *   line
 *                where that shows. Else reading goes on at the next line, after
 *                the one
 *                that the value begins on, that begins with {, no further to
 *                the right than
 *                the events before (spaces, tabs and commas may stand in front
 *                of it)
 *
 * A record that is too long costs itself alone. Memory is bounded by the
 * longest record allowed, not by the stream.
 */
#ifndef INGEST_READER_H
#define INGEST_READER_H

#include "base/error.h"
#include "ingest/mapping.h"
#include "usage/event.h"

struct reader;

/* Bytes: up to SIZE into BUF; 0 at the end, -1 failed. */
typedef int64_t (*read_bytes)(void *arg, void *buf, size_t size, struct error *err);

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
 * MAPPING is NULL where records are events: JSON has their form, and CSV their
 * fields' names as its header. Else it must be one for this form; it is
 * borrowed, told the columns of this stream, and serves one reader at a time.
 * No record may be longer than RECORD_BYTES. Never NULL.
 */
struct reader *reader_new(enum reader_form form, struct mapping *mapping, size_t record_bytes,
			  read_bytes read, void *arg);
void reader_free(struct reader **r);

enum read_result {
	READ_END,     /* no more */
	READ_EVENT,   /* *ret is filled, good until the next call */
	READ_SKIPPED, /* a record that the mapping leaves out */
	READ_BAD,     /* this record can't be read; err says why, the next one may be good */
	READ_FAILED   /* the stream is broken; err says why. All records before were given */
};

/* Lines and rows without anything in them are no records. */
enum read_result reader_next(struct reader *r, struct raw_event *ret, struct error *err);

/*
 * Line (from 1) of the last record, and its own text for the file of rejected
 * ones. Good until the next call.
 */
int64_t reader_line(const struct reader *r);
const char *reader_text(const struct reader *r, size_t *ret_len);
size_t reader_record_bytes(const struct reader *r);

/*
 * Records of CSV that went over several lines, since quotes enclosed line ends.
 */
struct reader_folds {
	int64_t records;
	/* where the longest begins, and how many lines it has */
	int64_t longest_line, longest_lines;
};
struct reader_folds reader_folds(const struct reader *r);

#endif
