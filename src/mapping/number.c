#include "mapping/number.h"

#include "base/banned.h"

#define NUMBER_TEXT 64 /* any number within the bounds, with zeros to spare */

static wide ten_to(int places)
{
	wide n = 1;

	while (places-- > 0)
		n *= 10;
	return n;
}

/* Cuts trailing zeros. Returns false if the number is out of bounds. */
static bool settle(struct decimal d, struct decimal *ret)
{
	while (d.places > 0 && d.n % 10 == 0) {
		d.n /= 10;
		d.places--;
	}
	*ret = d;
	return d.places <= NUMBER_PLACES_MAX && d.n <= INT64_MAX && d.n >= -INT64_MAX;
}

/*
 * Brings A and B to the same number of places, and returns this number. This
 * can't overflow: |n| has 64 bits, so n * 10^18 fits in 128 bits.
 */
static int align(struct decimal *a, struct decimal *b)
{
	int places = a->places > b->places ? a->places : b->places;

	a->n *= ten_to(places - a->places);
	b->n *= ten_to(places - b->places);
	a->places = b->places = places;
	return places;
}

static size_t count_digits(const char *p, const char *end)
{
	const char *from = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - from);
}

/*
 * The length of the whole part of a number with a decimal comma: digits, or
 * groups of three digits separated by points. The first group has one to three
 * digits and doesn't begin with 0. Returns 0 if TEXT does not begin with such a
 * part.
 */
static size_t whole_part(const char *text, const char *end)
{
	const char *p = text + count_digits(text, end);

	if (p == end || *p != '.')
		return (size_t)(p - text);
	if (p == text || p - text > 3 || *text == '0')
		return 0;
	for (; p < end && *p == '.'; p += 4)
		if (count_digits(p + 1, end) != 3)
			return 0;
	return (size_t)(p - text);
}

/*
 * Converts "1.234,5" to "1234.5". Returns the new length, or 0 if TEXT is no
 * number with a decimal comma.
 */
static size_t with_point(const char *text, size_t len, char ret[static NUMBER_TEXT])
{
	const char *p = text, *end = text + len;
	size_t whole, n = 0;

	if (len >= NUMBER_TEXT)
		return 0;
	if (p < end && (*p == '-' || *p == '+'))
		ret[n++] = *p++;
	whole = whole_part(p, end);
	if (whole == 0)
		return 0;
	for (; whole > 0; whole--, p++)
		if (*p != '.')
			ret[n++] = *p;
	if (p < end && *p == '.')
		return 0;
	if (p < end && *p == ',') {
		ret[n++] = '.';
		p++;
	}
	for (; p < end; p++)
		ret[n++] = *p;
	return n;
}

bool number_read(const char *text, size_t len, bool comma, struct decimal *ret)
{
	char point[NUMBER_TEXT];
	enum decimal_fault fault = DECIMAL_PLACES;
	int64_t n;
	int places;

	if (comma) {
		len = with_point(text, len, point);
		text = point;
	}
	for (places = 0; fault == DECIMAL_PLACES && places <= NUMBER_PLACES_MAX; places++)
		fault = decimal_parse(text, len, places, INT64_MAX, &n);
	if (fault != DECIMAL_OK)
		return false;
	*ret = (struct decimal) { n, places - 1 };
	return true;
}

int number_compare(struct decimal a, struct decimal b)
{
	align(&a, &b);
	return a.n < b.n ? -1 : a.n > b.n;
}

bool number_add(struct decimal a, struct decimal b, struct decimal *ret)
{
	int places = align(&a, &b);

	return settle((struct decimal) { a.n + b.n, places }, ret);
}

bool number_mul(struct decimal a, struct decimal b, struct decimal *ret)
{
	return settle((struct decimal) { a.n * b.n, a.places + b.places }, ret);
}

/* A division: the remainder and the quotient so far. */
struct division {
	struct decimal quotient;
	wide rest;
};

/*
 * Long division, a digit at a time, until the remainder is 0 or the quotient
 * has PLACES. Returns false if the quotient is out of bounds.
 */
static bool divide(struct decimal a, struct decimal b, int places, struct division *ret)
{
	const wide limit = ten_to(36);
	struct division d = { { a.n / b.n, a.places - b.places }, a.n % b.n };

	for (; d.quotient.places < 0 || (d.rest != 0 && d.quotient.places < places);
	     d.quotient.places++) {
		if (d.quotient.n > limit || d.quotient.n < -limit)
			return false;
		d.rest *= 10;
		d.quotient.n = d.quotient.n * 10 + d.rest / b.n;
		d.rest %= b.n;
	}
	*ret = d;
	return true;
}

bool number_div(struct decimal a, struct decimal b, struct decimal *ret)
{
	struct division d;

	return divide(a, b, NUMBER_PLACES_MAX, &d) && d.rest == 0 && settle(d.quotient, ret);
}

static wide magnitude(wide n)
{
	return n < 0 ? -n : n;
}

bool number_round(struct decimal a, int places, struct decimal *ret)
{
	wide unit, rest;

	if (a.places > places) {
		unit = ten_to(a.places - places);
		rest = a.n % unit;
		a.n = a.n / unit + (2 * magnitude(rest) >= unit) * (rest < 0 ? -1 : 1);
		a.places = places;
	}
	return settle(a, ret);
}

/*
 * The remainder rounds a quotient of PLACES. A longer quotient is rounded by
 * its further digits.
 */
bool number_div_to(struct decimal a, struct decimal b, int places, struct decimal *ret)
{
	struct division d;

	if (!divide(a, b, places, &d))
		return false;
	if (d.quotient.places == places && 2 * magnitude(d.rest) >= magnitude(b.n))
		d.quotient.n += (a.n < 0) == (b.n < 0) ? 1 : -1;
	return number_round(d.quotient, places, ret);
}

bool number_mod(struct decimal a, struct decimal b, struct decimal *ret)
{
	int places = align(&a, &b);
	wide rest = a.n % b.n;

	if (rest != 0 && (rest < 0) != (b.n < 0))
		rest += b.n;
	return settle((struct decimal) { rest, places }, ret);
}

bool number_ceil(struct decimal a, struct decimal b, struct decimal *ret)
{
	wide whole;

	align(&a, &b);
	whole = a.n / b.n;
	if (a.n % b.n != 0 && (a.n < 0) == (b.n < 0))
		whole++;
	return settle((struct decimal) { whole, 0 }, ret);
}

bool number_floor(struct decimal a, struct decimal b, struct decimal *ret)
{
	wide whole;

	align(&a, &b);
	whole = a.n / b.n;
	if (a.n % b.n != 0 && (a.n < 0) != (b.n < 0))
		whole--;
	return settle((struct decimal) { whole, 0 }, ret);
}
