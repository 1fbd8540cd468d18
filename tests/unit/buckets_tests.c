/*
 * buckets_tests.c - the buckets of a range: hours by a zone's clocks, and days
 * that a zone skipped.
 */
#include <check.h>
#include <stdlib.h>

#include "usage/buckets.h"
#include "suite.h"
#include "base/banned.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena);
}

static void teardown(void)
{
	arena_release(&arena);
}

static int64_t instant(const char *text)
{
	int64_t us;

	ck_assert_msg(instant_parse(text, strlen(text), false, &us), "%s", text);
	return us / USEC_PER_SEC;
}

static struct buckets make(const char *zone, enum period period, int64_t from, int64_t to)
{
	struct buckets b;

	ck_assert_msg(zone_find(zone) != NULL, "%s", zone);
	buckets_make(&b, zone_find(zone), period, from, to, &arena);
	return b;
}

/* They are whole, newest first, without gap or overlap. */
static void check_tiles(const struct buckets *b, const char *what)
{
	int64_t end = b->to;

	for (int64_t k = 0; k < b->n; k++) {
		int64_t from, to;

		buckets_range(b, k, &from, &to);
		ck_assert_msg(from < to, "%s: bucket %d is empty", what, (int)k);
		ck_assert_msg(to == end, "%s: bucket %d ends at %lld instead of %lld", what, (int)k,
			      (long long)to, (long long)end);
		end = from;
	}
	ck_assert_msg(end == b->from, "%s: the last one begins at %lld", what, (long long)end);
}

/* The local clock at SEC, in seconds from its hour's beginning. */
static int64_t past_hour(const char *zone, int64_t sec)
{
	int64_t local = sec + zone_offset(zone_find(zone), sec);

	return local - floor_div(local, 3600) * 3600;
}

static const struct {
	const char *zone, *from, *to;
	int64_t n;
} hour_rows[] = {
	{ "UTC", "2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", 48 },
	{ "UTC", "2026-11-01T00:30:00Z", "2026-11-01T02:10:00Z", 3 },
	/* midnight in Kathmandu is 18:15 */
	{ "Asia/Kathmandu", "2026-10-31T18:15:00Z", "2026-11-01T18:15:00Z", 24 },
	{ "Asia/Kolkata", "2026-10-31T18:30:00Z", "2026-11-02T18:30:00Z", 48 },
	{ "America/St_Johns", "2026-06-01T02:30:00Z", "2026-06-02T02:30:00Z", 24 },
	/* whole-hour changes: a day of 23 and one of 25 hours */
	{ "Europe/Vienna", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23 },
	{ "Europe/Vienna", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25 },
	/*
	 * Lord Howe's clock is put back by half an hour at 15:00 UTC, from
	 * 02:00 to 01:30; and forward, from 02:00 to 02:30
	 */
	{ "Australia/Lord_Howe", "2026-04-03T13:00:00Z", "2026-04-05T13:30:00Z", 49 },
	{ "Australia/Lord_Howe", "2026-10-02T13:30:00Z", "2026-10-04T13:00:00Z", 48 },
};

START_TEST(hours_are_those_that_the_zones_clocks_show)
{
	const char *zone = hour_rows[_i].zone;
	struct buckets b = make(zone, PERIOD_HOUR, instant(hour_rows[_i].from),
				instant(hour_rows[_i].to));

	check_tiles(&b, zone);
	for (int64_t k = 0; k < b.n; k++) {
		int64_t from, to;

		buckets_range(&b, k, &from, &to);
		ck_assert_msg(from == b.from || past_hour(zone, from) == 0 ||
				      zone_offset(zone_find(zone), from) !=
					      zone_offset(zone_find(zone), from - 1),
			      "%s: an hour begins %lld seconds past the full hour", zone,
			      (long long)past_hour(zone, from));
		ck_assert_msg(to - from <= 3600, "%s: an hour of %lld seconds", zone,
			      (long long)(to - from));
	}
	ck_assert_msg(b.n == hour_rows[_i].n, "%s from %s: %lld hours", zone, hour_rows[_i].from,
		      (long long)b.n);
}
END_TEST

START_TEST(hours_of_years_are_found_through_every_change)
{
	struct buckets b = make("Australia/Lord_Howe", PERIOD_HOUR, instant("2019-01-01T00:00:00Z"),
				instant("2026-11-01T07:15:00Z"));

	check_tiles(&b, "years of Lord Howe");
	ck_assert_uint_eq(b.n_runs, 17);
}
END_TEST

