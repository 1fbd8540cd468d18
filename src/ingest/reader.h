/*
 * reader.h - usage events out of a stream of bytes, one after the other, whatever
 * the form: CloudEvents as JSON (one, or an array), NDJSON, CSV with a header; JSON and CSV of others through a mapping.
 * Memory is bounded by the longest record allowed, not by the stream.
 */
#ifndef INGEST_READER_H
#define INGEST_READER_H

#include "base/error.h"
#include "ingest/mapping.h"
#include "usage/event.h"

#ifndef RECORD_BYTES_MAX             /* fuzz targets are built with less */
#define RECORD_BYTES_MAX 65536
#endif

struct reader;

/* Bytes: up to SIZE into BUF; 0 at the end, -1 failed. */
typedef int64_t (*read_bytes)(void *arg, void *buf, size_t size, struct error *err);

enum reader_form {
	READER_NDJSON,
	READER_JSON,        /* an event, or an array of them */
	READER_DATA,        /* one event's data alone, its attributes come by another way (attributes.h); nothing is an event without data */
	READER_CSV
};

/*
 * MAPPING is NULL where records are events: JSON has their form, and CSV their fields' names as its header. Else it must be
 * one for this form; it is borrowed, told the columns of this stream, and serves one reader at a time. Never NULL.
 * With a mapping, objects of READER_JSON may also follow each other, with or without spaces or line ends between.
 */
struct reader *reader_new(enum reader_form form, struct mapping *mapping, read_bytes read, void *arg);
void reader_free(struct reader **r);

enum read_result {
	READ_END,           /* no more */
	READ_EVENT,         /* *ret is filled, good until the next call */
	READ_SKIPPED,       /* a row that the mapping leaves out, or an empty line */
	READ_BAD,           /* this record can't be read; err says why, the next one may be good */
	READ_FAILED         /* the stream is broken; err says why */
};

enum read_result reader_next(struct reader *r, struct raw_event *ret, struct error *err);

/* Line (from 1) of the last record, and its own text for the file of rejected ones. Good until the next call. */
int64_t reader_line(const struct reader *r);
const char *reader_text(const struct reader *r, size_t *ret_len);

#endif
