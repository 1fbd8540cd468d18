/* time_form.h - reads times in the formats of other programs. */
#ifndef MAPPING_TIME_FORM_H
#define MAPPING_TIME_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/zone.h"

struct time_form {
	const char *text; /* the text of the form; NULL: RFC 3339 */
	/*
	 * for a form that counts units since EPOCH_US: decimal places from
	 * units to nanoseconds; else 0
	 */
	int count_places;
	int64_t epoch_us;
	bool has_offset;         /* times have an offset from UTC */
	const struct zone *zone; /* zone of times without offset; NULL = UTC */
	bool comma;              /* counts have a decimal comma (number.h) */
};

/*
 * Compiles TEXT: "%Y-%m-%d %H:%M:%S", or "seconds since 1970-01-01T00:00:00Z"
 * (also milliseconds, microseconds). Borrows TEXT. Keeps the zone of *RET.
 */
int time_form_compile(struct time_form *ret, const char *text, struct error *err);

/*
 * Reads LEN bytes of TEXT as microseconds; further digits are cut off. Adjacent
 * numbers of the form, as in %H%M, must have their full width; other numbers
 * may lack leading zeros. Local times that the clock shows twice or skips: see
 * zone_instant.
 */
bool time_form_read(const struct time_form *f, const char *text, size_t len, int64_t *ret_us);

#endif
