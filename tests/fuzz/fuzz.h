/*
 * fuzz.h - what fuzz targets share. A target is one LLVMFuzzerTestOneInput; it
 * fails by must().
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "ingest/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold, whatever the input. */
#define must(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A stream of the input, STEP bytes a read. */
struct fuzz_stream {
	const uint8_t *data;
	size_t size, at, step;
};

int64_t fuzz_read(void *stream, void *buf, size_t size, struct error *err); /* a read_bytes */

/*
 * Reads the input as FORM through MAPPING (or NULL), at once, byte by byte and
 * in threes: the records, their lines and what is wrong with them must be the
 * same, and an event that event_check accepts must keep the rules.
 */
void fuzz_reader(enum reader_form form, struct mapping *mapping, const uint8_t *data, size_t size);

/* An event that event_check accepts keeps the rules. */
void fuzz_event(const struct raw_event *raw);

/* The path of a file that holds this text until the next call. */
const char *fuzz_file(const void *text, size_t len);

/* A mapping of this text, or NULL. */
struct mapping *fuzz_mapping(const void *text, size_t len);

#endif
