/*
 * pattern.h - patterns that a mapping's rules and tables compare cells with:
 *
 * - "60..3600", "60..", "..59": a range of numbers, both ends included.
 * - "0900*", "???", "a\*": a text in which * stands for any characters and ?
 *   for one; a backslash takes the next character as it is.
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
	struct decimal low, high; /* places -1: no end there */
};

/* The text is copied into ARENA. */
void pattern_compile(struct pattern *ret, const char *text, struct arena *arena);

/* COMMA: numbers of the TEXT have a decimal comma (number.h). */
bool pattern_fits(const struct pattern *p, const char *text, size_t len, bool comma);

#endif
