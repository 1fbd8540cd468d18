/*
 * time_form.h - times as other programs write them, read into instants.
 */
#ifndef INGEST_TIME_FORM_H
#define INGEST_TIME_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/zone.h"

struct time_form {
	const char *text; /* as it was given; NULL: RFC 3339 */
	/*
	 * counts units from EPOCH_US on: places that make nanoseconds of them;
	 * else 0
	 */
	int count_places;
	int64_t epoch_us;
	bool has_offset;         /* the text says how far it is from UTC */
	const struct zone *zone; /* that local times are in; NULL = UTC */
	bool comma;              /* counts have a decimal comma (number.h) */
};

/*
 * TEXT, which is borrowed: "%Y-%m-%d %H:%M:%S", or "seconds since
 * 1970-01-01T00:00:00Z" (milliseconds, microseconds). Keeps the zone of *RET.
 */
int time_form_compile(struct time_form *ret, const char *text, struct error *err);

/*
 * LEN bytes of TEXT, to microseconds; digits beyond are cut off. A number that
 * touches another one in the form, as in %H%M, has its full width there;
 * elsewhere its first zero may be missing. A local time that comes twice,
 * because clocks are put back, is the first of both; one that clocks skip is
 * the time they would have shown without being put forward (zone_instant).
 */
bool time_form_read(const struct time_form *f, const char *text, size_t len, int64_t *ret_us);

#endif
