/*
 * zone_tests.c - time zones.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/civil.h"
#include "base/strbuf.h"
#include "base/zone.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

static int64_t day_start(const char *zone, int year, int month, int day)
{
	const struct zone *z = zone_find(zone);

	ck_assert_msg(z, "no zone %s; is tzdata installed?", zone);
	return zone_day_start(z, (struct date) { year, month, day });
}

static int64_t seconds(const char *text)
{
	int64_t us;

	ck_assert(instant_parse(text, strlen(text), false, &us));
	return us / USEC_PER_SEC;
}

static const struct {
	const char *zone;
	struct date day;
	const char *start;
} day_starts[] = {
	{ "America/New_York", { 2026, 3, 8 }, "2026-03-08T05:00:00Z" },
	{ "America/New_York", { 2026, 3, 9 }, "2026-03-09T04:00:00Z" },
	{ "America/New_York", { 2026, 11, 1 }, "2026-11-01T04:00:00Z" },
	{ "America/New_York", { 2026, 11, 2 }, "2026-11-02T05:00:00Z" },
	{ "America/New_York", { 1974, 1, 6 }, "1974-01-06T05:00:00Z" },
	{ "America/New_York", { 1974, 1, 7 }, "1974-01-07T04:00:00Z" },
	{ "America/New_York", { 2100, 1, 1 }, "2100-01-01T05:00:00Z" },
	{ "America/New_York", { 2100, 7, 4 }, "2100-07-04T04:00:00Z" },
	{ "Europe/Vienna", { 1979, 7, 1 }, "1979-06-30T23:00:00Z" },
	{ "Asia/Kathmandu", { 2026, 11, 21 }, "2026-11-20T18:15:00Z" },
	/* midnight is put forward to 00:15 */
	{ "Asia/Kathmandu", { 1986, 1, 1 }, "1985-12-31T18:30:00Z" },
	{ "Asia/Kathmandu", { 1986, 1, 2 }, "1986-01-01T18:15:00Z" },
	/* half an hour of summer time */
	{ "Australia/Lord_Howe", { 2026, 4, 5 }, "2026-04-04T13:00:00Z" },
	{ "Australia/Lord_Howe", { 2026, 4, 6 }, "2026-04-05T13:30:00Z" },
	{ "Australia/Lord_Howe", { 2026, 10, 4 }, "2026-10-03T13:30:00Z" },
	{ "Australia/Lord_Howe", { 2026, 10, 5 }, "2026-10-04T13:00:00Z" },
	{ "America/Sao_Paulo", { 2017, 10, 15 }, "2017-10-15T03:00:00Z" }, /* skips midnight */
	{ "America/Sao_Paulo", { 2017, 10, 16 }, "2017-10-16T02:00:00Z" },
	/* midnight falls back to 23:00 */
	{ "America/Sao_Paulo", { 2018, 2, 18 }, "2018-02-18T03:00:00Z" },
	{ "Asia/Beirut", { 2026, 3, 29 }, "2026-03-28T22:00:00Z" },
	{ "Asia/Beirut", { 2022, 10, 30 }, "2022-10-29T22:00:00Z" },
	/* midnight comes twice */
	{ "America/Havana", { 2026, 11, 1 }, "2026-11-01T04:00:00Z" },
	/* one minute of the day, an hour back, the rest */
	{ "America/St_Johns", { 2006, 10, 29 }, "2006-10-29T02:30:00Z" },
	{ "America/St_Johns", { 2006, 10, 30 }, "2006-10-30T03:30:00Z" },
	{ "Pacific/Apia", { 2011, 12, 29 }, "2011-12-29T10:00:00Z" },
	/* a day that never was */
	{ "Pacific/Apia", { 2011, 12, 30 }, "2011-12-30T10:00:00Z" },
	{ "Pacific/Apia", { 2011, 12, 31 }, "2011-12-30T10:00:00Z" },
	{ "Pacific/Apia", { 2012, 1, 1 }, "2011-12-31T10:00:00Z" },
};

