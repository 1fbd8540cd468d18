#include "base/decimal.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

#define MOST_PLACES 38                      /* a wide has 39 digits */
#define TEN_TO_19   10000000000000000000ULL /* the largest power of ten in 64 bits */

/* A number's text taken apart. */
struct decimal_parts {
	const char *whole;
	size_t whole_len;
	const char *fraction;
	size_t fraction_len;
	int64_t exponent;
	bool negative;
};

#define EXPONENT_LIMIT (INT64_MAX / 64) /* no text has so many digits */

static size_t count_digits(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - start);
}

/* Skips a sign. Returns true if the sign was a minus. */
static bool skip_sign(const char **p, const char *end)
{
	bool negative = *p < end && **p == '-';

	if (*p < end && (**p == '-' || **p == '+'))
		(*p)++;
	return negative;
}

static int64_t read_exponent(const char *p, size_t len, bool negative)
{
	int64_t e = 0;

	for (size_t i = 0; i < len && e < EXPONENT_LIMIT; i++)
		e = e * 10 + (p[i] - '0');
	return negative ? -e : e;
}

static bool take_apart(const char *text, size_t len, struct decimal_parts *ret)
{
	const char *p = text, *end = text + len;
	struct decimal_parts parts = { 0 };
	bool negative;
	size_t n;

	parts.negative = skip_sign(&p, end);
	parts.whole = p;
	parts.whole_len = count_digits(p, end);
	p += parts.whole_len;
	if (parts.whole_len == 0)
		return false;
	if (p < end && *p == '.') {
		parts.fraction = ++p;
		parts.fraction_len = count_digits(p, end);
		p += parts.fraction_len;
		if (parts.fraction_len == 0)
			return false;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		negative = skip_sign(&p, end);
		n = count_digits(p, end);
		if (n == 0)
			return false;
		parts.exponent = read_exponent(p, n, negative);
		p += n;
	}
	*ret = parts;
	return p == end;
}

/* The value of the digits read so far, up to a limit. */
struct sum {
	uint64_t n, max;
	bool above;
};

static void push_digit(struct sum *s, unsigned digit)
{
	if (s->n > s->max / 10)
		s->above = true;
	else
		s->n = s->n * 10 + digit;
	if (s->n > s->max)
		s->above = true;
}

/*
 * Appends the first POINT of LEN digits to the sum. Returns false if any later
 * digit is not 0.
 */
static bool push_digits(struct sum *s, const char *digits, size_t len, int64_t point)
{
	for (size_t i = 0; i < len; i++) {
		if ((int64_t)i < point)
			push_digit(s, (unsigned)(digits[i] - '0'));
		else if (digits[i] != '0')
			return false;
	}
	return true;
}

enum decimal_fault decimal_parse(const char *text, size_t len, int places, int64_t max,
				 int64_t *ret_n)
{
	struct sum sum = { .max = (uint64_t)max };
	struct decimal_parts parts;
	/* how many of the digits the wanted number of places keeps */
	int64_t point;

	assert(max >= 0 && places >= 0);
	if (!take_apart(text, len, &parts))
		return DECIMAL_SYNTAX;
	point = (int64_t)parts.whole_len + parts.exponent + places;
	if (!push_digits(&sum, parts.whole, parts.whole_len, point) ||
	    !push_digits(&sum, parts.fraction, parts.fraction_len,
			 point - (int64_t)parts.whole_len))
		return DECIMAL_PLACES;
	for (point -= (int64_t)(parts.whole_len + parts.fraction_len);
	     point > 0 && sum.n > 0 && !sum.above; point--)
		push_digit(&sum, 0);
	if (sum.above)
		return DECIMAL_RANGE;
	*ret_n = parts.negative ? -(int64_t)sum.n : (int64_t)sum.n;
	return DECIMAL_OK;
}

#define TEN(d) d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9"

/* 00 to 99 */
static const char pairs[] = TEN("0") TEN("1") TEN("2") TEN("3") TEN("4") TEN("5") TEN("6") TEN("7")
	TEN("8") TEN("9");

/*
 * Writes the digits of N just before END, with leading zeros up to LEAST
 * digits. Returns the start of the digits.
 */
static char *put_digits(char *end, uint64_t n, int least)
{
	for (; n >= 10 || least > 1; n /= 100, least -= 2) {
		end -= 2;
		memcpy(end, pairs + n % 100 * 2, 2);
	}
	if (n > 0 || least > 0)
		*--end = (char)('0' + n);
	return end;
}

size_t decimal_format(char buf[static DECIMAL_TEXT], wide n, int places)
{
	unsigned __int128 u = n < 0 ? -(unsigned __int128)n : (unsigned __int128)n;
	char digits[DECIMAL_TEXT], *end = digits + sizeof(digits), *p, *out = buf;
	size_t whole;

	assert(places >= 0 && places <= MOST_PLACES);
	if (u <= UINT64_MAX) { /* most numbers; many times faster */
		p = put_digits(end, (uint64_t)u, places + 1);
	} else {
		p = put_digits(end, (uint64_t)(u % TEN_TO_19), 19);
		p = put_digits(p, (uint64_t)(u / TEN_TO_19), places + 1 - 19);
	}
	if (n < 0)
		*out++ = '-';
	whole = (size_t)(end - p) - (size_t)places;
	memcpy(out, p, whole);
	out += whole;
	p += whole;
	while (end > p && end[-1] == '0')
		end--;
	if (end > p) {
		*out++ = '.';
		memcpy(out, p, (size_t)(end - p));
		out += end - p;
	}
	*out = '\0';
	return (size_t)(out - buf);
}

wide decimal_round(wide n, int places, int to)
{
	wide unit = 1;

	for (; places > to; places--)
		unit *= 10;
	for (; places < to; places++)
		n *= 10;
	return (n + (n < 0 ? -unit : unit) / 2) / unit;
}

wide decimal_ceil(wide n, int places)
{
	wide unit = 1;

	assert(places >= 0 && places <= MOST_PLACES);
	for (int i = 0; i < places; i++)
		unit *= 10;
	return n / unit + (n % unit > 0);
}
