#include "mapping/time_form.h"

#include <string.h>

#include "base/decimal.h"
#include "mapping/number.h"
#include "base/banned.h"

/* A time that is being read. */
struct time_parts {
	int year, month, day, hour, minute, second;
	int offset; /* east of UTC, in seconds */
	bool twelve, afternoon;
	int64_t us;
};

struct time_text {
	const char *p, *end;
	/* another number follows directly, so this number has its full width */
	bool fixed;
	bool fraction; /* a fraction may follow the seconds */
	/* the format's literal character after this item; else 0 */
	char next;
};

/* Reads a number of DIGITS digits; if EXACT is false, of 1 to DIGITS digits. */
static bool read_digits(struct time_text *t, int digits, bool exact, int *ret)
{
	const char *from = t->p;

	*ret = 0;
	for (; t->p < t->end && t->p < from + digits && *t->p >= '0' && *t->p <= '9'; t->p++)
		*ret = *ret * 10 + (*t->p - '0');
	return exact ? t->p == from + digits : t->p > from;
}

static bool read_year(struct time_text *t, struct time_parts *ret)
{
	return read_digits(t, 4, true, &ret->year);
}

/* Reads a year of two digits as POSIX does: 69 to 99 are 1969 to 1999. */
static bool read_short_year(struct time_text *t, struct time_parts *ret)
{
	if (!read_digits(t, 2, true, &ret->year))
		return false;
	ret->year += ret->year < 69 ? 2000 : 1900;
	return true;
}

static bool read_month(struct time_text *t, struct time_parts *ret)
{
	return read_digits(t, 2, t->fixed, &ret->month);
}

static bool same_letters(const char *text, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((text[i] | 0x20) != (name[i] | 0x20))
			return false;
	return true;
}

/* Reads the English name of a month, or its first three letters. */
static bool read_month_name(struct time_text *t, struct time_parts *ret)
{
	static const char *const names[] = { "January",   "February", "March",    "April",
					     "May",       "June",     "July",     "August",
					     "September", "October",  "November", "December" };
	size_t left = (size_t)(t->end - t->p), len;

	for (ret->month = 1; ret->month <= 12; ret->month++) {
		len = strlen(names[ret->month - 1]);
		if (left < len || !same_letters(t->p, names[ret->month - 1], len))
			len = 3;
		if (left < len || !same_letters(t->p, names[ret->month - 1], len))
			continue;
		t->p += len;
		return true;
	}
	return false;
}

static bool read_day(struct time_text *t, struct time_parts *ret)
{
	return read_digits(t, 2, t->fixed, &ret->day);
}

/* Reads a day, whose first digit may be a space. */
static bool read_filled_day(struct time_text *t, struct time_parts *ret)
{
	bool filled = t->p < t->end && *t->p == ' ';

	t->p += filled;
	return read_digits(t, filled && t->fixed ? 1 : 2, t->fixed, &ret->day);
}

static bool read_hour(struct time_text *t, struct time_parts *ret)
{
	return read_digits(t, 2, t->fixed, &ret->hour);
}

static bool read_hour_of_twelve(struct time_text *t, struct time_parts *ret)
{
	ret->twelve = true;
	return read_digits(t, 2, t->fixed, &ret->hour) && ret->hour >= 1 && ret->hour <= 12;
}

static bool read_half(struct time_text *t, struct time_parts *ret)
{
	if (t->end - t->p < 2 || !(same_letters(t->p, "am", 2) || same_letters(t->p, "pm", 2)))
		return false;
	ret->afternoon = (*t->p | 0x20) == 'p';
	t->p += 2;
	return true;
}

