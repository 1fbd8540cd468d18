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

static int64_t month_slot(struct date d)
{
	return d.year * 12 + d.month - 1;
}

static int64_t month_start_day(int64_t slot)
{
	return date_to_days((struct date){ .year = (int)(slot / 12), .month = (int)(slot % 12) + 1, .day = 1 });
}

/* The first month that begins on DAY or later. */
static int64_t month_from(int64_t day)
{
	struct date d = date_from_days(day);

	return month_slot(d) + (d.day > 1);
}

static int add_run(struct slot_run *runs, int n, enum level level, int64_t from, int64_t to)
{
	if (from < to)
		runs[n++] = (struct slot_run){ .level = level, .from = from, .to = to };
	return n;
}

int slot_runs(int64_t from, int64_t to, struct slot_run ret[SLOT_RUNS_MAX])
{
	int64_t day_from = -floor_div(-from, SEC_PER_DAY), day_to = floor_div(to, SEC_PER_DAY);
	int64_t month_lo, month_hi;
	int n = 0;

	if (day_from >= day_to)
		return add_run(ret, n, LEVEL_QUARTER, floor_div(from, QUARTER_SEC), floor_div(to, QUARTER_SEC));

	n = add_run(ret, n, LEVEL_QUARTER, floor_div(from, QUARTER_SEC), day_from * QUARTERS_PER_DAY);
	month_lo = month_from(day_from);
	month_hi = month_slot(date_from_days(day_to));
	if (month_lo < month_hi) {
		n = add_run(ret, n, LEVEL_DAY, day_from, month_start_day(month_lo));
		n = add_run(ret, n, LEVEL_MONTH, month_lo, month_hi);
		n = add_run(ret, n, LEVEL_DAY, month_start_day(month_hi), day_to);
	} else {
		n = add_run(ret, n, LEVEL_DAY, day_from, day_to);
	}
	return add_run(ret, n, LEVEL_QUARTER, day_to * QUARTERS_PER_DAY, floor_div(to, QUARTER_SEC));
}
