/*
 * json_scan.h - finds the end of a JSON value that comes in pieces of any size,
 * and the first byte that JSON does not allow.
 *
 * The end of a malformed value is found if its brackets close on the line of
 * the first wrong byte. Otherwise the value is broken, and the caller must find
 * the beginning of the next value.
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
	unsigned char hex; /* missing digits of a \u escape */
	bool malformed;    /* a wrong byte was seen */
	size_t depth;
	uint64_t objects; /* one bit for each level: 1 object, 0 array */
};

enum json_step {
	JSON_MORE, /* all bytes belong to the value, which needs more bytes */
	JSON_END,  /* the value ended with the last taken byte */
	/*
	 * the value is malformed, and the line ends before the brackets close
	 */
	JSON_BROKEN
};

/*
 * Takes up to LEN bytes of TEXT and returns how many bytes belong to the value,
 * with the spaces before the value. The byte after a number or a word does not
 * belong to the value, and neither does a closing bracket that the value did
 * not open. The bytes of a broken value end before the line end. *RET_AT is the
 * index of the first wrong byte; LEN: none.
 */
size_t json_scan(struct json_scan *s, const char *text, size_t len, enum json_step *ret,
		 size_t *ret_at);

#endif
