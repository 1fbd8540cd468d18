/*
 * json_scan.h - finds where a JSON value ends, in pieces of any size, and
 * notices the first byte that JSON can't have there.
 *
 * A value that is malformed still ends if its brackets close on the line where
 * that shows: then it costs that value alone. If they don't, the value is
 * broken, and only its reader can know where the next one begins.
 */
#ifndef INGEST_JSON_SCAN_H
#define INGEST_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_SCAN_DEPTH = 64 }; /* a value that is nested deeper is broken */

/* Zeroed: before the first byte of a value. */
struct json_scan {
	unsigned char state;
	unsigned char hex; /* digits of a \u escape that are still to come */
	bool malformed;    /* a byte was seen that can't be there */
	size_t depth;
	uint64_t objects; /* a bit a level: an object, else an array */
};

enum json_step {
	JSON_MORE, /* all bytes belong to the value, which goes on */
	JSON_END,  /* it ended with the last byte taken */
	/* malformed, and its line ends before its brackets close */
	JSON_BROKEN
};

/*
 * Takes up to LEN bytes of TEXT and returns how many of them belong to the
 * value. The byte behind a number or a word, and a bracket that closes none of
 * the value's own, don't. With JSON_BROKEN they end before the line end.
 * *RET_AT is the first of these bytes that can't be there, LEN if there is
 * none.
 */
size_t json_scan(struct json_scan *s, const char *text, size_t len, enum json_step *ret,
		 size_t *ret_at);

#endif