START_TEST(a_day_begins_at_its_first_instant)
{
	struct date d = day_starts[_i].day;
	int64_t start = day_start(day_starts[_i].zone, d.year, d.month, d.day);
	char buf[INSTANT_TEXT];

	instant_format(buf, start * USEC_PER_SEC);
	ck_assert_str_eq(buf, day_starts[_i].start);
}
END_TEST

START_TEST(an_instant_falls_on_the_local_date)
{
	const struct zone *apia = zone_find("Pacific/Apia"), *york = zone_find("America/New_York");
	int64_t skip = seconds("2011-12-30T10:00:00Z");

	ck_assert_ptr_nonnull(apia);
	ck_assert_ptr_nonnull(york);
	ck_assert_int_eq(date_compare(zone_date(apia, skip - 1), (struct date) { 2011, 12, 29 }),
			 0);
	ck_assert_int_eq(date_compare(zone_date(apia, skip), (struct date) { 2011, 12, 31 }), 0);
	ck_assert_int_eq(date_compare(zone_date(york, seconds("2026-11-01T03:59:59Z")),
				      (struct date) { 2026, 10, 31 }),
			 0);
	ck_assert_int_eq(date_compare(zone_date(york, seconds("1960-01-01T04:59:59Z")),
				      (struct date) { 1959, 12, 31 }),
			 0);
	ck_assert_int_eq(zone_offset(york, seconds("2026-07-01T00:00:00Z")), -4 * 3600);
	ck_assert_int_eq(zone_offset(york, seconds("2026-12-01T00:00:00Z")), -5 * 3600);
	ck_assert_int_eq(zone_offset(apia, skip - 1), -10 * 3600);
	ck_assert_int_eq(zone_offset(apia, skip), 14 * 3600);
}
END_TEST

START_TEST(days_follow_each_other_without_gap_in_every_zone)
{
	static const char *const names[] = {
		"UTC",
		"America/New_York",
		"Asia/Kathmandu",
		"Australia/Lord_Howe",
		"America/Sao_Paulo",
		"Asia/Beirut",
		"Africa/Casablanca",
		"America/Havana",
		"Asia/Tehran",
		"Europe/Dublin",
		"America/Nuuk",
		"Antarctica/Troll",
	};
	int64_t first = date_to_days((struct date) { 2008, 1, 1 }),
		last = date_to_days((struct date) { 2030, 1, 1 });

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct zone *z = zone_find(names[i]);
		int64_t start, next;

		ck_assert_msg(z, "no zone %s; is tzdata installed?", names[i]);
		start = zone_day_start(z, date_from_days(first));
		for (int64_t day = first; day < last; day++, start = next) {
			next = zone_day_start(z, date_from_days(day + 1));
			if (date_to_days(zone_date(z, start)) != day ||
			    date_to_days(zone_date(z, next - 1)) != day ||
			    (next - start) % 900 != 0)
				ck_abort_msg("%s: day %lld from %lld to %lld", names[i],
					     (long long)day, (long long)start, (long long)next);
		}
	}
}
END_TEST

START_TEST(utc_needs_no_files)
{
	const struct zone *utc = zone_find(NULL);

	setenv("TZDIR", "/nonexistent", 1);
	ck_assert_ptr_nonnull(utc);
	ck_assert_ptr_eq(zone_find("UTC"), utc);
	ck_assert_str_eq(zone_name(utc), "UTC");
	ck_assert(zone_is_utc(utc));
	ck_assert_int_eq(zone_offset(utc, 1795255200), 0);
	ck_assert_int_eq(zone_day_start(utc, (struct date) { 2026, 11, 21 }), 1795219200);
	ck_assert_int_eq(date_compare(zone_date(utc, -1), (struct date) { 1969, 12, 31 }), 0);
	ck_assert_ptr_null(zone_find("Europe/Riga"));
	unsetenv("TZDIR");
	ck_assert_ptr_nonnull(zone_find("Europe/Riga"));
}
END_TEST

