/*
 * reader_internal.h - what the readers share: a window on the stream of bytes,
 * and the record in work. Only for reader*.c.
 */
#ifndef INGEST_READER_INTERNAL_H
#define INGEST_READER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ingest/reader.h"

/* Of the window: at first, and beyond the longest record at most. */
#define WINDOW_FIRST_BYTES 16384
#define WINDOW_MORE_BYTES  65536

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
	size_t size;       /* of it; grows as records need it */
	size_t start, end; /* bytes not yet taken: [start, end) of the window */
	bool begun, ended; /* has read anything; has seen the stream's end */
	size_t taken;      /* bytes of the last record, let go at the next call */
	int64_t lines;     /* newlines in them */
	/* the rest of the line that it ended in is to be passed over */
	bool cut;
	struct reader_folds folds;
	int64_t line;     /* of the last record, from 1 */
	const char *text; /* the last record without its line end */
	size_t text_len;
};

/*
 * Makes sure that more bytes follow START than before: 1, or 0 at the stream's
 * end, or -1. The window may move.
 */
int window_more(struct reader *r, struct error *err);

enum line_result {
	LINE_NONE, /* the stream ends here */
	/* *ret_end: first byte after the line and its newline, from START */
	LINE_WHOLE,
	LINE_LONG, /* longer than a record may be */
	LINE_FAILED
};

/* The line that begins FROM bytes after START. */
enum line_result window_line(struct reader *r, size_t from, size_t *ret_end, struct error *err);

/*
 * Makes the next LEN bytes, that hold LINES newlines, the record. The text
 * stays until the next call of reader_next.
 */
void reader_take(struct reader *r, size_t len, int64_t lines);

/* Done with the record. */
void reader_let_go(struct reader *r);

/*
 * Lets go of spaces and line ends; *ret is the byte after them, -1 at the
 * stream's end. 0, or -1 failed.
 */
int reader_skip_spaces(struct reader *r, int *ret, struct error *err);

/* The same for line ends alone. */
int reader_skip_line_ends(struct reader *r, int *ret, struct error *err);

/*
 * What there is of a record that is too long becomes the record; the rest of
 * its line is passed over. READ_BAD.
 */
enum read_result reader_cut(struct reader *r, struct error *err);

#endif
