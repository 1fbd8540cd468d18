/*
 * iso_time.h - reads times in all forms of ISO 8601, for request parameters.
 * (Times of events must be RFC 3339: civil.h, instant_parse.)
 */
#ifndef BASE_ISO_TIME_H
#define BASE_ISO_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads the LEN bytes at TEXT as an instant, in microseconds. Returns false if
 * TEXT has none of these forms or is outside the years 1 to 9999:
 *
 * - Date: 2026-11-01, 20261101, 2026-305, 2026305, 2026-W44-7 or 2026W447.
 * - Time: T10, T10:30, T1030, T10:30:15.5, T103015,5 (also with t or a space);
 *   if missing, midnight.
 * - Offset: Z, +01, +0100, +01:00, -05:30; if missing, UTC.
 *
 * A space in place of the offset's sign is read as "+": queries often have an
 * unencoded "+". 24:00 is the midnight at the day's end; a leap second :60 is
 * the second after :59. Digits beyond microseconds are cut off.
 */
bool iso_time_parse(const char *text, size_t len, int64_t *ret_us);

#endif