START_TEST(names_that_are_no_zones_are_refused)
{
	static const char *const bad[] = {
		"",
		"Nowhere/City",
		"America",
		"zone.tab",
		"tzdata.zi",
		"/etc/localtime",
		"../zoneinfo/UTC",
		"Europe/../UTC",
		"AAA5",
		"+05:00",
		"+0500",
		"EST5EDT,M3.2.0,M11.1.0",
		"Europe/Vienna ",
		"Europe\\Vienna",
		"right/Europe/Vienna",
		"Europe/Vi\xc3\xa9nne",
		"%s%n",
		"Europe//Vienna",
		"Europe///Vienna",
		"./Europe/Vienna",
		"Europe/./Vienna",
		"Europe/Vienna/",
		"posix/Europe/Vienna",
		"posixrules",
		"localtime",
		"Factory",
		"europe/vienna",
		"+VERSION",
		"leapseconds",
		("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(!zone_find(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(strangers_cannot_fill_the_list_of_zones)
{
	char name[64];

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "Europe%.*sVienna", 2 + i % 30,
			 "////////////////////////////////");
		ck_assert_msg(!zone_find(name), "%s", name);
		snprintf(name, sizeof(name), "Europe/V%d", i);
		ck_assert_msg(!zone_find(name), "%s", name);
	}
	ck_assert_ptr_nonnull(zone_find("Europe/Lisbon"));
}
END_TEST

START_TEST(the_listed_zones_are_those_that_are_found)
{
	static const char *const some[] = { "America/Argentina/Buenos_Aires", "Etc/GMT+5",
					    "Europe/London", "UTC" };
	size_t n, listed = 0;
	const char *const *names = zone_names(&n);

	ck_assert_uint_gt(n, 300);
	for (size_t i = 0; i < n; i++) {
		ck_assert_msg(zone_find(names[i]) != NULL, "%s", names[i]);
		ck_assert_msg(i == 0 || strcmp(names[i - 1], names[i]) < 0, "%s", names[i]);
		for (size_t j = 0; j < ARRAY_SIZE(some); j++)
			listed += strcmp(names[i], some[j]) == 0;
	}
	ck_assert_uint_eq(listed, ARRAY_SIZE(some));
}
END_TEST

START_TEST(a_zone_is_loaded_once)
{
	const struct zone *z = zone_find("Europe/Vienna");

	ck_assert_ptr_nonnull(z);
	ck_assert_ptr_eq(zone_find("Europe/Vienna"), z);
	ck_assert_str_eq(zone_name(z), "Europe/Vienna");
	ck_assert(!zone_is_utc(z));
}
END_TEST

static void *use_zones(void *ret)
{
	static const char *const names[] = { "Asia/Tokyo", "Europe/Paris", "Europe/Vienna",
					     "America/Lima", "Asia/Kolkata" };
	int64_t sum = 0;

	for (int i = 0; i < 500; i++)
		sum += zone_day_start(zone_find(names[i % 5]), date_from_days(15000 + i));
	*(int64_t *)ret = sum;
	return NULL;
}

START_TEST(threads_share_zones)
{
	pthread_t threads[4];
	int64_t sums[4];

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_zones, &sums[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 1; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(sums[i], sums[0]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("zone");
	TCase *tc = tcase_create("zone");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_day_begins_at_its_first_instant, 0, ARRAY_SIZE(day_starts));
	tcase_add_test(tc, an_instant_falls_on_the_local_date);
	tcase_add_test(tc, days_follow_each_other_without_gap_in_every_zone);
	tcase_add_test(tc, utc_needs_no_files);
	tcase_add_test(tc, names_that_are_no_zones_are_refused);
	tcase_add_test(tc, strangers_cannot_fill_the_list_of_zones);
	tcase_add_test(tc, the_listed_zones_are_those_that_are_found);
	tcase_add_test(tc, a_zone_is_loaded_once);
	tcase_add_test(tc, threads_share_zones);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
