#include "api/date_text.h"

#include "base/banned.h"

static const char *const months[] = { "January",   "February", "March",    "April",
				      "May",       "June",     "July",     "August",
				      "September", "October",  "November", "December" };

const char *date_text_month(struct date d)
{
	return months[d.month - 1];
}

const char *date_text_days(struct arena *a, struct date first, struct date last)
{
	const char *to = arena_printf(a, "%d %s %d", last.day, months[last.month - 1], last.year);

	if (date_compare(first, last) == 0)
		return to;
	if (first.year != last.year)
		return arena_printf(a, "%d %s %d to %s", first.day, months[first.month - 1],
				    first.year, to);
	if (first.month != last.month)
		return arena_printf(a, "%d %s to %s", first.day, months[first.month - 1], to);
	return arena_printf(a, "%d to %s", first.day, to);
}

const char *date_text_range(struct arena *a, const struct zone *z, int64_t from, int64_t to)
{
	return arena_printf(a, "%s, %s",
			    date_text_days(a, zone_date(z, from), zone_date(z, to - 1)),
			    zone_name(z));
}
