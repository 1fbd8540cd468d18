/*
 * reader_internal.h - common parts of the readers: a window on the stream of
 * bytes, and the current record. Only for reader*.c.
 */
#ifndef INGEST_READER_INTERNAL_H
#define INGEST_READER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ingest/reader.h"

/*
 * The first size of the window, its size for a stream of short records, and the
 * most bytes that it has beyond the longest record.
 */
#define WINDOW_FIRST_BYTES  16384
#define WINDOW_STREAM_BYTES 262144
#define WINDOW_MORE_BYTES   65536

struct form_ops {
	void *(*new_state)(const struct reader *r);
	enum read_result (*next)(struct reader *r, struct raw_event *ret, struct error *err);
	void (*free_state)(void *state);
};

extern const struct form_ops form_ndjson, form_json, form_data, form_csv, form_tsv;

struct reader {
	const struct form_ops *ops;
	void *state;
	struct mapping *mapping;
	size_t record_bytes; /* the longest record */
	read_bytes read;
	void *arg;
	char *window;
	size_t size;       /* of the window; grows as records need it */
	size_t start, end; /* bytes not yet taken: [start, end) of the window */
	/* begun: a byte was read; ended: the stream's end was seen */
	bool begun, ended;
	size_t taken;  /* bytes of the last record, dropped at the next call */
	int64_t lines; /* newlines in the last record */
	/* the last record was cut: skip the rest of its line */
	bool cut;
	struct reader_folds folds;
	int64_t line;     /* line of the last record, from 1 */
	const char *text; /* the last record without its line end */
	size_t text_len;
};

/*
 * Reads more bytes after START. Returns 1, 0 at the stream's end, or -1. The
 * window may move.
 */
int window_more(struct reader *r, struct error *err);

enum line_result {
	LINE_NONE, /* the stream ends here */
	/* *ret_end: first byte after the line and its newline, from START */
	LINE_WHOLE,
	LINE_LONG, /* longer than a record may be */
	LINE_FAILED
};

/* Finds the end of the line that begins FROM bytes after START. */
enum line_result window_line(struct reader *r, size_t from, size_t *ret_end, struct error *err);

/*
 * Makes the next LEN bytes, which have LINES newlines, the record. The text is
 * valid until the next call of reader_next.
 */
void reader_take(struct reader *r, size_t len, int64_t lines);

/* Drops the record. */
void reader_let_go(struct reader *r);

/*
 * Skips spaces and line ends. *ret is the next byte, or -1 at the stream's end.
 * Returns 0, or -1 on failure.
 */
int reader_skip_spaces(struct reader *r, int *ret, struct error *err);

/* The same for line ends only. */
int reader_skip_line_ends(struct reader *r, int *ret, struct error *err);

/*
 * Cuts a record that is too long: makes the bytes in the window the record, and
 * skips the rest of the line. Returns READ_BAD.
 */
enum read_result reader_cut(struct reader *r, struct error *err);

#endif
