/*
 * secret_mark_tests.c - a ledger in PostgreSQL knows one secret; a ledger in a
 * file has no mark.
 */
#include <check.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "usage/secret_mark.h"
#include "store_fixture.h"
#include "base/banned.h"

static const unsigned char one[SECRET_BYTES] = "one", two[SECRET_BYTES] = "two";

#define IS_OTHER(call) \
	FAILS(call, ERR_INTERNAL, "ledger.secret_file", "is not the one of the ledger")

static int mark(struct store *st, const unsigned char *secret)
{
	OK(store_begin_write(st, &err));
	if (secret_mark(st, ledger_place(path), secret, &err) == 0)
		return store_commit(st, &err);
	store_end(st);
	return -1;
}

START_TEST(the_first_secret_stays_the_ledgers_own)
{
	struct store *st = create(path);

	ck_assert_int_eq(secret_mark_compare(st, one, &err), 0);
	OK(mark(st, one));
	OK(mark(st, one));
	ck_assert_int_eq(secret_mark_compare(st, one, &err), 1);
	IS_OTHER(mark(st, two));
	IS_OTHER(secret_mark_compare(st, two, &err));
	IS_OTHER(secret_mark_check(st, ledger_place(path), two, &err));
	OK(secret_mark_check(st, ledger_place(path), one, &err));
	store_close(&st);
}
END_TEST

START_TEST(a_ledger_that_lost_its_mark_takes_the_next_secret)
{
	struct store *st = create(path);

	OK(mark(st, one));
	raw("DELETE FROM meta WHERE name = 'secret'");
	OK(secret_mark_check(st, ledger_place(path), two, &err));
	IS_OTHER(secret_mark_check(st, ledger_place(path), one, &err));
	store_close(&st);
}
END_TEST

/* Each of many processes has a secret of its own. */
START_TEST(of_many_secrets_at_once_one_is_taken)
{
	enum { MANY = 8, ROUNDS = 10 };
	struct store *st = create(path);
	pid_t pids[MANY];

	store_close(&st);
	for (int round = 0; round < ROUNDS; round++) {
		int taken = 0, status;

		raw("DELETE FROM meta WHERE name = 'secret'");
		for (int i = 0; i < MANY; i++) {
			unsigned char own[SECRET_BYTES] = { (unsigned char)i };

			pids[i] = fork();
			ck_assert_int_ge(pids[i], 0);
			if (pids[i] == 0) {
				OK(store_open(ledger_place(path), STORE_WRITE, 20000, &st, &err));
				_exit(secret_mark_check(st, ledger_place(path), own, &err) < 0);
			}
		}
		for (int i = 0; i < MANY; i++) {
			ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
			taken += status == 0;
		}
		ck_assert_int_eq(taken, 1);
	}
}
END_TEST

START_TEST(a_file_takes_any_secret)
{
	struct store *st = create(path);

	OK(mark(st, one));
	OK(secret_mark_check(st, path, two, &err));
	ck_assert_int_eq(secret_mark_compare(st, two, &err), 0);
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("secret mark");
	TCase *tc = tcase_create("secret mark");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	if (test_database()) {
		tcase_add_test(tc, the_first_secret_stays_the_ledgers_own);
		tcase_add_test(tc, a_ledger_that_lost_its_mark_takes_the_next_secret);
		tcase_add_test(tc, of_many_secrets_at_once_one_is_taken);
	} else {
		tcase_add_test(tc, a_file_takes_any_secret);
	}
	suite_add_tcase(s, tc);
	return run_suite_in_forks(s);
}
