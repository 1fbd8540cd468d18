#include "base/iso_time.h"

#include <string.h>

#include "base/civil.h"
#include "base/banned.h"

struct iso_cursor {
	const char *p, *end;
};

/* Counts the digits at the cursor. */
static int count_digits(const struct iso_cursor *c)
{
	int n = 0;

	while (c->p + n < c->end && c->p[n] >= '0' && c->p[n] <= '9')
		n++;
	return n;
}

/* Takes exactly N digits. */
static bool take_digits(struct iso_cursor *c, int n, int *ret)
{
	*ret = 0;
	if (count_digits(c) < n)
		return false;
	for (; n > 0; n--)
		*ret = *ret * 10 + (*c->p++ - '0');
	return true;
}

/* Takes the next character if it is one of SET. */
static bool take_any(struct iso_cursor *c, const char *set, char *ret)
{
	if (c->p == c->end || !strchr(set, *c->p) || !*c->p)
		return false;
	*ret = *c->p++;
	return true;
}

static bool take(struct iso_cursor *c, char want)
{
	if (c->p == c->end || *c->p != want)
		return false;
	c->p++;
	return true;
}

/* 1 (Monday) to 7. 1970-01-01 was a Thursday. */
static int weekday(int64_t days)
{
	return (int)(days - 4 - floor_div(days - 4, 7) * 7) + 1;
}

/* Reads the number of the week and the day of the week, after "W". */
static bool take_week_day(struct iso_cursor *c, int year, bool extended, int64_t *ret_days)
{
	int64_t fourth = date_to_days((struct date) { year, 1, 4 }); /* is always in week 1 */
	int week, day;

	if (!take_digits(c, 2, &week) || (extended && !take(c, '-')) || !take_digits(c, 1, &day))
		return false;
	if (week < 1 || day < 1 || day > 7)
		return false;
	*ret_days = fourth - weekday(fourth) + 7 * (week - 1) + day;
	/* a week belongs to the year that its Thursday is in */
	return date_from_days(*ret_days - day + 4).year == year;
}

static bool take_year_day(struct iso_cursor *c, int year, int64_t *ret_days)
{
	int day;

	if (!take_digits(c, 3, &day) || day < 1)
		return false;
	*ret_days = date_to_days((struct date) { year, 1, 1 }) + day - 1;
	return date_from_days(*ret_days).year == year;
}

static bool take_month_day(struct iso_cursor *c, int year, bool extended, int64_t *ret_days)
{
	struct date d = { .year = year };

	if (!take_digits(c, 2, &d.month) || (extended && !take(c, '-')) ||
	    !take_digits(c, 2, &d.day) || !date_valid(d))
		return false;
	*ret_days = date_to_days(d);
	return true;
}

static bool take_date(struct iso_cursor *c, int64_t *ret_days)
{
	bool extended;
	int year;

	if (!take_digits(c, 4, &year) || year < 1)
		return false;
	extended = take(c, '-');
	if (take(c, 'W'))
		return take_week_day(c, year, extended, ret_days);
	if (count_digits(c) == 3)
		return take_year_day(c, year, ret_days);
	return take_month_day(c, year, extended, ret_days);
}

/* Reads the digits after the decimal point, at least one, as microseconds. */
static bool take_fraction(struct iso_cursor *c, int64_t *ret_us)
{
	int64_t unit = USEC_PER_SEC / 10;
	int digit;

	if (!count_digits(c))
		return false;
	for (; take_digits(c, 1, &digit); unit /= 10)
		*ret_us += digit * unit;
	return true;
}

/* Microseconds from midnight. */
static bool take_time(struct iso_cursor *c, int64_t *ret_us)
{
	int hour, minute = 0, second = 0;
	int64_t us = 0;
	bool extended;
	char point;

	if (!take_digits(c, 2, &hour))
		return false;
	extended = take(c, ':');
	if ((extended || count_digits(c)) && !take_digits(c, 2, &minute))
		return false;
	if ((extended ? take(c, ':') : count_digits(c) > 0) && !take_digits(c, 2, &second))
		return false;
	if (take_any(c, ".,", &point) && !take_fraction(c, &us))
		return false;
	if (hour > 24 || minute > 59 || second > 60 || (hour == 24 && (minute || second || us)))
		return false;
	*ret_us = (hour * 3600LL + minute * 60 + second) * USEC_PER_SEC + us;
	return true;
}

/* Microseconds east of UTC. */
static bool take_offset(struct iso_cursor *c, int64_t *ret_us)
{
	int hour, minute = 0;
	char sign;

	*ret_us = 0;
	if (c->p == c->end || take_any(c, "Zz", &sign))
		return true;
	if (!take_any(c, "+- ", &sign) || !take_digits(c, 2, &hour))
		return false;
	if ((take(c, ':') || count_digits(c)) && !take_digits(c, 2, &minute))
		return false;
	*ret_us = (hour * 3600LL + minute * 60) * USEC_PER_SEC * (sign == '-' ? -1 : 1);
	return hour <= 23 && minute <= 59;
}

bool iso_time_parse(const char *text, size_t len, int64_t *ret_us)
{
	struct iso_cursor c = { text, text + len };
	int64_t days, time = 0, offset = 0, us;
	char separator;

	if (!take_date(&c, &days))
		return false;
	if (c.p < c.end && (!take_any(&c, "Tt ", &separator) || !take_time(&c, &time) ||
			    !take_offset(&c, &offset)))
		return false;
	us = days * SEC_PER_DAY * USEC_PER_SEC + time - offset;
	if (c.p != c.end || !date_valid(date_from_days(floor_div(us, SEC_PER_DAY * USEC_PER_SEC))))
		return false;
	*ret_us = us;
	return true;
}
