#include "model/slot.h"

#include "base/civil.h"
#include "base/banned.h"

static int64_t month_slot(struct date d)
{
	return (int64_t)d.year * 12 + d.month - 1;
}

int64_t slot_of(enum level level, int64_t quarter)
{
	int64_t day = floor_div(quarter, SLOTS_PER_DAY);

	if (level == LEVEL_QUARTER)
		return quarter;
	if (level == LEVEL_DAY)
		return day;
	return month_slot(date_from_days(day));
}

int64_t slot_month_day(int64_t month)
{
	return date_to_days((struct date) { .year = (int)floor_div(month, 12),
					    .month = (int)(month - 12 * floor_div(month, 12)) + 1,
					    .day = 1 });
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
		runs[n++] = (struct slot_run) { .level = level, .from = from, .to = to };
	return n;
}

int slot_runs(int64_t from, int64_t to, struct slot_run ret[SLOT_RUNS_MAX])
{
	int64_t day_from = -floor_div(-from, SLOTS_PER_DAY), day_to = floor_div(to, SLOTS_PER_DAY);
	int64_t month_lo, month_hi;
	int n = 0;

	if (day_from >= day_to)
		return add_run(ret, n, LEVEL_QUARTER, from, to);

	n = add_run(ret, n, LEVEL_QUARTER, from, day_from * SLOTS_PER_DAY);
	month_lo = month_from(day_from);
	month_hi = month_slot(date_from_days(day_to));
	if (month_lo < month_hi) {
		n = add_run(ret, n, LEVEL_DAY, day_from, slot_month_day(month_lo));
		n = add_run(ret, n, LEVEL_MONTH, month_lo, month_hi);
		n = add_run(ret, n, LEVEL_DAY, slot_month_day(month_hi), day_to);
	} else {
		n = add_run(ret, n, LEVEL_DAY, day_from, day_to);
	}
	return add_run(ret, n, LEVEL_QUARTER, day_to * SLOTS_PER_DAY, to);
}
