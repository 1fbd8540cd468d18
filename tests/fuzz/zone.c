/*
 * zone.c - a zone's name up to a newline, then the eight bytes of an instant.
 * Without such a name the first byte chooses a zone. Local days and times of
 * the instant lead back to it.
 */
#include "fuzz.h"

#include "base/zone.h"
#include "base/banned.h"

#define FROM_SEC (-2208988800LL) /* the years 1900 to 2199 */
#define SECONDS  9467020800LL

static const struct zone *choose(const char *name, uint8_t byte)
{
	const struct zone *z = zone_find(name);
	size_t n;
	const char *const *names = zone_names(&n);
	bool known = false;

	for (size_t i = 0; i < n && !known; i++)
		known = strcmp(names[i], name) == 0;
	must(known == (z != NULL));
	must(!z || strcmp(zone_name(z), name) == 0);
	if (!z)
		z = zone_find(names[byte * n / 256]);
	must(z);
	return z;
}

static void check_day(const struct zone *z, int64_t sec)
{
	struct date d = zone_date(z, sec);
	int64_t start = zone_day_start(z, d);

	must(date_valid(d));
	must(start <= sec && date_compare(zone_date(z, start), d) == 0);
	must(date_compare(zone_date(z, start - 1), d) < 0);
}

static void check_clock(const struct zone *z, int64_t sec)
{
	int64_t local = sec + zone_offset(z, sec), again = zone_instant(z, local);

	must(again <= sec && again + zone_offset(z, again) == local);
	must(!zone_is_utc(z) || local == sec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	size_t len = newline ? (size_t)(newline - data) : size;
	char *name = strndup(size ? (const char *)data : "", len);
	const struct zone *z;
	uint64_t number = 0;
	int64_t sec;

	must(name);
	for (size_t i = len + 1; i < size && i < len + 9; i++)
		number = number << 8 | data[i];
	sec = FROM_SEC + (int64_t)(number % SECONDS);
	z = choose(name, size ? data[0] : 0);
	check_day(z, sec);
	check_clock(z, sec);
	free(name);
	return 0;
}
