/*
 * number.h - exact decimal arithmetic for the filters and rules of mappings.
 * Numbers have at most 18 places and, without their point, fit in 64 bits. A
 * result beyond these bounds is an error.
 */
#ifndef MAPPING_NUMBER_H
#define MAPPING_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include "base/decimal.h"

#define NUMBER_PLACES_MAX 18

/*
 * Reads LEN bytes of TEXT as decimal_parse does; if COMMA, the number has a
 * decimal comma, and may have points between groups of three digits: "1.234,5".
 * Returns false if TEXT is no number or out of bounds.
 */
bool number_read(const char *text, size_t len, bool comma, struct decimal *ret);

/* <0, 0, >0 */
int number_compare(struct decimal a, struct decimal b);

/*
 * The functions below return false if the result is out of bounds; then *RET is
 * undefined. A divisor B must not be 0.
 */
bool number_add(struct decimal a, struct decimal b, struct decimal *ret);
bool number_mul(struct decimal a, struct decimal b, struct decimal *ret);
/* also returns false if the quotient isn't exact */
bool number_div(struct decimal a, struct decimal b, struct decimal *ret);
/* the remainder of A / B; has the sign of B */
bool number_mod(struct decimal a, struct decimal b, struct decimal *ret);
/* A / B, rounded up to a whole number */
bool number_ceil(struct decimal a, struct decimal b, struct decimal *ret);
/* the same, rounded down */
bool number_floor(struct decimal a, struct decimal b, struct decimal *ret);

/*
 * number_div_to rounds A / B to PLACES, number_round rounds A. Halves are
 * rounded away from zero.
 */
bool number_div_to(struct decimal a, struct decimal b, int places, struct decimal *ret);
bool number_round(struct decimal a, int places, struct decimal *ret);

#endif
