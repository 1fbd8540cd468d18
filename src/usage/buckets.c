#include "usage/buckets.h"

#include "base/banned.h"

#define HOUR_SEC 3600

enum { SCANNED_DAYS_MAX = 146097 };

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- hours ---- */

/* The offset of the zone's full hours at the time SEC: seconds modulo 3600. */
static int64_t phase_at(const struct zone *z, int64_t sec)
{
	int64_t offset = zone_offset(z, sec);

	return -offset - floor_div(-offset, HOUR_SEC) * HOUR_SEC;
}

/*
 * Finds the first second after EARLY, up to LATE, whose phase differs from the
 * phase at EARLY.
 */
static int64_t find_phase_change(const struct zone *z, int64_t early, int64_t late)
{
	int64_t before = phase_at(z, early);

	while (late - early > 1) {
		int64_t middle = early + (late - early) / 2;

		if (phase_at(z, middle) == before)
			early = middle;
		else
			late = middle;
	}
	return late;
}

static void add_run(struct buckets *b, size_t *size, int64_t from, int64_t to, struct arena *arena)
{
	if (b->n_runs == *size) {
		b->runs = arena_grow(arena, b->runs, *size * sizeof(*b->runs),
				     2 * *size * sizeof(*b->runs));
		*size *= 2;
	}
	b->runs[b->n_runs++] = (struct hour_run) { from, to, phase_at(b->zone, from) };
}

/* The number of hours in the run, including cut ones. */
static int64_t hours_of(const struct hour_run *r)
{
	return floor_div(r->to - 1 - r->phase, HOUR_SEC) - floor_div(r->from - r->phase, HOUR_SEC) +
	       1;
}

static void make_hours(struct buckets *b, struct arena *arena)
{
	int64_t end = b->to, late = b->to - 1;
	size_t size = 4;

	b->runs = arena_array(arena, struct hour_run, size);
	while (late > b->from && !zone_is_utc(b->zone) &&
	       (b->to - b->from) / SEC_PER_DAY <= SCANNED_DAYS_MAX) {
		int64_t early = max64(b->from, late - SEC_PER_DAY);

		if (phase_at(b->zone, early) != phase_at(b->zone, late)) {
			int64_t change = find_phase_change(b->zone, early, late);

			add_run(b, &size, change, end, arena);
			end = change;
		}
		late = early;
	}
	add_run(b, &size, b->from, end, arena);
	if ((b->to - b->from) / SEC_PER_DAY > SCANNED_DAYS_MAX)
		b->runs[0].phase = phase_at(b->zone, b->to - 1);
	for (size_t i = 0; i < b->n_runs; i++)
		b->n += hours_of(&b->runs[i]);
}

static void hour_range(const struct buckets *b, int64_t k, int64_t *ret_from, int64_t *ret_to)
{
	const struct hour_run *r = b->runs;
	int64_t start;

	while (k >= hours_of(r))
		k -= hours_of(r++);
	start = (floor_div(r->to - 1 - r->phase, HOUR_SEC) - k) * HOUR_SEC + r->phase;
	*ret_from = max64(r->from, start);
	*ret_to = min64(r->to, start + HOUR_SEC);
}

/* ---- days ---- */

/*
 * A zone that moves across the date line skips a day: its clocks are put
 * forward by about 24 hours. Finds the skipped day if the clocks at the end of
 * the range are about 24 hours ahead of the clocks at its beginning.
 */
static void find_skipped_day(struct buckets *b, struct date last)
{
	int64_t early = b->from, late = b->to - 1, before = zone_offset(b->zone, early);
	int64_t day;

	if (zone_offset(b->zone, late) - before < SEC_PER_DAY / 2)
		return;
	while (late - early > 1) {
		int64_t middle = early + (late - early) / 2;

		if (zone_offset(b->zone, middle) - before < SEC_PER_DAY / 2)
			early = middle;
		else
			late = middle;
	}
	day = date_to_days(zone_date(b->zone, early)) + 1;
	if (day < date_to_days(zone_date(b->zone, late))) {
		b->skipped = date_to_days(last) - day;
		b->n--;
	}
}

/* ---- all periods ---- */

void buckets_make(struct buckets *b, const struct zone *z, enum period period, int64_t from,
		  int64_t to, struct arena *arena)
{
	struct date last;

	*b = (struct buckets) {
		.zone = z, .period = period, .from = from, .to = to, .skipped = INT64_MAX
	};
	if (from >= to)
		return;
	if (period == PERIOD_ALL) {
		b->n = 1;
		return;
	}
	if (period == PERIOD_HOUR) {
		make_hours(b, arena);
		return;
	}
	last = zone_date(z, to - 1);
	b->newest = period_first(period, last);
	b->newest_day = date_to_days(b->newest);
	b->n = period_distance(period, zone_date(z, from), last) + 1;
	if (period == PERIOD_DAY)
		find_skipped_day(b, last);
}

void buckets_range(const struct buckets *b, int64_t k, int64_t *ret_from, int64_t *ret_to)
{
	struct date first;

	*ret_from = b->from;
	*ret_to = b->to;
	if (b->period == PERIOD_ALL)
		return;
	if (b->period == PERIOD_HOUR) {
		hour_range(b, k, ret_from, ret_to);
		return;
	}
	if (k >= b->skipped)
		k++;
	if (b->period == PERIOD_DAY) {
		*ret_from = max64(b->from, zone_day_begin(b->zone, b->newest_day - k));
		*ret_to = min64(b->to, zone_day_begin(b->zone, b->newest_day - k + 1));
		return;
	}
	first = period_step(b->period, b->newest, -k);
	*ret_from = max64(b->from, zone_day_start(b->zone, first));
	*ret_to = min64(b->to, zone_day_start(b->zone, period_step(b->period, first, 1)));
}
