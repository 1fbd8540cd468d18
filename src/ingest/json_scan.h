/*
 * json_scan.h - finds where a JSON value ends, in pieces of any size, and
 * notices the first byte that JSON can't have there.
 *
 * A malformed value still has an end if its brackets close on the line of the
 * first wrong byte. Otherwise the value is broken, and the caller must find the
 * beginning of the next value.
 */
#ifndef INGEST_JSON_SCAN_H
#define INGEST_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_SCAN_DEPTH = 64 }; /* a value that is nested deeper is broken */

/* Zero it before the first byte of each value. */
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
 * value, with spaces before it. The byte after a number or a word does not
 * belong to it, nor a bracket that closes none of the value's own. The bytes of
 * a broken value end before the line end. *RET_AT is the index of the first
 * wrong byte; LEN: there is none.
 */
size_t json_scan(struct json_scan *s, const char *text, size_t len, enum json_step *ret,
		 size_t *ret_at);

#endif
