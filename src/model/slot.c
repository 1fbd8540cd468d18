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