static bool read_minute(struct time_text *t, struct time_parts *ret)
{
	return read_digits(t, 2, t->fixed, &ret->minute);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Does a fraction such as ".6805900" follow, which is not literal text of the
 * format?
 */
static bool fraction_follows(const struct time_text *t)
{
	return t->fraction && t->end - t->p >= 2 && (*t->p == '.' || *t->p == ',') &&
	       *t->p != t->next && is_digit(t->p[1]);
}

static bool read_second(struct time_text *t, struct time_parts *ret)
{
	int64_t unit = USEC_PER_SEC / 10;

	if (!read_digits(t, 2, t->fixed, &ret->second))
		return false;
	ret->us = 0;
	if (!fraction_follows(t))
		return true;
	for (t->p++; t->p < t->end && is_digit(*t->p); t->p++, unit /= 10)
		ret->us += (*t->p - '0') * unit;
	return true;
}

/* Reads an offset from UTC: "+0100", "+01:00", "+01" or "Z". */
static bool read_offset(struct time_text *t, struct time_parts *ret)
{
	int hours, minutes = 0;
	bool west, colon;

	if (t->p == t->end)
		return false;
	ret->offset = 0;
	if (*t->p == 'Z' || *t->p == 'z') {
		t->p++;
		return true;
	}
	if (*t->p != '+' && *t->p != '-')
		return false;
	west = *t->p++ == '-';
	if (!read_digits(t, 2, true, &hours))
		return false;
	colon = t->p < t->end && *t->p == ':' && t->next != ':';
	t->p += colon;
	if ((colon || t->fixed || (t->p < t->end && is_digit(*t->p))) &&
	    !read_digits(t, 2, true, &minutes))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	ret->offset = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

static const struct {
	char letter;
	bool (*read)(struct time_text *t, struct time_parts *ret);
} conversions[] = { { 'Y', read_year },   { 'y', read_short_year },
		    { 'm', read_month },  { 'b', read_month_name },
		    { 'd', read_day },    { 'e', read_filled_day },
		    { 'H', read_hour },   { 'I', read_hour_of_twelve },
		    { 'p', read_half },   { 'M', read_minute },
		    { 'S', read_second }, { 'z', read_offset },
		    { 0, NULL } };

static bool (*conversion(char letter))(struct time_text *t, struct time_parts *ret)
{
	for (int i = 0; conversions[i].letter; i++)
		if (conversions[i].letter == letter)
			return conversions[i].read;
	return NULL;
}

/*
 * Compiles a form such as "seconds since 1970-01-01T00:00:00Z". Returns 1, 0 if
 * the form is of another kind, or -1.
 */
static int compile_count(struct time_form *f, struct error *err)
{
	static const struct {
		const char *words;
		int places;
	} counts[] = { { "seconds since ", 9 },
		       { "milliseconds since ", 6 },
		       { "microseconds since ", 3 },
		       { 0 } };

	for (int i = 0; counts[i].words; i++) {
		size_t len = strlen(counts[i].words);

		if (strncmp(f->text, counts[i].words, len) != 0)
			continue;
		f->count_places = counts[i].places;
		f->has_offset = true;
		if (!instant_parse(f->text + len, strlen(f->text + len), false, &f->epoch_us))
			return error_set(err, ERR_PARAM, NULL,
					 "must go on with a time such as 1970-01-01T00:00:00Z");
		return 1;
	}
	return 0;
}

int time_form_compile(struct time_form *ret, const char *text, struct error *err)
{
	bool of_twelve = false, has_half = false;
	int rc;

	*ret = (struct time_form) { .text = text, .zone = ret->zone };
	rc = compile_count(ret, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	for (const char *p = strchr(text, '%'); p; p = strchr(p + 2, '%')) {
		if (!p[1] || (p[1] != '%' && !conversion(p[1])))
			return error_set(err, ERR_PARAM, NULL,
					 "may have %%Y %%y %%m %%b %%d %%e %%H %%I %%p %%M %%S %%z "
					 "and %%%%, or be "
					 "seconds, milliseconds or microseconds since a time");
		ret->has_offset |= p[1] == 'z';
		of_twelve |= p[1] == 'I';
		has_half |= p[1] == 'p';
	}
	if (of_twelve && !has_half)
		return error_set(err, ERR_PARAM, NULL,
				 "must have %%p for AM or PM beside %%I, or %%H for an hour of 24");
	return 0;
}

/* Is the format's item at P a number or a literal digit? */
static bool is_number(const char *p)
{
	return *p == '%' ? p[1] && strchr("YymdeHIMS", p[1]) : is_digit(*p);
}

/* Reads T by FORMAT. Returns false if T does not match or is longer. */
static bool read_parts(const char *format, struct time_text t, struct time_parts *ret)
{
	bool after_number = false;

	while (*format) {
		const char *next = format + (*format == '%' ? 2 : 1);

		if (*format == '%' && format[1] != '%') {
			t.fixed = is_number(next) || (after_number && format[1] != 'z');
			t.fraction = !is_number(next);
			t.next = *next == '%' && next[1] != '%' ? 0 : *next;
			if (!conversion(format[1])(&t, ret))
				return false;
		} else if (t.p == t.end || *t.p++ != *format) {
			return false;
		}
		after_number = is_number(format);
		format = next;
	}
	return t.p == t.end;
}

static bool read_clock(const struct time_form *f, const char *text, size_t len, int64_t *ret_us)
{
	struct time_parts p = { .year = 1970, .month = 1, .day = 1 };
	struct date d;
	int64_t sec;

	if (!read_parts(f->text, (struct time_text) { .p = text, .end = text + len }, &p))
		return false;
	if (p.twelve)
		p.hour = p.hour % 12 + (p.afternoon ? 12 : 0);
	d = (struct date) { p.year, p.month, p.day };
	if (!date_valid(d) || p.hour > 23 || p.minute > 59 || p.second > 60)
		return false;
	/*
	 * a leap second belongs to the day that ends with it, as in
	 * instant_parse
	 */
	if (p.second == 60) {
		p.second = 59;
		p.us = USEC_PER_SEC - 1;
	}
	sec = date_to_days(d) * SEC_PER_DAY + p.hour * 3600 + p.minute * 60 + p.second - p.offset;
	if (f->zone)
		sec = zone_instant(f->zone, sec);
	*ret_us = sec * USEC_PER_SEC + p.us;
	return true;
}

/* Is the instant within the years of a date (civil.h)? */
static bool in_years(int64_t us)
{
	return us >= date_to_days((struct date) { 1, 1, 1 }) * SEC_PER_DAY * USEC_PER_SEC &&
	       us < (date_to_days((struct date) { 9999, 12, 31 }) + 1) * SEC_PER_DAY * USEC_PER_SEC;
}

static bool read_count(const struct time_form *f, const char *text, size_t len, int64_t *ret_us)
{
	char point[DECIMAL_TEXT];
	struct decimal d;
	int64_t ns;

	if (f->comma) {
		if (!number_read(text, len, true, &d))
			return false;
		len = decimal_format(point, d.n, d.places);
		text = point;
	}
	if (decimal_parse(text, len, f->count_places, INT64_MAX, &ns) != DECIMAL_OK)
		return false;
	*ret_us = f->epoch_us + floor_div(ns, 1000);
	return in_years(*ret_us);
}

bool time_form_read(const struct time_form *f, const char *text, size_t len, int64_t *ret_us)
{
	if (!f->text)
		return instant_parse(text, len, false, ret_us);
	return f->count_places ? read_count(f, text, len, ret_us)
			       : read_clock(f, text, len, ret_us);
}
