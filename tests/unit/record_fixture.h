/*
 * record_fixture.h - bytes as a stream, and what a reader makes of them as
 * text.
 */
#ifndef TESTS_UNIT_RECORD_FIXTURE_H
#define TESTS_UNIT_RECORD_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ingest/reader.h"
#include "mapping/mapping.h"
#include "suite.h"

#define RECORD_BYTES 65536 /* of the longest record */

/* ---- a stream out of memory, STEP bytes a read ---- */

struct bytes {
	const char *text;
	size_t len, at, step;
	size_t fail_at; /* reading beyond fails; 0 = never */
};

static inline int64_t read_from(void *arg, void *buf, size_t size, struct error *err)
{
	struct bytes *b = arg;
	size_t n = b->len - b->at;

	if (b->fail_at && b->at >= b->fail_at)
		return error_set(err, ERR_INTERNAL, NULL, "the disk is gone");
	if (n > b->step)
		n = b->step;
	if (n > size)
		n = size;
	memcpy(buf, b->text + b->at, n);
	b->at += n;
	return (int64_t)n;
}

/*
 * What a reader says, a line a record: "3 event id=a usage=1" or "4 bad the
 * message".
 */
static inline char *told(enum reader_form form, struct mapping *m, const char *text, size_t len,
			 size_t step)
{
	static char out[1 << 18];
	struct bytes bytes = { .text = text, .len = len, .step = step };
	struct reader *r = reader_new(form, m, RECORD_BYTES, read_from, &bytes);
	enum read_result got = READ_EVENT;
	size_t at = 0;

	out[0] = '\0';
	while (got != READ_END && got != READ_FAILED) {
		struct raw_event ev;
		struct error err = { 0 };
		size_t text_len;

		got = reader_next(r, &ev, &err);
		if (got == READ_END)
			break;
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%ld", (long)reader_line(r));
		if (got == READ_SKIPPED)
			at += (size_t)snprintf(out + at, sizeof(out) - at, " skipped");
		if (got == READ_BAD || got == READ_FAILED)
			at += (size_t)snprintf(out + at, sizeof(out) - at, " %s %s%s%s",
					       got == READ_BAD ? "bad" : "failed", err.param,
					       err.param[0] ? ": " : "", err.message);
		for (int f = 0; got == READ_EVENT && f < EVENT_FIELDS; f++)
			if (ev.field[f].text)
				at += (size_t)snprintf(out + at, sizeof(out) - at, " %s=%.*s",
						       event_fields[f].name, (int)ev.field[f].len,
						       ev.field[f].text);
		if (got == READ_EVENT && ev.attributes.text)
			at += (size_t)snprintf(out + at, sizeof(out) - at, " +%.*s",
					       (int)ev.attributes.len, ev.attributes.text);
		at += (size_t)snprintf(out + at, sizeof(out) - at, "\n");
		ck_assert_uint_lt(at, sizeof(out) - 4096);
		reader_text(r, &text_len);
		ck_assert_uint_le(text_len, RECORD_BYTES + 1);
	}
	reader_free(&r);
	return out;
}

/* The same whether bytes come at once or one by one. */
static inline void check_told(enum reader_form form, struct mapping *m, const char *text,
			      size_t len, const char *want)
{
	ck_assert_str_eq(told(form, m, text, len, SIZE_MAX), want);
	ck_assert_str_eq(told(form, m, text, len, 1), want);
	ck_assert_str_eq(told(form, m, text, len, 7), want);
}

#define CHECK_TOLD(form, text, want) check_told(form, NULL, text, sizeof(text) - 1, want)

/* ---- mappings ---- */

static inline const char *mapping_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "record_fixture.%ld.ini", (long)getpid());
	return path;
}

static inline struct mapping *load(const char *text, struct error *err)
{
	FILE *f = fopen(mapping_path(), "w");
	struct mapping *m = NULL;

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	mapping_load(mapping_path(), &m, err);
	unlink(mapping_path());
	return m;
}

static inline void check_mapped(const char *mapping, const char *text, size_t len, const char *want)
{
	struct error err = { 0 };
	struct mapping *m = load(mapping, &err);

	ck_assert_msg(m != NULL, "%s", err.message);
	check_told(READER_CSV, m, text, len, want);
	mapping_free(&m);
}

#define CHECK_MAPPED(mapping, text, want) check_mapped(mapping, text, sizeof(text) - 1, want)
#define EVENT                             "[event]\nsource = s\nid = {a}\naccount = {b|lower}\ncategory = calls\n"

#endif
