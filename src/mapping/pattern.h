/*
 * pattern.h - patterns for cells, in the rules and tables of a mapping:
 *
 * - "60..3600", "60..", "..59": a range of numbers, both ends included.
 * - "0900*", "???", "a\*": a text in which * matches any characters and ? one
 *   character. A backslash makes the next character literal.
 * - "ANSWERED": this text.
 */
#ifndef MAPPING_PATTERN_H
#define MAPPING_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/decimal.h"

struct pattern {
	enum { PATTERN_TEXT, PATTERN_GLOB, PATTERN_RANGE } kind;
	const char *text;
	size_t len;
	struct decimal low, high; /* places -1: no limit */
};

/* The text is copied into ARENA. */
void pattern_compile(struct pattern *ret, const char *text, struct arena *arena);

/* Does P match TEXT? COMMA: a number in TEXT has a decimal comma (number.h). */
bool pattern_fits(const struct pattern *p, const char *text, size_t len, bool comma);

#endif
