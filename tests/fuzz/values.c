/*
 * values.c - dates, instants, decimals, numbers, zones, patterns and forms of
 * time: what is read and written again is the same.
 */
#include "fuzz.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/decimal.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "mapping/number.h"
#include "mapping/pattern.h"
#include "mapping/time_form.h"
#include "base/banned.h"

static void check_date(const char *text, size_t len)
{
	struct date d;
	char again[DATE_TEXT];

	if (!date_parse(text, len, &d))
		return;
	date_format(again, d);
	must(date_valid(d) && strlen(again) == len && memcmp(again, text, len) == 0);
	must(date_compare(date_from_days(date_to_days(d)), d) == 0);
}

static void check_instant(const char *text, size_t len)
{
	char again[INSTANT_TEXT];
	int64_t us, us2;

	if (!instant_parse(text, len, true, &us))
		return;
	must(instant_parse(again, instant_format(again, us), false, &us2) && us2 == us);
}

static void check_decimal(const char *text, size_t len)
{
	for (int places = 0; places <= 9; places += 3) {
		char again[DECIMAL_TEXT];
		int64_t n, n2;

		if (decimal_parse(text, len, places, INT64_MAX, &n) != DECIMAL_OK)
			continue;
		must(decimal_parse(again, decimal_format(again, n, places), places, INT64_MAX,
				   &n2) == DECIMAL_OK &&
		     n2 == n);
	}
}

/* Two numbers: the first half and the other. */
static void check_numbers(const char *text, size_t len)
{
	struct decimal a, b, sum, back, whole, rest;

	if (!number_read(text, len / 2, false, &a) ||
	    !number_read(text + len / 2, len - len / 2, false, &b))
		return;
	must(number_compare(a, b) == -number_compare(b, a));
	if (number_add(a, b, &sum) && number_add(sum, (struct decimal) { -b.n, b.places }, &back))
		must(number_compare(back, a) == 0);
	if (b.n == 0)
		return;
	if (number_div(a, b, &whole) && number_mul(whole, b, &back))
		must(number_compare(back, a) == 0);
	if (number_floor(a, b, &whole) && number_mod(a, b, &rest) && number_mul(whole, b, &back) &&
	    number_add(back, rest, &back))
		must(number_compare(back, a) == 0);
	if (number_floor(a, b, &whole) && number_ceil(a, b, &back))
		must(back.n - whole.n == 0 || back.n - whole.n == 1);
	if (number_div_to(a, b, 9, &whole) && number_div(a, b, &back) &&
	    number_round(back, 9, &back))
		must(number_compare(whole, back) == 0);
}

/* A zone's name, and an hour of the local clock taken from the bytes. */
static void check_zone(const char *text, size_t len)
{
	char *name = strndup(text, len);
	const struct zone *z = len < 40 ? zone_find(name) : NULL;
	const struct zone *vienna = zone_find("Europe/Vienna");
	int64_t local = 0, sec;

	must(!z || strcmp(zone_name(z), name) == 0);
	free(name);
	for (size_t i = 0; i < len; i++)
		local = (local * 31 + (unsigned char)text[i]) % (60LL * 366 * SEC_PER_DAY);
	must(vienna);
	sec = zone_instant(vienna, local);
	/* the clock shows it then, or has just skipped it */
	must(sec + zone_offset(vienna, sec) == local ||
	     zone_offset(vienna, sec) > zone_offset(vienna, sec - 3600));
	must(sec + zone_offset(vienna, sec - 7200) == local ||
	     sec + zone_offset(vienna, sec) == local);
}

/* The bytes up to a newline are the pattern or form, the others the text. */
static void check_pairs(const char *text, size_t len)
{
	const char *newline = memchr(text, '\n', len);
	struct time_form form = { 0 };
	struct pattern p;
	struct arena arena;
	size_t first = newline ? (size_t)(newline - text) : len;
	const char *rest = newline ? newline + 1 : text + len;
	int64_t us;

	arena_init(&arena);
	pattern_compile(&p, arena_strn(&arena, text, first), &arena);
	pattern_fits(&p, rest, len - (size_t)(rest - text), len % 2);
	if (p.kind == PATTERN_TEXT)
		must(pattern_fits(&p, p.text, p.len, false));
	pattern_compile(&p, "*", &arena);
	must(pattern_fits(&p, text, len, false));
	form.zone = zone_find("Europe/Vienna");
	if (time_form_compile(&form, arena_strn(&arena, text, first), NULL) == 0)
		time_form_read(&form, rest, len - (size_t)(rest - text), &us);
	arena_release(&arena);
}

static void check_encodings(const char *text, size_t len)
{
	unsigned char bytes[1000], again[1000];
	char encoded[1400];
	size_t n, n2;

	if (len <= 500) {
		base64url_encode(text, len, encoded);
		must(base64url_decode(encoded, strlen(encoded), bytes, sizeof(bytes), &n) &&
		     n == len && memcmp(bytes, text, len) == 0);
	}
	if (base64url_decode(text, len, bytes, sizeof(bytes), &n)) {
		base64url_encode(bytes, n, encoded);
		must(base64url_decode(encoded, strlen(encoded), again, sizeof(again), &n2) &&
		     n2 == n && memcmp(bytes, again, n) == 0);
	}
	base64_decode(text, len, bytes, sizeof(bytes), &n);
	must(!utf8_plain(text, len) || utf8_valid(text, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	check_date(text, size);
	check_instant(text, size);
	check_decimal(text, size);
	check_numbers(text, size);
	check_zone(text, size);
	check_pairs(text, size);
	check_encodings(text, size);
	free(text);
	return 0;
}
