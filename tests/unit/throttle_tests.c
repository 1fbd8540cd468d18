/*
 * throttle_tests.c - wrong passwords cost time.
 */
#include <check.h>
#include <stdio.h>
#include "base/throttle.h"
#include "fixture.h"
#include "folder.h"
#include "suite.h"
#include "base/banned.h"

/*
 * Wrong tries of a pair, each as soon as it may; returns when the last one was
 * let through.
 */
static int64_t fail_times(struct throttle *t, const char *user, const char *address, int n,
			  int64_t now)
{
	for (int i = 0; i < n; i++) {
		int64_t wait = throttle_try(t, user, address, now);

		if (wait) {
			now += wait;
			ck_assert_int_eq(throttle_try(t, user, address, now), 0);
		}
	}
	return now;
}

START_TEST(wrong_passwords_cost_more_and_more_time)
{
	struct throttle *t = throttle_new();
	int64_t now = fail_times(t, "ada", "192.0.2.1", THROTTLE_FREE + 1, 0), wait = 0;

	ck_assert_int_eq(now, 0);
	for (int i = 0; i < 6; i++) {
		wait = throttle_try(t, "ada", "192.0.2.1", now);
		ck_assert_int_eq(wait, 1000 << i);
		ck_assert_int_eq(throttle_try(t, "ada", "192.0.2.1", now + wait - 1), 1);
		now += wait;
		ck_assert_int_eq(throttle_try(t, "ada", "192.0.2.1", now), 0);
	}
	for (int i = 0; i < 100; i++) {
		wait = throttle_try(t, "ada", "192.0.2.1", now);
		ck_assert(wait > 0 && wait <= THROTTLE_PAIR_MAX_MS);
		now += wait;
		ck_assert_int_eq(throttle_try(t, "ada", "192.0.2.1", now), 0);
	}
	/* who stops is forgiven */
	ck_assert_int_eq(throttle_try(t, "ada", "192.0.2.1", now + 100 * THROTTLE_FORGIVE_MS), 0);
	throttle_free(&t);
}
END_TEST

START_TEST(a_right_password_forgives_the_pair)
{
	struct throttle *t = throttle_new();
	int64_t now = fail_times(t, "ada", "192.0.2.1", 8, 0);

	throttle_succeeded(t, "ada", "192.0.2.1", now);
	ck_assert_int_eq(fail_times(t, "ada", "192.0.2.1", THROTTLE_FREE + 1, now), now);
	ck_assert(throttle_try(t, "ada", "192.0.2.1", now) > 0);
	throttle_free(&t);
}
END_TEST

START_TEST(a_crowd_that_guesses_one_user_does_not_keep_the_user_out)
{
	struct throttle *t = throttle_new();
	char address[32];
	int64_t wait;

	throttle_try(t, "ada", "198.51.100.1", 0);
	throttle_succeeded(t, "ada", "198.51.100.1", 0);
	for (int i = 0; i < 200; i++) {
		snprintf(address, sizeof(address), "10.0.0.%d", i);
		throttle_try(t, "ada", address, 0);
	}
	/* known at this address: at once */
	ck_assert_int_eq(throttle_try(t, "ada", "198.51.100.1", 0), 0);
	/*
	 * new at this one: after a time of its own, however many others go on
	 */
	wait = throttle_try(t, "ada", "203.0.113.5", 0);
	ck_assert(wait > 0 && wait <= THROTTLE_USER_MAX_MS);
	for (int i = 0; i < 200; i++) {
		snprintf(address, sizeof(address), "10.0.1.%d", i);
		throttle_try(t, "ada", address, wait / 2);
	}
	ck_assert_int_eq(throttle_try(t, "ada", "203.0.113.5", wait), 0);
	/* others are not concerned */
	ck_assert_int_eq(throttle_try(t, "eve", "203.0.113.6", 0), 0);
	throttle_free(&t);
}
END_TEST

START_TEST(a_guesser_of_many_names_slows_down_its_address)
{
	struct throttle *t = throttle_new();
	int let_through = 0;
	char user[32];
	int64_t wait;

	throttle_try(t, "ada", "2001:db8::1", 0);
	throttle_succeeded(t, "ada", "2001:db8::1", 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(user, sizeof(user), "user%d", i);
		let_through += throttle_try(t, user, i % 2 ? "2001:db8::1" : "2001:db8::ffff:2",
					    0) == 0;
	}
	ck_assert_int_eq(let_through, THROTTLE_ADDRESS_FREE + 1);
	ck_assert_int_eq(throttle_try(t, "ada", "2001:db8::1", 0), 0);
	wait = throttle_try(t, "eve", "2001:db8::3", 0);
	ck_assert(wait > 0 && wait <= THROTTLE_ADDRESS_MAX_MS);
	ck_assert_int_eq(throttle_try(t, "eve", "2001:db8::3", wait), 0);
	ck_assert_int_eq(throttle_try(t, "eve", "2001:db8:0:1::3", 0), 0);
	throttle_free(&t);
}
END_TEST

START_TEST(a_withdrawn_try_counts_for_nothing)
{
	struct throttle *t = throttle_new();

	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(throttle_try(t, "ada", "192.0.2.1", 0), 0);
		throttle_withdraw(t, "ada", "192.0.2.1", 0);
	}
	throttle_free(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("throttle");
	TCase *tc = tcase_create("throttle");

	tcase_add_checked_fixture(tc, start_secrets, remove_folder);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, wrong_passwords_cost_more_and_more_time);
	tcase_add_test(tc, a_right_password_forgives_the_pair);
	tcase_add_test(tc, a_crowd_that_guesses_one_user_does_not_keep_the_user_out);
	tcase_add_test(tc, a_guesser_of_many_names_slows_down_its_address);
	tcase_add_test(tc, a_withdrawn_try_counts_for_nothing);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
