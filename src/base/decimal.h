/*
 * decimal.h - exact decimal numbers: an integer, and how many of its digits are
 * decimal places. No binary floating point anywhere.
 *
 * Amounts have a fixed number of places: a usage 6 (micro units), a price 9
 * (nano units of the currency). A stored amount is an int64_t; sums of them are
 * 128 bits wide, so a report can't overflow.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#define USAGE_PLACES 6
#define PRICE_PLACES 9

typedef __int128 wide; /* sums */

struct decimal {
	wide n;
	int places; /* decimal places; -1: null, no number */
};

#define DECIMAL_NULL ((struct decimal) { .places = -1 })

/* Enough for any decimal_format, with its NUL. */
#define DECIMAL_TEXT 48

enum decimal_fault { DECIMAL_OK, DECIMAL_SYNTAX, DECIMAL_PLACES, DECIMAL_RANGE };

/*
 * Reads LEN bytes exactly: an optional sign, digits, an optional fraction, an
 * optional exponent (RFC 8259 section 6; a leading "+" or zeros are allowed,
 * too). Returns DECIMAL_PLACES if a digit after the first PLACES decimal places
 * is not 0, DECIMAL_RANGE if |value| * 10^PLACES is above MAX. *ret_n is set
 * only with DECIMAL_OK.
 */
enum decimal_fault decimal_parse(const char *text, size_t len, int places, int64_t max,
				 int64_t *ret_n);

/*
 * Writes the number without trailing zeros ("2.5", "0", "-0.017") and returns
 * the length.
 */
size_t decimal_format(char buf[static DECIMAL_TEXT], wide n, int places);

/* Converts N from PLACES to TO decimal places. Rounds halves away from zero. */
wide decimal_round(wide n, int places, int to);

/* N / 10^PLACES rounded up to a whole number (towards plus infinity). */
wide decimal_ceil(wide n, int places);

#endif
