/*
 * attribute.h - reads the attributes of an event: the JSON object that
 * ingest/members.h has written. It has no spaces between its tokens, and its
 * strings escape only quotes, backslashes and control characters.
 */
#ifndef USAGE_ATTRIBUTE_H
#define USAGE_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>

struct attribute_reader {
	const char *at, *end;
};

/* Both are as in the JSON text, a string with its quotes. */
struct attribute {
	const char *name; /* without quotes */
	size_t name_len;
	const char *value;
	size_t value_len;
};

/* TEXT is borrowed by the reader, which needs no release. */
void attribute_begin(struct attribute_reader *r, const char *text, size_t len);
/*
 * Reads the next attribute. False: the end, or the text is not as described
 * above.
 */
bool attribute_next(struct attribute_reader *r, struct attribute *ret);

/*
 * The value as the value of a dimension: the text of a string, a number, true
 * or false. Returns its length, or 0 for what cannot be a value: null, a list,
 * an object, an empty text, more than MAX bytes, control characters.
 */
size_t attribute_value(const struct attribute *a, char *out, size_t max);

#endif