START_TEST(hours_of_all_time_cost_no_walk_through_it)
{
	struct buckets b = make("Asia/Kathmandu", PERIOD_HOUR, -62135596800, 253402300800);
	int64_t from, to;

	ck_assert_uint_eq(b.n_runs, 1);
	buckets_range(&b, 1, &from, &to);
	ck_assert_int_eq(past_hour("Asia/Kathmandu", from), 0);
	buckets_range(&b, b.n - 1, &from, &to);
	ck_assert_int_eq(from, -62135596800);
}
END_TEST

static const struct {
	const char *zone;
	struct date before, skipped, after;
} skips[] = {
	{ "Pacific/Apia", { 2011, 12, 29 }, { 2011, 12, 30 }, { 2011, 12, 31 } },
	{ "Pacific/Fakaofo", { 2011, 12, 29 }, { 2011, 12, 30 }, { 2011, 12, 31 } },
	{ "Pacific/Kwajalein", { 1993, 8, 20 }, { 1993, 8, 21 }, { 1993, 8, 22 } },
	{ "Pacific/Kiritimati", { 1994, 12, 30 }, { 1994, 12, 31 }, { 1995, 1, 1 } },
};

static int64_t day_start(const char *zone, struct date d, int days)
{
	return zone_day_start(zone_find(zone), date_from_days(date_to_days(d) + days));
}

START_TEST(a_day_that_the_zone_skipped_is_no_bucket)
{
	const char *zone = skips[_i].zone;
	struct buckets b = make(zone, PERIOD_DAY, day_start(zone, skips[_i].before, -3),
				day_start(zone, skips[_i].after, 4));
	int64_t from, to, expected = date_to_days(skips[_i].after) + 3;

	check_tiles(&b, zone);
	ck_assert_int_eq(b.n, 8);
	for (int64_t k = 0; k < b.n; k++, expected--) {
		buckets_range(&b, k, &from, &to);
		if (expected == date_to_days(skips[_i].skipped))
			expected--;
		ck_assert_int_eq(date_to_days(zone_date(zone_find(zone), from)), expected);
		ck_assert_int_eq(date_to_days(zone_date(zone_find(zone), to - 1)), expected);
	}
}
END_TEST

START_TEST(a_range_of_the_skipped_day_alone_has_no_bucket)
{
	const char *zone = skips[_i].zone;
	int64_t from = day_start(zone, skips[_i].skipped, 0),
		to = day_start(zone, skips[_i].skipped, 1);

	for (enum period p = PERIOD_ALL; p <= PERIOD_YEAR; p++)
		ck_assert_int_eq(make(zone, p, from, to).n, 0);
}
END_TEST

START_TEST(ranges_beside_the_skipped_day_have_all_their_days)
{
	const char *zone = skips[_i].zone;
	struct buckets before = make(zone, PERIOD_DAY, day_start(zone, skips[_i].before, -3),
				     day_start(zone, skips[_i].skipped, 0));
	struct buckets after = make(zone, PERIOD_DAY, day_start(zone, skips[_i].after, 0),
				    day_start(zone, skips[_i].after, 4));

	check_tiles(&before, zone);
	check_tiles(&after, zone);
	ck_assert_int_eq(before.n, 4);
	ck_assert_int_eq(after.n, 4);
}
END_TEST

START_TEST(months_and_years_around_a_skipped_day_are_all_there)
{
	struct buckets months = make("Pacific/Apia", PERIOD_MONTH, instant("2011-11-01T11:00:00Z"),
				     instant("2012-02-29T10:00:00Z"));
	struct buckets years = make("Pacific/Apia", PERIOD_YEAR, instant("2010-01-01T11:00:00Z"),
				    instant("2012-12-31T10:00:00Z"));

	check_tiles(&months, "months");
	check_tiles(&years, "years");
	ck_assert_int_eq(months.n, 4);
	ck_assert_int_eq(years.n, 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("buckets");
	TCase *tc = tcase_create("buckets");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, hours_are_those_that_the_zones_clocks_show, 0,
			    sizeof(hour_rows) / sizeof(hour_rows[0]));
	tcase_add_test(tc, hours_of_years_are_found_through_every_change);
	tcase_add_test(tc, hours_of_all_time_cost_no_walk_through_it);
	tcase_add_loop_test(tc, a_day_that_the_zone_skipped_is_no_bucket, 0,
			    sizeof(skips) / sizeof(skips[0]));
	tcase_add_loop_test(tc, a_range_of_the_skipped_day_alone_has_no_bucket, 0,
			    sizeof(skips) / sizeof(skips[0]));
	tcase_add_loop_test(tc, ranges_beside_the_skipped_day_have_all_their_days, 0,
			    sizeof(skips) / sizeof(skips[0]));
	tcase_add_test(tc, months_and_years_around_a_skipped_day_are_all_there);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
