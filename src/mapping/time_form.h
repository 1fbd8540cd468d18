/* time_form.h - reads times in the formats of other programs. */
#ifndef MAPPING_TIME_FORM_H
#define MAPPING_TIME_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/zone.h"

struct time_form {
	const char *text; /* as given; NULL: RFC 3339 */
	/*
	 * counts units from EPOCH_US on: places that make nanoseconds of them;
	 * else 0
	 */
	int count_places;
	int64_t epoch_us;
	bool has_offset;         /* the text has an offset from UTC */
	const struct zone *zone; /* that local times are in; NULL = UTC */
	bool comma;              /* counts have a decimal comma (number.h) */
};

/*
 * TEXT, which is borrowed: "%Y-%m-%d %H:%M:%S", or "seconds since
 * 1970-01-01T00:00:00Z" (milliseconds, microseconds). Keeps the zone of *RET.
 */
int time_form_compile(struct time_form *ret, const char *text, struct error *err);

/*
 * Reads LEN bytes of TEXT, to microseconds; further digits are cut off. Numbers
 * that touch in the form, as in %H%M, must have their full width; elsewhere a
 * leading zero may be missing. Of a local time that comes twice, when clocks
 * are put back, the first is taken; for a time that clocks skip see
 * zone_instant.
 */
bool time_form_read(const struct time_form *f, const char *text, size_t len, int64_t *ret_us);

#endif
