#include "ingest/number.h"

#include "base/banned.h"

static wide ten_to(int places)
{
	wide n = 1;

	while (places-- > 0)
		n *= 10;
	return n;
}

/* Without needless zeros behind the point; false if it leaves the bounds. */
static bool settle(struct decimal d, struct decimal *ret)
{
	while (d.places > 0 && d.n % 10 == 0) {
		d.n /= 10;
		d.places--;
	}
	*ret = d;
	return d.places <= NUMBER_PLACES_MAX && d.n <= INT64_MAX && d.n >= -INT64_MAX;
}

/* Brings both to the same places. Returns how many. |n| stays in 64 bits, so that n * 10^18 fits in 128. */
static int align(struct decimal *a, struct decimal *b)
{
	int places = a->places > b->places ? a->places : b->places;

	a->n *= ten_to(places - a->places);
	b->n *= ten_to(places - b->places);
	a->places = b->places = places;
	return places;
}

bool number_read(const char *text, size_t len, struct decimal *ret)
{
	enum decimal_fault fault = DECIMAL_PLACES;
	int64_t n;
	int places;

	for (places = 0; fault == DECIMAL_PLACES && places <= NUMBER_PLACES_MAX; places++)
		fault = decimal_parse(text, len, places, INT64_MAX, &n);
	if (fault != DECIMAL_OK)
		return false;
	*ret = (struct decimal){ n, places - 1 };
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

	return settle((struct decimal){ a.n + b.n, places }, ret);
}

bool number_mul(struct decimal a, struct decimal b, struct decimal *ret)
{
	return settle((struct decimal){ a.n * b.n, a.places + b.places }, ret);
}

/* A division in work: what is left over, and the quotient so far. */
struct division {
	struct decimal quotient;
	wide rest;
};

/* Long division, a digit at a time, until it comes out even or has PLACES. False if it grows too long. */
static bool divide(struct decimal a, struct decimal b, int places, struct division *ret)
{
	const wide limit = ten_to(36);
	struct division d = { { a.n / b.n, a.places - b.places }, a.n % b.n };

	for (; d.quotient.places < 0 || (d.rest != 0 && d.quotient.places < places); d.quotient.places++) {
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

/* What is left over can't decide where a digit beyond PLACES is there to do it. */
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
	return settle((struct decimal){ rest, places }, ret);
}

bool number_ceil(struct decimal a, struct decimal b, struct decimal *ret)
{
	wide whole;

	align(&a, &b);
	whole = a.n / b.n;
	if (a.n % b.n != 0 && (a.n < 0) == (b.n < 0))
		whole++;
	return settle((struct decimal){ whole, 0 }, ret);
}

bool number_floor(struct decimal a, struct decimal b, struct decimal *ret)
{
	wide whole;

	align(&a, &b);
	whole = a.n / b.n;
	if (a.n % b.n != 0 && (a.n < 0) != (b.n < 0))
		whole--;
	return settle((struct decimal){ whole, 0 }, ret);
}
