#include "base/zone.h"

#include <ftw.h>
#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define FOLDERS_OPEN 8

/* More than any offset from UTC, in seconds. */
#define REACH (16 * 3600)

struct zone {
	const char *name;
	GTimeZone *rules; /* NULL: UTC, or not loaded yet */
};

static struct zone utc = { .name = "UTC" };

/*
 * The system's zones, sorted by name. The list is made once and never grows, so
 * that callers can't fill memory. The rules of a zone are loaded on its first
 * use.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone **zones;
static const char **names; /* of all zones, UTC too */
static size_t zone_count, zone_room;

/* Used only while the list is made. */
static size_t folder_len;

/*
 * Is NAME a copy of the zones (posix, right) or a link to the machine's own
 * zone?
 */
static bool is_other(const char *name)
{
	static const char *const others[] = { "posix",      "right",   "localtime",
					      "posixrules", "Factory", "UTC" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(name, others[i]) == 0)
			return true;
	return false;
}

static bool is_zone_file(const char *path)
{
	char magic[4];
	FILE *f = fopen(path, "re");
	bool found;

	if (!f)
		return false;
	found = fread(magic, 1, sizeof(magic), f) == sizeof(magic) &&
		memcmp(magic, "TZif", sizeof(magic)) == 0;
	fclose(f);
	return found;
}

static void add_zone(struct zone *z)
{
	if (zone_count == zone_room) {
		zone_room = zone_room ? 2 * zone_room : 1024;
		zones = realloc(zones, zone_room * sizeof(*zones));
		if (!zones)
			abort();
	}
	zones[zone_count++] = z;
}

static int visit_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	const char *name = strlen(path) > folder_len ? path + folder_len + 1 : "";
	struct zone *z;

	(void)st;
	if (at->level == 1 && is_other(name))
		return type == FTW_D ? FTW_SKIP_SUBTREE : FTW_CONTINUE;
	if (type != FTW_F || !is_zone_file(path))
		return FTW_CONTINUE;
	z = calloc(1, sizeof(*z));
	if (!z || !(z->name = strdup(name)))
		abort();
	add_zone(z);
	return FTW_CONTINUE;
}

static int compare_zones(const void *a, const void *b)
{
	return strcmp((*(struct zone *const *)a)->name, (*(struct zone *const *)b)->name);
}

const char *zone_folder(void)
{
	const char *folder = getenv("TZDIR");

	return folder && *folder ? folder : "/usr/share/zoneinfo";
}

/* Makes the list of zones on the first call. An empty folder gives no list. */
static void list_zones(void)
{
	const char *folder = zone_folder();

	if (zone_count > 0)
		return;
	folder_len = strlen(folder);
	nftw(folder, visit_file, FOLDERS_OPEN, FTW_ACTIONRETVAL);
	if (zone_count == 0)
		return;
	add_zone(&utc);
	qsort(zones, zone_count, sizeof(*zones), compare_zones);
	names = calloc(zone_count, sizeof(*names));
	if (!names)
		abort();
	for (size_t i = 0; i < zone_count; i++)
		names[i] = zones[i]->name;
}

const struct zone *zone_find(const char *name)
{
	struct zone key = { .name = name }, *wanted = &key, **found = NULL;

	if (!name || strcmp(name, "UTC") == 0)
		return &utc;
	pthread_mutex_lock(&lock);
	list_zones();
	if (zone_count > 0)
		found = bsearch(&wanted, zones, zone_count, sizeof(*zones), compare_zones);
	if (found && !(*found)->rules)
		(*found)->rules = g_time_zone_new_identifier(name);
	pthread_mutex_unlock(&lock);
	return found && (*found)->rules ? *found : NULL;
}

const char *const *zone_names(size_t *ret_n)
{
	static const char *const without_files[] = { "UTC" };

	pthread_mutex_lock(&lock);
	list_zones();
	pthread_mutex_unlock(&lock);
	*ret_n = zone_count ? zone_count : 1;
	return zone_count ? names : without_files;
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
	return g_time_zone_get_offset(
		z->rules, g_time_zone_find_interval(z->rules, G_TIME_TYPE_UNIVERSAL, sec));
}

/*
 * Finds the first instant after EARLY, up to LATE, at which the offset from UTC
 * is no longer BEFORE.
 */
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

int64_t zone_day_begin(const struct zone *z, int64_t day)
{
	int64_t midnight = day * SEC_PER_DAY; /* by the local clock */
	int64_t change;
	int before, after;

	if (!z->rules)
		return midnight;
	before = zone_offset(z, midnight - REACH);
	if (zone_offset(z, midnight - before) == before)
		return midnight - before;
	/*
	 * The offset changed shortly before the local midnight, or at midnight.
	 */
	change = find_change(z, midnight - REACH, midnight - before, before);
	after = zone_offset(z, change);
	return change > midnight - after ? change : midnight - after;
}

int64_t zone_day_start(const struct zone *z, struct date d)
{
	return zone_day_begin(z, date_to_days(d));
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
