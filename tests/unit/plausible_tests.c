/* plausible_tests.c - a clock that jumps is not believed at once. */
#include "suite.h"

#include "base/plausible.h"

enum { T = 1790000000, STEADY = 1000, DAY = 86400, YEAR = 365 * DAY };

START_TEST(time_that_passes_is_believed)
{
	struct plausible p = { 0 };

	plausible_begin(&p, T - DAY, T, STEADY);
	for (int64_t s = 0; s < 40 * DAY; s += 1237)
		ck_assert_int_eq(plausible_time(&p, T + s, STEADY + s), T + s);
	/* also between two looks that are a year apart */
	ck_assert_int_eq(plausible_time(&p, T + YEAR, STEADY + YEAR), T + YEAR);
}
END_TEST

START_TEST(a_small_step_and_a_step_back_are_believed)
{
	static const int64_t steps[] = {
		0, 1, PLAUSIBLE_STEP_SECONDS, -1, -3600, -YEAR, -10 * YEAR
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct plausible p = { 0 };

		plausible_begin(&p, 0, T, STEADY);
		ck_assert_msg(plausible_time(&p, T + steps[i], STEADY) == T + steps[i], "step %zu",
			      i);
	}
}
END_TEST

START_TEST(a_jump_ahead_is_believed_after_a_day)
{
	static const int64_t jumps[] = { PLAUSIBLE_STEP_SECONDS + 1, 2 * DAY, YEAR, 10 * YEAR };

	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct plausible p = { 0 };

		ROW("%lld s", (long long)jumps[i]);
		plausible_begin(&p, 0, T, STEADY);
		for (int64_t s = 0; s < DAY; s += 600)
			ck_assert_msg(plausible_time(&p, T + jumps[i] + s, STEADY + s) == T + s,
				      "jump %zu, after %lld s", i, (long long)s);
		ck_assert_int_eq(plausible_time(&p, T + jumps[i] + DAY, STEADY + DAY),
				 T + jumps[i] + DAY);
	}
}
END_TEST

START_TEST(a_jump_for_one_request_leaves_nothing)
{
	struct plausible p = { 0 };

	plausible_begin(&p, 0, T, STEADY);
	ck_assert_int_eq(plausible_time(&p, T + 10 * (int64_t)YEAR, STEADY), T);
	ck_assert_int_eq(plausible_time(&p, T + 5, STEADY + 5), T + 5);
	/* the next jump waits a day of its own */
	ck_assert_int_eq(plausible_time(&p, T + YEAR + 2 * DAY, STEADY + 2 * DAY), T + 2 * DAY);
}
END_TEST

START_TEST(a_server_that_starts_with_a_wrong_clock_goes_by_the_ledger)
{
	struct plausible p = { 0 };

	plausible_begin(&p, T, T + 10 * (int64_t)YEAR, STEADY);
	ck_assert_int_eq(plausible_time(&p, T + 10 * (int64_t)YEAR + 60, STEADY + 60), T + 60);
	/* a pause of some weeks is none */
	plausible_begin(&p, T, T + 20 * DAY, STEADY);
	ck_assert_int_eq(plausible_time(&p, T + 20 * DAY, STEADY), T + 20 * DAY);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("plausible");
	TCase *t = tcase_create("plausible");

	tcase_add_test(t, time_that_passes_is_believed);
	tcase_add_test(t, a_small_step_and_a_step_back_are_believed);
	tcase_add_test(t, a_jump_ahead_is_believed_after_a_day);
	tcase_add_test(t, a_jump_for_one_request_leaves_nothing);
	tcase_add_test(t, a_server_that_starts_with_a_wrong_clock_goes_by_the_ledger);
	suite_add_tcase(s, t);
	return run_suite(s);
}
