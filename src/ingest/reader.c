/* reader.c - the window on the stream, and functions for all forms. */
#include "ingest/reader.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/reader_internal.h"
#include "base/banned.h"

static const struct form_ops *const forms[] = { [READER_NDJSON] = &form_ndjson,
						[READER_JSON] = &form_json,
						[READER_DATA] = &form_data,
						[READER_CSV] = &form_csv,
						[READER_TSV] = &form_tsv };

static size_t window_most(const struct reader *r)
{
	return r->record_bytes + WINDOW_MORE_BYTES;
}

/*
 * Should the window grow before more is read into it? A request with one event
 * needs only a small window. A stream that fills it gets WINDOW_STREAM_BYTES:
 * fewer, longer reads. Only a record that needs more gets more.
 */
static bool is_too_small(const struct reader *r)
{
	return r->end == r->size && r->size < window_most(r) &&
	       (r->size < WINDOW_STREAM_BYTES || r->end - r->start > r->size / 2);
}

/* Makes the window four times as large, or makes the first one. */
static void window_grow(struct reader *r)
{
	r->size = r->size ? 4 * r->size : WINDOW_FIRST_BYTES;
	if (r->size > window_most(r))
		r->size = window_most(r);
	r->window = realloc(r->window, r->size);
	if (!r->window)
		abort();
}

struct reader *reader_new(enum reader_form form, struct mapping *mapping, size_t record_bytes,
			  read_bytes read, void *arg)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->record_bytes = record_bytes;
	window_grow(r);
	r->ops = forms[form];
	r->mapping = mapping;
	r->read = read;
	r->arg = arg;
	r->line = 1;
	r->text = "";
	r->state = r->ops->new_state(r);
	return r;
}

void reader_free(struct reader **rp)
{
	struct reader *r = *rp;

	if (!r)
		return;
	r->ops->free_state(r->state);
	free(r->window);
	free(r);
	*rp = NULL;
}

int64_t reader_line(const struct reader *r)
{
	return r->line;
}

const char *reader_text(const struct reader *r, size_t *ret_len)
{
	*ret_len = r->text_len;
	return r->text;
}

size_t reader_record_bytes(const struct reader *r)
{
	return r->record_bytes;
}

struct reader_folds reader_folds(const struct reader *r)
{
	return r->folds;
}

/* Skips a byte order mark at the start of the stream. */
static void skip_mark(struct reader *r)
{
	if (r->end - r->start >= 3 && memcmp(r->window + r->start, "\xEF\xBB\xBF", 3) == 0)
		r->start += 3;
}

/* Reads once into the window, which must have room. */
static int window_read(struct reader *r, struct error *err)
{
	int64_t n = r->read(r->arg, r->window + r->end, r->size - r->end, err);

	if (n < 0)
		return -1;
	if (n == 0) {
		r->ended = true;
		return 0;
	}
	r->end += (size_t)n;
	return 1;
}

int window_more(struct reader *r, struct error *err)
{
	bool small = is_too_small(r);
	int rc;

	if (r->ended)
		return 0;
	if (r->start) {
		memmove(r->window, r->window + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	if (small)
		window_grow(r);
	rc = window_read(r, err);
	if (r->begun || rc <= 0)
		return rc;
	while (rc > 0 && r->end < 3)
		rc = window_read(r, err);
	r->begun = true;
	skip_mark(r);
	return rc < 0 ? -1 : 1;
}

enum line_result window_line(struct reader *r, size_t from, size_t *ret_end, struct error *err)
{
	size_t searched = from;

	for (;;) {
		size_t have = r->end - r->start;
		char *newline = memchr(r->window + r->start + searched, '\n', have - searched);
		int rc;

		if (newline)
			*ret_end = (size_t)(newline - r->window) - r->start + 1;
		if (newline ? *ret_end - 1 > r->record_bytes : have > r->record_bytes)
			return LINE_LONG;
		if (newline)
			return LINE_WHOLE;
		searched = have;
		rc = window_more(r, err);
		if (rc < 0)
			return LINE_FAILED;
		if (rc == 0) {
			*ret_end = have;
			return have > from ? LINE_WHOLE : LINE_NONE;
		}
	}
}

void reader_take(struct reader *r, size_t len, int64_t lines)
{
	r->text = r->window + r->start;
	r->text_len = len;
	r->taken = len;
	r->lines = lines;
	while (r->text_len &&
	       (r->text[r->text_len - 1] == '\n' || r->text[r->text_len - 1] == '\r'))
		r->text_len--;
}

void reader_let_go(struct reader *r)
{
	r->start += r->taken;
	r->line += r->lines;
	r->taken = 0;
	r->lines = 0;
	r->text_len = 0;
}

static int skip(struct reader *r, bool (*skipped)(char c), int *ret, struct error *err)
{
	for (;;) {
		int rc;

		for (; r->start < r->end; r->start++) {
			if (!skipped(r->window[r->start])) {
				*ret = (unsigned char)r->window[r->start];
				return 0;
			}
			r->line += r->window[r->start] == '\n';
		}
		rc = window_more(r, err);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			*ret = -1;
			return 0;
		}
	}
}

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || is_line_end(c);
}

int reader_skip_spaces(struct reader *r, int *ret, struct error *err)
{
	return skip(r, is_space, ret, err);
}

int reader_skip_line_ends(struct reader *r, int *ret, struct error *err)
{
	return skip(r, is_line_end, ret, err);
}

enum read_result reader_cut(struct reader *r, struct error *err)
{
	reader_take(r, r->record_bytes, 0);
	r->cut = true;
	error_set(err, ERR_TOO_LARGE, NULL,
		  "the record is longer than %zu bytes (ingest.record_bytes)", r->record_bytes);
	return READ_BAD;
}

/* Skips the rest of a line that was cut. */
static int skip_rest(struct reader *r, struct error *err)
{
	for (;;) {
		char *newline = memchr(r->window + r->start, '\n', r->end - r->start);
		int rc;

		if (newline) {
			r->start = (size_t)(newline - r->window) + 1;
			r->line++;
			r->cut = false;
			return 0;
		}
		r->start = r->end;
		rc = window_more(r, err);
		if (rc <= 0)
			return rc;
	}
}

enum read_result reader_next(struct reader *r, struct raw_event *ret, struct error *err)
{
	reader_let_go(r);
	if (r->cut && skip_rest(r, err) < 0)
		return READ_FAILED;
	return r->ops->next(r, ret, err);
}
