#include "base/zone.h"

#include <glib.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define MOST_ZONES 1000
#define LONGEST_NAME 64

/* No clock on Earth was ever this far from UTC. */
#define REACH (16 * 3600)

struct zone {
	char name[LONGEST_NAME + 1];
	GTimeZone *rules;               /* NULL: UTC */
};

static const struct zone utc = { .name = "UTC" };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *zones[MOST_ZONES];
static size_t zone_count;

static bool name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > LONGEST_NAME || name[0] == '/' || strstr(name, "..") || strncmp(name, "right/", 6) == 0)
		return false;           /* below "right" the clocks count leap seconds */
	for (const char *p = name; *p; p++)
		if (!g_ascii_isalnum(*p) && !strchr("_+-/", *p))
			return false;
	return true;
}

/*
 * Is there a file of rules with this NAME? GLib alone would take "AAA5" for a zone of that offset, and complain on
 * standard error about other files that lie in the folder.
 */
static bool on_disk(const char *name)
{
	const char *folder = getenv("TZDIR");
	char path[PATH_MAX], magic[4];
	bool found;
	FILE *f;
	int n;

	n = snprintf(path, sizeof(path), "%s/%s", folder ? folder : "/usr/share/zoneinfo", name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	found = fread(magic, 1, sizeof(magic), f) == sizeof(magic) && memcmp(magic, "TZif", sizeof(magic)) == 0;
	fclose(f);
	return found;
}

static struct zone *load_zone(const char *name)
{
	GTimeZone *rules;
	struct zone *z;

	if (!on_disk(name))
		return NULL;
	rules = g_time_zone_new_identifier(name);
	z = rules ? calloc(1, sizeof(*z)) : NULL;
	if (!z) {
		if (rules)
			g_time_zone_unref(rules);
		return NULL;
	}
	memcpy(z->name, name, strlen(name));
	z->rules = rules;
	return z;
}

const struct zone *zone_find(const char *name)
{
	struct zone *z = NULL;
	size_t i = 0;

	if (!name || strcmp(name, "UTC") == 0)
		return &utc;
	if (!name_valid(name))
		return NULL;
	pthread_mutex_lock(&lock);
	while (i < zone_count && strcmp(zones[i]->name, name) != 0)
		i++;
	if (i < zone_count) {
		z = zones[i];
	} else if (i < MOST_ZONES) {
		z = load_zone(name);
		if (z)
			zones[zone_count++] = z;
	}
	pthread_mutex_unlock(&lock);
	return z;
}

const char *zone_name(const struct zone *z)
{
	return z->name;
}

int zone_is_utc(const struct zone *z)
{
	return z == &utc;
}

int zone_offset(const struct zone *z, int64_t sec)
{
	if (!z->rules)
		return 0;
	return g_time_zone_get_offset(z->rules, g_time_zone_find_interval(z->rules, G_TIME_TYPE_UNIVERSAL, sec));
}

/* The first instant after EARLY, up to LATE, at which the clock is no longer BEFORE from UTC. */
static int64_t find_change(const struct zone *z, int64_t early, int64_t late, int before)
{
	while (late - early > 1) {
		int64_t middle = early + (late - early) / 2;

		if (zone_offset(z, middle) == before)
			early = middle;
		else
			late = middle;
	}
	return late;
}

int64_t zone_day_start(const struct zone *z, struct date d)
{
	int64_t midnight = date_to_days(d) * SEC_PER_DAY;       /* by the local clock */
	int64_t change;
	int before, after;

	if (!z->rules)
		return midnight;
	before = zone_offset(z, midnight - REACH);
	if (zone_offset(z, midnight - before) == before)
		return midnight - before;
	/* The clock was changed less than a day before it could strike midnight, or just then. */
	change = find_change(z, midnight - REACH, midnight - before, before);
	after = zone_offset(z, change);
	return change > midnight - after ? change : midnight - after;
}

int64_t zone_instant(const struct zone *z, int64_t local)
{
	int before = zone_offset(z, local - REACH), after;
	int64_t change;

	if (zone_offset(z, local - before) == before)
		return local - before;
	change = find_change(z, local - REACH, local - before, before);
	after = zone_offset(z, change);
	return local - after >= change ? local - after : local - before;
}

struct date zone_date(const struct zone *z, int64_t sec)
{
	return date_from_days(floor_div(sec + zone_offset(z, sec), SEC_PER_DAY));
}
