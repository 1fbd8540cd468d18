/*
 * zone.h - time zones by IANA name: which instant a local date begins at, and
 * which local date an instant falls on. Exact through every clock change. (One
 * exception is an error in GLib: after the last explicit change in the zone's
 * file, in Debian after 2037, the changes of Europe/Dublin come an hour late.)
 * Thread-safe: zones are loaded once, shared and never freed.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stddef.h>
#include <stdint.h>
#include "base/civil.h"

struct zone;

/*
 * The zone called NAME ("Europe/Vienna", "UTC"), or NULL if the system has no
 * such zone. NAME NULL is UTC. NAME must be exactly a zone's name: another path
 * to the zone's file is not found. Static memory: don't free it.
 */
const struct zone *zone_find(const char *name);

/*
 * The names of the *RET_N zones that the system has, sorted: the files below
 * /usr/share/zoneinfo (or TZDIR), without the copies in posix and right. The
 * list always has "UTC". Static memory: don't free it.
 */
const char *const *zone_names(size_t *ret_n);

/* The folder of the time zones. */
const char *zone_folder(void);

const char *zone_name(const struct zone *z);
int zone_is_utc(const struct zone *z);

/*
 * The first instant (seconds, UTC) of the local date D: local midnight, or the
 * moment after the skip if the clock skips midnight.
 */
int64_t zone_day_start(const struct zone *z, struct date d);
/* The same of the local date DAY, in days as of date_to_days. */
int64_t zone_day_begin(const struct zone *z, int64_t day);

/* The local date at the instant SEC. */
struct date zone_date(const struct zone *z, int64_t sec);

/*
 * The instant at which the local clock shows LOCAL (seconds since 1970-01-01
 * 00:00:00 on that clock). If the clock shows LOCAL twice, because it is put
 * back, this is the first time. If the clock skips LOCAL, this is the instant
 * that LOCAL would be without the skip.
 */
int64_t zone_instant(const struct zone *z, int64_t local);

/* Offset from UTC in seconds at the instant SEC (east is positive). */
int zone_offset(const struct zone *z, int64_t sec);

#endif
