#include "usage/period.h"

#include "base/banned.h"

struct date period_first(enum period p, struct date d)
{
	if (p == PERIOD_MONTH || p == PERIOD_YEAR)
		d.day = 1;
	if (p == PERIOD_YEAR)
		d.month = 1;
	return d;
}

struct date period_step(enum period p, struct date first, int64_t n)
{
	switch (p) {
	case PERIOD_MONTH:
		return date_add_months(first, (int)n);
	case PERIOD_YEAR:
		return date_add_months(first, (int)n * 12);
	default:
		return date_from_days(date_to_days(first) + n);
	}
}

int64_t period_distance(enum period p, struct date a, struct date b)
{
	switch (p) {
	case PERIOD_MONTH:
		return (b.year - a.year) * 12 + b.month - a.month;
	case PERIOD_YEAR:
		return b.year - a.year;
	default:
		return date_to_days(b) - date_to_days(a);
	}
}
