/*
 * password_tests.c - the queue of password checks: callers that have signed in
 * before go first, and are told apart.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

#include "api/signin.h"
#include "base/throttle.h"

enum { STRANGERS = 24, KNOWN = 8 };

static char hash[PASSWORD_HASH_TEXT];
static atomic_int refused, let_through;
static atomic_bool going;

/* ARG: its network. */
static void *guess(void *arg)
{
	while (atomic_load(&going)) {
		struct error err = { 0 };

		if (password_verify_as(PASSWORD_STRANGER, (uintptr_t)arg, hash, "wrong", 5, &err) <
		    0) {
			atomic_fetch_add(&refused, 1);
			usleep(1000);
		} else {
			atomic_fetch_add(&let_through, 1);
		}
	}
	return NULL;
}

static void *know(void *arg)
{
	struct error err = { 0 };

	*(int *)arg = password_verify_as(PASSWORD_KNOWN, 0, hash, "right", 5, &err);
	return NULL;
}

START_TEST(a_crowd_of_strangers_takes_no_place_from_known_callers)
{
	pthread_t strangers[STRANGERS], known[KNOWN];
	int results[KNOWN];
	struct error err = { 0 };

	ck_assert_int_eq(password_hash("right", 5, hash, &err), 0);
	atomic_store(&going, true);
	for (int i = 0; i < STRANGERS; i++)
		ck_assert_int_eq(pthread_create(&strangers[i], NULL, guess, (void *)(uintptr_t)i),
				 0);
	while (atomic_load(&refused) == 0)
		; /* all places of strangers are taken */
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < KNOWN; i++)
			ck_assert_int_eq(pthread_create(&known[i], NULL, know, &results[i]), 0);
		for (int i = 0; i < KNOWN; i++) {
			pthread_join(known[i], NULL);
			ck_assert_msg(results[i] == 1, "round %d, caller %d: %d", round, i,
				      results[i]);
		}
	}
	atomic_store(&going, false);
	for (int i = 0; i < STRANGERS; i++)
		pthread_join(strangers[i], NULL);
	ck_assert_int_gt(atomic_load(&let_through), 0);
}
END_TEST

START_TEST(a_network_of_strangers_takes_no_place_from_another_one)
{
	enum { TRIES = 6 };
	pthread_t strangers[STRANGERS];
	struct error err = { 0 };

	ck_assert_int_eq(password_hash("right", 5, hash, &err), 0);
	atomic_store(&refused, 0);
	atomic_store(&going, true);
	for (int i = 0; i < STRANGERS; i++)
		ck_assert_int_eq(pthread_create(&strangers[i], NULL, guess, (void *)1), 0);
	while (atomic_load(&refused) == 0)
		; /* there are more of them than may wait */
	for (int i = 0; i < TRIES; i++)
		ck_assert_msg(password_verify_as(PASSWORD_STRANGER, 2, hash, "right", 5, &err) == 1,
			      "try %d: %s", i, err.message);
	atomic_store(&going, false);
	for (int i = 0; i < STRANGERS; i++)
		pthread_join(strangers[i], NULL);
}
END_TEST

START_TEST(a_pair_that_is_known_waits_for_its_own_mistakes_alone)
{
	struct throttle *t = throttle_new();

	for (int i = 0; i < 200; i++) {
		char address[32];

		snprintf(address, sizeof(address), "192.0.2.%d", i % 250);
		throttle_try(t, "ada", address, 0);
	}
	ck_assert(throttle_try(t, "ada", "203.0.113.1", 0) > 0);
	ck_assert(!throttle_knows(t, "ada", "device:one", 0));
	throttle_know(t, "ada", "device:one", 0);
	ck_assert(throttle_knows(t, "ada", "device:one", 0));
	ck_assert(!throttle_knows(t, "eve", "device:one", 0));
	for (int i = 0; i < THROTTLE_FREE + 1; i++)
		ck_assert_int_eq(throttle_try(t, "ada", "device:one", 0), 0);
	ck_assert(throttle_try(t, "ada", "device:one", 0) > 0);
	throttle_free(&t);
}
END_TEST

static struct arena arena;
static struct worker worker;

/* Whom the throttle sees if NAME signs in at the ledger of SECRET with the cookie DEVICE. */
static const char *seen(const unsigned char *secret, const char *name, const char *device)
{
	struct request rq = { .worker = &worker, .arena = &arena, .cookie = "" };

	if (device)
		rq.cookie = arena_join(&arena, DEVICE_COOKIE "=", device, NULL);
	worker.secret = secret;
	return signin_device(&rq, name);
}

START_TEST(a_device_is_of_one_user_and_one_ledger)
{
	unsigned char secret[SECRET_BYTES] = { 1 }, other[SECRET_BYTES] = { 2 };
	struct request rq = { .worker = &worker, .arena = &arena };
	char device[DEVICE_TEXT], again[DEVICE_TEXT], changed[DEVICE_TEXT + 1];

	arena_init(&arena);
	worker = (struct worker) { .signin = signin_new(), .secret = secret };
	device_new(&rq, "ada", device);
	device_new(&rq, "ada", again);
	ck_assert_uint_eq(strlen(device), DEVICE_TEXT - 1);
	ck_assert_str_ne(device, again);
	ck_assert_ptr_nonnull(seen(secret, "ada", device));
	ck_assert_str_ne(seen(secret, "ada", device), seen(secret, "ada", again));
	ck_assert_ptr_null(seen(secret, "eve", device));
	ck_assert_ptr_null(seen(secret, "ad", device));
	ck_assert_ptr_null(seen(other, "ada", device));
	ck_assert_ptr_null(seen(secret, "ada", NULL));
	ck_assert_ptr_null(seen(secret, "ada", ""));
	for (size_t i = 0; i < DEVICE_TEXT - 1; i++) {
		memcpy(changed, device, sizeof(device));
		/* of the last character not every bit counts */
		changed[i] = changed[i] == 'A' ? 'w' : changed[i] == '!' ? 'A' : '!';
		ck_assert_msg(!seen(secret, "ada", changed), "%zu: %s", i, changed);
	}
	memcpy(changed, device, sizeof(device));
	strcat(changed, "A");
	ck_assert_ptr_null(seen(secret, "ada", changed));
	arena_release(&arena);
	signin_free(&worker.signin);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("passwords");
	TCase *t = tcase_create("passwords");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_crowd_of_strangers_takes_no_place_from_known_callers);
	tcase_add_test(t, a_network_of_strangers_takes_no_place_from_another_one);
	tcase_add_test(t, a_pair_that_is_known_waits_for_its_own_mistakes_alone);
	tcase_add_test(t, a_device_is_of_one_user_and_one_ledger);
	suite_add_tcase(s, t);
	return run_suite(s);
}
