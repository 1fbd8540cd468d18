/*
 * civil.h - calendar and clock: dates of the Gregorian calendar, instants in
 * microseconds since 1970-01-01T00:00:00Z, and the text of both. All instants
 * are in UTC (other time zones: zone.h).
 */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USEC_PER_SEC 1000000LL
#define SEC_PER_DAY  86400

struct date {
	int year;  /* 1 to 9999 */
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
};

int64_t date_to_days(struct date d); /* days since 1970-01-01 */
struct date date_from_days(int64_t days);
int date_days_in_month(int year, int month);
bool date_valid(struct date d);
int date_compare(struct date a, struct date b); /* <0, 0, >0 */

/*
 * The same day of the month, N months later (N < 0: earlier), or the month's
 * last day if the month is shorter. The year may be outside the range of
 * date_valid.
 */
struct date date_add_months(struct date d, int months);

/*
 * Reads a date. Returns true if TEXT is exactly "YYYY-MM-DD" and the day
 * exists.
 */
bool date_parse(const char *text, size_t len, struct date *ret);

#define DATE_TEXT 11
void date_format(char buf[static DATE_TEXT], struct date d);

/*
 * Reads an ISO 8601 / RFC 3339 instant: YYYY-MM-DD, "T" or a space,
 * HH:MM[:SS[.fraction]], then an offset: "Z", "+HH:MM", "+HHMM" or "+HH". If
 * ZONE_OPTIONAL, an instant without an offset is UTC. Digits beyond
 * microseconds are cut off. A leap second :60 counts as the second after :59.
 */
bool instant_parse(const char *text, size_t len, bool zone_optional, int64_t *ret_us);

#define INSTANT_TEXT 32
/*
 * Writes "2026-11-21T10:00:00Z" and returns its length. A fraction, if there is
 * one, has six digits.
 */
size_t instant_format(char buf[static INSTANT_TEXT], int64_t us);

#define MAIL_DATE_TEXT 32
/* Writes SEC as mail does (RFC 2822): "Sat, 29 Sep 2012 19:45:43 +0000". */
void mail_date_format(char buf[static MAIL_DATE_TEXT], int64_t sec);

/* Now, in microseconds. Only this function reads the clock. */
int64_t clock_now_us(void);

/*
 * For tests and the USAGED_CLOCK variable: stops the clock at US; 0 lets it run
 * again.
 */
void clock_set_us(int64_t us);

/* A clock for measuring durations: it always goes forward, and has no date. */
int64_t monotonic_us(void);
int64_t monotonic_ms(void);

static inline int64_t floor_div(int64_t a, int64_t b) /* b > 0 */
{
	return a / b - (a % b < 0);
}

#endif
