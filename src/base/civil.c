#include "base/civil.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"

#define DAYS_PER_400_YEARS 146097
#define DAYS_TO_1970       719468 /* from 0000-03-01 */

/*
 * Years are counted from March, so that a leap day is the last day of its year.
 * The number of days before month m is then (153 m + 2) / 5.
 */
int64_t date_to_days(struct date d)
{
	int64_t year = (int64_t)d.year - (d.month <= 2);
	int month = (d.month + 9) % 12;

	return year * 365 + floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400) +
	       (153 * month + 2) / 5 + d.day - 1 - DAYS_TO_1970;
}

struct date date_from_days(int64_t days)
{
	int64_t era = floor_div(days + DAYS_TO_1970, DAYS_PER_400_YEARS);
	int day = (int)(days + DAYS_TO_1970 - era * DAYS_PER_400_YEARS);
	/* Subtract the leap days before DAY. */
	int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int month;

	day -= year * 365 + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	return (struct date) {
		.year = (int)(era * 400 + year + (month >= 10)),
		.month = month < 10 ? month + 3 : month - 9,
		.day = day + 1,
	};
}

int date_days_in_month(int year, int month)
{
	static const signed char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

bool date_valid(struct date d)
{
	return d.year >= 1 && d.year <= 9999 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
	       d.day <= date_days_in_month(d.year, d.month);
}

int date_compare(struct date a, struct date b)
{
	if (a.year != b.year)
		return a.year < b.year ? -1 : 1;
	if (a.month != b.month)
		return a.month < b.month ? -1 : 1;
	return (a.day > b.day) - (a.day < b.day);
}

struct date date_add_months(struct date d, int months)
{
	int64_t count = (int64_t)d.year * 12 + d.month - 1 + months;
	int most;

	d.year = (int)floor_div(count, 12);
	d.month = (int)(count - (int64_t)d.year * 12) + 1;
	most = date_days_in_month(d.year, d.month);
	if (d.day > most)
		d.day = most;
	return d;
}

/* The rest of a text that is being parsed. */
struct civil_cursor {
	const char *p, *end;
};

/* Reads exactly COUNT digits. */
static bool take_number(struct civil_cursor *c, int count, int *ret)
{
	int n = 0;

	if (c->end - c->p < count)
		return false;
	for (int i = 0; i < count; i++, c->p++) {
		if (*c->p < '0' || *c->p > '9')
			return false;
		n = n * 10 + (*c->p - '0');
	}
	*ret = n;
	return true;
}

/* Reads one byte of CHOICES and returns it. Returns 0 for any other byte. */
static char take_char(struct civil_cursor *c, const char *choices)
{
	if (c->p == c->end || *c->p == '\0' || !strchr(choices, *c->p))
		return 0;
	return *c->p++;
}

static bool take_date(struct civil_cursor *c, struct date *ret)
{
	struct date d;

	if (!take_number(c, 4, &d.year) || !take_char(c, "-") || !take_number(c, 2, &d.month) ||
	    !take_char(c, "-") || !take_number(c, 2, &d.day) || !date_valid(d))
		return false;
	*ret = d;
	return true;
}

bool date_parse(const char *text, size_t len, struct date *ret)
{
	struct civil_cursor c = { text, text + len };
	struct date d;

	if (!take_date(&c, &d) || c.p != c.end)
		return false;
	*ret = d;
	return true;
}

static void put_number(char *out, int count, unsigned n)
{
	for (; count > 0; n /= 10)
		out[--count] = (char)('0' + n % 10);
}

void date_format(char buf[static DATE_TEXT], struct date d)
{
	put_number(buf, 4, (unsigned)d.year);
	buf[4] = '-';
	put_number(buf + 5, 2, (unsigned)d.month);
	buf[7] = '-';
	put_number(buf + 8, 2, (unsigned)d.day);
	buf[10] = '\0';
}

/* Reads the digits after the decimal point, at least one, as microseconds. */
static bool take_fraction(struct civil_cursor *c, int64_t *ret_us)
{
	int64_t unit = USEC_PER_SEC / 10, us = 0;
	int digit;

	if (!take_number(c, 1, &digit))
		return false;
	do {
		us += digit * unit;
		unit /= 10;
	} while (take_number(c, 1, &digit));
	*ret_us = us;
	return true;
}

/* Reads HH:MM[:SS[.fraction]] as microseconds from midnight. */
static bool take_time(struct civil_cursor *c, int64_t *ret_us)
{
	int hour, minute, second = 0;
	int64_t us = 0;

	if (!take_number(c, 2, &hour) || !take_char(c, ":") || !take_number(c, 2, &minute))
		return false;
	if (take_char(c, ":")) {
		if (!take_number(c, 2, &second))
			return false;
		if (take_char(c, ".") && !take_fraction(c, &us))
			return false;
	}
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	/* a leap second belongs to the day that ends with it */
	if (second == 60) {
		second = 59;
		us = USEC_PER_SEC - 1;
	}
	*ret_us = (hour * 3600LL + minute * 60 + second) * USEC_PER_SEC + us;
	return true;
}

/*
 * Reads an offset, in microseconds east of UTC: "Z", "+HH:MM", "+HHMM" or
 * "+HH". If OPTIONAL, the offset may be missing.
 */
static bool take_offset(struct civil_cursor *c, bool optional, int64_t *ret_us)
{
	int hour, minute = 0;
	char sign;

	*ret_us = 0;
	if (take_char(c, "Zz") || (optional && c->p == c->end))
		return true;
	sign = take_char(c, "+-");
	if (!sign || !take_number(c, 2, &hour))
		return false;
	if ((take_char(c, ":") || c->p < c->end) && !take_number(c, 2, &minute))
		return false;
	if (hour > 23 || minute > 59)
		return false;
	*ret_us = (hour * 3600LL + minute * 60) * USEC_PER_SEC * (sign == '-' ? -1 : 1);
	return true;
}

bool instant_parse(const char *text, size_t len, bool zone_optional, int64_t *ret_us)
{
	struct civil_cursor c = { text, text + len };
	int64_t us, time, offset;
	struct date d;

	if (!take_date(&c, &d) || !take_char(&c, "Tt ") || !take_time(&c, &time) ||
	    !take_offset(&c, zone_optional, &offset) || c.p != c.end)
		return false;
	us = date_to_days(d) * SEC_PER_DAY * USEC_PER_SEC + time - offset;
	if (!date_valid(date_from_days(floor_div(us, SEC_PER_DAY * USEC_PER_SEC))))
		/* with the offset, the year no longer has four digits */
		return false;
	*ret_us = us;
	return true;
}

size_t instant_format(char buf[static INSTANT_TEXT], int64_t us)
{
	int64_t sec = floor_div(us, USEC_PER_SEC), days = floor_div(sec, SEC_PER_DAY);
	unsigned fraction = (unsigned)((us % USEC_PER_SEC + USEC_PER_SEC) % USEC_PER_SEC),
		 day_sec = (unsigned)(sec - days * SEC_PER_DAY);
	char *end = buf + 19;

	date_format(buf, date_from_days(days));
	buf[10] = 'T';
	put_number(buf + 11, 2, day_sec / 3600);
	buf[13] = ':';
	put_number(buf + 14, 2, day_sec / 60 % 60);
	buf[16] = ':';
	put_number(buf + 17, 2, day_sec % 60);
	if (fraction > 0) {
		*end++ = '.';
		put_number(end, 6, fraction);
		end += 6;
	}
	*end++ = 'Z';
	*end = '\0';
	return (size_t)(end - buf);
}

void mail_date_format(char buf[static MAIL_DATE_TEXT], int64_t sec)
{
	static const char weekdays[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t days = floor_div(sec, SEC_PER_DAY);
	struct date d = date_from_days(days);
	unsigned day_sec = (unsigned)(sec - days * SEC_PER_DAY),
		 weekday = (unsigned)(days % 7 + 7) % 7;

	snprintf(buf, MAIL_DATE_TEXT, "%.3s, %02u %.3s %04u %02u:%02u:%02u +0000",
		 weekdays + 3 * (size_t)weekday, (unsigned)d.day % 100,
		 months + 3 * (size_t)(d.month - 1), (unsigned)d.year % 10000, day_sec / 3600 % 24,
		 day_sec / 60 % 60, day_sec % 60);
}

static _Atomic int64_t standing_us;

void clock_set_us(int64_t us)
{
	atomic_store(&standing_us, us);
}

int64_t clock_now_us(void)
{
	int64_t us = atomic_load(&standing_us);
	struct timespec now;

	if (us != 0)
		return us;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

int64_t monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

int64_t monotonic_ms(void)
{
	return monotonic_us() / 1000;
}
