/*
 * time_form_tests.c - times as others write them.
 */
#include <check.h>
#include "record_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* ---- mappings ---- */

START_TEST(times_of_a_format_become_ours)
{
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT "time = {t}\ntime_format = %Y-%m-%d %H:%M:%S\n",
		     "a,b,t\n1,x,2023-11-16 18:15:46.6805900\n2,x,2023-11-16 "
		     "18:15:46\n3,x,2023-02-29 00:00:00\n4,x,2023-11-16T18:15:46\n"
		     "5,x,2023-11-16 18:15:46 \n6,x,2023-11-16 24:00:00\n7,x,\n",
		     "2 source=s id=1 subject=x time=2023-11-16T18:15:46.680590Z category=calls\n"
		     "3 source=s id=2 subject=x time=2023-11-16T18:15:46Z category=calls\n"
		     "4 bad time: time must have the form %Y-%m-%d %H:%M:%S\n"
		     "5 bad time: time must have the form %Y-%m-%d %H:%M:%S\n"
		     "6 bad time: time must have the form %Y-%m-%d %H:%M:%S\n"
		     "7 bad time: time must have the form %Y-%m-%d %H:%M:%S\n"
		     "8 bad time: time must have the form %Y-%m-%d %H:%M:%S\n");
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = %d/%m/%Y:%H:%M:%S %z\n",
		     "a,b,t\n1,x,17/05/2015:10:05:03 +0545\n2,x,17/05/2015:10:05:03 "
		     "-01:00\n3,x,17/05/2015:10:05:03 Z\n4,x,17/05/2015:10:05:03 +9\n",
		     "2 source=s id=1 subject=x time=2015-05-17T04:20:03Z category=calls\n"
		     "3 source=s id=2 subject=x time=2015-05-17T11:05:03Z category=calls\n"
		     "4 source=s id=3 subject=x time=2015-05-17T10:05:03Z category=calls\n"
		     "5 bad time: time must have the form %d/%m/%Y:%H:%M:%S %z\n");
}
END_TEST

START_TEST(times_are_read_as_others_write_them)
{
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = %e %b %y, %I:%M:%S %p 100%%\n",
		     "a,b,t\n1,x,\" 1 Feb 14, 12:05:03 AM 100%\"\n2,x,\"31 december 69, 3:05:03,25 "
		     "pm 100%\"\n3,x,\"1 Foo 14, 12:05:03 AM 100%\"\n"
		     "4,x,\"1 Feb 14, 13:05:03 AM 100%\"\n5,x,\"1 Feb 4, 1:05:03 AM 100%\"\n",
		     "2 source=s id=1 subject=x time=2014-02-01T00:05:03Z category=calls\n"
		     "3 source=s id=2 subject=x time=1969-12-31T15:05:03.250000Z category=calls\n"
		     "4 bad time: time must have the form %e %b %y, %I:%M:%S %p 100%%\n"
		     "5 bad time: time must have the form %e %b %y, %I:%M:%S %p 100%%\n"
		     "6 bad time: time must have the form %e %b %y, %I:%M:%S %p 100%%\n");
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT "time = {t}\ntime_format = %Y-%m-%d %H:%M:%S\n",
		     "a,b,t\n1,x,2016-12-31 23:59:60\n",
		     "2 source=s id=1 subject=x time=2016-12-31T23:59:59.999999Z category=calls\n");
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT "time = {t}\ntime_format = %m/%d/%Y %H:%M\n",
		     "a,b,t\n1,x,2/1/2014 7:05\n2,x,02/01/2014 07:05\n",
		     "2 source=s id=1 subject=x time=2014-02-01T07:05:00Z category=calls\n"
		     "3 source=s id=2 subject=x time=2014-02-01T07:05:00Z category=calls\n");
}
END_TEST

START_TEST(local_times_of_a_zone_become_utc)
{
	/*
	 * Vienna puts clocks forward on 2026-03-29 at 2:00, and back on
	 * 2026-10-25 at 3:00
	 */
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = %Y-%m-%d %H:%M:%S\ntime_zone = Europe/Vienna\n",
		     "a,b,t\n1,x,2026-01-01 00:30:00\n2,x,2026-07-01 00:30:00\n3,x,2026-03-29 "
		     "01:59:59\n4,x,2026-03-29 02:30:00\n"
		     "5,x,2026-03-29 03:00:00\n6,x,2026-10-25 01:59:59\n7,x,2026-10-25 "
		     "02:00:00\n8,x,2026-10-25 02:59:59.5\n9,x,2026-10-25 03:00:00\n",
		     "2 source=s id=1 subject=x time=2025-12-31T23:30:00Z category=calls\n"
		     "3 source=s id=2 subject=x time=2026-06-30T22:30:00Z category=calls\n"
		     "4 source=s id=3 subject=x time=2026-03-29T00:59:59Z category=calls\n"
		     "5 source=s id=4 subject=x time=2026-03-29T01:30:00Z category=calls\n"
		     "6 source=s id=5 subject=x time=2026-03-29T01:00:00Z category=calls\n"
		     "7 source=s id=6 subject=x time=2026-10-24T23:59:59Z category=calls\n"
		     "8 source=s id=7 subject=x time=2026-10-25T00:00:00Z category=calls\n"
		     "9 source=s id=8 subject=x time=2026-10-25T00:59:59.500000Z category=calls\n"
		     "10 source=s id=9 subject=x time=2026-10-25T02:00:00Z category=calls\n");
}
END_TEST

/* ---- records as JSON ---- */

START_TEST(times_may_count_seconds_from_a_moment)
{
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = milliseconds since 1970-01-01T00:00:00Z\n",
		     "a,b,t\n1,x,1391385600001.25\n",
		     "2 source=s id=1 subject=x time=2014-02-03T00:00:00.001250Z category=calls\n");
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = microseconds since 1970-01-01T00:00:00Z\n",
		     "a,b,t\n1,x,1391385600000017\n",
		     "2 source=s id=1 subject=x time=2014-02-03T00:00:00.000017Z category=calls\n");
	CHECK_MAPPED("[file]\nheader = yes\n" EVENT
		     "time = {t}\ntime_format = seconds since 2014-02-03T00:00:00Z\n",
		     "a,b,t\n1,x,184\n2,x,2419199.500000999\n3,x,soon\n4,x,99999999999999999\n",
		     "2 source=s id=1 subject=x time=2014-02-03T00:03:04Z category=calls\n"
		     "3 source=s id=2 subject=x time=2014-03-02T23:59:59.500000Z category=calls\n"
		     "4 bad time: time must have the form seconds since 2014-02-03T00:00:00Z\n"
		     "5 bad time: time must have the form seconds since 2014-02-03T00:00:00Z\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("time_form");
	TCase *tc = tcase_create("time_form");

	tcase_add_test(tc, times_of_a_format_become_ours);
	tcase_add_test(tc, times_are_read_as_others_write_them);
	tcase_add_test(tc, local_times_of_a_zone_become_utc);
	tcase_add_test(tc, times_may_count_seconds_from_a_moment);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
