/*
 * counter_tests.c - counters and histograms.
 */
#include <check.h>
#include "base/counter.h"
#include "suite.h"
#include "base/banned.h"

START_TEST(a_duration_is_in_the_bucket_that_includes_it)
{
	static const struct {
		int64_t us;
		int bucket;
	} rows[] = { { 0, 0 },       { 1000, 0 },      { 1001, 1 },      { 999999, 9 },
		     { 1000000, 9 }, { 10000000, 12 }, { 10000001, 13 }, { INT64_C(1) << 40, 13 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct histogram h = { 0 };
		struct histogram_sum sum = { 0 };

		ROW("%lld", (long long)rows[i].us);
		histogram_add(&h, rows[i].us);
		histogram_read(&h, &sum);
		ck_assert_int_eq(sum.buckets[rows[i].bucket], 1);
		ck_assert_int_eq(sum.n, 1);
		ck_assert_int_eq(sum.sum_us, rows[i].us);
	}
}
END_TEST

START_TEST(the_limits_of_the_buckets_grow)
{
	for (int i = 1; i < HISTOGRAM_LIMITS; i++)
		ck_assert_int_gt(histogram_limits_us[i], histogram_limits_us[i - 1]);
}
END_TEST

START_TEST(histograms_add_up)
{
	struct histogram a = { 0 }, b = { 0 };
	struct histogram_sum sum = { 0 };

	histogram_add(&a, 500);
	histogram_add(&b, 700);
	histogram_add(&b, 60000000);
	histogram_read(&a, &sum);
	histogram_read(&b, &sum);
	ck_assert_int_eq(sum.n, 3);
	ck_assert_int_eq(sum.buckets[0], 2);
	ck_assert_int_eq(sum.buckets[HISTOGRAM_LIMITS], 1);
	ck_assert_int_eq(sum.sum_us, 60001200);
}
END_TEST

static Suite *counter_suite(void)
{
	Suite *s = suite_create("counter");
	TCase *t = tcase_create("counter");

	tcase_add_test(t, a_duration_is_in_the_bucket_that_includes_it);
	tcase_add_test(t, the_limits_of_the_buckets_grow);
	tcase_add_test(t, histograms_add_up);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(counter_suite());
}
